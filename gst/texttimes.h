/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times of the text pad: its own segment, the gaps that follow the video, and when captions
 * begin and end. It knows nothing of pads and threads, and is not locked.
 *
 * Text has a segment in TIME that is played forwards, whatever the video's is, so that every sink
 * understands its gaps. If the video's is like that too, they are the same. If it is in another
 * format, the text's segment begins at 0, and frames that have times have the same times in it. If
 * the video is played backwards, the pad's time is 0 where that starts (`reverse_start`), and rises
 * as the video's falls, so the applied rate has the other sign. There are no captions then: who
 * writes them down would get the pad's times in place of the video's.
 *
 * Times are the pad's unless a comment says the video's. Sums end at the latest valid time. */
#pragma once
#include <gst/gst.h>

G_BEGIN_DECLS

/* Times are GST_CLOCK_TIME_NONE until they are known. Others read only the segment. */
typedef struct {
  GstSegment segment;           /* of format UNDEFINED: none yet */
  GstClockTime reverse_start;   /* the video's time that is 0, when it is played backwards; else NONE */
  GstClockTime now;             /* where the video is */
  GstClockTime frame_start, frame_end;  /* of the video's last frame, for gaps */
  GstClockTime gap_end;         /* of the last gap … */
  gboolean repeat_gap;          /* … which is sent again, since a caption or segment came after it */
  GstClockTime caption_end;     /* of the last caption */
  GstClockTime caption_known;   /* where the video was when that came */
} GptVisTextTimes;

/* Neither segment nor times are known: at the beginning, and after a flush. */
void gptvis_text_times_reset (GptVisTextTimes *times);
/* After a cut: forgets all times. The segment stays until there is another. */
void gptvis_text_times_cut (GptVisTextTimes *times);
/* The video has this segment from now on. TRUE: the pad's is the same. */
gboolean gptvis_text_times_set_segment (GptVisTextTimes *times, const GstSegment *video);

/* The video is at `pts`, in its own time, with a frame of `duration`; both may be NONE. */
void gptvis_text_times_set_frame (GptVisTextTimes *times, GstClockTime pts, GstClockTime duration);

/* The gap that is to be sent now; it counts as sent. FALSE: none is. */
gboolean gptvis_text_times_next_gap (GptVisTextTimes *times, GstClockTime *from, GstClockTime *to);
/* Nobody has got the gaps so far: the next begins at the video's frame. */
void gptvis_text_times_restart_gaps (GptVisTextTimes *times);

/* When a caption of the frame at `pts`, in the video's time, is shown; it counts as the last. FALSE: there
 * are no captions now, or no time is known. */
gboolean gptvis_text_times_add_caption (GptVisTextTimes *times, GstClockTime pts, gboolean live,
    GstClockTime *start, GstClockTime *duration);

G_END_DECLS
