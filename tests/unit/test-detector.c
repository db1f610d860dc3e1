/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A detector, through the door: pictures of many sizes on one model, and what becomes of places and their
 * boxes. What the network computes is golden-check's. */
#include "client.h"
#include "unit.h"
#include <math.h>
#include <string.h>

#define PLACES 5u               /* of the made checkpoint, */
#define LABELS 7u               /* which scores one class more: nothing */

static GptVisModel *
open_model (void)
{
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  GError *error = NULL;
  gchar *path = g_build_filename (g_getenv ("GPTVIS_GOLDEN"), "yolos", NULL);
  options.path = path;
  options.program.backend = "cpu";
  options.program.precision = GPTVIS_PRECISION_F32;
  options.program.threads = 1;
  options.max_batch = 8;
  GptVisModel *model = gptvis_model_open (&options, &error);
  g_assert_no_error (error);
  g_free (path);
  return model;
}

static GptVisClient *
client_of (GptVisModel *model, GptVisTask task, guint max_regions, const gchar *labels_file)
{
  GError *error = NULL;
  const GptVisClientOptions options
      = { .task = task, .max_regions = max_regions, .labels_file = labels_file };
  GptVisClient *client = gptvis_client_new (model, &options, &error);
  g_assert_no_error (error);
  return client;
}

/* Stages a grey slope of that size. */
static void
stage (GptVisModel *model, GptVisModelSlot *slot, guint width, guint height)
{
  GError *error = NULL;
  guint8 *pixels = g_malloc ((gsize) width * height);
  for (gsize i = 0; i < (gsize) width * height; i++)
    pixels[i] = i * 255 / ((gsize) width * height);
  const GptVisPicture picture = { .format = GPTVIS_PICTURE_GRAY8,
    .width = width,
    .height = height,
    .planes = { pixels },
    .strides = { (gint) width },
    .full_range = TRUE };
  gptvis_model_stage (model, slot, &picture, &error);
  g_assert_no_error (error);
  g_free (pixels);
}

static guint
rows_in (const GptVisModelSlot *slot)
{
  const GptVisPlan *plan = gptvis_model_slot_plan (slot);
  return gptvis_plan_tensor (plan, gptvis_plan_input_id (plan))->rows;
}

/* Each size has its program, which pictures of that size share, and keep though there were many others since;
 * they run together, as they do alone. Shortest edge 48, longest 70, patches of 16. */
static void
test_sizes (void)
{
  static const struct {
    guint width, height, columns, rows;
  } sizes[] = { { 1920, 1080, 4, 2 }, { 1080, 1920, 2, 4 }, { 640, 640, 3, 3 }, { 64, 48, 4, 3 },
    { 48, 64, 3, 4 }, { 500, 100, 4, 1 }, { 16384, 1, 4, 1 }, { 1, 16384, 1, 4 } };
  enum { N = G_N_ELEMENTS (sizes) };
  GptVisModel *model = open_model ();
  GptVisClient *client = client_of (model, GPTVIS_TASK_AUTO, 0, NULL);
  GptVisRequest requests[N] = { };
  float alone[N][4];
  GError *error = NULL;
  for (guint i = 0; i < N; i++) {
    GptVisModelSlot *other = gptvis_model_slot_new (model, NULL);
    requests[i]
        = (GptVisRequest){ .slot = gptvis_model_slot_new (model, NULL), .outputs = GPTVIS_OUTPUT_BOXES };
    stage (model, requests[i].slot, sizes[i].width, sizes[i].height);
    stage (model, other, sizes[i].width, sizes[i].height);
    g_assert_cmpuint (rows_in (requests[i].slot), ==, sizes[i].columns * sizes[i].rows);
    g_assert_true (gptvis_model_slot_program (other) == gptvis_model_slot_program (requests[i].slot));
    g_assert_true (gptvis_model_run (model, &requests[i], 1, &error));
    g_assert_cmpuint (requests[i].n_boxes, ==, PLACES);
    g_assert_cmpuint (requests[i].n_scores, ==, LABELS + 1);
    memcpy (alone[i], requests[i].boxes + 4, sizeof alone[i]);
    gptvis_model_slot_free (other);
  }
  for (guint i = 0; i < N; i++) {
    const GptVisProgram *before = gptvis_model_slot_program (requests[i].slot);
    stage (model, requests[i].slot, sizes[i].width, sizes[i].height);
    g_assert_true (gptvis_model_slot_program (requests[i].slot) == before);
  }
  g_assert_true (gptvis_model_run (model, requests, N, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < N; i++)
    for (guint k = 0; k < 4; k++)
      g_assert_cmpfloat_with_epsilon (requests[i].boxes[4 + k], alone[i][k], 1e-5);
  for (guint i = 0; i < N; i++)
    gptvis_model_slot_free (requests[i].slot);
  gptvis_client_unref (client);
  gptvis_model_free (model);
}

/* A slot goes from size to size and back, and an impossible picture leaves what it held. */
static void
test_changes (void)
{
  GptVisModel *model = open_model ();
  GptVisClient *client = client_of (model, GPTVIS_TASK_LABEL, 0, NULL);
  GptVisModelSlot *slot = gptvis_model_slot_new (model, NULL);
  GError *error = NULL;
  const GptVisPicture none = { .format = GPTVIS_PICTURE_GRAY8 };
  for (guint i = 0; i < 20; i++) {
    stage (model, slot, 40 + 16 * (i * i % 11), 60);
    GptVisRequest request = { .slot = slot, .outputs = GPTVIS_OUTPUT_BOXES };
    g_assert_true (gptvis_model_run (model, &request, 1, &error));
    g_assert_true (isfinite (request.boxes[0]));
  }
  const GptVisPlan *plan = gptvis_model_slot_plan (slot);
  g_assert_false (gptvis_model_stage (model, slot, &none, &error));
  unit_expect_error ("no picture", error, GPTVIS_ERROR_LIMIT, "a picture of 0×0 is not possible");
  g_assert_true (gptvis_model_slot_plan (slot) == plan);
  gptvis_model_slot_free (slot);
  gptvis_client_unref (client);
  gptvis_model_free (model);
}

/* Places that say: nothing; "0" 0.9 and "1" 0.6; "2" 0.7, half outside; "3" 0.8, all outside; "1" 0.5. */
static const float scores[PLACES * (LABELS + 1)] = {
  0, 0, 0, 0, 0, 0, 0, 1,
  0.9f, 0.6f, 0, 0, 0, 0, 0, 0,
  0, 0, 0.7f, 0, 0, 0, 0, 0,
  0, 0, 0, 0.8f, 0, 0, 0, 0,
  0, 0.5f, 0, 0, 0, 0, 0, 0.5f,
};
static const float boxes[PLACES * 4] = {
  0.5f, 0.5f, 0.2f, 0.2f,
  0.5f, 0.25f, 0.5f, 0.25f,
  0, 1, 0.5f, 0.5f,
  1.5f, 0.5f, 0.5f, 0.5f,
  0.5f, 0.5f, 3, 1e9f,
};

static GptVisResult *
read_places (GptVisClient *client, guint top_k, gfloat threshold)
{
  const GptVisRequest request = { .outputs = GPTVIS_OUTPUT_BOXES,
    .ran = TRUE,
    .scores = scores,
    .logits = scores,
    .boxes = boxes,
    .n_boxes = PLACES,
    .n_scores = LABELS + 1 };
  return gptvis_client_read (client, &request, top_k, threshold);
}

static void
check_region (
    const GptVisRegion *region, guint id, gfloat score, gfloat left, gfloat top, gfloat width, gfloat height)
{
  const gfloat box[4] = { left, top, width, height };
  g_assert_cmpint (region->source, ==, GPTVIS_SOURCE_MODEL);
  g_assert_cmpuint (region->id, ==, 0);
  g_assert_cmpuint (region->since, ==, G_MAXUINT64);
  g_assert_cmpuint (region->labels[0].id, ==, id);
  g_assert_cmpfloat (region->labels[0].score, ==, score);
  for (guint k = 0; k < 4; k++)
    g_assert_cmpfloat_with_epsilon (region->box[k], box[k], 1e-6);
}

static void
test_regions (void)
{
  GptVisModel *model = open_model ();
  GptVisClient *client = client_of (model, GPTVIS_TASK_AUTO, 0, NULL),
               *two = client_of (model, GPTVIS_TASK_LABEL, 2, NULL);
  g_assert_cmpint (gptvis_client_outputs (client), ==, GPTVIS_OUTPUT_BOXES);
  g_assert_cmpuint (gptvis_client_n_labels (client), ==, LABELS);
  g_assert_cmpstr (gptvis_client_label (client, 1), ==, "a square");
  g_assert_null (gptvis_client_label (client, LABELS));

  GptVisResult *all = read_places (client, 0, -1);
  g_assert_cmpuint (all->n_labels, ==, 0);
  g_assert_cmpuint (all->n_regions, ==, 3);
  g_assert_cmpuint (all->regions[0].n_labels, ==, 2);
  check_region (&all->regions[0], 0, 0.9f, 0.25f, 0.125f, 0.5f, 0.25f);
  check_region (&all->regions[1], 2, 0.7f, 0, 0.75f, 0.25f, 0.25f);
  check_region (&all->regions[2], 1, 0.5f, 0, 0, 1, 1);
  g_assert_cmpstr (all->regions[2].labels[0].text, ==, "a square");
  gptvis_result_unref (all);

  GptVisResult *sure = read_places (client, 1, 0.6f);
  g_assert_cmpuint (sure->n_regions, ==, 2);
  g_assert_cmpuint (sure->regions[0].n_labels, ==, 1);
  gptvis_result_unref (sure);

  GptVisResult *best = read_places (two, 0, 0);
  g_assert_cmpuint (best->n_regions, ==, 2);
  check_region (&best->regions[1], 2, 0.7f, 0, 0.75f, 0.25f, 0.25f);
  gptvis_result_unref (best);

  /* looked for and not found is not the same as not looked for */
  GptVisResult *none = read_places (client, 0, 0.95f);
  g_assert_cmpuint (none->n_regions, ==, 0);
  g_assert_nonnull (none->regions);
  gptvis_result_unref (none);
  gptvis_client_unref (two);
  gptvis_client_unref (client);
  gptvis_model_free (model);
}

static void
test_labels_file (void)
{
  gchar *directory = unit_directory (), *path = g_build_filename (directory, "labels.txt", NULL);
  unit_write (directory, "labels.txt", "nul\neins\nzwei\ndrei\nvier\nfünf\nsechs\n", -1);
  GptVisModel *model = open_model ();
  GptVisClient *client = client_of (model, GPTVIS_TASK_AUTO, 0, path);
  GptVisResult *result = read_places (client, 0, -1);
  g_assert_cmpstr (result->regions[1].labels[0].text, ==, "zwei");
  gptvis_result_unref (result);
  gptvis_client_unref (client);

  unit_write (directory, "labels.txt", "nul\neins\n", -1);
  GError *error = NULL;
  const GptVisClientOptions options = { .labels_file = path };
  g_assert_null (gptvis_client_new (model, &options, &error));
  unit_expect_error ("two labels", error, GPTVIS_ERROR_FORMAT, "labels.txt|there are 2 labels|has 7 classes");
  gptvis_model_free (model);
  g_free (path);
  unit_remove (directory);
}

static void
test_tasks (void)
{
  GptVisModel *model = open_model ();
  static const GptVisTask tasks[] = { GPTVIS_TASK_CAPTION, GPTVIS_TASK_BOTH };
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++) {
    GError *error = NULL;
    g_assert_null (gptvis_client_new (model, &(GptVisClientOptions) { .task = tasks[i] }, &error));
    unit_expect_error (
        "captions", error, GPTVIS_ERROR_UNSUPPORTED, "captions, but this checkpoint has no decoder|yolos");
  }
  gptvis_model_free (model);
}

/* What detectors' checkpoints lack, in a sentence. */
static void
test_bad (void)
{
#define CONFIG                                                                                               \
  "{\"model_type\":\"yolos\",\"architectures\":[\"YolosModel\"],\"hidden_size\":8,\"num_hidden_layers\":1,"  \
  "\"num_attention_heads\":2,\"intermediate_size\":12,\"image_size\":[8,8],\"patch_size\":4,\"num_"          \
  "detection_tokens\":2}"
  static const struct { const gchar *config, *processor, *parts; } cases[] = {
    {CONFIG, "{\"image_processor_type\":\"YolosImageProcessor\"}",
        "there is no class_labels_classifier.layers.0.weight|a backbone alone (YolosModel)|object detection"},
    {UNIT_CONFIG, "{\"image_processor_type\":\"YolosImageProcessor\"}",
        "lets pictures keep their proportions, where a network of model_type vit needs one size"},
  };
#undef CONFIG
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar *directory = unit_checkpoint (NULL);
    GError *error = NULL;
    GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
    options.path = directory;
    unit_write (directory, "config.json", cases[i].config, -1);
    unit_write (directory, "preprocessor_config.json", cases[i].processor, -1);
    GptVisModel *model = gptvis_model_open (&options, &error);
    g_assert_no_error (error);
    g_assert_null (gptvis_client_new (model, &(GptVisClientOptions) { }, &error));
    unit_expect_error (cases[i].processor, error, GPTVIS_ERROR_UNSUPPORTED, cases[i].parts);
    gptvis_model_free (model);
    unit_remove (directory);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/detector/sizes", test_sizes);
  g_test_add_func ("/detector/changes", test_changes);
  g_test_add_func ("/detector/regions", test_regions);
  g_test_add_func ("/detector/labels-file", test_labels_file);
  g_test_add_func ("/detector/tasks", test_tasks);
  g_test_add_func ("/detector/bad", test_bad);
  return g_test_run ();
}
