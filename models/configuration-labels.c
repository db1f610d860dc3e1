/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config.json's labels: id2label, or as many names as there are classes. */
#include "configuration-private.h"
#include <string.h>

/* "0", "1", … as Transformers writes them; -1 for anything else. */
static gint64
class_number (const gchar *name)
{
  const gsize n = strlen (name);
  if (n == 0 || n > 9 || strspn (name, "0123456789") != n || (n > 1 && name[0] == '0'))
    return -1;
  return g_ascii_strtoll (name, NULL, 10);
}

/* Some checkpoints number their classes: {"0": 0}. */
static gchar *
label_text (JsonNode *node)
{
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    return g_strdup (json_node_get_string (node));
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64)
    return g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
  return NULL;
}

static void
read_id2label (GptVisJson *json, GptVisConfiguration *self, JsonObject *map)
{
  JsonObjectIter iter;
  const gchar *name;
  JsonNode *node;

  json_object_iter_init (&iter, map);
  while (json_object_iter_next (&iter, &name, &node)) {
    const gint64 id = class_number (name);
    if (id < 0) {
      gptvis_json_fail (json, GPTVIS_ERROR_FORMAT,
          "id2label has the name \"%.60s\", where a class number is needed", name);
      return;
    }
    /* n names without a gap are 0 … n − 1, so a number beyond means that another is missing */
    if (id >= self->n_labels) {
      gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "id2label has %u labels and one of them for class %"
          G_GINT64_FORMAT ", where classes 0 to %u need one each", self->n_labels, id, self->n_labels - 1);
      return;
    }
    self->labels[id] = label_text (node);
    if (!self->labels[id]) {
      gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "id2label has no text for class %s", name);
      return;
    }
  }
}

void
gptvis_configuration_read_labels (GptVisJson *json, GptVisConfiguration *self)
{
  JsonObject *map = gptvis_json_object (json, "id2label");
  const guint said = gptvis_json_uint (json, "num_labels", 2, 1, GPTVIS_MAX_LABELS);
  self->n_labels = map ? json_object_get_size (map) : said;
  if (self->n_labels < 1 || self->n_labels > GPTVIS_MAX_LABELS) {
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "id2label has %u labels, where 1 to %u are possible",
        self->n_labels, GPTVIS_MAX_LABELS);
    self->n_labels = 1;
  }
  self->labels = g_new0 (gchar *, self->n_labels + 1);
  if (map && !json->error)
    read_id2label (json, self, map);
  /* without a map (or after an error) a class has Transformers' name for it */
  for (guint i = 0; i < self->n_labels; i++)
    if (!self->labels[i])
      self->labels[i] = g_strdup_printf ("LABEL_%u", i);
}
