/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program on a GPU: what the files of this folder share.
 *
 * Memory. Weights lie in a few large buffers; a weight that is larger than what the device
 * can bind at once is cut by rows into pieces. The arena holds temporaries where
 * plan-layout.c has put them, and behind them the input of a batch. States lie tensor by
 * tensor, in each slot after slot: [slots, beams, span]; that buffer grows, between runs,
 * when more slots are run than it has room for. Slots' patch rows are in mapped buffers
 * of their own and copied into the arena at the beginning of a run, outputs into a mapped
 * buffer at its end; what else changes from run to run is in `args` (shared.h). */
#pragma once
#include "memory.h"
#include "pipeline.h"
#include "../weights.h"

G_BEGIN_DECLS

typedef struct {
  const GptVisVulkanBuffer *buffer;
  gsize offset, size;           /* bytes */
} GptVisVulkanRange;

/* Rows [first, first + rows) of a tensor. */
typedef struct {
  GptVisVulkanRange range;
  guint first, rows;
} GptVisVulkanPiece;

typedef struct {
  GptVisVulkanPiece *pieces;
  guint n_pieces;               /* 0: no dispatch reads it; 1 but for large weights */
  gboolean half;                /* of 16 bits: products' W and tables of tokens, at precision f16 */
} GptVisVulkanTensor;

struct GptVisVulkanRecording;

typedef struct {
  GptVisProgram base;
  GptVisVulkanDevice *device;
  GptVisVulkanTensor *tensors;
  GptVisVulkanBuffer *chunks;   /* of weights */
  guint n_chunks;
  GptVisVulkanBuffer arena, args, outputs, states;
  GptVisTensorId input_id;
  gsize *output_offsets;        /* bytes in outputs, of each tensor */
  guint first_history, history_stride;  /* uints of args */

  GMutex lock;                  /* guards `taken` */
  GArray *taken;                /* gboolean of each slot's number */
  guint capacity;               /* slots that `states` has room for; 0 when there are no states */

  VkCommandPool commands;
  VkCommandBuffer copies;       /* of the slots' rows, made anew for each run */
  VkFence fence;
  gboolean running;             /* submitted, not waited for */
  const struct GptVisVulkanRecording *timed;    /* of the run at hand */
  guint submissions;
  struct GptVisVulkanRecording **recordings[2]; /* [step][n]; NULL: not recorded yet */
} GptVisVulkanProgram;

typedef struct {
  GptVisSlot base;              /* its rows: mapped; without a buffer from gptvis_alloc */
  guint number;
  GptVisVulkanBuffer buffer;    /* of zeros: it could not be had, and the slot cannot be run */
} GptVisVulkanSlot;

static inline const GptVisVulkanSlot *
gptvis_vulkan_slot (const GptVisSlot *slot)
{
  return (const GptVisVulkanSlot *) slot;
}

/* program.c: takes the device over, also when it fails. */
GptVisVulkanProgram *gptvis_vulkan_program_new (const GptVisPlan * plan, const GptVisWeights * weights,
    GptVisVulkanDevice * device, GptVisPrecision precision, GError ** error);
void gptvis_vulkan_program_free (GptVisVulkanProgram * p);
/* Room in `states` for slots [0, n); drops the recordings when they move. Nothing may run. */
gboolean gptvis_vulkan_program_grow (GptVisVulkanProgram * p, guint n, GError ** error);
guint gptvis_vulkan_batch_of (const GptVisPlan * plan, gboolean step);

/* weights.c: allocates the chunks and fills them; resampled constants too. */
gboolean gptvis_vulkan_weights_load (GptVisVulkanProgram * p, const GptVisWeights * weights, GError ** error);

static inline gsize
gptvis_vulkan_bytes (const GptVisTensor *t)
{
  return (gsize) t->rows * t->width * sizeof (float);
}

G_END_DECLS
