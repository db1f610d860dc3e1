/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arrays that grow and are emptied, and a result that points into them until it is copied. */
#include "draft.h"

#define ROOM 16u                /* elements that an array has room for at first */

struct _GptVisDraft {
  GptVisResult result;          /* all but the arrays; caption and clip point to these: */
  GptVisCaption caption;
  GptVisClip clip;
  GptVisPart looked_for;
  GArray *labels, *regions, *region_labels, *answers, *events;
  GPtrArray *planes;
};

static GArray *
array_of (gsize size)
{
  return g_array_sized_new (FALSE, FALSE, size, ROOM);
}

GptVisDraft *
gptvis_draft_new (void)
{
  GptVisDraft *self = g_new0 (GptVisDraft, 1);
  self->labels = array_of (sizeof (GptVisLabel));
  self->regions = array_of (sizeof (GptVisRegion));
  self->region_labels = array_of (sizeof (GptVisLabel));
  self->answers = array_of (sizeof (GptVisAnswer));
  self->events = array_of (sizeof (GptVisEvent));
  self->planes = g_ptr_array_new_with_free_func ((GDestroyNotify) gptvis_plane_unref);
  gptvis_draft_clear (self);
  return self;
}

void
gptvis_draft_free (GptVisDraft *self)
{
  if (!self)
    return;
  g_array_unref (self->labels);
  g_array_unref (self->regions);
  g_array_unref (self->region_labels);
  g_array_unref (self->answers);
  g_array_unref (self->events);
  g_ptr_array_unref (self->planes);
  g_free (self);
}

void
gptvis_draft_clear (GptVisDraft *self)
{
  self->result = (GptVisResult) { .pts = G_MAXUINT64, .running_time = G_MAXUINT64 };
  self->looked_for = 0;
  g_array_set_size (self->labels, 0);
  g_array_set_size (self->regions, 0);
  g_array_set_size (self->region_labels, 0);
  g_array_set_size (self->answers, 0);
  g_array_set_size (self->events, 0);
  g_ptr_array_set_size (self->planes, 0);
}

void
gptvis_draft_look_for (GptVisDraft *self, GptVisPart part)
{
  self->looked_for |= part;
}

void
gptvis_draft_add_label (GptVisDraft *self, const GptVisLabel *label)
{
  g_array_append_vals (self->labels, label, 1);
}

void
gptvis_draft_add_region (GptVisDraft *self, const GptVisRegion *region)
{
  gptvis_draft_look_for (self, GPTVIS_PART_REGIONS);
  g_array_append_vals (self->regions, region, 1);
  g_array_index (self->regions, GptVisRegion, self->regions->len - 1).n_labels = 0;
}

void
gptvis_draft_add_region_label (GptVisDraft *self, const GptVisLabel *label)
{
  g_assert (self->regions->len > 0);
  g_array_append_vals (self->region_labels, label, 1);
  g_array_index (self->regions, GptVisRegion, self->regions->len - 1).n_labels++;
}

void
gptvis_draft_add_answer (GptVisDraft *self, const GptVisAnswer *answer)
{
  gptvis_draft_look_for (self, GPTVIS_PART_ANSWERS);
  g_array_append_vals (self->answers, answer, 1);
}

void
gptvis_draft_add_event (GptVisDraft *self, const GptVisEvent *event)
{
  gptvis_draft_look_for (self, GPTVIS_PART_EVENTS);
  g_array_append_vals (self->events, event, 1);
}

void
gptvis_draft_add_plane (GptVisDraft *self, GptVisPlane *plane)
{
  g_ptr_array_add (self->planes, plane);
}

void
gptvis_draft_set_caption (GptVisDraft *self, const GptVisCaption *caption)
{
  self->caption = *caption;
  self->result.caption = &self->caption;
}

void
gptvis_draft_set_clip (GptVisDraft *self, const GptVisClip *clip)
{
  self->clip = *clip;
  self->result.clip = &self->clip;
}

void
gptvis_draft_set_embedding (GptVisDraft *self, const gfloat *embedding, guint n)
{
  self->result.embedding = embedding;
  self->result.n_embedding = n;
}

/* The array may have moved as it grew, so only now is it known where a region's labels are. */
static void
place_region_labels (GptVisDraft *self)
{
  const GptVisLabel *labels = (const GptVisLabel *) self->region_labels->data;
  for (guint i = 0; i < self->regions->len; i++) {
    GptVisRegion *region = &g_array_index (self->regions, GptVisRegion, i);
    region->labels = labels;
    labels += region->n_labels;
  }
}

GptVisResult *
gptvis_draft_finish (GptVisDraft *self, const gchar *model, gint64 analysis)
{
  GptVisResult *result = &self->result;
  const GptVisPart looked_for = self->looked_for;

  place_region_labels (self);
  result->model = model;
  result->analysis = analysis;
  result->n_labels = self->labels->len;
  result->labels = (const GptVisLabel *) self->labels->data;
  result->n_regions = self->regions->len;
  result->regions = looked_for & GPTVIS_PART_REGIONS ? (const GptVisRegion *) self->regions->data : NULL;
  result->n_answers = self->answers->len;
  result->answers = looked_for & GPTVIS_PART_ANSWERS ? (const GptVisAnswer *) self->answers->data : NULL;
  result->n_events = self->events->len;
  result->events = looked_for & GPTVIS_PART_EVENTS ? (const GptVisEvent *) self->events->data : NULL;
  result->n_planes = self->planes->len;
  result->planes = (const GptVisPlane *const *) self->planes->pdata;
  result = gptvis_result_copy (result);
  gptvis_draft_clear (self);
  return result;
}
