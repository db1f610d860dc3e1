/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of tracks: they begin with a detection that is nobody's, become sure, move by prediction and are
 * corrected by what is found, and end when nothing is. Who is matched with what is match.c's and merge.c's.
 */
#include "track-private.h"
#include <string.h>

#define SECOND 1e9
#define UNKNOWN_STEP 40000000u  /* ns between frames without times, for want of better */
#define LEAST_INSIDE (1 / 6.0f) /* of a track's box in the picture: less, and it has gone */
#define MOST_TRACKS 256u
#define MOST_TEXTS 65536u       /* of labels; then votes begin anew */

/* In heights of the box, and seconds: how fast things may be that are met, how much they swerve (power of
 * acceleration), the same for the size of the box. */
#define FIRST_SPEED 2.0
#define SWERVE 0.1
#define FIRST_GROWTH 0.5
#define SWELL 0.05

/* Whose predictions have been off to one side by so many standard deviations of late does something else
 * than before: it stops, turns, comes near. Then it may swerve more, by the fourth power of that and so much
 * at most. */
#define ASTRAY 0.8
#define MOST_DOUBT 30.0
#define OF_LATE 0.3             /* what the newest counts of that */

/* Who is suddenly much lower or higher is likely to be cut off, or in one box with something else: then a
 * detection is less exact, by the square of the logarithm of the ratio to this. In width, where arms and
 * legs swing, to twice of this. */
#define SUDDEN 0.35

#define WEAK_NOISE 2.0          /* what is weak is so much less exact */

/* Who is not found keeps its velocity for COAST and its growth for none of that; then both fall by e in
 * FALL. */
#define COAST 1.0
#define FALL 0.5

#define LOOKS_KEPT 0.9f         /* of a track's looks, when it is seen again */
#define CLEAN 0.2f              /* IoU with others' detections up to which looks are its own */

/* --- settings --- */

static GptVisTrackSettings
possible (const GptVisTrackSettings *wanted)
{
  GptVisTrackSettings settings = *wanted;

  settings.max_tracks = CLAMP (settings.max_tracks, 1, MOST_TRACKS);
  settings.hits = MAX (settings.hits, 1);
  settings.noise = settings.noise > 0.001f ? MIN (settings.noise, 1) : 0.001f;
  settings.aspect = settings.aspect > 0.01f ? MIN (settings.aspect, 100) : 1;
  settings.memory = MAX (settings.memory, settings.hold);
  return settings;
}

GptVisTracks *
gptvis_tracks_new (const GptVisTrackSettings *settings)
{
  GptVisTracks *self = g_new0 (GptVisTracks, 1);

  self->settings = possible (settings);
  const guint n = self->settings.max_tracks, m = self->max_detections = 2 * n;
  self->texts = gptvis_texts_new ();
  self->tracks = g_new0 (Track, n);
  for (guint t = 0; t < n; t++)
    self->tracks[t].looks = g_new0 (gfloat, self->settings.n_looks);
  self->detections = g_new0 (const GptVisDetection *, m);
  self->numbers = g_new0 (gint, m);
  self->taken = g_new0 (gboolean, m);
  self->assignment = gptvis_assignment_new (n, m);
  self->rows = g_new0 (guint, n);
  self->columns = g_new0 (guint, m);
  self->told = g_new0 (GptVisTrack, n);
  self->labels = g_malloc0_n (n, sizeof *self->labels);
  gptvis_tracks_reset (self);
  return self;
}

void
gptvis_tracks_free (GptVisTracks *self)
{
  if (!self)
    return;
  for (guint t = 0; t < self->settings.max_tracks; t++)
    g_free (self->tracks[t].looks);
  gptvis_texts_free (self->texts);
  gptvis_assignment_free (self->assignment);
  g_free (self->tracks);
  g_free (self->detections);
  g_free (self->numbers);
  g_free (self->taken);
  g_free (self->rows);
  g_free (self->columns);
  g_free (self->told);
  g_free (self->labels);
  g_free (self);
}

void
gptvis_tracks_reset (GptVisTracks *self)
{
  self->n = 0;
  self->time = self->updated = G_MAXUINT64;
  memset (self->spacing, 0, sizeof self->spacing);
}

void
gptvis_tracks_set_aspect (GptVisTracks *self, gfloat aspect)
{
  const gfloat before = self->settings.aspect;

  self->settings.aspect = aspect;
  self->settings = possible (&self->settings);
  const gdouble ratio = self->settings.aspect / before;
  for (guint t = 0; t < self->n; t++)
    for (guint axis = TRACK_X; axis <= TRACK_WIDTH; axis += TRACK_WIDTH) {
      GptVisKalman *filter = &self->tracks[t].axes[axis];
      *filter = (GptVisKalman) { filter->x * ratio, filter->v * ratio, filter->xx * ratio * ratio,
        filter->xv * ratio * ratio, filter->vv * ratio * ratio };
    }
}

void
gptvis_tracks_forget_labels (GptVisTracks *self)
{
  for (guint t = 0; t < self->n; t++)
    self->tracks[t].votes = (GptVisVotes) { 0 };
  g_hash_table_remove_all (self->texts);
}

/* --- time --- */

/* ns between updates: of the last three the shortest, so that one pause changes nothing. */
static guint64
interval (const GptVisTracks *self)
{
  guint64 shortest = 0;

  for (guint i = 0; i < G_N_ELEMENTS (self->spacing); i++)
    if (self->spacing[i] > 0 && (shortest == 0 || self->spacing[i] < shortest))
      shortest = self->spacing[i];
  return shortest;
}

guint64
gptvis_tracks_hold (const GptVisTracks *self)
{
  return MAX (self->settings.hold, interval (self) / 2 * 3);
}

guint64
gptvis_tracks_memory (const GptVisTracks *self)
{
  return MAX (self->settings.memory, interval (self) / 2 * 5);
}

static void
slow_down (Track *track, gdouble unfound, gdouble seconds)
{
  const gdouble fall = exp (-seconds / FALL);

  for (guint axis = TRACK_WIDTH; axis < TRACK_N_AXES; axis++)
    track->axes[axis].v *= fall;
  if (unfound > COAST)
    track->axes[TRACK_X].v *= fall, track->axes[TRACK_Y].v *= fall;
}

/* Power of the noise of its velocity, for a box of height 1. */
static gdouble
unrest (const Track *track, guint axis)
{
  const gdouble over = track->astray[axis] * track->astray[axis] / (ASTRAY * ASTRAY);

  return (axis < TRACK_WIDTH ? SWERVE : SWELL) * CLAMP (over * over, 1, MOST_DOUBT);
}

/* All tracks are predicted to that time; FALSE: they are gone, for it is before the last one. */
static gboolean
advance (GptVisTracks *self, guint64 time)
{
  const gboolean backwards = self->time != G_MAXUINT64 && time < self->time;

  if (backwards)
    gptvis_tracks_reset (self);
  const gdouble seconds = self->time == G_MAXUINT64 ? 0 : (time - self->time) / SECOND;
  const guint64 usual = interval (self);
  for (guint t = 0; t < self->n; t++) {
    Track *track = &self->tracks[t];
    const gdouble unit = gptvis_track_unit (track);
    const GptVisBox before = gptvis_track_box (self, track, seconds);
    for (guint axis = 0; axis < TRACK_N_AXES; axis++)
      gptvis_kalman_predict (&track->axes[axis], seconds, unrest (track, axis) * unit * unit);
    track->axes[TRACK_WIDTH].x = before.width * self->settings.aspect;
    track->axes[TRACK_HEIGHT].x = before.height;
    if (time - track->seen > usual + usual / 2)
      slow_down (track, (time - track->seen) / SECOND, seconds);
  }
  self->time = time;
  return !backwards;
}

/* A time, or what stands for one that nobody knows: so much after the last. */
static guint64
known (const GptVisTracks *self, guint64 time, guint64 after)
{
  return time != G_MAXUINT64 ? time : self->time != G_MAXUINT64 ? self->time + after : 0;
}

static void
note_spacing (GptVisTracks *self, guint64 time)
{
  if (self->updated != G_MAXUINT64 && time > self->updated) {
    memmove (&self->spacing[1], &self->spacing[0], sizeof self->spacing - sizeof self->spacing[0]);
    self->spacing[0] = time - self->updated;
  }
  self->updated = time;
}

/* --- detections --- */

static gboolean
is_usable (const GptVisTracks *self, const GptVisDetection *detection)
{
  const GptVisBox box = detection->box;

  return gptvis_box_is_valid (box) && box.width <= 2 && box.height <= 2
      && detection->score >= self->settings.weak && gptvis_box_area (gptvis_box_clipped (box)) > 0;
}

/* The surest; of the same score the first. */
static void
choose (GptVisTracks *self, const GptVisDetection *detections, guint n)
{
  self->n_detections = 0;
  for (guint i = 0; i < n; i++) {
    guint at = self->n_detections;
    if (!is_usable (self, &detections[i]))
      continue;
    while (at > 0 && self->detections[at - 1]->score < detections[i].score)
      at--;
    if (at == self->max_detections)
      continue;
    const guint after = MIN (self->n_detections, self->max_detections - 1) - at;
    memmove (&self->detections[at + 1], &self->detections[at], after * sizeof self->detections[0]);
    memmove (&self->numbers[at + 1], &self->numbers[at], after * sizeof self->numbers[0]);
    self->detections[at] = &detections[i];
    self->numbers[at] = i;
    self->n_detections = at + after + 1;
  }
  memset (self->taken, 0, self->n_detections * sizeof self->taken[0]);
}

/* --- tracks --- */

static void
correct (GptVisTracks *self, Track *track, GptVisBox box, gdouble noise)
{
  const gdouble aspect = self->settings.aspect, unit = gptvis_track_unit (track);
  const gdouble width = MAX (track->axes[TRACK_WIDTH].x, unit / 100);
  const gdouble higher = log (box.height / unit) / SUDDEN;
  const gdouble wider = log (box.width * aspect / width) / (2 * SUDDEN);
  /* A centre is the mean of two edges, a size their difference. */
  const gdouble centre = noise * (1 + higher * higher + wider * wider) * unit * G_SQRT2 / 2;
  const gdouble size = centre * 2;

  const gdouble measured[TRACK_N_AXES] = { (box.left + box.width / 2) * aspect, box.top + box.height / 2,
    box.width * aspect, box.height };

  for (guint axis = 0; axis < TRACK_N_AXES; axis++) {
    GptVisKalman *filter = &track->axes[axis];
    const gdouble deviation = axis < TRACK_WIDTH ? centre : size;
    const gdouble off = (measured[axis] - filter->x) / sqrt (filter->xx + deviation * deviation);
    track->astray[axis] += OF_LATE * (off - track->astray[axis]);
    gptvis_kalman_correct (filter, measured[axis], deviation);
  }
}

/* Whether no other detection covers it, so that what is seen there is it alone. */
static gboolean
is_clean (const GptVisTracks *self, const GptVisDetection *detection)
{
  for (guint d = 0; d < self->n_detections; d++)
    if (self->detections[d] != detection && gptvis_box_iou (self->detections[d]->box, detection->box) > CLEAN)
      return FALSE;
  return TRUE;
}

static void
look (GptVisTracks *self, Track *track, const GptVisDetection *detection)
{
  const guint n = self->settings.n_looks;
  gdouble length = 0, new_length = 0, known = 0;

  if (n == 0 || !detection->looks)
    return;
  for (guint i = 0; i < n; i++) {
    length += (gdouble) detection->looks[i] * detection->looks[i];
    known += fabsf (track->looks[i]);
  }
  if (!(length > 0) || !isfinite (length) || (known > 0 && !is_clean (self, detection)))
    return;
  for (guint i = 0; i < n; i++) {
    const gfloat seen = detection->looks[i] / sqrt (length);
    track->looks[i] = known > 0 ? LOOKS_KEPT * track->looks[i] + (1 - LOOKS_KEPT) * seen : seen;
    new_length += (gdouble) track->looks[i] * track->looks[i];
  }
  for (guint i = 0; i < n && new_length > 0; i++)
    track->looks[i] /= sqrt (new_length);
}

static void
vote (GptVisTracks *self, Track *track, guint64 time, const GptVisLabel *labels, guint n)
{
  if (g_hash_table_size (self->texts) > MOST_TEXTS)
    gptvis_tracks_forget_labels (self);
  gptvis_votes_add (&track->votes, self->texts, time, labels, n);
}

/* The track was found, by itself. */
static void
note (GptVisTracks *self, Track *track, const GptVisDetection *detection)
{
  track->alone += self->time - track->seen;
  track->seen = self->time;
  track->found = detection->box;
  track->score += 0.2f * (MIN (detection->score, 1) - track->score);
  track->hits++;
  track->misses = 0;
  look (self, track, detection);
  if (detection->labels)
    vote (self, track, self->time, detection->labels, detection->n_labels);
  if (track->id == 0 && (track->hits >= self->settings.hits
          || (track->hits >= 2 && self->time - track->since >= SECOND / 2)))
    track->id = ++self->last_id;
}

/* Room for a track: in place of whoever was not found for longest, if anybody was not. */
static Track *
room (GptVisTracks *self)
{
  Track *longest = NULL;

  if (self->n < self->settings.max_tracks)
    return &self->tracks[self->n++];
  for (guint t = 0; t < self->n; t++)
    if (self->tracks[t].detection < 0 && (!longest || self->tracks[t].seen < longest->seen))
      longest = &self->tracks[t];
  return longest;
}

static void
begin (GptVisTracks *self, guint d, gboolean sure)
{
  const GptVisDetection *detection = self->detections[d];
  const GptVisBox box = detection->box;
  const gdouble aspect = self->settings.aspect, unit = box.height, noise = self->settings.noise * unit;
  Track *track = room (self);

  if (!track)
    return;
  gfloat *looks = track->looks;
  for (guint i = 0; i < self->settings.n_looks; i++)
    looks[i] = 0;
  *track = (Track) {.since = self->time,.seen = self->time,.score = MIN (detection->score, 1),.looks = looks,
    .detection = d };
  gptvis_kalman_begin (&track->axes[TRACK_X], (box.left + box.width / 2) * aspect, noise, FIRST_SPEED * unit);
  gptvis_kalman_begin (&track->axes[TRACK_Y], box.top + box.height / 2, noise, FIRST_SPEED * unit);
  gptvis_kalman_begin (&track->axes[TRACK_WIDTH], box.width * aspect, 2 * noise, FIRST_GROWTH * unit);
  gptvis_kalman_begin (&track->axes[TRACK_HEIGHT], box.height, 2 * noise, FIRST_GROWTH * unit);
  note (self, track, detection);
  if (sure && track->id == 0)
    track->id = ++self->last_id;
}

static gboolean
has_ended (const GptVisTracks *self, const Track *track)
{
  return self->time - track->seen > gptvis_tracks_memory (self)
      || (track->id == 0 && track->misses >= track->hits);
}

static void
remove_ended (GptVisTracks *self)
{
  guint n = 0;

  for (guint t = 0; t < self->n; t++) {
    if (has_ended (self, &self->tracks[t]))
      continue;
    if (n < t) {                /* each place keeps memory for looks */
      gfloat *looks = self->tracks[n].looks;
      self->tracks[n] = self->tracks[t];
      self->tracks[t].looks = looks;
    }
    n++;
  }
  self->n = n;
}

/* --- frames --- */

static void
settle (GptVisTracks *self, Track *track)
{
  track->missed = track->detection < 0;
  if (track->missed) {
    track->misses++;
  } else if (!track->merged) {
    const GptVisDetection *detection = self->detections[track->detection];
    const gboolean sure = detection->score >= self->settings.sure;
    correct (self, track, detection->box, self->settings.noise * (sure ? 1 : WEAK_NOISE));
    note (self, track, detection);
  }
}

void
gptvis_tracks_update (GptVisTracks *self, guint64 time, const GptVisDetection *detections, guint n)
{
  const gboolean at_once = self->settings.at_once && self->updated == G_MAXUINT64;

  time = known (self, time, UNKNOWN_STEP);
  advance (self, time);
  note_spacing (self, time);
  remove_ended (self);
  choose (self, detections, n);
  for (guint t = 0; t < self->n; t++) {
    self->tracks[t].detection = -1;
    self->tracks[t].was_merged = self->tracks[t].merged;
    self->tracks[t].merged = FALSE;
  }
  if (self->settings.merging)
    gptvis_tracks_merge (self, time);
  gptvis_tracks_match (self);
  for (guint t = 0; t < self->n; t++)
    settle (self, &self->tracks[t]);
  for (guint d = 0; d < self->n_detections; d++)
    if (!self->taken[d] && (at_once || self->detections[d]->score >= self->settings.sure))
      begin (self, d, at_once);
  remove_ended (self);
  for (guint t = 0; t < self->n; t++)
    if (self->tracks[t].detection >= 0)
      self->tracks[t].detection = self->numbers[self->tracks[t].detection];
}

void
gptvis_tracks_move (GptVisTracks *self, guint64 time, const GptVisBox *boxes, guint n)
{
  time = known (self, time, 0);
  if (!advance (self, time))
    return;
  for (guint t = 0; t < self->n; t++) {
    Track *track = &self->tracks[t];
    const gint own = gptvis_tracks_match_alone (self, track, boxes, n);
    if (own < 0)
      continue;
    correct (self, track, boxes[own], self->settings.noise);
    track->seen = time;
  }
}

void
gptvis_tracks_vote (GptVisTracks *self, guint id, guint64 time, const GptVisLabel *labels, guint n)
{
  for (guint t = 0; id != 0 && t < self->n; t++)
    if (self->tracks[t].id == id)
      vote (self, &self->tracks[t], known (self, time, 0), labels, n);
}

/* --- what is told --- */

/* Motion looks at every frame, so what it does not find is hidden or gone; who was there for long is believed
 * to be hidden for longer. */
static guint64
hold_of (const GptVisTracks *self, const Track *track)
{
  const guint64 hold = gptvis_tracks_hold (self);
  return self->settings.merging ? MIN (hold, MAX (track->alone / 4, interval (self) / 2 * 3)) : hold;
}

static void
tell (const GptVisTracks *self, const Track *track, guint64 time, GptVisTrack *told, GptVisLabel *labels)
{
  const gdouble seconds = (time - self->time) / SECOND;
  const GptVisBox box = gptvis_track_box (self, track, seconds), inside = gptvis_box_clipped (box);
  const gboolean gone = gptvis_box_area (inside) < LEAST_INSIDE * gptvis_box_area (box);

  *told = (GptVisTrack) {.id = track->id,.box = inside,.score = track->score,.labels = labels,
    .n_labels = gptvis_votes_read (&track->votes, labels),.since = track->since,.seen = track->seen,
    .velocity = { track->axes[TRACK_X].v / self->settings.aspect, track->axes[TRACK_Y].v },
    .hidden = gone || time - track->seen > hold_of (self, track),.merged = track->merged,
    .detection = track->detection };
}

const GptVisTrack *
gptvis_tracks_at (GptVisTracks *self, guint64 time, guint *n)
{
  guint told = 0;

  time = known (self, time, 0);
  if (self->time != G_MAXUINT64 && time < self->time)
    time = self->time;
  for (guint t = 0; t < self->n; t++) {
    guint at = told;
    GptVisTrack track;
    if (self->tracks[t].id == 0)
      continue;
    tell (self, &self->tracks[t], time, &track, self->labels[told]);
    for (; at > 0 && self->told[at - 1].id > track.id; at--)
      self->told[at] = self->told[at - 1];
    self->told[at] = track;
    told++;
  }
  *n = told;
  return self->told;
}
