/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* int8: the tile of the product of rows of whole numbers with weights of 8 bits,
 * summed exactly in 32.
 *
 * Whatever the instructions, 32 bits of a row are multiplied with one vector of
 * weights at a time (for NEON: dot-neon.h). With VNNI these are GROUP = 4 bytes; one side of vpdpbusd has
 * no sign, as the rows' bytes have none, and their zero is put right by what the
 * sums start with. AVX2 and AVX-512 without VNNI take 4 bytes, too: vpmaddubsw sums
 * products of two in 16 bits, which do not saturate since weights are made for it
 * (tier.h: int8_slice), and vpmaddwd sums these. Else they are 2 values of 16 bits,
 * less the zero already, and weights are widened as they are loaded. */
#pragma once
#include "simd.h"
#include "tile-shape.h"

#if defined (__AVX2__) && !defined (__AVX512VNNI__) && !defined (__AVXVNNI__)
#define INT8_SLICE 8u
#else
#define INT8_SLICE 0u
#endif

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

#if defined (__AVX2__)
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
dot (vi sum, vi x, vi w, vi factors)
{
#if defined (__AVX512VNNI__)
  return (vi) _mm512_dpbusd_epi32 ((__m512i) sum, (__m512i) x, (__m512i) w);
#elif defined (__AVXVNNI__)
  return (vi) _mm256_dpbusd_avx_epi32 ((__m256i) sum, (__m256i) x, (__m256i) w);
#elif defined (__AVX512BW__)
  const __m512i pairs = _mm512_maddubs_epi16 ((__m512i) x, (__m512i) w);
  return sum + (vi) _mm512_madd_epi16 (pairs, (__m512i) factors);
#else
  const __m256i pairs = _mm256_maddubs_epi16 ((__m256i) x, (__m256i) w);
  return sum + (vi) _mm256_madd_epi16 (pairs, (__m256i) factors);
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
#if defined (__SSE2__)
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
dot (vi sum, vi x, vi w, vi factors)
{
#if defined (__SSE2__)
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
dot_row (vi sum, vi rows, guint i, vi w, vi factors)
{
  return dot (sum, rows, w, factors);
}
#endif

/* 12 sums, 2 factors, 1 broadcast and 1 product are 16 registers: there is none for weights, which compilers
 * would give them and leave sums in memory. */
#define WEIGHTS_STAY_IN_MEMORY (INT8_SLICE && TILE_ROWS == 6)

INLINE const gint8 *
load_factors (const gint8 *b, vi *factors)
{
  UNROLL
  for (guint v = 0; v < TILE_VECTORS; v++)
    factors[v] = ((const vi_unaligned *) b)[v];
  return b + TILE_VECTORS * sizeof *factors;
}

/* m is a constant in each use, as in tile.h. */
INLINE void
tile_int8_of (const guint m, guint groups, const GptVisInt8Tile *t, float *c, gsize c_step)
{
  const gint32 *a[(TILE_ROWS - 1) / ROWS_A_POINTER + 1];
  const gint8 *b = t->b;
  const gsize a_row = t->a_row, a_step = t->a_step;
  vi sums[TILE_ROWS][TILE_VECTORS];
  UNROLL
  for (guint r = 0; r < m; r++)
    UNROLL
    for (guint v = 0; v < TILE_VECTORS; v++)
      sums[r][v] = -zero_of (t->rows[r].zero) * *(const vi_unaligned *) (t->sums + v * VW);

  UNROLL
  for (guint r = 0; r < m; r += ROWS_A_POINTER)
    a[r / ROWS_A_POINTER] = t->a + r * a_row;
  for (guint g = 0; g < groups;) {
    const guint end = INT8_SLICE && groups - g > INT8_SLICE ? g + INT8_SLICE : groups;
    vi factors[TILE_VECTORS] = { };
    if (INT8_SLICE)
      b = load_factors (b, factors);
    for (; g < end; g++) {
      vi row[TILE_VECTORS];
      UNROLL
      for (guint v = 0; v < TILE_VECTORS; v++)
        row[v] = load_weights (b + v * VW * GROUP);
      prefetch_weights (m, b, TILE_COLUMNS * GROUP);
      UNROLL
      for (guint r = 0; r < m; r++) {
        if (WEIGHTS_STAY_IN_MEMORY)
          __asm__ volatile ("" : : : "memory");
        const vi rows = load_rows (a[r / ROWS_A_POINTER], r % ROWS_A_POINTER * a_row);
        UNROLL
        for (guint v = 0; v < TILE_VECTORS; v++) {
          if (WEIGHTS_STAY_IN_MEMORY)
            row[v] = load_weights (b + v * VW * GROUP);
          sums[r][v] = dot_row (sums[r][v], rows, r % ROWS_A_POINTER, row[v], factors[v]);
        }
      }
      UNROLL
      for (guint r = 0; r < m; r += ROWS_A_POINTER)
        a[r / ROWS_A_POINTER] += a_step;
      b += TILE_COLUMNS * GROUP;
    }
  }

  const float *bias = t->bias ? t->bias : no_bias;
  vf y[TILE_ROWS][TILE_VECTORS];
  UNROLL
  for (guint r = 0; r < m; r++)
    UNROLL
    for (guint v = 0; v < TILE_VECTORS; v++) {
      const vf scale = vf_set (t->rows[r].scale) * vf_load (t->scales + v * VW);
      y[r][v] = vf_fma (__builtin_convertvector (sums[r][v], vf), scale, vf_load (bias + v * VW));
    }
  if (t->residual)
    UNROLL
    for (guint r = 0; r < m; r++)
      UNROLL
      for (guint v = 0; v < TILE_VECTORS; v++)
        y[r][v] += vf_load (t->residual + r * c_step + v * VW);
  UNROLL
  for (guint r = 0; r < m; r++)
    UNROLL
    for (guint v = 0; v < TILE_VECTORS; v++)
      vf_store (c + r * c_step + v * VW, y[r][v]);
}

static void
tile_int8 (guint m, guint n, guint groups, const GptVisInt8Tile *t, float *c, gsize c_step)
{
  if (n < TILE_COLUMNS) {
    float whole[TILE_ROWS * TILE_COLUMNS];
    GptVisInt8Tile alone = *t;
    alone.residual = NULL;
    tile_int8 (m, TILE_COLUMNS, groups, &alone, whole, TILE_COLUMNS);
    store_columns (whole, m, n, t->residual, c, c_step);
    return;
  }
  switch (m) {
#define X(rows, vectors) case rows: tile_int8_of (rows, groups, t, c, c_step); break;
    EACH_ROWS (X, TILE_VECTORS)
#undef X
  }
}
