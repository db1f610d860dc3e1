/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scene's loops for AVX-512. */
#include "compare.h"
#include "sums.h"

const GptVisSceneTier gptvis_scene_tier_avx512 = { "avx512", sum, mean, blur, compare, learn };
