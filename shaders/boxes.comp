// SPDX-License-Identifier: LGPL-2.1-or-later
// boxes: boxes, or places of a grid, moved and scaled.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (binding = 0) readonly buffer B { float b[]; };
layout (binding = 1) readonly buffer D { float d[]; };
layout (binding = 2) writeonly buffer Y { float y[]; };
layout (push_constant) uniform Push { BoxesPush p; };

void
main ()
{
  const uint row = gl_GlobalInvocationID.x;
  if (row >= p.rows)
    return;
  vec4 box;
  if (p.grid_rows != 0) {
    const uint place = min (uint (max (b[row], 0)), p.grid_rows * p.grid_columns - 1);
    box = vec4 ((place % p.grid_columns + 0.5) / p.grid_columns, (place / p.grid_columns + 0.5) / p.grid_rows,
        p.side, p.side);
  } else {
    box = vec4 (b[4 * row], b[4 * row + 1], b[4 * row + 2], b[4 * row + 3]);
  }
  y[4 * row] = d[4 * row] * box.z + box.x;
  y[4 * row + 1] = d[4 * row + 1] * box.w + box.y;
  y[4 * row + 2] = exp (d[4 * row + 2]) * box.z;
  y[4 * row + 3] = exp (d[4 * row + 3]) * box.w;
}
