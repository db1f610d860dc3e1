/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regions from frame to frame. Each is looked for where it would be if it went on as before. A blob that
 * several regions lie in is shared among them, cell by cell, by which of them is nearest in units of its
 * size; a blob that no region lies in is cut where its outline says that it is several upright things side
 * by side, and begins new ones. */
#include "regions.h"
#include <math.h>
#include <string.h>

#define STIRS 12.0f             /* squared standard deviations between two frames */
#define STIRRED 0.03f           /* share of a region's cells: that much is no noise */
#define SURE 200.0f             /* evidence of a cell that counts as any more would */
#define TAIL_ACROSS 0.08f /* of the most of a column, or row: what is less at an end is not of the thing */
#define TAIL_DOWN 0.05f
#define VALLEY 0.75f /* of two things side by side: the outline's height between, over that of the lower */
#define CUTS 4u                 /* frames that a region must look like several before it is */
#define NEEDLESS 3u
#define TOGETHER 4u             /* frames that it goes on with one above or below it to be a part of that */
#define ABOVE 0.5f              /* share of the narrower's width that both have */
#define SAME_SPEED 0.2f         /* … and of the speed, how much theirs may differ; and cells a frame */
#define SLOW 0.2f               /* cells a frame: what is no faster may stand */
#define CRUMB 0.2f              /* of the largest in a blob: what is smaller is a part of it */
#define SEEN 3u                 /* frames before a region is sure */
#define SEEN_IN_RAIN 7u         /* … while much comes and goes: drops meet by chance */
#define RAIN 1.0f               /* regions a frame that leave before they are sure: that is rain, or snow */
#define FORGETS 0.05f           /* of how many they are, a frame */
#define FAINT_STILL 0.5f        /* seconds: what has no border and does not go on is no thing */
#define FAINT_MOVES 0.1f        /* cells a frame */
#define SMALL 30u               /* cells */
#define STIRRED_ENOUGH 1.5f
#define STIRRED_MUCH 2.0f       /* frames in which all of it stirred */
#define TRAVELS 0.5f            /* of its size */
#define MISSES 3u               /* frames that a region may be unseen */

void
gptvis_regions_clear (GptVisRegions *regions)
{
  g_free (regions->owners);
  memset (regions, 0, sizeof *regions);
}

void
gptvis_regions_fit (GptVisRegions *regions, const GptVisCells *cells)
{
  gptvis_regions_clear (regions);
  regions->owners = g_new0 (guint8, 2 * cells->n);
  regions->things = regions->owners + cells->n;
}

gboolean
gptvis_region_is_sure (const GptVisRegion *region)
{
  if (region->seen < region->asked)
    return FALSE;
  if (region->firm <= 0.5f)
    return region->far && region->still < FAINT_STILL
           && fabsf (region->vx) + fabsf (region->vy) > FAINT_MOVES;
  return region->travelled || (region->stirred >= STIRRED_ENOUGH && region->cells >= SMALL);
}

/* How many cells a region's and a blob's rectangle share; 0 when neither is largely in the other. */
static float
common (const GptVisRegion *region, const GptVisBlob *blob)
{
  const float across = MIN (region->right, blob->right) - MAX (region->left, blob->left);
  const float down = MIN (region->bottom, blob->bottom) - MAX (region->top, blob->top);
  const float a = (region->right - region->left) * (region->bottom - region->top);
  const float b = (float) (blob->right - blob->left) * (blob->bottom - blob->top);
  return across > 0 && down > 0 && across * down > 0.4f * MIN (a, b) ? across * down : 0;
}

/* One part of a blob: what cells fell to it. */
typedef struct {
  gint region;                  /* -1: a new one */
  gint from, end;               /* of a new one: columns */
  guint cells, stirred, things;
  gint left, top, right, bottom;
  float columns[GPTVIS_CELLS_MOST], rows[GPTVIS_CELLS_MOST];    /* their evidence, each limited */
} Part;

enum { PARTS = 12 };

static void
part_begin (Part *part)
{
  part->cells = part->stirred = part->things = 0;
  part->left = part->top = G_MAXINT;
  part->right = part->bottom = 0;
  memset (part->columns, 0, sizeof part->columns);
  memset (part->rows, 0, sizeof part->rows);
}

static void
part_add (Part *part, gint x, gint y, float evidence)
{
  part->cells++;
  part->left = MIN (part->left, x);
  part->right = MAX (part->right, x + 1);
  part->top = MIN (part->top, y);
  part->bottom = MAX (part->bottom, y + 1);
  part->columns[x] += MIN (evidence, SURE);
  part->rows[y] += MIN (evidence, SURE);
}

/* Moves the ends of [*first, *end) past what has little evidence against the middle: an edge that
 * glitters, a patch of light at its side. */
static void
trim (const float *evidence, float share, gint *first, gint *end)
{
  float most = 0;
  for (gint i = *first; i < *end; i++)
    most = MAX (most, evidence[i]);
  while (evidence[*first] < share * most)
    ++*first;
  while (evidence[*end - 1] < share * most)
    --*end;
}

/* How far a cell is from a region's middle, in units of its size. */
static float
distance (const GptVisRegion *region, gint x, gint y)
{
  const float dx = (2 * x + 1 - region->left - region->right) / (region->right - region->left);
  const float dy = (2 * y + 1 - region->top - region->bottom) / (region->bottom - region->top);
  return MAX (fabsf (dx), fabsf (dy));
}

/* Deals out the blob's cells to its parts; owners are 64 + the part until it is known which region that
 * is. */
static void
deal_out (GptVisRegions *regions, const GptVisCells *cells, const GptVisBlobs *blobs, guint which,
    const float *evidence, const float *stirred, Part *parts, guint n)
{
  const GptVisBlob *blob = &blobs->blobs[which];
  for (guint k = 0; k < n; k++)
    part_begin (&parts[k]);
  for (guint y = blob->top; y < blob->bottom; y++)
    for (guint x = blob->left; x < blob->right; x++) {
      const gsize i = (gsize) (y + 1) * cells->stride + x + 1;
      if (blobs->labels[i] != which + 1)
        continue;
      guint best = 0;
      float nearest = G_MAXFLOAT;
      for (guint k = 0; n > 1 && k < n; k++) {
        if (parts[k].region < 0) {
          if ((gint) x >= parts[k].from && (gint) x < parts[k].end)
            best = k;
          continue;
        }
        const float d = distance (&regions->regions[parts[k].region], x, y);
        if (d < nearest) {
          nearest = d;
          best = k;
        }
      }
      part_add (&parts[best], x, y, evidence[i]);
      regions->owners[i] = 64 + best;
    }
  for (guint k = 0; k < n; k++)
    if (parts[k].cells) {
      trim (parts[k].columns, TAIL_ACROSS, &parts[k].left, &parts[k].right);
      trim (parts[k].rows, TAIL_DOWN, &parts[k].top, &parts[k].bottom);
      parts[k].cells = 0;
    }
  for (guint y = blob->top; y < blob->bottom; y++)
    for (guint x = blob->left; x < blob->right; x++) {
      const gsize i = (gsize) (y + 1) * cells->stride + x + 1;
      if (blobs->labels[i] != which + 1)
        continue;
      Part *part = &parts[regions->owners[i] - 64];
      if ((gint) x < part->left || (gint) x >= part->right || (gint) y < part->top
          || (gint) y >= part->bottom) {
        regions->owners[i] = 0;
        continue;
      }
      part->cells++;
      part->stirred += stirred[i] > STIRS;
      part->things += regions->things[i];
    }
}

/* Where to cut a blob that is several upright things: at the column that has fewest cells, if there are
 * clearly more on both sides, and both sides are taller than they are wide. 0: nowhere. */
static gint
find_cut (const GptVisCells *cells, const GptVisBlobs *blobs, guint which, gint from, gint end)
{
  const GptVisBlob *blob = &blobs->blobs[which];
  guint count[GPTVIS_CELLS_MOST + 2] = { 0 }, before[GPTVIS_CELLS_MOST + 2], after = 0;
  gint cut = 0;
  float best = VALLEY;
  if (end - from < 6)
    return 0;
  for (guint y = blob->top; y < blob->bottom; y++)
    for (gint x = from; x < end; x++)
      count[x] += blobs->labels[(gsize) (y + 1) * cells->stride + x + 1] == which + 1;
  guint most = 0;
  for (gint x = from; x < end; x++)
    before[x] = most = MAX (most, count[x]);
  for (gint x = end - 1; x > from + 2; after = MAX (after, count[x]), x--) {
    if (end - x < 3)
      continue;
    const guint side = MIN (before[x - 1], after);
    const float share = side ? (float) count[x] / side : 1;
    if (share < best && 5 * before[x - 1] >= 6 * (guint) (x - from) && 5 * after >= 6 * (guint) (end - x)) {
      best = share;
      cut = x;
    }
  }
  return cut;
}

static guint
cut_up (const GptVisCells *cells, const GptVisBlobs *blobs, guint which, gint from, gint end, Part *parts,
    guint n)
{
  const gint cut = n + 2 <= PARTS ? find_cut (cells, blobs, which, from, end) : 0;
  if (cut) {
    n = cut_up (cells, blobs, which, from, cut, parts, n);
    if (n < PARTS)
      return cut_up (cells, blobs, which, cut, end, parts, n);
  }
  if (n < PARTS)
    parts[n++] = (Part) { .region = -1, .from = from, .end = end };
  return n;
}

/* How far both of its ends have gone the same way. */
static float
has_gone (float first, float end, float from_first, float from_end)
{
  const float a = first - from_first, b = end - from_end;
  return a * b > 0 ? MIN (fabsf (a), fabsf (b)) : 0;
}

/* Did it come from elsewhere? Both ends of it went the same way; or, as when it comes in at the picture's
 * border, one of them went far, and all of it stirred meanwhile, which a patch of light does not. */
static gboolean
has_travelled (const GptVisRegion *region, float first, float end, float from_first, float from_end)
{
  const float a = first - from_first, b = end - from_end, far = TRAVELS * (end - first);
  if (has_gone (first, end, from_first, from_end) > far)
    return TRUE;
  return region->stirred > STIRRED_MUCH && MAX (fabsf (a), fabsf (b)) > far;
}

/* A region has what the part found, shared with others or not. */
static void
update (GptVisRegion *region, const Part *part, gboolean firm, gboolean shared, float seconds)
{
  const GptVisRegion old = *region;
  float left = part->left, right = part->right, top = part->top, bottom = part->bottom;
  if (shared) {
    /* what hides a part of it, or sticks to it, does not change its size at once */
    const float x = 1 + 0.1f * (old.right - old.left), y = 1 + 0.1f * (old.bottom - old.top);
    left = CLAMP (left, old.left - x, old.left + x);
    right = CLAMP (right, old.right - x, old.right + x);
    top = CLAMP (top, old.top - y, old.top + y);
    bottom = CLAMP (bottom, old.bottom - y, old.bottom + y);
  }
  if (right - left < 1 || bottom - top < 1)
    return;
  const float dx = (left + right - old.left - old.right) * 0.5f,
              dy = (top + bottom - old.top - old.bottom) * 0.5f;
  const float rate = shared ? 0.1f : 0.3f;
  region->vx += rate * dx;      /* it has been moved by its speed already */
  region->vy += rate * dy;
  region->left = left;
  region->right = right;
  region->top = top;
  region->bottom = bottom;
  region->cells = part->cells;
  region->moved = (float) part->stirred / part->cells;
  region->still
      = part->stirred > 1 && region->moved > STIRRED ? region->still * 0.5f : region->still + seconds;
  region->stirred += firm ? region->moved : 0;
  region->travelled |= has_travelled (region, left, right, region->from[0], region->from[2])
      || has_travelled (region, top, bottom, region->from[1], region->from[3]);
  region->far |= has_gone (left, right, region->from[0], region->from[2]) > right - left
      || has_gone (top, bottom, region->from[1], region->from[3]) > bottom - top;
  region->firm += 0.2f * (firm - region->firm);
  region->missed = 0;
  region->seen++;
}

static gint
add (GptVisRegions *regions, const Part *part, gboolean firm, guint seen)
{
  if (regions->n == GPTVIS_REGIONS_MOST)
    return -1;
  regions->regions[regions->n] = (GptVisRegion) { .left = part->left,
    .top = part->top,
    .right = part->right,
    .bottom = part->bottom,
    .seen = firm && 3 * part->things > part->cells ? MAX (seen, SEEN_IN_RAIN) : seen,
    .from = { part->left, part->top, part->right, part->bottom },
    .firm = firm,
    .asked = regions->vain > RAIN ? SEEN_IN_RAIN : SEEN,
    .travelled = firm && 3 * part->things > part->cells,
    .cells = part->cells,
    .moved = (float) part->stirred / part->cells };
  return regions->n++;
}

/* Whether a region that has a blob for itself is several: then its parts are in `parts`, the largest its
 * own. */
static guint
cut_region (
    GptVisRegions *regions, const GptVisCells *cells, const GptVisBlobs *blobs, guint which, Part *parts)
{
  const GptVisBlob *blob = &blobs->blobs[which];
  const gint of = parts[0].region;
  GptVisRegion *region = &regions->regions[of];
  Part cut[PARTS];
  const guint n = cut_up (cells, blobs, which, blob->left, blob->right, cut, 0);
  guint widest = 0;
  region->cuts = n > 1 ? region->cuts + 1 : region->cuts / 2;
  if (region->cuts < CUTS)
    return 1;
  memcpy (parts, cut, n * sizeof *parts);
  for (guint k = 1; k < n; k++)
    if (parts[k].end - parts[k].from > parts[widest].end - parts[widest].from)
      widest = k;
  region->cuts = 0;
  region->left = parts[widest].from;
  region->right = parts[widest].end;
  return n;
}

static void
follow_blob (GptVisRegions *regions, const GptVisCells *cells, const GptVisBlobs *blobs, guint which,
    Part *parts, guint n, const float *evidence, const float *stirred, float seconds)
{
  const GptVisBlob *blob = &blobs->blobs[which];
  gint owner[PARTS], heir = -1;
  if (n == 1) {
    const gint region = parts[0].region;
    n = cut_region (regions, cells, blobs, which, parts);
    heir = n > 1 ? region : -1;
  } else if (n == 0)
    n = cut_up (cells, blobs, which, blob->left, blob->right, parts, 0);
  deal_out (regions, cells, blobs, which, evidence, stirred, parts, n);
  for (guint k = 0; k < n; k++) {
    owner[k] = parts[k].region;
    if (parts[k].cells == 0)
      continue;
    if (heir >= 0 && parts[k].from == (gint) regions->regions[heir].left && regions->regions[heir].missed)
      owner[k] = heir;
    if (owner[k] >= 0)
      update (&regions->regions[owner[k]], &parts[k], blob->firm, n > 1 && heir < 0, seconds);
    else
      owner[k] = add (regions, &parts[k], blob->firm, heir >= 0 ? regions->regions[heir].seen : 1);
  }
  for (guint y = blob->top; y < blob->bottom; y++)
    for (guint x = blob->left; x < blob->right; x++) {
      const gsize i = (gsize) (y + 1) * cells->stride + x + 1;
      if (blobs->labels[i] == which + 1 && regions->owners[i])
        regions->owners[i] = owner[regions->owners[i] - 64] + 1;
    }
}

/* A blob by itself that lies where a region was expected is a part of it that hangs together with nothing. */
static gboolean
take_in (GptVisRegions *regions, const GptVisCells *cells, const GptVisBlobs *blobs, guint which,
    const GptVisRegion *expected, guint n_expected)
{
  const GptVisBlob *blob = &blobs->blobs[which];
  const float area = (float) (blob->right - blob->left) * (blob->bottom - blob->top);
  for (guint k = 0; k < n_expected; k++) {
    const GptVisRegion *e = &expected[k];
    GptVisRegion *r = &regions->regions[k];
    const float across = MIN (e->right, blob->right) - MAX (e->left, blob->left);
    const float down = MIN (e->bottom, blob->bottom) - MAX (e->top, blob->top);
    if (r->missed || across <= 0 || down <= 0 || across * down < 0.6f * area || 3 * blob->cells > r->cells)
      continue;
    r->left = MIN (r->left, MAX (blob->left, e->left - 1));
    r->top = MIN (r->top, MAX (blob->top, e->top - 1));
    r->right = MAX (r->right, MIN (blob->right, e->right + 1));
    r->bottom = MAX (r->bottom, MIN (blob->bottom, e->bottom + 1));
    r->cells += blob->cells;
    for (guint y = blob->top; y < blob->bottom; y++)
      for (guint x = blob->left; x < blob->right; x++) {
        const gsize i = (gsize) (y + 1) * cells->stride + x + 1;
        if (blobs->labels[i] == which + 1)
          regions->owners[i] = k + 1;
      }
    return TRUE;
  }
  return FALSE;
}

/* Two of one blob that lie above each other and go the same way at the same speed. */
static gboolean
go_together (const GptVisRegion *a, const GptVisRegion *b)
{
  const float speed = fabsf (b->vx) + fabsf (b->vy);
  const float across = MIN (a->right, b->right) - MAX (a->left, b->left);
  return across >= ABOVE * MIN (a->right - a->left, b->right - b->left) && speed > SLOW
         && fabsf (a->vx - b->vx) + fabsf (a->vy - b->vy) <= SAME_SPEED * speed + 0.1f;
}

/* Regions that have been unseen too long leave, and those that others have grown over. */
static void
drop_lost (GptVisRegions *regions)
{
  guint to = 0, vain = 0;
  for (guint i = 0; i < regions->n; i++) {
    GptVisRegion *r = &regions->regions[i];
    if (r->missed > (r->seen < r->asked ? 0 : MISSES) || r->needless > NEEDLESS) {
      vain += r->seen < SEEN;
      continue;
    }
    regions->regions[to++] = *r;
  }
  regions->n = to;
  regions->vain += FORGETS * (vain - regions->vain);
}

void
gptvis_regions_follow (GptVisRegions *regions, const GptVisCells *cells, const GptVisBlobs *blobs,
    const float *evidence, const float *stirred, float seconds)
{
  gint of_blob[GPTVIS_REGIONS_MOST];
  guint n_of[GPTVIS_BLOBS_MOST] = { 0 };        /* regions that lie in it */
  GptVisRegion expected[GPTVIS_REGIONS_MOST];
  drop_lost (regions);
  memset (regions->owners, 0, cells->n);
  for (guint i = 0; i < regions->n; i++) {
    GptVisRegion *r = &regions->regions[i];
    float best = 0;
    r->asked = regions->vain > RAIN ? SEEN_IN_RAIN : SEEN;
    r->left += r->vx;
    r->right += r->vx;
    r->top += r->vy;
    r->bottom += r->vy;
    r->missed++;
    of_blob[i] = -1;
    for (guint b = 0; b < blobs->n; b++) {
      const float share = common (r, &blobs->blobs[b]);
      if (share > best) {
        best = share;
        of_blob[i] = b;
      }
    }
    if (of_blob[i] >= 0)
      n_of[of_blob[i]]++;
    expected[i] = *r;
  }
  const guint n_expected = regions->n;
  for (guint pass = 0; pass < 2; pass++)
  for (guint b = 0; b < blobs->n; b++) {
    Part parts[PARTS];
    guint n = 0;
    const GptVisBlob *blob = &blobs->blobs[b];
    const float blob_width = blob->right - blob->left, blob_height = blob->bottom - blob->top;
    gboolean covered = FALSE;
    gint largest = -1;
    for (gint i = 0; i < (gint) n_expected && n < PARTS; i++)
      if (of_blob[i] == (gint) b && (!blob->firm || regions->regions[i].firm > 0.5f || n_of[b] == 1)) {
        const GptVisRegion *r = &regions->regions[i];
        if (1.25f * (r->right - r->left) >= blob_width && 1.25f * (r->bottom - r->top) >= blob_height)
          covered = TRUE;
        if (largest < 0 || regions->regions[largest].cells < r->cells)
          largest = i;
        parts[n++] = (Part) { .region = i };
      }
    for (guint k = 0; k < n; k++) {
      GptVisRegion *r = &regions->regions[parts[k].region];
      const GptVisRegion *most = &regions->regions[largest];
      const gboolean crumb = r->cells < CRUMB * most->cells;
      r->together = r != most && go_together (r, most) ? r->together + 1 : r->together / 2;
      r->needless = r != most && (covered || crumb || r->together >= TOGETHER) ? r->needless + 1 : 0;
    }
    if ((pass == 0) == (n > 0) && (n > 0 || !take_in (regions, cells, blobs, b, expected, n_expected)))
      follow_blob (regions, cells, blobs, b, parts, n, evidence, stirred, seconds);
  }
  for (gsize i = 0; i < cells->n; i++)
    regions->things[i] = regions->owners[i] && regions->regions[regions->owners[i] - 1].travelled;
}
