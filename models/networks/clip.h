/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CLIP's picture tower and its kin, in other networks' checkpoints. */
#pragma once
#include "record.h"

G_BEGIN_DECLS

typedef struct {
  const gchar *prefix;          /* of its tensors */
  const gchar *positions;       /* the table's name in prefix.embeddings */
  gboolean patch_bias, pre_norm;
  gboolean fused;               /* q, k and v are stored as one */
  gboolean norm_again;          /* the embedding goes through the last norm twice */
  gboolean patches_alone;       /* there is no class token */
  guint keep;                   /* only so many first rows of what leaves it are read; 0: all */
} GptVisClipTower;

/* The rows that leave it, normed; row 0 is the class token, if there is one. Without hidden states as outputs
 * there are only `keep`. */
GptVisTensorId gptvis_clip_record_tower (GptVisPlan *plan, const GptVisConfiguration *config,
    const GptVisRecipe *recipe, const GptVisClipTower *tower, GptVisOutputs outputs);

/* What a checkpoint has whose tower it is: the outputs "tokens" and "embedding" of its class token. */
void gptvis_clip_record_outputs (GptVisPlan *plan, const GptVisConfiguration *config,
    const GptVisRecipe *recipe, const GptVisClipTower *tower, GptVisOutputs outputs);

G_END_DECLS
