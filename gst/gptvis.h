/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvis for applications: what a pipeline with gptvisfilter attaches to its
 * buffers. Nothing to link: the functions are inline.
 *
 *     static GstPadProbeReturn
 *     on_buffer (GstPad * pad, GstPadProbeInfo * info, gpointer user)
 *     {
 *       GptVisMeta *seen = gptvis_buffer_get_meta (GST_PAD_PROBE_INFO_BUFFER (info));
 *       for (guint i = 0; seen && i < seen->result->n_labels; i++)
 *         g_print ("%s %.2f\n", seen->result->labels[i].text, seen->result->labels[i].score);
 *       return GST_PAD_PROBE_OK;
 *     }
 *
 * The result belongs to the meta and lives as long as the buffer. It is shared:
 * read it, do not write to it. Other languages read the same from the element
 * message "gptvis-result" on the bus. */
#pragma once
#include <gst/gst.h>
#include "result.h"

G_BEGIN_DECLS

#define GPTVIS_META_API_NAME "GptVisMetaAPI"

typedef struct {
  GstMeta meta;
  const GptVisResult *result;
  gboolean own;                 /* found on this very frame, not on an earlier one */
  GstClockTime age;             /* this frame's time less the analysed frame's */
} GptVisMeta;

/* NULL when nothing was found, or nothing in this process ever attaches one. */
static inline GptVisMeta *
gptvis_buffer_get_meta (GstBuffer * buffer)
{
  GType api = g_type_from_name (GPTVIS_META_API_NAME);
  return api ? (GptVisMeta *) gst_buffer_get_meta (buffer, api) : NULL;
}

G_END_DECLS
