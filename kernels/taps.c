/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The filters, and how taps are made of them. */
#include "taps.h"
#include <math.h>

/* The filters of Pillow's Resample.c, from their definitions. */
static gdouble
box (gdouble x)
{
  return x > -0.5 && x <= 0.5 ? 1 : 0;
}

static gdouble
bilinear (gdouble x)
{
  return MAX (0, 1 - fabs (x));
}

static gdouble
sinc (gdouble x)
{
  return x == 0 ? 1 : sin (M_PI * x) / (M_PI * x);
}

static gdouble
hamming (gdouble x)
{
  return fabs (x) < 1 ? sinc (x) * (0.54 + 0.46 * cos (M_PI * x)) : 0;
}

static gdouble
bicubic (gdouble x)
{
  const gdouble a = -0.5;       /* Keys 1981 */
  x = fabs (x);
  if (x < 1)
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static gdouble
lanczos (gdouble x)
{
  return fabs (x) < 3 ? sinc (x) * sinc (x / 3) : 0;
}

static const struct {
  gdouble (*weight) (gdouble x);
  gdouble support;
} filters[] = {
  [GPTVIS_FILTER_NEAREST] = {NULL, 0},
  [GPTVIS_FILTER_BOX] = {box, 0.5},
  [GPTVIS_FILTER_BILINEAR] = {bilinear, 1},
  [GPTVIS_FILTER_HAMMING] = {hamming, 1},
  [GPTVIS_FILTER_BICUBIC] = {bicubic, 2},
  [GPTVIS_FILTER_LANCZOS] = {lanczos, 3},
};

static void
make_one (GptVisTaps *t, guint i, GptVisFilter filter, guint size, gdouble stretch, gdouble centre)
{
  float *parts = t->parts + (gsize) i * t->most;
  gint32 *whole = t->whole + (gsize) i * t->most;
  const gdouble support = filters[filter].support * stretch;
  const gint first = CLAMP ((gint) (centre - support + 0.5), 0, (gint) size - 1);
  const gint end = CLAMP ((gint) (centre + support + 0.5), first + 1, (gint) size);
  gdouble sum = 0;
  for (gint s = first; s < end; s++)
    sum += filters[filter].weight ((s - centre + 0.5) / stretch);
  t->first[i] = first;
  t->count[i] = end - first;
  for (gint s = first; s < end; s++) {
    /* if the only samples, at the edge, weigh nothing, they count equally */
    const gdouble part = sum != 0 ? filters[filter].weight ((s - centre + 0.5) / stretch) / sum
        : 1.0 / (end - first);
    parts[s - first] = part;
    whole[s - first] = lround (part * (1 << GPTVIS_TAPS_SHIFT));
  }
}

static void
allocate (GptVisTaps *t, guint n, guint most)
{
  most = (most + 3) / 4 * 4;
  t->n = n;
  t->most = most;
  t->first = g_new0 (gint, n);
  t->count = g_new0 (guint, n);
  t->parts = g_new0 (float, (gsize) n * most);
  t->whole = g_new0 (gint32, (gsize) n * most);
}

/* The sample at each output's centre. A centre may lie exactly between two samples, and then it matters how
 * it is reached: Pillow adds up the scale from output to output (ImagingScaleAffine in its Geometry.c), which
 * rounds now and then to just before the second sample. So it is added up here too, from output 0 on. */
static void
make_nearest (GptVisTaps *t, guint size, guint n_out, gint first_out, gdouble scale)
{
  const gint end = MIN ((gint64) n_out, first_out + (gint64) t->n);
  gdouble centre = scale * 0.5;
  for (gint out = 0; out < end; out++, centre += scale) {
    const gint i = out - first_out;
    if (i < 0)
      continue;
    t->first[i] = MIN ((gint) centre, (gint) size - 1);
    t->count[i] = 1;
    t->parts[(gsize) i * t->most] = 1;
    t->whole[(gsize) i * t->most] = 1 << GPTVIS_TAPS_SHIFT;
  }
}

/* stretched: the filter is as wide as the step from output to output. */
static void
make (
    GptVisTaps *t, GptVisFilter filter, gboolean stretched, guint size, guint n_out, gint first_out, guint n)
{
  const gdouble scale = (gdouble) size / n_out, stretch = stretched ? MAX (1, scale) : 1;
  gptvis_taps_clear (t);
  allocate (t, n, MIN (size, (guint) ceil (filters[filter].support * stretch) * 2 + 1));
  if (filter == GPTVIS_FILTER_NEAREST) {
    make_nearest (t, size, n_out, first_out, scale);
    return;
  }
  for (guint i = 0; i < n; i++)
    if (first_out + (gint) i >= 0 && first_out + (gint64) i < n_out)
      make_one (t, i, filter, size, stretch, (first_out + (gint) i + 0.5) * scale);
}

void
gptvis_taps_make (GptVisTaps *t, GptVisFilter filter, guint size, guint n_out, gint first_out, guint n)
{
  make (t, filter, TRUE, size, n_out, first_out, n);
}

void
gptvis_taps_make_for (
    GptVisTaps *t, const GptVisRecipe *recipe, guint size, guint n_out, gint first_out, guint n)
{
  make (t, recipe->filter, !recipe->interpolated, size, n_out, first_out, n);
}

void
gptvis_taps_halve (GptVisTaps *t, guint size, gboolean left)
{
  const gint halves = (size + 1) / 2;
  GptVisTaps full = *t;
  *t = (GptVisTaps) { 0 };
  allocate (t, full.n, MIN ((guint) halves, full.most / 2 + 2));
  for (guint i = 0; i < full.n; i++) {
    if (!full.count[i])
      continue;
    float *parts = t->parts + (gsize) i * t->most;
    gint first = -1, last = 0;
    for (guint j = 0; j < full.count[i]; j++) {
      /* Where the full grid's sample lies among the halves, and the two around it. */
      const gdouble at = left ? (full.first[i] + (gint) j) / 2.0 : (full.first[i] + (gint) j) / 2.0 - 0.25;
      const gint below = CLAMP ((gint) floor (at), 0, halves - 1),
          above = MIN ((gint) floor (at) + 1, halves - 1);
      const float part = full.parts[(gsize) i * full.most + j];
      if (first < 0)
        first = below;
      last = above;
      parts[below - first] += part * (1 - (at - floor (at)));
      parts[above - first] += part * (at - floor (at));
    }
    t->first[i] = first;
    t->count[i] = last - first + 1;
    for (guint j = 0; j < t->count[i]; j++)
      t->whole[(gsize) i * t->most + j] = lround (parts[j] * (1 << GPTVIS_TAPS_SHIFT));
  }
  gptvis_taps_clear (&full);
}

/* Where no part is more than a half, half a unit is 2^-17 of the sum. With 255 steps between neighbours,
 * three borders between four parts or more, and a matrix that triples it, the error is a fiftieth of a step
 * in the worst picture there can be. */
#define LARGEST_NARROW 0.5f

void
gptvis_taps_narrow (GptVisTaps *t)
{
  t->narrow = g_new0 (gint16, (gsize) t->n * t->most);
  t->unit = g_new0 (float, t->n);
  for (guint i = 0; i < t->n; i++) {
    const float *parts = t->parts + (gsize) i * t->most;
    gint16 *narrow = t->narrow + (gsize) i * t->most;
    gdouble largest = 0, sum = 0, carried = 0;
    for (guint j = 0; j < t->count[i]; j++) {
      largest = MAX (largest, fabsf (parts[j]));
      sum += fabsf (parts[j]);
    }
    if (!t->count[i] || largest > LARGEST_NARROW)
      continue;
    const gdouble unit = MAX (largest / (G_MAXINT16 - 1),
        sum / (GPTVIS_TAPS_NARROW_SUM - (gdouble) t->count[i]));
    for (guint j = 0; j < t->count[i]; j++) {
      carried += parts[j] / unit;
      narrow[j] = lround (carried);
      carried -= narrow[j];
    }
    t->unit[i] = unit;
  }
}

void
gptvis_taps_clear (GptVisTaps *t)
{
  g_free (t->first);
  g_free (t->count);
  g_free (t->parts);
  g_free (t->whole);
  g_free (t->narrow);
  g_free (t->unit);
  *t = (GptVisTaps) { 0 };
}
