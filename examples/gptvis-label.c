/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvis-label: what is on photos, videos, streams and cameras, a JSON object for
 * each analysed frame. It is also the example of how a program embeds the elements:
 * make_pipeline builds the pipeline, on_frame reads each result, run takes one input
 * after the other through it. The pipeline stays in READY between two inputs, so the
 * model is loaded once. The command line is arguments.c's, reading and decoding source.c's
 * (photos: photo.c), words on stderr are tally.c's. */
#include <gst/pbutils/pbutils.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include "arguments.h"
#include "gptvis.h"
#include "photo.h"
#include "plugin.h"
#include "source.h"
#include "tally.h"

enum { EXIT_INPUT = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

#define TICK (100 * GST_MSECOND)

typedef struct {
  GstElement *pipeline, *queue, *filter, *json;
  Source source;                /* of the input at hand */
  GstBus *bus;
  Tally tally;                  /* the streaming thread counts; read when it has ended */
  gboolean tells;               /* words on stderr */
} App;

typedef enum { DONE, FAILED, FATAL } Outcome;

static volatile sig_atomic_t interrupted;

static void
on_signal (int number)
{
  interrupted = 1;
}

/* Every frame passes here with what is known of it. */
static GstPadProbeReturn
on_frame (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GptVisMeta *seen = gptvis_buffer_get_meta (GST_PAD_PROBE_INFO_BUFFER (info));
  App *app = data;

  if (seen && seen->own)
    tally_count (&app->tally, seen->result->n_labels > 0 ? seen->result->labels[0].text : NULL,
        seen->result->analysis);
  if (app->tells && seen && seen->result->caption && seen->result->caption->final)
    tally_caption (&app->tally, seen->result->caption->text);
  return GST_PAD_PROBE_OK;
}

/* All but the source; videoflip turns photos as their EXIF data say. */
static gboolean
make_pipeline (App *app)
{
  GError *error = NULL;
  GstPad *pad;

  app->pipeline = gst_parse_launch ("queue name=queue max-size-buffers=4 max-size-bytes=0 max-size-time=0 ! videoconvert "
      "! videoflip video-direction=auto ! gptvisfilter name=filter post-messages=false hold-time=0 "
      "! gptvisjson name=json location=- ! fakesink sync=false enable-last-sample=false", &error);
  if (error) {
    tally_complain (&app->tally, NULL, NULL, error->message);
    g_error_free (error);
    g_clear_pointer (&app->pipeline, gst_object_unref);
    return FALSE;
  }
  app->bus = gst_element_get_bus (app->pipeline);
  app->queue = gst_bin_get_by_name (GST_BIN (app->pipeline), "queue");
  app->filter = gst_bin_get_by_name (GST_BIN (app->pipeline), "filter");
  app->json = gst_bin_get_by_name (GST_BIN (app->pipeline), "json");
  pad = gst_element_get_static_pad (app->json, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame, app, NULL);
  gst_object_unref (pad);
  return TRUE;
}

static void
free_pipeline (App *app)
{
  gst_element_set_state (app->pipeline, GST_STATE_NULL);
  gst_object_unref (app->queue);
  gst_object_unref (app->filter);
  gst_object_unref (app->json);
  gst_object_unref (app->bus);
  gst_object_unref (app->pipeline);
}

/* Where the fault is not the input's (model, standard output) there is no going on. */
static Outcome
on_error (App *app, GstMessage *message, const gchar *name, const gchar *missing)
{
  GstObject *from = GST_MESSAGE_SRC (message);
  gboolean ours = from == (GstObject *) app->filter || from == (GstObject *) app->json;
  GError *error = NULL;
  gchar *sentence;

  gst_message_parse_error (message, &error, NULL);
  sentence = ours || !missing ? g_strdup (error->message)
      : g_strdup_printf ("No %s is installed; Debian has most in gstreamer1.0-libav and "
      "gstreamer1.0-plugins-good, -bad and -ugly.", missing);
  tally_complain (&app->tally, ours ? NULL : name, NULL, sentence);
  g_free (sentence);
  g_error_free (error);
  return ours ? FATAL : FAILED;
}

/* A decoder's may be of no account; the filter's is a frame that was not analysed. */
static Outcome
on_warning (App *app, GstMessage *message, const gchar *name)
{
  GError *error = NULL;

  gst_message_parse_warning (message, &error, NULL);
  tally_complain (&app->tally, name, "warning", error->message);
  g_error_free (error);
  return GST_MESSAGE_SRC (message) == (GstObject *) app->filter ? FAILED : DONE;
}

static double
part_done (App *app)
{
  gint64 at, length;

  if (!gst_element_query_position (app->pipeline, GST_FORMAT_TIME, &at)
      || !gst_element_query_duration (app->pipeline, GST_FORMAT_TIME, &length) || length <= 0)
    return 0;
  return (double) at / length;
}

/* Follows the bus until the input is at its end. */
static Outcome
watch (App *app, const gchar *name, guint i, guint n)
{
  Outcome outcome = DONE;
  gchar *missing = NULL;

  for (gboolean over = FALSE; !over && !interrupted;) {
    GstMessage *message = gst_bus_timed_pop (app->bus, TICK);
    GstMessageType type = message ? GST_MESSAGE_TYPE (message) : GST_MESSAGE_UNKNOWN;

    if (!message)
      tally_progress (&app->tally, part_done (app), i, n, name);
    else if (type == GST_MESSAGE_ERROR)
      outcome = on_error (app, message, name, missing);
    else if (type == GST_MESSAGE_WARNING)
      outcome = MAX (outcome, on_warning (app, message, name));
    else if (gst_is_missing_plugin_message (message)) {
      g_free (missing);
      missing = gst_missing_plugin_message_get_description (message);
    }
    over = type == GST_MESSAGE_EOS || type == GST_MESSAGE_ERROR;
    gst_clear_message (&message);
  }
  g_free (missing);
  return outcome;
}

static Outcome
run (App *app, const Input *input, guint i, guint n)
{
  guint64 before = app->tally.frames;
  GError *error = NULL;
  Outcome outcome;

  g_clear_pointer (&app->tally.caption, g_free);
  tally_progress (&app->tally, 0, i, n, input->name);
  if (input->problem || !source_add (&app->source, app->pipeline, input->uri, app->queue, &error)) {
    tally_complain (&app->tally, input->name, NULL, error ? error->message : input->problem);
    g_clear_error (&error);
    return FAILED;
  }
  g_object_set (app->json, "stream", input->name, NULL);
  /* A camera's frames are dropped when they come faster than they are analysed. */
  gst_util_set_object_arg (G_OBJECT (app->queue), "leaky", input->live ? "downstream" : "no");
  gst_element_set_state (app->pipeline, GST_STATE_PLAYING);     /* if that fails, the bus says why */
  outcome = watch (app, input->name, i, n);
  gst_element_set_state (app->pipeline, GST_STATE_READY);
  source_remove (&app->source, app->pipeline);
  gst_bus_set_flushing (app->bus, TRUE);
  gst_bus_set_flushing (app->bus, FALSE);
  if (outcome == DONE && !interrupted && app->tally.frames == before) {
    tally_complain (&app->tally, input->name, NULL, "There is no picture in it.");
    outcome = FAILED;
  }
  return outcome;
}

/* The model is opened here. */
static gboolean
make_ready (App *app, const Arguments *arguments)
{
  GstStateChangeReturn change;
  GstMessage *message;

  if (!arguments_apply (arguments, app->filter))
    return FALSE;
  change = gst_element_set_state (app->pipeline, GST_STATE_READY);
  if ((message = gst_bus_pop_filtered (app->bus, GST_MESSAGE_ERROR)))
    on_error (app, message, NULL, NULL);
  gst_clear_message (&message);
  return change != GST_STATE_CHANGE_FAILURE;
}

static int
run_all (App *app, const Arguments *arguments)
{
  const guint n = arguments->inputs->len;
  gint64 began = g_get_monotonic_time ();
  Outcome outcome = DONE;
  guint failed = 0;

  for (guint i = 0; i < n && outcome != FATAL && !interrupted; i++) {
    outcome = run (app, arguments->inputs->pdata[i], i, n);
    failed += outcome != DONE;
  }
  if (!arguments->json)
    tally_summary (&app->tally, n, failed, (g_get_monotonic_time () - began) / 1e6);
  return interrupted ? EXIT_INTERRUPTED : failed ? EXIT_INPUT : EXIT_SUCCESS;
}

static int
label (const Arguments *arguments)
{
  struct sigaction action = {.sa_handler = on_signal,.sa_flags = SA_RESETHAND };     /* twice: at once */
  int status = EXIT_USAGE;
  App app = {.tells = !arguments->json };

  plugin_find ();
  photo_decoder_register ();
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
  tally_init (&app.tally, !arguments->json && isatty (STDERR_FILENO));
  if (make_pipeline (&app)) {
    if (make_ready (&app, arguments))
      status = run_all (&app, arguments);
    free_pipeline (&app);
  }
  tally_clear (&app.tally);
  return status;
}

int
main (int argc, char **argv)
{
  Arguments arguments;
  int status = EXIT_USAGE;

  setlocale (LC_ALL, "");
  if (arguments_parse (&arguments, argc, argv)) {
    if (arguments.devices)
      status = print_devices () ? EXIT_SUCCESS : EXIT_USAGE;
    else if (arguments.plan)
      status = print_plan (arguments_model ()) ? EXIT_SUCCESS : EXIT_USAGE;
    else
      status = label (&arguments);
  }
  arguments_clear (&arguments);
  return status;
}
