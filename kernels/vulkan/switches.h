/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What users turn off with GPTVIS_VULKAN_DISABLE, and the faults that tests switch on. Any thread. */
#pragma once
#include "gpu.h"

G_BEGIN_DECLS

/* Is the word among those in GPTVIS_VULKAN_DISABLE, which are separated by commas? */
gboolean gptvis_vulkan_disabled (const gchar *word);
/* Warns of each word there that turns nothing off. */
void gptvis_vulkan_check_words (void);

/* As they were last set; a device keeps those of the time when it was opened. */
extern GptVisVulkanFaults gptvis_vulkan_faults;

G_END_DECLS
