/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Engines: who shares one, when its worker starts and when it ends. What happens to a frame
 * that waits in a session is in worker.c.
 *
 * A model never has two workers, because of one rule: an engine is in the table from its first user
 * until its worker is done with the model, and the worker itself decides when that is, with the
 * table's lock (gptvis_engine_retire). Whoever opens the model while the last user is closing it
 * finds the same engine, whose worker goes on: nothing is stopped, started or waited for. */
#include "engine-private.h"

static GMutex engines_lock;
static GCond engines_changed;   /* a model was loaded, or an engine retired or wanted again */
static GHashTable *engines;     /* key → GptVisEngine; owns neither */

static GptVisEngine *
engine_new (gchar *key)
{
  GptVisEngine *self = g_new0 (GptVisEngine, 1);

  self->refs = 1;
  self->key = key;
  g_mutex_init (&self->lock);
  g_cond_init (&self->work);
  g_cond_init (&self->progress);
  self->sessions = g_ptr_array_new ();
  self->unfinished = g_ptr_array_new ();
  return self;
}

GptVisEngine *
gptvis_engine_ref (GptVisEngine *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

void
gptvis_engine_unref (GptVisEngine *self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;
  gptvis_model_free (self->model);
  g_free (self->key);
  g_ptr_array_unref (self->sessions);
  g_ptr_array_unref (self->unfinished);
  g_cond_clear (&self->progress);
  g_cond_clear (&self->work);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
set_ending (GptVisEngine *self, gboolean ending)
{
  g_mutex_lock (&self->lock);
  self->ending = ending;
  g_cond_signal (&self->work);
  g_mutex_unlock (&self->lock);
}

/* With the table's lock, which is released while another thread loads the model. NULL: there is none, and
 * the caller is to load it. */
static GptVisEngine *
find_engine (const gchar *key)
{
  GptVisEngine *engine;

  while ((engine = engines ? g_hash_table_lookup (engines, key) : NULL) && !engine->model)
    g_cond_wait (&engines_changed, &engines_lock);
  if (engine && engine->users == 0) {   /* its last user is closing it */
    set_ending (engine, FALSE);
    g_cond_broadcast (&engines_changed);
  }
  return engine;
}

static void
add_to_table (GptVisEngine *self)
{
  if (!engines)
    engines = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_insert (engines, self->key, self);
}

/* With the table's lock. */
static void
remove_from_table (GptVisEngine *self)
{
  self->retired = TRUE;
  g_hash_table_remove (engines, self->key);
  if (g_hash_table_size (engines) == 0)
    g_clear_pointer (&engines, g_hash_table_unref);
}

/* With the table's lock, which is released meanwhile, so that others can open and close engines. */
static gboolean
load (GptVisEngine *self, const GptVisModelOptions *options, GError **error)
{
  g_mutex_unlock (&engines_lock);
  GptVisModel *model = gptvis_model_open (options, error);
  g_mutex_lock (&engines_lock);
  self->model = model;
  if (!model)                   /* whoever waits for it tries again, and gets the error */
    remove_from_table (self);
  g_cond_broadcast (&engines_changed);
  return model != NULL;
}

GptVisEngine *
gptvis_engine_open (const GptVisModelOptions *options, GError **error)
{
  GptVisModelOptions batched = *options;
  GptVisEngine *engine;
  gchar *key;

  batched.max_batch = MAX_BATCH;
  if (!(key = gptvis_model_key (&batched, error)))
    return NULL;
  g_mutex_lock (&engines_lock);
  if ((engine = find_engine (key))) {
    gptvis_engine_ref (engine);
    g_free (key);
  } else {
    add_to_table (engine = engine_new (key));
    if (!load (engine, &batched, error))
      g_clear_pointer (&engine, gptvis_engine_unref);
  }
  if (engine)
    engine->users++;
  g_mutex_unlock (&engines_lock);
  return engine;
}

gboolean
gptvis_engine_retire (GptVisEngine *self)
{
  g_mutex_lock (&engines_lock);
  gboolean retired = self->users == 0;
  if (retired) {
    remove_from_table (self);
    self->joined = self->closing == 0;
    if (self->joined)           /* it was closed in this thread, within a call to the application */
      g_thread_unref (self->worker);
    g_cond_broadcast (&engines_changed);
  }
  g_mutex_unlock (&engines_lock);
  return retired;
}

static GThread *
get_worker (GptVisEngine *self)
{
  g_mutex_lock (&self->lock);
  GThread *worker = self->worker;
  g_mutex_unlock (&self->lock);
  return worker;
}

/* With the table's lock, which is released meanwhile. TRUE: the worker has ended and the caller is to join
 * it. FALSE: it works for somebody else, or another thread joins it. */
static gboolean
wait_for_worker (GptVisEngine *self)
{
  self->closing++;
  while (self->users == 0 && !self->retired)
    g_cond_wait (&engines_changed, &engines_lock);
  self->closing--;
  if (!self->retired || self->joined)
    return FALSE;
  self->joined = TRUE;
  return TRUE;
}

void
gptvis_engine_close (GptVisEngine *self)
{
  gboolean joins = FALSE;
  GThread *worker;

  if (!self)
    return;
  g_mutex_lock (&engines_lock);
  worker = get_worker (self);
  if (--self->users == 0) {
    if (worker)
      set_ending (self, TRUE);
    else
      remove_from_table (self);
    joins = worker && worker != g_thread_self () && wait_for_worker (self);
  }
  g_mutex_unlock (&engines_lock);
  if (joins)
    g_thread_join (worker);
  gptvis_engine_unref (self);
}

GptVisModel *
gptvis_engine_model (GptVisEngine *self)
{
  return self->model;
}

guint
gptvis_engine_n_sessions (GptVisEngine *self)
{
  g_mutex_lock (&self->lock);
  guint n = self->sessions->len;
  g_mutex_unlock (&self->lock);
  return n;
}

GptVisTimes
gptvis_engine_device_times (GptVisEngine *self)
{
  g_mutex_lock (&self->lock);
  GptVisTimes times = gptvis_timing_summary (&self->device, GPTVIS_TIMING_WINDOW);
  g_mutex_unlock (&self->lock);
  return times;
}
