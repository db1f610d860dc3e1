/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* generation_config.json, or what config.json has in its place: every member, what its
 * silence means, and the sentence for what cannot be. */
#include "generation.h"
#include "unit.h"
#include <string.h>

#define FILE "generation_config.json"

static GptVisConfiguration
numbers (guint vocabulary, guint n_positions)
{
  return (GptVisConfiguration) { .writes = TRUE, .decoder = { .vocabulary = vocabulary,
      .n_positions = n_positions, .start = -1, .end = -1 } };
}

static GptVisGeneration *
parse (const gchar *text)
{
  const GptVisConfiguration config = numbers (100, 64);
  GError *error = NULL;
  GptVisGeneration *g = gptvis_generation_parse (FILE, text, strlen (text), &config, &error);
  g_assert_no_error (error);
  return g;
}

/* "1 2 3" */
static void
assert_tokens (const GArray *tokens, const gchar *want)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < tokens->len; i++)
    g_string_append_printf (text, i ? " %u" : "%u", g_array_index (tokens, guint, i));
  g_assert_cmpstr (text->str, ==, want);
  g_string_free (text, TRUE);
}

static void
test_defaults (void)
{
  GptVisGeneration *g = parse ("{\"bos_token_id\":7}");
  g_assert_cmpuint (g->start, ==, 7);
  assert_tokens (g->ends, "");
  assert_tokens (g->suppressed, "");
  assert_tokens (g->suppressed_first, "");
  g_assert_cmpint (g->forced_first, ==, -1);
  g_assert_cmpint (g->forced_last, ==, -1);
  g_assert_cmpuint (g->max_length, ==, 20);
  g_assert_cmpuint (g->min_length, ==, 0);
  g_assert_cmpuint (g->n_beams, ==, 1);
  g_assert_cmpuint (g->no_repeat, ==, 0);
  g_assert_cmpfloat (g->repetition_penalty, ==, 1);
  g_assert_cmpfloat (g->length_penalty, ==, 1);
  g_assert_cmpint (g->stop, ==, GPTVIS_STOP_LIKELY);
  gptvis_generation_free (g);
  gptvis_generation_free (NULL);
}

static void
test_all (void)
{
  GptVisGeneration *g = parse ("{\"decoder_start_token_id\":3,\"bos_token_id\":7,\"eos_token_id\":[5,99],"
      "\"forced_bos_token_id\":4,\"forced_eos_token_id\":[99],\"suppress_tokens\":[1,2],"
      "\"begin_suppress_tokens\":[9],"
      "\"max_length\":30,\"min_length\":10,\"num_beams\":16,\"no_repeat_ngram_size\":3,"
      "\"repetition_penalty\":1.5,"
      "\"length_penalty\":-2,\"early_stopping\":\"never\",\"pad_token_id\":0,"
      "\"transformers_version\":\"4.57.6\"}");
  g_assert_cmpuint (g->start, ==, 3);
  assert_tokens (g->ends, "5 99");
  g_assert_cmpint (g->forced_first, ==, 4);
  g_assert_cmpint (g->forced_last, ==, 99);
  assert_tokens (g->suppressed, "1 2");
  assert_tokens (g->suppressed_first, "9");
  g_assert_cmpuint (g->max_length, ==, 30);
  g_assert_cmpuint (g->min_length, ==, 10);
  g_assert_cmpuint (g->n_beams, ==, 16);
  g_assert_cmpuint (g->no_repeat, ==, 3);
  g_assert_cmpfloat (g->repetition_penalty, ==, 1.5);
  g_assert_cmpfloat (g->length_penalty, ==, -2);
  g_assert_cmpint (g->stop, ==, GPTVIS_STOP_NEVER);
  gptvis_generation_free (g);
}

/* null is silence. */
static void
test_null (void)
{
  GptVisGeneration *g = parse ("{\"decoder_start_token_id\":null,\"bos_token_id\":7,\"eos_token_id\":null,"
      "\"forced_bos_token_id\":null,\"suppress_tokens\":null,\"max_length\":null,\"max_new_tokens\":null,"
      "\"num_beams\":null,\"early_stopping\":null,\"length_penalty\":null}");
  g_assert_cmpuint (g->start, ==, 7);
  assert_tokens (g->ends, "");
  g_assert_cmpint (g->forced_first, ==, -1);
  g_assert_cmpuint (g->max_length, ==, 20);
  g_assert_cmpint (g->stop, ==, GPTVIS_STOP_LIKELY);
  gptvis_generation_free (g);
}

static void
test_stop (void)
{
  static const struct { const gchar *value; GptVisStop stop; } cases[] = {
    {"false", GPTVIS_STOP_LIKELY}, {"true", GPTVIS_STOP_EARLY}, {"\"never\"", GPTVIS_STOP_NEVER} };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar *text = g_strdup_printf ("{\"bos_token_id\":0,\"early_stopping\":%s}", cases[i].value);
    GptVisGeneration *g = parse (text);
    g_assert_cmpint (g->stop, ==, cases[i].stop);
    gptvis_generation_free (g);
    g_free (text);
  }
}

/* The start counts in max_length and min_length, and does not in max_new_tokens and
 * min_new_tokens. No sentence is longer than the network's positions, or than any is here. */
static void
test_lengths (void)
{
  static const struct { const gchar *members; guint n_positions, max, min; } cases[] = {
    {"\"max_length\":30", 64, 30, 0}, {"\"max_new_tokens\":30", 64, 31, 0},
    {"\"max_length\":10,\"max_new_tokens\":30", 64, 31, 0}, {"\"max_length\":64", 64, 64, 0},
    {"\"max_length\":65", 64, 64, 0}, {"\"max_length\":1000000000", 64, 64, 0}, {"\"max_length\":1", 64, 2,
        0},
    {"\"max_new_tokens\":2147483646", 64, 64, 0}, {"\"max_length\":1000", 2000, GPTVIS_MAX_LENGTH, 0},
    {"\"num_beams\":2", 12, 12, 0}, {"\"min_length\":20", 64, 20, 20}, {"\"min_new_tokens\":5", 64, 20, 6},
    {"\"min_length\":9,\"min_new_tokens\":5", 64, 20, 9}, {"\"min_length\":3,\"min_new_tokens\":5", 64, 20,
        6},
    {"\"min_new_tokens\":19", 64, 20, 20}, {"\"max_length\":2", 2, 2, 0} };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const GptVisConfiguration config = numbers (100, cases[i].n_positions);
    gchar *text = g_strdup_printf ("{\"bos_token_id\":0,%s}", cases[i].members);
    GError *error = NULL;
    GptVisGeneration *g = gptvis_generation_parse (FILE, text, strlen (text), &config, &error);
    g_assert_no_error (error);
    g_test_message ("%s", cases[i].members);
    g_assert_cmpuint (g->max_length, ==, cases[i].max);
    g_assert_cmpuint (g->min_length, ==, cases[i].min);
    gptvis_generation_free (g);
    g_free (text);
  }
}

static void
test_bad (void)
{
  static const struct { const gchar *text; GptVisError code; const gchar *sentence; } cases[] = {
    {"", GPTVIS_ERROR_FORMAT, "the JSON is empty, where an object {…} is needed"},
    {"[]", GPTVIS_ERROR_FORMAT, "the JSON is not a JSON object {…}"},
    {"{}", GPTVIS_ERROR_FORMAT, "neither decoder_start_token_id nor bos_token_id says what a caption starts "
        "with"},
    {"{\"bos_token_id\":null}", GPTVIS_ERROR_FORMAT,
        "neither decoder_start_token_id nor bos_token_id says what a caption starts with"},
    {"{\"bos_token_id\":100}", GPTVIS_ERROR_FORMAT,
        "bos_token_id is neither a token below 100 nor a list of such"},
    {"{\"bos_token_id\":-1}", GPTVIS_ERROR_FORMAT,
        "bos_token_id is neither a token below 100 nor a list of such"},
    {"{\"bos_token_id\":\"7\"}", GPTVIS_ERROR_FORMAT,
        "bos_token_id is neither a token below 100 nor a list of such"},
    {"{\"bos_token_id\":1.5}", GPTVIS_ERROR_FORMAT,
        "bos_token_id is neither a token below 100 nor a list of such"},
    {"{\"bos_token_id\":{}}", GPTVIS_ERROR_FORMAT,
        "bos_token_id is neither a token below 100 nor a list of such"},
    {"{\"bos_token_id\":[1,2]}", GPTVIS_ERROR_UNSUPPORTED,
        "bos_token_id has 2 tokens, where one is supported"},
    {"{\"decoder_start_token_id\":[1,2],\"bos_token_id\":3}", GPTVIS_ERROR_UNSUPPORTED,
        "decoder_start_token_id has 2 tokens, where one is supported"},
    {"{\"bos_token_id\":0,\"eos_token_id\":[1,100]}", GPTVIS_ERROR_FORMAT,
        "eos_token_id is neither a token below 100 nor a list of such"},
    {"{\"bos_token_id\":0,\"eos_token_id\":[1,null]}", GPTVIS_ERROR_FORMAT,
        "eos_token_id is neither a token below 100 nor a list of such"},
    {"{\"bos_token_id\":0,\"eos_token_id\":[[1]]}", GPTVIS_ERROR_FORMAT,
        "eos_token_id is neither a token below 100 nor a list of such"},
    {"{\"bos_token_id\":0,\"eos_token_id\":true}", GPTVIS_ERROR_FORMAT,
        "eos_token_id is neither a token below 100 nor a list of such"},
    {"{\"bos_token_id\":0,\"forced_eos_token_id\":[1,2]}", GPTVIS_ERROR_UNSUPPORTED,
        "forced_eos_token_id has 2 tokens, where one is supported"},
    {"{\"bos_token_id\":0,\"forced_bos_token_id\":4294967296}", GPTVIS_ERROR_FORMAT,
        "forced_bos_token_id is neither a token below 100 nor a list of such"},
    {"{\"bos_token_id\":0,\"suppress_tokens\":\"all\"}", GPTVIS_ERROR_FORMAT,
        "suppress_tokens is neither a token below 100 nor a list of such"},
    {"{\"bos_token_id\":0,\"begin_suppress_tokens\":[-1]}", GPTVIS_ERROR_FORMAT,
        "begin_suppress_tokens is neither a token below 100 nor a list of such"},
    {"{\"bos_token_id\":0,\"max_length\":0}", GPTVIS_ERROR_FORMAT,
        "max_length is not a whole number from 1 to 2147483647"},
    {"{\"bos_token_id\":0,\"max_length\":20.5}", GPTVIS_ERROR_FORMAT,
        "max_length is not a whole number from 1 to 2147483647"},
    {"{\"bos_token_id\":0,\"max_new_tokens\":0}", GPTVIS_ERROR_FORMAT,
        "max_new_tokens is not a whole number from 1 to 2147483646"},
    {"{\"bos_token_id\":0,\"min_length\":-1}", GPTVIS_ERROR_FORMAT,
        "min_length is not a whole number from 0 to 2147483647"},
    {"{\"bos_token_id\":0,\"min_length\":21}", GPTVIS_ERROR_FORMAT,
        "min_length 21 is more than the 20 tokens that a caption can have"},
    {"{\"bos_token_id\":0,\"min_new_tokens\":20}", GPTVIS_ERROR_FORMAT,
        "min_length 21 is more than the 20 tokens that a caption can have"},
    {"{\"bos_token_id\":0,\"max_length\":100,\"min_length\":65}", GPTVIS_ERROR_FORMAT,
        "min_length 65 is more than the 64 tokens that a caption can have"},
    {"{\"bos_token_id\":0,\"num_beams\":0}", GPTVIS_ERROR_FORMAT,
        "num_beams is not a whole number from 1 to 16"},
    {"{\"bos_token_id\":0,\"num_beams\":17}", GPTVIS_ERROR_FORMAT,
        "num_beams is not a whole number from 1 to 16"},
    {"{\"bos_token_id\":0,\"no_repeat_ngram_size\":513}", GPTVIS_ERROR_FORMAT,
        "no_repeat_ngram_size is not a whole number from 0 to 512"},
    {"{\"bos_token_id\":0,\"repetition_penalty\":0}", GPTVIS_ERROR_FORMAT,
        "repetition_penalty is not a number from 0.01 to 100"},
    {"{\"bos_token_id\":0,\"repetition_penalty\":1e999}", GPTVIS_ERROR_FORMAT,
        "repetition_penalty is not a number from 0.01 to 100"},
    {"{\"bos_token_id\":0,\"length_penalty\":\"1\"}", GPTVIS_ERROR_FORMAT,
        "length_penalty is not a number from -10 to 10"},
    {"{\"bos_token_id\":0,\"early_stopping\":1}", GPTVIS_ERROR_FORMAT,
        "early_stopping is none of true, false, \"never\""},
    {"{\"bos_token_id\":0,\"early_stopping\":\"always\"}", GPTVIS_ERROR_FORMAT,
        "early_stopping is none of true, false, \"never\""},
    {"{\"bos_token_id\":0,\"early_stopping\":[true]}", GPTVIS_ERROR_FORMAT,
        "early_stopping is none of true, false, \"never\""} };
  const GptVisConfiguration config = numbers (100, 64);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    gchar *whole = g_strdup_printf (FILE ": %s", cases[i].sentence);
    g_assert_null (gptvis_generation_parse (FILE, cases[i].text, strlen (cases[i].text), &config, &error));
    g_assert_nonnull (error);
    g_assert_cmpstr (error->message, ==, whole);
    unit_expect_error (cases[i].text, error, cases[i].code, whole);
    g_free (whole);
  }
}

/* A network too small to write with. */
static void
test_small (void)
{
  static const struct { guint vocabulary, n_positions; const gchar *text, *sentence; } cases[] = {
    {100, 1, "{\"bos_token_id\":0}", "a decoder with 1 position cannot write a word"},
    {2, 64, "{\"bos_token_id\":0,\"eos_token_id\":[0,1]}",
        "eos_token_id has every token, so that none is left to write with"},
    {1, 64, "{\"bos_token_id\":0,\"eos_token_id\":0}",
        "eos_token_id has every token, so that none is left to write with"} };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const GptVisConfiguration config = numbers (cases[i].vocabulary, cases[i].n_positions);
    GError *error = NULL;
    g_assert_null (gptvis_generation_parse (FILE, cases[i].text, strlen (cases[i].text), &config, &error));
    unit_expect_error (cases[i].text, error, GPTVIS_ERROR_FORMAT, cases[i].sentence);
  }
}

/* --- files --- */

#define TOWER "\"hidden_size\":8,\"num_attention_heads\":2,\"num_hidden_layers\":1,\"image_size\":8," \
    "\"patch_size\":4"
#define VED(more, \
    decoder_more) "{\"model_type\":\"vision-encoder-decoder\"," more "\"encoder\":{\"model_type\":\"vit\"," \
    TOWER "},\"decoder\":{\"model_type\":\"gpt2\"" decoder_more "}}"
#define GIT(more) "{\"model_type\":\"git\",\"vision_config\":{" TOWER "}" more "}"
#define BLIP(text) "{\"model_type\":\"blip\",\"vision_config\":{" TOWER "},\"text_config\":{" text "}}"

/* config.json, and generation_config.json unless it is NULL. Frees nothing of the error. */
static GptVisGeneration *
load (const gchar *config_text, const gchar *text, GError **error)
{
  gchar *directory = unit_directory ();
  GptVisConfiguration *config = gptvis_configuration_parse ("config.json", config_text, strlen (config_text),
      error);
  GptVisGeneration *g = NULL;
  unit_write (directory, "config.json", config_text, -1);
  if (text)
    unit_write (directory, FILE, text, -1);
  if (config)
    g = gptvis_generation_load (directory, config, error);
  gptvis_configuration_free (config);
  unit_remove (directory);
  return g;
}

/* Who says what, in which order, and what is taken for granted. */
static void
test_files (void)
{
  static const struct { const gchar *config, *text; guint start; const gchar *ends; guint max; } cases[] = {
    {VED ("\"decoder_start_token_id\":5,", ",\"eos_token_id\":6"), "{\"bos_token_id\":1,\"max_length\":9}",
        1, "", 9},
    {VED ("\"decoder_start_token_id\":5,\"max_length\":11,", ",\"eos_token_id\":6,\"max_length\":12"), NULL,
        5, "6", 11},
    {VED ("", ",\"bos_token_id\":4,\"eos_token_id\":[6,7],\"max_length\":12"), NULL, 4, "6 7", 12},
    {VED ("\"eos_token_id\":null,", ",\"bos_token_id\":4,\"eos_token_id\":6"), NULL, 4, "6", 20},
    {VED ("", ""), NULL, 50256, "50256", 20},
    {GIT (""), NULL, 101, "102", 20},
    {GIT (",\"bos_token_id\":3,\"eos_token_id\":[4,5]"), NULL, 3, "4 5", 20},
    {GIT (",\"eos_token_id\":null"), NULL, 101, "", 20},
    {GIT (""), "{\"bos_token_id\":3}", 3, "", 20},
    /* BLIP's generate() takes them from text_config whatever else is said, and ends at a separator */
    {BLIP (""), NULL, 30522, "102", 20},
    {BLIP ("\"bos_token_id\":9,\"eos_token_id\":2,\"sep_token_id\":8,\"max_length\":17"), NULL, 9, "8", 17},
    {BLIP ("\"bos_token_id\":9,\"eos_token_id\":2"),
        "{\"bos_token_id\":1,\"eos_token_id\":2,\"max_length\":15}", 9, "102",
        15},
    {BLIP ("\"eos_token_id\":2"), "{}", 30522, "102", 20} };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    GptVisGeneration *g = load (cases[i].config, cases[i].text, &error);
    g_test_message ("%u", i);
    g_assert_no_error (error);
    g_assert_cmpuint (g->start, ==, cases[i].start);
    assert_tokens (g->ends, cases[i].ends);
    g_assert_cmpuint (g->max_length, ==, cases[i].max);
    gptvis_generation_free (g);
  }
}

static void
test_bad_files (void)
{
  static const struct { const gchar *config, *text; GptVisError code; const gchar *parts; } cases[] = {
    {VED ("", ""), "nothing", GPTVIS_ERROR_FORMAT, "/generation_config.json: the JSON"},
    {VED ("", ""), "{}", GPTVIS_ERROR_FORMAT, "/generation_config.json: neither decoder_start_token_id nor"},
    {VED ("", ",\"vocab_size\":100"), NULL, GPTVIS_ERROR_FORMAT,
        "/config.json: neither decoder_start_token_id nor"},
    {VED ("\"num_beams\":99,\"bos_token_id\":1,", ""), NULL, GPTVIS_ERROR_FORMAT,
        "/config.json: num_beams is not a whole number from 1 to 16"},
    {BLIP ("\"sep_token_id\":30524"), NULL, GPTVIS_ERROR_FORMAT,
        "config.json: text_config: sep_token_id is not a whole number from 0 to 30523"},
    {BLIP ("\"vocab_size\":100,\"sep_token_id\":3"), NULL, GPTVIS_ERROR_FORMAT,
        "config.json: text_config: bos_token_id is missing, and its default 30522 is not a token below "
        "100"} };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    g_assert_null (load (cases[i].config, cases[i].text, &error));
    unit_expect_error (cases[i].config, error, cases[i].code, cases[i].parts);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/generation/defaults", test_defaults);
  g_test_add_func ("/generation/all", test_all);
  g_test_add_func ("/generation/null", test_null);
  g_test_add_func ("/generation/stop", test_stop);
  g_test_add_func ("/generation/lengths", test_lengths);
  g_test_add_func ("/generation/bad", test_bad);
  g_test_add_func ("/generation/small", test_small);
  g_test_add_func ("/generation/files", test_files);
  g_test_add_func ("/generation/bad-files", test_bad_files);
  return g_test_run ();
}
