/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* int8: the tile of the product of rows of whole numbers with weights of 8 bits,
 * summed exactly in 32.
 *
 * Whatever the instructions, 32 bits of a row are multiplied with one vector of
 * weights at a time (for NEON: dot-neon.h). With VNNI these are GROUP = 4 bytes; one side of vpdpbusd has
 * no sign, as the rows' bytes have none, and their zero is put right by what the
 * sums start with. Without VNNI they are 2 values of 16 bits for vpmaddwd, less
 * the zero already, and weights are widened as they are loaded, once for all rows.
 * vpmaddubsw would take 4 bytes, but two products of 8 bits saturate its 16, and
 * with 7 bits a side the network would be another one. */
#pragma once
#include "simd.h"
#include "tile-shape.h"

typedef gint32 vi_unaligned __attribute__ ((vector_size (4 * VW), aligned (4), may_alias));

INLINE vi
vi_set (gint32 x)
{
  return x - (vi) {};
}

#if defined (NEON)
#include "dot-neon.h"
#else
#define ROWS_A_POINTER 3        /* as in tile-bf16.h */
#define SIDE_BY_SIDE FALSE

INLINE vi
load_rows (const gint32 *a, gsize at)
{
  return vi_set (a[at]);
}

#if defined (__AVX512VNNI__) || defined (__AVXVNNI__)
#define GROUP 4

/* What has to be taken off again, of the zero of a row. */
INLINE vi
zero_of (gint32 zero)
{
  return vi_set (zero);
}

INLINE vi
load_weights (const gint8 *w)
{
  return *(const vi_unaligned *) w;
}

INLINE vi
dot (vi sum, vi x, vi w)
{
#if defined (__AVX512VNNI__)
  return (vi) _mm512_dpbusd_epi32 ((__m512i) sum, (__m512i) x, (__m512i) w);
#else
  return (vi) _mm256_dpbusd_avx_epi32 ((__m256i) sum, (__m256i) x, (__m256i) w);
#endif
}
#else
#define GROUP 2

INLINE vi
zero_of (gint32 zero)
{
  return (vi) {};
}

INLINE vi
load_weights (const gint8 *w)
{
#if defined (__AVX512BW__)
  return (vi) _mm512_cvtepi8_epi16 (_mm256_loadu_si256 ((const __m256i *) w));
#elif defined (__AVX2__)
  return (vi) _mm256_cvtepi8_epi16 (_mm_loadu_si128 ((const __m128i *) w));
#elif defined (__SSE2__)
  const __m128i v = _mm_loadl_epi64 ((const __m128i *) w);
  return (vi) _mm_srai_epi16 (_mm_unpacklo_epi8 (v, v), 8);
#else
  gint16 wide[2 * VW];
  vi v;
  for (int i = 0; i < 2 * VW; i++)
    wide[i] = w[i];
  memcpy (&v, wide, sizeof v);
  return v;
#endif
}

INLINE vi
dot (vi sum, vi x, vi w)
{
#if defined (__AVX512BW__)
  return sum + (vi) _mm512_madd_epi16 ((__m512i) x, (__m512i) w);
#elif defined (__AVX2__)
  return sum + (vi) _mm256_madd_epi16 ((__m256i) x, (__m256i) w);
#elif defined (__SSE2__)
  return sum + (vi) _mm_madd_epi16 ((__m128i) x, (__m128i) w);
#else
  gint16 a[2 * VW], b[2 * VW];
  memcpy (a, &x, sizeof a);
  memcpy (b, &w, sizeof b);
  for (int i = 0; i < VW; i++)
    sum[i] += a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1];
  return sum;
#endif
}
#endif

INLINE vi
dot_row (vi sum, vi rows, guint i, vi w)
{
  return dot (sum, rows, w);
}
#endif

/* m is a constant in each use, as in tile.h. */
INLINE void
tile_int8_of (const guint m, guint n, guint groups, const GptVisInt8Tile *t, float *c, gsize c_step)
{
  const gint32 *a[(TILE_ROWS - 1) / ROWS_A_POINTER + 1];
  const gint8 *b = t->b;
  vi sums[TILE_ROWS][TILE_VECTORS];
  UNROLL
  for (guint r = 0; r < m; r++)
    UNROLL
    for (guint v = 0; v < TILE_VECTORS; v++)
      sums[r][v] = -zero_of (t->rows[r].zero) * *(const vi_unaligned *) (t->sums + v * VW);

  UNROLL
  for (guint r = 0; r < m; r += ROWS_A_POINTER)
    a[r / ROWS_A_POINTER] = t->a + r * t->a_row;
  for (guint g = 0; g < groups; g++) {
    vi row[TILE_VECTORS];
    UNROLL
    for (guint v = 0; v < TILE_VECTORS; v++)
      row[v] = load_weights (b + v * VW * GROUP);
    prefetch_weights (m, b, TILE_COLUMNS * GROUP);
    UNROLL
    for (guint r = 0; r < m; r++) {
      const vi rows = load_rows (a[r / ROWS_A_POINTER], r % ROWS_A_POINTER * t->a_row);
      UNROLL
      for (guint v = 0; v < TILE_VECTORS; v++)
        sums[r][v] = dot_row (sums[r][v], rows, r % ROWS_A_POINTER, row[v]);
    }
    UNROLL
    for (guint r = 0; r < m; r += ROWS_A_POINTER)
      a[r / ROWS_A_POINTER] += t->a_step;
    b += TILE_COLUMNS * GROUP;
  }

  UNROLL
  for (guint r = 0; r < m; r++)
    UNROLL
    for (guint v = 0; v < TILE_VECTORS; v++) {
      const vf scale = vf_set (t->rows[r].scale) * vf_load (t->scales + v * VW);
      const vf bias = t->bias ? vf_load (t->bias + v * VW) : (vf) {};
      vf y = vf_fma (__builtin_convertvector (sums[r][v], vf), scale, bias);
      if (t->residual && n > v * VW)
        y += vf_load (t->residual + r * c_step + v * VW);
      store_columns (c + r * c_step, v, n, y);
    }
}

static void
tile_int8 (guint m, guint n, guint groups, const GptVisInt8Tile *t, float *c, gsize c_step)
{
  switch (m) {
#define X(rows) case rows: tile_int8_of (rows, n, groups, t, c, c_step); break;
    EACH_ROWS (X)
#undef X
  }
}
