/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lettering: what all text on a video frame has in common. Pango lays it out, Cairo
 * draws it into premultiplied ARGB, and the picture becomes a composition that
 * libgstvideo blends. What is written, and where its lines break, is up to plate.c and
 * captionplate.c.
 *
 * Lengths are display pixels; gptvis_lettering_compose converts them to frame pixels,
 * which may not be square. */
#pragma once
#include <gst/video/video.h>
#include <pango/pangocairo.h>

G_BEGIN_DECLS

/* `font` is a Pango description whose size is ignored; `em` is the size. `text` may be any bytes: what
 * is no UTF-8 is replaced. g_object_unref it. */
PangoLayout *gptvis_lettering_layout (PangoContext *context, const gchar *font, double em,
    const gchar *text, gboolean bold);

/* Sets a color, 0xAARRGGBB, not premultiplied; its alpha is multiplied by `alpha`. */
void gptvis_lettering_color (cairo_t *cr, guint32 argb, double alpha);
/* A path: a rectangle with rounded corners. */
void gptvis_lettering_rounded (cairo_t *cr, double x, double y, double width, double height, double radius);
/* Draws text with a shadow, which keeps it readable where the background is transparent. */
void gptvis_lettering_draw (cairo_t *cr, PangoLayout *text, guint32 color, double x, double y, double em);

/* A composition that is kept until something on it changes. The owner writes all that the picture
 * depends on into `next_key`, and draws again only when gptvis_lettering_is_current is FALSE. */
typedef struct {
  PangoContext *pango;          /* has the fonts; NULL until something is drawn */
  GString *key, *next_key;      /* of what is on `composition`, and of what is asked for */
  GstVideoOverlayComposition *composition;      /* NULL: nothing to draw */
  gboolean lacks_font;          /* there is nothing because no font was found */
} GptVisLettering;

void gptvis_lettering_init (GptVisLettering *self);
void gptvis_lettering_clear (GptVisLettering *self);
/* Is `composition` what is asked for? If not, it is freed, and `key` becomes what `next_key` was. */
gboolean gptvis_lettering_is_current (GptVisLettering *self);
/* To be called before anything is drawn: opens the fonts. FALSE, with lacks_font set, if there are none. */
gboolean gptvis_lettering_open (GptVisLettering *self, const gchar *font);

/* Where on the frame something goes: in that third of `area`, by column and row, 0 to 2 each, but between
 * `top` and `bottom`. In frame pixels. */
typedef struct {
  GstVideoRectangle area;
  gint top, bottom;
  guint column, row;
} GptVisPlacement;

/* A picture of that size, `margin` away from the area's edges, drawn by `draw` in display
 * pixels; a display pixel is `squeeze` frame pixels wide. NULL when there is no memory. */
GstVideoOverlayComposition *gptvis_lettering_compose (double width, double height, double margin,
    double squeeze, const GptVisPlacement *placement, void (*draw) (cairo_t *cr, gpointer user),
    gpointer user);

G_END_DECLS
