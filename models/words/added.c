/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Added tokens: those that are looked for in a text before the model sees it, most of
 * them special. Which they are is spread over three files with a history:
 * added_tokens_decoder in tokenizer_config.json says everything; where that is missing,
 * added_tokens.json gives ids, and tokenizer_config.json and special_tokens_map.json
 * give names (the latter's count where both do). */
#include "tokenizer-private.h"
#include "quote.h"
#include <string.h>

#define fail(error, code, ...) (gptvis_quote_error (error, code, __VA_ARGS__), FALSE)

static const gchar *const names[GPTVIS_SPECIAL_N] = {
  "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"
};

static GptVisAddedToken *
find_added (GptVisTokenizer *self, guint id)
{
  const guint place = GPOINTER_TO_UINT (g_hash_table_lookup (self->added_ids, GUINT_TO_POINTER (id)));
  return place ? &g_array_index (self->added, GptVisAddedToken, place - 1) : NULL;
}

/* Adds a token, which the vocabulary may already have, but then with this id. */
static gboolean
add (GptVisTokenizer *self, const gchar *file, const gchar *content, guint64 id,
    const GptVisAddedToken *flags, GError **error)
{
  if (!*content)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: the added token with id %" G_GUINT64_FORMAT
        " is empty, where a token has at least one character", file, id);
  if (id >= GPTVIS_VOCABULARY_MAX)
    return fail (error, GPTVIS_ERROR_LIMIT, "%s: the added token \"%.200s\" has the id %" G_GUINT64_FORMAT
        ", where vocabularies of at most %u tokens are read", file, content, id, GPTVIS_VOCABULARY_MAX);
  const gint there = gptvis_vocabulary_find (self->vocabulary, content, strlen (content));
  if (there >= 0 && (guint64) there != id)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: the added token \"%.200s\" has the id %" G_GUINT64_FORMAT
        ", where the vocabulary has it as %d", file, content, id, there);
  const gchar *text = gptvis_vocabulary_text (self->vocabulary, (guint) id);
  if (text && there < 0)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: the added token \"%.200s\" has the id %" G_GUINT64_FORMAT
        ", which is \"%.200s\" in the vocabulary", file, content, id, text);
  if (there < 0 && !gptvis_vocabulary_add (self->vocabulary, content, strlen (content), id, error))
    return FALSE;
  GptVisAddedToken token = *flags, *old = find_added (self, (guint) id);
  token.text = gptvis_vocabulary_text (self->vocabulary, (guint) id);
  token.pattern = NULL;
  token.id = (guint32) id;
  if (old) {
    token.order = old->order;
    *old = token;
    return TRUE;
  }
  token.order = self->added->len;
  if (token.order == GPTVIS_TOKENIZER_MAX_ADDED)
    return fail (error, GPTVIS_ERROR_LIMIT, "%s: there are more added tokens than %u", file,
        GPTVIS_TOKENIZER_MAX_ADDED);
  g_array_append_val (self->added, token);
  g_hash_table_insert (self->added_ids, GUINT_TO_POINTER ((guint) id), GUINT_TO_POINTER (self->added->len));
  return TRUE;
}

/* The content, or NULL after a mistake. */
static const gchar *
read_flags (GptVisJson *token, GptVisAddedToken *flags, gboolean special)
{
  const gchar *content = gptvis_json_string (token, "content", NULL);
  flags->single_word = gptvis_json_boolean (token, "single_word", FALSE);
  flags->lstrip = gptvis_json_boolean (token, "lstrip", FALSE);
  flags->rstrip = gptvis_json_boolean (token, "rstrip", FALSE);
  flags->special = special || gptvis_json_boolean (token, "special", FALSE);
  flags->normalized = gptvis_json_boolean (token, "normalized", !flags->special);
  if (!content && !token->error)
    gptvis_json_fail (token, GPTVIS_ERROR_FORMAT, "an added token has no content, where its text is needed");
  return token->error ? NULL : content;
}

gboolean
gptvis_added_read_object (GptVisTokenizer *self, GptVisJson *token, guint64 id, GError **error)
{
  GptVisAddedToken flags = { 0 };
  const gchar *content = read_flags (token, &flags, FALSE);
  return gptvis_json_settle (token, error) && add (self, token->file, content, id, &flags, error);
}

/* "912": {"content": …} */
static gboolean
read_decoder (GptVisTokenizer *self, GptVisJson *config, GError **error)
{
  JsonObject *decoder = gptvis_json_object (config, "added_tokens_decoder");
  JsonObjectIter iter;
  const gchar *key;
  JsonNode *node;
  if (!gptvis_json_settle (config, error))
    return FALSE;
  if (!decoder)
    return TRUE;
  json_object_iter_init_ordered (&iter, decoder);
  while (json_object_iter_next_ordered (&iter, &key, &node)) {
    guint64 id;
    if (!g_ascii_string_to_unsigned (key, 10, 0, GPTVIS_VOCABULARY_MAX - 1, &id, NULL))
      return fail (error, GPTVIS_ERROR_FORMAT,
          "%s: added_tokens_decoder has \"%.200s\", where an id from 0 to %u is needed", config->file, key,
          GPTVIS_VOCABULARY_MAX - 1);
    if (!JSON_NODE_HOLDS_OBJECT (node))
      return fail (error, GPTVIS_ERROR_FORMAT,
          "%s: added_tokens_decoder's %s is not an object with a content", config->file, key);
    GptVisJson token = { config->file, json_node_get_object (node), NULL };
    if (!gptvis_added_read_object (self, &token, id, error))
      return FALSE;
  }
  return TRUE;
}

/* added_tokens.json: "[DEC]": 700 */
static gboolean
read_added (GptVisTokenizer *self, GptVisJson *added, GError **error)
{
  const GptVisAddedToken flags = { .normalized = TRUE };
  JsonObjectIter iter;
  const gchar *content;
  JsonNode *node;
  json_object_iter_init_ordered (&iter, added->object);
  while (json_object_iter_next_ordered (&iter, &content, &node)) {
    guint64 id;
    if (!gptvis_json_node_uint (node, &id))
      return fail (error, GPTVIS_ERROR_FORMAT,
          "%s: \"%.200s\" has no id, which is a whole number from 0 to %u",
          added->file, content, GPTVIS_VOCABULARY_MAX - 1);
    if (!add (self, added->file, content, id, &flags, error))
      return FALSE;
  }
  return TRUE;
}

/* A token that a file names as special: a string, or an object as above. */
static gboolean
name_special (GptVisTokenizer *self, const gchar *file, const gchar *name, JsonNode *node,
    gboolean normalized, gint *id, GError **error)
{
  GptVisAddedToken flags = { .special = TRUE, .normalized = normalized };
  const gchar *content = NULL;
  if (JSON_NODE_HOLDS_OBJECT (node)) {
    GptVisJson token = { file, json_node_get_object (node), NULL };
    content = read_flags (&token, &flags, TRUE);
    if (!gptvis_json_settle (&token, error))
      return FALSE;
  } else if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING) {
    content = json_node_get_string (node);
  } else {
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: %s is neither a string nor an object with a content", file,
        name);
  }
  *id = gptvis_vocabulary_find (self->vocabulary, content, strlen (content));
  if (*id < 0)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: %s is \"%.200s\", which is not in the vocabulary of %s",
        file, name, content, self->file);
  GptVisAddedToken *there = find_added (self, (guint) *id);
  if (!there)
    return add (self, file, content, (guint64) *id, &flags, error);
  if (!there->special)          /* from added_tokens.json, where it had no flags */
    there->normalized = FALSE;
  there->special = TRUE;
  return TRUE;
}

static JsonNode *
named (GptVisJson *json, const gchar *name)
{
  return gptvis_json_has (json, name) ? json_object_get_member (json->object, name) : NULL;
}

static gboolean
read_additional (GptVisTokenizer *self, GptVisJson *json, GError **error)
{
  JsonArray *all = gptvis_json_array (json, "additional_special_tokens");
  gint id;
  if (!gptvis_json_settle (json, error))
    return FALSE;
  for (guint i = 0; all && i < json_array_get_length (all); i++)
    if (!name_special (self, json->file, "an additional_special_tokens entry",
            json_array_get_element (all, i), FALSE, &id, error))
      return FALSE;
  return TRUE;
}

gboolean
gptvis_added_read (GptVisTokenizer *self, GptVisJson *config, GptVisJson *map, GptVisJson *added,
    const gchar *const *defaults, gint *ids, GError **error)
{
  const gboolean all_there = gptvis_json_has (config, "added_tokens_decoder");
  if (!read_decoder (self, config, error) || (!all_there && !read_added (self, added, error)))
    return FALSE;
  for (guint i = 0; i < GPTVIS_SPECIAL_N; i++) {
    GptVisJson *from = !all_there && named (map, names[i]) ? map : config;
    JsonNode *node = named (from, names[i]);
    /* as Transformers' classes make AddedTokens of plain strings */
    const gboolean normalized = !self->wordpiece && i <= GPTVIS_SPECIAL_UNK;
    ids[i] = -1;
    if (node) {
      if (!name_special (self, from->file, names[i], node, normalized, &ids[i], error))
        return FALSE;
    } else if (defaults && defaults[i]) {
      ids[i] = gptvis_vocabulary_find (self->vocabulary, defaults[i], strlen (defaults[i]));
      const GptVisAddedToken flags = { .special = TRUE, .normalized = normalized };
      if (ids[i] >= 0 && !find_added (self, (guint) ids[i])
          && !add (self, self->file, defaults[i], (guint64) ids[i], &flags, error))
        return FALSE;
    }
  }
  return read_additional (self, config, error) && (all_there || read_additional (self, map, error));
}

/* By first byte, then the longer first, then as read. */
static gint
by_pattern (gconstpointer a, gconstpointer b)
{
  const GptVisAddedToken *x = a, *y = b;
  if ((guchar) x->pattern[0] != (guchar) y->pattern[0])
    return (guchar) x->pattern[0] < (guchar) y->pattern[0] ? -1 : 1;
  if (x->size != y->size)
    return x->size > y->size ? -1 : 1;
  return x->order < y->order ? -1 : x->order > y->order;
}

static void
fill (GptVisTokenizer *self, GptVisAddedSet *set, gboolean normalized)
{
  GString *text = g_string_new (NULL), *spare = g_string_new (NULL);
  set->tokens = g_array_new (FALSE, FALSE, sizeof (GptVisAddedToken));
  for (guint i = 0; i < self->added->len; i++) {
    GptVisAddedToken token = g_array_index (self->added, GptVisAddedToken, i);
    if (!!token.normalized != normalized)
      continue;
    g_string_assign (text, token.text);
    if (normalized)
      gptvis_normalize (self, text, spare);
    if (text->len == 0)
      continue;                 /* nothing of it is left in any text */
    token.size = text->len;
    token.pattern = g_strndup (text->str, text->len);
    g_array_append_val (set->tokens, token);
  }
  g_array_sort (set->tokens, by_pattern);
  for (guint b = 0, i = 0; b <= 256; b++) {
    while (i < set->tokens->len && (guchar) g_array_index (set->tokens, GptVisAddedToken, i).pattern[0] < b)
      i++;
    set->first[b] = i;
  }
  g_string_free (text, TRUE);
  g_string_free (spare, TRUE);
}

void
gptvis_added_finish (GptVisTokenizer *self)
{
  self->special = g_new0 (guint8, gptvis_vocabulary_size (self->vocabulary));
  for (guint i = 0; i < self->added->len; i++) {
    const GptVisAddedToken *token = &g_array_index (self->added, GptVisAddedToken, i);
    self->special[token->id] = token->special;
  }
  fill (self, &self->raw, FALSE);
  fill (self, &self->normalized, TRUE);
}

static void
clear_set (GptVisAddedSet *set)
{
  for (guint i = 0; set->tokens && i < set->tokens->len; i++)
    g_free (g_array_index (set->tokens, GptVisAddedToken, i).pattern);
  g_clear_pointer (&set->tokens, g_array_unref);
}

void
gptvis_added_clear (GptVisTokenizer *self)
{
  clear_set (&self->raw);
  clear_set (&self->normalized);
  g_clear_pointer (&self->added, g_array_unref);
  g_clear_pointer (&self->added_ids, g_hash_table_unref);
  g_clear_pointer (&self->special, g_free);
}

const GptVisAddedToken *
gptvis_added_find (const GptVisAddedSet *set, const gchar *text, gsize size, gsize from, gsize *begin)
{
  if (set->tokens->len == 0)
    return NULL;
  for (gsize at = from; at < size; at++) {
    const guchar byte = (guchar) text[at];
    for (guint i = set->first[byte]; i < set->first[byte + 1]; i++) {
      const GptVisAddedToken *token = &g_array_index (set->tokens, GptVisAddedToken, i);
      if (token->size <= size - at && memcmp (text + at, token->pattern, token->size) == 0) {
        *begin = at;
        return token;
      }
    }
  }
  return NULL;
}
