/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ids to text. There is one way only, id by id and byte by byte, so that a whole
 * text and a growing one cannot differ:
 *
 *     byte-level   bytes → characters → "</w>" becomes a space → ends stripped ┐
 *     WordPiece    tokens, "##" joined, each cleaned up by itself ─────────────┴→ clean-up → text
 *
 * Each replacement holds back no more than the bytes that may yet become its pattern. */
#include "tokenizer-private.h"
#include <string.h>

typedef struct {
  const gchar *from, *to;
} Rule;

/* What Transformers replaces, one after the other: in the whole text, and in a single
 * WordPiece token with the space before it. */
static const Rule text_rules[] = {
  {" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"}, {" 'm", "'m"},
  {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
};
static const Rule token_rules[] = {
  {" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"}, {" 'm", "'m"},
  {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
};
#define MAX_RULES 11            /* in a chain */

typedef void (*Sink) (GptVisTextStream *self, gchar byte);

/* Rules that are applied one after the other. matched: how many bytes of a rule's pattern the last bytes
 * are. */
typedef struct {
  const Rule *rules;
  guint n;
  Sink sink;
  guint8 matched[MAX_RULES];
} Chain;

struct _GptVisTextStream {
  const GptVisTokenizer *tokenizer;
  gboolean skip_special;
  GArray *ids;                  /* guint32: those pushed */
  gboolean finished;            /* what was held back is in the text, so no id can follow */
  gboolean strip;               /* white space at both ends, as CLIP's tokenizer does */
  Rule suffix;                  /* "</w>" → " " */
  Chain suffixes, token, clean;
  gchar partial[4];             /* bytes of a character that is not complete */
  guint n_partial;
  gchar letter[4];              /* the same after the suffix rule, for stripping */
  guint n_letter;
  gboolean started;             /* a token came; where ends are stripped, one that is not blank */
  GString *spaces;              /* blanks that are dropped if nothing follows */
  GString *text;
};

/* How many bytes still match when the next one does not: the longest proper suffix of the m matched bytes
 * that is a prefix of the pattern, as Knuth, Morris and Pratt have it. */
static guint
shorter (const gchar *pattern, guint m)
{
  for (guint n = m - 1; n > 0; n--)
    if (memcmp (pattern, pattern + m - n, n) == 0)
      return n;
  return 0;
}

static void
feed (GptVisTextStream *self, Chain *chain, guint i, gchar byte)
{
  if (i == chain->n) {
    chain->sink (self, byte);
    return;
  }
  const Rule *rule = &chain->rules[i];
  guint m = chain->matched[i];
  while (byte != rule->from[m]) {
    if (m == 0) {
      feed (self, chain, i + 1, byte);
      return;
    }
    const guint n = shorter (rule->from, m);
    chain->matched[i] = (guint8) n;
    for (guint k = 0; k < m - n; k++)
      feed (self, chain, i + 1, rule->from[k]);
    m = n;
  }
  chain->matched[i] = (guint8) ++m;
  if (rule->from[m] == '\0') {
    chain->matched[i] = 0;
    for (const gchar *p = rule->to; *p; p++)
      feed (self, chain, i + 1, *p);
  }
}

/* Nothing follows: writes what was held back. */
static void
flush (GptVisTextStream *self, Chain *chain)
{
  for (guint i = 0; i < chain->n; i++) {
    const guint m = chain->matched[i];
    chain->matched[i] = 0;
    for (guint k = 0; k < m; k++)
      feed (self, chain, i + 1, chain->rules[i].from[k]);
  }
}

static void
write_text (GptVisTextStream *self, gchar byte)
{
  g_string_append_c (self->text, byte);
}

static void
write_clean (GptVisTextStream *self, gchar byte)
{
  feed (self, &self->clean, 0, byte);
}

static void
write_all (GptVisTextStream *self, const gchar *bytes, gsize n)
{
  for (gsize i = 0; i < n; i++)
    write_clean (self, bytes[i]);
}

/* What Python's str.strip () strips. */
static gboolean
is_blank (gunichar c)
{
  return gptvis_unicode_space (c) || (c >= 0x1c && c <= 0x1f);
}

/* Takes valid UTF-8, byte by byte. */
static void
write_stripped (GptVisTextStream *self, gchar byte)
{
  gunichar c;
  if (!self->strip) {
    write_clean (self, byte);
    return;
  }
  self->letter[self->n_letter++] = byte;
  if (gptvis_unicode_scan (self->letter, self->n_letter, &c) == 0)
    return;
  const guint n = self->n_letter;
  self->n_letter = 0;
  if (is_blank (c)) {
    if (self->started)
      g_string_append_len (self->spaces, self->letter, n);
    return;
  }
  self->started = TRUE;
  write_all (self, self->spaces->str, self->spaces->len);
  g_string_truncate (self->spaces, 0);
  write_all (self, self->letter, n);
}

static void
write_character (GptVisTextStream *self, const gchar *bytes, guint n, gunichar c)
{
  if (c == 0xfffd || c == 0) {
    bytes = "\xef\xbf\xbd";
    n = 3;
  }
  for (guint i = 0; i < n; i++)
    feed (self, &self->suffixes, 0, bytes[i]);
}

static void
write_byte (GptVisTextStream *self, gchar byte)
{
  gunichar c;
  guint n;
  self->partial[self->n_partial++] = byte;
  while (self->n_partial && (n = gptvis_unicode_scan (self->partial, self->n_partial, &c))) {
    write_character (self, self->partial, n, c);
    self->n_partial -= n;
    memmove (self->partial, self->partial + n, self->n_partial);
  }
}

/* A token with a character that stands for no byte is written as it is. */
static void
push_bytes (GptVisTextStream *self, const gchar *text)
{
  const gchar *end = text + strlen (text);
  gboolean bytes = TRUE;
  for (const gchar *at = text; bytes && at < end;)
    bytes = gptvis_bpe_byte_of_char (gptvis_unicode_next (&at)) >= 0;
  for (const gchar *at = text; at < end;)
    write_byte (self, bytes ? (gchar) gptvis_bpe_byte_of_char (gptvis_unicode_next (&at)) : *at++);
}

static void
push_wordpiece (GptVisTextStream *self, const gchar *text)
{
  const gchar *prefix = self->tokenizer->decode_prefix;
  const gboolean joined = g_str_has_prefix (text, prefix);
  if (self->started && joined)
    text += strlen (prefix);
  else if (self->started)
    feed (self, &self->token, 0, ' ');
  self->started = TRUE;
  for (; *text; text++)
    feed (self, &self->token, 0, *text);
  flush (self, &self->token);
}

static void
push_word (GptVisTextStream *self, const gchar *text)
{
  if (self->started)
    write_clean (self, ' ');
  self->started = TRUE;
  write_all (self, text, strlen (text));
}

GptVisTextStream *
gptvis_text_stream_new (const GptVisTokenizer *tokenizer, gboolean skip_special, gboolean clean_up)
{
  GptVisTextStream *self = g_new0 (GptVisTextStream, 1);
  self->tokenizer = tokenizer;
  self->skip_special = skip_special;
  self->ids = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->strip = !tokenizer->wordpiece && *tokenizer->suffix;
  if (self->strip)
    self->suffix = (Rule) { tokenizer->suffix, " " };
  self->suffixes = (Chain) { &self->suffix, self->strip ? 1 : 0, write_stripped, {0} };
  self->token = (Chain) { token_rules, tokenizer->decode_clean_up ? G_N_ELEMENTS (token_rules) : 0,
      write_clean, {0} };
  self->clean = (Chain) { text_rules, clean_up ? G_N_ELEMENTS (text_rules) : 0, write_text, {0} };
  self->spaces = g_string_new (NULL);
  self->text = g_string_new (NULL);
  return self;
}

void
gptvis_text_stream_free (GptVisTextStream *self)
{
  if (!self)
    return;
  g_array_unref (self->ids);
  g_string_free (self->spaces, TRUE);
  g_string_free (self->text, TRUE);
  g_free (self);
}

void
gptvis_text_stream_reset (GptVisTextStream *self)
{
  memset (self->suffixes.matched, 0, sizeof self->suffixes.matched);
  memset (self->token.matched, 0, sizeof self->token.matched);
  memset (self->clean.matched, 0, sizeof self->clean.matched);
  self->n_partial = self->n_letter = 0;
  self->started = self->finished = FALSE;
  g_array_set_size (self->ids, 0);
  g_string_truncate (self->spaces, 0);
  g_string_truncate (self->text, 0);
}

const gchar *
gptvis_text_stream_push (GptVisTextStream *self, guint32 id)
{
  const GptVisTokenizer *tokenizer = self->tokenizer;
  const gchar *text = gptvis_vocabulary_text (tokenizer->vocabulary, id);
  g_array_append_val (self->ids, id);
  if (text && !(self->skip_special && gptvis_tokenizer_is_special (tokenizer, id))) {
    if (tokenizer->decode == GPTVIS_DECODE_BYTES)
      push_bytes (self, text);
    else if (tokenizer->decode == GPTVIS_DECODE_WORDPIECE)
      push_wordpiece (self, text);
    else
      push_word (self, text);
  }
  return self->text->str;
}

const gchar *
gptvis_text_stream_follow (GptVisTextStream *self, const guint32 *ids, gsize n)
{
  const gsize known = self->ids->len;
  if (self->finished || known > n || (known > 0 && memcmp (self->ids->data, ids, known * sizeof *ids) != 0))
    gptvis_text_stream_reset (self);
  for (gsize i = self->ids->len; i < n; i++)
    gptvis_text_stream_push (self, ids[i]);
  return self->text->str;
}

const gchar *
gptvis_text_stream_finish (GptVisTextStream *self)
{
  if (self->n_partial)
    write_character (self, self->partial, self->n_partial, 0xfffd);
  self->n_partial = 0;
  flush (self, &self->suffixes);
  g_string_truncate (self->spaces, 0);
  flush (self, &self->clean);
  self->finished = TRUE;
  return self->text->str;
}

gchar *
gptvis_tokenizer_decode (const GptVisTokenizer *self, const guint32 *ids, gsize n, gboolean skip_special,
    gboolean clean_up)
{
  GptVisTextStream *stream = gptvis_text_stream_new (self, skip_special, clean_up);
  for (gsize i = 0; i < n; i++)
    gptvis_text_stream_push (stream, ids[i]);
  gchar *text = g_strdup (gptvis_text_stream_finish (stream));
  gptvis_text_stream_free (stream);
  return text;
}
