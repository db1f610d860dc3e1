/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What it takes to make patches of a picture: where its format keeps samples, which part of it the network
 * sees, and how its colours are computed. */
#pragma once
#include "picture.h"
#include "error.h"

typedef struct {
  guint8 plane, offset, step;   /* bytes: of the first sample in its row, from one to the next */
  guint8 sub_x, sub_y;          /* 1: half as many samples as luma, that way */
} GptVisComponent;

typedef struct {
  const gchar *name;
  gboolean rgb;
  guint8 n_components;          /* 3: R, G, B or Y, Cb, Cr; 1: Y alone */
  guint8 bytes;                 /* of a sample, little endian */
  guint8 shift;                 /* of two bytes: low bits that carry nothing */
  GptVisComponent components[3];
} GptVisLayout;

const GptVisLayout *gptvis_picture_layout (GptVisPictureFormat format);

/* Samples of the component in one of its rows, for a picture of that width. */
static inline guint
gptvis_component_width (const GptVisComponent *c, guint width)
{
  return (width + (1u << c->sub_x) - 1) >> c->sub_x;
}

static inline guint
gptvis_component_rows (const GptVisComponent *c, guint height)
{
  return (height + (1u << c->sub_y) - 1) >> c->sub_y;
}

/* The part of the resized picture that the network sees. */
typedef struct {
  guint width, height;          /* resized */
  gint left, top;               /* of what is cut out; negative where it is padded */
} GptVisWindow;

GptVisWindow gptvis_recipe_window (const GptVisRecipe *recipe, guint width, guint height);

/* Is a picture of that layout resized in whole numbers, as Pillow does it with R'G'B'? Else it goes the way
 * of Y'CbCr, whose matrix is then that of R, G and B themselves. */
gboolean gptvis_recipe_is_whole (const GptVisRecipe *recipe, const GptVisLayout *layout);

/* One colour of 0 … 255 out of Y, Cb, Cr as they are stored. */
typedef struct {
  float of_y, of_u, of_v, offset;
} GptVisMix;

/* For R, G, B, or as the recipe has them; of a picture that has no chroma, luma alone; of one that has R, G
 * and B, these. */
void gptvis_picture_mixes (const GptVisPicture *picture, const GptVisRecipe *recipe, GptVisMix mixes[3]);

/* LIMIT or UNSUPPORTED for an impossible picture: 0 or too large a side, a missing plane. */
gboolean gptvis_picture_check (const GptVisPicture *picture, GError **error);
