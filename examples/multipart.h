/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MJPEG over HTTP as cameras send it: multipart/x-mixed-replace, which multipartdemux splits. */
#pragma once
#include <gst/gst.h>

/* Is the element a multipartdemux? */
gboolean multipart_is (GstElement *element);
/* Sets it up for cameras, before it is linked. */
void multipart_set_up (GstElement *demuxer);
