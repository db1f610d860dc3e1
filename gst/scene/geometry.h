/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Points and the straight lines between them, for zones. Lengths are of the unit that the points are in;
 * what is left and right is meant as on a picture, whose y points down.
 *
 * Questions about ways are for points in general position: a point of the way is on no line, in no corner.
 * Who asks sees to that. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  gdouble x, y;
} GptVisPoint;

/* Whether a closed row of corners crosses or touches itself; of which sides, numbered by their first corner
 * from 0, is then said. Three corners at least, no two that follow each other the same. */
gboolean gptvis_polygon_meets_itself (const GptVisPoint *corners, guint n, guint *side, guint *other);

/* Whether the point is inside. */
gboolean gptvis_polygon_holds (const GptVisPoint *corners, guint n, GptVisPoint point);
/* How far away the next side is, with lengths in x multiplied by `aspect`. */
gdouble gptvis_polygon_distance (const GptVisPoint *corners, guint n, GptVisPoint point, gdouble aspect);
/* Whether the way leads over a side. */
gboolean gptvis_polygon_is_met (const GptVisPoint *corners, guint n, GptVisPoint from, GptVisPoint to);

/* How often the way leads over an open row of points to its right side, less how often to its left. */
gint gptvis_polyline_crossings (const GptVisPoint *points, guint n, GptVisPoint from, GptVisPoint to);
gdouble gptvis_polyline_distance (const GptVisPoint *points, guint n, GptVisPoint point, gdouble aspect);

G_END_DECLS
