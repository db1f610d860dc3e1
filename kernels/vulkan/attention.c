/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* attention's shader and its tiles. */
#include "operations.h"
#include "tiles.h"

/* What all shaders of attention are given. */
static GptVisVulkanVariant
begin (const GptVisVulkanRecorder *r, GptVisShader shader, guint threads, guint queries, guint keys)
{
  const GptVisOp *op = r->op;
  const GptVisAttention *a = &op->attention;
  const guint odd = tensor (r, op->in[0])->width | tensor (r, op->in[1])->width | tensor (r, op->in[2])->width
      | a->q_column | a->k_column | a->v_column | a->head_width;
  return (GptVisVulkanVariant) { shader, {
      [SPEC_THREADS] = threads,
      [SPEC_PARTS] = op->in[3] != GPTVIS_NO_TENSOR ? ATTENTION_HAS_BIAS : 0,
      [SPEC_VECTORS] = odd % 4 == 0,
      [SPEC_A] = queries, keys, a->head_width,
    } };
}

static void
add (const GptVisVulkanRecorder *r, const GptVisVulkanVariant *variant, GptVisVulkanCandidates *to)
{
  const guint windows = MAX (r->op->attention.windows, 1);
  add_candidate (to, variant, blocks (tensor (r, r->op->in[0])->rows / windows, variant->specs[SPEC_A]),
      r->op->attention.heads, r->n * windows);
}

/* The best is the largest that the device's shared memory has room for. */
static void
add_tiles (const GptVisVulkanRecorder *r, gboolean half, GptVisVulkanCandidates *to)
{
  const guint row = ((r->op->attention.head_width + 3) / 4 | 1) * (half ? 8 : 16);      /* bytes */
  for (guint i = 0; i < G_N_ELEMENTS (gptvis_vulkan_attention_tiles); i++) {
    const GptVisVulkanAttentionTile *t = &gptvis_vulkan_attention_tiles[i];
    const guint shared = (t->queries + t->keys) * row
        + t->queries * (t->keys + 1 + ATTENTION_LANES) * sizeof (float);
    if (shared > r->p->device->limits.maxComputeSharedMemorySize)
      continue;
    GptVisVulkanVariant variant = begin (r, half ? GPTVIS_SHADER_ATTENTION_F16 : GPTVIS_SHADER_ATTENTION,
        t->queries / t->thread_queries * ATTENTION_LANES, t->queries, t->keys);
    variant.specs[SPEC_D] = t->thread_queries;
    add (r, &variant, to);
  }
}

/* ---- with cooperative matrices ---- */

#define N_MATRIX_TILES G_N_ELEMENTS (gptvis_vulkan_attention_matrix_tiles)
#define WIDEST 128u             /* head, whose sums a subgroup still holds in registers */

/* Shared memory as attention-matrix.comp has it: q, k or v, weights, scores, and two floats a thread. */
static gboolean
fits (const GptVisVulkanDevice *device, const GptVisVulkanAttentionTile *t, const GptVisVulkanShape *shape,
    guint width)
{
  const guint subgroup = device->features.matrix_subgroup, threads = t->queries * subgroup;
  const guint queries = t->queries * shape->rows;
  const guint shared = (queries + t->keys) * (width + 8) * sizeof (guint16)
      + queries * (t->keys + 8) * sizeof (guint16) + queries * (t->keys + 4) * sizeof (float)
      + threads * 2 * sizeof (float);
  return subgroup % shape->rows == 0 && t->keys % shape->columns == 0 && t->keys % shape->inner == 0
      && fits_workgroup (device, threads, shared);
}

/* Those of the largest shape of which any fits; the best is the first that makes enough workgroups, or else
 * the first of those that make most. */
static void
add_matrix_tiles (const GptVisVulkanRecorder *r, GptVisVulkanCandidates *to)
{
  const GptVisVulkanFeatures *f = &r->p->device->features;
  const GptVisShader shader = f->has & GPTVIS_VULKAN_COOPMAT_KHR ? GPTVIS_SHADER_ATTENTION_MATRIX_KHR
      : GPTVIS_SHADER_ATTENTION_MATRIX_NV;
  guint most = 0;
  for (guint s = 0; s < f->n_shapes && to->n == 0; s++) {
    const GptVisVulkanShape *shape = &f->shapes[s];
    const guint side = MAX (shape->columns, shape->inner);
    const guint width = blocks (r->op->attention.head_width, side) * side;
    for (guint i = 0; i < N_MATRIX_TILES && width <= WIDEST; i++) {
      const GptVisVulkanAttentionTile *t = &gptvis_vulkan_attention_matrix_tiles[i];
      if (!fits (r->p->device, t, shape, width))
        continue;
      GptVisVulkanVariant variant = begin (r, shader, t->queries * f->matrix_subgroup,
          t->queries * shape->rows, t->keys);
      variant.specs[SPEC_D] = width;
      set_shape (&variant, shape);
      add (r, &variant, to);
      const guint *groups = to->of[to->n - 1].groups, n = groups[0] * groups[1] * groups[2];
      if (most < GPTVIS_VULKAN_ENOUGH && n > most) {
        to->best = to->n - 1;
        most = n;
      }
    }
  }
}

void
gptvis_vulkan_attention (GptVisVulkanRecorder *r)
{
  const GptVisOp *op = r->op;
  const GptVisAttention *a = &op->attention;
  const GptVisTensor *q = tensor (r, op->in[0]), *k = tensor (r, op->in[1]), *v = tensor (r, op->in[2]);
  const gboolean half = r->p->base.precision != GPTVIS_PRECISION_F32;   /* which rounds less than bytes do */
  GptVisVulkanCandidates candidates = { };
  if (half)
    add_matrix_tiles (r, &candidates);
  if (candidates.n == 0)
    add_tiles (r, half, &candidates);
  if (candidates.n == 0) {
    g_set_error (&r->error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
        "%s: attention with heads of width %u does not fit a workgroup", r->p->device->name, a->head_width);
    return;
  }
  const GptVisVulkanRange bindings[] = {
    range (r, op->in[0], 0), range (r, op->in[1], 0), range (r, op->in[2], 0), range (r, op->out, 0),
    range (r, op->in[3], op->in[0]),
  };
  const guint windows = MAX (a->windows, 1);
  const struct AttentionPush push = { q->rows / windows, k->rows / windows, q->width, k->width, v->width,
      a->heads * a->head_width, a->q_column, a->k_column, a->v_column, a->scale, windows, a->across };
  gptvis_vulkan_dispatch_candidate (r, &candidates, bindings, &push, sizeof push);
}
