// SPDX-License-Identifier: LGPL-2.1-or-later
// Halves, two to a word, as any device can read them.

// The i-th of all, which is in that word.
float
half_of (uint word, uint i)
{
  const vec2 both = unpackHalf2x16 (word);
  return i % 2 == 0 ? both.x : both.y;
}

vec4
halves (uvec2 words)
{
  return vec4 (unpackHalf2x16 (words.x), unpackHalf2x16 (words.y));
}

// Values beyond the largest half become the largest half.
uvec2
words_of (vec4 x)
{
  const vec4 near = clamp (x, -65504, 65504);
  return uvec2 (packHalf2x16 (near.xy), packHalf2x16 (near.zw));
}
