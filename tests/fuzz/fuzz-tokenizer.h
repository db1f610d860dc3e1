/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tokenizers' targets share: an input is files with a NUL between them, and
 * then a text, which a tokenizer that opens must take and give back within its promises. */
#pragma once
#include "fuzz.h"
#include "tokenizer-private.h"
#include <string.h>

/* Decodes any ids: the text grows by whole characters, and ends as the whole text. */
static inline void
fuzz_decode (const GptVisTokenizer *t, const guint32 *ids, gsize n, gboolean skip, gboolean clean_up)
{
  gchar *whole = gptvis_tokenizer_decode (t, ids, n, skip, clean_up);
  g_assert (g_utf8_validate (whole, -1, NULL));
  GptVisTextStream *stream = gptvis_text_stream_new (t, skip, clean_up);
  gsize size = 0;
  for (gsize i = 0; i < n; i++) {
    const gchar *text = gptvis_text_stream_push (stream, ids[i]);
    g_assert (strlen (text) >= size && g_utf8_validate (text, -1, NULL) && g_str_has_prefix (whole, text));
    size = strlen (text);
  }
  g_assert (strcmp (gptvis_text_stream_finish (stream), whole) == 0);
  gptvis_text_stream_free (stream);
  g_free (whole);
}

static inline void
fuzz_use (const GptVisTokenizer *t, const gchar *text, gsize size)
{
  const guint n_tokens = gptvis_tokenizer_size (t);
  for (guint special = 0; special < 2; special++) {
    gsize n;
    guint32 *ids = gptvis_tokenizer_encode (t, text, (gssize) size, special, &n);
    for (gsize i = 0; i < n; i++)
      g_assert (ids[i] < n_tokens);
    fuzz_decode (t, ids, n, special, TRUE);
    fuzz_decode (t, ids, n, special, FALSE);
    g_free (ids);
  }
  /* the text's bytes taken for ids: in an order that no text has, and some that are none */
  guint32 *ids = g_new (guint32, size + 1);
  for (gsize i = 0; i < size; i++)
    ids[i] = (guchar) text[i] % (n_tokens + 1);
  fuzz_decode (t, ids, size, FALSE, TRUE);
  fuzz_decode (t, ids, size, TRUE, FALSE);
  g_free (ids);
}

/* The n files (of those in `which`) that the input holds, and the text behind them. */
static inline void
fuzz_tokenizer (const uint8_t *data, size_t size, const GptVisTokenizerWhich *which, guint n)
{
  GptVisTokenizerFile files[GPTVIS_TOKENIZER_N_FILES] = { 0 };
  const gchar *at = (const gchar *) data, *end = at + size;
  for (guint i = 0; i < GPTVIS_TOKENIZER_N_FILES; i++)
    files[i].name = "fuzz";
  for (guint i = 0; i < n; i++) {
    const gchar *stop = size ? memchr (at, 0, (gsize) (end - at)) : NULL;
    stop = stop ? stop : end;
    files[which[i]].text = at ? at : "";
    files[which[i]].size = (gsize) (stop - at);
    if (i > 0 && stop == at)
      files[which[i]].text = NULL;
    at = stop < end ? stop + 1 : end;
  }
  if (which[0] == GPTVIS_TOKENIZER_VOCAB_JSON && !files[GPTVIS_TOKENIZER_MERGES].text)
    files[GPTVIS_TOKENIZER_MERGES].text = "";
  GError *error = NULL;
  GptVisTokenizer *t = gptvis_tokenizer_parse ("fuzz", files, &error);
  fuzz_check (t != NULL, error);
  if (t)
    fuzz_use (t, at, (gsize) (end - at));
  gptvis_tokenizer_free (t);
}
