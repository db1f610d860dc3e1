// SPDX-License-Identifier: LGPL-2.1-or-later
// patches: rows of the narrow picture are summed to rows of the result, Y'CbCr becomes R'G'B',
// and each colour, normalised, goes to its place in its patch (kernels/patches.h has the order).
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (binding = 1) readonly buffer Narrow { float narrow[]; };
layout (binding = 2) writeonly buffer Y { float y[]; };
layout (push_constant) uniform Push { PatchesPush p; };

#include "picture.glsl"

float
component_at (uint c, uint column, Taps taps)
{
  const uint from = picture.component[c].narrow + taps.first * picture.width + column;
  int sum = 0;
  float fine = 0;
  if (picture.rgb != 0)
    for (uint i = 0; i < taps.count; i++)
      sum += int (narrow[from + i * picture.width]) * int (words[taps.weights + i]);
  else
    for (uint i = 0; i < taps.count; i++)
      fine += narrow[from + i * picture.width] * uintBitsToFloat (words[taps.weights + i]);
  return picture.rgb != 0 ? whole (sum) : fine;
}

void
main ()
{
  const uint column = gl_GlobalInvocationID.x, row = gl_WorkGroupID.y, size = picture.patch_size;
  if (column >= picture.width)
    return;
  bool inside = true;           // else it is padding, and black
  float of[3] = float[] (0, 0, 0);
  for (uint c = 0; c < picture.components; c++) {
    const Taps across = taps_of (picture.component[c].across, picture.width, picture.component[c].across_most,
        column);
    const Taps down = taps_of (picture.component[c].down, picture.height, picture.component[c].down_most,
        row);
    inside = inside && across.count > 0 && down.count > 0;
    of[c] = component_at (c, column, down);
  }
  const uint patches_across = picture.width / size;
  const uint at = p.first + (row / size * patches_across + column / size) * 3 * size * size
      + row % size * size + column % size;
  [[unroll]] for (uint c = 0; c < 3; c++) {
    const float colour = clamp (of[0] * picture.mixes[4 * c] + of[1] * picture.mixes[4 * c + 1]
        + of[2] * picture.mixes[4 * c + 2] + picture.mixes[4 * c + 3], 0, 255);
    y[at + c * size * size] = (inside ? colour : 0) * picture.scale[c] + picture.shift[c];
  }
}
