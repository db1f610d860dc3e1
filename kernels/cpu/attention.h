/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two ways to compute attention share: in f32 (attention.c) and in bf16. */
#pragma once
#include "program.h"

G_BEGIN_DECLS

typedef struct {
  const GptVisCpuProgram *p;
  const GptVisAttention *a;
  guint n_queries, n_keys;
  guint q_width, k_width, v_width;
  const float *q, *k, *v;       /* column offsets applied */
  const float *bias;            /* [kinds, heads, n_query_blocks, n_keys, tile_columns]; NULL: none */
  float *y;
  guint n_query_blocks, n_key_blocks;   /* of a picture */
  gpointer packed;              /* bf16: K and V of all heads */
  float *scratch;               /* of the workers */
  gsize scratch_size;           /* floats of one worker */
} GptVisCpuAttention;

/* Floats of packed K and V of one head, and of one worker's scratch. */
gsize gptvis_cpu_attention_bf16_packed (const GptVisTier *tier, guint head_width, guint n_keys);
gsize gptvis_cpu_attention_bf16_scratch (const GptVisTier *tier, guint head_width, guint n_keys);

/* A unit of work: a picture's head for tile_columns queries. The heads of the same queries follow each other,
 * so that a thread reads rows that it has itself computed in the operation before, and leaves such to the
 * next. */
typedef struct {
  guint head, first, n;         /* queries first … first + n */
  guint columns;                /* of the tile, or half of them if they hold n */
  gsize picture;
  float *scratch;               /* of the thread */
} GptVisCpuAttentionUnit;

/* Makes the bias a part of the unit's scores [n_keys, tile_columns], if there is one. Returns what they are
 * still to be multiplied by. */
float gptvis_cpu_attention_add_bias (
    const GptVisCpuAttention *c, const GptVisCpuAttentionUnit *unit, float *scores);

/* context is the attention: makes block `block` (of all pictures') of K's and V's rows ready in `packed`. */
guint gptvis_cpu_attention_bf16_key_blocks (guint n_keys, guint threads);
void gptvis_cpu_attention_bf16_pack (void *context, gsize block);
void gptvis_cpu_attention_bf16_attend (const GptVisCpuAttention *c, const GptVisCpuAttentionUnit *unit);

G_END_DECLS
