/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Zones on a frame: the outline of each area, and each line with an arrow at its end, with a tag that says
 * the name and how many are inside, or how many came to the line's left and right side:
 *
 *      ┌──────┐
 *      │yard 2│                       ┌────────┐
 *      ├──────┴─────────┐      ───────┤door ←3 →1├──────▶
 *      └────────────────┘             └────────┘
 *
 * An area is white while nobody is in it, and amber while somebody is. Threads: one at a time. */
#pragma once
#include "result.h"
#include "tag.h"
#include "tagplaces.h"

G_BEGIN_DECLS

#define GPTVIS_ZONE_PLATE_MAX 64u       /* zones of a frame */

/* Below all else. `area`: the shown part of the frame, which the zones' points are fractions of. */
void gptvis_zone_plate_draw_lines (GptVisCanvas *canvas, const GptVisTagSizes *sizes,
    const GstVideoRectangle *area, const GptVisZoneInfo *const *zones, guint n);
/* Above the boxes, off what is taken, which the zones' tags then belong to. `tags` are prepared. */
void gptvis_zone_plate_draw_tags (GptVisTags *tags, GptVisCanvas *canvas, const GptVisTagSizes *sizes,
    const GstVideoRectangle *area, const GptVisZoneInfo *const *zones, guint n, GptVisTagRoom *room);

G_END_DECLS
