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
resize_pixel (const guint8 *at, guint step, const guint8 offsets[3], const gint32 *whole, guint count, gint32 sums[3])
{
  for (guint i = 0; i < count; i++, at += step)
    for (guint c = 0; c < 3; c++)
      sums[c] += at[offsets[c]] * whole[i];
}

static void
resize_row (const guint8 *row, guint step, const guint8 offsets[3], const GptVisTaps *taps, guint8 *out)
{
  for (guint x = 0; x < taps->n; x++) {
    const gint32 *whole = taps->whole + (gsize) x * taps->most;
    const guint8 *at = row + (gsize) taps->first[x] * step;
    guint count = taps->count[x];
    gint32 sums[3] = { HALF, HALF, HALF };
#if defined (__AVX2__)
    /* Four bytes are a pixel and perhaps one byte more; that byte is always in the
     * row, as the last pixel is left to the plain loop. */
    if (count > 1) {
      __m128i sum = _mm_setzero_si128 ();
      for (guint i = 0; i + 1 < count; i++, at += step) {
        gint32 four;
        memcpy (&four, at, 4);
        sum = _mm_add_epi32 (sum, _mm_mullo_epi32 (_mm_cvtepu8_epi32 (_mm_cvtsi32_si128 (four)),
                _mm_set1_epi32 (whole[i])));
      }
      gint32 lanes[4];
      memcpy (lanes, &sum, sizeof lanes);
      for (guint c = 0; c < 3; c++)
        sums[c] += lanes[offsets[c]];
      whole += count - 1;
      count = 1;
    }
#endif
    resize_pixel (at, step, offsets, whole, count, sums);
    for (guint c = 0; c < 3; c++)
      out[c * taps->n + x] = count ? rounded (sums[c]) : 0;
  }
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
