/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Patchify. Two ways in, one way out:
 *
 *   R'G'B'   as Pillow: each row horizontally to 8 bits, then columns to 8 bits.
 *   Y'CbCr   each plane's rows first summed to one row of floats (samples in the
 *            order of memory, whatever is interleaved in them), then each
 *            component picked out of that row by its taps, then the matrix. So a
 *            4K picture costs more than a small one only by the time to read it.
 *
 * Either ends with a row of one colour, normalised, dealt out to the patches. */
#include "patches.h"
#include "layout.h"
#include "memory.h"
#include "taps.h"
#include "cpu/tier.h"
#include "pixels-orc.h"
#include <fenv.h>
#include <math.h>
#include <string.h>

#define PICK 16                 /* a dot product's length is a multiple of it */
#define BAND 4                  /* rows of the result that are made together: they share the picks' parts */

/* A component's taps along x, spread over the samples of an interleaved row. */
typedef struct {
  guint length;                 /* of each output's dot product */
  guint *start;                 /* [width] element of the summed row */
  float *parts;                 /* [width, length] */
} Pick;

struct _GptVisPatchifier {
  GptVisRecipe recipe;
  guint patch_size;
  const GptVisTier *tier;

  /* What the tables below were made for. */
  gboolean ready;
  GptVisPictureFormat format;
  guint picture_width, picture_height;
  GptVisSite site;

  guint inside_from, inside_to; /* columns that are not padding */
  GptVisTaps across, down[3];   /* RGB: across, down[0]; else down of each plane */
  Pick picks[3];                /* of each component */
  guint8 *narrow;               /* RGB: rows after the horizontal pass [rows, 3, width] */
  guint narrow_first, narrow_rows;
  guint8 *mixed;                /* RGB: one row of the result [3, width] */
  float *sums[3];               /* BAND summed rows of a plane, zeros behind each */
  gsize sums_step[3];           /* from one to the next */
  float *samples;               /* [3, BAND, width] components */
  float *unlimited;             /* [BAND, width] of a colour before it is limited and normalised */
  float *colour;                /* [BAND, width] */
};

static void
compile_loops (void)
{
  static gsize compiled;

  if (g_once_init_enter (&compiled)) {
    gptvis_orc_init ();
    g_once_init_leave (&compiled, 1);
  }
}

GptVisPatchifier *
gptvis_patchifier_new (const GptVisRecipe *recipe, guint patch_size)
{
  GptVisPatchifier *self = g_new0 (GptVisPatchifier, 1);
  compile_loops ();
  self->recipe = *recipe;
  self->patch_size = patch_size;
  self->tier = gptvis_tier_choose (NULL);
  if (!self->tier)
    self->tier = &gptvis_tier_c;
  self->mixed = g_malloc (3 * (gsize) recipe->width);
  self->samples = g_new0 (float, 3 * BAND * (gsize) recipe->width);
  self->unlimited = g_new (float, BAND * (gsize) recipe->width);
  self->colour = g_new (float, BAND * (gsize) recipe->width);
  return self;
}

static void
clear_tables (GptVisPatchifier *self)
{
  gptvis_taps_clear (&self->across);
  for (guint i = 0; i < 3; i++) {
    gptvis_taps_clear (&self->down[i]);
    g_free (self->picks[i].start);
    g_free (self->picks[i].parts);
    gptvis_free (self->sums[i]);
    self->picks[i] = (Pick) { 0 };
    self->sums[i] = NULL;
  }
  g_clear_pointer (&self->narrow, g_free);
  self->ready = FALSE;
}

void
gptvis_patchifier_free (GptVisPatchifier *self)
{
  clear_tables (self);
  g_free (self->mixed);
  g_free (self->samples);
  g_free (self->unlimited);
  g_free (self->colour);
  g_free (self);
}

static void
make_rgb_tables (GptVisPatchifier *self, const GptVisPicture *picture, const GptVisWindow *w)
{
  const guint width = self->recipe.width;
  gptvis_taps_make_for (&self->across, &self->recipe, picture->width, w->width, w->left, width);
  gptvis_taps_make_for (&self->down[0], &self->recipe, picture->height, w->height, w->top,
      self->recipe.height);

  guint first = picture->height, end = 0;
  for (guint y = 0; y < self->down[0].n; y++)
    if (self->down[0].count[y]) {
      first = MIN (first, (guint) self->down[0].first[y]);
      end = MAX (end, self->down[0].first[y] + self->down[0].count[y]);
    }
  self->narrow_first = first;
  self->narrow_rows = end > first ? end - first : 0;
  self->narrow = g_malloc (3 * (gsize) width * MAX (1, self->narrow_rows));
}

static void
make_pick (GptVisPatchifier *self, Pick *pick, const GptVisComponent *c, const GptVisPicture *picture,
    guint bytes, const GptVisWindow *w)
{
  const guint width = self->recipe.width, step = c->step / bytes, offset = c->offset / bytes;
  GptVisTaps taps = { 0 };
  gptvis_taps_make_for (&taps, &self->recipe, picture->width, w->width, w->left, width);
  if (c->sub_x)
    gptvis_taps_halve (&taps, picture->width, picture->site == GPTVIS_SITE_LEFT);
  pick->length = (taps.most * step + PICK - 1) / PICK * PICK;
  pick->start = g_new0 (guint, width);
  pick->parts = g_new0 (float, (gsize) width * pick->length);
  for (guint x = 0; x < width; x++) {
    pick->start[x] = taps.first[x] * step + offset;
    for (guint i = 0; i < taps.count[x]; i++)
      pick->parts[(gsize) x * pick->length + i * step] = taps.parts[(gsize) x * taps.most + i];
  }
  gptvis_taps_clear (&taps);
}

static gboolean
make_yuv_tables (GptVisPatchifier *self, const GptVisPicture *picture, const GptVisLayout *layout,
    const GptVisWindow *w)
{
  gsize longest = 0;
  for (guint i = 0; i < layout->n_components; i++) {
    const GptVisComponent *c = &layout->components[i];
    make_pick (self, &self->picks[i], c, picture, layout->bytes, w);
    longest = MAX (longest, self->picks[i].length);
    GptVisTaps *down = &self->down[c->plane];
    if (down->n)
      continue;
    gptvis_taps_make_for (down, &self->recipe, picture->height, w->height, w->top, self->recipe.height);
    if (c->sub_y)
      gptvis_taps_halve (down, picture->height, FALSE);
    gptvis_taps_narrow (down);
  }
  for (guint plane = 0; plane < 3; plane++) {
    const gsize n = gptvis_picture_plane_row_bytes (picture->format, plane, picture->width) / layout->bytes;
    self->sums_step[plane] = n + longest;
    if (n && !(self->sums[plane] = gptvis_alloc (BAND * (n + longest) * sizeof (float))))
      return FALSE;
  }
  return TRUE;
}

static gboolean
make_tables (GptVisPatchifier *self, const GptVisPicture *picture, GError **error)
{
  const GptVisLayout *layout = gptvis_picture_layout (picture->format);
  const GptVisWindow w = gptvis_recipe_window (&self->recipe, picture->width, picture->height);
  clear_tables (self);
  self->inside_from = w.left < 0 ? MIN ((guint) -w.left, self->recipe.width) : 0;
  self->inside_to = MIN (self->recipe.width, (guint) MAX (0, (gint) w.width - w.left));
  if (gptvis_recipe_is_whole (&self->recipe, layout))
    make_rgb_tables (self, picture, &w);
  else if (!make_yuv_tables (self, picture, layout, &w)) {
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT, "not enough memory for a picture of %u×%u",
        picture->width, picture->height);
    return FALSE;
  }
  self->format = picture->format;
  self->picture_width = picture->width;
  self->picture_height = picture->height;
  self->site = picture->site;
  self->ready = TRUE;
  return TRUE;
}

/* Row y of colour c of the result into the patches it crosses. */
static void
deal_out (const GptVisPatchifier *self, const float *colour, guint c, guint y, float *rows)
{
  const guint p = self->patch_size, across = self->recipe.width / p;
  float *to = rows + (((gsize) (y / p) * across * 3 + c) * p + y % p) * p;
  for (guint x = 0; x < across; x++)
    memcpy (to + (gsize) x * 3 * p * p, colour + x * p, p * sizeof (float));
}

static const guint8 *
row_of (const GptVisPicture *picture, guint plane, guint row)
{
  return picture->planes[plane] + (gssize) picture->strides[plane] * row;
}

static void
run_rgb (GptVisPatchifier *self, const GptVisPicture *picture, const GptVisLayout *layout, float *out)
{
  const GptVisRecipe *r = &self->recipe;
  const GptVisTaps *down = &self->down[0];
  const gsize row_size = 3 * (gsize) r->width;
  const guint red = r->flipped ? 2 : 0;
  const guint8 offsets[3] = { layout->components[red].offset, layout->components[1].offset,
    layout->components[2 - red].offset };
  self->tier->resize_rows (row_of (picture, 0, self->narrow_first), picture->strides[0], self->narrow_rows,
      layout->components[0].step, offsets, &self->across, self->narrow);
  for (guint y = 0; y < r->height; y++) {
    if (down->count[y])
      self->tier->mix_rows (self->narrow + (down->first[y] - self->narrow_first) * row_size, row_size,
          down->whole + (gsize) y * down->most, down->count[y], self->mixed, row_size);
    else
      memset (self->mixed, 0, row_size);
    for (guint c = 0; c < 3; c++) {
      gptvis_orc_normalise (self->colour, self->mixed + c * (gsize) r->width, r->rescale / r->std[c],
          -r->mean[c] / r->std[c], r->width);
      deal_out (self, self->colour, c, y, out);
    }
  }
}

/* Of few rows in floats: their parts are too large for 16 bits. */
static void
sum_few_rows (const GptVisTaps *down, const GptVisLayout *layout, guint y, const guint8 *row, gssize step,
    float *sums, gint n)
{
  for (guint i = 0; i < down->count[y]; i++, row += step) {
    const float part = down->parts[(gsize) y * down->most + i] / (1 << layout->shift);
    if (layout->bytes == 1)
      (i ? gptvis_orc_add_bytes : gptvis_orc_start_bytes) (sums, row, part, n);
    else
      (i ? gptvis_orc_add_words : gptvis_orc_start_words) (sums, (const guint16 *) row, part, n);
  }
}

/* Plane's rows that make row y of the result, summed by their parts. */
static void
sum_rows (const GptVisPatchifier *self, const GptVisPicture *picture, const GptVisLayout *layout, guint plane,
    guint y, float *sums)
{
  const GptVisTaps *down = &self->down[plane];
  const guint n = gptvis_picture_plane_row_bytes (picture->format, plane, picture->width) / layout->bytes;
  const guint8 *row = row_of (picture, plane, down->first[y]);
  const gint16 *narrow = down->narrow + (gsize) y * down->most;
  if (down->unit[y] == 0)
    sum_few_rows (down, layout, y, row, picture->strides[plane], sums, n);
  else if (layout->bytes == 1)
    self->tier->sum_bytes (row, picture->strides[plane], narrow, down->count[y], down->unit[y], sums, n);
  else
    self->tier->sum_words (row, picture->strides[plane], layout->shift, narrow, down->count[y], down->unit[y],
        sums, n);
}

/* Rows y … y + m − 1 of each component → samples. */
static void
sample_band (GptVisPatchifier *self, const GptVisPicture *picture, const GptVisLayout *layout, guint y,
    guint m)
{
  const guint width = self->recipe.width;
  for (guint plane = 0; plane < 3; plane++)
    for (guint r = 0; r < m && self->sums[plane]; r++)
      if (self->down[plane].count[y + r])
        sum_rows (self, picture, layout, plane, y + r, self->sums[plane] + r * self->sums_step[plane]);
  for (guint i = 0; i < layout->n_components; i++) {
    const Pick *pick = &self->picks[i];
    const guint plane = layout->components[i].plane;
    self->tier->pick (self->sums[plane], self->sums_step[plane], m, pick->start, pick->parts, pick->length,
        self->samples + (gsize) i * BAND * width, width, width);
  }
}

/* Whatever lies outside the picture is black, which is `value`. */
static void
pad (const GptVisPatchifier *self, float *colour, gboolean inside, float value)
{
  const guint from = inside ? self->inside_from : self->recipe.width;
  for (guint x = 0; x < from; x++)
    colour[x] = value;
  for (guint x = MAX (from, self->inside_to); x < self->recipe.width; x++)
    colour[x] = value;
}

/* Samples → rows y … y + m − 1 of colour c. */
static void
colour_band (GptVisPatchifier *self, const GptVisMix *mix, guint c, guint y, guint m, float *out)
{
  const GptVisRecipe *r = &self->recipe;
  const gsize n = (gsize) m * r->width, next = BAND * (gsize) r->width;
  const float shift = -r->mean[c] / r->std[c];
  gptvis_orc_mix (self->unlimited, self->samples, self->samples + next, self->samples + 2 * next, mix->of_y,
      mix->of_u, mix->of_v, mix->offset, n);
  gptvis_orc_normalise_floats (self->colour, self->unlimited, r->rescale / r->std[c], shift, n);
  for (guint i = 0; i < m; i++) {
    float *row = self->colour + (gsize) i * r->width;
    pad (self, row, self->down[0].count[y + i] > 0, shift);
    deal_out (self, row, c, y + i, out);
  }
}

static void
run_yuv (GptVisPatchifier *self, const GptVisPicture *picture, const GptVisLayout *layout, float *out)
{
  GptVisMix mixes[3];
  gptvis_picture_mixes (picture, &self->recipe, mixes);
  for (guint y = 0; y < self->recipe.height; y += BAND) {
    const guint m = MIN (BAND, self->recipe.height - y);
    sample_band (self, picture, layout, y, m);
    for (guint c = 0; c < 3; c++)
      colour_band (self, &mixes[c], c, y, m, out);
  }
}

gboolean
gptvis_patchifier_run (GptVisPatchifier *self, const GptVisPicture *picture, float *rows, GError **error)
{
  if (!gptvis_picture_check (picture, error))
    return FALSE;
  const gboolean same = self->ready && self->format == picture->format
      && self->picture_width == picture->width && self->picture_height == picture->height
      && self->site == picture->site;
  if (!same && !make_tables (self, picture, error))
    return FALSE;
  const GptVisLayout *layout = gptvis_picture_layout (picture->format);
  /* code that ORC compiles leaves the thread flushing denormals to zero, and the thread belongs to the
   * caller */
  fenv_t environment;
  fegetenv (&environment);
  (gptvis_recipe_is_whole (&self->recipe, layout) ? run_rgb : run_yuv) (self, picture, layout, rows);
  fesetenv (&environment);
  return TRUE;
}
