/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One camera's state on a model: which frames are handed to the engine, what each
 * leaves with, and the counters that account for every one of them. It knows nothing
 * of pads, properties and the bus, nor how batches are made. */
#include "stream.h"
#include "frame.h"
#include "frametime.h"
#include "message.h"
#include "timing.h"

#define RECENT 32u              /* frames that the latency is taken from */
#define WARM_UP 2u              /* frames that it is not, where only staging counts: each slot's first makes tables */
#define MAX_PERIOD 9e18          /* ns, 285 years: what max-rate asks for may be longer than time is */

/* Why a frame was not analysed; the names are fields of the stats. */
typedef enum { NOT_DUE, GAP, LATE, BUSY, REPLACED, DROPPED, N_SKIPS } Skip;
static const gchar *const skip_names[] = { "skipped-not-due", "skipped-gap", "skipped-late", "skipped-busy",
  "skipped-replaced", "skipped-dropped" };
G_STATIC_ASSERT (G_N_ELEMENTS (skip_names) == N_SKIPS);

struct _GptVisStream {
  gint refs;                    /* its owner's, and one for each call that may end in the owner's freeing it */
  GptVisEngine *engine;
  GptVisSeat *seat;
  GptVisListener listener;
  gchar *name;

  /* The streaming thread's. */
  guint since;                  /* frames since the last that was due */
  gboolean begun;               /* a frame was due in this generation */
  GstClockTime next;            /* running time before which max-rate forbids another; NONE: any */

  /* Under the lock; frames and generation are written by the streaming thread alone. */
  GMutex lock;
  GptVisResult *held;           /* the last analysis's, of this generation; or NULL */
  gint64 held_arrival, held_found;      /* monotonic µs when its frame came, when it was found */
  guint64 frames, analysed, skipped[N_SKIPS], held_frames, errors, unmappable, generation;
  guint64 captions, caption_errors;     /* sentences finished; failed */
  guint64 captioned_frame;      /* that the last finished one describes; G_MAXUINT64: none */
  guint under_way;              /* frames that are due and not counted elsewhere yet */
  GptVisTiming analyses, ages, stays;   /* on the backend; frame to result; of a due frame in here */
  guint warm_up;                /* frames that the latency is not taken from, still */
  GstClockTime latency;
};

/* A frame that was under way becomes one of these. */
static void
settle (GptVisStream *self, guint64 *counter)
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
  self->held_found = g_get_monotonic_time ();
}

/* With the lock. A caption is told with every result from then on, and counts once. */
static gboolean
is_new_caption (GptVisStream *self, const GptVisResult *result)
{
  const GptVisCaption *caption = result->caption;

  if (!caption || !caption->final || caption->frame == self->captioned_frame)
    return FALSE;
  self->captioned_frame = caption->frame;
  return TRUE;
}

/* The end of a frame's analysis: what there is to tell of it. */
static guint
take_result (GptVisStream *self, const GptVisTicket *ticket, GptVisResult *result)
{
  self->under_way--;
  if (ticket->generation != self->generation) {
    self->skipped[DROPPED]++;
    return 0;
  }
  if (!result) {
    self->errors++;
    return GPTVIS_TELL_FAILED;
  }
  self->analysed++;
  gptvis_timing_add (&self->analyses, result->analysis);
  gptvis_timing_add (&self->ages, g_get_monotonic_time () - ticket->arrival);
  hold (self, gptvis_result_ref (result), ticket->arrival);
  return GPTVIS_TELL_FOUND | (is_new_caption (self, result) ? GPTVIS_TELL_SAID : 0);
}

/* More of a caption after its result was told, or an error in its place. */
static guint
take_caption (GptVisStream *self, GptVisNews news, const GptVisTicket *ticket, GptVisResult *result)
{
  if (ticket->generation != self->generation)
    return 0;
  if (!result) {
    self->caption_errors++;
    return GPTVIS_TELL_FAILED;
  }
  if (self->held && self->held->frame == result->frame) {       /* it grows where it is shown */
    gptvis_result_unref (self->held);
    self->held = gptvis_result_ref (result);
  }
  return news == GPTVIS_NEWS_WORDS || is_new_caption (self, result) ? GPTVIS_TELL_SAID : 0;
}

static guint
take (gpointer user, GptVisNews news, const GptVisTicket *ticket, GptVisResult *result)
{
  GptVisStream *self = user;
  guint what;

  if (result)
    gptvis_result_set_frame (result, self->name, ticket->frame, ticket->time.pts, ticket->time.running_time,
        ticket->time.wall);
  g_mutex_lock (&self->lock);
  what = news == GPTVIS_NEWS_RESULT ? take_result (self, ticket, result)
      : take_caption (self, news, ticket, result);
  self->captions += (what & GPTVIS_TELL_SAID) && result->caption->final;
  g_mutex_unlock (&self->lock);
  return what;
}

/* The stream may have ended when this returns. */
static void
tell (gpointer user, GptVisTelling what, GptVisResult *result, const GError *error)
{
  const GptVisListener *listener = &((GptVisStream *) user)->listener;

  switch (what) {
    case GPTVIS_TELL_SAID:
      listener->said (listener->user, result);
      break;
    case GPTVIS_TELL_FOUND:
      listener->found (listener->user, result);
      break;
    case GPTVIS_TELL_FAILED:
      listener->failed (listener->user, FALSE, error);
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
  gptvis_seat_unref (self->seat);
  gptvis_result_unref (self->held);
  g_mutex_clear (&self->lock);
  g_free (self->name);
  g_free (self);
}

GptVisStream *
gptvis_stream_new (GptVisEngine *engine, GptVisClient *client, const gchar *name,
    const GptVisListener *listener, GError **error)
{
  GptVisStream *self = g_new0 (GptVisStream, 1);
  const GptVisSeatListener seat_listener = { take, tell, self };

  self->refs = 1;
  self->engine = engine;
  self->listener = *listener;
  self->name = g_strdup (name);
  self->next = GST_CLOCK_TIME_NONE;
  self->captioned_frame = G_MAXUINT64;
  self->warm_up = WARM_UP;
  g_mutex_init (&self->lock);
  if ((self->seat = gptvis_seat_new (engine, client, &seat_listener, error)))
    return self;
  unref (self);
  return NULL;
}

void
gptvis_stream_free (GptVisStream *self)
{
  if (!self)
    return;
  gptvis_seat_leave (self->seat);
  unref (self);
}

guint64
gptvis_stream_cut (GptVisStream *self)
{
  self->next = GST_CLOCK_TIME_NONE;
  if (!self->begun)
    return self->frames;        /* one seek is several events and one cut */
  self->begun = FALSE;
  gboolean waited = gptvis_seat_clear (self->seat);
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
  gptvis_seat_wait (self->seat);
  unref (self);
}

void
gptvis_stream_set_flushing (GptVisStream *self, gboolean flushing)
{
  gptvis_seat_set_flushing (self->seat, flushing);
}

/* --- a frame --- */

/* max-rate, kept on average: a late frame does not postpone the ones after it. */
static gboolean
rate_allows (GptVisStream *self, gdouble max_rate, GstClockTime now)
{
  const gboolean known = GST_CLOCK_TIME_IS_VALID (self->next);

  if (max_rate <= 0) {
    self->next = GST_CLOCK_TIME_NONE;
    return TRUE;
  }
  const GstClockTime period = MIN (GST_SECOND / max_rate, MAX_PERIOD);
  /* More than a period ahead: time went back, or the rate was raised. */
  if (known && now < self->next && self->next - now <= period)
    return FALSE;
  if (known && now >= self->next && now - self->next < period)
    self->next = gptvis_time_add (self->next, period);
  else
    self->next = gptvis_time_add (now, period);
  return TRUE;
}

/* Is the frame to be analysed, or why not? */
static gboolean
is_due (GptVisStream *self, const GptVisSettings *settings, GstBuffer *buffer, gboolean late,
    GstClockTime now, Skip *why)
{
  self->since = MIN (self->since, G_MAXUINT - 1) + 1;
  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP))     /* there is no picture in it */
    *why = GAP;
  else if (self->begun && self->since < settings->interval)
    *why = NOT_DUE;
  else if (late)
    *why = LATE;
  else if (settings->policy == GPTVIS_POLICY_LATEST && gptvis_seat_is_fresh (self->seat))
    *why = BUSY;
  else if (!rate_allows (self, settings->max_rate, now))
    *why = NOT_DUE;
  else {
    self->begun = TRUE;
    self->since = 0;
    return TRUE;
  }
  return FALSE;
}

/* Stages the frame, whose memory is then let go, and leaves it to the engine. FALSE with why not;
 * `unmappable`: since its memory could not be read. */
static gboolean
hand_in (GptVisStream *self, const GptVisSettings *settings, GstBuffer *buffer, const GstVideoInfo *info,
    GptVisTicket *ticket, gboolean *unmappable, GError **error)
{
  GptVisPicture picture;
  GstVideoFrame frame;
  gboolean replaced = FALSE, staged = FALSE;

  ticket->top_k = settings->top_k;
  ticket->threshold = settings->threshold;
  ticket->caption_change = settings->caption_change;
  ticket->caption_interval = settings->caption_interval;
  ticket->caption_threshold = settings->caption_threshold;
  ticket->partial_captions = settings->partial_captions;
  *unmappable = !gptvis_frame_map (&frame, buffer, info, &picture, error);
  if (!*unmappable) {
    staged = gptvis_seat_stage (self->seat, &picture, ticket, &replaced, error);
    gst_video_frame_unmap (&frame);
  }
  if (replaced)
    settle (self, &self->skipped[REPLACED]);
  if (!staged)
    settle (self, *unmappable ? &self->unmappable : &self->errors);
  return staged;
}

/* The held result for a frame, unless it is too old for one that is not its own; with
 * the lock. What its analysis took is not held against it where no frame waited for it,
 * or labels would blink when that takes longer than the rest of hold-time. */
static void
carry (GptVisStream *self, const GptVisSettings *settings, const GptVisTicket *ticket, GptVisSeen *seen)
{
  const GstClockTime now = ticket->time.running_time;
  GstClockTime age = 0, spent = 0;

  if (!self->held)
    return;
  if (settings->policy == GPTVIS_POLICY_LATEST)
    spent = (self->held_found - self->held_arrival) * GST_USECOND;
  seen->own = self->held->frame == ticket->frame;
  if (!seen->own) {
    if (GST_CLOCK_TIME_IS_VALID (now) && GST_CLOCK_TIME_IS_VALID (self->held->running_time))
      age = now - MIN (now, self->held->running_time);
    else
      age = (ticket->arrival - self->held_arrival) * GST_USECOND;
    if (settings->hold_time == 0 || (age > spent && age - spent > settings->hold_time))
      return;
    self->held_frames++;
  }
  seen->result = gptvis_result_ref (self->held);
  seen->age = age;
}

/* With the lock. The latency changes seldom, so that a pipeline is not asked to
 * distribute it anew for every tremor. */
static void
note_stay (GptVisStream *self, gboolean waited, gint64 us)
{
  if (!waited && self->warm_up > 0) {
    self->warm_up--;
    return;
  }
  gptvis_timing_add (&self->stays, us);
  GstClockTime recent = gptvis_timing_summary (&self->stays, RECENT).p90 * GST_USECOND;
  GstClockTime most = recent + MAX (recent / 4, GST_MSECOND / 4);
  if (recent > self->latency || most < self->latency / 2)
    self->latency = most;
}

void
gptvis_stream_frame (GptVisStream *self, const GptVisSettings *settings, GstBuffer *buffer,
    const GstVideoInfo *info, const GptVisFrameTime *time, gboolean late, GptVisSeen *seen)
{
  const gboolean waits = settings->policy != GPTVIS_POLICY_LATEST;
  GptVisTicket ticket = { .frame = self->frames, .generation = self->generation, .time = *time,
    .arrival = g_get_monotonic_time (), .awaited = waits };
  gboolean due, unmappable = FALSE;
  GError *error = NULL;
  Skip why;

  ref (self);
  *seen = (GptVisSeen) { .age = GST_CLOCK_TIME_NONE };
  due = is_due (self, settings, buffer, late, gptvis_frame_clock (time, ticket.arrival), &why);
  g_mutex_lock (&self->lock);
  self->frames++;
  if (due)
    self->under_way++;
  else
    self->skipped[why]++;
  if (due && waits)
    hold (self, NULL, 0);
  g_mutex_unlock (&self->lock);

  if (due && hand_in (self, settings, buffer, info, &ticket, &unmappable, &error) && waits)
    gptvis_seat_wait (self->seat);

  g_mutex_lock (&self->lock);
  if (due)
    note_stay (self, waits, g_get_monotonic_time () - ticket.arrival);
  carry (self, settings, &ticket, seen);
  g_mutex_unlock (&self->lock);
  if (error)
    self->listener.failed (self->listener.user, unmappable, error);
  g_clear_error (&error);
  unref (self);
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
  const guint waiting = gptvis_seat_is_waiting (self->seat);
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
      "streams", G_TYPE_UINT, gptvis_engine_n_seats (self->engine), NULL);
  return stats;
}
