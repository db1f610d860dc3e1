/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The recorder: what it makes of a small network, how temporaries share memory, and
 * the sentence for each thing that cannot be recorded. */
#include "plan.h"
#include "unit.h"
#include <string.h>

static const GptVisRecipe recipe = { .width = 8, .height = 8, .resize_width = 8, .resize_height = 8,
    .rescale = 1,
  .std = {1, 1, 1} };

/* Patches → linear → norm → attention → pool → score, and the ids of what they make. */
static GptVisPlan *
record (GptVisTensorId *hidden)
{
  GptVisPlan *plan = gptvis_plan_new ("small", 3);
  GptVisTensorId x = gptvis_plan_patches (plan, &recipe, 4);
  x = gptvis_plan_linear (plan, x, gptvis_plan_weight (plan, "patch", 6, 48), gptvis_plan_weight (plan,
      "bias", 1, 6), NULL);
  *hidden = x;
  GptVisTensorId n = gptvis_plan_norm (plan, x, gptvis_plan_weight (plan, "norm", 1, 6), GPTVIS_NO_TENSOR,
      1e-6f);
  const GptVisWeightPart parts[] = { {"q", 0, 6}, {"k", 0, 6}, {"v", 0, 6} };
  GptVisTensorId qkv = gptvis_plan_linear (plan, n, gptvis_plan_weight_stack (plan, 18, 6, parts, 3),
      GPTVIS_NO_TENSOR, NULL);
  GptVisTensorId a = gptvis_plan_attention (plan, qkv, qkv, qkv, &(GptVisAttention) {
    .k_column = 6, .v_column = 12, .heads = 2, .head_width = 3, .scale = 1});
  a = gptvis_plan_linear (plan, a, gptvis_plan_weight (plan, "out", 6, 6), GPTVIS_NO_TENSOR,
      GPTVIS_LINEAR (.residual = x));
  const GptVisPoolPart pool = { 0, 4 };
  GptVisTensorId p = gptvis_plan_pool (plan, a, &pool, 1);
  gptvis_plan_output (plan, "logits", p);
  gptvis_plan_output (plan, "scores", gptvis_plan_score (plan, p, GPTVIS_SCORE_SOFTMAX));
  return plan;
}

static void
test_record (void)
{
  GptVisTensorId hidden;
  GError *error = NULL;
  GptVisPlan *plan = record (&hidden);
  g_assert_true (gptvis_plan_finish (plan, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (gptvis_plan_n_ops (plan), ==, 8);
  g_assert_cmpuint (gptvis_plan_max_batch (plan), ==, 3);
  g_assert_cmpint (gptvis_plan_op (plan, 0)->kind, ==, GPTVIS_OP_PATCHES);
  const GptVisTensor *t = gptvis_plan_tensor (plan, hidden);
  g_assert_cmpuint (t->rows, ==, 4);
  g_assert_cmpuint (t->width, ==, 6);
  g_assert_cmpint (t->first_op, ==, 1);
  g_assert_cmpint (t->last_op, ==, 5);
  t = gptvis_plan_tensor (plan, gptvis_plan_find (plan, "scores"));
  g_assert_cmpuint (t->rows, ==, 1);
  g_assert_cmpuint (t->width, ==, 6);
  g_assert_cmpint (gptvis_plan_find (plan, "patches"), !=, GPTVIS_NO_TENSOR);
  g_assert_cmpint (gptvis_plan_find (plan, "q"), ==, GPTVIS_NO_TENSOR);
  g_assert_cmpfloat (gptvis_plan_op_flops (plan, 1), ==, 2.0 * 4 * 6 * 48);
  g_assert_cmpfloat (gptvis_plan_op_flops (plan, 4), ==, 4.0 * 4 * 4 * 6);
  g_assert_cmpfloat (gptvis_plan_op_flops (plan, 2), ==, 0);
  gptvis_plan_free (plan);
}

static void
test_print (void)
{
  GptVisTensorId hidden;
  GptVisPlan *plan = record (&hidden);
  g_assert_true (gptvis_plan_finish (plan, NULL));
  gchar *text = gptvis_plan_print (plan);
  guint lines = 0;
  for (const gchar *p = text; (p = strchr (p, '\n')); p++)
    lines++;
  g_assert_cmpuint (lines, >=, gptvis_plan_n_ops (plan));
  static const gchar *const words[] = { "patches", "linear", "norm", "attention", "pool", "score",
      "q / k / v", "logits" };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    g_assert_nonnull (strstr (text, words[i]));
  g_free (text);
  gptvis_plan_free (plan);
}

/* No two temporaries that live together overlap, none lies beyond the arena, and the
 * arena is smaller than all of them side by side. */
static void
check_layout (const GptVisPlan *plan)
{
  gsize together = 0;
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *a = gptvis_plan_tensor (plan, i);
    if (a->kind != GPTVIS_TENSOR_TEMPORARY)
      continue;
    const gsize size = (gsize) a->rows * a->width;
    together += size;
    g_assert_cmpuint (a->offset + size, <=, gptvis_plan_arena (plan));
    for (guint j = 0; j < i; j++) {
      const GptVisTensor *b = gptvis_plan_tensor (plan, j);
      if (b->kind != GPTVIS_TENSOR_TEMPORARY || a->first_op > b->last_op || b->first_op > a->last_op)
        continue;
      g_assert_true (a->offset + size <= b->offset || b->offset + (gsize) b->rows * b->width <= a->offset);
    }
  }
  if (gptvis_plan_n_ops (plan) > 10)
    g_assert_cmpuint (gptvis_plan_arena (plan), <, together / 2);
}

static void
test_layout (void)
{
  GptVisTensorId hidden;
  GptVisPlan *plan = record (&hidden);
  g_assert_true (gptvis_plan_finish (plan, NULL));
  check_layout (plan);
  gptvis_plan_free (plan);

  plan = gptvis_plan_new ("deep", 1);
  GptVisTensorId x = gptvis_plan_input (plan, "x", 50, 64);
  for (guint l = 0; l < 12; l++) {
    GptVisTensorId h = gptvis_plan_linear (plan, x, gptvis_plan_weight (plan, "up", 256, 64),
        GPTVIS_NO_TENSOR, NULL);
    x = gptvis_plan_linear (plan, h, gptvis_plan_weight (plan, "down", 64, 256), GPTVIS_NO_TENSOR,
        GPTVIS_LINEAR (.residual = x));
  }
  gptvis_plan_output (plan, "y", x);
  g_assert_true (gptvis_plan_finish (plan, NULL));
  check_layout (plan);
  gptvis_plan_free (plan);
}

/* What a case records beside the input x [4, 6], a weight w [5, 6] and a vector v [1, 5]. */
typedef void (*Mistake) (GptVisPlan *plan, GptVisTensorId x, GptVisTensorId w, GptVisTensorId v);

#define MISTAKE(name, ...) \
  static void name (GptVisPlan *plan, GptVisTensorId x, GptVisTensorId w, GptVisTensorId v) { __VA_ARGS__; }
MISTAKE (nothing, (void) x)
MISTAKE (second_input, gptvis_plan_input (plan, "y", 1, 1))
MISTAKE (empty_weight, gptvis_plan_weight (plan, "e", 0, 3))
MISTAKE (huge_weight, gptvis_plan_weight (plan, "h", 1u << 20, 1u << 20))
MISTAKE (parts_sum, gptvis_plan_weight_stack (plan, 5, 2, (GptVisWeightPart[]) { {"a", 0, 2}, {"b", 0, 2} },
    2))
MISTAKE (linear_width, gptvis_plan_linear (plan, x, gptvis_plan_weight (plan, "n", 5, 7), GPTVIS_NO_TENSOR,
    NULL))
MISTAKE (linear_no_weight, gptvis_plan_linear (plan, x, x, GPTVIS_NO_TENSOR, NULL))
MISTAKE (linear_unknown, gptvis_plan_linear (plan, 99, w, GPTVIS_NO_TENSOR, NULL))
MISTAKE (linear_bias, gptvis_plan_linear (plan, x, w, gptvis_plan_weight (plan, "b", 1, 6), NULL))
MISTAKE (linear_residual, gptvis_plan_linear (plan, x, w, v, GPTVIS_LINEAR (.residual = x)))
MISTAKE (linear_gate, gptvis_plan_linear (plan, x, w, v, GPTVIS_LINEAR (.gate = w)))
MISTAKE (norm_weight, gptvis_plan_norm (plan, x, v, GPTVIS_NO_TENSOR, 0.1f))
MISTAKE (norm_epsilon, gptvis_plan_norm (plan, x, GPTVIS_NO_TENSOR, GPTVIS_NO_TENSOR, -1))
MISTAKE (attention_columns, gptvis_plan_attention (plan, x, x, x, &(GptVisAttention) { .heads = 2,
    .head_width = 4 }))
MISTAKE (attention_heads, gptvis_plan_attention (plan, x, x, x, &(GptVisAttention) { .heads = 0,
    .head_width = 4 }))
MISTAKE (rows_width, gptvis_plan_rows (plan, (GptVisRowsPart[]) { {x, 0, 4, GPTVIS_NO_TENSOR, 0}, {v, 0, 1,
    GPTVIS_NO_TENSOR, 0} }, 2))
MISTAKE (rows_beyond, gptvis_plan_rows (plan, (GptVisRowsPart[]) { {x, 1, 4, GPTVIS_NO_TENSOR, 0} }, 1))
MISTAKE (rows_add, gptvis_plan_rows (plan, (GptVisRowsPart[]) { {x, 0, 4, w, 2} }, 1))
MISTAKE (resample_grid, gptvis_plan_resample (plan, w, 2, 2, 3, 3, FALSE))
MISTAKE (resample_input, gptvis_plan_resample (plan, x, 2, 2, 3, 3, FALSE))
MISTAKE (pool_beyond, gptvis_plan_pool (plan, x, (GptVisPoolPart[]) { {3, 2} }, 1))
MISTAKE (score_weight, gptvis_plan_score (plan, w, GPTVIS_SCORE_SOFTMAX))
MISTAKE (output_twice, GptVisTensorId y = gptvis_plan_score (plan, x, GPTVIS_SCORE_SOFTMAX);
    gptvis_plan_output (plan, "y", y); gptvis_plan_output (plan, "z", y))
MISTAKE (first_stays, gptvis_plan_pool (plan, x, (GptVisPoolPart[]) { {9, 9} }, 1); gptvis_plan_score (plan,
    w, 0))

#define GRID { .rows = 2, .columns = 2 }
#define PLACES GptVisTensorId places = gptvis_plan_top (plan, \
    gptvis_plan_score (plan, x, GPTVIS_SCORE_LARGEST), &(GptVisTop) { .n = 3 })
MISTAKE (norm_halves, gptvis_plan_norm_with (plan, x, GPTVIS_NO_TENSOR, GPTVIS_NO_TENSOR, 0,
    GPTVIS_NORM (.mean = gptvis_plan_weight (plan, "m", 1, 6))))
MISTAKE (windows_rows, gptvis_plan_attention (plan, x, x, x, &(GptVisAttention) { .heads = 2, .head_width = 3,
    .windows = 3 }))
MISTAKE (columns_beyond, gptvis_plan_columns (plan, (GptVisColumnsPart[]) { {x, 0, 6}, {x, 4, 3} }, 2))
MISTAKE (attention_bias, gptvis_plan_attention_with (plan, x, x, x, gptvis_plan_weight (plan, "b", 8, 3),
        &(GptVisAttention) { .heads = 2, .head_width = 3 }))
MISTAKE (attention_across, gptvis_plan_attention_with (plan, x, x, x, gptvis_plan_weight (plan, "b", 8, 4),
        &(GptVisAttention) { .heads = 2, .head_width = 3, .windows = 4, .across = 3 }))
MISTAKE (attention_two, gptvis_plan_attention_with (plan, x, x, gptvis_plan_attention_with (plan, x, x, x,
        gptvis_plan_weight (plan, "b", 8, 4), &(GptVisAttention) { .heads = 2, .head_width = 3 }),
        gptvis_plan_weight (plan, "b", 8, 4), &(GptVisAttention) { .heads = 1, .head_width = 3 }))
MISTAKE (relative_table, gptvis_plan_relative (plan, gptvis_plan_weight (plan, "b", 11, 4),
        &(GptVisRelative) { .grid = GRID, .token = TRUE }))
MISTAKE (relative_shift, gptvis_plan_relative (plan, gptvis_plan_weight (plan, "b", 9, 4),
        &(GptVisRelative) { .grid = GRID, .shift = 2 }))
MISTAKE (relative_empty, gptvis_plan_relative (plan, gptvis_plan_weight (plan, "b", 9, 4),
        &(GptVisRelative) { .grid = {0, 2} }))
MISTAKE (relative_most, gptvis_plan_relative (plan, gptvis_plan_weight (plan, "b", 199 * 199, 6),
        &(GptVisRelative) { .grid = {100, 100} }))
MISTAKE (patches_late, (gptvis_plan_angles (plan, &(GptVisAngles) { GRID, 0, 4, 100 }),
        gptvis_plan_patches (plan, &(GptVisRecipe) { .width = 4, .height = 4 }, 2)))
MISTAKE (angles_width, gptvis_plan_angles (plan, &(GptVisAngles) { GRID, 0, 6, 100 }))
MISTAKE (angles_grid, gptvis_plan_angles (plan, &(GptVisAngles) { {2, 0}, 1, 4, 100 }))
MISTAKE (rope_pairs, gptvis_plan_rope (plan, x, gptvis_plan_weight (plan, "a", 4, 3),
        &(GptVisRope) { 0, 2, 3 }))
MISTAKE (rope_angles, gptvis_plan_rope (plan, x, gptvis_plan_weight (plan, "a", 3, 2),
        &(GptVisRope) { 0, 3, 2 }))
MISTAKE (grid_rows, gptvis_plan_windows (plan, x, GPTVIS_NO_TENSOR, (GptVisGrid) { 2, 3 }, 1))
MISTAKE (grid_windows, gptvis_plan_windows (plan, x, GPTVIS_NO_TENSOR, (GptVisGrid) GRID, 3))
MISTAKE (windows_before, gptvis_plan_windows (plan, x, gptvis_plan_weight (plan, "b", 1, 5),
    (GptVisGrid) GRID, 2))
MISTAKE (windows_back, gptvis_plan_from_windows (plan, x, (GptVisGrid) { 4, 4 }, 2))
MISTAKE (windows_shift, gptvis_plan_windows_of (plan, x, GPTVIS_NO_TENSOR,
        &(GptVisWindows) { .grid = GRID, .window = {2, 1}, .shift = 1 }))
MISTAKE (windows_none, gptvis_plan_windows_of (plan, x, GPTVIS_NO_TENSOR,
        &(GptVisWindows) { .grid = GRID, .window = {0, 1} }))
MISTAKE (windows_huge, gptvis_plan_windows_of (plan, x, GPTVIS_NO_TENSOR,
        &(GptVisWindows) { .grid = GRID, .window = {1u << 20, 1u << 20} }))
MISTAKE (unfold_after, gptvis_plan_unfold (plan, x, &(GptVisUnfold) { GRID, 2, 1, 0, 2 }))
MISTAKE (unfold_size, gptvis_plan_unfold (plan, x, &(GptVisUnfold) { GRID, 3, 1, 0 }))
MISTAKE (top_width, gptvis_plan_top (plan, x, &(GptVisTop) { .n = 2 }))
MISTAKE (top_beyond, gptvis_plan_top (plan, gptvis_plan_score (plan, x, GPTVIS_SCORE_LARGEST),
    &(GptVisTop) { .n = 3, .grid = GRID, .margin = { 0, 1 } }))
MISTAKE (gather_list, gptvis_plan_gather (plan, x, gptvis_plan_score (plan, x, GPTVIS_SCORE_LARGEST)))
MISTAKE (boxes_list, PLACES; gptvis_plan_boxes (plan, places, x, &(GptVisBoxes) { { 1, 3 }, 1 }))
MISTAKE (boxes_width, PLACES; gptvis_plan_boxes (plan, places, gptvis_plan_gather (plan, x, places),
    &(GptVisBoxes) { GRID, 1 }))
MISTAKE (waves_width, gptvis_plan_waves (plan, x, 8))
MISTAKE (sample_width, gptvis_plan_sample (plan, x, x, x, &(GptVisSample) { GRID, 2, 4, 1 }))
MISTAKE (sample_points, gptvis_plan_sample (plan, x, x, x, &(GptVisSample) { GRID, 2, 3, 65 }))

#define STEP_MISTAKE(name, calls) MISTAKE (name, gptvis_plan_pool (plan, x, (GptVisPoolPart[]) { {0, 1} }, \
    1); \
    GptVisTensorId memory = gptvis_plan_state (plan, "memory", 4, 6); gptvis_plan_step (plan, 2, 2); \
    GptVisTensorId y = gptvis_plan_embed (plan, w, gptvis_plan_weight (plan, "p", 3, 6), 0); \
    GptVisTensorId own = gptvis_plan_state (plan, "own", 3, 6); (void) memory; (void) y; (void) own; calls)
MISTAKE (embed_early, gptvis_plan_embed (plan, w, w, 0))
MISTAKE (step_first, gptvis_plan_step (plan, 1, 1))
STEP_MISTAKE (step_twice, gptvis_plan_step (plan, 1, 1))
MISTAKE (step_beams, gptvis_plan_pool (plan, x, (GptVisPoolPart[]) { {0, 1} }, 1); gptvis_plan_step (plan, 4,
    17))
STEP_MISTAKE (step_outside, gptvis_plan_linear (plan, x, w, GPTVIS_NO_TENSOR, NULL))
STEP_MISTAKE (step_output, gptvis_plan_output (plan, "y", y);
    gptvis_plan_keep (plan, y, 0, memory))
STEP_MISTAKE (keep_width, gptvis_plan_keep (plan, y, 1, own))
STEP_MISTAKE (keep_weight, gptvis_plan_keep (plan, y, 0, w))
STEP_MISTAKE (recall_width, gptvis_plan_recall (plan, y, &own, 1, &(GptVisAttention) { .heads = 2,
    .head_width = 1 }))
STEP_MISTAKE (recall_columns, gptvis_plan_recall (plan, y, &own, 1, &(GptVisAttention) { .q_column = 4,
    .heads = 1, .head_width = 3 }))
STEP_MISTAKE (recall_heads, gptvis_plan_recall (plan, y, &own, 1, &(GptVisAttention) { .heads = 1,
    .head_width = 3 });
    gptvis_plan_recall (plan, y, &own, 1, &(GptVisAttention) { .heads = 3, .head_width = 1 }))
STEP_MISTAKE (recall_none, gptvis_plan_recall (plan, y, &own, 0, &(GptVisAttention) { .heads = 1,
    .head_width = 3 }))
STEP_MISTAKE (positions, gptvis_plan_embed (plan, w, w, 5))

static void
test_mistakes (void)
{
  static const struct { const gchar *name; Mistake make; const gchar *parts; } cases[] = {
    {"nothing", nothing, "plan test, finish|nothing was recorded"},
    {"second input", second_input, "plan test, input|y would be a second input beside x"},
    {"empty weight", empty_weight, "e would have shape [0, 3]"},
    {"huge weight", huge_weight, "h would have shape [1048576, 1048576]"},
    {"parts", parts_sum, "the parts of a have 4 rows together, not 5"},
    {"linear width", linear_width, "linear (operation 0)|x has width 6 where n [5, 7] needs 7"},
    {"linear without weight", linear_no_weight, "W is no weight"},
    {"linear of nothing", linear_unknown, "x is no tensor of this plan"},
    {"bias", linear_bias, "the bias has shape [1, 6] where [1, 5] is needed"},
    {"residual", linear_residual, "the residual has shape [4, 6] where [4, 5] is needed"},
    {"gate", linear_gate, "the gate is a weight, where an activation is needed"},
    {"norm's weight", norm_weight, "norm|the weight has shape [1, 5] where [1, 6] is needed"},
    {"epsilon", norm_epsilon, "an epsilon of -1 is not possible"},
    {"columns", attention_columns, "attention|2 heads of 4 values lie beyond the columns"},
    {"heads", attention_heads, "0 heads of 4 values are not possible"},
    {"rows' width", rows_width, "rows|part 1"},
    {"rows beyond", rows_beyond, "part 0: rows 1 to 5"},
    {"rows to add", rows_add, "part 0: rows 2 to 6 of width 6 to add"},
    {"grid", resample_grid, "resample|a table of 5 rows is not a grid of 2×2"},
    {"resampled input", resample_input, "x is no weight"},
    {"pool", pool_beyond, "pool|rows 3 to 5 are not in a tensor of shape [4, 6]"},
    {"score", score_weight, "score|x is a weight"},
    {"a mean alone", norm_halves, "norm|there is one of mean and variance"},
    {"windows' rows", windows_rows, "attention|4 queries and 4 keys cannot be in 3 windows"},
    {"columns beyond", columns_beyond, "columns|part 1: columns 4 to 7 of 4 rows"},
    {"a bias", attention_bias, "attention|the bias has shape [8, 3] where [8, 4] is needed"},
    {"a bias of windows", attention_across, "4 windows in 3 columns cannot have a bias of 2 heads"},
    {"a bias of two", attention_two, "the bias was one of 2 heads, now it is of 1"},
    {"a table of places", relative_table, "relative|a table [11, 4] is not one of 12 rows"},
    {"windows that are shifted", relative_shift, "relative|there is no grid of 2×2 that is shifted by 2"},
    {"no places", relative_empty, "relative|there is no grid of 2×0 that"},
    {"a bias of many", relative_most, "relative|6 heads for a grid of 100×100|more than 536870912 values"},
    {"patches later", patches_late, "patches|it is not the first operation"},
    {"angles of a head", angles_width, "angles|heads of 6 values with a base of 100"},
    {"angles of no places", angles_grid, "there is no grid of 0×2 behind 1 rows"},
    {"pairs", rope_pairs, "rope|2 heads of 3 values from column 0 on are not in x [4, 6], or have no pairs"},
    {"angles", rope_angles, "rope|the tensor of angles has shape [3, 2] where [4, 2] is needed"},
    {"no such grid", grid_rows, "windows|4 rows are no grid of 3×2"},
    {"windows of a grid", grid_windows, "windows|a grid of 2×2 cannot be cut into 3 windows each way"},
    {"before windows", windows_before,
        "windows|what is before has shape [1, 5] where a width of 6 is needed"},
    {"from windows", windows_back, "windows|4 rows are not those of 4 windows of 4 places"},
    {"a shift", windows_shift, "cannot be cut into windows of 1×2 that are shifted by 1"},
    {"empty windows", windows_none, "cannot be cut into windows of 1×0 that are shifted by 0"},
    {"huge windows", windows_huge, "a grid of 2×2 in windows of 1048576×1048576 is too large"},
    {"neighbourhoods beyond", unfold_after, "neighbourhoods of 2×2, 1 apart"},
    {"neighbourhoods", unfold_size, "unfold|neighbourhoods of 3×3, 1 apart, from 0 outside on"},
    {"top's values", top_width, "top|x has width 6, where one value a row is needed"},
    {"top beyond", top_beyond, "top|3 of 0 rows are not possible"},
    {"no list", gather_list, "gather|the list has no numbers of 4 rows"},
    {"a list of more", boxes_list, "boxes|the list has no numbers of 3 rows"},
    {"boxes' width", boxes_width, "boxes|d has width 6, where 4 is needed"},
    {"waves of no boxes", waves_width, "waves|x has width 6, where 4 is needed"},
    {"sampled value", sample_width, "sample|the value has width 6, where 8 is needed"},
    {"samples", sample_points, "sample|2 heads of 3 values, each of 65 reads, are not possible"},
    {"output twice", output_twice, "output|z is given twice"},
    {"the first mistake", first_stays, "plan test, pool"},
    {"embed before the step", embed_early, "embed|tokens come in the step"},
    {"step first", step_first, "step|nothing is recorded before it"},
    {"step twice", step_twice, "step|it has begun already"},
    {"beams", step_beams, "step|4 sequences of which 17 are one slot's"},
    {"from before the step", step_outside, "linear|x is from before the step"},
    {"picture's state", step_output, "keep|the state of a picture is written before the step"},
    {"keep's width", keep_width, "keep|columns from 1 on of x [1, 6] do not fit a state [3, 6]"},
    {"keep in a weight", keep_weight, "keep|what is given as a state is none"},
    {"recall's width", recall_width, "recall|the state [3, 6] has no keys and values of 2 heads of 1"},
    {"recall's columns", recall_columns, "recall|1 heads of 3 values do not lie in q's columns from 4 on"},
    {"recall's heads", recall_heads, "recall|the state [3, 6] was recalled with heads of 3, now of 1"},
    {"recall of nothing", recall_none, "recall|0 states"},
    {"positions", positions, "embed|tokens of width 6 and positions [5, 6] from 5 on do not fit"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GptVisPlan *plan = gptvis_plan_new ("test", 1);
    GError *error = NULL;
    GptVisTensorId x = gptvis_plan_input (plan, "x", 4, 6), w = gptvis_plan_weight (plan, "w", 5, 6);
    GptVisTensorId v = gptvis_plan_weight (plan, "v", 1, 5);
    cases[i].make (plan, x, w, v);
    g_assert_false (gptvis_plan_finish (plan, &error));
    unit_expect_error (cases[i].name, error, GPTVIS_ERROR_UNSUPPORTED, cases[i].parts);
    gptvis_plan_free (plan);
  }
}

/* The part before the step and the step are laid out by themselves, each for its batch. */
static void
test_step (void)
{
  GptVisPlan *plan = gptvis_plan_new ("captions", 2);
  GError *error = NULL;
  GptVisTensorId x = gptvis_plan_input (plan, "tokens", 5, 8);
  GptVisTensorId memory = gptvis_plan_state (plan, "memory", 5, 16);
  GptVisTensorId kv = gptvis_plan_linear (plan, x, gptvis_plan_weight_transposed (plan, "kv", 16, 8),
      GPTVIS_NO_TENSOR, NULL);
  gptvis_plan_keep (plan, kv, 0, memory);
  gptvis_plan_step (plan, 6, 3);
  GptVisTensorId own = gptvis_plan_state (plan, "own", 7, 16);
  GptVisTensorId y = gptvis_plan_embed (plan, gptvis_plan_weight (plan, "words", 9, 8),
      gptvis_plan_weight (plan, "positions", 8, 8), 2);
  gptvis_plan_output (plan, "logits", gptvis_plan_recall (plan, y, (GptVisTensorId[]) { memory, own }, 2,
          &(GptVisAttention) { .heads = 2, .head_width = 4 }));
  g_assert_true (gptvis_plan_finish (plan, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (gptvis_plan_step_op (plan), ==, 2);
  g_assert_cmpuint (gptvis_plan_max_sequences (plan), ==, 6);
  g_assert_cmpuint (gptvis_plan_beams (plan), ==, 3);
  g_assert_cmpuint (gptvis_plan_max_positions (plan), ==, 6);   /* the table of positions is shorter */
  g_assert_cmpuint (gptvis_plan_slot_states (plan), ==, 128 + 3 * 128);
  g_assert_cmpuint (gptvis_plan_arena (plan), ==, MAX (2 * 128, 6 * 128));
  g_assert_cmpuint (gptvis_plan_tensor (plan, own)->offset, ==, 128);
  g_assert_cmpfloat (gptvis_plan_op_flops (plan, 3), ==, 4.0 * (5 + 7) * 8);

  gchar *text = gptvis_plan_print (plan);
  g_assert_nonnull (strstr (text, "keep      %3[5, 16] columns from 0 → memory[5, 16]"));
  g_assert_nonnull (strstr (text, "step, for each token of each sequence:\n  2 embed     tokens=words[9, 8] "
          "positions=positions[8, 8] from 2 → "));
  g_assert_nonnull (strstr (text, "over memory[5, 16] over own[7, 16] 2 heads of 4"));
  g_free (text);
  gptvis_plan_free (plan);
}

/* q, k and v's biases become one column, which a linear takes for its row. */
static void
test_stacked_bias (void)
{
  GptVisPlan *plan = gptvis_plan_new ("test", 1);
  GptVisTensorId x = gptvis_plan_input (plan, "x", 4, 6);
  const GptVisWeightPart parts[] = { {"a", 0, 2}, {"b", 0, 3} };
  gptvis_plan_linear (plan, x, gptvis_plan_weight (plan, "w", 5, 6), gptvis_plan_weight_stack (plan, 5, 1,
      parts, 2), NULL);
  GError *error = NULL;
  g_assert_true (gptvis_plan_finish (plan, &error));
  g_assert_no_error (error);
  gptvis_plan_free (plan);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan/record", test_record);
  g_test_add_func ("/plan/print", test_print);
  g_test_add_func ("/plan/layout", test_layout);
  g_test_add_func ("/plan/step", test_step);
  g_test_add_func ("/plan/mistakes", test_mistakes);
  g_test_add_func ("/plan/stacked-bias", test_stacked_bias);
  return g_test_run ();
}
