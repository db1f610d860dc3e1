/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config.json; what is accepted is recorded as a plan, since its numbers must hold
 * there as well. */
#include "fuzz.h"
#include "architectures.h"

static void
record_decoder (const GptVisConfiguration *config, const GptVisPlan *tower)
{
  const GptVisDecoderSize size = { 4, 2, MIN (config->decoder.n_positions, 20) };
  const GptVisTensor *tokens = gptvis_plan_tensor (tower, gptvis_plan_find (tower, "tokens"));
  GError *error = NULL;
  GptVisPlan *plan = gptvis_architecture_decoder_plan (config, tokens->rows, 1, &size, &error);
  fuzz_check (plan != NULL, error);
  gptvis_plan_free (plan);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  GError *error = NULL;
  GptVisConfiguration *config = gptvis_configuration_parse ("fuzz", (const gchar *) data, size, &error);
  fuzz_check (config != NULL, error);
  if (config && config->n_layers <= 4 && config->decoder.n_layers <= 4) {
    const GptVisRecipe recipe = { .width = config->image_width, .height = config->image_height, .rescale = 1,
      .std = {1, 1, 1} };
    error = NULL;
    GptVisPlan *plan = gptvis_architecture_plan (config, &recipe, 1,
        gptvis_architecture_outputs (config) | GPTVIS_OUTPUT_HIDDEN, &error);
    fuzz_check (plan != NULL, error);
    if (plan && config->writes)
      record_decoder (config, plan);
    gptvis_plan_free (plan);
  }
  gptvis_configuration_free (config);
  return 0;
}
