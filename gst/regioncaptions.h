/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Captions of a stream's regions, where its task asks for captions: each region that is looked at gets one,
 * and another when caption-interval says so. They are written one after the other, by a captioner of their
 * own that steps together with the others; the scene keeps them.
 *
 *     gptvis_region_captions_look (captions, id, request->tokens, job);     // of each look
 *     gptvis_region_captions_begin (captions);
 *     if (gptvis_region_captions_is_writing (captions))
 *       … gptvis_captioners_step (… gptvis_region_captions_captioner (captions) …) …
 *     gptvis_region_captions_take (captions);                               // after each step
 *
 * Threads: the worker's alone; the scene has its own lock. */
#pragma once
#include "client.h"
#include "engine.h"

G_BEGIN_DECLS

typedef struct _GptVisRegionCaptions GptVisRegionCaptions;

/* NULL with LIMIT when there is no memory, and without an error when the client asks for no captions. */
GptVisRegionCaptions *gptvis_region_captions_new (GptVisClient *client, GptVisScene *scene, GError **error);
void gptvis_region_captions_free (GptVisRegionCaptions *self);  /* NULL is fine */

/* The job's region with that id, as it was looked at: its tokens are kept if it wants a caption and not too
 * many wait already. */
void gptvis_region_captions_look (GptVisRegionCaptions *self, guint id, const float *tokens,
    const GptVisJob *job);
/* Begins the next caption, unless one is being written or none is due. Takes as long as a word or two. */
void gptvis_region_captions_begin (GptVisRegionCaptions *self);
gboolean gptvis_region_captions_is_writing (const GptVisRegionCaptions *self);
GptVisCaptioner *gptvis_region_captions_captioner (GptVisRegionCaptions *self);
/* Hands a caption that is finished to the scene. One that failed is not tried again. */
void gptvis_region_captions_take (GptVisRegionCaptions *self);
/* Is one being written, or waited for? */
gboolean gptvis_region_captions_are_due (const GptVisRegionCaptions *self);
/* After a cut: those that wait and the one that is being written are given up. */
void gptvis_region_captions_forget (GptVisRegionCaptions *self);

G_END_DECLS
