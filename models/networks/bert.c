/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each function records one part of a post-norm layer. */
#include "bert.h"

GptVisTensorId
gptvis_bert_record_qkv (GptVisPlan *plan, const GptVisDecoderNumbers *d, GptVisTensorId x, const gchar *layer)
{
  static const gchar *const parts[] = { "query", "key", "value" };
  gchar where[GPTVIS_NAME_SIZE];
  return gptvis_record_stack (plan, x, gptvis_record_name (where, "%s.attention.self", layer), parts, 3,
      d->hidden_size, d->hidden_size, TRUE);
}

/* Dense, residual, norm: the end of every branch. */
static GptVisTensorId
record_output (GptVisPlan *plan, const GptVisDecoderNumbers *d, GptVisTensorId h, guint width_in,
    GptVisTensorId x, const gchar *output)
{
  gchar where[GPTVIS_NAME_SIZE];
  h = gptvis_record_linear (plan, h, gptvis_record_name (where, "%s.dense", output), width_in, d->hidden_size,
      GPTVIS_LINEAR (.residual = x));
  return gptvis_record_norm (plan, h, gptvis_record_name (where, "%s.LayerNorm", output), d->hidden_size,
      d->epsilon);
}

GptVisTensorId
gptvis_bert_record_attended (GptVisPlan *plan, const GptVisDecoderNumbers *d, GptVisTensorId a,
    GptVisTensorId x, const gchar *layer, const gchar *where)
{
  gchar output[GPTVIS_NAME_SIZE];
  return record_output (plan, d, a, d->hidden_size, x,
      gptvis_record_name (output, "%s.%s.output", layer, where));
}

GptVisTensorId
gptvis_bert_record_mlp (GptVisPlan *plan, const GptVisDecoderNumbers *d, GptVisTensorId x, const gchar *layer)
{
  gchar where[GPTVIS_NAME_SIZE];
  GptVisTensorId h = gptvis_record_linear (plan, x,
      gptvis_record_name (where, "%s.intermediate.dense", layer),
      d->hidden_size, d->intermediate_size, GPTVIS_LINEAR (.act = d->act));
  return record_output (plan, d, h, d->intermediate_size, x, gptvis_record_name (where, "%s.output", layer));
}

GptVisTensorId
gptvis_bert_record_embeddings (GptVisPlan *plan, const GptVisDecoderNumbers *d, const gchar *prefix)
{
  gchar name[GPTVIS_NAME_SIZE];
  GptVisTensorId table = gptvis_plan_weight (plan,
      gptvis_record_name (name, "%s.word_embeddings.weight", prefix), d->vocabulary, d->hidden_size);
  GptVisTensorId positions = gptvis_plan_weight (plan,
      gptvis_record_name (name, "%s.position_embeddings.weight", prefix), d->n_positions, d->hidden_size);
  return gptvis_record_norm (plan, gptvis_plan_embed (plan, table, positions, 0),
      gptvis_record_name (name, "%s.LayerNorm", prefix), d->hidden_size, d->epsilon);
}

GptVisTensorId
gptvis_bert_record_self_attention (GptVisPlan *plan, const GptVisDecoderNumbers *d, GptVisTensorId x,
    const gchar *layer, GptVisTensorId memory, GptVisTensorId own)
{
  const GptVisAttention attention = gptvis_record_heads (d->hidden_size, d->n_heads);
  const GptVisTensorId states[] = { own, memory };
  GptVisTensorId qkv = gptvis_bert_record_qkv (plan, d, x, layer);
  gptvis_plan_keep (plan, qkv, d->hidden_size, own);
  GptVisTensorId a = gptvis_plan_recall (plan, qkv, states, memory == GPTVIS_NO_TENSOR ? 1 : 2, &attention);
  return gptvis_bert_record_attended (plan, d, a, x, layer, "attention");
}
