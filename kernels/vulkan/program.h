/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program on a GPU: what the files of this folder share.
 *
 * Memory. Weights lie in a few large buffers; a weight that is larger than what the device
 * can bind at once is cut by rows into pieces. The arena holds temporaries where
 * plan-layout.c puts them, and behind them the input of a batch. States lie tensor by
 * tensor, in each slot after slot: [slots, beams, span]; that buffer grows, between runs,
 * when more slots are run than it has room for. What slots are filled with is brought into
 * the arena at the beginning of a run (staging.h), outputs are copied into a mapped buffer at
 * its end; what else changes from run to run is in `args` (shared.h).
 *
 * Flights. One run may be submitted while another is under way, so that the device does not
 * wait for the processor between two. They use the arena in turn, and have arguments, outputs and
 * command buffers of their own. A plan with states has one flight: what is run next depends on
 * what was run last. */
#pragma once
#include "context.h"
#include "memory.h"
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
  /* of a weight: products' W and tables of tokens have the program's, others f32 */
  GptVisPrecision precision;
} GptVisVulkanTensor;

struct GptVisVulkanRecording;

typedef struct {
  VkCommandBuffer staging;      /* what fills the input, made anew for each run */
  VkDescriptorPool sets;        /* its; VK_NULL_HANDLE: no pictures are staged */
  VkQueryPool times;            /* when a run for pictures began and ended; VK_NULL_HANDLE: none */
  VkFence fence;
  const struct GptVisVulkanRecording *recording;        /* of the run at hand */
  struct GptVisVulkanRecording **recordings[2]; /* [step][n]; NULL: not recorded yet */
} GptVisVulkanFlight;

typedef struct {
  GptVisProgram base;
  GptVisVulkanContext *context; /* a reference */
  GptVisVulkanDevice *device;   /* the context's */
  GptVisVulkanTensor *tensors;
  GptVisVulkanBuffer *chunks;   /* of weights */
  guint n_chunks;
  GptVisVulkanBuffer arena, args, outputs, states;
  gsize args_size, outputs_size;        /* bytes of one flight's */
  GptVisTensorId input_id;
  gsize *output_offsets;        /* bytes in a flight's outputs, of each tensor */
  guint first_history, history_stride;  /* uints of a flight's args */

  GMutex lock;                  /* guards `taken` */
  GArray *taken;                /* gboolean of each slot's number */
  guint capacity;               /* slots that `states` has room for; 0 when there are no states */

  VkCommandPool commands;
  VkCommandBuffer copies;       /* submitted once and waited for */
  VkFence copied;

  GptVisVulkanFlight flights[GPTVIS_MAX_IN_FLIGHT];
  guint next, running;          /* the flight to submit next; how many before it are under way */
  guint landed;                 /* the flight that was waited for last */
  guint submissions;
  guint tries;                  /* of tune.c, when it was made */
  guint64 chosen;               /* which candidates its recordings took, as one number */
} GptVisVulkanProgram;

/* program.c: takes the reference to the context, also when it fails. */
GptVisVulkanProgram *gptvis_vulkan_program_new (const GptVisPlan *plan, const GptVisWeights *weights,
    GptVisVulkanContext *context, GptVisPrecision precision, GError **error);
void gptvis_vulkan_program_free (GptVisVulkanProgram *p);
/* Room in `states` for slots [0, n); drops the recordings when they move. Nothing may run. */
gboolean gptvis_vulkan_program_grow (GptVisVulkanProgram *p, guint n, GError **error);
/* They are made anew by the next runs. Nothing may run. */
void gptvis_vulkan_program_drop_recordings (GptVisVulkanProgram *p);

/* weights.c: allocates the chunks and fills them; resampled constants too. */
gboolean gptvis_vulkan_weights_load (GptVisVulkanProgram *p, const GptVisWeights *weights, GError **error);

/* The largest batch of the part that runs for pictures, or of the step. */
static inline guint
gptvis_vulkan_batch_of (const GptVisPlan *plan, gboolean step)
{
  return step ? gptvis_plan_max_sequences (plan) : gptvis_plan_max_batch (plan);
}

static inline guint
gptvis_vulkan_flights (const GptVisPlan *plan)
{
  return gptvis_plan_slot_states (plan) == 0 ? GPTVIS_MAX_IN_FLIGHT : 1;
}

static inline gsize
gptvis_vulkan_bytes (const GptVisTensor *t)
{
  return (gsize) t->rows * t->width * sizeof (float);
}

G_END_DECLS
