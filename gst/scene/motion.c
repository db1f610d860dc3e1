/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One look at a frame: cells, what of them is unlike the background, which hang together, which were there
 * before; then the background learns. Here is decided what the cells are held for, and when all starts
 * anew. */
#include "motion.h"
#include "background.h"
#include "blobs.h"
#include "regions.h"
#include "layout.h"
#include <fenv.h>
#include <math.h>
#include <string.h>

/* Squared standard deviations. */
#define LOW 9.0f                /* of a region's cells */
#define FIRM 49.0f              /* … of one that stands out clearly */
#define HIGH 36.0f              /* of some of them */
#define SLIGHT 3.0f             /* cells across, or fewer: mostly a crumb of something else */
#define STILL 1.0f              /* seconds */
#define SETTLES ((float) (GPTVIS_MOTION_SETTLES * 1e-9))
#define SETTLES_UNMOVED 3.0f   /* … of what never was elsewhere */
#define GHOST_STAYS 0.3f        /* seconds that a cell has not stirred before it can be a ghost's */
#define GHOSTLY -0.35f          /* 1: the border is the frame's, −1: the background's */
#define TEXTURE 6.0f            /* steps between neighbours: a cell that shows whether the camera moved */
#define MOVES 0.5f              /* share of the parts that look otherwise: the camera moved */
#define MOVES_ON 0.25f          /* … and has not stopped */
#define CALM 1.0f               /* seconds that a picture must stay as it is after the camera moved */

struct _GptVisMotion {
  GptVisCells cells;
  GptVisBackground background;
  GptVisBlobs blobs, stays;     /* stays: of cells that do not stir, for ghosts */
  GptVisRegions regions;
  guint8 *kinds;
  float *resting;               /* 1: a cell that is odd and does not stir */
  guint64 time;
  float calm;                   /* seconds since the camera moved */
};

GptVisMotion *
gptvis_motion_new (void)
{
  return g_new0 (GptVisMotion, 1);
}

static void
clear (GptVisMotion *motion)
{
  gptvis_background_clear (&motion->background);
  gptvis_blobs_clear (&motion->blobs);
  gptvis_blobs_clear (&motion->stays);
  gptvis_regions_clear (&motion->regions);
  g_free (motion->kinds);
  g_free (motion->resting);
}

void
gptvis_motion_free (GptVisMotion *motion)
{
  clear (motion);
  gptvis_cells_clear (&motion->cells);
  g_free (motion);
}

void
gptvis_motion_reset (GptVisMotion *motion)
{
  motion->background.frames = 0;
}

static void
fit (GptVisMotion *motion)
{
  const GptVisCells *cells = &motion->cells;
  clear (motion);
  gptvis_background_fit (&motion->background, cells);
  gptvis_blobs_fit (&motion->blobs, cells);
  gptvis_blobs_fit (&motion->stays, cells);
  gptvis_regions_fit (&motion->regions, cells);
  motion->kinds = g_new0 (guint8, cells->n);
  motion->resting = g_new0 (float, cells->n);
}

static void
start (GptVisMotion *motion)
{
  gptvis_background_start (&motion->background, &motion->cells);
  memset (motion->kinds, 0, motion->cells.n);
  motion->regions.n = 0;
}

/* Which share of the picture's parts looks otherwise than the background where either has texture. The
 * noise is left out of it, since before a camera that moves all is noise. */
static float
find_change (const GptVisMotion *motion)
{
  enum { ACROSS = 6, DOWN = 6 };
  guint textured[ACROSS * DOWN] = { 0 }, broken[ACROSS * DOWN] = { 0 }, parts = 0, changed = 0;
  const GptVisCells *cells = &motion->cells;
  const gsize stride = cells->stride;
  const float *b = motion->background.y, *y = cells->y;
  for (guint row = 0; row < cells->height; row += 2)
    for (guint x = 0; x < cells->width; x += 2) {
      const gsize i = (row + 1) * stride + x + 1;
      const float bx = b[i + 1] - b[i - 1], by = b[i + stride] - b[i - stride];
      const float yx = y[i + 1] - y[i - 1], yy = y[i + stride] - y[i - stride];
      const float slope = MAX (fabsf (bx) + fabsf (by), fabsf (yx) + fabsf (yy));
      if (slope < TEXTURE)
        continue;
      const guint part = row * DOWN / cells->height * ACROSS + x * ACROSS / cells->width;
      textured[part]++;
      broken[part] += fabsf (yx - bx) + fabsf (yy - by) > 0.5f * slope;
    }
  const guint least = cells->width * cells->height / 4 / (ACROSS * DOWN) / 20 + 1;
  for (guint part = 0; part < ACROSS * DOWN; part++)
    if (textured[part] >= least) {
      parts++;
      changed += 2 * broken[part] > textured[part];
    }
  return parts ? (float) changed / parts : 0;
}

/* From a cell i to one outside, o: the step in the frame and that in the background, times the cell's
 * change. What came over the background made its step, so the frame's has the change in it (the sum comes
 * to the change's square); what went left a step in the background of the other sign. */
static void
add_steps (const float *now, const float *was, gsize i, gsize o, float *step, float *change)
{
  const float d = now[i] - was[i];
  *step += d * (now[i] - now[o] + was[i] - was[o]);
  *change += d * d;
}

/* A component of cells that do not stir is a ghost, what is left in the background of something that went,
 * when it is the background that has a border around it. */
static gboolean
is_ghost (const GptVisMotion *motion, guint which)
{
  const GptVisCells *cells = &motion->cells;
  const GptVisBackground *b = &motion->background;
  const GptVisBlob *blob = &motion->stays.blobs[which];
  const gssize steps[] = { -1, 1, -(gssize) cells->stride, cells->stride };
  float step = 0, change = 0;
  guint pairs = 0, sides = 0;
  for (guint y = blob->top; y < blob->bottom; y++)
    for (guint x = blob->left; x < blob->right; x++) {
      const gsize i = (gsize) (y + 1) * cells->stride + x + 1;
      if (motion->stays.labels[i] != which + 1)
        continue;
      const guint room[] = { x, cells->width - 1 - x, y, cells->height - 1 - y };
      for (guint k = 0; k < G_N_ELEMENTS (steps); k++) {
        if (room[k] == 0 || motion->stays.labels[i + steps[k]] == which + 1)
          continue;
        sides++;
        guint far = 2;
        while (far < 5 && far <= room[k] && (b->evidence[i + (gssize) far * steps[k]] > LOW
                || motion->resting[i + (gssize) far * steps[k]] != 0))
          far++;
        if (far == 5 || far > room[k])
          continue;
        const gsize o = i + (gssize) far * steps[k];
        add_steps (cells->y, b->y, i, o, &step, &change);
        add_steps (cells->u, b->u, i, o, &step, &change);
        add_steps (cells->v, b->v, i, o, &step, &change);
        pairs++;
      }
    }
  return pairs >= 4 && 3 * pairs >= sides && step < GHOSTLY * change;
}

static void
lay_ghosts (GptVisMotion *motion)
{
  const GptVisCells *cells = &motion->cells;
  const GptVisBackground *b = &motion->background;
  for (gsize i = 0; i < cells->n; i++)
    motion->resting[i] = b->stay[i] >= GHOST_STAYS;
  gptvis_blobs_find (&motion->stays, cells, motion->resting, 0.5f, 2, motion->resting, 0.5f);
  for (guint k = 0; k < motion->stays.n; k++) {
    const GptVisBlob *blob = &motion->stays.blobs[k];
    if (!is_ghost (motion, k))
      continue;
    for (guint y = blob->top; y < blob->bottom; y++)
      for (guint x = blob->left; x < blob->right; x++) {
        const gsize i = (gsize) (y + 1) * cells->stride + x + 1;
        if (motion->stays.labels[i] == k + 1)
          motion->kinds[i] = GPTVIS_CELL_SETTLED;
      }
  }
}

/* Between a region's outermost cells of a row all are the region's: also what of it looks like the
 * background, which would learn from it. */
static void
hold_row (GptVisMotion *motion, gsize first, guint width)
{
  const guint8 *owners = motion->regions.owners + first;
  gint last[GPTVIS_REGIONS_MOST + 1];
  memset (last, -1, sizeof last);
  for (guint x = 0; x < width; x++) {
    const guint owner = owners[x];
    if (!owner)
      continue;
    const GptVisRegion *r = &motion->regions.regions[owner - 1];
    if (!gptvis_region_is_sure (r))
      continue;
    const guint8 kind = r->still > (r->travelled && r->firm > 0.5f ? SETTLES : SETTLES_UNMOVED)
                            ? GPTVIS_CELL_SETTLED
                            : GPTVIS_CELL_OBJECT;
    const guint from = last[owner] < 0 ? (x > 0 ? x - 1 : x) : (guint) last[owner] + 1;
    memset (motion->kinds + first + from, kind, x + 1 - from);
    if (x + 1 < width && !owners[x + 1])
      motion->kinds[first + x + 1] = kind;
    last[owner] = x;
  }
}

/* What each cell is held for. */
static void
judge (GptVisMotion *motion, float seconds)
{
  const GptVisCells *cells = &motion->cells;
  const GptVisRegions *regions = &motion->regions;
  float *stay = motion->background.stay;
  for (guint row = 1; row <= cells->height; row++) {
    const gsize first = (gsize) row * cells->stride + 1;
    for (gsize i = first, end = i + cells->width; i < end; i++) {
      const gboolean odd = motion->background.evidence[i] > LOW || regions->owners[i];
      stay[i] = odd && motion->background.stirred[i] <= LOW ? stay[i] + seconds : 0;
      motion->kinds[i] = odd ? GPTVIS_CELL_ODD : GPTVIS_CELL_BACKGROUND;
    }
    hold_row (motion, first, cells->width);
  }
}

static guint
tell (const GptVisMotion *motion, GptVisMotionBox *boxes, guint max)
{
  const GptVisCells *cells = &motion->cells;
  const float across = (float) cells->side / cells->picture_width,
              down = (float) cells->side / cells->picture_height;
  guint n = 0;
  for (guint i = 0; i < motion->regions.n && n < max; i++) {
    const GptVisRegion *r = &motion->regions.regions[i];
    if (!gptvis_region_is_sure (r) || r->missed || MIN (r->right - r->left, r->bottom - r->top) <= SLIGHT)
      continue;
    const float left = CLAMP (r->left * across, 0, 1), top = CLAMP (r->top * down, 0, 1);
    const float right = CLAMP (r->right * across, 0, 1), bottom = CLAMP (r->bottom * down, 0, 1);
    boxes[n++] = (GptVisMotionBox) { { left, top, right - left, bottom - top }, r->moved, r->still >= STILL };
  }
  return n;
}

static guint
look (GptVisMotion *motion, const GptVisPicture *picture, guint64 time, GptVisMotionBox *boxes, guint max)
{
  GptVisCells *cells = &motion->cells;
  if (gptvis_cells_fit (cells, picture))
    fit (motion);
  gptvis_cells_read (cells, picture);
  const float seconds = time > motion->time ? CLAMP ((time - motion->time) * 1e-9f, 0.001f, 0.5f) : 0.04f;
  motion->time = time;
  if (motion->background.frames == 0) {
    start (motion);
    motion->calm = CALM;        /* it is believed to stand still until it moves */
    return 0;
  }
  gptvis_background_compare (&motion->background, cells, motion->kinds);
  const float change = find_change (motion);
  if (change > (motion->calm < CALM ? MOVES_ON : MOVES)) {
    start (motion);
    motion->calm = 0;
    return 0;
  }
  motion->calm += seconds;
  gptvis_blobs_find (&motion->blobs, cells, motion->background.evidence, LOW, FIRM,
      motion->background.proof, HIGH);
  gptvis_regions_follow (&motion->regions, cells, &motion->blobs, motion->background.evidence,
      motion->background.stirred, seconds);
  judge (motion, seconds);
  if (motion->background.frames % 3 == 0)
    lay_ghosts (motion);
  gptvis_background_learn (&motion->background, cells, motion->kinds, seconds);
  gptvis_background_reconsider (&motion->background, cells, seconds);
  return motion->calm < CALM ? 0 : tell (motion, boxes, max);
}

guint
gptvis_motion_look (
    GptVisMotion *motion, const GptVisPicture *picture, guint64 time_ns, GptVisMotionBox *boxes, guint max)
{
  if (!gptvis_picture_check (picture, NULL) || !gptvis_cells_suit (picture))
    return 0;
  /* code that ORC compiles leaves the thread flushing denormals to zero, and the thread is the caller's */
  fenv_t environment;
  fegetenv (&environment);
  const guint n = look (motion, picture, time_ns, boxes, max);
  fesetenv (&environment);
  return n;
}
