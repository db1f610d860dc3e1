/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words of 32 bits, floats or pairs, transposed in squares of a vector's width. */
#pragma once
#include "simd.h"

typedef gint32 word __attribute__ ((may_alias));

/* Lane l of a where bit `apart` of l is 0, else of b, `apart` lanes before; and the other way round. */
#define LOW(l, apart) ((l) & (apart) ? VW + ((l) ^ (apart)) : (l))
#define HIGH(l, apart) ((l) & (apart) ? VW + (l) : (l) ^ (apart))

/* Of each 2 × 2 squares of `apart` lanes in rows `apart` apart, those off the diagonal change places. */
#define SWAP_SQUARES(v, apart)                                                          \
  UNROLL                                                                                \
  for (guint i_ = 0; i_ < VW; i_++)                                                     \
    if (!(i_ & (apart))) {                                                              \
      const vi low = __builtin_shufflevector (v[i_], v[i_ + apart], EACH_LANE (LOW, apart));    \
      v[i_ + apart] = __builtin_shufflevector (v[i_], v[i_ + apart], EACH_LANE (HIGH, apart));  \
      v[i_] = low;                                                                      \
    }

INLINE void
transpose_square (const word *x, gsize x_step, word *y, gsize y_step)
{
  vi v[VW];
  UNROLL
  for (guint i = 0; i < VW; i++)
    v[i] = *(const vi_unaligned *) (x + i * x_step);
  SWAP_SQUARES (v, 1)
  SWAP_SQUARES (v, 2)
#if VW >= 8
  SWAP_SQUARES (v, 4)
#endif
#if VW >= 16
  SWAP_SQUARES (v, 8)
#endif
  UNROLL
  for (guint i = 0; i < VW; i++)
    *(vi_unaligned *) (y + i * y_step) = v[i];
}

static void
transpose (gconstpointer from, gsize x_step, guint m, guint n, gpointer to, gsize y_step)
{
  const word *x = from;
  word *y = to;
  for (guint i = 0; i < m; i += VW)
    for (guint j = 0; j < n; j += VW)
      if (i + VW <= m && j + VW <= n)
        transpose_square (x + i * x_step + j, x_step, y + j * y_step + i, y_step);
      else
        for (guint r = i; r < MIN (m, i + VW); r++)
          for (guint c = j; c < MIN (n, j + VW); c++)
            y[c * y_step + r] = x[r * x_step + c];
}
