/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text pad: captions as a stream of their own, for textoverlay, subtitle encoders and
 * muxers. A sometimes pad "text" of text/x-raw, format=utf8, sparse, with a queue and a task:
 * nothing downstream of it ever holds up the video's thread or the worker.
 *
 * One buffer for each final caption, sent at once. Its PTS is that of the frame it describes,
 * but not before the end of the caption before: times never overlap, since players stack
 * overlapping cues, and textoverlay shows the first to its end anyhow. Its DURATION reaches
 * beyond where the video was when the caption was known (writing takes a while, and it is to be
 * seen) by its hold: as long as the last two captions were apart, but 3 s at most and to begin
 * with. An exact duration would need the next caption first. To hold each back until then
 * is no use to textoverlay, whose video would be past it; and none at all makes it stand for one
 * frame there, and for no time in an encoder. So captions at equal distances follow upon one
 * another without a hole, those that come rarely are seen for 3 s, and one that comes sooner
 * than expected begins late, by 3 s at most, and is shorter, so that the stream catches up.
 *
 * GAP events follow the video frame by frame, during a caption too: before a frame goes on,
 * the gap that covers it is queued, because textoverlay (wait-text) and matroskamux hold a frame
 * until no text of its time can come any more, and with no queue between them they hold the very
 * thread that brings the next. Gaps that wait are made one. A caption that is found after
 * frames that follow its own (policy "latest") has a PTS that a gap has passed; who shows
 * text shows it from then on, who writes it has it at its frame. (mp4mux of GStreamer 1.22 holds
 * up any pipeline whose text comes along with the video: it waits for the text track's next
 * sample, gaps or not.)
 *
 * Gaps and the end reach whoever takes text whatever the video is like: its segment may be in
 * another format or be played backwards (the pad then has a segment of its own, texttimes.h,
 * and backwards no captions), its frames may have no times (the first stands for a gap; a
 * caption needs one), there may be no frame, or GAP events in its place. Who is linked late is
 * told the stream, the segment, and where the video is or that it has ended, even if that rests.
 *
 * Of captions that are not taken a live pipeline keeps the last four, another all, for they
 * are few. When downstream answers with FLUSHING, EOS or an error, text stops until a flush,
 * a new stream or another link, and the video goes on; not being linked is no error, and before
 * the first link there is no thread.
 *
 * gptvis_text_pad_advance, _cut, _check_client and _event belong to the video's streaming thread (but for
 * flushes, which may come from any); the rest may be called from any thread. In all of them but
 * _cut the application may be called, as the task starts, in a warning, and as what is dropped is
 * freed, with no lock held. */
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

/* Adds the pad, active, to the element, or takes it away; nothing when it is so already.
 * Without a pad the functions below do nothing. For READY → PAUSED, before the pads are made
 * active, and for PAUSED → READY, after they no longer are. */
void gptvis_text_pad_add (GptVisTextPad *text);
void gptvis_text_pad_remove (GptVisTextPad *text);

/* What is known now. Ignored: NULL, one that is not final, one of the same frame as the last or
 * an earlier one, one of a frame of before a cut, one without words. */
void gptvis_text_pad_set_caption (GptVisTextPad *text, const GptVisCaption *caption);

/* The video is at `pts` and has a frame of `duration`, either maybe NONE, which is about to
 * go on. `live`: captions may be dropped where they are not taken. */
void gptvis_text_pad_advance (GptVisTextPad *text, GstClockTime pts, GstClockTime duration, gboolean live);

/* What comes next does not continue what came before: it begins with the frame of that number,
 * and captions of those before it are of the past, even if they are about to be set. To be called
 * before the event that cuts, a flush's stop, a segment or a stream, is passed to what follows. */
void gptvis_text_pad_cut (GptVisTextPad *text, guint64 frame);

/* Warns, once from when the pad was added, if text is taken that the client never asks for. */
void gptvis_text_pad_check_client (GptVisTextPad *text, const GptVisModel *model, const GptVisClient *client);

/* What came on the video's sink pad: stream-start, segment and its end, gaps, flushes and EOS, of
 * which it makes its own; the rest is ignored. Borrows. */
void gptvis_text_pad_event (GptVisTextPad *text, GstEvent *event);

G_END_DECLS
