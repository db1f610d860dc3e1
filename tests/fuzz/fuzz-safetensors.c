/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A safetensors file's bytes. What opens is read to the last byte. */
#include "fuzz.h"
#include "safetensors.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  GBytes *bytes = g_bytes_new (data, size);
  GError *error = NULL;
  GptVisSafetensors *self = gptvis_safetensors_new ("fuzz", bytes, &error);
  g_bytes_unref (bytes);
  for (guint i = 0; self && i < gptvis_safetensors_n_tensors (self); i++) {
    const GptVisSafetensor *t = gptvis_safetensors_tensor (self, i);
    g_assert (gptvis_safetensors_find (self, t->name) == t);
    GBytes *copy = g_bytes_new (t->data, t->n_bytes);
    g_bytes_unref (copy);
  }
  fuzz_check (self != NULL, error);
  gptvis_safetensors_free (self);
  return 0;
}
