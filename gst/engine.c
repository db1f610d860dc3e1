/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Engines: who shares one, when its worker begins and when it ends. What happens to a frame
 * that waits at a seat is worker.c's.
 *
 * One worker a model holds because of one rule: an engine is in the table from its first user
 * until its worker has nothing more to do with the model, and that the worker itself decides,
 * with the table's lock (gptvis_engine_retire). Whoever opens the model while the last user is
 * closing it finds the same engine, whose worker goes on: nothing is ended, begun or waited for. */
#include "engine-private.h"

static GMutex engines_lock;
static GCond engines_changed;   /* a worker is over, or is wanted again */
static GHashTable *engines;     /* GptVisModel → GptVisEngine; neither is held */

static GptVisEngine *
engine_new (GptVisModel * model)
{
  GptVisEngine *self = g_new0 (GptVisEngine, 1);

  self->refs = 1;
  self->model = gptvis_model_ref (model);
  g_mutex_init (&self->lock);
  g_cond_init (&self->work);
  g_cond_init (&self->progress);
  self->seats = g_ptr_array_new ();
  return self;
}

GptVisEngine *
gptvis_engine_ref (GptVisEngine * self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

void
gptvis_engine_unref (GptVisEngine * self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;
  gptvis_model_unref (self->model);
  g_ptr_array_unref (self->seats);
  g_cond_clear (&self->progress);
  g_cond_clear (&self->work);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
set_ending (GptVisEngine * self, gboolean ending)
{
  g_mutex_lock (&self->lock);
  self->ending = ending;
  g_cond_signal (&self->work);
  g_mutex_unlock (&self->lock);
}

/* With the table's lock. The reference is the caller's. */
static GptVisEngine *
find (GptVisModel * model)
{
  GptVisEngine *engine = engines ? g_hash_table_lookup (engines, model) : NULL;

  if (!engine)
    return NULL;
  if (engine->users == 0) {     /* its last user is closing it */
    set_ending (engine, FALSE);
    g_cond_broadcast (&engines_changed);
  }
  return gptvis_engine_ref (engine);
}

static GptVisEngine *
add (GptVisModel * model)
{
  GptVisEngine *engine = engine_new (model);

  if (!engines)
    engines = g_hash_table_new (NULL, NULL);
  g_hash_table_insert (engines, model, engine);
  return engine;
}

GptVisEngine *
gptvis_engine_open (const GptVisModelOptions * options, GError ** error)
{
  GptVisModelOptions batched = *options;
  GptVisEngine *engine;
  GptVisModel *model;

  batched.max_batch = MAX_BATCH;
  if (!(model = gptvis_model_open (&batched, error)))
    return NULL;
  g_mutex_lock (&engines_lock);
  if (!(engine = find (model)))
    engine = add (model);
  engine->users++;
  g_mutex_unlock (&engines_lock);
  gptvis_model_unref (model);
  return engine;
}

/* With the table's lock. */
static void
take_out (GptVisEngine * self)
{
  self->over = TRUE;
  g_hash_table_remove (engines, self->model);
  if (g_hash_table_size (engines) == 0)
    g_clear_pointer (&engines, g_hash_table_unref);
}

gboolean
gptvis_engine_retire (GptVisEngine * self)
{
  g_mutex_lock (&engines_lock);
  gboolean over = self->users == 0;
  if (over) {
    take_out (self);
    self->joined = self->closing == 0;
    if (self->joined)           /* it was closed from here, by a handler of a message */
      g_thread_unref (self->worker);
    g_cond_broadcast (&engines_changed);
  }
  g_mutex_unlock (&engines_lock);
  return over;
}

static GThread *
worker_of (GptVisEngine * self)
{
  g_mutex_lock (&self->lock);
  GThread *worker = self->worker;
  g_mutex_unlock (&self->lock);
  return worker;
}

/* With the table's lock, which is let go meanwhile. TRUE: the worker is over and the caller's to
 * join. FALSE: it works for somebody else, or another thread joins it. */
static gboolean
await_worker (GptVisEngine * self)
{
  self->closing++;
  while (self->users == 0 && !self->over)
    g_cond_wait (&engines_changed, &engines_lock);
  self->closing--;
  if (!self->over || self->joined)
    return FALSE;
  self->joined = TRUE;
  return TRUE;
}

void
gptvis_engine_close (GptVisEngine * self)
{
  gboolean joins = FALSE;
  GThread *worker;

  if (!self)
    return;
  g_mutex_lock (&engines_lock);
  worker = worker_of (self);
  if (--self->users == 0) {
    if (worker)
      set_ending (self, TRUE);
    else
      take_out (self);
    joins = worker && worker != g_thread_self () && await_worker (self);
  }
  g_mutex_unlock (&engines_lock);
  if (joins)
    g_thread_join (worker);
  gptvis_engine_unref (self);
}

GptVisModel *
gptvis_engine_model (GptVisEngine * self)
{
  return self->model;
}

guint
gptvis_engine_n_seats (GptVisEngine * self)
{
  g_mutex_lock (&self->lock);
  guint n = self->seats->len;
  g_mutex_unlock (&self->lock);
  return n;
}

GptVisTimes
gptvis_engine_device_times (GptVisEngine * self)
{
  g_mutex_lock (&self->lock);
  GptVisTimes times = gptvis_timing_summary (&self->device, GPTVIS_TIMING_WINDOW);
  g_mutex_unlock (&self->lock);
  return times;
}
