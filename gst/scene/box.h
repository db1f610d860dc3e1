/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Boxes: rectangles in fractions of the picture's width and height, from its top left corner, as
 * GptVisRegion.box has them in an array. What the rooms' files need of them: area, overlap, the box around
 * two. What is in here allocates nothing and keeps nothing. */
#pragma once
#include <glib.h>
#include <math.h>

G_BEGIN_DECLS

typedef struct {
  gfloat left, top, width, height;
} GptVisBox;

/* Finite, and with an area. */
static inline gboolean
gptvis_box_is_valid (GptVisBox box)
{
  return isfinite (box.left) && isfinite (box.top) && isfinite (box.width) && isfinite (box.height)
      && box.width > 0 && box.height > 0;
}

static inline gfloat
gptvis_box_area (GptVisBox box)
{
  return box.width * box.height;
}

/* The area that both cover. */
static inline gfloat
gptvis_box_shared (GptVisBox a, GptVisBox b)
{
  const gfloat width = MIN (a.left + a.width, b.left + b.width) - MAX (a.left, b.left);
  const gfloat height = MIN (a.top + a.height, b.top + b.height) - MAX (a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}

/* Intersection over union: 0, they are apart, to 1, they are the same. */
static inline gfloat
gptvis_box_iou (GptVisBox a, GptVisBox b)
{
  const gfloat shared = gptvis_box_shared (a, b), all = gptvis_box_area (a) + gptvis_box_area (b) - shared;
  return all > 0 ? shared / all : 0;
}

/* The share of `box` that `by` covers, 0 to 1. */
static inline gfloat
gptvis_box_covered (GptVisBox box, GptVisBox by)
{
  const gfloat area = gptvis_box_area (box);
  return area > 0 ? MIN (gptvis_box_shared (box, by) / area, 1) : 0;
}

/* The smallest box around both. */
static inline GptVisBox
gptvis_box_around (GptVisBox a, GptVisBox b)
{
  const gfloat left = MIN (a.left, b.left), top = MIN (a.top, b.top);
  const gfloat right = MAX (a.left + a.width, b.left + b.width);
  const gfloat bottom = MAX (a.top + a.height, b.top + b.height);
  return (GptVisBox) { left, top, right - left, bottom - top };
}

/* What of it is in the picture; its width or height is 0 when it is outside. */
static inline GptVisBox
gptvis_box_clipped (GptVisBox box)
{
  const gfloat left = CLAMP (box.left, 0, 1), top = CLAMP (box.top, 0, 1);
  return (GptVisBox) { left, top, CLAMP (box.left + box.width, 0, 1) - left,
    CLAMP (box.top + box.height, 0, 1) - top };
}

G_END_DECLS
