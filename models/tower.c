/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes the plan, the places of its weights and the program, in this order, and frees them in the other. */
#include "tower.h"

static gboolean
make (GptVisTower *self, const GptVisCheckpoint *checkpoint, const GptVisProgramOptions *options,
    guint max_batch, GError **error)
{
  self->plan
      = gptvis_checkpoint_plan (checkpoint, &self->recipe, max_batch, self->outputs, &self->places, error);
  if (!self->plan)
    return FALSE;
  self->program = gptvis_checkpoint_program (checkpoint, self->plan, self->places, options, error);
  if (!self->program)
    return FALSE;
  self->logits = gptvis_plan_find (self->plan, "logits");
  self->scores = gptvis_plan_find (self->plan, "scores");
  self->tokens = gptvis_plan_find (self->plan, "tokens");
  self->boxes = gptvis_plan_find (self->plan, "pred_boxes");
  self->embedding = gptvis_plan_find (self->plan, "embedding");
  return TRUE;
}

GptVisTower *
gptvis_tower_new (const GptVisCheckpoint *checkpoint, const GptVisRecipe *recipe,
    const GptVisProgramOptions *options, guint max_batch, GptVisOutputs outputs, GError **error)
{
  GptVisTower *self = g_new0 (GptVisTower, 1);
  self->refs = 1;
  self->recipe = *recipe;
  self->outputs = outputs;
  if (make (self, checkpoint, options, max_batch, error))
    return self;
  gptvis_tower_unref (self);
  return NULL;
}

GptVisTower *
gptvis_tower_ref (GptVisTower *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

void
gptvis_tower_unref (GptVisTower *self)
{
  if (!self || !g_atomic_int_dec_and_test (&self->refs))
    return;
  gptvis_program_free (self->program);
  gptvis_places_free (self->places);
  gptvis_plan_free (self->plan);
  g_free (self);
}
