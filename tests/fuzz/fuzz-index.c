/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model.safetensors.index.json; no name it yields leads out of the directory. */
#include "fuzz.h"
#include "shards.h"
#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  GError *error = NULL;
  GHashTable *shard_of = gptvis_shards_parse_index ("fuzz", (const gchar *) data, size, ".safetensors",
      &error);
  fuzz_check (shard_of != NULL, error);
  if (!shard_of)
    return 0;
  GHashTableIter iter;
  gpointer shard;
  g_hash_table_iter_init (&iter, shard_of);
  while (g_hash_table_iter_next (&iter, NULL, &shard))
    g_assert (!strchr (shard, '/') && !strchr (shard, '\\') && !g_str_has_prefix (shard, "."));
  g_hash_table_unref (shard_of);
  return 0;
}
