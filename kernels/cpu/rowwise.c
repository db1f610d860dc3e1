/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operations that go row by row: norm, rows, rope, pool, score. All of them
 * together are a few per cent of a network's time. */
#include "program.h"
#include <math.h>
#include <string.h>

#define ROWS_A_TASK 16u

typedef struct {
  const GptVisCpuProgram *p;
  const GptVisOp *op;
  guint n_rows, width;
  const float *factors, *shifts;        /* of columns whose mean and variance are given; else NULL */
} Norm;

static void
norm_some (void *context, gsize task)
{
  const Norm *c = context;
  const GptVisOp *op = c->op;
  const guint first = task * ROWS_A_TASK, end = MIN (c->n_rows, first + ROWS_A_TASK);
  const float *x = gptvis_cpu_data (c->p, op->in[0]);
  float *y = gptvis_cpu_data (c->p, op->out);
  for (gsize r = first; r < end; r++) {
    float *to = y + r * c->width;
    if (c->factors)
      c->p->tier->finish (
          memcpy (to, x + r * c->width, c->width * sizeof *to), c->width, NULL, 1.0f, c->factors, c->shifts);
    else
      c->p->tier->norm (x + r * c->width, gptvis_cpu_data (c->p, op->in[1]),
          gptvis_cpu_data (c->p, op->in[2]), op->norm.epsilon, to, c->width);
    c->p->tier->activate[op->norm.act] (to, 1, c->width, c->width);
  }
}

/* (x − mean) / √(variance + ε) · weight + bias is x · factor + shift. */
static void
make_factors (const Norm *c, float *factors, float *shifts)
{
  const GptVisOp *op = c->op;
  const float *weight = gptvis_cpu_data (c->p, op->in[1]), *bias = gptvis_cpu_data (c->p, op->in[2]);
  const float *mean = gptvis_cpu_data (c->p, op->in[3]), *variance = gptvis_cpu_data (c->p, op->in[4]);
  for (guint k = 0; k < c->width; k++) {
    factors[k] = (weight ? weight[k] : 1) / sqrtf (variance[k] + op->norm.epsilon);
    shifts[k] = (bias ? bias[k] : 0) - mean[k] * factors[k];
  }
}

gsize
gptvis_cpu_norm_scratch (const GptVisPlan *plan, const GptVisOp *op)
{
  return op->in[3] == GPTVIS_NO_TENSOR ? 0 : 2 * (gsize) gptvis_plan_tensor (plan, op->in[0])->width;
}

void
gptvis_cpu_norm (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const GptVisTensor *t = gptvis_plan_tensor (p->base.plan, op->in[0]);
  Norm c = { p, op, p->n * t->rows, t->width, NULL, NULL };
  if (op->in[3] != GPTVIS_NO_TENSOR) {
    make_factors (&c, p->scratch, p->scratch + t->width);
    c.factors = p->scratch;
    c.shifts = p->scratch + t->width;
  }
  gptvis_pool_run (p->pool, norm_some, &c, gptvis_n_blocks (c.n_rows, ROWS_A_TASK));
}

void
gptvis_cpu_rows (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const guint width = gptvis_plan_tensor (p->base.plan, op->out)->width;
  float *y = gptvis_cpu_data (p, op->out);
  for (guint i = 0; i < p->n; i++)
    for (guint j = 0; j < op->rows.n_parts; j++) {
      const GptVisRowsPart *part = &op->rows.parts[j];
      const gsize n = (gsize) part->rows * width;
      const float *from = gptvis_cpu_data (p, part->from) + i * gptvis_cpu_stride (p, part->from)
          + (gsize) part->first * width;
      memcpy (y, from, n * sizeof (float));
      if (part->add != GPTVIS_NO_TENSOR) {
        const float *add = gptvis_cpu_data (p, part->add) + i * gptvis_cpu_stride (p, part->add)
            + (gsize) part->add_first * width;
        const guint times = part->add_to_each ? part->rows : 1;
        for (guint r = 0; r < times; r++)
          p->tier->finish (y + (gsize) r * width, n / times, NULL, 1.0f, NULL, add);
      }
      y += n;
    }
}

/* One head's columns; none of the pointers meet. */
static void
turn (const float *restrict x, const float *restrict angles, guint half, float *restrict y)
{
  for (guint k = 0; k < half; k++) {
    y[k] = x[k] * angles[k] - x[half + k] * angles[half + k];
    y[half + k] = x[half + k] * angles[k] + x[k] * angles[half + k];
  }
}

typedef struct {
  const GptVisCpuProgram *p;
  const GptVisOp *op;
  guint rows, width;            /* of a picture's x */
} Rope;

static void
rope_some (void *context, gsize task)
{
  const Rope *c = context;
  const GptVisRope *rope = &c->op->rope;
  const gsize first = task * ROWS_A_TASK, end = MIN ((gsize) c->p->n * c->rows, first + ROWS_A_TASK);
  float *y = gptvis_cpu_data (c->p, c->op->out) + first * rope->heads * rope->head_width;
  for (gsize r = first; r < end; r++) {
    const float *x = gptvis_cpu_data (c->p, c->op->in[0]) + r * c->width + rope->column;
    const float *angles = gptvis_cpu_data (c->p, c->op->in[1]) + r % c->rows * rope->head_width;
    for (guint h = 0; h < rope->heads; h++, x += rope->head_width, y += rope->head_width)
      turn (x, angles, rope->head_width / 2, y);
  }
}

void
gptvis_cpu_rope (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const GptVisTensor *t = gptvis_plan_tensor (p->base.plan, op->in[0]);
  Rope c = { p, op, t->rows, t->width };
  gptvis_pool_run (p->pool, rope_some, &c, ((gsize) p->n * t->rows + ROWS_A_TASK - 1) / ROWS_A_TASK);
}

void
gptvis_cpu_pool (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const guint width = gptvis_plan_tensor (p->base.plan, op->in[0])->width;
  float *y = gptvis_cpu_data (p, op->out);
  for (guint i = 0; i < p->n; i++)
    for (guint j = 0; j < op->pool.n_parts; j++, y += width) {
      const GptVisPoolPart *part = &op->pool.parts[j];
      const float *x = gptvis_cpu_data (p, op->in[0]) + i * gptvis_cpu_stride (p, op->in[0])
          + (gsize) part->first * width;
      memcpy (y, x, width * sizeof (float));
      for (guint r = 1; r < part->rows; r++)
        p->tier->finish (y, width, NULL, 1.0f, NULL, x + (gsize) r * width);
      if (part->rows > 1)
        p->tier->finish (y, width, NULL, 1.0f / part->rows, NULL, NULL);
    }
}

static void
find_largest (const float *x, gsize n_rows, guint width, float *y)
{
  for (gsize r = 0; r < n_rows; r++, x += width) {
    y[r] = x[0];
    for (guint k = 1; k < width; k++)
      y[r] = x[k] > y[r] ? x[k] : y[r];
  }
}

void
gptvis_cpu_score (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const GptVisTensor *t = gptvis_plan_tensor (p->base.plan, op->in[0]);
  const gsize n_rows = (gsize) p->n * t->rows;
  float *y = gptvis_cpu_data (p, op->out);
  if (op->score.score == GPTVIS_SCORE_LARGEST) {
    find_largest (gptvis_cpu_data (p, op->in[0]), n_rows, t->width, y);
    return;
  }
  memcpy (y, gptvis_cpu_data (p, op->in[0]), n_rows * t->width * sizeof (float));
  void (*const score[GPTVIS_N_SCORES]) (float *, guint) =
      { p->tier->softmax, p->tier->sigmoid, p->tier->log_softmax };
  for (gsize r = 0; r < n_rows; r++)
    score[op->score.score] (y + r * t->width, t->width);
}
