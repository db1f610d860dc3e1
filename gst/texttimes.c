/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "texttimes.h"
#include "frametime.h"

#define HOLD (3 * GST_SECOND)   /* how long a caption is shown of which nothing else is known */
#define LEAST (500 * GST_MSECOND)       /* what one is left that came too soon, unless all come so fast */
#define AHEAD (10 * GST_SECOND) /* more than captions reach beyond the video, unless that has gone back */
#define LEAST_GAP GST_MSECOND   /* is more than nothing in running time, too, however fast it is played */

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
  gptvis_text_times_forget (self);
}

void
gptvis_text_times_forget (GptVisTextTimes *self)
{
  self->now = self->begin = self->reach = self->covered = self->end = self->known = GST_CLOCK_TIME_NONE;
  self->again = FALSE;
}

/* Where a segment that is played backwards begins; NONE: that is not to be known. */
static GstClockTime
beginning (const GstSegment *video)
{
  if (GST_CLOCK_TIME_IS_VALID (video->stop) || !GST_CLOCK_TIME_IS_VALID (video->duration))
    return video->stop;
  return gptvis_time_add (video->start, video->duration);
}

gboolean
gptvis_text_times_set_segment (GptVisTextTimes *self, const GstSegment *video)
{
  GstSegment *own = &self->segment;

  self->turn = GST_CLOCK_TIME_NONE;
  self->again = TRUE;
  if (video->format == GST_FORMAT_TIME && video->rate > 0) {
    gst_segment_copy_into (video, own);
    return TRUE;
  }
  gst_segment_init (own, GST_FORMAT_TIME);
  own->flags = video->flags;
  if (video->format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID (beginning (video)))
    return FALSE;
  self->turn = beginning (video);
  own->rate = -video->rate;
  own->applied_rate = -video->applied_rate;
  own->base = video->base;
  own->offset = video->offset;
  own->time = gst_segment_to_stream_time (video, GST_FORMAT_TIME, self->turn);
  return FALSE;
}

/* --- frames and gaps --- */

void
gptvis_text_times_set_frame (GptVisTextTimes *self, GstClockTime pts, GstClockTime duration)
{
  const GstClockTime length = GST_CLOCK_TIME_IS_VALID (duration) ? MAX (duration, LEAST_GAP) : LEAST_GAP;

  if (GST_CLOCK_TIME_IS_VALID (self->turn)) {
    /* shown from its end to its beginning; whose running time is its own is asked for, so a bit beyond */
    self->now = GST_CLOCK_TIME_IS_VALID (pts) ? self->turn - MIN (pts, self->turn) : later (self->now, 0);
    self->begin = self->now - MIN (length, self->now);
    self->reach = gptvis_time_add (self->now, LEAST_GAP);
    return;
  }
  if (GST_CLOCK_TIME_IS_VALID (pts))
    self->now = pts;
  else if (GST_CLOCK_TIME_IS_VALID (self->reach))
    return;                     /* it takes no time that is known */
  else
    pts = self->segment.start;
  /* Beyond the segment there is no running time, by which gaps are judged, nor any frame that is shown. */
  self->begin = MAX (pts, self->segment.start);
  self->reach = MAX (gptvis_time_add (pts, length), gptvis_time_add (self->begin, LEAST_GAP));
  if (GST_CLOCK_TIME_IS_VALID (self->segment.stop))
    self->reach = MIN (self->reach, self->segment.stop);
}

gboolean
gptvis_text_times_take_gap (GptVisTextTimes *self, GstClockTime *from, GstClockTime *to)
{
  const gboolean covers = GST_CLOCK_TIME_IS_VALID (self->covered);

  if (self->segment.format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID (self->reach))
    return FALSE;
  if (covers && self->reach <= self->covered && !self->again)
    return FALSE;
  *from = covers && self->covered < self->reach ? self->covered : self->begin;
  *to = self->reach;
  if (*from >= *to)
    return FALSE;
  self->covered = *to;
  self->again = FALSE;
  return TRUE;
}

void
gptvis_text_times_uncover (GptVisTextTimes *self)
{
  self->covered = GST_CLOCK_TIME_NONE;
}

/* --- captions --- */

gboolean
gptvis_text_times_take_caption (GptVisTextTimes *self, GstClockTime pts, gboolean live, GstClockTime *start,
    GstClockTime *duration)
{
  const GstClockTime seen = later (pts, self->now);
  GstClockTime hold = HOLD;

  if (self->segment.format != GST_FORMAT_TIME || GST_CLOCK_TIME_IS_VALID (self->turn)
      || !GST_CLOCK_TIME_IS_VALID (seen))
    return FALSE;
  if (GST_CLOCK_TIME_IS_VALID (self->known) && seen >= self->known)
    hold = MIN (seen - self->known, HOLD);
  if (live)
    hold += hold / 4;           /* the next may take a little longer, and is not to be preceded by a blink */
  hold = CLAMP (hold, 2 * GST_MSECOND, HOLD);
  if (GST_CLOCK_TIME_IS_VALID (self->end) && self->end > gptvis_time_add (seen, AHEAD))
    self->end = GST_CLOCK_TIME_NONE;
  *start = later (GST_CLOCK_TIME_IS_VALID (pts) ? pts : seen, self->end);
  self->end = MAX (gptvis_time_add (seen, hold), gptvis_time_add (*start, MIN (hold / 2, LEAST)));
  *duration = self->end - *start;
  self->known = seen;
  self->again = TRUE;
  return TRUE;
}
