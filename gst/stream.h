/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream: one camera's state on a model. It decides which frames are analysed,
 * has them staged and run, keeps the last result for the frames after, and counts
 * everything. It attaches nothing and posts nothing: that is the element's.
 *
 * Threads: gptvis_stream_frame and gptvis_stream_cut belong to the streaming
 * thread; the rest may be called from any thread at any time. */
#pragma once
#include <gst/video/video.h>
#include "model.h"

G_BEGIN_DECLS

/* auto is every. */
typedef enum { GPTVIS_POLICY_AUTO, GPTVIS_POLICY_EVERY } GptVisPolicy;

/* What may change from one frame to the next. */
typedef struct {
  GptVisPolicy policy;
  guint interval;               /* every Nth frame, from 1 */
  gdouble max_rate;             /* analyses a second at most, by running time; 0: no limit */
  GstClockTime hold_time;       /* how long a result is carried on; NONE: until the next */
  guint top_k;
  gfloat threshold;             /* below 0: what suits the model */
} GptVisSettings;
#define GPTVIS_SETTINGS { .interval = 1, .hold_time = GST_SECOND, .top_k = 5, .threshold = -1.0f }

typedef struct {
  guint64 pts, running_time;    /* ns; GST_CLOCK_TIME_NONE when unknown */
  gint64 wall;                  /* µs since 1970 UTC; 0 when unknown */
} GptVisFrameTime;

/* What a frame leaves with. */
typedef struct {
  GptVisResult *result;         /* NULL: nothing. Borrowed until the next call of frame or cut */
  gboolean own;
  GstClockTime age;             /* 0 when own */
} GptVisSeen;

typedef struct _GptVisStream GptVisStream;

/* Takes a reference on the model; `name` becomes the results' stream. Never fails. */
GptVisStream *gptvis_stream_new (GptVisModel * model, const gchar * name);
void gptvis_stream_free (GptVisStream * stream);        /* NULL is fine */

/* The next frame: counts it, analyses it when it is due, and says what it leaves
 * with. Waits for the analysis. FALSE with `error` when the frame was due and could
 * not be analysed (`unmappable` says whether for its memory); then `seen` is empty
 * and the result before is forgotten, so that it cannot pass for this one's. */
gboolean gptvis_stream_frame (GptVisStream * stream, const GptVisSettings * settings, GstBuffer * buffer,
    const GstVideoInfo * info, const GptVisFrameTime * time, GptVisSeen * seen, gboolean * unmappable,
    GError ** error);

/* What comes next does not continue what came before (flush, seek, another
 * segment or stream): forgets the last result, raises the generation, and the
 * next frame is due. */
void gptvis_stream_cut (GptVisStream * stream);

/* What an analysis adds to a frame's latency: the 90th percentile of recent ones.
 * It moves only when that moved notably; 0 before the first analysis. */
GstClockTime gptvis_stream_latency (GptVisStream * stream);

/* The structure "gptvis-stats"; its fields are tabled in gptvisfilter.c. Owned by the caller. */
GstStructure *gptvis_stream_stats (GptVisStream * stream);

G_END_DECLS
