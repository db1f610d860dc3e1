/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One thing and its track: found, missed, hidden, gone; how well its box follows. */
#include "actors.h"

/* --- found --- */

static GptVisBox
walks (gdouble t)
{
  return person (0.1 + 0.1 * t, 0.8, HEIGHT);
}

/* It is told from the third detection on, or the second after half a second; has one id; is where it is,
 * between frames too. */
static void
test_walk (void)
{
  static const gdouble walk_rates[] = { 1, 2, 4, 12.5, 25, 60 };
  for (guint r = 0; r < G_N_ELEMENTS (walk_rates); r++) {
    const gdouble step = 1 / walk_rates[r];
    Scene *scene = scene_new (usual, r);
    scene->noise = step < 0.5 ? 0.05f : 0.02f;  /* half a second on, an error in speed is one in place */
    for (guint frame = 0; frame * step < 7; frame++) {
      const gdouble t = frame * step;
      detect (scene, walks (t), 0.9f);
      update (scene, t);
      const gboolean sure = frame >= 2 || (frame == 1 && step >= 0.5);
      g_assert_cmpuint (n_shown (scene, t), ==, sure);
      /* between frames only once its speed is known */
      for (gdouble at = t; sure && at < t + (frame < 4 ? step / 10 : step); at += step / 3) {
        const GptVisTrack *track = track_at (scene, at, walks (at));
        g_assert_nonnull (track);
        g_assert_cmpuint (track->id, ==, 1);
        g_assert_cmpuint (track->since, ==, 0);
        g_assert_cmpuint (track->seen, ==, (guint64) (t * S));
        g_assert_cmpint (track->detection, ==, 0);
        g_assert_false (track->merged);
        g_assert_cmpfloat_with_epsilon (track->score, 0.9, 1e-5);
      }
    }
    const GptVisTrack *track = track_at (scene, 7, walks (7));
    g_assert_cmpfloat_with_epsilon (track->velocity[0], 0.1, 0.05);
    g_assert_cmpfloat_with_epsilon (track->velocity[1], 0, 0.09);
    scene_free (scene);
  }
}

static GptVisBox
stops (gdouble t)
{
  return person (0.1 + 0.15 * (t < 2 ? t : t < 4 ? 2 : t - 2), 0.8, HEIGHT);
}

/* How far off the middle is, in heights: its sum and those of squares, with what the detector sees for
 * comparison. */
typedef struct {
  gdouble lag, error, seen_error, shake, seen_shake, last, seen_last, ahead, behind;
  guint n;
} Course;

static Course
follow (Scene *scene, Actor actor, gdouble rate, gdouble from, gdouble until)
{
  Course self = { 0 };
  for (guint frame = 0; frame / rate < until; frame++) {
    const gdouble t = frame / rate;
    const GptVisBox box = actor (t), seen = detect (scene, box, 0.9f)->box;
    update (scene, t);
    const GptVisTrack *track = track_at (scene, t, box);
    if (t < from)
      continue;
    g_assert_nonnull (track);
    g_assert_cmpuint (track->id, ==, 1);
    const gdouble off = (track->box.left + track->box.width / 2 - box.left - box.width / 2) * ASPECT / HEIGHT;
    const gdouble seen_off = (seen.left + seen.width / 2 - box.left - box.width / 2) * ASPECT / HEIGHT;
    self.lag -= off;
    self.error += off * off;
    self.seen_error += seen_off * seen_off;
    self.shake += (off - self.last) * (off - self.last);
    self.seen_shake += (seen_off - self.seen_last) * (seen_off - self.seen_last);
    self.last = off;
    self.seen_last = seen_off;
    self.ahead = MAX (self.ahead, off);
    self.behind = MAX (self.behind, -off);
    self.n++;
  }
  return self;
}

/* Steadier than what is found, and yet where it is: at an even pace there is no lag, and who stops or starts
 * at once, at 0.9 heights a second, is not missed by more than a twelfth of its height. */
static void
test_smooth (void)
{
  for (guint r = 0; r < G_N_ELEMENTS (rates); r++) {
    gdouble lag = 0, error = 0, seen_error = 0, shake = 0, seen_shake = 0, ahead = 0, behind = 0;
    guint n = 0;
    for (guint seed = 0; seed < 10; seed++) {
      Scene *scene = scene_new (usual, seed);
      const Course course = follow (scene, walks, rates[r], 1, 7);
      lag += course.lag, error += course.error, seen_error += course.seen_error, n += course.n;
      shake += course.shake, seen_shake += course.seen_shake;
      scene_free (scene);
      scene = scene_new (usual, seed);
      scene->noise = 0.01f;             /* so that what is seen is the lag */
      const Course stop = follow (scene, stops, rates[r], 1, 6);
      ahead = MAX (ahead, stop.ahead);
      behind = MAX (behind, stop.behind);
      scene_free (scene);
    }
    g_test_message ("%g a second: lag %.3f, error %.3f (seen %.3f), shake %.3f (seen %.3f), ahead %.3f, "
        "behind %.3f", rates[r], lag / n, sqrt (error / n), sqrt (seen_error / n), sqrt (shake / n),
        sqrt (seen_shake / n), ahead, behind);
    g_assert_cmpfloat (fabs (lag / n), <, 0.01);
    g_assert_cmpfloat (error, <, (rates[r] < 10 ? 0.9 * 0.9 : 0.7 * 0.7) * seen_error);
    g_assert_cmpfloat (shake, <, (rates[r] < 10 ? 0.8 * 0.8 : 0.4 * 0.4) * seen_shake);
    g_assert_cmpfloat (MAX (ahead, behind), <, 0.08);
  }
}

/* Though it is not found three times in ten, it never blinks. */
static void
test_no_blinking (void)
{
  for (guint r = 0; r < G_N_ELEMENTS (rates); r++)
    for (guint seed = 0; seed < SEEDS; seed++) {
      Scene *scene = scene_new (usual, seed);
      guint shown = 0, blinks = 0, since_found = 0;
      for (guint frame = 0; frame / rates[r] < 7; frame++) {
        const gdouble t = frame / rates[r];
        if (g_rand_double (scene->random) < 0.7 || ++since_found > 1)
          detect (scene, walks (t), 0.9f), since_found = 0;
        update (scene, t);
        for (guint between = 0; between < 3; between++) {
          const gboolean is = n_shown (scene, t + between / rates[r] / 3) == 1;
          blinks += shown && !is;
          shown = shown || is;
        }
      }
      g_assert_true (shown);
      g_assert_cmpuint (blinks, ==, 0);
      g_assert_cmpuint (id_at (scene, 7, walks (7)), ==, 1);
      scene_free (scene);
    }
}

/* --- hiding --- */

static GptVisBox
behind_a_pillar (gdouble t)
{
  return t >= 2 && t < 3 ? NONE : person (0.1 + 0.12 * t, 0.8, HEIGHT);
}

static GptVisBox
waits_behind_it (gdouble t)
{
  return t >= 2 && t < 3.5 ? NONE : person (0.1 + 0.12 * MIN (t, 2), 0.8, HEIGHT);
}

static GptVisBox
runs_and_waits (gdouble t)
{
  return t >= 2 && t < 3.5 ? NONE : person (0.1 + 0.2 * MIN (t, 2), 0.8, HEIGHT);
}

/* Gone for a second, or stopped there: shown for half a second more, then not; back, it is the same. */
static void
test_hiding (void)
{
  const Actor actors[] = { behind_a_pillar, waits_behind_it, runs_and_waits };
  for (guint a = 0; a < G_N_ELEMENTS (actors); a++)
    /* at four frames a second a runner may be further on than one is looked for */
    for (guint r = actors[a] == runs_and_waits; r < G_N_ELEMENTS (rates); r++)
      for (guint seed = 0; seed < SEEDS; seed++) {
        Scene *scene = scene_new (usual, seed);
        for (guint frame = 0; frame / rates[r] < 5; frame++) {
          const gdouble t = frame / rates[r];
          const GptVisBox box = actors[a] (t);
          if (box.width > 0)
            detect (scene, box, 0.9f);
          update (scene, t);
          const gdouble unseen = t < 2 || box.width > 0 ? 0 : t - 2 + 1 / rates[r];
          if (t >= 1 && (unseen < 0.45 || unseen > 0.75))
            g_assert_cmpuint (n_shown (scene, t), ==, unseen < 0.5);
        }
        g_assert_cmpuint (id_at (scene, 5, actors[a] (4.99)), ==, 1);
        scene_free (scene);
      }
}

/* Longer than `memory` is somebody else; ids go on, also when all is reset and when time goes back. */
static void
test_ends (void)
{
  Scene *scene = scene_new (usual, 1);
  const GptVisBox box = person (0.5, 0.8, HEIGHT);
  static const gdouble from[] = { 0, 3.5, 7, 7.5, 2 };
  for (guint i = 0; i < G_N_ELEMENTS (from); i++) {
    if (i == 3)
      gptvis_tracks_reset (scene->tracks);
    for (guint frame = 0; frame < 10; frame++) {
      detect (scene, box, 0.9f);
      update (scene, from[i] + frame * 0.04);
      g_assert_cmpuint (n_shown (scene, from[i] + frame * 0.04), ==, frame >= 2);
    }
    g_assert_cmpuint (id_at (scene, from[i] + 0.4, box), ==, i + 1);
    if (i < 2) {
      for (guint frame = 0; frame < 50; frame++)
        update (scene, from[i] + 0.4 + frame * 0.04);
      update (scene, from[i] + 2.45);
      guint n;
      gptvis_tracks_at (scene->tracks, (from[i] + 2.45) * S, &n);
      g_assert_cmpuint (n, ==, 0);
    }
  }
  scene_free (scene);
}

static GptVisBox
walks_out (gdouble t)
{
  return person (0.7 + 0.2 * t, 0.8, HEIGHT);
}

/* Nobody is shown beyond the edge, nor left standing at it. */
static void
test_leaving (void)
{
  for (guint seed = 0; seed < SEEDS; seed++) {
    Scene *scene = scene_new (usual, seed);
    for (guint frame = 0; frame < 75; frame++) {
      const gdouble t = frame / 25.0;
      const GptVisBox box = walks_out (t), inside = gptvis_box_clipped (box);
      if (inside.width > 0.2 * box.width)
        detect (scene, inside, 0.9f);
      update (scene, t);
      guint n;
      const GptVisTrack *tracks = gptvis_tracks_at (scene->tracks, t * S, &n);
      for (guint i = 0; i < n; i++) {
        const GptVisBox told = tracks[i].box;
        g_assert_true (told.left >= 0 && told.top >= 0);
        g_assert_true (told.left + told.width <= 1 && told.top + told.height <= 1);
        g_assert_true (tracks[i].hidden || told.width > 0);
      }
      if (t > 2.2)
        g_assert_cmpuint (n_shown (scene, t), ==, 0);
    }
    scene_free (scene);
  }
}

/* --- what is false, and what is weak --- */

/* Single detections here and there are never told, and use no ids. */
static void
test_false (void)
{
  for (guint r = 0; r < G_N_ELEMENTS (rates); r++) {
    Scene *scene = scene_new (usual, r);
    guint told = 0;
    for (guint frame = 0; frame < 500; frame++) {
      const gdouble t = frame / rates[r];
      detect (scene, person (0.1 + frame * 37 % 80 / 100.0, 0.4 + frame * 11 % 7 / 12.0, 0.1), 0.8f);
      detect (scene, person (0.5, 0.9, HEIGHT), 0.9f);
      update (scene, t);
      told = MAX (told, n_shown (scene, t));
    }
    g_assert_cmpuint (told, ==, 1);
    g_assert_cmpuint (id_at (scene, 500 / rates[r], person (0.5, 0.9, HEIGHT)), ==, 1);
    scene_free (scene);
  }
}

/* What is weak begins nothing, but keeps what there is; and does not lose it to a neighbour who is found
 * better. */
static void
test_weak (void)
{
  Scene *scene = scene_new (usual, 1);
  const GptVisBox box = person (0.3, 0.8, HEIGHT), neighbour = person (0.37, 0.8, HEIGHT);
  for (guint frame = 0; frame < 200; frame++) {
    const gdouble t = frame / 25.0;
    detect (scene, box, frame < 50 || frame >= 100 ? 0.3f : 0.9f);
    if (frame >= 150)
      detect (scene, neighbour, 0.9f);
    update (scene, t);
    g_assert_cmpuint (id_at (scene, t, box), ==, frame >= 52 ? 1 : 0);
  }
  g_assert_cmpuint (id_at (scene, 7.96, neighbour), ==, 2);
  for (guint frame = 200; frame < 250; frame++) {
    detect (scene, box, 0.05f);         /* less than weak is nothing */
    update (scene, frame / 25.0);
  }
  g_assert_cmpuint (n_shown (scene, 9.96), ==, 0);
  scene_free (scene);
}

/* What moves between two analyses moves it, and keeps it; what may be two does not. */
static void
test_move (void)
{
  Scene *scene = scene_new (usual, 1);
  scene->noise = 0.01f;
  for (guint frame = 0; frame < 3; frame++) {
    detect (scene, person (0.3, 0.8, HEIGHT), 0.9f);
    update (scene, frame / 2.0);
  }
  GptVisBox box = NONE;
  for (guint frame = 1; frame < 50; frame++) {
    box = person (0.3 + 0.2 * frame / 25, 0.8, HEIGHT);
    gptvis_tracks_move (scene->tracks, (1 + frame / 25.0) * S, &box, 1);
    g_assert_cmpuint (id_at (scene, 1 + frame / 25.0, box), ==, 1);
  }
  guint n;
  const GptVisTrack *track = gptvis_tracks_at (scene->tracks, 2.96 * S, &n);
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpfloat (gptvis_box_iou (track->box, box), >, 0.8f);
  g_assert_cmpuint (track->seen, ==, (guint64) (2.96 * S));
  const GptVisBox both[] = { box, person (0.72, 0.8, HEIGHT) };
  gptvis_tracks_move (scene->tracks, 3 * S, both, 2);
  track = gptvis_tracks_at (scene->tracks, 3 * S, &n);
  g_assert_cmpuint (track->seen, ==, (guint64) (2.96 * S));
  gptvis_tracks_move (scene->tracks, 3 * S, NULL, 0);
  gptvis_tracks_move (scene->tracks, S, &box, 1);       /* before the last: all is gone */
  gptvis_tracks_at (scene->tracks, 3 * S, &n);
  g_assert_cmpuint (n, ==, 0);
  scene_free (scene);
}
int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tracks/walk", test_walk);
  g_test_add_func ("/tracks/smooth", test_smooth);
  g_test_add_func ("/tracks/no-blinking", test_no_blinking);
  g_test_add_func ("/tracks/hiding", test_hiding);
  g_test_add_func ("/tracks/ends", test_ends);
  g_test_add_func ("/tracks/leaving", test_leaving);
  g_test_add_func ("/tracks/false", test_false);
  g_test_add_func ("/tracks/weak", test_weak);
  g_test_add_func ("/tracks/move", test_move);
  return g_test_run ();
}
