/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regions for programs that know GstAnalytics alone: ours as they find them (objects, classes, tracking), and
 * theirs as gptvisfilter finds them. Built where GStreamer has it (1.24). */
#include "regionmeta.h"
#include "camera.h"
#include <gst/analytics/analytics.h>

#define NOW (7 * GST_SECOND)
#define MANY_LABELS 20u

/* --- what a program reads that has never heard of us --- */

typedef struct {
  gint x, y, width, height;
  gfloat score;
  const gchar *type;
  GstAnalyticsODMtd mtd;
} Object;

/* The nth object of the buffer; FALSE when there are no more. */
static gboolean
nth_object (GstBuffer *buffer, guint n, Object *object)
{
  GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta (buffer);
  gpointer state = NULL;

  if (!relations)
    return FALSE;
  for (guint i = 0; i <= n; i++)
    if (!gst_analytics_relation_meta_iterate (
            relations, &state, gst_analytics_od_mtd_get_mtd_type (), &object->mtd))
      return FALSE;
  g_assert_true (gst_analytics_od_mtd_get_location (
          &object->mtd, &object->x, &object->y, &object->width, &object->height, &object->score));
  object->type = g_quark_to_string (gst_analytics_od_mtd_get_obj_type (&object->mtd));
  return TRUE;
}

static guint
count_objects (GstBuffer *buffer)
{
  Object object;
  guint n = 0;

  while (nth_object (buffer, n, &object))
    n++;
  return n;
}

/* What is related to the object and is of that type, of which there is one at most, and both know it. */
static gboolean
related (const Object *object, GstAnalyticsMtdType type, GstAnalyticsMtd *found)
{
  GstAnalyticsRelationMeta *relations = object->mtd.meta;
  GstAnalyticsMtd other;
  gpointer state = NULL;

  if (!gst_analytics_relation_meta_get_direct_related (
          relations, object->mtd.id, GST_ANALYTICS_REL_TYPE_RELATE_TO, type, &state, found))
    return FALSE;
  g_assert_false (gst_analytics_relation_meta_get_direct_related (
          relations, object->mtd.id, GST_ANALYTICS_REL_TYPE_ANY, type, &state, &other));
  g_assert_cmpint (gst_analytics_relation_meta_get_relation (relations, found->id, object->mtd.id), ==,
      GST_ANALYTICS_REL_TYPE_RELATE_TO);
  return TRUE;
}

/* Its best label; NULL: it has no class. */
static const gchar *
class_of (const Object *object)
{
  GstAnalyticsClsMtd class;

  if (!related (object, gst_analytics_cls_mtd_get_mtd_type (), &class))
    return NULL;
  return g_quark_to_string (gst_analytics_cls_mtd_get_quark (&class, 0));
}

/* --- ours --- */

static GstBuffer *
picture (void)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, WIDTH * HEIGHT, NULL);

  GST_BUFFER_PTS (buffer) = NOW;
  return buffer;
}

static void
check_class (const Object *object, const GptVisRegion *region)
{
  GstAnalyticsClsMtd class;

  if (region->n_labels == 0) {
    g_assert_false (related (object, gst_analytics_cls_mtd_get_mtd_type (), &class));
    g_assert_cmpstr (object->type, ==, "region");
    return;
  }
  g_assert_true (related (object, gst_analytics_cls_mtd_get_mtd_type (), &class));
  g_assert_cmpuint (gst_analytics_cls_mtd_get_length (&class), ==, region->n_labels);
  for (guint i = 0; i < region->n_labels; i++) {
    const GQuark label = gst_analytics_cls_mtd_get_quark (&class, i);
    g_assert_cmpstr (g_quark_to_string (label), ==, region->labels[i].text);
    g_assert_cmpfloat (gst_analytics_cls_mtd_get_level (&class, i), ==, region->labels[i].score);
  }
  g_assert_cmpstr (object->type, ==, region->labels[0].text);
  g_assert_cmpfloat (object->score, ==, region->labels[0].score);
}

static void
check_track (const Object *object, const GptVisRegion *region, GstClockTime last)
{
  GstAnalyticsTrackingMtd tracking;
  GstClockTime first_seen, last_seen;
  guint64 id;
  gboolean lost;

  g_assert_cmpint (related (object, gst_analytics_tracking_mtd_get_mtd_type (), &tracking), ==,
      region->id > 0);
  if (region->id == 0)
    return;
  g_assert_true (gst_analytics_tracking_mtd_get_info (&tracking, &id, &first_seen, &last_seen, &lost));
  g_assert_cmpuint (id, ==, region->id);
  g_assert_cmpuint (first_seen, ==, region->since);
  g_assert_cmpuint (last_seen, ==, last);
  g_assert_false (lost);
}

static void
check_regions (GstBuffer *buffer, const GptVisRegion *regions, guint n)
{
  Object object;

  g_assert_cmpuint (count_objects (buffer), ==, n);
  for (guint i = 0; i < n; i++) {
    g_assert_true (nth_object (buffer, i, &object));
    g_assert_cmpint (object.x, ==, (gint) (regions[i].box[0] * WIDTH + 0.5f));
    g_assert_cmpint (object.y, ==, (gint) (regions[i].box[1] * HEIGHT + 0.5f));
    g_assert_cmpint (object.width, ==, (gint) (regions[i].box[2] * WIDTH + 0.5f));
    g_assert_cmpint (object.height, ==, (gint) (regions[i].box[3] * HEIGHT + 0.5f));
    check_class (&object, &regions[i]);
    check_track (&object, &regions[i], NOW);
  }
}

/* With label and track, with one of them, with none. */
static void
test_regions (void)
{
  static const GptVisLabel labels[] = { { .text = "person", .score = 0.75f, .id = 3 },
    { .text = "dog", .score = 0.25f, .id = 1 } };
  static const GptVisRegion regions[] = {
    { .box = { 0, 0, 0.25f, 0.5f }, .labels = labels, .n_labels = 2, .id = 7, .since = 2 * GST_SECOND },
    { .box = { 0.5f, 0.25f, 0.5f, 0.75f }, .labels = labels + 1, .n_labels = 1, .since = G_MAXUINT64 },
    { .box = { 0.25f, 0.5f, 0.125f, 0.25f }, .id = 8, .since = 0 },
    { .box = { 0.75f, 0, 0.125f, 0.125f }, .since = G_MAXUINT64 } };
  GptVisResult result = GPTVIS_RESULT_INIT;
  GstBuffer *buffer = picture (), *copy;

  result.regions = regions;
  result.n_regions = G_N_ELEMENTS (regions);
  gptvis_region_metas_add (buffer, &result, WIDTH, HEIGHT);
  check_regions (buffer, regions, G_N_ELEMENTS (regions));
  copy = gst_buffer_copy (buffer);
  gst_buffer_unref (buffer);
  check_regions (copy, regions, G_N_ELEMENTS (regions));
  gst_buffer_unref (copy);
}

/* The frame's labels are a class too, and no region's. */
static void
test_frame (void)
{
  static const GptVisLabel outdoor = { .text = "outdoor", .score = 0.9f };
  static const GptVisLabel cat = { .text = "cat", .score = 0.8f };
  const GptVisRegion region
      = { .box = { 0.5f, 0.5f, 0.25f, 0.25f }, .labels = &cat, .n_labels = 1, .id = 1, .since = NOW };
  GptVisResult *result, told = GPTVIS_RESULT_INIT;
  GstAnalyticsClsMtd class;
  GstBuffer *buffer = picture ();
  gpointer state = NULL;
  guint n = 0;

  told.labels = &outdoor;
  told.n_labels = 1;
  told.regions = &region;
  told.n_regions = 1;
  result = gptvis_result_copy (&told);
  gptvis_buffer_add_meta (buffer, result, TRUE, 0);
  gptvis_region_metas_add (buffer, result, WIDTH, HEIGHT);
  check_regions (buffer, &region, 1);
  while (gst_analytics_relation_meta_iterate (gst_buffer_get_analytics_relation_meta (buffer), &state,
          gst_analytics_cls_mtd_get_mtd_type (), &class))
    n++;
  g_assert_cmpuint (n, ==, 2);
  gst_buffer_unref (buffer);
  gptvis_result_unref (result);
}

/* As many as there can be, each with more labels than are voted on. */
static void
test_many (void)
{
  GptVisLabel labels[MANY_LABELS];
  GptVisRegion regions[GPTVIS_MAX_REGIONS];
  GptVisResult result = GPTVIS_RESULT_INIT;
  GstBuffer *buffer = picture ();

  for (guint i = 0; i < MANY_LABELS; i++)
    labels[i] = (GptVisLabel) { .text = i % 2 ? "odd" : "even", .score = 1.0f / (i + 1), .id = i };
  for (guint i = 0; i < GPTVIS_MAX_REGIONS; i++)
    regions[i] = (GptVisRegion) { .box = { i / 64.0f, i / 64.0f, 0.25f, 0.25f },
      .labels = labels + i % 3, .n_labels = MANY_LABELS - i % 3, .id = i + 1, .since = i * FRAME };
  result.regions = regions;
  result.n_regions = GPTVIS_MAX_REGIONS;
  gptvis_region_metas_add (buffer, &result, WIDTH, HEIGHT);
  check_regions (buffer, regions, GPTVIS_MAX_REGIONS);
  gst_buffer_unref (buffer);
}

/* Who does not know the time does not say that it is long gone. */
static void
test_no_time (void)
{
  const GptVisRegion region = { .box = { 0, 0, 0.5f, 0.5f }, .id = 1, .since = FRAME };
  GptVisResult result = GPTVIS_RESULT_INIT;
  GstBuffer *buffer = picture ();
  Object object;

  GST_BUFFER_PTS (buffer) = GST_CLOCK_TIME_NONE;
  result.regions = &region;
  result.n_regions = 1;
  gptvis_region_metas_add (buffer, &result, WIDTH, HEIGHT);
  g_assert_true (nth_object (buffer, 0, &object));
  check_track (&object, &region, FRAME);
  gst_buffer_unref (buffer);
}

/* --- theirs --- */

static void
add_object (GstBuffer *buffer, const gchar *type, gint x, gint y, gint width, gint height)
{
  GstAnalyticsRelationMeta *relations = gst_buffer_add_analytics_relation_meta (buffer);
  GstAnalyticsODMtd object;

  g_assert_true (gst_analytics_relation_meta_add_od_mtd (
          relations, type ? g_quark_from_string (type) : 0, x, y, width, height, 0.9f, &object));
}

static const gchar *
nth_class (GstBuffer *buffer, guint n)
{
  Object object;

  g_assert_true (nth_object (buffer, n, &object));
  return class_of (&object);
}

static const GptVisResult *
carried_by (GstBuffer *buffer)
{
  const GptVisResult *result = result_of (buffer);

  g_assert_nonnull (result);
  return result;
}

/* Each gets a class of ours, those that are looked at; none is added, and no other form of them. */
static void
test_upstream (void)
{
  Rig *rig = camera_rig ("regions=upstream interval=3 min-region=0.1");

  for (guint i = 0; i < 12; i++) {
    GstBuffer *buffer = two_squares (rig, i), *out;
    add_object (buffer, "cat", 20, 20, 60, 60);
    add_object (buffer, "fly", 100, 100, 4, 4);
    add_object (buffer, NULL, 200, 20, 60, 60);
    out = rig_push (rig, buffer);
    g_assert_cmpuint (count_objects (out), ==, 3);
    g_assert_cmpuint (count_metas (out), ==, 0);
    g_assert_cmpuint (carried_by (out)->n_regions, ==, 3);
    g_assert_cmpint (carried_by (out)->regions[0].source, ==, GPTVIS_SOURCE_UPSTREAM);
    g_assert_cmpstr (nth_class (out, 0), ==, "bright");
    g_assert_null (nth_class (out, 1));
    g_assert_cmpstr (nth_class (out, 2), ==, "dark");
    gst_buffer_unref (out);
  }
  rig_free (rig);
}

/* Only those that are asked for; one without a type is called "region". */
static void
test_upstream_labels (void)
{
  Rig *rig = camera_rig ("regions=upstream upstream-labels=\"Dog, region\"");
  GstBuffer *buffer = two_squares (rig, 0), *out;

  add_object (buffer, "cat", 20, 20, 60, 60);
  add_object (buffer, "dog", 200, 20, 60, 60);
  add_object (buffer, NULL, 25, 25, 50, 50);
  out = rig_push (rig, buffer);
  g_assert_cmpuint (carried_by (out)->n_regions, ==, 2);
  g_assert_null (nth_class (out, 0));
  g_assert_cmpstr (nth_class (out, 1), ==, "dark");
  g_assert_cmpstr (nth_class (out, 2), ==, "bright");
  gst_buffer_unref (out);
  rig_free (rig);
}

/* One that somebody put there in both forms is one region. */
static void
test_both_forms (void)
{
  Rig *rig = camera_rig ("regions=upstream");
  GstBuffer *buffer = two_squares (rig, 0), *out;

  gst_buffer_add_video_region_of_interest_meta (buffer, "cat", 20, 20, 60, 60);
  add_object (buffer, "cat", 20, 20, 60, 60);
  add_object (buffer, "dog", 200, 20, 60, 60);
  out = rig_push (rig, buffer);
  g_assert_cmpuint (carried_by (out)->n_regions, ==, 2);
  g_assert_cmpstr (nth_class (out, 1), ==, "dark");
  gst_buffer_unref (out);
  rig_free (rig);
}

/* Of no size, of a negative one, partly or wholly beyond the picture; on a buffer that others hold. */
static void
test_odd_upstream (void)
{
  static const gint odd[][4] = { { 0, 0, 0, 0 }, { 20, 20, -60, 60 }, { WIDTH, 0, 10, 10 },
    { G_MININT, G_MININT, G_MAXINT, G_MAXINT }, { G_MAXINT, G_MAXINT, G_MAXINT, G_MAXINT },
    { 20, 20, 60, 60 }, { -40, 20, 110, 60 }, { 200, 20, 60, 60 } };
  const guint n = G_N_ELEMENTS (odd);
  Rig *rig = camera_rig ("regions=upstream");

  for (guint i = 0; i < 4; i++) {
    GstBuffer *buffer = two_squares (rig, i), *held, *out;
    for (guint k = 0; k < n; k++)
      add_object (buffer, "thing", odd[k][0], odd[k][1], odd[k][2], odd[k][3]);
    held = i % 2 ? gst_buffer_ref (buffer) : NULL;
    out = rig_push (rig, buffer);
    g_assert_cmpuint (count_objects (out), ==, n);
    g_assert_cmpuint (carried_by (out)->n_regions, ==, 3);
    for (guint k = 0; k < n - 3; k++)
      g_assert_null (nth_class (out, k));
    g_assert_cmpstr (nth_class (out, n - 3), ==, "bright");
    g_assert_cmpstr (nth_class (out, n - 1), ==, "dark");
    if (held)
      g_assert_null (nth_class (held, n - 1));
    gst_clear_buffer (&held);
    gst_buffer_unref (out);
  }
  rig_free (rig);
}

int
main (int argc, char **argv)
{
  rig_init (&argc, &argv);
  g_test_add_func ("/analytics/regions", test_regions);
  g_test_add_func ("/analytics/frame", test_frame);
  g_test_add_func ("/analytics/many", test_many);
  g_test_add_func ("/analytics/no-time", test_no_time);
  g_test_add_func ("/analytics/upstream", test_upstream);
  g_test_add_func ("/analytics/upstream-labels", test_upstream_labels);
  g_test_add_func ("/analytics/both-forms", test_both_forms);
  g_test_add_func ("/analytics/odd-upstream", test_odd_upstream);
  return g_test_run ();
}
