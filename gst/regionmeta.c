/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regions to and from the metadata that GStreamer's own and others' elements use for them. */
#include "regionmeta.h"
#include "structure.h"
#include "analytics.h"
#include <string.h>

#define NO_LABEL "region"

/* --- adding --- */

typedef struct {
  guint x, y, width, height;    /* pixels */
} Pixels;

static Pixels
to_pixels (const gfloat box[4], guint width, guint height)
{
  const guint x = CLAMP (box[0] * width + 0.5f, 0, width), y = CLAMP (box[1] * height + 0.5f, 0, height);

  return (Pixels) { x, y, CLAMP ((box[0] + box[2]) * width + 0.5f, x, width) - x,
    CLAMP ((box[1] + box[3]) * height + 0.5f, y, height) - y };
}

/* Labels are of a checkpoint or a labels file, a bounded set; so each may become a quark, which is never
 * freed. */
static GQuark
best_label (const GptVisRegion *region)
{
  return g_quark_from_string (region->n_labels ? region->labels[0].text : NO_LABEL);
}

static void
add_region_of_interest (GstBuffer *buffer, const GptVisRegion *region, Pixels at)
{
  GstVideoRegionOfInterestMeta *meta = gst_buffer_add_video_region_of_interest_meta_id (
      buffer, best_label (region), at.x, at.y, at.width, at.height);
  GstStructure *detection = gst_structure_new ("detection",
      "x_min", G_TYPE_DOUBLE, (gdouble) region->box[0], "y_min", G_TYPE_DOUBLE, (gdouble) region->box[1],
      "x_max", G_TYPE_DOUBLE, (gdouble) region->box[0] + region->box[2],
      "y_max", G_TYPE_DOUBLE, (gdouble) region->box[1] + region->box[3], NULL);

  meta->id = region->id;
  if (region->n_labels)
    gst_structure_set (detection, "label_id", G_TYPE_INT, (gint) region->labels[0].id,
        "confidence", G_TYPE_DOUBLE, (gdouble) region->labels[0].score, NULL);
  gst_video_region_of_interest_meta_add_param (meta, detection);
  if (region->id)
    gst_video_region_of_interest_meta_add_param (meta,
        gst_structure_new ("object_id", "id", G_TYPE_INT, (gint) region->id, NULL));
}

#if GPTVIS_HAVE_ANALYTICS
static void
relate (GstAnalyticsRelationMeta *relations, guint a, guint b)
{
  gst_analytics_relation_meta_set_relation (relations, GST_ANALYTICS_REL_TYPE_RELATE_TO, a, b);
  gst_analytics_relation_meta_set_relation (relations, GST_ANALYTICS_REL_TYPE_RELATE_TO, b, a);
}

/* The class's labels, related to the object both ways. */
static void
add_class (GstAnalyticsRelationMeta *relations, guint object, const GptVisRegion *region)
{
  GstAnalyticsClsMtd class;

  if (gptvis_analytics_add_class (relations, region->labels, region->n_labels, &class))
    relate (relations, object, class.id);
}

/* The track began with `region->since` and goes on at the buffer's time. */
static void
add_track (GstAnalyticsRelationMeta *relations, guint object, const GptVisRegion *region, GstClockTime now)
{
  GstAnalyticsTrackingMtd tracking;

  if (!gst_analytics_relation_meta_add_tracking_mtd (relations, region->id, region->since, &tracking))
    return;
  if (GST_CLOCK_TIME_IS_VALID (now))
    gst_analytics_tracking_mtd_update_last_seen (&tracking, now);
  relate (relations, object, tracking.id);
}

static void
add_object (GstBuffer *buffer, const GptVisRegion *region, Pixels at)
{
  GstAnalyticsRelationMeta *relations = gptvis_analytics_relations (buffer);
  const gfloat score = region->n_labels ? region->labels[0].score : 0;
  GstAnalyticsODMtd object;

  if (!gst_analytics_relation_meta_add_od_mtd (
          relations, best_label (region), at.x, at.y, at.width, at.height, score, &object))
    return;
  add_class (relations, object.id, region);
  if (region->id)
    add_track (relations, object.id, region, GST_BUFFER_PTS (buffer));
}
#endif

void
gptvis_region_metas_add (GstBuffer *buffer, const GptVisResult *result, guint width, guint height)
{
  for (guint i = 0; result->regions && i < result->n_regions; i++) {
    const GptVisRegion *region = &result->regions[i];
    const Pixels at = to_pixels (region->box, width, height);

    add_region_of_interest (buffer, region, at);
#if GPTVIS_HAVE_ANALYTICS
    add_object (buffer, region, at);
#endif
  }
}

/* --- reading --- */

gchar **
gptvis_upstream_split_labels (const gchar *labels)
{
  gchar **names = labels ? g_strsplit (labels, ",", -1) : NULL;

  for (guint i = 0; names && names[i]; i++)
    g_strstrip (names[i]);
  return names;
}

static gboolean
is_asked_for (const gchar *label, gchar *const *labels)
{
  gboolean found = !labels;

  for (guint i = 0; labels && labels[i] && !found; i++)
    found = g_ascii_strcasecmp (labels[i], label) == 0;
  return found;
}

static gboolean
is_known (const GptVisUpstream *self, GptVisBox box, const gchar *label)
{
  for (guint i = 0; i < self->n; i++)
    if (gptvis_box_iou (self->found[i].box, box) > 0.98f && g_str_equal (self->labels[i], label))
      return TRUE;
  return FALSE;
}

static void
read_region (GptVisUpstream *self, gchar *const *labels, GQuark type, GptVisBox box, gpointer meta, guint id)
{
  const gchar *text = g_quark_to_string (type), *label = text ? text : NO_LABEL;

  box = gptvis_box_clipped (box);
  if (self->n == GPTVIS_MAX_REGIONS || !gptvis_box_is_valid (box) || is_known (self, box, label)
      || !is_asked_for (label, labels))
    return;
  self->labels[self->n] = label;
  self->metas[self->n] = meta;
  self->ids[self->n] = id;
  self->found[self->n++] = (GptVisDetection) { .box = box, .score = 1 };
}

static GptVisBox
to_box (gdouble x, gdouble y, gdouble width, gdouble height, guint picture_width, guint picture_height)
{
  return (GptVisBox) { x / picture_width, y / picture_height,
    width / picture_width, height / picture_height };
}

#if GPTVIS_HAVE_ANALYTICS
static void
read_objects (GptVisUpstream *self, GstBuffer *buffer, gchar *const *labels, guint width, guint height)
{
  GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta (buffer);
  GstAnalyticsODMtd object;
  gpointer state = NULL;
  gint x, y, w, h;
  gfloat score;

  while (relations
         && gst_analytics_relation_meta_iterate (
             relations, &state, gst_analytics_od_mtd_get_mtd_type (), (GstAnalyticsMtd *) &object))
    if (gst_analytics_od_mtd_get_location (&object, &x, &y, &w, &h, &score))
      read_region (self, labels, gst_analytics_od_mtd_get_obj_type (&object),
          to_box (x, y, w, h, width, height), NULL, object.id);
}
#endif

void
gptvis_upstream_read (GptVisUpstream *self, GstBuffer *buffer, gchar *const *labels, guint width,
    guint height)
{
  GstVideoRegionOfInterestMeta *meta;
  gpointer state = NULL;

  self->n = 0;
  while ((meta = (GstVideoRegionOfInterestMeta *) gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)))
    read_region (self, labels, meta->roi_type, to_box (meta->x, meta->y, meta->w, meta->h, width, height),
        meta, 0);
#if GPTVIS_HAVE_ANALYTICS
  read_objects (self, buffer, labels, width, height);
#endif
}

/* --- what was found out about them --- */

static void
add_classification (GstVideoRegionOfInterestMeta *meta, const GptVisResult *result, const GptVisLabel *label)
{
  GstStructure *classification = gst_structure_new ("classification", "label", G_TYPE_STRING, label->text,
      "label_id", G_TYPE_INT, (gint) label->id, "confidence", G_TYPE_DOUBLE, (gdouble) label->score, NULL);

  gptvis_structure_set_text (classification, "model_name", result->model);
  gst_video_region_of_interest_meta_add_param (meta, classification);
}

void
gptvis_upstream_add_labels (const GptVisUpstream *self, GstBuffer *buffer, const GptVisResult *result)
{
  const guint n = MIN (self->n, result->n_regions);

  for (guint i = 0; i < n; i++) {
    const GptVisRegion *region = &result->regions[i];
    if (region->n_labels == 0)
      continue;
    if (self->metas[i])
      add_classification (self->metas[i], result, &region->labels[0]);
#if GPTVIS_HAVE_ANALYTICS
    else
      add_class (gst_buffer_get_analytics_relation_meta (buffer), self->ids[i], region);
#endif
  }
}
