/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a track is, voted over its time. Each time that it is looked at, a label has evidence for it: the
 * logarithm of its score's odds. What is voted is the mean of that over the times, the older the less it
 * counts, so that a label that comes and goes with each frame has a score between; and another label becomes
 * the best only when it is so by a margin, so that it does not flicker.
 *
 * Labels are known by their text. Votes point into texts that are kept beside them, since those of a
 * checkpoint may be gone before the track is.
 *
 * Threads: one at a time. */
#pragma once
#include "result.h"

G_BEGIN_DECLS

#define GPTVIS_VOTES_MAX 8u

typedef struct {
  guint id;
  const gchar *text;            /* of the texts kept */
  gdouble sum;                  /* of evidence */
} GptVisVote;

typedef struct {
  guint64 time;                 /* of the last look, ns */
  gdouble looks;                /* how many there were, those long past counted less */
  GptVisVote votes[GPTVIS_VOTES_MAX];   /* best first, but for the margin */
  guint n;
} GptVisVotes;

/* Texts of labels, each once. */
typedef GHashTable GptVisTexts;
GptVisTexts *gptvis_texts_new (void);
void gptvis_texts_free (GptVisTexts *texts);

/* Somebody looked at `time`, and these it may be, best first; none: nothing that has a name. */
void gptvis_votes_add (GptVisVotes *votes, GptVisTexts *texts, guint64 time, const GptVisLabel *labels,
    guint n);
/* The labels so far that score a tenth, in the order of their scores: one that would be better than the best,
 * but not by the margin, is told as no better. Returns how many. */
guint gptvis_votes_read (const GptVisVotes *votes, GptVisLabel labels[static GPTVIS_VOTES_MAX]);

G_END_DECLS
