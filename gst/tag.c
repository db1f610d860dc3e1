/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tags: how large they and the lines beside them are on a frame, the masks of their letters, and how they
 * get onto a canvas. */
#include "tag.h"
#include "lettering.h"
#include <math.h>

/* The frame's shorter side has so many … */
#define ROWS_OF_TEXT 42.0       /* … ems of a tag, when their size is automatic, … */
#define FEWEST_ROWS 7.0         /* … at least, … */
#define LINES 270.0             /* … and widths of a box's line. In pixels: */
#define MIN_EM 9.0              /* smaller is hard to read … */
#define SMALLEST_EM 7.0         /* … but better than a tag that hides what it is about */
#define MAX_EM 96.0
#define TWO_FROM 200            /* from here on a line is two pixels, since two share their chroma */
#define HALO_FROM 100           /* smaller pictures have no room for dark lines beside */
#define LETTERS 0xff0c1014u

/* In ems. */
#define PADDING_X 0.30
#define PADDING_Y 0.10
#define GAP 0.40                /* between two pieces */
#define WIDEST_LABEL 14.0

#define MAX_PIECES 512u         /* of text, kept */

struct _GptVisTags {
  GptVisLettering lettering;    /* for its fonts */
  gchar *font;                  /* a Pango description … */
  GptVisTagSizes sizes;         /* … and sizes that the pieces are drawn in */
  GHashTable *pieces;           /* text → GptVisMask */
};

/* --- sizes --- */

GptVisTagSizes
gptvis_tag_sizes (guint font_size, const GptVisPlateFrame *frame, gboolean interlaced)
{
  const double squeeze = gptvis_plate_squeeze (frame);
  const double side = MIN (frame->area.w / squeeze, frame->area.h);
  GptVisTagSizes sizes = { .squeeze = CLAMP (squeeze, 0.1, 10) };

  if (font_size)
    sizes.em = font_size;
  else
    sizes.em = MAX (MIN (CLAMP (round (side / ROWS_OF_TEXT), MIN_EM, MAX_EM), floor (side / FEWEST_ROWS)),
    SMALLEST_EM);
  const double line = side < TWO_FROM ? 1 : MAX (2, side / LINES);
  sizes.line_x = MAX (1, lrint (line * sizes.squeeze));
  sizes.line_y = MAX (interlaced ? 2 : 1, lrint (line));
  sizes.halo = side < HALO_FROM ? 0 : MAX (1, lrint (line / 3));
  sizes.gap = lrint (GAP * sizes.em * sizes.squeeze);
  sizes.padding_x = MAX (1, lrint (PADDING_X * sizes.em * sizes.squeeze));
  sizes.padding_y = MAX (1, lrint (PADDING_Y * sizes.em));
  return sizes;
}

/* --- letters --- */

static void
free_mask (gpointer mask)
{
  g_free (mask);
}

GptVisTags *
gptvis_tags_new (void)
{
  GptVisTags *self = g_new0 (GptVisTags, 1);

  gptvis_lettering_init (&self->lettering);
  self->pieces = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_mask);
  return self;
}

void
gptvis_tags_free (GptVisTags *self)
{
  if (!self)
    return;
  gptvis_lettering_clear (&self->lettering);
  g_hash_table_unref (self->pieces);
  g_free (self->font);
  g_free (self);
}

gboolean
gptvis_tags_lack_font (const GptVisTags *self)
{
  return self->lettering.lacks_font;
}

typedef struct {
  PangoLayout *text;
  double squeeze;
} Letters;

static void
draw_letters (cairo_t *cr, gpointer user)
{
  const Letters *letters = user;

  cairo_scale (cr, letters->squeeze, 1);
  pango_cairo_show_layout (cr, letters->text);
}

static GptVisMask *
draw_piece (GptVisTags *self, const gchar *text, gboolean bold)
{
  const GptVisTagSizes *sizes = &self->sizes;
  Letters letters = { gptvis_lettering_layout (self->lettering.pango, self->font, sizes->em, text, bold),
    sizes->squeeze };
  int width, height;

  pango_layout_set_width (letters.text, WIDEST_LABEL * sizes->em * PANGO_SCALE);
  pango_layout_set_ellipsize (letters.text, PANGO_ELLIPSIZE_END);
  pango_layout_set_height (letters.text, -1);
  pango_layout_get_pixel_size (letters.text, &width, &height);
  GptVisMask *mask = gptvis_mask_new (ceil (width * sizes->squeeze), height, draw_letters, &letters);
  g_object_unref (letters.text);
  return mask;
}

/* NULL when there is nothing to see of it. */
static const GptVisMask *
find_piece (GptVisTags *self, const gchar *text, gboolean bold)
{
  GptVisMask *mask;

  if (g_hash_table_lookup_extended (self->pieces, text, NULL, (gpointer *) &mask))
    return mask;
  mask = draw_piece (self, text, bold);
  g_hash_table_insert (self->pieces, g_strdup (text), mask);
  return mask;
}

gboolean
gptvis_tags_prepare (GptVisTags *self, const gchar *font, const GptVisTagSizes *sizes)
{
  if (g_strcmp0 (font, self->font) != 0 || sizes->em != self->sizes.em
      || sizes->squeeze != self->sizes.squeeze || g_hash_table_size (self->pieces) > MAX_PIECES) {
    gchar *copy = g_strdup (font);
    g_hash_table_remove_all (self->pieces);
    g_free (self->font);
    self->font = copy;
    gptvis_lettering_open (&self->lettering, font);
  }
  self->sizes = *sizes;
  return !self->lettering.lacks_font;
}

void
gptvis_tag_add (GptVisTags *self, GptVisTag *tag, const gchar *text, gboolean bold)
{
  const GptVisMask *mask = find_piece (self, text, bold);
  const GptVisTagSizes *sizes = &self->sizes;

  if (!mask)
    return;
  tag->width += mask->width + (tag->n ? sizes->gap : 2 * sizes->padding_x);
  tag->height = MAX (tag->height, mask->height + 2 * sizes->padding_y);
  tag->pieces[tag->n++] = mask;
}

/* --- drawing --- */

static void
fill (GptVisCanvas *canvas, gint left, gint top, gint right, gint bottom, guint32 argb)
{
  gptvis_canvas_fill (canvas, (GstVideoRectangle) { left, top, right - left, bottom - top }, argb);
}

void
gptvis_ring_draw (GptVisCanvas *canvas, GstVideoRectangle at, gint x, gint y, guint32 argb)
{
  const gint right = at.x + at.w, bottom = at.y + at.h;

  if (at.w <= 2 * x || at.h <= 2 * y) {
    gptvis_canvas_fill (canvas, at, argb);
    return;
  }
  fill (canvas, at.x, at.y, right, at.y + y, argb);
  fill (canvas, at.x, bottom - y, right, bottom, argb);
  fill (canvas, at.x, at.y + y, at.x + x, bottom - y, argb);
  fill (canvas, right - x, at.y + y, right, bottom - y, argb);
}

GstVideoRectangle
gptvis_rectangle_grow (GstVideoRectangle at, gint x, gint y)
{
  return (GstVideoRectangle) { at.x - x, at.y - y, at.w + 2 * x, at.h + 2 * y };
}

void
gptvis_tag_draw (GptVisCanvas *canvas, const GptVisTagSizes *sizes, const GptVisTag *tag,
    GstVideoRectangle at, guint32 color)
{
  GptVisCanvas inside = *canvas;
  gint x = at.x + sizes->padding_x;

  if (sizes->halo)
    gptvis_ring_draw (canvas, gptvis_rectangle_grow (at, sizes->halo, sizes->halo), sizes->halo, sizes->halo,
        GPTVIS_TAG_HALO);
  gptvis_canvas_fill (canvas, at, color);
  inside.right = MIN (inside.right, at.x + at.w);
  for (guint i = 0; i < tag->n; i++) {
    const GptVisMask *mask = tag->pieces[i];
    /* Another script's font may be higher: pieces share the tag's middle. */
    gptvis_canvas_mask (&inside, mask, x, at.y + (at.h - mask->height) / 2, LETTERS);
    x += mask->width + sizes->gap;
  }
}
