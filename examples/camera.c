/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A camera's thread:
 *
 *     run (begin, follow, end) ─▶ down ─▶ a pause ─▶ restart ─▶ run …
 *
 * Each run has a pipeline of its own, so that nothing of one that failed is carried over;
 * the model is not loaded again, since gptvisfilter shares it. The pipeline itself is
 * made in pipeline.c, lines are written in lines.c. */
#include "answer.h"
#include "camera.h"
#include <string.h>

#define TICK (100 * GST_MSECOND)
/* Between two attempts. With the longest, a camera that is back is seen again within five seconds. */
#define FIRST_PAUSE (G_USEC_PER_SEC / 2)
#define LONGEST_PAUSE (2 * G_USEC_PER_SEC)
#define REFUSED_PAUSE (60 * G_USEC_PER_SEC)     /* wrong passwords, repeated, can lock everyone out */
#define LOOP_PAUSE (G_USEC_PER_SEC / 10)        /* at a file's end, so that a photo makes no busy loop */
#define WELL (10 * G_USEC_PER_SEC)      /* after so long with pictures, the pauses are short again */
#define START (10 * G_USEC_PER_SEC)     /* connecting and a first key frame may take more than `silence` */

struct _Camera {
  gchar *name, *uri;
  gboolean is_file;
  const CameraSettings *settings;
  Lines *lines;
  GThread *thread;

  /* The thread's, of this run. */
  Pipeline run;
  Answer answer;
  guint counted;                /* pictures, at the last look */
  gint64 last_picture, up_since;        /* monotonic µs; up_since 0: no picture has come yet */
  gboolean again;               /* it ended with a file that cannot be rewound */

  enum { NOTHING, UP, DOWN } reported;  /* the thread's, of all runs: the last event */

  GMutex lock;                  /* for all that follows */
  GCond changed;
  gboolean stopping, ended;
  GstElement *filter;           /* this run's; NULL between two */
  guint64 frames, analysed;     /* of the runs before */
  guint restarts;
};

/* --- a run --- */

static gboolean
begin (Camera *self, GError **error)
{
  gboolean made = pipeline_make (&self->run, self->uri, self->settings, error);

  self->counted = 0;
  self->last_picture = g_get_monotonic_time ();
  self->up_since = 0;
  self->again = FALSE;
  answer_clear (&self->answer);
  if (!made)
    return FALSE;
  g_mutex_lock (&self->lock);
  self->filter = self->run.filter;
  g_mutex_unlock (&self->lock);
  gst_element_set_state (self->run.pipeline, GST_STATE_PLAYING);        /* if that fails, the bus says why */
  return TRUE;
}

static void
on_result (Camera *self, GstMessage *message)
{
  if (gst_message_has_name (message, "gptvis-result"))
    lines_result (self->lines, self->name, gst_message_get_structure (message));
}

/* Writes the results that the bus still holds. */
static void
drain (Camera *self)
{
  GstMessage *message;

  while (self->run.bus && (message = gst_bus_pop (self->run.bus))) {
    on_result (self, message);
    gst_message_unref (message);
  }
}

/* In READY nothing more is analysed. */
static void
end (Camera *self)
{
  if (self->run.pipeline) {
    gst_element_set_state (self->run.pipeline, GST_STATE_READY);
    drain (self);
    gst_element_set_state (self->run.pipeline, GST_STATE_NULL);
  }
  g_mutex_lock (&self->lock);
  if (self->filter)
    filter_count (self->filter, &self->frames, &self->analysed);
  self->filter = NULL;
  g_mutex_unlock (&self->lock);
  pipeline_clear (&self->run);
}

static gboolean
is_stopping (Camera *self)
{
  g_mutex_lock (&self->lock);
  gboolean stopping = self->stopping;
  g_mutex_unlock (&self->lock);
  return stopping;
}

/* Counts pictures, and reports the first. NULL, or a sentence that says for how long none has come. */
static gchar *
check_pictures (Camera *self)
{
  const guint pictures = (guint) g_atomic_int_get (&self->run.pictures);
  const gint64 now = g_get_monotonic_time (), silence = self->settings->silence * G_USEC_PER_SEC;

  if (pictures != self->counted) {
    self->counted = pictures;
    self->last_picture = now;
    if (!self->up_since) {
      self->up_since = now;
      if (self->reported != UP)
        lines_event (self->lines, "up", self->name, NULL);
      self->reported = UP;
    }
  }
  if (now - self->last_picture < (self->up_since ? silence : MAX (silence, START)))
    return NULL;
  return g_strdup_printf ("No picture came for %" G_GINT64_FORMAT " seconds%s.",
      (now - self->last_picture) / G_USEC_PER_SEC, self->up_since ? "; --silence allows for more" : "");
}

/* Nothing is under way any more: EOS comes after the last result. */
static gchar *
on_end (Camera *self)
{
  if (self->is_file && self->up_since) {
    g_usleep (LOOP_PAUSE);
    if (pipeline_rewind (&self->run))
      return NULL;
    self->again = TRUE;
  }
  return g_strdup (self->up_since ? "The stream ended." : "There is no picture in it.");
}

/* The filter's warnings are of frames that were not analysed; the others do not matter. */
static void
on_warning (Camera *self, GstMessage *message)
{
  GError *error = NULL;

  if (GST_MESSAGE_SRC (message) != (GstObject *) self->run.filter)
    return;
  gst_message_parse_warning (message, &error, NULL);
  g_printerr ("gptvis-cameras: %s: warning: %s\n", self->name, error->message);
  g_error_free (error);
}

/* Why this run is over, or NULL while it is not. */
static gchar *
on_message (Camera *self, GstMessage *message)
{
  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ELEMENT:
      on_result (self, message);
      answer_note (&self->answer, message);
      return NULL;
    case GST_MESSAGE_EOS:
      return on_end (self);
    case GST_MESSAGE_ERROR:
      return answer_fault (&self->answer, message);
    case GST_MESSAGE_WARNING:
      on_warning (self, message);
      return NULL;
    default:
      return NULL;
  }
}

/* Reads the bus until there is a reason not to; NULL when the camera is to stop. */
static gchar *
follow (Camera *self)
{
  gchar *reason = NULL;

  while (!reason && !is_stopping (self)) {
    GstMessage *message = gst_bus_timed_pop (self->run.bus, TICK);
    reason = check_pictures (self);     /* before the message: "up" is written before the first result */
    if (message && reason)
      on_result (self, message);
    else if (message)
      reason = on_message (self, message);
    gst_clear_message (&message);
  }
  return reason;
}

/* Before the run is ended, which can take long. */
static void
report_down (Camera *self, const gchar *reason)
{
  drain (self);
  if (self->reported != DOWN)
    lines_event (self->lines, "down", self->name, reason);
  self->reported = DOWN;
}

/* FALSE when the camera is to stop. */
static gboolean
run (Camera *self)
{
  GError *error = NULL;
  gchar *reason;
  gboolean go_on;

  if (begin (self, &error)) {
    reason = follow (self);
  } else {
    reason = g_strdup (error->message);
    g_error_free (error);
  }
  if (reason && !self->again)
    report_down (self, reason);
  end (self);
  go_on = reason != NULL;
  g_free (reason);
  return go_on;
}

/* --- run after run --- */

/* FALSE as soon as the camera is to stop. */
static gboolean
wait_until (Camera *self, gint64 until)
{
  g_mutex_lock (&self->lock);
  while (!self->stopping && g_cond_wait_until (&self->changed, &self->lock, until));
  gboolean go_on = !self->stopping;
  self->restarts += go_on;
  g_mutex_unlock (&self->lock);
  return go_on;
}

/* After a failed attempt the pause counts from its beginning, since it may have waited long itself. */
static gpointer
watch (gpointer data)
{
  Camera *self = data;
  gint64 pause = FIRST_PAUSE;

  for (gint64 began = g_get_monotonic_time (); run (self); began = g_get_monotonic_time ()) {
    const gint64 now = g_get_monotonic_time ();
    if (self->again)
      continue;
    if (self->up_since && now - self->up_since >= WELL)
      pause = FIRST_PAUSE;
    const gint64 this_pause = self->answer.refused ? REFUSED_PAUSE : pause;
    if (!wait_until (self, MAX ((self->up_since ? now : began) + this_pause, now + FIRST_PAUSE)))
      break;
    pause = MIN (2 * pause, LONGEST_PAUSE);
  }
  g_mutex_lock (&self->lock);
  self->ended = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return NULL;
}

/* --- for the application --- */

static gchar *
to_uri (const gchar *source)
{
  if (gst_uri_is_valid (source) && strstr (source, "://"))
    return g_strdup (source);
  if (g_str_has_prefix (source, "/dev/"))
    return g_strconcat ("v4l2://", source, NULL);
  gchar *uri = gst_filename_to_uri (source, NULL);
  return uri ? uri : g_strdup (source);
}

/* The source without its password. */
static gchar *
to_name (const gchar *source, guint nth)
{
  GstUri *uri = strstr (source, "://") && strchr (source, '@') ? gst_uri_from_string (source) : NULL;
  gchar *shown = uri && gst_uri_set_userinfo (uri, NULL) ? gst_uri_to_string (uri)
      : g_filename_display_name (source);
  gchar *name = nth > 1 ? g_strdup_printf ("%s#%u", shown, nth) : g_strdup (shown);

  g_free (shown);
  g_clear_pointer (&uri, gst_uri_unref);
  return name;
}

Camera *
camera_new (const gchar *source, guint nth, const CameraSettings *settings, Lines *lines)
{
  Camera *self = g_new0 (Camera, 1);

  self->name = to_name (source, nth);
  self->uri = to_uri (source);
  self->is_file = g_str_has_prefix (self->uri, "file://");
  self->settings = settings;
  self->lines = lines;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->thread = g_thread_new ("camera", watch, self);
  return self;
}

void
camera_stop (Camera *self)
{
  g_mutex_lock (&self->lock);
  self->stopping = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

gboolean
camera_wait (Camera *self, gint64 until)
{
  g_mutex_lock (&self->lock);
  while (!self->ended && g_cond_wait_until (&self->changed, &self->lock, until));
  gboolean ended = self->ended;
  g_mutex_unlock (&self->lock);
  return ended;
}

void
camera_free (Camera *self)
{
  g_thread_join (self->thread);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  answer_clear (&self->answer);
  g_free (self->name);
  g_free (self->uri);
  g_free (self);
}

void
camera_report (Camera *self)
{
  g_mutex_lock (&self->lock);
  guint64 frames = self->frames, analysed = self->analysed;
  guint restarts = self->restarts;
  if (self->filter)
    filter_count (self->filter, &frames, &analysed);
  g_mutex_unlock (&self->lock);
  g_printerr ("%s: %" G_GUINT64_FORMAT " %s, %" G_GUINT64_FORMAT " analysed, %u %s\n", self->name, frames,
      frames == 1 ? "frame" : "frames", analysed, restarts, restarts == 1 ? "restart" : "restarts");
}
