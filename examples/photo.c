/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A decoder for photos. GStreamer's jpegdec is made for video: it keeps a quarter of
 * a photo's colours and counts coarsely, and a network's answers move by some percent.
 * gdk-pixbuf decodes as other programs do, so its element is put into a bin here,
 *
 *     valve ! jpegparse ! capssetter ! gdkpixbufdec
 *
 * where valve, which can only push and needs no thread for it, keeps jpegparse from pulling
 * before decodebin has linked the bin; jpegparse reads the EXIF data; capssetter says image/png, since
 * gdkpixbufdec takes JPEG but does not say so. */
#include "photo.h"

typedef GstBin PhotoDecoder;
typedef GstBinClass PhotoDecoderClass;

static GType photo_decoder_get_type (void);
G_DEFINE_TYPE (PhotoDecoder, photo_decoder, GST_TYPE_BIN)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("image/jpeg"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("video/x-raw"));

static void
add_pad (PhotoDecoder *self, const gchar *name, GstElement *element, GstStaticPadTemplate *pad_template)
{
  GstPad *target = gst_element_get_static_pad (element, name);
  GstPadTemplate *made = gst_static_pad_template_get (pad_template);

  gst_element_add_pad (GST_ELEMENT (self), gst_ghost_pad_new_from_template (name, target, made));
  gst_object_unref (made);
  gst_object_unref (target);
}

static void
photo_decoder_init (PhotoDecoder *self)
{
  GstElement *valve = gst_element_factory_make ("valve", NULL);
  GstElement *parser = gst_element_factory_make ("jpegparse", NULL);
  GstElement *setter = gst_element_factory_make ("capssetter", NULL);
  GstElement *decoder = gst_element_factory_make ("gdkpixbufdec", NULL);

  gst_util_set_object_arg (G_OBJECT (setter), "caps", "image/png");
  g_object_set (setter, "join", FALSE, "replace", TRUE, NULL);
  gst_bin_add_many (self, valve, parser, setter, decoder, NULL);
  gst_element_link_many (valve, parser, setter, decoder, NULL);
  add_pad (self, "sink", valve, &sink_template);
  add_pad (self, "src", decoder, &src_template);
}

static void
photo_decoder_class_init (PhotoDecoderClass *klass)
{
  GstElementClass *element = GST_ELEMENT_CLASS (klass);

  gst_element_class_set_static_metadata (element, "Photo decoder", "Codec/Decoder/Image",
      "Decodes JPEG photos to RGB by gdk-pixbuf", "The gptvis developers");
  gst_element_class_add_static_pad_template (element, &sink_template);
  gst_element_class_add_static_pad_template (element, &src_template);
}

gboolean
photo_decoder_register (void)
{
  static const gchar *const parts[] = { "jpegparse", "capssetter", "gdkpixbufdec" };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    GstElementFactory *factory = gst_element_factory_find (parts[i]);
    if (!factory)
      return FALSE;
    gst_object_unref (factory);
  }
  return gst_element_register (NULL, PHOTO_DECODER, GST_RANK_PRIMARY + 1, photo_decoder_get_type ());
}
