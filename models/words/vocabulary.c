/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts lie one after the other in a string chunk; a table of ids, at most half full,
 * is searched from where the text's hash points. */
#include "vocabulary.h"
#include "quote.h"
#include <string.h>

typedef struct {
  const gchar *text;            /* NULL: no token has this id */
  guint32 size : 31, added : 1;
  guint32 hash;
} Token;

struct _GptVisVocabulary {
  gchar *file;
  GStringChunk *texts;
  GArray *tokens;               /* Token, by id */
  guint32 *slots;               /* id + 1; 0: free */
  guint n, n_slots;             /* n_slots: a power of two */
  gsize longest;
  gboolean closed;
};

#define fail(error, code, ...) (gptvis_quote_error (error, code, __VA_ARGS__), FALSE)

GptVisVocabulary *
gptvis_vocabulary_new (const gchar *file)
{
  GptVisVocabulary *self = g_new0 (GptVisVocabulary, 1);
  self->file = g_strdup (file);
  self->texts = g_string_chunk_new (1 << 12);
  self->tokens = g_array_new (FALSE, TRUE, sizeof (Token));
  self->n_slots = 1 << 8;
  self->slots = g_new0 (guint32, self->n_slots);
  return self;
}

void
gptvis_vocabulary_free (GptVisVocabulary *self)
{
  if (!self)
    return;
  g_free (self->slots);
  g_array_unref (self->tokens);
  g_string_chunk_free (self->texts);
  g_free (self->file);
  g_free (self);
}

/* FNV-1a, whose bits are mixed once more at the end: hashing a text gives the hashes of
 * its prefixes on the way. */
#define HASH_BEGIN 2166136261u
#define hash_byte(hash, byte) (((hash) ^ (guchar) (byte)) * 16777619u)
#define hash_end(hash) ((hash) ^ (hash) >> 15)

static guint32
hash_of (const gchar *text, gsize size)
{
  guint32 hash = HASH_BEGIN;
  for (gsize i = 0; i < size; i++)
    hash = hash_byte (hash, text[i]);
  return hash_end (hash);
}

static const Token *
token (const GptVisVocabulary *self, guint id)
{
  return id < self->tokens->len ? &g_array_index (self->tokens, Token, id) : NULL;
}

/* Where the text is, or the free place where it would be. */
static guint32 *
slot_of (const GptVisVocabulary *self, const gchar *text, gsize size, guint32 hash)
{
  for (guint i = hash;; i++) {
    guint32 *slot = &self->slots[i & (self->n_slots - 1)];
    if (*slot == 0)
      return slot;
    const Token *t = token (self, *slot - 1);
    if (t->hash == hash && t->size == size && memcmp (t->text, text, size) == 0)
      return slot;
  }
}

static void
grow (GptVisVocabulary *self)
{
  g_free (self->slots);
  self->n_slots *= 2;
  self->slots = g_new0 (guint32, self->n_slots);
  for (guint id = 0; id < self->tokens->len; id++) {
    const Token *t = token (self, id);
    if (t->text)
      *slot_of (self, t->text, t->size, t->hash) = id + 1;
  }
}

gboolean
gptvis_vocabulary_add (GptVisVocabulary *self, const gchar *text, gsize size, guint64 id, GError **error)
{
  const gint shown = (gint) MIN (size, 200);    /* of the text, in a sentence */
  if (size == 0)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: the token with id %" G_GUINT64_FORMAT
        " is empty, where a token has at least one character", self->file, id);
  if (size > GPTVIS_VOCABULARY_MAX_TOKEN)
    return fail (error, GPTVIS_ERROR_LIMIT, "%s: the token with id %" G_GUINT64_FORMAT " has %" G_GSIZE_FORMAT
        " bytes, where tokens of at most %u are read", self->file, id, size, GPTVIS_VOCABULARY_MAX_TOKEN);
  if (id >= GPTVIS_VOCABULARY_MAX)
    return fail (error, GPTVIS_ERROR_LIMIT, "%s: token \"%.*s\" has the id %" G_GUINT64_FORMAT
        ", where vocabularies of at most %u tokens are read", self->file, shown, text, id,
        GPTVIS_VOCABULARY_MAX);
  const Token *there = token (self, (guint) id);
  if (there && there->text)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: tokens \"%.200s\" and \"%.*s\" have the same id %"
        G_GUINT64_FORMAT ", where each token has its own", self->file, there->text, shown, text, id);
  const guint32 hash = hash_of (text, size);
  guint32 *slot = slot_of (self, text, size, hash);
  if (*slot)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: token \"%.*s\" is there twice, with the ids %u and %"
        G_GUINT64_FORMAT ", where each token has one", self->file, shown, text, *slot - 1, id);
  *slot = (guint32) id + 1;
  if (id >= self->tokens->len)
    g_array_set_size (self->tokens, (guint) id + 1);
  g_array_index (self->tokens, Token, id) = (Token) {
    g_string_chunk_insert_len (self->texts, text, (gssize) size), (guint32) size, self->closed, hash };
  self->longest = MAX (self->longest, size);
  if (++self->n * 2 > self->n_slots)
    grow (self);
  return TRUE;
}

gboolean
gptvis_vocabulary_read (GptVisVocabulary *self, const gchar *file, JsonObject *object, GError **error)
{
  JsonObjectIter iter;
  const gchar *text;
  JsonNode *node;
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &text, &node)) {
    guint64 id;
    if (!gptvis_json_node_uint (node, &id))
      return fail (error, GPTVIS_ERROR_FORMAT,
          "%s: token \"%.200s\" has no id, which is a whole number from 0 to %u", file, text,
          GPTVIS_VOCABULARY_MAX - 1);
    if (!gptvis_vocabulary_add (self, text, strlen (text), id, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
gptvis_vocabulary_check (const GptVisVocabulary *self, GError **error)
{
  if (self->n == 0)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: there are no tokens in the vocabulary", self->file);
  for (guint id = 0; id < self->tokens->len; id++)
    if (!token (self, id)->text)
      return fail (error, GPTVIS_ERROR_FORMAT,
          "%s: no token has the id %u, where ids go from 0 to %u without a gap",
          self->file, id, self->tokens->len - 1);
  return TRUE;
}

guint
gptvis_vocabulary_size (const GptVisVocabulary *self)
{
  return self->tokens->len;
}

gsize
gptvis_vocabulary_longest (const GptVisVocabulary *self)
{
  return self->longest;
}

void
gptvis_vocabulary_close_model (GptVisVocabulary *self)
{
  self->closed = TRUE;
}

gint
gptvis_vocabulary_find (const GptVisVocabulary *self, const gchar *text, gsize size)
{
  return (gint) *slot_of (self, text, size, hash_of (text, size)) - 1;
}

static gint
model_id (const GptVisVocabulary *self, guint32 slot)
{
  return slot && !token (self, slot - 1)->added ? (gint) slot - 1 : -1;
}

gint
gptvis_vocabulary_find_model (const GptVisVocabulary *self, const gchar *text, gsize size)
{
  return model_id (self, *slot_of (self, text, size, hash_of (text, size)));
}

gint
gptvis_vocabulary_find_longest (const GptVisVocabulary *self, const gchar *text, gsize n, gsize least,
    gsize *size)
{
  guint32 hashes[GPTVIS_VOCABULARY_MAX_TOKEN + 1];
  hashes[0] = HASH_BEGIN;
  n = MIN (n, self->longest);
  for (gsize i = 0; i < n; i++)
    hashes[i + 1] = hash_byte (hashes[i], text[i]);
  for (; n > least; n--) {
    const gint id = model_id (self, *slot_of (self, text, n, hash_end (hashes[n])));
    if (id >= 0) {
      *size = n;
      return id;
    }
  }
  return -1;
}

const gchar *
gptvis_vocabulary_text (const GptVisVocabulary *self, guint id)
{
  const Token *t = token (self, id);
  return t ? t->text : NULL;
}
