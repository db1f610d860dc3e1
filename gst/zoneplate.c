/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Outlines, arrows and tags of zones. How wide lines are and what a tag is is tag.c's. */
#include "zoneplate.h"
#include <math.h>

#define EMPTY 0xffffffffu       /* colors: of an area without anybody, and of a line … */
#define OCCUPIED 0xffffc83du    /* … and of an area with somebody */
#define MAX_POINTS 256u         /* of a zone */
#define ARROW 5.0               /* length of an arrow's strokes, in widths of the line */

static guint32
color_of (const GptVisZoneInfo *zone)
{
  return zone->inside > 0 ? OCCUPIED : EMPTY;
}

/* In frame pixels; how many. Zones that are nowhere (NaN) have no points. */
static guint
place_points (const GptVisZoneInfo *zone, const GstVideoRectangle *area, GptVisPoint points[MAX_POINTS])
{
  const guint n = zone->points ? MIN (zone->n_points / 2, MAX_POINTS) : 0;

  for (guint i = 0; i < n; i++) {
    const gfloat x = zone->points[2 * i], y = zone->points[2 * i + 1];
    if (!isfinite (x) || !isfinite (y))
      return 0;
    points[i] = (GptVisPoint) { area->x + CLAMP (x, 0, 1) * area->w, area->y + CLAMP (y, 0, 1) * area->h };
  }
  return n;
}

/* A path with a dark one below it. */
static void
draw_path (GptVisCanvas *canvas, const GptVisTagSizes *sizes, const GptVisPoint *points, guint n,
    gboolean closed, guint32 color)
{
  if (sizes->halo)
    gptvis_canvas_path (canvas, points, n, closed, sizes->line_y + 2 * sizes->halo, GPTVIS_TAG_HALO);
  gptvis_canvas_path (canvas, points, n, closed, sizes->line_y, color);
}

/* The two strokes at the end of a line, which say which way is along it. */
static void
draw_arrow (GptVisCanvas *canvas, const GptVisTagSizes *sizes, GptVisPoint from, GptVisPoint to,
    guint32 color)
{
  const double length = ARROW * sizes->line_y, dx = to.x - from.x, dy = to.y - from.y;
  const double way = hypot (dx, dy);

  if (way < length)
    return;
  const double x = dx / way * length, y = dy / way * length;
  const GptVisPoint strokes[3] = { { to.x - x - y / 2, to.y - y + x / 2 }, to,
    { to.x - x + y / 2, to.y - y - x / 2 } };
  draw_path (canvas, sizes, strokes, 3, FALSE, color);
}

void
gptvis_zone_plate_draw_lines (GptVisCanvas *canvas, const GptVisTagSizes *sizes,
    const GstVideoRectangle *area, const GptVisZoneInfo *const *zones, guint n)
{
  GptVisPoint points[MAX_POINTS];

  for (guint i = 0; i < n; i++) {
    const guint n_points = place_points (zones[i], area, points);
    const gboolean line = zones[i]->type == GPTVIS_ZONE_LINE;
    if (n_points < 2)
      continue;
    draw_path (canvas, sizes, points, n_points, !line, color_of (zones[i]));
    if (line)
      draw_arrow (canvas, sizes, points[n_points - 2], points[n_points - 1], color_of (zones[i]));
  }
}

/* --- tags --- */

/* Of an area, its highest corner; of a line, the middle of its middle part. */
static GptVisPoint
anchor (const GptVisZoneInfo *zone, const GptVisPoint *points, guint n)
{
  GptVisPoint best = points[0];

  if (zone->type == GPTVIS_ZONE_LINE) {
    const GptVisPoint *a = &points[(n - 1) / 2 - (n % 2 && n > 1 ? 1 : 0)], *b = a + 1;
    return n % 2 ? points[n / 2] : (GptVisPoint) { (a->x + b->x) / 2, (a->y + b->y) / 2 };
  }
  for (guint i = 1; i < n; i++)
    if (points[i].y < best.y || (points[i].y == best.y && points[i].x < best.x))
      best = points[i];
  return best;
}

static GptVisTag
make_tag (GptVisTags *tags, const GptVisZoneInfo *zone)
{
  gchar count[48];
  GptVisTag tag = { 0 };

  if (zone->type == GPTVIS_ZONE_LINE)
    g_snprintf (count, sizeof count, "←%" G_GUINT64_FORMAT " →%" G_GUINT64_FORMAT, zone->crossed_left,
        zone->crossed_right);
  else
    g_snprintf (count, sizeof count, "%u", zone->inside);
  gptvis_tag_add (tags, &tag, zone->name, TRUE);
  gptvis_tag_add (tags, &tag, count, FALSE);
  return tag;
}

static gboolean
overlap (const GstVideoRectangle *a, const GstVideoRectangle *b)
{
  return a->x < b->x + b->w && b->x < a->x + a->w && a->y < b->y + b->h && b->y < a->y + a->h;
}

/* Down from there, below all that is in the way; up to the picture's lower edge, where tags may meet. */
static GstVideoRectangle
place_tag (const GptVisTagRoom *room, const GstVideoRectangle *area, GstVideoRectangle at)
{
  at.x = CLAMP (at.x, area->x, area->x + area->w - at.w);
  at.y = MAX (at.y, area->y);
  for (guint i = 0; i < room->n_taken; i++) {
    if (!overlap (&at, &room->taken[i]))
      continue;
    at.y = room->taken[i].y + room->taken[i].h;
    i = -1;                     /* what was passed may be in the way now; it only ever goes down */
  }
  at.y = MIN (at.y, area->y + area->h - at.h);
  return at;
}

void
gptvis_zone_plate_draw_tags (GptVisTags *tags, GptVisCanvas *canvas, const GptVisTagSizes *sizes,
    const GstVideoRectangle *area, const GptVisZoneInfo *const *zones, guint n, GptVisTagRoom *room)
{
  GptVisPoint points[MAX_POINTS];

  for (guint i = 0; i < n; i++) {
    const guint n_points = place_points (zones[i], area, points);
    if (n_points < 2 || !zones[i]->name)
      continue;
    const GptVisTag tag = make_tag (tags, zones[i]);
    const GptVisPoint corner = anchor (zones[i], points, n_points);
    const gint width = MIN (tag.width, area->w);
    if (tag.n == 0 || tag.height > area->h)
      continue;
    const GstVideoRectangle at = place_tag (room, area, (GstVideoRectangle) { lrint (corner.x),
        lrint (corner.y), width, tag.height });
    gptvis_tag_draw (canvas, sizes, &tag, at, color_of (zones[i]));
    if (room->n_taken < room->max_taken)
      room->taken[room->n_taken++] = at;
  }
}
