/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Characters as tokenizers class them. The tables are our own (unicode-tables.py says
 * where they come from), since GLib's follow whatever version of Unicode GLib was built
 * with, and a checkpoint wants the classes that its tokenizer was made with. They also
 * say which characters are composed and decomposed; GLib says into what, since Unicode
 * promises never to change that for an assigned character.
 * All functions are pure; any thread. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

gboolean gptvis_unicode_letter (gunichar c);
gboolean gptvis_unicode_number (gunichar c);
gboolean gptvis_unicode_space (gunichar c);     /* White_Space */
/* The next four are as BERT has them. */
gboolean gptvis_unicode_punctuation (gunichar c);
gboolean gptvis_unicode_control (gunichar c);   /* so is U+FFFD */
gboolean gptvis_unicode_mark (gunichar c);      /* an accent */
gboolean gptvis_unicode_ideograph (gunichar c);

/* The lower case, character by character: no context, no language. U+0130 alone
 * becomes two characters, and is left to gptvis_unicode_append_lower. */
gunichar gptvis_unicode_lower (gunichar c);
void gptvis_unicode_append_lower (GString *text, gunichar c);

/* Appends the text composed (NFC) or decomposed (NFD); it is valid UTF-8 that may hold U+0000. */
void gptvis_unicode_normalize (GString *to, const gchar *text, gsize size, gboolean compose);

/* The size of the first character in n bytes (n > 0), which *c becomes. Where the bytes are not UTF-8, *c is
 * U+FFFD, and the size is that of the longest valid start of a character, at least 1, as Rust's
 * from_utf8_lossy and the WHATWG have it. 0: the bytes are valid, but the character is not complete. */
guint gptvis_unicode_scan (const gchar *bytes, gsize n, gunichar *c);

/* The first character of valid UTF-8. */
static inline gunichar
gptvis_unicode_next (const gchar **at)
{
  const gunichar c = g_utf8_get_char (*at);
  *at = g_utf8_next_char (*at);
  return c;
}

/* Appends the bytes, with U+FFFD for all that is not UTF-8. */
void gptvis_unicode_append_lossy (GString *text, const gchar *bytes, gsize size);

G_END_DECLS
