/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buffers: few and large, each with memory of its own. Their users decide what lies where in them. */
#pragma once
#include "device.h"

G_BEGIN_DECLS

typedef enum {
  GPTVIS_VULKAN_DEVICE,         /* where shaders read and write fastest; not mapped */
  /* mapped: the processor writes, a copy or shader reads; the device's own if it can be */
  GPTVIS_VULKAN_TO_DEVICE,
  GPTVIS_VULKAN_SHARED,         /* mapped, and the processor reads it as fast as its own */
} GptVisVulkanPlace;

typedef struct {
  VkBuffer buffer;
  VkDeviceMemory memory;
  gsize size;                   /* bytes */
  void *mapped;                 /* NULL on the device; coherent: no flush is needed */
  gboolean local;               /* in the device's own memory */
} GptVisVulkanBuffer;

/* Where any GPU can bind a part of a buffer (minStorageBufferOffsetAlignment is at most this). */
#define GPTVIS_VULKAN_ALIGN 256u
#define GPTVIS_VULKAN_ALIGNED(bytes) \
  (((gsize) (bytes) + GPTVIS_VULKAN_ALIGN - 1) / GPTVIS_VULKAN_ALIGN * GPTVIS_VULKAN_ALIGN)

/* For storage and for copies both ways. FALSE: LIMIT when there is no such memory, DEVICE;
 * *self is as it was. */
gboolean gptvis_vulkan_buffer_init (GptVisVulkanBuffer *self, GptVisVulkanDevice *device, gsize size,
    GptVisVulkanPlace place, GError **error);
/* Nothing that uses it may run. One of zeros is fine. */
void gptvis_vulkan_buffer_clear (GptVisVulkanBuffer *self, GptVisVulkanDevice *device);

G_END_DECLS
