/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* attention's shader and its tiles. */
#include "operations.h"

typedef struct {
  guint queries, keys, thread_queries;
} AttentionTile;

/* The largest that fits the device's shared memory; NULL: none does. */
static const AttentionTile *
choose_attention_tile (const GptVisVulkanDevice *device, guint head_width)
{
  static const AttentionTile tiles[] = {
    {32, 32, 4}, {32, 16, 4}, {16, 32, 2}, {16, 16, 2}, {16, 8, 2}, {8, 8, 1}, {4, 8, 1}, {1, 8, 1}
  };
  const guint row = ((head_width + 3) / 4 | 1) * 16;    /* bytes */
  for (guint i = 0; i < G_N_ELEMENTS (tiles); i++) {
    const AttentionTile *t = &tiles[i];
    if ((t->queries + t->keys) * row + t->queries * (t->keys + 1 + ATTENTION_LANES) * sizeof (float)
        <= device->limits.maxComputeSharedMemorySize)
      return t;
  }
  return NULL;
}

void
gptvis_vulkan_attention (GptVisVulkanRecorder *r)
{
  const GptVisOp *op = r->op;
  const GptVisAttention *a = &op->attention;
  const GptVisTensor *q = tensor (r, op->in[0]), *k = tensor (r, op->in[1]), *v = tensor (r, op->in[2]);
  const AttentionTile *tile = choose_attention_tile (r->p->device, a->head_width);
  if (!tile) {
    g_set_error (&r->error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
        "%s: attention with heads of width %u does not fit a workgroup", r->p->device->name, a->head_width);
    return;
  }
  const guint odd = q->width | k->width | v->width | a->q_column | a->k_column | a->v_column | a->head_width;
  const GptVisVulkanVariant variant = { GPTVIS_SHADER_ATTENTION, {
      [SPEC_THREADS] = tile->queries / tile->thread_queries * ATTENTION_LANES,
      [SPEC_VECTORS] = odd % 4 == 0,
      [SPEC_A] = tile->queries, tile->keys, a->head_width, tile->thread_queries,
    } };
  const GptVisVulkanRange bindings[] = {
    range (r, op->in[0], 0), range (r, op->in[1], 0), range (r, op->in[2], 0), range (r, op->out, 0),
  };
  const struct AttentionPush push = { q->rows, k->rows, q->width, k->width, v->width,
      a->heads * a->head_width, a->q_column, a->k_column, a->v_column, a->scale };
  gptvis_vulkan_dispatch (r, &variant, bindings, &push, blocks (q->rows, tile->queries), a->heads, r->n);
}
