/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operations on grids and for detectors as dispatches: each a shader that goes element by element. */
#include "operations.h"

/* One dispatch, a thread for each of n elements of each of so many pictures. */
static void
dispatch (GptVisVulkanRecorder *r, GptVisShader shader, const GptVisVulkanRange *bindings, gconstpointer push,
    guint64 n, guint pictures)
{
  const GptVisVulkanVariant variant = { shader, { [SPEC_THREADS] = THREADS } };
  gptvis_vulkan_dispatch (r, &variant, bindings, push, blocks (n, THREADS), pictures, 1);
}

void
gptvis_vulkan_columns (GptVisVulkanRecorder *r)
{
  const GptVisTensor *y = tensor (r, r->op->out);
  guint done = 0;
  for (guint i = 0; i < r->op->columns.n_parts; i++) {
    const GptVisColumnsPart *part = &r->op->columns.parts[i];
    const GptVisVulkanRange bindings[] = { range (r, part->from, 0), range (r, r->op->out, 0) };
    const struct ColumnsPush push
        = { y->rows, part->width, tensor (r, part->from)->width, part->first, y->width, done };
    dispatch (r, GPTVIS_SHADER_COLUMNS, bindings, &push, (guint64) y->rows * part->width, r->n);
    done += part->width;
  }
}

void
gptvis_vulkan_windows (GptVisVulkanRecorder *r)
{
  const GptVisOp *op = r->op;
  const GptVisWindows *w = &op->windows;
  const GptVisTensor *y = tensor (r, op->out);
  const GptVisVulkanRange bindings[]
      = { range (r, op->in[0], 0), range (r, op->in[1], op->in[0]), range (r, op->out, 0) };
  const GptVisGrid n = gptvis_windows_grid (w);
  const struct WindowsPush push = { y->width, w->grid.rows, w->grid.columns, w->window.rows,
    w->window.columns, n.rows, n.columns, w->shift, w->n_before, w->back, stride (tensor (r, op->in[0])),
    op->in[1] != GPTVIS_NO_TENSOR ? stride (tensor (r, op->in[1])) : 0, stride (y) };
  dispatch (r, GPTVIS_SHADER_WINDOWS, bindings, &push, (guint64) y->rows * y->width, r->n);
}

void
gptvis_vulkan_unfold (GptVisVulkanRecorder *r)
{
  const GptVisUnfold *u = &r->op->unfold;
  const GptVisTensor *x = tensor (r, r->op->in[0]), *y = tensor (r, r->op->out);
  const GptVisGrid out = gptvis_unfold_grid (u);
  const GptVisVulkanRange bindings[] = { range (r, r->op->in[0], 0), range (r, r->op->out, 0) };
  const struct UnfoldPush push
      = { u->grid.rows, u->grid.columns, x->width, out.rows, out.columns, u->size, u->stride, u->padding,
          u->order == GPTVIS_UNFOLD_BY_COLUMNS };
  dispatch (r, GPTVIS_SHADER_UNFOLD, bindings, &push, (guint64) y->rows * y->width, r->n);
}

void
gptvis_vulkan_top (GptVisVulkanRecorder *r)
{
  const GptVisTop *top = &r->op->top;
  const guint rows = tensor (r, r->op->in[0])->rows;
  const GptVisVulkanRange bindings[] = { range (r, r->op->in[0], 0), range (r, r->op->out, 0) };
  struct TopPush push = { 1, rows, 0, 0, top->n };
  if (top->grid.rows)
    push = (struct TopPush){ top->grid.rows, top->grid.columns, top->margin.rows, top->margin.columns,
      top->n };
  dispatch (r, GPTVIS_SHADER_TOP, bindings, &push, rows, r->n);
}

void
gptvis_vulkan_gather (GptVisVulkanRecorder *r)
{
  const GptVisTensor *y = tensor (r, r->op->out);
  const GptVisVulkanRange bindings[]
      = { range (r, r->op->in[0], 0), range (r, r->op->in[1], 0), range (r, r->op->out, 0) };
  const struct GatherPush push = { y->rows, y->width, tensor (r, r->op->in[0])->rows };
  dispatch (r, GPTVIS_SHADER_GATHER, bindings, &push, (guint64) y->rows * y->width, r->n);
}

void
gptvis_vulkan_boxes (GptVisVulkanRecorder *r)
{
  const GptVisBoxes *boxes = &r->op->boxes;
  const guint rows = tensor (r, r->op->out)->rows * r->n;
  const GptVisVulkanRange bindings[]
      = { range (r, r->op->in[0], 0), range (r, r->op->in[1], 0), range (r, r->op->out, 0) };
  const struct BoxesPush push = { rows, boxes->grid.rows, boxes->grid.columns, boxes->side };
  dispatch (r, GPTVIS_SHADER_BOXES, bindings, &push, rows, 1);
}

void
gptvis_vulkan_waves (GptVisVulkanRecorder *r)
{
  const guint rows = tensor (r, r->op->out)->rows * r->n, pairs = r->op->waves.features / 2;
  const GptVisVulkanRange bindings[] = { range (r, r->op->in[0], 0), range (r, r->op->out, 0) };
  const struct WavesPush push = { rows, pairs };
  dispatch (r, GPTVIS_SHADER_WAVES, bindings, &push, (guint64) rows * 4 * pairs, 1);
}

void
gptvis_vulkan_sample (GptVisVulkanRecorder *r)
{
  const GptVisOp *op = r->op;
  const GptVisSample *s = &op->sample;
  const GptVisTensor *y = tensor (r, op->out);
  const GptVisVulkanRange bindings[]
      = { range (r, op->in[0], 0), range (r, op->in[1], 0), range (r, op->in[2], 0), range (r, op->out, 0) };
  const struct SamplePush push
      = { y->rows, s->heads, s->head_width, s->points, s->grid.rows, s->grid.columns };
  dispatch (r, GPTVIS_SHADER_SAMPLE, bindings, &push, (guint64) y->rows * y->width, r->n);
}
