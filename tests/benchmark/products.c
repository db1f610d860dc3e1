/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/bench --products: the matrix products of ViTs one by one, in turn with oneDNN's.
 *
 * Ours is the operation `linear` as networks run it: from rows in f32 to rows in f32, what it
 * does to make them bf16 or int8 included. oneDNN's product is measured both ways: alone, with rows
 * that are such already, and after its own conversion of them. One operation alone would mostly wake
 * threads, so it stands in the plan several times. */
#include "cpu/tier.h"
#include "measure.h"
#include "network.h"
#include "onednn.h"
#include <stdio.h>
#include <string.h>

#define COPIES 8u               /* of the operation in our plan; the first is for waking threads */
#define PRODUCTS_A_TURN 21u     /* that count, of each */
/* Others go before them: it can take a ms until a thread that slept has a processor. */
#define WARM_NS 5000000
#define TURNS 8
#define N_COMPARED 3u           /* the first networks of the table: tiny, small, base */

typedef struct {
  const gchar *name;
  guint n, k, m, times;         /* y [n, m], K; times: in a network */
} Shape;

/* ---- ours ---- */

typedef struct {
  GptVisPlan *plan;
  GptVisProgram *program;
  GptVisSlot *slot;
  float *numbers;               /* what weights and biases are */
  gint64 ns[COPIES];
} Ours;

static gconstpointer
find_numbers (gpointer user, const GptVisWeightPart *part, GptVisDtype *dtype, gsize *n)
{
  const Ours *self = user;
  const GptVisTensor *w = gptvis_plan_tensor (self->plan, gptvis_plan_op (self->plan, 0)->in[1]);
  *dtype = GPTVIS_F32;
  *n = strcmp (part->name, "w") == 0 ? (gsize) w->rows * w->width : w->rows;
  return self->numbers;
}

static void
start_ours (Ours *self, const Shape *shape, const BenchSettings *s, GptVisPrecision precision)
{
  GError *error = NULL;
  self->plan = gptvis_plan_new ("product", 1);
  const GptVisTensorId x = gptvis_plan_input (self->plan, "x", shape->n, shape->k);
  const GptVisTensorId w = gptvis_plan_weight (self->plan, "w", shape->m, shape->k);
  const GptVisTensorId b = gptvis_plan_weight (self->plan, "b", 1, shape->m);
  for (guint i = 0; i < COPIES; i++) {
    gchar name[16];
    g_snprintf (name, sizeof name, "y%u", i);
    gptvis_plan_output (self->plan, name, gptvis_plan_linear (self->plan, x, w, b, NULL));
  }
  if (!gptvis_plan_finish (self->plan, &error))
    measure_die (error->message);
  self->numbers = g_new (float, (gsize) shape->m * shape->k);
  bench_noise (self->numbers, (gsize) shape->m * shape->k);
  const GptVisWeights weights = { find_numbers, self };
  const GptVisProgramOptions options = { .backend = "cpu", .precision = precision, .threads = s->threads };
  self->program = gptvis_program_new (self->plan, &weights, &options, &error);
  if (!self->program)
    measure_die (error->message);
  self->slot = gptvis_program_slot_new (self->program, NULL);
  bench_noise (gptvis_program_slot_rows (self->program, self->slot), (gsize) shape->n * shape->k);
  self->program->op_ns = self->ns;
}

static void
end_ours (Ours *self)
{
  gptvis_program_slot_free (self->program, self->slot);
  gptvis_program_free (self->program);
  gptvis_plan_free (self->plan);
  g_free (self->numbers);
}

/* Each copy's time but the first one's. */
static void
run_ours (Ours *self, GArray *times)
{
  GError *error = NULL;
  memset (self->ns, 0, sizeof self->ns);
  if (!gptvis_program_submit (self->program, &self->slot, 1, &error)
      || !gptvis_program_wait (self->program, &error))
    measure_die (error->message);
  for (guint i = 1; times && i < COPIES; i++)
    measure_add (times, self->ns[i]);
}

/* ---- in turn ---- */

typedef enum { ALONE, FROM_F32, N_WAYS } Way;   /* theirs */

static void
take_turns (Ours *ours, OneDnnProduct *theirs, GArray *our_times, GArray *their_times[N_WAYS])
{
  for (guint turn = 0; turn < TURNS; turn++) {
    for (const gint64 end = measure_now () + WARM_NS; measure_now () < end;)
      run_ours (ours, NULL);
    for (guint i = 0; i < PRODUCTS_A_TURN / (COPIES - 1); i++)
      run_ours (ours, our_times);
    for (guint way = 0; theirs && way < N_WAYS; way++) {
      for (const gint64 end = measure_now () + WARM_NS; measure_now () < end;)
        onednn_product_run (theirs, way == FROM_F32);
      for (guint i = 0; i < PRODUCTS_A_TURN; i++)
        measure_add (their_times[way], onednn_product_run (theirs, way == FROM_F32));
    }
    onednn_settle ();
  }
}

/* Of all products of a network. */
typedef struct {
  gdouble ours, theirs[N_WAYS], flops;  /* ns, ns, FLOP; theirs: 0 when one is missing */
} Sum;

static void
print_line (const gchar *name, const gchar *shape, gdouble ours, const gdouble theirs[N_WAYS], gdouble flops,
    gdouble limit, const gchar *implementation)
{
  printf ("  %-10s %-18s %9.3f ms %7.1f GFLOP/s %4.0f %% of the limit", name, shape, ours * 1e-6,
      flops / ours, 100 * flops / ours / limit);
  if (theirs[ALONE] > 0)
    printf ("  oneDNN %9.3f ms %4.0f %%, from f32 %9.3f ms; our speed / its %.2f, %.2f  %s",
        theirs[ALONE] * 1e-6, 100 * flops / theirs[ALONE] / limit, theirs[FROM_F32] * 1e-6,
        theirs[ALONE] / ours, theirs[FROM_F32] / ours, implementation);
  printf ("\n");
  fflush (stdout);
}

static void
compare (const Shape *shape, const BenchSettings *s, GptVisPrecision precision, gdouble limit, Sum *sum)
{
  const gdouble flops = 2.0 * shape->n * shape->k * shape->m;
  OneDnnProduct *theirs = onednn_product_new (precision, shape->n, shape->k, shape->m);
  GArray *our_times = measure_times_new (), *their_times[] = { measure_times_new (), measure_times_new () };
  Ours ours;
  start_ours (&ours, shape, s, precision);
  take_turns (&ours, theirs, our_times, their_times);
  gchar *text = g_strdup_printf ("%u × %u → %u", shape->n, shape->k, shape->m);
  const gdouble least[] = { measure_least (their_times[ALONE]), measure_least (their_times[FROM_F32]) };
  print_line (shape->name, text, measure_least (our_times), least, flops, limit,
      theirs ? onednn_product_implementation (theirs) : "");
  sum->ours += shape->times * measure_least (our_times);
  for (guint way = 0; way < N_WAYS; way++)
    sum->theirs[way] += shape->times * least[way];
  sum->flops += shape->times * flops;
  g_free (text);
  end_ours (&ours);
  if (theirs)
    onednn_product_free (theirs);
  g_array_unref (our_times);
  for (guint way = 0; way < N_WAYS; way++)
    g_array_unref (their_times[way]);
}

static void
compare_network (const BenchNetwork *network, const BenchSettings *s, GptVisPrecision precision)
{
  const guint d = network->vit.width, layers = network->vit.layers;
  const guint side = network->vit.side / network->vit.patch;
  const guint batch = MAX (s->batch, 1), patches = side * side * batch, rows = (side * side + 1) * batch;
  const Shape shapes[] = {
    {"patches", patches, 3 * network->vit.patch * network->vit.patch, d, 1},
    {"q, k, v", rows, d, 3 * d, layers},
    {"heads", rows, d, d, layers},
    {"widening", rows, d, 4 * d, layers},
    {"narrowing", rows, 4 * d, d, layers},
  };
  const gdouble limit = limits_multiply (s->threads, precision);
  Sum sum = { 0 };
  printf ("\n%s, batch %u, %s: limit %.1f GFLOP/s; least times\n", network->name, batch,
      gptvis_precision_name (precision), limit);
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    compare (&shapes[i], s, precision, limit, &sum);
  print_line ("all layers", "", sum.ours, sum.theirs, sum.flops, limit, "");
}

void
bench_products (const gchar *only, const BenchSettings *s)
{
  static const GptVisPrecision precisions[] =
      { GPTVIS_PRECISION_F32, GPTVIS_PRECISION_BF16, GPTVIS_PRECISION_INT8 };
  const BenchNetwork *one = only ? bench_network_find (only) : NULL;
  onednn_open (s->threads);
  measure_print_processor ();
  printf ("tier       %s, %u threads; %s\n", gptvis_tier_choose (NULL)->name, s->threads, onednn_version ());
  for (guint p = 0; p < G_N_ELEMENTS (precisions); p++) {
    if (s->precision != GPTVIS_PRECISION_AUTO && s->precision != precisions[p])
      continue;
    if (precisions[p] == GPTVIS_PRECISION_BF16 && !gptvis_tier_choose (NULL)->tile_bf16)
      continue;
    for (guint i = 0; i < BENCH_N_NETWORKS; i++)
      if (one ? one == &bench_networks[i] : i < N_COMPARED)
        compare_network (&bench_networks[i], s, precisions[p]);
  }
}
