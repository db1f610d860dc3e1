/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links an announcer to harnesses, and states what its text pad must send next (pads.h). */
#include "pads.h"
#include <string.h>

void
pads_link (Pads *self)
{
  GstPad *pad = gst_element_get_static_pad (GST_ELEMENT (self->announcer), "text");

  g_assert_nonnull (pad);
  self->text = gst_harness_new_empty ();
  gst_harness_add_element_src_pad (self->text, pad);
  gst_object_unref (pad);
}

void
pads_open (Pads *self, const Cue *cues, gboolean linked)
{
  *self = (Pads) {.announcer = g_object_new (announcer_get_type (), NULL) };
  gst_object_ref_sink (self->announcer);
  self->announcer->cues = cues;
  self->video = gst_harness_new_with_element (GST_ELEMENT (self->announcer), "sink", "src");
  if (linked)
    pads_link (self);
  gst_harness_set_src_caps_str (self->video, "video/x-raw,format=GRAY8,width=4,height=4,framerate=10/1");
}

void
pads_close (Pads *self)
{
  if (self->text)
    gst_harness_teardown (self->text);
  gst_harness_teardown (self->video);
  gst_element_set_state (GST_ELEMENT (self->announcer), GST_STATE_NULL);
  gst_object_unref (self->announcer);
}

void
pads_push (Pads *self, GstClockTime pts)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 16, NULL);

  GST_BUFFER_PTS (buffer) = pts;
  GST_BUFFER_DURATION (buffer) = FRAME;
  g_assert_cmpint (gst_harness_push (self->video, buffer), ==, GST_FLOW_OK);
  gst_buffer_unref (gst_harness_pull (self->video));
}

void
pads_push_until (Pads *self, GstClockTime from, GstClockTime to)
{
  for (GstClockTime pts = from; pts < to; pts += FRAME)
    pads_push (self, pts);
}

void
pads_push_event (Pads *self, GstEvent *event)
{
  g_assert_true (gst_harness_push_event (self->video, event));
}

void
pads_push_segment (Pads *self, GstFormat format, gdouble rate, guint64 start, guint64 stop)
{
  GstSegment segment;

  gst_segment_init (&segment, format);
  segment.rate = rate;
  segment.start = segment.time = start;
  segment.stop = stop;
  pads_push_event (self, gst_event_new_segment (&segment));
}

void
pads_flush (Pads *self)
{
  pads_push_event (self, gst_event_new_flush_start ());
  pads_push_event (self, gst_event_new_flush_stop (TRUE));
}

void
pads_expect_text (Pads *self, const gchar *text, GstClockTime pts, GstClockTime end)
{
  GstBuffer *buffer = gst_harness_pull (self->text);

  g_assert_nonnull (buffer);
  g_assert_cmpint (gst_buffer_memcmp (buffer, 0, text, strlen (text)), ==, 0);
  g_assert_cmpuint (gst_buffer_get_size (buffer), ==, strlen (text));
  g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, pts);
  g_assert_cmpuint (GST_BUFFER_PTS (buffer) + GST_BUFFER_DURATION (buffer), ==, end);
  gst_buffer_unref (buffer);
}

GstEvent *
pads_await_event (Pads *self, GstEventType type)
{
  for (GstEvent *event; (event = gst_harness_pull_event (self->text)); gst_event_unref (event)) {
    if (GST_EVENT_TYPE (event) == type)
      return event;
  }
  g_assert_not_reached ();
}

void
pads_expect_gap (Pads *self, GstClockTime from, GstClockTime to)
{
  GstEvent *event = gst_harness_pull_event (self->text);
  GstClockTime at, duration;

  g_assert_nonnull (event);
  g_assert_cmpint (GST_EVENT_TYPE (event), ==, GST_EVENT_GAP);
  gst_event_parse_gap (event, &at, &duration);
  g_assert_cmpuint (at, ==, from);
  g_assert_cmpuint (at + duration, ==, to);
  gst_event_unref (event);
}

void
pads_finish (Pads *self)
{
  g_assert_true (gst_harness_push_event (self->video, gst_event_new_eos ()));
  gst_event_unref (pads_await_event (self, GST_EVENT_EOS));
}

GstPadProbeReturn
pads_hold_back (GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
  return GST_PAD_PROBE_OK;
}
