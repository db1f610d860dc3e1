/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tower: a checkpoint's plan for pictures of one size, cut to some outputs, and the program made of it. A
 * model has one, of a network whose pictures follow the camera's proportions one for each size, and replaces
 * them when somebody needs more outputs (model.c). Immutable and
 * counted: a slot holds the tower that its picture was staged for.
 *
 * Threads: any may count; the program's own rules hold for its runs (backend.h). */
#pragma once
#include "checkpoint.h"

G_BEGIN_DECLS

typedef struct {
  gint refs;
  GptVisRecipe recipe;          /* with the size that the network sees */
  GptVisOutputs outputs;
  GptVisPlan *plan;
  GptVisPlaces *places;         /* of its weights, in the checkpoint */
  GptVisProgram *program;
  GptVisTensorId logits, scores, tokens, boxes, embedding; /* GPTVIS_NO_TENSOR: not among the outputs */
} GptVisTower;

/* The checkpoint must outlive it. NULL with the errors of gptvis_checkpoint_plan and gptvis_program_new. */
GptVisTower *gptvis_tower_new (const GptVisCheckpoint *checkpoint, const GptVisRecipe *recipe,
    const GptVisProgramOptions *options, guint max_batch, GptVisOutputs outputs, GError **error);
GptVisTower *gptvis_tower_ref (GptVisTower *tower);
void gptvis_tower_unref (GptVisTower *tower);  /* NULL is fine; by the last, all slots are freed */

G_END_DECLS
