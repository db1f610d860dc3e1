/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens a checkpoint's files and holds its tensors against a plan's weights. What
 * a file's bytes mean is safetensors.c's, configuration.c's and recipe.c's. */
#include "checkpoint.h"
#include "json.h"
#include "recipe.h"
#include <string.h>

#define SINGLE "model.safetensors"
#define INDEX "model.safetensors.index.json"
#define NAMED_DEFECTS 5         /* in one sentence; the rest is counted */

struct _GptVisCheckpoint {
  gchar *path;
  GptVisConfiguration *config;
  GptVisRecipe recipe;
  const gchar *prefix;
  GPtrArray *shards;            /* GptVisSafetensors */
  GHashTable *tensors;          /* name → GptVisSafetensor, both a shard's */
};

static gboolean
add_shard (GptVisCheckpoint *self, const gchar *name, GError **error)
{
  gchar *path = g_build_filename (self->path, name, NULL);
  GptVisSafetensors *shard = gptvis_safetensors_open (path, error);
  g_free (path);
  if (!shard)
    return FALSE;
  g_ptr_array_add (self->shards, shard);
  return TRUE;
}

static gboolean
open_single (GptVisCheckpoint *self, GError **error)
{
  if (!add_shard (self, SINGLE, error))
    return FALSE;
  const GptVisSafetensors *shard = g_ptr_array_index (self->shards, 0);
  for (guint i = 0; i < gptvis_safetensors_n_tensors (shard); i++) {
    const GptVisSafetensor *t = gptvis_safetensors_tensor (shard, i);
    g_hash_table_insert (self->tensors, (gpointer) t->name, (gpointer) t);
  }
  return TRUE;
}

/* A plain file name in the same directory, or it is a way out of it. */
static gboolean
is_shard_name (const gchar *name)
{
  return g_str_has_suffix (name, ".safetensors") && strlen (name) <= 255 && name[0] != '.'
      && !strpbrk (name, "/\\");
}

static GHashTable *
read_index (const gchar *file, JsonObject *object, GError **error)
{
  GptVisJson json = { file, object, NULL };
  GHashTable *shard_of = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  JsonObject *map = gptvis_json_object (&json, "weight_map");
  JsonObjectIter iter;
  const gchar *tensor;
  JsonNode *node;

  if (!map)
    gptvis_json_fail (&json, GPTVIS_ERROR_FORMAT, "weight_map is missing");
  else
    json_object_iter_init (&iter, map);
  while (!json.error && json_object_iter_next (&iter, &tensor, &node)) {
    const gchar *shard = JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
        ? json_node_get_string (node) : NULL;
    if (strlen (tensor) > GPTVIS_SAFETENSORS_MAX_NAME)
      gptvis_json_fail (&json, GPTVIS_ERROR_LIMIT, "a tensor's name has more than %u bytes",
          GPTVIS_SAFETENSORS_MAX_NAME);
    else if (!shard || !is_shard_name (shard))
      gptvis_json_fail (&json, GPTVIS_ERROR_FORMAT,
          "weight_map has \"%.100s\" for tensor %s, where the name of a .safetensors file beside it is "
          "needed", shard ? shard : "no string", tensor);
    else
      g_hash_table_insert (shard_of, g_strdup (tensor), g_strdup (shard));
  }
  if (!json.error)
    return shard_of;
  g_propagate_error (error, json.error);
  g_hash_table_unref (shard_of);
  return NULL;
}

GHashTable *
gptvis_checkpoint_parse_index (const gchar *file, const gchar *text, gsize size, GError **error)
{
  JsonObject *object = gptvis_json_parse (file, "JSON", text, size, error);
  GHashTable *shard_of = object ? read_index (file, object, error) : NULL;
  g_clear_pointer (&object, json_object_unref);
  return shard_of;
}

/* Opens the shards the index names and takes from each what it is said to hold. */
static gboolean
open_shards (GptVisCheckpoint *self, const gchar *index, GHashTable *shard_of, GError **error)
{
  GHashTable *opened = g_hash_table_new (g_str_hash, g_str_equal);      /* file name → GptVisSafetensors */
  GHashTableIter iter;
  gpointer tensor, name;
  gboolean ok = TRUE;

  g_hash_table_iter_init (&iter, shard_of);
  while (ok && g_hash_table_iter_next (&iter, &tensor, &name)) {
    const GptVisSafetensors *shard = g_hash_table_lookup (opened, name);
    if (!shard) {
      if (self->shards->len >= GPTVIS_MAX_SHARDS) {
        g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT, "%s: weight_map names more than %u files",
            index, GPTVIS_MAX_SHARDS);
        ok = FALSE;
        break;
      }
      ok = add_shard (self, name, error);
      if (!ok)
        break;
      shard = g_ptr_array_index (self->shards, self->shards->len - 1);
      g_hash_table_insert (opened, name, (gpointer) shard);
    }
    const GptVisSafetensor *t = gptvis_safetensors_find (shard, tensor);
    if (t) {
      g_hash_table_insert (self->tensors, (gpointer) t->name, (gpointer) t);
    } else {
      gptvis_json_error (error, GPTVIS_ERROR_FORMAT,
          "%s: weight_map says that tensor %s is in %s, where it is not", index, (const gchar *) tensor,
          (const gchar *) name);
      ok = FALSE;
    }
  }
  g_hash_table_unref (opened);
  return ok;
}

static gboolean
open_index (GptVisCheckpoint *self, const gchar *index, GError **error)
{
  JsonObject *object = gptvis_json_load (index, error);
  GHashTable *shard_of = object ? read_index (index, object, error) : NULL;
  g_clear_pointer (&object, json_object_unref);
  if (!shard_of)
    return FALSE;
  const gboolean ok = open_shards (self, index, shard_of, error);
  g_hash_table_unref (shard_of);
  return ok;
}

/* What to do when there is no safetensors file. */
static gboolean
no_tensors (GptVisCheckpoint *self, GError **error)
{
  static const gchar *const others[] = { "pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5",
    "flax_model.msgpack" };
  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    gchar *path = g_build_filename (self->path, others[i], NULL);
    const gboolean there = g_file_test (path, G_FILE_TEST_EXISTS);
    g_free (path);
    if (there) {
      g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
          "%s: the weights are only there as %s, which is not read here: take " SINGLE " from where the "
          "checkpoint came from (its other revisions included), or make one in Python with "
          "AutoModelForImageClassification.from_pretrained(DIR).save_pretrained(DIR)", self->path, others[i]);
      return FALSE;
    }
  }
  g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_NOT_FOUND,
      "%s: there is neither " SINGLE " nor " INDEX " with its files", self->path);
  return FALSE;
}

static gboolean
open_tensors (GptVisCheckpoint *self, GError **error)
{
  gchar *single = g_build_filename (self->path, SINGLE, NULL);
  gchar *index = g_build_filename (self->path, INDEX, NULL);
  gboolean ok;
  if (g_file_test (single, G_FILE_TEST_EXISTS))
    ok = open_single (self, error);
  else if (g_file_test (index, G_FILE_TEST_EXISTS))
    ok = open_index (self, index, error);
  else
    ok = no_tensors (self, error);
  g_free (single);
  g_free (index);
  return ok;
}

static gboolean
open_texts (GptVisCheckpoint *self, GError **error)
{
  gchar *path = g_build_filename (self->path, "config.json", NULL);
  self->config = gptvis_configuration_load (path, error);
  g_free (path);
  if (!self->config)
    return FALSE;
  self->prefix = gptvis_architecture_find (self->config->model_type)->prefix;
  path = g_build_filename (self->path, "preprocessor_config.json", NULL);
  const gboolean ok = gptvis_recipe_load (path, self->config->model_type, &self->recipe, error);
  g_free (path);
  return ok;
}

GptVisCheckpoint *
gptvis_checkpoint_open (const gchar *path, GError **error)
{
  if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_NOT_FOUND, "%s: there is no such directory", path);
    return NULL;
  }
  if (!g_file_test (path, G_FILE_TEST_IS_DIR)) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_FORMAT,
        "%s: this is a file, where a checkpoint's directory is needed (with config.json in it)", path);
    return NULL;
  }
  GptVisCheckpoint *self = g_new0 (GptVisCheckpoint, 1);
  self->path = g_strdup (path);
  self->shards = g_ptr_array_new_with_free_func ((GDestroyNotify) gptvis_safetensors_free);
  self->tensors = g_hash_table_new (g_str_hash, g_str_equal);
  if (!open_texts (self, error) || !open_tensors (self, error)) {
    gptvis_checkpoint_free (self);
    return NULL;
  }
  /* which heads there are is certain only here */
  if (!self->config->architecture)
    self->config->teacher = gptvis_checkpoint_find (self, "cls_classifier.weight") != NULL;
  if (self->config->writes && !gptvis_checkpoint_find (self, "classifier.weight"))
    self->config->n_labels = 0;
  return self;
}

void
gptvis_checkpoint_free (GptVisCheckpoint *self)
{
  if (!self)
    return;
  g_hash_table_unref (self->tensors);
  g_ptr_array_unref (self->shards);
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

/* By this name, or with gamma and beta for weight and bias. */
static const GptVisSafetensor *
find_spelt (const GptVisCheckpoint *self, const gchar *name)
{
  static const gchar *const spellings[][2] = { {".weight", ".gamma"}, {".bias", ".beta"} };
  const GptVisSafetensor *t = g_hash_table_lookup (self->tensors, name);
  for (guint i = 0; !t && i < G_N_ELEMENTS (spellings); i++)
    if (g_str_has_suffix (name, spellings[i][0])) {
      gchar old[GPTVIS_SAFETENSORS_MAX_NAME + 1];
      g_snprintf (old, sizeof old, "%.*s%s", (int) (strlen (name) - strlen (spellings[i][0])), name,
          spellings[i][1]);
      t = g_hash_table_lookup (self->tensors, old);
    }
  return t;
}

/* Two names for one tensor, of which a file holds either. */
static const gchar *const tied[][2] = {
  {"decoder.transformer.wte.weight", "decoder.lm_head.weight"},
  {"text_decoder.bert.embeddings.word_embeddings.weight", "text_decoder.cls.predictions.decoder.weight"},
  {"text_decoder.cls.predictions.bias", "text_decoder.cls.predictions.decoder.bias"},
};

const GptVisSafetensor *
gptvis_checkpoint_find (const GptVisCheckpoint *self, const gchar *name)
{
  const GptVisSafetensor *t = find_spelt (self, name);
  for (guint i = 0; !t && i < G_N_ELEMENTS (tied); i++)
    if (strcmp (name, tied[i][0]) == 0)
      t = find_spelt (self, tied[i][1]);
  if (!t && g_str_has_prefix (name, self->prefix))
    t = find_spelt (self, name + strlen (self->prefix));
  return t;
}

static gboolean
read_dtype (const GptVisSafetensor *t, GptVisDtype *dtype)
{
  static const gchar *const names[] = { "F32", "F16", "BF16" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (t->dtype, names[i]) == 0) {
      *dtype = (GptVisDtype) i;
      return TRUE;
    }
  return FALSE;
}

/* Is the shape [rows, width] with sides of 1 in front and either side split up?
 * So [48, 3, 8, 8] is [48, 192], [1, 65, 48] is [65, 48] and [48] is [1, 48]. */
static gboolean
shape_is (const GptVisSafetensor *t, guint rows, guint width)
{
  gsize before = 1, after = t->n_elements;
  if (t->n_elements != (gsize) rows * width)
    return FALSE;
  for (guint i = 0; before < rows && i < t->n_dimensions; i++) {
    before *= t->shape[i];
    after /= t->shape[i];
  }
  return before == rows && after == width;
}

/* All the plan's parts by name, and how many rows each must have. */
typedef struct {
  const gchar *name;
  guint rows, width;
  gboolean transposed;
} Need;

static GArray *
list_needs (const GptVisPlan *plan)
{
  GArray *needs = g_array_new (FALSE, FALSE, sizeof (Need));
  GHashTable *index = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    for (guint p = 0; p < t->n_parts; p++) {
      Need need = { t->parts[p].name, t->parts[p].first + t->parts[p].rows, t->width, t->parts[p].transposed };
      gpointer known;
      if (g_hash_table_lookup_extended (index, need.name, NULL, &known)) {
        Need *before = &g_array_index (needs, Need, GPOINTER_TO_UINT (known));
        before->rows = MAX (before->rows, need.rows);
      } else {
        g_hash_table_insert (index, (gpointer) need.name, GUINT_TO_POINTER (needs->len));
        g_array_append_val (needs, need);
      }
    }
  }
  g_hash_table_unref (index);
  return needs;
}

/* "NAME is missing", or NULL when all is well. */
static gchar *
find_defect (const GptVisCheckpoint *self, const Need *need)
{
  GptVisDtype dtype;
  const GptVisSafetensor *t = gptvis_checkpoint_find (self, need->name);
  if (!t)
    return g_strdup_printf ("%s is missing", need->name);
  if (!read_dtype (t, &dtype))
    return g_strdup_printf ("%s has dtype %s, not F32, F16 or BF16", need->name, t->dtype);
  const guint first = need->transposed ? need->width : need->rows, second = need->transposed ? need->rows : need->width;
  if (shape_is (t, first, second))
    return NULL;
  gchar *shape = gptvis_safetensor_shape (t);
  gchar *text = need->rows == 1 || need->width == 1
      ? g_strdup_printf ("%s has shape %s, not [%u]", need->name, shape, need->rows * need->width)
      : g_strdup_printf ("%s has shape %s, not [%u, %u]", need->name, shape, first, second);
  g_free (shape);
  return text;
}

/* A backbone alone is the commonest mistake, so it has a sentence of its own. */
static gboolean
has_head (const GptVisCheckpoint *self, GError **error)
{
  if (self->config->writes || gptvis_checkpoint_find (self, "classifier.weight")
      || gptvis_checkpoint_find (self, "cls_classifier.weight"))
    return TRUE;
  const gchar *name = self->config->architecture;
  gptvis_json_error (error, GPTVIS_ERROR_UNSUPPORTED,
      "%s: there is no classifier.weight, so this is a backbone alone%s%.60s%s, where one trained for image "
      "classification is needed", self->path, name ? " (" : "", name ? name : "", name ? ")" : "");
  return FALSE;
}

static gboolean
check (const GptVisCheckpoint *self, const GptVisPlan *plan, GError **error)
{
  GArray *needs = list_needs (plan);
  GString *text = g_string_new (NULL);
  guint n = 0;
  for (guint i = 0; i < needs->len; i++) {
    gchar *defect = find_defect (self, &g_array_index (needs, Need, i));
    if (defect && n++ < NAMED_DEFECTS)
      g_string_append_printf (text, "%s%s", n > 1 ? "; " : "", defect);
    g_free (defect);
  }
  if (n > NAMED_DEFECTS)
    g_string_append_printf (text, "; and %u more", n - NAMED_DEFECTS);
  if (n > 0)
    gptvis_json_error (error, GPTVIS_ERROR_FORMAT,
        "%s: %u of the %u tensors that config.json's %s needs %s: %s", self->path, n, needs->len,
        self->config->model_type, n == 1 ? "is not as it must be" : "are not as they must be", text->str);
  g_string_free (text, TRUE);
  g_array_unref (needs);
  return n == 0;
}

/* The plan after its needs were checked; takes it. */
static GptVisPlan *
checked (const GptVisCheckpoint *self, GptVisPlan *plan, GError **error)
{
  if (!plan)
    g_prefix_error (error, "%s: ", self->path);
  else if (!check (self, plan, error))
    g_clear_pointer (&plan, gptvis_plan_free);
  return plan;
}

GptVisPlan *
gptvis_checkpoint_plan (const GptVisCheckpoint *self, guint max_batch, gboolean trace, GError **error)
{
  if (!has_head (self, error))
    return NULL;
  return checked (self, gptvis_architecture_plan (self->config, &self->recipe, max_batch, trace, error), error);
}

GptVisPlan *
gptvis_checkpoint_decoder_plan (const GptVisCheckpoint *self, guint rows, guint max_batch,
    const GptVisDecoderSize *size, GError **error)
{
  return checked (self, gptvis_architecture_decoder_plan (self->config, rows, max_batch, size, error), error);
}

static gconstpointer
find_bytes (gpointer user, const gchar *name, GptVisDtype *dtype, gsize *n_elements)
{
  const GptVisSafetensor *t = gptvis_checkpoint_find (user, name);
  if (!t || !read_dtype (t, dtype))
    return NULL;
  *n_elements = t->n_elements;
  return t->data;
}

GptVisWeights
gptvis_checkpoint_weights (const GptVisCheckpoint *self)
{
  return (GptVisWeights) {
  find_bytes, (gpointer) self};
}
