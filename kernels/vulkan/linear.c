/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linear's shaders and their tiles: few rows, many, or many with cooperative matrices. Why the
 * tiles are these is reasoned in shaders/README.md. */
#include "operations.h"

/* A workgroup's part of y, the slice of x and W that it takes at a time, and what of that a thread
 * makes, or with matrices a subgroup. */
typedef struct {
  guint rows, columns, inner, part_rows, part_columns;
} Tile;

#define FEW 16u                 /* rows, up to which W's reading is what takes time */
#define FEW_THREADS 64
#define ENOUGH 128u             /* workgroups that keep a device busy */

/* All sides multiples of 4; workgroups of at most 128 threads and 10 KiB, which every device has. */
static const Tile tiles[] = { {64, 64, 16, 8, 4}, {32, 64, 16, 4, 4}, {32, 32, 32, 4, 4} };

/* Four subgroups each. */
static const Tile matrix_tiles[] = {
  {128, 128, 32, 64, 64}, {64, 128, 32, 32, 64}, {64, 64, 32, 32, 32}, {32, 64, 32, 16, 32},
  {32, 32, 32, 16, 16}
};

/* The largest that makes enough workgroups, or the smallest; or what a test asks for. */
static const Tile *
choose (const GptVisVulkanRecorder *r, const Tile *from, guint n, guint rows, guint columns)
{
  const guint asked = r->p->device->faults.tile;
  guint i = 0;
  while (i + 1 < n && blocks (rows, from[i].rows) * blocks (columns, from[i].columns) < ENOUGH)
    i++;
  return &from[asked > 0 ? MIN (asked, n) - 1 : i];
}

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

static GptVisVulkanVariant
begin_tile (const GptVisVulkanRecorder *r, GptVisShader shader, guint threads, const Tile *tile)
{
  GptVisVulkanVariant variant = begin (r, shader, threads);
  variant.specs[SPEC_A] = tile->rows;
  variant.specs[SPEC_B] = tile->columns;
  variant.specs[SPEC_C] = tile->inner;
  variant.specs[SPEC_D] = tile->part_rows;
  variant.specs[SPEC_E] = tile->part_columns;
  return variant;
}

static GptVisVulkanVariant
few_rows (const GptVisVulkanRecorder *r, gboolean half, guint rows, guint columns, guint groups[2])
{
  GptVisVulkanVariant variant = begin (r, half ? GPTVIS_SHADER_LINEAR_FEW_F16 : GPTVIS_SHADER_LINEAR_FEW,
      FEW_THREADS);
  guint most = 1;
  while (most < rows)
    most *= 2;
  variant.specs[SPEC_A] = most;
  groups[0] = blocks (columns, FEW_THREADS / LINEAR_FEW_LANES);
  groups[1] = 1;
  return variant;
}

static GptVisVulkanVariant
many_rows (const GptVisVulkanRecorder *r, gboolean half, guint rows, guint columns, guint groups[2])
{
  const Tile *tile = choose (r, tiles, G_N_ELEMENTS (tiles), rows, columns);
  const guint threads = tile->rows / tile->part_rows * (tile->columns / tile->part_columns);
  GptVisVulkanVariant variant = begin_tile (r, half ? GPTVIS_SHADER_LINEAR_F16 : GPTVIS_SHADER_LINEAR,
      threads, tile);
  variant.specs[SPEC_D] /= 4;
  variant.specs[SPEC_E] /= 4;
  groups[0] = blocks (columns, tile->columns);
  groups[1] = blocks (rows, tile->rows);
  return variant;
}

/* ---- with cooperative matrices ---- */

static guint
parts_of (const Tile *tile)
{
  return tile->rows / tile->part_rows * (tile->columns / tile->part_columns);
}

/* Shared memory as linear-matrix.comp has it: rows of halves, and a finished matrix of each subgroup. */
static gboolean
fits (const GptVisVulkanDevice *device, const Tile *tile, const GptVisVulkanShape *shape)
{
  const guint threads = parts_of (tile) * device->features.matrix_subgroup;
  const guint stride = (tile->inner + 8) * sizeof (guint16);
  const guint shared = (tile->rows + tile->columns) * stride
      + parts_of (tile) * shape->rows * shape->columns * sizeof (float);
  return tile->part_rows % shape->rows == 0 && tile->part_columns % shape->columns == 0
      && tile->inner % shape->inner == 0 && threads <= device->limits.maxComputeWorkGroupInvocations
      && threads <= device->limits.maxComputeWorkGroupSize[0]
      && shared <= device->limits.maxComputeSharedMemorySize;
}

/* The shape with most products at once of those that the smallest tile can be made of, and the tiles that
 * fit with it; 0: none. */
static guint
find_matrix_tiles (const GptVisVulkanDevice *device, GptVisVulkanShape *shape, Tile found[])
{
  const GptVisVulkanFeatures *f = &device->features;
  guint most = 0, n = 0;
  for (guint i = 0; i < f->n_shapes; i++) {
    const GptVisVulkanShape *s = &f->shapes[i];
    if (s->rows * s->columns * s->inner > most
        && fits (device, &matrix_tiles[G_N_ELEMENTS (matrix_tiles) - 1], s)) {
      most = s->rows * s->columns * s->inner;
      *shape = *s;
    }
  }
  for (guint i = 0; i < G_N_ELEMENTS (matrix_tiles) && most > 0; i++)
    if (fits (device, &matrix_tiles[i], shape))
      found[n++] = matrix_tiles[i];
  return n;
}

/* FALSE: the device has none that fit. */
static gboolean
many_rows_by_matrices (const GptVisVulkanRecorder *r, guint rows, guint columns, GptVisVulkanVariant *variant,
    guint groups[2])
{
  const GptVisVulkanDevice *device = r->p->device;
  GptVisVulkanShape shape = { 0 };
  Tile found[G_N_ELEMENTS (matrix_tiles)];
  const guint n = find_matrix_tiles (device, &shape, found);
  if (n == 0)
    return FALSE;
  const Tile *tile = choose (r, found, n, rows, columns);
  *variant = begin_tile (r, has (r, GPTVIS_VULKAN_COOPMAT_KHR) ? GPTVIS_SHADER_LINEAR_MATRIX_KHR
      : GPTVIS_SHADER_LINEAR_MATRIX_NV, parts_of (tile) * device->features.matrix_subgroup, tile);
  variant->specs[SPEC_MATRIX_ROWS] = shape.rows;
  variant->specs[SPEC_MATRIX_COLUMNS] = shape.columns;
  variant->specs[SPEC_MATRIX_INNER] = shape.inner;
  groups[0] = blocks (columns, tile->columns);
  groups[1] = blocks (rows, tile->rows);
  return TRUE;
}

/* ---- any of them ---- */

static GptVisVulkanVariant
choose_variant (const GptVisVulkanRecorder *r, gboolean half, guint rows, guint columns, guint groups[2])
{
  GptVisVulkanVariant variant;
  if (rows <= FEW)
    return few_rows (r, half, rows, columns, groups);
  if (half && many_rows_by_matrices (r, rows, columns, &variant, groups))
    return variant;
  return many_rows (r, half, rows, columns, groups);
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
    guint groups[2];
    const GptVisVulkanVariant variant = choose_variant (r, w->half, rows, piece->rows, groups);
    bindings[LINEAR_W] = piece->range;
    gptvis_vulkan_dispatch (r, &variant, bindings, &push, groups[0], groups[1], 1);
  }
}
