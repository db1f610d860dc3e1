/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Motion on pictures that are painted here: in every format, of every size, one that stands still, one
 * that leaves, two that pass, light, a camera that moves; and a simulated day.
 *
 *     unit-motion --day 100000 [SEED]       the long form of the last */
#include "../kernels/pictures.h"
#include "motion.h"
#include "counting-malloc.h"
#include "layout.h"
#include "simulated-day.h"
#include "tier.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 320, HEIGHT = 192 };

typedef struct {
  gdouble x, y;                 /* pixels, of its left top */
  gint width, height;
  guint8 level;
} Thing;

/* A picture of any format, of grey levels with a little colour. */
typedef struct {
  GptVisPicture picture;
  guint8 *memory;
  guint32 noise;
} Frame;

static Frame
frame_new (GptVisPictureFormat format, guint width, guint height)
{
  Frame f = { .picture = { .format = format, .width = width, .height = height }, .noise = 1 };
  gsize sizes[3], total = 0;
  for (guint plane = 0; plane < 3; plane++) {
    f.picture.strides[plane] = gptvis_picture_plane_row_bytes (format, plane, width);
    sizes[plane] = f.picture.strides[plane] * (gsize) gptvis_picture_plane_rows (format, plane, height);
    total += sizes[plane];
  }
  f.memory = g_malloc0 (total + 1);
  guint8 *at = f.memory;
  for (guint plane = 0; plane < 3; at += sizes[plane++])
    f.picture.planes[plane] = sizes[plane] ? at : NULL;
  return f;
}

static void
put (const GptVisLayout *layout, guint8 *at, guint level)
{
  if (layout->bytes == 1) {
    *at = level;
    return;
  }
  const guint16 word = level << (2 + layout->shift);
  memcpy (at, &word, 2);
}

/* The scene at `light`, moved by (dx, dy), with things before it. */
static void
frame_paint (Frame *f, gint dx, gint dy, gdouble light, const Thing *things, guint n)
{
  const GptVisLayout *layout = gptvis_picture_layout (f->picture.format);
  for (guint c = 0; c < layout->n_components; c++) {
    const GptVisComponent *component = &layout->components[c];
    const gboolean chroma = c > 0 && !layout->rgb;
    for (guint y = 0; y < gptvis_component_rows (component, f->picture.height); y++)
      for (guint x = 0; x < gptvis_component_width (component, f->picture.width); x++) {
        const gint px = (x << component->sub_x), py = (y << component->sub_y);
        const gint u = px + dx + 4096, v = py + dy + 4096;
        const guint tile = (u / 23 * 7919u + v / 31 * 104729u) * 2654435761u >> 24;
        gdouble level = chroma ? 128 : (70 + tile / 3 + 3 * (u % 7)) * light;
        for (guint i = 0; i < n; i++)
          if (px >= things[i].x && px < things[i].x + things[i].width && py >= things[i].y
              && py < things[i].y + things[i].height)
            level = chroma ? 118 : (things[i].level + (px - (gint) things[i].x) % 5 * 4) * light;
        f->noise = f->noise * 1664525u + 1013904223u;
        level += (gint) (f->noise >> 30) - 1;
        put (layout,
            (guint8 *) f->picture.planes[component->plane] + (gsize) y * f->picture.strides[component->plane]
                + component->offset + x * component->step,
            CLAMP (level, 16, 235));
      }
  }
}

#define AT(frame) ((frame) * G_GUINT64_CONSTANT (100000000))    /* ten a second */

/* Is one of the boxes where the thing is? */
static gboolean
is_told (const GptVisMotionBox *boxes, guint n, const Thing *thing, guint width, guint height)
{
  for (guint i = 0; i < n; i++) {
    const GptVisBox *told = &boxes[i].box;
    const gdouble left = MAX (told->left * width, thing->x), top = MAX (told->top * height, thing->y);
    const gdouble right = MIN ((told->left + told->width) * width, thing->x + thing->width);
    const gdouble bottom = MIN ((told->top + told->height) * height, thing->y + thing->height);
    const gdouble both = MAX (right - left, 0) * MAX (bottom - top, 0);
    const gdouble box = (gdouble) told->width * width * told->height * height;
    if (both / (box + thing->width * thing->height - both) > 0.4)
      return TRUE;
  }
  return FALSE;
}

static void
test_formats (void)
{
  for (guint format = 0; format < GPTVIS_PICTURE_N_FORMATS; format++) {
    GptVisMotion *motion = gptvis_motion_new ();
    GptVisMotionBox boxes[GPTVIS_MOTION_MAX_BOXES];
    Frame f = frame_new (format, WIDTH, HEIGHT);
    guint told = 0;
    for (guint i = 0; i < 60; i++) {
      const Thing thing = { 4.0 * ((gint) i - 25), 60, 30, 70, 200 };
      frame_paint (&f, 0, 0, 1, &thing, i > 20);
      const guint n = gptvis_motion_look (motion, &f.picture, AT (i), boxes, G_N_ELEMENTS (boxes));
      g_assert_true (i > 20 || n == 0);
      told += i > 45 && n == 1 && is_told (boxes, n, &thing, WIDTH, HEIGHT);
    }
    g_test_message ("%s: told in %u of 14 frames", gptvis_picture_format_name (format), told);
    g_assert_cmpuint (told, >=, 13);
    gptvis_motion_free (motion);
    g_free (f.memory);
  }
}

static void
test_sizes (void)
{
  static const guint sizes[][2] = { { 1, 1 }, { 1, 7 }, { 2, 2 }, { 3, 1 }, { 5, 300 }, { 17, 16 },
    { 241, 136 }, { 255, 255 }, { 769, 431 }, { 1919, 1079 }, { 16384, 8 }, { 16384, 3 }, { 3, 16384 },
    { 4096, 2160 } };
  GptVisMotion *motion = gptvis_motion_new ();
  GRand *rand = g_rand_new_with_seed (1);
  GptVisMotionBox boxes[4];
  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (guint format = 0; format < GPTVIS_PICTURE_N_FORMATS; format += 3) {
      Random r;                 /* the same random picture is no motion, and ends at a guard page */
      random_picture (&r, rand, format, sizes[s][0], sizes[s][1]);
      for (guint i = 0; i < 3; i++)
        g_assert_cmpuint (gptvis_motion_look (motion, &r.picture, AT (i), boxes, 4), ==, 0);
      free_picture (&r);
    }
  g_rand_free (rand);
  Frame f = frame_new (GPTVIS_PICTURE_I420, 16, 16);
  f.picture.planes[1] = NULL;
  g_assert_cmpuint (gptvis_motion_look (motion, &f.picture, AT (9), boxes, 4), ==, 0);
  f.picture.width = 0;
  g_assert_cmpuint (gptvis_motion_look (motion, &f.picture, AT (9), boxes, 4), ==, 0);
  g_free (f.memory);
  gptvis_motion_free (motion);
}

static void
test_allocations (void)
{
  if (!counting_malloc_works ()) {
    g_test_skip ("another allocator is in the program");
    return;
  }
  GptVisMotion *motion = gptvis_motion_new ();
  GptVisMotionBox boxes[8];
  Frame f = frame_new (GPTVIS_PICTURE_NV12, WIDTH, HEIGHT);
  guint before = 0;
  for (guint i = 0; i < 100; i++) {
    const Thing thing = { 4.0 * i, 60, 30, 70, 200 };
    frame_paint (&f, 0, 0, 1, &thing, i > 20);
    if (i == 1)
      before = counting_malloc_count ();
    gptvis_motion_look (motion, &f.picture, AT (i), boxes, 8);
  }
  g_assert_cmpuint (counting_malloc_count (), ==, before);
  g_free (f.memory);
  gptvis_motion_free (motion);
}

/* Somebody comes in, stands for a minute, and is told all the while; what has not stirred for long is
 * background. */
static void
test_stands (void)
{
  GptVisMotion *motion = gptvis_motion_new ();
  GptVisMotionBox boxes[8];
  Frame f = frame_new (GPTVIS_PICTURE_I420, WIDTH, HEIGHT);
  guint told = 0, still = 0, n = 0;
  for (guint i = 0; i < 2600; i++) {
    const Thing thing = { MIN (5.0 * i - 130, 150), 50, 28, 90, 40 };
    frame_paint (&f, 0, 0, 1, &thing, 1);
    n = gptvis_motion_look (motion, &f.picture, AT (i), boxes, 8);
    if (i >= 100 && i < 700) {
      told += is_told (boxes, n, &thing, WIDTH, HEIGHT);
      still += n > 0 && boxes[0].still;
    }
  }
  g_assert_cmpuint (told, >=, 594);
  g_assert_cmpuint (still, >=, 500);
  g_assert_cmpuint (n, ==, 0);
  g_free (f.memory);
  gptvis_motion_free (motion);
}

/* What was there from the first frame on leaves: it is told, where it was is not. */
static void
test_ghost (void)
{
  GptVisMotion *motion = gptvis_motion_new ();
  GptVisMotionBox boxes[8];
  Frame f = frame_new (GPTVIS_PICTURE_I420, WIDTH, HEIGHT);
  const Thing place = { 60, 50, 28, 90, 40 };
  for (guint i = 0; i < 60; i++) {
    const Thing thing = { 60 + (i > 10 ? 6.0 * (i - 10) : 0), 50, 28, 90, 40 };
    frame_paint (&f, 0, 0, 1, &thing, 1);
    const guint n = gptvis_motion_look (motion, &f.picture, AT (i), boxes, 8);
    g_assert_true (i < 28 || !is_told (boxes, n, &place, WIDTH, HEIGHT));
    g_assert_true (i < 28 || thing.x > WIDTH - 28 || is_told (boxes, n, &thing, WIDTH, HEIGHT));
  }
  g_free (f.memory);
  gptvis_motion_free (motion);
}

/* The first frames have somebody in them who leaves soon: where he was is background again as soon as that
 * has been seen for a little longer than he was. */
static void
test_starts_late (void)
{
  GptVisMotion *motion = gptvis_motion_new ();
  GptVisMotionBox boxes[8];
  Frame f = frame_new (GPTVIS_PICTURE_I420, WIDTH, HEIGHT);
  const Thing place = { 40, 50, 28, 90, 40 };
  for (guint i = 0; i < 40; i++) {
    const Thing thing = { 40 + 10.0 * i, 50, 28, 90, 40 };
    frame_paint (&f, 0, 0, 1, &thing, 1);
    const guint n = gptvis_motion_look (motion, &f.picture, AT (i), boxes, 8);
    g_assert_true (i < 8 || !is_told (boxes, n, &place, WIDTH, HEIGHT));
    for (guint k = 0; i >= 8 && k < n; k++)
      g_assert_cmpfloat ((boxes[k].box.left + boxes[k].box.width) * WIDTH, >, thing.x - 10);
  }
  g_free (f.memory);
  gptvis_motion_free (motion);
}

/* All of a plane within a rectangle that moves. */
static void
shade_plane (Frame *f, guint plane, gint left, gint width, gdouble times, gint more)
{
  const guint sub = plane > 0, stride = f->picture.strides[plane];
  for (guint y = 60 >> sub; y < 110u >> sub; y++)
    for (gint x = MAX (left, 0) >> sub; x < MIN (left + width, WIDTH) >> sub; x++) {
      guint8 *at = (guint8 *) f->picture.planes[plane] + y * stride + x;
      *at = CLAMP (*at * times + more, 16, 235);
    }
}

/* A shadow in the sun, which is darker and bluer, crosses: it is not told. What is as dark without being
 * bluer is no shadow. */
static void
test_shadow (void)
{
  for (guint blue = 0; blue < 2; blue++) {
    GptVisMotion *motion = gptvis_motion_new ();
    GptVisMotionBox boxes[8];
    Frame f = frame_new (GPTVIS_PICTURE_I420, WIDTH, HEIGHT);
    guint told = 0;
    for (guint i = 0; i < 120; i++) {
      const gint left = 4 * ((gint) i - 40);
      frame_paint (&f, 0, 0, 1, NULL, 0);
      shade_plane (&f, 0, left, 60, 0.6, 7);    /* 0.6 of what is above black */
      shade_plane (&f, 1, left, 60, 1, blue ? 12 : 0);
      shade_plane (&f, 2, left, 60, 1, blue ? -12 : 0);
      const guint n = gptvis_motion_look (motion, &f.picture, AT (i), boxes, 8);
      const Thing thing = { left, 60, 60, 50 };
      told += i >= 60 && i < 100 && is_told (boxes, n, &thing, WIDTH, HEIGHT);
    }
    g_test_message ("%s: told in %u of 40 frames", blue ? "bluer" : "as blue", told);
    if (blue)
      g_assert_cmpuint (told, ==, 0);
    else
      g_assert_cmpuint (told, >=, 36);
    g_free (f.memory);
    gptvis_motion_free (motion);
  }
}

/* Two pass each other: two before, two after, and never none. */
static void
test_pass (void)
{
  GptVisMotion *motion = gptvis_motion_new ();
  GptVisMotionBox boxes[8];
  Frame f = frame_new (GPTVIS_PICTURE_I420, WIDTH, HEIGHT);
  guint both = 0;
  for (guint i = 0; i < 85; i++) {
    const Thing things[] = { {4.0 * i - 60, 50, 26, 80, 30}, {WIDTH + 30 - 4.0 * i, 60, 26, 80, 220} };
    frame_paint (&f, 0, 0, 1, things, 2);
    const guint n = gptvis_motion_look (motion, &f.picture, AT (i), boxes, 8);
    const gboolean first = is_told (boxes, n, &things[0], WIDTH, HEIGHT);
    const gboolean second = is_told (boxes, n, &things[1], WIDTH, HEIGHT);
    g_assert_true (i < 25 || i > 75 || first || second);
    g_assert_cmpuint (n, <=, 3);
    both += i >= 25 && i <= 75 && first && second;
  }
  g_test_message ("both are told in %u of 51 frames", both);
  g_assert_cmpuint (both, >=, 40);
  g_free (f.memory);
  gptvis_motion_free (motion);
}

/* Light that comes and goes and a camera that trembles are not told. */
static void
test_light (void)
{
  GptVisMotion *motion = gptvis_motion_new ();
  GptVisMotionBox boxes[8];
  Frame f = frame_new (GPTVIS_PICTURE_I420, WIDTH, HEIGHT);
  for (guint i = 0; i < 400; i++) {
    const gdouble light = i < 100 ? 1 : i < 200 ? 1 - 0.004 * (i - 100) : i < 300 ? 0.9 : 1.1;
    const gint shake = i % 40 == 39 ? 1 : 0;
    frame_paint (&f, shake, -shake, light, NULL, 0);
    g_assert_cmpuint (gptvis_motion_look (motion, &f.picture, AT (i), boxes, 8), ==, 0);
  }
  g_free (f.memory);
  gptvis_motion_free (motion);
}

/* What a picture is made of that is no motion, on top of what frame_paint made of it. */
typedef void (*Disturb) (Frame *f, guint frame, GRand *rand);

/* A codec at a low rate: blocks of eight are as the last whole picture had them, each off by its own error;
 * every two seconds a whole picture brings other errors at once. */
static void
pulse (Frame *f, guint frame, GRand *rand)
{
  const guint stride = f->picture.strides[0], whole = frame / 20;
  guint8 *y = (guint8 *) f->picture.planes[0];
  for (guint row = 0; row < HEIGHT; row++)
    for (guint x = 0; x < WIDTH; x++) {
      const guint block = (row / 8 * 7919u + x / 8 * 104729u + whole * 1299721u) * 2654435761u >> 24;
      const guint drift = (row / 8 * 31u + x / 8 * 17u + frame) % 8 == 0;
      y[row * stride + x] = CLAMP ((gint) y[row * stride + x] + (gint) block % 9 - 4 + (gint) drift, 16, 235);
    }
}

/* Streaks that are elsewhere in each frame. */
static void
rain (Frame *f, guint frame, GRand *rand)
{
  const guint stride = f->picture.strides[0];
  guint8 *y = (guint8 *) f->picture.planes[0];
  for (guint drop = 0; drop < 120; drop++) {
    const guint x = g_rand_int_range (rand, 0, WIDTH - 4), top = g_rand_int_range (rand, 0, HEIGHT - 16);
    for (guint row = top; row < top + 16; row++) {
      guint8 *at = &y[row * stride + x + (row - top) / 6];
      *at = MIN (*at + 40, 235);
    }
  }
}

/* A crown of leaves, each of which swings by its own time: what it covers changes all the while. */
static void
sway (Frame *f, guint frame, GRand *rand)
{
  const guint stride = f->picture.strides[0];
  guint8 *y = (guint8 *) f->picture.planes[0];
  for (guint leaf = 0; leaf < 400; leaf++) {
    const guint place = leaf * 2654435761u;
    const gdouble swing = sin (frame * (0.25 + (place >> 28) / 40.0) + leaf);
    const gint left = 200 + (gint) ((place >> 8) % 90 + 5 * swing), top = 10 + (place >> 16) % 80;
    for (gint row = top; row < top + 5; row++)
      memset (&y[row * stride + left], 50 + (place >> 24) % 60, 7);
  }
}

/* After some time to learn it nothing of that is told, and what crosses meanwhile is. */
static void
test_disturbed (gconstpointer data)
{
  const Disturb disturb = *(const Disturb *) data;
  GptVisMotion *motion = gptvis_motion_new ();
  GptVisMotionBox boxes[GPTVIS_MOTION_MAX_BOXES];
  Frame f = frame_new (GPTVIS_PICTURE_I420, WIDTH, HEIGHT);
  GRand *rand = g_rand_new_with_seed (1);
  guint wrong = 0, told = 0;
  for (guint i = 0; i < 700; i++) {
    const Thing thing = { 4.0 * ((gint) i - 560), 100, 30, 80, 220 };
    frame_paint (&f, 0, 0, 1, &thing, 1);
    disturb (&f, i, rand);
    const guint n = gptvis_motion_look (motion, &f.picture, AT (i), boxes, G_N_ELEMENTS (boxes));
    if (i >= 200 && i < 550 && n > 0)
      g_test_message ("frame %u: %u, %.0f by %.0f", i, n, boxes[0].box.width * WIDTH,
          boxes[0].box.height * HEIGHT);
    wrong += i >= 200 && i < 550 && n > 0;
    told += i >= 580 && i < 630 && is_told (boxes, n, &thing, WIDTH, HEIGHT);
  }
  g_test_message ("something false in %u of 350 frames, what crosses told in %u of 50", wrong, told);
  g_assert_cmpuint (wrong, ==, 0);
  g_assert_cmpuint (told, >=, 45);
  g_rand_free (rand);
  g_free (f.memory);
  gptvis_motion_free (motion);
}

/* The camera turns and stops: nothing is told, and afterwards what moves is. */
static void
test_turns (void)
{
  GptVisMotion *motion = gptvis_motion_new ();
  GptVisMotionBox boxes[8];
  Frame f = frame_new (GPTVIS_PICTURE_I420, WIDTH, HEIGHT);
  guint told = 0;
  for (guint i = 0; i < 160; i++) {
    const Thing thing = { 4.0 * ((gint) i - 100), 50, 28, 90, 200 };
    frame_paint (&f, i < 40 ? 0 : i < 80 ? 9 * (i - 40) : 360, 0, 1, &thing, 1);
    const guint n = gptvis_motion_look (motion, &f.picture, AT (i), boxes, 8);
    if (n && i < 95)
      g_test_message ("frame %u: %u", i, n);
    g_assert_true (i >= 95 || n == 0);
    told += i >= 120 && is_told (boxes, n, &thing, WIDTH, HEIGHT);
  }
  g_assert_cmpuint (told, >=, 36);
  g_free (f.memory);
  gptvis_motion_free (motion);
}

/* What a tier makes of noise: a row's sums and means, cells blurred, compared and learnt from. Returns it
 * all. */
static GByteArray *
run_tier (const GptVisSceneTier *tier)
{
  GByteArray *made = g_byte_array_new ();
  GRand *rand = g_rand_new_with_seed (5);
  Frame f = frame_new (GPTVIS_PICTURE_I420, 330, 190);
  GptVisCells cells = { 0 };
  GptVisBackground background = { 0 };
  guint8 bytes[GPTVIS_CELL_ROWS][328];
  const guint8 *rows[GPTVIS_CELL_ROWS];
  for (guint row = 0; row < GPTVIS_CELL_ROWS; row++) {
    rows[row] = bytes[row];
    for (guint i = 0; i < sizeof bytes[row]; i++)
      bytes[row][i] = g_rand_int (rand);
  }
  for (guint kind = GPTVIS_PACK_BYTES; kind <= GPTVIS_PACK_PAIRS_OF_WORDS; kind++)
    for (guint count = 1; count <= 3; count++) {
      gint32 even[82] = { 0 }, odd[82] = { 0 };
      gfloat means[82] = { 0 };
      tier->sum (rows, GPTVIS_CELL_ROWS, 0, sizeof bytes[0], kind, 2, even, odd);
      tier->mean (even, count, 0.25f, -16, means, 82 / count);
      g_byte_array_append (made, (const guint8 *) even, sizeof even);
      g_byte_array_append (made, (const guint8 *) odd, sizeof odd);
      g_byte_array_append (made, (const guint8 *) means, sizeof means);
    }
  frame_paint (&f, 0, 0, 1, NULL, 0);
  g_assert_true (gptvis_cells_fit (&cells, &f.picture));
  gptvis_cells_read (&cells, &f.picture);
  gptvis_background_fit (&background, &cells);
  gptvis_background_start (&background, &cells);
  guint8 *kinds = g_malloc (cells.n);
  for (gsize i = 0; i < cells.n; i++) {
    kinds[i] = g_rand_int_range (rand, 0, GPTVIS_CELL_SETTLED + 1);
    background.y[i] *= g_rand_double_range (rand, 0.3, 2);
    background.u[i] += g_rand_int_range (rand, -20, 20);
    background.v[i] += g_rand_int_range (rand, -20, 20);
  }
  tier->compare (&background, &cells);
  tier->learn (&background, &cells, kinds, &(GptVisRates) { 0.3f, 0.1f, 0.2f, 0.05f });
  float *const arrays[] = { background.evidence, background.proof, background.stirred, background.y,
    background.u, background.v, background.noise, background.chroma_noise };
  for (guint i = 0; i < G_N_ELEMENTS (arrays); i++)
    g_byte_array_append (made, (const guint8 *) arrays[i], cells.n * sizeof (float));
  tier->blur (&cells, background.y, background.u);
  for (guint row = 1; row <= cells.height; row++)
    g_byte_array_append (made, (const guint8 *) &background.u[row * cells.stride + 1],
        cells.width * sizeof (float));
  g_free (kinds);
  g_free (f.memory);
  g_rand_free (rand);
  gptvis_background_clear (&background);
  gptvis_cells_clear (&cells);
  return made;
}

/* All instruction sets give the same bits. */
static void
test_tiers (void)
{
  const GptVisSceneTier *tier;
  GByteArray *plain = run_tier (gptvis_scene_tier_nth (0));
  for (guint i = 1; (tier = gptvis_scene_tier_nth (i)); i++) {
    GByteArray *made = run_tier (tier);
    g_test_message ("%s: %u bytes", tier->name, made->len);
    g_assert_cmpmem (made->data, made->len, plain->data, plain->len);
    g_byte_array_unref (made);
  }
  g_byte_array_unref (plain);
}

static void
check_day (guint frames, guint32 seed)
{
  const SimulatedDay day = simulated_day (frames, seed);
  g_test_message ("%u frames, seed %u: %u of %u events found, something false in %u frames", day.frames, seed,
      day.found, day.events, day.false_frames);
  g_assert_cmpuint (day.events, >, 0);
  g_assert_cmpuint (day.found * 100, >=, day.events * 95);
  g_assert_cmpuint (day.false_frames * 10000, <=, day.frames);
}

static void
test_day (void)
{
  check_day (5000, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (argc > 2 && strcmp (argv[1], "--day") == 0) {
    const SimulatedDay day = simulated_day (atoi (argv[2]), argc > 3 ? atoi (argv[3]) : 1);
    printf ("%u frames: %u of %u events found, something false in %u frames\n", day.frames, day.found,
        day.events, day.false_frames);
    return day.found * 100 < day.events * 95 || day.false_frames * 10000 > day.frames;
  }
  g_test_add_func ("/motion/formats", test_formats);
  g_test_add_func ("/motion/sizes", test_sizes);
  g_test_add_func ("/motion/allocations", test_allocations);
  g_test_add_func ("/motion/stands", test_stands);
  g_test_add_func ("/motion/ghost", test_ghost);
  g_test_add_func ("/motion/starts-late", test_starts_late);
  g_test_add_func ("/motion/shadow", test_shadow);
  g_test_add_func ("/motion/pass", test_pass);
  g_test_add_func ("/motion/light", test_light);
  static const Disturb disturbs[] = { pulse, rain, sway };
  g_test_add_data_func ("/motion/pulse", &disturbs[0], test_disturbed);
  g_test_add_data_func ("/motion/rain", &disturbs[1], test_disturbed);
  g_test_add_data_func ("/motion/trees", &disturbs[2], test_disturbed);
  g_test_add_func ("/motion/turns", test_turns);
  g_test_add_func ("/motion/tiers", test_tiers);
  g_test_add_func ("/motion/day", test_day);
  return g_test_run ();
}
