/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How fast a network runs here: ms and GFLOP/s of a named architecture with random
 * weights, as a share of what this processor's multipliers can do, and side by
 * side with a peer in one run.
 *
 *     bench vit-base --precision f32 --threads 2 --batch 1
 *     bench vit-tiny --ops
 *     bench vit-base --threads 2 --peer "python3 tests/benchmark/onnxruntime-peer.py"
 *
 * A peer is a program that is started with LAYERS WIDTH HEADS SIDE PATCH THREADS
 * BATCH, prints one line with its name when it is ready, and for each line that it
 * reads runs the network once and prints the nanoseconds that took. The two take
 * turns, with a rest between, so that both see the same machine. */
#include "architectures.h"
#include "backend.h"
#include "cpu/tier.h"
#include "memory.h"
#include "pool.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
static gint threads = 0, batch = 1, side = 224, patch = 16, runs = 0;
static gboolean ops;

static const GOptionEntry entries[] = {
  {"precision", 0, 0, G_OPTION_ARG_STRING, &precision, "auto, f32, …", "P"},
  {"backend", 0, 0, G_OPTION_ARG_STRING, &backend, "auto, cpu, …", "B"},
  {"threads", 0, 0, G_OPTION_ARG_INT, &threads, "0: as many as the process may use", "N"},
  {"batch", 0, 0, G_OPTION_ARG_INT, &batch, "pictures at once", "N"},
  {"side", 0, 0, G_OPTION_ARG_INT, &side, "pixels each way (224)", "N"},
  {"patch", 0, 0, G_OPTION_ARG_INT, &patch, "pixels of a patch each way (16)", "N"},
  {"runs", 0, 0, G_OPTION_ARG_INT, &runs, "how many (default: about five seconds)", "N"},
  {"ops", 0, 0, G_OPTION_ARG_NONE, &ops, "each operation's share of the time", NULL},
  {"peer", 0, 0, G_OPTION_ARG_STRING, &peer, "a program to measure against, in turn", "COMMAND"},
  {NULL}
};

static gint64
now_ns (void)
{
  struct timespec t;
  clock_gettime (CLOCK_MONOTONIC, &t);
  return t.tv_sec * G_GINT64_CONSTANT (1000000000) + t.tv_nsec;
}

static void G_GNUC_NORETURN
die (const gchar *what)
{
  fprintf (stderr, "bench: %s\n", what);
  exit (2);
}

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
    die ("the network must be one of vit-tiny, vit-small, vit-base, vit-large");
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
    die (error->message);
  return plan;
}

/* ---- what the processor could do ---- */

typedef struct {
  const GptVisTier *tier;
  gint64 ns;
  gint rounds;
} Limit;

/* The tier's own tile on operands that stay in the first cache. */
static void
multiply_in_cache (void *context, gsize i)
{
  Limit *l = context;
  enum { K = 128 };
  const guint rows = l->tier->tile_rows, columns = l->tier->tile_columns;
  float *a = gptvis_alloc (rows * K * sizeof (float)), *b = gptvis_alloc (columns * K * sizeof (float));
  float *c = gptvis_alloc (rows * columns * sizeof (float));
  for (gint r = 0; r < l->rounds; r++)
    l->tier->tile (rows, columns, K, a, rows, b, columns, NULL, c, columns);
  gptvis_free (a);
  gptvis_free (b);
  gptvis_free (c);
}

static gdouble
limit_gflops (guint n_threads)
{
  GptVisPool *pool = gptvis_pool_new (n_threads);
  Limit l = { .tier = gptvis_tier_choose (NULL), .rounds = 40000 };
  gdouble best = 0;
  for (guint i = 0; i < 5; i++) {
    const gint64 start = now_ns ();
    gptvis_pool_run (pool, multiply_in_cache, &l, n_threads);
    best = MAX (best, 2.0 * l.tier->tile_rows * l.tier->tile_columns * 128 * l.rounds * n_threads / (now_ns () - start));
  }
  gptvis_pool_free (pool);
  return best;
}

static void
print_processor (void)
{
  gchar *text = NULL, *line;
  if (g_file_get_contents ("/proc/cpuinfo", &text, NULL, NULL) && (line = strstr (text, "model name"))) {
    line = strchr (line, ':') + 2;
    printf ("processor  %.*s\n", (int) strcspn (line, "\n"), line);
  }
  g_free (text);
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
    die (error->message);
  p.to = fdopen (in, "w");
  p.from = fdopen (out, "r");
  if (!fgets (p.name, sizeof p.name, p.from))
    die ("the peer ended before it was ready");
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
    die ("the peer ended");
  return g_ascii_strtoll (line, NULL, 10);
}

/* ---- measuring ---- */

static gint
by_value (gconstpointer a, gconstpointer b)
{
  const gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;
  return (x > y) - (x < y);
}

static void
print_times (const gchar *name, GArray *ns, gdouble flops, gdouble limit)
{
  g_array_sort (ns, by_value);
  const gdouble least = g_array_index (ns, gint64, 0), median = g_array_index (ns, gint64, ns->len / 2);
  printf ("%-24s min %8.2f ms  median %8.2f ms  %7.1f GFLOP/s at best, %3.0f %% of the limit  (%u runs)\n", name,
      least * 1e-6, median * 1e-6, flops / least, 100 * flops / least / limit, ns->len);
}

static void
print_ops (const GptVisPlan *plan, const gint64 *ns, guint n, gdouble limit)
{
  gint64 whole = 0;
  for (guint i = 0; i < gptvis_plan_n_ops (plan); i++)
    whole += ns[i];
  gchar *text = gptvis_plan_print (plan), **lines = g_strsplit (text, "\n", -1);
  printf ("\n      ms   share  GFLOP/s  operation\n");
  for (guint i = 0; i < gptvis_plan_n_ops (plan); i++) {
    const gdouble flops = gptvis_plan_op_flops (plan, i) * batch * n;
    printf ("%8.3f %6.1f%% %8.1f  %s\n", ns[i] * 1e-6 / n, 100.0 * ns[i] / whole, ns[i] ? flops / ns[i] : 0, lines[i]);
  }
  for (guint kind = 0; kind < GPTVIS_N_OPS; kind++) {
    gint64 sum = 0;
    gdouble flops = 0;
    for (guint i = 0; i < gptvis_plan_n_ops (plan); i++)
      if (gptvis_plan_op (plan, i)->kind == kind) {
        sum += ns[i];
        flops += gptvis_plan_op_flops (plan, i) * batch * n;
      }
    if (sum)
      printf ("%8.3f %6.1f%% %8.1f  all %s%s\n", sum * 1e-6 / n, 100.0 * sum / whole, flops / sum, gptvis_op_name (kind),
          flops > 0 && flops / sum > limit * 1.05 ? " (beyond the limit?)" : "");
  }
  printf ("%8.3f  100.0%%           the whole, mean of %u runs\n", whole * 1e-6 / n, n);
  g_strfreev (lines);
  g_free (text);
}

int
main (int argc, char **argv)
{
  GError *error = NULL;
  GOptionContext *context = g_option_context_new ("NETWORK - times a vision transformer with random weights");
  g_option_context_set_summary (context, "NETWORK is vit-tiny, vit-small, vit-base or vit-large.");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    die (error->message);
  g_option_context_free (context);
  if (argc != 2)
    die ("name one network: vit-tiny, vit-small, vit-base or vit-large");
  if (batch < 1 || batch > 64 || side < 1 || patch < 1 || threads < 0)
    die ("batch must be 1 to 64, side and patch at least 1, threads at least 0");

  guint network;
  GptVisPlan *plan = record (argv[1], &network);
  Weights made = { plan, g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free) };
  const GptVisWeights weights = { find, &made };
  GptVisProgramOptions options = { .backend = backend, .threads = threads };
  if (!gptvis_precision_parse (precision, &options.precision, &error))
    die (error->message);
  GptVisProgram *program = gptvis_program_new (plan, &weights, &options, &error);
  if (!program)
    die (error->message);
  GptVisSlot *slots[64];
  const GptVisTensor *input = gptvis_plan_tensor (plan, gptvis_plan_find (plan, "patches"));
  for (gint i = 0; i < batch; i++) {
    slots[i] = gptvis_program_slot_new (program);
    float *x = random_floats ((gsize) input->rows * input->width);
    memcpy (gptvis_program_slot_rows (program, slots[i]), x, (gsize) input->rows * input->width * sizeof (float));
    g_free (x);
  }

  const guint n_threads = threads ? (guint) threads : gptvis_pool_default_threads ();
  const gdouble limit = limit_gflops (n_threads);
  gdouble flops = 0;
  for (guint i = 0; i < gptvis_plan_n_ops (plan); i++)
    flops += gptvis_plan_op_flops (plan, i) * batch;
  print_processor ();
  printf ("network    %s at %d/%d, batch %d: %.2f GFLOP\n", argv[1], side, patch, batch, flops * 1e-9);
  printf ("program    %s\n", program->description);
  printf ("limit      %.1f GFLOP/s: the same kernel on operands in the first cache\n", limit);
  fflush (stdout);

  Peer other = { 0 };
  if (peer)
    other = start_peer (network, n_threads);
  GArray *ours = g_array_new (FALSE, FALSE, sizeof (gint64)), *theirs = g_array_new (FALSE, FALSE, sizeof (gint64));
  gint64 *op_ns = g_new0 (gint64, gptvis_plan_n_ops (plan));
  const gint64 end = now_ns () + G_GINT64_CONSTANT (5000000000) * (peer ? 4 : 1);
  for (gint i = -2; runs ? i < runs : i < 5 || now_ns () < end; i++) {  /* the first two only warm up */
    program->op_ns = ops && i >= 0 ? op_ns : NULL;
    gint64 start = now_ns ();
    if (!gptvis_program_submit (program, slots, batch, &error) || !gptvis_program_wait (program, &error))
      die (error->message);
    start = now_ns () - start;
    if (i >= 0)
      g_array_append_val (ours, start);
    if (!peer)
      continue;
    g_usleep (30000);           /* until the threads of the one have stopped spinning */
    start = run_peer (&other);
    if (i >= 0)
      g_array_append_val (theirs, start);
    g_usleep (30000);
  }
  print_times ("gptvis", ours, flops, limit);
  if (peer) {
    print_times (other.name, theirs, flops, limit);
    printf ("%s / gptvis              min %.3f  median %.3f  (above 1: gptvis is faster)\n", other.name,
        (gdouble) g_array_index (theirs, gint64, 0) / g_array_index (ours, gint64, 0),
        (gdouble) g_array_index (theirs, gint64, theirs->len / 2) / g_array_index (ours, gint64, ours->len / 2));
    fclose (other.to);
    fclose (other.from);
  }
  if (ops)
    print_ops (plan, op_ns, ours->len, limit);

  program->op_ns = NULL;
  for (gint i = 0; i < batch; i++)
    gptvis_program_slot_free (program, slots[i]);
  gptvis_program_free (program);
  gptvis_plan_free (plan);
  g_hash_table_unref (made.made);
  g_array_unref (ours);
  g_array_unref (theirs);
  g_free (op_ns);
  return 0;
}
