/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How int8 and bf16 round values, by the definitions of tier.h, in plain C. */
#pragma once
#include "cpu/tier.h"
#include <math.h>
#include <string.h>

/* Step by step, each sum rounded to a float. */
static inline void
plain_mix (float *x, guint n)
{
  for (guint i = 0; i < n; i += 16)
    for (guint apart = 1; apart < 16; apart *= 2)
      for (guint j = 0; j < 16; j++)
        if (!(j & apart)) {
          const float a = x[i + j], b = x[i + j + apart];
          x[i + j] = a + b;
          x[i + j + apart] = a - b;
        }
}

static inline GptVisInt8Row
plain_quantise (const float *x, guint n, guint8 *q)
{
  float low = 0, high = 0;
  gboolean bad = FALSE;
  for (guint i = 0; i < n; i++) {
    bad |= isnan (x[i]);
    low = fminf (low, x[i]);
    high = fmaxf (high, x[i]);
  }
  const float span = high - low, factor = 255 / span;
  if (bad || !isfinite (span) || span < GPTVIS_INT8_LEAST) {
    memset (q, 0, n);
    return (GptVisInt8Row) { bad || !isfinite (span) ? NAN : 0, 0 };
  }
  const gint zero = (gint) nearbyintf (-low * factor);
  for (guint i = 0; i < n; i++)
    q[i] = CLAMP ((gint) nearbyintf (x[i] * factor) + zero, 0, 255);
  return (GptVisInt8Row) { span / 255, zero };
}

static inline guint16
plain_bf16 (float x)
{
  guint32 bits;
  memcpy (&bits, &x, sizeof bits);
  if (isnan (x))
    return bits >> 16 | 0x40;
  if (fabsf (x) < G_MINFLOAT)
    return bits >> 16 & 0x8000;
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

static inline float
from_bf16 (guint16 x)
{
  const guint32 bits = (guint32) x << 16;
  float y;
  memcpy (&y, &bits, sizeof y);
  return y;
}

/* The largest value of n; in slices (tier.h) the largest that two of a pair make with one sign. */
static inline float
largest_of (const float *w, guint n, gboolean pairs)
{
  float largest = 0;
  for (guint i = 0; i < n; i++)
    largest = fmaxf (largest, fabsf (w[i]));
  for (guint i = 0; pairs && i + 1 < n; i += 2)
    largest = fmaxf (largest, fabsf (w[i] + w[i + 1]));
  return largest;
}

/* One output's weights in int8. */
static inline void
round_columns (const GptVisTier *tier, float *w, guint k)
{
  const gboolean pairs = tier->int8_slice > 0;
  const guint slice = pairs ? tier->int8_slice * tier->int8_group : k;
  const guint most = pairs ? MIN (127, GPTVIS_INT8_FACTORS / k) : 1;
  float largest = 0;
  for (guint i = 0; i < k; i += slice)
    largest = fmaxf (largest, largest_of (w + i, MIN (slice, k - i), pairs));
  const float unit = 127 / largest;
  for (guint i = 0; i < k; i += slice) {
    const guint n = MIN (slice, k - i);
    const float factor = CLAMP (ceilf (largest_of (w + i, n, pairs) * unit / 127 * most), 1, most);
    for (guint j = i; j < i + n; j++)
      w[j] = nearbyintf (w[j] * (unit * most / factor)) * factor * (largest / (127 * most));
  }
}

/* Rounds n rows of k floats: x, or weights, which have no zero point. In int8 they are mixed on the way,
 * where k allows it. */
static inline void
round_rows (const GptVisTier *tier, GptVisPrecision precision, float *x, gsize n, guint k, gboolean weights)
{
  guint8 *q = g_new (guint8, k);
  const gboolean int8 = precision == GPTVIS_PRECISION_INT8, mixed = int8 && k % 16 == 0;
  for (gsize r = 0; r < n; r++, x += k) {
    if (mixed)
      plain_mix (x, k);
    const GptVisInt8Row row = plain_quantise (x, k, q);
    if (int8 && weights)
      round_columns (tier, x, k);
    else
      for (guint i = 0; i < k; i++)
        x[i] = int8 ? (q[i] - row.zero) * row.scale : from_bf16 (plain_bf16 (x[i]));
    if (mixed)
      plain_mix (x, k);
    for (guint i = 0; mixed && i < k; i++)
      x[i] /= 16;
  }
  g_free (q);
}
