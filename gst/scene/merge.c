/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blobs: one detection where several tracks are, because motion does not see where one person ends and the
 * next begins. Those inside keep their size and move on as they did; what the blob still tells of them are
 * its edges: its left one is that of whoever is leftmost, and so on. So two who cross go through each other,
 * for the blob grows narrow and wide again; and two who meet and turn back do not, for it stays wide. */
#include "track-private.h"

#define INSIDE 0.5f             /* share of a track's box that is in the blob … */
#define STILL_INSIDE 0.25f      /* … and of one that was in it before */
#define ITSELF (G_GUINT64_CONSTANT (500000000))        /* ns that it was alone before; else it is a part */
#define CLEAR 0.15              /* heights that the outermost are apart when an edge is one's */
#define EDGE_NOISE 1.5          /* times that of a detection of one's own */
#define EXPLAINED 0.5f          /* share of a blob that those inside cover; else one of them has grown */
#define WIDER 1.25f             /* a blob so much larger than the largest inside is surely several */

/* Whether it was there of late, and not just as part of something. */
static gboolean
may_merge (const GptVisTracks *self, const Track *track, guint64 time)
{
  return track->id != 0 && track->detection < 0 && track->alone >= ITSELF
      && time - track->seen <= gptvis_tracks_hold (self);
}

/* Another detection that is more it than the blob. */
static gboolean
has_own (const GptVisTracks *self, GptVisBox box, guint blob)
{
  const gfloat iou = gptvis_box_iou (box, self->detections[blob]->box);

  for (guint d = 0; d < self->n_detections; d++)
    if (d != blob && !self->taken[d] && gptvis_box_iou (box, self->detections[d]->box) > MAX (iou, 0.3f))
      return TRUE;
  return FALSE;
}

/* Fills `rows` with those in the blob. */
static guint
members (GptVisTracks *self, guint blob, guint64 time)
{
  guint n = 0;

  for (guint t = 0; t < self->n; t++) {
    const Track *track = &self->tracks[t];
    const GptVisBox box = gptvis_track_box (self, track, 0);
    const gfloat covered = gptvis_box_covered (box, self->detections[blob]->box);
    if (may_merge (self, track, time) && covered >= (track->was_merged ? STILL_INSIDE : INSIDE)
        && !has_own (self, box, blob))
      self->rows[n++] = t;
  }
  return n;
}

/* Which share of the blob the first n of `rows` cover together. */
static gfloat
covered_share (const GptVisTracks *self, guint blob, guint n)
{
  enum { GRID = 8 };
  const GptVisBox all = self->detections[blob]->box;
  guint covered = 0;

  for (guint i = 0; i < GRID * GRID; i++) {
    const gfloat x = all.left + all.width * (i % GRID + 0.5f) / GRID;
    const gfloat y = all.top + all.height * (i / GRID + 0.5f) / GRID;
    for (guint r = 0; r < n; r++) {
      const GptVisBox box = gptvis_track_box (self, &self->tracks[self->rows[r]], 0);
      if (x >= box.left && x < box.left + box.width && y >= box.top && y < box.top + box.height) {
        covered++;
        break;
      }
    }
  }
  return (gfloat) covered / (GRID * GRID);
}

static void
tell (GptVisTracks *self, Track *track, guint axis, gdouble centre, gdouble more_noise)
{
  const gdouble noise = EDGE_NOISE * self->settings.noise + more_noise;

  gptvis_kalman_correct (&track->axes[axis], centre, noise * gptvis_track_unit (track));
}

/* The blob's edges along an axis, to the first n of `rows`. */
static void
tell_edges (GptVisTracks *self, guint n, guint axis, gdouble from, gdouble to)
{
  Track *first = NULL, *last = NULL;
  gdouble least = G_MAXDOUBLE, most = -G_MAXDOUBLE;

  for (guint r = 0; r < n; r++) {
    Track *track = &self->tracks[self->rows[r]];
    const gdouble half = track->axes[axis + TRACK_WIDTH].x / 2;
    if (track->axes[axis].x - half < least) {
      least = track->axes[axis].x - half;
      first = track;
    }
    if (track->axes[axis].x + half > most) {
      most = track->axes[axis].x + half;
      last = track;
    }
  }
  const gdouble first_half = first->axes[axis + TRACK_WIDTH].x / 2;
  const gdouble last_half = last->axes[axis + TRACK_WIDTH].x / 2;
  if (first == last || to - from - first_half - last_half >= CLEAR * gptvis_track_unit (first)) {
    tell (self, first, axis, from + first_half, 0);
    tell (self, last, axis, to - last_half, 0);
    return;
  }
  /* Whose edge is whose is not to be seen, but nobody is far from the middle. */
  for (guint r = 0; r < n; r++)
    tell (self, &self->tracks[self->rows[r]], axis, (from + to) / 2, CLEAR);
}

/* Nobody is outside of the blob: who is predicted there has stopped or turned. */
static void
keep_inside (GptVisTracks *self, Track *track, guint axis, gdouble from, gdouble to)
{
  const gdouble half = MIN (track->axes[axis + TRACK_WIDTH].x, to - from) / 2;
  const gdouble at = CLAMP (track->axes[axis].x, from + half, to - half);

  if (at != track->axes[axis].x)
    tell (self, track, axis, at, 0);
}

static void
take (GptVisTracks *self, guint blob, guint n, guint64 time)
{
  const GptVisDetection *detection = self->detections[blob];
  const gdouble left = detection->box.left * self->settings.aspect, top = detection->box.top;
  const gdouble right = left + detection->box.width * self->settings.aspect;
  const gdouble bottom = top + detection->box.height;
  gfloat largest = 0;

  tell_edges (self, n, TRACK_X, left, right);
  tell_edges (self, n, TRACK_Y, top, bottom);
  for (guint r = 0; r < n; r++)
    largest = MAX (largest, gptvis_box_area (gptvis_track_box (self, &self->tracks[self->rows[r]], 0)));
  const gboolean several = gptvis_box_area (detection->box) >= WIDER * largest;
  for (guint r = 0; r < n; r++) {
    Track *track = &self->tracks[self->rows[r]];
    keep_inside (self, track, TRACK_X, left, right);
    keep_inside (self, track, TRACK_Y, top, bottom);
    track->axes[TRACK_WIDTH].v = track->axes[TRACK_HEIGHT].v = 0;
    track->detection = blob;
    track->merged = TRUE;
    if (several)
      track->seen = time;
  }
  self->taken[blob] = TRUE;
}

void
gptvis_tracks_merge (GptVisTracks *self, guint64 time)
{
  for (guint d = 0; d < self->n_detections; d++) {
    const guint n = members (self, d, time);
    if (n >= 2 && covered_share (self, d, n) >= EXPLAINED)
      take (self, d, n, time);
  }
}
