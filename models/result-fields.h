/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of fields by which results are written, as JSON and as messages, and described. */
#pragma once
#include "fields.h"
#include "result.h"

G_BEGIN_DECLS

/* What the tables are of: a result as it is reported with a frame, which may be a later one. A value that
 * owns nothing. */
typedef struct {
  GptVisResult result;          /* comes first, so that the table also serves a result alone, where only
                                 * pointers count */
  gint64 age;                   /* µs between the analysed frame and the one that carries the result */
} GptVisReport;

extern const GptVisFields gptvis_result_fields; /* of a GptVisReport, as "gptvis-result" */
extern const GptVisFields gptvis_caption_fields;        /* of one with a caption, as "gptvis-caption" */
extern const GptVisFields gptvis_event_fields;  /* of one with events: its first, as "gptvis-event" */

/* stream: another name to report it under; NULL: the result's own. */
GptVisReport gptvis_result_report (const GptVisResult *result, const gchar *stream, gint64 age);

G_END_DECLS
