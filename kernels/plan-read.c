/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a plan: what it holds, and what things are called. */
#include "plan-private.h"
#include <string.h>

static const gchar *const op_names[] = {
#define OP(NAME, name, text) #name,
#include "ops.inc"
#undef OP
};
static const gchar *const act_names[] = { "none", "gelu", "gelu-tanh", "quick-gelu", "relu", "silu",
  "tanh" };
G_STATIC_ASSERT (G_N_ELEMENTS (op_names) == GPTVIS_N_OPS);
G_STATIC_ASSERT (G_N_ELEMENTS (act_names) == GPTVIS_N_ACTS);

const gchar *
gptvis_op_name (GptVisOpKind kind)
{
  return op_names[kind];
}

const gchar *
gptvis_act_name (GptVisAct act)
{
  return act_names[act];
}

gsize
gptvis_dtype_size (GptVisDtype dtype)
{
  return dtype == GPTVIS_F32 ? 4 : 2;
}

const gchar *
gptvis_dtype_name (GptVisDtype dtype)
{
  static const gchar *const names[] = { "f32", "f16", "bf16" };
  return names[dtype];
}

const gchar *
gptvis_plan_name (const GptVisPlan *plan)
{
  return plan->name;
}

guint
gptvis_plan_max_batch (const GptVisPlan *plan)
{
  return plan->max_batch;
}

guint
gptvis_plan_n_ops (const GptVisPlan *plan)
{
  return plan->ops->len;
}

guint
gptvis_plan_step_op (const GptVisPlan *plan)
{
  return plan->stepping ? plan->step_op : plan->ops->len;
}

guint
gptvis_plan_max_sequences (const GptVisPlan *plan)
{
  return plan->max_sequences;
}

guint
gptvis_plan_beams (const GptVisPlan *plan)
{
  return plan->beams;
}

guint
gptvis_plan_max_positions (const GptVisPlan *plan)
{
  guint n = G_MAXUINT;
  for (guint i = 0; i < plan->tensors->len; i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    if (t->kind == GPTVIS_TENSOR_STATE && t->step)
      n = MIN (n, t->rows);
  }
  for (guint i = gptvis_plan_step_op (plan); i < plan->ops->len; i++) {
    const GptVisOp *op = gptvis_plan_op (plan, i);
    if (op->kind == GPTVIS_OP_EMBED)
      n = MIN (n, gptvis_plan_tensor (plan, op->in[1])->rows - op->embed.first_position);
  }
  return n;
}

guint
gptvis_plan_batch_of (const GptVisPlan *plan, const GptVisTensor *tensor)
{
  return tensor->step ? plan->max_sequences : plan->max_batch;
}

gsize
gptvis_plan_slot_states (const GptVisPlan *plan)
{
  return plan->slot_states;
}

const GptVisOp *
gptvis_plan_op (const GptVisPlan *plan, guint i)
{
  return &g_array_index (plan->ops, GptVisOp, i);
}

gboolean
gptvis_plan_makes_constant (const GptVisPlan *plan, guint i)
{
  return gptvis_plan_tensor (plan, gptvis_plan_op (plan, i)->out)->kind == GPTVIS_TENSOR_CONSTANT;
}

guint
gptvis_plan_n_names (const GptVisPlan *plan)
{
  return g_hash_table_size (plan->names);
}

guint
gptvis_plan_n_tensors (const GptVisPlan *plan)
{
  return plan->tensors->len;
}

const GptVisTensor *
gptvis_plan_tensor (const GptVisPlan *plan, GptVisTensorId id)
{
  return &g_array_index (plan->tensors, GptVisTensor, id);
}

gsize
gptvis_plan_arena (const GptVisPlan *plan)
{
  return plan->arena;
}

GptVisTensorId
gptvis_plan_input_id (const GptVisPlan *plan)
{
  guint i = 0;
  while (gptvis_plan_tensor (plan, i)->kind != GPTVIS_TENSOR_INPUT)
    i++;
  return i;
}

GptVisTensorId
gptvis_plan_find (const GptVisPlan *plan, const gchar *name)
{
  for (guint i = 0; i < plan->tensors->len; i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    if ((t->output || t->kind == GPTVIS_TENSOR_INPUT) && strcmp (t->name, name) == 0)
      return i;
  }
  return GPTVIS_NO_TENSOR;
}

gdouble
gptvis_plan_op_flops (const GptVisPlan *plan, guint i)
{
  const GptVisOp *op = gptvis_plan_op (plan, i);
  if (op->kind == GPTVIS_OP_LINEAR) {
    const GptVisTensor *w = gptvis_plan_tensor (plan, op->in[1]);
    return 2.0 * gptvis_plan_tensor (plan, op->in[0])->rows * w->rows * w->width;
  }
  if (op->kind == GPTVIS_OP_ATTENTION)
    return 4.0 * gptvis_plan_tensor (plan, op->in[0])->rows * gptvis_plan_tensor (plan, op->in[1])->rows
        / MAX (op->attention.windows, 1) * op->attention.heads * op->attention.head_width;
  if (op->kind == GPTVIS_OP_RECALL) {
    gdouble rows = 0;
    for (guint j = 1; j < op->n_in; j++)
      rows += gptvis_plan_tensor (plan, op->in[j])->rows;
    return 4.0 * rows * op->attention.heads * op->attention.head_width;
  }
  return 0;
}
