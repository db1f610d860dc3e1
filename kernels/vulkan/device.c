/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device.h"
#include "pipeline.h"
#include "tune.h"

static GMutex lock;             /* guards the table and every count */
static GSList *devices;         /* GptVisVulkanDevice, not owned */

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

static void
device_free (GptVisVulkanDevice *self)
{
  if (self->pipelines)
    gptvis_vulkan_pipelines_free (self->pipelines);
  if (self->tuner)
    gptvis_vulkan_tuner_free (self->tuner);
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

static GptVisVulkanDevice *
device_new (const GptVisVulkanChoice *choice, GError **error)
{
  GptVisVulkanDevice *self = g_new0 (GptVisVulkanDevice, 1);
  gptvis_vulkan_check_words ();
  self->refs = 1;
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
  self->tuner = gptvis_vulkan_tuner_new (self);
  if (create (self, error) && (self->pipelines = gptvis_vulkan_pipelines_new (self, error)))
    return self;
  device_free (self);
  return NULL;
}

GptVisVulkanDevice *
gptvis_vulkan_device_open (const gchar *device, gboolean software, GError **error)
{
  GptVisVulkanChoice choice;
  GptVisVulkanDevice *self = NULL;
  if (!gptvis_vulkan_choose (device, software, &choice, error))
    return NULL;
  g_mutex_lock (&lock);
  for (GSList *i = devices; i && !self; i = i->next) {
    GptVisVulkanDevice *open = i->data;
    if (open->physical == choice.physical && !g_atomic_int_get (&open->lost)) {
      self = open;
      self->refs++;
    }
  }
  if (!self && (self = device_new (&choice, error)))
    devices = g_slist_prepend (devices, self);
  g_mutex_unlock (&lock);
  return self;
}

void
gptvis_vulkan_device_unref (GptVisVulkanDevice *self)
{
  g_mutex_lock (&lock);
  const gboolean last = --self->refs == 0;
  if (last) {
    devices = g_slist_remove (devices, self);
    device_free (self);
  }
  g_mutex_unlock (&lock);
}

void
gptvis_vulkan_lose_devices (void)
{
  g_mutex_lock (&lock);
  for (GSList *i = devices; i; i = i->next)
    g_atomic_int_set (&((GptVisVulkanDevice *) i->data)->lost, TRUE);
  g_mutex_unlock (&lock);
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
