/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A row of floats → whole numbers from −127 to 127, the same in every tier. */
#pragma once
#include "simd.h"
#include <math.h>

typedef gint8 vb __attribute__ ((vector_size (VW)));
typedef gint8 vb_unaligned __attribute__ ((vector_size (VW), aligned (1), may_alias));

INLINE vi
vi_max (vi a, vi b)
{
  const vi take = a > b;
  return (take & a) | (~take & b);
}

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

/* Compared as bits: a NaN is larger than infinity, and the order of the row does not matter. */
INLINE float
largest_magnitude (const float *x, guint n)
{
  const vi magnitude = 0x7fffffff - (vi) {};
  vi top = {};
  guint i = 0;
  for (; i + VW <= n; i += VW)
    top = vi_max (top, (vi) vf_load (x + i) & magnitude);
  if (i < n)
    top = vi_max (top, (vi) vf_load_some (x + i, n - i, 0) & magnitude);
  gint32 lanes[VW];
  memcpy (lanes, &top, sizeof lanes);
  for (i = 1; i < VW; i++)
    lanes[0] = MAX (lanes[0], lanes[i]);
  float largest;
  memcpy (&largest, lanes, sizeof largest);
  return largest;
}

static float
quantise (const float *x, guint n, gint8 *q)
{
  const float largest = largest_magnitude (x, n);
  if (!(largest >= GPTVIS_INT8_LEAST && largest <= G_MAXFLOAT)) {
    memset (q, 0, n);
    return largest < GPTVIS_INT8_LEAST ? 0 : NAN;
  }
  const vf inverse = vf_set (127 / largest);
  guint i = 0;
  for (; i + VW <= n; i += VW)
    *(vb_unaligned *) (q + i) = __builtin_convertvector (vi_round (vf_load (x + i) * inverse), vb);
  if (i < n) {
    const vb last = __builtin_convertvector (vi_round (vf_load_some (x + i, n - i, 0) * inverse), vb);
    memcpy (q + i, &last, n - i);
  }
  return largest / 127;
}
