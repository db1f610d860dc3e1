/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scenes that are made up, for tests of tracks: actors whose boxes are known at each time, and a detector
 * that finds them with noise. Each scene is seen many times, with noise of a seed of its own. */
#pragma once
#include "track.h"

#define S G_GUINT64_CONSTANT (1000000000)
#define MOST 8u
#define SEEDS 50u
#define NONE ((GptVisBox) { 0, 0, 0, 0 })
#define HEIGHT 0.3f             /* of most actors */
#define ASPECT (16 / 9.0f)

/* An actor's box at that time, in seconds. */
typedef GptVisBox (*Actor) (gdouble seconds);

typedef struct {
  GRand *random;
  GptVisTracks *tracks;
  GptVisDetection detections[MOST];
  guint n;
  gfloat noise;                 /* of the detector's edges, in heights */
} Scene;

static const GptVisTrackSettings usual = GPTVIS_TRACK_SETTINGS_INIT;
static const gdouble rates[] = { 4, 8, 12.5, 25, 60 };

static inline Scene *
scene_new (GptVisTrackSettings settings, guint seed)
{
  Scene *self = g_new0 (Scene, 1);
  self->random = g_rand_new_with_seed (seed);
  settings.aspect = ASPECT;
  self->tracks = gptvis_tracks_new (&settings);
  self->noise = 0.05f;
  return self;
}

static inline void
scene_free (Scene *self)
{
  gptvis_tracks_free (self->tracks);
  g_rand_free (self->random);
  g_free (self);
}

static inline gfloat
normal (Scene *self)
{
  gdouble sum = -6;
  for (guint i = 0; i < 12; i++)
    sum += g_rand_double (self->random);
  return sum;
}

/* A person of that height, whose foot stands at x, y. */
static inline GptVisBox
person (gdouble x, gdouble y, gdouble height)
{
  const gdouble width = 0.4 * height / ASPECT;
  return (GptVisBox) { x - width / 2, y - height, width, height };
}

static inline GptVisDetection *
detect (Scene *self, GptVisBox box, gfloat score)
{
  const gfloat noise = self->noise * box.height;
  const gfloat left = box.left + normal (self) * noise / ASPECT, top = box.top + normal (self) * noise;
  const gfloat right = box.left + box.width + normal (self) * noise / ASPECT;
  const gfloat bottom = box.top + box.height + normal (self) * noise;
  g_assert_cmpuint (self->n, <, MOST);
  self->detections[self->n] =
      (GptVisDetection) { .box = { left, top, right - left, bottom - top },.score = score };
  return &self->detections[self->n++];
}

static inline void
update (Scene *self, gdouble seconds)
{
  gptvis_tracks_update (self->tracks, seconds * S, self->detections, self->n);
  self->n = 0;
}

/* The track that is shown nearest to a box, or NULL. */
static const GptVisTrack *
track_at (Scene *self, gdouble seconds, GptVisBox box)
{
  guint n;
  const GptVisTrack *tracks = gptvis_tracks_at (self->tracks, seconds * S, &n), *best = NULL;
  for (guint i = 0; i < n; i++)
    if (!tracks[i].hidden && gptvis_box_iou (tracks[i].box, box) > 0.3f
        && (!best || gptvis_box_iou (tracks[i].box, box) > gptvis_box_iou (best->box, box)))
      best = &tracks[i];
  return best;
}

static inline guint
id_at (Scene *self, gdouble seconds, GptVisBox box)
{
  const GptVisTrack *track = track_at (self, seconds, box);
  return track ? track->id : 0;
}

static inline guint
n_shown (Scene *self, gdouble seconds)
{
  guint n, shown = 0;
  const GptVisTrack *tracks = gptvis_tracks_at (self->tracks, seconds * S, &n);
  for (guint i = 0; i < n; i++)
    shown += !tracks[i].hidden;
  return shown;
}

