/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GStreamer's frames as pictures: which caps the element takes, and a buffer
 * mapped and described as a GptVisPicture, or mapped to be drawn on. */
#pragma once
#include <gst/video/video.h>
#include "model.h"

G_BEGIN_DECLS

/* The caps of both pads: every format of GPTVIS_PICTURE_FORMATS, in system
 * memory and with any other feature. Owned by the caller. */
GstCaps *gptvis_frame_caps (void);

/* Maps `buffer` for reading and describes it in `picture`, which borrows the
 * mapped memory until gst_video_frame_unmap (frame). Follows the buffer's
 * GstVideoMeta (offsets, strides, one memory for each plane) and GstVideoCropMeta.
 * Allocates nothing itself. Fails with UNSUPPORTED when the memory cannot be
 * mapped, and with FORMAT when it is smaller than the caps say or its metadata
 * contradict the caps; then there is nothing to unmap. */
gboolean gptvis_frame_map (GstVideoFrame *frame, GstBuffer *buffer, const GstVideoInfo *info,
    GptVisPicture *picture, GError **error);

/* Maps `buffer` for reading and writing; whole rows of it, of the width that `frame` says, may then be
 * drawn on. Takes any format that libgstvideo knows; one whose pixels are packed or tiled (v210, NV12_4L4)
 * only in libgstvideo's own layout. Fails as gptvis_frame_map does. */
gboolean gptvis_frame_map_to_draw (GstVideoFrame *frame, GstBuffer *buffer, const GstVideoInfo *info,
    GError **error);

G_END_DECLS
