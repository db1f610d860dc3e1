/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Boxes, tags and trails of a frame's regions, and what is remembered of each identity. How a tag looks is
 * tag.c's, where it goes tagplaces.c's; zones are zoneplate.c's, and how a line gets onto the frame is
 * canvas.c's. */
#include "regionplate.h"
#include "tagplaces.h"
#include "zoneplate.h"
#include <math.h>
#include <string.h>

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
  GptVisTags *tags;             /* their letters */
  Known *known;                 /* MAX_KNOWN of them, once there is one */
  guint n_known;
  GstClockTime time;            /* of the last frame */
};

GptVisRegionPlate *
gptvis_region_plate_new (void)
{
  GptVisRegionPlate *self = g_new0 (GptVisRegionPlate, 1);

  self->tags = gptvis_tags_new ();
  return self;
}

void
gptvis_region_plate_free (GptVisRegionPlate *self)
{
  if (!self)
    return;
  gptvis_tags_free (self->tags);
  g_free (self->known);
  g_free (self);
}

gboolean
gptvis_region_plate_lacks_font (const GptVisRegionPlate *self)
{
  return gptvis_tags_lack_font (self->tags);
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

/* Label, score and number, as far as they take no more than half of `room`: the score goes first, then the
 * number; a label alone may take it all. */
static GptVisTag
make_tag (GptVisTags *tags, const GptVisRegionStyle *style, const GptVisRegion *region, gint room)
{
  const GptVisLabel *label = region->n_labels ? &region->labels[0] : NULL;
  gchar number[16], score[16];
  GptVisTag tag;

  g_snprintf (number, sizeof number, "#%u", region->id);
  g_snprintf (score, sizeof score, "%d%%", label && label->score > 0 ? (int) lrintf (MIN (label->score,
      1) * 100) : 0);
  for (guint left_out = 0; left_out < 3; left_out++) {
    tag = (GptVisTag) { 0 };
    if (label)
      gptvis_tag_add (tags, &tag, label->text, TRUE);
    if (label && style->scores && left_out < 1)
      gptvis_tag_add (tags, &tag, score, FALSE);
    if (region->id && (left_out < 2 || !label))
      gptvis_tag_add (tags, &tag, number, FALSE);
    if (tag.width <= room / 2)
      break;
  }
  tag.width = MIN (tag.width, room);
  return tag;
}

/* --- drawing --- */

static void
draw_box (GptVisCanvas *canvas, const GptVisTagSizes *sizes, GstVideoRectangle at, guint32 color)
{
  if (sizes->halo) {
    gptvis_ring_draw (canvas, gptvis_rectangle_grow (at, sizes->halo, sizes->halo), sizes->halo, sizes->halo,
        GPTVIS_TAG_HALO);
    gptvis_ring_draw (canvas, gptvis_rectangle_grow (at, -sizes->line_x, -sizes->line_y), sizes->halo,
        sizes->halo, GPTVIS_TAG_HALO);
  }
  gptvis_ring_draw (canvas, at, sizes->line_x, sizes->line_y, color);
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
draw_trail (GptVisCanvas *canvas, const GptVisTagSizes *sizes, const Known *known,
    const GstVideoRectangle *area)
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
          (GPTVIS_TAG_HALO >> 24) * (i + 1) / SHADES << 24);
    gptvis_canvas_path (canvas, &points[from], to - from + 1, FALSE, width,
        alpha << 24 | (known->color & 0xffffff));
  }
}

static void
draw_trails (GptVisRegionPlate *self, GptVisCanvas *canvas, const GptVisTagSizes *sizes,
    const GstVideoRectangle *area, GstClockTime trails)
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
draw_tags (GptVisRegionPlate *self, GptVisCanvas *canvas, const GptVisRegionStyle *style,
    const GptVisTagSizes *sizes, const GstVideoRectangle *area, const GptVisShownRegion *regions, guint n,
    Known **known, const guint32 *colors, GptVisTagRoom *room)
{
  for (guint i = 0; i < n; i++) {
    guint place = known[i] ? known[i]->place : GPTVIS_NO_PLACE;
    if (room->boxes[i].w == 0 || room->boxes[i].h == 0)
      continue;
    const GptVisTag tag = make_tag (self->tags, style, regions[i].region, area->w);
    if (tag.n == 0 || tag.height > area->h || tag.width < 2 * sizes->padding_x)
      continue;
    const GstVideoRectangle at = gptvis_tag_place (room, area, i, tag.width, tag.height, &place);
    gptvis_tag_draw (canvas, sizes, &tag, at, colors[i]);
    if (known[i])
      known[i]->place = place;
  }
}

void
gptvis_region_plate_draw (GptVisRegionPlate *self, GptVisCanvas *canvas, const GptVisRegionStyle *style,
    const GptVisShown *shown, const GptVisPlateFrame *frame, const GstVideoRectangle *plates, guint n_plates,
    GstClockTime time)
{
  const GstClockTime trails = CLAMP (style->trails, 0, GPTVIS_MAX_TRAIL) * GST_SECOND;
  const gboolean interlaced = GST_VIDEO_INFO_IS_INTERLACED (&canvas->frame->info)
      && GST_VIDEO_INFO_INTERLACE_MODE (&canvas->frame->info) != GST_VIDEO_INTERLACE_MODE_ALTERNATE;
  const GptVisTagSizes sizes = gptvis_tag_sizes (style->font_size, frame, interlaced);
  const GstVideoRectangle inner = gptvis_rectangle_grow (frame->area, -sizes.halo, -sizes.halo);
  const guint n = MIN (shown->n_regions, GPTVIS_REGION_PLATE_MAX);
  GstVideoRectangle boxes[GPTVIS_REGION_PLATE_MAX];
  Known *known[GPTVIS_REGION_PLATE_MAX] = { NULL };
  guint32 colors[GPTVIS_REGION_PLATE_MAX];

  forget (self, time, trails);
  for (guint i = 0; i < n; i++) {
    const GptVisRegion *region = shown->regions[i].region;
    boxes[i] = place_box (region->box, &frame->area);
    colors[i] = color_of (region);
    if (!region->id || boxes[i].w == 0 || boxes[i].h == 0)
      continue;
    known[i] = know (self, (guint64) (shown->regions[i].result + 1) << 32 | region->id, time);
    known[i]->seen = time;
    known[i]->color = colors[i];
    if (trails)
      take_step (known[i], region, time, frame->area.w / sizes.squeeze / frame->area.h);
  }
  gptvis_zone_plate_draw_lines (canvas, &sizes, &frame->area, shown->zones, shown->n_zones);
  draw_trails (self, canvas, &sizes, &frame->area, trails);
  for (guint i = 0; i < n; i++)
    if (boxes[i].w > 0 && boxes[i].h > 0)
      draw_box (canvas, &sizes, boxes[i], colors[i]);

  GstVideoRectangle taken[2 * GPTVIS_REGION_PLATE_MAX + GPTVIS_ZONE_PLATE_MAX];
  GptVisTagRoom room = { boxes, n, taken, MIN (n_plates, GPTVIS_REGION_PLATE_MAX), G_N_ELEMENTS (taken) };
  memcpy (taken, plates, room.n_taken * sizeof *taken);
  if (shown->n_zones + (style->tags ? n : 0) == 0
      || !gptvis_tags_prepare (self->tags, style->font, &sizes))
    return;
  gptvis_zone_plate_draw_tags (self->tags, canvas, &sizes, &inner, shown->zones, shown->n_zones, &room);
  if (style->tags)
    draw_tags (self, canvas, style, &sizes, &inner, shown->regions, n, known, colors, &room);
}
