/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attention in whole numbers of 16 bits: finer than bf16, as quick as the quickest of processors with VNNI do
 * it, and four times as quick as bf16 on those that multiply it slowly.
 *
 * Each query has a unit, each block of keys, and in it each column of values. A block's sums are exact in 32
 * bits, and so are their bits shared out: Q and K have 12 with their sign (2^11 · 2^11 · head_width), weights
 * 14 and more, V 11 (2^14 · 2^10 · the block's keys). Softmax itself is computed in floats. */
#include "attention.h"
#include <math.h>
#include <string.h>

#define SCORE_MOST 2047.0f      /* of Q and K */
#define VALUE_MOST 1023.0f      /* of V */

/* Steps to a unit, or none at all: a NaN stays one. */
static float
steps (float largest, float most)
{
  return largest < GPTVIS_INT8_LEAST ? 0 : most / largest;
}

static void
round_row (const GptVisCpuAttention *c, const float *x, float factor, gint32 *to)
{
  to[c->key_words - 1] = 0;     /* its second value, where there is none */
  c->tier->to_int16 (x, c->a->head_width, factor, (gint16 *) to);
}

static void
pack_values (const GptVisCpuAttention *c, const GptVisCpuKeys *keys, const float *v)
{
  static const float none[64];  /* the second key of the last pair, where there is none */
  const guint width = c->a->head_width, columns = c->tier->tile_columns, pairs = (keys->n + 1) / 2;
  float *factors = keys->scales + 1;
  memset (factors, 0, c->y_columns * sizeof *factors);
  c->tier->largest_of_columns (v, keys->n, width, c->v_width, factors);
  for (guint d = 0; d < width; d++)
    factors[d] = steps (factors[d], VALUE_MOST);
  for (guint r = 0; r < keys->n; r += 2) {
    const float *row = v + (gsize) r * c->v_width, *next = r + 1 < keys->n ? row + c->v_width : NULL;
    for (guint d = 0; d < width; d += columns)
      c->tier->pair_int16 (row + d, next ? next + d : none, factors + d, MIN (columns, width - d),
          keys->values + (gsize) d * pairs + r / 2 * columns);
  }
  for (guint d = 0; d < width; d++)
    factors[d] = factors[d] == 0 ? 0 : 1 / factors[d];
}

static void
pack (const GptVisCpuAttention *c, const GptVisCpuKeys *keys)
{
  const gsize rows = keys->picture * c->n_keys + keys->first;
  const float *k = gptvis_cpu_attention_row (c->k, rows, c->k_width, c, keys->head, 0);
  const float largest = c->tier->largest (k, keys->n, c->a->head_width, c->k_width);
  const float factor = steps (largest, SCORE_MOST);
  keys->scales[0] = largest / SCORE_MOST;
  for (guint r = 0; r < keys->n; r++)
    round_row (c, k + (gsize) r * c->k_width, factor, keys->packed + (gsize) r * c->key_words);
  pack_values (c, keys, gptvis_cpu_attention_row (c->v, rows, c->v_width, c, keys->head, 0));
}

/* Queries past the last have no unit: all their scores are 0. */
static void
load_queries (const GptVisCpuAttention *c, GptVisCpuQueries *q)
{
  const guint columns = c->tier->tile_columns;
  const float to_powers = fabsf (c->scale) / SCORE_MOST;
  const float *x = gptvis_cpu_attention_row (c->q, q->picture * c->n_queries + q->first, c->q_width, c,
      q->head, 0);
  memset (q->factors, 0, columns * sizeof *q->factors);
  for (guint r = 0; r < q->n; r++, x += c->q_width) {
    const float largest = c->tier->largest (x, 1, c->a->head_width, 0);
    q->factors[r] = largest * to_powers;
    round_row (c, x, copysignf (steps (largest, SCORE_MOST), c->a->scale),
        q->scores + (gsize) r * c->key_words);
  }
  c->tier->transpose (q->scores, c->key_words, q->n, c->key_words, q->queries, columns);
}

static void
tile (const GptVisTier *tier, guint m, guint n, guint words, const gint32 *a, gsize a_row, gsize a_step,
    const gint32 *b, gint32 *c)
{
  tier->tile_int16 (m, n, words, a, a_row, a_step, b, c, tier->tile_columns);
}

static void
softmax (const GptVisCpuAttention *c, const GptVisCpuKeys *keys, GptVisCpuQueries *q)
{
  for (guint j = 0; j < q->columns; j++)
    q->scaled[j] = q->factors[j] * keys->scales[0];
  c->tier->softmax_int16 (q->scores, keys->n, q->columns, q->scaled, &q->state);
}

static void
blend (const GptVisCpuAttention *c, const GptVisCpuKeys *keys, GptVisCpuQueries *q, guint row, guint m,
    guint column, guint n)
{
  c->tier->blend_int16 (m, n, q->product, c->tier->tile_columns, keys->scales + 1 + column,
      q->state.before + row, q->state.now + row, q->y + (gsize) row * c->y_columns + column, c->y_columns);
}

const GptVisCpuAttentionWay gptvis_cpu_attention_int16
    = { 120, 2, FALSE, pack, load_queries, tile, softmax, blend };
