/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An outlet writes text to a file or to standard output. Its reader may be slow or gone, or may have made the
 * descriptor non-blocking. The streaming thread opens, writes and closes; any thread may end a wait. It
 * never waits inside write(), so a wait can be ended whatever the descriptor is.
 *
 * A text stays whole: several outlets on standard output take turns, and what is left of a text when a wait
 * is ended is written before the next text, no matter whose that is. */
#pragma once
#include <gst/gst.h>

G_BEGIN_DECLS

/* What the outlets that write to one descriptor share. */
typedef struct {
  GMutex lock;                  /* for all of this; not held while waiting or writing */
  GCond changed;
  guint writers;
  gboolean busy;                /* one of them writes, and has `unwritten` to itself */
  GString *unwritten;           /* what is left of the text; NULL while there is no writer */
} GptVisOutletTurns;

typedef struct {
  int descriptor;               /* −1: closed */
  gsize max_write;              /* bytes to write at once */
  GstPoll *poll;                /* of the descriptor alone; lives as long as the outlet */
  GstPollFD polled;
  GptVisOutletTurns own, *turns;        /* its own, or those of standard output */
  gint flushing;                /* atomic */
} GptVisOutlet;

void gptvis_outlet_init (GptVisOutlet *outlet);
void gptvis_outlet_clear (GptVisOutlet *outlet);        /* which must be closed */

/* `file` of NULL: standard output. Returns 0 or an errno. */
int gptvis_outlet_open (GptVisOutlet *outlet, const gchar *file, gboolean append);
/* Returns 0 or an errno. `lost`: bytes of an unfinished text that nobody read. It may be closed already. */
int gptvis_outlet_close (GptVisOutlet *outlet, gsize *lost);

/* Returns 0, an errno, or ECANCELED: a wait was ended. Then the text is dropped or, if a part of it was
 * written already, its rest is written later. */
int gptvis_outlet_write (GptVisOutlet *outlet, const GString *text);
/* Any thread. While it is set, gptvis_outlet_write does not wait. */
void gptvis_outlet_set_flushing (GptVisOutlet *outlet, gboolean flushing);

G_END_DECLS
