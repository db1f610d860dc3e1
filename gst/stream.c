/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One camera's state on a model: which frames go to the engine, which result each frame
 * leaves with, and the counters that account for every one of them. It knows nothing
 * of pads, properties and the bus, nor how batches are made. */
#include "stream.h"
#include "frame.h"
#include "frametime.h"
#include "message.h"
#include "timing.h"

#define RECENT 32u              /* frames whose delays the latency is taken from */
/* First frames whose delays do not count under `latest`: each slot's first builds tables. */
#define WARM_UP 2u
#define MAX_PERIOD 9e18         /* ns, 285 years: a tiny max-rate asks for more than a GstClockTime holds */

/* Why a frame was not analysed; the names are fields of the stats. */
typedef enum { NOT_DUE, GAP, LATE, BUSY, REPLACED, DROPPED, N_SKIPS } Skip;
static const gchar *const skip_names[] = { "skipped-not-due", "skipped-gap", "skipped-late", "skipped-busy",
  "skipped-replaced", "skipped-dropped" };
G_STATIC_ASSERT (G_N_ELEMENTS (skip_names) == N_SKIPS);

struct _GptVisStream {
  gint refs;                    /* the owner's, and one for each call during which the owner may free it */
  GptVisEngine *engine;
  GptVisSession *session;
  GptVisScene *scene;           /* NULL: there are no regions */
  GptVisClient *client;
  GptVisListener listener;
  gchar *name;

  /* The streaming thread's. */
  guint since_due;              /* frames since the last that was due */
  gboolean had_due;             /* a frame was due in this generation */
  GstClockTime next_due;        /* running time before which max-rate forbids another; NONE: any */

  /* Under the lock; frames and generation are written by the streaming thread only. */
  GMutex lock;
  GptVisResult *held;           /* the last analysis's, of this generation; or NULL */
  gint64 held_arrival, held_since;      /* monotonic µs when its frame came, when it was found */
  guint64 frames, analysed, skipped[N_SKIPS], held_frames, errors, unmappable, generation;
  guint64 captions, caption_errors;     /* finished; failed */
  guint64 captioned_frame;      /* frame of the last finished caption; G_MAXUINT64: none */
  guint under_way;              /* frames that are due and not counted elsewhere yet */
  GptVisTiming analyses, ages, delays;  /* on the backend; frame to result; of a due frame in here */
  guint warm_up;                /* frames left whose delays do not count */
  GstClockTime latency;
};

/* A frame that was under way becomes one of these. */
static void
count_finished (GptVisStream *self, guint64 *counter)
{
  g_mutex_lock (&self->lock);
  self->under_way--;
  (*counter)++;
  g_mutex_unlock (&self->lock);
}

/* --- results, from the worker --- */

/* Takes the result; with the lock. */
static void
hold (GptVisStream *self, GptVisResult *result, gint64 arrival)
{
  gptvis_result_unref (self->held);
  self->held = result;
  self->held_arrival = arrival;
  self->held_since = g_get_monotonic_time ();
}

/* With the lock. A caption comes with every result after it, and counts once. */
static gboolean
is_new_caption (GptVisStream *self, const GptVisResult *result)
{
  const GptVisCaption *caption = result->caption;

  if (!caption || !caption->final || caption->frame == self->captioned_frame)
    return FALSE;
  self->captioned_frame = caption->frame;
  return TRUE;
}

/* The end of a frame's analysis. With the lock; returns the notifications. */
static guint
record_result (GptVisStream *self, const GptVisJob *job, GptVisResult *result)
{
  self->under_way--;
  if (job->generation != self->generation) {
    self->skipped[DROPPED]++;
    return 0;
  }
  if (!result) {
    self->errors++;
    return GPTVIS_NOTIFY_ERROR;
  }
  self->analysed++;
  gptvis_timing_add (&self->analyses, result->analysis);
  gptvis_timing_add (&self->ages, g_get_monotonic_time () - job->arrival);
  hold (self, gptvis_result_ref (result), job->arrival);
  return GPTVIS_NOTIFY_RESULT | (is_new_caption (self, result) ? GPTVIS_NOTIFY_CAPTION : 0);
}

/* More of a caption whose result was reported before, or an error in its place. Likewise. */
static guint
record_caption (GptVisStream *self, GptVisUpdate kind, const GptVisJob *job, GptVisResult *result)
{
  if (job->generation != self->generation)
    return 0;
  if (!result) {
    self->caption_errors++;
    return GPTVIS_NOTIFY_ERROR;
  }
  if (self->held && self->held->frame == result->frame) {       /* frames show the caption as it grows */
    gptvis_result_unref (self->held);
    self->held = gptvis_result_ref (result);
  }
  return kind == GPTVIS_UPDATE_WORDS || is_new_caption (self, result) ? GPTVIS_NOTIFY_CAPTION : 0;
}

static guint
update (gpointer user, GptVisUpdate kind, const GptVisJob *job, GptVisResult *result)
{
  GptVisStream *self = user;
  guint what;

  if (result)
    gptvis_result_set_frame (result, self->name, job->frame, job->time.pts, job->time.running_time,
        job->time.wall);
  g_mutex_lock (&self->lock);
  what = kind == GPTVIS_UPDATE_RESULT ? record_result (self, job, result)
      : record_caption (self, kind, job, result);
  self->captions += (what & GPTVIS_NOTIFY_CAPTION) && result->caption->final;
  g_mutex_unlock (&self->lock);
  return what;
}

/* The owner may have freed the stream when this returns. */
static void
notify (gpointer user, GptVisNotifyFlags what, GptVisResult *result, const GError *error)
{
  const GptVisListener *listener = &((GptVisStream *) user)->listener;

  switch (what) {
    case GPTVIS_NOTIFY_CAPTION:
      listener->on_caption (listener->user, result);
      break;
    case GPTVIS_NOTIFY_RESULT:
      listener->on_result (listener->user, result);
      break;
    case GPTVIS_NOTIFY_ERROR:
      listener->on_error (listener->user, FALSE, error);
      break;
  }
}

/* --- the stream --- */

static GptVisStream *
ref (GptVisStream *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

static void
unref (GptVisStream *self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;
  gptvis_session_unref (self->session);
  gptvis_scene_unref (self->scene);
  gptvis_client_unref (self->client);
  gptvis_result_unref (self->held);
  g_mutex_clear (&self->lock);
  g_free (self->name);
  g_free (self);
}

/* Who finds regions; FALSE: nobody does, or, with an error, nobody can. auto is the model that finds
 * boxes, or motion for a checkpoint that says which of its labels a region may have. */
static gboolean
find_source (GptVisStream *self, GptVisRegionsMode mode, GptVisRegionSource *source, GError **error)
{
  const GptVisModel *model = gptvis_engine_model (self->engine);

  switch (mode) {
    case GPTVIS_REGIONS_MOTION:
      *source = GPTVIS_SOURCE_MOTION;
      return TRUE;
    case GPTVIS_REGIONS_UPSTREAM:
      *source = GPTVIS_SOURCE_UPSTREAM;
      return TRUE;
    case GPTVIS_REGIONS_MODEL:
      *source = GPTVIS_SOURCE_MODEL;
      if (gptvis_client_finds_boxes (self->client))
        return TRUE;
      g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
          "%s: regions=model needs a checkpoint that finds boxes (its model_type is %s)",
          gptvis_model_path (model), gptvis_model_configuration (model)->model_type);
      return FALSE;
    case GPTVIS_REGIONS_AUTO:
      *source = gptvis_client_finds_boxes (self->client) ? GPTVIS_SOURCE_MODEL : GPTVIS_SOURCE_MOTION;
      return *source == GPTVIS_SOURCE_MODEL || gptvis_client_names_region_labels (self->client);
    default:
      return FALSE;
  }
}

/* FALSE: they are to be had of somebody who finds none. */
static gboolean
make_scene (GptVisStream *self, GptVisRegionsMode mode, GError **error)
{
  GptVisRegionSource source;
  GError *why = NULL;

  if (find_source (self, mode, &source, &why))
    self->scene = gptvis_scene_new (source);
  if (why)
    g_propagate_error (error, why);
  return !why;
}

GptVisStream *
gptvis_stream_new (GptVisEngine *engine, GptVisClient *client, const gchar *name, GptVisRegionsMode regions,
    const GptVisListener *listener, GError **error)
{
  GptVisStream *self = g_new0 (GptVisStream, 1);
  const GptVisSessionListener session_listener = { update, notify, self };

  self->refs = 1;
  self->engine = engine;
  self->client = gptvis_client_ref (client);
  self->listener = *listener;
  self->name = g_strdup (name);
  self->next_due = GST_CLOCK_TIME_NONE;
  self->captioned_frame = G_MAXUINT64;
  self->warm_up = WARM_UP;
  g_mutex_init (&self->lock);
  if (make_scene (self, regions, error) && gptvis_engine_start (engine, error)
      && (self->session = gptvis_session_new (engine, client, self->scene, &session_listener, error)))
    return self;
  unref (self);
  return NULL;
}

gboolean
gptvis_stream_wants_found (const GptVisStream *self)
{
  return self->scene && gptvis_scene_source (self->scene) == GPTVIS_SOURCE_UPSTREAM;
}

void
gptvis_stream_free (GptVisStream *self)
{
  if (!self)
    return;
  gptvis_session_close (self->session);
  unref (self);
}

guint64
gptvis_stream_cut (GptVisStream *self)
{
  self->next_due = GST_CLOCK_TIME_NONE;
  if (self->scene)
    gptvis_scene_reset (self->scene);   /* which has seen frames that nobody analysed too */
  if (!self->had_due)
    return self->frames;        /* one seek is several events and one cut */
  self->had_due = FALSE;
  gboolean waited = gptvis_session_clear (self->session);
  g_mutex_lock (&self->lock);
  hold (self, NULL, 0);
  self->generation++;
  self->under_way -= waited;
  self->skipped[DROPPED] += waited;
  g_mutex_unlock (&self->lock);
  return self->frames;
}

void
gptvis_stream_drain (GptVisStream *self)
{
  ref (self);
  gptvis_session_wait (self->session);
  unref (self);
}

void
gptvis_stream_set_flushing (GptVisStream *self, gboolean flushing)
{
  gptvis_session_set_flushing (self->session, flushing);
}

/* --- a frame --- */

/* max-rate, kept on average: a late frame does not postpone the ones after it. */
static gboolean
rate_allows (GptVisStream *self, gdouble max_rate, GstClockTime now)
{
  const gboolean known = GST_CLOCK_TIME_IS_VALID (self->next_due);

  if (max_rate <= 0) {
    self->next_due = GST_CLOCK_TIME_NONE;
    return TRUE;
  }
  const GstClockTime period = MIN (GST_SECOND / max_rate, MAX_PERIOD);
  /* If it is more than a period ahead, time went back or the rate was raised. */
  if (known && now < self->next_due && self->next_due - now <= period)
    return FALSE;
  if (known && now >= self->next_due && now - self->next_due < period)
    self->next_due = gptvis_time_add (self->next_due, period);
  else
    self->next_due = gptvis_time_add (now, period);
  return TRUE;
}

/* Is the frame to be analysed, or why not? */
static gboolean
is_due (
    GptVisStream *self, const GptVisSettings *settings, const GptVisFrame *frame, GstClockTime now, Skip *why)
{
  self->since_due = MIN (self->since_due, G_MAXUINT - 1) + 1;
  if (GST_BUFFER_FLAG_IS_SET (frame->buffer, GST_BUFFER_FLAG_GAP))     /* there is no picture in it */
    *why = GAP;
  else if (self->had_due && self->since_due < settings->interval)
    *why = NOT_DUE;
  else if (frame->late)
    *why = LATE;
  else if (settings->policy == GPTVIS_POLICY_LATEST && gptvis_session_is_fresh (self->session))
    *why = BUSY;
  else if (!rate_allows (self, settings->max_rate, now))
    *why = NOT_DUE;
  else {
    self->had_due = TRUE;
    self->since_due = 0;
    return TRUE;
  }
  return FALSE;
}

static void
fill_job (GptVisStream *self, const GptVisSettings *settings, GptVisJob *job)
{
  job->top_k = settings->top_k;
  job->threshold = settings->threshold;
  job->caption_change = settings->caption_change;
  job->caption_interval = settings->caption_interval;
  job->caption_threshold = settings->caption_threshold;
  job->partial_captions = settings->partial_captions;
  job->scene_settings = settings->scene;
  job->scene_settings.threshold = gptvis_client_threshold (self->client, settings->threshold);
  job->scene_settings.captions_only = !gptvis_client_reads_regions (self->client);
  job->scene_settings.caption_interval = settings->caption_interval;
}

/* Shows the picture to the scene, if there is one, and stages it if it is due. */
static gboolean
look_at_picture (GptVisStream *self, const GptVisFrame *frame, const GptVisPicture *picture, gboolean due,
    GptVisJob *job, GError **error)
{
  gboolean replaced = FALSE, staged;

  if (self->scene)
    gptvis_scene_watch (self->scene, &job->scene_settings, picture, frame->found, frame->n_found,
        gptvis_frame_clock (&job->time, job->arrival), &job->view);
  if (!due)
    return FALSE;
  if (self->scene && (gptvis_client_reads_regions (self->client) || gptvis_client_writes (self->client)))
    gptvis_scene_choose (self->scene, &job->scene_settings, &job->view);
  staged = gptvis_session_stage (self->session, picture, job, &replaced, error);
  if (replaced)
    count_finished (self, &self->skipped[REPLACED]);
  if (!staged)
    count_finished (self, &self->errors);
  return staged;
}

/* The frame, as far as somebody wants to see it: maps it, and unmaps it when it is staged. FALSE: nothing is
 * staged, with the error of a frame that was due; `unmappable`: its memory could not be read. */
static gboolean
look_at_frame (GptVisStream *self, const GptVisFrame *frame, gboolean due, GptVisJob *job,
    gboolean *unmappable, GError **error)
{
  const gboolean gap = GST_BUFFER_FLAG_IS_SET (frame->buffer, GST_BUFFER_FLAG_GAP);
  const gboolean wanted = due || (self->scene && gptvis_scene_needs_frames (self->scene) && !gap);
  GptVisPicture picture = { .width = GST_VIDEO_INFO_WIDTH (frame->info),
    .height = GST_VIDEO_INFO_HEIGHT (frame->info) };
  GstVideoFrame map;

  if (!wanted || !gptvis_frame_map (&map, frame->buffer, frame->info, &picture, due ? error : NULL)) {
    *unmappable = due;
    if (due)
      count_finished (self, &self->unmappable);
    else if (self->scene)
      look_at_picture (self, frame, &picture, FALSE, job, NULL);
    return FALSE;
  }
  const gboolean staged = look_at_picture (self, frame, &picture, due, job, error);
  gst_video_frame_unmap (&map);
  return staged;
}

/* The result that the frame leaves with: the held one, if it is the frame's own or not too old. With
 * the lock. Under `latest` the time that the analysis took does not count as age, or labels would
 * blink where analyses take longer than hold-time. */
static void
find_held (GptVisStream *self, const GptVisSettings *settings, const GptVisJob *job, GptVisFrameResult *out)
{
  const GstClockTime now = job->time.running_time;
  GstClockTime age = 0, spent = 0;

  if (!self->held)
    return;
  if (settings->policy == GPTVIS_POLICY_LATEST)
    spent = (self->held_since - self->held_arrival) * GST_USECOND;
  out->own = self->held->frame == job->frame;
  if (!out->own) {
    if (GST_CLOCK_TIME_IS_VALID (now) && GST_CLOCK_TIME_IS_VALID (self->held->running_time))
      age = now - MIN (now, self->held->running_time);
    else
      age = (job->arrival - self->held_arrival) * GST_USECOND;
    if (settings->hold_time == 0 || (age > spent && age - spent > settings->hold_time))
      return;
    self->held_frames++;
  }
  out->result = gptvis_result_ref (self->held);
  out->age = age;
}

/* The result gets the regions of this very frame. Where none is carried yet they are one by themselves,
 * unless none is to be carried; what happened in zones is told in any case. */
static void
renew_regions (GptVisStream *self, const GptVisSettings *settings, const GptVisJob *job,
    GptVisFrameResult *out)
{
  GptVisResult empty = GPTVIS_RESULT_INIT;
  GptVisResult *carried = out->result;

  empty.stream = self->name;
  empty.model = gptvis_model_name (gptvis_engine_model (self->engine));
  empty.frame = job->frame;
  empty.pts = job->time.pts;
  empty.running_time = job->time.running_time;
  empty.time = job->time.wall;
  GptVisResult *renewed = gptvis_scene_renew (self->scene, &job->scene_settings, &job->view,
      carried ? carried : &empty);
  /* of a model's regions they come with the frame's analysis */
  if (renewed->n_events > 0 && gptvis_scene_source (self->scene) != GPTVIS_SOURCE_MODEL) {
    empty.events = renewed->events;
    empty.n_events = renewed->n_events;
    out->events = gptvis_result_copy (&empty);
  }
  if (carried || settings->hold_time > 0)
    out->result = gptvis_result_ref (renewed);
  gptvis_result_unref (carried);
  gptvis_result_unref (renewed);
}

/* With the lock. The latency changes seldom, since after each change the pipeline has to distribute
 * it again. */
static void
record_delay (GptVisStream *self, gboolean waited, gint64 us)
{
  if (!waited && self->warm_up > 0) {
    self->warm_up--;
    return;
  }
  gptvis_timing_add (&self->delays, us);
  GstClockTime recent = gptvis_timing_summary (&self->delays, RECENT).p90 * GST_USECOND;
  GstClockTime with_reserve = recent + MAX (recent / 4, GST_MSECOND / 4);
  if (recent > self->latency || with_reserve < self->latency / 2)
    self->latency = with_reserve;
}

void
gptvis_stream_frame (GptVisStream *self, const GptVisSettings *settings, const GptVisFrame *frame,
    GptVisFrameResult *out)
{
  const gboolean waits = settings->policy != GPTVIS_POLICY_LATEST;
  GptVisJob job = { .frame = self->frames, .generation = self->generation, .time = frame->time,
    .arrival = g_get_monotonic_time (), .awaited = waits };
  gboolean due, unmappable = FALSE;
  GError *error = NULL;
  Skip why;

  ref (self);
  *out = (GptVisFrameResult) { .age = GST_CLOCK_TIME_NONE };
  due = is_due (self, settings, frame, gptvis_frame_clock (&frame->time, job.arrival), &why);
  g_mutex_lock (&self->lock);
  self->frames++;
  if (due)
    self->under_way++;
  else
    self->skipped[why]++;
  if (due && waits)
    hold (self, NULL, 0);
  g_mutex_unlock (&self->lock);

  fill_job (self, settings, &job);
  if (look_at_frame (self, frame, due, &job, &unmappable, &error) && waits)
    gptvis_session_wait (self->session);

  g_mutex_lock (&self->lock);
  if (due)
    record_delay (self, waits, g_get_monotonic_time () - job.arrival);
  find_held (self, settings, &job, out);
  g_mutex_unlock (&self->lock);
  if (self->scene && !error)
    renew_regions (self, settings, &job, out);
  if (error)
    self->listener.on_error (self->listener.user, unmappable, error);
  g_clear_error (&error);
  unref (self);
}

void
gptvis_stream_set_zones (GptVisStream *self, GptVisZoneList *zones)
{
  if (self->scene)
    gptvis_scene_set_zones (self->scene, zones);
}

GstClockTime
gptvis_stream_latency (GptVisStream *self)
{
  g_mutex_lock (&self->lock);
  GstClockTime latency = self->latency;
  g_mutex_unlock (&self->lock);
  return latency;
}

static void
set_times (GstStructure *stats, const gchar *what, const GptVisTimes *times)
{
  const struct { const gchar *name; gint64 us; } fields[] = {
    { "min", times->min }, { "mean", times->mean }, { "max", times->max }, { "p50", times->p50 },
    { "p90", times->p90 }, { "p99", times->p99 } };

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    gchar name[32];
    g_snprintf (name, sizeof name, "%s-%s-us", what, fields[i].name);
    gst_structure_set (stats, name, G_TYPE_INT64, fields[i].us, NULL);
  }
}

GstStructure *
gptvis_stream_stats (GptVisStream *self)
{
  GptVisModel *model = gptvis_engine_model (self->engine);
  guint64 skipped = 0;
  const guint waiting = gptvis_session_is_waiting (self->session);
  const GptVisTimes device = gptvis_engine_device_times (self->engine);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < N_SKIPS; i++)
    skipped += self->skipped[i];
  GstStructure *stats = gst_structure_new ("gptvis-stats",
      "frames", G_TYPE_UINT64, self->frames, "analysed", G_TYPE_UINT64, self->analysed,
      "skipped", G_TYPE_UINT64, skipped, "held", G_TYPE_UINT64, self->held_frames,
      "errors", G_TYPE_UINT64, self->errors, "unmappable", G_TYPE_UINT64, self->unmappable,
      "under-way", G_TYPE_UINT, self->under_way, "waiting", G_TYPE_UINT, waiting,
      "generation", G_TYPE_UINT64, self->generation, "captions", G_TYPE_UINT64, self->captions,
      "caption-errors", G_TYPE_UINT64, self->caption_errors, NULL);
  for (guint i = 0; i < N_SKIPS; i++)
    gst_structure_set (stats, skip_names[i], G_TYPE_UINT64, self->skipped[i], NULL);
  const GptVisTimes analyses = gptvis_timing_summary (&self->analyses, GPTVIS_TIMING_WINDOW);
  const GptVisTimes ages = gptvis_timing_summary (&self->ages, GPTVIS_TIMING_WINDOW);
  g_mutex_unlock (&self->lock);
  set_times (stats, "analysis", &analyses);
  set_times (stats, "age", &ages);
  set_times (stats, "device", &device);
  gptvis_structure_set_text (stats, "model", gptvis_model_name (model));
  gchar *backend = gptvis_model_description (model);
  gptvis_structure_set_text (stats, "backend", backend);
  g_free (backend);
  gst_structure_set (stats, "threads", G_TYPE_UINT, gptvis_model_threads (model),
      "streams", G_TYPE_UINT, gptvis_engine_n_sessions (self->engine), NULL);
  return stats;
}
