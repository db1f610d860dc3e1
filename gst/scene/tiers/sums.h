/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A picture's samples summed to cells, and cells blurred; for tier.h, whose words say what each does. */
#pragma once
#include "../tier.h"
#include "cpu/tiers/simd.h"

enum { LINE = 64 };             /* bytes of a line of the caches */

typedef guint64 Pack __attribute__ ((vector_size (4 * VW)));
typedef guint64 PackUnaligned __attribute__ ((vector_size (4 * VW), aligned (1), may_alias));

/* Each two neighbours of 16 bits, added. */
INLINE Pack
add_neighbours (Pack words)
{
  const Pack low = (words & 0) + G_GUINT64_CONSTANT (0x0000ffff0000ffff);
  return (words & low) + (words >> 16 & low);
}

/* The sums of a vector's columns: of all samples, or of the even and the odd by themselves. Sixteen bits hold
 * those of four rows. */
INLINE void
sum_pack (const guint8 *const at[GPTVIS_CELL_ROWS], guint rows, gsize byte, GptVisPack kind, guint shift,
    Pack *even, Pack *odd)
{
  Pack sums = { 0 }, others = { 0 };
  for (guint i = 0; i < rows; i++) {
    const Pack x = *(const PackUnaligned *) (at[i] + byte);
    const Pack low = (x & 0) + G_GUINT64_CONSTANT (0x00ff00ff00ff00ff);
    if (kind <= GPTVIS_PACK_PAIRS) {
      sums += x & low;
      others += x >> 8 & low;
    } else
      sums += x >> shift & low;
  }
  if (kind == GPTVIS_PACK_PAIRS_OF_WORDS) {
    const Pack low = (sums & 0) + G_GUINT64_CONSTANT (0x0000ffff0000ffff);
    *even = sums & low;
    *odd = sums >> 16 & low;
  } else if (kind == GPTVIS_PACK_PAIRS) {
    *even = add_neighbours (sums);
    *odd = add_neighbours (others);
  } else
    *even = add_neighbours (sums + others);
}

/* A row of cells: each 32 bits' sums to `even` and, of pairs, `odd`: [bytes / 4]. What is `next` bytes later
 * will be read soon. */
INLINE void
sum_kind (const guint8 *const at[GPTVIS_CELL_ROWS], guint rows, gssize next, gsize bytes, GptVisPack kind,
    guint shift, gint32 *even, gint32 *odd)
{
  const gboolean pairs = kind == GPTVIS_PACK_PAIRS || kind == GPTVIS_PACK_PAIRS_OF_WORDS;
  gsize i = 0;
  for (; i + 4 * VW <= bytes; i += 4 * VW) {
    for (guint row = 0; i % LINE == 0 && row < rows; row++)
      __builtin_prefetch ((gconstpointer) ((guintptr) at[row] + next + i), 0, 3);
    Pack a, b;
    sum_pack (at, rows, i, kind, shift, &a, &b);
    memcpy (even + i / 4, &a, sizeof a);
    if (pairs)
      memcpy (odd + i / 4, &b, sizeof b);
  }
  if (i == bytes)
    return;
  guint8 rest[GPTVIS_CELL_ROWS][4 * VW] = { 0 };    /* nothing past the row is read */
  const guint8 *at_rest[GPTVIS_CELL_ROWS];
  for (guint row = 0; row < rows; row++)
    at_rest[row] = memcpy (rest[row], at[row] + i, bytes - i);
  Pack a, b;
  sum_pack (at_rest, rows, 0, kind, shift, &a, &b);
  memcpy (even + i / 4, &a, bytes - i);
  if (pairs)
    memcpy (odd + i / 4, &b, bytes - i);
}

static void
sum (const guint8 *const at[GPTVIS_CELL_ROWS], guint rows, gssize next, gsize bytes, GptVisPack kind,
    guint shift, gint32 *even, gint32 *odd)
{
  switch (kind) {
    case GPTVIS_PACK_BYTES:
      sum_kind (at, rows, next, bytes, GPTVIS_PACK_BYTES, 0, even, NULL);
      break;
    case GPTVIS_PACK_PAIRS:
      sum_kind (at, rows, next, bytes, GPTVIS_PACK_PAIRS, 0, even, odd);
      break;
    case GPTVIS_PACK_WORDS:
      sum_kind (at, rows, next, bytes, GPTVIS_PACK_WORDS, shift, even, NULL);
      break;
    case GPTVIS_PACK_PAIRS_OF_WORDS:
      sum_kind (at, rows, next, bytes, GPTVIS_PACK_PAIRS_OF_WORDS, shift, even, odd);
  }
}

/* Every other of two vectors, from the s-th on. */
#define OTHER(i, s) (2 * (i) + (s))

INLINE vi
vi_load (const gint32 *p)
{
  return *(const vi_unaligned *) p;
}

/* Whole vectors of pairs of sums; returns where they end. */
INLINE gsize
mean_of_pairs (const gint32 *sums, float scale, float shift, float *to, guint width)
{
  gsize x = 0;
  for (; x + VW <= width; x += VW) {
    const vi a = vi_load (sums + 2 * x), b = vi_load (sums + 2 * x + VW);
    const vi first = __builtin_shufflevector (a, b, EACH_LANE (OTHER, 0));
    const vi second = __builtin_shufflevector (a, b, EACH_LANE (OTHER, 1));
    vf_store (to + x, __builtin_convertvector (first + second, vf) * vf_set (scale) + vf_set (shift));
  }
  return x;
}

static void
mean (const gint32 *sums, gsize count, float scale, float shift, float *to, guint width)
{
  if (count == 1)
    for (gsize x = 0; x < width; x++)
      to[x] = sums[x] * scale + shift;
  else if (count == 2)
    for (gsize x = mean_of_pairs (sums, scale, shift, to, width); x < width; x++)
      to[x] = (sums[2 * x] + sums[2 * x + 1]) * scale + shift;
  else
    for (gsize x = 0; x < width; x++, sums += count) {
      gint32 sum = 0;
      for (gsize i = 0; i < count; i++)
        sum += sums[i];
      to[x] = sum * scale + shift;
    }
}

/* (before + 2 · middle + after) / 4 */
INLINE vf
weigh (vf before, vf middle, vf after)
{
  return ((before + after) * 0.5f + middle) * 0.5f;
}

/* Whole vectors of a row, so what is past its end is written too; the border is made after that. */
static void
blur (const GptVisCells *cells, const float *plain, float *array)
{
  const gsize stride = cells->stride;
  float *row = cells->row;
  for (guint r = 1; r <= cells->height; r++) {
    const float *at = plain + r * stride;
    for (gsize x = 0; x < stride; x += VW)
      vf_store (row + x, weigh (vf_load (at + x - stride), vf_load (at + x), vf_load (at + x + stride)));
    for (gsize x = 0; x < cells->width; x += VW)
      vf_store (array + r * stride + 1 + x,
          weigh (vf_load (row + x), vf_load (row + x + 1), vf_load (row + x + 2)));
  }
}
