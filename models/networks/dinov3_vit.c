/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DINOv3's ViT: patches know where they are by turning queries and keys, registers stand between the class
 * token and them, branches are scaled by channel, and the MLP may be gated. Without a head: the embedding is
 * the normed class token. After "DINOv3", with the tensors' names of Transformers' modeling_dinov3_vit.py. */
#include "record.h"

static GptVisTensorId
record_embeddings (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe)
{
  const guint d = config->hidden_size, p = config->patch_size;
  const GptVisGrid grid = gptvis_record_grid (config, recipe);
  GptVisTensorId patches = gptvis_record_linear (plan, gptvis_plan_patches (plan, recipe, p),
      "embeddings.patch_embeddings", 3 * p * p, d, NULL);
  GptVisRowsPart rows[3] = { {gptvis_plan_weight (plan, "embeddings.cls_token", 1, d), 0, 1,
      GPTVIS_NO_TENSOR} };
  guint n = 1;
  if (config->n_registers > 0)
    rows[n++] = (GptVisRowsPart) { gptvis_plan_weight (plan, "embeddings.register_tokens",
        config->n_registers, d), 0, config->n_registers, GPTVIS_NO_TENSOR };
  rows[n++] = (GptVisRowsPart) { patches, 0, grid.rows * grid.columns, GPTVIS_NO_TENSOR };
  return gptvis_plan_rows (plan, rows, n);
}

/* layer.name, from width_in to width, with its bias if it has one. */
static GptVisTensorId
record_linear (GptVisPlan *plan, GptVisTensorId x, const gchar *layer, const gchar *name, guint width_in,
    guint width, gboolean bias, const GptVisLinear *linear)
{
  gchar where[GPTVIS_NAME_SIZE];
  GptVisTensorId weight =
      gptvis_plan_weight (plan, gptvis_record_name (where, "%s.%s.weight", layer, name), width, width_in);
  gptvis_record_name (where, "%s.%s.bias", layer, name);
  return gptvis_plan_linear (plan, x, weight,
      bias ? gptvis_plan_weight (plan, where, 1, width) : GPTVIS_NO_TENSOR, linear);
}

/* Queries, keys and values may or may not have a bias each, so they are products of their own. */
static GptVisTensorId
record_attention (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x,
    GptVisTensorId angles, const gchar *layer)
{
  const guint d = config->hidden_size;
  const GptVisDinov3Numbers *numbers = &config->dinov3;
  GptVisAttention attention = gptvis_record_heads (d, config->n_heads);
  const GptVisRope rope = { 0, attention.heads, attention.head_width };
  attention.k_column = attention.v_column = 0;
  GptVisTensorId q = record_linear (plan, x, layer, "attention.q_proj", d, d, numbers->query_bias, NULL);
  GptVisTensorId k = record_linear (plan, x, layer, "attention.k_proj", d, d, numbers->key_bias, NULL);
  GptVisTensorId v = record_linear (plan, x, layer, "attention.v_proj", d, d, numbers->value_bias, NULL);
  return gptvis_plan_attention (plan, gptvis_plan_rope (plan, q, angles, &rope),
      gptvis_plan_rope (plan, k, angles, &rope), v, &attention);
}

static GptVisTensorId
record_scale (GptVisPlan *plan, const GptVisConfiguration *config, const gchar *layer, guint i)
{
  gchar name[GPTVIS_NAME_SIZE];
  return gptvis_plan_weight (plan, gptvis_record_name (name, "%s.layer_scale%u.lambda1", layer, i), 1,
      config->hidden_size);
}

static GptVisTensorId
record_layer (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, GptVisTensorId angles,
    const gchar *layer)
{
  gchar where[GPTVIS_NAME_SIZE];
  const guint d = config->hidden_size, f = config->intermediate_size;
  const gboolean bias = config->dinov3.mlp_bias;
  GptVisTensorId n = gptvis_record_norm (plan, x, gptvis_record_name (where, "%s.norm1", layer), d,
      config->epsilon);
  n = record_attention (plan, config, n, angles, layer);
  x = record_linear (plan, n, layer, "attention.o_proj", d, d, config->dinov3.output_bias,
      GPTVIS_LINEAR (.scale = record_scale (plan, config, layer, 1), .residual = x));

  n = gptvis_record_norm (plan, x, gptvis_record_name (where, "%s.norm2", layer), d, config->epsilon);
  GptVisTensorId h = record_linear (plan, n, layer, "mlp.up_proj", d, f, bias,
      GPTVIS_LINEAR (.act = config->swiglu ? GPTVIS_ACT_NONE : config->act));
  if (config->swiglu)
    h = record_linear (plan, n, layer, "mlp.gate_proj", d, f, bias,
        GPTVIS_LINEAR (.act = config->act, .gate = h));
  return record_linear (plan, h, layer, "mlp.down_proj", f, d, bias,
      GPTVIS_LINEAR (.scale = record_scale (plan, config, layer, 2), .residual = x));
}

void
gptvis_dinov3_vit_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs)
{
  gchar layer[GPTVIS_NAME_SIZE];
  GptVisTensorId x = record_embeddings (plan, config, recipe);
  GptVisTensorId angles = gptvis_plan_angles (plan, &(GptVisAngles) { gptvis_record_grid (config, recipe),
          1 + config->n_registers, config->hidden_size / config->n_heads, config->dinov3.rope_theta });
  for (guint l = 0;; l++) {
    if (outputs & GPTVIS_OUTPUT_HIDDEN)
      gptvis_record_hidden (plan, x, l);
    if (l == config->n_layers)
      break;
    x = record_layer (plan, config, x, angles, gptvis_record_name (layer, "layer.%u", l));
  }
  x = gptvis_record_norm (plan, gptvis_record_first_rows (plan, x, 1), "norm", config->hidden_size,
      config->epsilon);
  gptvis_record_pooled (plan, config, x, outputs);
}
