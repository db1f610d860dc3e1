/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GstAnalyticsRelationMeta for labels, of whole pictures (meta.c, in the library) and of regions
 * (regionmeta.c, in the plugin). Empty where GStreamer does not have it (1.24). */
#pragma once
#include "config.h"
#if GPTVIS_HAVE_ANALYTICS
#include <gst/analytics/analytics.h>
#include "result.h"

G_BEGIN_DECLS

/* The buffer's, or a new one on it. */
static inline GstAnalyticsRelationMeta *
gptvis_analytics_relations (GstBuffer *buffer)
{
  GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta (buffer);

  return relations ? relations : gst_buffer_add_analytics_relation_meta (buffer);
}

/* One classification with all the labels; FALSE: there are none. Analytics wants quarks, which are never
 * freed: only labels of a checkpoint or a label file become one, a bounded set. */
static inline gboolean
gptvis_analytics_add_class (GstAnalyticsRelationMeta *relations, const GptVisLabel *labels, guint n,
    GstAnalyticsClsMtd *classification)
{
  gfloat *scores = g_new (gfloat, n);
  GQuark *texts = g_new (GQuark, n);

  for (guint i = 0; i < n; i++) {
    scores[i] = labels[i].score;
    texts[i] = g_quark_from_string (labels[i].text);
  }
  const gboolean added = n
      && gst_analytics_relation_meta_add_cls_mtd (relations, n, scores, texts, classification);
  g_free (scores);
  g_free (texts);
  return added;
}

G_END_DECLS
#endif
