/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of a scene's tiers there are, and which goes with the tier of the kernels. */
#include "tier.h"
#include "cpu/tier.h"

/* The later, the better; each goes with the kernels' tiers whose names begin as its own. */
static const GptVisSceneTier *const tiers[] = {
  &gptvis_scene_tier_c,
#if defined (__x86_64__)
  &gptvis_scene_tier_avx2,
  &gptvis_scene_tier_avx512,
#endif
};

/* AVX-VNNI's tier is AVX2's and something that is not needed here. */
static const GptVisSceneTier *
tier_for (const gchar *kernels)
{
  const gchar *name = g_str_equal (kernels, "avxvnni") ? "avx2" : kernels;
  const GptVisSceneTier *best = tiers[0];

  for (guint i = 1; i < G_N_ELEMENTS (tiers); i++)
    if (g_str_has_prefix (name, tiers[i]->name))
      best = tiers[i];
  return best;
}

const GptVisSceneTier *
gptvis_scene_tier (void)
{
  static const GptVisSceneTier *chosen;

  if (g_once_init_enter (&chosen)) {
    const GptVisTier *kernels = gptvis_tier_choose (NULL);
    g_once_init_leave (&chosen, kernels ? tier_for (kernels->name) : tiers[0]);
  }
  return chosen;
}

const GptVisSceneTier *
gptvis_scene_tier_nth (guint i)
{
  const GptVisSceneTier *last = NULL;
  const GptVisTier *kernels;

  for (guint k = 0, n = 0; (kernels = gptvis_tier_nth (k)); k++) {
    const GptVisSceneTier *tier = tier_for (kernels->name);
    if (tier != last && n++ == i)
      return tier;
    last = tier;
  }
  return NULL;
}
