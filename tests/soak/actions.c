/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done to a camera, how often, and from which thread. What is drawn depends on
 * the seed and the camera's number alone; how the threads interleave is the scheduler's. */
#include "camera-private.h"

#define MAX_SIDE 64u
#define MAX_BURST 4u            /* frames that are pushed while other threads meddle */
#define MAX_DELAY 300u          /* µs until another thread does; a push takes less */

/* --- events --- */

static void
cut (Camera *self)
{
  self->first = self->next;
  self->late = FALSE;
  self->tally.cuts++;
}

static void
send (Camera *self, GstEvent *event)
{
  gst_harness_push_event (self->rig->harness, event);
}

static void
send_segment (Camera *self)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.base = ++self->names * GST_SECOND;
  segment.start = segment.time = self->pts = camera_draw (self, 1000) * GST_MSECOND;
  send (self, gst_event_new_segment (&segment));
}

static void
send_caps (Camera *self)
{
  static const gchar *const formats[] = { "I420", "NV12", "YUY2", "RGB", "GRAY8" };
  GstCaps *caps = gst_caps_new_simple ("video/x-raw",
      "format", G_TYPE_STRING, formats[camera_draw (self, G_N_ELEMENTS (formats))],
      "width", G_TYPE_INT, 1 + camera_draw (self, MAX_SIDE),
      "height", G_TYPE_INT, 1 + camera_draw (self, MAX_SIDE),
      "framerate", GST_TYPE_FRACTION, 25, 1, NULL);

  if (!gst_video_info_from_caps (&self->rig->info, caps))
    camera_fail (self, "caps that are none");
  send (self, gst_event_new_caps (caps));
  gst_caps_unref (caps);
}

static void
begin_stream (Camera *self)
{
  gchar *id = g_strdup_printf ("soak/%u", ++self->names);

  send (self, gst_event_new_stream_start (id));
  g_free (id);
  self->ended = FALSE;
  send_caps (self);
  send_segment (self);
}

static void
flush_stop (Camera *self)
{
  send (self, gst_event_new_flush_stop (TRUE));
  self->ended = FALSE;
}

/* As a seek does, or two. */
static void
flush (Camera *self)
{
  for (guint n = camera_chance (self, 20) ? 2 : 1; n > 0; n--) {
    send (self, gst_event_new_flush_start ());
    flush_stop (self);
  }
  send_segment (self);
  cut (self);
}

static void
segment (Camera *self)
{
  if (self->ended)
    return;
  send_segment (self);
  cut (self);
}

static void
stream_start (Camera *self)
{
  begin_stream (self);
  cut (self);
}

static void
caps (Camera *self)
{
  if (!self->ended)
    send_caps (self);
}

static void
end (Camera *self)
{
  GstStructure *stats = NULL;
  guint under_way = 0;

  send (self, gst_event_new_eos ());
  self->ended = TRUE;
  g_object_get (self->rig->element, "stats", &stats, NULL);
  gst_structure_get_uint (stats, "under-way", &under_way);
  gst_structure_free (stats);
  if (self->up && under_way)
    camera_fail (self, "the stream ended before its last analysis");
  if (camera_chance (self, 50))
    camera_push (self);
  if (camera_chance (self, 80))
    flush (self);
  else
    stream_start (self);
}

/* --- what other threads do too: no dice in here, only what was drawn before --- */

static void
ask (Camera *self, guint drawn)
{
  for (guint i = 0; i <= drawn % 4; i++) {
    camera_check_stats (self);
    gst_harness_query_latency (self->rig->harness);
  }
}

static void
set_one (Camera *self, guint drawn)
{
  static const gchar *const settings[][4] = {
    { "policy", "every", "latest", "auto" }, { "interval", "1", "2", "5" }, { "max-rate", "0", "8", "1000" },
    { "hold-time", "0", "100000000", "18446744073709551615" }, { "top-k", "0", "1", "3" },
    { "threshold", "-1", "0", "0.87" }, { "post-messages", "false", "true", "true" },
    { "stats-interval", "0", "1", "1000000000" }, { "caption-change", "0", "0.1", "2" },
    { "caption-interval", "0", "1500000000", "18446744073709551615" }, { "partial-captions", "false", "true",
        "true" } };
  const gchar *const *setting = settings[drawn % G_N_ELEMENTS (settings)];

  gst_util_set_object_arg (G_OBJECT (self->rig->element), setting[0],
      setting[1 + drawn / G_N_ELEMENTS (settings) % 3]);
}

static void
tell_late (Camera *self, guint drawn)
{
  GstClockTimeDiff jitter = (gint) (drawn % 200) - 100;

  gst_harness_push_upstream_event (self->rig->harness, gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 1.0,
          jitter * GST_MSECOND, (1 + drawn % 64) * GST_SECOND));
}

static void
start_flush (Camera *self, guint drawn)
{
  gst_harness_push_event (self->rig->harness, gst_event_new_flush_start ());
}

static void
set_state (Camera *self, GstState state)
{
  if (gst_element_set_state (self->rig->element, state) == GST_STATE_CHANGE_FAILURE)
    camera_fail (self, "it could not go to %s", gst_element_state_get_name (state));
}

static void
stop (Camera *self, guint drawn)
{
  set_state (self, drawn % 2 ? GST_STATE_READY : GST_STATE_NULL);
}

static void
play (Camera *self, guint drawn)
{
  set_state (self, drawn % 2 ? GST_STATE_PAUSED : GST_STATE_PLAYING);
}

/* --- other threads --- */

typedef struct {
  Camera *camera;
  void (*act) (Camera *camera, guint drawn);
  guint drawn, delay;
  GThread *thread;              /* NULL: not among them this time */
} Meddler;

static gpointer
meddle (gpointer data)
{
  Meddler *self = data;

  for (gint64 until = g_get_monotonic_time () + self->delay; g_get_monotonic_time () < until;)
    g_thread_yield ();
  self->act (self->camera, self->drawn);
  return NULL;
}

static void
meddler_start (Meddler *self, Camera *camera, void (*act) (Camera *, guint))
{
  *self = (Meddler) { .camera = camera, .act = act };
  self->drawn = camera_draw (camera, 1 << 16);
  self->delay = camera_draw (camera, MAX_DELAY);
  self->thread = g_thread_new ("meddler", meddle, self);
}

static void
meddler_join (Meddler *self)
{
  g_clear_pointer (&self->thread, g_thread_join);
}

enum { FLUSH, STOP, ASK, SET, LATE, N_MEDDLERS };

/* A flush that a stopped element did not pass on would last in the harness for ever; in a
 * pipeline all elements stop. */
static void
restart_sink (Camera *self)
{
  gst_pad_set_active (self->rig->harness->sinkpad, FALSE);
  gst_pad_set_active (self->rig->harness->sinkpad, TRUE);
}

/* Frames, and up to five others who do as they like meanwhile. A flush begins while
 * frames pass and ends, as it must, in the thread that pushes them. */
static void
meddled (Camera *self)
{
  static void (*const acts[]) (Camera *, guint) = {
    [FLUSH] = start_flush, [STOP] = stop, [ASK] = ask, [SET] = set_one, [LATE] = tell_late };
  static const guint percent[] = { [FLUSH] = 40, [STOP] = 20, [ASK] = 50, [SET] = 30, [LATE] = 10 };
  Meddler meddlers[N_MEDDLERS] = { 0 };
  Shown shown;
  GstBuffer *frame = camera_frame (self, &shown);
  guint n = 1 + camera_draw (self, MAX_BURST);
  gboolean is_flush, is_stop, is_late;

  for (guint i = 0; i < N_MEDDLERS; i++)
    if (camera_chance (self, percent[i]))
      meddler_start (&meddlers[i], self, acts[i]);
  is_flush = meddlers[FLUSH].thread != NULL;
  is_stop = meddlers[STOP].thread != NULL;
  is_late = meddlers[LATE].thread != NULL;
  camera_push_burst (self, frame, shown, n);
  gst_buffer_unref (frame);
  meddler_join (&meddlers[FLUSH]);
  if (is_flush) {
    flush_stop (self);
    send_segment (self);
  }
  for (guint i = 0; i < N_MEDDLERS; i++)
    meddler_join (&meddlers[i]);
  if (is_flush && is_stop)
    restart_sink (self);
  self->tally.states += is_stop;
  self->up &= !is_stop;
  self->next = self->up ? camera_check_stats (self) : 0;
  if (is_flush)
    cut (self);
  self->late |= is_late;        /* it may have come after the flush */
}

/* --- states --- */

/* A stream that begins numbers its frames anew. */
static void
go (Camera *self, GstState state)
{
  gboolean was_up = self->up;

  set_state (self, state);
  self->tally.states++;
  self->up = state >= GST_STATE_PAUSED;
  if (self->up && was_up)
    return;
  self->next = self->first = 0;
  self->late = FALSE;
  if (self->up)
    begin_stream (self);
}

static void
states (Camera *self)
{
  static const GstState all[] = { GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING };

  go (self, all[camera_draw (self, G_N_ELEMENTS (all))]);
  if (!self->up && camera_chance (self, 30))
    camera_change_model (self);
}

/* Frames that come before the element is ready for them, as to one that an application
 * has just linked in. */
static void
play_meddled (Camera *self)
{
  Meddler player, asker;
  Shown shown;
  GstBuffer *frame;

  self->next = self->first = 0;
  meddler_start (&player, self, play);
  meddler_start (&asker, self, ask);
  begin_stream (self);
  frame = camera_frame (self, &shown);
  camera_push_burst (self, frame, shown, 1 + camera_draw (self, MAX_BURST));
  gst_buffer_unref (frame);
  meddler_join (&player);
  meddler_join (&asker);
  self->up = TRUE;
  self->late = FALSE;
  self->tally.states++;
  self->next = camera_check_stats (self);
}

static void
rise (Camera *self)
{
  if (camera_chance (self, 50))
    play_meddled (self);
  else
    go (self, GST_STATE_PLAYING);
}

static void
make_anew (Camera *self)
{
  rig_free (self->rig);
  camera_make_element (self);
}

/* As an application does that restarts its camera. */
static void
hand_over (Camera *self)
{
  for (guint n = 1 + camera_draw (self, 3); n > 0; n--)
    camera_hand_over (self);
}

/* --- the order of things --- */

static void
count (Camera *self)
{
  guint64 frames = camera_check_stats (self);

  if (self->up && frames != self->next)
    camera_fail (self, "%" G_GUINT64_FORMAT " frames were counted", frames);
  ask (self, camera_draw (self, 4));
}

static void
settings (Camera *self)
{
  set_one (self, camera_draw (self, 1 << 16));
}

static void
lateness (Camera *self)
{
  tell_late (self, camera_draw (self, 1 << 16));
  self->late = TRUE;
}

static const struct {
  const gchar *name;
  guint weight;
  void (*act) (Camera *self);
} actions[] = {
  { "a frame", 700, camera_push }, { "frames, and others meddle", 60, meddled }, { "settings", 60, settings },
  { "statistics", 60, count }, { "caps", 30, caps }, { "lateness", 10, lateness }, { "a flush", 30, flush },
  { "a segment", 15, segment }, { "a new stream", 10, stream_start }, { "the end", 10, end },
  { "states", 13, states }, { "a new element", 2, make_anew },
  { "another on the same model", 2, hand_over }
};

static void
step (Camera *self)
{
  guint sum = 0, i = 0;
  gint at;

  for (guint k = 0; k < G_N_ELEMENTS (actions); k++)
    sum += actions[k].weight;
  for (at = camera_draw (self, sum); at >= (gint) actions[i].weight; i++)
    at -= actions[i].weight;
  g_atomic_pointer_set (&self->doing, actions[i].name);
  g_atomic_int_inc (&self->steps);
  actions[i].act (self);
  if (!self->up && camera_chance (self, 30))
    rise (self);
  camera_clear_away (self);
}

void
camera_run (Camera *self, guint64 frames)
{
  const guint64 last = self->tally.frames + frames;

  while (self->tally.frames < last)
    step (self);
}
