/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The front of all backends: checks every argument once, and forwards to the program's own backend or, where
 * a device has failed, to the program on the processor. */
#include "backend.h"
#include "fallback.h"
#include "patches.h"

void
gptvis_program_free (GptVisProgram *program)
{
  if (!program)
    return;
  gptvis_fallback_free (program->fallback);
  program->backend->program_free (program);
}

/* ---- a device that failed ---- */

/* The program on the processor, if the device failed; else NULL. */
static GptVisProgram *
instead_of (const GptVisProgram *program)
{
  return program->fallback ? gptvis_fallback_program (program->fallback) : NULL;
}

const GptVisProgram *
gptvis_program_at_work (const GptVisProgram *program)
{
  const GptVisProgram *instead = instead_of (program);
  return instead ? instead : program;
}

const GError *
gptvis_program_failure (const GptVisProgram *program)
{
  return program->fallback ? gptvis_fallback_failure (program->fallback) : NULL;
}

/* Ends a run that failed with `why`, which it takes, or that went well, if that is NULL. After a device's
 * first failure the processor takes over, and the error says so. */
static gboolean
end_run (GptVisProgram *program, GError *why, GError **error)
{
  if (!why)
    return TRUE;
  if (program->fallback && !gptvis_program_failure (program)) {
    gptvis_fallback_take (program->fallback, why);
    g_clear_error (&why);
    why = g_error_copy (gptvis_program_failure (program));
  }
  g_propagate_error (error, why);
  return FALSE;
}

static GptVisSlot *
slot_of_backend (GptVisProgram *program, GError **error)
{
  GptVisSlot *slot = program->backend->slot_new (program);
  if (!slot)
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT,
        "not enough memory for another stream of the network %s", gptvis_plan_name (program->plan));
  return slot;
}

/* The slot to fill; NULL: LIMIT. */
static GptVisSlot *
slot_at_work (GptVisProgram *program, GptVisSlot *slot, GError **error)
{
  GptVisProgram *instead = instead_of (program);
  if (instead && !slot->instead)
    slot->instead = slot_of_backend (instead, error);
  return instead ? slot->instead : slot;
}

/* The slot to run; NULL: it has not been filled since. */
static GptVisSlot *
filled_slot (const GptVisProgram *program, GptVisSlot *slot, GError **error)
{
  if (!slot->instead)
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_DEVICE, "what the device had was lost with it: %s",
        gptvis_program_failure (program)->message);
  return slot->instead;
}

/* ---- slots ---- */

GptVisSlot *
gptvis_program_slot_new (GptVisProgram *program, GError **error)
{
  const GptVisOp *op = gptvis_plan_op (program->plan, 0);
  GptVisSlot *slot = slot_of_backend (program, error);
  if (slot && op->kind == GPTVIS_OP_PATCHES)
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
  if (slot->instead)
    instead_of (program)->backend->slot_free (instead_of (program), slot->instead);
  program->backend->slot_free (program, slot);
}

gboolean
gptvis_program_stage (GptVisProgram *program, GptVisSlot *slot, const GptVisPicture *picture, GError **error)
{
  GptVisSlot *at_work = slot_at_work (program, slot, error);
  if (!at_work)
    return FALSE;
  if (at_work == slot && program->backend->stage && program->backend->stage (program, slot, picture))
    return TRUE;
  return gptvis_patchifier_run (slot->patchifier, picture, at_work->rows, error);
}

float *
gptvis_program_slot_rows (GptVisProgram *program, GptVisSlot *slot)
{
  GptVisSlot *at_work = slot_at_work (program, slot, NULL);
  if (at_work == slot && program->backend->slot_rows)
    return program->backend->slot_rows (program, slot);
  /* without memory for rows on the processor, the failed device's do: they are written, and no run reads
   * them */
  return at_work ? at_work->rows : slot->rows;
}

/* ---- runs ---- */

gboolean
gptvis_program_submit (GptVisProgram *program, GptVisSlot *const *slots, guint n, GError **error)
{
  GptVisProgram *instead = instead_of (program);
  GptVisSlot *filled[GPTVIS_MAX_BATCH];
  GError *why = NULL;
  g_assert (n >= 1 && n <= gptvis_plan_max_batch (program->plan));
  if (!instead) {
    program->on_device += program->backend->submit (program, slots, n, &why);
    return end_run (program, why, error);
  }
  for (guint i = 0; i < n; i++)
    if (!(filled[i] = filled_slot (program, slots[i], error)))
      return FALSE;
  return instead->backend->submit (instead, filled, n, error);
}

gboolean
gptvis_program_step (GptVisProgram *program, const GptVisSequence *sequences, guint n, GError **error)
{
  const GptVisPlan *plan = program->plan;
  GptVisProgram *instead = instead_of (program);
  GptVisSequence filled[GPTVIS_MAX_SEQUENCES];
  GError *why = NULL;
  g_assert (n >= 1 && n <= gptvis_plan_max_sequences (plan));
  for (guint i = 0; i < n; i++)
    g_assert (sequences[i].beam < gptvis_plan_beams (plan)
        && sequences[i].position < gptvis_plan_max_positions (plan));
  if (!instead) {
    program->on_device += program->backend->step (program, sequences, n, &why);
    return end_run (program, why, error);
  }
  for (guint i = 0; i < n; i++) {
    filled[i] = sequences[i];
    if (!(filled[i].slot = filled_slot (program, sequences[i].slot, error)))
      return FALSE;
  }
  return instead->backend->step (instead, filled, n, error);
}

gboolean
gptvis_program_wait (GptVisProgram *program, GError **error)
{
  GptVisProgram *instead = program->on_device > 0 ? NULL : instead_of (program);
  GError *why = NULL;
  program->reads = instead ? instead : program;
  program->on_device -= program->on_device > 0;
  program->reads->backend->wait (program->reads, &why);
  return end_run (program, why, error);
}

const float *
gptvis_program_output (GptVisProgram *program, GptVisTensorId id, guint i)
{
  GptVisProgram *reads = program->reads ? program->reads : program;
  g_assert (gptvis_plan_tensor (program->plan, id)->output);
  return reads->backend->output (reads, id, i);
}
