/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regions of a camera's picture: found, followed, looked at in turn, and told. How motion is seen, tracks
 * are kept and zones are counted is their own files'. */
#include "scene.h"
#include "motion.h"
#include <math.h>
#include <string.h>

#define SECOND G_GUINT64_CONSTANT (1000000000)

#define NEW_LOOKS 4u                    /* so many looks make sure what a region is … */
#define LOOK_AGAIN (1 * SECOND)         /* … and then one so often, or as soon as its box … */
#define CHANGED 0.6f /* … overlaps the one of the last look less than this, if both are centred */
#define CONTEXT 0.2f                    /* of the box's longer side, how much around it is seen in all */

/* What is remembered of the looks at one track. */
typedef struct {
  guint id;                     /* 0: free */
  guint n;
  guint64 last;                 /* ns */
  gfloat width, height;         /* of the box then */
} Looks;

/* A region's caption, and when it was given. */
typedef struct {
  GptVisCaption caption;        /* without a text: there is none */
  gchar *text;
  guint64 time;                 /* ns */
} Caption;

struct _GptVisScene {
  gint refs;
  GptVisRegionSource source;
  GptVisMotion *motion;         /* of that source; the watching thread's */

  GMutex lock;                  /* guards what follows */
  GptVisTracks *tracks;
  Looks looks[2 * GPTVIS_MAX_REGIONS];
  GHashTable *captions;         /* id → Caption; NULL before the first */
  guint64 time;                 /* of the last update of tracks, ns */
  guint generation;             /* raised by a reset */
  GptVisZones *zones;           /* NULL: none */
  GptVisZoneList *new_zones;    /* taken up with the next frame */
  gboolean zones_changed;
  const GptVisEvent *events;    /* of the last frame, the zones' */
  guint n_events;
};

/* A model's boxes jitter more than they are wrong, and of a photo there is but one frame; one that an element
 * before found needs no proof; what moves has been seen in several frames before it is a region. */
static GptVisTracks *
tracks_new (GptVisRegionSource source)
{
  GptVisTrackSettings settings = GPTVIS_TRACK_SETTINGS_INIT;
  settings.merging = source == GPTVIS_SOURCE_MOTION;
  settings.at_once = source == GPTVIS_SOURCE_MODEL;
  if (source == GPTVIS_SOURCE_UPSTREAM)
    settings.hits = 1;
  return gptvis_tracks_new (&settings);
}

GptVisScene *
gptvis_scene_new (GptVisRegionSource source)
{
  GptVisScene *self = g_new0 (GptVisScene, 1);
  self->refs = 1;
  self->source = source;
  self->motion = source == GPTVIS_SOURCE_MOTION ? gptvis_motion_new () : NULL;
  self->tracks = tracks_new (source);
  g_mutex_init (&self->lock);
  return self;
}

GptVisScene *
gptvis_scene_ref (GptVisScene *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

void
gptvis_scene_unref (GptVisScene *self)
{
  if (!self || !g_atomic_int_dec_and_test (&self->refs))
    return;
  if (self->motion)
    gptvis_motion_free (self->motion);
  gptvis_tracks_free (self->tracks);
  gptvis_zones_free (self->zones);
  gptvis_zone_list_unref (self->new_zones);
  g_clear_pointer (&self->captions, g_hash_table_unref);
  g_mutex_clear (&self->lock);
  g_free (self);
}

GptVisRegionSource
gptvis_scene_source (const GptVisScene *self)
{
  return self->source;
}

gboolean
gptvis_scene_needs_frames (const GptVisScene *self)
{
  return self->source == GPTVIS_SOURCE_MOTION;
}

void
gptvis_scene_reset (GptVisScene *self)
{
  if (self->motion)
    gptvis_motion_reset (self->motion);
  g_mutex_lock (&self->lock);
  gptvis_tracks_reset (self->tracks);
  if (self->zones)
    gptvis_zones_reset (self->zones);
  self->n_events = 0;
  self->generation++;
  memset (self->looks, 0, sizeof self->looks);
  g_clear_pointer (&self->captions, g_hash_table_unref);
  g_mutex_unlock (&self->lock);
}

void
gptvis_scene_set_zones (GptVisScene *self, GptVisZoneList *zones)
{
  g_mutex_lock (&self->lock);
  gptvis_zone_list_unref (self->new_zones);
  self->new_zones = zones ? gptvis_zone_list_ref (zones) : NULL;
  self->zones_changed = TRUE;
  g_mutex_unlock (&self->lock);
}

/* --- with the lock --- */

static void
take_up_zones (GptVisScene *self)
{
  if (!self->zones_changed)
    return;
  self->zones_changed = FALSE;
  if (!self->new_zones)
    g_clear_pointer (&self->zones, gptvis_zones_free);
  else if (self->zones)
    gptvis_zones_set_list (self->zones, self->new_zones);
  else
    self->zones = gptvis_zones_new (self->new_zones);
  g_clear_pointer (&self->new_zones, gptvis_zone_list_unref);
}

/* What was found in a frame: tracks follow it, and zones make events of these. */
static void
update (GptVisScene *self, guint64 time, const GptVisDetection *found, guint n_found)
{
  guint n;
  take_up_zones (self);
  gptvis_tracks_update (self->tracks, time, found, n_found);
  self->time = time;
  const GptVisTrack *tracks = gptvis_tracks_at (self->tracks, time, &n);
  self->n_events = 0;
  if (self->zones)
    self->events = gptvis_zones_update (self->zones, time, tracks, n, &self->n_events);
}

static Looks *
looks_of (GptVisScene *self, guint id)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->looks); i++)
    if (self->looks[i].id == id)
      return &self->looks[i];
  return NULL;
}

/* Its own, else a place that is free or that of the track that was not looked at for longest. */
static Looks *
looks_for (GptVisScene *self, guint id)
{
  Looks *looks = looks_of (self, id);
  if (looks)
    return looks;
  looks = &self->looks[0];
  for (guint i = 1; i < G_N_ELEMENTS (self->looks) && looks->id; i++)
    if (!self->looks[i].id || self->looks[i].last < looks->last)
      looks = &self->looks[i];
  *looks = (Looks) { .id = id };
  return looks;
}

static const GptVisTrack *
find_track (const GptVisTrack *tracks, guint n, guint id)
{
  for (guint i = 0; i < n; i++)
    if (tracks[i].id == id)
      return &tracks[i];
  return NULL;
}

static guint
n_labels_that_score (const GptVisTrack *track, gfloat threshold)
{
  guint n = 0;
  while (n < track->n_labels && track->labels[n].score >= threshold)
    n++;
  return n;
}

static gboolean
is_large_enough (const GptVisSceneSettings *settings, GptVisBox box, const GptVisPicture *picture)
{
  const gfloat width = box.width * picture->width / picture->height;
  return MIN (width, box.height) >= settings->min_region;
}

/* `picture`: only those that are large enough in it; NULL: all. */
static void
view_tracks (
    GptVisScene *self, const GptVisSceneSettings *settings, const GptVisPicture *picture, GptVisView *view)
{
  guint n;
  const GptVisTrack *tracks = gptvis_tracks_at (self->tracks, view->time, &n);
  view->n = 0;
  for (guint i = 0; i < n && view->n < GPTVIS_MAX_REGIONS; i++) {
    const GptVisTrack *track = &tracks[i];
    if (!track->hidden && (!picture || is_large_enough (settings, track->box, picture)))
      view->regions[view->n++] = (GptVisSceneRegion) { track->box, track->id, track->since };
  }
}

/* A region for each that an element before found, where it is, with the identity of its track. */
static void
view_found (GptVisScene *self, const GptVisSceneSettings *settings, const GptVisPicture *picture,
    const GptVisDetection *found, guint n_found, GptVisView *view)
{
  guint n;
  const GptVisTrack *tracks = gptvis_tracks_at (self->tracks, view->time, &n);
  for (guint i = 0; i < MIN (n_found, GPTVIS_MAX_REGIONS); i++) {
    GptVisSceneRegion *region = &view->regions[view->n++];
    *region = (GptVisSceneRegion) { .box = found[i].box, .since = G_MAXUINT64,
      .small = !is_large_enough (settings, found[i].box, picture) };
    for (guint k = 0; k < n; k++)
      if (tracks[k].detection == (gint) i) {
        region->id = tracks[k].id;
        region->since = tracks[k].since;
      }
  }
}

/* --- watching --- */

static guint
find_motion (GptVisScene *self, const GptVisPicture *picture, guint64 time, GptVisDetection *found)
{
  GptVisMotionBox boxes[GPTVIS_MOTION_MAX_BOXES];
  const guint n = gptvis_motion_look (self->motion, picture, time, boxes, G_N_ELEMENTS (boxes));
  for (guint i = 0; i < n; i++)
    found[i] = (GptVisDetection) { .box = boxes[i].box, .score = 1 };
  return n;
}

void
gptvis_scene_watch (GptVisScene *self, const GptVisSceneSettings *settings, const GptVisPicture *picture,
    const GptVisDetection *found, guint n_found, guint64 time, GptVisView *view)
{
  GptVisDetection moving[GPTVIS_MOTION_MAX_BOXES];
  const gboolean seen = self->source == GPTVIS_SOURCE_UPSTREAM || (self->motion && picture->planes[0]);
  if (self->motion && seen) {
    n_found = find_motion (self, picture, time, moving);
    found = moving;
  }
  view->time = time;
  view->n = view->n_looks = 0;
  g_mutex_lock (&self->lock);
  view->generation = self->generation;
  gptvis_tracks_set_aspect (self->tracks, (gfloat) picture->width / picture->height);
  self->n_events = 0;
  if (seen)
    update (self, time, found, n_found);
  if (self->source == GPTVIS_SOURCE_UPSTREAM)
    view_found (self, settings, picture, found, n_found, view);
  else
    view_tracks (self, settings, picture, view);
  g_mutex_unlock (&self->lock);
}

/* --- captions --- */

static void
free_caption (gpointer data)
{
  g_free (((Caption *) data)->text);
  g_free (data);
}

static const Caption *
find_caption (const GptVisScene *self, guint id)
{
  return self->captions && id ? g_hash_table_lookup (self->captions, GUINT_TO_POINTER (id)) : NULL;
}

/* NULL: it has none. */
static const GptVisCaption *
caption_of (const GptVisScene *self, guint id)
{
  const Caption *known = find_caption (self, id);
  return known && known->text ? &known->caption : NULL;
}

static gboolean
wants_caption (const GptVisScene *self, const GptVisSceneSettings *settings, guint id, guint64 time)
{
  const Caption *known = find_caption (self, id);
  return !known || time - MIN (known->time, time) >= settings->caption_interval;
}

gboolean
gptvis_scene_wants_caption (GptVisScene *self, const GptVisSceneSettings *settings, const GptVisView *view,
    guint id)
{
  g_mutex_lock (&self->lock);
  const gboolean wants = view->generation == self->generation
      && wants_caption (self, settings, id, view->time);
  g_mutex_unlock (&self->lock);
  return wants;
}

/* Those of regions that are gone. */
static gboolean
is_forgotten (gpointer id, gpointer caption, gpointer user)
{
  GptVisScene *self = user;
  guint n;
  const GptVisTrack *tracks = gptvis_tracks_at (self->tracks, self->time, &n);
  return !find_track (tracks, n, GPOINTER_TO_UINT (id));
}

void
gptvis_scene_set_caption (GptVisScene *self, guint generation, guint id, const GptVisCaption *caption)
{
  g_mutex_lock (&self->lock);
  if (generation == self->generation) {
    Caption *copy = g_new0 (Caption, 1);
    if (caption)
      copy->caption = *caption;
    copy->text = caption ? g_strdup (caption->text) : NULL;
    copy->caption.text = copy->text;
    copy->time = self->time;
    if (!self->captions)
      self->captions = g_hash_table_new_full (NULL, NULL, NULL, free_caption);
    if (g_hash_table_size (self->captions) >= 2 * GPTVIS_MAX_REGIONS)
      g_hash_table_foreach_remove (self->captions, is_forgotten, self);
    g_hash_table_replace (self->captions, GUINT_TO_POINTER (id), copy);
  }
  g_mutex_unlock (&self->lock);
}

GptVisResult *
gptvis_scene_caption (GptVisScene *self, const GptVisResult *result)
{
  GptVisRegion regions[GPTVIS_MAX_REGIONS];
  GptVisResult with = *result;
  with.n_regions = MIN (result->n_regions, GPTVIS_MAX_REGIONS);
  if (!result->regions)
    return gptvis_result_copy (result);
  with.regions = memcpy (regions, result->regions, with.n_regions * sizeof *regions);
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < with.n_regions; i++)
    regions[i].caption = caption_of (self, regions[i].id);
  GptVisResult *captioned = gptvis_result_copy (&with);
  g_mutex_unlock (&self->lock);
  return captioned;
}

/* --- looking --- */

/* How much a look is worth; 0: nothing. */
static gfloat
worth (const Looks *looks, const GptVisSceneRegion *region, guint64 time)
{
  if (!looks || looks->n == 0)
    return 1000;
  const gfloat seconds = (gfloat) (time - MIN (looks->last, time)) / SECOND;
  const gfloat shared = MIN (looks->width, region->box.width) * MIN (looks->height, region->box.height);
  const gfloat all = looks->width * looks->height + region->box.width * region->box.height - shared;
  if (looks->n < NEW_LOOKS)
    return 100 + seconds - looks->n;
  if (shared < CHANGED * all)
    return 10 + seconds;
  return seconds * SECOND >= LOOK_AGAIN ? seconds : 0;
}

void
gptvis_scene_choose (GptVisScene *self, const GptVisSceneSettings *settings, GptVisView *view)
{
  const guint most = MIN (settings->max_regions, GPTVIS_MAX_LOOKS);
  gfloat worths[GPTVIS_MAX_REGIONS];
  view->n_looks = 0;
  if (self->source == GPTVIS_SOURCE_MODEL)
    return;
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < view->n; i++) {
    const guint id = view->regions[i].id;
    const gboolean passed_over = id == 0 || view->regions[i].small
        || (settings->captions_only && !wants_caption (self, settings, id, view->time));
    worths[i] = passed_over ? 0 : worth (looks_of (self, id), &view->regions[i], view->time);
  }
  while (view->n_looks < most) {
    guint best = 0;
    for (guint i = 1; i < view->n; i++)
      if (worths[i] > worths[best])
        best = i;
    if (view->n == 0 || worths[best] <= 0)
      break;
    worths[best] = 0;
    view->looks[view->n_looks++] = best;
  }
  g_mutex_unlock (&self->lock);
}

/* Begin and length in pixels of a cut of that length, moved into 0 … all. */
static guint
cut_side (gfloat centre, gfloat length, guint all, guint *n)
{
  *n = CLAMP (roundf (length), 1, all);
  return CLAMP (roundf (centre - *n / 2.0f), 0, all - *n);
}

GptVisPicture
gptvis_scene_cut (const GptVisPicture *picture, GptVisBox box)
{
  const gfloat width = box.width * picture->width, height = box.height * picture->height;
  const gfloat side = (1 + CONTEXT) * MAX (width, height);
  guint n_x, n_y;
  const guint left = cut_side (box.left * picture->width + width / 2, side, picture->width, &n_x);
  const guint top = cut_side (box.top * picture->height + height / 2, side, picture->height, &n_y);
  return gptvis_picture_cut (picture, left, top, n_x, n_y);
}

/* --- telling --- */

/* With the lock: the result's copy with the view's regions, and the zones, as they are known now. */
static GptVisResult *
with_regions (GptVisScene *self, const GptVisSceneSettings *settings, const GptVisView *view,
    const GptVisResult *result, gboolean events)
{
  static const GptVisEvent none;
  GptVisRegion regions[GPTVIS_MAX_REGIONS];
  GptVisZoneInfo zones[GPTVIS_ZONES_MAX];
  GptVisResult with = *result;
  guint n_tracks;
  /* what is known of them now, where they were then */
  const GptVisTrack *tracks = gptvis_tracks_at (self->tracks, MAX (view->time, self->time), &n_tracks);
  for (guint i = 0; i < view->n; i++) {
    const GptVisSceneRegion *seen = &view->regions[i];
    const GptVisTrack *track = find_track (tracks, n_tracks, seen->id);
    regions[i]
        = (GptVisRegion) { .box = { seen->box.left, seen->box.top, seen->box.width, seen->box.height },
            .id = seen->id,
            .since = seen->since,
            .source = self->source,
            .caption = caption_of (self, seen->id),
            .labels = track ? track->labels : NULL,
            .n_labels = track ? n_labels_that_score (track, settings->threshold) : 0 };
  }
  with.regions = regions;
  with.n_regions = view->n;
  if (self->zones) {
    with.zones = zones;
    with.n_zones = gptvis_zones_describe (self->zones, zones);
  }
  if (events && self->zones) {
    with.events = self->n_events ? self->events : &none;
    with.n_events = self->n_events;
  }
  return gptvis_result_copy (&with);
}

static void
remember_look (GptVisScene *self, const GptVisSceneRegion *region, guint64 time)
{
  Looks *looks = looks_for (self, region->id);
  looks->n++;
  looks->last = time;
  looks->width = region->box.width;
  looks->height = region->box.height;
}

/* Only now does a look count: of the frames that were chosen for, many give their place to newer ones; and of
 * their tracks, some have ended meanwhile. */
static void
vote (GptVisScene *self, const GptVisView *view, const GptVisLook *looks)
{
  guint n;
  const GptVisTrack *tracks = gptvis_tracks_at (self->tracks, MAX (view->time, self->time), &n);
  for (guint i = 0; i < view->n_looks; i++) {
    const GptVisSceneRegion *region = &view->regions[view->looks[i]];
    if (looks[i].done && find_track (tracks, n, region->id))
      remember_look (self, region, view->time);
  }
  for (guint i = 0; i < view->n_looks; i++)
    if (looks[i].done)
      gptvis_tracks_vote (self->tracks, view->regions[view->looks[i]].id, view->time, looks[i].labels,
          looks[i].n);
}

/* A model's regions of the frame at hand become those of the tracks, and the view's. */
static void
follow (GptVisScene *self, const GptVisResult *result, GptVisView *view)
{
  GptVisDetection found[GPTVIS_MAX_REGIONS];
  const guint n = MIN (result->n_regions, GPTVIS_MAX_REGIONS);
  for (guint i = 0; i < n; i++) {
    const GptVisRegion *r = &result->regions[i];
    found[i] = (GptVisDetection) { .box = { r->box[0], r->box[1], r->box[2], r->box[3] },
      .score = r->n_labels ? r->labels[0].score : 1, .labels = r->labels, .n_labels = r->n_labels };
  }
  update (self, view->time, found, n);
  view_tracks (self, NULL, NULL, view);
}

GptVisResult *
gptvis_scene_complete (GptVisScene *self, const GptVisSceneSettings *settings, const GptVisView *view,
    const GptVisResult *result, const GptVisLook *looks)
{
  const gboolean model = self->source == GPTVIS_SOURCE_MODEL;
  if (model && !settings->track)
    return gptvis_result_copy (result);
  g_mutex_lock (&self->lock);
  GptVisView own = *view;
  const gboolean current = view->generation == self->generation;        /* no reset has come between */
  if (model && current)
    follow (self, result, &own);
  else if (current)
    vote (self, view, looks);
  GptVisResult *complete = with_regions (self, settings, &own, result, model && current);
  g_mutex_unlock (&self->lock);
  return complete;
}

GptVisResult *
gptvis_scene_renew (GptVisScene *self, const GptVisSceneSettings *settings, const GptVisView *view,
    const GptVisResult *result)
{
  if (self->source == GPTVIS_SOURCE_MODEL && !settings->track)
    return gptvis_result_copy (result);
  g_mutex_lock (&self->lock);
  GptVisResult *renewed = with_regions (self, settings, view, result, self->source != GPTVIS_SOURCE_MODEL);
  self->n_events = 0;
  g_mutex_unlock (&self->lock);
  return renewed;
}
