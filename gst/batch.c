/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Batches: the pictures that wait in the sessions are run together, and what came of them becomes the
 * results of their frames. A frame is one picture, and one more for each of its regions that is looked at;
 * these may be in several batches, between which other sessions have their turns. */
#include "engine-private.h"
#include <sys/resource.h>

/* A batch takes a little less time than its pictures one by one, but each picture waits for all of
 * them. So pictures are run together as long as that takes no longer than a camera's frame, and
 * slow ones alone, which leaves results half as old. */
#define BATCH_US 33000

#define NICE 10

static GptVisJob *
running_job (GptVisSession *session)
{
  return &session->jobs[!session->staging_slot];
}

/* Swaps the slots: the frame that waits becomes the worker's, with a reference on the session until
 * it is finished. */
static void
start_frame (GptVisEngine *self, GptVisSession *session, gint64 now)
{
  const gint64 since = now - session->last_start;

  gptvis_session_ref (session);
  gptvis_captions_drop_stale (session);
  if (session->last_start)
    session->period = session->period ? (3 * session->period + since) / 4 : since;
  session->last_start = now;
  session->staging_slot = !session->staging_slot;
  session->staging_state = EMPTY;
  session->running = TRUE;
  session->abandoned = FALSE;
  session->analysis = (GptVisAnalysis) { .n = 1 + running_job (session)->view.n_looks };
  g_ptr_array_add (self->unfinished, session);
}

/* Takes the session's next picture, of the frame that runs or of the one that waits. Returns its number. */
static guint
take_picture (GptVisEngine *self, GptVisSession *session)
{
  const gint64 now = g_get_monotonic_time ();

  if (!session->running)
    start_frame (self, session, now);
  session->last_turn = now;
  if (session->analysis.n_started + 1 == session->analysis.n)
    g_ptr_array_remove_fast (self->unfinished, session);
  return session->analysis.n_started++;
}

static GptVisSession *
earlier_turn (GptVisSession *a, GptVisSession *b)
{
  return !a || b->last_turn < a->last_turn ? b : a;
}

/* The one whose turn was longest ago. So one that is passed over, because a newer frame is just being staged
 * in it, comes next. */
GptVisSession *
gptvis_batch_next (GptVisEngine *self)
{
  GptVisSession *first = NULL;

  for (guint i = 0; i < self->unfinished->len; i++)
    first = earlier_turn (first, self->unfinished->pdata[i]);
  for (guint i = 0; i < self->sessions->len; i++) {
    GptVisSession *session = self->sessions->pdata[i];
    if (session->staging_state == READY && !session->running && !session->result_deferred)
      first = earlier_turn (first, session);
  }
  return first;
}

/* --- the end of a frame --- */

/* The frame's result, with its regions; NULL: it failed. The caller's. */
static GptVisResult *
complete (GptVisSession *session)
{
  const GptVisJob *job = running_job (session);
  GptVisAnalysis *analysis = &session->analysis;

  if (analysis->error || !analysis->result)
    return NULL;
  analysis->result->analysis = analysis->time;
  if (!session->scene)
    return gptvis_result_ref (analysis->result);
  return gptvis_scene_complete (
      session->scene, &job->scene_settings, &job->view, analysis->result, analysis->looks);
}

/* Reports the frame whose pictures have all run. */
static void
finish (GptVisEngine *self, GptVisSession *session)
{
  GptVisAnalysis *analysis = &session->analysis;
  GptVisResult *result = complete (session);
  GError *error = g_steal_pointer (&analysis->error);

  g_clear_pointer (&analysis->result, gptvis_result_unref);
  gptvis_captions_finish (self, session, result, error);
  g_cond_broadcast (&self->progress);
  gptvis_result_unref (result);
  g_clear_error (&error);
}

/* One of a frame's pictures has run. */
static void
end_picture (GptVisEngine *self, GptVisSession *session)
{
  if (++session->analysis.n_ended == session->analysis.n)
    finish (self, session);
}

/* One has not, and so the frame has failed. */
static void
fail_picture (GptVisEngine *self, GptVisSession *session, const GError *error)
{
  if (!session->analysis.error)
    session->analysis.error = g_error_copy (error);
  end_picture (self, session);
}

/* No more of the frame's pictures are run: it is finished when those end that are started. */
static void
give_up (GptVisEngine *self, GptVisSession *session)
{
  GptVisAnalysis *analysis = &session->analysis;

  g_ptr_array_remove_fast (self->unfinished, session);
  analysis->n = analysis->n_started;
  if (analysis->n_ended == analysis->n)
    finish (self, session);
}

void
gptvis_batch_give_up (GptVisEngine *self)
{
  while (self->unfinished->len > 0)
    give_up (self, self->unfinished->pdata[0]);
}

/* Frames whose results are not wanted any more, or cannot be had. */
static void
give_up_abandoned (GptVisEngine *self)
{
  for (guint i = self->unfinished->len; i-- > 0;) {
    GptVisSession *session = self->unfinished->pdata[i];
    if (session->closed || session->abandoned || session->analysis.error)
      give_up (self, session);
  }
}

/* --- a batch --- */

static void
gather (GptVisEngine *self, GptVisBatch *batch)
{
  const guint max = CLAMP (BATCH_US / MAX (self->picture_us, 1), 1, MAX_BATCH);
  GptVisSession *session;

  give_up_abandoned (self);
  for (batch->n = 0; batch->n < max && (session = gptvis_batch_next (self)); batch->n++) {
    batch->sessions[batch->n] = session;
    batch->pictures[batch->n] = take_picture (self, session);
  }
}

/* For good, since to raise it again takes privileges. The pool's threads follow. */
static void
lower_priority (GptVisEngine *self)
{
  self->low_priority = TRUE;
#ifdef __linux__                /* where a priority is a thread's, not the process's */
  setpriority (PRIO_PROCESS, 0, NICE);
#endif
}

static GptVisRequest
request_for (GptVisSession *session, guint picture)
{
  return (GptVisRequest) { .slot = session->slots[!session->staging_slot][picture],
    .outputs = gptvis_client_outputs (session->client) };
}

gboolean
gptvis_batch_begin (GptVisEngine *self)
{
  GptVisBatch *batch = &self->batches[self->n_started % GPTVIS_MAX_IN_FLIGHT];
  GError *error = NULL;

  gather (self, batch);
  if (batch->n == 0)
    return FALSE;
  batch->start = g_get_monotonic_time ();
  for (guint i = 0; i < batch->n; i++) {
    batch->requests[i] = request_for (batch->sessions[i], batch->pictures[i]);
    if (!running_job (batch->sessions[i])->awaited && !self->low_priority)
      lower_priority (self);
  }
  g_mutex_unlock (&self->lock);
  const gboolean started = gptvis_model_begin (self->model, batch->requests, batch->n, &error);
  g_mutex_lock (&self->lock);
  if (started)
    self->n_started++;
  for (guint i = 0; !started && i < batch->n; i++)
    fail_picture (self, batch->sessions[i], error);
  g_clear_error (&error);
  return TRUE;
}

/* What the session's heads read from a picture's outputs. A look that failed does not count; the frame itself
 * must not. */
static void
read_request (GptVisSession *session, guint picture, const GptVisRequest *request)
{
  const GptVisJob *job = running_job (session);
  GptVisAnalysis *analysis = &session->analysis;

  if (picture > 0) {
    GptVisLook *look = &analysis->looks[picture - 1];
    look->done = request->ran;
    if (look->done)
      look->n = gptvis_client_read_region (session->client, request, look->labels, GPTVIS_LOOK_LABELS);
    if (look->done && session->region_captions)
      gptvis_region_captions_look (session->region_captions,
          job->view.regions[job->view.looks[picture - 1]].id, request->tokens, job);
    return;
  }
  if (!request->ran)
    return;
  if (session->captioner)
    gptvis_captioner_look (session->captioner, request->tokens);
  analysis->result = gptvis_client_read (session->client, request, job->top_k, job->threshold);
}

/* Time of the batch counts once for a frame that has several pictures in it. */
static void
add_times (GptVisBatch *batch)
{
  for (guint i = 0; i < batch->n; i++) {
    gboolean counted = FALSE;
    for (guint k = 0; k < i; k++)
      counted = counted || batch->sessions[k] == batch->sessions[i];
    if (!counted)
      batch->sessions[i]->analysis.time += batch->requests[i].analysis;
  }
}

void
gptvis_batch_end (GptVisEngine *self)
{
  GptVisBatch *batch = &self->batches[self->n_ended++ % GPTVIS_MAX_IN_FLIGHT];
  GError *error = NULL;

  g_mutex_unlock (&self->lock);
  gptvis_model_end (self->model, batch->requests, batch->n, &error);
  for (guint i = 0; i < batch->n; i++)
    read_request (batch->sessions[i], batch->pictures[i], &batch->requests[i]);
  add_times (batch);
  const gint64 device_us = gptvis_model_device_us (self->model);
  const gint64 spent = g_get_monotonic_time () - MAX (batch->start, self->last_end);
  g_mutex_lock (&self->lock);
  self->picture_us = spent / batch->n;
  self->spent_on_pictures += spent;
  if (device_us > 0)
    gptvis_timing_add (&self->device, device_us);
  for (guint i = 0; i < batch->n; i++)
    if (batch->pictures[i] == 0 && !batch->requests[i].ran)
      fail_picture (self, batch->sessions[i], error);
    else
      end_picture (self, batch->sessions[i]);
  self->last_end = g_get_monotonic_time ();
  g_clear_error (&error);
}
