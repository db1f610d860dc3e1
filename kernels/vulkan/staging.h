/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the contents of slots reach the device. A picture's rows that count are copied
 * into a mapped buffer as they are, and the device makes patches of them at the beginning of
 * the run (shaders/narrow.comp, patches.comp), from taps that are worked out when the first
 * picture of a size comes. Rows (of a decoder's input, a test's, or of a picture that is too
 * large to be bound) lie in another and are copied.
 *
 * Threads: a slot's are its owner's (backend.h); a flight's the worker's. */
#pragma once
#include "program.h"
#include "../layout.h"

G_BEGIN_DECLS

/* A plane's rows that count, and where in the mapped buffer they go. */
typedef struct {
  guint first, rows;
  gsize row_bytes, at;
} GptVisVulkanPlane;

typedef struct {
  GptVisSlot base;              /* its rows: mapped; without a buffer from gptvis_alloc */
  guint number;
  GptVisVulkanBuffer rows;      /* of zeros: it could not be had, and the slot cannot be run */

  gboolean is_picture;          /* it was filled with a picture, else with rows */
  GptVisVulkanBuffer picture;   /* mapped: struct PatchPicture of shared.h, taps, pixels */
  /* the same in the device's own memory; of zeros: `picture` is there already */
  GptVisVulkanBuffer near;
  GptVisVulkanBuffer narrow;    /* the picture, as wide as the result */
  GptVisPictureFormat format;   /* what these were made for; width 0: nothing yet */
  guint width, height;
  GptVisSite site;
  guint components;
  GptVisVulkanPlane planes[3];
} GptVisVulkanSlot;

static inline const GptVisVulkanSlot *
gptvis_vulkan_slot (const GptVisSlot *slot)
{
  return (const GptVisVulkanSlot *) slot;
}

/* What a flight needs to stage pictures; its command buffer and queries are there. */
VkResult gptvis_vulkan_staging_init (GptVisVulkanProgram *p, GptVisVulkanFlight *flight);

/* FALSE: the device does not take this picture (or it is impossible), and it must be made rows. */
gboolean gptvis_vulkan_stage (GptVisVulkanProgram *p, GptVisVulkanSlot *slot, const GptVisPicture *picture);
void gptvis_vulkan_slot_clear (GptVisVulkanProgram *p, GptVisVulkanSlot *slot);

/* Records into `commands`, which is begun: the slots' contents become the arena's input. */
gboolean gptvis_vulkan_record_staging (GptVisVulkanProgram *p, GptVisVulkanFlight *flight,
    VkCommandBuffer commands, GptVisSlot *const *slots, guint n, GError **error);

G_END_DECLS
