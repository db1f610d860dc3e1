/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lettering: what everything written on a video frame has in common. Text laid out
 * by Pango, drawn by Cairo into premultiplied ARGB, and that as a composition that
 * libgstvideo blends. What is written, and where its lines run, is others' (plate.c,
 * captionplate.c).
 *
 * Lengths are display pixels; gptvis_lettering_compose makes frame pixels of them,
 * which may not be square. */
#pragma once
#include <gst/video/video.h>
#include <pango/pangocairo.h>

G_BEGIN_DECLS

/* `font` is a Pango description whose size does not count; `text` may be any bytes: what
 * is no UTF-8 is replaced. g_object_unref it. */
PangoLayout *gptvis_lettering_layout (PangoContext *context, const gchar *font, double em,
    const gchar *text, gboolean bold);

/* Colors are 0xAARRGGBB, not premultiplied; `alpha` is a factor. */
void gptvis_lettering_color (cairo_t *cr, guint32 argb, double alpha);
void gptvis_lettering_rounded (cairo_t *cr, double x, double y, double width, double height, double radius);
/* With a shadow, which keeps it readable where the background was made transparent. */
void gptvis_lettering_draw (cairo_t *cr, PangoLayout *text, guint32 color, double x, double y, double em);

/* What is written and kept until something on it changes: whoever embeds it writes all that
 * the picture depends on into `next_key`, and composes only when gptvis_lettering_is_kept
 * says no. */
typedef struct {
  PangoContext *pango;          /* where fonts are opened, once; NULL until the first drawing */
  GString *key, *next_key;      /* what is on `composition`, and what is asked for */
  GstVideoOverlayComposition *composition;      /* NULL: nothing to draw */
  gboolean lacks_font;          /* that is for want of any font */
} GptVisLettering;

void gptvis_lettering_init (GptVisLettering *self);
void gptvis_lettering_clear (GptVisLettering *self);
/* Is `composition` what is asked for? If not, it is gone, and what is asked for is now `key`. */
gboolean gptvis_lettering_is_kept (GptVisLettering *self);
/* Opens fonts for the first drawing; FALSE, and lacks_font, where there are none. */
gboolean gptvis_lettering_open (GptVisLettering *self, const gchar *font);

/* Where something goes: in the column and row, 0 to 2 each, of `area`, and within its rows
 * between `top` and `bottom`. All in frame pixels. */
typedef struct {
  GstVideoRectangle area;
  gint top, bottom;
  guint column, row;
} GptVisPlace;

/* A picture of that size, `margin` away from the area's edges, drawn by `draw` in display
 * pixels; a display pixel is `squeeze` frame pixels wide. NULL without memory. */
GstVideoOverlayComposition *gptvis_lettering_compose (double width, double height, double margin,
    double squeeze, const GptVisPlace *place, void (*draw) (cairo_t *cr, gpointer user), gpointer user);

G_END_DECLS
