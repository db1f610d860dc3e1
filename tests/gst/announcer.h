/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An element with a text pad, as gptvisfilter has, that needs no network: it passes video through and gives
 * the captions that the test lists. */
#pragma once
#include <gst/base/gstbasetransform.h>
#include "textpad.h"

G_BEGIN_DECLS

/* When the frame at `at` arrives, the caption `text` of the earlier frame at `pts` becomes known. Frames last
 * 100 ms. */
typedef struct {
  GstClockTime at, pts;
  const gchar *text;
} Cue;

G_DECLARE_FINAL_TYPE (Announcer, announcer, TEST, ANNOUNCER, GstBaseTransform)
struct _Announcer {
  GstBaseTransform parent;
  GptVisTextPad *text;
  const Cue *cues;              /* the last has no text */
  gboolean live;
  guint64 n_frames;
};

G_END_DECLS
