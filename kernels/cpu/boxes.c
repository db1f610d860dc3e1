/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What only detectors compute: top, boxes, waves, sample. Some hundred rows, so only the last two are shared
 * among threads. */
#include "program.h"
#include <math.h>
#include <string.h>

#define ROWS_A_TASK 16u

/* ---- top ---- */

typedef struct {
  float value;
  guint row;
} Ranked;

static int
larger_first (const void *a, const void *b)
{
  const Ranked *x = a, *y = b;
  if (x->value != y->value)
    return x->value > y->value ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

/* Of picture i all rows that count, into `to`. A NaN is less than anything, so that there is an order. */
static guint
list_rows (const GptVisTop *top, const float *x, guint n_rows, Ranked *to)
{
  const GptVisGrid grid = top->grid.rows ? top->grid : (GptVisGrid) { 1, n_rows }, margin = top->margin;
  guint n = 0;
  for (guint row = margin.rows; row + margin.rows < grid.rows; row++)
    for (guint column = margin.columns; column + margin.columns < grid.columns; column++) {
      const guint r = row * grid.columns + column;
      to[n++] = (Ranked) { isnan (x[r]) ? -INFINITY : x[r], r };
    }
  return n;
}

gsize
gptvis_cpu_top_scratch (const GptVisPlan *plan, const GptVisOp *op)
{
  return (gsize) gptvis_plan_tensor (plan, op->in[0])->rows * (sizeof (Ranked) / sizeof (float));
}

void
gptvis_cpu_top (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const guint n_rows = gptvis_plan_tensor (p->base.plan, op->in[0])->rows;
  Ranked *ranked = (Ranked *) p->scratch;
  for (guint i = 0; i < p->n; i++) {
    float *y = gptvis_cpu_data (p, op->out) + (gsize) i * op->top.n;
    const guint n = list_rows (&op->top, gptvis_cpu_data (p, op->in[0]) + (gsize) i * n_rows, n_rows, ranked);
    qsort (ranked, n, sizeof *ranked, larger_first);
    for (guint k = 0; k < op->top.n; k++)
      y[k] = ranked[k].row;
  }
}

/* ---- boxes ---- */

void
gptvis_cpu_boxes (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const GptVisGrid grid = op->boxes.grid;
  const guint rows = p->n * gptvis_plan_tensor (p->base.plan, op->out)->rows;
  const float *b = gptvis_cpu_data (p, op->in[0]), *d = gptvis_cpu_data (p, op->in[1]);
  float *y = gptvis_cpu_data (p, op->out);
  for (guint r = 0; r < rows; r++, d += 4, y += 4) {
    float box[4];
    if (grid.rows) {
      const guint place = *b++;
      box[0] = (place % grid.columns + 0.5f) / grid.columns;
      box[1] = (place / grid.columns + 0.5f) / grid.rows;
      box[2] = box[3] = op->boxes.side;
    } else {
      memcpy (box, b, sizeof box);
      b += 4;
    }
    for (guint k = 0; k < 2; k++) {
      y[k] = d[k] * box[2 + k] + box[k];
      y[2 + k] = expf (d[2 + k]) * box[2 + k];
    }
  }
}

/* ---- by rows, on all threads ---- */

typedef struct {
  const GptVisCpuProgram *p;
  const GptVisOp *op;
  guint n_rows;                 /* of all pictures */
  const float *factors;         /* waves: 2π / wavelength of each pair */
} Task;

static void
waves_some (void *context, gsize task)
{
  static const guint order[4] = { 1, 0, 2, 3 };
  const Task *c = context;
  const guint pairs = c->op->waves.features / 2;
  const guint first = task * ROWS_A_TASK, end = MIN (c->n_rows, first + ROWS_A_TASK);
  for (gsize r = first; r < end; r++) {
    const float *box = gptvis_cpu_data (c->p, c->op->in[0]) + 4 * r;
    float *y = gptvis_cpu_data (c->p, c->op->out) + 8 * pairs * r;
    for (guint k = 0; k < 4; k++)
      for (guint i = 0; i < pairs; i++, y += 2) {
        const float phase = box[order[k]] * c->factors[i];
        y[0] = sinf (phase);
        y[1] = cosf (phase);
      }
  }
}

gsize
gptvis_cpu_waves_scratch (const GptVisOp *op)
{
  return op->waves.features / 2;
}

void
gptvis_cpu_waves (const GptVisCpuProgram *p, const GptVisOp *op)
{
  const guint features = op->waves.features;
  Task c = { p, op, p->n * gptvis_plan_tensor (p->base.plan, op->out)->rows, p->scratch };
  for (guint i = 0; i < features / 2; i++)
    p->scratch[i] = 2 * M_PI / pow (10000, 2.0 * i / features);
  gptvis_pool_run (p->pool, waves_some, &c, gptvis_n_blocks (c.n_rows, ROWS_A_TASK));
}

/* y [width] += weight · value at (x, y) between the grid's places, of which those outside are 0. */
static void
add_between (const GptVisSample *s, const float *value, float x, float y, float weight, float *to)
{
  const guint step = s->heads * s->head_width;
  if (!(x > -1 && y > -1 && x < s->grid.columns && y < s->grid.rows))   /* nor a NaN */
    return;
  const gint left = (gint) floorf (x), above = (gint) floorf (y);
  for (guint corner = 0; corner < 4; corner++) {
    const gint column = left + (gint) (corner % 2), row = above + (gint) (corner / 2);
    if (column < 0 || row < 0 || column >= (gint) s->grid.columns || row >= (gint) s->grid.rows)
      continue;
    const float part = weight * (1 - fabsf (x - column)) * (1 - fabsf (y - row));
    const float *from = value + ((gsize) row * s->grid.columns + column) * step;
    for (guint k = 0; k < s->head_width; k++)
      to[k] += part * from[k];
  }
}

static void
sample_row (const Task *c, guint picture, gsize r)
{
  const GptVisSample *s = &c->op->sample;
  const guint width = s->heads * s->head_width, points = s->points;
  const float *value
      = gptvis_cpu_data (c->p, c->op->in[0]) + picture * gptvis_cpu_stride (c->p, c->op->in[0]);
  const float *box = gptvis_cpu_data (c->p, c->op->in[1]) + 4 * r;
  const float *where = gptvis_cpu_data (c->p, c->op->in[2]) + 3 * s->heads * points * r;
  float *y = gptvis_cpu_data (c->p, c->op->out) + width * r, weights[GPTVIS_SAMPLE_POINTS];
  memset (y, 0, width * sizeof *y);
  for (guint h = 0; h < s->heads; h++) {
    memcpy (weights, where + (2 * s->heads + h) * points, points * sizeof *weights);
    c->p->tier->softmax (weights, points);
    for (guint k = 0; k < points; k++) {
      const float *offset = where + 2 * (h * points + k);
      add_between (s, value + h * s->head_width,
          (box[0] + offset[0] / points * box[2] * 0.5f) * s->grid.columns - 0.5f,
          (box[1] + offset[1] / points * box[3] * 0.5f) * s->grid.rows - 0.5f, weights[k],
          y + h * s->head_width);
    }
  }
}

static void
sample_some (void *context, gsize task)
{
  const Task *c = context;
  const guint rows = c->n_rows / c->p->n;       /* of a picture */
  const guint first = task * ROWS_A_TASK, end = MIN (c->n_rows, first + ROWS_A_TASK);
  for (guint r = first; r < end; r++)
    sample_row (c, r / rows, r);
}

void
gptvis_cpu_sample (const GptVisCpuProgram *p, const GptVisOp *op)
{
  Task c = { p, op, p->n * gptvis_plan_tensor (p->base.plan, op->out)->rows, NULL };
  gptvis_pool_run (p->pool, sample_some, &c, gptvis_n_blocks (c.n_rows, ROWS_A_TASK));
}
