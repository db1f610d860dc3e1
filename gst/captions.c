/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Captions, and the results that they go with: which frames one is begun for, one word more of all of them at
 * a time, and what the application hears of it when. */
#include "engine-private.h"
#include "frametime.h"

/* Least time between the starts of two captions: one has to be read before the next. */
#define CAPTION_PAUSE GST_SECOND

void
gptvis_captions_drop_stale (GptVisSession *session)
{
  if (!session->captions_stale)
    return;
  session->captions_stale = session->writing = FALSE;
  session->caption_start = GST_CLOCK_TIME_NONE;
  if (session->captioner)
    gptvis_captioner_forget (session->captioner);
  if (session->region_captions)
    gptvis_region_captions_forget (session->region_captions);
  g_cond_broadcast (&session->engine->progress);
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

  if (session->region_captions) {
    GptVisResult *without = result;
    result = gptvis_scene_caption (session->scene, without);
    gptvis_result_unref (without);
  }
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

static gboolean
captions_are_due (const GptVisSession *session)
{
  return session->writing
      || (session->region_captions && gptvis_region_captions_are_due (session->region_captions));
}

/* Keeps the result and reports it, unless it is awaited and its captions are yet to come. A failed frame
 * leaves the last result as it is, since a caption for that may be being written. */
void
gptvis_captions_finish (GptVisEngine *self, GptVisSession *session, GptVisResult *result, const GError *error)
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
  session->result_deferred = result && session->job.awaited && captions_are_due (session);
  if (!result)
    gptvis_session_report (session, GPTVIS_UPDATE_RESULT, job, NULL, error);
  else if (!session->result_deferred)
    report_result (session, GPTVIS_UPDATE_RESULT);
  gptvis_session_unref (session);
}

/* The result of an awaited frame, once its captions are finished, given up or failed. */
static void
report_deferred (GptVisSession *session)
{
  if (!session->result_deferred || captions_are_due (session))
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

static void
add_writer (GPtrArray *writers, GPtrArray *captioners, GptVisSession *session, GptVisCaptioner *captioner)
{
  g_ptr_array_add (writers, session);
  g_ptr_array_add (captioners, captioner);
}

/* With the lock, which is released while the decoder looks at the region. */
static void
begin_region_caption (GptVisEngine *self, GptVisSession *session)
{
  GptVisRegionCaptions *captions = session->region_captions;

  if (!captions || session->captions_stale || gptvis_region_captions_is_writing (captions)
      || !gptvis_region_captions_are_due (captions))
    return;
  g_mutex_unlock (&self->lock);
  gptvis_region_captions_begin (captions);
  g_mutex_lock (&self->lock);
}

guint
gptvis_captions_gather (GptVisEngine *self, GPtrArray *writers, GPtrArray *captioners)
{
  g_ptr_array_set_size (writers, 0);
  g_ptr_array_set_size (captioners, 0);
  for (guint i = 0; i < self->sessions->len; i++) {
    GptVisSession *session = gptvis_session_ref (self->sessions->pdata[i]);
    if (!session->running)      /* else its captioner will still be shown a picture from before the cut */
      gptvis_captions_drop_stale (session);
    begin_region_caption (self, session);
    if (session->result_deferred && !captions_are_due (session)) {
      report_deferred (session);
      g_cond_broadcast (&self->progress);
    }
    gptvis_session_unref (session);
  }
  for (guint i = 0; i < self->sessions->len; i++) {
    GptVisSession *session = self->sessions->pdata[i];
    if (session->captions_stale)
      continue;
    if (session->writing)
      add_writer (writers, captioners, session, session->captioner);
    if (session->region_captions && gptvis_region_captions_is_writing (session->region_captions))
      add_writer (writers, captioners, session,
          gptvis_region_captions_captioner (session->region_captions));
  }
  return writers->len;
}

void
gptvis_captions_step (GptVisEngine *self, GPtrArray *writers, GPtrArray *captioners)
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
    if (captioners->pdata[i] != session->captioner)
      gptvis_region_captions_take (session->region_captions);
    else if (!session->captions_stale)
      report_words (session);
    report_deferred (session);
    gptvis_session_unref (session);
  }
}
