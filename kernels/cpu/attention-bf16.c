/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* attention in bf16: both products of rounded values, in pairs, with sums in f32; the softmax
 * between them in f32.
 *
 * K and V are packed once, for all queries: a head's K as the left side of the product with Qᵀ, its V
 * as the right side of that with what the softmax leaves, two keys a pair. */
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

/* Q as the right side, the scores, their sums; before there are scores, Q's rows. */
gsize
gptvis_cpu_attention_bf16_scratch (const GptVisTier *tier, guint head_width, guint n_keys)
{
  return ((gsize) n_pairs (head_width) + MAX (n_keys, n_pairs (head_width)) + 1) * tier->tile_columns;
}

static gint32 *
keys_of (const GptVisCpuAttention *c, gsize head)
{
  return (gint32 *) c->packed
      + head * gptvis_cpu_attention_bf16_packed (c->p->tier, c->a->head_width, c->n_keys);
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

#define PAIRS_A_BLOCK 8u        /* of keys */

/* As many for each thread: the rows that it has computed. */
guint
gptvis_cpu_attention_bf16_key_blocks (guint n_keys, guint threads)
{
  return gptvis_n_blocks (gptvis_n_blocks (n_pairs (n_keys), PAIRS_A_BLOCK), threads) * threads;
}

/* Rows first … end of a head's K and V. */
static void
pack_head (const GptVisCpuAttention *c, gsize picture, guint head, guint first, guint end)
{
  static const float none[64];  /* the second key of the last pair, where there is none */
  const GptVisTier *tier = c->p->tier;
  const guint width = c->a->head_width, columns = tier->tile_columns;
  const float *k = c->k + picture * c->n_keys * c->k_width + head * width;
  const float *v = c->v + picture * c->n_keys * c->v_width + head * width;
  gint32 *keys = keys_of (c, picture * c->a->heads + head),
      *values = values_of (c, picture * c->a->heads + head);

  for (guint r = first; r < end; r++)
    narrow_row (tier, k + (gsize) r * c->k_width, width, keys + (gsize) r * n_pairs (width));
  for (guint r = first; r < end; r += 2) {
    const float *row = v + (gsize) r * c->v_width, *next = r + 1 < c->n_keys ? row + c->v_width : NULL;
    for (guint d = 0; d < width; d += columns)
      tier->pair_bf16 (row + d, next ? next + d : none, MIN (columns, width - d),
          values + ((gsize) d / columns * n_pairs (c->n_keys) + r / 2) * columns);
  }
}

void
gptvis_cpu_attention_bf16_pack (void *context, gsize block)
{
  const GptVisCpuAttention *c = context;
  const guint blocks = c->n_key_blocks, i = block % blocks, pairs = n_pairs (c->n_keys);
  const guint first = 2 * gptvis_block_start (pairs, blocks, i);
  const guint end = MIN (c->n_keys, 2 * gptvis_block_start (pairs, blocks, i + 1));
  for (guint head = 0; head < c->a->heads; head++)
    pack_head (c, block / blocks, head, first, end);
}

void
gptvis_cpu_attention_bf16_attend (const GptVisCpuAttention *c, const GptVisCpuAttentionUnit *unit)
{
  const GptVisTier *tier = c->p->tier;
  const guint columns = tier->tile_columns, width = c->a->head_width, heads = c->a->heads;
  const guint head = unit->head, first = unit->first, n = unit->n, pairs = n_pairs (c->n_keys);
  const gsize picture = unit->picture, of_all = picture * heads + head;
  const float *q = c->q + (picture * c->n_queries + first) * c->q_width + head * width;
  float *y = c->y + ((picture * c->n_queries + first) * heads + head) * width;
  const gint32 *keys = keys_of (c, of_all), *values = values_of (c, of_all);
  gint32 *queries = (gint32 *) unit->scratch;
  float *sums = (float *) (queries + (gsize) n_pairs (width) * columns), *scores = sums + columns;
  gint32 *rows = (gint32 *) scores;

  for (guint i = 0; i < n; i++)
    narrow_row (tier, q + (gsize) i * c->q_width, width, rows + (gsize) i * n_pairs (width));
  if (n < unit->columns)
    memset (queries, 0, (gsize) n_pairs (width) * columns * sizeof *queries);
  tier->transpose (rows, n_pairs (width), n, n_pairs (width), queries, columns);

  const guint key_blocks = gptvis_n_blocks (c->n_keys, tier->tile_rows);
  for (guint b = 0, key = 0, m; b < key_blocks; b++, key += m) {
    m = gptvis_block_start (c->n_keys, key_blocks, b + 1) - key;
    tier->tile_bf16 (m, unit->columns, n_pairs (width), keys + (gsize) key * n_pairs (width), n_pairs (width),
        1, queries, NULL, scores + (gsize) key * columns, columns);
  }
  const float scale = gptvis_cpu_attention_add_bias (c, unit, scores);
  tier->softmax_pairs (scores, c->n_keys, unit->columns, scale, sums);

  const guint row_blocks = gptvis_n_blocks (n, tier->tile_rows);
  for (guint b = 0, row = 0, end; b < row_blocks; b++, row = end) {
    end = gptvis_block_start (n, row_blocks, b + 1);
    for (guint d = 0; d < width; d += columns)
      tier->tile_bf16 (end - row, MIN (columns, width - d), pairs, (const gint32 *) scores + row, 1, columns,
          values + (gsize) d * pairs, NULL, y + (gsize) row * heads * width + d, heads * width);
    tier->divide_rows (y + (gsize) row * heads * width, end - row, width, heads * width, sums + row);
  }
}
