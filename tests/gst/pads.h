/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An announcer between harnesses: video in and out, and its text pad. */
#pragma once
#include <gst/check/gstharness.h>
#include "announcer.h"

G_BEGIN_DECLS

#define FRAME (100 * GST_MSECOND)

typedef struct {
  Announcer *announcer;
  GstHarness *video, *text;     /* text: NULL until linked */
} Pads;

/* A playing announcer with caps; `cues` must outlive it. */
void pads_open (Pads *pads, const Cue *cues, gboolean linked);
void pads_link (Pads *pads);
void pads_close (Pads *pads);

/* A frame, in and out again. */
void pads_push (Pads *pads, GstClockTime pts);
void pads_push_until (Pads *pads, GstClockTime from, GstClockTime to);
void pads_push_event (Pads *pads, GstEvent *event);
/* Pushes a segment that is played at that rate from `start` to `stop`. */
void pads_push_segment (Pads *pads, GstFormat format, gdouble rate, guint64 start, guint64 stop);
void pads_flush (Pads *pads);

/* The next buffer must have that text and these times. */
void pads_expect_text (Pads *pads, const gchar *text, GstClockTime pts, GstClockTime end);
/* The next event of that type; those before it are dropped. The caller owns it. */
GstEvent *pads_await_event (Pads *pads, GstEventType type);
/* The next event must be that one. */
void pads_expect_gap (Pads *pads, GstClockTime from, GstClockTime to);
/* Ends the video; the text must end with it. */
void pads_finish (Pads *pads);

/* A probe that holds back what comes. */
GstPadProbeReturn pads_hold_back (GstPad *pad, GstPadProbeInfo *info, gpointer user);

G_END_DECLS
