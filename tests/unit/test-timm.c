/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* timm's config.json: the numbers that a name stands for, what overrides them, its labels, how pictures are
 * prepared, and what is refused. Whole networks are compared by golden-check. */
#include "architectures.h"
#include "recipe.h"
#include "unit.h"
#include <string.h>

static GptVisConfiguration *
parse (const gchar *text)
{
  GError *error = NULL;
  GptVisConfiguration *c = gptvis_configuration_parse ("config.json", text, strlen (text), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (c->model_type, ==, GPTVIS_TIMM);
  return c;
}

static void
test_names (void)
{
  static const struct {
    const gchar *name;
    guint width, n_layers, n_heads, hidden, patch, image;
    GptVisAct act;
    gdouble epsilon;
    gboolean mean;
  } cases[] = {
    { "vit_base_patch16_224", 768, 12, 12, 3072, 16, 224, GPTVIS_ACT_GELU, 1e-6, FALSE },
    { "vit_tiny_patch16_384", 192, 12, 3, 768, 16, 384, GPTVIS_ACT_GELU, 1e-6, FALSE },
    { "deit_small_distilled_patch16_224", 384, 12, 6, 1536, 16, 224, GPTVIS_ACT_GELU, 1e-6, FALSE },
    { "deit3_huge_patch14_224", 1280, 32, 16, 5120, 14, 224, GPTVIS_ACT_GELU, 1e-6, FALSE },
    { "vit_large_patch14_clip_quickgelu_336", 1024, 24, 16, 4096, 14, 336, GPTVIS_ACT_QUICK_GELU, 1e-5,
        FALSE },
    { "vit_base_patch32_plus_256", 896, 12, 14, 3584, 32, 256, GPTVIS_ACT_GELU, 1e-6, FALSE },
    { "vit_small_patch16_36x1_224", 384, 36, 6, 1536, 16, 224, GPTVIS_ACT_GELU, 1e-6, FALSE },
    { "vit_base_patch16_gap_224", 768, 12, 16, 3072, 16, 224, GPTVIS_ACT_GELU, 1e-6, TRUE },
    { "vit_base_patch16_reg4_gap_256", 768, 12, 12, 3072, 16, 256, GPTVIS_ACT_GELU, 1e-6, TRUE },
    { "flexivit_small", 384, 12, 6, 1536, 16, 224, GPTVIS_ACT_GELU, 1e-6, FALSE },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar *text = g_strdup_printf ("{\"architecture\":\"%s\"}", cases[i].name);
    GptVisConfiguration *c = parse (text);
    g_assert_cmpstr (c->timm.architecture, ==, cases[i].name);
    g_assert_cmpuint (c->hidden_size, ==, cases[i].width);
    g_assert_cmpuint (c->n_layers, ==, cases[i].n_layers);
    g_assert_cmpuint (c->n_heads, ==, cases[i].n_heads);
    g_assert_cmpuint (c->intermediate_size, ==, cases[i].hidden);
    g_assert_cmpuint (c->patch_size, ==, cases[i].patch);
    g_assert_cmpuint (c->image_width, ==, cases[i].image);
    g_assert_cmpint (c->act, ==, cases[i].act);
    g_assert_cmpfloat_with_epsilon (c->epsilon, cases[i].epsilon, 1e-9);
    g_assert_cmpint (c->timm.mean, ==, cases[i].mean);
    g_assert_cmpuint (c->n_labels, ==, 1000);
    gptvis_configuration_free (c);
    g_free (text);
  }
}

static void
check_labels (const gchar *text, guint n, const gchar *second)
{
  GptVisConfiguration *c = parse (text);
  g_assert_cmpuint (c->n_labels, ==, n);
  g_assert_cmpstr (c->labels[1], ==, second);
  gptvis_configuration_free (c);
}

/* As timm writes it, as Transformers does, and as timm did before 2023. */
static void
test_forms (void)
{
#define VIT "{\"architecture\":\"vit_tiny_patch16_224\","
  check_labels (VIT "\"num_classes\":2,\"num_features\":192,\"global_pool\":\"token\",\"pretrained_cfg\":{"
      "\"num_classes\":2,\"label_names\":[\"NSFW\",\"SFW\"]}}", 2, "SFW");
  check_labels (VIT "\"model_type\":\"timm_wrapper\",\"label_names\":[\"a\",\"b\",\"c\"],\"num_classes\":3,"
      "\"pretrained_cfg\":{\"label_names\":null}}", 3, "b");
  check_labels (VIT "\"num_classes\":5,\"input_size\":[3,224,224],\"mean\":[0.5,0.5,0.5]}", 5, "LABEL_1");
  check_labels (VIT "\"pretrained_cfg\":{\"num_classes\":21843}}", 21843, "LABEL_1");

  GptVisConfiguration *c = parse (VIT "\"model_args\":{\"embed_dim\":36,\"depth\":2,\"num_heads\":3,"
      "\"mlp_ratio\":2.5,\"img_size\":[48,64],\"patch_size\":8,\"act_layer\":\"gelu_tanh\",\"num_classes\":7,"
      "\"global_pool\":\"avg\",\"drop_path_rate\":0.1,\"class_token\":false},\"num_features\":36}");
  g_assert_cmpuint (c->hidden_size, ==, 36);
  g_assert_cmpuint (c->n_layers, ==, 2);
  g_assert_cmpuint (c->intermediate_size, ==, 90);
  g_assert_cmpuint (c->image_height, ==, 48);
  g_assert_cmpuint (c->image_width, ==, 64);
  g_assert_cmpuint (c->patch_size, ==, 8);
  g_assert_cmpint (c->act, ==, GPTVIS_ACT_GELU_TANH);
  g_assert_cmpuint (c->n_labels, ==, 7);
  g_assert_true (c->timm.mean);
  gptvis_configuration_free (c);
}

static void
test_bad (void)
{
  static const struct { const gchar *text; GptVisError code; const gchar *parts; } cases[] = {
    {"{\"architecture\":\"resnet50\"}", GPTVIS_ERROR_UNSUPPORTED,
        "architecture \"resnet50\" is none of timm's plain ViTs|vit_base_patch16_224"},
    {"{\"architecture\":\"\"}", GPTVIS_ERROR_UNSUPPORTED, "architecture \"\" is none of timm's"},
    {"{\"architecture\":\"vit\"}", GPTVIS_ERROR_UNSUPPORTED, "architecture \"vit\" is none of timm's"},
    {"{\"architecture\":\"vit_base_patch16_siglip_224\"}", GPTVIS_ERROR_UNSUPPORTED, "is none of timm's"},
    {"{\"architecture\":\"vit_base_r50_s16_224\"}", GPTVIS_ERROR_UNSUPPORTED, "is none of timm's"},
    {"{\"architecture\":\"vit_base_patch0_224\"}", GPTVIS_ERROR_UNSUPPORTED, "is none of timm's"},
    {"{\"architecture\":\"vit_base_patch16_99999999999999999999\"}", GPTVIS_ERROR_UNSUPPORTED,
        "is none of timm's"},
    {"{\"architecture\":\"beit_base_patch16_224\"}", GPTVIS_ERROR_UNSUPPORTED, "is none of timm's"},
    {VIT "\"num_features\":1536}", GPTVIS_ERROR_UNSUPPORTED,
        "num_features is 1536, where the plain ViT of that architecture (vit_tiny_patch16_224) has 192"},
    {VIT "\"global_pool\":\"map\"}", GPTVIS_ERROR_UNSUPPORTED,
        "global_pool \"map\" is neither token nor avg"},
    {VIT "\"global_pool\":7}", GPTVIS_ERROR_FORMAT, "global_pool is not a string"},
    {VIT "\"model_args\":{\"qk_norm\":true}}", GPTVIS_ERROR_UNSUPPORTED,
        "model_args: qk_norm is set, and what it does is not known here"},
    {VIT "\"model_args\":{\"in_chans\":1}}", GPTVIS_ERROR_FORMAT, "model_args: in_chans"},
    {VIT "\"model_args\":{\"num_heads\":7}}", GPTVIS_ERROR_FORMAT,
        "model_args: embed_dim 192 is not a multiple of num_heads 7"},
    {VIT "\"model_args\":{\"embed_dim\":0}}", GPTVIS_ERROR_FORMAT, "model_args: embed_dim"},
    {VIT "\"model_args\":{\"mlp_ratio\":1e300}}", GPTVIS_ERROR_FORMAT, "model_args: mlp_ratio"},
    {VIT "\"model_args\":{\"patch_size\":[16,8]}}", GPTVIS_ERROR_UNSUPPORTED, "patch_size is not square"},
    {VIT "\"model_args\":{\"img_size\":8}}", GPTVIS_ERROR_FORMAT, "pictures of 8×8 are smaller than a patch"},
    {VIT "\"model_args\":[]}", GPTVIS_ERROR_FORMAT, "model_args is not an object"},
    {VIT "\"pretrained_cfg\":3}", GPTVIS_ERROR_FORMAT, "pretrained_cfg is not an object"},
    {VIT "\"num_classes\":3,\"label_names\":[\"a\"]}", GPTVIS_ERROR_FORMAT,
        "label_names has 1 names, where there are 3 classes"},
    {VIT "\"num_classes\":1,\"label_names\":[{}]}", GPTVIS_ERROR_FORMAT, "id2label has no text for class 0"},
    {VIT "\"num_classes\":3,\"label_names\":\"a\"}", GPTVIS_ERROR_FORMAT, "label_names is not an array"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    g_assert_null (gptvis_configuration_parse ("config.json", cases[i].text, strlen (cases[i].text), &error));
    unit_expect_error (cases[i].text, error, cases[i].code, cases[i].parts);
  }
}

/* --- pictures --- */

static GptVisRecipe
prepare (const gchar *text)
{
  GptVisRecipe recipe;
  GError *error = NULL;
  g_assert_true (gptvis_recipe_parse ("config.json", text, strlen (text), GPTVIS_TIMM, &recipe, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat (recipe.rescale, ==, 1 / 255.0);
  g_assert_true (recipe.centre_crop && recipe.crop_nearest);
  return recipe;
}

static void
test_pictures (void)
{
  GptVisRecipe r = prepare ("{\"pretrained_cfg\":{\"input_size\":[3,224,224],\"interpolation\":\"bicubic\","
      "\"crop_pct\":0.9,\"crop_mode\":\"center\",\"mean\":[0.5,0.5,0.5],\"std\":[0.25,0.5,0.5]}}");
  g_assert_cmpuint (r.resize_height, ==, 248);
  g_assert_cmpuint (r.resize_width, ==, 0);
  g_assert_true (r.shortest_edge);
  g_assert_cmpuint (r.width, ==, 224);
  g_assert_cmpint (r.filter, ==, GPTVIS_FILTER_BICUBIC);
  g_assert_cmpfloat (r.mean[1], ==, 0.5);
  g_assert_cmpfloat (r.std[0], ==, 0.25);
  r = prepare ("{\"pretrained_cfg\":{\"input_size\":[3,48,64],\"interpolation\":\"lanczos\","
      "\"crop_pct\":0.95,\"crop_mode\":\"squash\"}}");
  g_assert_cmpuint (r.resize_height, ==, 50);
  g_assert_cmpuint (r.resize_width, ==, 67);
  g_assert_false (r.shortest_edge);
  g_assert_cmpint (r.filter, ==, GPTVIS_FILTER_LANCZOS);
  g_assert_cmpfloat (r.mean[0], ==, 0.485);
  r = prepare ("{\"architecture\":\"vit_base_patch16_224\",\"input_size\":[3,96,96],"
      "\"interpolation\":\"bilinear\"}");
  g_assert_cmpuint (r.resize_height, ==, 109);
  g_assert_cmpint (r.filter, ==, GPTVIS_FILTER_BILINEAR);
}

static void
test_bad_pictures (void)
{
  static const struct { const gchar *text; GptVisError code; const gchar *parts; } cases[] = {
    {"{\"pretrained_cfg\":{\"interpolation\":\"random\"}}", GPTVIS_ERROR_UNSUPPORTED,
        "pretrained_cfg: interpolation \"random\" is none of nearest, lanczos, bilinear"},
    {"{\"pretrained_cfg\":{\"crop_pct\":0}}", GPTVIS_ERROR_FORMAT, "crop_pct is not a number from 0.05 to 1"},
    {"{\"pretrained_cfg\":{\"crop_pct\":1.1}}", GPTVIS_ERROR_FORMAT, "crop_pct is not a number"},
    {"{\"pretrained_cfg\":{\"crop_mode\":\"border\"}}", GPTVIS_ERROR_UNSUPPORTED,
        "crop_mode \"border\" is neither center nor squash"},
    {"{\"pretrained_cfg\":{\"input_size\":[3,48,64]}}", GPTVIS_ERROR_UNSUPPORTED, "input_size is not square"},
    {"{\"pretrained_cfg\":{\"input_size\":[1,48,48]}}", GPTVIS_ERROR_FORMAT,
        "input_size is not [3, height, width]"},
    {"{\"pretrained_cfg\":{\"input_size\":[3,0,48]}}", GPTVIS_ERROR_FORMAT,
        "input_size is not [3, height, width]"},
    {"{\"pretrained_cfg\":{\"input_size\":[3,48,99999]}}", GPTVIS_ERROR_FORMAT, "input_size is not"},
    {"{\"pretrained_cfg\":{\"input_size\":[3]}}", GPTVIS_ERROR_FORMAT, "input_size is not"},
    {"{\"pretrained_cfg\":{\"input_size\":48}}", GPTVIS_ERROR_FORMAT, "input_size is not an array"},
    {"{\"pretrained_cfg\":{\"std\":[0,0,0]}}", GPTVIS_ERROR_FORMAT, "std is neither a number nor three"},
    {"{\"pretrained_cfg\":{\"mean\":\"x\"}}", GPTVIS_ERROR_FORMAT, "mean is neither a number nor three"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GptVisRecipe recipe;
    GError *error = NULL;
    g_assert_false (gptvis_recipe_parse (
        "config.json", cases[i].text, strlen (cases[i].text), GPTVIS_TIMM, &recipe, &error));
    unit_expect_error (cases[i].text, error, cases[i].code, cases[i].parts);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/timm/names", test_names);
  g_test_add_func ("/timm/forms", test_forms);
  g_test_add_func ("/timm/bad", test_bad);
  g_test_add_func ("/timm/pictures", test_pictures);
  g_test_add_func ("/timm/bad-pictures", test_bad_pictures);
  return g_test_run ();
}
