/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An element around a text pad, as gptvisfilter is, that needs no network: it passes
 * video, and says what it is told to. */
#pragma once
#include <gst/base/gstbasetransform.h>
#include "textpad.h"

G_BEGIN_DECLS

/* What becomes known with the frame at `at`: that there is to read `text` on the frame at
 * `pts`, so many frames of 100 ms before. */
typedef struct {
  GstClockTime at, pts;
  const gchar *text;
} Cue;

G_DECLARE_FINAL_TYPE (Announcer, announcer, TEST, ANNOUNCER, GstBaseTransform)
struct _Announcer {
  GstBaseTransform parent;
  GptVisTextPad *text;
  const Cue *cues;              /* up to one without text */
  gboolean live;
  guint64 n_frames;
};

G_END_DECLS
