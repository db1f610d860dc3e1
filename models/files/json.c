/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* First a scan of the bytes (grammar, UTF-8, depth, number of values), without
 * recursion and without allocating; then json-glib; then the getters. */
#include "json.h"
#include "file.h"
#include "quote.h"
#include <math.h>
#include <string.h>

typedef struct {
  const gchar *text, *at, *end;
  const gchar *wrong;           /* what is wrong at `at`; NULL while all is well */
  GptVisError code;
} Scan;

static gboolean
wrong (Scan *s, const gchar *what)
{
  s->wrong = what;
  s->code = GPTVIS_ERROR_FORMAT;
  return FALSE;
}

static gboolean
too_much (Scan *s, const gchar *what)
{
  s->wrong = what;
  s->code = GPTVIS_ERROR_LIMIT;
  return FALSE;
}

static void
skip_space (Scan *s)
{
  while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
    s->at++;
}

static gboolean
scan_word (Scan *s, const gchar *word)
{
  const gsize n = strlen (word);
  if ((gsize) (s->end - s->at) < n || memcmp (s->at, word, n) != 0)
    return wrong (s, "a value is expected");
  s->at += n;
  return TRUE;
}

static gboolean
scan_digits (Scan *s)
{
  const gchar *first = s->at;
  while (s->at < s->end && g_ascii_isdigit (*s->at))
    s->at++;
  return s->at > first || wrong (s, "a digit is expected");
}

static gboolean
scan_number (Scan *s)
{
  if (*s->at == '-')
    s->at++;
  if (s->at < s->end && *s->at == '0')
    s->at++;
  else if (!scan_digits (s))
    return FALSE;
  if (s->at < s->end && *s->at == '.') {
    s->at++;
    if (!scan_digits (s))
      return FALSE;
  }
  if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
    s->at++;
    if (s->at < s->end && (*s->at == '+' || *s->at == '-'))
      s->at++;
    if (!scan_digits (s))
      return FALSE;
  }
  return TRUE;
}

/* The four digits of \uXXXX; -1 when they are none. */
static gint
scan_unit (Scan *s)
{
  gint unit = 0;
  for (guint i = 0; i < 4; i++, s->at++) {
    if (s->at >= s->end || !g_ascii_isxdigit (*s->at))
      return -1;
    unit = unit * 16 + g_ascii_xdigit_value (*s->at);
  }
  return unit;
}

static gboolean
scan_escape (Scan *s)
{
  s->at++;
  if (s->at >= s->end || !strchr ("\"\\/bfnrtu", *s->at) || *s->at == '\0')
    return wrong (s, "an escape in a string is not one of JSON's");
  if (*s->at++ != 'u')
    return TRUE;
  gint unit = scan_unit (s);
  if (unit <= 0)
    return wrong (s, "a \\u escape is not a character");
  if (unit < 0xd800 || unit > 0xdfff)
    return TRUE;
  if (unit > 0xdbff || s->end - s->at < 6 || s->at[0] != '\\' || s->at[1] != 'u')
    return wrong (s, "a \\u escape is half a surrogate pair");
  s->at += 2;
  unit = scan_unit (s);
  return (unit >= 0xdc00 && unit <= 0xdfff) || wrong (s, "a \\u escape is half a surrogate pair");
}

static gboolean
scan_string (Scan *s)
{
  s->at++;
  while (s->at < s->end && *s->at != '"') {
    if ((guchar) *s->at < 0x20)
      return wrong (s, "a string holds a control character");
    if (*s->at != '\\')
      s->at++;
    else if (!scan_escape (s))
      return FALSE;
  }
  if (s->at >= s->end)
    return wrong (s, "a string does not end");
  s->at++;
  return TRUE;
}

static gboolean
scan_name (Scan *s)
{
  skip_space (s);
  if (s->at >= s->end || *s->at != '"')
    return wrong (s, "a name in quotation marks is expected");
  if (!scan_string (s))
    return FALSE;
  skip_space (s);
  if (s->at >= s->end || *s->at != ':')
    return wrong (s, "a colon is expected");
  s->at++;
  return TRUE;
}

static gboolean
scan_scalar (Scan *s)
{
  switch (*s->at) {
    case '"':
      return scan_string (s);
    case 't':
      return scan_word (s, "true");
    case 'f':
      return scan_word (s, "false");
    case 'n':
      return scan_word (s, "null");
    default:
      return *s->at == '-' || g_ascii_isdigit (*s->at) ? scan_number (s) : wrong (s, "a value is expected");
  }
}

/* One value with all it holds; `open` is the stack of brackets. */
static gboolean
scan_text (Scan *s)
{
  gchar open[GPTVIS_JSON_MAX_DEPTH];
  guint depth = 0;
  guint values = 0;

  for (;;) {
    skip_space (s);
    if (s->at >= s->end)
      return wrong (s, "the text ends too early");
    if (++values > GPTVIS_JSON_MAX_VALUES)
      return too_much (s, "there are more than " G_STRINGIFY (GPTVIS_JSON_MAX_VALUES) " values");
    if (*s->at == '{' || *s->at == '[') {
      if (depth == GPTVIS_JSON_MAX_DEPTH)
        return too_much (s, "it is nested more than " G_STRINGIFY (GPTVIS_JSON_MAX_DEPTH) " deep");
      const gchar close = *s->at == '{' ? '}' : ']';
      s->at++;
      skip_space (s);
      if (s->at < s->end && *s->at == close) {
        s->at++;
      } else {
        open[depth++] = close;
        if (close == '}' && !scan_name (s))
          return FALSE;
        continue;
      }
    } else if (!scan_scalar (s)) {
      return FALSE;
    }

    /* after a value: close what ends, or go on after a comma */
    for (;;) {
      skip_space (s);
      if (depth == 0)
        return s->at == s->end || wrong (s, "something follows the end");
      if (s->at >= s->end)
        return wrong (s, "the text ends too early");
      if (*s->at == open[depth - 1]) {
        s->at++;
        depth--;
        continue;
      }
      if (*s->at != ',')
        return wrong (s, "a comma or a closing bracket is expected");
      s->at++;
      if (open[depth - 1] == '}' && !scan_name (s))
        return FALSE;
      break;
    }
  }
}

/* Names given twice: json-glib keeps the last, so the object has not grown. */
typedef struct {
  GHashTable *counts;           /* JsonObject* → members seen so far */
  gchar *twice;                 /* the first such name */
} Members;

static void
on_member (JsonParser *parser, JsonObject *object, const gchar *name, gpointer user)
{
  Members *members = user;
  const guint seen = GPOINTER_TO_UINT (g_hash_table_lookup (members->counts, object)) + 1;
  if (json_object_get_size (object) < seen && !members->twice)
    members->twice = g_strdup (name);
  g_hash_table_insert (members->counts, object, GUINT_TO_POINTER (seen));
}

static void
on_object_end (JsonParser *parser, JsonObject *object, gpointer user)
{
  g_hash_table_remove (((Members *) user)->counts, object);
}

static JsonObject *
build (const gchar *file, const gchar *what, const gchar *text, gsize size, GError **error)
{
  Members members = { g_hash_table_new (NULL, NULL), NULL };
  JsonParser *parser = json_parser_new ();
  GError *parse_error = NULL;
  JsonObject *object = NULL;

  g_signal_connect (parser, "object-member", G_CALLBACK (on_member), &members);
  g_signal_connect (parser, "object-end", G_CALLBACK (on_object_end), &members);
  if (!json_parser_load_from_data (parser, text, size, &parse_error)) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_FORMAT, "%s: the %s cannot be read: %s", file, what,
        parse_error->message);
    g_error_free (parse_error);
  } else if (members.twice) {
    gptvis_quote_error (error, GPTVIS_ERROR_FORMAT, "%s: the %s has the name \"%.200s\" twice in one object",
        file, what, members.twice);
  } else {
    object = json_object_ref (json_node_get_object (json_parser_get_root (parser)));
  }
  g_object_unref (parser);
  g_hash_table_unref (members.counts);
  g_free (members.twice);
  return object;
}

JsonObject *
gptvis_json_parse (const gchar *file, const gchar *what, const gchar *text, gsize size, GError **error)
{
  const gchar *bad;
  if (!g_utf8_validate (text, size, &bad)) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_FORMAT,
        "%s: the %s is not UTF-8 text at byte %" G_GSIZE_FORMAT, file, what, (gsize) (bad - text));
    return NULL;
  }
  Scan s = { .text = text, .at = text, .end = text + size };
  skip_space (&s);
  if (s.at == s.end) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_FORMAT,
        "%s: the %s is empty, where an object {…} is needed", file, what);
    return NULL;
  }
  if (*s.at != '{') {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_FORMAT, "%s: the %s is not a JSON object {…}", file, what);
    return NULL;
  }
  if (!scan_text (&s)) {
    g_set_error (error, GPTVIS_ERROR, s.code, "%s: the %s cannot be read at byte %" G_GSIZE_FORMAT ": %s",
        file, what, (gsize) (s.at - s.text), s.wrong);
    return NULL;
  }
  return build (file, what, text, size, error);
}

JsonObject *
gptvis_json_load (const gchar *path, GError **error)
{
  gsize size;
  gchar *text = gptvis_file_load (path, "a JSON file", GPTVIS_JSON_MAX_BYTES, &size, error);
  JsonObject *object = NULL;
  if (text && size == 0)
    gptvis_quote_error (error, GPTVIS_ERROR_FORMAT,
        "%s: the file is empty, as after a download that failed: download it again", path);
  else if (text)
    object = gptvis_json_parse (path, "JSON", text, size, error);
  g_free (text);
  return object;
}

void
gptvis_json_fail (GptVisJson *json, GptVisError code, const gchar *format, ...)
{
  if (json->error)
    return;
  va_list args;
  va_start (args, format);
  json->error = gptvis_quote_error_new (code, format, args);
  va_end (args);
  g_prefix_error (&json->error, "%s: ", json->file);
}

gboolean
gptvis_json_settle (GptVisJson *json, GError **error)
{
  if (!json->error)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&json->error));
  return FALSE;
}

/* The member, or NULL when it is absent, null, or an error was met before. */
static JsonNode *
member (const GptVisJson *json, const gchar *name)
{
  JsonNode *node = json->error ? NULL : json_object_get_member (json->object, name);
  return node && !JSON_NODE_HOLDS_NULL (node) ? node : NULL;
}

gboolean
gptvis_json_has (const GptVisJson *json, const gchar *name)
{
  return member (json, name) != NULL;
}

gboolean
gptvis_json_node_uint (JsonNode *node, guint64 *value)
{
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  const gint64 v = json_node_get_int (node);
  *value = (guint64) v;
  return v >= 0 && v < G_MAXINT64;      /* which json-glib 1.10 makes of all that is larger */
}

gboolean
gptvis_json_node_number (JsonNode *node, gdouble *value)
{
  if (!JSON_NODE_HOLDS_VALUE (node))
    return FALSE;
  const GType type = json_node_get_value_type (node);
  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return FALSE;
  *value = json_node_get_double (node);
  return isfinite (*value);
}

guint
gptvis_json_uint (GptVisJson *json, const gchar *name, guint fallback, guint min, guint max)
{
  JsonNode *node = member (json, name);
  guint64 value;
  if (!node)
    return fallback;
  if (gptvis_json_node_uint (node, &value) && value >= min && value <= max)
    return (guint) value;
  gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "%s is not a whole number from %u to %u", name, min, max);
  return fallback;
}

gdouble
gptvis_json_number (GptVisJson *json, const gchar *name, gdouble fallback, gdouble min, gdouble max)
{
  JsonNode *node = member (json, name);
  gdouble value;
  if (!node)
    return fallback;
  if (gptvis_json_node_number (node, &value) && value >= min && value <= max)
    return value;
  gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "%s is not a number from %g to %g", name, min, max);
  return fallback;
}

gboolean
gptvis_json_boolean (GptVisJson *json, const gchar *name, gboolean fallback)
{
  JsonNode *node = member (json, name);
  if (!node)
    return fallback;
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    return json_node_get_boolean (node);
  gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "%s is neither true nor false", name);
  return fallback;
}

const gchar *
gptvis_json_string (GptVisJson *json, const gchar *name, const gchar *fallback)
{
  JsonNode *node = member (json, name);
  if (!node)
    return fallback;
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    return json_node_get_string (node);
  gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "%s is not a string", name);
  return fallback;
}

JsonObject *
gptvis_json_object (GptVisJson *json, const gchar *name)
{
  JsonNode *node = member (json, name);
  if (node && !JSON_NODE_HOLDS_OBJECT (node)) {
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "%s is not an object {…}", name);
    return NULL;
  }
  return node ? json_node_get_object (node) : NULL;
}

JsonArray *
gptvis_json_array (GptVisJson *json, const gchar *name)
{
  JsonNode *node = member (json, name);
  if (node && !JSON_NODE_HOLDS_ARRAY (node)) {
    gptvis_json_fail (json, GPTVIS_ERROR_FORMAT, "%s is not an array […]", name);
    return NULL;
  }
  return node ? json_node_get_array (node) : NULL;
}
