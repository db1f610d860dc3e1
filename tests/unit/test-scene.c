/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scene: which regions are looked at when, and what becomes of looks and detections that come late.
 * Regions are those of elements before, which are where they are said to be, or a model's. */
#include "scene.h"

#define FRAME (40 * G_GUINT64_CONSTANT (1000000))
#define SETTINGS { .track = TRUE, .max_regions = 1, .min_region = 0.02f, .threshold = 0.5f }

static const GptVisPicture size = { .width = 640, .height = 360 };
static const GptVisLabel cat[] = { { 3, "cat", 0.9f } };

static GptVisDetection
thing (gfloat left, gfloat width)
{
  return (GptVisDetection) { .box = { left, 0.2f, width, 0.5f }, .score = 1 };
}

static GptVisView
watch (GptVisScene *scene, const GptVisSceneSettings *settings, const GptVisDetection *found, guint n,
    guint frame)
{
  GptVisView view = { 0 };

  gptvis_scene_watch (scene, settings, &size, found, n, frame * FRAME, &view);
  gptvis_scene_choose (scene, settings, &view);
  return view;
}

/* The frame's analysis ends, and each look has shown a cat; or nothing could be made of any. */
static GptVisResult *
complete (GptVisScene *scene, const GptVisSceneSettings *settings, const GptVisView *view, gboolean done)
{
  const GptVisResult empty = GPTVIS_RESULT_INIT;
  GptVisLook looks[GPTVIS_MAX_LOOKS];

  for (guint i = 0; i < view->n_looks; i++)
    looks[i] = (GptVisLook) { .done = done, .labels = { cat[0] }, .n = 1 };
  return gptvis_scene_complete (scene, settings, view, &empty, looks);
}

/* In turn, so that nobody is starved; what is sure is left alone. */
static void
test_turns (void)
{
  const GptVisDetection found[] = { thing (0.1f, 0.1f), thing (0.4f, 0.1f), thing (0.7f, 0.1f) };
  const GptVisSceneSettings settings = SETTINGS;
  GptVisScene *scene = gptvis_scene_new (GPTVIS_SOURCE_UPSTREAM);
  guint looks[3] = { 0 };

  for (guint i = 0; i < 24; i++) {
    const GptVisView view = watch (scene, &settings, found, 3, i);
    g_assert_cmpuint (view.n, ==, 3);
    g_assert_cmpuint (view.n_looks, <=, 1);
    if (view.n_looks)
      looks[view.looks[0]]++;
    if (i == 2)
      for (guint k = 0; k < 3; k++)
        g_assert_cmpuint (looks[k], ==, 1);
    gptvis_result_unref (complete (scene, &settings, &view, TRUE));
  }
  for (guint k = 0; k < 3; k++)
    g_assert_cmpuint (looks[k], ==, looks[0]);
  g_assert_cmpuint (looks[0], <, 8);
  gptvis_scene_unref (scene);
}

/* A frame that was chosen for and gave its place to a newer one, or whose look failed, has shown nothing. */
static void
test_looks_that_never_were (void)
{
  const GptVisDetection found[] = { thing (0.1f, 0.1f) };
  const GptVisSceneSettings settings = SETTINGS;
  GptVisScene *scene = gptvis_scene_new (GPTVIS_SOURCE_UPSTREAM);

  for (guint i = 0; i < 20; i++) {
    const GptVisView view = watch (scene, &settings, found, 1, i);
    g_assert_cmpuint (view.n_looks, ==, 1);
    if (i % 2)
      gptvis_result_unref (complete (scene, &settings, &view, FALSE));
  }
  const GptVisView view = watch (scene, &settings, found, 1, 20);
  GptVisResult *result = complete (scene, &settings, &view, TRUE);
  g_assert_cmpuint (result->n_regions, ==, 1);
  g_assert_cmpstr (result->regions[0].labels[0].text, ==, "cat");
  gptvis_result_unref (result);
  gptvis_scene_unref (scene);
}

static void
test_small (void)
{
  const GptVisDetection found[] = { thing (0.1f, 0.005f), thing (0.4f, 0.1f) };
  const GptVisSceneSettings settings = SETTINGS;
  GptVisScene *scene = gptvis_scene_new (GPTVIS_SOURCE_UPSTREAM);

  for (guint i = 0; i < 4; i++) {
    const GptVisView view = watch (scene, &settings, found, 2, i);
    g_assert_cmpuint (view.n, ==, 2);
    g_assert_cmpuint (view.n_looks, ==, 1);
    g_assert_cmpuint (view.looks[0], ==, 1);
    gptvis_result_unref (complete (scene, &settings, &view, TRUE));
  }
  gptvis_scene_unref (scene);
}

/* Detections of a frame before a cut are not those of the frames after it, whichever way time went. */
static void
test_late_detections (void)
{
  const GptVisRegion region = { .box = { 0.1f, 0.2f, 0.2f, 0.5f }, .labels = cat, .n_labels = 1 };
  const GptVisSceneSettings settings = SETTINGS;
  GptVisResult value = GPTVIS_RESULT_INIT;

  value.regions = &region;
  value.n_regions = 1;
  for (gint ahead = -1; ahead <= 1; ahead++) {
    GptVisScene *scene = gptvis_scene_new (GPTVIS_SOURCE_MODEL);
    GptVisView before, after;
    for (guint i = 0; i < 4; i++) {
      before = watch (scene, &settings, NULL, 0, 100 + i);
      if (i < 3)
        gptvis_result_unref (gptvis_scene_complete (scene, &settings, &before, &value, NULL));
    }
    g_assert_cmpuint (before.n, ==, 1);
    gptvis_scene_reset (scene);
    gptvis_result_unref (gptvis_scene_complete (scene, &settings, &before, &value, NULL));
    for (guint i = 0; i < 4; i++) {
      after = watch (scene, &settings, NULL, 0, 104 + 50 * ahead + i);
      g_assert_cmpuint (after.n, ==, 0);
      if (i == 0)
        for (guint k = 0; k < 3; k++)
          gptvis_result_unref (gptvis_scene_complete (scene, &settings, &before, &value, NULL));
    }
    gptvis_scene_unref (scene);
  }
}

/* Zones are in every result from the frame on that they are set for, with who is inside. */
static void
test_zones (void)
{
  const GptVisDetection found[] = { thing (0.1f, 0.1f), thing (0.7f, 0.1f) };
  const GptVisSceneSettings settings = SETTINGS;
  GptVisScene *scene = gptvis_scene_new (GPTVIS_SOURCE_UPSTREAM);
  GptVisZoneList *list = gptvis_zone_list_read ("zones",
      "yard: 0,0.5 0.5,0.5 0.5,1 0,1; door: 0.5,0 -> 0.5,1", NULL);

  for (guint i = 0; i < 8; i++) {
    const GptVisView view = watch (scene, &settings, found, 2, i);
    GptVisResult *first = complete (scene, &settings, &view, TRUE);
    GptVisResult *again = gptvis_scene_renew (scene, &settings, &view, first);
    const GptVisResult *both[] = { first, again };
    for (guint k = 0; k < 2; k++) {
      g_assert_cmpuint (both[k]->n_zones, ==, i < 4 ? 0 : 2);
      g_assert_true ((both[k]->zones != NULL) == (i >= 4));
    }
    if (i == 7) {
      g_assert_cmpstr (again->zones[0].name, ==, "yard");
      g_assert_cmpuint (again->zones[0].inside, ==, 1);
      g_assert_cmpuint (again->zones[0].n_points, ==, 8);
      g_assert_cmpfloat (again->zones[0].points[2], ==, 0.5f);
      g_assert_cmpint (again->zones[1].type, ==, GPTVIS_ZONE_LINE);
    }
    gptvis_result_unref (first);
    gptvis_result_unref (again);
    if (i == 3)
      gptvis_scene_set_zones (scene, list);
  }
  gptvis_zone_list_unref (list);
  gptvis_scene_unref (scene);
}

/* A photo is a first frame that none follows: what is found in it is told, though tracks are asked for. */
static void
test_photo (void)
{
  const GptVisLabel unsure[] = { { 3, "cat", 0.4f } };
  const GptVisRegion regions[] = { { .box = { 0.1f, 0.2f, 0.2f, 0.5f }, .labels = cat, .n_labels = 1 },
    { .box = { 0.6f, 0.2f, 0.2f, 0.5f }, .labels = unsure, .n_labels = 1 } };
  GptVisSceneSettings settings = SETTINGS;
  GptVisResult value = GPTVIS_RESULT_INIT;
  GptVisScene *scene = gptvis_scene_new (GPTVIS_SOURCE_MODEL);

  settings.threshold = 0.3f;
  value.regions = regions;
  value.n_regions = 2;
  const GptVisView view = watch (scene, &settings, NULL, 0, 0);
  GptVisResult *result = gptvis_scene_complete (scene, &settings, &view, &value, NULL);
  g_assert_cmpuint (result->n_regions, ==, 2);
  for (guint i = 0; i < 2; i++) {
    g_assert_cmpuint (result->regions[i].id, ==, i + 1);
    g_assert_cmpuint (result->regions[i].n_labels, ==, 1);
    g_assert_cmpstr (result->regions[i].labels[0].text, ==, "cat");
  }
  gptvis_result_unref (result);
  gptvis_scene_unref (scene);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/scene/turns", test_turns);
  g_test_add_func ("/scene/looks-that-never-were", test_looks_that_never_were);
  g_test_add_func ("/scene/small", test_small);
  g_test_add_func ("/scene/late-detections", test_late_detections);
  g_test_add_func ("/scene/zones", test_zones);
  g_test_add_func ("/scene/photo", test_photo);
  return g_test_run ();
}
