/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tokenizer.json: the same tokenizers, described part by part. Parts that amount to one
 * of our pipelines are accepted; any other is refused by its name, for ids that are
 * nearly right make captions that are wrong. */
#include "tokenizer-private.h"
#include "quote.h"
#include <string.h>

#define fail(error, code, ...) (gptvis_quote_error (error, code, __VA_ARGS__), FALSE)
#define MAX_WORD 10000u         /* characters; real files say 100 */

static const gchar clip_pattern[] = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
/* As Transformers 5 writes it: added tokens are cut out before, so that these alternatives never match. */
static const gchar clip_tokens[] = "<\\|startoftext\\|>|<\\|endoftext\\|>|";

/* One object within the file, and the name it has in messages. */
typedef struct {
  GptVisJson json;
  const gchar *name;            /* "model", "normalizer", … */
  const gchar *type;            /* its "type", or NULL */
  gchar *file;
} Part;

/* Reads a part of the pipeline; of a Sequence, each of its parts. FALSE: an error. */
typedef gboolean (*Reader) (GptVisTokenizer *self, Part *part, GError **error);

static gboolean
unsupported (const Part *part, const gchar *right, GError **error)
{
  return fail (error, GPTVIS_ERROR_UNSUPPORTED, "%s has the type \"%.200s\", where %s", part->file,
      part->type ? part->type : "", right);
}

static gboolean read_list (GptVisTokenizer *self, Part *part, const gchar *list, Reader reader,
    GError **error);

static gboolean
read_object (GptVisTokenizer *self, const gchar *file, const gchar *name, JsonObject *object,
    const gchar *list, Reader reader, GError **error)
{
  Part part = { .name = name, .file = g_strdup_printf ("%s: %s", file, name) };
  part.json = (GptVisJson) { part.file, object, NULL };
  part.type = gptvis_json_string (&part.json, "type", NULL);
  gboolean ok = gptvis_json_settle (&part.json, error);
  if (ok && !part.type)
    ok = fail (error, GPTVIS_ERROR_FORMAT, "%s has no type, where one is needed", part.file);
  if (ok && list && strcmp (part.type, "Sequence") == 0)
    ok = read_list (self, &part, list, reader, error);
  else if (ok)
    ok = reader (self, &part, error) && gptvis_json_settle (&part.json, error);
  g_clear_error (&part.json.error);
  g_free (part.file);
  return ok;
}

static gboolean
read_list (GptVisTokenizer *self, Part *part, const gchar *list, Reader reader, GError **error)
{
  JsonArray *all = gptvis_json_array (&part->json, list);
  const gchar *file = self->file;
  if (!gptvis_json_settle (&part->json, error))
    return FALSE;
  for (guint i = 0; all && i < json_array_get_length (all); i++) {
    JsonNode *node = json_array_get_element (all, i);
    if (!JSON_NODE_HOLDS_OBJECT (node))
      return fail (error, GPTVIS_ERROR_FORMAT, "%s has %s that are not objects {…}", part->file, list);
    if (!read_object (self, file, part->name, json_node_get_object (node), list, reader, error))
      return FALSE;
  }
  return TRUE;
}

/* Reads a member of the file; one that is absent or null is skipped. */
static gboolean
read_part (GptVisTokenizer *self, GptVisJson *root, const gchar *name, const gchar *list, Reader reader,
    GError **error)
{
  JsonObject *object = gptvis_json_object (root, name);
  if (!gptvis_json_settle (root, error))
    return FALSE;
  return !object || read_object (self, self->file, name, object, list, reader, error);
}

/* {"Regex": …} or {"String": …}; "" when it is neither. */
static const gchar *
pattern_of (Part *part, const gchar *kind)
{
  JsonObject *pattern = gptvis_json_object (&part->json, "pattern");
  JsonNode *node = pattern ? json_object_get_member (pattern, kind) : NULL;
  return node && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING ?
      json_node_get_string (node) : "";
}

static gboolean
read_normalizer (GptVisTokenizer *self, Part *part, GError **error)
{
  GptVisNormalizeStep step = { 0 };
  if (strcmp (part->type, "NFC") == 0)
    step.kind = GPTVIS_NORMALIZE_NFC;
  else if (strcmp (part->type, "NFD") == 0)
    step.kind = GPTVIS_NORMALIZE_NFD;
  else if (strcmp (part->type, "Lowercase") == 0)
    step.kind = GPTVIS_NORMALIZE_LOWER;
  else if (strcmp (part->type, "Replace") == 0) {
    const gchar *content = gptvis_json_string (&part->json, "content", "");
    if (strcmp (pattern_of (part, "Regex"), "\\s+") != 0 || strcmp (content, " ") != 0)
      return gptvis_json_settle (&part->json, error) && fail (error, GPTVIS_ERROR_UNSUPPORTED,
          "%s replaces something, where only \"\\s+\" by \" \" is handled", part->file);
    step.kind = GPTVIS_NORMALIZE_SPACES;
  } else if (strcmp (part->type, "BertNormalizer") == 0) {
    step.kind = GPTVIS_NORMALIZE_BERT;
    step.clean = gptvis_json_boolean (&part->json, "clean_text", TRUE);
    step.ideographs = gptvis_json_boolean (&part->json, "handle_chinese_chars", TRUE);
    step.lower = gptvis_json_boolean (&part->json, "lowercase", TRUE);
    step.accents = gptvis_json_boolean (&part->json, "strip_accents", step.lower);
  } else
    return unsupported (part, "NFC, NFD, Lowercase, Replace, BertNormalizer and Sequence are handled", error);
  if (self->n_steps == GPTVIS_NORMALIZE_MAX_STEPS)
    return fail (error, GPTVIS_ERROR_LIMIT, "%s has more than %u steps", part->file,
        GPTVIS_NORMALIZE_MAX_STEPS);
  self->steps[self->n_steps++] = step;
  return TRUE;
}

/* CLIP's Split, which ByteLevel's own pattern then cuts no further; ByteLevel; BertPreTokenizer. */
static gboolean
read_pre_tokenizer (GptVisTokenizer *self, Part *part, GError **error)
{
  if (strcmp (part->type, "Split") == 0) {
    const gchar *pattern = pattern_of (part, "Regex");
    if (g_str_has_prefix (pattern, clip_tokens))
      pattern += strlen (clip_tokens);
    if (self->cut != GPTVIS_CUT_NONE || strcmp (pattern, clip_pattern) != 0
        || g_ascii_strcasecmp (gptvis_json_string (&part->json, "behavior", ""), "removed") != 0
        || !gptvis_json_boolean (&part->json, "invert", FALSE))
      return gptvis_json_settle (&part->json, error) && fail (error, GPTVIS_ERROR_UNSUPPORTED,
          "%s splits at a pattern of its own, where CLIP's is handled", part->file);
    self->cut = GPTVIS_CUT_CLIP;
    return TRUE;
  }
  if (strcmp (part->type, "BertPreTokenizer") == 0 && self->wordpiece) {
    self->cut = GPTVIS_CUT_BERT;
    return TRUE;
  }
  if (strcmp (part->type, "ByteLevel") != 0 || self->wordpiece)
    return unsupported (part, self->wordpiece ? "a WordPiece model's BertPreTokenizer is handled" :
        "a BPE model's ByteLevel, alone or after CLIP's Split, is handled", error);
  const gboolean regex = gptvis_json_boolean (&part->json, "use_regex", TRUE);
  const gboolean prefix_space = gptvis_json_boolean (&part->json, "add_prefix_space", TRUE);
  self->bytes_seen = TRUE;
  if (self->cut == GPTVIS_CUT_CLIP && prefix_space)
    return gptvis_json_settle (&part->json, error) && fail (error, GPTVIS_ERROR_UNSUPPORTED,
        "%s has add_prefix_space after a Split, where false is handled", part->file);
  if (self->cut == GPTVIS_CUT_NONE && regex)
    self->cut = GPTVIS_CUT_GPT2;
  self->prefix_space = prefix_space;
  return TRUE;
}

static gboolean
read_decoder (GptVisTokenizer *self, Part *part, GError **error)
{
  if (strcmp (part->type, "ByteLevel") == 0) {
    self->decode = GPTVIS_DECODE_BYTES;
    return TRUE;
  }
  if (strcmp (part->type, "WordPiece") != 0)
    return unsupported (part, "ByteLevel and WordPiece are handled", error);
  self->decode = GPTVIS_DECODE_WORDPIECE;
  g_free (self->decode_prefix);
  self->decode_prefix = g_strdup (gptvis_json_string (&part->json, "prefix", "##"));
  self->decode_clean_up = gptvis_json_boolean (&part->json, "cleanup", TRUE);
  return TRUE;
}

static gboolean
add_id (GptVisTokenizer *self, const Part *part, GArray *ids, guint64 id, GError **error)
{
  const guint32 value = (guint32) id;
  if (id >= gptvis_vocabulary_size (self->vocabulary))
    return fail (error, GPTVIS_ERROR_FORMAT, "%s adds the id %" G_GUINT64_FORMAT
        ", where the vocabulary ends at %u", part->file, id, gptvis_vocabulary_size (self->vocabulary) - 1);
  g_array_append_val (ids, value);
  return TRUE;
}

/* "cls": ["<|startoftext|>", 49406] */
static gboolean
read_pair (GptVisTokenizer *self, Part *part, const gchar *name, GArray *ids, GError **error)
{
  JsonArray *pair = gptvis_json_array (&part->json, name);
  guint64 id;
  if (!gptvis_json_settle (&part->json, error))
    return FALSE;
  if (!pair || json_array_get_length (pair) != 2
      || !gptvis_json_node_uint (json_array_get_element (pair, 1), &id))
    return fail (error, GPTVIS_ERROR_FORMAT, "%s has no %s, which is [\"token\", id]", part->file, name);
  return add_id (self, part, ids, id, error);
}

/* The ids of a template's token: "special_tokens": {"[CLS]": {"ids": [2]}} */
static gboolean
read_template_token (GptVisTokenizer *self, Part *part, const gchar *name, GArray *to, GError **error)
{
  JsonObject *tokens = gptvis_json_object (&part->json, "special_tokens");
  JsonNode *node = tokens && name ? json_object_get_member (tokens, name) : NULL;
  if (!gptvis_json_settle (&part->json, error))
    return FALSE;
  if (!node || !JSON_NODE_HOLDS_OBJECT (node))
    return fail (error, GPTVIS_ERROR_FORMAT, "%s uses \"%.200s\", which its special_tokens do not have",
        part->file, name ? name : "");
  GptVisJson token = { part->file, json_node_get_object (node), NULL };
  JsonArray *ids = gptvis_json_array (&token, "ids");
  if (!gptvis_json_settle (&token, error))
    return FALSE;
  for (guint i = 0; ids && i < json_array_get_length (ids); i++) {
    guint64 id;
    if (!gptvis_json_node_uint (json_array_get_element (ids, i), &id))
      return fail (error, GPTVIS_ERROR_FORMAT, "%s has ids of \"%.200s\" that are not whole numbers",
          part->file, name);
    if (!add_id (self, part, to, id, error))
      return FALSE;
  }
  return TRUE;
}

/* "single": [{"SpecialToken": {"id": "[CLS]"}}, {"Sequence": {"id": "A"}}, …] */
static gboolean
read_template (GptVisTokenizer *self, Part *part, GError **error)
{
  JsonArray *single = gptvis_json_array (&part->json, "single");
  guint texts = 0;
  if (!gptvis_json_settle (&part->json, error))
    return FALSE;
  for (guint i = 0; single && i < json_array_get_length (single); i++) {
    JsonNode *node = json_array_get_element (single, i);
    if (!JSON_NODE_HOLDS_OBJECT (node))
      return fail (error, GPTVIS_ERROR_FORMAT, "%s has a single with something that is not an object {…}",
          part->file);
    GptVisJson piece = { part->file, json_node_get_object (node), NULL };
    JsonObject *token = gptvis_json_object (&piece, "SpecialToken");
    GptVisJson inner = { part->file, token, NULL };
    const gchar *name = token ? gptvis_json_string (&inner, "id", NULL) : NULL;
    if (!gptvis_json_settle (&piece, error) || !gptvis_json_settle (&inner, error))
      return FALSE;
    if (!token)
      texts++;
    else if (!read_template_token (self, part, name, texts ? self->after : self->before, error))
      return FALSE;
  }
  return texts == 1 || fail (error, GPTVIS_ERROR_FORMAT,
      "%s has a \"single\" with %u texts, where one is needed", part->file, texts);
}

static gboolean
read_post_processor (GptVisTokenizer *self, Part *part, GError **error)
{
  if (strcmp (part->type, "ByteLevel") == 0)
    return TRUE;                /* offsets only */
  if (self->before->len || self->after->len)
    return fail (error, GPTVIS_ERROR_UNSUPPORTED, "%s adds tokens twice, where once is handled", part->file);
  if (strcmp (part->type, "RobertaProcessing") == 0 || strcmp (part->type, "BertProcessing") == 0)
    return read_pair (self, part, "cls", self->before, error)
        && read_pair (self, part, "sep", self->after, error);
  if (strcmp (part->type, "TemplateProcessing") == 0)
    return read_template (self, part, error);
  return unsupported (part,
      "ByteLevel, BertProcessing, RobertaProcessing, TemplateProcessing and Sequence are handled", error);
}

/* ["a", "b"], or "a b" as older files have it. */
static gboolean
read_merge (GptVisTokenizer *self, const Part *part, JsonNode *node, guint i, GError **error)
{
  const gchar *parts[2] = { NULL, NULL };
  if (JSON_NODE_HOLDS_ARRAY (node) && json_array_get_length (json_node_get_array (node)) == 2) {
    for (guint k = 0; k < 2; k++) {
      JsonNode *element = json_array_get_element (json_node_get_array (node), k);
      if (JSON_NODE_HOLDS_VALUE (element) && json_node_get_value_type (element) == G_TYPE_STRING)
        parts[k] = json_node_get_string (element);
    }
    if (parts[0] && parts[1])
      return gptvis_bpe_add_merge (self, part->file, parts[0], strlen (parts[0]), parts[1], strlen (parts[1]),
          error);
  } else if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING) {
    const gchar *text = json_node_get_string (node), *space = strchr (text, ' ');
    if (space && !strchr (space + 1, ' '))
      return gptvis_bpe_add_merge (self, part->file, text, (gsize) (space - text), space + 1,
          strlen (space + 1), error);
  }
  return fail (error, GPTVIS_ERROR_FORMAT, "%s has merge %u, which does not have two parts", part->file,
      i + 1);
}

static gboolean
read_bpe (GptVisTokenizer *self, Part *part, GError **error)
{
  GptVisJson *json = &part->json;
  self->suffix = g_strdup (gptvis_json_string (json, "end_of_word_suffix", ""));
  self->fuse_unknown = gptvis_json_boolean (json, "fuse_unk", FALSE);
  self->ignore_merges = gptvis_json_boolean (json, "ignore_merges", FALSE);
  const gboolean fallback = gptvis_json_boolean (json, "byte_fallback", FALSE);
  const gboolean prefix = *gptvis_json_string (json, "continuing_subword_prefix", "");
  const gboolean dropout = gptvis_json_number (json, "dropout", 0, 0, 1) > 0;
  JsonArray *merges = gptvis_json_array (json, "merges");
  if (!gptvis_json_settle (json, error))
    return FALSE;
  if (fallback || prefix || dropout)
    return fail (error, GPTVIS_ERROR_UNSUPPORTED, "%s has %s, where none is handled", part->file,
        fallback ? "byte_fallback" : prefix ? "a continuing_subword_prefix" : "a dropout");
  if (strlen (self->suffix) > GPTVIS_TOKENIZER_MAX_SUFFIX)
    return fail (error, GPTVIS_ERROR_LIMIT, "%s has an end_of_word_suffix of more than %u bytes", part->file,
        GPTVIS_TOKENIZER_MAX_SUFFIX);
  if (!merges)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s has no merges […]", part->file);
  for (guint i = 0; i < json_array_get_length (merges); i++)
    if (!read_merge (self, part, json_array_get_element (merges, i), i, error))
      return FALSE;
  return TRUE;
}

static gboolean
read_model (GptVisTokenizer *self, Part *part, GError **error)
{
  GptVisJson *json = &part->json;
  self->wordpiece = strcmp (part->type, "WordPiece") == 0;
  if (!self->wordpiece && strcmp (part->type, "BPE") != 0)
    return unsupported (part, "BPE and WordPiece are handled", error);
  JsonObject *vocab = gptvis_json_object (json, "vocab");
  const gchar *unknown = gptvis_json_string (json, "unk_token", self->wordpiece ? "[UNK]" : NULL);
  if (!gptvis_json_settle (json, error))
    return FALSE;
  if (!vocab)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s has no vocab {…}", part->file);
  if (!gptvis_vocabulary_read (self->vocabulary, part->file, vocab, error))
    return FALSE;
  gptvis_vocabulary_close_model (self->vocabulary);
  self->unknown = unknown ? gptvis_vocabulary_find (self->vocabulary, unknown, strlen (unknown)) : -1;
  if (unknown && self->unknown < 0)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s has the unk_token \"%.200s\", which is not in its vocab",
        part->file, unknown);
  if (!self->wordpiece)
    return read_bpe (self, part, error);
  self->prefix = g_strdup (gptvis_json_string (json, "continuing_subword_prefix", "##"));
  self->max_word = gptvis_json_uint (json, "max_input_chars_per_word", 100, 1, MAX_WORD);
  return TRUE;
}

static gboolean
read_added (GptVisTokenizer *self, GptVisJson *root, GError **error)
{
  JsonArray *all = gptvis_json_array (root, "added_tokens");
  if (!gptvis_json_settle (root, error))
    return FALSE;
  for (guint i = 0; all && i < json_array_get_length (all); i++) {
    JsonNode *node = json_array_get_element (all, i);
    guint64 id;
    if (!JSON_NODE_HOLDS_OBJECT (node))
      return fail (error, GPTVIS_ERROR_FORMAT, "%s: added_tokens has something that is not an object {…}",
          self->file);
    GptVisJson token = { self->file, json_node_get_object (node), NULL };
    if (!gptvis_json_has (&token, "id")
        || !gptvis_json_node_uint (json_object_get_member (token.object, "id"), &id))
      return fail (error, GPTVIS_ERROR_FORMAT,
          "%s: an added token has no id, which is a whole number from 0 to %u",
          self->file, GPTVIS_VOCABULARY_MAX - 1);
    if (!gptvis_added_read_object (self, &token, id, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
read_all (GptVisTokenizer *self, GptVisJson *root, GError **error)
{
  if (!gptvis_json_has (root, "model"))
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: there is no model {…}", self->file);
  if (!read_part (self, root, "model", NULL, read_model, error) || !read_added (self, root, error)
      || !read_part (self, root, "normalizer", "normalizers", read_normalizer, error)
      || !read_part (self, root, "pre_tokenizer", "pretokenizers", read_pre_tokenizer, error)
      || !read_part (self, root, "decoder", "decoders", read_decoder, error)
      || !read_part (self, root, "post_processor", "processors", read_post_processor, error))
    return FALSE;
  if (!self->wordpiece && !self->bytes_seen)
    return fail (error, GPTVIS_ERROR_UNSUPPORTED,
        "%s: pre_tokenizer has no ByteLevel, where BPE is handled at the level of bytes", self->file);
  return TRUE;
}

gboolean
gptvis_tokenizer_read_json (GptVisTokenizer *self, const GptVisTokenizerFile *file, GError **error)
{
  GptVisJson root = { file->name, NULL, NULL };
  root.object = gptvis_json_parse (file->name, "JSON", file->text, file->size, error);
  const gboolean ok = root.object && read_all (self, &root, error);
  g_clear_pointer (&root.object, json_object_unref);
  return ok;
}
