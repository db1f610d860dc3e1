/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taps: along one axis, which samples make up each output, and how much of each.
 * Pillow's antialiased filters: a filter's support grows with the reduction. */
#pragma once
#include "picture.h"

G_BEGIN_DECLS

#define GPTVIS_TAPS_SHIFT 22    /* whole coefficients have so many bits behind the point, as Pillow's */

typedef struct {
  guint n;                      /* outputs */
  guint most;                   /* taps of an output at most; what an output lacks is 0 */
  gint *first;                  /* [n] index of its first sample, all taps lie within the axis */
  guint *count;                 /* [n] how many */
  float *parts;                 /* [n, most], sum of each 1 */
  gint32 *whole;                /* [n, most], the same · 2^22, rounded */
} GptVisTaps;

/* Taps of outputs first_out … first_out + n − 1 (which may lie outside: those have
 * count 0) of an axis of `size` samples scaled by 1 / `scale` (samples an output);
 * output x has its centre at sample coordinate (x + 0.5) · scale + shift, where
 * sample i covers i … i + 1. n_out is how many outputs the whole axis has. */
void gptvis_taps_make (GptVisTaps * taps, GptVisFilter filter, guint size, gdouble scale, gdouble shift, gint first_out, guint n, guint n_out);
void gptvis_taps_clear (GptVisTaps * taps);

G_END_DECLS
