/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the reference's files share: a program's tensors, and the operations that are not in reference.c. */
#pragma once
#include "backend.h"

G_BEGIN_DECLS

typedef struct {
  GptVisProgram base;
  GptVisSlot *const *slots;     /* of the pictures at hand */
  const GptVisSequence *sequences;      /* at hand, in a step */
  double **data;                /* of each tensor, room for the largest batch */
  float **out;                  /* of each output that was asked for, likewise */
} GptVisReferenceProgram;

/* Tensor `id` of picture i; NULL for GPTVIS_NO_TENSOR. */
static inline double *
gptvis_reference_at (const GptVisReferenceProgram *p, GptVisTensorId id, guint i)
{
  if (id == GPTVIS_NO_TENSOR)
    return NULL;
  const GptVisTensor *t = gptvis_plan_tensor (p->base.plan, id);
  return p->data[id] + (gptvis_tensor_is_activation (t) ? i * (gsize) t->rows * t->width : 0);
}

/* Each runs one operation on picture i. */
void gptvis_reference_columns (const GptVisReferenceProgram *p, const GptVisOp *op, guint i);
void gptvis_reference_windows (const GptVisReferenceProgram *p, const GptVisOp *op, guint i);
void gptvis_reference_unfold (const GptVisReferenceProgram *p, const GptVisOp *op, guint i);
void gptvis_reference_top (const GptVisReferenceProgram *p, const GptVisOp *op, guint i);
void gptvis_reference_gather (const GptVisReferenceProgram *p, const GptVisOp *op, guint i);
void gptvis_reference_boxes (const GptVisReferenceProgram *p, const GptVisOp *op, guint i);
void gptvis_reference_waves (const GptVisReferenceProgram *p, const GptVisOp *op, guint i);
void gptvis_reference_sample (const GptVisReferenceProgram *p, const GptVisOp *op, guint i);

G_END_DECLS
