/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A queue of regions that wait for their captions. */
#include "regioncaptions.h"
#include <string.h>

typedef struct {
  guint id, generation;         /* of the region, and of the scene that it was seen in */
  float *tokens;
  gfloat threshold;
  guint64 frame, pts, running_time;
} Waiting;

struct _GptVisRegionCaptions {
  GptVisCaptioner *captioner;
  GptVisScene *scene;           /* a reference */
  GArray *waiting;              /* of Waiting, the oldest first: at most GPTVIS_MAX_LOOKS */
  guint id, generation;         /* of the region whose caption is being written; 0: none is */
};

static void
clear_waiting (gpointer data)
{
  g_free (((Waiting *) data)->tokens);
}

GptVisRegionCaptions *
gptvis_region_captions_new (GptVisClient *client, GptVisScene *scene, GError **error)
{
  GptVisCaptioner *captioner = gptvis_client_captioner_new (client, error);

  if (!captioner)
    return NULL;
  GptVisRegionCaptions *self = g_new0 (GptVisRegionCaptions, 1);
  self->captioner = captioner;
  self->scene = gptvis_scene_ref (scene);
  self->waiting = g_array_new (FALSE, FALSE, sizeof (Waiting));
  g_array_set_clear_func (self->waiting, clear_waiting);
  return self;
}

void
gptvis_region_captions_free (GptVisRegionCaptions *self)
{
  if (!self)
    return;
  gptvis_captioner_free (self->captioner);
  gptvis_scene_unref (self->scene);
  g_array_unref (self->waiting);
  g_free (self);
}

static gboolean
is_waiting (const GptVisRegionCaptions *self, guint id)
{
  for (guint i = 0; i < self->waiting->len; i++)
    if (g_array_index (self->waiting, Waiting, i).id == id)
      return TRUE;
  return id == self->id;
}

void
gptvis_region_captions_look (GptVisRegionCaptions *self, guint id, const float *tokens, const GptVisJob *job)
{
  if (id == 0 || is_waiting (self, id) || self->waiting->len == GPTVIS_MAX_LOOKS
      || !gptvis_scene_wants_caption (self->scene, &job->scene_settings, &job->view, id))
    return;
  const Waiting waiting = { .id = id, .generation = job->view.generation,
    .tokens = g_memdup2 (tokens, gptvis_captioner_n_values (self->captioner) * sizeof *tokens),
    .threshold = job->caption_threshold, .frame = job->frame, .pts = job->time.pts,
    .running_time = job->time.running_time };
  g_array_append_val (self->waiting, waiting);
}

void
gptvis_region_captions_begin (GptVisRegionCaptions *self)
{
  while (self->id == 0 && self->waiting->len > 0) {
    const Waiting *first = &g_array_index (self->waiting, Waiting, 0);
    self->id = first->id;
    self->generation = first->generation;
    gptvis_captioner_forget (self->captioner);  /* another region's picture is not the one before */
    gptvis_captioner_look (self->captioner, first->tokens);
    gptvis_captioner_set_threshold (self->captioner, first->threshold);
    gptvis_captioner_begin (self->captioner, first->frame, first->pts, first->running_time);
    g_array_remove_index (self->waiting, 0);
    gptvis_region_captions_take (self); /* it may have failed already */
  }
}

gboolean
gptvis_region_captions_is_writing (const GptVisRegionCaptions *self)
{
  return self->id != 0;
}

GptVisCaptioner *
gptvis_region_captions_captioner (GptVisRegionCaptions *self)
{
  return self->captioner;
}

void
gptvis_region_captions_take (GptVisRegionCaptions *self)
{
  if (self->id == 0 || gptvis_captioner_is_writing (self->captioner))
    return;
  gptvis_scene_set_caption (self->scene, self->generation, self->id,
      gptvis_captioner_finished (self->captioner));
  self->id = 0;
}

gboolean
gptvis_region_captions_are_due (const GptVisRegionCaptions *self)
{
  return self->id != 0 || self->waiting->len > 0;
}

void
gptvis_region_captions_forget (GptVisRegionCaptions *self)
{
  g_array_set_size (self->waiting, 0);
  gptvis_captioner_forget (self->captioner);
  self->id = 0;
}
