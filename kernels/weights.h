/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a plan's weights out of a checkpoint, whatever they are stored as. */
#pragma once
#include "backend.h"

G_BEGIN_DECLS

/* n elements of `dtype` at `from` (any alignment) as floats. */
void gptvis_to_f32 (GptVisDtype dtype, gconstpointer from, float *to, gsize n);

/* The nearest IEEE 754 binary16, the even one of two; an infinity beyond 65519. */
guint16 gptvis_to_f16 (float x);

/* One weight's parts in memory, as they are stored. A backend holds a weight while it makes
 * it ready, or for as long as it reads it where it lies. Zeroed before the first. */
typedef struct {
  const GptVisTensor *tensor;
  struct {
    GptVisDtype dtype;
    gsize columns;              /* of a part that is transposed */
    const guint8 *bytes;        /* of its first row; transposed: of the whole tensor */
  } parts[GPTVIS_WEIGHT_PARTS];
  guint8 *room;                 /* where those lie that came from a file; stays for the next */
  gsize room_size;
} GptVisHeldWeight;

/* Holds t instead of what was held. FALSE with FORMAT (a NaN or an infinity, by the tensor's
 * name; a file that has changed) or LIMIT. */
gboolean gptvis_weights_hold (const GptVisWeights *weights, const GptVisTensor *t, GptVisHeldWeight *to,
    GError **error);
void gptvis_held_weight_clear (GptVisHeldWeight *self);

/* Rows [first, first + n) of the weight, stacked from its parts, as [n, width] floats at `to`. Any thread. */
void gptvis_held_weight_read (const GptVisHeldWeight *self, guint first, guint n, float *to);

/* The f32 bytes themselves when the weight is one whole, aligned f32 tensor, else NULL. */
const float *gptvis_held_weight_in_place (const GptVisHeldWeight *self);

/* The first bytes of the tensor that a part is of, at most n, and how many: 0 when they cannot be read. */
gsize gptvis_weights_sample (const GptVisWeights *weights, const GptVisWeightPart *part, gpointer to,
    gsize n);

G_END_DECLS
