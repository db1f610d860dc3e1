/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weights as a checkpoint stores them, read as floats or held as they are. */
#include "weights.h"
#include "memory.h"
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
    const guint32 fraction = (u & 0x7fffff) | 0x800000;
    const guint32 rest = fraction & ((1u << shift) - 1), half = 1u << (shift - 1);
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
read_transposed (GptVisDtype dtype, const guint8 *data, gsize columns, gsize first, guint n, guint width,
    float *to)
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

/* Which of a tensor's bytes are a part's. */
typedef struct {
  const guint8 *there;          /* NULL: in a file */
  gsize first, n;
} Bytes;

static Bytes
find_part (GptVisHeldWeight *self, guint i, const GptVisWeights *weights)
{
  const GptVisWeightPart *part = &self->tensor->parts[i];
  const guint width = self->tensor->width;
  GptVisDtype dtype;
  gsize n;                      /* elements */
  const guint8 *there = weights->find (weights->user, part, &dtype, &n);
  const gsize size = gptvis_dtype_size (dtype);
  self->parts[i].dtype = dtype;
  self->parts[i].columns = n / width;
  if (part->transposed)         /* its rows are not together */
    return (Bytes) { there, 0, n * size };
  const gsize first = (gsize) part->first * width * size;
  return (Bytes) { there ? there + first : NULL, first, (gsize) part->rows * width * size };
}

static gboolean
make_room (GptVisHeldWeight *self, gsize bytes, GError **error)
{
  if (bytes <= self->room_size)
    return TRUE;
  gptvis_free (self->room);
  self->room = gptvis_alloc_unset (bytes);
  self->room_size = self->room ? bytes : 0;
  if (!self->room)
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT, "not enough memory for the %" G_GSIZE_FORMAT
        " bytes of tensor %s", bytes, self->tensor->parts[0].name);
  return self->room != NULL;
}

gboolean
gptvis_weights_hold (const GptVisWeights *weights, const GptVisTensor *t, GptVisHeldWeight *to,
    GError **error)
{
  Bytes parts[GPTVIS_WEIGHT_PARTS];
  gsize size = 0;
  to->tensor = t;
  for (guint i = 0; i < t->n_parts; i++) {
    parts[i] = find_part (to, i, weights);
    size += parts[i].there ? 0 : parts[i].n;
  }
  if (!make_room (to, size, error))
    return FALSE;
  guint8 *room = to->room;
  for (guint i = 0; i < t->n_parts; i++) {
    to->parts[i].bytes = parts[i].there;
    if (!parts[i].there) {
      if (!weights->read (weights->user, &t->parts[i], parts[i].first, parts[i].n, room, error))
        return FALSE;
      to->parts[i].bytes = room;
      room += parts[i].n;
    }
    if (!is_finite (to->parts[i].dtype, to->parts[i].bytes,
        parts[i].n / gptvis_dtype_size (to->parts[i].dtype))) {
      g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_FORMAT,
          "tensor %s holds a NaN or an infinity where only finite weights make sense", t->parts[i].name);
      return FALSE;
    }
  }
  return TRUE;
}

void
gptvis_held_weight_clear (GptVisHeldWeight *self)
{
  gptvis_free (self->room);
  *self = (GptVisHeldWeight) { 0 };
}

void
gptvis_held_weight_read (const GptVisHeldWeight *self, guint first, guint n, float *to)
{
  const guint width = self->tensor->width;
  guint row = 0;                /* of the weight, where the part begins */
  for (guint i = 0; i < self->tensor->n_parts && n > 0; i++) {
    const GptVisWeightPart *part = &self->tensor->parts[i];
    if (first < row + part->rows) {
      const guint skip = first - row, take = MIN (n, part->rows - skip);
      const GptVisDtype dtype = self->parts[i].dtype;
      if (part->transposed)
        read_transposed (dtype, self->parts[i].bytes, self->parts[i].columns, part->first + skip, take, width,
            to);
      else
        gptvis_to_f32 (dtype, self->parts[i].bytes + (gsize) skip * width * gptvis_dtype_size (dtype), to,
            (gsize) take * width);
      to += (gsize) take * width;
      first += take;
      n -= take;
    }
    row += part->rows;
  }
}

const float *
gptvis_held_weight_in_place (const GptVisHeldWeight *self)
{
  const guint8 *bytes = self->parts[0].bytes;
  if (G_BYTE_ORDER != G_LITTLE_ENDIAN || self->tensor->n_parts != 1 || self->tensor->parts[0].transposed
      || self->parts[0].dtype != GPTVIS_F32)
    return NULL;
  return (guintptr) bytes % sizeof (float) == 0 ? (const float *) bytes : NULL;
}

gsize
gptvis_weights_sample (const GptVisWeights *weights, const GptVisWeightPart *part, gpointer to, gsize n)
{
  GptVisDtype dtype;
  gsize n_elements;
  gconstpointer bytes = weights->find (weights->user, part, &dtype, &n_elements);
  n = MIN (n, n_elements * gptvis_dtype_size (dtype));
  if (bytes)
    memcpy (to, bytes, n);
  return bytes || weights->read (weights->user, part, 0, n, to, NULL) ? n : 0;
}
