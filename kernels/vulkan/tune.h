/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of several ways to make a dispatch is fastest on this device: found once by trying them on a
 * plan's own shapes, by the GPU's clock, and kept on disk beside the pipelines. What was not tried
 * takes the way that is reasoned to be best, and so does all with GPTVIS_VULKAN_DISABLE=tune, on a
 * software rasteriser, and on a device without a clock. */
#pragma once
#include "record.h"

G_BEGIN_DECLS

typedef struct GptVisVulkanTuner GptVisVulkanTuner;

/* Of a device; reads what is on disk. Never fails. */
GptVisVulkanTuner *gptvis_vulkan_tuner_new (const GptVisVulkanDevice * device);
void gptvis_vulkan_tuner_free (GptVisVulkanTuner * self);

/* Tries what the plan's linears and attentions can take that was not tried yet, for one picture and
 * for a whole batch, for about a second at most; what is left then is tried with the next program.
 * Nothing of p may run. FALSE: the device failed. */
gboolean gptvis_vulkan_tune (GptVisVulkanProgram * p, GError ** error);

/* Dispatches one of the candidates: what r or a test asks for, else what was fastest, else the best. */
void gptvis_vulkan_dispatch_candidate (GptVisVulkanRecorder * r, const GptVisVulkanCandidates * candidates,
    const GptVisVulkanRange * bindings, const void *push, gsize push_size);

G_END_DECLS
