/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a camera's pipeline. source.c reads and decodes. */
#include "pipeline.h"

/* identity plays a file at its own rate, as if it were a camera. The queue drops its oldest picture when a
 * third comes, so that the decoder never waits. */
#define PIPELINE \
    "identity name=pace ! queue leaky=downstream max-size-buffers=2 max-size-bytes=0 max-size-time=0 " \
    "! videoconvert ! gptvisfilter name=filter policy=latest ! fakesink sync=false enable-last-sample=false"

/* rtspsrc's. */
#define RTSP_LATENCY 200u       /* ms that it waits for a packet that is missing */
#define RTSP_TIMEOUT (3 * G_USEC_PER_SEC)       /* for a connection and for each answer */
#define RTSP_TEARDOWN (100 * GST_MSECOND)

static GstPadProbeReturn
on_picture (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Pipeline *self = data;

  g_atomic_int_inc (&self->pictures);
  return GST_PAD_PROBE_OK;
}

/* Pictures come over the RTSP connection itself: that passes every firewall, and its end is
 * noticed at once. rtspu://… asks for UDP. */
static void
set_up_reader (GstElement *reader, const gchar *uri)
{
  GstElementFactory *factory = gst_element_get_factory (reader);

  if (!factory || !g_str_equal (GST_OBJECT_NAME (factory), "rtspsrc"))
    return;
  g_object_set (reader, "latency", RTSP_LATENCY, "tcp-timeout", (guint64) RTSP_TIMEOUT,
      "timeout", (guint64) RTSP_TIMEOUT, "teardown-timeout", (guint64) RTSP_TEARDOWN,
      "udp-reconnect", FALSE, NULL);    /* a camera that was off has forgotten us */
  if (g_str_has_prefix (uri, "rtsp://"))
    gst_util_set_object_arg (G_OBJECT (reader), "protocols", "tcp");
}

static void
set_up_filter (Pipeline *self, const CameraSettings *settings)
{
  GstPad *pad = gst_element_get_static_pad (self->filter, "src");

  g_object_set (self->filter, "model", settings->model, "max-rate", settings->max_rate,
      "threshold", (gfloat) settings->threshold, "top-k", (guint) settings->top_k, NULL);
  if (settings->regions)
    gst_util_set_object_arg (G_OBJECT (self->filter), "regions", settings->regions);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_picture, self, NULL);
  gst_object_unref (pad);
}

gboolean
pipeline_make (Pipeline *self, const gchar *uri, const CameraSettings *settings, GError **error)
{
  GstElement *pace;
  gboolean made;

  *self = (Pipeline) { NULL };
  self->pipeline = gst_parse_launch_full (PIPELINE, NULL, GST_PARSE_FLAG_FATAL_ERRORS, error);
  if (!self->pipeline)
    return FALSE;
  self->bus = gst_element_get_bus (self->pipeline);
  self->filter = gst_bin_get_by_name (GST_BIN (self->pipeline), "filter");
  set_up_filter (self, settings);
  pace = gst_bin_get_by_name (GST_BIN (self->pipeline), "pace");
  g_object_set (pace, "sync", g_str_has_prefix (uri, "file://"), NULL);
  if ((made = source_add (&self->source, self->pipeline, uri, pace, error)))
    set_up_reader (self->source.reader, uri);
  gst_object_unref (pace);
  return made;
}

void
pipeline_clear (Pipeline *self)
{
  gst_clear_object (&self->filter);
  gst_clear_object (&self->bus);
  gst_clear_object (&self->pipeline);
}

gboolean
pipeline_rewind (Pipeline *self)
{
  return gst_element_seek_simple (self->pipeline, GST_FORMAT_TIME,
      GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_KEY_UNIT, 0);
}

void
filter_count (GstElement *filter, guint64 *frames, guint64 *analysed)
{
  GstStructure *stats = NULL;
  guint64 more_frames = 0, more_analysed = 0;

  g_object_get (filter, "stats", &stats, NULL);
  if (!stats)
    return;
  gst_structure_get (stats, "frames", G_TYPE_UINT64, &more_frames, "analysed", G_TYPE_UINT64, &more_analysed,
      NULL);
  *frames += more_frames;
  *analysed += more_analysed;
  gst_structure_free (stats);
}
