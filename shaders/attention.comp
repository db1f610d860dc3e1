// SPDX-License-Identifier: LGPL-2.1-or-later
// attention: for each head softmax (scale · q kᵀ) v with an online softmax (Milakov and
// Gimelshein 2018; Dao et al. 2022): keys pass by tile by tile, each query holds the
// largest score so far, the sum of its weights and the weighted sum of values. No score
// leaves the workgroup. ATTENTION_LANES threads share some queries: each scores some of a
// tile's keys for all of these, then each sums some of the values' columns.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (constant_id = SPEC_VECTORS) const uint vectors = 0;
layout (constant_id = SPEC_A) const uint queries = 16;
layout (constant_id = SPEC_B) const uint keys = 16;
layout (constant_id = SPEC_C) const uint head_width = 64;
layout (constant_id = SPEC_D) const uint thread_queries = 2;

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
const uint lane_keys = keys / lanes, weight_stride = keys + 1;
const float lowest = -3e38;     // less than any score, and finite
shared vec4 q_tile[queries * (((head_width + 3) / 4) | 1)];
shared vec4 kv_tile[keys * (((head_width + 3) / 4) | 1)];
shared float weights[queries * (keys + 1)];
shared float tops[queries * ATTENTION_LANES];   // of each thread's scores

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

// Of this thread; not handed to a function, where glslang 12 loses arrays that constants size.
float scores[thread_queries * lane_keys];

// Of keys past the last, the lowest.
void
score (uint query, uint lane, uint n_keys)
{
  [[unroll]] for (uint i = 0; i < thread_queries * lane_keys; i++)
    scores[i] = 0;
  for (uint d = 0; d < width4; d++) {
    vec4 of_keys[lane_keys];
    [[unroll]] for (uint j = 0; j < lane_keys; j++)
      of_keys[j] = kv_tile[(lane + j * lanes) * stride + d];
    [[unroll]] for (uint i = 0; i < thread_queries; i++) {
      const vec4 of_query = q_tile[(query + i) * stride + d];
      [[unroll]] for (uint j = 0; j < lane_keys; j++)
        scores[i * lane_keys + j] += dot (of_query, of_keys[j]);
    }
  }
  [[unroll]] for (uint i = 0; i < thread_queries; i++) {
    float top = lowest;
    [[unroll]] for (uint j = 0; j < lane_keys; j++) {
      const uint at = i * lane_keys + j;
      scores[at] = lane + j * lanes < n_keys ? scores[at] * p.scale : lowest;
      top = max (top, scores[at]);
    }
    tops[(query + i) * lanes + lane] = top;
  }
}

void
main ()
{
  const uint query = gl_LocalInvocationIndex / lanes * thread_queries, lane = gl_LocalInvocationIndex % lanes;
  const uint first = gl_WorkGroupID.x * queries, head = gl_WorkGroupID.y, picture = gl_WorkGroupID.z;
  float top[thread_queries], sum[thread_queries];
  vec4 out4[thread_queries * lane_width4];

  [[unroll]] for (uint i = 0; i < thread_queries; i++) {
    top[i] = lowest;
    sum[i] = 0;
  }
  [[unroll]] for (uint i = 0; i < thread_queries * lane_width4; i++)
    out4[i] = vec4 (0);
  LOAD_TILE (q_tile, q, queries, first, p.n_queries, p.q_column)
  for (uint key = 0; key < p.n_keys; key += keys) {
    barrier ();
    LOAD_TILE (kv_tile, k, keys, key, p.n_keys, p.k_column)
    barrier ();
    score (query, lane, p.n_keys - key);
    barrier ();
    LOAD_TILE (kv_tile, v, keys, key, p.n_keys, p.v_column)
    [[unroll]] for (uint i = 0; i < thread_queries; i++) {
      const float before = top[i];
      for (uint j = 0; j < lanes; j++)
        top[i] = max (top[i], tops[(query + i) * lanes + j]);
      const float factor = exp (before - top[i]);
      sum[i] *= factor;
      [[unroll]] for (uint d = 0; d < lane_width4; d++)
        out4[i * lane_width4 + d] *= factor;
      [[unroll]] for (uint j = 0; j < lane_keys; j++)
        weights[(query + i) * weight_stride + lane + j * lanes] = exp (scores[i * lane_keys + j] - top[i]);
    }
    barrier ();
    for (uint j = 0; j < keys; j++) {
      vec4 values[lane_width4];
      [[unroll]] for (uint d = 0; d < lane_width4; d++)
        values[d] = lane + d * lanes < width4 ? kv_tile[j * stride + lane + d * lanes] : vec4 (0);
      [[unroll]] for (uint i = 0; i < thread_queries; i++) {
        const float weight = weights[(query + i) * weight_stride + j];
        sum[i] += weight;
        [[unroll]] for (uint d = 0; d < lane_width4; d++)
          out4[i * lane_width4 + d] += weight * values[d];
      }
    }
  }
  [[unroll]] for (uint i = 0; i < thread_queries; i++) {
    const bool inside = first + query + i < p.n_queries;
    const uint at = (picture * p.n_queries + first + query + i) * p.y_width + head * head_width;
    [[unroll]] for (uint d = 0; d < lane_width4 * 4; d++) {
      const uint column = (lane + d / 4 * lanes) * 4 + d % 4;
      if (inside && column < head_width)
        y[at + column] = out4[i * lane_width4 + d / 4][d % 4] / sum[i];
    }
  }
}
