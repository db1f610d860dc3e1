/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of regions share: a gptvisfilter behind a small grey camera, and what is read off its
 * frames. */
#pragma once
#include "rig.h"

G_BEGIN_DECLS

#define FRAME (40 * GST_MSECOND)
#define WIDTH 320
#define HEIGHT 240
#define CAPS "video/x-raw,format=GRAY8,width=320,height=240,framerate=25/1"

static inline Rig *
camera_rig (const gchar *properties)
{
  Rig *rig = rig_new (properties);

  rig_caps (rig, CAPS);
  return rig;
}

/* The same, to a checkpoint that also writes. */
static inline Rig *
writing_camera_rig (WriterKind kind, const gchar *properties)
{
  Rig *rig = rig_new_writing (kind, properties);

  rig_caps (rig, CAPS);
  return rig;
}

/* Frame `i`: a bright square and a dark one. */
static inline GstBuffer *
two_squares (Rig *rig, guint i)
{
  GstBuffer *buffer = rig_frame (rig, 128, i * FRAME);

  for (guint row = 20; row < 80; row++) {
    gst_buffer_memset (buffer, row * WIDTH + 20, 255, 60);
    gst_buffer_memset (buffer, row * WIDTH + 200, 0, 60);
  }
  return buffer;
}

/* NULL: the frame carries none. */
static inline const GptVisResult *
result_of (GstBuffer *buffer)
{
  GptVisMeta *meta = gptvis_buffer_get_meta (buffer);

  return meta ? meta->result : NULL;
}

static inline guint
count_metas (GstBuffer *buffer)
{
  return gst_buffer_get_n_meta (buffer, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE);
}

G_END_DECLS
