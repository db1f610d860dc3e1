// SPDX-License-Identifier: LGPL-2.1-or-later
// attention with cooperative matrices: q, k, v and weights as halves, sums as floats. Each subgroup
// has a matrix's rows of queries. Keys pass by twice: at first for each query's largest score and
// the sum of its weights; then, scored anew, for the weighted values. So no sum of values is ever
// scaled, which matrices of unknown layout do not allow, and no score leaves the workgroup.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "shared.h"

layout (constant_id = SPEC_D) const uint padded_width = 64;    // of a head, a multiple of the matrices' sides
#include "half.glsl"
#define TILE(x) words_of (x)
#include "matrix.glsl"
#include "attention.glsl"

const uint stride = MATRIX_STRIDE (padded_width), padded4 = padded_width / 4;
const uint weight_stride = MATRIX_STRIDE (keys), score_stride = keys + 4;
const uint lanes = gl_WorkGroupSize.x / queries;       // of a query
const float lowest = -3e38;     // less than any score, and finite
shared uvec2 q_tile[queries * MATRIX_STRIDE (padded_width)];
shared uvec2 kv_tile[keys * MATRIX_STRIDE (padded_width)];
shared uvec2 weights[queries * MATRIX_STRIDE (keys)];
shared float scores[queries * (keys + 4)];
shared float tops[gl_WorkGroupSize.x], sums[gl_WorkGroupSize.x];

void
load_keys (uint key)
{
  barrier ();
  LOAD_TILE (kv_tile, k, padded4, keys, key, p.n_keys)
  barrier ();
}

// The subgroup's queries by the tile's keys; their sums of products are in `scores` then.
void
score ()
{
  const uint row = gl_SubgroupID * matrix_rows;
  [[unroll]] for (uint j = 0; j < keys; j += matrix_columns) {
    MATRIX_SUM products = MATRIX_SUM (0);
    [[unroll]] for (uint d = 0; d < padded_width; d += matrix_inner) {
      MATRIX_A from_q;
      MATRIX_B from_k;
      LOAD_BY_ROWS (from_q, q_tile, row * stride + d / 4, stride);
      LOAD_BY_COLUMNS (from_k, kv_tile, j * stride + d / 4, stride);
      products = MULTIPLY_ADD (from_q, from_k, products);
    }
    STORE_BY_ROWS (products, scores, row * score_stride + j, score_stride);
  }
  barrier ();
}

// The score of query and key of the tiles, which begin at `first` and `from`.
float
score_at (uint query, uint key, uint first, uint from)
{
  return score_of (scores[query * score_stride + key], first + query, from + key);
}

// A query's weights, four by four; 0 for keys past the last.
void
weigh (uint query, uint lane, uint first, uint key, float top)
{
  for (uint j = lane * 4; j < keys; j += lanes * 4) {
    vec4 weight = vec4 (0);
    [[unroll]] for (uint i = 0; i < 4; i++)
      if (key + j + i < p.n_keys)
        weight[i] = exp (score_at (query, j + i, first, key) - top);
    weights[query * weight_stride + j / 4] = words_of (weight);
  }
}

void
main ()
{
  const uint query = gl_LocalInvocationIndex / lanes, lane = gl_LocalInvocationIndex % lanes;
  const uint first = gl_WorkGroupID.x * queries, row = gl_SubgroupID * matrix_rows;
  float top = lowest, sum = 0;

  LOAD_TILE (q_tile, q, padded4, queries, first, p.n_queries)
  for (uint key = 0; key < p.n_keys; key += keys) {
    load_keys (key);
    score ();
    const float before = top;
    for (uint j = lane; j < keys; j += lanes)
      if (key + j < p.n_keys)
        top = max (top, score_at (query, j, first, key));
    sum *= exp (before - top);
    for (uint j = lane; j < keys; j += lanes)
      if (key + j < p.n_keys)
        sum += exp (score_at (query, j, first, key) - top);
  }
  tops[gl_LocalInvocationIndex] = top;
  sums[gl_LocalInvocationIndex] = sum;
  barrier ();
  for (uint i = 0; i < lanes; i++)
    top = max (top, tops[query * lanes + i]);
  sum = 0;
  for (uint i = 0; i < lanes; i++)
    sum += sums[query * lanes + i] * exp (tops[query * lanes + i] - top);

  MATRIX_SUM values[padded_width / matrix_columns];
  [[unroll]] for (uint d = 0; d < padded_width / matrix_columns; d++)
    values[d] = MATRIX_SUM (0);
  for (uint key = 0; key < p.n_keys; key += keys) {
    load_keys (key);
    score ();
    weigh (query, lane, first, key, top);
    LOAD_TILE (kv_tile, v, padded4, keys, key, p.n_keys)
    barrier ();
    [[unroll]] for (uint j = 0; j < keys; j += matrix_inner) {
      MATRIX_A weight;
      LOAD_BY_ROWS (weight, weights, row * weight_stride + j / 4, weight_stride);
      [[unroll]] for (uint d = 0; d < padded_width / matrix_columns; d++) {
        MATRIX_B from_v;
        LOAD_BY_ROWS (from_v, kv_tile, j * stride + d * matrix_columns / 4, stride);
        values[d] = MULTIPLY_ADD (weight, from_v, values[d]);
      }
    }
  }
  [[unroll]] for (uint d = 0; d < padded_width / matrix_columns; d++) {
    barrier ();
    STORE_BY_ROWS (values[d], scores, row * score_stride, score_stride);
    barrier ();
    for (uint j = lane; j < matrix_columns; j += lanes) {
      const uint column = d * matrix_columns + j;
      if (first + query < p.n_queries && column < head_width)
        y[(picture * p.n_queries + first + query) * p.y_width + head * head_width + column]
            = scores[query * score_stride + j] / sum;
    }
  }
}
