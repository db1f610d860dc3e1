/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The captions' plate: captions as a small picture to lay over a video frame, in as many
 * centred lines as they need, on a translucent background as wide as they are:
 *
 *         ╭────────────────────────────────╮
 *         │ a man in a red coat walks his  │
 *         │     dog along the water        │
 *         ╰────────────────────────────────╯
 *
 * With the margin it takes a third of the frame's height at most; what does not fit ends in an
 * ellipsis, and so does a caption that is not finished. Any script is laid out in its own
 * direction, if there is a font for it; words longer than a line are broken.
 *
 * It is laid out and drawn again only when a text or the frame's shape changes.
 * Threads: one at a time. No font is opened before the first caption is drawn. */
#pragma once
#include <gst/video/video.h>
#include "plate.h"
#include "result.h"

G_BEGIN_DECLS

typedef enum {
  GPTVIS_CAPTION_POSITION_TOP, GPTVIS_CAPTION_POSITION_CENTER, GPTVIS_CAPTION_POSITION_BOTTOM
} GptVisCaptionPosition;

typedef struct {
  GptVisCaptionPosition position;
  const gchar *font;            /* a Pango description; its size is ignored */
  guint font_size;              /* an em in pixels; 0: to suit the frame */
  guint32 color, background;    /* 0xAARRGGBB, not premultiplied */
} GptVisCaptionStyle;

typedef struct _GptVisCaptionPlate GptVisCaptionPlate;

GptVisCaptionPlate *gptvis_caption_plate_new (void);
void gptvis_caption_plate_free (GptVisCaptionPlate *plate);    /* NULL is fine */

/* The captions, one below the other; the frame's `above` and `below` are ignored. Borrowed until the
 * next call; the same pointer as long as nothing changes. NULL when there is nothing to
 * draw or no room for one line. */
GstVideoOverlayComposition *gptvis_caption_plate_draw (GptVisCaptionPlate *plate,
    const GptVisCaptionStyle *style, const GptVisCaption *const *captions, guint n,
    const GptVisPlateFrame *frame);

/* Keeps the labels' plate, at that position, off the captions: sets the frame's `above` or `below` to the
 * pixel rows of the last composition, with a margin. Does nothing without a composition. */
void gptvis_caption_plate_reserve (const GptVisCaptionPlate *plate, GptVisPosition position,
    GptVisPlateFrame *frame);

/* Was the last result NULL because no font was found? */
gboolean gptvis_caption_plate_lacks_font (const GptVisCaptionPlate *plate);

G_END_DECLS
