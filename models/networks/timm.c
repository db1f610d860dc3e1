/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ViTs of timm, with its names of tensors: "blocks.0.attn.qkv.weight" has the rows of q, of k and of v
 * one below the other. Before the patches there may be a class token, one for distillation and registers; the
 * branches of a layer may be scaled by channel; the head reads the class token, or the mean of the patches.
 * Which of these there are, the tensors tell: a name of timm's stands for more than one network. */
#include "record.h"

static guint
n_patches (const GptVisConfiguration *config)
{
  return (config->image_height / config->patch_size) * (config->image_width / config->patch_size);
}

void
gptvis_timm_look (GptVisConfiguration *config, GptVisTensorSize size_of, gconstpointer user)
{
  GptVisTimmNumbers *t = &config->timm;
  const guint d = config->hidden_size;
  const gsize n = n_patches (config);
  t->distilled = size_of (user, "dist_token") > 0;
  t->mean &= !t->distilled;
  t->class_token = !t->mean || t->distilled || size_of (user, "cls_token") > 0;
  config->n_registers = MIN (size_of (user, "reg_token") / d, 1024);
  t->prefix_positions = size_of (user, "pos_embed") != n * d;
  t->patch_bias = size_of (user, "patch_embed.proj.bias") > 0;
  t->first_norm = size_of (user, "norm_pre.weight") > 0;
  t->scales = size_of (user, "blocks.0.ls1.gamma") > 0;
  config->qkv_bias = size_of (user, "blocks.0.attn.qkv.bias") > 0;
  t->pooled_norm = size_of (user, "fc_norm.weight") > 0;
  t->last_norm = !t->pooled_norm || size_of (user, "norm.weight") > 0;
}

static guint
n_prefix (const GptVisConfiguration *config)
{
  return config->timm.class_token + config->timm.distilled + config->n_registers;
}

static GptVisTensorId
record_embeddings (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe)
{
  const GptVisTimmNumbers *t = &config->timm;
  const guint d = config->hidden_size, p = config->patch_size, before = n_prefix (config);
  const guint n = n_patches (config);
  GptVisTensorId bias
      = t->patch_bias ? gptvis_plan_weight (plan, "patch_embed.proj.bias", 1, d) : GPTVIS_NO_TENSOR;
  GptVisTensorId patches = gptvis_plan_linear (plan, gptvis_plan_patches (plan, recipe, p),
      gptvis_plan_weight (plan, "patch_embed.proj.weight", d, 3 * p * p), bias, NULL);
  const guint with = t->prefix_positions ? before : 0;
  GptVisTensorId positions = gptvis_plan_weight (plan, "pos_embed", with + n, d);
  GptVisTensorId of_prefix = with ? positions : GPTVIS_NO_TENSOR;
  const struct {
    const gchar *name;
    guint rows;
  } tokens[] = { { "cls_token", t->class_token }, { "dist_token", t->distilled },
    { "reg_token", config->n_registers } };
  GptVisRowsPart rows[4];
  guint parts = 0, first = 0;
  for (guint i = 0; i < G_N_ELEMENTS (tokens); i++)
    if (tokens[i].rows > 0) {
      GptVisTensorId token = gptvis_plan_weight (plan, tokens[i].name, tokens[i].rows, d);
      rows[parts++] = (GptVisRowsPart) { token, 0, tokens[i].rows, of_prefix, with ? first : 0, FALSE };
      first += tokens[i].rows;
    }
  rows[parts++] = (GptVisRowsPart) { patches, 0, n, positions, with, FALSE };
  GptVisTensorId x = gptvis_plan_rows (plan, rows, parts);
  return t->first_norm ? gptvis_record_norm (plan, x, "norm_pre", d, config->epsilon) : x;
}

/* keep: so many first rows alone are queries; 0: all. */
static GptVisTensorId
record_attention (
    GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, guint keep, const gchar *layer)
{
  gchar where[GPTVIS_NAME_SIZE];
  const guint d = config->hidden_size;
  GptVisAttention attention = gptvis_record_heads (d, config->n_heads);
  gptvis_record_name (where, "%s.attn.qkv", layer);
  if (keep == 0) {
    GptVisTensorId qkv = gptvis_record_linear_rows (plan, x, where, d, 0, 3 * d, config->qkv_bias);
    return gptvis_plan_attention (plan, qkv, qkv, qkv, &attention);
  }
  GptVisTensorId q = gptvis_record_linear_rows (
      plan, gptvis_record_first_rows (plan, x, keep), where, d, 0, d, config->qkv_bias);
  GptVisTensorId kv = gptvis_record_linear_rows (plan, x, where, d, d, 2 * d, config->qkv_bias);
  attention.k_column = 0;
  attention.v_column = d;
  return gptvis_plan_attention (plan, q, kv, kv, &attention);
}

static GptVisTensorId
record_scale (GptVisPlan *plan, const GptVisConfiguration *config, const gchar *layer, guint i)
{
  gchar name[GPTVIS_NAME_SIZE];
  if (!config->timm.scales)
    return GPTVIS_NO_TENSOR;
  return gptvis_plan_weight (
      plan, gptvis_record_name (name, "%s.ls%u.gamma", layer, i), 1, config->hidden_size);
}

static GptVisTensorId
record_layer (
    GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, guint keep, const gchar *layer)
{
  gchar where[GPTVIS_NAME_SIZE];
  const guint d = config->hidden_size, f = config->intermediate_size;

  GptVisTensorId n =
      gptvis_record_norm (plan, x, gptvis_record_name (where, "%s.norm1", layer), d, config->epsilon);
  GptVisTensorId a = record_attention (plan, config, n, keep, layer);
  if (keep > 0)
    x = gptvis_record_first_rows (plan, x, keep);
  x = gptvis_record_linear (plan, a, gptvis_record_name (where, "%s.attn.proj", layer), d, d,
      GPTVIS_LINEAR (.scale = record_scale (plan, config, layer, 1), .residual = x));

  n = gptvis_record_norm (plan, x, gptvis_record_name (where, "%s.norm2", layer), d, config->epsilon);
  GptVisTensorId h = gptvis_record_linear (plan, n, gptvis_record_name (where, "%s.mlp.fc1", layer), d, f,
      GPTVIS_LINEAR (.act = config->act));
  return gptvis_record_linear (plan, h, gptvis_record_name (where, "%s.mlp.fc2", layer), f, d,
      GPTVIS_LINEAR (.scale = record_scale (plan, config, layer, 2), .residual = x));
}

/* The rows that leave the last layer; of those after the tokens that a head reads, only as many as somebody
 * asks for. */
static GptVisTensorId
record_layers (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, GptVisOutputs outputs)
{
  gchar layer[GPTVIS_NAME_SIZE];
  const gboolean all = outputs & GPTVIS_OUTPUT_HIDDEN || config->timm.mean;
  if (outputs & GPTVIS_OUTPUT_HIDDEN)
    gptvis_record_hidden (plan, x, 0);
  for (guint l = 0; l < config->n_layers; l++) {
    const guint keep = all || l + 1 < config->n_layers ? 0 : 1 + config->timm.distilled;
    x = record_layer (plan, config, x, keep, gptvis_record_name (layer, "blocks.%u", l));
    if (outputs & GPTVIS_OUTPUT_HIDDEN)
      gptvis_record_hidden (plan, x, l + 1);
  }
  return x;
}

/* Pooled from `part`, normed before or after. */
static GptVisTensorId
record_pooled (
    GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x, const GptVisPoolPart *part)
{
  const GptVisTimmNumbers *t = &config->timm;
  const guint d = config->hidden_size;
  if (t->last_norm && part->rows > 1)
    x = gptvis_record_norm (plan, x, "norm", d, config->epsilon);
  x = gptvis_plan_pool (plan, x, part, 1);
  if (t->last_norm && part->rows == 1)  /* of one row it is the same, and less work */
    x = gptvis_record_norm (plan, x, "norm", d, config->epsilon);
  return t->pooled_norm ? gptvis_record_norm (plan, x, "fc_norm", d, config->epsilon) : x;
}

/* The mean of two heads, of which each reads a token of its own. */
static GptVisTensorId
record_two_heads (
    GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId token, GptVisTensorId other)
{
  const guint d = config->hidden_size;
  GptVisTensorId logits
      = gptvis_record_linear (plan, token, "head", d, config->n_labels, GPTVIS_LINEAR (.alpha = 0.5f));
  return gptvis_record_linear (plan, other, "head_dist", d, config->n_labels,
      GPTVIS_LINEAR (.alpha = 0.5f, .residual = logits));
}

void
gptvis_timm_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs)
{
  const guint d = config->hidden_size;
  const GptVisPoolPart class = { 0, 1 }, other = { 1, 1 }, both = { 0, 2 };
  const GptVisPoolPart patches = { n_prefix (config), n_patches (config) };
  GptVisTensorId x = record_layers (plan, config, record_embeddings (plan, config, recipe), outputs);
  GptVisTensorId pooled = record_pooled (plan, config, x, config->timm.mean ? &patches : &class);
  if (config->n_labels > 0 && (outputs & GPTVIS_OUTPUT_SCORES))
    gptvis_record_scores (plan, config, config->timm.distilled
            ? record_two_heads (plan, config, pooled, record_pooled (plan, config, x, &other))
            : gptvis_record_linear (plan, pooled, "head", d, config->n_labels, NULL));
  if (outputs & GPTVIS_OUTPUT_EMBEDDING)
    gptvis_record_embedding (
        plan, config, config->timm.distilled ? record_pooled (plan, config, x, &both) : pooled);
}
