/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is put into command buffers in the same way wherever that is done: for a plan (recorder.c, record.c),
 * for what slots are filled with (staging.c), for a trial (tune.c). */
#pragma once
#include "program.h"

G_BEGIN_DECLS

/* A pool for so many sets, each of at most GPTVIS_SHADER_BINDINGS buffers. */
VkResult gptvis_vulkan_sets_new (GptVisVulkanDevice *device, guint n, VkDescriptorPool *sets);

void gptvis_vulkan_barrier (GptVisVulkanDevice *device, VkCommandBuffer commands, VkPipelineStageFlags from,
    VkAccessFlags written, VkPipelineStageFlags to, VkAccessFlags touched);

/* Workgroups of the pipeline, with a set of its own; `push` is what its shader has pushed. */
gboolean gptvis_vulkan_put_dispatch (GptVisVulkanDevice *device, VkCommandBuffer commands,
    VkDescriptorPool sets, const GptVisVulkanPipeline *pipeline, const GptVisVulkanRange *bindings,
    const void *push, const guint groups[3], GError **error);

/* Begins commands that are submitted once. */
gboolean gptvis_vulkan_begin (GptVisVulkanProgram *p, VkCommandBuffer commands, GError **error);
/* Runs p->copies, which is begun and filled, and waits for its end. */
gboolean gptvis_vulkan_program_copy (GptVisVulkanProgram *p, GError **error);

G_END_DECLS
