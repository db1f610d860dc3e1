/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions: a stream's use of an engine. Here its frames wait, and from here the application is
 * notified of what has become of them, by the rules in engine.h. It knows nothing of buffers,
 * elements and policies: what a frame is for and what is done with its result is the stream's. */
#include "engine-private.h"

static void
notification_clear (gpointer data)
{
  GptVisNotification *notification = data;

  gptvis_result_unref (notification->result);
  g_clear_error (&notification->error);
}

GptVisSession *
gptvis_session_ref (GptVisSession *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

void
gptvis_session_unref (GptVisSession *self)
{
  if (!self || !g_atomic_int_dec_and_test (&self->refs))
    return;
  for (guint i = 0; i < 2; i++)
    for (guint k = 0; k < G_N_ELEMENTS (self->slots[i]); k++)
      gptvis_model_slot_free (self->slots[i][k]);
  gptvis_captioner_free (self->captioner);
  gptvis_region_captions_free (self->region_captions);
  gptvis_client_unref (self->client);
  gptvis_scene_unref (self->scene);
  gptvis_result_unref (self->result);
  g_array_unref (self->notifications);
  gptvis_engine_unref (self->engine);
  g_free (self);
}

/* FALSE: there is no memory. */
static gboolean
allocate (GptVisSession *self, GError **error)
{
  GError *why = NULL;

  self->captioner = gptvis_client_captioner_new (self->client, &why);
  if (!why && self->scene)
    self->region_captions = gptvis_region_captions_new (self->client, self->scene, &why);
  for (guint i = 0; !why && i < 2; i++)
    self->slots[i][0] = gptvis_model_slot_new (self->engine->model, &why);
  if (why)
    g_propagate_error (error, why);
  return !why;
}

static GptVisSession *
session_new (GptVisEngine *engine, GptVisClient *client, GptVisScene *scene,
    const GptVisSessionListener *listener, GError **error)
{
  GptVisSession *self = g_new0 (GptVisSession, 1);

  *self = (GptVisSession) { .refs = 1, .engine = gptvis_engine_ref (engine),
    .client = gptvis_client_ref (client), .scene = scene ? gptvis_scene_ref (scene) : NULL,
    .listener = *listener, .caption_start = GST_CLOCK_TIME_NONE };
  self->notifications = g_array_new (FALSE, FALSE, sizeof (GptVisNotification));
  g_array_set_clear_func (self->notifications, notification_clear);
  if (!allocate (self, error))
    g_clear_pointer (&self, gptvis_session_unref);
  return self;
}

GptVisSession *
gptvis_session_new (GptVisEngine *engine, GptVisClient *client, GptVisScene *scene,
    const GptVisSessionListener *listener, GError **error)
{
  GptVisSession *session = NULL;

  g_mutex_lock (&engine->lock);
  if ((session = session_new (engine, client, scene, listener, error)))
    g_ptr_array_add (engine->sessions, session);
  g_mutex_unlock (&engine->lock);
  return session;
}

/* --- notifications --- */

/* With the lock, which is released for the call. */
static void
notify_next (GptVisSession *self)
{
  GptVisNotification *first = &g_array_index (self->notifications, GptVisNotification, 0), next = *first;
  GThread *outer = self->notifier;      /* this thread, when it is within a call already; else NULL */

  *first = (GptVisNotification) { 0 };
  g_array_remove_index (self->notifications, 0);
  self->notifier = g_thread_self ();
  self->notify_start = g_get_monotonic_time ();
  g_mutex_unlock (&self->engine->lock);
  self->listener.notify (self->listener.user, next.what, next.result, next.error);
  notification_clear (&next);
  g_mutex_lock (&self->engine->lock);
  self->notifier = outer;
  g_cond_broadcast (&self->engine->progress);
}

static gboolean
another_thread_notifies (const GptVisSession *self)
{
  return self->notifier && self->notifier != g_thread_self ();
}

static void
append_notification (GptVisSession *self, GptVisNotifyFlags what, GptVisResult *result, const GError *error)
{
  const GptVisNotification notification = { what, result ? gptvis_result_ref (result) : NULL,
    error ? g_error_copy (error) : NULL };

  g_array_append_val (self->notifications, notification);
}

void
gptvis_session_report (GptVisSession *self, GptVisUpdate update, const GptVisJob *job, GptVisResult *result,
    const GError *error)
{
  const guint set = self->closed ? 0 : self->listener.update (self->listener.user, update, job, result);

  if (!set)
    return;
  for (guint what = GPTVIS_NOTIFY_CAPTION; what <= GPTVIS_NOTIFY_ERROR; what <<= 1)
    if (set & what)
      append_notification (self, what, result, error);
  g_cond_broadcast (&self->engine->progress);
  while (self->notifications->len > 0 && self->n_waiters == 0 && !self->closed
      && !another_thread_notifies (self))
    notify_next (self);
}

void
gptvis_session_close (GptVisSession *self)
{
  GptVisEngine *engine = self->engine;

  g_mutex_lock (&engine->lock);
  g_ptr_array_remove_fast (engine->sessions, self);
  self->closed = TRUE;
  g_array_set_size (self->notifications, 0);
  g_cond_broadcast (&engine->progress);
  while (another_thread_notifies (self))
    g_cond_wait (&engine->progress, &engine->lock);
  g_mutex_unlock (&engine->lock);
}

/* --- frames --- */

gboolean
gptvis_session_is_fresh (GptVisSession *self)
{
  g_mutex_lock (&self->engine->lock);
  gboolean fresh = self->staging_state == READY
      && g_get_monotonic_time () - self->staged_at < self->period / 8;
  g_mutex_unlock (&self->engine->lock);
  return fresh;
}

/* One of the frame's pictures, into the slot of its number. */
static gboolean
stage_picture (GptVisSession *self, guint number, const GptVisPicture *picture, GError **error)
{
  GptVisModelSlot **slot = &self->slots[self->staging_slot][number];

  if (!*slot && !(*slot = gptvis_model_slot_new (self->engine->model, error)))
    return FALSE;
  return gptvis_model_stage (self->engine->model, *slot, picture, error);
}

static gboolean
stage_pictures (GptVisSession *self, const GptVisPicture *picture, const GptVisView *view, GError **error)
{
  gboolean staged = stage_picture (self, 0, picture, error);

  for (guint i = 0; staged && i < view->n_looks; i++) {
    const GptVisPicture part = gptvis_scene_cut (picture, view->regions[view->looks[i]].box);
    staged = stage_picture (self, 1 + i, &part, error);
  }
  return staged;
}

gboolean
gptvis_session_stage (GptVisSession *self, const GptVisPicture *picture, const GptVisJob *job,
    gboolean *replaced, GError **error)
{
  GptVisEngine *engine = self->engine;
  gboolean staged;

  g_mutex_lock (&engine->lock);
  *replaced = self->staging_state == READY;
  self->staging_state = STAGING;        /* so the worker leaves it alone */
  g_mutex_unlock (&engine->lock);
  self->jobs[self->staging_slot] = *job;
  staged = stage_pictures (self, picture, &job->view, error);
  g_mutex_lock (&engine->lock);
  self->staging_state = staged ? READY : EMPTY;
  self->staged_at = g_get_monotonic_time ();
  if (staged)
    g_cond_signal (&engine->work);
  g_mutex_unlock (&engine->lock);
  return staged;
}

gboolean
gptvis_session_is_waiting (GptVisSession *self)
{
  g_mutex_lock (&self->engine->lock);
  gboolean waiting = self->staging_state == READY;
  g_mutex_unlock (&self->engine->lock);
  return waiting;
}

/* --- waiting --- */

/* Has the worker still something to report? */
static gboolean
is_busy (const GptVisSession *self)
{
  return self->staging_state == READY || self->running || self->writing || self->result_deferred;
}

/* FALSE: another thread's call to the application has taken too long. */
static gboolean
wait_for_progress (GptVisSession *self)
{
  GptVisEngine *engine = self->engine;

  if (another_thread_notifies (self))
    return g_cond_wait_until (&engine->progress, &engine->lock, self->notify_start + GPTVIS_NOTIFY_TIMEOUT);
  g_cond_wait (&engine->progress, &engine->lock);
  return TRUE;
}

void
gptvis_session_wait (GptVisSession *self)
{
  GptVisEngine *engine = self->engine;

  g_mutex_lock (&engine->lock);
  gptvis_session_ref (self);    /* in a call its stream may drop the reference it has */
  self->n_waiters++;
  while (!self->closed && !self->flushing && engine->worker != g_thread_self ()) {
    if (self->notifications->len > 0 && !another_thread_notifies (self))
      notify_next (self);
    else if (!is_busy (self) && !another_thread_notifies (self))
      break;
    else if (!wait_for_progress (self))
      break;
  }
  self->n_waiters--;
  g_mutex_unlock (&engine->lock);
  gptvis_session_unref (self);  /* and maybe the engine, which it keeps alive until here */
}

/* The worker has the captioner forget before its next word. */
static void
mark_captions_stale (GptVisSession *self)
{
  if (!self->captioner)
    return;
  self->captions_stale = TRUE;
  g_cond_signal (&self->engine->work);
}

void
gptvis_session_set_flushing (GptVisSession *self, gboolean flushing)
{
  g_mutex_lock (&self->engine->lock);
  self->flushing = flushing;
  if (flushing)
    mark_captions_stale (self);
  g_cond_broadcast (&self->engine->progress);
  g_mutex_unlock (&self->engine->lock);
}

gboolean
gptvis_session_clear (GptVisSession *self)
{
  g_mutex_lock (&self->engine->lock);
  gboolean waited = self->staging_state == READY;
  if (waited)
    self->staging_state = EMPTY;
  self->abandoned = TRUE;
  g_array_set_size (self->notifications, 0);
  mark_captions_stale (self);
  g_mutex_unlock (&self->engine->lock);
  return waited;
}
