/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Describes tables of fields to those who do not build against them: as a JSON schema and as a page. */
#include "fields.h"
#include "result.h"
#include <string.h>

#define NUMBERS "GstValueArray of gdouble"

/* In the order of GptVisFieldType. MEMBERS are described by their own fields. */
static const struct {
  const gchar *json, *message;  /* types */
  const gchar *limits;          /* what the schema says besides */
} types[] = {
  { "integer", "guint", NULL },         /* VERSION */
  { "string", "string", NULL },     /* TEXT */
  { "string", "string", NULL },     /* WORD */
  { "boolean", "gboolean", NULL },      /* BOOLEAN */
  { "integer", "guint64", "\"minimum\": 0" },   /* COUNT */
  { "integer", "guint", "\"minimum\": 0" },     /* INDEX */
  { "integer", "guint", "\"minimum\": 1" },     /* ID */
  { "integer", "guint64", "\"minimum\": 0" },   /* TIMESTAMP */
  { "string", "string", "\"format\": \"date-time\"" },      /* WALL_CLOCK */
  { "number", "gdouble", NULL },        /* DURATION */
  { "number", "gdouble", "\"minimum\": 0, \"maximum\": 1" },    /* SCORE */
  /* BOX */
  { "array", NUMBERS, "\"items\": { \"type\": \"number\" }, \"minItems\": 4, \"maxItems\": 4" },
  { "array", NUMBERS, "\"items\": { \"type\": \"number\" }" },  /* NUMBERS */
  { "object", "GstStructure", NULL },   /* OBJECT */
  { "array", "GstValueArray of GstStructure", NULL },   /* OBJECTS */
  { NULL, NULL, NULL },                 /* MEMBERS */
};
G_STATIC_ASSERT (G_N_ELEMENTS (types) == GPTVIS_N_FIELD_TYPES);

/* --- the schema --- */

static void append_object (GString *schema, const GptVisFields *fields, const gchar *type,
    const gchar *indent);

/* One of the words, or null. */
static void
append_words (GString *schema, const GptVisField *field)
{
  g_string_append (schema, ", \"enum\": [");
  for (const gchar *const *word = field->words; *word; word++)
    g_string_append_printf (schema, "%s\"%s\"", word == field->words ? "" : ", ", *word);
  g_string_append (schema, field->optional ? ", null]" : "]");
}

/* A field with what is in it, on lines that begin with `indent`. */
static void
append_property (GString *schema, const GptVisField *field, const gchar *indent)
{
  const gchar *type = types[field->type].json;
  gchar *types_text = g_strdup_printf (field->optional ? "[\"%s\", \"null\"]" : "\"%s\"", type);
  gchar *text = field->unit ? g_strdup_printf ("%s (%s)", field->text, field->unit) : g_strdup (field->text);
  gchar *deeper = g_strconcat (indent, "  ", NULL);

  g_string_append_printf (schema, "%s\"%s\": { \"description\": ", indent, field->name);
  gptvis_text_append_json (schema, text);
  if (field->type == GPTVIS_FIELD_OBJECT) {
    g_string_append (schema, ",\n");
    append_object (schema, field->of, types_text, deeper);
  } else if (field->type == GPTVIS_FIELD_OBJECTS) {
    g_string_append_printf (schema, ", \"type\": %s, \"items\": {\n", types_text);
    append_object (schema, field->of, "\"object\"", deeper);
    g_string_append (schema, " }");
  } else {
    g_string_append_printf (schema, ", \"type\": %s", types_text);
  }
  if (field->type == GPTVIS_FIELD_VERSION)
    g_string_append_printf (schema, ", \"const\": %u", GPTVIS_RESULT_VERSION);
  if (field->words)
    append_words (schema, field);
  if (types[field->type].limits)
    g_string_append_printf (schema, ", %s", types[field->type].limits);
  g_string_append (schema, " }");
  g_free (types_text);
  g_free (text);
  g_free (deeper);
}

static void
append_names (GString *schema, const GptVisFields *fields)
{
  for (guint f = 0; f < fields->n; f++) {
    if (fields->fields[f].type == GPTVIS_FIELD_MEMBERS)
      append_names (schema, fields->fields[f].of);
    else
      g_string_append_printf (schema, "%s\"%s\"", g_str_has_suffix (schema->str, "[") ? "" : ", ",
          fields->fields[f].name);
  }
}

static void
append_properties (GString *schema, const GptVisFields *fields, const gchar *indent)
{
  for (guint f = 0; f < fields->n; f++) {
    if (fields->fields[f].type == GPTVIS_FIELD_MEMBERS) {
      append_properties (schema, fields->fields[f].of, indent);
      continue;
    }
    g_string_append (schema, g_str_has_suffix (schema->str, "{") ? "\n" : ",\n");
    append_property (schema, &fields->fields[f], indent);
  }
}

/* What an object of the table is, between the braces of its schema. */
static void
append_object (GString *schema, const GptVisFields *fields, const gchar *type, const gchar *indent)
{
  gchar *deeper = g_strconcat (indent, "  ", NULL);

  g_string_append_printf (schema, "%s\"type\": %s,\n", indent, type);
  g_string_append_printf (schema, "%s\"additionalProperties\": false,\n%s\"required\": [", indent, indent);
  append_names (schema, fields);
  g_string_append_printf (schema, "],\n%s\"properties\": {", indent);
  append_properties (schema, fields, deeper);
  g_string_append_printf (schema, "\n%s}", indent);
  g_free (deeper);
}

gchar *
gptvis_fields_to_schema (const GptVisFields *fields, const gchar *title)
{
  GString *schema = g_string_new ("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n");

  g_string_append (schema, "  \"title\": ");
  gptvis_text_append_json (schema, title);
  g_string_append (schema, ",\n  \"description\": ");
  gptvis_text_append_json (schema, fields->text);
  g_string_append (schema, ",\n");
  append_object (schema, fields, "\"object\"", "  ");
  g_string_append (schema, "\n}\n");
  return g_string_free (schema, FALSE);
}

/* --- the page --- */

static void append_rows (GString *page, const GptVisFields *fields, const gchar *before);

/* "what it is: the words" */
static void
append_meaning (GString *page, const GptVisField *field)
{
  g_string_append (page, field->text);
  if (field->words) {
    gchar *words = g_strjoinv (", ", (gchar **) field->words);
    g_string_append_printf (page, ": %s", words);
    g_free (words);
  }
}

static void
append_row (GString *page, const GptVisField *field, const gchar *before)
{
  const gboolean many = field->type == GPTVIS_FIELD_OBJECTS;

  g_string_append_printf (page, "| %s%s | %s%s | %s", before, field->name, types[field->type].json,
      field->optional ? " or null" : "", types[field->type].message);
  if (field->of)
    g_string_append_printf (page, " \"%s\"", field->of->name);
  g_string_append_printf (page, " | %s | ", field->unit ? field->unit : "");
  append_meaning (page, field);
  g_string_append (page, " |\n");
  if (field->of) {
    gchar *inside = g_strconcat (before, field->name, many ? "[]." : ".", NULL);
    append_rows (page, field->of, inside);
    g_free (inside);
  }
}

static void
append_rows (GString *page, const GptVisFields *fields, const gchar *before)
{
  for (guint f = 0; f < fields->n; f++) {
    if (fields->fields[f].type == GPTVIS_FIELD_MEMBERS)
      append_rows (page, fields->fields[f].of, before);
    else
      append_row (page, &fields->fields[f], before);
  }
}

gchar *
gptvis_fields_to_page (const GptVisFields *fields)
{
  GString *page = g_string_new ("| field | JSON | message | unit | meaning |\n"
      "| --- | --- | --- | --- | --- |\n");

  append_rows (page, fields, "");
  return g_string_free (page, FALSE);
}
