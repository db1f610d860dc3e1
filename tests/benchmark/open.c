/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/bench --open DIRECTORY …: how long a checkpoint takes to open, until it could run, what of that is
 * the processors' own time, and how much memory it needs at most. Each opening is a process of its own.
 * Before a cold one the kernel is asked to drop the files' pages, which it does on most file systems; the
 * share that it kept is printed. Directories are opened in turn, since machines are noisy. */
#include "architectures.h"
#include "file.h"
#include "measure.h"
#include "model.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define COLD 3
#define WARM 7

typedef struct {
  gint64 ns, cpu_ns;
  gint64 peak;                  /* bytes */
} Opening;

typedef struct {
  const gchar *directory;
  GArray *cold, *warm, *cpu;    /* ns; cpu: of the warm ones, the time of the processors */
  gint64 peak;                  /* bytes: the most of all openings */
  gdouble kept;                 /* share of the pages that were there in the worst cold one */
} Opened;

/* ---- the files' pages ---- */

/* Calls the function with each file of the directory. */
static void
for_each_file (const gchar *directory, void (*call) (gint fd, gsize size, gsize *pages), gsize *pages)
{
  GError *error = NULL;
  GDir *dir = g_dir_open (directory, 0, &error);
  if (!dir)
    measure_die (error->message);
  for (const gchar *name; (name = g_dir_read_name (dir));) {
    gchar *path = g_build_filename (directory, name, NULL);
    const gint fd = open (path, O_RDONLY | O_CLOEXEC);
    struct stat s;
    if (fd >= 0 && fstat (fd, &s) == 0 && S_ISREG (s.st_mode) && s.st_size > 0)
      call (fd, s.st_size, pages);
    if (fd >= 0)
      close (fd);
    g_free (path);
  }
  g_dir_close (dir);
}

static void
drop (gint fd, gsize size, gsize *pages)
{
  fdatasync (fd);               /* what was not written cannot be dropped */
  posix_fadvise (fd, 0, 0, POSIX_FADV_DONTNEED);
}

/* pages [0]: in memory, [1]: all. */
static void
count (gint fd, gsize size, gsize *pages)
{
  const gsize page = sysconf (_SC_PAGESIZE), n = (size + page - 1) / page;
  guint8 *there = g_malloc (n);
  void *at = mmap (NULL, size, PROT_READ, MAP_SHARED, fd, 0);
  if (at != MAP_FAILED && mincore (at, size, there) == 0)
    for (gsize i = 0; i < n; i++)
      pages[0] += there[i] & 1;
  if (at != MAP_FAILED)
    munmap (at, size);
  pages[1] += n;
  g_free (there);
}

/* ---- an opening ---- */

static gint64
nanoseconds (const struct timeval *time)
{
  return (time->tv_sec * G_GINT64_CONSTANT (1000000) + time->tv_usec) * 1000;
}

static Opening
open_here (const gchar *directory, const BenchSettings *settings)
{
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  GError *error = NULL;
  struct rusage usage;
  options.path = directory;
  options.program = (GptVisProgramOptions) { .backend = settings->backend, .device = settings->device,
    .precision = settings->precision, .threads = settings->threads };
  const gint64 begin = measure_now ();
  GptVisModel *model = gptvis_model_open (&options, &error);
  const GptVisConfiguration *config = model ? gptvis_model_configuration (model) : NULL;
  const GptVisOutputs outputs = config ? gptvis_architecture_outputs (config) : 0;
  if (!model || !gptvis_model_need (model, outputs, &error)
      || (config->writes && !gptvis_model_decoder (model, 0, &error)))
    measure_die (error->message);
  const gint64 ns = measure_now () - begin;
  getrusage (RUSAGE_SELF, &usage);
  return (Opening) { ns, nanoseconds (&usage.ru_utime) + nanoseconds (&usage.ru_stime),
    usage.ru_maxrss * G_GINT64_CONSTANT (1024) };
}

static Opening
open_in_child (const gchar *directory, const BenchSettings *settings)
{
  gint ends[2], status;
  Opening opening;
  if (pipe (ends) != 0)
    measure_die ("there is no pipe");
  fflush (stdout);
  const pid_t child = fork ();
  if (child == 0) {
    opening = open_here (directory, settings);
    _exit (write (ends[1], &opening, sizeof opening) == sizeof opening ? 0 : 1);
  }
  close (ends[1]);
  const gboolean done = child > 0 && read (ends[0], &opening, sizeof opening) == sizeof opening;
  close (ends[0]);
  if (child < 0 || waitpid (child, &status, 0) != child || !done)
    measure_die ("an opening failed");
  return opening;
}

static void
open_one (Opened *to, gboolean cold, const BenchSettings *settings)
{
  gsize pages[2] = { 0, 0 };
  if (cold) {
    for_each_file (to->directory, drop, NULL);
    for_each_file (to->directory, count, pages);
    to->kept = MAX (to->kept, pages[1] > 0 ? pages[0] / (gdouble) pages[1] : 0);
  }
  const Opening opening = open_in_child (to->directory, settings);
  measure_add (cold ? to->cold : to->warm, opening.ns);
  if (!cold)
    measure_add (to->cpu, opening.cpu_ns);
  to->peak = MAX (to->peak, opening.peak);
}

/* ---- the table ---- */

static void
print_times (const gchar *name, GArray *times, GArray *first)
{
  printf ("  %-5s  %7.0f ms (least %.0f)", name, measure_median (times) * 1e-6, measure_least (times) * 1e-6);
  if (times != first)
    printf (", %.2f of the first (least %.2f)", measure_median (times) / measure_median (first),
        measure_least (times) / measure_least (first));
}

static void
print (const Opened *o, const Opened *first)
{
  printf ("%s\n", o->directory);
  print_times ("cold", o->cold, first->cold);
  printf (o->kept > 0 ? ", with %.0f %% of the pages kept\n" : "\n", o->kept * 100);
  print_times ("warm", o->warm, first->warm);
  printf ("\n");
  print_times ("cpu", o->cpu, first->cpu);
  printf ("\n  peak   %7.0f MB", o->peak * 1e-6);
  if (o != first)
    printf (", %.3f of the first", o->peak / (gdouble) first->peak);
  printf ("\n");
}

void
bench_open (gchar *const *directories, const BenchSettings *settings)
{
  const guint n = g_strv_length ((gchar **) directories);
  const guint warm = settings->runs > 0 ? settings->runs : WARM;
  if (n == 0)
    measure_die ("name the directories to open");
  Opened *opened = g_new0 (Opened, n);
  for (guint i = 0; i < n; i++)
    opened[i] = (Opened) { directories[i], measure_times_new (), measure_times_new (), measure_times_new () };
  measure_print_processor ();
  for (guint run = 0; run < COLD + warm; run++)
    for (guint i = 0; i < n; i++)
      open_one (&opened[i], run < COLD, settings);
  for (guint i = 0; i < n; i++)
    print (&opened[i], opened);
  for (guint i = 0; i < n; i++) {
    g_array_unref (opened[i].cold);
    g_array_unref (opened[i].warm);
    g_array_unref (opened[i].cpu);
  }
  g_free (opened);
}
