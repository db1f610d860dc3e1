/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config.json: what it may say, what it may leave out, what it must not. */
#include "architectures.h"
#include "unit.h"
#include <string.h>

static GptVisConfiguration *
parse (const gchar *text)
{
  GError *error = NULL;
  GptVisConfiguration *config = gptvis_configuration_parse ("config.json", text, strlen (text), &error);
  g_assert_no_error (error);
  return config;
}

static void
test_vit (void)
{
  GptVisConfiguration *c = parse (UNIT_CONFIG);
  g_assert_cmpstr (c->model_type, ==, "vit");
  g_assert_cmpstr (c->architecture, ==, "ViTForImageClassification");
  g_assert_cmpuint (c->hidden_size, ==, 8);
  g_assert_cmpuint (c->n_layers, ==, 1);
  g_assert_cmpuint (c->n_heads, ==, 2);
  g_assert_cmpuint (c->intermediate_size, ==, 12);
  g_assert_cmpuint (c->image_height, ==, 8);
  g_assert_cmpuint (c->image_width, ==, 8);
  g_assert_cmpuint (c->patch_size, ==, 4);
  g_assert_cmpuint (c->n_registers, ==, 0);
  g_assert_cmpint (c->act, ==, GPTVIS_ACT_GELU);
  g_assert_cmpfloat_with_epsilon (c->epsilon, 1e-12f, 1e-14);
  g_assert_true (c->qkv_bias);
  g_assert_false (c->swiglu || c->teacher || c->multi_label);
  g_assert_cmpuint (c->n_labels, ==, 3);
  g_assert_cmpstr (c->labels[2], ==, "c");
  g_assert_null (c->labels[3]);
  gptvis_configuration_free (c);
}

/* Silence means what Transformers' configuration class means by it. */
static void
test_defaults (void)
{
  GptVisConfiguration *c = parse ("{\"model_type\":\"dinov2\"}");
  g_assert_cmpuint (c->hidden_size, ==, 768);
  g_assert_cmpuint (c->n_layers, ==, 12);
  g_assert_cmpuint (c->n_heads, ==, 12);
  g_assert_cmpuint (c->intermediate_size, ==, 3072);
  g_assert_cmpuint (c->patch_size, ==, 14);
  g_assert_cmpuint (c->image_width, ==, 224);
  g_assert_cmpfloat_with_epsilon (c->epsilon, 1e-6f, 1e-9);
  g_assert_cmpuint (c->n_labels, ==, 2);
  g_assert_cmpstr (c->labels[1], ==, "LABEL_1");
  g_assert_null (c->architecture);
  gptvis_configuration_free (c);

  c = parse ("{\"model_type\":\"dinov2_with_registers\"}");
  g_assert_cmpuint (c->patch_size, ==, 16);
  g_assert_cmpuint (c->n_registers, ==, 4);
  gptvis_configuration_free (c);

  c = parse ("{\"model_type\":\"vit\",\"num_labels\":4,\"hidden_act\":null,\"image_size\":[32,64],"
      "\"patch_size\":[8,8]}");
  g_assert_cmpuint (c->n_labels, ==, 4);
  g_assert_cmpuint (c->image_height, ==, 32);
  g_assert_cmpuint (c->image_width, ==, 64);
  g_assert_cmpuint (c->patch_size, ==, 8);
  gptvis_configuration_free (c);
}

static void
test_swiglu (void)
{
  static const struct { guint hidden; const gchar *ratio; guint want; } cases[] = {
    {48, "3", 96}, {1536, "4", 4096}, {384, "4", 1024}, {100, "4", 272},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar *text = g_strdup_printf ("{\"model_type\":\"dinov2\",\"hidden_size\":%u,\"num_attention_heads\":2,"
        "\"mlp_ratio\":%s,\"use_swiglu_ffn\":true}", cases[i].hidden, cases[i].ratio);
    GptVisConfiguration *c = parse (text);
    g_assert_true (c->swiglu);
    g_assert_cmpuint (c->intermediate_size, ==, cases[i].want);
    gptvis_configuration_free (c);
    g_free (text);
  }
}

static void
test_acts (void)
{
  static const struct { const gchar *name; GptVisAct act; } cases[] = {
    {"gelu", GPTVIS_ACT_GELU}, {"gelu_new", GPTVIS_ACT_GELU_TANH}, {"gelu_pytorch_tanh",
        GPTVIS_ACT_GELU_TANH},
    {"quick_gelu", GPTVIS_ACT_QUICK_GELU}, {"relu", GPTVIS_ACT_RELU}, {"silu", GPTVIS_ACT_SILU},
    {"swish", GPTVIS_ACT_SILU},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar *text = g_strdup_printf ("{\"model_type\":\"vit\",\"hidden_act\":\"%s\"}", cases[i].name);
    GptVisConfiguration *c = parse (text);
    g_assert_cmpint (c->act, ==, cases[i].act);
    gptvis_configuration_free (c);
    g_free (text);
  }
}

/* What kind of scores the labels get. */
static void
test_problems (void)
{
  static const struct { const gchar *more; gboolean multi_label; } cases[] = {
    {"", FALSE}, {",\"problem_type\":null", FALSE}, {",\"problem_type\":\"single_label_classification\"",
        FALSE},
    {",\"problem_type\":\"multi_label_classification\"", TRUE}, {",\"num_labels\":1", TRUE},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar *text = g_strdup_printf ("{\"model_type\":\"vit\"%s}", cases[i].more);
    GptVisConfiguration *c = parse (text);
    g_assert_cmpint (c->multi_label, ==, cases[i].multi_label);
    gptvis_configuration_free (c);
    g_free (text);
  }
}

static void
test_teacher (void)
{
  GptVisConfiguration *c = parse ("{\"model_type\":\"deit\","
      "\"architectures\":[\"DeiTForImageClassificationWithTeacher\"]}");
  g_assert_true (c->teacher);
  gptvis_configuration_free (c);
  c = parse ("{\"model_type\":\"deit\","
      "\"architectures\":[\"DeiTForImageClassification\"]}");
  g_assert_false (c->teacher);
  gptvis_configuration_free (c);
}

static void
test_labels (void)
{
  GptVisConfiguration *c = parse ("{\"model_type\":\"vit\","
      "\"id2label\":{\"1\":\"çedilla, \\\"x\\\"\",\"0\":7}}");
  g_assert_cmpuint (c->n_labels, ==, 2);
  g_assert_cmpstr (c->labels[0], ==, "7");
  g_assert_cmpstr (c->labels[1], ==, "çedilla, \"x\"");
  gptvis_configuration_free (c);
}

static void
test_bad (void)
{
  static const struct {
    const gchar *members;       /* after model_type */
    GptVisError code;
    const gchar *parts;
  } cases[] = {
    {"\"hidden_size\":0", GPTVIS_ERROR_FORMAT, "config.json: hidden_size is no whole number from 1 to"},
    {"\"hidden_size\":\"8\"", GPTVIS_ERROR_FORMAT, "hidden_size is no whole number"},
    {"\"hidden_size\":-8", GPTVIS_ERROR_FORMAT, "hidden_size is no whole number"},
    {"\"hidden_size\":1e3", GPTVIS_ERROR_FORMAT, "hidden_size is no whole number"},
    {"\"hidden_size\":99999999999", GPTVIS_ERROR_FORMAT, "hidden_size is no whole number"},
    {"\"hidden_size\":50,\"num_attention_heads\":3", GPTVIS_ERROR_FORMAT,
        "hidden_size 50 is no multiple of num_attention_heads 3"},
    {"\"num_hidden_layers\":1001", GPTVIS_ERROR_FORMAT,
        "num_hidden_layers is no whole number from 1 to 1000"},
    {"\"num_attention_heads\":0", GPTVIS_ERROR_FORMAT, "num_attention_heads"},
    {"\"intermediate_size\":[]", GPTVIS_ERROR_FORMAT, "intermediate_size"},
    {"\"image_size\":0", GPTVIS_ERROR_FORMAT,
        "image_size is neither a side nor [height, width] from 1 to 16384"},
    {"\"image_size\":[1,2,3]", GPTVIS_ERROR_FORMAT, "image_size"},
    {"\"image_size\":[8,\"8\"]", GPTVIS_ERROR_FORMAT, "image_size"},
    {"\"image_size\":20000", GPTVIS_ERROR_FORMAT, "image_size"},
    {"\"patch_size\":65", GPTVIS_ERROR_FORMAT,
        "patch_size is neither a side nor [height, width] from 1 to 64"},
    {"\"patch_size\":[8,16]", GPTVIS_ERROR_UNSUPPORTED, "patch_size [8, 16] is no square"},
    {"\"patch_size\":16,\"image_size\":8", GPTVIS_ERROR_FORMAT, "image_size is smaller than patch_size 16"},
    {"\"num_channels\":1", GPTVIS_ERROR_FORMAT, "num_channels is no whole number from 3 to 3"},
    {"\"hidden_act\":\"mish\"", GPTVIS_ERROR_UNSUPPORTED, "hidden_act \"mish\" is none of gelu"},
    {"\"hidden_act\":3", GPTVIS_ERROR_FORMAT, "hidden_act is no string"},
    {"\"layer_norm_eps\":-1", GPTVIS_ERROR_FORMAT, "layer_norm_eps is no number from 0 to 1"},
    {"\"layer_norm_eps\":\"small\"", GPTVIS_ERROR_FORMAT, "layer_norm_eps"},
    {"\"layer_norm_eps\":1e999", GPTVIS_ERROR_FORMAT, "layer_norm_eps"},
    {"\"qkv_bias\":1", GPTVIS_ERROR_FORMAT, "qkv_bias is neither true nor false"},
    {"\"problem_type\":\"regression\"", GPTVIS_ERROR_UNSUPPORTED, "problem_type \"regression\""},
    {"\"architectures\":\"ViT\"", GPTVIS_ERROR_FORMAT, "architectures is no array"},
    {"\"architectures\":[3]", GPTVIS_ERROR_FORMAT, "architectures does not hold names"},
    {"\"num_labels\":0", GPTVIS_ERROR_FORMAT, "num_labels"},
    {"\"id2label\":[]", GPTVIS_ERROR_FORMAT, "id2label is no object"},
    {"\"id2label\":{}", GPTVIS_ERROR_FORMAT, "id2label has 0 labels"},
    {"\"id2label\":{\"0\":\"a\",\"2\":\"c\"}", GPTVIS_ERROR_FORMAT,
        "id2label has 2 labels|for class 2|0 to 1"},
    {"\"id2label\":{\"0\":\"a\",\"x\":\"c\"}", GPTVIS_ERROR_FORMAT, "id2label has the name \"x\""},
    {"\"id2label\":{\"0\":\"a\",\"00\":\"c\"}", GPTVIS_ERROR_FORMAT, "id2label has the name \"00\""},
    {"\"id2label\":{\"0\":\"a\",\"-1\":\"c\"}", GPTVIS_ERROR_FORMAT, "id2label has the name \"-1\""},
    {"\"id2label\":{\"0\":[]}", GPTVIS_ERROR_FORMAT, "id2label has no text for class 0"},
    {"\"hidden_size\":8,\"hidden_size\":8", GPTVIS_ERROR_FORMAT, "has the name \"hidden_size\" twice"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar *text = g_strdup_printf ("{\"model_type\":\"vit\",%s}", cases[i].members);
    GError *error = NULL;
    g_assert_null (gptvis_configuration_parse ("config.json", text, strlen (text), &error));
    unit_expect_error (cases[i].members, error, cases[i].code, cases[i].parts);
    g_free (text);
  }
}

static void
test_bad_types (void)
{
  static const struct { const gchar *text; GptVisError code; const gchar *parts; } cases[] = {
    {"{}", GPTVIS_ERROR_FORMAT, "model_type is missing"},
    {"{\"model_type\":3}", GPTVIS_ERROR_FORMAT, "model_type is no string"},
    {"{\"model_type\":\"resnet\"}", GPTVIS_ERROR_UNSUPPORTED, "model_type \"resnet\"|deit, dinov2"},
    {"{\"model_type\":\"dinov2\",\"mlp_ratio\":0}", GPTVIS_ERROR_FORMAT, "mlp_ratio is no number"},
    {"{\"model_type\":\"dinov2\",\"hidden_size\":60000,\"mlp_ratio\":64}", GPTVIS_ERROR_FORMAT,
        "mlp_ratio 64 makes no"},
    {"{\"model_type\":\"dinov2\",\"use_swiglu_ffn\":\"yes\"}", GPTVIS_ERROR_FORMAT, "use_swiglu_ffn"},
    {"{\"model_type\":\"dinov2_with_registers\",\"num_register_tokens\":1025}", GPTVIS_ERROR_FORMAT,
        "num_register_tokens"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    g_assert_null (gptvis_configuration_parse ("config.json", cases[i].text, strlen (cases[i].text), &error));
    unit_expect_error (cases[i].text, error, cases[i].code, cases[i].parts);
  }
}

/* Numbers that are possible one by one, and not together. */
static void
test_plans (void)
{
  static const struct { const gchar *text; guint side; GptVisError code; const gchar *parts; } cases[] = {
    {"{\"model_type\":\"vit\",\"image_size\":16384,\"patch_size\":16}", 16384, GPTVIS_ERROR_LIMIT,
        "pictures of 16384×16384 in patches of 16×16 are 1048576 patches, where at most 65536 are read"},
    {"{\"model_type\":\"vit\",\"image_size\":224}", 256, GPTVIS_ERROR_UNSUPPORTED,
        "preprocessor_config.json makes pictures of 256×256, where config.json's image_size is 224×224"},
    {"{\"model_type\":\"dinov2\",\"image_size\":[28,56]}", 28, GPTVIS_ERROR_UNSUPPORTED,
        "image_size is 56×28"},
    {"{\"model_type\":\"vit\",\"image_size\":225}", 225, GPTVIS_ERROR_UNSUPPORTED,
        "a picture of 225×225 cannot be cut into patches of 16×16"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const GptVisRecipe recipe = { .width = cases[i].side, .height = cases[i].side, .rescale = 1, .std = {1, 1,
        1} };
    GptVisConfiguration *c = parse (cases[i].text);
    GError *error = NULL;
    g_assert_null (gptvis_architecture_plan (c, &recipe, 1, FALSE, &error));
    unit_expect_error (cases[i].text, error, cases[i].code, cases[i].parts);
    gptvis_configuration_free (c);
  }
}

/* Positions for 37×37 patches made to fit 16×16, as published DINOv2 checkpoints need. */
static void
test_interpolation (void)
{
  static const gchar *const types[] = { "dinov2", "dinov2_with_registers" };
  const GptVisRecipe recipe = { .width = 224, .height = 224, .rescale = 1, .std = {1, 1, 1} };
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    gchar *text = g_strdup_printf ("{\"model_type\":\"%s\",\"image_size\":518,\"patch_size\":14}", types[i]);
    GptVisConfiguration *c = parse (text);
    GError *error = NULL;
    GptVisPlan *plan = gptvis_architecture_plan (c, &recipe, 1, FALSE, &error);
    guint n = 0;
    g_assert_no_error (error);
    for (guint o = 0; o < gptvis_plan_n_ops (plan); o++) {
      const GptVisOp *op = gptvis_plan_op (plan, o);
      if (op->kind != GPTVIS_OP_RESAMPLE)
        continue;
      n++;
      g_assert_cmpuint (op->resample.rows_in, ==, 37);
      g_assert_cmpuint (op->resample.columns_out, ==, 16);
      g_assert_cmpint (op->resample.antialias, ==, i == 1);
    }
    g_assert_cmpuint (n, ==, 1);
    gptvis_plan_free (plan);
    gptvis_configuration_free (c);
    g_free (text);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/configuration/vit", test_vit);
  g_test_add_func ("/configuration/defaults", test_defaults);
  g_test_add_func ("/configuration/swiglu", test_swiglu);
  g_test_add_func ("/configuration/acts", test_acts);
  g_test_add_func ("/configuration/problems", test_problems);
  g_test_add_func ("/configuration/teacher", test_teacher);
  g_test_add_func ("/configuration/labels", test_labels);
  g_test_add_func ("/configuration/bad", test_bad);
  g_test_add_func ("/configuration/bad-types", test_bad_types);
  g_test_add_func ("/configuration/plans", test_plans);
  g_test_add_func ("/configuration/interpolation", test_interpolation);
  return g_test_run ();
}
