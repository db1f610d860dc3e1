// SPDX-License-Identifier: LGPL-2.1-or-later
// linear with dot products of bytes: W's bytes as they lie, and x as bytes too. While a slice of
// LINEAR_SLICE columns is multiplied, the next is on its way into registers; each row's part of it
// then becomes bytes, −127 to 127, in parts of its own largest. What a slice's products sum up to
// is a whole number, exact; from slice to slice floats are summed, always the same ones, whatever
// the tile. A scale for each slice, and not for a row: a column far larger than the others, as
// transformers have them, costs its slice alone.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_spirv_intrinsics : require
#include "shared.h"

// OpSDot, with SPIR-V's capabilities DotProductInput4x8BitPacked and DotProduct; the format is
// PackedVectorFormat4x8Bit, four signed bytes in a word, the first in its lowest bits.
spirv_instruction (extensions = ["SPV_KHR_integer_dot_product"], capabilities = [6018, 6019], id = 4450)
int dot_product (int a, int b, spirv_literal int format);
#define DOT(a, b) dot_product (a, b, 0)

const uint fours = LINEAR_SLICE / 4;
#define TILE ivec4              // each of four bytes, one behind the other in k
#define DEPTH fours
#define MULTIPLY(a, b) ivec4 (DOT (a, (b).x), DOT (a, (b).y), DOT (a, (b).z), DOT (a, (b).w))
#include "tile.glsl"

shared uvec4 largest[tile_rows * fours / 4];    // magnitudes' bits, of each four of the next slice of x
shared vec4 steps[tile_rows / 4];               // what 1 is in the bytes of x, of each row

// Of this thread: the slice that comes next.
const uint thread_x = tile_rows * fours / gl_WorkGroupSize.x;
const uint thread_w = tile_columns * fours / gl_WorkGroupSize.x;
vec4 next_x[thread_x];
uint next_w[thread_w];

// Bits of a float that is no number are larger than those of any that is: it stays the largest.
uint
largest_of (uvec4 bits)
{
  return max (max (bits.x, bits.y), max (bits.z, bits.w));
}

void
fetch (uint first_row, uint first_column, uint k)
{
  [[unroll]] for (uint i = 0; i < thread_x; i++) {
    const uint at = gl_LocalInvocationIndex + i * gl_WorkGroupSize.x, row = first_row + at / fours;
    next_x[i] = row < p.rows ? load_x (row, k + at % fours * 4) : vec4 (0);
    largest[at / 4][at % 4] = largest_of (floatBitsToUint (abs (next_x[i])));
  }
  [[unroll]] for (uint i = 0; i < thread_w; i++) {
    const uint at = gl_LocalInvocationIndex + i * gl_WorkGroupSize.x, column = first_column + at / fours;
    next_w[i] = column < p.columns ? load_w_word (column, k + at % fours * 4) : 0;
  }
}

// Added to it, a number is rounded to a whole one, which is the float's lowest bits: 1.5 · 2²³. Many
// devices convert at a quarter of the speed at which they add.
const float whole = 12582912;

int
bytes_of (vec4 x)
{
  const uvec4 bytes = floatBitsToUint (x + whole) & 255;
  return int (bytes.x | bytes.y << 8 | bytes.z << 16 | bytes.w << 24);
}

void
put ()
{
  [[unroll]] for (uint i = 0; i < thread_x; i++) {
    const uint at = gl_LocalInvocationIndex + i * gl_WorkGroupSize.x, row = at / fours;
    uvec4 bits = uvec4 (0);
    [[unroll]] for (uint j = 0; j < fours / 4; j++)
      bits = max (bits, largest[row * (fours / 4) + j]);
    const float most = uintBitsToFloat (largest_of (bits));
    const float factor = most >= LINEAR_LEAST ? 127 / most : 0;
    x_tile[at % fours * x_stride + row / 4][row % 4] = bytes_of (next_x[i] * factor);
    if (at % fours == 0)
      steps[row / 4][row % 4] = most / 127;
  }
  [[unroll]] for (uint i = 0; i < thread_w; i++) {
    const uint at = gl_LocalInvocationIndex + i * gl_WorkGroupSize.x, column = at / fours;
    w_tile[at % fours * w_stride + column / 4][column % 4] = int (next_w[i]);
  }
}

void
main ()
{
  const uint first_row = gl_WorkGroupID.y * tile_rows, first_column = gl_WorkGroupID.x * tile_columns;

  [[unroll]] for (uint i = 0; i < n_sums; i++)
    sums[i] = vec4 (0);
  fetch (first_row, first_column, 0);
  for (uint k = 0; k < p.inner; k += LINEAR_SLICE) {
    barrier ();
    put ();
    barrier ();
    if (k + LINEAR_SLICE < p.inner)
      fetch (first_row, first_column, k + LINEAR_SLICE);
    ivec4 partial[n_sums];      // that much more than the sums, so that they can be read as floats
    [[unroll]] for (uint i = 0; i < n_sums; i++)
      partial[i] = ivec4 (floatBitsToInt (whole));
    for (uint l = 0; l < fours; l++)
      ADD_PRODUCTS (partial, l)
    [[unroll]] for (uint r = 0; r < thread_rows4 * 4; r++) {
      const float step = steps[row_of (r) / 4][r % 4];
      [[unroll]] for (uint i = r * thread_columns4; i < (r + 1) * thread_columns4; i++)
        sums[i] = fma (vec4 (step), intBitsToFloat (partial[i]) - whole, sums[i]);
    }
  }
  [[unroll]] for (uint c = 0; c < thread_columns4 * 4; c++) {
    const uint column = first_column + column_of (c);
    const float step = column < p.columns ? w_largest (column) / 127 : 0;
    [[unroll]] for (uint r = 0; r < thread_rows4 * 4; r++)
      sums[r * thread_columns4 + c / 4][c % 4] *= step;
  }
  store_tile (first_row, first_column);
}
