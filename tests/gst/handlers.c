/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An application may do anything in each of its handlers, on whichever thread it is called (engine.h). A
 * pipeline plays; at one moment (a message, a signal, a probe) the handler does one act; then the pipeline
 * goes to NULL, and nothing may be left of it. The watchdog names what hangs; sanitizers name what is used
 * after its end. */
#include "rig.h"
#include "gptvisfilter.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE 60u            /* s that one case may take, until it counts as stuck */

typedef struct _Case Case;

/* A moment at which the application is called. */
typedef struct {
  const gchar *name;
  WriterKind kind;
  const gchar *properties;
  const gchar *message;         /* an element message of that name … */
  GstMessageType type;          /* … or a message of that type; 0: see connect */
  void (*connect) (Case *self);
  enum { STREAMING, WORKER, TEXT, MAIN } thread;        /* that calls; STREAMING if frames wait */
} Moment;

typedef struct {
  const gchar *name;
  void (*act) (Case *self);
  enum { NEEDS_NOTHING,
    NEEDS_SOURCE,               /* waits until the source has pushed what it is pushing */
    NEEDS_TASKS                 /* waits for the end of the element's tasks */
  } needs;
} Act;

struct _Case {
  const Moment *moment;
  const Act *act;
  const gchar *checkpoint;
  GstElement *pipeline, *filter, *source, *sink;
  guint comes;                  /* atomic: how often the moment has come */

  GMutex lock;
  GCond changed;
  gboolean started;             /* the pipeline is on its way to PLAYING, and the main thread done with it */
  gboolean done;
  gboolean gone;                /* the element was finalized */
};

/* --- acts --- */

static void
send (Case *self, GstEvent *event)
{
  GstPad *pad = gst_element_get_static_pad (self->filter, "sink");

  gst_pad_send_event (pad, event);
  gst_object_unref (pad);
}

static void
close_element (Case *self)
{
  gst_element_set_locked_state (self->filter, TRUE);
  gst_element_set_state (self->filter, GST_STATE_NULL);
}

static void
take_out (Case *self)
{
  close_element (self);
  gst_bin_remove (GST_BIN (self->pipeline), self->filter);
}

static void
reopen (Case *self)
{
  gst_element_set_locked_state (self->filter, TRUE);
  gst_element_set_state (self->filter, GST_STATE_READY);
  gst_element_set_state (self->filter, GST_STATE_PLAYING);
}

static void
close_and_open (Case *self)
{
  close_element (self);
  gst_element_set_state (self->filter, GST_STATE_PLAYING);
}

static void
pause_and_play (Case *self)
{
  gst_element_set_state (self->filter, GST_STATE_PAUSED);
  gst_element_set_state (self->filter, GST_STATE_PLAYING);
}

/* No buffer may come between the two. Before the stream has begun, the source will send a segment. */
static void
end_flush (Case *self)
{
  GstPad *pad = gst_element_get_static_pad (self->filter, "sink");
  gchar *stream = gst_pad_get_stream_id (pad);
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  GST_PAD_STREAM_LOCK (pad);
  gst_pad_send_event (pad, gst_event_new_flush_stop (TRUE));
  if (stream)
    gst_pad_send_event (pad, gst_event_new_segment (&segment));
  GST_PAD_STREAM_UNLOCK (pad);
  g_free (stream);
  gst_object_unref (pad);
}

static void
flush (Case *self)
{
  send (self, gst_event_new_flush_start ());
  end_flush (self);
}

static void
seek (Case *self)
{
  gst_element_seek_simple (self->filter, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0);
}

static void
seek_on (Case *self)
{
  gst_element_seek_simple (self->filter, GST_FORMAT_TIME, 0, 0);
}

static void
end (Case *self)
{
  send (self, gst_event_new_eos ());
}

static void
end_source (Case *self)
{
  gst_element_send_event (self->source, gst_event_new_eos ());
}

static void
gap (Case *self)
{
  send (self, gst_event_new_gap (0, GST_SECOND));
}

static void
new_segment (Case *self)
{
  GstPad *pad = gst_element_get_static_pad (self->filter, "sink");
  gchar *stream = gst_pad_get_stream_id (pad);
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.base = GST_SECOND;
  if (stream)
    send (self, gst_event_new_segment (&segment));
  g_free (stream);
  gst_object_unref (pad);
}

static void
properties (Case *self)
{
  GstStructure *stats = NULL;
  gchar *model = NULL;

  g_object_get (self->filter, "stats", &stats, "model", &model, NULL);
  g_assert_nonnull (stats);
  gst_structure_free (stats);
  g_free (model);
  g_object_set (self->filter, "interval", 3, "policy", 1, "top-k", 1, "partial-captions", TRUE, "model",
      "/not/there", "post-messages", TRUE, NULL);
}

static void
latency (Case *self)
{
  GstQuery *query = gst_query_new_latency ();

  gst_element_query (self->pipeline, query);
  gst_query_unref (query);
  gst_bin_recalculate_latency (GST_BIN (self->pipeline));
}

static void
unlink_pads (Case *self)
{
  GstPad *text = gst_element_get_static_pad (self->filter, "text"), *peer = text ? gst_pad_get_peer (text)
      : NULL;

  if (peer)
    gst_pad_unlink (text, peer);
  gst_clear_object (&peer);
  gst_clear_object (&text);
  gst_element_unlink (self->filter, self->sink);
}

/* Another element on the same model, which begins and ends within the call. */
static void
open_another (Case *self)
{
  GstElement *other = gst_element_factory_make ("gptvisfilter", NULL);

  g_object_set (gst_object_ref_sink (other), "model", self->checkpoint, NULL);
  g_assert_cmpint (gst_element_set_state (other, GST_STATE_PAUSED), !=, GST_STATE_CHANGE_FAILURE);
  g_assert_cmpint (gst_element_set_state (other, GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);
  gst_object_unref (other);
}

/* What another thread does while the handler waits for it; it holds none of the handler's locks. */
static gpointer
ask_elsewhere (gpointer data)
{
  Case *self = data;

  properties (self);
  send (self, gst_event_new_flush_start ());
  return NULL;
}

static void
wait_for_thread (Case *self)
{
  g_thread_join (g_thread_new ("asks", ask_elsewhere, self));
  end_flush (self);
}

static const Act acts[] = {
  { "closes it", close_element, NEEDS_TASKS }, { "takes it out and lets it go", take_out, NEEDS_TASKS },
  { "opens it anew from READY", reopen, NEEDS_TASKS }, { "closes and opens it", close_and_open, NEEDS_TASKS },
  { "pauses it", pause_and_play }, { "flushes", flush },
  { "seeks, flushing", seek }, { "seeks", seek_on, NEEDS_SOURCE }, { "ends its stream", end },
  { "ends the source", end_source, NEEDS_SOURCE },
  { "sends a gap", gap }, { "sends a segment", new_segment }, { "sets properties", properties },
  { "asks for the latency", latency }, { "unlinks it", unlink_pads }, { "opens another", open_another },
  { "waits for a thread that flushes", wait_for_thread, NEEDS_TASKS }
};

/* --- moments --- */

static void
set (Case *self, gboolean *what)
{
  g_mutex_lock (&self->lock);
  *what = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

static void
await (Case *self, const gboolean *what)
{
  g_mutex_lock (&self->lock);
  while (!*what)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);
}

/* Is it time to act? What comes often must have come three times, so that something is under way. Never while
 * the main thread is still starting the pipeline: a flush would make a live GstPipeline change its own state
 * without its state lock, which that thread holds. */
static gboolean
comes (Case *self, guint which)
{
  if (g_atomic_int_add ((gint *) &self->comes, 1) != (gint) which)
    return FALSE;
  if (self->moment->thread != MAIN)
    await (self, &self->started);
  self->act->act (self);
  set (self, &self->done);
  return TRUE;
}

/* Is the message from the filter, or from one of its pads? */
static gboolean
is_its (Case *self, GstMessage *message)
{
  return GST_MESSAGE_SRC (message) == GST_OBJECT (self->filter)
      || gst_object_has_as_parent (GST_MESSAGE_SRC (message), GST_OBJECT (self->filter));
}

static GstBusSyncReply
on_message (GstBus *bus, GstMessage *message, gpointer data)
{
  Case *self = data;
  const Moment *moment = self->moment;

  if (moment->message && gst_message_has_name (message, moment->message))
    comes (self, strcmp (moment->message, "gptvis-caption") ? 2 : 0);      /* they come once a second */
  else if (moment->type && GST_MESSAGE_TYPE (message) == moment->type && is_its (self, message))
    comes (self, 0);
  gst_message_unref (message);
  return GST_BUS_DROP;
}

static GstPadProbeReturn
on_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  return comes (data, 2) ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;       /* from before a flush, maybe */
}

static GstPadProbeReturn
on_first (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  return comes (data, 0) ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

static void
probe (Case *self, const gchar *name, GstPadProbeType type, GstPadProbeCallback callback)
{
  GstPad *pad = gst_element_get_static_pad (self->filter, name);

  gst_pad_add_probe (pad, type, callback, self, NULL);
  gst_object_unref (pad);
}

static void
probe_before (Case *self)
{
  probe (self, "sink", GST_PAD_PROBE_TYPE_BUFFER, on_buffer);
}

static void
probe_after (Case *self)
{
  probe (self, "src", GST_PAD_PROBE_TYPE_BUFFER, on_buffer);
}

static void
on_text_pad (GstElement *filter, GstPad *pad, Case *self)
{
  if (!strcmp (GST_PAD_NAME (pad), "text"))
    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_first, self, NULL);
}

static void
probe_text (Case *self)
{
  g_signal_connect (self->filter, "pad-added", G_CALLBACK (on_text_pad), self);
}

static void
on_pad_added (GstElement *filter, GstPad *pad, Case *self)
{
  comes (self, 0);
}

static void
connect_pad_added (Case *self)
{
  g_signal_connect (self->filter, "pad-added", G_CALLBACK (on_pad_added), self);
}

static void
on_no_more_pads (GstElement *filter, Case *self)
{
  comes (self, 0);
}

static void
connect_no_more_pads (Case *self)
{
  g_signal_connect (self->filter, "no-more-pads", G_CALLBACK (on_no_more_pads), self);
}

/* Too small for the caps: a frame that cannot be mapped. */
static GstPadProbeReturn
shrink (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GstBuffer *small = gst_buffer_copy_region (GST_PAD_PROBE_INFO_BUFFER (info), GST_BUFFER_COPY_ALL, 0, 10);

  gst_buffer_unref (GST_PAD_PROBE_INFO_BUFFER (info));
  GST_PAD_PROBE_INFO_DATA (info) = small;
  return GST_PAD_PROBE_OK;
}

static void
shrink_frames (Case *self)
{
  probe (self, "sink", GST_PAD_PROBE_TYPE_BUFFER, shrink);
}

static const Moment moments[] = {
  { "a result", WRITES, NULL, "gptvis-result", .thread = WORKER },
  { "a caption", WRITES, NULL, "gptvis-caption", .thread = WORKER },
  { "a word", WRITES_FOREVER, "partial-captions=true", "gptvis-caption", .thread = WORKER },
  { "statistics", WRITES, "stats-interval=1", "gptvis-stats" },
  { "a frame that cannot be mapped", WRITES, NULL, NULL, GST_MESSAGE_WARNING, shrink_frames },
  { "an analysis that fails", WRITES | OVERLOOKS, NULL, NULL, GST_MESSAGE_WARNING, .thread = WORKER },
  { "a caption that fails", WRITES | WRITES_NAN, NULL, NULL, GST_MESSAGE_WARNING, .thread = WORKER },
  { "a latency", WRITES, NULL, NULL, GST_MESSAGE_LATENCY },
  { "the text's task", WRITES, NULL, NULL, GST_MESSAGE_STREAM_STATUS },
  { "a buffer that comes", WRITES, NULL, NULL, 0, probe_before },
  { "a buffer that goes", WRITES, NULL, NULL, 0, probe_after },
  { "a text that goes", WRITES, NULL, NULL, 0, probe_text, TEXT },
  { "the text pad", WRITES, NULL, NULL, 0, connect_pad_added, MAIN },
  { "no more pads", WRITES, NULL, NULL, 0, connect_no_more_pads, MAIN },
};

/* --- a case --- */

/* The watchdog ends the process when nothing moves any more, and names what hangs. */
static const gchar *current;    /* atomic, as is: */
static guint n_cases;

static gpointer
watch (gpointer data)
{
  for (guint quiet = 0, seen = 0; quiet < PATIENCE; quiet++) {
    g_usleep (G_USEC_PER_SEC);
    guint now = g_atomic_int_get ((gint *) &n_cases);
    if (now != seen)
      quiet = 0;
    seen = now;
  }
  fprintf (stderr, "handlers: stuck: %s\n", (const gchar *) g_atomic_pointer_get (&current));
  abort ();
}

static GstElement *
make_pipeline (Case *self, const gchar *policy, const gchar *between)
{
  gchar *line = g_strdup_printf ("videotestsrc name=source is-live=%s pattern=blink ! "
      "video/x-raw,format=RGB,width=16,height=16,framerate=101/1 ! %s gptvisfilter name=filter task=both "
      "model=\"%s\" "
      "caption-change=0 policy=%s %s ! fakesink name=sink async=false sync=false "
      "filter.text ! fakesink async=false sync=false", strcmp (policy, "latest") ? "false" : "true", between,
      self->checkpoint, policy, self->moment->properties ? self->moment->properties : "");
  GError *error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  g_assert_no_error (error);
  g_free (line);
  return pipeline;
}

static void
play (Case *self, const gchar *policy, const gchar *between)
{
  GstBus *bus;

  self->pipeline = make_pipeline (self, policy, between);
  self->filter = gst_bin_get_by_name (GST_BIN (self->pipeline), "filter");
  self->source = gst_bin_get_by_name (GST_BIN (self->pipeline), "source");
  self->sink = gst_bin_get_by_name (GST_BIN (self->pipeline), "sink");
  bus = gst_element_get_bus (self->pipeline);
  gst_bus_set_sync_handler (bus, on_message, self, NULL);
  if (self->moment->connect)
    self->moment->connect (self);
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
  set (self, &self->started);

  await (self, &self->done);
  gst_element_set_state (self->filter, GST_STATE_NULL);
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
  gst_object_unref (bus);
}

static void
on_gone (gpointer data, GObject *object)
{
  Case *self = data;

  set (self, &self->gone);
}

static void
run_case (const Moment *moment, const Act *act, const gchar *checkpoint, const gchar *policy,
    const gchar *between)
{
  Case self = { .moment = moment, .act = act, .checkpoint = checkpoint };
  gchar *name = g_strdup_printf ("policy=%s, %s at %s, the handler %s", policy,
      *between ? "a queue before it" : "in the source's thread", moment->name, act->name);

  g_atomic_pointer_set (&current, name);
  g_atomic_int_inc ((gint *) &n_cases);
  g_test_message ("%s", name);
  play (&self, policy, between);
  gst_object_unref (self.source);
  gst_object_unref (self.sink);
  g_object_weak_ref (G_OBJECT (self.filter), on_gone, &self);
  gst_object_unref (self.filter);
  gst_object_unref (self.pipeline);
  await (&self, &self.gone);    /* a thread of GStreamer's may hold it a moment longer */
  g_atomic_pointer_set (&current, "nothing");
  g_mutex_clear (&self.lock);
  g_cond_clear (&self.changed);
  g_free (name);
}

/* What no element can survive: basesrc holds its locks while it pushes to a queue, which is not emptied
 * before a handler on the streaming thread returns; and a task cannot wait for its own end. */
static gboolean
is_hopeless (const Moment *moment, const Act *act, gboolean waits, gboolean queued)
{
  const gboolean streaming = moment->thread == STREAMING || (moment->thread == WORKER && waits);

  return (act->needs == NEEDS_SOURCE && queued && streaming) || (act->needs == NEEDS_TASKS && moment->thread
      == TEXT);
}

/* All acts at one moment. */
static void
test_moment (gconstpointer data)
{
  static const gchar *const policies[] = { "every", "latest" }, *const betweens[] = { "", "queue !" };
  const Moment *moment = data;
  gchar *checkpoint = writer_write (moment->kind);

  for (guint p = 0; p < G_N_ELEMENTS (policies); p++)
    for (guint b = 0; b < G_N_ELEMENTS (betweens); b++)
      for (guint a = 0; a < G_N_ELEMENTS (acts); a++) {
        const gboolean waits = !strcmp (policies[p], "every");
        if (moment->type == GST_MESSAGE_LATENCY && waits)
          continue;             /* the source is not live */
        if (is_hopeless (moment, &acts[a], waits, *betweens[b]))
          continue;
        run_case (moment, &acts[a], checkpoint, policies[p], betweens[b]);
      }
  checkpoint_remove (checkpoint);
}

int
main (int argc, char **argv)
{
  rig_init (&argc, &argv);
  g_thread_unref (g_thread_new ("watchdog", watch, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (moments); i++) {
    gchar *path = g_strdup_printf ("/handlers/%s", moments[i].name);
    g_test_add_data_func (path, &moments[i], test_moment);
    g_free (path);
  }
  return g_test_run ();
}
