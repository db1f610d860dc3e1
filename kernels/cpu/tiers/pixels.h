/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resizing R'G'B': whole-number sums that must come out as Pillow's do. */
#pragma once
#include "../../taps.h"
#include "simd.h"

INLINE guint8
rounded (gint32 sum)
{
  const gint32 v = sum >> GPTVIS_TAPS_SHIFT;
  return v < 0 ? 0 : v > 255 ? 255 : v;
}

#define HALF (1 << (GPTVIS_TAPS_SHIFT - 1))

INLINE void
resize_pixel (const guint8 *at, guint step, const guint8 offsets[3], const gint32 *whole, guint count,
    gint32 sums[3])
{
  for (guint i = 0; i < count; i++, at += step)
    for (guint c = 0; c < 3; c++)
      sums[c] += at[offsets[c]] * whole[i];
}

/* Output x of one row, from its samples one by one. */
INLINE void
resize_one (const guint8 *row, guint step, const guint8 offsets[3], const GptVisTaps *taps, guint x,
    guint8 *out)
{
  gint32 sums[3] = { HALF, HALF, HALF };
  resize_pixel (row + (gsize) taps->first[x] * step, step, offsets, taps->whole + (gsize) x * taps->most,
      taps->count[x], sums);
  for (guint c = 0; c < 3; c++)
    out[c * taps->n + x] = taps->count[x] ? rounded (sums[c]) : 0;
}

#if defined (__AVX2__)
enum { ROWS_AT_ONCE = 4, PIXELS_AT_ONCE = 4, LOW_BITS = 8 };

/* Four pixels in both lanes → their colours in pairs of 16 bits, of the first two pixels and of the last two:
 * R0 R1 G0 G1 B0 B1 0 0 | R2 R3 G2 G3 B2 B3 0 0. */
INLINE __m256i
pairs_of (guint step, const guint8 offsets[3])
{
  guint8 from[32];
  memset (from, 0x80, sizeof from);
  for (guint pixel = 0; pixel < PIXELS_AT_ONCE; pixel++)
    for (guint c = 0; c < 3; c++)
      from[pixel / 2 * 16 + c * 4 + pixel % 2 * 2] = pixel * step + offsets[c];
  return _mm256_loadu_si256 ((const void *) from);
}

/* Output x of ROWS_AT_ONCE rows. A coefficient of 24 bits is two of 16: all but LOW_BITS with their sign, and
 * these; sums may run over on the way, since what they come to does not. */
INLINE void
resize_four (const guint8 *row, gssize row_step, guint step, __m256i pairs, const GptVisTaps *taps, guint x,
    guint8 *out)
{
  const __m256i high_words = _mm256_setr_epi8 (1, 2, 5, 6, 1, 2, 5, 6, 1, 2, 5, 6, 1, 2, 5, 6,
      9, 10, 13, 14, 9, 10, 13, 14, 9, 10, 13, 14, 9, 10, 13, 14);
  const __m256i low_words = _mm256_setr_epi8 (0, -1, 4, -1, 0, -1, 4, -1, 0, -1, 4, -1, 0, -1, 4, -1,
      8, -1, 12, -1, 8, -1, 12, -1, 8, -1, 12, -1, 8, -1, 12, -1);
  const guint8 *at = row + (gsize) taps->first[x] * step;
  const gint32 *whole = taps->whole + (gsize) x * taps->most;
  /* a copy: as far as C knows, the bytes that are written could be the taps */
  const guint n = taps->n, count = taps->count[x];
  __m256i high[ROWS_AT_ONCE], low[ROWS_AT_ONCE];
  UNROLL
  for (guint r = 0; r < ROWS_AT_ONCE; r++)
    high[r] = low[r] = _mm256_setzero_si256 ();
  for (guint i = 0; i < count; i += PIXELS_AT_ONCE, at += PIXELS_AT_ONCE * step) {
    const __m256i four = _mm256_broadcastsi128_si256 (_mm_loadu_si128 ((const void *) (whole + i)));
    const __m256i by_high = _mm256_shuffle_epi8 (four, high_words),
        by_low = _mm256_shuffle_epi8 (four, low_words);
    UNROLL
    for (guint r = 0; r < ROWS_AT_ONCE; r++) {
      const __m128i bytes = _mm_loadu_si128 ((const void *) (at + (gssize) r * row_step));
      const __m256i pixels = _mm256_shuffle_epi8 (_mm256_broadcastsi128_si256 (bytes), pairs);
      high[r] = _mm256_add_epi32 (high[r], _mm256_madd_epi16 (pixels, by_high));
      low[r] = _mm256_add_epi32 (low[r], _mm256_madd_epi16 (pixels, by_low));
    }
  }
  __m128i sums[ROWS_AT_ONCE];
  UNROLL
  for (guint r = 0; r < ROWS_AT_ONCE; r++) {
    const __m256i both = _mm256_add_epi32 (_mm256_slli_epi32 (high[r], LOW_BITS), low[r]);
    const __m128i sum = _mm_add_epi32 (_mm256_castsi256_si128 (both), _mm256_extracti128_si256 (both, 1));
    sums[r] = _mm_srai_epi32 (_mm_add_epi32 (sum, _mm_set1_epi32 (HALF)), GPTVIS_TAPS_SHIFT);
  }
  guint8 colours[ROWS_AT_ONCE][4];
  _mm_storeu_si128 ((void *) colours, _mm_packus_epi16 (_mm_packs_epi32 (sums[0], sums[1]),
          _mm_packs_epi32 (sums[2], sums[3])));
  for (guint r = 0; r < ROWS_AT_ONCE; r++)
    for (guint c = 0; c < 3; c++)
      out[(r * 3 + c) * (gsize) n + x] = colours[r][c];
}

/* How many outputs, the first of them, can read sixteen bytes at each fourth of their pixels and stay in the
 * row. */
INLINE guint
outputs_within (guint step, const GptVisTaps *taps)
{
  guint end = 0, n = 0;
  for (guint x = 0; x < taps->n; x++)
    end = MAX (end, taps->first[x] + taps->count[x]);
  for (; n < taps->n; n++) {
    const guint fours = (taps->count[n] + PIXELS_AT_ONCE - 1) / PIXELS_AT_ONCE;
    if (fours && (taps->first[n] + (fours - 1) * PIXELS_AT_ONCE) * step + 16 > end * step)
      break;
  }
  return n;
}
#endif

static void
resize_rows (const guint8 *rows, gssize row_step, guint m, guint step, const guint8 offsets[3],
    const GptVisTaps *taps, guint8 *out)
{
  guint r = 0;
#if defined (__AVX2__)
  const guint within = outputs_within (step, taps);
  const __m256i pairs = pairs_of (step, offsets);
  for (; r + ROWS_AT_ONCE <= m; r += ROWS_AT_ONCE) {
    const guint8 *row = rows + (gssize) r * row_step;
    guint8 *to = out + r * 3 * (gsize) taps->n;
    for (guint x = 0; x < within; x++)
      resize_four (row, row_step, step, pairs, taps, x, to);
    for (guint i = 0; i < ROWS_AT_ONCE; i++)
      for (guint x = within; x < taps->n; x++)
        resize_one (row + (gssize) i * row_step, step, offsets, taps, x, to + i * 3 * (gsize) taps->n);
  }
#endif
  for (; r < m; r++)
    for (guint x = 0; x < taps->n; x++)
      resize_one (rows + (gssize) r * row_step, step, offsets, taps, x, out + r * 3 * (gsize) taps->n);
}

static void
mix_rows (const guint8 *rows, gsize row_step, const gint32 *whole, guint count, guint8 *out, guint n)
{
  enum { AT_ONCE = 64 };        /* sums that stay in registers; the compiler makes vectors of them */
  for (guint x = 0; x < n; x += AT_ONCE) {
    const guint m = MIN (AT_ONCE, n - x);
    gint32 sums[AT_ONCE];
    for (guint j = 0; j < AT_ONCE; j++)
      sums[j] = HALF;
    for (guint i = 0; i < count; i++) {
      const guint8 *from = rows + i * row_step + x;
      if (m == AT_ONCE)
        for (guint j = 0; j < AT_ONCE; j++)
          sums[j] += from[j] * whole[i];
      else
        for (guint j = 0; j < m; j++)
          sums[j] += from[j] * whole[i];
    }
    for (guint j = 0; j < m; j++)
      out[x + j] = rounded (sums[j]);
  }
}
