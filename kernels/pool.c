/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The threads of a pool: how they share the items of a run, and how they sleep and wake up. */
#define _GNU_SOURCE
#include "pool.h"
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* How long a thread looks for the next run before it sleeps: the gaps between the
 * operations of a network are a few µs, waking up costs tens. */
#define SPIN_US 100

#define MAX_THREADS 256

/* A range of items: each thread begins with one of its own, so that it reads memory from end to end, which
 * the processor foresees, and then helps with the others'. */
typedef struct {
  atomic_size_t next;           /* the item to take */
  gsize end;
  guint8 apart[48];             /* no two in one line of the cache */
} Part;

typedef struct {
  GptVisPool *pool;
  guint index;                  /* the caller's is 0 */
  GThread *thread;
  /* The pool's lock guards these. */
  gboolean asleep;
#ifdef __linux__
  pid_t id;                     /* set before it sleeps */
  gboolean away;                /* its affinity is `others`, set here … */
  cpu_set_t others, allowed;    /* … in place of `allowed` */
  gboolean first_had_others;    /* did the process's first thread have `others` as they were set? */
#endif
} Worker;

struct _GptVisPool {
  guint n_workers;              /* without the caller */
  Worker workers[MAX_THREADS];

  /* The run at hand. Written by the caller while `open` is 0 and `inside` is 0,
   * so a worker may read them from entering until it leaves. */
  GptVisTask task;
  void *context;
  gint nice;                    /* of the caller */
  guint n_parts;
  Part parts[MAX_THREADS];
  atomic_uint open;             /* the run's number while it may be entered, else 0 */
  atomic_uint inside;           /* workers between entering and leaving */
  guint last;                   /* number of the last run; the caller's */

  atomic_uint sleepers;
  atomic_bool ending;
  GMutex lock;                  /* held while a thread goes to sleep */
  GCond wake;
};

static inline void
relax (void)
{
#if defined (__x86_64__) || defined (__i386__)
  __builtin_ia32_pause ();
#elif defined (__aarch64__)
  __asm__ volatile ("yield");
#endif
}

static void
share_items (GptVisPool *pool, gsize n)
{
  pool->n_parts = MIN (n, pool->n_workers + 1);
  for (gsize i = 0, each = n / pool->n_parts, more = n % pool->n_parts, end = 0; i < pool->n_parts; i++) {
    atomic_store_explicit (&pool->parts[i].next, end, memory_order_relaxed);
    pool->parts[i].end = end += each + (i < more);
  }
}

static void
take_items (GptVisPool *pool, guint index)
{
  for (guint n = 0; n < pool->n_parts; n++) {
    Part *part = &pool->parts[(index + n) % pool->n_parts];
    for (gsize i; (i = atomic_fetch_add (&part->next, 1)) < part->end;)
      pool->task (pool->context, i);
  }
}

/* A scheduler may wake a thread on the processor that it is woken from, which is busy, and let it wait there
 * for some ms; in virtual machines, where processors that are idle do not seem to be available, it often
 * does. So a worker that sleeps may wake up anywhere but there, for which its affinity is another one until
 * it has woken up: 2 µs.
 *
 * Somebody else may set the process's affinity meanwhile (taskset -a, a container's manager), and that must
 * last. So an affinity that differs from the one set here stays. It also stays if somebody set the very same
 * one: the process's first thread shows that, since nothing here touches its affinity and it is given the new
 * one before the others. Between looking and setting there is the time of a system call or two in which a
 * change from outside goes unnoticed and is undone: Linux can neither compare and exchange an affinity nor
 * tell that it was set. */
#ifdef __linux__
static gboolean
first_thread_has (const cpu_set_t *set)
{
  cpu_set_t its;
  return sched_getaffinity (getpid (), sizeof its, &its) == 0 && CPU_EQUAL (&its, set);
}

/* Does the worker still have the affinity that was set here? `now` becomes what it has; FALSE, too, if that
 * cannot be read. */
static gboolean
is_away (const Worker *worker, cpu_set_t *now)
{
  CPU_ZERO (now);
  return sched_getaffinity (worker->id, sizeof *now, now) == 0 && worker->away
      && CPU_EQUAL (now, &worker->others)
      && (worker->first_had_others || !first_thread_has (&worker->others));
}

static void
send_away (Worker *worker, gint processor)
{
  cpu_set_t now;
  worker->away = is_away (worker, &now);
  if (!worker->away)
    worker->allowed = now;
  cpu_set_t others = worker->allowed;
  CPU_CLR (processor, &others);
  const gboolean had = first_thread_has (&others);
  if (CPU_COUNT (&others) == 0 || sched_setaffinity (worker->id, sizeof others, &others) != 0)
    return;
  worker->others = others;
  worker->first_had_others = had;
  worker->away = TRUE;
}

static void
come_back (Worker *self)
{
  cpu_set_t now;
  if (self->away && is_away (self, &now))
    sched_setaffinity (0, sizeof self->allowed, &self->allowed);
  self->away = FALSE;
}

static void
send_sleepers_away (GptVisPool *pool)
{
  const gint processor = sched_getcpu ();
  for (guint i = 0; i < pool->n_workers; i++)
    if (pool->workers[i].asleep)
      send_away (&pool->workers[i], processor);
}
#else
static void
come_back (Worker *self)
{
}

static void
send_sleepers_away (GptVisPool *pool)
{
}
#endif

static guint
sleep_until_run (GptVisPool *pool, Worker *self, guint done)
{
  guint run;
  g_mutex_lock (&pool->lock);
  atomic_fetch_add (&pool->sleepers, 1);
  self->asleep = TRUE;
  while ((!(run = atomic_load (&pool->open)) || run == done) && !atomic_load (&pool->ending)) {
    g_cond_wait (&pool->wake, &pool->lock);
    come_back (self);
  }
  self->asleep = FALSE;
  atomic_fetch_sub (&pool->sleepers, 1);
  g_mutex_unlock (&pool->lock);
  return atomic_load (&pool->ending) ? 0 : run;
}

/* Waits for a run that is not `done`; its number, or 0 when the pool ends. */
static guint
await_run (GptVisPool *pool, Worker *self, guint done)
{
  const gint64 end = g_get_monotonic_time () + SPIN_US;
  guint run;
  do {
    for (guint i = 0; i < 64; i++) {
      if ((run = atomic_load (&pool->open)) && run != done)
        return run;
      relax ();
    }
  } while (g_get_monotonic_time () < end && !atomic_load (&pool->ending));
  return sleep_until_run (pool, self, done);
}

/* The calling thread's nice value: on Linux each thread has its own. */
static gint
own_nice (void)
{
#ifdef __linux__
  return getpriority (PRIO_PROCESS, 0);
#else
  return 0;
#endif
}

/* To lower a nice value takes a privilege; without it the value stays as it is. */
static void
be_nice (gint nice, gint *own)
{
  if (nice == *own)
    return;
  *own = nice;
  setpriority (PRIO_PROCESS, 0, nice);
}

static _Thread_local guint thread_index;        /* 0 in every thread outside pools, as callers are */

guint
gptvis_pool_thread (void)
{
  return thread_index;
}

static gpointer
work (gpointer data)
{
  Worker *self = data;
  GptVisPool *pool = self->pool;
  thread_index = self->index;
#ifdef __linux__
  self->id = gettid ();
#endif
  gint nice = own_nice ();
  guint run = 0;
  while ((run = await_run (pool, self, run))) {
    atomic_fetch_add (&pool->inside, 1);
    /* The caller closes, then looks who is inside; we enter, then look whether it is still
     * open: in a sequentially consistent order one of the two sees the other. */
    if (atomic_load (&pool->open) == run) {
      be_nice (pool->nice, &nice);
      take_items (pool, self->index);
    }
    atomic_fetch_sub (&pool->inside, 1);
  }
  return NULL;
}

static void
wake_all (GptVisPool *pool)
{
  g_mutex_lock (&pool->lock);
  send_sleepers_away (pool);
  g_cond_broadcast (&pool->wake);
  g_mutex_unlock (&pool->lock);
}

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
  return CLAMP (MIN (n, quota ()), 1, MAX_THREADS);
}

GptVisPool *
gptvis_pool_new (guint threads)
{
  if (threads == 0)
    threads = gptvis_pool_default_threads ();
  if (threads == 1)
    return NULL;
  GptVisPool *pool = g_new0 (GptVisPool, 1);
  g_mutex_init (&pool->lock);
  g_cond_init (&pool->wake);
  for (guint i = 0; i < MIN (threads, MAX_THREADS) - 1; i++) {
    Worker *worker = &pool->workers[i];
    worker->pool = pool;
    worker->index = i + 1;
    if (!(worker->thread = g_thread_try_new ("gptvis", work, worker, NULL)))
      break;                    /* the system allows no more: then there are fewer */
    pool->n_workers++;
  }
  return pool;
}

void
gptvis_pool_free (GptVisPool *pool)
{
  if (!pool)
    return;
  atomic_store (&pool->ending, TRUE);
  wake_all (pool);
  for (guint i = 0; i < pool->n_workers; i++)
    g_thread_join (pool->workers[i].thread);
  g_mutex_clear (&pool->lock);
  g_cond_clear (&pool->wake);
  g_free (pool);
}

guint
gptvis_pool_threads (GptVisPool *pool)
{
  return pool ? pool->n_workers + 1 : 1;
}

void
gptvis_pool_run (GptVisPool *pool, GptVisTask task, void *context, gsize n)
{
  if (!pool || n < 2) {
    for (gsize i = 0; i < n; i++)
      task (context, i);
    return;
  }
  pool->task = task;
  pool->context = context;
  pool->nice = own_nice ();
  share_items (pool, n);
  pool->last = pool->last == G_MAXUINT ? 1 : pool->last + 1;
  atomic_store (&pool->open, pool->last);
  if (atomic_load (&pool->sleepers))
    wake_all (pool);

  take_items (pool, 0);

  atomic_store (&pool->open, 0);
  for (guint i = 0; atomic_load (&pool->inside); i++)
    if (i < 1000)
      relax ();
    else
      sched_yield ();           /* it may be waiting for this very processor */
}
