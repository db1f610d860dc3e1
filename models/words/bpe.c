/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Byte-level byte pair encoding. A word's bytes are its first symbols; the pair of
 * neighbours whose merge stands earliest in the list becomes one symbol, the leftmost
 * such pair first, until no pair is in the list. A heap of candidates keeps that at
 * n log n for a word of n bytes. Each merge leaves one symbol less, so it ends,
 * whatever the list holds. */
#include "tokenizer-private.h"
#include "quote.h"
#include <string.h>

#define FREE G_MAXUINT64
#define NOWHERE G_MAXUINT32
#define GONE G_MAXUINT32        /* a symbol that became part of the one before it */
#define fail(error, code, ...) (gptvis_quote_error (error, code, __VA_ARGS__), FALSE)

typedef struct {
  guint32 id, before, next;     /* next, before: indices; NOWHERE at the ends */
} Symbol;

typedef struct {
  guint32 rank, at, id;         /* merging the symbols at `at` and after it makes `id` */
} Candidate;

/* vocab.json writes bytes as visible characters: ! … ~, ¡ … ¬ and ® … ÿ stand for
 * themselves, and U+0100 and what follows for the 68 other bytes, in their order. */
guint
gptvis_bpe_char_of_byte (guchar byte)
{
  if (byte <= 0x20)
    return 0x100u + byte;
  if (byte >= 0x7f && byte <= 0xa0)
    return 0x121u + byte - 0x7f;
  return byte == 0xad ? 0x143u : byte;
}

gint
gptvis_bpe_byte_of_char (gunichar c)
{
  if (c >= 0x100 && c <= 0x120)
    return (gint) c - 0x100;
  if (c >= 0x121 && c <= 0x142)
    return (gint) c - 0x121 + 0x7f;
  if (c == 0x143)
    return 0xad;
  return c < 0x100 && gptvis_bpe_char_of_byte ((guchar) c) == c ? (gint) c : -1;
}

static GptVisMerge *
slot_of (const GptVisTokenizer *self, guint64 pair)
{
  guint64 hash = pair * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  for (guint i = (guint) (hash >> 32);; i++) {
    GptVisMerge *slot = &self->merges[i & (self->n_merge_slots - 1)];
    if (slot->pair == FREE || slot->pair == pair)
      return slot;
  }
}

static void
grow (GptVisTokenizer *self)
{
  GptVisMerge *old = self->merges;
  const guint n = self->n_merge_slots;
  self->n_merge_slots = n ? 2 * n : 1 << 8;
  self->merges = g_new (GptVisMerge, self->n_merge_slots);
  for (guint i = 0; i < self->n_merge_slots; i++)
    self->merges[i].pair = FREE;
  for (guint i = 0; i < n; i++)
    if (old[i].pair != FREE)
      *slot_of (self, old[i].pair) = old[i];
  g_free (old);
}

gboolean
gptvis_bpe_add_merge (GptVisTokenizer *self, const gchar *file, const gchar *left, gsize left_size,
    const gchar *right, gsize right_size, GError **error)
{
  const guint rank = self->n_merges;
  gchar both[2 * GPTVIS_VOCABULARY_MAX_TOKEN];
  const gint l = left_size > sizeof both / 2 ? -1 :
      gptvis_vocabulary_find (self->vocabulary, left, left_size);
  if (l < 0)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: merge %u has the part \"%.*s\", which is not in %s", file,
        rank + 1, (gint) MIN (left_size, 200), left, self->file);
  const gint r = right_size > sizeof both / 2 ? -1 :
      gptvis_vocabulary_find (self->vocabulary, right, right_size);
  if (r < 0)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: merge %u has the part \"%.*s\", which is not in %s", file,
        rank + 1, (gint) MIN (right_size, 200), right, self->file);
  memcpy (both, left, left_size);
  memcpy (both + left_size, right, right_size);
  const gint id = gptvis_vocabulary_find (self->vocabulary, both, left_size + right_size);
  if (id < 0)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: merge %u makes \"%.*s\", which is not in %s", file,
        rank + 1, (gint) MIN (left_size + right_size, 200), both, self->file);
  if (rank == GPTVIS_VOCABULARY_MAX)
    return fail (error, GPTVIS_ERROR_LIMIT, "%s: there are more merges than %u", file, GPTVIS_VOCABULARY_MAX);
  if (2 * (rank + 1) > self->n_merge_slots)
    grow (self);
  const guint64 pair = (guint64) l << 32 | (guint) r;
  GptVisMerge *slot = slot_of (self, pair);
  if (slot->pair == pair)
    return fail (error, GPTVIS_ERROR_FORMAT,
        "%s: merges %u and %u are the same, where each pair has one rank", file, slot->rank + 1, rank + 1);
  *slot = (GptVisMerge) { pair, rank, (guint32) id };
  self->n_merges++;
  return TRUE;
}

/* A line is two parts with one space between them. The first line is a header in all
 * files of this kind, whatever it says. */
gboolean
gptvis_bpe_read_merges (GptVisTokenizer *self, const GptVisTokenizerFile *file, GError **error)
{
  const gchar *bad, *end = file->text + file->size;
  if (!g_utf8_validate (file->text, (gssize) file->size, &bad))
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: the file is not UTF-8 text at byte %" G_GSIZE_FORMAT,
        file->name, (gsize) (bad - file->text));
  guint number = 1;
  for (const gchar *line = file->text; line < end; number++) {
    const gchar *stop = memchr (line, '\n', (gsize) (end - line)), *next = stop ? stop + 1 : end;
    stop = stop ? stop : end;
    if (stop > line && stop[-1] == '\r')
      stop--;
    if (number > 1 && !(stop == line && next == end)) {
      const gchar *space = memchr (line, ' ', (gsize) (stop - line));
      if (!space || space == line || space + 1 == stop || memchr (space + 1, ' ', (gsize) (stop - space - 1)))
        return fail (error, GPTVIS_ERROR_FORMAT,
            "%s: line %u does not have two parts with a space between them", file->name, number);
      if (!gptvis_bpe_add_merge (self, file->name, line, (gsize) (space - line), space + 1,
              (gsize) (stop - space - 1), error))
        return FALSE;
    }
    line = next;
  }
  return TRUE;
}

void
gptvis_bpe_finish (GptVisTokenizer *self)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < 256; i++) {
    g_string_truncate (text, 0);
    g_string_append_unichar (text, gptvis_bpe_char_of_byte ((guchar) i));
    self->bytes[i] = gptvis_vocabulary_find_model (self->vocabulary, text->str, text->len);
    g_string_append (text, self->suffix);
    self->last_bytes[i] = gptvis_vocabulary_find_model (self->vocabulary, text->str, text->len);
  }
  g_string_free (text, TRUE);
}

static gboolean
earlier (const Candidate *a, const Candidate *b)
{
  return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

static void
push (GArray *heap, Candidate candidate)
{
  g_array_append_val (heap, candidate);
  Candidate *all = (Candidate *) (gpointer) heap->data;
  guint i = heap->len - 1;
  for (; i > 0 && earlier (&candidate, &all[(i - 1) / 2]); i = (i - 1) / 2)
    all[i] = all[(i - 1) / 2];
  all[i] = candidate;
}

static Candidate
pop (GArray *heap)
{
  Candidate *all = (Candidate *) (gpointer) heap->data;
  const Candidate top = all[0], last = all[heap->len - 1];
  g_array_set_size (heap, heap->len - 1);
  guint i = 0;
  for (guint child; (child = 2 * i + 1) < heap->len; i = child) {
    if (child + 1 < heap->len && earlier (&all[child + 1], &all[child]))
      child++;
    if (!earlier (&all[child], &last))
      break;
    all[i] = all[child];
  }
  if (heap->len)
    all[i] = last;
  return top;
}

static const GptVisMerge *
merge_of (const GptVisTokenizer *self, guint32 left, guint32 right)
{
  if (!self->merges)
    return NULL;
  const GptVisMerge *merge = slot_of (self, (guint64) left << 32 | right);
  return merge->pair == FREE ? NULL : merge;
}

static void
consider (const GptVisTokenizer *self, GptVisEncoding *e, guint32 at)
{
  const Symbol *symbols = (const Symbol *) (gpointer) e->symbols->data;
  if (at == NOWHERE || symbols[at].next == NOWHERE)
    return;
  const GptVisMerge *merge = merge_of (self, symbols[at].id, symbols[symbols[at].next].id);
  if (merge)
    push (e->heap, (Candidate) { merge->rank, at, merge->id });
}

static void
merge_all (const GptVisTokenizer *self, GptVisEncoding *e)
{
  Symbol *symbols = (Symbol *) (gpointer) e->symbols->data;
  g_array_set_size (e->heap, 0);
  for (guint i = 0; i + 1 < e->symbols->len; i++)
    consider (self, e, i);
  while (e->heap->len) {
    const Candidate c = pop (e->heap);
    Symbol *left = &symbols[c.at];
    if (left->id == GONE || left->next == NOWHERE)
      continue;
    /* either may have been merged since */
    Symbol *right = &symbols[left->next];
    const GptVisMerge *merge = merge_of (self, left->id, right->id);
    if (!merge || merge->id != c.id)
      continue;
    left->id = c.id;
    left->next = right->next;
    right->id = GONE;
    if (left->next != NOWHERE)
      symbols[left->next].before = c.at;
    consider (self, e, left->before);
    consider (self, e, c.at);
  }
}

static void
add_symbol (GArray *symbols, guint32 id)
{
  const Symbol symbol = { id, symbols->len ? symbols->len - 1 : NOWHERE, symbols->len + 1 };
  g_array_append_val (symbols, symbol);
}

/* The token that is the whole word, looked up in the characters that stand for its bytes; −1: none. */
static gint
whole (const GptVisTokenizer *self, GptVisEncoding *e, const gchar *word, gsize size)
{
  if (size > gptvis_vocabulary_longest (self->vocabulary))
    return -1;
  g_string_truncate (e->word, 0);
  for (gsize i = 0; i < size; i++)
    g_string_append_unichar (e->word, gptvis_bpe_char_of_byte ((guchar) word[i]));
  return gptvis_vocabulary_find_model (self->vocabulary, e->word->str, e->word->len);
}

void
gptvis_bpe_encode (const GptVisTokenizer *self, GptVisEncoding *e, const gchar *word, gsize size)
{
  const gint32 id = self->ignore_merges ? whole (self, e, word, size) : -1;
  if (id >= 0) {
    g_array_append_val (e->ids, id);
    return;
  }
  gboolean was_unknown = FALSE;
  g_array_set_size (e->symbols, 0);
  for (gsize i = 0; i < size; i++) {
    const gint32 byte = (i + 1 == size ? self->last_bytes : self->bytes)[(guchar) word[i]];
    if (byte >= 0)
      add_symbol (e->symbols, (guint32) byte);
    else if (self->unknown >= 0 && !(was_unknown && self->fuse_unknown))
      add_symbol (e->symbols, (guint32) self->unknown);
    was_unknown = byte < 0;
  }
  if (e->symbols->len == 0)
    return;
  g_array_index (e->symbols, Symbol, e->symbols->len - 1).next = NOWHERE;
  merge_all (self, e);
  for (guint32 i = 0; i != NOWHERE; i = g_array_index (e->symbols, Symbol, i).next)
    g_array_append_val (e->ids, g_array_index (e->symbols, Symbol, i).id);
}
