/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decoders for photos. GStreamer's are made for video: jpegdec keeps a quarter of a photo's colours and
 * rounds coarsely, which changes a network's scores by some percent; those for BMP and TIFF take each block
 * that is read for a picture; the demuxer for GIF never ends; only jpegparse knows how a photo is turned.
 * gdk-pixbuf decodes as other programs do, so here its element is put into a bin,
 *
 *     valve ! [parser] ! capssetter ! decoder
 *
 * where a buffer from the parser, or without one the whole file, is one photo. Its orientation goes before it
 * as a tag (exif.c); an animation is split (animation.c), and its pictures are drawn after the decoder.
 * valve, which can only push and needs no thread for it, keeps the parser from pulling before decodebin has
 * linked the bin; capssetter sets caps that the decoder accepts, since gdkpixbufdec decodes more than it
 * says. */
#include "photo.h"
#include <gst/base/gstadapter.h>
#include "animation.h"
#include "exif.h"

#define LARGEST (1u << 30)      /* bytes of a file */
#define CANVAS (4096u * 4096u)  /* pixels of an animation */

#define BROKEN "The photo is broken or cut short."

typedef struct {
  const gchar *name, *caps;
  const gchar *parser;          /* NULL: a file has one photo */
  const gchar *decoder, *decoder_caps;
  const gchar *broken;          /* what is said if decoding fails */
} Kind;

static const Kind kinds[] = {
  { PHOTO_DECODER "jpeg", "image/jpeg", "jpegparse", "gdkpixbufdec", "image/png", BROKEN },
  { PHOTO_DECODER "png", "image/png", "pngparse", "gdkpixbufdec", "image/png", BROKEN },
  { PHOTO_DECODER "webp", "image/webp", NULL, "webpdec", "image/webp", BROKEN },
  { PHOTO_DECODER "file", "image/gif; image/tiff; image/bmp; image/x-icon; image/x-tga", NULL, "gdkpixbufdec",
      "image/png", BROKEN },
  { PHOTO_DECODER "heif", "video/quicktime, variant=(string)heif", NULL, "gdkpixbufdec", "image/png",
      "The HEIC or AVIF photo is broken, or gdk-pixbuf has no loader for it (Debian: heif-gdk-pixbuf, "
      "libavif-gdk-pixbuf)." },
  { PHOTO_DECODER "jxl", "image/jxl", NULL, "gdkpixbufdec", "image/png",
      "The JPEG XL photo is broken, or gdk-pixbuf has no loader for it (Debian: libjxl-gdk-pixbuf)." },
};

typedef struct {
  GstBin parent;
  GstElement *valve;

  /* The streaming thread's. */
  GstAdapter *file;             /* what has come of it; without a parser */
  gboolean pushing;             /* what passes is ours */
  gboolean over;                /* what still comes is ignored */
  gboolean failed;              /* and so is its end */
  Animation *animation;         /* being drawn, or NULL */
  guint drawn;                  /* its pictures so far */
  GstVideoInfo still;           /* as the decoder gives it */
} PhotoDecoder;

typedef struct {
  GstBinClass parent;
  const Kind *kind;
} PhotoDecoderClass;

static gpointer parent_class;

static const Kind *
kind_of (PhotoDecoder *self)
{
  return G_TYPE_INSTANCE_GET_CLASS (self, G_OBJECT_TYPE (self), PhotoDecoderClass)->kind;
}

/* --- before the decoder: whole photos --- */

static GstFlowReturn
complain (PhotoDecoder *self, const gchar *sentence)
{
  GST_ELEMENT_ERROR (self, STREAM, DECODE, ("%s", sentence), (NULL));
  self->over = self->failed = TRUE;
  return GST_FLOW_ERROR;
}

static void
push_orientation (GstPad *pad, const GstMapInfo *map)
{
  const gchar *tag = exif_orientation_tag (exif_orientation (map->data, map->size));

  gst_pad_push_event (pad, gst_event_new_tag (gst_tag_list_new (GST_TAG_IMAGE_ORIENTATION, tag, NULL)));
}

static GstFlowReturn
push_animation (PhotoDecoder *self, GstPad *pad)
{
  GstFlowReturn flow = GST_FLOW_OK;
  guint width, height;

  animation_size (self->animation, &width, &height);
  if (width < 1 || height < 1 || width > CANVAS || height > CANVAS / width)
    flow = complain (self, "The animation's size must be from 1 to 16777216 pixels.");
  for (guint i = 0; flow == GST_FLOW_OK && i < animation_n_pictures (self->animation); i++)
    flow = gst_pad_push (pad, animation_still (self->animation, i));
  return flow;
}

/* Takes the photo. */
static GstFlowReturn
push_photo (PhotoDecoder *self, GstPad *pad, GstBuffer *photo)
{
  GstFlowReturn flow;
  GstMapInfo map;

  if (!gst_buffer_map (photo, &map, GST_MAP_READ)) {
    gst_buffer_unref (photo);
    return complain (self, "The file cannot be held in memory.");
  }
  push_orientation (pad, &map);
  g_clear_pointer (&self->animation, animation_free);
  self->animation = animation_new (map.data, map.size);
  self->drawn = 0;
  self->over = exif_has_companions (map.data, map.size);   /* what follows belongs to the photo and is none */
  self->pushing = TRUE;
  if (exif_is_raw (map.data, map.size))
    flow = complain (self, "It is a RAW photo, of which GStreamer has no decoder; export it as JPEG or PNG.");
  else
    flow = self->animation ? push_animation (self, pad) : gst_pad_push (pad, gst_buffer_ref (photo));
  self->pushing = FALSE;
  gst_buffer_unmap (photo, &map);
  gst_buffer_unref (photo);
  return flow;
}

/* With a parser each buffer is a photo, else all together are one. */
static GstPadProbeReturn
on_coded (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  PhotoDecoder *self = data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);

  if (self->pushing)
    return GST_PAD_PROBE_OK;
  GST_PAD_PROBE_INFO_DATA (info) = NULL;
  GST_PAD_PROBE_INFO_FLOW_RETURN (info) = GST_FLOW_OK;
  if (self->over) {
    gst_buffer_unref (buffer);
  } else if (kind_of (self)->parser) {
    GST_PAD_PROBE_INFO_FLOW_RETURN (info) = push_photo (self, pad, buffer);
  } else {
    gst_adapter_push (self->file, buffer);
    if (gst_adapter_available (self->file) > LARGEST)
      GST_PAD_PROBE_INFO_FLOW_RETURN (info) = complain (self, "A photo's file may have at most 1 GiB.");
  }
  return GST_PAD_PROBE_HANDLED;
}

/* The decoders take each buffer for a whole photo if the stream's format is time. */
static GstPadProbeReturn
on_coded_event (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  PhotoDecoder *self = data;
  GstSegment segment;

  /* at EOS gdkpixbufdec would push half a picture, while the pipeline is being stopped */
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS && self->failed)
    return GST_PAD_PROBE_DROP;
  if (GST_EVENT_TYPE (event) != GST_EVENT_SEGMENT)
    return GST_PAD_PROBE_OK;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  GST_PAD_PROBE_INFO_DATA (info) = gst_event_new_segment (&segment);
  gst_event_unref (event);
  return GST_PAD_PROBE_OK;
}

/* Before the valve, since nothing can be pushed through a pad once EOS has passed it. */
static GstPadProbeReturn
on_end (GstPad *sink, GstPadProbeInfo *info, gpointer data)
{
  PhotoDecoder *self = data;
  const gsize size = gst_adapter_available (self->file);
  GstBuffer *photo;
  GstPad *pad;

  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) != GST_EVENT_EOS || size == 0)
    return GST_PAD_PROBE_OK;
  photo = gst_buffer_make_writable (gst_adapter_take_buffer (self->file, size));
  GST_BUFFER_PTS (photo) = 0;
  pad = gst_element_get_static_pad (self->valve, "src");
  push_photo (self, pad, photo);
  gst_object_unref (pad);
  return GST_PAD_PROBE_OK;
}

/* --- after the decoder: an animation's pictures --- */

static GstBuffer *
draw (PhotoDecoder *self, GstBuffer *still)
{
  GstBuffer *drawn = NULL;
  GstVideoFrame frame;

  if (self->drawn < animation_n_pictures (self->animation)
      && gst_video_frame_map (&frame, &self->still, still, GST_MAP_READ)) {
    drawn = animation_draw (self->animation, self->drawn++, &frame);
    gst_video_frame_unmap (&frame);
  }
  if (drawn)
    gst_buffer_copy_into (drawn, still, GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
  return drawn;
}

static GstPadProbeReturn
on_decoded (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  PhotoDecoder *self = data;
  GstBuffer *still = GST_PAD_PROBE_INFO_BUFFER (info), *drawn;

  if (!self->animation)
    return GST_PAD_PROBE_OK;
  drawn = draw (self, still);
  gst_buffer_unref (still);
  GST_PAD_PROBE_INFO_DATA (info) = drawn;
  if (drawn)
    return GST_PAD_PROBE_OK;
  GST_PAD_PROBE_INFO_FLOW_RETURN (info)
      = complain (self, "A picture of the animation is not of the size that the file says.");
  return GST_PAD_PROBE_HANDLED;
}

/* The caps of what is drawn in place of the stills'. */
static GstPadProbeReturn
on_decoded_event (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  PhotoDecoder *self = data;
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  guint width, height;
  GstVideoInfo drawn;
  GstCaps *caps;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CAPS)
    return GST_PAD_PROBE_OK;
  gst_event_parse_caps (event, &caps);
  gst_video_info_from_caps (&self->still, caps);
  if (!self->animation)
    return GST_PAD_PROBE_OK;
  animation_size (self->animation, &width, &height);
  gst_video_info_set_format (&drawn, GST_VIDEO_FORMAT_RGBA, width, height);
  caps = gst_video_info_to_caps (&drawn);
  gst_event_unref (event);
  GST_PAD_PROBE_INFO_DATA (info) = gst_event_new_caps (caps);
  gst_caps_unref (caps);
  return GST_PAD_PROBE_OK;
}

/* --- the bin --- */

static void
add_probe (PhotoDecoder *self, GstElement *element, const gchar *name, GstPadProbeType type,
    GstPadProbeCallback callback)
{
  GstPad *pad = gst_element_get_static_pad (element, name);

  gst_pad_add_probe (pad, type, callback, self, NULL);
  gst_object_unref (pad);
}

static void
add_pad (PhotoDecoder *self, const gchar *name, GstElement *element)
{
  GstPad *target = gst_element_get_static_pad (element, name);
  GstPadTemplate *made = gst_element_class_get_pad_template (GST_ELEMENT_GET_CLASS (self), name);

  gst_element_add_pad (GST_ELEMENT (self), gst_ghost_pad_new_from_template (name, target, made));
  gst_object_unref (target);
}

static void
photo_decoder_init (GTypeInstance *instance, gpointer klass)
{
  PhotoDecoder *self = (PhotoDecoder *) instance;
  const Kind *kind = ((PhotoDecoderClass *) klass)->kind;
  GstElement *valve = gst_element_factory_make ("valve", NULL), *last = valve;
  GstElement *setter = gst_element_factory_make ("capssetter", NULL);
  GstElement *decoder = gst_element_factory_make (kind->decoder, NULL);

  self->valve = valve;
  self->file = gst_adapter_new ();
  gst_util_set_object_arg (G_OBJECT (setter), "caps", kind->decoder_caps);
  g_object_set (setter, "join", FALSE, "replace", TRUE, NULL);
  gst_bin_add_many (GST_BIN (self), valve, setter, decoder, NULL);
  if (kind->parser) {
    last = gst_element_factory_make (kind->parser, NULL);
    gst_bin_add (GST_BIN (self), last);
    gst_element_link (valve, last);
  }
  gst_element_link_many (last, setter, decoder, NULL);
  add_probe (self, valve, "sink", GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_end);
  add_probe (self, last, "src", GST_PAD_PROBE_TYPE_BUFFER, on_coded);
  add_probe (self, last, "src", GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_coded_event);
  add_probe (self, decoder, "src", GST_PAD_PROBE_TYPE_BUFFER, on_decoded);
  add_probe (self, decoder, "src", GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_decoded_event);
  add_pad (self, "sink", valve);
  add_pad (self, "src", decoder);
}

static void
photo_decoder_finalize (GObject *object)
{
  PhotoDecoder *self = (PhotoDecoder *) object;

  g_clear_pointer (&self->animation, animation_free);
  g_object_unref (self->file);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

/* Replaces the decoder's errors by sentences of our own. */
static void
photo_decoder_handle_message (GstBin *bin, GstMessage *message)
{
  PhotoDecoder *self = (PhotoDecoder *) bin;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR && GST_MESSAGE_SRC (message) != (GstObject *) self
      && !self->failed) {
    complain (self, kind_of (self)->broken);
    gst_message_unref (message);
  } else {
    GST_BIN_CLASS (parent_class)->handle_message (bin, message);
  }
}

static void
add_template (GstElementClass *klass, const gchar *name, GstPadDirection direction, const gchar *text)
{
  GstCaps *caps = gst_caps_from_string (text);

  gst_element_class_add_pad_template (klass, gst_pad_template_new (name, direction, GST_PAD_ALWAYS, caps));
  gst_caps_unref (caps);
}

static void
photo_decoder_class_init (gpointer klass, gpointer data)
{
  const Kind *kind = ((PhotoDecoderClass *) klass)->kind = data;

  parent_class = g_type_class_peek_parent (klass);
  G_OBJECT_CLASS (klass)->finalize = photo_decoder_finalize;
  GST_BIN_CLASS (klass)->handle_message = photo_decoder_handle_message;
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass), "Photo decoder", "Codec/Decoder/Image",
      "Decodes photos as other programs do", "The gptvis developers");
  add_template (GST_ELEMENT_CLASS (klass), "sink", GST_PAD_SINK, kind->caps);
  add_template (GST_ELEMENT_CLASS (klass), "src", GST_PAD_SRC, "video/x-raw");
}

/* --- registered --- */

static gboolean
is_installed (const gchar *element)
{
  GstElementFactory *factory = gst_element_factory_find (element);

  if (factory)
    gst_object_unref (factory);
  return factory != NULL;
}

static void
register_kind (const Kind *kind)
{
  const GTypeInfo info = { .class_size = sizeof (PhotoDecoderClass), .class_init = photo_decoder_class_init,
    .class_data = kind, .instance_size = sizeof (PhotoDecoder), .instance_init = photo_decoder_init
  };

  if ((!kind->parser || is_installed (kind->parser)) && is_installed (kind->decoder)
      && is_installed ("capssetter"))
    gst_element_register (NULL, kind->name, GST_RANK_PRIMARY + 1,
        g_type_register_static (GST_TYPE_BIN, kind->name, &info, 0));
}

/* GStreamer does not recognise JPEG XL (as of 1.26): bare, and in a container. */
static void
find_jxl (GstTypeFind *find, gpointer unused)
{
  static const guint8 container[12] = { 0, 0, 0, 12, 'J', 'X', 'L', ' ', 13, 10, 0x87, 10 };
  const guint8 *head = gst_type_find_peek (find, 0, sizeof container);

  if (head && memcmp (head, container, sizeof container) == 0)
    gst_type_find_suggest_simple (find, GST_TYPE_FIND_MAXIMUM, "image/jxl", NULL, NULL);
  else if (head && head[0] == 0xff && head[1] == 0x0a)
    gst_type_find_suggest_simple (find, GST_TYPE_FIND_POSSIBLE, "image/jxl", NULL, NULL);
}

void
photo_decoders_register (void)
{
  GstCaps *jxl = gst_caps_new_empty_simple ("image/jxl");

  gst_type_find_register (NULL, "image/jxl", GST_RANK_PRIMARY, find_jxl, "jxl", jxl, NULL, NULL);
  gst_caps_unref (jxl);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    register_kind (&kinds[i]);
}
