/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Seats: a stream's place at an engine, where its frames wait, and from where the application
 * is told what became of them (the line that engine.h draws is drawn here). It knows nothing of
 * buffers, elements and policies: what a frame is for and what becomes of its result is the
 * stream's. */
#include "engine-private.h"

static void
clear_untold (gpointer data)
{
  GptVisUntold *news = data;

  gptvis_result_unref (news->result);
  g_clear_error (&news->error);
}

GptVisSeat *
gptvis_seat_ref (GptVisSeat *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

void
gptvis_seat_unref (GptVisSeat *self)
{
  if (!self || !g_atomic_int_dec_and_test (&self->refs))
    return;
  for (guint i = 0; i < 2; i++)
    gptvis_model_slot_free (self->slots[i]);
  gptvis_captioner_free (self->captioner);
  gptvis_client_unref (self->client);
  gptvis_result_unref (self->result);
  g_array_unref (self->untold);
  gptvis_engine_unref (self->engine);
  g_free (self);
}

/* FALSE: there is no memory. */
static gboolean
make_room (GptVisSeat *self, GError **error)
{
  GError *why = NULL;

  self->captioner = gptvis_client_captioner_new (self->client, &why);
  for (guint i = 0; !why && i < 2; i++)
    self->slots[i] = gptvis_model_slot_new (self->engine->model, &why);
  if (why)
    g_propagate_error (error, why);
  return !why;
}

static GptVisSeat *
seat_new (GptVisEngine *engine, GptVisClient *client, const GptVisSeatListener *listener, GError **error)
{
  GptVisSeat *self = g_new0 (GptVisSeat, 1);

  *self = (GptVisSeat) { .refs = 1, .engine = gptvis_engine_ref (engine), .client = gptvis_client_ref (client),
    .listener = *listener, .captioned = GST_CLOCK_TIME_NONE };
  self->untold = g_array_new (FALSE, FALSE, sizeof (GptVisUntold));
  g_array_set_clear_func (self->untold, clear_untold);
  if (!make_room (self, error))
    g_clear_pointer (&self, gptvis_seat_unref);
  return self;
}

/* With the lock. */
static gboolean
start_worker (GptVisEngine *engine, GError **error)
{
  GError *why = NULL;

  if (engine->worker)
    return TRUE;
  engine->worker = g_thread_try_new ("gptvis-worker", gptvis_worker, gptvis_engine_ref (engine), &why);
  if (engine->worker)
    return TRUE;
  gptvis_engine_unref (engine);
  g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT, "No thread for analyses could be started: %s", why->message);
  g_error_free (why);
  return FALSE;
}

GptVisSeat *
gptvis_seat_new (GptVisEngine *engine, GptVisClient *client, const GptVisSeatListener *listener,
    GError **error)
{
  GptVisSeat *seat = NULL;

  g_mutex_lock (&engine->lock);
  if (start_worker (engine, error) && (seat = seat_new (engine, client, listener, error)))
    g_ptr_array_add (engine->seats, seat);
  g_mutex_unlock (&engine->lock);
  return seat;
}

/* --- telling --- */

/* With the lock, which is let go for the call. */
static void
tell_next (GptVisSeat *self)
{
  GptVisUntold *news = &g_array_index (self->untold, GptVisUntold, 0), told = *news;
  GThread *teller = self->teller;       /* this thread, when it is told something within a call */

  *news = (GptVisUntold) { 0 };
  g_array_remove_index (self->untold, 0);
  self->teller = g_thread_self ();
  self->told_since = g_get_monotonic_time ();
  g_mutex_unlock (&self->engine->lock);
  self->listener.tell (self->listener.user, told.what, told.result, told.error);
  clear_untold (&told);
  g_mutex_lock (&self->engine->lock);
  self->teller = teller;
  g_cond_broadcast (&self->engine->progress);
}

/* Is another thread in a call? */
static gboolean
is_told_elsewhere (const GptVisSeat *self)
{
  return self->teller && self->teller != g_thread_self ();
}

static void
append_untold (GptVisSeat *self, GptVisTelling what, GptVisResult *result, const GError *error)
{
  const GptVisUntold untold = { what, result ? gptvis_result_ref (result) : NULL, error ? g_error_copy (error) : NULL };

  g_array_append_val (self->untold, untold);
}

void
gptvis_seat_tell (GptVisSeat *self, GptVisNews news, const GptVisTicket *ticket, GptVisResult *result,
    const GError *error)
{
  const guint whats = self->left ? 0 : self->listener.take (self->listener.user, news, ticket, result);

  if (!whats)
    return;
  for (guint what = GPTVIS_TELL_SAID; what <= GPTVIS_TELL_FAILED; what <<= 1)
    if (whats & what)
      append_untold (self, what, result, error);
  g_cond_broadcast (&self->engine->progress);
  while (self->untold->len > 0 && self->waiting == 0 && !self->left && !is_told_elsewhere (self))
    tell_next (self);
}

void
gptvis_seat_leave (GptVisSeat *self)
{
  GptVisEngine *engine = self->engine;

  g_mutex_lock (&engine->lock);
  g_ptr_array_remove_fast (engine->seats, self);
  self->left = TRUE;
  g_array_set_size (self->untold, 0);
  g_cond_broadcast (&engine->progress);
  while (is_told_elsewhere (self))
    g_cond_wait (&engine->progress, &engine->lock);
  g_mutex_unlock (&engine->lock);
}

/* --- frames --- */

gboolean
gptvis_seat_is_fresh (GptVisSeat *self)
{
  g_mutex_lock (&self->engine->lock);
  gboolean fresh = self->front == READY && g_get_monotonic_time () - self->since < self->period / 8;
  g_mutex_unlock (&self->engine->lock);
  return fresh;
}

gboolean
gptvis_seat_stage (GptVisSeat *self, const GptVisPicture *picture, const GptVisTicket *ticket,
    gboolean *replaced, GError **error)
{
  GptVisEngine *engine = self->engine;
  gboolean staged;

  g_mutex_lock (&engine->lock);
  *replaced = self->front == READY;
  self->front = STAGING;        /* so the worker leaves it alone */
  g_mutex_unlock (&engine->lock);
  self->tickets[self->in_front] = *ticket;
  staged = gptvis_model_stage (engine->model, self->slots[self->in_front], picture, error);
  g_mutex_lock (&engine->lock);
  self->front = staged ? READY : EMPTY;
  self->since = g_get_monotonic_time ();
  if (staged)
    g_cond_signal (&engine->work);
  g_mutex_unlock (&engine->lock);
  return staged;
}

gboolean
gptvis_seat_is_waiting (GptVisSeat *self)
{
  g_mutex_lock (&self->engine->lock);
  gboolean waiting = self->front == READY;
  g_mutex_unlock (&self->engine->lock);
  return waiting;
}

/* --- waiting --- */

/* There will be news, and when is for the worker to say. */
static gboolean
is_busy (const GptVisSeat *self)
{
  return self->front == READY || self->running || self->writing || self->owed;
}

/* FALSE: whoever is being told holds this thread up longer than it bears with. */
static gboolean
await_progress (GptVisSeat *self)
{
  GptVisEngine *engine = self->engine;

  if (is_told_elsewhere (self))
    return g_cond_wait_until (&engine->progress, &engine->lock, self->told_since + GPTVIS_PATIENCE);
  g_cond_wait (&engine->progress, &engine->lock);
  return TRUE;
}

void
gptvis_seat_wait (GptVisSeat *self)
{
  GptVisEngine *engine = self->engine;

  g_mutex_lock (&engine->lock);
  gptvis_seat_ref (self);       /* a call may end in its stream's giving it back */
  self->waiting++;
  while (!self->left && !self->flushing && engine->worker != g_thread_self ()) {
    if (self->untold->len > 0 && !is_told_elsewhere (self))
      tell_next (self);
    else if (!is_busy (self) && !is_told_elsewhere (self))
      break;
    else if (!await_progress (self))
      break;
  }
  self->waiting--;
  g_mutex_unlock (&engine->lock);
  gptvis_seat_unref (self);     /* and maybe the engine, which it holds until here */
}

/* The worker sees to it before its next word. */
static void
forget_captions (GptVisSeat *self)
{
  if (!self->captioner)
    return;
  self->forgetting = TRUE;
  g_cond_signal (&self->engine->work);
}

void
gptvis_seat_set_flushing (GptVisSeat *self, gboolean flushing)
{
  g_mutex_lock (&self->engine->lock);
  self->flushing = flushing;
  if (flushing)
    forget_captions (self);
  g_cond_broadcast (&self->engine->progress);
  g_mutex_unlock (&self->engine->lock);
}

gboolean
gptvis_seat_clear (GptVisSeat *self)
{
  g_mutex_lock (&self->engine->lock);
  gboolean waited = self->front == READY;
  if (waited)
    self->front = EMPTY;
  g_array_set_size (self->untold, 0);
  forget_captions (self);
  g_mutex_unlock (&self->engine->lock);
  return waited;
}
