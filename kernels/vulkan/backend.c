/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backend's table: programs, slots, runs. A run is one submission of two command
 * buffers: the slots' rows into the arena, and what was recorded for so many. */
#include "check.h"
#include "record.h"
#include "../memory.h"
#include <string.h>

static void
program_free (GptVisProgram *program)
{
  gptvis_vulkan_program_free ((GptVisVulkanProgram *) program);
}

static GptVisProgram *
program_new (const GptVisPlan *plan, const GptVisWeights *weights, const GptVisProgramOptions *options,
    GError **error)
{
  if (options->precision > GPTVIS_PRECISION_F16) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
        "the vulkan backend computes f32 and f16: precision must be auto, f32 or f16, not %s",
        gptvis_precision_name (options->precision));
    return NULL;
  }
  const gboolean by_name = options->backend && strcmp (options->backend, "vulkan") == 0;
  GptVisVulkanDevice *device = gptvis_vulkan_device_open (options->device, by_name, error);
  GptVisVulkanProgram *p = !device ? NULL
      : gptvis_vulkan_program_new (plan, weights, device, options->precision, error);
  if (!p)
    return NULL;
  p->base.backend = &gptvis_backend_vulkan;
  if (gptvis_vulkan_check_program (p, weights, error))
    return &p->base;
  gptvis_vulkan_program_free (p);
  return NULL;
}

/* ---- slots ---- */

/* The lowest number that no other slot has. */
static guint
take_number (GptVisVulkanProgram *p)
{
  guint i = 0;
  g_mutex_lock (&p->lock);
  while (i < p->taken->len && g_array_index (p->taken, gboolean, i))
    i++;
  if (i == p->taken->len)
    g_array_set_size (p->taken, i + 1);
  g_array_index (p->taken, gboolean, i) = TRUE;
  g_mutex_unlock (&p->lock);
  return i;
}

static GptVisSlot *
slot_new (GptVisProgram *program)
{
  GptVisVulkanProgram *p = (GptVisVulkanProgram *) program;
  const gsize size = gptvis_vulkan_bytes (gptvis_plan_tensor (program->plan, p->input_id));
  GptVisVulkanSlot *slot = g_new0 (GptVisVulkanSlot, 1);
  slot->number = take_number (p);
  if (gptvis_vulkan_buffer_init (&slot->buffer, p->device, size, GPTVIS_VULKAN_SHARED, NULL)) {
    slot->base.rows = slot->buffer.mapped;
    memset (slot->base.rows, 0, size);
  } else if (!(slot->base.rows = gptvis_alloc (size))) {
    g_error ("no memory for one picture's patches");  /* as GLib's own allocator does */
  }
  return &slot->base;
}

static void
slot_free (GptVisProgram *program, GptVisSlot *slot)
{
  GptVisVulkanProgram *p = (GptVisVulkanProgram *) program;
  GptVisVulkanSlot *own = (GptVisVulkanSlot *) slot;
  g_mutex_lock (&p->lock);
  g_array_index (p->taken, gboolean, own->number) = FALSE;
  g_mutex_unlock (&p->lock);
  if (!own->buffer.buffer)
    gptvis_free (own->base.rows);
  gptvis_vulkan_buffer_clear (&own->buffer, p->device);
  g_free (own);
}

/* ---- runs ---- */

/* Times of the run that has ended, added to op_ns. */
static void
add_times (GptVisVulkanProgram *p, const GptVisVulkanRecording *recording)
{
  const GptVisVulkanDevice *d = p->device;
  const guint n = recording->end_op - recording->first_op + 1;
  guint64 *ticks = g_new0 (guint64, n);
  if (d->call.vkGetQueryPoolResults (d->device, recording->queries, 0, n, n * sizeof *ticks, ticks,
      sizeof *ticks, VK_QUERY_RESULT_64_BIT) == VK_SUCCESS)
    for (guint i = 1; i < n; i++)
      p->base.op_ns[recording->first_op + i - 1] += (ticks[i] - ticks[i - 1]) * d->limits.timestampPeriod;
  g_free (ticks);
}

static gboolean
wait (GptVisProgram *program, GError **error)
{
  GptVisVulkanProgram *p = (GptVisVulkanProgram *) program;
  const GptVisVulkanDevice *d = p->device;
  if (!p->running)
    return TRUE;
  const gboolean ended = gptvis_vulkan_device_wait (p->device, p->fence, error);
  p->running = !ended && !g_atomic_int_get (&p->device->lost);  /* of what is lost, nothing runs */
  if (!ended
      || !gptvis_vulkan_ok (p->device, d->call.vkResetFences (d->device, 1, &p->fence), "vkResetFences",
          error))
    return FALSE;
  if (program->op_ns && p->timed && p->timed->queries)
    add_times (p, p->timed);
  return TRUE;
}

static GptVisVulkanRecording *
recording_for (GptVisVulkanProgram *p, gboolean step, guint n, GError **error)
{
  struct GptVisVulkanRecording **recording = &p->recordings[step][n];
  if (*recording && p->base.op_ns && !(*recording)->queries && p->device->timestamps) {
    gptvis_vulkan_recording_free (*recording, p);   /* now with times */
    *recording = NULL;
  }
  if (!*recording)
    *recording = gptvis_vulkan_record (p, step, n, error);
  return *recording;
}

static gboolean
start (GptVisVulkanProgram *p, const VkCommandBuffer *commands, guint n, GError **error)
{
  if (!gptvis_vulkan_device_submit (p->device, commands, n, p->fence, error))
    return FALSE;
  p->running = TRUE;
  p->submissions++;
  return TRUE;
}

/* The slots' rows, one below the other, into the batch's input. */
static gboolean
record_copies (GptVisVulkanProgram *p, GptVisSlot *const *slots, guint n, GError **error)
{
  const GptVisVulkanDevice *d = p->device;
  const GptVisVulkanRange *input = &p->tensors[p->input_id].pieces[0].range;
  const gsize size = gptvis_vulkan_bytes (gptvis_plan_tensor (p->base.plan, p->input_id));
  const VkCommandBufferBeginInfo begin = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
    .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
  };
  const VkMemoryBarrier barrier = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
    .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
    .dstAccessMask = VK_ACCESS_SHADER_READ_BIT,
  };
  if (!gptvis_vulkan_ok (p->device, d->call.vkBeginCommandBuffer (p->copies, &begin), "vkBeginCommandBuffer",
          error))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    const VkBufferCopy copy = { 0, input->offset + i * size, size };
    d->call.vkCmdCopyBuffer (p->copies, gptvis_vulkan_slot (slots[i])->buffer.buffer, input->buffer->buffer, 1,
        &copy);
  }
  d->call.vkCmdPipelineBarrier (p->copies, VK_PIPELINE_STAGE_TRANSFER_BIT,
      VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, 1, &barrier, 0, NULL, 0, NULL);
  return gptvis_vulkan_ok (p->device, d->call.vkEndCommandBuffer (p->copies), "vkEndCommandBuffer", error);
}

static gboolean
submit (GptVisProgram *program, GptVisSlot *const *slots, guint n, GError **error)
{
  GptVisVulkanProgram *p = (GptVisVulkanProgram *) program;
  guint32 *args = p->args.mapped;
  guint end = 0;
  for (guint i = 0; i < n; i++) {
    end = MAX (end, gptvis_vulkan_slot (slots[i])->number + 1);
    if (!gptvis_vulkan_slot (slots[i])->buffer.buffer) {
      g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT,
          "%s: there was no memory for this stream's picture", p->device->name);
      return FALSE;
    }
  }
  if (!wait (program, error) || !gptvis_vulkan_program_grow (p, end, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    args[i * ARGS_SEQUENCE + ARGS_SLOT] = gptvis_vulkan_slot (slots[i])->number;
  const GptVisVulkanRecording *recording = recording_for (p, FALSE, n, error);
  if (!recording || !record_copies (p, slots, n, error))
    return FALSE;
  p->timed = recording;
  return start (p, (VkCommandBuffer[]) { p->copies, recording->commands }, 2, error);
}

static gboolean
step (GptVisProgram *program, const GptVisSequence *sequences, guint n, GError **error)
{
  GptVisVulkanProgram *p = (GptVisVulkanProgram *) program;
  guint32 *args = p->args.mapped;
  if (!wait (program, error))
    return FALSE;
  const GptVisVulkanRecording *recording = recording_for (p, TRUE, n, error);
  if (!recording)
    return FALSE;
  for (guint i = 0; i < n; i++) {
    const GptVisSequence *s = &sequences[i];
    guint32 *to = args + i * ARGS_SEQUENCE;
    guint8 *history = (guint8 *) (args + p->first_history + i * p->history_stride);
    const guint some = MIN (s->position, 4 * p->history_stride);
    to[ARGS_SLOT] = gptvis_vulkan_slot (s->slot)->number;
    to[ARGS_TOKEN] = s->token;
    to[ARGS_POSITION] = s->position;
    to[ARGS_BEAM] = s->beam;
    if (s->history)
      memcpy (history, s->history, some);
    else
      memset (history, s->beam, some);
  }
  p->timed = recording;
  return start (p, &recording->commands, 1, error);
}

static const float *
output (GptVisProgram *program, GptVisTensorId id, guint i)
{
  const GptVisVulkanProgram *p = (GptVisVulkanProgram *) program;
  const GptVisTensor *t = gptvis_plan_tensor (program->plan, id);
  const guint8 *outputs = p->outputs.mapped;
  return (const float *) (outputs + p->output_offsets[id] + i * gptvis_vulkan_bytes (t));
}

void
gptvis_vulkan_statistics (GptVisProgram *program, gboolean step, guint n, GptVisVulkanStatistics *statistics)
{
  const GptVisVulkanProgram *p = (GptVisVulkanProgram *) program;
  const GptVisVulkanRecording *recording = p->recordings[step] ? p->recordings[step][n] : NULL;
  *statistics = recording ? recording->statistics : (GptVisVulkanStatistics) { };
  statistics->submissions = p->submissions;
  statistics->arena = p->arena.size;
}

const GptVisBackend gptvis_backend_vulkan = {
  .name = "vulkan",
  .devices = gptvis_vulkan_list,
  .program_new = program_new,
  .program_free = program_free,
  .slot_new = slot_new,
  .slot_free = slot_free,
  .submit = submit,
  .step = step,
  .wait = wait,
  .output = output,
};
