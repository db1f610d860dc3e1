/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory that gptvisoverlay draws on: metadata that lie about it, memory that ends where the picture
 * does, crops, several memories, memory that cannot be written. tests/pipelines/overlay.c tests what is
 * drawn. */
#include "rig.h"
#include "frame.h"
#include "gptvisoverlay.h"
#include "guard.h"
#include "seen.h"
#include <string.h>

static const gchar *const labels[] = { "tabby cat", "lynx", NULL };

typedef struct {
  GstHarness *harness;
  GstBus *bus;
  GstVideoInfo info;
} Overlay;

static void
overlay_open (Overlay *self, const gchar *properties, const gchar *caps)
{
  gchar *line = g_strdup_printf ("gptvisoverlay %s", properties);

  self->harness = gst_harness_new_parse (line);
  self->bus = gst_bus_new ();
  gst_element_set_bus (self->harness->element, self->bus);
  GstCaps *parsed = gst_caps_from_string (caps);
  g_assert_true (gst_video_info_from_caps (&self->info, parsed));
  gst_harness_set_src_caps (self->harness, parsed);
  g_free (line);
}

static void
overlay_close (Overlay *self)
{
  gst_element_set_bus (self->harness->element, NULL);
  gst_object_unref (self->bus);
  gst_harness_teardown (self->harness);
}

/* Buffers are all of one byte, with labels to draw. */
#define GREY 0x80

static GstBuffer *
grey (gsize size)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, size, NULL);

  gst_buffer_memset (buffer, 0, GREY, size);
  seen_attach (buffer, labels, TRUE, 0);
  return buffer;
}

/* Pushes the buffer, which it takes, and returns how many of its bytes were drawn on. */
static gsize
push (Overlay *self, GstBuffer *buffer)
{
  gsize drawn = 0;
  GstMapInfo map;

  g_assert_cmpint (gst_harness_push (self->harness, buffer), ==, GST_FLOW_OK);
  buffer = gst_harness_try_pull (self->harness);
  g_assert_nonnull (buffer);
  if (gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    for (gsize i = 0; i < map.size; i++)
      drawn += map.data[i] != GREY;
    gst_buffer_unmap (buffer, &map);
  }
  gst_buffer_unref (buffer);
  return drawn;
}

/* The sentence of the only message that warns; g_free it. */
static gchar *
warning (Overlay *self)
{
  GstMessage *message = gst_bus_pop_filtered (self->bus, GST_MESSAGE_WARNING);
  GError *error = NULL;

  g_assert_nonnull (message);
  gst_message_parse_warning (message, &error, NULL);
  gchar *sentence = g_strdup (error->message);
  g_test_message ("%s", sentence);
  g_error_free (error);
  gst_message_unref (message);
  g_assert_null (gst_bus_pop_filtered (self->bus, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR));
  return sentence;
}

/* --- what a GstVideoMeta says --- */

/* Pushes a frame whose metadata give that plane another offset and stride. */
static gsize
push_as (Overlay *self, guint plane, gsize offset, gint stride)
{
  GstBuffer *buffer = grey (GST_VIDEO_INFO_SIZE (&self->info));
  GstVideoInfo said = self->info;

  said.offset[plane] = offset;
  said.stride[plane] = stride;
  gst_buffer_add_video_meta_full (buffer, 0, GST_VIDEO_INFO_FORMAT (&said), GST_VIDEO_INFO_WIDTH (&said),
      GST_VIDEO_INFO_HEIGHT (&said), GST_VIDEO_INFO_N_PLANES (&said), said.offset, said.stride);
  return push (self, buffer);
}

static gsize
push_sized (Overlay *self, GstVideoFormat format, guint width, guint height)
{
  GstBuffer *buffer = grey (GST_VIDEO_INFO_SIZE (&self->info));
  GstVideoMeta *meta = gst_buffer_add_video_meta_full (buffer, 0, GST_VIDEO_INFO_FORMAT (&self->info), 8, 8,
      GST_VIDEO_INFO_N_PLANES (&self->info), self->info.offset, self->info.stride);

  meta->format = format;
  meta->width = width;
  meta->height = height;
  return push (self, buffer);
}

/* Every frame passes unchanged, with a single warning; one whose metadata are right is drawn on again. */
static void
check_lies (const gchar *format, const gchar *position)
{
  gchar *caps = g_strdup_printf ("video/x-raw,width=320,height=240,framerate=25/1,format=%s", format);
  gchar *properties = g_strdup_printf ("position=%s", position), *sentence;
  Overlay overlay;

  g_test_message ("%s %s", format, position);
  overlay_open (&overlay, properties, caps);
  const GstVideoInfo *info = &overlay.info;
  const GstVideoFormat own = GST_VIDEO_INFO_FORMAT (info);
  const gsize size = GST_VIDEO_INFO_SIZE (info);
  for (guint i = 0; i < GST_VIDEO_INFO_N_PLANES (info); i++) {
    const gint strides[] = { 8 * info->stride[i], -8 * info->stride[i], 2, 0, G_MAXINT, -G_MAXINT };
    const gsize offsets[] = { size - 2 * info->stride[i], size - 1, size, G_MAXINT };
    for (guint s = 0; s < G_N_ELEMENTS (strides); s++)
      g_assert_cmpuint (push_as (&overlay, i, info->offset[i], strides[s]), ==, 0);
    for (guint o = 0; o < G_N_ELEMENTS (offsets); o++)
      g_assert_cmpuint (push_as (&overlay, i, offsets[o], info->stride[i]), ==, 0);
  }
  g_assert_cmpuint (push_sized (&overlay, GST_VIDEO_FORMAT_AYUV64, 320, 240), ==, 0);
  g_assert_cmpuint (push_sized (&overlay, own, 319, 240), ==, 0);
  g_assert_cmpuint (push_sized (&overlay, own, 320, 239), ==, 0);
  g_assert_cmpuint (push_sized (&overlay, own, 320, 480), ==, 0);
  g_assert_cmpuint (push_sized (&overlay, own, G_MAXUINT, G_MAXUINT), ==, 0);
  sentence = warning (&overlay);
  g_assert_nonnull (strstr (sentence, "GstVideoMeta"));
  g_assert_cmpuint (push (&overlay, grey (size)), >, 1000);
  g_assert_cmpuint (push_as (&overlay, 0, info->offset[0], info->stride[0]), >, 1000);
  g_free (sentence);
  g_free (properties);
  g_free (caps);
  overlay_close (&overlay);
}

static void
test_lies (void)
{
  static const gchar *const formats[] =
      { "RGB", "GRAY8", "YUY2", "I420", "Y41B", "NV12", "P010_10LE", "A420", "v210",
    "NV12_64Z32", "NV12_10LE32" };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    check_lies (formats[i], "top-left");
    check_lies (formats[i], "bottom-right");
  }
}

/* Rows may be stored from bottom to top. */
static void
test_upside_down (void)
{
  Overlay overlay;

  overlay_open (&overlay, "position=top-left", "video/x-raw,width=320,height=240,framerate=25/1,format=RGB");
  g_assert_cmpuint (push_as (&overlay, 0, 239 * 960, -960), >, 1000);
  g_assert_null (gst_bus_pop_filtered (overlay.bus, GST_MESSAGE_WARNING));
  overlay_close (&overlay);
}

/* --- memory that ends where the picture does --- */

/* Has the format rows of samples? Others are bits or tiles. */
static gboolean
has_samples (const GstVideoFormatInfo *format)
{
  gboolean has = !GST_VIDEO_FORMAT_INFO_IS_TILED (format);

  for (guint i = 0; i < format->n_components; i++)
    has = has && format->pixel_stride[i] > 0;
  return has;
}

/* Rows without padding. */
static void
lay_out_tightly (GstVideoInfo *info)
{
  const GstVideoFormatInfo *format = info->finfo;
  gsize size = 0;

  for (guint plane = 0; plane < format->n_planes; plane++) {
    gint row = 0, rows = 0;
    for (guint i = 0; i < format->n_components; i++) {
      if (format->plane[i] != plane)
        continue;
      row = MAX (row, GST_VIDEO_FORMAT_INFO_SCALE_WIDTH (format, i, info->width) * format->pixel_stride[i]);
      rows = MAX (rows, GST_VIDEO_FORMAT_INFO_SCALE_HEIGHT (format, i, info->height));
    }
    info->offset[plane] = size;
    info->stride[plane] = row;
    size += row * rows;
  }
  info->size = size;
}

/* Opaque, from the frame's upper left on. */
static GstVideoOverlayComposition *
cover (gint width, gint height)
{
  GstBuffer *pixels = gst_buffer_new_allocate (NULL, width * height * 4, NULL);

  gst_buffer_memset (pixels, 0, 0xff, width * height * 4);
  gst_buffer_add_video_meta (pixels, 0, GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, width, height);
  GstVideoOverlayRectangle *rectangle = gst_video_overlay_rectangle_new_raw (pixels, 0, 0, width, height,
      GST_VIDEO_OVERLAY_FORMAT_FLAG_PREMULTIPLIED_ALPHA);
  GstVideoOverlayComposition *composition = gst_video_overlay_composition_new (rectangle);
  gst_video_overlay_rectangle_unref (rectangle);
  gst_buffer_unref (pixels);
  return composition;
}

/* The picture's memory ends at a page that nobody may touch; with a byte less it is refused. In formats of
 * bits, libgstvideo (1.22) itself reads a little past rows of an odd width, so the last rows are left out
 * there, where no plate reaches anyway. */
static void
draw_at_guard (GstVideoFormat format, gint width, gint height)
{
  const gboolean samples = has_samples (gst_video_format_get_info (format));
  GstVideoInfo info, caps;
  GstVideoFrame frame;
  GError *error = NULL;
  Guard guard;

  if (!gst_video_info_set_format (&caps, format, width, height) || (!samples && height < 3))
    return;
  info = caps;
  if (samples)
    lay_out_tightly (&info);
  for (gsize less = 0; less < 2; less++) {
    const gsize size = GST_VIDEO_INFO_SIZE (&info) - less;
    GstBuffer *buffer = gst_buffer_new_wrapped_full (0, guard_new (&guard, size, 0), size, 0, size, NULL,
        NULL);
    gst_buffer_add_video_meta_full (buffer, 0, format, width, height, GST_VIDEO_INFO_N_PLANES (&info),
        info.offset, info.stride);
    g_assert_cmpint (gptvis_frame_map_to_draw (&frame, buffer, &caps, &error), ==, less == 0);
    g_assert_cmpint (error == NULL, ==, less == 0);
    if (less == 0) {
      GstVideoOverlayComposition *composition = cover (width, samples ? height : height - 2);
      g_assert_true (gst_video_overlay_composition_blend (composition, &frame));
      gst_video_overlay_composition_unref (composition);
      gst_video_frame_unmap (&frame);
    }
    g_clear_error (&error);
    gst_buffer_unref (buffer);
    guard_free (&guard);
  }
}

static void
test_guard (void)
{
  static const gint sides[] = { 1, 2, 3, 4, 5, 6, 7, 9, 15, 17, 33, 50 };
  guint n;
  const GstVideoFormat *formats = gst_video_formats_raw (&n);

  for (guint i = 0; i < n; i++) {
    if (GST_VIDEO_FORMAT_INFO_HAS_PALETTE (gst_video_format_get_info (formats[i])))
      continue;
    g_test_message ("%s", gst_video_format_to_string (formats[i]));
    for (guint w = 0; w < G_N_ELEMENTS (sides); w++)
      for (guint h = 0; h < G_N_ELEMENTS (sides); h++)
        draw_at_guard (formats[i], sides[w], sides[h]);
  }
}

/* --- the part that is shown --- */

/* In memory of 400 × 300 the caps' 320 × 240 are the lower right. */
static void
test_crop (void)
{
  GstBuffer *buffer = grey (400 * 300);
  GstVideoCropMeta *crop;
  GstMapInfo map;
  Overlay overlay;
  guint left = 400, right = 0, bottom = 0;

  overlay_open (&overlay, "position=bottom-right", "video/x-raw,width=320,height=240,framerate=25/1,"
      "format=GRAY8");
  gst_buffer_add_video_meta (buffer, 0, GST_VIDEO_FORMAT_GRAY8, 400, 300);
  crop = gst_buffer_add_video_crop_meta (buffer);
  *crop = (GstVideoCropMeta) { crop->meta, 80, 60, 320, 240 };
  g_assert_cmpint (gst_harness_push (overlay.harness, buffer), ==, GST_FLOW_OK);
  buffer = gst_harness_try_pull (overlay.harness);
  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  for (guint i = 0; i < map.size; i++) {
    if (map.data[i] == GREY)
      continue;
    left = MIN (left, i % 400);
    right = MAX (right, i % 400);
    bottom = i / 400;
  }
  g_assert_cmpuint (left, >, 80);
  g_assert_cmpuint (right, >, 380);
  g_assert_cmpuint (bottom, >, 280);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  overlay_close (&overlay);
}

static void
test_odd_crops (void)
{
  static const guint sides[] = { 0, 1, 3, 319, 320, 321, 0x7fffffff, 0x80000000, 0xffffffff };
  const guint n = G_N_ELEMENTS (sides);
  Overlay overlay;

  overlay_open (&overlay, "", "video/x-raw,width=320,height=240,framerate=25/1,format=I420");
  for (guint i = 0; i < n * n * n; i++) {
    GstBuffer *buffer = grey (GST_VIDEO_INFO_SIZE (&overlay.info));
    GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta (buffer);
    *crop = (GstVideoCropMeta) { crop->meta, sides[i % n], sides[i / n % n], sides[i / n / n],
      sides[i / n / n] };
    push (&overlay, buffer);
  }
  g_assert_null (gst_bus_pop_filtered (overlay.bus, GST_MESSAGE_WARNING));
  overlay_close (&overlay);
}

/* --- other memory --- */

/* One memory for each plane, as V4L2 has it; and memory split anywhere, which only a copy can join. */
static void
test_several_memories (void)
{
  const gsize sizes[][3] = { { 320 * 240, 160 * 120, 160 * 120 }, { 1000, 320 * 240, 160 * 240 - 1000 } };
  Overlay overlay;

  overlay_open (&overlay, "", "video/x-raw,width=320,height=240,framerate=25/1,format=I420");
  for (guint i = 0; i < G_N_ELEMENTS (sizes) * 2; i++) {
    GstBuffer *buffer = gst_buffer_new ();
    for (guint m = 0; m < 3; m++)
      gst_buffer_append_memory (buffer, gst_allocator_alloc (NULL, sizes[i / 2][m], NULL));
    gst_buffer_memset (buffer, 0, GREY, -1);
    seen_attach (buffer, labels, TRUE, 0);
    if (i % 2)
      gst_buffer_add_video_meta (buffer, 0, GST_VIDEO_FORMAT_I420, 320, 240);
    /* gst_video_frame_map finds a plane by its first byte, in one memory. */
    if (i == 3)
      g_assert_cmpuint (push (&overlay, buffer), ==, 0);
    else
      g_assert_cmpuint (push (&overlay, buffer), >, 1000);
  }
  gchar *sentence = warning (&overlay);
  g_assert_nonnull (strstr (sentence, "GstVideoMeta"));
  g_free (sentence);
  overlay_close (&overlay);
}

/* Read-only memory is copied, as is memory that others hold; memory that maps only a part of the picture is
 * left alone. */
static void
test_read_only (void)
{
  static guint8 pixels[320 * 240];
  Overlay overlay;

  memset (pixels, GREY, sizeof pixels);
  overlay_open (&overlay, "", "video/x-raw,width=320,height=240,framerate=25/1,format=GRAY8");
  for (guint i = 0; i < 2; i++) {
    GstBuffer *buffer = gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, pixels, sizeof pixels, 0,
        sizeof pixels, NULL, NULL);
    seen_attach (buffer, labels, TRUE, 0);
    if (i)
      gst_buffer_add_video_meta (buffer, 0, GST_VIDEO_FORMAT_GRAY8, 320, 240);
    g_assert_cmpuint (push (&overlay, buffer), >, 1000);
  }
  for (guint i = 0; i < sizeof pixels; i++)
    g_assert_cmpuint (pixels[i], ==, GREY);
  g_assert_null (gst_bus_pop_filtered (overlay.bus, GST_MESSAGE_WARNING));
  g_assert_cmpuint (push (&overlay, grey (100)), ==, 0);
  g_assert_cmpuint (push (&overlay, grey (0)), ==, 0);
  gchar *sentence = warning (&overlay);
  g_assert_nonnull (strstr (sentence, "mapped for writing"));
  g_free (sentence);
  overlay_close (&overlay);
}

/* --- caps --- */

static void
test_odd_caps (void)
{
  static const gchar *const caps[] = { "pixel-aspect-ratio=2147483647/1", "pixel-aspect-ratio=1/2147483647",
    "pixel-aspect-ratio=1/1000", "pixel-aspect-ratio=1000/1", "interlace-mode=interleaved",
    "framerate=2147483647/1",
    "multiview-mode=side-by-side", "colorimetry=0:0:0:0", "chroma-site=jpeg" };

  for (guint i = 0; i < G_N_ELEMENTS (caps); i++) {
    gchar *text = g_strdup_printf ("video/x-raw,width=320,height=240,format=I420,%s%s", caps[i],
        strstr (caps[i], "framerate") ? "" : ",framerate=25/1");
    Overlay overlay;
    g_test_message ("%s", caps[i]);
    overlay_open (&overlay, "", text);
    gsize drawn = push (&overlay, grey (GST_VIDEO_INFO_SIZE (&overlay.info)));
    if (!strstr (caps[i], "pixel-aspect-ratio"))
      g_assert_cmpuint (drawn, >, 1000);
    GstBuffer *buffer = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&overlay.info), NULL);
    static const gchar *const nothing[] = { NULL };
    GptVisResult *result = seen_captioned (nothing, "a cat on a mat", TRUE);
    gptvis_buffer_add_meta (buffer, result, TRUE, 0);
    gptvis_result_unref (result);
    push (&overlay, buffer);
    overlay_close (&overlay);
    g_free (text);
  }
}

int
main (int argc, char **argv)
{
  rig_init (&argc, &argv);
  g_assert_true (GST_ELEMENT_REGISTER (gptvisoverlay, NULL));
  g_test_add_func ("/drawing/lies", test_lies);
  g_test_add_func ("/drawing/upside-down", test_upside_down);
  g_test_add_func ("/drawing/guard", test_guard);
  g_test_add_func ("/drawing/crop", test_crop);
  g_test_add_func ("/drawing/odd-crops", test_odd_crops);
  g_test_add_func ("/drawing/several-memories", test_several_memories);
  g_test_add_func ("/drawing/read-only", test_read_only);
  g_test_add_func ("/drawing/odd-caps", test_odd_caps);
  return g_test_run ();
}
