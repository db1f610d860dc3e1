/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taps: along one axis, which samples make up each output, and how much of each.
 * Pillow's antialiased filters: a filter's support grows with the reduction. */
#pragma once
#include "picture.h"

G_BEGIN_DECLS

#define GPTVIS_TAPS_SHIFT 22    /* whole coefficients have so many bits behind the point, as Pillow's */

typedef struct {
  guint n;                      /* outputs */
  /* taps of an output at most, up to a multiple of 4; what an output lacks is 0 */
  guint most;
  gint *first;                  /* [n] index of its first sample, all taps lie within the axis */
  guint *count;                 /* [n] how many */
  float *parts;                 /* [n, most], sum of each 1 */
  gint32 *whole;                /* [n, most], the same · 2^22, rounded */
  gint16 *narrow;               /* [n, most], the same / unit, rounded; NULL without gptvis_taps_narrow */
  float *unit;                  /* [n] */
} GptVisTaps;

/* Taps of outputs first_out … first_out + n − 1 (which may lie outside: those have
 * count 0) when an axis of `size` samples is resized to n_out. */
void gptvis_taps_make (GptVisTaps *taps, GptVisFilter filter, guint size, guint n_out, gint first_out,
    guint n);

/* The same as the recipe has them: its filter, or between the nearest samples. */
void gptvis_taps_make_for (
    GptVisTaps *taps, const GptVisRecipe *recipe, guint size, guint n_out, gint first_out, guint n);

/* Turns taps on an axis into taps on the samples of a component that has half as
 * many: what one gets by first bringing those to the full grid linearly, as
 * decoders do, then applying the taps. `left`: they lie on every other sample of
 * the full grid, else between two. */
void gptvis_taps_halve (GptVisTaps *taps, guint size, gboolean left);

/* Adds `narrow`, in units as small as 16 bits and sums of GPTVIS_TAPS_NARROW_SUM allow; what rounding takes
 * from one part is given to the next. The unit of an output is 0 where that would not do: where a part is so
 * large that half a unit of it shows. */
void gptvis_taps_narrow (GptVisTaps *taps);

/* Σ |narrow| of an output at most: times 1023 it fits into 31 bits */
#define GPTVIS_TAPS_NARROW_SUM (1 << 20)

void gptvis_taps_clear (GptVisTaps *taps);

G_END_DECLS
