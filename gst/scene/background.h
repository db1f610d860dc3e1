/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a fixed camera always sees, cell by cell: luma, chroma, and how much they vary by themselves. It
 * says of each cell of a frame how little it looks like that, and learns from what is not an object. */
#pragma once
#include "cells.h"

G_BEGIN_DECLS

/* Variances that no cell's noise is less than: of luma, in steps of 8 bits (what a codec leaves out and
 * brings back later), and of chroma. */
#define GPTVIS_LEAST_NOISE 0.49f
#define GPTVIS_LEAST_CHROMA_NOISE 0.64f

/* What a cell of a frame is held for. */
typedef enum {
  GPTVIS_CELL_BACKGROUND,       /* learnt from at once */
  GPTVIS_CELL_ODD,              /* unlike the background, of no object: becomes background in seconds */
  GPTVIS_CELL_OBJECT,           /* kept apart until the object has settled */
  GPTVIS_CELL_SETTLED,          /* becomes background now */
} GptVisCellKind;

typedef struct {
  gsize n;                      /* cells with borders, as GptVisCells has them */
  float *y, *u, *v;             /* means */
  float *noise, *chroma_noise;  /* variances: of luma, and of both chroma together */
  float *evidence;              /* of the last frame: how unlike, in squared standard deviations */
  float *proof;                 /* … where texture counts too: shadows have little, and borders spread */
  float *stirred;               /* … how unlike the frame before, likewise */
  float *light;                 /* scratch: what light alone explains of each cell (tiers/compare.h) */
  float *last_y, *last_u, *last_v;      /* the frame before */
  float *stay;                  /* seconds that an odd cell has looked as it does */
  float *seen;                  /* seconds that a cell has looked like the background, while that is young */
  float *other_y, *other_u, *other_v;   /* what else it looked like … */
  float *other_seen;            /* … for so long, less the time that it looked like neither */
  float age;                    /* seconds since the start */
  guint64 frames;               /* seen since the start */
  float gain;                   /* of the last frame over the one before */
  float shift_x, shift_y;       /* how far it was shifted, in cells */
  float unrest;                 /* how much noisier than usual it was, 1 is usual */
} GptVisBackground;

void gptvis_background_fit (GptVisBackground *background, const GptVisCells *cells);
void gptvis_background_clear (GptVisBackground *background);

/* The frame is the background. */
void gptvis_background_start (GptVisBackground *background, const GptVisCells *cells);

/* Fills `evidence`, `proof` and `stirred`. `kinds` [n] is what the cells were in the frame before. Light
 * that changed as a whole and a camera that shook by a pixel are made good first. */
void gptvis_background_compare (GptVisBackground *background, const GptVisCells *cells, const guint8 *kinds);

/* Learns from the frame, `seconds` after the one before, by what its cells are. */
void gptvis_background_learn (GptVisBackground *background, const GptVisCells *cells, const guint8 *kinds,
    float seconds);

/* Since the first frame has things in it, a cell that soon looks otherwise for clearly longer than it looked
 * like the background becomes that. Does nothing when the background is no longer young. */
void gptvis_background_reconsider (GptVisBackground *background, const GptVisCells *cells, float seconds);

/* Which share of what it differs by a cell learns at once. */
typedef struct {
  float like, odd;      /* of its means: when it is like the background, and odd */
  float noise, odd_noise;       /* of its noise */
} GptVisRates;

G_END_DECLS
