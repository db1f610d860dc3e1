// SPDX-License-Identifier: LGPL-2.1-or-later
// score: softmax, sigmoid, the logarithm of the softmax, or the largest alone; a row a workgroup.
#version 450
#extension GL_GOOGLE_include_directive : require
#ifdef SUBGROUP
#extension GL_KHR_shader_subgroup_arithmetic : require
#endif
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (constant_id = SPEC_PARTS) const uint kind = 0;
layout (binding = 0) readonly buffer X { float x[]; };
layout (binding = 1) writeonly buffer Y { float y[]; };
layout (push_constant) uniform Push { ScorePush p; };

#include "reduce.glsl"

void
main ()
{
  const uint first = (gl_WorkGroupID.y * p.rows + gl_WorkGroupID.x) * p.width;
  if (kind == SCORE_SIGMOID) {
    for (uint k = gl_LocalInvocationIndex; k < p.width; k += gl_WorkGroupSize.x)
      y[first + k] = 1 / (1 + exp (min (-x[first + k], 80)));
    return;
  }
  float top = -3e38;
  for (uint k = gl_LocalInvocationIndex; k < p.width; k += gl_WorkGroupSize.x)
    top = max (top, x[first + k]);
  top = max_of_all (top);
  if (kind == SCORE_LARGEST) {
    if (gl_LocalInvocationIndex == 0)
      y[gl_WorkGroupID.y * p.rows + gl_WorkGroupID.x] = top;
    return;
  }
  float sum = 0;
  for (uint k = gl_LocalInvocationIndex; k < p.width; k += gl_WorkGroupSize.x)
    sum += exp (x[first + k] - top);
  sum = sum_of_all (sum);
  for (uint k = gl_LocalInvocationIndex; k < p.width; k += gl_WorkGroupSize.x)
    y[first + k] = kind == SCORE_SOFTMAX ? exp (x[first + k] - top) / sum : x[first + k] - top - log (sum);
}
