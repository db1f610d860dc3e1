/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operations that only move rows and columns of grids: columns, windows, unfold, gather. None computes; a
 * task is a run of the result's rows. */
#include "program.h"
#include <string.h>

#define ROWS_A_TASK 32u

/* One operation at hand: x and y are the picture's, `at` the row of the result from 0 in it. */
typedef struct _Move Move;
struct _Move {
  const GptVisCpuProgram *p;
  const GptVisOp *op;
  void (*row) (const Move *move, guint picture, guint at, float *y);
  guint rows, width;            /* of the result */
};

static void
move_some (void *context, gsize task)
{
  const Move *move = context;
  const guint tasks = gptvis_n_blocks (move->rows, ROWS_A_TASK), picture = task / tasks;
  const guint first = task % tasks * ROWS_A_TASK, end = MIN (move->rows, first + ROWS_A_TASK);
  float *y = gptvis_cpu_data (move->p, move->op->out) + (gsize) picture * move->rows * move->width;
  for (guint r = first; r < end; r++)
    move->row (move, picture, r, y + (gsize) r * move->width);
}

static void
run (const GptVisCpuProgram *p, const GptVisOp *op, void (*row) (const Move *, guint, guint, float *))
{
  const GptVisTensor *t = gptvis_plan_tensor (p->base.plan, op->out);
  Move move = { p, op, row, t->rows, t->width };
  gptvis_pool_run (p->pool, move_some, &move, (gsize) p->n * gptvis_n_blocks (t->rows, ROWS_A_TASK));
}

/* Row `row` of tensor `id` as the picture has it. */
static const float *
row_of (const Move *move, GptVisTensorId id, guint picture, gsize row)
{
  return gptvis_cpu_data (move->p, id) + picture * gptvis_cpu_stride (move->p, id)
      + row * gptvis_plan_tensor (move->p->base.plan, id)->width;
}

static void
columns_row (const Move *move, guint picture, guint at, float *y)
{
  for (guint j = 0; j < move->op->columns.n_parts; j++) {
    const GptVisColumnsPart *part = &move->op->columns.parts[j];
    memcpy (y, row_of (move, part->from, picture, at) + part->first, part->width * sizeof (float));
    y += part->width;
  }
}

void
gptvis_cpu_columns (const GptVisCpuProgram *p, const GptVisOp *op)
{
  run (p, op, columns_row);
}

/* Which window a row in the order of windows is in, and its place there; below 0: before the window's. */
static gint
place_in_window (const GptVisWindows *w, guint at, guint *window)
{
  const guint rows = w->n_before + w->window.rows * w->window.columns;
  *window = at / rows;
  return (gint) (at % rows) - (gint) w->n_before;
}

static void
to_windows_row (const Move *move, guint picture, guint at, float *y)
{
  const GptVisWindows *w = &move->op->windows;
  const GptVisGrid n = gptvis_windows_grid (w);
  const guint high = w->window.rows, wide = w->window.columns;
  guint window;
  const gint place = place_in_window (w, at, &window);
  const float *from = NULL;
  if (place < 0) {
    from = row_of (move, move->op->in[1], picture, place + w->n_before);
  } else {
    const guint row = (window / n.columns * high + place / wide + w->shift) % (n.rows * high);
    const guint column = (window % n.columns * wide + place % wide + w->shift) % (n.columns * wide);
    if (row < w->grid.rows && column < w->grid.columns)
      from = row_of (move, move->op->in[0], picture, (gsize) row * w->grid.columns + column);
  }
  if (from)
    memcpy (y, from, move->width * sizeof (float));
  else
    memset (y, 0, move->width * sizeof (float));
}

static void
from_windows_row (const Move *move, guint picture, guint at, float *y)
{
  const GptVisWindows *w = &move->op->windows;
  const GptVisGrid n = gptvis_windows_grid (w);
  const guint high = w->window.rows, wide = w->window.columns;
  const guint row = (at / w->grid.columns + n.rows * high - w->shift) % (n.rows * high);
  const guint column = (at % w->grid.columns + n.columns * wide - w->shift) % (n.columns * wide);
  const gsize window = row / high * n.columns + column / wide;
  memcpy (y, row_of (move, move->op->in[0], picture, window * (w->n_before + high * wide) + w->n_before
          + row % high * wide + column % wide), move->width * sizeof (float));
}

void
gptvis_cpu_windows (const GptVisCpuProgram *p, const GptVisOp *op)
{
  run (p, op, op->windows.back ? from_windows_row : to_windows_row);
}

/* All neighbours of a column together, so that what is written is written in order. */
static void
unfold_row (const Move *move, guint picture, guint at, float *y)
{
  const GptVisUnfold *u = &move->op->unfold;
  const guint n = u->size * u->size, width = move->width / n, columns = gptvis_unfold_grid (u).columns;
  const float *neighbours[GPTVIS_UNFOLD_SIZE * GPTVIS_UNFOLD_SIZE];
  for (guint k = 0; k < n; k++) {
    const guint row = at / columns * u->stride + k / u->size - u->padding;      /* of those outside, huge */
    const guint column = at % columns * u->stride + k % u->size - u->padding;
    neighbours[k] = row < u->grid.rows && column < u->grid.columns
        ? row_of (move, move->op->in[0], picture, (gsize) row * u->grid.columns + column) : NULL;
  }
  if (u->order == GPTVIS_UNFOLD_BY_CHANNELS) {
    for (guint c = 0; c < width; c++)
      for (guint k = 0; k < n; k++)
        *y++ = neighbours[k] ? neighbours[k][c] : 0;
    return;
  }
  for (guint k = 0; k < n; k++) {
    float *to = y + gptvis_unfold_column (u, 0, k / u->size, k % u->size, width);
    if (neighbours[k])
      memcpy (to, neighbours[k], width * sizeof *to);
    else
      memset (to, 0, width * sizeof *to);
  }
}

void
gptvis_cpu_unfold (const GptVisCpuProgram *p, const GptVisOp *op)
{
  run (p, op, unfold_row);
}

static void
gather_row (const Move *move, guint picture, guint at, float *y)
{
  const guint row = *row_of (move, move->op->in[1], picture, at);
  memcpy (y, row_of (move, move->op->in[0], picture, row), move->width * sizeof (float));
}

void
gptvis_cpu_gather (const GptVisCpuProgram *p, const GptVisOp *op)
{
  run (p, op, gather_row);
}
