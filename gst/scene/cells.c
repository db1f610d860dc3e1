/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A picture's cells. Rows are summed sample by sample as they lie in memory, whatever is interleaved in
 * them, by loops that ORC compiles; what remains is a short row. Of a cell's rows at most four are read,
 * two of halved chroma: with all samples across that is enough to take out the noise, and half the time at
 * 1080p. */
#include "cells.h"
#include "layout.h"
#include "cells-orc.h"
#include <string.h>

enum { ROWS = 4, CHROMA_ROWS = 2 };

static void
compile_loops (void)
{
  static gsize compiled;

  if (g_once_init_enter (&compiled)) {
    gptvis_scene_orc_init ();
    g_once_init_leave (&compiled, 1);
  }
}

/* The smallest cells of which a grid of most 240 × 150 holds enough: 2ⁿ or 3 · 2ⁿ pixels, and even where
 * there are more than one, for chroma. */
static guint
choose_side (guint width, guint height)
{
  guint side = 1;
  while (MAX (width, height) / side > GPTVIS_CELLS_MOST || (width / side) * (height / side) > 240 * 150)
    side = side < 4 ? side * 2 : side % 3 ? side / 2 * 3 : side / 3 * 4;
  return side;
}

gboolean
gptvis_cells_suit (const GptVisPicture *picture)
{
  return choose_side (picture->width, picture->height) <= MIN (picture->width, picture->height);
}

void
gptvis_cells_clear (GptVisCells *cells)
{
  g_free (cells->y);
  g_free (cells->sums);
  memset (cells, 0, sizeof *cells);
}

gboolean
gptvis_cells_fit (GptVisCells *cells, const GptVisPicture *picture)
{
  if (cells->y && cells->format == picture->format && cells->picture_width == picture->width
      && cells->picture_height == picture->height)
    return FALSE;
  compile_loops ();
  gptvis_cells_clear (cells);
  cells->format = picture->format;
  cells->picture_width = picture->width;
  cells->picture_height = picture->height;
  cells->side = choose_side (picture->width, picture->height);
  cells->width = picture->width / cells->side;
  cells->height = picture->height / cells->side;
  cells->stride = cells->width + 2;
  cells->n = (gsize) cells->stride * (cells->height + 2);
  cells->y = g_new0 (float, 4 * cells->n + cells->stride);
  cells->u = cells->y + cells->n;
  cells->v = cells->u + cells->n;
  cells->plain = cells->v + cells->n;
  gsize most = 0;
  for (guint plane = 0; plane < 3; plane++)
    most = MAX (most, gptvis_picture_plane_row_bytes (picture->format, plane, picture->width));
  most = (most + 31) & ~(gsize) 15;
  cells->sums = g_new0 (guint16, 2 * most);
  cells->halves = cells->sums + most;
  return TRUE;
}

void
gptvis_cells_border (const GptVisCells *cells, float *array)
{
  const gsize stride = cells->stride;
  for (guint row = 1; row <= cells->height; row++) {
    float *at = array + row * stride;
    at[0] = at[1];
    at[stride - 1] = at[stride - 2];
  }
  memcpy (array, array + stride, stride * sizeof (float));
  memcpy (array + (cells->height + 1) * stride, array + cells->height * stride, stride * sizeof (float));
}

/* Which samples of a component a cell has along one side. */
typedef struct {
  guint first, count;
} Span;

static Span
span_of (guint cell, guint side, guint sub)
{
  return (Span) { cell * side >> sub, MAX (1, side >> sub) };
}

/* The chosen rows of a row of cells, summed; their number. */
static guint
sum_down (const GptVisPicture *picture, const GptVisLayout *layout, guint plane, Span rows, guint most,
    guint16 *sums, gint n)
{
  const guint count = MIN (rows.count, most);
  const guint8 *at[ROWS];
  for (guint i = 0; i < count; i++)
    at[i] = picture->planes[plane] + (gssize) picture->strides[plane] * (rows.first + i * rows.count / count);
  if (layout->bytes == 2) {
    memset (sums, 0, n * sizeof *sums);
    for (guint i = 0; i < count; i++)
      gptvis_scene_add_words (sums, (const guint16 *) at[i], layout->shift + 2, n);
  } else if (count == 4)
    gptvis_scene_sum_4 (sums, at[0], at[1], at[2], at[3], n);
  else if (count == 2)
    gptvis_scene_sum_2 (sums, at[0], at[1], n);
  else
    gptvis_scene_sum_1 (sums, at[0], n);
  return count;
}

/* Sums across of samples that stand by themselves (step 1) or in pairs (2): [width · step], in one of the
 * two. */
static const guint16 *
sum_across (guint16 *from, guint16 *other, guint count, guint step, guint width)
{
  for (; count % 2 == 0; count /= 2) {
    if (step == 1)
      gptvis_scene_halve (other, (const guint32 *) from, width * count / 2);
    else
      gptvis_scene_halve_pairs ((guint32 *) other, (const guint64 *) from, width * count / 2);
    guint16 *swap = from;
    from = other;
    other = swap;
  }
  if (count == 1)
    return from;
  for (guint x = 0; x < width; x++)
    for (guint i = 0; i < step; i++)
      other[x * step + i]
          = from[3 * x * step + i] + from[(3 * x + 1) * step + i] + from[(3 * x + 2) * step + i];
  return other;
}

/* The same of any format: each component by itself, [width]. */
static void
sum_any (const guint16 *from, const GptVisCells *cells, const GptVisComponent *c, guint bytes, guint16 *sums)
{
  const guint step = c->step / bytes, offset = c->offset / bytes;
  for (guint x = 0; x < cells->width; x++) {
    const Span span = span_of (x, cells->side, c->sub_x);
    const guint16 *at = from + span.first * step + offset;
    guint sum = 0;
    for (guint i = 0; i < span.count; i++, at += step)
      sum += *at;
    sums[x] = sum;
  }
}

/* One plane's components into their arrays, unblurred. */
static void
read_plane (GptVisCells *cells, const GptVisPicture *picture, const GptVisLayout *layout, guint plane,
    float *const to[3], const float shifts[3])
{
  const gint n = gptvis_picture_plane_row_bytes (picture->format, plane, picture->width) / layout->bytes;
  const GptVisComponent *first = NULL;
  guint components = 0;
  for (guint i = 0; i < layout->n_components; i++)
    if (layout->components[i].plane == plane) {
      first = first ? first : &layout->components[i];
      components++;
    }
  if (!first)
    return;
  const guint step = first->step / layout->bytes;
  const Span column = span_of (0, cells->side, first->sub_x);
  const gboolean plain = step == components && step <= 2 && cells->side >> first->sub_x;
  for (guint row = 0; row < cells->height; row++) {
    const guint rows = sum_down (picture, layout, plane, span_of (row, cells->side, first->sub_y),
        first->sub_y ? CHROMA_ROWS : ROWS, cells->sums, n);
    const guint16 *sums
        = plain ? sum_across (cells->sums, cells->halves, column.count, step, cells->width) : NULL;
    for (guint i = 0; i < layout->n_components; i++) {
      const GptVisComponent *c = &layout->components[i];
      if (c->plane != plane)
        continue;
      float *cell = to[i] + (gsize) (row + 1) * cells->stride + 1;
      const float scale = 1.0f / (rows * span_of (0, cells->side, c->sub_x).count);
      if (plain && step == 2) {
        const guint offset = c->offset / layout->bytes;
        for (guint x = 0; x < cells->width; x++)
          cell[x] = sums[2 * x + offset] * scale + shifts[i];
        continue;
      }
      if (!plain)
        sum_any (cells->sums, cells, c, layout->bytes, cells->halves);
      gptvis_scene_mean (cell, plain ? sums : cells->halves, scale, shifts[i], cells->width);
    }
  }
}

/* R, G, B → luma and chroma, in place. */
static void
mix (GptVisCells *cells)
{
  float *restrict r = cells->y, *restrict g = cells->u, *restrict b = cells->v;
  for (gsize i = 0; i < cells->n; i++) {
    const float luma = 0.299f * r[i] + 0.587f * g[i] + 0.114f * b[i];
    const float blue = (b[i] - luma) * 0.564f, red = (r[i] - luma) * 0.713f;
    r[i] = luma;
    g[i] = blue;
    b[i] = red;
  }
}

static void
blur (GptVisCells *cells, float *array)
{
  const gsize stride = cells->stride;
  float *row = cells->plain + cells->n;
  gptvis_cells_border (cells, array);
  memcpy (cells->plain, array, cells->n * sizeof (float));
  for (guint r = 1; r <= cells->height; r++) {
    const float *at = cells->plain + r * stride;
    gptvis_scene_blur (row, at - stride, at, at + stride, stride);
    gptvis_scene_blur (array + r * stride + 1, row, row + 1, row + 2, cells->width);
  }
  gptvis_cells_border (cells, array);
}

void
gptvis_cells_read (GptVisCells *cells, const GptVisPicture *picture)
{
  const GptVisLayout *layout = gptvis_picture_layout (picture->format);
  float *const to[3] = { cells->y, cells->u, cells->v };
  const float black = layout->rgb || picture->full_range ? 0 : -16, grey = layout->rgb ? 0 : -128;
  const float shifts[3] = { black, grey, grey };
  for (guint plane = 0; plane < 3; plane++)
    read_plane (cells, picture, layout, plane, to, shifts);
  if (layout->rgb)
    mix (cells);
  for (guint i = 0; i < layout->n_components; i++)
    blur (cells, to[i]);
}
