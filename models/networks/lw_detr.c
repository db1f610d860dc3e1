/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LW-DETR: a plain ViT whose patches are in windows, before the parts of detr.h. With the tensors' names of
 * Transformers' modeling_lw_detr.py. */
#include "detr.h"

#define BACKBONE "model.backbone.backbone"
#define PROJECTOR "model.backbone.projector.scale_layers.0"

/* Patches with their positions, window by window. The table's first row is of a class token that is not
 * there. */
static GptVisTensorId
record_embeddings (
    GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe, GptVisGrid grid)
{
  const guint d = config->hidden_size, p = config->patch_size;
  const guint rows_in = config->image_height / p, columns_in = config->image_width / p;
  GptVisTensorId x = gptvis_plan_patches (plan, recipe, p);
  x = gptvis_record_linear (plan, x, BACKBONE ".embeddings.projection", 3 * p * p, d, NULL);
  if (config->detector.positions) {
    const GptVisWeightPart stored = { BACKBONE ".embeddings.position_embeddings", 1, rows_in * columns_in };
    GptVisTensorId positions = gptvis_plan_weight_stack (plan, stored.rows, d, &stored, 1);
    if (rows_in != grid.rows || columns_in != grid.columns)
      positions = gptvis_plan_resample (plan, positions, rows_in, columns_in, grid.rows, grid.columns, FALSE);
    x = gptvis_plan_rows (plan, &(GptVisRowsPart) { x, 0, grid.rows * grid.columns, positions, 0 }, 1);
  }
  return gptvis_plan_windows (plan, x, GPTVIS_NO_TENSOR, grid, config->detector.windows);
}

static GptVisTensorId
record_layer (
    GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, guint windows, const gchar *layer)
{
  gchar name[GPTVIS_NAME_SIZE];
  const guint d = config->hidden_size, f = config->intermediate_size;
  GptVisTensorId n = gptvis_record_norm (plan, x, gptvis_record_name (name, "%s.layernorm_before", layer), d,
      config->epsilon);
  GptVisTensorId scale = gptvis_plan_weight (plan, gptvis_record_name (name, "%s.gamma_1", layer), 1, d);
  n = gptvis_record_keyless_attention (plan, config, n, windows, GPTVIS_NO_TENSOR,
      gptvis_record_name (name, "%s.attention", layer));
  x = gptvis_record_linear (plan, n, gptvis_record_name (name, "%s.attention.output", layer), d, d,
      GPTVIS_LINEAR (.scale = scale, .residual = x));
  n = gptvis_record_norm (
      plan, x, gptvis_record_name (name, "%s.layernorm_after", layer), d, config->epsilon);
  GptVisTensorId h = gptvis_record_linear (plan, n, gptvis_record_name (name, "%s.intermediate.fc1", layer),
      d, f, GPTVIS_LINEAR (.act = config->act));
  scale = gptvis_plan_weight (plan, gptvis_record_name (name, "%s.gamma_2", layer), 1, d);
  return gptvis_record_linear (plan, h, gptvis_record_name (name, "%s.intermediate.fc2", layer), f, d,
      GPTVIS_LINEAR (.scale = scale, .residual = x));
}

static const GptVisDetrNames names = {
  .backbone_layer = BACKBONE ".encoder.layer.%u",
  .record_layer = record_layer,
  .first = PROJECTOR ".projector_layer.conv1",
  .last = PROJECTOR ".projector_layer.conv2",
  .block
  = { PROJECTOR ".projector_layer.bottlenecks.%u.conv1", PROJECTOR ".projector_layer.bottlenecks.%u.conv2" },
  .convolution = "conv",
  .norm = "norm",
  .after = PROJECTOR ".layer_norm",
  .output = "model.enc_output.0",
  .output_norm = "model.enc_output_norm.0",
  .classes = "model.enc_out_class_embed.0",
  .boxes = "model.enc_out_bbox_embed.0",
  .queries = "model.query_feat.weight",
  .references = "model.reference_point_embed.weight",
  .decoder_norm = "model.decoder.layernorm",
  .positions = "model.decoder.ref_point_head",
  .final_classes = "class_embed",
  .final_boxes = "bbox_embed",
  .layer = "model.decoder.layers.%u",
  .norms = { "self_attn_layer_norm", "cross_attn_layer_norm", "layer_norm" },
  .mlp = { "mlp.fc1", "mlp.fc2" },
  .attention_out = "o_proj",
  .statistics = TRUE,
};

void
gptvis_lw_detr_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs)
{
  const GptVisGrid grid = gptvis_record_grid (config, recipe);
  gptvis_detr_record (plan, config, record_embeddings (plan, config, recipe, grid), grid, &names, outputs);
}
