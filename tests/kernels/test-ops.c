/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every operation, on every tier of the cpu backend and on a GPU, at odd shapes, with
 * batches and threads: each case is a small plan, run there and on the reference. */
#include "gpu.h"
#include "made-weights.h"
#include "constants.h"
#include "reference.h"
#include "resample.h"
#include "tested-tiers.h"
#include "../../shaders/shared.h"
#include "vulkan/tiles.h"
#include <math.h>
#include <string.h>

#define MAX_BATCH 3

/* ---- run a plan on a backend ---- */

static float *
run (const GptVisPlan *plan, Weights *w, const gchar *backend, guint threads, const float *inputs,
    guint batch)
{
  const GptVisWeights weights = { find_weight, w };
  const GptVisProgramOptions options = gpu_options (backend, threads);
  GError *error = NULL;
  GptVisProgram *program = gptvis_program_new (plan, &weights, &options, &error);
  g_assert_no_error (error);
  const GptVisTensor *in = gptvis_plan_tensor (plan, gptvis_plan_find (plan, "x"));
  const GptVisTensorId out_id = gptvis_plan_find (plan, "y");
  const GptVisTensor *out = gptvis_plan_tensor (plan, out_id);
  const gsize n_in = (gsize) in->rows * in->width, n_out = (gsize) out->rows * out->width;
  float *result = g_new (float, n_out * batch);
  GptVisSlot *slots[MAX_BATCH];
  for (guint i = 0; i < batch; i++) {
    slots[i] = gptvis_program_slot_new (program, NULL);
    memcpy (gptvis_program_slot_rows (program, slots[i]), inputs + i * n_in, n_in * sizeof (float));
  }
  for (guint twice = 0; twice < 2; twice++) {   /* a program is run again and again */
    g_assert_true (gptvis_program_submit (program, slots, batch, &error));
    g_assert_true (gptvis_program_wait (program, &error));
  }
  for (guint i = 0; i < batch; i++) {
    memcpy (result + i * n_out, gptvis_program_output (program, out_id, i), n_out * sizeof (float));
    gptvis_program_slot_free (program, slots[i]);
  }
  gptvis_program_free (program);
  return result;
}

/* The largest error relative to the scale. f32 sums of a few hundred products in any order stay well below
 * 2e-5; so do f16's, since the factors are exact in f16, except where products are summed as halves
 * (linear.comp's PACKED) and where cooperative matrices round the weights of attention. */
static double
tolerance_of (const GptVisPlan *plan, const gchar *where)
{
  const gboolean matrices = gpu_is_with (where, "vulkan-f16", "coopmat");
  if (strcmp (gptvis_plan_name (plan), "attention") == 0)
    return matrices ? 5e-3 : 2e-5;
  /* The second's values are what the first gave, and no more exact in f16: off by 2^-11 at most. */
  if (strcmp (gptvis_plan_name (plan), "attention twice") == 0)
    return matrices ? 5e-3 : strcmp (where, "vulkan-f16") == 0 ? 2e-5 + 1 / 2048.0 : 2e-5;
  return gpu_is_with (where, "vulkan-f16", "f16") && !matrices ? 5e-3 : 2e-5;
}

static void
judge (const GptVisPlan *plan, const gchar *where, guint batch, const float *got, const float *want,
    const float *scale, gsize n)
{
  const double tolerance = tolerance_of (plan, where);
  for (gsize i = 0; i < n; i++)
    if (!(fabs (got[i] - want[i]) <= tolerance * scale[i])) {
      gchar *text = gptvis_plan_print (plan);
      g_error ("%s, batch %u, element %zu: %.9g, the reference has %.9g, in\n%s", where, batch, i, got[i],
          want[i], text);
    }
}

/* What each result's error is measured against. A product is rounded in proportion to the magnitudes that it
 * sums, however small the sum is, or what an activation leaves of it: so that is what the reference makes of
 * the magnitudes of x and of all weights, of which activations leave at least half. For other operations it
 * is the largest result. */
static float *
find_scales (const GptVisPlan *plan, Weights *w, const float *inputs, guint batch, const float *want, gsize n)
{
  if (strcmp (gptvis_plan_name (plan), "linear") == 0) {
    const GptVisTensor *in = gptvis_plan_tensor (plan, gptvis_plan_find (plan, "x"));
    Weights magnitudes;
    float *x = copy_magnitudes (inputs, (gsize) in->rows * in->width * batch);
    copy_weights_magnitudes (&magnitudes, w);
    float *scales = run (plan, &magnitudes, "reference", 1, x, batch);
    free_weights (&magnitudes);
    g_free (x);
    return scales;
  }
  float *scales = g_new (float, n), largest = 1e-30f;
  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, fabsf (want[i]));
  for (gsize i = 0; i < n; i++)
    scales[i] = largest;
  return scales;
}

/* Values that are exact in f16; for int8 such that are exact in bytes, with 127/64 once in each slice of a
 * row. */
static void
make_inputs (float *x, guint rows, guint width, const gchar *backend, GRand *rand)
{
  const gboolean bytes = strcmp (backend, "vulkan-int8") == 0;
  for (guint i = 0; i < rows; i++)
    for (guint k = 0; k < width; k++, x++)
      if (!bytes)
        *x = g_rand_int_range (rand, -1024, 1025) / 512.0f;
      else
        *x = (k % LINEAR_SLICE == 0 ? 127 : g_rand_int_range (rand, -127, 128)) / 64.0f;
}

/* On that backend; the cpu's on each of its tiers. */
static void
compare_on (const gchar *backend, const GptVisPlan *plan, Weights *w, guint threads, const float *inputs,
    guint batch)
{
  const GptVisTensor *out = gptvis_plan_tensor (plan, gptvis_plan_find (plan, "y"));
  const gsize n = (gsize) out->rows * out->width * batch;
  float *want = run (plan, w, "reference", 1, inputs, batch);
  float *scales = find_scales (plan, w, inputs, batch, want, n);
  if (strcmp (backend, "cpu") != 0) {
    float *got = run (plan, w, backend, threads, inputs, batch);
    judge (plan, backend, batch, got, want, scales, n);
    g_free (got);
  }
  for (guint t = 0; strcmp (backend, "cpu") == 0 && tested_tier (t); t++) {
    if (is_like_before (t))
      continue;
    g_setenv ("GPTVIS_CPU", tested_tier (t)->name, TRUE);
    float *got = run (plan, w, "cpu", threads, inputs, batch);
    judge (plan, tested_tier (t)->name, batch, got, want, scales, n);
    g_unsetenv ("GPTVIS_CPU");
    g_free (got);
  }
  g_free (want);
  g_free (scales);
}

static void
compare (GptVisPlan *plan, GRand *rand, const gchar *backend)
{
  GError *error = NULL;
  gptvis_plan_finish (plan, &error);
  g_assert_no_error (error);
  Weights w;
  make_weights (&w, plan, rand);
  if (strcmp (backend, "vulkan-int8") == 0)
    round_weights (&w, plan);
  const GptVisTensor *in = gptvis_plan_tensor (plan, gptvis_plan_find (plan, "x"));
  const guint batch = g_rand_int_range (rand, 1, MAX_BATCH + 1), threads = g_rand_int_range (rand, 1, 4);
  float *inputs = g_new (float, (gsize) in->rows * in->width * batch);
  make_inputs (inputs, in->rows * batch, in->width, backend, rand);
  compare_on (backend, plan, &w, threads, inputs, batch);
  g_free (inputs);
  free_weights (&w);
  gptvis_plan_free (plan);
}

/* ---- the cases ---- */

static guint
odd (GRand *rand)
{
  static const guint sizes[] = { 1, 2, 3, 5, 8, 11, 12, 13, 16, 17, 24, 31, 32, 33, 48, 50, 65, 97, 130 };
  return sizes[g_rand_int_range (rand, 0, G_N_ELEMENTS (sizes))];
}

static guint cases = 60;          /* of each operation; GPTVIS_TEST_CASES, for slow processors */

/* A third of them on a GPU, which may be a rasteriser that compiles shaders anew for most cases. */
static guint
cases_on (const gchar *backend)
{
  return g_str_has_prefix (backend, "vulkan") ? (cases + 2) / 3 : cases;
}

static void
test_linear (gconstpointer backend)
{
  if (!gpu_ready (backend))
    return;
  GRand *rand = seeded_rand ();
  for (guint i = 0; i < cases_on (backend); i++) {
    GptVisPlan *plan = gptvis_plan_new ("linear", MAX_BATCH);
    const guint rows = odd (rand), k = odd (rand), m = odd (rand);
    GptVisTensorId x = gptvis_plan_input (plan, "x", rows, k);
    GptVisLinear linear = *GPTVIS_LINEAR (.act = g_rand_int_range (rand, 0, GPTVIS_N_ACTS));
    if (g_rand_boolean (rand))
      linear.gate = gptvis_plan_linear (plan, x, gptvis_plan_weight (plan, "gate", m, k), GPTVIS_NO_TENSOR,
      NULL);
    if (g_rand_boolean (rand))
      linear.residual = gptvis_plan_linear (plan, x, gptvis_plan_weight (plan, "residual", m, k),
          GPTVIS_NO_TENSOR, NULL);
    if (g_rand_boolean (rand))
      linear.scale = gptvis_plan_weight (plan, "scale", 1, m);
    if (g_rand_boolean (rand))
      linear.alpha = 0.5f;
    GptVisTensorId bias = g_rand_boolean (rand) ? gptvis_plan_weight (plan, "b", 1, m) : GPTVIS_NO_TENSOR;
    const guint head = m / 2;
    const gboolean transposed = strcmp (backend, "vulkan-int8") != 0;   /* not exact in bytes */
    const GptVisWeightPart parts[2] = { {"W", 0, MAX (head, 1), FALSE}, {"W2", 3, m - head,
        i % 2 && transposed} };
    GptVisTensorId w;
    if (i % 5 == 0 && transposed)
      w = gptvis_plan_weight_transposed (plan, "W transposed", m, k);
    else
      w = head ? gptvis_plan_weight_stack (plan, m, k, parts, 2) : gptvis_plan_weight (plan, "W", m, k);
    gptvis_plan_output (plan, "y", gptvis_plan_linear (plan, x, w, bias, &linear));
    compare (plan, rand, backend);
  }
  g_rand_free (rand);
}

/* Sums of which activations leave nearly nothing, and nothing else beside them. */
static void
test_linear_tails (gconstpointer backend)
{
  if (!gpu_ready (backend))
    return;
  for (GptVisAct act = 0; act < GPTVIS_N_ACTS; act++)
    for (guint rows = 1; rows <= GPTVIS_VULKAN_FEW + 1; rows += GPTVIS_VULKAN_FEW) {
      float x[GPTVIS_VULKAN_FEW + 1];
      Weights w;
      GptVisPlan *plan = gptvis_plan_new ("linear", 1);
      gptvis_plan_output (plan, "y", gptvis_plan_linear (plan, gptvis_plan_input (plan, "x", rows, 1),
              gptvis_plan_weight (plan, "W", 1, 1), GPTVIS_NO_TENSOR, GPTVIS_LINEAR (.act = act,
              .alpha = 0.5f)));
      g_assert_true (gptvis_plan_finish (plan, NULL));
      GRand *rand = g_rand_new_with_seed (1);
      make_weights (&w, plan, rand);
      round_weights (&w, plan);
      g_rand_free (rand);
      for (guint i = 0; i < rows; i++)
        x[i] = -3 - i / 8.0f;
      compare_on (backend, plan, &w, 1, x, 1);
      free_weights (&w);
      gptvis_plan_free (plan);
    }
}

/* So large that a GPU takes its larger tiles; few cases are the last ones, which have the fewest products. */
static void
test_linear_large (gconstpointer backend)
{
  static const struct {
    guint rows, k, m;
  } shapes[] = { {513, 37, 1030}, {513, 36, 1030}, {400, 33, 640}, {401, 40, 641} };
  if (!gpu_ready (backend))
    return;
  GRand *rand = seeded_rand ();
  const guint n_shapes = G_N_ELEMENTS (shapes);
  for (guint i = n_shapes - MIN ((cases + 1) / 2, n_shapes); i < n_shapes; i++) {
    GptVisPlan *plan = gptvis_plan_new ("linear", MAX_BATCH);
    GptVisTensorId x = gptvis_plan_input (plan, "x", shapes[i].rows, shapes[i].k);
    gptvis_plan_output (plan, "y", gptvis_plan_linear (plan, x, gptvis_plan_weight (plan, "W", shapes[i].m,
            shapes[i].k), gptvis_plan_weight (plan, "b", 1, shapes[i].m),
            GPTVIS_LINEAR (.act = GPTVIS_ACT_GELU)));
    compare (plan, rand, backend);
  }
  g_rand_free (rand);
}

/* Each tile that the device has memory for, at shapes that it does not divide. */
static void
test_linear_tiles (gconstpointer backend)
{
  static const guint shapes[][3] = { {131, 40, 133}, {77, 67, 66} };
  if (!gpu_ready (backend) || !g_str_has_prefix (backend, "vulkan"))
    return;
  GRand *rand = seeded_rand ();
  for (guint tile = 1; tile <= 5; tile++) {
    gpu_reopen (tile);
    for (guint i = 0; i < G_N_ELEMENTS (shapes); i++) {
      GptVisPlan *plan = gptvis_plan_new ("linear", MAX_BATCH);
      GptVisTensorId x = gptvis_plan_input (plan, "x", shapes[i][0], shapes[i][1]);
      gptvis_plan_output (plan, "y", gptvis_plan_linear (plan, x,
              gptvis_plan_weight (plan, "W", shapes[i][2], shapes[i][1]), GPTVIS_NO_TENSOR, NULL));
      compare (plan, rand, backend);
    }
  }
  gpu_reopen (0);
  g_rand_free (rand);
}

/* Opens the device again without that feature. Returns what reopen_as takes to restore it. */
static gchar *
reopen_without (const gchar *feature)
{
  gchar *before = g_strdup (g_getenv ("GPTVIS_VULKAN_DISABLE")), *words = g_strconcat (before, ",", feature,
      NULL);
  g_setenv ("GPTVIS_VULKAN_DISABLE", words, TRUE);
  gpu_reopen (0);
  g_free (words);
  return before;
}

static void
reopen_as (gchar *before)
{
  g_setenv ("GPTVIS_VULKAN_DISABLE", before, TRUE);
  gpu_reopen (0);
  g_free (before);
}

/* A plan of one product, with weights that are exact in bytes. */
static GptVisPlan *
record_bytes (Weights *w, guint rows, guint k, guint m, GRand *rand)
{
  GptVisPlan *plan = gptvis_plan_new ("linear", MAX_BATCH);
  gptvis_plan_output (plan, "y", gptvis_plan_linear (plan, gptvis_plan_input (plan, "x", rows, k),
          gptvis_plan_weight (plan, "W", m, k), GPTVIS_NO_TENSOR, NULL));
  g_assert_true (gptvis_plan_finish (plan, NULL));
  make_weights (w, plan, rand);
  round_weights (w, plan);
  return plan;
}

/* Slices of x with largest values from 2⁻⁸ to 2⁸, the others up to 0.4 steps off a byte's value; `rounded`
 * has that value. */
static void
make_slices (float *x, float *rounded, guint rows, guint width, GRand *rand)
{
  for (guint i = 0; i < rows; i++) {
    double largest = 0;
    for (guint k = 0; k < width; k++, x++, rounded++) {
      if (k % LINEAR_SLICE == 0) {
        largest = exp2 (g_rand_double_range (rand, -8, 8));
        *x = *rounded = g_rand_boolean (rand) ? largest : -largest;
      } else {
        const gint byte = g_rand_int_range (rand, -126, 127);
        *rounded = byte * (largest / 127);
        *x = (byte + g_rand_double_range (rand, -0.4, 0.4)) * (largest / 127);
      }
    }
  }
}

/* Dot products of bytes round each slice of x by itself, whatever the tile and the batch; a NaN stays one,
 * in its row. Where a picture has few rows, x is not rounded. */
static void
test_linear_slices (gconstpointer backend)
{
  enum { K = 3 * LINEAR_SLICE + 13, M = 133, MOST = 131 };
  static const guint heights[] = { MOST, GPTVIS_VULKAN_FEW + 1, GPTVIS_VULKAN_FEW };
  if (!gpu_ready (backend))
    return;
  if (!gpu_is_with (backend, "vulkan-int8", "dot")) {
    g_test_skip ("there are no dot products of bytes");
    return;
  }
  gchar *before = reopen_without ("coopmat");   /* where there are matrices, these multiply bytes */
  GRand *rand = seeded_rand ();
  for (guint i = 0; i < G_N_ELEMENTS (heights); i++) {
    const guint rows = heights[i];
    Weights w;
    GptVisPlan *plan = record_bytes (&w, rows, K, M, rand);
    float *x = g_new (float, MAX_BATCH * rows * K), *rounded = g_new (float, MAX_BATCH * rows * K);
    make_slices (x, rounded, MAX_BATCH * rows, K, rand);
    float *want = run (plan, &w, "reference", 1, rows > GPTVIS_VULKAN_FEW ? rounded : x, MAX_BATCH);
    float *scales = find_scales (plan, &w, x, MAX_BATCH, want, MAX_BATCH * rows * M);
    for (guint tile = 0; tile <= 4; tile++) {
      gpu_reopen (tile);
      float *got = run (plan, &w, backend, 1, x, MAX_BATCH), *alone = run (plan, &w, backend, 1, x, 1);
      judge (plan, backend, MAX_BATCH, got, want, scales, MAX_BATCH * rows * M);
      if (rows > GPTVIS_VULKAN_FEW)
        g_assert_cmpmem (alone, rows * M * sizeof (float), got, rows * M * sizeof (float));
      g_free (got);
      g_free (alone);
    }
    x[2 * K + 5] = NAN;
    float *got = run (plan, &w, backend, 1, x, 1);
    for (guint k = 0; k < M; k++) {
      g_assert_true (isnan (got[2 * M + k]));
      got[2 * M + k] = want[2 * M + k];
    }
    judge (plan, backend, 1, got, want, scales, rows * M);
    g_free (got);
    g_free (want);
    g_free (scales);
    g_free (x);
    g_free (rounded);
    free_weights (&w);
    gptvis_plan_free (plan);
  }
  reopen_as (before);
  g_rand_free (rand);
}

static void
test_norm (gconstpointer backend)
{
  if (!gpu_ready (backend))
    return;
  GRand *rand = seeded_rand ();
  for (guint i = 0; i < cases_on (backend); i++) {
    GptVisPlan *plan = gptvis_plan_new ("norm", MAX_BATCH);
    const guint rows = odd (rand), width = odd (rand) + 3;
    GptVisTensorId x = gptvis_plan_input (plan, "x", rows, width);
    GptVisTensorId weight = g_rand_boolean (rand) ? gptvis_plan_weight (plan, "w", 1, width)
        : GPTVIS_NO_TENSOR;
    GptVisTensorId bias = g_rand_boolean (rand) ? gptvis_plan_weight (plan, "b", 1, width) : GPTVIS_NO_TENSOR;
    GptVisNorm norm
        = *GPTVIS_NORM (.act = i % 3 ? GPTVIS_ACT_NONE : g_rand_int_range (rand, 0, GPTVIS_N_ACTS));
    if (i % 4 == 3) {
      norm.mean = gptvis_plan_weight (plan, "mean", 1, width);
      norm.variance = gptvis_plan_weight (plan, "variance", 1, width);
    }
    /* variances are from −1 on */
    gptvis_plan_output (
        plan, "y", gptvis_plan_norm_with (plan, x, weight, bias, i % 4 == 3 ? 1.5f : 1e-5f, &norm));
    compare (plan, rand, backend);
  }
  g_rand_free (rand);
}

static void
test_attention (gconstpointer backend)
{
  if (!gpu_ready (backend))
    return;
  GRand *rand = seeded_rand ();
  for (guint i = 0; i < cases_on (backend); i++) {
    GptVisPlan *plan = gptvis_plan_new ("attention", MAX_BATCH);
    const guint heads = g_rand_int_range (rand, 1, 5), head_width = odd (rand), width = heads * head_width;
    const guint gap = g_rand_int_range (rand, 0, 4), windows = i % 3 ? 1 : g_rand_int_range (rand, 2, 6);
    const guint rows = odd (rand) * windows / (windows > 1 ? 2 : 1) / windows * windows;
    GptVisTensorId x = gptvis_plan_input (plan, "x", MAX (rows, windows), 3 * (width + gap));
    GptVisAttention attention = { gap, width + 2 * gap, 2 * width + 3 * gap, heads, head_width,
      1 / sqrtf (head_width), windows };
    GptVisTensorId bias = GPTVIS_NO_TENSOR;
    if (g_rand_boolean (rand)) {
      const guint inside = MAX (rows, windows) / windows;
      attention.across = windows % 2 ? windows : g_rand_boolean (rand) ? 2 : 0;
      bias = gptvis_plan_weight (plan, "bias",
          (attention.across ? GPTVIS_ATTENTION_KINDS : 1) * heads * inside, inside);
    }
    gptvis_plan_output (plan, "y", gptvis_plan_attention_with (plan, x, x, x, bias, &attention));
    compare (plan, rand, backend);
  }
  g_rand_free (rand);
}

/* A bias of tables that two attentions share, for places of windows that are shifted or not, or behind a
 * token. */
static void
test_relative (gconstpointer backend)
{
  if (!gpu_ready (backend))
    return;
  GRand *rand = seeded_rand ();
  for (guint i = 0; i < cases_on (backend); i++) {
    GptVisPlan *plan = gptvis_plan_new ("attention twice", MAX_BATCH);
    const guint high = g_rand_int_range (rand, 2, 8), wide = g_rand_int_range (rand, 2, 8), heads = 1 + i % 3;
    const guint across = g_rand_int_range (rand, 1, 4), down = g_rand_int_range (rand, 1, 4);
    GptVisRelative relative = { .grid = {high, wide}, .token = i % 2 };
    if (!relative.token)
      relative.shift = g_rand_int_range (rand, 0, MIN (high, wide));
    const guint n = high * wide + relative.token, width = heads * 4;
    const GptVisAttention attention = { 0, width, 2 * width, heads, 4, 0.5f, across * down,
      relative.shift ? across : 0 };
    GptVisTensorId x = gptvis_plan_input (plan, "x", n * across * down, 3 * width);
    GptVisTensorId table = gptvis_plan_weight (plan, "table",
        (2 * high - 1) * (2 * wide - 1) + (relative.token ? 3 : 0), heads);
    GptVisTensorId bias = gptvis_plan_relative (plan, table, &relative);
    GptVisTensorId y = gptvis_plan_attention_with (plan, x, x, x, bias, &attention);
    gptvis_plan_output (plan, "y", gptvis_plan_attention_with (plan, x, x, y, bias,
            &(GptVisAttention) { 0, width, 0, heads, 4, 0.25f, across * down, attention.across }));
    compare (plan, rand, backend);
  }
  g_rand_free (rand);
}

static void
test_attention_tiles (gconstpointer backend)
{
  if (!gpu_ready (backend) || !g_str_has_prefix (backend, "vulkan"))
    return;
  GRand *rand = seeded_rand ();
  for (guint tile = 1; tile <= 8; tile++) {
    gpu_reopen (tile);
    for (guint i = tile % 2; i < 2; i += 2) {
      const guint head_width = i ? 64 : 42;
      GptVisPlan *plan = gptvis_plan_new ("attention", MAX_BATCH);
      GptVisTensorId x = gptvis_plan_input (plan, "x", 77, 2 * 3 * head_width);
      const GptVisAttention attention = { 0, 2 * head_width, 4 * head_width, 2, head_width, 0.2f };
      GptVisTensorId bias = tile % 3 ? GPTVIS_NO_TENSOR : gptvis_plan_weight (plan, "bias", 2 * 77, 77);
      gptvis_plan_output (plan, "y", gptvis_plan_attention_with (plan, x, x, x, bias, &attention));
      compare (plan, rand, backend);
    }
  }
  gpu_reopen (0);
  g_rand_free (rand);
}

static void
test_rows (gconstpointer backend)
{
  if (!gpu_ready (backend))
    return;
  GRand *rand = seeded_rand ();
  for (guint i = 0; i < cases_on (backend); i++) {
    GptVisPlan *plan = gptvis_plan_new ("rows", MAX_BATCH);
    const guint rows = odd (rand), width = odd (rand);
    GptVisTensorId x = gptvis_plan_input (plan, "x", rows, width);
    GptVisTensorId w = gptvis_plan_weight (plan, "w", rows + 3, width);
    const GptVisRowsPart parts[4] = {
      {w, 1, 2, GPTVIS_NO_TENSOR, 0, FALSE}, {x, 0, rows, w, 3, FALSE}, {x, rows - 1, 1, x, 0, FALSE},
      {x, 0, rows, w, 1, TRUE},
    };
    gptvis_plan_output (plan, "y", gptvis_plan_rows (plan, parts, 1 + i % 4));
    compare (plan, rand, backend);
  }
  g_rand_free (rand);
}

static void
test_resample (gconstpointer backend)
{
  if (!gpu_ready (backend))
    return;
  GRand *rand = seeded_rand ();
  for (guint i = 0; i < cases_on (backend); i++) {
    GptVisPlan *plan = gptvis_plan_new ("resample", MAX_BATCH);
    const guint rows_in = g_rand_int_range (rand, 1, 9), columns_in = g_rand_int_range (rand, 1, 9);
    const guint rows = g_rand_int_range (rand, 1, 9), columns = g_rand_int_range (rand, 1, 9),
        width = odd (rand);
    GptVisTensorId x = gptvis_plan_input (plan, "x", rows * columns, width);
    GptVisTensorId w = gptvis_plan_weight (plan, "w", rows_in * columns_in, width);
    GptVisTensorId table = gptvis_plan_resample (plan, w, rows_in, columns_in, rows, columns, i % 2);
    const GptVisRowsPart part = { x, 0, rows * columns, table, 0 };
    gptvis_plan_output (plan, "y", gptvis_plan_rows (plan, &part, 1));
    compare (plan, rand, backend);
  }
  g_rand_free (rand);
}

static void
test_pool (gconstpointer backend)
{
  if (!gpu_ready (backend))
    return;
  GRand *rand = seeded_rand ();
  for (guint i = 0; i < cases_on (backend); i++) {
    GptVisPlan *plan = gptvis_plan_new ("pool", MAX_BATCH);
    const guint rows = odd (rand), first = g_rand_int_range (rand, 0, rows);
    GptVisTensorId x = gptvis_plan_input (plan, "x", rows, odd (rand));
    const GptVisPoolPart parts[2] = { {0, 1}, {first, rows - first} };
    gptvis_plan_output (plan, "y", gptvis_plan_pool (plan, x, parts, 1 + i % 2));
    compare (plan, rand, backend);
  }
  g_rand_free (rand);
}

static void
test_score (gconstpointer backend)
{
  if (!gpu_ready (backend))
    return;
  GRand *rand = seeded_rand ();
  for (guint i = 0; i < cases_on (backend); i++) {
    GptVisPlan *plan = gptvis_plan_new ("score", MAX_BATCH);
    const guint width = i % 10 < 7 ? odd (rand) : 3000 + 997 * (i % 10);        /* a vocabulary */
    GptVisTensorId x = gptvis_plan_input (plan, "x", odd (rand), width);
    gptvis_plan_output (plan, "y", gptvis_plan_score (plan, x, (GptVisScore) (i % GPTVIS_N_SCORES)));
    compare (plan, rand, backend);
  }
  g_rand_free (rand);
}

#include "ops-grids.inc"
#include "constants.inc"

static const gchar *const backends[] = { "cpu", "vulkan", "vulkan-f16", "vulkan-int8" };
static const struct {
  const gchar *name;
  GTestDataFunc function;
  gboolean features;            /* features change what is dispatched */
} tests[] = {
  {"linear", test_linear, TRUE},
  {"linear-tails", test_linear_tails},
  {"linear-large", test_linear_large},
  {"linear-tiles", test_linear_tiles},
  {"linear-slices", test_linear_slices},
  {"norm", test_norm, TRUE},
  {"attention", test_attention, TRUE},
  {"attention-tiles", test_attention_tiles},
  {"attention-relative", test_relative},
  {"rows", test_rows},
  {"resample", test_resample},
  {"pool", test_pool},
  {"score", test_score, TRUE},
  {"columns", test_columns},
  {"windows", test_windows},
  {"windows-shifted", test_shifted_windows},
  {"rope", test_rope},
  {"unfold", test_unfold},
  {"top", test_top},
  {"gather", test_gather},
  {"boxes", test_boxes},
  {"waves", test_waves},
  {"sample", test_sample},
};

/* Only these have shaders of their own for halves or bytes. */
static gboolean
is_of_interest (const gchar *backend, const gchar *name)
{
  if (strcmp (name, "linear-slices") == 0)
    return strcmp (backend, "vulkan-int8") == 0;
  if (g_str_has_prefix (name, "linear"))
    return TRUE;
  return g_str_has_prefix (name, "attention") ? strcmp (backend, "vulkan-int8") != 0
      : strcmp (backend, "cpu") == 0 || strcmp (backend, "vulkan") == 0;
}

/* What a device may lack, each feature by itself and all of them. */
static const gchar *const features[] = {
  "f16", "subgroup", "dot", "coopmat", "f16,subgroup,dot,coopmat"
};

static void
test_without (gconstpointer feature)
{
  const guint all_cases = cases;
  if (!gpu_ready ("vulkan"))
    return;
  gchar *before = reopen_without (feature);
  cases = 1;
  gchar *list = gptvis_backend_devices ("vulkan", NULL), *word = g_strconcat (" ", feature, NULL);
  g_assert_null (strstr (list, word));
  for (guint i = 1; i < G_N_ELEMENTS (backends); i++)
    for (guint j = 0; j < G_N_ELEMENTS (tests); j++)
      if (is_of_interest (backends[i], tests[j].name) && tests[j].features)
        tests[j].function (backends[i]);
  cases = all_cases;
  reopen_as (before);
  g_free (list);
  g_free (word);
}

static void
add_test (const gchar *backend, const gchar *name, GTestDataFunc function)
{
  gchar *path = g_strdup_printf ("/ops/%s/%s", backend, name);
  g_test_add_data_func (path, backend, function);
  g_free (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("GPTVIS_TEST_CASES"))
    cases = g_ascii_strtoull (g_getenv ("GPTVIS_TEST_CASES"), NULL, 10);
  for (guint i = 0; i < G_N_ELEMENTS (backends); i++)
    for (guint j = 0; j < G_N_ELEMENTS (tests); j++)
      if (is_of_interest (backends[i], tests[j].name))
        add_test (backends[i], tests[j].name, tests[j].function);
  for (guint i = 0; i < G_N_ELEMENTS (features); i++) {
    gchar *path = g_strdup_printf ("/ops/vulkan-without/%s", features[i]);
    g_test_add_data_func (path, features[i], test_without);
    g_free (path);
  }
  add_constants_tests ();
  const int status = g_test_run ();
  gpu_close ();
  return status;
}
