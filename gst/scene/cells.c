/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A picture's cells. What planes of bytes or words hold is summed four bytes' worth at a time, as many side
 * by side as fit into a vector; where a cell is no multiple of that, or more is interleaved than two, rows
 * are summed sample by sample by loops that ORC compiles. Of a cell's rows at most four are read, two of
 * halved chroma: with all samples across that is enough to take out the noise, and half the time at 1080p. */
#include "cells.h"
#include "layout.h"
#include "cells-orc.h"
#include "tier.h"
#include <string.h>

enum { CHROMA_ROWS = 2, FILL = 16 };      /* FILL: floats of the widest vector */

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
  cells->n = ((gsize) cells->stride * (cells->height + 2) + FILL - 1) / FILL * FILL;
  cells->y = g_new0 (float, 6 * cells->n + cells->stride + FILL);
  cells->u = cells->y + cells->n;
  cells->v = cells->u + cells->n;
  for (guint i = 0; i < 3; i++)
    cells->plain[i] = cells->v + (1 + i) * cells->n;
  cells->row = cells->plain[2] + cells->n;
  gsize most = 0;
  for (guint plane = 0; plane < 3; plane++)
    most = MAX (most, gptvis_picture_plane_row_bytes (picture->format, plane, picture->width));
  most = (most + 31) & ~(gsize) 15;
  cells->sums = g_new0 (guint16, 2 * most);     /* also two arrays of a quarter as many words of 32 bits */
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

/* --- any format: rows, sample by sample --- */

static void
sum_down (const GptVisLayout *layout, const guint8 *const at[GPTVIS_CELL_ROWS], guint count, guint16 *sums,
    gint n)
{
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
}

/* Of these, one component's, each cell's by itself, [width]. */
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

/* Which the plane is, if it is one of these and a cell is some times 32 bits. */
static gboolean
find_kind (const GptVisLayout *layout, const GptVisComponent *first, guint components, guint cell_bytes,
    GptVisPack *kind)
{
  *kind = layout->bytes == 2 ? (components == 2 ? GPTVIS_PACK_PAIRS_OF_WORDS : GPTVIS_PACK_WORDS)
      : components == 2 ? GPTVIS_PACK_PAIRS : GPTVIS_PACK_BYTES;
  return first->step == components * layout->bytes && components <= 2 && cell_bytes && cell_bytes % 4 == 0;
}

/* --- all --- */

/* The chosen rows of a row of cells. */
static guint
choose_rows (const GptVisPicture *picture, guint plane, Span span, guint most,
    const guint8 *at[GPTVIS_CELL_ROWS])
{
  const guint count = MIN (span.count, most);
  for (guint i = 0; i < count; i++)
    at[i] = picture->planes[plane] + (gssize) picture->strides[plane] * (span.first + i * span.count / count);
  return count;
}

/* One plane's components into their arrays, unblurred. */
static void
read_plane (GptVisCells *cells, const GptVisPicture *picture, const GptVisLayout *layout, guint plane,
    const float shifts[3])
{
  const GptVisSceneTier *tier = gptvis_scene_tier ();
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
  const guint cell_bytes = (cells->side >> first->sub_x) * first->step;
  GptVisPack kind;
  const gboolean packed = find_kind (layout, first, components, cell_bytes, &kind);
  gint32 *even = (gint32 *) cells->sums, *odd = (gint32 *) cells->halves;
  for (guint row = 0; row < cells->height; row++) {
    const guint8 *at[GPTVIS_CELL_ROWS];
    const guint rows = choose_rows (picture, plane, span_of (row, cells->side, first->sub_y),
        first->sub_y ? CHROMA_ROWS : GPTVIS_CELL_ROWS, at);
    const gsize bytes = (gsize) cells->width * cell_bytes;
    const gssize next = (gssize) picture->strides[plane] * (cells->side >> first->sub_y);
    if (!packed)
      sum_down (layout, at, rows, cells->sums, n);
    else
      tier->sum (at, rows, next, bytes, kind, layout->shift + 2, even, odd);
    for (guint i = 0; i < layout->n_components; i++) {
      const GptVisComponent *c = &layout->components[i];
      if (c->plane != plane)
        continue;
      float *cell = cells->plain[i] + (gsize) (row + 1) * cells->stride + 1;
      const float scale = 1.0f / (rows * span_of (0, cells->side, c->sub_x).count);
      if (packed)
        tier->mean (c->offset ? odd : even, cell_bytes / 4, scale, shifts[i], cell, cells->width);
      else {
        sum_any (cells->sums, cells, c, layout->bytes, cells->halves);
        gptvis_scene_mean (cell, cells->halves, scale, shifts[i], cells->width);
      }
    }
  }
}

/* R, G, B → luma and chroma, in place. */
static void
mix (GptVisCells *cells)
{
  float *restrict r = cells->plain[0], *restrict g = cells->plain[1], *restrict b = cells->plain[2];
  for (gsize i = 0; i < cells->n; i++) {
    const float luma = 0.299f * r[i] + 0.587f * g[i] + 0.114f * b[i];
    const float blue = (b[i] - luma) * 0.564f, red = (r[i] - luma) * 0.713f;
    r[i] = luma;
    g[i] = blue;
    b[i] = red;
  }
}

void
gptvis_cells_read (GptVisCells *cells, const GptVisPicture *picture)
{
  const GptVisLayout *layout = gptvis_picture_layout (picture->format);
  float *const to[3] = { cells->y, cells->u, cells->v };
  const float black = layout->rgb || picture->full_range ? 0 : -16, grey = layout->rgb ? 0 : -128;
  const float shifts[3] = { black, grey, grey };
  for (guint plane = 0; plane < 3; plane++)
    read_plane (cells, picture, layout, plane, shifts);
  if (layout->rgb)
    mix (cells);
  for (guint i = 0; i < layout->n_components; i++) {
    gptvis_cells_border (cells, cells->plain[i]);
    gptvis_scene_tier ()->blur (cells, cells->plain[i], to[i]);
    gptvis_cells_border (cells, to[i]);
  }
}
