/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gates, and the clock that they move on: what the linker puts between the worker and the model
 * (gate.h). */
#include "gate.h"
#include "captioner.h"
#include "model.h"
#include "pool.h"

#define PATIENCE (60 * G_TIME_SPAN_SECOND)      /* only ends a hang */

static struct {
  gboolean closed;
  guint standing, passes;       /* how many threads stand there; how many may pass */
  guint visits;
  gint64 pace;                  /* µs by which one picture or word moves the clock on */
} gates[N_GATES];
static gint64 now;              /* what the clock tells; 0: the real time */
static GMutex lock;
static GCond moved;

gint64 __real_g_get_monotonic_time (void);
/* The linker takes the libraries' calls for its own too, and wants to see it from there; they still go to
 * GLib. */
gint64 __wrap_g_get_monotonic_time (void) __attribute__ ((visibility ("default")));

/* The pool's threads spin for a real time before they sleep. */
gint64
__wrap_g_get_monotonic_time (void)
{
  g_mutex_lock (&lock);
  const gint64 told = now;
  g_mutex_unlock (&lock);
  return told && gptvis_pool_thread () == 0 ? told : __real_g_get_monotonic_time ();
}

void
gate_set_pace (gint64 analysis, gint64 word)
{
  g_mutex_lock (&lock);
  gates[GATE_ANALYSIS].pace = analysis;
  gates[GATE_WORD].pace = word;
  now = analysis || word ? __real_g_get_monotonic_time () : 0;
  g_mutex_unlock (&lock);
}

void
gate_close (Gate gate)
{
  g_mutex_lock (&lock);
  gates[gate].closed = TRUE;
  gates[gate].passes = gates[gate].visits = 0;
  g_mutex_unlock (&lock);
}

void
gate_open (Gate gate)
{
  g_mutex_lock (&lock);
  gates[gate].closed = FALSE;
  g_cond_broadcast (&moved);
  g_mutex_unlock (&lock);
}

/* With the lock. */
static gboolean
is_stopped (Gate gate)
{
  return gates[gate].standing > gates[gate].passes;
}

static void
await_move (gint64 end)
{
  if (!g_cond_wait_until (&moved, &lock, end))
    g_error ("the worker has not come to the gate");
}

void
gate_await (Gate gate)
{
  const gint64 end = __real_g_get_monotonic_time () + PATIENCE;

  g_mutex_lock (&lock);
  while (!is_stopped (gate))
    await_move (end);
  g_mutex_unlock (&lock);
}

Gate
gate_await_any (void)
{
  const gint64 end = __real_g_get_monotonic_time () + PATIENCE;

  g_mutex_lock (&lock);
  for (;;) {
    for (Gate gate = 0; gate < N_GATES; gate++)
      if (is_stopped (gate)) {
        g_mutex_unlock (&lock);
        return gate;
      }
    await_move (end);
  }
}

void
gate_pass (Gate gate)
{
  g_mutex_lock (&lock);
  gates[gate].passes++;
  g_cond_broadcast (&moved);
  g_mutex_unlock (&lock);
}

guint
gate_visits (Gate gate)
{
  g_mutex_lock (&lock);
  guint n = gates[gate].visits;
  g_mutex_unlock (&lock);
  return n;
}

static gint n_ends;

static gpointer
push_end (gpointer harness)
{
  g_assert_true (gst_harness_push_event (harness, gst_event_new_eos ()));
  g_atomic_int_inc (&n_ends);
  return NULL;
}

/* An end that waits is never seen to come, however long the look; a longer one only finds more faults. */
#define LOOK (20 * G_TIME_SPAN_MILLISECOND)

void
gate_hold_end (Gate gate, GstHarness *harness)
{
  g_atomic_int_set (&n_ends, 0);
  GThread *thread = g_thread_new ("end", push_end, harness);

  gate_await (gate);
  g_usleep (LOOK);
  g_assert_cmpint (g_atomic_int_get (&n_ends), ==, 0);
  gate_open (gate);
  g_thread_join (thread);
}

/* Moves the clock on by `n` pictures or words when it is let pass. */
static void
stand_at (Gate gate, guint n)
{
  g_mutex_lock (&lock);
  gates[gate].standing++;
  gates[gate].visits++;
  g_cond_broadcast (&moved);
  while (gates[gate].closed && gates[gate].passes == 0)
    g_cond_wait (&moved, &lock);
  if (gates[gate].passes > 0)
    gates[gate].passes--;
  gates[gate].standing--;
  if (now)
    now += n * gates[gate].pace;
  g_mutex_unlock (&lock);
}

gboolean __real_gptvis_model_end (GptVisModel *self, GptVisRequest *requests, guint n, GError **error);
gboolean __wrap_gptvis_model_end (GptVisModel *self, GptVisRequest *requests, guint n, GError **error);

gboolean
__wrap_gptvis_model_end (GptVisModel *self, GptVisRequest *requests, guint n, GError **error)
{
  stand_at (GATE_ANALYSIS, n);
  return __real_gptvis_model_end (self, requests, n, error);
}

void __real_gptvis_captioners_step (GptVisCaptioner *const *captioners, guint n);
void __wrap_gptvis_captioners_step (GptVisCaptioner *const *captioners, guint n);

void
__wrap_gptvis_captioners_step (GptVisCaptioner *const *captioners, guint n)
{
  stand_at (GATE_WORD, 1);
  __real_gptvis_captioners_step (captioners, n);
}
