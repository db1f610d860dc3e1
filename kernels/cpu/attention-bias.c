/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* attention's bias. Once, when it is loaded, it is put as scores stand: for each kind of window, head and
 * block of queries [keys, tile_columns]. So adding it is one pass over memory that follows itself. */
#include "attention.h"
#include "../memory.h"

/* [n_queries, n_keys] of one kind and head, to its blocks. */
static void
pack_head (const float *from, guint n_queries, guint n_keys, guint columns, float *to)
{
  for (guint first = 0; first < n_queries; first += columns)
    for (guint k = 0; k < n_keys; k++)
      for (guint i = 0; i < columns; i++)
        *to++ = first + i < n_queries ? from[(gsize) (first + i) * n_keys + k] : 0;
}

gpointer
gptvis_cpu_attention_pack_bias (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const GptVisTensor *t = gptvis_plan_tensor (p->base.plan, op->in[3]);
  const guint n_queries = gptvis_plan_tensor (p->base.plan, op->in[0])->rows / MAX (op->attention.windows, 1);
  const guint n = t->rows / n_queries, columns = p->tier->tile_columns;
  const gsize size = (gsize) gptvis_n_blocks (n_queries, columns) * columns * t->width;
  float *packed = gptvis_alloc (n * size * sizeof *packed);
  for (guint i = 0; packed && i < n; i++)
    pack_head (gptvis_cpu_data (p, op->in[3]) + (gsize) i * n_queries * t->width, n_queries, t->width,
        columns, packed + i * size);
  return packed;
}

void
gptvis_cpu_attention_add_bias (const GptVisCpuAttention *c, const GptVisCpuKeys *keys,
    const GptVisCpuQueries *q, float *scores)
{
  const guint columns = c->tier->tile_columns;
  const guint kind = gptvis_attention_kind (c->a, q->picture % MAX (c->a->windows, 1));
  const gsize of_all = (kind * (gsize) c->a->heads + q->head) * c->n_query_blocks + q->first / columns;
  const float *bias = c->bias + (of_all * c->n_keys + keys->first) * columns;
  for (guint k = 0; k < keys->n; k++)
    c->tier->finish (scores + (gsize) k * columns, q->columns, NULL, c->a->scale, NULL,
        bias + (gsize) k * columns);
}
