/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is recorded for a GPU, and everything that can be missing or go wrong there. Most tests need a device
 * (a software rasteriser will do); the others run without. */
#include "gpu.h"
#include "made-weights.h"
#include "memory.h"
#include "vulkan/gpu.h"
#include <glib/gstdio.h>
#include <string.h>

static const GptVisVulkanFaults none;

/* ---- a small network ---- */

typedef struct {
  GptVisPlan *plan;
  Weights weights;
} Network;

#define TOKENS 61
#define HEADS 8
#define WIDTH (HEADS * 8)

/* As vision transformers have it: norm, q k v, attention, projection, norm, two products. */
static GptVisTensorId
record_block (GptVisPlan *plan, GptVisTensorId x)
{
  const GptVisAttention attention = { 0, WIDTH, 2 * WIDTH, HEADS, WIDTH / HEADS, 0.3f };
  GptVisTensorId scale = gptvis_plan_weight (plan, "norm", 1, WIDTH);
  GptVisTensorId bias = gptvis_plan_weight (plan, "bias", 1, WIDTH);
  GptVisTensorId n = gptvis_plan_norm (plan, x, scale, bias, 1e-6f);
  GptVisTensorId qkv = gptvis_plan_linear (plan, n, gptvis_plan_weight (plan, "qkv", 3 * WIDTH, WIDTH),
      GPTVIS_NO_TENSOR, NULL);
  GptVisTensorId a = gptvis_plan_attention (plan, qkv, qkv, qkv, &attention);
  x = gptvis_plan_linear (plan, a, gptvis_plan_weight (plan, "projection", WIDTH, WIDTH), bias,
      GPTVIS_LINEAR (.scale = scale, .residual = x));
  n = gptvis_plan_norm (plan, x, scale, bias, 1e-6f);
  n = gptvis_plan_linear (plan, n, gptvis_plan_weight (plan, "up", 2 * WIDTH, WIDTH), GPTVIS_NO_TENSOR,
      GPTVIS_LINEAR (.act = GPTVIS_ACT_GELU));
  return gptvis_plan_linear (plan, n, gptvis_plan_weight (plan, "down", WIDTH, 2 * WIDTH), bias,
      GPTVIS_LINEAR (.scale = scale, .residual = x));
}

static void
network_init (Network *self, guint blocks, guint batch)
{
  GRand *rand = g_rand_new_with_seed (1);
  GError *error = NULL;
  self->plan = gptvis_plan_new ("network", batch);
  GptVisTensorId x = gptvis_plan_input (self->plan, "x", TOKENS, WIDTH);
  for (guint i = 0; i < blocks; i++)
    x = record_block (self->plan, x);
  gptvis_plan_output (self->plan, "y", x);
  gptvis_plan_finish (self->plan, &error);
  g_assert_no_error (error);
  make_weights (&self->weights, self->plan, rand);
  g_rand_free (rand);
}

static void
network_clear (Network *self)
{
  free_weights (&self->weights);
  gptvis_plan_free (self->plan);
}

static GptVisProgram *
open_program (Network *self, const gchar *backend, const gchar *device, GError **error)
{
  const GptVisWeights weights = { find_weight, &self->weights };
  const GptVisProgramOptions options = { .backend = backend, .device = device, .threads = 1 };
  return gptvis_program_new (self->plan, &weights, &options, error);
}

static void
fill_slot (GptVisProgram *program, GptVisSlot *slot, guint seed)
{
  const GptVisTensor *in = gptvis_plan_tensor (program->plan, gptvis_plan_find (program->plan, "x"));
  GRand *rand = g_rand_new_with_seed (seed);
  fill (rand, gptvis_program_slot_rows (program, slot), (gsize) in->rows * in->width, -1, 1);
  g_rand_free (rand);
}

static GptVisSlot *
filled_slot (GptVisProgram *program, guint seed)
{
  GptVisSlot *slot = gptvis_program_slot_new (program, NULL);
  fill_slot (program, slot, seed);
  return slot;
}

/* ---- what is recorded ---- */

static void
test_recorded (void)
{
  GptVisVulkanStatistics one, four, before;
  Network a, b;
  if (!gpu_ready ("vulkan"))
    return;
  network_init (&a, 1, 2);
  network_init (&b, 4, 2);
  GptVisProgram *pa = open_program (&a, "vulkan", NULL, NULL), *pb = open_program (&b, "vulkan", NULL, NULL);
  GptVisSlot *slots[] = { filled_slot (pb, 1), filled_slot (pb, 2) };
  gptvis_vulkan_statistics (pa, FALSE, 2, &one);
  gptvis_vulkan_statistics (pb, FALSE, 2, &before);
  for (guint i = 0; i < 3; i++) {
    g_assert_true (gptvis_program_submit (pb, slots, 2, NULL));
    g_assert_true (gptvis_program_wait (pb, NULL));
  }
  gptvis_vulkan_statistics (pb, FALSE, 2, &four);
  g_assert_cmpuint (four.dispatches - one.dispatches, ==, 3 * 7);       /* 7 a block */
  g_assert_cmpuint (four.most_a_op, ==, 1);
  g_assert_cmpuint (four.barriers - one.barriers, <=, 3 * 7);
  g_assert_cmpuint (four.submissions - before.submissions, ==, 3);      /* one a run */
  /* no scores of all tokens to all tokens, not even in all activations together */
  const guint64 scores = (guint64) 2 * HEADS * TOKENS * TOKENS * sizeof (float);
  g_assert_cmpuint (four.largest_binding, <, scores / 2);
  g_assert_cmpuint (four.arena, <, scores);
  for (guint i = 0; i < 2; i++)
    gptvis_program_slot_free (pb, slots[i]);
  gptvis_program_free (pa);
  gptvis_program_free (pb);
  network_clear (&a);
  network_clear (&b);
}

static void
assert_close (const float *got, const float *want)
{
  for (guint i = 0; i < TOKENS * WIDTH; i++)
    g_assert_cmpfloat_with_epsilon (got[i], want[i], 1e-4);   /* values up to 100, another order */
}

/* Two runs under way at once, of one picture and of two, in turn; they end in their order, each with its
 * own outputs, which are what they are alone. */
static void
test_in_flight (void)
{
  enum { RUNS = 7 };
  static const guint firsts[] = { 0, 1, 0 }, sizes[] = { 1, 2, 2 };     /* slots of a run */
  float *alone[3];
  Network network;
  if (!gpu_ready ("vulkan"))
    return;
  network_init (&network, 3, 2);
  GptVisProgram *program = open_program (&network, "vulkan", NULL, NULL);
  const GptVisTensorId y = gptvis_plan_find (network.plan, "y");
  GptVisSlot *slots[] = { filled_slot (program, 1), filled_slot (program, 2), filled_slot (program, 3) };
  g_assert_cmpuint (program->in_flight, ==, 2);
  for (guint i = 0; i < 3; i++) {
    g_assert_true (gptvis_program_submit (program, &slots[i], 1, NULL));
    g_assert_true (gptvis_program_wait (program, NULL));
    alone[i] = g_memdup2 (gptvis_program_output (program, y, 0), TOKENS * WIDTH * sizeof (float));
  }
  g_assert_true (gptvis_program_submit (program, slots + firsts[0], sizes[0], NULL));
  for (guint run = 0; run < RUNS; run++) {
    const guint next = (run + 1) % 3, now = run % 3;
    if (run + 1 < RUNS)
      g_assert_true (gptvis_program_submit (program, slots + firsts[next], sizes[next], NULL));
    g_assert_true (gptvis_program_wait (program, NULL));
    for (guint i = 0; i < sizes[now]; i++)
      assert_close (gptvis_program_output (program, y, i), alone[firsts[now] + i]);
  }
  for (guint i = 0; i < 3; i++) {
    gptvis_program_slot_free (program, slots[i]);
    g_free (alone[i]);
  }
  gptvis_program_free (program);
  network_clear (&network);
}

/* A table of tokens, which is W of a product too. */
static GptVisPlan *
record_tied (void)
{
  GptVisPlan *plan = gptvis_plan_new ("cut", 2);
  GptVisTensorId x = gptvis_plan_input (plan, "x", 3, 41), memory = gptvis_plan_state (plan, "memory", 3, 41);
  gptvis_plan_keep (plan, x, 0, memory);
  gptvis_plan_step (plan, 2, 1);
  GptVisTensorId table = gptvis_plan_weight (plan, "table", 333, 41);
  GptVisTensorId y = gptvis_plan_embed (plan, table, gptvis_plan_weight (plan, "positions", 5, 41), 0);
  gptvis_plan_output (plan, "y", gptvis_plan_linear (plan, y, table, gptvis_plan_weight (plan, "b", 1, 333),
      NULL));
  g_assert_true (gptvis_plan_finish (plan, NULL));
  return plan;
}

/* Weights larger than what can be bound are cut; the result is the same. */
static void
test_cut (void)
{
  static const GptVisProgramOptions options[] = {
    {.backend = "reference"}, {.backend = "vulkan"}, {.backend = "vulkan",.precision = GPTVIS_PRECISION_F16}
  };
  float out[G_N_ELEMENTS (options)][333];
  Weights w;
  if (!gpu_ready ("vulkan"))
    return;
  gpu_close ();
  GRand *rand = g_rand_new_with_seed (3);
  GptVisPlan *plan = record_tied ();
  make_weights (&w, plan, rand);
  const GptVisWeights weights = { find_weight, &w };
  gptvis_vulkan_set_faults (&(GptVisVulkanFaults) { .range = 16384 });
  for (guint i = 0; i < G_N_ELEMENTS (options); i++) {
    GError *error = NULL;
    GptVisProgram *program = gptvis_program_new (plan, &weights, &options[i], &error);
    g_assert_no_error (error);
    GptVisSlot *slot = gptvis_program_slot_new (program, NULL);
    g_assert_true (gptvis_program_submit (program, &slot, 1, NULL));
    g_assert_true (gptvis_program_wait (program, NULL));
    g_assert_true (gptvis_program_step (program, &(GptVisSequence) { slot, 250, 2, 0, NULL }, 1, NULL));
    g_assert_true (gptvis_program_wait (program, NULL));
    memcpy (out[i], gptvis_program_output (program, gptvis_plan_find (plan, "y"), 0), sizeof out[i]);
    gptvis_program_slot_free (program, slot);
    gptvis_program_free (program);
  }
  for (guint i = 0; i < 333; i++) {
    g_assert_cmpfloat_with_epsilon (out[1][i], out[0][i], 1e-4);
    g_assert_cmpfloat_with_epsilon (out[2][i], out[0][i], 1e-4);
  }
  gptvis_vulkan_set_faults (&none);
  free_weights (&w);
  gptvis_plan_free (plan);
  g_rand_free (rand);
}

/* A weight too large for f16 is refused by its name there, and accepted in f32. */
static void
test_too_large_for_f16 (void)
{
  GError *error = NULL;
  Network network;
  if (!gpu_ready ("vulkan"))
    return;
  network_init (&network, 1, 1);
  ((float *) g_hash_table_lookup (network.weights.tensors, "up"))[5] = -65520;
  const GptVisWeights weights = { find_weight, &network.weights };
  GptVisProgramOptions options = { .backend = "vulkan",.precision = GPTVIS_PRECISION_F16 };
  g_assert_null (gptvis_program_new (network.plan, &weights, &options, &error));
  g_assert_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "tensor up has values above 65504"));
  g_clear_error (&error);
  options.precision = GPTVIS_PRECISION_BF16;
  g_assert_null (gptvis_program_new (network.plan, &weights, &options, &error));
  g_assert_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  options.precision = GPTVIS_PRECISION_F32;
  GptVisProgram *program = gptvis_program_new (network.plan, &weights, &options, &error);
  g_assert_no_error (error);
  gptvis_program_free (program);
  network_clear (&network);
}

/* States grow with the slots, and keep what they hold. (A slot's values are all the same, and
 * so is their mean.) */
static void
test_growth (void)
{
  enum { SLOTS = 5, ROWS = 4, W = 6 };
  GptVisPlan *plan = gptvis_plan_new ("growth", 1);
  GptVisTensorId x = gptvis_plan_input (plan, "x", ROWS, W);
  GptVisTensorId memory = gptvis_plan_state (plan, "memory", ROWS, W);
  GptVisSlot *slots[SLOTS];
  Weights w;
  if (!gpu_ready ("vulkan"))
    return;
  gptvis_plan_keep (plan, x, 0, memory);
  gptvis_plan_step (plan, 1, 1);
  GptVisTensorId y = gptvis_plan_embed (plan, gptvis_plan_weight (plan, "table", 1, W / 2),
      gptvis_plan_weight (plan, "positions", 2, W / 2), 0);
  gptvis_plan_output (plan, "y", gptvis_plan_recall (plan, y, &memory, 1,
          &(GptVisAttention) { .heads = 1, .head_width = W / 2, .scale = 1 }));
  g_assert_true (gptvis_plan_finish (plan, NULL));
  GRand *rand = g_rand_new_with_seed (4);
  make_weights (&w, plan, rand);
  const GptVisWeights weights = { find_weight, &w };
  const GptVisProgramOptions options = { .backend = "vulkan" };
  GptVisProgram *program = gptvis_program_new (plan, &weights, &options, NULL);
  for (guint i = 0; i < SLOTS; i++) {
    slots[i] = gptvis_program_slot_new (program, NULL);
    for (guint k = 0; k < ROWS * W; k++)
      gptvis_program_slot_rows (program, slots[i])[k] = 10 * i;
    g_assert_true (gptvis_program_submit (program, &slots[i], 1, NULL));
    g_assert_true (gptvis_program_wait (program, NULL));
  }
  for (guint i = 0; i < SLOTS; i++) {
    g_assert_true (gptvis_program_step (program, &(GptVisSequence) { slots[i], 0, 0, 0, NULL }, 1, NULL));
    g_assert_true (gptvis_program_wait (program, NULL));
    g_assert_cmpfloat_with_epsilon (gptvis_program_output (program, gptvis_plan_find (plan, "y"), 0)[1],
        10 * i, 1e-4);
    gptvis_program_slot_free (program, slots[i]);
  }
  gptvis_program_free (program);
  free_weights (&w);
  gptvis_plan_free (plan);
  g_rand_free (rand);
}

/* ---- what can be missing ---- */

/* The named backend refuses with that code and a sentence that has those words. */
static void
expect_refusal (const gchar *device, gint code, const gchar *words)
{
  GError *error = NULL;
  Network network;
  network_init (&network, 1, 1);
  GptVisProgram *program = open_program (&network, "vulkan", device, &error);
  g_assert_null (program);
  g_assert_error (error, GPTVIS_ERROR, code);
  g_test_message ("%s", error->message);
  if (!strstr (error->message, words))
    g_error ("\"%s\" does not say \"%s\"", error->message, words);
  g_clear_error (&error);
  network_clear (&network);
}

/* auto takes the processor and says why. */
static void
expect_cpu (const gchar *words)
{
  Network network;
  GError *error = NULL;
  network_init (&network, 1, 1);
  gchar *pattern = g_strdup_printf ("*network: backend auto takes the cpu: *%s*", words);
  g_test_expect_message (NULL, G_LOG_LEVEL_INFO, pattern);
  GptVisProgram *program = open_program (&network, "auto", NULL, &error);
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (program->description, "cpu, "));
  gptvis_program_free (program);
  g_free (pattern);
  network_clear (&network);
}

static void
test_no_loader (void)
{
  gptvis_vulkan_set_faults (&(GptVisVulkanFaults) { .no_loader = TRUE });
  expect_refusal (NULL, GPTVIS_ERROR_DEVICE, "libvulkan.so.1");
  expect_cpu ("libvulkan.so.1");
  gptvis_vulkan_set_faults (&none);
}

static void
test_no_driver (void)
{
  if (!g_test_subprocess ()) {
    g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
    g_test_trap_assert_passed ();
    return;
  }
  g_setenv ("VK_ICD_FILENAMES", "/nonexistent", TRUE);
  g_setenv ("VK_DRIVER_FILES", "/nonexistent", TRUE);
  expect_refusal (NULL, GPTVIS_ERROR_DEVICE, "driver");
  expect_cpu ("driver");
}

static void
test_turned_off (void)
{
  gchar *before = g_strdup (g_getenv ("GPTVIS_VULKAN_DISABLE"));
  g_setenv ("GPTVIS_VULKAN_DISABLE", "check,all", TRUE);
  expect_refusal (NULL, GPTVIS_ERROR_DEVICE, "GPTVIS_VULKAN_DISABLE=all");
  expect_cpu ("GPTVIS_VULKAN_DISABLE=all");
  g_setenv ("GPTVIS_VULKAN_DISABLE", before, TRUE);
  g_free (before);
}

/* A device's features are listed without those that are turned off; an unknown word is answered with the
 * known ones. */
static void
test_features (void)
{
  GError *error = NULL;
  Network network;
  if (!gpu_ready ("vulkan"))
    return;
  gchar *before = g_strdup (g_getenv ("GPTVIS_VULKAN_DISABLE")), *list = gptvis_backend_devices ("vulkan",
      NULL);
  g_test_message ("%s", list);
  g_free (list);
  gpu_close ();
  g_setenv ("GPTVIS_VULKAN_DISABLE", "cache,check,f16,subgroup,dot,coopmat", TRUE);
  list = gptvis_backend_devices ("vulkan", NULL);
  g_assert_true (g_str_has_suffix (list, ")"));
  g_free (list);
  g_setenv ("GPTVIS_VULKAN_DISABLE", "cache,check,fp16,", TRUE);
  network_init (&network, 1, 1);
  g_test_expect_message (NULL, G_LOG_LEVEL_WARNING,
      "*there is no \"fp16\" to turn off, only all, cache, check, f16, subgroup, dot, coopmat, tune*");
  GptVisProgram *program = open_program (&network, "vulkan", NULL, &error);
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  gptvis_program_free (program);
  network_clear (&network);
  g_setenv ("GPTVIS_VULKAN_DISABLE", before, TRUE);
  g_free (before);
}

static void
test_too_old (void)
{
  if (!gpu_ready ("vulkan"))
    return;
  gptvis_vulkan_set_faults (&(GptVisVulkanFaults) { .too_old = TRUE });
  expect_refusal (NULL, GPTVIS_ERROR_DEVICE, "has Vulkan 1.0, where 1.1 is needed");
  expect_cpu ("has Vulkan 1.0, where 1.1 is needed");
  gptvis_vulkan_set_faults (&none);
}

static void
test_choice (void)
{
  Network network;
  GError *error = NULL;
  if (!gpu_ready ("vulkan"))
    return;
  expect_refusal ("77", GPTVIS_ERROR_NOT_FOUND, "there is no device \"77\", only 0: ");
  expect_refusal ("no such thing", GPTVIS_ERROR_NOT_FOUND, "there is no device \"no such thing\", only 0: ");
  gchar *list = gptvis_backend_devices ("vulkan", &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (list, "0: "));
  gchar *name = g_ascii_strup (strstr (list, ": ") + 2, 6);     /* the beginning of a name, in any case */
  network_init (&network, 1, 1);
  const gchar *const devices[] = { "auto", "0", name };
  for (guint i = 0; i < G_N_ELEMENTS (devices); i++) {
    GptVisProgram *program = open_program (&network, "vulkan", devices[i], &error);
    g_assert_no_error (error);
    g_assert_true (g_str_has_prefix (program->description, "vulkan, "));
    gptvis_program_free (program);
  }
  g_assert_null (open_program (&network, "auto", "no such thing", &error));
  g_assert_error (error, GPTVIS_ERROR, GPTVIS_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (gptvis_backend_devices ("no such thing", &error));
  g_assert_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  network_clear (&network);
  g_free (name);
  g_free (list);
}

/* auto never takes a rasteriser for a GPU. */
static void
test_software (void)
{
  gchar *list = gptvis_backend_devices ("vulkan", NULL);
  if (!list || strstr (list, "(discrete") || strstr (list, "(integrated"))
    g_test_skip ("there is a GPU here, or nothing at all");
  else
    expect_cpu ("there is no GPU, only 0: ");
  g_free (list);
}

/* ---- what can go wrong ---- */

/* How many verdicts are kept on disk; with a text, that replaces each of them. */
static guint
n_remembered (const gchar *instead)
{
  gchar *path = g_build_filename (g_get_user_cache_dir (), "gptvis", NULL);
  GDir *folder = g_dir_open (path, 0, NULL);
  guint n = 0;
  for (const gchar *name; folder && (name = g_dir_read_name (folder));) {
    gchar *file = g_build_filename (path, name, NULL);
    const gboolean is_one = g_str_has_prefix (name, "checked-");
    if (is_one && instead)
      g_assert_true (g_file_set_contents (file, instead, -1, NULL));
    n += is_one;
    g_free (file);
  }
  g_clear_pointer (&folder, g_dir_close);
  g_free (path);
  return n;
}

/* The driver's cache of pipelines comes back from the disk; a file that was touched is made anew. */
static void
test_pipelines_kept (void)
{
  gchar *path = g_build_filename (g_get_user_cache_dir (), "gptvis", NULL), *before = NULL, *after = NULL;
  Network network;
  gsize size = 0;
  if (gpu_ready ("vulkan")) {
    gpu_close ();
    g_setenv ("GPTVIS_VULKAN_DISABLE", "check", TRUE);
    network_init (&network, 1, 1);
    gptvis_program_free (open_program (&network, "vulkan", NULL, NULL));
    GDir *folder = g_dir_open (path, 0, NULL);
    gchar *file = g_build_filename (path, g_dir_read_name (folder), NULL);
    g_assert_true (g_file_get_contents (file, &before, &size, NULL));
    g_assert_true (g_file_set_contents (file, "what a driver would not like", -1, NULL));
    gptvis_program_free (open_program (&network, "vulkan", NULL, NULL));
    g_assert_true (g_file_get_contents (file, &after, NULL, NULL));
    g_assert_cmpmem (before, 64, after, 64);
    g_remove (file);
    g_setenv ("GPTVIS_VULKAN_DISABLE", "cache,check", TRUE);
    g_dir_close (folder);
    g_free (file);
    network_clear (&network);
  }
  g_free (before);
  g_free (after);
  g_free (path);
}

/* A network's results are compared with the processor's once; a network that differs is refused. */
static void
test_check (void)
{
  Network network;
  GError *error = NULL;
  if (!gpu_ready ("vulkan"))
    return;
  g_setenv ("GPTVIS_VULKAN_DISABLE", "", TRUE);
  network_init (&network, 2, 1);
  g_assert_cmpuint (n_remembered (NULL), ==, 0);
  for (guint i = 0; i < 5; i++) {
    static const gchar *const damaged[] = { NULL, NULL, "", "no number", "0.5" };
    GptVisVulkanStatistics s;
    n_remembered (damaged[i]);
    GptVisProgram *program = open_program (&network, "vulkan", NULL, &error);
    g_assert_no_error (error);
    gptvis_vulkan_statistics (program, FALSE, 1, &s);
    g_assert_cmpuint (s.submissions, ==, i != 1);       /* the second time the verdict is known */
    g_assert_cmpuint (n_remembered (NULL), ==, 1);
    gptvis_program_free (program);
  }
  gpu_close ();
  gptvis_vulkan_set_faults (&(GptVisVulkanFaults) { .wrong = TRUE, .software_counts = TRUE });
  for (guint i = 0; i < 2; i++) {       /* when it is found out, and when it is known */
    g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "*computes the network network wrongly*");
    if (i == 0)
      expect_refusal (NULL, GPTVIS_ERROR_DEVICE, "the first operation that differs is 0 norm ");
    else
      expect_cpu ("the first operation that differs is 0 norm ");
    g_test_assert_expected_messages ();
  }
  gptvis_vulkan_set_faults (&none);
  g_setenv ("GPTVIS_VULKAN_DISABLE", "cache,check", TRUE);
  network_clear (&network);
}

static void
test_no_memory (void)
{
  if (!gpu_ready ("vulkan"))
    return;
  gpu_close ();                 /* the next device is a new one, with faults */
  gptvis_vulkan_set_faults (&(GptVisVulkanFaults) { .memory = 65536, .software_counts = TRUE });
  expect_refusal (NULL, GPTVIS_ERROR_LIMIT, "out of device memory");
  expect_cpu ("out of device memory");
  gptvis_vulkan_set_faults (&none);
}

/* A slot that neither the device nor the processor has memory for is an error. One that only the device has
 * none for can be filled, and its run fails. */
static void
test_no_memory_for_slots (void)
{
  enum { MOST = 4096 };
  GptVisSlot *slots[MOST];
  GError *error = NULL;
  Network network;
  guint n = 0;
  if (!gpu_ready ("vulkan"))
    return;
  gpu_close ();
  gptvis_vulkan_set_faults (&(GptVisVulkanFaults) { .memory = 16 << 20 });
  network_init (&network, 1, 1);
  GptVisProgram *program = open_program (&network, "vulkan", NULL, &error);
  g_assert_no_error (error);
  gptvis_alloc_set_limit (1);
  while (n < MOST && (slots[n] = gptvis_program_slot_new (program, &error)))
    n++;
  gptvis_alloc_set_limit (0);
  g_assert_cmpuint (n, >, 0);
  g_assert_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT);
  g_assert_cmpstr (error->message, ==, "not enough memory for another stream of the network network");
  g_clear_error (&error);
  fill_slot (program, slots[0], 1);
  g_assert_true (gptvis_program_submit (program, slots, 1, NULL));
  g_assert_true (gptvis_program_wait (program, NULL));
  GptVisSlot *poor = filled_slot (program, 2);
  g_assert_false (gptvis_program_submit (program, &poor, 1, &error));
  g_assert_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT);
  g_clear_error (&error);
  gptvis_program_slot_free (program, poor);
  while (n > 0)
    gptvis_program_slot_free (program, slots[--n]);
  gptvis_program_free (program);
  gptvis_vulkan_set_faults (&none);
  network_clear (&network);
}

/* The device is lost in the second run. From then on the processor runs what is filled, but not what was
 * filled before. A new program works. */
static void
test_lost (void)
{
  GError *error = NULL;
  Network network;
  if (!gpu_ready ("vulkan"))
    return;
  gpu_close ();
  network_init (&network, 1, 2);
  GptVisProgram *program = open_program (&network, "vulkan", NULL, &error);
  g_assert_no_error (error);
  const GptVisTensorId y = gptvis_plan_find (network.plan, "y");
  GptVisSlot *slots[] = { filled_slot (program, 1), filled_slot (program, 2) };
  g_assert_true (gptvis_program_submit (program, slots, 1, NULL));
  g_assert_true (gptvis_program_submit (program, slots + 1, 1, NULL));
  g_assert_true (gptvis_program_wait (program, NULL));
  g_assert_null (gptvis_program_failure (program));
  gfloat *before = g_memdup2 (gptvis_program_output (program, y, 0), TOKENS * WIDTH * sizeof (float));
  gptvis_vulkan_lose_devices ();
  g_assert_false (gptvis_program_wait (program, NULL)); /* the other one */
  for (guint i = 0; i < 2; i++) {
    g_assert_false (gptvis_program_submit (program, slots, 1, &error) && gptvis_program_wait (program,
        &error));
    g_assert_error (error, GPTVIS_ERROR, GPTVIS_ERROR_DEVICE);
    g_assert_nonnull (strstr (error->message, "the device was lost"));
    g_clear_error (&error);
  }
  g_assert_nonnull (strstr (gptvis_program_failure (program)->message,
          "the device was lost; the network network continues on the processor (cpu, "));
  g_assert_true (g_str_has_prefix (gptvis_program_at_work (program)->description, "cpu, "));
  gptvis_alloc_set_limit (1);
  fill_slot (program, slots[0], 1);     /* nor can the processor take it: then no run does */
  gptvis_alloc_set_limit (0);
  g_assert_false (gptvis_program_submit (program, slots, 1, NULL));
  fill_slot (program, slots[0], 1);
  g_assert_false (gptvis_program_submit (program, slots, 2, NULL));
  g_assert_true (gptvis_program_submit (program, slots, 1, NULL));
  g_assert_true (gptvis_program_wait (program, NULL));
  assert_close (gptvis_program_output (program, y, 0), before);
  g_free (before);
  GptVisProgram *again = open_program (&network, "vulkan", NULL, &error);
  g_assert_no_error (error);
  GptVisSlot *other = filled_slot (again, 1);
  g_assert_true (gptvis_program_submit (again, &other, 1, NULL));
  g_assert_true (gptvis_program_wait (again, NULL));
  g_assert_null (gptvis_program_failure (again));
  gptvis_program_slot_free (again, other);
  for (guint i = 0; i < 2; i++)
    gptvis_program_slot_free (program, slots[i]);
  gptvis_program_free (again);
  gptvis_program_free (program);
  network_clear (&network);
}

int
main (int argc, char **argv)
{
  gchar *cache = gpu_own_cache ();
  g_test_init (&argc, &argv, NULL);
  g_setenv ("GPTVIS_VULKAN_VALIDATE", "1", FALSE);
  g_setenv ("GPTVIS_VULKAN_DISABLE", "cache,check", TRUE);
  g_test_add_func ("/vulkan/no-loader", test_no_loader);
  g_test_add_func ("/vulkan/no-driver", test_no_driver);
  g_test_add_func ("/vulkan/turned-off", test_turned_off);
  g_test_add_func ("/vulkan/features", test_features);
  g_test_add_func ("/vulkan/too-old", test_too_old);
  g_test_add_func ("/vulkan/choice", test_choice);
  g_test_add_func ("/vulkan/software", test_software);
  g_test_add_func ("/vulkan/recorded", test_recorded);
  g_test_add_func ("/vulkan/in-flight", test_in_flight);
  g_test_add_func ("/vulkan/growth", test_growth);
  g_test_add_func ("/vulkan/cut", test_cut);
  g_test_add_func ("/vulkan/too-large-for-f16", test_too_large_for_f16);
  g_test_add_func ("/vulkan/pipelines-kept", test_pipelines_kept);
  g_test_add_func ("/vulkan/check", test_check);
  g_test_add_func ("/vulkan/no-memory", test_no_memory);
  g_test_add_func ("/vulkan/no-memory-for-slots", test_no_memory_for_slots);
  g_test_add_func ("/vulkan/lost", test_lost);
  const int status = g_test_run ();
  gpu_close ();
  gpu_remove_folder (cache);
  g_free (cache);
  return status;
}
