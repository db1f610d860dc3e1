/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans with steps, on every tier of the cpu backend, on a GPU and on the reference: sequences of several
 * slots that branch off each other, word by word, must give the same; and a step over kept rows must give
 * what attention over all rows at once does. */
#include "gpu.h"
#include "memory.h"
#include "made-weights.h"
#include "tested-tiers.h"
#include <string.h>

#define SLOTS 2
#define MAX_STEPS 9

typedef struct {
  guint heads, head_width, memory, tokens, positions, beams, first_position;
} Sizes;

/* A layer of each kind: over its own past, over the picture, over both. */
static GptVisPlan *
record (const Sizes *s)
{
  const guint d = s->heads * s->head_width, in = d + 3;
  GptVisPlan *plan = gptvis_plan_new ("step", SLOTS);
  GptVisTensorId x = gptvis_plan_input (plan, "x", s->memory, in);
  GptVisTensorId memory = gptvis_plan_state (plan, "memory", s->memory, 2 * d);
  gptvis_plan_keep (plan, gptvis_plan_linear (plan, x, gptvis_plan_weight (plan, "kv", 2 * d + 5, in),
          GPTVIS_NO_TENSOR, NULL), 5, memory);

  gptvis_plan_step (plan, SLOTS * s->beams, s->beams);
  GptVisTensorId own = gptvis_plan_state (plan, "own", s->positions, 2 * d);
  GptVisTensorId y = gptvis_plan_embed (plan, gptvis_plan_weight (plan, "tokens", s->tokens, d),
      gptvis_plan_weight (plan, "positions", s->positions + s->first_position, d), s->first_position);
  GptVisTensorId qkv = gptvis_plan_linear (plan, y, gptvis_plan_weight (plan, "qkv", 3 * d, d),
      GPTVIS_NO_TENSOR, NULL);
  gptvis_plan_keep (plan, qkv, d, own);
  const GptVisAttention attention = { .heads = s->heads, .head_width = s->head_width, .scale = 0.3f };
  GptVisTensorId over_own = gptvis_plan_recall (plan, qkv, &own, 1, &attention);
  const GptVisAttention shifted = { .q_column = d, .heads = s->heads, .head_width = s->head_width,
      .scale = 0.2f };
  GptVisTensorId over_memory = gptvis_plan_recall (plan, qkv, &memory, 1, &shifted);
  const GptVisTensorId states[] = { memory, own };
  GptVisTensorId over_both = gptvis_plan_recall (plan, qkv, states, 2, &attention);
  GptVisTensorId w = gptvis_plan_weight (plan, "out", d, d);
  y = gptvis_plan_linear (plan, over_own, w, GPTVIS_NO_TENSOR, GPTVIS_LINEAR (.residual = y));
  y = gptvis_plan_linear (plan, over_memory, w, GPTVIS_NO_TENSOR, GPTVIS_LINEAR (.residual = y));
  y = gptvis_plan_linear (plan, over_both, w, GPTVIS_NO_TENSOR, GPTVIS_LINEAR (.residual = y));
  gptvis_plan_output (plan, "y", y);

  GError *error = NULL;
  gptvis_plan_finish (plan, &error);
  g_assert_no_error (error);
  return plan;
}

/* Which sequences step when, and with what: the same for every backend. */
typedef struct {
  guint n_steps;
  guint token[MAX_STEPS][SLOTS][GPTVIS_MAX_BEAMS];
  guint8 parent[MAX_STEPS][SLOTS][GPTVIS_MAX_BEAMS];    /* whose past beam b continues */
} Script;

static void
write_script (Script *script, const Sizes *s, GRand *rand)
{
  script->n_steps = MIN (s->positions, MAX_STEPS);
  for (guint t = 0; t < script->n_steps; t++)
    for (guint i = 0; i < SLOTS; i++)
      for (guint b = 0; b < s->beams; b++) {
        script->token[t][i][b] = g_rand_int_range (rand, 0, s->tokens);
        script->parent[t][i][b] = g_rand_int_range (rand, 0, s->beams);
      }
}

/* The outputs of every sequence of every step, one after the other. */
static float *
play (const GptVisPlan *plan, const Sizes *s, const Script *script, Weights *w, const gchar *backend,
    guint threads, const float *inputs)
{
  const GptVisWeights weights = { find_weight, w };
  const GptVisProgramOptions options = gpu_options (backend, threads);
  const GptVisTensorId y = gptvis_plan_find (plan, "y");
  const guint d = s->heads * s->head_width;
  const gsize n_in = (gsize) s->memory * (d + 3);
  float *out = g_new (float, (gsize) script->n_steps * SLOTS * s->beams * d), *to = out;
  GError *error = NULL;
  GptVisProgram *program = gptvis_program_new (plan, &weights, &options, &error);
  g_assert_no_error (error);

  GptVisSlot *slots[SLOTS];
  for (guint i = 0; i < SLOTS; i++) {
    slots[i] = gptvis_program_slot_new (program, NULL);
    memcpy (gptvis_program_slot_rows (program, slots[i]), inputs + i * n_in, n_in * sizeof (float));
  }
  g_assert_true (gptvis_program_submit (program, slots, SLOTS, &error));
  g_assert_true (gptvis_program_wait (program, &error));

  guint8 history[SLOTS][GPTVIS_MAX_BEAMS][MAX_STEPS] = { };
  for (guint t = 0; t < script->n_steps; t++) {
    GptVisSequence sequences[SLOTS * GPTVIS_MAX_BEAMS];
    guint8 before[SLOTS][GPTVIS_MAX_BEAMS][MAX_STEPS];
    memcpy (before, history, sizeof before);
    guint n = 0;
    for (guint i = 0; i < SLOTS; i++)
      for (guint b = 0; b < s->beams; b++) {
        memcpy (history[i][b], before[i][script->parent[t][i][b]], MAX_STEPS);
        if (t > 0)
          history[i][b][t - 1] = script->parent[t][i][b];
        sequences[n++] = (GptVisSequence) { slots[i], script->token[t][i][b], t, b, history[i][b] };
      }
    g_assert_true (gptvis_program_step (program, sequences, n, &error));
    g_assert_true (gptvis_program_wait (program, &error));
    for (guint i = 0; i < n; i++, to += d)
      memcpy (to, gptvis_program_output (program, y, i), d * sizeof (float));
  }
  for (guint i = 0; i < SLOTS; i++)
    gptvis_program_slot_free (program, slots[i]);
  gptvis_program_free (program);
  return out;
}

static void
compare (const gchar *tier, const Sizes *s, const float *got, const float *want, gsize n)
{
  double largest = 1e-30;
  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, fabs (want[i]));
  for (gsize i = 0; i < n; i++)
    if (!(fabs (got[i] - want[i]) <= 3e-5 * largest))
      g_error ("tier %s, %u heads of %u over %u rows, %u beams, element %zu: %.9g, not %.9g", tier, s->heads,
          s->head_width, s->memory, s->beams, i, got[i], want[i]);
}

static guint cases = 40;          /* GPTVIS_TEST_CASES, for slow processors */

static void
test_script (gconstpointer backend)
{
  if (!gpu_ready (backend))
    return;
  GRand *rand = seeded_rand ();
  for (guint c = 0; c < cases; c++) {
    static const guint widths[] = { 1, 5, 8, 12, 16, 24, 31, 32, 48, 64, 80 };
    const Sizes s = { g_rand_int_range (rand, 1, 5), widths[g_rand_int_range (rand, 0,
      G_N_ELEMENTS (widths))], g_rand_int_range (rand, 1, 70), g_rand_int_range (rand, 1, 40),
      g_rand_int_range (rand, 1, 12), g_rand_int_range (rand, 1, 5), g_rand_int_range (rand, 0, 3) };
    GptVisPlan *plan = record (&s);
    Script script;
    write_script (&script, &s, rand);
    Weights w;
    make_weights (&w, plan, rand);
    if (strcmp (backend, "vulkan-int8") == 0)
      round_weights (&w, plan);
    const guint d = s.heads * s.head_width;
    const gsize n_in = (gsize) SLOTS * s.memory * (d + 3), n = (gsize) script.n_steps * SLOTS * s.beams * d;
    float *inputs = g_new (float, n_in);
    fill (rand, inputs, n_in, -1, 1);

    float *want = play (plan, &s, &script, &w, "reference", 1, inputs);
    if (strcmp (backend, "cpu") != 0) {
      float *got = play (plan, &s, &script, &w, backend, 1, inputs);
      compare (backend, &s, got, want, n);
      g_free (got);
    }
    for (guint t = 0; strcmp (backend, "cpu") == 0 && tested_tier (t); t++) {
      g_setenv ("GPTVIS_CPU", tested_tier (t)->name, TRUE);
      float *got = play (plan, &s, &script, &w, "cpu", g_rand_int_range (rand, 1, 4), inputs);
      compare (tested_tier (t)->name, &s, got, want, n);
      g_unsetenv ("GPTVIS_CPU");
      g_free (got);
    }
    g_free (want);
    g_free (inputs);
    free_weights (&w);
    gptvis_plan_free (plan);
  }
  g_rand_free (rand);
}

/* By hand: one head of width 1, so that every number can be seen. Keys are 0, so each
 * recall is the mean of the values it may see. */
static gconstpointer
find_small (gpointer user, const GptVisWeightPart *part, GptVisDtype *dtype, gsize *n)
{
  static const float kv[] = { 0, 1 }, tokens[] = { 0, 10, 20, 30 }, positions[] = { 0, 0, 0, 0 },
      qkv[] = { 0, 0, 1 };
  const gchar *name = part->name;
  *dtype = GPTVIS_F32;
  *n = strcmp (name, "kv") == 0 ? 2 : strcmp (name, "qkv") == 0 ? 3 : 4;
  return strcmp (name, "kv") == 0 ? kv : strcmp (name, "tokens") == 0 ? tokens
      : strcmp (name, "positions") == 0 ? positions : qkv;
}

static void
test_values (gconstpointer backend)
{
  if (!gpu_ready (backend))
    return;
  GptVisPlan *plan = gptvis_plan_new ("values", 1);
  GptVisTensorId x = gptvis_plan_input (plan, "x", 2, 1);
  GptVisTensorId memory = gptvis_plan_state (plan, "memory", 2, 2);
  gptvis_plan_keep (plan, gptvis_plan_linear (plan, x, gptvis_plan_weight (plan, "kv", 2, 1),
      GPTVIS_NO_TENSOR, NULL), 0, memory);
  gptvis_plan_step (plan, 2, 2);
  GptVisTensorId own = gptvis_plan_state (plan, "own", 4, 2);
  GptVisTensorId y = gptvis_plan_embed (plan, gptvis_plan_weight (plan, "tokens", 4, 1),
      gptvis_plan_weight (plan, "positions", 4, 1), 0);
  GptVisTensorId qkv = gptvis_plan_linear (plan, y, gptvis_plan_weight (plan, "qkv", 3, 1), GPTVIS_NO_TENSOR,
      NULL);
  gptvis_plan_keep (plan, qkv, 1, own);
  const GptVisAttention attention = { .heads = 1, .head_width = 1, .scale = 1 };
  const GptVisTensorId states[] = { memory, own };
  gptvis_plan_output (plan, "y", gptvis_plan_recall (plan, qkv, states, 2, &attention));
  g_assert_true (gptvis_plan_finish (plan, NULL));
  g_assert_cmpuint (gptvis_plan_max_positions (plan), ==, 4);

  const GptVisWeights weights = { find_small, NULL };
  const GptVisProgramOptions options = { .backend = backend, .precision = GPTVIS_PRECISION_F32,
      .threads = 1 };
  GptVisProgram *program = gptvis_program_new (plan, &weights, &options, NULL);
  GptVisSlot *slot = gptvis_program_slot_new (program, NULL);
  memcpy (gptvis_program_slot_rows (program, slot), (float[]) { 100, 200 }, 2 * sizeof (float));
  gptvis_program_submit (program, &slot, 1, NULL);
  g_assert_true (gptvis_program_wait (program, NULL));
  const GptVisTensorId out = gptvis_plan_find (plan, "y");

  const GptVisSequence first[] = { {slot, 1, 0, 0, NULL}, {slot, 2, 0, 1, NULL} };
  gptvis_program_step (program, first, 2, NULL);
  g_assert_true (gptvis_program_wait (program, NULL));
  g_assert_cmpfloat_with_epsilon (gptvis_program_output (program, out, 0)[0], (100 + 200 + 10) / 3.0, 1e-4);
  g_assert_cmpfloat_with_epsilon (gptvis_program_output (program, out, 1)[0], (100 + 200 + 20) / 3.0, 1e-4);
  const guint8 one[] = { 1 };     /* both go on from the second */
  const GptVisSequence second[] = { {slot, 0, 1, 0, one}, {slot, 3, 1, 1, one} };
  gptvis_program_step (program, second, 2, NULL);
  g_assert_true (gptvis_program_wait (program, NULL));
  g_assert_cmpfloat_with_epsilon (gptvis_program_output (program, out, 0)[0], (100 + 200 + 20 + 0) / 4.0,
      1e-4);
  g_assert_cmpfloat_with_epsilon (gptvis_program_output (program, out, 1)[0], (100 + 200 + 20 + 30) / 4.0,
      1e-4);
  gptvis_program_slot_free (program, slot);
  gptvis_program_free (program);
  gptvis_plan_free (plan);
}

/* A slot without memory for its rows, or for its states, is an error and not the end of the process. */
static void
test_no_memory (gconstpointer backend)
{
  enum { TOKENS = 3, WIDTH = 40 };      /* the state is twice as large as the rows */
  GptVisPlan *plan = gptvis_plan_new ("starved", 1);
  GptVisTensorId x = gptvis_plan_input (plan, "x", TOKENS, WIDTH);
  gptvis_plan_keep (plan, gptvis_plan_linear (plan, x, gptvis_plan_weight (plan, "kv", 2 * WIDTH, WIDTH),
          GPTVIS_NO_TENSOR, NULL), 0, gptvis_plan_state (plan, "memory", TOKENS, 2 * WIDTH));
  gptvis_plan_step (plan, 1, 1);
  gptvis_plan_output (plan, "y", gptvis_plan_embed (plan, gptvis_plan_weight (plan, "table", 1, WIDTH),
          gptvis_plan_weight (plan, "positions", 1, WIDTH), 0));
  g_assert_true (gptvis_plan_finish (plan, NULL));
  Weights w;
  GRand *rand = g_rand_new_with_seed (9);
  make_weights (&w, plan, rand);
  const GptVisWeights weights = { find_weight, &w };
  const GptVisProgramOptions options = { .backend = backend, .threads = 1 };
  GptVisProgram *program = gptvis_program_new (plan, &weights, &options, NULL);
  const gsize rows = TOKENS * WIDTH * sizeof (float), limits[] = { rows - 1, rows };
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++) {
    GError *error = NULL;
    gptvis_alloc_set_limit (limits[i]);
    g_assert_null (gptvis_program_slot_new (program, &error));
    gptvis_alloc_set_limit (0);
    g_assert_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT);
    g_assert_cmpstr (error->message, ==, "not enough memory for another stream of the network starved");
    g_clear_error (&error);
  }
  GptVisSlot *slot = gptvis_program_slot_new (program, NULL);
  g_assert_true (gptvis_program_submit (program, &slot, 1, NULL));
  g_assert_true (gptvis_program_wait (program, NULL));
  gptvis_program_slot_free (program, slot);
  gptvis_program_free (program);
  free_weights (&w);
  gptvis_plan_free (plan);
  g_rand_free (rand);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* the steps' own shaders read halves or bytes and compute in f32; the pictures' products must not be what
   * differs */
  g_setenv ("GPTVIS_VULKAN_DISABLE", "cache,check,f16,dot", FALSE);
  if (g_getenv ("GPTVIS_TEST_CASES"))
    cases = g_ascii_strtoull (g_getenv ("GPTVIS_TEST_CASES"), NULL, 10);
  g_test_add_data_func ("/step/script/cpu", "cpu", test_script);
  g_test_add_data_func ("/step/script/vulkan", "vulkan", test_script);
  g_test_add_data_func ("/step/script/vulkan-f16", "vulkan-f16", test_script);
  g_test_add_data_func ("/step/script/vulkan-int8", "vulkan-int8", test_script);
  g_test_add_data_func ("/step/values/reference", "reference", test_values);
  g_test_add_data_func ("/step/values/cpu", "cpu", test_values);
  g_test_add_data_func ("/step/values/vulkan", "vulkan", test_values);
  g_test_add_data_func ("/step/no-memory/reference", "reference", test_no_memory);
  g_test_add_data_func ("/step/no-memory/cpu", "cpu", test_no_memory);
  const int status = g_test_run ();
  gpu_close ();
  return status;
}
