/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* int8 and bf16: what each tier has for them against plain definitions, exactly
 * where whole numbers are summed, at sizes around the vector and the tile, between
 * guard pages; then whole linears against the reference on rounded operands. */
#include "made-weights.h"
#include "plain-narrow.h"
#include "reference.h"
#include "memory.h"
#include "tested-tiers.h"
#include <string.h>

static guint cases = 60;        /* of linears; GPTVIS_TEST_CASES, for slow processors */

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

/* ---- rows mixed ---- */

static void
test_mix (gconstpointer data)
{
  const GptVisTier *t = data;
  GRand *rand = seeded_rand ();
  for (guint n = 16; n <= 80; n += 16) {
    Guard g[2];
    float *x = input (&g[0], n * sizeof (float)), *y = guard_new (&g[1], n * sizeof (float), 0);
    float *want = g_new (float, n);
    fill (rand, x, n, -3, 3);
    memcpy (want, x, n * sizeof (float));
    plain_mix (want, n);
    t->mix (x, n, y);
    g_assert_cmpmem (y, n * sizeof (float), want, n * sizeof (float));
    t->mix (x, n, x);
    g_assert_cmpmem (x, n * sizeof (float), want, n * sizeof (float));
    x[0] = NAN;
    t->mix (x, n, y);
    for (guint i = 0; i < n; i++)
      g_assert_true (isnan (y[i]) == (i < 16));
    g_free (want);
    free_guards (g, 2);
  }
  g_rand_free (rand);
}

/* ---- rows to whole numbers ---- */

static void
check_row (const GptVisTier *t, const float *x, guint n, const guint8 *q, GptVisInt8Row row)
{
  guint8 *want = g_new (guint8, n);
  const GptVisInt8Row right = plain_quantise (x, n, want);
  g_assert_true (row.scale == right.scale || (isnan (row.scale) && isnan (right.scale)));
  g_assert_cmpint (row.zero, ==, right.zero);
  for (guint i = 0; i < n; i++)
    if (q[i] != want[i])
      g_error ("%s, quantise of %u, element %u: %d where %d is right", t->name, n, i, q[i], want[i]);
  g_free (want);
}

/* x [m, n]; bytes of rows and what is between them, which must stay. */
static void
check_quantise (const GptVisTier *t, const float *x, guint m, guint n)
{
  Guard g[2];
  const gsize step = n + 3;
  guint8 *q = guard_new (&g[0], m * step - 3, 0);
  GptVisInt8Row *rows = guard_new (&g[1], m * sizeof *rows, 0);
  memset (q, 77, m * step - 3);
  t->quantise (x, m, n, q, step, rows);
  for (guint r = 0; r < m; r++) {
    check_row (t, x + r * n, n, q + r * step, rows[r]);
    for (guint i = n; r + 1 < m && i < step; i++)
      g_assert_cmpint (q[r * step + i], ==, 77);
  }
  free_guards (g, 2);
}

static void
test_quantise (gconstpointer data)
{
  static const guint sizes[] = { 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100, 257 };
  static const double reach[] = { 1e-31, 1e-20, 1, 127, 1e38, 3e38 };
  static const float odd[] = { NAN, INFINITY, -INFINITY, 0 };
  const GptVisTier *t = data;
  GRand *rand = seeded_rand ();
  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++) {
    const guint n = sizes[s], m = 1 + s % GPTVIS_INT8_ROWS;
    Guard g;
    float *x = input (&g, m * n * sizeof (float));
    for (guint r = 0; r < G_N_ELEMENTS (reach); r++) {
      fill (rand, x, m * n, -reach[r], reach[r]);
      check_quantise (t, x, m, n);
      fill (rand, x, m * n, reach[r] / 2, reach[r]);    /* all of one sign */
      check_quantise (t, x, m, n);
    }
    for (guint i = 0; i < m * n; i++)   /* halves: of two the even one */
      x[i] = i % n ? i % n % 127 - 63.5f : 127.5f;
    check_quantise (t, x, m, n);
    for (guint i = 0; i < G_N_ELEMENTS (odd); i++) {
      x[g_rand_int_range (rand, 0, m * n)] = odd[i];
      check_quantise (t, x, m, n);
    }
    free_guards (&g, 1);
  }
  g_rand_free (rand);
}

/* ---- the tile of int8 ---- */

typedef struct {
  Guard guards[8];
  guint8 *x;                    /* [m, k] */
  gint32 *w;                    /* [columns, k], with the factors */
  gint8 *b;
  gint32 *a, *sums;
  GptVisInt8Row *rows;
  float *scales, *bias, *residual, *c;
  gsize a_row, a_step;
} Tile;

/* Column j of b, w and sums. In slices the largest that a pair may be. */
static void
make_column (Tile *o, const GptVisTier *t, GRand *rand, guint j, guint k, gboolean extreme)
{
  const guint columns = t->tile_columns, group = t->int8_group, slice = t->int8_slice * group;
  const gint largest = slice ? 64 : 127, most = slice ? MIN (127, GPTVIS_INT8_FACTORS / k) : 1;
  gint factor = 1, before = 0, value;
  gint8 *to = o->b + j * group;
  o->sums[j] = 0;
  for (guint i = 0; i < k; i++) {
    if (slice && i % slice == 0) {
      factor = extreme ? most : g_rand_int_range (rand, 1, most + 1);
      memcpy (to, (gint16[]) { factor, factor }, group);
      to += columns * group;
    }
    if (extreme)
      value = j % 2 ? largest : -largest;
    else if (slice && i % 2)
      value = g_rand_int_range (rand, MAX (-127, -128 - MIN (before, 0)), MIN (127, 128 - MAX (before, 0))
      + 1);
    else
      value = g_rand_int_range (rand, -127, 128);
    to[i % group] = before = value;
    o->sums[j] += o->w[j * k + i] = value * factor;
    if (i % group == group - 1)
      to += columns * group;
  }
}

/* Operands as tier.h describes them, written down plainly. */
static void
make_tile (Tile *o, const GptVisTier *t, GRand *rand, guint m, guint k, gsize n_c)
{
  const guint columns = t->tile_columns, group = t->int8_group, groups = (k + group - 1) / group;
  const guint n_factors = t->int8_slice ? (groups + t->int8_slice - 1) / t->int8_slice : 0;
  const gboolean extreme = g_rand_boolean (rand);
  o->x = g_new (guint8, m * k);
  o->w = g_new (gint32, columns * k);
  const gboolean side_by_side = t->int8_side_by_side || g_rand_boolean (rand);
  o->a_row = side_by_side ? 1 : groups + g_rand_int_range (rand, 0, 3);
  o->a_step = side_by_side ? m : 1;
  o->a = input (&o->guards[0], ((m - 1) * o->a_row + (groups - 1) * o->a_step + 1) * sizeof (gint32));
  o->b = input (&o->guards[1], columns * (groups + n_factors) * group);
  o->sums = input (&o->guards[2], columns * sizeof (gint32));
  o->rows = input (&o->guards[3], m * sizeof (GptVisInt8Row));
  o->scales = input (&o->guards[4], columns * sizeof (float));
  o->bias = input (&o->guards[5], columns * sizeof (float));
  o->c = guard_new (&o->guards[6], n_c * sizeof (float), 0);
  o->residual = input (&o->guards[7], n_c * sizeof (float));
  for (gsize i = 0; i < n_c; i++)
    o->c[i] = 77;
  for (guint i = 0; i < m * k; i++)
    o->x[i] = extreme ? 255 : g_rand_int_range (rand, 0, 256);
  for (guint r = 0; r < m; r++) {
    o->rows[r].zero = extreme ? g_rand_int_range (rand, 0, 2) * 255 : g_rand_int_range (rand, 0, 256);
    for (guint i = 0; i < groups * group; i++) {
      const gint v = i < k ? o->x[r * k + i] : 0;
      if (group == 4)
        ((guint8 *) o->a)[(i / 4 * o->a_step + r * o->a_row) * 4 + i % 4] = v;
      else
        ((gint16 *) o->a)[(i / 2 * o->a_step + r * o->a_row) * 2 + i % 2] = v - o->rows[r].zero;
    }
  }
  for (guint j = 0; j < columns; j++)
    make_column (o, t, rand, j, k, extreme);
}

static void
free_tile (Tile *o)
{
  g_free (o->x);
  g_free (o->w);
  free_guards (o->guards, G_N_ELEMENTS (o->guards));
}

/* With scales of 1 and no bias the result is the exact sum as a float; else two roundings off at most. */
static void
check_tile (const GptVisTier *t, GRand *rand, guint m, guint n, guint k)
{
  const guint c_step = n + g_rand_int_range (rand, 0, 5);
  const gsize n_c = (gsize) (m - 1) * c_step + n;
  const gboolean exact = g_rand_boolean (rand);
  Tile o;
  make_tile (&o, t, rand, m, k, n_c);
  for (guint r = 0; r < m; r++)
    o.rows[r].scale = exact ? 1 : g_rand_double_range (rand, 0.01, 1);
  fill (rand, o.scales, t->tile_columns, exact ? 1 : 0.01, 1);
  fill (rand, o.bias, t->tile_columns, -100, 100);
  fill (rand, o.residual, n_c, -100, 100);
  const gboolean adds = !exact && g_rand_boolean (rand);
  const GptVisInt8Tile tile = { o.a, o.a_row, o.a_step, o.b, o.sums, o.rows, o.scales, exact ? NULL : o.bias,
    adds ? o.residual : NULL };
  t->tile_int8 (m, n, (k + t->int8_group - 1) / t->int8_group, &tile, o.c, c_step);
  for (gsize i = 0; i < n_c; i++) {
    const guint r = i / c_step, j = i % c_step;
    gint64 sum = 0;
    for (guint d = 0; d < k && j < n; d++)
      sum += (o.x[r * k + d] - o.rows[r].zero) * o.w[j * k + d];
    const double product = (double) sum * o.rows[r].scale * o.scales[j < n ? j : 0];
    const double want = j >= n ? 77 : exact ? (float) sum : product + o.bias[j] + (adds ? o.residual[i] : 0);
    if (!(fabs (o.c[i] - want) <= (exact || j >= n ? 0 : 4e-7 * (fabs (product) + 200))))
      g_error ("%s, int8 tile of %u × %u × %u, row %u, column %u: %.9g where %.9g is right", t->name, m, n,
          k, r, j, o.c[i], want);
  }
  free_tile (&o);
}

static void
test_tile_int8 (gconstpointer data)
{
  const GptVisTier *t = data;
  GRand *rand = seeded_rand ();
  for (guint m = 1; m <= t->tile_rows; m++)
    for (guint n = 1; n <= t->tile_columns; n += n < t->tile_columns - 2 ? 3 : 1)
      check_tile (t, rand, m, n, g_rand_int_range (rand, 1, 70));
  check_tile (t, rand, t->tile_rows, t->tile_columns, 3001);
  check_tile (t, rand, 1, 2, GPTVIS_INT8_MOST);
  g_rand_free (rand);
}

/* ---- bf16 ---- */

static void
test_to_bf16 (gconstpointer data)
{
  const GptVisTier *t = data;
  GRand *rand = seeded_rand ();
  for (guint n = 1; n <= 70; n++) {
    Guard g[2];
    float *x = input (&g[0], n * sizeof (float));
    guint16 *y = guard_new (&g[1], n * sizeof (guint16), 0);
    for (guint i = 0; i < n; i++) {     /* any float at all, and halves between two */
      guint32 bits = g_rand_int (rand);
      if (g_rand_boolean (rand))
        bits = (bits & 0xffff0000) | 0x8000;
      memcpy (x + i, &bits, sizeof bits);
    }
    t->to_bf16 (x, n, y);
    for (guint i = 0; i < n; i++)
      if (y[i] != plain_bf16 (x[i]))
        g_error ("%s, bf16 of %a: %04x where %04x is right", t->name, x[i], y[i], plain_bf16 (x[i]));
    free_guards (g, 2);
  }
  g_rand_free (rand);
}

/* Products of bf16 are exact in f32; sums of k of them as in test-tiers, each rounded twice at most. */
static void
check_tile_bf16 (const GptVisTier *t, GRand *rand, guint m, guint n, guint k)
{
  const guint columns = t->tile_columns, pairs = (k + 1) / 2, c_step = n + g_rand_int_range (rand, 0, 5);
  const gboolean by_rows = g_rand_boolean (rand);
  const guint a_row = by_rows ? pairs + g_rand_int_range (rand, 0, 3) : 1;
  const guint a_step = by_rows ? 1 : m + g_rand_int_range (rand, 0, 3);
  const gsize n_a = (pairs - 1) * a_step + (m - 1) * a_row + 1;
  const gsize n_c = (gsize) (m - 1) * c_step + n;
  Guard g[4];
  guint16 *a = input (&g[0], n_a * 4), *b = input (&g[1], columns * pairs * 4);
  float *bias = input (&g[2], columns * sizeof (float)), *c = guard_new (&g[3], n_c * sizeof (float), 0);
  for (guint i = 0; i < n_a * 2; i++)
    a[i] = plain_bf16 (g_rand_double_range (rand, -1, 1));
  for (guint r = 0; r < m && k % 2; r++)
    a[((pairs - 1) * a_step + r * a_row) * 2 + 1] = 0;
  for (guint i = 0; i < columns * pairs * 2; i++)
    b[i] = plain_bf16 (g_rand_double_range (rand, -1, 1));
  for (gsize i = 0; i < n_c; i++)
    c[i] = 77;
  fill (rand, bias, columns, -1, 1);
  const gboolean has_bias = g_rand_boolean (rand);
  t->tile_bf16 (m, n, pairs, (gint32 *) a, a_row, a_step, (gint32 *) b, has_bias ? bias : NULL, c, c_step);
  for (gsize i = 0; i < n_c; i++) {
    const guint r = i / c_step, j = i % c_step;
    double want = j >= n ? 77 : has_bias ? bias[j] : 0;
    for (guint d = 0; d < k && j < n; d++)
      want += (double) from_bf16 (a[(d / 2 * a_step + r * a_row) * 2 + d % 2])
          * from_bf16 (b[(d / 2 * columns + j) * 2 + d % 2]);
    if (!(fabs (c[i] - want) <= (j < n ? (k + 1.0) * (k + 1) * 1.2e-7 : 0)))
      g_error ("%s, bf16 tile of %u × %u × %u, row %u, column %u: %.9g where %.9g is right", t->name, m, n,
          k, r, j, c[i], want);
  }
  free_guards (g, 4);
}

static void
test_tile_bf16 (gconstpointer data)
{
  const GptVisTier *t = data;
  GRand *rand = seeded_rand ();
  for (guint m = 1; m <= t->tile_rows; m++)
    for (guint n = 1; n <= t->tile_columns; n += n < t->tile_columns - 2 ? 3 : 1)
      check_tile_bf16 (t, rand, m, n, g_rand_int_range (rand, 1, 70));
  g_rand_free (rand);
}

/* ---- whole linears ---- */

static float *
run (const GptVisPlan *plan, Weights *w, const gchar *backend, GptVisPrecision precision, guint threads,
    const float *x)
{
  const GptVisWeights weights = { find_weight, w };
  const GptVisProgramOptions options = { .backend = backend, .precision = precision, .threads = threads };
  GError *error = NULL;
  GptVisProgram *program = gptvis_program_new (plan, &weights, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (program->precision, ==, precision);
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

/* The reference on x and W rounded as the tier does it. */
static float *
run_rounded (const GptVisPlan *plan, Weights *w, const GptVisTier *tier, GptVisPrecision precision,
    const float *x)
{
  const GptVisTensor *in = gptvis_plan_tensor (plan, gptvis_plan_find (plan, "x"));
  const guint m = gptvis_plan_tensor (plan, gptvis_plan_find (plan, "y"))->width;
  const gsize x_bytes = (gsize) in->rows * in->width * sizeof (float),
      w_bytes = (gsize) m * in->width * sizeof (float);
  float *weights = g_hash_table_lookup (w->tensors, "W");
  float *rounded = g_memdup2 (x, x_bytes), *kept = g_memdup2 (weights, w_bytes);
  round_rows (tier, precision, rounded, in->rows, in->width, FALSE);
  round_rows (tier, precision, weights, m, in->width, TRUE);
  float *y = run (plan, w, "reference", GPTVIS_PRECISION_F32, 1, rounded);
  memcpy (weights, kept, w_bytes);
  g_free (rounded);
  g_free (kept);
  return y;
}

/* That computes what the narrow product is meant to, so they differ only by the order of the sums, as in
 * test-ops, and by `off`. */
static void
compare_tier (const GptVisPlan *plan, Weights *w, const GptVisTier *tier, GptVisPrecision precision,
    guint threads, const float *x, double off)
{
  const GptVisTensor *out = gptvis_plan_tensor (plan, gptvis_plan_find (plan, "y"));
  const gsize n = (gsize) out->rows * out->width;
  g_setenv ("GPTVIS_CPU", tier->name, TRUE);
  float *got = run (plan, w, "cpu", precision, threads, x);
  g_unsetenv ("GPTVIS_CPU");
  float *want = run_rounded (plan, w, tier, precision, x);
  double largest = 1e-30;
  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, fabs (want[i]));
  for (gsize i = 0; i < n; i++)
    if (!(fabs (got[i] - want[i]) <= 2e-5 * largest + off)) {
      gchar *text = gptvis_plan_print (plan);
      g_error ("tier %s, %s, element %zu: %.9g, the reference has %.9g, in\n%s", tier->name,
          gptvis_precision_name (precision), i, got[i], want[i], text);
    }
  g_free (got);
  g_free (want);
}

static void
compare (GptVisPlan *plan, GRand *rand, GptVisPrecision precision, double off)
{
  GError *error = NULL;
  gptvis_plan_finish (plan, &error);
  g_assert_no_error (error);
  Weights w;
  make_weights (&w, plan, rand);
  const GptVisTensor *in = gptvis_plan_tensor (plan, gptvis_plan_find (plan, "x"));
  const guint threads = g_rand_int_range (rand, 1, 4);
  float *x = g_new (float, (gsize) in->rows * in->width);
  fill (rand, x, (gsize) in->rows * in->width, -2, 2);
  for (guint i = 0; tested_tier (i); i++)
    if (precision == GPTVIS_PRECISION_INT8 || tested_tier (i)->tile_bf16)
      compare_tier (plan, &w, tested_tier (i), precision, threads, x, off);
  g_free (x);
  free_weights (&w);
  gptvis_plan_free (plan);
}

static guint
odd (GRand *rand)
{
  static const guint sizes[] = { 32, 33, 34, 35, 48, 50, 63, 64, 65, 97, 130, 301 };
  return sizes[g_rand_int_range (rand, 0, G_N_ELEMENTS (sizes))];
}

static void
test_linear (gconstpointer data)
{
  const GptVisPrecision precision = GPOINTER_TO_INT (data);
  GRand *rand = seeded_rand ();
  for (guint i = 0; i < cases; i++) {
    GptVisPlan *plan = gptvis_plan_new ("linear", 1);
    const guint rows = g_rand_int_range (rand, 2, 40), k = odd (rand), m = odd (rand);
    GptVisTensorId x = gptvis_plan_input (plan, "x", rows, k);
    GptVisLinear linear = *GPTVIS_LINEAR (.act = g_rand_int_range (rand, 0, GPTVIS_N_ACTS), .alpha = 0.5f);
    if (g_rand_boolean (rand))
      linear.scale = gptvis_plan_weight (plan, "scale", 1, m);
    GptVisTensorId bias = g_rand_boolean (rand) ? gptvis_plan_weight (plan, "b", 1, m) : GPTVIS_NO_TENSOR;
    gptvis_plan_output (plan, "y", gptvis_plan_linear (plan, x, gptvis_plan_weight (plan, "W", m, k), bias,
        &linear));
    const gboolean gelu = linear.act == GPTVIS_ACT_GELU || linear.act == GPTVIS_ACT_GELU_TANH;
    compare (plan, rand, precision, gelu ? linear.alpha * 2.2e-4 : 0);  /* tier.h; scales are below 1 */
  }
  g_rand_free (rand);
}

/* A norm before a linear: if its output is read after the run it is computed by itself, else perhaps row by
 * row within the linear. The results are the same to the bit. */
static GptVisPlan *
record_norm_and_linear (guint rows, guint k, guint m, gboolean residual, gboolean read)
{
  GptVisPlan *plan = gptvis_plan_new ("norm", 1);
  GptVisTensorId x = gptvis_plan_input (plan, "x", rows, k);
  x = gptvis_plan_linear (plan, x, gptvis_plan_weight (plan, "V", m, k), GPTVIS_NO_TENSOR, NULL);
  GptVisTensorId n = gptvis_plan_norm (plan, x, gptvis_plan_weight (plan, "weight", 1, m),
      gptvis_plan_weight (plan, "bias", 1, m), 1e-5f);
  if (read)
    gptvis_plan_output (plan, "n", n);
  GptVisLinear linear = *GPTVIS_LINEAR (.residual = residual ? x : GPTVIS_NO_TENSOR);
  x = gptvis_plan_linear (plan, n, gptvis_plan_weight (plan, "W", m, m), GPTVIS_NO_TENSOR, &linear);
  gptvis_plan_output (plan, "y", gptvis_plan_norm (plan, x, GPTVIS_NO_TENSOR, GPTVIS_NO_TENSOR, 1e-5f));
  g_assert_true (gptvis_plan_finish (plan, NULL));
  return plan;
}

static void
test_norm (gconstpointer data)
{
  const GptVisPrecision precision = GPOINTER_TO_INT (data);
  GRand *rand = seeded_rand ();
  for (guint i = 0; i < cases; i++) {
    const guint rows = g_rand_int_range (rand, 2, 40), k = odd (rand), m = odd (rand);
    GptVisPlan *plans[2];
    for (guint read = 0; read < 2; read++)
      plans[read] = record_norm_and_linear (rows, k, m, i % 2, read);
    Weights w;
    make_weights (&w, plans[0], rand);
    float *x = g_new (float, rows * k);
    fill (rand, x, rows * k, -2, 2);
    for (guint t = 0; tested_tier (t); t++) {
      if (precision == GPTVIS_PRECISION_BF16 && !tested_tier (t)->tile_bf16)
        continue;
      g_setenv ("GPTVIS_CPU", tested_tier (t)->name, TRUE);
      float *y[2];
      for (guint read = 0; read < 2; read++)
        y[read] = run (plans[read], &w, "cpu", precision, g_rand_int_range (rand, 1, 4), x);
      g_assert_cmpmem (y[0], rows * m * sizeof (float), y[1], rows * m * sizeof (float));
      g_free (y[0]);
      g_free (y[1]);
    }
    g_unsetenv ("GPTVIS_CPU");
    g_free (x);
    free_weights (&w);
    gptvis_plan_free (plans[0]);
    gptvis_plan_free (plans[1]);
  }
  g_rand_free (rand);
}

/* auto is bf16 where a tier has it and it is quicker than f32, and the description says which. */
static void
test_auto (void)
{
  GptVisPlan *plan = gptvis_plan_new ("auto", 1);
  GptVisTensorId x = gptvis_plan_input (plan, "x", 1, 40);
  GError *error = NULL;
  gptvis_plan_output (plan, "y", gptvis_plan_norm (plan, x, GPTVIS_NO_TENSOR, GPTVIS_NO_TENSOR, 1e-5f));
  g_assert_true (gptvis_plan_finish (plan, &error));
  for (guint i = 0; gptvis_tier_nth (i); i++) {
    const GptVisTier *tier = gptvis_tier_nth (i);
    const GptVisProgramOptions options = { .backend = "cpu" };
    g_setenv ("GPTVIS_CPU", tier->name, TRUE);
    GptVisProgram *program = gptvis_program_new (plan, &(GptVisWeights) { find_weight, NULL }, &options,
        &error);
    g_assert_no_error (error);
    g_assert_true (tier->tile_bf16 || !gptvis_tier_bf16_pays (tier));
    g_assert_cmpint (program->precision, ==,
        gptvis_tier_bf16_pays (tier) ? GPTVIS_PRECISION_BF16 : GPTVIS_PRECISION_F32);
    g_assert_nonnull (strstr (program->description, gptvis_precision_name (program->precision)));
    gptvis_program_free (program);
  }
  g_unsetenv ("GPTVIS_CPU");
  gptvis_plan_free (plan);
}

/* A tier without the instructions says so. */
static void
test_refused (void)
{
  GptVisPlan *plan = gptvis_plan_new ("refused", 1);
  GptVisTensorId x = gptvis_plan_input (plan, "x", 1, 40);
  GError *error = NULL;
  gptvis_plan_output (plan, "y", gptvis_plan_norm (plan, x, GPTVIS_NO_TENSOR, GPTVIS_NO_TENSOR, 1e-5f));
  g_assert_true (gptvis_plan_finish (plan, &error));
  static const struct { const gchar *tier; GptVisPrecision precision; } wrong[] = {
    {"c", GPTVIS_PRECISION_BF16}, {"c", GPTVIS_PRECISION_F16},
  };
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    const GptVisProgramOptions options = { .backend = "cpu", .precision = wrong[i].precision };
    g_setenv ("GPTVIS_CPU", wrong[i].tier, TRUE);
    g_assert_null (gptvis_program_new (plan, &(GptVisWeights) { find_weight, NULL }, &options, &error));
    g_assert_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED);
    g_assert_nonnull (strstr (error->message, gptvis_precision_name (wrong[i].precision)));
    g_clear_error (&error);
  }
  g_unsetenv ("GPTVIS_CPU");
  gptvis_plan_free (plan);
}

static void
add (const gchar *what, const GptVisTier *tier, GTestDataFunc test)
{
  gchar *path = g_strdup_printf ("/narrow/%s/%s", tier->name, what);
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
    add ("mix", tier, test_mix);
    add ("quantise", tier, test_quantise);
    add ("tile-int8", tier, test_tile_int8);
    if (tier->tile_bf16) {
      add ("to-bf16", tier, test_to_bf16);
      add ("tile-bf16", tier, test_tile_bf16);
    }
  }
  g_test_add_data_func ("/narrow/linear/int8", GINT_TO_POINTER (GPTVIS_PRECISION_INT8), test_linear);
  g_test_add_data_func ("/narrow/linear/bf16", GINT_TO_POINTER (GPTVIS_PRECISION_BF16), test_linear);
  g_test_add_data_func ("/narrow/norm/int8", GINT_TO_POINTER (GPTVIS_PRECISION_INT8), test_norm);
  g_test_add_data_func ("/narrow/norm/bf16", GINT_TO_POINTER (GPTVIS_PRECISION_BF16), test_norm);
  g_test_add_func ("/narrow/auto", test_auto);
  g_test_add_func ("/narrow/refused", test_refused);
  return g_test_run ();
}
