/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON from outside: strict, bounded, and read through getters that remember the
 * first mistake. json-glib builds the tree, but only from a text that a scan of our
 * own has found to be RFC 8259 to the letter, because json-glib accepts comments,
 * hexadecimal numbers and any depth. Not for writing JSON (fields.c does). */
#pragma once
#include "error.h"
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define GPTVIS_JSON_MAX_BYTES (64u << 20)       /* of a file */
#define GPTVIS_JSON_MAX_DEPTH 32                /* config.json has 3, safetensors 3 */
#define GPTVIS_JSON_MAX_VALUES 1000000          /* bounds the tree to some 300 MB */

/* Reading one object. `error` holds the first mistake, and from then on every
 * getter returns its fallback; so read all, then look once. */
typedef struct _GptVisJson {
  const gchar *file;            /* for messages */
  JsonObject *object;
  GError *error;
} GptVisJson;

/* The text's top-level object (unref it), or NULL and FORMAT or LIMIT with a
 * sentence that begins with `file`. `what` says what the text is: "JSON",
 * "header". Names given twice in one object are refused. */
JsonObject *gptvis_json_parse (const gchar *file, const gchar *what, const gchar *text, gsize size,
    GError **error);

/* The same of a whole file of at most GPTVIS_JSON_MAX_BYTES. NOT_FOUND when there is none. */
JsonObject *gptvis_json_load (const gchar *path, GError **error);

/* Keeps a sentence as "FILE: NAME …"; the first stays. */
void gptvis_json_fail (GptVisJson *json, GptVisError code, const gchar *format, ...) G_GNUC_PRINTF (3, 4);

/* Hands the first mistake to the caller; TRUE: there was none. */
gboolean gptvis_json_settle (GptVisJson *json, GError **error);

/* Getters. An absent member or null gives the fallback; a wrong type or range, an error. */
gboolean gptvis_json_has (const GptVisJson *json, const gchar *name); /* there and not null */
guint gptvis_json_uint (GptVisJson *json, const gchar *name, guint fallback, guint min, guint max);
gdouble gptvis_json_number (GptVisJson *json, const gchar *name, gdouble fallback, gdouble min,
    gdouble max);
gboolean gptvis_json_boolean (GptVisJson *json, const gchar *name, gboolean fallback);
/* The text is the object's. */
const gchar *gptvis_json_string (GptVisJson *json, const gchar *name, const gchar *fallback);
/* NULL when absent; an error when it is something else. */
JsonObject *gptvis_json_object (GptVisJson *json, const gchar *name);
JsonArray *gptvis_json_array (GptVisJson *json, const gchar *name);
/* A node as a whole number from 0 to below G_MAXINT64; FALSE when it is none. */
gboolean gptvis_json_node_uint (JsonNode *node, guint64 *value);
gboolean gptvis_json_node_number (JsonNode *node, gdouble *value);

G_END_DECLS
