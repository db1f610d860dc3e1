/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of detr.h. */
#include "detr.h"

#define EPSILON 1e-5f           /* of norms that have PyTorch's */
#define AFTER_EPSILON 1e-6f     /* of the projector's last */
#define SIDE 0.05f              /* of a place's box, in parts of the picture */
#define NEAREST 0.01            /* to the picture's edge, likewise, that a place may be */

/* --- backbone --- */

/* Number l of the layers whose attention is window by window. */
static gboolean
is_windowed (const GptVisConfiguration *config, guint l)
{
  for (guint i = 0; i < config->detector.n_windowed; i++)
    if (config->detector.windowed[i] == l)
      return TRUE;
  return FALSE;
}

/* How many layers of the backbone are read: those after them are not recorded. */
static guint
n_layers_read (const GptVisConfiguration *config)
{
  guint n = 0;
  for (guint i = 0; i < config->detector.n_stages; i++)
    n = MAX (n, config->detector.stages[i]);
  return n;
}

/* The stages side by side. */
static GptVisTensorId
record_backbone (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId x,
    const GptVisDetrNames *names, GptVisOutputs outputs)
{
  gchar name[GPTVIS_NAME_SIZE];
  const GptVisDetectorNumbers *detector = &config->detector;
  const guint d = config->hidden_size, windows = detector->windows;
  GptVisColumnsPart stages[GPTVIS_MAX_STAGES];
  guint n = 0;
  for (guint l = 0;; l++) {
    if (outputs & GPTVIS_OUTPUT_HIDDEN)
      gptvis_plan_output (plan, gptvis_record_name (name, "backbone.hidden_states.%u", l), x);
    for (guint i = 0; i < detector->n_stages; i++)
      if (detector->stages[i] == l)
        stages[n++] = (GptVisColumnsPart) { detector->normed
            ? gptvis_record_norm (plan, x, names->backbone_norm, d, config->epsilon) : x, 0, d };
    if (l == n_layers_read (config))
      break;
    x = names->record_layer (plan, config, x, is_windowed (config, l) ? windows * windows : 0,
        gptvis_record_name (name, names->backbone_layer, l));
  }
  return gptvis_plan_columns (plan, stages, n);
}

/* --- projector --- */

typedef struct {
  GptVisPlan *plan;
  const GptVisConfiguration *config;
  const GptVisDetectorNumbers *d;
  const GptVisDetrNames *names;
  GptVisGrid grid;
} Detr;

static GptVisTensorId
weight_of (const Detr *self, const gchar *where, const gchar *end, guint rows, guint width)
{
  gchar name[GPTVIS_NAME_SIZE];
  return gptvis_plan_weight (self->plan, gptvis_record_name (name, "%s%s", where, end), rows, width);
}

/* A convolution of size × size, which keeps the grid, with its norm and activation. */
static GptVisTensorId
record_convolution (
    const Detr *self, GptVisTensorId x, const gchar *where, guint width_in, guint width, guint size)
{
  gchar name[GPTVIS_NAME_SIZE];
  GptVisNorm norm = *GPTVIS_NORM (.act = self->d->act);
  if (size > 1)
    x = gptvis_plan_unfold (self->plan, x, &(GptVisUnfold) { .grid = self->grid, .size = size, .stride = 1,
              .padding = size / 2 });
  x = gptvis_plan_linear (self->plan, x, weight_of (self, gptvis_record_name (name, "%s.%s", where,
              self->names->convolution), ".weight", width, width_in * size * size), GPTVIS_NO_TENSOR, NULL);
  gptvis_record_name (name, "%s.%s", where, self->names->norm);
  if (self->names->statistics) {
    norm.mean = weight_of (self, name, ".running_mean", 1, width);
    norm.variance = weight_of (self, name, ".running_var", 1, width);
  }
  return gptvis_plan_norm_with (self->plan, x, weight_of (self, name, ".weight", 1, width),
      weight_of (self, name, ".bias", 1, width), self->d->norm_epsilon, &norm);
}

/* The stages side by side become rows of the grid. What the first convolution makes goes on in two halves;
 * the second goes through the blocks, and all that there was is put together. */
static GptVisTensorId
record_projector (const Detr *self, GptVisTensorId x)
{
  gchar name[GPTVIS_NAME_SIZE];
  const guint half = self->d->hidden, n = self->d->n_blocks;
  GptVisColumnsPart parts[2 + GPTVIS_MAX_BLOCKS];
  x = record_convolution (
      self, x, self->names->first, self->config->hidden_size * self->d->n_stages, 2 * half, 1);
  x = gptvis_plan_from_windows (self->plan, x, self->grid, self->d->windows);
  parts[0] = (GptVisColumnsPart) { x, 0, 2 * half };
  GptVisTensorId y = gptvis_plan_columns (self->plan, &(GptVisColumnsPart) { x, half, half }, 1);
  for (guint i = 0; i < n; i++) {
    for (guint k = 0; k < 2; k++)
      y = record_convolution (self, y, gptvis_record_name (name, self->names->block[k], i), half, half, 3);
    parts[1 + i] = (GptVisColumnsPart) { y, 0, half };
  }
  x = gptvis_plan_columns (self->plan, parts, 1 + n);
  x = record_convolution (self, x, self->names->last, (2 + n) * half, self->d->width, 1);
  return gptvis_record_norm (self->plan, x, self->names->after, self->d->width, AFTER_EPSILON);
}

/* --- the first stage --- */

/* How many places at the edge of n are too near to it. */
static guint
margin (guint n)
{
  guint i = 0;
  while ((i + 0.5) / n <= NEAREST)
    i++;
  return i;
}

/* The first so many rows of a table that has them for each group. */
static GptVisTensorId
record_table (const Detr *self, const gchar *name, guint width)
{
  GptVisTensorId table
      = gptvis_plan_weight (self->plan, name, self->config->n_places * self->d->n_groups, width);
  return gptvis_record_first_rows (self->plan, table, self->config->n_places);
}

/* The boxes around which the decoder looks: the best places of the grid, moved by what the grid says of them,
 * and then by what was learnt for each query. */
static GptVisTensorId
record_references (const Detr *self, GptVisTensorId memory, GptVisOutputs outputs)
{
  const guint width = self->d->width;
  GptVisTensorId x = gptvis_record_linear (self->plan, memory, self->names->output, width, width, NULL);
  x = gptvis_record_norm (self->plan, x, self->names->output_norm, width, EPSILON);
  GptVisTensorId scores = gptvis_plan_score (self->plan,
      gptvis_record_linear (self->plan, x, self->names->classes, width, self->config->n_labels, NULL),
      GPTVIS_SCORE_LARGEST);
  if (outputs & GPTVIS_OUTPUT_HIDDEN)
    gptvis_plan_output (self->plan, "encoder.scores", scores);
  const GptVisGrid edge = { margin (self->grid.rows), margin (self->grid.columns) };
  GptVisTensorId places
      = gptvis_plan_top (self->plan, scores, &(GptVisTop){ self->config->n_places, self->grid, edge });
  x = gptvis_record_mlp (
      self->plan, gptvis_plan_gather (self->plan, x, places), self->names->boxes, width, 4, 3);
  x = gptvis_plan_boxes (self->plan, places, x, &(GptVisBoxes) { self->grid, SIDE });
  if (outputs & GPTVIS_OUTPUT_HIDDEN)
    gptvis_plan_output (self->plan, "encoder.boxes", x);
  return gptvis_plan_boxes (self->plan, x, record_table (self, self->names->references, 4), &(GptVisBoxes){});
}

/* --- the second stage --- */

/* Rows [first, first + n · width) of a layer's q, k and v one below the other. */
static GptVisTensorId
record_projections (const Detr *self, GptVisTensorId x, const gchar *layer, guint first, guint n)
{
  static const gchar *const parts[3] = { "q_proj", "k_proj", "v_proj" };
  gchar name[GPTVIS_NAME_SIZE];
  const guint width = self->d->width;
  gptvis_record_name (name, "%s.self_attn", layer);
  if (!self->names->fused)
    return gptvis_record_stack (self->plan, x, name, parts + first, n, width, width, self->d->bias);
  gptvis_record_name (name, "%s.self_attn.in_proj_weight", layer);
  GptVisWeightPart part = { name, first * width, n * width };
  GptVisTensorId weight = gptvis_plan_weight_stack (self->plan, n * width, width, &part, 1);
  gptvis_record_name (name, "%s.self_attn.in_proj_bias", layer);
  return gptvis_plan_linear (
      self->plan, x, weight, gptvis_plan_weight_stack (self->plan, n * width, 1, &part, 1), NULL);
}

static GptVisTensorId
record_sum (const Detr *self, GptVisTensorId x, GptVisTensorId positions)
{
  return gptvis_plan_rows (self->plan, &(GptVisRowsPart) { x, 0, self->config->n_places, positions, 0 }, 1);
}

/* Each query sees the others. */
static GptVisTensorId
record_self_attention (const Detr *self, GptVisTensorId x, GptVisTensorId positions, const gchar *layer)
{
  gchar name[GPTVIS_NAME_SIZE];
  const guint width = self->d->width;
  GptVisTensorId qk = record_projections (self, record_sum (self, x, positions), layer, 0, 2);
  GptVisTensorId v = record_projections (self, x, layer, 2, 1);
  GptVisAttention attention = gptvis_record_heads (width, self->d->self_heads);
  attention.v_column = 0;
  GptVisTensorId a = gptvis_plan_attention (self->plan, qk, qk, v, &attention);
  gptvis_record_name (name, "%s.self_attn.%s", layer, self->names->attention_out);
  GptVisTensorId weight = weight_of (self, name, ".weight", width, width);
  GptVisTensorId bias = self->d->bias ? weight_of (self, name, ".bias", 1, width) : GPTVIS_NO_TENSOR;
  return gptvis_plan_linear (self->plan, a, weight, bias, GPTVIS_LINEAR (.residual = x));
}

/* Each query sees the grid at a few places around its box. */
static GptVisTensorId
record_cross_attention (const Detr *self, GptVisTensorId x, GptVisTensorId positions, GptVisTensorId memory,
    GptVisTensorId references, const gchar *layer)
{
  gchar name[GPTVIS_NAME_SIZE], names[4][GPTVIS_NAME_SIZE];
  const guint width = self->d->width, heads = self->d->cross_heads, reads = heads * self->d->points;
  GptVisTensorId value = gptvis_record_linear (self->plan, memory,
      gptvis_record_name (name, "%s.cross_attn.value_proj", layer), width, width, NULL);
  const GptVisWeightPart weights[] = {
    {gptvis_record_name (names[0], "%s.cross_attn.sampling_offsets.weight", layer), 0, 2 * reads},
    {gptvis_record_name (names[1], "%s.cross_attn.attention_weights.weight", layer), 0, reads} };
  const GptVisWeightPart biases[] = {
    {gptvis_record_name (names[2], "%s.cross_attn.sampling_offsets.bias", layer), 0, 2 * reads},
    {gptvis_record_name (names[3], "%s.cross_attn.attention_weights.bias", layer), 0, reads} };
  GptVisTensorId at = gptvis_plan_linear (self->plan, record_sum (self, x, positions),
      gptvis_plan_weight_stack (self->plan, 3 * reads, width, weights, 2),
      gptvis_plan_weight_stack (self->plan, 3 * reads, 1, biases, 2), NULL);
  GptVisTensorId a = gptvis_plan_sample (self->plan, value, references, at,
      &(GptVisSample) { self->grid, heads, width / heads, self->d->points });
  return gptvis_record_linear (self->plan, a, gptvis_record_name (name, "%s.cross_attn.output_proj", layer),
      width, width, GPTVIS_LINEAR (.residual = x));
}

static GptVisTensorId
record_norm_of (const Detr *self, GptVisTensorId x, const gchar *layer, guint i)
{
  gchar name[GPTVIS_NAME_SIZE];
  return gptvis_record_norm (self->plan, x, gptvis_record_name (name, "%s.%s", layer, self->names->norms[i]),
      self->d->width, EPSILON);
}

static GptVisTensorId
record_layer (const Detr *self, GptVisTensorId x, GptVisTensorId positions, GptVisTensorId memory,
    GptVisTensorId references, const gchar *layer)
{
  gchar name[GPTVIS_NAME_SIZE];
  const guint width = self->d->width, inner = self->d->intermediate_size;
  x = record_norm_of (self, record_self_attention (self, x, positions, layer), layer, 0);
  x = record_norm_of (self, record_cross_attention (self, x, positions, memory, references, layer), layer, 1);
  GptVisTensorId h
      = gptvis_record_linear (self->plan, x, gptvis_record_name (name, "%s.%s", layer, self->names->mlp[0]),
          width, inner, GPTVIS_LINEAR (.act = self->d->decoder_act));
  x = gptvis_record_linear (self->plan, h, gptvis_record_name (name, "%s.%s", layer, self->names->mlp[1]),
      inner, width, GPTVIS_LINEAR (.residual = x));
  return record_norm_of (self, x, layer, 2);
}

void
gptvis_detr_record (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId embeddings,
    GptVisGrid grid, const GptVisDetrNames *names, GptVisOutputs outputs)
{
  gchar layer[GPTVIS_NAME_SIZE];
  const Detr self = { plan, config, &config->detector, names, grid };
  const guint width = self.d->width;
  GptVisTensorId stages = record_backbone (plan, config, embeddings, names, outputs);
  GptVisTensorId memory = record_projector (&self, stages);
  GptVisTensorId references = record_references (&self, memory, outputs);
  if (outputs & GPTVIS_OUTPUT_HIDDEN)
    gptvis_plan_output (plan, "init_reference_points", references);
  GptVisTensorId positions = gptvis_plan_waves (plan, references, width / 2);
  /* the first of its two products has another width */
  positions
      = gptvis_record_linear (plan, positions, gptvis_record_name (layer, "%s.layers.0", names->positions),
          2 * width, width, GPTVIS_LINEAR (.act = GPTVIS_ACT_RELU));
  positions = gptvis_record_linear (
      plan, positions, gptvis_record_name (layer, "%s.layers.1", names->positions), width, width, NULL);
  GptVisTensorId x = record_table (&self, names->queries, width);
  for (guint l = 0; l < self.d->n_layers; l++)
    x = record_layer (&self, x, positions, memory, references, gptvis_record_name (layer, names->layer, l));
  x = gptvis_record_norm (plan, x, names->decoder_norm, width, EPSILON);
  GptVisTensorId logits = gptvis_record_linear (plan, x, names->final_classes, width, config->n_labels, NULL);
  GptVisTensorId moves = gptvis_record_mlp (plan, x, names->final_boxes, width, 4, 3);
  gptvis_record_detections (plan, logits, GPTVIS_SCORE_SIGMOID, gptvis_plan_boxes (plan, references, moves,
          &(GptVisBoxes) { }));
}
