/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text pad beside videos of every kind: whatever their segments, times and frames, gaps and the end reach
 * whoever takes text, so that an element that holds a frame until no text can come for it does not hold it
 * for ever. */
#include "pads.h"
#include "rig.h"

#define NONE GST_CLOCK_TIME_NONE
#define LAST (GST_CLOCK_TIME_NONE - 1)

static void
push_frame (Pads *pads, GstClockTime pts, GstClockTime duration)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 16, NULL);

  GST_BUFFER_PTS (buffer) = pts;
  GST_BUFFER_DURATION (buffer) = duration;
  g_assert_cmpint (gst_harness_push (pads->video, buffer), ==, GST_FLOW_OK);
  gst_buffer_unref (gst_harness_pull (pads->video));
}

/* The pads with a video of that segment, and the text's. */
static void
open_with (Pads *pads, const Cue *cues, const GstSegment *video, GstSegment *text)
{
  GstEvent *event;

  pads_open (pads, cues, TRUE);
  pads_flush (pads);
  gst_event_unref (pads_await_event (pads, GST_EVENT_FLUSH_STOP));
  pads_push_event (pads, gst_event_new_segment (video));
  event = pads_await_event (pads, GST_EVENT_SEGMENT);
  gst_event_copy_segment (event, text);
  gst_event_unref (event);
}

static void
open_forwards (Pads *pads, const Cue *cues, GstClockTime start, GstClockTime stop)
{
  GstSegment video, text;

  gst_segment_init (&video, GST_FORMAT_TIME);
  video.start = start;
  video.stop = stop;
  open_with (pads, cues, &video, &text);
  g_assert_true (gst_segment_is_equal (&video, &text));
}

/* As textoverlay and matroskamux judge: gaps reach beyond the frame's running time. */
static void
await_passage (Pads *pads, const GstSegment *text, GstClockTime running_time)
{
  GstClockTime at, duration, reached;
  GstEvent *event;

  do {
    event = pads_await_event (pads, GST_EVENT_GAP);
    gst_event_parse_gap (event, &at, &duration);
    gst_event_unref (event);
    g_assert_cmpuint (gst_segment_to_running_time (text, GST_FORMAT_TIME, at), !=, NONE);
    reached = gst_segment_to_running_time (text, GST_FORMAT_TIME, at + duration);
    g_assert_cmpuint (reached, !=, NONE);
  } while (reached <= running_time);
}

/* --- segments --- */

/* Where the video's segment is not in TIME, text has a segment of its own that is, and frames keep their
 * times. */
static void
test_formats (void)
{
  static const GstFormat formats[] = { GST_FORMAT_BYTES, GST_FORMAT_DEFAULT, GST_FORMAT_PERCENT,
    GST_FORMAT_BUFFERS };
  static const Cue cues[] = { {2 * GST_SECOND, 2 * GST_SECOND, "two"}, {0} };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    GstSegment video, text;
    Pads pads;
    gst_segment_init (&video, formats[i]);
    video.start = 5;
    video.stop = 1000;
    open_with (&pads, cues, &video, &text);
    g_assert_cmpint (text.format, ==, GST_FORMAT_TIME);
    push_frame (&pads, NONE, NONE);
    pads_expect_gap (&pads, 0, GST_MSECOND);
    push_frame (&pads, GST_SECOND, FRAME);
    await_passage (&pads, &text, GST_SECOND);
    push_frame (&pads, 2 * GST_SECOND, FRAME);
    pads_expect_text (&pads, "two", 2 * GST_SECOND, 5 * GST_SECOND);
    pads_finish (&pads);
    pads_close (&pads);
  }
}

/* Gaps pass every frame at any rate, the last included. Backwards there are no captions, and the text's time
 * still goes forwards. */
static void
test_rates (void)
{
  static const gdouble rates[] = { 0.1, 1, 8, 1000, -0.1, -1, -8, -1000 };
  static const Cue cues[] = { {GST_SECOND, GST_SECOND, "one"}, {0} };

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++) {
    GstSegment video, text;
    Pads pads;
    gst_segment_init (&video, GST_FORMAT_TIME);
    video.rate = rates[i];
    video.stop = 3 * GST_SECOND;
    video.base = 77 * GST_SECOND;
    video.time = 5 * GST_SECOND;
    open_with (&pads, cues, &video, &text);
    g_assert_cmpfloat (text.rate, >, 0);
    g_assert_cmpfloat (text.rate * text.applied_rate, ==, video.rate);
    for (guint j = 0; j < 30; j++) {
      const GstClockTime pts = (rates[i] > 0 ? j : 29 - j) * FRAME;
      push_frame (&pads, pts, j % 2 ? FRAME : 1);
      await_passage (&pads, &text, gst_segment_to_running_time (&video, GST_FORMAT_TIME, pts));
    }
    pads_finish (&pads);
    g_assert_cmpuint (gst_harness_buffers_in_queue (pads.text), ==, rates[i] > 0);
    pads_close (&pads);
  }
}

/* Backwards from an end that only the duration gives, or that nothing gives; without one there is no running
 * time. */
static void
test_no_end (void)
{
  for (guint known = 0; known < 2; known++) {
    GstSegment video, text;
    Pads pads;
    gst_segment_init (&video, GST_FORMAT_TIME);
    video.rate = -1;
    if (known)
      video.duration = GST_SECOND;
    open_with (&pads, NULL, &video, &text);
    push_frame (&pads, 9 * FRAME, FRAME);
    if (known)
      pads_expect_gap (&pads, 0, FRAME + GST_MSECOND);
    else
      gst_event_unref (pads_await_event (&pads, GST_EVENT_GAP));
    pads_finish (&pads);
    pads_close (&pads);
  }
}

/* Sinks show a frame that begins before their segment if its end is not known; after the segment there is no
 * running time. */
static void
test_bounds (void)
{
  Pads pads;

  open_forwards (&pads, NULL, GST_SECOND, 1950 * GST_MSECOND);
  push_frame (&pads, 0, NONE);
  pads_expect_gap (&pads, GST_SECOND, GST_SECOND + GST_MSECOND);
  push_frame (&pads, GST_SECOND - FRAME / 2, FRAME);
  pads_expect_gap (&pads, GST_SECOND + GST_MSECOND, GST_SECOND + FRAME / 2);
  push_frame (&pads, 1900 * GST_MSECOND, FRAME);
  pads_expect_gap (&pads, GST_SECOND + FRAME / 2, 1950 * GST_MSECOND);
  push_frame (&pads, 2 * GST_SECOND, FRAME);
  pads_finish (&pads);
  pads_close (&pads);
}

/* --- frames --- */

static void
test_no_times (void)
{
  for (guint with_first = 0; with_first < 2; with_first++) {
    Pads pads;
    open_forwards (&pads, NULL, 3 * GST_SECOND, NONE);
    push_frame (&pads, with_first ? 3 * GST_SECOND : NONE, NONE);
    pads_expect_gap (&pads, 3 * GST_SECOND, 3 * GST_SECOND + GST_MSECOND);
    for (guint i = 0; i < 10; i++)
      push_frame (&pads, NONE, i % 2 ? FRAME : NONE);
    push_frame (&pads, 5 * GST_SECOND, NONE);
    pads_expect_gap (&pads, 3 * GST_SECOND + GST_MSECOND, 5 * GST_SECOND + GST_MSECOND);
    pads_finish (&pads);
    pads_close (&pads);
  }
}

/* Where upstream has no frame it sends a gap, on which other sinks begin. */
static void
test_gap (void)
{
  Pads pads;

  open_forwards (&pads, NULL, 0, NONE);
  pads_push_event (&pads, gst_event_new_gap (GST_SECOND, 2 * GST_SECOND));
  pads_expect_gap (&pads, GST_SECOND, 3 * GST_SECOND);
  pads_push_event (&pads, gst_event_new_gap (4 * GST_SECOND, NONE));
  pads_expect_gap (&pads, 3 * GST_SECOND, 4 * GST_SECOND + GST_MSECOND);
  pads_finish (&pads);
  pads_close (&pads);
}

/* Times beyond all others, and their sums. */
static void
test_largest (void)
{
  static const guint64 times[] = { LAST, LAST - 1, NONE - GST_SECOND, G_MAXINT64, G_MAXUINT64 / 2 + 1, 0,
    5 * GST_SECOND, NONE };
  static const guint64 durations[] = { NONE, 0, FRAME, G_MAXINT64, LAST };

  for (guint i = 0; i < 5; i++) {
    GstSegment video, text;
    Pads pads;
    gst_segment_init (&video, i == 4 ? GST_FORMAT_BYTES : GST_FORMAT_TIME);
    if (i == 1)
      video.start = LAST;
    if (i == 2)
      video.base = video.time = video.offset = LAST - 10;
    if (i == 3) {
      video.rate = -1;
      video.stop = LAST;
    }
    open_with (&pads, NULL, &video, &text);
    for (guint j = 0; j < G_N_ELEMENTS (times) * G_N_ELEMENTS (durations); j++) {
      const guint64 pts = times[j / G_N_ELEMENTS (durations)];
      const GptVisCaption caption = { "text", 0.5f, TRUE, j, pts, NONE };
      gptvis_text_pad_set_caption (pads.announcer->text, &caption);
      push_frame (&pads, pts, durations[j % G_N_ELEMENTS (durations)]);
    }
    pads_finish (&pads);
    for (GstBuffer *buffer; (buffer = gst_harness_try_pull (pads.text)); gst_buffer_unref (buffer)) {
      g_assert_cmpuint (GST_BUFFER_PTS (buffer), !=, NONE);
      g_assert_cmpuint (GST_BUFFER_DURATION (buffer), <=, LAST - GST_BUFFER_PTS (buffer));
    }
    pads_close (&pads);
  }
}

/* Time that leaps ahead and back within a segment, as a camera's does that sets its clock: captions follow
 * the video, and gaps pass each frame even after a caption went back. */
static void
test_leap (void)
{
  static const Cue cues[] = { {1000 * GST_SECOND, 1000 * GST_SECOND, "ahead"}, {2 * GST_SECOND,
          2 * GST_SECOND, "back"}, {0} };
  GstSegment text;
  Pads pads;

  open_forwards (&pads, cues, 0, NONE);
  gst_segment_init (&text, GST_FORMAT_TIME);
  push_frame (&pads, 0, FRAME);
  push_frame (&pads, 1000 * GST_SECOND, FRAME);
  await_passage (&pads, &text, 1000 * GST_SECOND);
  pads_expect_text (&pads, "ahead", 1000 * GST_SECOND, 1003 * GST_SECOND);
  push_frame (&pads, 2 * GST_SECOND - FRAME, FRAME);
  push_frame (&pads, 2 * GST_SECOND, FRAME);
  pads_expect_text (&pads, "back", 2 * GST_SECOND, 5 * GST_SECOND);
  pads_expect_gap (&pads, 2 * GST_SECOND, 2 * GST_SECOND + FRAME);
  push_frame (&pads, 2 * GST_SECOND + FRAME, FRAME);
  pads_expect_gap (&pads, 2 * GST_SECOND + FRAME, 2 * GST_SECOND + 2 * FRAME);
  pads_finish (&pads);
  pads_close (&pads);
}

/* --- ends --- */

/* The video's end before any frame, and before any segment. */
static void
test_nothing (void)
{
  Pads pads;

  pads_open (&pads, NULL, TRUE);
  pads_finish (&pads);
  pads_close (&pads);
  pads_open (&pads, NULL, TRUE);
  pads_flush (&pads);
  pads_finish (&pads);
  pads_close (&pads);
}

/* A segment that is played over and over. */
static void
test_loop (void)
{
  static const Cue cues[] = { {GST_SECOND, GST_SECOND, "one"}, {0} };
  GstSegment video;
  Pads pads;

  gst_segment_init (&video, GST_FORMAT_TIME);
  video.flags = GST_SEGMENT_FLAG_SEGMENT;
  video.stop = 2 * GST_SECOND;
  pads_open (&pads, cues, TRUE);
  for (guint i = 0; i < 3; i++) {
    video.base = i * 2 * GST_SECOND;
    pads_push_event (&pads, gst_event_new_segment (&video));
    pads_push_until (&pads, 0, 2 * GST_SECOND);
    pads_push_event (&pads, gst_event_new_segment_done (GST_FORMAT_TIME, 2 * GST_SECOND));
    pads_expect_text (&pads, "one", GST_SECOND, 4 * GST_SECOND);
    gst_event_unref (pads_await_event (&pads, GST_EVENT_SEGMENT_DONE));
  }
  pads_finish (&pads);
  pads_close (&pads);
}

static void
unlink_text (Pads *pads)
{
  gst_harness_teardown (g_steal_pointer (&pads->text));
}

/* An element that is linked late gets all the events that an earlier one got, even if nothing more comes
 * because the video is paused or has ended; whether or not another was linked before. */
static void
test_late (void)
{
  for (guint i = 0; i < 8; i++) {
    const gboolean ended = i & 1, frames = i & 2, another = i & 4;
    GstSegment text;
    Pads pads;
    gst_segment_init (&text, GST_FORMAT_TIME);
    pads_open (&pads, NULL, another);
    if (frames)
      pads_push_until (&pads, 0, 2 * GST_SECOND);
    if (ended)
      pads_push_event (&pads, gst_event_new_eos ());
    if (another) {
      gst_event_unref (pads_await_event (&pads, ended ? GST_EVENT_EOS : frames ? GST_EVENT_GAP
              : GST_EVENT_SEGMENT));
      unlink_text (&pads);
    }
    pads_link (&pads);
    if (!frames && !ended && another)
      push_frame (&pads, 0, FRAME);
    gst_event_unref (pads_await_event (&pads, GST_EVENT_STREAM_START));
    gst_event_unref (pads_await_event (&pads, GST_EVENT_CAPS));
    gst_event_unref (pads_await_event (&pads, GST_EVENT_SEGMENT));
    if (ended)
      gst_event_unref (pads_await_event (&pads, GST_EVENT_EOS));
    else if (frames)
      await_passage (&pads, &text, 1900 * GST_MSECOND);
    pads_close (&pads);
  }
}

int
main (int argc, char **argv)
{
  rig_init (&argc, &argv);
  g_test_add_func ("/text-segments/formats", test_formats);
  g_test_add_func ("/text-segments/rates", test_rates);
  g_test_add_func ("/text-segments/no-end", test_no_end);
  g_test_add_func ("/text-segments/bounds", test_bounds);
  g_test_add_func ("/text-segments/no-times", test_no_times);
  g_test_add_func ("/text-segments/gap", test_gap);
  g_test_add_func ("/text-segments/largest", test_largest);
  g_test_add_func ("/text-segments/leap", test_leap);
  g_test_add_func ("/text-segments/nothing", test_nothing);
  g_test_add_func ("/text-segments/loop", test_loop);
  g_test_add_func ("/text-segments/late", test_late);
  return g_test_run ();
}
