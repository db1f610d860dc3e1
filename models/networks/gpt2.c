/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GPT-2 as vision-encoder-decoder has it: a pre-norm decoder whose every layer attends to
 * the words before it, then to the picture's tokens. After "Language Models are
 * Unsupervised Multitask Learners", with the names of Transformers' modeling_gpt2.py
 * and modeling_vision_encoder_decoder.py. Its weights are stored [in, out]. */
#include "record.h"

#define PREFIX "decoder.transformer"

static GptVisAttention
attention_of (const GptVisDecoderNumbers *d, guint layer)
{
  GptVisAttention attention = gptvis_record_heads (d->hidden_size, d->n_heads);
  if (d->scale_by_layer)
    attention.scale /= layer + 1;
  return attention;
}

static GptVisTensorId
record_norm (GptVisPlan *plan, const GptVisDecoderNumbers *d, GptVisTensorId x, guint layer,
    const gchar *norm)
{
  gchar where[GPTVIS_NAME_SIZE];
  return gptvis_record_norm (plan, x, gptvis_record_name (where, PREFIX ".h.%u.%s", layer, norm),
      d->hidden_size, d->epsilon);
}

static GptVisTensorId
record_product (GptVisPlan *plan, GptVisTensorId x, guint layer, const gchar *product, guint width_in,
    guint width, const GptVisLinear *linear)
{
  gchar where[GPTVIS_NAME_SIZE];
  return gptvis_record_transposed (plan, x, gptvis_record_name (where, PREFIX ".h.%u.%s", layer, product),
      width_in, width, linear);
}

static GptVisTensorId
record_layer (GptVisPlan *plan, const GptVisDecoderNumbers *d, GptVisTensorId x, guint layer,
    GptVisTensorId memory, GptVisTensorId own)
{
  const guint width = d->hidden_size;
  const GptVisAttention attention = attention_of (d, layer);

  GptVisTensorId n = record_norm (plan, d, x, layer, "ln_1");
  GptVisTensorId qkv = record_product (plan, n, layer, "attn.c_attn", width, 3 * width, NULL);
  gptvis_plan_keep (plan, qkv, width, own);
  GptVisTensorId a = gptvis_plan_recall (plan, qkv, &own, 1, &attention);
  x = record_product (plan, a, layer, "attn.c_proj", width, width, GPTVIS_LINEAR (.residual = x));

  n = record_norm (plan, d, x, layer, "ln_cross_attn");
  GptVisTensorId q = record_product (plan, n, layer, "crossattention.q_attn", width, width, NULL);
  a = gptvis_plan_recall (plan, q, &memory, 1, &attention);
  x = record_product (plan, a, layer, "crossattention.c_proj", width, width, GPTVIS_LINEAR (.residual = x));

  n = record_norm (plan, d, x, layer, "ln_2");
  GptVisTensorId h = record_product (plan, n, layer, "mlp.c_fc", width, d->intermediate_size,
      GPTVIS_LINEAR (.act = d->act));
  return record_product (plan, h, layer, "mlp.c_proj", d->intermediate_size, width,
      GPTVIS_LINEAR (.residual = x));
}

void
gptvis_gpt2_record_decoder (GptVisPlan *plan, const GptVisConfiguration *config, guint rows,
    const GptVisDecoderSize *size)
{
  const GptVisDecoderNumbers *d = &config->decoder;
  const guint width = d->hidden_size;
  gchar name[GPTVIS_NAME_SIZE];
  GptVisTensorId *memory = g_new (GptVisTensorId, d->n_layers);

  GptVisTensorId tokens = gptvis_plan_input (plan, "tokens", rows, config->hidden_size);
  if (d->project)
    tokens = gptvis_record_linear (plan, tokens, "enc_to_dec_proj", config->hidden_size, width, NULL);
  for (guint l = 0; l < d->n_layers; l++) {
    memory[l] = gptvis_plan_state (plan, gptvis_record_name (name, "memory.%u", l), rows, 2 * width);
    gptvis_plan_keep (plan, record_product (plan, tokens, l, "crossattention.c_attn",
            d->project ? width : config->hidden_size, 2 * width, NULL), 0, memory[l]);
  }

  gptvis_plan_step (plan, size->max_sequences, size->beams);
  GptVisTensorId table = gptvis_plan_weight (plan, PREFIX ".wte.weight", d->vocabulary, width);
  GptVisTensorId x = gptvis_plan_embed (plan, table,
      gptvis_plan_weight (plan, PREFIX ".wpe.weight", d->n_positions, width), 0);
  for (guint l = 0; l < d->n_layers; l++) {
    gptvis_record_name (name, "own.%u", l);
    x = record_layer (plan, d, x, l, memory[l], gptvis_plan_state (plan, name, size->max_length, 2 * width));
  }
  x = gptvis_record_norm (plan, x, PREFIX ".ln_f", width, d->epsilon);
  GptVisTensorId head = d->tied ? table : gptvis_plan_weight (plan, "decoder.lm_head.weight", d->vocabulary,
      width);
  gptvis_record_next_token (plan, gptvis_plan_linear (plan, x, head, GPTVIS_NO_TENSOR, NULL));
  g_free (memory);
}
