/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Embeddings: who gets one, of which checkpoints, and that it has length one. What is in it is compared with
 * Transformers' by golden-check. */
#include "client.h"
#include "unit.h"
#include <math.h>
#include <string.h>

static GptVisModel *
open_model (const gchar *path)
{
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  GError *error = NULL;
  options.path = path;
  options.program.threads = 1;
  GptVisModel *model = gptvis_model_open (&options, &error);
  g_assert_no_error (error);
  return model;
}

/* What a client with these options makes of a picture, after it was seen to ask for these outputs. */
static GptVisResult *
read_one (gchar *directory, const GptVisClientOptions *options, GptVisOutputs outputs)
{
  GError *error = NULL;
  GptVisModel *model = open_model (directory);
  GptVisClient *client = gptvis_client_new (model, options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (gptvis_client_outputs (client), ==, outputs);
  GptVisRequest request = { .slot = gptvis_model_slot_new (model, NULL), .outputs = outputs };
  float *rows = gptvis_model_slot_rows (model, request.slot);
  for (guint k = 0; k < 4 * 48; k++)
    rows[k] = 0.3f;
  g_assert_true (gptvis_model_run (model, &request, 1, &error));
  GptVisResult *result = gptvis_client_read (client, &request, 0, 0);
  gptvis_model_slot_free (request.slot);
  gptvis_client_unref (client);
  gptvis_model_free (model);
  unit_remove (directory);
  return result;
}

static gdouble
length (const GptVisResult *result)
{
  gdouble squares = 0;
  for (guint i = 0; i < result->n_embedding; i++)
    squares += result->embedding[i] * result->embedding[i];
  return sqrt (squares);
}

/* The tiny ViT with other tensors, as another class. */
static gchar *
of_class (const gchar *class_name, UnitSpoil spoil)
{
  gchar *directory = unit_checkpoint (spoil);
  gchar **parts = g_strsplit (UNIT_CONFIG, "ViTForImageClassification", -1);
  gchar *config = g_strjoinv (class_name, parts);
  unit_write (directory, "config.json", config, -1);
  g_free (config);
  g_strfreev (parts);
  return directory;
}

static gboolean
no_classifier (UnitTensor *t)
{
  return !strstr (t->name, "classifier");
}

static void
expect_same (const GptVisResult *a, const GptVisResult *b)
{
  g_assert_cmpuint (a->n_embedding, ==, b->n_embedding);
  for (guint i = 0; i < a->n_embedding; i++)
    g_assert_cmpfloat_with_epsilon (a->embedding[i], b->embedding[i], 1e-6);
}

/* Only who asks for it gets it; a checkpoint that has nothing else gives it unasked. */
static void
test_asked (void)
{
  static const GptVisClientOptions none = { }, also = { .embedding = TRUE };
  const GptVisOutputs scores = GPTVIS_OUTPUT_SCORES, embedding = GPTVIS_OUTPUT_EMBEDDING;
  GptVisResult *labels = read_one (unit_checkpoint (NULL), &none, scores);
  GptVisResult *both = read_one (unit_checkpoint (NULL), &also, scores | embedding);
  GptVisResult *alone = read_one (of_class ("ViTModel", no_classifier), &none, embedding);
  GptVisResult *beside_words = read_one (unit_writer (NULL), &also, scores | embedding);
  g_assert_null (labels->embedding);
  g_assert_cmpuint (both->n_labels, ==, 3);
  g_assert_cmpuint (both->n_embedding, ==, 8);
  g_assert_cmpfloat_with_epsilon (length (both), 1, 1e-6);
  g_assert_cmpuint (alone->n_labels, ==, 0);
  expect_same (alone, both);
  expect_same (alone, beside_words);
  gptvis_result_unref (labels);
  gptvis_result_unref (both);
  gptvis_result_unref (alone);
  gptvis_result_unref (beside_words);
}

/* The dense layer's place is taken by the pooler, which is of its size. */
static gboolean
to_pooler (UnitTensor *t)
{
  if (strcmp (t->name, "classifier.weight") == 0) {
    strcpy (t->name, "vit.pooler.dense.weight");
    t->shape[0] = 5;
  } else if (strcmp (t->name, "classifier.bias") == 0) {
    strcpy (t->name, "vit.pooler.dense.bias");
    t->shape[0] = 5;
  }
  return TRUE;
}

static void
test_pooler (void)
{
  gchar *directory = unit_checkpoint (to_pooler);
  gchar *config = g_strdup ("{\"model_type\":\"vit\",\"architectures\":[\"ViTModel\"],\"hidden_size\":8,"
      "\"num_hidden_layers\":1,\"num_attention_heads\":2,\"intermediate_size\":12,\"image_size\":8,"
      "\"patch_size\":4,\"pooler_output_size\":5}");
  unit_write (directory, "config.json", config, -1);
  GptVisModel *model = open_model (directory);
  GError *error = NULL;
  g_assert_true (gptvis_model_need (model, GPTVIS_OUTPUT_EMBEDDING, &error));
  g_assert_no_error (error);
  gchar *plan = gptvis_plan_print (gptvis_model_plan (model));
  g_assert_nonnull (strstr (plan, "vit.pooler.dense.weight"));
  g_assert_nonnull (strstr (plan, "act=tanh"));
  g_free (plan);
  gptvis_model_free (model);
  GptVisResult *result = read_one (directory, &(GptVisClientOptions) { }, GPTVIS_OUTPUT_EMBEDDING);
  g_assert_cmpuint (result->n_embedding, ==, 5);
  g_assert_cmpfloat_with_epsilon (length (result), 1, 1e-6);
  gptvis_result_unref (result);
  g_free (config);
}

/* Zeros have no direction: the result has none, as if there were none. */
static void
test_zeros (void)
{
  static const float zeros[4] = { 0 }, tiny[4] = { 1e-30f, 0, -1e-30f, 0 };
  gchar *directory = of_class ("ViTModel", no_classifier);
  GptVisModel *model = open_model (directory);
  GptVisClient *client = gptvis_client_new (model, &(GptVisClientOptions) { }, NULL);
  GptVisRequest request = { .embedding = zeros, .n_embedding = 4 };
  GptVisResult *result = gptvis_client_read (client, &request, 0, 0);
  g_assert_null (result->embedding);
  gptvis_result_unref (result);
  request.embedding = tiny;
  result = gptvis_client_read (client, &request, 0, 0);
  g_assert_cmpfloat_with_epsilon (length (result), 1, 1e-6);
  gptvis_result_unref (result);
  gptvis_client_unref (client);
  gptvis_model_free (model);
  unit_remove (directory);
}

static void
test_refused (void)
{
  gchar *directory = of_class ("ViTModel", no_classifier);
  gchar *parts = g_strconcat (directory, ": the task asks for labels, but this checkpoint has no classifier "
      "(its model_type is vit); with task=auto it gives an embedding", NULL);
  GptVisModel *model = open_model (directory);
  GError *error = NULL;
  g_assert_null (gptvis_client_new (model, &(GptVisClientOptions) { .task = GPTVIS_TASK_LABEL }, &error));
  unit_expect_error ("label", error, GPTVIS_ERROR_UNSUPPORTED, parts);
  g_free (parts);
  gptvis_model_free (model);
  unit_remove (directory);

  error = NULL;
  directory = g_build_filename (g_getenv ("GPTVIS_GOLDEN"), "yolos", NULL);
  model = open_model (directory);
  g_assert_null (gptvis_client_new (model, &(GptVisClientOptions) { .embedding = TRUE }, &error));
  unit_expect_error ("detector", error, GPTVIS_ERROR_UNSUPPORTED,
      "yolos: the embedding is asked for, but this checkpoint has none (its model_type is yolos)");
  gptvis_model_free (model);
  g_free (directory);
}

/* --- CLIP's config.json: a part about pictures, or the whole; of 2022 the part twice --- */

static GptVisConfiguration *
parse (const gchar *text)
{
  GError *error = NULL;
  GptVisConfiguration *c = gptvis_configuration_parse ("config.json", text, strlen (text), &error);
  g_assert_no_error (error);
  return c;
}

static void
test_clip (void)
{
  GptVisConfiguration *c = parse ("{\"model_type\":\"clip\",\"architectures\":[\"CLIPModel\"]}");
  g_assert_cmpuint (c->hidden_size, ==, 768);
  g_assert_cmpuint (c->patch_size, ==, 32);
  g_assert_cmpint (c->act, ==, GPTVIS_ACT_QUICK_GELU);
  g_assert_cmpfloat_with_epsilon (c->epsilon, 1e-5, 1e-9);
  g_assert_cmpuint (c->projection, ==, 512);
  g_assert_false (c->writes);
  gptvis_configuration_free (c);

  c = parse ("{\"model_type\":\"clip\",\"projection_dim\":768,\"vision_config\":{\"hidden_size\":32,"
      "\"num_attention_heads\":4,\"patch_size\":16,\"projection_dim\":7,\"hidden_act\":\"quick_gelu\"},"
      "\"vision_config_dict\":{\"hidden_size\":1024,\"num_attention_heads\":16,\"hidden_act\":\"gelu\"}}");
  g_assert_cmpuint (c->hidden_size, ==, 1024);
  g_assert_cmpuint (c->n_heads, ==, 16);
  g_assert_cmpuint (c->patch_size, ==, 16);
  g_assert_cmpint (c->act, ==, GPTVIS_ACT_GELU);
  g_assert_cmpuint (c->projection, ==, 768);
  gptvis_configuration_free (c);

  c = parse ("{\"model_type\":\"clip\",\"vision_config\":null,\"vision_config_dict\":{\"patch_size\":14}}");
  g_assert_cmpuint (c->patch_size, ==, 14);
  gptvis_configuration_free (c);
  c = parse ("{\"model_type\":\"clip_vision_model\",\"hidden_size\":48,\"projection_dim\":24}");
  g_assert_cmpuint (c->hidden_size, ==, 48);
  g_assert_cmpuint (c->projection, ==, 24);
  gptvis_configuration_free (c);
}

static void
test_clip_bad (void)
{
  static const struct { const gchar *text, *parts; } cases[] = {
    {"{\"model_type\":\"clip\",\"vision_config\":[]}", "vision_config is not an object"},
    {"{\"model_type\":\"clip\",\"vision_config_dict\":7}", "vision_config_dict is not an object"},
    {"{\"model_type\":\"clip\",\"projection_dim\":0}",
        "projection_dim is not a whole number from 1 to 65536"},
    {"{\"model_type\":\"clip\",\"vision_config_dict\":{\"hidden_size\":-1}}", "vision_config: hidden_size"},
    {"{\"model_type\":\"vit\",\"pooler_output_size\":1e9}", "pooler_output_size is not a whole number"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    g_assert_null (gptvis_configuration_parse ("config.json", cases[i].text, strlen (cases[i].text), &error));
    unit_expect_error (cases[i].text, error, GPTVIS_ERROR_FORMAT, cases[i].parts);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/embedding/asked", test_asked);
  g_test_add_func ("/embedding/pooler", test_pooler);
  g_test_add_func ("/embedding/zeros", test_zeros);
  g_test_add_func ("/embedding/refused", test_refused);
  g_test_add_func ("/embedding/clip", test_clip);
  g_test_add_func ("/embedding/clip-bad", test_clip_bad);
  return g_test_run ();
}
