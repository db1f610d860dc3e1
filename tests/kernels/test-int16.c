/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attention in whole numbers of 16 bits: what each tier has for it against plain definitions, exactly where
 * whole numbers are summed, at sizes around the vector and the tile, between guard pages; then whole
 * attentions against the reference. */
#include "made-weights.h"
#include "reference.h"
#include "memory.h"
#include "tested-tiers.h"
#include <string.h>

static guint cases = 60;        /* of attentions; GPTVIS_TEST_CASES, for slow processors */

static gpointer
input (Guard *guard, gsize bytes)
{
  return guard_new (guard, bytes, GPTVIS_PADDING);
}

static void
free_guards (Guard *guards, guint n)
{
  for (guint i = 0; i < n; i++)
    munmap (guards[i].base, guards[i].size + sysconf (_SC_PAGESIZE));
}

static void
test_largest (gconstpointer data)
{
  const GptVisTier *t = data;
  GRand *rand = seeded_rand ();
  for (guint n = 1; n <= 70; n++) {
    const guint m = 1 + n % 5, step = n + n % 3;
    const gsize all = (gsize) (m - 1) * step + n;
    Guard g[2];
    float *x = input (&g[0], all * sizeof (float)), *top = guard_new (&g[1], n * sizeof (float), 0);
    fill (rand, x, all, -9, 9);
    for (guint nan = 0; nan < 2; nan++) {
      float most = 0;
      if (nan)
        x[g_rand_int_range (rand, 0, n)] = g_rand_boolean (rand) ? NAN : -NAN;
      t->largest_of_columns (x, m, n, step, top);
      for (guint i = 0; i < n; i++) {
        float want = 0;
        for (guint r = 0; r < m; r++)
          want = isnan (x[r * step + i]) ? NAN : fmaxf (want, fabsf (x[r * step + i]));
        g_assert_true (nan && isnan (x[i]) ? isnan (top[i]) : top[i] == want);
        most = fmaxf (most, want);
      }
      const float got = t->largest (x, m, n, step);
      g_assert_true (nan ? isnan (got) : got == most);
    }
    free_guards (g, 2);
  }
  g_rand_free (rand);
}

static void
test_rounding (gconstpointer data)
{
  const GptVisTier *t = data;
  GRand *rand = seeded_rand ();
  for (guint n = 1; n <= 70; n++) {
    Guard g[5];
    float *x = input (&g[0], n * sizeof (float)), *high = input (&g[1], n * sizeof (float)),
        *factors = input (&g[2], n * sizeof (float));
    gint16 *y = guard_new (&g[3], n * sizeof (gint16), 0);
    gint32 *pairs = guard_new (&g[4], n * sizeof (gint32), 0);
    fill (rand, x, n, -9, 9);
    fill (rand, high, n, -9, 9);
    fill (rand, factors, n, 0, 3000);
    x[0] = 0.5f;                /* halves: of two the even one */
    const float factor = n % 2 ? 3 : 3501.25f;
    t->to_int16 (x, n, factor, y);
    t->pair_int16 (x, high, factors, n, pairs);
    for (guint i = 0; i < n; i++) {
      g_assert_cmpint (y[i], ==, lrintf (x[i] * factor));
      g_assert_cmpint ((gint16) pairs[i], ==, lrintf (x[i] * factors[i]));
      g_assert_cmpint (pairs[i] >> 16, ==, lrintf (high[i] * factors[i]));
    }
    free_guards (g, 5);
  }
  g_rand_free (rand);
}

static void
check_tile (const GptVisTier *t, GRand *rand, guint m, guint n, guint pairs, gint most_a, gint most_b)
{
  const guint columns = t->tile_columns, c_step = n + g_rand_int_range (rand, 0, 5);
  const gboolean by_rows = g_rand_boolean (rand), extreme = g_rand_boolean (rand);
  const guint a_row = by_rows ? pairs + g_rand_int_range (rand, 0, 3) : 1;
  const guint a_step = by_rows ? 1 : m + g_rand_int_range (rand, 0, 3);
  const gsize n_a = (pairs - 1) * a_step + (m - 1) * a_row + 1, n_c = (gsize) (m - 1) * c_step + n;
  Guard g[3];
  gint16 *a = input (&g[0], n_a * 4), *b = input (&g[1], columns * pairs * 4);
  gint32 *c = guard_new (&g[2], n_c * sizeof (gint32), 0);
  for (gsize i = 0; i < n_a * 2; i++)
    a[i] = extreme ? most_a : g_rand_int_range (rand, -most_a, most_a + 1);
  for (gsize i = 0; i < columns * pairs * 2; i++)
    b[i] = extreme ? -most_b : g_rand_int_range (rand, -most_b, most_b + 1);
  for (gsize i = 0; i < n_c; i++)
    c[i] = 77;
  t->tile_int16 (m, n, pairs, (gint32 *) a, a_row, a_step, (gint32 *) b, c, c_step);
  for (gsize i = 0; i < n_c; i++) {
    const guint r = i / c_step, j = i % c_step;
    gint64 want = j >= n ? 77 : 0;
    for (guint d = 0; d < 2 * pairs && j < n; d++)
      want += a[(d / 2 * a_step + r * a_row) * 2 + d % 2] * b[(d / 2 * columns + j) * 2 + d % 2];
    if (c[i] != want)
      g_error ("%s, int16 tile of %u × %u × %u, row %u, column %u: %d where %" G_GINT64_FORMAT " is right",
          t->name, m, n, pairs, r, j, c[i], want);
  }
  free_guards (g, 3);
}

/* Up to what attention makes of them: 2^11 · 2^11 · 512 values, 2^14 · 2^10 · 120. */
static void
test_tile (gconstpointer data)
{
  const GptVisTier *t = data;
  GRand *rand = seeded_rand ();
  for (guint m = 1; m <= t->tile_rows; m++)
    for (guint half = 1; half <= 2; half++) {
      const guint n = t->tile_columns / half;
      check_tile (t, rand, m, n, g_rand_int_range (rand, 1, 70), 2047, 2047);
      check_tile (t, rand, m, n, 256, 2047, 2047);
      check_tile (t, rand, m, n, 60, 16384, 1023);
    }
  g_rand_free (rand);
}

/* Blocks one after the other against the whole: what the running sums make of them is each one's weight. */
static void
test_softmax (gconstpointer data)
{
  const GptVisTier *t = data;
  const guint columns = t->tile_columns, blocks = 3, most = 23;
  const double one = 1 << GPTVIS_INT16_WEIGHT_BITS;
  GRand *rand = seeded_rand ();
  for (guint round = 0; round < 20; round++) {
    const guint keys = 1 + round % most, some = round % 2 ? columns : columns / 2;
    Guard g[6];
    gint32 *scores = guard_new (&g[0], (gsize) (keys + 1) * columns * sizeof (gint32), 0);
    float *state[5];
    for (guint i = 0; i < 5; i++)
      state[i] = guard_new (&g[1 + i], columns * sizeof (float), 0);
    GptVisSoftmax softmax = { state[0], state[1], state[2], state[3] };
    double *tops = g_new (double, columns), *sums = g_new0 (double, columns);
    fill (rand, state[4], columns, 0, 1e-5);
    state[4][0] = 0;
    state[4][columns / 2 - 1] = NAN;
    for (guint j = 0; j < columns; j++) {
      softmax.top[j] = GPTVIS_SOFTMAX_LEAST;
      softmax.sums[j] = 0;
      tops[j] = -INFINITY;
    }
    for (guint b = 0; b < blocks; b++) {
      for (guint i = 0; i < (keys + 1) * columns; i++)
        scores[i] = g_rand_int_range (rand, -(1 << 28), 1 << 28) >> (b == 1 ? 10 : 0);
      gint32 *before = g_memdup2 (scores, (gsize) keys * columns * sizeof (gint32));
      t->softmax_int16 (scores, keys, some, state[4], &softmax);
      for (guint j = 0; j < some; j++) {
        const double unit = state[4][j];
        if (isnan (unit)) {
          g_assert_true (isnan (softmax.sums[j]));
          continue;
        }
        gint32 largest = G_MININT32;
        double sum = 0;
        for (guint r = 0; r < keys; r++)
          largest = MAX (largest, before[r * columns + j]);
        for (guint r = 0; r < keys + keys % 2; r++) {
          const gint got = ((gint16 *) scores)[(r / 2 * columns + j) * 2 + r % 2];
          const double want = r < keys ? one * exp2 ((before[r * columns + j] - (double) largest) * unit) : 0;
          if (!(fabs (got - want) <= 0.51 + 5e-4 * want))   /* exponents up to 5000 in f32 */
            g_error ("%s, softmax of %u keys, key %u, column %u: %d where %g is right", t->name, keys, r, j,
                got, want);
          sum += got;
        }
        const double top = fmax (tops[j], largest * unit);
        sums[j] = sums[j] * exp2 (tops[j] - top) + sum * exp2 (largest * unit - top);
        g_assert_cmpfloat (fabs (softmax.top[j] - top), <=, 2e-7 * fabs (top));
        g_assert_cmpfloat (fabs (softmax.before[j] - exp2 (tops[j] - top)), <=, 1e-3);
        g_assert_cmpfloat (fabs (softmax.now[j] - exp2 (largest * unit - top)), <=, 1e-3);
        g_assert_cmpfloat (fabs (softmax.sums[j] - sums[j]), <=, 2e-3 * sums[j]);
        tops[j] = top;
      }
      g_free (before);
    }
    g_free (tops);
    g_free (sums);
    free_guards (g, 6);
  }
  g_rand_free (rand);
}

static void
test_blend (gconstpointer data)
{
  const GptVisTier *t = data;
  GRand *rand = seeded_rand ();
  for (guint m = 1; m <= 5; m++)
    for (guint n = t->tile_columns / 2; n <= t->tile_columns; n += t->tile_columns / 2) {
      const guint c_step = n + m, y_step = n + 2 * m;
      const gsize n_c = (gsize) (m - 1) * c_step + n, n_y = (gsize) (m - 1) * y_step + n;
      Guard g[5];
      gint32 *c = input (&g[0], n_c * sizeof (gint32));
      float *y = guard_new (&g[1], n_y * sizeof (float), 0), *scales = input (&g[2], n * sizeof (float)),
          *before = input (&g[3], m * sizeof (float)), *now = input (&g[4], m * sizeof (float));
      for (gsize i = 0; i < n_c; i++)
        c[i] = g_rand_int_range (rand, -(1 << 24), 1 << 24);
      fill (rand, y, n_y, -1, 1);
      fill (rand, scales, n, 0, 1e-7);
      fill (rand, before, m, 0, 1);
      fill (rand, now, m, 0, 1);
      float *old = g_memdup2 (y, n_y * sizeof (float));
      t->blend_int16 (m, n, c, c_step, scales, before, now, y, y_step);
      for (gsize i = 0; i < n_y; i++) {
        const guint r = i / y_step, j = i % y_step;
        const double want = j < n ? old[i] * (double) before[r] + (double) c[r * c_step + j] * scales[j]
            * now[r] : old[i];
        g_assert_cmpfloat (fabs (y[i] - want), <=, j < n ? 1e-6 : 0);
      }
      g_free (old);
      free_guards (g, 5);
    }
  g_rand_free (rand);
}

/* ---- whole attentions ---- */

static float *
run (const GptVisPlan *plan, const gchar *backend, GptVisPrecision precision, guint threads, const float *x)
{
  const GptVisProgramOptions options = { .backend = backend, .precision = precision, .threads = threads };
  GError *error = NULL;
  GptVisProgram *program = gptvis_program_new (plan, &(GptVisWeights) { find_weight, NULL }, &options,
      &error);
  g_assert_no_error (error);
  const GptVisTensor *in = gptvis_plan_tensor (plan, gptvis_plan_find (plan, "x"));
  const GptVisTensorId id = gptvis_plan_find (plan, "y");
  const GptVisTensor *out = gptvis_plan_tensor (plan, id);
  GptVisSlot *slot = gptvis_program_slot_new (program, NULL);
  memcpy (gptvis_program_slot_rows (program, slot), x, (gsize) in->rows * in->width * sizeof (float));
  g_assert_true (gptvis_program_submit (program, &slot, 1, &error) && gptvis_program_wait (program, &error));
  float *y = g_memdup2 (gptvis_program_output (program, id, 0),
      (gsize) out->rows * out->width * sizeof (float));
  gptvis_program_slot_free (program, slot);
  gptvis_program_free (program);
  return y;
}

typedef struct {
  GptVisPlan *plan;
  GptVisAttention attention;
  guint rows, all;
} Case;

static Case
make_case (GRand *rand, guint i)
{
  const guint heads = g_rand_int_range (rand, 1, 4), width = g_rand_int_range (rand, 1, 70);
  const float sign = i % 7 ? 1 : -1;
  Case c = {
    .plan = gptvis_plan_new ("attention", 1), .all = 3 * heads * width,
    .rows = g_rand_int_range (rand, 1, i % 4 ? 80 : 400),
    .attention = { .k_column = heads * width, .v_column = 2 * heads * width, .heads = heads,
      .head_width = width, .scale = sign / sqrtf (width), .windows = 1 },
  };
  if (i % 3 == 0) {
    c.attention.windows = g_rand_int_range (rand, 2, 5);
    c.rows = MAX (1, c.rows / c.attention.windows) * c.attention.windows;
  }
  GptVisTensorId x = gptvis_plan_input (c.plan, "x", c.rows, c.all);
  gptvis_plan_output (c.plan, "y", gptvis_plan_attention (c.plan, x, x, x, &c.attention));
  g_assert_true (gptvis_plan_finish (c.plan, NULL));
  return c;
}

/* Scores are off by what rounding to 2^-11 of the largest value does to Q and K, for values up to 2 by
 * 2 · √2 · 2^-11 / √12 of a standard deviation; six of those and V's 2^-10 are 5e−3 of the largest. */
#define TOLERANCE (2 * 5e-3)

static void
test_attention (void)
{
  GRand *rand = seeded_rand ();
  for (guint i = 0; i < cases; i++) {
    const Case c = make_case (rand, i);
    const guint width = c.attention.heads * c.attention.head_width;
    float *x = g_new (float, c.rows * c.all);
    fill (rand, x, c.rows * c.all, -2, 2);
    float *want = run (c.plan, "reference", GPTVIS_PRECISION_F32, 1, x);
    for (guint t = 0; tested_tier (t); t++) {
      if (!tested_tier (t)->tile_int16)
        continue;
      g_setenv ("GPTVIS_CPU", tested_tier (t)->name, TRUE);
      float *got = run (c.plan, "cpu", tested_tier (t)->tile_bf16 && i % 2 ? GPTVIS_PRECISION_BF16
          : GPTVIS_PRECISION_INT8, g_rand_int_range (rand, 1, 4), x);
      for (guint j = 0; j < c.rows * width; j++)
        if (!(fabs (got[j] - want[j]) <= TOLERANCE))
          g_error ("%s, attention of %u × %u of %u, element %u: %g where %g is right",
              tested_tier (t)->name, c.rows, c.attention.heads, c.attention.head_width, j, got[j], want[j]);
      g_free (got);
    }
    g_unsetenv ("GPTVIS_CPU");
    g_free (want);
    g_free (x);
    gptvis_plan_free (c.plan);
  }
  g_rand_free (rand);
}

/* A NaN among one head's q, k or v: what hangs on it is a NaN, the other results are not. */
static void
test_nan (void)
{
  const GptVisAttention attention = { .k_column = 6, .v_column = 12, .heads = 2, .head_width = 3,
    .scale = 1 };
  GptVisPlan *plan = gptvis_plan_new ("nan", 1);
  GptVisTensorId in = gptvis_plan_input (plan, "x", 4, 18);
  gptvis_plan_output (plan, "y", gptvis_plan_attention (plan, in, in, in, &attention));
  g_assert_true (gptvis_plan_finish (plan, NULL));
  for (guint t = 0; tested_tier (t); t++) {
    if (!tested_tier (t)->tile_int16)
      continue;
    g_setenv ("GPTVIS_CPU", tested_tier (t)->name, TRUE);
    for (guint part = 0; part < 3; part++) {
      float x[4 * 18];
      for (guint i = 0; i < G_N_ELEMENTS (x); i++)
        x[i] = 0.1f * (i % 13);
      x[18 + 6 * part] = NAN;
      float *y = run (plan, "cpu", GPTVIS_PRECISION_INT8, 1, x);
      for (guint i = 0; i < 24; i++) {
        const guint row = i / 6, column = i % 6;
        const gboolean bad = column < 3 && (part == 0 ? row == 1 : part == 1 ? TRUE : column == 0);
        g_assert_true (isnan (y[i]) == bad);
      }
      g_free (y);
    }
  }
  g_unsetenv ("GPTVIS_CPU");
  gptvis_plan_free (plan);
}

static void
add (const gchar *what, const GptVisTier *tier, GTestDataFunc test)
{
  gchar *path = g_strdup_printf ("/int16/%s/%s", tier->name, what);
  g_test_add_data_func (path, tier, test);
  g_free (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("GPTVIS_TEST_CASES"))
    cases = g_ascii_strtoull (g_getenv ("GPTVIS_TEST_CASES"), NULL, 10);
  for (guint i = 0; tested_tier (i); i++) {
    const GptVisTier *tier = tested_tier (i);
    if (!tier->tile_int16)
      continue;
    add ("largest", tier, test_largest);
    add ("rounding", tier, test_rounding);
    add ("tile", tier, test_tile);
    add ("softmax", tier, test_softmax);
    add ("blend", tier, test_blend);
  }
  g_test_add_func ("/int16/attention", test_attention);
  g_test_add_func ("/int16/nan", test_nan);
  return g_test_run ();
}
