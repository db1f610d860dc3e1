// SPDX-License-Identifier: LGPL-2.1-or-later
// recall: the step's attention: one query over the rows that states keep, with an online
// softmax as in attention.comp. A head of a sequence a workgroup: each thread scores one
// row of a chunk, then sums some of the values' columns.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (constant_id = SPEC_VECTORS) const uint vectors = 0;
layout (constant_id = SPEC_A) const uint head_width = 64;
layout (constant_id = SPEC_B) const uint n_states = 1;

layout (binding = 0) readonly buffer Q { float q[]; };
layout (binding = 1) readonly buffer State0 { float state0[]; };
layout (binding = 1) readonly buffer State04 { vec4 state04[]; };
layout (binding = 2) readonly buffer State1 { float state1[]; };
layout (binding = 2) readonly buffer State14 { vec4 state14[]; };
layout (binding = 3) readonly buffer Args { uint args[]; };
layout (binding = 4) writeonly buffer Y { float y[]; };
layout (push_constant) uniform Push { RecallPush p; };

const uint width4 = (head_width + 3) / 4;
const uint thread_columns = (head_width + gl_WorkGroupSize.x - 1) / gl_WorkGroupSize.x;
const float lowest = -3e38;
shared vec4 query[(head_width + 3) / 4];
shared float scores[gl_WorkGroupSize.x];
shared uint places[gl_WorkGroupSize.x];

uint
rows_of (uint state, uint position)
{
  return p.state[state].step != 0 ? position + 1 : p.state[state].rows;
}

// Where in its state row `row` of a sequence begins.
uint
place_of (uint state, uint row)
{
  const uint arg = gl_WorkGroupID.y * ARGS_SEQUENCE, position = args[arg + ARGS_POSITION];
  uint copy = 0;
  if (p.state[state].step != 0 && row < position)
    copy = args[p.first_history + gl_WorkGroupID.y * p.history_stride + row / 4] >> row % 4 * 8 & 0xff;
  else if (p.state[state].step != 0)
    copy = args[arg + ARGS_BEAM];
  const uint width = 2 * p.heads * head_width;
  return (args[arg + ARGS_SLOT] * p.state[state].copies + copy) * p.state[state].span + row * width;
}

vec4
load (uint state, uint at, uint d)
{
  if (vectors != 0)
    return state == 0 ? state04[at / 4 + d] : state14[at / 4 + d];
  vec4 value = vec4 (0);
  for (uint j = 0; j < 4; j++)
    if (4 * d + j < head_width)
      value[j] = state == 0 ? state0[at + 4 * d + j] : state1[at + 4 * d + j];
  return value;
}

void
main ()
{
  const uint head = gl_WorkGroupID.x, sequence = gl_WorkGroupID.y, me = gl_LocalInvocationIndex;
  const uint position = args[sequence * ARGS_SEQUENCE + ARGS_POSITION];
  const uint n0 = rows_of (0, position), n = n0 + (n_states > 1 ? rows_of (1, position) : 0);
  float top = lowest, sum = 0, sums[thread_columns];

  for (uint i = 0; i < thread_columns; i++)
    sums[i] = 0;
  for (uint d = me; d < width4 * 4; d += gl_WorkGroupSize.x)
    query[d / 4][d % 4] = d < head_width
        ? q[sequence * p.q_width + p.q_column + head * head_width + d] * p.scale : 0;
  for (uint first = 0; first < n; first += gl_WorkGroupSize.x) {
    const uint row = first + me, some = min (gl_WorkGroupSize.x, n - first);
    barrier ();
    if (row < n) {
      const uint state = row < n0 ? 0 : 1;
      places[me] = place_of (state, row < n0 ? row : row - n0);
      float score = 0;
      for (uint d = 0; d < width4; d++)
        score += dot (query[d], load (state, places[me] + head * head_width, d));
      scores[me] = score;
    }
    barrier ();
    const float before = top;
    for (uint j = 0; j < some; j++)
      top = max (top, scores[j]);
    const float factor = exp (before - top);
    sum *= factor;
    for (uint i = 0; i < thread_columns; i++)
      sums[i] *= factor;
    for (uint j = 0; j < some; j++) {
      const float weight = exp (scores[j] - top);
      const uint at = places[j] + (p.heads + head) * head_width;
      sum += weight;
      for (uint i = 0; i < thread_columns; i++) {
        const uint column = me + i * gl_WorkGroupSize.x;
        if (column < head_width)
          sums[i] += weight * (first + j < n0 ? state0[at + column] : state1[at + column]);
      }
    }
  }
  for (uint i = 0; i < thread_columns; i++) {
    const uint column = me + i * gl_WorkGroupSize.x;
    if (column < head_width)
      y[(sequence * p.heads + head) * head_width + column] = sums[i] / sum;
  }
}
