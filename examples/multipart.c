/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What multipartdemux cannot know by itself. Left alone it never says how many streams there will be, so
 * decodebin waits until its queues are full: with two pictures a second, for ever. It also collects bytes
 * without limit until a boundary comes, and gives pictures no timestamps. */
#include "multipart.h"

#define MOST (64u << 20)        /* bytes for a picture */

/* The streaming thread's. */
typedef struct {
  guint64 bytes;                /* since the last picture */
  gint64 first;                 /* when the first picture came, monotonic µs; 0: not yet */
} Progress;

gboolean
multipart_is (GstElement *element)
{
  GstElementFactory *factory = gst_element_get_factory (element);

  return factory && g_str_equal (GST_OBJECT_NAME (factory), "multipartdemux");
}

static GstPadProbeReturn
on_bytes (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Progress *progress = data;
  const guint64 before = progress->bytes;

  progress->bytes += gst_buffer_get_size (GST_PAD_PROBE_INFO_BUFFER (info));
  if (progress->bytes <= MOST)
    return GST_PAD_PROBE_OK;
  if (before <= MOST)
    GST_ELEMENT_ERROR (GST_PAD_PARENT (pad), STREAM, DEMUX, ("%u MiB came without the end of a picture.",
            MOST >> 20), (NULL));
  return GST_PAD_PROBE_DROP;
}

/* A picture's timestamp is the time when it came. */
static GstPadProbeReturn
on_picture (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Progress *progress = data;
  GstBuffer *picture = gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));
  GstCaps *unix_caps = gst_caps_new_empty_simple ("timestamp/x-unix");
  const gint64 now = g_get_monotonic_time ();

  if (!progress->first)
    progress->first = now;
  progress->bytes = 0;
  if (!GST_BUFFER_PTS_IS_VALID (picture))
    GST_BUFFER_PTS (picture) = (now - progress->first) * GST_USECOND;
  gst_buffer_add_reference_timestamp_meta (picture, unix_caps, g_get_real_time () * GST_USECOND,
      GST_CLOCK_TIME_NONE);
  GST_PAD_PROBE_INFO_DATA (info) = picture;
  gst_caps_unref (unix_caps);
  return GST_PAD_PROBE_OK;
}

/* Without a blank after "Content-Type:", the type's first letter is lost (as of GStreamer 1.22). */
static void
on_stream (GstElement *demuxer, GstPad *pad, gpointer progress)
{
  GstCaps *caps = gst_pad_get_current_caps (pad);

  if (caps && g_str_has_prefix (gst_structure_get_name (gst_caps_get_structure (caps, 0)), "mage/")) {
    gst_caps_unref (caps);
    caps = gst_caps_new_empty_simple ("image/jpeg");
    gst_pad_set_caps (pad, caps);
  }
  gst_clear_caps (&caps);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_picture, progress, NULL);
}

void
multipart_set_up (GstElement *demuxer)
{
  GstPad *sink = gst_element_get_static_pad (demuxer, "sink");
  Progress *progress = g_new0 (Progress, 1);

  g_object_set (demuxer, "single-stream", TRUE, NULL);
  gst_pad_add_probe (sink, GST_PAD_PROBE_TYPE_BUFFER, on_bytes, progress, g_free);
  g_signal_connect (demuxer, "pad-added", G_CALLBACK (on_stream), progress);
  gst_object_unref (sink);
}
