/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads one member after the other; the first mistake is kept by the JSON object and reported at the end. */
#include "generation.h"
#include "architectures.h"
#include "json.h"
#include "plan.h"
#include <string.h>

/* A token or a list of them; absent: none. */
static GArray *
read_tokens (GptVisJson *json, const gchar *name, guint vocabulary)
{
  GArray *tokens = g_array_new (FALSE, FALSE, sizeof (guint));
  JsonNode *node = gptvis_json_has (json, name) ? json_object_get_member (json->object, name) : NULL;
  JsonArray *array = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  const guint n = !node ? 0 : array ? json_array_get_length (array) : 1;
  for (guint i = 0; i < n; i++) {
    guint64 token;
    if (!gptvis_json_node_uint (array ? json_array_get_element (array, i) : node, &token)
        || token >= vocabulary) {
      gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "%s is neither a token below %u nor a list of such", name,
          vocabulary);
      break;
    }
    g_array_append_vals (tokens, &(guint) { token }, 1);
  }
  return tokens;
}

/* The one token of that name; −1: none. */
static gint
read_token (GptVisJson *json, const gchar *name, guint vocabulary)
{
  GArray *tokens = read_tokens (json, name, vocabulary);
  const gint token = tokens->len > 0 ? (gint) g_array_index (tokens, guint, 0) : -1;
  if (tokens->len > 1)
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED, "%s has %u tokens, where one is supported", name,
        tokens->len);
  g_array_unref (tokens);
  return token;
}

static void
read_start (GptVisJson *json, GptVisGeneration *self, const GptVisDecoderNumbers *decoder)
{
  const guint vocabulary = decoder->vocabulary;
  gint start = decoder->start;
  if (start < 0)
    start = read_token (json, "decoder_start_token_id", vocabulary);
  if (start < 0)
    start = read_token (json, "bos_token_id", vocabulary);
  if (start < 0)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT,
        "neither decoder_start_token_id nor bos_token_id says what a caption starts with");
  self->start = MAX (start, 0);
}

static GArray *
read_ends (GptVisJson *json, const GptVisDecoderNumbers *decoder)
{
  GArray *ends = read_tokens (json, "eos_token_id", decoder->vocabulary);
  if (decoder->end < 0)
    return ends;
  g_array_set_size (ends, 0);
  return g_array_append_vals (ends, &(guint) { decoder->end }, 1);
}

static GptVisStop
read_stop (GptVisJson *json)
{
  JsonNode *node = gptvis_json_has (json, "early_stopping")
      ? json_object_get_member (json->object, "early_stopping") : NULL;
  if (!node)
    return GPTVIS_STOP_LIKELY;
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    return json_node_get_boolean (node) ? GPTVIS_STOP_EARLY : GPTVIS_STOP_LIKELY;
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
      && strcmp (json_node_get_string (node), "never") == 0)
    return GPTVIS_STOP_NEVER;
  gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "early_stopping is none of true, false, \"never\"");
  return GPTVIS_STOP_LIKELY;
}

/* Lengths count the start; max_new_tokens and min_new_tokens, which do not, take precedence. */
static void
read_lengths (GptVisJson *json, GptVisGeneration *self, const GptVisConfiguration *config)
{
  guint most = MIN (config->decoder.n_positions, GPTVIS_MAX_LENGTH), max = 20;
  /* defaults far above the network's positions are common, and mean as many as there are */
  max = gptvis_json_uint (json, "max_length", max, 1, G_MAXINT);
  if (gptvis_json_has (json, "max_new_tokens"))
    max = 1 + gptvis_json_uint (json, "max_new_tokens", 1, 1, G_MAXINT - 1);
  if (most < 2)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "a decoder with %u position cannot write a word",
        config->decoder.n_positions);
  self->max_length = CLAMP (max, 2, MAX (most, 2));
  self->min_length = gptvis_json_uint (json, "min_length", 0, 0, G_MAXINT);
  if (gptvis_json_has (json, "min_new_tokens"))
    self->min_length = MAX (self->min_length, 1 + gptvis_json_uint (json, "min_new_tokens", 0, 0,
        G_MAXINT - 1));
  if (self->min_length > self->max_length)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT,
        "min_length %u is more than the %u tokens that a caption can have", self->min_length,
        self->max_length);
}

static void
read_all (GptVisJson *json, GptVisGeneration *self, const GptVisConfiguration *config)
{
  const guint vocabulary = config->decoder.vocabulary;
  read_start (json, self, &config->decoder);
  self->ends = read_ends (json, &config->decoder);
  self->forced_first = read_token (json, "forced_bos_token_id", vocabulary);
  self->forced_last = read_token (json, "forced_eos_token_id", vocabulary);
  self->suppressed = read_tokens (json, "suppress_tokens", vocabulary);
  self->suppressed_first = read_tokens (json, "begin_suppress_tokens", vocabulary);
  read_lengths (json, self, config);
  self->n_beams = gptvis_json_uint (json, "num_beams", 1, 1, GPTVIS_MAX_BEAMS);
  self->no_repeat = gptvis_json_uint (json, "no_repeat_ngram_size", 0, 0, GPTVIS_MAX_LENGTH);
  self->repetition_penalty = gptvis_json_number (json, "repetition_penalty", 1, 0.01, 100);
  self->length_penalty = gptvis_json_number (json, "length_penalty", 1, -10, 10);
  self->stop = read_stop (json);
  self->caption_threshold = gptvis_json_number (json, "caption_threshold", 0, 0, 1);
  if (self->ends->len >= vocabulary)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT,
        "eos_token_id has every token, so that none is left to write with");
}

static GptVisGeneration *
read_object (const gchar *file, JsonObject *object, const GptVisConfiguration *config, GError **error)
{
  GptVisJson json = { file, object, NULL };
  GptVisGeneration *self = g_new0 (GptVisGeneration, 1);
  read_all (&json, self, config);
  json_object_unref (object);
  if (!json.error)
    return self;
  g_propagate_error (error, json.error);
  gptvis_generation_free (self);
  return NULL;
}

GptVisGeneration *
gptvis_generation_parse (const gchar *file, const gchar *text, gsize size, const GptVisConfiguration *config,
    GError **error)
{
  JsonObject *object = gptvis_json_parse (file, "JSON", text, size, error);
  return object ? read_object (file, object, config, error) : NULL;
}

/* Older checkpoints have these settings in config.json, on its top level or in its decoder's part. */
static void
merge_part (JsonObject *object, const gchar *part)
{
  JsonNode *node = json_object_get_member (object, part);
  if (!node || !JSON_NODE_HOLDS_OBJECT (node))
    return;
  JsonObject *from = json_node_get_object (node);
  GList *names = json_object_get_members (from);
  for (GList *name = names; name; name = name->next)
    if (!json_object_has_member (object, name->data) || json_object_get_null_member (object, name->data))
      json_object_set_member (object, name->data, json_object_dup_member (from, name->data));
  g_list_free (names);
}

/* A token that config.json does not name is its configuration class's. */
static void
assume (JsonObject *object, const gchar *name, guint token, guint vocabulary)
{
  if (!json_object_has_member (object, name) && token < vocabulary)
    json_object_set_int_member (object, name, token);
}

/* Prepares config.json to be read instead of generation_config.json. */
static void
complete (JsonObject *object, const GptVisConfiguration *config)
{
  const GptVisArchitecture *architecture = config->architecture;
  merge_part (object, "decoder");
  merge_part (object, "text_config");
  assume (object, "bos_token_id", architecture->bos, config->decoder.vocabulary);
  assume (object, "eos_token_id", architecture->eos, config->decoder.vocabulary);
}

GptVisGeneration *
gptvis_generation_load (const gchar *directory, const GptVisConfiguration *config, GError **error)
{
  gchar *path = g_build_filename (directory, "generation_config.json", NULL);
  /* a dangling link is a failed download, not a file that was never there */
  const gboolean there = g_file_test (path, G_FILE_TEST_EXISTS) || g_file_test (path, G_FILE_TEST_IS_SYMLINK);
  if (!there) {
    g_free (path);
    path = g_build_filename (directory, "config.json", NULL);
  }
  JsonObject *object = gptvis_json_load (path, error);
  if (object && !there)
    complete (object, config);
  GptVisGeneration *self = object ? read_object (path, object, config, error) : NULL;
  g_free (path);
  return self;
}

void
gptvis_generation_free (GptVisGeneration *self)
{
  if (!self)
    return;
  g_clear_pointer (&self->ends, g_array_unref);
  g_clear_pointer (&self->suppressed, g_array_unref);
  g_clear_pointer (&self->suppressed_first, g_array_unref);
  g_free (self);
}
