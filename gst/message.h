/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results as a GstStructure and as a message on the bus; the fields are tabled
 * in message.c. */
#pragma once
#include <gst/gst.h>
#include "client.h"

G_BEGIN_DECLS

#define GPTVIS_MESSAGE_NAME "gptvis-result"
#define GPTVIS_CAPTION_MESSAGE_NAME "gptvis-caption"

/* The structure "gptvis-result"; owned by the caller. */
GstStructure *gptvis_result_to_structure (const GptVisResult * result);

/* The same as an element message from `source`; owned by the caller. */
GstMessage *gptvis_result_to_message (const GptVisResult * result, GstObject * source);

/* The result's caption, which must be there, as an element message "gptvis-caption". */
GstMessage *gptvis_caption_to_message (const GptVisResult * result, GstObject * source);

/* Sets a field that comes from outside (a directory may be called anything) and
 * that GStreamer wants in UTF-8: what is none becomes U+FFFD. */
void gptvis_structure_set_text (GstStructure * structure, const gchar * field, const gchar * text);

/* "2026-03-01T12:00:00.123Z" for µs since 1970; g_free it. NULL for 0 (unknown)
 * and for years that RFC 3339 cannot write. */
gchar *gptvis_time_to_rfc3339 (gint64 time);

/* Posts an error of GPTVIS_ERROR as the element's message of that type (error or warning), in
 * GStreamer's domains. */
void gptvis_error_post (const GError * error, GstElement * element, GstMessageType type);

/* Warns that an element's text is taken, which that model never writes with that task. */
void gptvis_no_text_post (GstElement * element, const GptVisModel * model);

G_END_DECLS
