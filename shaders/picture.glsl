// SPDX-License-Identifier: LGPL-2.1-or-later
// A picture in its buffer, as struct PatchPicture says, and its taps.
layout (binding = 0) readonly buffer Picture { PatchPicture picture; };
layout (binding = 0) readonly buffer Words { uint words[]; };

// Of output i: its first sample, how many, and where their weights are.
struct Taps {
  uint first, count, weights;
};

Taps
taps_of (uint table, uint outputs, uint most, uint i)
{
  return Taps (words[table + 2 * i], words[table + 2 * i + 1], table + 2 * outputs + i * most);
}

// A sum of bytes by weights of 22 bits behind the point, as a byte.
float
whole (int sum)
{
  return float (clamp ((sum + (1 << 21)) >> 22, 0, 255));
}
