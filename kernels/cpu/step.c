/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operations of a step: embed, keep, recall. Their time is that of reading what
 * they read: a recall goes through its keys and values once. */
#include "program.h"
#include <string.h>

void
gptvis_cpu_embed (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const guint width = gptvis_plan_tensor (p->base.plan, op->in[0])->width;
  const float *positions = gptvis_cpu_data (p, op->in[1]) + (gsize) op->embed.first_position * width;
  float *y = gptvis_cpu_data (p, op->out);
  for (guint i = 0; i < p->n; i++, y += width) {
    gptvis_held_weight_read (&p->held[op->in[0]], p->sequences[i].token, 1, y);
    p->tier->finish (y, width, NULL, 1.0f, NULL, positions + (gsize) p->sequences[i].position * width);
  }
}

typedef struct {
  const GptVisCpuProgram *p;
  const GptVisOp *op;
  const GptVisTensor *x, *state;
  guint heads;
} Keep;

/* A head's keys and values of one picture or sequence. */
static void
keep_head (void *context, gsize task)
{
  const Keep *c = context;
  const guint i = task / c->heads, head = task % c->heads, width = c->state->head_width;
  const GptVisSequence *s = c->state->step ? &c->p->sequences[i] : NULL;
  for (GptVisCpuHalf half = GPTVIS_CPU_KEYS; half <= GPTVIS_CPU_VALUES; half++) {
    const float *x = gptvis_cpu_data (c->p, c->op->in[0]) + (gsize) i * c->x->rows * c->x->width
        + c->op->keep.column + (half * c->heads + head) * width;
    float *to = s ? gptvis_cpu_state (s->slot, c->state, s->beam, head, half, s->position)
        : gptvis_cpu_state (c->p->slots[i], c->state, 0, head, half, 0);
    for (guint r = 0; r < c->x->rows; r++, x += c->x->width, to += width)
      memcpy (to, x, width * sizeof (float));
  }
}

void
gptvis_cpu_keep (const GptVisCpuProgram *p, const GptVisOp *op)
{
  Keep c = { p, op, gptvis_plan_tensor (p->base.plan, op->in[0]), gptvis_plan_tensor (p->base.plan, op->out),
      0 };
  if (c.state->head_width == 0) /* no recall reads it */
    return;
  c.heads = c.state->width / 2 / c.state->head_width;
  /* one row is too little work to share */
  gptvis_pool_run (c.state->step ? NULL : p->pool, keep_head, &c, p->n * c.heads);
}

/* Rows of a state that lie one below the other in one copy: a picture's are all of them, a
 * sequence's as many as one copy holds. */
typedef struct {
  guint copy, n;
} Run;

/* The run that begins at row `first`; n is 0 past the last. */
static Run
run_from (const GptVisTensor *state, const GptVisSequence *s, guint first)
{
  const guint end = state->step ? s->position + 1 : state->rows;
  if (!state->step || first >= end)
    return (Run) { 0, end - MIN (first, end) };
  const guint copy = s->history && first < s->position ? s->history[first] : s->beam;
  guint n = 1;
  while (first + n < end && (s->history && first + n < s->position ? s->history[first + n] : s->beam) == copy)
    n++;
  return (Run) { copy, n };
}

typedef struct {
  const GptVisCpuProgram *p;
  const GptVisOp *op;
  guint q_width, n_units, n_tasks;
  gsize scratch_size;           /* floats of one task */
} Recall;

/* The scaled query and the scores. */
static gsize
scratch_of_task (const GptVisPlan *plan, const GptVisOp *op)
{
  gsize n = op->attention.head_width;
  for (guint j = 1; j < op->n_in; j++)
    n += gptvis_plan_tensor (plan, op->in[j])->rows;
  return n;
}

gsize
gptvis_cpu_recall_scratch (const GptVisPlan *plan, const GptVisOp *op, guint threads)
{
  return threads * scratch_of_task (plan, op);
}

static void
recall_head (const Recall *c, guint unit, float *scratch)
{
  const GptVisAttention *a = &c->op->attention;
  const guint head = unit / c->p->n, i = unit % c->p->n, width = a->head_width;
  const GptVisSequence *s = &c->p->sequences[i];
  const float *q = gptvis_cpu_data (c->p, c->op->in[0]) + (gsize) i * c->q_width + a->q_column + head * width;
  float *y = gptvis_cpu_data (c->p, c->op->out) + ((gsize) i * a->heads + head) * width;
  float *scaled = scratch, *scores = scratch + width;
  guint n = 0;

  for (guint d = 0; d < width; d++)
    scaled[d] = q[d] * a->scale;
  for (guint j = 1; j < c->op->n_in; j++) {
    const GptVisTensor *state = gptvis_plan_tensor (c->p->base.plan, c->op->in[j]);
    Run run;
    for (guint row = 0; (run = run_from (state, s, row)).n > 0; row += run.n, n += run.n)
      c->p->tier->dots (scaled, gptvis_cpu_state (s->slot, state, run.copy, head, GPTVIS_CPU_KEYS, row),
          run.n, width, scores + n);
  }
  c->p->tier->softmax (scores, n);
  memset (y, 0, width * sizeof (float));
  for (guint j = 1; j < c->op->n_in; j++) {
    const GptVisTensor *state = gptvis_plan_tensor (c->p->base.plan, c->op->in[j]);
    Run run;
    for (guint row = 0; (run = run_from (state, s, row)).n > 0; row += run.n, scores += run.n)
      c->p->tier->blend (scores, gptvis_cpu_state (s->slot, state, run.copy, head, GPTVIS_CPU_VALUES, row),
          run.n, width, y);
  }
}

static void
recall_some (void *context, gsize task)
{
  const Recall *c = context;
  float *scratch = c->p->scratch + task * c->scratch_size;
  const guint end = gptvis_block_start (c->n_units, c->n_tasks, task + 1);
  for (guint unit = gptvis_block_start (c->n_units, c->n_tasks, task); unit < end; unit++)
    recall_head (c, unit, scratch);
}

/* Sequences of one head after another, so that a slot's beams find its keys in the cache. */
void
gptvis_cpu_recall (const GptVisCpuProgram *p, const GptVisOp *op)
{
  Recall c = {
    .p = p, .op = op,
    .q_width = gptvis_plan_tensor (p->base.plan, op->in[0])->width,
    .n_units = p->n * op->attention.heads,
    .n_tasks = gptvis_pool_threads (p->pool),
    .scratch_size = scratch_of_task (p->base.plan, op),
  };
  gptvis_pool_run (p->pool, recall_some, &c, c.n_tasks);
}
