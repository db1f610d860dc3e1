/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a device is opened, and what is submitted to it. */
#include "device.h"

gboolean
gptvis_vulkan_ok (GptVisVulkanDevice *self, VkResult result, const gchar *call, GError **error)
{
  if (result == VK_ERROR_DEVICE_LOST)
    g_atomic_int_set (&self->lost, TRUE);
  return gptvis_vulkan_check (result, call, self->name, error);
}

static gboolean
create (GptVisVulkanDevice *self, GError **error)
{
  const float priority = 0.5f;
  const VkDeviceQueueCreateInfo queue = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
    .queueFamilyIndex = self->queue_family,
    .queueCount = 1,
    .pQueuePriorities = &priority,
  };
  const VkDeviceCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
    .queueCreateInfoCount = 1,
    .pQueueCreateInfos = &queue,
  };
  const VkResult result = gptvis_vulkan_features_create (&self->features, self->physical, &info,
      &self->device);
  if (!gptvis_vulkan_ok (self, result, "vkCreateDevice", error))
    return FALSE;
  volkLoadDeviceTable (&self->call, self->device);
  self->call.vkGetDeviceQueue (self->device, self->queue_family, 0, &self->queue);
  return TRUE;
}

void
gptvis_vulkan_device_free (GptVisVulkanDevice *self)
{
  if (self->device)
    self->call.vkDestroyDevice (self->device, NULL);
  g_mutex_clear (&self->queue_lock);
  g_free (self->name);
  g_free (self);
}

/* To less than it has, for tests. */
static void
limit (GptVisVulkanDevice *self)
{
  if (self->faults.range > 0)
    self->limits.maxStorageBufferRange = MIN (self->limits.maxStorageBufferRange, self->faults.range);
  if (self->faults.least) {
    self->limits.maxComputeWorkGroupInvocations = 128;
    self->limits.maxComputeSharedMemorySize = 16384;
  }
}

GptVisVulkanDevice *
gptvis_vulkan_device_new (const GptVisVulkanChoice *choice, GError **error)
{
  GptVisVulkanDevice *self = g_new0 (GptVisVulkanDevice, 1);
  gptvis_vulkan_check_words ();
  self->name = g_strdup (choice->properties.deviceName);
  self->physical = choice->physical;
  self->properties = choice->properties;
  self->limits = choice->properties.limits;
  self->faults = gptvis_vulkan_faults;
  limit (self);
  self->queue_family = choice->queue_family;
  self->timestamps = choice->timestamps;
  g_mutex_init (&self->queue_lock);
  gptvis_vulkan_features_find (self->physical, &self->features);
  vkGetPhysicalDeviceMemoryProperties (self->physical, &self->memory);
  if (create (self, error))
    return self;
  gptvis_vulkan_device_free (self);
  return NULL;
}

gboolean
gptvis_vulkan_device_submit (GptVisVulkanDevice *self, const VkCommandBuffer *commands, guint n,
    VkFence fence, GError **error)
{
  const VkSubmitInfo info = {
    .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
    .commandBufferCount = n,
    .pCommandBuffers = commands,
  };
  VkResult result = VK_ERROR_DEVICE_LOST;
  if (!g_atomic_int_get (&self->lost)) {
    g_mutex_lock (&self->queue_lock);
    result = self->call.vkQueueSubmit (self->queue, 1, &info, fence);
    g_mutex_unlock (&self->queue_lock);
  }
  return gptvis_vulkan_ok (self, result, "vkQueueSubmit", error);
}

gboolean
gptvis_vulkan_device_wait (GptVisVulkanDevice *self, VkFence fence, GError **error)
{
  /* without end: what hangs is ended by the system's driver, and is a device lost; what is only slow must not
   * have its memory taken away */
  VkResult result = self->call.vkWaitForFences (self->device, 1, &fence, VK_TRUE, G_MAXUINT64);
  if (g_atomic_int_get (&self->lost))
    result = VK_ERROR_DEVICE_LOST;
  return gptvis_vulkan_ok (self, result, "vkWaitForFences", error);
}
