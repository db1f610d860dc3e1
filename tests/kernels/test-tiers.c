/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every function of every tier that this processor can run, against plain double
 * precision, at sizes around the vector and the tile, between guard pages: inputs
 * may be read GPTVIS_PADDING bytes past their end, outputs not written past it. */
#include "guard.h"
#include "tested-tiers.h"
#include "memory.h"
#include <string.h>

static const guint sizes[] = { 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 100, 192,
    257 };

static float *
input (Guard *guard, GRand *rand, gsize n, double from, double to)
{
  float *x = guard_new (guard, n * sizeof (float), GPTVIS_PADDING);
  fill (rand, x, n, from, to);
  return x;
}

static void
assert_close (const gchar *tier, const gchar *what, guint n, gsize i, double got, double want,
    double tolerance)
{
  if (!(fabs (got - want) <= tolerance))
    g_error ("%s, %s of %u, element %zu: %.9g where %.9g is right (tolerance %.3g)", tier, what, n, i, got,
        want, tolerance);
}

/* c = bias + a·b, all combinations of rows and columns up to the tile. The sum of k
 * products of at most 1 in f32: k roundings of at most k·2^-24 each. */
static void
test_tile (gconstpointer data)
{
  const GptVisTier *t = data;
  GRand *rand = seeded_rand ();
  for (guint by_rows = 0; by_rows < 2; by_rows++)
    for (guint m = 1; m <= t->tile_rows; m++)
      for (guint n = 1; n <= t->tile_columns; n += n < t->tile_columns - 2 ? 3 : 1) {
        const guint k = g_rand_int_range (rand, 1, 70), c_step = n + g_rand_int_range (rand, 0, 5);
        const guint a_step = by_rows ? k + g_rand_int_range (rand, 0, 4) : m + g_rand_int_range (rand, 0, 4);
        Guard ga, gb, gbias, gc;
        float *a = input (&ga, rand, (gsize) a_step * (by_rows ? m : k), -1, 1);
        float *b = input (&gb, rand, (gsize) t->tile_columns * k, -1, 1);
        float *bias = g_rand_boolean (rand) ? input (&gbias, rand, t->tile_columns, -1, 1) : NULL;
        const gsize n_c = (gsize) (m - 1) * c_step + n;
        float *c = guard_new (&gc, n_c * sizeof (float), 0);
        for (gsize i = 0; i < n_c; i++)
          c[i] = 77;
        (by_rows ? t->tile_by_rows : t->tile) (m, n, k, a, a_step, b, t->tile_columns, bias, c, c_step);
        for (guint r = 0; r < m; r++)
          for (guint j = 0; j < MIN (c_step, r == m - 1 ? n : c_step); j++) {
            double want = bias && j < n ? bias[j] : 0;
            for (guint i = 0; i < k && j < n; i++)
              want += (double) a[by_rows ? r * a_step + i : i * a_step + r] * b[i * t->tile_columns + j];
            assert_close (t->name, "tile", n, r * c_step + j, c[r * c_step + j], j < n ? want : 77,
                j < n ? (k + 1.0) * (k + 1) * 6e-8 : 0);
          }
        guard_free (&ga);
        guard_free (&gb);
        guard_free (&gc);
        if (bias)
          guard_free (&gbias);
      }
  g_rand_free (rand);
}

static double
activate (GptVisAct act, double x)
{
  switch (act) {
    case GPTVIS_ACT_GELU:
      return 0.5 * x * erfc (-x * M_SQRT1_2);
    case GPTVIS_ACT_GELU_TANH:
      return 0.5 * x * (1 + tanh (sqrt (2 / M_PI) * (x + 0.044715 * x * x * x)));
    case GPTVIS_ACT_QUICK_GELU:
      return x / (1 + exp (-1.702 * x));
    case GPTVIS_ACT_RELU:
      return fmax (x, 0);
    case GPTVIS_ACT_SILU:
      return x / (1 + exp (-x));
    case GPTVIS_ACT_TANH:
      return tanh (x);
    default:
      return x;
  }
}

/* The error is at most MIN (near · |x|, most) + part · |x|. */
static void
check_activations (const GptVisTier *t, void (*const activations[]) (float *x, guint m, guint n, gsize step),
    double near, double most, double part)
{
  GRand *rand = seeded_rand ();
  static const double reach[] = { 1, 6, 30, 3000 };
  for (guint act = 0; act < GPTVIS_N_ACTS; act++)
    for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
      for (guint r = 0; r < G_N_ELEMENTS (reach); r++) {
        const guint n = sizes[s], step = n + r, m = 1 + s % 3, all = (m - 1) * step + n;
        Guard g;
        float *x = guard_new (&g, all * sizeof (float), 0), *before = g_new (float, all);
        fill (rand, x, all, -reach[r], reach[r]);
        memcpy (before, x, all * sizeof (float));
        activations[act] (x, m, n, step);
        for (guint i = 0; i < all; i++)
          if (i % step < n)
            assert_close (t->name, gptvis_act_name (act), n, i, x[i], activate (act, before[i]),
                MIN (near * fabs (before[i]), most) + part * fabs (before[i]) + 1e-9);
          else
            g_assert_cmpfloat (x[i], ==, before[i]);    /* between the rows */
        g_free (before);
        guard_free (&g);
      }
  float odd[3] = { NAN, INFINITY, -INFINITY };
  for (guint act = 0; act < GPTVIS_N_ACTS; act++) {
    float x[16];
    for (guint i = 0; i < 16; i++)
      x[i] = odd[0];
    activations[act] (x, 1, 16, 16);
    g_assert_true (isnan (x[0]) && isnan (x[15]));      /* a NaN must reach the logits, where it is found */
  }
  g_rand_free (rand);
}

/* erf is good to 3.1e-7 absolute, times |x|/2; exp to two units in the last place. */
static void
test_activations (gconstpointer data)
{
  const GptVisTier *t = data;
  check_activations (t, t->activate, 4e-7, 2.4e-6, 3e-7);
}

static void
test_narrow_activations (gconstpointer data)
{
  const GptVisTier *t = data;
  check_activations (t, t->activate_narrow, 1, 2.2e-4, 4e-6);
}

static void
test_finish (gconstpointer data)
{
  const GptVisTier *t = data;
  GRand *rand = seeded_rand ();
  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (guint which = 0; which < 8; which++) {
      const guint n = sizes[s];
      Guard g[4];
      float *y = guard_new (&g[0], n * sizeof (float), 0), *before = g_new (float, n);
      float *gate = input (&g[1], rand, n, -1, 1), *scale = input (&g[2], rand, n, -1, 1);
      float *residual = input (&g[3], rand, n, -1, 1);
      fill (rand, y, n, -1, 1);
      memcpy (before, y, n * sizeof (float));
      t->finish (y, n, which & 1 ? gate : NULL, 0.7f, which & 2 ? scale : NULL, which & 4 ? residual : NULL);
      for (guint i = 0; i < n; i++)
        assert_close (t->name, "finish", n, i, y[i], before[i] * (which & 1 ? gate[i] : 1) * 0.7f
            * (which & 2 ? scale[i] : 1) + (which & 4 ? residual[i] : 0), 4e-7);
      g_free (before);
      for (guint i = 0; i < 4; i++)
        guard_free (&g[i]);
    }
  g_rand_free (rand);
}

/* A mean far from zero must not cost precision: that is what two passes are for. */
static void
test_norm (gconstpointer data)
{
  const GptVisTier *t = data;
  GRand *rand = seeded_rand ();
  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (guint which = 0; which < 4; which++) {
      const guint n = sizes[s];
      const double centre = g_rand_double_range (rand, -20, 20);
      Guard g[4];
      float *x = input (&g[0], rand, n, centre - 1, centre + 1);
      float *weight = input (&g[1], rand, n, -1, 1), *bias = input (&g[2], rand, n, -1, 1);
      float *y = guard_new (&g[3], n * sizeof (float), 0);
      t->norm (x, which & 1 ? weight : NULL, which & 2 ? bias : NULL, 1e-6f, y, n);
      double mean = 0, variance = 0;
      for (guint i = 0; i < n; i++)
        mean += x[i] / (double) n;
      for (guint i = 0; i < n; i++)
        variance += (x[i] - mean) * (x[i] - mean) / n;
      const double tolerance = n == 1 ? 1 : 3e-6 / sqrt (variance) + 1e-5;      /* n = 1: all is rounding */
      for (guint i = 0; i < n; i++)
        assert_close (t->name, "norm", n, i, y[i], (x[i] - mean) / sqrt (variance + 1e-6) * (which & 1
            ? weight[i] : 1) + (which & 2 ? bias[i] : 0), MAX (tolerance, 2.4e-6 / sqrt (variance + 1e-6)));
      for (guint i = 0; i < 4; i++)
        guard_free (&g[i]);
    }
  g_rand_free (rand);
}

static void
test_softmax (gconstpointer data)
{
  const GptVisTier *t = data;
  GRand *rand = seeded_rand ();
  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++) {
    const guint n = sizes[s];
    Guard g;
    const double reach = g_rand_boolean (rand) ? 3 : 200;
    float *x = guard_new (&g, n * sizeof (float), 0), *before = g_new (float, n);
    fill (rand, x, n, -reach, reach);
    memcpy (before, x, n * sizeof (float));
    t->softmax (x, n);
    double top = -INFINITY, sum = 0;
    for (guint i = 0; i < n; i++)
      top = fmax (top, before[i]);
    for (guint i = 0; i < n; i++)
      sum += exp (before[i] - top);
    for (guint i = 0; i < n; i++)
      assert_close (t->name, "softmax", n, i, x[i], exp (before[i] - top) / sum, 2e-6);
    memcpy (x, before, n * sizeof (float));
    t->sigmoid (x, n);
    for (guint i = 0; i < n; i++)
      assert_close (t->name, "sigmoid", n, i, x[i], 1 / (1 + exp (-before[i])), 1e-6);
    g_free (before);
    guard_free (&g);
  }
  g_rand_free (rand);
}

/* Blocks one after the other: what the running sums make of them. Exponents up to 36 are off by 2^-24 of
 * themselves, more than 2^x is. */
static void
test_softmax_block (gconstpointer data)
{
  const GptVisTier *t = data;
  const guint columns = t->tile_columns;
  GRand *rand = seeded_rand ();
  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++) {
    const guint n = sizes[s], some = s % 2 ? columns : columns / 2;
    const double reach = g_rand_boolean (rand) ? 3 : 200, scale = 0.125 * G_LN2;
    Guard g, gs[4];
    float *scores = guard_new (&g, (gsize) n * columns * sizeof (float), 0), *state[4];
    for (guint i = 0; i < 4; i++)
      state[i] = guard_new (&gs[i], columns * sizeof (float), 0);
    GptVisSoftmax softmax = { state[0], state[1], state[2], state[3] };
    double *tops = g_new (double, columns), *sums = g_new0 (double, columns);
    for (guint j = 0; j < columns; j++) {
      softmax.top[j] = GPTVIS_SOFTMAX_LEAST;
      softmax.sums[j] = 0;
      tops[j] = -INFINITY;
    }
    for (guint block = 0; block < 3; block++) {
      fill (rand, scores, (gsize) n * columns, -reach, reach);
      scores[columns / 2 - 1] = block == 2 ? NAN : 0;
      float *copy = g_memdup2 (scores, (gsize) n * columns * sizeof (float));
      t->softmax_block (scores, n, some, scale, &softmax);
      for (guint i = 0; i < n; i++)     /* the others stay */
        g_assert_cmpmem (scores + i * columns + some, (columns - some) * sizeof (float), copy + i * columns
            + some, (columns - some) * sizeof (float));
      for (guint j = 0; j < some; j++) {
        double top = tops[j], sum = 0;
        if (block == 2 && j == columns / 2 - 1) {
          g_assert_true (isnan (softmax.sums[j]));
          continue;
        }
        for (guint i = 0; i < n; i++)
          top = fmax (top, (double) (float) scale * copy[i * columns + j]);
        for (guint i = 0; i < n; i++) {
          const double want = exp2 ((double) (float) scale * copy[i * columns + j] - top);
          sum += want;
          assert_close (t->name, "softmax block", n, i, scores[i * columns + j], want, 4e-6);
        }
        sums[j] = sums[j] * exp2 (tops[j] - top) + sum;
        assert_close (t->name, "softmax before", n, j, softmax.before[j], exp2 (tops[j] - top), 4e-6);
        assert_close (t->name, "softmax top", n, j, softmax.top[j], top, 4e-6);
        assert_close (t->name, "softmax sum", n, j, softmax.sums[j], sums[j], 4e-6 * n * (block + 1));
        tops[j] = top;
      }
      g_free (copy);
    }
    g_free (tops);
    g_free (sums);
    guard_free (&g);
    for (guint i = 0; i < 4; i++)
      guard_free (&gs[i]);
  }
  g_rand_free (rand);
}

static void
test_blend_block (gconstpointer data)
{
  const GptVisTier *t = data;
  GRand *rand = seeded_rand ();
  for (guint m = 1; m <= 5; m++)
    for (guint n = t->tile_columns / 2; n <= t->tile_columns; n += t->tile_columns / 2) {
      const guint c_step = n + m, y_step = n + 2 * m;
      const gsize n_c = (gsize) (m - 1) * c_step + n, n_y = (gsize) (m - 1) * y_step + n;
      Guard gc, gb, gy;
      float *c = input (&gc, rand, n_c, -1, 1), *before = input (&gb, rand, m, 0, 1);
      float *y = guard_new (&gy, n_y * sizeof (float), 0);
      fill (rand, y, n_y, -1, 1);
      float *old = g_memdup2 (y, n_y * sizeof (float));
      t->blend_block (m, n, c, c_step, before, y, y_step);
      for (gsize i = 0; i < n_y; i++)
        assert_close (t->name, "blended block", n, i, y[i], i % y_step < n ? (double) old[i]
            * before[i / y_step] + c[i / y_step * c_step + i % y_step] : old[i], i % y_step < n ? 2e-7 : 0);
      g_free (old);
      guard_free (&gc);
      guard_free (&gb);
      guard_free (&gy);
    }
  g_rand_free (rand);
}

static void
test_divide_rows (gconstpointer data)
{
  const GptVisTier *t = data;
  GRand *rand = seeded_rand ();
  for (guint n = 1; n <= 70; n++) {
    const guint m = 1 + n % 5, step = n + n % 3;
    const gsize all = (gsize) (m - 1) * step + n;
    Guard gy, gby;
    const guint x_step = n + n % 4;
    Guard gx;
    float *y = guard_new (&gy, all * sizeof (float), 0), *by = input (&gby, rand, m, 0.5, 9);
    float *x = input (&gx, rand, (gsize) (m - 1) * x_step + n, -2, 2);
    fill (rand, y, all, 77, 77);
    t->divide_rows (x, x_step, m, n, by, y, step);
    for (gsize i = 0; i < all; i++)
      assert_close (t->name, "divided row", n, i, y[i],
          i % step < n ? x[i / step * x_step + i % step] / by[i / step] : 77, i % step < n ? 1e-6 : 0);
    guard_free (&gx);
    guard_free (&gy);
    guard_free (&gby);
  }
  g_rand_free (rand);
}

static void
test_transpose (gconstpointer data)
{
  const GptVisTier *t = data;
  for (guint m = 1; m <= 35; m++)
    for (guint n = 1; n <= 35; n++) {
      const guint x_step = n + m % 3, y_step = m + n % 4;
      const gsize n_x = (gsize) (m - 1) * x_step + n, n_y = (gsize) (n - 1) * y_step + m;
      Guard gx, gy;
      gint32 *x = guard_new (&gx, n_x * sizeof *x, 0), *y = guard_new (&gy, n_y * sizeof *y, 0);
      for (gsize i = 0; i < n_x; i++)
        x[i] = i + 1;
      memset (y, 0, n_y * sizeof *y);
      t->transpose (x, x_step, m, n, y, y_step);
      for (gsize i = 0; i < n_y; i++)
        g_assert_cmpint (y[i], ==, i % y_step < m ? x[i % y_step * x_step + i / y_step] : 0);
      guard_free (&gx);
      guard_free (&gy);
    }
}

static void
test_pick (gconstpointer data)
{
  const GptVisTier *t = data;
  GRand *rand = seeded_rand ();
  for (guint s = 0; s < 40; s++) {
    const guint n = s < 34 ? s + 1 : 3 * s, m = g_rand_int_range (rand, 1, 6);
    const guint length = 16 * g_rand_int_range (rand, 1, 5), step = 40 + length, out_step = n + s % 3;
    Guard g[3];
    guint *start = g_new (guint, n);
    float *rows = input (&g[0], rand, (gsize) m * step, -1, 1), *parts = input (&g[1], rand, n * length, -1,
        1);
    float *out = guard_new (&g[2], ((m - 1) * out_step + n) * sizeof (float), 0);
    for (guint x = 0; x < n; x++)
      start[x] = g_rand_int_range (rand, 0, 41);
    t->pick (rows, step, m, start, parts, length, out, out_step, n);
    for (guint r = 0; r < m; r++)
      for (guint x = 0; x < n; x++) {
        double want = 0;
        for (guint i = 0; i < length; i++)
          want += (double) rows[r * step + start[x] + i] * parts[x * length + i];
        assert_close (t->name, "pick", length, r * n + x, out[r * out_step + x], want, 1e-5);
      }
    g_free (start);
    for (guint i = 0; i < 3; i++)
      guard_free (&g[i]);
  }
  g_rand_free (rand);
}

/* The sums are whole numbers and so the same everywhere; they are rounded once as they become floats and once
 * as they are scaled. */
static void
test_sums (gconstpointer data)
{
  const GptVisTier *t = data;
  GRand *rand = seeded_rand ();
  for (guint words = 0; words < 2; words++)
    for (guint s = 0; s < 2 * G_N_ELEMENTS (sizes); s++) {
      const guint n = sizes[s / 2], count = g_rand_int_range (rand, 1, 40), shift = words && s % 2 ? 6 : 0;
      const gsize row = words ? 2 * n : n, step = row + 2 * g_rand_int_range (rand, 0, 20);
      const gboolean upside_down = g_rand_boolean (rand);
      gint16 *parts = g_new (gint16, count);
      Guard g[2];
      guint8 *rows = guard_new (&g[0], step * (count - 1) + row, 0);
      float *sums = guard_new (&g[1], n * sizeof (float), 0);
      for (gsize i = 0; i < step * (count - 1) + row; i++)
        rows[i] = g_rand_int (rand);
      for (guint i = 0; i < count; i++)
        parts[i] = g_rand_int_range (rand, -1, 2) * (G_MAXINT16 - 3 * (gint) i) + (gint) i;
      const guint8 *first = upside_down ? rows + step * (count - 1) : rows;
      const gssize down = upside_down ? -(gssize) step : (gssize) step;
      if (words)
        t->sum_words (first, down, shift, parts, count, 0.37f, sums, n);
      else
        t->sum_bytes (first, down, parts, count, 0.37f, sums, n);
      for (guint x = 0; x < n; x++) {
        gint64 want = 0;
        for (guint i = 0; i < count; i++) {
          const guint8 *at = first + i * down;
          want += parts[i] * (words ? (gint) ((at[2 * x] | at[2 * x + 1] << 8) >> shift & 1023)
              : (gint) at[x]);
        }
        assert_close (t->name, words ? "sum of words" : "sum of bytes", n, x, sums[x], want * 0.37f,
            1.2e-7 * fabs (want * 0.37f));
      }
      g_free (parts);
      guard_free (&g[0]);
      guard_free (&g[1]);
    }
  g_rand_free (rand);
}

static guint8
rounded (gint64 sum)
{
  const gdouble v = floor (sum / (double) (1 << GPTVIS_TAPS_SHIFT) + 0.5);
  return CLAMP (v, 0, 255);
}

/* Both directions of R'G'B', exactly; taps that lie outside give black. */
static void
test_resize (gconstpointer data)
{
  const GptVisTier *t = data;
  GRand *rand = seeded_rand ();
  for (guint s = 0; s < 150; s++) {
    const guint width = g_rand_int_range (rand, 1, s % 3 ? 60 : 700), m = g_rand_int_range (rand, 1, 11);
    const guint n = g_rand_int_range (rand, 1, 40), step = g_rand_int_range (rand, 3, 5);
    const gsize row = width * step, row_step = row + g_rand_int_range (rand, 0, 9);
    guint8 offsets[3] = { 0, 1, 2 };
    GptVisTaps taps = { 0 };
    Guard g[2];
    if (step == 4)
      offsets[g_rand_int_range (rand, 0, 3)] = 3;
    gptvis_taps_make (&taps, g_rand_int_range (rand, 0, 6), width, g_rand_int_range (rand, 1, 60),
        g_rand_int_range (rand, -4, 9), n);
    guint8 *rows = guard_new (&g[0], (m - 1) * row_step + row, 0), *out = guard_new (&g[1], m * 3 * n, 0);
    for (gsize i = 0; i < (m - 1) * row_step + row; i++)
      rows[i] = g_rand_boolean (rand) ? g_rand_int (rand) : 255;
    t->resize_rows (rows, row_step, m, step, offsets, &taps, out);
    for (guint i = 0; i < m * 3 * n; i++) {
      const guint x = i % n, c = i / n % 3;
      gint64 sum = 0;
      for (guint j = 0; j < taps.count[x]; j++)
        sum += (gint64) taps.whole[x * taps.most + j] * rows[i / n / 3 * row_step + (taps.first[x] + j) * step
            + offsets[c]];
      assert_close (t->name, "resized row", width, i, out[i], rounded (sum), 0);
    }
    guard_free (&g[1]);

    /* columns: any bytes do for rows */
    out = guard_new (&g[1], row, 0);
    gint32 *whole = g_new (gint32, m);
    for (guint i = 0; i < m; i++)
      whole[i] = g_rand_int_range (rand, -(1 << GPTVIS_TAPS_SHIFT), 1 << GPTVIS_TAPS_SHIFT) / (gint) m;
    t->mix_rows (rows, row_step, whole, m, out, row);
    for (guint x = 0; x < row; x++) {
      gint64 sum = 0;
      for (guint i = 0; i < m; i++)
        sum += (gint64) whole[i] * rows[i * row_step + x];
      assert_close (t->name, "mixed rows", m, x, out[x], rounded (sum), 0);
    }
    g_free (whole);
    guard_free (&g[0]);
    guard_free (&g[1]);
    gptvis_taps_clear (&taps);
  }
  g_rand_free (rand);
}

/* GPTVIS_CPU takes each tier by name; a wrong name fails and says which there are. */
static void
test_force (void)
{
  GError *error = NULL;
  for (guint i = 0; gptvis_tier_nth (i); i++) {
    g_setenv ("GPTVIS_CPU", gptvis_tier_nth (i)->name, TRUE);
    g_assert_true (gptvis_tier_choose (&error) == gptvis_tier_nth (i));
    g_assert_no_error (error);
  }
  g_setenv ("GPTVIS_CPU", "avx9000", TRUE);
  g_assert_null (gptvis_tier_choose (&error));
  g_assert_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED);
  g_assert_true (g_str_has_prefix (error->message, "GPTVIS_CPU=avx9000 is none of c"));
  g_clear_error (&error);
#if defined (__x86_64__)
  if (!__builtin_cpu_supports ("avx512f")) {
    g_setenv ("GPTVIS_CPU", "avx512", TRUE);
    g_assert_null (gptvis_tier_choose (&error));
    g_assert_nonnull (strstr (error->message, "which this processor lacks"));
    g_clear_error (&error);
  }
#endif
  g_unsetenv ("GPTVIS_CPU");
}

static void
add (const gchar *what, const GptVisTier *tier, GTestDataFunc test)
{
  gchar *path = g_strdup_printf ("/tiers/%s/%s", tier->name, what);
  g_test_add_data_func (path, tier, test);
  g_free (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tiers/force", test_force);
  for (guint i = 0; gptvis_tier_nth (i); i++)   /* these say which tiers there are */
    add ("tile", gptvis_tier_nth (i), test_tile);
  for (guint i = 0; tested_tier (i); i++) {
    const GptVisTier *tier = tested_tier (i);
    if (is_like_before (i))     /* for what it adds to that tier see test-narrow */
      continue;
    add ("activations", tier, test_activations);
    add ("narrow-activations", tier, test_narrow_activations);
    add ("finish", tier, test_finish);
    add ("divide-rows", tier, test_divide_rows);
    add ("transpose", tier, test_transpose);
    add ("norm", tier, test_norm);
    add ("softmax", tier, test_softmax);
    add ("softmax-block", tier, test_softmax_block);
    add ("blend-block", tier, test_blend_block);
    add ("pick", tier, test_pick);
    add ("sums", tier, test_sums);
    add ("resize", tier, test_resize);
  }
  return g_test_run ();
}
