/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pool: each item once, whatever the threads do; run after run; workers that
 * come late, or never. */
#define _GNU_SOURCE
#include "pool.h"
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct {
  gint counts[1000];
  gint sleep_us;
} Counts;

static void
count (void *context, gsize i)
{
  Counts *c = context;
  if (c->sleep_us && i % 7 == 0)
    g_usleep (c->sleep_us);
  g_atomic_int_inc (&c->counts[i]);
}

static void
test_each_once (void)
{
  for (guint threads = 1; threads <= 9; threads++) {
    GptVisPool *pool = gptvis_pool_new (threads);
    g_assert_cmpuint (gptvis_pool_threads (pool), ==, threads);
    Counts c = { 0 };
    gint runs = 0;
    for (gsize n = 0; n < 1000; n = n * 3 / 2 + 1, runs++) {
      Counts *each = g_new0 (Counts, 1);
      each->sleep_us = runs % 4 == 3 ? 200 : 0; /* long enough for others to fall asleep */
      for (guint again = 0; again < 20; again++)
        gptvis_pool_run (pool, count, each, n);
      for (gsize i = 0; i < 1000; i++)
        g_assert_cmpint (each->counts[i], ==, i < n ? 20 : 0);
      g_free (each);
    }
    gptvis_pool_run (pool, count, &c, 1000);
    gptvis_pool_free (pool);
  }
}

static void
test_many_runs (void)
{
  GptVisPool *pool = gptvis_pool_new (4);
  Counts c = { 0 };
  for (guint run = 1; run <= 20000; run++) {
    gptvis_pool_run (pool, count, &c, 5);
    for (guint i = 0; i < 5; i++)       /* all done on return, not some time later */
      g_assert_cmpint (c.counts[i], ==, run);
  }
  gptvis_pool_free (pool);
}

static void
test_unused (void)
{
  for (guint i = 0; i < 50; i++)
    gptvis_pool_free (gptvis_pool_new (3));
  gptvis_pool_free (NULL);
  g_assert_cmpuint (gptvis_pool_default_threads (), >=, 1);
}

#ifdef __linux__
/* Returns when each of the pool's threads has called it, so that no thread can take all items: a run with at
 * least as many items as threads, each of which calls this, uses every thread. */
static void
await_all_threads (gint *arrived, guint n_threads)
{
  g_atomic_int_or (arrived, 1 << gptvis_pool_thread ());
  while (g_atomic_int_get (arrived) != (1 << n_threads) - 1)
    sched_yield ();
}

#define NICE_THREADS 3

typedef struct {
  gint nice[32];
  gint arrived;
} Nices;

static void
note_nice (void *context, gsize i)
{
  Nices *nices = context;
  nices->nice[i] = getpriority (PRIO_PROCESS, 0);
  await_all_threads (&nices->arrived, NICE_THREADS);
}

static gpointer
run_nicely (gpointer pool)
{
  gint own = getpriority (PRIO_PROCESS, 0);

  g_assert_cmpint (setpriority (PRIO_PROCESS, 0, own + 3), ==, 0);
  own = getpriority (PRIO_PROCESS, 0);
  for (guint again = 0; again < 3; again++) {
    Nices nices = { 0 };
    gptvis_pool_run (pool, note_nice, &nices, G_N_ELEMENTS (nices.nice));
    for (guint i = 0; i < G_N_ELEMENTS (nices.nice); i++)
      g_assert_cmpint (nices.nice[i], ==, own);
  }
  return NULL;
}

static void
test_nice (void)
{
  GptVisPool *pool = gptvis_pool_new (NICE_THREADS);

  g_assert_cmpuint (gptvis_pool_threads (pool), ==, NICE_THREADS);
  g_thread_join (g_thread_new ("nice", run_nicely, pool));
  gptvis_pool_free (pool);
}

/* ---- a thread that wakes up on the caller's processor is no help ---- */

typedef struct {
  gint arrived;
  gint processors[2];           /* of the caller's thread and the other one, as they begin */
  gint id;                      /* of the other */
  cpu_set_t allowed;            /* likewise */
} Places;

/* Both threads have one of two items. */
static void
note_place (void *context, gsize i)
{
  Places *places = context;
  places->processors[gptvis_pool_thread ()] = sched_getcpu ();
  if (gptvis_pool_thread () == 1) {
    sched_getaffinity (0, sizeof places->allowed, &places->allowed);
    places->id = gettid ();
  }
  await_all_threads (&places->arrived, 2);
}

static void
await_sleep (gint id)
{
  gchar *path = g_strdup_printf ("/proc/self/task/%d/stat", id), *text;
  gboolean asleep;
  do {
    g_usleep (1000);
    g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
    asleep = strstr (text, ") S ") != NULL;
    g_free (text);
  } while (!asleep);
  g_free (path);
}

#define WAKES 40

/* The caller keeps to its processor, from which the other thread is woken each time. */
static void
test_apart (void)
{
  GptVisPool *pool = gptvis_pool_new (2);
  guint together = 0;
  cpu_set_t allowed, here;
  sched_getaffinity (0, sizeof allowed, &allowed);
  if (CPU_COUNT (&allowed) < 2) {
    g_test_skip ("there is one processor");
    gptvis_pool_free (pool);
    return;
  }
  CPU_ZERO (&here);
  CPU_SET (sched_getcpu (), &here);
  g_assert_no_errno (sched_setaffinity (0, sizeof here, &here));
  for (guint i = 0; i <= WAKES; i++) {
    Places places = { 0 };
    gptvis_pool_run (pool, note_place, &places, 2);
    if (i > 0)                  /* before the first it did not sleep */
      together += places.processors[0] == places.processors[1];
    g_assert_true (CPU_EQUAL (&places.allowed, &allowed));
    await_sleep (places.id);
  }
  g_assert_no_errno (sched_setaffinity (0, sizeof allowed, &allowed));
  gptvis_pool_free (pool);
  g_test_message ("%u of %u times on the caller's processor", together, WAKES);
  g_assert_cmpuint (together, <=, WAKES / 4);
}

/* ---- an affinity set from outside stays, also while a thread is on its way back ---- */

static gint moved[2], gate[2];  /* pipes: a thread came or went; it may go */

/* The thread stays in here, wherever it was, until somebody writes to the gate. */
static void
halt (int number)
{
  gchar byte = 0;
  if (write (moved[1], &byte, 1) != 1 || read (gate[0], &byte, 1) != 1 || write (moved[1], &byte, 1) != 1)
    abort ();
}

/* Stops the sleeping thread, wakes it, which moves it to another processor, and gives it another affinity
 * before it goes on; or gives the whole process the very affinity that the thread was moved with. */
static void
set_while_away (GptVisPool *pool, guint wakes, gboolean the_same)
{
  Places other = { 0 };
  cpu_set_t away, given, kept;
  Counts c = { 0 };
  gchar byte = 0;

  gptvis_pool_run (pool, note_place, &other, 2);
  await_sleep (other.id);
  g_assert_no_errno (tgkill (getpid (), other.id, SIGUSR1));
  g_assert_cmpint (read (moved[0], &byte, 1), ==, 1);
  gptvis_pool_run (pool, count, &c, 2);
  g_assert_no_errno (sched_getaffinity (other.id, sizeof away, &away));
  CPU_XOR (&given, &other.allowed, &away);
  g_assert_cmpint (CPU_COUNT (&given), ==, 1);  /* the caller's processor */
  if (the_same) {
    given = away;
    g_assert_no_errno (sched_setaffinity (getpid (), sizeof given, &given));
  }
  g_assert_no_errno (sched_setaffinity (other.id, sizeof given, &given));
  for (guint i = 1; i < wakes; i++)
    gptvis_pool_run (pool, count, &c, 2);
  g_assert_cmpint (write (gate[1], &byte, 1), ==, 1);
  g_assert_cmpint (read (moved[0], &byte, 1), ==, 1);
  await_sleep (other.id);
  g_assert_no_errno (sched_getaffinity (other.id, sizeof kept, &kept));
  g_assert_true (CPU_EQUAL (&kept, &given));
  g_assert_no_errno (sched_setaffinity (getpid (), sizeof other.allowed, &other.allowed));
  g_assert_no_errno (sched_setaffinity (other.id, sizeof other.allowed, &other.allowed));
}

static void
test_affinity_from_outside (void)
{
  GptVisPool *pool = gptvis_pool_new (2);
  cpu_set_t allowed;

  sched_getaffinity (0, sizeof allowed, &allowed);
  if (CPU_COUNT (&allowed) < 2) {
    g_test_skip ("there is one processor");
  } else {
    g_assert_no_errno (pipe (moved));
    g_assert_no_errno (pipe (gate));
    signal (SIGUSR1, halt);
    for (guint i = 0; i < 20; i++)
      set_while_away (pool, 1 + i % 3, i % 2);
  }
  gptvis_pool_free (pool);
}
#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pool/each-once", test_each_once);
  g_test_add_func ("/pool/many-runs", test_many_runs);
  g_test_add_func ("/pool/unused", test_unused);
#ifdef __linux__
  g_test_add_func ("/pool/nice", test_nice);
  g_test_add_func ("/pool/apart", test_apart);
  g_test_add_func ("/pool/affinity-from-outside", test_affinity_from_outside);
#endif
  return g_test_run ();
}
