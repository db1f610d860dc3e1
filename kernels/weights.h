/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a plan's weights out of a checkpoint, whatever they are stored as. */
#pragma once
#include "backend.h"

G_BEGIN_DECLS

/* n elements of `dtype` at `from` (any alignment) as floats. */
void gptvis_to_f32 (GptVisDtype dtype, gconstpointer from, float *to, gsize n);

/* The nearest IEEE 754 binary16, the even one of two; an infinity beyond 65519. */
guint16 gptvis_to_f16 (float x);

/* Rows [first, first + n) of the weight t, stacked from its parts, as [n, width]
 * floats at `to`. The plan's loader has checked the parts. */
void gptvis_weights_read (const GptVisWeights * weights, const GptVisTensor * t, guint first, guint n, float *to);

/* The f32 bytes themselves when the weight is one whole, aligned f32 tensor, else NULL. */
const float *gptvis_weights_in_place (const GptVisWeights * weights, const GptVisTensor * t);

/* FALSE and FORMAT, with the tensor's name, when one of the plan's weights has a
 * NaN or an infinity. */
gboolean gptvis_weights_check_finite (const GptVisWeights * weights, const GptVisPlan * plan, GError ** error);

G_END_DECLS
