/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvisfilter, the element: properties, states, negotiation, and the walk of a
 * buffer through its stream (stream.c), which decides and analyses. No pixel and
 * no checkpoint is touched in this file. What the element does for its users (pads,
 * properties, messages, statistics, policy and latency) is in gptvisfilter.md. */
#include "gptvisfilter.h"
#include "frame.h"
#include "frametime.h"
#include "message.h"
#include "gptvis.h"
#include "properties.h"
#include "regionmeta.h"
#include "textpad.h"
#include <string.h>

GST_DEBUG_CATEGORY (gptvis_debug);
#define GST_CAT_DEFAULT gptvis_debug

#define WARNING_PAUSE (10 * G_USEC_PER_SEC)     /* between two warnings of failed analyses */

struct _GstGptVisFilter {
  GstBaseTransform parent;
  GptVisTextPad *text;          /* as long as the element; locks itself */

  /* Under the object lock. */
  GptVisProperties properties;
  gboolean stale;               /* a property that needs another model changed since the model was opened */
  gboolean warned_unmappable;
  gint64 next_warning;          /* monotonic µs */
  GstClockTime earliest;        /* running time before which downstream is late; NONE: it is not */
  GstStructure *last_stats;     /* of the stream that ended; NULL before the first */

  /* Written by state changes, under the object lock. */
  GptVisEngine *engine;         /* from READY on */
  GptVisClient *client;         /* of its model, likewise */
  GptVisStream *stream;         /* from PAUSED on; goes only with the sink pad's stream lock held */
  guint epoch;                  /* raised by a flush and a stop, which make frames on their way obsolete */

  /* The streaming thread's; reset when the stream ends. */
  GstVideoInfo info;
  gboolean checked_live;        /* `live` is known: this stream had a buffer */
  gboolean live;
  gchar **upstream_labels;      /* that regions of elements before must have one of; NULL: all are read */
  GstClockTime posted_latency;
  gint64 next_stats;            /* monotonic µs */
};

G_DEFINE_TYPE (GstGptVisFilter, gst_gptvis_filter, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE (gptvisfilter, "gptvisfilter", GST_RANK_NONE, GST_TYPE_GPTVIS_FILTER)

/* --- calls to the application ---
 *
 * By the rules in engine.h: in any of these the application may close the element, or drop its last
 * reference. */

/* Warns once of frames that cannot be mapped, and seldom of analyses that fail:
 * the property stats counts them all. */
static void
on_error (gpointer user, gboolean unmappable, const GError *error)
{
  GstGptVisFilter *self = user;
  gint64 now = g_get_monotonic_time ();
  gboolean warned;

  GST_DEBUG_OBJECT (self, "%s", error->message);
  GST_OBJECT_LOCK (self);
  warned = unmappable ? self->warned_unmappable : now < self->next_warning;
  if (unmappable)
    self->warned_unmappable = TRUE;
  else if (!warned)
    self->next_warning = now + WARNING_PAUSE;
  GST_OBJECT_UNLOCK (self);
  if (!warned)
    gptvis_error_post (error, GST_ELEMENT (self), GST_MESSAGE_WARNING);
}

static gboolean
posts_messages (GstGptVisFilter *self)
{
  GST_OBJECT_LOCK (self);
  gboolean posts = self->properties.post_messages;
  GST_OBJECT_UNLOCK (self);
  return posts;
}

/* Any of the calls may be the element's last but for the reference that the caller has. */
static void
post_events (GstGptVisFilter *self, const GptVisResult *result)
{
  for (guint i = 0; i < result->n_events && posts_messages (self); i++)
    gst_element_post_message (GST_ELEMENT (self), gptvis_event_to_message (result, i, GST_OBJECT (self)));
}

static void
on_result (gpointer user, GptVisResult *result)
{
  GstGptVisFilter *self = gst_object_ref (user);

  if (posts_messages (self))
    gst_element_post_message (GST_ELEMENT (self), gptvis_result_to_message (result, GST_OBJECT (self)));
  post_events (self, result);
  gst_object_unref (self);
}

static void
on_caption (gpointer user, GptVisResult *result)
{
  GstGptVisFilter *self = gst_object_ref (user);

  gptvis_text_pad_set_caption (self->text, result->caption);    /* may start a task, which posts a message */
  if (posts_messages (self))
    gst_element_post_message (GST_ELEMENT (self), gptvis_caption_to_message (result, GST_OBJECT (self)));
  gst_object_unref (self);
}

/* NULL while there is no stream: the pads are active before the element has started and while it stops,
 * and the application may close the element in any call. A stream stays while the caller holds the
 * stream lock and does not call the application. */
static GptVisStream *
running_stream (GstGptVisFilter *self)
{
  GST_OBJECT_LOCK (self);
  GptVisStream *stream = self->stream;
  GST_OBJECT_UNLOCK (self);
  return stream;
}

/* After a call to the application: does the frame at hand still belong to the stream that runs? */
static gboolean
is_current (GstGptVisFilter *self, guint epoch)
{
  GST_OBJECT_LOCK (self);
  gboolean current = self->stream && self->epoch == epoch;
  GST_OBJECT_UNLOCK (self);
  return current;
}

static void
post_stats (GstGptVisFilter *self, GstClockTime interval)
{
  const gint64 now = g_get_monotonic_time (), due = self->next_stats;

  if (interval == 0 || now < due)
    return;
  self->next_stats = now + interval / GST_USECOND;
  if (due)
    gst_element_post_message (GST_ELEMENT (self), gst_message_new_element (GST_OBJECT (self),
            gptvis_stream_stats (self->stream)));
}

static void
post_latency (GstGptVisFilter *self)
{
  GstClockTime latency = gptvis_stream_latency (self->stream);

  if (!self->live || latency == self->posted_latency)
    return;
  GST_INFO_OBJECT (self, "a frame is delayed by %" GST_TIME_FORMAT, GST_TIME_ARGS (latency));
  self->posted_latency = latency;
  gst_element_post_message (GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
}

/* --- a frame --- */

static void
check_live (GstGptVisFilter *self)
{
  GstQuery *query = gst_query_new_latency ();

  if (gst_pad_peer_query (GST_BASE_TRANSFORM_SINK_PAD (self), query))
    gst_query_parse_latency (query, &self->live, NULL, NULL);
  gst_query_unref (query);
  self->checked_live = TRUE;
}

/* The base class calls this for every buffer. A buffer that others hold gets a
 * new one around the same memory, to carry the metadata. */
static GstFlowReturn
prepare_output_buffer (GstBaseTransform *trans, GstBuffer *in, GstBuffer **out)
{
  *out = gst_buffer_is_writable (in) ? in : gst_buffer_copy (in);
  if (!*out)
    *out = in;                  /* it cannot be copied: passes without metadata */
  return GST_FLOW_OK;
}

/* Is the frame too late at its sink already? */
static gboolean
is_late (GstClockTime earliest, const GptVisFrameTime *time)
{
  return GST_CLOCK_TIME_IS_VALID (earliest) && GST_CLOCK_TIME_IS_VALID (time->running_time)
      && time->running_time < earliest;
}

/* What the frame leaves with goes onto its buffer. */
static void
attach (
    GstGptVisFilter *self, GstBuffer *buffer, const GptVisFrameResult *found, const GptVisUpstream *upstream)
{
  if (!found->result || !gst_buffer_is_writable (buffer))
    return;
  gptvis_buffer_add_meta (buffer, found->result, found->own, found->age);
  if (upstream)
    gptvis_upstream_add_labels (upstream, buffer, found->result);
  else
    gptvis_region_metas_add (buffer, found->result, GST_VIDEO_INFO_WIDTH (&self->info),
        GST_VIDEO_INFO_HEIGHT (&self->info));
}

/* Has the frame analysed or passes it on with what is known. */
static void
analyse (GstGptVisFilter *self, const GptVisSettings *settings, GptVisFrame *frame)
{
  const gboolean reads = gptvis_stream_wants_found (self->stream);
  GptVisUpstream upstream;
  GptVisFrameResult found;

  if (reads) {
    gptvis_upstream_read (&upstream, frame->buffer, self->upstream_labels,
        GST_VIDEO_INFO_WIDTH (&self->info), GST_VIDEO_INFO_HEIGHT (&self->info));
    frame->found = upstream.found;
    frame->n_found = upstream.n;
  }
  gptvis_stream_frame (self->stream, settings, frame, &found);
  attach (self, frame->buffer, &found, reads ? &upstream : NULL);
  gptvis_result_unref (found.result);
  if (found.events)
    post_events (self, found.events);
  gptvis_result_unref (found.events);
}

static GstFlowReturn
transform_ip (GstBaseTransform *trans, GstBuffer *buffer)
{
  GstGptVisFilter *self = GST_GPTVIS_FILTER (trans);
  GptVisSettings settings;
  GstClockTime earliest, stats_interval;
  const guint epoch = self->epoch;

  if (!running_stream (self))
    return GST_FLOW_FLUSHING;
  if (GST_VIDEO_INFO_FORMAT (&self->info) == GST_VIDEO_FORMAT_UNKNOWN)
    return GST_FLOW_NOT_NEGOTIATED;
  if (!self->checked_live)
    check_live (self);          /* its query may call the application */
  GST_OBJECT_LOCK (self);
  settings = self->properties.settings;
  stats_interval = self->properties.stats_interval;
  earliest = self->earliest;
  GST_OBJECT_UNLOCK (self);
  if (settings.policy == GPTVIS_POLICY_AUTO)
    settings.policy = self->live ? GPTVIS_POLICY_LATEST : GPTVIS_POLICY_EVERY;

  GptVisFrame frame = { .buffer = buffer, .info = &self->info,
    .time = gptvis_frame_time (GST_ELEMENT (self), &trans->segment, buffer, self->live) };
  frame.late = is_late (earliest, &frame.time);
  if (!is_current (self, epoch))
    return GST_FLOW_FLUSHING;
  analyse (self, &settings, &frame);
  if (is_current (self, epoch))
    gptvis_text_pad_advance (self->text, frame.time.pts, GST_BUFFER_DURATION (buffer), self->live);
  if (is_current (self, epoch))
    gptvis_text_pad_check_client (self->text, gptvis_engine_model (self->engine), self->client);
  if (is_current (self, epoch))
    post_latency (self);
  if (is_current (self, epoch))
    post_stats (self, stats_interval);
  if (is_current (self, epoch))
    return GST_FLOW_OK;
  return running_stream (self) ? GST_BASE_TRANSFORM_FLOW_DROPPED : GST_FLOW_FLUSHING;
}

/* --- negotiation, events, queries --- */

static gboolean
set_caps (GstBaseTransform *trans, GstCaps *in, GstCaps *out)
{
  GstGptVisFilter *self = GST_GPTVIS_FILTER (trans);

  GST_DEBUG_OBJECT (self, "caps %" GST_PTR_FORMAT, in);
  return gst_video_info_from_caps (&self->info, in);
}

/* Before a flush or a stop: nobody waits for results any more. Any thread. */
static void
end_waiting (GstGptVisFilter *self)
{
  GST_OBJECT_LOCK (self);
  if (self->stream)
    gptvis_stream_set_flushing (self->stream, TRUE);
  GST_OBJECT_UNLOCK (self);
}

static gboolean
sink_event (GstBaseTransform *trans, GstEvent *event)
{
  GstGptVisFilter *self = GST_GPTVIS_FILTER (trans);
  GptVisStream *stream;

  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_START) {
    end_waiting (self);
  } else if (!(stream = running_stream (self))) {
    GST_DEBUG_OBJECT (self, "no stream for %" GST_PTR_FORMAT, event);
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    gptvis_stream_drain (stream);       /* which calls the application */
  } else if (gptvis_event_is_cut (event, GST_BASE_TRANSFORM_SINK_PAD (trans), &trans->segment)) {
    GST_DEBUG_OBJECT (self, "cut by %" GST_PTR_FORMAT, event);
    gptvis_text_pad_cut (self->text, gptvis_stream_cut (stream));
    if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
      gptvis_stream_set_flushing (stream, FALSE);
    GST_OBJECT_LOCK (self);
    self->earliest = GST_CLOCK_TIME_NONE;
    self->epoch += GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP;
    GST_OBJECT_UNLOCK (self);
  }
  gptvis_text_pad_event (self->text, event);
  return GST_BASE_TRANSFORM_CLASS (gst_gptvis_filter_parent_class)->sink_event (trans, event);
}

/* A sink reports how late it is (QoS): frames are not analysed until it has caught up. The event
 * goes on upstream, as in the base class. */
static gboolean
src_event (GstBaseTransform *trans, GstEvent *event)
{
  GstGptVisFilter *self = GST_GPTVIS_FILTER (trans);
  GstClockTimeDiff late;
  GstClockTime timestamp;

  if (GST_EVENT_TYPE (event) == GST_EVENT_QOS) {
    gst_event_parse_qos (event, NULL, NULL, &late, &timestamp);
    GST_OBJECT_LOCK (self);
    self->earliest = GST_CLOCK_TIME_NONE;
    if (GST_CLOCK_TIME_IS_VALID (timestamp) && late > 0)
      self->earliest = gptvis_time_add (gptvis_time_add (timestamp, late), late);
    GST_OBJECT_UNLOCK (self);
  }
  return GST_BASE_TRANSFORM_CLASS (gst_gptvis_filter_parent_class)->src_event (trans, event);
}

static gboolean
query (GstBaseTransform *trans, GstPadDirection direction, GstQuery *query)
{
  GstGptVisFilter *self = GST_GPTVIS_FILTER (trans);
  GstClockTime min, max, own = 0;
  gboolean live;

  if (!GST_BASE_TRANSFORM_CLASS (gst_gptvis_filter_parent_class)->query (trans, direction, query))
    return FALSE;
  if (direction != GST_PAD_SRC || GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return TRUE;
  gst_query_parse_latency (query, &live, &min, &max);
  if (!live)
    return TRUE;
  GST_OBJECT_LOCK (self);
  if (self->stream)
    own = gptvis_stream_latency (self->stream);
  GST_OBJECT_UNLOCK (self);
  if (GST_CLOCK_TIME_IS_VALID (max))
    max = gptvis_time_add (max, own);
  gst_query_set_latency (query, TRUE, min + own, max);
  return TRUE;
}

/* --- states --- */

/* Replaces the engine and its client, and closes those before. */
static void
set_engine (GstGptVisFilter *self, GptVisEngine *engine, GptVisClient *client)
{
  GST_OBJECT_LOCK (self);
  GptVisEngine *engine_before = self->engine;
  GptVisClient *client_before = self->client;
  self->engine = engine;
  self->client = client;
  GST_OBJECT_UNLOCK (self);
  gptvis_client_unref (client_before);
  gptvis_engine_close (engine_before);
}

static void
log_model (GstGptVisFilter *self, GptVisModel *model)
{
  gchar *description = gptvis_model_description (model);

  GST_INFO_OBJECT (self, "model %s (%s) from %s on %s", gptvis_model_name (model),
      gptvis_model_configuration (model)->model_type, gptvis_model_path (model), description);
  g_free (description);
}

static gboolean
open_engine (GstGptVisFilter *self)
{
  GptVisModelOptions options;
  GptVisClientOptions asked;
  GptVisClient *client = NULL;
  GError *error = NULL;

  GST_OBJECT_LOCK (self);
  gptvis_properties_get_options (&self->properties, &options, &asked);
  self->stale = FALSE;
  GST_OBJECT_UNLOCK (self);
  GptVisEngine *engine = gptvis_engine_open (&options, &error);
  if (engine)
    client = gptvis_client_new (gptvis_engine_model (engine), &asked, &error);
  gptvis_properties_clear_options (&options, &asked);
  if (client) {
    log_model (self, gptvis_engine_model (engine));
    set_engine (self, engine, client);
    return TRUE;
  }
  gptvis_engine_close (engine);
  GST_OBJECT_LOCK (self);
  self->stale = TRUE;           /* the engine before is not the one asked for */
  GST_OBJECT_UNLOCK (self);
  gptvis_error_post (error, GST_ELEMENT (self), GST_MESSAGE_ERROR);
  g_error_free (error);
  return FALSE;
}

static void
close_engine (GstGptVisFilter *self)
{
  set_engine (self, NULL, NULL);
}

/* NULL: there are none. */
static GptVisZoneList *
read_zones (const gchar *text, GError **error)
{
  return text ? gptvis_zone_list_read ("zones", text, error) : NULL;
}

static gboolean
start_zones (GstGptVisFilter *self, GptVisStream *stream, GError **error)
{
  GError *why = NULL;

  GST_OBJECT_LOCK (self);
  gchar *text = g_strdup (self->properties.zones);      /* which may change at any time */
  GST_OBJECT_UNLOCK (self);
  GptVisZoneList *zones = read_zones (text, &why);
  if (zones)
    gptvis_stream_set_zones (stream, zones);
  gptvis_zone_list_unref (zones);
  g_free (text);
  if (why)
    g_propagate_error (error, why);
  return !why;
}

/* READY → PAUSED. */
static gboolean
start (GstBaseTransform *trans)
{
  GstGptVisFilter *self = GST_GPTVIS_FILTER (trans);
  const GptVisListener listener = { on_result, on_caption, on_error, self };
  GptVisStream *stream;
  GError *error = NULL;

  if (!self->engine)            /* the application closed the element when its pad was added */
    return FALSE;
  stream = gptvis_stream_new (self->engine, self->client, GST_OBJECT_NAME (self), self->properties.regions,
      &listener, &error);
  if (!stream || !start_zones (self, stream, &error)) {
    gptvis_stream_free (stream);
    gptvis_error_post (error, GST_ELEMENT (self), GST_MESSAGE_ERROR);
    g_error_free (error);
    return FALSE;
  }
  self->upstream_labels = gptvis_upstream_split_labels (self->properties.upstream_labels);
  GST_OBJECT_LOCK (self);
  self->warned_unmappable = FALSE;
  self->next_warning = 0;
  self->earliest = GST_CLOCK_TIME_NONE;
  self->stream = stream;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
stop (GstBaseTransform *trans)
{
  GstGptVisFilter *self = GST_GPTVIS_FILTER (trans);

  GST_PAD_STREAM_LOCK (GST_BASE_TRANSFORM_SINK_PAD (trans));
  GstStructure *stats = gptvis_stream_stats (self->stream);
  GST_OBJECT_LOCK (self);
  GptVisStream *stream = self->stream;
  GstStructure *before = self->last_stats;
  self->stream = NULL;
  self->epoch++;
  self->last_stats = stats;
  GST_OBJECT_UNLOCK (self);
  gst_video_info_init (&self->info);
  g_clear_pointer (&self->upstream_labels, g_strfreev);
  self->checked_live = self->live = FALSE;
  self->posted_latency = 0;
  self->next_stats = 0;
  GST_PAD_STREAM_UNLOCK (GST_BASE_TRANSFORM_SINK_PAD (trans));
  GST_INFO_OBJECT (self, "%" GST_PTR_FORMAT, stats);
  gptvis_stream_free (stream);
  g_clear_pointer (&before, gst_structure_free);
  return TRUE;
}

/* Opens the engine again if a property that needs another model was changed in READY. */
static gboolean
update_engine (GstGptVisFilter *self)
{
  GST_OBJECT_LOCK (self);
  gboolean stale = self->stale;
  GST_OBJECT_UNLOCK (self);
  return !stale || open_engine (self);
}

static GstStateChangeReturn
change_state (GstElement *element, GstStateChange transition)
{
  GstGptVisFilter *self = GST_GPTVIS_FILTER (element);
  GstStateChangeReturn result;

  if ((transition == GST_STATE_CHANGE_NULL_TO_READY && !open_engine (self))
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !update_engine (self)))
    return GST_STATE_CHANGE_FAILURE;
  /* The text pad is added before the other pads become active and removed after they no longer are. */
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    gptvis_text_pad_add (self->text);
    gst_element_no_more_pads (element);
  }
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    end_waiting (self);
  result = GST_ELEMENT_CLASS (gst_gptvis_filter_parent_class)->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE))
    gptvis_text_pad_remove (self->text);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL
      || (transition == GST_STATE_CHANGE_NULL_TO_READY && result == GST_STATE_CHANGE_FAILURE))
    close_engine (self);
  return result;
}

/* --- properties --- */

/* A property that needs another model cannot change while a stream runs. */
static gboolean
is_fixed (GstGptVisFilter *self, GParamSpec *spec)
{
  GST_OBJECT_LOCK (self);
  gboolean late = self->stream && (spec->flags & GST_PARAM_MUTABLE_READY);
  GST_OBJECT_UNLOCK (self);
  return late;
}

/* While a stream runs its zones change at once; FALSE: they cannot be read, and stay as they are. Before,
 * `start` reads them. */
static gboolean
change_zones (GstGptVisFilter *self, const gchar *text)
{
  GError *error = NULL;
  GptVisZoneList *zones = running_stream (self) ? read_zones (text && *text ? text : NULL, &error) : NULL;

  if (error) {
    gptvis_error_post (error, GST_ELEMENT (self), GST_MESSAGE_WARNING);
    g_error_free (error);
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  if (self->stream)
    gptvis_stream_set_zones (self->stream, zones);
  GST_OBJECT_UNLOCK (self);
  gptvis_zone_list_unref (zones);
  return TRUE;
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstGptVisFilter *self = GST_GPTVIS_FILTER (object);

  if (strcmp (spec->name, "zones") == 0 && !change_zones (self, g_value_get_string (value)))
    return;
  if (is_fixed (self, spec)) {
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
        ("Property \"%s\" cannot change while the stream runs and keeps its value; "
            "set it in state NULL or READY.", spec->name), (NULL));
    return;
  }
  GST_OBJECT_LOCK (self);
  gboolean known = gptvis_properties_set (&self->properties, id, value);
  if (spec->flags & GST_PARAM_MUTABLE_READY)
    self->stale = TRUE;
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
}

/* Of the running stream, else of the last one, else empty. Under the object lock. */
static GstStructure *
stats (GstGptVisFilter *self)
{
  if (self->stream)
    return gptvis_stream_stats (self->stream);
  return self->last_stats ? gst_structure_copy (self->last_stats) : gst_structure_new_empty ("gptvis-stats");
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstGptVisFilter *self = GST_GPTVIS_FILTER (object);
  gboolean known = TRUE;

  GST_OBJECT_LOCK (self);
  if (id == GPTVIS_PROP_STATS)
    g_value_take_boxed (value, stats (self));
  else
    known = gptvis_properties_get (&self->properties, id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
}

/* --- type --- */

static void
finalize (GObject *object)
{
  GstGptVisFilter *self = GST_GPTVIS_FILTER (object);

  gptvis_text_pad_free (self->text);
  gptvis_properties_clear (&self->properties);
  g_clear_pointer (&self->last_stats, gst_structure_free);
  G_OBJECT_CLASS (gst_gptvis_filter_parent_class)->finalize (object);
}

static void
gst_gptvis_filter_class_init (GstGptVisFilterClass *klass)
{
  GObjectClass *object = G_OBJECT_CLASS (klass);
  GstElementClass *element = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *transform = GST_BASE_TRANSFORM_CLASS (klass);
  GstCaps *caps = gptvis_frame_caps ();

  GST_DEBUG_CATEGORY_INIT (gptvis_debug, "gptvis", 0, "vision transformers on video");

  object->set_property = set_property;
  object->get_property = get_property;
  object->finalize = finalize;
  gptvis_properties_install (object);

  gst_element_class_set_static_metadata (element, "Vision transformer", "Filter/Analyzer/Video",
      "Labels and describes every Nth frame with a vision transformer, as metadata (GptVisMeta) and as "
      "messages (gptvis-result); the picture passes unchanged", "The gptvis developers");
  gst_element_class_add_pad_template (element,
      gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps));
  gst_element_class_add_pad_template (element,
      gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
  gst_element_class_add_pad_template (element, gptvis_text_pad_template ());
  gst_caps_unref (caps);
  element->change_state = change_state;

  transform->start = start;
  transform->stop = stop;
  transform->set_caps = set_caps;
  transform->sink_event = sink_event;
  transform->src_event = src_event;
  transform->query = query;
  transform->prepare_output_buffer = prepare_output_buffer;
  transform->transform_ip = transform_ip;
  transform->transform_ip_on_passthrough = TRUE;
}

/* Passthrough, as the base class means it: caps, allocation and memory are settled between
 * upstream and downstream. */
static void
gst_gptvis_filter_init (GstGptVisFilter *self)
{
  GstBaseTransform *trans = GST_BASE_TRANSFORM (self);

  gst_base_transform_set_passthrough (trans, TRUE);
  gst_base_transform_set_gap_aware (trans, TRUE);
  gptvis_properties_init (&self->properties);
  self->text = gptvis_text_pad_new (GST_ELEMENT (self));
}
