/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/bench --caption: what a sentence costs, by its parts, beside what it must cost.
 *
 * A token needs every weight of the decoder's step once, whatever the number of sentences
 * that are written together, and the keys and values of the tokens before it and of the
 * picture: it is as fast as these come out of memory. So the limit is the speed of a plain
 * sum over memory, taken between the steps, since other programs want that memory too; and
 * a step's time may grow with its sentence by what the longer past takes to read, not more.
 *
 * The networks are real checkpoints with random weights, opened by the door that elements
 * use, so that the caption "from picture to text" is what a stream gets. */
#include "caption-peers.h"
#include "client.h"
#include "measure.h"
#include "random-checkpoint.h"
#include <stdio.h>
#include <string.h>

#define LONGEST 256u
#define CAPTION 16              /* tokens of the whole caption that is timed */
#define READ_BYTES (512u << 20)
#define SIDE 480u               /* pixels of the picture */
#define PASSES 4u               /* over the lengths, for each encoder's run */

static const struct {
  const gchar *name;
  RandomCaptioner of;
} captioners[] = {
  {"vit-base+gpt2-small", {{12, 768, 12, 224, 16}, 12, 768, 12, 50257, 1024, LONGEST}},
  {"small", {{6, 192, 3, 96, 8}, 4, 192, 3, 3072, LONGEST, LONGEST}},
};

static const guint lengths[] = { 1, 8, 16, 32, 64, 128, LONGEST };
#define N_LENGTHS G_N_ELEMENTS (lengths)
#define OPS_AT 2u               /* operations are timed by themselves at this length */
#define TOKEN_TARGET 1.25       /* times what a token must read */

typedef struct {
  const BenchSettings *settings;
  GptVisModel *model;
  GptVisClient *client;
  GptVisDecoder *writer;        /* the model's decoder */
  GptVisProgram *decoder;       /* its program */
  const GptVisPlan *plan;       /* the decoder's */
  GptVisSlot *slots[64];        /* the decoder's: one a stream */
  GptVisModelSlot *pictures[64];        /* the tower's */
  GptVisCaptioner *captioners[64];
  MeasureReader *memory, *same; /* much more than the caches hold; as many bytes as a step's weights */
  gsize weights;                /* bytes of them */
  GArray *reads, *same_reads, *tower, *keys, *captions, *steps[N_LENGTHS];
  GArray *growth[N_LENGTHS];    /* over the shortest of the same pass */
  gint64 *op_run, *op_least;    /* in the last run, and in the quickest of each */
  guint op_runs;
  CaptionPeers *peers;          /* NULL: measured alone */
} Bench;

/* ---- bytes ---- */

static gsize
bytes_of (const GptVisTensor *t)
{
  return (gsize) t->rows * t->width * sizeof (float);
}

/* Of a product's matrix in the program's precision, scales left out. */
static gsize
matrix_bytes (const GptVisTensor *t, GptVisPrecision precision)
{
  switch (precision) {
    case GPTVIS_PRECISION_INT8:
      return bytes_of (t) / 4;
    case GPTVIS_PRECISION_BF16:
    case GPTVIS_PRECISION_F16:
      return bytes_of (t) / 2;
    default:
      return bytes_of (t);
  }
}

/* Weights that the operation reads; of a table of words, a row for each sequence at most. */
static gsize
weight_bytes (const GptVisPlan *plan, const GptVisOp *op, guint n, GptVisPrecision precision)
{
  gsize sum = 0;
  for (guint j = 0; j < op->n_in; j++) {
    if (op->in[j] == GPTVIS_NO_TENSOR)
      continue;
    const GptVisTensor *t = gptvis_plan_tensor (plan, op->in[j]);
    if (t->kind == GPTVIS_TENSOR_WEIGHT || t->kind == GPTVIS_TENSOR_CONSTANT)
      sum += op->kind == GPTVIS_OP_EMBED ? n * t->width * sizeof (float)
          : op->kind == GPTVIS_OP_LINEAR && j == 1 ? matrix_bytes (t, precision) : bytes_of (t);
  }
  return sum;
}

/* Keys and values that a recall reads when the sentences have `length` tokens: each
 * sequence its own; the picture's for all of a stream's beams once. */
static gsize
state_bytes (const GptVisPlan *plan, const GptVisOp *op, const BenchSettings *s, guint length)
{
  const gsize rows = (gsize) s->beams * length;
  gsize sum = 0;
  for (guint j = 1; op->kind == GPTVIS_OP_RECALL && j < op->n_in; j++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, op->in[j]);
    sum += s->streams * (t->step ? rows * t->width * sizeof (float) : bytes_of (t));
  }
  return sum;
}

/* Of the whole step for all streams. */
static gsize
step_weights (const GptVisPlan *plan, guint n, GptVisPrecision precision)
{
  gsize sum = 0;
  for (guint i = gptvis_plan_step_op (plan); i < gptvis_plan_n_ops (plan); i++)
    sum += weight_bytes (plan, gptvis_plan_op (plan, i), n, precision);
  return sum;
}

static gsize
step_states (const GptVisPlan *plan, const BenchSettings *s, guint length)
{
  gsize sum = 0;
  for (guint i = gptvis_plan_step_op (plan); i < gptvis_plan_n_ops (plan); i++)
    sum += state_bytes (plan, gptvis_plan_op (plan, i), s, length);
  return sum;
}

/* Streams that go through the decoder in one step, and such steps that all of them take. */
static guint
streams_at_once (const Bench *self)
{
  return MIN (self->settings->streams, gptvis_plan_max_sequences (self->plan) / self->settings->beams);
}

static guint
n_steps (const Bench *self)
{
  return (self->settings->streams + streams_at_once (self) - 1) / streams_at_once (self);
}

/* ---- the network ---- */

static void
open_model (Bench *self, guint which)
{
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  GError *error = NULL;
  gchar *directory = random_checkpoint_write_captioner (&captioners[which].of, &error);
  if (!directory)
    measure_die (error->message);
  options.path = directory;
  options.max_batch = self->settings->streams;
  options.program.backend = self->settings->backend;
  options.program.device = self->settings->device;
  options.program.threads = self->settings->threads;
  options.program.precision = self->settings->precision;
  const GptVisClientOptions asked = { .task = GPTVIS_TASK_CAPTION, .beams = self->settings->beams };
  self->model = gptvis_model_open (&options, &error);
  if (self->model)
    self->client = gptvis_client_new (self->model, &asked, &error);
  if (self->settings->peers)
    self->peers = caption_peers_new (captioners[which].name, directory);
  random_checkpoint_remove (directory); /* what is mapped stays */
  if (!self->client)
    measure_die (error->message);
}

static void
stage (const Bench *self)
{
  guint8 *pixels = g_malloc (SIDE * SIDE * 3);
  GError *error = NULL;
  for (guint i = 0; i < SIDE * SIDE * 3; i++)
    pixels[i] = i * 2654435761u >> 24;
  const GptVisPicture picture = { .format = GPTVIS_PICTURE_RGB, .width = SIDE, .height = SIDE,
    .planes = {pixels}, .strides = {SIDE * 3} };
  for (guint i = 0; i < self->settings->streams; i++)
    if (!gptvis_model_stage (self->model, self->pictures[i], &picture, &error))
      measure_die (error->message);
  g_free (pixels);
}

/* One step for each stream, in which the sentences get their token `length`. */
static void
step (const Bench *self, guint length)
{
  GptVisSequence sequences[GPTVIS_MAX_SEQUENCES];
  const guint beams = self->settings->beams, at_once = streams_at_once (self);
  GError *error = NULL;
  for (guint first = 0; first < self->settings->streams; first += at_once) {
    guint n = 0;
    for (guint i = first; i < MIN (first + at_once, self->settings->streams); i++)
      for (guint beam = 0; beam < beams; beam++)
        sequences[n++] = (GptVisSequence) { .slot = self->slots[i], .token = length + beam,
          .position = length - 1, .beam = beam };
    if (!gptvis_program_step (self->decoder, sequences, n, &error)
        || !gptvis_program_wait (self->decoder, &error))
      measure_die (error->message);
  }
}

/* The tower for all pictures. */
static void
look (const Bench *self)
{
  GptVisRequest requests[64] = { };
  GError *error = NULL;
  for (guint i = 0; i < self->settings->streams; i++)
    requests[i].slot = self->pictures[i];
  if (!gptvis_model_run (self->model, requests, self->settings->streams, &error))
    measure_die (error->message);
}

/* Peers get what staging has made of the picture. */
static void
start_peers (const Bench *self)
{
  const GptVisPlan *plan = gptvis_model_plan (self->model);
  const GptVisTensor *patches = gptvis_plan_tensor (plan, gptvis_plan_input_id (plan));
  caption_peers_start (self->peers, self->settings->threads,
      gptvis_model_slot_rows (self->model, self->pictures[0]),
      (gsize) patches->rows * patches->width);
}

/* At the tokens 1 … CAPTION. */
static void
compare_with_peers (const Bench *self)
{
  const GptVisTensorId logits = gptvis_plan_find (self->plan, "logits");
  caption_peers_compare (self->peers, gptvis_program_output (self->decoder, logits, 0),
      gptvis_plan_tensor (self->plan, logits)->width, self->decoder->precision == GPTVIS_PRECISION_F32);
}

/* The part of the decoder that is run once a picture. */
static void
make_keys (const Bench *self)
{
  GError *error = NULL;
  for (guint i = 0; i < self->settings->streams; i++)
    if (!gptvis_program_submit (self->decoder, &self->slots[i], 1, &error)
        || !gptvis_program_wait (self->decoder, &error))
      measure_die (error->message);
}

static void
caption (const Bench *self)
{
  GptVisRequest requests[64] = { };
  GError *error = NULL;
  stage (self);
  for (guint i = 0; i < self->settings->streams; i++)
    requests[i] = (GptVisRequest) { .slot = self->pictures[i], .outputs = GPTVIS_OUTPUT_TOKENS };
  if (!gptvis_model_run (self->model, requests, self->settings->streams, &error))
    measure_die (error->message);
  for (guint i = 0; i < self->settings->streams; i++) {
    gptvis_captioner_look (self->captioners[i], requests[i].tokens);
    gptvis_captioner_begin (self->captioners[i], 0, 0, 0);
  }
  for (guint i = 0; i < CAPTION; i++)
    gptvis_captioners_step (self->captioners, self->settings->streams);
  for (guint i = 0; i < self->settings->streams; i++) {
    if (!gptvis_captioner_is_writing (self->captioners[i]))
      measure_die ("a sentence has ended early");
    gptvis_captioner_give_up (self->captioners[i]);
  }
}

/* ---- measuring ---- */

#define TIME(times, call) G_STMT_START { \
  const gint64 start_ = measure_now (); \
  call; \
  measure_add (times, measure_now () - start_); \
} G_STMT_END

static void
take_ops (Bench *self)
{
  for (guint i = 0; i < gptvis_plan_n_ops (self->plan); i++) {
    self->op_least[i] = self->op_runs ? MIN (self->op_least[i], self->op_run[i]) : self->op_run[i];
    self->op_run[i] = 0;
  }
  self->op_runs++;
}

/* Every length once. */
static void
pass (Bench *self)
{
  gint64 shortest = 0;
  measure_add (self->reads, measure_reader_run (self->memory));
  measure_add (self->same_reads, measure_reader_run (self->same));
  step (self, 1);               /* puts its weights where the sum's numbers are in the caches */
  for (guint i = 0; i < N_LENGTHS; i++) {
    self->decoder->op_ns = i == OPS_AT ? self->op_run : NULL;
    const gint64 start = measure_now ();
    step (self, lengths[i]);
    const gint64 ns = measure_now () - start;
    if (self->decoder->op_ns)
      take_ops (self);
    self->decoder->op_ns = NULL;
    measure_add (self->steps[i], ns);
    shortest = i == 0 ? ns : shortest;
    measure_add (self->growth[i], ns - shortest);
  }
}

static void
measure (Bench *self)
{
  const gint64 seconds = self->peers ? 25 : 15;
  const GptVisTensorId tokens = gptvis_plan_find (gptvis_model_plan (self->model), "tokens");
  stage (self);
  if (self->peers)
    start_peers (self);
  look (self);
  for (guint i = 0; i < self->settings->streams; i++)
    memcpy (gptvis_program_slot_rows (self->decoder, self->slots[i]),
        gptvis_program_output (gptvis_model_program (self->model), tokens, i),
        bytes_of (gptvis_plan_tensor (gptvis_model_plan (self->model), tokens)));
  make_keys (self);
  for (guint length = 1; length <= LONGEST; length++) { /* keys and values of numbers, not of nothing */
    step (self, length);
    if (self->peers && length == CAPTION)
      compare_with_peers (self);
  }
  caption (self);

  const gint64 end = measure_now () + seconds * G_GINT64_CONSTANT (1000000000);
  for (gint i = 0; self->settings->runs ? i < self->settings->runs : i < 5 || measure_now () < end; i++) {
    TIME (self->tower, look (self));
    TIME (self->keys, make_keys (self));
    for (guint p = 0; p < PASSES; p++)
      pass (self);
    TIME (self->captions, caption (self));
    if (self->peers)
      caption_peers_turn (self->peers);
  }
}

/* ---- printing ---- */

static void
print_head (const Bench *self, guint which)
{
  const RandomCaptioner *of = &captioners[which].of;
  const BenchSettings *s = self->settings;
  measure_print_processor ();
  printf ("captioner  %s: ViT of %u layers, width %u, %u/%u; GPT-2 of %u layers, width %u, %u words\n",
      captioners[which].name, of->tower.layers, of->tower.width, of->tower.side, of->tower.patch, of->layers,
      of->width, of->vocabulary);
  printf ("program    %s; streams: %u, beams: %u, steps for a token of each: %u\n",
      self->decoder->description, s->streams, s->beams, n_steps (self));
  fflush (stdout);
}

/* GB/s: bytes a ns. */
static gdouble
best_rate (const Bench *self)
{
  return READ_BYTES / measure_least (self->reads);
}

static gdouble
median_rate (const Bench *self)
{
  return READ_BYTES / measure_median (self->reads);
}

static void
print_limit (const Bench *self)
{
  printf ("limit      %.1f GB/s at best, %.1f by the median of %u: a sum over %u MB, between the steps\n",
      best_rate (self), median_rate (self), self->reads->len, READ_BYTES >> 20);
  printf ("weights    %.1f MB a step: %.2f ms at least from memory (%.2f by the median)",
      self->weights * 1e-6, self->weights / best_rate (self) * 1e-6,
      self->weights / median_rate (self) * 1e-6);
  if (self->weights < 64u << 20)
    printf ("; %.2f ms where the caches hold them, at %.1f GB/s", measure_least (self->same_reads) * 1e-6,
        self->weights / measure_least (self->same_reads));
  printf ("\n\n");
}

static void
print_part (const gchar *name, GArray *times, const gchar *what)
{
  printf ("%-16s min %8.2f ms  median %8.2f ms  (%u runs)  %s\n", name, measure_least (times) * 1e-6,
      measure_median (times) * 1e-6, times->len, what);
}

static void
print_lengths (const Bench *self)
{
  const gdouble best = best_rate (self), median = median_rate (self);
  const gsize weights = self->weights * n_steps (self);
  const gsize first = step_states (self->plan, self->settings, lengths[0]);
  printf ("\n        ------- a token for all streams -------  a stream's  keys, values   growth   the same\n"
      "tokens    min ms  median ms   × limit  by median      min ms       MB read       ms  by bytes\n");
  for (guint i = 0; i < N_LENGTHS; i++) {
    const gsize states = step_states (self->plan, self->settings, lengths[i]), all = weights + states;
    const gdouble least = measure_least (self->steps[i]), middle = measure_median (self->steps[i]);
    printf ("%6u  %8.2f  %9.2f  %8.2f  %9.2f  %10.2f  %12.1f  %7.2f  %9.2f\n", lengths[i], least * 1e-6,
        middle * 1e-6, least * best / all, middle * median / all, least * 1e-6 / self->settings->streams,
        states * 1e-6, measure_median (self->growth[i]) * 1e-6, (states - first) / best * 1e-6);
  }
  printf ("× limit: over what weights, keys and values take to read at the limit; growth: over the step of\n"
      "one token in the same pass, by the median; by bytes: what the keys and values beyond that step's\n"
      "take to read\n");
}

/* Other programs on the machine stop a step somewhere nearly always, an operation seldom. */
static void
print_undisturbed (const Bench *self)
{
  const gsize states = step_states (self->plan, self->settings, lengths[OPS_AT]);
  const gsize all = self->weights * n_steps (self) + states;
  gdouble sum = 0;
  for (guint i = 0; i < gptvis_plan_n_ops (self->plan); i++)
    sum += self->op_least[i];
  printf ("each operation's least of %u at %u tokens, together: %.2f ms, %.2f × the limit\n", self->op_runs,
      lengths[OPS_AT], sum * 1e-6, sum * best_rate (self) / all);
}

/* What is asked of a token. */
static void
print_token (const Bench *self)
{
  const gsize states = step_states (self->plan, self->settings, lengths[OPS_AT]);
  const gsize all = self->weights * n_steps (self) + states;
  const gdouble minima = measure_least (self->steps[OPS_AT]) * best_rate (self) / all;
  printf ("a token at %u tokens / what it must read: minima %.2f  medians %.2f  at most %.2f: %s\n",
      lengths[OPS_AT], minima, measure_median (self->steps[OPS_AT]) * median_rate (self) / all, TOKEN_TARGET,
      minima <= TOKEN_TARGET ? "holds" : "missed");
}

static void
print_ops (const Bench *self)
{
  const guint n = gptvis_plan_n_ops (self->plan), first = gptvis_plan_step_op (self->plan);
  const guint sequences = streams_at_once (self) * self->settings->beams;
  gdouble *bytes = g_new0 (gdouble, n);
  for (guint i = first; i < n; i++) {
    const GptVisOp *op = gptvis_plan_op (self->plan, i);
    bytes[i] = weight_bytes (self->plan, op, sequences, self->decoder->precision) * n_steps (self)
        + state_bytes (self->plan, op, self->settings, lengths[OPS_AT]);
  }
  printf ("\nA step at %u tokens, each operation's least time; GB/s of weights, keys and values:\n",
      lengths[OPS_AT]);
  measure_print_ops (self->plan, first, n, self->op_least, 1, bytes, "GB/s", G_MAXDOUBLE);
  g_free (bytes);
}

static void
print (const Bench *self)
{
  const gboolean several = self->settings->streams > 1;
  print_limit (self);
  print_part ("encoder", self->tower, several ? "all streams' pictures, one batch" : "a picture");
  print_part ("keys and values", self->keys, several ? "of all pictures, for cross-attention"
      : "of the picture, for cross-attention");
  print_part ("caption", self->captions, several
      ? G_STRINGIFY (CAPTION) " tokens for each stream, from pictures to texts"
      : G_STRINGIFY (CAPTION) " tokens, from picture to text");
  print_lengths (self);
  print_undisturbed (self);
  print_token (self);
  if (self->settings->ops)
    print_ops (self);
  if (self->peers)
    caption_peers_print (self->peers, self->captions, measure_has_vnni () ? 0.7 : 0.85);
}

/* ---- one captioner ---- */

static void
start (Bench *self, guint which)
{
  open_model (self, which);
  self->writer = gptvis_model_decoder (self->model, self->settings->beams, NULL);
  self->decoder = self->writer->program;
  self->plan = self->writer->plan;
  for (guint i = 0; i < self->settings->streams; i++) {
    self->pictures[i] = gptvis_model_slot_new (self->model, NULL);
    self->slots[i] = gptvis_program_slot_new (self->decoder, NULL);
    self->captioners[i] = gptvis_client_captioner_new (self->client, NULL);
  }
  self->weights = step_weights (self->plan, streams_at_once (self) * self->settings->beams,
      self->decoder->precision);
  self->memory = measure_reader_new (self->settings->threads, READ_BYTES);
  self->same = measure_reader_new (self->settings->threads, self->weights);
  GArray **times[] = { &self->reads, &self->same_reads, &self->tower, &self->keys, &self->captions };
  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    *times[i] = measure_times_new ();
  for (guint i = 0; i < N_LENGTHS; i++) {
    self->steps[i] = measure_times_new ();
    self->growth[i] = measure_times_new ();
  }
  self->op_least = g_new0 (gint64, gptvis_plan_n_ops (self->plan));
  self->op_run = g_new0 (gint64, gptvis_plan_n_ops (self->plan));
}

static void
end (Bench *self)
{
  for (guint i = 0; i < self->settings->streams; i++) {
    gptvis_captioner_free (self->captioners[i]);
    gptvis_program_slot_free (self->decoder, self->slots[i]);
    gptvis_model_slot_free (self->pictures[i]);
  }
  if (self->peers)
    caption_peers_free (self->peers);
  gptvis_decoder_unref (self->writer);
  gptvis_client_unref (self->client);
  gptvis_model_free (self->model);
  measure_reader_free (self->memory);
  measure_reader_free (self->same);
  GArray *times[] = { self->reads, self->same_reads, self->tower, self->keys, self->captions };
  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    g_array_unref (times[i]);
  for (guint i = 0; i < N_LENGTHS; i++) {
    g_array_unref (self->steps[i]);
    g_array_unref (self->growth[i]);
  }
  g_free (self->op_least);
  g_free (self->op_run);
}

void
bench_captions (const gchar *name, const BenchSettings *settings)
{
  guint n = 0;
  for (guint i = 0; i < G_N_ELEMENTS (captioners); i++) {
    if (name && strcmp (name, captioners[i].name) != 0)
      continue;
    Bench self = { .settings = settings };
    if (n++ > 0)
      printf ("\n");
    start (&self, i);
    print_head (&self, i);
    measure (&self);
    print (&self);
    end (&self);
  }
  if (n == 0)
    measure_die ("the captioner must be vit-base+gpt2-small or small");
}
