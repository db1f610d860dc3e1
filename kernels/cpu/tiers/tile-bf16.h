/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bf16: the tile of the product of pairs of them, summed in floats (vdpbf16ps). */
#pragma once
#include "simd.h"
#include "tile-shape.h"

static void
to_bf16 (const float *x, guint n, guint16 *to)
{
  guint i = 0;
  for (; i + VW <= n; i += VW) {
    const __m256bh v = _mm512_cvtneps_pbh ((__m512) vf_load (x + i));
    memcpy (to + i, &v, sizeof v);
  }
  if (i < n) {
    const __m256bh v = _mm512_cvtneps_pbh ((__m512) vf_load_some (x + i, n - i, 0));
    memcpy (to + i, &v, (n - i) * sizeof *to);
  }
}

/* m and vectors are constants in each use, as in tile.h. Three rows a pointer: x86 adds a register and it
 * once or twice within a load. */
INLINE void
tile_bf16_of (const guint m, const guint vectors, guint pairs, const gint32 *a, gsize a_row, gsize a_step,
    const gint32 *b, const float *bias, float *c, gsize c_step)
{
  const gint32 *rows[TILE_ROWS / 3] = { a, a + 3 * a_row, a + 6 * a_row, a + 9 * a_row };
  vf sums[TILE_ROWS][TILE_VECTORS];
  bias = bias ? bias : no_bias;
  UNROLL
  for (guint r = 0; r < m; r++)
    UNROLL
    for (guint v = 0; v < vectors; v++)
      sums[r][v] = vf_load (bias + v * VW);

  for (guint i = 0; i < pairs; i++) {
    __m512i row[TILE_VECTORS];
    UNROLL
    for (guint v = 0; v < vectors; v++)
      row[v] = _mm512_loadu_si512 (b + v * VW);
    prefetch_weights (m, b, TILE_COLUMNS * sizeof *b);
    UNROLL
    for (guint r = 0; r < m; r++) {
      const __m512i x = _mm512_set1_epi32 (rows[r / 3][r % 3 * a_row]);
      UNROLL
      for (guint v = 0; v < vectors; v++)
        sums[r][v] = (vf) _mm512_dpbf16_ps ((__m512) sums[r][v], (__m512bh) x, (__m512bh) row[v]);
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
      vf_store (c + r * c_step + v * VW, sums[r][v]);
}

static void
tile_bf16 (guint m, guint n, guint pairs, const gint32 *a, gsize a_row, gsize a_step, const gint32 *b,
    const float *bias, float *c, gsize c_step)
{
  if (n % VW) {
    float whole[TILE_ROWS * TILE_COLUMNS];
    tile_bf16 (m, vectors_of (n) * VW, pairs, a, a_row, a_step, b, bias, whole, TILE_COLUMNS);
    store_columns (whole, m, n, NULL, c, c_step);
    return;
  }
  switch (SHAPE (m, n / VW)) {
#define X(rows, vectors)                                                                \
    case SHAPE (rows, vectors):                                                         \
      tile_bf16_of (rows, vectors, pairs, a, a_row, a_step, b, bias, c, c_step);        \
      break;
    EACH_SHAPE (X)
#undef X
  }
}

/* Value i of the first and of the second in lane i. */
INLINE __m512i
pair (vf low, vf high)
{
  const __m512i side_by_side = (__m512i) _mm512_cvtne2ps_pbh ((__m512) high, (__m512) low);
  const __m512i order = (__m512i) (__v32hi) { 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23,
    8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31 };
  return _mm512_permutexvar_epi16 (order, side_by_side);
}

static void
pair_bf16 (const float *low, const float *high, guint n, gint32 *to)
{
  for (guint i = 0; i < n; i += VW) {
    const guint some = MIN (VW, n - i);
    const __m512i v = some == VW ? pair (vf_load (low + i), vf_load (high + i))
        : pair (vf_load_some (low + i, some, 0), vf_load_some (high + i, some, 0));
    memcpy (to + i, &v, some * sizeof *to);
  }
}

/* 2^x to 4e−6 of itself, for what is rounded to bf16 afterwards: x = n + r with |r| ≤ ½, a minimax
 * polynomial of degree 4 for 2^r. Below −200 it is 0; a NaN stays one. */
INLINE vf
vf_exp2 (vf x)
{
  x = vf_max (vf_set (-200.0f), x);     /* this order keeps a NaN */
  const __m512 n = _mm512_roundscale_ps ((__m512) x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const vf r = x - (vf) n;
  vf p = vf_set (0.00957009662f);
  p = vf_fma (p, r, vf_set (0.0559178591f));
  p = vf_fma (p, r, vf_set (0.240247443f));
  p = vf_fma (p, r, vf_set (0.693121791f));
  p = vf_fma (p, r, vf_set (0.999999285f));
  return (vf) _mm512_scalef_ps ((__m512) p, n);
}

static void
softmax_pairs (float *scores, guint rows, guint columns, float scale, float *sums)
{
  for (guint j = 0; j < columns; j += VW) {
    float *at = scores + j;
    vf top = vf_load (at), sum = {};
    for (guint r = 1; r < rows; r++)
      top = vf_max (top, vf_load (at + (gsize) r * TILE_COLUMNS));
    const vf factor = vf_set (scale * 1.44269504088896341f), shift = -top * factor;
    for (guint r = 0; r < rows; r += 2) {
      const float *row = at + (gsize) r * TILE_COLUMNS;
      const vf low = vf_exp2 (vf_fma (vf_load (row), factor, shift));
      const vf high = r + 1 < rows ? vf_exp2 (vf_fma (vf_load (row + TILE_COLUMNS), factor, shift)) : (vf) {};
      sum += low + high;
      _mm512_storeu_si512 (at + (gsize) (r / 2) * TILE_COLUMNS, pair (low, high));
    }
    vf_store (sums + j, sum);
  }
}
