/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens a checkpoint's files and holds its tensors against a plan's weights. What
 * a file's bytes mean is safetensors.c's, configuration.c's and recipe.c's. */
#include "checkpoint.h"
#include "json.h"
#include "mistakes.h"
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
  GHashTable *tensors;          /* name → GptVisSafetensor, a shard's */
};

/* ---- names ---- */

/* What programs that train put around a network, and so into the names of its tensors: torch.compile,
 * DataParallel and its like, FSDP. Not their part in any network's own names. */
static gboolean
is_wrapper (const gchar *part)
{
  static const gchar *const wrappers[] = { "_orig_mod", "module", "_fsdp_wrapped_module",
      "_checkpoint_wrapped_module" };
  for (guint i = 0; i < G_N_ELEMENTS (wrappers); i++)
    if (strcmp (part, wrappers[i]) == 0)
      return TRUE;
  return FALSE;
}

/* The name that the network itself gives: "vit.layernorm.bias" of "_orig_mod.module.vit.layernorm.bias". */
static gchar *
own_name (const gchar *name)
{
  gchar **parts = g_strsplit (name, ".", -1);
  guint n = 0;
  for (guint i = 0; parts[i]; i++)
    if (is_wrapper (parts[i]))
      g_free (parts[i]);
    else
      parts[n++] = parts[i];
  parts[n] = NULL;
  gchar *own = g_strjoinv (".", parts);
  g_strfreev (parts);
  return own;
}

/* Of two that have one name then, the one that had it from the beginning stays. */
static void
add_tensor (GptVisCheckpoint *self, const GptVisSafetensor *t)
{
  gchar *name = own_name (t->name);
  if (strcmp (name, t->name) != 0 && g_hash_table_contains (self->tensors, name))
    g_free (name);
  else
    g_hash_table_replace (self->tensors, name, (gpointer) t);
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

/* The whole network is a member of the one that was trained: PyTorch Lightning's way. */
#define MEMBER "model."

const GptVisSafetensor *
gptvis_checkpoint_find (const GptVisCheckpoint *self, const gchar *name)
{
  const GptVisSafetensor *t = find_spelt (self, name);
  for (guint i = 0; !t && i < G_N_ELEMENTS (tied); i++)
    if (strcmp (name, tied[i][0]) == 0)
      t = gptvis_checkpoint_find (self, tied[i][1]);
  if (!t && g_str_has_prefix (name, self->prefix))
    t = find_spelt (self, name + strlen (self->prefix));
  if (!t) {
    gchar member[GPTVIS_SAFETENSORS_MAX_NAME + sizeof MEMBER];
    g_snprintf (member, sizeof member, MEMBER "%s", name);
    t = find_spelt (self, member);
  }
  return t;
}

/* ---- files ---- */

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
  for (guint i = 0; i < gptvis_safetensors_n_tensors (shard); i++)
    add_tensor (self, gptvis_safetensors_tensor (shard, i));
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

/* Opens one of the shards that the index names. */
static gboolean
add_named_shard (GptVisCheckpoint *self, const gchar *index, const gchar *name, GError **error)
{
  if (self->shards->len >= GPTVIS_MAX_SHARDS) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT, "%s: weight_map names more than %u files", index,
        GPTVIS_MAX_SHARDS);
    return FALSE;
  }
  GError *why = NULL;
  if (add_shard (self, name, &why))
    return TRUE;
  if (g_error_matches (why, GPTVIS_ERROR, GPTVIS_ERROR_NOT_FOUND))
    gptvis_json_error (error, GPTVIS_ERROR_NOT_FOUND, "%s (" INDEX " names it for a part of the weights)",
        why->message);
  else
    g_propagate_error (error, g_steal_pointer (&why));
  g_clear_error (&why);
  return FALSE;
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
      ok = add_named_shard (self, index, name, error);
      if (!ok)
        break;
      shard = g_ptr_array_index (self->shards, self->shards->len - 1);
      g_hash_table_insert (opened, name, (gpointer) shard);
    }
    const GptVisSafetensor *t = gptvis_safetensors_find (shard, tensor);
    if (t) {
      add_tensor (self, t);
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

/* Transformers' class of the network, for a line of Python. */
static const gchar *
class_name (const GptVisConfiguration *config)
{
  if (config->class_name)
    return config->class_name;
  return config->writes ? "AutoModelForImageTextToText" : "AutoModelForImageClassification";
}

static gboolean
open_tensors (GptVisCheckpoint *self, GError **error)
{
  gchar *single = g_build_filename (self->path, SINGLE, NULL);
  gchar *index = g_build_filename (self->path, INDEX, NULL);
  gboolean ok = FALSE;
  if (g_file_test (single, G_FILE_TEST_EXISTS))
    ok = open_single (self, error);
  else if (g_file_test (index, G_FILE_TEST_EXISTS))
    ok = open_index (self, index, error);
  else
    gptvis_mistake_no_weights (self->path, class_name (self->config), error);
  g_free (single);
  g_free (index);
  return ok;
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
  if (!self->config)
    return FALSE;
  self->prefix = self->config->architecture->prefix;
  return gptvis_recipe_open (self->path, self->config->model_type, &self->recipe, error);
}

GptVisCheckpoint *
gptvis_checkpoint_open (const gchar *path, GError **error)
{
  if (!g_file_test (path, G_FILE_TEST_IS_DIR)) {
    if (g_file_test (path, G_FILE_TEST_EXISTS))
      gptvis_mistake_no_directory (path, error);
    else
      gptvis_mistake_path_absent (path, error);
    return NULL;
  }
  GptVisCheckpoint *self = g_new0 (GptVisCheckpoint, 1);
  self->path = g_strdup (path);
  self->shards = g_ptr_array_new_with_free_func ((GDestroyNotify) gptvis_safetensors_free);
  self->tensors = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!open_texts (self, error) || !open_tensors (self, error)) {
    gptvis_checkpoint_free (self);
    return NULL;
  }
  /* which heads there are is certain only here */
  if (!self->config->class_name)
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
  if (self->config->writes || self->config->quantised || gptvis_checkpoint_find (self, "classifier.weight")
      || gptvis_checkpoint_find (self, "cls_classifier.weight"))
    return TRUE;
  const gchar *name = self->config->class_name;
  gptvis_json_error (error, GPTVIS_ERROR_UNSUPPORTED,
      "%s: there is no classifier.weight, so this is a backbone alone%s%.60s%s, where one trained for image "
      "classification is needed", self->path, name ? " (" : "", name ? name : "", name ? ")" : "");
  return FALSE;
}

/* Tensors that stand beside or instead of weights which were made small, by the end of their names. */
static gboolean
is_quantised (const GptVisCheckpoint *self)
{
  static const gchar *const ends[] = { ".qweight", ".qzeros", ".g_idx", ".SCB", ".absmax", ".quant_map",
    ".weight_packed", ".weight_scale", ".weight_scale_inv", ".input_scale" };
  GHashTableIter iter;
  gpointer name;
  g_hash_table_iter_init (&iter, self->tensors);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
      if (g_str_has_suffix (name, ends[i]))
        return TRUE;
  return FALSE;
}

static void
fail_quantised (const GptVisCheckpoint *self, const gchar *defects, GError **error)
{
  const gchar *how = self->config->quantised;
  gptvis_json_error (error, GPTVIS_ERROR_UNSUPPORTED, "%s: the weights are quantised%s%.60s%s, which is not "
      "read here: the original checkpoint is needed, with F32, F16 or BF16 (precision int8 makes it small "
      "here): %s", self->path, how ? " (" : "", how ? how : "", how ? ")" : "", defects);
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
  if (n > 0 && (self->config->quantised || is_quantised (self)))
    fail_quantised (self, text->str, error);
  else if (n > 0)
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
gptvis_checkpoint_plan (const GptVisCheckpoint *self, guint max_batch, GptVisOutputs outputs,
    GError **error)
{
  if (!has_head (self, error))
    return NULL;
  return checked (self, gptvis_architecture_plan (self->config, &self->recipe, max_batch, outputs, error), error);
}

GptVisPlan *
gptvis_checkpoint_decoder_plan (const GptVisCheckpoint *self, guint rows, guint max_batch,
    const GptVisDecoderSize *size, GError **error)
{
  return checked (self, gptvis_architecture_decoder_plan (self->config, rows, max_batch, size, error), error);
}

/* All are in files. */
static gconstpointer
find_weight (gpointer user, const gchar *name, GptVisDtype *dtype, gsize *n_elements)
{
  const GptVisSafetensor *t = gptvis_checkpoint_find (user, name);
  if (t && read_dtype (t, dtype))
    *n_elements = t->n_elements;
  return NULL;
}

static gboolean
read_weight (gpointer user, const gchar *name, gsize first, gsize n, gpointer to, GError **error)
{
  return gptvis_safetensor_read (gptvis_checkpoint_find (user, name), first, n, to, error);
}

GptVisWeights
gptvis_checkpoint_weights (const GptVisCheckpoint *self)
{
  return (GptVisWeights) {
  find_weight, (gpointer) self, read_weight};
}

GptVisProgram *
gptvis_checkpoint_program (const GptVisCheckpoint *self, const GptVisPlan *plan, const GptVisProgramOptions *options,
    GError **error)
{
  const GptVisWeights weights = gptvis_checkpoint_weights (self);
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
