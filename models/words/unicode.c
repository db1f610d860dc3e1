/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ranges and a binary search. Nearly all text is ASCII, which each function handles before
 * it searches. */
#include "unicode.h"
#include <string.h>

typedef struct {
  guint32 first, last;
} Range;

typedef struct {
  guint32 first, last;
  guint16 step;                 /* 1: each of them; 2: every second */
  gint32 add;
} Run;

#include "unicode-tables.inc"

#define within(c, table) search (c, table, G_N_ELEMENTS (table))

static gboolean
search (gunichar c, const Range *ranges, gsize n)
{
  gsize low = 0, high = n;
  while (low < high) {
    const gsize middle = (low + high) / 2;
    if (c > ranges[middle].last)
      low = middle + 1;
    else if (c < ranges[middle].first)
      high = middle;
    else
      return TRUE;
  }
  return FALSE;
}

gboolean
gptvis_unicode_letter (gunichar c)
{
  return c < 0x80 ? g_ascii_isalpha ((gchar) c) : within (c, letters);
}

gboolean
gptvis_unicode_number (gunichar c)
{
  return c < 0x80 ? g_ascii_isdigit ((gchar) c) : within (c, numbers);
}

gboolean
gptvis_unicode_space (gunichar c)
{
  if (c < 0x80)
    return c == ' ' || (c >= '\t' && c <= '\r');
  return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029
      || c == 0x202f || c == 0x205f || c == 0x3000;
}

gboolean
gptvis_unicode_punctuation (gunichar c)
{
  return c < 0x80 ? g_ascii_ispunct ((gchar) c) : within (c, punctuation);
}

gboolean
gptvis_unicode_control (gunichar c)
{
  return c == 0 || (c < 0x20 || c >= 0x7f ? within (c, controls) : FALSE);
}

gboolean
gptvis_unicode_mark (gunichar c)
{
  return c >= 0x300 && within (c, marks);
}

gboolean
gptvis_unicode_ideograph (gunichar c)
{
  return c >= 0x3400 && within (c, ideographs);
}

gunichar
gptvis_unicode_lower (gunichar c)
{
  if (c < 0x80)
    return (gunichar) g_ascii_tolower ((gchar) c);
  gsize low = 0, high = G_N_ELEMENTS (lower);
  while (low < high) {
    const gsize middle = (low + high) / 2;
    const Run *run = &lower[middle];
    if (c > run->last)
      low = middle + 1;
    else if (c < run->first)
      high = middle;
    else
      return (c - run->first) % run->step == 0 ? (gunichar) ((gint32) c + run->add) : c;
  }
  return c;
}

void
gptvis_unicode_append_lower (GString *text, gunichar c)
{
  if (c == 0x130)
    g_string_append (text, "i\xcc\x87");
  else
    g_string_append_unichar (text, gptvis_unicode_lower (c));
}

/* A character and its combining class: 0, or it goes with the one before it. */
typedef struct {
  gunichar c;
  gint class;
} Mark;

static gint
by_class (gconstpointer a, gconstpointer b, gpointer user)
{
  return ((const Mark *) a)->class - ((const Mark *) b)->class;
}

/* g_utf8_normalize ends at U+0000 and sorts marks in quadratic time; so GLib is asked
 * only what a single character decomposes into, and our own tables say which characters
 * do. g_qsort_with_data is stable. */
static GArray *
decompose (const gchar *text, gsize size)
{
  GArray *all = g_array_sized_new (FALSE, FALSE, sizeof (Mark), (guint) size);
  guint run = 0;                /* how many marks stand at the end */
  for (const gchar *at = text, *end = text + size; at < end;) {
    gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
    gsize n = 1;
    parts[0] = gptvis_unicode_next (&at);
    if (parts[0] >= 0xc0 && within (parts[0], decomposed))
      n = g_unichar_fully_decompose (parts[0], FALSE, parts, G_N_ELEMENTS (parts));
    for (gsize i = 0; i < n; i++) {
      const gboolean sorted = parts[i] >= 0x300 && within (parts[i], combining);
      const Mark mark = { parts[i], sorted ? g_unichar_combining_class (parts[i]) : 0 };
      if (mark.class == 0) {
        if (run > 1)
          g_qsort_with_data (&g_array_index (all, Mark, all->len - run), (gint) run, sizeof mark, by_class,
              NULL);
        run = 0;
      } else {
        run++;
      }
      g_array_append_val (all, mark);
    }
  }
  if (run > 1)
    g_qsort_with_data (&g_array_index (all, Mark, all->len - run), (gint) run, sizeof (Mark), by_class, NULL);
  return all;
}

/* Composes marks with the character that they follow, unless another mark of the same or
 * a higher class is between. A mark that was composed gets class −1. */
static void
compose_all (GArray *all)
{
  Mark *starter = NULL, *last = NULL;   /* last: what was kept since the starter */
  for (guint i = 0; i < all->len; i++) {
    Mark *mark = &g_array_index (all, Mark, i);
    gunichar composed;
    const gboolean unblocked = !last || (last->class != 0 && last->class < mark->class);
    if (starter && unblocked && g_unichar_compose (starter->c, mark->c, &composed)
        && within (composed, decomposed)) {
      starter->c = composed;
      mark->class = -1;
    } else if (mark->class == 0) {
      starter = mark;
      last = NULL;
    } else {
      last = mark;
    }
  }
}

void
gptvis_unicode_normalize (GString *to, const gchar *text, gsize size, gboolean compose)
{
  gsize n = 0;
  while (n < size && (guchar) text[n] < 0x80)
    n++;
  if (n == size) {
    g_string_append_len (to, text, (gssize) size);
    return;
  }
  GArray *all = decompose (text, size);
  if (compose)
    compose_all (all);
  for (guint i = 0; i < all->len; i++)
    if (g_array_index (all, Mark, i).class >= 0)
      g_string_append_unichar (to, g_array_index (all, Mark, i).c);
  g_array_unref (all);
}

guint
gptvis_unicode_scan (const gchar *bytes, gsize n, gunichar *c)
{
  const guchar *p = (const guchar *) bytes;
  /* the second byte's range excludes overlong forms, surrogates and what is beyond U+10FFFF */
  guchar from = 0x80, to = 0xbf;
  guint size;
  *c = p[0];
  if (p[0] < 0x80)
    return 1;
  if (p[0] >= 0xc2 && p[0] <= 0xdf) {
    size = 2;
  } else if (p[0] >= 0xe0 && p[0] <= 0xef) {
    size = 3;
    from = p[0] == 0xe0 ? 0xa0 : from;
    to = p[0] == 0xed ? 0x9f : to;
  } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
    size = 4;
    from = p[0] == 0xf0 ? 0x90 : from;
    to = p[0] == 0xf4 ? 0x8f : to;
  } else {
    *c = 0xfffd;
    return 1;
  }
  *c &= 0x7fu >> size;
  for (guint i = 1; i < size; i++, from = 0x80, to = 0xbf) {
    if (i == n)
      return 0;
    if (p[i] < from || p[i] > to) {
      *c = 0xfffd;
      return i;
    }
    *c = *c << 6 | (p[i] & 0x3f);
  }
  return size;
}

void
gptvis_unicode_append_lossy (GString *text, const gchar *bytes, gsize size)
{
  const gchar *good = bytes, *end = bytes + size;
  for (const gchar *at = bytes; at < end;) {
    gunichar c;
    const guint n = gptvis_unicode_scan (at, (gsize) (end - at), &c);
    const gsize used = n ? n : (gsize) (end - at);
    if (n == 0 || (c == 0xfffd && memcmp (at, "\xef\xbf\xbd", MIN (used, 3)) != 0)) {
      g_string_append_len (text, good, at - good);
      g_string_append (text, "\xef\xbf\xbd");
      good = at + used;
    }
    at += used;
  }
  g_string_append_len (text, good, end - good);
}
