// SPDX-License-Identifier: LGPL-2.1-or-later
// What shaders of linear share whose workgroups make a tile of y, and each thread of that fours of
// rows times fours of columns. Slices of x and W lie in shared memory turned, so that one read
// gives four rows or columns: TILE, a vector; DEPTH of these are a slice; MULTIPLY (a, b) makes the
// products of one row of x and four columns.
layout (constant_id = SPEC_A) const uint tile_rows = 64;
layout (constant_id = SPEC_B) const uint tile_columns = 64;
layout (constant_id = SPEC_C) const uint tile_inner = 16;
layout (constant_id = SPEC_D) const uint thread_rows4 = 1;      // in fours
layout (constant_id = SPEC_E) const uint thread_columns4 = 1;
#include "linear.glsl"

// In fours; one more than needed, so that what is written column by column falls into different banks.
const uint x_stride = tile_rows / 4 + 1, w_stride = tile_columns / 4 + 1;
const uint n_sums = thread_rows4 * 4 * thread_columns4;         // of a thread, in fours
const uint threads_across = tile_columns / 4 / thread_columns4, threads_down = tile_rows / 4 / thread_rows4;
shared TILE x_tile[DEPTH * (tile_rows / 4 + 1)];
shared TILE w_tile[DEPTH * (tile_columns / 4 + 1)];

vec4 sums[n_sums];              // of this thread, of columns

// The thread's r-th row and c-th column of the tile.
uint
row_of (uint r)
{
  return (gl_LocalInvocationIndex / threads_across + r / 4 * threads_down) * 4 + r % 4;
}

uint
column_of (uint c)
{
  return (gl_LocalInvocationIndex % threads_across + c / 4 * threads_across) * 4 + c % 4;
}

// Of the l-th column of both tiles, to each of the thread's sums.
#define ADD_PRODUCTS(sums, l) { \
  TILE from_w[thread_columns4]; \
  [[unroll]] for (uint c = 0; c < thread_columns4; c++) \
    from_w[c] = w_tile[(l) * w_stride + column_of (4 * c) / 4]; \
  [[unroll]] for (uint r = 0; r < thread_rows4; r++) { \
    const TILE from_x = x_tile[(l) * x_stride + row_of (4 * r) / 4]; \
    [[unroll]] for (uint i = 0; i < 4; i++) \
      [[unroll]] for (uint c = 0; c < thread_columns4; c++) \
        sums[(r * 4 + i) * thread_columns4 + c] += MULTIPLY (from_x[i], from_w[c]); \
  } \
}

void
store_tile (uint first_row, uint first_column)
{
  [[unroll]] for (uint r = 0; r < thread_rows4 * 4; r++)
    [[unroll]] for (uint c = 0; c < thread_columns4 * 4; c++) {
      const uint row = first_row + row_of (r), column = first_column + column_of (c);
      if (row < p.rows && column < p.columns)
        store (row, p.first_column + column, sums[r * thread_columns4 + c / 4][c % 4]);
    }
}
