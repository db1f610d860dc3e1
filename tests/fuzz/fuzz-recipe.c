/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* preprocessor_config.json; what is accepted keeps the promises of picture.h. */
#include "fuzz.h"
#include "recipe.h"
#include <math.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const gchar *const types[] = { "vit", "deit", "dinov2" };
  GptVisRecipe r;
  GError *error = NULL;
  const gboolean ok = gptvis_recipe_parse ("fuzz", (const gchar *) data, size, types[size % 3], &r, &error);
  fuzz_check (ok, error);
  if (!ok)
    return 0;
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
