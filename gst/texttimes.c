/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When gaps and captions begin and end, worked out from the video's segment and frames. */
#include "texttimes.h"
#include "frametime.h"

#define MAX_HOLD (3 * GST_SECOND)       /* how long a caption is shown at most, and the first */
#define MIN_SHOWN (500 * GST_MSECOND)   /* what is left for one that came too soon, unless all come so fast */
#define MAX_AHEAD (10 * GST_SECOND)     /* if a caption ends later beyond the video, time went back */
#define MIN_GAP GST_MSECOND             /* above 0 in running time too, however fast the video is played */

static GstClockTime
later (GstClockTime a, GstClockTime b)
{
  return !GST_CLOCK_TIME_IS_VALID (a) ? b : !GST_CLOCK_TIME_IS_VALID (b) ? a : MAX (a, b);
}

/* --- the segment --- */

void
gptvis_text_times_reset (GptVisTextTimes *self)
{
  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
  gptvis_text_times_cut (self);
}

void
gptvis_text_times_cut (GptVisTextTimes *self)
{
  self->now = self->frame_start = self->frame_end = GST_CLOCK_TIME_NONE;
  self->gap_end = self->caption_end = self->caption_known = GST_CLOCK_TIME_NONE;
  self->repeat_gap = FALSE;
}

/* Where a segment that is played backwards starts; NONE: unknown. */
static GstClockTime
reverse_start_of (const GstSegment *video)
{
  if (GST_CLOCK_TIME_IS_VALID (video->stop) || !GST_CLOCK_TIME_IS_VALID (video->duration))
    return video->stop;
  return gptvis_time_add (video->start, video->duration);
}

gboolean
gptvis_text_times_set_segment (GptVisTextTimes *self, const GstSegment *video)
{
  GstSegment *own = &self->segment;

  self->reverse_start = GST_CLOCK_TIME_NONE;
  self->repeat_gap = TRUE;
  if (video->format == GST_FORMAT_TIME && video->rate > 0) {
    gst_segment_copy_into (video, own);
    return TRUE;
  }
  gst_segment_init (own, GST_FORMAT_TIME);
  own->flags = video->flags;
  if (video->format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID (reverse_start_of (video)))
    return FALSE;
  self->reverse_start = reverse_start_of (video);
  own->rate = -video->rate;
  own->applied_rate = -video->applied_rate;
  own->base = video->base;
  own->offset = video->offset;
  own->time = gst_segment_to_stream_time (video, GST_FORMAT_TIME, self->reverse_start);
  return FALSE;
}

/* --- frames and gaps --- */

void
gptvis_text_times_set_frame (GptVisTextTimes *self, GstClockTime pts, GstClockTime duration)
{
  const GstClockTime length = GST_CLOCK_TIME_IS_VALID (duration) ? MAX (duration, MIN_GAP) : MIN_GAP;

  if (GST_CLOCK_TIME_IS_VALID (self->reverse_start)) {
    /* A frame is shown from its end to its start. The gap reaches a little beyond `now`, since whoever
     * waits for it asks for the frame's own running time. */
    self->now = GST_CLOCK_TIME_IS_VALID (pts) ? self->reverse_start - MIN (pts, self->reverse_start)
        : later (self->now, 0);
    self->frame_start = self->now - MIN (length, self->now);
    self->frame_end = gptvis_time_add (self->now, MIN_GAP);
    return;
  }
  if (GST_CLOCK_TIME_IS_VALID (pts))
    self->now = pts;
  else if (GST_CLOCK_TIME_IS_VALID (self->frame_end))
    return;                     /* nothing is known of its time */
  else
    pts = self->segment.start;
  /* Outside the segment there is no running time, by which gaps are judged, and no frame is shown. */
  self->frame_start = MAX (pts, self->segment.start);
  self->frame_end = MAX (gptvis_time_add (pts, length), gptvis_time_add (self->frame_start, MIN_GAP));
  if (GST_CLOCK_TIME_IS_VALID (self->segment.stop))
    self->frame_end = MIN (self->frame_end, self->segment.stop);
}

gboolean
gptvis_text_times_next_gap (GptVisTextTimes *self, GstClockTime *from, GstClockTime *to)
{
  const gboolean has_gap = GST_CLOCK_TIME_IS_VALID (self->gap_end);

  if (self->segment.format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID (self->frame_end))
    return FALSE;
  if (has_gap && self->frame_end <= self->gap_end && !self->repeat_gap)
    return FALSE;
  *from = has_gap && self->gap_end < self->frame_end ? self->gap_end : self->frame_start;
  *to = self->frame_end;
  if (*from >= *to)
    return FALSE;
  self->gap_end = *to;
  self->repeat_gap = FALSE;
  return TRUE;
}

void
gptvis_text_times_restart_gaps (GptVisTextTimes *self)
{
  self->gap_end = GST_CLOCK_TIME_NONE;
}

/* --- captions --- */

gboolean
gptvis_text_times_add_caption (GptVisTextTimes *self, GstClockTime pts, gboolean live, GstClockTime *start,
    GstClockTime *duration)
{
  const GstClockTime seen = later (pts, self->now);
  GstClockTime hold = MAX_HOLD;

  if (self->segment.format != GST_FORMAT_TIME || GST_CLOCK_TIME_IS_VALID (self->reverse_start)
      || !GST_CLOCK_TIME_IS_VALID (seen))
    return FALSE;
  if (GST_CLOCK_TIME_IS_VALID (self->caption_known) && seen >= self->caption_known)
    hold = MIN (seen - self->caption_known, MAX_HOLD);
  if (live)
    hold += hold / 4;           /* the next may take a little longer: no blink before it */
  hold = CLAMP (hold, 2 * GST_MSECOND, MAX_HOLD);
  if (GST_CLOCK_TIME_IS_VALID (self->caption_end) && self->caption_end > gptvis_time_add (seen, MAX_AHEAD))
    self->caption_end = GST_CLOCK_TIME_NONE;
  *start = later (GST_CLOCK_TIME_IS_VALID (pts) ? pts : seen, self->caption_end);
  self->caption_end = MAX (gptvis_time_add (seen, hold), gptvis_time_add (*start, MIN (hold / 2, MIN_SHOWN)));
  *duration = self->caption_end - *start;
  self->caption_known = seen;
  self->repeat_gap = TRUE;
  return TRUE;
}
