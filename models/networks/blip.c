/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BLIP, the network that writes captions: a ViT and a BERT decoder whose layers attend to
 * the words, then to the picture, before their MLP. After "BLIP: Bootstrapping
 * Language-Image Pre-training", with the names of Transformers' modeling_blip.py and
 * modeling_blip_text.py. */
#include "bert.h"
#include "clip.h"

#define BERT "text_decoder.bert"
#define HEAD "text_decoder.cls.predictions"

void
gptvis_blip_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs)
{
  static const GptVisClipTower tower = { .prefix = "vision_model", .positions = "position_embedding",
    .patch_bias = TRUE, .fused = TRUE, .norm_again = TRUE };
  gptvis_clip_record_outputs (plan, config, recipe, &tower, outputs);
}

/* Keys and values of the picture's tokens. */
static GptVisTensorId
record_memory (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId tokens, const gchar *layer)
{
  static const gchar *const parts[] = { "key", "value" };
  gchar where[GPTVIS_NAME_SIZE];
  return gptvis_record_stack (plan, tokens, gptvis_record_name (where, "%s.crossattention.self", layer),
      parts, 2, config->hidden_size, config->decoder.hidden_size, TRUE);
}

static GptVisTensorId
record_layer (GptVisPlan *plan, const GptVisDecoderNumbers *d, GptVisTensorId x, const gchar *layer,
    GptVisTensorId memory, GptVisTensorId own)
{
  gchar where[GPTVIS_NAME_SIZE];
  const GptVisAttention attention = gptvis_record_heads (d->hidden_size, d->n_heads);
  x = gptvis_bert_record_self_attention (plan, d, x, layer, GPTVIS_NO_TENSOR, own);
  GptVisTensorId q = gptvis_record_linear (plan, x,
      gptvis_record_name (where, "%s.crossattention.self.query", layer),
      d->hidden_size, d->hidden_size, NULL);
  GptVisTensorId a = gptvis_plan_recall (plan, q, &memory, 1, &attention);
  x = gptvis_bert_record_attended (plan, d, a, x, layer, "crossattention");
  return gptvis_bert_record_mlp (plan, d, x, layer);
}

/* BERT's head for masked words, whose last weight is the word embedding. */
static GptVisTensorId
record_head (GptVisPlan *plan, const GptVisDecoderNumbers *d, GptVisTensorId x)
{
  x = gptvis_record_linear (plan, x, HEAD ".transform.dense", d->hidden_size, d->hidden_size,
      GPTVIS_LINEAR (.act = d->act));
  x = gptvis_record_norm (plan, x, HEAD ".transform.LayerNorm", d->hidden_size, d->epsilon);
  return gptvis_plan_linear (plan, x, gptvis_plan_weight (plan, BERT ".embeddings.word_embeddings.weight",
          d->vocabulary, d->hidden_size), gptvis_plan_weight (plan, HEAD ".bias", 1, d->vocabulary), NULL);
}

void
gptvis_blip_record_decoder (GptVisPlan *plan, const GptVisConfiguration *config, guint rows,
    const GptVisDecoderSize *size)
{
  const GptVisDecoderNumbers *d = &config->decoder;
  const guint width = d->hidden_size;
  GptVisTensorId *memory = g_new (GptVisTensorId, d->n_layers);
  gchar layer[GPTVIS_NAME_SIZE], name[GPTVIS_NAME_SIZE];

  GptVisTensorId tokens = gptvis_plan_input (plan, "tokens", rows, config->hidden_size);
  for (guint l = 0; l < d->n_layers; l++) {
    memory[l] = gptvis_plan_state (plan, gptvis_record_name (name, "memory.%u", l), rows, 2 * width);
    gptvis_record_name (layer, BERT ".encoder.layer.%u", l);
    gptvis_plan_keep (plan, record_memory (plan, config, tokens, layer), 0, memory[l]);
  }

  gptvis_plan_step (plan, size->max_sequences, size->beams);
  GptVisTensorId x = gptvis_bert_record_embeddings (plan, d, BERT ".embeddings");
  for (guint l = 0; l < d->n_layers; l++) {
    GptVisTensorId own = gptvis_plan_state (plan, gptvis_record_name (name, "own.%u", l), size->max_length,
        2 * width);
    x = record_layer (plan, d, x, gptvis_record_name (layer, BERT ".encoder.layer.%u", l), memory[l], own);
  }
  gptvis_record_next_token (plan, record_head (plan, d, x));
  g_free (memory);
}
