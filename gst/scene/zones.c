/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Follows each track through each zone, and tells what changed. Where lines and areas are is geometry.h's. */
#include "zones.h"
#include <math.h>

#define BEYOND 0.05             /* heights of the box that one must be past an edge to have left */
#define CERTAIN 0.5f            /* a label that scores so much counts, though it is not the best */

/* Where somebody stands is moved by so little that nobody sees it, and is on no edge and in no corner then:
 * edges are drawn at short decimal numbers. Upwards, so that who is cut by the picture's lower edge is still
 * in a zone that ends there. */
#define ASIDE_X 0.618e-7
#define ASIDE_Y -0.414e-7

/* A track in a zone. */
typedef struct {
  gboolean inside, dwelt;       /* in an area, and its dwell was told */
  guint64 since;                /* when it came in */
  gint over;                    /* times over a line to its right, less to its left; not told yet … */
  gboolean counted;             /* … though it counts, because it is still near */
} Stay;

/* A track, in all of them. */
typedef struct {
  guint id;                     /* 0: a free place */
  const GptVisTrack *track;     /* of this update; NULL: it has ended */
  gboolean known;               /* it has been found before … */
  GptVisPoint at;               /* … there */
  Stay *stays;                  /* one a zone */
} Visitor;

struct _GptVisZones {
  GptVisZoneList *list;
  GptVisZoneCount *counts;      /* one a zone */
  GArray *visitors;             /* of Visitor */
  GArray *order;                /* of guint: the visitor of each track of this update */
  GArray *events;               /* of GptVisEvent */
  gdouble aspect;
  guint64 time;                 /* of this update */
};

static Visitor *
visitor (GptVisZones *self, guint i)
{
  return &g_array_index (self->visitors, Visitor, i);
}

static void
visitor_clear (gpointer data)
{
  g_free (((Visitor *) data)->stays);
}

GptVisZones *
gptvis_zones_new (GptVisZoneList *list)
{
  GptVisZones *self = g_new0 (GptVisZones, 1);

  self->list = gptvis_zone_list_ref (list);
  self->counts = g_new0 (GptVisZoneCount, list->n);
  self->visitors = g_array_new (FALSE, FALSE, sizeof (Visitor));
  g_array_set_clear_func (self->visitors, visitor_clear);
  self->order = g_array_new (FALSE, FALSE, sizeof (guint));
  self->events = g_array_new (FALSE, FALSE, sizeof (GptVisEvent));
  self->aspect = 16 / 9.0;
  return self;
}

void
gptvis_zones_free (GptVisZones *self)
{
  if (!self)
    return;
  gptvis_zone_list_unref (self->list);
  g_free (self->counts);
  g_array_unref (self->visitors);
  g_array_unref (self->order);
  g_array_unref (self->events);
  g_free (self);
}

void
gptvis_zones_set_aspect (GptVisZones *self, gfloat aspect)
{
  self->aspect = aspect > 0.01f && aspect < 100 ? aspect : 1;
}

GptVisZoneList *
gptvis_zones_get_list (GptVisZones *self)
{
  return self->list;
}

GptVisZoneCount
gptvis_zones_get_count (GptVisZones *self, guint zone)
{
  g_assert (zone < self->list->n);
  return self->counts[zone];
}

guint
gptvis_zones_describe (GptVisZones *self, GptVisZoneInfo infos[GPTVIS_ZONES_MAX])
{
  for (guint z = 0; z < self->list->n; z++) {
    const GptVisZone *zone = &self->list->zones[z];
    const GptVisZoneCount *count = &self->counts[z];
    infos[z] = (GptVisZoneInfo) { .name = zone->name,
      .type = zone->line ? GPTVIS_ZONE_LINE : GPTVIS_ZONE_AREA, .points = zone->outline,
      .n_points = 2 * zone->n_points, .inside = count->inside, .entered = count->entered,
      .exited = count->left, .crossed_left = count->crossed_left, .crossed_right = count->crossed_right };
  }
  return self->list->n;
}

void
gptvis_zones_reset (GptVisZones *self)
{
  for (guint z = 0; z < self->list->n; z++)
    self->counts[z].inside = 0;
  for (guint v = 0; v < self->visitors->len; v++)
    visitor (self, v)->id = 0;
}

/* --- other zones --- */

/* The number of a zone that is the same in the list; the list's length: there is none. */
static guint
same_zone (const GptVisZoneList *list, const GptVisZone *zone)
{
  guint z = 0;

  while (z < list->n && !gptvis_zone_equal (&list->zones[z], zone))
    z++;
  return z;
}

void
gptvis_zones_set_list (GptVisZones *self, GptVisZoneList *list)
{
  GptVisZoneList *old = self->list;
  GptVisZoneCount *counts = g_new0 (GptVisZoneCount, list->n);
  guint before[GPTVIS_ZONES_MAX];

  for (guint z = 0; z < list->n; z++) {
    before[z] = same_zone (old, &list->zones[z]);
    if (before[z] < old->n)
      counts[z] = self->counts[before[z]];
  }
  for (guint v = 0; v < self->visitors->len; v++) {
    Stay *stays = g_new0 (Stay, list->n);
    for (guint z = 0; z < list->n; z++)
      if (before[z] < old->n)
        stays[z] = visitor (self, v)->stays[before[z]];
    g_free (visitor (self, v)->stays);
    visitor (self, v)->stays = stays;
  }
  g_free (self->counts);
  self->counts = counts;
  self->list = gptvis_zone_list_ref (list);
  gptvis_zone_list_unref (old);
}

/* --- who is there --- */

static guint
place_of (GptVisZones *self, guint id)
{
  guint free_place = self->visitors->len;

  for (guint v = 0; v < self->visitors->len; v++) {
    if (visitor (self, v)->id == id)
      return v;
    if (visitor (self, v)->id == 0)
      free_place = v;
  }
  if (free_place == self->visitors->len) {
    const Visitor fresh = { .stays = g_new (Stay, self->list->n) };
    g_array_append_val (self->visitors, fresh);
  }
  Visitor *guest = visitor (self, free_place);
  for (guint z = 0; z < self->list->n; z++)
    guest->stays[z] = (Stay) { 0 };
  guest->id = id;
  guest->known = FALSE;
  return free_place;
}

static void
meet_tracks (GptVisZones *self, const GptVisTrack *tracks, guint n)
{
  for (guint v = 0; v < self->visitors->len; v++)
    visitor (self, v)->track = NULL;
  g_array_set_size (self->order, 0);
  for (guint t = 0; t < n; t++) {
    if (tracks[t].id == 0)
      continue;
    const guint place = place_of (self, tracks[t].id);
    visitor (self, place)->track = &tracks[t];
    g_array_append_val (self->order, place);
  }
}

/* Where it stands. */
static GptVisPoint
foot (const GptVisTrack *track)
{
  const gdouble x = track->box.left + track->box.width / 2.0;
  const gdouble y = (gdouble) track->box.top + track->box.height;

  return (GptVisPoint) { CLAMP (x, 0, 1) + ASIDE_X, CLAMP (y, 0, 1) + ASIDE_Y };
}

static gboolean
is_found (const GptVisZones *self, const GptVisTrack *track)
{
  return track->seen >= self->time || self->time == G_MAXUINT64;
}

/* --- what counts --- */

static gboolean
is_named (const GptVisZone *zone, const gchar *text)
{
  if (g_str_is_ascii (text)) {  /* as nearly all are, and without taking memory */
    for (guint i = 0; zone->labels[i]; i++)
      if (g_ascii_strcasecmp (zone->labels[i], text) == 0)
        return TRUE;
    return FALSE;
  }
  gchar *folded = g_utf8_casefold (text, -1);
  const gboolean named = g_strv_contains ((const gchar *const *) zone->labels, folded);
  g_free (folded);
  return named;
}

static gboolean
counts (const GptVisZone *zone, const GptVisTrack *track)
{
  if (!zone->labels)
    return TRUE;
  for (guint i = 0; i < track->n_labels; i++)
    if ((i == 0 || track->labels[i].score >= CERTAIN) && track->labels[i].text
        && is_named (zone, track->labels[i].text))
      return TRUE;
  return FALSE;
}

static gboolean
has_no_label_yet (const GptVisZone *zone, const GptVisTrack *track)
{
  return zone->labels && track->n_labels == 0;
}

/* --- events --- */

static GptVisEvent *
tell (GptVisZones *self, guint z, GptVisEventType type, guint id, guint64 since)
{
  const gchar *name = self->list->zones[z].name;
  const GptVisEvent event = { .name = name,.type = type,.region = id,.zone = name,.score = NAN,.since = since,
    .count = self->counts[z].inside };

  g_array_append_val (self->events, event);
  return &g_array_index (self->events, GptVisEvent, self->events->len - 1);
}

static void
enter (GptVisZones *self, guint z, Visitor *guest)
{
  guest->stays[z] = (Stay) { .inside = TRUE,.since = self->time };
  self->counts[z].inside++;
  self->counts[z].entered++;
  tell (self, z, GPTVIS_EVENT_ENTER, guest->id, self->time);
}

static void
leave (GptVisZones *self, guint z, Visitor *guest, gboolean lost)
{
  guest->stays[z].inside = FALSE;
  self->counts[z].inside--;
  self->counts[z].left++;
  tell (self, z, GPTVIS_EVENT_LEAVE, guest->id, guest->stays[z].since)->lost = lost;
}

static void
cross (GptVisZones *self, guint z, Visitor *guest)
{
  const gboolean right = guest->stays[z].over > 0;
  guint64 *crossed = right ? &self->counts[z].crossed_right : &self->counts[z].crossed_left;
  GptVisEvent *event = tell (self, z, GPTVIS_EVENT_CROSS, guest->id, self->time);

  guest->stays[z].over = 0;
  event->direction = right ? GPTVIS_DIRECTION_RIGHT : GPTVIS_DIRECTION_LEFT;
  event->count = ++*crossed;
}

/* --- a track and a zone --- */

static void
look_at_area (GptVisZones *self, guint z, Visitor *guest, GptVisPoint to)
{
  const GptVisZone *zone = &self->list->zones[z];
  Stay *stay = &guest->stays[z];
  const gboolean inside = gptvis_polygon_holds (zone->points, zone->n_points, to);

  if (!stay->inside && counts (zone, guest->track) && (inside
          || (guest->known && gptvis_polygon_is_met (zone->points, zone->n_points, guest->at, to)
              && !gptvis_polygon_holds (zone->points, zone->n_points, guest->at))))
    enter (self, z, guest);
  if (!stay->inside)
    return;
  if (!inside && gptvis_polygon_distance (zone->points, zone->n_points, to,
          self->aspect) > BEYOND * guest->track->box.height) {
    leave (self, z, guest, FALSE);
  } else if (zone->dwell > 0 && !stay->dwelt && self->time - stay->since >= zone->dwell) {
    stay->dwelt = TRUE;
    tell (self, z, GPTVIS_EVENT_DWELL, guest->id, stay->since);
  }
}

static void
look_at_line (GptVisZones *self, guint z, Visitor *guest, GptVisPoint to)
{
  const GptVisZone *zone = &self->list->zones[z];
  Stay *stay = &guest->stays[z];

  if (guest->known)
    stay->over += gptvis_polyline_crossings (zone->points, zone->n_points, guest->at, to);
  if (stay->over == 0 || has_no_label_yet (zone, guest->track))
    return;
  stay->counted = counts (zone, guest->track);
  if (gptvis_polyline_distance (zone->points, zone->n_points, to,
          self->aspect) <= BEYOND * guest->track->box.height)
    return;
  if (stay->counted)
    cross (self, z, guest);
  stay->over = 0;
}

/* Its track has ended. Behind a door there may be no more to be seen of it than the last step. */
static void
see_off (GptVisZones *self, guint z, Visitor *guest)
{
  if (guest->stays[z].inside)
    leave (self, z, guest, TRUE);
  if (guest->stays[z].over != 0 && guest->stays[z].counted)
    cross (self, z, guest);
}

static void
look_at_zone (GptVisZones *self, guint z)
{
  const gboolean line = self->list->zones[z].line;
  const guint before = self->counts[z].inside;

  for (guint i = 0; i < self->order->len; i++) {
    Visitor *guest = visitor (self, g_array_index (self->order, guint, i));
    if (is_found (self, guest->track))
      (line ? look_at_line : look_at_area) (self, z, guest, foot (guest->track));
  }
  for (guint v = 0; v < self->visitors->len; v++) {
    Visitor *guest = visitor (self, v);
    if (guest->id != 0 && !guest->track)
      see_off (self, z, guest);
  }
  if (self->counts[z].inside != before)
    tell (self, z, GPTVIS_EVENT_COUNT, 0, self->time);
}

const GptVisEvent *
gptvis_zones_update (GptVisZones *self, guint64 time, const GptVisTrack *tracks, guint n, guint *n_events)
{
  self->time = time;
  g_array_set_size (self->events, 0);
  meet_tracks (self, tracks, n);
  for (guint z = 0; z < self->list->n; z++)
    look_at_zone (self, z);
  for (guint v = 0; v < self->visitors->len; v++) {
    Visitor *guest = visitor (self, v);
    if (!guest->track) {
      guest->id = 0;
    } else if (is_found (self, guest->track)) {
      guest->at = foot (guest->track);
      guest->known = TRUE;
    }
  }
  *n_events = self->events->len;
  return (const GptVisEvent *) self->events->data;
}
