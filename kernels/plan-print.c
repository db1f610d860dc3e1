/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan as text, one operation a line:
 *
 *     3 linear     x=%2[50, 192] W=vit.….query.weight / …[576, 192] b=… → %5[50, 576]
 */
#include "plan-private.h"

static void
print_tensor (const GptVisPlan *plan, GString *out, const gchar *role, GptVisTensorId id)
{
  if (id == GPTVIS_NO_TENSOR)
    return;
  const GptVisTensor *t = gptvis_plan_tensor (plan, id);
  g_string_append_printf (out, " %s", role);
  if (t->name)
    g_string_append (out, t->name);
  else
    g_string_append_printf (out, "%%%d", id);
  g_string_append_printf (out, "[%u, %u]", t->rows, t->width);
}

static void
print_recipe (GString *out, const GptVisRecipe *r, guint patch_size)
{
  static const gchar *const filters[] = { "nearest", "lanczos", "bilinear", "bicubic", "box", "hamming" };
  if (r->shortest_edge)
    g_string_append_printf (out, " shortest edge to %u %s,", r->resize_height, filters[r->filter]);
  else if (r->resize_width)
    g_string_append_printf (out, " resize to %u×%u %s,", r->resize_width, r->resize_height,
        filters[r->filter]);
  if (r->interpolated)
    g_string_append (out, " without antialiasing,");
  if (r->unrounded)
    g_string_append (out, " in floats,");
  if (r->flipped)
    g_string_append (out, " as B, G, R,");
  if (r->centre_crop)
    g_string_append_printf (out, " cut the middle %u×%u,", r->width, r->height);
  g_string_append_printf (out, " %u×%u patches", patch_size, patch_size);
}

static void
print_rows (const GptVisPlan *plan, GString *out, const GptVisOp *op)
{
  for (guint i = 0; i < op->rows.n_parts; i++) {
    const GptVisRowsPart *p = &op->rows.parts[i];
    print_tensor (plan, out, i ? "| " : "", p->from);
    g_string_append_printf (out, "@%u+%u", p->first, p->rows);
    if (p->add != GPTVIS_NO_TENSOR) {
      print_tensor (plan, out, "+ ", p->add);
      g_string_append_printf (out, "@%u%s", p->add_first, p->add_to_each ? " to each" : "");
    }
  }
}

static void
print_windows (GString *out, const GptVisWindows *w)
{
  g_string_append_printf (out, " %u×%u %s windows of %u×%u", w->grid.columns, w->grid.rows,
      w->back ? "from" : "to", w->window.columns, w->window.rows);
  if (w->shift)
    g_string_append_printf (out, " shifted by %u", w->shift);
}

/* Those of grids and detectors. */
static void
print_grid_op (const GptVisPlan *plan, GString *out, const GptVisOp *op)
{
  static const gchar *const sample_roles[] = { "value=", "boxes=", "at=" };
  for (guint j = 0; j < op->n_in; j++) {
    print_tensor (plan, out, op->kind == GPTVIS_OP_SAMPLE ? sample_roles[j] : j ? "| " : "", op->in[j]);
    if (op->kind == GPTVIS_OP_COLUMNS)
      g_string_append_printf (out, ".%u+%u", op->columns.parts[j].first, op->columns.parts[j].width);
  }
  if (op->kind == GPTVIS_OP_WINDOWS)
    print_windows (out, &op->windows);
  else if (op->kind == GPTVIS_OP_UNFOLD)
    g_string_append_printf (out, " %u×%u of %u×%u, %u apart, from %u outside on", op->unfold.size,
        op->unfold.size, op->unfold.grid.columns, op->unfold.grid.rows, op->unfold.stride,
        op->unfold.padding);
  else if (op->kind == GPTVIS_OP_TOP)
    g_string_append_printf (out, " the %u largest", op->top.n);
  else if (op->kind == GPTVIS_OP_SAMPLE)
    g_string_append_printf (out, " %u heads of %u, %u reads in %u×%u", op->sample.heads,
        op->sample.head_width, op->sample.points, op->sample.grid.columns, op->sample.grid.rows);
}

static void
print_op (const GptVisPlan *plan, GString *out, guint i)
{
  static const gchar *const linear_roles[] = { "x=", "W=", "b=", "gate=", "scale=", "residual=" };
  static const gchar *const norm_roles[] = { "x=", "weight=", "bias=", "mean=", "variance=" };
  static const gchar *const scores[GPTVIS_N_SCORES] = { " softmax", " sigmoid", " log-softmax", " largest" };
  static const gchar *const attention_roles[] = { "q=", "k=", "v=", "bias=" };
  const GptVisOp *op = gptvis_plan_op (plan, i);

  g_string_append_printf (out, "%3u %-9s", i, gptvis_op_name (op->kind));
  switch (op->kind) {
    case GPTVIS_OP_PATCHES:
      print_recipe (out, &op->patches.recipe, op->patches.patch_size);
      break;
    case GPTVIS_OP_LINEAR:
      for (guint j = 0; j < op->n_in; j++)
        print_tensor (plan, out, linear_roles[j], op->in[j]);
      if (op->linear.act != GPTVIS_ACT_NONE)
        g_string_append_printf (out, " act=%s", gptvis_act_name (op->linear.act));
      if (op->linear.alpha != 1.0f)
        g_string_append_printf (out, " alpha=%g", op->linear.alpha);
      break;
    case GPTVIS_OP_NORM:
      for (guint j = 0; j < op->n_in; j++)
        print_tensor (plan, out, norm_roles[j], op->in[j]);
      g_string_append_printf (out, " epsilon=%g", op->norm.epsilon);
      if (op->norm.act != GPTVIS_ACT_NONE)
        g_string_append_printf (out, " act=%s", gptvis_act_name (op->norm.act));
      break;
    case GPTVIS_OP_ATTENTION:
      for (guint j = 0; j < op->n_in; j++)
        print_tensor (plan, out, attention_roles[j], op->in[j]);
      g_string_append_printf (out, " %u heads of %u", op->attention.heads, op->attention.head_width);
      if (op->attention.windows > 1)
        g_string_append_printf (out, " in %u windows", op->attention.windows);
      if (op->attention.across)
        g_string_append_printf (out, ", %u across", op->attention.across);
      break;
    case GPTVIS_OP_EMBED:
      print_tensor (plan, out, "tokens=", op->in[0]);
      print_tensor (plan, out, "positions=", op->in[1]);
      if (op->embed.first_position)
        g_string_append_printf (out, " from %u", op->embed.first_position);
      break;
    case GPTVIS_OP_KEEP:
      print_tensor (plan, out, "", op->in[0]);
      g_string_append_printf (out, " columns from %u", op->keep.column);
      break;
    case GPTVIS_OP_RECALL:
      for (guint j = 0; j < op->n_in; j++)
        print_tensor (plan, out, j ? "over " : "q=", op->in[j]);
      g_string_append_printf (out, " %u heads of %u", op->attention.heads, op->attention.head_width);
      break;
    case GPTVIS_OP_ROWS:
      print_rows (plan, out, op);
      break;
    case GPTVIS_OP_RESAMPLE:
      print_tensor (plan, out, "", op->in[0]);
      g_string_append_printf (out, " grid %u×%u to %u×%u%s", op->resample.columns_in, op->resample.rows_in,
          op->resample.columns_out, op->resample.rows_out, op->resample.antialias ? " antialiased" : "");
      break;
    case GPTVIS_OP_RELATIVE:
      print_tensor (plan, out, "", op->in[0]);
      g_string_append_printf (out, " of a grid %u×%u%s", op->relative.grid.columns, op->relative.grid.rows,
          op->relative.token ? " and a token" : "");
      if (op->relative.shift)
        g_string_append_printf (out, " shifted by %u", op->relative.shift);
      break;
    case GPTVIS_OP_ANGLES:
      g_string_append_printf (out, " of a grid %u×%u behind %u rows, heads of %u", op->angles.grid.columns,
          op->angles.grid.rows, op->angles.n_before, op->angles.width);
      break;
    case GPTVIS_OP_ROPE:
      print_tensor (plan, out, "", op->in[0]);
      print_tensor (plan, out, "by ", op->in[1]);
      g_string_append_printf (out, " %u heads of %u from %u on", op->rope.heads, op->rope.head_width,
          op->rope.column);
      break;
    case GPTVIS_OP_POOL:
      print_tensor (plan, out, "", op->in[0]);
      for (guint j = 0; j < op->pool.n_parts; j++)
        g_string_append_printf (out, op->pool.parts[j].rows == 1 ? " row %u" : " mean of rows %u+%u",
            op->pool.parts[j].first, op->pool.parts[j].rows);
      break;
    case GPTVIS_OP_SCORE:
      print_tensor (plan, out, "", op->in[0]);
      g_string_append (out, scores[op->score.score]);
      break;
    case GPTVIS_OP_COLUMNS:
    case GPTVIS_OP_WINDOWS:
    case GPTVIS_OP_UNFOLD:
    case GPTVIS_OP_TOP:
    case GPTVIS_OP_GATHER:
    case GPTVIS_OP_BOXES:
    case GPTVIS_OP_WAVES:
    case GPTVIS_OP_SAMPLE:
      print_grid_op (plan, out, op);
      break;
    case GPTVIS_N_OPS:
      break;
  }
  print_tensor (plan, out, "→ ", op->out);
  g_string_append_c (out, '\n');
}

gchar *
gptvis_plan_print_op (const GptVisPlan *plan, guint i)
{
  GString *out = g_string_new (NULL);
  print_op (plan, out, i);
  return g_strstrip (g_string_free (out, FALSE));
}

gchar *
gptvis_plan_print (const GptVisPlan *plan)
{
  GString *out = g_string_new (NULL);
  for (guint i = 0; i < plan->ops->len; i++) {
    if (i == gptvis_plan_step_op (plan))
      g_string_append (out, "step, for each token of each sequence:\n");
    print_op (plan, out, i);
  }
  return g_string_free (out, FALSE);
}
