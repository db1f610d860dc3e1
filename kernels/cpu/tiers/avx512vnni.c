/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AVX-512 VNNI: a dot product of bytes. */
#include "../tier.h"
#include "tile-int16.h"
#include "tile-int8.h"

void
gptvis_tier_add_avx512vnni (GptVisTier *tier)
{
  tier->int8_group = GROUP;
  tier->int8_slice = INT8_SLICE;
  tier->tile_int8 = tile_int8;
  add_int16 (tier);
}
