/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a frame costs in memory once the first has passed: nothing when it is not
 * analysed, its result and nothing else when it is. On the processor, or as GPTVIS_TEST_BACKEND says. */
#include "counting-malloc.h"
#include "rig.h"
#include "model.h"
#include "stream.h"

static void
on_found (gpointer user, GptVisResult *result)
{
}

static void
test_frames (void)
{
  const GptVisListener listener = { on_found, NULL, NULL };
  gchar *directory = checkpoint_write (CHECKPOINT_SOUND);
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  GptVisSettings settings = GPTVIS_SETTINGS;
  GptVisFrameTime time = { 0, 0, 0 };
  const gchar *backend = g_getenv ("GPTVIS_TEST_BACKEND");
  GError *error = NULL;
  GptVisEngine *engine;
  GptVisClient *client;
  GptVisStream *stream;
  GstVideoInfo info;
  GstBuffer *buffer;

  if (!counting_malloc_works ()) {
    g_test_skip ("another allocator stands in for malloc");
    checkpoint_remove (directory);
    return;
  }
  options.path = directory;
  options.program.backend = backend ? backend : "cpu";
  engine = gptvis_engine_open (&options, &error);
  g_assert_no_error (error);
  client = gptvis_client_new (gptvis_engine_model (engine), &(GptVisClientOptions) { }, &error);
  if (backend && !client) {
    g_test_skip (error->message);
    g_error_free (error);
    gptvis_engine_close (engine);
    checkpoint_remove (directory);
    return;
  }
  g_assert_no_error (error);
  if (backend)
    counting_malloc_leave_out_libraries ();
  stream = gptvis_stream_new (engine, client, "alone", GPTVIS_REGIONS_NONE, &listener, NULL);
  g_assert_nonnull (stream);
  gst_video_info_set_format (&info, GST_VIDEO_FORMAT_NV12, 1280, 720);
  buffer = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&info), NULL);
  gst_buffer_memset (buffer, 0, 128, GST_VIDEO_INFO_SIZE (&info));

  settings.interval = 2;
  for (guint i = 0; i < 20; i++) {
    guint count_before = counting_malloc_count ();
    gsize bytes_before = counting_malloc_bytes ();
    GptVisFrameResult seen;
    time.pts = time.running_time = i * 40 * GST_MSECOND;
    gptvis_stream_frame (
        stream, &settings, &(GptVisFrame) { .buffer = buffer, .info = &info, .time = time }, &seen);
    g_assert_nonnull (seen.result);
    guint made = counting_malloc_count () - count_before;
    gsize size = counting_malloc_bytes () - bytes_before;
    gptvis_result_unref (seen.result);
    g_test_message ("frame %u: %u allocations, %" G_GSIZE_FORMAT " bytes", i, made, size);
    if (i < 3)                  /* a stream has two slots, and each makes its tables on its first picture */
      continue;
    g_assert_cmpuint (made, <=, seen.own ? 2 : 0);      /* the result, and the stream's name in it */
    g_assert_cmpuint (size, <, 1024);
  }
  gst_buffer_unref (buffer);
  gptvis_stream_free (stream);
  gptvis_client_unref (client);
  gptvis_engine_close (engine);
  checkpoint_remove (directory);
}

int
main (int argc, char **argv)
{
  rig_init (&argc, &argv);
  g_test_add_func ("/allocations/frames", test_frames);
  return g_test_run ();
}
