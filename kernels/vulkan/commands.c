/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What several files put into command buffers in the same way. */
#include "commands.h"

VkResult
gptvis_vulkan_sets_new (GptVisVulkanDevice *device, guint n, VkDescriptorPool *sets)
{
  const VkDescriptorPoolSize size = { VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, n * GPTVIS_SHADER_BINDINGS };
  const VkDescriptorPoolCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
    .maxSets = n,
    .poolSizeCount = 1,
    .pPoolSizes = &size,
  };
  return device->call.vkCreateDescriptorPool (device->device, &info, NULL, sets);
}

void
gptvis_vulkan_barrier (GptVisVulkanDevice *device, VkCommandBuffer commands, VkPipelineStageFlags from,
    VkAccessFlags written, VkPipelineStageFlags to, VkAccessFlags touched)
{
  const VkMemoryBarrier memory = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
    .srcAccessMask = written,
    .dstAccessMask = touched,
  };
  device->call.vkCmdPipelineBarrier (commands, from, to, 0, 1, &memory, 0, NULL, 0, NULL);
}

static VkDescriptorSet
bind (GptVisVulkanDevice *device, VkDescriptorPool sets, const GptVisVulkanPipeline *pipeline,
    const GptVisVulkanRange *bindings, GError **error)
{
  const VkDescriptorSetAllocateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
    .descriptorPool = sets,
    .descriptorSetCount = 1,
    .pSetLayouts = &pipeline->set_layout,
  };
  VkDescriptorSet set = VK_NULL_HANDLE;
  if (!gptvis_vulkan_ok (device, device->call.vkAllocateDescriptorSets (device->device, &info, &set),
          "vkAllocateDescriptorSets", error))
    return VK_NULL_HANDLE;
  VkDescriptorBufferInfo buffers[GPTVIS_SHADER_BINDINGS];
  for (guint i = 0; i < pipeline->n_bindings; i++)
    buffers[i] = (VkDescriptorBufferInfo) { bindings[i].buffer->buffer, bindings[i].offset,
        bindings[i].size };
  const VkWriteDescriptorSet write = {
    .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
    .dstSet = set,
    .descriptorCount = pipeline->n_bindings,   /* the bindings that follow have one each */
    .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
    .pBufferInfo = buffers,
  };
  device->call.vkUpdateDescriptorSets (device->device, 1, &write, 0, NULL);
  return set;
}

gboolean
gptvis_vulkan_put_dispatch (GptVisVulkanDevice *device, VkCommandBuffer commands, VkDescriptorPool sets,
    const GptVisVulkanPipeline *pipeline, const GptVisVulkanRange *bindings, const void *push,
    const guint groups[3], GError **error)
{
  const struct VolkDeviceTable *call = &device->call;
  VkDescriptorSet set = bind (device, sets, pipeline, bindings, error);
  if (!set)
    return FALSE;
  call->vkCmdBindPipeline (commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline->pipeline);
  call->vkCmdBindDescriptorSets (commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline->layout, 0, 1, &set, 0,
      NULL);
  if (pipeline->push_size > 0)
    call->vkCmdPushConstants (commands, pipeline->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, pipeline->push_size,
        push);
  call->vkCmdDispatch (commands, groups[0], groups[1], groups[2]);
  return TRUE;
}

gboolean
gptvis_vulkan_begin (GptVisVulkanProgram *p, VkCommandBuffer commands, GError **error)
{
  const VkCommandBufferBeginInfo begin = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
    .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
  };
  return gptvis_vulkan_ok (p->device, p->device->call.vkBeginCommandBuffer (commands, &begin),
      "vkBeginCommandBuffer", error);
}

gboolean
gptvis_vulkan_program_copy (GptVisVulkanProgram *p, GError **error)
{
  const GptVisVulkanDevice *d = p->device;
  return gptvis_vulkan_ok (p->device, d->call.vkEndCommandBuffer (p->copies), "vkEndCommandBuffer", error)
      && gptvis_vulkan_device_submit (p->device, &p->copies, 1, p->copied, error)
      && gptvis_vulkan_device_wait (p->device, p->copied, error)
      && gptvis_vulkan_ok (p->device, d->call.vkResetFences (d->device, 1, &p->copied), "vkResetFences",
          error);
}
