/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* attention in bf16: both products of rounded values, in pairs, with sums in f32; the softmax
 * between them in f32.
 *
 * K and V of a head are packed once, for all its queries: K as the left side of the product with
 * Qᵀ, V as the right side of that with what the softmax leaves, two keys a pair. */
#include "attention.h"
#include <string.h>

static guint
n_pairs (guint n)
{
  return (n + 1) / 2;
}

/* K [n_keys, n_pairs (head_width)], then V [panels, n_pairs (n_keys), tile_columns]; all of pairs. */
gsize
gptvis_cpu_attention_bf16_packed (const GptVisTier *tier, guint head_width, guint n_keys)
{
  const gsize panels = gptvis_n_blocks (head_width, tier->tile_columns);
  return (gsize) n_keys * n_pairs (head_width) + panels * n_pairs (n_keys) * tier->tile_columns;
}

/* Q as the right side, the scores, their sums; a row on its way to Q. */
gsize
gptvis_cpu_attention_bf16_scratch (const GptVisTier *tier, guint head_width, guint n_keys)
{
  return ((gsize) n_pairs (head_width) + n_keys + 1) * tier->tile_columns + n_pairs (head_width);
}

static gint32 *
keys_of (const GptVisCpuAttention *c, gsize head)
{
  return (gint32 *) c->packed + head * gptvis_cpu_attention_bf16_packed (c->p->tier, c->a->head_width, c->n_keys);
}

static gint32 *
values_of (const GptVisCpuAttention *c, gsize head)
{
  return keys_of (c, head) + (gsize) c->n_keys * n_pairs (c->a->head_width);
}

/* n floats as pairs, of which an odd one's second is 0. */
static void
narrow_row (const GptVisTier *tier, const float *x, guint n, gint32 *to)
{
  to[n_pairs (n) - 1] = 0;
  tier->to_bf16 (x, n, (guint16 *) to);
}

void
gptvis_cpu_attention_bf16_pack (void *context, gsize unit)
{
  const GptVisCpuAttention *c = context;
  const GptVisTier *tier = c->p->tier;
  static const float none[64];  /* the second key of the last pair, where there is none */
  const guint width = c->a->head_width, columns = tier->tile_columns, head = unit % c->a->heads;
  const gsize picture = unit / c->a->heads;
  const float *k = c->k + picture * c->n_keys * c->k_width + head * width;
  const float *v = c->v + picture * c->n_keys * c->v_width + head * width;
  gint32 *keys = keys_of (c, unit), *values = values_of (c, unit);

  for (guint r = 0; r < c->n_keys; r++)
    narrow_row (tier, k + (gsize) r * c->k_width, width, keys + (gsize) r * n_pairs (width));
  for (guint d = 0; d < width; d += columns)
    for (guint r = 0; r < c->n_keys; r += 2, values += columns) {
      const float *row = v + (gsize) r * c->v_width + d;
      tier->pair_bf16 (row, r + 1 < c->n_keys ? row + c->v_width : none, MIN (columns, width - d), values);
    }
}

void
gptvis_cpu_attention_bf16_attend (const GptVisCpuAttention *c, guint unit, float *scratch)
{
  const GptVisTier *tier = c->p->tier;
  const guint columns = tier->tile_columns, width = c->a->head_width, heads = c->a->heads;
  const guint block = unit % c->n_query_blocks, of_all = unit / c->n_query_blocks, head = of_all % heads;
  const gsize picture = of_all / heads;
  const guint first = block * columns, n = MIN (columns, c->n_queries - first), pairs = n_pairs (c->n_keys);
  const float *q = c->q + (picture * c->n_queries + first) * c->q_width + head * width;
  float *y = c->y + ((picture * c->n_queries + first) * heads + head) * width;
  const gint32 *keys = keys_of (c, of_all), *values = values_of (c, of_all);
  gint32 *queries = (gint32 *) scratch, *narrow = queries + (gsize) n_pairs (width) * columns;
  float *sums = (float *) (narrow + n_pairs (width)), *scores = sums + columns;

  memset (queries, 0, (gsize) n_pairs (width) * columns * sizeof *queries);
  for (guint i = 0; i < n; i++) {
    narrow_row (tier, q + (gsize) i * c->q_width, width, narrow);
    for (guint d = 0; d < n_pairs (width); d++)
      queries[d * columns + i] = narrow[d];
  }

  const guint key_blocks = gptvis_n_blocks (c->n_keys, tier->tile_rows);
  for (guint b = 0; b < key_blocks; b++) {
    const guint key = gptvis_block_start (c->n_keys, key_blocks, b);
    const guint m = gptvis_block_start (c->n_keys, key_blocks, b + 1) - key;
    tier->tile_bf16 (m, columns, n_pairs (width), keys + (gsize) key * n_pairs (width), n_pairs (width), 1, queries, NULL,
        scores + (gsize) key * columns, columns);
  }
  tier->softmax_pairs (scores, c->n_keys, c->a->scale, sums);

  const guint row_blocks = gptvis_n_blocks (n, tier->tile_rows);
  for (guint b = 0; b < row_blocks; b++) {
    const guint row = gptvis_block_start (n, row_blocks, b), end = gptvis_block_start (n, row_blocks, b + 1);
    for (guint d = 0; d < width; d += columns)
      tier->tile_bf16 (end - row, MIN (columns, width - d), pairs, (const gint32 *) scores + row, 1, columns,
          values + (gsize) d * pairs, NULL, y + (gsize) row * heads * width + d, heads * width);
    for (guint r = row; r < end; r++)
      tier->finish (y + (gsize) r * heads * width, width, NULL, 1 / sums[r], NULL, NULL);
  }
}
