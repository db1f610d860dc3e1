/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operations of a step: embed, keep, recall. Their time is that of reading what
 * they read: a recall goes through its keys and values once. */
#include "program.h"
#include "../weights.h"
#include <string.h>

/* Rows are read out of the checkpoint where it lies: a token needs one of fifty thousand. */
void
gptvis_cpu_embed (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const GptVisTensor *table = gptvis_plan_tensor (p->base.plan, op->in[0]);
  const guint width = table->width;
  const float *positions = gptvis_cpu_data (p, op->in[1]) + (gsize) op->embed.first_position * width;
  float *y = gptvis_cpu_data (p, op->out);
  for (guint i = 0; i < p->n; i++, y += width) {
    gptvis_weights_read (&p->weights, table, p->sequences[i].token, 1, y);
    p->tier->finish (y, width, NULL, 1.0f, NULL, positions + (gsize) p->sequences[i].position * width);
  }
}

void
gptvis_cpu_keep (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const GptVisTensor *tx = gptvis_plan_tensor (p->base.plan, op->in[0]);
  const GptVisTensor *state = gptvis_plan_tensor (p->base.plan, op->out);
  const float *x = gptvis_cpu_data (p, op->in[0]) + op->keep.column;
  for (guint i = 0; i < p->n; i++) {
    const GptVisSequence *s = state->step ? &p->sequences[i] : NULL;
    float *to = s ? gptvis_cpu_state (s->slot, state, s->beam, s->position)
        : gptvis_cpu_state (p->slots[i], state, 0, 0);
    for (guint r = 0; r < tx->rows; r++, x += tx->width, to += state->width)
      memcpy (to, x, state->width * sizeof (float));
  }
}

/* Rows one below the other in memory: a picture's state whole, a sequence's as far as one
 * copy holds it. */
typedef struct {
  const float *rows;
  guint n;
} Run;

/* The run of `state` for the sequence that begins at row `first`; n is 0 past the last. */
static Run
run_from (const GptVisTensor *state, const GptVisSequence *s, guint first)
{
  const guint end = state->step ? s->position + 1 : state->rows;
  if (first >= end)
    return (Run) { NULL, 0 };
  if (!state->step)
    return (Run) { gptvis_cpu_state (s->slot, state, 0, first), end - first };
  const guint copy = s->history && first < s->position ? s->history[first] : s->beam;
  guint n = 1;
  while (first + n < end && (s->history && first + n < s->position ? s->history[first + n] : s->beam) == copy)
    n++;
  return (Run) { gptvis_cpu_state (s->slot, state, copy, first), n };
}

typedef struct {
  const GptVisCpuProgram *p;
  const GptVisOp *op;
  guint q_width, n_units;
  gsize scratch_size;           /* floats of one worker */
  gint next;                    /* unit, taken atomically */
} Recall;

/* The scaled query and the scores. */
static gsize
scratch_of_worker (const GptVisPlan *plan, const GptVisOp *op)
{
  gsize n = op->attention.head_width;
  for (guint j = 1; j < op->n_in; j++)
    n += gptvis_plan_tensor (plan, op->in[j])->rows;
  return n;
}

gsize
gptvis_cpu_recall_scratch (const GptVisPlan *plan, const GptVisOp *op, guint threads)
{
  return threads * scratch_of_worker (plan, op);
}

/* A head's part of a row lies as far from that of the next row as all heads' keys and values
 * are wide, which no processor foresees: while some rows are worked on, the next are asked for. */
#define ROWS_AHEAD 16u

static guint
begin_block (const Recall *c, const GptVisTensor *state, const float *rows, guint n)
{
  const guint next = n > ROWS_AHEAD ? MIN (n - ROWS_AHEAD, ROWS_AHEAD) : 0;
  const float *row = rows + (gsize) ROWS_AHEAD * state->width;
  for (guint r = 0; r < next; r++, row += state->width)
    for (guint d = 0; d < c->op->attention.head_width; d += 16)
      __builtin_prefetch (row + d, 0, 2);
  return MIN (n, ROWS_AHEAD);
}

/* Scores of the run's rows; keys: the head's of the first. */
static void
score_run (const Recall *c, const GptVisTensor *state, const float *q, const float *keys, guint n,
    float *scores)
{
  for (guint m; n > 0; n -= m, keys += (gsize) m * state->width, scores += m) {
    m = begin_block (c, state, keys, n);
    c->p->tier->dots (q, keys, state->width, m, c->op->attention.head_width, scores);
  }
}

static void
blend_run (const Recall *c, const GptVisTensor *state, const float *weights, const float *values, guint n,
    float *y)
{
  for (guint m; n > 0; n -= m, values += (gsize) m * state->width, weights += m) {
    m = begin_block (c, state, values, n);
    c->p->tier->blend (weights, values, state->width, m, c->op->attention.head_width, y);
  }
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
      score_run (c, state, scaled, run.rows + head * width, run.n, scores + n);
  }
  c->p->tier->softmax (scores, n);
  memset (y, 0, width * sizeof (float));
  for (guint j = 1; j < c->op->n_in; j++) {
    const GptVisTensor *state = gptvis_plan_tensor (c->p->base.plan, c->op->in[j]);
    Run run;
    for (guint row = 0; (run = run_from (state, s, row)).n > 0; row += run.n, scores += run.n)
      blend_run (c, state, scores, run.rows + (a->heads + head) * width, run.n, y);
  }
}

static void
work (void *context, gsize worker)
{
  Recall *c = context;
  float *scratch = c->p->scratch + worker * c->scratch_size;
  for (guint unit; (unit = g_atomic_int_add (&c->next, 1)) < c->n_units;)
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
    .scratch_size = scratch_of_worker (p->base.plan, op),
  };
  gptvis_pool_run (p->pool, work, &c, gptvis_pool_threads (p->pool));
}
