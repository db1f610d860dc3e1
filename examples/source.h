/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where an input's frames come from: the source element of its URI, and a decodebin. */
#pragma once
#include <gst/gst.h>

typedef struct {
  GstElement *reader, *decoder; /* the pipeline's */
  gboolean multipart;           /* pictures one by one, of a camera; the streaming thread's */
} Source;

/* Adds both to the pipeline, linked to `sink`, an element with one input, as soon as they have
 * pictures; sound is left alone. The Source is not moved while they play. FALSE with an error when
 * nothing can read such a URI. */
gboolean source_add (Source *self, GstElement *pipeline, const gchar *uri, GstElement *sink,
    GError **error);

/* An error that decodebin keeps to itself, or NULL. decodebin ignores an element's errors while it starts,
 * if it then starts (as of GStreamer 1.26), but a demuxer that has failed by then never gives anything. To
 * be asked for when the bus has been silent; owned by the decoder. */
GstMessage *source_lost_error (const Source *self);
