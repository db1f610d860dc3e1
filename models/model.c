/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens models, shares them, and runs them. The registry knows models without
 * holding them: it is looked up and left under one lock, and that lock is never
 * held while a checkpoint is loaded, so that a stream can leave meanwhile. */
#include "captioner-private.h"
#include "labels.h"
#include "locate.h"
#include "result-private.h"
#include <math.h>
#include <string.h>

struct _GptVisModel {
  gint refs;
  gchar *key;                   /* in the registry; NULL: not shared */
  gchar *name;
  GptVisCheckpoint *checkpoint;
  GptVisPlan *plan;
  GptVisProgram *program;
  gchar **file_labels;          /* of labels_file; NULL: the checkpoint's */
  const gchar *const *labels;
  guint n_labels;
  GptVisTensorId logits, scores, tokens;        /* GPTVIS_NO_TENSOR: not asked for or not there */
  GptVisDecoder *decoder;       /* NULL: it writes nothing */

  GRecMutex run;                /* held by the one thread whose batches are under way, once for each */
  /* Its own: */
  guint *ids;                   /* room to order n_labels in */
  guint n_begun, n_ended;       /* batches */
  gint64 begun[GPTVIS_MAX_IN_FLIGHT];   /* µs; of batch i at i modulo that */
  gint64 ended;                 /* the last */
};

static GMutex loading;          /* one load at a time, so that the same model is not loaded twice */
static GMutex registry_lock;    /* guards the table and every fall of a count to 0 */
static GHashTable *registry;    /* key → GptVisModel, not owned */

static void
model_free (GptVisModel *self)
{
  gptvis_decoder_free (self->decoder);
  gptvis_program_free (self->program);
  gptvis_plan_free (self->plan);
  gptvis_checkpoint_free (self->checkpoint);
  g_rec_mutex_clear (&self->run);
  g_strfreev (self->file_labels);
  g_free (self->ids);
  g_free (self->name);
  g_free (self->key);
  g_free (self);
}

static gboolean
load_labels (GptVisModel *self, const gchar *labels_file, GError **error)
{
  const GptVisConfiguration *config = gptvis_checkpoint_configuration (self->checkpoint);
  self->n_labels = config->n_labels;
  self->labels = (const gchar * const *) config->labels;
  if (!labels_file || self->n_labels == 0)
    return TRUE;
  self->file_labels = gptvis_labels_load (labels_file, self->n_labels, error);
  self->labels = (const gchar * const *) self->file_labels;
  return self->file_labels != NULL;
}

/* Can the checkpoint do what it is asked for? */
static gboolean
suits (const GptVisModel *self, GptVisTask task, GError **error)
{
  const GptVisConfiguration *config = gptvis_checkpoint_configuration (self->checkpoint);
  const gchar *lacks = NULL;
  if ((task == GPTVIS_TASK_CAPTION || task == GPTVIS_TASK_BOTH) && !config->writes)
    lacks = "captions, but this checkpoint has no decoder";
  else if ((task == GPTVIS_TASK_LABEL || task == GPTVIS_TASK_BOTH) && config->n_labels == 0)
    lacks = "labels, but this checkpoint has no classifier";
  if (!lacks)
    return TRUE;
  g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED, "%s: the task asks for %s (its model_type is %s)",
      gptvis_checkpoint_path (self->checkpoint), lacks, config->model_type);
  return FALSE;
}

static gboolean
load_programs (GptVisModel *self, const GptVisModelOptions *options, GError **error)
{
  const GptVisWeights weights = gptvis_checkpoint_weights (self->checkpoint);
  self->program = gptvis_program_new (self->plan, &weights, &options->program, error);
  if (!self->program)
    return FALSE;
  self->tokens = gptvis_plan_find (self->plan, "tokens");
  if (self->tokens == GPTVIS_NO_TENSOR || options->task == GPTVIS_TASK_LABEL)
    return TRUE;
  self->decoder = gptvis_decoder_new (self->checkpoint, gptvis_plan_tensor (self->plan, self->tokens)->rows,
      options->beams, &options->program, error);
  return self->decoder != NULL;
}

static gboolean
load (GptVisModel *self, const gchar *path, const GptVisModelOptions *options, GError **error)
{
  GError *why = NULL;
  self->checkpoint = gptvis_checkpoint_open (path, error);
  if (!self->checkpoint || !suits (self, options->task, error) || !load_labels (self, options->labels_file, error))
    return FALSE;
  self->plan = gptvis_checkpoint_plan (self->checkpoint, CLAMP (options->max_batch, 1, GPTVIS_MAX_BATCH),
      options->trace, error);
  if (!self->plan)
    return FALSE;
  if (!load_programs (self, options, &why)) {
    /* a bad weight is the checkpoint's fault, and the program does not know its name */
    if (g_error_matches (why, GPTVIS_ERROR, GPTVIS_ERROR_FORMAT) && !strstr (why->message, path))
      g_prefix_error (&why, "%s: ", path);
    g_propagate_error (error, why);
    return FALSE;
  }
  if (options->task == GPTVIS_TASK_CAPTION)
    self->n_labels = 0;
  self->logits = self->n_labels > 0 ? gptvis_plan_find (self->plan, "logits") : GPTVIS_NO_TENSOR;
  self->scores = gptvis_plan_find (self->plan, "scores");
  self->ids = g_new (guint, self->n_labels);
  return TRUE;
}

static GptVisModel *
model_new (const gchar *path, const GptVisModelOptions *options, GError **error)
{
  GptVisModel *self = g_new0 (GptVisModel, 1);
  self->refs = 1;
  g_rec_mutex_init (&self->run);
  self->name = g_path_get_basename (path);
  if (load (self, path, options, error))
    return self;
  model_free (self);
  return NULL;
}

/* All that makes two openings ask for the same model. */
static gchar *
make_key (const gchar *path, const GptVisModelOptions *options)
{
  const GptVisProgramOptions *p = &options->program;
  GString *key = g_string_new (NULL);
  g_string_append_printf (key, "%d|%u|%s|%s|%d|%u|%u|", options->task, options->beams, p->backend ? p->backend : "auto",
      p->device ? p->device : "auto", p->precision, p->threads, MAX (options->max_batch, 1));
  gptvis_locate_append_state (key, path);
  g_string_append (key, "|labels");
  if (options->labels_file)
    gptvis_locate_append_state (key, options->labels_file);
  g_string_append_printf (key, "|%s", path);
  return g_string_free (key, FALSE);
}

static GptVisModel *
find_shared (const gchar *key)
{
  g_mutex_lock (&registry_lock);
  GptVisModel *model = registry ? g_hash_table_lookup (registry, key) : NULL;
  if (model)
    gptvis_model_ref (model);
  g_mutex_unlock (&registry_lock);
  return model;
}

static void
share (GptVisModel *model, gchar *key)
{
  model->key = key;
  g_mutex_lock (&registry_lock);
  if (!registry)
    registry = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_insert (registry, key, model);
  g_mutex_unlock (&registry_lock);
}

GptVisModel *
gptvis_model_open (const GptVisModelOptions *options, GError **error)
{
  gchar *path = gptvis_locate (options->path, error);
  if (!path)
    return NULL;
  GptVisModel *model = NULL;
  if (options->trace) {
    model = model_new (path, options, error);
  } else {
    gchar *key = make_key (path, options);
    g_mutex_lock (&loading);
    model = find_shared (key);
    if (!model && (model = model_new (path, options, error)))
      share (model, g_steal_pointer (&key));
    g_mutex_unlock (&loading);
    g_free (key);
  }
  g_free (path);
  return model;
}

GptVisModel *
gptvis_model_ref (GptVisModel *model)
{
  g_atomic_int_inc (&model->refs);
  return model;
}

void
gptvis_model_unref (GptVisModel *model)
{
  if (!model)
    return;
  /* as long as it is not the last reference, no lock is needed */
  for (gint refs = g_atomic_int_get (&model->refs); refs > 1; refs = g_atomic_int_get (&model->refs))
    if (g_atomic_int_compare_and_exchange (&model->refs, refs, refs - 1))
      return;
  g_mutex_lock (&registry_lock);
  const gboolean last = g_atomic_int_dec_and_test (&model->refs);
  if (last && model->key) {
    g_hash_table_remove (registry, model->key);
    if (g_hash_table_size (registry) == 0)
      g_clear_pointer (&registry, g_hash_table_unref);
  }
  g_mutex_unlock (&registry_lock);
  if (last)
    model_free (model);
}

const gchar *
gptvis_model_name (const GptVisModel *model)
{
  return model->name;
}

const gchar *
gptvis_model_path (const GptVisModel *model)
{
  return gptvis_checkpoint_path (model->checkpoint);
}

const gchar *
gptvis_model_architecture (const GptVisModel *model)
{
  return gptvis_checkpoint_configuration (model->checkpoint)->model_type;
}

const gchar *
gptvis_model_description (const GptVisModel *model)
{
  return gptvis_program_at_work (model->program)->description;
}

const GptVisPlan *
gptvis_model_plan (const GptVisModel *model)
{
  return model->plan;
}

GptVisProgram *
gptvis_model_program (GptVisModel *model)
{
  return model->program;
}

const GptVisRecipe *
gptvis_model_recipe (const GptVisModel *model)
{
  return gptvis_checkpoint_recipe (model->checkpoint);
}

gboolean
gptvis_model_multi_label (const GptVisModel *model)
{
  return gptvis_checkpoint_configuration (model->checkpoint)->multi_label;
}

gboolean
gptvis_model_writes (const GptVisModel *model)
{
  return model->decoder != NULL;
}

GptVisDecoder *
gptvis_model_decoder (GptVisModel *model)
{
  return model->decoder;
}

const GptVisPlan *
gptvis_model_decoder_plan (const GptVisModel *model)
{
  return model->decoder ? model->decoder->plan : NULL;
}

GptVisProgram *
gptvis_model_decoder_program (GptVisModel *model)
{
  return model->decoder ? model->decoder->program : NULL;
}

guint
gptvis_model_n_labels (const GptVisModel *model)
{
  return model->n_labels;
}

const gchar *
gptvis_model_label (const GptVisModel *model, guint id)
{
  return id < model->n_labels ? model->labels[id] : NULL;
}

guint
gptvis_model_n_users (const GptVisModel *model)
{
  return g_atomic_int_get ((gint *) & model->refs);
}

GptVisSlot *
gptvis_model_slot_new (GptVisModel *model)
{
  return gptvis_program_slot_new (model->program);
}

void
gptvis_model_slot_free (GptVisModel *model, GptVisSlot *slot)
{
  if (slot)
    gptvis_program_slot_free (model->program, slot);
}

gboolean
gptvis_model_stage (GptVisModel *model, GptVisSlot *slot, const GptVisPicture *picture, GError **error)
{
  return gptvis_program_stage (model->program, slot, picture, error);
}

static gboolean
all_finite (const float *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (!isfinite (values[i]))
      return FALSE;
  return TRUE;
}

/* Output `id` of picture i of the batch that has just run; NULL when the model has none
 * of it, or after an error. */
static const float *
read_output (GptVisModel *model, GptVisTensorId id, guint i, GError **error)
{
  if (id == GPTVIS_NO_TENSOR)
    return NULL;
  const GptVisTensor *t = gptvis_plan_tensor (model->plan, id);
  const float *values = gptvis_program_output (model->program, id, i);
  if (all_finite (values, (gsize) t->rows * t->width))
    return values;
  if (!*error)
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_FORMAT,
        "%s: the network's output for this picture holds a NaN or an infinity", gptvis_model_path (model));
  return NULL;
}

static gboolean
read_result (GptVisModel *model, GptVisRequest *request, guint i, gint64 begun, GError **error)
{
  GError *why = NULL;
  guint n = 0;
  read_output (model, model->logits, i, &why);
  const float *tokens = request->captioner ? read_output (model, model->tokens, i, &why) : NULL;
  const float *scores = model->n_labels > 0 ? read_output (model, model->scores, i, &why) : NULL;
  if (why) {
    if (error && !*error)
      g_propagate_error (error, why);
    else
      g_error_free (why);
    return FALSE;
  }
  if (tokens)
    gptvis_captioner_look (request->captioner, tokens);
  if (scores)
    n = gptvis_labels_top (scores, model->n_labels, request->top_k, request->threshold, model->ids);
  request->result = gptvis_result_new (model->name, g_get_monotonic_time () - begun, model->labels, scores, model->ids,
      n, NULL);
  return TRUE;
}

guint
gptvis_model_in_flight (const GptVisModel *model)
{
  return gptvis_program_at_work (model->program)->in_flight;
}

gint64
gptvis_model_device_us (const GptVisModel *model)
{
  return gptvis_program_at_work (model->program)->device_ns / 1000;
}

gboolean
gptvis_model_begin (GptVisModel *model, const GptVisRequest *requests, guint n, GError **error)
{
  GptVisSlot *slots[GPTVIS_MAX_BATCH];
  for (guint i = 0; i < n; i++)
    slots[i] = requests[i].slot;
  g_rec_mutex_lock (&model->run);
  model->begun[model->n_begun % GPTVIS_MAX_IN_FLIGHT] = g_get_monotonic_time ();
  const gboolean ok = gptvis_program_submit (model->program, slots, n, error);
  if (ok)
    model->n_begun++;           /* and the model is this thread's until the batch is ended */
  else
    g_rec_mutex_unlock (&model->run);
  return ok;
}

gboolean
gptvis_model_end (GptVisModel *model, GptVisRequest *requests, guint n, GError **error)
{
  /* it has waited for the one before */
  const gint64 begun = MAX (model->begun[model->n_ended % GPTVIS_MAX_IN_FLIGHT], model->ended);
  model->n_ended++;
  for (guint i = 0; i < n; i++)
    requests[i].result = NULL;
  const gboolean waited = gptvis_program_wait (model->program, error);
  gboolean ok = waited;
  for (guint i = 0; i < n && waited; i++)
    ok &= read_result (model, &requests[i], i, begun, error);
  model->ended = g_get_monotonic_time ();
  g_rec_mutex_unlock (&model->run);
  return ok;
}

gboolean
gptvis_model_run (GptVisModel *model, GptVisRequest *requests, guint n, GError **error)
{
  const guint max = gptvis_plan_max_batch (model->plan);
  gboolean ok = TRUE;

  for (guint i = 0; i < n; i++)
    requests[i].result = NULL;
  for (guint first = 0; first < n; first += max) {
    const guint batch = MIN (max, n - first);
    GError *why = NULL;
    if (gptvis_model_begin (model, requests + first, batch, &why)
        && gptvis_model_end (model, requests + first, batch, &why))
      continue;
    if (error && !*error)
      g_propagate_error (error, why);
    else
      g_clear_error (&why);
    ok = FALSE;
  }
  return ok;
}
