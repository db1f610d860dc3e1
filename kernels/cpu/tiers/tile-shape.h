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

/* Vector v of a row of c, of which columns below n are the tile's. y is a copy: only of that
 * may the address be taken, or all sums would live in memory. */
INLINE void
store_columns (float *c, guint v, guint n, vf y)
{
  if (n >= (v + 1) * VW)
    vf_store (c + v * VW, y);
  else if (n > v * VW)
    vf_store_some (c + v * VW, y, n - v * VW);
}

#if TILE_ROWS == 12
#define EACH_ROWS(X) X (1) X (2) X (3) X (4) X (5) X (6) X (7) X (8) X (9) X (10) X (11) X (12)
#elif TILE_ROWS == 6
#define EACH_ROWS(X) X (1) X (2) X (3) X (4) X (5) X (6)
#else
#define EACH_ROWS(X) X (1) X (2) X (3) X (4)
#endif
