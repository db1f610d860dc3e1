/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file of PyTorch's weights: archives, and the older form. What opens is read, forwards and in parts, but
 * for tensors that claim more than a little. */
#include "fuzz.h"
#include "torch.h"
#include "zip.h"
#include <string.h>

#define MOST (1u << 20)         /* bytes of a tensor, or of an entry */

static void
read_entries (GBytes *bytes)
{
  GptVisFile file;
  GError *error = NULL;
  gptvis_file_wrap (&file, "fuzz", bytes);
  GptVisZip *zip = gptvis_zip_open (&file, &error);
  fuzz_check (zip != NULL, error);
  GptVisZipReader *reader = gptvis_zip_reader_new (&file);
  for (guint i = 0; zip && i < gptvis_zip_n_entries (zip); i++) {
    const GptVisZipEntry *e = gptvis_zip_entry (zip, i);
    g_assert (gptvis_zip_find (zip, e->name) == e);
    error = NULL;
    GBytes *all = gptvis_zip_reader_load (reader, e, MOST, &error);
    fuzz_check (all != NULL, error);
    g_assert (!all || g_bytes_get_size (all) == e->size);
    if (all && e->size > 0) {
      guint8 last;
      g_assert (gptvis_zip_reader_read (reader, e, e->size - 1, 1, &last, NULL));
      g_assert (last == ((const guint8 *) g_bytes_get_data (all, NULL))[e->size - 1]);
    }
    g_clear_pointer (&all, g_bytes_unref);
  }
  gptvis_zip_reader_free (reader);
  gptvis_zip_free (zip);
  gptvis_file_close (&file);
}

static void
read_tensor (const GptVisStoredTensor *t)
{
  guint8 *whole = g_malloc (t->n_bytes + 1), *part = g_malloc (t->n_bytes + 1);
  const gsize first = t->n_bytes / 3, n = t->n_bytes / 2;
  GError *error = NULL;
  const gboolean ok = gptvis_stored_tensor_read (t, 0, t->n_bytes, whole, &error);
  fuzz_check (ok, error);
  if (ok) {
    g_assert (gptvis_stored_tensor_read (t, first, n, part, NULL));
    g_assert (memcmp (part, whole + first, n) == 0);
  }
  g_free (part);
  g_free (whole);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  GBytes *bytes = g_bytes_new (data, size);
  GError *error = NULL;
  read_entries (bytes);
  GptVisContainer *self = gptvis_torch_new ("fuzz", bytes, &error);
  fuzz_check (self != NULL, error);
  for (guint i = 0; self && i < gptvis_container_n_tensors (self); i++) {
    const GptVisStoredTensor *t = gptvis_container_tensor (self, i);
    g_assert (gptvis_container_find (self, t->name) == t);
    if (t->n_bytes <= MOST)
      read_tensor (t);
  }
  gptvis_container_free (self);
  g_bytes_unref (bytes);
  return 0;
}
