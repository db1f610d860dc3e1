/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream: one camera's state on a model. It decides which frames are analysed,
 * hands them to the engine, holds the last result for the frames after, and counts
 * everything. It attaches nothing and posts nothing: the element does.
 *
 * Threads: gptvis_stream_frame, _cut and _drain belong to the streaming thread; the
 * rest may be called from any thread at any time. */
#pragma once
#include <gst/video/video.h>
#include "engine.h"

G_BEGIN_DECLS

/* every: a frame that is due waits for its own result. latest: no frame waits; the
 * newest result goes with the frames that come after it. auto: latest in a live
 * pipeline, else every (the element decides; the stream takes auto for every). */
typedef enum { GPTVIS_POLICY_AUTO, GPTVIS_POLICY_EVERY, GPTVIS_POLICY_LATEST } GptVisPolicy;

/* Who finds regions. auto: what the checkpoint can; where it finds none itself, motion with the bundled
 * one, and else none. */
typedef enum { GPTVIS_REGIONS_AUTO, GPTVIS_REGIONS_NONE, GPTVIS_REGIONS_MODEL, GPTVIS_REGIONS_MOTION,
  GPTVIS_REGIONS_UPSTREAM } GptVisRegionsMode;

/* What may change from one frame to the next. */
typedef struct {
  GptVisPolicy policy;
  guint interval;               /* every Nth frame, from 1 */
  gdouble max_rate;             /* analyses a second at most, by running time; 0: no limit */
  GstClockTime hold_time;       /* how long later frames carry a result; NONE: until the next */
  guint top_k;
  gfloat threshold;             /* below 0: what suits the model */
  gfloat caption_change;        /* how much the scene must change for a new caption, 0 … 2 (captioner.h) */
  GstClockTime caption_interval;        /* a new caption after so long; NONE: only when the scene changes */
  gfloat caption_threshold;     /* how likely a caption must be, 0 … 1; below 0: as the checkpoint says */
  gboolean partial_captions;    /* report captions word by word */
  GptVisSceneSettings scene;    /* of its labels' thresholds nothing: those are the client's */
} GptVisSettings;
#define GPTVIS_SETTINGS { .interval = 1, .hold_time = GST_SECOND, .top_k = 5, .threshold = -1.0f, \
    .caption_change = 0.1f, .caption_interval = 10 * GST_SECOND, .caption_threshold = -1.0f, \
    .scene = { .track = TRUE, .max_regions = 8, .min_region = 0.02f } }

/* A frame as it comes. All is borrowed. */
typedef struct {
  GstBuffer *buffer;
  const GstVideoInfo *info;
  GptVisFrameTime time;
  gboolean late;                /* downstream is behind (QoS), so it should not be analysed */
  const GptVisDetection *found; /* regions of elements before, where they are asked for */
  guint n_found;
} GptVisFrame;

/* What a frame leaves with. */
typedef struct {
  GptVisResult *result;         /* NULL: none; else a reference that the caller owns */
  gboolean own;                 /* found on this very frame, not on an earlier one */
  GstClockTime age;             /* 0 when own */
  GptVisResult *events; /* NULL: none; else one with the frame's number and times, and what happened in it;
                         * likewise the caller's */
} GptVisFrameResult;

/* What the stream calls its owner for: `on_result` once for each analysed frame, `on_caption` once for
 * each finished caption and, where partial captions are asked for, for each word before; the caption
 * is in the result. The thread is the one of engine.h's rules, which hold here too: the owner may
 * call the application, which may do anything, and may free the stream; no lock is held and nothing
 * is half done meanwhile. `on_error` comes from the same thread, or at the end of
 * gptvis_stream_frame. All borrow. */
typedef struct {
  void (*on_result) (gpointer user, GptVisResult *result);
  void (*on_caption) (gpointer user, GptVisResult *result);
  void (*on_error) (gpointer user, gboolean unmappable, const GError *error);
  gpointer user;
} GptVisListener;

typedef struct _GptVisStream GptVisStream;

/* `name` becomes the results' stream; the engine must outlive the stream. NULL with LIMIT when the system
 * has no thread or no memory left, with UNSUPPORTED when the client's model does not find regions and
 * shall. */
GptVisStream *gptvis_stream_new (GptVisEngine *engine, GptVisClient *client, const gchar *name,
    GptVisRegionsMode regions,
    const GptVisListener *listener, GError **error);
/* Does it want to be told of the regions that elements before have found (GptVisFrame.found)? */
gboolean gptvis_stream_wants_found (const GptVisStream *stream);
/* Waits for no analysis. Afterwards the listener is not called any more; if this is called from within
 * one of its functions, that one still has to return. NULL is fine. */
void gptvis_stream_free (GptVisStream *stream);

/* The next frame: counts it, has it analysed when it is due, and says what it leaves with. If a frame that
 * was due cannot be analysed, `on_error` is called and `out` is empty; under `every` the result before it
 * is forgotten, so that it is not taken for this frame's. */
void gptvis_stream_frame (GptVisStream *stream, const GptVisSettings *settings, const GptVisFrame *frame,
    GptVisFrameResult *out);

/* A cut: what comes next does not continue what came before (flush, seek, another
 * segment or stream). Forgets the last result and what is under way and raises the
 * generation; the next frame is due. Returns that frame's number. */
guint64 gptvis_stream_cut (GptVisStream *stream);

/* Returns when nothing is under way and the listener was called for all of it (gptvis_session_wait). */
void gptvis_stream_drain (GptVisStream *stream);

/* TRUE: a frame that waits for its result leaves at once, without one. FALSE: frames wait again. */
void gptvis_stream_set_flushing (GptVisStream *stream, gboolean flushing);

/* The delay that the element adds to a due frame: its analysis under `every`, its staging
 * under `latest`. The 90th percentile of recent ones and a quarter more; it changes only
 * when that is exceeded or has halved. 0 before the first. */
GstClockTime gptvis_stream_latency (GptVisStream *stream);

/* From the next frame on; a stream without regions has no use for them. NULL: none. */
void gptvis_stream_set_zones (GptVisStream *stream, GptVisZoneList *zones);

/* The structure "gptvis-stats"; its fields are listed in gptvisfilter.md. Owned by the caller. */
GstStructure *gptvis_stream_stats (GptVisStream *stream);

G_END_DECLS
