/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tokenizer-check [--optional] SHARED, or tokenizer-check --golden DIRECTORY: tokenizers against what Hugging
 * Face's library gives for the same files. A line for each check, "ok" or MISS with the first few rows that
 * differ:
 *
 *     SHARED/tokenizers       ids of samples in many scripts; round trips
 *     SHARED/golden/…         ids and decoded texts (tokens.json), captions (expected.json);
 *     or DIRECTORY/…          likewise
 *     SHARED/data/captions_text    ten thousand captions, there and back
 *
 * Whatever is decoded is decoded once more id by id, and each step is judged. Exit:
 * 0 all is well, 1 a miss or an error, 77 nothing to check (with --optional), 2 wrong usage. */
#include "architectures.h"
#include "json.h"
#include "tokenizer.h"
#include <gio/gio.h>
#include <string.h>

#define N_CAPTIONS 10000u
#define MAX_SHOWN 5u

/* One line of output. */
typedef struct {
  const gchar *name, *what;
  guint n, misses;
} Check;

static guint n_misses;

static void
finish (Check *c)
{
  g_print ("%-14s %-28s %6u rows  %s\n", c->name, c->what, c->n, c->misses ? "MISS" : "ok");
  n_misses += c->misses;
}

static void G_GNUC_PRINTF (3, 4)
judge (Check *c, gboolean ok, const gchar *format, ...)
{
  c->n++;
  if (ok || c->misses++ >= MAX_SHOWN)
    return;
  va_list args;
  va_start (args, format);
  gchar *text = g_strdup_vprintf (format, args), *shown = g_strescape (text, NULL);
  va_end (args);
  g_print ("%-14s %s\n", c->name, shown);
  g_free (shown);
  g_free (text);
}

static gchar *
ids_text (const guint32 *ids, gsize n)
{
  GString *text = g_string_new (NULL);
  for (gsize i = 0; i < n; i++)
    g_string_append_printf (text, i ? " %u" : "%u", ids[i]);
  return g_string_free (text, FALSE);
}

/* Id by id, the text only grows, by whole characters, and ends as the whole does. */
static gchar *
decode (const GptVisTokenizer *t, const guint32 *ids, gsize n, gboolean skip, gboolean clean_up)
{
  gchar *whole = gptvis_tokenizer_decode (t, ids, n, skip, clean_up);
  GptVisTextStream *stream = gptvis_text_stream_new (t, skip, clean_up);
  gsize size = 0;
  for (gsize i = 0; i <= n; i++) {
    const gchar *text = i < n ? gptvis_text_stream_push (stream, ids[i]) : gptvis_text_stream_finish (stream);
    const gsize now = strlen (text);
    if (now < size || !g_utf8_validate (text + size, -1, NULL) || strncmp (text, whole, now) != 0) {
      g_print ("MISS: after id %" G_GSIZE_FORMAT " the stream has \"%s\", and the whole is \"%s\"\n", i, text,
          whole);
      n_misses++;
      break;
    }
    size = now;
  }
  if (strcmp (gptvis_text_stream_finish (stream), whole) != 0) {
    g_print ("MISS: the stream ends as \"%s\", and the whole is \"%s\"\n", gptvis_text_stream_finish (stream),
        whole);
    n_misses++;
  }
  gptvis_text_stream_free (stream);
  return whole;
}

static void
check_ids (Check *c, const GptVisTokenizer *t, const gchar *where, const gchar *text, gsize size,
    const gchar *want)
{
  gsize n;
  guint32 *ids = gptvis_tokenizer_encode (t, text, (gssize) size, TRUE, &n);
  gchar *got = ids_text (ids, n);
  judge (c, strcmp (got, want) == 0, "%s: \"%.300s\" gives %s, where %s is right", where, text, got, want);
  g_free (decode (t, ids, n, FALSE, TRUE));
  g_free (got);
  g_free (ids);
}

static gchar *
load (const gchar *directory, const gchar *name, gsize *size)
{
  gchar *path = g_build_filename (directory, name, NULL), *text = NULL;
  if (!g_file_get_contents (path, &text, size, NULL))
    g_print ("tokenizer-check: %s cannot be read\n", path);
  g_free (path);
  return text;
}

/* The text that a row of expected/NAME.tsv means: a line of a file, or all of it for 0. */
static gchar *
sample (GHashTable *files, const gchar *directory, const gchar *file, guint line, gsize *size)
{
  GBytes *bytes = g_hash_table_lookup (files, file);
  gsize n = 0;
  if (!bytes) {
    gchar *text = load (directory, file, &n);
    if (!text)
      return NULL;
    bytes = g_bytes_new_take (text, n);
    g_hash_table_insert (files, g_strdup (file), bytes);
  }
  const gchar *at = g_bytes_get_data (bytes, &n), *end = at + n;
  for (guint i = 1; i < line && at; i++)
    if ((at = memchr (at, '\n', (gsize) (end - at))))
      at++;
  if (!at)
    return NULL;
  const gchar *stop = line ? memchr (at, '\n', (gsize) (end - at)) : end;
  *size = (gsize) ((stop ? stop : end) - at);
  return g_memdup2 (at, *size + 1);     /* the byte after it is there: a line feed, or GBytes' NUL */
}

static gunichar
read_unit (const gchar **at)
{
  gunichar c = 0;
  for (guint i = 0; i < 4; i++)
    c = c * 16 + (guint) g_ascii_xdigit_value (*++*at);
  return c;
}

/* A JSON string, which may hold \u0000, and so is none for json.h. */
static gsize
unescape (gchar *text, gsize size)
{
  gchar *to = text;
  for (const gchar *at = text + 1, *end = text + size - 1; at < end; at++) {
    if (*at != '\\') {
      *to++ = *at;
      continue;
    }
    static const gchar from[] = "nrtbf\"\\/", into[] = "\n\r\t\b\f\"\\/";
    const gchar *known = strchr (from, *++at);
    if (known) {
      *to++ = into[known - from];
      continue;
    }
    gunichar c = read_unit (&at);
    if (c >= 0xd800 && c <= 0xdbff) {
      at += 2;
      c = 0x10000 + ((c - 0xd800) << 10) + read_unit (&at) - 0xdc00;
    }
    if (c)
      to += g_unichar_to_utf8 (c, to);
    else
      *to++ = '\0';
  }
  return (gsize) (to - text);
}

static GptVisTokenizer *
open_one (const gchar *name, const gchar *directory)
{
  GError *error = NULL;
  GptVisTokenizer *t = gptvis_tokenizer_open (directory, &error);
  if (!t) {
    g_print ("%-14s %s\n", name, error->message);
    n_misses++;
    g_error_free (error);
  }
  return t;
}

static void
check_expected (const gchar *shared, const gchar *name)
{
  gchar *directory = g_build_filename (shared, "tokenizers", name, NULL);
  gchar *texts = g_build_filename (shared, "tokenizers", "text", NULL);
  gchar *file = g_strconcat ("expected/", name, ".tsv", NULL);
  gchar *root = g_build_filename (shared, "tokenizers", NULL);
  gchar *tsv = load (root, file, NULL);
  GptVisTokenizer *t = open_one (name, directory);
  Check c = { name, "samples in many scripts", 0, 0 };
  GHashTable *files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
  gchar **rows = g_strsplit (t && tsv ? tsv : "", "\n", -1);
  for (guint i = 0; rows[i] && *rows[i]; i++) {
    gchar **row = g_strsplit (rows[i], "\t", 3);
    gsize size = 0;
    gchar *text = sample (files, texts, row[0], (guint) atoi (row[1]), &size);
    if (text && g_str_has_suffix (row[0], ".jsonl"))
      size = unescape (text, size);
    if (text)
      text[size] = '\0';
    gchar *where = g_strconcat (row[0], ":", row[1], NULL);
    check_ids (&c, t, where, text ? text : "", size, row[2]);
    if (text && strcmp (name, "gpt2") == 0 && !memchr (text, 0, size)) {
      gsize n;
      guint32 *ids = gptvis_tokenizer_encode (t, text, (gssize) size, FALSE, &n);
      gchar *back = decode (t, ids, n, FALSE, FALSE);
      judge (&c, strlen (back) == size && memcmp (back, text, size) == 0, "%s: comes back as \"%.300s\"",
          where, back);
      g_free (back);
      g_free (ids);
    }
    g_free (where);
    g_free (text);
    g_strfreev (row);
  }
  judge (&c, c.n >= 605, "there are %u rows, where 605 are expected", c.n);
  finish (&c);
  g_strfreev (rows);
  g_hash_table_unref (files);
  gptvis_tokenizer_free (t);
  g_free (tsv);
  g_free (root);
  g_free (file);
  g_free (texts);
  g_free (directory);
}

static guint32 *
read_ids (JsonArray *array, gsize *n)
{
  *n = json_array_get_length (array);
  guint32 *ids = g_new0 (guint32, *n + 1);
  for (guint i = 0; i < *n; i++)
    ids[i] = (guint32) json_array_get_int_element (array, i);
  return ids;
}

static void
check_tokens (const gchar *name, const gchar *directory, const GptVisTokenizer *t)
{
  Check c = { name, "tokens.json", 0, 0 };
  gchar *text = load (directory, "tokens.json", NULL), **lines = g_strsplit (text ? text : "", "\n", -1);
  for (guint i = 0; lines[i] && *lines[i]; i++) {
    gsize n;
    JsonObject *row = gptvis_json_parse ("tokens.json", "line", lines[i], strlen (lines[i]), NULL);
    const gchar *sample = json_object_get_string_member (row, "text");
    const gchar *decoded = json_object_get_string_member (row, "decoded");
    guint32 *ids = read_ids (json_object_get_array_member (row, "ids"), &n);
    gchar *want = ids_text (ids, n), *got = decode (t, ids, n, TRUE, FALSE);
    check_ids (&c, t, "tokens.json", sample, strlen (sample), want);
    judge (&c, strcmp (got, decoded) == 0, "\"%s\" is decoded, where \"%s\" is right", got, decoded);
    g_free (decode (t, ids, n, FALSE, TRUE));
    g_free (got);
    g_free (want);
    g_free (ids);
    json_object_unref (row);
  }
  judge (&c, c.n >= 400, "there are only %u rows", c.n);
  finish (&c);
  g_strfreev (lines);
  g_free (text);
}

/* "greedy": {"ids": [[…], …], "texts": ["…", …]} */
static void
check_captions (const gchar *name, const gchar *directory, const GptVisTokenizer *t)
{
  static const gchar *const ways[] = { "greedy", "beam4" };
  gchar *path = g_build_filename (directory, "expected.json", NULL);
  JsonObject *expected = gptvis_json_load (path, NULL);
  for (guint w = 0; expected && w < G_N_ELEMENTS (ways); w++) {
    Check c = { name, ways[w], 0, 0 };
    if (!json_object_has_member (expected, ways[w]))
      continue;
    JsonObject *way = json_object_get_object_member (expected, ways[w]);
    JsonArray *rows = json_object_get_array_member (way, "ids"),
        *texts = json_object_get_array_member (way, "texts");
    for (guint i = 0; i < json_array_get_length (rows); i++) {
      gsize n;
      guint32 *ids = read_ids (json_array_get_array_element (rows, i), &n);
      gchar *got = g_strstrip (decode (t, ids, n, TRUE, gptvis_tokenizer_clean_up (t)));
      const gchar *want = json_array_get_string_element (texts, i);
      judge (&c, strcmp (got, want) == 0, "\"%s\" is decoded, where \"%s\" is right", got, want);
      g_free (got);
      g_free (ids);
    }
    finish (&c);
  }
  g_clear_pointer (&expected, json_object_unref);
  g_free (path);
}

static gboolean
there (const gchar *directory, const gchar *name)
{
  gchar *path = g_build_filename (directory, name, NULL);
  const gboolean is = g_file_test (path, G_FILE_TEST_EXISTS);
  g_free (path);
  return is;
}

/* Is it a network's that gptvis opens and that writes? */
static gboolean
reads_words (const gchar *directory)
{
  gchar *path = g_build_filename (directory, "config.json", NULL);
  JsonObject *config = gptvis_json_load (path, NULL);
  const gchar *type = config ? json_object_get_string_member_with_default (config, "model_type", "") : "";
  const GptVisArchitecture *architecture = gptvis_architecture_find (type);
  const gboolean reads = architecture && architecture->record_decoder;
  g_clear_pointer (&config, json_object_unref);
  g_free (path);
  return reads;
}

/* A network whose words gptvis does not read may have a tokenizer that it does not read either. */
static GptVisTokenizer *
open_golden (const gchar *name, const gchar *directory)
{
  GError *error = NULL;
  GptVisTokenizer *t = NULL;
  if (reads_words (directory))
    return open_one (name, directory);
  t = gptvis_tokenizer_open (directory, &error);
  if (!t)
    g_print ("%-14s skipped: gptvis reads no words of its network, and %s\n", name, error->message);
  g_clear_error (&error);
  return t;
}

/* How many tokenizers were checked? */
static guint
check_golden (const gchar *golden)
{
  guint n = 0;
  GDir *dir = g_dir_open (golden, 0, NULL);
  for (const gchar *name; dir && (name = g_dir_read_name (dir));) {
    gchar *directory = g_build_filename (golden, name, NULL);
    if (there (directory, "tokens.json") && there (directory, "spiece.model")) {
      g_print ("%-14s skipped: its tokenizer is SentencePiece\n", name);
    } else if (there (directory, "tokens.json")) {
      GptVisTokenizer *t = open_golden (name, directory);
      if (t) {
        check_tokens (name, directory, t);
        check_captions (name, directory, t);
        n++;
      }
      gptvis_tokenizer_free (t);
    }
    g_free (directory);
  }
  if (dir)
    g_dir_close (dir);
  return n;
}

/* gpt2: every byte comes back. bert: what comes back once stays as it is. */
static void
check_caption (Check *c, const GptVisTokenizer *t, const gchar *text, gboolean exact)
{
  gsize n;
  gboolean in_range = TRUE;
  guint32 *ids = gptvis_tokenizer_encode (t, text, -1, TRUE, &n);
  for (gsize i = 0; i < n; i++)
    in_range = in_range && ids[i] < gptvis_tokenizer_size (t);
  gchar *back = decode (t, ids, n, TRUE, FALSE), *again = NULL;
  if (!exact) {
    g_free (ids);
    ids = gptvis_tokenizer_encode (t, back, -1, TRUE, &n);
    again = decode (t, ids, n, TRUE, FALSE);
  }
  judge (c, in_range && strcmp (exact ? text : again, back) == 0,
      "\"%s\" comes back as \"%s\", then as \"%s\"", text, back, again ? again : "");
  g_free (again);
  g_free (back);
  g_free (ids);
}

static void
check_file (Check *c, const GptVisTokenizer *t, const gchar *path)
{
  GFile *file = g_file_new_for_path (path);
  GInputStream *raw = G_INPUT_STREAM (g_file_read (file, NULL, NULL));
  GConverter *gzip = G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  if (raw) {
    GInputStream *plain = g_converter_input_stream_new (raw, gzip);
    GDataInputStream *lines = g_data_input_stream_new (plain);
    gchar *line;
    while (c->n < N_CAPTIONS && (line = g_data_input_stream_read_line (lines, NULL, NULL, NULL))) {
      check_caption (c, t, line, strcmp (c->name, "gpt2") == 0);
      g_free (line);
    }
    g_object_unref (lines);
    g_object_unref (plain);
    g_object_unref (raw);
  }
  g_object_unref (gzip);
  g_object_unref (file);
}

static void
check_corpus (const gchar *shared, const gchar *name)
{
  Check c = { name, "captions, there and back", 0, 0 };
  gchar *texts = g_build_filename (shared, "data", "captions_text", NULL);
  gchar *directory = g_build_filename (shared, "tokenizers", name, NULL);
  GptVisTokenizer *t = there (texts, ".") ? open_one (name, directory) : NULL;
  GDir *dir = t ? g_dir_open (texts, 0, NULL) : NULL;
  for (const gchar *file; dir && (file = g_dir_read_name (dir));) {
    gchar *path = g_build_filename (texts, file, NULL);
    if (g_str_has_suffix (file, ".txt.gz"))
      check_file (&c, t, path);
    g_free (path);
  }
  if (c.n)
    finish (&c);
  else
    g_print ("%-14s skipped: there are no captions in %s\n", name, texts);
  if (dir)
    g_dir_close (dir);
  gptvis_tokenizer_free (t);
  g_free (directory);
  g_free (texts);
}

static void
check_shared (const gchar *shared, const gchar *golden)
{
  static const gchar *const names[] = { "gpt2", "clip", "bert", "bert-cased" };
  const gboolean vocabularies = there (shared, "tokenizers");
  for (guint i = 0; vocabularies && i < G_N_ELEMENTS (names); i++)
    check_expected (shared, names[i]);
  check_golden (golden);
  if (vocabularies) {
    check_corpus (shared, "gpt2");
    check_corpus (shared, "bert");
  }
}

int
main (int argc, char **argv)
{
  const gboolean optional = argc > 1 && strcmp (argv[1], "--optional") == 0;
  const gboolean own = argc > 1 && strcmp (argv[1], "--golden") == 0;
  if (argc != 2 + (optional || own)) {
    g_printerr ("usage: tokenizer-check [--optional] SHARED, or tokenizer-check --golden DIRECTORY\n");
    return 2;
  }
  const gchar *folder = argv[argc - 1];
  gchar *golden = g_build_filename (folder, "golden", NULL);
  if (own) {
    if (check_golden (folder) == 0) {
      g_print ("MISS: there is no tokenizer in %s\n", folder);
      n_misses++;
    }
  } else if (optional && !there (folder, "tokenizers") && !there (golden, ".")) {
    g_print ("tokenizer-check: %s has neither tokenizers nor golden, so there is nothing to check\n", folder);
    g_free (golden);
    return 77;
  } else {
    check_shared (folder, golden);
  }
  g_print ("%u misses\n", n_misses);
  g_free (golden);
  return n_misses ? 1 : 0;
}
