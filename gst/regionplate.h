/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regions on a frame, and zones (zoneplate.h): a box around each region, with its label, score and number
 * on a small tag, and the way that it came:
 *
 *     ┌───────────────┐
 *     │person 87% #3  │
 *     ├───────────────┴──┐
 *     │                  │
 *     │                  │
 *     └──────────────────┘
 *
 * A region's color is that of its identity, or of its label if it has none, and stays with it; neighbours
 * in number differ in hue and in lightness, so that they can be told apart without seeing red and green.
 * Tags keep off each other and the plates and stay where they were as long as nothing is in the way.
 *
 * Only what is drawn is touched (canvas.h), and letters are laid out once, so that a frame costs a
 * fraction of a millisecond. Threads: one at a time. No font is opened before there is a tag. */
#pragma once
#include "zoneplate.h"

G_BEGIN_DECLS

#define GPTVIS_REGION_PLATE_MAX 128u    /* regions of a frame */
#define GPTVIS_MAX_TRAIL 60.0   /* seconds */

typedef struct {
  const gchar *font;            /* a Pango description; its size is ignored */
  guint font_size;              /* of all tags: an em in pixels; 0: to suit the frame */
  gboolean tags, scores;        /* regions' labels and numbers; the labels' scores too */
  gdouble trails;               /* seconds; 0: none */
} GptVisRegionStyle;

/* A region of one of the frame's results. */
typedef struct {
  const GptVisRegion *region;
  guint result;                 /* whose, from 0: their ids are apart */
} GptVisShownRegion;

/* What a frame's results have to show. */
typedef struct {
  const GptVisShownRegion *regions;
  const GptVisZoneInfo *const *zones;
  guint n_regions, n_zones;
} GptVisShown;

typedef struct _GptVisRegionPlate GptVisRegionPlate;

GptVisRegionPlate *gptvis_region_plate_new (void);
void gptvis_region_plate_free (GptVisRegionPlate *plate);       /* NULL is fine */

/* `plates`: what tags must not cover. `time`: the frame's, ns; when it goes back, the trails begin anew. */
void gptvis_region_plate_draw (GptVisRegionPlate *plate, GptVisCanvas *canvas, const GptVisRegionStyle *style,
    const GptVisShown *shown, const GptVisPlateFrame *frame, const GstVideoRectangle *plates, guint n_plates,
    GstClockTime time);

/* Is there a trail that has not faded yet? */
gboolean gptvis_region_plate_has_trails (const GptVisRegionPlate *plate);
/* Were there no letters on the last frame because no font was found? */
gboolean gptvis_region_plate_lacks_font (const GptVisRegionPlate *plate);

/* The color of identity, or label, number `n`: 0xffRRGGBB. */
guint32 gptvis_region_color (guint n);

G_END_DECLS
