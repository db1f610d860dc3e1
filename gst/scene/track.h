/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tracks: which of a frame's detections are the same things as before. A detection is a box that a detector,
 * the motion or an element before found in one frame; a track is what is behind it over time, with an
 * identity, a steady box and labels voted over its frames.
 *
 *     GptVisTracks *tracks = gptvis_tracks_new (&(GptVisTrackSettings) GPTVIS_TRACK_SETTINGS_INIT);
 *     gptvis_tracks_update (tracks, time, detections, n);        // of each analysed frame
 *     const GptVisTrack *seen = gptvis_tracks_at (tracks, time, &n);     // and of frames between
 *     gptvis_tracks_free (tracks);
 *
 * Boxes are fractions of the picture, times ns; of two calls the later has the later time or the same;
 * G_MAXUINT64 is unknown, and taken to be a twenty-fifth of a second after the last update. A track is first
 * kept to itself until it is sure: found several times. Then it has an id, from 1, that no other track of
 * this object ever has. While it is not found it moves by prediction, for `hold` as if it were there; after
 * that it is hidden, but whoever reappears within `memory` where it could be now is still the same.
 *
 * Memory is taken when tracks are made, and when a label's text is met for the first time; a frame takes
 * none.
 *
 * Where the formulae come from: state and matching by prediction from SORT (Bewley et al. 2016); noise in
 * proportion to a box's height, a reach of so many standard deviations and looks by cosine distance from
 * DeepSORT (Wojke et al. 2017); weak detections for who would have none from ByteTrack (Zhang et al. 2022); a
 * second try where somebody was last seen from OC-SORT (Cao et al. 2023); the noise of a velocity in
 * continuous time, so that frame rate does not matter, from Bar-Shalom, "Estimation with Applications to
 * Tracking and Navigation" (6.2.2); the assignment is Kuhn's, with potentials.
 *
 * Threads: one at a time. */
#pragma once
#include "box.h"
#include "result.h"

G_BEGIN_DECLS

typedef struct _GptVisTracks GptVisTracks;

typedef struct {
  guint max_tracks;             /* at once, those that are not sure yet included; at least 1 */
  guint n_looks;                /* numbers in a vector of looks; 0: there are none */
  guint hits;                   /* detections that make a track sure; 2 will do after half a second */
  gfloat sure, weak;            /* detections that score `sure` begin tracks, those below keep the tracks that
                                 * are there, and those below `weak` are not looked at */
  gfloat noise;                 /* of detections' edges: standard deviation, in heights of the box */
  gfloat aspect;                /* width of the picture over its height, as it is shown */
  gboolean merging;             /* a detection may be several things that touch: motion's */
  gboolean at_once;             /* what the first update finds is sure, since no other may follow: a photo */
  guint64 hold, memory;         /* ns, see above */
} GptVisTrackSettings;
#define GPTVIS_TRACK_SETTINGS_INIT { \
    .max_tracks = 64, .hits = 3, .sure = 0.5f, .weak = 0.1f, .noise = 0.05f, .aspect = 16 / 9.0f, \
    .hold = G_GUINT64_CONSTANT (500000000), .memory = G_GUINT64_CONSTANT (2000000000) }

typedef struct {
  GptVisBox box;                /* one that is not valid is passed over */
  gfloat score;                 /* 0 to 1: that there is something */
  const GptVisLabel *labels;    /* what it is, best first; NULL: nobody looked, and there is no vote */
  guint n_labels;
  const gfloat *looks;          /* n_looks numbers: an embedding, or the square roots of a histogram of its
                                 * colours; near by angle means alike. NULL: unknown */
} GptVisDetection;

typedef struct {
  guint id;                     /* from 1 */
  GptVisBox box;                /* smoothed, at the time asked for, within the picture */
  gfloat velocity[2];           /* of its centre, in pictures a second */
  gfloat score;                 /* its detections', smoothed */
  const GptVisLabel *labels;    /* voted, best first; a label's score is its odds' geometric mean over time */
  guint n_labels;
  guint64 since, seen;          /* when it was first and last found */
  gboolean hidden;              /* not found for longer than `hold`, or gone out of the picture: do not show
                                 * it; it may still reappear */
  gboolean merged;              /* in a detection with others */
  gint detection;               /* which of the last update's it was, also with others; -1: none */
} GptVisTrack;

/* The settings are copied and brought into what is possible. */
GptVisTracks *gptvis_tracks_new (const GptVisTrackSettings *settings);
void gptvis_tracks_free (GptVisTracks *tracks);        /* may be NULL */
/* Everything ends; ids go on. For another scene, a seek, another size. A time before the last one does the
 * same. */
void gptvis_tracks_reset (GptVisTracks *tracks);
/* Another shape of picture; tracks stay where they are in fractions. */
void gptvis_tracks_set_aspect (GptVisTracks *tracks, gfloat aspect);
/* Votes are forgotten: labels have become others. */
void gptvis_tracks_forget_labels (GptVisTracks *tracks);

/* All that was found in a frame; who is not in it was not found. Only read. */
void gptvis_tracks_update (GptVisTracks *tracks, guint64 time, const GptVisDetection *detections, guint n);
/* What moved in a frame between those: boxes that fit one track alone move it. Nothing begins or ends by it.
 */
void gptvis_tracks_move (GptVisTracks *tracks, guint64 time, const GptVisBox *boxes, guint n);
/* Labels that came later than the detection that they are of, for the track of that id, if it is still
 * there. */
void gptvis_tracks_vote (GptVisTracks *tracks, guint id, guint64 time, const GptVisLabel *labels, guint n);

/* The sure tracks as they are at that time, not before the last update's, by id; hidden ones too. Also of a
 * time for which there was no update. Good until the next call with these tracks. */
const GptVisTrack *gptvis_tracks_at (GptVisTracks *tracks, guint64 time, guint *n);

G_END_DECLS
