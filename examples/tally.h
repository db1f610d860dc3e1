/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What gptvis-label counts and prints on stderr. */
#pragma once
#include "arguments.h"
#include "gptvis.h"

typedef struct {
  gboolean progress;            /* show a bar */
  guint64 frames;
  gint64 analysis;              /* µs in all */
  GHashTable *best;             /* label → on how many frames it was the best */
  GHashTable *regions;          /* of this input: id → its label, or NULL */
  GHashTable *things;           /* of the inputs before: label → how many regions that were followed */
  gchar *caption;               /* the last that was printed for this input; NULL: none */
} Tally;

void tally_init (Tally *tally, gboolean progress);
void tally_clear (Tally *tally);
void tally_count (Tally *tally, const gchar *best, gint64 analysis);  /* best: NULL for none */

/* The regions of a frame; each that is followed counts once, as what it is called last. */
void tally_regions (Tally *tally, const GptVisResult *result);
/* Another input comes, or the summary: regions are of one input. */
void tally_next (Tally *tally);

/* Prints a caption, on a line of its own, if it differs from the last. */
void tally_caption (Tally *tally, const gchar *text);

/* "gptvis-label: NAME: KIND: SENTENCE", of which NAME and KIND may be NULL. */
void tally_complain (const Tally *tally, const gchar *name, const gchar *kind, const gchar *sentence);
/* Shows that `part` (0 … 1) of input i of n is done. */
void tally_progress (const Tally *tally, double part, guint i, guint n, const gchar *name);
void tally_summary (Tally *tally, guint inputs, guint failed, double seconds);
