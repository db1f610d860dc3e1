/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AVX-512 BF16: a dot product of pairs of bf16. */
#include "../tier.h"
#include "tile-bf16.h"

void
gptvis_tier_add_avx512bf16 (GptVisTier *tier)
{
  tier->to_bf16 = to_bf16;
  tier->tile_bf16 = tile_bf16;
}
