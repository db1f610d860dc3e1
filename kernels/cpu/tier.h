/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tiers: named bundles of kernels, one for each set of instructions, and the
 * table of functions that each fills. A tier says by itself
 * which processors can run it, whatever the others say. GPTVIS_CPU=avx2 forces one by name.
 *
 * All pointers are to floats unless said otherwise, need no alignment, and may
 * be read up to GPTVIS_PADDING bytes past the end of what is described (memory.h),
 * never written there. */
#pragma once
#include "../plan.h"
#include "../taps.h"

G_BEGIN_DECLS

/* A row in int8: x ≈ scale · (q − zero), q from 0 to 255. */
typedef struct {
  float scale;
  gint32 zero;
} GptVisInt8Row;

/* Rows that span less than this are all zero in int8. */
#define GPTVIS_INT8_LEAST 1e-30f

/* What the tile of int8 reads. Values of k stand in groups of int8_group (0 past the last); group g of
 * row r are the 32 bits a[r · a_row + g · a_step]: four bytes q, or two gint16 q − zero. b [groups,
 * tile_columns, int8_group]; sums, scales and bias (which may be NULL) are tile_columns wide. residual
 * (which may be NULL) is laid out as c is.
 *
 * Where int8_slice is not 0, each so many groups are a slice, the last one what is left, and w (k, j) is
 * b's value times a factor of its slice and column. In b a slice begins with gint16 [tile_columns, 2], each
 * factor twice. */
typedef struct {
  const gint32 *a;
  gsize a_row, a_step;
  const gint8 *b;
  const gint32 *sums;           /* Σ_k w (k, j): with it the bytes' zero is taken off again */
  const GptVisInt8Row *rows;
  const float *scales, *bias, *residual;
} GptVisInt8Tile;

/* Softmax over keys that come block by block, of tile_columns queries: each one's largest score yet, before
 * the first block GPTVIS_SOFTMAX_LEAST, in the exponent's unit; the sum of weights yet, 0 before; and what
 * results of the blocks before have to be multiplied with, and what those of this block, so that they are
 * as if the largest had been known from the start. */
typedef struct {
  float *top, *sums, *before, *now;
} GptVisSoftmax;
#define GPTVIS_SOFTMAX_LEAST -1e30f

typedef struct {
  const gchar *name;

  /* The tile of the matrix product: up to `tile_rows` rows by exactly `tile_columns` columns. */
  guint tile_rows, tile_columns;

  /* c [m, n] = bias + Σ_k a (r, k) · b (k, j): rows r < m ≤ tile_rows, columns j < n ≤ tile_columns.
   * a (r, k) = a[k · a_step + r] for tile, a[r · a_step + k] for tile_by_rows;
   * b (k, j) = b[k · b_step + j], read as wide as whole vectors are that hold n, two in tile_columns;
   * c's rows are c_step apart; bias may be NULL, else it is tile_columns wide. */
  void (*tile) (guint m, guint n, guint k, const float *a, gsize a_step, const float *b, gsize b_step,
      const float *bias, float *c, gsize c_step);
  void (*tile_by_rows) (guint m, guint n, guint k, const float *a, gsize a_step, const float *b, gsize b_step,
      const float *bias, float *c, gsize c_step);

  /* TRUE where OpenBLAS's sgemm, if it is installed, beats this tier's tile. */
  gboolean blas;

  /* y = x times the Hadamard matrix of 16, 16 values at a time: what one of them held, all do. n is a
   * multiple of 16; y may be x. Twice is 16 times x. Sums of two, first those 1 apart, then 2, 4 and 8:
   * the same bits in every tier. */
  void (*mix) (const float *x, guint n, float *y);

  /* x [m, n] → q, rows q_step bytes apart, m ≤ GPTVIS_INT8_ROWS. With a row's low = min (0, x…),
   * span = max (0, x…) − low and f = 255 / span: zero = −low · f and q[i] = x[i] · f + zero for i < n, both
   * products rounded to the nearest whole number, of two the even one, and q limited to 255; scale = span /
   * 255. All zero, and scale 0, below GPTVIS_INT8_LEAST; all zero, and NaN, where x has a NaN or the span is
   * no finite float. The same bits in every tier. */
#define GPTVIS_INT8_ROWS 16u
  void (*quantise) (const float *x, guint m, guint n, guint8 *q, gsize q_step, GptVisInt8Row *rows);

  /* c [m, n] = Σ_k (q (r, k) − zero (r)) · w (k, j) · (scale (r) · scales (j)) + bias (j) + residual (r, j),
   * the sum over k exact for k ≤ GPTVIS_INT8_MOST, if slices are such that 2i and 2i + 1 of k, as far as
   * their values in b have one sign, are together from −128 to 128 there (they meet in 16 bits), and factors
   * at most GPTVIS_INT8_FACTORS / k. */
#define GPTVIS_INT8_MOST 65536u
#define GPTVIS_INT8_FACTORS 131072u
  guint int8_group;             /* 4 or 2 */
  guint int8_slice;             /* in groups; or 0 */
  gboolean int8_side_by_side;   /* a_row is always 1: the 32 bits of several rows are read at once */
  void (*tile_int8) (guint m, guint n, guint groups, const GptVisInt8Tile *t, float *c, gsize c_step);

  /* to[i] = x[i], rounded to the nearest bf16, of two the even one; denormals are 0. This and the next
   * are NULL without instructions for it. */
  void (*to_bf16) (const float *x, guint n, guint16 *to);

  /* c [m, n] = bias + Σ_k x (r, k) · w (k, j): a[r · a_row + i · a_step] are the values 2i (low) and 2i + 1
   * of row r, 0 past the last; b[i · tile_columns + j] are those of column j. */
  void (*tile_bf16) (guint m, guint n, guint pairs, const gint32 *a, gsize a_row, gsize a_step,
      const gint32 *b, const float *bias, float *c, gsize c_step);

  /* Attention in whole numbers of 16 bits, in pairs (low, high). These are NULL without instructions for it.
   *
   * The largest |x (r, i)| of m rows of n, step apart, of all or of each column. A NaN is the largest. */
  float (*largest) (const float *x, guint m, guint n, gsize step);
  void (*largest_of_columns) (const float *x, guint m, guint n, gsize step, float *top);

  /* to[i] = x[i] · factor; to[i] = low[i] · factors[i], high[i] · factors[i]: rounded to the nearest, of two
   * the even one, for products below 2^15. */
  void (*to_int16) (const float *x, guint n, float factor, gint16 *to);
  void (*pair_int16) (const float *low, const float *high, const float *factors, guint n, gint32 *to);

  /* c [m, n] = Σ_k x (r, k) · w (k, j) for sums that fit into 32 bits, a and b as in tile_bf16; n is
   * tile_columns or half of them. */
  void (*tile_int16) (guint m, guint n, guint pairs, const gint32 *a, gsize a_row, gsize a_step,
      const gint32 *b, gint32 *c, gsize c_step);

  /* A block of keys' scores [keys, tile_columns], each column one query's, of which a unit is factors[j] ≥ 0
   * powers of 2, become weights in pairs [(keys + 1) / 2, tile_columns], of keys 2i (low) and 2i + 1, 0 past
   * the last: 2^GPTVIS_INT16_WEIGHT_BITS for the block's largest score, and by 2^−x less than that for those
   * that are smaller by x. `state` goes on from one block to the next: see there. For all columns or half of
   * them. */
#define GPTVIS_INT16_WEIGHT_BITS 14
  void (*softmax_int16) (gint32 *scores, guint keys, guint columns, const float *factors,
      GptVisSoftmax *state);

  /* y (r, i) = y (r, i) · before[r] + c (r, i) · scales[i] · now[r]: m rows, n columns, a multiple of half of
   * tile_columns. */
  void (*blend_int16) (guint m, guint n, const gint32 *c, gsize c_step, const float *scales,
      const float *before, const float *now, float *y, gsize y_step);

  /* x[i] = act (x[i]) for i < n of each of m rows, step apart. */
  void (*activate[GPTVIS_N_ACTS]) (float *x, guint m, guint n, gsize step);
  /* The same to 2.2e−4 and 4e−6 of x, for sums of int8 or bf16, which are no more exact than that. */
  void (*activate_narrow[GPTVIS_N_ACTS]) (float *x, guint m, guint n, gsize step);

  /* y = y · gate · alpha · scale + residual over a row of n; each pointer may be NULL. */
  void (*finish) (float *y, guint n, const float *gate, float alpha, const float *scale,
      const float *residual);

  /* y (r, i) = x (r, i) / by[r] for i < n of each of m rows. */
  void (*divide_rows) (const float *x, gsize x_step, guint m, guint n, const float *by, float *y,
      gsize y_step);

  /* y (j, i) = x (i, j), i < m, j < n: words of 32 bits, rows so many of them apart. */
  void (*transpose) (gconstpointer x, gsize x_step, guint m, guint n, gpointer y, gsize y_step);

  /* One row: y = (x − mean) / √(variance + epsilon) · weight + bias; weight and bias may be NULL. */
  void (*norm) (const float *x, const float *weight, const float *bias, float epsilon, float *y, guint n);

  /* A block of keys' scores [keys, tile_columns], each column one query's: e^(scale · x − the largest yet),
   * in place, for all columns or half of them; `now` stays. */
  void (*softmax_block) (float *scores, guint keys, guint columns, float scale, GptVisSoftmax *state);

  /* y (r, i) = y (r, i) · before[r] + c (r, i): m rows, n columns, a multiple of half of tile_columns. */
  void (*blend_block) (guint m, guint n, const float *c, gsize c_step, const float *before, float *y,
      gsize y_step);

  /* out [n] = k [n, width] · q [width]. */
  void (*dots) (const float *q, const float *k, guint n, guint width, float *out);

  /* y [width] += weights [n] · v [n, width]. */
  void (*blend) (const float *weights, const float *v, guint n, guint width, float *y);

  /* x[i] = e^x[i] / Σ, over a row of n. */
  void (*softmax) (float *x, guint n);
  /* x[i] −= log Σ e^x. */
  void (*log_softmax) (float *x, guint n);
  void (*sigmoid) (float *x, guint n);

  /* sums[x] = unit · Σ_i rows[i · step + x] · parts[i] for x < n, i < count, in whole numbers that fit into
   * 32 bits (taps.h: narrow): the same bits in every tier. `step` is in bytes; of words, `shift` low bits
   * carry nothing, and ten above them something. Nothing outside the rows' n samples is read. */
  void (*sum_bytes) (const guint8 *rows, gssize step, const gint16 *parts, guint count, float unit,
      float *sums, guint n);
  void (*sum_words) (const guint8 *rows, gssize step, guint shift, const gint16 *parts, guint count,
      float unit, float *sums, guint n);

  /* out[r · out_step + x] = Σ_i rows[r · step + start[x] + i] · parts[x · length + i] for r < m, x < n,
   * i < length, a multiple of 16. */
  void (*pick) (const float *rows, gsize step, guint m, const guint *start, const float *parts, guint length,
      float *out, gsize out_step, guint n);

  /* m rows of 8-bit R, G, B, row_step bytes apart, `step` bytes a pixel with the colours at offsets[],
   * resized as Pillow does it: out [m, 3, taps->n] is Σ sample · whole, rounded and limited to 0 … 255.
   * Nothing outside the rows' pixels is read. */
  void (*resize_rows) (const guint8 *rows, gssize row_step, guint m, guint step, const guint8 offsets[3],
      const GptVisTaps *taps, guint8 *out);

  /* out [n] = Σ rows[i · row_step + x] · whole[i] for i < count, rounded and limited likewise. */
  void (*mix_rows) (const guint8 *rows, gsize row_step, const gint32 *whole, guint count, guint8 *out,
      guint n);
} GptVisTier;

extern const GptVisTier gptvis_tier_c;
#if defined (__x86_64__)
extern const GptVisTier gptvis_tier_avx2, gptvis_tier_avx512;

/* What these have over the tier that they build on is put into its place. */
void gptvis_tier_add_avxvnni (GptVisTier *tier);
void gptvis_tier_add_avx512vnni (GptVisTier *tier);
void gptvis_tier_add_avx512bf16 (GptVisTier *tier);
#elif defined (__aarch64__)
extern const GptVisTier gptvis_tier_neon;
void gptvis_tier_add_neondot (GptVisTier *tier);
void gptvis_tier_add_neoni8mm (GptVisTier *tier);
#endif

/* The best tier of this processor, or the one that GPTVIS_CPU names. UNSUPPORTED,
 * listing the names, when that is unknown or needs instructions that are missing. */
const GptVisTier *gptvis_tier_choose (GError **error);

/* Does bf16 pay, which is to take less time than f32? Some processors have the instruction, and take four
 * times as long for each as for f32's. Measured once, in a fraction of a millisecond. */
gboolean gptvis_tier_bf16_pays (const GptVisTier *tier);

/* The i-th tier that this processor can run, the plain one first; NULL past the
 * last. For tests. */
const GptVisTier *gptvis_tier_nth (guint i);

G_END_DECLS
