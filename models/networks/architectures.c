/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table itself, and what is common to all: checking that pictures fit the positions,
 * and finishing what was recorded. */
#include "configuration-private.h"
#include <string.h>

static const GptVisArchitecture architectures[] = {
  { .model_type = "beit", .image_size = 224, .patch_size = 16, .act = "gelu", .epsilon = 1e-12,
    .embeds = TRUE, .read = gptvis_configuration_read_beit, .record = gptvis_beit_record},
  { .model_type = "blip", .image_size = 384, .patch_size = 16, .act = "gelu", .epsilon = 1e-5,
    .tower = "vision_config", .decoder = "text_config", .class_name = "BlipForConditionalGeneration",
    .vocabulary = 30524, .n_positions = 512, .n_layers = 12, .n_heads = 8, .bos = 30522, .eos = 102,
    .own_tokens = TRUE, .embeds = TRUE, .record = gptvis_blip_record,
    .record_decoder = gptvis_blip_record_decoder},
  { .model_type = "clip", .image_size = 224, .patch_size = 32, .act = "quick_gelu", .epsilon = 1e-5,
    .backbone = "vision_config", .usual_backbone = "{}", .embeds = TRUE, .record = gptvis_clip_record},
  { .model_type = "clip_vision_model", .image_size = 224, .patch_size = 32, .act = "quick_gelu",
    .epsilon = 1e-5, .embeds = TRUE, .record = gptvis_clip_record},
  { .model_type = "data2vec-vision", .image_size = 224, .patch_size = 16, .act = "gelu", .epsilon = 1e-12,
    .embeds = TRUE, .read = gptvis_configuration_read_beit, .record = gptvis_data2vec_vision_record},
  { .model_type = "deit", .image_size = 224, .patch_size = 16, .act = "gelu", .epsilon = 1e-12,
    .encodes = TRUE, .embeds = TRUE, .pooler = "deit.pooler.dense", .record = gptvis_deit_record},
  { .model_type = "dinov2", .image_size = 224, .patch_size = 14, .act = "gelu", .epsilon = 1e-6,
    .mlp_ratio = TRUE, .interpolates = TRUE, .embeds = TRUE, .record = gptvis_dinov2_record},
  { .model_type = "dinov2_with_registers", .image_size = 224, .patch_size = 16,
    .act = "gelu", .epsilon = 1e-6, .mlp_ratio = TRUE, .registers = TRUE, .interpolates = TRUE,
    .embeds = TRUE, .record = gptvis_dinov2_record},
  { .model_type = "dinov3_vit", .image_size = 224, .patch_size = 16, .act = "gelu", .epsilon = 1e-5,
    .interpolates = TRUE, .embeds = TRUE, .read = gptvis_configuration_read_dinov3,
    .record = gptvis_dinov3_vit_record},
  { .model_type = "git", .image_size = 224, .patch_size = 16, .act = "quick_gelu", .epsilon = 1e-5,
    .tower = "vision_config", .class_name = "GitForCausalLM",
    .vocabulary = 30522, .n_positions = 1024, .n_layers = 6, .n_heads = 12,
    .bos = 101, .eos = 102, .embeds = TRUE,
    .record = gptvis_git_record, .record_decoder = gptvis_git_record_decoder},
  { .model_type = "lw_detr", .image_size = 224, .patch_size = 16, .act = "gelu", .epsilon = 1e-6,
    .mlp_ratio = TRUE, .interpolates = TRUE, .image_member = "pretrain_image_size",
    .detects = "class_embed.weight", .backbone = "backbone_config", .statistics = TRUE,
    .record = gptvis_lw_detr_record},
  { .model_type = "rf_detr", .image_size = 224, .patch_size = 14, .act = "gelu", .epsilon = 1e-6,
    .mlp_ratio = TRUE, .interpolates = TRUE, .detects = "class_embed.weight", .backbone = "backbone_config",
    .usual_backbone = "{\"hidden_size\":384,\"num_attention_heads\":6,\"image_size\":518,"
    "\"out_indices\":[2,5,8,11]}", .record = gptvis_rf_detr_record},
  { .model_type = "siglip", .image_size = 224, .patch_size = 16, .act = "gelu_pytorch_tanh", .epsilon = 1e-6,
    .backbone = "vision_config", .usual_backbone = "{}", .record = gptvis_siglip_record},
  { .model_type = GPTVIS_TIMM, .act = "gelu", .epsilon = 1e-6, .embeds = TRUE, .classifier = "head",
    .look = gptvis_timm_look, .record = gptvis_timm_record},
  { .model_type = "swin", .image_size = 224, .patch_size = 4, .act = "gelu", .epsilon = 1e-5,
    .stages = TRUE, .embeds = TRUE, .read = gptvis_configuration_read_swin, .record = gptvis_swin_record},
  { .model_type = "vision-encoder-decoder", .tower = "encoder", .decoder = "decoder",
      .class_name = "VisionEncoderDecoderModel", .bos = 50256, .eos = 50256,
    .embeds = TRUE, .pooler = "encoder.pooler.dense",
    .record_decoder = gptvis_gpt2_record_decoder},
  { .model_type = "vit", .image_size = 224, .patch_size = 16, .act = "gelu", .epsilon = 1e-12,
    .encodes = TRUE, .embeds = TRUE, .pooler = "vit.pooler.dense", .record = gptvis_vit_record},
  { .model_type = "vit_msn", .image_size = 224, .patch_size = 16, .act = "gelu", .epsilon = 1e-6,
    .embeds = TRUE, .record = gptvis_vit_record},
  { .model_type = "yolos", .image_size = 512, .image_width = 864, .patch_size = 16, .act = "gelu",
    .epsilon = 1e-12, .any_size = TRUE, .detects = "class_labels_classifier.layers.0.weight",
    .record = gptvis_yolos_record},
};

const GptVisArchitecture *
gptvis_architecture_find (const gchar *model_type)
{
  for (guint i = 0; i < G_N_ELEMENTS (architectures); i++)
    if (strcmp (model_type, architectures[i].model_type) == 0)
      return &architectures[i];
  return NULL;
}

#define LONGEST_NAME 32u        /* that is compared */

/* How many letters must be put in, left out or exchanged (Levenshtein) to make one of the other, large
 * letters being like small ones. */
static guint
distance (const gchar *a, const gchar *b)
{
  guint row[LONGEST_NAME + 1];
  const guint n = MIN (strlen (b), LONGEST_NAME);
  for (guint j = 0; j <= n; j++)
    row[j] = j;
  for (guint i = 1; a[i - 1]; i++) {
    guint before = row[0];
    row[0] = i;
    for (guint j = 1; j <= n; j++) {
      const guint exchanged = before + (g_ascii_tolower (a[i - 1]) != b[j - 1]);
      before = row[j];
      row[j] = MIN (exchanged, 1 + MIN (row[j], row[j - 1]));
    }
  }
  return row[n];
}

const gchar *
gptvis_architecture_nearest (const gchar *model_type)
{
  const gsize length = strlen (model_type);
  const gchar *nearest = NULL;
  guint least = length / 2;     /* with more changed it is another word */
  for (guint i = 0; length <= LONGEST_NAME && i < G_N_ELEMENTS (architectures); i++) {
    const guint d = distance (model_type, architectures[i].model_type);
    if (d < least || (d == least && !nearest && d > 0)) {
      least = d;
      nearest = architectures[i].model_type;
    }
  }
  return nearest;
}

gchar *
gptvis_architecture_names (void)
{
  GString *names = g_string_new (architectures[0].model_type);
  for (guint i = 1; i < G_N_ELEMENTS (architectures); i++)
    g_string_append_printf (names, ", %s", architectures[i].model_type);
  return g_string_free (names, FALSE);
}

/* Are there positions for pictures of the recipe? */
static gboolean
size_fits (const GptVisArchitecture *architecture, const GptVisConfiguration *config,
    const GptVisRecipe *recipe, GError **error)
{
  const guint64 n_patches =
      (guint64) (recipe->width / config->patch_size) * (recipe->height / config->patch_size);
  if (n_patches > GPTVIS_MAX_PATCHES) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT,
        "pictures of %u×%u in patches of %u×%u are %" G_GUINT64_FORMAT " patches, where at most %u are read",
        recipe->width, recipe->height, config->patch_size, config->patch_size, n_patches, GPTVIS_MAX_PATCHES);
    return FALSE;
  }
  if (architecture->any_size
      || (recipe->width == config->image_width && recipe->height == config->image_height))
    return TRUE;
  /* Transformers takes any stored table for a square grid when it interpolates */
  if (architecture->interpolates && config->image_width == config->image_height)
    return TRUE;
  g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
      "preprocessor_config.json makes pictures of %u×%u, where config.json's image_size is %u×%u",
      recipe->width, recipe->height, config->image_width, config->image_height);
  return FALSE;
}

GptVisOutputs
gptvis_architecture_outputs (const GptVisConfiguration *config)
{
  if (config->architecture->detects)
    return GPTVIS_OUTPUT_BOXES;
  return (config->n_labels > 0 ? GPTVIS_OUTPUT_SCORES : 0) | (config->writes ? GPTVIS_OUTPUT_TOKENS : 0)
      | (config->architecture->embeds ? GPTVIS_OUTPUT_EMBEDDING : 0);
}

static GptVisPlan *
finish (GptVisPlan *plan, GError **error)
{
  if (gptvis_plan_finish (plan, error))
    return plan;
  gptvis_plan_free (plan);
  return NULL;
}

GptVisPlan *
gptvis_architecture_plan (const GptVisConfiguration *config, const GptVisRecipe *recipe, guint max_batch,
    GptVisOutputs outputs, GError **error)
{
  const GptVisArchitecture *architecture = config->architecture;
  if (!size_fits (architecture, config, recipe, error))
    return NULL;
  GptVisPlan *plan = gptvis_plan_new (config->model_type, max_batch);
  if (architecture->record)
    architecture->record (plan, config, recipe, outputs);
  else
    gptvis_encoder_record (plan, config, recipe, outputs);
  return finish (plan, error);
}

GptVisPlan *
gptvis_architecture_decoder_plan (const GptVisConfiguration *config, guint rows, guint max_batch,
    const GptVisDecoderSize *size, GError **error)
{
  gchar *name = g_strdup_printf ("%s decoder", config->model_type);
  GptVisPlan *plan = gptvis_plan_new (name, max_batch);
  g_free (name);
  config->architecture->record_decoder (plan, config, rows, size);
  return finish (plan, error);
}
