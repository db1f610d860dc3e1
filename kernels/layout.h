/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a format keeps its samples: what patches.c needs of picture.c's table. */
#pragma once
#include "picture.h"

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
