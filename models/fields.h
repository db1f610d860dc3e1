/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of fields: what a structure's members are called outside, of which type they are, in which unit,
 * and what they mean. A structure with a table is copied into one block of memory, written as JSON, and
 * described (schema and page) by what the table says, and nothing else. result-fields.c has the tables of
 * results; gst/structure.c makes messages by them.
 *
 * Outside, a value can be unknown: null in JSON, a missing field in a message. A field for which that may
 * be so is `optional`, and how its type says "unknown" stands beside the type.
 *
 * Threads: tables are constant; nothing here keeps anything. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  GPTVIS_FIELD_VERSION,         /* no member: GPTVIS_RESULT_VERSION */
  GPTVIS_FIELD_TEXT,            /* const gchar *, UTF-8; NULL: unknown */
  GPTVIS_FIELD_WORD,            /* an enum, outside one of `words`, by value */
  GPTVIS_FIELD_BOOLEAN,         /* gboolean */
  GPTVIS_FIELD_COUNT,           /* guint64 */
  GPTVIS_FIELD_INDEX,           /* guint */
  GPTVIS_FIELD_ID,              /* guint, from 1; 0: unknown */
  GPTVIS_FIELD_TIMESTAMP,       /* guint64, ns; G_MAXUINT64: unknown */
  GPTVIS_FIELD_WALL_CLOCK,      /* gint64, µs since 1970, outside RFC 3339; 0: unknown */
  GPTVIS_FIELD_DURATION,        /* gint64, µs, outside ms */
  GPTVIS_FIELD_SCORE,           /* gfloat, 0 … 1; NAN: unknown */
  GPTVIS_FIELD_BOX,             /* four gfloats */
  GPTVIS_FIELD_NUMBERS,         /* const gfloat *, n of them; NULL: unknown */
  GPTVIS_FIELD_OBJECT,          /* a pointer to what `of` is the table of; NULL: unknown */
  GPTVIS_FIELD_OBJECTS,         /* the same, n of them; NULL: unknown, or where it is not optional, none */
  GPTVIS_FIELD_MEMBERS,         /* as OBJECT, but its fields stand here, in its place; never NULL */
  GPTVIS_N_FIELD_TYPES,
} GptVisFieldType;

typedef struct _GptVisFields GptVisFields;

typedef struct {
  const gchar *name;            /* as it is outside */
  GptVisFieldType type;
  const gchar *unit;            /* outside; NULL: none */
  const gchar *text;            /* what it means, a phrase for the schema and the page */
  gsize offset;                 /* of the member */
  gsize n_offset;               /* of the guint that counts NUMBERS or OBJECTS */
  const GptVisFields *of;       /* OBJECT, OBJECTS, MEMBERS */
  const gchar *const *words;    /* WORD, with NULL after the last */
  gboolean optional;            /* it may be unknown */
} GptVisField;

struct _GptVisFields {
  const gchar *name;            /* of one such object: "label" */
  const gchar *text;            /* what it is, a sentence for the page */
  gsize size;                   /* of the structure */
  guint n;
  const GptVisField *fields;    /* in the order in which they are written */
};

/* --- values --- */

/* A field's value as it is outside, for all types but the last five. */
typedef struct {
  gboolean known;
  guint64 whole;                /* VERSION, BOOLEAN, COUNT, INDEX, ID, TIMESTAMP */
  gdouble number;               /* DURATION (ms), SCORE */
  const gchar *text;            /* TEXT, WORD, WALL_CLOCK */
  gchar clock[32];              /* what `text` points to for WALL_CLOCK */
} GptVisValue;

/* Reads the member's value. */
void gptvis_field_read (const GptVisField *field, gconstpointer object, GptVisValue *value);
/* The numbers of BOX (always four) or NUMBERS; NULL: unknown. */
const gfloat *gptvis_field_numbers (const GptVisField *field, gconstpointer object, guint *n);
/* The first of n structures of OBJECT (one), OBJECTS or MEMBERS (one); NULL: unknown. */
gconstpointer gptvis_field_objects (const GptVisField *field, gconstpointer object, guint *n);

/* "2026-03-01T12:00:00.123Z" for µs since 1970; FALSE for 0 (unknown) and for years that RFC 3339 cannot
 * write. */
gboolean gptvis_rfc3339 (gint64 time, gchar text[static 32]);

/* --- one block --- */

/* Bytes that all that `object` points to needs beside the structure itself, by its table. */
gsize gptvis_fields_room (const GptVisFields *fields, gconstpointer object);
/* Copies all of that to `room`, aligned for any type, and points `copy`, a copy of `object`, to it. */
void gptvis_fields_copy (const GptVisFields *fields, gconstpointer object, gpointer copy, gpointer room);

/* --- JSON --- */

/* Numbers do not follow the locale, and bytes that are not UTF-8 become U+FFFD. */
void gptvis_fields_append_json (GString *json, const GptVisFields *fields, gconstpointer object);
/* Its parts, for values from elsewhere: a value, and a number in the format of the field's type (null when
 * it is not finite). */
void gptvis_value_append_json (GString *json, const GptVisField *field, const GptVisValue *value);
void gptvis_number_append_json (GString *json, const GptVisField *field, gdouble number);
void gptvis_text_append_json (GString *json, const gchar *text);      /* NULL is null */

/* --- descriptions (describe.c) --- */

/* A JSON schema of one object; g_free it. */
gchar *gptvis_fields_to_schema (const GptVisFields *fields, const gchar *title);
/* A table in Markdown, a row for each field and each field of what is in it; g_free it. */
gchar *gptvis_fields_to_page (const GptVisFields *fields);

G_END_DECLS
