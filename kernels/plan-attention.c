/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The recorder of attention among the rows of a picture, and of what prepares them for it. */
#include "plan-private.h"

/* Its memory is laid out for the heads of whoever reads it. */
static gboolean
check_bias (GptVisPlan *plan, GptVisTensorId id, const GptVisAttention *a, guint rows, guint keys)
{
  const guint windows = MAX (a->windows, 1), kinds = a->across ? GPTVIS_ATTENTION_KINDS : 1;
  if (id == GPTVIS_NO_TENSOR)
    return TRUE;
  if ((guint64) kinds * a->heads * (rows / windows) > MAX_ELEMENTS || (a->across && windows % a->across)) {
    fail (plan, "attention", "%u windows in %u columns cannot have a bias of %u heads", windows, a->across,
        a->heads);
    return FALSE;
  }
  for (guint i = 0; i < plan->ops->len; i++) {
    const GptVisOp *op = gptvis_plan_op (plan, i);
    if (op->kind == GPTVIS_OP_ATTENTION && op->in[3] == id && op->attention.heads != a->heads) {
      fail (plan, "attention", "the bias was one of %u heads, now it is of %u", op->attention.heads,
          a->heads);
      return FALSE;
    }
  }
  return check_optional (
      plan, "attention", "the bias", id, FALSE, kinds * a->heads * (rows / windows), keys / windows);
}

GptVisTensorId
gptvis_plan_attention (GptVisPlan *plan, GptVisTensorId q, GptVisTensorId k, GptVisTensorId v,
    const GptVisAttention *attention)
{
  return gptvis_plan_attention_with (plan, q, k, v, GPTVIS_NO_TENSOR, attention);
}

GptVisTensorId
gptvis_plan_attention_with (GptVisPlan *plan, GptVisTensorId q, GptVisTensorId k, GptVisTensorId v,
    GptVisTensorId bias, const GptVisAttention *attention)
{
  if (!recording (plan, "attention"))
    return GPTVIS_NO_TENSOR;
  const GptVisTensor *tq = take_activation (plan, "attention", "q", q);
  const GptVisTensor *tk = tq ? take_activation (plan, "attention", "k", k) : NULL;
  const GptVisTensor *tv = tk ? take_activation (plan, "attention", "v", v) : NULL;
  if (!tv)
    return GPTVIS_NO_TENSOR;
  if (attention->heads == 0 || attention->head_width == 0
      || (guint64) attention->heads * attention->head_width > MAX_ELEMENTS)
    return fail (plan, "attention", "%u heads of %u values are not possible", attention->heads,
        attention->head_width);
  const guint width = attention->heads * attention->head_width, rows = tq->rows;
  if ((guint64) attention->q_column + width > tq->width || (guint64) attention->k_column + width > tk->width
      || (guint64) attention->v_column + width > tv->width)
    return fail (plan, "attention", "%u heads of %u values lie beyond the columns of q, k or v",
        attention->heads, attention->head_width);
  if (tk->rows != tv->rows)
    return fail (plan, "attention", "k has %u rows and v has %u", tk->rows, tv->rows);
  if (attention->windows > 1 && (rows % attention->windows || tk->rows % attention->windows))
    return fail (plan, "attention", "%u queries and %u keys cannot be in %u windows", rows, tk->rows,
        attention->windows);
  if (!check_bias (plan, bias, attention, rows, tk->rows))
    return GPTVIS_NO_TENSOR;
  GptVisOp op = { .kind = GPTVIS_OP_ATTENTION, .n_in = 4, .in = {q, k, v, bias}, .attention = *attention };
  return add_op (plan, &op, GPTVIS_TENSOR_TEMPORARY, rows, width);
}

GptVisTensorId
gptvis_plan_rope (GptVisPlan *plan, GptVisTensorId x, GptVisTensorId angles, const GptVisRope *rope)
{
  if (!recording (plan, "rope"))
    return GPTVIS_NO_TENSOR;
  const GptVisTensor *tx = take_activation (plan, "rope", "x", x);
  if (!tx)
    return GPTVIS_NO_TENSOR;
  const guint64 width = (guint64) rope->heads * rope->head_width;
  if (width == 0 || rope->head_width % 2 || rope->column + width > tx->width)
    return fail (plan, "rope", "%u heads of %u values from column %u on are not in x [%u, %u], or have no "
        "pairs", rope->heads, rope->head_width, rope->column, tx->rows, tx->width);
  if (angles == GPTVIS_NO_TENSOR)
    return fail (plan, "rope", "there are no angles");
  const guint rows = tx->rows;
  if (!check_optional (plan, "rope", "the tensor of angles", angles, FALSE, rows, rope->head_width))
    return GPTVIS_NO_TENSOR;
  GptVisOp op = { .kind = GPTVIS_OP_ROPE, .n_in = 2, .in = {x, angles}, .rope = *rope };
  return add_op (plan, &op, GPTVIS_TENSOR_TEMPORARY, rows, width);
}
