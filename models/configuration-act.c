/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values that several parts of config.json have: activations by name, and sides. */
#include "configuration-private.h"
#include <string.h>

static const struct {
  const gchar *name;
  GptVisAct act;
} acts[] = {
  {"gelu", GPTVIS_ACT_GELU}, {"gelu_python", GPTVIS_ACT_GELU},
  {"gelu_new", GPTVIS_ACT_GELU_TANH}, {"gelu_pytorch_tanh", GPTVIS_ACT_GELU_TANH},
  {"gelu_fast", GPTVIS_ACT_GELU_TANH}, {"gelu_accurate", GPTVIS_ACT_GELU_TANH},
  {"gelu_tanh", GPTVIS_ACT_GELU_TANH},         /* timm's */
  {"quick_gelu", GPTVIS_ACT_QUICK_GELU}, {"relu", GPTVIS_ACT_RELU},
  {"silu", GPTVIS_ACT_SILU}, {"swish", GPTVIS_ACT_SILU}, {"tanh", GPTVIS_ACT_TANH},
};

GptVisAct
gptvis_configuration_read_act (GptVisJson *json, const gchar *member, const gchar *fallback)
{
  const gchar *name = gptvis_json_string (json, member, fallback);
  for (guint i = 0; i < G_N_ELEMENTS (acts); i++)
    if (strcmp (name, acts[i].name) == 0)
      return acts[i].act;
  gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED,
      "%s \"%.60s\" is none of gelu, gelu_new, gelu_pytorch_tanh, quick_gelu, relu, silu, tanh", member,
      name);
  return GPTVIS_ACT_GELU;
}

void
gptvis_configuration_read_sides (
    GptVisJson *json, const gchar *name, guint max, guint *height, guint *width)
{
  JsonNode *node = gptvis_json_has (json, name) ? json_object_get_member (json->object, name) : NULL;
  if (!node)
    return;
  guint64 h = 0, w = 0;
  if (JSON_NODE_HOLDS_ARRAY (node)) {
    JsonArray *array = json_node_get_array (node);
    if (json_array_get_length (array) != 2 || !gptvis_json_node_uint (json_array_get_element (array, 0), &h)
        || !gptvis_json_node_uint (json_array_get_element (array, 1), &w))
      h = w = 0;
  } else if (gptvis_json_node_uint (node, &h)) {
    w = h;
  }
  if (h < 1 || w < 1)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "%s is neither a side nor [height, width] from 1 to %u",
        name, max);
  else if (h > max || w > max)
    gptvis_json_fail (json, GPTVIS_ERROR_LIMIT, "%s is %" G_GUINT64_FORMAT "×%" G_GUINT64_FORMAT
        ", where at most %u pixels a side are read", name, w, h, max);
  *height = (guint) h;
  *width = (guint) w;
}
