/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why an input cannot be read, in a sentence for the user. GStreamer's own are for whoever built the
 * pipeline ("Internal data stream error."), or say less than the server did ("Found"). */
#pragma once
#include <gst/gst.h>

/* What is known of an input until it fails: {0} before it is opened. */
typedef struct {
  gboolean unanswered, secure;  /* asked over HTTP without an answer; over HTTPS */
  gboolean refused;             /* it wants another password; set by answer_fault */
  gchar *type;                  /* what the server says it sends; NULL: unknown */
  gchar *redirected;            /* the host that the server redirects to */
  gchar *missing;               /* the decoder that is not installed */
} Answer;

/* Reads a message of the input's pipeline; most tell nothing. */
void answer_note (Answer *answer, GstMessage *message);
/* The sentence for an error of this input, without passwords and control characters; the caller frees it. */
gchar *answer_fault (Answer *answer, GstMessage *error);
void answer_clear (Answer *answer);
