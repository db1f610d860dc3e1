/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which tiers a test walks: all that this processor can run or, with GPTVIS_TEST_TIERS="avx2+avx512", only
 * those named. So on emulated processors each tier is judged once, on the least that has its instructions. */
#pragma once
#include "cpu/tier.h"

/* The nth of them; NULL after the last. */
static inline const GptVisTier *
tested_tier (guint n)
{
  const gchar *names = g_getenv ("GPTVIS_TEST_TIERS");
  if (!names)
    return gptvis_tier_nth (n);
  gchar **named = g_strsplit (names, "+", -1);
  const GptVisTier *found = NULL;
  for (guint i = 0; !found && gptvis_tier_nth (i); i++)
    if (g_strv_contains ((const gchar *const *) named, gptvis_tier_nth (i)->name) && n-- == 0)
      found = gptvis_tier_nth (i);
  g_strfreev (named);
  return found;
}

/* Has the tier before it the same functions but for int8 and bf16? Then in f32 the two are one. */
static inline gboolean
is_like_before (guint n)
{
  return n > 0 && tested_tier (n)->tile == tested_tier (n - 1)->tile;
}
