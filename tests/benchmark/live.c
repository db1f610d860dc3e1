/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a slow model does to live pictures: N live cameras at once, first without and then
 * with gptvisfilter (policy=latest, one shared model), side by side in a table:
 *
 *     bench-live                             1, 4 and 16 cameras of 1280×720, a model of about 0.5 s
 *     bench-live --streams 4 --seconds 30 --model ~/vit-base
 *     bench-live --source street.mp4         a clip, paced as a camera is, in place of a test picture
 *     bench-live --caption --streams 1,4     a model that also writes, a caption a second, told word by word
 *
 * rendered: frames that the sink showed of those that the cameras gave; a sink drops what
 * comes more than 20 ms late. delay: from a frame's leaving its source to its coming to
 * the sink. late: how long after its time a frame comes to the sink. age: from a frame's
 * coming to its result. Then: analyses of the stream that had fewest and of that which had
 * most, and memory for each stream beyond the first. With --caption: captions finished, of
 * all streams, and the mean time from a frame's leaving its source to the coming of the first
 * frame that carries the finished caption about it. */
#include "gptvis.h"
#include "gptvisfilter.h"
#include "client.h"
#include "random-checkpoint.h"
#include "timing.h"
#include <gst/gst.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_STREAMS 64
#define LATEST_MS 20            /* what a video sink puts up with, and then drops */

static gchar *model, *source, *size = "1280x720", *counts = "1,4,16";
static gint seconds = 10, fps = 30;
static gboolean caption;

static const GOptionEntry entries[] = {
  {"model", 0, 0, G_OPTION_ARG_FILENAME,
      &model, "a checkpoint (else a ViT of random weights, about 0.5 s a picture)", "DIR"},
  {"streams", 0, 0, G_OPTION_ARG_STRING, &counts, "how many cameras (1,4,16)", "N,…"},
  {"seconds", 0, 0, G_OPTION_ARG_INT, &seconds, "of each run (10)", "N"},
  {"size", 0, 0, G_OPTION_ARG_STRING, &size, "pixels of a camera (1280x720)", "WxH"},
  {"fps", 0, 0, G_OPTION_ARG_INT, &fps, "frames a second of a camera (30)", "N"},
  {"caption", 0, 0, G_OPTION_ARG_NONE, &caption, "captions, too (of a ViT-B/16 and a GPT-2 small)", NULL},
  {"source", 0, 0, G_OPTION_ARG_FILENAME, &source, "a clip in place of a test picture", "FILE"},
  {NULL}
};

typedef struct {
  GstElement *pipeline, *filter, *sink;
  GMutex lock;                  /* source and sink may be two threads */
  gint64 left[1024];            /* µs when frame n mod 1024 left its source */
  guint64 n_left, n_come, analysed_before;
  guint64 captioned;            /* frame of the last finished caption */
  guint captions;               /* finished since all cameras run, and how long they took in all, µs */
  gint64 caption_us;
  gboolean counting;
  GptVisTiming delays, lates;
} Camera;

typedef struct {
  guint64 given, rendered, least, most;
  GptVisTiming delays, lates;   /* of the first camera */
  gdouble analyses, analysis_ms, age_p50_ms, age_p99_ms, megabytes, captions, caption_us;
} Outcome;

static void G_GNUC_NORETURN
die (const gchar *what)
{
  fprintf (stderr, "bench-live: %s\n", what);
  exit (2);
}

/* Frames keep their order, so their number tells them. */
static GstPadProbeReturn
on_leave (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Camera *camera = data;

  g_mutex_lock (&camera->lock);
  camera->left[camera->n_left++ % G_N_ELEMENTS (camera->left)] = g_get_monotonic_time ();
  g_mutex_unlock (&camera->lock);
  return GST_PAD_PROBE_OK;
}

/* With the lock. */
static void
note_caption (Camera *camera, GstBuffer *buffer)
{
  const GptVisMeta *meta = gptvis_buffer_get_meta (buffer);
  const GptVisCaption *about = meta ? meta->result->caption : NULL;

  if (!about || !about->final || about->frame == camera->captioned)
    return;
  camera->captioned = about->frame;
  if (!camera->counting || camera->n_left - about->frame > G_N_ELEMENTS (camera->left))
    return;
  camera->captions++;
  camera->caption_us += g_get_monotonic_time () - camera->left[about->frame % G_N_ELEMENTS (camera->left)];
}

static GstPadProbeReturn
on_come (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  Camera *camera = data;
  GstClock *clock = gst_element_get_clock (camera->sink);
  GstClockTime running = clock ? gst_clock_get_time (clock) - gst_element_get_base_time (camera->sink) : 0;

  g_mutex_lock (&camera->lock);
  gptvis_timing_add (&camera->delays, g_get_monotonic_time ()
      - camera->left[camera->n_come++ % G_N_ELEMENTS (camera->left)]);
  note_caption (camera, info->data);
  gptvis_timing_add (&camera->lates, GST_CLOCK_DIFF (GST_BUFFER_PTS (info->data), running) / 1000);
  g_mutex_unlock (&camera->lock);
  g_clear_pointer (&clock, gst_object_unref);
  return GST_PAD_PROBE_OK;
}

static void
probe (Camera *camera, const gchar *element, const gchar *name, GstPadProbeCallback callback)
{
  GstElement *of = gst_bin_get_by_name (GST_BIN (camera->pipeline), element);
  GstPad *pad = gst_element_get_static_pad (of, name);

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, callback, camera, NULL);
  gst_object_unref (pad);
  gst_object_unref (of);
}

static Camera *
camera_new (gboolean filtered)
{
  Camera *self = g_new0 (Camera, 1);
  gint width = 0, height = 0;
  GError *error = NULL;
  gchar *from, *line;

  if (sscanf (size, "%dx%d", &width, &height) != 2)
    die ("--size is WIDTHxHEIGHT");
  from = source
      ? g_strdup_printf ("filesrc location=\"%s\" ! decodebin ! videoconvert ! clocksync name=camera",
      source) : g_strdup_printf ("videotestsrc is-live=true pattern=blue ! "
      "capsfilter name=camera caps=video/x-raw,format=NV12,width=%d,height=%d,framerate=%d/1", width, height,
      fps);
  line = g_strdup_printf ("%s %s ! fakesink name=sink sync=true qos=true max-lateness=%d "
      "enable-last-sample=false",
      from, filtered ? "! gptvisfilter name=filter policy=latest" : "", LATEST_MS * 1000000);
  self->pipeline = gst_parse_launch (line, &error);
  if (error)
    die (error->message);
  g_mutex_init (&self->lock);
  self->sink = gst_bin_get_by_name (GST_BIN (self->pipeline), "sink");
  self->filter = gst_bin_get_by_name (GST_BIN (self->pipeline), "filter");
  self->captioned = G_MAXUINT64;
  if (self->filter)
    g_object_set (self->filter, "model", model, NULL);
  if (self->filter && caption)
    g_object_set (self->filter, "task", GPTVIS_TASK_BOTH, "partial-captions", TRUE,
        "caption-interval", GST_SECOND, NULL);
  probe (self, "camera", "src", on_leave);
  probe (self, "sink", "sink", on_come);
  if (gst_element_set_state (self->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
    die ("a camera does not start; its pipeline is above as gst-launch-1.0 would take it");
  g_free (line);
  g_free (from);
  return self;
}

static guint64
field (const GstStructure *structure, const gchar *name)
{
  guint64 value = 0;
  gint64 time = 0;

  if (gst_structure_get_int64 (structure, name, &time))
    return time;
  gst_structure_get_uint64 (structure, name, &value);
  return value;
}

/* Analyses since all cameras run. */
static guint64
analysed (const Camera *self)
{
  GstStructure *stats = NULL;
  guint64 n;

  g_object_get (self->filter, "stats", &stats, NULL);
  n = field (stats, "analysed") - self->analysed_before;
  gst_structure_free (stats);
  return n;
}

static void
camera_free (Camera *self, Outcome *outcome, gboolean first)
{
  GstStructure *stats = NULL;

  g_object_get (self->sink, "stats", &stats, NULL);
  outcome->rendered += field (stats, "rendered");
  outcome->given += self->n_left;
  gst_structure_free (stats);
  if (self->filter) {
    g_object_get (self->filter, "stats", &stats, NULL);
    guint64 n = analysed (self);
    outcome->least = MIN (outcome->least, n);
    outcome->most = MAX (outcome->most, n);
    outcome->analyses += n;
    outcome->captions += self->captions;
    outcome->caption_us += self->caption_us;
    if (first) {
      outcome->analysis_ms = field (stats, "analysis-p50-us") / 1e3;
      outcome->age_p50_ms = field (stats, "age-p50-us") / 1e3;
      outcome->age_p99_ms = field (stats, "age-p99-us") / 1e3;
    }
    gst_structure_free (stats);
    gst_object_unref (self->filter);
  }
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  if (first) {
    outcome->delays = self->delays;
    outcome->lates = self->lates;
  }
  gst_object_unref (self->sink);
  gst_object_unref (self->pipeline);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gdouble
resident_megabytes (void)
{
  gchar *text = NULL;
  gdouble pages = 0;

  if (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    sscanf (text, "%*s %lf", &pages);
  g_free (text);
  return pages * sysconf (_SC_PAGESIZE) / 1048576;
}

static Outcome
run (guint n, gboolean filtered)
{
  Camera *cameras[MAX_STREAMS];
  Outcome outcome = { .least = G_MAXUINT64 };
  gdouble after_first;

  cameras[0] = camera_new (filtered);
  g_usleep (2 * G_USEC_PER_SEC);        /* the model is open and has run */
  after_first = resident_megabytes ();
  for (guint i = 1; i < n; i++)
    cameras[i] = camera_new (filtered);
  g_usleep (2 * G_USEC_PER_SEC);
  for (guint i = 0; i < n && filtered; i++) {
    cameras[i]->analysed_before = analysed (cameras[i]);
    g_mutex_lock (&cameras[i]->lock);
    cameras[i]->counting = TRUE;
    g_mutex_unlock (&cameras[i]->lock);
  }
  g_usleep (seconds * G_USEC_PER_SEC);
  outcome.megabytes = n > 1 ? (resident_megabytes () - after_first) / (n - 1) : 0;
  for (guint i = 0; i < n; i++)
    camera_free (cameras[i], &outcome, i == 0);
  return outcome;
}

static void
print (guint n, gboolean filtered, const Outcome *o)
{
  GptVisTimes delays = gptvis_timing_summary (&o->delays, GPTVIS_TIMING_WINDOW);
  GptVisTimes lates = gptvis_timing_summary (&o->lates, GPTVIS_TIMING_WINDOW);

  printf ("%7u  %-7s %7.2f %%  %6.2f %6.2f  %6.2f %6.2f", n, filtered ? "with" : "without",
      100.0 * o->rendered / MAX (o->given, 1), delays.p50 / 1e3, delays.p99 / 1e3, lates.p50 / 1e3,
      lates.p99 / 1e3);
  if (filtered)
    printf ("  %8.2f  %8.1f  %7.1f %7.1f  %4u %4u  %7.1f", o->analyses / seconds, o->analysis_ms,
        o->age_p50_ms, o->age_p99_ms, (guint) o->least, (guint) o->most, o->megabytes);
  if (filtered && caption)
    printf ("  %8u  %8.0f", (guint) o->captions, o->captions ? o->caption_us / o->captions / 1e3 : 0);
  printf ("\n");
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  GOptionContext *context = g_option_context_new ("- live pictures beside a slow model");
  const RandomVit half_a_second = { 12, 576, 9, 224, 8 };
  const RandomCaptioner small = { {12, 768, 12, 224, 16}, 12, 768, 12, 50257, 1024, 17 };
  gchar *made = NULL, **each;
  GError *error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error))
    die (error->message);
  g_option_context_free (context);
  GST_ELEMENT_REGISTER (gptvisfilter, NULL);
  if (!model)
    model = made = caption ? random_checkpoint_write_captioner (&small, &error)
        : random_checkpoint_write (&half_a_second, &error);
  if (!model)
    die (error->message);
  printf ("%7s  %-7s %9s  %13s  %13s  %8s  %8s  %15s  %9s  %7s%s\n", "streams", "element", "rendered",
      "delay p50 p99", "late p50 p99", "per s", "analysis", "age p50 p99", "least most", "MB each",
      caption ? "  captions  each, ms" : "");
  each = g_strsplit (counts, ",", -1);
  for (guint i = 0; each[i]; i++)
    for (guint filtered = 0; filtered < 2; filtered++) {
      guint n = CLAMP (atoi (each[i]), 1, MAX_STREAMS);
      Outcome outcome = run (n, filtered);
      print (n, filtered, &outcome);
    }
  g_strfreev (each);
  if (made)
    random_checkpoint_remove (made);
  return 0;
}
