/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done to a text before it is cut into words: a few steps, each over all of it. */
#include "tokenizer-private.h"

/* Runs of white space become one space. */
static void
join_spaces (GString *to, const gchar *at, const gchar *end)
{
  gboolean was = FALSE;
  while (at < end) {
    const gunichar c = gptvis_unicode_next (&at);
    const gboolean space = gptvis_unicode_space (c);
    if (!space)
      g_string_append_unichar (to, c);
    else if (!was)
      g_string_append_c (to, ' ');
    was = space;
  }
}

static void
lower (GString *to, const gchar *at, const gchar *end)
{
  while (at < end)
    gptvis_unicode_append_lower (to, gptvis_unicode_next (&at));
}

/* Removes control characters, turns white space into spaces, puts spaces around ideographs. */
static void
clean (const GptVisNormalizeStep *step, GString *to, const gchar *at, const gchar *end)
{
  while (at < end) {
    const gunichar c = gptvis_unicode_next (&at);
    if (step->clean && gptvis_unicode_control (c))
      continue;
    if (step->clean && gptvis_unicode_space (c))
      g_string_append_c (to, ' ');
    else if (step->ideographs && gptvis_unicode_ideograph (c)) {
      g_string_append_c (to, ' ');
      g_string_append_unichar (to, c);
      g_string_append_c (to, ' ');
    } else
      g_string_append_unichar (to, c);
  }
}

static void
strip_accents (GString *to, const gchar *text, gsize size)
{
  GString *all = g_string_sized_new (size);
  gptvis_unicode_normalize (all, text, size, FALSE);
  for (const gchar *at = all->str, *end = at + all->len; at < end;) {
    const gunichar c = gptvis_unicode_next (&at);
    if (!gptvis_unicode_mark (c))
      g_string_append_unichar (to, c);
  }
  g_string_free (all, TRUE);
}

static void
swap (GString *a, GString *b)
{
  const GString c = *a;
  *a = *b;
  *b = c;
  g_string_truncate (b, 0);
}

static void
bert (const GptVisNormalizeStep *step, GString *text, GString *spare)
{
  if (step->clean || step->ideographs) {
    clean (step, spare, text->str, text->str + text->len);
    swap (text, spare);
  }
  if (step->accents) {
    strip_accents (spare, text->str, text->len);
    swap (text, spare);
  }
  if (step->lower) {
    lower (spare, text->str, text->str + text->len);
    swap (text, spare);
  }
}

void
gptvis_normalize (const GptVisTokenizer *self, GString *text, GString *spare)
{
  g_string_truncate (spare, 0);
  for (guint i = 0; i < self->n_steps; i++) {
    const GptVisNormalizeStep *step = &self->steps[i];
    const gchar *end = text->str + text->len;
    switch (step->kind) {
      case GPTVIS_NORMALIZE_NFC:
      case GPTVIS_NORMALIZE_NFD:
        gptvis_unicode_normalize (spare, text->str, text->len, step->kind == GPTVIS_NORMALIZE_NFC);
        break;
      case GPTVIS_NORMALIZE_SPACES:
        join_spaces (spare, text->str, end);
        break;
      case GPTVIS_NORMALIZE_LOWER:
        lower (spare, text->str, end);
        break;
      case GPTVIS_NORMALIZE_BERT:
        bert (step, text, spare);
        continue;
    }
    swap (text, spare);
  }
}
