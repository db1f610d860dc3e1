/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The embedding head: the picture's vector as the checkpoint pools it → the same of length one, so that a
 * product of two says how much alike the pictures are. */
#include "head.h"
#include <math.h>

typedef struct {
  GArray *unit;                 /* of the last picture */
} EmbeddingHead;

static gpointer
open_embedding (GptVisModel *model, const GptVisClientOptions *options, GError **error)
{
  EmbeddingHead *self = g_new (EmbeddingHead, 1);
  self->unit = g_array_new (FALSE, FALSE, sizeof (gfloat));
  return self;
}

static void
close_embedding (gpointer head)
{
  EmbeddingHead *self = head;
  g_array_unref (self->unit);
  g_free (self);
}

/* A vector of zeros has no direction, and stays unknown. */
static void
read_embedding (gpointer head, const GptVisReading *reading)
{
  EmbeddingHead *self = head;
  const float *values = reading->request->embedding;
  const guint n = reading->request->n_embedding;
  gdouble squares = 0;
  for (guint i = 0; i < n; i++)
    squares += (gdouble) values[i] * values[i];
  if (squares == 0)
    return;
  g_array_set_size (self->unit, n);
  gfloat *unit = (gfloat *) self->unit->data;
  for (guint i = 0; i < n; i++)
    unit[i] = values[i] / sqrt (squares);
  gptvis_draft_set_embedding (reading->draft, unit, n);
}

const GptVisHead gptvis_embedding_head = { "embedding", GPTVIS_OUTPUT_EMBEDDING, open_embedding,
  close_embedding, read_embedding };
