/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tokenizers' files as no library wrote them: each mistake and its sentence. */
#include "tokenizer-private.h"
#include "unit.h"
#include <string.h>

#define VOCAB "{\"a\":0,\"b\":1,\"ab\":2,\"<|endoftext|>\":3}"
#define MERGES "#version: 0.2\na b\n"
#define TXT "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n##b\n"
#define WORDS "\"vocab\":{\"[UNK]\":0,\"a\":1}"
#define MODEL "\"model\":{\"type\":\"WordPiece\"," WORDS "}"
#define BPE "\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2}"
#define BYTES "\"pre_tokenizer\":{\"type\":\"ByteLevel\"}"

#define VJ GPTVIS_TOKENIZER_VOCAB_JSON
#define MT GPTVIS_TOKENIZER_MERGES
#define VT GPTVIS_TOKENIZER_VOCAB_TXT
#define TJ GPTVIS_TOKENIZER_JSON
#define CONFIG GPTVIS_TOKENIZER_CONFIG
#define SPECIAL GPTVIS_TOKENIZER_SPECIAL
#define ADDED GPTVIS_TOKENIZER_ADDED

static const gchar *const names[GPTVIS_TOKENIZER_N_FILES] = {
  "d/vocab.json", "d/merges.txt", "d/vocab.txt", "d/tokenizer.json", "d/tokenizer_config.json",
  "d/special_tokens_map.json", "d/added_tokens.json"
};

typedef struct {
  GptVisTokenizerWhich base;    /* VJ: GPT-2's files are there; VT: BERT's; TJ: none */
  GptVisTokenizerWhich which;   /* the file that is another */
  const gchar *text;
  GptVisError code;
  const gchar *sentence;        /* all of it */
} Case;

static GptVisTokenizer *
parse (GptVisTokenizerWhich base, GptVisTokenizerWhich which, const gchar *text, gsize size, GError **error)
{
  GptVisTokenizerFile files[GPTVIS_TOKENIZER_N_FILES] = { 0 };
  for (guint i = 0; i < GPTVIS_TOKENIZER_N_FILES; i++)
    files[i].name = names[i];
  if (base == VJ) {
    files[VJ].text = VOCAB;
    files[MT].text = MERGES;
  } else if (base == VT) {
    files[VT].text = TXT;
  }
  for (guint i = 0; i < GPTVIS_TOKENIZER_N_FILES; i++)
    files[i].size = files[i].text ? strlen (files[i].text) : 0;
  files[which].text = text;
  files[which].size = size;
  return gptvis_tokenizer_parse ("d", files, error);
}

static void
run (const Case *cases, guint n)
{
  for (guint i = 0; i < n; i++) {
    const Case *c = &cases[i];
    GError *error = NULL;
    /* of just that size, so that a read past the end is seen */
    gchar *exact = g_memdup2 (c->text, strlen (c->text));
    GptVisTokenizer *t = parse (c->base, c->which, exact ? exact : "", strlen (c->text), &error);
    g_free (exact);
    if (t || !error)
      g_error ("%s: opens, where \"%s\" is expected", c->text, c->sentence);
    if (strcmp (error->message, c->sentence) != 0)
      g_error ("%s: the sentence is \"%s\", where \"%s\" is expected", c->text, error->message, c->sentence);
    unit_expect_error (c->text, error, c->code, "d/");
  }
}

static void
test_bpe (void)
{
  static const Case cases[] = {
    {VJ, VJ, "", GPTVIS_ERROR_FORMAT, "d/vocab.json: the JSON is empty, where an object {…} is needed"},
    {VJ, VJ, "[\"a\"]", GPTVIS_ERROR_FORMAT, "d/vocab.json: the JSON is not a JSON object {…}"},
    {VJ, VJ, "{}", GPTVIS_ERROR_FORMAT, "d/merges.txt: merge 1 has the part \"a\", which is not in "
        "d/vocab.json"},
    {VJ, VJ, "{\"a\":-1}", GPTVIS_ERROR_FORMAT,
      "d/vocab.json: token \"a\" has no id, which is a whole number from 0 to 999999"},
    {VJ, VJ, "{\"a\":0.5}", GPTVIS_ERROR_FORMAT,
      "d/vocab.json: token \"a\" has no id, which is a whole number from 0 to 999999"},
    {VJ, VJ, "{\"a\":\"0\"}", GPTVIS_ERROR_FORMAT,
      "d/vocab.json: token \"a\" has no id, which is a whole number from 0 to 999999"},
    {VJ, VJ, "{\"a\":[]}", GPTVIS_ERROR_FORMAT,
      "d/vocab.json: token \"a\" has no id, which is a whole number from 0 to 999999"},
    {VJ, VJ, "{\"a\":1000000}", GPTVIS_ERROR_LIMIT,
      "d/vocab.json: token \"a\" has the id 1000000, where vocabularies of at most 1000000 tokens are read"},
    {VJ, VJ, "{\"a\":0,\"b\":0}", GPTVIS_ERROR_FORMAT,
      "d/vocab.json: tokens \"a\" and \"b\" have the same id 0, where each token has its own"},
    {VJ, VJ, "{\"a\":0,\"b\":1,\"ab\":3,\"c\":4}", GPTVIS_ERROR_FORMAT,
      "d/vocab.json: no token has the id 2, where ids go from 0 to 4 without a gap"},
    {VJ, VJ, "{\"\":0}", GPTVIS_ERROR_FORMAT,
      "d/vocab.json: the token with id 0 is empty, where a token has at least one character"},
    {VJ, MT, "v\nab\n", GPTVIS_ERROR_FORMAT,
      "d/merges.txt: line 2 does not have two parts with a space between them"},
    {VJ, MT, "v\na b\n\na b", GPTVIS_ERROR_FORMAT,
      "d/merges.txt: line 3 does not have two parts with a space between them"},
    {VJ, MT, "v\na b c\n", GPTVIS_ERROR_FORMAT,
      "d/merges.txt: line 2 does not have two parts with a space between them"},
    {VJ, MT, "v\n b\n", GPTVIS_ERROR_FORMAT,
      "d/merges.txt: line 2 does not have two parts with a space between them"},
    {VJ, MT, "v\na \n", GPTVIS_ERROR_FORMAT,
      "d/merges.txt: line 2 does not have two parts with a space between them"},
    {VJ, MT, "v\na x\n", GPTVIS_ERROR_FORMAT,
      "d/merges.txt: merge 1 has the part \"x\", which is not in d/vocab.json"},
    {VJ, MT, "v\nb a\n", GPTVIS_ERROR_FORMAT, "d/merges.txt: merge 1 makes \"ba\", which is not in "
        "d/vocab.json"},
    {VJ, MT, "v\na b\na b\n", GPTVIS_ERROR_FORMAT,
      "d/merges.txt: merges 1 and 2 are the same, where each pair has one rank"},
    {VJ, MT, "v\na \xff\n", GPTVIS_ERROR_FORMAT, "d/merges.txt: the file is not UTF-8 text at byte 4"},
    {VJ, CONFIG, "{\"tokenizer_class\":\"RobertaTokenizer\"}", GPTVIS_ERROR_UNSUPPORTED,
      "d/tokenizer_config.json: tokenizer_class is \"RobertaTokenizer\", where vocab.json needs "
          "GPT2Tokenizer or "
          "CLIPTokenizer"},
    {VJ, CONFIG, "{\"tokenizer_class\":\"CLIPTokenizerFast\"}", GPTVIS_ERROR_FORMAT,
      "d/vocab.json: there is no token <|startoftext|>, which stands before each text"},
    {VJ, CONFIG, "{\"tokenizer_class\":1}", GPTVIS_ERROR_FORMAT,
      "d/tokenizer_config.json: tokenizer_class is not a string"},
    {VJ, CONFIG, "{\"add_prefix_space\":1}", GPTVIS_ERROR_FORMAT,
      "d/tokenizer_config.json: add_prefix_space is neither true nor false"},
    {VJ, CONFIG, "{\"clean_up_tokenization_spaces\":\"no\"}", GPTVIS_ERROR_FORMAT,
      "d/tokenizer_config.json: clean_up_tokenization_spaces is neither true nor false"},
  };
  run (cases, G_N_ELEMENTS (cases));
}

static void
test_added (void)
{
#define DECODER(text) "{\"added_tokens_decoder\":{" text "}}"
  static const Case cases[] = {
    {VJ, CONFIG, "{\"eos_token\":\"<end>\"}", GPTVIS_ERROR_FORMAT,
      "d/tokenizer_config.json: eos_token is \"<end>\", which is not in the vocabulary of d/vocab.json"},
    {VJ, CONFIG, "{\"eos_token\":7}", GPTVIS_ERROR_FORMAT,
      "d/tokenizer_config.json: eos_token is neither a string nor an object with a content"},
    {VJ, SPECIAL, "{\"pad_token\":{\"content\":\"x\"}}", GPTVIS_ERROR_FORMAT,
      "d/special_tokens_map.json: pad_token is \"x\", which is not in the vocabulary of d/vocab.json"},
    {VJ, SPECIAL, "{\"pad_token\":{\"content\":\"a\",\"lstrip\":0}}", GPTVIS_ERROR_FORMAT,
      "d/special_tokens_map.json: lstrip is neither true nor false"},
    {VJ, SPECIAL, "{\"additional_special_tokens\":{}}", GPTVIS_ERROR_FORMAT,
      "d/special_tokens_map.json: additional_special_tokens is not an array […]"},
    {VJ, SPECIAL, "{\"additional_special_tokens\":[\"x\"]}", GPTVIS_ERROR_FORMAT,
      "d/special_tokens_map.json: an additional_special_tokens entry is \"x\", which is not in the "
          "vocabulary of "
          "d/vocab.json"},
    {VJ, ADDED, "{\"x\":5}", GPTVIS_ERROR_FORMAT,
      "d/vocab.json: no token has the id 4, where ids go from 0 to 5 without a gap"},
    {VJ, ADDED, "{\"x\":2}", GPTVIS_ERROR_FORMAT,
      "d/added_tokens.json: the added token \"x\" has the id 2, which is \"ab\" in the vocabulary"},
    {VJ, ADDED, "{\"ab\":4}", GPTVIS_ERROR_FORMAT,
      "d/added_tokens.json: the added token \"ab\" has the id 4, where the vocabulary has it as 2"},
    {VJ, ADDED, "{\"x\":\"4\"}", GPTVIS_ERROR_FORMAT,
      "d/added_tokens.json: \"x\" has no id, which is a whole number from 0 to 999999"},
    {VJ, ADDED, "{\"\":4}", GPTVIS_ERROR_FORMAT,
      "d/added_tokens.json: the added token with id 4 is empty, where a token has at least one character"},
    {VJ, ADDED, "{\"x\":4294967298}", GPTVIS_ERROR_LIMIT,
      "d/added_tokens.json: the added token \"x\" has the id 4294967298, where vocabularies of at most "
          "1000000 tokens are read"},
    {VJ, CONFIG, DECODER ("\"x\":{}"), GPTVIS_ERROR_FORMAT,
      "d/tokenizer_config.json: added_tokens_decoder has \"x\", where an id from 0 to 999999 is needed"},
    {VJ, CONFIG, DECODER ("\"4\":\"x\""), GPTVIS_ERROR_FORMAT,
      "d/tokenizer_config.json: added_tokens_decoder's 4 is not an object with a content"},
    {VJ, CONFIG, DECODER ("\"4\":{}"), GPTVIS_ERROR_FORMAT,
      "d/tokenizer_config.json: an added token has no content, where its text is needed"},
    {VJ, CONFIG, DECODER ("\"4\":{\"content\":\"\"}"), GPTVIS_ERROR_FORMAT,
      "d/tokenizer_config.json: the added token with id 4 is empty, where a token has at least one "
          "character"},
    {VJ, CONFIG, "{\"added_tokens_decoder\":[]}", GPTVIS_ERROR_FORMAT,
      "d/tokenizer_config.json: added_tokens_decoder is not an object {…}"},
  };
#undef DECODER
  run (cases, G_N_ELEMENTS (cases));
}

static void
test_wordpiece (void)
{
  static const Case cases[] = {
    {VT, VT, "", GPTVIS_ERROR_FORMAT, "d/vocab.txt: there is no token [UNK], which stands for unknown words"},
    {VT, VT, "[CLS]\n[SEP]\na\n", GPTVIS_ERROR_FORMAT,
      "d/vocab.txt: there is no token [UNK], which stands for unknown words"},
    {VT, VT, "[UNK]\n[SEP]\na\n", GPTVIS_ERROR_FORMAT,
      "d/vocab.txt: there is no token [CLS], which stands before each text"},
    {VT, VT, "[UNK]\n[CLS]\na\n", GPTVIS_ERROR_FORMAT,
      "d/vocab.txt: there is no token [SEP], which stands after each text"},
    {VT, VT, "[UNK]\n\na\n", GPTVIS_ERROR_FORMAT, "d/vocab.txt: line 2 is empty, where a token is needed"},
    {VT, VT, "[UNK]\na\na\n", GPTVIS_ERROR_FORMAT,
      "d/vocab.txt: token \"a\" is there twice, with the ids 1 and 2, where each token has one"},
    {VT, VT, "[UNK]\n\xc3\n", GPTVIS_ERROR_FORMAT, "d/vocab.txt: the file is not UTF-8 text at byte 6"},
    {VT, CONFIG, "{\"tokenizer_class\":\"GPT2Tokenizer\"}", GPTVIS_ERROR_UNSUPPORTED,
      "d/tokenizer_config.json: tokenizer_class is \"GPT2Tokenizer\", where vocab.txt needs "
          "BertTokenizer or one "
          "that is like it"},
    {VT, CONFIG, "{\"do_lower_case\":1}", GPTVIS_ERROR_FORMAT,
      "d/tokenizer_config.json: do_lower_case is neither true nor false"},
  };
  run (cases, G_N_ELEMENTS (cases));
}

static void
test_json (void)
{
#define J "d/tokenizer.json: "
  static const Case cases[] = {
    {TJ, TJ, "{}", GPTVIS_ERROR_FORMAT, J "there is no model {…}"},
    {TJ, TJ, "{\"model\":3}", GPTVIS_ERROR_FORMAT, J "model is not an object {…}"},
    {TJ, TJ, "{\"model\":{}}", GPTVIS_ERROR_FORMAT, J "model has no type, where one is needed"},
    {TJ, TJ, "{\"model\":{\"type\":3}}", GPTVIS_ERROR_FORMAT, J "model: type is not a string"},
    {TJ, TJ, "{\"model\":{\"type\":\"Unigram\",\"vocab\":[]}}", GPTVIS_ERROR_UNSUPPORTED,
      J "model has the type \"Unigram\", where BPE and WordPiece are handled"},
    {TJ, TJ, "{\"model\":{\"type\":\"BPE\"}}", GPTVIS_ERROR_FORMAT, J "model has no vocab {…}"},
    {TJ, TJ, "{\"model\":{\"type\":\"BPE\",\"vocab\":[]}}", GPTVIS_ERROR_FORMAT, J "model: vocab is not an "
        "object {…}"},
    {TJ, TJ, "{\"model\":{\"type\":\"BPE\",\"vocab\":{},\"merges\":[]}," BYTES "}", GPTVIS_ERROR_FORMAT,
      J "there are no tokens in the vocabulary"},
    {TJ, TJ, "{\"model\":{" BPE "}," BYTES "}", GPTVIS_ERROR_FORMAT, J "model has no merges […]"},
    {TJ, TJ, "{\"model\":{" BPE ",\"merges\":[\"ab\"]}," BYTES "}", GPTVIS_ERROR_FORMAT,
      J "model has merge 1, which does not have two parts"},
    {TJ, TJ, "{\"model\":{" BPE ",\"merges\":[[\"a\",1]]}," BYTES "}", GPTVIS_ERROR_FORMAT,
      J "model has merge 1, which does not have two parts"},
    {TJ, TJ, "{\"model\":{" BPE ",\"merges\":[[\"a\"]]}," BYTES "}", GPTVIS_ERROR_FORMAT,
      J "model has merge 1, which does not have two parts"},
    {TJ, TJ, "{\"model\":{" BPE ",\"merges\":[[\"b\",\"a\"]]}," BYTES "}", GPTVIS_ERROR_FORMAT,
      J "model: merge 1 makes \"ba\", which is not in d/tokenizer.json"},
    {TJ, TJ, "{\"model\":{" BPE ",\"unk_token\":\"u\",\"merges\":[]}}", GPTVIS_ERROR_FORMAT,
      J "model has the unk_token \"u\", which is not in its vocab"},
    {TJ, TJ, "{\"model\":{" BPE ",\"byte_fallback\":true,\"merges\":[]}}", GPTVIS_ERROR_UNSUPPORTED,
      J "model has byte_fallback, where none is handled"},
    {TJ, TJ, "{\"model\":{" BPE ",\"end_of_word_suffix\":\"012345678901234567890123456789012\"}}",
      GPTVIS_ERROR_LIMIT, J "model has an end_of_word_suffix of more than 32 bytes"},
    {TJ, TJ, "{\"model\":{" BPE ",\"dropout\":0.1,\"merges\":[]}}", GPTVIS_ERROR_UNSUPPORTED,
      J "model has a dropout, where none is handled"},
    {TJ, TJ, "{\"model\":{" BPE ",\"merges\":[]}}", GPTVIS_ERROR_UNSUPPORTED,
      J "pre_tokenizer has no ByteLevel, where BPE is handled at the level of bytes"},
    {TJ, TJ, "{\"model\":{\"type\":\"WordPiece\"," WORDS ",\"max_input_chars_per_word\":0}}",
        GPTVIS_ERROR_FORMAT,
      J "model: max_input_chars_per_word is not a whole number from 1 to 10000"},
    {TJ, TJ, "{" MODEL ",\"normalizer\":{\"type\":\"Precompiled\"}}", GPTVIS_ERROR_UNSUPPORTED,
      J "normalizer has the type \"Precompiled\", where NFC, NFD, Lowercase, Replace, BertNormalizer and "
          "Sequence "
          "are handled"},
    {TJ, TJ, "{" MODEL ",\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[1]}}", GPTVIS_ERROR_FORMAT,
      J "normalizer has normalizers that are not objects {…}"},
    {TJ, TJ, "{" MODEL ",\"normalizer\":{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"a+\"},"
        "\"content\":\"b\"}}",
      GPTVIS_ERROR_UNSUPPORTED, J "normalizer replaces something, where only \"\\s+\" by \" \" is handled"},
    {TJ, TJ, "{" MODEL ",\"pre_tokenizer\":{\"type\":\"Metaspace\"}}", GPTVIS_ERROR_UNSUPPORTED,
      J "pre_tokenizer has the type \"Metaspace\", where a WordPiece model's BertPreTokenizer is handled"},
    {TJ, TJ, "{" MODEL ",\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"x\"}}}",
      GPTVIS_ERROR_UNSUPPORTED, J "pre_tokenizer splits at a pattern of its own, where CLIP's is handled"},
    {TJ, TJ, "{" MODEL ",\"decoder\":{\"type\":\"Metaspace\"}}", GPTVIS_ERROR_UNSUPPORTED,
      J "decoder has the type \"Metaspace\", where ByteLevel and WordPiece are handled"},
    {TJ, TJ, "{" MODEL ",\"post_processor\":{\"type\":\"BertProcessing\",\"cls\":[\"a\",9],"
        "\"sep\":[\"a\",1]}}",
      GPTVIS_ERROR_FORMAT, J "post_processor adds the id 9, where the vocabulary ends at 1"},
    {TJ, TJ, "{" MODEL ",\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":[\"a\",1]}}",
      GPTVIS_ERROR_FORMAT, J "post_processor has no cls, which is [\"token\", id]"},
    {TJ, TJ, "{" MODEL ",\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[]}}",
      GPTVIS_ERROR_FORMAT, J "post_processor has a \"single\" with 0 texts, where one is needed"},
    {TJ, TJ, "{" MODEL ",\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":"
          "{\"id\":\"q\"}},{\"Sequence\":{\"id\":\"A\"}}]}}",
      GPTVIS_ERROR_FORMAT, J "post_processor uses \"q\", which its special_tokens do not have"},
    {TJ, TJ, "{" MODEL ",\"added_tokens\":[1]}", GPTVIS_ERROR_FORMAT,
      J "added_tokens has something that is not an object {…}"},
    {TJ, TJ, "{" MODEL ",\"added_tokens\":[{\"content\":\"x\"}]}", GPTVIS_ERROR_FORMAT,
      J "an added token has no id, which is a whole number from 0 to 999999"},
    {TJ, TJ, "{" MODEL ",\"added_tokens\":[{\"id\":2}]}", GPTVIS_ERROR_FORMAT,
      J "an added token has no content, where its text is needed"},
    {TJ, TJ, "{" MODEL ",\"added_tokens\":[{\"id\":2,\"content\":\"\"}]}", GPTVIS_ERROR_FORMAT,
      J "the added token with id 2 is empty, where a token has at least one character"},
    {TJ, TJ, "{" MODEL ",\"added_tokens\":[{\"id\":1,\"content\":\"x\"}]}", GPTVIS_ERROR_FORMAT,
      J "the added token \"x\" has the id 1, which is \"a\" in the vocabulary"},
    {TJ, TJ, "{" MODEL ",\"added_tokens\":[{\"id\":9,\"content\":\"x\"}]}", GPTVIS_ERROR_FORMAT,
      J "no token has the id 2, where ids go from 0 to 9 without a gap"},
  };
#undef J
  run (cases, G_N_ELEMENTS (cases));
}

/* Files that are too large or too many. */
static void
test_limits (void)
{
  GError *error = NULL;
  gchar *large = g_strnfill (GPTVIS_TOKENIZER_MAX_BYTES + 1, 'x');
  g_assert_null (parse (VJ, MT, large, GPTVIS_TOKENIZER_MAX_BYTES + 1, &error));
  unit_expect_error ("large", error, GPTVIS_ERROR_LIMIT,
      "d/merges.txt: the file has 67108865 bytes, where a tokenizer's file of at most 67108864 is read");
  error = NULL;
  g_assert_null (parse (VT, VT, large, 5000, &error));
  unit_expect_error ("long", error, GPTVIS_ERROR_LIMIT,
      "d/vocab.txt: the token with id 0 has 5000 bytes, where tokens of at most 4096 are read");
  g_free (large);

  GString *text = g_string_new (NULL);
  for (guint i = 0; i <= GPTVIS_VOCABULARY_MAX; i++)
    g_string_append_printf (text, "%u\n", i);
  error = NULL;
  g_assert_null (parse (VT, VT, text->str, text->len, &error));
  unit_expect_error ("many", error, GPTVIS_ERROR_LIMIT, "d/vocab.txt: token \"1000000\" has the id 1000000, "
      "where vocabularies of at most 1000000 tokens are read");
  g_string_assign (text, "{");
  for (guint i = 0; i <= GPTVIS_TOKENIZER_MAX_ADDED; i++)
    g_string_append_printf (text, "%s\"x%u\":%u", i ? "," : "", i, i + 4);
  g_string_append_c (text, '}');
  error = NULL;
  g_assert_null (parse (VJ, ADDED, text->str, text->len, &error));
  unit_expect_error ("added", error, GPTVIS_ERROR_LIMIT,
      "d/added_tokens.json: there are more added tokens than 10000");
  g_string_free (text, TRUE);
}

static void
test_files (void)
{
  gchar *directory = unit_directory ();
  GError *error = NULL;
  g_assert_null (gptvis_tokenizer_open (directory, &error));
  unit_expect_error ("nothing", error, GPTVIS_ERROR_NOT_FOUND,
      ": there is no vocab.json with merges.txt, no vocab.txt and no tokenizer.json");
  error = NULL;
  unit_write (directory, "vocab.json", VOCAB, -1);
  g_assert_null (gptvis_tokenizer_open (directory, &error));
  unit_expect_error ("no merges", error, GPTVIS_ERROR_NOT_FOUND,
      "merges.txt: there is no such file, which goes with |vocab.json");
  error = NULL;
  unit_write (directory, "merges.txt", MERGES, -1);
  GptVisTokenizer *t = gptvis_tokenizer_open (directory, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (gptvis_tokenizer_size (t), ==, 4);
  gptvis_tokenizer_free (t);
  gptvis_tokenizer_free (NULL);
  unit_remove (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tokenizer-bad/bpe", test_bpe);
  g_test_add_func ("/tokenizer-bad/added", test_added);
  g_test_add_func ("/tokenizer-bad/wordpiece", test_wordpiece);
  g_test_add_func ("/tokenizer-bad/json", test_json);
  g_test_add_func ("/tokenizer-bad/limits", test_limits);
  g_test_add_func ("/tokenizer-bad/files", test_files);
  return g_test_run ();
}
