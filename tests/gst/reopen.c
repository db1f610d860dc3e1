/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An application that restarts its camera: a model is opened while the last other stream on it
 * closes, again and again, at any moment of an analysis or a sentence. Each stream shows a picture
 * of its own, so it is known what must be said of it, and two workers on one model would be
 * found out by a wrong result, a crash or ThreadSanitizer.
 *
 *     build/tests/gst/gst-reopen --cycles 1000 --model /srv/vit-base
 */
#include "rig.h"
#include "gptvisfilter.h"
#include "model.h"
#include <stdlib.h>
#include <string.h>

#define RESULTS 2u              /* of each stream, until the next one is opened */

typedef struct {
  const gchar *model, *backend;
  const gchar *task, *message;  /* asked for; that a stream is judged by */
  guint64 most_us;              /* about what an analysis takes */
} Scene;

typedef struct {
  GstElement *pipeline;
  GAsyncQueue *said;            /* what the messages say */
} Stream;

/* The best label with its score, or the sentence. */
static gchar *
what_it_says (const GstStructure *message)
{
  const GValue *labels = gst_structure_get_value (message, "labels");
  gdouble score = 0;

  if (!labels)
    return g_strdup (gst_structure_get_string (message, "text"));
  g_assert_cmpuint (gst_value_array_get_size (labels), ==, 1);
  const GstStructure *best = gst_value_get_structure (gst_value_array_get_value (labels, 0));
  gst_structure_get_double (best, "score", &score);
  return g_strdup_printf ("%s %.6f", gst_structure_get_string (best, "label"), score);
}

typedef struct {
  const Scene *scene;
  Stream *stream;
} Ear;

static GstBusSyncReply
on_message (GstBus *bus, GstMessage *message, gpointer data)
{
  const Ear *ear = data;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    GError *error = NULL;
    gst_message_parse_error (message, &error, NULL);
    g_error ("%s", error->message);
  }
  if (gst_message_has_name (message, ear->scene->message))
    g_async_queue_push (ear->stream->said, what_it_says (gst_message_get_structure (message)));
  gst_message_unref (message);
  return GST_BUS_DROP;
}

static Stream *
stream_new (const Scene *scene, gboolean white)
{
  Stream *self = g_new0 (Stream, 1);
  Ear *ear = g_new (Ear, 1);
  gchar *line = g_strdup_printf ("videotestsrc is-live=true pattern=%s ! "
      "video/x-raw,format=RGB,width=16,height=16,framerate=60/1 ! gptvisfilter policy=latest precision=f32 "
      "threshold=0 top-k=1 caption-change=0 task=%s backend=%s model=\"%s\" ! fakesink sync=false",
      white ? "white" : "black", scene->task, scene->backend, scene->model);
  GError *error = NULL;
  GstBus *bus;

  *ear = (Ear) { scene, self };
  self->said = g_async_queue_new_full (g_free);
  self->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  bus = gst_element_get_bus (self->pipeline);
  gst_bus_set_sync_handler (bus, on_message, ear, g_free);
  gst_object_unref (bus);
  g_free (line);
  return self;
}

static void
stream_play (Stream *self)
{
  g_assert_cmpint (gst_element_set_state (self->pipeline, GST_STATE_PLAYING), !=, GST_STATE_CHANGE_FAILURE);
}

static gpointer
stream_close (gpointer data)
{
  Stream *self = data;

  g_assert_cmpint (gst_element_set_state (self->pipeline, GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);
  gst_object_unref (self->pipeline);
  g_async_queue_unref (self->said);
  g_free (self);
  return NULL;
}

/* What the model says of the picture when nobody else uses it. */
static gchar *
say_alone (const Scene *scene, gboolean white)
{
  Stream *stream = stream_new (scene, white);
  gchar *said;

  stream_play (stream);
  said = g_async_queue_pop (stream->said);
  stream_close (stream);
  return said;
}

static void
replace_again_and_again (const Scene *scene, guint cycles)
{
  gchar *expected[] = { say_alone (scene, FALSE), say_alone (scene, TRUE) };
  gboolean white = FALSE;
  Stream *stream = stream_new (scene, white);

  g_test_message ("black: %s; white: %s", expected[0], expected[1]);
  g_assert_cmpstr (expected[0], !=, expected[1]);
  stream_play (stream);
  for (guint i = 0; i < cycles; i++) {
    Stream *next = stream_new (scene, white = !white);
    GThread *closer = g_thread_new ("closes", stream_close, stream);
    g_usleep (g_test_rand_int_range (0, scene->most_us));
    stream_play (next);
    for (guint k = 0; k < RESULTS; k++) {
      gchar *said = g_async_queue_pop (next->said);
      g_assert_cmpstr (said, ==, expected[white]);
      g_free (said);
    }
    g_thread_join (closer);
    stream = next;
  }
  stream_close (stream);
  g_free (expected[0]);
  g_free (expected[1]);
}

static const gchar *asked_model;
static gint asked_cycles;       /* 0: as many as are quick */

/* Takes what checkpoint_write or writer_write made. */
static void
replace_on (gchar *made, const gchar *task, const gchar *message, guint64 most_us, guint cycles)
{
  const gchar *backend = g_getenv ("GPTVIS_TEST_BACKEND");
  const Scene scene = { asked_model ? asked_model : made, backend ? backend : "cpu", task, message, most_us };
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  GptVisModel *model;
  GError *error = NULL;

  options.path = scene.model;
  options.program.backend = scene.backend;
  if ((model = gptvis_model_open (&options, &error)))
    gptvis_model_need (model, GPTVIS_OUTPUT_SCORES, &error);
  if (error && backend) {
    g_test_skip (error->message);
    g_error_free (error);
  } else {
    g_assert_no_error (error);
    replace_again_and_again (&scene, asked_cycles > 0 ? (guint) asked_cycles : backend ? 3 : cycles);
  }
  gptvis_model_free (model);
  checkpoint_remove (made);
}

/* A software rasteriser is slow enough without a slow checkpoint. */
static gboolean
is_slow_by_itself (void)
{
  return g_getenv ("GPTVIS_TEST_BACKEND") != NULL;
}

static void
test_labels (void)
{
  replace_on (checkpoint_write (is_slow_by_itself ()? CHECKPOINT_SLOWISH : CHECKPOINT_SLOW), "label",
      "gptvis-result", 100000, 12);
}

/* Sentences that are given up half written. */
static void
test_half_written (void)
{
  replace_on (writer_write (is_slow_by_itself ()? WRITES_FOREVER : WRITES_SLOWLY | LOOKS_SLOWLY), "both",
      "gptvis-result", 50000, 12);
}

/* Tower and decoder. A stream's second caption comes after a second. */
static void
test_captions (void)
{
  replace_on (writer_write (is_slow_by_itself ()? WRITES : LOOKS_SLOWLY), "caption",
      "gptvis-caption", 40000, 4);
}

int
main (int argc, char **argv)
{
  gboolean captions = TRUE, labels = TRUE;

  for (gint i = 1; i + 1 < argc; i++) {
    if (!strcmp (argv[i], "--cycles"))
      asked_cycles = atoi (argv[i + 1]);
    else if (!strcmp (argv[i], "--model"))
      asked_model = argv[i + 1];
    else if (!strcmp (argv[i], "--judge"))
      captions = !(labels = strcmp (argv[i + 1], "captions") != 0);
  }
  rig_init (&argc, &argv);
  if (labels)
    g_test_add_func ("/reopen/labels", test_labels);
  if (captions)
    g_test_add_func ("/reopen/captions", test_captions);
  if (!asked_model)
    g_test_add_func ("/reopen/half-written", test_half_written);
  return g_test_run ();
}
