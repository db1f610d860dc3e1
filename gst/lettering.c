/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lays text out, draws it onto a surface and places that on the frame. */
#include "lettering.h"
#include <math.h>

#define SHADOW_ALPHA 0.55

static PangoContext *
context_new (void)
{
  PangoFontMap *fonts = pango_cairo_font_map_new ();
  PangoContext *context = pango_font_map_create_context (fonts);

  g_object_unref (fonts);
  return context;
}

/* Is there any font at all? Pango takes the most similar one. */
static gboolean
has_font (PangoContext *context, const gchar *font)
{
  PangoFontDescription *description = pango_font_description_from_string (font);
  PangoFont *found = pango_context_load_font (context, description);
  gboolean has = found != NULL;

  pango_font_description_free (description);
  g_clear_object (&found);
  return has;
}

PangoLayout *
gptvis_lettering_layout (PangoContext *context, const gchar *font, double em, const gchar *text,
    gboolean bold)
{
  PangoLayout *layout = pango_layout_new (context);
  PangoFontDescription *description = pango_font_description_from_string (font);
  gchar *valid = g_utf8_make_valid (text, -1);

  pango_font_description_set_absolute_size (description, em * PANGO_SCALE);
  if (bold && pango_font_description_get_weight (description) < PANGO_WEIGHT_BOLD)
    pango_font_description_set_weight (description, PANGO_WEIGHT_BOLD);
  pango_layout_set_font_description (layout, description);
  pango_layout_set_single_paragraph_mode (layout, TRUE);
  pango_layout_set_text (layout, valid, -1);
  pango_font_description_free (description);
  g_free (valid);
  return layout;
}

/* --- drawing --- */

void
gptvis_lettering_color (cairo_t *cr, guint32 argb, double alpha)
{
  cairo_set_source_rgba (cr, (argb >> 16 & 0xff) / 255.0, (argb >> 8 & 0xff) / 255.0, (argb & 0xff) / 255.0,
      (argb >> 24) / 255.0 * alpha);
}

void
gptvis_lettering_rounded (cairo_t *cr, double x, double y, double width, double height, double radius)
{
  radius = MIN (radius, MIN (width, height) / 2);
  cairo_new_sub_path (cr);
  cairo_arc (cr, x + width - radius, y + radius, radius, -G_PI_2, 0);
  cairo_arc (cr, x + width - radius, y + height - radius, radius, 0, G_PI_2);
  cairo_arc (cr, x + radius, y + height - radius, radius, G_PI_2, G_PI);
  cairo_arc (cr, x + radius, y + radius, radius, G_PI, 3 * G_PI_2);
  cairo_close_path (cr);
}

void
gptvis_lettering_draw (cairo_t *cr, PangoLayout *text, guint32 color, double x, double y, double em)
{
  double offset = MAX (1, em / 18);

  cairo_move_to (cr, x + offset, y + offset);
  cairo_set_source_rgba (cr, 0, 0, 0, SHADOW_ALPHA * (color >> 24) / 255.0);
  pango_cairo_show_layout (cr, text);
  cairo_move_to (cr, x, y);
  gptvis_lettering_color (cr, color, 1);
  pango_cairo_show_layout (cr, text);
}

/* --- onto the frame --- */

/* Where something of that length starts, in that third of the room. A multiple of four,
 * since up to four pixels share their chroma. */
static gint
align (gint start, gint room, gint length, gint margin, guint third)
{
  gint at = third == 0 ? margin : third == 1 ? (room - length) / 2 : room - length - margin;

  at = (at + 2) & ~3;
  if (at + length > room)
    at -= 4;
  return start + MAX (at, 0);
}

/* The same for rows, and between top and bottom. */
static gint
align_row (const GptVisPlacement *placement, gint length, gint margin)
{
  const GstVideoRectangle *area = &placement->area;
  gint at = align (area->y, area->h, length, margin, placement->row);

  if (at + length > placement->bottom)
    at = area->y + ((placement->bottom - length - area->y) & ~3);
  if (at < placement->top)
    at = area->y + ((placement->top - area->y + 3) & ~3);
  return CLAMP (at, area->y, MAX (area->y, area->y + area->h - length));
}

GstVideoOverlayComposition *
gptvis_lettering_compose (double width, double height, double margin, double squeeze,
    const GptVisPlacement *placement, void (*draw) (cairo_t *cr, gpointer user), gpointer user)
{
  gint w = MIN (((gint) ceil (width * squeeze) + 1) & ~1, placement->area.w);
  gint h = MIN (((gint) ceil (height) + 1) & ~1, placement->area.h);
  GstBuffer *pixels = gst_buffer_new_allocate (NULL, (gsize) w * h * 4, NULL);
  GstMapInfo map;

  if (!pixels || !gst_buffer_map (pixels, &map, GST_MAP_WRITE)) {
    gst_clear_buffer (&pixels);
    return NULL;
  }
  memset (map.data, 0, map.size);
  cairo_surface_t *surface = cairo_image_surface_create_for_data (map.data, CAIRO_FORMAT_ARGB32, w, h, w * 4);
  cairo_t *cr = cairo_create (surface);
  cairo_scale (cr, squeeze, 1);
  draw (cr, user);
  cairo_destroy (cr);
  cairo_surface_finish (surface);
  cairo_surface_destroy (surface);
  gst_buffer_unmap (pixels, &map);

  gst_buffer_add_video_meta (pixels, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, w,
      h);
  gint x = align (placement->area.x, placement->area.w, w, round (margin * squeeze), placement->column);
  gint y = align_row (placement, h, round (margin));
  GstVideoOverlayRectangle *rectangle = gst_video_overlay_rectangle_new_raw (pixels, x, y, w, h,
      GST_VIDEO_OVERLAY_FORMAT_FLAG_PREMULTIPLIED_ALPHA);
  GstVideoOverlayComposition *composition = gst_video_overlay_composition_new (rectangle);
  gst_video_overlay_rectangle_unref (rectangle);
  gst_buffer_unref (pixels);
  return composition;
}

void
gptvis_lettering_init (GptVisLettering *self)
{
  *self = (GptVisLettering) {.key = g_string_new (NULL),.next_key = g_string_new (NULL) };
}

void
gptvis_lettering_clear (GptVisLettering *self)
{
  g_clear_object (&self->pango);
  g_string_free (self->key, TRUE);
  g_string_free (self->next_key, TRUE);
  g_clear_pointer (&self->composition, gst_video_overlay_composition_unref);
}

gboolean
gptvis_lettering_is_current (GptVisLettering *self)
{
  GString *key = self->next_key;

  if (g_string_equal (key, self->key))
    return TRUE;
  self->next_key = self->key;
  self->key = key;
  g_clear_pointer (&self->composition, gst_video_overlay_composition_unref);
  self->lacks_font = FALSE;
  return FALSE;
}

gboolean
gptvis_lettering_open (GptVisLettering *self, const gchar *font)
{
  if (!self->pango)
    self->pango = context_new ();
  self->lacks_font = !has_font (self->pango, font);
  return !self->lacks_font;
}
