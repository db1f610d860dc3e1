/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values that all files have which say how pictures are prepared. */
#include "recipe-private.h"

void
gptvis_recipe_read_triple (GptVisJson *json, const gchar *name, gdouble min, gdouble value[3])
{
  if (!gptvis_json_has (json, name))
    return;
  JsonNode *node = json_object_get_member (json->object, name);
  gboolean right = TRUE;
  if (JSON_NODE_HOLDS_ARRAY (node)) {
    JsonArray *array = json_node_get_array (node);
    right = json_array_get_length (array) == 3;
    for (guint c = 0; right && c < 3; c++)
      right = gptvis_json_node_number (json_array_get_element (array, c), &value[c]);
  } else {
    right = gptvis_json_node_number (node, &value[0]);
    value[1] = value[2] = value[0];
  }
  for (guint c = 0; right && c < 3; c++)
    right = value[c] >= min && value[c] <= 1e6;
  if (!right)
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "%s is neither a number nor three of them from %g to 1e+06",
        name, min);
}
