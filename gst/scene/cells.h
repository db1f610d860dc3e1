/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A picture as a small grid: the mean luma and chroma of squares of pixels, whatever its size and format. All
 * that the scene knows of pixels it reads here. */
#pragma once
#include "picture.h"

G_BEGIN_DECLS

#define GPTVIS_CELLS_MOST 256u          /* each way */

/* Each array has a border of one cell all around, which repeats its neighbour, and is indexed by
 * (row + 1) · stride + column + 1. */
typedef struct {
  GptVisPictureFormat format;           /* what it was made for */
  guint picture_width, picture_height;
  guint side; /* pixels of a cell each way; what remains at the right and below is left out */
  guint width, height, stride;          /* cells; the stride counts the borders */
  gsize n;                              /* cells of an array, with borders and what fills the last vector */
  float *y;                             /* luma, 0 is black, in steps of 8 bits */
  float *u, *v;                         /* chroma, 0 is grey */
  float *plain[3], *row;                /* scratch: they before they are blurred, and a row */
  guint16 *sums, *halves;               /* scratch: a row of samples summed */
} GptVisCells;

/* FALSE: the picture is so narrow that no cell of the size that its length asks for fits into it. */
gboolean gptvis_cells_suit (const GptVisPicture *picture);
/* Makes it fit the picture, which they suit. Returns whether it had to be made anew; then all in it is
 * lost. */
gboolean gptvis_cells_fit (GptVisCells *cells, const GptVisPicture *picture);
void gptvis_cells_clear (GptVisCells *cells);

/* The picture's cells, each weighed with a little of its neighbours (1 2 1 each way), which takes the edge
 * off noise and off a camera that trembles. It must fit. */
void gptvis_cells_read (GptVisCells *cells, const GptVisPicture *picture);

/* Repeats the outermost cells of an array in its border. */
void gptvis_cells_border (const GptVisCells *cells, float *array);

G_END_DECLS
