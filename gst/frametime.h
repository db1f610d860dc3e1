/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a frame is: on its stream, in the pipeline's running time, on the wall's clock. */
#pragma once
#include "engine.h"

G_BEGIN_DECLS

/* The element's clock tells the wall time where the buffer does not and the source is live. */
GptVisFrameTime gptvis_frame_time (GstElement *element, const GstSegment *segment, GstBuffer *buffer,
    gboolean live);

/* The running time; of a frame without one, when it came, in ns. */
GstClockTime gptvis_frame_clock (const GptVisFrameTime *time, gint64 arrival);

/* Does `next` lie on the same line of time? A new end changes nothing. */
gboolean gptvis_segment_continues (const GstSegment *segment, const GstSegment *next);

/* What is later than time can be is at its end, and valid: numbers from outside may be any. */
static inline GstClockTime
gptvis_time_add (GstClockTime time, GstClockTime more)
{
  return time + MIN (more, GST_CLOCK_TIME_NONE - 1 - time);
}

G_END_DECLS
