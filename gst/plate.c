/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plate: measured, drawn with Pango and Cairo into premultiplied ARGB, and kept
 * until something on it changes. All lengths below are in ems of the font and, once
 * measured, in display pixels; only the last step makes frame pixels of them, which
 * may not be square. Blending onto the frame is libgstvideo's. */
#include "plate.h"
#include <math.h>
#include <pango/pangocairo.h>

#define ROWS_OF_TEXT 30         /* ems in the frame's shorter side, when the size is automatic */
#define MIN_EM 10.0             /* smaller is not readable … */
#define SMALLEST_EM 6.0         /* … but better than no room for a single row */
#define MAX_EM 160.0

#define MARGIN 0.6              /* between frame and plate */
#define PADDING 0.6             /* between plate and text */
#define RADIUS 0.45
#define ROW_GAP 0.35
#define APART_GAP 0.6           /* and that much more above another result */
#define BAR_GAP 0.12
#define BAR_HEIGHT 0.17
#define COLUMN_GAP 0.8          /* between text and percentage */
#define MIN_INNER 11.0          /* a plate that changes its width with each label flickers … */
#define MAX_INNER 18.0
#define INNER_STEP 2.0          /* … so it has few widths */
#define NARROWEST_INNER 3.0
#define NARROWEST_TEXT 4.5      /* less beside a percentage, and that is left out */

#define TRACK_ALPHA 0.20
#define SHADOW_ALPHA 0.55
static const double bar_color[3] = { 0.31, 0.82, 0.77 };

struct _GptVisPlate {
  PangoContext *pango;          /* NULL until the first drawing */
  GString *key, *next_key;      /* what is on `composition`, and what is asked for */
  GstVideoOverlayComposition *composition;
  gboolean lacks_font;
};

typedef struct {
  double em, line;              /* a line of text's height */
  double inner, percent;        /* widths: between the paddings; of the percentages, 0 without */
  double margin, padding;
  guint n_rows;
  double width, height;         /* of the plate */
} Layout;

GptVisPlate *
gptvis_plate_new (void)
{
  GptVisPlate *self = g_new0 (GptVisPlate, 1);

  self->key = g_string_new (NULL);
  self->next_key = g_string_new (NULL);
  return self;
}

void
gptvis_plate_free (GptVisPlate * self)
{
  if (!self)
    return;
  g_clear_object (&self->pango);
  g_string_free (self->key, TRUE);
  g_string_free (self->next_key, TRUE);
  g_clear_pointer (&self->composition, gst_video_overlay_composition_unref);
  g_free (self);
}

static PangoContext *
pango (GptVisPlate * self)
{
  if (!self->pango) {
    PangoFontMap *fonts = pango_cairo_font_map_new ();
    self->pango = pango_font_map_create_context (fonts);
    g_object_unref (fonts);
  }
  return self->pango;
}

/* Any font will do: Pango takes the nearest. */
static gboolean
has_font (GptVisPlate * self, const gchar * font)
{
  PangoFontDescription *description = pango_font_description_from_string (font);
  PangoFont *found = pango_context_load_font (pango (self), description);
  gboolean has = found != NULL;

  pango_font_description_free (description);
  g_clear_object (&found);
  return has;
}

gboolean
gptvis_plate_lacks_font (const GptVisPlate * self)
{
  return self->lacks_font;
}

/* NaN is no share of anything. */
static guint
percent (const GptVisPlateRow * row)
{
  return row->score > 0 ? (guint) lrintf (MIN (row->score, 1.0f) * 100) : 0;
}

/* Everything that the picture of the plate depends on. */
static void
write_key (GString * key, const GptVisPlateStyle * style, const GptVisPlateRow * rows, guint n_rows,
    const GstVideoRectangle * area, gint par_n, gint par_d)
{
  g_string_printf (key, "%d %d %u %x %x %d %d %d %d %d/%d %s", style->position, style->scores,
      style->font_size, style->color, style->background, area->x, area->y, area->w, area->h, par_n, par_d,
      style->font);
  for (guint i = 0; i < n_rows; i++)
    g_string_append_printf (key, "\n%u%c%s", percent (&rows[i]), rows[i].apart ? '^' : ' ', rows[i].text);
}

/* --- measuring --- */

static PangoLayout *
text_layout (GptVisPlate * self, const GptVisPlateStyle * style, double em, const gchar * text, gboolean bold)
{
  PangoLayout *layout = pango_layout_new (pango (self));
  PangoFontDescription *font = pango_font_description_from_string (style->font);
  gchar *valid = g_utf8_make_valid (text, -1);

  pango_font_description_set_absolute_size (font, em * PANGO_SCALE);
  if (bold && pango_font_description_get_weight (font) < PANGO_WEIGHT_BOLD)
    pango_font_description_set_weight (font, PANGO_WEIGHT_BOLD);
  pango_layout_set_font_description (layout, font);
  pango_layout_set_single_paragraph_mode (layout, TRUE);
  pango_layout_set_text (layout, valid, -1);
  pango_font_description_free (font);
  g_free (valid);
  return layout;
}

static void
text_size (GptVisPlate * self, const GptVisPlateStyle * style, double em, const gchar * text, gboolean bold,
    double *width, double *height)
{
  PangoLayout *layout = text_layout (self, style, em, text, bold);
  int w, h;

  pango_layout_get_pixel_size (layout, &w, &h);
  g_object_unref (layout);
  *width = w;
  *height = h;
}

static gboolean
has_bar (const GptVisPlateStyle * style)
{
  return style->scores == GPTVIS_SCORES_BAR || style->scores == GPTVIS_SCORES_BOTH;
}

static gboolean
has_percent (const GptVisPlateStyle * style)
{
  return style->scores == GPTVIS_SCORES_PERCENT || style->scores == GPTVIS_SCORES_BOTH;
}

/* The best label of a result is written in bold. */
static gboolean
is_best (const GptVisPlateRow * rows, guint i)
{
  return i == 0 || rows[i].apart;
}

/* A bar is whole pixels high, at least two. */
static double
bar_height (double em)
{
  return MAX (2, round (BAR_HEIGHT * em));
}

static double
row_height (const Layout * layout, const GptVisPlateStyle * style)
{
  return layout->line + (has_bar (style) ? BAR_GAP * layout->em + bar_height (layout->em) : 0);
}

static double
gap_above (const Layout * layout, const GptVisPlateRow * rows, guint i)
{
  return i == 0 ? 0 : (ROW_GAP + (rows[i].apart ? APART_GAP : 0)) * layout->em;
}

/* How many rows find room, how wide and how high that is; FALSE for none. */
static gboolean
measure_at (GptVisPlate * self, const GptVisPlateStyle * style, const GptVisPlateRow * rows, guint n_rows,
    double area_width, double area_height, double em, Layout * layout)
{
  double room_width, room_height, width, height, widest = 0;

  *layout = (Layout) {.em = em,.margin = MAX (2, floor (MARGIN * em)),.padding = PADDING * em };
  room_width = area_width - 2 * (layout->margin + layout->padding);
  room_height = area_height - 2 * (layout->margin + layout->padding);
  if (room_width < NARROWEST_INNER * em)
    return FALSE;
  text_size (self, style, em, "100%", TRUE, &layout->percent, &layout->line);

  for (height = 0; layout->n_rows < n_rows; layout->n_rows++, height += width) {
    width = gap_above (layout, rows, layout->n_rows) + row_height (layout, style);
    if (height + width > room_height)
      break;
  }
  if (layout->n_rows == 0)
    return FALSE;

  for (guint i = 0; i < layout->n_rows; i++) {
    double unused;
    text_size (self, style, em, rows[i].text, is_best (rows, i), &width, &unused);
    widest = MAX (widest, width);
  }
  if (!has_percent (style) || room_width - layout->percent < (NARROWEST_TEXT + COLUMN_GAP) * em)
    layout->percent = 0;
  else
    widest += COLUMN_GAP * em + layout->percent;
  layout->inner = CLAMP (ceil (widest / (INNER_STEP * em)) * INNER_STEP * em, MIN_INNER * em, MAX_INNER * em);
  layout->inner = MIN (layout->inner, room_width);
  layout->width = layout->inner + 2 * layout->padding;
  layout->height = height + 2 * layout->padding;
  return TRUE;
}

/* The font as large as was asked for, or as leaves room for a row. */
static gboolean
measure (GptVisPlate * self, const GptVisPlateStyle * style, const GptVisPlateRow * rows, guint n_rows,
    double area_width, double area_height, Layout * layout)
{
  double em = style->font_size;

  if (style->font_size == 0)
    em = CLAMP (round (MIN (area_width, area_height) / ROWS_OF_TEXT), MIN_EM, MAX_EM);
  for (; em >= SMALLEST_EM; em = floor (em * 0.8)) {
    if (measure_at (self, style, rows, n_rows, area_width, area_height, em, layout))
      return TRUE;
  }
  return FALSE;
}

/* --- drawing --- */

static void
set_color (cairo_t * cr, guint32 argb, double alpha)
{
  cairo_set_source_rgba (cr, (argb >> 16 & 0xff) / 255.0, (argb >> 8 & 0xff) / 255.0, (argb & 0xff) / 255.0,
      (argb >> 24) / 255.0 * alpha);
}

static void
rounded_rectangle (cairo_t * cr, double x, double y, double width, double height, double radius)
{
  radius = MIN (radius, MIN (width, height) / 2);
  cairo_new_sub_path (cr);
  cairo_arc (cr, x + width - radius, y + radius, radius, -G_PI_2, 0);
  cairo_arc (cr, x + width - radius, y + height - radius, radius, 0, G_PI_2);
  cairo_arc (cr, x + radius, y + height - radius, radius, G_PI_2, G_PI);
  cairo_arc (cr, x + radius, y + radius, radius, G_PI, 3 * G_PI_2);
  cairo_close_path (cr);
}

/* A shadow keeps the text readable where the background was made transparent. */
static void
draw_text (cairo_t * cr, PangoLayout * text, const GptVisPlateStyle * style, double x, double y, double em)
{
  double offset = MAX (1, em / 18);

  cairo_move_to (cr, x + offset, y + offset);
  cairo_set_source_rgba (cr, 0, 0, 0, SHADOW_ALPHA * (style->color >> 24) / 255.0);
  pango_cairo_show_layout (cr, text);
  cairo_move_to (cr, x, y);
  set_color (cr, style->color, 1);
  pango_cairo_show_layout (cr, text);
}

static void
draw_bar (cairo_t * cr, const GptVisPlateStyle * style, double x, double y, double width, double em,
    guint score)
{
  double height = bar_height (em), alpha = (style->color >> 24) / 255.0;

  rounded_rectangle (cr, x, y, width, height, height / 2);
  set_color (cr, style->color, TRACK_ALPHA);
  cairo_fill (cr);
  if (score == 0)
    return;
  rounded_rectangle (cr, x, y, MAX (width * score / 100, height), height, height / 2);
  cairo_set_source_rgba (cr, bar_color[0], bar_color[1], bar_color[2], alpha);
  cairo_fill (cr);
}

static void
draw_row (GptVisPlate * self, cairo_t * cr, const GptVisPlateStyle * style, const Layout * layout,
    const GptVisPlateRow * row, gboolean best, double y)
{
  PangoLayout *text = text_layout (self, style, layout->em, row->text, best);
  double room = layout->inner - (layout->percent > 0 ? COLUMN_GAP * layout->em + layout->percent : 0);
  int height;

  pango_layout_set_width (text, MAX (room, layout->em) * PANGO_SCALE);
  pango_layout_set_ellipsize (text, PANGO_ELLIPSIZE_END);
  pango_layout_set_height (text, -1);
  /* Another script's font may be higher: on the same baseline, then. */
  height = pango_layout_get_baseline (text) / PANGO_SCALE;
  PangoLayout *digits = text_layout (self, style, layout->em, "", best);
  double down = pango_layout_get_baseline (digits) / PANGO_SCALE - height;
  draw_text (cr, text, style, layout->padding, y + down, layout->em);
  g_object_unref (text);

  if (layout->percent > 0) {
    gchar number[8];
    int width;
    g_snprintf (number, sizeof number, "%u%%", percent (row));
    pango_layout_set_text (digits, number, -1);
    pango_layout_get_pixel_size (digits, &width, NULL);
    draw_text (cr, digits, style, layout->padding + layout->inner - width, y, layout->em);
  }
  g_object_unref (digits);
  if (has_bar (style))
    draw_bar (cr, style, layout->padding, round (y + layout->line + BAR_GAP * layout->em), layout->inner,
        layout->em, percent (row));
}

static void
draw (GptVisPlate * self, cairo_t * cr, const GptVisPlateStyle * style, const Layout * layout,
    const GptVisPlateRow * rows)
{
  double y = layout->padding;

  rounded_rectangle (cr, 0, 0, layout->width, layout->height, RADIUS * layout->em);
  set_color (cr, style->background, 1);
  cairo_fill (cr);
  for (guint i = 0; i < layout->n_rows; i++) {
    y += gap_above (layout, rows, i);
    draw_row (self, cr, style, layout, &rows[i], is_best (rows, i), round (y));
    y += row_height (layout, style);
  }
}

/* --- into the frame --- */

/* Where something of that length begins: column or row 0, 1, 2 of the positions.
 * On a multiple of four, since chroma may be shared by so many pixels. */
static gint
place (gint start, gint room, gint length, gint margin, guint third)
{
  gint at = third == 0 ? margin : third == 1 ? (room - length) / 2 : room - length - margin;

  at = (at + 2) & ~3;
  if (at + length > room)
    at -= 4;
  return start + MAX (at, 0);
}

static GstVideoOverlayComposition *
compose (GptVisPlate * self, const GptVisPlateStyle * style, const Layout * layout,
    const GptVisPlateRow * rows, const GstVideoRectangle * area, double squeeze)
{
  gint width = MIN (((gint) ceil (layout->width * squeeze) + 1) & ~1, area->w);
  gint height = MIN (((gint) ceil (layout->height) + 1) & ~1, area->h);
  GstBuffer *pixels = gst_buffer_new_allocate (NULL, (gsize) width * height * 4, NULL);
  GstMapInfo map;

  if (!pixels || !gst_buffer_map (pixels, &map, GST_MAP_WRITE)) {
    gst_clear_buffer (&pixels);
    return NULL;
  }
  memset (map.data, 0, map.size);
  cairo_surface_t *surface = cairo_image_surface_create_for_data (map.data, CAIRO_FORMAT_ARGB32, width,
      height, width * 4);
  cairo_t *cr = cairo_create (surface);
  cairo_scale (cr, squeeze, 1);
  draw (self, cr, style, layout, rows);
  cairo_destroy (cr);
  cairo_surface_finish (surface);
  cairo_surface_destroy (surface);
  gst_buffer_unmap (pixels, &map);

  gst_buffer_add_video_meta (pixels, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB,
      width, height);
  gint x = place (area->x, area->w, width, round (layout->margin * squeeze), style->position % 3);
  gint y = place (area->y, area->h, height, round (layout->margin), style->position / 3);
  GstVideoOverlayRectangle *rectangle = gst_video_overlay_rectangle_new_raw (pixels, x, y, width, height,
      GST_VIDEO_OVERLAY_FORMAT_FLAG_PREMULTIPLIED_ALPHA);
  GstVideoOverlayComposition *composition = gst_video_overlay_composition_new (rectangle);
  gst_video_overlay_rectangle_unref (rectangle);
  gst_buffer_unref (pixels);
  return composition;
}

GstVideoOverlayComposition *
gptvis_plate_draw (GptVisPlate * self, const GptVisPlateStyle * style, const GptVisPlateRow * rows,
    guint n_rows, const GstVideoRectangle * area, gint par_n, gint par_d)
{
  double squeeze = par_n > 0 && par_d > 0 ? (double) par_d / par_n : 1;
  GString *key = self->next_key;
  Layout layout;

  if (n_rows == 0)
    return NULL;
  write_key (key, style, rows, n_rows, area, par_n, par_d);
  if (g_string_equal (key, self->key))
    return self->composition;
  self->next_key = self->key;
  self->key = key;
  g_clear_pointer (&self->composition, gst_video_overlay_composition_unref);
  self->lacks_font = !has_font (self, style->font);
  if (!self->lacks_font && measure (self, style, rows, n_rows, area->w / squeeze, area->h, &layout))
    self->composition = compose (self, style, &layout, rows, area, squeeze);
  return self->composition;
}
