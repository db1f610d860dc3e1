// SPDX-License-Identifier: LGPL-2.1-or-later
// columns: one part of y: columns of a tensor, beside those of others.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (binding = 0) readonly buffer From { float from[]; };
layout (binding = 1) writeonly buffer Y { float y[]; };
layout (push_constant) uniform Push { ColumnsPush p; };

void
main ()
{
  const uint k = gl_GlobalInvocationID.x, picture = gl_WorkGroupID.y;
  if (k >= p.rows * p.width)
    return;
  const uint row = picture * p.rows + k / p.width, column = k % p.width;
  y[row * p.y_width + p.y_first + column] = from[row * p.from_width + p.from_first + column];
}
