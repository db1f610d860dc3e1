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
