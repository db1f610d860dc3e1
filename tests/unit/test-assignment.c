/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The assignment of least cost, against all that there are. */
#include "assignment.h"
#include <math.h>

/* The least sum for the rows from `row` on, of which so many are still to have a column. */
static gfloat
best_sum (GptVisAssignment *assignment, guint row, guint n, guint m, guint taken, guint left)
{
  if (row == n || left == 0)
    return 0;
  gfloat best = n - row > left ? best_sum (assignment, row + 1, n, m, taken, left) : G_MAXFLOAT;
  for (guint column = 0; column < m; column++)
    if (!(taken & 1u << column))
      best = MIN (best, *gptvis_assignment_cost (assignment, row, column)
          + best_sum (assignment, row + 1, n, m, taken | 1u << column, left - 1));
  return best;
}

/* Of every shape up to six, with equal costs and without. */
static void
test_assignment (void)
{
  GptVisAssignment *assignment = gptvis_assignment_new (6, 6);
  for (guint round = 0; round < 2000; round++) {
    const guint n = g_test_rand_int_range (1, 7), m = g_test_rand_int_range (1, 7);
    const gboolean ties = g_test_rand_bit ();
    for (guint i = 0; i < n * m; i++)
      *gptvis_assignment_cost (assignment, i / m, i % m) =
          ties ? g_test_rand_int_range (0, 4) : g_test_rand_double_range (-1, 1);
    const gint *column_of = gptvis_assignment_solve (assignment, n, m);
    guint taken = 0, pairs = 0;
    gfloat sum = 0;
    for (guint row = 0; row < n; row++) {
      if (column_of[row] < 0)
        continue;
      g_assert_cmpuint (column_of[row], <, m);
      g_assert_false (taken & 1u << column_of[row]);
      taken |= 1u << column_of[row];
      sum += *gptvis_assignment_cost (assignment, row, column_of[row]);
      pairs++;
    }
    g_assert_cmpuint (pairs, ==, MIN (n, m));
    g_assert_cmpfloat (fabsf (sum - best_sum (assignment, 0, n, m, 0, MIN (n, m))), <, 1e-5f);
  }
  gptvis_assignment_free (assignment);
}

/* As large as tracks may need it: a diagonal, in an order of columns drawn by lot, costs nothing. */
static void
test_large (void)
{
  const guint n = 256, m = 512;
  GptVisAssignment *assignment = gptvis_assignment_new (n, m);
  guint *own = g_new (guint, m);
  for (guint i = 0; i < m; i++)
    own[i] = i;
  for (guint i = m - 1; i > 0; i--) {
    const guint j = g_test_rand_int_range (0, i + 1), k = own[i];
    own[i] = own[j];
    own[j] = k;
  }
  for (guint row = 0; row < n; row++)
    for (guint column = 0; column < m; column++)
      *gptvis_assignment_cost (assignment, row, column) =
          column == own[row] ? 0 : g_test_rand_double_range (0.001, 1);
  const gint *column_of = gptvis_assignment_solve (assignment, n, m);
  for (guint row = 0; row < n; row++)
    g_assert_cmpint (column_of[row], ==, own[row]);
  g_free (own);
  gptvis_assignment_free (assignment);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/assignment/all", test_assignment);
  g_test_add_func ("/assignment/large", test_large);
  return g_test_run ();
}
