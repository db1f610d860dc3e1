/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A logical device with one queue that computes. Whatever programs share on it stands above it, in context.h.
 *
 * Threads: any; the queue has a lock. */
#pragma once
#include "features.h"
#include "instance.h"
#include "switches.h"

G_BEGIN_DECLS

typedef struct {
  gchar *name;
  VkPhysicalDevice physical;
  VkPhysicalDeviceProperties properties;
  VkPhysicalDeviceLimits limits;
  VkPhysicalDeviceMemoryProperties memory;
  GptVisVulkanFeatures features;        /* that are enabled */
  VkDevice device;
  struct VolkDeviceTable call;  /* this device's functions */
  guint queue_family;
  VkQueue queue;
  GMutex queue_lock;            /* guards the queue */
  gboolean timestamps;          /* the queue can tell the time; see limits.timestampPeriod */
  gint lost;                    /* atomic: nothing works any more, and nobody gets it again */
  GptVisVulkanFaults faults;    /* when it was opened */
  gsize allocated;              /* atomic: KiB of memory */
} GptVisVulkanDevice;

/* NULL: DEVICE or LIMIT. */
GptVisVulkanDevice *gptvis_vulkan_device_new (const GptVisVulkanChoice *choice, GError **error);
void gptvis_vulkan_device_free (GptVisVulkanDevice *self);

/* As gptvis_vulkan_check, with the device's name; notes when the device is lost. */
gboolean gptvis_vulkan_ok (GptVisVulkanDevice *self, VkResult result, const gchar *call, GError **error);

/* Submits command buffers, in this order, as one; `fence` is signalled at their end. */
gboolean gptvis_vulkan_device_submit (GptVisVulkanDevice *self, const VkCommandBuffer *commands, guint n,
    VkFence fence, GError **error);
/* Waits for a fence that was submitted. */
gboolean gptvis_vulkan_device_wait (GptVisVulkanDevice *self, VkFence fence, GError **error);

G_END_DECLS
