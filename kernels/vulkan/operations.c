/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which shader an operation of the plan takes: with which specialization constants,
 * bindings and push constants, and how many workgroups. The shaders' side of it is in
 * shaders/shared.h. */
#include "operations.h"

static GptVisVulkanRange
args (const GptVisVulkanRecorder *r)
{
  return (GptVisVulkanRange) { &r->p->args, r->flight * r->p->args_size, r->p->args_size };
}

/* ---- row by row ---- */

/* Of a workgroup that goes through a row of that width: more for a vocabulary; a power of two. */
static guint
row_threads (const GptVisVulkanRecorder *r, guint width)
{
  const VkPhysicalDeviceLimits *limits = &r->p->device->limits;
  const guint most = MIN (limits->maxComputeWorkGroupInvocations, limits->maxComputeWorkGroupSize[0]);
  guint threads = THREADS;
  while (threads * 2 <= MIN (most, 512) && threads * 16 < width)
    threads *= 2;
  return threads;
}

static void
norm (GptVisVulkanRecorder *r)
{
  const GptVisOp *op = r->op;
  const GptVisTensor *x = tensor (r, op->in[0]);
  const GptVisVulkanVariant variant = {
    has (r, GPTVIS_VULKAN_SUBGROUP) ? GPTVIS_SHADER_NORM_SUBGROUP : GPTVIS_SHADER_NORM, {
      [SPEC_THREADS] = row_threads (r, x->width),
      [SPEC_PARTS] = (op->in[1] != GPTVIS_NO_TENSOR ? NORM_HAS_WEIGHT : 0)
          | (op->in[2] != GPTVIS_NO_TENSOR ? NORM_HAS_BIAS : 0)
          | (op->in[3] != GPTVIS_NO_TENSOR ? NORM_HAS_MEAN : 0)
          | (r->p->device->faults.wrong ? NORM_IS_WRONG : 0),
      [SPEC_A] = op->norm.act,
    } };
  const GptVisVulkanRange bindings[] = {
    range (r, op->in[0], 0), range (r, op->in[1], op->in[0]), range (r, op->in[2], op->in[0]),
    range (r, op->out, 0), range (r, op->in[3], op->in[0]), range (r, op->in[4], op->in[0]),
  };
  const struct NormPush push = { x->rows, x->width, op->norm.epsilon };
  gptvis_vulkan_dispatch (r, &variant, bindings, &push, x->rows, r->n, 1);
}

static void
score (GptVisVulkanRecorder *r)
{
  const GptVisTensor *x = tensor (r, r->op->in[0]);
  const GptVisVulkanVariant variant = {
    has (r, GPTVIS_VULKAN_SUBGROUP) ? GPTVIS_SHADER_SCORE_SUBGROUP : GPTVIS_SHADER_SCORE, {
      [SPEC_THREADS] = row_threads (r, x->width),
      [SPEC_PARTS] = r->op->score.score,
    } };
  const GptVisVulkanRange bindings[] = { range (r, r->op->in[0], 0), range (r, r->op->out, 0) };
  const struct ScorePush push = { x->rows, x->width };
  gptvis_vulkan_dispatch (r, &variant, bindings, &push, x->rows, r->n, 1);
}

G_STATIC_ASSERT (GPTVIS_SCORE_SOFTMAX == SCORE_SOFTMAX && GPTVIS_SCORE_SIGMOID == SCORE_SIGMOID
                 && GPTVIS_SCORE_LOG_SOFTMAX == SCORE_LOG_SOFTMAX && GPTVIS_SCORE_LARGEST == SCORE_LARGEST
                 && GPTVIS_N_SCORES == 4);

static void
rows (GptVisVulkanRecorder *r)
{
  const GptVisTensor *y = tensor (r, r->op->out);
  const guint width = y->width;
  guint done = 0;
  for (guint i = 0; i < r->op->rows.n_parts; i++) {
    const GptVisRowsPart *part = &r->op->rows.parts[i];
    const gboolean add = part->add != GPTVIS_NO_TENSOR;
    const GptVisVulkanVariant variant = { GPTVIS_SHADER_ROWS, {
        [SPEC_THREADS] = THREADS,
        [SPEC_PARTS] = add ? ROWS_HAS_ADD : 0,
      } };
    const GptVisVulkanRange bindings[] = {
      range (r, part->from, 0), range (r, part->add, part->from), range (r, r->op->out, 0),
    };
    const struct RowsPush push = { part->rows * width, width, part->first * width,
        stride (tensor (r, part->from)),
      part->add_first * width, add ? stride (tensor (r, part->add)) : 0, part->add_to_each, done * width,
      stride (y) };
    gptvis_vulkan_dispatch (r, &variant, bindings, &push, blocks ((guint64) part->rows * width, THREADS),
        r->n, 1);
    done += part->rows;
  }
}

static void
rope (GptVisVulkanRecorder *r)
{
  const GptVisRope *rope = &r->op->rope;
  const GptVisTensor *x = tensor (r, r->op->in[0]), *y = tensor (r, r->op->out);
  const GptVisVulkanVariant variant = { GPTVIS_SHADER_ROPE, { [SPEC_THREADS] = THREADS } };
  const GptVisVulkanRange bindings[] = {
    range (r, r->op->in[0], 0), range (r, r->op->in[1], 0), range (r, r->op->out, 0),
  };
  const struct RopePush push = { x->rows, x->width, rope->column, rope->heads, rope->head_width };
  gptvis_vulkan_dispatch (r, &variant, bindings, &push, blocks ((guint64) y->rows * y->width, THREADS), r->n,
      1);
}

static void
pool (GptVisVulkanRecorder *r)
{
  const GptVisTensor *x = tensor (r, r->op->in[0]), *y = tensor (r, r->op->out);
  for (guint i = 0; i < r->op->pool.n_parts; i++) {
    const GptVisPoolPart *part = &r->op->pool.parts[i];
    const GptVisVulkanVariant variant = { GPTVIS_SHADER_POOL, { [SPEC_THREADS] = THREADS } };
    const GptVisVulkanRange bindings[] = { range (r, r->op->in[0], 0), range (r, r->op->out, 0) };
    const struct PoolPush push = { x->width, part->first, part->rows, stride (x), i * x->width, stride (y) };
    gptvis_vulkan_dispatch (r, &variant, bindings, &push, blocks (x->width, THREADS), r->n, 1);
  }
}

/* ---- of the step ---- */

static void
embed (GptVisVulkanRecorder *r)
{
  const GptVisOp *op = r->op;
  const GptVisVulkanTensor *table = &r->p->tensors[op->in[0]];
  const guint width = tensor (r, op->out)->width;
  static const GptVisShader shaders[] = {
    [GPTVIS_PRECISION_F32] = GPTVIS_SHADER_EMBED,
    [GPTVIS_PRECISION_F16] = GPTVIS_SHADER_EMBED_F16,
    [GPTVIS_PRECISION_INT8] = GPTVIS_SHADER_EMBED_INT8,
  };
  const GptVisVulkanVariant variant = { shaders[table->precision], { [SPEC_THREADS] = THREADS } };
  for (guint i = 0; i < table->n_pieces; i++) {
    const GptVisVulkanPiece *piece = &table->pieces[i];
    const GptVisVulkanRange bindings[] = { piece->range, range (r, op->in[1], 0), args (r),
        range (r, op->out, 0) };
    const struct EmbedPush push = { width, op->embed.first_position, piece->first,
        piece->first + piece->rows };
    gptvis_vulkan_dispatch (r, &variant, bindings, &push, blocks (width, THREADS), r->n, 1);
  }
}

static struct StatePush
push_state (const GptVisVulkanRecorder *r, const GptVisTensor *t)
{
  const guint copies = t->step ? gptvis_plan_beams (r->p->base.plan) : 1;
  return (struct StatePush) { t->rows, gptvis_tensor_span (t), copies, t->step };
}

static void
keep (GptVisVulkanRecorder *r)
{
  const GptVisTensor *x = tensor (r, r->op->in[0]), *state = tensor (r, r->op->out);
  const GptVisVulkanVariant variant = { GPTVIS_SHADER_KEEP, { [SPEC_THREADS] = THREADS } };
  const GptVisVulkanRange bindings[] = { range (r, r->op->in[0], 0), args (r), range (r, r->op->out, 0) };
  const struct KeepPush push = { x->rows, state->width, x->width, r->op->keep.column, push_state (r, state) };
  gptvis_vulkan_dispatch (r, &variant, bindings, &push, blocks ((guint64) x->rows * state->width, THREADS),
      r->n, 1);
}

static void
recall (GptVisVulkanRecorder *r)
{
  const GptVisOp *op = r->op;
  const GptVisAttention *a = &op->attention;
  const guint n_states = op->n_in - 1;
  const GptVisVulkanVariant variant = { GPTVIS_SHADER_RECALL, {
      [SPEC_THREADS] = THREADS,
      [SPEC_VECTORS] = a->head_width % 4 == 0,
      [SPEC_A] = a->head_width, n_states,
    } };
  const GptVisVulkanRange bindings[] = {
    range (r, op->in[0], 0), range (r, op->in[1], 0), range (r, op->in[n_states], 0), args (r),
    range (r, op->out, 0),
  };
  const struct RecallPush push = { a->heads, tensor (r, op->in[0])->width, a->q_column, r->p->first_history,
    r->p->history_stride, a->scale,
    {push_state (r, tensor (r, op->in[1])), push_state (r, tensor (r, op->in[n_states]))} };
  gptvis_vulkan_dispatch (r, &variant, bindings, &push, a->heads, r->n, 1);
}
G_STATIC_ASSERT (GPTVIS_RECALL_STATES == 2);

/* ---- all of them ---- */

static void (*const record_op[]) (GptVisVulkanRecorder *) = {
  [GPTVIS_OP_PATCHES] = NULL,   /* when staged */
  [GPTVIS_OP_LINEAR] = gptvis_vulkan_linear,
  [GPTVIS_OP_NORM] = norm,
  [GPTVIS_OP_ATTENTION] = gptvis_vulkan_attention,
  [GPTVIS_OP_EMBED] = embed,
  [GPTVIS_OP_KEEP] = keep,
  [GPTVIS_OP_RECALL] = recall,
  [GPTVIS_OP_ROWS] = rows,
  [GPTVIS_OP_RESAMPLE] = NULL,  /* when loaded */
  [GPTVIS_OP_RELATIVE] = NULL,
  [GPTVIS_OP_ANGLES] = NULL,
  [GPTVIS_OP_ROPE] = rope,
  [GPTVIS_OP_POOL] = pool,
  [GPTVIS_OP_SCORE] = score,
  [GPTVIS_OP_COLUMNS] = gptvis_vulkan_columns,
  [GPTVIS_OP_WINDOWS] = gptvis_vulkan_windows,
  [GPTVIS_OP_UNFOLD] = gptvis_vulkan_unfold,
  [GPTVIS_OP_TOP] = gptvis_vulkan_top,
  [GPTVIS_OP_GATHER] = gptvis_vulkan_gather,
  [GPTVIS_OP_BOXES] = gptvis_vulkan_boxes,
  [GPTVIS_OP_WAVES] = gptvis_vulkan_waves,
  [GPTVIS_OP_SAMPLE] = gptvis_vulkan_sample,
};
G_STATIC_ASSERT (G_N_ELEMENTS (record_op) == GPTVIS_N_OPS);

void
gptvis_vulkan_operation (GptVisVulkanRecorder *r)
{
  record_op[r->op->kind] (r);
}

guint
gptvis_vulkan_operation_dispatches (const GptVisVulkanProgram *p, const GptVisOp *op)
{
  switch (op->kind) {
    case GPTVIS_OP_LINEAR:
      return p->tensors[op->in[1]].n_pieces;
    case GPTVIS_OP_EMBED:
      return p->tensors[op->in[0]].n_pieces;
    case GPTVIS_OP_ROWS:
      return op->rows.n_parts;
    case GPTVIS_OP_POOL:
      return op->pool.n_parts;
    case GPTVIS_OP_COLUMNS:
      return op->columns.n_parts;
    default:
      return record_op[op->kind] ? 1 : 0;
  }
}
