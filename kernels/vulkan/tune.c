/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each candidate of an operation is run a few times between two readings of the GPU's clock. */
#include "tune.h"
#include "commands.h"
#include "operations.h"

#define BUDGET (G_USEC_PER_SEC * 7 / 10)        /* µs, after which no trial is begun */
#define LONG 20e6               /* ns of a run that is long enough to be measured once */
#define REPEATS 4u              /* of a shorter one */

typedef struct {
  GptVisVulkanProgram *p;
  VkQueryPool times;
  gint64 end;                   /* µs: no trial begins after that */
  gboolean grown;
} Trial;

/* The operation as often as given, each after the other. */
static void
repeat (GptVisVulkanRecorder *r, guint n)
{
  for (guint i = 0; i < n && !r->error; i++) {
    gptvis_vulkan_operation (r);
    gptvis_vulkan_barrier (r->p->device, r->recording->commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
        VK_ACCESS_SHADER_WRITE_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
        VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT);
  }
}

/* ns of one run of the operation, the mean of n after one that does not count; 0: the device failed. */
static gdouble
time_runs (Trial *t, GptVisVulkanRecorder *r, guint n, GError **error)
{
  const GptVisVulkanDevice *d = t->p->device;
  const VkCommandBuffer commands = t->p->copies;
  GptVisVulkanRecording recording = { .commands = commands };
  guint64 ticks[2] = { 0 };
  gdouble ns = 0;
  r->recording = &recording;
  if (gptvis_vulkan_ok (t->p->device, gptvis_vulkan_sets_new (t->p->device, n + 1, &recording.pool),
      "vkCreateDescriptorPool", error) && gptvis_vulkan_begin (t->p, commands, error)) {
    d->call.vkCmdResetQueryPool (commands, t->times, 0, 2);
    repeat (r, 1);
    d->call.vkCmdWriteTimestamp (commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, t->times, 0);
    repeat (r, n);
    d->call.vkCmdWriteTimestamp (commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, t->times, 1);
    if (r->error)
      g_propagate_error (error, r->error);
    else if (gptvis_vulkan_program_copy (t->p, error)
        && gptvis_vulkan_ok (t->p->device, d->call.vkGetQueryPoolResults (d->device, t->times, 0, 2,
                sizeof ticks, ticks, sizeof ticks[0],
                VK_QUERY_RESULT_64_BIT), "vkGetQueryPoolResults", error))
      ns = MAX ((ticks[1] - ticks[0]) * (gdouble) d->limits.timestampPeriod / n, 1);
  }
  d->call.vkDestroyDescriptorPool (d->device, recording.pool, NULL);
  return ns;
}

/* Tries each way to make the operation for n pictures. One that takes too long ends the trial. */
static gboolean
try_operation (Trial *t, const GptVisOp *op, guint n, GError **error)
{
  GptVisVulkanRecorder r = { .p = t->p, .op = op, .n = n, .candidate = GPTVIS_VULKAN_NO_CANDIDATE };
  GptVisVulkanChoices *choices = t->p->context->choices;
  gdouble least = G_MAXDOUBLE;
  guint fastest = 0;
  gptvis_vulkan_operation (&r);
  if (r.error) {
    g_clear_error (&r.error);   /* recording the plan reports it */
    return TRUE;
  }
  const guint n_candidates = r.n_candidates;
  if (n_candidates < 2 || gptvis_vulkan_choices_find (choices, r.key, n_candidates) > 0)
    return TRUE;
  for (guint i = 0; i < n_candidates; i++) {
    if (g_get_monotonic_time () > t->end)
      return TRUE;
    r.candidate = i + 1;
    gdouble ns = time_runs (t, &r, 1, error);
    if (ns > 0 && ns < LONG)
      ns = time_runs (t, &r, REPEATS, error);
    if (ns == 0)
      return FALSE;
    if (ns < least) {
      least = ns;
      fastest = i;
    }
    t->p->tries++;
  }
  gptvis_vulkan_choices_set (choices, r.key, fastest);
  t->grown = TRUE;
  return TRUE;
}

static gboolean
try_all (Trial *t, GError **error)
{
  const GptVisPlan *plan = t->p->base.plan;
  const guint sizes[] = { 1, gptvis_plan_max_batch (plan) };
  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (guint i = 0; i < gptvis_plan_step_op (plan); i++) {
      const GptVisOp *op = gptvis_plan_op (plan, i);
      if ((op->kind == GPTVIS_OP_LINEAR || op->kind == GPTVIS_OP_ATTENTION)
          && gptvis_vulkan_operation_dispatches (t->p, op) == 1 && !try_operation (t, op, sizes[s], error))
        return FALSE;
    }
  return TRUE;
}

gboolean
gptvis_vulkan_tune (GptVisVulkanProgram *p, GError **error)
{
  const GptVisVulkanDevice *d = p->device;
  const VkQueryPoolCreateInfo times = {
    .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
    .queryType = VK_QUERY_TYPE_TIMESTAMP,
    .queryCount = 2,
  };
  Trial t = { .p = p, .end = d->faults.tune ? G_MAXINT64 : g_get_monotonic_time () + BUDGET };
  if (!gptvis_vulkan_choices_are_open (p->context->choices))
    return TRUE;
  const VkResult result = d->call.vkCreateQueryPool (d->device, &times, NULL, &t.times);
  const gboolean ok = gptvis_vulkan_ok (p->device, result, "vkCreateQueryPool", error) && try_all (&t, error);
  d->call.vkDestroyQueryPool (d->device, t.times, NULL);
  if (t.grown)
    gptvis_vulkan_choices_save (p->context->choices);
  return ok;
}
