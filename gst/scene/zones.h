/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is in which zone, and what happened there: tracks of a frame in, events out (GptVisEvent of result.h).
 *
 *     GptVisZones *zones = gptvis_zones_new (list);
 *     const GptVisEvent *events = gptvis_zones_update (zones, time, tracks, n, &n_events);
 *     gptvis_zones_free (zones);
 *
 * A track is where the middle of its box's lower edge is: where it stands. It moves straight from there to
 * where it is found next, however far, so that nothing is passed unseen. While it is not found it stays
 * where it was: a prediction enters and crosses nothing.
 *
 *   enter  it is in an area where it was not: came in, began there, or the area was drawn around it
 *   leave  it no longer is; `lost`: its track ended inside
 *   dwell  it has been in for the area's `dwell`; told once
 *   cross  it went over a line; `direction` is the side it came to
 *   count  how many are in the area has changed; after the others of the frame, once an area at most
 *
 * Who jitters on an edge does not enter and leave with each frame: an area is left, and a line is crossed,
 * when one is beyond by a twentieth of the box's height; a line also when the track ends there. Who goes
 * straight through an area between two frames enters and leaves in the second. Who goes around the end of a
 * line does not cross it.
 *
 * What counts is asked when somebody enters or crosses: one of a zone's labels must be the track's best or
 * score half. A track without labels yet waits at the door: it enters when they come, and what it crossed is
 * told then.
 *
 * Threads: one at a time. */
#pragma once
#include "track.h"
#include "zone-list.h"

G_BEGIN_DECLS

typedef struct _GptVisZones GptVisZones;

/* Of a zone, since it was last changed. */
typedef struct {
  guint inside;                 /* how many are in the area */
  guint64 entered, left;        /* how many came and went, over an area's edge … */
  guint64 crossed_left, crossed_right;  /* … or a line to its left and right side */
} GptVisZoneCount;

/* The list is counted, and let go when it is replaced. */
GptVisZones *gptvis_zones_new (GptVisZoneList *list);
void gptvis_zones_free (GptVisZones *zones);   /* may be NULL */

/* Other zones while playing. Zones that are the same keep who is inside and what was counted; the others
 * begin anew, and nobody is told to have left those that are gone. */
void gptvis_zones_set_list (GptVisZones *zones, GptVisZoneList *list);
GptVisZoneList *gptvis_zones_get_list (GptVisZones *zones);    /* still the zones' */

/* All sure tracks of an analysed frame, hidden ones too: who is missing has ended. Events in the order of
 * zones; of one zone in the order of tracks. Their texts are the list's. Good until the next call with these
 * zones. */
const GptVisEvent *gptvis_zones_update (GptVisZones *zones, guint64 time, const GptVisTrack *tracks,
    guint n, guint *n_events);
/* The width of the picture over its height, as it is shown; 16 / 9 unless it is set. */
void gptvis_zones_set_aspect (GptVisZones *zones, gfloat aspect);
/* Everybody is gone, as after a seek; without events. What was counted stays, but for `inside`. */
void gptvis_zones_reset (GptVisZones *zones);

/* All of them, as a result has them; how many. Texts and points are the list's. */
guint gptvis_zones_describe (GptVisZones *zones, GptVisZoneInfo infos[GPTVIS_ZONES_MAX]);
/* Of the list's zone of that number. */
GptVisZoneCount gptvis_zones_get_count (GptVisZones *zones, guint zone);

G_END_DECLS
