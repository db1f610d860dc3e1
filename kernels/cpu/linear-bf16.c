/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linear in bf16: W and x rounded to bf16, in pairs along K, sums in f32. */
#include "linear.h"
#include "../memory.h"

typedef struct {
  const GptVisTier *tier;
  const GptVisHeldWeight *weight;
  const GptVisTensor *w;
  guint16 *packed;
} Packing;

/* Pair i of output j: packed[panel][i][j]. */
static void
pack_panel (void *context, gsize panel)
{
  const Packing *c = context;
  const guint columns = c->tier->tile_columns, k = c->w->width, pairs = (k + 1) / 2, first = panel * columns;
  const guint n = MIN (columns, c->w->rows - first);
  float *rows = g_new (float, (gsize) n * k);
  guint16 *narrow = g_new0 (guint16, (gsize) n * pairs * 2);
  gptvis_held_weight_read (c->weight, first, n, rows);
  for (guint j = 0; j < n; j++)
    c->tier->to_bf16 (rows + (gsize) j * k, k, narrow + (gsize) j * pairs * 2);
  c->tier->transpose (narrow, pairs, n, pairs, c->packed + panel * columns * pairs * 2, columns);
  g_free (rows);
  g_free (narrow);
}

gpointer
gptvis_cpu_bf16_pack (const GptVisCpuProgram *p, const GptVisHeldWeight *weight, const GptVisTensor *w)
{
  const guint columns = p->tier->tile_columns, n_panels = gptvis_n_blocks (w->rows, columns);
  Packing c = { p->tier, weight, w, gptvis_alloc ((gsize) n_panels * columns * ((w->width + 1) / 2) * 4) };
  if (c.packed)
    gptvis_pool_run (p->pool, pack_panel, &c, n_panels);
  return c.packed;
}

/* Rows lie an odd number of the cache's lines apart, or those of one tile could all want the same place in
 * it. */
static gsize
row_step (const GptVisTier *tier, guint k)
{
  return (gptvis_n_blocks (k, 32) | 1) * 16;
}

/* Scratch: the rows in pairs; for each thread a row of floats. */
static void
pack (const GptVisCpuLinear *l, guint first, guint m)
{
  const gsize pairs = l->row_step;
  gint32 *to = (gint32 *) l->scratch + first * pairs;
  float *room = (float *) l->scratch + l->rows * pairs + (gsize) gptvis_pool_thread () * l->k;
  for (guint r = 0; r < m; r++, to += pairs) {
    to[(l->k - 1) / 2] = 0;     /* its second value, if k is odd */
    l->tier->to_bf16 (gptvis_cpu_linear_row (l, first + r, room), l->k, (guint16 *) to);
  }
}

static guint
depth (const GptVisTier *tier, guint k)
{
  return (k + 1) / 2;
}

static void
find_panel (const GptVisCpuLinear *l, guint index, GptVisCpuPanel *panel)
{
  panel->w = (const gint32 *) l->w + (gsize) index * l->tier->tile_columns * l->depth;
}

static void
tile (const GptVisCpuLinear *l, const GptVisCpuPanel *panel, guint first, guint m, float *y)
{
  l->tier->tile_bf16 (m, panel->n, l->depth, (const gint32 *) l->scratch + first * l->row_step, l->row_step,
      1, panel->w, panel->bias, y, l->m);
}

const GptVisCpuProduct gptvis_cpu_bf16 = { depth, row_step, pack, find_panel, tile };
