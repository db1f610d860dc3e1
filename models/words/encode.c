/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A text's way to ids: added tokens that are looked for in the text as it is, then,
 * between them, those that are looked for once it is normalized, then, between those,
 * words. */
#include "tokenizer-private.h"
#include <string.h>

/* Encodes a part of a text without added tokens. */
typedef void (*Part) (const GptVisTokenizer *self, GptVisEncoding *e, const gchar *text, gsize size);

static gboolean
is_word (gunichar c)
{
  return c == '_' || c == 0x200c || c == 0x200d || gptvis_unicode_letter (c) || gptvis_unicode_number (c)
      || gptvis_unicode_mark (c);
}

/* Is it a word of its own? */
static gboolean
stands_alone (const gchar *text, gsize size, gsize begin, gsize end)
{
  const gchar *before = begin ? g_utf8_find_prev_char (text, text + begin) : NULL;
  return !(before && is_word (g_utf8_get_char (before)))
      && !(end < size && is_word (g_utf8_get_char (text + end)));
}

static void
take_spaces (const GptVisAddedToken *token, const gchar *text, gsize size, gsize least, gsize *begin,
    gsize *end)
{
  while (token->lstrip && *begin > least) {
    const gchar *before = g_utf8_find_prev_char (text + least, text + *begin);
    if (!before || !gptvis_unicode_space (g_utf8_get_char (before)))
      break;
    *begin = (gsize) (before - text);
  }
  while (token->rstrip && *end < size && gptvis_unicode_space (g_utf8_get_char (text + *end)))
    *end = (gsize) (g_utf8_next_char (text + *end) - text);
}

/* Cuts out added tokens and encodes the parts between them. A token may begin among the spaces that the one
 * before it took, as in the reference. */
static void
split (const GptVisTokenizer *self, GptVisEncoding *e, const GptVisAddedSet *set, const gchar *text,
    gsize size, Part part)
{
  gsize done = 0, begin, from = 0;
  const GptVisAddedToken *token;
  while ((token = gptvis_added_find (set, text, size, from, &begin))) {
    gsize end = begin + token->size;
    from = end;
    if (token->single_word && !stands_alone (text, size, begin, end))
      continue;
    take_spaces (token, text, size, done, &begin, &end);
    if (begin > done)
      part (self, e, text + done, begin - done);
    g_array_append_val (e->ids, token->id);
    done = end;
  }
  if (done < size)
    part (self, e, text + done, size - done);
}

static void
encode_words (const GptVisTokenizer *self, GptVisEncoding *e, const gchar *text, gsize size)
{
  GString *copy = NULL;
  if (self->prefix_space && *text != ' ') {
    copy = g_string_new (" ");
    g_string_append_len (copy, text, (gssize) size);
    text = copy->str;
    size = copy->len;
  }
  const gchar *at = text, *end = text + size, *word;
  gsize n;
  while (gptvis_cut_next (self->cut, &at, end, &word, &n)) {
    if (self->wordpiece)
      gptvis_wordpiece_encode (self, e, word, n);
    else
      gptvis_bpe_encode (self, e, word, n);
  }
  if (copy)
    g_string_free (copy, TRUE);
}

static void
encode_raw (const GptVisTokenizer *self, GptVisEncoding *e, const gchar *text, gsize size)
{
  g_string_truncate (e->text, 0);
  g_string_append_len (e->text, text, (gssize) size);
  gptvis_normalize (self, e->text, e->spare);
  split (self, e, &self->normalized, e->text->str, e->text->len, encode_words);
}

guint32 *
gptvis_tokenizer_encode (const GptVisTokenizer *self, const gchar *text, gssize length, gboolean special,
    gsize *n_ids)
{
  GptVisEncoding e = {
    .ids = g_array_new (FALSE, FALSE, sizeof (guint32)),
    .symbols = g_array_new (FALSE, FALSE, 3 * sizeof (guint32)),
    .heap = g_array_new (FALSE, FALSE, 3 * sizeof (guint32)),
    .text = g_string_new (NULL),
    .spare = g_string_new (NULL),
    .word = g_string_new (NULL),
  };
  GString *valid = g_string_new (NULL);
  const gsize size = length < 0 ? strlen (text) : (gsize) length;
  gptvis_unicode_append_lossy (valid, text, MIN (size, GPTVIS_TOKENIZER_MAX_TEXT));
  if (special && self->before->len)
    g_array_append_vals (e.ids, self->before->data, self->before->len);
  if (valid->len)
    split (self, &e, &self->raw, valid->str, valid->len, encode_raw);
  if (special && self->after->len)
    g_array_append_vals (e.ids, self->after->data, self->after->len);
  g_string_free (valid, TRUE);
  g_string_free (e.word, TRUE);
  g_string_free (e.spare, TRUE);
  g_string_free (e.text, TRUE);
  g_array_unref (e.heap);
  g_array_unref (e.symbols);
  *n_ids = e.ids->len;
  const guint32 none = 0;
  if (e.ids->len == 0)
    g_array_append_val (e.ids, none);   /* so that there is something to free */
  return (guint32 *) (gpointer) g_array_free (e.ids, FALSE);
}
