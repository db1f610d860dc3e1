/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one door from gst/ into models/: a checkpoint opened, made ready on a
 * backend, and asked what it sees.
 *
 *     GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
 *     options.path = "/srv/vit-base";
 *     GptVisModel *model = gptvis_model_open (&options, &error);
 *     GptVisSlot *slot = gptvis_model_slot_new (model);
 *     gptvis_model_stage (model, slot, &picture, &error);
 *     GptVisRequest request = { .slot = slot, .top_k = 5, .threshold = 0.1 };
 *     gptvis_model_run (model, &request, 1, &error);
 *     … request.result->labels[0].text …
 *     gptvis_result_unref (request.result);
 *     gptvis_model_slot_free (model, slot);
 *     gptvis_model_unref (model);
 *
 * A model is immutable and counted. gptvis_model_open gives the same model to all
 * who ask for the same (real path, modification times, backend, device, precision,
 * threads, …): the registry holds weak references, so the last to leave frees it.
 *
 * Threads: all functions may be called from any thread; a slot is staged or run
 * by one thread at a time. From gptvis_model_begin to _end the model is the caller's: others who
 * begin wait meanwhile. */
#pragma once
#include "result.h"
#include "backend.h"

G_BEGIN_DECLS

typedef enum {
  GPTVIS_TASK_AUTO,             /* all that the checkpoint can do */
  GPTVIS_TASK_LABEL, GPTVIS_TASK_CAPTION, GPTVIS_TASK_BOTH,
} GptVisTask;

typedef struct {
  const gchar *path;            /* checkpoint directory; NULL: the bundled one */
  GptVisTask task;              /* UNSUPPORTED when the checkpoint has no classifier or no decoder for it */
  guint beams;                  /* that a sentence is searched with, 1 … GPTVIS_MAX_BEAMS; 0: as the checkpoint says */
  GptVisProgramOptions program; /* backend, device, precision, threads */
  guint max_batch;              /* pictures of one run at most; 0 is 1 */
  const gchar *labels_file;     /* UTF-8, a label a line, instead of id2label; NULL: none */
  gboolean trace;               /* every hidden state is an output (hidden_states.0 … L); not shared */
} GptVisModelOptions;
#define GPTVIS_MODEL_OPTIONS \
  { .path = NULL, .program = { .precision = GPTVIS_PRECISION_AUTO }, .max_batch = 1 }

typedef struct _GptVisModel GptVisModel;
typedef struct _GptVisCaptioner GptVisCaptioner;        /* captioner.h */

/* Errors: NOT_FOUND (no such directory or file), FORMAT (what is in it),
 * UNSUPPORTED (architecture, precision, backend), LIMIT. */
GptVisModel *gptvis_model_open (const GptVisModelOptions * options, GError ** error);
GptVisModel *gptvis_model_ref (GptVisModel * model);
void gptvis_model_unref (GptVisModel * model);  /* NULL is fine */

const gchar *gptvis_model_name (const GptVisModel * model);             /* directory's name */
const gchar *gptvis_model_path (const GptVisModel * model);             /* real path */
const gchar *gptvis_model_architecture (const GptVisModel * model);     /* "vit", … */
/* The program's: "cpu, avx512, f32, 2 threads". */
const gchar *gptvis_model_description (const GptVisModel * model);
const GptVisPlan *gptvis_model_plan (const GptVisModel * model);
GptVisProgram *gptvis_model_program (GptVisModel * model);              /* for golden-check and benchmarks */
const GptVisRecipe *gptvis_model_recipe (const GptVisModel * model);
gboolean gptvis_model_multi_label (const GptVisModel * model);          /* a sigmoid a label */
gboolean gptvis_model_writes (const GptVisModel * model);               /* captions: captioner.h */
/* The decoder's; NULL when it writes nothing. */
const GptVisPlan *gptvis_model_decoder_plan (const GptVisModel * model);
GptVisProgram *gptvis_model_decoder_program (GptVisModel * model);
guint gptvis_model_n_labels (const GptVisModel * model);                /* 0 when captions alone are its task */
const gchar *gptvis_model_label (const GptVisModel * model, guint id);
guint gptvis_model_n_users (const GptVisModel * model);                 /* how many share it now */

GptVisSlot *gptvis_model_slot_new (GptVisModel * model);
void gptvis_model_slot_free (GptVisModel * model, GptVisSlot * slot);   /* NULL is fine */
gboolean gptvis_model_stage (GptVisModel * model, GptVisSlot * slot, const GptVisPicture * picture,
    GError ** error);

typedef struct {
  GptVisSlot *slot;             /* staged */
  guint top_k;                  /* at most so many labels; 0: all */
  gfloat threshold;             /* and only those that score at least this */
  GptVisCaptioner *captioner;   /* looks at the picture; NULL: none */
  GptVisResult *result;         /* out: owned by the caller, frame fields still empty; NULL after an error */
} GptVisRequest;

/* Runs the requests as batches. A NaN in one picture's logits fails with FORMAT
 * and leaves that request's result NULL; the others have theirs. */
gboolean gptvis_model_run (GptVisModel * model, GptVisRequest * requests, guint n, GError ** error);

/* The same in two halves, of at most max_batch requests: so many batches may be begun by a thread
 * before it ends the first. It ends them in the order in which it began them, each with the
 * requests it was begun with. `begin` fails for all of them, and then there is
 * nothing to end. */
guint gptvis_model_in_flight (const GptVisModel * model);
gboolean gptvis_model_begin (GptVisModel * model, const GptVisRequest * requests, guint n, GError ** error);
gboolean gptvis_model_end (GptVisModel * model, GptVisRequest * requests, guint n, GError ** error);
/* µs that the last batch took by a GPU's own clock; 0: not known. */
gint64 gptvis_model_device_us (const GptVisModel * model);

/* Results. `stream` is copied. The setter is for the one who staged, before the
 * result is shared. */
void gptvis_result_set_frame (GptVisResult * result, const gchar * stream, guint64 frame, guint64 pts,
    guint64 running_time, gint64 time);
GptVisResult *gptvis_result_ref (GptVisResult * result);
/* The same result with that caption, frame fields included. */
GptVisResult *gptvis_result_with_caption (const GptVisResult * result, const GptVisCaption * caption);
void gptvis_result_unref (GptVisResult * result);       /* NULL is fine */
/* One line of JSON without a newline, fields and order as in result.schema.json;
 * age: µs between the analysed frame and the one that carries the result. g_free it. */
gchar *gptvis_result_to_json (const GptVisResult * result, gint64 age);

G_END_DECLS
