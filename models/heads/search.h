/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A search picks the tokens of one caption: from the decoder's scores for the next token it
 * keeps the likeliest beams, exactly as Transformers' greedy and beam search do. It knows no
 * network and allocates nothing after gptvis_search_new.
 *
 *     gptvis_search_begin (search);
 *     while (!gptvis_search_is_done (search)) {
 *       n = gptvis_search_ask (search, sequences);        step the decoder with these …
 *       gptvis_search_feed (search, logits, log_probabilities, &error);
 *     }
 *     … gptvis_search_tokens (search, &n) …
 *
 * Threads: one at a time. */
#pragma once
#include "backend.h"
#include "generation.h"

G_BEGIN_DECLS

typedef struct _GptVisSearch GptVisSearch;

/* `generation` must outlive the search; n_beams 1 … GPTVIS_MAX_BEAMS. */
GptVisSearch *gptvis_search_new (const GptVisGeneration *generation, guint n_beams, guint vocabulary);
void gptvis_search_free (GptVisSearch *self);  /* NULL is fine */

void gptvis_search_begin (GptVisSearch *self);
gboolean gptvis_search_is_done (const GptVisSearch *self);

/* The sequences that the decoder must step next, at most n_beams: their token, position, beam and history;
 * the caller sets their slots. Histories are valid until gptvis_search_feed. */
guint gptvis_search_ask (const GptVisSearch *self, GptVisSequence *sequences);

/* The step's outputs for each of these sequences, in order: [vocabulary] each. FALSE with FORMAT when a value
 * is not finite, or no token is allowed and no beam has finished before; the search is then done and has
 * no tokens. */
gboolean gptvis_search_feed (GptVisSearch *self, const float *const *logits,
    const float *const *log_probabilities, GError **error);

/* The tokens of the best finished beam, or if none has finished of the best running one, with the start, and
 * with the end if it has come. Valid until the next feed or begin. */
const guint *gptvis_search_tokens (const GptVisSearch *self, guint *n);
/* The mean log-probability of these tokens without the start, as the decoder gives it: without
 * penalties. 0 before the first. */
gdouble gptvis_search_log_probability (const GptVisSearch *self);
/* What beams are ranked by: the sum, after penalties, / length ^ length_penalty. */
gdouble gptvis_search_score (const GptVisSearch *self);

G_END_DECLS
