/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* generation_config.json; the size says for what network. What is accepted keeps the
 * promises of generation.h, and a search under it comes to its end. */
#include "fuzz.h"
#include "search.h"
#include <math.h>

#define MOST_VOCABULARY 40u

static void
check_tokens (const GArray *tokens, guint vocabulary)
{
  for (guint i = 0; i < tokens->len; i++)
    g_assert (g_array_index (tokens, guint, i) < vocabulary);
}

static void
search (const GptVisGeneration *rules, guint vocabulary)
{
  GptVisSearch *search = gptvis_search_new (rules, rules->n_beams, vocabulary);
  GptVisSequence sequences[GPTVIS_MAX_BEAMS];
  float logits[MOST_VOCABULARY], log_probabilities[MOST_VOCABULARY];
  const float *l[GPTVIS_MAX_BEAMS], *p[GPTVIS_MAX_BEAMS];
  GError *error = NULL;
  gboolean ok = TRUE;
  guint n = 0;
  for (guint i = 0; i < vocabulary; i++) {
    logits[i] = (i * 7 % 5) * 0.5f;
    log_probabilities[i] = logits[i] - 5;
  }
  for (guint i = 0; i < GPTVIS_MAX_BEAMS; i++) {
    l[i] = logits;
    p[i] = log_probabilities;
  }
  for (gptvis_search_begin (search); !gptvis_search_is_done (search); n++) {
    g_assert (n < rules->max_length && gptvis_search_ask (search, sequences) <= rules->n_beams);
    ok = gptvis_search_feed (search, l, p, &error);
  }
  fuzz_check (ok, error);
  check_tokens (rules->ends, vocabulary);
  gptvis_search_tokens (search, &n);
  g_assert (n <= rules->max_length && ok == (n > 1));
  gptvis_search_free (search);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const guint vocabulary = 1 + size % MOST_VOCABULARY;
  const GptVisConfiguration config = { .decoder = { .vocabulary = vocabulary, .n_positions = 1 + size % 23,
      .start = -1, .end = -1 } };
  GError *error = NULL;
  GptVisGeneration *g = gptvis_generation_parse ("fuzz", (const gchar *) data, size, &config, &error);
  fuzz_check (g != NULL, error);
  if (!g)
    return 0;
  g_assert (g->start < vocabulary && g->n_beams >= 1 && g->n_beams <= GPTVIS_MAX_BEAMS);
  g_assert (g->max_length >= 2 && g->max_length <= config.decoder.n_positions
      && g->min_length <= g->max_length);
  g_assert (g->forced_first < (gint) vocabulary && g->forced_last < (gint) vocabulary);
  g_assert (g->repetition_penalty > 0 && isfinite (g->repetition_penalty) && isfinite (g->length_penalty));
  check_tokens (g->ends, vocabulary);
  check_tokens (g->suppressed, vocabulary);
  check_tokens (g->suppressed_first, vocabulary);
  search (g, vocabulary);
  gptvis_generation_free (g);
  return 0;
}
