/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts votes: evidence is added up, what is old is scaled down, and the order is kept with its margin. */
#include "votes.h"
#include <math.h>

#define FORGETS 3.0             /* seconds after which a look counts for 1/e */
#define MARGIN 0.5              /* of evidence: what another label must be better by to be the best */
#define SUREST 0.98f            /* a softmax's 0.9999 is no more evidence than this */
#define UNNAMED 0.05f           /* what a label scores at most that is not among those of a look */
#define LEAST 0.1               /* what is told of */

GptVisTexts *
gptvis_texts_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

void
gptvis_texts_free (GptVisTexts *texts)
{
  g_hash_table_unref (texts);
}

static const gchar *
keep_text (GptVisTexts *texts, const gchar *text)
{
  gpointer kept;

  if (g_hash_table_lookup_extended (texts, text, &kept, NULL))
    return kept;
  kept = g_strdup (text);
  g_hash_table_add (texts, kept);
  return kept;
}

static gdouble
evidence (gfloat score)
{
  const gdouble p = CLAMP (score, 1 - SUREST, SUREST);
  return log (p / (1 - p));
}

/* Of labels that a look does not name: less than the weakest that it does. */
static gdouble
evidence_against (const GptVisLabel *labels, guint n)
{
  return evidence (n > 0 ? MIN (labels[n - 1].score / 2, UNNAMED) : UNNAMED);
}

static GptVisVote *
find (GptVisVotes *self, const gchar *text)
{
  for (guint i = 0; i < self->n; i++)
    if (self->votes[i].text == text)
      return &self->votes[i];
  return NULL;
}

/* Whether it is the first of its text; who names one twice has one vote. */
static gboolean
is_first (const GptVisLabel *labels, guint i)
{
  for (guint j = 0; j < i; j++)
    if (labels[j].text && g_str_equal (labels[j].text, labels[i].text))
      return FALSE;
  return TRUE;
}

/* Room for a label; of those that are there, the weakest may have to go, but never the best. */
static GptVisVote *
make_room (GptVisVotes *self, gdouble sum)
{
  if (self->n < GPTVIS_VOTES_MAX)
    return &self->votes[self->n++];
  GptVisVote *weakest = &self->votes[1];
  for (guint i = 2; i < self->n; i++)
    if (self->votes[i].sum < weakest->sum)
      weakest = &self->votes[i];
  return weakest->sum < sum ? weakest : NULL;
}

/* The best stays it within the margin; those behind it in their order. */
static void
sort (GptVisVotes *self)
{
  for (guint i = 1; i < self->n; i++) {
    const GptVisVote vote = self->votes[i];
    guint at = i;
    while (at > 0 && self->votes[at - 1].sum + (at == 1 ? MARGIN * self->looks : 0) < vote.sum) {
      self->votes[at] = self->votes[at - 1];
      at--;
    }
    self->votes[at] = vote;
  }
}

void
gptvis_votes_add (GptVisVotes *self, GptVisTexts *texts, guint64 time, const GptVisLabel *labels, guint n)
{
  n = MIN (n, GPTVIS_VOTES_MAX);
  const gdouble against = evidence_against (labels, n);
  const gdouble seconds = time > self->time ? (time - self->time) / 1e9 : 0;
  const gdouble kept = self->looks > 0 ? exp (-seconds / FORGETS) : 0;
  gboolean was_empty = self->n == 0;

  self->looks *= kept;
  for (guint i = 0; i < self->n; i++)
    self->votes[i].sum = self->votes[i].sum * kept + against;
  for (guint i = 0; i < n; i++) {
    if (!labels[i].text || !isfinite (labels[i].score) || !is_first (labels, i))
      continue;
    const gchar *text = keep_text (texts, labels[i].text);
    const gdouble gain = evidence (labels[i].score);
    GptVisVote *vote = find (self, text);
    if (vote) {
      vote->sum += gain - against;
    } else {
      const gdouble sum = self->looks * evidence (UNNAMED) + gain;
      if ((vote = make_room (self, sum)))
        *vote = (GptVisVote) { .text = text, .sum = sum };
    }
    if (vote)
      vote->id = labels[i].id;
  }
  self->looks += 1;
  self->time = MAX (self->time, time);
  if (was_empty) {              /* without a margin for whoever happens to be first */
    for (guint i = 1; i < self->n; i++)
      if (self->votes[i].sum > self->votes[0].sum) {
        const GptVisVote vote = self->votes[0];
        self->votes[0] = self->votes[i];
        self->votes[i] = vote;
      }
  }
  sort (self);
}

guint
gptvis_votes_read (const GptVisVotes *self, GptVisLabel labels[static GPTVIS_VOTES_MAX])
{
  guint n = 0;

  for (guint i = 0; i < self->n; i++) {
    const gdouble score = 1 / (1 + exp (-MIN (self->votes[i].sum, self->votes[0].sum) / self->looks));
    if (score >= LEAST)
      labels[n++] = (GptVisLabel) { .id = self->votes[i].id, .text = self->votes[i].text, .score = score };
  }
  return n;
}
