/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program on the processor, and the operations it runs: what the files of this
 * folder share. Each gptvis_cpu_… runs one operation on the batch at hand. */
#pragma once
#include "../backend.h"
#include "../pool.h"
#include "../weights.h"
#include "tier.h"

G_BEGIN_DECLS

typedef struct {
  GptVisProgram base;
  const GptVisTier *tier;
  GptVisPool *pool;
  gboolean blas;                /* linear's product is OpenBLAS's */
  guint n;                      /* pictures or sequences in the batch at hand */
  GptVisSlot *const *slots;     /* of the pictures at hand */
  const GptVisSequence *sequences;      /* at hand, in a step */
  float **data;                 /* of each tensor; NULL for weights that only linear reads */
  gpointer *packed;             /* W of linear: for OpenBLAS [M, K]; else panels, see linear.c and its like */
  GptVisPrecision *packed_as;   /* f32, bf16 or int8; where two linears share W, the first decides */
  GptVisHeldWeight *held;       /* what is read where it lies: tables of embed, W of OpenBLAS; else empty */
  float *arena;                 /* temporaries */
  float *input;                 /* the input of a batch of several */
  GptVisTensorId input_id;
  float *scratch;               /* of the operation at hand */
  const GptVisOp *norm;         /* one that is left to the linear at hand, or NULL */
} GptVisCpuProgram;

typedef struct {
  GptVisSlot base;
  float *states;                /* all of them; NULL when the plan has none */
} GptVisCpuSlot;

/* A state, the picture's or the copy `beam`, lies head by head: its keys [rows, head_width], then its values,
 * so that a recall reads from one end to the other. Here: row `row` of a head's keys or values. */
typedef enum { GPTVIS_CPU_KEYS, GPTVIS_CPU_VALUES } GptVisCpuHalf;

static inline float *
gptvis_cpu_state (const GptVisSlot *slot, const GptVisTensor *t, guint beam, guint head, GptVisCpuHalf half,
    guint row)
{
  const GptVisCpuSlot *own = (const GptVisCpuSlot *) slot;
  const gsize rows = (gsize) (2 * head + half) * t->rows + row;
  return own->states + t->offset + (t->step ? beam * gptvis_tensor_span (t) : 0) + rows * t->head_width;
}

/* The tensor's memory for picture 0 of the batch; NULL for GPTVIS_NO_TENSOR. */
static inline float *
gptvis_cpu_data (const GptVisCpuProgram *p, GptVisTensorId id)
{
  return id == GPTVIS_NO_TENSOR ? NULL : p->data[id];
}

/* Floats from one picture's tensor to the next one's: 0 for weights and constants. */
static inline gsize
gptvis_cpu_stride (const GptVisCpuProgram *p, GptVisTensorId id)
{
  const GptVisTensor *t = gptvis_plan_tensor (p->base.plan, id);
  return gptvis_tensor_is_activation (t) ? (gsize) t->rows * t->width : 0;
}

/* n things in blocks of at most `most`, as equal as can be: how many blocks, and where block i starts. */
static inline guint
gptvis_n_blocks (guint n, guint most)
{
  return (n + most - 1) / most;
}

static inline guint
gptvis_block_start (guint n, guint blocks, guint i)
{
  return (guint64) n * i / blocks;
}

/* Packs a linear's W [M, K] for p's tier and precision, or for OpenBLAS; NULL without memory. */
gpointer gptvis_cpu_linear_pack (const GptVisCpuProgram *p, const GptVisHeldWeight *weight,
    const GptVisOp *op);

/* An attention's bias, of which the plan's values are in data, as it is added to scores; NULL without
 * memory. */
gpointer gptvis_cpu_attention_pack_bias (const GptVisCpuProgram *p, const GptVisOp *op);

/* Floats of scratch that the operation needs for max_batch pictures. */
gsize gptvis_cpu_linear_scratch (const GptVisCpuProgram *p, const GptVisOp *op);
gsize gptvis_cpu_attention_scratch (const GptVisCpuProgram *p, const GptVisOp *op);
gsize gptvis_cpu_recall_scratch (const GptVisPlan *plan, const GptVisOp *op, guint threads);
gsize gptvis_cpu_norm_scratch (const GptVisPlan *plan, const GptVisOp *op);
gsize gptvis_cpu_top_scratch (const GptVisPlan *plan, const GptVisOp *op);
gsize gptvis_cpu_waves_scratch (const GptVisOp *op);

void gptvis_cpu_linear (const GptVisCpuProgram *p, const GptVisOp *op);
void gptvis_cpu_attention (const GptVisCpuProgram *p, const GptVisOp *op);
void gptvis_cpu_norm (const GptVisCpuProgram *p, const GptVisOp *op);
void gptvis_cpu_embed (const GptVisCpuProgram *p, const GptVisOp *op);
void gptvis_cpu_keep (const GptVisCpuProgram *p, const GptVisOp *op);
void gptvis_cpu_recall (const GptVisCpuProgram *p, const GptVisOp *op);
void gptvis_cpu_rows (const GptVisCpuProgram *p, const GptVisOp *op);
void gptvis_cpu_rope (const GptVisCpuProgram *p, const GptVisOp *op);
void gptvis_cpu_pool (const GptVisCpuProgram *p, const GptVisOp *op);
void gptvis_cpu_score (const GptVisCpuProgram *p, const GptVisOp *op);
void gptvis_cpu_columns (const GptVisCpuProgram *p, const GptVisOp *op);
void gptvis_cpu_windows (const GptVisCpuProgram *p, const GptVisOp *op);
void gptvis_cpu_unfold (const GptVisCpuProgram *p, const GptVisOp *op);
void gptvis_cpu_top (const GptVisCpuProgram *p, const GptVisOp *op);
void gptvis_cpu_gather (const GptVisCpuProgram *p, const GptVisOp *op);
void gptvis_cpu_boxes (const GptVisCpuProgram *p, const GptVisOp *op);
void gptvis_cpu_waves (const GptVisCpuProgram *p, const GptVisOp *op);
void gptvis_cpu_sample (const GptVisCpuProgram *p, const GptVisOp *op);

G_END_DECLS
