/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MJPEG over HTTP as cameras send it: multipart/x-mixed-replace, which multipartdemux takes apart. */
#pragma once
#include <gst/gst.h>

/* Is that one? */
gboolean multipart_is (GstElement *element);
/* Tells it what cameras are like. Before it is linked. */
void multipart_set_up (GstElement *demuxer);
