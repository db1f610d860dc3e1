/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loader, the instance and the devices that there are. A process has one instance, made when it is first
 * needed and kept: drivers do not like to be loaded and unloaded. Any thread. */
#pragma once
#include <glib.h>
#include <volk.h>

G_BEGIN_DECLS

/* A device that can compute. */
typedef struct {
  VkPhysicalDevice physical;
  VkPhysicalDeviceProperties properties;
  guint queue_family;
  gboolean timestamps;          /* the queue can tell the time */
} GptVisVulkanChoice;

/* Chooses a device: NULL or "auto": a discrete GPU, then an integrated one, then any other,
 * and a software rasteriser only with `software`; a number: that one of the list; else
 * whose name is or contains that text. DEVICE (no loader, no driver, no device) or
 * NOT_FOUND (none of that name or number; the sentence lists what there is). */
gboolean gptvis_vulkan_choose (const gchar *device, gboolean software, GptVisVulkanChoice *choice,
    GError **error);

/* "out of device memory", … */
const gchar *gptvis_vulkan_result_name (VkResult result);

/* FALSE and an error for anything but VK_SUCCESS: LIMIT when memory ran out, else DEVICE.
 * "vkCreateBuffer on llvmpipe: out of device memory". */
gboolean gptvis_vulkan_check (VkResult result, const gchar *call, const gchar *device, GError **error);

G_END_DECLS
