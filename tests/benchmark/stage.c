/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How fast a frame becomes patches (bench --stage), in turn with what GStreamer's
 * videoconvertscale does to bring the same frame to the same size in R, G, B: its code
 * is libgstvideo's GstVideoConverter, which is run here as the element sets it up, on one
 * thread as ours is. The element's default reads two samples each way and leaves out
 * the rest; ours antialiases, as its "linear" and "lanczos" without a limit of taps do.
 *
 * A frame costs at least what reading its bytes costs; that is measured in the same
 * turns, on one thread, where the frame lies: in the last cache as a decoder leaves it,
 * or in memory, when the frames in turn are more than the cache holds. */
#include "measure.h"
#include "patches.h"
#include <gst/video/video.h>
#include <stdio.h>

enum { SIDE = 224, PATCH = 16 };

static const struct {
  const gchar *name;
  GstVideoResamplerMethod method;
  guint taps;                   /* 0: as many as antialiasing needs */
} peers[] = {
  {"videoconvertscale, default", GST_VIDEO_RESAMPLER_METHOD_LINEAR, 2},
  {"linear, antialiased", GST_VIDEO_RESAMPLER_METHOD_LINEAR, 0},
  {"lanczos, antialiased", GST_VIDEO_RESAMPLER_METHOD_LANCZOS, 0},
};
enum { N_PEERS = G_N_ELEMENTS (peers) };

static const struct {
  const gchar *name;
  guint width, height;
} sizes[] = {
  {"1080p", 1920, 1080},
  {"4K", 3840, 2160},
};

static const struct {
  GptVisPictureFormat ours;
  GstVideoFormat theirs;
} formats[] = {
  {GPTVIS_PICTURE_NV12, GST_VIDEO_FORMAT_NV12},
  {GPTVIS_PICTURE_I420, GST_VIDEO_FORMAT_I420},
  {GPTVIS_PICTURE_YUY2, GST_VIDEO_FORMAT_YUY2},
  {GPTVIS_PICTURE_P010_10LE, GST_VIDEO_FORMAT_P010_10LE},
  {GPTVIS_PICTURE_RGB, GST_VIDEO_FORMAT_RGB},
  {GPTVIS_PICTURE_BGRx, GST_VIDEO_FORMAT_BGRx},
};

/* One frame, and what it is to both. */
typedef struct {
  GstBuffer *buffer;
  GstVideoFrame frame;
  GptVisPicture picture;
} Frame;

static void
frame_fill (Frame *f, GstVideoInfo *info, GptVisPictureFormat format)
{
  f->buffer = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (info), NULL);
  if (!f->buffer || !gst_video_frame_map (&f->frame, info, f->buffer, GST_MAP_READWRITE))
    measure_die ("not enough memory for the frames");
  guint8 *bytes = GST_VIDEO_FRAME_PLANE_DATA (&f->frame, 0);
  guint32 state = 1;
  for (gsize i = 0; i < GST_VIDEO_INFO_SIZE (info); i++)
    bytes[i] = (state = state * 1664525u + 1013904223u) >> 24;
  f->picture = (GptVisPicture) { .format = format, .width = GST_VIDEO_INFO_WIDTH (info),
    .height = GST_VIDEO_INFO_HEIGHT (info), .matrix = GPTVIS_MATRIX_BT709, .site = GPTVIS_SITE_LEFT };
  for (guint plane = 0; plane < GST_VIDEO_INFO_N_PLANES (info); plane++) {
    f->picture.planes[plane] = GST_VIDEO_FRAME_PLANE_DATA (&f->frame, plane);
    f->picture.strides[plane] = GST_VIDEO_FRAME_PLANE_STRIDE (&f->frame, plane);
  }
}

static void
frame_clear (Frame *f)
{
  gst_video_frame_unmap (&f->frame);
  gst_buffer_unref (f->buffer);
}

static GstVideoConverter *
make_peer (guint i, GstVideoInfo *in, GstVideoInfo *out)
{
  GstStructure *options = gst_structure_new ("options",
      GST_VIDEO_CONVERTER_OPT_RESAMPLER_METHOD, GST_TYPE_VIDEO_RESAMPLER_METHOD, peers[i].method,
      GST_VIDEO_CONVERTER_OPT_DITHER_METHOD, GST_TYPE_VIDEO_DITHER_METHOD, GST_VIDEO_DITHER_BAYER,
      GST_VIDEO_CONVERTER_OPT_THREADS, G_TYPE_UINT, 1, NULL);
  if (peers[i].taps)
    gst_structure_set (options, GST_VIDEO_RESAMPLER_OPT_MAX_TAPS, G_TYPE_INT, peers[i].taps, NULL);
  GstVideoConverter *converter = gst_video_converter_new (in, out, options);
  if (!converter)
    measure_die ("GstVideoConverter refuses the format");
  return converter;
}

static void
print_row (const gchar *name, GArray *ns, GArray *ours)
{
  printf ("  %-28s min %7.3f ms  median %7.3f ms", name, measure_least (ns) * 1e-6,
      measure_median (ns) * 1e-6);
  if (ours)
    printf ("  %6.2f / %6.2f times ours", measure_least (ns) / measure_least (ours),
        measure_median (ns) / measure_median (ours));
  printf ("\n");
}

/* Everybody in turn; the first two turns only warm up. Returns our least, ns. */
static gdouble
stage_one (guint size, guint format, guint n_frames, gint runs)
{
  GstVideoInfo in, out;
  gst_video_info_set_format (&in, formats[format].theirs, sizes[size].width, sizes[size].height);
  if (GST_VIDEO_INFO_IS_YUV (&in))
    gst_video_colorimetry_from_string (&in.colorimetry, GST_VIDEO_COLORIMETRY_BT709);
  gst_video_info_set_format (&out, GST_VIDEO_FORMAT_RGB, SIDE, SIDE);
  Frame *frames = g_new0 (Frame, n_frames), small = { 0 };
  for (guint i = 0; i < n_frames; i++)
    frame_fill (&frames[i], &in, formats[format].ours);
  frame_fill (&small, &out, GPTVIS_PICTURE_RGB);

  const GptVisRecipe recipe = { .resize_width = SIDE, .resize_height = SIDE, .filter = GPTVIS_FILTER_BILINEAR,
    .width = SIDE, .height = SIDE, .rescale = 1 / 255.0, .mean = {0.5, 0.5, 0.5}, .std = {0.5, 0.5, 0.5} };
  GptVisPatchifier *patchifier = gptvis_patchifier_new (&recipe, PATCH);
  float *rows = g_new (float, 3 * SIDE * SIDE);
  GstVideoConverter *converters[N_PEERS];
  GArray *times[N_PEERS], *ours = measure_times_new (), *reads = measure_times_new ();
  for (guint p = 0; p < N_PEERS; p++) {
    converters[p] = make_peer (p, &in, &out);
    times[p] = measure_times_new ();
  }
  MeasureReader *reader = measure_reader_new (1, GST_VIDEO_INFO_SIZE (&in) * n_frames);

  GError *error = NULL;
  const gint64 end = measure_now () + G_GINT64_CONSTANT (2000000000);
  for (gint i = -2; runs ? i < runs : i < 5 || measure_now () < end; i++) {
    const Frame *f = &frames[(guint) (i + 2) % n_frames];
    gint64 start = measure_now ();
    if (!gptvis_patchifier_run (patchifier, &f->picture, rows, &error))
      measure_die (error->message);
    start = measure_now () - start;
    if (i >= 0)
      measure_add (ours, start);
    for (guint p = 0; p < N_PEERS; p++) {
      start = measure_now ();
      gst_video_converter_frame (converters[p], &f->frame, &small.frame);
      start = measure_now () - start;
      if (i >= 0)
        measure_add (times[p], start);
    }
    if (n_frames == 1)
      measure_reader_run (reader);      /* so that the next finds it in the cache, as the others do */
    start = measure_reader_run (reader) / n_frames;
    if (i >= 0)
      measure_add (reads, start);
  }

  const gdouble least = measure_least (ours);
  printf ("%s %s, %.1f MB%s\n", sizes[size].name, gptvis_picture_format_name (formats[format].ours),
      GST_VIDEO_INFO_SIZE (&in) * 1e-6, n_frames > 1 ? ", from memory" : "");
  print_row ("gptvis, antialiased patches", ours, NULL);
  for (guint p = 0; p < N_PEERS; p++)
    print_row (peers[p].name, times[p], ours);
  print_row ("reading it once", reads, ours);
  fflush (stdout);

  measure_reader_free (reader);
  for (guint p = 0; p < N_PEERS; p++) {
    gst_video_converter_free (converters[p]);
    g_array_unref (times[p]);
  }
  g_array_unref (ours);
  g_array_unref (reads);
  for (guint i = 0; i < n_frames; i++)
    frame_clear (&frames[i]);
  frame_clear (&small);
  g_free (frames);
  g_free (rows);
  gptvis_patchifier_free (patchifier);
  return least;
}

void
bench_stage (const gchar *name, const BenchSettings *settings)
{
  gboolean any = FALSE;
  gst_init (NULL, NULL);
  measure_print_processor ();
  printf ("staging    to %d×%d in patches of %d, one thread, everybody in turn\n", SIDE, SIDE, PATCH);
  for (guint format = 0; format < G_N_ELEMENTS (formats); format++) {
    if (name && g_ascii_strcasecmp (name, gptvis_picture_format_name (formats[format].ours)) != 0)
      continue;
    any = TRUE;
    for (guint cold = 0; cold < 2; cold++) {
      gdouble least[G_N_ELEMENTS (sizes)];
      for (guint size = 0; size < G_N_ELEMENTS (sizes); size++)
        least[size] = stage_one (size, format, cold ? 24 : 1, settings->runs);
      printf ("  4K is %.2f times 1080p\n", least[1] / least[0]);
    }
  }
  if (!any)
    measure_die ("the format must be one of NV12, I420, YUY2, P010_10LE, RGB, BGRx");
}
