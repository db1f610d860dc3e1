/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DINOv2, with and without registers: a ViT whose branches are scaled by
 * channel, whose MLP may be gated (SwiGLU), whose positions are interpolated to the
 * picture's grid, and whose head reads the class token beside the patches' mean.
 * Names as in Transformers' modeling_dinov2.py and
 * modeling_dinov2_with_registers.py. */
#include "dinov2.h"

static GptVisTensorId
record_scale (GptVisPlan *plan, const GptVisConfiguration *config, const gchar *layer, guint i)
{
  gchar name[GPTVIS_NAME_SIZE];
  return gptvis_plan_weight (plan, gptvis_record_name (name, "%s.layer_scale%u.lambda1", layer, i), 1,
      config->hidden_size);
}

/* Rows [first, first + f) of mlp.weights_in and its bias. */
static GptVisTensorId
record_half (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, const gchar *layer,
    guint first, const GptVisLinear *linear)
{
  gchar name[GPTVIS_NAME_SIZE];
  const guint f = config->intermediate_size;
  GptVisWeightPart part = { gptvis_record_name (name, "%s.mlp.weights_in.weight", layer), first, f };
  GptVisTensorId weight = gptvis_plan_weight_stack (plan, f, config->hidden_size, &part, 1);
  part.name = gptvis_record_name (name, "%s.mlp.weights_in.bias", layer);
  GptVisTensorId bias = gptvis_plan_weight_stack (plan, f, 1, &part, 1);
  return gptvis_plan_linear (plan, x, weight, bias, linear);
}

static GptVisTensorId
record_mlp (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId n, GptVisTensorId residual,
    const gchar *layer)
{
  gchar where[GPTVIS_NAME_SIZE];
  const guint d = config->hidden_size, f = config->intermediate_size;
  GptVisTensorId scale = record_scale (plan, config, layer, 2), h;
  if (config->swiglu) {         /* silu (first half) ⊙ second half */
    GptVisTensorId gate = record_half (plan, config, n, layer, f, NULL);
    h = record_half (plan, config, n, layer, 0, GPTVIS_LINEAR (.act = GPTVIS_ACT_SILU, .gate = gate));
  } else {
    h = gptvis_record_linear (plan, n, gptvis_record_name (where, "%s.mlp.fc1", layer), d, f,
        GPTVIS_LINEAR (.act = config->act));
  }
  return gptvis_record_linear (plan, h,
      gptvis_record_name (where, config->swiglu ? "%s.mlp.weights_out" : "%s.mlp.fc2", layer), f, d,
      GPTVIS_LINEAR (.scale = scale, .residual = residual));
}

GptVisTensorId
gptvis_dinov2_record_layer (
    GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, guint windows, const gchar *layer)
{
  gchar where[GPTVIS_NAME_SIZE];
  const guint d = config->hidden_size;

  GptVisTensorId n =
      gptvis_record_norm (plan, x, gptvis_record_name (where, "%s.norm1", layer), d, config->epsilon);
  GptVisTensorId a = gptvis_record_attention (
      plan, config, n, 0, windows, gptvis_record_name (where, "%s.attention", layer));
  GptVisTensorId scale = record_scale (plan, config, layer, 1);
  x = gptvis_record_linear (plan, a, gptvis_record_name (where, "%s.attention.output.dense", layer), d, d,
      GPTVIS_LINEAR (.scale = scale, .residual = x));

  n = gptvis_record_norm (plan, x, gptvis_record_name (where, "%s.norm2", layer), d, config->epsilon);
  return record_mlp (plan, config, n, x, layer);
}

/* Class token, registers (they have no position), patches. */
static GptVisTensorId
record_embeddings (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    const gchar *embeddings)
{
  gchar name[GPTVIS_NAME_SIZE];
  const guint d = config->hidden_size, p = config->patch_size;
  const guint rows_in = config->image_height / p, columns_in = config->image_width / p;
  const guint rows_out = recipe->height / p, columns_out = recipe->width / p;
  /* Transformers' two models differ in this */
  const gboolean antialias = config->architecture->registers;
  GptVisTensorId patches = gptvis_record_patches (plan, config, recipe, embeddings);
  GptVisTensorId token =
      gptvis_plan_weight (plan, gptvis_record_name (name, "%s.cls_token", embeddings), 1, d);

  /* the table's first row is the class token's position, the others are the stored grid */
  gptvis_record_name (name, "%s.position_embeddings", embeddings);
  GptVisWeightPart first = { name, 0, 1 }, grid = { name, 1, rows_in * columns_in };
  GptVisTensorId position = gptvis_plan_weight_stack (plan, 1, d, &first, 1);
  GptVisTensorId positions = gptvis_plan_weight_stack (plan, grid.rows, d, &grid, 1);
  if (rows_in != rows_out || columns_in != columns_out)
    positions = gptvis_plan_resample (plan, positions, rows_in, columns_in, rows_out, columns_out,
        antialias);

  GptVisRowsPart rows[3] = { {token, 0, 1, position, 0} };
  guint n = 1;
  if (config->n_registers > 0) {
    GptVisTensorId registers = gptvis_plan_weight (plan, gptvis_record_name (name, "%s.register_tokens",
        embeddings), config->n_registers, d);
    rows[n++] = (GptVisRowsPart) { registers, 0, config->n_registers, GPTVIS_NO_TENSOR, 0 };
  }
  rows[n++] = (GptVisRowsPart) { patches, 0, rows_out * columns_out, positions, 0 };
  return gptvis_plan_rows (plan, rows, n);
}

void
gptvis_dinov2_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs)
{
  gchar where[GPTVIS_NAME_SIZE];
  const guint d = config->hidden_size;
  const guint n_patches = (recipe->height / config->patch_size) * (recipe->width / config->patch_size);
  const gchar *prefix = config->model_type;

  GptVisTensorId x =
      record_embeddings (plan, config, recipe, gptvis_record_name (where, "%s.embeddings", prefix));
  if (outputs & GPTVIS_OUTPUT_HIDDEN)
    gptvis_record_hidden (plan, x, 0);
  for (guint l = 0; l < config->n_layers; l++) {
    x = gptvis_dinov2_record_layer (
        plan, config, x, 0, gptvis_record_name (where, "%s.encoder.layer.%u", prefix, l));
    if (outputs & GPTVIS_OUTPUT_HIDDEN)
      gptvis_record_hidden (plan, x, l + 1);
  }
  x = gptvis_record_norm (plan, x, gptvis_record_name (where, "%s.layernorm", prefix), d, config->epsilon);
  const GptVisPoolPart parts[] = { {0, 1}, {1 + config->n_registers, n_patches} };
  if (config->n_labels > 0 && (outputs & GPTVIS_OUTPUT_SCORES))
    gptvis_record_scores (plan, config, gptvis_record_linear (plan,
            gptvis_plan_pool (plan, x, parts, G_N_ELEMENTS (parts)), "classifier", 2 * d, config->n_labels,
            NULL));
  if (outputs & GPTVIS_OUTPUT_EMBEDDING)
    gptvis_record_embedding (plan, config, gptvis_plan_pool (plan, x, parts, 1));
}
