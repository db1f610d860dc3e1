/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a frame in the processor's memory to scores (bench NETWORK --frames): 1920×1080 in NV12,
 * batches of them, as the element runs them, and what of it is whose time:
 *
 *     staged       the streaming thread's, for a frame
 *     submitted    the worker's own processor time, for a batch (on the processor: all of it)
 *     device       a GPU's, for a batch, by its own clock
 *     end to end   staged, submitted and waited for, for a batch
 *     in flight    a batch when as many are under way as the backend takes, staging left out */
#include "measure.h"
#include "network.h"
#include <stdio.h>
#include <time.h>

#define WIDTH 1920
#define HEIGHT 1080

static gint64
thread_now (void)
{
  struct timespec t;
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * G_GINT64_CONSTANT (1000000000) + t.tv_nsec;
}

typedef struct {
  GArray *staged, *submitted, *device, *end_to_end, *in_flight;
} Times;

static void
submit (BenchRun *run, Times *times)
{
  GError *error = NULL;
  const gint64 start = thread_now ();
  if (!gptvis_program_submit (run->program, run->slots, run->batch, &error))
    measure_die (error->message);
  measure_add (times->submitted, thread_now () - start);
}

static void
await (BenchRun *run, Times *times)
{
  GError *error = NULL;
  if (!gptvis_program_wait (run->program, &error))
    measure_die (error->message);
  if (run->program->device_ns > 0)
    measure_add (times->device, run->program->device_ns);
}

static void
one_by_one (BenchRun *run, const GptVisPicture *picture, Times *times)
{
  GError *error = NULL;
  const gint64 start = measure_now ();
  for (guint i = 0; i < run->batch; i++) {
    const gint64 begun = measure_now ();
    if (!gptvis_program_stage (run->program, run->slots[i], picture, &error))
      measure_die (error->message);
    measure_add (times->staged, measure_now () - begun);
  }
  submit (run, times);
  await (run, times);
  measure_add (times->end_to_end, measure_now () - start);
}

/* The slots are only read, so each run may have the same. */
static void
together (BenchRun *run, guint n, Times *times)
{
  const gint64 start = measure_now ();
  guint submitted = 0;
  for (guint ended = 0; ended < n; ended++) {
    for (; submitted < n && submitted - ended < run->program->in_flight; submitted++)
      submit (run, times);
    await (run, times);
  }
  measure_add (times->in_flight, (measure_now () - start) / n);
}

static void
print (const gchar *name, GArray *times)
{
  if (times->len > 0)
    printf ("%-12s min %8.3f ms  median %8.3f ms  (%u times)\n", name, measure_least (times) * 1e-6,
        measure_median (times) * 1e-6, times->len);
  g_array_unref (times);
}

void
bench_frames (const gchar *name, const BenchSettings *settings)
{
  guint8 *pixels = g_malloc (WIDTH * HEIGHT * 3 / 2);
  for (guint i = 0; i < WIDTH * HEIGHT * 3 / 2; i++)
    pixels[i] = i * 2654435761u >> 24;
  const GptVisPicture picture = { .format = GPTVIS_PICTURE_NV12, .width = WIDTH, .height = HEIGHT,
    .planes = {pixels, pixels + WIDTH * HEIGHT}, .strides = {WIDTH, WIDTH}, .matrix = GPTVIS_MATRIX_BT709 };
  GptVisProgramOptions options = { .backend = settings->backend, .device = settings->device,
    .precision = settings->precision, .threads = settings->threads };
  GError *error = NULL;
  gchar *directory = random_checkpoint_write (&bench_network_find (name)->vit, &error);
  if (!directory)
    measure_die (error->message);
  BenchRun run = bench_run_new (directory, &options, MAX (settings->batch, 1));
  random_checkpoint_remove (directory);
  printf ("%s at 224/16, batches of %u frames of %u×%u, NV12\n%s\n", name, run.batch, WIDTH, HEIGHT,
      run.program->description);

  const gint64 end = measure_now () + G_GINT64_CONSTANT (5000000000);
  Times times = { measure_times_new (), measure_times_new (), measure_times_new (), measure_times_new (),
    measure_times_new () };
  for (gint i = -2; settings->runs ? i < settings->runs : i < 5 || measure_now () < end; i++) {
    one_by_one (&run, &picture, &times);
    together (&run, 4, &times);
    GArray *all[] = { times.staged, times.submitted, times.device, times.end_to_end, times.in_flight };
    for (guint k = 0; i < 0 && k < G_N_ELEMENTS (all); k++)     /* these only warm up */
      g_array_set_size (all[k], 0);
  }
  print ("staged", times.staged);
  print ("submitted", times.submitted);
  print ("device", times.device);
  print ("end to end", times.end_to_end);
  print ("in flight", times.in_flight);
  bench_run_free (&run);
  g_free (pixels);
}
