/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a checkpoint is, without its weights being read: only where they are. */
#include "checkpoint.h"
#include "model-commands.h"

static void
append_found (GString *text, const GptVisConfiguration *config)
{
  const GptVisOutputs outputs = gptvis_architecture_outputs (config);
  if (outputs & GPTVIS_OUTPUT_BOXES)
    g_string_append (text, ", regions");
  if (config->n_labels > 0 && !config->writes)
    g_string_append_printf (text, ", %u label%s", config->n_labels, config->n_labels == 1 ? "" : "s");
  if (config->writes)
    g_string_append (text, ", captions");
}

/* Is every tensor there, with the right shape? */
static gboolean
has_all (const GptVisCheckpoint *checkpoint, GError **error)
{
  const GptVisConfiguration *config = gptvis_checkpoint_configuration (checkpoint);
  const GptVisRecipe *recipe = gptvis_checkpoint_recipe (checkpoint);
  const GptVisRecipe sized = gptvis_recipe_follows_picture (recipe)
      ? gptvis_recipe_for_size (recipe, 640, 480) : *recipe;
  GptVisPlaces *places = NULL;
  GptVisPlan *plan = gptvis_checkpoint_plan (checkpoint, &sized, 1, gptvis_architecture_outputs (config),
      &places, error);
  if (!plan)
    return FALSE;
  gptvis_places_free (places);
  gptvis_plan_free (plan);
  return TRUE;
}

gchar *
describe_checkpoint (const gchar *path, gchar **problem)
{
  GError *error = NULL;
  GString *text = g_string_new (NULL);
  GptVisCheckpoint *checkpoint = gptvis_checkpoint_open (path, &error);
  *problem = NULL;
  if (checkpoint) {
    const GptVisConfiguration *config = gptvis_checkpoint_configuration (checkpoint);
    g_string_append (text, config->model_type);
    append_found (text, config);
    has_all (checkpoint, &error);
  }
  if (error)
    *problem = g_strdup (error->message);
  g_clear_error (&error);
  gptvis_checkpoint_free (checkpoint);
  return g_string_free (text, FALSE);
}
