/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvisoverlay in a harness: what it draws, where, and above all where it does not.
 * Results are attached by hand; how good a plate looks only an eye can tell. */
#include "captionplate.h"
#include "gptvisoverlay.h"
#include "plate.h"
#include "overlayrig.h"
#include "seen.h"
#include <math.h>
#include <string.h>

static const gchar *const labels[] = { "tabby cat", "Egyptian cat", "lynx", NULL };

typedef struct {
  gint left, top, right, bottom;        /* of the pixels that changed; right < left: none */
  guint changed;
} Box;

static void
overlay_open (Overlay *self, const gchar *properties, GstVideoFormat format, gint width, gint height)
{
  GstVideoInfo info;

  gst_video_info_set_format (&info, format, width, height);
  info.fps_n = 25;
  info.fps_d = 1;
  overlay_open_with (self, properties, gst_video_info_to_caps (&info));
}

static GstBuffer *
push_seen (Overlay *self, const gchar *const *texts)
{
  GstBuffer *buffer = blank (self);

  seen_attach (buffer, texts, TRUE, 0);
  return push (self, buffer);
}

/* A row of pixels, unpacked to four components, of 16 bits at most. */
static guint8 *
row (GstVideoFrame *frame, gint y)
{
  const GstVideoFormatInfo *format = frame->info.finfo;
  gint width = GST_VIDEO_FRAME_WIDTH (frame);
  guint8 *pixels = g_malloc0 ((gsize) (width + 64) * 8);

  format->unpack_func (format, GST_VIDEO_PACK_FLAG_NONE, pixels, frame->data, frame->info.stride, 0, y,
      width);
  return pixels;
}

static Box
compare (const Overlay *self, GstBuffer *before, GstBuffer *after)
{
  const GstVideoFormatInfo *format = self->info.finfo;
  const GstVideoFormatInfo *unpacked = gst_video_format_get_info (format->unpack_format);
  gsize size = unpacked->pixel_stride[0];
  Box box = { G_MAXINT, G_MAXINT, -1, -1, 0 };
  GstVideoFrame a, b;

  g_assert_true (gst_video_frame_map (&a, &self->info, before, GST_MAP_READ));
  g_assert_true (gst_video_frame_map (&b, &self->info, after, GST_MAP_READ));
  for (gint y = 0; y < GST_VIDEO_INFO_HEIGHT (&self->info); y++) {
    guint8 *p = row (&a, y), *q = row (&b, y);
    for (gint x = 0; x < GST_VIDEO_INFO_WIDTH (&self->info); x++) {
      if (memcmp (p + x * size, q + x * size, size) == 0)
        continue;
      box = (Box) { MIN (box.left, x), MIN (box.top, y), MAX (box.right, x), MAX (box.bottom, y),
        box.changed + 1 };
    }
    g_free (p);
    g_free (q);
  }
  gst_video_frame_unmap (&a);
  gst_video_frame_unmap (&b);
  return box;
}

static Box
draw (const gchar *properties, GstVideoFormat format, gint width, gint height, const gchar *const *texts)
{
  GstBuffer *before, *after;
  Overlay overlay;
  Box box;

  overlay_open (&overlay, properties, format, width, height);
  before = blank (&overlay);
  after = push_seen (&overlay, texts);
  box = compare (&overlay, before, after);
  gst_buffer_unref (before);
  gst_buffer_unref (after);
  overlay_close (&overlay);
  return box;
}

static guint
area (const Box *box)
{
  return box->changed ? (guint) (box->right - box->left + 1) * (guint) (box->bottom - box->top + 1) : 0;
}

/* --- what is drawn, and what is left alone --- */

static void
test_untouched (void)
{
  static const gchar *const nothing[] = { NULL };
  GstBuffer *buffer, *held, *out;
  Overlay overlay;

  overlay_open (&overlay, "", GST_VIDEO_FORMAT_I420, 320, 240);
  /* Without a result, and shared with another: the very buffer passes. */
  buffer = blank (&overlay);
  held = gst_buffer_ref (buffer);
  out = push (&overlay, buffer);
  g_assert_true (out == held);
  gst_buffer_unref (out);
  gst_buffer_unref (held);
  /* With a result that has no label. */
  buffer = blank (&overlay);
  seen_attach (buffer, nothing, TRUE, 0);
  held = gst_buffer_ref (buffer);
  out = push (&overlay, buffer);
  g_assert_true (out == held);
  gst_buffer_unref (out);
  gst_buffer_unref (held);
  overlay_close (&overlay);
  g_assert_cmpuint (draw ("max-labels=0", GST_VIDEO_FORMAT_I420, 320, 240, labels).changed, ==, 0);
}

/* Whoever else holds the buffer, or only its memory, does not see the plate. */
static void
test_shared (void)
{
  GstBuffer *buffer, *before, *held, *out;
  Overlay overlay;

  overlay_open (&overlay, "", GST_VIDEO_FORMAT_NV12, 320, 240);
  before = blank (&overlay);
  for (guint memory_only = 0; memory_only < 2; memory_only++) {
    buffer = blank (&overlay);
    seen_attach (buffer, labels, FALSE, GST_SECOND);
    held = memory_only ? gst_buffer_copy (buffer) : gst_buffer_ref (buffer);
    out = push (&overlay, buffer);
    g_assert_cmpuint (compare (&overlay, before, held).changed, ==, 0);
    g_assert_cmpuint (compare (&overlay, before, out).changed, >, 0);
    g_assert_nonnull (gptvis_buffer_get_meta (out));
    gst_buffer_unref (out);
    gst_buffer_unref (held);
  }
  gst_buffer_unref (before);
  overlay_close (&overlay);
}

/* Alone in its buffer a frame is drawn on where it is. */
static void
test_in_place (void)
{
  GstBuffer *buffer, *out;
  Overlay overlay;

  overlay_open (&overlay, "", GST_VIDEO_FORMAT_I420, 320, 240);
  buffer = blank (&overlay);
  GstMemory *memory = gst_buffer_peek_memory (buffer, 0);
  seen_attach (buffer, labels, TRUE, 0);
  out = push (&overlay, buffer);
  g_assert_true (gst_buffer_peek_memory (out, 0) == memory);
  gst_buffer_unref (out);
  overlay_close (&overlay);
}

/* Every format of the pad, against ARGB; chroma is shared by up to four pixels. */
static void
test_formats (void)
{
  Box reference = draw ("", GST_VIDEO_FORMAT_ARGB, 322, 242, labels);
  GstCaps *caps = gst_caps_from_string ("video/x-raw, width=322, height=242, framerate=25/1");
  GstElement *element = gst_element_factory_make ("gptvisoverlay", NULL);
  GstPad *pad = gst_element_get_static_pad (element, "sink");
  GstCaps *template = gst_pad_get_pad_template_caps (pad), *all = gst_caps_intersect (template, caps);
  const GValue *formats = gst_structure_get_value (gst_caps_get_structure (all, 0), "format");

  g_assert_cmpuint (area (&reference), >, 5000);
  g_assert_cmpuint (gst_value_list_get_size (formats), >, 50);
  for (guint i = 0; i < gst_value_list_get_size (formats); i++) {
    const gchar *name = g_value_get_string (gst_value_list_get_value (formats, i));
    Box box = draw ("", gst_video_format_from_string (name), 322, 242, labels);
    g_test_message ("%s: %d,%d – %d,%d, %u pixels", name, box.left, box.top, box.right, box.bottom,
        box.changed);
    g_assert_cmpint (ABS (box.left - reference.left), <=, 3);
    g_assert_cmpint (ABS (box.top - reference.top), <=, 3);
    g_assert_cmpint (ABS (box.right - reference.right), <=, 3);
    g_assert_cmpint (ABS (box.bottom - reference.bottom), <=, 3);
    g_assert_cmpuint (box.changed, >, area (&reference) * 9 / 10);
  }
  gst_caps_unref (all);
  gst_caps_unref (template);
  gst_caps_unref (caps);
  gst_object_unref (pad);
  gst_object_unref (gst_object_ref_sink (element));
}

/* --- where --- */

static void
test_positions (void)
{
  static const gchar *const names[] =
      { "top-left", "top", "top-right", "left", "center", "right", "bottom-left",
    "bottom", "bottom-right"
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    gchar *properties = g_strdup_printf ("position=%s font-size=12", names[i]);
    Box box = draw (properties, GST_VIDEO_FORMAT_I420, 641, 479, labels);
    gint x = (box.left + box.right) / 2 * 3 / 641, y = (box.top + box.bottom) / 2 * 3 / 479;
    g_assert_cmpint (x, ==, (gint) i % 3);
    g_assert_cmpint (y, ==, (gint) i / 3);
    g_free (properties);
  }
}

/* No size is too small or too odd; a plate never fills the frame to its edge. */
static void
test_sizes (void)
{
  static const gint sizes[][2] = { {1, 1}, {2, 2}, {3, 5}, {16, 16}, {33, 35}, {64, 48}, {101, 57}, {1920, 2},
  {2, 1920}, {2000, 40}, {61, 1999}, {480, 853}, {1279, 719} };
  static const GstVideoFormat formats[] = { GST_VIDEO_FORMAT_I420, GST_VIDEO_FORMAT_NV12,
    GST_VIDEO_FORMAT_YUY2, GST_VIDEO_FORMAT_RGB, GST_VIDEO_FORMAT_I420_10LE, GST_VIDEO_FORMAT_Y41B
  };
  static const gchar *const properties[] = { "", "font-size=512 position=bottom-right", "font-size=1",
    "position=center scores=none", "position=bottom-right scores=percent"
  };

  for (guint f = 0; f < G_N_ELEMENTS (formats); f++) {
    for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
      for (guint p = 0; p < G_N_ELEMENTS (properties); p++) {
        gint width = sizes[i][0], height = sizes[i][1];
        Box box = draw (properties[p], formats[f], width, height, labels);
        gboolean roomy = width >= 64 && height >= 48;
        if (roomy && p != 2)
          g_assert_cmpuint (box.changed, >, 0);
        if (width < 16 || height < 16)
          g_assert_cmpuint (box.changed, ==, 0);
        if (box.changed)
          g_assert_true (box.left > 0 && box.top > 0);
      }
    }
  }
}

/* A larger picture has a larger plate, and a wide pixel a narrower one. */
static void
test_scale (void)
{
  Box small = draw ("", GST_VIDEO_FORMAT_I420, 640, 480, labels);
  Box large = draw ("", GST_VIDEO_FORMAT_I420, 1280, 960, labels);
  double ratio = (double) area (&large) / area (&small);
  GptVisPlateFrame frame = { {0, 0, 720, 576}, 0, 0, 1, 1 };
  GptVisPlateRow rows[] = { {"tabby", 0.5f, FALSE} };
  GptVisPlateStyle style = {.scores = GPTVIS_SCORES_BOTH,.font = "Sans",.font_size = 20,.color = 0xffffffff };
  GptVisPlate *plate = gptvis_plate_new ();
  guint square, wide, height, same;

  g_assert_cmpfloat (ratio, >, 3);
  g_assert_cmpfloat (ratio, <, 5);
  gst_video_overlay_rectangle_get_render_rectangle (gst_video_overlay_composition_get_rectangle
      (gptvis_plate_draw (plate, &style, rows, 1, &frame), 0), NULL, NULL, &square, &height);
  frame.par_n = 64;
  frame.par_d = 45;
  gst_video_overlay_rectangle_get_render_rectangle (gst_video_overlay_composition_get_rectangle
      (gptvis_plate_draw (plate, &style, rows, 1, &frame), 0), NULL, NULL, &wide, &same);
  g_assert_cmpuint (same, ==, height);
  g_assert_cmpfloat (fabs (wide * 64.0 / 45 - square), <, 4);
  gptvis_plate_free (plate);
}

/* --- what it says --- */

static void
test_texts (void)
{
  static const gchar *const texts[] =
      { "猫 кошка γάτα قطة 🐈", "\xff\xfe no UTF-8 \xc3", "two\nlines\tand a tab", "",
    "a very long label that goes on and on, far beyond what a plate or indeed any picture has room for, "
    "and then "
        "some more of it so that nobody can doubt it", "<b>markup</b> &amp; %s", NULL
  };
  Box box = draw ("max-labels=10", GST_VIDEO_FORMAT_RGB, 640, 480, texts);

  g_assert_cmpuint (box.changed, >, 0);
  g_assert_cmpint (box.right, <, 639);
}

static void
test_scores (void)
{
  static const gfloat odd[] = { NAN, -1, 0, 1, 7, INFINITY, -INFINITY };
  GptVisPlateFrame frame = { {0, 0, 640, 480}, 0, 0, 1, 1 };
  GptVisPlateRow rows[G_N_ELEMENTS (odd)];
  GptVisPlateStyle style = {.scores = GPTVIS_SCORES_BOTH,.font = "Sans",.color = 0xffffffff };
  GptVisPlate *plate = gptvis_plate_new ();

  for (guint i = 0; i < G_N_ELEMENTS (odd); i++)
    rows[i] = (GptVisPlateRow) { "score", odd[i], FALSE };
  g_assert_nonnull (gptvis_plate_draw (plate, &style, rows, G_N_ELEMENTS (rows), &frame));
  gptvis_plate_free (plate);
  /* Without percentages a row has more room, without bars less height. */
  Box both = draw ("", GST_VIDEO_FORMAT_RGB, 640, 480, labels);
  Box percent = draw ("scores=percent", GST_VIDEO_FORMAT_RGB, 640, 480, labels);
  g_assert_cmpint (percent.bottom, <, both.bottom);
}

/* The same is not drawn again; what differs is. */
static void
test_cached (void)
{
  GptVisPlateFrame frame = { {0, 0, 640, 480}, 0, 0, 1, 1 };
  GptVisPlateRow rows[] = { {"tabby", 0.501f, FALSE}, {"lynx", 0.1f, FALSE} };
  GptVisPlateStyle style = {.scores = GPTVIS_SCORES_BOTH,.font = "Sans",.color = 0xffffffff };
  GptVisPlate *plate = gptvis_plate_new ();
  GstVideoOverlayComposition *first = gptvis_plate_draw (plate, &style, rows, 2, &frame);

  gst_video_overlay_composition_ref (first);    /* so that no other can have its address */
  rows[0].score = 0.502f;       /* 50 % still */
  g_assert_true (gptvis_plate_draw (plate, &style, rows, 2, &frame) == first);
  rows[0].score = 0.52f;
  g_assert_true (gptvis_plate_draw (plate, &style, rows, 2, &frame) != first);
  rows[0].score = 0.5f;
  g_assert_true (gptvis_plate_draw (plate, &style, rows, 1, &frame) != first);
  gst_video_overlay_composition_unref (first);
  gptvis_plate_free (plate);
}

/* Properties hold from the next frame on. */
static void
test_live (void)
{
  GstBuffer *before, *one, *other;
  Overlay overlay;

  overlay_open (&overlay, "", GST_VIDEO_FORMAT_I420, 640, 480);
  before = blank (&overlay);
  one = push_seen (&overlay, labels);
  gst_util_set_object_arg (G_OBJECT (gst_harness_find_element (overlay.harness, "gptvisoverlay")), "position",
      "bottom-right");
  other = push_seen (&overlay, labels);
  g_assert_cmpint (compare (&overlay, before, one).left, <, 320);
  g_assert_cmpint (compare (&overlay, before, other).right, >, 620);
  gst_buffer_unref (before);
  gst_buffer_unref (one);
  gst_buffer_unref (other);
  overlay_close (&overlay);
}

/* Two filters, one after the other: both are read. */
static void
test_several (void)
{
  static const gchar *const second[] = { "indoor", NULL };
  GstBuffer *buffer, *before;
  Overlay overlay;
  Box one = draw ("font-size=16", GST_VIDEO_FORMAT_I420, 640, 480, labels), both;

  overlay_open (&overlay, "font-size=16", GST_VIDEO_FORMAT_I420, 640, 480);
  before = blank (&overlay);
  buffer = blank (&overlay);
  seen_attach (buffer, labels, TRUE, 0);
  seen_attach (buffer, second, TRUE, 0);
  buffer = push (&overlay, buffer);
  both = compare (&overlay, before, buffer);
  g_assert_cmpint (both.bottom, >, one.bottom + 16);
  gst_buffer_unref (before);
  gst_buffer_unref (buffer);
  overlay_close (&overlay);
}

/* --- captions --- */

/* What a caption without labels changes, final or not, on its own. */
static Box
draw_caption (const gchar *properties, GstVideoFormat format, gint width, gint height, const gchar *text,
    gboolean final)
{
  static const gchar *const nothing[] = { NULL };
  GptVisResult *result = seen_captioned (nothing, text, final);
  GstBuffer *before, *after;
  Overlay overlay;
  Box box;

  overlay_open (&overlay, properties, format, width, height);
  before = blank (&overlay);
  after = blank (&overlay);
  gptvis_buffer_add_meta (after, result, TRUE, 0);
  gptvis_result_unref (result);
  after = push (&overlay, after);
  box = compare (&overlay, before, after);
  gst_buffer_unref (before);
  gst_buffer_unref (after);
  overlay_close (&overlay);
  return box;
}

#define SENTENCE "a man in a red coat walks his dog along the water while two children look on from afar"

/* In the lower third, centred, as wide as its text; longer than a line is several. */
static void
test_caption (void)
{
  Box small = draw_caption ("", GST_VIDEO_FORMAT_RGB, 640, 480, "a cat", TRUE);
  Box part = draw_caption ("", GST_VIDEO_FORMAT_RGB, 640, 480, "a cat", FALSE);
  Box large = draw_caption ("", GST_VIDEO_FORMAT_RGB, 640, 480, SENTENCE SENTENCE SENTENCE, TRUE);
  Box top = draw_caption ("caption-position=top", GST_VIDEO_FORMAT_RGB, 640, 480, "a cat", TRUE);
  Box none = draw_caption ("show-captions=false", GST_VIDEO_FORMAT_RGB, 640, 480, "a cat", TRUE);
  Box bold = draw_caption ("caption-font-size=40", GST_VIDEO_FORMAT_RGB, 640, 480, "a cat", TRUE);

  g_assert_cmpint (small.top, >, 420);
  g_assert_cmpint (ABS (small.left + small.right - 640), <=, 8);
  g_assert_cmpint (small.right - small.left, <, 120);
  g_assert_cmpint (part.right - part.left, >, small.right - small.left);        /* the ellipsis */
  g_assert_cmpint (large.top, >=, 320);
  g_assert_cmpint (large.bottom - large.top, >, 3 * (small.bottom - small.top));
  g_assert_cmpint (top.bottom, <, 60);
  g_assert_cmpuint (none.changed, ==, 0);
  g_assert_cmpuint (area (&bold), >, 2 * area (&small));
}

/* No size and no text is too odd. Within the lower third, and nothing elsewhere. */
static void
test_caption_sizes (void)
{
  static const gint sizes[][2] = { {1, 1}, {3, 5}, {16, 16}, {33, 35}, {64, 48}, {97, 97}, {1920, 2},
      {2, 1920},
  {2000, 40}, {61, 1999}, {480, 853}, {1279, 719} };
  static const GstVideoFormat formats[] = { GST_VIDEO_FORMAT_I420, GST_VIDEO_FORMAT_YUY2,
      GST_VIDEO_FORMAT_RGB };
  static const gchar *const texts[] = { "a cat on a mat", SENTENCE SENTENCE SENTENCE SENTENCE,
    "nowordofthissentenceeverendssothatithastobebrokensomewhereinthemiddleofaword_andonandonandonandonandon",
    "رجل يرتدي معطفا أحمر يمشي مع كلبه على طول الماء",
    "लाल कोट पहने एक आदमी", "赤いコートを着た男性が水辺で犬を散歩させている",
    "a dog 🐕 and 👨‍👩‍👧", "two\nlines\ta tab\r\x01\x7f\342\200\250 <b>&amp;</b> %s", "\xff\xfe no UTF-8 \xc3"
  };

  for (guint f = 0; f < G_N_ELEMENTS (formats); f++) {
    for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
      for (guint t = 0; t < G_N_ELEMENTS (texts); t++) {
        gint width = sizes[i][0], height = sizes[i][1];
        Box box = draw_caption ("", formats[f], width, height, texts[t], t % 2);
        if (width >= 64 && height >= 96)
          g_assert_cmpuint (box.changed, >, 0);
        if (!box.changed)
          continue;
        g_assert_cmpint (box.top, >=, height * 2 / 3 - 4);
        if (width < 64)
          continue;
        g_assert_cmpint (box.left, >, 0);
        g_assert_cmpint (box.right, <, width - 1);
        g_assert_cmpint (box.bottom, <, height - 1);
      }
    }
  }
  g_assert_cmpuint (draw_caption ("", GST_VIDEO_FORMAT_I420, 64, 48, "a cat", TRUE).changed, >, 0);
  g_assert_cmpuint (draw_caption ("caption-font-size=512", GST_VIDEO_FORMAT_I420, 64, 48, "a cat",
      TRUE).changed, >, 0);
}

/* Without a word there is no shade. */
static void
test_caption_empty (void)
{
  static const gchar *const texts[] = { "", " \n\t ", "\x01\x02" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_assert_cmpuint (draw_caption ("", GST_VIDEO_FORMAT_I420, 320, 240, texts[i], TRUE).changed, ==, 0);
    g_assert_cmpuint (draw_caption ("", GST_VIDEO_FORMAT_I420, 320, 240, texts[i], FALSE).changed, ==, 0);
  }
}

/* Wherever both are, labels make room: they are where rows of the picture are left. */
static void
test_caption_beside_labels (void)
{
  static const gint sizes[][2] = { {640, 360}, {320, 240}, {96, 96} };
  const GptVisCaption caption = { SENTENCE SENTENCE, 0.5f, TRUE, 0, 0, 0 }, *captions[] = { &caption };
  GptVisPlateRow rows[] = { {"tabby", 0.5f, FALSE}, {"lynx", 0.1f, FALSE} };
  GptVisPlate *plate = gptvis_plate_new ();
  GptVisCaptionPlate *caption_plate = gptvis_caption_plate_new ();

  for (guint i = 0; i < G_N_ELEMENTS (sizes) * 27; i++) {
    GptVisPlateFrame frame = { {0, 0, sizes[i / 27][0], sizes[i / 27][1]}, 0, 0, 1, 1 };
    GptVisPlateStyle style = {.position = i % 9,.scores = GPTVIS_SCORES_BOTH,.font = "Sans",.color =
        0xffffffff };
    GptVisCaptionStyle caption_style = {.position = i / 9 % 3,.font = "Sans",.color = 0xffffffff };
    gint x, y, below, above;
    guint width, height, length;
    gst_video_overlay_rectangle_get_render_rectangle (gst_video_overlay_composition_get_rectangle
        (gptvis_caption_plate_draw (caption_plate, &caption_style, captions, 1, &frame), 0), &x, &above,
        &width, &height);
    gptvis_caption_plate_reserve (caption_plate, style.position, &frame);
    gst_video_overlay_rectangle_get_render_rectangle (gst_video_overlay_composition_get_rectangle
        (gptvis_plate_draw (plate, &style, rows, 2, &frame), 0), &y, &below, &width, &length);
    g_assert_true (below >= above + (gint) height || below + (gint) length <= above);
  }
  gptvis_plate_free (plate);
  gptvis_caption_plate_free (caption_plate);
}

/* As the labels' plate: drawn anew when a word comes, and not for another result with the same. */
static void
test_caption_cached (void)
{
  GptVisPlateFrame frame = { {0, 0, 640, 480}, 0, 0, 1, 1 };
  GptVisCaptionStyle style = {.position = GPTVIS_CAPTION_POSITION_BOTTOM,.font = "Sans",.color = 0xffffffff };
  GptVisCaption caption = { "a cat", 0.5f, FALSE, 3, 0, 0 };
  const GptVisCaption *captions[] = { &caption, &caption };
  GptVisCaptionPlate *plate = gptvis_caption_plate_new ();
  GstVideoOverlayComposition *first = gptvis_caption_plate_draw (plate, &style, captions, 1, &frame);

  gst_video_overlay_composition_ref (first);
  caption = (GptVisCaption) { "a cat", 0.25f, FALSE, 4, 40, 40 };
  g_assert_true (gptvis_caption_plate_draw (plate, &style, captions, 1, &frame) == first);
  frame.above = 20;
  g_assert_true (gptvis_caption_plate_draw (plate, &style, captions, 1, &frame) == first);
  caption.text = "a cat on";
  g_assert_true (gptvis_caption_plate_draw (plate, &style, captions, 1, &frame) != first);
  caption = (GptVisCaption) { "a cat", 0.25f, TRUE, 4, 40, 40 };
  g_assert_true (gptvis_caption_plate_draw (plate, &style, captions, 1, &frame) != first);
  g_assert_nonnull (gptvis_caption_plate_draw (plate, &style, captions, 2, &frame));
  gst_video_overlay_composition_unref (first);
  gptvis_caption_plate_free (plate);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_assert_true (GST_ELEMENT_REGISTER (gptvisoverlay, NULL));
  gptvis_meta_get_info ();
  g_test_add_func ("/overlay/untouched", test_untouched);
  g_test_add_func ("/overlay/shared", test_shared);
  g_test_add_func ("/overlay/in-place", test_in_place);
  g_test_add_func ("/overlay/formats", test_formats);
  g_test_add_func ("/overlay/positions", test_positions);
  g_test_add_func ("/overlay/sizes", test_sizes);
  g_test_add_func ("/overlay/scale", test_scale);
  g_test_add_func ("/overlay/texts", test_texts);
  g_test_add_func ("/overlay/scores", test_scores);
  g_test_add_func ("/overlay/cached", test_cached);
  g_test_add_func ("/overlay/live", test_live);
  g_test_add_func ("/overlay/several", test_several);
  g_test_add_func ("/overlay/caption", test_caption);
  g_test_add_func ("/overlay/caption-sizes", test_caption_sizes);
  g_test_add_func ("/overlay/caption-empty", test_caption_empty);
  g_test_add_func ("/overlay/caption-beside-labels", test_caption_beside_labels);
  g_test_add_func ("/overlay/caption-cached", test_caption_cached);
  return g_test_run ();
}
