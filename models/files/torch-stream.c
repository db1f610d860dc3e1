/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the five pickles, then goes from storage to storage; of what type each one's numbers are, only the
 * fourth pickle says. */
#include "torch-stream.h"
#include "little-endian.h"
#include "quote.h"

#define VERSION 1001

#define fail(file, error, code, format, ...) \
  (gptvis_quote_error (error, code, "%s: " format, (file)->path, ##__VA_ARGS__), FALSE)
#define DAMAGED ": the file is damaged, or was not written by PyTorch"

/* NULL after an error. */
static GptVisPickle *
load (const GptVisFile *file, guint64 *at, GError **error)
{
  return gptvis_pickle_load (file, at, gptvis_state_dict_globals, gptvis_state_dict_n_globals, error);
}

static gboolean
is_mark (const GptVisPickleValue *value)
{
  static const guint8 mark[] = { 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19 };
  return value->kind == GPTVIS_PICKLE_LONG && value->n == sizeof mark
      && memcmp (value->text, mark, value->n) == 0;
}

static gboolean
is_version (const GptVisPickleValue *value)
{
  return value->kind == GPTVIS_PICKLE_INTEGER && value->number == VERSION;
}

static gboolean
is_little_endian (const GptVisPickleValue *value)
{
  const GptVisPickleValue *little = gptvis_pickle_lookup (value, "little_endian");
  return little && little->kind == GPTVIS_PICKLE_BOOLEAN && little->number;
}

/* The three pickles that say what this is. */
static gboolean
read_head (const GptVisFile *file, guint64 *at, GError **error)
{
  static const struct {
    gboolean (*is) (const GptVisPickleValue *value);
    const gchar *otherwise;
  } heads[] = {
    {is_mark, "this is a Python pickle, and none of PyTorch's weights: what torch.save(model.state_dict(), "
        "…) or save_pretrained() writes is needed"},
    {is_version, "this is a file of PyTorch's in another version of its form than 1001" DAMAGED},
    {is_little_endian,
        "the numbers are stored with their highest byte first, where the lowest is needed: it must be saved "
        "again on a machine with that"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (heads); i++) {
    GptVisPickle *pickle = load (file, at, error);
    if (!pickle)
      return FALSE;
    const gboolean ok = heads[i].is (gptvis_pickle_root (pickle));
    gptvis_pickle_free (pickle);
    if (!ok)
      return fail (file, error, GPTVIS_ERROR_UNSUPPORTED, "%s", heads[i].otherwise);
  }
  return TRUE;
}

/* Each storage that the pickle names, by its key. */
static gboolean
list_storages (const GptVisFile *file, const GptVisPickle *pickle, GHashTable *storages, GError **error)
{
  guint n;
  const GptVisPickleValue *const *named = gptvis_pickle_persistents (pickle, &n);
  for (guint i = 0; i < n; i++) {
    GptVisStorage s;
    if (!gptvis_storage_read (file->path, named[i], &s, error))
      return FALSE;
    const GptVisStorage *before = g_hash_table_lookup (storages, s.key);
    if (before && (before->dtype != s.dtype || before->n != s.n))
      return fail (file, error, GPTVIS_ERROR_FORMAT, "storage %s has two types or sizes" DAMAGED, s.key);
    if (!before)
      g_hash_table_insert (storages, (gpointer) s.key, g_memdup2 (&s, sizeof s));
  }
  return TRUE;
}

/* Goes past the storage whose data begins at *at. */
static gboolean
place_storage (const GptVisFile *file, const GptVisPickleValue *key, GHashTable *storages, guint64 *at,
    GHashTable *places, GError **error)
{
  const GptVisStorage *s = key->kind == GPTVIS_PICKLE_TEXT ? g_hash_table_lookup (storages, key->text) : NULL;
  guint8 head[8];
  if (!s)
    return fail (file, error, GPTVIS_ERROR_FORMAT,
        "there is a storage %s that the pickle does not name, so its size is not known"
        DAMAGED, key->kind == GPTVIS_PICKLE_TEXT ? key->text : "without a name");
  if (file->size - *at < sizeof head || file->size - *at - sizeof head < s->n * s->size)
    return fail (file, error, GPTVIS_ERROR_FORMAT,
        "the file is truncated: storage %s with its %" G_GUINT64_FORMAT
        " numbers begins at byte %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT ", as after a download that "
        "did not end: download it again", s->key, s->n, *at, file->size);
  if (!gptvis_file_read (file, *at, sizeof head, head, error))
    return FALSE;
  if (gptvis_le64 (head) != s->n)
    return fail (file, error, GPTVIS_ERROR_FORMAT,
        "storage %s has %" G_GUINT64_FORMAT " numbers, where the pickle "
        "says %" G_GUINT64_FORMAT DAMAGED, s->key, gptvis_le64 (head), s->n);
  *at += sizeof head;
  g_hash_table_replace (places, (gpointer) s->key, g_memdup2 (at, sizeof *at));
  *at += s->n * s->size;
  return TRUE;
}

static gboolean
place_storages (const GptVisFile *file, guint64 *at, const GptVisPickle *pickle, GHashTable *places,
    GError **error)
{
  GptVisPickle *order = load (file, at, error);
  if (!order)
    return FALSE;
  GHashTable *storages = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  const GptVisPickleValue *keys = gptvis_pickle_root (order);
  gboolean ok = list_storages (file, pickle, storages, error);
  if (ok && keys->kind != GPTVIS_PICKLE_LIST)
    ok = fail (file, error, GPTVIS_ERROR_FORMAT, "there is %s in place of the list of storages" DAMAGED,
        gptvis_pickle_kind_text (keys));
  for (guint i = 0; ok && i < keys->n; i++)
    ok = place_storage (file, keys->items[i], storages, at, places, error);
  g_hash_table_unref (storages);
  gptvis_pickle_free (order);
  return ok;
}

GptVisPickle *
gptvis_torch_stream_read (const GptVisFile *file, GHashTable *places, GError **error)
{
  guint64 at = 0;
  GptVisPickle *pickle = read_head (file, &at, error) ? load (file, &at, error) : NULL;
  if (pickle && place_storages (file, &at, pickle, places, error))
    return pickle;
  g_hash_table_remove_all (places);             /* its keys are the pickle's */
  gptvis_pickle_free (pickle);
  return NULL;
}
