// SPDX-License-Identifier: LGPL-2.1-or-later
// pool: one part of y: the mean of rows, or one row.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (binding = 0) readonly buffer X { float x[]; };
layout (binding = 1) writeonly buffer Y { float y[]; };
layout (push_constant) uniform Push { PoolPush p; };

void
main ()
{
  const uint column = gl_GlobalInvocationID.x, picture = gl_WorkGroupID.y;
  if (column >= p.width)
    return;
  float sum = 0;
  for (uint r = 0; r < p.rows; r++)
    sum += x[picture * p.x_stride + (p.first + r) * p.width + column];
  y[picture * p.y_stride + p.y_first + column] = sum / p.rows;
}
