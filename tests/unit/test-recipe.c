/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* preprocessor_config.json in the forms that downloaded checkpoints have. */
#include "recipe.h"
#include "unit.h"
#include <string.h>

static GptVisRecipe
parse (const gchar *text, const gchar *model_type)
{
  GptVisRecipe recipe;
  GError *error = NULL;
  g_assert_true (gptvis_recipe_parse ("p.json", text, strlen (text), model_type, &recipe, &error));
  g_assert_no_error (error);
  return recipe;
}

static void
check_geometry (const GptVisRecipe *r, guint resize_width, guint resize_height, gboolean shortest_edge,
    gboolean crop, guint width, guint height)
{
  g_assert_cmpuint (r->resize_width, ==, resize_width);
  g_assert_cmpuint (r->resize_height, ==, resize_height);
  g_assert_cmpint (r->shortest_edge, ==, shortest_edge);
  g_assert_cmpint (r->centre_crop, ==, crop);
  g_assert_cmpuint (r->width, ==, width);
  g_assert_cmpuint (r->height, ==, height);
}

/* {} says nothing, so all is the processor's default; which one, the model says. */
static void
test_defaults (void)
{
  GptVisRecipe r = parse ("{}", "vit");
  check_geometry (&r, 224, 224, FALSE, FALSE, 224, 224);
  g_assert_cmpint (r.filter, ==, GPTVIS_FILTER_BILINEAR);
  g_assert_cmpfloat (r.rescale, ==, 1 / 255.0);
  g_assert_cmpfloat (r.mean[0], ==, 0.5);
  g_assert_cmpfloat (r.std[2], ==, 0.5);

  r = parse ("{}", "deit");
  check_geometry (&r, 256, 256, FALSE, TRUE, 224, 224);
  g_assert_cmpint (r.filter, ==, GPTVIS_FILTER_BICUBIC);
  g_assert_cmpfloat (r.mean[0], ==, 0.5);

  r = parse ("{}", "dinov2_with_registers");
  check_geometry (&r, 0, 224, TRUE, TRUE, 224, 224);
  g_assert_cmpint (r.filter, ==, GPTVIS_FILTER_BICUBIC);
  g_assert_cmpfloat (r.mean[1], ==, 0.4578275);
  g_assert_cmpfloat (r.std[2], ==, 0.27577711);
}

static void
test_forms (void)
{
  /* before 2023: a feature extractor, its size a number, no word on rescaling */
  GptVisRecipe r = parse ("{\"do_normalize\":true,\"do_resize\":true,"
      "\"feature_extractor_type\":\"ViTFeatureExtractor\","
      "\"image_mean\":[0.1,0.2,0.3],\"image_std\":[0.4,0.5,0.6],\"resample\":3,\"size\":384}", "dinov2");
  check_geometry (&r, 384, 384, FALSE, FALSE, 384, 384);
  g_assert_cmpint (r.filter, ==, GPTVIS_FILTER_BICUBIC);
  g_assert_cmpfloat (r.mean[2], ==, 0.3);
  g_assert_cmpfloat (r.std[0], ==, 0.4);
  g_assert_cmpfloat (r.rescale, ==, 1 / 255.0);

  r = parse ("{\"feature_extractor_type\":\"DeiTFeatureExtractor\",\"size\":248,\"crop_size\":240}", "vit");
  check_geometry (&r, 248, 248, FALSE, TRUE, 240, 240);

  /* Bit: a number is the shortest edge */
  r = parse ("{\"image_processor_type\":\"BitImageProcessor\",\"size\":256}", "vit");
  check_geometry (&r, 0, 256, TRUE, TRUE, 224, 224);
  r = parse ("{\"image_processor_type\":\"BitImageProcessorFast\",\"size\":{\"height\":100,\"width\":120},"
      "\"do_center_crop\":false}", "vit");
  check_geometry (&r, 120, 100, FALSE, FALSE, 120, 100);

  r = parse ("{\"image_processor_type\":\"ViTImageProcessorFast\",\"size\":{\"height\":32,\"width\":48},"
      "\"resample\":1,\"rescale_factor\":0.5,\"image_mean\":0.25,\"do_convert_rgb\":null,"
      "\"data_format\":\"channels_first\"}", "deit");
  check_geometry (&r, 48, 32, FALSE, FALSE, 48, 32);
  g_assert_cmpint (r.filter, ==, GPTVIS_FILTER_LANCZOS);
  g_assert_cmpfloat (r.rescale, ==, 0.5);
  g_assert_cmpfloat (r.mean[2], ==, 0.25);

  r = parse ("{\"size\":[32,48]}", "vit");
  check_geometry (&r, 48, 32, FALSE, FALSE, 48, 32);

  /* steps left out */
  r = parse ("{\"do_resize\":false,\"do_center_crop\":true,\"crop_size\":96,"
      "\"do_rescale\":false,\"do_normalize\":false}", "vit");
  check_geometry (&r, 0, 0, FALSE, TRUE, 96, 96);
  g_assert_cmpfloat (r.rescale, ==, 1);
  g_assert_cmpfloat (r.mean[0], ==, 0);
  g_assert_cmpfloat (r.std[0], ==, 1);
}

static void
test_bad (void)
{
  static const struct { const gchar *text; GptVisError code; const gchar *parts; } cases[] = {
    {"[]", GPTVIS_ERROR_FORMAT, "p.json: the JSON is not a JSON object"},
    {"{\"image_processor_type\":\"OwlViTImageProcessor\"}", GPTVIS_ERROR_UNSUPPORTED,
        "p.json: image_processor_type \"OwlViTImageProcessor\" is none of ViTImageProcessor"},
    {"{\"image_processor_type\":7}", GPTVIS_ERROR_FORMAT, "image_processor_type is not a string"},
    {"{\"size\":0}", GPTVIS_ERROR_FORMAT, "size is neither a number nor"},
    {"{\"size\":-5}", GPTVIS_ERROR_FORMAT, "size is neither a number nor"},
    {"{\"size\":20000}", GPTVIS_ERROR_FORMAT, "size is neither a number nor|16384"},
    {"{\"size\":\"224\"}", GPTVIS_ERROR_FORMAT, "size is neither a number nor"},
    {"{\"size\":{\"height\":224}}", GPTVIS_ERROR_FORMAT, "size is neither a number nor"},
    {"{\"size\":{}}", GPTVIS_ERROR_FORMAT, "size is neither a number nor"},
    {"{\"size\":[224]}", GPTVIS_ERROR_FORMAT, "size is neither a number nor"},
    {"{\"size\":{\"shortest_edge\":100,\"longest_edge\":200}}", GPTVIS_ERROR_UNSUPPORTED,
        "size with longest_edge"},
    {"{\"size\":{\"shortest_edge\":100}}", GPTVIS_ERROR_UNSUPPORTED, "would keep their proportions"},
    {"{\"do_resize\":false}", GPTVIS_ERROR_UNSUPPORTED, "would keep their own size"},
    {"{\"do_resize\":\"no\"}", GPTVIS_ERROR_FORMAT, "do_resize is neither true nor false"},
    {"{\"crop_size\":{\"shortest_edge\":9},\"do_center_crop\":true}", GPTVIS_ERROR_FORMAT,
        "crop_size has a shortest_edge"},
    {"{\"resample\":6}", GPTVIS_ERROR_FORMAT, "resample is not a whole number from 0 to 5"},
    {"{\"rescale_factor\":0}", GPTVIS_ERROR_FORMAT, "rescale_factor is not a number"},
    {"{\"rescale_factor\":1e400}", GPTVIS_ERROR_FORMAT, "rescale_factor is not a number"},
    {"{\"image_mean\":[0.5,0.5]}", GPTVIS_ERROR_FORMAT, "image_mean is neither a number nor three"},
    {"{\"image_mean\":[0.5,0.5,null]}", GPTVIS_ERROR_FORMAT, "image_mean is neither a number nor three"},
    {"{\"image_std\":[0.5,0,0.5]}", GPTVIS_ERROR_FORMAT, "image_std is neither a number nor three"},
    {"{\"image_std\":-1}", GPTVIS_ERROR_FORMAT, "image_std is neither a number nor three"},
    {"{\"do_pad\":true}", GPTVIS_ERROR_UNSUPPORTED, "do_pad is not supported"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GptVisRecipe recipe;
    GError *error = NULL;
    g_assert_false (gptvis_recipe_parse ("p.json", cases[i].text, strlen (cases[i].text), "vit", &recipe,
        &error));
    unit_expect_error (cases[i].text, error, cases[i].code, cases[i].parts);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/recipe/defaults", test_defaults);
  g_test_add_func ("/recipe/forms", test_forms);
  g_test_add_func ("/recipe/bad", test_bad);
  return g_test_run ();
}
