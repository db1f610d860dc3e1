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
  float *y;
  guint n_query_blocks, n_units;        /* a unit is a picture's head for tile_columns queries */
  gpointer packed;              /* bf16: K and V of all heads */
  float *scratch;               /* of the workers */
  gsize scratch_size;           /* floats of one worker */
  gint next;                    /* unit, taken atomically */
} GptVisCpuAttention;

/* Floats of packed K and V of one head, and of one worker's scratch. */
gsize gptvis_cpu_attention_bf16_packed (const GptVisTier * tier, guint head_width, guint n_keys);
gsize gptvis_cpu_attention_bf16_scratch (const GptVisTier * tier, guint head_width, guint n_keys);

/* context is the attention: makes K and V of head `unit` (of all pictures' heads) ready in `packed`. */
void gptvis_cpu_attention_bf16_pack (void *context, gsize unit);
void gptvis_cpu_attention_bf16_attend (const GptVisCpuAttention * c, guint unit, float *scratch);

G_END_DECLS
