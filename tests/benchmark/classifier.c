/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/bench NETWORK, a classifier or a detector: what a picture, or a batch of them, costs, beside what the
 * processor's multipliers could do. */
#include "measure.h"
#include "network.h"
#include <stdio.h>
#include <string.h>

static void
print_head (const BenchRun *run, const gchar *name, gdouble limit)
{
  const GptVisOp *patches = gptvis_plan_op (run->plan, 0);
  measure_print_processor ();
  printf ("network    %s at %u×%u/%u, batch %u: %.2f GFLOP\n", name, patches->patches.recipe.width,
      patches->patches.recipe.height, patches->patches.patch_size, run->batch, run->flops * 1e-9);
  printf ("program    %s\n", run->program->description);
  if (limit > 0)
    printf ("limit      %.1f GFLOP/s: the tier's multiplications in registers (--limits)\n", limit);
  fflush (stdout);
}

static void
print_ops (const BenchRun *run, const gint64 *ns, gdouble limit)
{
  const guint n = gptvis_plan_n_ops (run->plan);
  gdouble *flops = g_new (gdouble, n);
  for (guint i = 0; i < n; i++)
    flops[i] = gptvis_plan_op_flops (run->plan, i) * run->batch;
  measure_print_ops (run->plan, 0, n, ns, 1, flops, "GFLOP/s", limit);
  g_free (flops);
}

/* The first two runs only warm up. op_ns becomes the least time of each operation, since a machine that has
 * other things to do disturbs some of them in nearly every run. */
static void
time_runs (BenchRun *run, const BenchSettings *settings, GArray *times, gint64 *op_ns)
{
  const guint n = gptvis_plan_n_ops (run->plan);
  gint64 *here = g_new (gint64, n);
  const gint64 end = measure_now () + G_GINT64_CONSTANT (5000000000);
  for (gint i = -2; settings->runs ? i < settings->runs : i < 5 || measure_now () < end; i++) {
    memset (here, 0, n * sizeof *here);
    run->program->op_ns = settings->ops && i >= 0 ? here : NULL;
    measure_rest (settings->pause_ms);
    const gint64 ns = bench_run (run);
    if (i >= 0)
      measure_add (times, ns);
    for (guint op = 0; i >= 0 && op < n; op++)
      op_ns[op] = i == 0 ? here[op] : MIN (op_ns[op], here[op]);
  }
  run->program->op_ns = NULL;
  g_free (here);
}

static gchar *
write_checkpoint (const gchar *name, const BenchSettings *settings)
{
  const BenchDetector *detector = bench_detector_find (name);
  GError *error = NULL;
  if (detector)
    return bench_detector_write (detector, settings->side);
  RandomVit vit = bench_network_find (name)->vit;
  vit.side = settings->side ? settings->side : vit.side;
  vit.patch = settings->patch ? settings->patch : vit.patch;
  gchar *directory = random_checkpoint_write (&vit, &error);
  if (!directory)
    measure_die (error->message);
  return directory;
}

void
bench_classifier (const gchar *name, const BenchSettings *settings)
{
  gchar *directory = write_checkpoint (name, settings);
  GptVisProgramOptions options = { .backend = settings->backend, .device = settings->device,
    .precision = settings->precision, .threads = settings->threads };
  BenchRun run = bench_run_new (directory, &options, MAX (settings->batch, 1));
  random_checkpoint_remove (directory); /* what is mapped stays */

  const gboolean on_cpu = g_str_has_prefix (run.program->description, "cpu");
  const gdouble limit = on_cpu ? limits_multiply (settings->threads, run.program->precision) : 0;
  print_head (&run, name, limit);
  GArray *times = measure_times_new ();
  gint64 *op_ns = g_new0 (gint64, gptvis_plan_n_ops (run.plan));
  time_runs (&run, settings, times, op_ns);
  measure_print_times ("gptvis", times, run.flops, limit);
  if (settings->ops)
    print_ops (&run, op_ns, limit);

  bench_run_free (&run);
  g_array_unref (times);
  g_free (op_ns);
}
