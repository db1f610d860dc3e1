// SPDX-License-Identifier: LGPL-2.1-or-later
// linear: y = alpha · (act (x·Wᵀ + b) ⊙ gate) × scale + residual. A workgroup makes a
// tile of y; slices of x and W pass through shared memory, turned so that the inner
// loop reads rows of it. W is [columns, inner] as the checkpoint has it: a slice is read
// in runs of at least 64 bytes. For few rows the tile is flat, and W is read once.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout (local_size_x_id = SPEC_THREADS) in;
layout (constant_id = SPEC_PARTS) const uint parts = 0;
layout (constant_id = SPEC_VECTORS) const uint vectors = 0;
layout (constant_id = SPEC_A) const uint tile_rows = 64;
layout (constant_id = SPEC_B) const uint tile_columns = 64;
layout (constant_id = SPEC_C) const uint tile_inner = 16;
layout (constant_id = SPEC_D) const uint thread_rows = 4;
layout (constant_id = SPEC_E) const uint thread_columns = 4;
layout (constant_id = SPEC_F) const uint act = 0;

layout (binding = LINEAR_X) readonly buffer X { float x[]; };
layout (binding = LINEAR_X) readonly buffer X4 { vec4 x4[]; };
layout (binding = LINEAR_W) readonly buffer W { float w[]; };
layout (binding = LINEAR_W) readonly buffer W4 { vec4 w4[]; };
layout (binding = LINEAR_B) readonly buffer B { float b[]; };
layout (binding = LINEAR_GATE) readonly buffer Gate { float gate[]; };
layout (binding = LINEAR_SCALE) readonly buffer Scale { float scale[]; };
layout (binding = LINEAR_RESIDUAL) readonly buffer Residual { float residual[]; };
layout (binding = LINEAR_Y) writeonly buffer Y { float y[]; };
layout (push_constant) uniform Push { LinearPush p; };

const uint x_stride = tile_rows + 1, w_stride = tile_columns + 1;
const uint columns_apart = tile_columns / thread_columns;       // of one thread's
shared float x_tile[tile_inner * (tile_rows + 1)];
shared float w_tile[tile_inner * (tile_columns + 1)];

#include "act.glsl"

void
load_vectors (uint first_row, uint first_column, uint k)
{
  const uint slices = tile_inner / 4;
  for (uint i = gl_LocalInvocationIndex; i < tile_rows * slices; i += gl_WorkGroupSize.x) {
    const uint row = i / slices, at = i % slices * 4;
    const bool inside = first_row + row < p.rows && k + at < p.inner;
    const vec4 value = inside ? x4[((first_row + row) * p.inner + k + at) / 4] : vec4 (0);
    for (uint j = 0; j < 4; j++)
      x_tile[(at + j) * x_stride + row] = value[j];
  }
  for (uint i = gl_LocalInvocationIndex; i < tile_columns * slices; i += gl_WorkGroupSize.x) {
    const uint column = i / slices, at = i % slices * 4;
    const bool inside = first_column + column < p.columns && k + at < p.inner;
    const vec4 value = inside ? w4[((first_column + column) * p.inner + k + at) / 4] : vec4 (0);
    for (uint j = 0; j < 4; j++)
      w_tile[(at + j) * w_stride + column] = value[j];
  }
}

void
load_floats (uint first_row, uint first_column, uint k)
{
  for (uint i = gl_LocalInvocationIndex; i < tile_rows * tile_inner; i += gl_WorkGroupSize.x) {
    const uint row = i / tile_inner, at = i % tile_inner;
    const bool inside = first_row + row < p.rows && k + at < p.inner;
    x_tile[at * x_stride + row] = inside ? x[(first_row + row) * p.inner + k + at] : 0;
  }
  for (uint i = gl_LocalInvocationIndex; i < tile_columns * tile_inner; i += gl_WorkGroupSize.x) {
    const uint column = i / tile_inner, at = i % tile_inner;
    const bool inside = first_column + column < p.columns && k + at < p.inner;
    w_tile[at * w_stride + column] = inside ? w[(first_column + column) * p.inner + k + at] : 0;
  }
}

void
store (uint row, uint column, float sum)
{
  const uint at = row * p.y_width + column;
  if ((parts & LINEAR_HAS_B) != 0)
    sum += b[column];
  sum = activate (act, sum);
  if ((parts & LINEAR_HAS_GATE) != 0)
    sum *= gate[at];
  sum *= p.alpha;
  if ((parts & LINEAR_HAS_SCALE) != 0)
    sum *= scale[column];
  if ((parts & LINEAR_HAS_RESIDUAL) != 0)
    sum += residual[at];
  y[at] = sum;
}

void
main ()
{
  const uint first_row = gl_WorkGroupID.y * tile_rows, first_column = gl_WorkGroupID.x * tile_columns;
  const uint my_row = gl_LocalInvocationIndex / columns_apart * thread_rows;
  const uint my_column = gl_LocalInvocationIndex % columns_apart;
  float sums[thread_rows * thread_columns];

  for (uint i = 0; i < thread_rows * thread_columns; i++)
    sums[i] = 0;
  for (uint k = 0; k < p.inner; k += tile_inner) {
    barrier ();
    if (vectors != 0)
      load_vectors (first_row, first_column, k);
    else
      load_floats (first_row, first_column, k);
    barrier ();
    for (uint j = 0; j < tile_inner; j++) {
      float from_w[thread_columns];
      for (uint c = 0; c < thread_columns; c++)
        from_w[c] = w_tile[j * w_stride + my_column + c * columns_apart];
      for (uint r = 0; r < thread_rows; r++) {
        const float from_x = x_tile[j * x_stride + my_row + r];
        for (uint c = 0; c < thread_columns; c++)
          sums[r * thread_columns + c] += from_x * from_w[c];
      }
    }
  }
  for (uint r = 0; r < thread_rows; r++)
    for (uint c = 0; c < thread_columns; c++) {
      const uint row = first_row + my_row + r, column = first_column + my_column + c * columns_apart;
      if (row < p.rows && column < p.columns)
        store (row, p.first_column + column, sums[r * thread_columns + c]);
    }
}
