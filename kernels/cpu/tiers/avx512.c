/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AVX-512: F, BW, VL and DQ. */
#include "../tier.h"
#include "pixels.h"
#include "quantise.h"
#include "rowwise.h"
#include "samples.h"
#include "tile-int8.h"
#include "tile.h"

TIER (avx512, FALSE);
