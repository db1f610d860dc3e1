/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The front of all backends: chooses one, checks every argument once, and
 * forwards. */
#include "config.h"
#include "backend.h"
#include "patches.h"
#include "weights.h"
#include "reference.h"
#include "cpu/cpu.h"
#include "vulkan/gpu.h"
#include <string.h>

/* The reference is only taken by name. */
static const GptVisBackend *const backends[] = {
  &gptvis_backend_cpu,
  &gptvis_backend_reference,
#if GPTVIS_HAVE_VULKAN
  &gptvis_backend_vulkan,
#endif
};

static const gchar *const precision_names[] = { "auto", "f32", "f16", "bf16", "int8" };

const gchar *
gptvis_precision_name (GptVisPrecision precision)
{
  return precision_names[precision];
}

gboolean
gptvis_precision_parse (const gchar *text, GptVisPrecision *precision, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (precision_names); i++)
    if (strcmp (text, precision_names[i]) == 0) {
      *precision = (GptVisPrecision) i;
      return TRUE;
    }
  g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
      "precision \"%s\" is none of auto, f32, f16, bf16, int8", text);
  return FALSE;
}

static const GptVisBackend *
find_backend (const gchar *name, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (backends); i++)
    if (strcmp (name, backends[i]->name) == 0)
      return backends[i];
  if (strcmp (name, "vulkan") == 0)
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
        "backend vulkan is not in this build: it is compiled where Vulkan's headers, volk and glslangValidator are");
  else
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
        "backend \"%s\" is none of auto, cpu, vulkan, reference", name);
  return NULL;
}

gchar *
gptvis_backend_devices (const gchar *backend, GError **error)
{
  const GptVisBackend *found = find_backend (backend, error);
  return found ? found->devices (error) : NULL;
}

/* auto: a GPU, if there is one and it can; else the processor, and the log says why. */
static GptVisProgram *
take_best (const GptVisPlan *plan, const GptVisWeights *weights, const GptVisProgramOptions *options,
    const GptVisBackend **backend, GError **error)
{
#if GPTVIS_HAVE_VULKAN
  GptVisProgramOptions any_device = *options;
  GError *why = NULL;
  *backend = &gptvis_backend_vulkan;
  GptVisProgram *program = (*backend)->program_new (plan, weights, options, &why);
  if (program)
    return program;
  if (g_error_matches (why, GPTVIS_ERROR, GPTVIS_ERROR_NOT_FOUND)) {    /* the device that was named */
    g_propagate_error (error, why);
    return NULL;
  }
  g_info ("%s: backend auto takes the cpu: %s", gptvis_plan_name (plan), why->message);
  g_error_free (why);
  any_device.device = NULL;     /* it was a GPU's */
  options = &any_device;
#endif
  *backend = &gptvis_backend_cpu;
  return (*backend)->program_new (plan, weights, options, error);
}

GptVisProgram *
gptvis_program_new (const GptVisPlan *plan, const GptVisWeights *weights, const GptVisProgramOptions *options,
    GError **error)
{
  const gboolean any = !options->backend || strcmp (options->backend, "auto") == 0;
  const GptVisBackend *backend = any ? NULL : find_backend (options->backend, error);
  if ((!any && !backend) || !gptvis_weights_check_finite (weights, plan, error))
    return NULL;
  GptVisProgram *program = any ? take_best (plan, weights, options, &backend, error)
      : backend->program_new (plan, weights, options, error);
  if (program) {
    program->backend = backend;
    program->plan = plan;
  }
  return program;
}

void
gptvis_program_free (GptVisProgram *program)
{
  if (program)
    program->backend->program_free (program);
}

GptVisSlot *
gptvis_program_slot_new (GptVisProgram *program)
{
  const GptVisOp *op = gptvis_plan_op (program->plan, 0);
  GptVisSlot *slot = program->backend->slot_new (program);
  if (op->kind == GPTVIS_OP_PATCHES)
    slot->patchifier = gptvis_patchifier_new (&op->patches.recipe, op->patches.patch_size);
  return slot;
}

void
gptvis_program_slot_free (GptVisProgram *program, GptVisSlot *slot)
{
  if (!slot)
    return;
  if (slot->patchifier)
    gptvis_patchifier_free (slot->patchifier);
  program->backend->slot_free (program, slot);
}

gboolean
gptvis_program_stage (GptVisProgram *program, GptVisSlot *slot, const GptVisPicture *picture, GError **error)
{
  return gptvis_patchifier_run (slot->patchifier, picture, slot->rows, error);
}

float *
gptvis_program_slot_rows (GptVisProgram *program, GptVisSlot *slot)
{
  return slot->rows;
}

gboolean
gptvis_program_submit (GptVisProgram *program, GptVisSlot *const *slots, guint n, GError **error)
{
  g_assert (n >= 1 && n <= gptvis_plan_max_batch (program->plan));
  return program->backend->submit (program, slots, n, error);
}

gboolean
gptvis_program_step (GptVisProgram *program, const GptVisSequence *sequences, guint n, GError **error)
{
  const GptVisPlan *plan = program->plan;
  g_assert (n >= 1 && n <= gptvis_plan_max_sequences (plan));
  for (guint i = 0; i < n; i++)
    g_assert (sequences[i].beam < gptvis_plan_beams (plan)
        && sequences[i].position < gptvis_plan_max_positions (plan));
  return program->backend->step (program, sequences, n, error);
}

gboolean
gptvis_program_wait (GptVisProgram *program, GError **error)
{
  return program->backend->wait (program, error);
}

const float *
gptvis_program_output (GptVisProgram *program, GptVisTensorId id, guint i)
{
  g_assert (gptvis_plan_tensor (program->plan, id)->output);
  return program->backend->output (program, id, i);
}
