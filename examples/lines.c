/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From messages to lines of JSON, and these to a file. */
#include "lines.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

static gboolean
is_stdout (const gchar *name)
{
  return !name || g_str_equal (name, "-");
}

gboolean
lines_open (Lines *self, const gchar *name, GMainLoop *loop)
{
  *self = (Lines) {.loop = loop,.file = is_stdout (name) ? stdout : g_fopen (name, "ae") };
  g_mutex_init (&self->lock);
  return self->file != NULL;
}

gint
lines_close (Lines *self)
{
  g_mutex_lock (&self->lock);
  if (self->file && self->file != stdout && fclose (self->file) != 0 && !self->error)
    self->error = errno;
  self->file = NULL;            /* a camera that did not end in time has no say any more */
  g_mutex_unlock (&self->lock);
  return self->error;
}

static void
write_line (Lines *self, const gchar *text, gsize length)
{
  g_mutex_lock (&self->lock);
  if (self->file && !self->error
      && (fwrite (text, 1, length, self->file) != length || fflush (self->file) != 0)) {
    self->error = errno;
    g_main_loop_quit (self->loop);
  }
  g_mutex_unlock (&self->lock);
}

/* Takes the builder. */
static void
write_object (Lines *self, JsonBuilder *builder)
{
  JsonGenerator *generator = json_generator_new ();
  JsonNode *root = json_builder_get_root (builder);
  GString *line = g_string_sized_new (512);

  json_generator_set_root (generator, root);
  json_generator_to_gstring (generator, line);
  g_string_append_c (line, '\n');
  write_line (self, line->str, line->len);
  g_string_free (line, TRUE);
  json_node_unref (root);
  g_object_unref (generator);
  g_object_unref (builder);
}

static void
add_text (JsonBuilder *builder, const gchar *name, const gchar *text)
{
  json_builder_set_member_name (builder, name);
  if (text)
    json_builder_add_string_value (builder, text);
  else
    json_builder_add_null_value (builder);
}

/* A field that the message does not have is null. */
static void
add_field (JsonBuilder *builder, const GstStructure *structure, const gchar *name)
{
  const GValue *value = gst_structure_get_value (structure, name);

  json_builder_set_member_name (builder, name);
  if (!value)
    json_builder_add_null_value (builder);
  else if (G_VALUE_HOLDS_STRING (value))
    json_builder_add_string_value (builder, g_value_get_string (value));
  else if (G_VALUE_HOLDS_DOUBLE (value))
    json_builder_add_double_value (builder, g_value_get_double (value));
  else if (G_VALUE_HOLDS_BOOLEAN (value))
    json_builder_add_boolean_value (builder, g_value_get_boolean (value));
  else if (G_VALUE_HOLDS_UINT (value))
    json_builder_add_int_value (builder, g_value_get_uint (value));
  else
    json_builder_add_int_value (builder, (gint64) g_value_get_uint64 (value));
}

static void
add_labels (JsonBuilder *builder, const GValue *labels)
{
  const guint n = labels ? gst_value_array_get_size (labels) : 0;

  json_builder_set_member_name (builder, "labels");
  json_builder_begin_array (builder);
  for (guint i = 0; i < n; i++) {
    const GstStructure *label = gst_value_get_structure (gst_value_array_get_value (labels, i));
    json_builder_begin_object (builder);
    add_field (builder, label, "label");
    add_field (builder, label, "score");
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

static void
add_caption (JsonBuilder *builder, const GValue *value)
{
  const GstStructure *caption = value ? gst_value_get_structure (value) : NULL;

  json_builder_set_member_name (builder, "caption");
  if (!caption) {
    json_builder_add_null_value (builder);
    return;
  }
  json_builder_begin_object (builder);
  add_field (builder, caption, "text");
  add_field (builder, caption, "log-probability");
  add_field (builder, caption, "final");
  add_field (builder, caption, "frame");
  add_field (builder, caption, "pts");
  json_builder_end_object (builder);
}

void
lines_result (Lines *self, const gchar *stream, const GstStructure *result)
{
  JsonBuilder *builder = json_builder_new_immutable ();

  json_builder_begin_object (builder);
  add_field (builder, result, "version");
  add_text (builder, "stream", stream);
  add_field (builder, result, "frame");
  add_field (builder, result, "pts");
  add_field (builder, result, "running-time");
  add_field (builder, result, "time");
  add_field (builder, result, "model");
  add_labels (builder, gst_structure_get_value (result, "labels"));
  add_caption (builder, gst_structure_get_value (result, "caption"));
  add_field (builder, result, "analysis-ms");
  json_builder_set_member_name (builder, "age-ms");
  json_builder_add_double_value (builder, 0);   /* it is told of the analysed frame itself */
  json_builder_end_object (builder);
  write_object (self, builder);
}

void
lines_event (Lines *self, const gchar *event, const gchar *stream, const gchar *reason)
{
  JsonBuilder *builder = json_builder_new_immutable ();
  GDateTime *now = g_date_time_new_now_utc ();
  gchar *time = g_date_time_format_iso8601 (now);

  json_builder_begin_object (builder);
  add_text (builder, "event", event);
  add_text (builder, "stream", stream);
  add_text (builder, "time", time);
  add_text (builder, "reason", reason);
  json_builder_end_object (builder);
  write_object (self, builder);
  g_free (time);
  g_date_time_unref (now);
}
