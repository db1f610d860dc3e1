/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens a tokenizer: which files there are, which tokens go around a text, and what
 * Transformers' classes assume where the files say nothing. */
#include "tokenizer-private.h"
#include "file.h"
#include "quote.h"
#include <string.h>

#define fail(error, code, ...) (gptvis_quote_error (error, code, __VA_ARGS__), FALSE)

static const gchar *const bert_defaults[GPTVIS_SPECIAL_N] = {
  [GPTVIS_SPECIAL_UNK] = "[UNK]", [GPTVIS_SPECIAL_SEP] = "[SEP]", [GPTVIS_SPECIAL_PAD] = "[PAD]",
  [GPTVIS_SPECIAL_CLS] = "[CLS]", [GPTVIS_SPECIAL_MASK] = "[MASK]",
};
static const gchar *const gpt2_defaults[GPTVIS_SPECIAL_N] = {
  [GPTVIS_SPECIAL_BOS] = "<|endoftext|>", [GPTVIS_SPECIAL_EOS] = "<|endoftext|>",
  [GPTVIS_SPECIAL_UNK] = "<|endoftext|>",
};
static const gchar *const clip_defaults[GPTVIS_SPECIAL_N] = {
  [GPTVIS_SPECIAL_BOS] = "<|startoftext|>", [GPTVIS_SPECIAL_EOS] = "<|endoftext|>",
  [GPTVIS_SPECIAL_UNK] = "<|endoftext|>", [GPTVIS_SPECIAL_PAD] = "<|endoftext|>",
};

/* Transformers' classes that read these files, without the "Fast" that may follow. */
static const struct {
  const gchar *name;
  gboolean bert, clip;
} classes[] = {
  {"GPT2Tokenizer", FALSE, FALSE}, {"CLIPTokenizer", FALSE, TRUE}, {"BertTokenizer", TRUE, FALSE},
  {"DistilBertTokenizer", TRUE, FALSE}, {"ElectraTokenizer", TRUE, FALSE},
  {"MobileBertTokenizer", TRUE, FALSE},
};

/* The index of tokenizer_class; -1: the configuration names none; -2: none of the above. */
static gint
find_class (const gchar *name)
{
  if (!name)
    return -1;
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++) {
    const gsize n = strlen (classes[i].name);
    if (strncmp (name, classes[i].name, n) == 0 && (name[n] == '\0' || strcmp (name + n, "Fast") == 0))
      return (gint) i;
  }
  return -2;
}

static gboolean
read_vocab_json (GptVisTokenizer *self, const GptVisTokenizerFile *file, GError **error)
{
  JsonObject *object = gptvis_json_parse (file->name, "JSON", file->text, file->size, error);
  const gboolean ok = object && gptvis_vocabulary_read (self->vocabulary, file->name, object, error);
  g_clear_pointer (&object, json_object_unref);
  return ok;
}

/* −1: there is none. */
static void
add_id (GArray *ids, gint id)
{
  const guint32 value = (guint32) id;
  if (id >= 0)
    g_array_append_val (ids, value);
}

static gboolean
want (GptVisTokenizer *self, gint id, const gchar *name, const gchar *what, GError **error)
{
  return id >= 0 || fail (error, GPTVIS_ERROR_FORMAT, "%s: there is no token %s, which %s", self->file, name,
      what);
}

/* vocab.json and merges.txt: CLIP's or GPT-2's, by the class, else by tokens that only CLIP has. */
static gboolean
read_bpe (GptVisTokenizer *self, const GptVisTokenizerFile *files, GptVisJson *config, GptVisJson *map,
    GptVisJson *added, gint class, GError **error)
{
  gint ids[GPTVIS_SPECIAL_N];
  if (!read_vocab_json (self, &files[GPTVIS_TOKENIZER_VOCAB_JSON], error))
    return FALSE;
  const gboolean clip = class >= 0 ? classes[class].clip
      : gptvis_tokenizer_find (self, "<|startoftext|>") >= 0 && gptvis_tokenizer_find (self, "a</w>") >= 0;
  self->suffix = g_strdup (clip ? "</w>" : "");
  self->cut = clip ? GPTVIS_CUT_CLIP : GPTVIS_CUT_GPT2;
  self->decode = GPTVIS_DECODE_BYTES;
  if (clip) {
    self->steps[self->n_steps++].kind = GPTVIS_NORMALIZE_NFC;
    self->steps[self->n_steps++].kind = GPTVIS_NORMALIZE_SPACES;
    self->steps[self->n_steps++].kind = GPTVIS_NORMALIZE_LOWER;
  }
  gptvis_vocabulary_close_model (self->vocabulary);
  if (!gptvis_bpe_read_merges (self, &files[GPTVIS_TOKENIZER_MERGES], error)
      || !gptvis_added_read (self, config, map, added, clip ? clip_defaults : gpt2_defaults, ids, error))
    return FALSE;
  if (clip) {
    self->unknown = ids[GPTVIS_SPECIAL_UNK];
    add_id (self->before, ids[GPTVIS_SPECIAL_BOS]);
    add_id (self->after, ids[GPTVIS_SPECIAL_EOS]);
    return want (self, ids[GPTVIS_SPECIAL_BOS], "<|startoftext|>", "stands before each text", error)
        && want (self, ids[GPTVIS_SPECIAL_EOS], "<|endoftext|>", "stands after each text", error);
  }
  self->prefix_space = gptvis_json_boolean (config, "add_prefix_space", FALSE);
  if (gptvis_json_boolean (config, "add_bos_token", FALSE)) {
    add_id (self->before, ids[GPTVIS_SPECIAL_BOS]);
    return want (self, ids[GPTVIS_SPECIAL_BOS], "<|endoftext|>", "add_bos_token puts before each text",
        error);
  }
  return TRUE;
}

/* BERT's settings in tokenizer_config.json, or these where it is silent. */
static void
read_bert (GptVisNormalizeStep *step, GptVisJson *config, gboolean lower, gboolean ideographs)
{
  step->lower = gptvis_json_boolean (config, "do_lower_case", lower);
  step->ideographs = gptvis_json_boolean (config, "tokenize_chinese_chars", ideographs);
  step->accents = gptvis_json_boolean (config, "strip_accents", step->lower);
}

/* vocab.txt */
static gboolean
read_wordpiece (GptVisTokenizer *self, const GptVisTokenizerFile *files, GptVisJson *config, GptVisJson *map,
    GptVisJson *added, GError **error)
{
  gint ids[GPTVIS_SPECIAL_N];
  self->wordpiece = TRUE;
  self->prefix = g_strdup ("##");
  self->max_word = 100;
  self->cut = GPTVIS_CUT_BERT;
  self->decode = GPTVIS_DECODE_WORDPIECE;
  self->decode_prefix = g_strdup ("##");
  self->decode_clean_up = TRUE;
  GptVisNormalizeStep *step = &self->steps[self->n_steps++];
  step->kind = GPTVIS_NORMALIZE_BERT;
  step->clean = TRUE;
  read_bert (step, config, TRUE, TRUE);
  if (!gptvis_wordpiece_read_vocabulary (self, &files[GPTVIS_TOKENIZER_VOCAB_TXT], error))
    return FALSE;
  gptvis_vocabulary_close_model (self->vocabulary);
  if (!gptvis_added_read (self, config, map, added, bert_defaults, ids, error))
    return FALSE;
  self->unknown = ids[GPTVIS_SPECIAL_UNK];
  add_id (self->before, ids[GPTVIS_SPECIAL_CLS]);
  add_id (self->after, ids[GPTVIS_SPECIAL_SEP]);
  return want (self, ids[GPTVIS_SPECIAL_UNK], "[UNK]", "stands for unknown words", error)
      && want (self, ids[GPTVIS_SPECIAL_CLS], "[CLS]", "stands before each text", error)
      && want (self, ids[GPTVIS_SPECIAL_SEP], "[SEP]", "stands after each text", error);
}

static gboolean
read_tokenizer_json (GptVisTokenizer *self, const GptVisTokenizerFile *files, GptVisJson *config,
    GptVisJson *map, GptVisJson *added, gint class, GError **error)
{
  gint ids[GPTVIS_SPECIAL_N];
  if (!gptvis_tokenizer_read_json (self, &files[GPTVIS_TOKENIZER_JSON], error)
      || !gptvis_added_read (self, config, map, added, NULL, ids, error))
    return FALSE;
  /* these classes' own settings override tokenizer.json */
  if (self->cut == GPTVIS_CUT_GPT2)
    self->prefix_space = gptvis_json_boolean (config, "add_prefix_space", self->prefix_space);
  for (guint i = 0; class >= 0 && classes[class].bert && i < self->n_steps; i++)
    if (self->steps[i].kind == GPTVIS_NORMALIZE_BERT && gptvis_json_has (config, "do_lower_case"))
      read_bert (&self->steps[i], config, self->steps[i].lower, self->steps[i].ideographs);
  return TRUE;
}

static gboolean
read_model (GptVisTokenizer *self, const GptVisTokenizerFile *files, GptVisJson *config, GptVisJson *map,
    GptVisJson *added, GError **error)
{
  const gchar *name = gptvis_json_string (config, "tokenizer_class", NULL);
  const gint class = find_class (name);
  const gboolean whole = !files[GPTVIS_TOKENIZER_VOCAB_JSON].text && !files[GPTVIS_TOKENIZER_VOCAB_TXT].text;
  gboolean ok;
  if (!gptvis_json_settle (config, error))
    return FALSE;
  if (whole)
    ok = read_tokenizer_json (self, files, config, map, added, class, error);
  else if (class == -2 || (class >= 0 && classes[class].bert != !files[GPTVIS_TOKENIZER_VOCAB_JSON].text))
    return fail (error, GPTVIS_ERROR_UNSUPPORTED, "%s: tokenizer_class is \"%.200s\", where %s", config->file,
        name, files[GPTVIS_TOKENIZER_VOCAB_JSON].text ? "vocab.json needs GPT2Tokenizer or CLIPTokenizer" :
        "vocab.txt needs BertTokenizer or one that is like it");
  else if (files[GPTVIS_TOKENIZER_VOCAB_JSON].text)
    ok = read_bpe (self, files, config, map, added, class, error);
  else
    ok = read_wordpiece (self, files, config, map, added, error);
  if (!ok)
    return FALSE;
  /* only the classes that read vocab.txt assume it, and not when they read tokenizer.json */
  self->clean_up = gptvis_json_boolean (config, "clean_up_tokenization_spaces", !whole && self->wordpiece);
  if (!gptvis_json_settle (config, error) || !gptvis_vocabulary_check (self->vocabulary, error))
    return FALSE;
  if (!self->wordpiece)
    gptvis_bpe_finish (self);
  gptvis_added_finish (self);
  return TRUE;
}

static gboolean
check_sizes (const GptVisTokenizerFile *files, GError **error)
{
  for (guint i = 0; i < GPTVIS_TOKENIZER_N_FILES; i++)
    if (files[i].text && files[i].size > GPTVIS_TOKENIZER_MAX_BYTES)
      return fail (error, GPTVIS_ERROR_LIMIT, "%s: the file has %" G_GSIZE_FORMAT
          " bytes, where a tokenizer's file of at most %u is read", files[i].name, files[i].size,
          GPTVIS_TOKENIZER_MAX_BYTES);
  return TRUE;
}

/* The file's object, or an empty one. */
static gboolean
open_json (GptVisJson *json, const GptVisTokenizerFile *file, GError **error)
{
  json->file = file->name;
  json->object = file->text ? gptvis_json_parse (file->name, "JSON", file->text, file->size, error)
      : json_object_new ();
  return json->object != NULL;
}

static const GptVisTokenizerFile *
main_file (const gchar *directory, const GptVisTokenizerFile *files, GError **error)
{
  const GptVisTokenizerFile *json = &files[GPTVIS_TOKENIZER_VOCAB_JSON],
      *merges = &files[GPTVIS_TOKENIZER_MERGES];
  const GptVisTokenizerFile *txt = &files[GPTVIS_TOKENIZER_VOCAB_TXT], *whole = &files[GPTVIS_TOKENIZER_JSON];
  if (json->text && merges->text)
    return json;
  if (txt->text)
    return txt;
  if (whole->text)
    return whole;
  if (json->text || merges->text)
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND, "%s: there is no such file, which goes with %s",
        json->text ? merges->name : json->name, json->text ? json->name : merges->name);
  else
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND,
        "%s: there is no vocab.json with merges.txt, no vocab.txt and no tokenizer.json", directory);
  return NULL;
}

GptVisTokenizer *
gptvis_tokenizer_parse (const gchar *directory, const GptVisTokenizerFile *all, GError **error)
{
  GptVisTokenizerFile files[GPTVIS_TOKENIZER_N_FILES];
  GptVisJson json[3] = { 0 };   /* config, map, added */
  const GptVisTokenizerFile *file = main_file (directory, all, error);
  if (!file)
    return NULL;
  /* the others do not count */
  memcpy (files, all, sizeof files);
  for (guint i = 0; i <= GPTVIS_TOKENIZER_JSON; i++)
    if (&all[i] != file && !(i == GPTVIS_TOKENIZER_MERGES && file == &all[GPTVIS_TOKENIZER_VOCAB_JSON]))
      files[i].text = NULL;

  GptVisTokenizer *self = g_new0 (GptVisTokenizer, 1);
  self->file = g_strdup (file->name);
  self->vocabulary = gptvis_vocabulary_new (file->name);
  self->unknown = -1;
  self->before = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->after = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->added = g_array_new (FALSE, FALSE, sizeof (GptVisAddedToken));
  self->added_ids = g_hash_table_new (NULL, NULL);
  gboolean ok = check_sizes (files, error);
  for (guint i = 0; ok && i < 3; i++)
    ok = open_json (&json[i], &files[GPTVIS_TOKENIZER_CONFIG + i], error);
  ok = ok && read_model (self, files, &json[0], &json[1], &json[2], error);
  for (guint i = 0; i < 3; i++) {
    g_clear_pointer (&json[i].object, json_object_unref);
    g_clear_error (&json[i].error);
  }
  if (!ok)
    g_clear_pointer (&self, gptvis_tokenizer_free);
  return self;
}

void
gptvis_tokenizer_free (GptVisTokenizer *self)
{
  if (!self)
    return;
  gptvis_added_clear (self);
  g_array_unref (self->before);
  g_array_unref (self->after);
  g_free (self->merges);
  g_free (self->suffix);
  g_free (self->prefix);
  g_free (self->decode_prefix);
  gptvis_vocabulary_free (self->vocabulary);
  g_free (self->file);
  g_free (self);
}

/* FALSE: an error. Without such a file `text` stays NULL. */
static gboolean
load_file (const gchar *path, gchar **text, GptVisTokenizerFile *file, GError **error)
{
  file->name = path;
  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    return TRUE;
  *text = gptvis_file_load (path, "a tokenizer's file", GPTVIS_TOKENIZER_MAX_BYTES, &file->size, error);
  file->text = *text;
  return *text != NULL;
}

GptVisTokenizer *
gptvis_tokenizer_open (const gchar *directory, GError **error)
{
  static const gchar *const names[GPTVIS_TOKENIZER_N_FILES] = {
    [GPTVIS_TOKENIZER_VOCAB_JSON] = "vocab.json", [GPTVIS_TOKENIZER_MERGES] = "merges.txt",
    [GPTVIS_TOKENIZER_VOCAB_TXT] = "vocab.txt", [GPTVIS_TOKENIZER_JSON] = "tokenizer.json",
    [GPTVIS_TOKENIZER_CONFIG] = "tokenizer_config.json",
    [GPTVIS_TOKENIZER_SPECIAL] = "special_tokens_map.json", [GPTVIS_TOKENIZER_ADDED] = "added_tokens.json",
  };
  gchar *paths[GPTVIS_TOKENIZER_N_FILES], *texts[GPTVIS_TOKENIZER_N_FILES] = { 0 };
  GptVisTokenizerFile files[GPTVIS_TOKENIZER_N_FILES] = { 0 };
  GptVisTokenizer *self = NULL;
  gboolean ok = TRUE;
  for (guint i = 0; i < GPTVIS_TOKENIZER_N_FILES; i++) {
    paths[i] = g_build_filename (directory, names[i], NULL);
    ok = ok && load_file (paths[i], &texts[i], &files[i], error);
  }
  if (ok)
    self = gptvis_tokenizer_parse (directory, files, error);
  for (guint i = 0; i < GPTVIS_TOKENIZER_N_FILES; i++) {
    g_free (texts[i]);
    g_free (paths[i]);
  }
  return self;
}

guint
gptvis_tokenizer_size (const GptVisTokenizer *self)
{
  return gptvis_vocabulary_size (self->vocabulary);
}

gint
gptvis_tokenizer_find (const GptVisTokenizer *self, const gchar *token)
{
  return gptvis_vocabulary_find (self->vocabulary, token, strlen (token));
}

gboolean
gptvis_tokenizer_is_special (const GptVisTokenizer *self, guint id)
{
  return id < gptvis_vocabulary_size (self->vocabulary) && self->special[id];
}

gboolean
gptvis_tokenizer_clean_up (const GptVisTokenizer *self)
{
  return self->clean_up;
}
