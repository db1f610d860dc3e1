/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* attention: for each head softmax (scale · Q·Kᵀ) V.
 *
 * One unit of work is a picture's head for tile_columns queries. Keys come block by block, so that a block's
 * scores, its keys and its values stay in the nearest cache; sums and results so far are put right when a
 * later block has a larger score (GptVisSoftmax). Scores stand as [keys, queries], so that each vector lane
 * is one query and softmax needs no sum across lanes; what is left of that layout is just what the product
 * with V wants as its left side.
 *
 * Here: the flow, and the way in f32. Where the program is narrow and the tier multiplies pairs of 16 bits,
 * attention-int16.c has the way, but for scores with a bias (attention-bias.c). */
#include "attention.h"
#include <string.h>

#define TO_POWERS 1.44269504088896341f  /* e^x is 2 to the power of x times this */

/* ---- in f32 ---- */

static void
pack_f32 (const GptVisCpuAttention *c, const GptVisCpuKeys *keys)
{
  const guint width = c->a->head_width, columns = c->tier->tile_columns;
  const gsize rows = keys->picture * c->n_keys + keys->first;
  for (guint r = 0; r < keys->n; r++) {
    const float *v = gptvis_cpu_attention_row (c->v, rows, c->v_width, c, keys->head, r);
    for (guint d = 0; d < width; d += columns)
      memcpy (keys->values + (gsize) d * keys->n + r * columns, v + d, MIN (columns, width - d) * sizeof *v);
  }
}

static void
load_queries_f32 (const GptVisCpuAttention *c, GptVisCpuQueries *q)
{
  const guint width = c->a->head_width;
  const float *x = gptvis_cpu_attention_row (c->q, q->picture * c->n_queries + q->first, c->q_width, c,
      q->head, 0);
  c->tier->transpose (x, c->q_width, q->n, width, q->queries, c->tier->tile_columns);
}

static void
tile_f32 (const GptVisTier *tier, guint m, guint n, guint words, const gint32 *a, gsize a_row, gsize a_step,
    const gint32 *b, gint32 *c)
{
  const guint columns = tier->tile_columns;
  if (a_row == 1)
    tier->tile (m, n, words, (const float *) a, a_step, (const float *) b, columns, NULL, (float *) c,
        columns);
  else
    tier->tile_by_rows (m, n, words, (const float *) a, a_row, (const float *) b, columns, NULL, (float *) c,
        columns);
}

static void
softmax_f32 (const GptVisCpuAttention *c, const GptVisCpuKeys *keys, GptVisCpuQueries *q)
{
  float *scores = (float *) q->scores;
  if (c->bias)
    gptvis_cpu_attention_add_bias (c, keys, q, scores);
  c->tier->softmax_block (scores, keys->n, q->columns, c->bias ? TO_POWERS : c->scale, &q->state);
}

static void
blend_f32 (const GptVisCpuAttention *c, const GptVisCpuKeys *keys, GptVisCpuQueries *q, guint row, guint m,
    guint column, guint n)
{
  c->tier->blend_block (m, n, (const float *) q->product, c->tier->tile_columns, q->state.before + row,
      q->y + (gsize) row * c->y_columns + column, c->y_columns);
}

static const GptVisCpuAttentionWay in_f32
    = { 120, 1, TRUE, pack_f32, load_queries_f32, tile_f32, softmax_f32, blend_f32 };

/* ---- what there is room for ---- */

static gsize
round_up (gsize n, guint to)
{
  return (n + to - 1) / to * to;
}

/* All but where things are. */
static GptVisCpuAttention
describe (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const GptVisTensor *tq = gptvis_plan_tensor (p->base.plan, op->in[0]);
  const GptVisTensor *tk = gptvis_plan_tensor (p->base.plan, op->in[1]);
  const guint windows = MAX (op->attention.windows, 1), columns = p->tier->tile_columns;
  const gboolean narrow = p->base.precision != GPTVIS_PRECISION_F32 && p->tier->tile_int16
      && op->in[3] == GPTVIS_NO_TENSOR
      && op->attention.head_width <= GPTVIS_CPU_INT16_MOST;
  GptVisCpuAttention c = {
    .way = narrow ? &gptvis_cpu_attention_int16 : &in_f32,
    .tier = p->tier, .a = &op->attention, .threads = gptvis_pool_threads (p->pool),
    .n_queries = tq->rows / windows, .n_keys = tk->rows / windows,
    .y_columns = round_up (op->attention.head_width, columns),
    .scale = op->attention.scale * TO_POWERS,
  };
  c.key_words = gptvis_n_blocks (c.a->head_width, c.way->values_a_word);
  c.n_query_blocks = gptvis_n_blocks (c.n_queries, columns);
  c.n_key_blocks = gptvis_n_blocks (c.n_keys, c.way->most_keys);
  const gsize keys = gptvis_n_blocks (c.n_keys, c.n_key_blocks);
  const gsize key_words = c.way->keys_in_place ? 0 : keys * c.key_words;
  c.block_size = round_up (key_words + gptvis_n_blocks (keys, c.way->values_a_word) * c.y_columns + 1
      + c.y_columns, 16);
  c.unit_size = (c.key_words + MAX (keys, c.key_words) + p->tier->tile_rows + c.y_columns + 6) * columns;
  return c;
}

static gsize
n_blocks (const GptVisCpuAttention *c, gsize pictures)
{
  return pictures * c->n_key_blocks * c->a->heads;
}

gsize
gptvis_cpu_attention_scratch (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const GptVisCpuAttention c = describe (p, op);
  const gsize pictures = (gsize) gptvis_plan_max_batch (p->base.plan) * MAX (op->attention.windows, 1);
  return n_blocks (&c, pictures) * c.block_size + c.threads * c.unit_size;
}

/* ---- the flow ---- */

/* Blocks of the same rows follow each other, so that a thread reads rows that it has itself computed in the
 * operation before; so do units of the same queries. */
static GptVisCpuKeys
find_keys (const GptVisCpuAttention *c, gsize picture, guint block, guint head)
{
  const gsize index = (picture * c->n_key_blocks + block) * c->a->heads + head;
  GptVisCpuKeys keys = {
    .picture = picture, .head = head,
    .first = gptvis_block_start (c->n_keys, c->n_key_blocks, block),
    .packed = c->packed + index * c->block_size,
  };
  keys.n = gptvis_block_start (c->n_keys, c->n_key_blocks, block + 1) - keys.first;
  keys.keys = keys.values = keys.packed;
  keys.key_step = c->key_words;
  if (c->way->keys_in_place) {
    keys.keys = (const gint32 *) gptvis_cpu_attention_row (c->k, picture * c->n_keys, c->k_width, c, head,
        keys.first);
    keys.key_step = c->k_width;
  } else {
    keys.values += (gsize) keys.n * c->key_words;
  }
  keys.scales = (float *) (keys.values + (gsize) gptvis_n_blocks (keys.n, c->way->values_a_word)
      * c->y_columns);
  return keys;
}

static void
pack (void *context, gsize i)
{
  const GptVisCpuAttention *c = context;
  const guint heads = c->a->heads;
  const GptVisCpuKeys keys = find_keys (c, i / heads / c->n_key_blocks, i / heads % c->n_key_blocks,
      i % heads);
  c->way->pack (c, &keys);
}

static GptVisCpuQueries
find_queries (const GptVisCpuAttention *c, gsize i)
{
  const guint columns = c->tier->tile_columns;
  gint32 *scratch = c->scratch + gptvis_pool_thread () * c->unit_size;
  GptVisCpuQueries q = {
    .head = i % c->a->heads,
    .first = i / c->a->heads % c->n_query_blocks * columns,
    .picture = i / c->a->heads / c->n_query_blocks,
    .queries = scratch,
    .y = (float *) scratch + c->key_words * columns,
  };
  float *rest = q.y + (gsize) c->y_columns * columns;
  float **const parts[] = { &q.factors, &q.scaled, &q.state.top, &q.state.sums, &q.state.before,
    &q.state.now };
  for (guint part = 0; part < G_N_ELEMENTS (parts); part++, rest += columns)
    *parts[part] = rest;
  q.product = (gint32 *) rest;
  q.scores = q.product + c->tier->tile_rows * columns;
  q.n = MIN (columns, c->n_queries - q.first);
  q.columns = q.n > columns / 2 ? columns : columns / 2;
  return q;
}

static void
attend_to_block (const GptVisCpuAttention *c, const GptVisCpuKeys *keys, GptVisCpuQueries *q)
{
  const GptVisTier *tier = c->tier;
  const guint columns = tier->tile_columns, half = columns / 2;
  const guint words = gptvis_n_blocks (keys->n, c->way->values_a_word);
  const guint key_tiles = gptvis_n_blocks (keys->n, tier->tile_rows);
  for (guint b = 0, key = 0, end; b < key_tiles; b++, key = end) {
    end = gptvis_block_start (keys->n, key_tiles, b + 1);
    c->way->tile (tier, end - key, q->columns, c->key_words, keys->keys + key * keys->key_step,
        keys->key_step, 1, q->queries, q->scores + key * columns);
  }
  c->way->softmax (c, keys, q);
  const guint row_tiles = gptvis_n_blocks (q->n, tier->tile_rows);
  for (guint b = 0, row = 0, end; b < row_tiles; b++, row = end) {
    end = gptvis_block_start (q->n, row_tiles, b + 1);
    for (guint d = 0; d < c->a->head_width; d += columns) {
      const guint n = c->a->head_width - d > half ? columns : half;
      c->way->tile (tier, end - row, n, words, q->scores + row, 1, columns,
          keys->values + (gsize) d * words, q->product);
      c->way->blend (c, keys, q, row, end - row, d, n);
    }
  }
}

static void
attend (void *context, gsize i)
{
  const GptVisCpuAttention *c = context;
  const guint columns = c->tier->tile_columns, width = c->a->head_width, heads = c->a->heads;
  GptVisCpuQueries q = find_queries (c, i);
  if (q.n < q.columns)
    memset (q.queries, 0, (gsize) c->key_words * columns * sizeof *q.queries);
  c->way->load_queries (c, &q);
  memset (q.y, 0, (gsize) q.n * c->y_columns * sizeof *q.y);
  memset (q.state.sums, 0, columns * sizeof *q.state.sums);
  for (guint j = 0; j < columns; j++)
    q.state.top[j] = GPTVIS_SOFTMAX_LEAST;
  for (guint block = 0; block < c->n_key_blocks; block++) {
    const GptVisCpuKeys keys = find_keys (c, q.picture, block, q.head);
    attend_to_block (c, &keys, &q);
  }
  c->tier->divide_rows (q.y, c->y_columns, q.n, width, q.state.sums,
      c->y + ((q.picture * c->n_queries + q.first) * heads + q.head) * width, (gsize) heads * width);
}

void
gptvis_cpu_attention (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const gsize pictures = (gsize) p->n * MAX (op->attention.windows, 1); /* a window is like one of its own */
  GptVisCpuAttention c = describe (p, op);
  c.q_width = gptvis_plan_tensor (p->base.plan, op->in[0])->width;
  c.k_width = gptvis_plan_tensor (p->base.plan, op->in[1])->width;
  c.v_width = gptvis_plan_tensor (p->base.plan, op->in[2])->width;
  c.q = gptvis_cpu_data (p, op->in[0]) + c.a->q_column;
  c.k = gptvis_cpu_data (p, op->in[1]) + c.a->k_column;
  c.v = gptvis_cpu_data (p, op->in[2]) + c.a->v_column;
  c.bias = op->in[3] == GPTVIS_NO_TENSOR ? NULL : p->packed[op->in[3]];
  c.y = gptvis_cpu_data (p, op->out);
  c.packed = (gint32 *) p->scratch;
  c.scratch = c.packed + n_blocks (&c, pictures) * c.block_size;
  gptvis_pool_run (p->pool, pack, &c, n_blocks (&c, pictures));
  gptvis_pool_run (p->pool, attend, &c, pictures * c.a->heads * c.n_query_blocks);
}
