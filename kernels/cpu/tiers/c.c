/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tier for any processor: vectors of four, which every 64-bit one has. Its
 * matrix product is OpenBLAS's. */
#include "../tier.h"
#include "pixels.h"
#include "rowwise.h"
#define TILE_ROWS 4
#define TILE_VECTORS 2
#include "tile.h"

TIER (c, TRUE);
