/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linear's shaders and their tiles: few rows, many, or many with dot products or cooperative matrices.
 * Why the tiles are these is reasoned in shaders/README.md. */
#include "operations.h"
#include "tiles.h"

#define FEW_THREADS 64
#define N_MATRIX_TILES G_N_ELEMENTS (gptvis_vulkan_matrix_tiles)

/* What is to be computed. */
typedef struct {
  guint rows, columns;
  guint picture_rows;           /* of a picture, or sequence */
  GptVisPrecision precision;    /* of W */
} Product;

/* Specialization constants that all shaders of linear have. */
static GptVisVulkanVariant
begin (const GptVisVulkanRecorder *r, GptVisShader shader, guint threads)
{
  const GptVisOp *op = r->op;
  return (GptVisVulkanVariant) { shader, {
      [SPEC_THREADS] = threads,
      [SPEC_PARTS] = (op->in[2] != GPTVIS_NO_TENSOR ? LINEAR_HAS_B : 0)
          | (op->in[3] != GPTVIS_NO_TENSOR ? LINEAR_HAS_GATE : 0)
          | (op->in[4] != GPTVIS_NO_TENSOR ? LINEAR_HAS_SCALE : 0)
          | (op->in[5] != GPTVIS_NO_TENSOR ? LINEAR_HAS_RESIDUAL : 0),
      [SPEC_VECTORS] = tensor (r, op->in[0])->width % 4 == 0,
      [SPEC_F] = op->linear.act,
    } };
}

G_STATIC_ASSERT (GPTVIS_ACT_NONE == ACT_NONE && GPTVIS_ACT_GELU == ACT_GELU
    && GPTVIS_ACT_GELU_TANH == ACT_GELU_TANH && GPTVIS_ACT_QUICK_GELU == ACT_QUICK_GELU
    && GPTVIS_ACT_RELU == ACT_RELU && GPTVIS_ACT_SILU == ACT_SILU && GPTVIS_ACT_TANH == ACT_TANH
    && GPTVIS_N_ACTS == 7);

static void
add_few_rows (const GptVisVulkanRecorder *r, const Product *of, GptVisVulkanCandidates *to)
{
  static const GptVisShader few[] = {
    [GPTVIS_PRECISION_F32] = GPTVIS_SHADER_LINEAR_FEW,
    [GPTVIS_PRECISION_F16] = GPTVIS_SHADER_LINEAR_FEW_F16,
    [GPTVIS_PRECISION_INT8] = GPTVIS_SHADER_LINEAR_FEW_INT8,
  };
  GptVisVulkanVariant variant = begin (r, few[of->precision], FEW_THREADS);
  guint most = 1;
  while (most < of->rows)
    most *= 2;
  variant.specs[SPEC_A] = most;
  add_candidate (to, &variant, blocks (of->columns, FEW_THREADS / LINEAR_FEW_LANES), 1, 1);
}

/* The best is the first, and so the largest, that makes enough workgroups, or else the last. */
static void
add_tile (GptVisVulkanCandidates *to, GptVisVulkanVariant variant, const Product *of,
    const GptVisVulkanTile *tile)
{
  const guint across = blocks (of->columns, tile->columns), down = blocks (of->rows, tile->rows);
  const guint *best = to->of[to->best].groups;
  variant.specs[SPEC_A] = tile->rows;
  variant.specs[SPEC_B] = tile->columns;
  variant.specs[SPEC_C] = tile->inner;
  variant.specs[SPEC_D] = tile->part_rows;
  variant.specs[SPEC_E] = tile->part_columns;
  if (to->n > 0 && best[0] * best[1] < GPTVIS_VULKAN_ENOUGH)
    to->best = to->n;
  add_candidate (to, &variant, across, down, 1);
}

static guint
parts_of (const GptVisVulkanTile *tile)
{
  return tile->rows / tile->part_rows * (tile->columns / tile->part_columns);
}

static void
add_tiles (const GptVisVulkanRecorder *r, GptVisShader shader, const GptVisVulkanTile *tiles, guint n,
    const Product *of, GptVisVulkanCandidates *to)
{
  for (guint i = 0; i < n; i++) {
    GptVisVulkanTile tile = tiles[i];
    const guint threads = parts_of (&tile);
    tile.part_rows /= 4;
    tile.part_columns /= 4;
    add_tile (to, begin (r, shader, threads), of, &tile);
  }
}

/* ---- with cooperative matrices ---- */

/* Shared memory as linear-matrix.comp has it: rows of halves, and a finished matrix of each subgroup. */
static gboolean
fits (const GptVisVulkanDevice *device, const GptVisVulkanTile *tile, const GptVisVulkanShape *shape)
{
  const guint stride = (tile->inner + 8) * sizeof (guint16);
  const guint shared = (tile->rows + tile->columns) * stride
      + parts_of (tile) * shape->rows * shape->columns * sizeof (float);
  return tile->part_rows % shape->rows == 0 && tile->part_columns % shape->columns == 0
      && tile->inner % shape->inner == 0
      && fits_workgroup (device, parts_of (tile) * device->features.matrix_subgroup, shared);
}

/* The tiles that fit, of the largest shape that the smallest of them can be made of. */
static void
add_matrix_tiles (const GptVisVulkanRecorder *r, const Product *of, GptVisVulkanCandidates *to)
{
  const GptVisVulkanDevice *device = r->p->device;
  const GptVisVulkanFeatures *f = &device->features;
  static const GptVisShader shaders[][2] = {
    [GPTVIS_PRECISION_F16] = {GPTVIS_SHADER_LINEAR_MATRIX_NV, GPTVIS_SHADER_LINEAR_MATRIX_KHR},
    [GPTVIS_PRECISION_INT8] = {GPTVIS_SHADER_LINEAR_MATRIX_INT8_NV, GPTVIS_SHADER_LINEAR_MATRIX_INT8_KHR},
  };
  const GptVisShader shader = shaders[of->precision][(f->has & GPTVIS_VULKAN_COOPMAT_KHR) != 0];
  guint s = 0;
  while (s < f->n_shapes && !fits (device, &gptvis_vulkan_matrix_tiles[N_MATRIX_TILES - 1], &f->shapes[s]))
    s++;
  for (guint i = 0; s < f->n_shapes && i < N_MATRIX_TILES; i++) {
    const GptVisVulkanTile *tile = &gptvis_vulkan_matrix_tiles[i];
    GptVisVulkanVariant variant = begin (r, shader, parts_of (tile) * f->matrix_subgroup);
    set_shape (&variant, &f->shapes[s]);
    if (fits (device, tile, &f->shapes[s]))
      add_tile (to, variant, of, tile);
  }
}

/* ---- any of them ---- */

#define NVIDIA 0x10deu

/* NVIDIA's GPUs that compute halves faster than floats have matrices too; some of the others compute them
 * at a 64th of the speed. */
static gboolean
is_packed_faster (const GptVisVulkanDevice *device)
{
  return (device->features.has & GPTVIS_VULKAN_F16) && device->properties.vendorID != NVIDIA;
}

/* Sums of halves lose two and a half times what halves as weights do. A classifier's answer is the same with
 * that; what another network reads, or what is written word by word, would be off by more than the 5e-3 that
 * f16 is allowed. */
static gboolean
bears_packed (const GptVisVulkanProgram *p)
{
  const GptVisPlan *plan = p->base.plan;
  if (p->device->faults.packed)
    return TRUE;
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++)
    if (gptvis_plan_tensor (plan, i)->output && gptvis_plan_tensor (plan, i)->rows > 1)
      return FALSE;
  return gptvis_plan_max_sequences (plan) == 0;
}

static gboolean
is_packed_product (const GptVisVulkanRecorder *r, const Product *of)
{
  return of->precision == GPTVIS_PRECISION_F16 && is_packed_faster (r->p->device) && bears_packed (r->p);
}

/* Of few rows of each picture, x stays floats in any batch: of a batch of one, reading W is what takes
 * time. */
static gboolean
is_dot_product (const GptVisVulkanRecorder *r, const Product *of)
{
  return of->precision == GPTVIS_PRECISION_INT8 && has (r, GPTVIS_VULKAN_DOT)
      && of->picture_rows > GPTVIS_VULKAN_FEW;
}

#define TILES(tiles) tiles, G_N_ELEMENTS (tiles)

static void
find_candidates (const GptVisVulkanRecorder *r, const Product *of, GptVisVulkanCandidates *to)
{
  static const GptVisShader many[] = {
    [GPTVIS_PRECISION_F32] = GPTVIS_SHADER_LINEAR,
    [GPTVIS_PRECISION_F16] = GPTVIS_SHADER_LINEAR_F16,
    [GPTVIS_PRECISION_INT8] = GPTVIS_SHADER_LINEAR_INT8,
  };
  if (of->rows <= GPTVIS_VULKAN_FEW) {
    add_few_rows (r, of, to);
    return;
  }
  /* halves in matrices are at least as fast as bytes in dot products */
  if (of->precision != GPTVIS_PRECISION_F32)
    add_matrix_tiles (r, of, to);
  if (to->n == 0 && is_packed_product (r, of))
    add_tiles (r, GPTVIS_SHADER_LINEAR_PACKED, TILES (gptvis_vulkan_tiles), of, to);
  if (to->n == 0 && is_dot_product (r, of))
    add_tiles (r, GPTVIS_SHADER_LINEAR_DOT, TILES (gptvis_vulkan_dot_tiles), of, to);
  if (to->n == 0)
    add_tiles (r, many[of->precision], TILES (gptvis_vulkan_tiles), of, to);
}

void
gptvis_vulkan_linear (GptVisVulkanRecorder *r)
{
  const GptVisOp *op = r->op;
  const GptVisTensor *x = tensor (r, op->in[0]), *y = tensor (r, op->out);
  const guint rows = r->n * x->rows;
  GptVisVulkanRange bindings[] = {
    [LINEAR_X] = range (r, op->in[0], 0),
    [LINEAR_B] = range (r, op->in[2], op->in[0]),
    [LINEAR_GATE] = range (r, op->in[3], op->in[0]),
    [LINEAR_SCALE] = range (r, op->in[4], op->in[0]),
    [LINEAR_RESIDUAL] = range (r, op->in[5], op->in[0]),
    [LINEAR_Y] = range (r, op->out, 0),
  };
  const GptVisVulkanTensor *w = &r->p->tensors[op->in[1]];
  for (guint i = 0; i < w->n_pieces; i++) {
    const GptVisVulkanPiece *piece = &w->pieces[i];
    const struct LinearPush push = { rows, x->width, piece->rows, piece->first, y->width, op->linear.alpha };
    const Product product = { rows, piece->rows, x->rows, w->precision };
    GptVisVulkanCandidates candidates = { };
    find_candidates (r, &product, &candidates);
    bindings[LINEAR_W] = piece->range;
    gptvis_vulkan_dispatch_candidate (r, &candidates, bindings, &push, sizeof push);
  }
}
