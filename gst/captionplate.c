/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The captions' plate: measured, drawn with lettering.c, and kept until something
 * on it changes. The constants are in ems of the font, measured lengths in display pixels. */
#include "captionplate.h"
#include "lettering.h"
#include "sentence.h"
#include <math.h>

#define ROWS_OF_TEXT 22         /* ems in the frame's shorter side, when the size is automatic */
#define MIN_EM 10.0             /* smaller is not readable … */
#define SMALLEST_EM 6.0         /* … but better than no room for a single line */
#define MAX_EM 160.0

#define MAX_SHARE 3             /* at most a third of the frame's height */
#define MARGIN 0.7              /* between frame and background */
#define PADDING_X 0.6           /* between background and text */
#define PADDING_Y 0.25
#define RADIUS 0.4
#define MAX_WIDTH 32.0          /* a longer line is hard to read */
#define MIN_WIDTH 3.0

#define MORE "…"
#define LINE_END "\342\200\250" /* U+2028: a new line in the same paragraph */

struct _GptVisCaptionPlate {
  GptVisLettering lettering;
  gint margin;                  /* of the composition */
};

typedef struct {
  PangoLayout *text;
  double em, margin;
  double x, y;                  /* of the text on the background */
  double width, height;         /* of the background */
} Layout;

typedef struct {
  const GptVisCaptionStyle *style;
  const Layout *layout;
} Drawing;

GptVisCaptionPlate *
gptvis_caption_plate_new (void)
{
  GptVisCaptionPlate *self = g_new0 (GptVisCaptionPlate, 1);

  gptvis_lettering_init (&self->lettering);
  return self;
}

void
gptvis_caption_plate_free (GptVisCaptionPlate *self)
{
  if (!self)
    return;
  gptvis_lettering_clear (&self->lettering);
  g_free (self);
}

gboolean
gptvis_caption_plate_lacks_font (const GptVisCaptionPlate *self)
{
  return self->lettering.lacks_font;
}

/* Everything that the picture depends on. */
static void
write_key (GString *key, const GptVisCaptionStyle *style, const GptVisCaption *const *captions, guint n,
    const GptVisPlateFrame *frame)
{
  const GstVideoRectangle *area = &frame->area;

  g_string_printf (key, "%d %u %x %x %d %d %d %d %d/%d %s", style->position, style->font_size, style->color,
      style->background, area->x, area->y, area->w, area->h, frame->par_n, frame->par_d, style->font);
  for (guint i = 0; i < n; i++)
    g_string_append_printf (key, "\n%c%s", captions[i]->final ? '.' : '+', captions[i]->text);
}

/* --- measuring --- */

/* All captions as one text; empty when none has words. */
static gchar *
write_text (const GptVisCaption *const *captions, guint n)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++) {
    gchar *sentence = gptvis_sentence (captions[i]->text);
    if (*sentence)
      g_string_append_printf (text, "%s%s%s", text->len ? LINE_END : "", sentence,
          captions[i]->final ? "" : MORE);
    g_free (sentence);
  }
  return g_string_free (text, FALSE);
}

/* Finds the smallest width with the same number of lines: then all lines are of about the same
 * length, and the last word does not stand alone. */
static void
balance (PangoLayout *text, double em, double width)
{
  const gint lines = pango_layout_get_line_count (text);
  double narrow = width / lines, wide = width;

  if (lines < 2 || pango_layout_is_ellipsized (text))
    return;
  while (wide - narrow > em / 2) {
    double middle = (narrow + wide) / 2;
    pango_layout_set_width (text, middle * PANGO_SCALE);
    if (pango_layout_get_line_count (text) > lines || pango_layout_is_ellipsized (text))
      narrow = middle;
    else
      wide = middle;
  }
  pango_layout_set_width (text, wide * PANGO_SCALE);
}

/* FALSE: there is no room at that size. `finished`: no words will be added. */
static gboolean
measure_at (double area_width, double area_height, double em, gboolean finished, Layout *layout)
{
  PangoFontDescription *font = pango_font_description_copy (pango_layout_get_font_description (layout->text));
  PangoRectangle extents;

  layout->em = em;
  layout->margin = MAX (2, floor (MARGIN * em));
  double room_width = area_width - 2 * (layout->margin + PADDING_X * em);
  double room_height = area_height / MAX_SHARE - layout->margin - 2 * PADDING_Y * em;
  double width = MIN (room_width, MAX_WIDTH * em);

  pango_font_description_set_absolute_size (font, em * PANGO_SCALE);
  pango_layout_set_font_description (layout->text, font);
  pango_font_description_free (font);
  if (width < MIN_WIDTH * em || room_height < 1)
    return FALSE;
  pango_layout_set_width (layout->text, width * PANGO_SCALE);
  pango_layout_set_height (layout->text, room_height * PANGO_SCALE);
  pango_layout_get_pixel_extents (layout->text, NULL, &extents);
  if (extents.height > room_height)
    return FALSE;               /* not even one line fits */
  if (finished) {
    balance (layout->text, em, width);
    pango_layout_get_pixel_extents (layout->text, NULL, &extents);
  }
  layout->x = PADDING_X * em - extents.x;
  layout->y = PADDING_Y * em - extents.y;
  layout->width = extents.width + 2 * PADDING_X * em;
  layout->height = extents.height + 2 * PADDING_Y * em;
  return TRUE;
}

/* With the font as large as asked for, or smaller until one line fits. */
static gboolean
measure (const GptVisCaptionStyle *style, double area_width, double area_height, gboolean finished,
    Layout *layout)
{
  double em = style->font_size;

  pango_layout_set_alignment (layout->text, PANGO_ALIGN_CENTER);
  pango_layout_set_wrap (layout->text, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_ellipsize (layout->text, PANGO_ELLIPSIZE_END);
  if (style->font_size == 0)
    em = CLAMP (round (MIN (area_width, area_height) / ROWS_OF_TEXT), MIN_EM, MAX_EM);
  for (; em >= SMALLEST_EM; em = floor (em * 0.9)) {
    if (measure_at (area_width, area_height, em, finished, layout))
      return TRUE;
  }
  return FALSE;
}

/* --- drawing --- */

static void
draw (cairo_t *cr, gpointer user)
{
  const Drawing *drawing = user;
  const Layout *layout = drawing->layout;

  gptvis_lettering_rounded (cr, 0, 0, layout->width, layout->height, RADIUS * layout->em);
  gptvis_lettering_color (cr, drawing->style->background, 1);
  cairo_fill (cr);
  gptvis_lettering_draw (cr, layout->text, drawing->style->color, layout->x, layout->y, layout->em);
}

static GstVideoOverlayComposition *
compose (GptVisCaptionPlate *self, const GptVisCaptionStyle *style, const gchar *text, gboolean finished,
    const GptVisPlateFrame *frame)
{
  const GstVideoRectangle *area = &frame->area;
  double squeeze = gptvis_plate_squeeze (frame);
  const GptVisPlacement placement = {.area = *area,.top = area->y,.bottom = area->y + area->h,.column = 1,
    .row = style->position };
  PangoContext *pango = self->lettering.pango;
  Layout layout = { .text = gptvis_lettering_layout (pango, style->font, MIN_EM, text, FALSE) };
  GstVideoOverlayComposition *composition = NULL;

  if (measure (style, area->w / squeeze, area->h, finished, &layout)) {
    Drawing drawing = { style, &layout };
    self->margin = layout.margin;
    composition = gptvis_lettering_compose (layout.width, layout.height, layout.margin, squeeze, &placement,
        draw, &drawing);
  }
  g_object_unref (layout.text);
  return composition;
}

GstVideoOverlayComposition *
gptvis_caption_plate_draw (GptVisCaptionPlate *self, const GptVisCaptionStyle *style,
    const GptVisCaption *const *captions, guint n, const GptVisPlateFrame *frame)
{
  GptVisLettering *lettering = &self->lettering;
  gboolean finished = TRUE;
  gchar *text;

  write_key (lettering->next_key, style, captions, n, frame);
  if (gptvis_lettering_is_current (lettering))
    return lettering->composition;
  for (guint i = 0; i < n; i++)
    finished = finished && captions[i]->final;
  text = write_text (captions, n);
  if (*text && gptvis_lettering_open (lettering, style->font))
    lettering->composition = compose (self, style, text, finished, frame);
  g_free (text);
  return lettering->composition;
}

void
gptvis_caption_plate_reserve (const GptVisCaptionPlate *self, GptVisPosition position,
    GptVisPlateFrame *frame)
{
  const GstVideoRectangle *area = &frame->area;
  guint width, height;
  gint x, y;

  if (!self->lettering.composition)
    return;
  gst_video_overlay_rectangle_get_render_rectangle (gst_video_overlay_composition_get_rectangle
      (self->lettering.composition, 0), &x, &y, &width, &height);
  gint over = y - area->y, under = area->y + area->h - y - (gint) height;
  gboolean middle = ABS (over - under) <= (gint) height;
  gboolean lower = middle ? position >= GPTVIS_POSITION_BOTTOM_LEFT : over < under;

  if (lower)
    frame->above = over + height + self->margin;
  else
    frame->below = under + height + self->margin;
}
