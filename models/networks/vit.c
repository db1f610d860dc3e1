/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ViT and DeiT, with a classifier or as the tower of a network that writes: class token (DeiT: and
 * distillation token), learned positions for one size of picture, pre-norm encoder, a linear head on
 * the class token. After "An Image is Worth 16x16 Words" and "Training data-efficient image
 * transformers", with the tensors' names of Transformers' modeling_vit.py and modeling_deit.py. */
#include "vit.h"
#include <string.h>

GptVisTensorId
gptvis_vit_record_layer (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, guint keep,
    const gchar *layer)
{
  gchar where[GPTVIS_NAME_SIZE];
  const guint d = config->hidden_size, f = config->intermediate_size;

  GptVisTensorId n = gptvis_record_norm (plan, x, gptvis_record_name (where, "%s.layernorm_before", layer), d,
      config->epsilon);
  GptVisTensorId a = gptvis_record_attention (plan, config, n, keep, 0,
      gptvis_record_name (where, "%s.attention", layer));
  if (keep > 0)
    x = gptvis_record_first_rows (plan, x, keep);
  x = gptvis_record_linear (plan, a, gptvis_record_name (where, "%s.attention.output.dense", layer), d, d,
      GPTVIS_LINEAR (.residual = x));

  n = gptvis_record_norm (plan, x, gptvis_record_name (where, "%s.layernorm_after", layer), d,
      config->epsilon);
  GptVisTensorId h = gptvis_record_linear (plan, n,
      gptvis_record_name (where, "%s.intermediate.dense", layer), d, f, GPTVIS_LINEAR (.act = config->act));
  return gptvis_record_linear (plan, h, gptvis_record_name (where, "%s.output.dense", layer), f, d,
      GPTVIS_LINEAR (.residual = x));
}

/* The last layer is computed for `tokens` rows only (0: all), 7 % less work in twelve
 * layers, unless hidden states are asked for. */
static GptVisTensorId
record_encoder (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, guint tokens,
    const gchar *prefix, GptVisOutputs outputs)
{
  gchar layer[GPTVIS_NAME_SIZE];
  if (outputs & GPTVIS_OUTPUT_HIDDEN)
    gptvis_record_hidden (plan, x, 0);
  for (guint l = 0; l < config->n_layers; l++) {
    const guint keep = !(outputs & GPTVIS_OUTPUT_HIDDEN) && l + 1 == config->n_layers ? tokens : 0;
    x = gptvis_vit_record_layer (plan, config, x, keep,
        gptvis_record_name (layer, "%s.encoder.layer.%u", prefix, l));
    if (outputs & GPTVIS_OUTPUT_HIDDEN)
      gptvis_record_hidden (plan, x, l + 1);
  }
  return x;
}

/* Row `row`, normed: a token that something reads. */
static GptVisTensorId
record_token (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, guint row,
    const gchar *norm)
{
  const GptVisPoolPart part = { row, 1 };
  return gptvis_record_norm (
      plan, gptvis_plan_pool (plan, x, &part, 1), norm, config->hidden_size, config->epsilon);
}

static GptVisTensorId
record_head (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId token, const gchar *head,
    const GptVisLinear *linear)
{
  return gptvis_record_linear (plan, token, head, config->hidden_size, config->n_labels, linear);
}

/* What is made of the normed class token. */
static void
record_outputs (
    GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId token, GptVisOutputs outputs)
{
  if (config->n_labels > 0 && (outputs & GPTVIS_OUTPUT_SCORES))
    gptvis_record_scores (plan, config, record_head (plan, config, token, "classifier", NULL));
  if (outputs & GPTVIS_OUTPUT_EMBEDDING)
    gptvis_record_embedding (plan, config, token);
}

static guint
n_patches (const GptVisConfiguration *config)
{
  return (config->image_height / config->patch_size) * (config->image_width / config->patch_size);
}

/* Class token, for DeiT a distillation token, patches: [1 or 2 + patches, hidden_size]. */
static GptVisTensorId
record_embeddings (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    const gchar *prefix, gboolean distilled)
{
  gchar where[GPTVIS_NAME_SIZE], name[GPTVIS_NAME_SIZE];
  const guint d = config->hidden_size, n = n_patches (config), first = distilled ? 2 : 1;
  gptvis_record_name (where, "%s.embeddings", prefix);
  GptVisTensorId patches = gptvis_record_patches (plan, config, recipe, where);
  GptVisTensorId token = gptvis_plan_weight (plan, gptvis_record_name (name, "%s.cls_token", where), 1, d);
  GptVisTensorId distillation = distilled
      ? gptvis_plan_weight (plan, gptvis_record_name (name, "%s.distillation_token", where), 1, d)
      : GPTVIS_NO_TENSOR;
  GptVisTensorId positions =
      gptvis_plan_weight (plan, gptvis_record_name (name, "%s.position_embeddings", where), first + n, d);
  GptVisRowsPart rows[3] = { {token, 0, 1, positions, 0, FALSE}, {distillation, 0, 1, positions, 1, FALSE} };
  rows[first] = (GptVisRowsPart) { patches, 0, n, positions, first, FALSE };
  return gptvis_plan_rows (plan, rows, first + 1);
}

void
gptvis_vit_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs)
{
  GptVisTensorId x = record_embeddings (plan, config, recipe, "vit", FALSE);
  x = record_encoder (plan, config, x, 1, "vit", outputs);
  record_outputs (plan, config, record_token (plan, config, x, 0, "vit.layernorm"), outputs);
}

/* The mean of two classifiers, each on a token of its own. */
static void
record_taught (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, GptVisTensorId token,
    GptVisOutputs outputs)
{
  if (outputs & GPTVIS_OUTPUT_SCORES) {
    GptVisTensorId logits
        = record_head (plan, config, token, "cls_classifier", GPTVIS_LINEAR (.alpha = 0.5f));
    gptvis_record_scores (plan, config,
        record_head (plan, config, record_token (plan, config, x, 1, "deit.layernorm"),
            "distillation_classifier", GPTVIS_LINEAR (.alpha = 0.5f, .residual = logits)));
  }
  record_outputs (plan, config, token, outputs & ~GPTVIS_OUTPUT_SCORES);
}

void
gptvis_deit_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs)
{
  GptVisTensorId x = record_embeddings (plan, config, recipe, "deit", TRUE);
  x = record_encoder (plan, config, x, config->teacher ? 2 : 1, "deit", outputs);
  GptVisTensorId token = record_token (plan, config, x, 0, "deit.layernorm");
  if (config->teacher)
    record_taught (plan, config, x, token, outputs);
  else
    record_outputs (plan, config, token, outputs);
}

/* vision-encoder-decoder's encoder, and the classifier that may be beside it. */
void
gptvis_encoder_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs)
{
  const gboolean distilled = strcmp (config->encoder_type, "deit") == 0;
  GptVisTensorId x = record_embeddings (plan, config, recipe, "encoder", distilled);
  x = record_encoder (plan, config, x, outputs & GPTVIS_OUTPUT_TOKENS ? 0 : 1, "encoder", outputs);
  if (outputs & GPTVIS_OUTPUT_TOKENS)
    gptvis_record_tokens (plan, gptvis_record_norm (plan, x, "encoder.layernorm", config->hidden_size,
            config->epsilon));
  if (outputs & (GPTVIS_OUTPUT_SCORES | GPTVIS_OUTPUT_EMBEDDING))
    record_outputs (plan, config, record_token (plan, config, x, 0, "encoder.layernorm"), outputs);
}
