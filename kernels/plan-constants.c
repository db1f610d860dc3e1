/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The recorder of constants: what is computed once, when a program is made. */
#include "plan-private.h"

GptVisTensorId
gptvis_plan_resample (GptVisPlan *plan, GptVisTensorId x, guint rows_in, guint columns_in, guint rows_out,
    guint columns_out, gboolean antialias)
{
  if (!recording (plan, "resample"))
    return GPTVIS_NO_TENSOR;
  const GptVisTensor *tx = take (plan, "resample", "x", x);
  if (!tx)
    return GPTVIS_NO_TENSOR;
  if (tx->kind != GPTVIS_TENSOR_WEIGHT)
    return fail (plan, "resample", "x is no weight");
  if ((guint64) rows_in * columns_in != tx->rows || !rows_out || !columns_out || rows_out > 1024
      || columns_out > 1024)
    return fail (plan, "resample", "a table of %u rows is not a grid of %u×%u to make %u×%u of", tx->rows,
        rows_in, columns_in, rows_out, columns_out);
  GptVisOp op = { .kind = GPTVIS_OP_RESAMPLE, .n_in = 1, .in = {x},
    .resample = {rows_in, columns_in, rows_out, columns_out, antialias} };
  return add_op (plan, &op, GPTVIS_TENSOR_CONSTANT, rows_out * columns_out, tx->width);
}

/* Values of all that there are. */
static guint64
count_relative (const GptVisPlan *plan)
{
  guint64 n = 0;
  for (guint i = 0; i < plan->ops->len; i++)
    if (gptvis_plan_op (plan, i)->kind == GPTVIS_OP_RELATIVE) {
      const GptVisTensor *t = gptvis_plan_tensor (plan, gptvis_plan_op (plan, i)->out);
      n += (guint64) t->rows * t->width;
    }
  return n;
}

GptVisTensorId
gptvis_plan_relative (GptVisPlan *plan, GptVisTensorId table, const GptVisRelative *relative)
{
  if (!recording (plan, "relative"))
    return GPTVIS_NO_TENSOR;
  const GptVisTensor *t = take (plan, "relative", "the table", table);
  if (!t)
    return GPTVIS_NO_TENSOR;
  if (t->kind != GPTVIS_TENSOR_WEIGHT)
    return fail (plan, "relative", "the table is no weight");
  const GptVisGrid grid = relative->grid;
  const guint64 n = (guint64) grid.rows * grid.columns + relative->token;
  if (grid.rows == 0 || grid.columns == 0 || grid.rows > 1024 || grid.columns > 1024
      || relative->shift >= MIN (grid.rows, grid.columns) || (relative->shift && relative->token))
    return fail (plan, "relative", "there is no grid of %u×%u%s that is shifted by %u", grid.columns,
        grid.rows, relative->token ? " with a token" : "", relative->shift);
  const guint64 needed = (2 * (guint64) grid.rows - 1) * (2 * grid.columns - 1) + (relative->token ? 3 : 0);
  const guint64 rows = (relative->shift ? GPTVIS_ATTENTION_KINDS : 1) * t->width * n;
  if (t->rows != needed)
    return fail (plan, "relative", "a table [%u, %u] is not one of %" G_GUINT64_FORMAT " rows for a grid of "
        "%u×%u", t->rows, t->width, needed, grid.columns, grid.rows);
  if (rows * n > GPTVIS_RELATIVE_MOST - count_relative (plan))
    return fail (plan, "relative", "%u heads for a grid of %u×%u, and the others of this network, are more "
        "than %u values", t->width, grid.columns, grid.rows, GPTVIS_RELATIVE_MOST);
  GptVisOp op = { .kind = GPTVIS_OP_RELATIVE, .n_in = 1, .in = {table}, .relative = *relative };
  return add_op (plan, &op, GPTVIS_TENSOR_CONSTANT, rows, n);
}

GptVisTensorId
gptvis_plan_angles (GptVisPlan *plan, const GptVisAngles *angles)
{
  if (!recording (plan, "angles"))
    return GPTVIS_NO_TENSOR;
  const GptVisGrid grid = angles->grid;
  const guint64 rows = angles->n_before + (guint64) grid.rows * grid.columns;
  if (grid.rows == 0 || grid.columns == 0 || rows > MAX_ELEMENTS)
    return fail (plan, "angles", "there is no grid of %u×%u behind %u rows", grid.columns, grid.rows,
        angles->n_before);
  if (angles->width == 0 || angles->width % 4 || !(angles->base > 0))
    return fail (plan, "angles", "heads of %u values with a base of %g, where a multiple of 4 and a number "
        "above 0 are needed", angles->width, angles->base);
  GptVisOp op = { .kind = GPTVIS_OP_ANGLES, .angles = *angles };
  return add_op (plan, &op, GPTVIS_TENSOR_CONSTANT, rows, angles->width);
}
