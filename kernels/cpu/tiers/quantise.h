/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A row of floats → whole numbers from 0 to 255, the same in every tier. */
#pragma once
#include "simd.h"
#include <math.h>

typedef guint8 vb __attribute__ ((vector_size (VW)));
typedef guint8 vb_unaligned __attribute__ ((vector_size (VW), aligned (1), may_alias));

/* To the nearest, of two the even one. */
INLINE vi
vi_round (vf x)
{
#if defined (__AVX512F__)
  return (vi) _mm512_cvtps_epi32 ((__m512) x);
#elif defined (__AVX2__)
  return (vi) _mm256_cvtps_epi32 ((__m256) x);
#elif defined (__SSE2__)
  return (vi) _mm_cvtps_epi32 ((__m128) x);
#else
  vi n;
  for (int i = 0; i < VW; i++)
    n[i] = (gint32) lrintf (x[i]);
  return n;
#endif
}

/* The smallest and the largest, and 0 for each; FALSE when there is a NaN. */
INLINE gboolean
find_limits (const float *x, guint n, float *low, float *high)
{
  vf least = {}, most = {};
  vi numbers = ~(vi) {};
  for (guint i = 0; i < n; i += VW) {
    const vf v = i + VW <= n ? vf_load (x + i) : vf_load_some (x + i, n - i, 0);
    numbers &= v == v;
    least = vf_max (least, -v);
    most = vf_max (most, v);
  }
  gint32 lanes[VW], all = -1;
  memcpy (lanes, &numbers, sizeof lanes);
  for (guint i = 0; i < VW; i++)
    all &= lanes[i];
  *low = -vf_largest (least);
  *high = vf_largest (most);
  return all != 0;
}

INLINE vb
to_bytes (vf x, vf factor, vi zero)
{
  const vi q = vi_round (x * factor) + zero, limit = 255 - (vi) {}, over = q > limit;
  return __builtin_convertvector ((over & limit) | (~over & q), vb);
}

static GptVisInt8Row
quantise (const float *x, guint n, guint8 *q)
{
  float low, high;
  const gboolean numbers = find_limits (x, n, &low, &high);
  const float span = high - low;
  if (!numbers || !(span >= GPTVIS_INT8_LEAST && span <= G_MAXFLOAT)) {
    memset (q, 0, n);
    return (GptVisInt8Row) { numbers && span < GPTVIS_INT8_LEAST ? 0 : NAN, 0 };
  }
  const float factor = 255 / span;
  const gint32 offset = vi_round (vf_set (-low * factor))[0];
  const vf factors = vf_set (factor);
  const vi zero = offset - (vi) {};
  guint i = 0;
  for (; i + VW <= n; i += VW)
    *(vb_unaligned *) (q + i) = to_bytes (vf_load (x + i), factors, zero);
  if (i < n) {
    const vb last = to_bytes (vf_load_some (x + i, n - i, 0), factors, zero);
    memcpy (q + i, &last, n - i);
  }
  return (GptVisInt8Row) { span / 255, offset };
}
