/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results on their way out: GptVisMeta through conversions and copies, the
 * element message field by field, the wall clock, two filters in a row. */
#include "rig.h"
#include "message.h"
#include "model.h"
#include "result.h"
#include "config.h"
#if GPTVIS_HAVE_ANALYTICS
#include <gst/analytics/analytics.h>
#endif
#include <glib/gstdio.h>
#include <string.h>

/* A white frame through the filter and then through `elements`. */
static GstBuffer *
through (const gchar *elements)
{
  gchar *directory = checkpoint_write (CHECKPOINT_SOUND);
  gchar *line = g_strdup_printf ("gptvisfilter policy=every model=\"%s\" ! %s", directory, elements);
  GstHarness *harness = gst_harness_new_parse (line);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 64 * 48 * 3, NULL);

  gst_buffer_memset (buffer, 0, 255, 64 * 48 * 3);
  GST_BUFFER_PTS (buffer) = 0;
  gst_harness_set_src_caps_str (harness, "video/x-raw,format=RGB,width=64,height=48,framerate=25/1");
  g_assert_cmpint (gst_harness_push (harness, buffer), ==, GST_FLOW_OK);
  buffer = gst_harness_try_pull (harness);
  gst_harness_teardown (harness);
  g_free (line);
  checkpoint_remove (directory);
  return buffer;
}

static void
test_meta_survives (void)
{
  const gchar *elements[] = { "videoconvert ! capsfilter caps=video/x-raw,format=NV12",
    "videoscale ! capsfilter caps=video/x-raw,width=20",
    "videoconvertscale ! capsfilter caps=video/x-raw,format=I420,width=20",
    "videocrop left=8 top=8", "videoflip method=clockwise", "identity drop-allocation=true" };

  for (guint i = 0; i < G_N_ELEMENTS (elements); i++) {
    gchar *factory = g_strndup (elements[i], strcspn (elements[i], " "));
    GstElementFactory *found = gst_element_factory_find (factory);
    if (found) {
      GstBuffer *out = through (elements[i]);
      GptVisMeta *meta = gptvis_buffer_get_meta (out);
      g_test_message ("%s", elements[i]);
      g_assert_nonnull (meta);
      g_assert_true (meta->own);
      g_assert_cmpuint (meta->age, ==, 0);
      g_assert_cmpstr (meta->result->labels[0].text, ==, "bright");
      gst_buffer_unref (out);
      gst_object_unref (found);
    } else {
      g_test_message ("%s is not installed", factory);
    }
    g_free (factory);
  }
}

/* A copy shares the result and outlives the original and the element. */
static void
test_copies_share (void)
{
  Rig *rig = rig_new (NULL);
  GstBuffer *out = rig_push (rig, rig_frame (rig, 255, 0)), *copies[3];
  const GptVisResult *result = gptvis_buffer_get_meta (out)->result;

  copies[0] = gst_buffer_copy (out);
  copies[1] = gst_buffer_copy_deep (out);
  copies[2] = gst_buffer_copy_region (out, GST_BUFFER_COPY_ALL, 0, 48);
  gst_buffer_unref (out);
  rig_free (rig);
  for (guint i = 0; i < G_N_ELEMENTS (copies); i++) {
    g_assert_true (gptvis_buffer_get_meta (copies[i])->result == result);
    g_assert_cmpstr (result->labels[0].text, ==, "bright");
    g_assert_cmpstr (result->stream, ==, "rig");
    gst_buffer_unref (copies[i]);
  }
}

static void
test_meta_type (void)
{
  const GstMetaInfo *info = gptvis_meta_get_info ();
  const gchar *const *tags = gst_meta_api_type_get_tags (info->api);

  g_assert_true (gst_meta_get_info ("GptVisMeta") == info);
  g_assert_cmpstr (g_type_name (info->api), ==, GPTVIS_META_API_NAME);
  g_assert_true (!tags || !tags[0]);
}

#if GPTVIS_HAVE_ANALYTICS
static void
test_analytics (void)
{
  GstBuffer *out = through ("videoconvert ! capsfilter caps=video/x-raw,format=NV12");
  GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta (out);
  GstAnalyticsClsMtd classification;
  gpointer state = NULL;

  g_assert_nonnull (relations);
  g_assert_true (gst_analytics_relation_meta_iterate (relations, &state,
          gst_analytics_cls_mtd_get_mtd_type (), (GstAnalyticsMtd *) & classification));
  g_assert_cmpuint (gst_analytics_cls_mtd_get_length (&classification), ==, 2);
  g_assert_cmpfloat_with_epsilon (gst_analytics_cls_mtd_get_level (&classification, 0), 0.867f, 0.01);
  g_assert_cmpstr (g_quark_to_string (gst_analytics_cls_mtd_get_quark (&classification, 0)), ==, "bright");
  gst_buffer_unref (out);
}
#endif

static void
test_two_filters (void)
{
  gchar *directory = checkpoint_write (CHECKPOINT_SOUND);
  gchar *second = g_strdup_printf ("gptvisfilter policy=every model=\"%s\" top-k=1", directory);
  GstBuffer *out = through (second);
  GptVisMeta *first = gptvis_buffer_get_meta (out), *last;
  GptVisResult *kept = gptvis_meta_get_result (first);
  GList *metas = gptvis_buffer_list_metas (out);
  gpointer state = NULL;

  g_assert_true (gptvis_buffer_iterate_meta (out, &state) == first);
  last = gptvis_buffer_iterate_meta (out, &state);
  g_assert_nonnull (last);
  g_assert_null (gptvis_buffer_iterate_meta (out, &state));
  g_assert_true (metas->data == first && metas->next->data == last && !metas->next->next);
  g_list_free (metas);
  g_assert_true (gptvis_meta_is_own (last));
  g_assert_cmpuint (gptvis_meta_get_age (last), ==, 0);
  g_assert_cmpuint (gptvis_result_get_n_labels (last->result), ==, 1);
  gst_buffer_unref (out);
  g_assert_cmpstr (gptvis_result_get_label (kept, 0, NULL), ==, "bright");      /* it outlives its buffer */
  gptvis_result_unref (kept);
  g_free (second);
  checkpoint_remove (directory);
}

static void
test_message (void)
{
  Rig *rig = rig_new ("interval=2");
  gchar *base = g_path_get_basename (rig->checkpoint);
  GstMessage *message;
  const GstStructure *fields, *label;
  const GValue *labels;
  guint version, id;
  guint64 frame, pts, running;
  gdouble score, ms;

  for (guint i = 0; i < 3; i++)
    rig_step (rig, (100 + i) * GST_MSECOND);
  gst_message_unref (rig_message (rig, GST_MESSAGE_ELEMENT));
  message = rig_message (rig, GST_MESSAGE_ELEMENT);
  g_assert_nonnull (message);
  g_assert_true (GST_MESSAGE_SRC (message) == GST_OBJECT (rig->element));
  fields = gst_message_get_structure (message);
  g_assert_true (gst_structure_has_name (fields, "gptvis-result"));
  g_assert_true (gst_structure_get (fields, "version", G_TYPE_UINT, &version, "frame", G_TYPE_UINT64, &frame,
          "pts", GST_TYPE_CLOCK_TIME, &pts, "running-time", GST_TYPE_CLOCK_TIME, &running,
          "analysis-ms", G_TYPE_DOUBLE, &ms, NULL));
  g_assert_cmpuint (version, ==, 2);
  g_assert_cmpuint (frame, ==, 2);
  g_assert_cmpuint (pts, ==, 102 * GST_MSECOND);
  g_assert_cmpuint (running, ==, 102 * GST_MSECOND);
  g_assert_cmpfloat (ms, >, 0);
  g_assert_cmpstr (gst_structure_get_string (fields, "stream"), ==, "rig");
  g_assert_cmpstr (gst_structure_get_string (fields, "model"), ==, base);
  labels = gst_structure_get_value (fields, "labels");
  g_assert_cmpuint (gst_value_array_get_size (labels), ==, 2);
  label = gst_value_get_structure (gst_value_array_get_value (labels, 0));
  g_assert_cmpstr (gst_structure_get_string (label, "label"), ==, "bright");
  g_assert_true (gst_structure_get (label, "score", G_TYPE_DOUBLE, &score, "id", G_TYPE_UINT, &id, NULL));
  g_assert_cmpfloat_with_epsilon (score, 0.867, 0.01);
  g_assert_cmpuint (id, ==, 0);
  gst_message_unref (message);
  g_assert_null (rig_message (rig, GST_MESSAGE_ELEMENT));       /* one each, none for held results */

  g_object_set (rig->element, "post-messages", FALSE, "interval", 1, NULL);
  g_assert_cmpint (rig_step (rig, GST_SECOND), ==, OWN);
  g_assert_null (rig_message (rig, GST_MESSAGE_ELEMENT));
  g_free (base);
  rig_free (rig);
}

static void
test_caption (void)
{
  GptVisCaption caption = { "a cat, \"on\" a mat", 0.25f, TRUE, 5, 200 * GST_MSECOND, 100 * GST_MSECOND };
  const GptVisResult value = {.model = "test",.caption = &caption };
  GptVisResult *result = gptvis_result_copy (&value), *other;
  GstStructure *fields, *field;
  guint64 frame, pts, running;
  gdouble score;
  gboolean final;

  gptvis_result_set_frame (result, "camera", 7, 280 * GST_MSECOND, 180 * GST_MSECOND, 0);
  fields = gptvis_result_to_structure (result);
  g_assert_true (gst_structure_get (fields, "caption", GST_TYPE_STRUCTURE, &field, NULL));
  gst_structure_free (fields);
  g_assert_true (gst_structure_has_name (field, "caption"));
  g_assert_cmpint (gst_structure_n_fields (field), ==, 6);
  g_assert_cmpstr (gst_structure_get_string (field, "text"), ==, caption.text);
  g_assert_true (gst_structure_get (field, "score", G_TYPE_DOUBLE, &score, "final",
          G_TYPE_BOOLEAN, &final, "frame", G_TYPE_UINT64, &frame, "pts", GST_TYPE_CLOCK_TIME, &pts,
          "running-time", GST_TYPE_CLOCK_TIME, &running, NULL));
  g_assert_cmpfloat (score, ==, 0.25);
  g_assert_true (final);
  g_assert_cmpuint (frame, ==, 5);
  g_assert_cmpuint (pts, ==, caption.pts);
  g_assert_cmpuint (running, ==, caption.running_time);
  gst_structure_free (field);

  /* Unknown times are left out, bytes that are not UTF-8 replaced, and no text becomes a quark. */
  caption = (GptVisCaption) { "never a quark \xff", 0.5f, FALSE, 6, GST_CLOCK_TIME_NONE,
    GST_CLOCK_TIME_NONE };
  other = gptvis_result_with_caption (result, &caption);
  fields = gptvis_result_to_structure (other);
  gst_structure_get (fields, "caption", GST_TYPE_STRUCTURE, &field, NULL);
  g_assert_cmpint (gst_structure_n_fields (field), ==, 4);
  g_assert_cmpstr (gst_structure_get_string (field, "text"), ==, "never a quark \357\277\275");
  g_assert_cmpuint (g_quark_try_string (gst_structure_get_string (field, "text")), ==, 0);
  gst_structure_free (field);
  gst_structure_free (fields);
  gptvis_result_unref (other);

  other = gptvis_result_with_caption (result, NULL);
  fields = gptvis_result_to_structure (other);
  g_assert_false (gst_structure_has_field (fields, "caption"));
  gst_structure_free (fields);
  gptvis_result_unref (other);
  gptvis_result_unref (result);
}

/* A directory may be called anything; what GStreamer is given is UTF-8. */
/* "gptvis-caption" for each word, then for the whole, before the frame's own message. */
static void
test_caption_messages (void)
{
  Rig *rig = rig_new_writing (WRITES, "partial-captions=true");
  GstBuffer *out = rig_push (rig, rig_frame (rig, 255, 40));
  GstMessage *message;
  guint n = 0, whole = 0;

  gst_buffer_unref (out);
  while ((message = rig_message (rig, GST_MESSAGE_ELEMENT))) {
    const GstStructure *caption = gst_message_get_structure (message);
    guint64 frame = 1, pts = 0;
    gboolean final = FALSE;
    if (gst_structure_has_name (caption, "gptvis-caption")) {
      g_assert_cmpuint (whole, ==, 0);
      g_assert_true (gst_structure_get (caption, "frame", G_TYPE_UINT64, &frame, "pts", GST_TYPE_CLOCK_TIME,
          &pts,
              "final", G_TYPE_BOOLEAN, &final, NULL));
      g_assert_cmpuint (frame, ==, 0);
      g_assert_cmpuint (pts, ==, 40);
      g_assert_cmpstr (gst_structure_get_string (caption, "stream"), ==, GST_OBJECT_NAME (rig->element));
      g_assert_nonnull (gst_structure_get_string (caption, "model"));
      g_assert_true (g_str_has_prefix ("a white picture", gst_structure_get_string (caption, "text")));
      n++;
      whole += final;
    } else {
      g_assert_true (gst_structure_has_name (caption, "gptvis-result"));
      g_assert_true (gst_structure_has_field (caption, "caption"));
      g_assert_cmpuint (whole, ==, 1);
    }
    gst_message_unref (message);
  }
  g_assert_cmpuint (n, >=, 3);
  g_assert_cmpuint (whole, ==, 1);
  rig_free (rig);
}

/* The vector of a picture of that grey; eight numbers, as the network is wide. */
static void
get_embedding (Rig *rig, guint8 grey, GstClockTime pts, gfloat embedding[8])
{
  GstBuffer *out = rig_push (rig, rig_frame (rig, grey, pts));
  const GptVisResult *result = gptvis_buffer_get_meta (out)->result;
  GstMessage *message = rig_message (rig, GST_MESSAGE_ELEMENT);
  const GValue *numbers = gst_structure_get_value (gst_message_get_structure (message), "embedding");
  gdouble squares = 0;
  guint n;

  g_assert_cmpuint (result->n_labels, >, 0);
  g_assert_true (gptvis_result_get_embedding (result, &n) == result->embedding);
  g_assert_cmpuint (n, ==, 8);
  g_assert_cmpuint (gst_value_array_get_size (numbers), ==, 8);
  for (guint i = 0; i < n; i++) {
    embedding[i] = result->embedding[i];
    squares += embedding[i] * embedding[i];
    g_assert_cmpfloat_with_epsilon (g_value_get_double (gst_value_array_get_value (numbers, i)), embedding[i],
        1e-6);
  }
  g_assert_cmpfloat_with_epsilon (squares, 1, 1e-5);
  gst_message_unref (message);
  gst_buffer_unref (out);
}

static void
test_embedding (void)
{
  Rig *rig = rig_new ("embedding=true"), *without = rig_new (NULL);
  gfloat white[8], black[8], grey[8];
  gdouble far = 0, near = 0;

  get_embedding (rig, 255, 0, white);
  get_embedding (rig, 0, GST_SECOND, black);
  get_embedding (rig, 250, 2 * GST_SECOND, grey);
  for (guint i = 0; i < 8; i++) {
    far += white[i] * black[i];
    near += white[i] * grey[i];
  }
  g_assert_cmpfloat (near, >, 0.999);
  g_assert_cmpfloat (far, <, 0.9);
  rig_free (rig);

  GstBuffer *out = rig_push (without, rig_frame (without, 255, 0));
  g_assert_null (gptvis_buffer_get_meta (out)->result->embedding);
  gst_buffer_unref (out);
  rig_free (without);
}

static void
test_strange_name (void)
{
  gchar *plain = checkpoint_write (CHECKPOINT_SOUND), *strange = g_strconcat (plain, "-\xff \"x\"", NULL);
  GstElement *element = gst_object_ref_sink (gst_element_factory_make ("gptvisfilter", NULL));
  GstHarness *harness;
  GstStructure *stats = NULL;
  GstBus *bus = gst_bus_new ();
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 16 * 16 * 3, NULL);
  GstMessage *message;
  gchar *expected = g_utf8_make_valid (strrchr (strange, '/') + 1, -1);

  g_assert_cmpint (g_rename (plain, strange), ==, 0);
  g_object_set (element, "model", strange, NULL);
  gst_util_set_object_arg (G_OBJECT (element), "policy", "every");
  gst_element_set_bus (element, bus);
  harness = gst_harness_new_with_element (element, "sink", "src");
  gst_harness_set_src_caps_str (harness, "video/x-raw,format=RGB,width=16,height=16,framerate=25/1");
  gst_buffer_memset (buffer, 0, 0, 16 * 16 * 3);
  gst_buffer_unref (gst_harness_push_and_pull (harness, buffer));
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT);
  g_assert_nonnull (message);
  g_assert_cmpstr (gst_structure_get_string (gst_message_get_structure (message), "model"), ==, expected);
  gst_message_unref (message);
  g_object_get (element, "stats", &stats, NULL);
  g_assert_cmpstr (gst_structure_get_string (stats, "model"), ==, expected);
  gst_structure_free (stats);
  gst_harness_teardown (harness);
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
  gst_object_unref (bus);
  g_free (expected);
  g_free (plain);
  checkpoint_remove (strange);
}

static gchar *
time_of_next (Rig *rig)
{
  GstMessage *message = rig_message (rig, GST_MESSAGE_ELEMENT);
  gchar *time = g_strdup (gst_structure_get_string (gst_message_get_structure (message), "time"));

  gst_message_unref (message);
  return time;
}

static void
test_wall_clock (void)
{
  Rig *rig = rig_new (NULL);
  GstBuffer *buffer = rig_frame (rig, 255, 0);
  GstCaps *reference = gst_caps_from_string ("timestamp/x-unix");
  gchar *time;
  GDateTime *parsed, *now;

  /* A time from the source takes precedence over the clocks'. */
  gst_buffer_add_reference_timestamp_meta (buffer, reference, 1772366400123 * GST_MSECOND,
      GST_CLOCK_TIME_NONE);
  gst_caps_unref (reference);
  gst_buffer_unref (rig_push (rig, buffer));
  time = time_of_next (rig);
  g_assert_cmpstr (time, ==, "2026-03-01T12:00:00.123Z");
  g_free (time);

  /* A live source: the pipeline's clock says when. */
  gst_harness_set_time (rig->harness, 5 * GST_SECOND);
  gst_buffer_unref (rig_push (rig, rig_frame (rig, 255, 3 * GST_SECOND)));
  time = time_of_next (rig);
  parsed = g_date_time_new_from_iso8601 (time, NULL);
  now = g_date_time_new_now_utc ();
  g_assert_nonnull (parsed);
  g_assert_cmpint (ABS (g_date_time_difference (now, parsed) - 2 * G_USEC_PER_SEC), <, 30 * G_USEC_PER_SEC);
  g_date_time_unref (parsed);
  g_date_time_unref (now);
  g_free (time);

  gst_buffer_unref (rig_push (rig, rig_frame (rig, 255, GST_CLOCK_TIME_NONE)));
  g_assert_null (time_of_next (rig));
  rig_free (rig);
}

/* Headers and library have the same version here; boxed types are counted, not copied. */
static void
test_library (void)
{
  const GptVisResult value = {.model = "m" };
  GptVisResult *result = gptvis_result_copy (&value), *boxed = g_boxed_copy (GPTVIS_TYPE_RESULT, result);
  GptVisPlane *plane = gptvis_plane_new (GPTVIS_PLANE_MASK, 1, 1);
  GptVisPlane *again = g_boxed_copy (GPTVIS_TYPE_PLANE, plane);
  guint major, minor, micro;

  g_assert_true (boxed == result && again == plane);
  g_boxed_free (GPTVIS_TYPE_RESULT, boxed);
  g_boxed_free (GPTVIS_TYPE_PLANE, again);
  gptvis_result_unref (result);
  gptvis_plane_unref (plane);

  gptvis_version (&major, &minor, &micro);
  gptvis_version (NULL, NULL, NULL);
  g_assert_cmpuint (major, ==, GPTVIS_VERSION_MAJOR);
  g_assert_cmpuint (minor, ==, GPTVIS_VERSION_MINOR);
  g_assert_cmpuint (micro, ==, GPTVIS_VERSION_MICRO);
  g_assert_true (GPTVIS_CHECK_VERSION (GPTVIS_VERSION_MAJOR, GPTVIS_VERSION_MINOR, GPTVIS_VERSION_MICRO));
  g_assert_true (GPTVIS_CHECK_VERSION (GPTVIS_VERSION_MAJOR, GPTVIS_VERSION_MINOR - 1, 1000));
  g_assert_false (GPTVIS_CHECK_VERSION (GPTVIS_VERSION_MAJOR, GPTVIS_VERSION_MINOR, 1000));
  g_assert_false (GPTVIS_CHECK_VERSION (GPTVIS_VERSION_MAJOR, GPTVIS_VERSION_MINOR + 1, 0));
  g_assert_false (GPTVIS_CHECK_VERSION (GPTVIS_VERSION_MAJOR + 1, 0, 0));
}

int
main (int argc, char **argv)
{
  rig_init (&argc, &argv);
  g_test_add_func ("/results/meta-survives", test_meta_survives);
  g_test_add_func ("/results/copies-share", test_copies_share);
  g_test_add_func ("/results/meta-type", test_meta_type);
#if GPTVIS_HAVE_ANALYTICS
  g_test_add_func ("/results/analytics", test_analytics);
#endif
  g_test_add_func ("/results/two-filters", test_two_filters);
  g_test_add_func ("/results/message", test_message);
  g_test_add_func ("/results/caption", test_caption);
  g_test_add_func ("/results/caption-messages", test_caption_messages);
  g_test_add_func ("/results/embedding", test_embedding);
  g_test_add_func ("/results/strange-name", test_strange_name);
  g_test_add_func ("/results/wall-clock", test_wall_clock);
  g_test_add_func ("/results/library", test_library);
  return g_test_run ();
}
