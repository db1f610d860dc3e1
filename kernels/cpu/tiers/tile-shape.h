/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How large the tiles of a tier are: TILE_ROWS × TILE_VECTORS vectors of sums in
 * registers, so that these, one row of the right side and one broadcast just fill
 * them. The same for every precision. */
#pragma once
#include "simd.h"

/* 32 registers of 16: 24 hold sums; broadcasts come with the multiplication */
#if defined (__AVX512F__)
#define TILE_ROWS 12
#elif defined (NEON)            /* 32 registers of 4: 24 hold sums, 2 a row of b, the rest broadcasts */
#define TILE_ROWS 12
#elif defined (__AVX2__)        /* 16 registers of 8: 12 hold sums, 2 a row of b, 1 a broadcast */
#define TILE_ROWS 6
#else
#define TILE_ROWS 4
#endif
#define TILE_VECTORS 2
#define TILE_COLUMNS (TILE_VECTORS * VW)

/* Few rows are done with a panel before its weights are there, and wait for each page anew, since no
 * processor looks beyond one by itself: those so far ahead are asked for, into the second cache. */
#define FEW_ROWS (TILE_ROWS / 2)
#define BYTES_AHEAD 4096u

INLINE void
prefetch_weights (const guint m, gconstpointer at, const guint bytes)
{
  if (m <= FEW_ROWS)
    UNROLL
    for (guint i = 0; i < bytes; i += 64)
      __builtin_prefetch ((const guint8 *) at + BYTES_AHEAD + i, 0, 2);
}

static const float no_bias[TILE_COLUMNS];

/* A tile of fewer columns is computed whole, aside: its n columns of m rows → c, plus what residual (NULL, or
 * laid out as c) has there. */
static void
store_columns (const float *whole, guint m, guint n, const float *residual, float *c, gsize c_step)
{
  for (guint r = 0; r < m; r++, whole += TILE_COLUMNS)
    for (guint j = 0; j < n; j += VW) {
      const guint some = MIN (n - j, VW);
      const gsize at = r * c_step + j;
      vf y = vf_load (whole + j);
      if (residual)
        y += some == VW ? vf_load (residual + at) : vf_load_some (residual + at, some, 0);
      if (some == VW)
        vf_store (c + at, y);
      else
        vf_store_some (c + at, y, some);
    }
}

/* The fewest vectors that hold n columns. */
INLINE guint
vectors_of (guint n)
{
  return (n + VW - 1) / VW;
}

/* The tiles that there are: X (rows, vectors), 16 rows being more than any has. */
#define SHAPE(rows, vectors) ((vectors) * 16 + (rows))
#define EACH_SHAPE(X) EACH_ROWS (X, 1) EACH_ROWS (X, 2)

#define ROWS_1_TO_4(X, v) X (1, v) X (2, v) X (3, v) X (4, v)
#define ROWS_5_TO_6(X, v) X (5, v) X (6, v)
#define ROWS_7_TO_12(X, v) X (7, v) X (8, v) X (9, v) X (10, v) X (11, v) X (12, v)
#if TILE_ROWS == 12
#define EACH_ROWS(X, v) ROWS_1_TO_4 (X, v) ROWS_5_TO_6 (X, v) ROWS_7_TO_12 (X, v)
#elif TILE_ROWS == 6
#define EACH_ROWS(X, v) ROWS_1_TO_4 (X, v) ROWS_5_TO_6 (X, v)
#else
#define EACH_ROWS(X, v) ROWS_1_TO_4 (X, v)
#endif
