/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client: what one stream asks of a model, and what it makes of the outputs. It is cheap and private:
 * streams with other tasks, labels or beams share one model.
 *
 *     GptVisClientOptions options = { .task = GPTVIS_TASK_LABEL };
 *     GptVisClient *client = gptvis_client_new (model, &options, &error);
 *     GptVisRequest request = { .slot = slot, .outputs = gptvis_client_outputs (client) };
 *     gptvis_model_run (model, &request, 1, &error);
 *     GptVisResult *result = gptvis_client_read (client, &request, 5, 0.1);
 *     … result->labels[0].text …
 *
 * Each thing that can be asked has a head (heads/head.h). A client is counted and never changes: a picture
 * under way keeps its client while the stream already has another.
 *
 * Threads: any may count; all that use it read (gptvis_client_read) in one thread. */
#pragma once
#include "captioner.h"
#include "model.h"
#include "result.h"

G_BEGIN_DECLS

typedef enum {
  GPTVIS_TASK_AUTO,             /* labels where the checkpoint has a classifier, or of the regions that a
                                 * detector finds; else captions; else the embedding */
  GPTVIS_TASK_LABEL, GPTVIS_TASK_CAPTION, GPTVIS_TASK_BOTH,
} GptVisTask;

typedef struct {
  GptVisTask task;
  const gchar *labels_file;     /* UTF-8, a label a line, instead of id2label; NULL: none */
  guint beams;                  /* beam width of captions, 1 … GPTVIS_MAX_BEAMS; 0: as the checkpoint says */
  guint max_regions;            /* of a detector: at most so many, the best; 0: all that score enough */
  const gchar *region_labels;   /* those that a part of a picture may have, with commas between; NULL: as the
                                 * checkpoint says, else all */
  gboolean embedding;           /* the picture's vector as well */
} GptVisClientOptions;

typedef struct _GptVisClient GptVisClient;

/* Asks the model for the outputs that it reads; the model must outlive it. Errors: those of gptvis_model_need
 * and of the labels' file, UNSUPPORTED when the checkpoint has no classifier or no decoder for the task, or
 * no embedding. */
GptVisClient *gptvis_client_new (GptVisModel *model, const GptVisClientOptions *options, GError **error);
GptVisClient *gptvis_client_ref (GptVisClient *client);
void gptvis_client_unref (GptVisClient *client);       /* NULL is fine */

GptVisOutputs gptvis_client_outputs (const GptVisClient *client);      /* that it reads */
guint gptvis_client_n_labels (const GptVisClient *client);     /* regions' too; 0: it asks for none */
const gchar *gptvis_client_label (const GptVisClient *client, guint id);       /* NULL: no such */
gboolean gptvis_client_finds_boxes (const GptVisClient *client);        /* results have the model's regions */
gboolean gptvis_client_writes (const GptVisClient *client);     /* it asks for captions */
/* A captioner for one stream; NULL with LIMIT when there is no memory, and without an error when the
 * client asks for no captions. */
GptVisCaptioner *gptvis_client_captioner_new (GptVisClient *client, GError **error);

/* The result of a request that was run without an error; its frame fields are still empty. top_k: at most so
 * many labels, of a detector for each region, 0: all; threshold: only labels that score at least this, below
 * 0: what suits the model. */
GptVisResult *gptvis_client_read (GptVisClient *client, const GptVisRequest *request, guint top_k,
    gfloat threshold);
/* Is it said which of the labels that it asks for a part of a picture may have? */
gboolean gptvis_client_names_region_labels (const GptVisClient *client);
/* What a label must score to be told, for a threshold as gptvis_client_read has it. */
gfloat gptvis_client_threshold (const GptVisClient *client, gfloat threshold);
/* Does it ask for labels that a part of a picture can have, as gptvis_client_read_region reads them? */
gboolean gptvis_client_reads_regions (const GptVisClient *client);
/* What it makes of a request that is a part of a picture: the labels that such a part may have, best
 * first, at most `max`, whatever they score. Returns how many; 0 where it asks for no labels. Texts are
 * the client's. */
guint gptvis_client_read_region (GptVisClient *client, const GptVisRequest *request, GptVisLabel *labels,
    guint max);

G_END_DECLS
