/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gate.h"
#include "captioner.h"
#include "model.h"

#define PATIENCE (60 * G_TIME_SPAN_SECOND)      /* only ends a hang */

static struct {
  gboolean closed;
  guint standing, leaves;       /* who waits; who may go on */
  guint visits;
} gates[N_GATES];
static GMutex lock;
static GCond moved;

void
gate_close (Gate gate)
{
  g_mutex_lock (&lock);
  gates[gate].closed = TRUE;
  gates[gate].leaves = gates[gate].visits = 0;
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

void
gate_await (Gate gate)
{
  const gint64 end = g_get_monotonic_time () + PATIENCE;

  g_mutex_lock (&lock);
  while (gates[gate].standing <= gates[gate].leaves)
    if (!g_cond_wait_until (&moved, &lock, end))
      g_error ("nobody has come to gate %d", gate);
  g_mutex_unlock (&lock);
}

void
gate_pass (Gate gate)
{
  g_mutex_lock (&lock);
  gates[gate].leaves++;
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

/* However short the look, an end that waits is not seen; it only takes one to see an end that does not. */
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

static void
stand_at (Gate gate)
{
  g_mutex_lock (&lock);
  gates[gate].standing++;
  gates[gate].visits++;
  g_cond_broadcast (&moved);
  while (gates[gate].closed && gates[gate].leaves == 0)
    g_cond_wait (&moved, &lock);
  if (gates[gate].leaves > 0)
    gates[gate].leaves--;
  gates[gate].standing--;
  g_mutex_unlock (&lock);
}

gboolean __real_gptvis_model_end (GptVisModel *self, GptVisRequest *requests, guint n, GError **error);
gboolean __wrap_gptvis_model_end (GptVisModel *self, GptVisRequest *requests, guint n, GError **error);

gboolean
__wrap_gptvis_model_end (GptVisModel *self, GptVisRequest *requests, guint n, GError **error)
{
  stand_at (GATE_ANALYSIS);
  return __real_gptvis_model_end (self, requests, n, error);
}

void __real_gptvis_captioners_step (GptVisCaptioner *const *captioners, guint n);
void __wrap_gptvis_captioners_step (GptVisCaptioner *const *captioners, guint n);

void
__wrap_gptvis_captioners_step (GptVisCaptioner *const *captioners, guint n)
{
  stand_at (GATE_WORD);
  __real_gptvis_captioners_step (captioners, n);
}
