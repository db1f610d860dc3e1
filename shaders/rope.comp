// SPDX-License-Identifier: LGPL-2.1-or-later
// rope: pairs of a head's columns turned by their row's angles, cosines and then sines.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (binding = 0) readonly buffer X { float x[]; };
layout (binding = 1) readonly buffer Angles { float angles[]; };
layout (binding = 2) writeonly buffer Y { float y[]; };
layout (push_constant) uniform Push { RopePush p; };

void
main ()
{
  const uint k = gl_GlobalInvocationID.x, picture = gl_WorkGroupID.y, width = p.heads * p.head_width;
  if (k >= p.rows * width)
    return;
  const uint row = k / width, column = k % width, half_width = p.head_width / 2;
  const uint inside = column % p.head_width, pair = inside % half_width;
  const uint at = (picture * p.rows + row) * p.x_width + p.column + column;
  const float cosine = angles[row * p.head_width + pair],
      sine = angles[row * p.head_width + half_width + pair];
  y[picture * p.rows * width + k]
      = x[at] * cosine + (inside < half_width ? -x[at + half_width] : x[at - half_width]) * sine;
}
