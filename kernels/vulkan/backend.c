/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backend's table: programs, slots, runs. A run is one submission of two command
 * buffers: what the slots hold into the arena, and what was recorded for so many. */
#include "check.h"
#include "commands.h"
#include "record.h"
#include "staging.h"
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
  if (options->precision == GPTVIS_PRECISION_BF16) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
        "the vulkan backend has weights of f32, f16 and int8: precision must be auto or one of these, not %s",
        gptvis_precision_name (options->precision));
    return NULL;
  }
  const gboolean by_name = options->backend && strcmp (options->backend, "vulkan") == 0;
  GptVisVulkanContext *context = gptvis_vulkan_context_open (options->device, by_name, error);
  GptVisVulkanProgram *p = !context ? NULL
      : gptvis_vulkan_program_new (plan, weights, context, options->precision, error);
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

static void
slot_free (GptVisProgram *program, GptVisSlot *slot)
{
  GptVisVulkanProgram *p = (GptVisVulkanProgram *) program;
  GptVisVulkanSlot *own = (GptVisVulkanSlot *) slot;
  g_mutex_lock (&p->lock);
  g_array_index (p->taken, gboolean, own->number) = FALSE;
  g_mutex_unlock (&p->lock);
  if (!own->rows.buffer)
    gptvis_free (own->base.rows);
  gptvis_vulkan_buffer_clear (&own->rows, p->device);
  gptvis_vulkan_slot_clear (p, own);
  g_free (own);
}

/* Without memory on the device the slot has the processor's: it can be filled, and its run fails, so that the
 * processor takes over. */
static GptVisSlot *
slot_new (GptVisProgram *program)
{
  GptVisVulkanProgram *p = (GptVisVulkanProgram *) program;
  const gsize size = gptvis_vulkan_bytes (gptvis_plan_tensor (program->plan, p->input_id));
  GptVisVulkanSlot *slot = g_new0 (GptVisVulkanSlot, 1);
  slot->number = take_number (p);
  if (gptvis_vulkan_buffer_init (&slot->rows, p->device, size, GPTVIS_VULKAN_SHARED, NULL)) {
    slot->base.rows = slot->rows.mapped;
    memset (slot->base.rows, 0, size);
  } else if (!(slot->base.rows = gptvis_alloc (size))) {
    slot_free (program, &slot->base);
    return NULL;
  }
  return &slot->base;
}

static gboolean
stage (GptVisProgram *program, GptVisSlot *slot, const GptVisPicture *picture)
{
  return gptvis_vulkan_stage ((GptVisVulkanProgram *) program, (GptVisVulkanSlot *) slot, picture);
}

/* If the slot holds a picture, the device makes its rows now, and they are waited for. */
static float *
slot_rows (GptVisProgram *program, GptVisSlot *slot)
{
  GptVisVulkanProgram *p = (GptVisVulkanProgram *) program;
  GptVisVulkanSlot *own = (GptVisVulkanSlot *) slot;
  const GptVisVulkanDevice *d = p->device;
  const GptVisVulkanRange *input = &p->tensors[p->input_id].pieces[0].range;
  const VkBufferCopy copy =
      { input->offset, 0, gptvis_vulkan_bytes (gptvis_plan_tensor (program->plan, p->input_id)) };
  if (own->is_picture && own->rows.buffer
      && gptvis_vulkan_begin (p, p->copies, NULL)
      && gptvis_vulkan_record_staging (p, &p->flights[p->next], p->copies, &slot, 1, NULL)) {
    d->call.vkCmdCopyBuffer (p->copies, input->buffer->buffer, own->rows.buffer, 1, &copy);
    gptvis_vulkan_program_copy (p, NULL);
  }
  own->is_picture = FALSE;
  return slot->rows;
}

/* ---- runs ---- */

/* The times between `n` timestamps of a run that has ended, in ns; FALSE: not known. */
static gboolean
read_times (const GptVisVulkanProgram *p, VkQueryPool queries, guint64 *ticks, guint n)
{
  const GptVisVulkanDevice *d = p->device;
  if (d->call.vkGetQueryPoolResults (d->device, queries, 0, n, n * sizeof *ticks, ticks, sizeof *ticks,
          VK_QUERY_RESULT_64_BIT) != VK_SUCCESS)
    return FALSE;
  for (guint i = 0; i + 1 < n; i++)
    ticks[i] = (ticks[i + 1] - ticks[i]) * (double) d->limits.timestampPeriod;
  return TRUE;
}

/* How long the run took that has ended, and each of its operations if that is asked for. */
static void
note_times (GptVisVulkanProgram *p, const GptVisVulkanFlight *flight)
{
  const GptVisVulkanRecording *recording = flight->recording;
  const guint n = recording->end_op - recording->first_op;
  guint64 times[2];
  if (recording->first_op == 0)
    p->base.device_ns = flight->times && read_times (p, flight->times, times, 2) ? times[0] : 0;
  if (!p->base.op_ns || !recording->queries)
    return;
  guint64 *each = g_new0 (guint64, n + 1);
  if (read_times (p, recording->queries, each, n + 1))
    for (guint i = 0; i < n; i++)
      p->base.op_ns[recording->first_op + i] += each[i];
  g_free (each);
}

/* For the run that was submitted first of those under way. */
static gboolean
wait (GptVisProgram *program, GError **error)
{
  GptVisVulkanProgram *p = (GptVisVulkanProgram *) program;
  const GptVisVulkanDevice *d = p->device;
  if (p->running == 0)
    return TRUE;
  const guint first = (p->next + program->in_flight - p->running) % program->in_flight;
  GptVisVulkanFlight *flight = &p->flights[first];
  const gboolean ended = gptvis_vulkan_device_wait (p->device, flight->fence, error);
  if (!ended && !g_atomic_int_get (&p->device->lost))
    return FALSE;
  p->running--;
  p->landed = first;
  if (!ended || !gptvis_vulkan_ok (p->device, d->call.vkResetFences (d->device, 1, &flight->fence),
      "vkResetFences", error))
    return FALSE;
  note_times (p, flight);
  return TRUE;
}

/* Waits until one more run can be submitted. */
static gboolean
make_room (GptVisVulkanProgram *p, GError **error)
{
  return p->running < p->base.in_flight || wait (&p->base, error);
}

/* The next flight, with its commands; NULL after an error. */
static GptVisVulkanFlight *
prepare (GptVisVulkanProgram *p, gboolean step, guint n, GError **error)
{
  GptVisVulkanFlight *flight = &p->flights[p->next];
  struct GptVisVulkanRecording **recording = &flight->recordings[step][n];
  if (*recording && p->base.op_ns && !(*recording)->queries && p->device->timestamps) {
    gptvis_vulkan_recording_free (*recording, p);       /* now with times */
    *recording = NULL;
  }
  if (!*recording)
    *recording = gptvis_vulkan_record (p, p->next, step, n, error);
  flight->recording = *recording;
  return *recording ? flight : NULL;
}

static gboolean
start (GptVisVulkanProgram *p, GptVisVulkanFlight *flight, const VkCommandBuffer *commands, guint n,
    GError **error)
{
  if (!gptvis_vulkan_device_submit (p->device, commands, n, flight->fence, error))
    return FALSE;
  p->next = (p->next + 1) % p->base.in_flight;
  p->running++;
  p->submissions++;
  return TRUE;
}

static gboolean
record_staging (GptVisVulkanProgram *p, GptVisVulkanFlight *flight, GptVisSlot *const *slots, guint n,
    GError **error)
{
  const GptVisVulkanDevice *d = p->device;
  if (!gptvis_vulkan_begin (p, flight->staging, error))
    return FALSE;
  if (flight->times) {
    d->call.vkCmdResetQueryPool (flight->staging, flight->times, 0, 2);
    d->call.vkCmdWriteTimestamp (flight->staging, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, flight->times, 0);
  }
  return gptvis_vulkan_record_staging (p, flight, flight->staging, slots, n, error)
      && gptvis_vulkan_ok (p->device, d->call.vkEndCommandBuffer (flight->staging), "vkEndCommandBuffer",
          error);
}

static guint32 *
args_of (GptVisVulkanProgram *p, const GptVisVulkanFlight *flight)
{
  return (guint32 *) ((guint8 *) p->args.mapped + (flight - p->flights) * p->args_size);
}

static gboolean
submit (GptVisProgram *program, GptVisSlot *const *slots, guint n, GError **error)
{
  GptVisVulkanProgram *p = (GptVisVulkanProgram *) program;
  guint end = 0;
  for (guint i = 0; i < n; i++) {
    end = MAX (end, gptvis_vulkan_slot (slots[i])->number + 1);
    if (!gptvis_vulkan_slot (slots[i])->rows.buffer) {
      g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT,
          "%s: there was no memory for this stream's picture", p->device->name);
      return FALSE;
    }
  }
  /* states may move, while nothing runs: a plan with states has one flight, so make_room has waited for it */
  if (!make_room (p, error) || !gptvis_vulkan_program_grow (p, end, error))
    return FALSE;
  GptVisVulkanFlight *flight = prepare (p, FALSE, n, error);
  if (!flight || !record_staging (p, flight, slots, n, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    args_of (p, flight)[i * ARGS_SEQUENCE + ARGS_SLOT] = gptvis_vulkan_slot (slots[i])->number;
  return start (p, flight, (VkCommandBuffer[]) { flight->staging, flight->recording->commands }, 2, error);
}

static gboolean
step (GptVisProgram *program, const GptVisSequence *sequences, guint n, GError **error)
{
  GptVisVulkanProgram *p = (GptVisVulkanProgram *) program;
  GptVisVulkanFlight *flight = make_room (p, error) ? prepare (p, TRUE, n, error) : NULL;
  if (!flight)
    return FALSE;
  guint32 *args = args_of (p, flight);
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
  return start (p, flight, &flight->recording->commands, 1, error);
}

static const float *
output (GptVisProgram *program, GptVisTensorId id, guint i)
{
  const GptVisVulkanProgram *p = (GptVisVulkanProgram *) program;
  const GptVisTensor *t = gptvis_plan_tensor (program->plan, id);
  const guint8 *outputs = (const guint8 *) p->outputs.mapped + p->landed * p->outputs_size;
  return (const float *) (outputs + p->output_offsets[id] + i * gptvis_vulkan_bytes (t));
}

void
gptvis_vulkan_statistics (GptVisProgram *program, gboolean step, guint n, GptVisVulkanStatistics *statistics)
{
  const GptVisVulkanProgram *p = (GptVisVulkanProgram *) program;
  const GptVisVulkanRecording *recording = p->flights[0].recordings[step][n];
  *statistics = recording ? recording->statistics : (GptVisVulkanStatistics) { };
  statistics->submissions = p->submissions;
  statistics->tries = p->tries;
  statistics->arena = p->arena.size;
}

const GptVisBackendTable gptvis_backend_vulkan = {
  .name = "vulkan",
  .devices = gptvis_vulkan_list,
  .program_new = program_new,
  .program_free = program_free,
  .slot_new = slot_new,
  .slot_free = slot_free,
  .stage = stage,
  .slot_rows = slot_rows,
  .submit = submit,
  .step = step,
  .wait = wait,
  .output = output,
};
