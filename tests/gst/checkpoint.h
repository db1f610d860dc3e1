/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What hand-made checkpoints are built from (checkpoint.c), shared with writer.c, which builds more of them.
 * Tests get theirs from rig.h. */
#pragma once
#include "rig.h"

G_BEGIN_DECLS

#define TOWER_WIDTH 8u          /* channels */

typedef struct {
  GString *header;
  GByteArray *data;
} Tensors;

void tensors_init (Tensors *self);
/* `shape` as JSON has it: "[8,8]". */
void tensors_add (Tensors *self, const gchar *name, const gchar *shape, const gfloat *values, guint n);
void tensors_fill (Tensors *self, const gchar *name, const gchar *shape, gfloat value, guint n);
/* PREFIX.weight [TOWER_WIDTH] of ones and PREFIX.bias of zeros. */
void tensors_add_norm (Tensors *self, const gchar *prefix);
/* Writes model.safetensors and frees the tensors. */
void tensors_save (Tensors *self, const gchar *directory);

/* The ViT of that kind under PREFIX. */
void checkpoint_add_tower (Tensors *to, const gchar *prefix, CheckpointKind kind);
void checkpoint_add_classifier (Tensors *to);
gchar *checkpoint_tower_config (CheckpointKind kind);   /* {…}; g_free it */
void checkpoint_put (const gchar *directory, const gchar *name, gconstpointer bytes, gssize length);
void checkpoint_put_recipe (const gchar *directory, CheckpointKind kind);

G_END_DECLS
