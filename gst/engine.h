/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An engine: a model that streams share, and behind it the worker, the one thread that runs it.
 * The worker collects the frames that wait in the streams' sessions into batches and runs them. In
 * turn with these it writes the captions, one word of all of them at a time, so that neither
 * pictures nor captions wait for longer than the other's work takes.
 *
 * A session is one stream's use of an engine. One frame at most waits in it, and one at most is
 * being analysed; a newer frame replaces the one that waits. The worker takes the stream whose turn
 * was longest ago, so one with many frames gets no more than its share, and one that stalls costs
 * the others nothing. After its first frame that nobody waits for, the worker lowers its priority:
 * who decodes and shows pictures goes first.
 *
 * Models are shared through the table of engines. A model has one engine and an engine one worker,
 * always: an engine stays in the table until its worker has ended, and whoever asks for the model before
 * that gets the same engine, model and worker (engine.c).
 *
 * Threads: frames are staged by the session's streaming thread; all else may be called from any
 * thread at any time.
 *
 * Calling the application. A message on the bus, a warning, an event or a task that starts may
 * run the application's code, which may do all that an application can: close the element,
 * flush, seek, send EOS, set properties, change states, unlink, wait for another thread that
 * does. So what has become of a frame is reported in two steps. `update` records it, under the
 * engine's lock, and calls nobody. `notify` calls the application, by these rules:
 * - Who calls: the thread that waits for the session, if there is one (gptvis_session_wait), since
 *   it holds locks of pads that the application may need; else the worker. One call at a time for
 *   a session, in the order of the updates.
 * - Meanwhile no lock of gptvis is held, and no frame, batch or list is half done.
 * - Afterwards everything may be gone but the session and the engine, of which the caller holds
 *   references. It checks whether the session was closed before it calls again, and touches
 *   nothing else.
 * - Who waits for a call: gptvis_session_close does, so that none is made once an element is
 *   closed, unless its own thread is in that call. gptvis_session_wait does, so that the last
 *   message comes before the end of the stream, but for GPTVIS_NOTIFY_TIMEOUT at most, since the
 *   call may need a lock that the waiting thread holds.
 * The streaming thread's own calls (gptvisfilter.c) follow the same rules: they are made when the
 * frame is done with, and afterwards it checks whether the stream still runs. */
#pragma once
#include <gst/gst.h>
#include "client.h"
#include "scene.h"
#include "timing.h"

G_BEGIN_DECLS

typedef struct _GptVisEngine GptVisEngine;
typedef struct _GptVisSession GptVisSession;

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
  gfloat caption_change;        /* a caption is started when the scene has changed this much … */
  GstClockTime caption_interval;        /* … or this long after the last was started; NONE: never */
  gfloat caption_threshold;     /* gptvis_captioner_set_threshold's */
  gboolean partial_captions;    /* results have unfinished captions too, and there is GPTVIS_UPDATE_WORDS */
  GptVisSceneSettings scene_settings;
  GptVisView view;              /* its regions, and which are looked at; of a session without a scene, none */
} GptVisJob;

typedef enum {
  GPTVIS_UPDATE_RESULT,         /* a frame's analysis ended; with its caption, if it is awaited and has one */
  GPTVIS_UPDATE_WORDS,          /* the caption has grown: its result again, with the caption so far */
  GPTVIS_UPDATE_CAPTION,        /* the caption was finished after its result: that again, with the caption */
} GptVisUpdate;

/* Of what the application is to be notified: a set of these, in this order. */
typedef enum {
  GPTVIS_NOTIFY_CAPTION = 1 << 0,
  GPTVIS_NOTIFY_RESULT = 1 << 1,
  GPTVIS_NOTIFY_ERROR = 1 << 2,
} GptVisNotifyFlags;

/* How long gptvis_session_wait waits for a call to the application that another thread makes, µs. */
#define GPTVIS_NOTIFY_TIMEOUT G_USEC_PER_SEC

typedef struct {
  /* What has become of the job's frame, the one that the result's labels are of. A result of NULL: it
   * failed. Returns a set of GptVisNotifyFlags; result and job are borrowed. Under the engine's
   * lock, so it calls neither the engine nor the application. */
  guint (*update) (gpointer user, GptVisUpdate update, const GptVisJob *job, GptVisResult *result);
  /* Calls the application with one of them (see above). Borrows. */
  void (*notify) (gpointer user, GptVisNotifyFlags what, GptVisResult *result, const GError *error);
  gpointer user;
} GptVisSessionListener;

/* The engine of the model that the options ask for (gptvis_model_key); one engine a model. Errors are
 * gptvis_model_open's. */
GptVisEngine *gptvis_engine_open (const GptVisModelOptions *options, GError **error);
/* Before it closes the engine, a user frees its clients and closes its sessions. The last user to close it
 * ends the worker, which first finishes the batch in hand, and waits for that, unless it is the worker
 * itself or somebody opens the model again meanwhile. NULL is fine. */
void gptvis_engine_close (GptVisEngine *engine);
GptVisModel *gptvis_engine_model (GptVisEngine *engine);        /* borrowed */
guint gptvis_engine_n_sessions (GptVisEngine *engine);
/* How long the last batches took by a GPU's own clock; all 0 where that is not known. */
GptVisTimes gptvis_engine_device_times (GptVisEngine *engine);

/* Starts the worker, if there is none yet: sessions wait for it. FALSE with LIMIT when the system has no
 * thread left. */
gboolean gptvis_engine_start (GptVisEngine *engine, GError **error);

/* A session for frames that the client asks about. The client is one of the engine's model; the session
 * takes references on it and on the scene that the frames are of, which may be NULL. NULL with LIMIT when
 * the system has no memory left. */
GptVisSession *gptvis_session_new (GptVisEngine *engine, GptVisClient *client, GptVisScene *scene,
    const GptVisSessionListener *listener, GError **error);
/* The stream needs it no more. Does not wait for an analysis in flight: its result is dropped. Once
 * this has returned the listener is not called any more; but if this is called from within a
 * notification, that one still has to return. */
void gptvis_session_close (GptVisSession *session);
/* Drops the reference of gptvis_session_new. NULL is fine. */
void gptvis_session_unref (GptVisSession *session);

/* Is the frame that waits so new that staging another would be no gain? Staging is the
 * streaming thread's time, so a frame is only replaced by one that is newer by more
 * than an eighth of the time between two of the stream's analyses. */
gboolean gptvis_session_is_fresh (GptVisSession *session);

/* Stages the picture and the parts of it that the job's view says to look at, whose memory is not needed
 * afterwards, and lets it wait for the worker. `replaced`: another was waiting and will not be analysed.
 * FALSE with the staging's error: then nothing waits. */
gboolean gptvis_session_stage (GptVisSession *session, const GptVisPicture *picture, const GptVisJob *job,
    gboolean *replaced, GError **error);

/* Returns when all that was staged is analysed, no caption is being written and all notifications are
 * made, by this thread if they came up while it waited. Returns at once while flushing, when the session
 * is closed, and in the worker's own thread, which would wait for itself. */
void gptvis_session_wait (GptVisSession *session);

/* TRUE: gptvis_session_wait returns, and does not wait until it is FALSE again; a caption that
 * is being written is given up. */
void gptvis_session_set_flushing (GptVisSession *session, gboolean flushing);

/* Forgets the frame that waits (TRUE: there was one), the last caption, the one that is being
 * written and the notifications that are not made yet. */
gboolean gptvis_session_clear (GptVisSession *session);

/* Does a frame wait for the worker? */
gboolean gptvis_session_is_waiting (GptVisSession *session);

G_END_DECLS
