// SPDX-License-Identifier: LGPL-2.1-or-later
// top: which rows have the largest values. A row counts those before it, and if they are few,
// its place in the list is their number.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (binding = 0) readonly buffer X { float x[]; };
layout (binding = 1) writeonly buffer Y { float y[]; };
layout (push_constant) uniform Push { TopPush p; };

bool
counts (uint row)
{
  const uint down = row / p.columns, across = row % p.columns;
  return down >= p.margin_rows && down + p.margin_rows < p.rows && across >= p.margin_columns
      && across + p.margin_columns < p.columns;
}

void
main ()
{
  const uint row = gl_GlobalInvocationID.x, picture = gl_WorkGroupID.y, n_rows = p.rows * p.columns;
  if (row >= n_rows || !counts (row))
    return;
  const uint first = picture * n_rows;
  const float value = x[first + row];
  uint rank = 0;
  for (uint other = 0; other < n_rows; other++)
    if (counts (other) && (x[first + other] > value || (x[first + other] == value && other < row)))
      rank++;
  if (rank < p.n)
    y[picture * p.n + rank] = row;
}
