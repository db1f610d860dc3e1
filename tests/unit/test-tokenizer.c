/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tokenizers over small vocabularies: ids, texts, special tokens, growing texts. The
 * real vocabularies are tokenizer-check's. */
#include "tokenizer-private.h"
#include "unit.h"
#include <string.h>

#define TXT "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nwor\n##ld\n##s\n,\n.\n!\n'\ne\n##a\n" \
  "n\nt\n東\ndo\nnot\nE\n##n\n"

/* At each step the text so far is the beginning of the whole text of these ids and of all of them, and
 * finished it is the whole text. */
static void
check_steps (const GptVisTokenizer *t, const guint32 *ids, gsize n, gboolean skip, gboolean clean_up)
{
  GptVisTextStream *pushed = gptvis_text_stream_new (t, skip, clean_up);
  GptVisTextStream *followed = gptvis_text_stream_new (t, skip, clean_up);
  GptVisTextStream *finished = gptvis_text_stream_new (t, skip, clean_up);
  gchar *all = gptvis_tokenizer_decode (t, ids, n, skip, clean_up);
  for (gsize i = 0; i <= n; i++) {
    gchar *whole = gptvis_tokenizer_decode (t, ids, i, skip, clean_up);
    const gchar *text = gptvis_text_stream_follow (followed, ids, i);
    if (i > 0)
      g_assert_cmpstr (gptvis_text_stream_push (pushed, ids[i - 1]), ==, text);
    g_assert_true (g_str_has_prefix (whole, text) && g_str_has_prefix (all, text));
    gptvis_text_stream_follow (finished, ids, i);
    g_assert_cmpstr (gptvis_text_stream_finish (finished), ==, whole);
    g_free (whole);
  }
  g_free (all);
  gptvis_text_stream_free (finished);
  gptvis_text_stream_free (followed);
  gptvis_text_stream_free (pushed);
}

/* With ids in any order, some of which are none. */
static void
check_any_steps (const GptVisTokenizer *t)
{
  guint32 ids[24];
  for (guint round = 0; round < 40; round++) {
    const gsize n = (gsize) g_test_rand_int_range (0, G_N_ELEMENTS (ids) + 1);
    for (gsize i = 0; i < n; i++)
      ids[i] = (guint32) g_test_rand_int_range (0, (gint32) gptvis_tokenizer_size (t) + 1);
    check_steps (t, ids, n, round & 1, round & 2);
  }
}

/* Writes the files (name, text, …, NULL) and opens the directory. */
static GptVisTokenizer *
open_files (const gchar *name, ...)
{
  gchar *directory = unit_directory ();
  GError *error = NULL;
  va_list args;
  va_start (args, name);
  for (; name; name = va_arg (args, const gchar *))
    unit_write (directory, name, va_arg (args, const gchar *), -1);
  va_end (args);
  GptVisTokenizer *t = gptvis_tokenizer_open (directory, &error);
  g_assert_no_error (error);
  g_assert_nonnull (t);
  unit_remove (directory);
  check_any_steps (t);
  return t;
}

static void
expect_ids (const GptVisTokenizer *t, const gchar *text, gboolean special, const gchar *want)
{
  gsize n;
  guint32 *ids = gptvis_tokenizer_encode (t, text, -1, special, &n);
  GString *got = g_string_new (NULL);
  for (gsize i = 0; i < n; i++)
    g_string_append_printf (got, "%s%s", i ? "|" : "", gptvis_vocabulary_text (t->vocabulary, ids[i]));
  g_assert_cmpstr (got->str, ==, want);
  g_string_free (got, TRUE);
  g_free (ids);
}

/* The text of tokens given as "a|b". */
static void
expect_text (const GptVisTokenizer *t, const gchar *tokens, gboolean skip, gboolean clean_up,
    const gchar *want)
{
  gchar **token = g_strsplit (tokens, "|", -1);
  const guint n = g_strv_length (token);
  guint32 *ids = g_new (guint32, n + 1);
  for (guint i = 0; i < n; i++) {
    const gint id = gptvis_tokenizer_find (t, token[i]);
    if (id < 0)
      g_error ("there is no token %s", token[i]);
    ids[i] = (guint32) id;
  }
  gchar *got = gptvis_tokenizer_decode (t, ids, n, skip, clean_up);
  g_assert_cmpstr (got, ==, want);
  check_steps (t, ids, n, skip, clean_up);
  g_free (got);
  g_free (ids);
  g_strfreev (token);
}

/* vocab.json of all bytes (with `suffix` as well, if there is one), then the tokens of
 * merges.txt ("a b\n…"), then `more`, separated by spaces. */
static gchar *
bytes_vocabulary (const gchar *suffix, const gchar *merges, const gchar *more)
{
  GString *json = g_string_new ("{");
  guint id = 0;
  for (guint round = 0; round < (*suffix ? 2 : 1); round++)
    for (guint b = 0; b < 256; b++) {
      gchar text[8] = { 0 };
      g_unichar_to_utf8 (gptvis_bpe_char_of_byte ((guchar) b), text);
      const gchar *escape = b == '"' || b == '\\' ? "\\" : "";
      g_string_append_printf (json, "%s\"%s%s%s\":%u", id ? "," : "", escape, text, round ? suffix : "", id);
      id++;
    }
  gchar **line = g_strsplit (merges, "\n", -1);
  for (guint i = 1; line[i] && *line[i]; i++, id++) {
    gchar **part = g_strsplit (line[i], " ", 2);
    g_string_append_printf (json, ",\"%s%s\":%u", part[0], part[1], id);
    g_strfreev (part);
  }
  g_strfreev (line);
  line = g_strsplit (more, " ", -1);
  for (guint i = 0; line[i]; i++, id++)
    g_string_append_printf (json, ",\"%s\":%u", line[i], id);
  g_strfreev (line);
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}

#define MERGES "#version: 0.2\nh e\nl l\nhe ll\nhell o\nĠ w\nĠw o\n' t\nr l\nĠ Ġ\nrl d\n"

static GptVisTokenizer *
open_gpt2 (const gchar *config)
{
  gchar *vocabulary = bytes_vocabulary ("", MERGES, "<|endoftext|>");
  GptVisTokenizer *t = open_files ("vocab.json", vocabulary, "merges.txt", MERGES, "tokenizer_config.json",
      config, NULL);
  g_free (vocabulary);
  return t;
}

static void
test_gpt2 (void)
{
  GptVisTokenizer *t = open_gpt2 ("{}");
  g_assert_cmpuint (gptvis_tokenizer_size (t), ==, 267);
  g_assert_cmpint (gptvis_tokenizer_find (t, "hello"), ==, 259);
  g_assert_cmpint (gptvis_tokenizer_find (t, "hello "), ==, -1);
  g_assert_cmpint (gptvis_tokenizer_find (t, "<|endoftext|>"), ==, 266);
  g_assert_true (gptvis_tokenizer_is_special (t, 266));
  g_assert_false (gptvis_tokenizer_is_special (t, 265));
  g_assert_false (gptvis_tokenizer_is_special (t, 267));
  g_assert_false (gptvis_tokenizer_clean_up (t));
  expect_ids (t, "", TRUE, "");
  expect_ids (t, "hello world", TRUE, "hello|Ġwo|rld");
  expect_ids (t, "hello  world", TRUE, "hello|Ġ|Ġwo|rld");
  expect_ids (t, "can't 'T", TRUE, "c|a|n|'t|Ġ|'|T");
  expect_ids (t, "a   \n b", TRUE, "a|ĠĠ|Ġ|Ċ|Ġ|b");
  expect_ids (t, "a12\xe2\x85\xa8!?", TRUE, "a|1|2|â|ħ|¨|!|?");
  expect_ids (t, "a<|endoftext|> b", FALSE, "a|<|endoftext|>|Ġ|b");
  expect_ids (t, "\xff\xe2\x82", TRUE, "ï|¿|½|ï|¿|½");  /* U+FFFD twice */
  expect_text (t, "hello|Ġwo|rld", FALSE, FALSE, "hello world");
  gptvis_tokenizer_free (t);

  t = open_gpt2 ("{\"add_prefix_space\":true,\"add_bos_token\":true,\"clean_up_tokenization_spaces\":true}");
  g_assert_true (gptvis_tokenizer_clean_up (t));
  expect_ids (t, "world", TRUE, "<|endoftext|>|Ġwo|rld");
  expect_ids (t, " world", FALSE, "Ġwo|rld");
  gptvis_tokenizer_free (t);
}

/* All that is UTF-8 comes back as it was, and what is not as U+FFFD. */
static void
test_round_trip (void)
{
  GptVisTokenizer *t = open_gpt2 ("{}");
  GString *text = g_string_new (NULL);
  for (guint round = 0; round < 300; round++) {
    g_string_truncate (text, 0);
    for (guint i = g_test_rand_int_range (0, 40); i-- > 0;) {
      const gunichar c = (gunichar) g_test_rand_int_range (1, g_test_rand_int_range (0, 2) ? 0x80 : 0x30000);
      if (c < 0xd800 || c > 0xdfff)
        g_string_append_unichar (text, c);
    }
    gsize n;
    guint32 *ids = gptvis_tokenizer_encode (t, text->str, (gssize) text->len, FALSE, &n);
    gchar *back = gptvis_tokenizer_decode (t, ids, n, FALSE, FALSE);
    g_assert_cmpstr (back, ==, text->str);
    g_free (back);
    g_free (ids);
  }
  g_string_free (text, TRUE);

  /* as many of U+FFFD as Rust's from_utf8_lossy and the WHATWG make */
  static const struct { const gchar *bytes, *text; } cases[] = {
    {"a\xff" "b", "a�b"}, {"\xe2\x82", "�"}, {"\xe2\x82" "a", "�a"}, {"\xe2\x28\xa1", "�(�"},
    {"\xf0\x9f\x98", "�"},
    {"\xf0\x9f\xf0\x9f\x98\x80", "�😀"}, {"\xc0\x80", "��"}, {"\xed\xa0\x80", "���"},
    {"\xf4\x90\x80\x80", "����"},
    {"\xe0\x80\x80", "���"}, {"\xf8\x88\x80\x80\x80", "�����"}, {"\xef\xbf\xbd", "�"}, {"\xc3\xc3\xa9", "�é"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    guint32 ids[8];
    const gsize size = strlen (cases[i].bytes);
    for (gsize k = 0; k < size; k++)
      ids[k] = (guchar) cases[i].bytes[k];
    gchar *got = gptvis_tokenizer_decode (t, ids, size, FALSE, FALSE);
    g_assert_cmpstr (got, ==, cases[i].text);
    g_free (got);
    gsize n, m;
    guint32 *a = gptvis_tokenizer_encode (t, cases[i].bytes, -1, FALSE, &n);
    guint32 *b = gptvis_tokenizer_encode (t, cases[i].text, -1, FALSE, &m);
    g_assert_cmpmem (a, n * sizeof *a, b, m * sizeof *b);
    g_free (a);
    g_free (b);
  }
  guint32 nul[] = { 'a', 0, 'b', 4000 };
  gchar *got = gptvis_tokenizer_decode (t, nul, G_N_ELEMENTS (nul), FALSE, FALSE);
  g_assert_cmpstr (got, ==, "a�b");
  g_free (got);
  gptvis_tokenizer_free (t);
}

static void
test_clip (void)
{
  static const gchar merges[] = "x\na n\nc a\nca t</w>\n' s</w>\nan d</w>\n";
  gchar *vocabulary = bytes_vocabulary ("</w>", merges, "<|startoftext|> <|endoftext|>");
  GptVisTokenizer *t = open_files ("vocab.json", vocabulary, "merges.txt", merges, NULL);
  expect_ids (t, "A Cat's\t\n AND", TRUE, "<|startoftext|>|a</w>|cat</w>|'s</w>|and</w>|<|endoftext|>");
  expect_ids (t, "cat12", FALSE, "cat</w>|1</w>|2</w>");
  expect_ids (t, "a<|ENDOFTEXT|>b", FALSE, "a</w>|<|endoftext|>|b</w>");
  expect_ids (t, "e\xcc\x81", FALSE, "Ã|©</w>");        /* composed */
  expect_ids (t, "", TRUE, "<|startoftext|>|<|endoftext|>");
  expect_ids (t, " \t ", TRUE, "<|startoftext|>|<|endoftext|>");
  gsize n;
  guint32 *ids = gptvis_tokenizer_encode (t, " Cat,  cat. ", -1, TRUE, &n);
  gchar *text = gptvis_tokenizer_decode (t, ids, n, TRUE, FALSE);
  gchar *clean = gptvis_tokenizer_decode (t, ids, n, TRUE, TRUE);
  g_assert_cmpstr (text, ==, "cat , cat .");
  g_assert_cmpstr (clean, ==, "cat, cat.");
  g_free (clean);
  g_free (text);
  g_free (ids);
  gptvis_tokenizer_free (t);
  g_free (vocabulary);
}

static void
test_wordpiece (void)
{
  GptVisTokenizer *t = open_files ("vocab.txt", TXT, NULL);
  g_assert_true (gptvis_tokenizer_clean_up (t));
  g_assert_true (gptvis_tokenizer_is_special (t, 4));
  expect_ids (t, "Hello, WORLDS!", TRUE, "[CLS]|hello|,|wor|##ld|##s|!|[SEP]");
  expect_ids (t, "h\xc3\xa9llo e\xcc\x81" "a", FALSE, "hello|e|##a");
  expect_ids (t, "hello\xe6\x9d\xb1hello", FALSE, "hello|東|hello");
  expect_ids (t, "wor\xc2\xadld wor\tx hello\xc2\xa0hello", FALSE, "wor|##ld|wor|[UNK]|hello|hello");
  expect_ids (t, "[SEP] [sep]", FALSE, "[SEP]|[UNK]|[UNK]|[UNK]");
  expect_ids (t, "worldx", FALSE, "[UNK]");
  expect_ids (t, "", TRUE, "[CLS]|[SEP]");
  expect_text (t, "[CLS]|hello|,|wor|##ld|##s|!|[SEP]|[PAD]", TRUE, FALSE, "hello, worlds!");
  expect_text (t, "[CLS]|##ld|##ld|[UNK]|[SEP]", FALSE, FALSE, "[CLS]ldld [UNK] [SEP]");
  expect_text (t, "##ld|##s", TRUE, FALSE, "##lds");
  expect_text (t, "do|n|'|t|.", TRUE, TRUE, "don't.");
  expect_text (t, "hello|'|hello", TRUE, TRUE, "hello'hello");
  expect_text (t, "hello|'|hello", TRUE, FALSE, "hello ' hello");
  gptvis_tokenizer_free (t);

  t = open_files ("vocab.txt", TXT "\n\n", "tokenizer_config.json",
      "{\"do_lower_case\":false,\"clean_up_tokenization_spaces\":false,"
          "\"tokenizer_class\":\"BertTokenizer\"}", NULL);
  g_assert_false (gptvis_tokenizer_clean_up (t));
  expect_ids (t, "Hello hello E e \xc3\xa9", FALSE, "[UNK]|hello|E|e|[UNK]");
  gptvis_tokenizer_free (t);

  /* a hundred characters are a word, and one more is none */
  t = open_files ("vocab.txt", TXT "a\n", NULL);
  gchar *word = g_strnfill (101, 'a');
  expect_ids (t, word, FALSE, "[UNK]");
  word[100] = '\0';
  gsize n;
  g_free (gptvis_tokenizer_encode (t, word, -1, FALSE, &n));
  g_assert_cmpuint (n, ==, 100);
  g_free (word);
  gptvis_tokenizer_free (t);
}

/* Where special and added tokens come from, and what their flags do. */
static void
test_added (void)
{
  GptVisTokenizer *t = open_files ("vocab.txt", TXT, "added_tokens.json", "{\"[DEC]\":22,\"red car\":23}",
      "special_tokens_map.json", "{\"bos_token\":\"[DEC]\",\"additional_special_tokens\":[\"hello\"]}", NULL);
  g_assert_cmpuint (gptvis_tokenizer_size (t), ==, 24);
  g_assert_true (gptvis_tokenizer_is_special (t, 22));
  g_assert_false (gptvis_tokenizer_is_special (t, 23));
  g_assert_true (gptvis_tokenizer_is_special (t, 5));
  expect_ids (t, "[DEC]a RED Car[DEC]", FALSE, "[DEC]|[UNK]|red car|[DEC]");
  expect_text (t, "[DEC]|red car|hello|e", TRUE, TRUE, "red car e");
  gptvis_tokenizer_free (t);

  t = open_files ("vocab.txt", TXT, "tokenizer_config.json", "{\"added_tokens_decoder\":{"
      "\"22\":{\"content\":\"<x>\",\"lstrip\":true,\"special\":true},\"23\":{\"content\":\"<y>\","
          "\"rstrip\":true},"
      "\"24\":{\"content\":\"do\xc3\xa9\",\"single_word\":true,\"normalized\":false}}}",
      "added_tokens.json", "{\"unread\":99}", NULL);
  g_assert_cmpuint (gptvis_tokenizer_size (t), ==, 25);
  expect_ids (t, "hello  <x> hello <Y>  e do\xc3\xa9 do\xc3\xa9s", FALSE,
      "hello|<x>|hello|<y>|e|do\xc3\xa9|[UNK]");
  /* an added token is a part of no word */
  expect_ids (t, "xdo\xc3\xa9", FALSE, "[UNK]");
  gptvis_tokenizer_free (t);
}

/* tokenizer.json is read where it is alone, and only there. */
static void
test_json (void)
{
  static const gchar json[] = "{\"added_tokens\":[{\"id\":0,\"content\":\"[UNK]\",\"special\":true}],"
      "\"normalizer\":{\"type\":\"BertNormalizer\",\"lowercase\":false},"
          "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},"
      "\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"@@\",\"cleanup\":false},\"post_processor\":{\"type\":"
      "\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"q\"}},{\"Sequence\":{\"id\":\"A\"}}],"
      "\"special_tokens\":{\"q\":{\"ids\":[0,3]}}},\"model\":{\"type\":\"WordPiece\","
          "\"continuing_subword_prefix\":\"@@\","
      "\"max_input_chars_per_word\":3,\"vocab\":{\"[UNK]\":0,\"A\":1,\"@@b\":2,\".\":3}}}";
  GptVisTokenizer *t = open_files ("tokenizer.json", json, NULL);
  g_assert_cmpuint (gptvis_tokenizer_size (t), ==, 4);
  g_assert_false (gptvis_tokenizer_clean_up (t));
  expect_ids (t, "Abb. Abbb a", TRUE, "[UNK]|.|A|@@b|@@b|.|[UNK]|[UNK]");
  expect_text (t, "A|@@b|.|[UNK]", TRUE, FALSE, "Ab .");
  expect_text (t, "A|@@b|.|[UNK]", FALSE, TRUE, "Ab. [UNK]");
  gptvis_tokenizer_free (t);
  t = open_files ("tokenizer.json", json, "vocab.txt", TXT, NULL);
  g_assert_cmpuint (gptvis_tokenizer_size (t), ==, 22);
  gptvis_tokenizer_free (t);
  t = open_files ("tokenizer.json", "no JSON", "vocab.json", "{\"a\":0}", "merges.txt", "", NULL);
  g_assert_cmpuint (gptvis_tokenizer_size (t), ==, 1);
  expect_ids (t, "abab", TRUE, "a|a");
  gptvis_tokenizer_free (t);
}

static void
push (GptVisTextStream *stream, const GptVisTokenizer *t, const gchar *token, const gchar *want)
{
  g_assert_cmpstr (gptvis_text_stream_push (stream, (guint32) gptvis_tokenizer_find (t, token)), ==, want);
}

static void
test_stream (void)
{
  GptVisTokenizer *t = open_gpt2 ("{}");
  GptVisTextStream *stream = gptvis_text_stream_new (t, TRUE, FALSE);
  for (guint round = 0; round < 2; round++) {
    push (stream, t, "hello", "hello");
    push (stream, t, "æ", "hello");     /* 東 is E6 9D B1 */
    push (stream, t, "Ŀ", "hello");
    push (stream, t, "±", "hello東");
    push (stream, t, "<|endoftext|>", "hello東");
    push (stream, t, "ð", "hello東");
    push (stream, t, "h", "hello東�h");
    push (stream, t, "æ", "hello東�h");
    g_assert_cmpstr (gptvis_text_stream_finish (stream), ==, "hello東�h�");
    g_assert_cmpstr (gptvis_text_stream_finish (stream), ==, "hello東�h�");
    gptvis_text_stream_reset (stream);
  }
  gptvis_text_stream_free (stream);
  stream = gptvis_text_stream_new (t, TRUE, TRUE);
  push (stream, t, "a", "a");
  push (stream, t, "Ġ", "a");           /* a mark may follow, or a word */
  push (stream, t, ".", "a.");
  push (stream, t, "Ġ", "a.");
  push (stream, t, "'", "a.");
  push (stream, t, "v", "a.");
  push (stream, t, "a", "a. 'va");
  push (stream, t, "Ġ", "a. 'va");
  push (stream, t, "n", "a. 'va");
  push (stream, t, "'t", "a. 'van't");
  push (stream, t, "Ġ", "a. 'van't");
  g_assert_cmpstr (gptvis_text_stream_finish (stream), ==, "a. 'van't ");
  gptvis_text_stream_free (stream);
  gptvis_text_stream_free (NULL);
  gptvis_tokenizer_free (t);

  t = open_files ("vocab.txt", TXT, NULL);
  stream = gptvis_text_stream_new (t, TRUE, TRUE);
  push (stream, t, "[CLS]", "");
  push (stream, t, "wor", "wor");
  push (stream, t, "##ld", "world");
  push (stream, t, "'", "world");
  push (stream, t, "##s", "world's");
  g_assert_cmpstr (gptvis_text_stream_push (stream, 4000), ==, "world's");      /* no id: nothing */
  push (stream, t, ".", "world's.");
  push (stream, t, "[SEP]", "world's.");
  g_assert_cmpstr (gptvis_text_stream_finish (stream), ==, "world's.");
  gptvis_text_stream_free (stream);
  gptvis_tokenizer_free (t);
}

static void
follow (GptVisTextStream *stream, const GptVisTokenizer *t, const gchar *tokens, const gchar *want)
{
  gchar **token = g_strsplit (tokens, "|", -1);
  guint32 ids[8];
  const guint n = g_strv_length (token);
  g_assert_cmpuint (n, <=, G_N_ELEMENTS (ids));
  for (guint i = 0; i < n; i++)
    ids[i] = (guint32) gptvis_tokenizer_find (t, token[i]);
  g_assert_cmpstr (gptvis_text_stream_follow (stream, ids, n), ==, want);
  g_strfreev (token);
}

/* The best of several beams: it grows, becomes another one, is cut short, and ends. */
static void
test_follow (void)
{
  GptVisTokenizer *t = open_files ("vocab.txt", TXT, NULL);
  GptVisTextStream *stream = gptvis_text_stream_new (t, TRUE, TRUE);
  follow (stream, t, "hello", "hello");
  follow (stream, t, "hello|wor", "hello wor");
  follow (stream, t, "hello|wor|##ld", "hello world");
  follow (stream, t, "hello|wor|##s|'", "hello wors");
  follow (stream, t, "hello|wor|##s|'|##s", "hello wors's");
  follow (stream, t, "wor", "wor");
  follow (stream, t, "wor|'", "wor");
  g_assert_cmpstr (gptvis_text_stream_finish (stream), ==, "wor '");
  follow (stream, t, "wor|'|##s", "wor's");     /* nothing that was let go is left */
  gptvis_text_stream_follow (stream, NULL, 0);
  g_assert_cmpstr (gptvis_text_stream_finish (stream), ==, "");
  gptvis_text_stream_free (stream);
  gptvis_tokenizer_free (t);
}

/* The definition of merging: look for the lowest rank, the leftmost of it, again and again. */
static guint
merge_slowly (gchar parts[][64], guint n, gchar **merges)
{
  for (;;) {
    guint best = G_MAXUINT, at = 0;
    for (guint i = 0; i + 1 < n; i++) {
      gchar *pair = g_strconcat (parts[i], " ", parts[i + 1], NULL);
      for (guint m = 1; merges[m] && m < best; m++)
        if (strcmp (merges[m], pair) == 0) {
          best = m;
          at = i;
        }
      g_free (pair);
    }
    if (best == G_MAXUINT)
      return n;
    g_strlcat (parts[at], parts[at + 1], 64);
    memmove (parts[at + 1], parts[at + 2], (n - at - 2) * 64);
    n--;
  }
}

/* Merges over few letters, so that many overlap and some make the same token two ways. */
static void
test_merging (void)
{
  static const gchar merges[] = "v\na a\nb a\naa a\na b\nab ab\na aa\naa aa\nb b\nba aa\nab a\nabab a\nb "
      "ab\naaa b";
  static const gchar vocabulary[] = "{\"a\":0,\"b\":1,\"aa\":2,\"ba\":3,\"aaa\":4,\"ab\":5,\"abab\":6,"
      "\"aaaa\":7,\"bb\":8,"
      "\"baaa\":9,\"aba\":10,\"ababa\":11,\"bab\":12,\"aaab\":13}";
  gchar **list = g_strsplit (merges, "\n", -1);
  GptVisTokenizer *t = open_files ("vocab.json", vocabulary, "merges.txt", merges, NULL);
  for (guint round = 0; round < 500; round++) {
    gchar parts[32][64] = { 0 }, word[32] = { 0 };
    guint n = (guint) g_test_rand_int_range (1, 31);
    for (guint i = 0; i < n; i++)
      word[i] = parts[i][0] = g_test_rand_int_range (0, 3) ? 'a' : 'b';
    n = merge_slowly (parts, n, list);
    gsize n_ids;
    guint32 *ids = gptvis_tokenizer_encode (t, word, -1, FALSE, &n_ids);
    g_assert_cmpuint (n_ids, ==, n);
    for (guint i = 0; i < n; i++)
      g_assert_cmpstr (gptvis_vocabulary_text (t->vocabulary, ids[i]), ==, parts[i]);
    g_free (ids);
  }
  /* long words: time must not grow with their square, or the test's limit is reached */
  const gsize size = 4 << 20;
  gchar *word = g_strnfill (size, 'a');
  gsize n;
  guint32 *ids = gptvis_tokenizer_encode (t, word, (gssize) size, FALSE, &n);
  gchar *back = gptvis_tokenizer_decode (t, ids, n, FALSE, TRUE);
  g_assert_cmpstr (back, ==, word);
  g_free (back);
  g_free (ids);
  g_free (word);
  gptvis_tokenizer_free (t);
  g_strfreev (list);
}

/* Marks in any number are sorted without taking time by the square, too. */
static void
test_marks (void)
{
  GString *text = g_string_new ("a"), *got = g_string_new (NULL);
  for (guint i = 0; i < 200000; i++)
    g_string_append (text, i % 2 ? "\xcc\x81" : "\xcc\xa3");  /* above, below */
  gptvis_unicode_normalize (got, text->str, text->len, TRUE);
  g_assert_true (g_str_has_prefix (got->str, "\xe1\xba\xa1\xcc\xa3\xcc\xa3"));
  g_assert_true (g_str_has_suffix (got->str, "\xcc\x81\xcc\x81"));
  g_string_truncate (got, 0);
  gptvis_unicode_normalize (got, "e\xcc\x81\0\xea\xb0\x80", 7, FALSE);
  g_assert_cmpmem (got->str, got->len, "e\xcc\x81\0\xe1\x84\x80\xe1\x85\xa1", 10);
  g_string_free (got, TRUE);
  g_string_free (text, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tokenizer/gpt2", test_gpt2);
  g_test_add_func ("/tokenizer/round-trip", test_round_trip);
  g_test_add_func ("/tokenizer/clip", test_clip);
  g_test_add_func ("/tokenizer/wordpiece", test_wordpiece);
  g_test_add_func ("/tokenizer/added", test_added);
  g_test_add_func ("/tokenizer/json", test_json);
  g_test_add_func ("/tokenizer/stream", test_stream);
  g_test_add_func ("/tokenizer/follow", test_follow);
  g_test_add_func ("/tokenizer/merging", test_merging);
  g_test_add_func ("/tokenizer/marks", test_marks);
  return g_test_run ();
}
