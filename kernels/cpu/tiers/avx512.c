/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AVX-512: 32 registers of 16; 24 hold sums, 2 a row of b; broadcasts come with
 * the multiplication. */
#include "../tier.h"
#include "pixels.h"
#include "rowwise.h"
#define TILE_ROWS 12
#define TILE_VECTORS 2
#include "tile.h"

TIER (avx512, FALSE);
