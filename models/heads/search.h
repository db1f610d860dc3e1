/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A search picks the words of one sentence: from what the decoder says of the next token
 * it keeps the likeliest beginnings (beams), as Transformers' greedy and beam search do,
 * token for token. It knows no network and allocates nothing after gptvis_search_new.
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

/* What must be stepped next: token, position, beam and history of at most n_beams
 * sequences; slots are the caller's. Histories stay until gptvis_search_feed. */
guint gptvis_search_ask (const GptVisSearch *self, GptVisSequence *sequences);

/* Of each sequence asked for, in order, what the step said: [vocabulary] each. Both are
 * only read. FALSE with FORMAT when one is no number, or there is nothing left to say and no
 * sentence was found before; the search is then done, and without tokens. */
gboolean gptvis_search_feed (GptVisSearch *self, const float *const *logits,
    const float *const *log_probabilities, GError **error);

/* The best sentence found, or while it is not done the best beginning: its tokens with
 * the start, and with the end if it has come. Valid until the next feed or begin. */
const guint *gptvis_search_tokens (const GptVisSearch *self, guint *n);
/* The mean log-probability of those tokens, the start not counted, as the decoder has it:
 * without penalties. 0 before the first. */
gdouble gptvis_search_log_probability (const GptVisSearch *self);
/* What beams are ranked by: the sum, after penalties, / length ^ length_penalty. */
gdouble gptvis_search_score (const GptVisSearch *self);

G_END_DECLS
