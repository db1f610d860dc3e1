/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tier for any processor: vectors of four, which every 64-bit one has. Its
 * matrix product is OpenBLAS's. */
/* vectors of four and nothing else; but every 64-bit x86 has SSE2 */
#define ANY_PROCESSOR
#include "../tier.h"
#include "pixels.h"
#include "quantise.h"
#include "rowwise.h"
#include "samples.h"
#include "tile-int8.h"
#include "tile.h"

TIER (c, TRUE);
