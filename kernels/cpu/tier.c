/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which tiers there are and which this processor can run. */
#include "tier.h"
#include "../error.h"
#include <string.h>

static gboolean
always (void)
{
  return TRUE;
}

#if defined (__x86_64__)
/* __builtin_cpu_supports also asks the operating system whether it saves the registers. */
static gboolean
has_avx2 (void)
{
  return __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma");
}

static gboolean
has_avx512 (void)
{
  return has_avx2 () && __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw")
      && __builtin_cpu_supports ("avx512vl") && __builtin_cpu_supports ("avx512dq");
}
#endif

/* The later, the better. */
static const struct {
  const GptVisTier *tier;
  gboolean (*usable) (void);
  const gchar *needs;
} tiers[] = {
  {&gptvis_tier_c, always, "nothing"},
#if defined (__x86_64__)
  {&gptvis_tier_avx2, has_avx2, "AVX2 and FMA"},
  {&gptvis_tier_avx512, has_avx512, "AVX-512 F, BW, VL and DQ"},
#endif
};

const GptVisTier *
gptvis_tier_nth (guint n)
{
  for (guint i = 0; i < G_N_ELEMENTS (tiers); i++)
    if (tiers[i].usable () && n-- == 0)
      return tiers[i].tier;
  return NULL;
}

static const GptVisTier *
forced (const gchar *name, GError **error)
{
  GString *names = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tiers); i++) {
    if (strcmp (tiers[i].tier->name, name) == 0) {
      g_string_free (names, TRUE);
      if (tiers[i].usable ())
        return tiers[i].tier;
      g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
          "GPTVIS_CPU=%s needs %s, which this processor lacks", name, tiers[i].needs);
      return NULL;
    }
    g_string_append_printf (names, "%s%s", i ? ", " : "", tiers[i].tier->name);
  }
  g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED, "GPTVIS_CPU=%s is none of %s", name, names->str);
  g_string_free (names, TRUE);
  return NULL;
}

const GptVisTier *
gptvis_tier_choose (GError **error)
{
  const gchar *name = g_getenv ("GPTVIS_CPU");
  if (name && *name)
    return forced (name, error);
  const GptVisTier *best = NULL;
  for (guint i = 0; gptvis_tier_nth (i); i++)
    best = gptvis_tier_nth (i);
  return best;
}
