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
  g_assert_cmpstr (c->class_name, ==, "ViTForImageClassification");
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
  g_assert_null (c->class_name);
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
    {"swish", GPTVIS_ACT_SILU}, {"tanh", GPTVIS_ACT_TANH},
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
    {"\"hidden_size\":0", GPTVIS_ERROR_FORMAT, "config.json: hidden_size is not a whole number from 1 to"},
    {"\"hidden_size\":\"8\"", GPTVIS_ERROR_FORMAT, "hidden_size is not a whole number"},
    {"\"hidden_size\":-8", GPTVIS_ERROR_FORMAT, "hidden_size is not a whole number"},
    {"\"hidden_size\":1e3", GPTVIS_ERROR_FORMAT, "hidden_size is not a whole number"},
    {"\"hidden_size\":99999999999", GPTVIS_ERROR_FORMAT, "hidden_size is not a whole number"},
    {"\"hidden_size\":50,\"num_attention_heads\":3", GPTVIS_ERROR_FORMAT,
        "hidden_size 50 is not a multiple of num_attention_heads 3"},
    {"\"num_hidden_layers\":1001", GPTVIS_ERROR_FORMAT,
        "num_hidden_layers is not a whole number from 1 to 1000"},
    {"\"num_attention_heads\":0", GPTVIS_ERROR_FORMAT, "num_attention_heads"},
    {"\"intermediate_size\":[]", GPTVIS_ERROR_FORMAT, "intermediate_size"},
    {"\"image_size\":0", GPTVIS_ERROR_FORMAT,
        "image_size is neither a side nor [height, width] from 1 to 16384"},
    {"\"image_size\":[1,2,3]", GPTVIS_ERROR_FORMAT, "image_size"},
    {"\"image_size\":[8,\"8\"]", GPTVIS_ERROR_FORMAT, "image_size"},
    {"\"image_size\":20000",
    GPTVIS_ERROR_LIMIT, "image_size is 20000×20000, where at most 16384 pixels a side"},
    {"\"patch_size\":65", GPTVIS_ERROR_LIMIT, "patch_size is 65×65, where at most 64 pixels a side are read"},
    {"\"patch_size\":[8,16]", GPTVIS_ERROR_UNSUPPORTED, "patch_size [8, 16] is not square"},
    {"\"patch_size\":16,\"image_size\":8", GPTVIS_ERROR_FORMAT, "image_size is smaller than patch_size 16"},
    {"\"num_channels\":1", GPTVIS_ERROR_FORMAT, "num_channels is not a whole number from 3 to 3"},
    {"\"hidden_act\":\"mish\"", GPTVIS_ERROR_UNSUPPORTED, "hidden_act \"mish\" is none of gelu"},
    {"\"hidden_act\":3", GPTVIS_ERROR_FORMAT, "hidden_act is not a string"},
    {"\"layer_norm_eps\":-1", GPTVIS_ERROR_FORMAT, "layer_norm_eps is not a number from 0 to 1"},
    {"\"layer_norm_eps\":\"small\"", GPTVIS_ERROR_FORMAT, "layer_norm_eps"},
    {"\"layer_norm_eps\":1e999", GPTVIS_ERROR_FORMAT, "layer_norm_eps"},
    {"\"qkv_bias\":1", GPTVIS_ERROR_FORMAT, "qkv_bias is neither true nor false"},
    {"\"problem_type\":\"regression\"", GPTVIS_ERROR_UNSUPPORTED, "problem_type \"regression\""},
    {"\"architectures\":\"ViT\"", GPTVIS_ERROR_FORMAT, "architectures is not an array"},
    {"\"architectures\":[3]", GPTVIS_ERROR_FORMAT, "architectures does not hold names"},
    {"\"num_labels\":0", GPTVIS_ERROR_FORMAT, "num_labels"},
    {"\"id2label\":[]", GPTVIS_ERROR_FORMAT, "id2label is not an object"},
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
    {"{\"model_type\":3}", GPTVIS_ERROR_FORMAT, "model_type is not a string"},
    {"{\"model_type\":\"resnet\"}", GPTVIS_ERROR_UNSUPPORTED, "model_type \"resnet\"|deit, dinov2"},
    {"{\"model_type\":\"dinov2\",\"mlp_ratio\":0}", GPTVIS_ERROR_FORMAT, "mlp_ratio is not a number"},
    {"{\"model_type\":\"dinov2\",\"hidden_size\":60000,\"mlp_ratio\":64}", GPTVIS_ERROR_FORMAT,
        "mlp_ratio 64 times hidden_size 60000 is not a width from 1 to"},
    {"{\"model_type\":\"dinov2\",\"use_swiglu_ffn\":\"yes\"}", GPTVIS_ERROR_FORMAT, "use_swiglu_ffn"},
    {"{\"model_type\":\"dinov2_with_registers\",\"num_register_tokens\":1025}", GPTVIS_ERROR_FORMAT,
        "num_register_tokens"},
    {"{\"model_type\":\"swin\",\"window_size\":0}", GPTVIS_ERROR_FORMAT, "window_size"},
    {"{\"model_type\":\"swin\",\"window_size\":8}", GPTVIS_ERROR_FORMAT,
        "window_size is 8, where stage 4 has 7×7 patches"},
    {"{\"model_type\":\"swin\",\"depths\":[]}", GPTVIS_ERROR_FORMAT, "depths has 0 numbers"},
    {"{\"model_type\":\"swin\",\"depths\":[2,2]}", GPTVIS_ERROR_FORMAT,
        "depths has 2 numbers and num_heads has 4"},
    {"{\"model_type\":\"swin\",\"depths\":[2,0,6,2]}", GPTVIS_ERROR_FORMAT, "depths[1] is no number"},
    {"{\"model_type\":\"swin\",\"num_heads\":[3,6,12,25]}", GPTVIS_ERROR_FORMAT,
        "num_heads[3] is 25, which does not divide the stage's width of 768"},
    {"{\"model_type\":\"swin\",\"embed_dim\":65536}", GPTVIS_ERROR_LIMIT,
        "stage 1 of 4 has a width of 65536"},
    {"{\"model_type\":\"beit\",\"use_relative_position_bias\":true,"
        "\"use_shared_relative_position_bias\":true}", GPTVIS_ERROR_UNSUPPORTED, "are both true"},
    {"{\"model_type\":\"dinov3_vit\",\"hidden_size\":36,\"num_attention_heads\":6}", GPTVIS_ERROR_FORMAT,
        "6 heads of 6 values, where a multiple of 4 is needed"},
    {"{\"model_type\":\"dinov3_vit\",\"rope_theta\":0}", GPTVIS_ERROR_FORMAT, "rope_theta"},
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
    g_assert_null (gptvis_architecture_plan (c, &recipe, 1, GPTVIS_OUTPUT_SCORES, &error));
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
    GptVisPlan *plan = gptvis_architecture_plan (c, &recipe, 1, GPTVIS_OUTPUT_SCORES, &error);
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

/* --- networks that write --- */

static void
test_writer (void)
{
  GptVisConfiguration *c = parse (UNIT_WRITER_CONFIG);
  g_assert_true (c->writes);
  g_assert_cmpstr (c->model_type, ==, "vision-encoder-decoder");
  g_assert_cmpstr (c->encoder_type, ==, "vit");
  g_assert_cmpuint (c->hidden_size, ==, 8);     /* the tower's */
  g_assert_cmpuint (c->n_labels, ==, 3);
  g_assert_cmpuint (c->decoder.hidden_size, ==, 12);
  g_assert_cmpuint (c->decoder.n_layers, ==, 1);
  g_assert_cmpuint (c->decoder.n_heads, ==, 3);
  g_assert_cmpuint (c->decoder.intermediate_size, ==, 20);
  g_assert_cmpuint (c->decoder.n_positions, ==, 16);
  g_assert_cmpuint (c->decoder.vocabulary, ==, 10);
  g_assert_true (c->decoder.project);
  gptvis_configuration_free (c);
}

#define PAIR(encoder, \
    decoder) "{\"model_type\":\"vision-encoder-decoder\",\"encoder\":{\"model_type\":" encoder \
    "},\"decoder\":{\"model_type\":" decoder "}}"

static void
test_gpt2 (void)
{
  GptVisConfiguration *c = parse (PAIR ("\"vit\"", "\"gpt2\""));
  const GptVisDecoderNumbers *d = &c->decoder;
  g_assert_cmpuint (d->hidden_size, ==, 768);
  g_assert_cmpuint (d->n_layers, ==, 12);
  g_assert_cmpuint (d->n_heads, ==, 12);
  g_assert_cmpuint (d->intermediate_size, ==, 3072);
  g_assert_cmpuint (d->n_positions, ==, 1024);
  g_assert_cmpuint (d->vocabulary, ==, 50257);
  g_assert_cmpint (d->act, ==, GPTVIS_ACT_GELU_TANH);
  g_assert_cmpfloat_with_epsilon (d->epsilon, 1e-5f, 1e-9);
  g_assert_true (d->tied);
  g_assert_false (d->scale_by_layer || d->project);     /* both are 768 wide */
  g_assert_cmpint (d->start, ==, -1);
  g_assert_cmpint (d->end, ==, -1);
  g_assert_cmpfloat_with_epsilon (c->epsilon, 1e-12f, 1e-14);
  gptvis_configuration_free (c);

  c = parse (PAIR ("\"deit\"", "\"gpt2\",\"n_embd\":1024,\"n_head\":16,\"n_inner\":null,"
      "\"tie_word_embeddings\":false,"
          "\"scale_attn_by_inverse_layer_idx\":true"));
  g_assert_cmpstr (c->encoder_type, ==, "deit");
  g_assert_cmpuint (c->decoder.intermediate_size, ==, 4096);
  g_assert_true (c->decoder.project && c->decoder.scale_by_layer && !c->decoder.tied);
  gptvis_configuration_free (c);
  c = parse (PAIR ("\"deit\"", "\"gpt2\",\"n_embd\":1024,\"n_head\":16,\"cross_attention_hidden_size\":768"));
  g_assert_false (c->decoder.project);
  gptvis_configuration_free (c);
}

static void
test_git (void)
{
  GptVisConfiguration *c = parse ("{\"model_type\":\"git\",\"vision_config\":{}}");
  const GptVisDecoderNumbers *d = &c->decoder;
  g_assert_true (c->writes);
  g_assert_null (c->encoder_type);
  g_assert_cmpint (c->act, ==, GPTVIS_ACT_QUICK_GELU);
  g_assert_cmpuint (c->patch_size, ==, 16);
  g_assert_cmpuint (c->image_width, ==, 224);
  g_assert_cmpfloat_with_epsilon (c->epsilon, 1e-5f, 1e-9);
  g_assert_cmpuint (d->hidden_size, ==, 768);
  g_assert_cmpuint (d->n_layers, ==, 6);
  g_assert_cmpuint (d->n_heads, ==, 12);
  g_assert_cmpuint (d->intermediate_size, ==, 3072);
  g_assert_cmpuint (d->n_positions, ==, 1024);
  g_assert_cmpuint (d->vocabulary, ==, 30522);
  g_assert_cmpint (d->act, ==, GPTVIS_ACT_GELU);
  g_assert_cmpfloat_with_epsilon (d->epsilon, 1e-12f, 1e-14);
  g_assert_cmpuint (d->n_frames, ==, 0);
  g_assert_cmpint (d->start, ==, -1);
  gptvis_configuration_free (c);
  c = parse ("{\"model_type\":\"git\",\"num_image_with_embedding\":6,\"vision_config\":{\"hidden_size\":1024,"
      "\"num_attention_heads\":16}}");
  g_assert_cmpuint (c->decoder.n_frames, ==, 6);
  g_assert_cmpuint (c->hidden_size, ==, 1024);
  g_assert_cmpuint (c->decoder.hidden_size, ==, 768);
  gptvis_configuration_free (c);
}

static void
test_blip (void)
{
  GptVisConfiguration *c = parse ("{\"model_type\":\"blip\",\"vision_config\":{},\"text_config\":{}}");
  const GptVisDecoderNumbers *d = &c->decoder;
  g_assert_true (c->writes);
  g_assert_cmpuint (c->image_width, ==, 384);
  g_assert_cmpuint (c->patch_size, ==, 16);
  g_assert_cmpuint (d->n_layers, ==, 12);
  g_assert_cmpuint (d->n_heads, ==, 8);
  g_assert_cmpuint (d->n_positions, ==, 512);
  g_assert_cmpuint (d->vocabulary, ==, 30524);
  g_assert_cmpint (d->start, ==, 30522);
  g_assert_cmpint (d->end, ==, 102);
  gptvis_configuration_free (c);
}

static void
test_yolos (void)
{
  GptVisConfiguration *c = parse ("{\"model_type\":\"yolos\"}");
  g_assert_cmpuint (c->image_height, ==, 512);
  g_assert_cmpuint (c->image_width, ==, 864);
  g_assert_cmpuint (c->patch_size, ==, 16);
  g_assert_cmpuint (c->n_places, ==, 100);
  g_assert_true (c->mid_positions);
  g_assert_cmpint (gptvis_architecture_outputs (c), ==, GPTVIS_OUTPUT_BOXES);
  gptvis_configuration_free (c);
  c = parse ("{\"model_type\":\"yolos\",\"image_size\":[800,1333],\"num_detection_tokens\":7,"
      "\"use_mid_position_embeddings\":false}");
  g_assert_cmpuint (c->image_height, ==, 800);
  g_assert_cmpuint (c->image_width, ==, 1333);
  g_assert_cmpuint (c->n_places, ==, 7);
  g_assert_false (c->mid_positions);
  gptvis_configuration_free (c);
}

/* Without its backbone it is the first that was published. */
static void
test_rf_detr (void)
{
  GptVisConfiguration *c = parse ("{\"model_type\":\"rf_detr\"}");
  const GptVisDetectorNumbers *d = &c->detector;
  g_assert_cmpuint (c->hidden_size, ==, 384);
  g_assert_cmpuint (c->n_heads, ==, 6);
  g_assert_cmpuint (c->image_width, ==, 518);
  g_assert_cmpuint (c->patch_size, ==, 14);
  g_assert_cmpuint (c->intermediate_size, ==, 1536);
  g_assert_cmpuint (c->n_places, ==, 300);
  g_assert_true (c->multi_label);
  g_assert_cmpuint (d->n_stages, ==, 4);
  g_assert_cmpuint (d->stages[3], ==, 11);
  g_assert_cmpuint (d->n_windowed, ==, 8);      /* 0 to 11 but the stages */
  g_assert_cmpuint (d->windowed[2], ==, 3);
  g_assert_cmpuint (d->windows, ==, 4);
  g_assert_true (d->normed);
  g_assert_cmpuint (d->width, ==, 256);
  g_assert_cmpuint (d->hidden, ==, 128);
  g_assert_cmpuint (d->cross_heads, ==, 16);
  g_assert_cmpuint (d->n_groups, ==, 13);
  g_assert_cmpint (d->act, ==, GPTVIS_ACT_SILU);
  gptvis_configuration_free (c);
}

static void
test_lw_detr (void)
{
  GptVisConfiguration *c = parse ("{\"model_type\":\"lw_detr\",\"num_queries\":100,\"backbone_config\":{"
      "\"hidden_size\":192,\"num_hidden_layers\":6,\"out_features\":[\"stem\",\"stage2\",\"stage6\"],"
      "\"window_block_indices\":[0,1,3],\"num_windows\":9,\"pretrain_image_size\":[64,96]}}");
  const GptVisDetectorNumbers *d = &c->detector;
  g_assert_cmpuint (c->hidden_size, ==, 192);
  g_assert_cmpuint (c->image_height, ==, 64);
  g_assert_cmpuint (c->image_width, ==, 96);
  g_assert_cmpuint (c->n_places, ==, 100);
  g_assert_cmpuint (d->n_stages, ==, 3);
  g_assert_cmpuint (d->stages[0], ==, 0);
  g_assert_cmpuint (d->stages[2], ==, 6);
  g_assert_cmpuint (d->n_windowed, ==, 3);
  g_assert_cmpuint (d->windows, ==, 3);
  g_assert_false (d->normed);
  gptvis_configuration_free (c);
}

static void
test_bad_detectors (void)
{
#define LW(backbone, more) \
  "{\"model_type\":\"lw_detr\",\"backbone_config\":{\"num_hidden_layers\":6" backbone "}" more "}"
  static const struct { const gchar *text; GptVisError code; const gchar *parts; } cases[] = {
    {"{\"model_type\":\"lw_detr\"}", GPTVIS_ERROR_FORMAT, "config.json: backbone_config is missing"},
    {"{\"model_type\":\"rf_detr\",\"backbone_config\":7}", GPTVIS_ERROR_FORMAT,
        "backbone_config is not an object"},
    {LW (",\"out_indices\":[2,7]", ""), GPTVIS_ERROR_FORMAT,
        "out_indices does not hold up to 8 whole numbers from 0 to 6"},
    {LW (",\"out_indices\":[0,1,2,3,4,5,6,0,1]", ""), GPTVIS_ERROR_FORMAT,
        "out_indices does not hold up to 8"},
    {LW (",\"out_indices\":[\"a\"]", ""), GPTVIS_ERROR_FORMAT, "out_indices does not hold"},
    {LW (",\"out_features\":[\"stage7\"]", ""), GPTVIS_ERROR_FORMAT, "out_features|\"stage6\""},
    {LW (",\"out_features\":[\"res2\"]", ""), GPTVIS_ERROR_FORMAT, "out_features|\"stem\""},
    {LW (",\"out_features\":[3]", ""), GPTVIS_ERROR_FORMAT, "out_features|\"stem\""},
    {LW (",\"window_block_indices\":[-1]", ""), GPTVIS_ERROR_FORMAT, "window_block_indices does not hold"},
    {LW (",\"num_windows\":8", ""), GPTVIS_ERROR_FORMAT, "num_windows 8 is no square"},
    {LW (",\"num_register_tokens\":4", ""), GPTVIS_ERROR_UNSUPPORTED, "num_register_tokens is not 0"},
    {LW ("", ",\"projector_scale_factors\":[2.0,0.5]"), GPTVIS_ERROR_UNSUPPORTED,
        "projector_scale_factors is not [1.0], where only that is known here"},
    {LW ("", ",\"projector_scale_factors\":[2.0]"), GPTVIS_ERROR_UNSUPPORTED,
        "projector_scale_factors is not [1.0]"},
    {LW ("", ",\"num_feature_levels\":2"), GPTVIS_ERROR_UNSUPPORTED, "num_feature_levels is not 1"},
    {LW ("", ",\"d_model\":250"), GPTVIS_ERROR_FORMAT, "d_model 250 cannot have 8 and 16 attention heads"},
    {LW ("", ",\"c2f_num_blocks\":7"), GPTVIS_ERROR_FORMAT, "c2f_num_blocks"},
    {LW ("", ",\"decoder_n_points\":65"), GPTVIS_ERROR_FORMAT, "decoder_n_points"},
    {"{\"model_type\":\"yolos\",\"num_detection_tokens\":0}", GPTVIS_ERROR_FORMAT, "num_detection_tokens"},
  };
#undef LW
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    g_assert_null (gptvis_configuration_parse ("config.json", cases[i].text, strlen (cases[i].text), &error));
    unit_expect_error (cases[i].text, error, cases[i].code, cases[i].parts);
  }
}

/* Grids that windows do not divide, and fewer places than queries. */
static void
test_bad_detector_plans (void)
{
  static const struct { const gchar *more; guint side; const gchar *parts; } cases[] = {
    {"", 72, "windows|a grid of 9×9 cannot be cut into 2 windows each way"},
    {",\"num_queries\":65", 64, "top|65 of 64 rows are not possible"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar *text = g_strdup_printf ("{\"model_type\":\"rf_detr\",\"backbone_config\":{\"patch_size\":8,"
        "\"num_windows\":2,\"num_hidden_layers\":1,\"out_indices\":[1]}%s}", cases[i].more);
    GptVisConfiguration *c = parse (text);
    const GptVisRecipe recipe = { .width = cases[i].side, .height = cases[i].side, .rescale = 1, .std = {1,
        1, 1} };
    GError *error = NULL;
    g_assert_null (gptvis_architecture_plan (c, &recipe, 1, GPTVIS_OUTPUT_BOXES, &error));
    unit_expect_error (text, error, GPTVIS_ERROR_UNSUPPORTED, cases[i].parts);
    gptvis_configuration_free (c);
    g_free (text);
  }
}

static void
test_bad_writers (void)
{
  static const struct { const gchar *text; GptVisError code; const gchar *parts; } cases[] = {
    {"{\"model_type\":\"vision-encoder-decoder\"}", GPTVIS_ERROR_FORMAT, "config.json: encoder is missing"},
    {"{\"model_type\":\"vision-encoder-decoder\",\"encoder\":{\"model_type\":\"vit\"}}", GPTVIS_ERROR_FORMAT,
        "config.json: decoder is missing"},
    {"{\"model_type\":\"vision-encoder-decoder\",\"encoder\":[]}", GPTVIS_ERROR_FORMAT,
        "config.json: encoder is not an object {…}"},
    {"{\"model_type\":\"vision-encoder-decoder\",\"encoder\":{\"model_type\":\"vit\"},\"decoder\":\"gpt2\"}",
        GPTVIS_ERROR_FORMAT, "config.json: decoder is not an object {…}"},
    {"{\"model_type\":\"vision-encoder-decoder\",\"encoder\":{},\"decoder\":{}}", GPTVIS_ERROR_UNSUPPORTED,
        "config.json: encoder: model_type \"\" is neither vit nor deit"},
    {PAIR ("\"swin\"", "\"gpt2\""), GPTVIS_ERROR_UNSUPPORTED,
        "config.json: encoder: model_type \"swin\" is neither vit nor deit"},
    {PAIR ("\"dinov2\"", "\"gpt2\""), GPTVIS_ERROR_UNSUPPORTED,
        "config.json: encoder: model_type \"dinov2\" is neither vit nor deit"},
    {PAIR ("\"git\"", "\"gpt2\""), GPTVIS_ERROR_UNSUPPORTED,
        "encoder: model_type \"git\" is neither vit nor deit"},
    {PAIR ("\"vit\"", "\"bert\""), GPTVIS_ERROR_UNSUPPORTED,
        "config.json: decoder: model_type \"bert\" is not gpt2"},
    {PAIR ("\"vit\"", "3"), GPTVIS_ERROR_FORMAT, "config.json: decoder: model_type is not a string"},
    {PAIR ("\"vit\",\"hidden_size\":-1", "\"gpt2\""), GPTVIS_ERROR_FORMAT,
        "config.json: encoder: hidden_size is not a whole number from 1 to"},
    {PAIR ("\"vit\",\"hidden_size\":10", "\"gpt2\""), GPTVIS_ERROR_FORMAT,
        "config.json: encoder: hidden_size 10 is not a multiple of num_attention_heads 12"},
    {PAIR ("\"vit\"", "\"gpt2\",\"n_embd\":\"x\""), GPTVIS_ERROR_FORMAT,
        "config.json: decoder: n_embd is not a whole"},
    {PAIR ("\"vit\"", "\"gpt2\",\"n_embd\":10,\"n_head\":3"), GPTVIS_ERROR_FORMAT,
        "config.json: decoder: a width of 10 cannot have 3 attention heads"},
    {PAIR ("\"vit\"", "\"gpt2\",\"vocab_size\":1000001"), GPTVIS_ERROR_FORMAT,
        "config.json: decoder: vocab_size is not a whole number from 1 to 1000000"},
    {PAIR ("\"vit\"", "\"gpt2\",\"n_positions\":0"), GPTVIS_ERROR_FORMAT,
        "config.json: decoder: n_positions"},
    {PAIR ("\"vit\"", "\"gpt2\",\"activation_function\":\"mish\""), GPTVIS_ERROR_UNSUPPORTED,
        "config.json: decoder: activation_function \"mish\" is none of"},
    {PAIR ("\"vit\"", "\"gpt2\",\"scale_attn_weights\":false"), GPTVIS_ERROR_UNSUPPORTED,
        "config.json: decoder: scale_attn_weights is false, where only true is supported"},
    {"{\"model_type\":\"git\"}", GPTVIS_ERROR_FORMAT, "config.json: vision_config is missing"},
    {"{\"model_type\":\"git\",\"vision_config\":{\"num_hidden_layers\":0}}", GPTVIS_ERROR_FORMAT,
        "config.json: vision_config: num_hidden_layers"},
    {"{\"model_type\":\"git\",\"vision_config\":{},\"hidden_size\":50}", GPTVIS_ERROR_FORMAT,
        "config.json: a width of 50 cannot have 12 attention heads"},
    {"{\"model_type\":\"git\",\"vision_config\":{},\"num_image_with_embedding\":1000}", GPTVIS_ERROR_FORMAT,
        "config.json: num_image_with_embedding is not a whole number from 0 to"},
    {"{\"model_type\":\"git\",\"vision_config\":{},\"position_embedding_type\":\"relative_key\"}",
        GPTVIS_ERROR_UNSUPPORTED, "config.json: position_embedding_type \"relative_key\" is not absolute"},
    {"{\"model_type\":\"blip\",\"vision_config\":{}}", GPTVIS_ERROR_FORMAT,
        "config.json: text_config is missing"},
    {"{\"model_type\":\"blip\",\"vision_config\":{},\"text_config\":{\"hidden_size\":50}}",
        GPTVIS_ERROR_FORMAT, "config.json: text_config: a width of 50 cannot have 8 attention heads"},
    {"{\"model_type\":\"blip\",\"vision_config\":{},\"text_config\":{\"hidden_act\":3}}", GPTVIS_ERROR_FORMAT,
        "config.json: text_config: hidden_act is not a string"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    g_assert_null (gptvis_configuration_parse ("config.json", cases[i].text, strlen (cases[i].text), &error));
    unit_expect_error (cases[i].text, error, cases[i].code, cases[i].parts);
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
  g_test_add_func ("/configuration/writer", test_writer);
  g_test_add_func ("/configuration/gpt2", test_gpt2);
  g_test_add_func ("/configuration/git", test_git);
  g_test_add_func ("/configuration/blip", test_blip);
  g_test_add_func ("/configuration/yolos", test_yolos);
  g_test_add_func ("/configuration/rf-detr", test_rf_detr);
  g_test_add_func ("/configuration/lw-detr", test_lw_detr);
  g_test_add_func ("/configuration/bad-detectors", test_bad_detectors);
  g_test_add_func ("/configuration/bad-detector-plans", test_bad_detector_plans);
  g_test_add_func ("/configuration/bad-writers", test_bad_writers);
  return g_test_run ();
}
