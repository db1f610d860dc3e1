// SPDX-License-Identifier: LGPL-2.1-or-later
// attention: for each head softmax (scale · q kᵀ) v with an online softmax (Milakov and
// Gimelshein 2018; Dao et al. 2022): keys pass by tile by tile, each query holds the
// largest score so far, the sum of its weights and the weighted sum of values. No score
// leaves the workgroup. ATTENTION_LANES threads share some queries: each scores some of a
// tile's keys for all of these, then each sums some of the values' columns. With F16 the tiles are
// halves, read into floats: shared memory, whose bandwidth is what limits this, holds and moves half.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "shared.h"

layout (constant_id = SPEC_D) const uint thread_queries = 2;

#ifdef F16
#include "half.glsl"
#define FOUR uvec2
#define TILE(x) words_of (x)
#define FLOATS(four) halves (four)
#else
#define FOUR vec4
#define TILE(x) x
#define FLOATS(four) four
#endif
#include "attention.glsl"

const uint lanes = ATTENTION_LANES;
const uint stride = width4 | 1;
const uint lane_width4 = (width4 + lanes - 1) / lanes;
const uint lane_keys = keys / lanes, weight_stride = keys + 1;
const float lowest = -3e38;     // less than any score, and finite
shared FOUR q_tile[queries * (((head_width + 3) / 4) | 1)];
shared FOUR kv_tile[keys * (((head_width + 3) / 4) | 1)];
shared float weights[queries * (keys + 1)];
shared float tops[queries * ATTENTION_LANES];   // of each thread's scores

// Of this thread; not handed to a function, where glslang 12 loses arrays that constants size.
float scores[thread_queries * lane_keys];

// Of keys past the last, the lowest. `first` and `key`: where the tiles begin.
void
score (uint query, uint lane, uint first, uint key)
{
  [[unroll]] for (uint i = 0; i < thread_queries * lane_keys; i++)
    scores[i] = 0;
  for (uint d = 0; d < width4; d++) {
    vec4 of_keys[lane_keys];
    [[unroll]] for (uint j = 0; j < lane_keys; j++)
      of_keys[j] = FLOATS (kv_tile[(lane + j * lanes) * stride + d]);
    [[unroll]] for (uint i = 0; i < thread_queries; i++) {
      const vec4 of_query = FLOATS (q_tile[(query + i) * stride + d]);
      [[unroll]] for (uint j = 0; j < lane_keys; j++)
        scores[i * lane_keys + j] += dot (of_query, of_keys[j]);
    }
  }
  [[unroll]] for (uint i = 0; i < thread_queries; i++) {
    float top = lowest;
    [[unroll]] for (uint j = 0; j < lane_keys; j++) {
      const uint at = i * lane_keys + j;
      const uint of_key = key + lane + j * lanes;
      scores[at] = of_key < p.n_keys ? score_of (scores[at], first + query + i, of_key) : lowest;
      top = max (top, scores[at]);
    }
    tops[(query + i) * lanes + lane] = top;
  }
}

void
main ()
{
  const uint query = gl_LocalInvocationIndex / lanes * thread_queries, lane = gl_LocalInvocationIndex % lanes;
  const uint first = gl_WorkGroupID.x * queries;
  float top[thread_queries], sum[thread_queries];
  vec4 out4[thread_queries * lane_width4];

  [[unroll]] for (uint i = 0; i < thread_queries; i++) {
    top[i] = lowest;
    sum[i] = 0;
  }
  [[unroll]] for (uint i = 0; i < thread_queries * lane_width4; i++)
    out4[i] = vec4 (0);
  LOAD_TILE (q_tile, q, width4, queries, first, p.n_queries)
  for (uint key = 0; key < p.n_keys; key += keys) {
    barrier ();
    LOAD_TILE (kv_tile, k, width4, keys, key, p.n_keys)
    barrier ();
    score (query, lane, first, key);
    barrier ();
    LOAD_TILE (kv_tile, v, width4, keys, key, p.n_keys)
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
        values[d] = lane + d * lanes < width4 ? FLOATS (kv_tile[j * stride + lane + d * lanes]) : vec4 (0);
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
