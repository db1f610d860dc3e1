/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linear in int8: y ≈ (x̂ · Ŵᵀ) ⊙ (row scales × scales) + b, where x̂ and Ŵ are whole
 * numbers from −127 to 127.
 *
 * W is made such once, at load, with one scale for each output; x for each run, with
 * one for each row. So no calibration is needed, nothing saturates, and a row's
 * result does not depend on what else is in the batch. The sums are exact. */
#include "linear.h"
#include "../memory.h"
#include "../weights.h"
#include <string.h>

static guint
n_groups_of (const GptVisTier *tier, guint k)
{
  return gptvis_n_blocks (k, tier->int8_group);
}

/* W packed: scales and sums' starts of all panels, then the panels themselves. */
typedef struct {
  float *scales;
  gint32 *start;
  gint8 *panels;
  gsize panel_bytes;
} Packed;

static Packed
packed_at (gpointer base, const GptVisTier *tier, guint m, guint k)
{
  const guint width = gptvis_n_blocks (m, tier->tile_columns) * tier->tile_columns;
  Packed p = { .scales = base };
  p.start = (gint32 *) (p.scales + width);
  p.panels = (gint8 *) (p.start + width);
  p.panel_bytes = (gsize) n_groups_of (tier, k) * tier->int8_group * tier->tile_columns;
  return p;
}

typedef struct {
  const GptVisTier *tier;
  const GptVisWeights *weights;
  const GptVisTensor *w;
  Packed packed;
} Packing;

/* One output's weights q [k] into column j of its panel. */
static void
pack_column (const Packing *c, guint column, const gint8 *q)
{
  const guint columns = c->tier->tile_columns, group = c->tier->int8_group, k = c->w->width;
  gint8 *to = c->packed.panels + column / columns * c->packed.panel_bytes + column % columns * group;
  gint32 sum = 0;
  for (guint i = 0; i < k; i++) {
    to[(gsize) (i / group) * columns * group + i % group] = q[i];
    sum += q[i];
  }
  c->packed.start[column] = group == 4 ? -128 * sum : 0;
}

static void
pack_panel (void *context, gsize panel)
{
  const Packing *c = context;
  const guint columns = c->tier->tile_columns, k = c->w->width, first = panel * columns;
  const guint n = MIN (columns, c->w->rows - first);
  float *rows = g_new (float, (gsize) n * k);
  gint8 *q = g_new (gint8, k);
  gptvis_weights_read (c->weights, c->w, first, n, rows);
  for (guint j = 0; j < n; j++) {
    c->packed.scales[first + j] = c->tier->quantise (rows + (gsize) j * k, k, q);
    pack_column (c, first + j, q);
  }
  g_free (rows);
  g_free (q);
}

gpointer
gptvis_cpu_int8_pack (const GptVisCpuProgram *p, const GptVisWeights *weights, const GptVisTensor *w)
{
  Packing c = { p->tier, weights, w, packed_at (NULL, p->tier, w->rows, w->width) };
  const guint n_panels = gptvis_n_blocks (w->rows, p->tier->tile_columns);
  gpointer packed = gptvis_alloc ((gsize) c.packed.panels + n_panels * c.packed.panel_bytes);
  if (!packed)
    return NULL;
  c.packed = packed_at (packed, p->tier, w->rows, w->width);
  gptvis_pool_run (p->pool, pack_panel, &c, n_panels);
  return packed;
}

/* Scratch: a scale for each row, the rows as the tile reads them, and as plain bytes before that. */
typedef struct {
  float *row_scales;
  gint32 *groups;
  gint8 *q;
} Scratch;

static Scratch
scratch_of (const GptVisCpuLinear *l)
{
  Scratch s = { .row_scales = l->scratch };
  s.groups = (gint32 *) s.row_scales + l->rows;
  s.q = (gint8 *) (s.groups + (gsize) l->rows * n_groups_of (l->tier, l->k));
  return s;
}

/* Row of bytes → its 32 bits of each group, m rows apart. */
static void
spread (const gint8 *q, guint groups, guint group, gint32 *to, guint m)
{
  for (guint g = 0; g < groups; g++, q += group, to += m)
    if (group == 4) {
      guint32 four;
      memcpy (&four, q, 4);
      *to = (gint32) (four ^ 0x80808080u);      /* + 128 in each byte */
    } else {
      const gint16 two[2] = { q[0], q[1] };
      memcpy (to, two, 4);
    }
}

static void
pack_block (void *context, gsize block)
{
  const GptVisCpuLinear *l = context;
  const guint first = gptvis_cpu_linear_first (l, block), m = gptvis_cpu_linear_first (l, block + 1) - first;
  const guint group = l->tier->int8_group, groups = n_groups_of (l->tier, l->k);
  const Scratch s = scratch_of (l);
  for (guint r = 0; r < m; r++) {
    gint8 *q = s.q + (gsize) (first + r) * groups * group;
    memset (q + l->k, 0, groups * group - l->k);
    s.row_scales[first + r] = l->tier->quantise (l->x + (gsize) (first + r) * l->k, l->k, q);
    spread (q, groups, group, s.groups + (gsize) first * groups + r, m);
  }
}

static void
tile (const GptVisCpuLinear *l, guint first, guint m, guint column, guint n, float *y)
{
  const guint groups = n_groups_of (l->tier, l->k);
  const Scratch s = scratch_of (l);
  const Packed w = packed_at ((gpointer) l->w, l->tier, l->m, l->k);
  const GptVisInt8Tile t = {
    .a = s.groups + (gsize) first * groups,
    .b = w.panels + column / l->tier->tile_columns * w.panel_bytes,
    .start = w.start + column,
    .row_scales = s.row_scales + first,
    .scales = w.scales + column,
    .bias = l->bias ? l->bias + column : NULL,
  };
  l->tier->tile_int8 (m, n, groups, &t, y, l->m);
}

static gsize
row_bytes (const GptVisTier *tier, guint k)
{
  return n_groups_of (tier, k) * sizeof (gint32);
}

const GptVisCpuProduct gptvis_cpu_int8 = { row_bytes, pack_block, tile };
