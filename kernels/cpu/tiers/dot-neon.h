/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dot products of tile-int8.h on NEON, where one instruction multiplies a vector of weights with 32 bits
 * of a vector, named by their number: so the 32 bits of four rows are loaded together.
 *
 * i8mm has bytes without a sign times those with one. The older dot product has a sign on both sides: for it
 * the rows' bytes are taken less 128, and so is their zero. Without either they are pairs of 16 bits, as
 * elsewhere; the weights of a vector are sorted as they are loaded, first the pairs' first ones, then their
 * second ones. */
#pragma once
#include "simd.h"

#define ROWS_A_POINTER 4
#define SIDE_BY_SIDE TRUE

INLINE vi
load_rows (const gint32 *a, gsize at)
{
  const vi rows = *(const vi_unaligned *) a;
#if defined (__ARM_FEATURE_DOTPROD) && !defined (__ARM_FEATURE_MATMUL_INT8)
  return rows ^ vi_set ((gint32) 0x80808080);
#else
  return rows;
#endif
}

#if defined (__ARM_FEATURE_DOTPROD)
#define GROUP 4

INLINE vi
zero_of (gint32 zero)
{
#if defined (__ARM_FEATURE_MATMUL_INT8)
  return vi_set (zero);
#else
  return vi_set (zero - 128);
#endif
}

INLINE vi
load_weights (const gint8 *w)
{
  return *(const vi_unaligned *) w;
}

#if defined (__ARM_FEATURE_MATMUL_INT8)
#define DOT(sum, rows, i, w) (vi) vsudotq_laneq_s32 ((int32x4_t) sum, (int8x16_t) w, (uint8x16_t) rows, i)
#else
#define DOT(sum, rows, i, w) (vi) vdotq_laneq_s32 ((int32x4_t) sum, (int8x16_t) w, (int8x16_t) rows, i)
#endif

#else
#define GROUP 2

INLINE vi
zero_of (gint32 zero)
{
  return (vi) {};
}

INLINE vi
load_weights (const gint8 *w)
{
  const int8x8_t v = vld1_s8 (w);
  static const guint8 sorted[8] = { 0, 2, 4, 6, 1, 3, 5, 7 };
  return (vi) vmovl_s8 (vtbl1_s8 (v, vld1_s8 ((const gint8 *) sorted)));
}

#define DOT(sum, rows, i, w) (vi) vmlal_high_laneq_s16 (vmlal_laneq_s16 ((int32x4_t) sum, \
  vget_low_s16 ((int16x8_t) w), (int16x8_t) rows, 2 * i), (int16x8_t) w, (int16x8_t) rows, 2 * i + 1)
#endif

/* i is a constant in each use. */
INLINE vi
dot_row (vi sum, vi rows, guint i, vi w, vi factors)
{
  switch (i) {
    case 0:
      return DOT (sum, rows, 0, w);
    case 1:
      return DOT (sum, rows, 1, w);
    case 2:
      return DOT (sum, rows, 2, w);
    default:
      return DOT (sum, rows, 3, w);
  }
}
