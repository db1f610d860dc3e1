/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a URI and decodes the pictures in it. uridecodebin does the same and more, but
 * neither bears to be used again after an input that failed, nor to be removed (as of
 * GStreamer 1.22 it then unlinks pads that are no more). */
#include "source.h"
#include "photo.h"

/* rtspsrc has a pad for each of the camera's streams, once it knows them. */
static void
on_stream (GstElement *reader, GstPad *pad, gpointer decoder)
{
  GstCaps *caps = gst_pad_query_caps (pad, NULL);
  const gchar *media = gst_caps_is_any (caps) || gst_caps_is_empty (caps) ? NULL
      : gst_structure_get_string (gst_caps_get_structure (caps, 0), "media");
  GstPad *sink = gst_element_get_static_pad (decoder, "sink");

  if (g_strcmp0 (media, "audio") != 0 && !gst_pad_is_linked (sink))
    gst_pad_link (pad, sink);
  gst_object_unref (sink);
  gst_caps_unref (caps);
}

static void
on_decoded (GstElement *decoder, GstPad *pad, gpointer queue)
{
  GstPad *sink = gst_element_get_static_pad (queue, "sink");

  if (!gst_pad_is_linked (sink))
    gst_pad_link (pad, sink);
  gst_object_unref (sink);
}

/* A stream of JPEG pictures has a rate; it is no photo. */
static int
on_choice (GstElement *decoder, GstPad *pad, GstCaps *caps, GstElementFactory *factory, gpointer unused)
{
  enum { TRY, EXPOSE, SKIP };   /* GstAutoplugSelectResult, which is in no header */
  gint rate = 0, unit;

  gst_structure_get_fraction (gst_caps_get_structure (caps, 0), "framerate", &rate, &unit);
  return rate > 0 && g_str_equal (GST_OBJECT_NAME (factory), PHOTO_DECODER) ? SKIP : TRY;
}

gboolean
source_add (Source *self, GstElement *pipeline, const gchar *uri, GstElement *sink, GError **error)
{
  GstPad *pad;

  self->reader = gst_element_make_from_uri (GST_URI_SRC, uri, NULL, error);
  if (!self->reader)
    return FALSE;
  self->decoder = gst_element_factory_make ("decodebin", NULL);
  gst_util_set_object_arg (G_OBJECT (self->decoder), "caps", "video/x-raw(ANY)");
  g_object_set (self->decoder, "expose-all-streams", FALSE, NULL);
  g_signal_connect (self->decoder, "pad-added", G_CALLBACK (on_decoded), sink);
  g_signal_connect (self->decoder, "autoplug-select", G_CALLBACK (on_choice), NULL);
  gst_bin_add_many (GST_BIN (pipeline), self->reader, self->decoder, NULL);
  if ((pad = gst_element_get_static_pad (self->reader, "src"))) {
    gst_object_unref (pad);
    gst_element_link (self->reader, self->decoder);
  } else {
    g_signal_connect (self->reader, "pad-added", G_CALLBACK (on_stream), self->decoder);
  }
  return TRUE;
}

void
source_remove (Source *self, GstElement *pipeline)
{
  if (!self->reader)
    return;
  gst_element_set_state (self->reader, GST_STATE_NULL);
  gst_element_set_state (self->decoder, GST_STATE_NULL);
  gst_bin_remove_many (GST_BIN (pipeline), self->reader, self->decoder, NULL);
  *self = (Source) { NULL, NULL };
}
