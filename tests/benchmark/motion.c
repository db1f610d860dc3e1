/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What it costs to find what moves (bench --motion): the thread's own time for a frame, in which a few things
 * cross a grainy scene. Frames lie in the last cache, as a decoder leaves them, or in memory, when the frames
 * in turn are more than the cache holds. Beside it stands which share of what one thread can read (from the
 * same bytes, in the same turns) a frame's bytes are read at: of a frame's rows about half are looked at. */
#include "measure.h"
#include "motion.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { THINGS = 4, WARM = 12 };

static const struct {
  const gchar *name;
  guint width, height;
} sizes[] = { {"1080p", 1920, 1080}, {"4K", 3840, 2160} };

static const GptVisPictureFormat formats[] = { GPTVIS_PICTURE_NV12, GPTVIS_PICTURE_I420 };

#define LIMIT 0.5               /* ms of a 1080p frame */

static gint64
thread_now (void)
{
  struct timespec time;
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * G_GINT64_CONSTANT (1000000000) + time.tv_nsec;
}

static gsize
size_of (const GptVisPicture *picture, guint plane)
{
  return (gsize) picture->strides[plane]
      * (picture->planes[plane] ? gptvis_picture_plane_rows (picture->format, plane, picture->height) : 0);
}

/* Tiles and grain; things stand a step further in each frame. */
static void
paint (GptVisPicture *picture, guint8 *memory, guint frame)
{
  guint32 state = frame + 1;
  for (guint plane = 0; plane < 3; plane++) {
    const gint stride = gptvis_picture_plane_row_bytes (picture->format, plane, picture->width);
    picture->strides[plane] = stride;
    picture->planes[plane] = stride ? memory : NULL;
    const guint rows = stride ? gptvis_picture_plane_rows (picture->format, plane, picture->height) : 0;
    for (guint y = 0; y < rows; y++)
      for (gint x = 0; x < stride; x++) {
        state = state * 1664525u + 1013904223u;
        *memory++ = (plane ? 128 : 80 + (x / 97 + y / 61) % 3 * 30) + (state >> 30);
      }
  }
  for (guint i = 0; i < THINGS; i++) {
    const guint side = picture->height / 10, left = (1 + frame) * picture->width / 100;
    for (guint y = (2 * i + 1) * side; y < (2 * i + 2) * side; y++)
      memset ((guint8 *) picture->planes[0] + (gsize) y * picture->strides[0] + left + i * side, 220, side);
  }
}

/* Returns the least, ms. */
static gdouble
motion_one (guint size, guint format, guint n, gint runs)
{
  GptVisPicture *pictures = g_new0 (GptVisPicture, n);
  guint8 **memory = g_new (guint8 *, n);
  for (guint i = 0; i < n; i++) {
    pictures[i] = (GptVisPicture) { .format = formats[format], .width = sizes[size].width,
      .height = sizes[size].height };
    memory[i] = g_malloc ((gsize) sizes[size].width * sizes[size].height * 2);
    paint (&pictures[i], memory[i], i);
  }
  gsize bytes = 0;
  for (guint plane = 0; plane < 3; plane++)
    bytes += size_of (&pictures[0], plane);
  GptVisMotion *motion = gptvis_motion_new ();
  GptVisMotionBox boxes[GPTVIS_MOTION_MAX_BOXES];
  MeasureReader *reader = measure_reader_new (1, bytes * n);
  GArray *times = measure_times_new (), *reads = measure_times_new ();
  guint told = 0;
  const gint64 end = measure_now () + G_GINT64_CONSTANT (2000000000);
  for (gint i = -WARM; runs ? i < runs : i < 5 || measure_now () < end; i++) {
    const gint64 start = thread_now ();
    told += gptvis_motion_look (motion, &pictures[(i + WARM) % n], (i + WARM) * G_GUINT64_CONSTANT (40000000),
        boxes, G_N_ELEMENTS (boxes));
    if (i >= 0)
      measure_add (times, thread_now () - start);
    if (i >= 0 && i % (gint) n == 0) {
      const gint64 before = thread_now ();
      measure_reader_run (reader);      /* one thread: this one */
      measure_add (reads, (thread_now () - before) / n);
    }
  }
  const gdouble least = measure_least (times) * 1e-6, read = measure_least (reads) * 1e-6;
  printf ("%-5s %s, %2u frames in turn (%3.0f MB): min %6.3f ms  median %6.3f ms", sizes[size].name,
      gptvis_picture_format_name (formats[format]), n, bytes * n * 1e-6, least,
      measure_median (times) * 1e-6);
  printf ("   reading all of it %6.3f ms, %3.0f %% of that; %.1f boxes a frame\n", read, 100 * read / least,
      (gdouble) told / (times->len + WARM));
  measure_reader_free (reader);
  gptvis_motion_free (motion);
  g_array_unref (times);
  g_array_unref (reads);
  for (guint i = 0; i < n; i++)
    g_free (memory[i]);
  g_free (memory);
  g_free (pictures);
  return least;
}

void
bench_motion (const gchar *name, const BenchSettings *settings)
{
  gboolean any = FALSE;
  measure_print_processor ();
  for (guint format = 0; format < G_N_ELEMENTS (formats); format++) {
    if (name && strcmp (name, gptvis_picture_format_name (formats[format])) != 0)
      continue;
    any = TRUE;
    const gdouble least = motion_one (0, format, 12, settings->runs);
    printf ("  %.2f of the %.1f ms that a 1080p frame may take\n", least / LIMIT, LIMIT);
    motion_one (1, format, 4, settings->runs);
    motion_one (1, format, 48, settings->runs);
  }
  if (!any)
    measure_die ("the format must be NV12 or I420");
}
