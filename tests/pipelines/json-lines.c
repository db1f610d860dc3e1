/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvisjson in a harness: which lines are written, where to, and what it says when
 * they cannot be. Results are attached by hand; what is in a line is not judged here. */
#define _GNU_SOURCE             /* F_SETPIPE_SZ */
#include "gptvisjson.h"
#include "seen.h"
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define VIDEO "video/x-raw,format=GRAY8,width=4,height=4,framerate=25/1"

static const gchar *const labels[] = { "tabby \"cat\"", "lynx", NULL };

typedef struct {
  GstHarness *harness;
  GstElement *element;
  GstBus *bus;
  gchar *directory, *file;      /* of the test's own; the file is not there yet */
} Writer;

static void
writer_open (Writer *self, const gchar *location, const gchar *properties, const gchar *out_caps)
{
  gchar *line;

  self->directory = g_dir_make_tmp ("gptvis json XXXXXX", NULL);
  self->file = g_build_filename (self->directory, "seen.jsonl", NULL);
  line = g_strdup_printf ("gptvisjson %s", properties);
  self->element = gst_parse_launch (line, NULL);
  gst_object_ref_sink (self->element);
  if (location)
    g_object_set (self->element, "location", *location ? location : self->file, NULL);
  self->bus = gst_bus_new ();
  gst_element_set_bus (self->element, self->bus);
  self->harness = gst_harness_new_with_element (self->element, "sink", "src");
  gst_harness_set_caps_str (self->harness, VIDEO, out_caps);
  g_free (line);
}

static void
writer_close (Writer *self)
{
  gst_harness_teardown (self->harness);
  gst_element_set_bus (self->element, NULL);
  gst_object_unref (self->element);
  gst_bus_set_flushing (self->bus, TRUE);
  gst_object_unref (self->bus);
  g_unlink (self->file);
  g_assert_cmpint (g_rmdir (self->directory), ==, 0);
  g_free (self->file);
  g_free (self->directory);
}

/* A held result is that of the last frame with its own. */
typedef enum { NOTHING, OWN, HELD } Seen;

static GstBuffer *
frame (Seen seen, GstClockTime pts)
{
  static GptVisResult *last;
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 16, NULL);

  GST_BUFFER_PTS (buffer) = pts;
  GST_BUFFER_DURATION (buffer) = 40 * GST_MSECOND;
  if (seen == OWN || (seen == HELD && !last)) {
    gptvis_result_unref (last);
    last = seen_result (labels);
  }
  if (seen != NOTHING)
    gptvis_buffer_add_meta (buffer, last, seen == OWN, seen == OWN ? 0 : 80 * GST_MSECOND);
  return buffer;
}

/* The lines in the file; g_strfreev them. */
static gchar **
lines (const Writer *self)
{
  gchar *text = NULL;
  gchar **split;

  g_assert_true (g_file_get_contents (self->file, &text, NULL, NULL));
  g_assert_true (*text == '\0' || g_str_has_suffix (text, "\n"));
  if (*text)
    text[strlen (text) - 1] = '\0';
  split = *text ? g_strsplit (text, "\n", -1) : g_new0 (gchar *, 1);
  g_free (text);
  return split;
}

static void
expect_lines (const Writer *self, guint n)
{
  gchar **split = lines (self);

  g_assert_cmpuint (g_strv_length (split), ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_true (g_str_has_prefix (split[i], "{\"version\":2,\"stream\":\"camera\",\"frame\":7,"));
  g_strfreev (split);
}

static void
expect_sentence (const Writer *self, GstMessageType type, const gchar *part)
{
  GstMessage *message = gst_bus_pop_filtered (self->bus, type);
  GError *error = NULL;

  g_assert_nonnull (message);
  if (type == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  else
    gst_message_parse_warning (message, &error, NULL);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, part));
  g_error_free (error);
  gst_message_unref (message);
}

/* --- to a file --- */

/* A line is in the file as soon as its frame is out, and the frame is the very one. */
static void
test_file (void)
{
  Writer writer;

  writer_open (&writer, "", "", VIDEO);
  for (guint i = 0; i < 6; i++) {
    GstBuffer *in = frame (i % 3, i * 40 * GST_MSECOND), *out, *held = gst_buffer_ref (in);
    g_assert_cmpint (gst_harness_push (writer.harness, in), ==, GST_FLOW_OK);
    out = gst_harness_pull (writer.harness);
    g_assert_true (out == held);
    gst_buffer_unref (out);
    gst_buffer_unref (held);
    expect_lines (&writer, (i + 2) / 3);
  }
  writer_close (&writer);
}

static void
test_all (void)
{
  gchar **split;
  Writer writer;

  writer_open (&writer, "", "repeat=true stream=\"a \\\"b\\\"\"", VIDEO);
  for (guint i = 0; i < 6; i++)
    g_assert_cmpint (gst_harness_push (writer.harness, frame (i % 3, i * 40 * GST_MSECOND)), ==, GST_FLOW_OK);
  split = lines (&writer);
  g_assert_cmpuint (g_strv_length (split), ==, 4);
  g_assert_nonnull (strstr (split[0], "\"stream\":\"a \\\"b\\\"\""));
  g_assert_nonnull (strstr (split[0], "\"label\":\"tabby \\\"cat\\\"\""));
  g_assert_nonnull (strstr (split[0], "\"age-ms\":0.000"));
  g_assert_nonnull (strstr (split[1], "\"age-ms\":80.000"));
  g_strfreev (split);
  writer_close (&writer);
}

/* A result that no frame had for its own (policy "latest") is written with the first that
 * carries it. */
static void
test_first_carrier (void)
{
  const gchar *others[] = { "lion", NULL };
  GstBuffer *buffer;
  Writer writer;

  writer_open (&writer, "", "", VIDEO);
  for (guint i = 0; i < 4; i++) {
    g_assert_cmpint (gst_harness_push (writer.harness, frame (HELD, i * 40 * GST_MSECOND)), ==, GST_FLOW_OK);
    expect_lines (&writer, 1);
  }
  buffer = frame (NOTHING, 160 * GST_MSECOND);
  seen_attach (buffer, others, FALSE, 40 * GST_MSECOND);
  g_assert_cmpint (gst_harness_push (writer.harness, buffer), ==, GST_FLOW_OK);
  expect_lines (&writer, 2);
  writer_close (&writer);
}

/* Two results on a buffer are two lines. */
static void
test_several (void)
{
  GstBuffer *buffer = frame (OWN, 0);
  Writer writer;

  writer_open (&writer, "", "", VIDEO);
  seen_attach (buffer, labels + 1, TRUE, 0);
  g_assert_cmpint (gst_harness_push (writer.harness, buffer), ==, GST_FLOW_OK);
  expect_lines (&writer, 2);
  writer_close (&writer);
}

static void
test_caption (void)
{
  gchar **split;
  Writer writer;

  writer_open (&writer, "", "", VIDEO);
  for (guint final = 0; final < 2; final++) {
    GstBuffer *buffer = frame (NOTHING, final * 40 * GST_MSECOND);
    GptVisResult *result = seen_captioned (labels, final ? "a \"cat\"\non a mat" : "a \"cat\"", final);
    gptvis_buffer_add_meta (buffer, result, TRUE, 0);
    gptvis_result_unref (result);
    g_assert_cmpint (gst_harness_push (writer.harness, buffer), ==, GST_FLOW_OK);
  }
  g_assert_cmpint (gst_harness_push (writer.harness, frame (OWN, 80 * GST_MSECOND)), ==, GST_FLOW_OK);
  split = lines (&writer);
  g_assert_cmpuint (g_strv_length (split), ==, 3);
  g_assert_nonnull (strstr (split[0], "\"caption\":{\"text\":\"a \\\"cat\\\"\",\"score\":0.5000,"
          "\"final\":false,\"frame\":5,\"pts\":null,\"running-time\":null},"));
  g_assert_nonnull (strstr (split[1], "{\"text\":\"a \\\"cat\\\"\\non a mat\",\"score\":0.5000,"
      "\"final\":true,"));
  g_assert_nonnull (strstr (split[2], "\"caption\":null,"));
  g_strfreev (split);
  writer_close (&writer);
}

/* A second run empties the file, or with append goes on in it. */
static void
test_append (void)
{
  for (guint append = 0; append < 2; append++) {
    Writer writer;
    writer_open (&writer, "", append ? "append=true" : "", VIDEO);
    for (guint run = 0; run < 2; run++) {
      g_assert_cmpint (gst_harness_push (writer.harness, frame (OWN, 0)), ==, GST_FLOW_OK);
      expect_lines (&writer, run + 1 - (run && !append));
      g_assert_cmpint (gst_element_set_state (writer.element, GST_STATE_READY), ==, GST_STATE_CHANGE_SUCCESS);
      gst_harness_play (writer.harness);
      gst_element_set_state (writer.element, GST_STATE_PLAYING);
      gst_harness_set_src_caps_str (writer.harness, VIDEO);
    }
    writer_close (&writer);
  }
}

/* --- to the pad --- */

static void
test_pad (void)
{
  GstBuffer *out;
  GstEvent *event;
  guint gaps = 0;
  gchar *text;
  Writer writer;

  writer_open (&writer, NULL, "", "application/x-ndjson");
  for (guint i = 0; i < 6; i++)
    g_assert_cmpint (gst_harness_push (writer.harness, frame (i % 3, i * 40 * GST_MSECOND)), ==, GST_FLOW_OK);
  g_assert_cmpuint (gst_harness_buffers_in_queue (writer.harness), ==, 2);
  out = gst_harness_pull (writer.harness);
  g_assert_cmpuint (GST_BUFFER_PTS (out), ==, 40 * GST_MSECOND);
  g_assert_cmpuint (GST_BUFFER_DURATION (out), ==, 40 * GST_MSECOND);
  gst_buffer_extract_dup (out, 0, -1, (gpointer *) & text, &(gsize) { 0 });
  g_assert_true (g_str_has_prefix (text, "{\"version\":2,"));
  g_assert_cmpint (text[gst_buffer_get_size (out) - 1], ==, '\n');
  g_free (text);
  gst_buffer_unref (out);
  out = gst_harness_pull (writer.harness);
  g_assert_cmpuint (GST_BUFFER_PTS (out), ==, 160 * GST_MSECOND);
  gst_buffer_unref (out);
  while ((event = gst_harness_try_pull_event (writer.harness))) {
    gaps += GST_EVENT_TYPE (event) == GST_EVENT_GAP;
    gst_event_unref (event);
  }
  g_assert_cmpuint (gaps, ==, 4);
  /* Nothing goes to standard output then, but to a file that is named. */
  writer_close (&writer);
  writer_open (&writer, "", "", "application/x-ndjson");
  g_assert_cmpint (gst_harness_push (writer.harness, frame (OWN, 0)), ==, GST_FLOW_OK);
  g_assert_cmpuint (gst_harness_buffers_in_queue (writer.harness), ==, 1);
  expect_lines (&writer, 1);
  writer_close (&writer);
}

/* --- what goes wrong --- */

static void
test_unwritable (void)
{
  GstElement *element = gst_object_ref_sink (gst_element_factory_make ("gptvisjson", NULL));
  Writer writer = {.element = element,.bus = gst_bus_new () };

  gst_element_set_bus (element, writer.bus);
  g_object_set (element, "location", "/nonexistent/seen.jsonl", NULL);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
  expect_sentence (&writer, GST_MESSAGE_ERROR, "\"/nonexistent/seen.jsonl\" cannot be opened for writing: ");
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
  gst_bus_set_flushing (writer.bus, TRUE);
  gst_object_unref (writer.bus);
  gst_object_unref (element);
}

static void
test_full (void)
{
  Writer writer;

  if (!g_file_test ("/dev/full", G_FILE_TEST_EXISTS)) {
    g_test_skip ("there is no /dev/full");
    return;
  }
  writer_open (&writer, "/dev/full", "", VIDEO);
  g_assert_cmpint (gst_harness_push (writer.harness, frame (NOTHING, 0)), ==, GST_FLOW_OK);
  g_assert_cmpint (gst_harness_push (writer.harness, frame (OWN, 0)), ==, GST_FLOW_ERROR);
  expect_sentence (&writer, GST_MESSAGE_ERROR, "/dev/full is full: ");
  writer_close (&writer);
}

/* Nobody reads any more: an error, not the end of the process. */
static void
test_broken_pipe (void)
{
  gint ends[2];
  gchar *location;
  Writer writer;

  g_assert_cmpint (pipe (ends), ==, 0);
  location = g_strdup_printf ("/proc/self/fd/%d", ends[1]);
  writer_open (&writer, location, "", VIDEO);
  g_assert_cmpint (gst_harness_push (writer.harness, frame (OWN, 0)), ==, GST_FLOW_OK);
  close (ends[0]);
  g_assert_cmpint (gst_harness_push (writer.harness, frame (OWN, 0)), ==, GST_FLOW_ERROR);
  expect_sentence (&writer, GST_MESSAGE_ERROR, "has no reader any more");
  writer_close (&writer);
  close (ends[1]);
  g_free (location);
}

/* --- a reader that does not keep up --- */

#define ROOM 4096u              /* of the pipe; a line is longer */

/* Descriptor 1 is a pipe in the meantime, so that nothing is printed but lines. */
typedef struct {
  Writer writer;
  gint terminal, reader;
  GstBuffer *frame;             /* the next */
  GThread *pusher;
} Slow;

static void
open_long (Writer *writer)
{
  gchar *stream = g_strnfill (3 * ROOM, 'x');

  writer_open (writer, "-", "", VIDEO);
  g_object_set (writer->element, "stream", stream, NULL);
  g_free (stream);
}

static void
slow_open (Slow *self, gboolean waits)
{
  gint ends[2];

  *self = (Slow) { 0 };
  g_assert_cmpint (pipe (ends), ==, 0);
  g_assert_cmpint (fcntl (ends[1], F_SETPIPE_SZ, ROOM), ==, ROOM);
  g_assert_true (g_unix_set_fd_nonblocking (ends[1], !waits, NULL));
  self->reader = ends[0];
  self->terminal = dup (STDOUT_FILENO);
  dup2 (ends[1], STDOUT_FILENO);
  close (ends[1]);
  open_long (&self->writer);
}

static gpointer
push_one (gpointer data)
{
  const Slow *self = data;

  return GINT_TO_POINTER (gst_harness_push (self->writer.harness, self->frame));
}

static void
slow_push (Slow *self)
{
  self->frame = frame (OWN, 0);
  self->pusher = g_thread_new ("pusher", push_one, self);
}

/* Returns when no more of the line goes into the pipe. */
static void
slow_push_full (Slow *self)
{
  gint held = 0;

  slow_push (self);
  while (held < (gint) ROOM)
    g_assert_cmpint (ioctl (self->reader, FIONREAD, &held), ==, 0);
}

static GstFlowReturn
slow_join (Slow *self)
{
  return GPOINTER_TO_INT (g_thread_join (self->pusher));
}

static void
slow_go_on (Slow *self)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (self->writer.harness, gst_event_new_flush_stop (TRUE));
  gst_harness_push_event (self->writer.harness, gst_event_new_segment (&segment));
}

/* Reads one line, and says whether it is whole. */
static gboolean
slow_read (const Slow *self)
{
  GString *line = g_string_new (NULL);
  gchar c;

  while (read (self->reader, &c, 1) == 1 && c != '\n')
    g_string_append_c (line, c);
  gboolean whole = g_str_has_prefix (line->str, "{\"version\":2,\"stream\":\"xxx")
      && g_str_has_suffix (line->str, "}") && line->len > 3 * ROOM;
  g_string_free (line, TRUE);
  return whole;
}

static void
slow_close (Slow *self)
{
  dup2 (self->terminal, STDOUT_FILENO);
  close (self->terminal);
  close (self->reader);
  writer_close (&self->writer);
}

static void
test_slow (gconstpointer waits)
{
  gboolean whole[2];
  GstFlowReturn flow;
  Slow slow;

  slow_open (&slow, GPOINTER_TO_INT (waits));
  for (guint i = 0; i < 2; i++) {
    slow_push_full (&slow);
    whole[i] = slow_read (&slow);
    flow = slow_join (&slow);
  }
  slow_close (&slow);
  g_assert_true (whole[0] && whole[1]);
  g_assert_cmpint (flow, ==, GST_FLOW_OK);
}

/* Two elements on one reader: the second waits for the first to end its line, or for a flush. */
static void
test_slow_two (gconstpointer waits)
{
  GstFlowReturn flow, other_flow, flushed;
  gboolean whole[2];
  Slow slow, other = { 0 };

  slow_open (&slow, GPOINTER_TO_INT (waits));
  open_long (&other.writer);
  slow_push_full (&slow);
  slow_push (&other);
  gst_harness_push_event (other.writer.harness, gst_event_new_flush_start ());
  flushed = slow_join (&other);
  slow_go_on (&other);
  slow_push (&other);
  for (guint i = 0; i < 2; i++)
    whole[i] = slow_read (&slow);
  flow = slow_join (&slow);
  other_flow = slow_join (&other);
  slow_close (&slow);
  writer_close (&other.writer);
  g_assert_true (whole[0] && whole[1]);
  g_assert_cmpint (flow, ==, GST_FLOW_OK);
  g_assert_cmpint (other_flow, ==, GST_FLOW_OK);
  g_assert_cmpint (flushed, ==, GST_FLOW_FLUSHING);
}

/* A flush does not wait for the reader; the line that was begun is ended before the next. */
static void
test_slow_flush (gconstpointer waits)
{
  GstFlowReturn flushed, flow;
  gboolean whole[2];
  Slow slow;

  slow_open (&slow, GPOINTER_TO_INT (waits));
  slow_push_full (&slow);
  gst_harness_push_event (slow.writer.harness, gst_event_new_flush_start ());
  flushed = slow_join (&slow);
  slow_go_on (&slow);
  slow_push_full (&slow);
  for (guint i = 0; i < 2; i++)
    whole[i] = slow_read (&slow);
  flow = slow_join (&slow);
  slow_close (&slow);
  g_assert_cmpint (flushed, ==, GST_FLOW_FLUSHING);
  g_assert_true (whole[0] && whole[1]);
  g_assert_cmpint (flow, ==, GST_FLOW_OK);
}

/* So does the end, which then says what is lost. */
static void
test_slow_stop (gconstpointer waits)
{
  GstFlowReturn flow;
  Slow slow;

  slow_open (&slow, GPOINTER_TO_INT (waits));
  slow_push_full (&slow);
  gst_element_set_state (slow.writer.element, GST_STATE_READY);
  flow = slow_join (&slow);
  dup2 (slow.terminal, STDOUT_FILENO);
  g_assert_cmpint (flow, ==, GST_FLOW_FLUSHING);
  expect_sentence (&slow.writer, GST_MESSAGE_WARNING, "Standard output was not read");
  slow_close (&slow);
}

/* --- a result that others hold --- */

static gint sharing;

static gpointer
share (gpointer result)
{
  while (g_atomic_int_get (&sharing))
    gptvis_result_unref (gptvis_result_ref (result));
  return NULL;
}

/* Nothing of it is read that others write; ThreadSanitizer judges. */
static void
test_shared (void)
{
  GptVisResult *result = seen_result (labels);
  GThread *sharer;
  Writer writer;

  g_atomic_int_set (&sharing, TRUE);
  sharer = g_thread_new ("sharer", share, result);
  writer_open (&writer, "", "repeat=true", VIDEO);
  for (guint i = 0; i < 200; i++) {
    GstBuffer *buffer = frame (NOTHING, i * 40 * GST_MSECOND);
    gptvis_buffer_add_meta (buffer, result, TRUE, 0);
    g_assert_cmpint (gst_harness_push (writer.harness, buffer), ==, GST_FLOW_OK);
  }
  expect_lines (&writer, 200);
  g_atomic_int_set (&sharing, FALSE);
  g_thread_join (sharer);
  writer_close (&writer);
  gptvis_result_unref (result);
}

static void
test_late (void)
{
  gchar *location = NULL;
  Writer writer;

  writer_open (&writer, "", "", VIDEO);
  g_object_set (writer.element, "location", "/tmp/elsewhere", NULL);
  expect_sentence (&writer, GST_MESSAGE_WARNING, "\"location\" cannot change while the file is open");
  g_object_get (writer.element, "location", &location, NULL);
  g_assert_cmpstr (location, ==, writer.file);
  g_free (location);
  writer_close (&writer);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_assert_true (GST_ELEMENT_REGISTER (gptvisjson, NULL));
  gptvis_meta_get_info ();
  g_test_add_func ("/json/file", test_file);
  g_test_add_func ("/json/all", test_all);
  g_test_add_func ("/json/first-carrier", test_first_carrier);
  g_test_add_func ("/json/several", test_several);
  g_test_add_func ("/json/caption", test_caption);
  g_test_add_func ("/json/append", test_append);
  g_test_add_func ("/json/pad", test_pad);
  g_test_add_func ("/json/unwritable", test_unwritable);
  g_test_add_func ("/json/full", test_full);
  g_test_add_func ("/json/broken-pipe", test_broken_pipe);
  g_test_add_func ("/json/late", test_late);
  g_test_add_data_func ("/json/slow", GINT_TO_POINTER (TRUE), test_slow);
  g_test_add_data_func ("/json/slow/two", GINT_TO_POINTER (TRUE), test_slow_two);
  g_test_add_data_func ("/json/slow/flush", GINT_TO_POINTER (TRUE), test_slow_flush);
  g_test_add_data_func ("/json/slow/stop", GINT_TO_POINTER (TRUE), test_slow_stop);
  g_test_add_data_func ("/json/slow-non-blocking", GINT_TO_POINTER (FALSE), test_slow);
  g_test_add_data_func ("/json/slow-non-blocking/two", GINT_TO_POINTER (FALSE), test_slow_two);
  g_test_add_data_func ("/json/slow-non-blocking/flush", GINT_TO_POINTER (FALSE), test_slow_flush);
  g_test_add_data_func ("/json/slow-non-blocking/stop", GINT_TO_POINTER (FALSE), test_slow_stop);
  g_test_add_func ("/json/shared", test_shared);
  return g_test_run ();
}
