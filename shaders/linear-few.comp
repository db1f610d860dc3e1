// SPDX-License-Identifier: LGPL-2.1-or-later
// linear of few rows (a step's, a classifier's): its time is that of reading W once, so each
// workgroup takes a few columns, and LINEAR_FEW_LANES threads go along a row of W side by
// side, each with its own part of all rows' sums.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "shared.h"

layout (constant_id = SPEC_A) const uint rows = 1;      // at most
#include "linear.glsl"

const uint lanes = LINEAR_FEW_LANES;
shared float partial[rows * gl_WorkGroupSize.x];

void
main ()
{
  const uint me = gl_LocalInvocationIndex, lane = me % lanes, mine = me / lanes;
  const uint column = gl_WorkGroupID.x * (gl_WorkGroupSize.x / lanes) + mine;
  float sums[rows];

  [[unroll]] for (uint r = 0; r < rows; r++)
    sums[r] = 0;
  if (column < p.columns)
    for (uint k = lane * 4; k < p.inner; k += lanes * 4) {
      const vec4 from_w = load_w (column, k);
      [[unroll]] for (uint r = 0; r < rows; r++)
        if (r < p.rows)
          sums[r] += dot (load_x (r, k), from_w);
    }
  [[unroll]] for (uint r = 0; r < rows; r++)
    partial[r * gl_WorkGroupSize.x + me] = sums[r];
  barrier ();
  if (column < p.columns)
    for (uint r = lane; r < p.rows; r += lanes) {
      float sum = 0;
      for (uint i = 0; i < lanes; i++)
        sum += partial[r * gl_WorkGroupSize.x + mine * lanes + i];
      store (r, p.first_column + column, sum);
    }
}
