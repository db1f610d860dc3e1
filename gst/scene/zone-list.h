/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Zones as a user writes them: named areas and lines of the picture, one a line of text or between
 * semicolons:
 *
 *     # name: corners, in fractions of the picture's width and height from its top left, then options
 *     yard: 0.1,0.5 0.9,0.5 0.9,1 0.1,1 labels=person,dog dwell=10
 *     door: 0.4,0.9 -> 0.6,0.9
 *
 * An area has three corners at least and closes by itself. A line has arrows between its points, two or
 * more, and so a left and a right side: those of somebody who goes along it. Commas and blanks count the
 * same between numbers, so that a row of them (0.1,0.5,0.9,0.5,…) is good too. `labels` says what counts
 * (otherwise everything does): texts of labels with commas between, in letters large or small. `dwell` is
 * how many seconds in an area are told of.
 *
 * A list is only read once it is made, and counted. Threads: any. */
#pragma once
#include "error.h"
#include "geometry.h"

G_BEGIN_DECLS

#define GPTVIS_ZONES_MAX 64u
#define GPTVIS_ZONE_MAX_POINTS 256u
#define GPTVIS_ZONE_MAX_LABELS 64u
#define GPTVIS_ZONE_MAX_NAME 64u        /* bytes */
#define GPTVIS_ZONE_MAX_DWELL 86400.0   /* seconds */
#define GPTVIS_ZONES_MAX_BYTES (256u << 10)     /* of text */

typedef struct {
  gchar *name;                  /* UTF-8, one line, no other zone's */
  gboolean line;                /* or an area */
  GptVisPoint *points;          /* within 0 … 1, no two that follow each other the same */
  guint n_points;
  gfloat *outline;              /* the points as a result has them: x, y, x, y … */
  gchar **labels;               /* folded (g_utf8_casefold), with NULL after the last; NULL: all count */
  guint64 dwell;                /* ns; 0: not told of */
} GptVisZone;

typedef struct {
  gint count;                   /* of references */
  GptVisZone *zones;
  guint n;
} GptVisZoneList;

/* `from` begins the sentences: a file's name, a property's. With FORMAT or LIMIT, and the line's number. No
 * zones is a list too. */
GptVisZoneList *gptvis_zone_list_parse (const gchar *from, const gchar *text, gsize size, GError **error);
/* What a property says: the zones themselves, or the name of a file that has them; also with NOT_FOUND. */
GptVisZoneList *gptvis_zone_list_read (const gchar *from, const gchar *text_or_file, GError **error);

GptVisZoneList *gptvis_zone_list_ref (GptVisZoneList *list);
void gptvis_zone_list_unref (GptVisZoneList *list);    /* may be NULL */

/* The same in all: who was in one is in the other. */
gboolean gptvis_zone_equal (const GptVisZone *a, const GptVisZone *b);

G_END_DECLS
