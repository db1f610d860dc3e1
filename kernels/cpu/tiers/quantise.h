/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A row of floats → whole numbers from 0 to 255, and the sums that are made of it before, the same in
 * every tier. */
#pragma once
#include "simd.h"
#include <math.h>

typedef guint8 vb __attribute__ ((vector_size (VW)));
typedef guint8 vb_unaligned __attribute__ ((vector_size (VW), aligned (1), may_alias));

/* One step of a Hadamard product: lane i and lane i ^ apart become their sum and their difference. */
#define OTHER(lane, apart) ((lane) ^ (apart))
#define SWAPPED(v, apart) __builtin_shufflevector (v, v, EACH_LANE (OTHER, apart))

INLINE vf
signs (guint apart)
{
  vf v;
  for (guint i = 0; i < VW; i++)
    v[i] = i & apart ? -1 : 1;
  return v;
}

/* v · ±1 is exact, so that this is one rounding with an FMA and without. */
#define MIX_LANES(v, apart) vf_fma (v, signs (apart), SWAPPED (v, apart))

#define MIXED 16u

static void
mix (const float *x, guint n, float *y)
{
  for (guint i = 0; i < n; i += MIXED) {
    vf v[MIXED / VW];
    UNROLL
    for (guint j = 0; j < MIXED / VW; j++) {
      v[j] = vf_load (x + i + j * VW);
      v[j] = MIX_LANES (v[j], 1);
      v[j] = MIX_LANES (v[j], 2);
#if VW >= 8
      v[j] = MIX_LANES (v[j], 4);
#endif
#if VW >= 16
      v[j] = MIX_LANES (v[j], 8);
#endif
    }
    UNROLL
    for (guint apart = 1; apart < MIXED / VW; apart *= 2)
      UNROLL
      for (guint j = 0; j < MIXED / VW; j++)
        if (!(j & apart)) {
          const vf sum = v[j] + v[j + apart];
          v[j + apart] = v[j] - v[j + apart];
          v[j] = sum;
        }
    UNROLL
    for (guint j = 0; j < MIXED / VW; j++)
      vf_store (y + i + j * VW, v[j]);
  }
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
#elif defined (NEON)
  return (vi) vcvtnq_s32_f32 ((float32x4_t) x);
#else
  vi n;
  for (int i = 0; i < VW; i++)
    n[i] = (gint32) lrintf (x[i]);
  return n;
#endif
}

/* Of some vectors, which do not wait for each other's. */
#define LIMITS 4u
typedef struct {
  vf least, most, nothing;      /* nothing: 0, and NaN where something was no finite number */
} Limits;

INLINE void
widen (Limits *l, vf v)
{
  l->least = vf_min (v, l->least);
  l->most = vf_max (v, l->most);
  l->nothing = vf_fma (v, (vf) {}, l->nothing);
}

/* The smallest and the largest, and 0 for each; FALSE when something is no finite number. */
INLINE gboolean
find_limits (const float *x, guint n, float *low, float *high)
{
  Limits l[LIMITS] = {};
  guint i = 0;
  for (; i + LIMITS * VW <= n; i += LIMITS * VW)
    UNROLL
    for (guint j = 0; j < LIMITS; j++)
      widen (&l[j], vf_load (x + i + j * VW));
  for (; i + VW <= n; i += VW)
    widen (&l[0], vf_load (x + i));
  if (i < n)
    widen (&l[1], vf_load_some (x + i, n - i, 0));
  const vf least = vf_min (vf_min (l[0].least, l[1].least), vf_min (l[2].least, l[3].least));
  const vf most = vf_max (vf_max (l[0].most, l[1].most), vf_max (l[2].most, l[3].most));
  *low = -vf_largest (-least);
  *high = vf_largest (most);
  return vf_sum ((l[0].nothing + l[1].nothing) + (l[2].nothing + l[3].nothing)) == 0;
}

/* From 0 on (zero is what the least is rounded to), limited to 255. Compilers would pick the bytes one by
 * one. */
INLINE vb
limit_bytes (vi q)
{
#if defined (__AVX512F__)
  return (vb) _mm512_cvtusepi32_epi8 ((__m512i) q);
#elif defined (__AVX2__)
  const __m128i words =
      _mm_packs_epi32 (_mm256_castsi256_si128 ((__m256i) q), _mm256_extracti128_si256 ((__m256i) q, 1));
  return (vb) _mm_cvtsi128_si64 (_mm_packus_epi16 (words, words));
#elif defined (__SSE2__)
  const __m128i words = _mm_packs_epi32 ((__m128i) q, (__m128i) q);
  return (vb) _mm_cvtsi128_si32 (_mm_packus_epi16 (words, words));
#else
  const vi limit = 255 - (vi) {}, over = q > limit;
  return __builtin_convertvector ((over & limit) | (~over & q), vb);
#endif
}

INLINE vb
to_bytes (vf x, vf factor, vi zero)
{
  return limit_bytes (vi_round (x * factor) + zero);
}

/* What a row's values are multiplied with; 0 for one that becomes zeros. */
INLINE float
find_factor (const float *x, guint n, GptVisInt8Row *row)
{
  float low, high;
  const gboolean numbers = find_limits (x, n, &low, &high);
  const float span = high - low;
  if (!numbers || !(span >= GPTVIS_INT8_LEAST && span <= G_MAXFLOAT)) {
    *row = (GptVisInt8Row) { numbers && span < GPTVIS_INT8_LEAST ? 0 : NAN, 0 };
    return 0;
  }
  const float factor = 255 / span;
  *row = (GptVisInt8Row) { span / 255, vi_round (vf_set (-low * factor))[0] };
  return factor;
}

INLINE void
quantise_row (const float *x, guint n, float factor, gint32 offset, guint8 *q)
{
  const vf factors = vf_set (factor);
  const vi zero = offset - (vi) {};
  guint i = 0;
  if (factor == 0) {
    memset (q, 0, n);
    return;
  }
  for (; i + VW <= n; i += VW)
    *(vb_unaligned *) (q + i) = to_bytes (vf_load (x + i), factors, zero);
  if (i < n) {
    const vb last = to_bytes (vf_load_some (x + i, n - i, 0), factors, zero);
    memcpy (q + i, &last, n - i);
  }
}

/* All factors before the first is used: a row would wait for its own longer than its values take. */
static void
quantise (const float *x, guint m, guint n, guint8 *q, gsize q_step, GptVisInt8Row *rows)
{
  float factors[GPTVIS_INT8_ROWS];
  for (guint r = 0; r < m; r++)
    factors[r] = find_factor (x + (gsize) r * n, n, &rows[r]);
  for (guint r = 0; r < m; r++)
    quantise_row (x + (gsize) r * n, n, factors[r], rows[r].zero, q + r * q_step);
}
