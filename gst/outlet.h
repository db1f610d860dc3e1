/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text to a file or to standard output, whose reader may be slow, gone, or have made writing not wait. The
 * streaming thread opens, writes and closes; any thread may end a wait. A wait is never inside
 * write(), so it ends whatever the descriptor is.
 *
 * A text stays whole: several outlets on standard output take turns, and what was begun when a wait was
 * ended is finished before the next text, whoever's that is. */
#pragma once
#include <gst/gst.h>

G_BEGIN_DECLS

/* What writers to one descriptor share. */
typedef struct {
  GMutex lock;                  /* for all; not held while waiting or writing */
  GCond changed;
  guint writers;
  gboolean busy;                /* one of them writes, and `rest` is its own */
  GString *rest;                /* of a text that was begun; NULL while there is no writer */
} GptVisOutletTurns;

typedef struct {
  int descriptor;               /* −1: closed */
  gsize most;                   /* bytes that it takes at once */
  GstPoll *poll;                /* of that alone; lives as long as the outlet */
  GstPollFD polled;
  GptVisOutletTurns own, *turns;        /* these, or all outlets' on standard output */
  gint flushing;                /* atomic */
} GptVisOutlet;

void gptvis_outlet_init (GptVisOutlet *outlet);
void gptvis_outlet_clear (GptVisOutlet *outlet);       /* closed before */

/* 0 or an errno. NULL: standard output. */
int gptvis_outlet_open (GptVisOutlet *outlet, const gchar *file, gboolean append);
/* The same. How many bytes of a begun text nobody read comes to `lost`. Closed may be closed again. */
int gptvis_outlet_close (GptVisOutlet *outlet, gsize *lost);

/* 0, an errno, or ECANCELED: a wait was ended; what was not begun will not be written. */
int gptvis_outlet_write (GptVisOutlet *outlet, const GString *text);
/* Any thread: while set, nothing is waited for. */
void gptvis_outlet_set_flushing (GptVisOutlet *outlet, gboolean flushing);

G_END_DECLS
