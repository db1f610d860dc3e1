/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text pad: a queue of captions, gaps and events, and the task that sends them. Their times are
 * worked out when they enter the queue (texttimes.c), whatever downstream is doing. */
#include "textpad.h"
#include "message.h"
#include "sentence.h"
#include "texttimes.h"
#include <string.h>

#define CAPS "text/x-raw, format=(string)utf8"
#define MAX_QUEUED_CAPTIONS 4u  /* captions of a live pipeline */

/* One of the two; neither: a gap. */
typedef struct {
  GstBuffer *caption;
  GstEvent *event;
  GstClockTime from, to;        /* the gap's */
} Item;

struct _GptVisTextPad {
  GstElement *element;          /* borrowed */
  GMutex lock;
  GCond wake;

  /* Under the lock. */
  GstPad *pad;                  /* the element's; NULL: none */
  GQueue items;                 /* of Item */
  guint n_captions;             /* among the items */
  GptVisTextTimes times;
  guint64 min_frame;            /* captions of earlier frames are ignored */
  gboolean active, flushing;
  gboolean started;             /* the task was started */
  gboolean stopped;             /* downstream takes no more */
  gboolean ended;               /* the video has ended */
  gboolean live;
  gboolean warned;              /* that there are no captions */
  guint epoch;                  /* raised when what downstream returns for an earlier push no longer counts */

  /* Under the lock too: what is left to do after it is released (unlock). */
  gboolean start_pending;       /* the task is to be started */
  GQueue dropped;               /* of Item, to be freed */
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
gptvis_text_pad_new (GstElement *element)
{
  GptVisTextPad *self = g_new0 (GptVisTextPad, 1);

  self->element = element;
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);
  g_queue_init (&self->items);
  g_queue_init (&self->dropped);
  gptvis_text_times_reset (&self->times);
  return self;
}

void
gptvis_text_pad_free (GptVisTextPad *self)
{
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->wake);
  g_free (self);
}

static void
item_free (gpointer data)
{
  Item *item = data;

  gst_clear_buffer (&item->caption);
  gst_clear_event (&item->event);
  g_free (item);
}

/* --- without the lock --- */

static void loop (gpointer user);

/* The pad may have been removed since. Takes the reference on the pad. */
static void
start_task (GptVisTextPad *self, GstPad *pad)
{
  const gboolean runs = gst_pad_start_task (pad, loop, pad, NULL);

  g_mutex_lock (&self->lock);
  const gboolean gone = self->pad != pad || !self->active;
  if (!runs && !gone)
    self->started = FALSE;
  g_mutex_unlock (&self->lock);
  if (gone)
    gst_pad_stop_task (pad);
  gst_object_unref (pad);
}

/* Whoever changes something under the lock releases it by this. What may call the application is done
 * without the lock, since the application may do anything with the element: a task that starts posts
 * a message, and what is freed may hold anything. */
static void
unlock (GptVisTextPad *self)
{
  GstPad *pad = self->start_pending ? gst_object_ref (self->pad) : NULL;
  GQueue dropped = self->dropped;

  self->start_pending = FALSE;
  g_queue_init (&self->dropped);
  g_mutex_unlock (&self->lock);
  g_queue_clear_full (&dropped, item_free);
  if (pad)
    start_task (self, pad);
}

/* --- the queue; all under the lock --- */

static gboolean
is_event (const Item *item)
{
  return item->event != NULL;
}

/* Does a pad keep it through a flush? */
static gboolean
is_of_stream (const Item *item)
{
  const GstEventType type = item->event ? GST_EVENT_TYPE (item->event) : GST_EVENT_UNKNOWN;

  return type == GST_EVENT_STREAM_START || type == GST_EVENT_CAPS;
}

/* Drops all items for which `stays` is not true; it is never true for captions. NULL: drops all. */
static void
drop_items (GptVisTextPad *self, gboolean (*stays) (const Item *))
{
  for (guint n = self->items.length; n > 0; n--) {
    Item *item = g_queue_pop_head (&self->items);
    g_queue_push_tail (stays && stays (item) ? &self->items : &self->dropped, item);
  }
  self->n_captions = 0;
}

static void
drop_oldest_caption (GptVisTextPad *self)
{
  GList *link = self->items.head;

  while (!((Item *) link->data)->caption)
    link = link->next;
  g_queue_unlink (&self->items, link);
  g_queue_push_tail_link (&self->dropped, link);
  self->n_captions--;
}

/* While nobody takes events, a new one replaces those of its type, and a new stream all. */
static void
drop_superseded (GptVisTextPad *self, GstEventType type)
{
  for (GList *next, *link = self->items.head; link; link = next) {
    const Item *item = link->data;
    next = link->next;
    if (item->event && (type == GST_EVENT_STREAM_START || GST_EVENT_TYPE (item->event) == type)) {
      g_queue_unlink (&self->items, link);
      g_queue_push_tail_link (&self->dropped, link);
    }
  }
}

static gboolean
has_receiver (GptVisTextPad *self)
{
  return self->pad && self->active && !self->flushing && !self->stopped && gst_pad_is_linked (self->pad);
}

/* There is an item for the task, which is started when the pad is first linked. */
static void
wake_task (GptVisTextPad *self)
{
  if (!self->started && gst_pad_is_linked (self->pad))
    self->started = self->start_pending = TRUE;
  g_cond_signal (&self->wake);
}

static void
append (GptVisTextPad *self, const Item item)
{
  g_queue_push_tail (&self->items, g_memdup2 (&item, sizeof item));
  wake_task (self);
}

/* Takes the event. */
static void
append_event (GptVisTextPad *self, GstEvent *event)
{
  Item item = {.event = event };

  if (!self->pad || !self->active || (self->flushing && !is_of_stream (&item))) {
    g_queue_push_tail (&self->dropped, g_memdup2 (&item, sizeof item));
    return;
  }
  if (!self->started)
    drop_superseded (self, GST_EVENT_TYPE (event));
  if (self->flushing)
    g_queue_push_tail (&self->items, g_memdup2 (&item, sizeof item));
  else
    append (self, item);
}

/* A gap after another that still waits is joined to it. */
static void
append_gap (GptVisTextPad *self, GstClockTime from, GstClockTime to)
{
  Item *last = g_queue_peek_tail (&self->items);

  if (last && !last->caption && !last->event && last->from <= from)
    last->to = MAX (last->to, to);
  else
    append (self, (Item) {.from = from,.to = to });
}

/* The gap up to where the video is, unless it was sent before. */
static void
append_due_gap (GptVisTextPad *self)
{
  GstClockTime from, to;

  if (!has_receiver (self))
    gptvis_text_times_restart_gaps (&self->times);
  else if (gptvis_text_times_next_gap (&self->times, &from, &to))
    append_gap (self, from, to);
}

/* --- the task --- */

/* Downstream takes no more. That ends the text and not the video. */
static void
stop_sending (GptVisTextPad *self, GstPad *pad, guint epoch, GstFlowReturn flow)
{
  g_mutex_lock (&self->lock);
  const gboolean stops = epoch == self->epoch;
  if (stops) {
    self->stopped = TRUE;
    drop_items (self, is_event);
  }
  unlock (self);
  if (stops)
    GST_INFO_OBJECT (pad, "text stops: %s", gst_flow_get_name (flow));
}

static gboolean
may_send (GptVisTextPad *self, GstPad *pad)
{
  return self->pad == pad && self->active && !self->flushing;
}

/* Pauses the task during a flush, which may have ended in the meantime. */
static void
pause_task (GptVisTextPad *self, GstPad *pad)
{
  gst_pad_pause_task (pad);
  g_mutex_lock (&self->lock);
  const gboolean again = may_send (self, pad) && self->started;
  g_mutex_unlock (&self->lock);
  if (again)
    gst_pad_start_task (pad, loop, pad, NULL);
}

/* Takes the item. */
static GstFlowReturn
send (GstPad *pad, Item *item)
{
  GstFlowReturn flow = GST_FLOW_OK;

  if (item->caption)
    flow = gst_pad_push (pad, g_steal_pointer (&item->caption));
  else if (item->event)
    gst_pad_push_event (pad, g_steal_pointer (&item->event));
  else
    gst_pad_push_event (pad, gst_event_new_gap (item->from, item->to - item->from));
  item_free (item);
  return flow;
}

static void
loop (gpointer user)
{
  GstPad *pad = user;
  GptVisTextPad *self = gst_pad_get_element_private (pad);
  GstFlowReturn flow;
  Item *item = NULL;

  g_mutex_lock (&self->lock);
  while (may_send (self, pad) && g_queue_is_empty (&self->items))
    g_cond_wait (&self->wake, &self->lock);
  if (may_send (self, pad))
    item = g_queue_pop_head (&self->items);
  self->n_captions -= item && item->caption;
  const guint epoch = self->epoch;
  g_mutex_unlock (&self->lock);

  if (!item) {
    pause_task (self, pad);
    return;
  }
  flow = send (pad, item);
  if (flow != GST_FLOW_OK && flow != GST_FLOW_NOT_LINKED)
    stop_sending (self, pad, epoch, flow);
}

/* --- the pad --- */

static gboolean
activate (GstPad *pad, GstObject *parent, GstPadMode mode, gboolean active)
{
  GptVisTextPad *self = gst_pad_get_element_private (pad);

  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  g_mutex_lock (&self->lock);
  self->active = active;
  self->flushing = self->stopped = self->started = FALSE;
  self->epoch++;
  drop_items (self, NULL);
  g_cond_signal (&self->wake);
  unlock (self);
  return active || gst_pad_stop_task (pad);
}

/* There is a new peer downstream: it gets what the one before got, even if no frame comes or the video
 * has ended. */
static void
restart (GptVisTextPad *self)
{
  g_mutex_lock (&self->lock);
  self->stopped = FALSE;
  self->epoch++;
  gptvis_text_times_restart_gaps (&self->times);
  if (has_receiver (self)) {
    append_due_gap (self);
    if (self->ended)            /* with any event the pad sends its sticky ones, EOS among them */
      append_gap (self, 0, 1);
    if (!g_queue_is_empty (&self->items))
      wake_task (self);
  }
  unlock (self);
}

/* From downstream. Neither late text nor a new peer of the pad concerns the video. */
static gboolean
src_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_RECONFIGURE:
      restart (gst_pad_get_element_private (pad));
      break;
    case GST_EVENT_QOS:
      break;
    default:
      return gst_pad_event_default (pad, parent, event);
  }
  gst_event_unref (event);
  return TRUE;
}

void
gptvis_text_pad_add (GptVisTextPad *self)
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
  self->min_frame = 0;
  self->ended = self->warned = FALSE;
  gptvis_text_times_reset (&self->times);
  g_mutex_unlock (&self->lock);
  gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (self->element, pad);
}

void
gptvis_text_pad_remove (GptVisTextPad *self)
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

/* --- input: captions, frames and events --- */

void
gptvis_text_pad_set_caption (GptVisTextPad *self, const GptVisCaption *caption)
{
  gchar *text = caption && caption->final ? gptvis_sentence (caption->text) : NULL;
  GstBuffer *buffer;

  if (!text || !*text) {
    g_free (text);
    return;
  }
  buffer = gst_buffer_new_wrapped (text, strlen (text));
  g_mutex_lock (&self->lock);
  if (has_receiver (self) && caption->frame >= self->min_frame
      && gptvis_text_times_add_caption (&self->times, caption->pts, self->live, &GST_BUFFER_PTS (buffer),
          &GST_BUFFER_DURATION (buffer))) {
    self->min_frame = caption->frame + 1;
    self->n_captions++;
    append (self, (Item) {.caption = g_steal_pointer (&buffer) });
    if (self->live && self->n_captions > MAX_QUEUED_CAPTIONS)
      drop_oldest_caption (self);
  }
  unlock (self);
  gst_clear_buffer (&buffer);
}

void
gptvis_text_pad_advance (GptVisTextPad *self, GstClockTime pts, GstClockTime duration, gboolean live)
{
  g_mutex_lock (&self->lock);
  self->live = live;
  gptvis_text_times_set_frame (&self->times, pts, duration);
  append_due_gap (self);
  unlock (self);
}

void
gptvis_text_pad_cut (GptVisTextPad *self, guint64 frame)
{
  g_mutex_lock (&self->lock);
  self->min_frame = MAX (self->min_frame, frame);
  gptvis_text_times_cut (&self->times);
  g_mutex_unlock (&self->lock);
}

void
gptvis_text_pad_check_client (GptVisTextPad *self, const GptVisModel *model, const GptVisClient *client)
{
  if (gptvis_client_writes (client))
    return;
  g_mutex_lock (&self->lock);
  const gboolean warns = !self->warned && has_receiver (self);
  self->warned |= warns;
  g_mutex_unlock (&self->lock);
  if (warns)
    gptvis_no_captions_post (self->element, model);
}

static void
begin_stream (GptVisTextPad *self, GstEvent *event)
{
  GstCaps *caps = gst_caps_from_string (CAPS);
  GstEvent *own, *own_caps = gst_event_new_caps (caps);
  const gchar *video;
  gchar *id;
  guint group;

  gst_event_parse_stream_start (event, &video);
  id = g_strconcat (video, "/text", NULL);
  own = gst_event_new_stream_start (id);
  gst_event_set_stream_flags (own, GST_STREAM_FLAG_SPARSE);
  if (gst_event_parse_group_id (event, &group))
    gst_event_set_group_id (own, group);
  gst_event_set_seqnum (own, gst_event_get_seqnum (event));
  g_mutex_lock (&self->lock);
  self->stopped = self->ended = FALSE;
  append_event (self, own);
  append_event (self, own_caps);
  unlock (self);
  gst_caps_unref (caps);
  g_free (id);
}

static GstEvent *
make_segment (GstEvent *event)
{
  const GstSegment *video;
  GptVisTextTimes times;
  GstEvent *own;

  gst_event_parse_segment (event, &video);
  if (gptvis_text_times_set_segment (&times, video))
    return gst_event_ref (event);
  own = gst_event_new_segment (&times.segment);
  gst_event_set_seqnum (own, gst_event_get_seqnum (event));
  gst_event_set_running_time_offset (own, gst_event_get_running_time_offset (event));
  return own;
}

static void
begin_segment (GptVisTextPad *self, GstEvent *event)
{
  GstEvent *own = make_segment (event);
  const GstSegment *video;

  gst_event_parse_segment (event, &video);
  g_mutex_lock (&self->lock);
  gptvis_text_times_set_segment (&self->times, video);
  append_event (self, own);
  unlock (self);
}

/* The video ends, or its segment does. */
static void
end_stream (GptVisTextPad *self, GstEvent *event)
{
  g_mutex_lock (&self->lock);
  self->ended = GST_EVENT_TYPE (event) == GST_EVENT_EOS;
  append_event (self, gst_event_ref (event));
  unlock (self);
}

/* Flushes overtake the queue. Between start and stop the task is paused. */
static void
flush (GptVisTextPad *self, GstEvent *event)
{
  const gboolean starts = GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_START;

  g_mutex_lock (&self->lock);
  GstPad *pad = self->pad && self->active ? gst_object_ref (self->pad) : NULL;
  if (pad && starts) {
    self->flushing = TRUE;
    self->started = FALSE;
    self->epoch++;
    drop_items (self, is_of_stream);
    g_cond_signal (&self->wake);
  }
  unlock (self);
  if (!pad)
    return;
  gst_pad_push_event (pad, gst_event_ref (event));
  if (starts) {
    gst_pad_pause_task (pad);
  } else {
    g_mutex_lock (&self->lock);
    self->flushing = self->stopped = self->ended = FALSE;
    gptvis_text_times_reset (&self->times);
    g_mutex_unlock (&self->lock);
  }
  gst_object_unref (pad);
}

void
gptvis_text_pad_event (GptVisTextPad *self, GstEvent *event)
{
  GstClockTime at, duration;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_STREAM_START:
      begin_stream (self, event);
      break;
    case GST_EVENT_SEGMENT:
      begin_segment (self, event);
      break;
    case GST_EVENT_GAP:        /* a frame that is missing counts like one */
      gst_event_parse_gap (event, &at, &duration);
      gptvis_text_pad_advance (self, at, duration, self->live);
      break;
    case GST_EVENT_FLUSH_START:
    case GST_EVENT_FLUSH_STOP:
      flush (self, event);
      break;
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_EOS:
      end_stream (self, event);
      break;
    default:
      break;
  }
}
