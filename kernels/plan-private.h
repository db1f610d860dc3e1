/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan's own fields, and what recorders check with, for plan.c and plan-….c alone. */
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

/* No tensor of a network that fits its limits comes near this; the product of
 * any two sides stays far from overflow. */
#define MAX_ELEMENTS (1u << 30)

/* The recorders' helpers, by short names in these files. */
#define fail gptvis_plan_fail
#define recording gptvis_plan_recording
#define take gptvis_plan_take
#define take_activation gptvis_plan_take_activation
#define check_optional gptvis_plan_check_optional
#define add_op gptvis_plan_add_op

/* Keeps the first mistake as "linear 12: …"; always GPTVIS_NO_TENSOR. */
GptVisTensorId fail (GptVisPlan *plan, const gchar *what, const gchar *format, ...) G_GNUC_PRINTF (3, 4);
gboolean recording (GptVisPlan *plan, const gchar *what);
/* The tensor, or NULL after keeping why not. */
const GptVisTensor *take (GptVisPlan *plan, const gchar *what, const gchar *role, GptVisTensorId id);
const GptVisTensor *take_activation (
    GptVisPlan *plan, const gchar *what, const gchar *role, GptVisTensorId id);
/* An optional tensor of exactly that shape; TRUE when absent or right. */
gboolean check_optional (GptVisPlan *plan, const gchar *what, const gchar *role, GptVisTensorId id,
    gboolean activation, guint rows, guint width);
/* Appends the operation with a fresh result. */
GptVisTensorId add_op (GptVisPlan *plan, GptVisOp *op, GptVisTensorKind kind, guint rows, guint width);

/* Lifetimes, offsets and the arena's size. */
void gptvis_plan_lay_out (GptVisPlan *plan);
