/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ViTs that tests/bench knows by name, and what a run of one needs (network.h). */
#include "network.h"
#include "measure.h"
#include <string.h>

const BenchNetwork bench_networks[BENCH_N_NETWORKS] = {
  {"vit-tiny", {12, 192, 3, 224, 16, 1000}},
  {"vit-small", {12, 384, 6, 224, 16, 1000}},
  {"vit-base", {12, 768, 12, 224, 16, 1000}},
  {"vit-large", {24, 1024, 16, 224, 16, 1000}},
};

const BenchNetwork *
bench_network_find (const gchar *name)
{
  for (guint i = 0; i < BENCH_N_NETWORKS; i++)
    if (strcmp (bench_networks[i].name, name) == 0)
      return &bench_networks[i];
  measure_die ("the network must be one of vit-tiny, vit-small, vit-base or vit-large");
}

/* As published, less the labels' texts; a picture of 1920 × 1080 has 1,893 rows in the first. */
static const BenchDetector detectors[] = {
  {"yolos-tiny", "{\"model_type\":\"yolos\",\"hidden_size\":192,\"num_hidden_layers\":12,"
      "\"num_attention_heads\":3,\"intermediate_size\":768,\"image_size\":[800,1333],"
      "\"use_mid_position_embeddings\":false,\"num_labels\":91}",
      "{\"size\":{\"shortest_edge\":%u,\"longest_edge\":1333}}", 512},
  {"rf-detr-nano", "{\"model_type\":\"rf_detr\",\"decoder_layers\":2,\"decoder_n_points\":2,"
      "\"num_labels\":91,"
      "\"backbone_config\":{\"model_type\":\"rf_detr_dinov2\",\"hidden_size\":384,"
      "\"num_attention_heads\":6,\"num_hidden_layers\":12,"
      "\"patch_size\":16,\"image_size\":384,\"num_windows\":2,\"out_indices\":[3,6,9,12]}}",
      "{\"size\":{\"height\":%u,\"width\":%u}}", 384},
};

const BenchDetector *
bench_detector_find (const gchar *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (detectors); i++)
    if (strcmp (detectors[i].name, name) == 0)
      return &detectors[i];
  return NULL;
}

gchar *
bench_detector_write (const BenchDetector *detector, guint side)
{
  gchar **parts = g_strsplit (detector->preprocessor, "%u", -1);
  gchar *number = g_strdup_printf ("%u", side ? side : detector->side);
  gchar *preprocessor = g_strjoinv (number, parts);
  GError *error = NULL;
  gchar *directory = random_checkpoint_write_texts (detector->config, preprocessor, &error);
  if (!directory)
    measure_die (error->message);
  g_strfreev (parts);
  g_free (number);
  g_free (preprocessor);
  return directory;
}

void
bench_noise (float *x, gsize n)
{
  guint32 state = 1;
  for (gsize i = 0; i < n; i++) {
    state = state * 1664525u + 1013904223u;
    x[i] = (state >> 8) * (1.0f / (1 << 24));
  }
}

static void
fill_slots (BenchRun *self)
{
  const GptVisTensor *input = gptvis_plan_tensor (self->plan, gptvis_plan_input_id (self->plan));
  const gsize n = (gsize) input->rows * input->width;
  float *x = g_new (float, n * self->batch);
  bench_noise (x, n * self->batch);
  for (guint i = 0; i < self->batch; i++) {
    self->slots[i] = gptvis_program_slot_new (self->program, NULL);
    memcpy (gptvis_program_slot_rows (self->program, self->slots[i]), x + i * n, n * sizeof (float));
  }
  g_free (x);
}

BenchRun
bench_run_new (const gchar *directory, const GptVisProgramOptions *program, guint batch)
{
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  BenchRun self = { .batch = batch };
  GError *error = NULL;
  options.path = directory;
  options.program = *program;
  options.max_batch = batch;
  self.model = gptvis_model_open (&options, &error);
  if (!self.model || !gptvis_model_need (self.model,
          gptvis_architecture_outputs (gptvis_model_configuration (self.model)), &error))
    measure_die (error->message);
  self.program = gptvis_model_program (self.model);
  self.plan = gptvis_model_plan (self.model);
  for (guint i = 0; i < gptvis_plan_n_ops (self.plan); i++)
    self.flops += gptvis_plan_op_flops (self.plan, i) * batch;
  fill_slots (&self);
  return self;
}

void
bench_run_free (BenchRun *self)
{
  for (guint i = 0; i < self->batch; i++)
    gptvis_program_slot_free (self->program, self->slots[i]);
  gptvis_model_free (self->model);
}

gint64
bench_run (BenchRun *self)
{
  GError *error = NULL;
  const gint64 start = measure_now ();
  if (!gptvis_program_submit (self->program, self->slots, self->batch, &error)
      || !gptvis_program_wait (self->program, &error))
    measure_die (error->message);
  return measure_now () - start;
}

const float *
bench_run_logits (const BenchRun *self, guint picture)
{
  return gptvis_program_output (self->program, gptvis_plan_find (self->plan, "logits"), picture);
}
