/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvisoverlay, the element: properties, and which frames are drawn on. What that looks like is plate.c's
 * (labels), captionplate.c's and regionplate.c's; who put the results there it does not know. */

/**
 * SECTION:element-gptvisoverlay
 * @title: gptvisoverlay
 * @short_description: draws labels, regions and captions on video
 * @see_also: gptvisfilter, gptvisjson
 *
 * Draws what #gptvisfilter attached to a buffer onto its picture: each label with its score, light on a
 * dark translucent plate. The text grows with the picture, long labels are cut with an ellipsis, and where
 * not all fit, the best stay.
 *
 * A caption is drawn at the bottom of the picture (caption-position), centred, on a shade that keeps it
 * readable, over as many lines as it needs up to a third of the picture's height; what is longer ends in
 * an ellipsis, and so does a caption of which more words will come. Scripts of all directions are laid out
 * as they should be, as far as there are fonts for them. Labels make room for the caption: the two never
 * overlap.
 *
 * A region gets a box with a tag: its best label, how sure that is and its number (show-regions,
 * region-tags), and, where trails asks for it, the way that it came. Its color stays with the number, or
 * with the label where regions are not followed. Tags keep off each other and off labels and captions. A
 * region is where its fractions of the shown picture say, so a GstVideoCropMeta moves it.
 *
 * Zones (the filter's property of that name) are outlined, with how many are inside; lines have an arrow at
 * their end, and a tag that says how many came to their left and right side (show-zones).
 *
 * |[
 * gst-launch-1.0 filesrc location=street.mp4 ! decodebin ! videoconvert ! gptvisfilter interval=5 \
 *     ! gptvisoverlay position=bottom-left ! videoconvert ! autovideosink
 * ]|
 *
 * Buffers without labels, regions, zones and captions pass untouched and uncopied. Nothing is drawn in place
 * of no label. A held result is drawn as on its own frame: fading it between two analyses would flicker.
 * Behind several gptvisfilter the labels and captions of all are shown, one below the other, and the
 * regions of all.
 *
 * Every property may change at any time.
 */
#include "gptvisoverlay.h"
#include "captionplate.h"
#include "frame.h"
#include "gptvis.h"
#include "message.h"
#include "propertytable.h"
#include "regionplate.h"

GST_DEBUG_CATEGORY_STATIC (overlay_debug);
#define GST_CAT_DEFAULT overlay_debug

#define MAX_ROWS 64u
#define MAX_CAPTIONS 8u
#define MAX_FONT_SIZE 512u

/* What the results on a buffer have to draw. */
typedef struct {
  GptVisPlateRow rows[MAX_ROWS];
  const GptVisCaption *captions[MAX_CAPTIONS];
  GptVisShownRegion regions[GPTVIS_REGION_PLATE_MAX];
  const GptVisZoneInfo *zones[GPTVIS_ZONE_PLATE_MAX];
  guint n_rows, n_captions, n_regions, n_zones;
  gboolean looked;              /* somebody looked for regions, whether there are any or not */
} Contents;

/* The properties. */
typedef struct {
  gchar *font;                  /* of all; those of the styles are filled in frame by frame */
  GptVisPlateStyle labels;
  GptVisCaptionStyle captions;  /* its color and background are those of the labels */
  GptVisRegionStyle regions;
  guint max_labels;
  gboolean show_captions, show_regions, show_zones;
} Settings;

struct _GstGptVisOverlay {
  GstBaseTransform parent;

  Settings settings;            /* under the object lock */

  /* The streaming thread's. */
  GstVideoInfo info;
  GptVisPlate *plate;           /* between start and stop */
  GptVisCaptionPlate *caption_plate;    /* likewise */
  GptVisRegionPlate *region_plate;      /* likewise */
  Settings frame_settings;      /* of the buffer in hand; a copy */
  GstVideoOverlayComposition *labels, *captions;        /* for it; the plates' */
  gboolean regions;             /* it has some to draw, or zones */
  gboolean warned_no_font, warned_not_drawn;
};

G_DEFINE_TYPE (GstGptVisOverlay, gst_gptvis_overlay, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE (gptvisoverlay, "gptvisoverlay", GST_RANK_NONE, GST_TYPE_GPTVIS_OVERLAY)

#define DEFAULT_FONT "Sans"
#define DEFAULTS { \
  .labels = { .position = GPTVIS_POSITION_TOP_LEFT, .scores = GPTVIS_SCORES_BOTH, .color = 0xffffffff, \
    .background = 0xc00c1014 }, \
  .captions = { .position = GPTVIS_CAPTION_POSITION_BOTTOM }, \
  .regions = { .tags = TRUE }, .max_labels = 5, .show_captions = TRUE, \
  .show_regions = TRUE, .show_zones = TRUE }

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

static void
collect_regions (const GptVisResult *result, guint number, Contents *contents)
{
  contents->looked = contents->looked || result->regions;
  for (guint i = 0; result->regions && i < result->n_regions
      && contents->n_regions < GPTVIS_REGION_PLATE_MAX; i++)
    contents->regions[contents->n_regions++] = (GptVisShownRegion) { &result->regions[i], number };
}

static void
collect_zones (const GptVisResult *result, Contents *contents)
{
  for (guint i = 0; result->zones && i < result->n_zones && contents->n_zones < GPTVIS_ZONE_PLATE_MAX; i++)
    contents->zones[contents->n_zones++] = &result->zones[i];
}

/* Labels, captions, regions and zones of every result on the buffer, as far as they are to be shown. */
static void
collect (GstBuffer *buffer, const Settings *settings, Contents *contents)
{
  gpointer state = NULL;
  guint number = 0;
  GptVisMeta *meta;

  contents->n_rows = contents->n_captions = contents->n_regions = contents->n_zones = 0;
  contents->looked = FALSE;
  while ((meta = gptvis_buffer_iterate_meta (buffer, &state))) {
    const GptVisResult *result = meta->result;
    const guint first = contents->n_rows;
    for (guint i = 0; i < result->n_labels && i < settings->max_labels && contents->n_rows < MAX_ROWS; i++)
      contents->rows[contents->n_rows++] = (GptVisPlateRow) { result->labels[i].text, result->labels[i].score,
        i == 0 && first > 0 };
    if (settings->show_captions && result->caption && contents->n_captions < MAX_CAPTIONS)
      contents->captions[contents->n_captions++] = result->caption;
    if (settings->show_regions)
      collect_regions (result, number++, contents);
    if (settings->show_zones)
      collect_zones (result, contents);
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

/* A field of a frame that comes in two buffers has every other row, so its pixels are twice as high. */
static GptVisPlateFrame
plate_frame (GstGptVisOverlay *self, GstBuffer *buffer)
{
  const gboolean field = GST_VIDEO_INFO_INTERLACE_MODE (&self->info) == GST_VIDEO_INTERLACE_MODE_ALTERNATE;
  const gint par_n = GST_VIDEO_INFO_PAR_N (&self->info), par_d = GST_VIDEO_INFO_PAR_D (&self->info);

  return (GptVisPlateFrame) { .area = shown_area (self, buffer), .par_n = par_n,
    .par_d = field && par_d <= G_MAXINT / 2 ? 2 * par_d : par_d };
}

/* Makes the plates, captions first, since labels keep off them. */
static void
draw_plates (GstGptVisOverlay *self, GstBuffer *buffer, const Contents *contents)
{
  const Settings *settings = &self->frame_settings;
  GptVisPlateFrame frame = plate_frame (self, buffer);
  gboolean lacks_font = FALSE;

  if (contents->n_captions > 0) {
    self->captions = gptvis_caption_plate_draw (self->caption_plate, &settings->captions, contents->captions,
        contents->n_captions, &frame);
    lacks_font = gptvis_caption_plate_lacks_font (self->caption_plate);
    gptvis_caption_plate_reserve (self->caption_plate, settings->labels.position, &frame);
  }
  if (contents->n_rows > 0) {
    self->labels = gptvis_plate_draw (self->plate, &settings->labels, contents->rows, contents->n_rows,
        &frame);
    lacks_font = lacks_font || gptvis_plate_lacks_font (self->plate);
  }
  if (lacks_font && !self->warned_no_font)
    warn_no_font (self, settings->font);
}

/* A copy of the properties that stays as it is while the frame is drawn on. */
static void
take_settings (GstGptVisOverlay *self)
{
  Settings *settings = &self->frame_settings;
  gchar *before = settings->font;

  GST_OBJECT_LOCK (self);
  *settings = self->settings;
  settings->font = g_strcmp0 (before, settings->font) == 0 ? g_steal_pointer (&before)
      : g_strdup (settings->font);
  GST_OBJECT_UNLOCK (self);
  g_free (before);
  settings->labels.font = settings->captions.font = settings->regions.font = settings->font;
  settings->captions.color = settings->labels.color;
  settings->captions.background = settings->labels.background;
  settings->regions.scores = settings->labels.scores == GPTVIS_SCORES_PERCENT
      || settings->labels.scores == GPTVIS_SCORES_BOTH;
}

/* Makes the plates for this buffer, if it has any, and finds out whether it has regions to draw. */
static void
compose (GstGptVisOverlay *self, GstBuffer *buffer)
{
  Contents contents;

  self->labels = self->captions = NULL;
  self->regions = FALSE;
  if (GST_VIDEO_INFO_FORMAT (&self->info) == GST_VIDEO_FORMAT_UNKNOWN || !gptvis_buffer_get_meta (buffer))
    return;
  take_settings (self);
  collect (buffer, &self->frame_settings, &contents);
  if (contents.n_rows > 0 || contents.n_captions > 0)
    draw_plates (self, buffer, &contents);
  self->regions = contents.n_regions > 0 || contents.n_zones > 0
      || (contents.looked && self->frame_settings.regions.trails > 0
      && gptvis_region_plate_has_trails (self->region_plate));
}

static gboolean
is_drawn_on (const GstGptVisOverlay *self)
{
  return self->labels || self->captions || self->regions;
}

/* Called for every buffer. Only one that is drawn on must be writable; mapping that one
 * copies its memory if others hold it too. */
static GstFlowReturn
prepare_output_buffer (GstBaseTransform *trans, GstBuffer *in, GstBuffer **out)
{
  GstGptVisOverlay *self = GST_GPTVIS_OVERLAY (trans);

  *out = in;
  compose (self, in);
  if (is_drawn_on (self) && !gst_buffer_is_writable (in) && !(*out = gst_buffer_copy (in))) {
    *out = in;
    self->labels = self->captions = NULL;
    self->regions = FALSE;
  }
  return GST_FLOW_OK;
}

static guint
add_place (const GstVideoOverlayComposition *composition, GstVideoRectangle *places, guint n)
{
  guint width, height;

  if (!composition)
    return n;
  gst_video_overlay_rectangle_get_render_rectangle (gst_video_overlay_composition_get_rectangle
      ((GstVideoOverlayComposition *) composition, 0), &places[n].x, &places[n].y, &width, &height);
  places[n].w = width;
  places[n].h = height;
  return n + 1;
}

/* Below the plates, with tags that keep off them. */
static void
draw_regions (GstGptVisOverlay *self, GstBuffer *buffer, GstVideoFrame *mapped)
{
  const GptVisPlateFrame frame = plate_frame (self, buffer);
  GstClockTime time = GST_BUFFER_PTS (buffer);
  GstVideoRectangle places[2];
  GptVisCanvas canvas;
  Contents contents;

  if (!GST_CLOCK_TIME_IS_VALID (time))
    time = g_get_monotonic_time () * GST_USECOND;
  collect (buffer, &self->frame_settings, &contents);
  gptvis_canvas_open (&canvas, mapped, frame.area);
  const guint n = add_place (self->labels, places, add_place (self->captions, places, 0));
  const GptVisShown shown = { contents.regions, contents.zones, contents.n_regions, contents.n_zones };
  gptvis_region_plate_draw (self->region_plate, &canvas, &self->frame_settings.regions, &shown, &frame,
      places, n, time);
  gptvis_canvas_close (&canvas);
  if (gptvis_region_plate_lacks_font (self->region_plate) && !self->warned_no_font)
    warn_no_font (self, self->frame_settings.font);
}

static GstFlowReturn
transform_ip (GstBaseTransform *trans, GstBuffer *buffer)
{
  GstGptVisOverlay *self = GST_GPTVIS_OVERLAY (trans);
  GError *error = NULL;
  GstVideoFrame frame;

  if (!is_drawn_on (self))
    return GST_FLOW_OK;
  if (gptvis_frame_map_to_draw (&frame, buffer, &self->info, &error)) {
    if (self->regions)
      draw_regions (self, buffer, &frame);
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
  self->region_plate = gptvis_region_plate_new ();
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
  g_clear_pointer (&self->region_plate, gptvis_region_plate_free);
  return TRUE;
}

/* --- properties --- */

#define AT(member) G_STRUCT_OFFSET (Settings, member)
#define ANY_TIME .flags = GST_PARAM_CONTROLLABLE | GST_PARAM_MUTABLE_PLAYING
#define ONE_OF(name, table) .type_name = name, .values = table

static const GptVisProperty properties[] = {
  { "position", "Position", ENUM, AT (labels.position), ANY_TIME, ONE_OF ("GptVisPosition", positions),
    .blurb = "Where on the picture the labels are drawn" },
  { "font", "Font", TEXT, AT (font), ANY_TIME, .blurb =
    "Pango font description (\"DejaVu Sans Condensed\"); its size is ignored, see font-size" },
  { "font-size", "Font size", UINT, AT (labels.font_size), ANY_TIME, 0, MAX_FONT_SIZE, .blurb =
    "Font size of the labels (an em) in pixels; 0: to suit the picture" },
  { "max-labels", "Maximum labels", UINT, AT (max_labels), ANY_TIME, 0, MAX_ROWS, .blurb =
    "Maximum number of labels drawn of a result, the best first; 0: none" },
  { "scores", "Scores", ENUM, AT (labels.scores), ANY_TIME, ONE_OF ("GptVisScores", scores), .blurb =
    "How a label's score is shown; on a region's tag as a percentage or not at all" },
  { "color", "Color", UINT, AT (labels.color), ANY_TIME, 0, G_MAXUINT32, .blurb =
    "Color of the text, as 0xAARRGGBB" },
  { "background", "Background", UINT, AT (labels.background), ANY_TIME, 0, G_MAXUINT32, .blurb =
    "Color behind labels and captions, as 0xAARRGGBB; an AA of 00: none, the text still has a shadow" },
  { "show-captions", "Show captions", BOOLEAN, AT (show_captions), ANY_TIME, .blurb = "Draw the captions" },
  { "caption-position", "Caption position", ENUM, AT (captions.position), ANY_TIME,
    ONE_OF ("GptVisCaptionPosition", caption_positions), .blurb = "Where on the picture captions are drawn" },
  { "caption-font-size", "Caption font size", UINT, AT (captions.font_size), ANY_TIME, 0, MAX_FONT_SIZE,
    .blurb = "Font size of the captions (an em) in pixels; 0: to suit the picture" },
  { "show-regions", "Show regions", BOOLEAN, AT (show_regions), ANY_TIME, .blurb =
    "Draw a box around each region" },
  { "show-zones", "Show zones", BOOLEAN, AT (show_zones), ANY_TIME, .blurb =
    "Draw the outline of each zone, with its name and how many are inside or have crossed it" },
  { "region-tags", "Region tags", BOOLEAN, AT (regions.tags), ANY_TIME, .blurb =
    "Write label, score and number of each region on a tag at its box" },
  { "region-font-size", "Region font size", UINT, AT (regions.font_size), ANY_TIME, 0, MAX_FONT_SIZE, .blurb =
    "Font size of the tags (an em) in pixels; 0: to suit the picture" },
  { "trails", "Trails", DOUBLE, AT (regions.trails), ANY_TIME, 0, GPTVIS_MAX_TRAIL, .blurb =
    "For how long, in seconds, the way of each region that is followed is drawn; 0: not at all" },
};
#define FIRST_ID 1u

static const GptVisProperty *
find_property (guint id)
{
  return gptvis_property_table_find (properties, G_N_ELEMENTS (properties), FIRST_ID, id);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstGptVisOverlay *self = GST_GPTVIS_OVERLAY (object);
  const GptVisProperty *property = find_property (id);

  if (!property) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    return;
  }
  GST_OBJECT_LOCK (self);
  gptvis_property_set (property, &self->settings, value);
  if (!self->settings.font)
    self->settings.font = g_strdup (DEFAULT_FONT);
  GST_OBJECT_UNLOCK (self);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstGptVisOverlay *self = GST_GPTVIS_OVERLAY (object);
  const GptVisProperty *property = find_property (id);

  if (!property) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    return;
  }
  GST_OBJECT_LOCK (self);
  gptvis_property_get (property, &self->settings, value);
  GST_OBJECT_UNLOCK (self);
}

static void
install_properties (GObjectClass *klass)
{
  Settings defaults = DEFAULTS;

  defaults.font = g_strdup (DEFAULT_FONT);
  gptvis_property_table_install (properties, G_N_ELEMENTS (properties), FIRST_ID, klass, &defaults);
  gptvis_property_table_clear (properties, G_N_ELEMENTS (properties), &defaults);
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
  GstGptVisOverlay *self = GST_GPTVIS_OVERLAY (object);

  gptvis_property_table_clear (properties, G_N_ELEMENTS (properties), &self->settings);
  g_free (self->frame_settings.font);
  G_OBJECT_CLASS (gst_gptvis_overlay_parent_class)->finalize (object);
}

static void
gst_gptvis_overlay_class_init (GstGptVisOverlayClass *klass)
{
  GObjectClass *object = G_OBJECT_CLASS (klass);
  GstElementClass *element = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *transform = GST_BASE_TRANSFORM_CLASS (klass);
  GstCaps *caps = pad_caps ();

  GST_DEBUG_CATEGORY_INIT (overlay_debug, "gptvisoverlay", 0, "labels, regions and captions drawn on video");

  object->set_property = set_property;
  object->get_property = get_property;
  object->finalize = finalize;
  install_properties (object);

  gst_element_class_set_static_metadata (element, "Label overlay", "Filter/Editor/Video",
      "Draws the labels, with their scores, regions, zones and captions that gptvisfilter attached to the "
      "buffers; buffers without any pass untouched", "The gptvis developers");
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
  self->settings = (Settings) DEFAULTS;
  self->settings.font = g_strdup (DEFAULT_FONT);
}
