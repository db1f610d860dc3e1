/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cubic resampling, as PyTorch does it (Keys, "Cubic convolution interpolation for
 * digital image processing", 1981). Plain loops: a plan's constants are made once. */
#include "resample.h"
#include <math.h>

/* Keys 1980. */
static double
cubic (double x, double a)
{
  x = fabs (x);
  return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/* How much each of n_in values weighs in value i of n_out: w, from *first to before
 * *end, the rest untouched. PyTorch takes a = −0.75 and repeats the edges without
 * antialiasing; with it, Pillow's a = −0.5, a filter as wide as the step, and what
 * falls outside is left out of the mean. */
static void
cubic_weights (guint i, guint n_in, guint n_out, gboolean antialias, double *w, int *first, int *end)
{
  const double step = (double) n_in / n_out, centre = (i + 0.5) * step - 0.5;
  const double wide = antialias ? MAX (step, 1) : 1;
  const int from = ceil (centre - 2 * wide), to = floor (centre + 2 * wide);
  double sum = 0;

  *first = CLAMP (from, 0, (int) n_in - 1);
  *end = CLAMP (to, 0, (int) n_in - 1) + 1;
  for (int j = *first; j < *end; j++)
    w[j] = 0;
  for (int j = from; j <= to; j++) {
    const int at = CLAMP (j, *first, *end - 1);
    const double weight = at != j && antialias ? 0 : cubic ((j - centre) / wide, antialias ? -0.5 : -0.75);
    w[at] += weight;
    sum += weight;
  }
  for (int j = *first; antialias && j < *end; j++)
    w[j] /= sum;
}

void
gptvis_resample_grid (const GptVisOp *op, guint width, const float *from, float *to)
{
  const guint rows_in = op->resample.rows_in, columns_in = op->resample.columns_in;
  const guint rows_out = op->resample.rows_out, columns_out = op->resample.columns_out;
  double *wy = g_new (double, rows_in), *wx = g_new (double, columns_in);
  for (guint r = 0; r < rows_out; r++)
    for (guint c = 0; c < columns_out; c++) {
      int top, bottom, left, right;
      cubic_weights (r, rows_in, rows_out, op->resample.antialias, wy, &top, &bottom);
      cubic_weights (c, columns_in, columns_out, op->resample.antialias, wx, &left, &right);
      for (guint k = 0; k < width; k++) {
        double sum = 0;
        for (int y = top; y < bottom; y++)
          for (int x = left; x < right; x++)
            sum += wy[y] * wx[x] * from[((gsize) y * columns_in + x) * width + k];
        *to++ = sum;
      }
    }
  g_free (wy);
  g_free (wx);
}
