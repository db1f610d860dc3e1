/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include "pool.h"
#include <pthreadpool.h>
#include <sched.h>
#include <stdio.h>

/* A container's limit: cpu.max of control groups v2 is "quota period" or "max period". */
static guint
quota (void)
{
  guint64 used, period;
  guint limit = G_MAXUINT;
  FILE *f = fopen ("/sys/fs/cgroup/cpu.max", "re");
  if (!f)
    return limit;
  if (fscanf (f, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &used, &period) == 2 && period > 0)
    limit = MAX (1, (used + period - 1) / period);
  fclose (f);
  return limit;
}

guint
gptvis_pool_default_threads (void)
{
  guint n = g_get_num_processors ();
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity (0, sizeof set, &set) == 0)
    n = CPU_COUNT (&set);
#endif
  return MAX (1, MIN (n, quota ()));
}

GptVisPool *
gptvis_pool_new (guint threads)
{
  if (threads == 0)
    threads = gptvis_pool_default_threads ();
  return threads > 1 ? pthreadpool_create (threads) : NULL;
}

void
gptvis_pool_free (GptVisPool *pool)
{
  if (pool)
    pthreadpool_destroy (pool);
}

guint
gptvis_pool_threads (GptVisPool *pool)
{
  return pool ? pthreadpool_get_threads_count (pool) : 1;
}

void
gptvis_pool_run (GptVisPool *pool, GptVisTask task, void *context, gsize n)
{
  if (pool && n > 1)
    pthreadpool_parallelize_1d (pool, (pthreadpool_task_1d_t) task, context, n, 0);
  else
    for (gsize i = 0; i < n; i++)
      task (context, i);
}
