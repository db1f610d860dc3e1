/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two ways to compute attention share (attention.c): in f32, and in whole numbers of 16 bits
 * (attention-int16.c). What goes through products is counted in words of 32 bits: a float, or two values. */
#pragma once
#include "program.h"

G_BEGIN_DECLS

typedef struct _GptVisCpuAttention GptVisCpuAttention;

/* Some keys of one head of one picture, with their values, packed once for all queries: K [n, key_words],
 * the left side of the product with Qᵀ; V [panels, value words of the block, tile_columns], the right side
 * of that with what softmax leaves. */
typedef struct {
  gsize picture;
  guint head, first, n;
  const gint32 *keys;           /* in f32 where they lie */
  gsize key_step;               /* words from one to the next */
  gint32 *packed, *values;
  float *scales;                /* [1 + columns of y]: what a unit of K is, and of each column of V */
} GptVisCpuKeys;

/* A picture's head for up to tile_columns queries, and a thread's scratch for them. */
typedef struct {
  gsize picture;
  guint head, first, n;
  guint columns;                /* tile_columns, or half of them if they hold n */
  gint32 *queries;              /* Qᵀ [key_words, tile_columns] */
  gint32 *scores;               /* of a block of keys, [keys, tile_columns]; first, room for Q's rows */
  gint32 *product;              /* a tile of the product with V */
  float *y;                     /* [tile_columns, columns of y], not yet divided by the sums */
  float *factors, *scaled;      /* [tile_columns]: what a unit of each query is, times the keys' unit */
  GptVisSoftmax state;
} GptVisCpuQueries;

typedef struct {
  guint most_keys;              /* of a block */
  guint values_a_word;
  gboolean keys_in_place;
  void (*pack) (const GptVisCpuAttention *c, const GptVisCpuKeys *keys);
  void (*load_queries) (const GptVisCpuAttention *c, GptVisCpuQueries *q);
  /* Rows of a, a_row and a_step words apart, times b [words, tile_columns] → c [m, tile_columns]. */
  void (*tile) (const GptVisTier *tier, guint m, guint n, guint words, const gint32 *a, gsize a_row,
      gsize a_step, const gint32 *b, gint32 *c);
  void (*softmax) (const GptVisCpuAttention *c, const GptVisCpuKeys *keys, GptVisCpuQueries *q);
  /* The product of `n` columns from `column` on goes into y's rows row … row + m. */
  void (*blend) (const GptVisCpuAttention *c, const GptVisCpuKeys *keys, GptVisCpuQueries *q, guint row,
      guint m, guint column, guint n);
} GptVisCpuAttentionWay;

#define GPTVIS_CPU_INT16_MOST 512u      /* head_width */
extern const GptVisCpuAttentionWay gptvis_cpu_attention_int16;

struct _GptVisCpuAttention {
  const GptVisCpuAttentionWay *way;
  const GptVisTier *tier;
  const GptVisAttention *a;
  guint threads;
  guint n_queries, n_keys;      /* of a picture */
  guint q_width, k_width, v_width;
  const float *q, *k, *v;       /* column offsets applied */
  const float *bias;            /* [kinds, heads, n_query_blocks, n_keys, tile_columns]; NULL: none */
  float *y;
  guint y_columns;              /* head_width, up to whole panels */
  guint key_words;
  float scale;                  /* of scores, for powers of 2 */
  guint n_query_blocks, n_key_blocks;
  gsize block_size, unit_size;  /* words of a packed block, and of a thread's scratch */
  gint32 *packed, *scratch;     /* of all blocks, of all threads */
};

static inline const float *
gptvis_cpu_attention_row (const float *x, gsize rows, guint width, const GptVisCpuAttention *c,
    guint head, guint row)
{
  return x + (rows + row) * width + head * c->a->head_width;
}

/* scores · scale + bias for a block's scores [n, tile_columns] of the queries. */
void gptvis_cpu_attention_add_bias (const GptVisCpuAttention *c, const GptVisCpuKeys *keys,
    const GptVisCpuQueries *q, float *scores);

G_END_DECLS
