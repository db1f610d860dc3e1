/* SPDX-License-Identifier: LGPL-2.1-or-later */
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
  GptVisTensorId weight = gptvis_plan_weight (plan, gptvis_record_name (name, "%s.weight", where), width, width_in);
  GptVisTensorId bias = gptvis_plan_weight (plan, gptvis_record_name (name, "%s.bias", where), 1, width);
  return gptvis_plan_linear (plan, x, weight, bias, linear);
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
  return gptvis_record_linear (plan, patches, gptvis_record_name (where, "%s.patch_embeddings.projection", embeddings),
      3 * config->patch_size * config->patch_size, config->hidden_size, NULL);
}

/* query, key and value one below the other; `what` is weight or bias. */
static GptVisTensorId
stack_qkv (GptVisPlan *plan, const gchar *where, const gchar *what, guint rows, guint width)
{
  gchar names[3][GPTVIS_NAME_SIZE];
  static const gchar *const parts[3] = { "query", "key", "value" };
  GptVisWeightPart stack[3];
  for (guint i = 0; i < 3; i++)
    stack[i] = (GptVisWeightPart) {
      gptvis_record_name (names[i], "%s.attention.%s.%s", where, parts[i], what), 0, rows};
  return gptvis_plan_weight_stack (plan, 3 * rows, width, stack, 3);
}

GptVisTensorId
gptvis_record_attention (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, const gchar *where)
{
  const guint d = config->hidden_size, head_width = d / config->n_heads;
  GptVisTensorId weight = stack_qkv (plan, where, "weight", d, d);
  GptVisTensorId bias = config->qkv_bias ? stack_qkv (plan, where, "bias", d, 1) : GPTVIS_NO_TENSOR;
  GptVisTensorId qkv = gptvis_plan_linear (plan, x, weight, bias, NULL);
  return gptvis_plan_attention (plan, qkv, qkv, qkv, &(GptVisAttention) {
    .q_column = 0, .k_column = d, .v_column = 2 * d, .heads = config->n_heads, .head_width = head_width,
    .scale = 1.0f / sqrtf (head_width)});
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
