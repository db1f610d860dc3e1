/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files behind track.h share: a track as it is kept, and what is known of a frame while it is
 * matched. Inside, lengths are in heights of the picture, so that a step to the right is as long as one
 * down; a box is four filtered numbers: its centre, width and height. */
#pragma once
#include "assignment.h"
#include "kalman.h"
#include "track.h"
#include "votes.h"

G_BEGIN_DECLS

enum { TRACK_X, TRACK_Y, TRACK_WIDTH, TRACK_HEIGHT, TRACK_N_AXES };

typedef struct {
  guint id;                     /* 0: not sure yet */
  GptVisKalman axes[TRACK_N_AXES];      /* at the time of the last call */
  gdouble astray[TRACK_N_AXES]; /* how far off predictions were of late, in their standard deviations */
  guint64 since, seen;
  guint64 alone;                /* ns that it was found as itself, not with others */
  guint hits, misses;           /* of updates */
  gfloat score;
  GptVisBox found;              /* the last detection of it alone */
  GptVisVotes votes;
  gfloat *looks;                /* of length one; all 0: unknown */
  gint detection;               /* of this update; -1: none */
  gboolean merged, missed;      /* in the last update … */
  gboolean was_merged;          /* … and in the one before */
} Track;

struct _GptVisTracks {
  GptVisTrackSettings settings;
  guint last_id;
  guint64 time;                 /* of the last call; G_MAXUINT64: none yet */
  guint64 updated;              /* of the last update, likewise */
  guint64 spacing[3];           /* ns between the last updates; 0: unknown */
  GptVisTexts *texts;
  Track *tracks;                /* in the order in which they began */
  guint n;

  /* Of the update at hand: at most max_detections detections, the surest first. */
  guint max_detections;
  const GptVisDetection **detections;
  gint *numbers;                /* what the caller counts them by */
  gboolean *taken;
  guint n_detections;
  GptVisAssignment *assignment;
  guint *rows, *columns;        /* the tracks and detections that are assigned to each other */

  /* What is handed out. */
  GptVisTrack *told;
  GptVisLabel (*labels)[GPTVIS_VOTES_MAX];
};

/* How long a track is as if it were there, and known, without being found: as set, but never so short that it
 * would blink between two analyses. */
guint64 gptvis_tracks_hold (const GptVisTracks *tracks);
guint64 gptvis_tracks_memory (const GptVisTracks *tracks);

/* Heights of the picture: the unit for all that is in proportion to a box. */
static inline gdouble
gptvis_track_unit (const Track *track)
{
  return MAX (track->axes[TRACK_HEIGHT].x, 0.005);
}

/* Where it is so many seconds from now, in fractions. */
static inline GptVisBox
gptvis_track_box (const GptVisTracks *tracks, const Track *track, gdouble seconds)
{
  gdouble at[TRACK_N_AXES];

  for (guint i = 0; i < TRACK_N_AXES; i++)
    at[i] = track->axes[i].x + track->axes[i].v * seconds;
  for (guint i = TRACK_WIDTH; i < TRACK_N_AXES; i++)    /* never turned around by growing smaller */
    at[i] = MAX (at[i], track->axes[i].x / 2);
  const gdouble width = at[TRACK_WIDTH] / tracks->settings.aspect;
  return (GptVisBox) { at[TRACK_X] / tracks->settings.aspect - width / 2, at[TRACK_Y] - at[TRACK_HEIGHT] / 2,
    width, at[TRACK_HEIGHT] };
}

/* --- match.c --- */

/* Fills each track's `detection` with what it is of this update's, as far as one is nobody else's. */
void gptvis_tracks_match (GptVisTracks *tracks);
/* The box that is a track's own: it fits no other track, and no other box fits the track; -1: none. */
gint gptvis_tracks_match_alone (GptVisTracks *tracks, const Track *track, const GptVisBox *boxes, guint n);

/* --- merge.c --- */

/* Finds detections that are several tracks at once, keeps those in it by prediction and takes the detection.
 */
void gptvis_tracks_merge (GptVisTracks *tracks, guint64 time);

G_END_DECLS
