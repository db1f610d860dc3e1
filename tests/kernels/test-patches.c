/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Patchify against Pillow's own numbers, and against a definition in double
 * precision: each format, filter, tier; odd sizes, negative strides, crops and
 * padding, memory that ends at a guard page. */
#include "guard.h"
#include "gpu.h"
#include "pictures.h"
#include "patches.h"
#include "taps.h"
#include "tested-tiers.h"
#include <malloc.h>
#include <string.h>

/* ---- Pillow: the red of a 7×5 picture whose sample is (37x + 59y + 101c + 13xy) mod 256 ---- */

static const guint8 pillow_4x3[6][12] = {
  {
    0, 74, 148, 222, 118, 244, 114, 240, 236, 158, 80, 2
  },
  {
    30, 123, 108, 148, 160, 175, 97, 153, 182, 145, 172, 79
  },
  {
    47, 114, 113, 149, 148, 163, 114, 153, 180, 150, 155, 84
  },
  {
    38, 118, 111, 151, 154, 169, 106, 154, 183, 149, 163, 79
  },
  {
    52, 139, 76, 141, 150, 148, 114, 209, 184, 157, 153, 85
  },
  {
    40, 112, 110, 159, 145, 177, 111, 177, 182, 147, 151, 79
  },
};
static const guint8 pillow_9x7[6][63] = {
  {
    0, 37, 37, 74, 111, 148, 185, 185, 222, 59, 109, 109, 159, 209, 3, 53, 53, 103, 59, 109, 109,
    159, 209, 3, 53, 53, 103, 118, 181, 181, 244, 51, 114, 177, 177, 240, 177, 253, 253, 73, 149,
    225, 45, 45, 121, 177, 253, 253, 73, 149, 225, 45, 45, 121, 236, 69, 69, 158, 247, 80, 169, 169,
    2
  },
  {
    0, 17, 53, 73, 99, 150, 183, 214, 237, 26, 53, 81, 129, 183, 85, 61, 121, 143, 77, 103, 171,
    217, 177, 25, 17, 108, 130, 115, 146, 240, 210, 51, 88, 150, 204, 243, 146, 244, 217, 81, 97,
    222, 138, 89, 189, 209, 198, 119, 109, 209, 187, 119, 65, 54, 253, 108, 64, 212, 252, 86, 136,
    134, 0
  },
  {
    0, 25, 53, 82, 111, 140, 169, 197, 222, 34, 63, 98, 132, 167, 88, 90, 124, 154, 76, 111, 153,
    179, 164, 64, 65, 107, 142, 118, 160, 209, 201, 51, 100, 149, 198, 240, 160, 209, 183, 122, 121,
    177, 132, 107, 155, 202, 184, 146, 128, 191, 169, 127, 88, 70, 236, 125, 109, 178, 247, 117,
    129, 113, 2
  },
  {
    0, 18, 48, 77, 105, 146, 178, 207, 231, 28, 55, 91, 132, 176, 78, 75, 120, 148, 73, 108, 160,
    195, 175, 39, 39, 99, 133, 115, 156, 223, 213, 51, 95, 149, 202, 243, 155, 231, 197, 100, 114,
    204, 131, 91, 167, 208, 192, 136, 112, 199, 181, 124, 76, 62, 248, 109, 86, 189, 253, 98, 134,
    126, 0
  },
  {
    0, 37, 37, 74, 111, 148, 185, 185, 222, 59, 109, 109, 159, 209, 3, 53, 53, 103, 59, 109, 109,
    159, 209, 3, 53, 53, 103, 118, 181, 181, 244, 51, 114, 177, 177, 240, 177, 253, 253, 73, 149,
    225, 45, 45, 121, 177, 253, 253, 73, 149, 225, 45, 45, 121, 236, 69, 69, 158, 247, 80, 169, 169,
    2
  },
  {
    0, 31, 51, 76, 111, 146, 171, 191, 222, 39, 77, 102, 133, 176, 59, 80, 105, 143, 65, 109, 136,
    170, 192, 25, 47, 75, 118, 118, 170, 204, 233, 51, 110, 154, 188, 240, 171, 232, 188, 94, 138,
    209, 117, 72, 134, 197, 192, 158, 106, 182, 176, 120, 86, 81, 236, 97, 102, 163, 247, 89, 136,
    141, 2
  },
};

static void
test_pillow (void)
{
  guint8 picture[5][7][3];
  for (guint y = 0; y < 5; y++)
    for (guint x = 0; x < 7; x++)
      for (guint c = 0; c < 3; c++)
        picture[y][x][c] = 37 * x + 59 * y + 101 * c + 13 * x * y;
  const GptVisPicture p = { .format = GPTVIS_PICTURE_RGB, .width = 7, .height = 5, .planes = {picture[0][0]},
    .strides = {21} };
  for (guint filter = 0; filter < 6; filter++)
    for (guint which = 0; which < 2; which++) {
      const guint w = which ? 9 : 4, h = which ? 7 : 3;
      const guint8 *want = which ? pillow_9x7[filter] : pillow_4x3[filter];
      const GptVisRecipe recipe = { .resize_width = w, .resize_height = h, .filter = filter, .width = w,
        .height = h, .rescale = 1, .std = {1, 1, 1} };
      GptVisPatchifier *patchifier = gptvis_patchifier_new (&recipe, 1);
      float *rows = g_new (float, 3 * w * h);
      g_assert_true (gptvis_patchifier_run (patchifier, &p, rows, NULL));
      for (guint i = 0; i < w * h; i++)
        if (rows[3 * i] != want[i])
          g_error ("filter %u to %u×%u, pixel %u: %g, Pillow has %u", filter, w, h, i, rows[3 * i], want[i]);
      gptvis_patchifier_free (patchifier);
      g_free (rows);
    }
}

/* ---- Pillow's nearest sample: where an output's centre lies exactly between two, it is at times the first
 * ---- */

static guint
middle_sample (guint size, guint n_out, guint i)
{
  return (2 * (guint64) i + 1) * size / (2 * n_out);
}

/* Outputs whose sample is the one before middle_sample, of all others it is that. */
static const struct {
  guint size, n_out, n_before, before[45];
} pillow_nearest[] = {
  {224, 80, 9, {2, 17, 22, 27, 32, 37, 42, 47, 52}},
  {640, 224, 20, {17, 24, 101, 108, 115, 122, 129, 136, 143, 150, 157, 164, 171, 178, 185, 192, 199, 206,
      213, 220}},
  {1920, 224, 14, {10, 45, 52, 59, 66, 73, 80, 87, 94, 101, 108, 115, 122, 129}},
  {1280, 384, 42, {25, 28, 31, 34, 37, 40, 43, 94, 97, 100, 103, 106, 109, 112, 115, 118, 121, 124, 127, 130,
      133, 136, 139, 142, 145, 148, 151, 154, 157, 160, 163, 166, 169, 172, 175, 178, 181, 370, 373, 376,
      379, 382}},
  {1000, 16, 0, {0}}, {4032, 224, 0, {0}},      /* each lies between two, and none is the one before */
};

/* How many such outputs there are when 1, 2, … 2000 samples are resized to n_out. */
static const guint pillow_befores[][2] = {
  {16, 0}, {60, 804}, {80, 351}, {96, 284}, {112, 382}, {192, 282}, {224, 423}, {240, 917}, {256, 0},
  {280, 1190}, {336, 1024}, {384, 319}, {448, 384}, {480, 1031}, {512, 0}, {518, 1292},
};

static guint
count_before (guint size, guint n_out)
{
  GptVisTaps taps = { 0 };
  guint n = 0;
  gptvis_taps_make (&taps, GPTVIS_FILTER_NEAREST, size, n_out, 0, n_out);
  for (guint i = 0; i < n_out; i++)
    n += middle_sample (size, n_out, i) - taps.first[i];
  gptvis_taps_clear (&taps);
  return n;
}

/* All outputs, and those of a window that begins before the first or behind it. */
static void
test_nearest (void)
{
  for (guint k = 0; k < G_N_ELEMENTS (pillow_nearest); k++)
    for (gint first = -3; first <= 20; first += 23) {
      const guint size = pillow_nearest[k].size, n_out = pillow_nearest[k].n_out,
          *before = pillow_nearest[k].before;
      GptVisTaps taps = { 0 };
      gptvis_taps_make (&taps, GPTVIS_FILTER_NEAREST, size, n_out, first, n_out);
      for (guint i = 0, b = 0; i < n_out; i++) {
        const gboolean one_before = b < pillow_nearest[k].n_before && before[b] == i;
        const gint at = (gint) i - first;
        b += one_before;
        if (at >= 0 && at < (gint) n_out && (taps.count[at] != 1
                || (guint) taps.first[at] != middle_sample (size, n_out, i) - one_before))
          g_error ("%u samples to %u: output %u is sample %d, Pillow has %u", size, n_out, i, taps.first[at],
              middle_sample (size, n_out, i) - one_before);
      }
      gptvis_taps_clear (&taps);
    }
  for (guint k = 0; k < G_N_ELEMENTS (pillow_befores); k++) {
    guint n = 0;
    for (guint size = 1; size <= 2000; size++)
      n += count_before (size, pillow_befores[k][0]);
    if (n != pillow_befores[k][1])
      g_error ("1 to 2000 samples to %u: %u outputs are the sample before, Pillow has %u",
          pillow_befores[k][0], n, pillow_befores[k][1]);
  }
}

/* ---- the definition ---- */

static double
kernel (GptVisFilter filter, double x)
{
  const double a = fabs (x), s = a == 0 ? 1 : sin (M_PI * a) / (M_PI * a);
  switch (filter) {
    case GPTVIS_FILTER_BOX:
      return x > -0.5 && x <= 0.5;
    case GPTVIS_FILTER_BILINEAR:
      return a < 1 ? 1 - a : 0;
    case GPTVIS_FILTER_HAMMING:
      return a < 1 ? s * (0.54 + 0.46 * cos (M_PI * a)) : 0;
    case GPTVIS_FILTER_BICUBIC:
      return a < 1 ? 1.5 * a * a * a - 2.5 * a * a + 1
          : a < 2 ? -0.5 * (a * a * a - 5 * a * a + 8 * a - 4) : 0;
    default:
      return a >= 3 ? 0 : a == 0 ? 1 : s * sin (M_PI * a / 3) / (M_PI * a / 3);
  }
}

static double
support (GptVisFilter filter)
{
  static const double supports[] = { 0, 3, 1, 2, 0.5, 1 };
  return supports[filter];
}

/* in [n] at step → the value around `at` (sample i covers i … i + 1). Whole: as Pillow
 * does it, whose weights have 22 bits and whose sums are rounded to 8. */
static double
sampled (const double *in, guint n, gsize step, GptVisFilter filter, double at, double scale, gboolean whole)
{
  if (filter == GPTVIS_FILTER_NEAREST)
    return in[CLAMP ((gint) floor (at), 0, (gint) n - 1) * step];
  const double stretch = MAX (1, scale), reach = support (filter) * stretch;
  const gint from = MAX (0, (gint) (at - reach + 0.5)), to = MIN ((gint) n, (gint) (at + reach + 0.5));
  double sum = 0, weights = 0;
  for (gint i = from; i < to; i++)
    weights += kernel (filter, (i + 0.5 - at) / stretch);
  for (gint i = from; i < to; i++) {
    const double w = kernel (filter, (i + 0.5 - at) / stretch) / weights;
    sum += in[i * step] * (whole ? round (w * (1 << 22)) / (1 << 22) : w);
  }
  return whole ? CLAMP (floor (sum + 0.5), 0, 255) : sum;
}

/* Sample of component c at the picture's own grid: chroma between its neighbours, linearly. */
static double
full_sample (const GptVisPicture *p, guint c, gint x, gint y)
{
  guint sub_x = 1, sub_y = 1;
  if (c)
    chroma (p->format, &sub_x, &sub_y);
  if (sub_x == 1 && sub_y == 1)
    return sample (p, c, x, y);
  const gint w = (p->width + sub_x - 1) / sub_x, h = (p->height + sub_y - 1) / sub_y;
  const double cx = sub_x == 1 ? x : p->site == GPTVIS_SITE_LEFT ? x / 2.0 : (x + 0.5) / 2 - 0.5;
  const double cy = sub_y == 1 ? y : (y + 0.5) / 2 - 0.5;
  double sum = 0;
  for (gint j = 0; j < 2; j++)
    for (gint i = 0; i < 2; i++)
      sum += (1 - fabs (cx - floor (cx) - i)) * (1 - fabs (cy - floor (cy) - j))
          * sample (p, c, CLAMP ((gint) floor (cx) + i, 0, w - 1), CLAMP ((gint) floor (cy) + j, 0, h - 1));
  return sum;
}

/* Where output i has its centre: for the nearest sample as Pillow finds it, step by step. */
static double
centre (GptVisFilter filter, guint i, double scale)
{
  if (filter != GPTVIS_FILTER_NEAREST)
    return (i + 0.5) * scale;
  double at = scale / 2;
  for (; i > 0; i--)
    at += scale;
  return at;
}

/* Component c of the resized picture, [height, width]. What is interpolated has a filter of its own width. */
static double *
resized (const GptVisPicture *p, guint c, const GptVisRecipe *r, guint width, guint height, gboolean whole)
{
  const guint w = p->width, h = p->height;
  const GptVisFilter filter = r->filter;
  const double scale_x = (double) w / width, scale_y = (double) h / height;
  const double stretch_x = r->interpolated ? 1 : scale_x, stretch_y = r->interpolated ? 1 : scale_y;
  double *in = g_new (double, (gsize) w * h), *narrow = g_new (double, (gsize) width * h);
  double *out = g_new (double, (gsize) width * height);
  for (guint y = 0; y < h; y++)
    for (guint x = 0; x < w; x++)
      in[(gsize) y * w + x] = full_sample (p, c, x, y);
  for (guint y = 0; y < h; y++)
    for (guint x = 0; x < width; x++)
      narrow[(gsize) y * width + x] = sampled (in + (gsize) y * w, w, 1, filter, centre (filter, x, scale_x),
          stretch_x, whole);
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
      out[(gsize) y * width + x] = sampled (narrow + x, h, width, filter, centre (filter, y, scale_y),
          stretch_y, whole);
  g_free (in);
  g_free (narrow);
  return out;
}

static void
to_rgb (const GptVisPicture *p, double y, double cb, double cr, double rgb[3])
{
  const gboolean ten = strstr (gptvis_picture_format_name (p->format), "10LE") != NULL;
  const double top = ten ? 1023 : 255, eight = ten ? 4 : 1;
  if (p->full_range) {
    y /= top;
    cb = (cb - 128 * eight) / top;
    cr = (cr - 128 * eight) / top;
  } else {
    y = (y - 16 * eight) / (219 * eight);
    cb = (cb - 128 * eight) / (224 * eight);
    cr = (cr - 128 * eight) / (224 * eight);
  }
  const gboolean is_601 = p->matrix == GPTVIS_MATRIX_BT601, is_709 = p->matrix == GPTVIS_MATRIX_BT709;
  const double kr = is_601 ? 0.299 : is_709 ? 0.2126 : 0.2627, kb = is_601 ? 0.114 : is_709 ? 0.0722 : 0.0593;
  rgb[0] = y + 2 * (1 - kr) * cr;
  rgb[2] = y + 2 * (1 - kb) * cb;
  rgb[1] = (y - kr * rgb[0] - kb * rgb[2]) / (1 - kr - kb);
  for (guint c = 0; c < 3; c++)
    rgb[c] = 255 * CLAMP (rgb[c], 0, 1);
}

/* Compares every value of every patch. */
static void
compare_rows (const float *rows, const GptVisPicture *p, const GptVisRecipe *r, guint patch)
{
  const gboolean grey = p->format == GPTVIS_PICTURE_GRAY8;
  const gboolean rgb = !grey && strchr (gptvis_picture_format_name (p->format), 'R');
  const gboolean whole = rgb && !r->interpolated && !r->unrounded;
  guint width, height;
  gptvis_recipe_resized (r, p->width, p->height, &width, &height);
  const double across = ((gint) width - (gint) r->width) / 2.0;
  const double down = ((gint) height - (gint) r->height) / 2.0;
  const gint left = r->crop_nearest ? nearbyint (across) : floor (across);      /* of two the even one */
  const gint top = r->crop_nearest ? nearbyint (down) : floor (down);
  double *planes[3];
  for (guint c = 0; c < 3; c++)
    planes[c] = grey && c ? NULL : resized (p, c, r, width, height, whole);
  for (guint y = 0; y < r->height; y++)
    for (guint x = 0; x < r->width; x++) {
      const gint px = left + (gint) x, py = top + (gint) y;
      const gsize at = (gsize) py * width + px;
      double want[3] = { 0, 0, 0 };
      if (px >= 0 && py >= 0 && px < (gint) width && py < (gint) height) {
        const double middle = 128;
        if (rgb)
          for (guint c = 0; c < 3; c++)
            want[c] = planes[c][at];
        else
          to_rgb (p, planes[0][at], grey ? middle : planes[1][at], grey ? middle : planes[2][at], want);
      }
      for (guint c = 0; c < 3; c++) {
        const gsize i = ((gsize) (y / patch) * (r->width / patch) + x / patch) * 3 * patch * patch
            + c * patch * patch + y % patch * patch + x % patch;
        const double right = want[r->flipped ? 2 - c : c];
        const double got = (rows[i] * r->std[c] + r->mean[c]) / r->rescale;
        /* Not whole: f32 sums of some hundred samples, and of weights that bicubic and lanczos make large. */
        if (!(fabs (got - right) <= (whole ? 0.001 : 0.02)))
          g_error ("%s %u×%u to %u×%u, filter %u, pixel %u,%u colour %u: %g where %g is right",
              gptvis_picture_format_name (p->format), p->width, p->height, r->width, r->height, r->filter, x,
              y, c, got, right);
      }
    }
  for (guint c = 0; c < 3; c++)
    g_free (planes[c]);
}

/* Runs it and compares. */
static void
compare (GptVisPatchifier *patchifier, const GptVisPicture *p, const GptVisRecipe *r, guint patch)
{
  Guard guard;
  float *rows = guard_new (&guard, 3 * (gsize) r->width * r->height * sizeof (float), 0);
  GError *error = NULL;
  gptvis_patchifier_run (patchifier, p, rows, &error);
  g_assert_no_error (error);
  compare_rows (rows, p, r, patch);
  guard_free (&guard);
}

static GptVisRecipe
random_recipe (GRand *rand, guint patch)
{
  GptVisRecipe r = { .width = patch * g_rand_int_range (rand, 1, 7),
    .height = patch * g_rand_int_range (rand, 1, 7), .filter = g_rand_int_range (rand, 0, 6),
    .rescale = 1 / 255.0, .mean = {0.5, 0.45, 0.4}, .std = {0.25, 0.5, 0.2} };
  switch (g_rand_int_range (rand, 0, 4)) {
    case 0:
      r.centre_crop = TRUE;     /* of the picture as it is */
      break;
    case 1:
      r.centre_crop = r.shortest_edge = TRUE;
      r.resize_height = g_rand_int_range (rand, 1, 60);
      break;
    case 2:
      r.centre_crop = TRUE;
      r.resize_width = g_rand_int_range (rand, 1, 60);
      r.resize_height = g_rand_int_range (rand, 1, 60);
      break;
    default:
      r.resize_width = r.width;
      r.resize_height = r.height;
  }
  r.interpolated = r.filter == GPTVIS_FILTER_BILINEAR && g_rand_boolean (rand);
  r.unrounded = r.filter == GPTVIS_FILTER_BILINEAR && g_rand_boolean (rand);
  r.flipped = g_rand_int_range (rand, 0, 3) == 0;
  r.crop_nearest = g_rand_boolean (rand);
  return r;
}

static guint cases = 12;         /* of each format; GPTVIS_TEST_CASES, for slow processors */

static void
test_formats (void)
{
  GRand *rand = seeded_rand ();
  for (guint t = 0; tested_tier (t); t++) {
    if (is_like_before (t))
      continue;
    g_setenv ("GPTVIS_CPU", tested_tier (t)->name, TRUE);
    for (guint format = 0; format < GPTVIS_PICTURE_N_FORMATS; format++)
      for (guint i = 0; i < cases; i++) {
        const guint patch = g_rand_int_range (rand, 1, 9);
        const GptVisRecipe recipe = random_recipe (rand, patch);
        GptVisPatchifier *patchifier = gptvis_patchifier_new (&recipe, patch);
        for (guint k = 0; k < 2; k++) { /* another size on the same patchifier */
          Random r;
          random_picture (&r, rand, format, g_rand_int_range (rand, 1, 140), g_rand_int_range (rand, 1, 140));
          compare (patchifier, &r.picture, &recipe, patch);
          free_picture (&r);
        }
        gptvis_patchifier_free (patchifier);
      }
  }
  g_unsetenv ("GPTVIS_CPU");
  g_rand_free (rand);
}

/* A part of a picture has the samples of the whole from its first chroma sample on, and no others. */
static void
check_part (const GptVisPicture *whole, guint left, guint top, guint width, guint height)
{
  const GptVisPicture part = gptvis_picture_cut (whole, left, top, width, height);
  const guint n_components = g_str_equal (gptvis_picture_format_name (whole->format), "GRAY8") ? 1 : 3;
  guint sub_x, sub_y;
  chroma (whole->format, &sub_x, &sub_y);
  const guint x0 = left - left % sub_x, y0 = top - top % sub_y;
  g_assert_cmpuint (part.width, ==, width);
  g_assert_cmpuint (part.height, ==, height);
  for (guint c = 0; c < n_components; c++) {
    const guint sx = c ? sub_x : 1, sy = c ? sub_y : 1;
    for (guint y = 0; y < (height + sy - 1) / sy; y++)
      for (guint x = 0; x < (width + sx - 1) / sx; x++)
        g_assert_cmpfloat (sample (&part, c, x, y), ==, sample (whole, c, x0 / sx + x, y0 / sy + y));
  }
}

static void
test_parts (void)
{
  GRand *rand = seeded_rand ();
  for (guint format = 0; format < GPTVIS_PICTURE_N_FORMATS; format++)
    for (guint i = 0; i < cases; i++) {
      Random r;
      random_picture (&r, rand, format, g_rand_int_range (rand, 1, 60), g_rand_int_range (rand, 1, 60));
      const guint left = g_rand_int_range (rand, 0, r.picture.width);
      const guint top = g_rand_int_range (rand, 0, r.picture.height);
      check_part (&r.picture, left, top, g_rand_int_range (rand, 1, r.picture.width - left + 1),
          g_rand_int_range (rand, 1, r.picture.height - top + 1));
      free_picture (&r);
    }
  g_rand_free (rand);
}

/* From one long row of pixels, and to one. */
static void
test_extremes (void)
{
  GRand *rand = seeded_rand ();
  static const guint sizes[][2] = { {1, 1}, {1, 300}, {300, 1}, {GPTVIS_PICTURE_MAX_SIDE, 2},
      {2, GPTVIS_PICTURE_MAX_SIDE} };
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint format = 0; format < GPTVIS_PICTURE_N_FORMATS; format += 3) {
      const GptVisRecipe recipe = { .resize_width = 16, .resize_height = 16, .filter = i % 6, .width = 16,
        .height = 16, .rescale = 1, .std = {1, 1, 1} };
      GptVisPatchifier *patchifier = gptvis_patchifier_new (&recipe, 8);
      Random r;
      random_picture (&r, rand, format, sizes[i][0], sizes[i][1]);
      compare (patchifier, &r.picture, &recipe, 8);
      free_picture (&r);
      gptvis_patchifier_free (patchifier);
    }
  g_rand_free (rand);
}

/* ---- on a device ---- */

static gconstpointer
find_nothing (gpointer user, const GptVisWeightPart *part, GptVisDtype *dtype, gsize *n)
{
  return NULL;
}

/* A network that does nothing but look: its output is the patches. */
static GptVisPlan *
record_patches (const GptVisRecipe *recipe, guint patch, guint batch)
{
  GptVisPlan *plan = gptvis_plan_new ("patches", batch);
  GError *error = NULL;
  GptVisTensorId x = gptvis_plan_patches (plan, recipe, patch);
  gptvis_plan_output (plan, "y", gptvis_plan_rows (plan, &(GptVisRowsPart) { .from = x,
      .rows = recipe->width / patch * (recipe->height / patch), .add = GPTVIS_NO_TENSOR }, 1));
  gptvis_plan_finish (plan, &error);
  g_assert_no_error (error);
  return plan;
}

/* Two batches of pictures of different sizes and formats, on the same slots; and rows read from a slot. */
static void
run_on_device (GRand *rand, const GptVisRecipe *recipe, guint patch)
{
  enum { BATCH = 3 };
  GptVisPlan *plan = record_patches (recipe, patch, BATCH);
  const GptVisWeights weights = { find_nothing, NULL };
  const GptVisProgramOptions options = { .backend = "vulkan" };
  GError *error = NULL;
  GptVisProgram *program = gptvis_program_new (plan, &weights, &options, &error);
  const GptVisTensorId y = gptvis_plan_find (plan, "y");
  GptVisSlot *slots[BATCH];
  g_assert_no_error (error);
  for (guint i = 0; i < BATCH; i++)
    slots[i] = gptvis_program_slot_new (program, NULL);
  for (guint k = 0; k < 2; k++) {
    Random r[BATCH];
    for (guint i = 0; i < BATCH; i++) {
      random_picture (&r[i], rand, g_rand_int_range (rand, 0, GPTVIS_PICTURE_N_FORMATS),
          g_rand_int_range (rand, 1, 140), g_rand_int_range (rand, 1, 140));
      g_assert_true (gptvis_program_stage (program, slots[i], &r[i].picture, NULL));
    }
    g_assert_true (gptvis_program_submit (program, slots, BATCH, NULL));
    g_assert_true (gptvis_program_wait (program, NULL));
    for (guint i = 0; i < BATCH; i++)
      compare_rows (gptvis_program_output (program, y, i), &r[i].picture, recipe, patch);
    compare_rows (gptvis_program_slot_rows (program, slots[1]), &r[1].picture, recipe, patch);
    for (guint i = 0; i < BATCH; i++)
      free_picture (&r[i]);
  }
  for (guint i = 0; i < BATCH; i++)
    gptvis_program_slot_free (program, slots[i]);
  gptvis_program_free (program);
  gptvis_plan_free (plan);
}

/* A picture whose red is a pixel's column and whose green its row, 224 to 80 each way, on the device. */
static void
test_nearest_device (void)
{
  enum { SIDE = 224, OUT = 80, PATCH = 8 };
  guint8 pixels[SIDE][SIDE][3];
  const GptVisRecipe recipe = { .resize_width = OUT, .resize_height = OUT, .filter = GPTVIS_FILTER_NEAREST,
    .width = OUT, .height = OUT, .rescale = 1, .std = {1, 1, 1} };
  const GptVisPicture p = { .format = GPTVIS_PICTURE_RGB, .width = SIDE, .height = SIDE, .planes = {**pixels},
    .strides = {3 * SIDE} };
  if (!gpu_ready ("vulkan"))
    return;
  for (guint y = 0; y < SIDE; y++)
    for (guint x = 0; x < SIDE; x++)
      memcpy (pixels[y][x], (guint8[]) { x, y, 0 }, 3);
  const GptVisWeights weights = { find_nothing, NULL };
  const GptVisProgramOptions options = { .backend = "vulkan" };
  GptVisPlan *plan = record_patches (&recipe, PATCH, 1);
  GptVisProgram *program = gptvis_program_new (plan, &weights, &options, NULL);
  GptVisSlot *slot = gptvis_program_slot_new (program, NULL);
  g_assert_true (gptvis_program_stage (program, slot, &p, NULL));
  g_assert_true (gptvis_program_submit (program, &slot, 1, NULL));
  g_assert_true (gptvis_program_wait (program, NULL));
  const float *patches = gptvis_program_output (program, gptvis_plan_find (plan, "y"), 0);
  for (guint i = 0, b = 0; i < OUT; i++) {
    const gboolean one_before = b < pillow_nearest[0].n_before && pillow_nearest[0].before[b] == i;
    b += one_before;
    const float *across = patches + i / PATCH * 3 * PATCH * PATCH + i % PATCH;
    const float *down = patches + (i / PATCH * (OUT / PATCH) * 3 + 1) * PATCH * PATCH + i % PATCH * PATCH;
    g_assert_cmpfloat (*across, ==, middle_sample (SIDE, OUT, i) - one_before);
    g_assert_cmpfloat (*down, ==, middle_sample (SIDE, OUT, i) - one_before);
  }
  gptvis_program_slot_free (program, slot);
  gptvis_program_free (program);
  gptvis_plan_free (plan);
}

static void
test_device (gconstpointer far)
{
  GRand *rand = seeded_rand ();
  if (gpu_ready ("vulkan")) {
#if GPTVIS_HAVE_VULKAN
    gpu_close ();
    gptvis_vulkan_set_faults (&(GptVisVulkanFaults) { .far = far != NULL });
#endif
    for (guint i = 0; i < cases; i++) {
      const guint patch = g_rand_int_range (rand, 1, 9);
      const GptVisRecipe recipe = random_recipe (rand, patch);
      run_on_device (rand, &recipe, patch);
    }
#if GPTVIS_HAVE_VULKAN
    gptvis_vulkan_set_faults (&(GptVisVulkanFaults) { 0 });
#endif
  }
  g_rand_free (rand);
}

static void
expect_refusal (const GptVisPicture *p, const gchar *sentence)
{
  const GptVisRecipe recipe = { .resize_width = 8, .resize_height = 8, .filter = GPTVIS_FILTER_BILINEAR,
    .width = 8, .height = 8, .rescale = 1, .std = {1, 1, 1} };
  GptVisPatchifier *patchifier = gptvis_patchifier_new (&recipe, 8);
  float rows[192];
  GError *error = NULL;
  g_assert_false (gptvis_patchifier_run (patchifier, p, rows, &error));
  g_assert_cmpstr (error->message, ==, sentence);
  g_clear_error (&error);
  gptvis_patchifier_free (patchifier);
}

static void
test_refusals (void)
{
  guint8 byte[64] = { 0 };
  GptVisPicture p = { .format = GPTVIS_PICTURE_I420, .width = 4, .height = 4, .planes = {byte, byte, NULL},
    .strides = {4, 2, 2} };
  expect_refusal (&p, "a I420 picture without its plane 2 is not possible");
  p.width = 0;
  expect_refusal (&p, "a picture of 0×4 is not possible: each side must be 1 to 16384");
  p.width = 16385;
  expect_refusal (&p, "a picture of 16385×4 is not possible: each side must be 1 to 16384");
  p.format = GPTVIS_PICTURE_N_FORMATS;
  expect_refusal (&p, "pictures of format 22 are not known");
}

/* The second picture of a size costs no allocation. */
static void
test_allocations (void)
{
  GRand *rand = seeded_rand ();
  const GptVisRecipe recipe = { .resize_width = 32, .resize_height = 32, .filter = GPTVIS_FILTER_BILINEAR,
    .width = 32, .height = 32, .rescale = 1, .std = {1, 1, 1} };
  GptVisPatchifier *patchifier = gptvis_patchifier_new (&recipe, 8);
  float *rows = g_new (float, 3 * 32 * 32);
  for (guint format = 0; format < GPTVIS_PICTURE_N_FORMATS; format++) {
    Random r;
    random_picture (&r, rand, format, 100, 75);
    g_assert_true (gptvis_patchifier_run (patchifier, &r.picture, rows, NULL));
    const size_t before = mallinfo2 ().uordblks;
    for (guint i = 0; i < 3; i++)
      g_assert_true (gptvis_patchifier_run (patchifier, &r.picture, rows, NULL));
    g_assert_cmpuint (mallinfo2 ().uordblks, ==, before);
    free_picture (&r);
  }
  gptvis_patchifier_free (patchifier);
  g_free (rows);
  g_rand_free (rand);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("GPTVIS_TEST_CASES"))
    cases = g_ascii_strtoull (g_getenv ("GPTVIS_TEST_CASES"), NULL, 10);
  g_test_add_func ("/patches/pillow", test_pillow);
  g_test_add_func ("/patches/nearest", test_nearest);
  g_test_add_func ("/patches/formats", test_formats);
  g_test_add_func ("/patches/parts", test_parts);
  g_test_add_func ("/patches/extremes", test_extremes);
  g_test_add_func ("/patches/nearest-device", test_nearest_device);
  g_test_add_data_func ("/patches/device", NULL, test_device);
  g_test_add_data_func ("/patches/far-device", "", test_device);
  g_test_add_func ("/patches/refusals", test_refusals);
  g_test_add_func ("/patches/allocations", test_allocations);
  const int status = g_test_run ();
  gpu_close ();
  return status;
}
