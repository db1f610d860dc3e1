/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/bench --peers: the same networks, weights and pictures in other runtimes, in one run.
 *
 * All are ready at once and take turns, A B C A B C …, since machines are noisy in more than
 * one way; whose turn is over must have stopped spinning before the next one's begins. A turn
 * is several runs, of which the first only wakes threads and caches. The best peer is that with
 * the least time (for medians, with the least median), for each network by itself. */
#include "cpu/tier.h"
#include "measure.h"
#include "network.h"
#include "peer.h"
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define RUNS_A_TURN 3           /* that count */
#define SECONDS 12              /* of turns for each network, batch and number of threads */
#define LEAST_TURNS 4
#define CLOSE 1e-3              /* f32 sums in other orders, through twelve layers: about 1e-6 */

#define F32 GPTVIS_PRECISION_F32
#define BF16 GPTVIS_PRECISION_BF16
#define INT8 GPTVIS_PRECISION_INT8

static const struct {
  GptVisPrecision precision;
  const gchar *runtime, *variant;       /* NULL: ours */
} kinds[] = {
  {F32}, {BF16}, {INT8},
  {F32, "onnxruntime", "f32"}, {INT8, "onnxruntime", "dynamic"}, {INT8, "onnxruntime", "static"},
  {F32, "openvino", "f32"}, {BF16, "openvino", "bf16"}, {INT8, "openvino", "int8"},
};
#define N_KINDS G_N_ELEMENTS (kinds)

typedef struct {
  gboolean runs;                /* FALSE: not on this processor */
  BenchRun ours;
  Peer peer;
  GArray *times;
  gdouble error;                /* root mean square, of the logits' own */
} Contestant;

typedef struct {
  const gchar *python, *name;
  gboolean detects;
  guint batch, threads;
  gint turns;                   /* 0: as many as there is time for */
  guint pause_ms;
  Contestant each[N_KINDS];
} Contest;

/* ---- starting and ending ---- */

static gboolean
start_ours (Contest *self, guint kind, const gchar *checkpoint)
{
  const GptVisProgramOptions options = { .backend = "cpu", .precision = kinds[kind].precision,
    .threads = self->threads };
  if (options.precision == BF16 && !gptvis_tier_choose (NULL)->tile_bf16)
    return FALSE;
  self->each[kind].ours = bench_run_new (checkpoint, &options, self->batch);
  return TRUE;
}

static gboolean
start_peer (Contest *self, guint kind, const gchar *folder, const gchar *input)
{
  gchar batch[16], threads[16];
  g_snprintf (batch, sizeof batch, "%u", self->batch);
  g_snprintf (threads, sizeof threads, "%u", self->threads);
  const gchar *const arguments[] =
      { kinds[kind].runtime, kinds[kind].variant, folder, threads, batch, input, NULL };
  return peer_start (&self->each[kind].peer, self->python, arguments);
}

/* The pictures' patches as a file. */
static gchar *
write_input (const BenchRun *run)
{
  const GptVisTensor *input = gptvis_plan_tensor (run->plan, gptvis_plan_input_id (run->plan));
  const gsize n = (gsize) input->rows * input->width * run->batch;
  float *x = g_new (float, n);
  bench_noise (x, n);
  gchar *path = peer_write_input (x, n);
  g_free (x);
  return path;
}

static void
start (Contest *self, const gchar *checkpoint, const gchar *folder)
{
  gchar *input = NULL;
  for (guint i = 0; i < N_KINDS; i++) {
    Contestant *c = &self->each[i];
    c->runs = kinds[i].runtime ? start_peer (self, i, folder, input) : start_ours (self, i, checkpoint);
    c->times = measure_times_new ();
    if (i == 0)
      input = write_input (&c->ours);
  }
  g_unlink (input);             /* they have read it */
  g_free (input);
}

static void
end (Contest *self)
{
  for (guint i = 0; i < N_KINDS; i++) {
    if (self->each[i].runs && kinds[i].runtime)
      peer_end (&self->each[i].peer);
    else if (self->each[i].runs)
      bench_run_free (&self->each[i].ours);
    g_array_unref (self->each[i].times);
  }
}

/* ---- turns ---- */

static void
turn (Contest *self, guint kind)
{
  Contestant *c = &self->each[kind];
  for (guint i = 0; i <= RUNS_A_TURN; i++) {
    measure_rest (self->pause_ms);
    const gint64 ns = kinds[kind].runtime ? peer_run (&c->peer) : bench_run (&c->ours);
    if (i > 0)
      measure_add (c->times, ns);
  }
  if (kinds[kind].runtime)
    peer_settle (&c->peer);
}

static void
take_turns (Contest *self)
{
  const gint64 end = measure_now () + SECONDS * G_GINT64_CONSTANT (1000000000);
  for (gint i = 0; self->turns ? i < self->turns : i < LEAST_TURNS || measure_now () < end; i++)
    for (guint kind = 0; kind < N_KINDS; kind++)
      if (self->each[kind].runs)
        turn (self, kind);
}

/* ---- is it the same work? ---- */

/* Of a picture. */
static gsize
n_logits (const Contest *self)
{
  const GptVisPlan *plan = self->each[0].ours.plan;
  const GptVisTensor *logits = gptvis_plan_tensor (plan, gptvis_plan_find (plan, "logits"));
  return (gsize) logits->rows * logits->width;
}

static int
compare_floats (gconstpointer a, gconstpointer b)
{
  const float x = *(const float *) a, y = *(const float *) b;
  return (x > y) - (x < y);
}

/* A detector's in order, since which place comes first hangs on the last bits where two are alike. */
static float *
logits_of (Contest *self, guint kind)
{
  const gsize n = n_logits (self);
  float *x = g_new (float, self->batch * n);
  if (kinds[kind].runtime)
    peer_result (&self->each[kind].peer, x, self->batch * n);
  else
    for (guint i = 0; i < self->batch; i++)
      memcpy (x + i * n, bench_run_logits (&self->each[kind].ours, i), n * sizeof (float));
  if (self->detects)
    qsort (x, self->batch * n, sizeof *x, compare_floats);
  return x;
}

/* Each against our f32. */
static void
compare_results (Contest *self)
{
  const gsize n = self->batch * n_logits (self);
  float *right = logits_of (self, 0);
  for (guint kind = 0; kind < N_KINDS; kind++) {
    if (!self->each[kind].runs)
      continue;
    float *x = logits_of (self, kind);
    self->each[kind].error = measure_difference (x, right, n);
    if (kinds[kind].precision == F32 && !(self->each[kind].error < CLOSE))
      measure_die ("a peer's f32 computes something else: the comparison would mean nothing");
    g_free (x);
  }
  g_free (right);
}

/* ---- what holds ---- */

typedef gdouble (*Statistic) (GArray *times);

/* The quickest of a precision, among the peers or of ours. NAN where there is none. */
static gdouble
best (const Contest *self, GptVisPrecision precision, gboolean ours, Statistic statistic)
{
  gdouble least = NAN;
  for (guint i = 0; i < N_KINDS; i++)
    if (self->each[i].runs && kinds[i].precision == precision && (kinds[i].runtime == NULL) == ours)
      least = fmin (least, statistic (self->each[i].times));
  return least;
}

/* Our time over another's, and what is asked of the geometric mean over the networks. */
static const struct {
  const gchar *name;
  GptVisPrecision precision, other;
  gboolean other_ours;
  gdouble with_vnni, without;   /* 0: nothing is asked */
} ratios[] = {
  {"int8 / best int8 peer", INT8, INT8, FALSE, 0.65, 0.85},
  {"int8 / best f32 peer", INT8, F32, FALSE, 0.25, 0},
  {"bf16 / our f32", BF16, F32, TRUE, 0.6, 0},
  {"bf16 / best bf16 peer", BF16, BF16, FALSE, 0, 0},
  {"f32 / best f32 peer", F32, F32, FALSE, 0.95, 0.95},
};
#define N_RATIOS G_N_ELEMENTS (ratios)

/* Over the networks so far. */
typedef struct {
  guint n;
  gdouble logs[N_RATIOS], median_logs[N_RATIOS];
} Means;

static gdouble
ratio (const Contest *self, guint i, Statistic statistic)
{
  return best (self, ratios[i].precision, TRUE, statistic)
      / best (self, ratios[i].other, ratios[i].other_ours, statistic);
}

static void
print_ratio (guint i, gdouble minima, gdouble medians)
{
  const gdouble target = measure_has_vnni () ? ratios[i].with_vnni : ratios[i].without;
  if (isnan (minima))
    return;
  printf ("  %-24s minima %.3f  medians %.3f", ratios[i].name, minima, medians);
  if (target > 0)
    printf ("  at most %.2f: %s", target, minima <= target ? "holds" : "missed");
  printf ("\n");
}

static void
print_means (const Means *means, guint batch, guint threads)
{
  printf ("\ngeometric means of %u networks, batch %u, threads %u\n", means->n, batch, threads);
  for (guint i = 0; i < N_RATIOS; i++)
    print_ratio (i, exp (means->logs[i] / means->n), exp (means->median_logs[i] / means->n));
  printf ("\n");
  fflush (stdout);
}

/* ---- one network ---- */

static void
print_contestant (const Contest *self, guint kind, gdouble flops)
{
  const Contestant *c = &self->each[kind];
  const gdouble least = measure_least (c->times);
  gchar *ours = g_strdup_printf ("gptvis, %s", gptvis_precision_name (kinds[kind].precision));
  printf ("  %-34s min %8.2f ms  median %8.2f ms  %6.1f GFLOP/s  %3u runs, off by %.1e",
      kinds[kind].runtime ? c->peer.name : ours, least * 1e-6, measure_median (c->times) * 1e-6,
      flops / least, c->times->len, c->error);
  if (!kinds[kind].runtime)
    printf ("  %3.0f %% of the limit",
        100 * flops / least / limits_multiply (self->threads, kinds[kind].precision));
  printf ("\n");
  g_free (ours);
}

static void
print_contest (const Contest *self, gdouble flops)
{
  printf ("\n%s, batch %u, threads %u\n", self->name, self->batch, self->threads);
  for (guint i = 0; i < N_KINDS; i++)
    if (self->each[i].runs)
      print_contestant (self, i, flops);
  for (guint i = 0; i < N_RATIOS; i++) {
    const gdouble minima = ratio (self, i, measure_least);
    if (!isnan (minima))
      printf ("  %-24s minima %.3f  medians %.3f\n", ratios[i].name, minima, ratio (self, i, measure_median));
  }
  fflush (stdout);
}

/* folder: the network for peers. */
static void
contest (Contest *self, const gchar *checkpoint, const gchar *folder, Means *means)
{
  start (self, checkpoint, folder);
  take_turns (self);
  compare_results (self);
  print_contest (self, self->each[0].ours.flops);
  means->n++;
  for (guint i = 0; i < N_RATIOS; i++) {
    means->logs[i] += log (ratio (self, i, measure_least));
    means->median_logs[i] += log (ratio (self, i, measure_median));
  }
  end (self);
}

/* ---- all of them ---- */

#define N_COMPARED 3u           /* the first networks of the table: tiny, small, base */

static gchar *
write_checkpoint (const BenchNetwork *network)
{
  GError *error = NULL;
  gchar *directory = random_checkpoint_write (&network->vit, &error);
  if (!directory)
    measure_die (error->message);
  return directory;
}

static void
contests (const gchar *python, const BenchSettings *s, guint batch, guint threads, const gchar *only,
    gchar *const *checkpoints)
{
  Means means = { 0 };
  for (guint i = 0; i < BENCH_N_NETWORKS; i++) {
    Contest self = { .python = python, .name = bench_networks[i].name, .batch = batch, .threads = threads,
      .turns = s->runs, .pause_ms = s->pause_ms };
    if (!checkpoints[i])
      continue;
    gchar *folder = peer_network (python, "classifier", self.name, checkpoints[i], NULL);
    contest (&self, checkpoints[i], folder, &means);
    g_free (folder);
  }
  if (!only)
    print_means (&means, batch, threads);
}

static void
print_head (void)
{
  measure_print_processor ();
  printf ("tier       %s\n", gptvis_tier_choose (NULL)->name);
  printf ("off by: the difference from our f32's logits, root mean square, over those. Of the last layer we\n"
      "compute what the result needs, one row of 197; the peers compute the graph as exporters write it.\n");
}

/* One picture of 1920 × 1080 at a time, since Transformers exports no other batch. */
static void
contest_of_detector (const BenchDetector *detector, const BenchSettings *s)
{
  const GptVisProgramOptions options = { .backend = "cpu", .precision = F32, .threads = 1 };
  gchar *python = peer_environment (TRUE), *checkpoint = bench_detector_write (detector, s->side);
  BenchRun run = bench_run_new (checkpoint, &options, 1);
  const GptVisRecipe *recipe = &gptvis_plan_op (run.plan, 0)->patches.recipe;
  gchar *size = g_strdup_printf ("%ux%u", recipe->width, recipe->height);
  gchar *name = g_strdup_printf ("%s-%s", detector->name, size);
  bench_run_free (&run);
  gchar *folder = peer_network (python, "detector", name, checkpoint, size);
  Contest self = { .python = python, .name = name, .detects = TRUE, .batch = 1, .threads = s->threads,
    .turns = s->runs, .pause_ms = s->pause_ms };
  contest (&self, checkpoint, folder, &(Means) { 0 });
  random_checkpoint_remove (checkpoint);
  g_free (folder);
  g_free (size);
  g_free (name);
  g_free (python);
}

void
bench_peers (const gchar *only, const BenchSettings *s)
{
  static const guint batches[] = { 1, 8 };
  const guint threads[] = { 1, s->threads };
  const BenchDetector *detector = only ? bench_detector_find (only) : NULL;
  if (detector) {
    print_head ();
    contest_of_detector (detector, s);
    return;
  }
  const BenchNetwork *one = only ? bench_network_find (only) : NULL;
  gchar *python = peer_environment (FALSE), *checkpoints[BENCH_N_NETWORKS] = { };
  for (guint i = 0; i < BENCH_N_NETWORKS; i++)
    if (one ? one == &bench_networks[i] : i < N_COMPARED)
      checkpoints[i] = write_checkpoint (&bench_networks[i]);

  print_head ();
  for (guint t = s->threads_given || s->threads == 1 ? 1 : 0; t < G_N_ELEMENTS (threads); t++)
    for (guint b = 0; b < (s->batch ? 1 : G_N_ELEMENTS (batches)); b++)
      contests (python, s, s->batch ? s->batch : batches[b], threads[t], only, checkpoints);

  for (guint i = 0; i < BENCH_N_NETWORKS; i++)
    if (checkpoints[i])
      random_checkpoint_remove (checkpoints[i]);
  g_free (python);
}
