/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Boxes, tags and trails, measured to suit the frame and drawn on a canvas. The letters of tags are masks,
 * one for each piece of text (a label, a score, a number), which are kept: scores change all the time, but
 * there are only a hundred. Where tags go is tagplaces.c's, how a line gets onto the frame canvas.c's. */
#include "regionplate.h"
#include "lettering.h"
#include "tagplaces.h"
#include <math.h>
#include <string.h>

/* The frame's shorter side has so many … */
#define ROWS_OF_TEXT 42.0       /* … ems of a tag, when their size is automatic, … */
#define FEWEST_ROWS 7.0         /* … at least, … */
#define LINES 270.0             /* … and widths of a box's line. In pixels: */
#define MIN_EM 9.0              /* smaller is hard to read … */
#define SMALLEST_EM 7.0         /* … but better than a tag that hides what it is about */
#define MAX_EM 96.0
#define TWO_FROM 200            /* from here on a line is two pixels, since two share their chroma */
#define HALO_FROM 100           /* smaller pictures have no room for dark lines beside */
#define HALO 0x90000000u
#define LETTERS 0xff0c1014u

/* In ems. */
#define PADDING_X 0.30
#define PADDING_Y 0.10
#define GAP 0.40                /* between two pieces */
#define WIDEST_LABEL 14.0

#define MAX_PIECES 512u         /* of text, kept */
#define MAX_KNOWN 256u          /* identities, kept */
#define MAX_STEPS 64u           /* of a trail */
#define STEP 0.012              /* how far one steps, of the frame's shorter side */
#define SHADES 4u               /* of a trail, from old to new */

/* What is remembered of an identity from frame to frame. */
typedef struct {
  guint64 key;                  /* result and id; 0: free */
  GstClockTime seen;
  guint place;                  /* of its tag */
  guint32 color;
  guint n_steps, first_step;    /* a ring */
  struct {
    gfloat x, y;                /* of the shown area: where it stood */
    GstClockTime time;
  } steps[MAX_STEPS];
} Known;

struct _GptVisRegionPlate {
  GptVisLettering lettering;    /* for its fonts */
  gchar *look;                  /* font and sizes that the pieces are drawn in */
  GHashTable *pieces;           /* text → GptVisMask */
  Known *known;                 /* MAX_KNOWN of them, once there is one */
  guint n_known;
  GstClockTime time;            /* of the last frame */
};

/* Lengths that suit the frame, in frame pixels but for `em`. */
typedef struct {
  double em, squeeze;
  gint line_x, line_y;          /* widths of upright and of level lines */
  gint halo;                    /* of the dark lines beside; 0: none */
  gint gap, padding_x, padding_y;       /* of a tag */
} Sizes;

#define MAX_PIECES_OF_TAG 3u

typedef struct {
  const GptVisMask *pieces[MAX_PIECES_OF_TAG];
  guint n;
  gint width;
} Tag;

static void
free_mask (gpointer mask)
{
  g_free (mask);
}

GptVisRegionPlate *
gptvis_region_plate_new (void)
{
  GptVisRegionPlate *self = g_new0 (GptVisRegionPlate, 1);

  gptvis_lettering_init (&self->lettering);
  self->pieces = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_mask);
  return self;
}

void
gptvis_region_plate_free (GptVisRegionPlate *self)
{
  if (!self)
    return;
  gptvis_lettering_clear (&self->lettering);
  g_hash_table_unref (self->pieces);
  g_free (self->look);
  g_free (self->known);
  g_free (self);
}

gboolean
gptvis_region_plate_lacks_font (const GptVisRegionPlate *self)
{
  return self->lettering.lacks_font;
}

gboolean
gptvis_region_plate_has_trails (const GptVisRegionPlate *self)
{
  for (guint i = 0; i < self->n_known; i++)
    if (self->known[i].n_steps > 1)
      return TRUE;
  return FALSE;
}

/* --- colors --- */

static guint
to_srgb (double linear)
{
  const double value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow (linear, 1 / 2.4) - 0.055;

  return CLAMP (lrint (255 * value), 0, 255);
}

/* Of the Oklab space (Björn Ottosson, 2020), in which equal lightness looks equally light; linear red,
 * green and blue. FALSE: there is no such color. */
static gboolean
from_oklch (double lightness, double chroma, double hue, double color[3])
{
  const double a = chroma * cos (hue), b = chroma * sin (hue);
  const double l = pow (lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
  const double m = pow (lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
  const double s = pow (lightness - 0.0894841775 * a - 1.2914855480 * b, 3);

  color[0] = 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s;
  color[1] = -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s;
  color[2] = -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s;
  for (guint i = 0; i < 3; i++)
    if (color[i] < 0 || color[i] > 1)
      return FALSE;
  return TRUE;
}

/* Each next hue is a golden section of the circle further, which keeps any few that follow each other
 * apart. */
guint32
gptvis_region_color (guint n)
{
  static const double lightness[] = { 0.80, 0.70, 0.90 };
  const double turns = n * 0.6180339887498949;
  double color[3], chroma = 0.18;

  while (!from_oklch (lightness[n % G_N_ELEMENTS (lightness)], chroma, 2 * G_PI * (turns - floor (turns)),
      color))
    chroma -= 0.02;             /* at last, grey, which there is */
  return 0xff000000 | to_srgb (color[0]) << 16 | to_srgb (color[1]) << 8 | to_srgb (color[2]);
}

static guint32
color_of (const GptVisRegion *region)
{
  if (region->id)
    return gptvis_region_color (region->id);
  return gptvis_region_color (region->n_labels ? g_str_hash (region->labels[0].text) % 997 : 0);
}

/* --- sizes --- */

static Sizes
sizes_for (const GptVisRegionStyle *style, const GptVisPlateFrame *frame, gboolean interlaced)
{
  const double squeeze = gptvis_plate_squeeze (frame);
  const double side = MIN (frame->area.w / squeeze, frame->area.h);
  Sizes sizes = { .squeeze = CLAMP (squeeze, 0.1, 10) };

  if (style->font_size)
    sizes.em = style->font_size;
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
draw_piece (GptVisRegionPlate *self, const GptVisRegionStyle *style, const Sizes *sizes, const gchar *text,
    gboolean bold)
{
  Letters letters = { gptvis_lettering_layout (self->lettering.pango, style->font, sizes->em, text, bold),
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
piece (GptVisRegionPlate *self, const GptVisRegionStyle *style, const Sizes *sizes, const gchar *text,
    gboolean bold)
{
  GptVisMask *mask;

  if (g_hash_table_lookup_extended (self->pieces, text, NULL, (gpointer *) &mask))
    return mask;
  mask = draw_piece (self, style, sizes, text, bold);
  g_hash_table_insert (self->pieces, g_strdup (text), mask);
  return mask;
}

/* Before the pieces of a frame are asked for: those that it has are of this look. FALSE: there is no font. */
static gboolean
prepare_pieces (GptVisRegionPlate *self, const GptVisRegionStyle *style, const Sizes *sizes)
{
  gchar *look = g_strdup_printf ("%g %g %s", sizes->em, sizes->squeeze, style->font);

  if (g_strcmp0 (look, self->look) != 0 || g_hash_table_size (self->pieces) > MAX_PIECES) {
    g_hash_table_remove_all (self->pieces);
    g_free (self->look);
    self->look = g_steal_pointer (&look);
    gptvis_lettering_open (&self->lettering, style->font);
  }
  g_free (look);
  return !self->lettering.lacks_font;
}

static void
add_piece (Tag *tag, const Sizes *sizes, const GptVisMask *mask)
{
  if (!mask)
    return;
  tag->width += mask->width + (tag->n ? sizes->gap : 2 * sizes->padding_x);
  tag->pieces[tag->n++] = mask;
}

/* Label, score and number, as far as they take no more than half of `room`: the score goes first, then the
 * number; a label alone may take it all. */
static Tag
make_tag (GptVisRegionPlate *self, const GptVisRegionStyle *style, const Sizes *sizes,
    const GptVisRegion *region,
    gint room)
{
  const GptVisLabel *label = region->n_labels ? &region->labels[0] : NULL;
  gchar number[16], score[16];
  Tag tag;

  g_snprintf (number, sizeof number, "#%u", region->id);
  g_snprintf (score, sizeof score, "%d%%", label && label->score > 0 ? (int) lrintf (MIN (label->score,
      1) * 100) : 0);
  for (guint left_out = 0; left_out < 3; left_out++) {
    tag = (Tag) { 0 };
    if (label)
      add_piece (&tag, sizes, piece (self, style, sizes, label->text, TRUE));
    if (label && style->scores && left_out < 1)
      add_piece (&tag, sizes, piece (self, style, sizes, score, FALSE));
    if (region->id && (left_out < 2 || !label))
      add_piece (&tag, sizes, piece (self, style, sizes, number, FALSE));
    if (tag.width <= room / 2)
      break;
  }
  tag.width = MIN (tag.width, room);
  return tag;
}

/* --- drawing --- */

static void
fill (GptVisCanvas *canvas, gint left, gint top, gint right, gint bottom, guint32 argb)
{
  gptvis_canvas_fill (canvas, (GstVideoRectangle) { left, top, right - left, bottom - top }, argb);
}

/* The four sides of a rectangle, inside it. */
static void
draw_ring (GptVisCanvas *canvas, GstVideoRectangle at, gint x, gint y, guint32 argb)
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

static GstVideoRectangle
grown (GstVideoRectangle at, gint x, gint y)
{
  return (GstVideoRectangle) { at.x - x, at.y - y, at.w + 2 * x, at.h + 2 * y };
}

static void
draw_box (GptVisCanvas *canvas, const Sizes *sizes, GstVideoRectangle at, guint32 color)
{
  if (sizes->halo) {
    draw_ring (canvas, grown (at, sizes->halo, sizes->halo), sizes->halo, sizes->halo, HALO);
    draw_ring (canvas, grown (at, -sizes->line_x, -sizes->line_y), sizes->halo, sizes->halo, HALO);
  }
  draw_ring (canvas, at, sizes->line_x, sizes->line_y, color);
}

static void
draw_tag (GptVisCanvas *canvas, const Sizes *sizes, const Tag *tag, GstVideoRectangle at, guint32 color)
{
  GptVisCanvas inside = *canvas;
  gint x = at.x + sizes->padding_x;

  if (sizes->halo)
    draw_ring (canvas, grown (at, sizes->halo, sizes->halo), sizes->halo, sizes->halo, HALO);
  gptvis_canvas_fill (canvas, at, color);
  inside.right = MIN (inside.right, at.x + at.w);
  for (guint i = 0; i < tag->n; i++) {
    const GptVisMask *mask = tag->pieces[i];
    /* Another script's font may be higher: pieces share the tag's middle. */
    gptvis_canvas_mask (&inside, mask, x, at.y + (at.h - mask->height) / 2, LETTERS);
    x += mask->width + sizes->gap;
  }
}

/* --- identities --- */

/* The one of that key, or a new one in place of the one that was not seen for longest. */
static Known *
know (GptVisRegionPlate *self, guint64 key, GstClockTime time)
{
  Known *oldest;

  if (!self->known)
    self->known = g_new0 (Known, MAX_KNOWN);
  oldest = self->known;
  for (guint i = 0; i < self->n_known; i++) {
    if (self->known[i].key == key)
      return &self->known[i];
    if (self->known[i].seen < oldest->seen)
      oldest = &self->known[i];
  }
  if (self->n_known < MAX_KNOWN)
    oldest = &self->known[self->n_known++];
  *oldest = (Known) { .key = key, .seen = time, .place = GPTVIS_NO_PLACE };
  return oldest;
}

/* Forgets who was not seen for so long that neither a trail nor a tag's place is of use. */
static void
forget (GptVisRegionPlate *self, GstClockTime time, GstClockTime trails)
{
  const GstClockTime keep = MAX (trails, GST_SECOND);

  if (time < self->time)
    self->n_known = 0;
  self->time = time;
  for (guint i = self->n_known; i-- > 0;)
    if (time - self->known[i].seen > keep)
      self->known[i] = self->known[--self->n_known];
}

/* --- trails --- */

static void
take_step (Known *known, const GptVisRegion *region, GstClockTime time, double aspect)
{
  const gfloat x = region->box[0] + region->box[2] / 2, y = region->box[1] + region->box[3];
  const guint last = (known->first_step + known->n_steps + MAX_STEPS - 1) % MAX_STEPS;

  if (known->n_steps > 0) {
    const double dx = (x - known->steps[last].x) * MAX (aspect, 1),
        dy = (y - known->steps[last].y) / MIN (aspect, 1);
    if (hypot (dx, dy) < STEP)
      return;
  }
  if (known->n_steps == MAX_STEPS)
    known->first_step = (known->first_step + 1) % MAX_STEPS;
  else
    known->n_steps++;
  const guint next = (known->first_step + known->n_steps - 1) % MAX_STEPS;
  known->steps[next].x = x;
  known->steps[next].y = y;
  known->steps[next].time = time;
}

static void
drop_old_steps (Known *known, GstClockTime time, GstClockTime trails)
{
  while (known->n_steps > 0 && time - known->steps[known->first_step].time > trails) {
    known->first_step = (known->first_step + 1) % MAX_STEPS;
    known->n_steps--;
  }
}

/* In shades: the older, the fainter. Each begins where the one before ends. */
static void
draw_trail (GptVisCanvas *canvas, const Sizes *sizes, const Known *known, const GstVideoRectangle *area)
{
  GptVisPoint points[MAX_STEPS];
  const double width = MAX (1.5, sizes->line_y);

  for (guint i = 0; i < known->n_steps; i++) {
    const guint k = (known->first_step + i) % MAX_STEPS;
    points[i] = (GptVisPoint) { area->x + known->steps[k].x * area->w,
        area->y + known->steps[k].y * area->h };
  }
  for (guint i = 0; i < SHADES; i++) {
    const guint from = i * (known->n_steps - 1) / SHADES, to = (i + 1) * (known->n_steps - 1) / SHADES;
    const guint32 alpha = 0xff * (i + 1) / SHADES;
    if (to == from)
      continue;
    if (sizes->halo)
      gptvis_canvas_path (canvas, &points[from], to - from + 1, FALSE, width + 2 * sizes->halo,
          (HALO >> 24) * (i + 1) / SHADES << 24);
    gptvis_canvas_path (canvas, &points[from], to - from + 1, FALSE, width,
        alpha << 24 | (known->color & 0xffffff));
  }
}

static void
draw_trails (GptVisRegionPlate *self, GptVisCanvas *canvas, const Sizes *sizes, const GstVideoRectangle *area,
    GstClockTime trails)
{
  for (guint i = 0; i < self->n_known; i++) {
    drop_old_steps (&self->known[i], self->time, trails);
    if (self->known[i].n_steps > 1)
      draw_trail (canvas, sizes, &self->known[i], area);
  }
}

/* --- a frame --- */

/* In frame pixels, inside the area; of a box that is nowhere (NaN), nothing. */
static GstVideoRectangle
place_box (const gfloat box[4], const GstVideoRectangle *area)
{
  if (!isfinite (box[0] + box[1] + box[2] + box[3]))
    return (GstVideoRectangle) { area->x, area->y, 0, 0 };
  const gfloat left = CLAMP (box[0], 0, 1), top = CLAMP (box[1], 0, 1);
  const gfloat right = CLAMP (box[0] + box[2], left, 1), bottom = CLAMP (box[1] + box[3], top, 1);
  const gint x = lrintf (left * area->w), y = lrintf (top * area->h);

  return (GstVideoRectangle) { area->x + x, area->y + y, lrintf (right * area->w) - x,
      lrintf (bottom * area->h) - y };
}

static void
draw_tags (GptVisRegionPlate *self, GptVisCanvas *canvas, const GptVisRegionStyle *style, const Sizes *sizes,
    const GptVisShownRegion *regions, guint n, Known **known, const guint32 *colors,
    const GstVideoRectangle *boxes,
    const GptVisPlateFrame *frame, const GstVideoRectangle *plates, guint n_plates)
{
  GstVideoRectangle taken[2 * GPTVIS_REGION_PLATE_MAX];
  GptVisTagRoom room = { boxes, n, taken, MIN (n_plates, GPTVIS_REGION_PLATE_MAX), G_N_ELEMENTS (taken) };
  const GstVideoRectangle area = grown (frame->area, -sizes->halo, -sizes->halo);

  memcpy (taken, plates, room.n_taken * sizeof *taken);
  for (guint i = 0; i < n; i++) {
    guint place = known[i] ? known[i]->place : GPTVIS_NO_PLACE;
    if (boxes[i].w == 0 || boxes[i].h == 0)
      continue;
    const Tag tag = make_tag (self, style, sizes, regions[i].region, area.w);
    gint height = 0;
    for (guint k = 0; k < tag.n; k++)
      height = MAX (height, tag.pieces[k]->height + 2 * sizes->padding_y);
    if (tag.n == 0 || height > area.h || tag.width < 2 * sizes->padding_x)
      continue;
    const GstVideoRectangle at = gptvis_tag_place (&room, &area, i, tag.width, height, &place);
    draw_tag (canvas, sizes, &tag, at, colors[i]);
    if (known[i])
      known[i]->place = place;
  }
}

void
gptvis_region_plate_draw (GptVisRegionPlate *self, GptVisCanvas *canvas, const GptVisRegionStyle *style,
    const GptVisShownRegion *regions, guint n, const GptVisPlateFrame *frame, const GstVideoRectangle *plates,
    guint n_plates, GstClockTime time)
{
  const GstClockTime trails = CLAMP (style->trails, 0, GPTVIS_MAX_TRAIL) * GST_SECOND;
  const gboolean interlaced = GST_VIDEO_INFO_IS_INTERLACED (&canvas->frame->info)
      && GST_VIDEO_INFO_INTERLACE_MODE (&canvas->frame->info) != GST_VIDEO_INTERLACE_MODE_ALTERNATE;
  const Sizes sizes = sizes_for (style, frame, interlaced);
  GstVideoRectangle boxes[GPTVIS_REGION_PLATE_MAX];
  Known *known[GPTVIS_REGION_PLATE_MAX] = { NULL };
  guint32 colors[GPTVIS_REGION_PLATE_MAX];

  n = MIN (n, GPTVIS_REGION_PLATE_MAX);
  forget (self, time, trails);
  for (guint i = 0; i < n; i++) {
    const GptVisRegion *region = regions[i].region;
    boxes[i] = place_box (region->box, &frame->area);
    colors[i] = color_of (region);
    if (!region->id || boxes[i].w == 0 || boxes[i].h == 0)
      continue;
    known[i] = know (self, (guint64) (regions[i].result + 1) << 32 | region->id, time);
    known[i]->seen = time;
    known[i]->color = colors[i];
    if (trails)
      take_step (known[i], region, time, frame->area.w / sizes.squeeze / frame->area.h);
  }
  draw_trails (self, canvas, &sizes, &frame->area, trails);
  for (guint i = 0; i < n; i++)
    if (boxes[i].w > 0 && boxes[i].h > 0)
      draw_box (canvas, &sizes, boxes[i], colors[i]);
  if (style->tags && n > 0 && prepare_pieces (self, style, &sizes))
    draw_tags (self, canvas, style, &sizes, regions, n, known, colors, boxes, frame, plates, n_plates);
}
