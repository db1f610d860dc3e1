/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regions from gptvisfilter: what moves is found, followed and looked at; both policies, cuts, gaps,
 * frames that cannot be read, several cameras. How motion and tracks work is tested where they are
 * (tests/unit); here a square moves over a still picture, which nobody can get wrong. Those of elements
 * before are upstream.c's. */
#include "gate.h"
#include "camera.h"
#include "scene.h"
#include <math.h>
#include <string.h>
#if GPTVIS_HAVE_ANALYTICS
#include <gst/analytics/analytics.h>
#endif

#define SIDE 56                 /* of the square, pixels */
#define STEP 3                  /* pixels a frame */
/* greys of the ground, so that a still camera can be told from one that moves */
#define TEXTURE 32
#define QUIET 15u               /* frames without it, from which the background is learnt */

/* What moves where. */
typedef struct {
  guint8 ground, square;        /* greys */
  gint x, y;                    /* of the square in its first frame */
  gint step;
} Motion;
static const Motion bright = { 40, 250, 20, 90, STEP }, dark = { 200, 5, 240, 110, -STEP },
    still = { 40, 0, 2 * WIDTH, 0, 0 };

static void
square_at (const Motion *motion, guint i, gint *x, gint *y)
{
  *x = motion->x + ((gint) i - (gint) QUIET) * motion->step;
  *y = motion->y;
}

/* Frame `i` of the camera. */
static GstBuffer *
moving_frame (Rig *rig, const Motion *motion, guint i)
{
  GstBuffer *buffer = rig_frame (rig, 0, i * FRAME);
  GstMapInfo map;
  gint x, y;

  square_at (motion, i, &x, &y);
  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_WRITE));
  for (guint k = 0; k < WIDTH * HEIGHT; k++)
    map.data[k] = motion->ground + (k % WIDTH / 8 * 37 + k / WIDTH / 8 * 53) % TEXTURE;
  for (gint row = y; i >= QUIET && row < y + SIDE; row++)
    for (gint column = MAX (x, 0); column < MIN (x + SIDE, WIDTH); column++)
      map.data[row * WIDTH + column] = motion->square;
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

/* How well the region covers the square: intersection over union. */
static gdouble
overlap (const GptVisRegion *region, const Motion *motion, guint i)
{
  const gfloat *box = region->box;
  gint x, y;

  square_at (motion, i, &x, &y);
  const GptVisBox square = { (gfloat) x / WIDTH, (gfloat) y / HEIGHT, (gfloat) SIDE / WIDTH,
      (gfloat) SIDE / HEIGHT };
  return gptvis_box_iou ((GptVisBox) { box[0], box[1], box[2], box[3] }, square);
}

/* Pushes frames from … to, and returns the last. */
static GstBuffer *
play (Rig *rig, const Motion *motion, guint from, guint to)
{
  GstBuffer *out = NULL;

  for (guint i = from; i < to; i++) {
    gst_clear_buffer (&out);
    out = rig_push (rig, moving_frame (rig, motion, i));
  }
  return out;
}

static void
flush (Rig *rig)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  g_assert_true (gst_harness_push_event (rig->harness, gst_event_new_flush_start ()));
  g_assert_true (gst_harness_push_event (rig->harness, gst_event_new_flush_stop (TRUE)));
  g_assert_true (gst_harness_push_event (rig->harness, gst_event_new_segment (&segment)));
}

/* --- what moves --- */

/* The only region is the square, and is called what it is. */
static guint
check_square (GstBuffer *buffer, const Motion *motion, guint i, const gchar *label)
{
  const GptVisResult *result = result_of (buffer);

  g_assert_nonnull (result);
  g_assert_nonnull (result->regions);
  g_assert_cmpuint (result->n_regions, ==, 1);
  const GptVisRegion *region = &result->regions[0];
  g_test_message ("frame %u: %.3f %.3f %.3f %.3f, IoU %.2f, id %u, %u labels", i, region->box[0],
      region->box[1],
      region->box[2], region->box[3], overlap (region, motion, i), region->id, region->n_labels);
  g_assert_cmpfloat (overlap (region, motion, i), >, 0.5);
  g_assert_cmpint (region->source, ==, GPTVIS_SOURCE_MOTION);
  g_assert_cmpuint (region->id, >, 0);
  g_assert_cmpuint (region->since, >=, QUIET * FRAME);
  g_assert_cmpuint (region->since, <=, i * FRAME);
  if (label) {
    g_assert_cmpuint (region->n_labels, >, 0);
    g_assert_cmpstr (region->labels[0].text, ==, label);
  } else {
    g_assert_cmpuint (region->n_labels, ==, 0);
  }
  return region->id;
}

/* As elements know it that have never heard of us. */
static void
check_metas (GstBuffer *buffer, guint id, const gchar *label)
{
  const GptVisRegion *region = &result_of (buffer)->regions[0];
  GstVideoRegionOfInterestMeta *meta = gst_buffer_get_video_region_of_interest_meta_id (buffer, id);
  gdouble confidence, left;
  gint number;

  g_assert_nonnull (meta);
  g_assert_cmpuint (count_metas (buffer), ==, 1);
  g_assert_cmpstr (g_quark_to_string (meta->roi_type), ==, label);
  g_assert_cmpint (ABS ((gint) meta->x - lrintf (region->box[0] * WIDTH)), <=, 1);
  g_assert_cmpint (ABS ((gint) meta->y - lrintf (region->box[1] * HEIGHT)), <=, 1);
  g_assert_cmpint (ABS ((gint) meta->w - lrintf (region->box[2] * WIDTH)), <=, 1);
  g_assert_cmpint (ABS ((gint) meta->h - lrintf (region->box[3] * HEIGHT)), <=, 1);
  GstStructure *detection = gst_video_region_of_interest_meta_get_param (meta, "detection");
  g_assert_true (gst_structure_get (detection, "confidence", G_TYPE_DOUBLE, &confidence, "x_min",
      G_TYPE_DOUBLE, &left,
          NULL));
  g_assert_cmpfloat (confidence, >, 0.5);
  g_assert_cmpfloat_with_epsilon (left, region->box[0], 1e-6);
  GstStructure *object = gst_video_region_of_interest_meta_get_param (meta, "object_id");
  g_assert_true (gst_structure_get_int (object, "id", &number));
  g_assert_cmpint (number, ==, id);
#if GPTVIS_HAVE_ANALYTICS
  GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta (buffer);
  GstAnalyticsODMtd found;
  gpointer state = NULL;
  g_assert_nonnull (relations);
  g_assert_true (gst_analytics_relation_meta_iterate (relations, &state, gst_analytics_od_mtd_get_mtd_type (),
          (GstAnalyticsMtd *) &found));
  g_assert_cmpstr (g_quark_to_string (gst_analytics_od_mtd_get_obj_type (&found)), ==, label);
#endif
}

static void
test_moving (void)
{
  Rig *rig = camera_rig ("regions=motion");
  GstBuffer *out = play (rig, &bright, 0, QUIET);
  guint id = 0;

  g_assert_nonnull (result_of (out)->regions);  /* somebody looked, and there was nothing */
  g_assert_cmpuint (result_of (out)->n_regions, ==, 0);
  g_assert_cmpuint (count_metas (out), ==, 0);
  gst_buffer_unref (out);
  for (guint i = QUIET; i < QUIET + 60; i++) {
    out = rig_push (rig, moving_frame (rig, &bright, i));
    if (i >= QUIET + 15) {
      const guint now = check_square (out, &bright, i, "bright");
      g_assert_true (id == 0 || now == id);
      id = now;
      check_metas (out, id, "bright");
    }
    gst_buffer_unref (out);
  }
  rig_free (rig);
}

/* Regions are of each frame, the whole picture's labels of the last that was analysed; as long as that is
 * held. */
static void
test_interval (void)
{
  Rig *rig = camera_rig ("regions=motion interval=10");

  gst_buffer_unref (play (rig, &bright, 0, QUIET + 20));
  for (guint i = QUIET + 20; i < QUIET + 40; i++) {
    GstBuffer *out = rig_push (rig, moving_frame (rig, &bright, i));
    check_square (out, &bright, i, "bright");
    g_assert_cmpint (gptvis_buffer_get_meta (out)->own, ==, i % 10 == 0);
    g_assert_cmpuint (result_of (out)->frame, ==, i / 10 * 10);
    gst_buffer_unref (out);
  }
  g_assert_cmpuint (rig_stat (rig, "analysed"), ==, (QUIET + 40 + 9) / 10);
  g_object_set (rig->element, "hold-time", (guint64) 0, NULL);
  for (guint i = QUIET + 40; i < QUIET + 60; i++) {
    GstBuffer *out = rig_push (rig, moving_frame (rig, &bright, i));
    g_assert_true ((gptvis_buffer_get_meta (out) != NULL) == (i % 10 == 0));
    g_assert_cmpuint (count_metas (out), ==, i % 10 == 0);
    gst_buffer_unref (out);
  }
  rig_free (rig);
}

static void
test_none (void)
{
  /* auto, of a checkpoint that says nothing */
  static const gchar *const properties[] = { "regions=none", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (properties); i++) {
    Rig *rig = camera_rig (properties[i]);
    GstBuffer *out = play (rig, &bright, 0, QUIET + 30);
    g_assert_null (result_of (out)->regions);
    g_assert_cmpuint (count_metas (out), ==, 0);
    gst_buffer_unref (out);
    rig_free (rig);
  }
}

/* auto, of labels that regions may have. */
static void
test_auto (void)
{
  Rig *rig = camera_rig ("region-labels=other,bright");
  GstBuffer *out = play (rig, &bright, 0, QUIET + 30);

  check_square (out, &bright, QUIET + 29, "bright");
  gst_buffer_unref (out);
  rig_free (rig);
}

/* Found and followed, and nobody looks what it is. */
static void
test_no_looks (void)
{
  Rig *rig = camera_rig ("regions=motion max-regions=0");
  GstBuffer *out = play (rig, &bright, 0, QUIET + 30);

  check_square (out, &bright, QUIET + 29, NULL);
  gst_buffer_unref (out);
  g_object_set (rig->element, "max-regions", 1, NULL);
  out = play (rig, &bright, QUIET + 30, QUIET + 32);
  check_square (out, &bright, QUIET + 31, "bright");
  gst_buffer_unref (out);
  rig_free (rig);
}

static void
test_min_region (void)
{
  Rig *rig = camera_rig ("regions=motion min-region=0.4");
  GstBuffer *out = play (rig, &bright, 0, QUIET + 30);

  g_assert_cmpuint (result_of (out)->n_regions, ==, 0);
  gst_buffer_unref (out);
  g_object_set (rig->element, "min-region", 0.1, NULL);
  out = play (rig, &bright, QUIET + 30, QUIET + 31);
  check_square (out, &bright, QUIET + 30, "bright");
  gst_buffer_unref (out);
  rig_free (rig);
}

static void
test_model (void)
{
  Rig *rig = rig_new (NULL);

  gst_element_set_state (rig->element, GST_STATE_READY);
  rig_count_messages (rig, GST_MESSAGE_ERROR);
  gst_util_set_object_arg (G_OBJECT (rig->element), "regions", "model");
  g_assert_cmpint (gst_element_set_state (rig->element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
  gchar *sentence = rig_sentence (rig, GST_MESSAGE_ERROR);
  g_assert_nonnull (strstr (sentence, "regions=model needs a checkpoint that finds boxes"));
  g_free (sentence);
  /* And it goes on with what can be. */
  gst_util_set_object_arg (G_OBJECT (rig->element), "regions", "motion");
  g_assert_cmpint (gst_element_set_state (rig->element, GST_STATE_PAUSED), !=, GST_STATE_CHANGE_FAILURE);
  rig_free (rig);
}

/* --- cuts, gaps, frames that cannot be read --- */

/* After a cut nothing is known, and what is found again is somebody else. */
static void
test_cut (void)
{
  Rig *rig = camera_rig ("regions=motion");
  GstBuffer *out = play (rig, &bright, 0, QUIET + 30);
  const guint before = check_square (out, &bright, QUIET + 29, "bright");

  gst_buffer_unref (out);
  flush (rig);
  out = play (rig, &bright, 0, 1);
  g_assert_cmpuint (result_of (out)->n_regions, ==, 0);
  gst_buffer_unref (out);
  out = play (rig, &bright, 1, QUIET + 30);
  g_assert_cmpuint (check_square (out, &bright, QUIET + 29, "bright"), >, before);
  gst_buffer_unref (out);
  rig_free (rig);
}

/* Two seeks, and between them frames that nobody wanted: they are forgotten too. */
static void
test_cut_of_late_frames (void)
{
  Rig *rig = camera_rig ("regions=motion");
  GstBuffer *out;

  gst_buffer_unref (play (rig, &bright, 0, 1));
  flush (rig);
  gst_harness_push_upstream_event (rig->harness, gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 1.5,
      10 * GST_SECOND,
          10 * GST_SECOND));
  out = play (rig, &bright, 0, QUIET + 30);
  check_square (out, &bright, QUIET + 29, NULL);
  gst_buffer_unref (out);
  g_assert_cmpuint (rig_stat (rig, "skipped-late"), ==, QUIET + 30);
  flush (rig);
  out = play (rig, &bright, QUIET + 30, QUIET + 31);
  g_assert_cmpuint (result_of (out)->n_regions, ==, 0);
  gst_buffer_unref (out);
  rig_free (rig);
}

/* A gap has no picture: what is known moves on, and nobody looks. */
static void
test_gap (void)
{
  Rig *rig = camera_rig ("regions=motion");
  GstBuffer *out = play (rig, &bright, 0, QUIET + 30), *gap;
  const guint id = check_square (out, &bright, QUIET + 29, "bright");
  const guint64 analysed = rig_stat (rig, "analysed");

  gst_buffer_unref (out);
  gap = rig_frame (rig, 0, (QUIET + 30) * FRAME);
  GST_BUFFER_FLAG_SET (gap, GST_BUFFER_FLAG_GAP);
  out = rig_push (rig, gap);
  g_assert_cmpuint (check_square (out, &bright, QUIET + 30, "bright"), ==, id);
  gst_buffer_unref (out);
  g_assert_cmpuint (rig_stat (rig, "analysed"), ==, analysed);
  out = play (rig, &bright, QUIET + 31, QUIET + 35);
  g_assert_cmpuint (check_square (out, &bright, QUIET + 34, "bright"), ==, id);
  gst_buffer_unref (out);
  rig_free (rig);
}

/* Frames of too few bytes pass without a result, and the camera is known again after them. */
static void
test_unmappable (void)
{
  static const gchar *const properties[] = { "regions=motion",
      "regions=motion interval=1000 hold-time=18446744073709551615" };

  for (guint p = 0; p < G_N_ELEMENTS (properties); p++) {
    Rig *rig = camera_rig (properties[p]);
    GstBuffer *out = play (rig, &bright, 0, QUIET + 30);
    const guint id = check_square (out, &bright, QUIET + 29, p ? NULL : "bright");
    gst_buffer_unref (out);
    for (guint i = 0; i < 3; i++) {
      GstBuffer *small = gst_buffer_new_allocate (NULL, 100, NULL);
      gst_buffer_memset (small, 0, 0, 100);
      GST_BUFFER_PTS (small) = (QUIET + 30 + i) * FRAME;
      out = rig_push (rig, small);
      if (p == 0)
        g_assert_null (result_of (out));
      else
        g_assert_cmpuint (result_of (out)->n_regions, ==, 1);
      gst_buffer_unref (out);
    }
    g_assert_cmpuint (rig_stat (rig, "unmappable"), ==, p ? 0 : 3);
    g_assert_cmpuint (rig_count_messages (rig, GST_MESSAGE_WARNING), ==, p ? 0 : 1);
    out = play (rig, &bright, QUIET + 33, QUIET + 37);
    g_assert_cmpuint (check_square (out, &bright, QUIET + 36, p ? NULL : "bright"), ==, id);
    gst_buffer_unref (out);
    rig_free (rig);
  }
}

/* Another size of picture in the middle of it all. */
static void
test_size (void)
{
  Rig *rig = camera_rig ("regions=motion");
  GstBuffer *out;

  gst_buffer_unref (play (rig, &bright, 0, QUIET + 30));
  rig_caps (rig, "video/x-raw,format=GRAY8,width=33,height=17,framerate=25/1");
  for (guint i = 0; i < 5; i++)
    gst_buffer_unref (rig_push (rig, rig_frame (rig, 40, (QUIET + 30 + i) * FRAME)));
  rig_caps (rig, CAPS);
  gst_buffer_unref (play (rig, &still, QUIET + 35, 2 * QUIET + 35));
  out = play (rig, &bright, 2 * QUIET + 35, 2 * QUIET + 60);
  g_assert_cmpuint (result_of (out)->n_regions, ==, 1);
  gst_buffer_unref (out);
  rig_free (rig);
}

/* --- latest --- */

/* Boxes are of the frame that they are on while the analysis stands; labels come when it goes on. */
static void
test_latest (void)
{
  Rig *rig;
  GstBuffer *out;

  gate_close (GATE_ANALYSIS);
  rig = camera_rig ("regions=motion policy=latest hold-time=18446744073709551615");
  gst_buffer_unref (play (rig, &bright, 0, 1));
  gate_await (GATE_ANALYSIS);
  out = play (rig, &bright, 1, QUIET + 20);
  check_square (out, &bright, QUIET + 19, NULL);
  g_assert_false (gptvis_buffer_get_meta (out)->own);
  gst_buffer_unref (out);
  g_assert_cmpuint (rig_stat (rig, "analysed"), ==, 0);
  gate_open (GATE_ANALYSIS);
  while (rig_await_result (rig) < QUIET + 10);  /* one that had a square to look at */
  out = play (rig, &bright, QUIET + 20, QUIET + 21);
  check_square (out, &bright, QUIET + 20, "bright");
  gst_buffer_unref (out);
  rig_free (rig);
}

/* A cut while looks are under way: what they saw is nobody's. */
static void
test_latest_cut (void)
{
  Rig *rig = camera_rig ("regions=motion policy=latest");
  GstBuffer *out;

  out = play (rig, &bright, 0, QUIET + 20);
  gst_buffer_unref (out);
  gate_close (GATE_ANALYSIS);
  gst_buffer_unref (play (rig, &bright, QUIET + 20, QUIET + 24));
  gate_await (GATE_ANALYSIS);
  flush (rig);
  rig_count_messages (rig, GST_MESSAGE_ELEMENT);
  out = play (rig, &dark, 0, 1);
  g_assert_cmpuint (result_of (out)->n_regions, ==, 0);
  gst_buffer_unref (out);
  gate_open (GATE_ANALYSIS);
  g_assert_cmpuint (rig_await_result (rig), ==, QUIET + 24);
  rig_free (rig);
}

/* Stopped while frames with looks wait and run. */
static void
test_latest_stop (void)
{
  for (guint i = 0; i < 20; i++) {
    Rig *rig = camera_rig ("regions=motion policy=latest");
    gst_buffer_unref (play (rig, &bright, 0, QUIET + i));
    rig_free (rig);
  }
}

/* --- several cameras --- */

typedef struct {
  Rig *rig;
  const Motion *motion;
  const gchar *label;
} Camera;

static gpointer
watch (gpointer data)
{
  const Camera *camera = data;
  GstBuffer *out;

  gst_buffer_unref (play (camera->rig, camera->motion, 0, QUIET + 20));
  for (guint i = QUIET + 20; i < QUIET + 50; i++) {
    out = rig_push (camera->rig, moving_frame (camera->rig, camera->motion, i));
    g_assert_cmpuint (check_square (out, camera->motion, i, camera->label), ==, 1);
    gst_buffer_unref (out);
  }
  return NULL;
}

static void
test_cameras (void)
{
  gchar *checkpoint = checkpoint_write (CHECKPOINT_SOUND);
  Camera cameras[] = { { rig_new_at (checkpoint, "regions=motion"), &bright, "bright" },
    { rig_new_at (checkpoint, "regions=motion"), &dark, "dark" } };
  GThread *threads[G_N_ELEMENTS (cameras)];

  for (guint i = 0; i < G_N_ELEMENTS (cameras); i++)
    rig_caps (cameras[i].rig, CAPS);
  g_assert_cmpuint (rig_stat (cameras[0].rig, "streams"), ==, 2);
  for (guint i = 0; i < G_N_ELEMENTS (cameras); i++)
    threads[i] = g_thread_new ("camera", watch, &cameras[i]);
  for (guint i = 0; i < G_N_ELEMENTS (cameras); i++) {
    g_thread_join (threads[i]);
    rig_free (cameras[i].rig);
  }
  checkpoint_remove (checkpoint);
}

/* --- properties --- */

static void
test_properties (void)
{
  static const struct { const gchar *name; gdouble min, max, value; } numbers[] = {
    { "max-regions", 0, GPTVIS_MAX_LOOKS, 8 }, { "min-region", 0, 1, 0.02f } };
  Rig *rig = camera_rig ("regions=motion");
  GObjectClass *klass = G_OBJECT_GET_CLASS (rig->element);
  gboolean track;
  gint regions;

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    GParamSpec *spec = g_object_class_find_property (klass, numbers[i].name);
    GValue number = G_VALUE_INIT, own = G_VALUE_INIT;
    g_assert_true (spec->flags & GST_PARAM_MUTABLE_PLAYING);
    g_value_init (&number, G_TYPE_DOUBLE);
    g_value_init (&own, spec->value_type);
    g_assert_true (g_value_transform (g_param_spec_get_default_value (spec), &number));
    g_assert_cmpfloat (g_value_get_double (&number), ==, numbers[i].value);
    g_value_set_double (&number, numbers[i].max + 1);
    g_assert_true (g_value_transform (&number, &own));
    g_assert_true (g_param_value_validate (spec, &own));        /* it is brought into its range */
    g_assert_true (g_value_transform (&own, &number));
    g_assert_cmpfloat (g_value_get_double (&number), ==, numbers[i].max);
    g_value_unset (&number);
    g_value_unset (&own);
  }
  g_object_get (rig->element, "track", &track, "regions", &regions, NULL);
  g_assert_true (track);
  /* A stream that runs keeps its source. */
  gst_util_set_object_arg (G_OBJECT (rig->element), "regions", "none");
  gchar *sentence = rig_sentence (rig, GST_MESSAGE_WARNING);
  g_assert_nonnull (strstr (sentence, "\"regions\" cannot change while the stream runs"));
  g_free (sentence);
  gint after;
  g_object_get (rig->element, "regions", &after, NULL);
  g_assert_cmpint (after, ==, regions);
  rig_free (rig);
}

int
main (int argc, char **argv)
{
  rig_init (&argc, &argv);
  g_test_add_func ("/regions/moving", test_moving);
  g_test_add_func ("/regions/interval", test_interval);
  g_test_add_func ("/regions/none", test_none);
  g_test_add_func ("/regions/auto", test_auto);
  g_test_add_func ("/regions/no-looks", test_no_looks);
  g_test_add_func ("/regions/min-region", test_min_region);
  g_test_add_func ("/regions/model", test_model);
  g_test_add_func ("/regions/cut", test_cut);
  g_test_add_func ("/regions/cut-of-late-frames", test_cut_of_late_frames);
  g_test_add_func ("/regions/gap", test_gap);
  g_test_add_func ("/regions/unmappable", test_unmappable);
  g_test_add_func ("/regions/size", test_size);
  g_test_add_func ("/regions/latest", test_latest);
  g_test_add_func ("/regions/latest-cut", test_latest_cut);
  g_test_add_func ("/regions/latest-stop", test_latest_stop);
  g_test_add_func ("/regions/cameras", test_cameras);
  g_test_add_func ("/regions/properties", test_properties);
  return g_test_run ();
}
