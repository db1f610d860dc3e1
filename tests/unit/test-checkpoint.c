/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories as they are downloaded, old ones and spoilt ones: what opens, and the
 * sentence for what does not. */
#include "checkpoint.h"
#include "safetensors.h"
#include "unit.h"
#include <glib/gstdio.h>
#include <string.h>

/* Opens and records; the error of either. Frees the directory. */
static GError *
try (gchar *directory)
{
  GError *error = NULL;
  GptVisCheckpoint *checkpoint = gptvis_checkpoint_open (directory, &error);
  GptVisPlaces *places = NULL;
  GptVisPlan *plan = checkpoint ? gptvis_checkpoint_plan (checkpoint, gptvis_checkpoint_recipe (checkpoint),
                         1, GPTVIS_OUTPUT_SCORES | GPTVIS_OUTPUT_TOKENS, &places, &error)
                                : NULL;
  g_assert_true ((plan != NULL) == (error == NULL));
  g_assert_true ((plan != NULL) == (places != NULL));
  gptvis_places_free (places);
  gptvis_plan_free (plan);
  gptvis_checkpoint_free (checkpoint);
  unit_remove (directory);
  return error;
}

static void
expect (gchar *directory, GptVisError code, const gchar *parts)
{
  unit_expect_error (parts, try (directory), code, parts);
}

static void
test_good (void)
{
  g_assert_no_error (try (unit_checkpoint (NULL)));
}

static void
test_texts (void)
{
  gchar *directory = unit_checkpoint (NULL);
  GptVisCheckpoint *checkpoint = gptvis_checkpoint_open (directory, NULL);
  g_assert_cmpstr (gptvis_checkpoint_path (checkpoint), ==, directory);
  g_assert_cmpuint (gptvis_checkpoint_recipe (checkpoint)->width, ==, 8);
  gptvis_checkpoint_free (checkpoint);
  unit_remove (directory);
}

static gboolean
rename_end (UnitTensor *t, const gchar *from, const gchar *to)
{
  gchar *at = strstr (t->name, from);
  if (at && at[strlen (from)] == '\0')
    g_strlcpy (at, to, sizeof t->name - (at - t->name));
  return TRUE;
}

/* gamma and beta for a norm's weight and bias */
static gboolean
spell_as_2019 (UnitTensor *t)
{
  if (!strstr (t->name, "layernorm"))
    return TRUE;
  return rename_end (t, ".weight", ".gamma") && rename_end (t, ".bias", ".beta");
}

static GError *try_decoder (gchar *directory);

/* no "vit." before the backbone's names */
static gboolean
strip_prefix (UnitTensor *t)
{
  if (g_str_has_prefix (t->name, "vit."))
    memmove (t->name, t->name + 4, strlen (t->name + 4) + 1);
  return TRUE;
}

static gboolean
both (UnitTensor *t)
{
  return spell_as_2019 (t) && strip_prefix (t);
}

/* As programs that train write them: whole, or a part of the network that was wrapped by itself. */
static gboolean
put_before (UnitTensor *t, const gchar *wrapper)
{
  gchar *name = g_strconcat (wrapper, t->name, NULL);
  g_strlcpy (t->name, name, sizeof t->name);
  g_free (name);
  return TRUE;
}

static gboolean
compiled (UnitTensor *t)
{
  return put_before (t, "_orig_mod.");
}

static gboolean
parallel (UnitTensor *t)
{
  return put_before (t, "module.");
}

static gboolean
compiled_parallel (UnitTensor *t)
{
  return put_before (t, "_orig_mod.module.");
}

static gboolean
parallel_compiled (UnitTensor *t)
{
  return put_before (t, "module._orig_mod.");
}

static gboolean
member (UnitTensor *t)
{
  return put_before (t, "model.");
}

static gboolean
wrapped_member (UnitTensor *t)
{
  return spell_as_2019 (t) && put_before (t, "module.model._orig_mod.");
}

static gboolean
fully_sharded (UnitTensor *t)
{
  return put_before (t, "_fsdp_wrapped_module.");
}

static gboolean
compiled_backbone (UnitTensor *t)
{
  if (!g_str_has_prefix (t->name, "vit."))
    return TRUE;
  memmove (t->name, t->name + 4, strlen (t->name + 4) + 1);
  return put_before (t, "vit._orig_mod.");
}

static void
test_wrapped (void)
{
  static const UnitSpoil wrappers[] = { compiled, parallel, compiled_parallel, parallel_compiled, member,
    wrapped_member, fully_sharded, compiled_backbone };
  for (guint i = 0; i < G_N_ELEMENTS (wrappers); i++) {
    g_test_message ("wrapper %u", i);
    g_assert_no_error (try (unit_checkpoint (wrappers[i])));
    if (wrappers[i] != compiled_backbone) {
      g_assert_no_error (try (unit_writer (wrappers[i])));
      g_assert_no_error (try_decoder (unit_writer (wrappers[i])));
    }
  }
}

static void
test_older (void)
{
  g_assert_no_error (try (unit_checkpoint (spell_as_2019)));
  g_assert_no_error (try (unit_checkpoint (strip_prefix)));
  g_assert_no_error (try (unit_checkpoint (both)));

  /* what nobody asks for may be there, of any type: index buffers, poolers */
  GByteArray *file = unit_vit (NULL, NULL);
  guint64 n;
  memcpy (&n, file->data, 8);
  GString *header = g_string_new_len ((const gchar *) file->data + 8, GUINT64_FROM_LE (n) - 1);
  const guint data = file->len - 8 - GUINT64_FROM_LE (n);
  g_string_append_printf (header, ",\"vit.embeddings.position_ids\":{\"dtype\":\"I64\",\"shape\":[1,2],"
      "\"data_offsets\":[%u,%u]}}", data, data + 16);
  GByteArray *more = unit_safetensors (header->str, 0);
  g_byte_array_append (more, file->data + file->len - data, data);
  g_byte_array_append (more, file->data, 16);
  gchar *directory = unit_checkpoint (NULL);
  unit_write (directory, "model.safetensors", more->data, more->len);
  g_assert_no_error (try (directory));
  g_string_free (header, TRUE);
  g_byte_array_unref (file);
  g_byte_array_unref (more);
}

static gboolean
drop_class_token (UnitTensor *t)
{
  return !strstr (t->name, "cls_token");
}

static gboolean
drop_layer (UnitTensor *t)
{
  return !strstr (t->name, "layer.0");
}

static gboolean
drop_head (UnitTensor *t)
{
  return !strstr (t->name, "classifier");
}

static gboolean
turn_intermediate (UnitTensor *t)
{
  if (strstr (t->name, "intermediate.dense.weight")) {
    t->shape[0] = 8;
    t->shape[1] = 12;
  }
  return TRUE;
}

static gboolean
more_positions (UnitTensor *t)
{
  if (strstr (t->name, "position_embeddings"))
    t->shape[1] = 6;
  return TRUE;
}

static gboolean
fewer_classes (UnitTensor *t)
{
  if (strstr (t->name, "classifier"))
    t->shape[0] = 2;
  return TRUE;
}

static gboolean
whole_numbers (UnitTensor *t)
{
  if (strstr (t->name, "query.bias"))
    strcpy (t->dtype, "I64");
  return TRUE;
}

static void
test_table (void)
{
  expect (unit_checkpoint (drop_class_token), GPTVIS_ERROR_FORMAT,
      "1 of the 24 tensors that config.json's vit needs|vit.embeddings.cls_token is missing");
  expect (unit_checkpoint (drop_layer), GPTVIS_ERROR_FORMAT,
      "16 of the 24 tensors|vit.encoder.layer.0.layernorm_before.weight is missing|; and 11 more");
  expect (unit_checkpoint (drop_head), GPTVIS_ERROR_UNSUPPORTED,
      "there is no classifier.weight|backbone alone (ViTForImageClassification)");
  expect (unit_checkpoint (turn_intermediate), GPTVIS_ERROR_FORMAT,
      "intermediate.dense.weight has shape [8, 12], not [12, 8]");
  expect (unit_checkpoint (more_positions), GPTVIS_ERROR_FORMAT,
      "vit.embeddings.position_embeddings has shape [1, 6, 8], not [5, 8]");
  expect (unit_checkpoint (fewer_classes), GPTVIS_ERROR_FORMAT,
      "2 of the 24|classifier.weight has shape [2, 8], not [3, 8]; classifier.bias has shape [2], not [3]");
  expect (unit_checkpoint (whole_numbers), GPTVIS_ERROR_FORMAT,
      "attention.attention.query.bias has dtype I64, not F32, F16 or BF16");
}

/* --- of a checkpoint that writes --- */

/* Opens and records the decoder; the error of either. Frees the directory. */
static GError *
try_decoder (gchar *directory)
{
  const GptVisDecoderSize size = { 4, 1, 8 };
  GError *error = NULL;
  GptVisCheckpoint *checkpoint = gptvis_checkpoint_open (directory, &error);
  GptVisPlaces *places = NULL;
  GptVisPlan *plan = checkpoint
      ? gptvis_checkpoint_decoder_plan (checkpoint, 5, 1, &size, &places, &error) : NULL;
  g_assert_true ((plan != NULL) == (error == NULL));
  g_assert_true ((plan != NULL) == (places != NULL));
  gptvis_places_free (places);
  gptvis_plan_free (plan);
  gptvis_checkpoint_free (checkpoint);
  unit_remove (directory);
  return error;
}

static void
expect_decoder (gchar *directory, const gchar *parts)
{
  unit_expect_error (parts, try_decoder (directory), GPTVIS_ERROR_FORMAT, parts);
}

static gboolean
drop_queries (UnitTensor *t)
{
  return !strstr (t->name, "q_attn.weight");
}

static gboolean
drop_decoder (UnitTensor *t)
{
  return !g_str_has_prefix (t->name, "decoder.");
}

static gboolean
drop_projection (UnitTensor *t)
{
  return !g_str_has_prefix (t->name, "enc_to_dec_proj");
}

/* [out, in], as all others store their products */
static gboolean
turn_products (UnitTensor *t)
{
  if (strstr (t->name, "mlp.c_fc.weight")) {
    t->shape[0] = 20;
    t->shape[1] = 12;
  }
  return TRUE;
}

static gboolean
fewer_words (UnitTensor *t)
{
  if (strstr (t->name, "wte"))
    t->shape[0] = 9;
  return TRUE;
}

static gboolean
fewer_positions (UnitTensor *t)
{
  if (strstr (t->name, "wpe"))
    t->shape[0] = 15;
  return TRUE;
}

static gboolean
name_head (UnitTensor *t)
{
  if (strstr (t->name, "wte"))
    g_strlcpy (t->name, "decoder.lm_head.weight", sizeof t->name);
  return TRUE;
}

static void
test_decoder (void)
{
  g_assert_no_error (try (unit_writer (NULL)));
  g_assert_no_error (try_decoder (unit_writer (NULL)));
  g_assert_no_error (try_decoder (unit_writer (name_head)));    /* the words' table by its other name */
  g_assert_no_error (try (unit_writer (drop_head)));    /* no classifier: it only writes */
  expect (unit_writer (drop_class_token), GPTVIS_ERROR_FORMAT,
      "1 of the 24 tensors that config.json's vision-encoder-decoder needs|encoder.embeddings.cls_token is "
      "missing");
  expect_decoder (unit_writer (drop_queries), "1 of the 26 tensors that config.json's vision-encoder-decoder "
      "needs is wrong: "
      "decoder.transformer.h.0.crossattention.q_attn.weight is missing");
  expect_decoder (unit_writer (drop_decoder), "24 of the 26 tensors|is missing|; and 19 more");
  expect_decoder (unit_writer (drop_projection), "enc_to_dec_proj.weight is missing; enc_to_dec_proj.bias is "
      "missing");
  expect_decoder (unit_writer (turn_products),
      "decoder.transformer.h.0.mlp.c_fc.weight has shape [20, 12], not [12, 20]");
  expect_decoder (unit_writer (fewer_words), "decoder.transformer.wte.weight has shape [9, 12], not [10, "
      "12]");
  expect_decoder (unit_writer (fewer_positions), "decoder.transformer.wpe.weight has shape [15, 12], not "
      "[16, 12]");
}

/* Words of its own for the last product. */
static void
test_untied (void)
{
  static const gchar untied[] = "{\"model_type\":\"vision-encoder-decoder\",\"encoder\":" UNIT_CONFIG ","
      "\"decoder\":{"
      "\"model_type\":\"gpt2\",\"vocab_size\":10,\"n_positions\":16,\"n_embd\":12,\"n_layer\":1,\"n_head\":3,"
      "\"n_inner\":20,\"tie_word_embeddings\":false}}";
  gchar *directory = unit_writer (NULL);
  unit_write (directory, "config.json", untied, -1);
  expect_decoder (directory, "1 of the 27|decoder.lm_head.weight is missing");
}

static gchar *
without (const gchar *name)
{
  gchar *directory = unit_checkpoint (NULL);
  gchar *path = g_build_filename (directory, name, NULL);
  g_assert_cmpint (g_remove (path), ==, 0);
  g_free (path);
  return directory;
}

static gchar *
with (gchar *directory, const gchar *name, const gchar *text)
{
  unit_write (directory, name, text, -1);
  return directory;
}

static void
test_files (void)
{
  expect (g_strdup ("/nonexistent/vit"), GPTVIS_ERROR_NOT_FOUND,
      "/nonexistent/vit: there is no such directory");
  GError *error = NULL;
  g_assert_null (gptvis_checkpoint_open ("/etc/passwd", &error));
  unit_expect_error ("file", error, GPTVIS_ERROR_FORMAT,
      "/etc/passwd: this is a file|a checkpoint's directory");
  expect (without ("config.json"), GPTVIS_ERROR_NOT_FOUND, "config.json: there is no such file");
  expect (without ("preprocessor_config.json"), GPTVIS_ERROR_NOT_FOUND,
      "preprocessor_config.json: there is no such file");
  expect (without ("model.safetensors"), GPTVIS_ERROR_NOT_FOUND,
      "there are no weights: neither model.safetensors nor pytorch_model.bin");
  expect (with (without ("model.safetensors"), "pytorch_model.bin", ""), GPTVIS_ERROR_FORMAT,
      "pytorch_model.bin: the file is empty");
  expect (with (without ("model.safetensors"), "tf_model.h5", "x"), GPTVIS_ERROR_UNSUPPORTED, "tf_model.h5");
  expect (with (unit_checkpoint (NULL), "model.safetensors", ""), GPTVIS_ERROR_FORMAT,
      "model.safetensors: the file is empty");
  expect (with (unit_checkpoint (NULL), "config.json", ""), GPTVIS_ERROR_FORMAT,
      "config.json: the file is empty");
  expect (with (unit_checkpoint (NULL), "preprocessor_config.json", "{\"size\":16}"),
      GPTVIS_ERROR_UNSUPPORTED,
      "preprocessor_config.json makes pictures of 16×16, where config.json's image_size is 8×8");
}

/* The tensors in two files and an index. */
static gchar *
sharded (const gchar *index)
{
  gchar *directory = without ("model.safetensors");
  GByteArray *vit = unit_vit (NULL, "vit."), *head = unit_vit (NULL, "classifier");
  unit_write (directory, "a.safetensors", vit->data, vit->len);
  unit_write (directory, "b.safetensors", head->data, head->len);
  g_byte_array_unref (vit);
  g_byte_array_unref (head);
  return with (directory, "model.safetensors.index.json", index);
}

static gchar *
good_index (void)
{
  GString *index = g_string_new ("{\"metadata\":{\"total_size\":1},\"weight_map\":{");
  GByteArray *file = unit_vit (NULL, NULL);
  GBytes *bytes = g_byte_array_free_to_bytes (file);
  GptVisContainer *all = gptvis_safetensors_new ("all", bytes, NULL);
  for (guint i = 0; i < gptvis_container_n_tensors (all); i++) {
    const gchar *name = gptvis_container_tensor (all, i)->name;
    g_string_append_printf (index, "%s\"%s\":\"%c.safetensors\"", i ? "," : "", name, *name == 'v' ? 'a'
        : 'b');
  }
  gptvis_container_free (all);
  g_bytes_unref (bytes);
  g_string_append (index, "}}");
  return g_string_free (index, FALSE);
}

static void
test_shards (void)
{
  static const struct { const gchar *index; GptVisError code; const gchar *parts; } cases[] = {
    {"", GPTVIS_ERROR_FORMAT, "model.safetensors.index.json: the file is empty"},
    {"{}", GPTVIS_ERROR_FORMAT, "index.json: weight_map is missing"},
    {"{\"weight_map\":[]}", GPTVIS_ERROR_FORMAT, "weight_map is not an object"},
    {"{\"weight_map\":{\"x\":3}}", GPTVIS_ERROR_FORMAT, "weight_map has \"no string\" for tensor x"},
    {"{\"weight_map\":{\"x\":\"../b.safetensors\"}}", GPTVIS_ERROR_FORMAT,
        "weight_map has \"../b.safetensors\""},
    {"{\"weight_map\":{\"x\":\"/etc/b.safetensors\"}}", GPTVIS_ERROR_FORMAT,
        "weight_map has \"/etc/b.safetensors\""},
    {"{\"weight_map\":{\"x\":\"..\"}}", GPTVIS_ERROR_FORMAT, "weight_map has \"..\""},
    {"{\"weight_map\":{\"x\":\".b.safetensors\"}}", GPTVIS_ERROR_FORMAT, "weight_map has \".b.safetensors\""},
    {"{\"weight_map\":{\"x\":\"b.bin\"}}", GPTVIS_ERROR_FORMAT, "weight_map has \"b.bin\""},
    {"{\"weight_map\":{\"x\":\"c.safetensors\"}}", GPTVIS_ERROR_NOT_FOUND,
        "c.safetensors: there is no such file"},
    {"{\"weight_map\":{\"x\":\"b.safetensors\"}}", GPTVIS_ERROR_FORMAT,
        "weight_map says that tensor x is in b.safetensors, where it is not"},
    {"{\"weight_map\":{\"classifier.weight\":\"b.safetensors\"}}", GPTVIS_ERROR_FORMAT,
        "23 of the 24 tensors"},
  };
  gchar *index = good_index ();
  g_assert_no_error (try (sharded (index)));
  g_free (index);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    expect (sharded (cases[i].index), cases[i].code, cases[i].parts);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/checkpoint/good", test_good);
  g_test_add_func ("/checkpoint/texts", test_texts);
  g_test_add_func ("/checkpoint/older", test_older);
  g_test_add_func ("/checkpoint/wrapped", test_wrapped);
  g_test_add_func ("/checkpoint/table", test_table);
  g_test_add_func ("/checkpoint/decoder", test_decoder);
  g_test_add_func ("/checkpoint/untied", test_untied);
  g_test_add_func ("/checkpoint/files", test_files);
  g_test_add_func ("/checkpoint/shards", test_shards);
  return g_test_run ();
}
