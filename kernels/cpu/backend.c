/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a plan ready on the processor and runs it: loads and packs the weights,
 * lays out the memory, calls one function an operation. */
#include "blas.h"
#include "cpu.h"
#include "program.h"
#include "../constants.h"
#include "../memory.h"
#include <string.h>
#include <time.h>

static void (*const run_op[]) (const GptVisCpuProgram *, const GptVisOp *) = {
  [GPTVIS_OP_PATCHES] = NULL,   /* when staged */
  [GPTVIS_OP_LINEAR] = gptvis_cpu_linear,
  [GPTVIS_OP_NORM] = gptvis_cpu_norm,
  [GPTVIS_OP_ATTENTION] = gptvis_cpu_attention,
  [GPTVIS_OP_EMBED] = gptvis_cpu_embed,
  [GPTVIS_OP_KEEP] = gptvis_cpu_keep,
  [GPTVIS_OP_RECALL] = gptvis_cpu_recall,
  [GPTVIS_OP_ROWS] = gptvis_cpu_rows,
  [GPTVIS_OP_RESAMPLE] = NULL,  /* when loaded */
  [GPTVIS_OP_RELATIVE] = NULL,
  [GPTVIS_OP_ANGLES] = NULL,
  [GPTVIS_OP_ROPE] = gptvis_cpu_rope,
  [GPTVIS_OP_POOL] = gptvis_cpu_pool,
  [GPTVIS_OP_SCORE] = gptvis_cpu_score,
  [GPTVIS_OP_COLUMNS] = gptvis_cpu_columns,
  [GPTVIS_OP_WINDOWS] = gptvis_cpu_windows,
  [GPTVIS_OP_UNFOLD] = gptvis_cpu_unfold,
  [GPTVIS_OP_TOP] = gptvis_cpu_top,
  [GPTVIS_OP_GATHER] = gptvis_cpu_gather,
  [GPTVIS_OP_BOXES] = gptvis_cpu_boxes,
  [GPTVIS_OP_WAVES] = gptvis_cpu_waves,
  [GPTVIS_OP_SAMPLE] = gptvis_cpu_sample,
};
G_STATIC_ASSERT (G_N_ELEMENTS (run_op) == GPTVIS_N_OPS);

static gsize
bytes (const GptVisTensor *t)
{
  return (gsize) t->rows * t->width * sizeof (float);
}

/* Is W of this linear read where it lies, and not packed? */
static gboolean
is_in_place (const GptVisCpuProgram *p, GptVisTensorId id)
{
  return p->blas && p->held[id].tensor;
}

static void
program_free (GptVisProgram *program)
{
  GptVisCpuProgram *p = (GptVisCpuProgram *) program;
  for (guint i = 0; i < gptvis_plan_n_tensors (program->plan); i++) {
    const GptVisTensorKind kind = gptvis_plan_tensor (program->plan, i)->kind;
    if (kind != GPTVIS_TENSOR_WEIGHT && kind != GPTVIS_TENSOR_CONSTANT)
      continue;
    gptvis_free (p->data[i]);
    if (!is_in_place (p, i))
      gptvis_free (p->packed[i]);
    gptvis_held_weight_clear (&p->held[i]);
  }
  gptvis_pool_free (p->pool);
  gptvis_free (p->arena);
  gptvis_free (p->input);
  gptvis_free (p->scratch);
  g_free (p->data);
  g_free (p->packed);
  g_free (p->packed_as);
  g_free (p->held);
  g_free (program->description);
  g_free (p);
}

/* Making weights ready, one after the other. FALSE without an error is too little memory. */
typedef struct {
  GptVisCpuProgram *p;
  const GptVisWeights *weights;
  GptVisHeldWeight weight;      /* at hand */
} Load;

static gboolean
hold (const Load *l, GptVisTensorId id, GptVisHeldWeight *to, GError **error)
{
  const GptVisTensor *t = gptvis_plan_tensor (l->p->base.plan, id);
  return to->tensor == t || gptvis_weights_hold (l->weights, t, to, error);
}

/* W of a linear: as the tier wants it. */
static gboolean
load_packed (Load *l, const GptVisOp *op, GError **error)
{
  GptVisCpuProgram *p = l->p;
  const GptVisTensorId id = op->in[1];
  if (p->packed[id])
    return TRUE;
  /* OpenBLAS can read it where it lies; and a table of tokens may be the last product's W too */
  GptVisHeldWeight *weight = p->blas || p->held[id].tensor ? &p->held[id] : &l->weight;
  if (!hold (l, id, weight, error))
    return FALSE;
  p->packed_as[id] = GPTVIS_PRECISION_F32;
  if (p->blas && (p->packed[id] = (gpointer) gptvis_held_weight_in_place (weight)))
    return TRUE;
  p->packed[id] = gptvis_cpu_linear_pack (p, weight, op);
  if (p->blas)
    gptvis_held_weight_clear (weight);
  return p->packed[id] != NULL;
}

/* Any other weight: rows of floats. */
static gboolean
load_plain (Load *l, GptVisTensorId id, GError **error)
{
  float **data = &l->p->data[id];
  const GptVisTensor *t = gptvis_plan_tensor (l->p->base.plan, id);
  if (t->kind != GPTVIS_TENSOR_WEIGHT || *data)
    return TRUE;
  if (!hold (l, id, &l->weight, error) || !(*data = gptvis_alloc (bytes (t))))
    return FALSE;
  gptvis_held_weight_read (&l->weight, 0, t->rows, *data);
  return TRUE;
}

/* A bias of attention: once as the plan has it, and of that what attention reads. */
static gboolean
load_bias (Load *l, const GptVisOp *op, GError **error)
{
  const GptVisTensorId id = op->in[3];
  if (l->p->packed[id])
    return TRUE;
  return load_plain (l, id, error) && (l->p->packed[id] = gptvis_cpu_attention_pack_bias (l->p, op));
}

static gboolean
is_bias_alone (const GptVisPlan *plan, GptVisTensorId id)
{
  for (guint i = 0; i < gptvis_plan_n_ops (plan); i++) {
    const GptVisOp *op = gptvis_plan_op (plan, i);
    for (guint j = 0; j < op->n_in; j++)
      if (op->in[j] == id && !(op->kind == GPTVIS_OP_ATTENTION && j == 3))
        return FALSE;
  }
  return TRUE;
}

/* Biases are there as attention reads them, so the plan's values have served. */
static void
drop_biases (GptVisCpuProgram *p)
{
  const GptVisPlan *plan = p->base.plan;
  for (guint i = 0; i < gptvis_plan_n_ops (plan); i++) {
    const GptVisOp *op = gptvis_plan_op (plan, i);
    if (op->kind == GPTVIS_OP_ATTENTION && op->in[3] != GPTVIS_NO_TENSOR && is_bias_alone (plan, op->in[3]))
      g_clear_pointer (&p->data[op->in[3]], gptvis_free);
  }
}

static gboolean
load_op (Load *l, guint i, GError **error)
{
  GptVisCpuProgram *p = l->p;
  const GptVisOp *op = gptvis_plan_op (p->base.plan, i);
  for (guint j = 0; j < op->n_in; j++) {
    gboolean ok = TRUE;
    if (op->kind == GPTVIS_OP_LINEAR && j == 1)
      ok = load_packed (l, op, error);
    else if (op->kind == GPTVIS_OP_EMBED && j == 0)
      ok = hold (l, op->in[j], &p->held[op->in[j]], error);    /* a token needs one row in fifty thousand */
    else if (op->kind == GPTVIS_OP_ATTENTION && j == 3)
      ok = op->in[3] == GPTVIS_NO_TENSOR || load_bias (l, op, error);
    else if (op->in[j] != GPTVIS_NO_TENSOR)
      ok = load_plain (l, op->in[j], error);
    if (!ok)
      return FALSE;
  }
  if (gptvis_plan_makes_constant (p->base.plan, i)) {
    if (!(p->data[op->out] = gptvis_alloc (bytes (gptvis_plan_tensor (p->base.plan, op->out)))))
      return FALSE;
    gptvis_constant_make (p->base.plan, op, op->n_in > 0 ? p->data[op->in[0]] : NULL, p->data[op->out]);
  }
  return TRUE;
}

static gsize
scratch_floats (const GptVisCpuProgram *p, const GptVisOp *op)
{
  if (op->kind == GPTVIS_OP_LINEAR)
    return gptvis_cpu_linear_scratch (p, op);
  if (op->kind == GPTVIS_OP_ATTENTION)
    return gptvis_cpu_attention_scratch (p, op);
  if (op->kind == GPTVIS_OP_RECALL)
    return gptvis_cpu_recall_scratch (p->base.plan, op, gptvis_pool_threads (p->pool));
  if (op->kind == GPTVIS_OP_NORM)
    return gptvis_cpu_norm_scratch (p->base.plan, op);
  if (op->kind == GPTVIS_OP_TOP)
    return gptvis_cpu_top_scratch (p->base.plan, op);
  if (op->kind == GPTVIS_OP_WAVES)
    return gptvis_cpu_waves_scratch (op);
  return 0;
}

static gboolean
lay_out (GptVisCpuProgram *p)
{
  const GptVisPlan *plan = p->base.plan;
  const guint max_batch = gptvis_plan_max_batch (plan);
  gsize scratch = 0;
  for (guint i = 0; i < gptvis_plan_n_ops (plan); i++)
    scratch = MAX (scratch, scratch_floats (p, gptvis_plan_op (plan, i)));
  p->scratch = gptvis_alloc (scratch * sizeof (float));
  p->arena = gptvis_alloc (gptvis_plan_arena (plan) * sizeof (float));
  if (!p->scratch || !p->arena)
    return FALSE;
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    if (t->kind == GPTVIS_TENSOR_TEMPORARY)
      p->data[i] = p->arena + t->offset * gptvis_plan_batch_of (plan, t);
  }
  p->input_id = gptvis_plan_input_id (plan);
  p->input = max_batch > 1 ? gptvis_alloc (bytes (gptvis_plan_tensor (plan, p->input_id)) * max_batch) : NULL;
  return max_batch == 1 || p->input;
}

static gboolean
make_ready (GptVisCpuProgram *p, const GptVisWeights *weights, GError **error)
{
  Load l = { .p = p, .weights = weights };
  gboolean ok = TRUE;
  for (guint i = 0; i < gptvis_plan_n_ops (p->base.plan) && ok; i++)
    ok = load_op (&l, i, error);
  gptvis_held_weight_clear (&l.weight);
  drop_biases (p);
  return ok && lay_out (p);
}

/* auto is the fastest precision that keeps a network's answers. Over 200 photos bf16 keeps every label of a
 * ViT-Tiny, int8 changes three to five (tests/pipelines/photos.c), and over 994 pictures 11 to 16. That is
 * too many for users who did not ask for it, though int8 is right as often as f32
 * (tests/benchmark/README.md). */
static GptVisPrecision
auto_precision (const GptVisTier *tier)
{
  const gboolean pays = gptvis_tier_bf16_pays (tier);
  const GptVisPrecision precision = pays ? GPTVIS_PRECISION_BF16 : GPTVIS_PRECISION_F32;
  g_info ("cpu: precision auto is %s, as %s; int8 is faster, and changes one label in sixty",
      gptvis_precision_name (precision),
      pays ? "this processor multiplies bf16, which changes no label"
      : tier->tile_bf16 ? "this processor multiplies bf16 more slowly than f32"
      : "this processor has no instructions for bf16");
  return precision;
}

/* What auto becomes, or FALSE where the tier does not compute it. */
static gboolean
choose_precision (const GptVisTier *tier, GptVisPrecision *precision, GError **error)
{
  if (*precision == GPTVIS_PRECISION_AUTO)
    *precision = auto_precision (tier);
  if (*precision == GPTVIS_PRECISION_F16 || (*precision == GPTVIS_PRECISION_BF16 && !tier->tile_bf16)) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
        "the cpu backend computes f32 and int8, and bf16 with AVX-512 BF16 (here is %s): "
        "precision must be one of those, not %s", tier->name, gptvis_precision_name (*precision));
    return FALSE;
  }
  return TRUE;
}

static GptVisProgram *
program_new (const GptVisPlan *plan, const GptVisWeights *weights, const GptVisProgramOptions *options,
    GError **error)
{
  if (options->device && strcmp (options->device, "auto") != 0) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
        "the cpu backend has one device: device must be auto, not \"%s\"", options->device);
    return NULL;
  }
  const GptVisTier *tier = gptvis_tier_choose (error);
  GptVisPrecision precision = options->precision;
  if (!tier || !choose_precision (tier, &precision, error))
    return NULL;
  GptVisCpuProgram *p = g_new0 (GptVisCpuProgram, 1);
  const guint n_tensors = gptvis_plan_n_tensors (plan);
  p->base.plan = plan;
  p->base.precision = precision;
  p->tier = tier;
  p->pool = gptvis_pool_new (options->threads);
  p->data = g_new0 (float *, n_tensors);
  p->packed = g_new0 (gpointer, n_tensors);
  p->packed_as = g_new0 (GptVisPrecision, n_tensors);
  p->held = g_new0 (GptVisHeldWeight, n_tensors);
  p->base.in_flight = 1;
  const guint threads = p->base.threads = gptvis_pool_threads (p->pool);
  p->base.description = g_strdup_printf ("cpu, %s, %s, %u thread%s", tier->name,
      gptvis_precision_name (precision), threads, threads == 1 ? "" : "s");
  /* a library's product is not made for a step's few rows */
  p->blas = tier->blas && precision == GPTVIS_PRECISION_F32 && gptvis_plan_max_sequences (plan) == 0
      && gptvis_blas_open (threads);
  GError *why = NULL;
  if (!make_ready (p, weights, &why)) {
    if (!why)
      why = g_error_new (GPTVIS_ERROR, GPTVIS_ERROR_LIMIT, "not enough memory for the network %s",
          gptvis_plan_name (plan));
    g_propagate_error (error, why);
    program_free (&p->base);
    return NULL;
  }
  return &p->base;
}

static gchar *
devices (GError **error)
{
  const GptVisTier *tier = gptvis_tier_choose (error);
  return tier ? g_strdup_printf ("0: processor (%s)", tier->name) : NULL;
}

static void
slot_free (GptVisProgram *program, GptVisSlot *slot)
{
  GptVisCpuSlot *own = (GptVisCpuSlot *) slot;
  gptvis_free (own->base.rows);
  gptvis_free (own->states);
  g_free (own);
}

static GptVisSlot *
slot_new (GptVisProgram *program)
{
  const GptVisCpuProgram *p = (GptVisCpuProgram *) program;
  const gsize states = gptvis_plan_slot_states (program->plan);
  GptVisCpuSlot *slot = g_new0 (GptVisCpuSlot, 1);
  slot->base.rows = gptvis_alloc (bytes (gptvis_plan_tensor (program->plan, p->input_id)));
  if (states > 0)
    slot->states = gptvis_alloc (states * sizeof (float));
  if (slot->base.rows && (states == 0 || slot->states))
    return &slot->base;
  slot_free (program, &slot->base);
  return NULL;
}

static gint64
now_ns (void)
{
  struct timespec t;
  clock_gettime (CLOCK_MONOTONIC, &t);
  return t.tv_sec * G_GINT64_CONSTANT (1000000000) + t.tv_nsec;
}

/* Is operation i a norm that the next one, a narrow linear and its only reader, computes row by row as it
 * rounds them? (It rounds all rows before it writes any, so that its result may lie where they were.) */
static gboolean
is_left_to_next (const GptVisCpuProgram *p, guint i, guint end)
{
  const GptVisPlan *plan = p->base.plan;
  const GptVisOp *norm = gptvis_plan_op (plan, i);
  if (norm->kind != GPTVIS_OP_NORM || i + 1 == end || norm->norm.act != GPTVIS_ACT_NONE
      || norm->in[3] != GPTVIS_NO_TENSOR)
    return FALSE;
  const GptVisOp *linear = gptvis_plan_op (plan, i + 1);
  if (linear->kind != GPTVIS_OP_LINEAR || linear->in[0] != norm->out
      || p->packed_as[linear->in[1]] == GPTVIS_PRECISION_F32)
    return FALSE;
  for (guint j = 1; j < linear->n_in; j++)
    if (linear->in[j] == norm->out)
      return FALSE;
  const GptVisTensor *y = gptvis_plan_tensor (plan, norm->out);
  return !y->output && y->last_op == (gint) i + 1;
}

/* Operations [first, end) on the batch at hand. */
static void
run_ops (GptVisCpuProgram *p, guint first, guint end)
{
  gint64 *op_ns = p->base.op_ns;
  if (p->base.end_op > 0)
    end = MIN (end, p->base.end_op);
  for (guint i = first; i < end; i++) {
    const GptVisOp *op = gptvis_plan_op (p->base.plan, i);
    if (!run_op[op->kind])
      continue;
    if (is_left_to_next (p, i, end)) {
      p->norm = op;
      continue;
    }
    const gint64 start = op_ns ? now_ns () : 0;
    run_op[op->kind] (p, op);
    p->norm = NULL;
    if (op_ns)
      op_ns[i] += now_ns () - start;
  }
}

static gboolean
submit (GptVisProgram *program, GptVisSlot *const *slots, guint n, GError **error)
{
  GptVisCpuProgram *p = (GptVisCpuProgram *) program;
  const gsize size = bytes (gptvis_plan_tensor (program->plan, p->input_id));
  p->n = n;
  p->slots = slots;
  p->data[p->input_id] = n == 1 ? slots[0]->rows : p->input;
  for (guint i = 0; n > 1 && i < n; i++)
    memcpy ((guint8 *) p->input + i * size, slots[i]->rows, size);
  run_ops (p, 0, gptvis_plan_step_op (program->plan));
  return TRUE;
}

static gboolean
step (GptVisProgram *program, const GptVisSequence *sequences, guint n, GError **error)
{
  GptVisCpuProgram *p = (GptVisCpuProgram *) program;
  p->n = n;
  p->sequences = sequences;
  run_ops (p, gptvis_plan_step_op (program->plan), gptvis_plan_n_ops (program->plan));
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
  const GptVisCpuProgram *p = (GptVisCpuProgram *) program;
  return p->data[id] + i * gptvis_cpu_stride (p, id);
}

const GptVisBackendTable gptvis_backend_cpu = {
  .name = "cpu",
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
