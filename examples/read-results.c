/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the labels and captions off the buffers, in C: a pad probe behind gptvisfilter. Build it outside this
 * tree with
 *
 *     cc read-results.c -o read-results $(pkg-config --cflags --libs gptvis-1.0)
 *     ./read-results video.mp4
 */
#include <gst/gst.h>
#include "gptvis.h"

static GstPadProbeReturn
on_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
  GptVisMeta *seen = gptvis_buffer_get_meta (GST_PAD_PROBE_INFO_BUFFER (info));

  if (seen && seen->own) {
    g_print ("%" GST_TIME_FORMAT, GST_TIME_ARGS (seen->result->pts));
    for (guint i = 0; i < seen->result->n_labels; i++)
      g_print ("  %s %.2f", seen->result->labels[i].text, seen->result->labels[i].score);
    if (seen->result->caption)
      g_print ("  \"%s\"", seen->result->caption->text);
    g_print ("\n");
  }
  return GST_PAD_PROBE_OK;
}

int
main (int argc, char **argv)
{
  GError *error = NULL;

  gst_init (&argc, &argv);
  if (argc != 2) {
    g_printerr ("Usage: %s VIDEO\n", argv[0]);
    return 2;
  }
  GstElement *pipeline = gst_parse_launch ("filesrc name=file ! decodebin ! videoconvert "
      "! gptvisfilter name=filter interval=10 ! fakesink", &error);
  if (error) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  GstElement *file = gst_bin_get_by_name (GST_BIN (pipeline), "file");
  GstElement *filter = gst_bin_get_by_name (GST_BIN (pipeline), "filter");
  g_object_set (file, "location", argv[1], NULL);
  GstPad *pad = gst_element_get_static_pad (filter, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, NULL, NULL);

  GstBus *bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  GstMessage *end = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  gboolean failed = GST_MESSAGE_TYPE (end) == GST_MESSAGE_ERROR;
  if (failed) {
    gst_message_parse_error (end, &error, NULL);
    g_printerr ("%s\n", error->message);
    g_error_free (error);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_message_unref (end);
  gst_object_unref (bus);
  gst_object_unref (pad);
  gst_object_unref (filter);
  gst_object_unref (file);
  gst_object_unref (pipeline);
  return failed;
}
