/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A canvas: a mapped video frame of any format, to be drawn on in place. What is drawn is a rectangle or a
 * mask (how much of each pixel is covered: letters, lines) in one color, and costs what it covers: the
 * rest of a row is not touched, as it is when libgstvideo blends a composition. For formats whose samples
 * do not have bytes of their own (v210, RGB16, tiles) all is drawn on a sheet, which libgstvideo blends at
 * the end.
 *
 *     GptVisCanvas canvas;
 *     gptvis_canvas_open (&canvas, &frame, shown);
 *     gptvis_canvas_fill (&canvas, (GstVideoRectangle) { 10, 10, 100, 2 }, 0xffffcc00);
 *     gptvis_canvas_close (&canvas);
 *
 * Lengths are frame pixels, colors 0xAARRGGBB, not premultiplied. Threads: one at a time. */
#pragma once
#include <gst/video/video.h>
#include <pango/pangocairo.h>
#include "geometry.h"

G_BEGIN_DECLS

typedef struct {
  GstVideoFrame *frame;         /* mapped for reading and writing (gptvis_frame_map_to_draw); borrowed */
  GstVideoInfo info;            /* of what is drawn on: the frame, … */
  guint8 *data[GST_VIDEO_MAX_PLANES];
  GstBuffer *sheet;             /* … or this, of premultiplied ARGB, as large; NULL: the frame */
  gint left, top, right, bottom;        /* nothing is drawn outside */
  GstVideoRectangle drawn;      /* on the sheet: where there is something */
  guint32 argb;                 /* the last color … */
  guint16 samples[GST_VIDEO_MAX_COMPONENTS];    /* … and its samples */
} GptVisCanvas;

/* How much of each pixel is covered, 0 to 255, rows from the top. */
typedef struct {
  gint width, height, stride;   /* stride in bytes */
  guint8 data[];
} GptVisMask;

/* Draws only inside `shown`, a part of the frame. */
void gptvis_canvas_open (GptVisCanvas *canvas, GstVideoFrame *frame, GstVideoRectangle shown);
/* Before the frame is unmapped. */
void gptvis_canvas_close (GptVisCanvas *canvas);
void gptvis_canvas_fill (GptVisCanvas *canvas, GstVideoRectangle rectangle, guint32 argb);
/* The mask with its top left corner there. */
void gptvis_canvas_mask (GptVisCanvas *canvas, const GptVisMask *mask, gint x, gint y, guint32 argb);

/* A line from point to point, `width` pixels wide, back to the first point if `closed`. */
void gptvis_canvas_path (GptVisCanvas *canvas, const GptVisPoint *points, guint n, gboolean closed,
    double width,
    guint32 argb);

/* What `draw` draws in any color, of that size. NULL when there is no memory. g_free it. */
GptVisMask *gptvis_mask_new (gint width, gint height, void (*draw) (cairo_t *cr, gpointer user),
    gpointer user);

G_END_DECLS
