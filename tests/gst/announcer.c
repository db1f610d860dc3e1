/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The announcer: what gptvisfilter does with its text pad, and nothing else. */
#include "announcer.h"

G_DEFINE_TYPE (Announcer, announcer, GST_TYPE_BASE_TRANSFORM)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS_ANY);

static GstFlowReturn
transform_ip (GstBaseTransform *trans, GstBuffer *buffer)
{
  Announcer *self = TEST_ANNOUNCER (trans);

  for (const Cue *cue = self->cues; cue && cue->text; cue++) {
    const guint64 frame = self->n_frames - (cue->at - cue->pts) / (100 * GST_MSECOND);
    const GptVisCaption caption = { cue->text, 0.5f, TRUE, frame, cue->pts, cue->pts };
    if (GST_BUFFER_PTS (buffer) >= cue->at && GST_BUFFER_PTS (buffer) < cue->at + 100 * GST_MSECOND)
      gptvis_text_pad_set_caption (self->text, &caption);
  }
  self->n_frames++;
  gptvis_text_pad_advance (self->text, GST_BUFFER_PTS (buffer), GST_BUFFER_DURATION (buffer), self->live);
  return GST_FLOW_OK;
}

static gboolean
sink_event (GstBaseTransform *trans, GstEvent *event)
{
  Announcer *self = TEST_ANNOUNCER (trans);
  const GstEventType type = GST_EVENT_TYPE (event);

  if (type == GST_EVENT_STREAM_START || type == GST_EVENT_SEGMENT || type == GST_EVENT_FLUSH_STOP)
    gptvis_text_pad_cut (self->text, self->n_frames);
  gptvis_text_pad_event (self->text, event);
  return GST_BASE_TRANSFORM_CLASS (announcer_parent_class)->sink_event (trans, event);
}

static GstStateChangeReturn
change_state (GstElement *element, GstStateChange transition)
{
  Announcer *self = TEST_ANNOUNCER (element);
  GstStateChangeReturn result;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    gptvis_text_pad_add (self->text);
    gst_element_no_more_pads (element);
  }
  result = GST_ELEMENT_CLASS (announcer_parent_class)->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    gptvis_text_pad_remove (self->text);
  return result;
}

static void
finalize (GObject *object)
{
  gptvis_text_pad_free (TEST_ANNOUNCER (object)->text);
  G_OBJECT_CLASS (announcer_parent_class)->finalize (object);
}

static void
announcer_class_init (AnnouncerClass *klass)
{
  GstElementClass *element = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *transform = GST_BASE_TRANSFORM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = finalize;
  gst_element_class_set_static_metadata (element, "announcer", "Test", "a text pad in a test",
      "The gptvis developers");
  gst_element_class_add_static_pad_template (element, &sink_template);
  gst_element_class_add_static_pad_template (element, &src_template);
  gst_element_class_add_pad_template (element, gptvis_text_pad_template ());
  element->change_state = change_state;
  transform->sink_event = sink_event;
  transform->transform_ip = transform_ip;
  transform->transform_ip_on_passthrough = TRUE;
}

static void
announcer_init (Announcer *self)
{
  self->text = gptvis_text_pad_new (GST_ELEMENT (self));
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
}
