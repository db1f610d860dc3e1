/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tile of the matrix product: TILE_ROWS × TILE_VECTORS vectors of sums held
 * in registers while k runs. */
#pragma once
#include "simd.h"
#include "tile-shape.h"
#include "transpose.h"

/* a (r, k) = a[r · a_row + k · a_column]; one of the two is 1 in each use, m and the
 * number of vectors are constants, so that every loop over rows and vectors unrolls. */
INLINE void
tile_of (const guint m, const guint vectors, guint k, const float *a, gsize a_row, gsize a_column,
    const float *b, gsize b_step, const float *bias, float *c, gsize c_step)
{
  vf sums[TILE_ROWS][TILE_VECTORS];
  bias = bias ? bias : no_bias;
  UNROLL
  for (guint r = 0; r < m; r++)
    UNROLL
    for (guint v = 0; v < vectors; v++)
      sums[r][v] = vf_load (bias + v * VW);

  for (guint i = 0; i < k; i++) {
    vf row[TILE_VECTORS];
    UNROLL
    for (guint v = 0; v < vectors; v++)
      row[v] = vf_load (b + v * VW);
    prefetch_weights (m, b, TILE_COLUMNS * sizeof *b);
    UNROLL
    for (guint r = 0; r < m; r++) {
      const vf x = vf_set (a[r * a_row]);
      UNROLL
      for (guint v = 0; v < vectors; v++)
        sums[r][v] = vf_fma (x, row[v], sums[r][v]);
    }
    a += a_column;
    b += b_step;
  }

  UNROLL
  for (guint r = 0; r < m; r++)
    UNROLL
    for (guint v = 0; v < vectors; v++)
      vf_store (c + r * c_step + v * VW, sums[r][v]);
}

static void
tile (guint m, guint n, guint k, const float *a, gsize a_step, const float *b, gsize b_step,
    const float *bias, float *c, gsize c_step)
{
  if (n % VW) {
    float whole[TILE_ROWS * TILE_COLUMNS];
    tile (m, vectors_of (n) * VW, k, a, a_step, b, b_step, bias, whole, TILE_COLUMNS);
    store_columns (whole, m, n, NULL, c, c_step);
    return;
  }
  switch (SHAPE (m, n / VW)) {
#define X(rows, vectors)                                                                \
    case SHAPE (rows, vectors):                                                         \
      tile_of (rows, vectors, k, a, 1, a_step, b, b_step, bias, c, c_step);             \
      break;
    EACH_SHAPE (X)
#undef X
  }
}

static void
tile_by_rows (guint m, guint n, guint k, const float *a, gsize a_step, const float *b, gsize b_step,
    const float *bias, float *c, gsize c_step)
{
  if (n % VW) {
    float whole[TILE_ROWS * TILE_COLUMNS];
    tile_by_rows (m, vectors_of (n) * VW, k, a, a_step, b, b_step, bias, whole, TILE_COLUMNS);
    store_columns (whole, m, n, NULL, c, c_step);
    return;
  }
  switch (SHAPE (m, n / VW)) {
#define X(rows, vectors)                                                                \
    case SHAPE (rows, vectors):                                                         \
      tile_of (rows, vectors, k, a, a_step, 1, b, b_step, bias, c, c_step);             \
      break;
    EACH_SHAPE (X)
#undef X
  }
}

static void
softmax_block (float *scores, guint keys, guint columns, float scale, GptVisSoftmax *state)
{
  for (guint j = 0; j < columns; j += VW)
    softmax_column (scores + j, keys, TILE_COLUMNS, scale, state, j);
}

static void
blend_block (guint m, guint n, const float *c, gsize c_step, const float *before, float *y, gsize y_step)
{
  for (guint r = 0; r < m; r++)
    for (guint i = 0; i < n; i += VW) {
      float *at = y + r * y_step + i;
      vf_store (at, vf_fma (vf_load (at), vf_set (before[r]), vf_load (c + r * c_step + i)));
    }
}

#define TIER(NAME, BLAS)                        \
  const GptVisTier gptvis_tier_##NAME = {       \
    .name = #NAME,                              \
    .tile_rows = TILE_ROWS,                     \
    .tile_columns = TILE_COLUMNS,               \
    .tile = tile,                               \
    .tile_by_rows = tile_by_rows,               \
    .blas = BLAS,                               \
    .int8_group = GROUP,                        \
    .int8_slice = INT8_SLICE,                   \
    .int8_side_by_side = SIDE_BY_SIDE,          \
    .mix = mix,                                 \
    .quantise = quantise,                       \
    .tile_int8 = tile_int8,                     \
    .activate = ACTIVATIONS,                    \
    .activate_narrow = NARROW_ACTIVATIONS,      \
    .finish = finish,                           \
    .divide_rows = divide_rows,                 \
    .transpose = transpose,                     \
    .norm = norm,                               \
    .softmax_block = softmax_block,             \
    .blend_block = blend_block,                 \
    .dots = dots,                               \
    .blend = blend,                             \
    .softmax = softmax,                         \
    .log_softmax = log_softmax,                 \
    .sigmoid = sigmoid,                         \
    .sum_bytes = sum_bytes,                     \
    .sum_words = sum_words,                     \
    .pick = pick,                               \
    .resize_rows = resize_rows,                 \
    .mix_rows = mix_rows,                       \
  }
