/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An engine: a model that streams share, and behind it the worker, the one thread
 * that gathers the frames waiting at the streams' seats into batches and runs them, and
 * writes their captions: a word for all sentences at a time, in turn with the pictures,
 * so that neither waits for the other longer than its own work takes.
 *
 * A seat is one stream's place at an engine. One frame at most waits there, and one
 * at most is being analysed; a newer frame replaces the one that waits. The worker
 * takes the stream whose turn was longest ago, so that one with many frames gets no more
 * than its share, and one that stalls costs the others nothing. Once it has had a frame that
 * nobody waits for it is nice: who decodes and shows pictures goes first.
 *
 * The table of engines is where models are shared. A model has one engine and an engine one worker,
 * always: an engine leaves the table when its worker has ended, and whoever asks for the model before that
 * keeps all three alive (engine.c).
 *
 * Threads: a seat is staged by its streaming thread; all else may be called from any
 * thread at any time.
 *
 * Calling the application. A message on the bus, a warning, an event or a task that starts may
 * run the application's code, which may do all that an application can: close the element,
 * flush, seek, send EOS, set properties, change states, unlink, wait for another thread that
 * does. So what is found is told in two steps. `take` counts it, under the engine's lock, and
 * calls nobody. `tell` calls the application, and for it one line is drawn, here and nowhere else:
 * - Who: the thread that waits at the seat, if one does (gptvis_seat_wait), since it holds locks
 *   of pads that the application may need; else the worker. One call at a time for a seat, in the
 *   order in which things were found.
 * - With what: no lock of gptvis is held, and no frame, batch or list is half done.
 * - What is gone afterwards: everything but the seat and the engine, of which the caller holds
 *   references. It looks whether the seat was left before it calls again, and touches nothing else.
 * - Who waits for a call: gptvis_seat_leave does, so that none is made once an element is
 *   closed, but not for its own thread's. gptvis_seat_wait does, so that the last message comes
 *   before the end, but for GPTVIS_PATIENCE at most, since the call may itself want a lock that
 *   the one who waits holds.
 * The streaming thread's own calls (gptvisfilter.c) keep to the same: when all is done with the
 * frame, and asking afterwards whether the stream still runs. */
#pragma once
#include <gst/gst.h>
#include "client.h"
#include "timing.h"

G_BEGIN_DECLS

typedef struct _GptVisEngine GptVisEngine;
typedef struct _GptVisSeat GptVisSeat;

typedef struct {
  guint64 pts, running_time;    /* ns; GST_CLOCK_TIME_NONE when unknown */
  gint64 wall;                  /* µs since 1970 UTC; 0 when unknown */
} GptVisFrameTime;

/* What goes with a frame to its analysis and comes back with the result. */
typedef struct {
  guint64 frame;                /* its number in the stream, from 0 */
  guint64 generation;           /* of the stream */
  GptVisFrameTime time;
  gint64 arrival;               /* monotonic µs */
  gboolean awaited;             /* the streaming thread waits for it */
  guint top_k;
  gfloat threshold;             /* below 0: what suits the model */
  gfloat caption_change;        /* a caption is begun when the scene has changed so much … */
  GstClockTime caption_interval;        /* … or when the last was begun so long ago; NONE: not for that */
  gfloat caption_threshold;     /* gptvis_captioner_set_threshold's */
  gboolean partial_captions;    /* results have unfinished ones, too, and there is GPTVIS_NEWS_WORDS */
} GptVisTicket;

typedef enum {
  GPTVIS_NEWS_RESULT,           /* a frame's analysis has ended; one that is awaited and begins a caption ends with it */
  GPTVIS_NEWS_WORDS,            /* the caption has grown: the last result again, with it */
  GPTVIS_NEWS_CAPTION,          /* it is finished, after the result it began with: likewise */
} GptVisNews;

/* What there is to tell the application of news: a set of these, told from the first on. */
typedef enum {
  GPTVIS_TELL_SAID = 1 << 0,
  GPTVIS_TELL_FOUND = 1 << 1,
  GPTVIS_TELL_FAILED = 1 << 2,
} GptVisTelling;

/* How long a thread that waits at a seat bears with a call into the application, µs. */
#define GPTVIS_PATIENCE G_USEC_PER_SEC

typedef struct {
  /* News of the ticket's frame: the one that the result's labels are of. Without a result it
   * failed. Returns a set of GptVisTelling; result and ticket are borrowed. Under the engine's
   * lock, so it calls neither the engine nor the application. */
  guint (*take) (gpointer user, GptVisNews news, const GptVisTicket *ticket, GptVisResult *result);
  /* Calls the application with one of them (see above). Borrows. */
  void (*tell) (gpointer user, GptVisTelling what, GptVisResult *result, const GError *error);
  gpointer user;
} GptVisSeatListener;

/* The engine of the model that the options ask for (gptvis_model_key); one engine a model. Errors are
 * gptvis_model_open's. */
GptVisEngine *gptvis_engine_open (const GptVisModelOptions *options, GError **error);
/* Clients of the one who closes are gone by then, and its seats are left. The last to close ends the worker, which first finishes the batch in hand, and waits for it
 * unless it is the worker itself or somebody opens the model again meanwhile. NULL is fine. */
void gptvis_engine_close (GptVisEngine *engine);
GptVisModel *gptvis_engine_model (GptVisEngine *engine);       /* borrowed */
guint gptvis_engine_n_seats (GptVisEngine *engine);
/* How long the last batches took by a GPU's own clock; all 0 where that is not known. */
GptVisTimes gptvis_engine_device_times (GptVisEngine *engine);

/* Where frames wait that the client (of the engine's model, a reference is taken) asks about. Starts the
 * worker if this is the first seat; NULL with LIMIT when the system has no thread
 * or no memory to give. */
GptVisSeat *gptvis_seat_new (GptVisEngine *engine, GptVisClient *client, const GptVisSeatListener *listener,
    GError **error);
/* The stream wants nothing more of it. Does not wait for an analysis that is under way: it is
 * forgotten. The listener is not called any more once this has returned; but a call in which
 * this is called ends later. */
void gptvis_seat_leave (GptVisSeat *seat);
/* Gives the reference of gptvis_seat_new back. NULL is fine. */
void gptvis_seat_unref (GptVisSeat *seat);

/* Is what waits so new that staging another would be no gain? Staging is the
 * streaming thread's time, so a frame is only replaced by one that is newer by more
 * than an eighth of the time between two of the stream's analyses. */
gboolean gptvis_seat_is_fresh (GptVisSeat *seat);

/* Stages the picture, whose memory is not needed afterwards, and lets it wait for the
 * worker. `replaced`: another was waiting and will not be analysed. FALSE with the
 * staging's error: then nothing waits. */
gboolean gptvis_seat_stage (GptVisSeat *seat, const GptVisPicture *picture, const GptVisTicket *ticket,
    gboolean *replaced, GError **error);

/* Returns when all that was staged is analysed, no caption is being written and all of it is
 * told, by this thread where it came while it waited; at once while flushing, when the seat is
 * left, and in the worker's thread, for which nobody else works. */
void gptvis_seat_wait (GptVisSeat *seat);

/* TRUE: whoever waits returns, and waits no more until it is FALSE again; a caption that
 * is being written is given up. */
void gptvis_seat_set_flushing (GptVisSeat *seat, gboolean flushing);

/* Forgets the frame that waits (was there one?), the last caption, the one that is being
 * written and what is not told yet. */
gboolean gptvis_seat_clear (GptVisSeat *seat);

/* Does a frame wait for the worker? */
gboolean gptvis_seat_is_waiting (GptVisSeat *seat);

G_END_DECLS
