/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small files in ~/.cache/gptvis that a device and its driver leave for the next process. A line with
 * the sum of the rest begins each, so that only what was written here is read. */
#pragma once
#include "device.h"

G_BEGIN_DECLS

/* "…/vulkan-<device, driver>.<what>"; NULL with GPTVIS_VULKAN_DISABLE=cache. */
gchar *gptvis_vulkan_store_path (const GptVisVulkanDevice *device, const gchar *what);

/* What was written there, ended by a 0 that does not count; NULL: nothing, or not that, or more than
 * 64 MiB. `path` may be NULL. */
gchar *gptvis_vulkan_store_read (const gchar *path, gsize *size);

/* A file that cannot be written is left out: the next process only takes longer to start. `path` may be
 * NULL. */
void gptvis_vulkan_store_write (const gchar *path, const gchar *data, gsize size);

G_END_DECLS
