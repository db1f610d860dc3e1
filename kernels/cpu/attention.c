/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* attention: for each head softmax (scale · Q·Kᵀ) V.
 *
 * One unit of work is a picture's head for tile_columns queries. Their scores
 * stand as [keys, queries], so that each vector lane is one query and the
 * softmax needs no sum across lanes; what is left of that layout is just what
 * the product with V wants as its left side. Only one unit's scores exist.
 *
 * Where the program's products are narrow and the tier multiplies bf16, so do these
 * (attention-bf16.c). */
#include "attention.h"
#include <string.h>

/* Q transposed, the scores, their sums. */
static gsize
scratch_of_worker (const GptVisTier *tier, guint head_width, guint n_keys)
{
  return ((gsize) head_width + n_keys + tier->tile_rows + 1) * tier->tile_columns;
}

static gboolean
is_bf16 (const GptVisCpuProgram *p)
{
  return p->base.precision != GPTVIS_PRECISION_F32 && p->tier->tile_bf16;
}

static gsize
packed_size (const GptVisCpuProgram *p, guint pictures, const GptVisAttention *a, guint n_keys)
{
  return is_bf16 (p) ? pictures * a->heads * gptvis_cpu_attention_bf16_packed (p->tier, a->head_width, n_keys)
      : 0;
}

static gsize
worker_size (const GptVisCpuProgram *p, guint head_width, guint n_keys)
{
  return (is_bf16 (p) ? gptvis_cpu_attention_bf16_scratch : scratch_of_worker) (p->tier, head_width, n_keys);
}

gsize
gptvis_cpu_attention_scratch (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const guint windows = MAX (op->attention.windows, 1);
  const guint n_keys = gptvis_plan_tensor (p->base.plan, op->in[1])->rows / windows;
  return packed_size (p, gptvis_plan_max_batch (p->base.plan) * windows, &op->attention, n_keys)
      + gptvis_pool_threads (p->pool) * worker_size (p, op->attention.head_width, n_keys);
}

static void
attend (const GptVisCpuAttention *c, const GptVisCpuAttentionUnit *unit)
{
  const GptVisTier *tier = c->p->tier;
  const guint columns = tier->tile_columns, width = c->a->head_width, heads = c->a->heads;
  const guint head = unit->head, first = unit->first, n = unit->n;
  const gsize picture = unit->picture;
  const float *q = c->q + (picture * c->n_queries + first) * c->q_width + head * width;
  const float *k = c->k + picture * c->n_keys * c->k_width + head * width;
  const float *v = c->v + picture * c->n_keys * c->v_width + head * width;
  float *y = c->y + ((picture * c->n_queries + first) * heads + head) * width;
  float *transposed = unit->scratch, *sums = transposed + width * columns, *scores = sums + columns;

  if (n < unit->columns)
    memset (transposed, 0, (gsize) width * columns * sizeof *transposed);
  tier->transpose (q, c->q_width, n, width, transposed, columns);

  const guint key_blocks = gptvis_n_blocks (c->n_keys, tier->tile_rows);
  for (guint b = 0, key = 0, m; b < key_blocks; b++, key += m) {
    m = gptvis_block_start (c->n_keys, key_blocks, b + 1) - key;
    tier->tile_by_rows (m, unit->columns, width, k + (gsize) key * c->k_width, c->k_width, transposed,
        columns, NULL, scores + (gsize) key * columns, columns);
  }
  const float scale = gptvis_cpu_attention_add_bias (c, unit, scores);
  tier->softmax_columns (scores, c->n_keys, unit->columns, scale, sums);

  const guint row_blocks = gptvis_n_blocks (n, tier->tile_rows);
  for (guint b = 0, row = 0, end; b < row_blocks; b++, row = end) {
    end = gptvis_block_start (n, row_blocks, b + 1);
    for (guint d = 0; d < width; d += columns)
      tier->tile (end - row, MIN (columns, width - d), c->n_keys, scores + row, columns, v + d, c->v_width,
          NULL, y + (gsize) row * heads * width + d, heads * width);
    tier->divide_rows (y + (gsize) row * heads * width, end - row, width, heads * width, sums + row);
  }
}

static void
work (void *context, gsize i)
{
  const GptVisCpuAttention *c = context;
  const guint columns = c->p->tier->tile_columns;
  GptVisCpuAttentionUnit unit = {
    .head = i % c->a->heads,
    .first = i / c->a->heads % c->n_query_blocks * columns,
    .picture = i / c->a->heads / c->n_query_blocks,
    .scratch = c->scratch + gptvis_pool_thread () * c->scratch_size,
  };
  unit.n = MIN (columns, c->n_queries - unit.first);
  unit.columns = unit.n > columns / 2 ? columns : columns / 2;
  (c->packed ? gptvis_cpu_attention_bf16_attend : attend) (c, &unit);
}

void
gptvis_cpu_attention (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const GptVisAttention *a = &op->attention;
  const GptVisTensor *tq = gptvis_plan_tensor (p->base.plan, op->in[0]);
  const GptVisTensor *tk = gptvis_plan_tensor (p->base.plan, op->in[1]);
  const GptVisTensor *tv = gptvis_plan_tensor (p->base.plan, op->in[2]);
  const guint windows = MAX (a->windows, 1), n_queries = tq->rows / windows, n_keys = tk->rows / windows;
  const guint pictures = p->n * windows;        /* a window is like a picture of its own */
  GptVisCpuAttention c = {
    .p = p, .a = a,
    .n_queries = n_queries, .n_keys = n_keys,
    .q_width = tq->width, .k_width = tk->width, .v_width = tv->width,
    .q = gptvis_cpu_data (p, op->in[0]) + a->q_column,
    .k = gptvis_cpu_data (p, op->in[1]) + a->k_column,
    .v = gptvis_cpu_data (p, op->in[2]) + a->v_column,
    .bias = op->in[3] == GPTVIS_NO_TENSOR ? NULL : p->packed[op->in[3]],
    .y = gptvis_cpu_data (p, op->out),
    .n_query_blocks = gptvis_n_blocks (n_queries, p->tier->tile_columns),
    .n_key_blocks = gptvis_cpu_attention_bf16_key_blocks (n_keys, gptvis_pool_threads (p->pool)),
    .packed = is_bf16 (p) ? p->scratch : NULL,
    .scratch = p->scratch + packed_size (p, pictures, a, n_keys),
    .scratch_size = worker_size (p, a->head_width, n_keys),
  };
  if (c.packed)
    gptvis_pool_run (p->pool, gptvis_cpu_attention_bf16_pack, &c, pictures * c.n_key_blocks);
  gptvis_pool_run (p->pool, work, &c, (gsize) pictures * a->heads * c.n_query_blocks);
}
