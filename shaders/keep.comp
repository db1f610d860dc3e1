// SPDX-License-Identifier: LGPL-2.1-or-later
// keep: columns of x's rows into a state: all of a picture's, or a sequence's one at its
// position in its own copy.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (binding = 0) readonly buffer X { float x[]; };
layout (binding = 1) readonly buffer Args { uint args[]; };
layout (binding = 2) writeonly buffer State { float state[]; };
layout (push_constant) uniform Push { KeepPush p; };

void
main ()
{
  const uint k = gl_GlobalInvocationID.x, i = gl_WorkGroupID.y, arg = i * ARGS_SEQUENCE;
  if (k >= p.rows * p.width)
    return;
  const uint row = k / p.width, column = k % p.width;
  const uint copy = p.state.step != 0 ? args[arg + ARGS_BEAM] : 0;
  const uint to = p.state.step != 0 ? args[arg + ARGS_POSITION] : row;
  state[(args[arg + ARGS_SLOT] * p.state.copies + copy) * p.state.span + to * p.width + column]
      = x[(i * p.rows + row) * p.x_width + p.x_column + column];
}
