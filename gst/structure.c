/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results as structures, by the tables of fields in models/result-fields.c, with the names and the order
 * of the JSON; and such a structure as JSON. An unknown value has no field. Text is only ever a value: no
 * label and no caption becomes a quark, since these are never freed. */
#include "structure.h"

static void
set_value (GstStructure *structure, const GptVisField *field, const GptVisValue *value)
{
  if (!value->known)
    return;
  switch (field->type) {
    case GPTVIS_FIELD_TEXT:
    case GPTVIS_FIELD_WORD:
    case GPTVIS_FIELD_WALL_CLOCK:
      gptvis_structure_set_text (structure, field->name, value->text);
      break;
    case GPTVIS_FIELD_VERSION:
    case GPTVIS_FIELD_INDEX:
    case GPTVIS_FIELD_ID:
      gst_structure_set (structure, field->name, G_TYPE_UINT, (guint) value->whole, NULL);
      break;
    case GPTVIS_FIELD_COUNT:
    case GPTVIS_FIELD_TIMESTAMP:
      gst_structure_set (structure, field->name, G_TYPE_UINT64, value->whole, NULL);
      break;
    case GPTVIS_FIELD_BOOLEAN:
      gst_structure_set (structure, field->name, G_TYPE_BOOLEAN, (gboolean) value->whole, NULL);
      break;
    case GPTVIS_FIELD_DURATION:
    case GPTVIS_FIELD_SCORE:
      gst_structure_set (structure, field->name, G_TYPE_DOUBLE, value->number, NULL);
      break;
    default:
      g_assert_not_reached ();
  }
}

static void
set_numbers (GstStructure *structure, const GptVisField *field, gconstpointer object)
{
  guint n;
  const gfloat *numbers = gptvis_field_numbers (field, object, &n);
  GValue array = G_VALUE_INIT, number = G_VALUE_INIT;

  if (!numbers)
    return;
  gst_value_array_init (&array, n);
  g_value_init (&number, G_TYPE_DOUBLE);
  for (guint i = 0; i < n; i++) {
    g_value_set_double (&number, numbers[i]);
    gst_value_array_append_value (&array, &number);
  }
  gst_structure_take_value (structure, field->name, &array);
}

static void
init_object (GValue *value, const GptVisFields *fields, gconstpointer object)
{
  g_value_init (value, GST_TYPE_STRUCTURE);
  g_value_take_boxed (value, gptvis_fields_to_structure (fields, object));
}

static void
set_objects (GstStructure *structure, const GptVisField *field, gconstpointer object)
{
  guint n;
  const gchar *first = gptvis_field_objects (field, object, &n);
  GValue value = G_VALUE_INIT;

  if (!first && field->optional)
    return;
  if (field->type == GPTVIS_FIELD_OBJECT) {
    init_object (&value, field->of, first);
  } else {
    gst_value_array_init (&value, n);
    for (guint i = 0; i < n; i++) {
      GValue one = G_VALUE_INIT;
      init_object (&one, field->of, first + i * field->of->size);
      gst_value_array_append_and_take_value (&value, &one);
    }
  }
  gst_structure_take_value (structure, field->name, &value);
}

static void
add_fields (GstStructure *structure, const GptVisFields *fields, gconstpointer object)
{
  for (guint f = 0; f < fields->n; f++) {
    const GptVisField *field = &fields->fields[f];
    GptVisValue value;
    guint one;

    if (field->type == GPTVIS_FIELD_MEMBERS) {
      add_fields (structure, field->of, gptvis_field_objects (field, object, &one));
    } else if (field->of) {
      set_objects (structure, field, object);
    } else if (field->type == GPTVIS_FIELD_BOX || field->type == GPTVIS_FIELD_NUMBERS) {
      set_numbers (structure, field, object);
    } else {
      gptvis_field_read (field, object, &value);
      set_value (structure, field, &value);
    }
  }
}

GstStructure *
gptvis_fields_to_structure (const GptVisFields *fields, gconstpointer object)
{
  GstStructure *structure = gst_structure_new_empty (fields->name);

  add_fields (structure, fields, object);
  return structure;
}

/**
 * gptvis_result_to_structure:
 * @result: a result
 *
 * Returns: (transfer full): the structure "gptvis-result", as messages have it
 */
GstStructure *
gptvis_result_to_structure (const GptVisResult *result)
{
  const GptVisReport report = gptvis_result_report (result, NULL, 0);

  return gptvis_fields_to_structure (&gptvis_result_fields, &report);
}

/**
 * gptvis_result_caption_to_structure:
 * @result: a result with a caption
 *
 * Returns: (transfer full): the structure "gptvis-caption", as messages have it
 */
GstStructure *
gptvis_result_caption_to_structure (const GptVisResult *result)
{
  const GptVisReport report = gptvis_result_report (result, NULL, 0);

  g_return_val_if_fail (result->caption, NULL);
  return gptvis_fields_to_structure (&gptvis_caption_fields, &report);
}

/**
 * gptvis_result_event_to_structure:
 * @result: a result
 * @i: which of its events, from 0
 *
 * Returns: (transfer full): the structure "gptvis-event", as messages have it
 */
GstStructure *
gptvis_result_event_to_structure (const GptVisResult *result, guint i)
{
  GptVisReport report = gptvis_result_report (result, NULL, 0);

  g_return_val_if_fail (i < result->n_events, NULL);
  report.result.events += i;
  return gptvis_fields_to_structure (&gptvis_event_fields, &report);
}

/* --- JSON --- */

/* A field of a structure, which may come from anywhere: a value of the wrong type counts as unknown. */
static void
read_field (const GptVisField *field, const GValue *from, GptVisValue *value)
{
  const GType type = from ? G_VALUE_TYPE (from) : G_TYPE_INVALID;

  value->known = TRUE;
  switch (field->type) {
    case GPTVIS_FIELD_TEXT:
    case GPTVIS_FIELD_WORD:
    case GPTVIS_FIELD_WALL_CLOCK:
      value->text = type == G_TYPE_STRING ? g_value_get_string (from) : NULL;
      value->known = value->text != NULL;
      break;
    case GPTVIS_FIELD_BOOLEAN:
      value->known = type == G_TYPE_BOOLEAN;
      value->whole = value->known && g_value_get_boolean (from);
      break;
    case GPTVIS_FIELD_DURATION:
    case GPTVIS_FIELD_SCORE:
      value->known = type == G_TYPE_DOUBLE;
      value->number = value->known ? g_value_get_double (from) : 0;
      break;
    default:
      value->known = type == G_TYPE_UINT || type == G_TYPE_UINT64;
      value->whole = type == G_TYPE_UINT ? g_value_get_uint (from) : 0;
      if (type == G_TYPE_UINT64)
        value->whole = g_value_get_uint64 (from);
  }
}

static void append_structure (GString *json, const GptVisFields *fields, const GstStructure *structure);

/* Elements of the wrong type are left out. */
static void
append_array (GString *json, const GptVisField *field, const GValue *array)
{
  const GType type = field->of ? GST_TYPE_STRUCTURE : G_TYPE_DOUBLE;
  const gchar *comma = "";

  g_string_append_c (json, '[');
  for (guint i = 0; i < gst_value_array_get_size (array); i++) {
    const GValue *value = gst_value_array_get_value (array, i);
    if (!G_VALUE_HOLDS (value, type))
      continue;
    g_string_append (json, comma);
    if (field->of)
      append_structure (json, field->of, gst_value_get_structure (value));
    else
      gptvis_number_append_json (json, field, g_value_get_double (value));
    comma = ",";
  }
  g_string_append_c (json, ']');
}

static void
append_field (GString *json, const GptVisField *field, const GValue *from)
{
  const gboolean is_array = field->type == GPTVIS_FIELD_OBJECTS || field->type == GPTVIS_FIELD_BOX
      || field->type == GPTVIS_FIELD_NUMBERS;
  GptVisValue value = { 0 };

  if (is_array && from && GST_VALUE_HOLDS_ARRAY (from)) {
    append_array (json, field, from);
  } else if (field->type == GPTVIS_FIELD_OBJECT && from && GST_VALUE_HOLDS_STRUCTURE (from)) {
    append_structure (json, field->of, gst_value_get_structure (from));
  } else {
    if (!is_array && !field->of)
      read_field (field, from, &value);
    gptvis_value_append_json (json, field, &value);
  }
}

static void
append_structure (GString *json, const GptVisFields *fields, const GstStructure *structure)
{
  for (guint f = 0; f < fields->n; f++) {
    const GptVisField *field = &fields->fields[f];
    g_string_append_printf (json, "%c\"%s\":", f ? ',' : '{', field->name);
    append_field (json, field, gst_structure_get_value (structure, field->name));
  }
  g_string_append_c (json, '}');
}

gchar *
gptvis_fields_structure_to_json (const GptVisFields *fields, const GstStructure *structure)
{
  GString *json = g_string_sized_new (512);

  append_structure (json, fields, structure);
  return g_string_free (json, FALSE);
}

/**
 * gptvis_structure_to_json:
 * @structure: a "gptvis-result", as from a message
 *
 * Returns: (transfer full): what gptvis_result_to_json() makes of the same result
 */
gchar *
gptvis_structure_to_json (const GstStructure *structure)
{
  return gptvis_fields_structure_to_json (&gptvis_result_fields, structure);
}
