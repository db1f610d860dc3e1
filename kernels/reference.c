/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One function for each operation, from its definition in plan.h. */
#include "reference.h"
#include "reference-private.h"
#include "constants.h"
#include "weights.h"
#include "memory.h"
#include <math.h>
#include <string.h>

typedef struct {
  GptVisSlot base;
  double *states;
} Slot;

typedef GptVisReferenceProgram Program;
#define at gptvis_reference_at

static gsize
elements (const GptVisTensor *t)
{
  return (gsize) t->rows * t->width;
}

static double
activate (GptVisAct act, double x)
{
  switch (act) {
    case GPTVIS_ACT_GELU:      /* Hendrycks and Gimpel 2016: x · Φ(x) */
      return 0.5 * x * (1 + erf (x * M_SQRT1_2));
    case GPTVIS_ACT_GELU_TANH:
      return 0.5 * x * (1 + tanh (sqrt (2 / M_PI) * (x + 0.044715 * x * x * x)));
    case GPTVIS_ACT_QUICK_GELU:
      return x / (1 + exp (-1.702 * x));
    case GPTVIS_ACT_RELU:
      return x > 0 ? x : 0;
    case GPTVIS_ACT_SILU:
      return x / (1 + exp (-x));
    case GPTVIS_ACT_TANH:
      return tanh (x);
    default:
      return x;
  }
}

static void
linear (const Program *p, const GptVisOp *op, guint i)
{
  const GptVisTensor *tx = gptvis_plan_tensor (p->base.plan, op->in[0]);
  const GptVisTensor *tw = gptvis_plan_tensor (p->base.plan, op->in[1]);
  const double *x = at (p, op->in[0], i), *w = at (p, op->in[1], i), *b = at (p, op->in[2], i);
  const double *gate = at (p, op->in[3], i), *scale = at (p, op->in[4], i), *residual = at (p, op->in[5], i);
  double *y = at (p, op->out, i);
  for (guint r = 0; r < tx->rows; r++)
    for (guint m = 0; m < tw->rows; m++) {
      const gsize o = (gsize) r * tw->rows + m;
      double sum = b ? b[m] : 0;
      for (guint k = 0; k < tx->width; k++)
        sum += x[(gsize) r * tx->width + k] * w[(gsize) m * tx->width + k];
      sum = activate (op->linear.act, sum);
      sum *= gate ? gate[o] : 1;
      sum *= op->linear.alpha;
      sum *= scale ? scale[m] : 1;
      y[o] = sum + (residual ? residual[o] : 0);
    }
}

static void
norm (const Program *p, const GptVisOp *op, guint i)
{
  const GptVisTensor *t = gptvis_plan_tensor (p->base.plan, op->in[0]);
  const double *x = at (p, op->in[0], i), *weight = at (p, op->in[1], i), *bias = at (p, op->in[2], i);
  const double *means = at (p, op->in[3], i), *variances = at (p, op->in[4], i);
  double *y = at (p, op->out, i);
  for (guint r = 0; r < t->rows; r++, x += t->width, y += t->width) {
    double mean = 0, variance = 0;
    for (guint k = 0; k < t->width; k++)
      mean += x[k] / t->width;
    for (guint k = 0; k < t->width; k++)
      variance += (x[k] - mean) * (x[k] - mean) / t->width;
    for (guint k = 0; k < t->width; k++) {
      const double around = means ? means[k] : mean, spread = variances ? variances[k] : variance;
      const double even = (x[k] - around) / sqrt (spread + op->norm.epsilon);
      y[k] = activate (op->norm.act, even * (weight ? weight[k] : 1) + (bias ? bias[k] : 0));
    }
  }
}

static void
softmax (double *x, guint n)
{
  double top = -INFINITY, sum = 0;
  for (guint k = 0; k < n; k++)
    top = MAX (top, x[k]);
  for (guint k = 0; k < n; k++)
    sum += x[k] = exp (x[k] - top);
  for (guint k = 0; k < n; k++)
    x[k] /= sum;
}

static void
attention (const Program *p, const GptVisOp *op, guint i)
{
  const GptVisAttention *a = &op->attention;
  const GptVisTensor *tq = gptvis_plan_tensor (p->base.plan, op->in[0]);
  const GptVisTensor *tk = gptvis_plan_tensor (p->base.plan, op->in[1]);
  const GptVisTensor *tv = gptvis_plan_tensor (p->base.plan, op->in[2]);
  const guint windows = MAX (a->windows, 1), n_keys = tk->rows / windows;
  const guint n_queries = tq->rows / windows;
  double *scores = g_new (double, n_keys);
  for (guint h = 0; h < a->heads; h++)
    for (guint r = 0; r < tq->rows; r++) {
      const guint column = h * a->head_width, window = r / n_queries;
      const gsize key = (gsize) window * n_keys;
      const double *bias = at (p, op->in[3], i);
      if (bias)
        bias += ((gptvis_attention_kind (a, window) * (gsize) a->heads + h) * n_queries + r % n_queries)
            * n_keys;
      const double *q = at (p, op->in[0], i) + (gsize) r * tq->width + a->q_column + column;
      const double *k = at (p, op->in[1], i) + key * tk->width + a->k_column + column;
      const double *v = at (p, op->in[2], i) + key * tv->width + a->v_column + column;
      double *y = at (p, op->out, i) + (gsize) r * a->heads * a->head_width + column;
      for (guint j = 0; j < n_keys; j++) {
        scores[j] = bias ? bias[j] : 0;
        for (guint d = 0; d < a->head_width; d++)
          scores[j] += q[d] * k[(gsize) j * tk->width + d] * a->scale;
      }
      softmax (scores, n_keys);
      for (guint d = 0; d < a->head_width; d++) {
        y[d] = 0;
        for (guint j = 0; j < n_keys; j++)
          y[d] += scores[j] * v[(gsize) j * tv->width + d];
      }
    }
  g_free (scores);
}

static void
embed (const Program *p, const GptVisOp *op, guint i)
{
  const GptVisTensor *table = gptvis_plan_tensor (p->base.plan, op->in[0]);
  const double *position = at (p, op->in[1], 0)
      + (gsize) (op->embed.first_position + p->sequences[i].position) * table->width;
  double *y = at (p, op->out, i);
  for (guint k = 0; k < table->width; k++)
    y[k] = at (p, op->in[0], 0)[(gsize) p->sequences[i].token * table->width + k] + position[k];
}

/* Row `row` of a state as picture or sequence i has it. */
static double *
state_row (const Program *p, const GptVisTensor *t, guint i, guint row)
{
  if (!t->step)
    return ((Slot *) (p->sequences ? p->sequences[i].slot : p->slots[i]))->states + t->offset
        + (gsize) row * t->width;
  const GptVisSequence *s = &p->sequences[i];
  const guint copy = s->history && row < s->position ? s->history[row] : s->beam;
  return ((Slot *) s->slot)->states + t->offset + copy * gptvis_tensor_span (t) + (gsize) row * t->width;
}

static void
keep (const Program *p, const GptVisOp *op, guint i)
{
  const GptVisTensor *tx = gptvis_plan_tensor (p->base.plan, op->in[0]);
  const GptVisTensor *state = gptvis_plan_tensor (p->base.plan, op->out);
  for (guint r = 0; r < tx->rows; r++) {
    double *to = state_row (p, state, i, state->step ? p->sequences[i].position : r);
    for (guint k = 0; k < state->width; k++)
      to[k] = at (p, op->in[0], i)[(gsize) r * tx->width + op->keep.column + k];
  }
}

static void
recall (const Program *p, const GptVisOp *op, guint i)
{
  const GptVisAttention *a = &op->attention;
  const guint width = a->heads * a->head_width;
  guint n = 0;
  for (guint j = 1; j < op->n_in; j++)
    n += gptvis_plan_tensor (p->base.plan, op->in[j])->rows;
  double *scores = g_new (double, n), **rows = g_new (double *, n);
  n = 0;
  for (guint j = 1; j < op->n_in; j++) {
    const GptVisTensor *state = gptvis_plan_tensor (p->base.plan, op->in[j]);
    const guint end = state->step ? p->sequences[i].position + 1 : state->rows;
    for (guint r = 0; r < end; r++)
      rows[n++] = state_row (p, state, i, r);
  }
  for (guint h = 0; h < a->heads; h++) {
    const double *q = at (p, op->in[0], i) + a->q_column + h * a->head_width;
    double *y = at (p, op->out, i) + h * a->head_width;
    for (guint j = 0; j < n; j++) {
      scores[j] = 0;
      for (guint d = 0; d < a->head_width; d++)
        scores[j] += q[d] * rows[j][h * a->head_width + d] * a->scale;
    }
    softmax (scores, n);
    for (guint d = 0; d < a->head_width; d++) {
      y[d] = 0;
      for (guint j = 0; j < n; j++)
        y[d] += scores[j] * rows[j][width + h * a->head_width + d];
    }
  }
  g_free (rows);
  g_free (scores);
}

static void
rows (const Program *p, const GptVisOp *op, guint i)
{
  const guint width = gptvis_plan_tensor (p->base.plan, op->out)->width;
  double *y = at (p, op->out, i);
  for (guint j = 0; j < op->rows.n_parts; j++) {
    const GptVisRowsPart *part = &op->rows.parts[j];
    const double *from = at (p, part->from, i) + (gsize) part->first * width, *add = at (p, part->add, i);
    for (gsize k = 0; k < (gsize) part->rows * width; k++)
      *y++ = from[k] + (add ? add[(gsize) part->add_first * width + (part->add_to_each ? k % width : k)] : 0);
  }
}

static void
rope (const Program *p, const GptVisOp *op, guint i)
{
  const GptVisRope *rope = &op->rope;
  const GptVisTensor *tx = gptvis_plan_tensor (p->base.plan, op->in[0]);
  const guint half = rope->head_width / 2;
  double *y = at (p, op->out, i);
  for (guint r = 0; r < tx->rows; r++)
    for (guint h = 0; h < rope->heads; h++, y += rope->head_width) {
      const double *x = at (p, op->in[0], i) + (gsize) r * tx->width + rope->column + h * rope->head_width;
      const double *cosines = at (p, op->in[1], i) + (gsize) r * rope->head_width, *sines = cosines + half;
      for (guint k = 0; k < half; k++) {
        y[k] = x[k] * cosines[k] - x[half + k] * sines[k];
        y[half + k] = x[half + k] * cosines[k] + x[k] * sines[k];
      }
    }
}

static void
pool (const Program *p, const GptVisOp *op, guint i)
{
  const guint width = gptvis_plan_tensor (p->base.plan, op->in[0])->width;
  double *y = at (p, op->out, i);
  for (guint j = 0; j < op->pool.n_parts; j++, y += width) {
    const GptVisPoolPart *part = &op->pool.parts[j];
    const double *x = at (p, op->in[0], i) + (gsize) part->first * width;
    for (guint k = 0; k < width; k++) {
      double sum = 0;
      for (guint r = 0; r < part->rows; r++)
        sum += x[(gsize) r * width + k];
      y[k] = sum / part->rows;
    }
  }
}

static void
score (const Program *p, const GptVisOp *op, guint i)
{
  const GptVisTensor *t = gptvis_plan_tensor (p->base.plan, op->in[0]);
  if (op->score.score == GPTVIS_SCORE_LARGEST) {
    for (guint r = 0; r < t->rows; r++) {
      at (p, op->out, i)[r] = -INFINITY;
      for (guint k = 0; k < t->width; k++)
        at (p, op->out, i)[r] = MAX (at (p, op->out, i)[r], at (p, op->in[0], i)[(gsize) r * t->width + k]);
    }
    return;
  }
  double *y = memcpy (at (p, op->out, i), at (p, op->in[0], i), elements (t) * sizeof (double));
  if (op->score.score != GPTVIS_SCORE_SIGMOID)
    for (guint r = 0; r < t->rows; r++)
      softmax (y + (gsize) r * t->width, t->width);
  if (op->score.score == GPTVIS_SCORE_LOG_SOFTMAX)
    for (gsize k = 0; k < elements (t); k++)
      y[k] = log (y[k]);
  if (op->score.score == GPTVIS_SCORE_SIGMOID)
    for (gsize k = 0; k < elements (t); k++)
      y[k] = 1 / (1 + exp (-y[k]));
}

/* A constant, in f32 as every backend has it. FALSE is too little memory. */
static gboolean
make_constant (const Program *p, const GptVisOp *op)
{
  const gsize n = op->n_in > 0 ? elements (gptvis_plan_tensor (p->base.plan, op->in[0])) : 0;
  const gsize made = elements (gptvis_plan_tensor (p->base.plan, op->out));
  float *from = gptvis_alloc (n * sizeof *from), *to = gptvis_alloc (made * sizeof *to);
  const gboolean ok = from && to;
  for (gsize k = 0; ok && k < n; k++)
    from[k] = p->data[op->in[0]][k];
  if (ok)
    gptvis_constant_make (p->base.plan, op, from, to);
  for (gsize k = 0; ok && k < made; k++)
    p->data[op->out][k] = to[k];
  gptvis_free (from);
  gptvis_free (to);
  return ok;
}

static void
program_free (GptVisProgram *program)
{
  Program *p = (Program *) program;
  for (guint i = 0; p->data && i < gptvis_plan_n_tensors (program->plan); i++)
    gptvis_free (p->data[i]);
  for (guint i = 0; p->out && i < gptvis_plan_n_tensors (program->plan); i++)
    g_free (p->out[i]);
  g_free (p->data);
  g_free (p->out);
  g_free (program->description);
  g_free (p);
}

/* FALSE without an error is too little memory. */
static gboolean
load (Program *p, const GptVisWeights *weights, GError **error)
{
  const GptVisPlan *plan = p->base.plan;
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    const guint batch = gptvis_tensor_is_activation (t) ? gptvis_plan_batch_of (plan, t) : 1;
    if (t->kind == GPTVIS_TENSOR_STATE)
      continue;                 /* it belongs to slots */
    if (!(p->data[i] = gptvis_alloc (elements (t) * batch * sizeof (double))))
      return FALSE;
    if (t->kind != GPTVIS_TENSOR_WEIGHT)
      continue;
    GptVisHeldWeight weight = { 0 };
    if (!gptvis_weights_hold (weights, t, &weight, error)) {
      gptvis_held_weight_clear (&weight);
      return FALSE;
    }
    float *row = g_new (float, t->width);
    for (guint r = 0; r < t->rows; r++) {
      gptvis_held_weight_read (&weight, r, 1, row);
      for (guint k = 0; k < t->width; k++)
        p->data[i][(gsize) r * t->width + k] = row[k];
    }
    g_free (row);
    gptvis_held_weight_clear (&weight);
  }
  gboolean ok = TRUE;
  for (guint i = 0; i < gptvis_plan_n_ops (plan) && ok; i++)
    ok = !gptvis_plan_makes_constant (plan, i) || make_constant (p, gptvis_plan_op (plan, i));
  return ok;
}

static GptVisProgram *
program_new (const GptVisPlan *plan, const GptVisWeights *weights, const GptVisProgramOptions *options,
    GError **error)
{
  if (options->precision != GPTVIS_PRECISION_AUTO && options->precision != GPTVIS_PRECISION_F32) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
        "the reference computes in double precision: precision must be auto or f32, not %s",
        gptvis_precision_name (options->precision));
    return NULL;
  }
  Program *p = g_new0 (Program, 1);
  p->base.plan = plan;
  p->base.precision = GPTVIS_PRECISION_F32;
  p->base.threads = p->base.in_flight = 1;
  p->base.description = g_strdup ("reference, double precision, 1 thread");
  p->data = g_new0 (double *, gptvis_plan_n_tensors (plan));
  p->out = g_new0 (float *, gptvis_plan_n_tensors (plan));
  GError *why = NULL;
  if (!load (p, weights, &why)) {
    if (!why)
      why = g_error_new (GPTVIS_ERROR, GPTVIS_ERROR_LIMIT, "not enough memory for the network %s",
          gptvis_plan_name (plan));
    g_propagate_error (error, why);
    program_free (&p->base);
    return NULL;
  }
  return &p->base;
}

static void
slot_free (GptVisProgram *program, GptVisSlot *slot)
{
  Slot *own = (Slot *) slot;
  gptvis_free (own->base.rows);
  gptvis_free (own->states);
  g_free (own);
}

static GptVisSlot *
slot_new (GptVisProgram *program)
{
  const GptVisPlan *plan = program->plan;
  Slot *slot = g_new0 (Slot, 1);
  const GptVisTensor *input = gptvis_plan_tensor (plan, gptvis_plan_input_id (plan));
  slot->base.rows = gptvis_alloc (elements (input) * sizeof (float));
  slot->states = gptvis_alloc (gptvis_plan_slot_states (plan) * sizeof (double));
  if (slot->base.rows && slot->states)
    return &slot->base;
  slot_free (program, &slot->base);
  return NULL;
}

static void
run_op (const Program *p, const GptVisOp *op, guint i)
{
  switch (op->kind) {
    case GPTVIS_OP_LINEAR:
      linear (p, op, i);
      break;
    case GPTVIS_OP_NORM:
      norm (p, op, i);
      break;
    case GPTVIS_OP_ATTENTION:
      attention (p, op, i);
      break;
    case GPTVIS_OP_EMBED:
      embed (p, op, i);
      break;
    case GPTVIS_OP_KEEP:
      keep (p, op, i);
      break;
    case GPTVIS_OP_RECALL:
      recall (p, op, i);
      break;
    case GPTVIS_OP_ROWS:
      rows (p, op, i);
      break;
    case GPTVIS_OP_ROPE:
      rope (p, op, i);
      break;
    case GPTVIS_OP_POOL:
      pool (p, op, i);
      break;
    case GPTVIS_OP_SCORE:
      score (p, op, i);
      break;
    case GPTVIS_OP_COLUMNS:
      gptvis_reference_columns (p, op, i);
      break;
    case GPTVIS_OP_WINDOWS:
      gptvis_reference_windows (p, op, i);
      break;
    case GPTVIS_OP_UNFOLD:
      gptvis_reference_unfold (p, op, i);
      break;
    case GPTVIS_OP_TOP:
      gptvis_reference_top (p, op, i);
      break;
    case GPTVIS_OP_GATHER:
      gptvis_reference_gather (p, op, i);
      break;
    case GPTVIS_OP_BOXES:
      gptvis_reference_boxes (p, op, i);
      break;
    case GPTVIS_OP_WAVES:
      gptvis_reference_waves (p, op, i);
      break;
    case GPTVIS_OP_SAMPLE:
      gptvis_reference_sample (p, op, i);
      break;
    case GPTVIS_OP_PATCHES:    /* when staged */
    case GPTVIS_OP_RESAMPLE:   /* when loaded */
    case GPTVIS_OP_RELATIVE:
    case GPTVIS_OP_ANGLES:
    case GPTVIS_N_OPS:
      break;
  }
}

static gboolean
submit (GptVisProgram *program, GptVisSlot *const *slots, guint n, GError **error)
{
  Program *p = (Program *) program;
  const GptVisTensorId input = gptvis_plan_input_id (program->plan);
  p->slots = slots;
  p->sequences = NULL;
  for (guint i = 0; i < n; i++) {
    double *x = at (p, input, i);
    for (gsize k = 0; k < elements (gptvis_plan_tensor (program->plan, input)); k++)
      x[k] = slots[i]->rows[k];
    for (guint j = 0; j < gptvis_plan_step_op (program->plan); j++)
      run_op (p, gptvis_plan_op (program->plan, j), i);
  }
  return TRUE;
}

/* Operation by operation for all sequences: none may read another sequence's row of this step before it is
 * there. */
static gboolean
step (GptVisProgram *program, const GptVisSequence *sequences, guint n, GError **error)
{
  Program *p = (Program *) program;
  p->sequences = sequences;
  for (guint j = gptvis_plan_step_op (program->plan); j < gptvis_plan_n_ops (program->plan); j++)
    for (guint i = 0; i < n; i++)
      run_op (p, gptvis_plan_op (program->plan, j), i);
  return TRUE;
}

static gboolean
wait (GptVisProgram *program, GError **error)
{
  return TRUE;
}

static const float *
output (GptVisProgram *program, GptVisTensorId id, guint i)
{
  Program *p = (Program *) program;
  const GptVisTensor *t = gptvis_plan_tensor (program->plan, id);
  const gsize n = elements (t);
  if (!p->out[id])
    p->out[id] = g_new (float, n * gptvis_plan_batch_of (program->plan, t));
  for (gsize k = 0; k < n; k++)
    p->out[id][i * n + k] = at (p, id, i)[k];
  return p->out[id] + i * n;
}

static gchar *
devices (GError **error)
{
  return g_strdup ("0: processor (plain C in double precision)");
}

const GptVisBackendTable gptvis_backend_reference = {
  .name = "reference",
  .devices = devices,
  .program_new = program_new,
  .program_free = program_free,
  .slot_new = slot_new,
  .slot_free = slot_free,
  .submit = submit,
  .step = step,
  .wait = wait,
  .output = output,
};
