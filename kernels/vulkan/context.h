/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An open device, and what all programs on it share: its pipelines, and which ways to compute were fastest.
 * Opened once and counted. Threads: any. */
#pragma once
#include "choices.h"
#include "pipeline.h"

G_BEGIN_DECLS

typedef struct {
  gint refs;                    /* under the lock of the table of contexts */
  GptVisVulkanDevice *device;
  GptVisVulkanPipelines *pipelines;
  GptVisVulkanChoices *choices;
} GptVisVulkanContext;

/* A reference to the context of the device that gptvis_vulkan_choose takes, or NULL and its error or the
 * driver's. */
GptVisVulkanContext *gptvis_vulkan_context_open (const gchar *device, gboolean software, GError **error);
void gptvis_vulkan_context_unref (GptVisVulkanContext *self);

G_END_DECLS
