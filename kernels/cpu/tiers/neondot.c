/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NEON with a dot product of bytes (Armv8.2 DotProd). */
#include "../tier.h"
#include "tile-int8.h"

void
gptvis_tier_add_neondot (GptVisTier *tier)
{
  tier->int8_group = GROUP;
  tier->tile_int8 = tile_int8;
}
