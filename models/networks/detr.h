/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What LW-DETR and RF-DETR share after their backbones: a projector of small convolutions, and a decoder in
 * two stages. The best places of the grid become boxes, and each decoder layer looks around these at the
 * grid. After "LW-DETR: A Transformer Replacement to YOLO for Real-Time Detection", "RF-DETR" and "Deformable
 * DETR", with the arithmetic of Transformers' modeling_lw_detr.py. */
#pragma once
#include "record.h"

G_BEGIN_DECLS

/* How a checkpoint's tensors are called: beginnings or whole names. "%u" is the number of a block or layer.
 */
typedef struct {
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

/* From the stages of the backbone side by side, in the order of the configuration's windows, to the outputs
 * of a detector. */
void gptvis_detr_record (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId stages,
    GptVisGrid grid, const GptVisDetrNames *names, GptVisOutputs outputs);

/* Number l of the layers whose attention is window by window. */
gboolean gptvis_detr_is_windowed (const GptVisConfiguration *config, guint l);

/* How many layers of the backbone are read: those after them are not recorded. */
guint gptvis_detr_n_layers (const GptVisConfiguration *config);

G_END_DECLS
