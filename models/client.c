/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of heads, and a state of each for the client that asks for it. */
#include "heads/head.h"

/* The heads that there are. */
enum { LABELS, CAPTION, BOXES, EMBEDDING, N_HEADS };
static const GptVisHead *const heads[] = { &gptvis_labels_head, &gptvis_caption_head, &gptvis_boxes_head,
  &gptvis_embedding_head };
G_STATIC_ASSERT (G_N_ELEMENTS (heads) == N_HEADS);

struct _GptVisClient {
  gint refs;
  GptVisModel *model;
  GptVisOutputs outputs;
  gpointer states[N_HEADS];     /* NULL: not asked for */
  GptVisDraft *draft;
};

/* The heads that the checkpoint has the outputs for, a bit each. */
static guint
possible (const GptVisConfiguration *config)
{
  const GptVisOutputs outputs = gptvis_architecture_outputs (config);
  guint can = 0;
  for (guint i = 0; i < N_HEADS; i++)
    if ((heads[i]->outputs & ~outputs) == 0)
      can |= 1u << i;
  return can;
}

/* What auto is: the first of these that the checkpoint can do. */
static guint
usual (guint can, guint labels)
{
  const guint caption = 1u << CAPTION;
  return can & labels ? labels : can & caption ? caption : 1u << EMBEDDING;
}

/* What is asked for and cannot be done, the first of it. */
static void
refuse (const GptVisModel *model, guint missing, guint can, GError **error)
{
  static const gchar *const sentences[N_HEADS] = {
    [LABELS] = "the task asks for labels, but this checkpoint has no classifier",
    [CAPTION] = "the task asks for captions, but this checkpoint has no decoder",
    [BOXES] = "the task asks for regions, but this checkpoint finds none",
    [EMBEDDING] = "the embedding is asked for, but this checkpoint has none",
  };
  g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED, "%s: %s (its model_type is %s)%s",
      gptvis_model_path (model), sentences[g_bit_nth_lsf (missing, -1)],
      gptvis_model_configuration (model)->model_type,
      missing & 1u << LABELS && can == 1u << EMBEDDING ? "; with task=auto it gives an embedding" : "");
}

/* Those that the options ask for; 0 with an error: the checkpoint cannot do it. */
static guint
asked_for (const GptVisModel *model, const GptVisClientOptions *options, GError **error)
{
  const GptVisTask task = options->task;
  const guint can = possible (gptvis_model_configuration (model)), caption = 1u << CAPTION;
  const guint labels = can & 1u << BOXES ? 1u << BOXES : 1u << LABELS;
  const guint asked = (options->embedding ? 1u << EMBEDDING : 0)
      | (task == GPTVIS_TASK_LABEL         ? labels
              : task == GPTVIS_TASK_CAPTION ? caption
              : task == GPTVIS_TASK_BOTH    ? labels | caption
                                            : usual (can, labels));
  if ((asked & ~can) == 0)
    return asked;
  refuse (model, asked & ~can, can, error);
  return 0;
}

/* All outputs are asked for at once, so that the plan is made once. */
static gboolean
open_heads (GptVisClient *self, guint asked, const GptVisClientOptions *options, GError **error)
{
  for (guint i = 0; i < N_HEADS; i++)
    if (asked & 1u << i)
      self->outputs |= heads[i]->outputs;
  if (!gptvis_model_need (self->model, self->outputs, error))
    return FALSE;
  for (guint i = 0; i < N_HEADS; i++)
    if ((asked & 1u << i) && !(self->states[i] = heads[i]->open (self->model, options, error)))
      return FALSE;
  return TRUE;
}

GptVisClient *
gptvis_client_new (GptVisModel *model, const GptVisClientOptions *options, GError **error)
{
  const guint asked = asked_for (model, options, error);
  if (!asked)
    return NULL;
  GptVisClient *self = g_new0 (GptVisClient, 1);
  self->refs = 1;
  self->model = model;
  self->draft = gptvis_draft_new ();
  if (open_heads (self, asked, options, error))
    return self;
  gptvis_client_unref (self);
  return NULL;
}

GptVisClient *
gptvis_client_ref (GptVisClient *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

void
gptvis_client_unref (GptVisClient *self)
{
  if (!self || !g_atomic_int_dec_and_test (&self->refs))
    return;
  for (guint i = 0; i < N_HEADS; i++)
    if (self->states[i])
      heads[i]->close (self->states[i]);
  gptvis_draft_free (self->draft);
  g_free (self);
}

GptVisOutputs
gptvis_client_outputs (const GptVisClient *self)
{
  return self->outputs;
}

/* NULL: it asks for none. */
static const GptVisLabelTexts *
label_texts (const GptVisClient *self)
{
  if (self->states[BOXES])
    return gptvis_boxes_head_texts (self->states[BOXES]);
  return self->states[LABELS] ? gptvis_labels_head_texts (self->states[LABELS]) : NULL;
}

guint
gptvis_client_n_labels (const GptVisClient *self)
{
  const GptVisLabelTexts *labels = label_texts (self);
  return labels ? labels->n : 0;
}

const gchar *
gptvis_client_label (const GptVisClient *self, guint id)
{
  const GptVisLabelTexts *labels = label_texts (self);
  return labels && id < labels->n ? labels->texts[id] : NULL;
}

gboolean
gptvis_client_finds_boxes (const GptVisClient *self)
{
  return self->states[BOXES] != NULL;
}

gboolean
gptvis_client_writes (const GptVisClient *self)
{
  return self->states[CAPTION] != NULL;
}

GptVisCaptioner *
gptvis_client_captioner_new (GptVisClient *self, GError **error)
{
  return self->states[CAPTION] ? gptvis_caption_head_captioner_new (self->states[CAPTION], error) : NULL;
}

GptVisResult *
gptvis_client_read (GptVisClient *self, const GptVisRequest *request, guint top_k, gfloat threshold)
{
  const GptVisReading reading = { request, top_k, threshold, self->draft };
  for (guint i = 0; i < N_HEADS; i++)
    if (self->states[i] && heads[i]->read)
      heads[i]->read (self->states[i], &reading);
  return gptvis_draft_finish (self->draft, gptvis_model_name (self->model), request->analysis);
}

gboolean
gptvis_client_names_region_labels (const GptVisClient *self)
{
  return self->states[LABELS] && gptvis_labels_head_names_regions (self->states[LABELS]);
}

gfloat
gptvis_client_threshold (const GptVisClient *self, gfloat threshold)
{
  if (self->states[BOXES])
    return gptvis_boxes_head_threshold (threshold);
  return self->states[LABELS] ? gptvis_labels_head_threshold (self->states[LABELS], threshold)
                              : MAX (threshold, 0);
}

gboolean
gptvis_client_reads_regions (const GptVisClient *self)
{
  return self->states[LABELS] != NULL;
}

guint
gptvis_client_read_region (GptVisClient *self, const GptVisRequest *request, GptVisLabel *labels, guint max)
{
  return self->states[LABELS] ? gptvis_labels_head_read_region (self->states[LABELS], request, labels, max)
                              : 0;
}
