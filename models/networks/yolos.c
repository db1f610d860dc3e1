/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* YOLOS: a ViT that finds objects. Besides the class token and the patches there are tokens each of which
 * looks for one object; what becomes of them in the last layer goes through two small MLPs, to classes (the
 * last of which means: nothing) and to a box. Pictures have any size, so positions of patches are
 * interpolated. After "You Only Look at One Sequence", with the tensors' names of Transformers'
 * modeling_yolos.py. */
#include "vit.h"

/* The order of rows is the plan's own, since attention does not know one: what is read at the end comes
 * first. The checkpoint's tables have the class token, the patches, the tokens that look. */
typedef struct {
  const GptVisConfiguration *config;
  guint rows_in, columns_in, rows_out, columns_out;     /* grids of patches: the tables', the picture's */
} Grid;

static guint
stored_patches (const Grid *grid)
{
  return grid->rows_in * grid->columns_in;
}

/* What is added to each row: table `i` of those that are stored one below the other as `name`. */
typedef struct {
  GptVisTensorId looking, class, patches;
} Positions;

static Positions
record_positions (GptVisPlan *plan, const Grid *grid, const gchar *name, guint i)
{
  const guint d = grid->config->hidden_size, n = grid->config->n_places, patches = stored_patches (grid);
  const guint first = i * (1 + patches + n);
  const GptVisWeightPart class = { name, first, 1 }, table = { name, first + 1, patches };
  const GptVisWeightPart looking = { name, first + 1 + patches, n };
  Positions positions = {
    .class = gptvis_plan_weight_stack (plan, 1, d, &class, 1),
    .patches = gptvis_plan_weight_stack (plan, patches, d, &table, 1),
    .looking = gptvis_plan_weight_stack (plan, n, d, &looking, 1),
  };
  if (grid->rows_in != grid->rows_out || grid->columns_in != grid->columns_out)
    positions.patches = gptvis_plan_resample (plan, positions.patches, grid->rows_in, grid->columns_in,
        grid->rows_out, grid->columns_out, FALSE);
  return positions;
}

static GptVisTensorId
record_embeddings (GptVisPlan *plan, const Grid *grid, const GptVisRecipe *recipe)
{
  const guint d = grid->config->hidden_size, n = grid->config->n_places;
  GptVisTensorId patches = gptvis_record_patches (plan, grid->config, recipe, "vit.embeddings");
  const Positions to = record_positions (plan, grid, "vit.embeddings.position_embeddings", 0);
  const GptVisRowsPart rows[] = {
    {gptvis_plan_weight (plan, "vit.embeddings.detection_tokens", n, d), 0, n, to.looking, 0},
    {gptvis_plan_weight (plan, "vit.embeddings.cls_token", 1, d), 0, 1, to.class, 0},
    {patches, 0, grid->rows_out * grid->columns_out, to.patches, 0} };
  return gptvis_plan_rows (plan, rows, G_N_ELEMENTS (rows));
}

/* What leaves layer l, with positions added. */
static GptVisTensorId
record_mid_positions (GptVisPlan *plan, const Grid *grid, GptVisTensorId x, guint l)
{
  const guint n = grid->config->n_places;
  const Positions to = record_positions (plan, grid, "vit.encoder.mid_position_embeddings", l);
  const GptVisRowsPart rows[] = { {x, 0, n, to.looking, 0}, {x, n, 1, to.class, 0},
    {x, n + 1, grid->rows_out * grid->columns_out, to.patches, 0} };
  return gptvis_plan_rows (plan, rows, G_N_ELEMENTS (rows));
}

void
gptvis_yolos_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs)
{
  gchar layer[GPTVIS_NAME_SIZE];
  const guint p = config->patch_size, d = config->hidden_size;
  const Grid grid = { config, config->image_height / p, config->image_width / p, recipe->height / p,
    recipe->width / p };
  GptVisTensorId x = record_embeddings (plan, &grid, recipe);
  for (guint l = 0; l < config->n_layers; l++) {
    const gboolean last = l + 1 == config->n_layers;
    x = gptvis_vit_record_layer (plan, config, x, last ? config->n_places : 0,
        gptvis_record_name (layer, "vit.encoder.layer.%u", l));
    if (config->mid_positions && !last)
      x = record_mid_positions (plan, &grid, x, l);
  }
  x = gptvis_record_norm (plan, x, "vit.layernorm", d, config->epsilon);
  GptVisTensorId logits = gptvis_record_mlp (plan, x, "class_labels_classifier", d, config->n_labels + 1, 3);
  GptVisTensorId boxes = gptvis_record_mlp (plan, x, "bbox_predictor", d, 4, 3);
  gptvis_record_detections (
      plan, logits, GPTVIS_SCORE_SOFTMAX, gptvis_plan_score (plan, boxes, GPTVIS_SCORE_SIGMOID));
}
