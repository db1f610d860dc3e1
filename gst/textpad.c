/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text pad: when a caption begins and ends is worked out as it comes (set_caption),
 * whatever downstream is doing; a queue of buffers and events; and the task that
 * sends them. */
#include "textpad.h"
#include "sentence.h"
#include <string.h>

#define CAPS "text/x-raw, format=(string)utf8"
#define HOLD (3 * GST_SECOND)   /* how long a caption is shown of which nothing else is known */
#define LEAST (500 * GST_MSECOND)       /* what one is left that came too soon, unless all come so fast */
#define MOST_WAITING 4u         /* captions of a live pipeline */

struct _GptVisTextPad {
  GstElement *element;          /* borrowed */
  GMutex lock;
  GCond wake;

  /* Under the lock. */
  GstPad *pad;                  /* the element's; NULL: none */
  GQueue items;                 /* of GstBuffer (captions) and serialized GstEvent */
  guint n_captions;             /* among the items */
  gboolean active, flushing;
  gboolean started;             /* the task was */
  gboolean stopped;             /* downstream takes no more */
  gboolean timed;               /* the segment has times that go forwards */
  gboolean live;
  GstClockTime now;             /* where the video is */
  GstClockTime covered, end;    /* up to where gaps reach, and captions */
  GstClockTime known;           /* where the video was when the last caption was known */
  gboolean any;                 /* there was a caption … */
  guint64 frame;                /* … of this frame */
};

GstPadTemplate *
gptvis_text_pad_template (void)
{
  GstCaps *caps = gst_caps_from_string (CAPS);
  GstPadTemplate *template = gst_pad_template_new (GPTVIS_TEXT_PAD_TEMPLATE, GST_PAD_SRC, GST_PAD_SOMETIMES,
      caps);

  gst_caps_unref (caps);
  return template;
}

GptVisTextPad *
gptvis_text_pad_new (GstElement * element)
{
  GptVisTextPad *self = g_new0 (GptVisTextPad, 1);

  self->element = element;
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);
  g_queue_init (&self->items);
  return self;
}

void
gptvis_text_pad_free (GptVisTextPad * self)
{
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->wake);
  g_free (self);
}

/* --- the queue; all under the lock --- */

/* Time begins anew: after a flush, with a segment. */
static void
forget_times (GptVisTextPad * self)
{
  self->now = self->covered = self->end = self->known = GST_CLOCK_TIME_NONE;
}

static gboolean
is_gap (gpointer item)
{
  return GST_IS_EVENT (item) && GST_EVENT_TYPE (item) == GST_EVENT_GAP;
}

/* Drops captions and gaps; with `all`, everything else too, but what the pad must remember. */
static void
drop_items (GptVisTextPad * self, gboolean all)
{
  GQueue kept = G_QUEUE_INIT;

  for (gpointer item; (item = g_queue_pop_head (&self->items));) {
    gboolean data = GST_IS_BUFFER (item) || is_gap (item);
    if (!data && !all) {
      g_queue_push_tail (&kept, item);
      continue;
    }
    if (!data && GST_EVENT_TYPE (item) != GST_EVENT_SEGMENT && GST_EVENT_TYPE (item) != GST_EVENT_EOS)
      gst_pad_store_sticky_event (self->pad, item);
    gst_mini_object_unref (item);
  }
  self->items = kept;
  self->n_captions = 0;
}

static void
drop_oldest_caption (GptVisTextPad * self)
{
  for (GList * link = self->items.head; link; link = link->next) {
    if (GST_IS_BUFFER (link->data)) {
      GST_DEBUG_OBJECT (self->pad, "a caption is not taken and dropped");
      gst_buffer_unref (link->data);
      g_queue_delete_link (&self->items, link);
      self->n_captions--;
      return;
    }
  }
}

static gboolean
is_taken (GptVisTextPad * self)
{
  return self->pad && self->active && !self->flushing && !self->stopped && gst_pad_is_linked (self->pad);
}

static void loop (gpointer user);

/* Takes the item. */
static void
append (GptVisTextPad * self, gpointer item)
{
  g_queue_push_tail (&self->items, item);
  if (!self->started)
    self->started = gst_pad_start_task (self->pad, loop, self, NULL);
  g_cond_signal (&self->wake);
}

/* Takes the event. Without a task and a peer the pad keeps the newest of each kind by itself. */
static void
append_event (GptVisTextPad * self, GstEvent * event)
{
  if (!self->pad || !self->active || self->flushing) {
    gst_event_unref (event);
  } else if (!self->started && !gst_pad_is_linked (self->pad)) {
    gst_pad_store_sticky_event (self->pad, event);
    gst_event_unref (event);
  } else {
    append (self, event);
  }
}

/* The gap that waits at the end of the queue grows. */
static void
append_gap (GptVisTextPad * self, GstClockTime from, GstClockTime to)
{
  gpointer last = g_queue_peek_tail (&self->items);

  if (last && is_gap (last)) {
    gst_event_parse_gap (last, &from, NULL);
    gst_event_unref (g_queue_pop_tail (&self->items));
  }
  append (self, gst_event_new_gap (from, to - from));
}

/* --- the task --- */

/* Downstream takes no more, which is the text's affair and not the video's. */
static void
stop (GptVisTextPad * self, GstFlowReturn flow)
{
  g_mutex_lock (&self->lock);
  if (!self->flushing && self->active) {
    GST_INFO_OBJECT (self->pad, "text stops: %s", gst_flow_get_name (flow));
    self->stopped = TRUE;
    drop_items (self, FALSE);
  }
  g_mutex_unlock (&self->lock);
}

static void
loop (gpointer user)
{
  GptVisTextPad *self = user;
  GstFlowReturn flow = GST_FLOW_OK;
  gpointer item = NULL;

  g_mutex_lock (&self->lock);
  GstPad *pad = self->pad;      /* stays: it is not removed before its task has ended */
  while (self->active && !self->flushing && g_queue_is_empty (&self->items))
    g_cond_wait (&self->wake, &self->lock);
  if (self->active && !self->flushing)
    item = g_queue_pop_head (&self->items);
  if (item && GST_IS_BUFFER (item))
    self->n_captions--;
  g_mutex_unlock (&self->lock);

  if (!item)
    gst_pad_pause_task (pad);
  else if (GST_IS_BUFFER (item))
    flow = gst_pad_push (pad, item);
  else
    gst_pad_push_event (pad, item);
  if (flow != GST_FLOW_OK && flow != GST_FLOW_NOT_LINKED)
    stop (self, flow);
}

/* --- the pad --- */

static gboolean
activate (GstPad * pad, GstObject * parent, GstPadMode mode, gboolean active)
{
  GptVisTextPad *self = gst_pad_get_element_private (pad);

  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  g_mutex_lock (&self->lock);
  self->active = active;
  self->flushing = self->stopped = FALSE;
  if (!active) {
    self->started = FALSE;
    drop_items (self, TRUE);
    g_cond_signal (&self->wake);
  }
  g_mutex_unlock (&self->lock);
  return active || gst_pad_stop_task (pad);
}

/* From downstream. That text comes late is nothing to a video, and a new peer not either. */
static gboolean
src_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  GptVisTextPad *self = gst_pad_get_element_private (pad);

  if (GST_EVENT_TYPE (event) != GST_EVENT_RECONFIGURE && GST_EVENT_TYPE (event) != GST_EVENT_QOS)
    return gst_pad_event_default (pad, parent, event);
  if (GST_EVENT_TYPE (event) == GST_EVENT_RECONFIGURE) {
    g_mutex_lock (&self->lock);
    self->stopped = FALSE;
    g_mutex_unlock (&self->lock);
  }
  gst_event_unref (event);
  return TRUE;
}

void
gptvis_text_pad_add (GptVisTextPad * self)
{
  GstElementClass *klass = GST_ELEMENT_GET_CLASS (self->element);
  GstPad *pad;

  if (self->pad)
    return;
  pad = gst_pad_new_from_template (gst_element_class_get_pad_template (klass, GPTVIS_TEXT_PAD_TEMPLATE),
      GPTVIS_TEXT_PAD_TEMPLATE);
  gst_pad_set_element_private (pad, self);
  gst_pad_set_activatemode_function (pad, activate);
  gst_pad_set_event_function (pad, src_event);
  gst_pad_use_fixed_caps (pad);
  g_mutex_lock (&self->lock);
  self->pad = pad;
  self->timed = self->any = FALSE;
  forget_times (self);
  g_mutex_unlock (&self->lock);
  gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (self->element, pad);
}

void
gptvis_text_pad_remove (GptVisTextPad * self)
{
  g_mutex_lock (&self->lock);
  GstPad *pad = self->pad ? gst_object_ref (self->pad) : NULL;
  g_mutex_unlock (&self->lock);
  if (!pad)
    return;
  gst_pad_set_active (pad, FALSE);
  g_mutex_lock (&self->lock);
  self->pad = NULL;
  g_mutex_unlock (&self->lock);
  gst_element_remove_pad (self->element, pad);
  gst_object_unref (pad);
}

/* --- what comes --- */

static GstClockTime
later (GstClockTime a, GstClockTime b)
{
  return !GST_CLOCK_TIME_IS_VALID (a) ? b : !GST_CLOCK_TIME_IS_VALID (b) ? a : MAX (a, b);
}

/* From where to where it is shown; FALSE when nobody knows. Under the lock. */
static gboolean
set_times (GptVisTextPad * self, GstClockTime pts, GstBuffer * buffer)
{
  GstClockTime seen = later (pts, self->now), start = GST_CLOCK_TIME_IS_VALID (pts) ? pts : seen, hold = HOLD;

  if (!GST_CLOCK_TIME_IS_VALID (seen))
    return FALSE;
  if (GST_CLOCK_TIME_IS_VALID (self->known) && seen >= self->known)
    hold = seen - self->known;
  if (self->live)
    hold += hold / 4;           /* the next may take a little longer, and is not to be preceded by a blink */
  hold = CLAMP (hold, 2 * GST_MSECOND, HOLD);
  self->known = seen;
  start = later (start, self->end);
  self->end = MAX (seen + hold, start + MIN (hold / 2, LEAST));
  GST_BUFFER_PTS (buffer) = start;
  GST_BUFFER_DURATION (buffer) = self->end - start;
  return TRUE;
}

void
gptvis_text_pad_set_caption (GptVisTextPad * self, const GptVisCaption * caption)
{
  gchar *text = caption && caption->final ? gptvis_sentence (caption->text) : NULL;
  GstBuffer *buffer = NULL;

  if (!text)
    return;
  g_mutex_lock (&self->lock);
  if (*text && self->timed && is_taken (self) && !(self->any && self->frame == caption->frame)) {
    const gsize length = strlen (text);
    buffer = gst_buffer_new_wrapped (g_steal_pointer (&text), length);
    self->any = TRUE;
    self->frame = caption->frame;
    if (set_times (self, caption->pts, buffer)) {
      self->n_captions++;
      append (self, g_steal_pointer (&buffer));
    }
    if (self->live && self->n_captions > MOST_WAITING)
      drop_oldest_caption (self);
  }
  g_mutex_unlock (&self->lock);
  gst_clear_buffer (&buffer);
  g_free (text);
}

void
gptvis_text_pad_advance (GptVisTextPad * self, GstClockTime pts, GstClockTime duration, gboolean live)
{
  if (!GST_CLOCK_TIME_IS_VALID (pts))
    return;
  g_mutex_lock (&self->lock);
  self->now = pts;
  self->live = live;
  if (self->timed && is_taken (self)) {
    GstClockTime reach = pts + (GST_CLOCK_TIME_IS_VALID (duration) && duration > 0 ? duration : GST_MSECOND);
    GstClockTime from = GST_CLOCK_TIME_IS_VALID (self->covered) ? self->covered : pts;
    if (reach > from) {
      append_gap (self, from, reach);
      self->covered = reach;
    }
  }
  g_mutex_unlock (&self->lock);
}

static void
begin_stream (GptVisTextPad * self, GstEvent * event)
{
  GstCaps *caps = gst_caps_from_string (CAPS);
  const gchar *video;
  gchar *id;
  GstEvent *own;
  guint group;

  gst_event_parse_stream_start (event, &video);
  id = g_strconcat (video, "/text", NULL);
  own = gst_event_new_stream_start (id);
  gst_event_set_stream_flags (own, GST_STREAM_FLAG_SPARSE);
  if (gst_event_parse_group_id (event, &group))
    gst_event_set_group_id (own, group);
  gst_event_set_seqnum (own, gst_event_get_seqnum (event));
  g_mutex_lock (&self->lock);
  self->stopped = FALSE;
  append_event (self, own);
  append_event (self, gst_event_new_caps (caps));
  g_mutex_unlock (&self->lock);
  gst_caps_unref (caps);
  g_free (id);
}

static void
begin_segment (GptVisTextPad * self, GstEvent * event)
{
  const GstSegment *segment;

  gst_event_parse_segment (event, &segment);
  g_mutex_lock (&self->lock);
  forget_times (self);
  self->timed = segment->format == GST_FORMAT_TIME && segment->rate > 0;
  if (segment->format == GST_FORMAT_TIME)
    append_event (self, gst_event_ref (event));
  g_mutex_unlock (&self->lock);
}

/* Flushes overtake the queue. Between start and stop the task rests: it was waited for. */
static void
flush (GptVisTextPad * self, GstEvent * event)
{
  const gboolean starts = GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_START;

  g_mutex_lock (&self->lock);
  GstPad *pad = self->pad && self->active ? gst_object_ref (self->pad) : NULL;
  if (pad && starts) {
    self->flushing = TRUE;
    self->started = FALSE;
    drop_items (self, TRUE);
    g_cond_signal (&self->wake);
  }
  g_mutex_unlock (&self->lock);
  if (!pad)
    return;
  gst_pad_push_event (pad, gst_event_ref (event));
  if (starts) {
    gst_pad_pause_task (pad);
  } else {
    g_mutex_lock (&self->lock);
    self->flushing = self->stopped = self->timed = FALSE;
    forget_times (self);
    g_mutex_unlock (&self->lock);
  }
  gst_object_unref (pad);
}

void
gptvis_text_pad_event (GptVisTextPad * self, GstEvent * event)
{
  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_STREAM_START:
      begin_stream (self, event);
      break;
    case GST_EVENT_SEGMENT:
      begin_segment (self, event);
      break;
    case GST_EVENT_FLUSH_START:
    case GST_EVENT_FLUSH_STOP:
      flush (self, event);
      break;
    case GST_EVENT_EOS:
      g_mutex_lock (&self->lock);
      append_event (self, gst_event_ref (event));
      g_mutex_unlock (&self->lock);
      break;
    default:
      break;
  }
}
