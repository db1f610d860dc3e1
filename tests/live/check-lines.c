/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is a file of gptvis-cameras what it should be? Each line whole and a JSON object: an event, or a
 * result with the fields of models/result-fields.c in their order; and of each stream "up" and "down"
 * in turn, results only while it is up. Then it prints, for each stream:
 *
 *     RESULTS UPS DOWNS STREAM
 *
 * Usage: check-lines FILE. Exit status 1, and the first fault on stderr, when there is one. */
#include "result-fields.h"
#include <json-glib/json-glib.h>
#include <string.h>

typedef struct {
  guint results, ups, downs;
  gboolean up;
} Seen;

static const gchar *const event_fields[] = { "event", "stream", "time", "reason", NULL };

static gboolean
has_fields (JsonObject *object, const gchar *const *fields)
{
  GList *members = json_object_get_members (object), *member = members;
  gboolean same = g_list_length (members) == g_strv_length ((gchar **) fields);

  for (; same && member; member = member->next, fields++)
    same = g_str_equal (member->data, *fields);
  g_list_free (members);
  return same;
}

/* Those of the table and of all that is in it. */
static gboolean
has_fields_of (JsonObject *object, const GptVisFields *fields)
{
  const gchar **names = g_new0 (const gchar *, fields->n + 1);
  gboolean same;

  for (guint f = 0; f < fields->n; f++)
    names[f] = fields->fields[f].name;
  same = has_fields (object, names);
  for (guint f = 0; same && f < fields->n; f++) {
    JsonNode *value = json_object_get_member (object, names[f]);
    JsonArray *array = JSON_NODE_HOLDS_ARRAY (value) ? json_node_get_array (value) : NULL;
    if (fields->fields[f].of && JSON_NODE_HOLDS_OBJECT (value))
      same = has_fields_of (json_node_get_object (value), fields->fields[f].of);
    for (guint i = 0; same && fields->fields[f].of && array && i < json_array_get_length (array); i++)
      same = has_fields_of (json_array_get_object_element (array, i), fields->fields[f].of);
  }
  g_free (names);
  return same;
}

/* NULL or what is wrong. */
static const gchar *
count_event (Seen *seen, JsonObject *object)
{
  const gchar *event = json_object_get_string_member (object, "event");

  if (!has_fields (object, event_fields))
    return "the fields of an event";
  if (g_str_equal (event, "up")) {
    if (seen->up)
      return "up twice";
    seen->up = TRUE;
    seen->ups++;
  } else if (g_str_equal (event, "down") && (seen->up || seen->downs == 0)) {
    seen->up = FALSE;
    seen->downs++;
  } else {
    return "an event out of turn";
  }
  return NULL;
}

/* What was under way when a camera went down may come after that. */
static const gchar *
count_result (Seen *seen, JsonObject *object)
{
  if (!has_fields_of (object, &gptvis_result_fields))
    return "the fields of a result";
  if (seen->ups == 0)
    return "a result before it was up";
  seen->results++;
  return NULL;
}

static const gchar *
count (GHashTable *streams, const gchar *line)
{
  JsonNode *node = json_from_string (line, NULL);
  JsonObject *object = node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const gchar *stream = object ? json_object_get_string_member_with_default (object, "stream", NULL) : NULL;
  const gchar *fault = "no JSON object with a stream";
  Seen *seen;

  if (stream) {
    if (!(seen = g_hash_table_lookup (streams, stream)))
      g_hash_table_insert (streams, g_strdup (stream), seen = g_new0 (Seen, 1));
    fault = json_object_has_member (object, "event") ? count_event (seen, object)
        : count_result (seen, object);
  }
  g_clear_pointer (&node, json_node_unref);
  return fault;
}

static const gchar *
count_all (GHashTable *streams, gchar *text)
{
  const gchar *fault = NULL;

  for (gchar *line = text, *end; !fault && *line; line = end + 1) {
    if (!(end = strchr (line, '\n')))
      return "the last line is not whole";
    *end = '\0';
    if ((fault = count (streams, line)))
      g_printerr ("%s\n", line);
  }
  return fault;
}

int
main (int argc, char **argv)
{
  GHashTable *streams = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  const gchar *fault = "it cannot be read";
  gpointer stream, value;
  GHashTableIter i;
  gchar *text = NULL;

  if (argc == 2 && g_file_get_contents (argv[1], &text, NULL, NULL))
    fault = count_all (streams, text);
  if (fault)
    g_printerr ("check-lines: %s\n", fault);
  for (g_hash_table_iter_init (&i, streams); g_hash_table_iter_next (&i, &stream, &value);) {
    const Seen *seen = value;
    g_print ("%u %u %u %s\n", seen->results, seen->ups, seen->downs, (const gchar *) stream);
  }
  g_free (text);
  g_hash_table_unref (streams);
  return fault != NULL;
}
