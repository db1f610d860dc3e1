/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Durations, the speed of the memory, and the tables in which the modes of tests/bench print (measure.h). */
#include "measure.h"
#include "cpu/tier.h"
#include "memory.h"
#include "pool.h"
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void
measure_die (const gchar *what)
{
  fprintf (stderr, "bench: %s\n", what);
  exit (2);
}

/* ---- durations ---- */

static clockid_t clock_of_now = CLOCK_MONOTONIC;

void
measure_take_own_time (void)
{
  clock_of_now = CLOCK_PROCESS_CPUTIME_ID;
  g_setenv ("GPTVIS_BENCH_OWN_TIME", "1", TRUE);        /* peers inherit it */
}

gint64
measure_now (void)
{
  struct timespec t;
  clock_gettime (clock_of_now, &t);
  return t.tv_sec * G_GINT64_CONSTANT (1000000000) + t.tv_nsec;
}

void
measure_rest (guint ms)
{
  if (ms > 0)
    g_usleep (ms * 1000);
}

GArray *
measure_times_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (gint64));
}

void
measure_add (GArray *times, gint64 ns)
{
  g_array_append_val (times, ns);
}

static gint
by_value (gconstpointer a, gconstpointer b)
{
  const gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;
  return (x > y) - (x < y);
}

static gdouble
nth (GArray *times, guint n)
{
  g_array_sort (times, by_value);
  return times->len > 0 ? g_array_index (times, gint64, n) : 0;
}

gdouble
measure_least (GArray *times)
{
  return nth (times, 0);
}

gdouble
measure_median (GArray *times)
{
  return nth (times, times->len / 2);
}

gdouble
measure_difference (const float *x, const float *right, gsize n)
{
  gdouble squares = 0, differences = 0;
  for (gsize i = 0; i < n; i++) {
    squares += (gdouble) right[i] * right[i];
    differences += (gdouble) (x[i] - right[i]) * (x[i] - right[i]);
  }
  return sqrt (differences / squares);
}

/* ---- reading memory ---- */

#define READ_AT_ONCE (256u << 10)

/* For each width of vectors: narrow ones are not what the memory waits for. */
#if defined (__x86_64__)
#define EACH_WIDTH __attribute__ ((target_clones ("avx512f", "avx2", "default")))
#else
#define EACH_WIDTH
#endif

struct _MeasureReader {
  GptVisPool *pool;
  guint8 *memory;
  gsize bytes;
  gfloat *sums;                 /* of each piece, so that none is left out as useless */
};

typedef gfloat Vector __attribute__ ((vector_size (64)));

EACH_WIDTH static gfloat
sum (const Vector *x, gsize n)
{
  Vector a = { }, b = { };
  for (gsize i = 0; i + 1 < n; i += 2) {
    a += x[i];
    b += x[i + 1];
  }
  a += b;
  return a[0] + a[7];
}

static void
sum_piece (void *context, gsize piece)
{
  MeasureReader *self = context;
  const gsize first = piece * READ_AT_ONCE, n = MIN (READ_AT_ONCE, self->bytes - first) / sizeof (Vector);
  self->sums[piece] = sum ((const Vector *) (self->memory + first), n);
}

MeasureReader *
measure_reader_new (guint threads, gsize bytes)
{
  MeasureReader *self = g_new0 (MeasureReader, 1);
  self->pool = gptvis_pool_new (threads);
  self->bytes = bytes;
  self->memory = gptvis_alloc (bytes);
  self->sums = g_new (gfloat, bytes / READ_AT_ONCE + 1);
  if (!self->memory)
    measure_die ("not enough memory to measure how fast it is");
  return self;
}

void
measure_reader_free (MeasureReader *self)
{
  gptvis_pool_free (self->pool);
  gptvis_free (self->memory);
  g_free (self->sums);
  g_free (self);
}

gint64
measure_reader_run (MeasureReader *self)
{
  const gint64 start = measure_now ();
  gptvis_pool_run (self->pool, sum_piece, self, (self->bytes + READ_AT_ONCE - 1) / READ_AT_ONCE);
  return measure_now () - start;
}

/* ---- tables ---- */

gboolean
measure_has_vnni (void)
{
  static const gchar *const tiers[] = { "avxvnni", "avx512vnni", "avx512bf16", "neondot", "neoni8mm", NULL };
  return g_strv_contains (tiers, gptvis_tier_choose (NULL)->name);
}

void
measure_print_times (const gchar *name, GArray *times, gdouble flops, gdouble limit)
{
  const gdouble least = measure_least (times), median = measure_median (times);
  printf ("%-24s min %8.3f ms  median %8.3f ms  %7.1f GFLOP/s at best", name, least * 1e-6, median * 1e-6,
      flops / least);
  if (limit > 0)
    printf (", %3.0f %% of the limit", 100 * flops / least / limit);
  printf ("  (%u runs)\n", times->len);
}

#define ROUND_TRIPS 20000u

/* One thread writes the odd numbers up to twice that, the other the even ones. */
static void
take_turns (atomic_uint *ball, guint first)
{
  for (guint i = first; i <= 2 * ROUND_TRIPS; i += 2) {
    while (atomic_load (ball) != i - 1);
    atomic_store (ball, i);
  }
}

static gpointer
return_ball (gpointer ball)
{
  take_turns (ball, 2);
  return NULL;
}

/* ns for a line of the cache from one thread to another and back: 50 to 100 where the two have a cache in
 * common, some hundreds else, and then what threads compute together takes up to half as long again. */
static gdouble
round_trip (void)
{
  gint64 least = G_MAXINT64;
  for (guint i = 0; i < 5; i++) {
    atomic_uint ball = 0;
    GThread *other = g_thread_new ("other", return_ball, &ball);
    const gint64 start = measure_now ();
    take_turns (&ball, 1);
    g_thread_join (other);
    least = MIN (least, measure_now () - start);
  }
  return (gdouble) least / ROUND_TRIPS;
}

void
measure_print_processor (void)
{
  gchar *text = NULL, *line;
  if (g_file_get_contents ("/proc/cpuinfo", &text, NULL, NULL) && (line = strstr (text, "model name"))) {
    line = strchr (line, ':') + 2;
    printf ("processor  %.*s", (int) strcspn (line, "\n"), line);
    if (gptvis_pool_default_threads () > 1)
      printf ("; from one thread to another and back in %.0f ns", round_trip ());
    printf ("\n");
  }
  g_free (text);
}

static void
print_kinds (const GptVisPlan *plan, guint first, guint end, const gint64 *ns, guint runs,
    const gdouble *amounts, gdouble limit, gint64 whole)
{
  for (guint kind = 0; kind < GPTVIS_N_OPS; kind++) {
    gint64 sum = 0;
    gdouble amount = 0;
    for (guint i = first; i < end; i++)
      if (gptvis_plan_op (plan, i)->kind == kind) {
        sum += ns[i];
        amount += amounts[i] * runs;
      }
    if (sum)
      printf ("%8.3f %6.1f%% %8.1f  all %s%s\n", sum * 1e-6 / runs, 100.0 * sum / whole, amount / sum,
          gptvis_op_name (kind), limit > 0 && amount / sum > limit * 1.05 ? " (beyond the limit?)" : "");
  }
}

void
measure_print_ops (const GptVisPlan *plan, guint first, guint end, const gint64 *ns, guint runs,
    const gdouble *amounts, const gchar *unit, gdouble limit)
{
  gint64 whole = 0;
  for (guint i = first; i < end; i++)
    whole += ns[i];
  gchar *text = gptvis_plan_print (plan), **lines = g_strsplit (text, "\n", -1);
  const guint heading = first > 0;      /* a line before the step's */
  printf ("\n      ms   share %8s  operation\n", unit);
  for (guint i = first; i < end; i++)
    printf ("%8.3f %6.1f%% %8.1f  %s\n", ns[i] * 1e-6 / runs, 100.0 * ns[i] / whole,
        ns[i] ? amounts[i] * runs / ns[i] : 0, lines[i + heading]);
  print_kinds (plan, first, end, ns, runs, amounts, limit, whole);
  printf ("%8.3f  100.0%%           the whole", whole * 1e-6 / runs);
  if (runs > 1)
    printf (", mean of %u runs", runs);
  printf ("\n");
  g_strfreev (lines);
  g_free (text);
}
