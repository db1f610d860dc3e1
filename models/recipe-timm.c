/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* timm's config.json → GptVisRecipe: what its pretrained_cfg says, as timm's transforms for evaluation read
 * it: the shorter edge to the network's size over crop_pct, cut from the middle; or both edges (squash). */
#include "recipe-private.h"
#include <math.h>
#include <string.h>

static GptVisFilter
read_filter (GptVisJson *json)
{
  static const gchar *const names[] = { "nearest", "lanczos", "bilinear", "bicubic", "box", "hamming" };
  const gchar *name = gptvis_json_string (json, "interpolation", "bicubic");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (name, names[i]) == 0)
      return (GptVisFilter) i;
  gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED, "interpolation \"%.60s\" is none of nearest, lanczos, "
      "bilinear, bicubic, box, hamming", name);
  return GPTVIS_FILTER_BICUBIC;
}

/* [3, height, width] */
static void
read_input_size (GptVisJson *json, GptVisRecipe *recipe)
{
  JsonArray *array = gptvis_json_array (json, "input_size");
  guint64 sides[3] = { 3, 224, 224 };
  gboolean right = !array || json_array_get_length (array) == 3;
  for (guint i = 0; array && right && i < 3; i++)
    right = gptvis_json_node_uint (json_array_get_element (array, i), &sides[i]);
  if (!right || sides[0] != 3 || MIN (sides[1], sides[2]) < 1
      || MAX (sides[1], sides[2]) > GPTVIS_PICTURE_MAX_SIDE) {
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT,
        "input_size is not [3, height, width] with sides from 1 to %u", GPTVIS_PICTURE_MAX_SIDE);
    sides[1] = sides[2] = 224;
  }
  recipe->height = sides[1];
  recipe->width = sides[2];
}

static void
read_resize (GptVisJson *json, GptVisRecipe *recipe)
{
  const gdouble part = gptvis_json_number (json, "crop_pct", 0.875, 0.05, 1);
  const gchar *mode = gptvis_json_string (json, "crop_mode", "center");
  const gboolean squash = strcmp (mode, "squash") == 0;
  recipe->centre_crop = recipe->crop_nearest = TRUE;
  recipe->resize_height = MIN (floor (recipe->height / part), GPTVIS_PICTURE_MAX_SIDE);
  recipe->shortest_edge = !squash;
  if (squash)
    recipe->resize_width = MIN (floor (recipe->width / part), GPTVIS_PICTURE_MAX_SIDE);
  else if (strcmp (mode, "center") != 0)
    gptvis_json_fail (
        json, GPTVIS_ERROR_UNSUPPORTED, "crop_mode \"%.60s\" is neither center nor squash", mode);
  else if (recipe->width != recipe->height)
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED,
        "input_size is not square, where crop_mode center needs it to be");
}

static void
read_cfg (GptVisJson *json, GptVisRecipe *recipe)
{
  static const gdouble mean[] = { 0.485, 0.456, 0.406 }, std[] = { 0.229, 0.224, 0.225 };
  *recipe = (GptVisRecipe) { .rescale = 1 / 255.0, .filter = read_filter (json) };
  memcpy (recipe->mean, mean, sizeof mean);
  memcpy (recipe->std, std, sizeof std);
  read_input_size (json, recipe);
  read_resize (json, recipe);
  gptvis_recipe_read_triple (json, "mean", -1e6, recipe->mean);
  gptvis_recipe_read_triple (json, "std", 1e-6, recipe->std);
}

void
gptvis_recipe_read_timm (GptVisJson *json, GptVisRecipe *recipe)
{
  JsonObject *object = gptvis_json_object (json, "pretrained_cfg");
  GptVisJson cfg = { g_strdup_printf ("%s: pretrained_cfg", json->file), object, NULL };
  /* before 2023 it was the whole file */
  read_cfg (object ? &cfg : json, recipe);
  if (cfg.error && !json->error)
    json->error = g_steal_pointer (&cfg.error);
  g_clear_error (&cfg.error);
  g_free ((gchar *) cfg.file);
}
