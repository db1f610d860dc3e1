/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linear: y = alpha · (act (x·Wᵀ + b) ⊙ gate) × scale + residual.
 *
 * W [M, K] is packed once, at load, into panels of tile_columns outputs: panel
 * p holds, for k = 0 … K − 1, the weights of outputs p · tile_columns … side by
 * side (zeros past M). x is packed for each run into blocks of up to tile_rows rows,
 * k-major as well, so that a tile reads two streams from start to end. What
 * follows the product is done on a tile while it is in the nearest cache. */
#include "blas.h"
#include "program.h"
#include "../memory.h"
#include "../weights.h"
#include <string.h>

/* A group of packed rows that stays in a core's second cache while panels go by. */
#define GROUP_BYTES (512u << 10)

typedef struct {
  const GptVisTier *tier;
  GptVisAct act;
  float alpha;
  guint rows, k, m;             /* rows of the whole batch */
  const float *x, *w, *bias, *gate, *scale, *residual;
  float *y, *packed_x;
  guint n_blocks, n_groups, n_panels;
} Linear;

typedef struct {
  const GptVisTier *tier;
  const GptVisWeights *weights;
  const GptVisTensor *w;
  float *packed;
} Packing;

static void
pack_panel (void *context, gsize panel)
{
  const Packing *c = context;
  const guint columns = c->tier->tile_columns, k = c->w->width, first = panel * columns;
  const guint n = MIN (columns, c->w->rows - first);
  float *rows = g_new (float, (gsize) n * k), *to = c->packed + panel * columns * k;
  gptvis_weights_read (c->weights, c->w, first, n, rows);
  for (guint j = 0; j < n; j++)
    for (guint i = 0; i < k; i++)
      to[(gsize) i * columns + j] = rows[(gsize) j * k + i];
  g_free (rows);
}

float *
gptvis_cpu_linear_pack (const GptVisCpuProgram *p, const GptVisWeights *weights, const GptVisTensor *w)
{
  const guint columns = p->blas ? 1 : p->tier->tile_columns, n_panels = gptvis_n_blocks (w->rows, columns);
  float *packed = gptvis_alloc ((gsize) n_panels * columns * w->width * sizeof (float));
  if (!packed)
    return NULL;
  if (p->blas) {
    gptvis_weights_read (weights, w, 0, w->rows, packed);
  } else {
    Packing c = { p->tier, weights, w, packed };
    gptvis_pool_run (p->pool, pack_panel, &c, n_panels);
  }
  return packed;
}

gsize
gptvis_cpu_linear_scratch (const GptVisPlan *plan, const GptVisOp *op)
{
  const GptVisTensor *x = gptvis_plan_tensor (plan, op->in[0]);
  return (gsize) gptvis_plan_batch_of (plan, x) * x->rows * x->width;
}

/* Everything after the product and the bias, on n columns of one row. */
static inline void
finish_row (const Linear *l, guint row, guint column, guint n)
{
  const gsize at = (gsize) row * l->m + column;
  float *y = l->y + at;
  if (l->act != GPTVIS_ACT_NONE)
    l->tier->activate[l->act] (y, n);
  if (l->gate || l->scale || l->residual || l->alpha != 1.0f)
    l->tier->finish (y, n, l->gate ? l->gate + at : NULL, l->alpha, l->scale ? l->scale + column : NULL,
        l->residual ? l->residual + at : NULL);
}

static void
pack_block (void *context, gsize block)
{
  const Linear *l = context;
  const guint first = gptvis_block_start (l->rows, l->n_blocks, block);
  const guint m = gptvis_block_start (l->rows, l->n_blocks, block + 1) - first, k = l->k;
  const float *x = l->x + (gsize) first * k;
  float *to = l->packed_x + (gsize) first * k;
  guint i = 0;
  for (; i + 16 <= k; i += 16)  /* a cache line of each row at a time */
    for (guint r = 0; r < m; r++)
      for (guint j = 0; j < 16; j++)
        to[(gsize) (i + j) * m + r] = x[(gsize) r * k + i + j];
  for (; i < k; i++)
    for (guint r = 0; r < m; r++)
      to[(gsize) i * m + r] = x[(gsize) r * k + i];
}

/* One panel by one group of row blocks. */
static void
multiply (void *context, gsize task)
{
  const Linear *l = context;
  const GptVisTier *t = l->tier;
  const guint panel = task % l->n_panels, group = task / l->n_panels;
  const guint column = panel * t->tile_columns, n = MIN (t->tile_columns, l->m - column);
  const float *w = l->w + (gsize) panel * t->tile_columns * l->k, *bias = l->bias ? l->bias + column : NULL;
  const guint end = gptvis_block_start (l->n_blocks, l->n_groups, group + 1);

  for (guint block = gptvis_block_start (l->n_blocks, l->n_groups, group); block < end; block++) {
    const guint first = gptvis_block_start (l->rows, l->n_blocks, block);
    const guint m = gptvis_block_start (l->rows, l->n_blocks, block + 1) - first;
    float *y = l->y + (gsize) first * l->m + column;
    if (l->packed_x)
      t->tile (m, n, l->k, l->packed_x + (gsize) first * l->k, m, w, t->tile_columns, bias, y, l->m);
    else
      t->tile_by_rows (m, n, l->k, l->x + (gsize) first * l->k, l->k, w, t->tile_columns, bias, y, l->m);
    for (guint r = first; r < first + m; r++)
      finish_row (l, r, column, n);
  }
}

static void
finish_whole_row (void *context, gsize row)
{
  finish_row (context, row, 0, ((const Linear *) context)->m);
}

static void
multiply_with_blas (const Linear *l, GptVisPool *pool)
{
  for (guint r = 0; l->bias && r < l->rows; r++)
    memcpy (l->y + (gsize) r * l->m, l->bias, l->m * sizeof (float));
  gptvis_blas_multiply (l->rows, l->m, l->k, l->x, l->w, l->bias ? 1.0f : 0.0f, l->y);
  gptvis_pool_run (pool, finish_whole_row, (void *) l, l->rows);
}

void
gptvis_cpu_linear (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const GptVisTensor *tx = gptvis_plan_tensor (p->base.plan, op->in[0]);
  const GptVisTensor *tw = gptvis_plan_tensor (p->base.plan, op->in[1]);
  Linear l = {
    .tier = p->tier, .act = op->linear.act, .alpha = op->linear.alpha,
    .rows = p->n * tx->rows, .k = tx->width, .m = tw->rows,
    .x = gptvis_cpu_data (p, op->in[0]), .w = p->packed[op->in[1]],
    .bias = gptvis_cpu_data (p, op->in[2]), .gate = gptvis_cpu_data (p, op->in[3]),
    .scale = gptvis_cpu_data (p, op->in[4]), .residual = gptvis_cpu_data (p, op->in[5]),
    .y = gptvis_cpu_data (p, op->out),
  };
  if (p->blas) {
    multiply_with_blas (&l, p->pool);
    return;
  }
  l.n_blocks = gptvis_n_blocks (l.rows, p->tier->tile_rows);
  l.n_panels = gptvis_n_blocks (l.m, p->tier->tile_columns);
  const guint rows_in_cache = MAX (p->tier->tile_rows, GROUP_BYTES / (l.k * sizeof (float)));
  l.n_groups = MIN (l.n_blocks, gptvis_n_blocks (l.rows, rows_in_cache));
  if (l.n_blocks > 1) {
    l.packed_x = p->scratch;
    gptvis_pool_run (p->pool, pack_block, &l, l.n_blocks);
  }
  gptvis_pool_run (p->pool, multiply, &l, (gsize) l.n_groups * l.n_panels);
}
