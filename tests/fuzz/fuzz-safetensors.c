/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A safetensors file's bytes. What opens is read to the last byte. */
#include "fuzz.h"
#include "safetensors.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  GBytes *bytes = g_bytes_new (data, size);
  GError *error = NULL;
  GptVisContainer *self = gptvis_safetensors_new ("fuzz", bytes, &error);
  g_bytes_unref (bytes);
  for (guint i = 0; self && i < gptvis_container_n_tensors (self); i++) {
    const GptVisStoredTensor *t = gptvis_container_tensor (self, i);
    g_assert (gptvis_container_find (self, t->name) == t);
    GBytes *copy = g_bytes_new (t->data, t->n_bytes);
    g_bytes_unref (copy);
  }
  fuzz_check (self != NULL, error);
  gptvis_container_free (self);
  return 0;
}
