/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of record.h. Nothing here checks a call's result: a plan remembers its
 * first mistake. */
#include "record.h"
#include <math.h>

const gchar *
gptvis_record_name (gchar name[GPTVIS_NAME_SIZE], const gchar *format, ...)
{
  va_list args;
  va_start (args, format);
  g_vsnprintf (name, GPTVIS_NAME_SIZE, format, args);
  va_end (args);
  return name;
}

GptVisTensorId
gptvis_record_linear (GptVisPlan *plan, GptVisTensorId x, const gchar *where, guint width_in, guint width,
    const GptVisLinear *linear)
{
  gchar name[GPTVIS_NAME_SIZE];
  GptVisTensorId weight =
      gptvis_plan_weight (plan, gptvis_record_name (name, "%s.weight", where), width, width_in);
  GptVisTensorId bias = gptvis_plan_weight (plan, gptvis_record_name (name, "%s.bias", where), 1, width);
  return gptvis_plan_linear (plan, x, weight, bias, linear);
}

GptVisTensorId
gptvis_record_linear_rows (GptVisPlan *plan, GptVisTensorId x, const gchar *where, guint width_in,
    guint first, guint width, gboolean bias)
{
  gchar name[GPTVIS_NAME_SIZE];
  GptVisWeightPart part = { gptvis_record_name (name, "%s.weight", where), first, width };
  GptVisTensorId w = gptvis_plan_weight_stack (plan, width, width_in, &part, 1);
  part.name = gptvis_record_name (name, "%s.bias", where);
  GptVisTensorId b = bias ? gptvis_plan_weight_stack (plan, width, 1, &part, 1) : GPTVIS_NO_TENSOR;
  return gptvis_plan_linear (plan, x, w, b, NULL);
}

GptVisTensorId
gptvis_record_norm (GptVisPlan *plan, GptVisTensorId x, const gchar *where, guint width, gfloat epsilon)
{
  gchar name[GPTVIS_NAME_SIZE];
  GptVisTensorId weight = gptvis_plan_weight (plan, gptvis_record_name (name, "%s.weight", where), 1, width);
  GptVisTensorId bias = gptvis_plan_weight (plan, gptvis_record_name (name, "%s.bias", where), 1, width);
  return gptvis_plan_norm (plan, x, weight, bias, epsilon);
}

GptVisTensorId
gptvis_record_patches (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    const gchar *embeddings)
{
  gchar where[GPTVIS_NAME_SIZE];
  GptVisTensorId patches = gptvis_plan_patches (plan, recipe, config->patch_size);
  return gptvis_record_linear (plan, patches,
      gptvis_record_name (where, "%s.patch_embeddings.projection", embeddings),
      3 * config->patch_size * config->patch_size, config->hidden_size, NULL);
}

GptVisTensorId
gptvis_record_transposed (GptVisPlan *plan, GptVisTensorId x, const gchar *where, guint width_in, guint width,
    const GptVisLinear *linear)
{
  gchar name[GPTVIS_NAME_SIZE];
  GptVisTensorId weight =
      gptvis_plan_weight_transposed (plan, gptvis_record_name (name, "%s.weight", where), width, width_in);
  GptVisTensorId bias = gptvis_plan_weight (plan, gptvis_record_name (name, "%s.bias", where), 1, width);
  return gptvis_plan_linear (plan, x, weight, bias, linear);
}

GptVisTensorId
gptvis_record_stack (GptVisPlan *plan, GptVisTensorId x, const gchar *where, const gchar *const *parts,
    guint n, guint width_in, guint width, gboolean bias)
{
  gchar names[2 * GPTVIS_WEIGHT_PARTS][GPTVIS_NAME_SIZE];
  GptVisWeightPart weights[GPTVIS_WEIGHT_PARTS], biases[GPTVIS_WEIGHT_PARTS];
  for (guint i = 0; i < n; i++) {
    weights[i] = (GptVisWeightPart) { .rows = width };
    weights[i].name = gptvis_record_name (names[2 * i], "%s.%s.weight", where, parts[i]);
    biases[i] = (GptVisWeightPart) { .rows = width };
    biases[i].name = gptvis_record_name (names[2 * i + 1], "%s.%s.bias", where, parts[i]);
  }
  GptVisTensorId w = gptvis_plan_weight_stack (plan, n * width, width_in, weights, n);
  GptVisTensorId b = bias ? gptvis_plan_weight_stack (plan, n * width, 1, biases, n) : GPTVIS_NO_TENSOR;
  return gptvis_plan_linear (plan, x, w, b, NULL);
}

/* n of where.attention.{query, key, value} from `first` on, as one product:
 * n · hidden_size columns. */
static GptVisTensorId
record_projections (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, const gchar *where,
    guint first, guint n)
{
  static const gchar *const parts[3] = { "query", "key", "value" };
  gchar attention[GPTVIS_NAME_SIZE];
  return gptvis_record_stack (plan, x, gptvis_record_name (attention, "%s.attention", where), parts + first,
      n, config->hidden_size, config->hidden_size, config->qkv_bias);
}

GptVisAttention
gptvis_record_heads (guint width, guint n_heads)
{
  const guint head_width = width / n_heads;
  return (GptVisAttention) { .k_column = width, .v_column = 2 * width, .heads = n_heads,
      .head_width = head_width,
    .scale = 1.0f / sqrtf (head_width) };
}

GptVisTensorId
gptvis_record_attention (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, guint queries,
    guint windows, const gchar *where)
{
  GptVisAttention attention = gptvis_record_heads (config->hidden_size, config->n_heads);
  attention.windows = windows;
  if (queries == 0) {
    GptVisTensorId qkv = record_projections (plan, config, x, where, 0, 3);
    return gptvis_plan_attention (plan, qkv, qkv, qkv, &attention);
  }
  GptVisTensorId q =
      record_projections (plan, config, gptvis_record_first_rows (plan, x, queries), where, 0, 1);
  GptVisTensorId kv = record_projections (plan, config, x, where, 1, 2);
  attention.k_column = 0;
  attention.v_column = config->hidden_size;
  return gptvis_plan_attention (plan, q, kv, kv, &attention);
}

GptVisTensorId
gptvis_record_keyless_attention (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x,
    guint windows, GptVisTensorId bias, const gchar *where)
{
  static const gchar *const parts[2] = { "query", "value" };
  gchar name[GPTVIS_NAME_SIZE];
  const guint d = config->hidden_size;
  gptvis_record_name (name, "%s.attention", where);
  GptVisTensorId qv = gptvis_record_stack (plan, x, name, parts, 2, d, d, config->qkv_bias);
  GptVisTensorId weight =
      gptvis_plan_weight (plan, gptvis_record_name (name, "%s.attention.key.weight", where), d, d);
  GptVisTensorId k = gptvis_plan_linear (plan, x, weight, GPTVIS_NO_TENSOR, NULL);
  GptVisAttention attention = gptvis_record_heads (d, config->n_heads);
  attention.k_column = 0;
  attention.v_column = d;
  attention.windows = windows;
  return gptvis_plan_attention_with (plan, qv, k, qv, bias, &attention);
}

GptVisGrid
gptvis_record_grid (const GptVisConfiguration *config, const GptVisRecipe *recipe)
{
  return (GptVisGrid) { recipe->height / config->patch_size, recipe->width / config->patch_size };
}

GptVisTensorId
gptvis_record_first_rows (GptVisPlan *plan, GptVisTensorId x, guint n)
{
  const GptVisRowsPart part = { x, 0, n, GPTVIS_NO_TENSOR, 0 };
  return gptvis_plan_rows (plan, &part, 1);
}

void
gptvis_record_hidden (GptVisPlan *plan, GptVisTensorId x, guint i)
{
  gchar name[GPTVIS_NAME_SIZE];
  gptvis_plan_output (plan, gptvis_record_name (name, "hidden_states.%u", i), x);
}

void
gptvis_record_scores (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId logits)
{
  gptvis_plan_output (plan, "logits", logits);
  gptvis_plan_output (plan, "scores", gptvis_plan_score (plan, logits,
          config->multi_label ? GPTVIS_SCORE_SIGMOID : GPTVIS_SCORE_SOFTMAX));
}

void
gptvis_record_embedding (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId token)
{
  if (config->pooler)
    token = gptvis_record_linear (plan, token, config->pooler, config->hidden_size, config->pooler_size,
        GPTVIS_LINEAR (.act = config->pooler_act));
  gptvis_plan_output (plan, "embedding", token);
}

void
gptvis_record_pooled (
    GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId row, GptVisOutputs outputs)
{
  if (config->n_labels > 0 && (outputs & GPTVIS_OUTPUT_SCORES))
    gptvis_record_scores (plan, config,
        gptvis_record_linear (plan, row, "classifier", config->hidden_size, config->n_labels, NULL));
  if (outputs & GPTVIS_OUTPUT_EMBEDDING)
    gptvis_record_embedding (plan, config, row);
}

GptVisTensorId
gptvis_record_mlp (
    GptVisPlan *plan, GptVisTensorId x, const gchar *where, guint width, guint width_out, guint n)
{
  gchar layer[GPTVIS_NAME_SIZE];
  for (guint i = 0; i < n; i++) {
    const gboolean last = i + 1 == n;
    x = gptvis_record_linear (plan, x, gptvis_record_name (layer, "%s.layers.%u", where, i), width,
        last ? width_out : width, GPTVIS_LINEAR (.act = last ? GPTVIS_ACT_NONE : GPTVIS_ACT_RELU));
  }
  return x;
}

void
gptvis_record_detections (GptVisPlan *plan, GptVisTensorId logits, GptVisScore score, GptVisTensorId boxes)
{
  gptvis_plan_output (plan, "logits", logits);
  gptvis_plan_output (plan, "scores", gptvis_plan_score (plan, logits, score));
  gptvis_plan_output (plan, "pred_boxes", boxes);
}

void
gptvis_record_tokens (GptVisPlan *plan, GptVisTensorId tokens)
{
  gptvis_plan_output (plan, "tokens", tokens);
}

void
gptvis_record_next_token (GptVisPlan *plan, GptVisTensorId logits)
{
  gptvis_plan_output (plan, "logits", logits);
  gptvis_plan_output (plan, "log-probabilities", gptvis_plan_score (plan, logits, GPTVIS_SCORE_LOG_SOFTMAX));
}
