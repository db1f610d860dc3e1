/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens the files of a directory's weights and collects their tensors, by names without wrappers. A file's
 * format knows what its bytes mean. */
#include "shards.h"
#include "json.h"
#include "mistakes.h"
#include "names.h"
#include "quote.h"
#include "safetensors.h"
#include "torch.h"
#include <string.h>

#define INDEX ".index.json"     /* after the name of the file that it replaces */

/* The first in which a directory has weights is read. */
static const GptVisFormat *const formats[] = { &gptvis_safetensors_format, &gptvis_torch_format };

struct _GptVisShards {
  gchar *directory;
  GPtrArray *files;             /* GptVisContainer */
  GHashTable *tensors;          /* unwrapped name → GptVisStoredTensor, a file's */
};

/* Of two with the same name without wrappers, the one without wrappers in the file stays. */
static void
add_tensor (GptVisShards *self, const GptVisStoredTensor *t)
{
  gchar *name = gptvis_names_unwrap (t->name);
  if (strcmp (name, t->name) != 0 && g_hash_table_contains (self->tensors, name))
    g_free (name);
  else
    g_hash_table_replace (self->tensors, name, (gpointer) t);
}

/* NULL after an error. */
static const GptVisContainer *
add_file (GptVisShards *self, const GptVisFormat *format, const gchar *name, GError **error)
{
  gchar *path = g_build_filename (self->directory, name, NULL);
  GptVisContainer *file = format->open (path, error);
  g_free (path);
  if (file)
    g_ptr_array_add (self->files, file);
  return file;
}

static gboolean
open_single (GptVisShards *self, const GptVisFormat *format, GError **error)
{
  const GptVisContainer *file = add_file (self, format, format->single, error);
  for (guint i = 0; file && i < gptvis_container_n_tensors (file); i++)
    add_tensor (self, gptvis_container_tensor (file, i));
  return file != NULL;
}

/* ---- an index ---- */

/* A plain file name: anything else could lead out of the directory. */
static gboolean
is_shard_name (const gchar *name, const gchar *suffix)
{
  return g_str_has_suffix (name, suffix) && strlen (name) <= 255 && name[0] != '.' && !strpbrk (name, "/\\");
}

static GHashTable *
read_index (const gchar *file, JsonObject *object, const gchar *suffix, GError **error)
{
  GptVisJson json = { file, object, NULL };
  GHashTable *shard_of = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  JsonObject *map = gptvis_json_object (&json, "weight_map");
  JsonObjectIter iter;
  const gchar *tensor;
  JsonNode *node;

  if (!map)
    gptvis_json_fail (&json, GPTVIS_ERROR_FORMAT, "weight_map is missing");
  else
    json_object_iter_init (&iter, map);
  while (!json.error && json_object_iter_next (&iter, &tensor, &node)) {
    const gchar *shard = JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
        ? json_node_get_string (node) : NULL;
    if (strlen (tensor) > GPTVIS_STORED_MAX_NAME)
      gptvis_json_fail (&json, GPTVIS_ERROR_LIMIT, "a tensor's name has more than %u bytes",
          GPTVIS_STORED_MAX_NAME);
    else if (!shard || !is_shard_name (shard, suffix))
      gptvis_json_fail (&json, GPTVIS_ERROR_FORMAT,
          "weight_map has \"%.100s\" for tensor %s, where the name of a %s file beside it is "
          "needed", shard ? shard : "no string", tensor, suffix);
    else
      g_hash_table_insert (shard_of, g_strdup (tensor), g_strdup (shard));
  }
  if (!json.error)
    return shard_of;
  g_propagate_error (error, json.error);
  g_hash_table_unref (shard_of);
  return NULL;
}

GHashTable *
gptvis_shards_parse_index (const gchar *file, const gchar *text, gsize size, const gchar *suffix,
    GError **error)
{
  JsonObject *object = gptvis_json_parse (file, "JSON", text, size, error);
  GHashTable *shard_of = object ? read_index (file, object, suffix, error) : NULL;
  g_clear_pointer (&object, json_object_unref);
  return shard_of;
}

/* Opens one of the files that the index names; NULL after an error. */
static const GptVisContainer *
add_named_file (GptVisShards *self, const GptVisFormat *format, const gchar *index, const gchar *name,
    GError **error)
{
  if (self->files->len >= GPTVIS_MAX_SHARDS) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT, "%s: weight_map names more than %u files", index,
        GPTVIS_MAX_SHARDS);
    return NULL;
  }
  GError *why = NULL;
  const GptVisContainer *file = add_file (self, format, name, &why);
  if (file)
    return file;
  if (g_error_matches (why, GPTVIS_ERROR, GPTVIS_ERROR_NOT_FOUND))
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND, "%s (%s" INDEX " names it for a part of the weights)",
        why->message, format->single);
  else
    g_propagate_error (error, g_steal_pointer (&why));
  g_clear_error (&why);
  return NULL;
}

/* Opens the files that the index names and takes the tensors that it says they have. */
static gboolean
open_named (GptVisShards *self, const GptVisFormat *format, const gchar *index, GHashTable *shard_of,
    GError **error)
{
  GHashTable *opened = g_hash_table_new (g_str_hash, g_str_equal);      /* file name → GptVisContainer */
  GHashTableIter iter;
  gpointer tensor, name;
  gboolean ok = TRUE;

  g_hash_table_iter_init (&iter, shard_of);
  while (ok && g_hash_table_iter_next (&iter, &tensor, &name)) {
    const GptVisContainer *file = g_hash_table_lookup (opened, name);
    if (!file) {
      file = add_named_file (self, format, index, name, error);
      ok = file != NULL;
      if (!ok)
        break;
      g_hash_table_insert (opened, name, (gpointer) file);
    }
    const GptVisStoredTensor *t = gptvis_container_find (file, tensor);
    if (t) {
      add_tensor (self, t);
    } else {
      gptvis_quote_error (error, GPTVIS_ERROR_FORMAT,
          "%s: weight_map says that tensor %s is in %s, where it is not", index, (const gchar *) tensor,
          (const gchar *) name);
      ok = FALSE;
    }
  }
  g_hash_table_unref (opened);
  return ok;
}

static gboolean
open_index (GptVisShards *self, const GptVisFormat *format, const gchar *index, GError **error)
{
  JsonObject *object = gptvis_json_load (index, error);
  GHashTable *shard_of = object ? read_index (index, object, format->suffix, error) : NULL;
  g_clear_pointer (&object, json_object_unref);
  if (!shard_of)
    return FALSE;
  const gboolean ok = open_named (self, format, index, shard_of, error);
  g_hash_table_unref (shard_of);
  return ok;
}

/* ---- the directory ---- */

gboolean
gptvis_shards_is_file (const gchar *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (g_str_has_suffix (name, formats[i]->suffix))
      return TRUE;
  return FALSE;
}

/* FALSE without an error: there are no weights in this format. */
static gboolean
open_format (GptVisShards *self, const GptVisFormat *format, GError **error)
{
  gchar *single = g_build_filename (self->directory, format->single, NULL);
  gchar *index = g_strconcat (single, INDEX, NULL);
  gboolean ok = FALSE;
  if (g_file_test (single, G_FILE_TEST_EXISTS))
    ok = open_single (self, format, error);
  else if (g_file_test (index, G_FILE_TEST_EXISTS))
    ok = open_index (self, format, index, error);
  g_free (single);
  g_free (index);
  return ok;
}

GptVisShards *
gptvis_shards_open (const gchar *directory, const gchar *class_name, GError **error)
{
  GptVisShards *self = g_new0 (GptVisShards, 1);
  GError *why = NULL;
  self->directory = g_strdup (directory);
  self->files = g_ptr_array_new_with_free_func ((GDestroyNotify) gptvis_container_free);
  self->tensors = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; !why && i < G_N_ELEMENTS (formats); i++)
    if (open_format (self, formats[i], &why))
      return self;
  if (!why)
    gptvis_mistake_no_weights (directory, class_name, &why);
  g_propagate_error (error, why);
  gptvis_shards_free (self);
  return NULL;
}

void
gptvis_shards_free (GptVisShards *self)
{
  if (!self)
    return;
  g_hash_table_unref (self->tensors);
  g_ptr_array_unref (self->files);
  g_free (self->directory);
  g_free (self);
}

const GptVisStoredTensor *
gptvis_shards_find (const GptVisShards *self, const gchar *name)
{
  return gptvis_names_find (self->tensors, name);
}

gboolean
gptvis_shards_are_quantised (const GptVisShards *self)
{
  GHashTableIter iter;
  gpointer name;
  g_hash_table_iter_init (&iter, self->tensors);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (gptvis_names_is_quantised (name))
      return TRUE;
  return FALSE;
}
