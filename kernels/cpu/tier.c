/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which tiers there are and which this processor can run. */
#include "tier.h"
#include "../error.h"
#include "../memory.h"
#include <string.h>
#include <time.h>
#if defined (__x86_64__)
#include <cpuid.h>
#elif defined (__aarch64__)
#include <sys/auxv.h>
#include <asm/hwcap.h>
#endif

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

static gboolean
has_avxvnni (void)
{
  guint a, b, c, d;             /* clang 14 has no name for it; the registers are AVX2's */
  return has_avx2 () && __get_cpuid_count (7, 1, &a, &b, &c, &d) && a & 1 << 4;
}

static gboolean
has_avx512vnni (void)
{
  return has_avx512 () && __builtin_cpu_supports ("avx512vnni");
}

static gboolean
has_avx512bf16 (void)
{
  return has_avx512vnni () && __builtin_cpu_supports ("avx512bf16");
}

enum { C, AVX2, AVXVNNI, AVX512, AVX512VNNI, AVX512BF16 };
#elif defined (__aarch64__)
static gboolean
has_dot (void)
{
  return (getauxval (AT_HWCAP) & HWCAP_ASIMDDP) != 0;
}

static gboolean
has_i8mm (void)
{
  return has_dot () && (getauxval (AT_HWCAP2) & HWCAP2_I8MM) != 0;
}

enum { C, NEON, NEONDOT, NEONI8MM };
#else
enum { C };
#endif

/* The later, the better. A tier is a whole table, or adds to an earlier one whose needs its own include. */
static const struct {
  const gchar *name;
  gboolean (*usable) (void);
  const gchar *needs;
  const GptVisTier *whole;
  guint base;
  void (*add) (GptVisTier *);
} tiers[] = {
  [C] = {"c", always, "nothing", &gptvis_tier_c},
#if defined (__x86_64__)
  [AVX2] = {"avx2", has_avx2, "AVX2 and FMA", &gptvis_tier_avx2},
  [AVXVNNI] = {"avxvnni", has_avxvnni, "AVX2 and AVX-VNNI", NULL, AVX2, gptvis_tier_add_avxvnni},
  [AVX512] = {"avx512", has_avx512, "AVX-512 F, BW, VL and DQ", &gptvis_tier_avx512},
  [AVX512VNNI] = {"avx512vnni", has_avx512vnni, "AVX-512 F, BW, VL, DQ and VNNI", NULL, AVX512,
    gptvis_tier_add_avx512vnni},
  [AVX512BF16] = {"avx512bf16", has_avx512bf16, "AVX-512 F, BW, VL, DQ, VNNI and BF16", NULL, AVX512VNNI,
    gptvis_tier_add_avx512bf16},
#elif defined (__aarch64__)
  [NEON] = {"neon", always, "nothing", &gptvis_tier_neon},
  [NEONDOT] = {"neondot", has_dot, "DotProd", NULL, NEON, gptvis_tier_add_neondot},
  [NEONI8MM] = {"neoni8mm", has_i8mm, "DotProd and I8MM", NULL, NEON, gptvis_tier_add_neoni8mm},
#endif
};

/* Tier i, put together by the first who asks; NULL when this processor cannot run it. */
static const GptVisTier *
tier_at (guint index)
{
  static GptVisTier made[G_N_ELEMENTS (tiers)];
  static gsize done;
  if (g_once_init_enter (&done)) {
    for (guint i = 0; i < G_N_ELEMENTS (tiers); i++) {
      if (!tiers[i].usable ())
        continue;
      made[i] = tiers[i].whole ? *tiers[i].whole : made[tiers[i].base];
      made[i].name = tiers[i].name;
      if (tiers[i].add)
        tiers[i].add (&made[i]);
    }
    g_once_init_leave (&done, 1);
  }
  return made[index].name ? &made[index] : NULL;
}

const GptVisTier *
gptvis_tier_nth (guint n)
{
  for (guint i = 0; i < G_N_ELEMENTS (tiers); i++)
    if (tier_at (i) && n-- == 0)
      return tier_at (i);
  return NULL;
}

static const GptVisTier *
forced (const gchar *name, GError **error)
{
  GString *names = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tiers); i++) {
    if (strcmp (tiers[i].name, name) == 0) {
      g_string_free (names, TRUE);
      if (tier_at (i))
        return tier_at (i);
      g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
          "GPTVIS_CPU=%s needs %s, which this processor lacks", name, tiers[i].needs);
      return NULL;
    }
    g_string_append_printf (names, "%s%s", i ? ", " : "", tiers[i].name);
  }
  g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED, "GPTVIS_CPU=%s is none of %s", name,
      names->str);
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

/* ---- is bf16 worth it? ---- */

#define DEPTH 256u              /* of the products that are timed: all of it in the nearest caches */
#define ROUNDS 20u
#define PAYS 0.75               /* of f32's time: half of it where the instructions are as quick */

static gint64
now_ns (void)
{
  struct timespec now;
  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec * G_GINT64_CONSTANT (1000000000) + now.tv_nsec;
}

/* The least time of a tile of as many products in bf16, or in f32. */
static gint64
time_tile (const GptVisTier *tier, gboolean bf16, const float *a, const float *b, float *c)
{
  const guint m = tier->tile_rows, n = tier->tile_columns;
  gint64 least = G_MAXINT64;
  for (guint i = 0; i < ROUNDS; i++) {
    const gint64 start = now_ns ();
    for (guint times = 0; times < 4; times++)
      if (bf16)
        tier->tile_bf16 (m, n, DEPTH / 2, (const gint32 *) a, 1, m, (const gint32 *) b, NULL, c, n);
      else
        tier->tile (m, n, DEPTH, a, m, b, n, NULL, c, n);
    least = MIN (least, now_ns () - start);
  }
  return least;
}

gboolean
gptvis_tier_bf16_pays (const GptVisTier *tier)
{
  static gsize found;           /* 1: it does not, 2: it does; there is one tile of bf16 */
  if (!tier->tile_bf16)
    return FALSE;
  if (g_once_init_enter (&found)) {
    const gsize padding = GPTVIS_PADDING / sizeof (float);
    float *a = g_new0 (float, tier->tile_rows * DEPTH + padding);
    float *b = g_new0 (float, tier->tile_columns * DEPTH + padding);
    float *c = g_new (float, tier->tile_rows * tier->tile_columns);
    const gint64 f32 = time_tile (tier, FALSE, a, b, c), bf16 = time_tile (tier, TRUE, a, b, c);
    g_free (a);
    g_free (b);
    g_free (c);
    g_once_init_leave (&found, bf16 < PAYS * f32 ? 2 : 1);
  }
  return found == 2;
}
