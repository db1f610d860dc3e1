/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which frames are analysed and what the others carry: interval, max-rate,
 * hold-time, top-k, threshold; flushes, seeks, segments, gaps, end of stream;
 * analyses that fail; the counters that account for every frame. */
#include "rig.h"
#include "timing.h"
#include <math.h>
#include <string.h>

#define FRAME (40 * GST_MSECOND)

static void
assert_accounts (Rig *rig, guint64 frames)
{
  g_assert_cmpuint (rig_stat (rig, "frames"), ==, frames);
  g_assert_cmpuint (rig_stat (rig, "analysed") + rig_stat (rig, "skipped") + rig_stat (rig, "errors")
      + rig_stat (rig, "unmappable"), ==, frames);
}

static void
flush (Rig *rig)
{
  g_assert_true (gst_harness_push_event (rig->harness, gst_event_new_flush_start ()));
  g_assert_true (gst_harness_push_event (rig->harness, gst_event_new_flush_stop (TRUE)));
}

static void
push_segment (Rig *rig, guint64 start, guint64 stop, guint64 base)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = segment.time = start;
  segment.stop = stop;
  segment.base = base;
  g_assert_true (gst_harness_push_event (rig->harness, gst_event_new_segment (&segment)));
}

static void
test_interval (void)
{
  Rig *rig = rig_new ("interval=3");

  for (guint i = 0; i < 10; i++)
    g_assert_cmpint (rig_step (rig, i * FRAME), ==, i % 3 ? HELD : OWN);
  g_assert_cmpuint (rig_stat (rig, "analysed"), ==, 4);
  g_assert_cmpuint (rig_stat (rig, "held"), ==, 6);
  assert_accounts (rig, 10);

  /* Mutable while playing: the fourth frame after this is due. */
  g_object_set (rig->element, "interval", 4, NULL);
  for (guint i = 1; i < 9; i++)
    g_assert_cmpint (rig_step (rig, (9 + i) * FRAME), ==, i % 4 ? HELD : OWN);
  rig_free (rig);
}

static void
test_hold_time (void)
{
  Rig *rig = rig_new ("interval=5 hold-time=80000000");
  GstBuffer *out;

  g_assert_cmpint (rig_step (rig, 0), ==, OWN);
  g_assert_cmpint (rig_step (rig, FRAME), ==, HELD);
  out = rig_push (rig, rig_frame (rig, 0, 2 * FRAME));  /* exactly hold-time old */
  g_assert_cmpuint (gptvis_buffer_get_meta (out)->age, ==, 2 * FRAME);
  g_assert_false (gptvis_buffer_get_meta (out)->own);
  g_assert_cmpuint (gptvis_buffer_get_meta (out)->result->frame, ==, 0);
  gst_buffer_unref (out);
  g_assert_cmpint (rig_step (rig, 3 * FRAME), ==, NOTHING);
  g_assert_cmpint (rig_step (rig, 4 * FRAME), ==, NOTHING);
  g_assert_cmpint (rig_step (rig, 5 * FRAME), ==, OWN);
  g_object_set (rig->element, "hold-time", (guint64) 0, NULL);
  g_assert_cmpint (rig_step (rig, 6 * FRAME), ==, NOTHING);
  g_object_set (rig->element, "hold-time", G_MAXUINT64, NULL);
  g_assert_cmpint (rig_step (rig, 1000 * GST_SECOND), ==, HELD);
  g_assert_cmpuint (rig_stat (rig, "held"), ==, 3);
  assert_accounts (rig, 8);
  rig_free (rig);
}

static void
test_max_rate (void)
{
  Rig *rig = rig_new ("max-rate=10");
  guint analysed = 0;

  for (guint i = 0; i < 250; i++)       /* ten seconds of 25 frames */
    analysed += rig_step (rig, i * FRAME) == OWN;
  g_assert_cmpuint (analysed, ==, 100);

  g_object_set (rig->element, "max-rate", 0.5, NULL);
  for (guint i = 250; i < 500; i++)
    analysed += rig_step (rig, i * FRAME) == OWN;
  g_assert_cmpuint (analysed, >=, 104);
  g_assert_cmpuint (analysed, <=, 105);

  /* More than the stream has: every frame. And with an interval, both hold. */
  g_object_set (rig->element, "max-rate", 100.0, NULL);
  g_assert_cmpint (rig_step (rig, 500 * FRAME), ==, OWN);
  g_assert_cmpint (rig_step (rig, 501 * FRAME), ==, OWN);
  g_object_set (rig->element, "interval", 2, NULL);
  g_assert_cmpint (rig_step (rig, 502 * FRAME), ==, HELD);
  g_assert_cmpint (rig_step (rig, 503 * FRAME), ==, OWN);
  rig_free (rig);
}

/* However low, a rate is a limit; infinities, NaN and what is out of range are refused. */
static void
test_max_rate_extremes (void)
{
  static const gdouble rates[] = { 1e-3, 1e-9, 1e-10, 5e-11, 1e-11, 1e-12, 1e-300, 5e-324 };
  static const gdouble refused[] = { INFINITY, -INFINITY, NAN, -1e-9, 1001 };
  Rig *rig = rig_new (NULL);
  gdouble rate;

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++) {
    const guint64 before = rig_stat (rig, "analysed");
    g_object_set (rig->element, "max-rate", rates[i], NULL);
    flush (rig);
    push_segment (rig, 0, GST_CLOCK_TIME_NONE, 0);
    for (guint n = 0; n < 50; n++)
      rig_step (rig, n < 25 ? n * FRAME : G_MAXUINT64 / 4 + n * FRAME);
    /* 2^62 ns are 146 years */
    g_test_message ("%g", rates[i]);
    g_assert_cmpuint (rig_stat (rig, "analysed") - before, ==, rates[i] > 3e-10 ? 2 : 1);
  }
  flush (rig);
  push_segment (rig, 0, GST_CLOCK_TIME_NONE, 0);
  g_assert_cmpint (rig_step (rig, G_MAXUINT64 - 3), ==, OWN);   /* the next is due after time has ended */
  g_assert_cmpint (rig_step (rig, G_MAXUINT64 - 2), ==, HELD);

  g_object_set (rig->element, "max-rate", 3.0, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_test_expect_message ("GLib-GObject", G_LOG_LEVEL_WARNING, "*max-rate*");
    g_object_set (rig->element, "max-rate", refused[i], NULL);
    g_test_assert_expected_messages ();
    g_object_get (rig->element, "max-rate", &rate, NULL);
    g_assert_cmpfloat (rate, ==, 3);
  }
  rig_free (rig);
}

static guint
labels_of (Rig *rig, GstClockTime pts)
{
  GstBuffer *out = rig_push (rig, rig_frame (rig, 255, pts));
  guint n = gptvis_buffer_get_meta (out)->result->n_labels;

  gst_buffer_unref (out);
  return n;
}

static void
test_top_k_and_threshold (void)
{
  Rig *rig = rig_new (NULL);
  GstBuffer *out;
  const GptVisResult *result;

  g_assert_cmpuint (labels_of (rig, 0), ==, 2);         /* 0.867, 0.117; 0.016 is below 0.1 */
  g_object_set (rig->element, "threshold", 0.0, NULL);
  out = rig_push (rig, rig_frame (rig, 0, FRAME));
  result = gptvis_buffer_get_meta (out)->result;
  g_assert_cmpuint (result->n_labels, ==, 3);
  g_assert_cmpstr (result->labels[0].text, ==, "dark");
  g_assert_cmpstr (result->labels[1].text, ==, "other");
  g_assert_cmpstr (result->labels[2].text, ==, "bright");
  g_assert_cmpuint (result->labels[2].id, ==, 0);
  g_assert_cmpfloat_with_epsilon (result->labels[2].score, 0.0159f, 0.001);
  gst_buffer_unref (out);
  g_object_set (rig->element, "top-k", 1, NULL);
  g_assert_cmpuint (labels_of (rig, 2 * FRAME), ==, 1);
  g_object_set (rig->element, "top-k", 0, NULL);
  g_assert_cmpuint (labels_of (rig, 3 * FRAME), ==, 3);
  g_object_set (rig->element, "threshold", 0.9, NULL);
  g_assert_cmpuint (labels_of (rig, 4 * FRAME), ==, 0); /* nothing found is a result too */
  rig_free (rig);
}

/* With nothing set, a label that has a sigmoid of its own must be more likely than not. */
static void
test_threshold_of_sigmoids (void)
{
  Rig *rig = rig_new_on (CHECKPOINT_MULTI_LABEL, NULL);
  GstBuffer *out = rig_push (rig, rig_frame (rig, 255, 0));
  const GptVisResult *result = gptvis_buffer_get_meta (out)->result;

  g_assert_cmpuint (result->n_labels, >=, 1);
  g_assert_cmpuint (result->n_labels, <, 3);            /* 0.12 would do for a softmax */
  g_assert_cmpstr (result->labels[0].text, ==, "bright");
  gst_buffer_unref (out);
  rig_free (rig);
}

/* A seek: flush, then a segment elsewhere. The first frame there is due. */
static void
test_flush (void)
{
  Rig *rig = rig_new ("interval=10");

  g_assert_cmpint (rig_step (rig, 0), ==, OWN);
  g_assert_cmpint (rig_step (rig, FRAME), ==, HELD);
  flush (rig);
  push_segment (rig, 50 * GST_SECOND, GST_CLOCK_TIME_NONE, 0);
  g_assert_cmpuint (rig_stat (rig, "generation"), ==, 1);
  g_assert_cmpint (rig_step (rig, 50 * GST_SECOND), ==, OWN);
  g_assert_cmpint (rig_step (rig, 50 * GST_SECOND + FRAME), ==, HELD);
  /* Backwards, without a limit of rate standing in the way. */
  g_object_set (rig->element, "max-rate", 0.1, NULL);
  flush (rig);
  push_segment (rig, 0, GST_CLOCK_TIME_NONE, 0);
  g_assert_cmpint (rig_step (rig, 0), ==, OWN);
  g_assert_cmpuint (rig_stat (rig, "generation"), ==, 2);
  rig_free (rig);
}

static void
test_segment (void)
{
  Rig *rig = rig_new ("interval=10");

  push_segment (rig, 0, GST_CLOCK_TIME_NONE, 0);
  g_assert_cmpint (rig_step (rig, 0), ==, OWN);
  push_segment (rig, 0, 100 * GST_SECOND, 0);   /* an end became known: goes on */
  g_assert_cmpint (rig_step (rig, FRAME), ==, HELD);
  push_segment (rig, 0, GST_CLOCK_TIME_NONE, 2 * FRAME);        /* the next clip */
  g_assert_cmpint (rig_step (rig, 0), ==, OWN);
  g_assert_cmpuint (rig_stat (rig, "generation"), ==, 1);
  rig_free (rig);
}

static void
test_stream_start (void)
{
  Rig *rig = rig_new ("interval=10");

  gst_harness_push_event (rig->harness, gst_event_new_stream_start ("door"));
  g_assert_cmpint (rig_step (rig, 0), ==, OWN);
  gst_harness_push_event (rig->harness, gst_event_new_stream_start ("door"));
  g_assert_cmpint (rig_step (rig, FRAME), ==, HELD);
  gst_harness_push_event (rig->harness, gst_event_new_stream_start ("yard"));
  g_assert_cmpint (rig_step (rig, 2 * FRAME), ==, OWN);
  rig_free (rig);
}

/* A camera that lost frames shows the same scene. */
static void
test_discont (void)
{
  Rig *rig = rig_new ("interval=3");
  GstBuffer *lost;

  g_assert_cmpint (rig_step (rig, 0), ==, OWN);
  lost = rig_frame (rig, 255, 5 * FRAME);
  GST_BUFFER_FLAG_SET (lost, GST_BUFFER_FLAG_DISCONT);
  lost = rig_push (rig, lost);
  g_assert_true (GST_BUFFER_IS_DISCONT (lost));
  g_assert_nonnull (gptvis_buffer_get_meta (lost));
  g_assert_false (gptvis_buffer_get_meta (lost)->own);
  gst_buffer_unref (lost);
  rig_free (rig);
}

static void
test_gaps (void)
{
  Rig *rig = rig_new (NULL);
  GstBuffer *gap = rig_frame (rig, 255, 0);
  GstEvent *event;

  GST_BUFFER_FLAG_SET (gap, GST_BUFFER_FLAG_GAP);
  gap = rig_push (rig, gap);
  g_assert_null (gptvis_buffer_get_meta (gap));
  g_assert_true (GST_BUFFER_FLAG_IS_SET (gap, GST_BUFFER_FLAG_GAP));
  gst_buffer_unref (gap);
  g_assert_cmpint (rig_step (rig, FRAME), ==, OWN);
  g_assert_cmpuint (rig_stat (rig, "skipped"), ==, 1);

  while ((event = gst_harness_try_pull_event (rig->harness)))
    gst_event_unref (event);
  g_assert_true (gst_harness_push_event (rig->harness, gst_event_new_gap (2 * FRAME, FRAME)));
  event = gst_harness_pull_event (rig->harness);
  g_assert_cmpint (GST_EVENT_TYPE (event), ==, GST_EVENT_GAP);
  gst_event_unref (event);
  g_assert_cmpint (rig_step (rig, 3 * FRAME), ==, OWN);
  assert_accounts (rig, 3);
  rig_free (rig);
}

static void
test_eos (void)
{
  Rig *rig = rig_new (NULL);
  GstEvent *event;

  g_assert_cmpint (rig_step (rig, 0), ==, OWN);
  g_assert_true (gst_harness_push_event (rig->harness, gst_event_new_eos ()));
  while (GST_EVENT_TYPE (event = gst_harness_pull_event (rig->harness)) != GST_EVENT_EOS)
    gst_event_unref (event);
  gst_event_unref (event);
  rig_free (rig);
}

/* Time that stands still or runs back breaks nothing. */
static void
test_odd_times (void)
{
  Rig *rig = rig_new ("interval=2 max-rate=5 hold-time=100000000");

  g_assert_cmpint (rig_step (rig, 10 * GST_SECOND), ==, OWN);
  g_assert_cmpint (rig_step (rig, 10 * GST_SECOND), ==, HELD);
  g_assert_cmpint (rig_step (rig, GST_SECOND), ==, OWN);
  g_assert_cmpint (rig_step (rig, GST_CLOCK_TIME_NONE), ==, HELD);      /* by arrival */
  g_assert_cmpint (rig_step (rig, G_MAXINT64), ==, OWN);
  g_assert_cmpint (rig_step (rig, 0), ==, HELD);
  assert_accounts (rig, 6);
  rig_free (rig);
}

/* What a sink says of its lateness may be any number. */
static void
test_qos (void)
{
  static const struct { GstClockTimeDiff late; GstClockTime timestamp; gboolean skips; } cases[] = {
    { GST_SECOND, 0, TRUE }, { G_MAXINT64, 1, TRUE }, { G_MAXINT64, G_MAXUINT64 - 1, TRUE },
    { G_MAXINT64 / 2 + 1, 1, TRUE }, { 1, G_MAXUINT64 - 1, TRUE },
    { 1, 0, FALSE }, { 0, GST_SECOND, FALSE }, { -1, GST_SECOND, FALSE }, { G_MININT64 + 1, G_MAXINT64,
    FALSE } };
  Rig *rig = rig_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const guint64 late = rig_stat (rig, "skipped-late");
    g_test_message ("late by %" G_GINT64_FORMAT, cases[i].late);
    gst_harness_push_upstream_event (rig->harness, gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 1.0,
            cases[i].late, cases[i].timestamp));
    g_assert_cmpint (rig_step (rig, GST_SECOND), ==, cases[i].skips ? NOTHING : OWN);
    g_assert_cmpuint (rig_stat (rig, "skipped-late"), ==, late + cases[i].skips);
    flush (rig);
    push_segment (rig, 0, GST_CLOCK_TIME_NONE, 0);
  }
  rig_free (rig);
}

/* Frames at and beyond the ends of time, in segments of all kinds, each carried or analysed and accounted
 * for. */
static void
test_ends_of_time (void)
{
  static const guint64 times[] = { G_MAXUINT64 - 1, G_MAXUINT64 - 2, G_MAXUINT64 - GST_SECOND,
    G_MAXUINT64 / 2, G_MAXUINT64 / 2 - 1, G_MAXUINT64 / 2 + 1, 0, 5 * GST_SECOND, GST_CLOCK_TIME_NONE };
  static const guint64 durations[] = { GST_CLOCK_TIME_NONE, 0, G_MAXUINT64 - 1 };
  static const GstSegment segments[] = {
    { .rate = 1, .stop = -1, .duration = -1 }, { .rate = 1, .base = G_MAXUINT64 - 10, .stop = -1,
        .duration = -1 },
    { .rate = -1, .applied_rate = -1, .stop = G_MAXUINT64 - 5, .duration = -1 },
    { .rate = 1e-300, .stop = -1, .duration = -1 }, { .rate = 1e300, .stop = -1, .duration = -1 },
    { .rate = 1, .offset = 100 * GST_SECOND, .start = 50 * GST_SECOND, .stop = -1, .duration = -1 } };
  Rig *rig = rig_new_writing (WRITES, "max-rate=1000 caption-interval=1 partial-captions=true");
  guint64 frames = 0;

  gst_harness_use_systemclock (rig->harness);   /* by which a live frame's wall time is reckoned */
  for (guint s = 0; s < G_N_ELEMENTS (segments); s++) {
    GstSegment segment;
    gst_segment_init (&segment, GST_FORMAT_TIME);
    segment.rate = segments[s].rate;
    segment.applied_rate = segments[s].applied_rate < 0 ? -1 : 1;
    segment.base = segments[s].base;
    segment.offset = segments[s].offset;
    segment.start = segments[s].start;
    segment.stop = segments[s].stop;
    g_assert_true (gst_harness_push_event (rig->harness, gst_event_new_segment (&segment)));
    for (guint i = 0; i < G_N_ELEMENTS (times) * G_N_ELEMENTS (durations); i++) {
      GstBuffer *buffer = rig_frame (rig, i % 2 ? 255 : 0, times[i / G_N_ELEMENTS (durations)]);
      GST_BUFFER_DURATION (buffer) = durations[i % G_N_ELEMENTS (durations)];
      gst_element_set_base_time (rig->element, i % 4 ? 0 : G_MAXUINT64 - 1);
      gst_buffer_unref (rig_push (rig, buffer));
      frames++;
    }
  }
  assert_accounts (rig, frames);
  rig_free (rig);
}

static void
test_failed_analysis (void)
{
  Rig *rig = rig_new_on (CHECKPOINT_OVERFLOWS, NULL);
  GstBuffer *out;
  gchar *sentence;

  out = rig_push (rig, rig_frame (rig, 0, 0));
  g_assert_true (gptvis_buffer_get_meta (out)->own);
  gst_buffer_unref (out);
  for (guint i = 1; i < 5; i++)
    g_assert_cmpint (rig_step (rig, i * FRAME), ==, NOTHING);
  g_assert_cmpuint (rig_stat (rig, "errors"), ==, 4);
  sentence = rig_sentence (rig, GST_MESSAGE_WARNING);
  g_assert_nonnull (sentence);
  g_test_message ("%s", sentence);
  g_free (sentence);
  /* Reported once, not four times. */
  g_assert_cmpuint (rig_count_messages (rig, GST_MESSAGE_WARNING), ==, 0);

  out = rig_push (rig, rig_frame (rig, 0, 5 * FRAME));  /* and the stream recovers */
  g_assert_true (gptvis_buffer_get_meta (out)->own);
  g_assert_cmpuint (gptvis_buffer_get_meta (out)->result->frame, ==, 5);
  gst_buffer_unref (out);
  assert_accounts (rig, 6);
  rig_free (rig);
}

static void
test_timing (void)
{
  GptVisTiming timing = { 0 };
  GptVisTimes times = gptvis_timing_summary (&timing, GPTVIS_TIMING_WINDOW);

  g_assert_cmpint (times.max, ==, 0);
  gptvis_timing_add (&timing, 7);
  times = gptvis_timing_summary (&timing, GPTVIS_TIMING_WINDOW);
  g_assert_cmpint (times.min, ==, 7);
  g_assert_cmpint (times.p50, ==, 7);
  g_assert_cmpint (times.p99, ==, 7);
  for (gint64 i = 1000; i > 0; i--)     /* leaves 512 … 1 in the window */
    gptvis_timing_add (&timing, i);
  times = gptvis_timing_summary (&timing, G_MAXUINT);
  g_assert_cmpint (times.min, ==, 1);
  g_assert_cmpint (times.max, ==, 512);
  g_assert_cmpint (times.mean, ==, 256);
  g_assert_cmpint (times.p50, ==, 256);
  g_assert_cmpint (times.p90, ==, 461);
  g_assert_cmpint (times.p99, ==, 507);
  times = gptvis_timing_summary (&timing, 10);
  g_assert_cmpint (times.max, ==, 10);
  g_assert_cmpint (times.p90, ==, 9);
}

static void
test_stats (void)
{
  Rig *rig = rig_new ("interval=2 threads=1");
  const gchar *times[] = { "analysis-min-us", "analysis-mean-us", "analysis-max-us", "analysis-p50-us",
    "analysis-p90-us", "analysis-p99-us" };
  GstStructure *stats = NULL;
  gint64 us;
  guint threads;
  gchar *base = g_path_get_basename (rig->checkpoint);

  for (guint i = 0; i < 6; i++)
    rig_step (rig, i * FRAME);
  for (guint round = 0; round < 2; round++) {   /* running, and after it stopped */
    g_object_get (rig->element, "stats", &stats, NULL);
    g_assert_cmpstr (gst_structure_get_name (stats), ==, "gptvis-stats");
    for (guint i = 0; i < G_N_ELEMENTS (times); i++) {
      g_assert_true (gst_structure_get_int64 (stats, times[i], &us));
      g_assert_cmpint (us, >, 0);
      g_assert_cmpint (us, <, 60 * G_USEC_PER_SEC);
    }
    g_assert_cmpstr (gst_structure_get_string (stats, "model"), ==, base);
    g_assert_nonnull (strstr (gst_structure_get_string (stats, "backend"), "cpu"));
    g_assert_true (gst_structure_get_uint (stats, "threads", &threads));
    g_assert_cmpuint (threads, ==, 1);
    gst_structure_free (stats);
    assert_accounts (rig, 6);
    gst_element_set_state (rig->element, GST_STATE_READY);
  }
  g_free (base);
  rig_free (rig);
}

int
main (int argc, char **argv)
{
  rig_init (&argc, &argv);
  g_test_add_func ("/policy/interval", test_interval);
  g_test_add_func ("/policy/hold-time", test_hold_time);
  g_test_add_func ("/policy/max-rate", test_max_rate);
  g_test_add_func ("/policy/max-rate-extremes", test_max_rate_extremes);
  g_test_add_func ("/policy/top-k-and-threshold", test_top_k_and_threshold);
  g_test_add_func ("/policy/threshold-of-sigmoids", test_threshold_of_sigmoids);
  g_test_add_func ("/policy/flush", test_flush);
  g_test_add_func ("/policy/segment", test_segment);
  g_test_add_func ("/policy/stream-start", test_stream_start);
  g_test_add_func ("/policy/discont", test_discont);
  g_test_add_func ("/policy/gaps", test_gaps);
  g_test_add_func ("/policy/eos", test_eos);
  g_test_add_func ("/policy/odd-times", test_odd_times);
  g_test_add_func ("/policy/qos", test_qos);
  g_test_add_func ("/policy/ends-of-time", test_ends_of_time);
  g_test_add_func ("/policy/failed-analysis", test_failed_analysis);
  g_test_add_func ("/policy/timing", test_timing);
  g_test_add_func ("/policy/stats", test_stats);
  return g_test_run ();
}
