// SPDX-License-Identifier: LGPL-2.1-or-later
// windows: a grid's rows window by window, shifted or not, before each window's those of another tensor; or
// back. Windows that reach beyond the grid have 0 there.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (binding = 0) readonly buffer X { float x[]; };
layout (binding = 1) readonly buffer Before { float before[]; };
layout (binding = 2) writeonly buffer Y { float y[]; };
layout (push_constant) uniform Push { WindowsPush p; };

void
main ()
{
  const uint k = gl_GlobalInvocationID.x, picture = gl_WorkGroupID.y;
  const uint inside = p.high * p.wide, window_rows = p.n_before + inside;
  // with what is outside the grid
  const uint all_rows = p.down * p.high, all_columns = p.across * p.wide;
  if (k >= (p.back != 0 ? p.rows * p.columns : window_rows * p.down * p.across) * p.width)
    return;
  const uint row = k / p.width, column = k % p.width;
  if (p.back != 0) {
    const uint grid_row = (row / p.columns + all_rows - p.shift) % all_rows;
    const uint grid_column = (row % p.columns + all_columns - p.shift) % all_columns;
    const uint window = grid_row / p.high * p.across + grid_column / p.wide;
    const uint at = window * window_rows + p.n_before + grid_row % p.high * p.wide + grid_column % p.wide;
    y[picture * p.y_stride + k] = x[picture * p.x_stride + at * p.width + column];
    return;
  }
  const uint window = row / window_rows, place = row % window_rows;
  if (place < p.n_before) {
    y[picture * p.y_stride + k] = before[picture * p.before_stride + place * p.width + column];
    return;
  }
  const uint grid_row = (window / p.across * p.high + (place - p.n_before) / p.wide + p.shift) % all_rows;
  const uint grid_column = (window % p.across * p.wide + (place - p.n_before) % p.wide + p.shift)
      % all_columns;
  float value = 0;
  if (grid_row < p.rows && grid_column < p.columns)
    value = x[picture * p.x_stride + (grid_row * p.columns + grid_column) * p.width + column];
  y[picture * p.y_stride + k] = value;
}
