/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The recorder: checks each call, keeps tensors and operations, remembers the
 * first mistake. Where tensors lie in memory is plan-layout.c's business, how a
 * plan is read plan-read.c's, and as text plan-print.c's. */
#include "plan-private.h"
#include <string.h>

GptVisPlan *
gptvis_plan_new (const gchar *name, guint max_batch)
{
  GptVisPlan *plan = g_new0 (GptVisPlan, 1);
  plan->name = g_strdup (name);
  plan->max_batch = CLAMP (max_batch, 1, GPTVIS_MAX_BATCH);
  plan->tensors = g_array_new (FALSE, TRUE, sizeof (GptVisTensor));
  plan->ops = g_array_new (FALSE, TRUE, sizeof (GptVisOp));
  plan->names = g_hash_table_new (g_str_hash, g_str_equal);
  return plan;
}

void
gptvis_plan_free (GptVisPlan *plan)
{
  if (!plan)
    return;
  g_hash_table_unref (plan->names);
  for (guint i = 0; i < plan->tensors->len; i++) {
    GptVisTensor *t = &g_array_index (plan->tensors, GptVisTensor, i);
    for (guint p = 0; p < t->n_parts; p++)
      g_free ((gchar *) t->parts[p].name);
    g_free (t->name);
  }
  g_array_unref (plan->tensors);
  g_array_unref (plan->ops);
  g_clear_error (&plan->error);
  g_free (plan->name);
  g_free (plan);
}

GptVisTensorId
fail (GptVisPlan *plan, const gchar *what, const gchar *format, ...)
{
  if (!plan->error) {
    va_list args;
    va_start (args, format);
    gchar *text = g_strdup_vprintf (format, args);
    va_end (args);
    g_set_error (&plan->error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED, "plan %s, %s (operation %u): %s",
        plan->name, what, plan->ops->len, text);
    g_free (text);
  }
  return GPTVIS_NO_TENSOR;
}

gboolean
recording (GptVisPlan *plan, const gchar *what)
{
  if (plan->finished)
    fail (plan, what, "the plan is finished");
  return !plan->error;
}

const GptVisTensor *
take (GptVisPlan *plan, const gchar *what, const gchar *role, GptVisTensorId id)
{
  if (id < 0 || (guint) id >= plan->tensors->len) {
    fail (plan, what, "%s is no tensor of this plan", role);
    return NULL;
  }
  return &g_array_index (plan->tensors, GptVisTensor, id);
}

const GptVisTensor *
take_activation (GptVisPlan *plan, const gchar *what, const gchar *role, GptVisTensorId id)
{
  const GptVisTensor *t = take (plan, what, role, id);
  if (t && !gptvis_tensor_is_activation (t)) {
    fail (plan, what, "%s is a %s, where an activation is needed", role,
        t->kind == GPTVIS_TENSOR_STATE ? "state" : "weight");
    return NULL;
  }
  if (t && t->step != plan->stepping) {
    fail (plan, what, "%s is from before the step, where only states and weights remain", role);
    return NULL;
  }
  return t;
}

gboolean
check_optional (GptVisPlan *plan, const gchar *what, const gchar *role, GptVisTensorId id,
    gboolean activation, guint rows, guint width)
{
  if (id == GPTVIS_NO_TENSOR)
    return TRUE;
  const GptVisTensor *t = activation ? take_activation (plan, what, role, id) : take (plan, what, role, id);
  if (!t)
    return FALSE;
  if (!activation && gptvis_tensor_is_activation (t)) {
    fail (plan, what, "%s is an activation, where a weight is needed", role);
    return FALSE;
  }
  /* a vector that is stacked from parts is a column; in memory it is the same */
  if ((t->rows != rows || t->width != width) && (activation || t->width != 1 || t->rows != width)) {
    fail (plan, what, "%s has shape [%u, %u] where [%u, %u] is needed", role, t->rows, t->width, rows, width);
    return FALSE;
  }
  return TRUE;
}

static GptVisTensorId
add_tensor (GptVisPlan *plan, const gchar *what, GptVisTensorKind kind, const gchar *name, guint rows,
    guint width)
{
  if (rows == 0 || width == 0 || (guint64) rows * width > MAX_ELEMENTS)
    return fail (plan, what, "%s would have shape [%u, %u], which is empty or beyond %u elements",
        name ? name : "the result", rows, width, MAX_ELEMENTS);
  const gboolean step = plan->stepping && (kind == GPTVIS_TENSOR_TEMPORARY || kind == GPTVIS_TENSOR_STATE);
  GptVisTensor t = { .kind = kind, .name = g_strdup (name), .rows = rows, .width = width, .step = step,
    .first_op = -1, .last_op = -1 };
  g_array_append_val (plan->tensors, t);
  return plan->tensors->len - 1;
}

GptVisTensorId
add_op (GptVisPlan *plan, GptVisOp *op, GptVisTensorKind kind, guint rows, guint width)
{
  op->out = add_tensor (plan, gptvis_op_name (op->kind), kind, NULL, rows, width);
  if (op->out != GPTVIS_NO_TENSOR)
    g_array_append_vals (plan->ops, op, 1);
  return op->out;
}

GptVisTensorId
gptvis_plan_input (GptVisPlan *plan, const gchar *name, guint rows, guint width)
{
  if (!recording (plan, "input"))
    return GPTVIS_NO_TENSOR;
  for (guint i = 0; i < plan->tensors->len; i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    if (t->kind == GPTVIS_TENSOR_INPUT)
      return fail (plan, "input", "%s would be a second input beside %s", name, t->name);
  }
  return add_tensor (plan, "input", GPTVIS_TENSOR_INPUT, name, rows, width);
}

GptVisTensorId
gptvis_plan_weight (GptVisPlan *plan, const gchar *name, guint rows, guint width)
{
  GptVisWeightPart part = { name, 0, rows, FALSE };
  return gptvis_plan_weight_stack (plan, rows, width, &part, 1);
}

GptVisTensorId
gptvis_plan_weight_transposed (GptVisPlan *plan, const gchar *name, guint rows, guint width)
{
  GptVisWeightPart part = { name, 0, rows, TRUE };
  return gptvis_plan_weight_stack (plan, rows, width, &part, 1);
}

GptVisTensorId
gptvis_plan_state (GptVisPlan *plan, const gchar *name, guint rows, guint width)
{
  return recording (plan, "state") ? add_tensor (plan, "state", GPTVIS_TENSOR_STATE, name, rows, width) :
      GPTVIS_NO_TENSOR;
}

void
gptvis_plan_step (GptVisPlan *plan, guint max_sequences, guint beams)
{
  if (!recording (plan, "step"))
    return;
  if (plan->stepping || plan->ops->len == 0)
    fail (plan, "step", "%s", plan->stepping ? "it has begun already" : "nothing is recorded before it");
  else if (beams < 1 || beams > GPTVIS_MAX_BEAMS || max_sequences < beams
      || max_sequences > GPTVIS_MAX_SEQUENCES)
    fail (plan, "step", "%u sequences of which %u are one slot's, where up to %u and %u are possible",
        max_sequences, beams, GPTVIS_MAX_SEQUENCES, GPTVIS_MAX_BEAMS);
  plan->stepping = TRUE;
  plan->step_op = plan->ops->len;
  plan->max_sequences = max_sequences;
  plan->beams = beams;
}

/* The weight of exactly these parts, so that one that is used twice is loaded once. */
static GptVisTensorId
find_weight (const GptVisPlan *plan, guint width, const GptVisWeightPart *parts, guint n_parts)
{
  for (guint i = 0; i < plan->tensors->len; i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    guint same = 0;
    if (t->kind != GPTVIS_TENSOR_WEIGHT || t->n_parts != n_parts || t->width != width)
      continue;
    while (same < n_parts && strcmp (t->parts[same].name, parts[same].name) == 0
        && t->parts[same].first == parts[same].first && t->parts[same].rows == parts[same].rows
        && t->parts[same].transposed == parts[same].transposed)
      same++;
    if (same == n_parts)
      return i;
  }
  return GPTVIS_NO_TENSOR;
}

/* The number of the checkpoint tensor of that name, which stays the caller's; a new one when it is new. */
static guint
number_name (GptVisPlan *plan, const gchar *name)
{
  gpointer number;
  if (g_hash_table_lookup_extended (plan->names, name, NULL, &number))
    return GPOINTER_TO_UINT (number);
  const guint next = g_hash_table_size (plan->names);
  g_hash_table_insert (plan->names, (gpointer) name, GUINT_TO_POINTER (next));
  return next;
}

GptVisTensorId
gptvis_plan_weight_stack (GptVisPlan *plan, guint rows, guint width, const GptVisWeightPart *parts,
    guint n_parts)
{
  if (!recording (plan, "weight"))
    return GPTVIS_NO_TENSOR;
  if (n_parts == 0 || n_parts > GPTVIS_WEIGHT_PARTS)
    return fail (plan, "weight", "%u parts, where 1 to %d are possible", n_parts, GPTVIS_WEIGHT_PARTS);
  guint sum = 0;
  for (guint i = 0; i < n_parts; i++)
    sum += parts[i].rows;
  if (sum != rows)
    return fail (plan, "weight", "the parts of %s have %u rows together, not %u", parts[0].name, sum, rows);

  GptVisTensorId same = find_weight (plan, width, parts, n_parts);
  if (same != GPTVIS_NO_TENSOR)
    return same;
  gchar *name = g_strdup (parts[0].name);
  for (guint i = 1; i < n_parts; i++) {
    gchar *longer = g_strconcat (name, " / ", parts[i].name, NULL);
    g_free (name);
    name = longer;
  }
  GptVisTensorId id = add_tensor (plan, "weight", GPTVIS_TENSOR_WEIGHT, name, rows, width);
  g_free (name);
  if (id == GPTVIS_NO_TENSOR)
    return id;
  GptVisTensor *t = &g_array_index (plan->tensors, GptVisTensor, id);
  t->n_parts = n_parts;
  for (guint i = 0; i < n_parts; i++) {
    t->parts[i] = parts[i];
    t->parts[i].name = g_strdup (parts[i].name);
    t->parts[i].number = number_name (plan, t->parts[i].name);
  }
  return id;
}

GptVisTensorId
gptvis_plan_patches (GptVisPlan *plan, const GptVisRecipe *recipe, guint patch_size)
{
  if (!recording (plan, "patches"))
    return GPTVIS_NO_TENSOR;
  if (patch_size == 0 || patch_size > 64 || recipe->width == 0 || recipe->height == 0
      || recipe->width > GPTVIS_PICTURE_MAX_SIDE || recipe->height > GPTVIS_PICTURE_MAX_SIDE
      || recipe->width % patch_size || recipe->height % patch_size)
    return fail (plan, "patches", "a picture of %u×%u cannot be cut into patches of %u×%u", recipe->width,
        recipe->height, patch_size, patch_size);
  if (plan->ops->len > 0)       /* where backends look for it */
    return fail (plan, "patches", "it is not the first operation");
  guint rows = (recipe->width / patch_size) * (recipe->height / patch_size);
  GptVisOp op = { .kind = GPTVIS_OP_PATCHES, .patches = {*recipe, patch_size} };
  op.out = gptvis_plan_input (plan, "patches", rows, 3 * patch_size * patch_size);
  if (op.out != GPTVIS_NO_TENSOR)
    g_array_append_val (plan->ops, op);
  return op.out;
}

GptVisTensorId
gptvis_plan_linear (GptVisPlan *plan, GptVisTensorId x, GptVisTensorId weight, GptVisTensorId bias,
    const GptVisLinear *linear)
{
  static const GptVisLinear plain =
      { GPTVIS_ACT_NONE, GPTVIS_NO_TENSOR, GPTVIS_NO_TENSOR, GPTVIS_NO_TENSOR, 1.0f };
  if (!recording (plan, "linear"))
    return GPTVIS_NO_TENSOR;
  if (!linear)
    linear = &plain;
  const GptVisTensor *tx = take_activation (plan, "linear", "x", x);
  const GptVisTensor *tw = tx ? take (plan, "linear", "W", weight) : NULL;
  if (!tw)
    return GPTVIS_NO_TENSOR;
  if (tw->kind != GPTVIS_TENSOR_WEIGHT)
    return fail (plan, "linear", "W is no weight");
  if (tw->width != tx->width)
    return fail (plan, "linear", "x has width %u where %s [%u, %u] needs %u", tx->width, tw->name, tw->rows,
        tw->width, tw->width);
  if (linear->act >= GPTVIS_N_ACTS)
    return fail (plan, "linear", "activation %d does not exist", linear->act);
  const guint rows = tx->rows, width = tw->rows;
  if (!check_optional (plan, "linear", "the bias", bias, FALSE, 1, width)
      || !check_optional (plan, "linear", "the gate", linear->gate, TRUE, rows, width)
      || !check_optional (plan, "linear", "the scale", linear->scale, FALSE, 1, width)
      || !check_optional (plan, "linear", "the residual", linear->residual, TRUE, rows, width))
    return GPTVIS_NO_TENSOR;
  GptVisOp op = { .kind = GPTVIS_OP_LINEAR, .n_in = 6,
    .in = {x, weight, bias, linear->gate, linear->scale, linear->residual},
        .linear = {linear->act, linear->alpha} };
  return add_op (plan, &op, GPTVIS_TENSOR_TEMPORARY, rows, width);
}

GptVisTensorId
gptvis_plan_norm (GptVisPlan *plan, GptVisTensorId x, GptVisTensorId weight, GptVisTensorId bias,
    gfloat epsilon)
{
  return gptvis_plan_norm_with (plan, x, weight, bias, epsilon, GPTVIS_NORM ());
}

GptVisTensorId
gptvis_plan_norm_with (GptVisPlan *plan, GptVisTensorId x, GptVisTensorId weight, GptVisTensorId bias,
    gfloat epsilon, const GptVisNorm *norm)
{
  if (!recording (plan, "norm"))
    return GPTVIS_NO_TENSOR;
  const GptVisTensor *tx = take_activation (plan, "norm", "x", x);
  if (!tx)
    return GPTVIS_NO_TENSOR;
  const guint rows = tx->rows, width = tx->width;
  if (!check_optional (plan, "norm", "the weight", weight, FALSE, 1, width)
      || !check_optional (plan, "norm", "the bias", bias, FALSE, 1, width)
      || !check_optional (plan, "norm", "the mean", norm->mean, FALSE, 1, width)
      || !check_optional (plan, "norm", "the variance", norm->variance, FALSE, 1, width))
    return GPTVIS_NO_TENSOR;
  if (!(epsilon >= 0))
    return fail (plan, "norm", "an epsilon of %g is not possible", epsilon);
  if (norm->act >= GPTVIS_N_ACTS)
    return fail (plan, "norm", "activation %d does not exist", norm->act);
  if ((norm->mean == GPTVIS_NO_TENSOR) != (norm->variance == GPTVIS_NO_TENSOR))
    return fail (plan, "norm", "there is one of mean and variance, where both or none are needed");
  GptVisOp op = { .kind = GPTVIS_OP_NORM, .n_in = 5, .in = {x, weight, bias, norm->mean, norm->variance},
    .norm = {epsilon, norm->act} };
  return add_op (plan, &op, GPTVIS_TENSOR_TEMPORARY, rows, width);
}

static const GptVisTensor *
take_state (GptVisPlan *plan, const gchar *what, GptVisTensorId id)
{
  const GptVisTensor *t = take (plan, what, "the state", id);
  if (t && t->kind != GPTVIS_TENSOR_STATE) {
    fail (plan, what, "what is given as a state is none");
    return NULL;
  }
  return t;
}

GptVisTensorId
gptvis_plan_embed (GptVisPlan *plan, GptVisTensorId table, GptVisTensorId positions, guint first_position)
{
  if (!recording (plan, "embed"))
    return GPTVIS_NO_TENSOR;
  const GptVisTensor *tt = take (plan, "embed", "the table", table);
  const GptVisTensor *tp = tt ? take (plan, "embed", "the table of positions", positions) : NULL;
  if (!tp)
    return GPTVIS_NO_TENSOR;
  if (!plan->stepping)
    return fail (plan, "embed", "tokens come in the step");
  if (tt->kind != GPTVIS_TENSOR_WEIGHT || tp->kind != GPTVIS_TENSOR_WEIGHT)
    return fail (plan, "embed", "a table is no weight");
  if (tt->width != tp->width || first_position >= tp->rows)
    return fail (plan, "embed", "tokens of width %u and positions [%u, %u] from %u on do not fit", tt->width,
        tp->rows, tp->width, first_position);
  const guint width = tt->width;
  GptVisOp op = { .kind = GPTVIS_OP_EMBED, .n_in = 2, .in = {table, positions}, .embed = {first_position} };
  return add_op (plan, &op, GPTVIS_TENSOR_TEMPORARY, 1, width);
}

void
gptvis_plan_keep (GptVisPlan *plan, GptVisTensorId x, guint column, GptVisTensorId state)
{
  if (!recording (plan, "keep"))
    return;
  const GptVisTensor *tx = take_activation (plan, "keep", "x", x);
  const GptVisTensor *ts = tx ? take_state (plan, "keep", state) : NULL;
  if (!ts)
    return;
  if (ts->step != plan->stepping)
    fail (plan, "keep", "the state of a picture is written before the step, that of a sequence in it");
  else if ((guint64) column + ts->width > tx->width || (!ts->step && tx->rows != ts->rows)
      || (ts->step && tx->rows != 1))
    fail (plan, "keep", "columns from %u on of x [%u, %u] do not fit a state [%u, %u]", column, tx->rows,
        tx->width, ts->rows, ts->width);
  GptVisOp op = { .kind = GPTVIS_OP_KEEP, .n_in = 1, .in = {x}, .out = state, .keep = {column} };
  g_array_append_val (plan->ops, op);
}

GptVisTensorId
gptvis_plan_recall (GptVisPlan *plan, GptVisTensorId q, const GptVisTensorId *states, guint n_states,
    const GptVisAttention *attention)
{
  if (!recording (plan, "recall"))
    return GPTVIS_NO_TENSOR;
  const guint64 width = (guint64) attention->heads * attention->head_width;
  const GptVisTensor *tq = take_activation (plan, "recall", "q", q);
  if (!tq)
    return GPTVIS_NO_TENSOR;
  if (!plan->stepping || n_states < 1 || n_states > GPTVIS_RECALL_STATES)
    return fail (plan, "recall", "%u states before the step or in it, where 1 to %d in it are possible",
        n_states, GPTVIS_RECALL_STATES);
  if (width == 0 || width > MAX_ELEMENTS / 2 || attention->q_column + width > tq->width)
    return fail (plan, "recall", "%u heads of %u values do not lie in q's columns from %u on",
        attention->heads, attention->head_width, attention->q_column);
  GptVisOp op = { .kind = GPTVIS_OP_RECALL, .n_in = 1 + n_states, .in = {q}, .attention = *attention };
  for (guint i = 0; i < n_states; i++) {
    const GptVisTensor *ts = take_state (plan, "recall", states[i]);
    if (!ts)
      return GPTVIS_NO_TENSOR;
    if (ts->width != 2 * width)
      return fail (plan, "recall", "the state [%u, %u] has no keys and values of %u heads of %u", ts->rows,
          ts->width, attention->heads, attention->head_width);
    if (ts->head_width && ts->head_width != attention->head_width)
      return fail (plan, "recall", "the state [%u, %u] was recalled with heads of %u, now of %u", ts->rows,
          ts->width, ts->head_width, attention->head_width);
    g_array_index (plan->tensors, GptVisTensor, states[i]).head_width = attention->head_width;
    op.in[1 + i] = states[i];
  }
  return add_op (plan, &op, GPTVIS_TENSOR_TEMPORARY, 1, width);
}

GptVisTensorId
gptvis_plan_rows (GptVisPlan *plan, const GptVisRowsPart *parts, guint n_parts)
{
  if (!recording (plan, "rows"))
    return GPTVIS_NO_TENSOR;
  if (n_parts == 0 || n_parts > GPTVIS_ROWS_PARTS)
    return fail (plan, "rows", "%u parts, where 1 to %d are possible", n_parts, GPTVIS_ROWS_PARTS);
  GptVisOp op = { .kind = GPTVIS_OP_ROWS, .n_in = 2 * n_parts };
  guint rows = 0, width = 0;
  for (guint i = 0; i < n_parts; i++) {
    const GptVisRowsPart *part = &parts[i];
    const GptVisTensor *from = take (plan, "rows", "a part", part->from);
    if (!from)
      return GPTVIS_NO_TENSOR;
    if (i == 0)
      width = from->width;
    if (from->width != width || part->rows == 0 || (guint64) part->first + part->rows > from->rows)
      return fail (plan, "rows", "part %u: rows %u to %u of width %u are not in a tensor of shape [%u, %u]",
          i, part->first, part->first + part->rows, width, from->rows, from->width);
    if (part->add != GPTVIS_NO_TENSOR) {
      const GptVisTensor *add = take (plan, "rows", "what a part adds", part->add);
      if (!add)
        return GPTVIS_NO_TENSOR;
      if (add->width != width || (guint64) part->add_first + (part->add_to_each ? 1 : part->rows) > add->rows)
        return fail (plan, "rows",
            "part %u: rows %u to %u of width %u to add are not in a tensor of shape [%u, %u]", i,
            part->add_first, part->add_first + part->rows, width, add->rows, add->width);
    }
    op.in[2 * i] = part->from;
    op.in[2 * i + 1] = part->add;
    op.rows.parts[i] = *part;
    rows += part->rows;
  }
  op.rows.n_parts = n_parts;
  return add_op (plan, &op, GPTVIS_TENSOR_TEMPORARY, rows, width);
}

GptVisTensorId
gptvis_plan_pool (GptVisPlan *plan, GptVisTensorId x, const GptVisPoolPart *parts, guint n_parts)
{
  if (!recording (plan, "pool"))
    return GPTVIS_NO_TENSOR;
  const GptVisTensor *tx = take_activation (plan, "pool", "x", x);
  if (!tx)
    return GPTVIS_NO_TENSOR;
  if (n_parts == 0 || n_parts > GPTVIS_POOL_PARTS)
    return fail (plan, "pool", "%u parts, where 1 to %d are possible", n_parts, GPTVIS_POOL_PARTS);
  GptVisOp op = { .kind = GPTVIS_OP_POOL, .n_in = 1, .in = {x} };
  for (guint i = 0; i < n_parts; i++) {
    if (parts[i].rows == 0 || (guint64) parts[i].first + parts[i].rows > tx->rows)
      return fail (plan, "pool", "rows %u to %u are not in a tensor of shape [%u, %u]", parts[i].first,
          parts[i].first + parts[i].rows, tx->rows, tx->width);
    op.pool.parts[i] = parts[i];
  }
  op.pool.n_parts = n_parts;
  return add_op (plan, &op, GPTVIS_TENSOR_TEMPORARY, 1, n_parts * tx->width);
}

GptVisTensorId
gptvis_plan_score (GptVisPlan *plan, GptVisTensorId x, GptVisScore score)
{
  if (!recording (plan, "score"))
    return GPTVIS_NO_TENSOR;
  const GptVisTensor *tx = take_activation (plan, "score", "x", x);
  if (!tx)
    return GPTVIS_NO_TENSOR;
  const guint rows = tx->rows, width = score == GPTVIS_SCORE_LARGEST ? 1 : tx->width;
  GptVisOp op = { .kind = GPTVIS_OP_SCORE, .n_in = 1, .in = {x}, .score = {score} };
  return add_op (plan, &op, GPTVIS_TENSOR_TEMPORARY, rows, width);
}

void
gptvis_plan_output (GptVisPlan *plan, const gchar *name, GptVisTensorId x)
{
  if (!recording (plan, "output") || !take_activation (plan, "output", name, x))
    return;
  GptVisTensor *t = &g_array_index (plan->tensors, GptVisTensor, x);
  if (t->output || gptvis_plan_find (plan, name) != GPTVIS_NO_TENSOR) {
    fail (plan, "output", "%s is given twice, or to a tensor that is an output already", name);
    return;
  }
  t->output = TRUE;
  if (!t->name)
    t->name = g_strdup (name);
}

gboolean
gptvis_plan_finish (GptVisPlan *plan, GError **error)
{
  if (!plan->error && plan->ops->len == 0)
    fail (plan, "finish", "nothing was recorded");
  gboolean has_input = FALSE;
  for (guint i = 0; i < plan->tensors->len; i++)
    has_input |= gptvis_plan_tensor (plan, i)->kind == GPTVIS_TENSOR_INPUT;
  if (!has_input)
    fail (plan, "finish", "nothing is put in");
  for (guint i = 0; plan->stepping && i < plan->tensors->len; i++)
    if (gptvis_plan_tensor (plan, i)->output && !gptvis_plan_tensor (plan, i)->step)
      fail (plan, "finish", "%s is an output from before the step", gptvis_plan_tensor (plan, i)->name);
  if (plan->error) {
    if (error)
      *error = g_error_copy (plan->error);
    return FALSE;
  }
  gptvis_plan_lay_out (plan);
  plan->finished = TRUE;
  return TRUE;
}
