/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loops over all samples and cells, compiled for several instruction sets: a table of functions that each
 * file in tiers/ fills. All give the same bits. Nothing in them allocates or can fail; any thread may call
 * them. */
#pragma once
#include "background.h"

G_BEGIN_DECLS

#define GPTVIS_CELL_ROWS 4u     /* of pixels, at most, that a row of cells is made of */

/* How samples lie in 64 bits: bytes or words of one component, or of two in turn. */
typedef enum {
  GPTVIS_PACK_BYTES,
  GPTVIS_PACK_PAIRS,
  GPTVIS_PACK_WORDS,
  GPTVIS_PACK_PAIRS_OF_WORDS,
} GptVisPack;

typedef struct {
  const gchar *name;

  /* `rows` rows of `bytes` bytes, each 32 bits' samples of all rows summed: to even[bytes / 4], and of pairs
   * the second component's to odd. Of words the low `shift` bits do not count. What is `next` bytes later
   * will be read soon. */
  void (*sum) (const guint8 *const rows_at[GPTVIS_CELL_ROWS], guint rows, gssize next, gsize bytes,
      GptVisPack kind, guint shift, gint32 *even, gint32 *odd);
  /* to[x] = scale · (`count` sums from x · count on) + shift, x < width. */
  void (*mean) (const gint32 *sums, gsize count, float scale, float shift, float *to, guint width);
  /* `plain`, whose border is made, weighed 1 2 1 each way, to `array`, whose border is not. */
  void (*blur) (const GptVisCells *cells, const float *plain, float *array);

  /* Fills evidence, proof and stirred, which are 0 in the borders. */
  void (*compare) (const GptVisBackground *background, const GptVisCells *cells);
  /* Learns from the frame by what its cells are. */
  void (*learn) (const GptVisBackground *background, const GptVisCells *cells, const guint8 *kinds,
      const GptVisRates *rates);
} GptVisSceneTier;

extern const GptVisSceneTier gptvis_scene_tier_c;
#if defined (__x86_64__)
extern const GptVisSceneTier gptvis_scene_tier_avx2, gptvis_scene_tier_avx512;
#endif

/* The best of this processor, or the one that GPTVIS_CPU names. */
const GptVisSceneTier *gptvis_scene_tier (void);
/* The i-th that this processor can run, the plain one first; NULL past the last. For tests. */
const GptVisSceneTier *gptvis_scene_tier_nth (guint i);

G_END_DECLS
