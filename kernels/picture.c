/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The formats of a picture, one row each, the arithmetic of a recipe and of colours. To
 * accept another format: a name in picture.h, a row here, one in gst/frame.c. */
#include "layout.h"
#include <math.h>

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

/* The sides of a picture, the shorter first. A longer side that would be too long is what limits both: the
 * shorter one is then rounded, halves to even, and the longer one is that of the shorter one before
 * rounding, truncated. These are the roundings of Transformers' detectors. */
static void
resize_edges (const GptVisRecipe *recipe, guint shorter, guint longer, guint *out_shorter, guint *out_longer)
{
  const guint64 edge = recipe->resize_height;
  *out_shorter = edge;
  *out_longer = edge * longer / shorter;
  if (recipe->longest_edge && (gdouble) longer / shorter * edge > recipe->longest_edge) {
    const gdouble exact = recipe->longest_edge * (gdouble) shorter / longer;
    *out_shorter = (guint) nearbyint (exact);
    *out_longer = (guint) (exact * longer / shorter);
  }
}

static guint
round_down (guint side, guint multiple)
{
  return multiple ? MAX (side - side % multiple, multiple) : MAX (side, 1);
}

GptVisPicture
gptvis_picture_cut (const GptVisPicture *picture, guint left, guint top, guint width, guint height)
{
  const GptVisLayout *layout = &layouts[picture->format];
  GptVisPicture part = *picture;
  guint sub_x = 0, sub_y = 0;
  for (guint i = 0; i < layout->n_components; i++) {
    sub_x = MAX (sub_x, layout->components[i].sub_x);
    sub_y = MAX (sub_y, layout->components[i].sub_y);
  }
  left = left >> sub_x << sub_x;
  top = top >> sub_y << sub_y;
  for (guint i = 0; i < layout->n_components; i++) {
    const GptVisComponent *c = &layout->components[i];
    part.planes[c->plane] = picture->planes[c->plane] + (gssize) (left >> c->sub_x) * c->step
        + (gssize) (top >> c->sub_y) * picture->strides[c->plane];
  }
  part.width = width;
  part.height = height;
  return part;
}

static guint
round_nearest (gdouble side, guint multiple)
{
  const guint unit = MAX (multiple, 1), most = GPTVIS_PICTURE_MAX_SIDE / unit * unit;
  return CLAMP (nearbyint (side / unit) * unit, unit, most);
}

static void
fit (const GptVisRecipe *recipe, guint width, guint height, guint *out_width, guint *out_height)
{
  const gdouble across = (gdouble) recipe->resize_width / width;
  const gdouble down = (gdouble) recipe->resize_height / height;
  const gdouble scale = fabs (1 - across) < fabs (1 - down) ? across : down;
  *out_width = round_nearest (scale * width, recipe->multiple);
  *out_height = round_nearest (scale * height, recipe->multiple);
}

void
gptvis_recipe_resized (const GptVisRecipe *recipe, guint width, guint height, guint *out_width,
    guint *out_height)
{
  *out_width = width;
  *out_height = height;
  if (recipe->shortest_edge) {
    if (width < height)
      resize_edges (recipe, width, height, out_width, out_height);
    else
      resize_edges (recipe, height, width, out_height, out_width);
    if (width >= height && *out_height == height)       /* one that is as high already keeps its width */
      *out_width = width;
    *out_width = round_down (*out_width, recipe->multiple);
    *out_height = round_down (*out_height, recipe->multiple);
  } else if (recipe->fits) {
    fit (recipe, width, height, out_width, out_height);
  } else if (recipe->resize_width) {
    *out_width = recipe->resize_width;
    *out_height = recipe->resize_height;
  }
}

GptVisRecipe
gptvis_recipe_for_size (const GptVisRecipe *recipe, guint width, guint height)
{
  GptVisRecipe fixed = *recipe;
  if (!gptvis_recipe_follows_picture (recipe))
    return fixed;
  gptvis_recipe_resized (recipe, width, height, &fixed.width, &fixed.height);
  fixed.resize_width = fixed.width;
  fixed.resize_height = fixed.height;
  fixed.shortest_edge = fixed.fits = FALSE;
  return fixed;
}

static gint
half_down (gint n)
{
  return n >= 0 ? n / 2 : -((1 - n) / 2);
}

/* Half of it, of two numbers the even one. */
static gint
half_even (gint n)
{
  const gint down = half_down (n);
  return n % 2 ? down + (down & 1) : down;
}

GptVisWindow
gptvis_recipe_window (const GptVisRecipe *recipe, guint width, guint height)
{
  gint (*const half) (gint n) = recipe->crop_nearest ? half_even : half_down;
  GptVisWindow w;
  gptvis_recipe_resized (recipe, width, height, &w.width, &w.height);
  w.left = half ((gint) w.width - (gint) recipe->width);
  w.top = half ((gint) w.height - (gint) recipe->height);
  return w;
}

gboolean
gptvis_recipe_is_whole (const GptVisRecipe *recipe, const GptVisLayout *layout)
{
  return layout->rgb && !recipe->interpolated && !recipe->unrounded;
}

/* ITU-R BT.601, 709 and 2020: luma is Kr·R + Kg·G + Kb·B, the chroma are B − Y and
 * R − Y, scaled to ±0.5; in limited range luma spans 16 … 235, chroma 16 … 240. */
static void
mix_rgb (const GptVisPicture *picture, GptVisMix mixes[3])
{
  static const struct { gdouble r, b; } luma[] = {
    [GPTVIS_MATRIX_BT601] = {0.299, 0.114},
    [GPTVIS_MATRIX_BT709] = {0.2126, 0.0722},
    [GPTVIS_MATRIX_BT2020] = {0.2627, 0.0593},
  };
  const GptVisLayout *layout = gptvis_picture_layout (picture->format);
  for (guint c = 0; layout->rgb && c < 3; c++)
    mixes[c] = (GptVisMix) { c == 0, c == 1, c == 2, 0 };
  if (layout->rgb)
    return;
  const gdouble kr = luma[picture->matrix].r, kb = luma[picture->matrix].b, kg = 1 - kr - kb;
  const gboolean full = picture->full_range, ten = layout->bytes == 2;
  const gdouble unit = !ten ? 1 : full ? 255.0 / 1023 : 1.0 / 4;       /* of a stored step, in 8-bit steps */
  const gdouble y = (full ? 1 : 255.0 / 219) * unit, chroma = (full ? 1 : 255.0 / 224) * unit;
  const gdouble black = full ? 0 : 16 * 255.0 / 219, middle = ten ? 512 : 128;
  const gdouble u[3] = { 0, -2 * kb * (1 - kb) / kg * chroma, 2 * (1 - kb) * chroma };
  const gdouble v[3] = { 2 * (1 - kr) * chroma, -2 * kr * (1 - kr) / kg * chroma, 0 };
  for (guint c = 0; c < 3; c++)
    if (layout->n_components == 3)
      mixes[c] = (GptVisMix) { y, u[c], v[c], -black - (u[c] + v[c]) * middle };
    else
      mixes[c] = (GptVisMix) { y, 0, 0, -black };
}

void
gptvis_picture_mixes (const GptVisPicture *picture, const GptVisRecipe *recipe, GptVisMix mixes[3])
{
  mix_rgb (picture, mixes);
  if (recipe->flipped) {
    const GptVisMix red = mixes[0];
    mixes[0] = mixes[2];
    mixes[2] = red;
  }
}

gboolean
gptvis_picture_check (const GptVisPicture *picture, GError **error)
{
  if (picture->format >= GPTVIS_PICTURE_N_FORMATS) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED, "pictures of format %d are not known",
        picture->format);
    return FALSE;
  }
  if (picture->width < 1 || picture->height < 1 || picture->width > GPTVIS_PICTURE_MAX_SIDE
      || picture->height > GPTVIS_PICTURE_MAX_SIDE) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT,
        "a picture of %u×%u is not possible: each side must be 1 to %u", picture->width, picture->height,
        GPTVIS_PICTURE_MAX_SIDE);
    return FALSE;
  }
  for (guint plane = 0; plane < 3; plane++)
    if (gptvis_picture_plane_rows (picture->format, plane, 1) && !picture->planes[plane]) {
      g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
          "a %s picture without its plane %u is not possible", gptvis_picture_format_name (picture->format),
          plane);
      return FALSE;
    }
  return TRUE;
}
