// SPDX-License-Identifier: LGPL-2.1-or-later
// narrow: every row of a picture's components, as wide as the result: an antialiased resize's
// first half. RGB is summed in whole numbers and rounded to bytes, as Pillow does it.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (binding = 1) writeonly buffer Narrow { float narrow[]; };

#include "picture.glsl"

// A sample of one byte or two, which never lie across two words.
uint
sample_at (uint byte)
{
  const uint word = words[byte / 4] >> byte % 4 * 8;
  return picture.bytes == 1 ? word & 0xff : word & 0xffff;
}

void
main ()
{
  const uint x = gl_GlobalInvocationID.x, y = gl_WorkGroupID.y, c = gl_WorkGroupID.z;
  if (x >= picture.width || y >= picture.component[c].rows)
    return;
  const Taps taps = taps_of (picture.component[c].across, picture.width, picture.component[c].across_most, x);
  const uint step = picture.component[c].step;
  const uint from = picture.component[c].pixels + y * picture.component[c].row + taps.first * step;
  int sum = 0;
  float fine = 0;
  if (picture.rgb != 0)
    for (uint i = 0; i < taps.count; i++)
      sum += int (sample_at (from + i * step)) * int (words[taps.weights + i]);
  else
    for (uint i = 0; i < taps.count; i++)
      fine += float (sample_at (from + i * step)) * uintBitsToFloat (words[taps.weights + i]);
  narrow[picture.component[c].narrow + y * picture.width + x] = picture.rgb != 0 ? whole (sum)
      : fine * picture.unit;
}
