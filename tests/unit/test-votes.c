/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Labels voted over time: they do not flicker, they change when what is seen has changed, scores stay what
 * they mean. */
#include "votes.h"
#include <math.h>
#include <string.h>

#define S G_GUINT64_CONSTANT (1000000000)

typedef struct {
  GptVisTexts *texts;
  GptVisVotes votes;
  guint64 time;
  GptVisLabel labels[GPTVIS_VOTES_MAX];
  guint n;
} Poll;

/* Two labels, at ten looks a second; a score below 0.1 is not named, as an element's threshold would have
 * it. */
static void
look (Poll *self, gfloat cat, gfloat dog)
{
  GptVisLabel labels[2];
  guint n = 0;
  if (cat >= dog && cat >= 0.1f)
    labels[n++] = (GptVisLabel) { 1, "cat", cat };
  if (dog >= 0.1f)
    labels[n++] = (GptVisLabel) { 2, "dog", dog };
  if (cat < dog && cat >= 0.1f)
    labels[n++] = (GptVisLabel) { 1, "cat", cat };
  gptvis_votes_add (&self->votes, self->texts, self->time, labels, n);
  self->n = gptvis_votes_read (&self->votes, self->labels);
  self->time += S / 10;
}

static Poll
poll_new (void)
{
  return (Poll) { .texts = gptvis_texts_new () };
}

static void
expect_best (Poll *self, const gchar *text, gfloat least, gfloat most)
{
  g_assert_cmpuint (self->n, >, 0);
  g_assert_cmpstr (self->labels[0].text, ==, text);
  g_assert_cmpfloat (self->labels[0].score, >=, least);
  g_assert_cmpfloat (self->labels[0].score, <=, most);
}

/* What is always the same is told as it is, from the first look on. */
static void
test_steady (void)
{
  Poll poll = poll_new ();
  for (guint i = 0; i < 100; i++) {
    look (&poll, 0.8f, 0.2f);
    expect_best (&poll, "cat", 0.799f, 0.801f);
    g_assert_cmpuint (poll.labels[0].id, ==, 1);
    g_assert_cmpuint (poll.n, ==, 2);
    g_assert_cmpfloat_with_epsilon (poll.labels[1].score, 0.2, 0.001);
  }
  gptvis_texts_free (poll.texts);
}

/* Two that change places with each look, or by lot: whichever was first stays. */
static void
test_flicker (void)
{
  for (guint lot = 0; lot < 2; lot++) {
    Poll poll = poll_new ();
    GRand *random = g_rand_new_with_seed (7);
    guint changes = 0;
    const gchar *best = NULL;
    for (guint i = 0; i < 600; i++) {
      const gboolean cat = lot ? g_rand_boolean (random) : i % 2 == 0;
      look (&poll, cat ? 0.6f : 0.4f, cat ? 0.4f : 0.6f);
      g_assert_cmpuint (poll.n, >, 0);
      g_assert_true (poll.n == 1 || poll.labels[0].score >= poll.labels[1].score);
      changes += i > 20 && !g_str_equal (poll.labels[0].text, best);
      best = poll.labels[0].text;
    }
    g_assert_cmpuint (changes, ==, 0);
    g_rand_free (random);
    gptvis_texts_free (poll.texts);
  }
}

/* One wrong look in five changes nothing, though it comes first. */
static void
test_wrong (void)
{
  Poll poll = poll_new ();
  for (guint i = 0; i < 200; i++) {
    const gboolean wrong = i % 5 == 0;
    look (&poll, wrong ? 0.05f : 0.9f, wrong ? 0.9f : 0.05f);
    if (i > 2)
      expect_best (&poll, "cat", 0.3f, 0.9f);
  }
  gptvis_texts_free (poll.texts);
}

/* What has become another is so within five seconds, and changes once. */
static void
test_change (void)
{
  Poll poll = poll_new ();
  guint cats = 0, changes = 0;
  const gchar *best = NULL;
  for (guint i = 0; i < 100; i++)
    look (&poll, 0.9f, 0.05f);
  for (guint i = 0; i < 100; i++) {
    look (&poll, 0.05f, 0.9f);
    g_assert_cmpuint (poll.n, >, 0);
    cats += g_str_equal (poll.labels[0].text, "cat");
    changes += best && !g_str_equal (poll.labels[0].text, best);
    best = poll.labels[0].text;
  }
  g_assert_cmpuint (cats, >, 5);
  g_assert_cmpuint (cats, <, 50);
  g_assert_cmpuint (changes, ==, 1);
  gptvis_texts_free (poll.texts);
}

/* The same in seconds, whether it is looked at often or seldom. */
static void
test_rates (void)
{
  for (guint64 step = S / 50; step <= S; step *= 5) {
    Poll poll = poll_new ();
    guint64 changed = 0;
    for (poll.time = 0; poll.time < 20 * S; poll.time += step - S / 10)
      look (&poll, 0.9f, 0.05f);
    for (const guint64 from = poll.time; changed == 0; poll.time += step - S / 10) {
      look (&poll, 0.05f, 0.9f);
      if (g_str_equal (poll.labels[0].text, "dog"))
        changed = poll.time - from;
    }
    g_assert_cmpuint (changed, >, S);
    g_assert_cmpuint (changed, <, 5 * S);
    gptvis_texts_free (poll.texts);
  }
}

/* What comes and goes scores less than when it is there; what has gone is forgotten. */
static void
test_gone (void)
{
  Poll poll = poll_new ();
  for (guint i = 0; i < 100; i++)
    look (&poll, i % 2 ? 0.9f : 0, 0);
  expect_best (&poll, "cat", 0.2f, 0.6f);
  for (guint i = 0; i < 100; i++)
    look (&poll, 0, 0);
  g_assert_cmpuint (poll.n, ==, 0);
  look (&poll, 0, 0.9f);
  g_assert_cmpuint (poll.n, ==, 0);     /* once in ten seconds is not enough */
  gptvis_texts_free (poll.texts);
}

/* More labels than there is room for, named twice, without text, with scores that are none. */
static void
test_hostile (void)
{
  Poll poll = poll_new ();
  gchar names[40][8];
  for (guint i = 0; i < 400; i++) {
    GptVisLabel labels[42];
    for (guint l = 0; l < 40; l++) {
      g_snprintf (names[l], sizeof names[l], "%u", i % 2 ? l : 39 - l);
      labels[l] = (GptVisLabel) { l, names[l], l == 0 && i % 2 ? 0.9f : 0.3f };
    }
    labels[40] = (GptVisLabel) { 40, NULL, 0.5f };
    labels[41] = labels[0];
    labels[1].score = NAN;
    labels[2].score = -INFINITY;
    labels[3].score = 7;
    labels[4].text = names[5];
    labels[5].text = names[5];
    gptvis_votes_add (&poll.votes, poll.texts, poll.time += S / 10, labels + i % 3, 42 - i % 3);
    poll.n = gptvis_votes_read (&poll.votes, poll.labels);
    g_assert_cmpuint (poll.n, <=, GPTVIS_VOTES_MAX);
    for (guint l = 0; l < poll.n; l++) {
      g_assert_true (poll.labels[l].score > 0 && poll.labels[l].score < 1);
      for (guint other = 0; other < l; other++)
        g_assert_cmpstr (poll.labels[l].text, !=, poll.labels[other].text);
    }
  }
  gptvis_texts_free (poll.texts);
}

/* Times that stand still, or go back. */
static void
test_times (void)
{
  Poll poll = poll_new ();
  for (guint i = 0; i < 20; i++) {
    poll.time = 5 * S - i % 3 * S;
    look (&poll, 0.8f, 0.2f);
    expect_best (&poll, "cat", 0.799f, 0.801f);
  }
  poll.time = G_MAXUINT64 - S;
  look (&poll, 0.2f, 0.8f);
  expect_best (&poll, "dog", 0.799f, 0.801f);
  gptvis_texts_free (poll.texts);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/votes/steady", test_steady);
  g_test_add_func ("/votes/flicker", test_flicker);
  g_test_add_func ("/votes/wrong", test_wrong);
  g_test_add_func ("/votes/change", test_change);
  g_test_add_func ("/votes/rates", test_rates);
  g_test_add_func ("/votes/gone", test_gone);
  g_test_add_func ("/votes/hostile", test_hostile);
  g_test_add_func ("/votes/times", test_times);
  return g_test_run ();
}
