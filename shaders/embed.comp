// SPDX-License-Identifier: LGPL-2.1-or-later
// embed: a token's row of a table plus its position's of another.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
#if defined (INT8)
layout (binding = 0) readonly buffer Table { uint table[]; };
#elif defined (F16)
layout (binding = 0) readonly buffer Table { uint table[]; };
#define TABLE(i) half_of (table[(i) / 2], i)
#else
layout (binding = 0) readonly buffer Table { float table[]; };
#define TABLE(i) table[i]
#endif
layout (binding = 1) readonly buffer Positions { float positions[]; };
layout (binding = 2) readonly buffer Args { uint args[]; };
layout (binding = 3) writeonly buffer Y { float y[]; };
layout (push_constant) uniform Push { EmbedPush p; };

#include "half.glsl"

#ifdef INT8
// As linear.glsl has W.
float
element (uint row, uint k)
{
  const uint words = (p.width + 3) / 4, at = row * (words + 1);
  return unpackSnorm4x8 (table[at + k / 4])[k % 4] * uintBitsToFloat (table[at + words]);
}
#else
float
element (uint row, uint k)
{
  return TABLE (row * p.width + k);
}
#endif

void
main ()
{
  const uint k = gl_GlobalInvocationID.x, sequence = gl_WorkGroupID.y;
  const uint token = args[sequence * ARGS_SEQUENCE + ARGS_TOKEN];
  const uint position = p.first_position + args[sequence * ARGS_SEQUENCE + ARGS_POSITION];
  if (k < p.width && token >= p.first_token && token < p.end_token)
    y[sequence * p.width + k] = element (token - p.first_token, k) + positions[position * p.width + k];
}
