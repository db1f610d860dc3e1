/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which detection is which track: costs of pairs, and the assignment of least cost. Weak detections are for
 * those tracks that nothing better is left for, as ByteTrack has it. There, they are assigned after the sure
 * ones, which gives a track that is seen badly to a neighbour's detection; here all are assigned at once,
 * and who is weak or not yet sure costs more. */
#include "track-private.h"

/* What a pair may cost at most. Nobody matched costs that too, so that a good pair is not given up for two
 * bad ones. */
#define GATE 0.8f
#define NEAR 0.5                /* heights that a centre may be away, beside what is uncertain … */
#define DEVIATIONS 3.0          /* … in so many of its standard deviations */
#define SIZE 0.7                /* of the logarithm of a ratio of heights: twice or half */
#define UNLIKE 0.5f             /* cosine distance of looks that have nothing in common */
#define LEAST_IOU 0.1f
#define WEAK_IOU 0.3f
#define ALONE_IOU 0.4f

/* What a pair costs beside that, so that of several the better known are joined first. */
#define MISSED 0.1f             /* a track that was not there in the update before */
#define NEW 0.2f                /* a track that is not sure, or younger than this: in proportion */
#define GROWN 1e9               /* ns */
#define WEAK 0.15f              /* a detection that is not sure */

static gfloat
unlikeness (const GptVisTracks *self, const Track *track, const GptVisDetection *detection)
{
  gdouble product = 0, length = 0, known = 0;

  for (guint i = 0; i < self->settings.n_looks; i++) {
    product += (gdouble) track->looks[i] * detection->looks[i];
    length += (gdouble) detection->looks[i] * detection->looks[i];
    known += fabsf (track->looks[i]);
  }
  if (!(length > 0) || !isfinite (length) || known == 0)
    return -1;
  return MIN ((1 - product / sqrt (length)) / UNLIKE, 1);
}

/* Of a detection for a track that is somewhere near `at`, by so much (heights of the picture) not known
 * exactly. */
static gfloat
cost_at (const GptVisTracks *self, const Track *track, const GptVisDetection *detection, GptVisBox at,
    gdouble spread)
{
  const gdouble unit = gptvis_track_unit (track);
  const GptVisBox box = detection->box;
  const gdouble x = (box.left + box.width / 2 - at.left - at.width / 2) * self->settings.aspect;
  const gdouble y = box.top + box.height / 2 - at.top - at.height / 2;
  const gdouble distance = hypot (x, y) / (NEAR * unit + DEVIATIONS * spread);
  const gdouble size = fabs (log (box.height / unit)) / SIZE;
  const gfloat iou = gptvis_box_iou (at, box);

  if (iou < LEAST_IOU && (distance > 1 || size > 1))
    return GATE;
  const gfloat cost = 0.4f * (1 - iou) + 0.4f * MIN (distance, 1) + 0.2f * MIN (size, 1);
  const gfloat unlike = self->settings.n_looks > 0 && detection->looks
      ? unlikeness (self, track, detection) : -1;
  return unlike >= 0 ? 0.6f * cost + 0.4f * unlike : cost;
}

/* Of a detection for a track where it is predicted. */
static gfloat
cost_here (const GptVisTracks *self, const Track *track, const GptVisDetection *detection)
{
  const GptVisBox box = gptvis_track_box (self, track, 0);
  const gdouble spread = sqrt (MAX (track->axes[TRACK_X].xx, track->axes[TRACK_Y].xx));
  const gfloat youth = 1 - MIN ((self->time - track->since) / GROWN, 1);
  gfloat extra = (track->missed ? MISSED : 0) + NEW * (track->id == 0 ? 1 : youth);

  if (detection->score < self->settings.sure) {
    const gboolean there = track->id != 0 && self->time - track->seen <= gptvis_tracks_hold (self);
    if (!there || gptvis_box_iou (box, detection->box) < WEAK_IOU)
      return GATE;
    extra += WEAK;
  }
  return MIN (cost_at (self, track, detection, box, spread) + extra, GATE);
}

/* Of a sure detection for a track where it was last seen: it may have stopped there unseen. */
static gfloat
cost_where_seen (const GptVisTracks *self, const Track *track, const GptVisDetection *detection)
{
  if (track->id == 0 || !track->missed || detection->score < self->settings.sure)
    return GATE;
  return MIN (cost_at (self, track, detection, track->found, 0), GATE);
}

/* Joins tracks and detections that have nobody yet, by these costs. */
static void
assign (GptVisTracks *self, gfloat (*cost) (const GptVisTracks *, const Track *, const GptVisDetection *))
{
  guint n_rows = 0, n_columns = 0;

  for (guint t = 0; t < self->n; t++)
    if (self->tracks[t].detection < 0)
      self->rows[n_rows++] = t;
  for (guint d = 0; d < self->n_detections; d++)
    if (!self->taken[d])
      self->columns[n_columns++] = d;
  for (guint r = 0; r < n_rows; r++)
    for (guint c = 0; c < n_columns; c++)
      *gptvis_assignment_cost (self->assignment, r, c) =
          cost (self, &self->tracks[self->rows[r]], self->detections[self->columns[c]]);
  const gint *column_of = gptvis_assignment_solve (self->assignment, n_rows, n_columns);
  for (guint r = 0; r < n_rows; r++) {
    if (column_of[r] < 0 || *gptvis_assignment_cost (self->assignment, r, column_of[r]) >= GATE)
      continue;
    self->tracks[self->rows[r]].detection = self->columns[column_of[r]];
    self->taken[self->columns[column_of[r]]] = TRUE;
  }
}

void
gptvis_tracks_match (GptVisTracks *self)
{
  assign (self, cost_here);
  assign (self, cost_where_seen);
}

gint
gptvis_tracks_match_alone (GptVisTracks *self, const Track *track, const GptVisBox *boxes, guint n)
{
  const GptVisBox box = gptvis_track_box (self, track, 0);
  gint own = -1;

  for (guint i = 0; i < n; i++) {
    if (!gptvis_box_is_valid (boxes[i]) || gptvis_box_shared (box, boxes[i]) == 0)
      continue;
    if (own >= 0 || gptvis_box_iou (box, boxes[i]) < ALONE_IOU)
      return -1;
    own = i;
  }
  for (guint t = 0; own >= 0 && t < self->n; t++)
    if (&self->tracks[t] != track
        && gptvis_box_shared (gptvis_track_box (self, &self->tracks[t], 0), boxes[own]) > 0)
      return -1;
  return own;
}
