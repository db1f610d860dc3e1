/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Engines and their seats, as streams see them; what happens to a frame that waits is
 * worker.c's. Neither knows of buffers, elements and policies: what a frame is for and
 * what becomes of its result is the stream's. */
#include "engine-private.h"

static GMutex engines_lock;
static GHashTable *engines;     /* GptVisModel → GptVisEngine; neither is held */

/* --- engines --- */

static GptVisEngine *
engine_new (GptVisModel * model)
{
  GptVisEngine *self = g_new0 (GptVisEngine, 1);

  self->model = gptvis_model_ref (model);
  g_mutex_init (&self->lock);
  g_cond_init (&self->work);
  g_cond_init (&self->progress);
  self->seats = g_ptr_array_new ();
  return self;
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
  if (!engines)
    engines = g_hash_table_new (NULL, NULL);
  if (!(engine = g_hash_table_lookup (engines, model))) {
    engine = engine_new (model);
    g_hash_table_insert (engines, model, engine);
  }
  engine->users++;
  g_mutex_unlock (&engines_lock);
  gptvis_model_unref (model);
  return engine;
}

static gboolean
leave (GptVisEngine * self)
{
  gboolean last;

  g_mutex_lock (&engines_lock);
  last = --self->users == 0;
  if (last) {
    g_hash_table_remove (engines, self->model);
    if (g_hash_table_size (engines) == 0)
      g_clear_pointer (&engines, g_hash_table_unref);
  }
  g_mutex_unlock (&engines_lock);
  return last;
}

void
gptvis_engine_free (GptVisEngine * self)
{
  gptvis_model_unref (self->model);
  g_ptr_array_unref (self->seats);
  g_cond_clear (&self->progress);
  g_cond_clear (&self->work);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
gptvis_engine_close (GptVisEngine * self)
{
  GThread *worker;

  if (!self || !leave (self))
    return;
  g_mutex_lock (&self->lock);
  worker = self->worker;
  self->ending = TRUE;
  g_cond_signal (&self->work);
  g_mutex_unlock (&self->lock);
  if (!worker) {
    gptvis_engine_free (self);
  } else if (worker == g_thread_self ()) {
    g_thread_unref (worker);    /* a handler of a message closes it: the worker frees the rest as it ends */
  } else {
    g_thread_join (worker);
  }
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

/* --- seats --- */

GptVisSeat *
gptvis_seat_new (GptVisEngine * engine, GptVisDone done, gpointer user, GError ** error)
{
  GptVisSeat *seat = NULL;
  GError *why = NULL;

  g_mutex_lock (&engine->lock);
  if (!engine->worker)
    engine->worker = g_thread_try_new ("gptvis-worker", gptvis_worker, engine, &why);
  if (engine->worker) {
    seat = g_new0 (GptVisSeat, 1);
    *seat = (GptVisSeat) { .engine = engine, .done = done, .user = user, .captioned = GST_CLOCK_TIME_NONE };
    seat->captioner = gptvis_captioner_new (engine->model);
    for (guint i = 0; i < 2; i++)
      seat->slots[i] = gptvis_model_slot_new (engine->model);
    g_ptr_array_add (engine->seats, seat);
  } else {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT, "No thread for analyses could be started: %s",
        why->message);
    g_error_free (why);
  }
  g_mutex_unlock (&engine->lock);
  return seat;
}

void
gptvis_seat_free (GptVisSeat * seat)
{
  GptVisEngine *engine;

  if (!seat)
    return;
  engine = seat->engine;
  g_mutex_lock (&engine->lock);
  g_ptr_array_remove_fast (engine->seats, seat);
  while (seat->calling && engine->worker != g_thread_self ())
    g_cond_wait (&engine->progress, &engine->lock);
  if (seat->running || seat->stepping)
    seat->gone = TRUE;
  else
    gptvis_seat_release (seat);
  g_mutex_unlock (&engine->lock);
}

gboolean
gptvis_seat_is_fresh (GptVisSeat * seat)
{
  g_mutex_lock (&seat->engine->lock);
  gboolean fresh = seat->front == READY && g_get_monotonic_time () - seat->since < seat->period / 8;
  g_mutex_unlock (&seat->engine->lock);
  return fresh;
}

gboolean
gptvis_seat_stage (GptVisSeat * seat, const GptVisPicture * picture, const GptVisTicket * ticket,
    gboolean * replaced, GError ** error)
{
  GptVisEngine *engine = seat->engine;
  gboolean staged;

  g_mutex_lock (&engine->lock);
  *replaced = seat->front == READY;
  seat->front = STAGING;        /* so the worker leaves it alone */
  g_mutex_unlock (&engine->lock);
  seat->tickets[seat->in_front] = *ticket;
  staged = gptvis_model_stage (engine->model, seat->slots[seat->in_front], picture, error);
  g_mutex_lock (&engine->lock);
  seat->front = staged ? READY : EMPTY;
  seat->since = g_get_monotonic_time ();
  if (staged)
    g_cond_signal (&engine->work);
  g_mutex_unlock (&engine->lock);
  return staged;
}

/* What is being told has not come yet. */
static gboolean
is_busy (const GptVisSeat * seat)
{
  return seat->front == READY || seat->running || seat->writing || seat->owed || seat->calling;
}

void
gptvis_seat_wait (GptVisSeat * seat)
{
  g_mutex_lock (&seat->engine->lock);
  while (is_busy (seat) && !seat->flushing)
    g_cond_wait (&seat->engine->progress, &seat->engine->lock);
  g_mutex_unlock (&seat->engine->lock);
}

/* The worker sees to it before its next word. */
static void
forget_captions (GptVisSeat * seat)
{
  if (!seat->captioner)
    return;
  seat->forgetting = TRUE;
  g_cond_signal (&seat->engine->work);
}

void
gptvis_seat_set_flushing (GptVisSeat * seat, gboolean flushing)
{
  g_mutex_lock (&seat->engine->lock);
  seat->flushing = flushing;
  if (flushing)
    forget_captions (seat);
  g_cond_broadcast (&seat->engine->progress);
  g_mutex_unlock (&seat->engine->lock);
}

gboolean
gptvis_seat_clear (GptVisSeat * seat)
{
  g_mutex_lock (&seat->engine->lock);
  gboolean waited = seat->front == READY;
  if (waited)
    seat->front = EMPTY;
  forget_captions (seat);
  g_mutex_unlock (&seat->engine->lock);
  return waited;
}

gboolean
gptvis_seat_is_waiting (GptVisSeat * seat)
{
  g_mutex_lock (&seat->engine->lock);
  gboolean waiting = seat->front == READY;
  g_mutex_unlock (&seat->engine->lock);
  return waiting;
}
