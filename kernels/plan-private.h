/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the three files of the plan share. Nobody else includes it. */
#pragma once
#include "plan.h"

struct _GptVisPlan {
  gchar *name;
  guint max_batch;
  GArray *tensors;              /* GptVisTensor */
  GArray *ops;                  /* GptVisOp */
  GError *error;                /* the first mistake */
  gboolean finished;
  gboolean stepping;            /* the step is being recorded */
  guint step_op, max_sequences, beams;
  gsize arena, slot_states;     /* floats */
};

/* Lifetimes, offsets and the arena's size. */
void gptvis_plan_lay_out (GptVisPlan *plan);
