/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text pad in a harness: what is sent when, and what happens when nobody takes it. Whole pipelines are
 * in tests/pipelines/text-muxed.c. */
#include "rig.h"
#include "pads.h"
#include <string.h>

/* --- what is sent --- */

static void
test_events (void)
{
  static const Cue cues[] = { {500 * GST_MSECOND, 500 * GST_MSECOND, "a cat"}, {0} };
  GstClockTime at, length, covered = 0;
  const GstSegment *segment;
  GstStreamFlags flags;
  const gchar *id;
  GstEvent *event;
  gchar *expected;
  GstCaps *caps;
  Pads pads;
  guint group, video_group;

  pads_open (&pads, cues, TRUE);
  event = gst_pad_get_sticky_event (GST_BASE_TRANSFORM_SINK_PAD (pads.announcer), GST_EVENT_STREAM_START, 0);
  gst_event_parse_stream_start (event, &id);
  expected = g_strconcat (id, "/text", NULL);
  gboolean grouped = gst_event_parse_group_id (event, &video_group);
  gst_event_unref (event);
  pads_push_until (&pads, 0, GST_SECOND);
  event = gst_harness_pull_event (pads.text);
  g_assert_cmpint (GST_EVENT_TYPE (event), ==, GST_EVENT_STREAM_START);
  gst_event_parse_stream_start (event, &id);
  gst_event_parse_stream_flags (event, &flags);
  g_assert_cmpstr (id, ==, expected);
  g_assert_cmpint (flags, ==, GST_STREAM_FLAG_SPARSE);
  g_assert_true (gst_event_parse_group_id (event, &group) == grouped && (!grouped || group == video_group));
  gst_event_unref (event);
  event = gst_harness_pull_event (pads.text);
  gst_event_parse_caps (event, &caps);
  g_assert_cmpstr (gst_structure_get_name (gst_caps_get_structure (caps, 0)), ==, "text/x-raw");
  gst_event_unref (event);
  event = gst_harness_pull_event (pads.text);
  gst_event_parse_segment (event, &segment);
  g_assert_cmpint (segment->format, ==, GST_FORMAT_TIME);
  gst_event_unref (event);

  pads_expect_text (&pads, "a cat", 500 * GST_MSECOND, 3500 * GST_MSECOND);
  pads_push_until (&pads, GST_SECOND, 5 * GST_SECOND);
  g_assert_true (gst_harness_push_event (pads.video, gst_event_new_eos ()));
  /* Gaps follow the video without a hole, up to the last frame's end. */
  while (GST_EVENT_TYPE (event = gst_harness_pull_event (pads.text)) == GST_EVENT_GAP) {
    gst_event_parse_gap (event, &at, &length);
    g_assert_cmpuint (at, ==, covered);
    covered = at + length;
    gst_event_unref (event);
  }
  g_assert_cmpint (GST_EVENT_TYPE (event), ==, GST_EVENT_EOS);
  g_assert_cmpuint (covered, ==, 5 * GST_SECOND);
  gst_event_unref (event);
  g_free (expected);
  pads_close (&pads);
}

/* Captions that come rarely are shown for three seconds from when they become known. */
static void
test_rare (void)
{
  static const Cue cues[] = { {0, 0, "one"}, {10 * GST_SECOND, 10 * GST_SECOND, " two\n\xff "},
  {21 * GST_SECOND, 20 * GST_SECOND, "late"}, {22 * GST_SECOND, 20 * GST_SECOND, "the same frame"},
  {23 * GST_SECOND, 22 * GST_SECOND, " \n "}, {0}
  };
  Pads pads;

  pads_open (&pads, cues, TRUE);
  pads_push_until (&pads, 0, 25 * GST_SECOND);
  pads_expect_text (&pads, "one", 0, 3 * GST_SECOND);
  pads_expect_text (&pads, "two \357\277\275", 10 * GST_SECOND, 13 * GST_SECOND);
  pads_expect_text (&pads, "late", 20 * GST_SECOND, 23900 * GST_MSECOND);    /* the video was at 20.9 */
  pads_finish (&pads);
  g_assert_null (gst_harness_try_pull (pads.text));
  pads_close (&pads);
}

/* At equal intervals: without gap or overlap, and after the first ones each at its own frame. */
static void
test_steady (void)
{
  Cue cues[12] = { 0 };
  Pads pads;

  for (guint i = 0; i < G_N_ELEMENTS (cues) - 1; i++)
    cues[i] = (Cue) { i * GST_SECOND, i * GST_SECOND, "text" };
  pads_open (&pads, cues, TRUE);
  pads_push_until (&pads, 0, 11 * GST_SECOND);
  pads_finish (&pads);
  g_assert_cmpuint (gst_harness_buffers_in_queue (pads.text), ==, 11);
  for (GstClockTime i = 0, end = 0; i < 11; i++) {
    GstBuffer *buffer = gst_harness_pull (pads.text);
    g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, end);
    end += GST_BUFFER_DURATION (buffer);
    g_assert_cmpuint (GST_BUFFER_PTS (buffer), >=, i * GST_SECOND);
    g_assert_cmpuint (GST_BUFFER_PTS (buffer), <, i * GST_SECOND + 3 * GST_SECOND);
    if (i > 4) {
      g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, i * GST_SECOND);
      g_assert_cmpuint (end, ==, (i + 1) * GST_SECOND);
    }
    gst_buffer_unref (buffer);
  }
  pads_close (&pads);
}

/* A flush passes through and drops what is under way, and time may go back; so it is with a new segment
 * without a flush. A segment played backwards has no text. */
static void
test_flush (void)
{
  static const Cue cues[] = { {GST_SECOND, GST_SECOND, "one"}, {2 * GST_SECOND, 2 * GST_SECOND, "two"}, {0} };
  GstSegment segment;
  Pads pads;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  pads_open (&pads, cues, TRUE);
  pads_push_until (&pads, 0, 3 * GST_SECOND);
  pads_expect_text (&pads, "one", GST_SECOND, 4 * GST_SECOND);
  pads_expect_text (&pads, "two", 4 * GST_SECOND, 4500 * GST_MSECOND);
  g_assert_true (gst_harness_push_event (pads.video, gst_event_new_flush_start ()));
  gst_event_unref (pads_await_event (&pads, GST_EVENT_FLUSH_START));
  g_assert_true (gst_harness_push_event (pads.video, gst_event_new_flush_stop (TRUE)));
  gst_event_unref (pads_await_event (&pads, GST_EVENT_FLUSH_STOP));
  g_assert_true (gst_harness_push_event (pads.video, gst_event_new_segment (&segment)));
  pads_push (&pads, 0);
  gst_event_unref (pads_await_event (&pads, GST_EVENT_SEGMENT));
  pads_push (&pads, GST_SECOND);
  pads_expect_text (&pads, "one", GST_SECOND, 4 * GST_SECOND);
  g_assert_true (gst_harness_push_event (pads.video, gst_event_new_segment (&segment)));
  pads_push (&pads, 2 * GST_SECOND);
  pads_expect_text (&pads, "two", 2 * GST_SECOND, 5 * GST_SECOND);
  segment.rate = -1;
  segment.stop = 10 * GST_SECOND;
  g_assert_true (gst_harness_push_event (pads.video, gst_event_new_segment (&segment)));
  pads_push (&pads, GST_SECOND);
  pads_finish (&pads);
  g_assert_null (gst_harness_try_pull (pads.text));
  pads_close (&pads);
}

/* --- who takes it --- */

/* Unlinked, it needs no thread and holds up nothing; linked later, it first sends the events that begin a
 * stream. */
static void
test_unlinked (void)
{
  static const Cue cues[] = { {0, 0, "lost"}, {2 * GST_SECOND, 2 * GST_SECOND, "two"}, {0} };
  GstPad *pad;
  Pads pads;

  pads_open (&pads, cues, FALSE);
  pads_push_until (&pads, 0, 2 * GST_SECOND);
  pad = gst_element_get_static_pad (GST_ELEMENT (pads.announcer), "text");
  g_assert_cmpint (gst_pad_get_task_state (pad), ==, GST_TASK_STOPPED);
  gst_object_unref (pad);
  pads_link (&pads);
  pads_push (&pads, 2 * GST_SECOND);
  pads_expect_text (&pads, "two", 2 * GST_SECOND, 5 * GST_SECOND);
  gst_event_unref (pads_await_event (&pads, GST_EVENT_STREAM_START));
  gst_event_unref (pads_await_event (&pads, GST_EVENT_CAPS));
  gst_event_unref (pads_await_event (&pads, GST_EVENT_SEGMENT));
  pads_finish (&pads);
  pads_close (&pads);
}

/* Nobody takes text: the video goes on. A live pipeline keeps the last few captions, any other all of
 * them. */
static void
test_full (void)
{
  Cue cues[101] = { 0 };

  for (guint i = 0; i < 100; i++)
    cues[i] = (Cue) { i * GST_SECOND, i * GST_SECOND, "text" };
  for (guint live = 0; live < 2; live++) {
    GstPad *pad;
    gulong probe;
    guint n;
    Pads pads;
    pads_open (&pads, cues, TRUE);
    pads.announcer->live = live;
    pad = gst_element_get_static_pad (GST_ELEMENT (pads.announcer), "text");
    probe = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER, pads_hold_back,
        NULL, NULL);
    pads_push_until (&pads, 0, 100 * GST_SECOND);
    gst_pad_remove_probe (pad, probe);
    pads_finish (&pads);
    n = gst_harness_buffers_in_queue (pads.text);
    g_test_message ("%u captions", n);
    if (live) {
      g_assert_cmpuint (n, <=, 5);      /* four, and the one in hand */
      g_assert_cmpuint (n, >=, 4);
    } else {
      g_assert_cmpuint (n, ==, 100);
    }
    gst_object_unref (pad);
    pads_close (&pads);
  }
}

static GstFlowReturn flow;      /* what refuse returns; atomic */
static guint refused;
static gint held;               /* refuse does not return meanwhile; atomic */

static GstFlowReturn
refuse (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  gst_buffer_unref (buffer);
  g_atomic_int_inc (&refused);
  while (g_atomic_int_get (&held))
    g_usleep (1000);
  return g_atomic_int_get (&flow);
}

/* Whatever downstream returns, the video goes on; text goes on after a flush. */
static void
test_refused (void)
{
  static const GstFlowReturn flows[] = { GST_FLOW_FLUSHING, GST_FLOW_EOS, GST_FLOW_NOT_NEGOTIATED,
    GST_FLOW_ERROR };
  static const Cue cues[] = { {0, 0, "one"}, {GST_SECOND, GST_SECOND, "two"}, {2 * GST_SECOND, 2 * GST_SECOND,
          "three"}, {3 * GST_SECOND, 3 * GST_SECOND, "four"}, {0} };
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  for (guint i = 0; i < G_N_ELEMENTS (flows); i++) {
    Pads pads;
    GstPad *sink = gst_pad_new ("sink", GST_PAD_SINK), *pad;
    pads_open (&pads, cues, FALSE);
    pad = gst_element_get_static_pad (GST_ELEMENT (pads.announcer), "text");
    gst_pad_set_chain_function (sink, refuse);
    gst_pad_set_active (sink, TRUE);
    g_assert_cmpint (gst_pad_link (pad, sink), ==, GST_PAD_LINK_OK);
    g_atomic_int_set (&flow, flows[i]);
    g_atomic_int_set (&refused, 0);
    g_atomic_int_set (&held, TRUE);
    pads_push (&pads, 0);
    while (g_atomic_int_get (&refused) == 0)
      g_usleep (1000);
    pads_push_until (&pads, FRAME, 2500 * GST_MSECOND); /* none of those that wait is sent after it returns */
    g_atomic_int_set (&held, FALSE);
    g_usleep (20000);           /* to see one, were it sent; too short a look only misses it */
    g_assert_cmpint (g_atomic_int_get (&refused), ==, 1);
    g_atomic_int_set (&flow, GST_FLOW_OK);
    g_assert_true (gst_harness_push_event (pads.video, gst_event_new_flush_start ()));
    g_assert_true (gst_harness_push_event (pads.video, gst_event_new_flush_stop (TRUE)));
    g_assert_true (gst_harness_push_event (pads.video, gst_event_new_segment (&segment)));
    pads_push (&pads, 3 * GST_SECOND);
    while (g_atomic_int_get (&refused) == 1)
      g_usleep (1000);
    pads_close (&pads);
    gst_pad_set_active (sink, FALSE);
    gst_object_unref (pad);
    gst_object_unref (sink);
  }
}

/* --- gptvisfilter --- */

/* A filter whose checkpoint writes nothing, though its text pad is linked: it warns once, and gaps and the
 * end still come. */
static void
expect_textless (Rig *rig, const gchar *why, const gchar *advice)
{
  GstPad *pad = gst_element_get_static_pad (rig->element, "text");
  gchar *name, *sentence;
  Pads pads = { NULL };

  g_assert_nonnull (pad);
  g_object_get (rig->element, "model", &name, NULL);
  rig_step (rig, 0);
  g_assert_null (rig_sentence (rig, GST_MESSAGE_WARNING));
  pads.text = gst_harness_new_empty ();
  gst_harness_add_element_src_pad (pads.text, pad);
  rig_step (rig, 40 * GST_MSECOND);
  sentence = rig_sentence (rig, GST_MESSAGE_WARNING);
  g_assert_nonnull (sentence);
  g_test_message ("%s", sentence);
  g_assert_nonnull (strstr (sentence, "\"text\" of rig is linked"));
  g_assert_nonnull (strstr (sentence, strrchr (name, '/') + 1));
  g_assert_nonnull (strstr (sentence, why));
  g_assert_nonnull (strstr (sentence, advice));
  g_free (sentence);
  rig_step (rig, 80 * GST_MSECOND);
  g_assert_null (rig_sentence (rig, GST_MESSAGE_WARNING));
  gst_event_unref (pads_await_event (&pads, GST_EVENT_GAP));
  g_assert_true (gst_harness_push_event (rig->harness, gst_event_new_eos ()));
  gst_event_unref (pads_await_event (&pads, GST_EVENT_EOS));
  gst_harness_teardown (pads.text);
  gst_object_unref (pad);
  g_free (name);
  rig_free (rig);
}

static void
test_textless (void)
{
  expect_textless (rig_new (NULL), "writes no captions; ", "set model to a checkpoint that does");
  expect_textless (rig_new_writing (WRITES, "task=label"), "writes no captions with this task; ",
      "set task=both or task=caption");
}

/* Where captions come there is no warning. */
static void
test_filter (void)
{
  Rig *rig = rig_new_writing (WRITES, NULL);
  GstPad *pad = gst_element_get_static_pad (rig->element, "text");
  Pads pads = {.text = gst_harness_new_empty () };

  gst_harness_add_element_src_pad (pads.text, pad);
  rig_step (rig, GST_SECOND);
  pads_expect_text (&pads, "a white picture", GST_SECOND, 4 * GST_SECOND);
  g_assert_null (rig_sentence (rig, GST_MESSAGE_WARNING));
  gst_harness_teardown (pads.text);
  gst_object_unref (pad);
  rig_free (rig);
}

static guint
n_objects (const GstStructure *checkpoint, const gchar *list)
{
  return gst_value_list_get_size (gst_structure_get_value (checkpoint, list));
}

/* Captions and gaps that nobody takes, a flush amid them, and the end. */
static void
test_leaks (void)
{
  static const Cue cues[] = { {0, 0, "one"}, {GST_SECOND, GST_SECOND, "two"}, {2 * GST_SECOND, 2 * GST_SECOND,
          "three"}, {0} };
  GList *tracers = gst_tracing_get_active_tracers ();
  GstStructure *checkpoint = NULL;

  g_assert_cmpuint (g_list_length (tracers), ==, 1);
  g_signal_emit_by_name (tracers->data, "activity-start-tracking");
  for (guint i = 0; i < 4; i++) {
    Pads pads;
    pads_open (&pads, cues, i != 3);
    GstPad *pad = gst_element_get_static_pad (GST_ELEMENT (pads.announcer), "text");
    if (i > 0)
      gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER, pads_hold_back, NULL,
          NULL);
    gst_object_unref (pad);
    pads_push_until (&pads, 0, 3 * GST_SECOND);
    if (i == 2) {
      gst_harness_push_event (pads.video, gst_event_new_flush_start ());
      gst_harness_push_event (pads.video, gst_event_new_flush_stop (TRUE));
    }
    pads_close (&pads);
  }
  g_signal_emit_by_name (tracers->data, "activity-get-checkpoint", &checkpoint);
  g_assert_cmpuint (n_objects (checkpoint, "objects-created-list"), >, 0);
  g_assert_cmpuint (n_objects (checkpoint, "objects-created-list"), ==, n_objects (checkpoint,
          "objects-removed-list"));
  gst_structure_free (checkpoint);
  g_signal_emit_by_name (tracers->data, "activity-stop-tracking");
  g_list_free_full (tracers, gst_object_unref);
}

int
main (int argc, char **argv)
{
  g_setenv ("GST_TRACERS", "leaks", TRUE);
  rig_init (&argc, &argv);
  g_test_add_func ("/text/events", test_events);
  g_test_add_func ("/text/rare", test_rare);
  g_test_add_func ("/text/steady", test_steady);
  g_test_add_func ("/text/flush", test_flush);
  g_test_add_func ("/text/unlinked", test_unlinked);
  g_test_add_func ("/text/full", test_full);
  g_test_add_func ("/text/refused", test_refused);
  g_test_add_func ("/text/filter", test_filter);
  g_test_add_func ("/text/textless", test_textless);
  g_test_add_func ("/text/leaks", test_leaks);
  return g_test_run ();
}
