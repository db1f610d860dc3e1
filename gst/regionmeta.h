/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regions as other elements know them: GstVideoRegionOfInterestMeta, and GstAnalyticsODMtd with classes
 * and tracking where GStreamer has it (1.24). They are put on buffers for the elements after, and read
 * from them where elements before found the regions.
 *
 * Of a GstVideoRegionOfInterestMeta of ours, roi_type is the best label ("region" without one), id the
 * track's, and its parameters are named as DL Streamer's elements do it, so that what reads theirs reads
 * ours:
 *
 *     detection: label_id int, confidence double, x_min, y_min, x_max, y_max double (fractions)
 *     object_id: id int (of the track)
 *
 * Threads: whose the buffer is. */
#pragma once
#include <gst/video/video.h>
#include "scene.h"

G_BEGIN_DECLS

/* The result's regions, on a writable buffer whose picture is width × height pixels. */
void gptvis_region_metas_add (GstBuffer *buffer, const GptVisResult *result, guint width, guint height);

/* The regions that elements before have put on a buffer. A plain value, good as long as the buffer is. */
typedef struct {
  GptVisDetection found[GPTVIS_MAX_REGIONS];
  guint n;
  /*< private >*/
  const gchar *labels[GPTVIS_MAX_REGIONS];
  gpointer metas[GPTVIS_MAX_REGIONS];   /* the one that a region is from; NULL: analytics' … */
  guint ids[GPTVIS_MAX_REGIONS];        /* … of that number */
} GptVisUpstream;

/* What a property says of the labels to be read, with commas between, as gptvis_upstream_read takes it; for
 * g_strfreev. NULL of NULL. */
gchar **gptvis_upstream_split_labels (const gchar *labels);
/* Those within the picture, or as far as they are. Of a region that was put there in both forms one is taken.
 * `labels`: only regions that have one of these; NULL: all. */
void gptvis_upstream_read (GptVisUpstream *upstream, GstBuffer *buffer, gchar *const *labels, guint width,
    guint height);
/* Puts what was found out about them into their metas, on the same buffer or a copy of it: a parameter
 * "classification" with label string, label_id int, confidence double, and where they are analytics' a
 * related GstAnalyticsClsMtd. The result's regions are those that were read, in their order. */
void gptvis_upstream_add_labels (
    const GptVisUpstream *upstream, GstBuffer *buffer, const GptVisResult *result);

G_END_DECLS
