/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results onto buffers. The meta holds a reference to the shared result and
 * two values of this buffer; copying a meta copies the reference. It knows
 * nothing of models and streams. */
#include "meta.h"
#include "client.h"
#include "config.h"
#include <gst/video/video.h>
#if GPTVIS_HAVE_ANALYTICS
#include <gst/analytics/analytics.h>
#endif

static gboolean
meta_init (GstMeta * meta, gpointer params, GstBuffer * buffer)
{
  GptVisMeta *self = (GptVisMeta *) meta;

  self->result = NULL;
  self->own = FALSE;
  self->age = GST_CLOCK_TIME_NONE;
  return TRUE;
}

static void
meta_free (GstMeta * meta, GstBuffer * buffer)
{
  gptvis_result_unref (((GptVisMeta *) meta)->result);
}

static GptVisMeta *
attach (GstBuffer * buffer, const GptVisResult * result, gboolean own, GstClockTime age)
{
  GptVisMeta *self = (GptVisMeta *) gst_buffer_add_meta (buffer, gptvis_meta_get_info (), NULL);

  self->result = gptvis_result_ref (result);
  self->own = own;
  self->age = age;
  return self;
}

/* What a picture shows does not change when it is copied, cut or scaled. Other
 * transformations are not known here and do not keep the meta. */
static gboolean
meta_transform (GstBuffer * to, GstMeta * meta, GstBuffer * from, GQuark type, gpointer data)
{
  GptVisMeta *self = (GptVisMeta *) meta;

  if (!GST_META_TRANSFORM_IS_COPY (type) && !GST_VIDEO_META_TRANSFORM_IS_SCALE (type))
    return FALSE;
  attach (to, self->result, self->own, self->age);
  return TRUE;
}

const GstMetaInfo *
gptvis_meta_get_info (void)
{
  static const GstMetaInfo *info;

  if (g_once_init_enter (&info)) {
    static const gchar *tags[] = { NULL };
    GType api = gst_meta_api_type_register (GPTVIS_META_API_NAME, tags);
    const GstMetaInfo *registered = gst_meta_register (api, "GptVisMeta", sizeof (GptVisMeta),
        meta_init, meta_free, meta_transform);
    g_once_init_leave (&info, registered);
  }
  return info;
}

#if GPTVIS_HAVE_ANALYTICS
/* One classification with all the labels. Analytics wants quarks, which are never
 * freed: only labels of a checkpoint or a label file become one, a bounded set. */
static void
add_analytics (GstBuffer * buffer, const GptVisResult * result)
{
  GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta (buffer);
  gfloat *scores = g_new (gfloat, result->n_labels);
  GQuark *labels = g_new (GQuark, result->n_labels);
  GstAnalyticsClsMtd classification;

  if (!relations)
    relations = gst_buffer_add_analytics_relation_meta (buffer);
  for (guint i = 0; i < result->n_labels; i++) {
    scores[i] = result->labels[i].score;
    labels[i] = g_quark_from_string (result->labels[i].text);
  }
  if (result->n_labels)
    gst_analytics_relation_meta_add_cls_mtd (relations, result->n_labels, scores, labels, &classification);
  g_free (scores);
  g_free (labels);
}
#endif

GptVisMeta *
gptvis_buffer_add_meta (GstBuffer * buffer, const GptVisResult * result, gboolean own, GstClockTime age)
{
#if GPTVIS_HAVE_ANALYTICS
  add_analytics (buffer, result);
#endif
  return attach (buffer, result, own, age);
}
