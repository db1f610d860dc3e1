/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sentence is formatted first and cleaned afterwards, so no caller has to think of what it quotes. */
#include "quote.h"

GError *
gptvis_quote_error_new (GptVisError code, const gchar *format, va_list args)
{
  gchar *raw = g_strdup_vprintf (format, args), *valid = g_utf8_make_valid (raw, -1);
  GString *text = g_string_new (NULL);
  for (const gchar *p = valid; *p; p = g_utf8_next_char (p)) {
    const gunichar c = g_utf8_get_char (p);
    g_string_append_unichar (text, g_unichar_iscntrl (c) ? 0xfffd : c);
  }
  GError *error = g_error_new_literal (GPTVIS_ERROR, code, text->str);
  g_string_free (text, TRUE);
  g_free (valid);
  g_free (raw);
  return error;
}

void
gptvis_quote_error (GError **error, GptVisError code, const gchar *format, ...)
{
  va_list args;
  va_start (args, format);
  g_propagate_error (error, gptvis_quote_error_new (code, format, args));
  va_end (args);
}
