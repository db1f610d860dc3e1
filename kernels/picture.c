/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The formats of a picture, one row each, and the arithmetic of a recipe. To
 * accept another format: a name in picture.h, a row here, one in gst/frame.c. */
#include "layout.h"

#define RGB_AT(r, g, b, step) .rgb = TRUE, .n_components = 3, .bytes = 1, \
    .components = { {0, r, step, 0, 0}, {0, g, step, 0, 0}, {0, b, step, 0, 0} }
#define PLANAR(u, v, sub_x, sub_y) .n_components = 3, .bytes = 1, \
    .components = { {0, 0, 1, 0, 0}, {u, 0, 1, sub_x, sub_y}, {v, 0, 1, sub_x, sub_y} }
#define SEMI_PLANAR(u, v, sub_x, sub_y) .n_components = 3, .bytes = 1, \
    .components = { {0, 0, 1, 0, 0}, {1, u, 2, sub_x, sub_y}, {1, v, 2, sub_x, sub_y} }
#define PACKED_422(y, u, v) .n_components = 3, .bytes = 1, \
    .components = { {0, y, 2, 0, 0}, {0, u, 4, 1, 0}, {0, v, 4, 1, 0} }

static const GptVisLayout layouts[] = {
#define ROW(format, ...) [GPTVIS_PICTURE_##format] = { .name = #format, __VA_ARGS__ }
  ROW (I420, PLANAR (1, 2, 1, 1)),
  ROW (YV12, PLANAR (2, 1, 1, 1)),
  ROW (NV12, SEMI_PLANAR (0, 1, 1, 1)),
  ROW (NV21, SEMI_PLANAR (1, 0, 1, 1)),
  ROW (NV16, SEMI_PLANAR (0, 1, 1, 0)),
  ROW (YUY2, PACKED_422 (0, 1, 3)),
  ROW (UYVY, PACKED_422 (1, 0, 2)),
  ROW (Y42B, PLANAR (1, 2, 1, 0)),
  ROW (Y444, PLANAR (1, 2, 0, 0)),
  ROW (RGB, RGB_AT (0, 1, 2, 3)),
  ROW (BGR, RGB_AT (2, 1, 0, 3)),
  ROW (RGBx, RGB_AT (0, 1, 2, 4)),
  ROW (BGRx, RGB_AT (2, 1, 0, 4)),
  ROW (xRGB, RGB_AT (1, 2, 3, 4)),
  ROW (xBGR, RGB_AT (3, 2, 1, 4)),
  ROW (RGBA, RGB_AT (0, 1, 2, 4)),
  ROW (BGRA, RGB_AT (2, 1, 0, 4)),
  ROW (ARGB, RGB_AT (1, 2, 3, 4)),
  ROW (ABGR, RGB_AT (3, 2, 1, 4)),
  ROW (GRAY8, .n_components = 1, .bytes = 1, .components = { {0, 0, 1, 0, 0} }),
  ROW (P010_10LE, .n_components = 3, .bytes = 2, .shift = 6,
      .components = { {0, 0, 2, 0, 0}, {1, 0, 4, 1, 1}, {1, 2, 4, 1, 1} }),
  ROW (I420_10LE, .n_components = 3, .bytes = 2,
      .components = { {0, 0, 2, 0, 0}, {1, 0, 2, 1, 1}, {2, 0, 2, 1, 1} }),
};
G_STATIC_ASSERT (G_N_ELEMENTS (layouts) == GPTVIS_PICTURE_N_FORMATS);

const GptVisLayout *
gptvis_picture_layout (GptVisPictureFormat format)
{
  return &layouts[format];
}

const gchar *
gptvis_picture_format_name (GptVisPictureFormat format)
{
  return layouts[format].name;
}

gsize
gptvis_picture_plane_row_bytes (GptVisPictureFormat format, guint plane, guint width)
{
  gsize bytes = 0;
  for (guint i = 0; i < layouts[format].n_components; i++) {
    const GptVisComponent *c = &layouts[format].components[i];
    if (c->plane == plane)
      bytes = MAX (bytes, (gsize) gptvis_component_width (c, width) * c->step);
  }
  return bytes;
}

guint
gptvis_picture_plane_rows (GptVisPictureFormat format, guint plane, guint height)
{
  for (guint i = 0; i < layouts[format].n_components; i++)
    if (layouts[format].components[i].plane == plane)
      return gptvis_component_rows (&layouts[format].components[i], height);
  return 0;
}

void
gptvis_recipe_resized (const GptVisRecipe *recipe, guint width, guint height, guint *out_width, guint *out_height)
{
  *out_width = width;
  *out_height = height;
  if (recipe->shortest_edge) {
    const guint64 edge = recipe->resize_height;
    if (width <= height) {
      *out_width = edge;
      *out_height = edge * height / width;
    } else {
      *out_height = edge;
      *out_width = edge * width / height;
    }
  } else if (recipe->resize_width) {
    *out_width = recipe->resize_width;
    *out_height = recipe->resize_height;
  }
}
