/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results as structures, which messages carry, and structures as JSON: what gptvis.h has for results, for any
 * table of fields. */
#pragma once
#include "gptvis.h"
#include "result-fields.h"

G_BEGIN_DECLS

/* An object as a structure of its table's name, owned by the caller … */
GstStructure *gptvis_fields_to_structure (const GptVisFields *fields, gconstpointer object);
/* … and such a structure as the JSON that the object itself would have; g_free it. */
gchar *gptvis_fields_structure_to_json (const GptVisFields *fields, const GstStructure *structure);

/* Sets a field to a text from outside (a directory may have any name). GStreamer needs UTF-8: what is
 * none becomes U+FFFD. */
static inline void
gptvis_structure_set_text (GstStructure *structure, const gchar *field, const gchar *text)
{
  gchar *valid = g_utf8_validate (text, -1, NULL) ? NULL : g_utf8_make_valid (text, -1);

  gst_structure_set (structure, field, G_TYPE_STRING, valid ? valid : text, NULL);
  g_free (valid);
}

G_END_DECLS
