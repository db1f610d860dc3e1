/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* WordPiece: vocab.txt, and the longest token that a word begins with, then the longest
 * "##" token that the rest begins with, and so on; a word that cannot be split
 * like this is unknown as a whole. */
#include "tokenizer-private.h"
#include "quote.h"
#include <string.h>

#define fail(error, code, ...) (gptvis_quote_error (error, code, __VA_ARGS__), FALSE)

/* A token a line, the id is the line's number from 0. */
gboolean
gptvis_wordpiece_read_vocabulary (GptVisTokenizer *self, const GptVisTokenizerFile *file, GError **error)
{
  const gchar *bad, *end = file->text + file->size;
  if (!g_utf8_validate (file->text, (gssize) file->size, &bad))
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: the file is not UTF-8 text at byte %" G_GSIZE_FORMAT,
        file->name, (gsize) (bad - file->text));
  while (end > file->text && (end[-1] == '\n' || end[-1] == '\r'))
    end--;                      /* empty lines at the end do not count */
  guint id = 0;
  for (const gchar *line = file->text; line < end; id++) {
    const gchar *stop = memchr (line, '\n', (gsize) (end - line)), *next = stop ? stop + 1 : end;
    stop = stop ? stop : end;
    if (stop > line && stop[-1] == '\r')
      stop--;
    if (stop == line)
      return fail (error, GPTVIS_ERROR_FORMAT, "%s: line %u is empty, where a token is needed", file->name,
          id + 1);
    if (!gptvis_vocabulary_add (self->vocabulary, line, (gsize) (stop - line), id, error))
      return FALSE;
    line = next;
  }
  return TRUE;
}

/* The longest token that the text begins with (after the prefix, unless it is the word's
 * first), and moves the text past it; −1: there is none. */
static gint
longest (const GptVisTokenizer *self, GptVisEncoding *e, const gchar **at, const gchar *end, gboolean first)
{
  const gsize n_prefix = first ? 0 : strlen (self->prefix);
  gsize size;
  /* no token ends within a character, for all of them are UTF-8 */
  const gsize n = MIN ((gsize) (end - *at), gptvis_vocabulary_longest (self->vocabulary));
  g_string_assign (e->word, first ? "" : self->prefix);
  g_string_append_len (e->word, *at, (gssize) n);
  const gint id = gptvis_vocabulary_find_longest (self->vocabulary, e->word->str, e->word->len, n_prefix,
      &size);
  if (id >= 0)
    *at += size - n_prefix;
  return id;
}

void
gptvis_wordpiece_encode (const GptVisTokenizer *self, GptVisEncoding *e, const gchar *word, gsize size)
{
  const guint before = e->ids->len;
  const gchar *end = word + size;
  guint n = 0;
  for (const gchar *at = word; at < end && n <= self->max_word; at = g_utf8_next_char (at))
    n++;
  gboolean known = n <= self->max_word;
  for (const gchar *at = word; at < end && known;) {
    const gint32 id = longest (self, e, &at, end, at == word);
    known = id >= 0;
    g_array_append_val (e->ids, id);
  }
  if (!known) {
    g_array_set_size (e->ids, before);
    g_array_append_val (e->ids, self->unknown);
  }
}
