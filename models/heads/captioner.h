/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A captioner: one stream's sentences on a model that writes. It looks at the tokens of pictures as the
 * model has run them, says how much the scene has changed since its last caption, and writes word by word,
 * since a caption takes as long as several pictures: the caller can show what there is so far, do other work
 * between two words, or give up.
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

/* Takes in a picture's tokens [rows, width], which are not needed afterwards. */
void gptvis_captioner_look (GptVisCaptioner *self, const float *tokens);

/* How many numbers a picture's tokens are. */
gsize gptvis_captioner_n_values (const GptVisCaptioner *self);

/* How different the newest picture is from the one that the last caption was begun on: 1 − the cosine of
 * their class tokens, 0 to 2; 2 when there is none to compare with. */
gdouble gptvis_captioner_change (const GptVisCaptioner *self);

/* Begins a caption of the newest picture (of the last n_frames, for a network that reads several), after
 * at least one gptvis_captioner_look; gives up one that is being written. The numbers go into the caption. */
void gptvis_captioner_begin (GptVisCaptioner *self, guint64 frame, guint64 pts, guint64 running_time);
/* Captions that are begun from now on are given only if they are at least so likely: the exponential of their
 * tokens' mean log-probability, 0 to 1; below 0: as the checkpoint says. Above 0, no word is shown before the
 * caption is finished and likely enough; an unlikely one removes the last, which is not of this scene. */
void gptvis_captioner_set_threshold (GptVisCaptioner *self, gfloat threshold);
gboolean gptvis_captioner_is_writing (const GptVisCaptioner *self);
/* Is the caption shown while it is written? */
gboolean gptvis_captioner_shows_words (const GptVisCaptioner *self);
void gptvis_captioner_give_up (GptVisCaptioner *self); /* keeps the last caption that was finished */

/* One more token for each captioner that is writing; all are of one model, and go through the decoder
 * together. */
void gptvis_captioners_step (GptVisCaptioner *const *captioners, guint n);

/* The caption that is being written, as far as it is, or the last one; NULL: none yet. Valid until the
 * next call that may change it. */
const GptVisCaption *gptvis_captioner_caption (const GptVisCaptioner *self);
/* The last finished one, whatever has been begun since; NULL: none yet. Likewise. */
const GptVisCaption *gptvis_captioner_finished (const GptVisCaptioner *self);
/* Why the last caption that was begun failed, else NULL. */
const GError *gptvis_captioner_error (const GptVisCaptioner *self);

/* Forgets pictures and captions: what comes next does not continue them. */
void gptvis_captioner_forget (GptVisCaptioner *self);

/* For golden-check: the last caption's tokens, with the start and the end, and the score that its beams were
 * ranked by. */
const guint *gptvis_captioner_tokens (const GptVisCaptioner *self, guint *n, gdouble *score);

G_END_DECLS
