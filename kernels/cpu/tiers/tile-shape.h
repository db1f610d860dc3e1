/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How large the tiles of a tier are: TILE_ROWS × TILE_VECTORS vectors of sums in
 * registers, so that these, one row of the right side and one broadcast just fill
 * them. The same for every precision. */
#pragma once
#include "simd.h"

#if defined (__AVX512F__)       /* 32 registers of 16: 24 hold sums; broadcasts come with the multiplication */
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

#if TILE_ROWS == 12
#define EACH_ROWS(X) X (1) X (2) X (3) X (4) X (5) X (6) X (7) X (8) X (9) X (10) X (11) X (12)
#elif TILE_ROWS == 6
#define EACH_ROWS(X) X (1) X (2) X (3) X (4) X (5) X (6)
#else
#define EACH_ROWS(X) X (1) X (2) X (3) X (4)
#endif
