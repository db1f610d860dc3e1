/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Half precision as floats: every pattern there is, also on a thread that flushes
 * denormals to zero, and at any address. */
#include "weights.h"
#include <glib.h>
#include <math.h>
#include <string.h>
#ifdef __SSE2__
#include <xmmintrin.h>
#endif

/* By the definition of the formats. */
static double
define (GptVisDtype dtype, guint bits)
{
  const guint fraction_bits = dtype == GPTVIS_F16 ? 10 : 7, exponent_bits = 15 - fraction_bits;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const guint fraction = bits & ((1u << fraction_bits) - 1),
      exponent = bits >> fraction_bits & ((1u << exponent_bits) - 1);
  const double sign = bits >> 15 ? -1 : 1;
  if (exponent == (1u << exponent_bits) - 1)
    return fraction ? NAN : sign * INFINITY;
  return exponent ? sign * ldexp (fraction + (1u << fraction_bits),
      (int) exponent - bias - (int) fraction_bits)
      : sign * ldexp (fraction, 1 - bias - (int) fraction_bits);
}

static void
check (GptVisDtype dtype)
{
  guint8 *from = g_malloc (2 * 65536 + 1) + 1;  /* an odd address */
  float *to = g_new (float, 65536);
  for (guint bits = 0; bits < 65536; bits++) {
    const guint16 value = GUINT16_TO_LE ((guint16) bits);
    memcpy (from + 2 * bits, &value, 2);
  }
  gptvis_to_f32 (dtype, from, to, 65536);
#ifdef __SSE2__
  const guint before = _mm_getcsr ();
  float *flushed = g_new (float, 65536);
  _mm_setcsr (before | 0x8040);
  gptvis_to_f32 (dtype, from, flushed, 65536);
  _mm_setcsr (before);
  g_assert_cmpmem (flushed, 65536 * sizeof (float), to, 65536 * sizeof (float));
  g_free (flushed);
#endif
  for (guint bits = 0; bits < 65536; bits++) {
    const double want = define (dtype, bits);
    if (isnan (want))
      g_assert_true (isnan (to[bits]));
    else
      g_assert_true (to[bits] == (float) want && !signbit (to[bits]) == !signbit (want));
  }
  g_free (to);
  g_free (from - 1);
}

/* The nearest half: of each half itself; of what lies between two neighbours the nearer, in the middle the
 * even one. */
static void
test_to_f16 (void)
{
  for (guint bits = 0; bits < 0x7c00; bits++) {
    const float low = define (GPTVIS_F16, bits);
    const float high = bits == 0x7bff ? 65536 : define (GPTVIS_F16, bits + 1);
    const float middle = (low + high) / 2;
    g_assert_cmphex (gptvis_to_f16 (low), ==, bits);
    g_assert_cmphex (gptvis_to_f16 (-low), ==, bits | 0x8000);
    g_assert_cmphex (gptvis_to_f16 (nextafterf (middle, 0)), ==, bits);
    g_assert_cmphex (gptvis_to_f16 (middle), ==, bits + bits % 2);
    g_assert_cmphex (gptvis_to_f16 (nextafterf (middle, INFINITY)), ==, bits + 1);
  }
  g_assert_cmphex (gptvis_to_f16 (1e30f), ==, 0x7c00);
  g_assert_cmphex (gptvis_to_f16 (-INFINITY), ==, 0xfc00);
  g_assert_cmphex (gptvis_to_f16 (NAN) & 0x7fff, ==, 0x7e00);
}

static void
test_f16 (void)
{
  check (GPTVIS_F16);
}

static void
test_bf16 (void)
{
  check (GPTVIS_BF16);
}

/* As GPT-2 stores it: [3 inputs, 4 outputs], of which outputs 1 … 3 are asked for, one
 * below the other, and behind them one of a second tensor that stands upright. */
static gconstpointer
find (gpointer user, const GptVisWeightPart *part, GptVisDtype *dtype, gsize *n_elements)
{
  static const float lying[] = { 1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24 }, upright[] = { 5, 6, 7 };
  *dtype = GPTVIS_F32;
  *n_elements = strcmp (part->name, "lying") == 0 ? 12 : 3;
  return strcmp (part->name, "lying") == 0 ? lying : upright;
}

static void
test_transposed (void)
{
  static const float want[] = { 2, 12, 22, 3, 13, 23, 4, 14, 24, 5, 6, 7 };
  const GptVisTensor t = { .kind = GPTVIS_TENSOR_WEIGHT, .rows = 4, .width = 3, .n_parts = 2,
    .parts = {{"lying", 1, 3, TRUE}, {"upright", 0, 1, FALSE}} };
  const GptVisWeights weights = { find, NULL, NULL };
  float got[12];
  GptVisHeldWeight held = { 0 };
  g_assert_true (gptvis_weights_hold (&weights, &t, &held, NULL));
  gptvis_held_weight_read (&held, 0, 4, got);
  g_assert_cmpmem (got, sizeof got, want, sizeof want);
  gptvis_held_weight_read (&held, 1, 3, got);    /* from the middle of a part into the next */
  g_assert_cmpmem (got, 9 * sizeof (float), want + 3, 9 * sizeof (float));
  const GptVisTensor whole = { .kind = GPTVIS_TENSOR_WEIGHT, .rows = 4, .width = 3, .n_parts = 1,
    .parts = {{"lying", 0, 4, TRUE}} };
  g_assert_true (gptvis_weights_hold (&weights, &whole, &held, NULL));
  g_assert_null (gptvis_held_weight_in_place (&held));
  gptvis_held_weight_clear (&held);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/weights/f16", test_f16);
  g_test_add_func ("/weights/bf16", test_bf16);
  g_test_add_func ("/weights/transposed", test_transposed);
  g_test_add_func ("/weights/to-f16", test_to_f16);
  return g_test_run ();
}
