/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Swin: attention within windows of patches, which every other layer are shifted by half a window; between
 * stages, patches are merged four into one. A window's patches know how they lie by a bias on the scores. The
 * head reads the mean of the patches. After "Swin Transformer: Hierarchical Vision Transformer using Shifted
 * Windows", with the tensors' names of Transformers' modeling_swin.py. */
#include "record.h"

#define EPSILON 1e-5f           /* of the norms that have PyTorch's */

/* A stage at hand. */
typedef struct {
  GptVisPlan *plan;
  const GptVisConfiguration *config;
  GptVisGrid grid;
  guint width, heads;
} Stage;

static GptVisTensorId
record_norm (const Stage *self, GptVisTensorId x, const gchar *layer, const gchar *name)
{
  gchar where[GPTVIS_NAME_SIZE];
  return gptvis_record_norm (self->plan, x, gptvis_record_name (where, "%s.%s", layer, name), self->width,
      self->config->epsilon);
}

static GptVisTensorId
record_embeddings (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    const Stage *stage)
{
  const guint d = stage->width, p = config->patch_size, n = stage->grid.rows * stage->grid.columns;
  GptVisTensorId x = gptvis_plan_patches (plan, recipe, p);
  x = gptvis_record_linear (plan, x, "swin.embeddings.patch_embeddings.projection", 3 * p * p, d, NULL);
  x = gptvis_record_norm (plan, x, "swin.embeddings.norm", d, EPSILON);
  if (!config->swin.positions)
    return x;
  GptVisTensorId positions = gptvis_plan_weight (plan, "swin.embeddings.position_embeddings", n, d);
  return gptvis_plan_rows (plan, &(GptVisRowsPart) { x, 0, n, positions, 0 }, 1);
}

/* Attention of normed rows within windows, as rows of the grid again. */
static GptVisTensorId
record_attention (const Stage *self, GptVisTensorId x, guint shift, const gchar *layer)
{
  static const gchar *const parts[] = { "query", "key", "value" };
  gchar where[GPTVIS_NAME_SIZE], name[GPTVIS_NAME_SIZE];
  GptVisPlan *plan = self->plan;
  const guint d = self->width, window = self->config->swin.window, side = 2 * window - 1;
  GptVisWindows windows = { .grid = self->grid, .window = {window, window}, .shift = shift };
  const GptVisGrid n = gptvis_windows_grid (&windows);
  GptVisAttention attention = gptvis_record_heads (d, self->heads);
  attention.windows = n.rows * n.columns;
  attention.across = shift ? n.columns : 0;

  gptvis_record_name (where, "%s.attention.self", layer);
  GptVisTensorId table = gptvis_plan_weight (plan,
      gptvis_record_name (name, "%s.relative_position_bias_table", where), side * side, self->heads);
  GptVisTensorId bias =
      gptvis_plan_relative (plan, table, &(GptVisRelative) { .grid = windows.window, .shift = shift });
  x = gptvis_plan_windows_of (plan, x, GPTVIS_NO_TENSOR, &windows);
  x = gptvis_record_stack (plan, x, where, parts, 3, d, d, self->config->qkv_bias);
  x = gptvis_plan_attention_with (plan, x, x, x, bias, &attention);
  windows.back = TRUE;
  return gptvis_plan_windows_of (plan, x, GPTVIS_NO_TENSOR, &windows);
}

static GptVisTensorId
record_layer (const Stage *self, GptVisTensorId x, guint shift, const gchar *layer)
{
  gchar where[GPTVIS_NAME_SIZE];
  const guint d = self->width, f = self->config->swin.mlp_ratio * d;
  GptVisTensorId n = record_norm (self, x, layer, "layernorm_before");
  n = record_attention (self, n, shift, layer);
  x = gptvis_record_linear (self->plan, n, gptvis_record_name (where, "%s.attention.output.dense", layer), d,
      d, GPTVIS_LINEAR (.residual = x));
  n = record_norm (self, x, layer, "layernorm_after");
  n = gptvis_record_linear (self->plan, n, gptvis_record_name (where, "%s.intermediate.dense", layer), d, f,
      GPTVIS_LINEAR (.act = self->config->act));
  return gptvis_record_linear (self->plan, n, gptvis_record_name (where, "%s.output.dense", layer), f, d,
      GPTVIS_LINEAR (.residual = x));
}

/* Four patches become one of twice the width. */
static GptVisTensorId
record_merging (const Stage *self, GptVisTensorId x, guint stage)
{
  gchar name[GPTVIS_NAME_SIZE];
  const guint d = self->width;
  x = gptvis_plan_unfold (self->plan, x, &(GptVisUnfold) { .grid = self->grid, .size = 2, .stride = 2,
          .after = 1, .order = GPTVIS_UNFOLD_BY_COLUMNS });
  x = gptvis_record_norm (self->plan, x,
      gptvis_record_name (name, "swin.encoder.layers.%u.downsample.norm", stage), 4 * d, EPSILON);
  gptvis_record_name (name, "swin.encoder.layers.%u.downsample.reduction.weight", stage);
  return gptvis_plan_linear (self->plan, x, gptvis_plan_weight (self->plan, name, 2 * d, 4 * d),
      GPTVIS_NO_TENSOR, NULL);
}

/* Windows that reach across the whole grid one way are not shifted. */
static GptVisTensorId
record_stage (const Stage *self, GptVisTensorId x, guint stage)
{
  gchar layer[GPTVIS_NAME_SIZE];
  const guint window = self->config->swin.window;
  const guint shift = MIN (self->grid.rows, self->grid.columns) > window ? window / 2 : 0;
  for (guint l = 0; l < self->config->swin.depths[stage]; l++)
    x = record_layer (self, x, l % 2 ? shift : 0,
        gptvis_record_name (layer, "swin.encoder.layers.%u.blocks.%u", stage, l));
  return x;
}

void
gptvis_swin_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs)
{
  const GptVisSwinNumbers *swin = &config->swin;
  Stage stage = { plan, config, gptvis_record_grid (config, recipe), swin->width, swin->heads[0] };
  GptVisTensorId x = record_embeddings (plan, config, recipe, &stage);
  if (outputs & GPTVIS_OUTPUT_HIDDEN)
    gptvis_record_hidden (plan, x, 0);
  for (guint i = 0; i < config->n_layers; i++) {
    stage.heads = swin->heads[i];
    x = record_stage (&stage, x, i);
    if (i + 1 < config->n_layers) {
      x = record_merging (&stage, x, i);
      stage.width *= 2;
      stage.grid = (GptVisGrid) { (stage.grid.rows + 1) / 2, (stage.grid.columns + 1) / 2 };
    }
    if (outputs & GPTVIS_OUTPUT_HIDDEN)
      gptvis_record_hidden (plan, x, i + 1);
  }
  x = gptvis_record_norm (plan, x, "swin.layernorm", stage.width, config->epsilon);
  x = gptvis_plan_pool (plan, x, &(GptVisPoolPart) { 0, stage.grid.rows * stage.grid.columns }, 1);
  gptvis_record_pooled (plan, config, x, outputs);
}
