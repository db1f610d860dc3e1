/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What engine.c, session.c and worker.c share. Nobody else includes it.
 *
 * Locks, in the order in which they are taken: that of the table of engines, an engine's, a
 * stream's (in its listener's `update`). */
#pragma once
#include "engine.h"

G_BEGIN_DECLS

#define MAX_BATCH 4u            /* pictures of one run */

typedef enum { EMPTY, STAGING, READY } StagingState;

/* A call to the application that has not been made yet. */
typedef struct {
  GptVisNotifyFlags what;       /* one of them */
  GptVisResult *result;         /* or NULL */
  GError *error;                /* or NULL */
} GptVisNotification;

/* References on a session: its stream's, the worker's while it works on one of its frames, and that of
 * each thread that notifies or waits. */
struct _GptVisSession {
  gint refs;
  GptVisEngine *engine;         /* a reference */
  GptVisClient *client;         /* likewise */
  GptVisSessionListener listener;

  /* Under the engine's lock, but for the staging slot while it is STAGING and the
   * other one while it runs. */
  GptVisModelSlot *slots[2];
  GptVisJob jobs[2];            /* of the frame in the slot */
  guint staging_slot;           /* index of the slot where the next frame is staged and waits */
  StagingState staging_state;
  gint64 staged_at;             /* monotonic µs when the frame that waits was staged */
  gboolean running;             /* the other slot is the worker's */
  gboolean writing;             /* a caption is being written */
  gboolean result_deferred;     /* an awaited result is not reported until its caption is finished */
  gboolean flushing;
  gboolean closed;              /* by its stream */
  GArray *notifications;        /* of GptVisNotification, not made yet, oldest first */
  guint n_waiters;              /* threads in gptvis_session_wait; they make the notifications */
  GThread *notifier;            /* the thread in `notify`; NULL: none */
  gint64 notify_start;          /* monotonic µs when that call began */
  gint64 last_start;            /* monotonic µs when the worker last started on a frame; 0: never */
  gint64 period;                /* µs between two such starts, smoothed; 0: not known */
  gboolean captions_stale;      /* the stream was cut, and the captioner has not forgotten the past yet */

  /* The worker's. */
  GptVisCaptioner *captioner;   /* NULL: the model writes nothing */
  GptVisJob job;                /* of the last result */
  GptVisResult *result;         /* the last, without a caption; NULL before the first */
  GstClockTime caption_start;   /* when the last caption was started, by gptvis_frame_clock; NONE: never */
};

/* Pictures that are run together. */
typedef struct {
  GptVisSession *sessions[MAX_BATCH];
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

/* The worker's thread function, with a reference on the engine. */
gpointer gptvis_worker (gpointer engine);

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
