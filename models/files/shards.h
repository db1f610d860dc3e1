/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tensors of a checkpoint's directory, in whichever format its weights are; of several formats, in the
 * first that shards.c lists:
 *
 *     model.safetensors                 all of them, or
 *     model.safetensors.index.json      {"weight_map": {"tensor": "file", …}} and those files
 *     pytorch_model.bin                 likewise
 *     pytorch_model.bin.index.json
 *
 * Immutable once open, so any thread may read. */
#pragma once
#include "container.h"

G_BEGIN_DECLS

#define GPTVIS_MAX_SHARDS 1000u

typedef struct _GptVisShards GptVisShards;

/* NULL with NOT_FOUND, FORMAT, UNSUPPORTED or LIMIT. `class_name`: Transformers' class of the
 * network, for the sentence about a directory without weights. */
GptVisShards *gptvis_shards_open (const gchar *directory, const gchar *class_name, GError **error);
void gptvis_shards_free (GptVisShards *self);  /* NULL is fine */

/* The tensor with this name in Transformers, whatever its name in the files (names.h); NULL: none. */
const GptVisStoredTensor *gptvis_shards_find (const GptVisShards *self, const gchar *name);

/* Are there tensors that belong to quantised weights? */
gboolean gptvis_shards_are_quantised (const GptVisShards *self);

/* Is it the name of a file of weights in one of the formats? */
gboolean gptvis_shards_is_file (const gchar *name);

/* An index's text as tensor → file name, all of which end with `suffix`; for the fuzzer. NULL with FORMAT
 * or LIMIT. */
GHashTable *gptvis_shards_parse_index (const gchar *file, const gchar *text, gsize size,
    const gchar *suffix, GError **error);

G_END_DECLS
