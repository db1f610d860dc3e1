/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens a checkpoint, makes its programs when they are needed, and runs them. */
#include "model.h"
#include "locate.h"
#include "tower.h"
#include <math.h>

struct _GptVisModel {
  gchar *name;
  GptVisCheckpoint *checkpoint;
  GptVisProgramOptions options;
  gchar *backend, *device;      /* strings in options */
  guint max_batch;

  GMutex making;                /* held while a program is made, which takes long; taken before the lock */
  GMutex lock;                  /* guards the pointers */
  GptVisTower *tower;           /* NULL: nothing was needed yet */
  GptVisDecoder *decoder;       /* likewise */

  /* Of the thread that runs it: */
  guint n_begun, n_ended;       /* batches */
  gint64 begun[GPTVIS_MAX_IN_FLIGHT];   /* µs; batch i at i modulo that */
  gint64 ended;                 /* µs; the last batch */
  gint64 device_us;             /* of the last batch */
};

struct _GptVisModelSlot {
  GptVisTower *tower;           /* that the picture was staged for */
  GptVisSlot *slot;             /* of its program */
};

/* --- opening --- */

GptVisModel *
gptvis_model_open (const GptVisModelOptions *options, GError **error)
{
  gchar *path = gptvis_locate (options->path, error);
  if (!path)
    return NULL;
  GptVisModel *self = g_new0 (GptVisModel, 1);
  g_mutex_init (&self->making);
  g_mutex_init (&self->lock);
  self->name = g_path_get_basename (path);
  self->options = options->program;
  self->options.backend = self->backend = g_strdup (options->program.backend);
  self->options.device = self->device = g_strdup (options->program.device);
  self->max_batch = CLAMP (options->max_batch, 1, GPTVIS_MAX_BATCH);
  self->checkpoint = gptvis_checkpoint_open (path, error);
  g_free (path);
  if (self->checkpoint)
    return self;
  gptvis_model_free (self);
  return NULL;
}

void
gptvis_model_free (GptVisModel *self)
{
  if (!self)
    return;
  gptvis_decoder_unref (self->decoder);
  gptvis_tower_unref (self->tower);
  gptvis_checkpoint_free (self->checkpoint);
  g_mutex_clear (&self->making);
  g_mutex_clear (&self->lock);
  g_free (self->backend);
  g_free (self->device);
  g_free (self->name);
  g_free (self);
}

gchar *
gptvis_model_key (const GptVisModelOptions *options, GError **error)
{
  const GptVisProgramOptions *p = &options->program;
  gchar *path = gptvis_locate (options->path, error);
  if (!path)
    return NULL;
  GString *key = g_string_new (NULL);
  g_string_append_printf (key, "%s|%s|%d|%u|%u|", p->backend ? p->backend : "auto",
      p->device ? p->device : "auto", p->precision, p->threads, MAX (options->max_batch, 1));
  gptvis_locate_append_state (key, path);
  g_string_append_printf (key, "|%s", path);
  g_free (path);
  return g_string_free (key, FALSE);
}

/* --- what is needed --- */

static GptVisTower *
current_tower (GptVisModel *self)
{
  g_mutex_lock (&self->lock);
  GptVisTower *tower = self->tower ? gptvis_tower_ref (self->tower) : NULL;
  g_mutex_unlock (&self->lock);
  return tower;
}

static gboolean
make_tower (GptVisModel *self, GptVisOutputs outputs, GError **error)
{
  GptVisTower *tower = gptvis_tower_new (self->checkpoint, &self->options, self->max_batch, outputs, error);
  if (!tower)
    return FALSE;
  g_mutex_lock (&self->lock);
  GptVisTower *before = self->tower;
  self->tower = tower;
  g_mutex_unlock (&self->lock);
  gptvis_tower_unref (before);
  return TRUE;
}

gboolean
gptvis_model_need (GptVisModel *self, GptVisOutputs outputs, GError **error)
{
  g_mutex_lock (&self->making);
  const GptVisOutputs before = self->tower ? self->tower->outputs : 0;
  const gboolean ok = (outputs & ~before) == 0 || make_tower (self, before | outputs, error);
  g_mutex_unlock (&self->making);
  return ok;
}

static gboolean
make_decoder (GptVisModel *self, guint beams, GError **error)
{
  const guint rows = gptvis_plan_tensor (self->tower->plan, self->tower->tokens)->rows;
  GptVisDecoder *decoder = gptvis_decoder_new (self->checkpoint, rows, beams, &self->options, error);
  if (!decoder)
    return FALSE;
  gptvis_decoder_unref (self->decoder);
  self->decoder = decoder;
  return TRUE;
}

GptVisDecoder *
gptvis_model_decoder (GptVisModel *self, guint beams, GError **error)
{
  g_mutex_lock (&self->making);
  const gboolean fits = self->decoder && beams <= self->decoder->max_beams;
  GptVisDecoder *decoder = fits || make_decoder (self, beams, error)
      ? gptvis_decoder_ref (self->decoder) : NULL;
  g_mutex_unlock (&self->making);
  return decoder;
}

/* --- facts --- */

const gchar *
gptvis_model_name (const GptVisModel *self)
{
  return self->name;
}

const gchar *
gptvis_model_path (const GptVisModel *self)
{
  return gptvis_checkpoint_path (self->checkpoint);
}

const GptVisConfiguration *
gptvis_model_configuration (const GptVisModel *self)
{
  return gptvis_checkpoint_configuration (self->checkpoint);
}

const GptVisRecipe *
gptvis_model_recipe (const GptVisModel *self)
{
  return gptvis_checkpoint_recipe (self->checkpoint);
}

gchar *
gptvis_model_description (GptVisModel *self)
{
  GptVisTower *tower = current_tower (self);
  gchar *description = g_strdup (tower ? gptvis_program_at_work (tower->program)->description : "");
  gptvis_tower_unref (tower);
  return description;
}

guint
gptvis_model_threads (GptVisModel *self)
{
  GptVisTower *tower = current_tower (self);
  const guint threads = tower ? gptvis_program_at_work (tower->program)->threads : 0;
  gptvis_tower_unref (tower);
  return threads;
}

const GptVisPlan *
gptvis_model_plan (GptVisModel *self)
{
  return self->tower ? self->tower->plan : NULL;
}

GptVisProgram *
gptvis_model_program (GptVisModel *self)
{
  return self->tower ? self->tower->program : NULL;
}

/* --- slots --- */

static void
leave_tower (GptVisModelSlot *slot)
{
  if (slot->slot)
    gptvis_program_slot_free (slot->tower->program, slot->slot);
  gptvis_tower_unref (slot->tower);
}

/* Moves the slot to the model's present tower. FALSE: there is no memory for it, and the slot has not
 * changed. */
static gboolean
enter_tower (GptVisModel *self, GptVisModelSlot *slot, GError **error)
{
  GptVisTower *tower = current_tower (self);
  GptVisSlot *own = slot->tower == tower ? NULL : gptvis_program_slot_new (tower->program, error);
  if (!own) {
    const gboolean same = slot->tower == tower;
    gptvis_tower_unref (tower);
    return same;
  }
  leave_tower (slot);
  slot->tower = tower;
  slot->slot = own;
  return TRUE;
}

GptVisModelSlot *
gptvis_model_slot_new (GptVisModel *self, GError **error)
{
  GptVisModelSlot *slot = g_new0 (GptVisModelSlot, 1);
  if (!enter_tower (self, slot, error))
    g_clear_pointer (&slot, g_free);
  return slot;
}

void
gptvis_model_slot_free (GptVisModelSlot *slot)
{
  if (!slot)
    return;
  leave_tower (slot);
  g_free (slot);
}

gboolean
gptvis_model_stage (GptVisModel *self, GptVisModelSlot *slot, const GptVisPicture *picture, GError **error)
{
  return enter_tower (self, slot, error)
      && gptvis_program_stage (slot->tower->program, slot->slot, picture, error);
}

float *
gptvis_model_slot_rows (GptVisModel *self, GptVisModelSlot *slot)
{
  if (!enter_tower (self, slot, NULL))
    return NULL;
  return gptvis_program_slot_rows (slot->tower->program, slot->slot);
}

/* --- running --- */

/* Pictures of a batch that were staged for one tower: nearly always all of them. */
typedef struct {
  GptVisTower *tower;
  GptVisSlot *slots[GPTVIS_MAX_BATCH];
  guint members[GPTVIS_MAX_BATCH];      /* indices of the requests */
  guint n;
} Group;

/* The first request that is not done (`done` has a bit for each), and all others of its tower; FALSE: none is
 * left. */
static gboolean
next_group (const GptVisRequest *requests, guint n, guint64 *done, Group *group)
{
  group->n = 0;
  for (guint i = 0; i < n; i++) {
    const GptVisModelSlot *slot = requests[i].slot;
    if (*done & G_GUINT64_CONSTANT (1) << i)
      continue;
    if (group->n == 0)
      group->tower = slot->tower;
    if (slot->tower != group->tower)
      continue;
    group->slots[group->n] = slot->slot;
    group->members[group->n++] = i;
    *done |= G_GUINT64_CONSTANT (1) << i;
  }
  return group->n > 0;
}
G_STATIC_ASSERT (GPTVIS_MAX_BATCH <= 64);

guint
gptvis_model_in_flight (GptVisModel *self)
{
  GptVisTower *tower = current_tower (self);
  const guint n = tower ? gptvis_program_at_work (tower->program)->in_flight : 1;
  gptvis_tower_unref (tower);
  return n;
}

gint64
gptvis_model_device_us (GptVisModel *self)
{
  return self->device_us;
}

/* Waits for the parts of a batch that were submitted before that tower's part failed. */
static void
undo (const GptVisRequest *requests, guint n, const GptVisTower *failed)
{
  guint64 done = 0;
  Group group;
  while (next_group (requests, n, &done, &group) && group.tower != failed)
    gptvis_program_wait (group.tower->program, NULL);
}

gboolean
gptvis_model_begin (GptVisModel *self, const GptVisRequest *requests, guint n, GError **error)
{
  guint64 done = 0;
  Group group;
  self->begun[self->n_begun % GPTVIS_MAX_IN_FLIGHT] = g_get_monotonic_time ();
  while (next_group (requests, n, &done, &group))
    if (!gptvis_program_submit (group.tower->program, group.slots, group.n, error)) {
      undo (requests, n, group.tower);
      return FALSE;
    }
  self->n_begun++;
  return TRUE;
}

static gboolean
all_finite (const float *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (!isfinite (values[i]))
      return FALSE;
  return TRUE;
}

/* Output `id` of picture i of the tower's batch that has just run; NULL when it is not asked for, or
 * after an error. */
static const float *
read_output (GptVisModel *self, GptVisTower *tower, gboolean asked, GptVisTensorId id, guint i,
    GError **error)
{
  if (!asked || id == GPTVIS_NO_TENSOR)
    return NULL;
  const GptVisTensor *t = gptvis_plan_tensor (tower->plan, id);
  const float *values = gptvis_program_output (tower->program, id, i);
  if (all_finite (values, (gsize) t->rows * t->width))
    return values;
  if (!*error)
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_FORMAT,
        "%s: the network's output for this picture holds a NaN or an infinity", gptvis_model_path (self));
  return NULL;
}

static void
forget_outputs (GptVisRequest *request)
{
  request->ran = FALSE;
  request->logits = request->scores = request->tokens = NULL;
}

/* FALSE with the first error in `error`. */
static gboolean
read_outputs (GptVisModel *self, GptVisTower *tower, GptVisRequest *request, guint i, GError **error)
{
  const gboolean scores = request->outputs & GPTVIS_OUTPUT_SCORES,
      tokens = request->outputs & GPTVIS_OUTPUT_TOKENS;
  GError *why = NULL;
  request->logits = read_output (self, tower, scores, tower->logits, i, &why);
  request->scores = read_output (self, tower, scores, tower->scores, i, &why);
  request->tokens = read_output (self, tower, tokens, tower->tokens, i, &why);
  request->ran = !why;
  if (!why)
    return TRUE;
  forget_outputs (request);
  if (error && !*error)
    g_propagate_error (error, why);
  else
    g_error_free (why);
  return FALSE;
}

static gboolean
end_group (GptVisModel *self, const Group *group, GptVisRequest *requests, GError **error)
{
  if (!gptvis_program_wait (group->tower->program, error && !*error ? error : NULL))
    return FALSE;
  gboolean ok = TRUE;
  for (guint i = 0; i < group->n; i++)
    ok &= read_outputs (self, group->tower, &requests[group->members[i]], i, error);
  self->device_us += gptvis_program_at_work (group->tower->program)->device_ns / 1000;
  return ok;
}

gboolean
gptvis_model_end (GptVisModel *self, GptVisRequest *requests, guint n, GError **error)
{
  /* until the batch before it ended, it only waited */
  const gint64 begun = MAX (self->begun[self->n_ended % GPTVIS_MAX_IN_FLIGHT], self->ended);
  guint64 done = 0;
  gboolean ok = TRUE;
  Group group;
  self->n_ended++;
  self->device_us = 0;
  for (guint i = 0; i < n; i++)
    forget_outputs (&requests[i]);
  while (next_group (requests, n, &done, &group))
    ok &= end_group (self, &group, requests, error);
  self->ended = g_get_monotonic_time ();
  for (guint i = 0; i < n; i++)
    requests[i].analysis = self->ended - begun;
  return ok;
}

gboolean
gptvis_model_run (GptVisModel *self, GptVisRequest *requests, guint n, GError **error)
{
  return gptvis_model_begin (self, requests, n, error) && gptvis_model_end (self, requests, n, error);
}
