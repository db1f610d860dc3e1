/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What engine.c, seat.c and worker.c share. Nobody else includes it.
 *
 * Locks, in the order in which they are taken: that of the table of engines, an engine's, a
 * stream's (by `take`). */
#pragma once
#include "engine.h"

G_BEGIN_DECLS

#define MAX_BATCH 4u            /* pictures of one run */

typedef enum { EMPTY, STAGING, READY } Front;

/* News that the application has not been told of yet. */
typedef struct {
  GptVisTelling what;
  GptVisResult *result;         /* or NULL */
  GError *error;                /* or NULL */
} GptVisUntold;

/* References on a seat: its stream's, the worker's while it has to do with it, and that of
 * each thread that tells or waits. */
struct _GptVisSeat {
  gint refs;
  GptVisEngine *engine;         /* a reference */
  GptVisClient *client;         /* likewise */
  GptVisSeatListener listener;

  /* Under the engine's lock, but for the slot in front while it is STAGING and the
   * other one while it runs. */
  GptVisModelSlot *slots[2];
  GptVisTicket tickets[2];
  guint in_front;               /* the slot that is staged and waits */
  Front front;
  gint64 since;                 /* monotonic µs when the frame in front was staged */
  gboolean running;             /* the other slot is the worker's */
  gboolean writing;             /* a caption is being written */
  gboolean owed;                /* an awaited result waits for it */
  gboolean flushing;
  gboolean left;                /* by its stream */
  GArray *untold;               /* of GptVisUntold, oldest first */
  guint waiting;                /* threads in gptvis_seat_wait; they tell */
  GThread *teller;              /* who is in `tell`; NULL: nobody */
  gint64 told_since;            /* monotonic µs when that began */
  gint64 taken;                 /* monotonic µs when a frame was last taken; 0: never */
  gint64 period;                /* µs between two takes, smoothed; 0: not known */
  gboolean forgetting;          /* the captioner is to be told that there was a cut */

  /* The worker's. */
  GptVisCaptioner *captioner;   /* NULL: the model writes nothing */
  GptVisTicket ticket;          /* of the last result */
  GptVisResult *result;         /* the last, without a caption; NULL before the first */
  GstClockTime captioned;       /* when the last sentence was begun, on the clock of gptvis_frame_clock; NONE: never */
};

/* Pictures that are run together. */
typedef struct {
  GptVisSeat *seats[MAX_BATCH];
  GptVisRequest requests[MAX_BATCH];
  guint n;
  gint64 begun;                 /* monotonic µs */
} GptVisBatch;

/* References on an engine: one for each who opened it, each seat's, and the worker's. */
struct _GptVisEngine {
  gint refs;
  gchar *key;                   /* in the table of engines */
  GptVisModel *model;           /* NULL while it is loaded */

  /* Under the lock of the table. */
  guint users;                  /* opened and not closed */
  guint closing;                /* threads that wait for the worker's end */
  gboolean over;                /* out of the table; the worker, if there was one, has no more to do with the model */
  gboolean joined;              /* the worker is, or will be */

  GMutex lock;
  GCond work;                   /* a frame is ready, or the worker is to end */
  GCond progress;               /* the worker is done with a batch, or a seat flushes */
  GPtrArray *seats;
  GptVisTiming device;          /* of the last batches, by a GPU's clock */
  GptVisBatch batches[GPTVIS_MAX_IN_FLIGHT];    /* batch i at i modulo that; this and what follows is the worker's: */
  guint n_begun, n_ended;       /* batches */
  gint64 ended;                 /* monotonic µs when the last was */
  gint64 picture_us;            /* of the last batch, for each of its pictures */
  gint64 spent_on_pictures, spent_on_words;     /* µs since when both have been waiting */
  gboolean nice;
  GThread *worker;              /* from the first seat on */
  gboolean ending;
};

/* The worker's thread function, with a reference on the engine. */
gpointer gptvis_worker (gpointer engine);

GptVisEngine *gptvis_engine_ref (GptVisEngine *engine);
void gptvis_engine_unref (GptVisEngine *engine);
/* For the worker, which was told to end and has nothing under way: takes the engine out of the
 * table, unless somebody has opened it again, who is to be worked for: then FALSE. */
gboolean gptvis_engine_retire (GptVisEngine *engine);

GptVisSeat *gptvis_seat_ref (GptVisSeat *seat);
/* News for the seat's listener: counted at once, and told by whoever is to. With the engine's
 * lock, which is let go while the application is called. */
void gptvis_seat_tell (GptVisSeat *seat, GptVisNews news, const GptVisTicket *ticket, GptVisResult *result,
    const GError *error);

G_END_DECLS
