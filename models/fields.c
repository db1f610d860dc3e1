/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structures by their tables: values read, all of one copied into one block, JSON written. The JSON is
 * written by hand, since the order of fields is fixed and numbers must not follow the locale. */
#include "fields.h"
#include "result.h"
#include <math.h>
#include <string.h>

#define ALIGNMENT 8u            /* of what is in a block: the widest members are guint64 and pointers */

static gconstpointer
member (const GptVisField *field, gconstpointer object)
{
  return (const gchar *) object + field->offset;
}

/* --- values --- */

gboolean
gptvis_rfc3339 (gint64 time, gchar text[static 32])
{
  GDateTime *seconds = time > 0 ? g_date_time_new_from_unix_utc (time / G_USEC_PER_SEC) : NULL;
  if (!seconds)
    return FALSE;
  g_snprintf (text, 32, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ", g_date_time_get_year (seconds),
      g_date_time_get_month (seconds), g_date_time_get_day_of_month (seconds), g_date_time_get_hour (seconds),
      g_date_time_get_minute (seconds), g_date_time_get_second (seconds),
      (guint) (time % G_USEC_PER_SEC / 1000));
  g_date_time_unref (seconds);
  return TRUE;
}

void
gptvis_field_read (const GptVisField *field, gconstpointer object, GptVisValue *value)
{
  gconstpointer at = member (field, object);
  value->known = TRUE;
  switch (field->type) {
    case GPTVIS_FIELD_VERSION:
      value->whole = GPTVIS_RESULT_VERSION;
      break;
    case GPTVIS_FIELD_TEXT:
      value->text = *(const gchar *const *) at;
      value->known = value->text != NULL;
      break;
    case GPTVIS_FIELD_WORD:
      value->known = *(const guint *) at < g_strv_length ((gchar **) field->words);
      value->text = value->known ? field->words[*(const guint *) at] : NULL;
      break;
    case GPTVIS_FIELD_BOOLEAN:
      value->whole = *(const gboolean *) at != FALSE;
      break;
    case GPTVIS_FIELD_COUNT:
      value->whole = *(const guint64 *) at;
      break;
    case GPTVIS_FIELD_INDEX:
      value->whole = *(const guint *) at;
      break;
    case GPTVIS_FIELD_ID:
      value->whole = *(const guint *) at;
      value->known = value->whole != 0;
      break;
    case GPTVIS_FIELD_TIMESTAMP:
      value->whole = *(const guint64 *) at;
      value->known = value->whole != G_MAXUINT64;
      break;
    case GPTVIS_FIELD_WALL_CLOCK:
      value->text = value->clock;
      value->known = gptvis_rfc3339 (*(const gint64 *) at, value->clock);
      break;
    case GPTVIS_FIELD_DURATION:
      value->number = *(const gint64 *) at / 1000.0;
      break;
    case GPTVIS_FIELD_SCORE:
      value->number = *(const gfloat *) at;
      value->known = isfinite (value->number);
      break;
    default:
      g_assert_not_reached ();
  }
}

const gfloat *
gptvis_field_numbers (const GptVisField *field, gconstpointer object, guint *n)
{
  gconstpointer at = member (field, object);
  if (field->type == GPTVIS_FIELD_BOX) {
    *n = 4;
    return at;
  }
  const gfloat *numbers = *(const gfloat *const *) at;
  *n = numbers ? *(const guint *) ((const gchar *) object + field->n_offset) : 0;
  return numbers;
}

gconstpointer
gptvis_field_objects (const GptVisField *field, gconstpointer object, guint *n)
{
  gconstpointer first = *(gconstpointer const *) member (field, object);
  *n = first ? 1 : 0;
  if (first && field->type == GPTVIS_FIELD_OBJECTS)
    *n = *(const guint *) ((const gchar *) object + field->n_offset);
  return first;
}

/* --- one block --- */

/* Counts bytes while `start` is NULL, and fills them when it is not. */
typedef struct {
  gchar *start;
  gsize used;
} Room;

static gpointer
put (Room *room, gconstpointer data, gsize size, gsize alignment)
{
  room->used = (room->used + alignment - 1) / alignment * alignment;
  gchar *copy = room->start ? room->start + room->used : NULL;
  room->used += size;
  return copy && size > 0 ? memcpy (copy, data, size) : copy;
}

/* Where `copy` is NULL, it is only counted. */
static void
put_members (Room *room, const GptVisFields *fields, gconstpointer object, gpointer copy)
{
  for (guint f = 0; f < fields->n; f++) {
    const GptVisField *field = &fields->fields[f];
    gconstpointer from = NULL;
    gpointer to = NULL;
    guint n = 0;

    if (field->type == GPTVIS_FIELD_TEXT) {
      if ((from = *(gconstpointer const *) member (field, object)))
        to = put (room, from, strlen (from) + 1, 1);
    } else if (field->type == GPTVIS_FIELD_NUMBERS) {
      if ((from = gptvis_field_numbers (field, object, &n)))
        to = put (room, from, n * sizeof (gfloat), ALIGNMENT);
    } else if (field->of && (from = gptvis_field_objects (field, object, &n))) {
      const gsize size = field->of->size;
      to = put (room, from, n * size, ALIGNMENT);
      for (guint i = 0; i < n; i++)
        put_members (room, field->of, (const gchar *) from + i * size, to ? (gchar *) to + i * size : NULL);
    }
    if (to)
      *(gpointer *) ((gchar *) copy + field->offset) = to;
    else if (copy && field->n_offset > 0 && !from)
      *(guint *) ((gchar *) copy + field->n_offset) = 0;        /* whatever was counted, there is none */
  }
}

gsize
gptvis_fields_room (const GptVisFields *fields, gconstpointer object)
{
  Room room = { NULL, 0 };
  put_members (&room, fields, object, NULL);
  return room.used;
}

void
gptvis_fields_copy (const GptVisFields *fields, gconstpointer object, gpointer copy, gpointer room)
{
  Room here = { room, 0 };
  put_members (&here, fields, object, copy);
}

/* --- JSON --- */

/* As JSON wants it: quotation marks, backslashes and control characters escaped,
 * everything else as it is. */
void
gptvis_text_append_json (GString *json, const gchar *text)
{
  if (!text) {
    g_string_append (json, "null");
    return;
  }
  gchar *valid = g_utf8_validate (text, -1, NULL) ? NULL : g_utf8_make_valid (text, -1);
  g_string_append_c (json, '"');
  for (const gchar *p = valid ? valid : text; *p; p++) {
    if (*p == '"' || *p == '\\')
      g_string_append_printf (json, "\\%c", *p);
    else if (*p == '\n')
      g_string_append (json, "\\n");
    else if (*p == '\t')
      g_string_append (json, "\\t");
    else if ((guchar) *p < 0x20 || *p == 0x7f)
      g_string_append_printf (json, "\\u%04x", (guint) *p);
    else
      g_string_append_c (json, *p);
  }
  g_string_append_c (json, '"');
  g_free (valid);
}

void
gptvis_number_append_json (GString *json, const GptVisField *field, gdouble number)
{
  const gchar *format = field->type == GPTVIS_FIELD_DURATION ? "%.3f"
      : field->type == GPTVIS_FIELD_NUMBERS ? "%.6g" : field->type == GPTVIS_FIELD_BOX ? "%.5f" : "%.4f";
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];
  g_string_append (json, isfinite (number) ? g_ascii_formatd (text, sizeof text, format, number) : "null");
}

void
gptvis_value_append_json (GString *json, const GptVisField *field, const GptVisValue *value)
{
  if (!value->known)
    g_string_append (json, "null");
  else if (field->type == GPTVIS_FIELD_DURATION || field->type == GPTVIS_FIELD_SCORE)
    gptvis_number_append_json (json, field, value->number);
  else if (field->type == GPTVIS_FIELD_TEXT || field->type == GPTVIS_FIELD_WORD
      || field->type == GPTVIS_FIELD_WALL_CLOCK)
    gptvis_text_append_json (json, value->text);
  else if (field->type == GPTVIS_FIELD_BOOLEAN)
    g_string_append (json, value->whole ? "true" : "false");
  else
    g_string_append_printf (json, "%" G_GUINT64_FORMAT, value->whole);
}

static void
append_numbers (GString *json, const GptVisField *field, gconstpointer object)
{
  guint n;
  const gfloat *numbers = gptvis_field_numbers (field, object, &n);
  if (!numbers) {
    g_string_append (json, "null");
    return;
  }
  g_string_append_c (json, '[');
  for (guint i = 0; i < n; i++) {
    if (i > 0)
      g_string_append_c (json, ',');
    gptvis_number_append_json (json, field, numbers[i]);
  }
  g_string_append_c (json, ']');
}

static void
append_objects (GString *json, const GptVisField *field, gconstpointer object)
{
  guint n;
  const gchar *first = gptvis_field_objects (field, object, &n);
  if (!first && field->optional) {
    g_string_append (json, "null");
    return;
  }
  if (field->type == GPTVIS_FIELD_OBJECT) {
    gptvis_fields_append_json (json, field->of, first);
    return;
  }
  g_string_append_c (json, '[');
  for (guint i = 0; i < n; i++) {
    if (i > 0)
      g_string_append_c (json, ',');
    gptvis_fields_append_json (json, field->of, first + i * field->of->size);
  }
  g_string_append_c (json, ']');
}

static void
append_members (GString *json, const GptVisFields *fields, gconstpointer object)
{
  for (guint f = 0; f < fields->n; f++) {
    const GptVisField *field = &fields->fields[f];
    GptVisValue value;
    guint one;

    if (field->type == GPTVIS_FIELD_MEMBERS) {
      append_members (json, field->of, gptvis_field_objects (field, object, &one));
      continue;
    }
    g_string_append_printf (json, "%s\"%s\":", json->str[json->len - 1] == '{' ? "" : ",", field->name);
    if (field->of) {
      append_objects (json, field, object);
    } else if (field->type == GPTVIS_FIELD_BOX || field->type == GPTVIS_FIELD_NUMBERS) {
      append_numbers (json, field, object);
    } else {
      gptvis_field_read (field, object, &value);
      gptvis_value_append_json (json, field, &value);
    }
  }
}

void
gptvis_fields_append_json (GString *json, const GptVisFields *fields, gconstpointer object)
{
  g_string_append_c (json, '{');
  append_members (json, fields, object);
  g_string_append_c (json, '}');
}
