/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The recorder of what grids and detectors need: columns, windows, unfold, top, gather, boxes, waves and
 * sample. */
#include "plan-private.h"

GptVisTensorId
gptvis_plan_columns (GptVisPlan *plan, const GptVisColumnsPart *parts, guint n_parts)
{
  if (!recording (plan, "columns"))
    return GPTVIS_NO_TENSOR;
  if (n_parts == 0 || n_parts > GPTVIS_COLUMNS_PARTS)
    return fail (plan, "columns", "%u parts, where 1 to %d are possible", n_parts, GPTVIS_COLUMNS_PARTS);
  GptVisOp op = { .kind = GPTVIS_OP_COLUMNS, .n_in = n_parts };
  guint rows = 0, width = 0;
  for (guint i = 0; i < n_parts; i++) {
    const GptVisColumnsPart *part = &parts[i];
    const GptVisTensor *from = take_activation (plan, "columns", "a part", part->from);
    if (!from)
      return GPTVIS_NO_TENSOR;
    if (i == 0)
      rows = from->rows;
    if (from->rows != rows || part->width == 0 || (guint64) part->first + part->width > from->width)
      return fail (plan, "columns",
          "part %u: columns %u to %u of %u rows are not in a tensor of shape [%u, %u]", i, part->first,
          part->first + part->width, rows, from->rows, from->width);
    op.in[i] = part->from;
    op.columns.parts[i] = *part;
    width += part->width;
  }
  op.columns.n_parts = n_parts;
  return add_op (plan, &op, GPTVIS_TENSOR_TEMPORARY, rows, width);
}

/* Places of the grid, 0 after keeping that it is none of n places (0: any). */
static guint
check_grid (GptVisPlan *plan, const gchar *what, GptVisGrid grid, guint n)
{
  const guint64 places = (guint64) grid.rows * grid.columns;
  if (places > 0 && places <= MAX_ELEMENTS && (n == 0 || places == n))
    return places;
  fail (plan, what, "%u rows are no grid of %u×%u", n, grid.columns, grid.rows);
  return 0;
}

/* Rows of all windows, without what is before each; 0 after keeping why there are none. */
static guint
check_windows (GptVisPlan *plan, const GptVisWindows *w)
{
  if (w->window.rows == 0 || w->window.columns == 0 || w->window.rows > MAX_ELEMENTS
      || w->window.columns > MAX_ELEMENTS || w->shift >= MIN (w->window.rows, w->window.columns)) {
    fail (plan, "windows", "a grid of %u×%u cannot be cut into windows of %u×%u that are shifted by %u",
        w->grid.columns, w->grid.rows, w->window.columns, w->window.rows, w->shift);
    return 0;
  }
  const GptVisGrid n = gptvis_windows_grid (w);
  const guint64 rows = (guint64) n.rows * w->window.rows, columns = (guint64) n.columns * w->window.columns;
  if (rows * columns <= MAX_ELEMENTS)
    return rows * columns;
  fail (plan, "windows", "a grid of %u×%u in windows of %u×%u is too large", w->grid.columns, w->grid.rows,
      w->window.columns, w->window.rows);
  return 0;
}

/* The other way. */
static GptVisTensorId
record_back (GptVisPlan *plan, GptVisTensorId x, const GptVisTensor *tx, const GptVisWindows *w)
{
  const guint places = check_grid (plan, "windows", w->grid, 0), all = places ? check_windows (plan, w) : 0;
  if (!all)
    return GPTVIS_NO_TENSOR;
  const GptVisGrid grid = gptvis_windows_grid (w);
  const guint n = grid.rows * grid.columns, width = tx->width;
  if (tx->rows % n || tx->rows / n < all / n)
    return fail (plan, "windows", "%u rows are not those of %u windows of %u places", tx->rows, n, all / n);
  GptVisOp op = { .kind = GPTVIS_OP_WINDOWS, .n_in = 2, .in = {x, GPTVIS_NO_TENSOR}, .windows = *w };
  op.windows.n_before = (tx->rows - all) / n;
  return add_op (plan, &op, GPTVIS_TENSOR_TEMPORARY, places, width);
}

GptVisTensorId
gptvis_plan_windows_of (GptVisPlan *plan, GptVisTensorId x, GptVisTensorId before, const GptVisWindows *w)
{
  if (!recording (plan, "windows"))
    return GPTVIS_NO_TENSOR;
  const GptVisTensor *tx = take_activation (plan, "windows", "x", x);
  if (tx && w->back)
    return record_back (plan, x, tx, w);
  const guint all
      = tx && check_grid (plan, "windows", w->grid, tx->rows) ? check_windows (plan, w) : 0;
  if (!all)
    return GPTVIS_NO_TENSOR;
  const GptVisGrid grid = gptvis_windows_grid (w);
  const guint width = tx->width;
  GptVisOp op = { .kind = GPTVIS_OP_WINDOWS, .n_in = 2, .in = {x, before}, .windows = *w };
  op.windows.n_before = 0;
  if (before != GPTVIS_NO_TENSOR) {
    const GptVisTensor *tb = take (plan, "windows", "what is before", before);
    if (!tb)
      return GPTVIS_NO_TENSOR;
    if (tb->width != width || tb->rows > (MAX_ELEMENTS - all) / grid.rows / grid.columns)
      return fail (plan, "windows", "what is before has shape [%u, %u] where a width of %u is needed",
          tb->rows, tb->width, width);
    op.windows.n_before = tb->rows;
  }
  return add_op (plan, &op, GPTVIS_TENSOR_TEMPORARY, all + grid.rows * grid.columns * op.windows.n_before,
      width);
}

/* across × across windows; FALSE after keeping that these do not divide the grid. */
static gboolean
divide (GptVisPlan *plan, GptVisGrid grid, guint across, gboolean back, GptVisWindows *w)
{
  if (!recording (plan, "windows"))
    return FALSE;
  if (across == 0 || grid.rows % across || grid.columns % across) {
    fail (plan, "windows", "a grid of %u×%u cannot be cut into %u windows each way", grid.columns, grid.rows,
        across);
    return FALSE;
  }
  *w = (GptVisWindows) { .grid = grid, .window = {grid.rows / across, grid.columns / across}, .back = back };
  return TRUE;
}

GptVisTensorId
gptvis_plan_windows (GptVisPlan *plan, GptVisTensorId x, GptVisTensorId before, GptVisGrid grid, guint across)
{
  GptVisWindows w;
  return divide (plan, grid, across, FALSE, &w) ? gptvis_plan_windows_of (plan, x, before, &w)
      : GPTVIS_NO_TENSOR;
}

GptVisTensorId
gptvis_plan_from_windows (GptVisPlan *plan, GptVisTensorId x, GptVisGrid grid, guint across)
{
  GptVisWindows w;
  return divide (plan, grid, across, TRUE, &w) ? gptvis_plan_windows_of (plan, x, GPTVIS_NO_TENSOR, &w)
      : GPTVIS_NO_TENSOR;
}

GptVisTensorId
gptvis_plan_unfold (GptVisPlan *plan, GptVisTensorId x, const GptVisUnfold *unfold)
{
  if (!recording (plan, "unfold"))
    return GPTVIS_NO_TENSOR;
  const GptVisTensor *tx = take_activation (plan, "unfold", "x", x);
  if (!tx || !check_grid (plan, "unfold", unfold->grid, tx->rows))
    return GPTVIS_NO_TENSOR;
  const guint size = unfold->size, width = tx->width;
  if (size == 0 || size > GPTVIS_UNFOLD_SIZE || unfold->stride == 0 || unfold->stride > 16
      || unfold->padding >= size || unfold->after >= size
      || unfold->grid.rows + 2 * unfold->padding + unfold->after < size
      || unfold->grid.columns + 2 * unfold->padding + unfold->after < size)
    return fail (plan, "unfold",
        "neighbourhoods of %u×%u, %u apart, from %u outside on, are not possible in a grid "
        "of %u×%u",
        size, size, unfold->stride, unfold->padding, unfold->grid.columns, unfold->grid.rows);
  GptVisOp op = { .kind = GPTVIS_OP_UNFOLD, .n_in = 1, .in = {x}, .unfold = *unfold };
  const GptVisGrid out = gptvis_unfold_grid (unfold);
  return add_op (plan, &op, GPTVIS_TENSOR_TEMPORARY, out.rows * out.columns, width * size * size);
}

GptVisTensorId
gptvis_plan_top (GptVisPlan *plan, GptVisTensorId x, const GptVisTop *top)
{
  if (!recording (plan, "top"))
    return GPTVIS_NO_TENSOR;
  const GptVisTensor *tx = take_activation (plan, "top", "x", x);
  if (!tx || (top->grid.rows && !check_grid (plan, "top", top->grid, tx->rows)))
    return GPTVIS_NO_TENSOR;
  if (tx->width != 1)
    return fail (plan, "top", "x has width %u, where one value a row is needed", tx->width);
  const GptVisGrid g = top->grid, m = top->margin;
  const guint rows = g.rows > 2 * m.rows ? g.rows - 2 * m.rows : 0;
  const guint places = g.rows ? rows * (g.columns > 2 * m.columns ? g.columns - 2 * m.columns : 0) : tx->rows;
  if (top->n == 0 || top->n > places)
    return fail (plan, "top", "%u of %u rows are not possible", top->n, places);
  GptVisOp op = { .kind = GPTVIS_OP_TOP, .n_in = 1, .in = {x}, .top = *top };
  return add_op (plan, &op, GPTVIS_TENSOR_TEMPORARY, top->n, 1);
}

/* An activation of that width, or NULL after keeping why not. */
static const GptVisTensor *
take_width (GptVisPlan *plan, const gchar *what, const gchar *role, GptVisTensorId id, guint width)
{
  const GptVisTensor *t = take_activation (plan, what, role, id);
  if (t && t->width != width) {
    fail (plan, what, "%s has width %u, where %u is needed", role, t->width, width);
    return NULL;
  }
  return t;
}

/* The numbers of rows below n that top has made; NULL after keeping why not. */
static const GptVisTensor *
take_list (GptVisPlan *plan, const gchar *what, GptVisTensorId id, guint n)
{
  const GptVisTensor *t = take_width (plan, what, "the list", id, 1);
  for (guint i = 0; t && i < plan->ops->len; i++) {
    const GptVisOp *op = gptvis_plan_op (plan, i);
    if (op->out == id && op->kind == GPTVIS_OP_TOP && gptvis_plan_tensor (plan, op->in[0])->rows <= n)
      return t;
  }
  fail (plan, what, "the list has no numbers of %u rows", n);
  return NULL;
}

GptVisTensorId
gptvis_plan_gather (GptVisPlan *plan, GptVisTensorId x, GptVisTensorId list)
{
  if (!recording (plan, "gather"))
    return GPTVIS_NO_TENSOR;
  const GptVisTensor *tx = take_activation (plan, "gather", "x", x);
  const GptVisTensor *tl = tx ? take_list (plan, "gather", list, tx->rows) : NULL;
  if (!tl)
    return GPTVIS_NO_TENSOR;
  GptVisOp op = { .kind = GPTVIS_OP_GATHER, .n_in = 2, .in = {x, list} };
  return add_op (plan, &op, GPTVIS_TENSOR_TEMPORARY, tl->rows, tx->width);
}

GptVisTensorId
gptvis_plan_boxes (GptVisPlan *plan, GptVisTensorId b, GptVisTensorId d, const GptVisBoxes *boxes)
{
  if (!recording (plan, "boxes"))
    return GPTVIS_NO_TENSOR;
  const guint places = boxes->grid.rows ? check_grid (plan, "boxes", boxes->grid, 0) : 0;
  if (boxes->grid.rows && !places)
    return GPTVIS_NO_TENSOR;
  const GptVisTensor *tb
      = places ? take_list (plan, "boxes", b, places) : take_width (plan, "boxes", "b", b, 4);
  const GptVisTensor *td = tb ? take_width (plan, "boxes", "d", d, 4) : NULL;
  if (!td)
    return GPTVIS_NO_TENSOR;
  if (td->rows != tb->rows)
    return fail (plan, "boxes", "%u boxes are moved by %u", tb->rows, td->rows);
  GptVisOp op = { .kind = GPTVIS_OP_BOXES, .n_in = 2, .in = {b, d}, .boxes = *boxes };
  return add_op (plan, &op, GPTVIS_TENSOR_TEMPORARY, tb->rows, 4);
}

GptVisTensorId
gptvis_plan_waves (GptVisPlan *plan, GptVisTensorId boxes, guint features)
{
  if (!recording (plan, "waves"))
    return GPTVIS_NO_TENSOR;
  const GptVisTensor *tb = take_width (plan, "waves", "x", boxes, 4);
  if (!tb)
    return GPTVIS_NO_TENSOR;
  if (features == 0 || features % 2 || features > MAX_ELEMENTS / 4)
    return fail (plan, "waves", "%u features of a value are no pairs of sine and cosine", features);
  GptVisOp op = { .kind = GPTVIS_OP_WAVES, .n_in = 1, .in = {boxes}, .waves = {features} };
  return add_op (plan, &op, GPTVIS_TENSOR_TEMPORARY, tb->rows, 4 * features);
}

GptVisTensorId
gptvis_plan_sample (GptVisPlan *plan, GptVisTensorId value, GptVisTensorId boxes, GptVisTensorId at,
    const GptVisSample *sample)
{
  if (!recording (plan, "sample"))
    return GPTVIS_NO_TENSOR;
  const guint64 width = (guint64) sample->heads * sample->head_width,
                reads = (guint64) sample->heads * sample->points;
  if (width == 0 || reads == 0 || width > MAX_ELEMENTS || sample->points > GPTVIS_SAMPLE_POINTS
      || reads > MAX_ELEMENTS / 3)
    return fail (plan, "sample", "%u heads of %u values, each of %u reads, are not possible", sample->heads,
        sample->head_width, sample->points);
  const GptVisTensor *tv = take_width (plan, "sample", "the value", value, width);
  const GptVisTensor *tb = tv ? take_width (plan, "sample", "the boxes", boxes, 4) : NULL;
  const GptVisTensor *ta = tb ? take_width (plan, "sample", "what says where", at, 3 * reads) : NULL;
  if (!ta || !check_grid (plan, "sample", sample->grid, tv->rows))
    return GPTVIS_NO_TENSOR;
  if (ta->rows != tb->rows)
    return fail (plan, "sample", "%u rows say where in %u boxes", ta->rows, tb->rows);
  GptVisOp op = { .kind = GPTVIS_OP_SAMPLE, .n_in = 3, .in = {value, boxes, at}, .sample = *sample };
  return add_op (plan, &op, GPTVIS_TENSOR_TEMPORARY, ta->rows, width);
}
