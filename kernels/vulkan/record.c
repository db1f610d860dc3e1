/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order of a plan's operations in a command buffer, with barriers, times and the copies of outputs. */
#include "record.h"
#include "commands.h"
#include "operations.h"

/* What was touched since the last barrier. */
typedef struct {
  GArray *reads, *writes;       /* GptVisVulkanRange */
} Pending;

static gboolean
overlap (const GptVisVulkanRange *a, const GptVisVulkanRange *b)
{
  return a->buffer == b->buffer && a->offset < b->offset + b->size && b->offset < a->offset + a->size;
}

static gboolean
overlaps_any (const GptVisVulkanRange *range, const GArray *others)
{
  for (guint i = 0; i < others->len; i++)
    if (overlap (range, &g_array_index (others, GptVisVulkanRange, i)))
      return TRUE;
  return FALSE;
}

static void
barrier (GptVisVulkanRecorder *r, VkPipelineStageFlags from, VkAccessFlags written, VkPipelineStageFlags to,
    VkAccessFlags read)
{
  gptvis_vulkan_barrier (r->p->device, r->recording->commands, from, written, to, read);
  r->recording->statistics.barriers++;
}

/* Weights and constants are only read. */
static gboolean
changes (const GptVisTensor *t)
{
  return t->kind != GPTVIS_TENSOR_WEIGHT && t->kind != GPTVIS_TENSOR_CONSTANT;
}

/* Before r->op: a barrier where it needs one; notes what it touches. */
static void
order (GptVisVulkanRecorder *r, Pending *pending)
{
  const GptVisVulkanRange *out = &r->p->tensors[r->op->out].pieces[0].range;
  gboolean needed = overlaps_any (out, pending->reads) || overlaps_any (out, pending->writes);
  GptVisVulkanRange in[GPTVIS_OP_INPUTS];
  guint n = 0;
  for (guint i = 0; i < r->op->n_in; i++)
    if (r->op->in[i] != GPTVIS_NO_TENSOR && changes (gptvis_plan_tensor (r->p->base.plan, r->op->in[i])))
      in[n++] = r->p->tensors[r->op->in[i]].pieces[0].range;
  for (guint i = 0; i < n; i++)
    needed |= overlaps_any (&in[i], pending->writes);
  if (needed) {
    barrier (r, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
        VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT);
    g_array_set_size (pending->reads, 0);
    g_array_set_size (pending->writes, 0);
  }
  g_array_append_vals (pending->reads, in, n);
  g_array_append_val (pending->writes, *out);
}

/* Outputs to where the processor reads them. */
static void
copy_outputs (GptVisVulkanRecorder *r, gboolean step)
{
  const GptVisPlan *plan = r->p->base.plan;
  barrier (r, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
      VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_READ_BIT);
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    const GptVisVulkanTensor *at = &r->p->tensors[i];
    if (!t->output || t->step != step || at->n_pieces == 0)
      continue;
    const VkBufferCopy copy = { at->pieces[0].range.offset,
      r->flight * r->p->outputs_size + r->p->output_offsets[i], gptvis_vulkan_bytes (t) * r->n };
    r->p->device->call.vkCmdCopyBuffer (r->recording->commands, at->pieces[0].range.buffer->buffer,
        r->p->outputs.buffer, 1, &copy);
  }
  barrier (r, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT, VK_PIPELINE_STAGE_HOST_BIT,
      VK_ACCESS_HOST_READ_BIT);
}

static void
write_time (GptVisVulkanRecorder *r, guint i)
{
  if (r->recording->queries)
    r->p->device->call.vkCmdWriteTimestamp (r->recording->commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT,
        r->recording->queries, i);
}

static void
record_operations (GptVisVulkanRecorder *r)
{
  const GptVisVulkanRecording *recording = r->recording;
  Pending pending = { g_array_new (FALSE, FALSE, sizeof (GptVisVulkanRange)),
    g_array_new (FALSE, FALSE, sizeof (GptVisVulkanRange)) };
  write_time (r, 0);
  for (guint i = recording->first_op; i < recording->end_op && !r->error; i++) {
    r->op = gptvis_plan_op (r->p->base.plan, i);
    r->dispatches = 0;
    if (gptvis_vulkan_operation_dispatches (r->p, r->op) > 0) {
      order (r, &pending);
      gptvis_vulkan_operation (r);
    }
    write_time (r, i + 1 - recording->first_op);
  }
  g_array_unref (pending.reads);
  g_array_unref (pending.writes);
}

static VkResult
make_pools (GptVisVulkanRecording *self, GptVisVulkanProgram *p)
{
  const GptVisVulkanDevice *d = p->device;
  guint sets = 1;
  for (guint i = self->first_op; i < self->end_op; i++)
    sets += gptvis_vulkan_operation_dispatches (p, gptvis_plan_op (p->base.plan, i));
  const VkQueryPoolCreateInfo queries = {
    .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
    .queryType = VK_QUERY_TYPE_TIMESTAMP,
    .queryCount = self->end_op - self->first_op + 1,
  };
  const VkCommandBufferAllocateInfo commands = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
    .commandPool = p->commands,
    .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
    .commandBufferCount = 1,
  };
  VkResult result = gptvis_vulkan_sets_new (p->device, sets, &self->pool);
  if (result == VK_SUCCESS && p->base.op_ns && d->timestamps)
    result = d->call.vkCreateQueryPool (d->device, &queries, NULL, &self->queries);
  if (result == VK_SUCCESS)
    result = d->call.vkAllocateCommandBuffers (d->device, &commands, &self->commands);
  return result;
}

GptVisVulkanRecording *
gptvis_vulkan_record (GptVisVulkanProgram *p, guint flight, gboolean step, guint n, GError **error)
{
  const GptVisPlan *plan = p->base.plan;
  const GptVisVulkanDevice *d = p->device;
  const VkCommandBufferBeginInfo begin = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO };
  GptVisVulkanRecording *self = g_new0 (GptVisVulkanRecording, 1);
  GptVisVulkanRecorder r = { .p = p, .flight = flight, .n = n, .recording = self };
  self->first_op = step ? gptvis_plan_step_op (plan) : 0;
  self->end_op = step ? gptvis_plan_n_ops (plan) : gptvis_plan_step_op (plan);
  if (p->base.end_op > 0)
    self->end_op = CLAMP (p->base.end_op, self->first_op, self->end_op);
  VkResult result = make_pools (self, p);
  if (result == VK_SUCCESS)
    result = d->call.vkBeginCommandBuffer (self->commands, &begin);
  if (gptvis_vulkan_ok (p->device, result, "recording", &r.error)) {
    if (self->queries)
      d->call.vkCmdResetQueryPool (self->commands, self->queries, 0, self->end_op - self->first_op + 1);
    record_operations (&r);
    copy_outputs (&r, step);
    if (!step && p->flights[flight].times)
      d->call.vkCmdWriteTimestamp (self->commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT,
          p->flights[flight].times, 1);
    result = d->call.vkEndCommandBuffer (self->commands);
    if (!r.error)
      gptvis_vulkan_ok (p->device, result, "vkEndCommandBuffer", &r.error);
  }
  if (!r.error)
    return self;
  gptvis_vulkan_recording_free (self, p);
  g_propagate_error (error, r.error);
  return NULL;
}

void
gptvis_vulkan_recording_free (GptVisVulkanRecording *self, GptVisVulkanProgram *p)
{
  const GptVisVulkanDevice *d = p->device;
  if (!self)
    return;
  if (self->commands)
    d->call.vkFreeCommandBuffers (d->device, p->commands, 1, &self->commands);
  d->call.vkDestroyDescriptorPool (d->device, self->pool, NULL);
  d->call.vkDestroyQueryPool (d->device, self->queries, NULL);
  g_free (self);
}
