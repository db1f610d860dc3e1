/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tiles of linear's and attention's shaders, from large to small. Plain numbers, so that what
 * reasons about them (tests/bench --intensity, whose table is in shaders/README.md) reads the same
 * ones. */
#pragma once
#include <glib.h>

/* Workgroups that keep a device busy: about as many as the largest GPUs have processors. */
#define GPTVIS_VULKAN_ENOUGH 128u

/* linear: a workgroup's part of y, the slice of x and W that it takes at a time, and what of that a
 * thread makes, or with matrices a subgroup. */
typedef struct {
  guint rows, columns, inner, part_rows, part_columns;
} GptVisVulkanTile;

/* All sides multiples of 8; workgroups of at most 128 threads and 10 KiB, which every device has. */
static const GptVisVulkanTile gptvis_vulkan_tiles[] = {
  {64, 64, 16, 8, 4}, {32, 64, 16, 4, 4}, {32, 32, 32, 4, 4}
};

/* Of dot products of bytes, LINEAR_SLICE at a time. What becomes bytes of x does so again for each column of
 * tiles, so the first is wide. */
static const GptVisVulkanTile gptvis_vulkan_dot_tiles[] = {
  {64, 128, 32, 8, 8}, {64, 64, 32, 8, 4}, {32, 64, 32, 4, 4}, {32, 32, 32, 4, 4}
};

/* Of cooperative matrices: four subgroups each, the first of eight. */
static const GptVisVulkanTile gptvis_vulkan_matrix_tiles[] = {
  {128, 256, 32, 64, 64}, {128, 128, 32, 64, 64}, {64, 128, 32, 32, 64}, {64, 64, 32, 32, 32},
  {32, 64, 32, 16, 32}, {32, 32, 32, 16, 16}
};

#define GPTVIS_VULKAN_FEW 16u   /* rows, up to which reading W is what takes time, and there are no tiles */

/* attention: queries and keys of a tile, and the queries that ATTENTION_LANES threads share … */
typedef struct {
  guint queries, keys, thread_queries;
} GptVisVulkanAttentionTile;

static const GptVisVulkanAttentionTile gptvis_vulkan_attention_tiles[] = {
  {32, 32, 4}, {32, 16, 4}, {16, 32, 2}, {16, 16, 2}, {16, 8, 2}, {8, 8, 1}, {4, 8, 1}, {1, 8, 1}
};

/* … or, with matrices, the queries in subgroups, each of a matrix's rows. */
static const GptVisVulkanAttentionTile gptvis_vulkan_attention_matrix_tiles[] = {
  {4, 32}, {2, 32}, {1, 32}, {1, 16}, {1, 8}
};
