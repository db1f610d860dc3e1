/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attention in whole numbers of 16 bits, for tiers with VNNI: values become such, their products are summed
 * exactly in 32 bits (vpdpwssd), and softmax makes 15 bits of them again (tier.h). */
#pragma once
#include "simd.h"
#include "tile-shape.h"

INLINE vi
vi_load (gconstpointer p)
{
  return *(const vi_unaligned *) p;
}

INLINE void
vi_store (gpointer p, vi v)
{
  *(vi_unaligned *) p = v;
}

INLINE vi
vi_max (vi a, vi b)
{
#if defined (__AVX512F__)
  return (vi) _mm512_max_epi32 ((__m512i) a, (__m512i) b);
#else
  return (vi) _mm256_max_epi32 ((__m256i) a, (__m256i) b);
#endif
}

/* To the nearest, of two the even one. */
INLINE vi
vi_round (vf x)
{
#if defined (__AVX512F__)
  return (vi) _mm512_cvtps_epi32 ((__m512) x);
#else
  return (vi) _mm256_cvtps_epi32 ((__m256) x);
#endif
}

/* sum + the products of two pairs. */
INLINE vi
dot_pairs (vi sum, vi x, vi w)
{
#if defined (__AVX512F__)
  return (vi) _mm512_dpwssd_epi32 ((__m512i) sum, (__m512i) x, (__m512i) w);
#else
  return (vi) _mm256_dpwssd_avx_epi32 ((__m256i) sum, (__m256i) x, (__m256i) w);
#endif
}

/* The low 16 bits of each. */
INLINE vi
pair_of (vi low, vi high)
{
  return (low & 0xffff) | (high << 16);
}

/* 2^x to 8e−5 of itself: 2^floor (x) times a minimax polynomial of degree 3 for what is left. Far below 0
 * it is next to nothing. */
INLINE vf
vf_exp2_narrow (vf x)
{
#if defined (__AVX512F__)
  const vf rest = (vf) _mm512_reduce_ps ((__m512) x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
#else
  x = vf_max (vf_set (-120.0f), x);
  const vf whole = (vf) _mm256_floor_ps ((__m256) x), rest = x - whole;
#endif
  vf p = vf_set (0.0780245215f);
  p = vf_fma (p, rest, vf_set (0.226067156f));
  p = vf_fma (p, rest, vf_set (0.695833564f));
  p = vf_fma (p, rest, vf_set (0.999925196f));
#if defined (__AVX512F__)
  return (vf) _mm512_scalef_ps ((__m512) p, (__m512) x);
#else
  return (vf) ((vi) p + (vi_round (whole) << 23));
#endif
}

/* The bits of |x|: as whole numbers in the order of these, a NaN above all. */
INLINE vi
magnitude (vf x)
{
  return (vi) x & 0x7fffffff;
}

INLINE vi
magnitudes (const float *x, guint n)
{
  return magnitude (n >= VW ? vf_load (x) : vf_load_some (x, n, 0));
}

static float
largest (const float *x, guint m, guint n, gsize step)
{
  vi top = {};
  for (guint r = 0; r < m; r++)
    for (guint i = 0; i < n; i += VW)
      top = vi_max (top, magnitudes (x + r * step + i, n - i));
#if defined (__AVX512F__)
  const gint32 most = _mm512_reduce_max_epi32 ((__m512i) top);
#else
  __m128i four = _mm_max_epi32 (_mm256_castsi256_si128 ((__m256i) top),
      _mm256_extracti128_si256 ((__m256i) top, 1));
  four = _mm_max_epi32 (four, _mm_shuffle_epi32 (four, 0x4e));
  const gint32 most = _mm_cvtsi128_si32 (_mm_max_epi32 (four, _mm_shuffle_epi32 (four, 0xb1)));
#endif
  float as_float;
  memcpy (&as_float, &most, sizeof as_float);
  return as_float;
}

static void
largest_of_columns (const float *x, guint m, guint n, gsize step, float *top)
{
  for (guint i = 0; i < n; i += VW) {
    vi most = {};
    for (guint r = 0; r < m; r++)
      most = vi_max (most, magnitudes (x + r * step + i, n - i));
    if (n - i >= VW)
      vi_store (top + i, most);
    else
      vf_store_some (top + i, (vf) most, n - i);
  }
}

/* The low halves of each. */
INLINE void
store_halves (gint16 *to, vi q, guint n)
{
#if defined (__AVX512F__)
  const __m256i v = _mm512_cvtepi32_epi16 ((__m512i) q);
#else
  const __m256i halves = _mm256_shuffle_epi8 ((__m256i) q, _mm256_setr_epi8 (0, 1, 4, 5, 8, 9, 12, 13, -1,
          -1, -1, -1, -1, -1, -1, -1, 0, 1, 4, 5, 8, 9, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1));
  const __m128i v = _mm256_castsi256_si128 (_mm256_permute4x64_epi64 (halves, 0x08));
#endif
  if (n >= VW)
    memcpy (to, &v, sizeof v);
  else
    memcpy (to, &v, n * sizeof *to);
}

static void
to_int16 (const float *x, guint n, float factor, gint16 *to)
{
  for (guint i = 0; i < n; i += VW)
    store_halves (to + i, vi_round ((n - i >= VW ? vf_load (x + i) : vf_load_some (x + i, n - i, 0))
        * vf_set (factor)), n - i);
}

static void
pair_int16 (const float *low, const float *high, const float *factors, guint n, gint32 *to)
{
  guint i = 0;
  for (; i + VW <= n; i += VW) {
    const vf factor = vf_load (factors + i);
    const vi first = vi_round (vf_load (low + i) * factor), second = vi_round (vf_load (high + i) * factor);
    vi_store (to + i, pair_of (first, second));
  }
  if (i < n) {
    const vf factor = vf_load_some (factors + i, n - i, 0);
    const vi pairs = pair_of (vi_round (vf_load_some (low + i, n - i, 0) * factor),
        vi_round (vf_load_some (high + i, n - i, 0) * factor));
    vf_store_some ((float *) to + i, (vf) pairs, n - i);
  }
}

/* m and vectors are constants in each use, three rows a pointer, as in tile-bf16.h. */
INLINE void
tile_int16_of (const guint m, const guint vectors, guint pairs, const gint32 *a, gsize a_row, gsize a_step,
    const gint32 *b, gint32 *c, gsize c_step)
{
  const gint32 *rows[(TILE_ROWS - 1) / 3 + 1];
  vi sums[TILE_ROWS][TILE_VECTORS];
  UNROLL
  for (guint r = 0; r < m; r++)
    UNROLL
    for (guint v = 0; v < vectors; v++)
      sums[r][v] = (vi) {};
  UNROLL
  for (guint r = 0; r < m; r += 3)
    rows[r / 3] = a + r * a_row;

  for (guint i = 0; i < pairs; i++) {
    vi row[TILE_VECTORS];
    UNROLL
    for (guint v = 0; v < vectors; v++)
      row[v] = vi_load (b + v * VW);
    UNROLL
    for (guint r = 0; r < m; r++) {
      const vi x = rows[r / 3][r % 3 * a_row] - (vi) {};
      UNROLL
      for (guint v = 0; v < vectors; v++)
        sums[r][v] = dot_pairs (sums[r][v], x, row[v]);
    }
    UNROLL
    for (guint r = 0; r < m; r += 3)
      rows[r / 3] += a_step;
    b += TILE_COLUMNS;
  }

  UNROLL
  for (guint r = 0; r < m; r++)
    UNROLL
    for (guint v = 0; v < vectors; v++)
      vi_store (c + r * c_step + v * VW, sums[r][v]);
}

static void
tile_int16 (guint m, guint n, guint pairs, const gint32 *a, gsize a_row, gsize a_step, const gint32 *b,
    gint32 *c, gsize c_step)
{
  switch (SHAPE (m, n / VW)) {
#define X(rows, vectors)                                                        \
    case SHAPE (rows, vectors):                                                 \
      tile_int16_of (rows, vectors, pairs, a, a_row, a_step, b, c, c_step);     \
      break;
    EACH_SHAPE (X)
#undef X
  }
}

/* One vector of queries. */
INLINE void
softmax_int16_column (gint32 *scores, guint keys, const float *factors, GptVisSoftmax *state, guint j)
{
  vi most = vi_load (scores + j);
  for (guint r = 1; r < keys; r++)
    most = vi_max (most, vi_load (scores + (gsize) r * TILE_COLUMNS + j));
  const vf factor = vf_load (factors + j), old = vf_load (state->top + j);
  const vf here = __builtin_convertvector (most, vf) * factor, top = vf_max (old, here);
  const vf before = vf_exp2_narrow (old - top), now = vf_exp2_narrow (here - top);
  const vf shift = vf_set (GPTVIS_INT16_WEIGHT_BITS) - here;
  vi sum = {};
  for (guint r = 0; r < keys; r += 2) {
    const gint32 *at = scores + (gsize) r * TILE_COLUMNS + j;
    const vf low = vf_fma (__builtin_convertvector (vi_load (at), vf), factor, shift);
    vi pair = vi_round (vf_exp2_narrow (low));
    if (r + 1 < keys) {
      const vf high = vf_fma (__builtin_convertvector (vi_load (at + TILE_COLUMNS), vf), factor, shift);
      pair |= vi_round (vf_exp2_narrow (high)) << 16;
    }
    sum = dot_pairs (sum, pair, 0x10001 - (vi) {});
    vi_store (scores + (gsize) (r / 2) * TILE_COLUMNS + j, pair);
  }
  vf_store (state->top + j, top);
  vf_store (state->before + j, before);
  vf_store (state->now + j, now);
  vf_store (state->sums + j, vf_load (state->sums + j) * before + __builtin_convertvector (sum, vf) * now);
}

static void
softmax_int16 (gint32 *scores, guint keys, guint columns, const float *factors, GptVisSoftmax *state)
{
  for (guint j = 0; j < columns; j += VW)
    softmax_int16_column (scores, keys, factors, state, j);
}

static void
blend_int16 (guint m, guint n, const gint32 *c, gsize c_step, const float *scales, const float *before,
    const float *now, float *y, gsize y_step)
{
  for (guint r = 0; r < m; r++)
    for (guint i = 0; i < n; i += VW) {
      const vf sum = __builtin_convertvector (vi_load (c + r * c_step + i), vf) * vf_load (scales + i);
      float *at = y + r * y_step + i;
      vf_store (at, vf_fma (vf_load (at), vf_set (before[r]), sum * vf_set (now[r])));
    }
}

INLINE void
add_int16 (GptVisTier *tier)
{
  tier->largest = largest;
  tier->largest_of_columns = largest_of_columns;
  tier->to_int16 = to_int16;
  tier->pair_int16 = pair_int16;
  tier->tile_int16 = tile_int16;
  tier->softmax_int16 = softmax_int16;
  tier->blend_int16 = blend_int16;
}
