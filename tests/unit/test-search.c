/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The search of words against two other opinions: what Transformers' generate() found for
 * the same made-up decoder (a table in search-cases.inc), and, for any number of random
 * rules, the plainest way to say what those rules are, written here again.
 *
 * The decoder's logits are a hash of the tokens so far. Which those are it only learns as a
 * real one does: from the copies of its states that a sequence's history names. */
#include "search.h"
#include "unit.h"
#include <math.h>
#include <string.h>

#define MOST_VOCABULARY 64u
#define MOST_LENGTH 32u

/* --- the decoder --- */

static guint32
mix (guint32 x)
{
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ x >> 16;
}

/* What comes after those tokens; each a float exactly. */
static void
hash_logits (guint32 seed, const guint *tokens, guint n, guint vocabulary, float *logits)
{
  guint32 h = mix (seed + 1);
  for (guint i = 0; i < n; i++)
    h = mix (h * 31 + tokens[i] + 1);
  for (guint v = 0; v < vocabulary; v++)
    logits[v] = (mix (h + v * 0x9e3779b9u) >> 8) / 16777216.0f * 8 - 4;
}

static void
log_softmax (const float *logits, guint vocabulary, float *out)
{
  double sum = 0;
  for (guint v = 0; v < vocabulary; v++)
    sum += exp (logits[v]);
  for (guint v = 0; v < vocabulary; v++)
    out[v] = logits[v] - log (sum);
}

typedef struct {
  guint32 seed;
  guint vocabulary, n_beams;
  GptVisGeneration rules;
} Task;

/* What came of it; length 0: nothing can be said. */
typedef struct {
  guint tokens[MOST_LENGTH], length;
  gdouble score, log_probability;
} Answer;

/* Each copy of the states has a row a position: which token was read there. */
typedef guint Slot[GPTVIS_MAX_BEAMS][MOST_LENGTH];

static void
step (const Task *task, Slot slot, const GptVisSequence *sequence, float *logits, float *log_probabilities)
{
  guint tokens[MOST_LENGTH];
  g_assert_cmpuint (sequence->position, <, task->rules.max_length);
  g_assert_cmpuint (sequence->token, <, task->vocabulary);
  for (guint i = 0; i < sequence->position; i++) {
    g_assert_cmpuint (sequence->history[i], <, task->n_beams);
    tokens[i] = slot[sequence->history[i]][i];
  }
  tokens[sequence->position] = slot[sequence->beam][sequence->position] = sequence->token;
  hash_logits (task->seed, tokens, sequence->position + 1, task->vocabulary, logits);
  log_softmax (logits, task->vocabulary, log_probabilities);
}

/* A sentence, or what stopped it. */
static GError *
write_sentence (GptVisSearch *search, const Task *task, Answer *answer)
{
  static float logits[GPTVIS_MAX_BEAMS][MOST_VOCABULARY],
      log_probabilities[GPTVIS_MAX_BEAMS][MOST_VOCABULARY];
  const float *l[GPTVIS_MAX_BEAMS], *p[GPTVIS_MAX_BEAMS];
  GptVisSequence sequences[GPTVIS_MAX_BEAMS];
  GError *error = NULL;
  Slot slot;

  memset (slot, 0xff, sizeof slot);
  gptvis_search_begin (search);
  for (guint round = 1; !gptvis_search_is_done (search); round++) {
    const guint n = gptvis_search_ask (search, sequences);
    g_assert_cmpuint (round, <, task->rules.max_length);
    g_assert_cmpuint (n, >=, 1);
    g_assert_cmpuint (n, <=, task->n_beams);
    for (guint i = 0; i < n; i++) {
      g_assert_cmpuint (sequences[i].position, ==, round - 1);
      g_assert_cmpuint (sequences[i].beam, ==, i);
      step (task, slot, &sequences[i], logits[i], log_probabilities[i]);
      l[i] = logits[i];
      p[i] = log_probabilities[i];
    }
    if (!gptvis_search_feed (search, l, p, &error))
      break;
    g_assert_null (error);
  }
  g_assert_true (gptvis_search_is_done (search));
  const guint *tokens = gptvis_search_tokens (search, &answer->length);
  g_assert_cmpuint (answer->length, <=, task->rules.max_length);
  memcpy (answer->tokens, tokens, answer->length * sizeof (guint));
  answer->score = gptvis_search_score (search);
  answer->log_probability = gptvis_search_log_probability (search);
  g_assert_true ((error != NULL) == (answer->length == 0));
  return error;
}

/* --- the rules again --- */

static gboolean
holds (const GArray *tokens, guint token)
{
  for (guint i = 0; i < tokens->len; i++)
    if (g_array_index (tokens, guint, i) == token)
      return TRUE;
  return FALSE;
}

/* Was the run of n tokens that would end with `token` there before? */
static gboolean
repeats (const Answer *past, guint n, guint token)
{
  for (guint at = 0; at + n <= past->length; at++) {
    gboolean same = past->tokens[at + n - 1] == token;
    for (guint i = 0; same && i + 1 < n; i++)
      same = past->tokens[at + i] == past->tokens[past->length - n + 1 + i];
    if (same)
      return TRUE;
  }
  return FALSE;
}

/* The score of one token after a past. */
static gdouble
judge (const GptVisGeneration *r, const Answer *past, guint token, gdouble score)
{
  gboolean said = FALSE;
  for (guint i = 0; i < past->length; i++)
    said |= past->tokens[i] == token;
  if (said)
    score = score < 0 ? score * r->repetition_penalty : score / r->repetition_penalty;
  if (r->no_repeat && past->length + 1 >= r->no_repeat && repeats (past, r->no_repeat, token))
    score = -INFINITY;
  if (past->length < r->min_length && holds (r->ends, token))
    score = -INFINITY;
  if (past->length == 1 && r->forced_first >= 0)
    score = (guint) r->forced_first == token ? 0 : -INFINITY;
  if (past->length + 1 == r->max_length && r->forced_last >= 0)
    score = (guint) r->forced_last == token ? 0 : -INFINITY;
  if (holds (r->suppressed, token)
      || (past->length == (r->forced_first >= 0 ? 2 : 1) && holds (r->suppressed_first, token)))
    score = -INFINITY;
  return score;
}

static void
add_candidates (const Task *task, const Answer *past, GArray *candidates)
{
  float logits[MOST_VOCABULARY], log_probabilities[MOST_VOCABULARY];
  hash_logits (task->seed, past->tokens, past->length, task->vocabulary, logits);
  log_softmax (logits, task->vocabulary, log_probabilities);
  for (guint token = 0; token < task->vocabulary; token++) {
    Answer next = *past;
    next.score = task->n_beams == 1 ? judge (&task->rules, past, token, logits[token])
        : past->score + judge (&task->rules, past, token, log_probabilities[token]);
    next.log_probability += log_probabilities[token];
    next.tokens[next.length++] = token;
    if (next.score > -INFINITY)
      g_array_append_val (candidates, next);
  }
}

static gint
better (gconstpointer a, gconstpointer b)
{
  const gdouble x = ((const Answer *) a)->score, y = ((const Answer *) b)->score;
  return x > y ? -1 : x < y;
}

static gboolean
is_over (const Task *task, const Answer *a)
{
  return a->length == task->rules.max_length || holds (task->rules.ends, a->tokens[a->length - 1]);
}

/* May the running beams still do better than the worst sentence of a full set? */
static gboolean
has_hope (const Task *task, const GArray *running, const GArray *found, guint length)
{
  const GptVisGeneration *r = &task->rules;
  if (found->len < task->n_beams)
    return TRUE;
  const gboolean far = r->stop == GPTVIS_STOP_NEVER && r->length_penalty > 0;
  const gdouble hope = g_array_index (running, Answer, 0).score
      / pow (far ? r->max_length - 1 : length - 1, r->length_penalty);
  return hope > g_array_index (found, Answer, found->len - 1).score;
}

/* Beam search, and with one beam greedy search, which is over at its first sentence. */
static Answer
define (const Task *task)
{
  const GptVisGeneration *r = &task->rules;
  const guint keep = task->n_beams == 1 ? 1 : MAX (2, 1 + r->ends->len) * task->n_beams;
  GArray *running = g_array_new (FALSE, FALSE, sizeof (Answer)), *found = g_array_new (FALSE, FALSE,
      sizeof (Answer));
  Answer best = { {r->start}, 1, 0, 0 };
  gboolean goes_on = TRUE;

  g_array_append_val (running, best);
  for (guint length = 2; goes_on; length++) {
    GArray *candidates = g_array_new (FALSE, FALSE, sizeof (Answer));
    GArray *next = g_array_new (FALSE, FALSE, sizeof (Answer));
    for (guint i = 0; i < running->len; i++)
      add_candidates (task, &g_array_index (running, Answer, i), candidates);
    g_array_sort (candidates, better);
    for (guint i = 0; i < MIN (keep, candidates->len); i++) {
      Answer a = g_array_index (candidates, Answer, i);
      if (!is_over (task, &a)) {
        g_array_append_val (next, a);
      } else if (i < task->n_beams) {
        a.score /= pow (length - 1, r->length_penalty);
        g_array_append_val (found, a);
      }
    }
    g_array_set_size (next, MIN (next->len, task->n_beams));
    g_array_sort (found, better);
    g_array_set_size (found, MIN (found->len, task->n_beams));
    goes_on = next->len > 0 && has_hope (task, next, found, length)
        && !(r->stop == GPTVIS_STOP_EARLY && found->len == task->n_beams);
    if (candidates->len == 0 && found->len == 0)
      best.length = 0;
    g_array_unref (running);
    g_array_unref (candidates);
    running = next;
  }
  if (best.length > 0 && found->len > 0)
    best = g_array_index (found, Answer, 0);
  best.log_probability /= best.length > 1 ? best.length - 1 : 1;
  g_array_unref (running);
  g_array_unref (found);
  return best;
}

/* --- tasks --- */

static GArray *
tokens_of (const gchar *text)
{
  GArray *tokens = g_array_new (FALSE, FALSE, sizeof (guint));
  gchar **words = g_strsplit (text, " ", -1);
  for (guint i = 0; words[i]; i++)
    if (*words[i])
      g_array_append_vals (tokens, &(guint) { atoi (words[i]) }, 1);
  g_strfreev (words);
  return tokens;
}

static void
task_clear (Task *task)
{
  g_array_unref (task->rules.ends);
  g_array_unref (task->rules.suppressed);
  g_array_unref (task->rules.suppressed_first);
}

static gchar *
spell (const Answer *answer)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < answer->length; i++)
    g_string_append_printf (text, i ? " %u" : "%u", answer->tokens[i]);
  return g_string_free (text, FALSE);
}

static gchar *
describe (const Task *task)
{
  const GptVisGeneration *r = &task->rules;
  return g_strdup_printf ("seed %u, vocabulary %u, %u beams, length %u to %u, %u ends, no_repeat %u, "
      "penalties %g and "
      "%g, stop %d, forced %d and %d, suppressed %u and %u", task->seed, task->vocabulary, task->n_beams,
      r->min_length,
      r->max_length, r->ends->len, r->no_repeat, r->repetition_penalty, r->length_penalty, r->stop,
      r->forced_first, r->forced_last, r->suppressed->len, r->suppressed_first->len);
}

static void
compare (const Task *task, const Answer *answer, const gchar *want, gdouble score)
{
  gchar *got = spell (answer);
  if (strcmp (got, want) != 0 || (answer->length > 0
      && !(fabs (answer->score - score) < 1e-4 * (1 + fabs (score))))) {
    gchar *which = describe (task);
    g_error ("%s: \"%s\" (%g), where \"%s\" (%g) is expected", which, got, answer->score, want, score);
  }
  g_free (got);
}

static void
try (const Task *task)
{
  GptVisSearch *search = gptvis_search_new (&task->rules, task->n_beams, task->vocabulary);
  const Answer want = define (task);
  gchar *tokens = spell (&want);
  for (guint i = 0; i < 2; i++) {       /* the second finds nothing of the first */
    Answer got;
    GError *error = write_sentence (search, task, &got);
    compare (task, &got, tokens, want.score);
    if (got.length > 0)
      g_assert_cmpfloat_with_epsilon (got.log_probability, want.log_probability, 1e-6);
    else
      g_assert_error (error, GPTVIS_ERROR, GPTVIS_ERROR_FORMAT);
    g_clear_error (&error);
  }
  gptvis_search_free (search);
  g_free (tokens);
}

typedef struct {
  guint32 seed;
  guint vocabulary, start, n_beams, max_length, min_length, no_repeat;
  gdouble repetition_penalty, length_penalty;
  GptVisStop stop;
  gint forced_first, forced_last;
  const gchar *ends, *suppressed, *suppressed_first, *tokens;
  gdouble score;                /* 0 of greedy searches, which have none */
} Case;

static const Case cases[] = {
#include "search-cases.inc"
};

static void
test_transformers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const Case *c = &cases[i];
    Task task = { c->seed, c->vocabulary, c->n_beams, { .start = c->start, .ends = tokens_of (c->ends),
            .forced_first = c->forced_first, .forced_last = c->forced_last,
            .suppressed = tokens_of (c->suppressed),
            .suppressed_first = tokens_of (c->suppressed_first), .max_length = c->max_length,
            .min_length = c->min_length,
            .n_beams = c->n_beams, .no_repeat = c->no_repeat, .repetition_penalty = c->repetition_penalty,
            .length_penalty = c->length_penalty, .stop = c->stop } };
    GptVisSearch *search = gptvis_search_new (&task.rules, task.n_beams, task.vocabulary);
    Answer answer;
    GError *error = write_sentence (search, &task, &answer);
    g_assert_no_error (error);
    compare (&task, &answer, c->tokens, c->n_beams == 1 ? answer.score : c->score);
    gptvis_search_free (search);
    try (&task);
    task_clear (&task);
  }
}

static GArray *
some_tokens (guint vocabulary, guint most)
{
  GArray *tokens = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint n = g_test_rand_int_range (0, most + 1); tokens->len < n;)
    if (tokens->len + 1 >= vocabulary)
      break;
    else
      g_array_append_vals (tokens, &(guint) { g_test_rand_int_range (0, vocabulary) }, 1);
  return tokens;
}

enum { ENDS = 1 << 0, MIN_LENGTH = 1 << 1, NO_REPEAT = 1 << 2, REPETITION = 1 << 3, LENGTH = 1 << 4,
    FIRST = 1 << 5,
  LAST = 1 << 6, SUPPRESSED = 1 << 7, NOT_FIRST = 1 << 8, ALL = (1 << 9) - 1 };

static Task
draw (guint which)
{
  static const gdouble repetitions[] = { 1.3, 0.6, 2 }, lengths[] = { 0, 2, -1, 0.5 };
  const guint vocabulary = g_test_rand_int_range (2, 24);
  Task task = { g_test_rand_int (), vocabulary, g_test_rand_int_range (1, GPTVIS_MAX_BEAMS + 1), { 0 } };
  GptVisGeneration *r = &task.rules;
  r->start = g_test_rand_int_range (0, vocabulary);
  r->max_length = g_test_rand_int_range (2, 12);
  r->stop = g_test_rand_int_range (0, 3);
  r->ends = some_tokens (vocabulary, which & ENDS ? 3 : 0);
  r->min_length = which & MIN_LENGTH ? g_test_rand_int_range (0, r->max_length + 1) : 0;
  r->no_repeat = which & NO_REPEAT ? g_test_rand_int_range (1, 4) : 0;
  r->repetition_penalty = which & REPETITION ? repetitions[g_test_rand_int_range (0,
      G_N_ELEMENTS (repetitions))] : 1;
  r->length_penalty = which & LENGTH ? lengths[g_test_rand_int_range (0, G_N_ELEMENTS (lengths))] : 1;
  r->forced_first = which & FIRST ? g_test_rand_int_range (0, vocabulary) : -1;
  r->forced_last = which & LAST ? g_test_rand_int_range (0, vocabulary) : -1;
  r->suppressed = some_tokens (vocabulary, which & SUPPRESSED ? 3 : 0);
  r->suppressed_first = some_tokens (vocabulary, which & NOT_FIRST ? 3 : 0);
  return task;
}

static void
try_many (guint which, guint n)
{
  for (guint i = 0; i < n; i++) {
    Task task = draw (which);
    try (&task);
    task_clear (&task);
  }
}

static void
test_each (void)
{
  try_many (0, 100);
  for (guint bit = 1; bit < ALL; bit <<= 1) {
    try_many (bit, 100);
    try_many (bit | ENDS, 100);
  }
}

static void
test_together (void)
{
  for (guint i = 0; i < 2000; i++)
    try_many (g_test_rand_int_range (0, ALL + 1), 1);
}

/* --- what is not a number, and what is not there --- */

static void
test_not_finite (void)
{
  static const float bad[] = { NAN, INFINITY, -INFINITY };
  for (guint beams = 1; beams <= 3; beams += 2)
    for (guint i = 0; i < 2 * G_N_ELEMENTS (bad); i++) {
      Task task = draw (0);
      GptVisSearch *search = gptvis_search_new (&task.rules, beams, task.vocabulary);
      float numbers[2][MOST_VOCABULARY] = { 0 };
      const float *l[] = { numbers[0] }, *p[] = { numbers[1] };
      GError *error = NULL;
      guint n = 1;

      numbers[beams > 1][i % 2 ? task.vocabulary - 1 : 0] = bad[i / 2];
      gptvis_search_begin (search);
      g_assert_false (gptvis_search_feed (search, l, p, &error));
      unit_expect_error ("not finite", error, GPTVIS_ERROR_FORMAT,
          "the decoder's output for token 1 holds a NaN or an infinity");
      g_assert_true (gptvis_search_is_done (search));
      gptvis_search_tokens (search, &n);
      g_assert_cmpuint (n, ==, 0);
      gptvis_search_begin (search);     /* it is as good as new */
      g_assert_false (gptvis_search_is_done (search));
      gptvis_search_tokens (search, &n);
      g_assert_cmpuint (n, ==, 1);
      g_assert_cmpfloat (gptvis_search_log_probability (search), ==, 0);
      gptvis_search_free (search);
      task_clear (&task);
    }
}

static void
test_nothing_left (void)
{
  Task task = draw (0);
  task.rules.max_length = 5;
  g_array_set_size (task.rules.suppressed, 0);
  for (guint i = 0; i < task.vocabulary; i++)
    g_array_append_val (task.rules.suppressed, i);
  for (task.n_beams = 1; task.n_beams <= GPTVIS_MAX_BEAMS; task.n_beams++) {
    GptVisSearch *search = gptvis_search_new (&task.rules, task.n_beams, task.vocabulary);
    Answer answer;
    unit_expect_error ("suppressed", write_sentence (search, &task, &answer), GPTVIS_ERROR_FORMAT,
        "the decoder's output for token 1 leaves no token that is neither suppressed nor a repetition");
    gptvis_search_free (search);
  }
  task_clear (&task);
  gptvis_search_free (NULL);
}

/* A search that was not begun asks for nothing. */
static void
test_not_begun (void)
{
  Task task = draw (ALL);
  GptVisSearch *search = gptvis_search_new (&task.rules, task.n_beams, task.vocabulary);
  g_assert_true (gptvis_search_is_done (search));
  gptvis_search_free (search);
  task_clear (&task);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/search/transformers", test_transformers);
  g_test_add_func ("/search/each-rule", test_each);
  g_test_add_func ("/search/rules-together", test_together);
  g_test_add_func ("/search/not-finite", test_not_finite);
  g_test_add_func ("/search/nothing-left", test_nothing_left);
  g_test_add_func ("/search/not-begun", test_not_begun);
  return g_test_run ();
}
