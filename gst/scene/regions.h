/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What hangs together in this frame and what was there in the last: a region is told when it has been seen
 * in a few frames, two that pass before each other stay two, and parts of one stay one. It is no track:
 * nothing here outlives being unseen for more than a few frames. */
#pragma once
#include "blobs.h"

G_BEGIN_DECLS

#define GPTVIS_REGIONS_MOST 64u

typedef struct {
  float left, top, right, bottom;       /* cells, in this frame */
  float vx, vy;         /* cells a frame */
  guint seen, missed;   /* frames; the second in a row */
  guint asked;          /* frames that it must be seen before it is sure */
  guint cells;          /* that are unlike the background */
  float moved;          /* share of them that stirred in this frame */
  float still;          /* seconds since it stirred */
  float from[4];        /* left, top, right, bottom when it was first seen */
  float stirred;        /* the sum of all `moved` */
  gboolean travelled;   /* it has been elsewhere: it is a thing, not a patch of light */
  float firm;           /* how often it has a border, 0 … 1 */
  gboolean far;         /* all of it has gone further than it is large */
  guint needless;       /* frames that it shared a blob which another region nearly fills */
  guint together;       /* … that it went on with a larger one, of which it may be a part */
  guint cuts;           /* frames that its blob looked like several things */
} GptVisRegion;

typedef struct {
  GptVisRegion regions[GPTVIS_REGIONS_MOST];
  guint n;
  float vain;           /* how many left before they were sure, a frame: many in rain */
  guint8 *owners;       /* as GptVisCells' arrays: 1 + the region a cell is of, or 0 */
  guint8 *things;       /* … whether it was, in the frame before, of one that has travelled */
} GptVisRegions;

/* Has it shown that it is a thing? It has been seen in a few frames, and it came from elsewhere or, if it
 * is not small, stirs. A clock's digits and a cloud's edge do neither. */
gboolean gptvis_region_is_sure (const GptVisRegion *region);

void gptvis_regions_fit (GptVisRegions *regions, const GptVisCells *cells);
void gptvis_regions_clear (GptVisRegions *regions);

/* The next frame's blobs, `seconds` after the last. `stirred`: of each cell, how unlike the frame before. */
void gptvis_regions_follow (GptVisRegions *regions, const GptVisCells *cells, const GptVisBlobs *blobs,
    const float *evidence, const float *stirred, float seconds);

G_END_DECLS
