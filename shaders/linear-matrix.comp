// SPDX-License-Identifier: LGPL-2.1-or-later
// linear with cooperative matrices: x and W as halves, sums as floats; of bytes, W's are whole
// numbers until the end. A workgroup makes a tile
// of y, each of its subgroups a part of that; while a slice of x and W in shared memory is
// multiplied, the next one is on its way into registers. W is [columns, inner], which a matrix
// reads by columns.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "shared.h"

layout (constant_id = SPEC_A) const uint tile_rows = 64;
layout (constant_id = SPEC_B) const uint tile_columns = 64;
layout (constant_id = SPEC_C) const uint tile_inner = 32;
layout (constant_id = SPEC_D) const uint part_rows = 32;        // of a subgroup
layout (constant_id = SPEC_E) const uint part_columns = 32;
#include "matrix.glsl"
#include "linear.glsl"
#ifdef INT8
#define W_STEP(column) (w_largest (column) / 127)
#else
#define W_STEP(column) 1
#endif

const uint stride = MATRIX_STRIDE (tile_inner), fours = tile_inner / 4;
const uint parts_across = tile_columns / part_columns, n_parts = tile_rows / part_rows * parts_across;
const uint down = part_rows / matrix_rows, across = part_columns / matrix_columns;     // matrices of a part
const uint matrix_size = matrix_rows * matrix_columns;
const uint thread_x = (tile_rows * fours + gl_WorkGroupSize.x - 1) / gl_WorkGroupSize.x;
const uint thread_w = (tile_columns * fours + gl_WorkGroupSize.x - 1) / gl_WorkGroupSize.x;
shared uvec2 x_tile[tile_rows * MATRIX_STRIDE (tile_inner)];
shared uvec2 w_tile[tile_columns * MATRIX_STRIDE (tile_inner)];
shared float finished[tile_rows / part_rows * (tile_columns / part_columns) * matrix_rows * matrix_columns];

// Of this thread: the slice that comes next.
uvec2 next_x[thread_x], next_w[thread_w];

void
fetch (uint first_row, uint first_column, uint k)
{
  [[unroll]] for (uint i = 0; i < thread_x; i++) {
    const uint at = gl_LocalInvocationIndex + i * gl_WorkGroupSize.x, row = first_row + at / fours;
    next_x[i] = row < p.rows ? words_of (load_x (row, k + at % fours * 4)) : uvec2 (0);
  }
  [[unroll]] for (uint i = 0; i < thread_w; i++) {
    const uint at = gl_LocalInvocationIndex + i * gl_WorkGroupSize.x, column = first_column + at / fours;
    next_w[i] = column < p.columns ? load_w_words (column, k + at % fours * 4) : uvec2 (0);
  }
}

void
put ()
{
  [[unroll]] for (uint i = 0; i < thread_x; i++) {
    const uint at = gl_LocalInvocationIndex + i * gl_WorkGroupSize.x;
    if (at < tile_rows * fours)
      x_tile[at / fours * stride + at % fours] = next_x[i];
  }
  [[unroll]] for (uint i = 0; i < thread_w; i++) {
    const uint at = gl_LocalInvocationIndex + i * gl_WorkGroupSize.x;
    if (at < tile_columns * fours)
      w_tile[at / fours * stride + at % fours] = next_w[i];
  }
}

void
main ()
{
  const uint first_row = gl_WorkGroupID.y * tile_rows, first_column = gl_WorkGroupID.x * tile_columns;
  const uint part_row = gl_SubgroupID / parts_across * part_rows;
  const uint part_column = gl_SubgroupID % parts_across * part_columns;
  MATRIX_SUM sums[down * across];

  [[unroll]] for (uint i = 0; i < down * across; i++)
    sums[i] = MATRIX_SUM (0);
  fetch (first_row, first_column, 0);
  for (uint k = 0; k < p.inner; k += tile_inner) {
    barrier ();
    put ();
    barrier ();
    if (k + tile_inner < p.inner)
      fetch (first_row, first_column, k + tile_inner);
    [[unroll]] for (uint j = 0; j < tile_inner; j += matrix_inner) {
      MATRIX_A from_x[down];
      [[unroll]] for (uint r = 0; r < down; r++)
        LOAD_BY_ROWS (from_x[r], x_tile, (part_row + r * matrix_rows) * stride + j / 4, stride);
      [[unroll]] for (uint c = 0; c < across; c++) {
        MATRIX_B from_w;
        LOAD_BY_COLUMNS (from_w, w_tile, (part_column + c * matrix_columns) * stride + j / 4, stride);
        [[unroll]] for (uint r = 0; r < down; r++)
          sums[r * across + c] = MULTIPLY_ADD (from_x[r], from_w, sums[r * across + c]);
      }
    }
  }
  [[unroll]] for (uint i = 0; i < down * across; i++) {
    const uint row = first_row + part_row + i / across * matrix_rows;
    const uint column = first_column + part_column + i % across * matrix_columns;
    barrier ();
    STORE_BY_ROWS (sums[i], finished, gl_SubgroupID * matrix_size, matrix_columns);
    barrier ();
    for (uint e = gl_SubgroupInvocationID; e < matrix_size; e += gl_SubgroupSize)
      if (row + e / matrix_columns < p.rows && column + e % matrix_columns < p.columns)
        store (row + e / matrix_columns, p.first_column + column + e % matrix_columns,
            finished[gl_SubgroupID * matrix_size + e] * W_STEP (column + e % matrix_columns));
  }
}
