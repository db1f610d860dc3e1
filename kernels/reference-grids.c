/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reference's operations on grids and for detectors, from their definitions in plan.h. */
#include "reference-private.h"
#include <math.h>

typedef GptVisReferenceProgram Program;
#define at gptvis_reference_at

static guint
width_of (const Program *p, GptVisTensorId id)
{
  return gptvis_plan_tensor (p->base.plan, id)->width;
}

static guint
rows_of (const Program *p, GptVisTensorId id)
{
  return gptvis_plan_tensor (p->base.plan, id)->rows;
}

void
gptvis_reference_columns (const Program *p, const GptVisOp *op, guint i)
{
  double *y = at (p, op->out, i);
  for (guint r = 0; r < rows_of (p, op->out); r++)
    for (guint j = 0; j < op->columns.n_parts; j++) {
      const GptVisColumnsPart *part = &op->columns.parts[j];
      for (guint k = 0; k < part->width; k++)
        *y++ = at (p, part->from, i)[(gsize) r * width_of (p, part->from) + part->first + k];
    }
}

/* Place (row, column) of the grid in the order of windows, each with what is before it. */
static gsize
place_in_windows (const GptVisWindows *w, guint row, guint column)
{
  const GptVisGrid n = gptvis_windows_grid (w);
  const guint high = w->window.rows, wide = w->window.columns;
  row = (row + n.rows * high - w->shift) % (n.rows * high);
  column = (column + n.columns * wide - w->shift) % (n.columns * wide);
  const guint window = row / high * n.columns + column / wide;
  return (gsize) window * (w->n_before + high * wide) + w->n_before + row % high * wide + column % wide;
}

void
gptvis_reference_windows (const Program *p, const GptVisOp *op, guint i)
{
  const GptVisWindows *w = &op->windows;
  const GptVisGrid windows = gptvis_windows_grid (w);
  const guint width = width_of (p, op->in[0]), n = windows.rows * windows.columns;
  const double *x = at (p, op->in[0], i), *before = at (p, op->in[1], i);
  double *y = at (p, op->out, i);
  for (gsize k = 0; k < (gsize) rows_of (p, op->out) * width; k++)
    y[k] = 0;
  for (guint row = 0; row < w->grid.rows; row++)
    for (guint column = 0; column < w->grid.columns; column++) {
      const gsize place = (gsize) row * w->grid.columns + column, in = place_in_windows (w, row, column);
      for (guint k = 0; k < width; k++)
        y[(w->back ? place : in) * width + k] = x[(w->back ? in : place) * width + k];
    }
  for (guint window = 0; before && window < n; window++)
    for (gsize k = 0; k < (gsize) w->n_before * width; k++)
      y[(gsize) window * (rows_of (p, op->out) / n) * width + k] = before[k];
}

void
gptvis_reference_unfold (const Program *p, const GptVisOp *op, guint i)
{
  const GptVisUnfold *u = &op->unfold;
  const GptVisGrid out = gptvis_unfold_grid (u);
  const guint width = width_of (p, op->in[0]);
  double *to = at (p, op->out, i);
  for (guint row = 0; row < out.rows; row++)
    for (guint column = 0; column < out.columns; column++, to += width * u->size * u->size)
      for (guint c = 0; c < width; c++)
        for (guint dy = 0; dy < u->size; dy++)
          for (guint dx = 0; dx < u->size; dx++) {
            const gint y = (gint) (row * u->stride + dy) - (gint) u->padding;
            const gint x = (gint) (column * u->stride + dx) - (gint) u->padding;
            const gboolean inside = y >= 0 && x >= 0 && y < (gint) u->grid.rows && x < (gint) u->grid.columns;
            to[gptvis_unfold_column (u, c, dy, dx, width)]
                = inside ? at (p, op->in[0], i)[((gsize) y * u->grid.columns + x) * width + c] : 0;
          }
}

static gboolean
is_inside (const GptVisTop *top, guint row)
{
  if (top->grid.rows == 0)
    return TRUE;
  const guint y = row / top->grid.columns, x = row % top->grid.columns;
  return y >= top->margin.rows && y + top->margin.rows < top->grid.rows && x >= top->margin.columns
      && x + top->margin.columns < top->grid.columns;
}

/* A row's rank is how many are before it. */
void
gptvis_reference_top (const Program *p, const GptVisOp *op, guint i)
{
  const guint rows = rows_of (p, op->in[0]);
  const double *x = at (p, op->in[0], i);
  for (guint r = 0; r < rows; r++) {
    guint rank = 0;
    for (guint other = 0; other < rows; other++)
      rank += is_inside (&op->top, other) && (x[other] > x[r] || (x[other] == x[r] && other < r));
    if (is_inside (&op->top, r) && rank < op->top.n)
      at (p, op->out, i)[rank] = r;
  }
}

void
gptvis_reference_gather (const Program *p, const GptVisOp *op, guint i)
{
  const guint width = width_of (p, op->in[0]);
  double *y = at (p, op->out, i);
  for (guint r = 0; r < rows_of (p, op->out); r++)
    for (guint k = 0; k < width; k++)
      *y++ = at (p, op->in[0], i)[(gsize) at (p, op->in[1], i)[r] * width + k];
}

void
gptvis_reference_boxes (const Program *p, const GptVisOp *op, guint i)
{
  const GptVisGrid grid = op->boxes.grid;
  for (guint r = 0; r < rows_of (p, op->out); r++) {
    const double *b = at (p, op->in[0], i) + (gsize) r * width_of (p, op->in[0]);
    const double *d = at (p, op->in[1], i) + (gsize) r * 4;
    double box[4], *y = at (p, op->out, i) + (gsize) r * 4;
    for (guint k = 0; k < 4; k++)
      box[k] = grid.rows ? op->boxes.side : b[k];
    if (grid.rows) {
      box[0] = (fmod (*b, grid.columns) + 0.5) / grid.columns;
      box[1] = (floor (*b / grid.columns) + 0.5) / grid.rows;
    }
    for (guint k = 0; k < 2; k++) {
      y[k] = d[k] * box[2 + k] + box[k];
      y[2 + k] = exp (d[2 + k]) * box[2 + k];
    }
  }
}

void
gptvis_reference_waves (const Program *p, const GptVisOp *op, guint i)
{
  static const guint order[4] = { 1, 0, 2, 3 };
  const guint features = op->waves.features;
  double *y = at (p, op->out, i);
  for (guint r = 0; r < rows_of (p, op->out); r++)
    for (guint c = 0; c < 4; c++)
      for (guint k = 0; k < features; k++) {
        const double value = at (p, op->in[0], i)[(gsize) r * 4 + order[c]];
        /* networks have these powers in single precision */
        const double phase = 2 * M_PI * value / (float) pow (10000, k / 2 * 2.0 / features);
        *y++ = k % 2 ? cos (phase) : sin (phase);
      }
}

/* Column `column` of the value between the grid's places. */
static double
read_between (const Program *p, const GptVisOp *op, guint i, double x, double y, guint column)
{
  const GptVisGrid grid = op->sample.grid;
  const double *value = at (p, op->in[0], i);
  const guint width = width_of (p, op->in[0]);
  double sum = 0;
  for (double row = floor (y); row <= floor (y) + 1; row++)
    for (double at_x = floor (x); at_x <= floor (x) + 1; at_x++)
      if (row >= 0 && at_x >= 0 && row < grid.rows && at_x < grid.columns)
        sum += (1 - fabs (y - row)) * (1 - fabs (x - at_x))
            * value[((gsize) row * grid.columns + (gsize) at_x) * width + column];
  return sum;
}

void
gptvis_reference_sample (const Program *p, const GptVisOp *op, guint i)
{
  const GptVisSample *s = &op->sample;
  double *y = at (p, op->out, i);
  for (guint r = 0; r < rows_of (p, op->out); r++)
    for (guint h = 0; h < s->heads; h++) {
      const double *box = at (p, op->in[1], i) + (gsize) r * 4;
      const double *where = at (p, op->in[2], i) + (gsize) r * width_of (p, op->in[2]) + 2 * h * s->points;
      const double *weights = at (p, op->in[2], i) + (gsize) r * width_of (p, op->in[2])
          + (2 * s->heads + h) * s->points;
      double top = -INFINITY, all = 0;
      for (guint k = 0; k < s->points; k++)
        top = MAX (top, weights[k]);
      for (guint k = 0; k < s->points; k++)
        all += exp (weights[k] - top);
      for (guint c = 0; c < s->head_width; c++, y++) {
        *y = 0;
        for (guint k = 0; k < s->points; k++) {
          const double at_x = box[0] + where[2 * k] / s->points * box[2] / 2;
          const double at_y = box[1] + where[2 * k + 1] / s->points * box[3] / 2;
          *y += exp (weights[k] - top) / all * read_between (p, op, i, at_x * s->grid.columns - 0.5,
              at_y * s->grid.rows - 0.5, h * s->head_width + c);
        }
      }
    }
}
