/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What LW-DETR and RF-DETR share: a backbone some of whose layers look window by window and some of whose
 * states are read, a projector of small convolutions, and a decoder in two stages. The best places of the
 * grid become boxes, and each decoder layer looks around these at the grid. After "LW-DETR: A Transformer
 * Replacement to YOLO for Real-Time Detection", "RF-DETR" and "Deformable DETR", with the arithmetic of
 * Transformers' modeling_lw_detr.py. */
#pragma once
#include "record.h"

G_BEGIN_DECLS

/* What its checkpoints and its backbone are like. Tensors are called by beginnings of their names or by whole
 * ones; "%u" is the number of a block or layer. */
typedef struct {
  /* A layer of the backbone, and the norm of the states that are read of it, where there is one.
   * `record_layer` records the layer of that name; windows: of its attention, 0 is none. */
  const gchar *backbone_layer, *backbone_norm;
  GptVisTensorId (*record_layer) (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x,
      guint windows, const gchar *layer);
  /* The projector: 1×1 convolutions before and after the blocks, a block's two, how their parts are called,
   * and the norm of all. */
  const gchar *first, *last, *block[2], *convolution, *norm, *after;
  /* The first stage. */
  const gchar *output, *output_norm, *classes, *boxes;
  /* What the second stage begins with, its norm, the MLP of positions, and its heads. */
  const gchar *queries, *references, *decoder_norm, *positions, *final_classes, *final_boxes;
  /* A layer: its name and those in it. Queries, keys and values are one tensor, or three. */
  const gchar *layer, *norms[3], *mlp[2], *attention_out;
  gboolean fused;
  gboolean statistics;          /* norms of the projector have running statistics */
} GptVisDetrNames;

/* From the embedded patches, in the order of the configuration's windows, to the outputs of a detector. */
void gptvis_detr_record (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId embeddings,
    GptVisGrid grid, const GptVisDetrNames *names, GptVisOutputs outputs);

G_END_DECLS
