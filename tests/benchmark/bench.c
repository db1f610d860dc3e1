/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How fast a network runs here: ms and GFLOP/s of a named architecture with random
 * weights, as a share of what this processor's multipliers can do, and side by
 * side with a peer in one run. (With --caption, networks that write: caption.c.)
 *
 *     bench vit-base --precision f32 --threads 2 --batch 1
 *     bench vit-tiny --ops
 *     bench vit-base --threads 2 --peer "python3 tests/benchmark/onnxruntime-peer.py"
 *     bench --caption --threads 2 --beams 4
 *     bench --caption vit-base+gpt2-small --streams 4 --ops
 *
 * A peer is a program that is started with LAYERS WIDTH HEADS SIDE PATCH THREADS
 * BATCH, prints one line with its name when it is ready, and for each line that it
 * reads runs the network once and prints the nanoseconds that took. The two take
 * turns, with a rest between, so that both see the same machine. */
#include "architectures.h"
#include "measure.h"
#include "pool.h"
#include <stdio.h>
#include <string.h>

static const struct {
  const gchar *name;
  guint layers, width, heads;
} networks[] = {
  {"vit-tiny", 12, 192, 3},
  {"vit-small", 12, 384, 6},
  {"vit-base", 12, 768, 12},
  {"vit-large", 24, 1024, 16},
};

static gchar *precision = "auto", *backend = "auto", *peer;
static gint threads = 0, batch = 1, side = 224, patch = 16, runs = 0, streams = 1, beams = 1;
static gboolean ops, caption;

static const GOptionEntry entries[] = {
  {"precision", 0, 0, G_OPTION_ARG_STRING, &precision, "auto, f32, …", "P"},
  {"backend", 0, 0, G_OPTION_ARG_STRING, &backend, "auto, cpu, …", "B"},
  {"threads", 0, 0, G_OPTION_ARG_INT, &threads, "0: as many as the process may use", "N"},
  {"batch", 0, 0, G_OPTION_ARG_INT, &batch, "pictures at once", "N"},
  {"side", 0, 0, G_OPTION_ARG_INT, &side, "pixels each way (224)", "N"},
  {"patch", 0, 0, G_OPTION_ARG_INT, &patch, "pixels of a patch each way (16)", "N"},
  {"runs", 0, 0, G_OPTION_ARG_INT, &runs, "how many (default: about five seconds)", "N"},
  {"ops", 0, 0, G_OPTION_ARG_NONE, &ops, "each operation's share of the time", NULL},
  {"caption", 0, 0, G_OPTION_ARG_NONE, &caption, "networks that write: the one named, or all", NULL},
  {"streams", 0, 0, G_OPTION_ARG_INT, &streams, "captions that are written together (1)", "N"},
  {"beams", 0, 0, G_OPTION_ARG_INT, &beams, "beginnings that a caption is searched with (1)", "N"},
  {"peer", 0, 0, G_OPTION_ARG_STRING, &peer, "a program to measure against, in turn", "COMMAND"},
  {NULL}
};

/* ---- the network, with random weights ---- */

static float *
random_floats (gsize n)
{
  float *x = g_new (float, n);
  guint32 state = 1;
  for (gsize i = 0; i < n; i++) {
    state = state * 1664525u + 1013904223u;
    x[i] = ((gint32) state >> 8) * (0.04f / (1 << 23));
  }
  return x;
}

/* Weights are made when they are asked for: name → floats. */
typedef struct {
  const GptVisPlan *plan;
  GHashTable *made;
} Weights;

static gconstpointer
find (gpointer user, const gchar *name, GptVisDtype *dtype, gsize *n)
{
  Weights *w = user;
  *dtype = GPTVIS_F32;
  *n = 0;
  for (guint i = 0; i < gptvis_plan_n_tensors (w->plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (w->plan, i);
    for (guint p = 0; p < t->n_parts; p++)
      if (strcmp (t->parts[p].name, name) == 0)
        *n = MAX (*n, (gsize) (t->parts[p].first + t->parts[p].rows) * t->width);
  }
  float *x = g_hash_table_lookup (w->made, name);
  if (!x)
    g_hash_table_insert (w->made, g_strdup (name), x = random_floats (*n));
  return x;
}

static GptVisPlan *
record (const gchar *name, guint *network)
{
  for (*network = 0; *network < G_N_ELEMENTS (networks); (*network)++)
    if (strcmp (networks[*network].name, name) == 0)
      break;
  if (*network == G_N_ELEMENTS (networks))
    measure_die ("the network must be one of vit-tiny, vit-small, vit-base, vit-large");
  const GptVisConfiguration config = {
    .model_type = "vit", .hidden_size = networks[*network].width, .n_layers = networks[*network].layers,
    .n_heads = networks[*network].heads, .intermediate_size = 4 * networks[*network].width,
    .image_height = side, .image_width = side, .patch_size = patch, .act = GPTVIS_ACT_GELU, .epsilon = 1e-12f,
    .qkv_bias = TRUE, .n_labels = 1000,
  };
  const GptVisRecipe recipe = { .resize_width = side, .resize_height = side, .filter = GPTVIS_FILTER_BILINEAR,
    .width = side, .height = side, .rescale = 1 / 255.0, .mean = {0.5, 0.5, 0.5}, .std = {0.5, 0.5, 0.5} };
  GError *error = NULL;
  GptVisPlan *plan = gptvis_architecture_plan (&config, &recipe, batch, FALSE, &error);
  if (!plan)
    measure_die (error->message);
  return plan;
}

/* ---- the peer ---- */

typedef struct {
  FILE *to, *from;
  gchar name[128];
} Peer;

static Peer
start_peer (guint network, guint n_threads)
{
  Peer p = { 0 };
  gchar *command = g_strdup_printf ("%s %u %u %u %d %d %u %d", peer, networks[network].layers, networks[network].width,
      networks[network].heads, side, patch, n_threads, batch);
  gchar *argv[] = { "/bin/sh", "-c", command, NULL };
  gint in, out;
  GError *error = NULL;
  if (!g_spawn_async_with_pipes (NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, &in, &out, NULL, &error))
    measure_die (error->message);
  p.to = fdopen (in, "w");
  p.from = fdopen (out, "r");
  if (!fgets (p.name, sizeof p.name, p.from))
    measure_die ("the peer ended before it was ready");
  g_strchomp (p.name);
  g_free (command);
  return p;
}

static gint64
run_peer (Peer *p)
{
  gchar line[64];
  fputs ("run\n", p->to);
  fflush (p->to);
  if (!fgets (line, sizeof line, p->from))
    measure_die ("the peer ended");
  return g_ascii_strtoll (line, NULL, 10);
}

/* ---- measuring ---- */

static void
print_times (const gchar *name, GArray *ns, gdouble flops, gdouble limit)
{
  const gdouble least = measure_least (ns), median = measure_median (ns);
  printf ("%-24s min %8.2f ms  median %8.2f ms  %7.1f GFLOP/s at best, %3.0f %% of the limit  (%u runs)\n", name,
      least * 1e-6, median * 1e-6, flops / least, 100 * flops / least / limit, ns->len);
}

/* Both in turn; the first two runs of each only warm up. */
static void
measure (GptVisProgram *program, GptVisSlot *const *slots, Peer *other, GArray *ours, GArray *theirs,
    gint64 *op_ns)
{
  GError *error = NULL;
  const gint64 end = measure_now () + G_GINT64_CONSTANT (5000000000) * (peer ? 4 : 1);
  for (gint i = -2; runs ? i < runs : i < 5 || measure_now () < end; i++) {
    program->op_ns = ops && i >= 0 ? op_ns : NULL;
    gint64 start = measure_now ();
    if (!gptvis_program_submit (program, slots, batch, &error) || !gptvis_program_wait (program, &error))
      measure_die (error->message);
    start = measure_now () - start;
    if (i >= 0)
      measure_add (ours, start);
    if (!peer)
      continue;
    g_usleep (30000);           /* until the threads of the one have stopped spinning */
    start = run_peer (other);
    if (i >= 0)
      measure_add (theirs, start);
    g_usleep (30000);
  }
  program->op_ns = NULL;
}

static void
report (const GptVisPlan *plan, const gchar *other, GArray *ours, GArray *theirs, const gint64 *op_ns,
    gdouble limit)
{
  gdouble whole = 0, *flops = g_new (gdouble, gptvis_plan_n_ops (plan));
  for (guint i = 0; i < gptvis_plan_n_ops (plan); i++)
    whole += flops[i] = gptvis_plan_op_flops (plan, i) * batch;
  print_times ("gptvis", ours, whole, limit);
  if (peer) {
    print_times (other, theirs, whole, limit);
    printf ("%s / gptvis              min %.3f  median %.3f  (above 1: gptvis is faster)\n", other,
        measure_least (theirs) / measure_least (ours), measure_median (theirs) / measure_median (ours));
  }
  if (ops)
    measure_print_ops (plan, 0, gptvis_plan_n_ops (plan), op_ns, ours->len, flops, "GFLOP/s", limit);
  g_free (flops);
}

static void
print_head (const GptVisProgram *program, const gchar *name, gdouble limit)
{
  gdouble flops = 0;
  for (guint i = 0; i < gptvis_plan_n_ops (program->plan); i++)
    flops += gptvis_plan_op_flops (program->plan, i) * batch;
  measure_print_processor ();
  printf ("network    %s at %d/%d, batch %d: %.2f GFLOP\n", name, side, patch, batch, flops * 1e-9);
  printf ("program    %s\n", program->description);
  printf ("limit      %.1f GFLOP/s: the same kernel on operands in the first cache\n", limit);
  fflush (stdout);
}

static GptVisProgram *
make_program (Weights *made, guint n_threads)
{
  const GptVisWeights weights = { find, made };
  GptVisProgramOptions options = { .backend = backend, .threads = n_threads };
  GError *error = NULL;
  if (!gptvis_precision_parse (precision, &options.precision, &error))
    measure_die (error->message);
  GptVisProgram *program = gptvis_program_new (made->plan, &weights, &options, &error);
  if (!program)
    measure_die (error->message);
  return program;
}

static GptVisSlot *
make_slot (GptVisProgram *program)
{
  const GptVisTensor *input = gptvis_plan_tensor (program->plan, gptvis_plan_find (program->plan, "patches"));
  const gsize n = (gsize) input->rows * input->width;
  GptVisSlot *slot = gptvis_program_slot_new (program);
  float *x = random_floats (n);
  memcpy (gptvis_program_slot_rows (program, slot), x, n * sizeof (float));
  g_free (x);
  return slot;
}

static void
bench_network (const gchar *name, guint n_threads)
{
  guint network;
  GptVisPlan *plan = record (name, &network);
  Weights made = { plan, g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free) };
  GptVisProgram *program = make_program (&made, n_threads);
  GptVisSlot *slots[64];
  for (gint i = 0; i < batch; i++)
    slots[i] = make_slot (program);
  const gdouble limit = measure_multiply_limit (n_threads, program->precision);
  print_head (program, name, limit);

  Peer other = { 0 };
  if (peer)
    other = start_peer (network, n_threads);
  GArray *ours = measure_times_new (), *theirs = measure_times_new ();
  gint64 *op_ns = g_new0 (gint64, gptvis_plan_n_ops (plan));
  measure (program, slots, &other, ours, theirs, op_ns);
  report (plan, other.name, ours, theirs, op_ns, limit);

  if (peer) {
    fclose (other.to);
    fclose (other.from);
  }
  for (gint i = 0; i < batch; i++)
    gptvis_program_slot_free (program, slots[i]);
  gptvis_program_free (program);
  gptvis_plan_free (plan);
  g_hash_table_unref (made.made);
  g_array_unref (ours);
  g_array_unref (theirs);
  g_free (op_ns);
}

int
main (int argc, char **argv)
{
  GError *error = NULL;
  GOptionContext *context =
      g_option_context_new ("NETWORK | --caption [CAPTIONER] - times networks with random weights");
  g_option_context_set_summary (context, "NETWORK is vit-tiny, vit-small, vit-base or vit-large, CAPTIONER "
      "vit-base+gpt2-small or small.");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    measure_die (error->message);
  g_option_context_free (context);
  if (argc > 2 || (argc < 2 && !caption))
    measure_die ("name one network: vit-tiny, vit-small, vit-base or vit-large; or --caption");
  if (batch < 1 || batch > 64 || side < 1 || patch < 1 || threads < 0)
    measure_die ("batch must be 1 to 64, side and patch at least 1, threads at least 0");
  if (streams < 1 || streams > 64 || beams < 1 || beams > (gint) GPTVIS_MAX_BEAMS)
    measure_die ("streams must be 1 to 64, beams 1 to 16");

  const guint n_threads = threads ? (guint) threads : gptvis_pool_default_threads ();
  const BenchSettings settings = { precision, backend, n_threads, runs, ops, streams, beams };
  if (caption)
    bench_captions (argc > 1 ? argv[1] : NULL, &settings);
  else
    bench_network (argv[1], n_threads);
  return 0;
}
