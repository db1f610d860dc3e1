/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cells that hang together: evidence of each cell in, rectangles of one object's cells out, frame by frame
 * and without memory of the last (regions.h has that). */
#pragma once
#include "cells.h"

G_BEGIN_DECLS

#define GPTVIS_BLOBS_MOST 64u

typedef struct {
  guint left, top, right, bottom;       /* cells, without borders; the last two are outside */
  guint cells;                          /* that are unlike the background */
  guint seeds;                          /* … very much so */
  gboolean firm;                        /* it has a border, as things have; else it may be light alone */
} GptVisBlob;

typedef struct _GptVisRun GptVisRun;

typedef struct {
  GptVisBlob blobs[GPTVIS_BLOBS_MOST];  /* the largest first */
  guint n;
  guint8 *labels;       /* as GptVisCells' arrays: 1 + the blob a cell is of, or 0 */
  float *faint;         /* scratch: how much evidence is only what a neighbour's spread */
  GptVisRun *runs;      /* scratch */
  guint n_runs;
  GptVisRun *firm;      /* scratch: the runs that remain of them */
  guint *row_runs;      /* where a row's begin, one more than rows */
} GptVisBlobs;

void gptvis_blobs_fit (GptVisBlobs *blobs, const GptVisCells *cells);
void gptvis_blobs_clear (GptVisBlobs *blobs);

/* Finds them: cells of more evidence than `low` that touch or nearly do, where some have more proof than
 * `high`. Of what has much evidence of more than `firm`, only that part counts: shadows and light around
 * it do not. The arrays are as GptVisCells'. */
void gptvis_blobs_find (GptVisBlobs *blobs, const GptVisCells *cells, const float *evidence, float low,
    float firm, const float *proof, float high);

G_END_DECLS
