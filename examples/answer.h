/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why an input cannot be read, in a sentence for who gave it: GStreamer's own are for who made the
 * pipeline ("Internal data stream error.") or say less than the server did ("Found"). */
#pragma once
#include <gst/gst.h>

/* What is known of an input until it fails: {0} before it is opened. */
typedef struct {
  gboolean unanswered, secure;  /* asked over HTTP, and no answer came; over HTTPS */
  gboolean refused;             /* not without another password; set by answer_fault */
  gchar *type;                  /* what the server says it sends; NULL: unknown */
  gchar *elsewhere;             /* the host that the server sent to instead */
  gchar *missing;               /* what is not installed */
} Answer;

/* Reads a message of the input's pipeline; most say nothing of it. */
void answer_note (Answer *answer, GstMessage *message);
/* The sentence for an error of this input, without passwords and control characters; the caller frees it. */
gchar *answer_fault (Answer *answer, GstMessage *error);
void answer_clear (Answer *answer);
