/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The background's model: what changed for all cells at once (light, a camera that shook), how noisy the
 * frame is, how fast all is learnt. What is done to each cell is tiers/compare.h's. */
#include "tier.h"
#include <math.h>
#include <string.h>

#define FIRST_NOISE 2.0f        /* before anything is known */
#define LEARNS 4.0f             /* seconds: of a background that drifts */
#define LEARNS_NOISE 8.0f
#define LEARNS_ODD_NOISE 30.0f  /* slowly, or where many pass all would be noise */
#define LEARNS_ODD 8.0f         /* of what is unlike it, but of no object */

#define YOUNG 10.0f             /* seconds: so old a background is not reconsidered … */
#define ESTABLISHED 2.0f        /* … nor one that was seen for so long, … */
#define MUCH_LONGER 1.3f        /* … nor for what was not seen so many times as long: it may only pass by */

enum { ARRAYS = 18 };

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
    &background->light, &background->last_y, &background->last_u, &background->last_v, &background->stay,
    &background->seen, &background->other_y, &background->other_u, &background->other_v,
    &background->other_seen };
  background->n = cells->n;
  float *memory = g_new0 (float, ARRAYS * cells->n);
  for (guint i = 0; i < ARRAYS; i++)
    *arrays[i] = memory + i * cells->n;
}

void
gptvis_background_start (GptVisBackground *background, const GptVisCells *cells)
{
  for (gsize i = 0; i < cells->n; i++) {
    background->y[i] = background->last_y[i] = cells->y[i];
    background->u[i] = background->last_u[i] = cells->u[i];
    background->v[i] = background->last_v[i] = cells->v[i];
    background->noise[i] = background->chroma_noise[i] = FIRST_NOISE * FIRST_NOISE;
    background->evidence[i] = background->stirred[i] = background->stay[i] = 0;
    background->seen[i] = background->other_seen[i] = 0;
  }
  background->age = 0;
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
  gptvis_scene_tier ()->compare (background, cells);
  background->unrest = MAX (1, find_unrest (background, cells) / usual);
  if (background->unrest > 1) {
    scale (background->evidence, background->n, 1 / background->unrest);
    scale (background->proof, background->n, 1 / background->unrest);
  }
}

/* --- the start --- */

static gboolean
is_like (float dy, float du, float dv, float noise, float chroma_noise)
{
  return dy * dy <= 9 * MAX (noise, GPTVIS_LEAST_NOISE)
      && du * du + dv * dv <= 9 * MAX (chroma_noise, GPTVIS_LEAST_CHROMA_NOISE);
}

static void
swap (float *a, float *b)
{
  const float was = *a;
  *a = *b;
  *b = was;
}

/* Of all that a cell looks like, the one that it looks like for more than half of the time is found with one
 * other remembered, which loses its place to the next when it is outvoted (Boyer and Moore's majority). */
void
gptvis_background_reconsider (GptVisBackground *b, const GptVisCells *cells, float seconds)
{
  if (b->age > YOUNG)
    return;
  b->age += seconds;
  for (gsize i = 0; i < b->n; i++) {
    const float y = cells->y[i], u = cells->u[i], v = cells->v[i];
    if (b->seen[i] > ESTABLISHED)
      continue;
    if (is_like (y - b->y[i], u - b->u[i], v - b->v[i], b->noise[i], b->chroma_noise[i])) {
      b->seen[i] += seconds;
      continue;
    }
    if (is_like (y - b->other_y[i], u - b->other_u[i], v - b->other_v[i], b->noise[i], b->chroma_noise[i]))
      b->other_seen[i] += seconds;
    else if ((b->other_seen[i] -= seconds) < 0) {
      b->other_y[i] = y;
      b->other_u[i] = u;
      b->other_v[i] = v;
      b->other_seen[i] = seconds;
    }
    if (b->other_seen[i] <= MUCH_LONGER * b->seen[i])
      continue;
    swap (&b->y[i], &b->other_y[i]);
    swap (&b->u[i], &b->other_u[i]);
    swap (&b->v[i], &b->other_v[i]);
    swap (&b->seen[i], &b->other_seen[i]);
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
  const GptVisRates rates = { rate, odd_rate, noise_rate, odd_noise_rate };
  gptvis_scene_tier ()->learn (background, cells, kinds, &rates);
  background->frames++;
}
