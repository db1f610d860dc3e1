/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens a checkpoint, makes its programs when they are needed, and runs them. */
#include "model.h"
#include "hub.h"
#include "locate.h"
#include "tower.h"
#include <math.h>
#include <string.h>

#define MAX_SIZES 4u            /* of pictures whose programs are kept: each has weights of its own */
/* Before a picture is seen it is taken to have the proportions that most have. */
#define USUAL_WIDTH 1920u
#define USUAL_HEIGHT 1080u

struct _GptVisModel {
  gchar *name;
  GptVisCheckpoint *checkpoint;
  GptVisProgramOptions options;
  gchar *backend, *device;      /* strings in options */
  guint max_batch;

  GMutex making;                /* held while a program is made, which takes long; taken before the lock */
  GMutex lock;                  /* guards the pointers */
  GptVisTower *towers[MAX_SIZES];       /* the one used last comes first; NULL: no more, or none yet */
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
  self->name = gptvis_hub_name_of (path);
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
  for (guint i = 0; i < MAX_SIZES; i++)
    gptvis_tower_unref (self->towers[i]);
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
  GptVisTower *tower = self->towers[0] ? gptvis_tower_ref (self->towers[0]) : NULL;
  g_mutex_unlock (&self->lock);
  return tower;
}

static GptVisTower *
make_tower (GptVisModel *self, const GptVisRecipe *recipe, GptVisOutputs outputs, GError **error)
{
  return gptvis_tower_new (self->checkpoint, recipe, &self->options, self->max_batch, outputs, error);
}

/* Towers with these outputs take the place of those without. */
static gboolean
make_first_tower (GptVisModel *self, GptVisOutputs outputs, GError **error)
{
  const GptVisRecipe usual = gptvis_recipe_for_size (gptvis_model_recipe (self), USUAL_WIDTH, USUAL_HEIGHT);
  GptVisTower *before[MAX_SIZES];
  GptVisTower *tower = make_tower (self, self->towers[0] ? &self->towers[0]->recipe : &usual, outputs, error);
  if (!tower)
    return FALSE;
  g_mutex_lock (&self->lock);
  memcpy (before, self->towers, sizeof before);
  memset (self->towers, 0, sizeof self->towers);
  self->towers[0] = tower;
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < MAX_SIZES; i++)
    gptvis_tower_unref (before[i]);
  return TRUE;
}

static gboolean
is_of_size (const GptVisTower *tower, const GptVisRecipe *recipe)
{
  return tower->recipe.width == recipe->width && tower->recipe.height == recipe->height;
}

/* With the lock: a new reference, or NULL. */
static GptVisTower *
find_tower (GptVisModel *self, const GptVisRecipe *recipe)
{
  for (guint i = 0; i < MAX_SIZES && self->towers[i]; i++)
    if (is_of_size (self->towers[i], recipe)) {
      GptVisTower *tower = self->towers[i];
      memmove (self->towers + 1, self->towers, i * sizeof tower);
      self->towers[0] = tower;
      return gptvis_tower_ref (tower);
    }
  return NULL;
}

/* The tower for pictures of the recipe's size, which is made where there is none: a new reference. */
static GptVisTower *
tower_of_size (GptVisModel *self, const GptVisRecipe *recipe, GError **error)
{
  g_mutex_lock (&self->lock);
  GptVisTower *tower = find_tower (self, recipe), *last = NULL;
  g_mutex_unlock (&self->lock);
  if (tower)
    return tower;
  g_mutex_lock (&self->making);
  g_mutex_lock (&self->lock);
  tower = find_tower (self, recipe);    /* made meanwhile? */
  g_mutex_unlock (&self->lock);
  if (!tower && (tower = make_tower (self, recipe, self->towers[0]->outputs, error))) {
    g_mutex_lock (&self->lock);
    last = self->towers[MAX_SIZES - 1];
    memmove (self->towers + 1, self->towers, (MAX_SIZES - 1) * sizeof tower);
    self->towers[0] = gptvis_tower_ref (tower);
    g_mutex_unlock (&self->lock);
  }
  g_mutex_unlock (&self->making);
  gptvis_tower_unref (last);
  return tower;
}

gboolean
gptvis_model_need (GptVisModel *self, GptVisOutputs outputs, GError **error)
{
  g_mutex_lock (&self->making);
  const GptVisOutputs before = self->towers[0] ? self->towers[0]->outputs : 0;
  const gboolean ok = (outputs & ~before) == 0 || make_first_tower (self, before | outputs, error);
  g_mutex_unlock (&self->making);
  return ok;
}

static gboolean
make_decoder (GptVisModel *self, guint beams, GError **error)
{
  const guint rows = gptvis_plan_tensor (self->towers[0]->plan, self->towers[0]->tokens)->rows;
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
  return self->towers[0] ? self->towers[0]->plan : NULL;
}

GptVisProgram *
gptvis_model_program (GptVisModel *self)
{
  return self->towers[0] ? self->towers[0]->program : NULL;
}

/* --- slots --- */

static void
leave_tower (GptVisModelSlot *slot)
{
  if (slot->slot)
    gptvis_program_slot_free (slot->tower->program, slot->slot);
  gptvis_tower_unref (slot->tower);
}

/* Moves the slot to that tower, whose reference it takes. FALSE: there is none, or no memory for it, and the
 * slot has not changed. */
static gboolean
enter_tower (GptVisModelSlot *slot, GptVisTower *tower, GError **error)
{
  if (!tower)
    return FALSE;
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
  if (!enter_tower (slot, current_tower (self), error))
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

/* The tower for a picture of that recipe in the slot: the one that it is in, if that will do though the model
 * has forgotten it, so that streams of more sizes than are kept do not make theirs for each picture again. */
static GptVisTower *
tower_for (GptVisModel *self, const GptVisModelSlot *slot, const GptVisRecipe *recipe, GError **error)
{
  GptVisTower *current = current_tower (self);
  const gboolean stays = is_of_size (slot->tower, recipe) && slot->tower->outputs == current->outputs;
  if (!stays && is_of_size (current, recipe))
    return current;
  gptvis_tower_unref (current);
  return stays ? gptvis_tower_ref (slot->tower) : tower_of_size (self, recipe, error);
}

gboolean
gptvis_model_stage (GptVisModel *self, GptVisModelSlot *slot, const GptVisPicture *picture, GError **error)
{
  GptVisRecipe recipe = slot->tower->recipe;
  if (picture->width > 0 && picture->height > 0)        /* an impossible one is the program's to refuse */
    recipe = gptvis_recipe_for_size (gptvis_model_recipe (self), picture->width, picture->height);
  return enter_tower (slot, tower_for (self, slot, &recipe, error), error)
      && gptvis_program_stage (slot->tower->program, slot->slot, picture, error);
}

float *
gptvis_model_slot_rows (GptVisModel *self, GptVisModelSlot *slot)
{
  if (!enter_tower (slot, tower_for (self, slot, &slot->tower->recipe, NULL), NULL))
    return NULL;
  return gptvis_program_slot_rows (slot->tower->program, slot->slot);
}

const GptVisPlan *
gptvis_model_slot_plan (const GptVisModelSlot *slot)
{
  return slot->tower->plan;
}

GptVisProgram *
gptvis_model_slot_program (const GptVisModelSlot *slot)
{
  return slot->tower->program;
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
  request->logits = request->scores = request->tokens = request->boxes = request->embedding = NULL;
}

/* FALSE with the first error in `error`. */
static gboolean
read_outputs (GptVisModel *self, GptVisTower *tower, GptVisRequest *request, guint i, GError **error)
{
  const gboolean boxes = request->outputs & GPTVIS_OUTPUT_BOXES,
      tokens = request->outputs & GPTVIS_OUTPUT_TOKENS,
      embedding = request->outputs & GPTVIS_OUTPUT_EMBEDDING,
      scores = boxes || request->outputs & GPTVIS_OUTPUT_SCORES;
  GError *why = NULL;
  request->logits = read_output (self, tower, scores, tower->logits, i, &why);
  request->scores = read_output (self, tower, scores, tower->scores, i, &why);
  request->tokens = read_output (self, tower, tokens, tower->tokens, i, &why);
  request->boxes = read_output (self, tower, boxes, tower->boxes, i, &why);
  request->embedding = read_output (self, tower, embedding, tower->embedding, i, &why);
  if (request->embedding)
    request->n_embedding = gptvis_plan_tensor (tower->plan, tower->embedding)->width;
  if (request->boxes) {
    request->n_boxes = gptvis_plan_tensor (tower->plan, tower->scores)->rows;
    request->n_scores = gptvis_plan_tensor (tower->plan, tower->scores)->width;
  }
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
