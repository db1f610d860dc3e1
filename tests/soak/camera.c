/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done to a camera, how often, and what must hold after it. What is drawn
 * depends on the seed and the camera's number alone; how the threads interleave is the
 * scheduler's. Two things are kept count of, each frame's number and what it showed:
 * with them every result can be told right from wrong. */
#include "camera.h"
#include "rig.h"
#include "stream.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REMEMBERED 4096u        /* frames whose pictures are known; few results are held longer */
#define MAX_SIDE 64u
#define MAX_BURST 4u            /* frames that are pushed while other threads meddle */
#define MAX_DELAY 300u          /* µs until another thread does; a push takes less */

typedef enum { NO_PICTURE, BLACK, WHITE } Shown;

struct _Camera {
  const CameraSetup *setup;
  guint number;
  GRand *dice;

  Rig *rig;
  gboolean up;                  /* PAUSED or PLAYING */
  gboolean ended;               /* EOS has passed */
  gboolean late;                /* QoS was told since the last cut */
  GstClockTime pts;
  guint names;                  /* for what must be new each time: streams, segments */

  guint64 next;                 /* the number of the next frame */
  guint64 first;                /* that of the first since the last cut */
  guint8 shown[REMEMBERED];     /* by number */

  CameraTally tally;
  guint steps;                  /* atomic, as is the name of the action at hand: for who watches */
  const gchar *doing;
};

static void G_GNUC_NORETURN G_GNUC_PRINTF (2, 3)
fail (const Camera * self, const gchar * format, ...)
{
  va_list args;

  fprintf (stderr, "soak: seed %u, stream %u, step %u (%s), frame %" G_GUINT64_FORMAT ": ", self->setup->seed,
      self->number, camera_steps (self), camera_doing (self), self->next);
  va_start (args, format);
  vfprintf (stderr, format, args);
  va_end (args);
  fputc ('\n', stderr);
  abort ();
}

static guint
draw (Camera * self, guint n)
{
  return g_rand_int_range (self->dice, 0, n);
}

static gboolean
chance (Camera * self, guint percent)
{
  return draw (self, 100) < percent;
}

/* --- what must hold --- */

/* What stats promises at any moment, asked from any thread. The frames so far. */
static guint64
check_stats (Camera * self)
{
  static const gchar *const parts[] = { "analysed", "skipped", "errors", "unmappable" };
  guint64 frames = 0, sum = 0, part;
  guint under_way = 0, waiting = 0;
  GstStructure *stats = NULL;

  g_object_get (self->rig->element, "stats", &stats, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (gst_structure_get_uint64 (stats, parts[i], &part))
      sum += part;
  gst_structure_get (stats, "frames", G_TYPE_UINT64, &frames, "under-way", G_TYPE_UINT, &under_way,
      "waiting", G_TYPE_UINT, &waiting, NULL);
  if (frames != sum + under_way || waiting > 1) {
    gchar *text = gst_structure_to_string (stats);
    fail (self, "the statistics do not add up: %s", text);
  }
  gst_structure_free (stats);
  return frames;
}

/* Whatever the policy, a result says which frame it is of. */
static void
check_result (Camera * self, const GptVisResult * result)
{
  const gchar *expected;
  Shown shown;

  if (result->frame < self->first)
    fail (self, "a result of frame %" G_GUINT64_FORMAT " came past the cut before frame %" G_GUINT64_FORMAT,
        result->frame, self->first);
  if (!self->setup->told || result->frame + REMEMBERED < self->next)
    return;
  shown = self->shown[result->frame % REMEMBERED];
  if (shown == NO_PICTURE)
    fail (self, "a result of frame %" G_GUINT64_FORMAT ", which had no picture", result->frame);
  expected = shown == WHITE ? "bright" : "dark";
  if (result->n_labels && strcmp (result->labels[0].text, expected))
    fail (self, "frame %" G_GUINT64_FORMAT " was taken for %s and is %s", result->frame,
        result->labels[0].text, expected);
}

/* A frame that came through while nobody else meddled. */
static void
check_alone (Camera * self, const GptVisMeta * meta, Shown shown)
{
  guint64 hold_time;
  gdouble max_rate;
  guint interval;
  gint policy;

  g_object_get (self->rig->element, "policy", &policy, "interval", &interval, "max-rate", &max_rate,
      "hold-time", &hold_time, NULL);
  if (meta && meta->own != (meta->result->frame == self->next))
    fail (self, "a result of frame %" G_GUINT64_FORMAT " is said %sto be this one's", meta->result->frame,
        meta->own ? "" : "not ");
  if (meta && !meta->own && meta->age > hold_time)
    fail (self, "a result %" GST_TIME_FORMAT " old was held", GST_TIME_ARGS (meta->age));
  if (policy == GPTVIS_POLICY_EVERY && interval == 1 && max_rate == 0 && !self->late && shown != NO_PICTURE
      && !(meta && meta->own))
    fail (self, "a frame left without its own result");
}

/* What waits in the harness and on the bus, of which neither may pile up. */
static void
clear_away (Camera * self)
{
  gchar *sentence = rig_sentence (self->rig, GST_MESSAGE_ERROR);
  GstEvent *event;

  if (sentence)
    fail (self, "%s", sentence);
  while ((event = gst_harness_try_pull_event (self->rig->harness)))
    gst_event_unref (event);
  while ((event = gst_harness_try_pull_upstream_event (self->rig->harness)))
    gst_event_unref (event);
}

/* --- frames --- */

static GstBuffer *
frame_new (Camera * self, Shown * shown)
{
  GstBuffer *buffer;

  *shown = draw (self, 2) ? WHITE : BLACK;
  buffer = rig_frame (self->rig, *shown == WHITE ? 255 : 0, self->pts);
  if (GST_VIDEO_INFO_FORMAT (&self->rig->info) == GST_VIDEO_FORMAT_YUY2)
    for (gsize i = 1; i < GST_VIDEO_INFO_SIZE (&self->rig->info); i += 2)
      gst_buffer_memset (buffer, i, 128, 1);
  self->pts += draw (self, 5) * 20 * GST_MSECOND;
  if (chance (self, 4))
    self->pts -= MIN (self->pts, 50 * GST_MSECOND);
  if (chance (self, 4))
    GST_BUFFER_PTS (buffer) = GST_CLOCK_TIME_NONE;
  if (chance (self, 4)) {
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_GAP);
    *shown = NO_PICTURE;
  }
  if (chance (self, 2)) {
    gst_buffer_resize (buffer, 0, gst_buffer_get_size (buffer) / 2);    /* too small for the caps */
    *shown = NO_PICTURE;
  }
  return buffer;
}

/* What came out; `alone`: exactly one buffer. */
static void
take_out (Camera * self, Shown shown, gboolean alone)
{
  guint n = 0;

  for (GstBuffer *out; (out = gst_harness_try_pull (self->rig->harness)); n++) {
    GptVisMeta *meta = gptvis_buffer_get_meta (out);
    if (meta) {
      self->tally.results++;
      check_result (self, meta->result);
    }
    if (alone)
      check_alone (self, meta, shown);
    gst_buffer_unref (out);
  }
  if (alone && n != 1)
    fail (self, "%u buffers came out for one", n);
}

static void
push (Camera * self)
{
  GstFlowReturn expected = self->ended ? GST_FLOW_EOS : self->up ? GST_FLOW_OK : GST_FLOW_FLUSHING, flow;
  Shown shown;
  GstBuffer *buffer = frame_new (self, &shown), *shared = chance (self, 10) ? gst_buffer_ref (buffer) : NULL;

  self->tally.frames++;
  self->shown[self->next % REMEMBERED] = shown;
  flow = gst_harness_push (self->rig->harness, buffer);
  if (flow != expected)
    fail (self, "a frame's flow was %s and not %s", gst_flow_get_name (flow), gst_flow_get_name (expected));
  if (flow == GST_FLOW_OK) {
    take_out (self, shown, TRUE);
    self->next++;
  }
  if (shared)
    gst_buffer_unref (shared);
}

/* The same frame over and over, while others meddle: whichever of them get through,
 * their numbers and their picture are known. The flow is any: of caps that a flush
 * overtakes GStreamer says that they were refused. */
static void
push_burst (Camera * self, GstBuffer * frame, Shown shown, guint n)
{
  for (guint i = 0; i < n; i++)
    self->shown[(self->next + i) % REMEMBERED] = shown;
  for (guint i = 0; i < n; i++) {
    gst_harness_push (self->rig->harness, gst_buffer_copy (frame));
    take_out (self, shown, FALSE);
    self->tally.frames++;
  }
}

/* --- events --- */

static void
cut (Camera * self)
{
  self->first = self->next;
  self->late = FALSE;
  self->tally.cuts++;
}

static void
send (Camera * self, GstEvent * event)
{
  gst_harness_push_event (self->rig->harness, event);
}

static void
send_segment (Camera * self)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.base = ++self->names * GST_SECOND;
  segment.start = segment.time = self->pts = draw (self, 1000) * GST_MSECOND;
  send (self, gst_event_new_segment (&segment));
}

static void
send_caps (Camera * self)
{
  static const gchar *const formats[] = { "I420", "NV12", "YUY2", "RGB", "GRAY8" };
  GstCaps *caps = gst_caps_new_simple ("video/x-raw",
      "format", G_TYPE_STRING, formats[draw (self, G_N_ELEMENTS (formats))],
      "width", G_TYPE_INT, 1 + draw (self, MAX_SIDE), "height", G_TYPE_INT, 1 + draw (self, MAX_SIDE),
      "framerate", GST_TYPE_FRACTION, 25, 1, NULL);

  if (!gst_video_info_from_caps (&self->rig->info, caps))
    fail (self, "caps that are none");
  send (self, gst_event_new_caps (caps));
  gst_caps_unref (caps);
}

static void
begin_stream (Camera * self)
{
  gchar *id = g_strdup_printf ("soak/%u", ++self->names);

  send (self, gst_event_new_stream_start (id));
  g_free (id);
  self->ended = FALSE;
  send_caps (self);
  send_segment (self);
}

static void
flush_stop (Camera * self)
{
  send (self, gst_event_new_flush_stop (TRUE));
  self->ended = FALSE;
}

/* As a seek does, or two. */
static void
flush (Camera * self)
{
  for (guint n = chance (self, 20) ? 2 : 1; n > 0; n--) {
    send (self, gst_event_new_flush_start ());
    flush_stop (self);
  }
  send_segment (self);
  cut (self);
}

static void
segment (Camera * self)
{
  if (self->ended)
    return;
  send_segment (self);
  cut (self);
}

static void
stream_start (Camera * self)
{
  begin_stream (self);
  cut (self);
}

static void
caps (Camera * self)
{
  if (!self->ended)
    send_caps (self);
}

static void
end (Camera * self)
{
  GstStructure *stats = NULL;
  guint under_way = 0;

  send (self, gst_event_new_eos ());
  self->ended = TRUE;
  g_object_get (self->rig->element, "stats", &stats, NULL);
  gst_structure_get_uint (stats, "under-way", &under_way);
  gst_structure_free (stats);
  if (self->up && under_way)
    fail (self, "the stream ended before its last analysis");
  if (chance (self, 50))
    push (self);
  if (chance (self, 80))
    flush (self);
  else
    stream_start (self);
}

/* --- what other threads do too: no dice in here, only what was drawn before --- */

static void
ask (Camera * self, guint drawn)
{
  for (guint i = 0; i <= drawn % 4; i++) {
    check_stats (self);
    gst_harness_query_latency (self->rig->harness);
  }
}

static void
set_one (Camera * self, guint drawn)
{
  static const gchar *const settings[][4] = {
    { "policy", "every", "latest", "auto" }, { "interval", "1", "2", "5" }, { "max-rate", "0", "8", "1000" },
    { "hold-time", "0", "100000000", "18446744073709551615" }, { "top-k", "0", "1", "3" },
    { "threshold", "-1", "0", "0.87" }, { "post-messages", "false", "true", "true" },
    { "stats-interval", "0", "1", "1000000000" } };
  const gchar *const *setting = settings[drawn % G_N_ELEMENTS (settings)];

  gst_util_set_object_arg (G_OBJECT (self->rig->element), setting[0],
      setting[1 + drawn / G_N_ELEMENTS (settings) % 3]);
}

static void
tell_late (Camera * self, guint drawn)
{
  GstClockTimeDiff jitter = (gint) (drawn % 200) - 100;

  gst_harness_push_upstream_event (self->rig->harness, gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 1.0,
          jitter * GST_MSECOND, (1 + drawn % 64) * GST_SECOND));
}

static void
start_flush (Camera * self, guint drawn)
{
  gst_harness_push_event (self->rig->harness, gst_event_new_flush_start ());
}

static void
set_state (Camera * self, GstState state)
{
  if (gst_element_set_state (self->rig->element, state) == GST_STATE_CHANGE_FAILURE)
    fail (self, "it could not go to %s", gst_element_state_get_name (state));
}

static void
stop (Camera * self, guint drawn)
{
  set_state (self, drawn % 2 ? GST_STATE_READY : GST_STATE_NULL);
}

static void
play (Camera * self, guint drawn)
{
  set_state (self, drawn % 2 ? GST_STATE_PAUSED : GST_STATE_PLAYING);
}

/* --- other threads --- */

typedef struct {
  Camera *camera;
  void (*act) (Camera * camera, guint drawn);
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
meddler_start (Meddler * self, Camera * camera, void (*act) (Camera *, guint))
{
  *self = (Meddler) { .camera = camera, .act = act };
  self->drawn = draw (camera, 1 << 16);
  self->delay = draw (camera, MAX_DELAY);
  self->thread = g_thread_new ("meddler", meddle, self);
}

static void
meddler_join (Meddler * self)
{
  g_clear_pointer (&self->thread, g_thread_join);
}

enum { FLUSH, STOP, ASK, SET, LATE, N_MEDDLERS };

/* A flush that a stopped element did not pass on would last in the harness for ever; in a
 * pipeline all elements stop. */
static void
restart_sink (Camera * self)
{
  gst_pad_set_active (self->rig->harness->sinkpad, FALSE);
  gst_pad_set_active (self->rig->harness->sinkpad, TRUE);
}

/* Frames, and up to five others who do as they like meanwhile. A flush begins while
 * frames pass and ends, as it must, in the thread that pushes them. */
static void
meddled (Camera * self)
{
  static void (*const acts[]) (Camera *, guint) = {
    [FLUSH] = start_flush, [STOP] = stop, [ASK] = ask, [SET] = set_one, [LATE] = tell_late };
  static const guint percent[] = { [FLUSH] = 40, [STOP] = 20, [ASK] = 50, [SET] = 30, [LATE] = 10 };
  Meddler meddlers[N_MEDDLERS] = { 0 };
  Shown shown;
  GstBuffer *frame = frame_new (self, &shown);
  guint n = 1 + draw (self, MAX_BURST);
  gboolean is_flush, is_stop, is_late;

  for (guint i = 0; i < N_MEDDLERS; i++)
    if (chance (self, percent[i]))
      meddler_start (&meddlers[i], self, acts[i]);
  is_flush = meddlers[FLUSH].thread != NULL;
  is_stop = meddlers[STOP].thread != NULL;
  is_late = meddlers[LATE].thread != NULL;
  push_burst (self, frame, shown, n);
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
  self->next = self->up ? check_stats (self) : 0;
  if (is_flush)
    cut (self);
  self->late |= is_late;        /* it may have come after the flush */
}

/* --- states --- */

/* A stream that begins numbers its frames anew. */
static void
go (Camera * self, GstState state)
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

static const gchar *
some_checkpoint (Camera * self)
{
  return self->setup->checkpoints[chance (self, 25)];
}

static void
states (Camera * self)
{
  static const GstState all[] = { GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING };

  go (self, all[draw (self, G_N_ELEMENTS (all))]);
  if (!self->up && chance (self, 30))
    g_object_set (self->rig->element, "model", some_checkpoint (self), NULL);
}

/* Frames that come before the element is ready for them, as to one that an application
 * has just linked in. */
static void
play_meddled (Camera * self)
{
  Meddler player, asker;
  Shown shown;
  GstBuffer *frame;

  self->next = self->first = 0;
  meddler_start (&player, self, play);
  meddler_start (&asker, self, ask);
  begin_stream (self);
  frame = frame_new (self, &shown);
  push_burst (self, frame, shown, 1 + draw (self, MAX_BURST));
  gst_buffer_unref (frame);
  meddler_join (&player);
  meddler_join (&asker);
  self->up = TRUE;
  self->late = FALSE;
  self->tally.states++;
  self->next = check_stats (self);
}

static void
rise (Camera * self)
{
  if (chance (self, 50))
    play_meddled (self);
  else
    go (self, GST_STATE_PLAYING);
}

static void
make_element (Camera * self)
{
  self->rig = rig_new_at (some_checkpoint (self), NULL);
  self->up = TRUE;
  self->ended = self->late = FALSE;
  self->next = self->first = 0;
  self->pts = 0;
  self->tally.elements++;
}

static void
make_anew (Camera * self)
{
  rig_free (self->rig);
  make_element (self);
}

/* --- the order of things --- */

static void
count (Camera * self)
{
  guint64 frames = check_stats (self);

  if (self->up && frames != self->next)
    fail (self, "%" G_GUINT64_FORMAT " frames were counted", frames);
  ask (self, draw (self, 4));
}

static void
settings (Camera * self)
{
  set_one (self, draw (self, 1 << 16));
}

static void
lateness (Camera * self)
{
  tell_late (self, draw (self, 1 << 16));
  self->late = TRUE;
}

static const struct {
  const gchar *name;
  guint weight;
  void (*act) (Camera * self);
} actions[] = {
  { "a frame", 700, push }, { "frames, and others meddle", 60, meddled }, { "settings", 60, settings },
  { "statistics", 60, count }, { "caps", 30, caps }, { "lateness", 10, lateness }, { "a flush", 30, flush },
  { "a segment", 15, segment }, { "a new stream", 10, stream_start }, { "the end", 10, end },
  { "states", 13, states }, { "a new element", 2, make_anew }
};

static void
step (Camera * self)
{
  guint sum = 0, i = 0;
  gint at;

  for (guint k = 0; k < G_N_ELEMENTS (actions); k++)
    sum += actions[k].weight;
  for (at = draw (self, sum); at >= (gint) actions[i].weight; i++)
    at -= actions[i].weight;
  g_atomic_pointer_set (&self->doing, actions[i].name);
  g_atomic_int_inc (&self->steps);
  actions[i].act (self);
  if (!self->up && chance (self, 30))
    rise (self);
  clear_away (self);
}

Camera *
camera_new (const CameraSetup * setup, guint number)
{
  Camera *self = g_new0 (Camera, 1);

  self->setup = setup;
  self->number = number;
  self->doing = "nothing yet";
  self->dice = g_rand_new_with_seed_array ((guint32[]) { setup->seed, number }, 2);
  memset (self->shown, NO_PICTURE, sizeof self->shown);
  make_element (self);
  return self;
}

void
camera_free (Camera * self)
{
  rig_free (self->rig);
  g_rand_free (self->dice);
  g_free (self);
}

void
camera_run (Camera * self, guint64 frames)
{
  const guint64 last = self->tally.frames + frames;

  while (self->tally.frames < last)
    step (self);
}

const CameraTally *
camera_tally (const Camera * self)
{
  return &self->tally;
}

guint
camera_steps (const Camera * self)
{
  return g_atomic_int_get ((guint *) & self->steps);
}

const gchar *
camera_doing (const Camera * self)
{
  return g_atomic_pointer_get ((const gchar **) & self->doing);
}
