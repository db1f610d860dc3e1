/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvisoverlay, the element: properties, and which frames get a plate. What a plate
 * looks like is plate.c's (labels) and captionplate.c's; who put the results there it does not know. */

/**
 * SECTION:element-gptvisoverlay
 * @title: gptvisoverlay
 * @short_description: draws labels and captions on video
 * @see_also: gptvisfilter, gptvisjson
 *
 * Draws what #gptvisfilter attached to a buffer onto its picture: each label with
 * its score, light on a dark translucent plate. The text grows with the picture,
 * long labels are cut with an ellipsis, and where not all fit, the best stay.
 *
 * A caption is drawn at the bottom of the picture (caption-position), centred, on a
 * shade that keeps it readable, over as many lines as it needs up to a third of the
 * picture's height; what is longer ends in an ellipsis, and so does a caption of which more words will come.
 * Scripts of all directions are laid out as they should be, as far as there are fonts for
 * them. Labels make room for the caption: the two never overlap.
 *
 * |[
 * gst-launch-1.0 filesrc location=street.mp4 ! decodebin ! videoconvert ! gptvisfilter interval=5 \
 *     ! gptvisoverlay position=bottom-left ! videoconvert ! autovideosink
 * ]|
 *
 * Buffers without labels and captions pass untouched and uncopied. Nothing is drawn in
 * place of no label. A held result is drawn as on its own frame: fading it between two
 * analyses would flicker. Behind several gptvisfilter the labels and captions of all
 * are shown, one below the other.
 *
 * Every property may change at any time.
 */
#include "gptvisoverlay.h"
#include "captionplate.h"
#include "enums.h"
#include "frame.h"
#include "gptvis.h"
#include "message.h"

GST_DEBUG_CATEGORY_STATIC (overlay_debug);
#define GST_CAT_DEFAULT overlay_debug

#define MAX_ROWS 64u
#define MAX_CAPTIONS 8u
#define MAX_FONT_SIZE 512u

enum {
  PROP_0, PROP_POSITION, PROP_FONT, PROP_FONT_SIZE, PROP_MAX_LABELS, PROP_SCORES, PROP_COLOR, PROP_BACKGROUND,
  PROP_SHOW_CAPTIONS, PROP_CAPTION_POSITION, PROP_CAPTION_FONT_SIZE
};

/* What the results on a buffer have to draw. */
typedef struct {
  GptVisPlateRow rows[MAX_ROWS];
  const GptVisCaption *captions[MAX_CAPTIONS];
  guint n_rows, n_captions;
} Contents;

struct _GstGptVisOverlay {
  GstBaseTransform parent;

  /* Under the object lock. */
  GptVisPlateStyle style;
  GptVisCaptionStyle caption_style;     /* its font, color and background are style's */
  GRefString *font;             /* style.font is filled from it, frame by frame */
  guint max_labels;
  gboolean show_captions;

  /* The streaming thread's. */
  GstVideoInfo info;
  GptVisPlate *plate;           /* between start and stop */
  GptVisCaptionPlate *caption_plate;    /* likewise */
  GstVideoOverlayComposition *labels, *captions;        /* for the buffer in hand; the plates' */
  gboolean warned_no_font, warned_not_drawn;
};

G_DEFINE_TYPE (GstGptVisOverlay, gst_gptvis_overlay, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE (gptvisoverlay, "gptvisoverlay", GST_RANK_NONE, GST_TYPE_GPTVIS_OVERLAY)

#define DEFAULT_FONT "Sans"
static const GptVisPlateStyle default_style = {
  .position = GPTVIS_POSITION_TOP_LEFT,.scores = GPTVIS_SCORES_BOTH,.font_size = 0,
  .color = 0xffffffff,.background = 0xc00c1014
};
#define DEFAULT_MAX_LABELS 5u

static const GEnumValue positions[] = {
  { GPTVIS_POSITION_TOP_LEFT, "Top left", "top-left" },
  { GPTVIS_POSITION_TOP, "Top", "top" },
  { GPTVIS_POSITION_TOP_RIGHT, "Top right", "top-right" },
  { GPTVIS_POSITION_LEFT, "Left", "left" },
  { GPTVIS_POSITION_CENTER, "Center", "center" },
  { GPTVIS_POSITION_RIGHT, "Right", "right" },
  { GPTVIS_POSITION_BOTTOM_LEFT, "Bottom left", "bottom-left" },
  { GPTVIS_POSITION_BOTTOM, "Bottom", "bottom" },
  { GPTVIS_POSITION_BOTTOM_RIGHT, "Bottom right", "bottom-right" },
  { 0 }
};
static const GEnumValue caption_positions[] = {
  { GPTVIS_CAPTION_POSITION_TOP, "Top", "top" },
  { GPTVIS_CAPTION_POSITION_CENTER, "Center", "center" },
  { GPTVIS_CAPTION_POSITION_BOTTOM, "Bottom", "bottom" },
  { 0 }
};
static const GEnumValue scores[] = {
  { GPTVIS_SCORES_NONE, "Labels without scores", "none" },
  { GPTVIS_SCORES_PERCENT, "A percentage", "percent" },
  { GPTVIS_SCORES_BAR, "A bar", "bar" },
  { GPTVIS_SCORES_BOTH, "A percentage and a bar", "both" },
  { 0 }
};

/* --- a frame --- */

/* The labels, `max` of each, and the captions of every result on the buffer. */
static void
collect (GstBuffer *buffer, guint max, gboolean captions, Contents *contents)
{
  gpointer state = NULL;
  GptVisMeta *meta;

  contents->n_rows = contents->n_captions = 0;
  while ((meta = gptvis_buffer_iterate_meta (buffer, &state))) {
    const GptVisResult *result = meta->result;
    const guint first = contents->n_rows;
    for (guint i = 0; i < result->n_labels && i < max && contents->n_rows < MAX_ROWS; i++)
      contents->rows[contents->n_rows++] = (GptVisPlateRow) { result->labels[i].text, result->labels[i].score,
        i == 0 && first > 0 };
    if (captions && result->caption && contents->n_captions < MAX_CAPTIONS)
      contents->captions[contents->n_captions++] = result->caption;
  }
}

/* The part of the frame that is shown. A GstVideoCropMeta is a part of the frame in memory, which may be
 * larger than the caps say if there is a GstVideoMeta. */
static GstVideoRectangle
shown_area (GstGptVisOverlay *self, GstBuffer *buffer)
{
  const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta (buffer);
  const GstVideoMeta *meta = gst_buffer_get_video_meta (buffer);
  GstVideoInfo frame = self->info;

  if (crop && meta) {
    frame.width = MIN (meta->width, G_MAXINT);
    frame.height = MIN (meta->height, G_MAXINT - 1);
  }
  const guint width = GST_VIDEO_INFO_WIDTH (&frame), height = GST_VIDEO_INFO_FIELD_HEIGHT (&frame);
  if (!crop || crop->x >= width || crop->y >= height)
    return (GstVideoRectangle) { 0, 0, width, height };
  return (GstVideoRectangle) { crop->x, crop->y, MIN (crop->width, width - crop->x),
    MIN (crop->height, height - crop->y) };
}

static void
warn_no_font (GstGptVisOverlay *self, const gchar *font)
{
  self->warned_no_font = TRUE;
  GST_ELEMENT_WARNING (self, RESOURCE, NOT_FOUND,
      ("There is no font to draw \"%s\" with, so nothing is drawn; install one (Debian: fonts-dejavu-core).",
          font), (NULL));
}

static void
warn_not_drawn (GstGptVisOverlay *self, const GError *error)
{
  GST_DEBUG_OBJECT (self, "not drawn on: %s", error->message);
  if (self->warned_not_drawn)
    return;
  self->warned_not_drawn = TRUE;
  gptvis_error_post (error, GST_ELEMENT (self), GST_MESSAGE_WARNING);
}

/* Draws the plates, captions first, since labels keep off them. */
static void
draw (GstGptVisOverlay *self, GstBuffer *buffer, const Contents *contents)
{
  GptVisPlateFrame frame = { shown_area (self, buffer), 0, 0, GST_VIDEO_INFO_PAR_N (&self->info),
    GST_VIDEO_INFO_PAR_D (&self->info)
  };
  GptVisPlateStyle style;
  GptVisCaptionStyle caption_style;
  gboolean lacks_font = FALSE;
  GRefString *font;

  GST_OBJECT_LOCK (self);
  style = self->style;
  caption_style = self->caption_style;
  font = g_ref_string_acquire (self->font);
  GST_OBJECT_UNLOCK (self);
  style.font = caption_style.font = font;
  caption_style.color = style.color;
  caption_style.background = style.background;
  if (contents->n_captions > 0) {
    self->captions = gptvis_caption_plate_draw (self->caption_plate, &caption_style, contents->captions,
        contents->n_captions, &frame);
    lacks_font = gptvis_caption_plate_lacks_font (self->caption_plate);
    gptvis_caption_plate_reserve (self->caption_plate, style.position, &frame);
  }
  if (contents->n_rows > 0) {
    self->labels = gptvis_plate_draw (self->plate, &style, contents->rows, contents->n_rows, &frame);
    lacks_font = lacks_font || gptvis_plate_lacks_font (self->plate);
  }
  if (lacks_font && !self->warned_no_font)
    warn_no_font (self, font);
  g_ref_string_release (font);
}

/* Makes the plates for this buffer; most buffers have none. */
static void
compose (GstGptVisOverlay *self, GstBuffer *buffer)
{
  gboolean captions;
  Contents contents;
  guint max;

  self->labels = self->captions = NULL;
  if (GST_VIDEO_INFO_FORMAT (&self->info) == GST_VIDEO_FORMAT_UNKNOWN)
    return;
  GST_OBJECT_LOCK (self);
  max = self->max_labels;
  captions = self->show_captions;
  GST_OBJECT_UNLOCK (self);
  collect (buffer, max, captions, &contents);
  if (contents.n_rows > 0 || contents.n_captions > 0)
    draw (self, buffer, &contents);
}

/* Called for every buffer. Only one that is drawn on must be writable; mapping that one
 * copies its memory if others hold it too. */
static GstFlowReturn
prepare_output_buffer (GstBaseTransform *trans, GstBuffer *in, GstBuffer **out)
{
  GstGptVisOverlay *self = GST_GPTVIS_OVERLAY (trans);

  *out = in;
  compose (self, in);
  if ((self->labels || self->captions) && !gst_buffer_is_writable (in) && !(*out = gst_buffer_copy (in))) {
    *out = in;
    self->labels = self->captions = NULL;
  }
  return GST_FLOW_OK;
}

static GstFlowReturn
transform_ip (GstBaseTransform *trans, GstBuffer *buffer)
{
  GstGptVisOverlay *self = GST_GPTVIS_OVERLAY (trans);
  GError *error = NULL;
  GstVideoFrame frame;

  if (!self->labels && !self->captions)
    return GST_FLOW_OK;
  if (gptvis_frame_map_to_draw (&frame, buffer, &self->info, &error)) {
    if (self->labels)
      gst_video_overlay_composition_blend (self->labels, &frame);
    if (self->captions)
      gst_video_overlay_composition_blend (self->captions, &frame);
    gst_video_frame_unmap (&frame);
  } else {
    g_prefix_error (&error, "Nothing is drawn. ");
    warn_not_drawn (self, error);
    g_error_free (error);
  }
  self->labels = self->captions = NULL;
  return GST_FLOW_OK;
}

static gboolean
set_caps (GstBaseTransform *trans, GstCaps *in, GstCaps *out)
{
  return gst_video_info_from_caps (&GST_GPTVIS_OVERLAY (trans)->info, in);
}

static gboolean
start (GstBaseTransform *trans)
{
  GstGptVisOverlay *self = GST_GPTVIS_OVERLAY (trans);

  gst_video_info_init (&self->info);
  self->plate = gptvis_plate_new ();
  self->caption_plate = gptvis_caption_plate_new ();
  self->warned_no_font = self->warned_not_drawn = FALSE;
  return TRUE;
}

static gboolean
stop (GstBaseTransform *trans)
{
  GstGptVisOverlay *self = GST_GPTVIS_OVERLAY (trans);

  self->labels = self->captions = NULL;
  g_clear_pointer (&self->plate, gptvis_plate_free);
  g_clear_pointer (&self->caption_plate, gptvis_caption_plate_free);
  return TRUE;
}

/* --- properties --- */

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstGptVisOverlay *self = GST_GPTVIS_OVERLAY (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_POSITION:
      self->style.position = g_value_get_enum (value);
      break;
    case PROP_FONT:
      g_ref_string_release (self->font);
      self->font = g_ref_string_new (g_value_get_string (value) ? g_value_get_string (value) : DEFAULT_FONT);
      break;
    case PROP_FONT_SIZE:
      self->style.font_size = g_value_get_uint (value);
      break;
    case PROP_MAX_LABELS:
      self->max_labels = g_value_get_uint (value);
      break;
    case PROP_SCORES:
      self->style.scores = g_value_get_enum (value);
      break;
    case PROP_COLOR:
      self->style.color = g_value_get_uint (value);
      break;
    case PROP_BACKGROUND:
      self->style.background = g_value_get_uint (value);
      break;
    case PROP_SHOW_CAPTIONS:
      self->show_captions = g_value_get_boolean (value);
      break;
    case PROP_CAPTION_POSITION:
      self->caption_style.position = g_value_get_enum (value);
      break;
    case PROP_CAPTION_FONT_SIZE:
      self->caption_style.font_size = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstGptVisOverlay *self = GST_GPTVIS_OVERLAY (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_POSITION:
      g_value_set_enum (value, self->style.position);
      break;
    case PROP_FONT:
      g_value_set_string (value, self->font);
      break;
    case PROP_FONT_SIZE:
      g_value_set_uint (value, self->style.font_size);
      break;
    case PROP_MAX_LABELS:
      g_value_set_uint (value, self->max_labels);
      break;
    case PROP_SCORES:
      g_value_set_enum (value, self->style.scores);
      break;
    case PROP_COLOR:
      g_value_set_uint (value, self->style.color);
      break;
    case PROP_BACKGROUND:
      g_value_set_uint (value, self->style.background);
      break;
    case PROP_SHOW_CAPTIONS:
      g_value_set_boolean (value, self->show_captions);
      break;
    case PROP_CAPTION_POSITION:
      g_value_set_enum (value, self->caption_style.position);
      break;
    case PROP_CAPTION_FONT_SIZE:
      g_value_set_uint (value, self->caption_style.font_size);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
install_properties (GObjectClass *klass)
{
  const GParamFlags flags = GST_PARAM_CONTROLLABLE | GST_PARAM_MUTABLE_PLAYING | G_PARAM_READWRITE
      | G_PARAM_STATIC_STRINGS;

  g_object_class_install_property (klass, PROP_POSITION, g_param_spec_enum ("position", "Position",
          "Where on the picture the labels are drawn", gptvis_enum_register ("GptVisPosition", positions),
          default_style.position, flags));
  g_object_class_install_property (klass, PROP_FONT, g_param_spec_string ("font", "Font",
          "Pango font description (\"DejaVu Sans Condensed\"); its size is ignored, see font-size",
          DEFAULT_FONT, flags));
  g_object_class_install_property (klass, PROP_FONT_SIZE, g_param_spec_uint ("font-size", "Font size",
          "Font size of the labels (an em) in pixels; 0: to suit the picture", 0, MAX_FONT_SIZE, 0, flags));
  g_object_class_install_property (klass, PROP_MAX_LABELS, g_param_spec_uint ("max-labels", "Maximum labels",
          "Maximum number of labels drawn of a result, the best first; 0: none", 0, MAX_ROWS,
          DEFAULT_MAX_LABELS, flags));
  g_object_class_install_property (klass, PROP_SCORES, g_param_spec_enum ("scores", "Scores",
          "How a label's score is shown", gptvis_enum_register ("GptVisScores", scores),
          default_style.scores, flags));
  g_object_class_install_property (klass, PROP_COLOR, g_param_spec_uint ("color", "Color",
          "Color of the text, as 0xAARRGGBB", 0, G_MAXUINT32, default_style.color, flags));
  g_object_class_install_property (klass, PROP_BACKGROUND, g_param_spec_uint ("background", "Background",
          "Color behind labels and captions, as 0xAARRGGBB; an AA of 00: none, the text still has a "
          "shadow", 0, G_MAXUINT32, default_style.background, flags));
  g_object_class_install_property (klass, PROP_SHOW_CAPTIONS, g_param_spec_boolean ("show-captions",
          "Show captions", "Draw the captions", TRUE, flags));
  g_object_class_install_property (klass, PROP_CAPTION_POSITION, g_param_spec_enum ("caption-position",
          "Caption position", "Where on the picture captions are drawn",
          gptvis_enum_register ("GptVisCaptionPosition", caption_positions), GPTVIS_CAPTION_POSITION_BOTTOM,
          flags));
  g_object_class_install_property (klass, PROP_CAPTION_FONT_SIZE, g_param_spec_uint ("caption-font-size",
          "Caption font size", "Font size of the captions (an em) in pixels; 0: to suit the picture", 0,
          MAX_FONT_SIZE, 0, flags));
}

/* --- type --- */

/* The formats that libgstvideo can blend: all but those with a palette. */
static GstCaps *
pad_caps (void)
{
  guint n_all, n = 0;
  const GstVideoFormat *all = gst_video_formats_raw (&n_all);
  GstVideoFormat *formats = g_new (GstVideoFormat, n_all);
  GstCaps *caps;

  for (guint i = 0; i < n_all; i++) {
    if (!GST_VIDEO_FORMAT_INFO_HAS_PALETTE (gst_video_format_get_info (all[i])))
      formats[n++] = all[i];
  }
  caps = gst_video_make_raw_caps (formats, n);
  g_free (formats);
  return caps;
}

static void
finalize (GObject *object)
{
  g_ref_string_release (GST_GPTVIS_OVERLAY (object)->font);
  G_OBJECT_CLASS (gst_gptvis_overlay_parent_class)->finalize (object);
}

static void
gst_gptvis_overlay_class_init (GstGptVisOverlayClass *klass)
{
  GObjectClass *object = G_OBJECT_CLASS (klass);
  GstElementClass *element = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *transform = GST_BASE_TRANSFORM_CLASS (klass);
  GstCaps *caps = pad_caps ();

  GST_DEBUG_CATEGORY_INIT (overlay_debug, "gptvisoverlay", 0, "labels and captions drawn on video");

  object->set_property = set_property;
  object->get_property = get_property;
  object->finalize = finalize;
  install_properties (object);

  gst_element_class_set_static_metadata (element, "Label overlay", "Filter/Editor/Video",
      "Draws the labels, with their scores, and captions that gptvisfilter attached to the buffers; buffers "
      "without any pass untouched", "The gptvis developers");
  gst_element_class_add_pad_template (element,
      gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps));
  gst_element_class_add_pad_template (element,
      gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
  gst_caps_unref (caps);

  transform->start = start;
  transform->stop = stop;
  transform->set_caps = set_caps;
  transform->prepare_output_buffer = prepare_output_buffer;
  transform->transform_ip = transform_ip;
  transform->transform_ip_on_passthrough = TRUE;
}

/* Passthrough, as the base class means it: caps and allocation are settled between
 * upstream and downstream. */
static void
gst_gptvis_overlay_init (GstGptVisOverlay *self)
{
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
  self->style = default_style;
  self->font = g_ref_string_new (DEFAULT_FONT);
  self->max_labels = DEFAULT_MAX_LABELS;
  self->caption_style.position = GPTVIS_CAPTION_POSITION_BOTTOM;
  self->show_captions = TRUE;
}
