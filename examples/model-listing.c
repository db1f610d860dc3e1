/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the hub's listing of a revision (/api/models/NAME/revision/REVISION?blobs=true):
 *
 *     {"sha": COMMIT, "siblings": [{"rfilename", "size", "blobId", "lfs": {"sha256", "size"}}, …]}
 *
 * blobId is git's sum of a small file; of a large one only lfs has that of what is downloaded. */
#include "model-listing.h"
#include "hub.h"
#include "json.h"
#include "quote.h"
#include "shards.h"
#include <string.h>

#define CONVERTER "SFconvertbot"
#define LARGEST (G_GUINT64_CONSTANT (1) << 42)

static void
file_free (gpointer data)
{
  ListedFile *file = data;
  g_free (file->name);
  g_free (file->sum);
  g_free (file->revision);
  g_free (file);
}

void
listing_free (Listing *self)
{
  if (!self)
    return;
  g_ptr_array_unref (self->files);
  g_free (self->commit);
  g_free (self);
}

const ListedFile *
listing_find (const Listing *self, const gchar *name)
{
  for (guint i = 0; i < self->files->len; i++) {
    const ListedFile *file = g_ptr_array_index (self->files, i);
    if (strcmp (file->name, name) == 0)
      return file;
  }
  return NULL;
}

gchar *
listing_path (const gchar *repository, const ListedFile *file)
{
  gchar *name = g_uri_escape_string (file->name, NULL, FALSE);
  gchar *path = g_strdup_printf ("/%s/resolve/%s/%s", repository, file->revision, name);
  g_free (name);
  return path;
}

/* ---- reading ---- */

static gboolean
is_sum (const gchar *text, gsize digits)
{
  return text && strlen (text) == digits && gptvis_hub_is_commit (text);
}

/* Those in directories (onnx/, …) are not needed, nor those that would do something to a terminal. */
static gboolean
is_plain (const gchar *name)
{
  gboolean plain = *name && name[0] != '.' && strlen (name) <= 255;
  for (const gchar *p = name; *p; p++)
    plain = plain && g_ascii_isgraph (*p) && *p != '/' && *p != '\\';
  return plain;
}

/* One of "siblings". */
static void
read_file (Listing *self, GptVisJson *listing, JsonNode *node)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  GptVisJson json = { listing->file, object, NULL };
  if (!json.object) {
    gptvis_json_fail (listing, GPTVIS_ERROR_FORMAT, "siblings has something else than objects");
    return;
  }
  const gchar *name = gptvis_json_string (&json, "rfilename", ""), *sum = NULL;
  JsonObject *lfs = gptvis_json_object (&json, "lfs");
  GptVisJson large = { listing->file, lfs, NULL };
  GptVisJson *sized = lfs ? &large : &json;
  guint64 size = 0;
  const gboolean has_size = gptvis_json_has (sized, "size")
      && gptvis_json_node_uint (json_object_get_member (sized->object, "size"), &size) && size <= LARGEST;
  sum = lfs ? gptvis_json_string (&large, "sha256", NULL) : gptvis_json_string (&json, "blobId", NULL);
  if (is_plain (name)) {
    if (has_size && is_sum (sum, lfs ? 64 : 40)) {
      ListedFile *file = g_new0 (ListedFile, 1);
      *file = (ListedFile) { g_strdup (name), size, g_strdup (sum), g_strdup (self->commit) };
      g_ptr_array_add (self->files, file);
    } else {
      gptvis_json_fail (listing, GPTVIS_ERROR_FORMAT, "the size or the sum of %.100s is missing", name);
    }
  }
  g_clear_error (&json.error);
  g_clear_error (&large.error);
}

static Listing *
read_listing (const gchar *what, const GString *text, GError **error)
{
  JsonObject *object = gptvis_json_parse (what, "answer", text->str, text->len, error);
  if (!object)
    return NULL;
  GptVisJson json = { what, object, NULL };
  Listing *self = g_new0 (Listing, 1);
  const gchar *commit = gptvis_json_string (&json, "sha", "");
  JsonArray *siblings = gptvis_json_array (&json, "siblings");
  self->files = g_ptr_array_new_with_free_func (file_free);
  self->commit = g_strdup (commit);
  if (!is_sum (commit, 40) || !siblings)
    gptvis_json_fail (&json, GPTVIS_ERROR_FORMAT, "is no listing of a checkpoint: is HF_ENDPOINT a hub?");
  for (guint i = 0; !json.error && i < json_array_get_length (siblings); i++)
    read_file (self, &json, json_array_get_element (siblings, i));
  json_object_unref (object);
  if (gptvis_json_settle (&json, error))
    return self;
  listing_free (self);
  return NULL;
}

Listing *
listing_get (Http *http, const gchar *repository, const gchar *revision, GError **error)
{
  gchar *escaped = g_uri_escape_string (revision, NULL, FALSE);
  gchar *path = g_strdup_printf ("/api/models/%s/revision/%s?blobs=true", repository, escaped);
  gchar *what = strcmp (revision, "main") == 0 ? g_strdup (repository) : g_strdup_printf ("%s@%s", repository,
      revision);
  GString *text = http_get_text (http, path, what, error);
  Listing *self = text ? read_listing (what, text, error) : NULL;
  if (text)
    g_string_free (text, TRUE);
  g_free (what);
  g_free (path);
  g_free (escaped);
  return self;
}

/* ---- what is needed ---- */

/* Whatever is read of a checkpoint besides its weights; a model of sentencepiece only where no tokenizer.json
 * says the same. */
static const gchar *const texts[] = { "config.json", "generation_config.json", "preprocessor_config.json",
  "processor_config.json", "video_preprocessor_config.json", "tokenizer.json", "tokenizer_config.json",
  "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "vocab.txt",
  "chat_template.jinja", "chat_template.json" };
static const gchar *const pieces[] = { "spiece.model", "tokenizer.model", "sentencepiece.bpe.model" };

static void
add (const Listing *self, const gchar *name, GPtrArray *files)
{
  const ListedFile *file = listing_find (self, name);
  if (file)
    g_ptr_array_add (files, (gpointer) file);
}

gboolean
listing_add_texts (const Listing *self, const gchar *repository, GPtrArray *files, GError **error)
{
  if (!listing_find (self, "config.json")) {
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND, "%s: there is no config.json in it, so it is no "
        "checkpoint of Transformers%s", repository,
        listing_find (self, "model_index.json") ? ", but a pipeline of Diffusers, which makes pictures"
        : listing_find (self, "adapter_config.json") ? ", but an adapter (LoRA) to another one" : "");
    return FALSE;
  }
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    add (self, texts[i], files);
  for (guint i = 0; !listing_find (self, "tokenizer.json") && i < G_N_ELEMENTS (pieces); i++)
    add (self, pieces[i], files);
  return TRUE;
}

static const struct {
  const gchar *whole, *index, *suffix;
} formats[LISTING_N_FORMATS] = {
  [LISTING_SAFETENSORS] = { "model.safetensors", "model.safetensors.index.json", ".safetensors" },
  [LISTING_TORCH] = { "pytorch_model.bin", "pytorch_model.bin.index.json", ".bin" },
};

const ListedFile *
listing_weights (const Listing *self, guint format, const gchar **suffix)
{
  const ListedFile *whole = listing_find (self, formats[format].whole);
  *suffix = formats[format].suffix;
  return whole ? whole : listing_find (self, formats[format].index);
}

gboolean
listing_add_parts (const Listing *self, const ListedFile *index, const GString *text, const gchar *suffix,
    GPtrArray *files, GError **error)
{
  GHashTable *shard_of = gptvis_shards_parse_index (index->name, text->str, text->len, suffix, error);
  GHashTable *once = g_hash_table_new (g_str_hash, g_str_equal);
  gboolean good = shard_of != NULL;
  GHashTableIter iter;
  gpointer shard;
  if (shard_of)
    g_hash_table_iter_init (&iter, shard_of);
  while (good && g_hash_table_iter_next (&iter, NULL, &shard)) {
    const ListedFile *file = listing_find (self, shard);
    good = file && g_hash_table_size (once) < GPTVIS_MAX_SHARDS;
    if (!good)
      gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND, "%s: it names %.100s for a part of the weights, "
          "which the hub does not have", index->name, (const gchar *) shard);
    else if (g_hash_table_add (once, file->name))
      g_ptr_array_add (files, (gpointer) file);
  }
  g_hash_table_unref (once);
  g_clear_pointer (&shard_of, g_hash_table_unref);
  return good;
}

void
listing_fail_weights (const Listing *self, const gchar *repository, GError **error)
{
  static const gchar *const others[] = { "*.safetensors", "*.bin", "*.h5", "*.msgpack", "*.gguf", "*.onnx",
    "*.pt", "*.pth", "*.ckpt" };
  const ListedFile *instead = NULL;
  for (guint i = 0; !instead && i < G_N_ELEMENTS (others); i++)
    for (guint j = 0; !instead && j < self->files->len; j++) {
      const ListedFile *file = g_ptr_array_index (self->files, j);
      if (g_pattern_match_simple (others[i], file->name))
        instead = file;
    }
  gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND, "%s: it has no weights that are read here, neither "
      "model.safetensors nor pytorch_model.bin%s%s", repository, instead ? ", but " : "",
      instead ? instead->name : "");
}

/* ---- conversions ---- */

/* Is it the converter's offer, still open? Its number, or 0. */
static guint64
conversion_of (JsonNode *node)
{
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return 0;
  GptVisJson json = { "discussions", json_node_get_object (node), NULL };
  JsonObject *author = gptvis_json_object (&json, "author");
  GptVisJson who = { "author", author, NULL };
  guint64 number = 0;
  if (!author || strcmp (gptvis_json_string (&who, "name", ""), CONVERTER) != 0
      || !gptvis_json_boolean (&json, "isPullRequest", FALSE)
      || strcmp (gptvis_json_string (&json, "status", ""), "open") != 0
      || !strstr (gptvis_json_string (&json, "title", ""), "safetensors") || json.error || who.error
      || !gptvis_json_has (&json, "num")
      || !gptvis_json_node_uint (json_object_get_member (json.object, "num"), &number))
    number = 0;
  g_clear_error (&json.error);
  g_clear_error (&who.error);
  return number;
}

gchar *
listing_conversion (Http *http, const gchar *repository)
{
  gchar *path = g_strdup_printf ("/api/models/%s/discussions?type=pull_request&status=open&author=" CONVERTER,
      repository);
  GString *text = http_get_text (http, path, repository, NULL);
  JsonObject *object = text ? gptvis_json_parse (repository, "answer", text->str, text->len, NULL) : NULL;
  GptVisJson json = { repository, object, NULL };
  JsonArray *all = object ? gptvis_json_array (&json, "discussions") : NULL;
  guint64 number = 0;
  for (guint i = 0; all && number == 0 && i < json_array_get_length (all); i++)
    number = conversion_of (json_array_get_element (all, i));
  g_clear_error (&json.error);
  g_clear_pointer (&object, json_object_unref);
  if (text)
    g_string_free (text, TRUE);
  g_free (path);
  return number > 0 ? g_strdup_printf ("refs/pr/%" G_GUINT64_FORMAT, number) : NULL;
}
