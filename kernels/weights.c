/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights.h"
#include <string.h>

static inline guint16
read_u16 (const guint8 *p)
{
  guint16 v;
  memcpy (&v, p, 2);
  return GUINT16_FROM_LE (v);
}

/* IEEE 754 binary16 → binary32. No denormal is ever an operand: the thread may be one
 * that takes them for zero, since audio code and ORC set it so. */
static inline float
f16_to_f32 (guint16 h)
{
  const guint32 exponent = h >> 10 & 0x1f, fraction = h & 0x3ff;
  union { guint32 u; float f; } v;
  if (exponent == 0)            /* zero or denormal: fraction · 2⁻²⁴ */
    v.f = (float) fraction * 0x1p-24f;
  else
    v.u = (exponent == 0x1f ? 0xff : exponent + (127 - 15)) << 23 | fraction << 13;
  v.u |= (guint32) (h & 0x8000) << 16;
  return v.f;
}

guint16
gptvis_to_f16 (float x)
{
  union { float f; guint32 u; } v = { x };
  const guint16 sign = v.u >> 16 & 0x8000;
  const guint32 u = v.u & 0x7fffffff;
  if (u >= 0x7f800000)          /* an infinity or a NaN */
    return sign | 0x7c00 | (u > 0x7f800000 ? 0x200 : 0);
  if (u < 0x33000000)           /* below half of the smallest denormal */
    return sign;
  if (u < 0x38800000) {         /* a denormal: units of 2⁻²⁴ */
    const guint shift = 126 - (u >> 23);
    const guint32 fraction = (u & 0x7fffff) | 0x800000, rest = fraction & ((1u << shift) - 1), half = 1u << (shift - 1);
    const guint32 n = fraction >> shift;
    return sign | (n + (rest > half || (rest == half && n % 2)));
  }
  const guint32 rounded = u + 0xfff + (u >> 13 & 1);
  return rounded >= 0x47800000 ? sign | 0x7c00 : sign | ((rounded - 0x38000000) >> 13);
}

void
gptvis_to_f32 (GptVisDtype dtype, gconstpointer from, float *to, gsize n)
{
  const guint8 *p = from;
  switch (dtype) {
    case GPTVIS_F32:
      for (gsize i = 0; i < n; i++) {
        guint32 u;
        memcpy (&u, p + 4 * i, 4);
        u = GUINT32_FROM_LE (u);
        memcpy (to + i, &u, 4);
      }
      break;
    case GPTVIS_F16:
      for (gsize i = 0; i < n; i++)
        to[i] = f16_to_f32 (read_u16 (p + 2 * i));
      break;
    case GPTVIS_BF16:
      for (gsize i = 0; i < n; i++) {
        guint32 u = (guint32) read_u16 (p + 2 * i) << 16;
        memcpy (to + i, &u, 4);
      }
      break;
  }
}

/* Columns [first, first + n) of a part [width, columns] as rows. A row of the file at a
 * time, so that memory is read in order. */
static void
read_transposed (GptVisDtype dtype, const guint8 *data, gsize columns, gsize first, guint n, guint width, float *to)
{
  float row[256];
  for (guint k = 0; k < width; k++)
    for (guint done = 0; done < n; done += G_N_ELEMENTS (row)) {
      const guint some = MIN (n - done, G_N_ELEMENTS (row));
      gptvis_to_f32 (dtype, data + (k * columns + first + done) * gptvis_dtype_size (dtype), row, some);
      for (guint j = 0; j < some; j++)
        to[(gsize) (done + j) * width + k] = row[j];
    }
}

void
gptvis_weights_read (const GptVisWeights *weights, const GptVisTensor *t, guint first, guint n, float *to)
{
  guint row = 0;                /* of the weight, where the part begins */
  for (guint i = 0; i < t->n_parts && n > 0; i++) {
    const GptVisWeightPart *part = &t->parts[i];
    if (first < row + part->rows) {
      const guint skip = first - row, take = MIN (n, part->rows - skip);
      GptVisDtype dtype;
      gsize n_elements;
      const guint8 *data = weights->find (weights->user, part->name, &dtype, &n_elements);
      const gsize from = part->first + skip;
      if (part->transposed)
        read_transposed (dtype, data, n_elements / t->width, from, take, t->width, to);
      else
        gptvis_to_f32 (dtype, data + from * t->width * gptvis_dtype_size (dtype), to, (gsize) take * t->width);
      to += (gsize) take * t->width;
      first += take;
      n -= take;
    }
    row += part->rows;
  }
}

const float *
gptvis_weights_in_place (const GptVisWeights *weights, const GptVisTensor *t)
{
  GptVisDtype dtype;
  gsize n_elements;
  const guint8 *data = weights->find (weights->user, t->parts[0].name, &dtype, &n_elements);
  if (G_BYTE_ORDER != G_LITTLE_ENDIAN || t->n_parts != 1 || t->parts[0].transposed || dtype != GPTVIS_F32)
    return NULL;
  data += (gsize) t->parts[0].first * t->width * sizeof (float);
  return (guintptr) data % sizeof (float) == 0 ? (const float *) data : NULL;
}

/* An exponent of all ones is an infinity or a NaN. */
static gboolean
is_finite (GptVisDtype dtype, const guint8 *p, gsize n)
{
  guint bad = 0;
  if (dtype == GPTVIS_F32) {
    for (gsize i = 0; i < n; i++) {
      guint32 u;
      memcpy (&u, p + 4 * i, 4);
      bad |= (GUINT32_FROM_LE (u) & 0x7f800000u) == 0x7f800000u;
    }
  } else {
    const guint16 ones = dtype == GPTVIS_F16 ? 0x7c00 : 0x7f80;
    for (gsize i = 0; i < n; i++)
      bad |= (read_u16 (p + 2 * i) & ones) == ones;
  }
  return !bad;
}

gboolean
gptvis_weights_check_finite (const GptVisWeights *weights, const GptVisPlan *plan, GError **error)
{
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    for (guint p = 0; p < t->n_parts; p++) {
      GptVisDtype dtype;
      gsize n_elements;
      const guint8 *data = weights->find (weights->user, t->parts[p].name, &dtype, &n_elements);
      gsize first = (gsize) t->parts[p].first * t->width, n = (gsize) t->parts[p].rows * t->width;
      if (t->parts[p].transposed) {     /* its columns are not together: look at all */
        first = 0;
        n = n_elements;
      }
      if (!is_finite (dtype, data + first * gptvis_dtype_size (dtype), n)) {
        g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_FORMAT,
            "tensor %s holds a NaN or an infinity where only finite weights make sense", t->parts[p].name);
        return FALSE;
      }
    }
  }
  return TRUE;
}
