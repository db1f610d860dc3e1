/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which tensors there are is asked of the architecture itself: its plans are recorded from
 * the config.json that is written, and their weights are written as they stand there. */
#include "random-checkpoint.h"
#include "architectures.h"
#include "recipe.h"
#include "tokenizer-private.h"
#include <glib/gstdio.h>
#include <string.h>

static const gchar *const files[] = { "config.json", "preprocessor_config.json", "model.safetensors",
  "generation_config.json", "vocab.json", "merges.txt" };

static gboolean
put (const gchar *directory, const gchar *name, const gchar *text, gssize size, GError **error)
{
  gchar *path = g_build_filename (directory, name, NULL);
  gboolean done = g_file_set_contents (path, text, size, error);

  g_free (path);
  return done;
}

/* ---- config.json ---- */

static gchar *
vit_config (const RandomVit *vit)
{
  GString *text = g_string_new (NULL);

  g_string_printf (text, "{\"model_type\":\"vit\",\"hidden_size\":%u,\"num_hidden_layers\":%u,"
      "\"num_attention_heads\":%u,\"intermediate_size\":%u,\"image_size\":%u,\"patch_size\":%u,"
      "\"hidden_act\":\"gelu\",\"id2label\":{\"0\":\"heads\",\"1\":\"tails\"", vit->width, vit->layers,
      vit->heads, 4 * vit->width, vit->side, vit->patch);
  for (guint i = 2; i < vit->labels; i++)
    g_string_append_printf (text, ",\"%u\":\"edge %u\"", i, i - 1);
  g_string_append (text, "}}");
  return g_string_free (text, FALSE);
}

static gchar *
captioner_config (const RandomCaptioner *captioner)
{
  gchar *tower = vit_config (&captioner->tower);
  gchar *config = g_strdup_printf ("{\"model_type\":\"vision-encoder-decoder\",\"encoder\":%s,\"decoder\":{"
      "\"model_type\":\"gpt2\",\"n_embd\":%u,\"n_layer\":%u,\"n_head\":%u,\"vocab_size\":%u,"
      "\"n_positions\":%u,\"add_cross_attention\":true}}", tower, captioner->width, captioner->layers,
      captioner->heads, captioner->vocabulary, captioner->positions);

  g_free (tower);
  return config;
}

/* ---- the vocabulary: each byte, then words that nobody says ---- */

static gchar *
vocabulary (guint n)
{
  GString *text = g_string_new ("{");

  for (guint i = 0; i < n; i++) {
    g_string_append_printf (text, "%s\"", i ? "," : "");
    if (i >= 256)
      g_string_append_printf (text, "\xc4\xa0" "w%u", i);       /* Ġ: a space before it */
    else if (i == '"' || i == '\\')
      g_string_append_printf (text, "\\%c", i);
    else
      g_string_append_unichar (text, gptvis_bpe_char_of_byte (i));
    g_string_append_printf (text, "\":%u", i);
  }
  g_string_append_c (text, '}');
  return g_string_free (text, FALSE);
}

static gboolean
put_words (const gchar *directory, const RandomCaptioner *captioner, GError **error)
{
  gchar *generation = g_strdup_printf ("{\"decoder_start_token_id\":%u,\"max_length\":%u}",
      captioner->vocabulary - 1, captioner->length);
  gchar *words = vocabulary (captioner->vocabulary);
  gboolean done = put (directory, "generation_config.json", generation, -1, error)
      && put (directory, "vocab.json", words, -1, error)
      && put (directory, "merges.txt", "#version: 0.2\n", -1, error);

  g_free (generation);
  g_free (words);
  return done;
}

/* ---- model.safetensors ---- */

typedef struct {
  GString *header;
  GByteArray *data;
  guint32 state;
} Tensors;

static gboolean
is_norm (const GptVisPlan *plan, GptVisTensorId weight)
{
  for (guint i = 0; i < gptvis_plan_n_ops (plan); i++)
    if (gptvis_plan_op (plan, i)->kind == GPTVIS_OP_NORM && gptvis_plan_op (plan, i)->in[1] == weight)
      return TRUE;
  return FALSE;
}

/* Magnitudes from 2⁻⁷ to 2⁻⁶, either sign; norms multiply by 1 to 2, so that every layer counts. */
static void
add_numbers (Tensors *self, guint64 n, gboolean norm)
{
  const guint8 top = norm ? 0x3c : 0x20, random = norm ? 0x03 : 0x83;
  const guint start = self->data->len;

  g_byte_array_set_size (self->data, start + n * 2);
  for (guint8 *at = self->data->data + start; at < self->data->data + self->data->len; at += 2) {
    self->state = self->state * 1664525u + 1013904223u;
    at[0] = self->state >> 16;
    at[1] = top | (self->state >> 24 & random);
  }
}

/* A tensor of the file, of which several weights may have parts. */
typedef struct {
  const gchar *name;
  guint rows, width;
  gboolean transposed, norm;
} Stored;

static Stored *
list_stored (const GptVisPlan *plan)
{
  Stored *stored = g_new0 (Stored, gptvis_plan_n_names (plan));

  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    for (guint p = 0; p < t->n_parts; p++) {
      const GptVisWeightPart *part = &t->parts[p];
      Stored *to = &stored[part->number];
      *to = (Stored) { part->name, MAX (to->rows, part->first + part->rows), t->width, part->transposed,
        is_norm (plan, i) };
    }
  }
  return stored;
}

static void
add_tensors (Tensors *self, const GptVisPlan *plan)
{
  Stored *stored = list_stored (plan);

  for (guint i = 0; i < gptvis_plan_n_names (plan); i++) {
    const Stored *t = &stored[i];
    const guint start = self->data->len;
    add_numbers (self, (guint64) t->rows * t->width, t->norm);
    g_string_append_printf (self->header,
        "%s\"%s\":{\"dtype\":\"F16\",\"shape\":[%u,%u],"
        "\"data_offsets\":[%u,%u]}",
        self->header->len > 1 ? "," : "", t->name, t->transposed ? t->width : t->rows,
        t->transposed ? t->rows : t->width, start, self->data->len);
  }
  g_free (stored);
}

/* A plan that is NULL has no tensors. */
static gboolean
put_tensors (const gchar *directory, const GptVisPlan *tower, const GptVisPlan *decoder, GError **error)
{
  Tensors tensors = { g_string_new ("{"), g_byte_array_new (), 1 };
  guint64 size;
  gboolean done;

  add_tensors (&tensors, tower);
  if (decoder)
    add_tensors (&tensors, decoder);
  g_string_append_c (tensors.header, '}');
  size = GUINT64_TO_LE (tensors.header->len);
  g_byte_array_prepend (tensors.data, (const guint8 *) tensors.header->str, tensors.header->len);
  g_byte_array_prepend (tensors.data, (const guint8 *) &size, sizeof size);
  done = put (directory, "model.safetensors", (const gchar *) tensors.data->data, tensors.data->len, error);
  g_byte_array_unref (tensors.data);
  g_string_free (tensors.header, TRUE);
  return done;
}

/* ---- the directory ---- */

static GptVisPlan *
record_tower (const GptVisConfiguration *config, const RandomVit *vit, GError **error)
{
  const GptVisRecipe recipe = { .resize_width = vit->side, .resize_height = vit->side,
    .filter = GPTVIS_FILTER_BILINEAR, .width = vit->side, .height = vit->side, .rescale = 1 / 255.0,
    .std = {1, 1, 1} };

  return gptvis_architecture_plan (config, &recipe, 1, gptvis_architecture_outputs (config), error);
}

static GptVisPlan *
record_decoder (const GptVisConfiguration *config, const GptVisPlan *tower, guint length, GError **error)
{
  const GptVisDecoderSize size = { 1, 1, length };
  const GptVisTensor *tokens = gptvis_plan_tensor (tower, gptvis_plan_find (tower, "tokens"));

  return gptvis_architecture_decoder_plan (config, tokens->rows, 1, &size, error);
}

static gboolean
put_all (const gchar *directory, const gchar *text, const RandomVit *vit, const RandomCaptioner *captioner,
    GError **error)
{
  GptVisConfiguration *config = gptvis_configuration_parse ("config.json", text, strlen (text), error);
  GptVisPlan *tower = config ? record_tower (config, vit, error) : NULL;
  GptVisPlan *decoder = tower && captioner ? record_decoder (config, tower, captioner->length, error) : NULL;
  gchar *recipe = g_strdup_printf ("{\"size\":{\"height\":%u,\"width\":%u}}", vit->side, vit->side);
  gboolean done = tower && (decoder || !captioner) && put (directory, "config.json", text, -1, error)
      && put (directory, "preprocessor_config.json", recipe, -1, error)
      && put_tensors (directory, tower, decoder, error)
      && (!captioner || put_words (directory, captioner, error));

  g_free (recipe);
  gptvis_plan_free (decoder);
  gptvis_plan_free (tower);
  gptvis_configuration_free (config);
  return done;
}

/* Takes the text. */
static gchar *
write_directory (gchar *config, const RandomVit *vit, const RandomCaptioner *captioner, GError **error)
{
  gchar *directory = g_dir_make_tmp ("gptvis-random-XXXXXX", error);

  if (directory && !put_all (directory, config, vit, captioner, error)) {
    random_checkpoint_remove (directory);
    directory = NULL;
  }
  g_free (config);
  return directory;
}

gchar *
random_checkpoint_write (const RandomVit *vit, GError **error)
{
  return write_directory (vit_config (vit), vit, NULL, error);
}

gchar *
random_checkpoint_write_captioner (const RandomCaptioner *captioner, GError **error)
{
  return write_directory (captioner_config (captioner), &captioner->tower, captioner, error);
}

static gboolean
put_texts (const gchar *directory, const gchar *text, const gchar *preprocessor, GError **error)
{
  GptVisConfiguration *config = gptvis_configuration_parse ("config.json", text, strlen (text), error);
  GptVisRecipe recipe;
  gboolean done = config
                  && gptvis_recipe_parse ("preprocessor_config.json", preprocessor, strlen (preprocessor),
                      config->model_type, &recipe, error);

  if (done) {
    recipe = gptvis_recipe_for_size (&recipe, 1920, 1080);
    GptVisPlan *plan
        = gptvis_architecture_plan (config, &recipe, 1, gptvis_architecture_outputs (config), error);
    done = plan && put (directory, "config.json", text, -1, error)
        && put (directory, "preprocessor_config.json", preprocessor, -1, error)
        && put_tensors (directory, plan, NULL, error);
    gptvis_plan_free (plan);
  }
  gptvis_configuration_free (config);
  return done;
}

gchar *
random_checkpoint_write_texts (const gchar *config, const gchar *preprocessor, GError **error)
{
  gchar *directory = g_dir_make_tmp ("gptvis-random-XXXXXX", error);

  if (directory && !put_texts (directory, config, preprocessor, error))
    g_clear_pointer (&directory, random_checkpoint_remove);
  return directory;
}

void
random_checkpoint_remove (gchar *directory)
{
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    gchar *path = g_build_filename (directory, files[i], NULL);
    g_unlink (path);
    g_free (path);
  }
  g_rmdir (directory);
  g_free (directory);
}
