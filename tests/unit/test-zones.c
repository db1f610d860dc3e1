/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Zones: what a user may write, what is wrong with it, and the events of paths that are made up. */
#include "unit.h"
#include "zones.h"
#include <math.h>
#include <string.h>

#define S G_GUINT64_CONSTANT (1000000000)
#define MOST 8u

static GptVisZoneList *
zones_of (const gchar *text)
{
  GError *error = NULL;
  GptVisZoneList *list = gptvis_zone_list_parse ("zones", text, strlen (text), &error);
  g_assert_no_error (error);
  return list;
}

/* --- text --- */

static void
test_good (void)
{
  GptVisZoneList *list = zones_of ("\357\273\277# of the yard\r\n"
      "\n"
      "  the yard :0.1,0.5 0.9,.5 9e-1,1\t0.1,1  labels= Person, Zebra Crossing dwell=2.5 # they wait\r\n"
      "door: 0.4,0.9 -> 0.6,0.9; row:0,0,1,0,1,1\n"
      "Straße#1: 0,0->0.5,0.5->+1,0 labels=ÄFFIN");
  g_assert_cmpuint (list->n, ==, 4);

  const GptVisZone *yard = &list->zones[0];
  g_assert_cmpstr (yard->name, ==, "the yard");
  g_assert_false (yard->line);
  g_assert_cmpuint (yard->n_points, ==, 4);
  g_assert_cmpfloat (yard->points[1].x, ==, 0.9);
  g_assert_cmpfloat (yard->points[1].y, ==, 0.5);
  g_assert_cmpfloat (yard->points[3].x, ==, 0.1);
  g_assert_cmpfloat (yard->points[3].y, ==, 1);
  g_assert_cmpstr (yard->labels[0], ==, "person");
  g_assert_cmpstr (yard->labels[1], ==, "zebra crossing");
  g_assert_null (yard->labels[2]);
  g_assert_cmpuint (yard->dwell, ==, 2500000000);

  g_assert_cmpstr (list->zones[1].name, ==, "door");
  g_assert_true (list->zones[1].line);
  g_assert_cmpuint (list->zones[1].n_points, ==, 2);
  g_assert_null (list->zones[1].labels);
  g_assert_cmpuint (list->zones[1].dwell, ==, 0);

  g_assert_cmpstr (list->zones[2].name, ==, "row");
  g_assert_cmpuint (list->zones[2].n_points, ==, 3);

  g_assert_cmpstr (list->zones[3].name, ==, "Straße#1");
  g_assert_cmpuint (list->zones[3].n_points, ==, 3);
  g_assert_cmpstr (list->zones[3].labels[0], ==, "äffin");
  gptvis_zone_list_unref (list);
}

static void
test_none (void)
{
  static const gchar *const texts[] = { "", "\n \n", "# nothing\n", ";;", "\357\273\277" };
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    GptVisZoneList *list = zones_of (texts[i]);
    g_assert_cmpuint (list->n, ==, 0);
    gptvis_zone_list_unref (gptvis_zone_list_ref (list));
    gptvis_zone_list_unref (list);
  }
}

static void
test_bad (void)
{
  static const struct { const gchar *text; const gchar *parts; } cases[] = {
    {"yard", "zones: line 1: \"yard\" is no zone|name: x,y x,y x,y"},
    {"# one\n\n0.1,0.2 0.3,0.4 0.5,0.6", "line 3: |is no zone"},
    {": 0,0 1,0 1,1", "line 1: there is no name before the colon"},
    {"  : 0,0 1,0 1,1", "there is no name"},
    {"a: 0,0 1,0 1,1\nb: 0,0 1,0 1,1\na: 0,0 -> 1,1", "line 3: \"a\" is in line 1 already"},
    {"a:", "line 1: \"a\" has 0 points, where an area has three at least"},
    {"a: 0,0 1,1", "\"a\" has 2 points|and a line an arrow: x,y -> x,y"},
    {"a: 0,0 1,1 0.5", "has 5 numbers, where each point has two"},
    {"a: 0,0 -> 1", "has 3 numbers, where each point has two"},
    {"a: 0,0 ->", "has 1 arrows and 1 points"},
    {"a: -> 0,0 1,1", "an arrow that is not between two points"},
    {"a: 0 -> 0,0", "an arrow that is not between two points"},
    {"a: 0,0 -> -> 1,1", "an arrow that is not between two points"},
    {"a: 0,0 -> 1,1 0.5,0", "has 1 arrows and 3 points"},
    {"a: 0,0 0.5,0 -> 1,1", "an arrow that is not between two points"},
    {"a: nan,0 1,0 1,1", "has \"nan,0 1,0 1,1\" where a number"},
    {"a: 0,inf 1,0 1,1", "has \"inf 1,0 1,1\" where a number"},
    {"a: 0x1,0 1,0 1,1", "has \"0x1,0 1,0 1,1\" where a number"},
    {"a: 0,0 1,0 1,.", "has \".\" where a number"},
    {"a: 0,0 1,0 1.0.0,1", "has \"1.0.0,1\" where a number"},
    {"a: 0,0 1,0 1e,1", "has \"1e,1\" where a number"},
    {"a: 0,0 1,0 1,1 and so on for a long time", "has \"and so on for a long tim…\" where a number"},
    {"a: 0,0 1,0 1,1 öäüöäüöäüöäüöäüöäüöäüöäüöäüöäü",
      "has \"öäüöäüöäüöäüöäüöäüöäüöäü…\" where"},
    {"a: 0,0 640,0 1,1", "has 640 for the x of point 2, where fractions of the picture from 0 to 1 belong"},
    {"a: 0,0 1,-0.1 1,1", "has -0.1 for the y of point 2"},
    {"a: 0,0 1,1e999 1,1", "has inf for the y of point 2"},
    {"a: 0,0 0,0 1,1", "has its points 1 and 2 in the same place"},
    {"a: 0,0 1,0 1,1 0,0", "ends at point 4 where it begins; areas close by themselves"},
    {"a: 0.5,0.5 -> 0.5,0.5", "has its points 1 and 2 in the same place"},
    {"a: 0,0 1,1 1,0 0,1", "crosses itself: the side from point 1 to 2 meets that from 3 to 4"},
    {"a: 0,0 0.5,0.5 1,1", "crosses itself"},
    {"a: 0,0 1,0 0.5,0 0.5,1", "crosses itself: the side from point 1 to 2 meets that from 2 to 3"},
    {"a: 0,0 1,0 1,1 0.5,0 0,1", "crosses itself: the side from point 1 to 2 meets that from 3 to 4"},
    {"a: 0,0 1,0 1,1 colour=red", "has an option \"colour\", where there are labels= and dwell="},
    {"a: 0,0 1,0 1,1 dwell=", "has dwell=, where seconds from 0.001 to 86400 belong"},
    {"a: 0,0 1,0 1,1 dwell=nan", "has dwell=nan, where seconds"},
    {"a: 0,0 1,0 1,1 dwell=0", "has dwell=0, where seconds"},
    {"a: 0,0 1,0 1,1 dwell=-1", "has dwell=-1, where seconds"},
    {"a: 0,0 1,0 1,1 dwell=1e9", "has dwell=1e9, where seconds"},
    {"a: 0,0 1,0 1,1 dwell=1 dwell=2", "has dwell= twice"},
    {"a: 0,0 -> 1,1 dwell=1", "is a line, and only areas have dwell="},
    {"a: 0,0 1,0 1,1 labels=", "has an empty label"},
    {"a: 0,0 1,0 1,1 labels=person,,dog", "has an empty label"},
    {"a: 0,0 1,0 1,1 labels=person labels=dog", "has labels= twice"},
    {"a: 0,0 1,0 1,1\nb\xff: 0,0 1,0 1,1", "line 2: it is not UTF-8 text at byte 1 of the line"},
    {"a\tb: 0,0 1,0\t1,1\tone\ttwo", "\"a b\" has \"one two\" where a number"},
    {"a\x01: 0,0 1,0 1,1", "line 1: there is a control character"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    g_assert_null (gptvis_zone_list_parse ("zones", cases[i].text, strlen (cases[i].text), &error));
    unit_expect_error (cases[i].text, error, GPTVIS_ERROR_FORMAT, cases[i].parts);
  }
  GError *error = NULL;
  g_assert_null (gptvis_zone_list_parse ("zones", "a: 0,0\0 1,0 1,1", 15, &error));
  unit_expect_error ("a zero", error, GPTVIS_ERROR_FORMAT, "line 1: it is not UTF-8 text at byte 6");
}

/* What is written once, then so often. */
static gchar *
often (const gchar *first, const gchar *each, guint n)
{
  GString *text = g_string_new (first);
  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s", each);
  return g_string_free (text, FALSE);
}

static void
expect_limit (gchar *text, const gchar *parts)
{
  GError *error = NULL;
  g_assert_null (gptvis_zone_list_parse ("zones", text, strlen (text), &error));
  unit_expect_error (parts, error, GPTVIS_ERROR_LIMIT, parts);
  g_free (text);
}

static void
test_limits (void)
{
  GString *zones = g_string_new (NULL);
  for (guint i = 0; i <= GPTVIS_ZONES_MAX; i++)
    g_string_append_printf (zones, "zone %u: 0,0 1,0 1,1\n", i);
  expect_limit (g_string_free (zones, FALSE), "zones: line 65: there are more than 64 zones");
  expect_limit (often ("a:", " 0.5,0.5", 10000), "line 1: \"a\" has more than 256 points");
  expect_limit (often ("a: 0,0 1,0 1,1 labels=a", ",b", 64), "\"a\" has more than 64 labels");
  expect_limit (often ("a: 0.", "0", 100), "\"a\" has a number of more than 64 characters");
  expect_limit (g_strdup_printf ("%065d: 0,0 1,0 1,1", 0), "line 1: a name has more than 64 bytes");
}

static void
test_files (void)
{
  gchar *directory = unit_directory (), *path = g_build_filename (directory, "zones: 1", NULL);
  GError *error = NULL;
  g_assert_null (gptvis_zone_list_read ("zones", "yard.txt", &error));
  unit_expect_error ("neither", error, GPTVIS_ERROR_NOT_FOUND,
      "zones: \"yard.txt\" is neither a file nor zones");
  error = NULL;
  g_assert_null (gptvis_zone_list_read ("zones", directory, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  unit_write (directory, "zones: 1", "a: 0,0 1,0 1,1\nb: 0,0", -1);
  g_assert_null (gptvis_zone_list_read ("zones", path, &error));
  unit_expect_error ("file", error, GPTVIS_ERROR_FORMAT, "zones: 1: line 2: \"b\" has 1 points");
  error = NULL;
  unit_write (directory, "zones: 1", "a: 0,0 1,0 1,1\n", -1);
  GptVisZoneList *list = gptvis_zone_list_read ("zones", path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (list->n, ==, 1);
  gptvis_zone_list_unref (list);
  list = gptvis_zone_list_read ("zones", "a: 0,0 1,0 1,1; b: 0,0 -> 1,1", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (list->n, ==, 2);
  gptvis_zone_list_unref (list);
  gchar *large = g_strnfill (GPTVIS_ZONES_MAX_BYTES + 1, '#');
  unit_write (directory, "zones: 1", large, -1);
  g_assert_null (gptvis_zone_list_read ("zones", path, &error));
  unit_expect_error ("large file", error, GPTVIS_ERROR_LIMIT, "262145 bytes|at most 262144");
  error = NULL;
  g_assert_null (gptvis_zone_list_read ("zones", large, &error));
  unit_expect_error ("large text", error, GPTVIS_ERROR_LIMIT, "262145 bytes|at most 262144");
  g_free (large);
  g_free (path);
  unit_remove (directory);
}

/* --- paths --- */

typedef struct {
  GptVisZones *zones;
  GptVisTrack tracks[MOST];
  guint n;
  gdouble seconds;
} Scene;

static Scene
scene (const gchar *text)
{
  GptVisZoneList *list = zones_of (text);
  const Scene self = { gptvis_zones_new (list) };
  gptvis_zone_list_unref (list);
  return self;
}

static GptVisTrack *
stands (Scene *self, guint id, gdouble x, gdouble y)
{
  const gfloat height = 0.2f, width = 0.05f;
  g_assert_cmpuint (self->n, <, MOST);
  self->tracks[self->n] = (GptVisTrack) { .id = id,.box = { x - width / 2, y - height, width, height } };
  return &self->tracks[self->n++];
}

/* A second passes with those who stand there; the events, as words. */
static void
expect (Scene *self, const gchar *expected)
{
  static const gchar *const types[] = { "begin", "end", "enter", "leave", "cross", "count", "dwell" };
  static const gchar *const directions[] = { "", " left", " right" };
  GString *text = g_string_new (NULL);
  guint n;
  for (guint i = 0; i < self->n; i++)
    self->tracks[i].seen += (guint64) (self->seconds * S);
  const GptVisEvent *events = gptvis_zones_update (self->zones, self->seconds * S, self->tracks, self->n, &n);
  for (guint i = 0; i < n; i++) {
    g_assert_cmpstr (events[i].name, ==, events[i].zone);
    g_assert_true (isnan (events[i].score));
    g_string_append_printf (text, "%s%s %s%s%s", i > 0 ? ", " : "", events[i].zone, types[events[i].type],
        directions[events[i].direction], events[i].lost ? " lost" : "");
    if (events[i].region != 0)
      g_string_append_printf (text, " %u", events[i].region);
    if (events[i].type == GPTVIS_EVENT_COUNT || events[i].type == GPTVIS_EVENT_CROSS)
      g_string_append_printf (text, " =%u", events[i].count);
    if (events[i].type == GPTVIS_EVENT_LEAVE || events[i].type == GPTVIS_EVENT_DWELL)
      g_string_append_printf (text, " @%g", events[i].since / 1e9);
    else
      g_assert_cmpuint (events[i].since, ==, (guint64) (self->seconds * S));
  }
  g_assert_cmpstr (text->str, ==, expected);
  g_string_free (text, TRUE);
  self->n = 0;
  self->seconds += 1;
}

static void
expect_at (Scene *self, gdouble x, gdouble y, const gchar *expected)
{
  stands (self, 1, x, y);
  expect (self, expected);
}

static void
scene_clear (Scene *self)
{
  gptvis_zones_free (self->zones);
}

#define YARD "yard: 0.4,0.4 0.6,0.4 0.6,0.6 0.4,0.6"

static void
test_area (void)
{
  Scene self = scene (YARD " dwell=2.5");
  expect_at (&self, 0.2, 0.5, "");
  expect_at (&self, 0.45, 0.5, "yard enter 1, yard count =1");
  expect_at (&self, 0.5, 0.5, "");
  expect_at (&self, 0.5, 0.5, "");
  expect_at (&self, 0.5, 0.5, "yard dwell 1 @1");
  expect_at (&self, 0.5, 0.5, "");
  expect_at (&self, 0.5, 0.7, "yard leave 1 @1, yard count =0");
  expect_at (&self, 0.5, 0.7, "");
  expect_at (&self, 0.5, 0.5, "yard enter 1, yard count =1");
  expect (&self, "yard leave lost 1 @8, yard count =0");
  expect (&self, "");
  const GptVisZoneCount count = gptvis_zones_get_count (self.zones, 0);
  g_assert_cmpuint (count.entered, ==, 2);
  g_assert_cmpuint (count.left, ==, 2);
  g_assert_cmpuint (count.inside, ==, 0);
  scene_clear (&self);
}

/* Who begins inside has entered; who jumps through enters and leaves; who jumps past does neither. */
static void
test_jumps (void)
{
  Scene self = scene (YARD "; u: 0.1,0.7 0.2,0.7 0.2,0.8 0.3,0.8 0.3,0.7 0.4,0.7 0.4,0.9 0.1,0.9");
  expect_at (&self, 0.5, 0.5, "yard enter 1, yard count =1");
  expect_at (&self, 0.9, 0.9, "yard leave 1 @0, yard count =0");
  expect_at (&self, 0.1, 0.1, "yard enter 1, yard leave 1 @2");
  expect_at (&self, 0.9, 0.1, "");
  expect_at (&self, 0.9, 0.75, "");
  expect_at (&self, 0.01, 0.75, "u enter 1, u leave 1 @5");
  expect_at (&self, 0.25, 0.75, "u enter 1, u leave 1 @6");
  expect_at (&self, 0.25, 0.65, "");
  scene_clear (&self);
}

/* Whoever stands on an edge or a corner is either in or out, and never crosses twice. */
static void
test_edges (void)
{
  static const gdouble way[] = { 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8 };
  Scene self = scene (YARD "; door: 0.5,0.2 -> 0.5,0.6 -> 0.5,0.8");
  for (guint id = 1; id <= 5; id++) {
    guint n, entered = 0, left = 0, crossed = 0;
    for (guint i = 0; i < G_N_ELEMENTS (way); i++) {
      /* through the middle, along both edges, diagonally over corners both ways */
      const gdouble y = id == 1 ? 0.5 : id == 2 ? 0.4 : id == 3 ? 0.6 : id == 4 ? way[i] : 1 - way[i];
      stands (&self, id, way[i], y)->seen = self.seconds * S;
      const GptVisEvent *events = gptvis_zones_update (self.zones, self.seconds * S, self.tracks, 1, &n);
      for (guint e = 0; e < n; e++) {
        entered += events[e].region == id && events[e].type == GPTVIS_EVENT_ENTER;
        left += events[e].region == id && events[e].type == GPTVIS_EVENT_LEAVE;
        crossed += events[e].region == id && events[e].type == GPTVIS_EVENT_CROSS;
      }
      self.n = 0;
      self.seconds++;
    }
    g_assert_cmpuint (crossed, ==, 1);
    g_assert_cmpuint (entered, ==, left);
    g_assert_cmpuint (entered, <=, 1);
    if (id == 1 || id >= 4)
      g_assert_cmpuint (entered, ==, 1);
  }
  scene_clear (&self);
}

/* Whom the picture's lower edge cuts is still in an area that goes down to it. */
static void
test_lower_edge (void)
{
  Scene self = scene ("all: 0,0 1,0 1,1 0,1");
  expect_at (&self, 0.5, 1, "all enter 1, all count =1");
  stands (&self, 1, 0.5, 1)->box.height = 0.2000001f;
  expect (&self, "");
  expect_at (&self, 0.001, 1, "");
  expect_at (&self, 0.999, 1, "");
  scene_clear (&self);
}

static void
test_line (void)
{
  /* From left to right: above it is its left side. */
  Scene self = scene ("door: 0.4,0.5 -> 0.6,0.5");
  expect_at (&self, 0.5, 0.3, "");
  expect_at (&self, 0.5, 0.7, "door cross right 1 =1");
  expect_at (&self, 0.5, 0.7, "");
  expect_at (&self, 0.5, 0.3, "door cross left 1 =1");
  expect_at (&self, 0.2, 0.3, "");
  expect_at (&self, 0.2, 0.7, "");              /* around its end */
  expect_at (&self, 0.5, 0.7, "");
  expect_at (&self, 0.45, 0.1, "door cross left 1 =2");
  expect_at (&self, 0.5, 0.5, "");              /* onto it, and back */
  expect_at (&self, 0.5, 0.3, "");
  expect_at (&self, 0.5, 0.5, "");              /* onto it, and over */
  expect_at (&self, 0.5, 0.7, "door cross right 1 =2");
  const GptVisZoneCount count = gptvis_zones_get_count (self.zones, 0);
  g_assert_cmpuint (count.crossed_left, ==, 2);
  g_assert_cmpuint (count.crossed_right, ==, 2);
  scene_clear (&self);
}

/* The side depends on where the line points to. */
static void
test_directions (void)
{
  static const struct { const gchar *line, *event; } cases[] = {
    { "a: 0.6,0.5 -> 0.4,0.5", "a cross left 1 =1" },   /* the same, the other way around; down over it */
    { "a: 0.4,0.5 -> 0.5,0.5 -> 0.6,0.5", "a cross right 1 =1" },
    { "a: 0.4,0.4 -> 0.6,0.6", "a cross right 1 =1" },
    { "a: 0.4,0.6 -> 0.6,0.4", "a cross right 1 =1" },
    { "a: 0.5,0.1 -> 0.5,0.2", "" },                    /* along it, beside it */
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    Scene self = scene (cases[i].line);
    expect_at (&self, 0.5, 0.3, "");
    expect_at (&self, 0.5, 0.7, cases[i].event);
    scene_clear (&self);
  }
}

/* A foot that jitters on an edge: one event, and none more before it has clearly gone back. */
static void
test_jitter (void)
{
  Scene self = scene (YARD "; door: 0.3,0.4 -> 0.7,0.4");
  guint n, events_seen = 0;
  expect_at (&self, 0.5, 0.3, "");
  for (guint i = 0; i < 100; i++) {
    stands (&self, 1, 0.5, 0.4 + (i % 2 ? 0.008 : -0.008))->seen = self.seconds * S;
    gptvis_zones_update (self.zones, self.seconds * S, self.tracks, 1, &n);
    events_seen += n;
    self.n = 0;
    self.seconds++;
  }
  g_assert_cmpuint (events_seen, ==, 2);        /* enter, count */
  expect_at (&self, 0.5, 0.45, "door cross right 1 =1");
  scene_clear (&self);
}

/* While it is not found it does nothing; found again, it has gone straight. */
static void
test_not_found (void)
{
  Scene self = scene (YARD " dwell=1.5; door: 0.3,0.3 -> 0.7,0.3");
  expect_at (&self, 0.5, 0.2, "");
  stands (&self, 1, 0.5, 0.5)->seen = -S;       /* predicted, and so on */
  expect (&self, "");
  stands (&self, 1, 0.5, 0.7)->seen = -2 * S;
  expect (&self, "");
  expect_at (&self, 0.5, 0.5, "yard enter 1, yard count =1, door cross right 1 =1");
  stands (&self, 1, 0.5, 0.9)->seen = -S;
  expect (&self, "");
  stands (&self, 1, 0.5, 0.9)->seen = -2 * S;
  expect (&self, "");
  expect_at (&self, 0.5, 0.5, "yard dwell 1 @3");
  /* over the door's edge by no more than a step, and then never seen again */
  expect_at (&self, 0.5, 0.295, "yard leave 1 @3, yard count =0");
  expect (&self, "door cross left 1 =1");
  expect (&self, "");
  scene_clear (&self);
}

static void
test_several (void)
{
  Scene self = scene (YARD "; door: 0.5,0 -> 0.5,1");
  stands (&self, 1, 0.45, 0.5);
  stands (&self, 2, 0.55, 0.5);
  stands (&self, 3, 0.8, 0.5);
  expect (&self, "yard enter 1, yard enter 2, yard count =2");
  stands (&self, 1, 0.55, 0.5);
  stands (&self, 2, 0.45, 0.5);
  stands (&self, 3, 0.56, 0.5);
  expect (&self, "yard enter 3, yard count =3, door cross left 1 =1, door cross right 2 =1");
  stands (&self, 2, 0.1, 0.5);                  /* one comes as another goes: no count */
  stands (&self, 3, 0.56, 0.5);
  stands (&self, 4, 0.55, 0.5);
  expect (&self, "yard leave 2 @0, yard enter 4, yard leave lost 1 @0, yard count =2");
  stands (&self, 3, 0.1, 0.1);
  stands (&self, 4, 0.55, 0.5);
  stands (&self, 5, 0.5, 0.55);
  expect (&self, "yard leave 3 @1, yard enter 5, door cross right 3 =2");
  scene_clear (&self);
}

static void
test_labels (void)
{
  const GptVisLabel dog[] = { { 0, "Dog", 0.9f }, { 1, "person", 0.3f } };
  const GptVisLabel walker[] = { { 2, "outdoor", 0.99f }, { 1, "person", 0.8f } };
  const GptVisLabel monkey = { 3, "Äffin", 0.4f };
  Scene self = scene (YARD " labels=PERSON,äffin; door: 0,0.5 -> 1,0.5 labels=person");
  GptVisTrack *track = stands (&self, 1, 0.5, 0.45);
  track->labels = dog, track->n_labels = 2;
  track = stands (&self, 2, 0.5, 0.45);
  track->labels = walker, track->n_labels = 2;
  track = stands (&self, 3, 0.5, 0.45);
  track->labels = &monkey, track->n_labels = 1;
  stands (&self, 4, 0.5, 0.45);
  expect (&self, "yard enter 2, yard enter 3, yard count =2");
  track = stands (&self, 1, 0.5, 0.55);
  track->labels = dog, track->n_labels = 2;
  track = stands (&self, 2, 0.5, 0.55);
  track->labels = walker, track->n_labels = 2;
  track = stands (&self, 3, 0.5, 0.55);         /* it is in, whatever it is taken for now */
  track->labels = dog, track->n_labels = 2;
  stands (&self, 4, 0.5, 0.55);
  expect (&self, "door cross right 2 =1");
  track = stands (&self, 4, 0.5, 0.55);         /* its label came late */
  track->labels = walker, track->n_labels = 2;
  expect (&self, "yard enter 4, yard leave lost 2 @0, yard leave lost 3 @0, yard count =1, "
      "door cross right 4 =2");
  scene_clear (&self);
}

static void
change (Scene *self, const gchar *text)
{
  GptVisZoneList *list = zones_of (text);
  gptvis_zones_set_list (self->zones, list);
  g_assert_true (gptvis_zones_get_list (self->zones) == list);
  gptvis_zone_list_unref (list);
}

/* Zones that are the same go on; others begin anew. */
static void
test_change (void)
{
  Scene self = scene (YARD "; left: 0,0 0.5,0 0.5,1 0,1; door: 0,0.5 -> 1,0.5");
  expect_at (&self, 0.45, 0.45, "yard enter 1, yard count =1, left enter 1, left count =1");
  expect_at (&self, 0.45, 0.55, "door cross right 1 =1");
  change (&self, "door: 0,0.5 -> 1,0.5; left: 0,0 0.6,0 0.6,1 0,1;" YARD);
  g_assert_cmpuint (gptvis_zones_get_count (self.zones, 0).crossed_right, ==, 1);
  g_assert_cmpuint (gptvis_zones_get_count (self.zones, 1).entered, ==, 0);
  g_assert_cmpuint (gptvis_zones_get_count (self.zones, 2).inside, ==, 1);
  expect_at (&self, 0.45, 0.45, "door cross left 1 =1, left enter 1, left count =1");
  change (&self, "door: 0,0.5 -> 1,0.5");
  expect_at (&self, 0.45, 0.55, "door cross right 1 =2");
  change (&self, "");
  expect_at (&self, 0.45, 0.45, "");
  change (&self, YARD);
  expect_at (&self, 0.45, 0.45, "yard enter 1, yard count =1");
  for (guint i = 0; i < 1000; i++)
    change (&self, i % 2 ? YARD : "door: 0,0.5 -> 1,0.5;" YARD);
  expect_at (&self, 0.45, 0.45, "");
  gptvis_zones_reset (self.zones);
  g_assert_cmpuint (gptvis_zones_get_count (self.zones, 0).inside, ==, 0);
  g_assert_cmpuint (gptvis_zones_get_count (self.zones, 0).entered, ==, 1);
  expect (&self, "");
  scene_clear (&self);
}

/* Random ways from grid point to grid point, many of them on edges and through corners: an area and a line
 * around it, clockwise, so that inside is its right side, always agree with where one is. */
static void
test_random (void)
{
  Scene self = scene ("box: 0.3,0.3 0.7,0.3 0.7,0.7 0.3,0.7;"
      "around: 0.3,0.3 -> 0.7,0.3 -> 0.7,0.7 -> 0.3,0.7 -> 0.3,0.3");
  guint n;
  for (guint i = 0; i < 50000; i++) {
    const gdouble x = g_test_rand_int_range (0, 21) / 20.0, y = g_test_rand_int_range (0, 21) / 20.0;
    self.tracks[0] = (GptVisTrack) { .id = 1,.box = { x - 1e-6, y - 1e-5, 2e-6, 1e-5 },.seen = i };
    gptvis_zones_update (self.zones, i, self.tracks, 1, &n);
    const GptVisZoneCount box = gptvis_zones_get_count (self.zones, 0);
    const GptVisZoneCount around = gptvis_zones_get_count (self.zones, 1);
    const gboolean out = x < 0.299 || x > 0.701 || y < 0.299 || y > 0.701;
    const gboolean in = x > 0.301 && x < 0.699 && y > 0.301 && y < 0.699;
    g_assert_cmpuint (box.entered - box.left, ==, box.inside);
    g_assert_true ((!in || box.inside == 1) && (!out || box.inside == 0));
    if (i > 0 && (in || out))
      g_assert_cmpint ((gint) (around.crossed_right - around.crossed_left) - (gint) box.inside, ==,
          self.seconds == 0 ? 0 : -1);
    if (i == 0)
      self.seconds = box.inside;        /* who begins inside has not come over the line */
  }
  g_assert_cmpuint (gptvis_zones_get_count (self.zones, 0).entered, >, 5000);
  scene_clear (&self);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/zones/text/good", test_good);
  g_test_add_func ("/zones/text/none", test_none);
  g_test_add_func ("/zones/text/bad", test_bad);
  g_test_add_func ("/zones/text/limits", test_limits);
  g_test_add_func ("/zones/text/files", test_files);
  g_test_add_func ("/zones/area", test_area);
  g_test_add_func ("/zones/jumps", test_jumps);
  g_test_add_func ("/zones/edges", test_edges);
  g_test_add_func ("/zones/lower-edge", test_lower_edge);
  g_test_add_func ("/zones/line", test_line);
  g_test_add_func ("/zones/directions", test_directions);
  g_test_add_func ("/zones/jitter", test_jitter);
  g_test_add_func ("/zones/not-found", test_not_found);
  g_test_add_func ("/zones/several", test_several);
  g_test_add_func ("/zones/labels", test_labels);
  g_test_add_func ("/zones/change", test_change);
  g_test_add_func ("/zones/random", test_random);
  return g_test_run ();
}
