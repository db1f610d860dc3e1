/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The worker: the one thread behind a model. It runs the frames that wait in the sessions as
 * batches, and in turn with these it writes captions, one word of all of them at a time. It holds the
 * engine's lock except while it computes and while it notifies the application. */
#include "engine-private.h"
#include "frametime.h"
#include <sys/resource.h>

/* A batch takes a little less time than its pictures one by one, but each picture waits for all of
 * them. So pictures are run together as long as that takes no longer than a camera's frame, and
 * slow ones alone, which leaves results half as old. */
#define BATCH_US 33000

#define NICE 10

/* Least time between the starts of two captions: one has to be read before the next. */
#define CAPTION_PAUSE GST_SECOND

/* --- sessions, as the worker sees them --- */

/* After a cut: what was seen and written before is no longer of use. */
static void
drop_stale_captions (GptVisSession *session)
{
  if (!session->captions_stale)
    return;
  session->captions_stale = session->writing = FALSE;
  session->caption_start = GST_CLOCK_TIME_NONE;
  if (session->captioner)
    gptvis_captioner_forget (session->captioner);
  g_cond_broadcast (&session->engine->progress);
}

/* Swaps the slots: the frame that waits becomes the worker's, with a reference on the session until
 * `finish`. */
static void
start_frame (GptVisSession *session)
{
  const gint64 now = g_get_monotonic_time (), since = now - session->last_start;

  gptvis_session_ref (session);
  drop_stale_captions (session);
  if (session->last_start)
    session->period = session->period ? (3 * session->period + since) / 4 : since;
  session->last_start = now;
  session->staging_slot = !session->staging_slot;
  session->staging_state = EMPTY;
  session->running = TRUE;
}

/* Of the sessions with a frame ready, the one whose turn was longest ago. So one that is passed over,
 * because a newer frame is just being staged in it, comes next. */
static GptVisSession *
next_session (GptVisEngine *self)
{
  GptVisSession *first = NULL;

  for (guint i = 0; i < self->sessions->len; i++) {
    GptVisSession *session = self->sessions->pdata[i];
    if (session->staging_state == READY && !session->running && !session->result_deferred
        && (!first || session->last_start < first->last_start))
      first = session;
  }
  return first;
}

static guint
gather_batch (GptVisEngine *self, GptVisSession *batch[MAX_BATCH])
{
  const guint max = CLAMP (BATCH_US / MAX (self->picture_us, 1), 1, MAX_BATCH);
  GptVisSession *session;
  guint n = 0;

  while (n < max && (session = next_session (self))) {
    start_frame (session);
    batch[n++] = session;
  }
  return n;
}

/* What goes with a result: an unfinished caption only where partial captions are asked for. */
static const GptVisCaption *
caption_of (const GptVisSession *session)
{
  if (!session->captioner)
    return NULL;
  return session->job.partial_captions ? gptvis_captioner_caption (session->captioner)
      : gptvis_captioner_finished (session->captioner);
}

/* Reports the last result with the caption that there is; the result is shared from then on. */
static void
report_result (GptVisSession *session, GptVisUpdate update)
{
  const GptVisCaption *caption = caption_of (session);
  GptVisResult *result = caption ? gptvis_result_with_caption (session->result, caption)
      : gptvis_result_ref (session->result);

  gptvis_session_report (session, update, &session->job, result, NULL);
  gptvis_result_unref (result);
}

/* A threshold of 2 means never: opposite pictures differ by that, or a little less by rounding. */
static gboolean
has_changed (const GptVisSession *session)
{
  const gfloat threshold = session->job.caption_change;

  return threshold < 2 && gptvis_captioner_change (session->captioner) >= threshold;
}

/* Should a caption be started for the picture that was just analysed? */
static gboolean
is_worth_a_caption (const GptVisSession *session)
{
  const GptVisJob *job = &session->job;
  const GstClockTime now = gptvis_frame_clock (&job->time, job->arrival);

  if (!session->captioner || session->writing || session->captions_stale || session->flushing)
    return FALSE;
  if (!GST_CLOCK_TIME_IS_VALID (session->caption_start) || now < session->caption_start)
    return TRUE;
  if (now - session->caption_start < CAPTION_PAUSE)
    return FALSE;
  return has_changed (session)
      || (GST_CLOCK_TIME_IS_VALID (job->caption_interval)
      && now - session->caption_start >= job->caption_interval);
}

/* With the lock, which is released while the decoder looks at the picture. */
static void
begin_caption (GptVisEngine *self, GptVisSession *session)
{
  const GptVisJob *job = &session->job;

  session->caption_start = gptvis_frame_clock (&job->time, job->arrival);
  g_mutex_unlock (&self->lock);
  gptvis_captioner_set_threshold (session->captioner, job->caption_threshold);
  gptvis_captioner_begin (session->captioner, job->frame, job->time.pts, job->time.running_time);
  g_mutex_lock (&self->lock);
  const GError *error = gptvis_captioner_error (session->captioner);
  session->writing = gptvis_captioner_is_writing (session->captioner);
  if (error)
    gptvis_session_report (session, GPTVIS_UPDATE_CAPTION, job, NULL, error);
}

/* The end of a frame's analysis: keeps the result and reports it, unless it is awaited and its
 * caption is yet to come. A failed frame leaves the last result as it is, since a caption for that
 * may be being written. */
static void
finish (GptVisEngine *self, GptVisSession *session, GptVisResult *result, const GError *error)
{
  const GptVisJob *job = &session->jobs[!session->staging_slot];

  if (result) {
    gptvis_result_unref (session->result);
    session->result = gptvis_result_ref (result);
    session->job = *job;
    if (is_worth_a_caption (session))
      begin_caption (self, session);
  }
  session->running = FALSE;
  session->result_deferred = result && session->job.awaited && session->writing;
  if (!result)
    gptvis_session_report (session, GPTVIS_UPDATE_RESULT, job, NULL, error);
  else if (!session->result_deferred)
    report_result (session, GPTVIS_UPDATE_RESULT);
  gptvis_session_unref (session);
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

/* The end of a batch: frames without a result failed with that error. Takes the results. */
static void
finish_all (GptVisEngine *self, GptVisBatch *batch, GptVisResult **results, const GError *error)
{
  for (guint i = 0; i < batch->n; i++) {
    finish (self, batch->sessions[i], results[i], results[i] ? NULL : error);
    gptvis_result_unref (results[i]);
  }
}

/* Makes a batch of the frames that wait and submits it to the model: on a GPU it runs beside the one before,
 * on the processor it is computed here. FALSE: no frame waits. */
static gboolean
begin_batch (GptVisEngine *self)
{
  GptVisBatch *batch = &self->batches[self->n_started % GPTVIS_MAX_IN_FLIGHT];
  GptVisResult *none[MAX_BATCH] = { NULL };
  GError *error = NULL;

  batch->n = gather_batch (self, batch->sessions);
  if (batch->n == 0)
    return FALSE;
  batch->start = g_get_monotonic_time ();
  for (guint i = 0; i < batch->n; i++) {
    GptVisSession *session = batch->sessions[i];
    const GptVisJob *job = &session->jobs[!session->staging_slot];
    batch->requests[i] = (GptVisRequest) { .slot = session->slots[!session->staging_slot],
      .outputs = gptvis_client_outputs (session->client) };
    if (!job->awaited && !self->low_priority)
      lower_priority (self);
  }
  g_mutex_unlock (&self->lock);
  const gboolean started = gptvis_model_begin (self->model, batch->requests, batch->n, &error);
  g_mutex_lock (&self->lock);
  if (started)
    self->n_started++;
  else
    finish_all (self, batch, none, error);
  g_clear_error (&error);
  return TRUE;
}

/* The result that a session's heads read from its picture's outputs; NULL: it was not run. */
static GptVisResult *
read_request (GptVisSession *session, const GptVisRequest *request)
{
  const GptVisJob *job = &session->jobs[!session->staging_slot];

  if (!request->ran)
    return NULL;
  if (session->captioner)
    gptvis_captioner_look (session->captioner, request->tokens);
  return gptvis_client_read (session->client, request, job->top_k, job->threshold);
}

/* Waits for the batch that was started first. */
static void
end_batch (GptVisEngine *self)
{
  GptVisBatch *batch = &self->batches[self->n_ended++ % GPTVIS_MAX_IN_FLIGHT];
  GptVisResult *results[MAX_BATCH];
  GError *error = NULL;

  g_mutex_unlock (&self->lock);
  gptvis_model_end (self->model, batch->requests, batch->n, &error);
  for (guint i = 0; i < batch->n; i++)
    results[i] = read_request (batch->sessions[i], &batch->requests[i]);
  const gint64 device_us = gptvis_model_device_us (self->model);
  const gint64 spent = g_get_monotonic_time () - MAX (batch->start, self->last_end);
  g_mutex_lock (&self->lock);
  self->picture_us = spent / batch->n;
  self->spent_on_pictures += spent;
  if (device_us > 0)
    gptvis_timing_add (&self->device, device_us);
  finish_all (self, batch, results, error);
  self->last_end = g_get_monotonic_time ();
  g_clear_error (&error);
}

/* --- captions --- */

/* The result of an awaited frame, once its caption is finished, given up or failed. */
static void
report_deferred (GptVisSession *session)
{
  if (!session->result_deferred || session->writing)
    return;
  session->result_deferred = FALSE;
  report_result (session, GPTVIS_UPDATE_RESULT);
}

/* A session's caption after a step. */
static void
report_words (GptVisSession *session)
{
  GptVisCaptioner *captioner = session->captioner;
  const GError *error = gptvis_captioner_error (captioner);

  session->writing = gptvis_captioner_is_writing (captioner);
  if (error)
    gptvis_session_report (session, GPTVIS_UPDATE_CAPTION, &session->job, NULL, error);
  else if (session->writing && session->job.partial_captions && gptvis_captioner_shows_words (captioner))
    report_result (session, GPTVIS_UPDATE_WORDS);
  else if (!session->writing && !session->result_deferred)
    report_result (session, GPTVIS_UPDATE_CAPTION);
}

/* The sessions that write a caption. Deferred results that need not wait any more are reported first, which
 * releases the lock, so sessions may come and go; one that is missed has its turn in the next round. */
static guint
gather_writers (GptVisEngine *self, GPtrArray *writers, GPtrArray *captioners)
{
  g_ptr_array_set_size (writers, 0);
  g_ptr_array_set_size (captioners, 0);
  for (guint i = 0; i < self->sessions->len; i++) {
    GptVisSession *session = self->sessions->pdata[i];
    if (!session->running)      /* else its captioner will still be shown a picture from before the cut */
      drop_stale_captions (session);
    if (session->result_deferred && !session->writing) {
      gptvis_session_ref (session);
      report_deferred (session);
      gptvis_session_unref (session);
      g_cond_broadcast (&self->progress);
    }
  }
  for (guint i = 0; i < self->sessions->len; i++) {
    GptVisSession *session = self->sessions->pdata[i];
    if (session->writing && !session->captions_stale) {
      g_ptr_array_add (writers, session);
      g_ptr_array_add (captioners, session->captioner);
    }
  }
  return writers->len;
}

/* Adds a word to each caption. */
static void
write_words (GptVisEngine *self, GPtrArray *writers, GPtrArray *captioners)
{
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < writers->len; i++)
    gptvis_session_ref (writers->pdata[i]);
  g_mutex_unlock (&self->lock);
  gptvis_captioners_step ((GptVisCaptioner **) captioners->pdata, captioners->len);
  self->spent_on_words += g_get_monotonic_time () - start;
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < writers->len; i++) {
    GptVisSession *session = writers->pdata[i];
    if (!session->captions_stale)
      report_words (session);
    report_deferred (session);
    gptvis_session_unref (session);
  }
}

/* --- the worker's loop --- */

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
  if (n_writers == 0 || (!next_session (self) && n_in_flight (self) == 0))
    self->spent_on_words = self->spent_on_pictures = 0;
  return n_writers > 0 && self->spent_on_words <= self->spent_on_pictures;
}

/* With the lock, until the engine is told to end and nothing is in flight. */
static void
work (GptVisEngine *self, GPtrArray *writers, GPtrArray *captioners)
{
  while (!self->ending) {
    const guint n_writers = gather_writers (self, writers, captioners);
    gboolean started = FALSE;
    if (!is_words_turn (self, n_writers))
      while (n_in_flight (self) < gptvis_model_in_flight (self->model) && begin_batch (self))
        started = TRUE;
    if (n_in_flight (self) > 0) {
      end_batch (self);
    } else if (n_writers > 0 && !started) {
      write_words (self, writers, captioners);
    } else if (!started) {
      g_cond_wait (&self->work, &self->lock);
      continue;
    }
    g_cond_broadcast (&self->progress);
  }
  while (n_in_flight (self) > 0)
    end_batch (self);
}

gpointer
gptvis_worker (gpointer data)
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
