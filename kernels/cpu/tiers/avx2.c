/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AVX2 with FMA: 16 registers of 8; 12 hold sums, 2 a row of b, 1 a broadcast. */
#include "../tier.h"
#include "pixels.h"
#include "rowwise.h"
#define TILE_ROWS 6
#define TILE_VECTORS 2
#include "tile.h"

TIER (avx2, FALSE);
