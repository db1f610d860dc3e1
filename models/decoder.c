/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads what a decoder is made of, and decides how many captions and beams it has room for. */
#include "decoder.h"
#include "quote.h"

#define CAPTIONS 4u             /* in one step, each with all its beams */
#define LEAST_BEAMS 4u          /* room for them, so that cameras with other beam widths share a decoder */

/* Does the tokenizer have the first token, so that it is the network's own? */
static gboolean
vocabulary_fits (const GptVisDecoder *self, const gchar *path, GError **error)
{
  const guint known = gptvis_tokenizer_size (self->tokenizer);
  if (known >= self->generation->start + 1)
    return TRUE;
  gptvis_quote_error (error, GPTVIS_ERROR_FORMAT,
      "%s: a caption starts with token %u, where the tokenizer has only %u tokens", path,
      self->generation->start, known);
  return FALSE;
}

static gboolean
load (GptVisDecoder *self, const GptVisCheckpoint *checkpoint, guint n_beams,
    const GptVisProgramOptions *options, GError **error)
{
  const gchar *path = gptvis_checkpoint_path (checkpoint);
  const GptVisConfiguration *config = gptvis_checkpoint_configuration (checkpoint);
  self->generation = gptvis_generation_load (path, config, error);
  if (!self->generation || !(self->tokenizer = gptvis_tokenizer_open (path, error))
      || !vocabulary_fits (self, path, error))
    return FALSE;
  self->max_beams = MAX (LEAST_BEAMS, MAX (n_beams, self->generation->n_beams));
  const GptVisDecoderSize size = { MIN (CAPTIONS * self->max_beams, GPTVIS_MAX_SEQUENCES), self->max_beams,
    self->generation->max_length };
  self->plan = gptvis_checkpoint_decoder_plan (checkpoint, self->rows, 1, &size, &self->places, error);
  if (!self->plan)
    return FALSE;
  self->program = gptvis_checkpoint_program (checkpoint, self->plan, self->places, options, error);
  if (!self->program)
    return FALSE;
  self->width = config->hidden_size;
  self->n_frames = MAX (config->decoder.n_frames, 1);
  self->vocabulary = config->decoder.vocabulary;
  self->logits = gptvis_plan_find (self->plan, "logits");
  self->log_probabilities = gptvis_plan_find (self->plan, "log-probabilities");
  return TRUE;
}

GptVisDecoder *
gptvis_decoder_new (const GptVisCheckpoint *checkpoint, guint rows, guint n_beams,
    const GptVisProgramOptions *options, GError **error)
{
  GptVisDecoder *self = g_new0 (GptVisDecoder, 1);
  g_mutex_init (&self->lock);
  self->refs = 1;
  self->path = gptvis_checkpoint_path (checkpoint);
  self->rows = rows;
  if (load (self, checkpoint, n_beams, options, error))
    return self;
  gptvis_decoder_unref (self);
  return NULL;
}

GptVisDecoder *
gptvis_decoder_ref (GptVisDecoder *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

void
gptvis_decoder_unref (GptVisDecoder *self)
{
  if (!self || !g_atomic_int_dec_and_test (&self->refs))
    return;
  gptvis_program_free (self->program);
  gptvis_places_free (self->places);
  gptvis_plan_free (self->plan);
  gptvis_tokenizer_free (self->tokenizer);
  gptvis_generation_free (self->generation);
  g_mutex_clear (&self->lock);
  g_free (self);
}
