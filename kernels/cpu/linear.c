/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linear: y = alpha · (act (x·Wᵀ + b) ⊙ gate) × scale + residual.
 *
 * W [M, K] is packed once, at load, into panels of tile_columns outputs: panel
 * p holds, for k = 0 … K − 1, the weights of outputs p · tile_columns … side by
 * side (zeros past M). x is packed for each run into blocks of up to tile_rows rows,
 * k-major as well, so that a tile reads two streams from start to end. What
 * follows the product is done on a tile while it is in the nearest cache.
 *
 * The products in f32 are here; those in int8 and bf16 in files of their own. */
#include "blas.h"
#include "linear.h"
#include "../memory.h"
#include <string.h>

/* Bytes of a group of packed rows, which stays in a core's second cache while panels pass through. */
#define GROUP_BYTES (512u << 10)

/* Blocks of rows that are worth reading all of W for. */
#define LEAST_BLOCKS 4u

/* A product narrower than this, either way, is not worth rounding for. */
#define LEAST_NARROW 32u

static gboolean
is_patches (const GptVisPlan *plan, GptVisTensorId id)
{
  const GptVisOp *first = gptvis_plan_op (plan, 0);
  return first->kind == GPTVIS_OP_PATCHES && first->out == id;
}

/* The one place that says which products are computed in the precision of the program: all but
 * small ones, and what makes a picture's one row of results (a classifier), which costs next to
 * nothing and whose rounding nothing evens out any more. Nor does int8 take other products of a
 * picture's one row (the last layer's), for the same reason, and those of its patches, whose faint
 * details a network looks at: together they make a twelfth and a fortieth of the squared error,
 * and a hundredth of the work. A decoder's are narrow to the last: reading their weights is
 * nearly all its time. */
static GptVisPrecision
precision_of (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const GptVisTensor *w = gptvis_plan_tensor (p->base.plan, op->in[1]);
  const GptVisTensor *y = gptvis_plan_tensor (p->base.plan, op->out);
  const gboolean large = w->width >= LEAST_NARROW && w->rows >= LEAST_NARROW && w->width <= GPTVIS_INT8_MOST;
  const gboolean single = y->rows == 1 && !y->step;
  if (!large || (single && y->output))
    return GPTVIS_PRECISION_F32;
  if (p->base.precision == GPTVIS_PRECISION_INT8 && (single || is_patches (p->base.plan, op->in[0])))
    return gptvis_tier_bf16_pays (p->tier) ? GPTVIS_PRECISION_BF16 : GPTVIS_PRECISION_F32;
  return p->base.precision;
}

typedef struct {
  const GptVisTier *tier;
  const GptVisHeldWeight *weight;
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
  gptvis_held_weight_read (c->weight, first, n, rows);
  c->tier->transpose (rows, k, n, k, to, columns);
  g_free (rows);
}

static float *
pack_f32 (const GptVisCpuProgram *p, const GptVisHeldWeight *weight, const GptVisTensor *w)
{
  const guint columns = p->blas ? 1 : p->tier->tile_columns, n_panels = gptvis_n_blocks (w->rows, columns);
  float *packed = gptvis_alloc ((gsize) n_panels * columns * w->width * sizeof (float));
  if (!packed)
    return NULL;
  if (p->blas) {
    gptvis_held_weight_read (weight, 0, w->rows, packed);
  } else {
    Packing c = { p->tier, weight, w, packed };
    gptvis_pool_run (p->pool, pack_panel, &c, n_panels);
  }
  return packed;
}

gpointer
gptvis_cpu_linear_pack (const GptVisCpuProgram *p, const GptVisHeldWeight *weight, const GptVisOp *op)
{
  const GptVisTensor *w = gptvis_plan_tensor (p->base.plan, op->in[1]);
  switch (p->packed_as[op->in[1]] = precision_of (p, op)) {
    case GPTVIS_PRECISION_INT8:
      return gptvis_cpu_int8_pack (p, weight, w);
    case GPTVIS_PRECISION_BF16:
      return gptvis_cpu_bf16_pack (p, weight, w);
    default:
      return pack_f32 (p, weight, w);
  }
}

/* bf16 keeps a row in half as many floats and up to two lines of the cache, int8 in at most as many, with
 * two numbers about it; both have some on their way in each thread. */
gsize
gptvis_cpu_linear_scratch (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const GptVisTensor *x = gptvis_plan_tensor (p->base.plan, op->in[0]);
  const gsize rows = (gsize) gptvis_plan_batch_of (p->base.plan, x) * x->rows;
  const gsize on_their_way = 2 * MAX (x->width, GPTVIS_CPU_FLOATS_AT_ONCE);
  return rows * (x->width + 32) + gptvis_pool_threads (p->pool) * on_their_way;
}

/* Everything after the product and the bias, on n columns of rows first … end. */
static void
finish (const GptVisCpuLinear *l, guint first, guint end, guint column, guint n)
{
  gsize at = (gsize) first * l->m + column;
  if (l->activate)
    l->activate (l->y + at, end - first, n, l->m);
  if (l->gate || l->scale || l->residual || l->alpha != 1.0f)
    for (guint r = first; r < end; r++, at += l->m)
      l->tier->finish (l->y + at, n, l->gate ? l->gate + at : NULL, l->alpha,
          l->scale ? l->scale + column : NULL, l->residual ? l->residual + at : NULL);
}

static gboolean
is_one_block (const GptVisCpuLinear *l)
{
  return l->n_groups * l->group_blocks == 1;
}

/* A block alone is read where it lies. */
static void
pack (const GptVisCpuLinear *l, guint first, guint m)
{
  const gsize at = (gsize) first * l->k;
  if (!is_one_block (l))
    l->tier->transpose (l->x + at, l->k, m, l->k, (float *) l->scratch + at, m);
}

static void
find_panel (const GptVisCpuLinear *l, guint index, GptVisCpuPanel *panel)
{
  panel->w = (const float *) l->w + (gsize) index * l->tier->tile_columns * l->k;
}

static void
tile (const GptVisCpuLinear *l, const GptVisCpuPanel *panel, guint first, guint m, float *y)
{
  const guint columns = l->tier->tile_columns, n = panel->n, k = l->k;
  if (!is_one_block (l))
    l->tier->tile (m, n, k, (const float *) l->scratch + (gsize) first * k, m, panel->w, columns, panel->bias,
        y, l->m);
  else
    l->tier->tile_by_rows (m, n, k, l->x, k, panel->w, columns, panel->bias, y, l->m);
}

static guint
depth (const GptVisTier *tier, guint k)
{
  return k;
}

static gsize
row_step (const GptVisTier *tier, guint k)
{
  return k;
}

static const GptVisCpuProduct f32 = { depth, row_step, pack, find_panel, tile };

static const GptVisCpuProduct *const products[] = {
  [GPTVIS_PRECISION_F32] = &f32,
  [GPTVIS_PRECISION_BF16] = &gptvis_cpu_bf16,
  [GPTVIS_PRECISION_INT8] = &gptvis_cpu_int8,
};

/* Rows are first shared among groups, as many as there are threads or a multiple of it, so that a row
 * is the same thread's in each linear; and a group's among its blocks. */
static guint
first_of_group (const GptVisCpuLinear *l, guint group)
{
  return gptvis_block_start (l->rows, l->n_groups, group);
}

static guint
first_of_block (const GptVisCpuLinear *l, guint group, guint block)
{
  const guint first = first_of_group (l, group);
  return first + gptvis_block_start (first_of_group (l, group + 1) - first, l->group_blocks, block);
}

static void
pack_block (void *context, gsize task)
{
  const GptVisCpuLinear *l = context;
  const guint group = task / l->group_blocks, block = task % l->group_blocks,
      first = first_of_block (l, group, block);
  l->product->pack (l, first, first_of_block (l, group, block + 1) - first);
}

/* What a tile is added to, and where it goes, lie in pieces of a row each: these are prefetched before the
 * product, which would otherwise wait for each of them afterwards. */
static void
prefetch_tile (const GptVisCpuLinear *l, guint first, guint end, guint column)
{
  const float *residual = l->addend ? l->addend : l->residual;
  for (guint r = first; r < end; r++) {
    const gsize at = (gsize) r * l->m + column;
    for (guint j = 0; j < l->tier->tile_columns; j += 16) {
      if (residual)
        __builtin_prefetch (residual + at + j, 0, 3);
      __builtin_prefetch (l->y + at + j, 1, 3);
    }
  }
}

/* One panel by one group of row blocks. */
static void
multiply (void *context, gsize task)
{
  const GptVisCpuLinear *l = context;
  const guint index = task % l->n_panels, group = task / l->n_panels, column = index * l->tier->tile_columns;
  GptVisCpuPanel panel = {
    .column = column, .n = MIN (l->tier->tile_columns, l->m - column),
    .bias = l->bias ? l->bias + column : NULL,
  };
  l->product->find_panel (l, index, &panel);
  const guint start = first_of_group (l, group), rows = first_of_group (l, group + 1) - start;

  for (guint block = 0, first = start, next; block < l->group_blocks; block++, first = next) {
    next = start + gptvis_block_start (rows, l->group_blocks, block + 1);
    prefetch_tile (l, first, next, column);
    l->product->tile (l, &panel, first, next - first, l->y + (gsize) first * l->m + column);
    finish (l, first, next, column, panel.n);
  }
}

static void
finish_whole_row (void *context, gsize row)
{
  finish (context, row, row + 1, 0, ((const GptVisCpuLinear *) context)->m);
}

static void
multiply_with_blas (const GptVisCpuLinear *l, GptVisPool *pool)
{
  for (guint r = 0; l->bias && r < l->rows; r++)
    memcpy (l->y + (gsize) r * l->m, l->bias, l->m * sizeof (float));
  gptvis_blas_multiply (l->rows, l->m, l->k, l->x, l->w, l->bias ? 1.0f : 0.0f, l->y);
  gptvis_pool_run (pool, finish_whole_row, (void *) l, l->rows);
}

/* Rows in their groups find room in the cache; and each thread has as many groups if there are rows for them,
 * so that it finds what it has computed itself, from one linear to the next. */
static void
share_rows (GptVisCpuLinear *l, guint threads)
{
  const guint most = l->tier->tile_rows, rows_in_cache = MAX (most, GROUP_BYTES / (4 * l->row_step));
  const guint n = gptvis_n_blocks (l->rows, rows_in_cache), each = gptvis_n_blocks (n, threads);
  l->n_groups = MIN (each * threads, MAX (n, l->rows / (LEAST_BLOCKS * most)));
  l->group_blocks = gptvis_n_blocks (gptvis_n_blocks (l->rows, l->n_groups), most);
}

void
gptvis_cpu_linear (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const GptVisTensor *tx = gptvis_plan_tensor (p->base.plan, op->in[0]);
  const GptVisTensor *tw = gptvis_plan_tensor (p->base.plan, op->in[1]);
  GptVisCpuLinear l = {
    .product = products[p->packed_as[op->in[1]]], .tier = p->tier, .alpha = op->linear.alpha,
    .rows = p->n * tx->rows, .k = tx->width, .m = tw->rows,
    .x = gptvis_cpu_data (p, op->in[0]), .w = p->packed[op->in[1]],
    .bias = gptvis_cpu_data (p, op->in[2]), .gate = gptvis_cpu_data (p, op->in[3]),
    .scale = gptvis_cpu_data (p, op->in[4]), .residual = gptvis_cpu_data (p, op->in[5]),
    .y = gptvis_cpu_data (p, op->out), .scratch = p->scratch,
  };
  if (op->linear.act != GPTVIS_ACT_NONE)
    l.activate = (l.product == &f32 ? p->tier->activate : p->tier->activate_narrow)[op->linear.act];
  if (l.product->adds && !l.activate && !l.gate && !l.scale && l.alpha == 1.0f) {
    l.addend = l.residual;
    l.residual = NULL;
  }
  if ((l.norm = p->norm)) {
    l.x = gptvis_cpu_data (p, l.norm->in[0]);
    l.norm_weight = gptvis_cpu_data (p, l.norm->in[1]);
    l.norm_bias = gptvis_cpu_data (p, l.norm->in[2]);
  }
  if (p->blas) {
    multiply_with_blas (&l, p->pool);
    return;
  }
  l.depth = l.product->depth (p->tier, l.k);
  l.row_step = l.product->row_step (p->tier, l.k);
  l.n_panels = gptvis_n_blocks (l.m, p->tier->tile_columns);
  share_rows (&l, gptvis_pool_threads (p->pool));
  gptvis_pool_run (p->pool, pack_block, &l, (gsize) l.n_groups * l.group_blocks);
  gptvis_pool_run (p->pool, multiply, &l, (gsize) l.n_groups * l.n_panels);
}
