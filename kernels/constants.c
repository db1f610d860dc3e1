/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plain loops: it takes less time than reading the weights. */
#include "constants.h"
#include "resample.h"
#include <math.h>

/* The table's row for query q and key k of a window; rows of the grid begin at `first`. */
static guint
table_row (const GptVisRelative *r, guint table_rows, guint q, guint k)
{
  const guint columns = r->grid.columns, first = r->token ? 1 : 0;
  if (r->token && (q == 0 || k == 0))
    return table_rows - (q > 0 ? 2 : k > 0 ? 3 : 1);
  q -= first;
  k -= first;
  return (q / columns + r->grid.rows - 1 - k / columns) * (2 * columns - 1) + q % columns + columns - 1
      - k % columns;
}

/* Do places q and k of a window of that kind come from two sides of the picture? */
static gboolean
are_apart (const GptVisRelative *r, guint kind, guint q, guint k)
{
  const guint columns = r->grid.columns, right = columns - r->shift, low = r->grid.rows - r->shift;
  return (kind % 2 && (q % columns >= right) != (k % columns >= right))
      || (kind / 2 && (q / columns >= low) != (k / columns >= low));
}

static void
make_relative (const GptVisRelative *r, const GptVisTensor *table, const float *from, float *to)
{
  const guint n = r->grid.rows * r->grid.columns + (r->token ? 1 : 0);
  for (guint kind = 0; kind < (r->shift ? GPTVIS_ATTENTION_KINDS : 1); kind++)
    for (guint head = 0; head < table->width; head++)
      for (guint q = 0; q < n; q++)
        for (guint k = 0; k < n; k++)
          *to++ = from[(gsize) table_row (r, table->rows, q, k) * table->width + head]
              + (are_apart (r, kind, q, k) ? GPTVIS_RELATIVE_APART : 0);
}

static void
make_angles (const GptVisAngles *a, float *to)
{
  const guint half = a->width / 2, quarter = a->width / 4, places = a->grid.rows * a->grid.columns;
  for (guint r = 0; r < a->n_before + places; r++, to += a->width)
    for (guint i = 0; i < half; i++) {
      const gint place = (gint) r - (gint) a->n_before;
      const guint at = i < quarter ? place / a->grid.columns : place % a->grid.columns;
      const gdouble c = 2 * (at + 0.5) / (i < quarter ? a->grid.rows : a->grid.columns) - 1;
      const gdouble angle = place < 0 ? 0 : 2 * G_PI * c / pow (a->base, 4.0 * (i % quarter) / a->width);
      to[i] = cos (angle);
      to[half + i] = sin (angle);
    }
}

void
gptvis_constant_make (const GptVisPlan *plan, const GptVisOp *op, const float *from, float *to)
{
  if (op->kind == GPTVIS_OP_RESAMPLE)
    gptvis_resample_grid (op, gptvis_plan_tensor (plan, op->out)->width, from, to);
  else if (op->kind == GPTVIS_OP_RELATIVE)
    make_relative (&op->relative, gptvis_plan_tensor (plan, op->in[0]), from, to);
  else if (op->kind == GPTVIS_OP_ANGLES)
    make_angles (&op->angles, to);
}
