/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan's own fields, for plan.c, plan-layout.c, plan-read.c and plan-print.c alone. */
#pragma once
#include "plan.h"

struct _GptVisPlan {
  gchar *name;
  guint max_batch;
  GArray *tensors;              /* GptVisTensor */
  GArray *ops;                  /* GptVisOp */
  GHashTable *names;            /* a part's name, which is the part's → its number, for checkpoint tensors */
  GError *error;                /* the first mistake */
  gboolean finished;
  gboolean stepping;            /* the step is being recorded */
  guint step_op, max_sequences, beams;
  gsize arena, slot_states;     /* floats */
};

/* Lifetimes, offsets and the arena's size. */
void gptvis_plan_lay_out (GptVisPlan *plan);
