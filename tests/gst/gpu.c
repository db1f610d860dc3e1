/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream on a GPU (a software rasteriser will do): its results, and what happens when the device is
 * lost. */
#include "rig.h"
#include "vulkan/gpu.h"
#include <string.h>

#define FRAME (40 * GST_MSECOND)

/* A rig on a GPU; or NULL, and the test is skipped. */
static Rig *
rig_on_gpu (gboolean writing, const gchar *properties)
{
  GError *error = NULL;
  gchar *devices = gptvis_vulkan_list (&error);
  Rig *rig = NULL;

  if (devices && *devices) {
    gchar *all = g_strconcat ("backend=vulkan ", properties, NULL);
    rig = writing ? rig_new_writing (0, all) : rig_new (all);
    g_free (all);
  } else {
    g_test_skip (error ? error->message : "there is no device");
  }
  g_clear_error (&error);
  g_free (devices);
  return rig;
}

/* The stats' "backend" begins so. */
static void
assert_backend (Rig *rig, const gchar *start)
{
  GstStructure *stats;

  g_object_get (rig->element, "stats", &stats, NULL);
  g_assert_true (g_str_has_prefix (gst_structure_get_string (stats, "backend"), start));
  gst_structure_free (stats);
}

static void
assert_label (Rig *rig, guint8 grey, guint i, const gchar *label)
{
  GstBuffer *out = rig_push (rig, rig_frame (rig, grey, i * FRAME));

  g_assert_true (gptvis_buffer_get_meta (out)->own);
  g_assert_cmpstr (gptvis_buffer_get_meta (out)->result->labels[0].text, ==, label);
  gst_buffer_unref (out);
}

/* While batches of several streams are under way at once, each stream gets its own results. */
static void
test_streams (void)
{
  enum { STREAMS = 9, FRAMES = 12 };
  Rig *rigs[STREAMS] = { rig_on_gpu (FALSE, "policy=latest") };

  if (!rigs[0])
    return;
  for (guint r = 1; r < STREAMS; r++)
    rigs[r] = rig_new_at (rigs[0]->checkpoint, "backend=vulkan policy=latest");
  for (guint i = 0; i < FRAMES; i++)
    for (guint r = 0; r < STREAMS; r++) {
      GstBuffer *out = rig_push (rigs[r], rig_frame (rigs[r], r % 2 ? 255 : 0, i * FRAME));
      const GptVisMeta *meta = gptvis_buffer_get_meta (out);
      if (meta)
        g_assert_cmpstr (meta->result->labels[0].text, ==, r % 2 ? "bright" : "dark");
      gst_buffer_unref (out);
    }
  for (guint r = 0; r < STREAMS; r++) {
    rig_await_result (rigs[r]);
    gst_harness_push_event (rigs[r]->harness, gst_event_new_eos ());
    g_assert_cmpuint (rig_stat (rigs[r], "analysed"), >, 0);
    g_assert_cmpuint (rig_stat (rigs[r], "errors"), ==, 0);
    g_assert_cmpuint (rig_stat (rigs[r], "under-way"), ==, 0);
  }
  GstStructure *stats;
  gint64 device;
  g_object_get (rigs[0]->element, "stats", &stats, NULL);
  g_assert_true (gst_structure_get_int64 (stats, "device-mean-us", &device));
  g_assert_cmpint (device, >, 0);
  gst_structure_free (stats);
  for (guint r = STREAMS; r-- > 0;)
    rig_free (rigs[r]);
}

/* One frame gets no result, which is reported; the next has its own, from the processor. */
static void
test_lost (void)
{
  Rig *rig = rig_on_gpu (FALSE, "");

  if (!rig)
    return;
  assert_backend (rig, "vulkan, ");
  assert_label (rig, 255, 0, "bright");
  assert_label (rig, 0, 1, "dark");
  g_assert_cmpuint (rig_count_messages (rig, GST_MESSAGE_WARNING), ==, 0);
  gptvis_vulkan_lose_devices ();
  g_assert_cmpint (rig_step (rig, 2 * FRAME), ==, NOTHING);
  gchar *sentence = rig_sentence (rig, GST_MESSAGE_WARNING);
  g_assert_nonnull (strstr (sentence, "the device was lost; the network"));
  g_assert_nonnull (strstr (sentence, "continues on the processor (cpu, "));
  g_free (sentence);
  assert_backend (rig, "cpu, ");
  assert_label (rig, 255, 3, "bright");
  assert_label (rig, 0, 4, "dark");
  g_assert_cmpuint (rig_stat (rig, "analysed"), ==, 4);
  g_assert_cmpuint (rig_stat (rig, "errors"), ==, 1);
  g_assert_cmpuint (rig_count_messages (rig, GST_MESSAGE_WARNING), ==, 0);
  rig_free (rig);
}

/* "latest": the pictures go on, and so do the results of all streams on the model. */
static void
test_lost_live (void)
{
  Rig *rig = rig_on_gpu (FALSE, "policy=latest");
  Rig *other = rig ? rig_new_at (rig->checkpoint, "backend=vulkan policy=latest") : NULL;

  if (!rig)
    return;
  Rig *const rigs[] = { rig, other };
  for (guint r = 0; r < 2; r++) {
    rig_step (rigs[r], 0);
    rig_await_result (rigs[r]);
  }
  gptvis_vulkan_lose_devices ();
  for (guint r = 0; r < 2; r++) {
    guint64 frame = 0;
    for (guint i = 1; frame == 0; i++) {        /* those in hand when it was lost have no result */
      GstBuffer *out = rig_push (rigs[r], rig_frame (rigs[r], 255, i * FRAME));
      gst_buffer_unref (out);
      g_usleep (1000);
      g_assert_cmpuint (i, <, 60000);
      if (rig_stat (rigs[r], "analysed") > 1)
        frame = rig_await_result (rigs[r]);
    }
    assert_backend (rigs[r], "cpu, ");
  }
  rig_free (other);
  rig_free (rig);
}

static void
assert_caption (Rig *rig, guint8 grey, GstClockTime pts, const gchar *caption)
{
  GstBuffer *out = rig_push (rig, rig_frame (rig, grey, pts));
  const GptVisMeta *meta = gptvis_buffer_get_meta (out);

  g_assert_cmpstr (meta && meta->result->caption ? meta->result->caption->text : NULL, ==, caption);
  gst_buffer_unref (out);
}

/* Sentences are written on the processor from then on, too. */
static void
test_lost_while_writing (void)
{
  Rig *rig = rig_on_gpu (TRUE, "caption-change=0.5 caption-interval=1000000000");

  if (!rig)
    return;
  assert_caption (rig, 255, 0, "a white picture");
  assert_caption (rig, 0, 2 * GST_SECOND, "a black picture");
  gptvis_vulkan_lose_devices ();
  /* the first frame has no result and the second no sentence: only then does the decoder notice the loss */
  g_assert_cmpint (rig_step (rig, 4 * GST_SECOND), ==, NOTHING);
  gst_buffer_unref (rig_push (rig, rig_frame (rig, 255, 6 * GST_SECOND)));
  assert_caption (rig, 255, 8 * GST_SECOND, "a white picture");
  assert_caption (rig, 0, 10 * GST_SECOND, "a black picture");
  g_assert_cmpuint (rig_stat (rig, "errors"), ==, 1);
  g_assert_cmpuint (rig_stat (rig, "caption-errors"), ==, 1);
  rig_free (rig);
}

int
main (int argc, char **argv)
{
  rig_init (&argc, &argv);
  g_test_add_func ("/gpu/streams", test_streams);
  g_test_add_func ("/gpu/lost", test_lost);
  g_test_add_func ("/gpu/lost-live", test_lost_live);
  g_test_add_func ("/gpu/lost-while-writing", test_lost_while_writing);
  return g_test_run ();
}
