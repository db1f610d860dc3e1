/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Precisions: the numbers that weights are kept in and products are computed with. */
#pragma once
#include "error.h"

G_BEGIN_DECLS

typedef enum { GPTVIS_PRECISION_AUTO, GPTVIS_PRECISION_F32, GPTVIS_PRECISION_F16, GPTVIS_PRECISION_BF16,
  GPTVIS_PRECISION_INT8 } GptVisPrecision;
const gchar *gptvis_precision_name (GptVisPrecision precision);        /* "auto", "f32", … */
/* FALSE and UNSUPPORTED, listing the names, for another word. */
gboolean gptvis_precision_parse (const gchar *text, GptVisPrecision *precision, GError **error);

G_END_DECLS
