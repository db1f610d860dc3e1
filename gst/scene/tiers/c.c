/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scene's loops for whatever the build is for. */
#include "compare.h"
#include "sums.h"

const GptVisSceneTier gptvis_scene_tier_c = { "c", sum, mean, blur, compare, learn };
