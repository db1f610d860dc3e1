/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results on buffers: how they are attached and read. The meta has a reference to the shared result and two
 * values of its buffer; copying a meta copies the reference. Where GStreamer has it (1.24), the labels are
 * attached as GstAnalyticsRelationMeta too. This file knows nothing of models and streams. */
#include "gptvis.h"
#include "analytics.h"
#include <gst/video/video.h>

static gboolean
meta_init (GstMeta *meta, gpointer params, GstBuffer *buffer)
{
  GptVisMeta *self = (GptVisMeta *) meta;

  self->result = NULL;
  self->own = FALSE;
  self->age = GST_CLOCK_TIME_NONE;
  return TRUE;
}

static void
meta_free (GstMeta *meta, GstBuffer *buffer)
{
  gptvis_result_unref (((GptVisMeta *) meta)->result);
}

static GptVisMeta *
attach (GstBuffer *buffer, const GptVisResult *result, gboolean own, GstClockTime age)
{
  GptVisMeta *self = (GptVisMeta *) gst_buffer_add_meta (buffer, gptvis_meta_get_info (), NULL);

  self->result = gptvis_result_ref (result);
  self->own = own;
  self->age = age;
  return self;
}

/* What a picture shows does not change when it is copied, cropped or scaled. Other
 * transformations are not known here and drop the meta. */
static gboolean
meta_transform (GstBuffer *to, GstMeta *meta, GstBuffer *from, GQuark type, gpointer data)
{
  GptVisMeta *self = (GptVisMeta *) meta;

  if (!GST_META_TRANSFORM_IS_COPY (type) && !GST_VIDEO_META_TRANSFORM_IS_SCALE (type))
    return FALSE;
  attach (to, self->result, self->own, self->age);
  return TRUE;
}

GType
gptvis_meta_api_get_type (void)
{
  static GType type;

  if (g_once_init_enter (&type)) {
    static const gchar *tags[] = { NULL };
    g_once_init_leave (&type, gst_meta_api_type_register (GPTVIS_META_API_NAME, tags));
  }
  return type;
}

/**
 * gptvis_meta_get_info: (skip)
 *
 * Returns: (transfer none): how the meta is registered
 */
const GstMetaInfo *
gptvis_meta_get_info (void)
{
  static const GstMetaInfo *info;

  if (g_once_init_enter (&info)) {
    const GstMetaInfo *registered = gst_meta_register (GPTVIS_META_API_TYPE, "GptVisMeta",
        sizeof (GptVisMeta), meta_init, meta_free, meta_transform);
    g_once_init_leave (&info, registered);
  }
  return info;
}

/**
 * gptvis_buffer_add_meta:
 * @buffer: a writable buffer
 * @result: (transfer none): what was found, of which the meta gets a reference
 * @own: it was found on this very frame
 * @age: this frame's time less the analysed frame's, or %GST_CLOCK_TIME_NONE
 *
 * Attaches @result to @buffer. A buffer that has a result of another gptvisfilter then has both.
 *
 * Returns: (transfer none): the meta
 */
GptVisMeta *
gptvis_buffer_add_meta (GstBuffer *buffer, const GptVisResult *result, gboolean own, GstClockTime age)
{
#if GPTVIS_HAVE_ANALYTICS
  GstAnalyticsClsMtd classification;
  gptvis_analytics_add_class (gptvis_analytics_relations (buffer), result->labels, result->n_labels,
      &classification);
#endif
  return attach (buffer, result, own, age);
}

/**
 * gptvis_buffer_get_meta:
 * @buffer: a buffer
 *
 * Returns: (transfer none) (nullable): the first result on @buffer, or %NULL
 */
GptVisMeta *
gptvis_buffer_get_meta (GstBuffer *buffer)
{
  return (GptVisMeta *) gst_buffer_get_meta (buffer, GPTVIS_META_API_TYPE);
}

/**
 * gptvis_buffer_iterate_meta: (skip)
 * @buffer: a buffer
 * @state: (inout): %NULL for the first
 *
 * The results on @buffer, one of each gptvisfilter, one after the other.
 *
 * Returns: (transfer none) (nullable): the next, or %NULL
 */
GptVisMeta *
gptvis_buffer_iterate_meta (GstBuffer *buffer, gpointer *state)
{
  return (GptVisMeta *) gst_buffer_iterate_meta_filtered (buffer, state, GPTVIS_META_API_TYPE);
}

/**
 * gptvis_buffer_list_metas:
 * @buffer: a buffer
 *
 * The results on @buffer, one of each gptvisfilter.
 *
 * Returns: (transfer container) (element-type GptVisMeta): a list, which may be empty
 */
GList *
gptvis_buffer_list_metas (GstBuffer *buffer)
{
  GList *list = NULL;
  gpointer state = NULL;

  for (GptVisMeta *meta; (meta = gptvis_buffer_iterate_meta (buffer, &state));)
    list = g_list_prepend (list, meta);
  return g_list_reverse (list);
}

/**
 * gptvis_meta_get_result:
 * @meta: a result on a buffer
 *
 * Returns: (transfer full): the result, which may be kept for longer than the buffer
 */
GptVisResult *
gptvis_meta_get_result (const GptVisMeta *meta)
{
  return gptvis_result_ref (meta->result);
}

/**
 * gptvis_meta_is_own:
 * @meta: a result on a buffer
 *
 * Returns: whether it was found on this very frame, not on an earlier one
 */
gboolean
gptvis_meta_is_own (const GptVisMeta *meta)
{
  return meta->own;
}

/**
 * gptvis_meta_get_age:
 * @meta: a result on a buffer
 *
 * Returns: this frame's time less the analysed frame's, or %GST_CLOCK_TIME_NONE
 */
GstClockTime
gptvis_meta_get_age (const GptVisMeta *meta)
{
  return meta->age;
}
