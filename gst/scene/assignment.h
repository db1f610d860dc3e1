/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The assignment of least cost: of n rows and m columns, pairs so that no row and no column is in two of
 * them, as many as there can be, and the sum of their costs is the least. Room is taken once. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

typedef struct _GptVisAssignment GptVisAssignment;

/* For at most so many rows and columns. */
GptVisAssignment *gptvis_assignment_new (guint max_rows, guint max_columns);
void gptvis_assignment_free (GptVisAssignment *assignment);    /* may be NULL */

/* Where the cost of a row and a column is written before, all of them, finite. */
gfloat *gptvis_assignment_cost (GptVisAssignment *assignment, guint row, guint column);
/* The column of each row; -1: more rows than columns, and this has none. Good until the next call. */
const gint *gptvis_assignment_solve (GptVisAssignment *assignment, guint n_rows, guint n_columns);

G_END_DECLS
