/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages that elements post on the bus. */
#pragma once
#include <gst/gst.h>
#include "client.h"
#include "structure.h"

G_BEGIN_DECLS

/* A result as an element message "gptvis-result" from `source`; owned by the caller. */
GstMessage *gptvis_result_to_message (const GptVisResult *result, GstObject *source);

/* The result's caption, which must be there, as an element message "gptvis-caption". */
GstMessage *gptvis_caption_to_message (const GptVisResult *result, GstObject *source);

/* An event of the result's as an element message "gptvis-event". */
GstMessage *gptvis_event_to_message (const GptVisResult *result, guint event, GstObject *source);

/* Posts an error of GPTVIS_ERROR as the element's message of that type (error or warning), with
 * GStreamer's domain and code. */
void gptvis_error_post (const GError *error, GstElement *element, GstMessageType type);

/* Posts a warning that the element's text pad is linked, but the model writes no captions with its task. */
void gptvis_no_captions_post (GstElement *element, const GptVisModel *model);

G_END_DECLS
