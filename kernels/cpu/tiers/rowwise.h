/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything but the matrix product, once over the vectors of simd.h: a tier
 * includes this and has activations, norm and softmax in its width. */
#pragma once
#include "simd.h"
#include <math.h>

/* y[i] = f (x[i]): whole vectors, then one padded one. */
#define FOR_EACH(x, n, f)                                       \
  do {                                                          \
    guint i_ = 0;                                               \
    for (; i_ + VW <= (n); i_ += VW)                            \
      vf_store ((x) + i_, f (vf_load ((x) + i_)));              \
    if (i_ < (n))                                               \
      vf_store_some ((x) + i_, f (vf_load_some ((x) + i_, (n) - i_, 0)), (n) - i_); \
  } while (0)

/* Rows of a tile together: a row's few vectors would wait for each other alone. */
#define FOR_EACH_ROW(x, m, n, step, f)                          \
  for (guint r_ = 0; r_ < (m); r_++)                            \
    FOR_EACH ((x) + (gsize) r_ * (step), n, f)

/* erf to 3.1e−7: x · P (x²) / Q (x²), fitted by least squares that are weighted again and again
 * until the largest error is least; from 4 on it is 1. A NaN stays one. */
INLINE vf
vf_erf (vf x)
{
  const vi sign = (vi) x & (vi) vf_set (-0.0f);
  const vi saturated = (vf) ((vi) x ^ sign) > vf_set (4.0f);
  const vf u = x * x;
  vf p = vf_set (1.921729975e-8f);
  p = vf_fma (p, u, vf_set (-1.990288638e-6f));
  p = vf_fma (p, u, vf_set (1.555291819e-4f));
  p = vf_fma (p, u, vf_set (4.292743746e-3f));
  p = vf_fma (p, u, vf_set (5.243249238e-2f));
  p = vf_fma (p, u, vf_set (2.139375508e-1f));
  p = vf_fma (p, u, vf_set (1.128378630f));
  vf q = vf_set (1.097962609e-3f);
  q = vf_fma (q, u, vf_set (1.555046532e-2f));
  q = vf_fma (q, u, vf_set (1.207966357e-1f));
  q = vf_fma (q, u, vf_set (5.229248405e-1f));
  q = vf_fma (q, u, vf_set (1.0f));
  const vi one = (vi) vf_set (1.0f) | sign;
  return (vf) ((saturated & one) | (~saturated & (vi) (x * p / q)));
}

INLINE vf
vf_sigmoid (vf x)
{
  const vf one = vf_set (1.0f);
  return one / (one + vf_exp (-x));
}

INLINE vf
vf_gelu (vf x)
{
  return vf_set (0.5f) * x * (vf_set (1.0f) + vf_erf (x * vf_set (0.70710678118654752f)));
}

/* 0.5 · x · (1 + tanh u) = x · sigmoid (2u). */
INLINE vf
vf_gelu_tanh (vf x)
{
  const vf u = x * vf_fma (vf_set (0.044715f * 0.79788456080286536f), x * x, vf_set (0.79788456080286536f));
  return x * vf_sigmoid (u + u);
}

/* x · Φ (x), and as if Φ were GPT-2's with tanh, for what is rounded anyway: Φ − ½ is x · P (x²) up to 4,
 * fitted by least squares of x · Φ that are weighted again and again until the largest error is least,
 * 2.2e−4; beyond it stays what it is there, within 4e−6 of ½. A third of the time of the ones above. */
INLINE vf
vf_gelu_narrow_of (vf x, const float p[7])
{
  const vf most = vf_set (4.0f), near = vf_max (-most, vf_min (most, x)), u = near * near;
  vf sum = vf_set (p[6]);
  UNROLL
  for (guint i = 6; i > 0; i--)
    sum = vf_fma (sum, u, vf_set (p[i - 1]));
  return x * vf_fma (sum, near, vf_set (0.5f));
}

INLINE vf
vf_gelu_narrow (vf x)
{
  static const float p[7] = { 0.397873008f, -0.0645583264f, 0.00876550941f, -0.000812569216f, 4.78038583e-5f,
    -1.59086368e-6f, 2.26284186e-8f };
  return vf_gelu_narrow_of (x, p);
}

INLINE vf
vf_gelu_tanh_narrow (vf x)
{
  static const float p[7] = { 0.397716983f, -0.0646016408f, 0.00882100798f, -0.000824956735f, 4.89849522e-5f,
    -1.64328861e-6f, 2.35193981e-8f };
  return vf_gelu_narrow_of (x, p);
}

INLINE vf
vf_quick_gelu (vf x)
{
  return x * vf_sigmoid (vf_set (1.702f) * x);
}

INLINE vf
vf_relu (vf x)
{
  return vf_max (vf_set (0.0f), x);     /* this order keeps a NaN */
}

INLINE vf
vf_silu (vf x)
{
  return x * vf_sigmoid (x);
}

/* From 1 on 2 · sigmoid (2x) − 1; below, where that would cancel, the fifth convergent of Lambert's continued
 * fraction, good to 1e−7 there. A NaN stays one. */
INLINE vf
vf_tanh (vf x)
{
  const vf u = x * x, far = vf_fma (vf_set (2.0f), vf_sigmoid (x + x), vf_set (-1.0f));
  const vf p = vf_fma (vf_fma (vf_set (1.0f), u, vf_set (105.0f)), u, vf_set (945.0f));
  const vf q = vf_fma (vf_fma (vf_set (15.0f), u, vf_set (420.0f)), u, vf_set (945.0f));
  const vi near = u < vf_set (1.0f);
  return (vf) ((near & (vi) (x * p / q)) | (~near & (vi) far));
}

static void
keep (float *x, guint m, guint n, gsize step)
{
}

static void
gelu (float *x, guint m, guint n, gsize step)
{
  FOR_EACH_ROW (x, m, n, step, vf_gelu);
}

static void
gelu_tanh (float *x, guint m, guint n, gsize step)
{
  FOR_EACH_ROW (x, m, n, step, vf_gelu_tanh);
}

static void
gelu_narrow (float *x, guint m, guint n, gsize step)
{
  FOR_EACH_ROW (x, m, n, step, vf_gelu_narrow);
}

static void
gelu_tanh_narrow (float *x, guint m, guint n, gsize step)
{
  FOR_EACH_ROW (x, m, n, step, vf_gelu_tanh_narrow);
}

static void
quick_gelu (float *x, guint m, guint n, gsize step)
{
  FOR_EACH_ROW (x, m, n, step, vf_quick_gelu);
}

static void
relu (float *x, guint m, guint n, gsize step)
{
  FOR_EACH_ROW (x, m, n, step, vf_relu);
}

static void
silu (float *x, guint m, guint n, gsize step)
{
  FOR_EACH_ROW (x, m, n, step, vf_silu);
}

static void
tangent (float *x, guint m, guint n, gsize step)
{
  FOR_EACH_ROW (x, m, n, step, vf_tanh);
}

static void
sigmoid (float *x, guint n)
{
  FOR_EACH (x, n, vf_sigmoid);
}

#define ACTIVATIONS { keep, gelu, gelu_tanh, quick_gelu, relu, silu, tangent }
#define NARROW_ACTIVATIONS { keep, gelu_narrow, gelu_tanh_narrow, quick_gelu, relu, silu, \
  tangent }

INLINE void
finish_some (float *y, guint i, guint n, const float *gate, float alpha, const float *scale,
    const float *residual)
{
  vf v = n == VW ? vf_load (y + i) : vf_load_some (y + i, n, 0);
  if (gate)
    v *= vf_load (gate + i);
  v *= vf_set (alpha);
  if (scale)
    v *= vf_load (scale + i);
  if (residual)
    v += vf_load (residual + i);
  if (n == VW)
    vf_store (y + i, v);
  else
    vf_store_some (y + i, v, n);
}

static void
finish (float *y, guint n, const float *gate, float alpha, const float *scale, const float *residual)
{
  guint i = 0;
  for (; i + VW <= n; i += VW)
    finish_some (y, i, VW, gate, alpha, scale, residual);
  if (i < n)
    finish_some (y, i, n - i, gate, alpha, scale, residual);
}

static void
divide_rows (const float *x, gsize x_step, guint m, guint n, const float *by, float *y, gsize y_step)
{
  for (guint r = 0; r < m; r++, x += x_step, y += y_step) {
    const vf factor = vf_set (1 / by[r]);
    guint i = 0;
    for (; i + VW <= n; i += VW)
      vf_store (y + i, vf_load (x + i) * factor);
    if (i < n)
      vf_store_some (y + i, vf_load_some (x + i, n - i, 0) * factor, n - i);
  }
}

/* Σ (x[i] − middle), or of its squares (a constant in each use), in some vectors that do not wait for each
 * other. */
#define SUMS 4u

INLINE vf
add_distance (vf sum, vf x, vf middle, const gboolean squared)
{
  const vf distance = x - middle;
  return squared ? vf_fma (distance, distance, sum) : sum + distance;
}

INLINE float
sum_distances (const float *x, guint n, float from, const gboolean squared)
{
  const vf middle = vf_set (from);
  vf sums[SUMS] = {};
  guint i = 0;
  for (; i + SUMS * VW <= n; i += SUMS * VW)
    UNROLL
    for (guint j = 0; j < SUMS; j++)
      sums[j] = add_distance (sums[j], vf_load (x + i + j * VW), middle, squared);
  for (; i + VW <= n; i += VW)
    sums[0] = add_distance (sums[0], vf_load (x + i), middle, squared);
  if (i < n)
    sums[1] = add_distance (sums[1], vf_load_some (x + i, n - i, from), middle, squared);
  return vf_sum ((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

/* Mean first, then the variance around it: no cancellation. */
static void
norm (const float *x, const float *weight, const float *bias, float epsilon, float *y, guint n)
{
  const float mean = sum_distances (x, n, 0, FALSE) / n, variance = sum_distances (x, n, mean, TRUE) / n;
  const vf middle = vf_set (mean), inverse = vf_set (1 / sqrtf (variance + epsilon));
  for (guint i = 0; i < n; i += VW) {
    const guint some = MIN (n - i, VW);
    vf v = ((some == VW ? vf_load (x + i) : vf_load_some (x + i, some, 0)) - middle) * inverse;
    if (weight)
      v *= vf_load (weight + i);
    if (bias)
      v += vf_load (bias + i);
    if (some == VW)
      vf_store (y + i, v);
    else
      vf_store_some (y + i, v, some);
  }
}

static void
dots (const float *q, const float *k, guint n, guint width, float *out)
{
  for (guint j = 0; j < n; j++, k += width) {
    vf sum = {};
    guint d = 0;
    for (; d + VW <= width; d += VW)
      sum = vf_fma (vf_load (q + d), vf_load (k + d), sum);
    if (d < width)
      sum = vf_fma (vf_load_some (q + d, width - d, 0), vf_load_some (k + d, width - d, 0), sum);
    out[j] = vf_sum (sum);
  }
}

#define BLENDED 4u

/* So many vectors of y, a constant in each use, stay in registers while all rows go by. */
INLINE void
blend_some (const guint vectors, const float *weights, const float *v, guint n, guint width, float *y)
{
  vf sums[BLENDED];
  UNROLL
  for (guint i = 0; i < vectors; i++)
    sums[i] = vf_load (y + i * VW);
  for (guint j = 0; j < n; j++, v += width) {
    const vf w = vf_set (weights[j]);
    UNROLL
    for (guint i = 0; i < vectors; i++)
      sums[i] = vf_fma (w, vf_load (v + i * VW), sums[i]);
  }
  UNROLL
  for (guint i = 0; i < vectors; i++)
    vf_store (y + i * VW, sums[i]);
}

static void
blend (const float *weights, const float *v, guint n, guint width, float *y)
{
  guint d = 0;
  for (; d + BLENDED * VW <= width; d += BLENDED * VW)
    blend_some (BLENDED, weights, v + d, n, width, y + d);
  for (; d + VW <= width; d += VW)
    blend_some (1, weights, v + d, n, width, y + d);
  if (d < width) {
    vf sum = vf_load_some (y + d, width - d, 0);
    for (guint j = 0; j < n; j++)
      sum = vf_fma (vf_set (weights[j]), vf_load_some (v + (gsize) j * width + d, width - d, 0), sum);
    vf_store_some (y + d, sum, width - d);
  }
}

/* 2^x for x ≤ 0 to 2 units in the last place: 2^floor (x) times a minimax polynomial of degree 6 for what is
 * left. Far below 0 it is next to nothing; a NaN stays one. */
INLINE vf
vf_exp2_of_negative (vf x)
{
#if defined (__AVX512DQ__)
  const vf rest = (vf) _mm512_reduce_ps ((__m512) x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
#else
  const vf magic = vf_set (12582912.0f);        /* 1.5 · 2^23: adding it rounds to an integer */
  const vf limited = vf_max (x, vf_set (-125.0f)), shifted = limited - vf_set (0.5f) + magic;
  const vf rest = limited - (shifted - magic);  /* from 0 to 1, both of them included */
#endif
  vf p = vf_set (2.17022549e-4f);
  p = vf_fma (p, rest, vf_set (1.24396884e-3f));
  p = vf_fma (p, rest, vf_set (9.67884064e-3f));
  p = vf_fma (p, rest, vf_set (5.54833412e-2f));
  p = vf_fma (p, rest, vf_set (0.240229830f));
  p = vf_fma (p, rest, vf_set (0.693147004f));
  p = vf_fma (p, rest, vf_set (1.0f));
#if defined (__AVX512DQ__)
  return (vf) _mm512_scalef_ps ((__m512) p, (__m512) x);
#else
  const vi scaled = (vi) p + ((vi) shifted << 23), is_number = x == x;  /* shifted's low bits are the floor */
  return (vf) ((is_number & scaled) | (~is_number & (vi) x));
#endif
}

/* One vector of queries. */
INLINE void
softmax_column (float *scores, guint keys, guint step, float scale, GptVisSoftmax *state, guint j)
{
  vf top = vf_load (scores), sum = {};
  for (guint r = 1; r < keys; r++)
    top = vf_max (top, vf_load (scores + (gsize) r * step));
  const vf old = vf_load (state->top + j), factor = vf_set (scale);
  top = vf_max (old, top * factor);
  const vf before = vf_exp2_of_negative (old - top);
  for (guint r = 0; r < keys; r++) {
    float *at = scores + (gsize) r * step;
    const vf e = vf_exp2_of_negative (vf_fma (vf_load (at), factor, -top));
    sum += e;
    vf_store (at, e);
  }
  vf_store (state->top + j, top);
  vf_store (state->before + j, before);
  vf_store (state->sums + j, vf_fma (vf_load (state->sums + j), before, sum));
}

INLINE float
row_largest (const float *x, guint n)
{
  vf top = vf_load_some (x, MIN (n, VW), x[0]);
  guint i = 0;
  for (; i + VW <= n; i += VW)
    top = vf_max (vf_load (x + i), top);
  for (; i < n; i++)
    top = vf_max (vf_set (x[i]), top);
  return vf_largest (top);
}

static void
log_softmax (float *x, guint n)
{
  const float top = row_largest (x, n);
  const vf shift = vf_set (top);
  vf sum = {};
  guint i = 0;
  for (; i + VW <= n; i += VW)
    sum += vf_exp (vf_load (x + i) - shift);
  float total = vf_sum (sum);
  if (i < n) {
    float part[VW];
    vf_store (part, vf_exp (vf_load_some (x + i, n - i, x[0]) - shift));
    for (guint j = 0; j < n - i; j++)
      total += part[j];
  }
  const vf less = vf_set (top + logf (total));
  for (i = 0; i + VW <= n; i += VW)
    vf_store (x + i, vf_load (x + i) - less);
  if (i < n)
    vf_store_some (x + i, vf_load_some (x + i, n - i, 0) - less, n - i);
}

static void
softmax (float *x, guint n)
{
  vf sum = {};
  guint i = 0;
  const vf shift = vf_set (row_largest (x, n));
  for (i = 0; i + VW <= n; i += VW) {
    const vf e = vf_exp (vf_load (x + i) - shift);
    sum += e;
    vf_store (x + i, e);
  }
  float rest = 0;
  if (i < n) {
    const vf e = vf_exp (vf_load_some (x + i, n - i, x[0]) - shift);
    vf_store_some (x + i, e, n - i);
    for (guint j = i; j < n; j++)
      rest += x[j];
  }
  const vf inverse = vf_set (1 / (vf_sum (sum) + rest));
  for (i = 0; i + VW <= n; i += VW)
    vf_store (x + i, vf_load (x + i) * inverse);
  if (i < n)
    vf_store_some (x + i, vf_load_some (x + i, n - i, 0) * inverse, n - i);
}
