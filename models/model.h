/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A model: a checkpoint's weights and the programs made of them, which all streams share that use the
 * same files, backend, device, precision and threads. It knows pictures and raw outputs; what a stream
 * asks of them, and what becomes of them, is its client's (client.h).
 *
 *     GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
 *     options.path = "/srv/vit-base";
 *     GptVisModel *model = gptvis_model_open (&options, &error);
 *     gptvis_model_need (model, GPTVIS_OUTPUT_SCORES, &error);
 *     GptVisModelSlot *slot = gptvis_model_slot_new (model, &error);
 *     gptvis_model_stage (model, slot, &picture, &error);
 *     GptVisRequest request = { .slot = slot, .outputs = GPTVIS_OUTPUT_SCORES };
 *     gptvis_model_run (model, &request, 1, &error);
 *     … request.scores[0] …
 *     gptvis_model_slot_free (slot);
 *     gptvis_model_free (model);
 *
 * Nothing is computed that nobody needs: the plan is cut to the outputs that were asked for, and made
 * again when somebody needs more. Pictures that were staged before still run on the old plan.
 *
 * A network whose pictures follow the camera's proportions has a program for each size, made when the first
 * picture of that size is staged; of sizes that no slot holds any more the last few are kept.
 *
 * Threads: all functions may be called from any thread, but one thread at a time begins and ends
 * batches, and a slot is staged or run by one thread at a time. */
#pragma once
#include "decoder.h"

G_BEGIN_DECLS

typedef struct {
  const gchar *path;            /* checkpoint directory, or name on the Hub; NULL: the bundled one */
  GptVisProgramOptions program; /* backend, device, precision, threads */
  guint max_batch;              /* pictures of one run at most; 0 is 1 */
} GptVisModelOptions;
#define GPTVIS_MODEL_OPTIONS \
  { .path = NULL, .program = { .precision = GPTVIS_PRECISION_AUTO }, .max_batch = 1 }

typedef struct _GptVisModel GptVisModel;
typedef struct _GptVisModelSlot GptVisModelSlot;

/* Reads the checkpoint; programs are made when they are needed. Errors: NOT_FOUND (no such directory or
 * file), FORMAT (what is in it), UNSUPPORTED (architecture), LIMIT. */
GptVisModel *gptvis_model_open (const GptVisModelOptions *options, GError **error);
/* NULL is fine. Its slots and clients are freed before. */
void gptvis_model_free (GptVisModel *model);
/* Equal for options that mean the same model: real path, modification times, backend, device, precision,
 * threads, batch. g_free it; NULL with NOT_FOUND. */
gchar *gptvis_model_key (const GptVisModelOptions *options, GError **error);

/* Pictures that are staged from now on have these outputs, too. FALSE with the errors of
 * gptvis_model_open or UNSUPPORTED (precision, backend); then nothing has changed. */
gboolean gptvis_model_need (GptVisModel *model, GptVisOutputs outputs, GError **error);
/* The decoder for captions with `beams` beams (0: as the checkpoint says), after gptvis_model_need has
 * asked for GPTVIS_OUTPUT_TOKENS. A reference, which must not outlive the model; NULL with the same
 * errors. */
GptVisDecoder *gptvis_model_decoder (GptVisModel *model, guint beams, GError **error);

const gchar *gptvis_model_name (const GptVisModel *model);             /* directory's name, or the Hub's */
const gchar *gptvis_model_path (const GptVisModel *model);             /* real path */
const GptVisConfiguration *gptvis_model_configuration (const GptVisModel *model);
/* The checkpoint's, which may let pictures of other proportions have other sizes. */
const GptVisRecipe *gptvis_model_recipe (const GptVisModel *model);
/* The program's: "cpu, avx512, f32, 2 threads"; "" before anything is needed. g_free it. */
gchar *gptvis_model_description (GptVisModel *model);
guint gptvis_model_threads (GptVisModel *model);       /* that compute */
/* For golden-check and benchmarks: NULL before anything is needed; valid until something more is, or a
 * picture of another size is staged. */
const GptVisPlan *gptvis_model_plan (GptVisModel *model);
GptVisProgram *gptvis_model_program (GptVisModel *model);

/* After gptvis_model_need. NULL with LIMIT when there is no memory. */
GptVisModelSlot *gptvis_model_slot_new (GptVisModel *model, GError **error);
void gptvis_model_slot_free (GptVisModelSlot *slot);   /* NULL is fine */
/* Reads the picture, whose memory is not needed afterwards. */
gboolean gptvis_model_stage (GptVisModel *model, GptVisModelSlot *slot, const GptVisPicture *picture,
    GError **error);
/* Instead of staging: the input's rows (gptvis_program_slot_rows), for the caller to write, of a picture as
 * large as the last that was staged in the slot. NULL: no memory. */
float *gptvis_model_slot_rows (GptVisModel *model, GptVisModelSlot *slot);
/* For what is in the slot; valid as long as that stays there. */
const GptVisPlan *gptvis_model_slot_plan (const GptVisModelSlot *slot);
GptVisProgram *gptvis_model_slot_program (const GptVisModelSlot *slot);

typedef struct {
  GptVisModelSlot *slot;        /* staged */
  GptVisOutputs outputs;        /* that are asked for, and were needed when it was staged */
  gboolean ran;                 /* out: FALSE after an error, and then there are no outputs */
  /* Out, of this picture, those that were asked for. Valid until the next batch is begun. */
  const float *logits, *scores; /* [labels] each; of a detector [n_boxes, n_scores], the labels' first */
  const float *boxes;           /* of a detector: [n_boxes, 4], see architectures.h */
  guint n_boxes, n_scores;
  const float *tokens;          /* [rows, hidden_size] */
  const float *embedding;       /* [n_embedding], as the checkpoint pools it, of any length */
  guint n_embedding;
  gint64 analysis;              /* µs that the batch took */
} GptVisRequest;

/* Runs the requests as one batch, of at most max_batch. A NaN in one picture's outputs fails with FORMAT
 * and leaves that request's NULL; the others have theirs. In two halves, up to
 * gptvis_model_in_flight batches may be begun before the first is ended. They are ended in the order in which
 * they were begun, each with its own requests. When `begin` fails, it fails for all requests, and there is
 * nothing to end. */
gboolean gptvis_model_run (GptVisModel *model, GptVisRequest *requests, guint n, GError **error);
guint gptvis_model_in_flight (GptVisModel *model);
gboolean gptvis_model_begin (GptVisModel *model, const GptVisRequest *requests, guint n, GError **error);
gboolean gptvis_model_end (GptVisModel *model, GptVisRequest *requests, guint n, GError **error);
/* µs that the last batch took by a GPU's own clock; 0: not known. */
gint64 gptvis_model_device_us (GptVisModel *model);

G_END_DECLS
