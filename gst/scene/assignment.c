/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kuhn's method with potentials, one row after the other: the row takes the column at the end of the
 * shortest way (by costs less potentials) to a free one, and the rows on that way move on by one column. n
 * rows are O(n² m); of the shorter side there are always the rows. */
#include "assignment.h"

struct _GptVisAssignment {
  guint max_rows, max_columns;
  gfloat *cost;                 /* [max_rows][max_columns] */
  gboolean turned;              /* rows are columns while it is solved, since there are more of them */
  gint *column_of;              /* the answer */
  /* From here on with one more in front, which stands for "none"; the longer side's length. */
  gdouble *row_potential, *column_potential, *distance;
  guint *row_of, *before;
  gboolean *done;
};

GptVisAssignment *
gptvis_assignment_new (guint max_rows, guint max_columns)
{
  GptVisAssignment *self = g_new0 (GptVisAssignment, 1);
  const gsize longer = MAX (max_rows, max_columns) + 1;

  self->max_rows = max_rows;
  self->max_columns = max_columns;
  self->cost = g_new0 (gfloat, (gsize) max_rows * max_columns);
  self->column_of = g_new0 (gint, max_rows);
  self->row_potential = g_new0 (gdouble, longer);
  self->column_potential = g_new0 (gdouble, longer);
  self->distance = g_new0 (gdouble, longer);
  self->row_of = g_new0 (guint, longer);
  self->before = g_new0 (guint, longer);
  self->done = g_new0 (gboolean, longer);
  return self;
}

void
gptvis_assignment_free (GptVisAssignment *self)
{
  if (!self)
    return;
  g_free (self->cost);
  g_free (self->column_of);
  g_free (self->row_potential);
  g_free (self->column_potential);
  g_free (self->distance);
  g_free (self->row_of);
  g_free (self->before);
  g_free (self->done);
  g_free (self);
}

gfloat *
gptvis_assignment_cost (GptVisAssignment *self, guint row, guint column)
{
  g_assert (row < self->max_rows && column < self->max_columns);
  return &self->cost[(gsize) row * self->max_columns + column];
}

/* Of rows and columns counted from 1. */
static gdouble
reduced (GptVisAssignment *self, guint row, guint column)
{
  const gfloat cost = self->turned ? *gptvis_assignment_cost (self, column - 1, row - 1)
      : *gptvis_assignment_cost (self, row - 1, column - 1);
  return cost - self->row_potential[row] - self->column_potential[column];
}

/* Measures the ways from the rows of the tree on, and returns the nearest column that is not in it. */
static guint
grow (GptVisAssignment *self, guint row, guint last, guint m)
{
  guint nearest = 0;

  for (guint column = 1; column <= m; column++) {
    if (self->done[column])
      continue;
    const gdouble distance = reduced (self, row, column);
    if (distance < self->distance[column]) {
      self->distance[column] = distance;
      self->before[column] = last;
    }
    if (nearest == 0 || self->distance[column] < self->distance[nearest])
      nearest = column;
  }
  return nearest;
}

/* The row gets a column, and others on the way to it maybe another. */
static void
insert (GptVisAssignment *self, guint row, guint m)
{
  guint column = 0;

  self->row_of[0] = row;
  for (guint c = 0; c <= m; c++) {
    self->distance[c] = G_MAXDOUBLE;
    self->done[c] = FALSE;
  }
  do {
    self->done[column] = TRUE;
    const guint next = grow (self, self->row_of[column], column, m);
    const gdouble step = self->distance[next];
    for (guint c = 0; c <= m; c++) {
      if (self->done[c]) {
        self->row_potential[self->row_of[c]] += step;
        self->column_potential[c] -= step;
      } else {
        self->distance[c] -= step;
      }
    }
    column = next;
  } while (self->row_of[column] != 0);
  while (column != 0) {
    const guint before = self->before[column];
    self->row_of[column] = self->row_of[before];
    column = before;
  }
}

const gint *
gptvis_assignment_solve (GptVisAssignment *self, guint n_rows, guint n_columns)
{
  g_assert (n_rows <= self->max_rows && n_columns <= self->max_columns);
  self->turned = n_rows > n_columns;
  const guint n = MIN (n_rows, n_columns), m = MAX (n_rows, n_columns);

  for (guint i = 0; i <= m; i++) {
    self->row_potential[i] = self->column_potential[i] = 0;
    self->row_of[i] = 0;
  }
  for (guint row = 1; row <= n; row++)
    insert (self, row, m);
  for (guint row = 0; row < n_rows; row++)
    self->column_of[row] = -1;
  for (guint column = 1; column <= m; column++) {
    const guint row = self->row_of[column];
    if (row == 0)
      continue;
    if (self->turned)
      self->column_of[column - 1] = row - 1;
    else
      self->column_of[row - 1] = column - 1;
  }
  return self->column_of;
}
