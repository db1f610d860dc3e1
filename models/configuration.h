/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What config.json says, checked and with Transformers' defaults where it is
 * silent: the numbers an architecture records its plan from, and the labels. The
 * whole list of numbers is here, for all architectures; one that has no use for a
 * number ignores it. (Not "config.h": that is the build's.) */
#pragma once
#include "plan.h"

G_BEGIN_DECLS

#define GPTVIS_MAX_LABELS 1000000u
#define GPTVIS_MAX_LAYERS 1000u

typedef struct {
  gchar *model_type;            /* "vit", "deit", "dinov2", … */
  gchar *architecture;          /* the first of "architectures"; NULL when not said */
  guint hidden_size, n_layers, n_heads;
  guint intermediate_size;      /* of the MLP; dinov2: hidden_size · mlp_ratio, or what SwiGLU makes of it */
  guint image_height, image_width, patch_size;  /* pixels; the position table's grid is their quotient */
  guint n_registers;
  GptVisAct act;
  gfloat epsilon;               /* of the layer norms */
  gboolean qkv_bias;
  gboolean swiglu;
  gboolean teacher;             /* deit: two heads, the logits are their mean */
  gboolean multi_label;         /* a sigmoid a label, else a softmax over all */
  guint n_labels;
  gchar **labels;               /* n_labels texts, then NULL */
} GptVisConfiguration;

/* NULL with NOT_FOUND, FORMAT, UNSUPPORTED or LIMIT. `file` names the text in messages. */
GptVisConfiguration *gptvis_configuration_load (const gchar * path, GError ** error);
GptVisConfiguration *gptvis_configuration_parse (const gchar * file, const gchar * text, gsize size,
    GError ** error);
void gptvis_configuration_free (GptVisConfiguration * self);    /* NULL is fine */

G_END_DECLS
