/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CLIP's picture tower: a ViT with a norm before its layers, after "Learning
 * Transferable Visual Models From Natural Language Supervision", with the names of
 * Transformers' modeling_clip.py. GIT has it as it is, BLIP and SigLIP with small changes; by itself it gives
 * embeddings. */
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
  const guint first = tower->patches_alone ? 0 : 1;
  GptVisTensorId positions = gptvis_plan_weight (plan,
      gptvis_record_name (name, "%s.embeddings.%s", tower->prefix, tower->positions), first + n, d);
  GptVisRowsPart rows[2];
  rows[first] = (GptVisRowsPart) { patches, 0, n, positions, first };
  if (!tower->patches_alone)
    rows[0] = (GptVisRowsPart) { gptvis_plan_weight (plan,
          gptvis_record_name (name, "%s.embeddings.class_embedding", tower->prefix), 1, d), 0, 1, positions };
  return gptvis_plan_rows (plan, rows, first + 1);
}

/* n of q, k and v from `first` on, as one product. */
static GptVisTensorId
record_projections (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, const gchar *layer,
    gboolean fused, guint first, guint n)
{
  static const gchar *const parts[] = { "q_proj", "k_proj", "v_proj" };
  gchar where[GPTVIS_NAME_SIZE];
  const guint d = config->hidden_size;
  if (fused)
    return gptvis_record_linear_rows (
        plan, x, gptvis_record_name (where, "%s.self_attn.qkv", layer), d, first * d, n * d, TRUE);
  return gptvis_record_stack (
      plan, x, gptvis_record_name (where, "%s.self_attn", layer), parts + first, n, d, d, TRUE);
}

/* keep: so many first rows alone are queries; 0: all. */
static GptVisTensorId
record_attention (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, const gchar *layer,
    gboolean fused, guint keep)
{
  GptVisAttention attention = gptvis_record_heads (config->hidden_size, config->n_heads);
  if (keep == 0) {
    GptVisTensorId qkv = record_projections (plan, config, x, layer, fused, 0, 3);
    return gptvis_plan_attention (plan, qkv, qkv, qkv, &attention);
  }
  GptVisTensorId q =
      record_projections (plan, config, gptvis_record_first_rows (plan, x, keep), layer, fused, 0, 1);
  GptVisTensorId kv = record_projections (plan, config, x, layer, fused, 1, 2);
  attention.k_column = 0;
  attention.v_column = config->hidden_size;
  return gptvis_plan_attention (plan, q, kv, kv, &attention);
}

static GptVisTensorId
record_layer (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, const gchar *layer,
    gboolean fused, guint keep)
{
  gchar where[GPTVIS_NAME_SIZE];
  const guint d = config->hidden_size, f = config->intermediate_size;

  GptVisTensorId n = gptvis_record_norm (plan, x, gptvis_record_name (where, "%s.layer_norm1", layer), d,
      config->epsilon);
  GptVisTensorId a = record_attention (plan, config, n, layer, fused, keep);
  if (keep > 0)
    x = gptvis_record_first_rows (plan, x, keep);
  gptvis_record_name (where, fused ? "%s.self_attn.projection" : "%s.self_attn.out_proj", layer);
  x = gptvis_record_linear (plan, a, where, d, d, GPTVIS_LINEAR (.residual = x));

  n = gptvis_record_norm (plan, x, gptvis_record_name (where, "%s.layer_norm2", layer), d, config->epsilon);
  GptVisTensorId h = gptvis_record_linear (plan, n, gptvis_record_name (where, "%s.mlp.fc1", layer), d, f,
      GPTVIS_LINEAR (.act = config->act));
  return gptvis_record_linear (plan, h, gptvis_record_name (where, "%s.mlp.fc2", layer), f, d,
      GPTVIS_LINEAR (.residual = x));
}

/* The rows that leave the last layer. */
static GptVisTensorId
record_rows (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    const GptVisClipTower *tower, GptVisOutputs outputs)
{
  gchar name[GPTVIS_NAME_SIZE];
  GptVisTensorId x = record_embeddings (plan, config, recipe, tower);
  if (tower->pre_norm)          /* the checkpoints spell it so */
    x = gptvis_record_norm (plan, x, gptvis_record_name (name, "%s.pre_layrnorm", tower->prefix),
        config->hidden_size, config->epsilon);
  if (outputs & GPTVIS_OUTPUT_HIDDEN)
    gptvis_record_hidden (plan, x, 0);
  for (guint l = 0; l < config->n_layers; l++) {
    const guint keep = !(outputs & GPTVIS_OUTPUT_HIDDEN) && l + 1 == config->n_layers ? tower->keep : 0;
    x = record_layer (plan, config, x, gptvis_record_name (name, "%s.encoder.layers.%u", tower->prefix, l),
        tower->fused, keep);
    if (outputs & GPTVIS_OUTPUT_HIDDEN)
      gptvis_record_hidden (plan, x, l + 1);
  }
  return x;
}

static GptVisTensorId
record_last_norm (
    GptVisPlan *plan, const GptVisConfiguration *config, const GptVisClipTower *tower, GptVisTensorId x)
{
  gchar name[GPTVIS_NAME_SIZE];
  return gptvis_record_norm (plan, x, gptvis_record_name (name, "%s.post_layernorm", tower->prefix),
      config->hidden_size, config->epsilon);
}

GptVisTensorId
gptvis_clip_record_tower (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    const GptVisClipTower *tower, GptVisOutputs outputs)
{
  return record_last_norm (plan, config, tower, record_rows (plan, config, recipe, tower, outputs));
}

void
gptvis_clip_record_outputs (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    const GptVisClipTower *tower, GptVisOutputs outputs)
{
  GptVisClipTower wanted = *tower;
  wanted.keep = outputs & GPTVIS_OUTPUT_TOKENS ? 0 : 1;
  GptVisTensorId x = gptvis_clip_record_tower (plan, config, recipe, &wanted, outputs);
  if (outputs & GPTVIS_OUTPUT_TOKENS)
    gptvis_record_tokens (plan, x);
  if (outputs & GPTVIS_OUTPUT_EMBEDDING) {
    x = gptvis_record_first_rows (plan, x, 1);
    gptvis_record_embedding (plan, config, tower->norm_again ? record_last_norm (plan, config, tower, x) : x);
  }
}

/* CLIP itself: its classifier, where it has one, reads the mean of the patches before the last norm; its
 * embedding is the normed class token, projected to where texts' are. */
void
gptvis_clip_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs)
{
  const gboolean labels = config->n_labels > 0 && (outputs & GPTVIS_OUTPUT_SCORES);
  const GptVisClipTower tower = { .prefix = "vision_model", .positions = "position_embedding.weight",
    .pre_norm = TRUE, .keep = labels ? 0 : 1 };
  const guint d = config->hidden_size, p = config->patch_size;
  GptVisTensorId x = record_rows (plan, config, recipe, &tower, outputs);
  if (labels) {
    const GptVisPoolPart patches = { 1, (config->image_height / p) * (config->image_width / p) };
    gptvis_record_scores (plan, config, gptvis_record_linear (plan, gptvis_plan_pool (plan, x, &patches, 1),
            "classifier", d, config->n_labels, NULL));
  }
  if (!(outputs & GPTVIS_OUTPUT_EMBEDDING))
    return;
  x = record_last_norm (plan, config, &tower, gptvis_record_first_rows (plan, x, 1));
  if (config->projection > 0)
    x = gptvis_plan_linear (plan, x,
        gptvis_plan_weight (plan, "visual_projection.weight", config->projection, d), GPTVIS_NO_TENSOR, NULL);
  gptvis_record_embedding (plan, config, x);
}
