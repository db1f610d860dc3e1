/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A captioner: one stream's sentences on a model that writes. It looks at the tokens of pictures as the
 * model has run them, says how much has changed since the one it last wrote about, and writes word by word,
 * since a sentence takes as long as several pictures: whoever calls can show what there is so far, turn to
 * other work between two words, or give up.
 *
 *     GptVisCaptioner *captioner = gptvis_client_captioner_new (client, &error);
 *     gptvis_captioner_look (captioner, request.tokens);
 *     if (gptvis_captioner_change (captioner) > 0.2)
 *       gptvis_captioner_begin (captioner, frame, pts, running_time);
 *     while (gptvis_captioner_is_writing (captioner))
 *       gptvis_captioners_step (&captioner, 1);
 *     … gptvis_captioner_caption (captioner)->text …
 *
 * Threads: a captioner belongs to one thread at a time. */
#pragma once
#include "decoder.h"
#include "result.h"

G_BEGIN_DECLS

typedef struct _GptVisCaptioner GptVisCaptioner;

/* n_beams: at most the decoder's. NULL with LIMIT when there is no memory for its states. */
GptVisCaptioner *gptvis_captioner_new (GptVisDecoder *decoder, guint n_beams, GError **error);
void gptvis_captioner_free (GptVisCaptioner *self);    /* NULL is fine */

/* At a picture's tokens [rows, width], which are not needed afterwards. */
void gptvis_captioner_look (GptVisCaptioner *self, const float *tokens);

/* How far the picture that it looked at last is from the one its last sentence was begun
 * about: 1 − the cosine of their class tokens, 0 to 2; 2 when there is none to compare. */
gdouble gptvis_captioner_change (const GptVisCaptioner *self);

/* Begins a sentence about what it looked at last (one picture, or the last few for a
 * network of moments), which must have been something; gives up one that is being written.
 * The rest goes into the caption. */
void gptvis_captioner_begin (GptVisCaptioner *self, guint64 frame, guint64 pts, guint64 running_time);
/* Before a sentence is begun: how likely it and those after it must be to be given: the probability of a token, as
 * the mean over the sentence (the exponential of its mean log-probability), 0 to 1; below 0: as the
 * checkpoint says. Where it is above 0, no word is shown before the sentence is finished and likely enough,
 * and one that is not takes the last away: it is not of this scene. */
void gptvis_captioner_set_threshold (GptVisCaptioner *self, gfloat threshold);
gboolean gptvis_captioner_is_writing (const GptVisCaptioner *self);
/* Is the sentence at hand shown while it is written? */
gboolean gptvis_captioner_shows_words (const GptVisCaptioner *self);
void gptvis_captioner_give_up (GptVisCaptioner *self); /* keeps the last caption that was finished */

/* A word more for each of those that are writing; of one model. They go through the
 * decoder together. */
void gptvis_captioners_step (GptVisCaptioner *const *captioners, guint n);

/* What there is of the sentence at hand, or of the last; NULL: nothing yet. Good until the
 * next call that may change it. */
const GptVisCaption *gptvis_captioner_caption (const GptVisCaptioner *self);
/* The last that was finished, whatever is being written since; NULL: none yet. Likewise. */
const GptVisCaption *gptvis_captioner_finished (const GptVisCaptioner *self);
/* Why the last sentence that was begun came to nothing, else NULL. */
const GError *gptvis_captioner_error (const GptVisCaptioner *self);

/* What comes next does not continue what it looked at. */
void gptvis_captioner_forget (GptVisCaptioner *self);

/* For golden-check: the last sentence's tokens (the start and the end among them) and
 * what its beams were ranked by. */
const guint *gptvis_captioner_tokens (const GptVisCaptioner *self, guint *n, gdouble *score);

G_END_DECLS
