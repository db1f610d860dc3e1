/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A draft: where heads write what they found, which then becomes a result. It is used again for the next
 * picture and keeps its memory, so that in the long run a result allocates only its own block.
 *
 *     gptvis_draft_look_for (draft, GPTVIS_PART_REGIONS);
 *     const GptVisRegion region = { { x, y, width, height }, .since = G_MAXUINT64 };
 *     gptvis_draft_add_region (draft, &region);
 *     gptvis_draft_add_region_label (draft, &(GptVisLabel) { id, text, score });
 *     GptVisResult *result = gptvis_draft_finish (draft, "model", request->analysis);
 *
 * Structures are copied when they are added. What these point to (texts, captions) stays the caller's, and
 * must last until the draft is finished or cleared.
 *
 * Threads: one. */
#pragma once
#include "result.h"

G_BEGIN_DECLS

typedef struct _GptVisDraft GptVisDraft;

/* The parts of a result that are unknown unless somebody looked for them. */
typedef enum {
  GPTVIS_PART_REGIONS = 1 << 0,
  GPTVIS_PART_ANSWERS = 1 << 1,
  GPTVIS_PART_EVENTS = 1 << 2,
} GptVisPart;

GptVisDraft *gptvis_draft_new (void);
void gptvis_draft_free (GptVisDraft *draft);   /* NULL is fine */

/* The part is known, and empty as long as nothing is added. Adding something implies it. */
void gptvis_draft_look_for (GptVisDraft *draft, GptVisPart part);

void gptvis_draft_add_label (GptVisDraft *draft, const GptVisLabel *label);   /* best first */
/* Its labels are added after it; its own list of them is ignored. */
void gptvis_draft_add_region (GptVisDraft *draft, const GptVisRegion *region);
/* To the last region. */
void gptvis_draft_add_region_label (GptVisDraft *draft, const GptVisLabel *label);
void gptvis_draft_add_answer (GptVisDraft *draft, const GptVisAnswer *answer);
void gptvis_draft_add_event (GptVisDraft *draft, const GptVisEvent *event);
void gptvis_draft_add_plane (GptVisDraft *draft, GptVisPlane *plane); /* takes the reference */
void gptvis_draft_set_caption (GptVisDraft *draft, const GptVisCaption *caption);
void gptvis_draft_set_clip (GptVisDraft *draft, const GptVisClip *clip);
/* n numbers, which are not copied. */
void gptvis_draft_set_embedding (GptVisDraft *draft, const gfloat *embedding, guint n);

/* Begins anew. */
void gptvis_draft_clear (GptVisDraft *draft);
/* Returns the result, whose frame fields are still empty, and empties the draft. analysis: µs. */
GptVisResult *gptvis_draft_finish (GptVisDraft *draft, const gchar *model, gint64 analysis);

G_END_DECLS
