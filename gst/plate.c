/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The labels' plate: measured, drawn with lettering.c, and kept until something on it
 * changes. The constants below are in ems of the font, measured lengths in display
 * pixels; only lettering.c knows frame pixels. */
#include "plate.h"
#include "lettering.h"
#include <math.h>

#define ROWS_OF_TEXT 30         /* ems in the frame's shorter side, when the size is automatic */
#define MIN_EM 10.0             /* smaller is not readable … */
#define SMALLEST_EM 6.0         /* … but better than no room for a single row */
#define MAX_EM 160.0

#define MARGIN 0.6              /* between frame and plate */
#define PADDING 0.6             /* between plate and text */
#define RADIUS 0.45
#define ROW_GAP 0.35
#define RESULT_GAP 0.6          /* added above the first row of another result */
#define BAR_GAP 0.12
#define BAR_HEIGHT 0.17
#define COLUMN_GAP 0.8          /* between text and percentage */
#define MIN_INNER 11.0          /* a plate whose width changes with each label flickers … */
#define MAX_INNER 18.0
#define INNER_STEP 2.0          /* … so it has few widths */
#define NARROWEST_INNER 3.0
#define NARROWEST_TEXT 4.5      /* the percentage is left out if it leaves less */

#define TRACK_ALPHA 0.20
static const double bar_color[3] = { 0.31, 0.82, 0.77 };

struct _GptVisPlate {
  GptVisLettering lettering;
};

typedef struct {
  double em, line;              /* a line of text's height */
  double inner, percent;        /* widths: between the paddings; of the percentages, 0: there are none */
  double margin, padding;
  guint n_rows;
  double width, height;         /* of the plate */
} Layout;

GptVisPlate *
gptvis_plate_new (void)
{
  GptVisPlate *self = g_new0 (GptVisPlate, 1);

  gptvis_lettering_init (&self->lettering);
  return self;
}

void
gptvis_plate_free (GptVisPlate *self)
{
  if (!self)
    return;
  gptvis_lettering_clear (&self->lettering);
  g_free (self);
}

gboolean
gptvis_plate_lacks_font (const GptVisPlate *self)
{
  return self->lettering.lacks_font;
}

/* NaN counts as 0. */
static guint
percent (const GptVisPlateRow *row)
{
  return row->score > 0 ? (guint) lrintf (MIN (row->score, 1.0f) * 100) : 0;
}

/* Everything that the picture of the plate depends on. */
static void
write_key (GString *key, const GptVisPlateStyle *style, const GptVisPlateRow *rows, guint n_rows,
    const GptVisPlateFrame *frame)
{
  const GstVideoRectangle *area = &frame->area;

  g_string_printf (key, "%d %d %u %x %x %d %d %d %d %d %d %d/%d %s", style->position, style->scores,
      style->font_size, style->color, style->background, area->x, area->y, area->w, area->h, frame->above,
      frame->below, frame->par_n, frame->par_d, style->font);
  for (guint i = 0; i < n_rows; i++)
    g_string_append_printf (key, "\n%u%c%s", percent (&rows[i]), rows[i].new_result ? '^' : ' ',
        rows[i].text);
}

/* --- measuring --- */

static void
text_size (GptVisPlate *self, const GptVisPlateStyle *style, double em, const gchar *text, gboolean bold,
    double *width, double *height)
{
  PangoLayout *layout = gptvis_lettering_layout (self->lettering.pango, style->font, em, text, bold);
  int w, h;

  pango_layout_get_pixel_size (layout, &w, &h);
  g_object_unref (layout);
  *width = w;
  *height = h;
}

static gboolean
has_bar (const GptVisPlateStyle *style)
{
  return style->scores == GPTVIS_SCORES_BAR || style->scores == GPTVIS_SCORES_BOTH;
}

static gboolean
has_percent (const GptVisPlateStyle *style)
{
  return style->scores == GPTVIS_SCORES_PERCENT || style->scores == GPTVIS_SCORES_BOTH;
}

/* The best label of a result is written in bold. */
static gboolean
is_best (const GptVisPlateRow *rows, guint i)
{
  return i == 0 || rows[i].new_result;
}

/* In whole pixels, at least two. */
static double
bar_height (double em)
{
  return MAX (2, round (BAR_HEIGHT * em));
}

static double
row_height (const Layout *layout, const GptVisPlateStyle *style)
{
  return layout->line + (has_bar (style) ? BAR_GAP * layout->em + bar_height (layout->em) : 0);
}

static double
gap_above (const Layout *layout, const GptVisPlateRow *rows, guint i)
{
  return i == 0 ? 0 : (ROW_GAP + (rows[i].new_result ? RESULT_GAP : 0)) * layout->em;
}

/* How many rows fit at that size, and how wide and high they are. FALSE: none fits. */
static gboolean
measure_at (GptVisPlate *self, const GptVisPlateStyle *style, const GptVisPlateRow *rows, guint n_rows,
    double area_width, double area_height, double em, Layout *layout)
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

/* With the font as large as asked for, or smaller until one row fits. */
static gboolean
measure (GptVisPlate *self, const GptVisPlateStyle *style, const GptVisPlateRow *rows, guint n_rows,
    double area_width, double area_height, double room, Layout *layout)
{
  double em = style->font_size;

  if (style->font_size == 0)
    em = CLAMP (round (MIN (area_width, area_height) / ROWS_OF_TEXT), MIN_EM, MAX_EM);
  for (; em >= SMALLEST_EM; em = floor (em * 0.8)) {
    if (measure_at (self, style, rows, n_rows, area_width, room, em, layout))
      return TRUE;
  }
  return FALSE;
}

/* --- drawing --- */

static void
draw_bar (cairo_t *cr, const GptVisPlateStyle *style, double x, double y, double width, double em,
    guint score)
{
  double height = bar_height (em), alpha = (style->color >> 24) / 255.0;

  gptvis_lettering_rounded (cr, x, y, width, height, height / 2);
  gptvis_lettering_color (cr, style->color, TRACK_ALPHA);
  cairo_fill (cr);
  if (score == 0)
    return;
  gptvis_lettering_rounded (cr, x, y, MAX (width * score / 100, height), height, height / 2);
  cairo_set_source_rgba (cr, bar_color[0], bar_color[1], bar_color[2], alpha);
  cairo_fill (cr);
}

static void
draw_row (GptVisPlate *self, cairo_t *cr, const GptVisPlateStyle *style, const Layout *layout,
    const GptVisPlateRow *row, gboolean best, double y)
{
  PangoContext *pango = self->lettering.pango;
  PangoLayout *text = gptvis_lettering_layout (pango, style->font, layout->em, row->text, best);
  double room = layout->inner - (layout->percent > 0 ? COLUMN_GAP * layout->em + layout->percent : 0);
  int height;

  pango_layout_set_width (text, MAX (room, layout->em) * PANGO_SCALE);
  pango_layout_set_ellipsize (text, PANGO_ELLIPSIZE_END);
  pango_layout_set_height (text, -1);
  /* Another script's font may be higher: text and percentage share a baseline. */
  height = pango_layout_get_baseline (text) / PANGO_SCALE;
  PangoLayout *digits = gptvis_lettering_layout (pango, style->font, layout->em, "", best);
  double down = pango_layout_get_baseline (digits) / PANGO_SCALE - height;
  gptvis_lettering_draw (cr, text, style->color, layout->padding, y + down, layout->em);
  g_object_unref (text);

  if (layout->percent > 0) {
    gchar number[8];
    int width;
    g_snprintf (number, sizeof number, "%u%%", percent (row));
    pango_layout_set_text (digits, number, -1);
    pango_layout_get_pixel_size (digits, &width, NULL);
    gptvis_lettering_draw (cr, digits, style->color, layout->padding + layout->inner - width, y, layout->em);
  }
  g_object_unref (digits);
  if (has_bar (style))
    draw_bar (cr, style, layout->padding, round (y + layout->line + BAR_GAP * layout->em), layout->inner,
        layout->em, percent (row));
}

/* For `draw`. */
typedef struct {
  GptVisPlate *plate;
  const GptVisPlateStyle *style;
  const Layout *layout;
  const GptVisPlateRow *rows;
} Drawing;

static void
draw (cairo_t *cr, gpointer user)
{
  const Drawing *drawing = user;
  const GptVisPlateStyle *style = drawing->style;
  const Layout *layout = drawing->layout;
  const GptVisPlateRow *rows = drawing->rows;
  double y = layout->padding;

  gptvis_lettering_rounded (cr, 0, 0, layout->width, layout->height, RADIUS * layout->em);
  gptvis_lettering_color (cr, style->background, 1);
  cairo_fill (cr);
  for (guint i = 0; i < layout->n_rows; i++) {
    y += gap_above (layout, rows, i);
    draw_row (drawing->plate, cr, style, layout, &rows[i], is_best (rows, i), round (y));
    y += row_height (layout, style);
  }
}

GstVideoOverlayComposition *
gptvis_plate_draw (GptVisPlate *self, const GptVisPlateStyle *style, const GptVisPlateRow *rows,
    guint n_rows, const GptVisPlateFrame *frame)
{
  const GstVideoRectangle *area = &frame->area;
  double squeeze = gptvis_plate_squeeze (frame);
  const GptVisPlacement placement = {.area = *area,.top = area->y + frame->above,
    .bottom = area->y + area->h - frame->below,.column = style->position % 3,.row = style->position / 3 };
  GptVisLettering *lettering = &self->lettering;
  Layout layout;

  if (n_rows == 0)
    return NULL;
  write_key (lettering->next_key, style, rows, n_rows, frame);
  if (gptvis_lettering_is_current (lettering))
    return lettering->composition;
  if (gptvis_lettering_open (lettering, style->font)
      && measure (self, style, rows, n_rows, area->w / squeeze, area->h, placement.bottom - placement.top,
      &layout)) {
    Drawing drawing = { self, style, &layout, rows };
    lettering->composition = gptvis_lettering_compose (layout.width, layout.height, layout.margin, squeeze,
        &placement, draw, &drawing);
  }
  return lettering->composition;
}
