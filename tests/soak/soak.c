/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The soak: streams that share models, each with its own thread and its own seed, live
 * through what streams live through (camera.c), for as long as asked. It ends with an
 * error when a stream sees something wrong, when nothing moves any more, or when memory
 * grows.
 *
 *     build/tests/soak/soak --seed 7 --streams 16
 */
#include "camera.h"
#include "gptvisfilter.h"
#include "rig.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Between two rounds all streams rest and memory is measured: what is used after the first, when everything
 * that is made only once has been made, must be enough until the end. */
#define ROUNDS 10u
#define MAX_STREAMS 256
#define PATIENCE 60u            /* s without a step of any stream, until it counts as stuck */

/* By how much the last sample may exceed the first: a hundredth, and what malloc has in
 * pieces. 10 bytes lost a frame are four times as much. */
#define GROWTH_SHARE 100u
#define GROWTH_KB 256u
#define JUDGED_FRAMES 100000u   /* from here on; fewer do not tell */

#if defined (__SANITIZE_ADDRESS__) || defined (__SANITIZE_THREAD__)
#define SANITIZED 1             /* they keep freed memory back */
#elif defined (__has_feature)
#if __has_feature (address_sanitizer) || __has_feature (thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

typedef struct {
  Camera *cameras[MAX_STREAMS];
  guint n;
  guint64 frames;               /* of a camera in a round */

  GMutex lock;                  /* for the watchdog's end */
  GCond end;
  gboolean over;
} Soak;

/* --- the watchdog --- */

static guint
steps (const Soak *self)
{
  guint sum = 0;

  for (guint i = 0; i < self->n; i++)
    sum += camera_steps (self->cameras[i]);
  return sum;
}

static void G_GNUC_NORETURN
give_up (const Soak *self)
{
  fprintf (stderr, "soak: nothing has moved for %u s\n", PATIENCE);
  for (guint i = 0; i < self->n; i++)
    fprintf (stderr, "soak: stream %u is at step %u: %s\n", i, camera_steps (self->cameras[i]),
        camera_doing (self->cameras[i]));
  abort ();
}

static gpointer
watch (gpointer data)
{
  Soak *self = data;
  guint before = steps (self), quiet = 0;

  g_mutex_lock (&self->lock);
  while (!self->over) {
    g_cond_wait_until (&self->end, &self->lock, g_get_monotonic_time () + G_USEC_PER_SEC);
    guint now = steps (self);
    quiet = now == before ? quiet + 1 : 0;
    before = now;
    if (quiet >= PATIENCE)
      give_up (self);
  }
  g_mutex_unlock (&self->lock);
  return NULL;
}

static void
call_off (Soak *self, GThread *watchdog)
{
  g_mutex_lock (&self->lock);
  self->over = TRUE;
  g_cond_signal (&self->end);
  g_mutex_unlock (&self->lock);
  g_thread_join (watchdog);
}

/* --- memory --- */

/* kB that the process has in memory, without what malloc could give back. */
static guint64
resident (void)
{
  guint64 size = 0, pages = 0;
  FILE *file;

#ifdef __GLIBC__
  malloc_trim (0);
#endif
  if ((file = fopen ("/proc/self/statm", "re"))) {
    if (fscanf (file, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &size, &pages) != 2)
      pages = 0;
    fclose (file);
  }
  return pages * sysconf (_SC_PAGESIZE) / 1024;
}

static gboolean
has_grown (guint64 first, guint64 last, guint64 frames)
{
  const guint64 most = first + first / GROWTH_SHARE + GROWTH_KB;

  return !SANITIZED && frames >= JUDGED_FRAMES && last > most;
}

/* --- the rounds --- */

typedef struct {
  const Soak *soak;
  Camera *camera;
} Turn;

static gpointer
live (gpointer data)
{
  const Turn *turn = data;

  camera_run (turn->camera, turn->soak->frames);
  return NULL;
}

static void
play_round (Soak *self)
{
  Turn turns[MAX_STREAMS];
  GThread *threads[MAX_STREAMS];

  for (guint i = 0; i < self->n; i++) {
    turns[i] = (Turn) { self, self->cameras[i] };
    threads[i] = g_thread_new ("stream", live, &turns[i]);
  }
  for (guint i = 0; i < self->n; i++)
    g_thread_join (threads[i]);
}

static CameraTally
sum_up (const Soak *self)
{
  CameraTally sum = { 0 };

  for (guint i = 0; i < self->n; i++) {
    const CameraTally *one = camera_tally (self->cameras[i]);
    sum.frames += one->frames;
    sum.results += one->results;
    sum.captions += one->captions;
    sum.cuts += one->cuts;
    sum.states += one->states;
    sum.elements += one->elements;
  }
  return sum;
}

static int
soak (const CameraSetup *setup, guint streams, guint64 frames)
{
  Soak self = { .n = streams, .frames = MAX (1, frames / streams / ROUNDS) };
  const gint64 begun = g_get_monotonic_time ();
  guint64 memory[ROUNDS];
  CameraTally sum;
  GThread *watchdog;

  for (guint i = 0; i < self.n; i++)
    self.cameras[i] = camera_new (setup, i);
  watchdog = g_thread_new ("watchdog", watch, &self);
  for (guint i = 0; i < ROUNDS; i++) {
    play_round (&self);
    memory[i] = resident ();
  }
  call_off (&self, watchdog);
  sum = sum_up (&self);
  for (guint i = 0; i < self.n; i++)
    camera_free (self.cameras[i]);

  printf ("kB in memory after each tenth:");
  for (guint i = 0; i < ROUNDS; i++)
    printf (" %" G_GUINT64_FORMAT, memory[i]);
  printf ("\n%" G_GUINT64_FORMAT " frames, %" G_GUINT64_FORMAT " with a result, %" G_GUINT64_FORMAT
      " with a caption, %" G_GUINT64_FORMAT " cuts, %"
      G_GUINT64_FORMAT " state changes, %" G_GUINT64_FORMAT " elements, %.1f s, %" G_GUINT64_FORMAT " to %"
      G_GUINT64_FORMAT " kB\n", sum.frames, sum.results, sum.captions, sum.cuts, sum.states, sum.elements,
      (g_get_monotonic_time () - begun) / 1e6, memory[0], memory[ROUNDS - 1]);
  if (!has_grown (memory[0], memory[ROUNDS - 1], sum.frames))
    return EXIT_SUCCESS;
  fprintf (stderr, "soak: memory has grown from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " kB\n",
      memory[0], memory[ROUNDS - 1]);
  return EXIT_FAILURE;
}

int
main (int argc, char **argv)
{
  gint frames = 200000, streams = 4;
  gint64 seed = g_random_int ();
  gchar *checkpoint = NULL;
  GOptionEntry entries[] = {
    { "frames", 0, 0, G_OPTION_ARG_INT, &frames, "Frames of all streams together", "N" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &seed, "What happens, and in which order", "S" },
    { "streams", 0, 0, G_OPTION_ARG_INT, &streams, "Streams, a thread each", "K" },
    { "checkpoint", 0, 0, G_OPTION_ARG_FILENAME, &checkpoint, "Instead of the built-in ones", "DIR" },
    { NULL }
  };
  GOptionContext *context = g_option_context_new (NULL);
  GError *error = NULL;
  gchar *made[] = { NULL, NULL, NULL };
  CameraSetup setup;
  int status;

  g_setenv ("GPTVIS_VULKAN_DISABLE", "all", FALSE);        /* drivers are not what lives long here */
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    g_error ("%s", error->message);
  g_option_context_free (context);
  if (frames < 1 || streams < 1 || streams > MAX_STREAMS)
    g_error ("--frames must be at least 1, --streams 1 to %d", MAX_STREAMS);
#ifdef __GLIBC__
  mallopt (M_ARENA_MAX, 1);     /* which arena a thread gets is chance, and they all fill up one day */
#endif
  gst_init (&argc, &argv);
  g_assert_true (GST_ELEMENT_REGISTER (gptvisfilter, NULL));
  printf ("--seed %u --streams %d --frames %d\n", (guint) seed, streams, frames);
  fflush (stdout);

  if (!checkpoint) {
    made[0] = checkpoint_write (CHECKPOINT_SOUND);
    made[1] = checkpoint_write (CHECKPOINT_MULTI_LABEL);
    made[2] = writer_write (WRITES_FOREVER);    /* long enough to be interrupted */
  }
  setup = (CameraSetup) { .seed = seed, .told = !checkpoint };
  for (guint i = 0; i < G_N_ELEMENTS (made); i++)
    setup.checkpoints[i] = checkpoint ? checkpoint : made[i];
  status = soak (&setup, streams, frames);
  for (guint i = 0; i < G_N_ELEMENTS (made); i++)
    if (made[i])
      checkpoint_remove (made[i]);
  g_free (checkpoint);
  return status;
}
