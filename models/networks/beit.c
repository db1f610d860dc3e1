/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BEiT and Data2VecVision, which is the same network trained otherwise: a ViT that knows where patches lie by
 * a bias on the scores of each layer, or of all layers together; whose keys have no bias, whose branches are
 * scaled by channel, and whose head reads the patches' mean. After "BEiT: BERT Pre-Training of Image
 * Transformers" and "data2vec", with the tensors' names of Transformers' modeling_beit.py and
 * modeling_data2vec_vision.py. */
#include "record.h"

/* A network at hand. */
typedef struct {
  GptVisPlan *plan;
  const GptVisConfiguration *config;
  const gchar *prefix;
  GptVisGrid grid;
} Beit;

static GptVisTensorId
record_embeddings (const Beit *self, const GptVisRecipe *recipe)
{
  gchar where[GPTVIS_NAME_SIZE], name[GPTVIS_NAME_SIZE];
  const guint d = self->config->hidden_size, n = self->grid.rows * self->grid.columns;
  gptvis_record_name (where, "%s.embeddings", self->prefix);
  GptVisTensorId patches = gptvis_record_patches (self->plan, self->config, recipe, where);
  GptVisTensorId token = gptvis_plan_weight (self->plan, gptvis_record_name (name, "%s.cls_token", where), 1,
      d);
  GptVisTensorId positions = GPTVIS_NO_TENSOR;
  if (self->config->beit.positions)
    positions = gptvis_plan_weight (self->plan, gptvis_record_name (name, "%s.position_embeddings", where),
        1 + n, d);
  const GptVisRowsPart rows[] = { {token, 0, 1, positions, 0}, {patches, 0, n, positions, 1} };
  return gptvis_plan_rows (self->plan, rows, G_N_ELEMENTS (rows));
}

/* What the table in `where` adds to scores. */
static GptVisTensorId
record_bias (const Beit *self, const gchar *where)
{
  gchar name[GPTVIS_NAME_SIZE];
  const guint distances = (2 * self->grid.rows - 1) * (2 * self->grid.columns - 1);
  GptVisTensorId table = gptvis_plan_weight (self->plan,
      gptvis_record_name (name, "%s.relative_position_bias.relative_position_bias_table", where),
      distances + 3, self->config->n_heads);
  return gptvis_plan_relative (self->plan, table, &(GptVisRelative) { .grid = self->grid, .token = TRUE });
}

static GptVisTensorId
record_scale (const Beit *self, const gchar *layer, guint i)
{
  gchar name[GPTVIS_NAME_SIZE];
  return self->config->beit.scaled ? gptvis_plan_weight (self->plan,
      gptvis_record_name (name, "%s.lambda_%u", layer, i), 1, self->config->hidden_size) : GPTVIS_NO_TENSOR;
}

/* bias: that of all layers, if there is one. */
static GptVisTensorId
record_layer (const Beit *self, GptVisTensorId x, GptVisTensorId bias, const gchar *layer)
{
  gchar where[GPTVIS_NAME_SIZE];
  GptVisPlan *plan = self->plan;
  const guint d = self->config->hidden_size, f = self->config->intermediate_size;
  if (self->config->beit.relative)
    bias = record_bias (self, gptvis_record_name (where, "%s.attention.attention", layer));
  GptVisTensorId n = gptvis_record_norm (plan, x, gptvis_record_name (where, "%s.layernorm_before", layer), d,
      self->config->epsilon);
  GptVisTensorId a = gptvis_record_keyless_attention (plan, self->config, n, 0, bias,
      gptvis_record_name (where, "%s.attention", layer));
  x = gptvis_record_linear (plan, a, gptvis_record_name (where, "%s.attention.output.dense", layer), d, d,
      GPTVIS_LINEAR (.scale = record_scale (self, layer, 1), .residual = x));

  n = gptvis_record_norm (plan, x, gptvis_record_name (where, "%s.layernorm_after", layer), d,
      self->config->epsilon);
  GptVisTensorId h = gptvis_record_linear (plan, n,
      gptvis_record_name (where, "%s.intermediate.dense", layer), d, f,
      GPTVIS_LINEAR (.act = self->config->act));
  return gptvis_record_linear (plan, h, gptvis_record_name (where, "%s.output.dense", layer), f, d,
      GPTVIS_LINEAR (.scale = record_scale (self, layer, 2), .residual = x));
}

/* One normed row, for the classifier. */
static GptVisTensorId
record_pooled (const Beit *self, GptVisTensorId x)
{
  gchar name[GPTVIS_NAME_SIZE];
  const gboolean mean = self->config->beit.mean;
  const GptVisPoolPart patches = { 1, self->grid.rows * self->grid.columns }, token = { 0, 1 };
  x = gptvis_plan_pool (self->plan, x, mean ? &patches : &token, 1);
  return gptvis_record_norm (self->plan, x,
      gptvis_record_name (name, mean ? "%s.pooler.layernorm" : "%s.layernorm", self->prefix),
      self->config->hidden_size, self->config->epsilon);
}

static void
record (const Beit *self, const GptVisRecipe *recipe, GptVisOutputs outputs)
{
  gchar name[GPTVIS_NAME_SIZE];
  GptVisTensorId x = record_embeddings (self, recipe), bias = GPTVIS_NO_TENSOR;
  if (self->config->beit.shared)
    bias = record_bias (self, gptvis_record_name (name, "%s.encoder", self->prefix));
  for (guint l = 0;; l++) {
    if (outputs & GPTVIS_OUTPUT_HIDDEN)
      gptvis_record_hidden (self->plan, x, l);
    if (l == self->config->n_layers)
      break;
    x = record_layer (self, x, bias, gptvis_record_name (name, "%s.encoder.layer.%u", self->prefix, l));
  }
  gptvis_record_pooled (self->plan, self->config, record_pooled (self, x), outputs);
}

void
gptvis_beit_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs)
{
  record (&(Beit) { plan, config, "beit", gptvis_record_grid (config, recipe) }, recipe, outputs);
}

void
gptvis_data2vec_vision_record (GptVisPlan *plan, const GptVisConfiguration *config,
    const GptVisRecipe *recipe, GptVisOutputs outputs)
{
  record (&(Beit) { plan, config, "data2vec_vision", gptvis_record_grid (config, recipe) }, recipe, outputs);
}
