/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An element's properties as a table: a row says how one is shown and where in a structure of the
 * element's its value is. What the values do is the element's; so is a lock around them. */
#pragma once
#include <gst/gst.h>

G_BEGIN_DECLS

/* What the member is: gchar *, an enum, guint, guint64, gfloat, gdouble, gboolean. */
typedef enum { TEXT, ENUM, UINT, UINT64, FLOAT, DOUBLE,
  BOOLEAN } GptVisPropertyType;

typedef struct {
  const gchar *name, *nick;
  GptVisPropertyType type;
  gsize offset;                 /* of the member */
  GParamFlags flags;            /* besides G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS */
  gdouble min, max;             /* of a UINT64 all values are possible */
  const gchar *type_name;       /* of an ENUM */
  const GEnumValue *values;     /* likewise */
  const gchar *blurb;
} GptVisProperty;

/* The rows get the ids from `first_id` on, and the defaults that are in the structure `defaults`. */
void gptvis_property_table_install (const GptVisProperty *table, guint n, guint first_id, GObjectClass *klass,
    gconstpointer defaults);
/* Frees the texts in the structure. */
void gptvis_property_table_clear (const GptVisProperty *table, guint n, gpointer values);

/* The row of that id; NULL: there is none. */
const GptVisProperty *gptvis_property_table_find (const GptVisProperty *table, guint n, guint first_id,
    guint id);

/* GObject has checked that the value is in range. An empty text counts as none (NULL): command lines and
 * forms have nothing else for that. */
void gptvis_property_set (const GptVisProperty *property, gpointer values, const GValue *value);
void gptvis_property_get (const GptVisProperty *property, gconstpointer values, GValue *value);

G_END_DECLS
