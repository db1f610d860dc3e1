/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Colors laid over the samples of a frame, component by component: a sample of chroma that several pixels
 * share takes as much of the color as of those pixels is covered. */
#include "canvas.h"
#include <math.h>
#include <string.h>

#define OPAQUE 256u             /* as much of a color as there can be */

/* --- colors --- */

/* Red, green and blue as the frame's matrix has them: luma, then the two of chroma, −0.5 to 0.5. */
static void
to_yuv (const GstVideoInfo *info, double color[3])
{
  const double red = color[0], green = color[1], blue = color[2];
  double kr, kb;

  if (!gst_video_color_matrix_get_Kr_Kb (info->colorimetry.matrix, &kr, &kb)) {
    kr = 0.299;                 /* BT.601, for a frame that does not say */
    kb = 0.114;
  }
  color[0] = kr * red + (1 - kr - kb) * green + kb * blue;
  color[1] = (blue - color[0]) / (2 * (1 - kb));
  color[2] = (red - color[0]) / (2 * (1 - kr));
}

/* The samples of an opaque color. */
static void
set_color (GptVisCanvas *self, guint32 argb)
{
  const GstVideoInfo *info = &self->info;
  const GstVideoFormatInfo *format = info->finfo;
  double color[3] = { (argb >> 16 & 0xff) / 255.0, (argb >> 8 & 0xff) / 255.0, (argb & 0xff) / 255.0 };
  gint offset[GST_VIDEO_MAX_COMPONENTS], scale[GST_VIDEO_MAX_COMPONENTS];

  if (self->argb == argb)
    return;
  self->argb = argb;
  gst_video_color_range_offsets (info->colorimetry.range, format, offset, scale);
  if (!GST_VIDEO_FORMAT_INFO_IS_RGB (format))
    to_yuv (info, color);
  for (guint i = 0; i < format->n_components; i++) {
    const gint most = (1 << format->depth[i]) - 1;
    self->samples[i] = i == GST_VIDEO_COMP_A ? most : CLAMP ((gint) lrint (offset[i] + scale[i] * color[i]),
        0, most);
  }
}

/* --- a component's samples --- */

/* Where its rows begin, how its samples lie there, and what goes over them. */
typedef struct {
  guint8 *data;                 /* of the frame's top left pixel */
  gint stride, step;            /* bytes from row to row, from sample to sample */
  guint w_sub, h_sub, shift;    /* shift: of the sample in its word */
  gboolean wide;                /* a word of 16 bits, little-endian; or a byte */
  guint sample;
} Component;

static Component
component_of (const GptVisCanvas *self, guint i)
{
  const GstVideoFormatInfo *format = self->info.finfo;
  const gboolean wide = format->depth[i] > 8;
  /* GStreamer says of P010 and its kin how many samples V is behind U, not how many bytes. */
  const gint offset = wide && format->poffset[i] % 2 ? 2 * format->poffset[i] : format->poffset[i];

  return (Component) { .data = self->data[format->plane[i]] + offset,
    .stride = self->info.stride[format->plane[i]], .step = format->pixel_stride[i],
    .w_sub = format->w_sub[i], .h_sub = format->h_sub[i], .shift = format->shift[i], .wide = wide,
    .sample = self->samples[i] };
}

static guint8 *
sample_at (const Component *self, gint x, gint y)
{
  return self->data + (gint64) y * self->stride + (gint64) x * self->step;
}

/* `alpha` of 256 of the color over `n` samples. */
static void
blend (const Component *self, guint8 *at, gint n, guint alpha)
{
  const guint own = self->sample * alpha + OPAQUE / 2, rest = OPAQUE - alpha;

  if (!self->wide && self->step == 1 && rest == 0)
    memset (at, self->sample, n);
  else if (!self->wide)
    for (; n > 0; n--, at += self->step)
      *at = (own + *at * rest) / OPAQUE;
  else
    for (; n > 0; n--, at += self->step)
      GST_WRITE_UINT16_LE (at,
          (own + (GST_READ_UINT16_LE (at) >> self->shift) * rest) / OPAQUE << self->shift);
}

/* --- the canvas --- */

/* Does each sample have a byte or a word of its own? (Where words share a plane, but for those of chroma,
 * GStreamer does not say at which offsets they are.) */
static gboolean
is_in_samples (const GstVideoFormatInfo *format)
{
  const gboolean packed = format->n_planes == 1 && format->n_components > 1;

  if (GST_VIDEO_FORMAT_INFO_IS_TILED (format) || GST_VIDEO_FORMAT_INFO_IS_COMPLEX (format))
    return FALSE;
  for (guint i = 0; i < format->n_components; i++) {
    const gboolean byte = format->depth[i] == 8 && format->shift[i] == 0 && format->pixel_stride[i] > 0;
    const gboolean word = !packed && format->depth[i] > 8 && format->depth[i] + format->shift[i] <= 16
        && format->pixel_stride[i] % 2 == 0 && format->pixel_stride[i] > 0
        && GST_VIDEO_FORMAT_INFO_IS_LE (format);
    if (!byte && !word)
      return FALSE;
  }
  return TRUE;
}

/* A transparent sheet. FALSE: there is no memory. */
static gboolean
take_sheet (GptVisCanvas *self, gint width, gint height)
{
  gst_video_info_set_format (&self->info, GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, width, height);
  self->data[0] = g_try_malloc0 (self->info.size);
  if (!self->data[0])
    return FALSE;
  self->sheet = gst_buffer_new_wrapped (self->data[0], self->info.size);
  return TRUE;
}

void
gptvis_canvas_open (GptVisCanvas *self, GstVideoFrame *frame, GstVideoRectangle shown)
{
  const gint width = GST_VIDEO_FRAME_WIDTH (frame), height = GST_VIDEO_INFO_FIELD_HEIGHT (&frame->info);

  *self = (GptVisCanvas) { .frame = frame, .info = frame->info, .left = CLAMP (shown.x, 0, width),
    .top = CLAMP (shown.y, 0, height) };
  self->right = CLAMP ((gint64) shown.x + shown.w, self->left, width);
  self->bottom = CLAMP ((gint64) shown.y + shown.h, self->top, height);
  for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES (frame); i++)
    self->data[i] = GST_VIDEO_FRAME_PLANE_DATA (frame, i);
  if (!is_in_samples (frame->info.finfo) && !take_sheet (self, width, height))
    self->right = self->left;   /* nothing is drawn */
}

/* libgstvideo 1.22 multiplies premultiplied colors in an int, which is too small for formats of 16 bits. */
static void
divide_by_alpha (GptVisCanvas *self)
{
  const GstVideoRectangle *at = &self->drawn;

  for (gint y = at->y; y < at->y + at->h; y++) {
    guint32 *pixels = (guint32 *) (self->data[0] + (gsize) y * self->info.stride[0]) + at->x;
    for (gint x = 0; x < at->w; x++) {
      const guint32 pixel = pixels[x], alpha = pixel >> 24;
      if (alpha == 0 || alpha == 255)
        continue;
      const guint red = MIN ((pixel >> 16 & 0xff) * 255 / alpha, 255);
      const guint green = MIN ((pixel >> 8 & 0xff) * 255 / alpha, 255);
      pixels[x] = alpha << 24 | red << 16 | green << 8 | MIN ((pixel & 0xff) * 255 / alpha, 255);
    }
  }
}

/* The part of the sheet that is drawn on. */
static GstVideoOverlayRectangle *
make_rectangle (GptVisCanvas *self)
{
  const GstVideoRectangle *at = &self->drawn;
  gsize offset[GST_VIDEO_MAX_PLANES] = { (gsize) at->y * self->info.stride[0] + (gsize) at->x * 4 };

  gst_buffer_add_video_meta_full (self->sheet, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT (&self->info),
      at->w,
      at->h, 1, offset, self->info.stride);
  return gst_video_overlay_rectangle_new_raw (self->sheet, at->x, at->y, at->w, at->h,
      GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE);
}

void
gptvis_canvas_close (GptVisCanvas *self)
{
  if (self->sheet && self->drawn.w > 0) {
    divide_by_alpha (self);
    GstVideoOverlayRectangle *rectangle = make_rectangle (self);
    GstVideoOverlayComposition *composition = gst_video_overlay_composition_new (rectangle);
    gst_video_overlay_composition_blend (composition, self->frame);
    gst_video_overlay_composition_unref (composition);
    gst_video_overlay_rectangle_unref (rectangle);
  }
  gst_clear_buffer (&self->sheet);
}

static GstVideoRectangle
around (GstVideoRectangle a, GstVideoRectangle b)
{
  const gint x = MIN (a.x, b.x), y = MIN (a.y, b.y);

  return (GstVideoRectangle) { x, y, MAX (a.x + a.w, b.x + b.w) - x, MAX (a.y + a.h, b.y + b.h) - y };
}

/* What of it will be drawn; FALSE: nothing. */
static gboolean
clip (GptVisCanvas *self, gint64 x, gint64 y, gint width, gint height, GstVideoRectangle *inside)
{
  const gint left = CLAMP (x, self->left, self->right), top = CLAMP (y, self->top, self->bottom);
  const gint right = CLAMP (x + width, self->left, self->right), bottom = CLAMP (y + height, self->top,
      self->bottom);

  *inside = (GstVideoRectangle) { left, top, right - left, bottom - top };
  if (right <= left || bottom <= top)
    return FALSE;
  self->drawn = self->drawn.w > 0 ? around (self->drawn, *inside) : *inside;
  return TRUE;
}

/* --- rectangles --- */

/* How many of the pixels that share sample `i` are in from … to. */
static guint
shared (gint i, guint sub, gint from, gint to)
{
  return MIN (to, (i + 1) << sub) - MAX (from, i << sub);
}

static void
fill_component (const Component *component, const GstVideoRectangle *at, guint alpha)
{
  const guint w_sub = component->w_sub, h_sub = component->h_sub;
  const gint right = at->x + at->w, bottom = at->y + at->h;
  const gint first = at->x >> w_sub, last = (right - 1) >> w_sub;

  for (gint y = at->y >> h_sub; y <= (bottom - 1) >> h_sub; y++) {
    const guint row = alpha * shared (y, h_sub, at->y, bottom) >> h_sub;
    blend (component, sample_at (component, first, y), 1, row * shared (first, w_sub, at->x, right) >> w_sub);
    if (last - first > 1)
      blend (component, sample_at (component, first + 1, y), last - first - 1, row);
    if (last > first)
      blend (component, sample_at (component, last, y), 1, row * shared (last, w_sub, at->x, right) >> w_sub);
  }
}

static guint
alpha_of (guint32 argb)
{
  return ((argb >> 24) * OPAQUE + 127) / 255;
}

void
gptvis_canvas_fill (GptVisCanvas *self, GstVideoRectangle rectangle, guint32 argb)
{
  GstVideoRectangle at;

  if (!clip (self, rectangle.x, rectangle.y, rectangle.w, rectangle.h, &at))
    return;
  set_color (self, argb | 0xff000000);
  for (guint i = 0; i < self->info.finfo->n_components; i++) {
    const Component component = component_of (self, i);
    fill_component (&component, &at, alpha_of (argb));
  }
}

/* --- masks --- */

#define ROW 1024                /* samples at a time */

/* How much of each of `n` samples from `first` on, of sample row `y`, is covered, 0 to 255. `mask` is that
 * of the pixel at the top left of `at`. */
static void
cover_row (const Component *component, const GstVideoRectangle *at, const guint8 *mask, gint stride, gint y,
    gint first,
    gint n, guint8 *cover)
{
  const guint w_sub = component->w_sub, h_sub = component->h_sub;
  const gint left = MAX (first << w_sub, at->x), right = MIN ((first + n) << w_sub, at->x + at->w);
  const gint bottom = MIN ((y + 1) << h_sub, at->y + at->h);
  guint16 sums[ROW] = { 0 };

  for (gint row = MAX (y << h_sub, at->y); row < bottom; row++) {
    const guint8 *pixels = mask + (gssize) (row - at->y) * stride - at->x;
    for (gint x = left; x < right; x++)
      sums[(x >> w_sub) - first] += pixels[x];
  }
  for (gint i = 0; i < n; i++)
    cover[i] = sums[i] >> (w_sub + h_sub);
}

static void
blend_row (const Component *component, guint8 *at, const guint8 *cover, gint n, guint alpha)
{
  for (gint i = 0; i < n; i++, at += component->step)
    if (cover[i])
      blend (component, at, 1, cover[i] * alpha / 255);
}

/* All components from `i` on that share their samples among as many pixels. Returns the next. */
static guint
mask_components (GptVisCanvas *self, guint i, const GstVideoRectangle *at, const guint8 *mask, gint stride,
    guint alpha)
{
  const Component first = component_of (self, i);
  const gint left = at->x >> first.w_sub, right = ((at->x + at->w - 1) >> first.w_sub) + 1;
  const gint bottom = ((at->y + at->h - 1) >> first.h_sub) + 1;
  guint end = i;

  while (end < self->info.finfo->n_components && self->info.finfo->w_sub[end] == first.w_sub
      && self->info.finfo->h_sub[end] == first.h_sub)
    end++;
  for (gint y = at->y >> first.h_sub; y < bottom; y++)
    for (gint x = left; x < right; x += ROW) {
      guint8 sums[ROW];
      const guint8 *cover = sums;
      const gint n = MIN (ROW, right - x);
      if (first.w_sub || first.h_sub)
        cover_row (&first, at, mask, stride, y, x, n, sums);
      else
        cover = mask + (gssize) (y - at->y) * stride + (x - at->x);
      for (guint k = i; k < end; k++) {
        const Component component = component_of (self, k);
        blend_row (&component, sample_at (&component, x, y), cover, n, alpha);
      }
    }
  return end;
}

void
gptvis_canvas_mask (GptVisCanvas *self, const GptVisMask *mask, gint x, gint y, guint32 argb)
{
  GstVideoRectangle at;

  if (!clip (self, x, y, mask->width, mask->height, &at))
    return;
  const guint8 *data = mask->data + (gsize) (at.y - y) * mask->stride + (at.x - x);
  set_color (self, argb | 0xff000000);
  for (guint i = 0; i < self->info.finfo->n_components;)
    i = mask_components (self, i, &at, data, mask->stride, alpha_of (argb));
}

GptVisMask *
gptvis_mask_new (gint width, gint height, void (*draw) (cairo_t *cr, gpointer user), gpointer user)
{
  const gint stride = width > 0 ? cairo_format_stride_for_width (CAIRO_FORMAT_A8, width) : -1;

  if (stride <= 0 || height <= 0)
    return NULL;
  GptVisMask *self = g_try_malloc0 (sizeof *self + (gsize) stride * height);
  if (!self)
    return NULL;
  *self = (GptVisMask) { width, height, stride };
  cairo_surface_t *surface = cairo_image_surface_create_for_data (self->data, CAIRO_FORMAT_A8, width, height,
      stride);
  cairo_t *cr = cairo_create (surface);
  draw (cr, user);
  cairo_destroy (cr);
  cairo_surface_finish (surface);
  cairo_surface_destroy (surface);
  return self;
}

/* --- paths --- */

typedef struct {
  const GptVisPoint *points;
  guint n;
  gboolean closed;
  double width;
  gint left, top;
} Path;

static void
draw_path (cairo_t *cr, gpointer user)
{
  const Path *path = user;

  for (guint i = 0; i < path->n; i++)
    cairo_line_to (cr, path->points[i].x - path->left, path->points[i].y - path->top);
  if (path->closed)
    cairo_close_path (cr);
  cairo_set_line_width (cr, path->width);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_set_line_cap (cr, CAIRO_LINE_CAP_ROUND);
  cairo_stroke (cr);
}

void
gptvis_canvas_path (GptVisCanvas *self, const GptVisPoint *points, guint n, gboolean closed, double width,
    guint32 argb)
{
  const double half = width / 2 + 1;
  double left = self->right, top = self->bottom, right = self->left, bottom = self->top;

  for (guint i = 0; i < n; i++) {
    left = MIN (left, points[i].x - half);
    top = MIN (top, points[i].y - half);
    right = MAX (right, points[i].x + half);
    bottom = MAX (bottom, points[i].y + half);
  }
  Path path = { points, n, closed, width, floor (MAX (left, self->left)), floor (MAX (top, self->top)) };
  right = ceil (MIN (right, self->right));
  bottom = ceil (MIN (bottom, self->bottom));
  if (n == 0 || right <= path.left || bottom <= path.top)
    return;
  GptVisMask *mask = gptvis_mask_new (right - path.left, bottom - path.top, draw_path, &path);
  if (mask)
    gptvis_canvas_mask (self, mask, path.left, path.top, argb);
  g_free (mask);
}
