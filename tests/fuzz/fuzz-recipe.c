/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* preprocessor_config.json; what is accepted keeps the promises of picture.h. */
#include "fuzz.h"
#include "recipe.h"
#include <math.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const gchar *const types[] = { "vit", "deit", "dinov2", "dinov3_vit", "timm_wrapper" };
  GptVisRecipe r;
  GError *error = NULL;
  const gchar *type = types[size % G_N_ELEMENTS (types)];
  const gboolean ok = gptvis_recipe_parse ("fuzz", (const gchar *) data, size, type, &r, &error);
  fuzz_check (ok, error);
  if (!ok)
    return 0;
  if (gptvis_recipe_follows_picture (&r)) {     /* how large it may become is the network's to say */
    r = gptvis_recipe_for_size (&r, 1 + size % 16384, 1 + size * 31 % 16384);
    g_assert (r.width >= 1 && r.height >= 1);
    return 0;
  }
  g_assert (r.width >= 1 && r.width <= GPTVIS_PICTURE_MAX_SIDE && r.height >= 1
      && r.height <= GPTVIS_PICTURE_MAX_SIDE);
  g_assert (r.resize_width <= GPTVIS_PICTURE_MAX_SIDE && r.resize_height <= GPTVIS_PICTURE_MAX_SIDE);
  g_assert (r.centre_crop || (r.resize_width == r.width && r.resize_height == r.height));
  g_assert (!r.shortest_edge || (r.resize_height > 0 && r.resize_width == 0));
  g_assert (r.filter <= GPTVIS_FILTER_HAMMING && isfinite (r.rescale) && r.rescale > 0);
  for (guint c = 0; c < 3; c++)
    g_assert (isfinite (r.mean[c]) && isfinite (r.std[c]) && r.std[c] > 0);
  return 0;
}
