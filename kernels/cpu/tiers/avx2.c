/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernels for AVX2 with FMA. */
#include "../tier.h"
#include "pixels.h"
#include "quantise.h"
#include "rowwise.h"
#include "samples.h"
#include "tile-int8.h"
#include "tile.h"

TIER (avx2, FALSE);
