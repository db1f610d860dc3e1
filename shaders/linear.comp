// SPDX-License-Identifier: LGPL-2.1-or-later
// linear: y = alpha · (act (x·Wᵀ + b) ⊙ gate) × scale + residual. A workgroup makes a
// tile of y; slices of x and W pass through shared memory, turned so that the inner
// loop reads four rows or columns at once. W is [columns, inner] as the checkpoint has it: a
// slice is read in runs of at least 64 bytes. With PACKED the tiles are halves, and so are sums of
// eight products, two to an instruction, before they go into floats: what that rounds away is at
// most (2 + 8) 2⁻¹¹ = 4.9e-3 of the sum of the products' magnitudes.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#ifdef PACKED
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#define TILE f16vec4
#define FROM_X(x) f16vec4 (clamp (x, -65504, 65504))
const uint chunk = 8;           // products that are summed as halves
#else
#define TILE vec4
#define FROM_X(x) x
#endif
#define DEPTH tile_inner
#define MULTIPLY(a, b) ((a) * (b))
#include "shared.h"
#include "tile.glsl"

void
load_tiles (uint first_row, uint first_column, uint k)
{
  const uint slices = tile_inner / 4;
  for (uint i = gl_LocalInvocationIndex; i < tile_rows * slices; i += gl_WorkGroupSize.x) {
    const uint row = i / slices, at = i % slices * 4;
    const TILE value = first_row + row < p.rows ? FROM_X (load_x (first_row + row, k + at)) : TILE (0);
    [[unroll]] for (uint j = 0; j < 4; j++)
      x_tile[(at + j) * x_stride + row / 4][row % 4] = value[j];
  }
  for (uint i = gl_LocalInvocationIndex; i < tile_columns * slices; i += gl_WorkGroupSize.x) {
    const uint column = i / slices, at = i % slices * 4;
    const TILE value = first_column + column < p.columns ? TILE (load_w (first_column + column, k + at))
        : TILE (0);
    [[unroll]] for (uint j = 0; j < 4; j++)
      w_tile[(at + j) * w_stride + column / 4][column % 4] = value[j];
  }
}

void
main ()
{
  const uint first_row = gl_WorkGroupID.y * tile_rows, first_column = gl_WorkGroupID.x * tile_columns;

  [[unroll]] for (uint i = 0; i < n_sums; i++)
    sums[i] = vec4 (0);
  for (uint k = 0; k < p.inner; k += tile_inner) {
    barrier ();
    load_tiles (first_row, first_column, k);
    barrier ();
#ifdef PACKED
    for (uint j = 0; j < tile_inner; j += chunk) {
      f16vec4 partial[n_sums];
      [[unroll]] for (uint i = 0; i < n_sums; i++)
        partial[i] = f16vec4 (0);
      [[unroll]] for (uint l = j; l < j + chunk; l++)
        ADD_PRODUCTS (partial, l)
      [[unroll]] for (uint i = 0; i < n_sums; i++)
        sums[i] += vec4 (partial[i]);
    }
#else
    for (uint j = 0; j < tile_inner; j++)
      ADD_PRODUCTS (sums, j)
#endif
  }
  store_tile (first_row, first_column);
}
