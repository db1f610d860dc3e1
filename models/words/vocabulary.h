/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tokenizer's tokens: ids to texts and back. Texts are bytes with a length (a text
 * may be looked up that is part of another, or that holds U+0000), hashed, so that a
 * look-up takes the same time in every vocabulary. Filled by one thread, and from
 * then on read by any. */
#pragma once
#include "json.h"

G_BEGIN_DECLS

#define GPTVIS_VOCABULARY_MAX 1000000u  /* tokens; the largest in use have 260,000 */
#define GPTVIS_VOCABULARY_MAX_TOKEN 4096u       /* bytes */

typedef struct _GptVisVocabulary GptVisVocabulary;

/* `file` is for messages. */
GptVisVocabulary *gptvis_vocabulary_new (const gchar *file);
void gptvis_vocabulary_free (GptVisVocabulary *self);  /* NULL is fine */

/* FALSE with FORMAT or LIMIT: the id or the text is already there (the same pair
 * twice is an error, too), the text is empty or too long, the id is too large.
 * Texts must be valid UTF-8 without U+0000. */
gboolean gptvis_vocabulary_add (GptVisVocabulary *self, const gchar *text, gsize size, guint64 id,
    GError **error);

/* The same for each member of {"token": id, …}. */
gboolean gptvis_vocabulary_read (GptVisVocabulary *self, const gchar *file, JsonObject *object,
    GError **error);

/* Whether ids are 0 … size − 1, without a gap. */
gboolean gptvis_vocabulary_check (const GptVisVocabulary *self, GError **error);

guint gptvis_vocabulary_size (const GptVisVocabulary *self);   /* the largest id + 1 */
gsize gptvis_vocabulary_longest (const GptVisVocabulary *self);        /* token, in bytes */
/* −1 when there is none. */
gint gptvis_vocabulary_find (const GptVisVocabulary *self, const gchar *text, gsize size);
/* Tokens that are added after this are not the model's: no part of a word is encoded as one. */
void gptvis_vocabulary_close_model (GptVisVocabulary *self);
/* gptvis_vocabulary_find among the model's tokens. */
gint gptvis_vocabulary_find_model (const GptVisVocabulary *self, const gchar *text, gsize size);
/* The model's longest token of more than `least` bytes that is a prefix of the n bytes, and its
 * size; −1: there is none. Takes as long as a look-up of n bytes. */
gint gptvis_vocabulary_find_longest (const GptVisVocabulary *self, const gchar *text, gsize n, gsize least,
    gsize *size);
/* The vocabulary's; NULL when there is none. */
const gchar *gptvis_vocabulary_text (const GptVisVocabulary *self, guint id);

G_END_DECLS
