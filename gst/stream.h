/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream: one camera's state on a model. It decides which frames are analysed,
 * hands them to the engine, keeps the last result for the frames after, and counts
 * everything. It attaches nothing and posts nothing: that is the element's.
 *
 * Threads: gptvis_stream_frame, _cut and _drain belong to the streaming thread; the
 * rest may be called from any thread at any time. */
#pragma once
#include <gst/video/video.h>
#include "engine.h"

G_BEGIN_DECLS

/* every: a frame that is due waits for its own result. latest: no frame waits; the
 * newest result goes with the frames that come after it. auto: latest in a live
 * pipeline, else every (the element's to decide; the stream takes it for every). */
typedef enum { GPTVIS_POLICY_AUTO, GPTVIS_POLICY_EVERY, GPTVIS_POLICY_LATEST } GptVisPolicy;

/* What may change from one frame to the next. */
typedef struct {
  GptVisPolicy policy;
  guint interval;               /* every Nth frame, from 1 */
  gdouble max_rate;             /* analyses a second at most, by running time; 0: no limit */
  GstClockTime hold_time;       /* how long a result is carried on; NONE: until the next */
  guint top_k;
  gfloat threshold;             /* below 0: what suits the model */
  gfloat caption_change;        /* how much of a change is worth a new caption, 0 … 2 (captioner.h) */
  GstClockTime caption_interval;        /* a caption at least so often; NONE: when the scene changes only */
  gfloat caption_threshold;     /* how likely a caption must be to be told, 0 … 1; below 0: as the checkpoint says */
  gboolean partial_captions;    /* tell words as they come */
} GptVisSettings;
#define GPTVIS_SETTINGS { .interval = 1, .hold_time = GST_SECOND, .top_k = 5, .threshold = -1.0f, \
    .caption_change = 0.1f, .caption_interval = 10 * GST_SECOND, .caption_threshold = -1.0f }

/* What a frame leaves with. */
typedef struct {
  GptVisResult *result;         /* NULL: nothing; else a reference of the caller's */
  gboolean own;
  GstClockTime age;             /* 0 when own */
} GptVisSeen;

/* What the stream tells its owner. `found` comes once for each analysed frame, `said` once for
 * each caption that is finished and, where partial captions are asked for, for each word before:
 * the caption is the result's. They come in the thread that engine.h says, whose line is also this
 * one's: the owner may call the application, which may do anything, the owner may free the stream,
 * and nothing is held or half done meanwhile. `failed` comes from there too, or at the end of
 * gptvis_stream_frame. All borrow. */
typedef struct {
  void (*found) (gpointer user, GptVisResult *result);
  void (*said) (gpointer user, GptVisResult *result);
  void (*failed) (gpointer user, gboolean unmappable, const GError *error);
  gpointer user;
} GptVisListener;

typedef struct _GptVisStream GptVisStream;

/* `name` becomes the results' stream; the engine must outlive the stream. NULL with
 * LIMIT when there is no thread to be had. */
GptVisStream *gptvis_stream_new (GptVisEngine *engine, GptVisClient *client, const gchar *name,
    const GptVisListener *listener, GError **error);
/* Waits for no analysis. The listener is not called afterwards; it may be called in this very
 * moment by this thread, and by no other. NULL is fine. */
void gptvis_stream_free (GptVisStream *stream);

/* The next frame: counts it, has it analysed when it is due, and says what it leaves
 * with. `late`: downstream is behind (QoS) and it should not be. A frame that was due
 * and could not be analysed is told to the listener; then `seen` is empty, and under
 * `every` the result before is forgotten, so that it cannot pass for this one's. */
void gptvis_stream_frame (GptVisStream *stream, const GptVisSettings *settings, GstBuffer *buffer,
    const GstVideoInfo *info, const GptVisFrameTime *time, gboolean late, GptVisSeen *seen);

/* What comes next does not continue what came before (flush, seek, another
 * segment or stream): forgets the last result and what is under way, raises the
 * generation, and the next frame, whose number is returned, is due. */
guint64 gptvis_stream_cut (GptVisStream *stream);

/* Returns when nothing is under way and all of it is told (gptvis_seat_wait). */
void gptvis_stream_drain (GptVisStream *stream);

/* TRUE: a frame that waits for its result leaves at once without, until FALSE. */
void gptvis_stream_set_flushing (GptVisStream *stream, gboolean flushing);

/* What a due frame's stay here adds to its latency: analysis under `every`, staging
 * under `latest`. The 90th percentile of recent ones and a quarter more; it moves only
 * when that is exceeded or has halved. 0 before the first. */
GstClockTime gptvis_stream_latency (GptVisStream *stream);

/* The structure "gptvis-stats"; its fields are tabled in gptvisfilter.c. Owned by the caller. */
GstStructure *gptvis_stream_stats (GptVisStream *stream);

G_END_DECLS
