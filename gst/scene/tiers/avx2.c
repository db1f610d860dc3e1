/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scene's loops for AVX2. */
#include "compare.h"
#include "sums.h"

const GptVisSceneTier gptvis_scene_tier_avx2 = { "avx2", sum, mean, blur, compare, learn };
