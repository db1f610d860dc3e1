/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where temporaries lie. A temporary lives from the operation that writes it to
 * the last that reads it; two that never live together may share memory. The
 * largest are placed first, each at the lowest offset where it fits: not
 * optimal in theory, but on transformers nothing smaller has been found. Those of the
 * step never live together with those before it, so both begin at 0, each scaled by
 * its own largest batch. */
#include "plan-private.h"

/* floats: 256 bytes, where any GPU can bind a tensor; and the widest vector */
#define ALIGN 64

gsize
gptvis_tensor_span (const GptVisTensor *t)
{
  return ((gsize) t->rows * t->width + ALIGN - 1) / ALIGN * ALIGN;
}

static void
find_lifetimes (GptVisPlan *plan)
{
  for (guint i = 0; i < plan->ops->len; i++) {
    const GptVisOp *op = gptvis_plan_op (plan, i);
    g_array_index (plan->tensors, GptVisTensor, op->out).first_op = i;
    g_array_index (plan->tensors, GptVisTensor, op->out).last_op = i;
    for (guint j = 0; j < op->n_in; j++)
      if (op->in[j] != GPTVIS_NO_TENSOR)
        g_array_index (plan->tensors, GptVisTensor, op->in[j]).last_op = i;
  }
  for (guint i = 0; i < plan->tensors->len; i++) {
    GptVisTensor *t = &g_array_index (plan->tensors, GptVisTensor, i);
    if (t->output)
      t->last_op = plan->ops->len;
  }
}

static gint
larger_first (gconstpointer a, gconstpointer b)
{
  const GptVisTensor *const *x = a, *const *y = b;
  gsize sx = gptvis_tensor_span (*x), sy = gptvis_tensor_span (*y);
  if (sx != sy)
    return sx < sy ? 1 : -1;
  return (*x)->first_op - (*y)->first_op;
}

static gboolean
live_together (const GptVisTensor *a, const GptVisTensor *b)
{
  return a->first_op <= b->last_op && b->first_op <= a->last_op;
}

/* The lowest offset at which t meets none of the placed ones it lives with. */
static gsize
lowest_offset (const GptVisTensor *t, GPtrArray *placed, guint n)
{
  gsize offset = 0;
  for (gboolean moved = TRUE; moved;) {
    moved = FALSE;
    for (guint i = 0; i < n; i++) {
      const GptVisTensor *p = g_ptr_array_index (placed, i);
      if (live_together (t, p) && offset < p->offset + gptvis_tensor_span (p)
          && p->offset < offset + gptvis_tensor_span (t)) {
        offset = p->offset + gptvis_tensor_span (p);
        moved = TRUE;
      }
    }
  }
  return offset;
}

/* States one behind the other; those of the step once for each beam. */
static void
lay_out_states (GptVisPlan *plan)
{
  for (guint i = 0; i < plan->tensors->len; i++) {
    GptVisTensor *t = &g_array_index (plan->tensors, GptVisTensor, i);
    if (t->kind != GPTVIS_TENSOR_STATE)
      continue;
    t->offset = plan->slot_states;
    plan->slot_states += gptvis_tensor_span (t) * (t->step ? plan->beams : 1);
  }
}

void
gptvis_plan_lay_out (GptVisPlan *plan)
{
  find_lifetimes (plan);
  GPtrArray *temporaries = g_ptr_array_new ();
  for (guint i = 0; i < plan->tensors->len; i++) {
    GptVisTensor *t = &g_array_index (plan->tensors, GptVisTensor, i);
    if (t->kind == GPTVIS_TENSOR_TEMPORARY)
      g_ptr_array_add (temporaries, t);
  }
  g_ptr_array_sort (temporaries, larger_first);
  for (guint i = 0; i < temporaries->len; i++) {
    GptVisTensor *t = g_ptr_array_index (temporaries, i);
    t->offset = lowest_offset (t, temporaries, i);
    plan->arena = MAX (plan->arena, (t->offset + gptvis_tensor_span (t)) * gptvis_plan_batch_of (plan, t));
  }
  g_ptr_array_unref (temporaries);
  lay_out_states (plan);
}
