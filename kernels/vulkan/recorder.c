/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One dispatch into a recording, within the device's limits, and counted. */
#include "recorder.h"
#include "commands.h"

static gboolean
within_limits (GptVisVulkanRecorder *r, const GptVisVulkanPipeline *pipeline,
    const GptVisVulkanRange *bindings, const guint groups[3])
{
  const VkPhysicalDeviceLimits *limits = &r->p->device->limits;
  for (guint i = 0; i < 3; i++)
    if (groups[i] > limits->maxComputeWorkGroupCount[i]) {
      g_set_error (&r->error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
          "%s: %s would take %u workgroups on a side, where %u are possible", r->p->device->name,
          gptvis_op_name (r->op->kind), groups[i], limits->maxComputeWorkGroupCount[i]);
      return FALSE;
    }
  for (guint i = 0; i < pipeline->n_bindings; i++)
    if (bindings[i].size > limits->maxStorageBufferRange) {
      g_set_error (&r->error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
          "%s: %s would read or write a tensor of %" G_GSIZE_FORMAT " bytes, where %u are possible",
          r->p->device->name, gptvis_op_name (r->op->kind), bindings[i].size, limits->maxStorageBufferRange);
      return FALSE;
    }
  return TRUE;
}

static void
count (GptVisVulkanRecorder *r, guint n_bindings, const GptVisVulkanRange *bindings)
{
  GptVisVulkanStatistics *s = &r->recording->statistics;
  r->dispatches++;
  s->dispatches++;
  s->most_a_op = MAX (s->most_a_op, r->dispatches);
  for (guint i = 0; i < n_bindings; i++)
    if (bindings[i].buffer == &r->p->arena)
      s->largest_binding = MAX (s->largest_binding, bindings[i].size);
}

void
gptvis_vulkan_dispatch (GptVisVulkanRecorder *r, const GptVisVulkanVariant *variant,
    const GptVisVulkanRange *bindings, const void *push, guint x, guint y, guint z)
{
  const guint groups[3] = { x, y, z };
  if (r->error)
    return;
  const GptVisVulkanPipeline *pipeline =
      gptvis_vulkan_pipeline (r->p->context->pipelines, variant, &r->error);
  if (pipeline && within_limits (r, pipeline, bindings, groups)
      && gptvis_vulkan_put_dispatch (r->p->device, r->recording->commands, r->recording->pool, pipeline,
          bindings, push, groups, &r->error))
    count (r, pipeline->n_bindings, bindings);
}

void
gptvis_vulkan_dispatch_candidate (GptVisVulkanRecorder *r, const GptVisVulkanCandidates *candidates,
    const GptVisVulkanRange *bindings, const void *push, gsize push_size)
{
  guint which = r->candidate ? r->candidate : r->p->device->faults.tile;
  r->n_candidates = candidates->n;
  r->key = gptvis_vulkan_choices_key (candidates, push, push_size);
  if (which == 0)
    which = gptvis_vulkan_choices_find (r->p->context->choices, r->key, candidates->n);
  const guint i = which > 0 ? MIN (which, candidates->n) - 1 : candidates->best;
  const guint *groups = candidates->of[i].groups;
  if (r->candidate == 0)
    r->p->chosen = gptvis_vulkan_add_to_key (r->p->chosen ^ i, &r->key, sizeof r->key);
  if (r->candidate != GPTVIS_VULKAN_NO_CANDIDATE)
    gptvis_vulkan_dispatch (r, &candidates->of[i].variant, bindings, push, groups[0], groups[1], groups[2]);
}
