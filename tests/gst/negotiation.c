/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Caps and memory: every format, odd sizes, renegotiation, memory features,
 * strides and crops, buffers that others hold, memory that cannot be read. */
#include "rig.h"
#include "frame.h"
#include <string.h>

static const gchar *const format_names[] = {
#define X(name) #name,
  GPTVIS_PICTURE_FORMATS (X)
#undef X
};

static void
assert_label (GstBuffer *buffer, const gchar *label)
{
  GptVisMeta *meta = gptvis_buffer_get_meta (buffer);

  g_assert_nonnull (meta);
  g_assert_cmpuint (meta->result->n_labels, >=, 1);
  g_assert_cmpstr (meta->result->labels[0].text, ==, label);
  g_assert_cmpfloat_with_epsilon (meta->result->labels[0].score, 0.867f, 0.01);
}

/* Pictures are made by GStreamer, so that the test does not lay out formats itself. The rig keeps the model
 * open that all of them share. */
static void
label_test_picture (Rig *rig, const gchar *caps, const gchar *pattern, const gchar *label)
{
  gchar *line = g_strdup_printf ("videotestsrc num-buffers=1 pattern=%s ! %s ! gptvisfilter model=\"%s\" "
      "! fakesink name=sink enable-last-sample=true", pattern, caps, rig->checkpoint);
  GError *error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstMessage *message;
  GstSample *sample = NULL;

  g_assert_no_error (error);
  g_test_message ("%s %s", caps, pattern);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (GST_ELEMENT_BUS (pipeline), 10 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
  g_assert_nonnull (message);
  g_assert_cmpstr (GST_MESSAGE_TYPE_NAME (message), ==, "eos");
  gst_message_unref (message);
  g_object_get (sink, "last-sample", &sample, NULL);
  assert_label (gst_sample_get_buffer (sample), label);
  gst_sample_unref (sample);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
  g_free (line);
}

static void
test_formats (void)
{
  Rig *rig = rig_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (format_names); i++) {
    gchar *caps = g_strdup_printf ("video/x-raw,format=%s,width=64,height=48", format_names[i]);
    label_test_picture (rig, caps, "white", "bright");
    label_test_picture (rig, caps, "black", "dark");
    g_free (caps);
  }
  rig_free (rig);
}

static void
test_odd_sizes (void)
{
  const gchar *sizes[] = { "width=1,height=1", "width=3,height=1", "width=1,height=7", "width=17,height=33",
    "width=16384,height=1", "width=1,height=16384" };
  Rig *rig = rig_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (format_names); i++)
    for (guint j = 0; j < G_N_ELEMENTS (sizes); j++) {
      gchar *caps = g_strdup_printf ("video/x-raw,format=%s,%s", format_names[i], sizes[j]);
      label_test_picture (rig, caps, "white", "bright");
      g_free (caps);
    }
  rig_free (rig);
}

static void
test_colorimetry (void)
{
  const gchar *names[] = { "bt601", "bt709", "bt2020", "smpte240m", "1:4:0:0", "1:3:5:1", "2:4:7:1",
    "0:0:0:0" };
  Rig *rig = rig_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    gchar *caps = g_strdup_printf ("video/x-raw,format=NV12,width=32,height=32,colorimetry=%s", names[i]);
    label_test_picture (rig, caps, "white", "bright");
    label_test_picture (rig, caps, "black", "dark");
    g_free (caps);
  }
  rig_free (rig);
}

# define ANY_SITE (-1)           /* not stated: GStreamer's guess differs from version to version */

/* White pictures would not show which matrix was used: so what is made of the caps is compared, row by
 * row. */
static void
test_described_colours (void)
{
  static const struct {
    const gchar *caps;
    GptVisMatrix matrix;
    gboolean full_range;
    gint site;
  } rows[] = {
    { "format=NV12,height=48,colorimetry=bt601", GPTVIS_MATRIX_BT601, FALSE, ANY_SITE },
    { "format=NV12,height=48,colorimetry=bt709", GPTVIS_MATRIX_BT709, FALSE, ANY_SITE },
    { "format=P010_10LE,height=48,colorimetry=bt2020", GPTVIS_MATRIX_BT2020, FALSE, ANY_SITE },
    { "format=P010_10LE,height=48,colorimetry=bt2100-pq", GPTVIS_MATRIX_BT2020, FALSE, ANY_SITE },
    { "format=I420,height=48,colorimetry=smpte240m", GPTVIS_MATRIX_BT709, FALSE, ANY_SITE },
    { "format=I420,height=48,colorimetry=1:4:0:0", GPTVIS_MATRIX_BT601, TRUE, ANY_SITE },
    { "format=I420,height=48,colorimetry=1:3:5:1", GPTVIS_MATRIX_BT709, TRUE, ANY_SITE },
    { "format=I420,height=480", GPTVIS_MATRIX_BT601, FALSE, ANY_SITE },
    { "format=I420,height=1080", GPTVIS_MATRIX_BT709, FALSE, ANY_SITE },
    { "format=I420,height=576,colorimetry=0:0:0:0", GPTVIS_MATRIX_BT601, FALSE, ANY_SITE },
    { "format=I420,height=720,colorimetry=0:0:0:0", GPTVIS_MATRIX_BT709, FALSE, ANY_SITE },
    { "format=I420,height=8,colorimetry=bt601,chroma-site=jpeg", GPTVIS_MATRIX_BT601, FALSE,
      GPTVIS_SITE_CENTRE },
    { "format=I420,height=8,colorimetry=bt601,chroma-site=mpeg2", GPTVIS_MATRIX_BT601, FALSE,
      GPTVIS_SITE_LEFT },
    { "format=I420,height=8,colorimetry=bt601,chroma-site=dv", GPTVIS_MATRIX_BT601, FALSE,
      GPTVIS_SITE_LEFT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    gchar *text = g_strdup_printf ("video/x-raw,width=64,framerate=25/1,%s", rows[i].caps);
    GstCaps *caps = gst_caps_from_string (text);
    GstVideoInfo info;
    GstVideoFrame frame;
    GptVisPicture picture;
    GstBuffer *buffer;
    GError *error = NULL;

    g_assert_true (gst_video_info_from_caps (&info, caps));
    buffer = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&info), NULL);
    g_test_message ("%s", rows[i].caps);
    g_assert_true (gptvis_frame_map (&frame, buffer, &info, &picture, &error));
    g_assert_cmpint (picture.matrix, ==, rows[i].matrix);
    g_assert_cmpint (picture.full_range, ==, rows[i].full_range);
    if (rows[i].site != ANY_SITE)
      g_assert_cmpint (picture.site, ==, rows[i].site);
    g_assert_cmpuint (picture.width, ==, 64);
    g_assert_cmpuint (picture.height, ==, GST_VIDEO_INFO_HEIGHT (&info));
    gst_video_frame_unmap (&frame);
    gst_buffer_unref (buffer);
    gst_caps_unref (caps);
    g_free (text);
  }
}

static void
test_other_caps (void)
{
  const gchar *fields[] = { "chroma-site=jpeg", "chroma-site=mpeg2", "interlace-mode=interleaved",
    "interlace-mode=mixed", "multiview-mode=side-by-side", "pixel-aspect-ratio=16/15" };

  Rig *rig = rig_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    gchar *caps = g_strdup_printf ("video/x-raw,format=I420,width=33,height=31,framerate=25/1,%s", fields[i]);
    rig_caps (rig, caps);
    g_assert_cmpint (rig_step (rig, i * GST_SECOND), ==, OWN);
    g_free (caps);
  }
  /* One buffer for each field, with half of the rows. */
  rig_caps (rig, "video/x-raw(format:Interlaced),format=I420,width=16,height=32,framerate=25/1,"
      "interlace-mode=alternate");
  g_assert_cmpuint (GST_VIDEO_INFO_SIZE (&rig->info), ==, 16 * 16 * 3 / 2);
  g_assert_cmpint (rig_step (rig, 100 * GST_SECOND), ==, OWN);
  rig_free (rig);
}

static void
test_refused_caps (void)
{
  Rig *rig = rig_new (NULL);
  const gchar *refused[] = { "video/x-raw,format=v210,width=16,height=16", "audio/x-raw",
    "video/x-raw,format=RGB,width=16385,height=16", "video/x-bayer,format=bggr,width=16,height=16" };
  GstPad *sink = gst_element_get_static_pad (rig->element, "sink");

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    GstCaps *caps = gst_caps_from_string (refused[i]);
    g_assert_false (gst_pad_query_accept_caps (sink, caps));
    gst_caps_unref (caps);
  }
  gst_object_unref (sink);
  rig_free (rig);
}

static void
test_renegotiation (void)
{
  Rig *rig = rig_new ("interval=3");
  GstBuffer *out;

  out = rig_push (rig, rig_frame (rig, 255, 0));
  assert_label (out, "bright");
  gst_buffer_unref (out);
  /* Another size and format: the held result stays, the interval goes on. */
  rig_caps (rig, "video/x-raw,format=NV12,width=50,height=30,framerate=25/1");
  out = rig_push (rig, rig_frame (rig, 0, 40 * GST_MSECOND));
  assert_label (out, "bright");
  g_assert_false (gptvis_buffer_get_meta (out)->own);
  gst_buffer_unref (out);
  gst_buffer_unref (rig_push (rig, rig_frame (rig, 0, 80 * GST_MSECOND)));
  out = rig_push (rig, rig_frame (rig, 0, 120 * GST_MSECOND));
  assert_label (out, "dark");
  g_assert_true (gptvis_buffer_get_meta (out)->own);
  gst_buffer_unref (out);
  g_assert_cmpuint (rig_stat (rig, "generation"), ==, 0);
  rig_free (rig);
}

/* A camera may not know its rate. */
static void
test_no_framerate (void)
{
  Rig *rig = rig_new ("interval=2");

  rig_caps (rig, "video/x-raw,format=RGB,width=16,height=16,framerate=0/1");
  g_assert_cmpint (rig_step (rig, GST_CLOCK_TIME_NONE), ==, OWN);
  g_assert_cmpint (rig_step (rig, GST_CLOCK_TIME_NONE), ==, HELD);
  g_assert_cmpint (rig_step (rig, GST_CLOCK_TIME_NONE), ==, OWN);
  rig_free (rig);
}

/* What a tee does: the buffer has another owner. */
static void
test_shared_buffer (void)
{
  Rig *rig = rig_new (NULL);
  GstBuffer *in = rig_frame (rig, 255, 0), *out;

  out = rig_push (rig, gst_buffer_ref (in));
  g_assert_true (out != in);
  g_assert_true (gst_buffer_peek_memory (out, 0) == gst_buffer_peek_memory (in, 0));
  g_assert_null (gptvis_buffer_get_meta (in));
  assert_label (out, "bright");
  gst_buffer_unref (out);
  gst_buffer_unref (in);

  in = rig_frame (rig, 0, 40 * GST_MSECOND);
  out = rig_push (rig, in);
  g_assert_true (out == in);    /* ours alone: the same buffer goes on */
  assert_label (out, "dark");
  gst_buffer_unref (out);
  rig_free (rig);
}

static void
test_allocation_is_downstreams (void)
{
  Rig *rig = rig_new (NULL);
  GstCaps *caps = gst_video_info_to_caps (&rig->info);
  GstQuery *query = gst_query_new_allocation (caps, TRUE);

  gst_harness_add_propose_allocation_meta (rig->harness, GST_VIDEO_META_API_TYPE, NULL);
  g_assert_true (gst_pad_peer_query (rig->harness->srcpad, query));
  g_assert_true (gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL));
  g_assert_cmpuint (gst_query_get_n_allocation_pools (query), ==, 0);
  gst_query_unref (query);
  gst_caps_unref (caps);
  rig_free (rig);
}

/* A white middle in a black picture, cut out by strides and by a crop. */
static void
test_video_meta (void)
{
  Rig *rig = rig_new (NULL);
  gsize offset[GST_VIDEO_MAX_PLANES] = { (16 * 48 + 16) * 3 };
  gint stride[GST_VIDEO_MAX_PLANES] = { 48 * 3 };
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 48 * 48 * 3, NULL), *out;
  GstVideoCropMeta *crop;

  gst_buffer_memset (buffer, 0, 0, 48 * 48 * 3);
  for (guint y = 16; y < 32; y++)
    gst_buffer_memset (buffer, (y * 48 + 16) * 3, 255, 16 * 3);
  gst_buffer_add_video_meta_full (buffer, 0, GST_VIDEO_FORMAT_RGB, 16, 16, 1, offset, stride);
  out = rig_push (rig, buffer);
  assert_label (out, "bright");
  gst_buffer_unref (out);

  buffer = gst_buffer_new_allocate (NULL, 48 * 48 * 3, NULL);
  gst_buffer_memset (buffer, 0, 0, 48 * 48 * 3);
  for (guint y = 16; y < 32; y++)
    gst_buffer_memset (buffer, (y * 48 + 16) * 3, 255, 16 * 3);
  gst_buffer_add_video_meta (buffer, 0, GST_VIDEO_FORMAT_RGB, 48, 48);
  crop = gst_buffer_add_video_crop_meta (buffer);
  crop->x = crop->y = crop->width = crop->height = 16;
  out = rig_push (rig, buffer);
  assert_label (out, "bright");
  gst_buffer_unref (out);
  rig_free (rig);
}

static void
push_unmappable (Rig *rig, GstBuffer *buffer)
{
  GstBuffer *out = rig_push (rig, buffer);

  g_assert_null (gptvis_buffer_get_meta (out));
  gst_buffer_unref (out);
}

/* Metadata that lie about the memory are found out before a byte is read. */
static void
test_lying_metadata (void)
{
  Rig *rig = rig_new (NULL);
  gsize offset[GST_VIDEO_MAX_PLANES] = { 0 };
  gint stride[GST_VIDEO_MAX_PLANES] = { 1 << 20 };
  GstBuffer *buffer;
  GstVideoCropMeta *crop;
  gchar *sentence;

  buffer = rig_frame (rig, 0, 0);
  gst_buffer_add_video_meta_full (buffer, 0, GST_VIDEO_FORMAT_RGB, 16, 16, 1, offset, stride);
  push_unmappable (rig, buffer);
  sentence = rig_sentence (rig, GST_MESSAGE_WARNING);
  g_assert_nonnull (sentence);
  g_assert_nonnull (strstr (sentence, "GstVideoMeta"));
  g_free (sentence);

  stride[0] = -48;              /* rows before the memory's begin */
  buffer = rig_frame (rig, 0, 0);
  gst_buffer_add_video_meta_full (buffer, 0, GST_VIDEO_FORMAT_RGB, 16, 16, 1, offset, stride);
  push_unmappable (rig, buffer);
  stride[0] = 24;               /* rows over one another */
  buffer = rig_frame (rig, 0, 0);
  gst_buffer_add_video_meta_full (buffer, 0, GST_VIDEO_FORMAT_RGB, 16, 16, 1, offset, stride);
  push_unmappable (rig, buffer);
  buffer = rig_frame (rig, 0, 0);       /* smaller than the caps */
  gst_buffer_add_video_meta (buffer, 0, GST_VIDEO_FORMAT_RGB, 8, 8);
  push_unmappable (rig, buffer);
  buffer = rig_frame (rig, 0, 0);       /* another format */
  gst_buffer_add_video_meta (buffer, 0, GST_VIDEO_FORMAT_GRAY8, 16, 16);
  push_unmappable (rig, buffer);
  buffer = rig_frame (rig, 0, 0);
  crop = gst_buffer_add_video_crop_meta (buffer);
  crop->x = 8;
  crop->width = crop->height = G_MAXUINT - 4;
  push_unmappable (rig, buffer);
  buffer = rig_frame (rig, 0, 0);       /* larger than any */
  gst_buffer_add_video_meta (buffer, 0, GST_VIDEO_FORMAT_RGB, 16, 16)->width = G_MAXUINT;
  crop = gst_buffer_add_video_crop_meta (buffer);
  crop->x = 1u << 31;
  crop->width = crop->height = 16;
  push_unmappable (rig, buffer);
  g_assert_cmpuint (rig_stat (rig, "unmappable"), ==, 7);
  g_assert_cmpuint (rig_count_messages (rig, GST_MESSAGE_WARNING), ==, 0);
  rig_free (rig);
}

/* Memory of a device that no processor can read. */
typedef struct {
  GstAllocator parent;
} DeviceAllocator;
typedef GstAllocatorClass DeviceAllocatorClass;
static GType device_allocator_get_type (void);
G_DEFINE_TYPE (DeviceAllocator, device_allocator, GST_TYPE_ALLOCATOR)

static void
device_free (GstAllocator *allocator, GstMemory *memory)
{
  g_free (memory);
}

static gpointer
device_map (GstMemory *memory, gsize size, GstMapFlags flags)
{
  return NULL;
}

static void
device_allocator_class_init (DeviceAllocatorClass *klass)
{
  klass->free = device_free;
}

static void
device_allocator_init (DeviceAllocator *self)
{
  GST_ALLOCATOR (self)->mem_type = "Device";
  GST_ALLOCATOR (self)->mem_map = device_map;
  GST_OBJECT_FLAG_SET (self, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

static void
test_unmappable_memory (void)
{
  Rig *rig = rig_new (NULL);
  GstAllocator *allocator = gst_object_ref_sink (g_object_new (device_allocator_get_type (), NULL));
  gchar *sentence;

  rig_caps (rig, "video/x-raw(memory:Device),format=RGB,width=16,height=16,framerate=25/1");
  for (guint i = 0; i < 3; i++) {
    GstMemory *memory = g_new0 (GstMemory, 1);
    GstBuffer *buffer = gst_buffer_new ();
    gst_memory_init (memory, 0, allocator, NULL, 768, 0, 0, 768);
    gst_buffer_append_memory (buffer, memory);
    push_unmappable (rig, buffer);
  }
  g_assert_cmpuint (rig_stat (rig, "unmappable"), ==, 3);
  sentence = rig_sentence (rig, GST_MESSAGE_WARNING);
  g_assert_nonnull (sentence);
  g_assert_nonnull (strstr (sentence, "cannot be mapped"));
  g_free (sentence);
  g_assert_cmpuint (rig_count_messages (rig, GST_MESSAGE_WARNING), ==, 0);

  /* Memory of another kind that can be mapped is analysed. */
  rig_caps (rig, "video/x-raw(memory:Other),format=RGB,width=16,height=16,framerate=25/1");
  g_assert_cmpint (rig_step (rig, 0), ==, OWN);
  gst_object_unref (allocator);
  rig_free (rig);
}

static void
test_short_buffer (void)
{
  Rig *rig = rig_new (NULL);

  push_unmappable (rig, gst_buffer_new_allocate (NULL, 100, NULL));
  push_unmappable (rig, gst_buffer_new ());
  g_assert_cmpuint (rig_stat (rig, "unmappable"), ==, 2);
  g_assert_cmpint (rig_step (rig, 0), ==, OWN);
  rig_free (rig);
}

int
main (int argc, char **argv)
{
  rig_init (&argc, &argv);
  g_test_add_func ("/negotiation/formats", test_formats);
  g_test_add_func ("/negotiation/odd-sizes", test_odd_sizes);
  g_test_add_func ("/negotiation/colorimetry", test_colorimetry);
  g_test_add_func ("/negotiation/described-colours", test_described_colours);
  g_test_add_func ("/negotiation/other-caps", test_other_caps);
  g_test_add_func ("/negotiation/refused-caps", test_refused_caps);
  g_test_add_func ("/negotiation/renegotiation", test_renegotiation);
  g_test_add_func ("/negotiation/no-framerate", test_no_framerate);
  g_test_add_func ("/negotiation/shared-buffer", test_shared_buffer);
  g_test_add_func ("/negotiation/allocation", test_allocation_is_downstreams);
  g_test_add_func ("/negotiation/video-meta", test_video_meta);
  g_test_add_func ("/negotiation/lying-metadata", test_lying_metadata);
  g_test_add_func ("/negotiation/unmappable-memory", test_unmappable_memory);
  g_test_add_func ("/negotiation/short-buffer", test_short_buffer);
  return g_test_run ();
}
