/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What engine.c and worker.c share. Nobody else includes it. */
#pragma once
#include "engine.h"

G_BEGIN_DECLS

#define MAX_BATCH 4u            /* pictures of one run */

typedef enum { EMPTY, STAGING, READY } Front;

struct _GptVisSeat {
  GptVisEngine *engine;
  GptVisDone done;
  gpointer user;

  /* Under the engine's lock, but for the slot in front while it is STAGING and the
   * other one while it runs. */
  GptVisSlot *slots[2];
  GptVisTicket tickets[2];
  guint in_front;               /* the slot that is staged and waits */
  Front front;
  gint64 since;                 /* monotonic µs when the frame in front was staged */
  gboolean running;             /* the other slot is the worker's */
  gboolean stepping;            /* the captioner is the worker's */
  gboolean writing;             /* a caption is being written */
  gboolean owed;                /* an awaited result waits for it */
  gboolean calling;             /* the worker is in `done` */
  gboolean flushing;
  gboolean gone;                /* freed by its stream; the worker frees it for good */
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

struct _GptVisEngine {
  GptVisModel *model;
  guint users;                  /* under engines_lock */

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

/* The worker's thread function, with the engine; ends when `ending` is set, and frees it. */
gpointer gptvis_worker (gpointer engine);

void gptvis_engine_free (GptVisEngine * self);
/* A seat that neither its stream nor the worker knows any more. */
void gptvis_seat_release (GptVisSeat * seat);

G_END_DECLS
