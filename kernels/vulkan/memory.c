/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which kind of memory a buffer gets. */
#include "memory.h"

#define KIB(bytes) (((bytes) + 1023) / 1024)

/* Properties that each place must have, and those that are better: first with both. */
static const struct {
  VkMemoryPropertyFlags needed, better;
} places[] = {
  [GPTVIS_VULKAN_DEVICE] = {0, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT},
  [GPTVIS_VULKAN_TO_DEVICE] = {VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
      VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT},
  [GPTVIS_VULKAN_SHARED] = {VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
      VK_MEMORY_PROPERTY_HOST_CACHED_BIT},
};

static gint
find_type (const GptVisVulkanDevice *device, guint32 allowed, VkMemoryPropertyFlags flags)
{
  for (guint i = 0; i < device->memory.memoryTypeCount; i++)
    if ((allowed & 1u << i) && (device->memory.memoryTypes[i].propertyFlags & flags) == flags)
      return i;
  return -1;
}

/* Memory of a type that has those properties. */
static VkResult
allocate_type (GptVisVulkanBuffer *self, GptVisVulkanDevice *device, const VkMemoryRequirements *needs,
    VkMemoryPropertyFlags flags)
{
  const gint type = find_type (device, needs->memoryTypeBits, flags);
  if (type < 0)
    return VK_ERROR_OUT_OF_DEVICE_MEMORY;
  const VkMemoryAllocateInfo info = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
    .allocationSize = needs->size,
    .memoryTypeIndex = type,
  };
  self->local = !device->faults.far
      && (device->memory.memoryTypes[type].propertyFlags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
  return device->call.vkAllocateMemory (device->device, &info, NULL, &self->memory);
}

static VkResult
allocate (GptVisVulkanBuffer *self, GptVisVulkanDevice *device, GptVisVulkanPlace place)
{
  const GptVisVulkanFaults *faults = &device->faults;
  VkMemoryRequirements needs;
  device->call.vkGetBufferMemoryRequirements (device->device, self->buffer, &needs);
  const gsize allocated = g_atomic_pointer_get (&device->allocated);
  if (faults->memory && (allocated + KIB (needs.size)) * 1024 > faults->memory)
    return VK_ERROR_OUT_OF_DEVICE_MEMORY;
  VkResult result = allocate_type (self, device, &needs, places[place].needed | places[place].better);
  if (result != VK_SUCCESS)     /* the better kind may be scarce */
    result = allocate_type (self, device, &needs, places[place].needed);
  if (result == VK_SUCCESS)
    result = device->call.vkBindBufferMemory (device->device, self->buffer, self->memory, 0);
  if (result == VK_SUCCESS && place != GPTVIS_VULKAN_DEVICE)
    result = device->call.vkMapMemory (device->device, self->memory, 0, VK_WHOLE_SIZE, 0, &self->mapped);
  return result;
}

static void
destroy (GptVisVulkanBuffer *self, GptVisVulkanDevice *device)
{
  device->call.vkDestroyBuffer (device->device, self->buffer, NULL);
  device->call.vkFreeMemory (device->device, self->memory, NULL);
}

gboolean
gptvis_vulkan_buffer_init (GptVisVulkanBuffer *self, GptVisVulkanDevice *device, gsize size,
    GptVisVulkanPlace place, GError **error)
{
  const VkBufferCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
    .size = MAX (size, GPTVIS_VULKAN_ALIGN),
    .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT
        | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
    .sharingMode = VK_SHARING_MODE_EXCLUSIVE,
  };
  GptVisVulkanBuffer new = { .size = info.size };
  VkResult result = device->call.vkCreateBuffer (device->device, &info, NULL, &new.buffer);
  if (result == VK_SUCCESS)
    result = allocate (&new, device, place);
  if (result != VK_SUCCESS) {
    destroy (&new, device);
    g_set_error (error, GPTVIS_ERROR,
        result == VK_ERROR_DEVICE_LOST ? GPTVIS_ERROR_DEVICE : GPTVIS_ERROR_LIMIT,
        "%s: a buffer of %" G_GSIZE_FORMAT " KiB cannot be had beside the %" G_GSIZE_FORMAT " KiB in use: %s",
        device->name, KIB (size), (gsize) g_atomic_pointer_get (&device->allocated),
        gptvis_vulkan_result_name (result));
    return FALSE;
  }
  g_atomic_pointer_add (&device->allocated, KIB (new.size));
  *self = new;
  return TRUE;
}

void
gptvis_vulkan_buffer_clear (GptVisVulkanBuffer *self, GptVisVulkanDevice *device)
{
  if (!self->buffer)
    return;
  g_atomic_pointer_add (&device->allocated, -(gssize) KIB (self->size));
  destroy (self, device);
  *self = (GptVisVulkanBuffer) { };
}
