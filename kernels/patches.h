/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Patchify: picture + recipe → patch rows, in one pass: crop, antialiased
 * resize, colour matrix, normalise, unfold. An image is a sequence; here it
 * becomes one.
 *
 * Layout of the result: row t is patch t in reading order (left to right, top
 * to bottom), 3 · P² floats: channel R, G, B; within a channel the P × P pixels
 * row by row. That is the order of a Conv2d weight [D, 3, P, P] read as [D, 3·P²],
 * so the patch embedding is a plain linear.
 *
 * RGB input equals Pillow's result within 1/255 before normalisation: separable
 * antialiased filter, horizontal pass first, each pass rounded to 8 bits.
 * Y'CbCr is resized plane by plane (each plane straight to the target size;
 * subsampled planes with their siting, as if they had been brought to the full
 * size linearly before), the matrix is applied afterwards. */
#pragma once
#include "picture.h"
#include "error.h"

G_BEGIN_DECLS

/* Scratch and filter tables for one recipe and patch size; the tables are made
 * again only when a picture's size or format differs from the last one's. One
 * patchifier is used by one thread at a time. */
typedef struct _GptVisPatchifier GptVisPatchifier;

/* `recipe` is copied. width and height must be multiples of patch_size
 * (the caller has checked). Never fails. */
GptVisPatchifier *gptvis_patchifier_new (const GptVisRecipe *recipe, guint patch_size);
void gptvis_patchifier_free (GptVisPatchifier *self);

/* Writes (width/P · height/P) rows of 3·P² floats, tightly, to `rows`.
 * Fails with LIMIT or UNSUPPORTED on an impossible picture (0 or too large a
 * side, missing plane); allocates nothing after the first picture of a size. */
gboolean gptvis_patchifier_run (GptVisPatchifier *self, const GptVisPicture *picture, float *rows,
    GError **error);

G_END_DECLS
