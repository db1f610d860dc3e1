/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GIT: the tokens of one or several pictures and the words are one sequence for a BERT
 * decoder. Pictures attend to each other and to no word, so their keys and values are
 * computed once; a word attends to all pictures and to the words before it. After "GIT: A Generative
 * Image-to-text Transformer for Vision and Language", with the names of Transformers'
 * modeling_git.py. */
#include "bert.h"
#include "clip.h"

void
gptvis_git_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs)
{
  static const GptVisClipTower tower = { .prefix = "git.image_encoder.vision_model",
    .positions = "position_embedding.weight", .pre_norm = TRUE };
  gptvis_clip_record_outputs (plan, config, recipe, &tower, outputs);
}

/* All pictures' tokens, each with its temporal embedding, in the decoder's width. */
static GptVisTensorId
record_pictures (GptVisPlan *plan, const GptVisConfiguration *config, guint rows)
{
  gchar name[GPTVIS_NAME_SIZE];
  const guint n_frames = MAX (config->decoder.n_frames, 1), width = config->decoder.hidden_size;
  GptVisRowsPart parts[GPTVIS_ROWS_PARTS];
  GptVisTensorId x = gptvis_plan_input (plan, "tokens", n_frames * rows, config->hidden_size);
  for (guint i = 0; i < config->decoder.n_frames; i++) {
    GptVisTensorId when = gptvis_plan_weight (plan,
        gptvis_record_name (name, "git.img_temporal_embedding.%u", i), 1, config->hidden_size);
    parts[i] = (GptVisRowsPart) { x, i * rows, rows, when, 0, TRUE };
  }
  if (config->decoder.n_frames > 0)
    x = gptvis_plan_rows (plan, parts, config->decoder.n_frames);
  x = gptvis_record_linear (plan, x, "git.visual_projection.visual_projection.0", config->hidden_size,
      width, NULL);
  return gptvis_record_norm (plan, x, "git.visual_projection.visual_projection.1", width, config->epsilon);
}

void
gptvis_git_record_decoder (GptVisPlan *plan, const GptVisConfiguration *config, guint rows,
    const GptVisDecoderSize *size)
{
  const GptVisDecoderNumbers *d = &config->decoder;
  const GptVisAttention attention = gptvis_record_heads (d->hidden_size, d->n_heads);
  const guint width = d->hidden_size, n = MAX (d->n_frames, 1) * rows;
  GptVisTensorId *memory = g_new (GptVisTensorId, d->n_layers);
  gchar layer[GPTVIS_NAME_SIZE], name[GPTVIS_NAME_SIZE];

  GptVisTensorId x = record_pictures (plan, config, rows);
  for (guint l = 0; l < d->n_layers; l++) {
    gptvis_record_name (layer, "git.encoder.layer.%u", l);
    GptVisTensorId qkv = gptvis_bert_record_qkv (plan, d, x, layer);
    memory[l] = gptvis_plan_state (plan, gptvis_record_name (name, "memory.%u", l), n, 2 * width);
    gptvis_plan_keep (plan, qkv, width, memory[l]);
    if (l + 1 == d->n_layers)   /* nothing reads what the last layer makes of the pictures */
      break;
    GptVisTensorId a = gptvis_plan_attention (plan, qkv, qkv, qkv, &attention);
    x = gptvis_bert_record_attended (plan, d, a, x, layer, "attention");
    x = gptvis_bert_record_mlp (plan, d, x, layer);
  }

  gptvis_plan_step (plan, size->max_sequences, size->beams);
  x = gptvis_bert_record_embeddings (plan, d, "git.embeddings");
  for (guint l = 0; l < d->n_layers; l++) {
    gptvis_record_name (layer, "git.encoder.layer.%u", l);
    GptVisTensorId own = gptvis_plan_state (plan, gptvis_record_name (name, "own.%u", l), size->max_length,
        2 * width);
    x = gptvis_bert_record_self_attention (plan, d, x, layer, memory[l], own);
    x = gptvis_bert_record_mlp (plan, d, x, layer);
  }
  gptvis_record_next_token (plan, gptvis_record_linear (plan, x, "output", width, d->vocabulary, NULL));
  g_free (memory);
}
