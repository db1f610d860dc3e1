/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door to this room: what makes a model another, what is made of it when, running, clients and their
 * label files, weights and outputs that are no numbers. */
#include "client.h"
#include "unit.h"
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static GptVisModelOptions
options_of (const gchar *path, const gchar *backend, guint max_batch)
{
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  options.path = path;
  options.program.backend = backend;
  options.program.threads = 1;
  options.max_batch = max_batch;
  return options;
}

/* Opens it with the outputs that labels need. */
static GptVisModel *
open_model (const gchar *path, const gchar *backend, guint max_batch, GError **error)
{
  const GptVisModelOptions options = options_of (path, backend, max_batch);
  GptVisModel *model = gptvis_model_open (&options, error);
  if (model && !gptvis_model_need (model, GPTVIS_OUTPUT_SCORES, error))
    g_clear_pointer (&model, gptvis_model_free);
  return model;
}

static GptVisClient *
client_of (GptVisModel *model, GptVisTask task, GError **error)
{
  return gptvis_client_new (model, &(GptVisClientOptions) { .task = task }, error);
}

/* Is it the same model under these options? */
static gboolean
is_same (const gchar *key, const gchar *path, const gchar *backend, guint max_batch)
{
  const GptVisModelOptions options = options_of (path, backend, max_batch);
  gchar *other = gptvis_model_key (&options, NULL);
  const gboolean same = strcmp (key, other) == 0;
  g_free (other);
  return same;
}

static void
test_key (void)
{
  gchar *directory = unit_checkpoint (NULL), *other = unit_checkpoint (NULL);
  gchar *roundabout = g_build_filename (directory, "..", strrchr (directory, '/') + 1, NULL);
  const GptVisModelOptions options = options_of (directory, NULL, 1),
      absent = options_of ("/nonexistent/checkpoint", NULL, 1);
  gchar *key = gptvis_model_key (&options, NULL);
  GError *error = NULL;
  g_assert_true (is_same (key, directory, NULL, 1));
  g_assert_true (is_same (key, roundabout, "auto", 0));
  g_assert_false (is_same (key, other, NULL, 1));
  g_assert_false (is_same (key, directory, NULL, 2));
  g_assert_false (is_same (key, directory, "reference", 1));
  /* a file that was written since is another model */
  unit_write (directory, "preprocessor_config.json", UNIT_PREPROCESSOR "\n", -1);
  g_assert_false (is_same (key, directory, NULL, 1));
  g_assert_null (gptvis_model_key (&absent, &error));
  unit_expect_error ("absent", error,
      GPTVIS_ERROR_NOT_FOUND, "/nonexistent/checkpoint: there is no such directory");
  g_free (key);
  g_free (roundabout);
  unit_remove (directory);
  unit_remove (other);
}

/* The rows of what a plan computes of the pictures, or 0: nothing. */
static guint
rows_of (GptVisModel *model, const gchar *output)
{
  const GptVisPlan *plan = gptvis_model_plan (model);
  const GptVisTensorId id = gptvis_plan_find (plan, output);
  return id == GPTVIS_NO_TENSOR ? 0 : gptvis_plan_tensor (plan, id)->rows;
}

static gint64
operations (GptVisModel *model)
{
  const GptVisPlan *plan = gptvis_model_plan (model);
  gint64 flops = 0;
  for (guint i = 0; i < gptvis_plan_n_ops (plan); i++)
    flops += gptvis_plan_op_flops (plan, i);
  return flops;
}

/* What nobody needs is not computed; what is needed later is added; what was staged before that still runs,
 * beside what was staged after. */
static void
test_need (void)
{
  gchar *directory = unit_writer (NULL);
  const GptVisModelOptions options = options_of (directory, NULL, 3);
  GError *error = NULL;
  GptVisModel *model = gptvis_model_open (&options, &error);
  g_assert_no_error (error);
  g_assert_null (gptvis_model_plan (model));
  g_assert_true (gptvis_model_need (model, GPTVIS_OUTPUT_SCORES, &error));
  g_assert_cmpuint (rows_of (model, "scores"), ==, 1);
  g_assert_cmpuint (rows_of (model, "tokens"), ==, 0);
  g_assert_cmpuint (rows_of (model, "hidden_states.1"), ==, 0);
  const gint64 labels_alone = operations (model);

  GptVisRequest requests[3] = { };
  for (guint i = 0; i < 3; i++) {
    if (i == 1) {
      const GptVisPlan *before = gptvis_model_plan (model);
      g_assert_true (gptvis_model_need (model, GPTVIS_OUTPUT_TOKENS, &error));
      g_assert_true (gptvis_model_plan (model) != before);
      g_assert_cmpuint (rows_of (model, "scores"), ==, 1);
      g_assert_cmpuint (rows_of (model, "tokens"), >, 1);
      g_assert_cmpint (operations (model), >, labels_alone);
      before = gptvis_model_plan (model);
      g_assert_true (gptvis_model_need (model, GPTVIS_OUTPUT_SCORES, &error));
      g_assert_true (gptvis_model_plan (model) == before);
    }
    requests[i].slot = gptvis_model_slot_new (model, NULL);
    requests[i].outputs = i == 0 ? GPTVIS_OUTPUT_SCORES : GPTVIS_OUTPUT_SCORES | GPTVIS_OUTPUT_TOKENS;
    float *rows = gptvis_model_slot_rows (model, requests[i].slot);
    for (guint k = 0; k < 4 * 48; k++)
      rows[k] = i == 2 ? (k % 7) - 3.0f : 0.2f;
  }
  g_assert_true (gptvis_model_run (model, requests, 3, &error));
  g_assert_no_error (error);
  g_assert_null (requests[0].tokens);
  g_assert_nonnull (requests[1].tokens);
  for (guint k = 0; k < 3; k++)
    g_assert_cmpfloat_with_epsilon (requests[0].scores[k], requests[1].scores[k], 1e-5);
  g_assert_true (fabsf (requests[0].scores[0] - requests[2].scores[0]) > 1e-4f);
  for (guint i = 0; i < 3; i++)
    gptvis_model_slot_free (requests[i].slot);
  gptvis_model_free (model);
  unit_remove (directory);
}

static void
test_facts (void)
{
  gchar *directory = unit_checkpoint (NULL);
  GptVisModel *model = open_model (directory, "reference", 1, NULL);
  GptVisClient *client = client_of (model, GPTVIS_TASK_AUTO, NULL);
  gchar *description = gptvis_model_description (model);
  g_assert_cmpstr (gptvis_model_name (model), ==, strrchr (directory, '/') + 1);
  g_assert_cmpstr (gptvis_model_configuration (model)->model_type, ==, "vit");
  g_assert_nonnull (strstr (description, "reference"));
  g_assert_cmpuint (gptvis_model_threads (model), ==, 1);
  g_assert_cmpuint (gptvis_client_n_labels (client), ==, 3);
  g_assert_cmpstr (gptvis_client_label (client, 2), ==, "c");
  g_assert_null (gptvis_client_label (client, 3));
  g_assert_cmpuint (gptvis_model_recipe (model)->height, ==, 8);
  g_free (description);
  gptvis_client_unref (client);
  gptvis_model_free (model);
  unit_remove (directory);
}

static GptVisRequest
request_of (GptVisModel *model, gfloat value)
{
  GptVisRequest request = { .slot = gptvis_model_slot_new (model, NULL), .outputs = GPTVIS_OUTPUT_SCORES };
  float *rows = gptvis_model_slot_rows (model, request.slot);
  for (guint k = 0; k < 4 * 48; k++)
    rows[k] = value;
  return request;
}

/* Pictures as rows of one value each, in batches of two: alone or in company, a picture's labels are the
 * same. */
static void
test_run (void)
{
  gchar *directory = unit_checkpoint (NULL);
  GptVisModel *model = open_model (directory, NULL, 2, NULL);
  GptVisClient *client = client_of (model, GPTVIS_TASK_LABEL, NULL);
  GptVisRequest requests[4];
  GptVisResult *results[4];
  GError *error = NULL;
  g_assert_cmpint (gptvis_client_outputs (client), ==, GPTVIS_OUTPUT_SCORES);
  for (guint i = 0; i < 4; i++)
    requests[i] = request_of (model, (i % 3) * 0.5f - 0.3f);
  for (guint i = 0; i < 4; i++) {
    if (i % 2 == 0)
      g_assert_true (gptvis_model_run (model, requests + i, 2, &error));
    g_assert_no_error (error);
    const GptVisResult *r = results[i] = gptvis_client_read (client, &requests[i], 2, 0);
    g_assert_cmpuint (r->n_labels, ==, 2);
    g_assert_true (r->labels[0].score >= r->labels[1].score && r->labels[1].score > 0
        && r->labels[0].score < 1);
    g_assert_cmpstr (r->model, ==, gptvis_model_name (model));
    g_assert_cmpint (r->analysis, <, 60 * G_USEC_PER_SEC);
    g_assert_cmpfloat_with_epsilon (r->labels[0].score, results[i % 3]->labels[0].score, 1e-6);
  }
  g_assert_true (fabsf (results[0]->labels[0].score - results[2]->labels[0].score) > 1e-4f);

  /* all labels, and one picture alone */
  guint8 pixels[2 * 3 * 2] = { 0 };
  const GptVisPicture picture = { .format = GPTVIS_PICTURE_RGB, .width = 2, .height = 2, .planes = {pixels},
    .strides = {6}, .full_range = TRUE };
  g_assert_true (gptvis_model_stage (model, requests[3].slot, &picture, &error));
  volatile gfloat small = 1e-30f;       /* staging has not told this thread to flush denormals */
  g_assert_cmpfloat (small * 1e-10f, !=, 0);
  gint64 begun = g_get_monotonic_time ();
  g_assert_true (gptvis_model_run (model, &requests[3], 1, &error));
  g_assert_cmpint (requests[3].analysis, >=, 0);
  g_assert_cmpint (requests[3].analysis, <=, g_get_monotonic_time () - begun);
  GptVisResult *alone = gptvis_client_read (client, &requests[3], 0, 0);
  g_assert_cmpuint (alone->n_labels, ==, 3);
  gfloat sum = 0;
  for (guint k = 0; k < 3; k++)
    sum += alone->labels[k].score;
  g_assert_cmpfloat_with_epsilon (sum, 1, 1e-5);
  /* what suits a softmax */
  GptVisResult *likely = gptvis_client_read (client, &requests[3], 0, -1);
  for (guint k = 0; k < 3; k++)
    g_assert_cmpint (alone->labels[k].score >= 0.1f, ==, k < likely->n_labels);

  /* the results outlive the model */
  for (guint i = 0; i < 4; i++)
    gptvis_model_slot_free (requests[i].slot);
  gptvis_model_slot_free (NULL);
  gptvis_client_unref (client);
  gptvis_model_free (model);
  gptvis_model_free (NULL);
  g_assert_cmpuint (strlen (alone->labels[0].text), ==, 1);
  gptvis_result_unref (alone);
  gptvis_result_unref (likely);
  for (guint i = 0; i < 4; i++)
    gptvis_result_unref (results[i]);
  unit_remove (directory);
}

/* A NaN in a picture is an error of that picture alone. */
static void
test_nan_picture (void)
{
  gchar *directory = unit_checkpoint (NULL);
  GptVisModel *model = open_model (directory, NULL, 3, NULL);
  GptVisRequest requests[3];
  GError *error = NULL;
  for (guint i = 0; i < 3; i++)
    requests[i] = request_of (model, i == 1 ? NAN : 0.1f);
  g_assert_false (gptvis_model_run (model, requests, 3, &error));
  unit_expect_error ("NaN", error, GPTVIS_ERROR_FORMAT, directory);
  g_assert_true (requests[0].ran && requests[0].scores);
  g_assert_true (!requests[1].ran && !requests[1].scores);
  g_assert_true (requests[2].ran && requests[2].scores);
  for (guint i = 0; i < 3; i++)
    gptvis_model_slot_free (requests[i].slot);
  gptvis_model_free (model);
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

/* Labels' files are the clients': both share the model. */
static void
test_labels_file (void)
{
  gchar *directory = unit_checkpoint (NULL);
  gchar *labels = g_build_filename (directory, "labels.txt", NULL);
  const GptVisClientOptions options = { .labels_file = labels };
  GError *error = NULL;
  GptVisModel *model = open_model (directory, NULL, 1, &error);
  g_assert_null (gptvis_client_new (model, &options, &error));
  unit_expect_error ("absent", error, GPTVIS_ERROR_NOT_FOUND, "labels.txt: there is no such file");
  error = NULL;
  unit_write (directory, "labels.txt", "eins\nzwei\n", -1);
  g_assert_null (gptvis_client_new (model, &options, &error));
  unit_expect_error ("short", error, GPTVIS_ERROR_FORMAT,
      "labels.txt: there are 2 labels, where the checkpoint has 3");
  error = NULL;
  unit_write (directory, "labels.txt", "eins\nzwei\ndrei\n", -1);
  const GptVisPlan *plan = gptvis_model_plan (model);
  GptVisClient *client = gptvis_client_new (model, &options, &error), *plain = client_of (model, 0, NULL);
  g_assert_no_error (error);
  g_assert_true (gptvis_model_plan (model) == plan);
  g_assert_cmpstr (gptvis_client_label (client, 1), ==, "zwei");
  g_assert_cmpstr (gptvis_client_label (plain, 1), ==, "b");
  gptvis_client_unref (plain);
  gptvis_client_unref (client);
  gptvis_model_free (model);
  g_free (labels);
  unit_remove (directory);
}

static void
test_refusals (void)
{
  gchar *directory = unit_checkpoint (NULL);
  GError *error = NULL;
  g_assert_null (open_model ("/nonexistent/checkpoint", NULL, 1, &error));
  unit_expect_error ("absent", error,
      GPTVIS_ERROR_NOT_FOUND, "/nonexistent/checkpoint: there is no such directory");
  error = NULL;
  g_assert_null (open_model (directory, "abacus", 1, &error));
  unit_expect_error ("backend", error, GPTVIS_ERROR_UNSUPPORTED, "backend \"abacus\"");
  unit_remove (directory);
}

/* --- tasks --- */

/* A model and one client of it. */
typedef struct {
  GptVisModel *model;
  GptVisClient *client;
} Pair;

static void
pair_clear (Pair *pair)
{
  gptvis_client_unref (pair->client);
  gptvis_model_free (pair->model);
  *pair = (Pair) { };
}

/* Both or nothing. */
static Pair
open_task (const gchar *path, GptVisTask task, guint beams, GError **error)
{
  const GptVisModelOptions options = options_of (path, NULL, 1);
  const GptVisClientOptions asked = { .task = task, .beams = beams };
  Pair pair = { gptvis_model_open (&options, error) };
  if (pair.model)
    pair.client = gptvis_client_new (pair.model, &asked, error);
  if (!pair.client)
    pair_clear (&pair);
  return pair;
}

/* Clients with other tasks and beams share a model, which computes what they read together. */
static void
test_tasks (void)
{
  static const struct { GptVisTask task; guint beams,
      n_labels; gboolean writes; GptVisOutputs outputs; } tasks[] = {
    {GPTVIS_TASK_LABEL, 0, 3, FALSE, GPTVIS_OUTPUT_SCORES},
    {GPTVIS_TASK_CAPTION, 0, 0, TRUE, GPTVIS_OUTPUT_TOKENS},
    {GPTVIS_TASK_BOTH, 4, 3, TRUE, GPTVIS_OUTPUT_SCORES | GPTVIS_OUTPUT_TOKENS},
    {GPTVIS_TASK_AUTO, 1, 3, FALSE, GPTVIS_OUTPUT_SCORES} };
  gchar *directory = unit_writer (NULL);
  const GptVisModelOptions options = options_of (directory, NULL, 1);
  GptVisClient *clients[G_N_ELEMENTS (tasks)];
  GError *error = NULL;
  GptVisModel *model = gptvis_model_open (&options, &error);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++) {
    const GptVisClientOptions asked = { .task = tasks[i].task, .beams = tasks[i].beams };
    clients[i] = gptvis_client_new (model, &asked, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (gptvis_client_n_labels (clients[i]), ==, tasks[i].n_labels);
    g_assert_cmpint (gptvis_client_outputs (clients[i]), ==, tasks[i].outputs);
    g_assert_cmpint (gptvis_client_writes (clients[i]), ==, tasks[i].writes);
    GptVisCaptioner *captioner = gptvis_client_captioner_new (clients[i], NULL);
    g_assert_cmpint (captioner != NULL, ==, tasks[i].writes);
    gptvis_captioner_free (captioner);
  }
  /* one decoder for all of them, and another only for a wider search than it has room for */
  GptVisDecoder *decoder = gptvis_model_decoder (model, 4, NULL), *same = gptvis_model_decoder (model, 0,
      NULL), *wide = gptvis_model_decoder (model, GPTVIS_MAX_BEAMS, NULL),
      *widest = gptvis_model_decoder (model, 1, NULL);
  g_assert_true (decoder == same && decoder != wide && wide == widest);
  gptvis_decoder_unref (decoder);
  gptvis_decoder_unref (same);
  gptvis_decoder_unref (wide);
  gptvis_decoder_unref (widest);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    gptvis_client_unref (clients[i]);
  gptvis_model_free (model);
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
    g_assert_null (open_task (directory, cases[i].task, 0, &error).client);
    unit_expect_error (cases[i].parts, error, GPTVIS_ERROR_UNSUPPORTED, parts);
    g_free (parts);
    unit_remove (directory);
  }
}

/* What a decoder needs beside its tensors. */
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
    const GptVisModelOptions options = options_of (directory, NULL, 1);
    gchar *key = gptvis_model_key (&options, NULL);
    g_test_message ("%s", cases[i].file);
    unit_write (directory, cases[i].file, cases[i].text, -1);
    g_assert_false (is_same (key, directory, NULL, 1));
    Pair pair = open_task (directory, GPTVIS_TASK_BOTH, 0, &error);
    g_assert_true ((pair.client == NULL) == (cases[i].parts != NULL));
    if (error)
      unit_expect_error (cases[i].file, error, cases[i].code, cases[i].parts);
    pair_clear (&pair);
    g_free (key);
    unit_remove (directory);
  }

  gchar *directory = unit_writer (NULL);
  GError *error = NULL;
  unit_write (directory, "vocab.json", "{\"<|endoftext|>\":0,\"a\":1}", -1);
  unit_write (directory, "generation_config.json", "{\"bos_token_id\":5}", -1);
  g_assert_null (open_task (directory, GPTVIS_TASK_BOTH, 0, &error).client);
  unit_expect_error ("words", error, GPTVIS_ERROR_FORMAT,
      ": a caption starts with token 5, where the tokenizer has only 2 tokens");
  unit_remove (directory);
}

/* A tower's NaN is a picture's error where nothing but captions is asked for, too. */
static void
test_captioner (void)
{
  gchar *directory = unit_writer (NULL), *plain = unit_checkpoint (NULL);
  GError *error = NULL;
  Pair pair = open_task (directory, GPTVIS_TASK_CAPTION, 3, &error), labels = open_task (plain, 0, 0, &error);
  g_assert_no_error (error);
  g_assert_null (gptvis_client_captioner_new (labels.client, NULL));
  GptVisCaptioner *captioner = gptvis_client_captioner_new (pair.client, NULL);
  GptVisRequest request = { .slot = gptvis_model_slot_new (pair.model, NULL),
      .outputs = GPTVIS_OUTPUT_TOKENS };
  float *rows = gptvis_model_slot_rows (pair.model, request.slot);
  g_assert_cmpfloat (gptvis_captioner_change (captioner), ==, 2);
  g_assert_null (gptvis_captioner_caption (captioner));
  for (guint k = 0; k < 4 * 48; k++)
    rows[k] = NAN;
  g_assert_false (gptvis_model_run (pair.model, &request, 1, &error));
  unit_expect_error ("NaN", error, GPTVIS_ERROR_FORMAT, "the network's output for this picture holds a NaN");
  g_assert_false (request.ran);
  for (guint k = 0; k < 4 * 48; k++)
    rows[k] = 0.1f;
  error = NULL;
  g_assert_true (gptvis_model_run (pair.model, &request, 1, &error));
  GptVisResult *result = gptvis_client_read (pair.client, &request, 0, 0);
  g_assert_cmpuint (result->n_labels, ==, 0);
  gptvis_result_unref (result);
  gptvis_captioner_look (captioner, request.tokens);

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
  g_assert_cmpfloat (caption->score, >, 0);
  g_assert_cmpfloat (caption->score, <, 1);
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
  gptvis_model_slot_free (request.slot);
  gptvis_captioner_free (captioner);
  gptvis_captioner_free (NULL);
  pair_clear (&labels);
  pair_clear (&pair);
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
  g_assert_true (gptvis_model_configuration (model)->multi_label);
  gptvis_model_free (model);

  g_setenv ("GPTVIS_BUNDLED", directory, TRUE);
  model = open_model (NULL, NULL, 1, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (gptvis_model_path (model), ==, directory);
  gptvis_model_free (model);
  g_setenv ("GPTVIS_BUNDLED", "/nonexistent/checkpoint", TRUE);
  g_assert_null (open_model (NULL, NULL, 1, &error));
  unit_expect_error ("bundled", error,
      GPTVIS_ERROR_NOT_FOUND, "/nonexistent/checkpoint: there is no such directory");
  g_unsetenv ("GPTVIS_BUNDLED");
  unit_remove (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/model/key", test_key);
  g_test_add_func ("/model/need", test_need);
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
