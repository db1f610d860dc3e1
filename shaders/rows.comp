// SPDX-License-Identifier: LGPL-2.1-or-later
// rows: one part of y: rows of a tensor, plus rows of another, or one row of that added to each.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (constant_id = SPEC_PARTS) const uint parts = 0;
layout (binding = 0) readonly buffer From { float from[]; };
layout (binding = 1) readonly buffer Add { float add[]; };
layout (binding = 2) writeonly buffer Y { float y[]; };
layout (push_constant) uniform Push { RowsPush p; };

void
main ()
{
  const uint k = gl_GlobalInvocationID.x, picture = gl_WorkGroupID.y;
  if (k >= p.count)
    return;
  float value = from[picture * p.from_stride + p.from_first + k];
  if ((parts & ROWS_HAS_ADD) != 0)
    value += add[picture * p.add_stride + p.add_first + (p.add_to_each != 0 ? k % p.width : k)];
  y[picture * p.y_stride + p.y_first + k] = value;
}
