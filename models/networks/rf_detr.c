/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RF-DETR: a DINOv2 whose patches are in windows, each with a class token of its own, before the parts of
 * detr.h. With the tensors' names of Roboflow's checkpoints, which Transformers writes too. */
#include "detr.h"
#include "dinov2.h"

#define BACKBONE "backbone.0.encoder.encoder"
#define PROJECTOR "backbone.0.projector.stages.0"

static const GptVisDetrNames names = {
  .backbone_layer = BACKBONE ".encoder.layer.%u",
  .backbone_norm = BACKBONE ".layernorm",
  .record_layer = gptvis_dinov2_record_layer,
  .first = PROJECTOR ".0.cv1",
  .last = PROJECTOR ".0.cv2",
  .block = { PROJECTOR ".0.m.%u.cv1", PROJECTOR ".0.m.%u.cv2" },
  .convolution = "conv",
  .norm = "bn",
  .after = PROJECTOR ".1",
  .output = "transformer.enc_output.0",
  .output_norm = "transformer.enc_output_norm.0",
  .classes = "transformer.enc_out_class_embed.0",
  .boxes = "transformer.enc_out_bbox_embed.0",
  .queries = "query_feat.weight",
  .references = "refpoint_embed.weight",
  .decoder_norm = "transformer.decoder.norm",
  .positions = "transformer.decoder.ref_point_head",
  .final_classes = "class_embed",
  .final_boxes = "bbox_embed",
  .layer = "transformer.decoder.layers.%u",
  .norms = { "norm1", "norm2", "norm3" },
  .mlp = { "linear1", "linear2" },
  .attention_out = "out_proj",
  .fused = TRUE,
};

/* Patches with their positions, window by window, the class token before each. */
static GptVisTensorId
record_embeddings (
    GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe, GptVisGrid grid)
{
  const guint d = config->hidden_size, p = config->patch_size, windows = config->detector.windows;
  const guint rows_in = config->image_height / p, columns_in = config->image_width / p;
  static const gchar table[] = BACKBONE ".embeddings.position_embeddings";
  const GptVisWeightPart first = { table, 0, 1 }, stored = { table, 1, rows_in * columns_in };
  GptVisTensorId patches = gptvis_record_patches (plan, config, recipe, BACKBONE ".embeddings");
  GptVisTensorId position = gptvis_plan_weight_stack (plan, 1, d, &first, 1);
  GptVisTensorId positions = gptvis_plan_weight_stack (plan, stored.rows, d, &stored, 1);
  if (rows_in != grid.rows || columns_in != grid.columns)
    positions = gptvis_plan_resample (plan, positions, rows_in, columns_in, grid.rows, grid.columns, TRUE);
  const GptVisRowsPart token
      = { gptvis_plan_weight (plan, BACKBONE ".embeddings.cls_token", 1, d), 0, 1, position, 0 };
  const GptVisRowsPart placed = { patches, 0, grid.rows * grid.columns, positions, 0 };
  /* The network was trained with the sides exchanged here, which shows only where they differ. */
  return gptvis_plan_windows (plan, gptvis_plan_rows (plan, &placed, 1), gptvis_plan_rows (plan, &token, 1),
      (GptVisGrid) { grid.columns, grid.rows }, windows);
}

void
gptvis_rf_detr_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs)
{
  const GptVisGrid grid = gptvis_record_grid (config, recipe);
  gptvis_detr_record (plan, config, record_embeddings (plan, config, recipe, grid), grid, &names, outputs);
}
