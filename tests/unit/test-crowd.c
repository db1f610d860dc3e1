/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several things and their tracks: who cross, hide each other, merge into one blob and split again; too many
 * of them, and detections that cannot be; what is told with them. */
#include "counting-malloc.h"
#include "actors.h"
#include <string.h>

/* How one thing before another is found. */
typedef enum {
  VIEW_HIDDEN,                  /* whoever is mostly behind another is not found, as with a detector */
  VIEW_MERGED,                  /* those who touch are one box, as with motion */
} View;

/* What is found of them; the first is in front. */
static guint
see (GptVisBox *boxes, guint n, View view)
{
  guint found = 0;
  for (guint i = 0; i < n; i++) {
    gboolean own = boxes[i].width > 0;
    for (guint j = 0; j < found && own; j++) {
      if (view == VIEW_MERGED && gptvis_box_shared (boxes[i], boxes[j]) > 0) {
        boxes[j] = gptvis_box_around (boxes[i], boxes[j]);
        own = FALSE;
      } else if (view == VIEW_HIDDEN && gptvis_box_covered (boxes[i], boxes[j]) > 0.6f) {
        own = FALSE;
      }
    }
    if (own)
      boxes[found++] = boxes[i];
  }
  return found;
}

/* In how many scenes of SEEDS everybody has at the end the id that they had after a second, and nobody else
 * came. */
static guint
count_kept (GptVisTrackSettings settings, View view, gdouble rate, gdouble until, const Actor *actors,
    guint n)
{
  guint kept = 0;
  settings.merging = view == VIEW_MERGED;
  for (guint seed = 0; seed < SEEDS; seed++) {
    Scene *scene = scene_new (settings, seed);
    guint ids[MOST] = { 0 };
    gboolean same = TRUE;
    for (guint frame = 0; frame / rate < until; frame++) {
      const gdouble t = frame / rate;
      GptVisBox boxes[MOST];
      for (guint i = 0; i < n; i++)
        boxes[i] = actors[i] (t);
      const guint found = see (boxes, n, view);
      for (guint i = 0; i < found; i++)
        detect (scene, boxes[i], 0.9f);
      update (scene, t);
      for (guint i = 0; i < n && t >= 1; i++)
        if (ids[i] == 0)
          ids[i] = id_at (scene, t, actors[i] (t));
    }
    for (guint i = 0; i < n; i++) {
      const gdouble last = (guint) (until * rate - 0.001) / rate;
      same = same && ids[i] != 0 && ids[i] <= n && id_at (scene, last, actors[i] (last)) == ids[i];
    }
    kept += same;
    scene_free (scene);
  }
  return kept;
}

static void
expect_kept (const gchar *what, View view, gdouble until, const Actor *actors, guint n, guint least)
{
  for (guint r = 0; r < G_N_ELEMENTS (rates); r++) {
    const guint kept = count_kept (usual, view, rates[r], until, actors, n);
    g_test_message ("%s at %g frames a second: %u of %u", what, rates[r], kept, SEEDS);
    g_assert_cmpuint (kept, >=, least);
  }
}

/* --- crossing --- */

static GptVisBox
to_the_right (gdouble t)
{
  return person (0.2 + 0.12 * t, 0.8, HEIGHT);
}

static GptVisBox
to_the_left (gdouble t)
{
  return person (0.8 - 0.12 * t, 0.78, HEIGHT);
}

static GptVisBox
stays (gdouble t)
{
  return person (0.5, 0.79, HEIGHT);
}

static GptVisBox
slowly_behind (gdouble t)
{
  return person (0.2 + 0.08 * t, 0.74, 0.26);
}

/* Two who cross keep their ids, though one hides the other; as do three, and who passes somebody who stands.
 */
static void
test_crossing (void)
{
  const Actor two[] = { to_the_right, to_the_left };
  const Actor standing[] = { stays, to_the_right };
  const Actor three[] = { to_the_right, stays, to_the_left };
  const Actor overtaken[] = { to_the_right, slowly_behind };
  expect_kept ("crossing", VIEW_HIDDEN, 5, two, 2, 45);
  expect_kept ("passing", VIEW_HIDDEN, 5, standing, 2, 45);
  expect_kept ("three", VIEW_HIDDEN, 5, three, 3, 40);
  expect_kept ("overtaking", VIEW_HIDDEN, 5, overtaken, 2, 45);
}

/* --- blobs --- */

static GptVisBox
turns_left (gdouble t)
{
  return person (0.2 + 0.12 * (t < 2.2 ? t : 4.4 - t), 0.8, HEIGHT);
}

static GptVisBox
turns_right (gdouble t)
{
  return person (0.8 - 0.12 * (t < 2.2 ? t : 4.4 - t), 0.78, HEIGHT);
}

/* They come together after two seconds, walk side by side for four, and part. */
static GptVisBox
first_of_a_pair (gdouble t)
{
  return person (0.15 + 0.08 * t - 0.04 * MAX (t - 6, 0), 0.8, HEIGHT);
}

static GptVisBox
second_of_a_pair (gdouble t)
{
  return person (0.15 + 0.08 * t + 0.06 + 0.04 * MAX (2 - t, 0) + 0.04 * MAX (t - 6, 0), 0.8, HEIGHT);
}

static void
test_merging (void)
{
  const Actor crossing[] = { to_the_right, to_the_left }, turning[] = { turns_left, turns_right };
  const Actor pair[] = { first_of_a_pair, second_of_a_pair };
  expect_kept ("crossing as a blob", VIEW_MERGED, 5, crossing, 2, 48);
  expect_kept ("turning in a blob", VIEW_MERGED, 4.4, turning, 2, 48);
  expect_kept ("walking together", VIEW_MERGED, 8, pair, 2, 45);
}

/* In the blob both are there, where they are, and said to be merged. */
static void
test_in_a_blob (void)
{
  GptVisTrackSettings settings = usual;
  settings.merging = TRUE;
  Scene *scene = scene_new (settings, 1);
  guint merged = 0;
  for (guint frame = 0; frame < 200; frame++) {
    const gdouble t = frame / 25.0;
    GptVisBox boxes[] = { first_of_a_pair (t), second_of_a_pair (t) };
    const guint found = see (boxes, 2, VIEW_MERGED);
    for (guint i = 0; i < found; i++)
      detect (scene, boxes[i], 0.9f);
    update (scene, t);
    if (t < 1)
      continue;
    const GptVisTrack *first = track_at (scene, t, first_of_a_pair (t));
    g_assert_nonnull (first);
    g_assert_cmpuint (first->id, ==, 1);
    g_assert_cmpint (first->merged, ==, found == 1);
    merged += first->merged;
    if (first->merged)
      g_assert_cmpint (first->detection, ==, 0);
    const GptVisTrack *second = track_at (scene, t, second_of_a_pair (t));
    g_assert_nonnull (second);
    g_assert_cmpuint (second->id, ==, 2);
    g_assert_cmpint (second->merged, ==, found == 1);
    g_assert_cmpuint (n_shown (scene, t), ==, 2);
  }
  g_assert_cmpuint (merged, >, 80);
  scene_free (scene);
}

/* A thing that is found in two halves for a while is not two people in a blob afterwards. */
static void
test_halves (void)
{
  GptVisTrackSettings settings = usual;
  settings.merging = TRUE;
  Scene *scene = scene_new (settings, 1);
  for (guint frame = 0; frame < 150; frame++) {
    const gdouble t = frame / 25.0;
    const GptVisBox box = to_the_right (t);
    if (frame >= 40 && frame < 48) {
      const gfloat half = 0.45f * box.height;
      detect (scene, (GptVisBox) { box.left, box.top, box.width, half }, 0.9f);
      detect (scene, (GptVisBox) { box.left, box.top + box.height - half, box.width, half }, 0.9f);
    } else {
      detect (scene, box, 0.9f);
    }
    update (scene, t);
  }
  g_assert_cmpuint (n_shown (scene, 5.96), ==, 1);
  g_assert_cmpuint (id_at (scene, 5.96, to_the_right (5.96)), ==, 1);
  scene_free (scene);
}

/* --- looks --- */

/* Two meet, one hides the other for a second, and both turn back: by their ways alone they would have
 * crossed. */
static GptVisBox
goes_back (gdouble t)
{
  return person (0.35 + 0.12 * MIN (t, 1.25) - 0.12 * MAX (t - 2.25, 0), 0.8, HEIGHT);
}

static GptVisBox
goes_back_too (gdouble t)
{
  return t > 1.15 && t < 2.45 ? NONE
      : person (0.65 - 0.12 * MIN (t, 1.25) + 0.12 * MAX (t - 2.25, 0), 0.8, HEIGHT);
}

static guint
count_told_apart (gboolean looks)
{
  guint kept = 0;
  for (guint seed = 0; seed < SEEDS; seed++) {
    GptVisTrackSettings settings = usual;
    settings.n_looks = looks ? 4 : 0;
    Scene *scene = scene_new (settings, seed);
    gfloat seen[2][4];
    guint id = 0, other = 0;
    for (guint frame = 0; frame < 50; frame++) {
      const gdouble t = frame / 12.5;
      const GptVisBox boxes[] = { goes_back (t), goes_back_too (t) };
      for (guint i = 0; i < 2; i++) {
        for (guint k = 0; k < 4; k++)   /* alike but for one of four, and not the same each time */
          seen[i][k] = 3 * (k == i ? 1 : k < 2 ? 0.2f : 0.5f) + 0.3f * normal (scene);
        if (boxes[i].width > 0)
          detect (scene, boxes[i], 0.9f)->looks = seen[i];
      }
      update (scene, t);
      if (frame == 12) {
        id = id_at (scene, t, boxes[0]);
        other = id_at (scene, t, boxes[1]);
      }
    }
    kept += id != 0 && other != 0 && id_at (scene, 3.92, goes_back (3.92)) == id
        && id_at (scene, 3.92, goes_back_too (3.92)) == other;
    scene_free (scene);
  }
  return kept;
}

static void
test_looks (void)
{
  const guint without = count_told_apart (FALSE), with = count_told_apart (TRUE);
  g_test_message ("turning back after a second behind another: %u of %u, by looks %u", without, SEEDS, with);
  g_assert_cmpuint (with, >=, 45);
  g_assert_cmpuint (with, >, without);
}

/* --- limits --- */

/* Of more than there is room for, the surest are found; when others are surer, they come in their place, and
 * never are there more. */
static void
test_limits (void)
{
  GptVisTrackSettings settings = usual;
  settings.max_tracks = 4;
  GptVisTracks *tracks = gptvis_tracks_new (&settings);
  GptVisDetection *detections = g_new0 (GptVisDetection, 1000);
  guint n;
  for (guint frame = 0; frame < 50; frame++) {
    for (guint i = 0; i < 1000; i++)
      detections[i] = (GptVisDetection) { .box = { i % 40 / 40.0, i / 40 / 25.0, 0.02f, 0.035f },
        .score = i >= 996 ? 0.95f : frame > 25 ? 0.99f : 0.6f };
    gptvis_tracks_update (tracks, frame * S / 25, detections, 1000);
    const GptVisTrack *told = gptvis_tracks_at (tracks, frame * S / 25, &n);
    g_assert_cmpuint (n, <=, 4);
    if (frame <= 25 || frame >= 40)
      g_assert_cmpuint (n, ==, frame < 2 ? 0 : 4);
    for (guint i = 0; i < n && frame <= 25; i++) {
      g_assert_cmpuint (told[i].id, ==, i + 1);
      g_assert_cmpfloat_with_epsilon (told[i].box.left, (36 + i) / 40.0, 0.005);
      g_assert_cmpint (told[i].detection, ==, 996 + i);
    }
  }
  g_free (detections);
  gptvis_tracks_free (tracks);
}

/* What cannot be is passed over, and touches nothing. */
static void
test_hostile (void)
{
  static const GptVisDetection bad[] = {
    { { NAN, 0.5f, 0.1f, 0.3f }, 0.9f }, { { 0.5f, 0.5f, INFINITY, 0.3f }, 0.9f },
    { { 0.5f, 0.5f, 0.1f, 0 }, 0.9f }, { { 0.5f, 0.5f, -0.1f, 0.3f }, 0.9f },
    { { 1e30f, 0.5f, 0.1f, 0.3f }, 0.9f }, { { 0.5f, 0.5f, 1e20f, 1e20f }, 0.9f },
    { { 0.5f, 0.5f, 0.1f, 0.3f }, NAN }, { { 0.5f, 0.5f, 0.1f, 0.3f }, -1 },
    { { 1.1f, 0.5f, 0.1f, 0.3f }, 0.9f }, { { -0.4f, -0.4f, 0.3f, 0.3f }, INFINITY },
  };
  const gfloat none[2] = { 0, 0 }, hostile_looks[2] = { NAN, INFINITY };
  GptVisTrackSettings settings = usual;
  settings.n_looks = 2;
  settings.merging = TRUE;
  Scene *scene = scene_new (settings, 1);
  const GptVisBox box = person (0.2, 0.8, HEIGHT);
  guint n;
  for (guint frame = 0; frame < 100; frame++) {
    GptVisDetection all[G_N_ELEMENTS (bad) + 1];
    for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
      all[i] = bad[i];
    all[G_N_ELEMENTS (bad)] = (GptVisDetection) { box, INFINITY,.looks = frame % 2 ? none : hostile_looks };
    gptvis_tracks_update (scene->tracks, frame * S / 25, all, G_N_ELEMENTS (all));
    gptvis_tracks_move (scene->tracks, frame * S / 25, &bad[frame % 6].box, 1);
    gptvis_tracks_move (scene->tracks, frame * S / 25, &box, 1);
    gptvis_tracks_at (scene->tracks, frame * S / 25, &n);
    g_assert_cmpuint (n, ==, frame >= 2);
  }
  const GptVisTrack *track = track_at (scene, 4, box);
  g_assert_nonnull (track);
  g_assert_cmpfloat (gptvis_box_iou (track->box, box), >, 0.95f);
  g_assert_true (track->score > 0.8f && track->score <= 1);
  scene_free (scene);
}

/* Settings that cannot be are brought into what can. */
static void
test_settings (void)
{
  static const GptVisTrackSettings settings[] = {
    {.aspect = NAN,.noise = NAN,.sure = NAN,.weak = NAN},
    {.max_tracks = 100000,.aspect = -1,.noise = 100,.hits = 0},
    {.aspect = 1e30f,.noise = -1,.hold = G_MAXUINT64,.memory = 0},
  };
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++) {
    GptVisTracks *tracks = gptvis_tracks_new (&settings[i]);
    const GptVisDetection detection = { person (0.5, 0.8, HEIGHT), 0.9f };
    guint n;
    for (guint frame = 0; frame < 10; frame++)
      gptvis_tracks_update (tracks, frame * S / 25, &detection, 1);
    gptvis_tracks_set_aspect (tracks, INFINITY);
    const GptVisTrack *told = gptvis_tracks_at (tracks, 10 * S / 25, &n);
    g_assert_cmpuint (n, <=, 1);
    for (guint t = 0; t < n; t++)
      g_assert_true (isfinite (told[t].box.left) && isfinite (told[t].velocity[0]));
    gptvis_tracks_free (tracks);
  }
  gptvis_tracks_free (NULL);
}

/* Times that nobody knows: everything is found, and nothing moves between. */
static void
test_no_times (void)
{
  Scene *scene = scene_new (usual, 1);
  guint n;
  for (guint frame = 0; frame < 50; frame++) {
    const GptVisDetection detection = { to_the_right (frame / 25.0), 0.9f };
    gptvis_tracks_update (scene->tracks, G_MAXUINT64, &detection, 1);
    const GptVisTrack *track = gptvis_tracks_at (scene->tracks, G_MAXUINT64, &n);
    g_assert_cmpuint (n, ==, frame >= 2);
    if (n > 0)
      g_assert_cmpuint (track->id, ==, 1);
  }
  scene_free (scene);
}

/* The picture becomes another shape, as when a stream changes; who stands there still does. */
static void
test_aspect (void)
{
  Scene *scene = scene_new (usual, 1);
  const GptVisBox box = person (0.7, 0.8, HEIGHT);
  for (guint frame = 0; frame < 50; frame++) {
    if (frame == 25)
      gptvis_tracks_set_aspect (scene->tracks, 0.5625f);
    detect (scene, box, 0.9f);
    update (scene, frame / 25.0);
    const GptVisTrack *track = track_at (scene, frame / 25.0, box);
    g_assert_true (frame < 2 || (track && track->id == 1 && gptvis_box_iou (track->box, box) > 0.5f));
  }
  scene_free (scene);
}

/* --- labels, memory --- */

/* Labels are those of the detection, or come later by the id; their texts need not stay. */
static void
test_labels (void)
{
  Scene *scene = scene_new (usual, 1);
  const GptVisBox box = person (0.5, 0.8, HEIGHT);
  gchar text[16] = "person";
  const GptVisLabel labels[] = { { 7, text, 0.8f }, { 2, "indoor", 0.3f } };
  for (guint frame = 0; frame < 10; frame++) {
    GptVisDetection *detection = detect (scene, box, 0.9f);
    g_strlcpy (text, "person", sizeof text);
    if (frame < 5) {
      detection->labels = labels;
      detection->n_labels = 2;
    }
    update (scene, frame / 25.0);
    memset (text, 'x', 6);
  }
  const GptVisTrack *track = track_at (scene, 0.4, box);
  g_assert_cmpuint (track->n_labels, ==, 2);
  g_assert_cmpstr (track->labels[0].text, ==, "person");
  g_assert_cmpuint (track->labels[0].id, ==, 7);
  g_assert_cmpfloat_with_epsilon (track->labels[0].score, 0.8, 0.001);
  g_assert_cmpstr (track->labels[1].text, ==, "indoor");

  const GptVisLabel later = { 3, "bicycle", 0.97f };
  gptvis_tracks_vote (scene->tracks, 2, 0.4 * S, &later, 1);   /* nobody's */
  gptvis_tracks_vote (scene->tracks, 0, 0.4 * S, &later, 1);
  g_assert_cmpstr (track_at (scene, 0.4, box)->labels[0].text, ==, "person");
  for (guint i = 0; i < 20; i++)
    gptvis_tracks_vote (scene->tracks, 1, 0.4 * S, &later, 1);
  g_assert_cmpstr (track_at (scene, 0.4, box)->labels[0].text, ==, "bicycle");
  gptvis_tracks_forget_labels (scene->tracks);
  g_assert_cmpuint (track_at (scene, 0.4, box)->n_labels, ==, 0);
  scene_free (scene);
}

/* A frame takes no memory. */
static void
test_allocations (void)
{
  if (!counting_malloc_works ()) {
    g_test_skip ("another allocator stands in for malloc");
    return;
  }
  GptVisTrackSettings settings = usual;
  settings.n_looks = 4;
  settings.merging = TRUE;
  Scene *scene = scene_new (settings, 1);
  const GptVisLabel labels[] = { { 7, "person", 0.8f } };
  const gfloat looks[4] = { 1, 2, 3, 4 };
  guint before = 0, n;
  for (guint frame = 0; frame < 500; frame++) {
    const gdouble t = frame / 25.0, turn = t - (guint) (t / 4) * 4;
    GptVisBox boxes[] = { to_the_right (turn), to_the_left (turn), stays (turn) };
    const guint found = see (boxes, 3, VIEW_MERGED);
    if (frame == 100)
      before = counting_malloc_count ();
    for (guint i = 0; i < found; i++) {
      GptVisDetection *detection = detect (scene, boxes[i], 0.9f);
      detection->labels = labels;
      detection->n_labels = 1;
      detection->looks = looks;
    }
    update (scene, t);
    gptvis_tracks_move (scene->tracks, t * S, boxes, found);
    gptvis_tracks_vote (scene->tracks, 1, t * S, labels, 1);
    gptvis_tracks_at (scene->tracks, t * S, &n);
  }
  g_assert_cmpuint (counting_malloc_count (), ==, before);
  scene_free (scene);
}

/* Two parts of a thing were told by themselves; then it is told whole, much larger than both. What is found
 * there is one thing of that size, not two small ones in it. */
static void
test_outgrown (void)
{
  GptVisTrackSettings settings = GPTVIS_TRACK_SETTINGS_INIT;
  settings.merging = TRUE;
  GptVisTracks *tracks = gptvis_tracks_new (&settings);
  const GptVisBox whole = { 0.3f, 0.3f, 0.3f, 0.3f };
  guint whole_for = 0;
  for (guint i = 0; i < 75; i++) {
    const GptVisDetection parts[] = { { .box = { 0.32f, 0.32f, 0.05f, 0.08f }, .score = 1 },
      { .box = { 0.5f, 0.45f, 0.05f, 0.08f }, .score = 1 } };
    const GptVisDetection all = { .box = whole, .score = 1 };
    guint n;
    gptvis_tracks_update (tracks, i * G_GUINT64_CONSTANT (40000000), i < 25 ? parts : &all, i < 25 ? 2 : 1);
    const GptVisTrack *told = gptvis_tracks_at (tracks, i * G_GUINT64_CONSTANT (40000000), &n);
    for (guint k = 0; k < n; k++)
      whole_for += i >= 50 && !told[k].hidden && gptvis_box_iou (told[k].box, whole) > 0.7f;
  }
  g_assert_cmpuint (whole_for, ==, 25);
  gptvis_tracks_free (tracks);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/crowd/crossing", test_crossing);
  g_test_add_func ("/crowd/merging", test_merging);
  g_test_add_func ("/crowd/in-a-blob", test_in_a_blob);
  g_test_add_func ("/crowd/halves", test_halves);
  g_test_add_func ("/crowd/looks", test_looks);
  g_test_add_func ("/crowd/limits", test_limits);
  g_test_add_func ("/crowd/hostile", test_hostile);
  g_test_add_func ("/crowd/settings", test_settings);
  g_test_add_func ("/crowd/no-times", test_no_times);
  g_test_add_func ("/crowd/aspect", test_aspect);
  g_test_add_func ("/crowd/labels", test_labels);
  g_test_add_func ("/crowd/allocations", test_allocations);
  g_test_add_func ("/crowd/outgrown", test_outgrown);
  return g_test_run ();
}
