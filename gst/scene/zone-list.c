/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads zones: lines are cut from comments, statements from each other, a statement into its name, its
 * points and its options. What is wrong is told by the line's number and the zone's name. */
#include "zone-list.h"
#include "file.h"
#include <math.h>
#include <string.h>

#define MOST_DIGITS 64u         /* of a number */
#define EXCERPT 24              /* characters of a text that are shown in a sentence */

typedef struct {
  const gchar *from;
  guint line;
  const gchar *at;              /* in the statement, which ends with a 0 */
  GptVisZone *zone;             /* what is read; NULL: there is none yet */
  GArray *points, *zones;       /* of GptVisPoint, of GptVisZone those before */
  guint *lines;                 /* where those are */
  guint n_numbers, n_arrows;
  gchar shown[EXCERPT * 4 + 8];
  GError **error;
} Reader;

static gboolean G_GNUC_PRINTF (3, 4)
fail (Reader *self, GptVisError code, const gchar *format, ...)
{
  va_list args;
  va_start (args, format);
  gchar *text = g_strdup_vprintf (format, args);
  va_end (args);
  if (self->zone && self->zone->name)
    g_set_error (self->error, GPTVIS_ERROR, code, "%s: line %u: \"%s\" %s", self->from, self->line,
        self->zone->name, text);
  else
    g_set_error (self->error, GPTVIS_ERROR, code, "%s: line %u: %s", self->from, self->line, text);
  g_free (text);
  return FALSE;
}

/* The beginning of a text, for a sentence; good until the next. */
static const gchar *
show (Reader *self, const gchar *text)
{
  g_utf8_strncpy (self->shown, text, EXCERPT);
  if (g_utf8_strlen (text, -1) > EXCERPT)
    strcat (self->shown, "…");
  return self->shown;
}

/* --- points --- */

/* How many bytes a decimal number has at the beginning of the text; 0: there is none. */
static gsize
span_of_number (const gchar *text)
{
  const gchar *p = text;
  guint digits = 0;

  if (*p == '+' || *p == '-')
    p++;
  for (; g_ascii_isdigit (*p) || *p == '.'; p++)
    digits += *p != '.';
  if (digits == 0)
    return 0;
  if (*p == 'e' || *p == 'E') {
    const gchar *exponent = p + 1 + (p[1] == '+' || p[1] == '-');
    if (g_ascii_isdigit (*exponent))
      for (p = exponent; g_ascii_isdigit (*p); p++);
  }
  return p - text;
}

/* A number that ends where one may end. */
static gboolean
read_number (Reader *self, gdouble *number)
{
  const gsize span = span_of_number (self->at);
  gchar digits[MOST_DIGITS + 1], *end;

  if (span > MOST_DIGITS)
    return fail (self, GPTVIS_ERROR_LIMIT, "has a number of more than %u characters", MOST_DIGITS);
  memcpy (digits, self->at, span);
  digits[span] = '\0';
  *number = g_ascii_strtod (digits, &end);
  const gchar after = self->at[span];
  if (span == 0 || *end != '\0' || !(strchr (" ,", after) || strncmp (self->at + span, "->", 2) == 0))
    return fail (self, GPTVIS_ERROR_FORMAT,
        "has \"%s\" where a number, an arrow -> or an option (labels=, dwell=) belongs",
        show (self, self->at));
  self->at += span;
  return TRUE;
}

static gboolean
read_coordinate (Reader *self)
{
  const gboolean is_y = self->n_numbers % 2 == 1;
  gdouble number = 0;

  if (!read_number (self, &number))
    return FALSE;
  if (!(number >= 0 && number <= 1))
    return fail (self, GPTVIS_ERROR_FORMAT,
        "has %g for the %c of point %u, where fractions of the picture from 0 to 1 belong", number,
        is_y ? 'y' : 'x', self->n_numbers / 2 + 1);
  if (self->n_numbers == 2 * GPTVIS_ZONE_MAX_POINTS)
    return fail (self, GPTVIS_ERROR_LIMIT, "has more than %u points", GPTVIS_ZONE_MAX_POINTS);
  if (is_y) {
    g_array_index (self->points, GptVisPoint, self->points->len - 1).y = number;
  } else {
    const GptVisPoint point = { number, 0 };
    g_array_append_val (self->points, point);
  }
  self->n_numbers++;
  return TRUE;
}

/* Arrows are between all points of a line. */
static gboolean
read_arrow (Reader *self)
{
  self->at += 2;
  if (self->n_numbers != 2 * ++self->n_arrows)
    return fail (self, GPTVIS_ERROR_FORMAT, "has an arrow that is not between two points, as in x,y -> x,y");
  return TRUE;
}

static gboolean
is_option (const gchar *text)
{
  while (g_ascii_isalpha (*text) || *text == '-')
    text++;
  return *text == '=';
}

static gboolean
read_points (Reader *self)
{
  for (;;) {
    self->at += strspn (self->at, " ,");
    if (*self->at == '\0' || is_option (self->at))
      break;
    if (!(strncmp (self->at, "->", 2) == 0 ? read_arrow (self) : read_coordinate (self)))
      return FALSE;
  }
  if (self->n_numbers % 2 == 1)
    return fail (self, GPTVIS_ERROR_FORMAT, "has %u numbers, where each point has two", self->n_numbers);
  if (self->n_arrows > 0 && self->n_arrows + 1 != self->points->len)
    return fail (self, GPTVIS_ERROR_FORMAT,
        "has %u arrows and %u points, where a line has arrows between all of its points", self->n_arrows,
        self->points->len);
  if (self->n_arrows == 0 && self->points->len < 3)
    return fail (self, GPTVIS_ERROR_FORMAT,
        "has %u points, where an area has three at least, and a line an arrow: x,y -> x,y",
        self->points->len);
  self->zone->line = self->n_arrows > 0;
  self->zone->n_points = self->points->len;
  self->zone->points = g_memdup2 (self->points->data, self->points->len * sizeof (GptVisPoint));
  self->zone->outline = g_new (gfloat, 2 * self->points->len);
  for (guint i = 0; i < self->points->len; i++) {
    self->zone->outline[2 * i] = self->zone->points[i].x;
    self->zone->outline[2 * i + 1] = self->zone->points[i].y;
  }
  return TRUE;
}

static gboolean
check_shape (Reader *self)
{
  const GptVisZone *zone = self->zone;
  guint side, other;

  for (guint i = 0; i + zone->line < zone->n_points; i++) {
    const guint next = (i + 1) % zone->n_points;
    if (zone->points[i].x != zone->points[next].x || zone->points[i].y != zone->points[next].y)
      continue;
    if (next > 0)
      return fail (self, GPTVIS_ERROR_FORMAT, "has its points %u and %u in the same place", i + 1, next + 1);
    return fail (self, GPTVIS_ERROR_FORMAT,
        "ends at point %u where it begins; areas close by themselves, so leave it out", i + 1);
  }
  if (!zone->line && gptvis_polygon_meets_itself (zone->points, zone->n_points, &side, &other))
    return fail (self, GPTVIS_ERROR_FORMAT,
        "crosses itself: the side from point %u to %u meets that from %u to %u", side + 1,
        (side + 1) % zone->n_points + 1, other + 1, (other + 1) % zone->n_points + 1);
  return TRUE;
}

/* --- options --- */

static gboolean
read_labels (Reader *self, const gchar *value)
{
  gchar **labels = g_strsplit (value, ",", GPTVIS_ZONE_MAX_LABELS + 1);

  if (self->zone->labels) {
    g_strfreev (labels);
    return fail (self, GPTVIS_ERROR_FORMAT, "has labels= twice; put commas between the labels of one");
  }
  self->zone->labels = labels;
  for (guint i = 0; labels[i]; i++) {
    gchar *folded = g_utf8_casefold (g_strstrip (labels[i]), -1);
    g_free (labels[i]);
    labels[i] = folded;
    if (i == GPTVIS_ZONE_MAX_LABELS)
      return fail (self, GPTVIS_ERROR_LIMIT, "has more than %u labels", GPTVIS_ZONE_MAX_LABELS);
    if (!*folded)
      return fail (self, GPTVIS_ERROR_FORMAT, "has an empty label; write labels=person,dog");
  }
  return labels[0] ? TRUE : fail (self, GPTVIS_ERROR_FORMAT, "has an empty label; write labels=person,dog");
}

static gboolean
read_dwell (Reader *self, const gchar *value)
{
  gdouble seconds = 0;

  if (self->zone->line)
    return fail (self, GPTVIS_ERROR_FORMAT, "is a line, and only areas have dwell=");
  if (self->zone->dwell > 0)
    return fail (self, GPTVIS_ERROR_FORMAT, "has dwell= twice");
  if (span_of_number (value) == strlen (value) && *value && strlen (value) <= MOST_DIGITS)
    seconds = g_ascii_strtod (value, NULL);
  if (!(seconds >= 0.001 && seconds <= GPTVIS_ZONE_MAX_DWELL))
    return fail (self, GPTVIS_ERROR_FORMAT, "has dwell=%s, where seconds from 0.001 to %g belong",
        show (self, value), GPTVIS_ZONE_MAX_DWELL);
  self->zone->dwell = seconds * 1e9;
  return TRUE;
}

/* Where the next option begins, or the end. */
static const gchar *
next_option (const gchar *text)
{
  for (; *text; text++)
    if (*text == ' ' && is_option (text + 1) && text[1] != '=')
      return text;
  return text;
}

static gboolean
read_options (Reader *self)
{
  while (*self->at) {
    const gchar *equals = strchr (self->at, '='), *end = next_option (equals + 1);
    gchar *key = g_strndup (self->at, equals - self->at);
    gchar *value = g_strstrip (g_strndup (equals + 1, end - equals - 1));
    gboolean ok;
    if (g_str_equal (key, "labels"))
      ok = read_labels (self, value);
    else if (g_str_equal (key, "dwell"))
      ok = read_dwell (self, value);
    else
      ok = fail (self, GPTVIS_ERROR_FORMAT, "has an option \"%s\", where there are labels= and dwell=",
          show (self, key));
    g_free (key);
    g_free (value);
    if (!ok)
      return FALSE;
    self->at = end + strspn (end, " ");
  }
  return TRUE;
}

/* --- statements --- */

static gboolean
read_name (Reader *self)
{
  const gchar *colon = strchr (self->at, ':');

  if (!colon)
    return fail (self, GPTVIS_ERROR_FORMAT, "\"%s\" is no zone, as name: x,y x,y x,y is one",
        show (self, self->at));
  gchar *name = g_strstrip (g_strndup (self->at, colon - self->at));
  if (!*name || strlen (name) > GPTVIS_ZONE_MAX_NAME) {
    const gboolean empty = !*name;
    g_free (name);
    return empty ? fail (self, GPTVIS_ERROR_FORMAT, "there is no name before the colon")
        : fail (self, GPTVIS_ERROR_LIMIT, "a name has more than %u bytes", GPTVIS_ZONE_MAX_NAME);
  }
  self->zone->name = name;
  self->at = colon + 1;
  for (guint i = 0; i < self->zones->len; i++)
    if (g_str_equal (g_array_index (self->zones, GptVisZone, i).name, name))
      return fail (self, GPTVIS_ERROR_FORMAT, "is in line %u already; give each zone a name of its own",
          self->lines[i]);
  return TRUE;
}

static void
zone_clear (gpointer data)
{
  GptVisZone *zone = data;
  g_free (zone->name);
  g_free (zone->points);
  g_free (zone->outline);
  g_strfreev (zone->labels);
}

static gboolean
read_statement (Reader *self, gchar *statement)
{
  GptVisZone zone = { 0 };

  self->at = g_strstrip (statement);
  if (!*self->at)
    return TRUE;
  if (self->zones->len == GPTVIS_ZONES_MAX)
    return fail (self, GPTVIS_ERROR_LIMIT, "there are more than %u zones", GPTVIS_ZONES_MAX);
  self->zone = &zone;
  self->n_numbers = self->n_arrows = 0;
  g_array_set_size (self->points, 0);
  const gboolean ok = read_name (self) && read_points (self) && check_shape (self) && read_options (self);
  self->zone = NULL;
  if (ok) {
    self->lines[self->zones->len] = self->line;
    g_array_append_val (self->zones, zone);
  } else {
    zone_clear (&zone);
  }
  return ok;
}

/* A line, without its end. */
static gboolean
read_line (Reader *self, gchar *line)
{
  for (gchar *p = line; *p; p++) {
    if (*p == '#' && (p == line || strchr (" ;", p[-1]))) {
      *p = '\0';
      break;
    }
    if (*p == '\t')
      *p = ' ';
    if (g_ascii_iscntrl (*p))
      return fail (self, GPTVIS_ERROR_FORMAT, "there is a control character, where text belongs");
  }
  gchar **statements = g_strsplit (line, ";", -1);
  gboolean ok = TRUE;
  for (guint i = 0; ok && statements[i]; i++)
    ok = read_statement (self, statements[i]);
  g_strfreev (statements);
  return ok;
}

static gboolean
read_text (Reader *self, const gchar *text, gsize size)
{
  const gchar *bad, *end;

  if (size == 0)
    return TRUE;                /* there may be no text to point to */
  if (size > GPTVIS_ZONES_MAX_BYTES) {
    g_set_error (self->error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT,
        "%s: there are %" G_GSIZE_FORMAT " bytes, where at most %u are read", self->from, size,
        GPTVIS_ZONES_MAX_BYTES);
    return FALSE;
  }
  end = text + size;
  if (size >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0)
    text += 3;
  while (text < end) {
    const gchar *stop = memchr (text, '\n', end - text), *line_end = stop ? stop : end;
    self->line++;
    if (!g_utf8_validate (text, line_end - text, &bad))
      return fail (self, GPTVIS_ERROR_FORMAT, "it is not UTF-8 text at byte %" G_GSIZE_FORMAT " of the line",
          (gsize) (bad - text));
    gchar *line = g_strndup (text, line_end - text - (line_end > text && line_end[-1] == '\r'));
    const gboolean ok = read_line (self, line);
    g_free (line);
    if (!ok)
      return FALSE;
    text = stop ? stop + 1 : end;
  }
  return TRUE;
}

/* --- lists --- */

GptVisZoneList *
gptvis_zone_list_parse (const gchar *from, const gchar *text, gsize size, GError **error)
{
  guint lines[GPTVIS_ZONES_MAX];
  Reader reader = { .from = from,.lines = lines,.error = error };
  GptVisZoneList *list = NULL;

  reader.points = g_array_new (FALSE, FALSE, sizeof (GptVisPoint));
  reader.zones = g_array_new (FALSE, FALSE, sizeof (GptVisZone));
  g_array_set_clear_func (reader.zones, zone_clear);
  if (read_text (&reader, text, size)) {
    list = g_new0 (GptVisZoneList, 1);
    list->count = 1;
    list->n = reader.zones->len;
    list->zones = g_memdup2 (reader.zones->data, reader.zones->len * sizeof (GptVisZone));
    g_array_set_clear_func (reader.zones, NULL);
  }
  g_array_unref (reader.points);
  g_array_unref (reader.zones);
  return list;
}

GptVisZoneList *
gptvis_zone_list_read (const gchar *from, const gchar *text_or_file, GError **error)
{
  Reader reader = { .from = from };
  gsize size;

  if (!g_file_test (text_or_file, G_FILE_TEST_EXISTS)) {
    gchar *valid = g_utf8_make_valid (text_or_file, -1), *bare = g_strstrip (valid);
    const gboolean is_text = strpbrk (bare, ":\n;") || *bare == '#' || *bare == '\0';
    if (!is_text)
      g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_NOT_FOUND,
          "%s: \"%s\" is neither a file nor zones, as name: x,y x,y x,y is one", from, show (&reader, bare));
    g_free (valid);
    return is_text ? gptvis_zone_list_parse (from, text_or_file, strlen (text_or_file), error) : NULL;
  }
  gchar *text = gptvis_file_load (text_or_file, "a file of zones", GPTVIS_ZONES_MAX_BYTES, &size, error);
  gchar *name = g_utf8_make_valid (text_or_file, -1);
  GptVisZoneList *list = text ? gptvis_zone_list_parse (name, text, size, error) : NULL;
  g_free (name);
  g_free (text);
  return list;
}

GptVisZoneList *
gptvis_zone_list_ref (GptVisZoneList *list)
{
  g_atomic_int_inc (&list->count);
  return list;
}

void
gptvis_zone_list_unref (GptVisZoneList *list)
{
  if (!list || !g_atomic_int_dec_and_test (&list->count))
    return;
  for (guint i = 0; i < list->n; i++)
    zone_clear (&list->zones[i]);
  g_free (list->zones);
  g_free (list);
}

static gboolean
same_labels (gchar **a, gchar **b)
{
  return a && b ? g_strv_equal ((const gchar *const *) a, (const gchar *const *) b) : a == b;
}

gboolean
gptvis_zone_equal (const GptVisZone *a, const GptVisZone *b)
{
  return g_str_equal (a->name, b->name) && a->line == b->line && a->dwell == b->dwell
      && a->n_points == b->n_points && memcmp (a->points, b->points, a->n_points * sizeof a->points[0]) == 0
      && same_labels (a->labels, b->labels);
}
