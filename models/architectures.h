/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of architectures. To support another one: a file that records its
 * plan, a row in architectures.c, a golden directory.
 *
 * What every classifier's plan has:
 *     input    "patches"           [tokens of the picture, 3·P²]
 *     outputs  "logits"            [1, labels]
 *              "scores"            [1, labels]: softmax, or a sigmoid each
 *     traced   "hidden_states.0" … "hidden_states.L"  [rows, hidden_size]: what goes
 *              into the first layer, then what leaves each layer, before the final norm */
#pragma once
#include "configuration.h"

G_BEGIN_DECLS

#define GPTVIS_MAX_PATCHES 65536u       /* of a picture; attention's work grows with the square */

typedef struct {
  const gchar *model_type;      /* as config.json has it */
  const gchar *prefix;          /* of the backbone's tensors in a checkpoint with a head: "vit." */
  /* What Transformers' configuration class takes when config.json is silent. */
  guint patch_size;
  gdouble epsilon;
  gboolean mlp_ratio;           /* the MLP's width is a ratio, not a number */
  gboolean registers;           /* there are register tokens */
  gboolean interpolates;        /* positions for image_size are made to fit other sizes */
  void (*record) (GptVisPlan * plan, const GptVisConfiguration * config, const GptVisRecipe * recipe,
      gboolean trace);
} GptVisArchitecture;

/* NULL when model_type is unknown. */
const GptVisArchitecture *gptvis_architecture_find (const gchar * model_type);
/* "deit, dinov2, …", for a message; g_free it. */
gchar *gptvis_architecture_names (void);

/* The finished plan, or NULL with UNSUPPORTED: the recipe's pictures do not fit, or
 * something is beyond what a plan takes. */
GptVisPlan *gptvis_architecture_plan (const GptVisConfiguration * config, const GptVisRecipe * recipe,
    guint max_batch, gboolean trace, GError ** error);

/* Each its own file. */
void gptvis_vit_record (GptVisPlan * plan, const GptVisConfiguration * config, const GptVisRecipe * recipe,
    gboolean trace);
void gptvis_deit_record (GptVisPlan * plan, const GptVisConfiguration * config, const GptVisRecipe * recipe,
    gboolean trace);
void gptvis_dinov2_record (GptVisPlan * plan, const GptVisConfiguration * config, const GptVisRecipe * recipe,
    gboolean trace);

G_END_DECLS
