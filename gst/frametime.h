/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times of a frame: on its stream's line of time, in the pipeline's running time and by the wall clock; and
 * where that line of time is cut. Plain functions without state, for any thread. */
#pragma once
#include "engine.h"

G_BEGIN_DECLS

/* The wall time is the buffer's own; where it has none and the source is live, it is worked out from the
 * element's clock. */
GptVisFrameTime gptvis_frame_time (GstElement *element, const GstSegment *segment, GstBuffer *buffer,
    gboolean live);

/* A frame's running time or, if it has none, when it came (`arrival`, monotonic µs), in ns. */
GstClockTime gptvis_frame_clock (const GptVisFrameTime *time, gint64 arrival);

/* Does what comes after the event not continue what came before? So it is after a flush, another stream and
 * a segment on another line of time (a new end makes none). `pad` and `segment` are the video's before it. */
gboolean gptvis_event_is_cut (GstEvent *event, GstPad *pad, const GstSegment *segment);

/* A sum that is too large becomes the latest valid time: numbers from outside may be any. */
static inline GstClockTime
gptvis_time_add (GstClockTime time, GstClockTime more)
{
  return time + MIN (more, GST_CLOCK_TIME_NONE - 1 - time);
}

G_END_DECLS
