/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regions that elements before gptvisfilter have found, as GstVideoRegionOfInterestMeta: each gets a label of
 * ours onto the same meta, as the second stage of others' elements does it. */
#include "camera.h"
#include "scene.h"
#include <string.h>


static GstVideoRegionOfInterestMeta *
next_meta (GstBuffer *buffer, gpointer *state)
{
  return (GstVideoRegionOfInterestMeta *) gst_buffer_iterate_meta_filtered (buffer, state,
      GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE);
}

static GstVideoRegionOfInterestMeta *
add_region (GstBuffer *buffer, const gchar *type, guint x, guint y, guint w, guint h)
{
  return gst_buffer_add_video_region_of_interest_meta (buffer, type, x, y, w, h);
}

/* What was found out about it; NULL: nothing. */
static const gchar *
classification (GstVideoRegionOfInterestMeta *meta)
{
  GstStructure *found = gst_video_region_of_interest_meta_get_param (meta, "classification");
  gdouble confidence;
  gint id;

  if (!found)
    return NULL;
  g_assert_true (gst_structure_get (found, "label_id", G_TYPE_INT, &id, "confidence", G_TYPE_DOUBLE,
      &confidence,
          NULL));
  g_assert_cmpfloat (confidence, >, 0);
  g_assert_nonnull (gst_structure_get_string (found, "model_name"));
  return gst_structure_get_string (found, "label");
}

/* The nth of the buffer. */
static GstVideoRegionOfInterestMeta *
nth_meta (GstBuffer *buffer, guint n)
{
  GstVideoRegionOfInterestMeta *meta = NULL;
  gpointer state = NULL;

  for (guint i = 0; i <= n; i++)
    meta = next_meta (buffer, &state);
  g_assert_nonnull (meta);
  return meta;
}

static void
test_upstream (void)
{
  Rig *rig = camera_rig ("regions=upstream interval=3 min-region=0.1");

  for (guint i = 0; i < 12; i++) {
    GstBuffer *buffer = two_squares (rig, i), *out;
    add_region (buffer, "cat", 20, 20, 60, 60);
    add_region (buffer, "fly", 100, 100, 4, 4);
    add_region (buffer, "dog", 200, 20, 60, 60);
    out = rig_push (rig, buffer);
    const GptVisResult *result = result_of (out);
    g_assert_cmpuint (count_metas (out), ==, 3);        /* theirs, and none of ours */
    g_assert_cmpuint (result->n_regions, ==, 3);
    g_assert_cmpint (result->regions[0].source, ==, GPTVIS_SOURCE_UPSTREAM);
    g_assert_cmpuint (result->regions[0].id, !=, result->regions[2].id);
    g_assert_cmpuint (result->regions[0].id, >, 0);
    g_assert_cmpstr (classification (nth_meta (out, 0)), ==, "bright");
    g_assert_null (classification (nth_meta (out, 1)));
    g_assert_cmpstr (classification (nth_meta (out, 2)), ==, "dark");
    g_assert_cmpstr (g_quark_to_string (nth_meta (out, 2)->roi_type), ==, "dog");
    gst_buffer_unref (out);
  }
  rig_free (rig);
}

/* Only those that are asked for; the others pass as they came. */
static void
test_upstream_labels (void)
{
  Rig *rig = camera_rig ("regions=upstream upstream-labels=\"bird, Dog\"");
  GstBuffer *buffer = two_squares (rig, 0), *out;

  add_region (buffer, "cat", 20, 20, 60, 60);
  add_region (buffer, "dog", 200, 20, 60, 60);
  out = rig_push (rig, buffer);
  g_assert_cmpuint (result_of (out)->n_regions, ==, 1);
  g_assert_null (classification (nth_meta (out, 0)));
  g_assert_cmpstr (classification (nth_meta (out, 1)), ==, "dark");
  gst_buffer_unref (out);
  rig_free (rig);
}

static void
assert_caption (const GptVisRegion *region, const gchar *text, guint64 frame)
{
  if (!text) {
    g_assert_null (region->caption);
    return;
  }
  g_assert_nonnull (region->caption);
  g_assert_cmpstr (region->caption->text, ==, text);
  g_assert_true (region->caption->final);
  g_assert_cmpuint (region->caption->frame, ==, frame);
}

/* Each region that is looked at has a sentence of its own where the task asks for one: once, or as often as
 * caption-interval says; a frame that is waited for has them all. */
static void
test_captions (void)
{
  static const gchar *const tasks[] = { "caption", "both", "caption caption-interval=80000000", "label" };

  for (guint t = 0; t < G_N_ELEMENTS (tasks); t++) {
    gchar *properties = g_strdup_printf ("regions=upstream min-region=0.1 interval=2 task=%s", tasks[t]);
    Rig *rig = writing_camera_rig (WRITES, properties);
    for (guint i = 0; i < 6; i++) {
      GstBuffer *buffer = two_squares (rig, i), *out;
      add_region (buffer, "cat", 20, 20, 60, 60);
      add_region (buffer, "fly", 100, 100, 4, 4);
      add_region (buffer, "dog", 200, 20, 60, 60);
      out = rig_push (rig, buffer);
      const GptVisResult *result = result_of (out);
      const guint64 frame = t == 2 ? i / 2 * 2 : 0;
      g_assert_cmpuint (result->n_regions, ==, 3);
      assert_caption (&result->regions[0], t == 3 ? NULL : "a white picture", frame);
      assert_caption (&result->regions[1], NULL, 0);
      assert_caption (&result->regions[2], t == 3 ? NULL : "a black picture", frame);
      g_assert_cmpint (result->regions[0].n_labels > 0, ==, t == 1 || t == 3);
      gst_buffer_unref (out);
    }
    rig_free (rig);
    g_free (properties);
  }
}

/* A caption that is not likely enough is none, and so is one that cannot be written; who asked goes on. */
static void
test_no_captions (void)
{
  static const struct {
    WriterKind kind;
    const gchar *properties;
  } cases[] = { { WRITES, "regions=upstream task=caption caption-threshold=1" },
    { WRITES | IS_CAREFUL, "regions=upstream task=caption" } };

  for (guint c = 0; c < G_N_ELEMENTS (cases); c++) {
    Rig *rig = writing_camera_rig (cases[c].kind, cases[c].properties);
    for (guint i = 0; i < 3; i++) {
      GstBuffer *buffer = two_squares (rig, i), *out;
      add_region (buffer, "cat", 20, 20, 60, 60);
      out = rig_push (rig, buffer);
      assert_caption (&result_of (out)->regions[0], NULL, 0);
      gst_buffer_unref (out);
    }
    rig_free (rig);
  }
}

/* Nowhere, of no size, beyond the picture, far too many, twice the same; on a buffer that others hold. */
static void
test_odd_upstream (void)
{
  static const guint odd[][4] = { { 0, 0, 0, 0 }, { 20, 20, 0, 60 }, { 320, 0, 10, 10 }, { G_MAXUINT,
      G_MAXUINT,
    G_MAXUINT, G_MAXUINT }, { 0, 240, 320, 1 }, { 300, 200, G_MAXUINT, G_MAXUINT }, { 20, 20, 60, 60 },
    { 20, 20, 60, 60 }, { 200, 20, 60, 60 } };
  const guint n = G_N_ELEMENTS (odd);
  Rig *rig = camera_rig ("regions=upstream");
  GstBuffer *buffer, *held, *out;

  for (guint i = 0; i < 4; i++) {
    buffer = two_squares (rig, i);
    for (guint k = 0; k < n; k++)
      add_region (buffer, "thing", odd[k][0], odd[k][1], odd[k][2], odd[k][3]);
    held = i % 2 ? gst_buffer_ref (buffer) : NULL;
    out = rig_push (rig, buffer);
    g_assert_cmpuint (count_metas (out), ==, n);
    g_assert_cmpuint (result_of (out)->n_regions, ==, 3);
    g_assert_null (classification (nth_meta (out, 0)));
    g_assert_cmpstr (classification (nth_meta (out, 6)), ==, "bright");
    g_assert_cmpstr (classification (nth_meta (out, 8)), ==, "dark");
    if (held)
      g_assert_null (classification (nth_meta (held, 8)));
    gst_clear_buffer (&held);
    gst_buffer_unref (out);
  }
  buffer = two_squares (rig, 4);
  for (guint k = 0; k < 1000; k++)
    add_region (buffer, "thing", k % 300, k / 5, 20, 20);
  out = rig_push (rig, buffer);
  g_assert_cmpuint (result_of (out)->n_regions, ==, GPTVIS_MAX_REGIONS);
  gst_buffer_unref (out);
  out = rig_push (rig, two_squares (rig, 5));
  g_assert_nonnull (result_of (out)->regions);
  g_assert_cmpuint (result_of (out)->n_regions, ==, 0);
  gst_buffer_unref (out);
  rig_free (rig);
}

int
main (int argc, char **argv)
{
  rig_init (&argc, &argv);
  g_test_add_func ("/upstream/labels", test_upstream);
  g_test_add_func ("/upstream/captions", test_captions);
  g_test_add_func ("/upstream/no-captions", test_no_captions);
  g_test_add_func ("/upstream/asked-for", test_upstream_labels);
  g_test_add_func ("/upstream/odd", test_odd_upstream);
  return g_test_run ();
}
