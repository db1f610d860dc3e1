/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan's names and a directory's files: what is found where, under whichever name, and the sentence for
 * what is not. */
#include "places.h"
#include "names.h"
#include "unit.h"
#include <string.h>

#define T(name, shape, begin, end) \
  "\"" name "\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}"

/* x → norm → a product of two tensors stacked, of which a third part is the first's again. */
static GptVisPlan *
record (void)
{
  GptVisPlan *plan = gptvis_plan_new ("places", 1);
  GptVisTensorId x = gptvis_plan_input (plan, "x", 2, 2);
  const GptVisWeightPart parts[] = { {"vit.q.weight", 0, 1}, {"vit.k.weight", 0, 1}, {"vit.q.weight", 1, 2} };
  GptVisTensorId n = gptvis_plan_norm (plan, x, gptvis_plan_weight (plan, "vit.norm.weight", 1, 2),
      gptvis_plan_weight (plan, "vit.norm.bias", 1, 2), 1e-6f);
  gptvis_plan_output (plan, "y", gptvis_plan_linear (plan, n, gptvis_plan_weight_stack (plan, 4, 2, parts, 3),
          GPTVIS_NO_TENSOR, NULL));
  GError *error = NULL;
  g_assert_true (gptvis_plan_finish (plan, &error));
  g_assert_no_error (error);
  return plan;
}

/* The part of that name. */
static const GptVisWeightPart *
find_part (const GptVisPlan *plan, const gchar *name)
{
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    for (guint p = 0; p < t->n_parts; p++)
      if (strcmp (t->parts[p].name, name) == 0)
        return &t->parts[p];
  }
  return NULL;
}

static const GptVisStoredTensor *
find_tensor (const GptVisPlaces *places, const GptVisPlan *plan, const gchar *name)
{
  return gptvis_places_tensor (places, find_part (plan, name)->number);
}

static void
write_file (const gchar *directory, const gchar *name, const gchar *header, gsize n_data)
{
  GByteArray *file = unit_safetensors (header, n_data);
  unit_write (directory, name, file->data, file->len);
  g_byte_array_unref (file);
}

/* A directory with one file of that header. */
static gchar *
directory_of (const gchar *header, gsize n_data)
{
  gchar *directory = unit_directory ();
  write_file (directory, "model.safetensors", header, n_data);
  return directory;
}

/* The plan, and where its weights lie in a directory. */
typedef struct {
  gchar *directory;
  GptVisPlan *plan;
  GptVisShards *shards;
  GptVisPlaces *places;
} Found;

/* Takes the directory, in which all is as it must be. */
static Found
found_new (gchar *directory)
{
  GError *error = NULL;
  Found found = { directory, record (), gptvis_shards_open (directory, "X", &error) };
  g_assert_no_error (error);
  found.places = gptvis_places_new (found.plan, found.shards, "vit", &error);
  g_assert_no_error (error);
  return found;
}

static void
found_clear (Found *found)
{
  gptvis_places_free (found->places);
  gptvis_shards_free (found->shards);
  gptvis_plan_free (found->plan);
  unit_remove (found->directory);
}

/* Does each name of the plan lead to the tensor that the file calls so? Frees the directory. */
static void
expect_names (gchar *directory, const gchar *q, const gchar *k, const gchar *weight, const gchar *bias)
{
  const gchar *const names[][2] = { {"vit.q.weight", q}, {"vit.k.weight", k}, {"vit.norm.weight", weight},
  {"vit.norm.bias", bias} };
  Found found = found_new (directory);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpstr (find_tensor (found.places, found.plan, names[i][0])->name, ==, names[i][1]);
  found_clear (&found);
}

/* Expects that sentence about tensors that are missing or wrong. Frees the directory. */
static void
expect_defects (gchar *directory, const gchar *sentence)
{
  GError *error = NULL;
  GptVisPlan *plan = record ();
  GptVisShards *shards = gptvis_shards_open (directory, "X", &error);
  g_assert_no_error (error);
  g_assert_null (gptvis_places_new (plan, shards, "config.json's vit", &error));
  g_assert_error (error, GPTVIS_ERROR, GPTVIS_ERROR_FORMAT);
  g_assert_cmpstr (error->message, ==, sentence);
  g_error_free (error);
  gptvis_shards_free (shards);
  gptvis_plan_free (plan);
  unit_remove (directory);
}

#define AS_IT_IS T ("vit.q.weight", "[3,2]", 0, 24) "," T ("vit.k.weight", "[1,2]", 24, 32) "," \
  T ("vit.norm.weight", "[2]", 32, 40) "," T ("vit.norm.bias", "[2]", 40, 48)

static void
test_numbers (void)
{
  GptVisPlan *plan = record ();
  guint seen = 0;
  g_assert_cmpuint (gptvis_plan_n_names (plan), ==, 4);
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    for (guint p = 0; p < t->n_parts; p++) {
      g_assert_cmpuint (t->parts[p].number, ==, find_part (plan, t->parts[p].name)->number);
      seen |= 1u << t->parts[p].number;
    }
  }
  g_assert_cmpuint (seen, ==, 0xf);
  gptvis_plan_free (plan);
}

/* Once the table is made names are not looked up any more: a part without one is found too. */
static void
test_by_number (void)
{
  gchar *directory = directory_of ("{" AS_IT_IS ",\"vit.pooler\":{\"dtype\":\"I64\",\"shape\":[1],"
      "\"data_offsets\":[48,56]}}", 56);
  GError *error = NULL;
  Found found = found_new (directory);
  const GptVisWeights weights = gptvis_places_weights (found.places);
  const GptVisWeightPart part = { .number = find_part (found.plan, "vit.k.weight")->number };
  GptVisDtype dtype = GPTVIS_BF16;
  gsize n = 0;
  guint8 got[3];
  g_assert_null (weights.find (weights.user, &part, &dtype, &n));       /* in a file */
  g_assert_cmpint (dtype, ==, GPTVIS_F32);
  g_assert_cmpuint (n, ==, 2);
  g_assert_true (weights.read (weights.user, &part, 1, sizeof got, got, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (got, sizeof got, "\x1a\x1b\x1c", 3);  /* bytes 25 to 27 of the data, which count from 1 */
  found_clear (&found);
}

static void
test_aliases (void)
{
  expect_names (directory_of ("{" AS_IT_IS "}", 48), "vit.q.weight", "vit.k.weight", "vit.norm.weight",
      "vit.norm.bias");
  /* a backbone by itself, its norms as TensorFlow called them */
  expect_names (directory_of ("{" T ("q.weight", "[3,2]", 0, 24) "," T ("k.weight", "[1,2]", 24, 32) ","
          T ("norm.gamma", "[2]", 32, 40) "," T ("norm.beta", "[2]", 40, 48) "}", 48),
      "q.weight", "k.weight", "norm.gamma", "norm.beta");
  /* each wrapped in its own way */
  expect_names (directory_of ("{" T ("_orig_mod.module.vit.q.weight", "[3,2]", 0, 24) ","
          T ("vit._fsdp_wrapped_module.k.weight", "[1,2]", 24, 32) ","
          T ("module.norm.gamma", "[2]", 32, 40) ","
          T ("model.vit._checkpoint_wrapped_module.norm.bias", "[2]", 40, 48) "}", 48),
      "_orig_mod.module.vit.q.weight", "vit._fsdp_wrapped_module.k.weight", "module.norm.gamma",
      "model.vit._checkpoint_wrapped_module.norm.bias");
  /* of two, the one that needs no change is the network's */
  expect_names (directory_of ("{" T ("module.vit.k.weight", "[1,2]", 0, 8) ","
          T ("vit.q.weight", "[3,2]", 8, 32) "," T ("vit.k.weight", "[1,2]", 32, 40) ","
          T ("vit.norm.weight", "[2]", 40, 48) ","
          T ("vit.norm.bias", "[2]", 48, 56) "," T ("_orig_mod.vit.k.weight", "[1,2]", 56, 64) "}", 64),
      "vit.q.weight", "vit.k.weight", "vit.norm.weight", "vit.norm.bias");
}

/* The rows of the table that are not the plan's above. */
static void
test_names (void)
{
  static const struct {
    const gchar *asked, *there;
    gboolean found;
  } cases[] = {
    {"deit.layernorm.bias", "layernorm.beta", TRUE},
    {"dinov2.layernorm.weight", "layernorm.weight", TRUE},
    {"dinov2_with_registers.layernorm.weight", "layernorm.weight", TRUE},
    {"decoder.transformer.wte.weight", "decoder.lm_head.weight", TRUE},
    {"decoder.transformer.wte.weight", "model.decoder.lm_head.weight", TRUE},
    {"blocks.0.attn.qkv.weight", "timm_model.blocks.0.attn.qkv.weight", TRUE},
    {"text_decoder.bert.embeddings.word_embeddings.weight",
        "text_decoder.cls.predictions.decoder.weight", TRUE},
    {"text_decoder.cls.predictions.bias", "text_decoder.cls.predictions.decoder.bias", TRUE},
    {"decoder.lm_head.weight", "decoder.transformer.wte.weight", FALSE},
    {"layernorm.weight", "vit.layernorm.weight", FALSE},
    {"a.gamma", "a.weight", FALSE},
    {"classifier.weight", "classifier.bias", FALSE},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GHashTable *named = g_hash_table_new (g_str_hash, g_str_equal);
    g_hash_table_insert (named, (gpointer) cases[i].there, (gpointer) &cases[i]);
    g_test_message ("%s, %s", cases[i].asked, cases[i].there);
    g_assert_true (gptvis_names_find (named, cases[i].asked) == (cases[i].found ? &cases[i] : NULL));
    g_hash_table_unref (named);
  }
  gchar *own = gptvis_names_unwrap ("_orig_mod.module.vit.modules.layernorm.bias");
  g_assert_cmpstr (own, ==, "vit.modules.layernorm.bias");
  g_free (own);
  g_assert_true (gptvis_names_is_quantised ("a.qweight"));
  g_assert_false (gptvis_names_is_quantised ("a.weight"));
}

static void
test_sharded (void)
{
  gchar *directory = unit_directory ();
  write_file (directory, "a.safetensors", "{" T ("vit.q.weight", "[3,2]", 0, 24) ","
      T ("spare", "[1]", 24, 28) "}", 28);
  write_file (directory, "b.safetensors", "{" T ("vit.k.weight", "[1,2]", 0, 8) ","
      T ("vit.norm.weight", "[2]", 8, 16) "," T ("vit.norm.bias", "[2]", 16, 24) "}", 24);
  unit_write (directory, "model.safetensors.index.json", "{\"weight_map\":{"
      "\"vit.q.weight\":\"a.safetensors\",\"vit.k.weight\":\"b.safetensors\","
      "\"vit.norm.weight\":\"b.safetensors\",\"vit.norm.bias\":\"b.safetensors\"}}", -1);
  GError *error = NULL;
  Found found = found_new (directory);
  const GptVisStoredTensor *q = find_tensor (found.places, found.plan, "vit.q.weight");
  const GptVisStoredTensor *bias = find_tensor (found.places, found.plan, "vit.norm.bias");
  guint8 first = 0;
  g_assert_true (g_str_has_suffix (gptvis_container_file (q->container), "a.safetensors"));
  g_assert_true (g_str_has_suffix (gptvis_container_file (bias->container), "b.safetensors"));
  g_assert_true (gptvis_stored_tensor_read (bias, 0, 1, &first, &error));
  g_assert_cmpuint (first, ==, 17);
  g_assert_null (gptvis_shards_find (found.shards, "spare"));         /* the index does not name it */
  found_clear (&found);
}

static void
test_defects (void)
{
  expect_defects (directory_of ("{" T ("vit.q.weight", "[3,2]", 0, 24) "," T ("vit.k.weight", "[1,2]", 24, 32)
          "," T ("vit.norm.weight", "[2]", 32, 40) "}", 40),
      "1 of the 4 tensors that config.json's vit needs is wrong: vit.norm.bias is missing");
  expect_defects (directory_of ("{" T ("vit.q.weight", "[2,2]", 0, 16) "," T ("vit.k.weight", "[1,2]", 16, 24)
          "," T ("vit.norm.bias", "[2]", 24, 32) ",\"vit.norm.weight\":{\"dtype\":\"I32\",\"shape\":[2],"
          "\"data_offsets\":[32,40]}}", 40),
      "2 of the 4 tensors that config.json's vit needs are wrong: vit.norm.weight has dtype "
      "I32, not F32, F16 or BF16; vit.q.weight has shape [2, 2], not [3, 2]");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/places/numbers", test_numbers);
  g_test_add_func ("/places/by-number", test_by_number);
  g_test_add_func ("/places/aliases", test_aliases);
  g_test_add_func ("/places/names", test_names);
  g_test_add_func ("/places/sharded", test_sharded);
  g_test_add_func ("/places/defects", test_defects);
  return g_test_run ();
}
