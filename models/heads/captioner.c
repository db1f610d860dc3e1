/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One stream's captions: its pictures' tokens are in a slot of the decoder's program, search.c
 * picks the caption's tokens, and words/ spells them. */
#include "captioner.h"
#include "search.h"
#include <math.h>
#include <string.h>

struct _GptVisCaptioner {
  GptVisDecoder *decoder;       /* a reference */
  guint n_beams;
  gdouble threshold;            /* that a caption's score must reach; 0: none */
  GptVisSlot *slot;             /* its rows: the tokens of the last n_frames pictures, the newest last */
  GptVisSearch *search;
  GptVisTextStream *stream;
  const float *rows;            /* the slot's at the last look */
  guint looked;                 /* pictures, up to n_frames */
  float *captioned;             /* class token of the picture that the last caption was begun on */
  gboolean has_captioned, writing;
  GptVisCaption current, last;  /* the one being written, and the last finished one; their texts: */
  GString *current_text, *last_text;
  gboolean has_current, has_last;
  GError *error;
};

GptVisCaptioner *
gptvis_captioner_new (GptVisDecoder *decoder, guint n_beams, GError **error)
{
  GptVisSlot *slot = gptvis_program_slot_new (decoder->program, error);
  if (!slot)
    return NULL;
  GptVisCaptioner *self = g_new0 (GptVisCaptioner, 1);
  self->decoder = gptvis_decoder_ref (decoder);
  self->n_beams = n_beams;
  gptvis_captioner_set_threshold (self, -1);
  self->slot = slot;
  self->search = gptvis_search_new (decoder->generation, self->n_beams, decoder->vocabulary);
  self->stream = gptvis_text_stream_new (decoder->tokenizer, TRUE,
      gptvis_tokenizer_clean_up (decoder->tokenizer));
  self->captioned = g_new (float, decoder->width);
  self->current_text = g_string_sized_new (256);
  self->last_text = g_string_sized_new (256);
  return self;
}

void
gptvis_captioner_free (GptVisCaptioner *self)
{
  if (!self)
    return;
  gptvis_program_slot_free (self->decoder->program, self->slot);
  gptvis_search_free (self->search);
  gptvis_text_stream_free (self->stream);
  g_string_free (self->current_text, TRUE);
  g_string_free (self->last_text, TRUE);
  g_clear_error (&self->error);
  g_free (self->captioned);
  gptvis_decoder_unref (self->decoder);
  g_free (self);
}

/* --- what it sees --- */

/* The newest picture's tokens in the slot. */
static float *
newest (const GptVisCaptioner *self)
{
  const GptVisDecoder *d = self->decoder;
  return gptvis_program_slot_rows (d->program, self->slot) + (gsize) (d->n_frames - 1) * d->rows * d->width;
}

void
gptvis_captioner_look (GptVisCaptioner *self, const float *tokens)
{
  const GptVisDecoder *d = self->decoder;
  const gsize size = gptvis_captioner_n_values (self);
  float *rows = gptvis_program_slot_rows (d->program, self->slot);
  if (rows != self->rows)       /* the first look, or the device was lost with the earlier pictures */
    self->looked = 0;
  self->rows = rows;
  memmove (rows, rows + size, (d->n_frames - 1) * size * sizeof (float));
  memcpy (newest (self), tokens, size * sizeof (float));
  /* the first picture also stands for those that would be before it */
  for (guint i = 0; self->looked == 0 && i + 1 < d->n_frames; i++)
    memcpy (rows + i * size, tokens, size * sizeof (float));
  self->looked = MIN (self->looked + 1, d->n_frames);
}

gsize
gptvis_captioner_n_values (const GptVisCaptioner *self)
{
  return (gsize) self->decoder->rows * self->decoder->width;
}

gdouble
gptvis_captioner_change (const GptVisCaptioner *self)
{
  if (self->looked == 0 || !self->has_captioned)
    return 2;
  const float *now = newest (self), *then = self->captioned;
  gdouble dot = 0, a = 0, b = 0;
  for (guint i = 0; i < self->decoder->width; i++) {
    dot += (gdouble) now[i] * then[i];
    a += (gdouble) now[i] * now[i];
    b += (gdouble) then[i] * then[i];
  }
  return a > 0 && b > 0 ? 1 - dot / sqrt (a * b) : 0;
}

void
gptvis_captioner_forget (GptVisCaptioner *self)
{
  gptvis_captioner_give_up (self);
  self->looked = 0;
  self->has_captioned = self->has_last = self->has_current = FALSE;
}

/* --- what it writes --- */

void
gptvis_captioner_begin (GptVisCaptioner *self, guint64 frame, guint64 pts, guint64 running_time)
{
  GptVisDecoder *d = self->decoder;
  g_clear_error (&self->error);
  self->current = (GptVisCaption) { .frame = frame, .pts = pts, .running_time = running_time };
  self->has_current = FALSE;
  memcpy (self->captioned, newest (self), d->width * sizeof (float));
  self->has_captioned = TRUE;
  g_mutex_lock (&d->lock);
  self->writing = gptvis_program_submit (d->program, &self->slot, 1, &self->error)
      && gptvis_program_wait (d->program, &self->error);
  g_mutex_unlock (&d->lock);
  if (self->writing)
    gptvis_search_begin (self->search);
}

void
gptvis_captioner_set_threshold (GptVisCaptioner *self, gfloat threshold)
{
  self->threshold = threshold >= 0 ? threshold : self->decoder->generation->caption_threshold;
}

gboolean
gptvis_captioner_is_writing (const GptVisCaptioner *self)
{
  return self->writing;
}

gboolean
gptvis_captioner_shows_words (const GptVisCaptioner *self)
{
  return self->threshold <= 0;
}

void
gptvis_captioner_give_up (GptVisCaptioner *self)
{
  self->writing = FALSE;
  self->has_current = FALSE;
}

/* Writes the text as one line without blanks at its ends. */
static void
put_line (GString *line, const gchar *text)
{
  static const gchar blanks[] = " \t\n\v\f\r";
  g_string_assign (line, text + strspn (text, blanks));
  while (line->len > 0 && strchr (blanks, line->str[line->len - 1]))
    g_string_truncate (line, line->len - 1);
  for (gchar *p = line->str; (p = strpbrk (p, "\n\r"));)
    *p = ' ';
}

/* Spells what the search has found so far. */
static void
spell (GptVisCaptioner *self)
{
  guint n;
  const guint *tokens = gptvis_search_tokens (self->search, &n);
  const gchar *text = gptvis_text_stream_follow (self->stream, tokens + 1, n - 1);      /* not the start */
  self->current.final = gptvis_search_is_done (self->search);
  if (self->current.final)
    text = gptvis_text_stream_finish (self->stream);
  put_line (self->current_text, text);
  self->current.text = self->current_text->str;
  self->current.score = exp (gptvis_search_log_probability (self->search));
  self->has_current = TRUE;
}

/* The current caption is finished: it becomes the last if it is likely enough, else there is none. */
static void
finish (GptVisCaptioner *self)
{
  GString *text = self->last_text;
  self->last_text = self->current_text;
  self->current_text = text;
  self->last = self->current;
  self->has_last = self->threshold <= 0 || self->last.score >= self->threshold;
  self->has_current = self->writing = FALSE;
}

/* Feeds the step's outputs for the n sequences from `first` on. */
static void
feed (GptVisCaptioner *self, guint first, guint n)
{
  const GptVisDecoder *d = self->decoder;
  const float *logits[GPTVIS_MAX_BEAMS], *log_probabilities[GPTVIS_MAX_BEAMS];
  for (guint i = 0; i < n; i++) {
    logits[i] = gptvis_program_output (d->program, d->logits, first + i);
    log_probabilities[i] = gptvis_program_output (d->program, d->log_probabilities, first + i);
  }
  if (!gptvis_search_feed (self->search, logits, log_probabilities, &self->error)) {
    g_prefix_error (&self->error, "%s: ", d->path);
    gptvis_captioner_give_up (self);
    return;
  }
  spell (self);
  if (self->current.final)
    finish (self);
}

/* Steps captioners of one decoder whose sequences fit into one step. */
static void
step (GptVisDecoder *d, GptVisCaptioner *const *group, guint n_group)
{
  GptVisSequence sequences[GPTVIS_MAX_SEQUENCES];
  guint counts[GPTVIS_MAX_SEQUENCES], n = 0;
  GError *error = NULL;
  for (guint i = 0; i < n_group; i++) {
    counts[i] = gptvis_search_ask (group[i]->search, sequences + n);
    for (guint j = 0; j < counts[i]; j++)
      sequences[n + j].slot = group[i]->slot;
    n += counts[i];
  }
  g_mutex_lock (&d->lock);
  const gboolean ok = gptvis_program_step (d->program, sequences, n, &error)
      && gptvis_program_wait (d->program, &error);
  for (guint i = 0, first = 0; i < n_group; first += counts[i++]) {
    if (ok) {
      feed (group[i], first, counts[i]);
    } else {
      gptvis_captioner_give_up (group[i]);
      group[i]->error = g_error_copy (error);
    }
  }
  g_mutex_unlock (&d->lock);
  g_clear_error (&error);
}

void
gptvis_captioners_step (GptVisCaptioner *const *captioners, guint n)
{
  GptVisCaptioner *group[GPTVIS_MAX_SEQUENCES];
  GptVisDecoder *d = NULL;
  guint n_group = 0, n_sequences = 0;
  for (guint i = 0; i < n; i++) {
    GptVisCaptioner *self = captioners[i];
    if (!self->writing)
      continue;
    const gboolean fits = self->decoder == d
        && n_sequences + self->n_beams <= gptvis_plan_max_sequences (d->plan);
    if (n_group > 0 && !fits) {
      step (d, group, n_group);
      n_group = n_sequences = 0;
    }
    d = self->decoder;
    group[n_group++] = self;
    n_sequences += self->n_beams;
  }
  if (n_group > 0)
    step (d, group, n_group);
}

const GptVisCaption *
gptvis_captioner_caption (const GptVisCaptioner *self)
{
  if (self->has_current && gptvis_captioner_shows_words (self))
    return &self->current;
  return self->has_last ? &self->last : NULL;
}

const GptVisCaption *
gptvis_captioner_finished (const GptVisCaptioner *self)
{
  return self->has_last ? &self->last : NULL;
}

const GError *
gptvis_captioner_error (const GptVisCaptioner *self)
{
  return self->error;
}

const guint *
gptvis_captioner_tokens (const GptVisCaptioner *self, guint *n, gdouble *score)
{
  *score = gptvis_search_score (self->search);
  return gptvis_search_tokens (self->search, n);
}
