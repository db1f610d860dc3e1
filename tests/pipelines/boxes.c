/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvisoverlay's boxes, tags and trails: where they are, in which colors, and that nothing else is drawn
 * on. Regions are attached by hand; how good they look only an eye can tell. */
#include "canvas.h"
#include "frame.h"
#include "gptvisoverlay.h"
#include "regionplate.h"
#include "tagplaces.h"
#include "overlayrig.h"
#include "seen.h"
#include <math.h>
#include <string.h>

static void
overlay_open (Overlay *self, const gchar *properties, const gchar *caps)
{
  overlay_open_with (self, properties, gst_caps_from_string (caps));
}

/* A grey frame with that result. */
static GstBuffer *
frame_with (Overlay *self, GptVisResult value)
{
  GstBuffer *buffer = blank (self);

  value.model = "test";
  GptVisResult *result = gptvis_result_copy (&value);
  gptvis_buffer_add_meta (buffer, result, TRUE, 0);
  gptvis_result_unref (result);
  GST_BUFFER_PTS (buffer) = self->frames++ * 40 * GST_MSECOND;
  return buffer;
}

/* With these regions; n < 0: nobody looked for any. */
static GstBuffer *
frame (Overlay *self, const GptVisRegion *regions, gint n)
{
  static const GptVisRegion none;
  GptVisResult value = GPTVIS_RESULT_INIT;

  value.regions = n < 0 ? NULL : n == 0 ? &none : regions;
  value.n_regions = MAX (n, 0);
  return frame_with (self, value);
}

static const GptVisLabel person = { 1, "person", 0.87f };

static GptVisRegion
region (gfloat x, gfloat y, gfloat width, gfloat height, guint id, const GptVisLabel *label)
{
  return (GptVisRegion) { .box = { x, y, width, height }, .id = id, .labels = label,
      .n_labels = label != NULL };
}

typedef struct {
  gint left, top, right, bottom;        /* right < left: none */
  guint changed;
} Changes;

/* Of the first plane, whose samples must be bytes. */
static Changes
changes (const Overlay *self, GstBuffer *buffer)
{
  Changes found = { G_MAXINT, G_MAXINT, -1, -1, 0 };
  GstVideoFrame map;

  g_assert_true (gst_video_frame_map (&map, &self->info, buffer, GST_MAP_READ));
  for (gint y = 0; y < GST_VIDEO_FRAME_HEIGHT (&map); y++)
    for (gint x = 0; x < GST_VIDEO_FRAME_WIDTH (&map); x++) {
      const guint8 *sample = (const guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&map, 0)
          + y * GST_VIDEO_FRAME_PLANE_STRIDE (&map, 0) + x * GST_VIDEO_FRAME_COMP_PSTRIDE (&map, 0);
      if (*sample == GREY)
        continue;
      found = (Changes) { MIN (found.left, x), MIN (found.top, y), MAX (found.right, x), MAX (found.bottom,
          y),
        found.changed + 1 };
    }
  gst_video_frame_unmap (&map);
  return found;
}

static Changes
draw (const gchar *properties, const gchar *caps, const GptVisRegion *regions, guint n)
{
  Overlay overlay;

  overlay_open (&overlay, properties, caps);
  GstBuffer *out = push (&overlay, frame (&overlay, regions, n));
  const Changes found = changes (&overlay, out);
  gst_buffer_unref (out);
  overlay_close (&overlay);
  return found;
}

#define CAPS "video/x-raw,width=640,height=360,framerate=25/1,format="

/* --- boxes --- */

/* It is where the region is, and its middle is left alone. */
static void
test_box (void)
{
  const GptVisRegion one = region (0.25f, 0.25f, 0.5f, 0.5f, 0, NULL);
  const Changes found = draw ("", CAPS "I420", &one, 1);

  g_assert_cmpint (ABS (found.left - 160), <=, 2);
  g_assert_cmpint (ABS (found.right - 479), <=, 2);
  g_assert_cmpint (ABS (found.top - 90), <=, 2);
  g_assert_cmpint (ABS (found.bottom - 269), <=, 2);
  g_assert_cmpuint (found.changed, >, 2 * (320 + 180));
  g_assert_cmpuint (found.changed, <, 8 * 2 * (320 + 180));
}

/* Without regions, or without leave, the very buffer passes. */
static void
test_untouched (void)
{
  const GptVisRegion one = region (0.25f, 0.25f, 0.5f, 0.5f, 3, &person);
  static const gchar *const properties[] = { "", "trails=2", "show-regions=false" };

  for (guint i = 0; i < G_N_ELEMENTS (properties); i++) {
    for (gint n = -1; n < (i == 2 ? 2 : 1); n++) {
      Overlay overlay;
      overlay_open (&overlay, properties[i], CAPS "I420");
      GstBuffer *buffer = frame (&overlay, &one, n), *held = gst_buffer_ref (buffer), *out = push (&overlay,
          buffer);
      g_assert_true (out == held);
      gst_buffer_unref (out);
      gst_buffer_unref (held);
      overlay_close (&overlay);
    }
  }
}

/* Who else holds the buffer does not see the boxes. */
static void
test_shared (void)
{
  const GptVisRegion one = region (0.25f, 0.25f, 0.5f, 0.5f, 3, &person);
  Overlay overlay;

  overlay_open (&overlay, "", CAPS "I420");
  GstBuffer *buffer = frame (&overlay, &one, 1), *held = gst_buffer_ref (buffer), *out = push (&overlay,
      buffer);
  g_assert_cmpuint (changes (&overlay, held).changed, ==, 0);
  g_assert_cmpuint (changes (&overlay, out).changed, >, 0);
  gst_buffer_unref (held);
  gst_buffer_unref (out);
  overlay_close (&overlay);
}

static void
test_odd_boxes (void)
{
  const gfloat odd[] = { NAN, INFINITY, -INFINITY, -1e30f, 1e30f, -0.5f, 0, 1e-9f, 0.3f, 1, 1.5f };
  const guint n = G_N_ELEMENTS (odd);
  Overlay overlay;

  overlay_open (&overlay, "trails=1", CAPS "NV12");
  for (guint i = 0; i < n * n * n * n; i += 3) {
    const GptVisRegion one = region (odd[i % n], odd[i / n % n], odd[i / n / n % n], odd[i / n / n / n],
        1 + i % 5,
        &person);
    gst_buffer_unref (push (&overlay, frame (&overlay, &one, 1)));
  }
  overlay_close (&overlay);
}

/* More than there is room to know, and ids as they come. */
static void
test_many (void)
{
  GptVisRegion many[300];
  Overlay overlay;

  overlay_open (&overlay, "trails=60", CAPS "I420");
  for (guint i = 0; i < 40; i++) {
    for (guint k = 0; k < G_N_ELEMENTS (many); k++)
      many[k] = region (k % 20 / 20.0f + 0.001f * i, k / 20 / 15.0f, 0.04f, 0.06f, 1 + k + i * 37, &person);
    gst_buffer_unref (push (&overlay, frame (&overlay, many, G_N_ELEMENTS (many))));
  }
  overlay_close (&overlay);
}

/* A crop's fractions are of what is shown. */
static void
test_crop (void)
{
  const GptVisRegion all = region (0, 0, 1, 1, 0, NULL);
  Overlay overlay;

  overlay_open (&overlay, "", CAPS "GRAY8");
  GstBuffer *buffer = frame (&overlay, &all, 1);
  GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta (buffer);
  *crop = (GstVideoCropMeta) { crop->meta, 100, 60, 300, 200 };
  GstBuffer *out = push (&overlay, buffer);
  const Changes found = changes (&overlay, out);
  g_assert_cmpint (found.left, ==, 100);
  g_assert_cmpint (found.top, ==, 60);
  g_assert_cmpint (found.right, ==, 399);
  g_assert_cmpint (found.bottom, ==, 259);
  gst_buffer_unref (out);
  overlay_close (&overlay);
}

/* --- formats --- */

/* A row of pixels, unpacked. */
static guint8 *
unpack (GstVideoFrame *map, gint y)
{
  const GstVideoFormatInfo *format = map->info.finfo;
  guint8 *pixels = g_malloc0 ((gsize) (GST_VIDEO_FRAME_WIDTH (map) + 64) * 8);

  format->unpack_func (format, GST_VIDEO_PACK_FLAG_NONE, pixels, map->data, map->info.stride, 0, y,
      GST_VIDEO_FRAME_WIDTH (map));
  return pixels;
}

/* How much the second buffer's row `y` differs from the first's, pixel by pixel; and the bounds of what
 * does. */
static Changes
unpacked_changes (const Overlay *self, GstBuffer *before, GstBuffer *after)
{
  const GstVideoFormatInfo *unpacked = gst_video_format_get_info (self->info.finfo->unpack_format);
  const gsize size = unpacked->pixel_stride[0];
  Changes found = { G_MAXINT, G_MAXINT, -1, -1, 0 };
  GstVideoFrame a, b;

  g_assert_true (gst_video_frame_map (&a, &self->info, before, GST_MAP_READ));
  g_assert_true (gst_video_frame_map (&b, &self->info, after, GST_MAP_READ));
  for (gint y = 0; y < GST_VIDEO_INFO_HEIGHT (&self->info); y++) {
    guint8 *p = unpack (&a, y), *q = unpack (&b, y);
    for (gint x = 0; x < GST_VIDEO_INFO_WIDTH (&self->info); x++)
      if (memcmp (p + x * size, q + x * size, size) != 0)
        found = (Changes) { MIN (found.left, x), MIN (found.top, y), MAX (found.right, x), MAX (found.bottom,
            y),
          found.changed + 1 };
    g_free (p);
    g_free (q);
  }
  gst_video_frame_unmap (&a);
  gst_video_frame_unmap (&b);
  return found;
}

/* Every format that the pad takes has the box and the tag at the same place. */
static void
test_formats (void)
{
  const GptVisRegion one = region (0.25f, 0.25f, 0.5f, 0.5f, 3, &person);
  GstElement *element = gst_object_ref_sink (gst_element_factory_make ("gptvisoverlay", NULL));
  GstPad *pad = gst_element_get_static_pad (element, "sink");
  GstCaps *template = gst_pad_get_pad_template_caps (pad);
  const GValue *formats = gst_structure_get_value (gst_caps_get_structure (template, 0), "format");
  const Changes reference = draw ("", CAPS "ARGB", &one, 1);

  g_assert_cmpuint (reference.changed, >, 3000);
  for (guint i = 0; i < gst_value_list_get_size (formats); i++) {
    const gchar *name = g_value_get_string (gst_value_list_get_value (formats, i));
    gchar *caps = g_strconcat (CAPS, name, NULL);
    Overlay overlay;
    overlay_open (&overlay, "", caps);
    GstBuffer *before = frame (&overlay, NULL, -1), *after = push (&overlay, frame (&overlay, &one, 1));
    const Changes found = unpacked_changes (&overlay, before, after);
    g_test_message ("%s: %d,%d – %d,%d, %u pixels", name, found.left, found.top, found.right, found.bottom,
        found.changed);
    g_assert_cmpint (ABS (found.left - reference.left), <=, 4);
    g_assert_cmpint (ABS (found.top - reference.top), <=, 4);
    g_assert_cmpint (ABS (found.right - reference.right), <=, 4);
    g_assert_cmpint (ABS (found.bottom - reference.bottom), <=, 4);
    gst_buffer_unref (before);
    gst_buffer_unref (after);
    overlay_close (&overlay);
    g_free (caps);
  }
  gst_caps_unref (template);
  gst_object_unref (pad);
  gst_object_unref (element);
}

/* A color is the same in every format that can show it, as libgstvideo converts it. */
static void
test_colors (void)
{
  static const gchar *const formats[] = { "RGB", "BGRx", "ARGB", "I420", "NV12", "YUY2", "Y444", "AYUV",
      "P010_10LE",
    "I420_10LE", "GBR_10LE", "RGB16", "v210", "ARGB64", "Y210", "NV12_64Z32", "P012_LE", "Y212_LE",
    "Y412_LE", "GBRA_12LE", "VUYA", "Y42B", "A420_10LE", "UYVY" };
  static const guint32 colors[] = { 0xffff0000, 0xff00ff00, 0xff0000ff, 0xffffcc00, 0xff9060f0, 0xffffffff,
      0xff000000 };

  for (guint i = 0; i < G_N_ELEMENTS (formats) * G_N_ELEMENTS (colors); i++) {
    const gchar *name = formats[i / G_N_ELEMENTS (colors)];
    const guint32 color = colors[i % G_N_ELEMENTS (colors)];
    GstVideoInfo info, rgb;
    GstVideoFrame map, seen;
    GptVisCanvas canvas;
    gst_video_info_set_format (&info, gst_video_format_from_string (name), 128, 64);
    if (GST_VIDEO_INFO_IS_YUV (&info) && i % 2)
      g_assert_true (gst_video_colorimetry_from_string (&info.colorimetry, "bt709"));
    gst_video_info_set_format (&rgb, GST_VIDEO_FORMAT_RGB, 128, 64);
    GstBuffer *buffer = gst_buffer_new_allocate (NULL, info.size, NULL);
    GstBuffer *out = gst_buffer_new_allocate (NULL, rgb.size, NULL);
    gst_buffer_memset (buffer, 0, GREY, -1);
    g_assert_true (gptvis_frame_map_to_draw (&map, buffer, &info, NULL));
    gptvis_canvas_open (&canvas, &map, (GstVideoRectangle) { 0, 0, 128, 64 });
    gptvis_canvas_fill (&canvas, (GstVideoRectangle) { 0, 0, 128, 64 }, color);
    /* libgstvideo blends by one matrix, BT.709's, whatever the frame's is. */
    const gint most = !canvas.sheet ? 9 : GST_VIDEO_INFO_IS_RGB (&info) || i % 2 ? 14 : 60;
    gptvis_canvas_close (&canvas);
    g_assert_true (gst_video_frame_map (&seen, &rgb, out, GST_MAP_WRITE));
    GstVideoConverter *converter = gst_video_converter_new (&info, &rgb, NULL);
    gst_video_converter_frame (converter, &map, &seen);
    const guint8 *pixel = (const guint8 *) seen.data[0] + 32 * GST_VIDEO_FRAME_PLANE_STRIDE (&seen,
        0) + 64 * 3;
    g_test_message ("%s %06x: %02x%02x%02x", name, color & 0xffffff, pixel[0], pixel[1], pixel[2]);
    for (guint k = 0; k < 3; k++)
      g_assert_cmpint (ABS ((gint) (color >> (16 - 8 * k) & 0xff) - pixel[k]), <=, most);
    gst_video_converter_free (converter);
    gst_video_frame_unmap (&seen);
    gst_video_frame_unmap (&map);
    gst_buffer_unref (buffer);
    gst_buffer_unref (out);
  }
}

/* Half of a color over grey is between; on edges between samples of chroma too. */
static void
test_alpha (void)
{
  GstVideoInfo info;
  GstVideoFrame map;
  GptVisCanvas canvas;

  gst_video_info_set_format (&info, GST_VIDEO_FORMAT_I420, 32, 32);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, info.size, NULL);
  gst_buffer_memset (buffer, 0, GREY, -1);
  g_assert_true (gst_video_frame_map (&map, &info, buffer, GST_MAP_READWRITE));
  gptvis_canvas_open (&canvas, &map, (GstVideoRectangle) { 0, 0, 32, 30 });
  gptvis_canvas_fill (&canvas, (GstVideoRectangle) { 9, 8, 100, 100 }, 0x80ffffff);
  gptvis_canvas_close (&canvas);
  const guint8 *luma = map.data[0], *u = map.data[1];
  const gint stride = map.info.stride[0];
  g_assert_cmpint (luma[8 * stride + 8], ==, GREY);
  g_assert_cmpint (luma[7 * stride + 9], ==, GREY);
  g_assert_cmpint (ABS (luma[8 * stride + 9] - (GREY + 235) / 2), <=, 1);
  g_assert_cmpint (ABS (luma[29 * stride + 31] - (GREY + 235) / 2), <=, 1);
  g_assert_cmpint (luma[30 * stride + 31], ==, GREY);
  g_assert_cmpint (u[5 * map.info.stride[1] + 5], ==, GREY);    /* white has none */
  gptvis_canvas_open (&canvas, &map, (GstVideoRectangle) { 0, 0, 32, 30 });
  gptvis_canvas_fill (&canvas, (GstVideoRectangle) { 9, 8, 3, 2 }, 0xff0000ff);
  gptvis_canvas_close (&canvas);
  const gint full = u[4 * map.info.stride[1] + 5], half = u[4 * map.info.stride[1] + 4];
  g_assert_cmpint (full, >, 200);
  g_assert_cmpint (ABS (half - (GREY + full) / 2), <=, 1);
  gst_video_frame_unmap (&map);
  gst_buffer_unref (buffer);
}

/* --- sizes --- */

static void
test_sizes (void)
{
  static const gint sizes[][2] = { { 1, 1 }, { 2, 2 }, { 3, 5 }, { 16, 16 }, { 33, 35 }, { 64, 48 }, { 101,
      57 },
    { 1920, 2 }, { 2, 1920 }, { 480, 853 }, { 1279, 719 } };
  static const gchar *const formats[] = { "I420", "NV12", "YUY2", "RGB", "I420_10LE", "Y41B", "YUV9",
      "RGB16" };
  const GptVisRegion two[] = { region (0.1f, 0.2f, 0.5f, 0.7f, 3, &person), region (0.5f, 0, 0.5f, 0.3f, 0,
      NULL) };

  for (guint i = 0; i < G_N_ELEMENTS (sizes) * G_N_ELEMENTS (formats); i++) {
    const gint *size = sizes[i / G_N_ELEMENTS (formats)];
    gchar *caps = g_strdup_printf ("video/x-raw,width=%d,height=%d,framerate=25/1,format=%s", size[0],
        size[1],
        formats[i % G_N_ELEMENTS (formats)]);
    const gchar *const properties[] = { "trails=1", "region-font-size=512", "region-font-size=1",
        "region-tags=false" };
    for (guint p = 0; p < G_N_ELEMENTS (properties); p++) {
      Overlay overlay;
      overlay_open (&overlay, properties[p], caps);
      for (guint k = 0; k < 2; k++)
        gst_buffer_unref (push (&overlay, frame (&overlay, two, 2)));
      overlay_close (&overlay);
    }
    g_free (caps);
  }
}

/* --- tags --- */

static void
test_tags (void)
{
  const GptVisRegion one = region (0.25f, 0.4f, 0.5f, 0.5f, 3, &person);
  const guint bare = draw ("region-tags=false", CAPS "GRAY8", &one, 1).changed;
  const guint all = draw ("", CAPS "GRAY8", &one, 1).changed;
  const guint no_score = draw ("scores=none", CAPS "GRAY8", &one, 1).changed;
  const guint bar = draw ("scores=bar", CAPS "GRAY8", &one, 1).changed;
  const guint large = draw ("region-font-size=40", CAPS "GRAY8", &one, 1).changed;

  g_assert_cmpuint (bare, <, no_score);
  g_assert_cmpuint (no_score, <, all);
  g_assert_cmpuint (all, <, large);
  g_assert_cmpuint (bar, ==, no_score);
}

static gint
shared (const GstVideoRectangle *a, const GstVideoRectangle *b)
{
  return MAX (0, MIN (a->x + a->w, b->x + b->w) - MAX (a->x, b->x))
      * MAX (0, MIN (a->y + a->h, b->y + b->h) - MAX (a->y, b->y));
}

/* Wherever there is room, tags keep off each other and off the plate, and always inside. */
static void
test_places (void)
{
  const GstVideoRectangle area = { 10, 20, 640, 360 }, plate = { 20, 30, 200, 80 };

  GRand *rand = g_rand_new_with_seed (6);       /* six boxes can be where no tag has room */

  for (guint round = 0; round < 200; round++) {
    GstVideoRectangle boxes[6], taken[16] = { plate };
    GptVisTagRoom room = { boxes, G_N_ELEMENTS (boxes), taken, 1, G_N_ELEMENTS (taken) };
    for (guint i = 0; i < G_N_ELEMENTS (boxes); i++)
      boxes[i] = (GstVideoRectangle) { g_rand_int_range (rand, 10, 600), g_rand_int_range (rand, 20, 330),
        g_rand_int_range (rand, 8, 50), g_rand_int_range (rand, 8, 50) };
    for (guint i = 0; i < G_N_ELEMENTS (boxes); i++) {
      guint last = GPTVIS_NO_PLACE;
      const GstVideoRectangle at = gptvis_tag_place (&room, &area, i, 60, 14, &last);
      g_assert_cmpuint (last, <, GPTVIS_TAG_PLACES);
      g_assert_cmpint (at.x, >=, area.x);
      g_assert_cmpint (at.y, >=, area.y);
      g_assert_cmpint (at.x + at.w, <=, area.x + area.w);
      g_assert_cmpint (at.y + at.h, <=, area.y + area.h);
      for (guint k = 0; k + 1 < room.n_taken; k++)
        g_assert_cmpint (shared (&at, &taken[k]), <=, 60 * 14 / 20);
    }
    g_assert_cmpuint (room.n_taken, ==, 7);
  }
  g_rand_free (rand);
}

/* A tag does not jump while its box moves on a little, and comes back when it can. */
static void
test_steady_places (void)
{
  const GstVideoRectangle area = { 0, 0, 640, 360 };
  GstVideoRectangle box = { 300, 100, 60, 120 }, taken[4];
  guint last = GPTVIS_NO_PLACE;

  for (gint i = -100; i < 100; i++) {
    GptVisTagRoom room = { &box, 1, taken, 1, G_N_ELEMENTS (taken) };
    taken[0] = (GstVideoRectangle) { 300, 86 + i, 60, 14 };     /* something comes by over where the tag is */
    const GstVideoRectangle at = gptvis_tag_place (&room, &area, 0, 50, 14, &last);
    g_assert_cmpint (shared (&at, &taken[0]), <=, 50 * 14 / 20);
  }
  g_assert_cmpuint (last, <, 4);
}

/* --- colors --- */

static double
luminance (guint32 color)
{
  return (0.2126 * pow ((color >> 16 & 0xff) / 255.0, 2.2) + 0.7152 * pow ((color >> 8 & 0xff) / 255.0, 2.2)
      + 0.0722 * pow ((color & 0xff) / 255.0, 2.2));
}

/* How blue it is, or how yellow if that is below 0: what all tell apart. */
static double
blueness (guint32 color)
{
  return (gint) (color & 0xff) - ((gint) (color >> 16 & 0xff) + (gint) (color >> 8 & 0xff)) / 2;
}

/* Dark letters are readable on each, and neighbours differ, also for who does not tell red from green: in
 * lightness or in blue against yellow. */
static void
test_identities (void)
{
  for (guint n = 0; n < 2000; n++) {
    const guint32 color = gptvis_region_color (n);
    g_assert_cmpuint (color >> 24, ==, 0xff);
    g_assert_cmpuint (gptvis_region_color (n), ==, color);
    g_assert_cmpfloat ((luminance (color) + 0.05) / (luminance (0xff0c1014) + 0.05), >, 4.5);
    for (guint k = 1; k < 3; k++) {
      const guint32 next = gptvis_region_color (n + k);
      const double lighter = fabs (luminance (color) - luminance (next));
      const double bluer = fabs (blueness (color) - blueness (next));
      g_test_message ("%u %06x, %06x: %.2f %.0f", n, color, next, lighter, bluer);
      g_assert_true (lighter > 0.08 || bluer > 40);
    }
  }
}

/* --- trails --- */

static void
test_trails (void)
{
  Overlay overlay;
  guint grown[2];

  for (guint trails = 0; trails < 2; trails++) {
    overlay_open (&overlay, trails ? "trails=0.5 region-tags=false" : "region-tags=false", CAPS "GRAY8");
    for (guint i = 0; i < 30; i++) {
      const GptVisRegion one = region (0.02f + 0.02f * i, 0.1f + 0.02f * i, 0.1f, 0.2f, 3, NULL);
      GstBuffer *out = push (&overlay, frame (&overlay, &one, 1));
      grown[trails] = changes (&overlay, out).changed;
      gst_buffer_unref (out);
    }
    if (trails) {
      /* Who is gone leaves a trail, which fades. */
      GstBuffer *out = push (&overlay, frame (&overlay, NULL, 0));
      g_assert_cmpuint (changes (&overlay, out).changed, >, 100);
      gst_buffer_unref (out);
      overlay.frames += 25;
      for (guint i = 0; i < 2; i++) {
        out = push (&overlay, frame (&overlay, NULL, 0));
        g_assert_cmpuint (changes (&overlay, out).changed, ==, 0);
        gst_buffer_unref (out);
      }
      /* Time goes back: a seek. */
      overlay.frames = 0;
      const GptVisRegion one = region (0.5f, 0.1f, 0.1f, 0.2f, 3, NULL);
      gst_buffer_unref (push (&overlay, frame (&overlay, &one, 1)));
    }
    overlay_close (&overlay);
  }
  g_assert_cmpuint (grown[1], >, grown[0] + 100);
}

/* --- zones --- */

static Changes
draw_zone (const gchar *properties, const gchar *caps, const GptVisZoneInfo *zone, guint8 *lightest)
{
  GptVisResult value = GPTVIS_RESULT_INIT;
  GstMapInfo bytes;
  Overlay overlay;

  value.zones = zone;
  value.n_zones = 1;
  overlay_open (&overlay, properties, caps);
  GstBuffer *out = push (&overlay, frame_with (&overlay, value));
  const Changes found = changes (&overlay, out);
  g_assert_true (gst_buffer_map (out, &bytes, GST_MAP_READ));
  for (gsize i = 0; lightest && i < (gsize) overlay.info.stride[0] * overlay.info.height; i++)
    *lightest = MAX (*lightest, bytes.data[i]);
  gst_buffer_unmap (out, &bytes);
  gst_buffer_unref (out);
  overlay_close (&overlay);
  return found;
}

static void
test_zones (void)
{
  static const gfloat corners[] = { 0.25f, 0.25f, 0.75f, 0.25f, 0.75f, 0.75f, 0.25f, 0.75f };
  static const gfloat nowhere[] = { NAN, 0, 1, 0, 1, 1 }, far[] = { -9, 0.5f, 1e30f, 0.5f };
  GptVisZoneInfo area = { "yard", GPTVIS_ZONE_AREA, corners, 8 };
  GptVisZoneInfo line = { "door", GPTVIS_ZONE_LINE, corners, 4, .crossed_right = 12 };
  guint8 empty = 0, occupied = 0;

  const Changes found = draw_zone ("", CAPS "GRAY8", &area, &empty);
  g_assert_cmpint (ABS (found.left - 160), <=, 3);
  g_assert_cmpint (ABS (found.right - 480), <=, 3);
  g_assert_cmpint (ABS (found.top - 90), <=, 3);
  g_assert_cmpint (ABS (found.bottom - 270), <=, 3);
  area.inside = 2;              /* another color */
  draw_zone ("", CAPS "GRAY8", &area, &occupied);
  g_assert_cmpuint (empty, >, occupied);
  g_assert_cmpuint (draw_zone ("show-zones=false", CAPS "GRAY8", &area, NULL).changed, ==, 0);

  const Changes crossed = draw_zone ("", CAPS "GRAY8", &line, NULL);
  g_assert_cmpint (ABS (crossed.left - 160), <=, 3);
  g_assert_cmpint (ABS (crossed.right - 480), <=, 3);
  g_assert_cmpint (crossed.bottom, <, 180);
  g_assert_cmpint (crossed.top, <, 90); /* the arrow's upper stroke */

  /* Nothing of these is drawn outside the picture, or read where there is nothing. */
  area.points = nowhere;
  area.n_points = 6;
  g_assert_cmpuint (draw_zone ("", CAPS "GRAY8", &area, NULL).changed, ==, 0);
  area.n_points = 0;
  g_assert_cmpuint (draw_zone ("", CAPS "GRAY8", &area, NULL).changed, ==, 0);
  line.points = far;
  g_assert_cmpuint (draw_zone ("", CAPS "GRAY8", &line, NULL).changed, >, 640);
  g_assert_cmpuint (draw_zone ("", "video/x-raw,format=GRAY8,framerate=25/1,width=2,height=2", &line,
      NULL).changed, <=, 4);
}

/* Tags of many zones at one corner are below each other, and a region's keeps off them. */
static void
test_zone_tags (void)
{
  static const gfloat corners[] = { 0.1f, 0.1f, 0.9f, 0.1f, 0.9f, 0.9f };
  GptVisZoneInfo zones[GPTVIS_ZONE_PLATE_MAX];
  const GptVisRegion one = region (0.1f, 0.1f, 0.2f, 0.2f, 7, &person);
  GptVisResult value = GPTVIS_RESULT_INIT;
  Overlay overlay;

  for (guint i = 0; i < G_N_ELEMENTS (zones); i++)
    zones[i] = (GptVisZoneInfo) { "a place", GPTVIS_ZONE_AREA, corners, 6, i };
  value.zones = zones;
  value.regions = &one;
  value.n_regions = 1;
  guint before = 0;
  for (value.n_zones = 1; value.n_zones <= G_N_ELEMENTS (zones); value.n_zones *= 2) {
    overlay_open (&overlay, "", CAPS "GRAY8");
    GstBuffer *out = push (&overlay, frame_with (&overlay, value));
    const guint changed = changes (&overlay, out).changed;
    g_assert_cmpuint (changed, >, value.n_zones <= 8 ? before + 100 : 0);
    before = changed;
    gst_buffer_unref (out);
    overlay_close (&overlay);
  }
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_assert_true (GST_ELEMENT_REGISTER (gptvisoverlay, NULL));
  gptvis_meta_get_info ();
  g_test_add_func ("/boxes/box", test_box);
  g_test_add_func ("/boxes/untouched", test_untouched);
  g_test_add_func ("/boxes/shared", test_shared);
  g_test_add_func ("/boxes/odd-boxes", test_odd_boxes);
  g_test_add_func ("/boxes/many", test_many);
  g_test_add_func ("/boxes/crop", test_crop);
  g_test_add_func ("/boxes/formats", test_formats);
  g_test_add_func ("/boxes/colors", test_colors);
  g_test_add_func ("/boxes/alpha", test_alpha);
  g_test_add_func ("/boxes/sizes", test_sizes);
  g_test_add_func ("/boxes/tags", test_tags);
  g_test_add_func ("/boxes/places", test_places);
  g_test_add_func ("/boxes/steady-places", test_steady_places);
  g_test_add_func ("/boxes/identities", test_identities);
  g_test_add_func ("/boxes/trails", test_trails);
  g_test_add_func ("/boxes/zones", test_zones);
  g_test_add_func ("/boxes/zone-tags", test_zone_tags);
  return g_test_run ();
}
