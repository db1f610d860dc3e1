/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text to words, in three ways, each of which does what its pattern says:
 *
 *     GPT-2   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *     CLIP    's|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+      the rest is left out
 *     BERT    words between white space, which is left out; each mark alone */
#include "tokenizer-private.h"
#include <string.h>

typedef enum { SPACE, LETTER, NUMBER, OTHER, END } Class;

static Class
class_at (const gchar *at, const gchar *end)
{
  if (at >= end)
    return END;
  const gunichar c = g_utf8_get_char (at);
  if (gptvis_unicode_letter (c))
    return LETTER;
  if (gptvis_unicode_number (c))
    return NUMBER;
  return gptvis_unicode_space (c) ? SPACE : OTHER;
}

static const gchar *
skip (const gchar *at, const gchar *end, Class class)
{
  while (class_at (at, end) == class)
    at = g_utf8_next_char (at);
  return at;
}

/* Where a contraction ('s, 't, …) ends; `at`: there is none. */
static const gchar *
contraction (const gchar *at, const gchar *end)
{
  static const gchar *const all[] = { "'s", "'t", "'re", "'ve", "'m", "'ll", "'d" };
  if (*at != '\'')
    return at;
  for (guint i = 0; i < G_N_ELEMENTS (all); i++) {
    const gsize n = strlen (all[i]);
    if ((gsize) (end - at) >= n && memcmp (at, all[i], n) == 0)
      return at + n;
  }
  return at;
}

static const gchar *
end_gpt2 (const gchar *at, const gchar *end)
{
  const gchar *stop = contraction (at, end);
  if (stop > at)
    return stop;
  const gchar *inner = *at == ' ' ? at + 1 : at;
  const Class class = class_at (inner, end);
  if (class != SPACE && class != END)
    return skip (inner, end, class);
  /* white space: of several, the last is left for the word that follows */
  stop = skip (at, end, SPACE);
  if (stop < end) {
    const gchar *last = g_utf8_find_prev_char (at, stop);
    return last && last > at ? last : stop;
  }
  return stop;
}

static const gchar *
end_clip (const gchar *at, const gchar *end)
{
  const gchar *stop = contraction (at, end);
  if (stop > at)
    return stop;
  const Class class = class_at (at, end);
  return class == NUMBER ? g_utf8_next_char (at) : skip (at, end, class);
}

static const gchar *
end_bert (const gchar *at, const gchar *end)
{
  if (gptvis_unicode_punctuation (g_utf8_get_char (at)))
    return g_utf8_next_char (at);
  while (at < end && !gptvis_unicode_punctuation (g_utf8_get_char (at))
      && !gptvis_unicode_space (g_utf8_get_char (at)))
    at = g_utf8_next_char (at);
  return at;
}

gboolean
gptvis_cut_next (GptVisCut cut, const gchar **at, const gchar *end, const gchar **word, gsize *size)
{
  if (cut == GPTVIS_CUT_CLIP || cut == GPTVIS_CUT_BERT)
    while (*at < end && gptvis_unicode_space (g_utf8_get_char (*at)))
      *at = g_utf8_next_char (*at);
  if (*at >= end)
    return FALSE;
  *word = *at;
  switch (cut) {
    case GPTVIS_CUT_NONE:
      *at = end;
      break;
    case GPTVIS_CUT_GPT2:
      *at = end_gpt2 (*at, end);
      break;
    case GPTVIS_CUT_CLIP:
      *at = end_clip (*at, end);
      break;
    case GPTVIS_CUT_BERT:
      *at = end_bert (*at, end);
      break;
  }
  *size = (gsize) (*at - *word);
  return TRUE;
}
