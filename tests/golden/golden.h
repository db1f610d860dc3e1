/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What golden-check's files share: a directory that is being checked, how a miss is
 * told, and pictures and pixel_values as a model's input. */
#pragma once
#include "client.h"
#include "json.h"
#include "safetensors.h"

G_BEGIN_DECLS

typedef struct {
  const gchar *path;
  gchar *name;
  GptVisProgramOptions program;
  GptVisContainer *expected;
  guint n_pictures;             /* of a network of moments: frames, of one moment */
  gdouble tensors, scores;      /* tolerances */
  guint beams;                  /* sentences found with more may differ */
  guint misses;
} Check;

void miss (Check *c, const gchar *format, ...) G_GNUC_PRINTF (2, 3);
void report (Check *c, const gchar *tensor, gdouble error, gdouble tolerance);

/* Largest difference of n values so far, and the tensor's largest magnitude. */
typedef struct {
  gdouble difference, magnitude;
} Error;

void compare (Error *e, const float *got, const float *want, gsize n);
gdouble relative (const Error *e);

/* An f32 tensor with n elements for each picture, or NULL after a miss. */
const float *expect (Check *c, const gchar *name, gsize n);

/* Staging against pixel_values, on the 0–255 scale. */
void check_staging (Check *c, GptVisModel *model, const float *want);

/* One slot for each picture, filled with the stored pixel_values. */
GptVisModelSlot **fill_slots (Check *c, GptVisModel *model, const float *pixel_values);
void free_slots (Check *c, GptVisModelSlot **slots);
/* Runs them as one batch; FALSE after a miss. */
gboolean run_slots (Check *c, GptVisModel *model, GptVisModelSlot **slots);

/* The directory's model with all outputs that it has, hidden states only if asked for; NULL after a miss. */
GptVisModel *open_model (Check *c, gboolean trace);

/* A checkpoint that writes: logits of given words, and sentences (captions.c). */
void check_captions (Check *c, GptVisModel *model, const float *pixel_values);

G_END_DECLS
