/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processors differ in their defaults and in what a bare number means as
 * size; that is the table, taken from Transformers' image_processing_*.py. */
#include "recipe-private.h"
#include "architectures.h"
#include <string.h>

#define CLIP_MEAN {0.48145466, 0.4578275, 0.40821073}
#define CLIP_STD {0.26862954, 0.26130258, 0.27577711}
#define IMAGENET_MEAN {0.485, 0.456, 0.406}
#define IMAGENET_STD {0.229, 0.224, 0.225}
#define HALF {0.5, 0.5, 0.5}    /* IMAGENET_STANDARD_MEAN and _STD */

typedef struct {
  const gchar *name;            /* image_processor_type or feature_extractor_type, less "Fast" */
  const gchar *model_type;      /* whose processor it is when the file names none */
  guint size;
  gboolean shortest_edge;       /* what a bare number means, and the default */
  GptVisFilter filter;
  gboolean centre_crop;
  guint crop;
  gdouble mean[3], std[3];
  /* Of a detector's, which may let pictures keep their proportions: how long the longer side may be, and what
   * both sides are rounded down to multiples of. 0: another's. */
  guint longest, multiple;
  gboolean interpolated;        /* it does not antialias, or round to 8 bits */
  gboolean unrounded;           /* it rescales before it resizes */
  gboolean flips;               /* do_flip_channel_order is known, and true; nothing is normalised */
  gdouble crop_part;            /* crop_pct is known, and so much */
  gboolean fits;                /* keep_aspect_ratio and ensure_multiple_of are known */
} Processor;

static const Processor processors[] = {
  {"ViTImageProcessor", "vit", 224, FALSE, GPTVIS_FILTER_BILINEAR, FALSE, 224, HALF, HALF},
  {"ViTFeatureExtractor", NULL, 224, FALSE, GPTVIS_FILTER_BILINEAR, FALSE, 224, HALF, HALF},
  {"DeiTImageProcessor", "deit", 256, FALSE, GPTVIS_FILTER_BICUBIC, TRUE, 224, HALF, HALF},
  {"DeiTFeatureExtractor", NULL, 256, FALSE, GPTVIS_FILTER_BICUBIC, TRUE, 224, HALF, HALF},
  {"BitImageProcessor", "dinov2", 224, TRUE, GPTVIS_FILTER_BICUBIC, TRUE, 224, CLIP_MEAN, CLIP_STD},
  {"BitImageProcessor", "dinov2_with_registers", 224, TRUE, GPTVIS_FILTER_BICUBIC, TRUE, 224, CLIP_MEAN,
      CLIP_STD},
  {"BlipImageProcessor", "blip", 384, FALSE, GPTVIS_FILTER_BICUBIC, FALSE, 384, CLIP_MEAN, CLIP_STD},
  {"CLIPImageProcessor", "clip", 224, TRUE, GPTVIS_FILTER_BICUBIC, TRUE, 224, CLIP_MEAN, CLIP_STD},
  {"CLIPImageProcessor", "clip_vision_model", 224, TRUE, GPTVIS_FILTER_BICUBIC, TRUE, 224, CLIP_MEAN,
      CLIP_STD},
  {"CLIPImageProcessor", "git", 224, TRUE, GPTVIS_FILTER_BICUBIC, TRUE, 224, CLIP_MEAN, CLIP_STD},
  {"CLIPFeatureExtractor", NULL, 224, TRUE, GPTVIS_FILTER_BICUBIC, TRUE, 224, CLIP_MEAN, CLIP_STD},
  {"SiglipImageProcessor", "siglip", 224, FALSE, GPTVIS_FILTER_BICUBIC, FALSE, 224, HALF, HALF},
  {"BeitImageProcessor", "beit", 224, FALSE, GPTVIS_FILTER_BICUBIC, FALSE, 224, HALF, HALF},
  {"BeitImageProcessor", "data2vec-vision", 224, FALSE, GPTVIS_FILTER_BICUBIC, FALSE, 224, HALF, HALF},
  {"DINOv3ViTImageProcessor", "dinov3_vit", 224, FALSE, GPTVIS_FILTER_BILINEAR, FALSE, 224, IMAGENET_MEAN,
      IMAGENET_STD, .unrounded = TRUE},
  {"ConvNextImageProcessor", NULL, 384, TRUE, GPTVIS_FILTER_BICUBIC, FALSE, 224, HALF, HALF,
      .crop_part = 224 / 256.0},
  {"ConvNextFeatureExtractor", NULL, 384, TRUE, GPTVIS_FILTER_BICUBIC, FALSE, 224, HALF, HALF,
      .crop_part = 224 / 256.0},
  {"MobileViTImageProcessor", NULL, 224, TRUE, GPTVIS_FILTER_BICUBIC, TRUE, 256, HALF, HALF, .flips = TRUE},
  {"MobileViTFeatureExtractor", NULL, 224, TRUE, GPTVIS_FILTER_BICUBIC, TRUE, 256, HALF, HALF, .flips = TRUE},
  {"DPTImageProcessor", NULL, 384, FALSE, GPTVIS_FILTER_BICUBIC, FALSE, 224, HALF, HALF, .fits = TRUE},
  {"DPTFeatureExtractor", NULL, 384, FALSE, GPTVIS_FILTER_BICUBIC, FALSE, 224, HALF, HALF, .fits = TRUE},
  {"YolosImageProcessor", "yolos", 800, TRUE, GPTVIS_FILTER_BILINEAR, FALSE, 224, IMAGENET_MEAN,
      IMAGENET_STD, 1333, 16},
  {"YolosFeatureExtractor", NULL, 800, TRUE, GPTVIS_FILTER_BILINEAR, FALSE, 224, IMAGENET_MEAN,
      IMAGENET_STD, 1333, 16},
  {"DeformableDetrImageProcessor", "lw_detr", 800, TRUE, GPTVIS_FILTER_BILINEAR, FALSE, 224, IMAGENET_MEAN,
      IMAGENET_STD, 1333, 0},
  {"RfDetrImageProcessor", "rf_detr", 800, TRUE, GPTVIS_FILTER_BILINEAR, FALSE, 224, IMAGENET_MEAN,
      IMAGENET_STD, 1333, 0, TRUE},
};

static const Processor *
find_processor (GptVisJson *json, const gchar *model_type)
{
  const gchar *name = gptvis_json_string (json, "image_processor_type", NULL);
  if (!name)
    name = gptvis_json_string (json, "feature_extractor_type", NULL);
  if (!name) {
    for (guint i = 0; i < G_N_ELEMENTS (processors); i++)
      if (processors[i].model_type && strcmp (model_type, processors[i].model_type) == 0)
        return &processors[i];
    return &processors[0];
  }
  gsize n = strlen (name);
  if (g_str_has_suffix (name, "Fast"))
    n -= strlen ("Fast");
  for (guint i = 0; i < G_N_ELEMENTS (processors); i++)
    if (strlen (processors[i].name) == n && strncmp (name, processors[i].name, n) == 0)
      return &processors[i];
  gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED,
      "image_processor_type \"%.60s\" is none of ViTImageProcessor, DeiTImageProcessor, BitImageProcessor, "
      "BlipImageProcessor, CLIPImageProcessor, SiglipImageProcessor, BeitImageProcessor, "
      "DINOv3ViTImageProcessor, ConvNextImageProcessor, MobileViTImageProcessor, DPTImageProcessor, "
      "YolosImageProcessor, DeformableDetrImageProcessor, RfDetrImageProcessor", name);
  return &processors[0];
}

/* A side in an object of them; FALSE when it is not there or impossible. */
static gboolean
side (JsonObject *object, const gchar *name, guint *value)
{
  guint64 v;
  JsonNode *node = json_object_get_member (object, name);
  if (!node || !gptvis_json_node_uint (node, &v) || v < 1 || v > GPTVIS_PICTURE_MAX_SIDE)
    return FALSE;
  *value = (guint) v;
  return TRUE;
}

typedef struct {
  gboolean shortest_edge;
  guint height, width;          /* shortest_edge: height is the length, width 0 */
  guint longest;                /* shortest_edge: the longer side is no longer than this; 0: any length */
} Size;

/* A number, [height, width], {"height", "width"} or {"shortest_edge"}, of a detector with "longest_edge". */
static void
read_size (GptVisJson *json, const gchar *name, gboolean number_is_shortest_edge, gboolean may_have_longest,
    Size *size)
{
  if (!gptvis_json_has (json, name))
    return;
  JsonNode *node = json_object_get_member (json->object, name);
  guint64 v = 0, w = 0;
  if (JSON_NODE_HOLDS_OBJECT (node)) {
    JsonObject *object = json_node_get_object (node);
    if (json_object_has_member (object, "longest_edge") && !may_have_longest) {
      gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED,
          "%s with longest_edge is not supported, only height and width or shortest_edge", name);
    } else if (side (object, "shortest_edge", &size->height)) {
      size->shortest_edge = TRUE;
      size->width = size->longest = 0;
      if (!json_object_has_member (object, "longest_edge") || side (object, "longest_edge", &size->longest))
        return;
    } else if (side (object, "height", &size->height) && side (object, "width", &size->width)) {
      size->shortest_edge = FALSE;
      return;
    }
  } else if (JSON_NODE_HOLDS_ARRAY (node)) {
    JsonArray *array = json_node_get_array (node);
    if (json_array_get_length (array) != 2 || !gptvis_json_node_uint (json_array_get_element (array, 0), &v)
        || !gptvis_json_node_uint (json_array_get_element (array, 1), &w))
      v = 0;
    number_is_shortest_edge = FALSE;
  } else if (gptvis_json_node_uint (node, &v)) {
    w = v;
  }
  if (v < 1 || w < 1 || v > GPTVIS_PICTURE_MAX_SIDE || w > GPTVIS_PICTURE_MAX_SIDE)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "%s is neither a number nor {\"height\", \"width\"} nor "
        "{\"shortest_edge\"} from 1 to %u", name, GPTVIS_PICTURE_MAX_SIDE);
  size->shortest_edge = number_is_shortest_edge;
  size->height = (guint) v;
  size->width = number_is_shortest_edge ? 0 : (guint) w;
}

static void
read_values (GptVisJson *json, const Processor *processor, GptVisRecipe *recipe)
{
  recipe->rescale = gptvis_json_number (json, "rescale_factor", 1 / 255.0, 1e-9, 1e9);
  if (!gptvis_json_boolean (json, "do_rescale", TRUE))
    recipe->rescale = 1;
  memcpy (recipe->mean, processor->mean, sizeof recipe->mean);
  memcpy (recipe->std, processor->std, sizeof recipe->std);
  gptvis_recipe_read_triple (json, "image_mean", -1e6, recipe->mean);
  gptvis_recipe_read_triple (json, "image_std", 1e-6, recipe->std);
  if (!gptvis_json_boolean (json, "do_normalize", !processor->flips))
    for (guint c = 0; c < 3; c++) {
      recipe->mean[c] = 0;
      recipe->std[c] = 1;
    }
}

/* ConvNext's: a shortest edge below 384 is what is cut from the middle of a larger picture; others are of
 * both edges. */
static void
cut_part (GptVisJson *json, const Processor *processor, Size *size, Size *crop, GptVisRecipe *recipe)
{
  const gdouble part = gptvis_json_number (json, "crop_pct", processor->crop_part, 0.05, 1);
  if (!size->shortest_edge) {
    gptvis_json_fail (
        json, GPTVIS_ERROR_FORMAT, "size has no shortest_edge, which %s needs", processor->name);
  } else if (size->height < 384) {
    recipe->centre_crop = TRUE;
    *crop = (Size) { FALSE, size->height, size->height, 0 };
    size->height = size->height / part;
  } else {
    *size = (Size) { FALSE, size->height, size->height, 0 };
  }
}

/* Of some processors alone. */
static void
read_habits (GptVisJson *json, const Processor *processor, GptVisRecipe *recipe)
{
  recipe->interpolated = processor->interpolated;
  recipe->unrounded = processor->unrounded;
  recipe->flipped = processor->flips && gptvis_json_boolean (json, "do_flip_channel_order", TRUE);
  recipe->fits = processor->fits && gptvis_json_boolean (json, "keep_aspect_ratio", FALSE);
  if ((recipe->interpolated || recipe->unrounded) && recipe->filter != GPTVIS_FILTER_BILINEAR)
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED, "resample is not 2 (bilinear), where that alone is "
        "known of %s", processor->name);
}

/* A detector's pads a batch to its largest picture: alone, a picture has nothing to be padded to. */
static void
check_padding (GptVisJson *json, const Processor *processor)
{
  if (gptvis_json_boolean (json, "do_pad", FALSE)
      && (!processor->longest || gptvis_json_has (json, "pad_size")))
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED, "do_pad is not supported%s",
        processor->longest ? " with pad_size" : "");
}

static void
read_resize (GptVisJson *json, const Processor *processor, GptVisRecipe *recipe)
{
  Size size = { processor->shortest_edge, processor->size, processor->shortest_edge ? 0 : processor->size,
    processor->longest };
  Size crop = { FALSE, processor->crop, processor->crop, 0 };
  const gboolean resize = gptvis_json_boolean (json, "do_resize", TRUE);
  if (processor->longest)       /* as a number beside a number: before 2023 */
    size.longest = gptvis_json_uint (json, "max_size", processor->longest, 1, GPTVIS_PICTURE_MAX_SIDE);
  read_size (json, "size", processor->shortest_edge, processor->longest > 0, &size);
  read_size (json, "crop_size", FALSE, FALSE, &crop);
  if (processor->crop_part > 0 && resize)
    cut_part (json, processor, &size, &crop, recipe);
  if (crop.shortest_edge)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT,
        "crop_size has a shortest_edge, where height and width are needed");
  if (!recipe->centre_crop && (!resize || (size.shortest_edge && !processor->longest)))
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED,
        "pictures would keep %s, where the network needs one size: do_resize to height and width, or "
        "do_center_crop, must say which", resize ? "their proportions" : "their own size");
  if (resize) {
    recipe->shortest_edge = size.shortest_edge;
    recipe->resize_height = size.height;
    recipe->resize_width = size.width;
    recipe->longest_edge = size.shortest_edge ? size.longest : 0;
    recipe->multiple = size.shortest_edge ? processor->multiple : 0;
  }
  recipe->fits &= resize && !size.shortest_edge;
  if (recipe->fits)
    recipe->multiple = gptvis_json_uint (json, "ensure_multiple_of", 1, 1, 1024);
  if (recipe->centre_crop || !(size.shortest_edge || recipe->fits)) {   /* else they follow the picture */
    recipe->height = recipe->centre_crop ? crop.height : size.height;
    recipe->width = recipe->centre_crop ? crop.width : size.width;
  }
}

static void
read_recipe (GptVisJson *json, const gchar *model_type, GptVisRecipe *recipe)
{
  const Processor *processor = find_processor (json, model_type);
  *recipe = (GptVisRecipe) { 0 };
  recipe->centre_crop = gptvis_json_boolean (json, "do_center_crop", processor->centre_crop);
  recipe->filter =
      (GptVisFilter) gptvis_json_uint (json, "resample", processor->filter, 0, GPTVIS_FILTER_HAMMING);
  read_habits (json, processor, recipe);
  read_values (json, processor, recipe);
  check_padding (json, processor);
  read_resize (json, processor, recipe);
}

static gboolean
read_object (const gchar *file, JsonObject *object, const gchar *model_type, GptVisRecipe *recipe,
    GError **error)
{
  GptVisJson json = { file, object, NULL };
  if (strcmp (model_type, GPTVIS_TIMM) == 0)
    gptvis_recipe_read_timm (&json, recipe);
  else
    read_recipe (&json, model_type, recipe);
  json_object_unref (object);
  if (!json.error)
    return TRUE;
  g_propagate_error (error, json.error);
  return FALSE;
}

gboolean
gptvis_recipe_parse (const gchar *file, const gchar *text, gsize size, const gchar *model_type,
    GptVisRecipe *recipe, GError **error)
{
  JsonObject *object = gptvis_json_parse (file, "JSON", text, size, error);
  return object && read_object (file, object, model_type, recipe, error);
}

/* processor_config.json's part; NULL: it has none. */
static JsonObject *
image_processor (JsonObject *whole)
{
  JsonNode *node = json_object_get_member (whole, "image_processor");
  return node && JSON_NODE_HOLDS_OBJECT (node) ? json_object_ref (json_node_get_object (node)) : NULL;
}

/* NULL: there is none, or there is no such file. */
static JsonObject *
load_part (const gchar *path, GError **error)
{
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return NULL;
  JsonObject *whole = gptvis_json_load (path, error);
  JsonObject *part = whole ? image_processor (whole) : NULL;
  g_clear_pointer (&whole, json_object_unref);
  return part;
}

static gboolean
open_timm (const gchar *directory, GptVisRecipe *recipe, GError **error)
{
  gchar *path = g_build_filename (directory, "config.json", NULL);
  JsonObject *object = gptvis_json_load (path, error);
  const gboolean ok = object && read_object (path, object, GPTVIS_TIMM, recipe, error);
  g_free (path);
  return ok;
}

gboolean
gptvis_recipe_open (const gchar *directory, const gchar *model_type, GptVisRecipe *recipe, GError **error)
{
  if (strcmp (model_type, GPTVIS_TIMM) == 0)
    return open_timm (directory, recipe, error);
  gchar *path = g_build_filename (directory, "preprocessor_config.json", NULL);
  gchar *newer = g_build_filename (directory, "processor_config.json", NULL);
  GError *why = NULL;
  JsonObject *object = gptvis_json_load (path, &why);
  const gchar *file = path;
  if (g_error_matches (why, GPTVIS_ERROR, GPTVIS_ERROR_NOT_FOUND)) {
    GError *absent = g_steal_pointer (&why);
    file = newer;
    object = load_part (newer, &why);
    if (!object && !why)
      why = g_error_new (GPTVIS_ERROR, GPTVIS_ERROR_NOT_FOUND, "%s, which says the pictures' size and "
          "normalisation: take it from where the checkpoint came from", absent->message);
    g_error_free (absent);
  }
  const gboolean ok = object && read_object (file, object, model_type, recipe, error);
  if (why)
    g_propagate_error (error, why);
  g_free (newer);
  g_free (path);
  return ok;
}
