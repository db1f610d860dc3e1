/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A frame's times, from its buffer, segment and the element's clock; and which events cut a stream. */
#include "frametime.h"

/* When the frame was captured, in µs since 1970: as its source says or, from a live source, by the
 * pipeline's clock; else 0. */
static gint64
wall_time (GstElement *element, GstBuffer *buffer, GstClockTime running_time, gboolean live)
{
  static GstStaticCaps unix_caps = GST_STATIC_CAPS ("timestamp/x-unix");
  GstCaps *caps = gst_static_caps_get (&unix_caps);
  GstReferenceTimestampMeta *reference = gst_buffer_get_reference_timestamp_meta (buffer, caps);
  GstClock *clock;
  gint64 wall = 0;

  gst_caps_unref (caps);
  if (reference && GST_CLOCK_TIME_IS_VALID (reference->timestamp))
    return GST_TIME_AS_USECONDS (reference->timestamp);
  if (!live || !GST_CLOCK_TIME_IS_VALID (running_time))
    return 0;
  if ((clock = gst_element_get_clock (element))) {
    GstClockTime now = gst_clock_get_time (clock), base = gst_element_get_base_time (element);
    if (GST_CLOCK_TIME_IS_VALID (now) && GST_CLOCK_TIME_IS_VALID (base))
      wall = g_get_real_time () - (gint64) (now - base - running_time) / GST_USECOND;
    gst_object_unref (clock);
  }
  return wall;
}

GptVisFrameTime
gptvis_frame_time (GstElement *element, const GstSegment *segment, GstBuffer *buffer, gboolean live)
{
  GptVisFrameTime time = { GST_BUFFER_PTS (buffer), GST_CLOCK_TIME_NONE, 0 };

  if (segment->format == GST_FORMAT_TIME && GST_CLOCK_TIME_IS_VALID (time.pts))
    time.running_time = gst_segment_to_running_time (segment, GST_FORMAT_TIME, time.pts);
  time.wall = wall_time (element, buffer, time.running_time, live);
  return time;
}

GstClockTime
gptvis_frame_clock (const GptVisFrameTime *time, gint64 arrival)
{
  return GST_CLOCK_TIME_IS_VALID (time->running_time) ? time->running_time : (GstClockTime) arrival * 1000;
}

static gboolean
is_same_timeline (const GstSegment *a, const GstSegment *b)
{
  return a->format == b->format && a->rate == b->rate && a->base == b->base && a->offset == b->offset
      && a->start == b->start && a->time == b->time;
}

gboolean
gptvis_event_is_cut (GstEvent *event, GstPad *pad, const GstSegment *segment)
{
  const GstSegment *next;
  const gchar *id;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_STOP:
      return TRUE;
    case GST_EVENT_SEGMENT:
      gst_event_parse_segment (event, &next);
      return !is_same_timeline (segment, next);
    case GST_EVENT_STREAM_START: {
      gchar *before = gst_pad_get_stream_id (pad);
      gst_event_parse_stream_start (event, &id);
      gboolean other = g_strcmp0 (before, id) != 0;
      g_free (before);
      return other;
    }
    default:
      return FALSE;
  }
}
