/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text pad between threads: a worker that sets captions; flushes that come in the middle of something,
 * from another thread or from a handler of the application, called as the pad's task starts or sends;
 * captions from before a flush. */
#include "pads.h"
#include "rig.h"

/* The video goes on after a flush, and so does the text: the events that begin a stream, a caption and the
 * end. */
static void
expect_text_goes_on (Pads *pads, gboolean from_the_stream)
{
  const GptVisCaption caption = { "after", 0.5f, TRUE, pads->announcer->n_frames, GST_SECOND, GST_SECOND };

  pads_push_segment (pads, GST_FORMAT_TIME, 1, 0, GST_CLOCK_TIME_NONE);
  gptvis_text_pad_set_caption (pads->announcer->text, &caption);
  pads_push (pads, GST_SECOND);
  if (from_the_stream) {
    gst_event_unref (pads_await_event (pads, GST_EVENT_STREAM_START));
    gst_event_unref (pads_await_event (pads, GST_EVENT_CAPS));
  }
  gst_event_unref (pads_await_event (pads, GST_EVENT_SEGMENT));
  pads_expect_text (pads, "after", GST_SECOND, 4 * GST_SECOND);
  pads_finish (pads);
}

static gint over;               /* atomic */

static GstPad *
text_pad (Pads *pads)
{
  return gst_element_get_static_pad (GST_ELEMENT (pads->announcer), "text");
}

/* --- from the application --- */

static GstBusSyncReply
flush_on_stream_status (GstBus *bus, GstMessage *message, gpointer data)
{
  Pads *pads = data;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_STREAM_STATUS && pads->video) {
    Pads flushed = *pads;
    pads->video = NULL;         /* once */
    pads_flush (&flushed);
  }
  return GST_BUS_DROP;
}

/* The message about the task is posted by the very call that starts it. */
static void
test_stream_status (void)
{
  GstBus *bus = gst_bus_new ();
  Pads pads, once;

  pads_open (&pads, NULL, FALSE);
  once = pads;
  gst_bus_set_sync_handler (bus, flush_on_stream_status, &once, NULL);
  gst_element_set_bus (GST_ELEMENT (pads.announcer), bus);
  pads_link (&pads);
  pads_push_segment (&pads, GST_FORMAT_TIME, 1, 0, GST_CLOCK_TIME_NONE);
  g_assert_null (once.video);
  expect_text_goes_on (&pads, TRUE);
  gst_element_set_bus (GST_ELEMENT (pads.announcer), NULL);
  pads_close (&pads);
  gst_object_unref (bus);
}

static GstBuffer *
frame_at (GstClockTime pts)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 16, NULL);

  GST_BUFFER_PTS (buffer) = pts;
  return buffer;
}

static guint n_taken;           /* atomic */

/* Flushes upstream with the first caption, and is flushing itself then. */
static GstFlowReturn
flush_and_refuse (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstElement *element;
  GstPad *peer, *sink;

  gst_buffer_unref (buffer);
  if (g_atomic_int_get (&n_taken) == 0) {
    peer = gst_pad_get_peer (pad);
    element = gst_pad_get_parent_element (peer);
    sink = gst_element_get_static_pad (element, "sink");
    g_assert_true (gst_pad_send_event (sink, gst_event_new_flush_start ()));
    g_assert_true (gst_pad_send_event (sink, gst_event_new_flush_stop (TRUE)));
    gst_object_unref (sink);
    gst_object_unref (element);
    gst_object_unref (peer);
  }
  return g_atomic_int_add (&n_taken, 1) == 0 ? GST_FLOW_FLUSHING : GST_FLOW_OK;
}

/* Whoever takes text may flush in the text's own thread, as an application does that seeks to what it reads.
 * Its flow return then belongs to the time before the flush and must not end the text after it. */
static void
test_within (void)
{
  static const Cue cues[] = { {0, 0, "before"}, {GST_SECOND, GST_SECOND, "after"}, {0} };
  GstPad *sink = gst_pad_new ("sink", GST_PAD_SINK), *pad;
  Pads pads;

  g_atomic_int_set (&n_taken, 0);
  pads_open (&pads, cues, FALSE);
  pad = text_pad (&pads);
  gst_pad_set_chain_function (sink, flush_and_refuse);
  gst_pad_set_active (sink, TRUE);
  g_assert_cmpint (gst_pad_link (pad, sink), ==, GST_PAD_LINK_OK);
  gst_harness_push (pads.video, frame_at (0));  /* maybe flushed on its way */
  while (g_atomic_int_get (&n_taken) < 1)
    g_usleep (1000);
  pads_push_segment (&pads, GST_FORMAT_TIME, 1, 0, GST_CLOCK_TIME_NONE);
  gst_harness_push (pads.video, frame_at (GST_SECOND));
  while (g_atomic_int_get (&n_taken) < 2)
    g_usleep (1000);
  pads_close (&pads);
  gst_pad_set_active (sink, FALSE);
  gst_object_unref (pad);
  gst_object_unref (sink);
}

/* --- from another thread --- */

static GstPadProbeReturn
hold_and_tell (GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
  g_atomic_int_set ((gint *) user, TRUE);
  return GST_PAD_PROBE_OK;
}

/* The flush comes while a probe holds back the first event, with the others that begin a stream behind it. */
static void
test_held_back (void)
{
  gint held = FALSE;
  gulong probe;
  GstPad *pad;
  Pads pads;

  pads_open (&pads, NULL, FALSE);
  pad = text_pad (&pads);
  probe = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      hold_and_tell, &held, NULL);
  pads_link (&pads);
  while (!g_atomic_int_get (&held))
    g_usleep (1000);
  pads_flush (&pads);
  gst_pad_remove_probe (pad, probe);
  expect_text_goes_on (&pads, TRUE);
  gst_object_unref (pad);
  pads_close (&pads);
}

/* A flush begins at the very moment when the video's stream does: the stream's events do not get through, but
 * the pad keeps its stream and caps. */
static void
test_lost (void)
{
  for (guint linked = 0; linked < 2; linked++) {
    GstEvent *start = gst_event_new_flush_start (), *stop = gst_event_new_flush_stop (TRUE),
        *stream = gst_event_new_stream_start ("another");
    const gchar *id;
    GstEvent *event;
    Pads pads;
    pads_open (&pads, NULL, linked);
    gptvis_text_pad_event (pads.announcer->text, start);
    gptvis_text_pad_event (pads.announcer->text, stream);
    gptvis_text_pad_event (pads.announcer->text, stop);
    if (linked)
      gst_event_unref (pads_await_event (&pads, GST_EVENT_FLUSH_STOP));
    else
      pads_link (&pads);
    pads_push_segment (&pads, GST_FORMAT_TIME, 1, 0, GST_CLOCK_TIME_NONE);
    event = pads_await_event (&pads, GST_EVENT_STREAM_START);
    gst_event_parse_stream_start (event, &id);
    g_assert_cmpstr (id, ==, "another/text");
    gst_event_unref (event);
    gst_event_unref (pads_await_event (&pads, GST_EVENT_CAPS));
    gst_event_unref (pads_await_event (&pads, GST_EVENT_SEGMENT));
    pads_finish (&pads);
    pads_close (&pads);
    gst_event_unref (start);
    gst_event_unref (stop);
    gst_event_unref (stream);
  }
}

static gpointer
flush_on (gpointer data)
{
  GptVisTextPad *text = data;
  GstEvent *start = gst_event_new_flush_start (), *stop = gst_event_new_flush_stop (TRUE);

  while (!g_atomic_int_get (&over)) {
    gptvis_text_pad_event (text, start);
    gptvis_text_pad_event (text, stop);
  }
  gst_event_unref (start);
  gst_event_unref (stop);
  return NULL;
}

/* Streams that begin while another thread flushes, over and over: nothing is out of order, of which GStreamer
 * would warn, and in the end everything is there. */
static void
test_race (void)
{
  GThread *thread;
  Pads pads;
  gchar *id;

  pads_open (&pads, NULL, TRUE);
  g_atomic_int_set (&over, FALSE);
  thread = g_thread_new ("flushes", flush_on, pads.announcer->text);
  for (guint i = 0; i < 500; i++) {
    id = g_strdup_printf ("%u", i);
    GstEvent *event = gst_event_new_stream_start (id);
    gptvis_text_pad_event (pads.announcer->text, event);
    gst_event_unref (event);
    g_free (id);
    pads_push_segment (&pads, GST_FORMAT_TIME, 1, 0, GST_CLOCK_TIME_NONE);
    pads_push (&pads, i * FRAME);
  }
  g_atomic_int_set (&over, TRUE);
  g_thread_join (thread);
  pads_flush (&pads);
  while (gst_harness_events_in_queue (pads.text) > 0)
    gst_event_unref (gst_harness_pull_event (pads.text));
  expect_text_goes_on (&pads, FALSE);
  g_assert_true (gst_pad_has_current_caps (pads.text->sinkpad));
  id = gst_pad_get_stream_id (pads.text->sinkpad);
  g_assert_cmpstr (id, ==, "499/text");
  g_free (id);
  pads_close (&pads);
}

/* --- a worker that captions --- */

static gpointer
caption_on (gpointer data)
{
  Announcer *announcer = data;

  for (guint64 i = 0; !g_atomic_int_get (&over); i++) {
    const GptVisCaption caption = { "text", 0.5f, TRUE, i, i * GST_MSECOND, i * GST_MSECOND };
    gptvis_text_pad_set_caption (announcer->text, &caption);
    g_usleep (200);
  }
  return NULL;
}

/* A worker that sets captions, the pad's task, and a source that seeks between its frames. */
static void
test_threads (void)
{
  GstSegment segment;
  GThread *worker;
  Pads pads;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  pads_open (&pads, NULL, TRUE);
  g_atomic_int_set (&over, FALSE);
  worker = g_thread_new ("captions", caption_on, pads.announcer);
  for (guint i = 0; i < 2000; i++) {
    if (i % 10 == 9) {
      gst_harness_push_event (pads.video, gst_event_new_flush_start ());
      gst_harness_push_event (pads.video, gst_event_new_flush_stop (TRUE));
      gst_harness_push_event (pads.video, gst_event_new_segment (&segment));
    }
    pads_push (&pads, i * FRAME);
    gst_clear_buffer (&(GstBuffer *) { gst_harness_try_pull (pads.text) });
    if (i % 20 == 0)
      g_usleep (1000);
  }
  g_atomic_int_set (&over, TRUE);
  g_thread_join (worker);
  pads_finish (&pads);
  pads_close (&pads);
}

/* The pad comes and goes with PAUSED, while captions come. */
static void
test_states (void)
{
  Announcer *announcer = gst_object_ref_sink (g_object_new (announcer_get_type (), NULL));
  GThread *thread;

  g_atomic_int_set (&over, FALSE);
  thread = g_thread_new ("captions", caption_on, announcer);
  for (guint i = 0; i < 50; i++) {
    g_assert_cmpint (gst_element_set_state (GST_ELEMENT (announcer), GST_STATE_PLAYING), ==,
        GST_STATE_CHANGE_SUCCESS);
    GstPad *pad = gst_element_get_static_pad (GST_ELEMENT (announcer), "text");
    g_assert_true (gst_pad_is_active (pad));
    gst_object_unref (pad);
    gst_element_set_state (GST_ELEMENT (announcer), GST_STATE_READY);
    g_assert_cmpuint (GST_ELEMENT (announcer)->numsrcpads, ==, 1);
  }
  g_atomic_int_set (&over, TRUE);
  g_thread_join (thread);
  gst_element_set_state (GST_ELEMENT (announcer), GST_STATE_NULL);
  gst_object_unref (announcer);
}


/* A caption that is about to be set when a cut comes belongs to the past, and does not shift the times of
 * those after it. */
static void
test_stale (void)
{
  for (guint i = 0; i < 3; i++) {
    const GptVisCaption stale = { "stale", 0.5f, TRUE, 9, 100000 * GST_SECOND, GST_CLOCK_TIME_NONE };
    GptVisCaption fresh = { "fresh", 0.5f, TRUE, 10, 0, GST_CLOCK_TIME_NONE };
    Pads pads;
    pads_open (&pads, NULL, TRUE);
    pads_push_until (&pads, 0, 10 * FRAME);
    if (i == 0)
      pads_flush (&pads);
    if (i == 1)
      pads_push_event (&pads, gst_event_new_stream_start ("another"));
    if (i < 2)
      gptvis_text_pad_set_caption (pads.announcer->text, &stale);
    pads_push_segment (&pads, GST_FORMAT_TIME, 1, 0, GST_CLOCK_TIME_NONE);
    gptvis_text_pad_set_caption (pads.announcer->text, &stale);
    pads_push (&pads, 0);
    gptvis_text_pad_set_caption (pads.announcer->text, &stale);
    gptvis_text_pad_set_caption (pads.announcer->text, &fresh);
    pads_expect_text (&pads, "fresh", 0, 3 * GST_SECOND);
    pads_finish (&pads);
    g_assert_null (gst_harness_try_pull (pads.text));
    pads_close (&pads);
  }
}

int
main (int argc, char **argv)
{
  rig_init (&argc, &argv);
  g_test_add_func ("/text-threads/stream-status", test_stream_status);
  g_test_add_func ("/text-threads/within", test_within);
  g_test_add_func ("/text-threads/held-back", test_held_back);
  g_test_add_func ("/text-threads/lost", test_lost);
  g_test_add_func ("/text-threads/race", test_race);
  g_test_add_func ("/text-threads/threads", test_threads);
  g_test_add_func ("/text-threads/states", test_states);
  g_test_add_func ("/text-threads/stale", test_stale);
  return g_test_run ();
}
