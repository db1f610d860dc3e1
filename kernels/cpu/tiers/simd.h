/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A vector of floats of the widest kind that the including file is compiled
 * for, under one set of names. Arithmetic is the compiler's vector extension
 * (+ − * / on vf); only what that lacks is named here. */
#pragma once
#include <glib.h>
#include <string.h>
#if defined (__AVX2__)
#include <immintrin.h>
#elif defined (__SSE2__)
#include <emmintrin.h>
#elif defined (__ARM_NEON) && defined (__aarch64__) && !defined (ANY_PROCESSOR)
#include <arm_neon.h>
#define NEON
#endif

#if defined (__AVX512F__)
#define VW 16
#elif defined (__AVX2__)
#define VW 8
#else
#define VW 4
#endif

typedef float vf __attribute__ ((vector_size (4 * VW)));
typedef gint32 vi __attribute__ ((vector_size (4 * VW)));
typedef float vf_unaligned __attribute__ ((vector_size (4 * VW), aligned (4), may_alias));
typedef gint32 vi_unaligned __attribute__ ((vector_size (4 * VW), aligned (4), may_alias));

/* X (lane, s) of each lane: the list that a shuffle wants. */
#if VW == 16
#define EACH_LANE(X, s) X (0, s), X (1, s), X (2, s), X (3, s), X (4, s), X (5, s), X (6, s), X (7, s), \
  X (8, s), X (9, s), X (10, s), X (11, s), X (12, s), X (13, s), X (14, s), X (15, s)
#elif VW == 8
#define EACH_LANE(X, s) X (0, s), X (1, s), X (2, s), X (3, s), X (4, s), X (5, s), X (6, s), X (7, s)
#else
#define EACH_LANE(X, s) X (0, s), X (1, s), X (2, s), X (3, s)
#endif

#define INLINE static inline __attribute__ ((always_inline))

/* Before a loop of a constant number of rounds: as many copies. Clang does not know GCC's words, and where it
 * leaves a loop over rows, their sums are in memory. */
#if defined (__clang__)
#define UNROLL _Pragma ("clang loop unroll(full)")
#else
#define UNROLL _Pragma ("GCC unroll 32")
#endif

INLINE vf
vf_load (const float *p)
{
  return *(const vf_unaligned *) p;
}

INLINE void
vf_store (float *p, vf v)
{
  *(vf_unaligned *) p = v;
}

INLINE vf
vf_set (float x)
{
  return x - (vf) {};           /* the compilers make a broadcast of it; x − 0 is x, −0 too */
}

#if defined (__AVX2__) && !defined (__AVX512F__)
INLINE vi
first_lanes (guint n)
{
  return (gint32) n - (vi) {} > (vi) { 0, 1, 2, 3, 4, 5, 6, 7 };
}
#endif

/* The first n ≤ VW of them; the rest is `fill`, and not looked at in memory. */
INLINE vf
vf_load_some (const float *p, guint n, float fill)
{
#if defined (__AVX512F__)
  return (vf) _mm512_mask_loadu_ps ((__m512) vf_set (fill), (1u << n) - 1, p);
#elif defined (__AVX2__)
  const vi some = first_lanes (n);
  return (vf) _mm256_blendv_ps ((__m256) vf_set (fill), _mm256_maskload_ps (p, (__m256i) some),
      (__m256) some);
#else
  vf v = vf_set (fill);
  memcpy (&v, p, n * sizeof (float));
  return v;
#endif
}

INLINE void
vf_store_some (float *p, vf v, guint n)
{
#if defined (__AVX512F__)
  _mm512_mask_storeu_ps (p, (1u << n) - 1, (__m512) v);
#elif defined (__AVX2__)
  const vi some = first_lanes (n);
  _mm256_maskstore_ps (p, (__m256i) some, (__m256) v);
#else
  memcpy (p, &v, n * sizeof (float));
#endif
}

/* a · b + c, rounded once where the processor can. */
INLINE vf
vf_fma (vf a, vf b, vf c)
{
#if defined (__AVX512F__)
  return (vf) _mm512_fmadd_ps ((__m512) a, (__m512) b, (__m512) c);
#elif defined (__AVX2__)
  return (vf) _mm256_fmadd_ps ((__m256) a, (__m256) b, (__m256) c);
#elif defined (NEON)
  return (vf) vfmaq_f32 ((float32x4_t) c, (float32x4_t) a, (float32x4_t) b);
#else
  return a * b + c;
#endif
}

INLINE vf
vf_max (vf a, vf b)
{
#if defined (__AVX512F__)
  return (vf) _mm512_max_ps ((__m512) a, (__m512) b);
#elif defined (__AVX2__)
  return (vf) _mm256_max_ps ((__m256) a, (__m256) b);
#elif defined (__SSE2__)
  return (vf) _mm_max_ps ((__m128) a, (__m128) b);
#else
  vi take = a > b;
  return (vf) ((take & (vi) a) | (~take & (vi) b));
#endif
}

INLINE vf
vf_min (vf a, vf b)
{
#if defined (__AVX512F__)
  return (vf) _mm512_min_ps ((__m512) a, (__m512) b);
#elif defined (__AVX2__)
  return (vf) _mm256_min_ps ((__m256) a, (__m256) b);
#else
  return -vf_max (-a, -b);
#endif
}

INLINE float
vf_sum (vf v)
{
#if defined (__AVX2__)
#if defined (__AVX512F__)
  const __m256 w = _mm512_castps512_ps256 ((__m512) v)
      + (__m256) _mm512_extractf64x4_pd ((__m512d) v, 1);
#else
  const __m256 w = (__m256) v;
#endif
  __m128 x = _mm256_castps256_ps128 (w) + _mm256_extractf128_ps (w, 1);
  x += _mm_movehl_ps (x, x);
  return x[0] + x[1];
#else
  return (v[0] + v[2]) + (v[1] + v[3]);
#endif
}

/* A vector is LANES of four. Lane l of the result: four sums whose sum is that of v[l]. */
#define LANES (VW / 4)

INLINE vf
vf_fold (const vf v[LANES])
{
#if defined (__AVX512F__)
  const __m512 a = (__m512) v[0], b = (__m512) v[1], c = (__m512) v[2], d = (__m512) v[3];
  const __m512 ab = _mm512_shuffle_f32x4 (a, b, 0x44) + _mm512_shuffle_f32x4 (a, b, 0xee);
  const __m512 cd = _mm512_shuffle_f32x4 (c, d, 0x44) + _mm512_shuffle_f32x4 (c, d, 0xee);
  return (vf) (_mm512_shuffle_f32x4 (ab, cd, 0x88) + _mm512_shuffle_f32x4 (ab, cd, 0xdd));
#elif defined (__AVX2__)
  const __m256 a = (__m256) v[0], b = (__m256) v[1];
  return (vf) (_mm256_permute2f128_ps (a, b, 0x20) + _mm256_permute2f128_ps (a, b, 0x31));
#else
  return v[0];
#endif
}

/* Element 4l + p: the sum of lane l of v[p]. */
INLINE vf
vf_lane_sums (const vf v[4])
{
#if defined (__AVX512F__)
#define UNPACK(half, a, b) (__m512) _mm512_unpack##half##_pd ((__m512d) (a), (__m512d) (b))
#define SHUFFLE _mm512_shuffle_ps
  typedef __m512 vector;
#elif defined (__AVX2__)
#define UNPACK(half, a, b) (__m256) _mm256_unpack##half##_pd ((__m256d) (a), (__m256d) (b))
#define SHUFFLE _mm256_shuffle_ps
  typedef __m256 vector;
#elif defined (__SSE2__)
#define UNPACK(half, a, b) (__m128) _mm_unpack##half##_pd ((__m128d) (a), (__m128d) (b))
#define SHUFFLE _mm_shuffle_ps
  typedef __m128 vector;
#endif
#if defined (__SSE2__)
  const vector a = UNPACK (lo, v[0], v[1]) + UNPACK (hi, v[0], v[1]);
  const vector b = UNPACK (lo, v[2], v[3]) + UNPACK (hi, v[2], v[3]);
  return (vf) (SHUFFLE (a, b, 0x88) + SHUFFLE (a, b, 0xdd));
#undef UNPACK
#undef SHUFFLE
#elif defined (NEON)
  return (vf) vpaddq_f32 (vpaddq_f32 ((float32x4_t) v[0], (float32x4_t) v[1]),
      vpaddq_f32 ((float32x4_t) v[2], (float32x4_t) v[3]));
#else
  return (vf) { vf_sum (v[0]), vf_sum (v[1]), vf_sum (v[2]), vf_sum (v[3]) };
#endif
}

INLINE float
vf_largest (vf v)
{
#if defined (__AVX2__)
#if defined (__AVX512F__)
  const __m256 w = _mm256_max_ps (_mm512_castps512_ps256 ((__m512) v),
      (__m256) _mm512_extractf64x4_pd ((__m512d) v, 1));
#else
  const __m256 w = (__m256) v;
#endif
  __m128 x = _mm_max_ps (_mm256_castps256_ps128 (w), _mm256_extractf128_ps (w, 1));
  x = _mm_max_ps (x, _mm_movehl_ps (x, x));
  return MAX (x[0], x[1]);
#else
  float part[VW], top;
  memcpy (part, &v, sizeof part);
  top = part[0];
  for (int i = 1; i < VW; i++)
    top = MAX (top, part[i]);
  return top;
#endif
}

/* e^x to 2 units in the last place: x = n·ln 2 + r with |r| ≤ ln 2 / 2, a minimax
 * polynomial of degree 6 for e^r (Cephes, expf), 2^n put together from its bits.
 * Below −87.3 it is e^−87.3 ≈ 1e−38, above 88.3 e^88.3; a NaN stays one. */
INLINE vf
vf_exp (vf x)
{
  const vf magic = vf_set (12582912.0f);        /* 1.5 · 2^23: adding it rounds to an integer */
  vf limited = vf_min (vf_max (x, vf_set (-87.33f)), vf_set (88.37f));
  vf shifted = vf_fma (limited, vf_set (1.44269504088896341f), magic);
  vf n = shifted - magic;
  vf r = vf_fma (n, vf_set (-0.693359375f), limited);
  r = vf_fma (n, vf_set (2.12194440e-4f), r);
  vf p = vf_set (1.9875691500e-4f);
  p = vf_fma (p, r, vf_set (1.3981999507e-3f));
  p = vf_fma (p, r, vf_set (8.3334519073e-3f));
  p = vf_fma (p, r, vf_set (4.1665795894e-2f));
  p = vf_fma (p, r, vf_set (1.6666665459e-1f));
  p = vf_fma (p, r, vf_set (5.0000001201e-1f));
  p = vf_fma (p, r * r, r) + vf_set (1.0f);
  vi scaled = (vi) p + (((vi) shifted) << 23);  /* the low bits of shifted are n */
  vi is_number = x == x;
  return (vf) ((is_number & scaled) | (~is_number & (vi) x));
}
