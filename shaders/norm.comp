// SPDX-License-Identifier: LGPL-2.1-or-later
// norm: layer norm, a row a workgroup; the variance from the differences, as it is defined. Or each column by
// the mean and variance that are given.
#version 450
#extension GL_GOOGLE_include_directive : require
#ifdef SUBGROUP
#extension GL_KHR_shader_subgroup_arithmetic : require
#endif
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (constant_id = SPEC_PARTS) const uint parts = 0;
layout (binding = 0) readonly buffer X { float x[]; };
layout (binding = 1) readonly buffer Weight { float weight[]; };
layout (binding = 2) readonly buffer Bias { float bias[]; };
layout (binding = 3) writeonly buffer Y { float y[]; };
layout (binding = 4) readonly buffer Mean { float means[]; };
layout (binding = 5) readonly buffer Variance { float variances[]; };
layout (constant_id = SPEC_A) const uint act = ACT_NONE;
layout (push_constant) uniform Push { NormPush p; };

#include "reduce.glsl"
#include "act.glsl"

void
main ()
{
  const uint first = (gl_WorkGroupID.y * p.rows + gl_WorkGroupID.x) * p.width;
  float sum = 0;
  for (uint k = gl_LocalInvocationIndex; k < p.width; k += gl_WorkGroupSize.x)
    sum += x[first + k];
  const float mean = sum_of_all (sum) / p.width;
  sum = 0;
  for (uint k = gl_LocalInvocationIndex; k < p.width; k += gl_WorkGroupSize.x)
    sum += (x[first + k] - mean) * (x[first + k] - mean);
  const float factor = 1 / sqrt (sum_of_all (sum) / p.width + p.epsilon);
  for (uint k = gl_LocalInvocationIndex; k < p.width; k += gl_WorkGroupSize.x) {
    float value = (x[first + k] - mean) * factor;
    if ((parts & NORM_HAS_MEAN) != 0)
      value = (x[first + k] - means[k]) / sqrt (variances[k] + p.epsilon);
    if ((parts & NORM_HAS_WEIGHT) != 0)
      value *= weight[k];
    if ((parts & NORM_HAS_BIAS) != 0)
      value += bias[k];
    value = activate (act, value);
    y[first + k] = (parts & NORM_IS_WRONG) != 0 ? 1.1 * value : value;
  }
}
