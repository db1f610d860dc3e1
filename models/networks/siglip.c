/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SigLIP's picture tower with a classifier on the mean of the patches, after "Sigmoid Loss for Language Image
 * Pre-Training", with the tensors' names of Transformers' modeling_siglip.py: CLIP's tower without a class
 * token. (SigLIP 2 with pictures of one size is the same network.) */
#include "clip.h"

void
gptvis_siglip_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs)
{
  static const GptVisClipTower tower = { .prefix = "vision_model", .positions = "position_embedding.weight",
    .patch_bias = TRUE, .patches_alone = TRUE };
  const guint n = (config->image_height / config->patch_size) * (config->image_width / config->patch_size);
  GptVisTensorId x = gptvis_clip_record_tower (plan, config, recipe, &tower, outputs);
  x = gptvis_plan_pool (plan, x, &(GptVisPoolPart) { 0, n }, 1);
  gptvis_record_scores (plan, config, gptvis_record_linear (plan, x, "classifier", config->hidden_size,
      config->n_labels, NULL));
}
