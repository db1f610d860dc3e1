/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The classifiers that tests/bench times: ViTs of the well-known sizes with random weights,
 * opened as real checkpoints by the door that elements use, so that peers can read the same. */
#pragma once
#include "model.h"
#include "random-checkpoint.h"

typedef struct {
  const gchar *name;
  RandomVit vit;                /* at 224/16 */
} BenchNetwork;

#define BENCH_N_NETWORKS 4u
extern const BenchNetwork bench_networks[BENCH_N_NETWORKS];

/* A detector: what its files say, %u: a side. NULL: there is none of that name. */
typedef struct {
  const gchar *name, *config, *preprocessor;
  guint side;
} BenchDetector;
const BenchDetector *bench_detector_find (const gchar *name);
/* Its checkpoint for pictures of `side`, or, with 0, of its own; ends the program where there is none. */
gchar *bench_detector_write (const BenchDetector *detector, guint side);

/* Ends the program when there is none of that name. */
const BenchNetwork *bench_network_find (const gchar *name);

/* A network made ready to run on a batch of one picture of noise or more. */
typedef struct {
  GptVisModel *model;
  GptVisProgram *program;
  const GptVisPlan *plan;
  guint batch;
  GptVisSlot *slots[64];        /* one a picture */
  gdouble flops;                /* of a run: of the whole batch */
} BenchRun;

/* Opens the checkpoint's directory (random_checkpoint_write) with `batch` pictures at most and as
 * many in each run. */
BenchRun bench_run_new (const gchar *directory, const GptVisProgramOptions *options, guint batch);
void bench_run_free (BenchRun *run);
gint64 bench_run (BenchRun *run);      /* once; ns */
const float *bench_run_logits (const BenchRun *run, guint picture);

/* Noise from 0 to 1: what each run's pictures are, one after the other. */
void bench_noise (float *x, gsize n);
