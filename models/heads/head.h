/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A head turns a model's outputs into a part of the result for one client. To ask a new thing of
 * models: a file here that fills this table, and a line in client.c.
 *
 * Threads: as the client's. */
#pragma once
#include "client.h"
#include "draft.h"
#include "labels.h"

G_BEGIN_DECLS

/* One picture's outputs, and the draft that a head writes its part of the result into. Texts that the head's
 * part points to are the head's, valid until its next `read`. */
typedef struct {
  const GptVisRequest *request;
  guint top_k;                  /* as gptvis_client_read has them */
  gfloat threshold;
  GptVisDraft *draft;
} GptVisReading;

typedef struct {
  const gchar *name;            /* of its part of the result: "labels" */
  GptVisOutputs outputs;        /* that it reads */
  /* Makes its state for one client, once the model has those outputs; NULL with an error. */
  gpointer (*open) (GptVisModel *model, const GptVisClientOptions *options, GError **error);
  void (*close) (gpointer head);
  /* Writes its part of the result; NULL: it comes later. */
  void (*read) (gpointer head, const GptVisReading *reading);
} GptVisHead;

extern const GptVisHead gptvis_labels_head;     /* labels.c */
extern const GptVisHead gptvis_caption_head;    /* caption.c */
extern const GptVisHead gptvis_boxes_head;      /* boxes.c */
extern const GptVisHead gptvis_embedding_head;  /* embedding.c */

/* Functions of one head alone. */
GptVisCaptioner *gptvis_caption_head_captioner_new (gpointer head, GError **error);
guint gptvis_labels_head_read_region (gpointer head, const GptVisRequest *request, GptVisLabel *labels,
    guint max);
gfloat gptvis_labels_head_threshold (gconstpointer head, gfloat threshold);
gboolean gptvis_labels_head_names_regions (gconstpointer head);
const GptVisLabelTexts *gptvis_labels_head_texts (gconstpointer head);
gfloat gptvis_boxes_head_threshold (gfloat threshold);
const GptVisLabelTexts *gptvis_boxes_head_texts (gconstpointer head);

G_END_DECLS
