/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A label file; the first byte says for how many classes. */
#include "fuzz.h"
#include "labels.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  if (size == 0)
    return 0;
  const guint n = data[0] % 16;
  GError *error = NULL;
  gchar **labels = gptvis_labels_parse ("fuzz", (const gchar *) data + 1, size - 1, n, &error);
  fuzz_check (labels != NULL, error);
  if (labels)
    g_assert (g_strv_length (labels) == n);
  g_strfreev (labels);
  return 0;
}
