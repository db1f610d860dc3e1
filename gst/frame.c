/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GStreamer's frames as pictures. A table, made from the list of picture formats, has a
 * row for each; the rest is colorimetry, cropping and the check, for reading and for
 * drawing, that every plane lies inside the mapped memory. No pixel is looked at here. */
#include "frame.h"
#include "error.h"

/* The names are GStreamer's, so a new row of the list is a new row here. */
static const struct {
  GstVideoFormat format;
  GptVisPictureFormat picture;
} formats[] = {
#define X(name) { GST_VIDEO_FORMAT_##name, GPTVIS_PICTURE_##name },
  GPTVIS_PICTURE_FORMATS (X)
#undef X
};

GstCaps *
gptvis_frame_caps (void)
{
  GstVideoFormat list[G_N_ELEMENTS (formats)];
  GstCaps *caps, *any;

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    list[i] = formats[i].format;
  caps = gst_video_make_raw_caps (list, G_N_ELEMENTS (list));
  any = gst_caps_copy (caps);
  gst_caps_set_features_simple (any, gst_caps_features_new_any ());
  gst_caps_append (caps, any);
  gst_caps_set_simple (caps,
      "width", GST_TYPE_INT_RANGE, 1, GPTVIS_PICTURE_MAX_SIDE,
      "height", GST_TYPE_INT_RANGE, 1, GPTVIS_PICTURE_MAX_SIDE, NULL);
  return caps;
}

static gboolean
picture_format (GstVideoFormat format, GptVisPictureFormat *picture)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    if (formats[i].format == format) {
      *picture = formats[i].picture;
      return TRUE;
    }
  }
  return FALSE;
}

/* FCC's coefficients are BT.601's within 0.001, SMPTE 240M's are BT.709's within
 * 0.001. An unknown matrix is guessed from the size, as GStreamer does. */
static GptVisMatrix
picture_matrix (const GstVideoInfo *info)
{
  switch (GST_VIDEO_INFO_COLORIMETRY (info).matrix) {
    case GST_VIDEO_COLOR_MATRIX_BT601:
    case GST_VIDEO_COLOR_MATRIX_FCC:
      return GPTVIS_MATRIX_BT601;
    case GST_VIDEO_COLOR_MATRIX_BT709:
    case GST_VIDEO_COLOR_MATRIX_SMPTE240M:
      return GPTVIS_MATRIX_BT709;
    case GST_VIDEO_COLOR_MATRIX_BT2020:
      return GPTVIS_MATRIX_BT2020;
    default:
      return GST_VIDEO_INFO_HEIGHT (info) > 576 ? GPTVIS_MATRIX_BT709 : GPTVIS_MATRIX_BT601;
  }
}

/* Caps seldom name the siting. Full range then means JPEG and its centred
 * chroma, limited range means MPEG and chroma on the left samples. */
static GptVisSite
picture_site (const GstVideoInfo *info, gboolean full_range)
{
  GstVideoChromaSite site = GST_VIDEO_INFO_CHROMA_SITE (info);

  if (site == GST_VIDEO_CHROMA_SITE_UNKNOWN)
    return full_range ? GPTVIS_SITE_CENTRE : GPTVIS_SITE_LEFT;
  return site & GST_VIDEO_CHROMA_SITE_H_COSITED ? GPTVIS_SITE_LEFT : GPTVIS_SITE_CENTRE;
}

/* The part of the frame that is picture: the crop rectangle when there is one, moved to
 * whole chroma samples, else what the caps say. FALSE when it is not inside the frame. */
static gboolean
picture_place (const GstVideoFrame *frame, const GstVideoInfo *info, GptVisPicture *picture,
    guint *x, guint *y)
{
  const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta (frame->buffer);
  guint frame_width = GST_VIDEO_FRAME_WIDTH (frame);
  guint frame_height = GST_VIDEO_INFO_FIELD_HEIGHT (&frame->info);

  *x = *y = 0;
  picture->width = GST_VIDEO_INFO_WIDTH (info);
  picture->height = GST_VIDEO_INFO_FIELD_HEIGHT (info);
  if (crop) {
    *x = crop->x & ~1u;
    *y = crop->y & ~1u;
    picture->width = crop->width;
    picture->height = crop->height;
  }
  return picture->width > 0 && picture->height > 0 && *x <= frame_width && *y <= frame_height
      && picture->width <= frame_width - *x && picture->height <= frame_height - *y;
}

/* --- the check: gst_video_frame_map trusts the offsets and strides of a GstVideoMeta, but an
 * element upstream may have got them wrong --- */

static const GstMapInfo *
plane_memory (const GstVideoFrame *frame, guint plane)
{
  return &frame->map[frame->meta ? plane : 0];
}

/* Where in the plane's memory the sample at (x, y) is, in bytes. */
static gint64
plane_offset (const GstVideoFrame *frame, guint plane, guint x, guint y)
{
  const GstVideoFormatInfo *format = frame->info.finfo;
  guint component = 0;

  while (format->plane[component] != plane)
    component++;
  return (const guint8 *) GST_VIDEO_FRAME_PLANE_DATA (frame, plane) - plane_memory (frame, plane)->data
      + (gint64) (y >> format->h_sub[component]) * GST_VIDEO_FRAME_PLANE_STRIDE (frame, plane)
      + (gint64) (x >> format->w_sub[component]) * format->pixel_stride[component];
}

/* Do `width` × `height` pixels of the plane from `offset` on lie inside its memory, without rows that
 * overlap? */
static gboolean
plane_is_inside (const GstVideoFrame *frame, guint plane, gint64 offset, gint width, gint height)
{
  const GstVideoFormatInfo *format = frame->info.finfo;
  const gint64 stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, plane);
  gint64 rows = 0, row = 0;

  for (guint i = 0; i < format->n_components; i++) {
    if (format->plane[i] != plane)
      continue;
    rows = MAX (rows, GST_VIDEO_SUB_SCALE (format->h_sub[i], height));
    row = MAX (row, (gint64) GST_VIDEO_SUB_SCALE (format->w_sub[i], width) * format->pixel_stride[i]);
  }
  const gint64 span = (rows - 1) * stride;
  return (rows == 1 || ABS (stride) >= row) && offset + MIN (span, 0) >= 0
      && offset + MAX (span, 0) + row <= (gint64) plane_memory (frame, plane)->size;
}

/* For packed and tiled formats, where a plane has no rows of samples: is it laid out as GStreamer does it? */
static gboolean
plane_is_usual (const GstVideoFrame *frame, guint plane, const GstVideoInfo *usual)
{
  const gint64 begin = usual->offset[plane], offset = plane_offset (frame, plane, 0, 0);
  const gint64 end = plane + 1 < usual->finfo->n_planes ? usual->offset[plane + 1] : usual->size;

  return GST_VIDEO_FRAME_PLANE_STRIDE (frame, plane) == usual->stride[plane] && offset >= 0
      && offset + end - begin <= (gint64) plane_memory (frame, plane)->size;
}

/* libgstvideo blends whole rows, of the width that a GstVideoMeta says. */
static gboolean
is_drawable (const GstVideoFrame *frame)
{
  const GstVideoFormatInfo *format = frame->info.finfo;
  const gint width = GST_VIDEO_FRAME_WIDTH (frame), height = GST_VIDEO_INFO_FIELD_HEIGHT (&frame->info);
  gboolean in_samples = !GST_VIDEO_FORMAT_INFO_IS_TILED (format), drawable = TRUE;
  GstVideoInfo usual;

  for (guint i = 0; i < format->n_components; i++)
    in_samples = in_samples && format->pixel_stride[i] > 0;
  if (!in_samples && !gst_video_info_set_format (&usual, format->format, width, height))
    return FALSE;
  for (guint i = 0; i < format->n_planes; i++) {
    drawable = drawable
        && (in_samples ? plane_is_inside (frame, i, plane_offset (frame, i, 0, 0), width, height)
        : plane_is_usual (frame, i, &usual));
  }
  return drawable;
}

/* What gst_video_frame_map takes for granted about a GstVideoMeta. */
static gboolean
meta_agrees (GstBuffer *buffer, const GstVideoInfo *info)
{
  const GstVideoMeta *meta = gst_buffer_get_video_meta (buffer);

  return !meta || (meta->format == GST_VIDEO_INFO_FORMAT (info)
      && meta->n_planes == GST_VIDEO_INFO_N_PLANES (info)
      && meta->width >= (guint) GST_VIDEO_INFO_WIDTH (info)
      && meta->height >= (guint) GST_VIDEO_INFO_HEIGHT (info)
      && meta->width <= G_MAXINT && meta->height <= G_MAXINT);
}

/* --- a frame --- */

static gboolean
describe (const GstVideoFrame *frame, const GstVideoInfo *info, GptVisPicture *picture)
{
  guint x, y;

  *picture = (GptVisPicture) { 0 };
  if (!picture_format (GST_VIDEO_FRAME_FORMAT (frame), &picture->format)
      || !picture_place (frame, info, picture, &x, &y))
    return FALSE;
  for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES (frame); i++) {
    gint64 offset = plane_offset (frame, i, x, y);
    if (!plane_is_inside (frame, i, offset, picture->width, picture->height))
      return FALSE;
    picture->planes[i] = plane_memory (frame, i)->data + offset;
    picture->strides[i] = GST_VIDEO_FRAME_PLANE_STRIDE (frame, i);
  }
  picture->matrix = picture_matrix (info);
  picture->full_range = GST_VIDEO_INFO_IS_RGB (info)
      || GST_VIDEO_INFO_COLORIMETRY (info).range == GST_VIDEO_COLOR_RANGE_0_255;
  picture->site = picture_site (info, picture->full_range);
  return TRUE;
}

static void
set_mismatch (GError **error, const GstVideoInfo *info)
{
  g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_FORMAT,
      "A frame's GstVideoMeta or crop rectangle does not fit its memory or its caps (%s %dx%d); "
      "they must describe the same picture.", gst_video_format_to_string (GST_VIDEO_INFO_FORMAT (info)),
      GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info));
}

static gboolean
map (GstVideoFrame *frame, GstBuffer *buffer, const GstVideoInfo *info, GstMapFlags flags, GError **error)
{
  if (!meta_agrees (buffer, info)) {
    set_mismatch (error, info);
    return FALSE;
  }
  if (gst_video_frame_map (frame, info, buffer, flags | (GstMapFlags) GST_VIDEO_FRAME_MAP_FLAG_NO_REF))
    return TRUE;
  g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
      "A frame of %" G_GSIZE_FORMAT " bytes cannot be mapped for %s as %s %dx%d; "
      "let it be copied to system memory first.", gst_buffer_get_size (buffer),
      flags & GST_MAP_WRITE ? "writing" : "reading",
      gst_video_format_to_string (GST_VIDEO_INFO_FORMAT (info)), GST_VIDEO_INFO_WIDTH (info),
      GST_VIDEO_INFO_HEIGHT (info));
  return FALSE;
}

gboolean
gptvis_frame_map (GstVideoFrame *frame, GstBuffer *buffer, const GstVideoInfo *info,
    GptVisPicture *picture, GError **error)
{
  if (!map (frame, buffer, info, GST_MAP_READ, error))
    return FALSE;
  if (describe (frame, info, picture))
    return TRUE;
  gst_video_frame_unmap (frame);
  set_mismatch (error, info);
  return FALSE;
}

gboolean
gptvis_frame_map_to_draw (GstVideoFrame *frame, GstBuffer *buffer, const GstVideoInfo *info, GError **error)
{
  if (!map (frame, buffer, info, GST_MAP_READWRITE, error))
    return FALSE;
  if (is_drawable (frame))
    return TRUE;
  gst_video_frame_unmap (frame);
  set_mismatch (error, info);
  return FALSE;
}
