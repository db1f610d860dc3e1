/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CLIP's picture tower: a ViT with a norm before its layers, after "Learning
 * Transferable Visual Models From Natural Language Supervision", with the names of
 * Transformers' modeling_clip.py. GIT has it as it is, BLIP with small changes. */
#include "clip.h"

static GptVisTensorId
record_embeddings (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    const GptVisClipTower *tower)
{
  gchar name[GPTVIS_NAME_SIZE];
  const guint d = config->hidden_size, p = config->patch_size;
  const guint n = (config->image_height / p) * (config->image_width / p);
  GptVisTensorId patches = gptvis_plan_patches (plan, recipe, p);
  GptVisTensorId weight = gptvis_plan_weight (plan,
      gptvis_record_name (name, "%s.embeddings.patch_embedding.weight", tower->prefix), d, 3 * p * p);
  gptvis_record_name (name, "%s.embeddings.patch_embedding.bias", tower->prefix);
  GptVisTensorId bias = tower->patch_bias ? gptvis_plan_weight (plan, name, 1, d) : GPTVIS_NO_TENSOR;
  patches = gptvis_plan_linear (plan, patches, weight, bias, NULL);
  GptVisTensorId token = gptvis_plan_weight (plan,
      gptvis_record_name (name, "%s.embeddings.class_embedding", tower->prefix), 1, d);
  GptVisTensorId positions = gptvis_plan_weight (plan,
      gptvis_record_name (name, "%s.embeddings.%s", tower->prefix, tower->positions), 1 + n, d);
  const GptVisRowsPart rows[] = { {token, 0, 1, positions, 0, FALSE}, {patches, 0, n, positions, 1, FALSE} };
  return gptvis_plan_rows (plan, rows, G_N_ELEMENTS (rows));
}

static GptVisTensorId
record_qkv (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, const gchar *layer,
    gboolean fused)
{
  static const gchar *const parts[] = { "q_proj", "k_proj", "v_proj" };
  gchar where[GPTVIS_NAME_SIZE];
  const guint d = config->hidden_size;
  if (fused)
    return gptvis_record_linear (plan, x, gptvis_record_name (where, "%s.self_attn.qkv", layer), d, 3 * d,
        NULL);
  return gptvis_record_stack (plan, x, gptvis_record_name (where, "%s.self_attn", layer), parts, 3, d, d,
      TRUE);
}

static GptVisTensorId
record_layer (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, const gchar *layer,
    gboolean fused)
{
  gchar where[GPTVIS_NAME_SIZE];
  const guint d = config->hidden_size, f = config->intermediate_size;
  const GptVisAttention attention = gptvis_record_heads (d, config->n_heads);

  GptVisTensorId n = gptvis_record_norm (plan, x, gptvis_record_name (where, "%s.layer_norm1", layer), d,
      config->epsilon);
  GptVisTensorId qkv = record_qkv (plan, config, n, layer, fused);
  GptVisTensorId a = gptvis_plan_attention (plan, qkv, qkv, qkv, &attention);
  gptvis_record_name (where, fused ? "%s.self_attn.projection" : "%s.self_attn.out_proj", layer);
  x = gptvis_record_linear (plan, a, where, d, d, GPTVIS_LINEAR (.residual = x));

  n = gptvis_record_norm (plan, x, gptvis_record_name (where, "%s.layer_norm2", layer), d, config->epsilon);
  GptVisTensorId h = gptvis_record_linear (plan, n, gptvis_record_name (where, "%s.mlp.fc1", layer), d, f,
      GPTVIS_LINEAR (.act = config->act));
  return gptvis_record_linear (plan, h, gptvis_record_name (where, "%s.mlp.fc2", layer), f, d,
      GPTVIS_LINEAR (.residual = x));
}

GptVisTensorId
gptvis_clip_record_tower (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    const GptVisClipTower *tower, GptVisOutputs outputs)
{
  gchar name[GPTVIS_NAME_SIZE];
  const guint d = config->hidden_size;
  GptVisTensorId x = record_embeddings (plan, config, recipe, tower);
  if (tower->pre_norm)          /* the checkpoints spell it so */
    x = gptvis_record_norm (plan, x, gptvis_record_name (name, "%s.pre_layrnorm", tower->prefix), d,
        config->epsilon);
  if (outputs & GPTVIS_OUTPUT_HIDDEN)
    gptvis_record_hidden (plan, x, 0);
  for (guint l = 0; l < config->n_layers; l++) {
    x = record_layer (plan, config, x, gptvis_record_name (name, "%s.encoder.layers.%u", tower->prefix, l),
        tower->fused);
    if (outputs & GPTVIS_OUTPUT_HIDDEN)
      gptvis_record_hidden (plan, x, l + 1);
  }
  return gptvis_record_norm (plan, x, gptvis_record_name (name, "%s.post_layernorm", tower->prefix), d,
      config->epsilon);
}
