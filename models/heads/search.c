/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules are those of Transformers' generate(): how a token's score is changed and in
 * which order, which beams stay, when a beam is finished and when to stop.
 * Greedy search works on logits, beam search on log-probabilities; this matters to the
 * repetition penalty. */
#include "search.h"
#include <math.h>
#include <string.h>

#define NEVER (-1e9)            /* the score of what must not be taken, as Transformers has it */

/* Running, or finished. */
typedef struct {
  guint tokens[GPTVIS_MAX_LENGTH];
  guint8 history[GPTVIS_MAX_LENGTH];    /* which copy of the states holds each position */
  gdouble score;                /* running: sum of scores; finished: divided by length ^ penalty */
  gdouble log_probability;      /* sum, as the decoder has it */
  guint length;                 /* tokens */
  gboolean finished;
} Beam;

typedef struct {
  gdouble score, log_probability;
  guint beam, token;
  gboolean ends;
} Candidate;

struct _GptVisSearch {
  const GptVisGeneration *rules;
  guint n_beams, vocabulary;
  guint length;                 /* tokens of every running beam, the start counted */
  guint n_running;              /* 1 at first, then n_beams */
  Beam *running, *next_running; /* [n_beams]; next_…: where the step makes its new ones */
  Beam *finished, *next_finished;       /* [n_beams], best first; score NEVER: none yet */
  Candidate *candidates;        /* [n_candidates], best first */
  guint n_candidates, most_candidates;
  gdouble *scores;              /* [vocabulary] of one beam */
  gboolean greedy, done, failed, improving;
};

GptVisSearch *
gptvis_search_new (const GptVisGeneration *generation, guint n_beams, guint vocabulary)
{
  GptVisSearch *self = g_new0 (GptVisSearch, 1);
  self->rules = generation;
  self->n_beams = n_beams;
  self->vocabulary = vocabulary;
  self->greedy = n_beams == 1;
  /* so many that n_beams remain when the best ones all end */
  self->most_candidates = self->greedy ? 1 : MAX (2, 1 + generation->ends->len) * n_beams;
  self->running = g_new0 (Beam, n_beams);
  self->next_running = g_new0 (Beam, n_beams);
  self->finished = g_new0 (Beam, n_beams);
  self->next_finished = g_new0 (Beam, n_beams);
  self->candidates = g_new0 (Candidate, self->most_candidates);
  self->scores = g_new (gdouble, vocabulary);
  self->done = TRUE;
  return self;
}

void
gptvis_search_free (GptVisSearch *self)
{
  if (!self)
    return;
  g_free (self->running);
  g_free (self->next_running);
  g_free (self->finished);
  g_free (self->next_finished);
  g_free (self->candidates);
  g_free (self->scores);
  g_free (self);
}

void
gptvis_search_begin (GptVisSearch *self)
{
  self->length = 1;
  self->n_running = 1;
  self->running[0] = (Beam) { .tokens = {self->rules->start}, .length = 1 };
  for (guint i = 0; i < self->n_beams; i++)
    self->finished[i] = (Beam) { .score = NEVER };
  self->done = self->failed = FALSE;
  self->improving = TRUE;
}

gboolean
gptvis_search_is_done (const GptVisSearch *self)
{
  return self->done;
}

guint
gptvis_search_ask (const GptVisSearch *self, GptVisSequence *sequences)
{
  for (guint i = 0; i < self->n_running; i++) {
    sequences[i].token = self->running[i].tokens[self->length - 1];
    sequences[i].position = self->length - 1;
    sequences[i].beam = i;
    sequences[i].history = self->running[i].history;
  }
  return self->n_running;
}

/* --- a token's score --- */

static gboolean
is_among (const GArray *tokens, guint token)
{
  for (guint i = 0; i < tokens->len; i++)
    if (g_array_index (tokens, guint, i) == token)
      return TRUE;
  return FALSE;
}

static void
forbid (GptVisSearch *self, const GArray *tokens)
{
  for (guint i = 0; i < tokens->len; i++)
    self->scores[g_array_index (tokens, guint, i)] = -INFINITY;
}

static void
force (GptVisSearch *self, guint token, gdouble score)
{
  for (guint i = 0; i < self->vocabulary; i++)
    self->scores[i] = -INFINITY;
  self->scores[token] = score;
}

/* Each token of the beam, once. */
static void
penalise_repetition (GptVisSearch *self, const Beam *beam)
{
  const gdouble penalty = self->rules->repetition_penalty;
  for (guint i = 0; i < self->length; i++) {
    guint before = 0;
    while (before < i && beam->tokens[before] != beam->tokens[i])
      before++;
    gdouble *score = &self->scores[beam->tokens[i]];
    if (before == i)
      *score = *score < 0 ? *score * penalty : *score / penalty;
  }
}

/* Forbids what would complete a run of `no_repeat` tokens that the beam already has. */
static void
forbid_repetition (GptVisSearch *self, const Beam *beam)
{
  const guint n = self->rules->no_repeat;
  for (guint i = 0; i + n <= self->length; i++)
    if (memcmp (beam->tokens + i, beam->tokens + self->length + 1 - n, (n - 1) * sizeof (guint)) == 0)
      self->scores[beam->tokens[i + n - 1]] = -INFINITY;
}

/* In Transformers' order. */
static void
apply_rules (GptVisSearch *self, const Beam *beam)
{
  const GptVisGeneration *r = self->rules;
  if (r->repetition_penalty != 1)
    penalise_repetition (self, beam);
  if (r->no_repeat > 0)
    forbid_repetition (self, beam);
  if (self->length < r->min_length)
    forbid (self, r->ends);
  if (r->forced_first >= 0 && self->length == 1)
    force (self, r->forced_first, 0);
  if (r->forced_last >= 0 && self->length == r->max_length - 1)
    force (self, r->forced_last, 0);
  forbid (self, r->suppressed);
  if (self->length == (r->forced_first >= 0 ? 2 : 1))
    forbid (self, r->suppressed_first);
}

/* --- candidates --- */

static void
consider (GptVisSearch *self, const Candidate *candidate)
{
  guint i = self->n_candidates;
  if (i == self->most_candidates) {
    if (candidate->score <= self->candidates[i - 1].score)
      return;
    i--;
  } else {
    self->n_candidates++;
  }
  for (; i > 0 && candidate->score > self->candidates[i - 1].score; i--)
    self->candidates[i] = self->candidates[i - 1];
  self->candidates[i] = *candidate;
}

static void
consider_all (GptVisSearch *self, guint beam, const float *log_probabilities)
{
  const Beam *from = &self->running[beam];
  const gdouble before = self->greedy ? 0 : from->score;
  for (guint token = 0; token < self->vocabulary; token++) {
    const gdouble score = before + self->scores[token];
    if (self->n_candidates == self->most_candidates
        && score <= self->candidates[self->n_candidates - 1].score)
      continue;
    if (score == -INFINITY)
      continue;
    const Candidate candidate = { score, from->log_probability + log_probabilities[token], beam, token,
      is_among (self->rules->ends, token) || self->length + 1 >= self->rules->max_length };
    consider (self, &candidate);
  }
}

/* Makes the candidate a beam: its parent's tokens and history, and the parent's copy of the states for the
 * parent's last token. */
static void
extend (const GptVisSearch *self, const Candidate *candidate, Beam *to)
{
  const Beam *from = &self->running[candidate->beam];
  memcpy (to->tokens, from->tokens, self->length * sizeof (guint));
  memcpy (to->history, from->history, self->length - 1);
  to->history[self->length - 1] = candidate->beam;
  to->tokens[self->length] = candidate->token;
  to->length = self->length + 1;
  to->score = candidate->score;
  to->log_probability = candidate->log_probability;
  to->finished = candidate->ends;
}

/* The candidates that do not end become the next running beams; returns how many. */
static guint
continue_beams (GptVisSearch *self)
{
  guint n = 0;
  for (guint i = 0; i < self->n_candidates && n < self->n_beams; i++)
    if (!self->candidates[i].ends)
      extend (self, &self->candidates[i], &self->next_running[n++]);
  return n;
}

/* Keeps the best n_beams of the beams that have finished and of those among the first n_beams candidates
 * that end. */
static void
finish_beams (GptVisSearch *self)
{
  const gdouble divisor = pow (self->length, self->rules->length_penalty);
  guint old = 0, new = 0;
  for (guint n = 0; n < self->n_beams; n++) {
    while (new < MIN (self->n_beams, self->n_candidates) && !self->candidates[new].ends)
      new++;
    const gboolean left = new < MIN (self->n_beams, self->n_candidates);
    if (left && (!self->finished[old].finished
            || self->candidates[new].score / divisor > self->finished[old].score)) {
      extend (self, &self->candidates[new], &self->next_finished[n]);
      self->next_finished[n].score /= divisor;
      new++;
    } else {
      self->next_finished[n] = self->finished[old++];
    }
  }
  Beam *before = self->finished;
  self->finished = self->next_finished;
  self->next_finished = before;
}

/* Could the best running beam still become better than the worst finished one? */
static gboolean
can_improve (const GptVisSearch *self)
{
  const GptVisGeneration *r = self->rules;
  const Beam *worst = &self->finished[self->n_beams - 1];
  if (!worst->finished)
    return TRUE;
  const guint length = r->stop == GPTVIS_STOP_NEVER && r->length_penalty > 0 ? r->max_length - 1
      : self->length - 1;
  return self->running[0].score / pow (length, r->length_penalty) > worst->score;
}

static gboolean
fail (GptVisSearch *self, const gchar *what, GError **error)
{
  self->done = self->failed = TRUE;
  g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_FORMAT, "the decoder's output for token %u %s",
      self->length, what);
  return FALSE;
}

static void
advance (GptVisSearch *self)
{
  const gboolean full = self->finished[self->n_beams - 1].finished;
  if (self->improving && !(full && self->rules->stop == GPTVIS_STOP_EARLY))
    finish_beams (self);
  const guint n = continue_beams (self);
  if (n > 0) {
    Beam *before = self->running;
    self->running = self->next_running;
    self->next_running = before;
    self->n_running = n;
  }
  self->length++;
  self->improving = self->improving && n > 0 && can_improve (self);
  self->done = n == 0 || !self->improving
      || (self->rules->stop == GPTVIS_STOP_EARLY && self->finished[self->n_beams - 1].finished);
}

gboolean
gptvis_search_feed (GptVisSearch *self, const float *const *logits, const float *const *log_probabilities,
    GError **error)
{
  self->n_candidates = 0;
  for (guint i = 0; i < self->n_running; i++) {
    const float *from = self->greedy ? logits[i] : log_probabilities[i];
    gboolean finite = TRUE;
    for (guint token = 0; token < self->vocabulary; token++) {
      finite &= isfinite (from[token]) != 0;
      self->scores[token] = from[token];
    }
    if (!finite)
      return fail (self, "holds a NaN or an infinity", error);
    apply_rules (self, &self->running[i]);
    consider_all (self, i, log_probabilities[i]);
  }
  if (self->n_candidates == 0 && !self->finished[0].finished)
    return fail (self, "leaves no token that is neither suppressed nor a repetition", error);
  advance (self);
  return TRUE;
}

/* --- what was found --- */

static const Beam *
best (const GptVisSearch *self)
{
  return self->finished[0].finished ? &self->finished[0] : &self->running[0];
}

const guint *
gptvis_search_tokens (const GptVisSearch *self, guint *n)
{
  *n = self->failed ? 0 : best (self)->length;
  return best (self)->tokens;
}

gdouble
gptvis_search_log_probability (const GptVisSearch *self)
{
  const Beam *beam = best (self);
  return beam->length > 1 ? beam->log_probability / (beam->length - 1) : 0;
}

gdouble
gptvis_search_score (const GptVisSearch *self)
{
  return best (self)->score;
}
