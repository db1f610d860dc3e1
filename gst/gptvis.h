/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libgptvis for applications: what a pipeline with gptvisfilter attaches to its buffers.
 *
 *     static GstPadProbeReturn
 *     on_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user)
 *     {
 *       GptVisMeta *seen = gptvis_buffer_get_meta (GST_PAD_PROBE_INFO_BUFFER (info));
 *       for (guint i = 0; seen && i < seen->result->n_labels; i++)
 *         g_print ("%s %.2f\n", seen->result->labels[i].text, seen->result->labels[i].score);
 *       return GST_PAD_PROBE_OK;
 *     }
 *
 * A meta belongs to its buffer. Its result may be kept for longer with a reference (gptvis_result_ref). It is
 * shared: read it, do not write to it.
 *
 * Build with `pkg-config --cflags --libs gptvis-1.0`. Other languages have the same by introspection, as
 * namespace GptVis, version 1.0. */
#pragma once
#include <gst/gst.h>
#include "gptvis-version.h"
#include "result.h"

G_BEGIN_DECLS

#define GPTVIS_TYPE_RESULT (gptvis_result_get_type ())
GPTVIS_API GType gptvis_result_get_type (void);
#define GPTVIS_TYPE_PLANE (gptvis_plane_get_type ())
GPTVIS_API GType gptvis_plane_get_type (void);

/* --- on buffers --- */

#define GPTVIS_META_API_NAME "GptVisMetaAPI"
#define GPTVIS_META_API_TYPE (gptvis_meta_api_get_type ())

/**
 * GptVisMeta:
 * @meta: the base
 * @result: what was found
 * @own: it was found on this very frame, not on an earlier one
 * @age: this frame's time less the analysed one's; %GST_CLOCK_TIME_NONE: no analysis is carried, only regions
 *
 * A result on a buffer. It has no tags, since it says nothing about pixels: it survives conversion, scaling,
 * cropping and copies.
 */
typedef struct {
  GstMeta meta;
  const GptVisResult *result;
  gboolean own;
  GstClockTime age;
} GptVisMeta;

GPTVIS_API GType gptvis_meta_api_get_type (void);
GPTVIS_API const GstMetaInfo *gptvis_meta_get_info (void);

GPTVIS_API GptVisMeta *gptvis_buffer_get_meta (GstBuffer *buffer);
GPTVIS_API GptVisMeta *gptvis_buffer_iterate_meta (GstBuffer *buffer, gpointer *state);
GPTVIS_API GList *gptvis_buffer_list_metas (GstBuffer *buffer);
GPTVIS_API GptVisMeta *gptvis_buffer_add_meta (GstBuffer *buffer, const GptVisResult *result, gboolean own,
    GstClockTime age);

GPTVIS_API GptVisResult *gptvis_meta_get_result (const GptVisMeta *meta);
GPTVIS_API gboolean gptvis_meta_is_own (const GptVisMeta *meta);
GPTVIS_API GstClockTime gptvis_meta_get_age (const GptVisMeta *meta);

/* --- in messages --- */

GPTVIS_API GstStructure *gptvis_result_to_structure (const GptVisResult *result);
GPTVIS_API GstStructure *gptvis_result_caption_to_structure (const GptVisResult *result);
GPTVIS_API GstStructure *gptvis_result_event_to_structure (const GptVisResult *result, guint i);
GPTVIS_API gchar *gptvis_structure_to_json (const GstStructure *structure);

G_END_DECLS
