/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes and frees a program, and lays out its memory. */
#include "program.h"
#include "commands.h"
#include "record.h"
#include "staging.h"
#include "tune.h"

static void
place (GptVisVulkanProgram *p, GptVisTensorId id, const GptVisVulkanBuffer *buffer, gsize offset, gsize size)
{
  GptVisVulkanTensor *to = &p->tensors[id];
  if (!to->pieces)
    to->pieces = g_new (GptVisVulkanPiece, 1);
  to->n_pieces = 1;
  to->pieces[0] = (GptVisVulkanPiece) { {buffer, offset, size}, 0, 0 };
  to->pieces[0].rows = gptvis_plan_tensor (p->base.plan, id)->rows;
}

/* Temporaries where the plan has them, the input of a batch behind them. */
static gboolean
make_arena (GptVisVulkanProgram *p, GError **error)
{
  const GptVisPlan *plan = p->base.plan;
  p->input_id = gptvis_plan_input_id (plan);
  gsize size = GPTVIS_VULKAN_ALIGNED (gptvis_plan_arena (plan) * sizeof (float));
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    const guint batch = gptvis_plan_batch_of (plan, t);
    if (t->kind == GPTVIS_TENSOR_TEMPORARY)
      place (p, i, &p->arena, t->offset * batch * sizeof (float), gptvis_vulkan_bytes (t) * batch);
    if (t->kind == GPTVIS_TENSOR_INPUT) {
      place (p, i, &p->arena, size, gptvis_vulkan_bytes (t) * batch);
      size += GPTVIS_VULKAN_ALIGNED (gptvis_vulkan_bytes (t) * batch);
    }
  }
  return gptvis_vulkan_buffer_init (&p->arena, p->device, size, GPTVIS_VULKAN_DEVICE, error);
}

static gboolean
make_outputs (GptVisVulkanProgram *p, GError **error)
{
  const GptVisPlan *plan = p->base.plan;
  gsize size = 0;
  p->output_offsets = g_new0 (gsize, gptvis_plan_n_tensors (plan));
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    if (!t->output)
      continue;
    p->output_offsets[i] = size;
    size += GPTVIS_VULKAN_ALIGNED (gptvis_vulkan_bytes (t) * gptvis_plan_batch_of (plan, t));
  }
  p->outputs_size = size;
  return gptvis_vulkan_buffer_init (&p->outputs, p->device, size * gptvis_vulkan_flights (plan),
      GPTVIS_VULKAN_SHARED, error);
}

/* Positions that a history can speak of: as many as the longest state of the step has rows. */
static gboolean
make_args (GptVisVulkanProgram *p, GError **error)
{
  const GptVisPlan *plan = p->base.plan;
  const guint sequences = gptvis_plan_max_sequences (plan);
  guint positions = 0;
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    if (t->kind == GPTVIS_TENSOR_STATE && t->step)
      positions = MAX (positions, t->rows);
  }
  p->first_history = MAX (sequences, gptvis_plan_max_batch (plan)) * ARGS_SEQUENCE;
  p->history_stride = (positions + 3) / 4;
  p->args_size = GPTVIS_VULKAN_ALIGNED ((p->first_history + (gsize) sequences * p->history_stride)
      * sizeof (guint32));
  return gptvis_vulkan_buffer_init (&p->args, p->device, p->args_size * gptvis_vulkan_flights (plan),
      GPTVIS_VULKAN_TO_DEVICE, error);
}

static VkResult
make_flight (GptVisVulkanProgram *p, GptVisVulkanFlight *flight)
{
  const GptVisVulkanDevice *d = p->device;
  const VkCommandBufferAllocateInfo commands = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
    .commandPool = p->commands,
    .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
    .commandBufferCount = 1,
  };
  const VkQueryPoolCreateInfo times = {
    .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
    .queryType = VK_QUERY_TYPE_TIMESTAMP,
    .queryCount = 2,
  };
  const VkFenceCreateInfo fence = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
  for (guint step = 0; step < 2; step++)
    flight->recordings[step] = g_new0 (struct GptVisVulkanRecording *,
        gptvis_vulkan_batch_of (p->base.plan, step) + 1);
  VkResult result = d->call.vkAllocateCommandBuffers (d->device, &commands, &flight->staging);
  if (result == VK_SUCCESS)
    result = d->call.vkCreateFence (d->device, &fence, NULL, &flight->fence);
  if (result == VK_SUCCESS && d->timestamps)
    result = d->call.vkCreateQueryPool (d->device, &times, NULL, &flight->times);
  return result == VK_SUCCESS ? gptvis_vulkan_staging_init (p, flight) : result;
}

static VkResult
make_commands (GptVisVulkanProgram *p)
{
  const GptVisVulkanDevice *d = p->device;
  const VkCommandPoolCreateInfo pool = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
    .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
    .queueFamilyIndex = d->queue_family,
  };
  VkCommandBufferAllocateInfo commands = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
    .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
    .commandBufferCount = 1,
  };
  const VkFenceCreateInfo fence = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
  VkResult result = d->call.vkCreateCommandPool (d->device, &pool, NULL, &p->commands);
  commands.commandPool = p->commands;
  if (result == VK_SUCCESS)
    result = d->call.vkAllocateCommandBuffers (d->device, &commands, &p->copies);
  if (result == VK_SUCCESS)
    result = d->call.vkCreateFence (d->device, &fence, NULL, &p->copied);
  for (guint i = 0; i < p->base.in_flight && result == VK_SUCCESS; i++)
    result = make_flight (p, &p->flights[i]);
  return result;
}

/* ---- states ---- */

void
gptvis_vulkan_program_drop_recordings (GptVisVulkanProgram *p)
{
  for (guint i = 0; i < p->base.in_flight; i++)
    for (guint step = 0; step < 2; step++) {
      struct GptVisVulkanRecording **recordings = p->flights[i].recordings[step];
      for (guint n = 0; recordings && n <= gptvis_vulkan_batch_of (p->base.plan, step); n++) {
        gptvis_vulkan_recording_free (recordings[n], p);
        recordings[n] = NULL;
      }
    }
}

/* Bytes of one slot in the state's part of the buffer. */
static gsize
slot_bytes (const GptVisPlan *plan, const GptVisTensor *t)
{
  return gptvis_tensor_span (t) * (t->step ? gptvis_plan_beams (plan) : 1) * sizeof (float);
}

/* What the slots hold so far, from the old buffer into the new one. */
static gboolean
move_states (GptVisVulkanProgram *p, const GptVisVulkanBuffer *new, guint capacity, GError **error)
{
  const GptVisPlan *plan = p->base.plan;
  const GptVisVulkanDevice *d = p->device;
  gsize from = 0, to = 0;
  if (!gptvis_vulkan_begin (p, p->copies, error))
    return FALSE;
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    if (t->kind != GPTVIS_TENSOR_STATE)
      continue;
    const VkBufferCopy copy = { from, to, slot_bytes (plan, t) * p->capacity };
    d->call.vkCmdCopyBuffer (p->copies, p->states.buffer, new->buffer, 1, &copy);
    from += slot_bytes (plan, t) * p->capacity;
    to += slot_bytes (plan, t) * capacity;
  }
  return gptvis_vulkan_program_copy (p, error);
}

static gboolean
set_capacity (GptVisVulkanProgram *p, guint capacity, GError **error)
{
  const GptVisPlan *plan = p->base.plan;
  GptVisVulkanBuffer new = { };
  gsize size = 0;
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++)
    if (gptvis_plan_tensor (plan, i)->kind == GPTVIS_TENSOR_STATE)
      size += slot_bytes (plan, gptvis_plan_tensor (plan, i)) * capacity;
  if (!gptvis_vulkan_buffer_init (&new, p->device, size, GPTVIS_VULKAN_DEVICE, error))
    return FALSE;
  if (p->capacity > 0 && !move_states (p, &new, capacity, error)) {
    gptvis_vulkan_buffer_clear (&new, p->device);
    return FALSE;
  }
  gptvis_vulkan_program_drop_recordings (p);
  gptvis_vulkan_buffer_clear (&p->states, p->device);
  p->states = new;
  p->capacity = capacity;
  size = 0;
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    if (t->kind != GPTVIS_TENSOR_STATE)
      continue;
    place (p, i, &p->states, size, slot_bytes (plan, t) * capacity);
    size += slot_bytes (plan, t) * capacity;
  }
  return TRUE;
}

/* The most slots of which the largest state can still be bound. */
static guint
most_slots (const GptVisVulkanProgram *p)
{
  const GptVisPlan *plan = p->base.plan;
  gsize largest = 1;
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++)
    if (gptvis_plan_tensor (plan, i)->kind == GPTVIS_TENSOR_STATE)
      largest = MAX (largest, slot_bytes (plan, gptvis_plan_tensor (plan, i)));
  return p->device->limits.maxStorageBufferRange / largest;
}

/* Twice as many as before, so that a growing number of streams does not move them each time. */
gboolean
gptvis_vulkan_program_grow (GptVisVulkanProgram *p, guint n, GError **error)
{
  if (gptvis_plan_slot_states (p->base.plan) == 0 || n <= p->capacity)
    return TRUE;
  const guint most = most_slots (p), wanted = MIN (MAX (n, 2 * p->capacity), most);
  if (n > most) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT,
        "%s: the states of %u streams are more than this device can read at once, which is those of %u",
        p->device->name, n, most);
    return FALSE;
  }
  return set_capacity (p, wanted, wanted > n ? NULL : error) || (wanted > n && set_capacity (p, n, error));
}

/* ---- all of it ---- */

/* What a device cannot run is found out by recording it. */
static gboolean
try_recording (GptVisVulkanProgram *p, GError **error)
{
  const guint steps = gptvis_plan_max_sequences (p->base.plan) > 0 ? 2 : 1;
  for (guint step = 0; step < steps; step++) {
    const guint n = gptvis_vulkan_batch_of (p->base.plan, step);
    if (!(p->flights[0].recordings[step][n] = gptvis_vulkan_record (p, 0, step, n, error)))
      return FALSE;
  }
  return TRUE;
}

GptVisVulkanProgram *
gptvis_vulkan_program_new (const GptVisPlan *plan, const GptVisWeights *weights, GptVisVulkanContext *context,
    GptVisPrecision precision, GError **error)
{
  GptVisVulkanProgram *p = g_new0 (GptVisVulkanProgram, 1);
  p->base.plan = plan;
  p->base.precision = precision == GPTVIS_PRECISION_AUTO ? GPTVIS_PRECISION_F32 : precision;
  p->base.threads = 1;
  p->base.in_flight = gptvis_vulkan_flights (plan);
  p->context = context;
  p->device = context->device;
  p->base.description = g_strdup_printf ("vulkan, %s, %s", p->device->name,
      gptvis_precision_name (p->base.precision));
  p->tensors = g_new0 (GptVisVulkanTensor, gptvis_plan_n_tensors (plan));
  p->taken = g_array_new (FALSE, TRUE, sizeof (gboolean));
  g_mutex_init (&p->lock);
  if (gptvis_vulkan_ok (p->device, make_commands (p), "making command buffers", error)
      && gptvis_vulkan_weights_load (p, weights, error) && make_arena (p, error) && make_outputs (p, error)
      && make_args (p, error) && gptvis_vulkan_program_grow (p, 1, error) && gptvis_vulkan_tune (p, error)
      && try_recording (p, error))
    return p;
  gptvis_vulkan_program_free (p);
  return NULL;
}

static void
flight_clear (GptVisVulkanProgram *p, GptVisVulkanFlight *flight)
{
  const GptVisVulkanDevice *d = p->device;
  d->call.vkDestroyDescriptorPool (d->device, flight->sets, NULL);
  d->call.vkDestroyQueryPool (d->device, flight->times, NULL);
  d->call.vkDestroyFence (d->device, flight->fence, NULL);
  for (guint step = 0; step < 2; step++)
    g_free (flight->recordings[step]);
}

void
gptvis_vulkan_program_free (GptVisVulkanProgram *p)
{
  GptVisVulkanContext *context = p->context;
  GptVisVulkanDevice *d = p->device;
  for (; p->running > 0; p->running--)
    gptvis_vulkan_device_wait (d,
        p->flights[(p->next + p->base.in_flight - p->running) % p->base.in_flight].fence, NULL);
  gptvis_vulkan_program_drop_recordings (p);
  for (guint i = 0; i < p->n_chunks; i++)
    gptvis_vulkan_buffer_clear (&p->chunks[i], d);
  gptvis_vulkan_buffer_clear (&p->arena, d);
  gptvis_vulkan_buffer_clear (&p->args, d);
  gptvis_vulkan_buffer_clear (&p->outputs, d);
  gptvis_vulkan_buffer_clear (&p->states, d);
  for (guint i = 0; i < p->base.in_flight; i++)
    flight_clear (p, &p->flights[i]);
  d->call.vkDestroyFence (d->device, p->copied, NULL);
  d->call.vkDestroyCommandPool (d->device, p->commands, NULL);
  for (guint i = 0; i < gptvis_plan_n_tensors (p->base.plan); i++)
    g_free (p->tensors[i].pieces);
  g_free (p->tensors);
  g_free (p->chunks);
  g_free (p->output_offsets);
  g_array_unref (p->taken);
  g_mutex_clear (&p->lock);
  g_free (p->base.description);
  g_free (p);
  gptvis_vulkan_context_unref (context);
}
