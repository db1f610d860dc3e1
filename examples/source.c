/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a URI and decodes the pictures in it. uridecodebin does the same and more, but can
 * neither be used again after an input that failed, nor be removed (as of GStreamer 1.22 it
 * then unlinks pads that no longer exist). */
#include "source.h"
#include "multipart.h"
#include "photo.h"

/* rtspsrc has a pad for each of the camera's streams, as soon as it knows them. */
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

  /* unchecked: unsuitable pictures are reported where they arrive */
  if (!gst_pad_is_linked (sink))
    gst_pad_link_full (pad, sink, GST_PAD_LINK_CHECK_NOTHING);
  gst_object_unref (sink);
}

static gboolean
gives_any (GstElementFactory *factory)
{
  const GList *pads = gst_element_factory_get_static_pad_templates (factory);
  gboolean any = FALSE;

  for (; pads && !any; pads = pads->next) {
    GstStaticPadTemplate *pad = pads->data;
    GstCaps *caps = gst_static_pad_template_get_caps (pad);
    any = pad->direction == GST_PAD_SRC && gst_caps_is_any (caps);
    gst_caps_unref (caps);
  }
  return any;
}

/* decodebin takes a decoder whose pads give ANY, as those of vp8alphadecodebin and vp9alphadecodebin do,
 * for one that gives no pictures, and tries no other. Without them VP8 and VP9 play, only without
 * transparency. */
static gpointer
pass_over_any (gpointer unused)
{
  GList *decoders = gst_element_factory_list_get_elements (GST_ELEMENT_FACTORY_TYPE_DECODER
      | GST_ELEMENT_FACTORY_TYPE_MEDIA_VIDEO, GST_RANK_MARGINAL);

  for (GList *decoder = decoders; decoder; decoder = decoder->next) {
    if (gives_any (decoder->data))
      gst_plugin_feature_set_rank (decoder->data, GST_RANK_NONE);
  }
  gst_plugin_feature_list_free (decoders);
  return NULL;
}

static void
on_part (GstBin *decoder, GstElement *part, gpointer data)
{
  Source *self = data;

  if (!multipart_is (part))
    return;
  multipart_set_up (part);
  self->multipart = TRUE;
}

/* What has a frame rate, or comes from a camera, is a stream, not a photo. */
static int
on_choice (GstElement *decoder, GstPad *pad, GstCaps *caps, GstElementFactory *factory, gpointer data)
{
  enum { TRY, EXPOSE, SKIP };   /* GstAutoplugSelectResult, which is in no header */
  const Source *self = data;
  gint rate = 0, unit;

  gst_structure_get_fraction (gst_caps_get_structure (caps, 0), "framerate", &rate, &unit);
  return (rate > 0 || self->multipart)
      && g_str_has_prefix (GST_OBJECT_NAME (factory), PHOTO_DECODER) ? SKIP : TRY;
}

/* --- errors that decodebin loses --- */

#define LOST "lost-error"       /* the decodebin's data: the first error of its elements */

/* On an element's own bus; `bus` is decodebin's. */
static GstBusSyncReply
on_message (GstBus *own, GstMessage *message, gpointer bus)
{
  GstObject *decoder = GST_OBJECT_PARENT (GST_MESSAGE_SRC (message));

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR && decoder
      && !g_object_get_data (G_OBJECT (decoder), LOST))
    g_object_set_data_full (
        G_OBJECT (decoder), LOST, gst_message_ref (message), (GDestroyNotify) gst_message_unref);
  gst_bus_post (bus, message);
  return GST_BUS_DROP;
}

static void
on_element (GstBin *decoder, GstElement *element, gpointer unused)
{
  GstBus *own = gst_bus_new ();

  gst_bus_set_sync_handler (own, on_message, gst_element_get_bus (element), gst_object_unref);
  gst_element_set_bus (element, own);
  gst_object_unref (own);
}

GstMessage *
source_lost_error (const Source *self)
{
  GstMessage *error = g_object_get_data (G_OBJECT (self->decoder), LOST);
  GstElement *element = error ? GST_ELEMENT (GST_MESSAGE_SRC (error)) : NULL;

  return element && GST_OBJECT_PARENT (element) == (GstObject *) self->decoder
      && GST_STATE (element) >= GST_STATE_PAUSED ? error : NULL;
}

/* --- all --- */

gboolean
source_add (Source *self, GstElement *pipeline, const gchar *uri, GstElement *sink, GError **error)
{
  static GOnce once = G_ONCE_INIT;
  GstPad *pad;

  g_once (&once, pass_over_any, NULL);
  self->reader = gst_element_make_from_uri (GST_URI_SRC, uri, NULL, error);
  if (!self->reader)
    return FALSE;
  self->decoder = gst_element_factory_make ("decodebin", NULL);
  gst_util_set_object_arg (G_OBJECT (self->decoder), "caps", "video/x-raw(ANY)");
  g_object_set (self->decoder, "expose-all-streams", FALSE, NULL);
  g_signal_connect (self->decoder, "pad-added", G_CALLBACK (on_decoded), sink);
  g_signal_connect (self->decoder, "autoplug-select", G_CALLBACK (on_choice), self);
  g_signal_connect (self->decoder, "element-added", G_CALLBACK (on_part), self);
  g_signal_connect (self->decoder, "element-added", G_CALLBACK (on_element), NULL);
  gst_bin_add_many (GST_BIN (pipeline), self->reader, self->decoder, NULL);
  if ((pad = gst_element_get_static_pad (self->reader, "src"))) {
    gst_object_unref (pad);
    gst_element_link (self->reader, self->decoder);
  } else {
    g_signal_connect (self->reader, "pad-added", G_CALLBACK (on_stream), self->decoder);
  }
  return TRUE;
}
