// SPDX-License-Identifier: LGPL-2.1-or-later
// sample: deformable attention. A thread sums one column of a head: reads between the places of a
// grid, weighted by a softmax.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (binding = 0) readonly buffer Value { float value[]; };
layout (binding = 1) readonly buffer Boxes { float boxes[]; };
layout (binding = 2) readonly buffer At { float at[]; };
layout (binding = 3) writeonly buffer Y { float y[]; };
layout (push_constant) uniform Push { SamplePush p; };

void
main ()
{
  const uint k = gl_GlobalInvocationID.x, picture = gl_WorkGroupID.y, width = p.heads * p.head_width;
  if (k >= p.rows * width)
    return;
  const uint column = k % width, head = column / p.head_width, row = picture * p.rows + k / width;
  const uint where = row * 3 * p.heads * p.points + 2 * head * p.points;
  const uint weight = row * 3 * p.heads * p.points + (2 * p.heads + head) * p.points;
  float top = -3e38, all = 0, sum = 0;
  for (uint i = 0; i < p.points; i++)
    top = max (top, at[weight + i]);
  for (uint i = 0; i < p.points; i++)
    all += exp (at[weight + i] - top);
  for (uint i = 0; i < p.points; i++) {
    const float across
        = (boxes[4 * row] + at[where + 2 * i] / p.points * boxes[4 * row + 2] * 0.5) * p.columns - 0.5;
    const float down = (boxes[4 * row + 1] + at[where + 2 * i + 1] / p.points * boxes[4 * row + 3] * 0.5)
        * p.grid_rows - 0.5;
    if (!(across > -1 && down > -1 && across < p.columns && down < p.grid_rows))
      continue;
    const int left = int (floor (across)), above = int (floor (down));
    float between = 0;
    for (int corner = 0; corner < 4; corner++) {
      const int c = left + corner % 2, r = above + corner / 2;
      if (c >= 0 && r >= 0 && c < int (p.columns) && r < int (p.grid_rows))
        between += (1 - abs (across - c)) * (1 - abs (down - r))
            * value[((picture * p.grid_rows + r) * p.columns + c) * width + column];
    }
    sum += exp (at[weight + i] - top) / all * between;
  }
  y[row * width + column] = sum;
}
