/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* States and properties: a hundred cycles without a leak, two filters on one
 * model, settings that come late or are impossible, models that are not there,
 * and the latency that is answered. */
#include "rig.h"
#include "engine.h"
#include <glib/gstdio.h>
#include <string.h>

static GstTracer *
leaks_tracer (void)
{
  GList *tracers = gst_tracing_get_active_tracers ();
  GstTracer *found = NULL;

  for (GList *l = tracers; l; l = l->next)
    if (!strcmp (G_OBJECT_TYPE_NAME (l->data), "GstLeaksTracer"))
      found = gst_object_ref (l->data);
  g_list_free_full (tracers, gst_object_unref);
  g_assert_nonnull (found);
  return found;
}

static void
tally (GHashTable *counts, const GstStructure *checkpoint, const gchar *list, gint step)
{
  const GValue *objects = gst_structure_get_value (checkpoint, list);

  for (guint i = 0; i < gst_value_list_get_size (objects); i++) {
    const GstStructure *object = gst_value_get_structure (gst_value_list_get_value (objects, i));
    const gchar *type = gst_structure_get_string (object, "type-name");
    gint count = GPOINTER_TO_INT (g_hash_table_lookup (counts, type));
    g_hash_table_insert (counts, g_strdup (type), GINT_TO_POINTER (count + step));
  }
}

/* The objects made since the tracer was last asked, and not yet freed: "GstPad 2, …". */
static gchar *
left_over (GstTracer *tracer)
{
  GHashTable *counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GString *text = g_string_new (NULL);
  GstStructure *checkpoint = NULL;
  GHashTableIter iter;
  gpointer type, count;

  g_signal_emit_by_name (tracer, "activity-get-checkpoint", &checkpoint);
  tally (counts, checkpoint, "objects-created-list", 1);
  tally (counts, checkpoint, "objects-removed-list", -1);
  g_assert_cmpuint (g_hash_table_size (counts), >, 0);
  for (g_hash_table_iter_init (&iter, counts); g_hash_table_iter_next (&iter, &type, &count);)
    if (count)
      g_string_append_printf (text, "%s %d, ", (const gchar *) type, GPOINTER_TO_INT (count));
  gst_structure_free (checkpoint);
  g_hash_table_unref (counts);
  return g_string_free (text, FALSE);
}

/* Played, with a frame analysed, and back to NULL. */
static void
cycle (Rig *rig, GstState by)
{
  GstSegment segment;

  g_assert_cmpint (gst_element_set_state (rig->element, by), !=, GST_STATE_CHANGE_FAILURE);
  g_assert_cmpint (gst_element_set_state (rig->element, GST_STATE_PLAYING), !=, GST_STATE_CHANGE_FAILURE);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (rig->harness, gst_event_new_stream_start ("again"));
  rig_caps (rig, "video/x-raw,format=RGB,width=16,height=16,framerate=25/1");
  gst_harness_push_event (rig->harness, gst_event_new_segment (&segment));
  g_assert_cmpint (rig_step (rig, 0), ==, OWN);
  g_assert_cmpint (rig_step (rig, 40 * GST_MSECOND), ==, HELD);
  g_assert_cmpint (gst_element_set_state (rig->element, GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);
  rig_count_messages (rig, GST_MESSAGE_ELEMENT);
}

static void
test_cycles (void)
{
  GstTracer *tracer = leaks_tracer ();
  gchar *left;
  Rig *rig = rig_new (NULL);    /* first, so that what is made only once is there */

  rig_step (rig, 0);
  rig_free (rig);
  g_signal_emit_by_name (tracer, "activity-start-tracking");
  rig = rig_new ("interval=2");
  gst_element_set_state (rig->element, GST_STATE_NULL);
  for (guint i = 0; i < 100; i++)
    cycle (rig, i % 2 ? GST_STATE_PAUSED : GST_STATE_READY);
  rig_free (rig);
  left = left_over (tracer);
  g_assert_cmpstr (left, ==, "");
  g_free (left);
  g_signal_emit_by_name (tracer, "activity-stop-tracking");
  gst_object_unref (tracer);
}

/* Two hundred times a stream joins or leaves the model at random; one stays, and has every
 * result. */
#define MOST_STREAMS 16u

static void
test_come_and_go (void)
{
  gchar *checkpoint = checkpoint_write (CHECKPOINT_SOUND), *left;
  GstTracer *tracer = leaks_tracer ();
  Rig *others[MOST_STREAMS] = { NULL }, *stays;
  guint n = 0;

  g_signal_emit_by_name (tracer, "activity-start-tracking");
  stays = rig_new_at (checkpoint, NULL);
  for (guint i = 0; i < 200; i++) {
    Rig **at = &others[g_test_rand_int_range (0, MOST_STREAMS)];
    if (*at) {
      rig_free (*at);
      *at = NULL;
      n--;
    } else {
      *at = rig_new_at (checkpoint, g_test_rand_bit () ? "policy=latest" : NULL);
      rig_step (*at, 0);
      n++;
    }
    g_assert_cmpuint (rig_stat (stays, "streams"), ==, n + 1);
    g_assert_cmpint (rig_step (stays, i * 40 * GST_MSECOND), ==, OWN);
  }
  for (guint i = 0; i < MOST_STREAMS; i++)
    if (others[i])
      rig_free (others[i]);
  g_assert_cmpuint (rig_stat (stays, "streams"), ==, 1);
  rig_free (stays);
  left = left_over (tracer);
  g_assert_cmpstr (left, ==, "");
  g_free (left);
  g_signal_emit_by_name (tracer, "activity-stop-tracking");
  gst_object_unref (tracer);
  checkpoint_remove (checkpoint);
}

/* READY → PAUSED → READY makes and ends streams on one opened model. */
static void
test_new_stream_starts_anew (void)
{
  Rig *rig = rig_new (NULL);

  rig_step (rig, 0);
  gst_element_set_state (rig->element, GST_STATE_READY);
  g_assert_cmpuint (rig_stat (rig, "frames"), ==, 1);
  gst_element_set_state (rig->element, GST_STATE_PAUSED);
  g_assert_cmpuint (rig_stat (rig, "frames"), ==, 0);
  rig_free (rig);
}

static GstElement *
filter_on (const gchar *path)
{
  GstElement *element = gst_object_ref_sink (gst_element_factory_make ("gptvisfilter", NULL));

  g_object_set (element, "model", path, NULL);
  gst_util_set_object_arg (G_OBJECT (element), "policy", "every");
  return element;
}

static void
close_filter (GstElement *element)
{
  gst_element_set_state (element, GST_STATE_NULL);
  gst_object_unref (element);
}

/* Four threads do the same at a time. */
static void
in_threads (GThreadFunc act, gpointer data)
{
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("one of four", act, data);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

static GptVisEngine *
engine_of (const gchar *directory)
{
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  GError *error = NULL;
  GptVisEngine *engine;

  options.path = directory;
  options.program.backend = options.program.device = "auto";
  engine = gptvis_engine_open (&options, &error);
  g_assert_no_error (error);
  return engine;
}

static void
test_shared_model (void)
{
  gchar *directory = checkpoint_write (CHECKPOINT_SOUND);
  GstElement *a = filter_on (directory), *b = filter_on (directory);
  GptVisEngine *engine = engine_of (directory);
  GptVisProgram *program;

  /* One engine, model and program for all, whatever each asks for; a session for each that has a stream. */
  g_assert_cmpint (gst_element_set_state (a, GST_STATE_PAUSED), !=, GST_STATE_CHANGE_FAILURE);
  program = gptvis_model_program (gptvis_engine_model (engine));
  g_assert_nonnull (program);
  gst_util_set_object_arg (G_OBJECT (b), "task", "label");
  g_object_set (b, "top-k", 1, "threshold", 0.25, NULL);
  g_assert_cmpint (gst_element_set_state (b, GST_STATE_READY), ==, GST_STATE_CHANGE_SUCCESS);
  g_assert_cmpuint (gptvis_engine_n_sessions (engine), ==, 1);
  g_assert_cmpint (gst_element_set_state (b, GST_STATE_PAUSED), !=, GST_STATE_CHANGE_FAILURE);
  g_assert_cmpuint (gptvis_engine_n_sessions (engine), ==, 2);
  g_assert_true (gptvis_model_program (gptvis_engine_model (engine)) == program);
  close_filter (a);
  g_assert_cmpuint (gptvis_engine_n_sessions (engine), ==, 1);
  close_filter (b);
  g_assert_cmpuint (gptvis_engine_n_sessions (engine), ==, 0);
  gptvis_engine_close (engine);
  checkpoint_remove (directory);
}

static gpointer
open_and_leave (gpointer directory)
{
  for (guint i = 0; i < 50; i++) {
    GptVisEngine *engine = engine_of (directory), *again = engine_of (directory);
    g_assert_true (engine == again);
    gptvis_engine_close (engine);
    gptvis_engine_close (again);
  }
  return NULL;
}

static void
test_shared_by_threads (void)
{
  gchar *directory = checkpoint_write (CHECKPOINT_SOUND);

  in_threads (open_and_leave, directory);
  checkpoint_remove (directory);
}

/* A stream that waits while another loads the model gets its error too. */
static gpointer
open_in_vain (gpointer directory)
{
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;

  options.path = directory;
  for (guint i = 0; i < 50; i++) {
    GError *error = NULL;
    g_assert_null (gptvis_engine_open (&options, &error));
    g_assert_error (error, GPTVIS_ERROR, GPTVIS_ERROR_FORMAT);
    g_error_free (error);
  }
  return NULL;
}

static void
test_unsound_for_threads (void)
{
  gchar *directory = checkpoint_write (CHECKPOINT_SOUND),
      *config = g_build_filename (directory, "config.json", NULL);

  g_assert_true (g_file_set_contents (config, "{", -1, NULL));
  in_threads (open_in_vain, directory);
  checkpoint_remove (directory);
  g_free (config);
}

static void
test_missing_model (void)
{
  GstElement *element = filter_on ("/nowhere/at/all");
  GstBus *bus = gst_bus_new ();
  GstMessage *message;
  GError *error = NULL;

  gst_element_set_bus (element, bus);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "/nowhere/at/all"));
  g_error_free (error);
  gst_message_unref (message);
  /* It is not stuck: with a model that is there, the same element opens. */
  gchar *directory = checkpoint_write (CHECKPOINT_SOUND);
  g_object_set (element, "model", directory, NULL);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_READY), ==, GST_STATE_CHANGE_SUCCESS);
  gst_element_set_bus (element, NULL);
  gst_object_unref (bus);
  close_filter (element);
  checkpoint_remove (directory);
}

/* A label a line instead of the checkpoint's; too few are refused with the file's name. */
static void
test_labels_file (void)
{
  GstElement *element;
  GstBus *bus = gst_bus_new ();
  gchar *directory = checkpoint_write (CHECKPOINT_SOUND), *path = g_strconcat (directory, ".labels", NULL);
  GstHarness *harness;
  GstBuffer *out;
  GstMessage *message;
  GError *error = NULL;

  g_assert_true (g_file_set_contents (path, "hell\nnoir\n\303\251gal\n", -1, NULL));
  element = filter_on (directory);
  gst_element_set_bus (element, bus);
  g_object_set (element, "labels-file", path, NULL);
  harness = gst_harness_new_with_element (element, "sink", "src");
  gst_harness_set_src_caps_str (harness, "video/x-raw,format=RGB,width=16,height=16,framerate=25/1");
  out = gst_buffer_new_allocate (NULL, 16 * 16 * 3, NULL);
  gst_buffer_memset (out, 0, 0, 16 * 16 * 3);
  out = gst_harness_push_and_pull (harness, out);
  g_assert_cmpstr (gptvis_buffer_get_meta (out)->result->labels[0].text, ==, "noir");
  g_assert_cmpstr (gptvis_buffer_get_meta (out)->result->labels[1].text, ==, "\303\251gal");
  gst_buffer_unref (out);
  gst_harness_teardown (harness);

  g_assert_true (g_file_set_contents (path, "hell\nnoir\n", -1, NULL));
  gst_bus_set_flushing (bus, TRUE);
  gst_bus_set_flushing (bus, FALSE);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_READY), ==, GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, path));
  g_error_free (error);
  gst_message_unref (message);
  gst_element_set_bus (element, NULL);
  gst_object_unref (bus);
  close_filter (element);
  g_unlink (path);
  g_free (path);
  checkpoint_remove (directory);
}

static void
assert_model (GstElement *element, const gchar *expected)
{
  gchar *model;

  g_object_get (element, "model", &model, NULL);
  g_assert_cmpstr (model, ==, expected);
  g_free (model);
}

static void
test_late_property (void)
{
  Rig *rig = rig_new (NULL);
  gchar *sentence;
  guint threads;

  g_object_set (rig->element, "model", "/elsewhere", "threads", 3, NULL);
  assert_model (rig->element, rig->checkpoint);
  g_object_get (rig->element, "threads", &threads, NULL);
  g_assert_cmpuint (threads, ==, 0);
  sentence = rig_sentence (rig, GST_MESSAGE_WARNING);
  g_assert_nonnull (sentence);
  g_assert_nonnull (strstr (sentence, "\"model\""));
  g_free (sentence);
  g_assert_cmpuint (rig_count_messages (rig, GST_MESSAGE_WARNING), ==, 1);
  g_assert_cmpint (rig_step (rig, 0), ==, OWN);

  /* What may change while playing does so without a message. */
  g_object_set (rig->element, "interval", 2, "max-rate", 3.0, "hold-time", (guint64) 1, "top-k", 1,
      "threshold", 0.5, "post-messages", FALSE, NULL);
  g_assert_cmpuint (rig_count_messages (rig, GST_MESSAGE_WARNING), ==, 0);
  rig_free (rig);
}

/* In READY the model is open, but no stream runs on it: it is opened anew. */
static void
test_model_changed_in_ready (void)
{
  Rig *rig = rig_new (NULL);
  gchar *other = checkpoint_write (CHECKPOINT_SOUND), *name = g_path_get_basename (other);
  GstStructure *stats = NULL;

  gst_element_set_state (rig->element, GST_STATE_READY);
  g_object_set (rig->element, "model", other, NULL);
  g_assert_cmpint (gst_element_set_state (rig->element, GST_STATE_PAUSED), !=, GST_STATE_CHANGE_FAILURE);
  g_object_get (rig->element, "stats", &stats, NULL);
  g_assert_cmpstr (gst_structure_get_string (stats, "model"), ==, name);
  gst_structure_free (stats);

  gst_element_set_state (rig->element, GST_STATE_READY);
  g_object_set (rig->element, "model", "/not/there", NULL);
  g_assert_cmpint (gst_element_set_state (rig->element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
  gst_element_set_state (rig->element, GST_STATE_NULL);
  g_free (name);
  checkpoint_remove (other);
  rig_free (rig);
}

/* What could not be opened in READY is not opened at the second try either, since the model before it was
 * opened with another value. With the right value it opens. */
static void
test_failed_in_ready (void)
{
  static const struct { const gchar *property, *wrong, *right; } cases[] = {
    { "model", "/not/there", NULL }, { "labels-file", "/not/there.txt", "" }, { "backend", "vulkan", "auto" },
    { "task", "caption", "auto" }, { "precision", "f16", "auto" } };
  Rig *rig = rig_new ("interval=2");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const gchar *right = cases[i].right ? cases[i].right : rig->checkpoint;
    g_test_message ("%s=%s", cases[i].property, cases[i].wrong);
    gst_element_set_state (rig->element, i % 2 ? GST_STATE_READY : GST_STATE_NULL);
    gst_element_set_state (rig->element, GST_STATE_READY);
    gst_util_set_object_arg (G_OBJECT (rig->element), cases[i].property, cases[i].wrong);
    for (guint again = 0; again < 3; again++) {
      g_assert_cmpint (gst_element_set_state (rig->element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
      g_assert_cmpuint (rig_count_messages (rig, GST_MESSAGE_ERROR), ==, 1);
    }
    gst_util_set_object_arg (G_OBJECT (rig->element), cases[i].property, right);
    cycle (rig, GST_STATE_PAUSED);
    gst_element_set_state (rig->element, GST_STATE_PAUSED);
  }
  rig_free (rig);
}

/* Upstream started before the element, so everything arrives while it starts or fails to. Its error message
 * is the one moment in between that a test can rely on. */
static GstBusSyncReply
push_too_early (GstBus *bus, GstMessage *message, gpointer data)
{
  Rig *rig = data;
  GstSegment segment;

  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ERROR)
    return GST_BUS_PASS;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (rig->harness, gst_event_new_flush_start ());
  gst_harness_push_event (rig->harness, gst_event_new_flush_stop (TRUE));
  gst_harness_push_event (rig->harness, gst_event_new_stream_start ("early"));
  rig_caps (rig, "video/x-raw,format=RGB,width=16,height=16,framerate=25/1");
  gst_harness_push_event (rig->harness, gst_event_new_segment (&segment));
  g_assert_cmpint (gst_harness_push (rig->harness, rig_frame (rig, 255, 0)), ==, GST_FLOW_FLUSHING);
  gst_harness_push_event (rig->harness, gst_event_new_eos ());
  return GST_BUS_PASS;
}

static void
test_pushed_too_early (void)
{
  Rig *rig = rig_new ("interval=2");

  gst_element_set_state (rig->element, GST_STATE_READY);
  g_object_set (rig->element, "model", "/not/there", NULL);
  gst_bus_set_sync_handler (rig->bus, push_too_early, rig, NULL);
  g_assert_cmpint (gst_element_set_state (rig->element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
  gst_bus_set_sync_handler (rig->bus, NULL, NULL, NULL);
  gst_element_set_state (rig->element, GST_STATE_NULL);
  g_object_set (rig->element, "model", rig->checkpoint, NULL);
  rig_count_messages (rig, GST_MESSAGE_ERROR);
  cycle (rig, GST_STATE_PAUSED);
  rig_free (rig);
}

/* As gst-launch sets properties: an impossible value is refused with the property's name. */
static void
test_impossible_values (void)
{
  const gchar *refused[] = { "task=sing", "backend=abacus", "precision=f64", "policy=sometimes" };

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    gchar *line = g_strdup_printf ("gptvisfilter %s", refused[i]), *value = strchr (line, '=') + 1;
    GError *error = NULL;
    GstElement *element = gst_parse_launch_full (line, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);
    g_assert_null (element);
    g_assert_error (error, GST_PARSE_ERROR, GST_PARSE_ERROR_COULD_NOT_SET_PROPERTY);
    g_assert_nonnull (strstr (error->message, value));
    g_error_free (error);
    g_free (line);
  }
}

/* Where there is no GPU (meson.build sees to that), backend=vulkan says so when the model is opened. */
static void
test_no_gpu (void)
{
  gchar *directory = checkpoint_write (CHECKPOINT_SOUND);
  GstElement *element = filter_on (directory);
  GstBus *bus = gst_bus_new ();
  GstMessage *message;
  GError *error = NULL;

  gst_element_set_bus (element, bus);
  gst_util_set_object_arg (G_OBJECT (element), "backend", "vulkan");
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_READY), ==, GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_nonnull (strstr (error->message, "ulkan"));
  g_error_free (error);
  gst_message_unref (message);
  gst_element_set_bus (element, NULL);
  gst_object_unref (bus);
  close_filter (element);
  checkpoint_remove (directory);
}

static void
test_latency (void)
{
  Rig *rig = rig_new (NULL);
  guint told;

  gst_harness_set_upstream_latency (rig->harness, 10 * GST_MSECOND);
  g_assert_cmpuint (gst_harness_query_latency (rig->harness), ==, 10 * GST_MSECOND);
  rig_step (rig, 0);
  g_assert_cmpuint (gst_harness_query_latency (rig->harness), >, 10 * GST_MSECOND);
  g_assert_cmpuint (gst_harness_query_latency (rig->harness), <, 10 * GST_SECOND);
  for (guint i = 1; i < 200; i++)
    rig_step (rig, i * 40 * GST_MSECOND);
  told = rig_count_messages (rig, GST_MESSAGE_LATENCY);
  g_assert_cmpuint (told, >=, 1);
  g_assert_cmpuint (told, <, 20);       /* reported when it changes, not with each frame */
  rig_free (rig);
}

/* Four streams on one model at once, each its own picture: nobody gets another's result. */
static gpointer
one_stream (gpointer data)
{
  const gchar *directory = data;
  GstElement *element = filter_on (directory);
  GstHarness *harness = gst_harness_new_with_element (element, "sink", "src");

  gst_harness_set_src_caps_str (harness, "video/x-raw,format=RGB,width=16,height=16,framerate=25/1");
  for (guint i = 0; i < 300; i++) {
    gboolean white = g_random_boolean ();
    GstBuffer *buffer = gst_buffer_new_allocate (NULL, 16 * 16 * 3, NULL);
    gst_buffer_memset (buffer, 0, white ? 255 : 0, 16 * 16 * 3);
    GST_BUFFER_PTS (buffer) = i * 40 * GST_MSECOND;
    buffer = gst_harness_push_and_pull (harness, buffer);
    g_assert_cmpstr (gptvis_buffer_get_meta (buffer)->result->labels[0].text, ==, white ? "bright" : "dark");
    gst_buffer_unref (buffer);
  }
  gst_harness_teardown (harness);
  close_filter (element);
  return NULL;
}

static void
test_concurrent_streams (void)
{
  gchar *directory = checkpoint_write (CHECKPOINT_SOUND);

  in_threads (one_stream, directory);
  checkpoint_remove (directory);
}

/* An application that asks and sets from another thread while frames pass. */
static gpointer
meddle (gpointer data)
{
  Rig *rig = data;

  for (guint i = 0; i < 500; i++) {
    g_object_set (rig->element, "interval", 1 + i % 3, "hold-time", (guint64) i * GST_MSECOND, "top-k", i % 4,
        NULL);
    g_assert_cmpuint (rig_stat (rig, "analysed"), <=, rig_stat (rig, "frames"));
    gst_harness_query_latency (rig->harness);
  }
  return NULL;
}

static void
test_meddling (void)
{
  Rig *rig = rig_new (NULL);
  GThread *thread = g_thread_new ("meddle", meddle, rig);

  for (guint i = 0; i < 500; i++)
    rig_step (rig, i * 40 * GST_MSECOND);
  g_thread_join (thread);
  g_assert_cmpuint (rig_stat (rig, "frames"), ==, 500);
  rig_free (rig);
}

int
main (int argc, char **argv)
{
  g_setenv ("GST_TRACERS", "leaks", TRUE);
  rig_init (&argc, &argv);
  g_test_add_func ("/states/cycles", test_cycles);
  g_test_add_func ("/states/come-and-go", test_come_and_go);
  g_test_add_func ("/states/new-stream", test_new_stream_starts_anew);
  g_test_add_func ("/states/shared-model", test_shared_model);
  g_test_add_func ("/states/shared-by-threads", test_shared_by_threads);
  g_test_add_func ("/states/unsound-for-threads", test_unsound_for_threads);
  g_test_add_func ("/states/concurrent-streams", test_concurrent_streams);
  g_test_add_func ("/states/meddling", test_meddling);
  g_test_add_func ("/states/missing-model", test_missing_model);
  g_test_add_func ("/states/labels-file", test_labels_file);
  g_test_add_func ("/states/late-property", test_late_property);
  g_test_add_func ("/states/model-changed-in-ready", test_model_changed_in_ready);
  g_test_add_func ("/states/failed-in-ready", test_failed_in_ready);
  g_test_add_func ("/states/pushed-too-early", test_pushed_too_early);
  g_test_add_func ("/states/impossible-values", test_impossible_values);
  g_test_add_func ("/states/no-gpu", test_no_gpu);
  g_test_add_func ("/states/latency", test_latency);
  return g_test_run ();
}
