/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text pad among the elements it is for: an encoder of subtitles, a muxer, and
 * textoverlay, with no queue beside it, from a file and live. What is sent in detail is
 * judged in gst/text.c. */
#include <gst/gst.h>
#include <glib/gstdio.h>
#include <string.h>
#include "announcer.h"

#define VIDEO "videotestsrc num-buffers=120 pattern=black %s " \
  "! video/x-raw,format=I420,width=640,height=480,framerate=10/1 ! announcer name=c "

/* The last is known a second after its frame. */
static const Cue cues[] = {
  {GST_SECOND, GST_SECOND, "a cat on a mat"},
  {6 * GST_SECOND, 6 * GST_SECOND, "eine Straße, 犬 & <b>"},
  {8 * GST_SECOND, 7 * GST_SECOND, "nobody"}, {0}
};
static const struct {
  double start, end;
} times[] = { {1, 4}, {6, 9}, {9, 9.8} };

static gboolean
have (const gchar *names)
{
  gchar **split = g_strsplit (names, " ", -1);
  gboolean all = TRUE;

  for (guint i = 0; split[i] && all; i++) {
    GstElementFactory *found = gst_element_factory_find (split[i]);
    if (!found) {
      gchar *why = g_strdup_printf ("%s is not installed", split[i]);
      g_test_skip (why);
      g_free (why);
    }
    all = found != NULL;
    g_clear_pointer (&found, gst_object_unref);
  }
  g_strfreev (split);
  return all;
}

/* The pipeline, with its captions. Takes the line. */
static GstElement *
make (gchar *line, gboolean live)
{
  GError *error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);
  GstElement *announcer;

  g_assert_no_error (error);
  if ((announcer = gst_bin_get_by_name (GST_BIN (pipeline), "c"))) {
    TEST_ANNOUNCER (announcer)->cues = cues;
    TEST_ANNOUNCER (announcer)->live = live;
    gst_object_unref (announcer);
  }
  g_free (line);
  return pipeline;
}

/* Plays it to its end; takes it. */
static void
play (GstElement *pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;
  GError *error = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  g_assert_no_error (error);
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
}

static gchar *
temporary (void)
{
  gchar *path = NULL;

  g_close (g_file_open_tmp ("gptvis-text-XXXXXX", &path, NULL), NULL);
  return path;
}

static void
test_webvtt (void)
{
  gchar *path, *text;

  if (!have ("webvttenc"))
    return;
  path = temporary ();
  play (make (g_strdup_printf (VIDEO "! fakesink c.text ! webvttenc ! filesink location=%s", "", path),
      FALSE));
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_test_message ("%s", text);
  g_assert_true (g_str_has_prefix (text, "WEBVTT\n"));
  g_assert_nonnull (strstr (text, "00:00:01.000 --> 00:00:04.000\na cat on a mat\n"));
  g_assert_nonnull (strstr (text, "00:00:06.000 --> 00:00:09.000\neine Stra"));
  g_assert_nonnull (strstr (text, "00:00:09.000 --> 00:00:09.800\nnobody\n"));
  g_free (text);
  g_unlink (path);
  g_free (path);
}

static guint n_read;            /* the streaming thread's, read after the end */

static void
on_text (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
  const double start = (double) GST_BUFFER_PTS (buffer) / GST_SECOND;
  const double end = start + (double) GST_BUFFER_DURATION (buffer) / GST_SECOND;
  gchar text[100] = { 0 };

  if (gst_buffer_get_size (buffer) == 0)        /* what matroskamux makes of a gap from 1.26 on */
    return;
  gst_buffer_extract (buffer, 0, text, sizeof text - 1);
  g_test_message ("%.3f %.3f \"%s\"", start, end, text);
  g_assert_cmpuint (n_read, <, G_N_ELEMENTS (times));
  g_assert_cmpfloat_with_epsilon (start, times[n_read].start, 0.002);
  g_assert_cmpfloat_with_epsilon (end, times[n_read].end, 0.002);
  n_read++;
}

/* Written into a file with the video and read back. */
static void
test_matroska (void)
{
  GstElement *pipeline, *sink;
  gchar *path;

  if (!have ("jpegenc matroskamux matroskademux"))
    return;
  path = temporary ();
  play (make (g_strdup_printf (VIDEO "! jpegenc ! matroskamux name=m ! filesink location=%s c.text ! m.", "",
              path), FALSE));
  pipeline =
      make (g_strdup_printf ("filesrc location=%s ! matroskademux name=d d.video_0 ! fakesink async=false"
          " d.subtitle_0 ! fakesink async=false name=text signal-handoffs=true", path), FALSE);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "text");
  g_signal_connect (sink, "handoff", G_CALLBACK (on_text), NULL);
  n_read = 0;
  play (pipeline);
  g_assert_cmpuint (n_read, ==, G_N_ELEMENTS (times));
  gst_object_unref (sink);
  g_unlink (path);
  g_free (path);
}

static guint n_frames, n_right;

/* Is there text on the picture when there should be, and only then? */
static void
on_picture (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
  const gboolean live = GPOINTER_TO_INT (data);
  const double at = (double) GST_BUFFER_PTS (buffer) / GST_SECOND;
  gboolean expected = FALSE, seen = FALSE;
  GstMapInfo map;

  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    expected = expected || (at >= times[i].start - 0.01 && at < times[i].end - 0.01);
  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  for (gsize i = 0; i < 640 * 480 && !seen; i++)
    seen = map.data[i] > 180;
  gst_buffer_unmap (buffer, &map);
  n_frames++;
  n_right += seen == expected;
  if (!live && seen != expected)
    g_test_message ("at %.1f there %s text", at, seen ? "is" : "is no");
}

static void
test_overlay (gconstpointer data)
{
  const gboolean live = GPOINTER_TO_INT (data);
  GstElement *pipeline, *sink;

  if (!have ("textoverlay"))
    return;
  pipeline = make (g_strdup_printf (VIDEO "! textoverlay name=o ! fakesink name=sink signal-handoffs=true "
          "sync=%s c.text ! o.text_sink", live ? "is-live=true" : "", live ? "true" : "false"), live);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_signal_connect (sink, "handoff", G_CALLBACK (on_picture), GINT_TO_POINTER (live));
  n_frames = n_right = 0;
  play (pipeline);
  gst_object_unref (sink);
  g_test_message ("%u of %u as they should be", n_right, n_frames);
  g_assert_cmpuint (n_frames, ==, 120);
  g_assert_cmpuint (n_right, >=, live ? 100 : 119);
}

/* Both branches' sinks seek, over and over, while text and video are on their way. */
static void
test_seek (void)
{
  GstElement *pipeline = make (g_strdup_printf (VIDEO "! fakesink sync=true c.text ! fakesink sync=true", ""),
      FALSE);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < 20; i++) {
    g_assert_cmpint (gst_element_get_state (pipeline, NULL, NULL, 60 * GST_SECOND), ==,
        GST_STATE_CHANGE_SUCCESS);
    g_usleep (i % 4 * 10000);
    g_assert_true (gst_element_seek (pipeline, 1, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET,
            i == 19 ? 11500 * GST_MSECOND : (i * 7 % 11) * GST_SECOND, GST_SEEK_TYPE_SET, 12 * GST_SECOND));
  }
  play (pipeline);
}

/* --- videos of every kind --- */

typedef enum { FORWARDS, FAST, SLOW, BACKWARDS, FAST_BACKWARDS, WITHIN_A_FRAME, BYTES, NO_DURATIONS,
  BYTES_AND_NO_TIMES, NO_TIMES, NO_TIMES_BUT_ONE, N_KINDS } Kind;

static const gchar *const kinds[N_KINDS] = { "forwards", "fast", "slow", "backwards", "fast-backwards",
  "within-a-frame", "bytes", "no-durations", "bytes-and-no-times", "no-times", "no-times-but-one" };
static const gdouble rates[N_KINDS] = { 0, 8, 0.5, -1, -8, 1 };        /* 0: no seek */

#define SINK "fakesink name=sink signal-handoffs=true "

typedef struct {
  const gchar *needs, *line;
  Kind drops;                   /* it shows all pictures of the kinds before that */
  gboolean bytes, seeks;        /* it takes a segment in BYTES, and a flush */
} Taker;

/* matroskamux of GStreamer 1.22 goes on after a flush only with a gap that comes later than its picture. */
static const Taker takers[] = {
  {"fakesink", "! " SINK "c.text ! fakesink", N_KINDS, TRUE, TRUE},
  {"webvttenc", "! " SINK "c.text ! webvttenc ! fakesink", N_KINDS, TRUE, TRUE},
  {"textoverlay", "! textoverlay name=o ! " SINK "c.text ! o.text_sink", BYTES_AND_NO_TIMES, TRUE, TRUE},
  {"jpegenc matroskamux", "! jpegenc ! matroskamux name=m ! " SINK "c.text ! m.", 0, FALSE, FALSE}
};

/* Makes the video one of its kind, as it comes. */
static GstPadProbeReturn
change (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  const Kind kind = GPOINTER_TO_UINT (data);
  GstSegment segment;

  if (GST_PAD_PROBE_INFO_TYPE (info) & GST_PAD_PROBE_TYPE_BUFFER) {
    GstBuffer *buffer = gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));
    GST_PAD_PROBE_INFO_DATA (info) = buffer;
    if (kind >= BYTES_AND_NO_TIMES && (kind != NO_TIMES_BUT_ONE || GST_BUFFER_PTS (buffer) > 0))
      GST_BUFFER_PTS (buffer) = GST_CLOCK_TIME_NONE;
    if (kind >= NO_DURATIONS)
      GST_BUFFER_DURATION (buffer) = GST_CLOCK_TIME_NONE;
  } else if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_SEGMENT
      && (kind == BYTES || kind == BYTES_AND_NO_TIMES)) {
    gst_event_unref (GST_PAD_PROBE_INFO_EVENT (info));
    gst_segment_init (&segment, GST_FORMAT_BYTES);
    GST_PAD_PROBE_INFO_DATA (info) = gst_event_new_segment (&segment);
  }
  return GST_PAD_PROBE_OK;
}

static void
count (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
  n_frames++;
}

static void
await_state (GstElement *pipeline, GstState state)
{
  gst_element_set_state (pipeline, state);
  g_assert_cmpint (gst_element_get_state (pipeline, NULL, NULL, 60 * GST_SECOND), ==,
      GST_STATE_CHANGE_SUCCESS);
}

static void
seek_kind (GstElement *source, Kind kind)
{
  const GstClockTime stop = kind == WITHIN_A_FRAME ? 2950 * GST_MSECOND : 3 * GST_SECOND;

  g_assert_true (gst_element_seek (source, rates[kind], GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
          GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_SET, stop));
}

/* Played with that after the announcer `c`: it prerolls, if need be again after a seek, and ends. Returns
 * how many pictures got to the element "sink". */
static guint
play_kind (Kind kind, const Taker *taker)
{
  GstElement *pipeline = make (g_strdup_printf ("videotestsrc name=source num-buffers=60 ! video/x-raw,"
          "format=I420,width=64,height=48,framerate=10/1 ! announcer name=c %s", taker->line), FALSE);
  GstElement *source = gst_bin_get_by_name (GST_BIN (pipeline), "source");
  GstElement *announcer = gst_bin_get_by_name (GST_BIN (pipeline), "c");
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstPad *pad = gst_element_get_static_pad (announcer, "sink");

  g_test_message ("%s: %s", kinds[kind], taker->line);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, change,
      GUINT_TO_POINTER (kind), NULL);
  await_state (pipeline, GST_STATE_READY);
  if (rates[kind] != 0)
    seek_kind (source, kind);
  await_state (pipeline, GST_STATE_PAUSED);
  if (rates[kind] != 0 && taker->seeks) {
    seek_kind (source, kind);
    await_state (pipeline, GST_STATE_PAUSED);
  }
  n_frames = 0;
  g_signal_connect (sink, "handoff", G_CALLBACK (count), NULL);
  play (pipeline);
  gst_object_unref (pad);
  gst_object_unref (sink);
  gst_object_unref (announcer);
  gst_object_unref (source);
  return n_frames;
}

static void
test_kinds (gconstpointer data)
{
  const Kind kind = GPOINTER_TO_UINT (data);

  for (guint i = 0; i < G_N_ELEMENTS (takers); i++) {
    if (!have (takers[i].needs) || (!takers[i].bytes && (kind == BYTES || kind == BYTES_AND_NO_TIMES)))
      continue;
    const guint n = play_kind (kind, &takers[i]);
    g_test_message ("%u pictures", n);
    if (kind < takers[i].drops)
      g_assert_cmpuint (n, ==, rates[kind] == 0 ? 60 : 30);
  }
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_assert_true (gst_element_register (NULL, "announcer", GST_RANK_NONE, announcer_get_type ()));
  g_test_add_func ("/text/webvtt", test_webvtt);
  g_test_add_func ("/text/matroska", test_matroska);
  g_test_add_func ("/text/seek", test_seek);
  g_test_add_data_func ("/text/overlay", GINT_TO_POINTER (FALSE), test_overlay);
  g_test_add_data_func ("/text/overlay-live", GINT_TO_POINTER (TRUE), test_overlay);
  for (guint i = 0; i < N_KINDS; i++) {
    gchar *path = g_strdup_printf ("/text/kinds/%s", kinds[i]);
    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_kinds);
    g_free (path);
  }
  return g_test_run ();
}
