/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bench --intensity: what a network's operations cost a GPU, worked out from the plan: operations,
 * bytes, their ratio, what the tiles move on top of that, and the least time that all this takes on
 * GPUs whose makers' data sheets give the peaks. Nothing is measured. The table in shaders/README.md
 * is its output. */
#include "architectures.h"
#include "measure.h"
#include "network.h"
#include "vulkan/tiles.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Peaks as published: f32, f16 and dot products of bytes of the shader cores (multiply-add counted twice),
 * f16 with f32 sums of the matrix units (dense; 0: there are none), memory, and shared memory (bytes a clock
 * of each core or multiprocessor, times these, times the clock). Dot products: 8 a clock of each EU, which
 * are as many as f32's multiply-adds; 64 of each multiprocessor, which are half as many. */
static const struct {
  const gchar *name, *source;
  gdouble f32, f16, dot, matrix;        /* TFLOP/s */
  gdouble memory, shared;       /* TB/s */
} gpus[] = {
  {"Iris Xe", "Intel Iris Xe, 96 EU at 1.35 GHz, LPDDR4x-4267 (Core i7-1185G7): integrated",
      2.07, 4.15, 8.29, 0, 0.068, 1.04},
  {"RTX 4090", "NVIDIA GeForce RTX 4090 (Ada whitepaper): desktop", 82.6, 82.6, 165.2, 165.2, 1.008, 41.3},
  {"H200", "NVIDIA H200 SXM (data sheet; matrices without sparsity)", 67, 134, 134, 989.5, 4.8, 33.5},
};
#define N_GPUS G_N_ELEMENTS (gpus)

typedef enum { F32, PACKED, MATRICES, DOT } Way;
static const guint element_sizes[] = { sizeof (float), sizeof (guint16), sizeof (guint16), sizeof (guint8) };

/* Of an operation, for the whole batch. */
typedef struct {
  gchar shader[32], tile[24];
  gdouble flops;
  gdouble bytes;                /* each tensor read or written once */
  gdouble tiles;                /* bytes that the workgroups read and write, mostly from the second cache */
  gdouble shared;               /* bytes that subgroups read from shared memory */
} Cost;

static gdouble
bytes_of (const GptVisPlan *plan, GptVisTensorId id, guint batch, guint element)
{
  const GptVisTensor *t = gptvis_plan_tensor (plan, id);
  return (gdouble) t->rows * t->width * (gptvis_tensor_is_activation (t) ? batch * sizeof (float) : element);
}

#define TILES(of) of, G_N_ELEMENTS (of)
static const struct {
  const gchar *shader;
  const GptVisVulkanTile *tiles;
  guint n_tiles;
} linears[] = {
  [F32] = {"linear", TILES (gptvis_vulkan_tiles)}, [PACKED] = {"linear-packed", TILES (gptvis_vulkan_tiles)},
  [MATRICES] = {"linear-matrix", TILES (gptvis_vulkan_matrix_tiles)},
  [DOT] = {"linear-dot", TILES (gptvis_vulkan_dot_tiles)},
};

/* As linear.c has it: the largest tile that makes enough workgroups, or the smallest. */
static const GptVisVulkanTile *
choose_tile (Way way, gdouble rows, gdouble columns)
{
  const GptVisVulkanTile *tiles = linears[way].tiles;
  const guint n = linears[way].n_tiles;
  guint i = 0;
  while (i + 1 < n && ceil (rows / tiles[i].rows) * ceil (columns / tiles[i].columns) < GPTVIS_VULKAN_ENOUGH)
    i++;
  return &tiles[i];
}

#define SUBGROUP 32.0           /* threads that read together: what is the same is read once */

static void
cost_linear (const GptVisPlan *plan, const GptVisOp *op, Way way, guint batch, Cost *c)
{
  const GptVisTensor *x = gptvis_plan_tensor (plan, op->in[0]), *w = gptvis_plan_tensor (plan, op->in[1]);
  const gdouble rows = (gdouble) x->rows * batch, columns = w->rows, inner = w->width;
  const gdouble w_element = element_sizes[way], macs = rows * columns * inner;
  if (rows <= GPTVIS_VULKAN_FEW) {
    strcpy (c->shader, "linear-few");
    c->tiles = c->bytes;
    return;
  }
  const gboolean floats = way == DOT && x->rows <= GPTVIS_VULKAN_FEW;   /* x is not rounded */
  way = floats ? F32 : way;
  const gdouble element = element_sizes[way];   /* in shared memory */
  const GptVisVulkanTile *t = choose_tile (way, rows, columns);
  strcpy (c->shader, floats ? "linear-int8" : linears[way].shader);
  g_snprintf (c->tile, sizeof c->tile, "%u×%u", t->rows, t->columns);
  /* x anew for each column of tiles, W for each row of them */
  c->tiles = macs * (sizeof (float) / (gdouble) t->columns + w_element / t->rows)
      + rows * columns * sizeof (float);
  if (way == MATRICES) {
    c->shared = macs * element * (t->part_rows + t->part_columns) / (t->part_rows * t->part_columns);
  } else {
    /* of threads side by side, each has its own columns, and only some their own rows */
    const gdouble across = fmin (t->columns / t->part_columns, SUBGROUP), down = SUBGROUP / across;
    c->shared = macs * element * (t->part_rows * down + t->part_columns * across)
        / (SUBGROUP * t->part_rows * t->part_columns);
    if (way == DOT)             /* each four's largest, of the fours that become bytes side by side */
      c->shared += macs / t->columns;
  }
}

#define MATRIX 16.0             /* sides of a matrix, as most GPUs have them */
#define LANES 8.0               /* ATTENTION_LANES */

static void
cost_attention (const GptVisPlan *plan, const GptVisOp *op, Way way, guint batch, Cost *c)
{
  const gdouble queries = gptvis_plan_tensor (plan, op->in[0])->rows;
  const gdouble keys = gptvis_plan_tensor (plan, op->in[1])->rows;
  const gdouble heads = (gdouble) op->attention.heads * batch;
  const gdouble width = op->attention.head_width, macs = heads * queries * keys * width;
  const GptVisVulkanAttentionTile *t = &gptvis_vulkan_attention_tiles[0];
  gdouble tile_queries = t->queries, passes = 1;
  if (way == MATRICES) {
    const guint n = 3;          /* those of 32 keys */
    guint i = 0;
    t = gptvis_vulkan_attention_matrix_tiles;
    while (i + 1 < n && ceil (queries / (t[i].queries * MATRIX)) * heads < GPTVIS_VULKAN_ENOUGH)
      i++;
    t += i;
    tile_queries = t->queries * MATRIX;
    passes = 2;                 /* over the keys */
    c->flops *= 1.5;
    /* q and k of each product of matrices, v and the weights; a score is written once and read twice a
     * pass */
    c->shared = macs * sizeof (guint16) * (passes * 2 / MATRIX + 1 / width + 1 / MATRIX)
        + heads * queries * keys * sizeof (float) * 3 * passes;
  } else {
    const gdouble element = way == F32 ? sizeof (float) : sizeof (guint16);
    const gdouble some = SUBGROUP / LANES * t->thread_queries;  /* queries of threads that read together */
    c->shared = macs * (element * (some + t->keys) / (some * t->keys)
        + (element * width + sizeof (float) * some) / (some * width));
  }
  g_snprintf (c->shader, sizeof c->shader, "attention%s",
      way == MATRICES ? "-matrix" : way == F32 ? "" : "-f16");
  g_snprintf (c->tile, sizeof c->tile, "%.0f×%u", tile_queries, t->keys);
  c->tiles = sizeof (float) * heads * width
      * (2 * queries + ceil (queries / tile_queries) * keys * (passes + 1));
}

static Cost
cost_of (const GptVisPlan *plan, guint i, Way way, guint batch)
{
  const GptVisOp *op = gptvis_plan_op (plan, i);
  const guint element = op->kind == GPTVIS_OP_LINEAR ? element_sizes[way] : sizeof (float);
  Cost c = { .flops = gptvis_plan_op_flops (plan, i) * batch };
  g_strlcpy (c.shader, gptvis_op_name (op->kind), sizeof c.shader);
  for (guint j = 0; j < op->n_in; j++) {
    gboolean again = op->in[j] == GPTVIS_NO_TENSOR;     /* q, k and v are often one tensor */
    for (guint k = 0; k < j; k++)
      again |= op->in[k] == op->in[j];
    if (!again)
      c.bytes += bytes_of (plan, op->in[j], batch, j == 1 ? element : sizeof (float));
  }
  c.bytes += bytes_of (plan, op->out, batch, sizeof (float));
  c.tiles = c.bytes;
  if (op->kind == GPTVIS_OP_LINEAR)
    cost_linear (plan, op, way, batch, &c);
  else if (op->kind == GPTVIS_OP_ATTENTION)
    cost_attention (plan, op, way, batch, &c);
  return c;
}

/* ---- the table ---- */

/* Is that how products are made there? */
static gboolean
is_way_of (guint gpu, Way way)
{
  return way == F32 || way == DOT || (way == MATRICES) == (gpus[gpu].matrix > 0);
}

/* Seconds, and which peak it is: of arithmetic, memory or shared memory. */
static gdouble
least_time (const Cost *c, guint gpu, Way way, const gchar **which)
{
  const gboolean product = c->tile[0] != 0;
  const gdouble peak = way == MATRICES && product ? gpus[gpu].matrix
      : strcmp (c->shader, "linear-packed") == 0 ? gpus[gpu].f16
      : strcmp (c->shader, "linear-dot") == 0 ? gpus[gpu].dot : gpus[gpu].f32;
  const gdouble times[] = { c->flops / peak, c->bytes / gpus[gpu].memory, c->shared / gpus[gpu].shared };
  static const gchar *const names[] = { "arithmetic", "memory", "shared" };
  guint most = 0;
  for (guint i = 1; i < G_N_ELEMENTS (times); i++)
    if (times[i] > times[most])
      most = i;
  *which = names[most];
  return times[most] * 1e-12;
}

static gboolean
same_cost (const Cost *a, const Cost *b)
{
  return strcmp (a->shader, b->shader) == 0 && a->flops == b->flops && a->bytes == b->bytes;
}

static void
print_limits (const Cost *c, Way way, gdouble sums[N_GPUS], gboolean print)
{
  for (guint gpu = 0; gpu < N_GPUS; gpu++) {
    const gchar *by;
    const gdouble time = least_time (c, gpu, way, &by);
    if (is_way_of (gpu, way) && print)
      printf (" %.3g %s |", time * 1e6, by);
    sums[gpu] += time;
  }
}

/* One line for operations that cost the same. */
static void
print_operation (const GptVisPlan *plan, guint i, Way way, guint batch, gdouble sums[N_GPUS])
{
  const GptVisOp *op = gptvis_plan_op (plan, i);
  const Cost c = cost_of (plan, i, way, batch);
  const GptVisTensor *x = gptvis_plan_tensor (plan, op->in[0]), *y = gptvis_plan_tensor (plan, op->out);
  guint n = 0;
  gboolean first = TRUE;
  for (guint j = 0; j < gptvis_plan_step_op (plan); j++) {
    const Cost other = cost_of (plan, j, way, batch);
    first &= j >= i || !same_cost (&c, &other);
    n += same_cost (&c, &other);
  }
  if (first)
    printf ("| %s | %u | %u×%u → %u×%u | %s | %.3g | %.3g | %.3g | %.3g | %.3g |", c.shader, n,
        x->rows * (gptvis_tensor_is_activation (x) ? batch : 1), x->width, y->rows * batch, y->width,
        c.tile[0] ? c.tile : "–", c.flops * 1e-9, c.bytes * 1e-6, c.flops / c.bytes, c.tiles * 1e-6,
        c.shared * 1e-6);
  print_limits (&c, way, sums, first);
  if (first)
    printf ("\n");
}

static void
print_shader (const Cost *c, const gchar *shape, guint times, Way way, gdouble sums[N_GPUS])
{
  printf ("| %s | %u | %s | – | %.3g | %.3g | %.3g | %.3g | 0 |", c->shader, times, shape, c->flops * 1e-9,
      c->bytes * 1e-6, c->flops / c->bytes, c->tiles * 1e-6);
  for (guint i = 0; i < times; i++)
    print_limits (c, way, sums, i == 0);
  printf ("\n");
}

#define FRAME_WIDTH 1920.0
#define FRAME_HEIGHT 1080.0
#define TAPS 2.0                /* of an output in each step from one to the next: bilinear's */

/* A frame in NV12 becomes patches: each row of Y, Cb, Cr is summed to the result's width, then the columns of
 * these to its height. Chroma has half the samples each way. What threads beside each other read is the same
 * but for a step. */
static void
print_frames (const GptVisPlan *plan, Way way, guint batch, gdouble sums[N_GPUS])
{
  const GptVisRecipe *recipe = &gptvis_plan_op (plan, 0)->patches.recipe;
  const gdouble rows = 2 * FRAME_HEIGHT, outputs = (gdouble) recipe->width * recipe->height;
  const gdouble narrow_bytes = rows * recipe->width * sizeof (float);
  const Cost narrow = { .shader = "narrow", .flops = 2 * TAPS * FRAME_WIDTH * FRAME_HEIGHT * (1 + 0.5),
    .bytes = FRAME_WIDTH * FRAME_HEIGHT * 1.5 + narrow_bytes,
    .tiles = TAPS * FRAME_WIDTH * FRAME_HEIGHT * 1.5 + narrow_bytes };
  const Cost patches = { .shader = "patches", .flops = 2 * TAPS * rows * recipe->width,
    .bytes = narrow_bytes + 3 * outputs * sizeof (float), .tiles = TAPS * narrow_bytes
    + 3 * outputs * sizeof (float) };
  print_shader (&narrow, "1080×1920, NV12 → 2160×224", batch, way, sums);
  print_shader (&patches, "2160×224 → 196×768", batch, way, sums);
}

static void
print_way (const GptVisPlan *plan, Way way, guint batch)
{
  static const gchar *const names[] = {
    "f32", "f16, packed products (no cooperative matrices)", "f16, cooperative matrices",
    "int8, dot products"
  };
  gdouble sums[N_GPUS] = { 0 };
  printf ("\n%s, batch %u:\n\n", names[way], batch);
  printf ("| shader | times | shape | tile | GFLOP | MB | FLOP/B | tiles' MB | shared MB |");
  for (guint gpu = 0; gpu < N_GPUS; gpu++)
    if (is_way_of (gpu, way))
      printf (" %s, µs |", gpus[gpu].name);
  printf ("\n| --- | --: | --- | --- | --: | --: | --: | --: | --: |");
  for (guint gpu = 0; gpu < N_GPUS; gpu++)
    if (is_way_of (gpu, way))
      printf (" --- |");
  printf ("\n");
  print_frames (plan, way, batch, sums);
  for (guint i = 0; i < gptvis_plan_step_op (plan); i++) {
    if (gptvis_plan_op (plan, i)->kind != GPTVIS_OP_PATCHES && !gptvis_plan_makes_constant (plan, i))
      print_operation (plan, i, way, batch, sums);
  }
  printf ("\nAll of them, at least:");
  for (guint gpu = 0; gpu < N_GPUS; gpu++)
    if (is_way_of (gpu, way))
      printf (" %s %.3g ms;", gpus[gpu].name, sums[gpu] * 1e3);
  printf ("\n");
}

static GptVisPlan *
record (const RandomVit *vit, guint batch)
{
  const GptVisConfiguration config = {
    .model_type = "vit", .architecture = gptvis_architecture_find ("vit"), .hidden_size = vit->width,
    .n_layers = vit->layers, .n_heads = vit->heads, .intermediate_size = 4 * vit->width,
    .image_height = vit->side, .image_width = vit->side, .patch_size = vit->patch, .act = GPTVIS_ACT_GELU,
    .epsilon = 1e-12f, .qkv_bias = TRUE,
    .n_labels = vit->labels,
  };
  const GptVisRecipe recipe = { .resize_width = vit->side, .resize_height = vit->side,
    .filter = GPTVIS_FILTER_BILINEAR, .width = vit->side, .height = vit->side, .rescale = 1 / 255.0,
    .mean = {0.5, 0.5, 0.5}, .std = {0.5, 0.5, 0.5} };
  GError *error = NULL;
  GptVisPlan *plan = gptvis_architecture_plan (&config, &recipe, batch, GPTVIS_OUTPUT_SCORES, &error);
  if (!plan)
    measure_die (error->message);
  return plan;
}

void
bench_intensity (const gchar *name, const BenchSettings *settings)
{
  const guint batch = MAX (settings->batch, 1);
  GptVisPlan *plan = record (&bench_network_find (name)->vit, batch);
  printf ("| GPU | f32 | f16 | dot products | matrices, TFLOP/s | memory | shared, TB/s "
      "| FLOP a byte of memory |\n");
  printf ("| --- | --: | --: | --: | --: | --: | --: | --: |\n");
  for (guint i = 0; i < N_GPUS; i++)
    printf ("| %s | %.3g | %.3g | %.3g | %.4g | %.3g | %.3g | %.0f |\n", gpus[i].source, gpus[i].f32,
        gpus[i].f16, gpus[i].dot, gpus[i].matrix, gpus[i].memory, gpus[i].shared,
        MAX (gpus[i].matrix, gpus[i].f16) / gpus[i].memory);
  for (Way way = F32; way <= DOT; way++)
    print_way (plan, way, batch);
  gptvis_plan_free (plan);
}
