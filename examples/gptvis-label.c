/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvis-label: what is on photos, videos, streams and cameras, a JSON object for
 * each analysed frame. It is also the example of how a program embeds the elements: the
 * model is loaded once (keep_model), and each input has a pipeline of its own (run.c). The command line is
 * in arguments.c, reading and decoding in source.c (photos: photo.c), progress and complaints in tally.c. */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include "photo.h"
#include "plugin.h"
#include "run.h"
#include "standard.h"

enum { EXIT_INPUT = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

static volatile sig_atomic_t interrupted;

static void
on_signal (int number)
{
  interrupted = 1;
}

/* A gptvisfilter in READY, which does nothing but hold the model between two inputs. NULL, after a sentence,
 * when it cannot be opened. */
static GstElement *
keep_model (const Arguments *arguments, const Tally *tally)
{
  GstElement *keeper = gst_element_factory_make ("gptvisfilter", NULL);
  GstMessage *message;
  GError *error = NULL;
  GstBus *bus;

  if (!keeper) {
    tally_complain (tally, NULL, NULL,
        "The plugin with gptvisfilter is not where GStreamer looks for plugins "
        "(GST_PLUGIN_PATH).");
    return NULL;
  }
  bus = gst_bus_new ();
  gst_element_set_bus (keeper, bus);
  if (!arguments_apply (arguments, keeper)) {
    gst_clear_object (&keeper);
  } else if (gst_element_set_state (keeper, GST_STATE_READY) == GST_STATE_CHANGE_FAILURE) {
    if ((message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR)))
      gst_message_parse_error (message, &error, NULL);
    tally_complain (tally, NULL, NULL, error ? error->message : "The model cannot be opened.");
    g_clear_error (&error);
    gst_clear_message (&message);
    gst_element_set_state (keeper, GST_STATE_NULL);
    gst_clear_object (&keeper);
  }
  gst_object_unref (bus);
  return keeper;
}

static int
run_all (const Arguments *arguments, Tally *tally, Coco *coco)
{
  const guint n = arguments->inputs->len;
  gint64 began = g_get_monotonic_time ();
  RunOutcome outcome = RUN_DONE;
  guint failed = 0;

  for (guint i = 0; i < n && outcome != RUN_FATAL && !interrupted; i++) {
    outcome = run_input (arguments, i, tally, coco, &interrupted);
    failed += outcome != RUN_DONE;
  }
  if (!arguments->json)
    tally_summary (tally, n, failed, (g_get_monotonic_time () - began) / 1e6);
  return interrupted ? EXIT_INTERRUPTED : failed ? EXIT_INPUT : EXIT_SUCCESS;
}

static int
label (const Arguments *arguments)
{
  struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };     /* twice: at once */
  int status = EXIT_USAGE;
  GstElement *keeper;
  Tally tally;
  Coco coco;

  plugin_find ();
  photo_decoders_register ();
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
  tally_init (&tally, !arguments->json && isatty (STDERR_FILENO));
  if ((keeper = keep_model (arguments, &tally))) {
    if (coco_open (&coco, arguments->coco))
      status = run_all (arguments, &tally, &coco);
    if (!coco_close (&coco) && status == EXIT_SUCCESS)
      status = EXIT_INPUT;
    gst_element_set_state (keeper, GST_STATE_NULL);
    gst_object_unref (keeper);
  }
  tally_clear (&tally);
  return status;
}

int
main (int argc, char **argv)
{
  Arguments arguments;
  int status = EXIT_USAGE;

  standard_guard ("gptvis-label");
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
