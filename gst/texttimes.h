/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times of the text pad: its own segment, the gaps that follow the video, and when captions
 * begin and end. It knows nothing of pads and threads, and is not locked.
 *
 * Text has a segment in TIME that goes forwards, whatever the video's is, so that every sink
 * understands its gaps. Where the video's is such a one too, it is the same. Where that is in
 * another format, it begins at 0, and frames that have times have the same there. Where the video
 * is played backwards, the pad's time is 0 at the video's `turn`, where that begins, and rises
 * as the video's falls: so the applied rate has the other sign. There are no captions then, for
 * who writes them down would find the pad's times where the video's are wanted.
 *
 * Times are the pad's, unless they are said to be the video's. Sums of them end at the largest
 * there is. */
#pragma once
#include <gst/gst.h>

G_BEGIN_DECLS

/* Times are GST_CLOCK_TIME_NONE until they are known. Of these, others read the segment only. */
typedef struct {
  GstSegment segment;           /* of format UNDEFINED: none yet */
  GstClockTime turn;            /* the video's time that is 0, when it is played backwards; else NONE */
  GstClockTime now;             /* where the video is */
  GstClockTime begin, reach;    /* of its last frame, for gaps */
  GstClockTime covered;         /* up to where gaps reach … */
  gboolean again;               /* … unless a caption or segment took those back who follow them */
  GstClockTime end;             /* of the last caption */
  GstClockTime known;           /* where the video was when that was known */
} GptVisTextTimes;

/* Neither segment nor times: at the beginning, and after a flush. */
void gptvis_text_times_reset (GptVisTextTimes *times);
/* Time begins anew; the segment stays until there is another. */
void gptvis_text_times_forget (GptVisTextTimes *times);
/* The video's segment. TRUE: the pad's is the same. */
gboolean gptvis_text_times_set_segment (GptVisTextTimes *times, const GstSegment *video);

/* The video is at `pts`, of its own time, with a frame of `duration`; both maybe NONE. */
void gptvis_text_times_set_frame (GptVisTextTimes *times, GstClockTime pts, GstClockTime duration);

/* The gap that is due now, which is counted as sent, or FALSE. */
gboolean gptvis_text_times_take_gap (GptVisTextTimes *times, GstClockTime *from, GstClockTime *to);
/* Who is to follow gaps has heard none yet. */
void gptvis_text_times_uncover (GptVisTextTimes *times);

/* From where to where a caption of the frame at `pts`, of the video's time, is shown; FALSE where
 * there is no text, or nobody knows the time. */
gboolean gptvis_text_times_take_caption (GptVisTextTimes *times, GstClockTime pts, gboolean live,
    GstClockTime *start, GstClockTime *duration);

G_END_DECLS
