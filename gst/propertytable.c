/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of a property table as GObject's specifications, and values in and out of the structure. */
#include "propertytable.h"
#include "enums.h"

/* Where a property's value is. */
typedef union {
  gpointer at;
  gchar **text;
  gint *number;
  guint *unsigned_number;
  guint64 *large;
  gfloat *real;
  gdouble *precise;
} Value;

static Value
value_of (const GptVisProperty *property, gconstpointer values)
{
  return (Value) { .at = (gchar *) values + property->offset };
}

static GParamSpec *
make_spec (const GptVisProperty *p, Value value)
{
  const GParamFlags flags = p->flags | G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  switch (p->type) {
    case TEXT:
      return g_param_spec_string (p->name, p->nick, p->blurb, *value.text, flags);
    case ENUM:
      return g_param_spec_enum (p->name, p->nick, p->blurb, gptvis_enum_register (p->type_name, p->values),
          *value.number, flags);
    case UINT:
      return g_param_spec_uint (p->name, p->nick, p->blurb, p->min, p->max, *value.unsigned_number, flags);
    case UINT64:
      return g_param_spec_uint64 (p->name, p->nick, p->blurb, 0, G_MAXUINT64, *value.large, flags);
    case FLOAT:
      return g_param_spec_float (p->name, p->nick, p->blurb, p->min, p->max, *value.real, flags);
    case DOUBLE:
      return g_param_spec_double (p->name, p->nick, p->blurb, p->min, p->max, *value.precise, flags);
    case BOOLEAN:
      return g_param_spec_boolean (p->name, p->nick, p->blurb, *value.number, flags);
  }
  g_assert_not_reached ();
}

void
gptvis_property_table_install (const GptVisProperty *table, guint n, guint first_id, GObjectClass *klass,
    gconstpointer defaults)
{
  for (guint i = 0; i < n; i++)
    g_object_class_install_property (
        klass, first_id + i, make_spec (&table[i], value_of (&table[i], defaults)));
}

const GptVisProperty *
gptvis_property_table_find (const GptVisProperty *table, guint n, guint first_id, guint id)
{
  return id >= first_id && id - first_id < n ? &table[id - first_id] : NULL;
}

void
gptvis_property_table_clear (const GptVisProperty *table, guint n, gpointer values)
{
  for (guint i = 0; i < n; i++)
    if (table[i].type == TEXT)
      g_clear_pointer (value_of (&table[i], values).text, g_free);
}

static void
set_text (gchar **field, const GValue *value)
{
  const gchar *text = g_value_get_string (value);

  g_free (*field);
  *field = text && *text ? g_strdup (text) : NULL;
}

void
gptvis_property_set (const GptVisProperty *property, gpointer values, const GValue *value)
{
  const Value own = value_of (property, values);

  switch (property->type) {
    case TEXT:
      set_text (own.text, value);
      break;
    case ENUM:
      *own.number = g_value_get_enum (value);
      break;
    case UINT:
      *own.unsigned_number = g_value_get_uint (value);
      break;
    case UINT64:
      *own.large = g_value_get_uint64 (value);
      break;
    case FLOAT:
      *own.real = g_value_get_float (value);
      break;
    case DOUBLE:
      *own.precise = g_value_get_double (value);
      break;
    case BOOLEAN:
      *own.number = g_value_get_boolean (value);
      break;
  }
}

void
gptvis_property_get (const GptVisProperty *property, gconstpointer values, GValue *value)
{
  const Value own = value_of (property, values);

  switch (property->type) {
    case TEXT:
      g_value_set_string (value, *own.text);
      break;
    case ENUM:
      g_value_set_enum (value, *own.number);
      break;
    case UINT:
      g_value_set_uint (value, *own.unsigned_number);
      break;
    case UINT64:
      g_value_set_uint64 (value, *own.large);
      break;
    case FLOAT:
      g_value_set_float (value, *own.real);
      break;
    case DOUBLE:
      g_value_set_double (value, *own.precise);
      break;
    case BOOLEAN:
      g_value_set_boolean (value, *own.number);
      break;
  }
}
