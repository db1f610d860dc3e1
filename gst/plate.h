/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plate: labels as a small picture to lay over a video frame. Light text on a
 * dark translucent rounded rectangle, a row for each label, with a bar and a percentage:
 *
 *     ╭──────────────────────╮
 *     │ tabby cat        87 %│
 *     │ ▬▬▬▬▬▬▬▬▬▬▬▬▬▬▬▬▬─── │
 *     │ Egyptian cat      9 %│
 *     │ ▬▬────────────────── │
 *     ╰──────────────────────╯
 *
 * It is drawn again only when something on it changes. This file knows Pango, Cairo and the
 * size of the frame, but no metadata and no elements.
 *
 * Threads: one at a time. Nothing, and no font above all, is opened before the first
 * plate is drawn. */
#pragma once
#include <gst/video/video.h>

G_BEGIN_DECLS

/* Row by row; gptvis_plate_draw relies on that order. */
typedef enum {
  GPTVIS_POSITION_TOP_LEFT, GPTVIS_POSITION_TOP, GPTVIS_POSITION_TOP_RIGHT,
  GPTVIS_POSITION_LEFT, GPTVIS_POSITION_CENTER, GPTVIS_POSITION_RIGHT,
  GPTVIS_POSITION_BOTTOM_LEFT, GPTVIS_POSITION_BOTTOM, GPTVIS_POSITION_BOTTOM_RIGHT
} GptVisPosition;

typedef enum {
  GPTVIS_SCORES_NONE, GPTVIS_SCORES_PERCENT, GPTVIS_SCORES_BAR, GPTVIS_SCORES_BOTH
} GptVisScores;

typedef struct {
  GptVisPosition position;
  GptVisScores scores;
  const gchar *font;            /* a Pango description; its size is ignored */
  guint font_size;              /* an em in pixels; 0: to suit the frame */
  guint32 color, background;    /* 0xAARRGGBB, not premultiplied */
} GptVisPlateStyle;

typedef struct {
  const gchar *text;            /* any bytes: what is no UTF-8 is replaced */
  gfloat score;                 /* 0 … 1 */
  gboolean new_result;          /* first row of another result: a little space above it */
} GptVisPlateRow;

/* The frame to draw on. */
typedef struct {
  GstVideoRectangle area;       /* the part of it that is shown */
  gint above, below;            /* pixel rows of the area to leave free, at its top and bottom */
  gint par_n, par_d;            /* pixel aspect ratio */
} GptVisPlateFrame;

/* How many frame pixels wide a display pixel is. */
static inline double
gptvis_plate_squeeze (const GptVisPlateFrame *frame)
{
  return frame->par_n > 0 && frame->par_d > 0 ? (double) frame->par_d / frame->par_n : 1;
}

typedef struct _GptVisPlate GptVisPlate;

GptVisPlate *gptvis_plate_new (void);
void gptvis_plate_free (GptVisPlate *plate);   /* NULL is fine */

/* The rows, as many as fit, on a plate. Borrowed until the next call; the same
 * pointer as long as nothing changes. NULL when there is nothing to draw or no room for one row. */
GstVideoOverlayComposition *gptvis_plate_draw (GptVisPlate *plate, const GptVisPlateStyle *style,
    const GptVisPlateRow *rows, guint n_rows, const GptVisPlateFrame *frame);

/* Was the last result NULL because no font was found? */
gboolean gptvis_plate_lacks_font (const GptVisPlate *plate);

G_END_DECLS
