/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One camera's state on a model, under policy "every": the frame that is due is
 * staged, its memory let go, run and waited for, and leaves with its own result.
 * It knows nothing of pads, properties and the bus. */
#include "stream.h"
#include "frame.h"
#include "message.h"
#include "timing.h"

#define RECENT_ANALYSES 32u     /* that the latency is taken from */

struct _GptVisStream {
  GptVisModel *model;
  GptVisSlot *slot;
  gchar *name;

  /* The streaming thread's. */
  GptVisResult *held;           /* the last analysis's, of this generation; or NULL */
  gint64 held_arrival;          /* monotonic µs when its frame came */
  guint since;                  /* frames since the last that was due */
  gboolean begun;               /* a frame was due in this generation */
  GstClockTime next;            /* running time before which max-rate forbids another; NONE: any */

  /* Read by other threads. */
  GMutex lock;
  guint64 frames, analysed, skipped, held_frames, errors, unmappable, generation;
  GptVisTiming timing;
  GstClockTime latency;
};

GptVisStream *
gptvis_stream_new (GptVisModel * model, const gchar * name)
{
  GptVisStream *self = g_new0 (GptVisStream, 1);

  self->model = gptvis_model_ref (model);
  self->slot = gptvis_model_slot_new (model);
  self->name = g_strdup (name);
  self->next = GST_CLOCK_TIME_NONE;
  g_mutex_init (&self->lock);
  return self;
}

void
gptvis_stream_free (GptVisStream * self)
{
  if (!self)
    return;
  gptvis_result_unref (self->held);
  gptvis_model_slot_free (self->model, self->slot);
  gptvis_model_unref (self->model);
  g_mutex_clear (&self->lock);
  g_free (self->name);
  g_free (self);
}

static void
count (GptVisStream * self, guint64 * counter)
{
  g_mutex_lock (&self->lock);
  (*counter)++;
  g_mutex_unlock (&self->lock);
}

static void
hold (GptVisStream * self, GptVisResult * result, gint64 arrival)
{
  gptvis_result_unref (self->held);
  self->held = result;
  self->held_arrival = arrival;
}

void
gptvis_stream_cut (GptVisStream * self)
{
  self->next = GST_CLOCK_TIME_NONE;
  if (!self->begun)
    return;                     /* one seek is several events and one cut */
  hold (self, NULL, 0);
  self->begun = FALSE;
  count (self, &self->generation);
}

/* Frames without a running time are measured by when they came. */
static GstClockTime
clock_of (const GptVisFrameTime * time, gint64 arrival)
{
  return GST_CLOCK_TIME_IS_VALID (time->running_time) ? time->running_time : (GstClockTime) arrival * 1000;
}

/* max-rate, kept on average: a late frame does not postpone the ones after it. */
static gboolean
rate_allows (GptVisStream * self, gdouble max_rate, GstClockTime now)
{
  gdouble period = max_rate > 0 ? GST_SECOND / max_rate : 0;
  gboolean known = GST_CLOCK_TIME_IS_VALID (self->next);

  if (period <= 0) {
    self->next = GST_CLOCK_TIME_NONE;
    return TRUE;
  }
  /* More than a period ahead: time went back, or the rate was raised. */
  if (known && now < self->next && self->next - now <= period)
    return FALSE;
  if (known && now >= self->next && now - self->next < period)
    self->next += period;
  else
    self->next = now + period;
  return TRUE;
}

static gboolean
is_due (GptVisStream * self, const GptVisSettings * settings, GstBuffer * buffer, GstClockTime now)
{
  self->since = MIN (self->since, G_MAXUINT - 1) + 1;
  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP)      /* there is no picture in it */
      || (self->begun && self->since < settings->interval) || !rate_allows (self, settings->max_rate, now))
    return FALSE;
  self->begun = TRUE;
  self->since = 0;
  return TRUE;
}

/* The latency rises at once by a quarter and falls when it has halved, so that a
 * pipeline is not asked to distribute it anew for every tremor. */
static void
record (GptVisStream * self, gint64 us)
{
  g_mutex_lock (&self->lock);
  self->analysed++;
  gptvis_timing_add (&self->timing, us);
  GstClockTime recent = gptvis_timing_summary (&self->timing, RECENT_ANALYSES).p90 * GST_USECOND;
  if (self->latency == 0 || recent < self->latency / 2
      || recent > self->latency + MAX (self->latency / 4, GST_MSECOND))
    self->latency = recent;
  g_mutex_unlock (&self->lock);
}

static gboolean
stage (GptVisStream * self, GstBuffer * buffer, const GstVideoInfo * info, gboolean * unmappable,
    GError ** error)
{
  GstVideoFrame frame;
  GptVisPicture picture;

  *unmappable = !gptvis_frame_map (&frame, buffer, info, &picture, error);
  if (*unmappable)
    return FALSE;
  gboolean staged = gptvis_model_stage (self->model, self->slot, &picture, error);
  gst_video_frame_unmap (&frame);
  return staged;
}

/* Among a thousand labels that share one softmax 0.1 is much; a label with a sigmoid of its
 * own is there when that is more likely than not. */
static gfloat
default_threshold (const GptVisModel * model)
{
  return gptvis_model_multi_label (model) ? 0.5f : 0.1f;
}

static GptVisResult *
analyse (GptVisStream * self, const GptVisSettings * settings, GError ** error)
{
  GptVisRequest request = {
    .slot = self->slot,
    .top_k = settings->top_k,
    .threshold = settings->threshold < 0 ? default_threshold (self->model) : settings->threshold,
  };

  if (gptvis_model_run (self->model, &request, 1, error))
    return request.result;
  gptvis_result_unref (request.result);
  return NULL;
}

/* Gives a frame that was not analysed the held result, unless that is too old. */
static gboolean
carry (GptVisStream * self, const GptVisSettings * settings, const GptVisFrameTime * time,
    gint64 arrival, GptVisSeen * seen)
{
  GstClockTime age;

  if (!self->held || settings->hold_time == 0)
    return FALSE;
  if (GST_CLOCK_TIME_IS_VALID (time->running_time) && GST_CLOCK_TIME_IS_VALID (self->held->running_time))
    age = time->running_time - MIN (time->running_time, self->held->running_time);
  else
    age = (arrival - self->held_arrival) * GST_USECOND;
  if (age > settings->hold_time)
    return FALSE;
  *seen = (GptVisSeen) { .result = self->held, .age = age };
  return TRUE;
}

gboolean
gptvis_stream_frame (GptVisStream * self, const GptVisSettings * settings, GstBuffer * buffer,
    const GstVideoInfo * info, const GptVisFrameTime * time, GptVisSeen * seen, gboolean * unmappable,
    GError ** error)
{
  gint64 arrival = g_get_monotonic_time ();
  guint64 number = self->frames;        /* only this thread writes it */
  GptVisResult *result;

  *seen = (GptVisSeen) { .age = GST_CLOCK_TIME_NONE };
  *unmappable = FALSE;
  count (self, &self->frames);

  if (!is_due (self, settings, buffer, clock_of (time, arrival))) {
    count (self, &self->skipped);
    if (carry (self, settings, time, arrival, seen))
      count (self, &self->held_frames);
    return TRUE;
  }

  hold (self, NULL, 0);
  if (!stage (self, buffer, info, unmappable, error) || !(result = analyse (self, settings, error))) {
    count (self, *unmappable ? &self->unmappable : &self->errors);
    return FALSE;
  }
  gptvis_result_set_frame (result, self->name, number, time->pts, time->running_time, time->wall);
  record (self, g_get_monotonic_time () - arrival);
  hold (self, result, arrival);
  *seen = (GptVisSeen) { .result = result, .own = TRUE, .age = 0 };
  return TRUE;
}

GstClockTime
gptvis_stream_latency (GptVisStream * self)
{
  g_mutex_lock (&self->lock);
  GstClockTime latency = self->latency;
  g_mutex_unlock (&self->lock);
  return latency;
}

GstStructure *
gptvis_stream_stats (GptVisStream * self)
{
  g_mutex_lock (&self->lock);
  GptVisTimes times = gptvis_timing_summary (&self->timing, GPTVIS_TIMING_WINDOW);
  GstStructure *stats = gst_structure_new ("gptvis-stats",
      "frames", G_TYPE_UINT64, self->frames, "analysed", G_TYPE_UINT64, self->analysed,
      "skipped", G_TYPE_UINT64, self->skipped, "held", G_TYPE_UINT64, self->held_frames,
      "errors", G_TYPE_UINT64, self->errors, "unmappable", G_TYPE_UINT64, self->unmappable,
      "generation", G_TYPE_UINT64, self->generation,
      "analysis-min-us", G_TYPE_INT64, times.min, "analysis-mean-us", G_TYPE_INT64, times.mean,
      "analysis-max-us", G_TYPE_INT64, times.max, "analysis-p50-us", G_TYPE_INT64, times.p50,
      "analysis-p90-us", G_TYPE_INT64, times.p90, "analysis-p99-us", G_TYPE_INT64, times.p99, NULL);
  g_mutex_unlock (&self->lock);
  gptvis_structure_set_text (stats, "model", gptvis_model_name (self->model));
  gptvis_structure_set_text (stats, "backend", gptvis_model_description (self->model));
  gst_structure_set (stats, "threads", G_TYPE_UINT, gptvis_model_program (self->model)->threads, NULL);
  return stats;
}
