/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A detector's outputs → regions of the result. Each place where the network looks is a region when one of
 * its labels scores enough; detectors of this kind say a thing once, so nothing is merged or suppressed. */
#include "head.h"
#include "labels.h"
#include <string.h>

typedef struct {
  GptVisLabelTexts labels;
  guint max_regions;
  guint *ids;                   /* room to order labels in */
  GArray *scores, *places;      /* of each place its best score; places in order */
} BoxesHead;

static gpointer
open_boxes (GptVisModel *model, const GptVisClientOptions *options, GError **error)
{
  GptVisLabelTexts labels;
  if (!gptvis_label_texts_open (&labels, gptvis_model_configuration (model), options->labels_file, error))
    return NULL;
  BoxesHead *self = g_new0 (BoxesHead, 1);
  self->labels = labels;
  self->max_regions = options->max_regions;
  self->ids = g_new (guint, self->labels.n);
  self->scores = g_array_new (FALSE, FALSE, sizeof (float));
  self->places = g_array_new (FALSE, FALSE, sizeof (guint));
  return self;
}

static void
close_boxes (gpointer head)
{
  BoxesHead *self = head;
  gptvis_label_texts_clear (&self->labels);
  g_free (self->ids);
  g_array_unref (self->scores);
  g_array_unref (self->places);
  g_free (self);
}

/* Centre, width and height → left, top, width and height of what of it lies in the picture. FALSE: nothing
 * does. */
static gboolean
clip (const float *from, float *box)
{
  for (guint axis = 0; axis < 2; axis++) {
    const float centre = from[axis], half = from[2 + axis] / 2;
    const float start = CLAMP (centre - half, 0.0f, 1.0f), end = CLAMP (centre + half, 0.0f, 1.0f);
    if (!(start < end))
      return FALSE;
    box[axis] = start;
    box[2 + axis] = end - start;
  }
  return TRUE;
}

/* The places whose best label scores so much, best first. */
static guint
choose_places (BoxesHead *self, const GptVisRequest *request, gfloat threshold)
{
  g_array_set_size (self->scores, request->n_boxes);
  g_array_set_size (self->places, request->n_boxes);
  float *best = (float *) self->scores->data;
  for (guint i = 0; i < request->n_boxes; i++) {
    const float *scores = request->scores + (gsize) i * request->n_scores;
    best[i] = scores[0];
    for (guint k = 1; k < self->labels.n; k++)
      best[i] = MAX (best[i], scores[k]);
  }
  return gptvis_labels_top (best, request->n_boxes, 0, threshold, (guint *) self->places->data);
}

static void
add_region (BoxesHead *self, const GptVisReading *reading, guint place, gfloat threshold, const float *box)
{
  const float *scores = reading->request->scores + (gsize) place * reading->request->n_scores;
  const guint n = gptvis_labels_top (scores, self->labels.n, reading->top_k, threshold, self->ids);
  GptVisRegion region = { .source = GPTVIS_SOURCE_MODEL, .since = G_MAXUINT64 };
  memcpy (region.box, box, sizeof region.box);
  gptvis_draft_add_region (reading->draft, &region);
  for (guint i = 0; i < n; i++) {
    const guint id = self->ids[i];
    gptvis_draft_add_region_label (reading->draft, &(GptVisLabel) { id, self->labels.texts[id], scores[id] });
  }
}

/* More likely than not, as the networks' own programs have it. */
gfloat
gptvis_boxes_head_threshold (gfloat threshold)
{
  return threshold >= 0 ? threshold : 0.5f;
}

static void
read_boxes (gpointer head, const GptVisReading *reading)
{
  BoxesHead *self = head;
  const gfloat threshold = gptvis_boxes_head_threshold (reading->threshold);
  const guint n = choose_places (self, reading->request, threshold);
  const guint most = self->max_regions ? self->max_regions : n;
  gptvis_draft_look_for (reading->draft, GPTVIS_PART_REGIONS);
  for (guint i = 0, regions = 0; i < n && regions < most; i++) {
    const guint place = g_array_index (self->places, guint, i);
    float box[4];
    if (!clip (reading->request->boxes + 4 * (gsize) place, box))
      continue;
    add_region (self, reading, place, threshold, box);
    regions++;
  }
}

const GptVisLabelTexts *
gptvis_boxes_head_texts (gconstpointer head)
{
  return &((const BoxesHead *) head)->labels;
}

const GptVisHead gptvis_boxes_head = { "regions", GPTVIS_OUTPUT_BOXES, open_boxes, close_boxes, read_boxes };
