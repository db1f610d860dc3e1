/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* golden-check [--backend B] [--precision P] [--torchvision] DIR…: runs the engine on checkpoint
 * directories that also hold pictures/, expected.safetensors and expected.json,
 * and compares. A line for each tensor: directory, tensor, largest relative error,
 * ok or MISS. Three paths are judged, apart from each other:
 *
 *     pictures/i.png → staging                        against pixel_values
 *     pixel_values → the traced plan                  against hidden_states.i, logits, pooler_output
 *     pixel_values → the plan and results as shipped  against logits, expected.json's "top" and
 *                                                     pooler_output, of length one
 *
 * of a checkpoint that writes, three more (captions.c), and of a detector others (detections.c).
 *
 * What the tensors mean is for whoever makes such directories to know: pixel_values
 * [pictures, 3, h, w], hidden_states.i (or vision.hidden_states.i) [pictures, rows, width], logits
 * [pictures, classes], pooler_output (or image_embeds) [pictures, any], as make.py tells.
 * Exit: 0 all is well, 1 a miss or an error, 77 no device to check on
 * (with --optional) or nothing to check (with --if-there), 2 wrong usage. */
#include "config.h"
#include "golden.h"
#include "vulkan/gpu.h"
#include "cpu/tier.h"
#include <math.h>
#include <string.h>

/* The error is the largest difference over the largest magnitude of the tensor.
 *
 * f32: the engine sums in another order than the double precision it is held
 * against. A sum of n products of random sign is off by about √n · 2⁻²⁴ of its
 * magnitude: 1e-6 for n = 256, and a hundredfold is left for depth and for
 * networks with outliers.
 *
 * f16: weights are rounded to eleven bits, each by up to 2⁻¹² of itself, which these networks
 * make 1e-3 to 2e-3 of; where a GPU sums products as halves too, only of classifiers, 3e-3.
 *
 * bf16: x and W keep 8 bits, so each is off by 2⁻⁹ at most, 0.11 % on average, and so is
 * the sum of many products, by 0.16 %. Errors of a dozen products one after the
 * other add up by their squares, to 0.6 %; the worst of some thousand values is off by
 * four times the average, and the largest value is as much above its own. Twice that
 * is found; twice that again is allowed.
 *
 * int8: a row has 255 steps for a span of some 8 deviations, an output's weights 254 for
 * 6: off by 1/√12 of a step, that is 0.9 % and 0.7 % of a deviation, 1.1 % of the sum,
 * seven times what bf16 loses. These networks are narrow and their weights large; real
 * ones lose less (tests/pipelines/photos.c). Four times bf16's is allowed.
 * (On a GPU each 32 of a row have 254 steps for a span of some 4 deviations, and lose half of
 * that, or x keeps all of its bits.)
 *
 * A pooler's tanh makes 1 of its largest values, which are some 3, and leaves small ones and their errors as
 * they are: so what comes out may be off by three times as much.
 *
 * A network that writes is two networks one after the other, and its logits are held
 * against others a softmax apart. In bf16 the best token must be the best; the fourth
 * best beam of a random network is a matter of luck, as in int8 its every word is. */
static const struct {
  GptVisPrecision precision;
  gdouble tensors;              /* hidden states and logits, of the largest magnitude */
  gdouble writing;              /* the same of a network that writes */
  gdouble scores;               /* decoded, absolute */
  gdouble boxes;                /* likewise, fractions of the picture */
  guint beams;                  /* sentences found with more may differ */
} tolerances[] = {
  {GPTVIS_PRECISION_F32, 1e-4, 1e-4, 1e-4, 1e-4, G_MAXUINT},
  {GPTVIS_PRECISION_F16, 5e-3, 5e-3, 5e-3, 5e-3, G_MAXUINT},
  {GPTVIS_PRECISION_BF16, 2e-2, 5e-2, 1e-2, 1e-2, 1},
  {GPTVIS_PRECISION_INT8, 8e-2, 2e-1, 4e-2, 4e-2, 0},
};

static gboolean
is_stored (const Check *c, const gchar *name)
{
  return gptvis_container_find (c->expected, name) != NULL;
}

/* An output of the last run against the tensor `stored`. */
static void
check_output_within (Check *c, GptVisModel *model, const gchar *name, const gchar *stored,
    const gchar *shown, gdouble tolerance)
{
  const GptVisPlan *plan = gptvis_model_plan (model);
  const GptVisTensorId id = gptvis_plan_find (plan, name);
  if (id == GPTVIS_NO_TENSOR) {
    miss (c, "%-24s is not produced  MISS", name);
    return;
  }
  const GptVisTensor *t = gptvis_plan_tensor (plan, id);
  const gsize n = (gsize) t->rows * t->width;
  const float *want = expect (c, stored, n);
  Error e = { 0 };
  for (guint i = 0; want && i < c->n_pictures; i++)
    compare (&e, gptvis_program_output (gptvis_model_program (model), id, i), want + i * n, n);
  if (want)
    report (c, shown, relative (&e), tolerance);
}

static void
check_output (Check *c, GptVisModel *model, const gchar *name, const gchar *stored, const gchar *shown)
{
  check_output_within (c, model, name, stored, shown, c->tensors);
}

/* What an embedding is called there; NULL: there is none. */
static const gchar *
stored_embedding (const Check *c)
{
  static const gchar *const names[] = { "pooler_output", "image_embeds" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (is_stored (c, names[i]))
      return names[i];
  return NULL;
}

/* That of the embedding. */
static gdouble
pooled_tolerance (const Check *c, GptVisModel *model)
{
  const gboolean narrow = gptvis_model_program (model)->precision != GPTVIS_PRECISION_F32;
  return narrow && gptvis_model_configuration (model)->pooler ? 3 * c->tensors : c->tensors;
}

static gdouble
length (const float *values, gsize n)
{
  gdouble squares = 0;
  for (gsize k = 0; k < n; k++)
    squares += (gdouble) values[k] * values[k];
  return sqrt (squares);
}

/* Then it was made so after the network. */
static gboolean
is_of_length_one (Check *c, const gchar *name)
{
  const gsize n = gptvis_container_find (c->expected, name)->n_elements / c->n_pictures;
  const float *values = expect (c, name, n);
  return values && fabs (length (values, n) - 1) < 1e-5;
}

static gboolean
has_labels (GptVisModel *model)
{
  return gptvis_model_configuration (model)->n_labels > 0;
}

static void
tell_unknown (const Check *c)
{
  static const gchar *const known[] = { "logits", "pixel_values", "pooler_output", "image_embeds", NULL };
  for (guint i = 0; i < gptvis_container_n_tensors (c->expected); i++) {
    const gchar *name = gptvis_container_tensor (c->expected, i)->name;
    if (!g_str_has_prefix (name, "hidden_states.") && !g_str_has_prefix (name, "vision.hidden_states.")
        && !g_strv_contains (known, name))
      g_print ("%-20s %-24s is unknown here and was not compared\n", c->name, name);
  }
}

/* Each tensor of the file that a classifier has to produce, in the network's
 * order; others are named and left. */
static void
check_traced (Check *c, GptVisModel *model, const float *pixel_values)
{
  GptVisModelSlot **slots = fill_slots (c, model, pixel_values);
  const gchar *towers = is_stored (c, "vision.hidden_states.0") ? "vision." : "";
  const gchar *embedding = stored_embedding (c);
  if (run_slots (c, model, slots)) {
    gchar stored[64];
    for (guint i = 0;; i++) {
      g_snprintf (stored, sizeof stored, "%shidden_states.%u", towers, i);
      const gchar *name = stored + strlen (towers);
      const gboolean produced = gptvis_plan_find (gptvis_model_plan (model), name) != GPTVIS_NO_TENSOR;
      if (!produced && !is_stored (c, stored))
        break;
      check_output (c, model, name, stored, stored);
    }
    if (has_labels (model))
      check_output (c, model, "logits", "logits", "logits");
    if (embedding && !is_of_length_one (c, embedding))
      check_output_within (c, model, "embedding", embedding, embedding, pooled_tolerance (c, model));
  }
  free_slots (c, slots);
  tell_unknown (c);
}

/* The labels of one picture against "top" of expected.json: the same class at each
 * rank, or one whose score is as good within the tolerance. */
static gboolean
check_top (Check *c, GptVisClient *client, guint i, const GptVisResult *result, JsonArray *top,
    gdouble *largest)
{
  for (guint rank = 0; rank < json_array_get_length (top); rank++) {
    JsonNode *node = json_array_get_element (top, rank);
    GptVisJson want = { "expected.json", JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL,
        NULL };
    if (!want.object || rank >= result->n_labels)
      return FALSE;
    const guint id = gptvis_json_uint (&want, "id", G_MAXUINT, 0, G_MAXUINT - 1);
    const gdouble score = gptvis_json_number (&want, "score", -1, 0, 1);
    const gchar *text = gptvis_json_string (&want, "label", "");
    const GptVisLabel *got = &result->labels[rank];
    const gdouble difference = fabs (got->score - score);
    const gboolean same = got->id == id && strcmp (got->text, text) == 0;
    const gchar *known = gptvis_client_label (client, id);
    const gboolean tie = got->id != id && difference <= c->scores && known && strcmp (known, text) == 0;
    g_clear_error (&want.error);
    if (!(difference <= *largest))
      *largest = difference;
    if (!same && !tie) {
      miss (c, "picture %u, rank %u is \"%s\" %.4f, where \"%s\" %.4f is expected", i, rank, got->text,
          got->score, text, score);
      return FALSE;
    }
  }
  return TRUE;
}

static void
check_results (Check *c, GptVisClient *client, GptVisRequest *requests)
{
  gchar *path = g_build_filename (c->path, "expected.json", NULL);
  GError *error = NULL;
  JsonObject *object = gptvis_json_load (path, &error);
  g_free (path);
  if (!object) {
    miss (c, "%s", error->message);
    g_clear_error (&error);
    return;
  }
  GptVisJson json = { "expected.json", object, NULL };
  JsonArray *all = gptvis_json_array (&json, "top");
  gdouble largest = 0;
  gboolean ok = all && json_array_get_length (all) == c->n_pictures;
  for (guint i = 0; ok && i < c->n_pictures; i++) {
    JsonNode *top = json_array_get_element (all, i);
    GptVisResult *result = gptvis_client_read (client, &requests[i], 0, 0);
    ok = JSON_NODE_HOLDS_ARRAY (top) && check_top (c, client, i, result, json_node_get_array (top), &largest);
    gptvis_result_unref (result);
  }
  if (ok)
    report (c, "scores, labels", largest, c->scores);
  else
    miss (c, "%-24s do not agree with expected.json  MISS", "labels");
  g_clear_error (&json.error);
  json_object_unref (object);
}

/* The results' embeddings, which have length one. */
static void
check_embeddings (
    Check *c, GptVisModel *model, GptVisClient *client, GptVisRequest *requests, const gchar *stored)
{
  const gsize n = gptvis_container_find (c->expected, stored)->n_elements / c->n_pictures;
  const float *want = expect (c, stored, n);
  float *unit = g_new (float, n);
  Error e = { 0 };
  for (guint i = 0; want && i < c->n_pictures; i++, want += n) {
    GptVisResult *result = gptvis_client_read (client, &requests[i], 0, 0);
    for (gsize k = 0; k < n; k++)
      unit[k] = want[k] / length (want, n);
    if (result->n_embedding == n)
      compare (&e, result->embedding, unit, n);
    else
      miss (c, "%-24s has %u numbers, where %" G_GSIZE_FORMAT " are expected", "embedding",
          result->n_embedding, n);
    gptvis_result_unref (result);
  }
  if (want)
    report (c, "embedding of length one", relative (&e), pooled_tolerance (c, model));
  g_free (unit);
}

/* The plan without a trace, through the door that the element uses. */
static void
check_shipped (Check *c, GptVisModel *model, const float *pixel_values)
{
  const gchar *embedding = stored_embedding (c);
  const GptVisClientOptions options = { .embedding = embedding != NULL };
  GptVisModelSlot **slots = fill_slots (c, model, pixel_values);
  GptVisRequest *requests = g_new0 (GptVisRequest, c->n_pictures);
  GError *error = NULL;
  GptVisClient *client = gptvis_client_new (model, &options, &error);
  for (guint i = 0; client && i < c->n_pictures; i++)
    requests[i] = (GptVisRequest) { .slot = slots[i], .outputs = gptvis_client_outputs (client) };
  if (client && gptvis_model_run (model, requests, c->n_pictures, &error)) {
    if (has_labels (model)) {
      check_output (c, model, "logits", "logits", "logits, untraced");
      check_results (c, client, requests);
    }
    if (embedding)
      check_embeddings (c, model, client, requests, embedding);
  } else {
    miss (c, "%s", error->message);
    g_clear_error (&error);
  }
  gptvis_client_unref (client);
  g_free (requests);
  free_slots (c, slots);
}

static gboolean
choose_tolerances (Check *c, GptVisPrecision precision, gboolean writes)
{
  for (guint i = 0; i < G_N_ELEMENTS (tolerances); i++)
    if (tolerances[i].precision == precision) {
      c->tensors = writes ? tolerances[i].writing : tolerances[i].tensors;
      c->beams = tolerances[i].beams;
      c->scores = tolerances[i].scores;
      c->boxes = tolerances[i].boxes;
      return TRUE;
    }
  miss (c, "no tolerance is stated for precision %s", gptvis_precision_name (precision));
  return FALSE;
}

static void
check_models (Check *c, GptVisModel *traced, GptVisModel *shipped)
{
  if (gptvis_architecture_outputs (gptvis_model_configuration (shipped)) & GPTVIS_OUTPUT_BOXES) {
    if (choose_tolerances (c, gptvis_model_program (shipped)->precision, FALSE))
      check_detections (c, traced, shipped);
    return;
  }
  const GptVisRecipe *r = gptvis_model_recipe (traced);
  const float *pixel_values = expect (c, "pixel_values", (gsize) 3 * r->width * r->height);
  if (pixel_values && gptvis_model_configuration (shipped)->writes) {
    if (choose_tolerances (c, gptvis_model_program (shipped)->precision, TRUE)) {
      check_staging (c, shipped, pixel_values);
      check_captions (c, shipped, pixel_values);
    }
    return;
  }
  if (!pixel_values || !choose_tolerances (c, gptvis_model_program (traced)->precision, FALSE))
    return;
  check_staging (c, traced, pixel_values);
  check_traced (c, traced, pixel_values);
  check_shipped (c, shipped, pixel_values);
}

/* All in memory; NULL after an error. */
static GptVisContainer *
load_expected (const gchar *file, GError **error)
{
  gchar *text;
  gsize size;
  if (!g_file_get_contents (file, &text, &size, error))
    return NULL;
  GBytes *bytes = g_bytes_new_take (text, size);
  GptVisContainer *expected = gptvis_safetensors_new (file, bytes, error);
  g_bytes_unref (bytes);
  return expected;
}

/* 0: they are in no form that is known. */
static gsize
count_pictures (const GptVisContainer *expected, const GptVisStoredTensor *pixels)
{
  if (!pixels)
    return count_pictures_apart (expected);
  if (pixels->n_dimensions == 4)
    return pixels->shape[0];
  return pixels->n_dimensions == 5 && pixels->shape[0] == 1 ? pixels->shape[1] : 0;
}

/* Returns how many lines are a miss. */
static guint
check_directory (const gchar *path, const GptVisProgramOptions *program, gboolean torchvision)
{
  Check c = { .path = path, .name = g_path_get_basename (path), .program = *program, .n_pictures = 1,
    .torchvision = torchvision };
  gchar *file = g_build_filename (path, "expected.safetensors", NULL);
  GError *error = NULL;
  GptVisModel *traced = open_model (&c, TRUE);  /* first: its sentence says more than a missing file's */
  c.expected = traced ? load_expected (file, &error) : NULL;
  if (error)
    miss (&c, "%s", error->message);
  g_clear_error (&error);
  const GptVisStoredTensor *pixels = c.expected ? gptvis_container_find (c.expected, "pixel_values") : NULL;
  const gsize n = c.expected ? count_pictures (c.expected, pixels) : 0;
  if (n >= 1 && n <= 64) {
    c.n_pictures = (guint) n;
    gptvis_model_free (traced);
    traced = open_model (&c, TRUE);
    GptVisModel *shipped = open_model (&c, FALSE);
    if (traced && shipped)
      check_models (&c, traced, shipped);
    gptvis_model_free (shipped);
  } else if (c.expected) {
    miss (&c, "%-24s is not there with 1 to 64 pictures [n, 3, height, width], one moment [1, n, 3, height, "
        "width] or a tensor for each picture, .0 and so on", "pixel_values");
  }
  gptvis_model_free (traced);
  gptvis_container_free (c.expected);
  g_free (file);
  g_free (c.name);
  return c.misses;
}

/* On a software rasteriser too, bytes are multiplied as a GPU does it. */
static void
use_slow_dot (void)
{
#if GPTVIS_HAVE_VULKAN
  gptvis_vulkan_set_faults (&(GptVisVulkanFaults) { .slow_dot = TRUE });
#endif
}

/* FALSE, and why, when the backend is known but has nothing to compute on. */
static gboolean
device_is_there (const gchar *backend)
{
  GError *error = NULL;
  if (!backend || strcmp (backend, "vulkan") != 0)
    return TRUE;
  gchar *devices = gptvis_backend_devices (backend, &error);
  const gboolean there = devices && *devices;
  if (!there)
    g_print ("skipped: %s\n", error ? error->message : "there is no device that computes with Vulkan 1.1");
  g_clear_error (&error);
  g_free (devices);
  return there;
}

/* What Vulkan's validation layer has told, where it was asked for (GPTVIS_VULKAN_VALIDATE=1). */
static guint
count_messages (void)
{
  guint messages = 0;
#if GPTVIS_HAVE_VULKAN
  if (gptvis_vulkan_validation (&messages))
    g_print ("%u messages of the validation layer\n", messages);
#endif
  return messages;
}

int
main (int argc, char **argv)
{
  gchar *backend = NULL, *precision = NULL;
  gboolean optional = FALSE, if_there = FALSE, torchvision = FALSE;
  const GOptionEntry entries[] = {
    {"backend", 0, 0, G_OPTION_ARG_STRING, &backend, "auto, cpu, vulkan, reference", "B"},
    {"precision", 0, 0, G_OPTION_ARG_STRING, &precision, "auto, f32, …", "P"},
    {"optional", 0, 0, G_OPTION_ARG_NONE, &optional, "skip all without the device or the instructions", NULL},
    {"torchvision", 0, 0, G_OPTION_ARG_NONE, &torchvision, "pixel_values are torchvision's", NULL},
    {"if-there", 0, 0, G_OPTION_ARG_NONE, &if_there, "skip directories that are not there", NULL},
    {NULL}
  };
  GptVisProgramOptions program = { .precision = GPTVIS_PRECISION_AUTO };
  GError *error = NULL;
  GOptionContext *context = g_option_context_new ("DIR…");
  g_option_context_add_main_entries (context, entries, NULL);
  gboolean usable = g_option_context_parse (context, &argc, &argv, &error)
      && (!precision || gptvis_precision_parse (precision, &program.precision, &error));
  g_option_context_free (context);
  if (!usable || argc < 2) {
    g_printerr ("golden-check: %s\n", error ? error->message : "name one directory or more (--help)");
    g_clear_error (&error);
    return 2;
  }
  program.backend = backend;
  use_slow_dot ();
  if (optional && !device_is_there (backend))
    return 77;
  const GptVisTier *tier = gptvis_tier_choose (NULL);
  if (optional && program.precision == GPTVIS_PRECISION_BF16 && !(tier && tier->tile_bf16)) {
    g_print ("skipped: this processor has no instructions for bf16\n");
    return 77;
  }

  guint misses = 0, checked = 0, bad = 0;
  for (int i = 1; i < argc; i++) {
    if (if_there && !g_file_test (argv[i], G_FILE_TEST_IS_DIR)) {
      g_print ("%s is not there: skipped\n", argv[i]);
      continue;
    }
    const guint n = check_directory (argv[i], &program, torchvision);
    misses += n;
    bad += n > 0;
    checked++;
  }
  g_free (backend);
  g_free (precision);
  if (checked == 0)
    return 77;
  misses += count_messages ();
  g_print ("%u of %u directories as expected, %u misses\n", checked - bad, checked, misses);
  return misses ? 1 : 0;
}
