/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* generation_config.json → GptVisGeneration: how a decoder writes, with Transformers' terms
 * and defaults. Older checkpoints have the same in config.json. */
#pragma once
#include "configuration.h"

G_BEGIN_DECLS

#define GPTVIS_MAX_LENGTH 512u  /* tokens; a caption has 10 to 50 */

typedef enum {
  /* early_stopping: when the search stops */
  GPTVIS_STOP_LIKELY,           /* false: when no running beam is better than the worst finished one */
  GPTVIS_STOP_EARLY,            /* true: when n_beams beams have finished */
  GPTVIS_STOP_NEVER,            /* "never": when no running beam can become better */
} GptVisStop;

typedef struct {
  guint start;                  /* the first token, which is not part of the text */
  GArray *ends;                 /* guint: any of these ends a caption; may be empty */
  gint forced_first, forced_last;       /* the token after the start, and the last at max_length; −1: any */
  GArray *suppressed, *suppressed_first;        /* guint: never written, never written first */
  guint max_length, min_length; /* tokens, start and end counted */
  guint n_beams;
  guint no_repeat;              /* no run of so many tokens comes twice; 0: any may */
  gdouble repetition_penalty;   /* above 1: tokens that came before are less likely */
  gdouble length_penalty;       /* a beam's score is its log-probability / length ^ this */
  GptVisStop stop;
  gdouble caption_threshold;    /* only captions at least so likely are given (captioner.h); 0: all. Its field
                                 * "caption_threshold" is our own: only its trainer can know it */
} GptVisGeneration;

/* From the directory's generation_config.json, else config.json; every token is below
 * the vocabulary's size, and max_length within n_positions. FORMAT, UNSUPPORTED, LIMIT. */
GptVisGeneration *gptvis_generation_load (const gchar *directory, const GptVisConfiguration *config,
    GError **error);
GptVisGeneration *gptvis_generation_parse (const gchar *file, const gchar *text, gsize size,
    const GptVisConfiguration *config, GError **error);
void gptvis_generation_free (GptVisGeneration *self);  /* NULL is fine */

G_END_DECLS
