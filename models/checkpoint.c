/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens a checkpoint's files and compares its tensors with a plan's weights. files/,
 * configuration.c and recipe.c know what a file's bytes mean. */
#include "checkpoint.h"
#include "file.h"
#include "mistakes.h"
#include "quote.h"
#include "recipe.h"
#include <string.h>

struct _GptVisCheckpoint {
  gchar *path;
  GptVisConfiguration *config;
  GptVisRecipe recipe;
  GptVisShards *shards;
};

/* Transformers' class of the network, for a line of Python. */
static const gchar *
class_name (const GptVisConfiguration *config)
{
  if (config->class_name)
    return config->class_name;
  return config->writes ? "AutoModelForImageTextToText" : config->architecture->detects
      ? "AutoModelForObjectDetection" : "AutoModelForImageClassification";
}

static gboolean
open_texts (GptVisCheckpoint *self, GError **error)
{
  gchar *path = g_build_filename (self->path, "config.json", NULL);
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    self->config = gptvis_configuration_load (path, error);
  else
    gptvis_mistake_no_config (self->path, error);
  g_free (path);
  return self->config && gptvis_recipe_open (self->path, self->config->model_type, &self->recipe, error);
}

static gboolean
has_tensor (const GptVisCheckpoint *self, const gchar *name)
{
  return gptvis_shards_find (self->shards, name) != NULL;
}

static gboolean
has_weight (const GptVisCheckpoint *self, const gchar *where)
{
  gchar *name = g_strconcat (where, ".weight", NULL);
  const gboolean there = has_tensor (self, name);
  g_free (name);
  return there;
}

static gsize
size_of (gconstpointer user, const gchar *name)
{
  const GptVisCheckpoint *self = user;
  const GptVisStoredTensor *tensor = gptvis_shards_find (self->shards, name);
  return tensor ? tensor->n_elements : 0;
}

static const gchar *
classifier (const GptVisConfiguration *config)
{
  return config->architecture->classifier ? config->architecture->classifier : "classifier";
}

/* Only the tensors tell which classifiers there are, and what the embedding goes through. */
static void
look_at_tensors (GptVisCheckpoint *self)
{
  GptVisConfiguration *config = self->config;
  const gchar *pooler = config->architecture->pooler;
  if (!config->class_name)
    config->teacher = has_weight (self, "cls_classifier");
  if (!config->architecture->detects && !config->quantised && !has_weight (self, classifier (config))
      && !has_weight (self, "cls_classifier"))
    config->n_labels = 0;
  if (pooler && has_weight (self, pooler))
    config->pooler = pooler;
  if (!has_weight (self, "visual_projection"))
    config->projection = 0;
  if (config->architecture->look)
    config->architecture->look (config, size_of, self);
}

static gboolean
is_directory (const gchar *path, GError **error)
{
  gchar bytes[GPTVIS_MISTAKE_BYTES];
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return TRUE;
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    gptvis_mistake_no_directory (path, bytes, gptvis_file_head (path, bytes, sizeof bytes), error);
  else
    gptvis_mistake_path_absent (path, error);
  return FALSE;
}

GptVisCheckpoint *
gptvis_checkpoint_open (const gchar *path, GError **error)
{
  if (!is_directory (path, error))
    return NULL;
  GptVisCheckpoint *self = g_new0 (GptVisCheckpoint, 1);
  self->path = g_strdup (path);
  if (open_texts (self, error))
    self->shards = gptvis_shards_open (path, class_name (self->config), error);
  if (!self->shards) {
    gptvis_checkpoint_free (self);
    return NULL;
  }
  look_at_tensors (self);
  return self;
}

void
gptvis_checkpoint_free (GptVisCheckpoint *self)
{
  if (!self)
    return;
  gptvis_shards_free (self->shards);
  gptvis_configuration_free (self->config);
  g_free (self->path);
  g_free (self);
}

const gchar *
gptvis_checkpoint_path (const GptVisCheckpoint *self)
{
  return self->path;
}

const GptVisConfiguration *
gptvis_checkpoint_configuration (const GptVisCheckpoint *self)
{
  return self->config;
}

const GptVisRecipe *
gptvis_checkpoint_recipe (const GptVisCheckpoint *self)
{
  return &self->recipe;
}

/* Does config.json say that there is a classifier? */
static gboolean
should_label (const GptVisConfiguration *config)
{
  return config->class_name && strstr (config->class_name, "ForImageClassification");
}

/* A network that lost its head is the commonest mistake, so it has a sentence of its own. */
static gboolean
has_head (const GptVisCheckpoint *self, GError **error)
{
  const GptVisConfiguration *config = self->config;
  const gchar *detects = config->architecture->detects, *name = config->class_name;
  const gboolean there = detects ? has_tensor (self, detects) : config->n_labels > 0;
  if (config->quantised || there
      || (!should_label (config) && gptvis_architecture_outputs (config) & ~GPTVIS_OUTPUT_BOXES))
    return TRUE;
  gptvis_quote_error (error, GPTVIS_ERROR_UNSUPPORTED,
      "%s: there is no %s%s, so this is a backbone alone%s%.60s%s, where one trained for %s is needed",
      self->path, detects ? detects : classifier (config), detects ? "" : ".weight", name ? " (" : "",
      name ? name : "", name ? ")" : "", detects ? "object detection" : "image classification");
  return FALSE;
}

static gboolean
sizes_fit (const GptVisCheckpoint *self, GError **error)
{
  if (self->config->architecture->any_size || !gptvis_recipe_follows_picture (&self->recipe))
    return TRUE;
  gptvis_quote_error (error, GPTVIS_ERROR_UNSUPPORTED,
      "%s: preprocessor_config.json lets pictures keep their "
      "proportions, where a network of model_type %s needs one size",
      self->path, self->config->model_type);
  return FALSE;
}

static void
fail_quantised (const GptVisCheckpoint *self, const gchar *defects, GError **error)
{
  const gchar *how = self->config->quantised;
  gptvis_quote_error (error, GPTVIS_ERROR_UNSUPPORTED, "%s: the weights are quantised%s%.60s%s, which is not "
      "read here: the original checkpoint is needed, with F32, F16 or BF16 (precision int8 makes it small "
      "here): %s", self->path, how ? " (" : "", how ? how : "", how ? ")" : "", defects);
}

static GptVisPlaces *
find_places (const GptVisCheckpoint *self, const GptVisPlan *plan, GError **error)
{
  GError *why = NULL;
  gchar *network = g_strdup_printf ("config.json's %s", self->config->model_type);
  GptVisPlaces *places = gptvis_places_new (plan, self->shards, network, &why);
  if (why && (self->config->quantised || gptvis_shards_are_quantised (self->shards)))
    fail_quantised (self, why->message, error);
  else if (why)
    g_propagate_prefixed_error (error, g_steal_pointer (&why), "%s: ", self->path);
  g_clear_error (&why);
  g_free (network);
  return places;
}

/* The plan, once its weights are found; else frees it. */
static GptVisPlan *
checked (const GptVisCheckpoint *self, GptVisPlan *plan, GptVisPlaces **places, GError **error)
{
  *places = NULL;
  if (!plan)
    g_prefix_error (error, "%s: ", self->path);
  else if (!(*places = find_places (self, plan, error)))
    g_clear_pointer (&plan, gptvis_plan_free);
  return plan;
}

GptVisPlan *
gptvis_checkpoint_plan (const GptVisCheckpoint *self, const GptVisRecipe *recipe, guint max_batch,
    GptVisOutputs outputs, GptVisPlaces **places, GError **error)
{
  *places = NULL;
  if (!has_head (self, error) || !sizes_fit (self, error))
    return NULL;
  return checked (
      self, gptvis_architecture_plan (self->config, recipe, max_batch, outputs, error), places, error);
}

GptVisPlan *
gptvis_checkpoint_decoder_plan (const GptVisCheckpoint *self, guint rows, guint max_batch,
    const GptVisDecoderSize *size, GptVisPlaces **places, GError **error)
{
  return checked (self, gptvis_architecture_decoder_plan (self->config, rows, max_batch, size, error),
      places, error);
}

GptVisProgram *
gptvis_checkpoint_program (const GptVisCheckpoint *self, const GptVisPlan *plan, const GptVisPlaces *places,
    const GptVisProgramOptions *options, GError **error)
{
  const GptVisWeights weights = gptvis_places_weights (places);
  GError *why = NULL;
  GptVisProgram *program = gptvis_program_new (plan, &weights, options, &why);
  if (program)
    return program;
  /* the program does not know whose weight is wrong */
  if (g_error_matches (why, GPTVIS_ERROR, GPTVIS_ERROR_FORMAT) && !strstr (why->message, self->path))
    g_prefix_error (&why, "%s: ", self->path);
  g_propagate_error (error, why);
  return NULL;
}
