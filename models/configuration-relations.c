/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What only the config.json of one of ViT's relatives says. */
#include "configuration-private.h"

void
gptvis_configuration_read_beit (GptVisJson *json, GptVisConfiguration *self)
{
  self->beit.positions = gptvis_json_boolean (json, "use_absolute_position_embeddings", FALSE);
  self->beit.relative = gptvis_json_boolean (json, "use_relative_position_bias", FALSE);
  self->beit.shared = gptvis_json_boolean (json, "use_shared_relative_position_bias", FALSE);
  self->beit.mean = gptvis_json_boolean (json, "use_mean_pooling", TRUE);
  self->beit.scaled = gptvis_json_number (json, "layer_scale_init_value", 0.1, -1e6, 1e6) > 0;
  if (self->beit.relative && self->beit.shared)
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED, "use_relative_position_bias and "
        "use_shared_relative_position_bias are both true, where one of them is supported");
}
