/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Detectors' part of config.json, with the defaults of Transformers' YolosConfig, LwDetrConfig and
 * RfDetrConfig. */
#include "configuration-private.h"
#include <math.h>
#include <string.h>

void
gptvis_configuration_read_places (GptVisJson *json, GptVisConfiguration *self)
{
  self->n_places = gptvis_json_uint (json, "num_detection_tokens", 100, 1, GPTVIS_MAX_PLACES);
  self->mid_positions = gptvis_json_boolean (json, "use_mid_position_embeddings", TRUE);
}

/* At most so many numbers from 0 to most; returns how many. */
static guint
read_numbers (GptVisJson *json, const gchar *name, guint most, guint n_most, guint *to)
{
  JsonArray *array = gptvis_json_array (json, name);
  const guint n = array ? json_array_get_length (array) : 0;
  guint64 value = 0;
  gboolean right = n <= n_most;
  for (guint i = 0; i < n && right; i++) {
    right = gptvis_json_node_uint (json_array_get_element (array, i), &value) && value <= most;
    to[i] = value;
  }
  if (!right)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "%s does not hold up to %u whole numbers from 0 to %u", name,
        n_most, most);
  return right ? n : 0;
}

/* "stem", "stage1", … Those that are no such names are told. */
static void
read_stage_names (GptVisJson *json, GptVisConfiguration *self)
{
  JsonArray *array = gptvis_json_array (json, "out_features");
  const guint n = array ? json_array_get_length (array) : 0;
  for (guint i = 0; i < MIN (n, GPTVIS_MAX_STAGES); i++) {
    JsonNode *node = json_array_get_element (array, i);
    const gchar *name = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
    guint64 stage = 0;
    if (!name
        || (strcmp (name, "stem") != 0
            && (!g_str_has_prefix (name, "stage")
                || !g_ascii_string_to_unsigned (
                    name + strlen ("stage"), 10, 1, self->n_layers, &stage, NULL)))) {
      gptvis_json_fail (json, GPTVIS_ERROR_FORMAT,
          "out_features holds what is neither \"stem\" nor \"stage1\" to "
          "\"stage%u\"",
          self->n_layers);
      return;
    }
    self->detector.stages[self->detector.n_stages++] = stage;
  }
}

/* Where the file does not say so, all layers up to the last that goes on but those that do. */
static void
derive_windowed (GptVisDetectorNumbers *d)
{
  for (guint l = 0; l <= d->stages[d->n_stages - 1]; l++) {
    gboolean out = FALSE;
    for (guint i = 0; i < d->n_stages; i++)
      out |= d->stages[i] == l;
    if (!out)
      d->windowed[d->n_windowed++] = l;
  }
}

void
gptvis_configuration_read_stages (GptVisJson *json, GptVisConfiguration *self)
{
  GptVisDetectorNumbers *d = &self->detector;
  const gboolean lw = self->architecture->statistics;
  const gchar *windowed = lw ? "window_block_indices" : "window_block_indexes";
  d->n_stages = read_numbers (json, "out_indices", self->n_layers, GPTVIS_MAX_STAGES, d->stages);
  if (d->n_stages == 0)
    read_stage_names (json, self);
  if (d->n_stages == 0)         /* as Transformers has it */
    d->stages[d->n_stages++] = self->n_layers;
  d->windowed = g_new0 (guint, self->n_layers + 1);
  d->n_windowed = read_numbers (json, windowed, self->n_layers, self->n_layers + 1, d->windowed);
  if (!lw && !gptvis_json_has (json, windowed))
    derive_windowed (d);
  const guint windows = gptvis_json_uint (json, "num_windows", lw ? 16 : 4, 1, 1024);
  d->windows = lw ? (guint) lround (sqrt (windows)) : windows;
  if (lw && d->windows * d->windows != windows)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "num_windows %u is no square", windows);
  d->normed = !lw && gptvis_json_boolean (json, "apply_layernorm", TRUE);
  d->positions = gptvis_json_boolean (json, "use_absolute_position_embeddings", TRUE);
  if (gptvis_json_uint (json, "num_register_tokens", 0, 0, 1024) > 0)
    gptvis_json_fail (
        json, GPTVIS_ERROR_UNSUPPORTED, "num_register_tokens is not 0, where only that is known here");
}

/* Several grids of other sizes are what the largest LW-DETR have. */
static void
check_scales (GptVisJson *json)
{
  JsonArray *scales = gptvis_json_array (json, "projector_scale_factors");
  const guint n = scales ? json_array_get_length (scales) : 1;
  gdouble scale = 1;
  if (n != 1 || (scales && !gptvis_json_node_number (json_array_get_element (scales, 0), &scale))
      || scale != 1)
    gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED,
        "projector_scale_factors is not [1.0], where only that is known "
        "here");
}

void
gptvis_configuration_read_two_stages (GptVisJson *json, GptVisConfiguration *self)
{
  GptVisDetectorNumbers *d = &self->detector;
  d->width = gptvis_json_uint (json, "d_model", 256, 4, MAX_WIDTH);
  const gdouble hidden = d->width * gptvis_json_number (json, "hidden_expansion", 0.5, 0.001, 16);
  d->hidden = (guint) hidden;
  d->n_blocks = gptvis_json_uint (json, "c2f_num_blocks", 3, 0, GPTVIS_MAX_BLOCKS);
  d->act = gptvis_configuration_read_act (json, "activation_function", "silu");
  d->norm_epsilon = gptvis_json_number (
      json, self->architecture->statistics ? "batch_norm_eps" : "layer_norm_eps", 1e-5, 0, 1);
  d->n_layers = gptvis_json_uint (json, "decoder_layers", 3, 1, GPTVIS_MAX_LAYERS);
  d->self_heads = gptvis_json_uint (json, "decoder_self_attention_heads", 8, 1, MAX_WIDTH);
  d->cross_heads = gptvis_json_uint (json, "decoder_cross_attention_heads", 16, 1, MAX_WIDTH);
  d->points = gptvis_json_uint (json, "decoder_n_points", 4, 1, GPTVIS_SAMPLE_POINTS);
  d->intermediate_size = gptvis_json_uint (json, "decoder_ffn_dim", 2048, 1, MAX_WIDTH);
  d->decoder_act = gptvis_configuration_read_act (json, "decoder_activation_function", "relu");
  d->bias = gptvis_json_boolean (json, "attention_bias", TRUE);
  d->n_groups = gptvis_json_uint (json, "group_detr", 13, 1, 1024);
  self->n_places = gptvis_json_uint (json, "num_queries", 300, 1, GPTVIS_MAX_PLACES);
  if (gptvis_json_uint (json, "num_feature_levels", 1, 1, 64) != 1)
    gptvis_json_fail (
        json, GPTVIS_ERROR_UNSUPPORTED, "num_feature_levels is not 1, where only that is known here");
  check_scales (json);
  if (!json->error
      && (d->width % 4 || d->width % d->self_heads || d->width % d->cross_heads || d->hidden < 1))
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT,
        "d_model %u cannot have %u and %u attention heads, pairs of waves for "
        "two coordinates and half a width of %g",
        d->width, d->self_heads, d->cross_heads, hidden);
}
