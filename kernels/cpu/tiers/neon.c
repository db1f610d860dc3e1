/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NEON, which every AArch64 has. */
#include "../tier.h"
#include "pixels.h"
#include "quantise.h"
#include "rowwise.h"
#include "samples.h"
#include "tile-int8.h"
#include "tile.h"

TIER (neon, FALSE);
