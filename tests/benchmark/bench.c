/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How fast networks run here: the front, which reads the options; each mode is a file.
 *
 *     bench vit-base --precision f32 --threads 2 --batch 1      classifier.c: ms, GFLOP/s, share of the limit
 *     bench vit-tiny --ops                                      … of each operation
 *     bench rf-detr-nano                                        … of a detector; or yolos-tiny
 *     bench vit-base --backend vulkan --frames                  frames.c: from a camera's frame to scores
 *     bench --caption --threads 2 --beams 4                     caption.c: networks that write
 *     bench --peers --threads 2 --batch 1                       peers.c: in turn with other runtimes
 *     bench vit-tiny --peers --threads 2 --pause 33             … as they keep a camera's pace
 *     bench --caption --peers --precision int8                  caption-peers.c: … in turn with ONNX Runtime
 *     bench --products --precision int8                          products.c: in turn with oneDNN's
 *     bench --limits                                            limits.c: what the processor could do
 *     bench vit-base --batch 64 --intensity                     intensity.c: what its operations ask of GPUs
 *     bench --stage NV12                                        stage.c: frames that become patches
 *     bench --motion NV12                                       motion.c: finding what moves
 *     bench --open DIRECTORY …                                  open.c: a checkpoint until it could run
 *
 * Weights are random, limits and peers are measured in the same run. README.md, beside this file,
 * says how to read what it prints, and what it has printed on which processor. */
#include "measure.h"
#include "pool.h"

static gchar *precision = "auto", *backend = "auto", *device;
static gint threads, batch, side, patch, runs, pause_ms, streams = 1, beams = 1;
static gboolean own_time, ops, frames, caption, limits, peers, products, stage, motion, intensity, opening;

static const GOptionEntry entries[] = {
  {"precision", 0, 0, G_OPTION_ARG_STRING, &precision, "auto, f32, …", "P"},
  {"backend", 0, 0, G_OPTION_ARG_STRING, &backend, "auto, cpu, …", "B"},
  {"device", 0, 0, G_OPTION_ARG_STRING, &device, "which GPU, by number or name (else the best)", "D"},
  {"threads", 0, 0, G_OPTION_ARG_INT, &threads, "0: as many as the process may use", "N"},
  {"batch", 0, 0, G_OPTION_ARG_INT, &batch, "pictures at once", "N"},
  {"side", 0, 0, G_OPTION_ARG_INT, &side, "pixels each way (224)", "N"},
  {"patch", 0, 0, G_OPTION_ARG_INT, &patch, "pixels of a patch each way (16)", "N"},
  {"runs", 0, 0, G_OPTION_ARG_INT, &runs, "how many (default: about five seconds)", "N"},
  {"pause", 0, 0, G_OPTION_ARG_INT, &pause_ms, "ms of rest before each, as a camera leaves (0)", "N"},
  {"own-time", 0, 0, G_OPTION_ARG_NONE, &own_time, "of one thread, on a machine with other things to do: its "
    "time on the processor", NULL},
  {"ops", 0, 0, G_OPTION_ARG_NONE, &ops, "each operation's share of the time", NULL},
  {"frames", 0, 0, G_OPTION_ARG_NONE, &frames, "from frames of 1920×1080 to scores, and whose time that is",
  NULL},
  {"caption", 0, 0, G_OPTION_ARG_NONE, &caption, "networks that write: the one named, or all", NULL},
  {"streams", 0, 0, G_OPTION_ARG_INT, &streams, "captions that are written together (1)", "N"},
  {"beams", 0, 0, G_OPTION_ARG_INT, &beams, "beam width of the search for a caption (1)", "N"},
  {"peers", 0, 0, G_OPTION_ARG_NONE, &peers, "ONNX Runtime and OpenVINO, in turn with us", NULL},
  {"products", 0, 0, G_OPTION_ARG_NONE, &products, "matrix products alone, in turn with oneDNN's", NULL},
  {"stage", 0, 0, G_OPTION_ARG_NONE, &stage, "frames to patches: of the format named, or all", NULL},
  {"motion", 0, 0, G_OPTION_ARG_NONE, &motion, "finding what moves: of the format named, or all", NULL},
  {"open", 0, 0, G_OPTION_ARG_NONE, &opening, "checkpoints until they could run: of the directories named",
  NULL},
  {"intensity", 0, 0, G_OPTION_ARG_NONE, &intensity, "what the operations ask of GPUs, worked out, not run",
  NULL},
  {"limits", 0, 0, G_OPTION_ARG_NONE, &limits, "what the processor could do at best", NULL},
  {NULL}
};

static void
check_numbers (void)
{
  if (batch < 0 || batch > 64 || side < 0 || patch < 0 || threads < 0 || threads > 1024 || runs < 0)
    measure_die ("batch must be 1 to 64, side, patch and runs at least 1, threads 0 to 1024");
  if (pause_ms < 0 || pause_ms > 60000)
    measure_die ("pause must be 0 to 60000 ms");
  if (streams < 1 || streams > 64 || beams < 1 || beams > (gint) GPTVIS_MAX_BEAMS)
    measure_die ("streams must be 1 to 64, beams 1 to 16");
  if (own_time && threads != 1)
    measure_die ("--own-time is about one thread: --threads 1");
  if (caption && peers && (streams > 1 || beams > 1))
    measure_die ("--caption --peers is about one stream and one beam");
}

int
main (int argc, char **argv)
{
  GError *error = NULL;
  GOptionContext *context =
      g_option_context_new ("[NETWORK] - times networks with random weights");
  g_option_context_set_summary (context, "NETWORK is vit-tiny, vit-small, vit-base, vit-large, yolos-tiny or "
      "rf-detr-nano;\n"
      "with --caption, vit-base+gpt2-small or small;\n"
      "with --stage, NV12, I420, YUY2, P010_10LE, RGB or BGRx;\nwith --motion, NV12 or I420;\n"
      "with --open, directories.");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    measure_die (error->message);
  g_option_context_free (context);
  check_numbers ();
  if (own_time)
    measure_take_own_time ();

  const gchar *name = argc > 1 ? argv[1] : NULL;
  BenchSettings settings = { .backend = backend, .device = device, .batch = batch, .side = side,
    .patch = patch, .runs = runs, .threads = threads ? (guint) threads : gptvis_pool_default_threads (),
    .threads_given = threads > 0, .pause_ms = pause_ms, .ops = ops, .streams = streams, .beams = beams,
    .peers = peers };
  if (!gptvis_precision_parse (precision, &settings.precision, &error))
    measure_die (error->message);
  if (limits)
    bench_limits (&settings);
  else if (stage)
    bench_stage (name, &settings);
  else if (motion)
    bench_motion (name, &settings);
  else if (opening)
    bench_open (argv + 1, &settings);
  else if (caption)
    bench_captions (name, &settings);
  else if (peers)
    bench_peers (name, &settings);
  else if (products)
    bench_products (name, &settings);
  else if (name && frames)
    bench_frames (name, &settings);
  else if (name && intensity)
    bench_intensity (name, &settings);
  else if (name && argc == 2)
    bench_classifier (name, &settings);
  else
    measure_die ("name one network: vit-tiny, vit-small, vit-base or vit-large; or --caption, --peers,"
        " --products, --limits, --stage, --motion, --open");
  return 0;
}
