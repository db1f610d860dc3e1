/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resizing Y'CbCr: rows of samples summed to a row of floats in whole numbers, and the
 * dot products that pick a component out of such rows.
 *
 * Two rows at a time: their samples stand in pairs of 16 bits, which one instruction
 * multiplies with the two parts and adds. A block is four vectors of sums, each of
 * which holds in its lane l (of four) the columns of the block's l-th part. */
#pragma once
#include "simd.h"

#define WORD_BITS 0x3ff         /* of a sample of ten bits */

#if defined (__AVX512BW__)
#define WIDE(name) _mm512_##name
#define WIDE_BITS(name) _mm512_##name##_si512
typedef __m512i wide;
#elif defined (__AVX2__)
#define WIDE(name) _mm256_##name
#define WIDE_BITS(name) _mm256_##name##_si256
typedef __m256i wide;
#elif defined (__SSE2__)
#define WIDE(name) _mm_##name
#define WIDE_BITS(name) _mm_##name##_si128
typedef __m128i wide;
#endif

enum { BYTES_BLOCK = 4 * VW, WORDS_BLOCK = 2 * VW };    /* columns */

#if defined (__SSE2__)
/* The parts of two rows, or of one and nothing. */
INLINE wide
two_parts (const gint16 *parts, guint n)
{
  return WIDE (set1_epi32) ((guint16) parts[0] | (n > 1 ? (guint32) (guint16) parts[1] << 16 : 0));
}

INLINE void
add_pairs (vi *sum, wide pairs, wide parts)
{
  *sum += (vi) WIDE (madd_epi16) (pairs, parts);
}

INLINE void
add_bytes (vi sums[4], const guint8 *row, gssize step, const gint16 *parts, guint n)
{
  const wide zero = WIDE_BITS (setzero) (), both = two_parts (parts, n);
  const wide a = WIDE_BITS (loadu) ((const void *) row);
  const wide b = n > 1 ? WIDE_BITS (loadu) ((const void *) (row + step)) : zero;
  const wide low = WIDE (unpacklo_epi8) (a, b), high = WIDE (unpackhi_epi8) (a, b);
  add_pairs (&sums[0], WIDE (unpacklo_epi8) (low, zero), both);
  add_pairs (&sums[1], WIDE (unpackhi_epi8) (low, zero), both);
  add_pairs (&sums[2], WIDE (unpacklo_epi8) (high, zero), both);
  add_pairs (&sums[3], WIDE (unpackhi_epi8) (high, zero), both);
}

INLINE wide
load_words (const guint8 *row, guint shift)
{
  return WIDE (srl_epi16) (WIDE_BITS (loadu) ((const void *) row), _mm_cvtsi32_si128 (shift))
      & WIDE (set1_epi16) (WORD_BITS);
}

INLINE void
add_words (vi sums[2], const guint8 *row, gssize step, guint shift, const gint16 *parts, guint n)
{
  const wide both = two_parts (parts, n), a = load_words (row, shift);
  const wide b = n > 1 ? load_words (row + step, shift) : WIDE_BITS (setzero) ();
  add_pairs (&sums[0], WIDE (unpacklo_epi16) (a, b), both);
  add_pairs (&sums[1], WIDE (unpackhi_epi16) (a, b), both);
}

#elif defined (NEON)
INLINE void
add_bytes (vi sums[4], const guint8 *row, gssize step, const gint16 *parts, guint n)
{
  for (guint i = 0; i < n; i++, row += step) {
    const uint8x16_t bytes = vld1q_u8 (row);
    const int16x8_t low = (int16x8_t) vmovl_u8 (vget_low_u8 (bytes)),
        high = (int16x8_t) vmovl_high_u8 (bytes);
    sums[0] = (vi) vmlal_n_s16 ((int32x4_t) sums[0], vget_low_s16 (low), parts[i]);
    sums[1] = (vi) vmlal_high_n_s16 ((int32x4_t) sums[1], low, parts[i]);
    sums[2] = (vi) vmlal_n_s16 ((int32x4_t) sums[2], vget_low_s16 (high), parts[i]);
    sums[3] = (vi) vmlal_high_n_s16 ((int32x4_t) sums[3], high, parts[i]);
  }
}

INLINE void
add_words (vi sums[2], const guint8 *row, gssize step, guint shift, const gint16 *parts, guint n)
{
  for (guint i = 0; i < n; i++, row += step) {
    const uint16x8_t shifted = vshlq_u16 ((uint16x8_t) vld1q_u8 (row), vdupq_n_s16 (-(gint) shift));
    const int16x8_t words = (int16x8_t) vandq_u16 (shifted, vdupq_n_u16 (WORD_BITS));
    sums[0] = (vi) vmlal_n_s16 ((int32x4_t) sums[0], vget_low_s16 (words), parts[i]);
    sums[1] = (vi) vmlal_high_n_s16 ((int32x4_t) sums[1], words, parts[i]);
  }
}

#else
INLINE void
add_bytes (vi sums[4], const guint8 *row, gssize step, const gint16 *parts, guint n)
{
  for (guint i = 0; i < n; i++, row += step)
    for (guint x = 0; x < BYTES_BLOCK; x++)
      sums[x / VW][x % VW] += row[x] * parts[i];
}

INLINE void
add_words (vi sums[2], const guint8 *row, gssize step, guint shift, const gint16 *parts, guint n)
{
  for (guint i = 0; i < n; i++, row += step)
    for (guint x = 0; x < WORDS_BLOCK; x++) {
      guint16 word;
      memcpy (&word, row + 2 * x, 2);
      sums[x / VW][x % VW] += (word >> shift & WORD_BITS) * parts[i];
    }
}
#endif

/* The rows below, of which the next row of the result needs half as many as this one did: they come while
 * this one is made. */
INLINE void
ask_for_next (const guint8 *row, gssize step, guint count, guint bytes, gsize at)
{
  if (at % 64 < bytes)
    for (gint i = 0; i < (gint) count / 2; i++)
      __builtin_prefetch (row + i * step);
}

/* n vectors of sums, lane by lane → 4 · LANES · n floats. */
INLINE void
store_sums (const vi *sums, guint n, float unit, float *to)
{
  UNROLL
  for (guint v = 0; v < n; v++) {
    const vf y = __builtin_convertvector (sums[v], vf) * vf_set (unit);
#if defined (__AVX512F__)
    _mm_storeu_ps (to + 4 * v, _mm512_extractf32x4_ps ((__m512) y, 0));
    _mm_storeu_ps (to + 4 * (n + v), _mm512_extractf32x4_ps ((__m512) y, 1));
    _mm_storeu_ps (to + 4 * (2 * n + v), _mm512_extractf32x4_ps ((__m512) y, 2));
    _mm_storeu_ps (to + 4 * (3 * n + v), _mm512_extractf32x4_ps ((__m512) y, 3));
#elif defined (__AVX2__)
    _mm_storeu_ps (to + 4 * v, _mm256_castps256_ps128 ((__m256) y));
    _mm_storeu_ps (to + 4 * (n + v), _mm256_extractf128_ps ((__m256) y, 1));
#else
    vf_store (to + 4 * v, y);
#endif
  }
}

static void
sum_bytes (const guint8 *rows, gssize step, const gint16 *parts, guint count, float unit, float *sums,
    guint n)
{
  guint x = 0;
  while (x < n && n >= BYTES_BLOCK) {
    vi block[4] = { };
    const guint8 *row = rows + x;
    guint i = 0;
    for (; i + 1 < count; i += 2, row += 2 * step)
      add_bytes (block, row, step, parts + i, 2);
    if (i < count)
      add_bytes (block, row, step, parts + i, 1);
    ask_for_next (rows + x + (gssize) count * step, step, count, BYTES_BLOCK, x);
    store_sums (block, 4, unit, sums + x);
    x += BYTES_BLOCK;
    if (x < n && x + BYTES_BLOCK > n)
      x = n - BYTES_BLOCK;      /* the last one overlaps */
  }
  for (; x < n; x++) {
    gint32 sum = 0;
    for (guint i = 0; i < count; i++)
      sum += rows[(gssize) i * step + x] * parts[i];
    sums[x] = sum * unit;
  }
}

static void
sum_words (const guint8 *rows, gssize step, guint shift, const gint16 *parts, guint count, float unit,
    float *sums, guint n)
{
  guint x = 0;
  while (x < n && n >= WORDS_BLOCK) {
    vi block[2] = { };
    const guint8 *row = rows + 2 * (gsize) x;
    guint i = 0;
    for (; i + 1 < count; i += 2, row += 2 * step)
      add_words (block, row, step, shift, parts + i, 2);
    if (i < count)
      add_words (block, row, step, shift, parts + i, 1);
    ask_for_next (rows + 2 * (gsize) x + (gssize) count * step, step, count, 2 * WORDS_BLOCK, 2 * (gsize) x);
    store_sums (block, 2, unit, sums + x);
    x += WORDS_BLOCK;
    if (x < n && x + WORDS_BLOCK > n)
      x = n - WORDS_BLOCK;
  }
  for (; x < n; x++) {
    gint32 sum = 0;
    for (guint i = 0; i < count; i++) {
      guint16 word;
      memcpy (&word, rows + (gssize) i * step + 2 * x, 2);
      sum += (word >> shift & WORD_BITS) * parts[i];
    }
    sums[x] = sum * unit;
  }
}

/* Outputs x … x + VW − 1 of `m` rows, a constant; what lies past the last is the last. */
INLINE void
pick_some (const guint m, const float *rows, gsize step, const guint *start, const float *parts, guint length,
    guint x, guint n, float *out, gsize out_step)
{
  vf lanes[2][4];
  UNROLL
  for (guint p = 0; p < 4; p++) {
    vf sums[2][LANES] = { };
    UNROLL
    for (guint l = 0; l < LANES; l++) {
      const guint at = MIN (x + 4 * l + p, n - 1);
      const float *from = rows + start[at], *with = parts + (gsize) at * length;
      for (guint i = 0; i < length; i += VW) {
        const vf w = vf_load (with + i);
        UNROLL
        for (guint r = 0; r < m; r++)
          sums[r][l] = vf_fma (vf_load (from + r * step + i), w, sums[r][l]);
      }
    }
    UNROLL
    for (guint r = 0; r < m; r++)
      lanes[r][p] = vf_fold (sums[r]);
  }
  UNROLL
  for (guint r = 0; r < m; r++) {
    const vf y = vf_lane_sums (lanes[r]);
    if (x + VW <= n)
      vf_store (out + r * out_step + x, y);
    else
      vf_store_some (out + r * out_step + x, y, n - x);
  }
}

static void
pick (const float *rows, gsize step, guint m, const guint *start, const float *parts, guint length,
    float *out, gsize out_step, guint n)
{
  for (guint x = 0; x < n; x += VW) {
    guint r = 0;
    for (; r + 2 <= m; r += 2)
      pick_some (2, rows + r * step, step, start, parts, length, x, n, out + r * out_step, out_step);
    if (r < m)
      pick_some (1, rows + r * step, step, start, parts, length, x, n, out + r * out_step, out_step);
  }
}
