// SPDX-License-Identifier: LGPL-2.1-or-later
// unfold: the neighbourhood of each place of a grid as a row; 0 outside.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (binding = 0) readonly buffer X { float x[]; };
layout (binding = 1) writeonly buffer Y { float y[]; };
layout (push_constant) uniform Push { UnfoldPush p; };

void
main ()
{
  const uint k = gl_GlobalInvocationID.x, picture = gl_WorkGroupID.y;
  const uint y_width = p.width * p.size * p.size;
  if (k >= p.out_rows * p.out_columns * y_width)
    return;
  const uint place = k / y_width, in_row = k % y_width;
  const uint inside = p.by_columns != 0 ? in_row / p.width : in_row % (p.size * p.size);
  const uint column = p.by_columns != 0 ? in_row % p.width : in_row / (p.size * p.size);
  const uint down = p.by_columns != 0 ? inside % p.size : inside / p.size;
  const uint right = p.by_columns != 0 ? inside / p.size : inside % p.size;
  const int row = int (place / p.out_columns * p.stride + down) - int (p.padding);
  const int across = int (place % p.out_columns * p.stride + right) - int (p.padding);
  float value = 0;
  if (row >= 0 && across >= 0 && row < int (p.rows) && across < int (p.columns))
    value = x[((picture * p.rows + row) * p.columns + across) * p.width + column];
  y[picture * p.out_rows * p.out_columns * y_width + k] = value;
}
