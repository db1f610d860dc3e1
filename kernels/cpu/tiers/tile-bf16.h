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

/* m is a constant in each use, as in tile.h. */
INLINE void
tile_bf16_of (const guint m, guint n, guint pairs, const gint32 *a, const gint32 *b, const float *bias, float *c,
    gsize c_step)
{
  vf sums[TILE_ROWS][TILE_VECTORS];
#pragma GCC unroll 32
  for (guint r = 0; r < m; r++)
#pragma GCC unroll 4
    for (guint v = 0; v < TILE_VECTORS; v++)
      sums[r][v] = bias ? vf_load (bias + v * VW) : (vf) {};

  for (guint i = 0; i < pairs; i++) {
    __m512i row[TILE_VECTORS];
#pragma GCC unroll 4
    for (guint v = 0; v < TILE_VECTORS; v++)
      row[v] = _mm512_loadu_si512 (b + v * VW);
#pragma GCC unroll 32
    for (guint r = 0; r < m; r++) {
      const __m512i x = _mm512_set1_epi32 (a[r]);
#pragma GCC unroll 4
      for (guint v = 0; v < TILE_VECTORS; v++)
        sums[r][v] = (vf) _mm512_dpbf16_ps ((__m512) sums[r][v], (__m512bh) x, (__m512bh) row[v]);
    }
    a += m;
    b += TILE_COLUMNS;
  }

#pragma GCC unroll 32
  for (guint r = 0; r < m; r++)
#pragma GCC unroll 4
    for (guint v = 0; v < TILE_VECTORS; v++)
      store_columns (c + r * c_step, v, n, sums[r][v]);
}

static void
tile_bf16 (guint m, guint n, guint pairs, const gint32 *a, const gint32 *b, const float *bias, float *c,
    gsize c_step)
{
  switch (m) {
#define X(rows) case rows: tile_bf16_of (rows, n, pairs, a, b, bias, c, c_step); break;
    EACH_ROWS (X)
#undef X
  }
}
