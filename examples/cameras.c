/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvis-cameras: watches any number of cameras at once and writes what is on their pictures,
 * a JSON object a line, for as long as it is left to run. It is the example of how a surveillance
 * application embeds gptvisfilter: one model for all cameras (keep_model), each camera on its own
 * (camera.c), results from the bus (lines.c). This file is the command line and the main loop. */
#include <glib-unix.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "camera.h"
#include "plugin.h"
#include "standard.h"

enum { EXIT_OUTPUT = 1, EXIT_USAGE = 2 };

#define PATIENCE (3 * G_USEC_PER_SEC)   /* while cameras end, and their lines are read */

typedef struct {
  CameraSettings settings;
  gchar *output;
  gint stats, duration;         /* s; 0: none */
  gchar **sources;

  GMainLoop *loop;
  Lines lines;
  GPtrArray *cameras;           /* of Camera */
} App;

/* --- the command line --- */

static gboolean
complain (const gchar *sentence)
{
  g_printerr ("gptvis-cameras: %s\n", sentence);
  return FALSE;
}

/* Is it the URI of a network camera without a host? */
static gboolean
lacks_host (const gchar *source, const gchar *protocol)
{
  GstUri *uri = g_str_has_prefix (protocol, "http") || g_str_has_prefix (protocol, "rts")
      ? gst_uri_from_string (source) : NULL;
  gboolean lacks = uri && (!gst_uri_get_host (uri) || !*gst_uri_get_host (uri));

  g_clear_pointer (&uri, gst_uri_unref);
  return lacks;
}

/* Refuses what can never be a camera. A file or device that is missing may still come. */
static gboolean
check_source (const gchar *source)
{
  gchar *protocol = gst_uri_is_valid (source) ? gst_uri_get_protocol (source) : NULL;
  gboolean is_uri = protocol && strstr (source, "://"), is_known = protocol
      && gst_uri_protocol_is_supported (GST_URI_SRC, protocol), good = FALSE;

  if (!*source)
    complain ("A camera's name is empty.");
  else if (is_uri && !is_known)
    g_printerr ("gptvis-cameras: Nothing is installed that reads %s://.\n", protocol);
  else if (is_uri && lacks_host (source, protocol))
    g_printerr ("gptvis-cameras: A camera's URI names no host, as %s://HOST/PATH does.\n", protocol);
  else if (!is_uri && is_known && !g_file_test (source, G_FILE_TEST_EXISTS))
    g_printerr ("gptvis-cameras: %s is neither a file nor, without \"//\", a URI: write %s://HOST/PATH.\n",
        source, protocol);
  else if (!is_uri && g_file_test (source, G_FILE_TEST_IS_DIR))
    g_printerr ("gptvis-cameras: %s is a directory, where a file, a device or a URI is needed.\n", source);
  else
    good = TRUE;
  g_free (protocol);
  return good;
}

static gboolean
check (const App *app)
{
  static const gchar *const regions[] = { "auto", "none", "model", "motion", NULL };

  if (!app->sources)
    return complain ("Which cameras? Name at least one: rtsp://…, another URI, /dev/video0 or a file.");
  if (!(app->settings.max_rate >= 0 && app->settings.max_rate <= 1000))
    return complain ("--max-rate must be from 0 (no limit) to 1000 analyses a second.");
  if (!(fabs (app->settings.threshold) <= 1))
    return complain ("--threshold must be from 0 to 1, or below 0 for what suits the model.");
  if (app->settings.top_k < 0)
    return complain ("--top-k must be 0 (all labels) or more.");
  if (app->settings.regions && !g_strv_contains (regions, app->settings.regions))
    return complain ("--regions must be none, model, motion or auto.");
  if (app->settings.silence < 1 || app->settings.silence > 3600)
    return complain ("--silence must be from 1 to 3600 seconds.");
  if (app->stats < 0 || app->duration < 0)
    return complain ("--stats and --duration must be seconds, 0 or more.");
  for (guint i = 0; app->sources[i]; i++) {
    if (!check_source (app->sources[i]))
      return FALSE;
  }
  return TRUE;
}

static gboolean
parse (App *app, int argc, char **argv)
{
  CameraSettings *settings = &app->settings;
  const GOptionEntry entries[] = {
    { "model", 0, 0, G_OPTION_ARG_FILENAME, &settings->model,
        "checkpoint: a Hugging Face directory, or the name of one that gptvis-model downloaded (else the "
        "small bundled one)", "DIR|NAME" },
    { "output", 0, 0, G_OPTION_ARG_FILENAME, &app->output,
        "add the lines to FILE (else standard output)", "FILE" },
    { "max-rate", 0, 0, G_OPTION_ARG_DOUBLE, &settings->max_rate,
        "at most R analyses a second and camera (else as many as there is time for)", "R" },
    { "threshold", 0, 0, G_OPTION_ARG_DOUBLE, &settings->threshold,
        "only labels that score at least T (else what suits the model)", "T" },
    { "top-k", 0, 0, G_OPTION_ARG_INT, &settings->top_k, "at most K labels a frame (else 5; 0: all)", "K" },
    { "regions", 0, 0, G_OPTION_ARG_STRING, &settings->regions,
        "who finds where things are: none, model, motion or auto (else that)", "R" },
    { "silence", 0, 0, G_OPTION_ARG_INT, &settings->silence,
        "a camera without a picture for S seconds is down (else 5)", "S" },
    { "stats", 0, 0, G_OPTION_ARG_INT, &app->stats, "print each camera's counts every S seconds", "S" },
    { "duration", 0, 0, G_OPTION_ARG_INT, &app->duration, "end after S seconds", "S" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &app->sources, NULL, NULL },
    { 0 }
  };
  GOptionContext *context = g_option_context_new ("SOURCE… - watch cameras, say what is on their pictures");
  GError *error = NULL;
  gboolean parsed;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  g_option_context_set_summary (context,
      "Writes one JSON object for each analysed frame, and one for each \"up\" and \"down\" of a camera.\n"
      "SOURCE is rtsp://… (over TCP; rtspu://…: UDP), another URI, a device (/dev/video0) or a file,\n"
      "which is played as if it were a camera, over and over. A camera that fails, ends or falls\n"
      "silent is started again until it is back; the others do not notice.");
  g_option_context_set_description (context,
      "It runs until --duration is over or it is interrupted (Ctrl-C), and then prints a summary. Exit\n"
      "status: 0 it ended like that; 1 the output could not be written, or nobody read it; 2 wrong use, or\n"
      "a model that does not load.\n");
  if (!(parsed = g_option_context_parse (context, &argc, &argv, &error))) {
    complain (error->message);
    g_error_free (error);
  }
  g_option_context_free (context);
  return parsed && check (app);
}

/* --- the model --- */

/* A gptvisfilter in READY, which does nothing but hold the model: it is opened once, here, and
 * stays while no camera is up. NULL, after a sentence, when it cannot be opened. */
static GstElement *
keep_model (const gchar *model)
{
  GstElement *keeper = gst_element_factory_make ("gptvisfilter", NULL);
  GstMessage *message;
  GError *error = NULL;
  GstBus *bus;

  if (!keeper) {
    complain ("The plugin with gptvisfilter is not where GStreamer looks for plugins (GST_PLUGIN_PATH).");
    return NULL;
  }
  bus = gst_bus_new ();
  g_object_set (keeper, "model", model, NULL);
  gst_element_set_bus (keeper, bus);
  if (gst_element_set_state (keeper, GST_STATE_READY) == GST_STATE_CHANGE_FAILURE) {
    if ((message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR)))
      gst_message_parse_error (message, &error, NULL);
    complain (error ? error->message : "The model cannot be opened.");
    g_clear_error (&error);
    gst_clear_message (&message);
    gst_element_set_state (keeper, GST_STATE_NULL);
    gst_clear_object (&keeper);
  }
  gst_object_unref (bus);
  return keeper;
}

/* --- the main loop --- */

/* For the first signal: a second ends the program at once. */
static gboolean
on_end (gpointer data)
{
  App *app = data;

  g_main_loop_quit (app->loop);
  return G_SOURCE_REMOVE;
}

static void
report_all (const App *app)
{
  for (guint i = 0; i < app->cameras->len; i++)
    camera_report (app->cameras->pdata[i]);
}

static gboolean
on_stats (gpointer data)
{
  report_all (data);
  return G_SOURCE_CONTINUE;
}

static void
start (App *app)
{
  for (guint i = 0; app->sources[i]; i++) {
    guint nth = 1;
    for (guint j = 0; j < i; j++)
      nth += g_str_equal (app->sources[j], app->sources[i]);
    g_ptr_array_add (app->cameras, camera_new (app->sources[i], nth, &app->settings, &app->lines));
  }
  g_unix_signal_add (SIGINT, on_end, app);
  g_unix_signal_add (SIGTERM, on_end, app);
  if (app->duration)
    g_timeout_add_seconds (app->duration, on_end, app);
  if (app->stats)
    g_timeout_add_seconds (app->stats, on_stats, app);
}

/* All end at the same time. What is stuck in a driver or a network is left to the system. */
static void
stop (App *app, gint64 until)
{
  for (guint i = 0; i < app->cameras->len; i++)
    camera_stop (app->cameras->pdata[i]);
  for (guint i = 0; i < app->cameras->len; i++)
    camera_wait (app->cameras->pdata[i], until);
  report_all (app);
  for (guint i = 0; i < app->cameras->len; i++) {
    if (camera_wait (app->cameras->pdata[i], 0))
      camera_free (app->cameras->pdata[i]);
  }
}

static int
watch_all (App *app)
{
  if (!lines_open (&app->lines, app->output, app->loop))
    return EXIT_OUTPUT;
  start (app);
  g_main_loop_run (app->loop);
  const gint64 until = g_get_monotonic_time () + PATIENCE;
  stop (app, until);
  return lines_close (&app->lines, until) ? EXIT_SUCCESS : EXIT_OUTPUT;
}

int
main (int argc, char **argv)
{
  App app = { .settings = { .threshold = -1, .top_k = 5, .silence = 5 } };
  GstElement *keeper;
  int status = EXIT_USAGE;

  standard_guard ("gptvis-cameras");
  setlocale (LC_ALL, "");
  signal (SIGPIPE, SIG_IGN);    /* a reader that is gone is an error to report */
  if (parse (&app, argc, argv)) {
    plugin_find ();
    app.loop = g_main_loop_new (NULL, FALSE);
    app.cameras = g_ptr_array_new ();
    if ((keeper = keep_model (app.settings.model))) {
      status = watch_all (&app);
      gst_element_set_state (keeper, GST_STATE_NULL);
      gst_object_unref (keeper);
    }
    g_ptr_array_unref (app.cameras);
    g_main_loop_unref (app.loop);
  }
  g_strfreev (app.sources);
  g_free (app.output);
  g_free (app.settings.model);
  g_free (app.settings.regions);
  return status;
}
