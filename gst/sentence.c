/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cleans the text of a caption, whatever is in it. */
#include "sentence.h"

#define MAX_CHARACTERS 2000u

gchar *
gptvis_sentence (const gchar *text)
{
  gchar *valid = g_utf8_make_valid (text, -1);
  GString *line = g_string_sized_new (64);
  gboolean blank = FALSE;
  guint n = 0;

  for (const gchar *p = valid; *p && n < MAX_CHARACTERS; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    if (g_unichar_isspace (c) || g_unichar_iscntrl (c)) {
      blank = line->len > 0;
      continue;
    }
    if (blank)
      g_string_append_c (line, ' ');
    blank = FALSE;
    g_string_append_unichar (line, c);
    n++;
  }
  g_free (valid);
  return g_string_free (line, FALSE);
}
