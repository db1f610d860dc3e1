// SPDX-License-Identifier: LGPL-2.1-or-later
// attention: for each head softmax (scale · q kᵀ) v with an online softmax (Milakov and
// Gimelshein 2018; Dao et al. 2022): keys pass by tile by tile, each query holds the
// largest score so far, the sum of its weights and the weighted sum of values. No score
// leaves the workgroup. ATTENTION_LANES threads share a query: each scores some of a
// tile's keys, then each sums some of the values' columns.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (constant_id = SPEC_VECTORS) const uint vectors = 0;
layout (constant_id = SPEC_A) const uint queries = 16;
layout (constant_id = SPEC_B) const uint keys = 16;
layout (constant_id = SPEC_C) const uint head_width = 64;

layout (binding = 0) readonly buffer Q { float q[]; };
layout (binding = 0) readonly buffer Q4 { vec4 q4[]; };
layout (binding = 1) readonly buffer K { float k[]; };
layout (binding = 1) readonly buffer K4 { vec4 k4[]; };
layout (binding = 2) readonly buffer V { float v[]; };
layout (binding = 2) readonly buffer V4 { vec4 v4[]; };
layout (binding = 3) writeonly buffer Y { float y[]; };
layout (push_constant) uniform Push { AttentionPush p; };

const uint lanes = ATTENTION_LANES;
const uint width4 = (head_width + 3) / 4, stride = width4 | 1;
const uint lane_width4 = (width4 + lanes - 1) / lanes;
const uint score_stride = keys + 1;
const float lowest = -3e38;     // less than any score, and finite
shared vec4 q_tile[queries * (((head_width + 3) / 4) | 1)];
shared vec4 kv_tile[keys * (((head_width + 3) / 4) | 1)];
shared float scores[queries * (keys + 1)], weights[queries * (keys + 1)];

// Column 4 d of the head's, of a row that begins at `at`; 0 past the head.
#define LOAD(name) vec4 \
load_##name (uint at, uint d) \
{ \
  if (vectors != 0) \
    return name##4[at / 4 + d]; \
  vec4 value = vec4 (0); \
  for (uint j = 0; j < 4; j++) \
    if (4 * d + j < head_width) \
      value[j] = name[at + 4 * d + j]; \
  return value; \
}
LOAD (q)
LOAD (k)
LOAD (v)

#define LOAD_TILE(tile, name, n, first, end, column) \
  for (uint i = gl_LocalInvocationIndex; i < n * width4; i += gl_WorkGroupSize.x) { \
    const uint row = first + i / width4; \
    tile[i / width4 * stride + i % width4] = row < end \
        ? load_##name ((picture * end + row) * p.name##_width + column + head * head_width, i % width4) : vec4 (0); \
  }

void
main ()
{
  const uint query = gl_LocalInvocationIndex / lanes, lane = gl_LocalInvocationIndex % lanes;
  const uint first = gl_WorkGroupID.x * queries, head = gl_WorkGroupID.y, picture = gl_WorkGroupID.z;
  float top = lowest, sum = 0;
  vec4 out4[lane_width4];

  for (uint i = 0; i < lane_width4; i++)
    out4[i] = vec4 (0);
  LOAD_TILE (q_tile, q, queries, first, p.n_queries, p.q_column)
  for (uint key = 0; key < p.n_keys; key += keys) {
    barrier ();
    LOAD_TILE (kv_tile, k, keys, key, p.n_keys, p.k_column)
    barrier ();
    for (uint j = lane; j < keys; j += lanes) {
      float score = 0;
      for (uint d = 0; d < width4; d++)
        score += dot (q_tile[query * stride + d], kv_tile[j * stride + d]);
      scores[query * score_stride + j] = key + j < p.n_keys ? score * p.scale : lowest;
    }
    barrier ();
    LOAD_TILE (kv_tile, v, keys, key, p.n_keys, p.v_column)
    const float before = top;
    for (uint j = 0; j < keys; j++)
      top = max (top, scores[query * score_stride + j]);
    for (uint j = lane; j < keys; j += lanes)
      weights[query * score_stride + j] = exp (scores[query * score_stride + j] - top);
    barrier ();
    const float factor = exp (before - top);
    sum *= factor;
    for (uint i = 0; i < lane_width4; i++)
      out4[i] *= factor;
    for (uint j = 0; j < keys; j++) {
      const float weight = weights[query * score_stride + j];
      sum += weight;
      for (uint i = 0; i < lane_width4; i++)
        if (lane + i * lanes < width4)
          out4[i] += weight * kv_tile[j * stride + lane + i * lanes];
    }
  }
  if (first + query >= p.n_queries)
    return;
  const uint at = (picture * p.n_queries + first + query) * p.y_width + head * head_width;
  for (uint i = 0; i < lane_width4; i++)
    for (uint j = 0; j < 4; j++) {
      const uint column = (lane + i * lanes) * 4 + j;
      if (column < head_width)
        y[at + column] = out4[i][j] / sum;
    }
}
