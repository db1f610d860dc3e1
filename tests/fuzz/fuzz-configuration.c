/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config.json; what is accepted is recorded as a plan, since its numbers must hold
 * there as well. */
#include "fuzz.h"
#include "architectures.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  GError *error = NULL;
  GptVisConfiguration *config = gptvis_configuration_parse ("fuzz", (const gchar *) data, size, &error);
  fuzz_check (config != NULL, error);
  if (config && config->n_layers <= 4) {
    const GptVisRecipe recipe = { .width = config->image_width, .height = config->image_height, .rescale = 1,
      .std = {1, 1, 1} };
    error = NULL;
    GptVisPlan *plan = gptvis_architecture_plan (config, &recipe, 1, TRUE, &error);
    fuzz_check (plan != NULL, error);
    gptvis_plan_free (plan);
  }
  gptvis_configuration_free (config);
  return 0;
}
