/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sides of lines, crossings of segments, distances: all by the sign and size of cross products in doubles. */
#include "geometry.h"
#include <math.h>

/* Over 0: c is to the right of somebody who goes from a to b, under 0: to the left, on a picture. */
static gdouble
turn (GptVisPoint a, GptVisPoint b, GptVisPoint c)
{
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

static gint
side_of (GptVisPoint a, GptVisPoint b, GptVisPoint c)
{
  const gdouble t = turn (a, b, c);
  return (t > 0) - (t < 0);
}

/* A point on the same straight line as the two is between them, or is one of them. */
static gboolean
is_between (GptVisPoint a, GptVisPoint b, GptVisPoint point)
{
  return point.x >= MIN (a.x, b.x) && point.x <= MAX (a.x, b.x) && point.y >= MIN (a.y, b.y)
      && point.y <= MAX (a.y, b.y);
}

/* Whether two closed segments have a point in common. */
static gboolean
meet (GptVisPoint a, GptVisPoint b, GptVisPoint c, GptVisPoint d)
{
  const gint abc = side_of (a, b, c), abd = side_of (a, b, d);
  const gint cda = side_of (c, d, a), cdb = side_of (c, d, b);

  return (abc * abd < 0 && cda * cdb < 0) || (abc == 0 && is_between (a, b, c))
      || (abd == 0 && is_between (a, b, d)) || (cda == 0 && is_between (c, d, a))
      || (cdb == 0 && is_between (c, d, b));
}

/* Whether the sides a-b and b-c lie on each other. */
static gboolean
turns_back (GptVisPoint a, GptVisPoint b, GptVisPoint c)
{
  return side_of (a, b, c) == 0 && (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y) < 0;
}

gboolean
gptvis_polygon_meets_itself (const GptVisPoint *corners, guint n, guint *side, guint *other)
{
  for (*side = 0; *side < n; ++*side) {
    const guint i = *side, end = (i + 1) % n;
    *other = end;
    if (turns_back (corners[i], corners[end], corners[(i + 2) % n]))
      return TRUE;
    for (*other = i + 2; *other < n; ++*other)
      if ((*other + 1) % n != i
          && meet (corners[i], corners[end], corners[*other], corners[(*other + 1) % n]))
        return TRUE;
  }
  return FALSE;
}

gboolean
gptvis_polygon_holds (const GptVisPoint *corners, guint n, GptVisPoint point)
{
  gboolean inside = FALSE;

  for (guint i = 0; i < n; i++) {
    const GptVisPoint a = corners[i], b = corners[(i + 1) % n];
    if ((a.y > point.y) != (b.y > point.y) && point.x < a.x + (point.y - a.y) / (b.y - a.y) * (b.x - a.x))
      inside = !inside;
  }
  return inside;
}

static gdouble
distance (GptVisPoint a, GptVisPoint b, GptVisPoint point, gdouble aspect)
{
  const gdouble x = (b.x - a.x) * aspect, y = b.y - a.y, px = (point.x - a.x) * aspect, py = point.y - a.y;
  const gdouble length = x * x + y * y;
  const gdouble along = length > 0 ? CLAMP ((x * px + y * py) / length, 0, 1) : 0;

  return hypot (px - along * x, py - along * y);
}

gdouble
gptvis_polyline_distance (const GptVisPoint *points, guint n, GptVisPoint point, gdouble aspect)
{
  gdouble least = G_MAXDOUBLE;

  for (guint i = 0; i + 1 < n; i++)
    least = MIN (least, distance (points[i], points[i + 1], point, aspect));
  return least;
}

gdouble
gptvis_polygon_distance (const GptVisPoint *corners, guint n, GptVisPoint point, gdouble aspect)
{
  return MIN (gptvis_polyline_distance (corners, n, point, aspect),
      distance (corners[n - 1], corners[0], point, aspect));
}

/* Over the segment a-b to its right: 1, to its left: -1. */
static gint
crossing (GptVisPoint a, GptVisPoint b, GptVisPoint from, GptVisPoint to)
{
  const gboolean before = turn (a, b, from) > 0, after = turn (a, b, to) > 0;

  if (before == after || (turn (from, to, a) > 0) == (turn (from, to, b) > 0))
    return 0;
  return after ? 1 : -1;
}

gboolean
gptvis_polygon_is_met (const GptVisPoint *corners, guint n, GptVisPoint from, GptVisPoint to)
{
  for (guint i = 0; i < n; i++)
    if (crossing (corners[i], corners[(i + 1) % n], from, to) != 0)
      return TRUE;
  return FALSE;
}

gint
gptvis_polyline_crossings (const GptVisPoint *points, guint n, GptVisPoint from, GptVisPoint to)
{
  gint sum = 0;

  for (guint i = 0; i + 1 < n; i++)
    sum += crossing (points[i], points[i + 1], from, to);
  return sum;
}
