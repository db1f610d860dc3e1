/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the products of linear share, whatever they are computed in: rows in blocks,
 * outputs in panels, and everything that follows the product. */
#pragma once
#include "program.h"

G_BEGIN_DECLS

typedef struct _GptVisCpuLinear GptVisCpuLinear;

/* Up to tile_columns outputs: what a product has packed of them, as far as it needs it. */
typedef struct {
  guint column, n;              /* outputs column … column + n */
  gconstpointer w;
  const gint32 *sums;
  const float *scales, *bias;   /* bias may be NULL */
} GptVisCpuPanel;

/* A product in one precision. What goes through it is counted in 32 bits: a float, two values or four. */
typedef struct {
  /* How many of a row of k there are, and how many from one row to the next in scratch. */
  guint (*depth) (const GptVisTier *tier, guint k);
  gsize (*row_step) (const GptVisTier *tier, guint k);
  /* Makes rows first … first + m of x, a block, ready in scratch. */
  void (*pack) (const GptVisCpuLinear *l, guint first, guint m);
  void (*find_panel) (const GptVisCpuLinear *l, guint index, GptVisCpuPanel *panel);  /* w, sums, scales */
  /* y (first …, column …) of m rows. */
  void (*tile) (const GptVisCpuLinear *l, const GptVisCpuPanel *panel, guint first, guint m, float *y);
  gboolean adds;                /* tile adds l->addend, too */
} GptVisCpuProduct;

struct _GptVisCpuLinear {
  const GptVisCpuProduct *product;
  const GptVisTier *tier;
  void (*activate) (float *x, guint m, guint n, gsize step);    /* or NULL */
  float alpha;
  guint rows, k, m;             /* rows of the whole batch */
  guint depth;                  /* the product's, as is the next */
  gsize row_step;
  const float *x, *bias, *gate, *scale, *residual;
  const float *addend;          /* the residual, where the tile adds it and `residual` is NULL; else NULL */
  const GptVisOp *norm;         /* what its rows of x go through first, or NULL */
  const float *norm_weight, *norm_bias;
  gconstpointer w;              /* as the product packs it */
  float *y;
  gpointer scratch;
  guint n_groups, group_blocks, n_panels;       /* of rows; blocks in each; of outputs */
};

/* Rows on their way into scratch, a few at a time if they are short: they fill a quarter of the nearest
 * cache. */
#define GPTVIS_CPU_FLOATS_AT_ONCE 2048u

/* W [M, K] as each product wants it; NULL without memory. */
gpointer gptvis_cpu_int8_pack (const GptVisCpuProgram *p, const GptVisHeldWeight *weight,
    const GptVisTensor *w);
gpointer gptvis_cpu_bf16_pack (const GptVisCpuProgram *p, const GptVisHeldWeight *weight,
    const GptVisTensor *w);

extern const GptVisCpuProduct gptvis_cpu_int8, gptvis_cpu_bf16;

/* Row `row` of x; room [k] for where it has to be computed. */
static inline const float *
gptvis_cpu_linear_row (const GptVisCpuLinear *l, guint row, float *room)
{
  const float *x = l->x + (gsize) row * l->k;
  if (!l->norm)
    return x;
  l->tier->norm (x, l->norm_weight, l->norm_bias, l->norm->norm.epsilon, room, l->k);
  return room;
}

G_END_DECLS
