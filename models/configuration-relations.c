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

/* rope_theta is where Transformers 4 has it, and at times 5. */
static gdouble
read_theta (GptVisJson *json)
{
  JsonObject *object = gptvis_json_object (json, "rope_parameters");
  const gdouble whole = gptvis_json_number (json, "rope_theta", 100, 1e-3, 1e9);
  if (!object)
    return whole;
  GptVisJson part = { json->file, object, NULL };
  const gdouble theta = gptvis_json_number (&part, "rope_theta", whole, 1e-3, 1e9);
  if (part.error && !json->error)
    json->error = g_steal_pointer (&part.error);
  g_clear_error (&part.error);
  return theta;
}

void
gptvis_configuration_read_dinov3 (GptVisJson *json, GptVisConfiguration *self)
{
  GptVisDinov3Numbers *numbers = &self->dinov3;
  numbers->query_bias = gptvis_json_boolean (json, "query_bias", TRUE);
  numbers->key_bias = gptvis_json_boolean (json, "key_bias", FALSE);
  numbers->value_bias = gptvis_json_boolean (json, "value_bias", TRUE);
  numbers->output_bias = gptvis_json_boolean (json, "proj_bias", TRUE);
  numbers->mlp_bias = gptvis_json_boolean (json, "mlp_bias", TRUE);
  numbers->rope_theta = read_theta (json);
  self->swiglu = gptvis_json_boolean (json, "use_gated_mlp", FALSE);
  self->n_registers = gptvis_json_uint (json, "num_register_tokens", 0, 0, 1024);
  self->hidden_size = gptvis_json_uint (json, "hidden_size", 384, 1, MAX_WIDTH);
  self->n_heads = gptvis_json_uint (json, "num_attention_heads", 6, 1, MAX_WIDTH);
  self->intermediate_size = gptvis_json_uint (json, "intermediate_size", 1536, 1, MAX_WIDTH);
  if (!json->error && self->hidden_size / self->n_heads % 4)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "hidden_size %u makes %u heads of %u values, where a "
        "multiple of 4 is needed", self->hidden_size, self->n_heads, self->hidden_size / self->n_heads);
}

/* A list of whole numbers from 1 to `max`, in `to`; how many. Where nothing is said, `usual`, four of
 * them. */
static guint
read_list (GptVisJson *json, const gchar *name, const guint usual[4], guint max, guint to[GPTVIS_MAX_STAGES])
{
  JsonArray *array = gptvis_json_array (json, name);
  const guint n = array ? json_array_get_length (array) : 4;
  if (n < 1 || n > GPTVIS_MAX_STAGES) {
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "%s has %u numbers, where 1 to %u are possible", name, n,
        GPTVIS_MAX_STAGES);
    return 0;
  }
  for (guint i = 0; i < n; i++) {
    guint64 value = array ? 0 : usual[i];
    if ((array && !gptvis_json_node_uint (json_array_get_element (array, i), &value)) || value < 1
        || value > max)
      gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "%s[%u] is no number from 1 to %u", name, i, max);
    to[i] = value;
  }
  return n;
}

/* Each stage has twice the width of the one before, half its rows and columns, and windows that it can
 * hold. */
static void
check_stages (GptVisJson *json, const GptVisConfiguration *self)
{
  const GptVisSwinNumbers *swin = &self->swin;
  guint rows = self->image_height / self->patch_size, columns = self->image_width / self->patch_size;
  guint width = swin->width;
  for (guint i = 0; i < self->n_layers && !json->error; i++, width *= 2) {
    if (width > MAX_WIDTH || swin->mlp_ratio * width > MAX_WIDTH || (guint) (swin->mlp_ratio * width) == 0)
      gptvis_json_fail (json, GPTVIS_ERROR_LIMIT, "stage %u of %u has a width of %u and an mlp_ratio of %g, "
          "where at most %u values are read", i + 1, self->n_layers, width, swin->mlp_ratio, MAX_WIDTH);
    else if (width % swin->heads[i])
      gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "num_heads[%u] is %u, which does not divide the stage's "
          "width of %u", i, swin->heads[i], width);
    else if (swin->window > MIN (rows, columns))
      gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "window_size is %u, where stage %u has %u×%u patches",
          swin->window, i + 1, columns, rows);
    rows = (rows + 1) / 2;
    columns = (columns + 1) / 2;
  }
}

void
gptvis_configuration_read_swin (GptVisJson *json, GptVisConfiguration *self)
{
  static const guint depths[4] = { 2, 2, 6, 2 }, heads[4] = { 3, 6, 12, 24 };
  GptVisSwinNumbers *swin = &self->swin;
  swin->width = gptvis_json_uint (json, "embed_dim", 96, 1, MAX_WIDTH);
  swin->window = gptvis_json_uint (json, "window_size", 7, 1, 256);
  swin->mlp_ratio = gptvis_json_number (json, "mlp_ratio", 4, 0.001, 64);
  swin->positions = gptvis_json_boolean (json, "use_absolute_embeddings", FALSE);
  self->n_layers = read_list (json, "depths", depths, GPTVIS_MAX_LAYERS / GPTVIS_MAX_STAGES, swin->depths);
  const guint n = read_list (json, "num_heads", heads, MAX_WIDTH, swin->heads);
  if (n != self->n_layers)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "depths has %u numbers and num_heads has %u", self->n_layers,
        n);
  check_stages (json, self);
  if (!json->error)
    self->hidden_size = swin->width << (self->n_layers - 1);
}
