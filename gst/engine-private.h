/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What engine.c, session.c, batch.c, captions.c and worker.c share. Nobody else includes it.
 *
 * Locks, in the order in which they are taken: that of the table of engines, an engine's, a
 * stream's (in its listener's `update`). */
#pragma once
#include "engine.h"
#include "regioncaptions.h"

G_BEGIN_DECLS

#define MAX_BATCH 4u            /* pictures of one run */

typedef enum { EMPTY, STAGING, READY } StagingState;

/* A call to the application that has not been made yet. */
typedef struct {
  GptVisNotifyFlags what;       /* one of them */
  GptVisResult *result;         /* or NULL */
  GError *error;                /* or NULL */
} GptVisNotification;

/* A frame that the worker has started on: its pictures (the frame itself, then the parts that are looked
 * at) and what came of those that have run. */
typedef struct {
  guint n, n_started, n_ended;  /* pictures */
  GptVisResult *result;         /* of the frame itself; NULL: it has not run */
  GptVisLook looks[GPTVIS_MAX_LOOKS];
  GError *error;                /* it failed, and the rest of its pictures need not run */
  gint64 time;                  /* µs that the backend was at work on the batches they were in */
} GptVisAnalysis;

/* References on a session: its stream's, the worker's while it works on one of its frames, and that of
 * each thread that notifies or waits. */
struct _GptVisSession {
  gint refs;
  GptVisEngine *engine;         /* a reference */
  GptVisClient *client;         /* likewise */
  GptVisScene *scene;           /* likewise; NULL: there are no regions */
  GptVisSessionListener listener;

  /* Under the engine's lock, but for the staging slots while they are STAGING and the
   * other ones while they run. */
  GptVisModelSlot *slots[2][1 + GPTVIS_MAX_LOOKS];      /* a frame's pictures; NULL: not needed yet */
  GptVisJob jobs[2];            /* of the frame in the slots */
  guint staging_slot;           /* index of the slots where the next frame is staged and waits */
  StagingState staging_state;
  gint64 staged_at;             /* monotonic µs when the frame that waits was staged */
  gboolean running;             /* the other slots are the worker's */
  gboolean abandoned;           /* the stream was cut, and the result of what runs is not wanted */
  gboolean writing;             /* a caption is being written */
  gboolean result_deferred;     /* an awaited result is not reported until its caption is finished */
  gboolean flushing;
  gboolean closed;              /* by its stream */
  GArray *notifications;        /* of GptVisNotification, not made yet, oldest first */
  guint n_waiters;              /* threads in gptvis_session_wait; they make the notifications */
  GThread *notifier;            /* the thread in `notify`; NULL: none */
  gint64 notify_start;          /* monotonic µs when that call began */
  gint64 last_start;            /* monotonic µs when the worker last started on a frame; 0: never */
  gint64 last_turn;             /* likewise on a picture of one */
  gint64 period;                /* µs between two such starts, smoothed; 0: not known */
  gboolean captions_stale;      /* the stream was cut, and the captioner has not forgotten the past yet */

  /* The worker's. */
  GptVisAnalysis analysis;      /* of the frame that runs */
  GptVisCaptioner *captioner;   /* NULL: the model writes nothing */
  GptVisRegionCaptions *region_captions;        /* NULL: likewise, or there are no regions */
  GptVisJob job;                /* of the last result */
  GptVisResult *result;         /* the last, without a caption; NULL before the first */
  GstClockTime caption_start;   /* when the last caption was started, by gptvis_frame_clock; NONE: never */
};

/* Pictures that are run together. */
typedef struct {
  GptVisSession *sessions[MAX_BATCH];
  guint pictures[MAX_BATCH];    /* which of the session's frame: 0 is the frame itself */
  GptVisRequest requests[MAX_BATCH];
  guint n;
  gint64 start;                 /* monotonic µs */
} GptVisBatch;

/* References on an engine: one for each who opened it, each session's, and the worker's. */
struct _GptVisEngine {
  gint refs;
  gchar *key;                   /* in the table of engines */
  GptVisModel *model;           /* NULL while it is loaded */

  /* Under the lock of the table. */
  guint users;                  /* opened and not closed */
  guint closing;                /* threads that wait for the worker's end */
  gboolean retired;             /* out of the table; the worker, if there was one, is done with the model */
  gboolean joined;              /* the worker is, or will be */

  GMutex lock;
  GCond work;                   /* a frame is ready, or the worker is to end */
  GCond progress;               /* the worker is done with a batch, or a session flushes */
  GPtrArray *sessions;
  GptVisTiming device;          /* of the last batches, by a GPU's clock */

  /* The worker's. */
  GPtrArray *unfinished;        /* sessions whose frame has pictures that are not started */
  GptVisBatch batches[GPTVIS_MAX_IN_FLIGHT];    /* batch i is at index i modulo that */
  guint n_started, n_ended;       /* batches */
  gint64 last_end;              /* monotonic µs when a batch last ended */
  gint64 picture_us;            /* of the last batch, for each of its pictures */
  gint64 spent_on_pictures, spent_on_words;     /* µs, since both have been waiting */
  gboolean low_priority;

  /* Under the lock again. */
  GThread *worker;              /* from the first session on */
  gboolean ending;              /* the worker is told to end */
};

/* batch.c, for the worker alone, with the lock, which is released while the model is at work and while the
 * application is called. */

/* The session whose turn it is to have a picture analysed; NULL: there is none. */
GptVisSession *gptvis_batch_next (GptVisEngine *engine);
/* Makes a batch of pictures that wait and submits it to the model: on a GPU it runs beside the one before,
 * on the processor it is computed here. FALSE: there are none. */
gboolean gptvis_batch_begin (GptVisEngine *engine);
/* Waits for the batch that was started first, and finishes the frames whose last pictures were in it. */
void gptvis_batch_end (GptVisEngine *engine);
/* Gives up the frames that have pictures left; no batch is in flight. */
void gptvis_batch_give_up (GptVisEngine *engine);

/* captions.c, likewise. */

/* The end of a frame's analysis, with its result or an error; its caption may be yet to come. Borrows. */
void gptvis_captions_finish (GptVisEngine *engine, GptVisSession *session, GptVisResult *result,
    const GError *error);
/* After a cut: what was seen and written before is no longer of use. */
void gptvis_captions_drop_stale (GptVisSession *session);
/* Fills in the sessions that write a caption, and their captioners: a session that also writes one of a
 * region's is there twice. Captions of regions are begun and deferred results that need not wait any more
 * are reported first, which releases the lock, so sessions may come and go; one that is missed has its turn
 * in the next round. Returns how many write. */
guint gptvis_captions_gather (GptVisEngine *engine, GPtrArray *writers, GPtrArray *captioners);
/* Adds a word to each of their captions. */
void gptvis_captions_step (GptVisEngine *engine, GPtrArray *writers, GPtrArray *captioners);

GptVisEngine *gptvis_engine_ref (GptVisEngine *engine);
void gptvis_engine_unref (GptVisEngine *engine);
/* For the worker, which was told to end and has nothing in flight: takes the engine out of the table.
 * FALSE if somebody has opened it again meanwhile: then the worker goes on. */
gboolean gptvis_engine_retire (GptVisEngine *engine);

GptVisSession *gptvis_session_ref (GptVisSession *session);
/* Reports what has become of the job's frame to the session's listener: `update` is called at once,
 * `notify` by the thread whose turn it is (engine.h). With the engine's lock, which is released while the
 * application is called. */
void gptvis_session_report (GptVisSession *session, GptVisUpdate update, const GptVisJob *job,
    GptVisResult *result, const GError *error);

G_END_DECLS
