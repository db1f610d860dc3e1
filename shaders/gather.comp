// SPDX-License-Identifier: LGPL-2.1-or-later
// gather: those rows of x that a list names.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (binding = 0) readonly buffer X { float x[]; };
layout (binding = 1) readonly buffer List { float list[]; };
layout (binding = 2) writeonly buffer Y { float y[]; };
layout (push_constant) uniform Push { GatherPush p; };

void
main ()
{
  const uint k = gl_GlobalInvocationID.x, picture = gl_WorkGroupID.y;
  if (k >= p.rows * p.width)
    return;
  // a list of rows whose values are NaNs may be anything
  const uint row = min (uint (max (list[picture * p.rows + k / p.width], 0)), p.x_rows - 1);
  y[picture * p.rows * p.width + k] = x[(picture * p.x_rows + row) * p.width + k % p.width];
}
