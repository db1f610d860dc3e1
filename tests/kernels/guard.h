/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory that ends at a page nobody may touch, and random numbers with a seed
 * that is printed: what the tests of kernels are made of. */
#pragma once
#include <glib.h>
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct {
  guint8 *base;
  gsize size;                   /* without the guard page */
} Guard;

/* `bytes` writable bytes at the returned address; `readable` more may be read, then the guard. */
static inline gpointer
guard_new (Guard *guard, gsize bytes, gsize readable)
{
  const gsize page = sysconf (_SC_PAGESIZE);
  guard->size = (bytes + readable + page - 1) / page * page;
  guard->base = mmap (NULL, guard->size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  g_assert_true (guard->base != MAP_FAILED);
  g_assert_no_errno (mprotect (guard->base + guard->size, page, PROT_NONE));
  return guard->base + guard->size - bytes - readable;
}

static inline void
guard_free (Guard *guard)
{
  munmap (guard->base, guard->size + sysconf (_SC_PAGESIZE));
}

/* GPTVIS_TEST_SEED, else a new one each time; printed, so that a failure can be repeated. */
static inline GRand *
seeded_rand (void)
{
  const gchar *text = g_getenv ("GPTVIS_TEST_SEED");
  const guint32 seed = text ? (guint32) g_ascii_strtoull (text, NULL, 10) : g_random_int ();
  g_test_message ("GPTVIS_TEST_SEED=%u", seed);
  return g_rand_new_with_seed (seed);
}

static inline void
fill (GRand *rand, float *x, gsize n, double from, double to)
{
  for (gsize i = 0; i < n; i++)
    x[i] = g_rand_double_range (rand, from, to);
}
