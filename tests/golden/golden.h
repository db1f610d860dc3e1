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
  gdouble tensors, scores, boxes;       /* tolerances */
  guint beams;                  /* sentences found with more may differ */
  gboolean torchvision;         /* made pixel_values */
  gboolean told_pixels;         /* of a detector, whose pictures are staged for each of its paths */
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

/* Of the 0–255 scale before normalisation: one step, as Pillow rounds to 8 bits
 * after each pass and a value may lie at the edge; a hair more for f32 itself. */
#define PIXEL_TOLERANCE (1.001 / 255)

/* pictures/i.png; its pixels are the caller's, NULL after a miss. */
guint8 *read_png (Check *c, guint i, GptVisPicture *picture);
/* Stages it; FALSE after a miss. */
gboolean stage_png (Check *c, GptVisModel *model, GptVisModelSlot *slot, guint i);
/* How pictures in the slot are made. */
const GptVisRecipe *slot_recipe (GptVisModelSlot *slot);
/* Between a slot's rows and an image in planes. */
void copy_rows (GptVisModel *model, GptVisModelSlot *slot, float *planes, gboolean to_rows);
/* The differences so far of what is staged from pixel_values: the largest, in parts of 255 steps, and how
 * many of n are above PIXEL_TOLERANCE. */
typedef struct {
  gdouble largest;
  gsize above, n;
} Pixels;
void compare_staged (GptVisModel *model, GptVisModelSlot *slot, const float *want, Pixels *pixels);
/* What is allowed of them: of torchvision's, which rounds in other places than Pillow, one in a thousand may
 * be two steps off. */
gdouble pixel_tolerance (const Check *c, const Pixels *pixels);
/* Staging against pixel_values. */
void check_staging (Check *c, GptVisModel *model, const float *want);

/* One slot for each picture, filled with the stored pixel_values. */
GptVisModelSlot **fill_slots (Check *c, GptVisModel *model, const float *pixel_values);
void free_slots (Check *c, GptVisModelSlot **slots);
/* Runs them as one batch; FALSE after a miss. */
gboolean run_slots (Check *c, GptVisModel *model, GptVisModelSlot **slots);

/* The directory's model with all outputs that it has, hidden states only if asked for; NULL after a miss. */
GptVisModel *open_model (Check *c, gboolean trace);

/* A detector (detections.c); and how many pictures have pixel_values of their own. */
void check_detections (Check *c, GptVisModel *traced, GptVisModel *shipped);
guint count_pictures_apart (const GptVisContainer *expected);

/* A checkpoint that writes: logits of given words, and sentences (captions.c). */
void check_captions (Check *c, GptVisModel *model, const float *pixel_values);

G_END_DECLS
