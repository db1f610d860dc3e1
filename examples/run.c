/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each input has a pipeline of its own, so that nothing of one reaches the next (tags, colorimetry, a decoder
 * that is stuck); the model is not loaded again, since gptvisfilter shares it. make_pipeline builds the
 * pipeline, on_frame reads each result, watch follows the bus. A thread of the input's own starts and ends
 * the pipeline: whatever hangs there, in a driver, a network or a demuxer, is left behind when the patience
 * is over. */
#include "run.h"
#include "answer.h"
#include "gptvis.h"
#include "reason.h"
#include "source.h"
#include <gst/video/video.h>

#define TICK (100 * GST_MSECOND)
#define END_TIMEOUT (3 * G_USEC_PER_SEC)        /* for a pipeline to end */

typedef struct {
  GstElement *pipeline, *queue, *filter, *json;
  Source source;
  GstBus *bus;
  GThread *thread;
  GAsyncQueue *order, *ended;   /* tells the thread to end; tells that it has */
  Tally *tally;
  gboolean verbose;             /* captions on stderr */
  Coco *coco;
  const gchar *name;            /* the input's … */
  guint nth;                    /* … and its place in the arguments, from 1 */

  gint width, height;           /* of what is decoded; the streaming thread's */
  gint turned_width, turned_height;     /* of what is analysed; likewise */
  gboolean follows;             /* regions, where a picture follows */
  guint pictures, results; /* that reached the filter, and left it; streaming threads count, atomically */
  GMutex lock;
  gboolean left_behind;         /* under the lock: nobody waits for it any more */
} Run;

/* --- the pipeline --- */

static GstPadProbeReturn
on_picture (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Run *self = data;

  g_atomic_int_inc (&self->pictures);
  return GST_PAD_PROBE_OK;
}

/* What comes too late is not written. */
static GstPadProbeReturn
on_result (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Run *self = data;

  g_mutex_lock (&self->lock);
  gboolean late = self->left_behind;
  g_mutex_unlock (&self->lock);
  return late ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

/* Every frame passes here with what is known of it. */
static GstPadProbeReturn
on_frame (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GptVisMeta *seen = gptvis_buffer_get_meta (GST_PAD_PROBE_INFO_BUFFER (info));
  Run *self = data;

  g_atomic_int_inc (&self->results);
  g_mutex_lock (&self->lock);
  if (seen && seen->own && !self->left_behind) {
    tally_count (self->tally, seen->result->n_labels > 0 ? seen->result->labels[0].text : NULL,
        seen->result->analysis);
    coco_add (self->coco, seen->result, self->name, self->nth,
        self->turned_width, self->turned_height);
  }
  if (seen && !self->left_behind)
    tally_regions (self->tally, seen->result);
  if (self->verbose && seen && seen->result->caption && seen->result->caption->final && !self->left_behind)
    tally_caption (self->tally, seen->result->caption->text);
  g_mutex_unlock (&self->lock);
  return GST_PAD_PROBE_OK;
}

/* The largest width or height that the filter takes. */
static gint
largest (Run *self)
{
  GstPadTemplate *sink = gst_element_get_pad_template (self->filter, "sink");
  GstCaps *caps = gst_pad_template_get_caps (sink);
  const GValue *range = gst_structure_get_value (gst_caps_get_structure (caps, 0), "width");
  const gint max = gst_value_get_int_range_max (range);

  gst_caps_unref (caps);
  return max;
}

/* A picture that is too large would end in "not negotiated". Its size is kept until the picture itself
 * comes, when the decoder is done: gdkpixbufdec cannot be stopped before. */
static GstPadProbeReturn
on_size (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  Run *self = data;
  GstCaps *caps;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CAPS)
    return GST_PAD_PROBE_OK;
  gst_event_parse_caps (event, &caps);
  gst_structure_get (gst_caps_get_structure (caps, 0), "width", G_TYPE_INT, &self->width, "height",
      G_TYPE_INT, &self->height, NULL);
  return MAX (self->width, self->height) > largest (self) ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_decoded (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Run *self = data;

  if (MAX (self->width, self->height) <= largest (self))
    return GST_PAD_PROBE_OK;
  GST_ELEMENT_ERROR (self->queue, STREAM, FORMAT,
      ("The picture has %d × %d pixels; each way at most %d can be analysed.", self->width, self->height,
          largest (self)), (NULL));
  return GST_PAD_PROBE_DROP;
}

/* What is analysed: turned as its file says. A picture that nothing follows cannot be followed. */
static GstPadProbeReturn
on_turned (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  GstVideoInfo picture;
  Run *self = data;
  GstCaps *caps;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CAPS)
    return GST_PAD_PROBE_OK;
  gst_event_parse_caps (event, &caps);
  if (!gst_video_info_from_caps (&picture, caps))
    return GST_PAD_PROBE_OK;
  self->turned_width = GST_VIDEO_INFO_WIDTH (&picture);
  self->turned_height = GST_VIDEO_INFO_HEIGHT (&picture);
  g_object_set (self->filter, "track", self->follows && GST_VIDEO_INFO_FPS_N (&picture) > 0, NULL);
  return GST_PAD_PROBE_OK;
}

static void
probe (Run *self, GstElement *element, const gchar *name, GstPadProbeType type, GstPadProbeCallback callback)
{
  GstPad *pad = gst_element_get_static_pad (element, name);

  gst_pad_add_probe (pad, type, callback, self, NULL);
  gst_object_unref (pad);
}

/* All but the source. A camera's frames are dropped when they come faster than they are analysed;
 * videoflip turns pictures as their files say. */
static gboolean
make_pipeline (Run *self, const Input *input, GError **error)
{
  self->pipeline = gst_parse_launch_full (
      "queue name=queue max-size-buffers=4 max-size-bytes=0 max-size-time=0 "
      "! videoconvert ! videoflip video-direction=auto ! gptvisfilter name=filter post-messages=false "
      "hold-time=0 ! gptvisjson name=json location=- ! fakesink sync=false enable-last-sample=false",
      NULL, GST_PARSE_FLAG_FATAL_ERRORS, error);
  if (!self->pipeline)
    return FALSE;
  self->bus = gst_element_get_bus (self->pipeline);
  self->queue = gst_bin_get_by_name (GST_BIN (self->pipeline), "queue");
  self->filter = gst_bin_get_by_name (GST_BIN (self->pipeline), "filter");
  self->json = gst_bin_get_by_name (GST_BIN (self->pipeline), "json");
  g_object_set (self->json, "stream", input->name, NULL);
  if (input->live)
    gst_util_set_object_arg (G_OBJECT (self->queue), "leaky", "downstream");
  probe (self, self->queue, "sink", GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_size);
  probe (self, self->queue, "sink", GST_PAD_PROBE_TYPE_BUFFER, on_decoded);
  probe (self, self->filter, "sink", GST_PAD_PROBE_TYPE_BUFFER, on_picture);
  probe (self, self->filter, "sink", GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_turned);
  probe (self, self->json, "sink", GST_PAD_PROBE_TYPE_BUFFER, on_result);
  probe (self, self->json, "src", GST_PAD_PROBE_TYPE_BUFFER, on_frame);
  return TRUE;
}

static void
run_free (Run *self)
{
  gst_clear_object (&self->queue);
  gst_clear_object (&self->filter);
  gst_clear_object (&self->json);
  gst_clear_object (&self->bus);
  gst_clear_object (&self->pipeline);
  g_async_queue_unref (self->order);
  g_async_queue_unref (self->ended);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* --- its thread --- */

static gpointer
play (gpointer data)
{
  Run *self = data;

  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);    /* if that fails, the bus says why */
  g_async_queue_pop (self->order);
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  g_async_queue_push (self->ended, self);
  return NULL;
}

/* A pipeline that does not end in time is never freed. */
static void
end (Run *self)
{
  g_async_queue_push (self->order, self);
  if (g_async_queue_timeout_pop (self->ended, END_TIMEOUT)) {
    g_thread_join (self->thread);
    run_free (self);
    return;
  }
  g_mutex_lock (&self->lock);
  self->left_behind = TRUE;
  g_mutex_unlock (&self->lock);
  gst_bus_set_flushing (self->bus, TRUE);
}

/* --- watched --- */

/* Where the fault is not the input's (but the model's, or standard output's), the next would fail, too. */
static RunOutcome
on_error (Run *self, GstMessage *message, const gchar *name, Answer *answer)
{
  GstObject *from = GST_MESSAGE_SRC (message);
  gboolean ours = from == (GstObject *) self->filter || from == (GstObject *) self->json;
  GError *error = NULL;
  gchar *sentence;

  gst_message_parse_error (message, &error, NULL);
  sentence = ours ? g_strdup (error->message) : answer_fault (answer, message);
  tally_complain (self->tally, ours ? NULL : name, NULL, sentence);
  g_free (sentence);
  g_error_free (error);
  return ours ? RUN_FATAL : RUN_FAILED;
}

/* A decoder's warning may not matter; the filter's is of a frame that was not analysed. */
static RunOutcome
on_warning (Run *self, GstMessage *message, const gchar *name)
{
  GError *error = NULL;

  gst_message_parse_warning (message, &error, NULL);
  tally_complain (self->tally, name, "warning", error->message);
  g_error_free (error);
  return GST_MESSAGE_SRC (message) == (GstObject *) self->filter ? RUN_FAILED : RUN_DONE;
}

static double
part_done (Run *self)
{
  gint64 at, length;

  if (!gst_element_query_position (self->pipeline, GST_FORMAT_TIME, &at)
      || !gst_element_query_duration (self->pipeline, GST_FORMAT_TIME, &length) || length <= 0)
    return 0;
  return (double) at / length;
}

/* Has the input kept us waiting for longer than that? While a picture is analysed, it waits for us. */
static gboolean
is_silent (Run *self, gint64 patience, guint *heard, gint64 *since)
{
  const guint pictures = (guint) g_atomic_int_get (&self->pictures);
  const gint64 now = g_get_monotonic_time ();

  if (pictures != *heard || pictures != (guint) g_atomic_int_get (&self->results))
    *since = now;
  *heard = pictures;
  return patience > 0 && now - *since > patience;
}

/* NULL: there was none for a while. */
static GstMessage *
next_message (Run *self)
{
  GstMessage *message = gst_bus_timed_pop (self->bus, TICK);

  if (!message && (message = source_lost_error (&self->source)))
    gst_message_ref (message);
  return message;
}

/* Follows the bus until the input is at its end. */
static RunOutcome
watch (Run *self, const Arguments *arguments, guint i, volatile sig_atomic_t *interrupted)
{
  const gchar *name = ((const Input *) arguments->inputs->pdata[i])->name;
  gint64 since = g_get_monotonic_time ();
  RunOutcome outcome = RUN_DONE;
  Answer answer = { 0 };
  guint heard = 0;

  for (gboolean over = FALSE; !over && !*interrupted;) {
    GstMessage *message = next_message (self);
    GstMessageType type = message ? GST_MESSAGE_TYPE (message) : GST_MESSAGE_UNKNOWN;

    over = type == GST_MESSAGE_EOS || type == GST_MESSAGE_ERROR;
    if (type == GST_MESSAGE_ERROR) {
      outcome = on_error (self, message, name, &answer);
    } else if (type == GST_MESSAGE_WARNING) {
      outcome = MAX (outcome, on_warning (self, message, name));
    } else if (!over && is_silent (self, arguments->patience * G_USEC_PER_SEC, &heard, &since)) {
      gchar *sentence = g_strdup_printf ("No picture came for %d seconds (--patience).", arguments->patience);
      tally_complain (self->tally, name, NULL, sentence);
      g_free (sentence);
      outcome = RUN_FAILED;
      over = TRUE;
    } else if (message) {
      answer_note (&answer, message);
    } else {
      tally_progress (self->tally, part_done (self), i, arguments->inputs->len, name);
    }
    gst_clear_message (&message);
  }
  answer_clear (&answer);
  return outcome;
}

RunOutcome
run_input (const Arguments *arguments, guint i, Tally *tally, Coco *coco, volatile sig_atomic_t *interrupted)
{
  const Input *input = arguments->inputs->pdata[i];
  const guint64 before = tally->frames;
  Run *self = g_new0 (Run, 1);
  GError *error = NULL;
  RunOutcome outcome;

  self->tally = tally;
  self->verbose = !arguments->json;
  self->coco = coco;
  self->name = input->name;
  self->nth = i + 1;
  self->follows = !arguments->coco;
  self->order = g_async_queue_new ();
  self->ended = g_async_queue_new ();
  g_mutex_init (&self->lock);
  g_clear_pointer (&tally->caption, g_free);
  tally_next (tally);
  tally_progress (tally, 0, i, arguments->inputs->len, input->name);
  if (input->problem || !make_pipeline (self, input, &error) || !arguments_apply (arguments, self->filter)
      || !source_add (&self->source, self->pipeline, input->uri, self->queue, &error)) {
    tally_complain (tally, input->name, NULL, error ? error->message : input->problem);
    g_clear_error (&error);
    run_free (self);
    return RUN_FAILED;
  }
  self->thread = g_thread_new ("input", play, self);
  outcome = watch (self, arguments, i, interrupted);
  end (self);
  if (outcome == RUN_DONE && !*interrupted && tally->frames == before) {
    tally_complain (tally, input->name, NULL, REASON_NO_PICTURE);
    outcome = RUN_FAILED;
  }
  return outcome;
}
