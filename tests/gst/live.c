/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Slow analyses: under "latest" no frame waits, the newest result goes with the frames after it, and nothing
 * stale passes a cut; under "every" a flush or a stop releases the frame that waits. An analysis stays under
 * way for as long as its gate is closed (gate.h). */
#include "gate.h"
#include "rig.h"

#define FRAME (40 * GST_MSECOND)

/* Its analyses stop at the gate. */
static Rig *
gated (const gchar *properties)
{
  gate_close (GATE_ANALYSIS);
  return rig_new (properties);
}

/* Whoever stops waits for what is under way. */
static void
open_and_free (Rig *rig)
{
  gate_open (GATE_ANALYSIS);
  rig_free (rig);
}

static void
assert_accounts (Rig *rig, guint64 frames)
{
  g_assert_cmpuint (rig_stat (rig, "frames"), ==, frames);
  g_assert_cmpuint (rig_stat (rig, "analysed") + rig_stat (rig, "skipped") + rig_stat (rig, "errors")
      + rig_stat (rig, "unmappable") + rig_stat (rig, "under-way"), ==, frames);
  g_assert_cmpuint (rig_stat (rig, "waiting"), <=, 1);
}

/* A step whose frame the worker has taken when this returns. */
static Outcome
step_taken (Rig *rig, GstClockTime pts)
{
  Outcome outcome = rig_step (rig, pts);

  gate_await (GATE_ANALYSIS);
  return outcome;
}

/* One analysis comes to its end; whose frame's was it? */
static guint64
finish_one (Rig *rig)
{
  gate_pass (GATE_ANALYSIS);
  return rig_await_result (rig);
}

static void
test_no_frame_waits (void)
{
  Rig *rig = gated ("policy=latest hold-time=18446744073709551615");
  GstBuffer *out;
  GptVisMeta *meta;

  g_assert_cmpint (step_taken (rig, 0), ==, NOTHING);
  for (guint i = 1; i < 8; i++)
    g_assert_cmpint (rig_step (rig, i * FRAME), ==, NOTHING);
  g_assert_cmpuint (rig_stat (rig, "analysed"), ==, 0);
  g_assert_cmpuint (rig_stat (rig, "under-way"), ==, 2);
  g_assert_cmpuint (rig_stat (rig, "waiting"), ==, 1);
  /* One is being analysed and one waits; the others were replaced. */
  g_assert_cmpuint (rig_stat (rig, "skipped-replaced") + rig_stat (rig, "skipped-busy"), ==, 6);
  assert_accounts (rig, 8);

  g_assert_cmpuint (finish_one (rig), ==, 0);
  out = rig_push (rig, rig_frame (rig, 255, 8 * FRAME));
  meta = gptvis_buffer_get_meta (out);
  g_assert_nonnull (meta);
  g_assert_false (meta->own);
  g_assert_cmpuint (meta->result->frame, ==, 0);
  g_assert_cmpuint (meta->age, ==, 8 * FRAME);
  g_assert_cmpstr (meta->result->labels[0].text, ==, "bright");
  gst_buffer_unref (out);
  g_assert_cmpuint (finish_one (rig), >, 0);
  assert_accounts (rig, 9);
  open_and_free (rig);
}

/* The newest frame is taken, not the oldest. */
static void
test_newest (void)
{
  Rig *rig = gated ("policy=latest");

  step_taken (rig, 0);
  for (guint i = 1; i < 8; i++)
    rig_step (rig, i * FRAME);
  g_assert_cmpuint (finish_one (rig), ==, 0);
  g_assert_cmpuint (finish_one (rig), ==, 7);
  open_and_free (rig);
}

/* It counts from when the result was found, which here is longer after its frame than the hold time. */
static void
test_hold_time (void)
{
  gate_set_pace (2 * G_TIME_SPAN_MILLISECOND, 0);
  Rig *rig = gated ("policy=latest hold-time=1000000");

  g_assert_cmpint (step_taken (rig, 0), ==, NOTHING);
  g_assert_cmpuint (finish_one (rig), ==, 0);
  g_assert_cmpint (step_taken (rig, 2 * GST_MSECOND), ==, HELD);
  g_assert_cmpint (rig_step (rig, 1000 * GST_SECOND), ==, NOTHING);
  g_assert_cmpuint (finish_one (rig), ==, 1);
  open_and_free (rig);
  gate_set_pace (0, 0);
}

/* A result found after a seek, of a frame from before it, is dropped. */
static void
test_cut (void)
{
  Rig *rig = gated ("policy=latest hold-time=18446744073709551615");
  GstSegment segment;

  step_taken (rig, 0);
  rig_step (rig, FRAME);
  rig_step (rig, 2 * FRAME);    /* one is being analysed, one waits */
  g_assert_true (gst_harness_push_event (rig->harness, gst_event_new_flush_start ()));
  g_assert_true (gst_harness_push_event (rig->harness, gst_event_new_flush_stop (TRUE)));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  g_assert_true (gst_harness_push_event (rig->harness, gst_event_new_segment (&segment)));
  g_assert_cmpuint (rig_stat (rig, "waiting"), ==, 0);
  g_assert_cmpint (rig_step (rig, 0), ==, NOTHING);
  gate_pass (GATE_ANALYSIS);    /* the one before the cut */
  g_assert_cmpuint (finish_one (rig), ==, 3);   /* the first that is told */
  g_assert_cmpint (rig_step (rig, FRAME), ==, HELD);
  g_assert_cmpuint (rig_stat (rig, "skipped-dropped"), ==, 2);
  assert_accounts (rig, 5);
  open_and_free (rig);
}

/* The end waits for the analysis that is under way. */
static void
test_end (void)
{
  Rig *rig = gated ("policy=latest");

  g_assert_cmpint (step_taken (rig, 0), ==, NOTHING);
  g_assert_cmpuint (rig_count_messages (rig, GST_MESSAGE_ELEMENT), ==, 0);
  gate_hold_end (GATE_ANALYSIS, rig->harness);
  g_assert_cmpuint (rig_count_messages (rig, GST_MESSAGE_ELEMENT), ==, 1);
  assert_accounts (rig, 1);
  rig_free (rig);
}

static gpointer
push_one (gpointer data)
{
  Rig *rig = data;

  return GINT_TO_POINTER (gst_harness_push (rig->harness, rig_frame (rig, 255, 0)));
}

static void
test_flush_lets_go (void)
{
  Rig *rig = gated (NULL);
  GThread *thread = g_thread_new ("stream", push_one, rig);

  gate_await (GATE_ANALYSIS);
  g_assert_true (gst_harness_push_event (rig->harness, gst_event_new_flush_start ()));
  g_thread_join (thread);
  g_assert_cmpuint (rig_stat (rig, "under-way"), ==, 1);        /* it did not wait */
  g_assert_true (gst_harness_push_event (rig->harness, gst_event_new_flush_stop (TRUE)));
  open_and_free (rig);
}

static void
test_stop_lets_go (void)
{
  Rig *rig = gated (NULL);
  GThread *thread = g_thread_new ("stream", push_one, rig);

  gate_await (GATE_ANALYSIS);
  g_assert_cmpint (gst_element_set_state (rig->element, GST_STATE_READY), ==, GST_STATE_CHANGE_SUCCESS);
  g_thread_join (thread);
  g_assert_cmpuint (rig_stat (rig, "analysed"), ==, 0);
  g_assert_cmpuint (rig_count_messages (rig, GST_MESSAGE_ELEMENT), ==, 0);
  /* And again, while the worker is still at the old frame. */
  g_assert_cmpint (gst_element_set_state (rig->element, GST_STATE_PLAYING), !=, GST_STATE_CHANGE_FAILURE);
  g_assert_cmpuint (rig_stat (rig, "frames"), ==, 0);
  open_and_free (rig);
}

static void
test_late_frames (void)
{
  Rig *rig = rig_new (NULL);
  GstEvent *event;

  g_assert_cmpint (rig_step (rig, 0), ==, OWN);
  gst_harness_push_upstream_event (rig->harness, gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 1.5, 2 * FRAME,
      FRAME));
  while (GST_EVENT_TYPE (event = gst_harness_pull_upstream_event (rig->harness)) != GST_EVENT_QOS)
    gst_event_unref (event);
  gst_event_unref (event);      /* it went on */
  for (guint i = 1; i < 5; i++)
    g_assert_cmpint (rig_step (rig, i * FRAME), ==, HELD);
  g_assert_cmpint (rig_step (rig, 5 * FRAME), ==, OWN);
  g_assert_cmpuint (rig_stat (rig, "skipped-late"), ==, 4);
  gst_harness_push_upstream_event (rig->harness, gst_event_new_qos (GST_QOS_TYPE_OVERFLOW, 0.5, -FRAME,
      9 * FRAME));
  g_assert_cmpint (rig_step (rig, 6 * FRAME), ==, OWN);
  assert_accounts (rig, 7);
  rig_free (rig);
}

/* In a live pipeline, which a harness is, "auto" is "latest". */
static void
test_auto (void)
{
  Rig *rig = gated ("policy=auto");

  g_assert_cmpint (rig_step (rig, 0), ==, NOTHING);
  g_assert_cmpuint (rig_stat (rig, "under-way"), ==, 1);
  open_and_free (rig);
}

static void
test_stats_message (void)
{
  Rig *rig = rig_new ("stats-interval=1 post-messages=false");
  GstMessage *message;
  guint64 frames;

  rig_step (rig, 0);
  rig_step (rig, FRAME);
  message = rig_message (rig, GST_MESSAGE_ELEMENT);
  g_assert_nonnull (message);
  g_assert_true (gst_message_has_name (message, "gptvis-stats"));
  g_assert_true (gst_structure_get_uint64 (gst_message_get_structure (message), "frames", &frames));
  g_assert_cmpuint (frames, ==, 2);
  gst_message_unref (message);
  rig_free (rig);
}

/* More streams than a batch has room for, each with a frame ready whenever the worker takes some: it takes
 * them in turn, so that no stream is ever more than one analysis ahead of another. */
static void
test_fair (void)
{
  enum { STREAMS = 6, BATCHES = 24 };
  gchar *checkpoint = checkpoint_write (CHECKPOINT_SOUND);
  guint64 most = 0;
  Rig *rigs[STREAMS];

  gate_set_pace (10 * G_TIME_SPAN_MILLISECOND, 0);      /* three of these are a batch */
  gate_close (GATE_ANALYSIS);
  for (guint i = 0; i < STREAMS; i++)
    rigs[i] = rig_new_at (checkpoint, "policy=latest");
  g_assert_cmpuint (rig_stat (rigs[0], "streams"), ==, STREAMS);
  for (guint frame = 0; frame < BATCHES; frame++) {
    guint64 least = G_MAXUINT64;
    if (frame > 0)
      gate_await (GATE_ANALYSIS);
    for (guint i = 0; i < STREAMS; i++) {
      rig_step (rigs[i], frame * FRAME);
      least = MIN (least, rig_stat (rigs[i], "analysed"));
      most = MAX (most, rig_stat (rigs[i], "analysed"));
    }
    g_assert_cmpuint (most - least, <=, 1);
    gate_pass (GATE_ANALYSIS);
  }
  g_assert_cmpuint (most, >, 5);
  gate_open (GATE_ANALYSIS);
  for (guint i = 0; i < STREAMS; i++)
    rig_free (rigs[i]);
  gate_set_pace (0, 0);
  checkpoint_remove (checkpoint);
}

int
main (int argc, char **argv)
{
  rig_init (&argc, &argv);
  g_test_add_func ("/live/no-frame-waits", test_no_frame_waits);
  g_test_add_func ("/live/newest", test_newest);
  g_test_add_func ("/live/hold-time", test_hold_time);
  g_test_add_func ("/live/cut", test_cut);
  g_test_add_func ("/live/end", test_end);
  g_test_add_func ("/live/flush-lets-go", test_flush_lets_go);
  g_test_add_func ("/live/stop-lets-go", test_stop_lets_go);
  g_test_add_func ("/live/late-frames", test_late_frames);
  g_test_add_func ("/live/auto", test_auto);
  g_test_add_func ("/live/stats-message", test_stats_message);
  g_test_add_func ("/live/fair", test_fair);
  return g_test_run ();
}
