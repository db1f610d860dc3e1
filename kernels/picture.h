/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A picture: one frame's planes, strides, format and colorimetry, without
 * GStreamer; and a recipe: how a checkpoint wants its pixels made of it.
 * Both are plain values that borrow the memory they point to. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

/* One list makes the enum, the names and the layout table (picture.c).
 * Names and byte orders are those of GStreamer's video formats. */
#define GPTVIS_PICTURE_FORMATS(X) \
  X (I420) X (YV12) X (NV12) X (NV21) X (NV16) X (YUY2) X (UYVY) X (Y42B) X (Y444) \
  X (RGB) X (BGR) X (RGBx) X (BGRx) X (xRGB) X (xBGR) X (RGBA) X (BGRA) X (ARGB) X (ABGR) \
  X (GRAY8) X (P010_10LE) X (I420_10LE)

typedef enum {
#define X(name) GPTVIS_PICTURE_##name,
  GPTVIS_PICTURE_FORMATS (X)
#undef X
  GPTVIS_PICTURE_N_FORMATS
} GptVisPictureFormat;

/* Which matrix turns Y'CbCr into R'G'B'; ignored for RGB. */
typedef enum { GPTVIS_MATRIX_BT601, GPTVIS_MATRIX_BT709, GPTVIS_MATRIX_BT2020 } GptVisMatrix;

/* Where a chroma sample lies along x relative to its luma samples. */
typedef enum { GPTVIS_SITE_CENTRE, GPTVIS_SITE_LEFT } GptVisSite;

#define GPTVIS_PICTURE_MAX_SIDE 16384u  /* pixels, each way */

typedef struct {
  GptVisPictureFormat format;
  guint width, height;          /* pixels, 1 … GPTVIS_PICTURE_MAX_SIDE */
  const guint8 *planes[3];      /* as the format has them; unused are NULL */
  gint strides[3];              /* bytes from one row to the next; may be negative */
  GptVisMatrix matrix;
  gboolean full_range;          /* 0–255 rather than 16–235/240 (GRAY8, YUV); RGB is always full */
  GptVisSite site;
} GptVisPicture;

typedef enum { GPTVIS_FILTER_NEAREST, GPTVIS_FILTER_LANCZOS, GPTVIS_FILTER_BILINEAR, GPTVIS_FILTER_BICUBIC,
  GPTVIS_FILTER_BOX, GPTVIS_FILTER_HAMMING } GptVisFilter;      /* the numbers are Pillow's */

/* What preprocessor_config.json says, checked. The result is always
 * channels × height × width values: (v · rescale − mean[c]) / std[c]. */
typedef struct {
  guint resize_width, resize_height;    /* both 0: no resize. One only in shortest-edge form, see below */
  gboolean shortest_edge;       /* resize_height is the length of the shorter side, aspect kept */
  guint longest_edge; /* with shortest_edge: the longer side is no longer than this; 0: any length */
  /* resize_height × resize_width is a frame: the aspect is kept, and the picture scaled as little as makes it
   * as high or as wide. */
  gboolean fits;
  guint multiple;     /* both sides are multiples of this: with shortest_edge rounded down, with fits to the
                       * nearest; 0: not */
  GptVisFilter filter;
  /* Each value is interpolated between the picture's nearest samples, however much smaller it becomes, and
   * not rounded to 8 bits, as torch.nn.functional.interpolate does it without antialiasing; filter is
   * bilinear. */
  gboolean interpolated;
  /* Values are not rounded to 8 bits, as if they were rescaled before the resize; filter is bilinear, and as
   * wide as ever. */
  gboolean unrounded;
  gboolean flipped;             /* channels are B, G, R; rescale, mean and std are of these */
  gboolean centre_crop;         /* then cut width × height from the middle, zero where outside */
  gboolean crop_nearest;        /* the cut begins at the nearest pixel, of two at the even one; else at the
                                 * first of two */
  guint width, height;          /* what the network sees; both 0: what the resize makes of a picture */
  gdouble rescale;              /* usually 1/255 */
  gdouble mean[3], std[3];      /* 0 and 1 when do_normalize is false */
} GptVisRecipe;

/* "NV12" for GPTVIS_PICTURE_NV12, … */
const gchar *gptvis_picture_format_name (GptVisPictureFormat format);

/* Bytes of plane `plane` that one row holds, and rows of it; 0 past the last plane. */
gsize gptvis_picture_plane_row_bytes (GptVisPictureFormat format, guint plane, guint width);
guint gptvis_picture_plane_rows (GptVisPictureFormat format, guint plane, guint height);

/* A part of the picture as a picture of its own, in the same memory: from the left and the top on, which
 * are moved up and left to whole chroma samples, width × height pixels. The part lies within the picture,
 * and is not empty. */
GptVisPicture gptvis_picture_cut (
    const GptVisPicture *picture, guint left, guint top, guint width, guint height);

/* Size after the resize for a picture of that size (equals the picture's when
 * there is no resize). Shortest edge: the longer side is truncated as
 * Transformers does it: (int) (size * longer / shorter). No side is below 1, or below `multiple`. */
void gptvis_recipe_resized (const GptVisRecipe *recipe, guint width, guint height, guint *out_width,
    guint *out_height);

/* Do pictures of other sizes become other sizes for the network? */
static inline gboolean
gptvis_recipe_follows_picture (const GptVisRecipe *recipe)
{
  return recipe->width == 0;
}

/* The recipe for pictures of that size alone: the same, with a size for the network to see. */
GptVisRecipe gptvis_recipe_for_size (const GptVisRecipe *recipe, guint width, guint height);

G_END_DECLS
