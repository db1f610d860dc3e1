/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvisjson, the element: results as lines of JSON, to a file, to standard output
 * or to the source pad. What is in a line is models/'s (result.schema.json). */

/**
 * SECTION:element-gptvisjson
 * @title: gptvisjson
 * @short_description: writes results as JSON, one object a line
 * @see_also: gptvisfilter, gptvisoverlay
 *
 * Writes what #gptvisfilter attached to the buffers, a JSON object a line in the
 * order of the frames (schema: result.schema.json): each result once, with the first
 * frame that carries it. (Under the filter's policy "latest" two results may come between
 * two frames; the first of them is then told by the filter's message alone.) Where the
 * lines go:
 *
 * - The source pad carries the video on, untouched: the lines go to the file
 *   `location`, or to standard output when that is unset or "-".
 * - The source pad is asked for application/x-ndjson: it carries the lines, a
 *   buffer for each frame that has some, with the frame's times, and a gap for
 *   each that has none. (To `location` too, if that is set.)
 *
 * |[
 * gst-launch-1.0 v4l2src ! videoconvert ! gptvisfilter ! gptvisjson location=seen.jsonl ! gptvisoverlay \
 *     ! videoconvert ! autovideosink
 * gst-launch-1.0 -q filesrc location=street.mp4 ! decodebin ! videoconvert ! gptvisfilter \
 *     ! gptvisjson ! fakesink
 * gst-launch-1.0 rtspsrc location=rtsp://camera ! decodebin ! videoconvert ! gptvisfilter max-rate=1 \
 *     ! gptvisjson ! application/x-ndjson ! tcpserversink port=5000
 * ]|
 *
 * A line is written out at once. A slow reader is waited for, until a flush or the end.
 * A line that cannot be written (no space, nobody reads) is an error of the element and ends
 * the stream.
 */
#include "gptvisjson.h"
#include "gptvis.h"
#include "outlet.h"
#include "propertytable.h"
#include <errno.h>

GST_DEBUG_CATEGORY_STATIC (json_debug);
#define GST_CAT_DEFAULT json_debug

#define LINES_CAPS "application/x-ndjson"


/* The properties. */
typedef struct {
  gchar *location;              /* NULL: unset */
  gchar *stream;                /* NULL: the name that the results have */
  gboolean append, repeat;
} Settings;

struct _GstGptVisJson {
  GstBaseTransform parent;

  /* Under the object lock. */
  Settings settings;
  gboolean running;             /* between start and stop */

  /* The streaming thread's, and start and stop. */
  GptVisOutlet outlet;          /* where the lines are written; closed: nowhere */
  gboolean lines_on_pad;
  GString *lines;               /* those of the buffer in hand */
  GPtrArray *previous;          /* results on the buffer before; referenced, so that no address is reused */
};

G_DEFINE_TYPE (GstGptVisJson, gst_gptvis_json, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE (gptvisjson, "gptvisjson", GST_RANK_NONE, GST_TYPE_GPTVIS_JSON)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("video/x-raw(ANY)"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("video/x-raw(ANY); " LINES_CAPS));

/* --- the file --- */

/* Does `location` name standard output? */
static gboolean
is_stdout (const gchar *location)
{
  return !location || g_str_equal (location, "-");
}

static gboolean
open_file (GstGptVisJson *self)
{
  gchar *location, *name;
  gboolean append;
  int error = 0;

  GST_OBJECT_LOCK (self);
  location = g_strdup (self->settings.location);
  append = self->settings.append;
  GST_OBJECT_UNLOCK (self);
  if (location)                 /* else the caps decide (set_caps) */
    error = gptvis_outlet_open (&self->outlet, is_stdout (location) ? NULL : location, append);
  if (error) {
    name = g_filename_display_name (location);
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_WRITE, ("\"%s\" cannot be opened for writing: %s.", name,
            g_strerror (error)), (NULL));
    g_free (name);
  }
  g_free (location);
  return !error;
}

static gchar *
file_name (GstGptVisJson *self)
{
  GST_OBJECT_LOCK (self);
  gchar *name = is_stdout (self->settings.location) ? g_strdup ("Standard output")
      : g_filename_display_name (self->settings.location);
  GST_OBJECT_UNLOCK (self);
  return name;
}

static gboolean
check_error (GstGptVisJson *self, int error)
{
  gchar *name;

  if (!error)
    return TRUE;
  name = file_name (self);
  if (error == ENOSPC)
    GST_ELEMENT_ERROR (self, RESOURCE, NO_SPACE_LEFT, ("%s is full: %s.", name, g_strerror (error)), (NULL));
  else if (error == EPIPE)
    GST_ELEMENT_ERROR (self, RESOURCE, WRITE, ("%s has no reader any more.", name), (NULL));
  else if (error == EBADF)      /* or it is open only for reading */
    GST_ELEMENT_ERROR (self, RESOURCE, WRITE, ("%s is closed.", name), (NULL));
  else
    GST_ELEMENT_ERROR (self, RESOURCE, WRITE, ("%s cannot be written: %s.", name, g_strerror (error)),
        (NULL));
  g_free (name);
  return FALSE;
}

static void
close_file (GstGptVisJson *self)
{
  gsize lost;
  int error = gptvis_outlet_close (&self->outlet, &lost);
  gchar *name = file_name (self);

  if (lost && !error)
    GST_ELEMENT_WARNING (self, RESOURCE, WRITE, ("%s was not read in time: a line is cut short, %"
            G_GSIZE_FORMAT " bytes are lost.", name, lost), (NULL));
  g_free (name);
  check_error (self, error);
}

/* --- a frame --- */

static void
append_line (GstGptVisJson *self, const GptVisMeta *meta)
{
  const gint64 age = GST_CLOCK_TIME_IS_VALID (meta->age) ? (gint64) GST_TIME_AS_USECONDS (meta->age) : 0;
  gchar *line;

  GST_OBJECT_LOCK (self);
  line = gptvis_result_to_json (meta->result, self->settings.stream, age);
  GST_OBJECT_UNLOCK (self);
  g_string_append_printf (self->lines, "%s\n", line);
  g_free (line);
}

/* The lines of the buffer's results: of those that are new since the buffer before, or of all (repeat). */
static gboolean
same_labels (const GptVisResult *a, const GptVisResult *b)
{
  gboolean same = a->n_labels == b->n_labels;

  for (guint i = 0; same && i < a->n_labels; i++)
    same = a->labels[i].score == b->labels[i].score && g_str_equal (a->labels[i].text, b->labels[i].text);
  return same;
}

/* Regions of a frame before the first analysis, or after that has become too old, are no analysis. */
static gboolean
is_analysis (const GptVisMeta *meta)
{
  return meta->own || GST_CLOCK_TIME_IS_VALID (meta->age) || meta->result->n_events > 0;
}

/* A frame that carries the result of an earlier one: has a result like it been written? Of the same analysis
 * it is another one when its caption has grown, or when something happened in the frame that carries it; that
 * its regions have moved does not count. */
static gboolean
tells_nothing_new (gconstpointer a, gconstpointer b)
{
  const GptVisResult *before = a, *now = b;
  const GptVisCaption *had = before->caption, *has = now->caption;

  if (before == now)
    return TRUE;
  if (now->n_events > 0 || before->frame != now->frame || g_strcmp0 (before->stream, now->stream) != 0
      || !g_str_equal (before->model, now->model) || !same_labels (before, now) || !had != !has)
    return FALSE;
  return !has || (had->frame == has->frame && had->final == has->final && g_str_equal (had->text, has->text));
}

static void
collect (GstGptVisJson *self, GstBuffer *buffer)
{
  gpointer state = NULL;
  const guint n_previous = self->previous->len;
  gboolean repeat;
  GptVisMeta *meta;

  g_string_truncate (self->lines, 0);
  GST_OBJECT_LOCK (self);
  repeat = self->settings.repeat;
  GST_OBJECT_UNLOCK (self);
  while ((meta = gptvis_buffer_iterate_meta (buffer, &state))) {
    if (!is_analysis (meta))
      continue;
    if (repeat || !g_ptr_array_find_with_equal_func (self->previous, meta->result,
            meta->own ? g_direct_equal : tells_nothing_new, NULL))
      append_line (self, meta);
    g_ptr_array_add (self->previous, gptvis_result_ref (meta->result));
  }
  g_ptr_array_remove_range (self->previous, 0, n_previous);
}

static GstFlowReturn
write_lines (GstGptVisJson *self)
{
  int error = 0;

  if (self->outlet.descriptor >= 0 && self->lines->len > 0)
    error = gptvis_outlet_write (&self->outlet, self->lines);
  if (error == ECANCELED)
    return GST_FLOW_FLUSHING;
  return check_error (self, error) ? GST_FLOW_OK : GST_FLOW_ERROR;
}

/* Video on the source pad. */
static GstFlowReturn
transform_ip (GstBaseTransform *trans, GstBuffer *buffer)
{
  GstGptVisJson *self = GST_GPTVIS_JSON (trans);

  collect (self, buffer);
  return write_lines (self);
}

/* Lines on the source pad: a buffer of their own, filled by transform. */
static GstFlowReturn
prepare_output_buffer (GstBaseTransform *trans, GstBuffer *in, GstBuffer **out)
{
  *out = GST_GPTVIS_JSON (trans)->lines_on_pad ? gst_buffer_new () : in;
  return GST_FLOW_OK;
}

static GstFlowReturn
transform (GstBaseTransform *trans, GstBuffer *in, GstBuffer *out)
{
  GstGptVisJson *self = GST_GPTVIS_JSON (trans);
  GstFlowReturn flow;
  gchar *text;

  collect (self, in);
  if ((flow = write_lines (self)) != GST_FLOW_OK)
    return flow;
  if (self->lines->len == 0) {
    if (GST_BUFFER_PTS_IS_VALID (in))
      gst_pad_push_event (GST_BASE_TRANSFORM_SRC_PAD (trans),
          gst_event_new_gap (GST_BUFFER_PTS (in), GST_BUFFER_DURATION (in)));
    return GST_BASE_TRANSFORM_FLOW_DROPPED;
  }
  text = g_memdup2 (self->lines->str, self->lines->len);
  gst_buffer_append_memory (out, gst_memory_new_wrapped (0, text, self->lines->len, 0, self->lines->len, text,
          g_free));
  return gst_buffer_copy_into (out, in, GST_BUFFER_COPY_TIMESTAMPS, 0, -1) ? GST_FLOW_OK : GST_FLOW_ERROR;
}

/* --- negotiation --- */

/* Video becomes the same video, which is preferred, or lines; lines are made of any video. */
static GstCaps *
transform_caps (GstBaseTransform *trans, GstPadDirection direction, GstCaps *caps, GstCaps *filter)
{
  GstCaps *other = gst_caps_new_empty (), *both;

  for (guint i = 0; i < gst_caps_get_size (caps); i++) {
    GstStructure *structure = gst_caps_get_structure (caps, i);
    if (!gst_structure_has_name (structure, LINES_CAPS))
      gst_caps_append_structure_full (other, gst_structure_copy (structure),
          gst_caps_features_copy (gst_caps_get_features (caps, i)));
    else if (direction == GST_PAD_SRC)
      gst_caps_append (other, gst_static_pad_template_get_caps (&sink_template));
  }
  if (direction == GST_PAD_SINK)
    gst_caps_append (other, gst_caps_new_empty_simple (LINES_CAPS));
  if (!filter)
    return other;
  both = gst_caps_intersect_full (filter, other, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref (other);
  return both;
}

static gboolean
set_caps (GstBaseTransform *trans, GstCaps *in, GstCaps *out)
{
  GstGptVisJson *self = GST_GPTVIS_JSON (trans);
  gboolean unset;

  self->lines_on_pad = gst_structure_has_name (gst_caps_get_structure (out, 0), LINES_CAPS);
  GST_DEBUG_OBJECT (self, "the source pad carries %s", self->lines_on_pad ? "lines" : "video");
  gst_base_transform_set_passthrough (trans, !self->lines_on_pad);
  gst_base_transform_set_in_place (trans, !self->lines_on_pad);
  GST_OBJECT_LOCK (self);
  unset = !self->settings.location;
  GST_OBJECT_UNLOCK (self);
  if (unset && self->lines_on_pad)
    close_file (self);
  else if (unset && self->outlet.descriptor < 0)
    gptvis_outlet_open (&self->outlet, NULL, FALSE);
  return TRUE;
}

/* --- states and properties --- */

/* A flush may come while the streaming thread waits for the reader. */
static gboolean
sink_event (GstBaseTransform *trans, GstEvent *event)
{
  GstGptVisJson *self = GST_GPTVIS_JSON (trans);

  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_START)
    gptvis_outlet_set_flushing (&self->outlet, TRUE);
  else if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    gptvis_outlet_set_flushing (&self->outlet, FALSE);
  return GST_BASE_TRANSFORM_CLASS (gst_gptvis_json_parent_class)->sink_event (trans, event);
}

/* So may a stop. */
static GstStateChangeReturn
change_state (GstElement *element, GstStateChange change)
{
  GptVisOutlet *outlet = &GST_GPTVIS_JSON (element)->outlet;

  if (change == GST_STATE_CHANGE_READY_TO_PAUSED)
    gptvis_outlet_set_flushing (outlet, FALSE);
  else if (change == GST_STATE_CHANGE_PAUSED_TO_READY)
    gptvis_outlet_set_flushing (outlet, TRUE);
  return GST_ELEMENT_CLASS (gst_gptvis_json_parent_class)->change_state (element, change);
}

static gboolean
start (GstBaseTransform *trans)
{
  GstGptVisJson *self = GST_GPTVIS_JSON (trans);

  if (!open_file (self))
    return FALSE;
  GST_OBJECT_LOCK (self);
  self->running = TRUE;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
stop (GstBaseTransform *trans)
{
  GstGptVisJson *self = GST_GPTVIS_JSON (trans);

  close_file (self);
  g_ptr_array_set_size (self->previous, 0);
  GST_OBJECT_LOCK (self);
  self->running = FALSE;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

/* --- properties --- */

#define AT(member) G_STRUCT_OFFSET (Settings, member)
#define FIXED .flags = GST_PARAM_MUTABLE_READY
#define ANY_TIME .flags = GST_PARAM_MUTABLE_PLAYING

static const GptVisProperty properties[] = {
  { "location", "Location", TEXT, AT (location), FIXED, .blurb =
    "File to write; \"-\": standard output; unset: standard output too, unless the source pad carries "
    "the lines (" LINES_CAPS ")" },
  { "append", "Append", BOOLEAN, AT (append), FIXED, .blurb = "Append to the file instead of replacing it" },
  { "repeat", "Repeat", BOOLEAN, AT (repeat), ANY_TIME, .blurb =
    "Write a line for each frame that carries a result, with its age; false: each result once" },
  { "stream", "Stream", TEXT, AT (stream), ANY_TIME, .blurb =
    "Value of the field \"stream\"; unset: the name of the gptvisfilter" },
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
  GstGptVisJson *self = GST_GPTVIS_JSON (object);
  const GptVisProperty *property = find_property (id);

  if (!property) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    return;
  }
  GST_OBJECT_LOCK (self);
  const gboolean late = self->running && (spec->flags & GST_PARAM_MUTABLE_READY);
  if (!late)
    gptvis_property_set (property, &self->settings, value);
  GST_OBJECT_UNLOCK (self);
  if (late)
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
        ("Property \"%s\" cannot change while the file is open and keeps its value; set it in state NULL or "
            "READY.", spec->name), (NULL));
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstGptVisJson *self = GST_GPTVIS_JSON (object);
  const GptVisProperty *property = find_property (id);

  if (!property) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    return;
  }
  GST_OBJECT_LOCK (self);
  gptvis_property_get (property, &self->settings, value);
  GST_OBJECT_UNLOCK (self);
}

/* --- type --- */

static void
finalize (GObject *object)
{
  GstGptVisJson *self = GST_GPTVIS_JSON (object);

  gptvis_property_table_clear (properties, G_N_ELEMENTS (properties), &self->settings);
  gptvis_outlet_clear (&self->outlet);
  g_string_free (self->lines, TRUE);
  g_ptr_array_unref (self->previous);
  G_OBJECT_CLASS (gst_gptvis_json_parent_class)->finalize (object);
}

static void
gst_gptvis_json_class_init (GstGptVisJsonClass *klass)
{
  GObjectClass *object = G_OBJECT_CLASS (klass);
  GstElementClass *element = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *base = GST_BASE_TRANSFORM_CLASS (klass);
  const Settings defaults = { 0 };

  GST_DEBUG_CATEGORY_INIT (json_debug, "gptvisjson", 0, "results as lines of JSON");

  object->set_property = set_property;
  object->get_property = get_property;
  object->finalize = finalize;
  gptvis_property_table_install (properties, G_N_ELEMENTS (properties), FIRST_ID, object, &defaults);

  gst_element_class_set_static_metadata (element, "JSON writer", "Filter/Sink/Video",
      "Writes what gptvisfilter attached to the buffers, one JSON object a line, to a file, standard output "
      "or, when downstream asks for " LINES_CAPS ", to the source pad", "The gptvis developers");
  gst_element_class_add_static_pad_template (element, &sink_template);
  gst_element_class_add_static_pad_template (element, &src_template);

  element->change_state = change_state;
  base->sink_event = sink_event;
  base->start = start;
  base->stop = stop;
  base->transform_caps = transform_caps;
  base->set_caps = set_caps;
  base->prepare_output_buffer = prepare_output_buffer;
  base->transform = transform;
  base->transform_ip = transform_ip;
  base->transform_ip_on_passthrough = TRUE;
}

static void
gst_gptvis_json_init (GstGptVisJson *self)
{
  gptvis_outlet_init (&self->outlet);
  self->lines = g_string_new (NULL);
  self->previous = g_ptr_array_new_with_free_func ((GDestroyNotify) gptvis_result_unref);
  gst_base_transform_set_gap_aware (GST_BASE_TRANSFORM (self), TRUE);
}
