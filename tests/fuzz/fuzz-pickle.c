/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A pickle. What is read keeps the promises of pickle.h, and of state-dict.h where it has tensors. */
#include "fuzz.h"
#include "state-dict.h"

/* That no value is inside itself, or deeper than is said: each item is at least one level less deep. */
static void
check_value (const GptVisPickleValue *value)
{
  const gboolean has_items = value->kind == GPTVIS_PICKLE_TUPLE || value->kind == GPTVIS_PICKLE_LIST
      || value->kind == GPTVIS_PICKLE_DICT || value->kind == GPTVIS_PICKLE_CALL
      || value->kind == GPTVIS_PICKLE_PERSISTENT;
  g_assert (value->depth <= GPTVIS_PICKLE_MAX_DEPTH);
  g_assert (gptvis_pickle_kind_text (value) != NULL);
  for (guint i = 0; has_items && i < value->n; i++)
    g_assert (value->items[i]->depth < value->depth && value->items[i]->inside);
  if (has_items && value->n > 0)
    check_value (value->items[value->n - 1]);
}

static void
check_tensor (const GptVisStateTensor *t)
{
  const guint64 extent = gptvis_state_tensor_extent (t);
  g_assert (t->offset <= t->storage.n && extent <= t->storage.n - t->offset);
  g_assert (t->tensor.n_dimensions <= GPTVIS_STORED_MAX_DIMENSIONS);
  g_assert (t->tensor.n_bytes == t->tensor.n_elements * t->storage.size);
  g_assert ((extent == 0) == (t->tensor.n_elements == 0));
  if (gptvis_state_tensor_is_run (t))
    g_assert (extent == t->tensor.n_elements);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  GBytes *bytes = g_bytes_new (data, size);
  GptVisFile file;
  guint64 at = 0;
  GError *error = NULL;
  gptvis_file_wrap (&file, "fuzz", bytes);
  GptVisPickle *pickle = gptvis_pickle_load (&file, &at, gptvis_state_dict_globals,
      gptvis_state_dict_n_globals, &error);
  fuzz_check (pickle != NULL, error);
  if (pickle) {
    const GptVisPickleValue *root = gptvis_pickle_root (pickle);
    g_assert (at <= size);
    check_value (root);
    error = NULL;
    GArray *tensors = gptvis_state_dict_read ("fuzz", root, &error);
    fuzz_check (tensors != NULL, error);
    for (guint i = 0; tensors && i < tensors->len; i++)
      check_tensor (&g_array_index (tensors, GptVisStateTensor, i));
    g_clear_pointer (&tensors, g_array_unref);
  }
  gptvis_pickle_free (pickle);
  gptvis_file_close (&file);
  g_bytes_unref (bytes);
  return 0;
}
