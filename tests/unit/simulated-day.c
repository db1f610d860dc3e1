/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A made-up camera for a long time: grain, light that drifts, a lamp that flickers, exposure in steps, a
 * camera that shakes by a pixel; and now and then something of known size crosses that differs from what
 * is behind it by twice the grain. How many of these are found, and in how many frames something is told
 * where nothing was? */
#include "simulated-day.h"
#include <math.h>
#include <string.h>

enum { WIDTH = 320, HEIGHT = 180, MARGIN = 2, GRAIN_TABLE = 1 << 16 };

#define GRAIN 4.0               /* standard deviation of a pixel, in steps of 8 bits */
#define CONTRAST (2 * GRAIN)
#define FPS 25.0
#define LASTS 1.0               /* seconds that may pass until what left is not told any more */

typedef struct {
  gdouble x, y, vx, vy;         /* pixels, of its left top; a frame */
  gint width, height;
  gdouble contrast;
  guint left_in;                /* frames that it has been gone, 0 while it is there */
  gboolean there, found;
} Event;

typedef struct {
  GRand *rand;
  guint8 scene[(HEIGHT + 2 * MARGIN) * (WIDTH + 2 * MARGIN)];
  gint8 grain[GRAIN_TABLE];
  guint8 pixels[WIDTH * HEIGHT * 3 / 2];
  gdouble exposure;
  guint shakes;                 /* frames that remain */
  Event event;
} Day;

/* Surfaces with borders, none of them plain. */
static void
paint (Day *day)
{
  const gint stride = WIDTH + 2 * MARGIN;
  memset (day->scene, 100, sizeof day->scene);
  for (guint n = 0; n < 40; n++) {
    const gint x = g_rand_int_range (day->rand, -40, WIDTH), y = g_rand_int_range (day->rand, -40, HEIGHT);
    const gint w = g_rand_int_range (day->rand, 10, 120), h = g_rand_int_range (day->rand, 10, 90);
    const gint level = g_rand_int_range (day->rand, 60, 170);
    for (gint r = MAX (y, 0); r < MIN (y + h, HEIGHT + 2 * MARGIN); r++)
      for (gint c = MAX (x, 0); c < MIN (x + w, stride); c++)
        day->scene[r * stride + c] = level + (r * 7 + c * 13) % 5;
  }
}

static gdouble
normal (GRand *rand)
{
  gdouble sum = -6;
  for (guint i = 0; i < 12; i++)
    sum += g_rand_double (rand);
  return sum;
}

static void
begin (Day *day)
{
  Event *e = &day->event;
  const gboolean right = g_rand_boolean (day->rand);
  e->width = g_rand_int_range (day->rand, 14, 30);
  e->height = g_rand_int_range (day->rand, 24, 60);
  e->x = right ? WIDTH : -e->width;
  e->y = g_rand_int_range (day->rand, 0, HEIGHT - e->height);
  e->vx = g_rand_double_range (day->rand, 1, 4) * (right ? -1 : 1);
  e->vy = g_rand_double_range (day->rand, -0.3, 0.3);
  e->contrast = g_rand_boolean (day->rand) ? CONTRAST : -CONTRAST;
  e->there = TRUE;
  e->found = FALSE;
  e->left_in = 0;
}

/* One frame into `pixels`. */
static void
take (Day *day, guint frame)
{
  const gint stride = WIDTH + 2 * MARGIN;
  gint dx = 0, dy = 0;
  if (day->shakes > 0) {
    day->shakes--;
    dx = g_rand_int_range (day->rand, -1, 2);
    dy = g_rand_int_range (day->rand, -1, 2);
  } else if (g_rand_int_range (day->rand, 0, 400) == 0)
    day->shakes = 20;
  if (g_rand_int_range (day->rand, 0, 1000) == 0)
    day->exposure = g_rand_double_range (day->rand, 0.85, 1.15);
  const gdouble light = day->exposure * (1 + 0.1 * sin (frame * 2 * G_PI / 7000));
  const gdouble lamp = 1 + 0.06 * sin (frame * 2 * G_PI * 3.1 / FPS);
  const Event *e = &day->event;
  guint grain = g_rand_int (day->rand);
  for (gint y = 0; y < HEIGHT; y++) {
    const guint8 *scene = day->scene + (y + MARGIN + dy) * stride + MARGIN + dx;
    const gboolean event_row = e->there && y >= e->y && y < e->y + e->height;
    for (gint x = 0; x < WIDTH; x++) {
      const gboolean lit = x > 200 && x < 270 && y > 20 && y < 90;
      gdouble level = scene[x] * light * (lit ? lamp : 1);
      if (event_row && x >= e->x && x < e->x + e->width)
        level += e->contrast;
      level += day->grain[grain++ % GRAIN_TABLE] / 8.0;
      day->pixels[y * WIDTH + x] = CLAMP (level, 16, 235);
    }
    if (y % 16 == 0)
      grain = g_rand_int (day->rand);
  }
}

/* Does the box lie on the event, or did it a moment ago? */
static gboolean
lies_on (const Event *e, const GptVisBox *box)
{
  const gdouble reach = 12;
  return box->left * WIDTH < e->x + e->width + reach && (box->left + box->width) * WIDTH > e->x - reach
      && box->top * HEIGHT < e->y + e->height + reach && (box->top + box->height) * HEIGHT > e->y - reach;
}

static void
count (Day *day, const GptVisMotionBox *boxes, guint n, SimulatedDay *result)
{
  Event *e = &day->event;
  gboolean wrong = FALSE;
  for (guint i = 0; i < n; i++) {
    const gboolean on
        = (e->there || (e->left_in > 0 && e->left_in < LASTS * FPS)) && lies_on (e, &boxes[i].box);
    e->found |= on && e->there;
    wrong |= !on;
  }
  result->false_frames += wrong;
}

static void
move (Day *day, guint frame, SimulatedDay *result)
{
  Event *e = &day->event;
  if (e->there) {
    e->x += e->vx;
    e->y += e->vy;
    if (e->x > WIDTH || e->x < -e->width) {
      e->there = FALSE;
      e->left_in = 1;
      result->events++;
      result->found += e->found;
    }
    return;
  }
  if (e->left_in > 0)
    e->left_in++;
  if (frame > 100 && g_rand_int_range (day->rand, 0, 150) == 0)
    begin (day);
}

SimulatedDay
simulated_day (guint frames, guint32 seed)
{
  SimulatedDay result = { 0 };
  Day *day = g_new0 (Day, 1);
  GptVisMotion *motion = gptvis_motion_new ();
  GptVisMotionBox boxes[GPTVIS_MOTION_MAX_BOXES];
  const GptVisPicture picture = { .format = GPTVIS_PICTURE_I420, .width = WIDTH, .height = HEIGHT,
    .planes = {day->pixels, day->pixels + WIDTH * HEIGHT, day->pixels + WIDTH * HEIGHT * 5 / 4},
    .strides = {WIDTH, WIDTH / 2, WIDTH / 2} };
  day->rand = g_rand_new_with_seed (seed);
  day->exposure = 1;
  for (guint i = 0; i < GRAIN_TABLE; i++) {
    const gdouble grain = normal (day->rand) * GRAIN * 8;
    day->grain[i] = CLAMP (grain, -127, 127);
  }
  memset (day->pixels, 128, sizeof day->pixels);
  paint (day);
  for (guint frame = 0; frame < frames; frame++) {
    move (day, frame, &result);
    take (day, frame);
    count (day, boxes,
        gptvis_motion_look (motion, &picture, frame * G_GUINT64_CONSTANT (1000000000) / (guint) FPS, boxes,
            G_N_ELEMENTS (boxes)),
        &result);
  }
  result.frames = frames;
  g_rand_free (day->rand);
  g_free (day);
  gptvis_motion_free (motion);
  return result;
}
