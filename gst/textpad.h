/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text pad: captions as a stream of their own, for textoverlay, subtitle encoders and
 * muxers. A sometimes pad "text" of text/x-raw, format=utf8, sparse, with a queue and a task:
 * nothing downstream of it ever holds up the video's thread or the worker.
 *
 * Captions. One buffer for each final caption, sent at once. Its PTS is that of the frame it describes,
 * but not before the end of the caption before: times never overlap, since players stack
 * overlapping cues, and textoverlay shows the first to its end anyhow. Writing takes a while, so the
 * video is further on when the caption is known; the DURATION reaches beyond that point by the
 * caption's hold, which is the time between the last two captions, 3 s at most and for the first.
 * An exact duration would need the next caption. To wait for that is no use to textoverlay, whose
 * video would be past this one; and without a duration textoverlay shows it for one frame, and an
 * encoder for no time. So captions at equal distances follow each other without a hole, rare ones
 * are seen for 3 s, and one that comes sooner than expected begins late, by 3 s at most, and is
 * shorter, so that the stream catches up.
 *
 * Gaps. GAP events follow the video frame by frame, during a caption too: the gap that covers a frame
 * is queued before the frame goes on. textoverlay (wait-text) and matroskamux hold a frame until no
 * text of its time can come any more, and without a queue before them that holds the very thread
 * that brings the next gap. Gaps that wait in the queue are joined. A caption that is found after later
 * frames went on (policy "latest") has a PTS that a gap has passed: what shows text shows it from
 * then on, what writes text writes it at its frame. (mp4mux of GStreamer 1.22 holds up any
 * pipeline whose text comes along with the video: it waits for the text track's next sample,
 * gaps or not.)
 *
 * Gaps and the end of the stream reach a receiver whatever the video is like: its segment may be in
 * another format or be played backwards (the pad then has a segment of its own, texttimes.h,
 * and backwards no captions), its frames may have no times (the first one makes a gap; a
 * caption needs a time), there may be no frames, or GAP events instead. A peer that is linked late
 * gets the stream, the segment, and where the video is or that it has ended, even if no frame comes.
 *
 * Of captions that are not taken a live pipeline keeps the last four, another one all, for they
 * are few. When downstream answers with FLUSHING, EOS or an error, text stops until a flush,
 * a new stream or another link, and the video goes on. Not being linked is no error; before
 * the first link there is no thread.
 *
 * Threads: gptvis_text_pad_advance, _cut, _check_client and _event belong to the video's streaming
 * thread (but flushes may come from any); the rest may be called from any thread. All of them but
 * _cut may call the application: when the task starts, in a warning, and as dropped items are
 * freed. No lock is held then. */
#pragma once
#include <gst/gst.h>
#include "client.h"

G_BEGIN_DECLS

#define GPTVIS_TEXT_PAD_TEMPLATE "text"
/* The template of the pad: add it to the class of the element. */
GstPadTemplate *gptvis_text_pad_template (void);

typedef struct _GptVisTextPad GptVisTextPad;

/* Without a pad yet, so that it can live as long as its element, which it borrows. */
GptVisTextPad *gptvis_text_pad_new (GstElement *element);
void gptvis_text_pad_free (GptVisTextPad *text);

/* Add the pad, active, to the element, and remove it; they do nothing if that is done already.
 * Without a pad the functions below do nothing. To be called in READY → PAUSED, before the other pads
 * are made active, and in PAUSED → READY, after they no longer are. */
void gptvis_text_pad_add (GptVisTextPad *text);
void gptvis_text_pad_remove (GptVisTextPad *text);

/* The caption that is known now; NULL: none. One is ignored if it is not final, has no words, describes
 * the same frame as the last or an earlier one, or a frame before a cut. */
void gptvis_text_pad_set_caption (GptVisTextPad *text, const GptVisCaption *caption);

/* The video is at `pts`, and a frame of `duration` is about to go on; both may be NONE. `live`: captions
 * that are not taken may be dropped. */
void gptvis_text_pad_advance (GptVisTextPad *text, GstClockTime pts, GstClockTime duration, gboolean live);

/* A cut: what comes next does not continue what came before. It begins with the frame of that number, and
 * captions of earlier frames are ignored, even if they are about to be set. To be called before the
 * event that cuts (a flush's stop, a segment or a stream) is passed to gptvis_text_pad_event. */
void gptvis_text_pad_cut (GptVisTextPad *text, guint64 frame);

/* Posts a warning, once after the pad was added, if it is linked but the client asks for no captions. */
void gptvis_text_pad_check_client (GptVisTextPad *text, const GptVisModel *model, const GptVisClient *client);

/* An event on the video's sink pad: for stream-start, segment, segment-done, gap, flushes and EOS the
 * text pad sends its own; the rest is ignored. Borrows. */
void gptvis_text_pad_event (GptVisTextPad *text, GstEvent *event);

G_END_DECLS
