/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* generation_config.json → GptVisGeneration: how a network that writes does it, with
 * Transformers' words and defaults. Older checkpoints have the same in config.json. */
#pragma once
#include "configuration.h"

G_BEGIN_DECLS

#define GPTVIS_MAX_LENGTH 512u  /* tokens of a sentence; a caption has 10 to 50 */

typedef enum {
  GPTVIS_STOP_LIKELY,           /* early_stopping false: when the best beam is no better than the worst found */
  GPTVIS_STOP_EARLY,            /* true: when as many sentences as beams are found */
  GPTVIS_STOP_NEVER,            /* "never": when none can become better any more */
} GptVisStop;

typedef struct {
  guint start;                  /* the token that a sentence begins with, and that is not said */
  GArray *ends;                 /* guint: any of these ends it; may be empty */
  gint forced_first, forced_last;       /* the first token, and the last of a sentence of max_length; -1: free */
  GArray *suppressed, *suppressed_first;        /* guint: never said, not said first */
  guint max_length, min_length; /* tokens, start and end counted */
  guint n_beams;
  guint no_repeat;              /* no so many tokens in a row come twice; 0: they may */
  gdouble repetition_penalty;   /* above 1: what was said becomes less likely */
  gdouble length_penalty;       /* a beam's score is its log-probability / length ^ this */
  GptVisStop stop;
  gdouble caption_threshold;    /* only sentences that are at least so likely are given (captioner.h); 0: all. A field of
                                 * our own, "caption_threshold", since only whoever has trained it can know. */
} GptVisGeneration;

/* From generation_config.json of the directory, else config.json; every token is below
 * the vocabulary and max_length within n_positions. FORMAT, UNSUPPORTED, LIMIT. */
GptVisGeneration *gptvis_generation_load (const gchar *directory, const GptVisConfiguration *config,
    GError **error);
GptVisGeneration *gptvis_generation_parse (const gchar *file, const gchar *text, gsize size,
    const GptVisConfiguration *config, GError **error);
void gptvis_generation_free (GptVisGeneration *self);  /* NULL is fine */

G_END_DECLS
