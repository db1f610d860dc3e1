/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door to this room: sharing, running, label files, weights and outputs that
 * are no numbers. */
#include "captioner.h"
#include "unit.h"
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static GptVisModel *
open_model (const gchar *path, const gchar *backend, guint max_batch, GError **error)
{
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  options.path = path;
  options.program.backend = backend;
  options.program.threads = 1;
  options.max_batch = max_batch;
  return gptvis_model_open (&options, error);
}

static void
test_share (void)
{
  gchar *directory = unit_checkpoint (NULL), *other = unit_checkpoint (NULL);
  gchar *roundabout = g_build_filename (directory, "..", strrchr (directory, '/') + 1, NULL);
  GError *error = NULL;
  GptVisModel *a = open_model (directory, NULL, 1, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (gptvis_model_n_users (a), ==, 1);

  /* the same by another way, and each thing that makes it another */
  GptVisModel *b = open_model (roundabout, "auto", 0, &error);
  g_assert_true (a == b);
  g_assert_cmpuint (gptvis_model_n_users (a), ==, 2);
  GptVisModel *c = open_model (other, NULL, 1, &error);
  GptVisModel *d = open_model (directory, NULL, 2, &error);
  GptVisModel *e = open_model (directory, "reference", 1, &error);
  g_assert_no_error (error);
  g_assert_true (c != a && d != a && e != a);
  GptVisModelOptions traced = GPTVIS_MODEL_OPTIONS;
  traced.path = directory;
  traced.trace = TRUE;
  GptVisModel *f = gptvis_model_open (&traced, &error), *g = gptvis_model_open (&traced, &error);
  g_assert_true (f != g);
  g_assert_cmpint (gptvis_plan_find (gptvis_model_plan (f), "hidden_states.1"), !=, GPTVIS_NO_TENSOR);
  g_assert_cmpint (gptvis_plan_find (gptvis_model_plan (a), "hidden_states.1"), ==, GPTVIS_NO_TENSOR);

  gptvis_model_unref (b);
  g_assert_cmpuint (gptvis_model_n_users (a), ==, 1);
  gptvis_model_unref (g);
  gptvis_model_unref (f);
  gptvis_model_unref (e);
  gptvis_model_unref (d);
  gptvis_model_unref (c);

  /* a file that was written since is another model */
  unit_write (directory, "preprocessor_config.json", UNIT_PREPROCESSOR "\n", -1);
  b = open_model (directory, NULL, 1, &error);
  g_assert_no_error (error);
  g_assert_true (a != b);
  gptvis_model_unref (b);
  gptvis_model_unref (a);
  gptvis_model_unref (NULL);
  g_free (roundabout);
  unit_remove (directory);
  unit_remove (other);
}

static gpointer
open_and_leave (gpointer directory)
{
  for (guint i = 0; i < 50; i++) {
    GError *error = NULL;
    GptVisModel *model = open_model (directory, NULL, 1, &error);
    g_assert_no_error (error);
    gptvis_model_unref (gptvis_model_ref (model));
    gptvis_model_unref (model);
  }
  return NULL;
}

static void
test_share_threads (void)
{
  gchar *directory = unit_checkpoint (NULL);
  GThread *threads[4];
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("opener", open_and_leave, directory);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  unit_remove (directory);
}

static void
test_facts (void)
{
  gchar *directory = unit_checkpoint (NULL);
  GptVisModel *model = open_model (directory, "reference", 1, NULL);
  g_assert_cmpstr (gptvis_model_name (model), ==, strrchr (directory, '/') + 1);
  g_assert_cmpstr (gptvis_model_architecture (model), ==, "vit");
  g_assert_nonnull (strstr (gptvis_model_description (model), "reference"));
  g_assert_cmpuint (gptvis_model_n_labels (model), ==, 3);
  g_assert_cmpstr (gptvis_model_label (model, 2), ==, "c");
  g_assert_null (gptvis_model_label (model, 3));
  g_assert_false (gptvis_model_multi_label (model));
  g_assert_cmpuint (gptvis_model_recipe (model)->height, ==, 8);
  gptvis_model_unref (model);
  unit_remove (directory);
}

/* Five pictures as rows of one value each, in batches of two: alone or in company,
 * a picture's labels are the same; slots know when they were staged. */
static void
test_run (void)
{
  gchar *directory = unit_checkpoint (NULL);
  GptVisModel *model = open_model (directory, NULL, 2, NULL);
  GptVisRequest requests[5] = { 0 };
  GError *error = NULL;
  for (guint i = 0; i < 5; i++) {
    requests[i].slot = gptvis_model_slot_new (model);
    requests[i].top_k = 2;
    float *rows = gptvis_program_slot_rows (gptvis_model_program (model), requests[i].slot);
    for (guint k = 0; k < 4 * 48; k++)
      rows[k] = (i % 3) * 0.5f - 0.3f;
  }
  g_assert_true (gptvis_model_run (model, requests, 5, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < 5; i++) {
    const GptVisResult *r = requests[i].result;
    g_assert_cmpuint (r->n_labels, ==, 2);
    g_assert_true (r->labels[0].score >= r->labels[1].score && r->labels[1].score > 0
        && r->labels[0].score < 1);
    g_assert_cmpstr (r->model, ==, gptvis_model_name (model));
    g_assert_cmpint (r->analysis, <, 60 * G_USEC_PER_SEC);
    g_assert_cmpfloat_with_epsilon (r->labels[0].score, requests[i % 3].result->labels[0].score, 1e-6);
  }
  g_assert_true (fabsf (requests[0].result->labels[0].score - requests[2].result->labels[0].score) > 1e-4f);
  gptvis_result_unref (requests[4].result);

  /* all labels, and one picture alone */
  GptVisRequest alone = { .slot = requests[4].slot };
  guint8 pixels[2 * 3 * 2] = { 0 };
  const GptVisPicture picture = { .format = GPTVIS_PICTURE_RGB, .width = 2, .height = 2, .planes = {pixels},
    .strides = {6}, .full_range = TRUE };
  g_assert_true (gptvis_model_stage (model, alone.slot, &picture, &error));
  volatile gfloat small = 1e-30f;       /* staging has not told this thread to flush denormals */
  g_assert_cmpfloat (small * 1e-10f, !=, 0);
  g_usleep (200000);             /* waiting is no analysis */
  gint64 begun = g_get_monotonic_time ();
  g_assert_true (gptvis_model_run (model, &alone, 1, &error));
  g_assert_cmpuint (alone.result->n_labels, ==, 3);
  g_assert_cmpint (alone.result->analysis, >=, 0);
  g_assert_cmpint (alone.result->analysis, <=, g_get_monotonic_time () - begun);
  gfloat sum = 0;
  for (guint k = 0; k < 3; k++)
    sum += alone.result->labels[k].score;
  g_assert_cmpfloat_with_epsilon (sum, 1, 1e-5);

  /* the result outlives the model */
  for (guint i = 0; i < 5; i++)
    gptvis_model_slot_free (model, requests[i].slot);
  gptvis_model_slot_free (model, NULL);
  gptvis_model_unref (model);
  g_assert_cmpuint (strlen (alone.result->labels[0].text), ==, 1);
  gptvis_result_unref (alone.result);
  for (guint i = 0; i < 4; i++)
    gptvis_result_unref (requests[i].result);
  unit_remove (directory);
}

/* A NaN that comes in is that picture's error alone. */
static void
test_nan_picture (void)
{
  gchar *directory = unit_checkpoint (NULL);
  GptVisModel *model = open_model (directory, NULL, 3, NULL);
  GptVisRequest requests[3] = { 0 };
  GError *error = NULL;
  for (guint i = 0; i < 3; i++) {
    requests[i].slot = gptvis_model_slot_new (model);
    float *rows = gptvis_program_slot_rows (gptvis_model_program (model), requests[i].slot);
    for (guint k = 0; k < 4 * 48; k++)
      rows[k] = i == 1 ? NAN : 0.1f;
  }
  g_assert_false (gptvis_model_run (model, requests, 3, &error));
  unit_expect_error ("NaN", error, GPTVIS_ERROR_FORMAT, directory);
  g_assert_nonnull (requests[0].result);
  g_assert_null (requests[1].result);
  g_assert_nonnull (requests[2].result);
  for (guint i = 0; i < 3; i++) {
    gptvis_result_unref (requests[i].result);
    gptvis_model_slot_free (model, requests[i].slot);
  }
  gptvis_model_unref (model);
  unit_remove (directory);
}

static gboolean
nan_weight (UnitTensor *t)
{
  if (strstr (t->name, "value.weight"))
    t->value = NAN;
  return TRUE;
}

static gboolean
infinite_bias (UnitTensor *t)
{
  if (strstr (t->name, "classifier.bias"))
    t->value = INFINITY;
  return TRUE;
}

static void
test_nan_weights (void)
{
  static const UnitSpoil spoils[] = { nan_weight, infinite_bias };
  static const gchar *const names[] = { "vit.encoder.layer.0.attention.attention.value.weight",
      "classifier.bias" };
  for (guint i = 0; i < G_N_ELEMENTS (spoils); i++) {
    gchar *directory = unit_checkpoint (spoils[i]);
    gchar *parts = g_strdup_printf ("%s: tensor %s holds a NaN or an infinity", directory, names[i]);
    GError *error = NULL;
    g_assert_null (open_model (directory, NULL, 1, &error));
    unit_expect_error (names[i], error, GPTVIS_ERROR_FORMAT, parts);
    g_free (parts);
    unit_remove (directory);
  }
}

static void
test_labels_file (void)
{
  gchar *directory = unit_checkpoint (NULL);
  gchar *labels = g_build_filename (directory, "labels.txt", NULL);
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  GError *error = NULL;
  options.path = directory;
  options.labels_file = labels;
  g_assert_null (gptvis_model_open (&options, &error));
  unit_expect_error ("absent", error, GPTVIS_ERROR_NOT_FOUND, "labels.txt: there is no such file");
  error = NULL;
  unit_write (directory, "labels.txt", "eins\nzwei\n", -1);
  g_assert_null (gptvis_model_open (&options, &error));
  unit_expect_error ("short", error, GPTVIS_ERROR_FORMAT,
      "labels.txt: there are 2 labels, where the checkpoint has 3");
  error = NULL;
  unit_write (directory, "labels.txt", "eins\nzwei\ndrei\n", -1);
  GptVisModel *model = gptvis_model_open (&options, &error), *plain = open_model (directory, NULL, 1, NULL);
  g_assert_no_error (error);
  g_assert_cmpstr (gptvis_model_label (model, 1), ==, "zwei");
  g_assert_cmpstr (gptvis_model_label (plain, 1), ==, "b");
  gptvis_model_unref (plain);
  gptvis_model_unref (model);
  g_free (labels);
  unit_remove (directory);
}

static void
test_refusals (void)
{
  gchar *directory = unit_checkpoint (NULL);
  GError *error = NULL;
  g_assert_null (open_model ("/nonexistent/checkpoint", NULL, 1, &error));
  unit_expect_error ("absent", error, GPTVIS_ERROR_NOT_FOUND, "/nonexistent/checkpoint: there is no such directory");
  error = NULL;
  g_assert_null (open_model (directory, "abacus", 1, &error));
  unit_expect_error ("backend", error, GPTVIS_ERROR_UNSUPPORTED, "backend \"abacus\"");
  unit_remove (directory);
}

/* --- tasks --- */

static GptVisModel *
open_task (const gchar *path, GptVisTask task, guint beams, GError **error)
{
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  options.path = path;
  options.task = task;
  options.beams = beams;
  options.program.threads = 1;
  return gptvis_model_open (&options, error);
}

static void
test_tasks (void)
{
  static const struct { GptVisTask task; guint n_labels; gboolean writes; } tasks[] = {
    {GPTVIS_TASK_AUTO, 3, TRUE}, {GPTVIS_TASK_LABEL, 3, FALSE}, {GPTVIS_TASK_CAPTION, 0, TRUE},
        {GPTVIS_TASK_BOTH, 3, TRUE} };
  gchar *directory = unit_writer (NULL);
  GptVisModel *models[G_N_ELEMENTS (tasks)];
  GError *error = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++) {
    models[i] = open_task (directory, tasks[i].task, 0, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (gptvis_model_n_labels (models[i]), ==, tasks[i].n_labels);
    g_assert_cmpint (gptvis_model_writes (models[i]), ==, tasks[i].writes);
    g_assert_cmpint (gptvis_model_decoder_plan (models[i]) != NULL, ==, tasks[i].writes);
    for (guint k = 0; k < i; k++)
      g_assert_true (models[k] != models[i]);
  }
  /* another number of beams is another model, the same task again is not */
  GptVisModel *same = open_task (directory, GPTVIS_TASK_BOTH, 0, &error), *beams = open_task (directory,
      GPTVIS_TASK_BOTH, 4, &error);
  g_assert_no_error (error);
  g_assert_true (same == models[3] && beams != models[3]);
  gptvis_model_unref (same);
  gptvis_model_unref (beams);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    gptvis_model_unref (models[i]);
  unit_remove (directory);
}

static gboolean
no_classifier (UnitTensor *t)
{
  return !strstr (t->name, "classifier");
}

static void
test_tasks_refused (void)
{
  static const struct { gboolean writes; GptVisTask task; const gchar *parts; } cases[] = {
    {FALSE, GPTVIS_TASK_CAPTION, ": the task asks for captions, but this checkpoint has no decoder (its "
        "model_type is vit)"},
    {FALSE, GPTVIS_TASK_BOTH, ": the task asks for captions, but this checkpoint has no decoder (its "
        "model_type is vit)"},
    {TRUE, GPTVIS_TASK_LABEL, ": the task asks for labels, but this checkpoint has no classifier (its "
        "model_type is "
        "vision-encoder-decoder)"},
    {TRUE, GPTVIS_TASK_BOTH, ": the task asks for labels, but this checkpoint has no classifier"} };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar *directory = cases[i].writes ? unit_writer (no_classifier) : unit_checkpoint (NULL);
    gchar *parts = g_strconcat (directory, cases[i].parts, NULL);
    GError *error = NULL;
    g_assert_null (open_task (directory, cases[i].task, 0, &error));
    unit_expect_error (cases[i].parts, error, GPTVIS_ERROR_UNSUPPORTED, parts);
    g_free (parts);
    unit_remove (directory);
  }
}

/* What a decoder needs beside its tensors, and that each file makes it another model. */
static void
test_decoder_files (void)
{
  static const struct { const gchar *file, *text, *parts; GptVisError code; } cases[] = {
    {"generation_config.json", "{}", "generation_config.json: neither decoder_start_token_id nor",
        GPTVIS_ERROR_FORMAT},
    {"generation_config.json", "{\"bos_token_id\":10}", "bos_token_id is neither a token below 10",
        GPTVIS_ERROR_FORMAT},
    {"vocab.json", "{\"<|endoftext|>\":0", "vocab.json: the JSON cannot be read", GPTVIS_ERROR_FORMAT},
    {"merges.txt", "#version: 0.2\na b c\n", "merges.txt: line 2", GPTVIS_ERROR_FORMAT},
    {"generation_config.json", "{\"bos_token_id\":9}", NULL, 0},
    {"merges.txt", "#version: 0.3\n", NULL, 0} };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar *directory = unit_writer (NULL);
    GError *error = NULL;
    GptVisModel *before = open_task (directory, GPTVIS_TASK_AUTO, 0, &error), *after;
    g_assert_no_error (error);
    unit_write (directory, cases[i].file, cases[i].text, -1);
    after = open_task (directory, GPTVIS_TASK_AUTO, 0, &error);
    g_test_message ("%s", cases[i].file);
    g_assert_true (after != before);
    g_assert_true ((after == NULL) == (cases[i].parts != NULL));
    if (error)
      unit_expect_error (cases[i].file, error, cases[i].code, cases[i].parts);
    gptvis_model_unref (after);
    gptvis_model_unref (before);
    unit_remove (directory);
  }

  gchar *directory = unit_writer (NULL);
  GError *error = NULL;
  unit_write (directory, "vocab.json", "{\"<|endoftext|>\":0,\"a\":1}", -1);
  unit_write (directory, "generation_config.json", "{\"bos_token_id\":5}", -1);
  g_assert_null (open_task (directory, GPTVIS_TASK_AUTO, 0, &error));
  unit_expect_error ("words", error, GPTVIS_ERROR_FORMAT,
      ": a sentence begins with token 5, where the vocabulary beside the network has 2");
  unit_remove (directory);
}

/* A tower's NaN is a picture's error where nothing but captions is asked for, too. */
static void
test_captioner (void)
{
  gchar *directory = unit_writer (NULL), *plain = unit_checkpoint (NULL);
  GError *error = NULL;
  GptVisModel *model = open_task (directory, GPTVIS_TASK_CAPTION, 3, &error), *labels = open_task (plain, 0,
      0, &error);
  g_assert_no_error (error);
  g_assert_null (gptvis_captioner_new (labels));
  GptVisCaptioner *captioner = gptvis_captioner_new (model);
  GptVisRequest request = { .slot = gptvis_model_slot_new (model), .captioner = captioner };
  float *rows = gptvis_program_slot_rows (gptvis_model_program (model), request.slot);
  g_assert_cmpfloat (gptvis_captioner_change (captioner), ==, 2);
  g_assert_null (gptvis_captioner_caption (captioner));
  for (guint k = 0; k < 4 * 48; k++)
    rows[k] = NAN;
  g_assert_false (gptvis_model_run (model, &request, 1, &error));
  unit_expect_error ("NaN", error, GPTVIS_ERROR_FORMAT, "the network's output for this picture holds a NaN");
  g_assert_null (request.result);
  for (guint k = 0; k < 4 * 48; k++)
    rows[k] = 0.1f;
  error = NULL;
  g_assert_true (gptvis_model_run (model, &request, 1, &error));
  g_assert_cmpuint (request.result->n_labels, ==, 0);
  gptvis_result_unref (request.result);

  gptvis_captioner_begin (captioner, 7, 8, 9);
  while (gptvis_captioner_is_writing (captioner))
    gptvis_captioners_step (&captioner, 1);
  gptvis_captioners_step (&captioner, 1);       /* none is writing: nothing happens */
  g_assert_null (gptvis_captioner_error (captioner));
  const GptVisCaption *caption = gptvis_captioner_caption (captioner);
  g_assert_true (caption->final && caption == gptvis_captioner_finished (captioner));
  g_assert_cmpuint (caption->frame, ==, 7);
  g_assert_cmpuint (caption->pts, ==, 8);
  g_assert_cmpuint (caption->running_time, ==, 9);
  g_assert_cmpfloat (caption->log_probability, <, 0);
  g_assert_cmpfloat_with_epsilon (gptvis_captioner_change (captioner), 0, 1e-6);

  /* one that is given up leaves the last as it was; forgetting leaves nothing */
  gptvis_captioner_begin (captioner, 10, 11, 12);
  gptvis_captioners_step (&captioner, 1);
  g_assert_cmpuint (gptvis_captioner_caption (captioner)->frame, ==, 10);
  g_assert_cmpuint (gptvis_captioner_finished (captioner)->frame, ==, 7);
  gptvis_captioner_give_up (captioner);
  g_assert_cmpuint (gptvis_captioner_caption (captioner)->frame, ==, 7);
  gptvis_captioner_forget (captioner);
  g_assert_null (gptvis_captioner_caption (captioner));
  g_assert_null (gptvis_captioner_finished (captioner));
  g_assert_cmpfloat (gptvis_captioner_change (captioner), ==, 2);
  gptvis_model_slot_free (model, request.slot);
  gptvis_model_unref (labels);
  gptvis_model_unref (model);
  gptvis_captioner_free (captioner);    /* it holds the model */
  gptvis_captioner_free (NULL);
  unit_remove (directory);
  unit_remove (plain);
}

/* No path is the bundled checkpoint, which GPTVIS_BUNDLED may name. */
static void
test_bundled (void)
{
  gchar *directory = unit_checkpoint (NULL);
  GError *error = NULL;
  GptVisModel *model = open_model (NULL, NULL, 1, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (gptvis_model_name (model), ==, "bundled");
  g_assert_true (gptvis_model_multi_label (model));
  gptvis_model_unref (model);

  g_setenv ("GPTVIS_BUNDLED", directory, TRUE);
  model = open_model (NULL, NULL, 1, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (gptvis_model_path (model), ==, directory);
  gptvis_model_unref (model);
  g_setenv ("GPTVIS_BUNDLED", "/nonexistent/checkpoint", TRUE);
  g_assert_null (open_model (NULL, NULL, 1, &error));
  unit_expect_error ("bundled", error, GPTVIS_ERROR_NOT_FOUND, "/nonexistent/checkpoint: there is no such directory");
  g_unsetenv ("GPTVIS_BUNDLED");
  unit_remove (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/model/share", test_share);
  g_test_add_func ("/model/share-threads", test_share_threads);
  g_test_add_func ("/model/facts", test_facts);
  g_test_add_func ("/model/run", test_run);
  g_test_add_func ("/model/nan-picture", test_nan_picture);
  g_test_add_func ("/model/nan-weights", test_nan_weights);
  g_test_add_func ("/model/labels-file", test_labels_file);
  g_test_add_func ("/model/refusals", test_refusals);
  g_test_add_func ("/model/tasks", test_tasks);
  g_test_add_func ("/model/tasks-refused", test_tasks_refused);
  g_test_add_func ("/model/decoder-files", test_decoder_files);
  g_test_add_func ("/model/captioner", test_captioner);
  g_test_add_func ("/model/bundled", test_bundled);
  return g_test_run ();
}
