/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The worker: the one thread behind a model. It runs the frames that wait in the sessions as
 * batches (batch.c), and in turn with these it writes captions (captions.c). It holds the
 * engine's lock except while it computes and while it notifies the application. */
#include "engine-private.h"

static guint
n_in_flight (const GptVisEngine *self)
{
  return self->n_started - self->n_ended;
}

/* Captions and pictures take turns: while both wait, each gets the same time. */
static gboolean
is_words_turn (GptVisEngine *self, guint n_writers)
{
  /* time spent while the other did not wait does not count */
  if (n_writers == 0 || (!gptvis_batch_next (self) && n_in_flight (self) == 0))
    self->spent_on_words = self->spent_on_pictures = 0;
  return n_writers > 0 && self->spent_on_words <= self->spent_on_pictures;
}

/* With the lock, until the engine is told to end and nothing is in flight. */
static void
work (GptVisEngine *self, GPtrArray *writers, GPtrArray *captioners)
{
  while (!self->ending) {
    const guint n_writers = gptvis_captions_gather (self, writers, captioners);
    gboolean started = FALSE;
    if (!is_words_turn (self, n_writers))
      while (n_in_flight (self) < gptvis_model_in_flight (self->model) && gptvis_batch_begin (self))
        started = TRUE;
    if (n_in_flight (self) > 0) {
      gptvis_batch_end (self);
    } else if (n_writers > 0 && !started) {
      gptvis_captions_step (self, writers, captioners);
    } else if (!started) {
      g_cond_wait (&self->work, &self->lock);
      continue;
    }
    g_cond_broadcast (&self->progress);
  }
  while (n_in_flight (self) > 0)
    gptvis_batch_end (self);
  gptvis_batch_give_up (self);
}

static gpointer
run (gpointer data)
{
  GptVisEngine *self = data;
  GPtrArray *writers = g_ptr_array_new (), *captioners = g_ptr_array_new ();

  do {
    g_mutex_lock (&self->lock);
    work (self, writers, captioners);
    g_mutex_unlock (&self->lock);
  } while (!gptvis_engine_retire (self));
  g_ptr_array_unref (writers);
  g_ptr_array_unref (captioners);
  gptvis_engine_unref (self);
  return NULL;
}

/* With the lock. */
static gboolean
start (GptVisEngine *self, GError **error)
{
  GError *why = NULL;

  if (self->worker)
    return TRUE;
  self->worker = g_thread_try_new ("gptvis-worker", run, gptvis_engine_ref (self), &why);
  if (self->worker)
    return TRUE;
  gptvis_engine_unref (self);
  g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT, "The thread for analyses could not be started: %s",
      why->message);
  g_error_free (why);
  return FALSE;
}

gboolean
gptvis_engine_start (GptVisEngine *self, GError **error)
{
  g_mutex_lock (&self->lock);
  const gboolean started = start (self, error);
  g_mutex_unlock (&self->lock);
  return started;
}
