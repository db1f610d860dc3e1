/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of precisions. */
#include "precision.h"
#include <string.h>

static const gchar *const precision_names[] = {
  [GPTVIS_PRECISION_AUTO] = "auto",
  [GPTVIS_PRECISION_F32] = "f32",
  [GPTVIS_PRECISION_F16] = "f16",
  [GPTVIS_PRECISION_BF16] = "bf16",
  [GPTVIS_PRECISION_INT8] = "int8",
};

const gchar *
gptvis_precision_name (GptVisPrecision precision)
{
  return precision_names[precision];
}

gboolean
gptvis_precision_parse (const gchar *text, GptVisPrecision *precision, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (precision_names); i++)
    if (strcmp (text, precision_names[i]) == 0) {
      *precision = (GptVisPrecision) i;
      return TRUE;
    }
  g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
      "precision \"%s\" is none of auto, f32, f16, bf16, int8", text);
  return FALSE;
}
