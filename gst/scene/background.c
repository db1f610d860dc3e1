/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The background's model. A cell is told by three things, each in units of its own noise: its luma, its
 * chroma, and how it differs from its neighbours. Light that falls on a surface otherwise than before (a
 * shadow, a cloud's edge, a lamp) changes the first alone, so that is weak evidence as long as the other
 * two agree; an object's border, texture or colour is strong.
 *
 * All that is done to every cell is plain arithmetic on rows without branches, which compilers make
 * vectors of. */
#include "background.h"
#include <math.h>
#include <string.h>

#define LEAST_NOISE 0.7f /* of luma, in steps of 8 bits: what a codec leaves out and brings back later */
#define LEAST_CHROMA 0.8f
#define FIRST_NOISE 2.0f        /* before anything is known */
#define LEARNS 4.0f             /* seconds: of a background that drifts */
#define LEARNS_NOISE 8.0f
#define LEARNS_ODD_NOISE 30.0f  /* slowly, or where many pass all would be noise */
#define LEARNS_ODD 8.0f         /* of what is unlike it, but of no object */
#define SHADE 0.16f             /* how much luma alone tells where texture and colour agree, squared */
#define DARKEST 0.4f            /* of the light that was: more is no shadow */
#define BRIGHTEST 1.8f
#define SHAKE 0.6f              /* pixels that a camera may have moved unnoticed */

enum { ARRAYS = 12 };

void
gptvis_background_clear (GptVisBackground *background)
{
  g_free (background->y);
  memset (background, 0, sizeof *background);
}

void
gptvis_background_fit (GptVisBackground *background, const GptVisCells *cells)
{
  gptvis_background_clear (background);
  float **arrays[ARRAYS] = { &background->y, &background->u, &background->v, &background->noise,
    &background->chroma_noise, &background->evidence, &background->proof, &background->stirred,
    &background->last_y, &background->last_u, &background->last_v, &background->stay };
  background->n = cells->n;
  float *memory = g_new0 (float, ARRAYS * cells->n);
  for (guint i = 0; i < ARRAYS; i++)
    *arrays[i] = memory + i * cells->n;
}

static void
keep_frame (GptVisBackground *background, const GptVisCells *cells)
{
  memcpy (background->last_y, cells->y, cells->n * sizeof (float));
  memcpy (background->last_u, cells->u, cells->n * sizeof (float));
  memcpy (background->last_v, cells->v, cells->n * sizeof (float));
}

void
gptvis_background_start (GptVisBackground *background, const GptVisCells *cells)
{
  memcpy (background->y, cells->y, cells->n * sizeof (float));
  memcpy (background->u, cells->u, cells->n * sizeof (float));
  memcpy (background->v, cells->v, cells->n * sizeof (float));
  for (gsize i = 0; i < cells->n; i++) {
    background->noise[i] = background->chroma_noise[i] = FIRST_NOISE * FIRST_NOISE;
    background->evidence[i] = background->stirred[i] = background->stay[i] = 0;
  }
  keep_frame (background, cells);
  background->frames = 1;
  background->gain = background->unrest = 1;
  background->shift_x = background->shift_y = 0;
}

/* --- what changed for all of them --- */

/* By which factor most cells are brighter than the background: the median, made fine by the mean around
 * it. */
static float
find_gain (const GptVisBackground *background, const GptVisCells *cells, const guint8 *kinds)
{
  enum { BINS = 512 };
  const float least = 0.5f, step = 1.5f / BINS;
  guint count[BINS] = { 0 }, n = 0;
  float sums[BINS] = { 0 };
  for (guint row = 1; row <= cells->height; row += 2)
    for (gsize i = (gsize) row * cells->stride + 1, end = i + cells->width; i < end; i += 2) {
      if (kinds[i] != GPTVIS_CELL_BACKGROUND || background->y[i] < 16 || cells->y[i] > 215)
        continue;
      const float ratio = cells->y[i] / background->y[i];
      const gint bin = (ratio - least) / step;
      if (bin < 0 || bin >= BINS)
        continue;
      count[bin]++;
      sums[bin] += ratio;
      n++;
    }
  if (n < 32)
    return 1;
  guint at = 0, seen = count[0];
  while (seen * 2 < n)
    seen += count[++at];
  guint near = 0;
  float sum = 0;
  for (guint bin = at > 3 ? at - 3 : 0; bin < MIN (at + 4, BINS); bin++) {
    near += count[bin];
    sum += sums[bin];
  }
  return sum / near;
}

/* How far the picture moved: the least squares of what its gradients explain. Cells that differ by more
 * than a shift can explain have no say. */
static void
find_shift (GptVisBackground *background, const GptVisCells *cells, const guint8 *kinds)
{
  const gsize stride = cells->stride;
  const float *b = background->y, most = MIN (0.75f, 1.5f / cells->side);
  double xx = 0, xy = 0, yy = 0, xd = 0, yd = 0;
  for (guint row = 1; row <= cells->height; row += 2)
    for (gsize i = row * stride + 1, end = i + cells->width; i < end; i += 2) {
      const float gx = (b[i + 1] - b[i - 1]) * 0.5f, gy = (b[i + stride] - b[i - stride]) * 0.5f;
      const float d = b[i] - cells->y[i];
      if (kinds[i] != GPTVIS_CELL_BACKGROUND || fabsf (d) > most * (fabsf (gx) + fabsf (gy)) + 3)
        continue;
      xx += gx * gx;
      xy += gx * gy;
      yy += gy * gy;
      xd += gx * d;
      yd += gy * d;
    }
  xx += 100;    /* where nothing is to be seen nothing moved */
  yy += 100;
  const double det = xx * yy - xy * xy;
  const float x = (yy * xd - xy * yd) / det, y = (xx * yd - xy * xd) / det;
  background->shift_x = CLAMP (x, -most, most);
  background->shift_y = CLAMP (y, -most, most);
}

static void
scale (float *array, gsize n, float by)
{
  for (gsize i = 0; i < n; i++)
    array[i] *= by;
}

/* The light changed: what is remembered changes with it. */
static void
follow_gain (GptVisBackground *background, float gain)
{
  background->gain = gain;
  if (fabsf (gain - 1) < 0.002f)
    return;
  scale (background->y, background->n, gain);
  scale (background->u, background->n, gain);
  scale (background->v, background->n, gain);
}

/* --- each cell --- */

/* How much a cell changes when the picture moves by `by` of a cell either way, at most. */
#define SLOPE(at, up, down, x) (MAX (fabsf (at[x + 1] - at[x]), fabsf (at[x - 1] - at[x])) \
    + MAX (fabsf (up[x] - at[x]), fabsf (down[x] - at[x])))
/* What of |d| is more than that. */
#define BEYOND(d, slope, by) MAX (fabsf (d) - (slope) * (by), 0)

/* One row of cells: their evidence. */
static void
compare_row (const GptVisBackground *background, const GptVisCells *cells, gsize first)
{
  const gsize stride = cells->stride;
  const float *restrict y = cells->y + first, *restrict u = cells->u + first, *restrict v = cells->v + first;
  const float *restrict by = background->y + first, *restrict bu = background->u + first,
      *restrict bv = background->v + first, *restrict noise = background->noise + first,
      *restrict chroma_noise = background->chroma_noise + first;
  const float *restrict up = y - stride, *restrict down = y + stride, *restrict by_up = by - stride,
      *restrict by_down = by + stride, *restrict bu_up = bu - stride, *restrict bu_down = bu + stride,
      *restrict bv_up = bv - stride, *restrict bv_down = bv + stride;
  const float *restrict u_up = u - stride, *restrict u_down = u + stride, *restrict v_up = v - stride,
      *restrict v_down = v + stride;
  float *restrict evidence = background->evidence + first, *restrict proof = background->proof + first;
  const float sx = background->shift_x * 0.5f, sy = background->shift_y * 0.5f;
  const float slack = MIN (SHAKE / cells->side, 0.5f);
  for (gint x = 0; x < (gint) cells->width; x++) {
    const float gx = by[x + 1] - by[x - 1], gy = by_down[x] - by_up[x];
    const float right = by[x] - gx * sx - gy * sy, slope = SLOPE (by, by_up, by_down, x);
    const float d = BEYOND (y[x] - right, slope, slack);
    const float s = 1 / MAX (noise[x], LEAST_NOISE * LEAST_NOISE);
    const float ratio = (y[x] + 4) / (MAX (right, 0) + 4);
    const float light = MIN (MAX (ratio, DARKEST), BRIGHTEST);
    const float tx = BEYOND (y[x + 1] - y[x - 1] - light * gx, slope, 2 * slack);
    const float ty = BEYOND (down[x] - up[x] - light * gy, slope, 2 * slack);
    const float slope_u = SLOPE (bu, bu_up, bu_down, x), slope_v = SLOPE (bv, bv_up, bv_down, x);
    const float du = BEYOND (u[x] - light * bu[x], slope_u, slack);
    const float dv = BEYOND (v[x] - light * bv[x], slope_v, slack);
    const float c = 1 / MAX (chroma_noise[x], LEAST_CHROMA * LEAST_CHROMA);
    const float weight = light == ratio ? SHADE : 1;
    const float tu = BEYOND (u[x + 1] - u[x - 1] - light * (bu[x + 1] - bu[x - 1]), slope_u, 2 * slack);
    const float tv = BEYOND (v[x + 1] - v[x - 1] - light * (bv[x + 1] - bv[x - 1]), slope_v, 2 * slack);
    const float su = BEYOND (u_down[x] - u_up[x] - light * (bu_down[x] - bu_up[x]), slope_u, 2 * slack);
    const float sv = BEYOND (v_down[x] - v_up[x] - light * (bv_down[x] - bv_up[x]), slope_v, 2 * slack);
    evidence[x] = weight * d * d * s + (du * du + dv * dv) * c;
    proof[x] = SHADE * evidence[x]
               + 0.25f * ((tx * tx + ty * ty) * s + (tu * tu + tv * tv + su * su + sv * sv) * c);
  }
}

/* How unlike the frame before. */
static void
stir (const GptVisBackground *background, const GptVisCells *cells)
{
  const float *restrict y = cells->y, *restrict u = cells->u, *restrict v = cells->v;
  const float *restrict ly = background->last_y, *restrict lu = background->last_u,
                        *restrict lv = background->last_v;
  const float *restrict noise = background->noise, *restrict chroma_noise = background->chroma_noise;
  float *restrict stirred = background->stirred;
  for (gsize i = 0; i < cells->n; i++) {
    const float dy = y[i] - ly[i], du = u[i] - lu[i], dv = v[i] - lv[i];
    stirred[i] = dy * dy / MAX (noise[i], LEAST_NOISE * LEAST_NOISE)
        + (du * du + dv * dv) / MAX (chroma_noise[i], LEAST_CHROMA * LEAST_CHROMA);
  }
}

/* How noisy the frame is, compared with what its cells' noise lets expect: their lower third, since the
 * rest may be objects. A codec's whole picture, rain and a lamp that went dark make all cells a little
 * unlike. */
static float
find_unrest (const GptVisBackground *background, const GptVisCells *cells)
{
  enum { BINS = 64 };
  guint count[BINS] = { 0 }, n = 0;
  for (guint row = 1; row <= cells->height; row += 2)
    for (gsize i = (gsize) row * cells->stride + 1, end = i + cells->width; i < end; i += 2) {
      const float e = background->proof[i];
      count[MIN ((guint) (MIN (e, 1000) * 8), BINS - 1)]++;
      n++;
    }
  guint at = 0, seen = count[0];
  while (seen * 3 < n)
    seen += count[++at];
  return (at + 1) / 8.0f;
}

void
gptvis_background_compare (GptVisBackground *background, const GptVisCells *cells, const guint8 *kinds)
{
  const float usual = 1.0f;
  follow_gain (background, find_gain (background, cells, kinds));
  find_shift (background, cells, kinds);
  for (guint row = 1; row <= cells->height; row++) {
    const gsize first = (gsize) row * cells->stride + 1;
    compare_row (background, cells, first);
  }
  stir (background, cells);
  background->unrest = MAX (1, find_unrest (background, cells) / usual);
  if (background->unrest > 1) {
    scale (background->evidence, background->n, 1 / background->unrest);
    scale (background->proof, background->n, 1 / background->unrest);
  }
}

/* --- learning --- */

void
gptvis_background_learn (GptVisBackground *background, const GptVisCells *cells, const guint8 *kinds,
    float seconds)
{
  const float first = 1.0f / (background->frames + 1);
  const float rate = MIN (1, MAX (seconds / LEARNS, first)), odd_rate = MIN (1, seconds / LEARNS_ODD);
  const float noise_rate = MIN (0.5f, MAX (seconds / LEARNS_NOISE, first));
  const float odd_noise_rate = MIN (0.5f, seconds / LEARNS_ODD_NOISE);
  const float rates[] = { rate, odd_rate, 0, 1 }, noise_rates[] = { noise_rate, odd_noise_rate, 0, 0 };
  const float *restrict y = cells->y, *restrict u = cells->u, *restrict v = cells->v;
  float *restrict by = background->y, *restrict bu = background->u, *restrict bv = background->v;
  float *restrict noise = background->noise, *restrict chroma_noise = background->chroma_noise;
  for (gsize i = 0; i < cells->n; i++) {
    const float dy = y[i] - by[i], du = u[i] - bu[i], dv = v[i] - bv[i];
    const float e = dy * dy, ce = du * du + dv * dv;
    const float s = MAX (noise[i], LEAST_NOISE * LEAST_NOISE),
        c = MAX (chroma_noise[i], LEAST_CHROMA * LEAST_CHROMA);
    /* what is weak evidence, as a dark car on a dark road, is not learnt from as the background is either */
    const guint kind
        = kinds[i] == GPTVIS_CELL_BACKGROUND && (e > 9 * s || ce > 9 * c) ? GPTVIS_CELL_ODD : kinds[i];
    const float r = rates[kind], q = noise_rates[kind];
    noise[i] += q * (MIN (e, 9 * s) - noise[i]);
    chroma_noise[i] += q * (MIN (ce, 9 * c) - chroma_noise[i]);
    by[i] += r * dy;
    bu[i] += r * du;
    bv[i] += r * dv;
  }
  keep_frame (background, cells);
  background->frames++;
}
