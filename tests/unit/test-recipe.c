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
check_edges (const gchar *text, guint shortest, guint longest)
{
  GptVisRecipe r = parse (text, "yolos");
  check_geometry (&r, 0, shortest, TRUE, FALSE, 0, 0);
  g_assert_true (gptvis_recipe_follows_picture (&r));
  g_assert_cmpuint (r.longest_edge, ==, longest);
  g_assert_cmpuint (r.multiple, ==, 16);
  g_assert_cmpint (r.filter, ==, GPTVIS_FILTER_BILINEAR);
  g_assert_cmpfloat (r.mean[0], ==, 0.485);
  g_assert_cmpfloat (r.std[2], ==, 0.225);
}

/* Those of detectors, which may let pictures keep their proportions. */
static void
test_proportions (void)
{
  check_edges ("{}", 800, 1333);
  check_edges ("{\"size\":{\"shortest_edge\":512,\"longest_edge\":1000},\"do_pad\":true}", 512, 1000);
  check_edges ("{\"feature_extractor_type\":\"YolosFeatureExtractor\",\"format\":\"coco_detection\","
      "\"max_size\":864,\"size\":512}", 512, 864);
  check_edges ("{\"image_processor_type\":\"YolosImageProcessorFast\",\"size\":512,\"pad_size\":null}", 512,
      1333);
  check_edges ("{\"size\":{\"shortest_edge\":512}}", 512, 0);
  GptVisRecipe r = parse ("{\"size\":{\"height\":512,\"width\":864},\"pad_size\":{\"height\":9,\"width\":9},"
      "\"do_pad\":false}", "yolos");
  check_geometry (&r, 864, 512, FALSE, FALSE, 864, 512);
  g_assert_false (gptvis_recipe_follows_picture (&r));
}

/* Of those with two stages. */
static void
test_two_stages (void)
{
  GptVisRecipe r = parse ("{\"image_processor_type\":\"RfDetrImageProcessor\",\"do_pad\":true,\"resample\":2,"
      "\"size\":{\"height\":384,\"width\":400}}", "vit");
  check_geometry (&r, 400, 384, FALSE, FALSE, 400, 384);
  g_assert_true (r.interpolated);
  r = parse ("{\"size\":{\"height\":64,\"width\":64}}", "lw_detr");
  check_geometry (&r, 64, 64, FALSE, FALSE, 64, 64);
  g_assert_false (r.interpolated);
  r = parse ("{}", "rf_detr");
  check_geometry (&r, 0, 800, TRUE, FALSE, 0, 0);
  g_assert_cmpuint (r.multiple, ==, 0);
}

/* As Transformers 5.24 computes them: picture, edges, size. */
static void
test_followed_sizes (void)
{
  static const struct { guint width, height, shortest, longest, out_width, out_height; } cases[] = {
    {1920, 1080, 512, 1333, 896, 512},
    {1080, 1920, 512, 1333, 512, 896},
    {640, 480, 512, 1333, 672, 512},
    {512, 512, 800, 1333, 800, 800},
    {3840, 1080, 512, 1333, 1328, 368},
    {1334, 100, 512, 1333, 1328, 96},
    {100, 1334, 512, 1333, 96, 1328},
    {1337, 100, 512, 1343, 1328, 96},
    {100, 1344, 512, 1343, 96, 1328},
    {1344, 100, 512, 1343, 1344, 96},
    {97, 161, 64, 100, 48, 96},
    {480, 512, 512, 1333, 512, 544},
    {2000, 333, 800, 1333, 1328, 208},
    {16384, 3000, 800, 1333, 1328, 240},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar *text = g_strdup_printf ("{\"size\":{\"shortest_edge\":%u,\"longest_edge\":%u}}", cases[i].shortest,
        cases[i].longest);
    const GptVisRecipe follows = parse (text, "yolos");
    GptVisRecipe fixed = gptvis_recipe_for_size (&follows, cases[i].width, cases[i].height);
    check_geometry (&fixed, cases[i].out_width, cases[i].out_height, FALSE, FALSE, cases[i].out_width,
        cases[i].out_height);
    g_assert_false (gptvis_recipe_follows_picture (&fixed));
    g_free (text);
  }
  /* never narrower than a multiple, nor for others than a pixel */
  const GptVisRecipe yolos = parse ("{}", "yolos");
  const GptVisRecipe vit = parse ("{\"size\":{\"height\":5,\"width\":7}}", "vit");
  GptVisRecipe line = gptvis_recipe_for_size (&yolos, 16384, 1);
  GptVisRecipe same = gptvis_recipe_for_size (&vit, 16384, 1);
  check_geometry (&line, 1328, 16, FALSE, FALSE, 1328, 16);
  check_geometry (&same, 7, 5, FALSE, FALSE, 7, 5);
}

/* What single processors do otherwise. */
static void
test_habits (void)
{
  GptVisRecipe r = parse ("{\"do_convert_rgb\":true,\"size\":{\"height\":64,\"width\":48}}", "dinov3_vit");
  check_geometry (&r, 48, 64, FALSE, FALSE, 48, 64);
  g_assert_true (r.unrounded && !r.interpolated && !r.flipped);
  g_assert_cmpfloat (r.mean[0], ==, 0.485);
  r = parse ("{\"image_processor_type\":\"DINOv3ViTImageProcessorFast\",\"resample\":2}", "vit");
  check_geometry (&r, 224, 224, FALSE, FALSE, 224, 224);
  g_assert_true (r.unrounded);

  /* a part is cut of small pictures alone */
  r = parse ("{\"image_processor_type\":\"ConvNextImageProcessor\",\"size\":{\"shortest_edge\":224}}", "vit");
  check_geometry (&r, 0, 256, TRUE, TRUE, 224, 224);
  r = parse ("{\"feature_extractor_type\":\"ConvNextFeatureExtractor\",\"size\":224,\"crop_pct\":0.95}",
      "vit");
  check_geometry (&r, 0, 235, TRUE, TRUE, 224, 224);
  r = parse ("{\"image_processor_type\":\"ConvNextImageProcessor\",\"crop_pct\":0.5}", "vit");
  check_geometry (&r, 384, 384, FALSE, FALSE, 384, 384);

  r = parse ("{\"feature_extractor_type\":\"MobileViTFeatureExtractor\",\"crop_size\":256,\"size\":288,"
      "\"resample\":2}", "vit");
  check_geometry (&r, 0, 288, TRUE, TRUE, 256, 256);
  g_assert_true (r.flipped);
  g_assert_cmpfloat (r.mean[0], ==, 0);
  g_assert_cmpfloat (r.std[0], ==, 1);
  r = parse ("{\"image_processor_type\":\"MobileViTImageProcessor\",\"do_flip_channel_order\":false}", "vit");
  g_assert_false (r.flipped);
  r = parse ("{\"do_flip_channel_order\":true,\"crop_pct\":0.5,\"keep_aspect_ratio\":true}", "vit");
  check_geometry (&r, 224, 224, FALSE, FALSE, 224, 224);        /* ViT's knows none of these */
  g_assert_false (r.flipped || r.fits);
}

/* As Transformers 5.24 computes them: picture, size. */
static void
test_fitted_sizes (void)
{
  static const struct { guint width, height, out_width, out_height; } cases[] = {
    {640, 480, 686, 518}, {480, 640, 518, 686}, {1920, 1080, 924, 518}, {518, 518, 518, 518},
    {100, 2000, 28, 518}, {30, 16384, 14, 518}, {517, 16384, 518, 16380}, {16384, 1, 518, 14},
  };
  GptVisRecipe follows = parse ("{\"image_processor_type\":\"DPTImageProcessor\",\"keep_aspect_ratio\":true,"
      "\"ensure_multiple_of\":14,\"size\":{\"height\":518,\"width\":518}}", "vit");
  g_assert_true (gptvis_recipe_follows_picture (&follows));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GptVisRecipe fixed = gptvis_recipe_for_size (&follows, cases[i].width, cases[i].height);
    check_geometry (&fixed, cases[i].out_width, cases[i].out_height, FALSE, FALSE, cases[i].out_width,
        cases[i].out_height);
  }
  GptVisRecipe r
      = parse ("{\"image_processor_type\":\"DPTImageProcessor\",\"ensure_multiple_of\":14}", "vit");
  check_geometry (&r, 384, 384, FALSE, FALSE, 384, 384);
}

static void
test_bad (void)
{
#define YOLOS "{\"image_processor_type\":\"YolosImageProcessor\""
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
    {YOLOS ",\"size\":{\"shortest_edge\":100,\"longest_edge\":0}}", GPTVIS_ERROR_FORMAT,
        "size is neither a number nor"},
    {YOLOS ",\"size\":{\"longest_edge\":100}}", GPTVIS_ERROR_FORMAT, "size is neither a number nor"},
    {YOLOS ",\"size\":512,\"max_size\":20000}", GPTVIS_ERROR_FORMAT,
        "max_size is not a whole number from 1 to 16384"},
    {"{\"image_processor_type\":\"RfDetrImageProcessor\",\"resample\":3}", GPTVIS_ERROR_UNSUPPORTED,
        "resample is not 2 (bilinear), where that alone is known of RfDetrImageProcessor"},
    {"{\"image_processor_type\":\"DINOv3ViTImageProcessor\",\"resample\":3}", GPTVIS_ERROR_UNSUPPORTED,
        "resample is not 2 (bilinear), where that alone is known of DINOv3ViTImageProcessor"},
    {"{\"image_processor_type\":\"ConvNextImageProcessor\",\"crop_pct\":0}", GPTVIS_ERROR_FORMAT,
        "crop_pct is not a number from 0.05 to 1"},
    {"{\"image_processor_type\":\"ConvNextImageProcessor\",\"size\":{\"height\":9,\"width\":9}}",
        GPTVIS_ERROR_FORMAT, "size has no shortest_edge, which ConvNextImageProcessor needs"},
    {"{\"image_processor_type\":\"DPTImageProcessor\",\"keep_aspect_ratio\":true,\"ensure_multiple_of\":0}",
        GPTVIS_ERROR_FORMAT, "ensure_multiple_of is not a whole number from 1 to 1024"},
    {YOLOS ",\"do_resize\":false}", GPTVIS_ERROR_UNSUPPORTED, "would keep their own size"},
    {YOLOS ",\"do_pad\":true,\"pad_size\":{\"height\":9,\"width\":9}}", GPTVIS_ERROR_UNSUPPORTED,
        "do_pad is not supported with pad_size"},
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
  g_test_add_func ("/recipe/proportions", test_proportions);
  g_test_add_func ("/recipe/two-stages", test_two_stages);
  g_test_add_func ("/recipe/followed-sizes", test_followed_sizes);
  g_test_add_func ("/recipe/habits", test_habits);
  g_test_add_func ("/recipe/fitted-sizes", test_fitted_sizes);
  g_test_add_func ("/recipe/bad", test_bad);
  return g_test_run ();
}
