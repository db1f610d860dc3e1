/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done to every cell, to as many at once as fit into a vector: comparing it with the background, and
 * learning from it. A cell is told by three things, each in units of its own noise: its luma, its chroma, and
 * how it differs from its neighbours. Light that falls on a surface otherwise than before (a cloud's edge, a
 * lamp) changes the first alone, so that is weak evidence as long as the other two agree; an object's border,
 * texture or colour is strong.
 *
 * A shadow in the sun is known by its colour. What the sun no longer lights is lit by the sky, which is
 * bluer: of its blue it keeps more than of its luma, of its red less. Dark clothes and tyres keep as much of
 * each. */
#pragma once
#include "../tier.h"
#include "cpu/tiers/simd.h"

#define SHADE 0.16f             /* how much luma alone tells where texture and colour agree, squared */
#define DARKEST 0.4f            /* of the light that was: more is no shadow */
#define BRIGHTEST 1.8f
#define SHAKE 0.6f              /* pixels that a camera may have moved unnoticed */

/* Of what a surface loses in the shadow, how much of that the sky makes good: of its blue at least, how much
 * more than that it takes of its red at least; and how inexact they may be, in steps of 8 bits. */
#define SKY_BLUE 0.35f
#define SKY_RED 0.12f
#define SKY_NOISE 1.0f
#define BLUE (1 / 1.72f)        /* blue is luma + 1.72 u, red is luma + 1.37 v, of levels from 16 */
#define RED (1 / 1.37f)

#define ALIKE 9.0f              /* evidence: no more is the background's */
#define MOST_BORDER 30.0f       /* proof that a shadow's border is */

/* What light alone explains of a cell: it is as it was, a shadow fell on it, or none of these; so that the
 * sum of some cells' says whether all are explained, and one is in the shadow. */
#define UNCHANGED 0.0f
#define SHADED 1.0f
#define UNEXPLAINED 100.0f

INLINE vf
size_of (vf a)
{
  return (vf) ((vi) a & 0x7fffffff);
}

/* The square of what of |d| is more than `least`. */
INLINE vf
square_beyond (vf d, vf least)
{
  const vf more = vf_max (size_of (d) - least, vf_set (0));
  return more * more;
}

/* A cell's neighbours, and how much it changes when the picture moves by `slack` either way, at most. */
typedef struct {
  vf at, left, right, up, down;
} Around;

INLINE Around
load_around (const float *at, gsize stride)
{
  return (Around) { vf_load (at), vf_load (at - 1), vf_load (at + 1), vf_load (at - stride),
    vf_load (at + stride) };
}

INLINE vf
give_of (const Around *b, vf slack)
{
  return slack * (vf_max (size_of (b->right - b->at), size_of (b->left - b->at))
      + vf_max (size_of (b->up - b->at), size_of (b->down - b->at)));
}

/* How the steps to its neighbours differ from the background's in this light. */
INLINE vf
compare_steps (const Around *c, const Around *b, vf light, vf give)
{
  const vf across = c->right - c->left - light * (b->right - b->left);
  const vf along = c->down - c->up - light * (b->down - b->up);
  return square_beyond (across, give + give) + square_beyond (along, give + give);
}

/* a where the mask is set, else 0. */
INLINE vf
where (vi mask, vf a)
{
  return (vf) (mask & (vi) a);
}

/* a where the mask is set, else b. */
INLINE vf
choose (vi mask, vf a, vf b)
{
  return (vf) ((mask & (vi) a) | (~mask & (vi) b));
}

/* How much brighter a cell is than the background's. */
INLINE vf
ratio_of (vf y, vf background)
{
  return (y + 4) / (vf_max (background, vf_set (0)) + 4);
}

/* … as far as light alone may make it so. */
INLINE vf
light_of (vf ratio)
{
  return vf_min (vf_max (ratio, vf_set (DARKEST)), vf_set (BRIGHTEST));
}

/* How much higher above the luma that blue is of which nothing is lost with so much luma, or red, in steps of
 * chroma. `part` is BLUE or RED. */
INLINE vf
kept_whole (vf lost, vf luma, vf chroma, gfloat part)
{
  return lost * vf_max (vf_set (part) + chroma / vf_max (luma, vf_set (16)), vf_set (0.2f * part));
}

/* Is what a cell lost (luma), and how its chroma is now against what it would be in less of the same light
 * (du, dv), that of a shadow in the sun? */
INLINE vi
is_shade (vf lost, vf luma, vf u, vf v, vf du, vf dv)
{
  const vf blue = kept_whole (lost, luma, u, BLUE), red = kept_whole (lost, luma, v, RED);
  const vf slack = vf_set (SKY_NOISE);
  return (lost > vf_set (0)) & (du >= vf_set (SKY_BLUE) * blue - slack) & (du <= blue + slack)
      & (-dv >= vf_set (SKY_RED) * red - slack) & (-dv <= red + slack);
}

INLINE vf
one_over (const float *variance, gfloat least)
{
  return 1 / vf_max (vf_load (variance), vf_set (least));
}

/* How unlike a row's cells are by themselves, and what light alone explains of that. Whole vectors, so what
 * is past the row's end is written too; then that is made 0 again. */
static void
compare_row (const GptVisBackground *background, const GptVisCells *cells, guint row)
{
  const gsize stride = cells->stride, first = row * stride + 1, end = first + cells->width;
  const vf shift_x = vf_set (background->shift_x * 0.5f), shift_y = vf_set (background->shift_y * 0.5f);
  const vf slack = vf_set (MIN (SHAKE / cells->side, 0.5f));
  float *evidence = background->evidence, *stirred = background->stirred, *light_alone = background->light;
  for (gsize i = first; i < end; i += VW) {
    const vf y = vf_load (cells->y + i), u = vf_load (cells->u + i), v = vf_load (cells->v + i);
    const Around b = load_around (background->y + i, stride);
    const Around bu = load_around (background->u + i, stride), bv = load_around (background->v + i, stride);
    const vf right = b.at - (b.right - b.left) * shift_x - (b.down - b.up) * shift_y;
    const vf ratio = ratio_of (y, right), light = light_of (ratio);
    const vf du = u - light * bu.at, dv = v - light * bv.at;
    const vf s = one_over (background->noise + i, GPTVIS_LEAST_NOISE);
    const vf c = one_over (background->chroma_noise + i, GPTVIS_LEAST_CHROMA_NOISE);
    const vf luma = square_beyond (y - right, give_of (&b, slack)) * s;
    const vf colour = square_beyond (du, give_of (&bu, slack)) + square_beyond (dv, give_of (&bv, slack));
    const vi same = light == ratio, shade = same & is_shade (right - y, right, bu.at, bv.at, du, dv);
    const vf all = choose (same, vf_set (SHADE) * luma, luma) + colour * c;
    const vf alone = choose (shade, vf_set (SHADED), vf_set (UNEXPLAINED));
    vf_store (evidence + i, all);
    vf_store (light_alone + i, choose (all > vf_set (ALIKE), alone, vf_set (UNCHANGED)));
    const vf dy = y - vf_load (background->last_y + i), last_du = u - vf_load (background->last_u + i);
    const vf last_dv = v - vf_load (background->last_v + i);
    vf_store (stirred + i, dy * dy * s + (last_du * last_du + last_dv * last_dv) * c);
  }
  for (gsize i = end; i < MIN (end + VW - 1, cells->n); i++)
    evidence[i] = stirred[i] = light_alone[i] = 0;
}

/* How the steps to their neighbours differ, where that is no shadow's border; and what a shadow is, whose
 * neighbours are explained as well, is no evidence. Past the row's end lies the next, whose evidence may be
 * lowered twice. */
static void
prove_row (const GptVisBackground *background, const GptVisCells *cells, guint row)
{
  const gsize stride = cells->stride, first = row * stride + 1, end = first + cells->width;
  const vf slack = vf_set (MIN (SHAKE / cells->side, 0.5f));
  float *evidence = background->evidence, *proof = background->proof;
  for (gsize i = first; i < end; i += VW) {
    const Around y = load_around (cells->y + i, stride), b = load_around (background->y + i, stride);
    const Around u = load_around (cells->u + i, stride), bu = load_around (background->u + i, stride);
    const Around v = load_around (cells->v + i, stride), bv = load_around (background->v + i, stride);
    const float *alone = background->light + i;
    const Around l = load_around (alone, stride);
    const vf five = l.at + l.left + l.right + l.up + l.down;
    const vf nine = five + vf_load (alone - stride - 1) + vf_load (alone - stride + 1)
        + vf_load (alone + stride - 1) + vf_load (alone + stride + 1);
    const vf light = light_of (ratio_of (y.at, b.at));
    const vf s = one_over (background->noise + i, GPTVIS_LEAST_NOISE);
    const vf c = one_over (background->chroma_noise + i, GPTVIS_LEAST_CHROMA_NOISE);
    const vf steps = compare_steps (&y, &b, light, give_of (&b, slack)) * s
        + (compare_steps (&u, &bu, light, give_of (&bu, slack))
            + compare_steps (&v, &bv, light, give_of (&bv, slack))) * c;
    const vi border = (five >= vf_set (SHADED)) & (five < vf_set (UNEXPLAINED));
    const vi shade = (l.at == vf_set (SHADED)) & (nine < vf_set (UNEXPLAINED));
    const vf before = vf_load (evidence + i);
    const vf unlike = choose (shade, vf_min (before, vf_set (ALIKE)), before);
    const vf all = vf_set (SHADE) * unlike + 0.25f * steps;
    vf_store (evidence + i, unlike);
    vf_store (proof + i, choose (border, vf_min (all, vf_set (MOST_BORDER)), all));
  }
  for (gsize i = end; i < MIN (end + VW - 1, cells->n); i++)
    proof[i] = 0;
}

static void
compare (const GptVisBackground *background, const GptVisCells *cells)
{
  for (guint row = 1; row <= cells->height; row++)
    compare_row (background, cells, row);
  for (guint row = 1; row <= cells->height; row++)
    prove_row (background, cells, row);
}

/* Moves *value by `rate` towards `to`. */
INLINE void
approach (float *value, vf to, vf rate)
{
  const vf was = vf_load (value);
  vf_store (value, was + rate * (to - was));
}

static void
learn (const GptVisBackground *background, const GptVisCells *cells, const guint8 *kinds,
    const GptVisRates *rates)
{
  typedef guint8 Bytes __attribute__ ((vector_size (VW)));
  const vf rate = vf_set (rates->like), odd_rate = vf_set (rates->odd);
  const vf noise_rate = vf_set (rates->noise), odd_noise_rate = vf_set (rates->odd_noise);
  for (gsize i = 0; i < cells->n; i += VW) {
    const vf y = vf_load (cells->y + i), u = vf_load (cells->u + i), v = vf_load (cells->v + i);
    const vf dy = y - vf_load (background->y + i), du = u - vf_load (background->u + i),
        dv = v - vf_load (background->v + i);
    const vf e = dy * dy, ce = du * du + dv * dv;
    const vf noise = vf_max (vf_load (background->noise + i), vf_set (GPTVIS_LEAST_NOISE));
    const vf chroma_noise
        = vf_max (vf_load (background->chroma_noise + i), vf_set (GPTVIS_LEAST_CHROMA_NOISE));
    Bytes bytes;
    memcpy (&bytes, kinds + i, sizeof bytes);
    const vi kind = __builtin_convertvector (bytes, vi);
    /* what is weak evidence, as a dark car on a dark road, is not learnt from as the background is either */
    const vi like = (kind == GPTVIS_CELL_BACKGROUND) & (e <= 9 * noise) & (ce <= 9 * chroma_noise);
    const vi odd = (kind <= GPTVIS_CELL_ODD) & ~like;
    const vf r = where (like, rate) + where (odd, odd_rate) + where (kind == GPTVIS_CELL_SETTLED, vf_set (1));
    const vf q = where (like, noise_rate) + where (odd, odd_noise_rate);
    approach (background->noise + i, vf_min (e, 9 * noise), q);
    approach (background->chroma_noise + i, vf_min (ce, 9 * chroma_noise), q);
    approach (background->y + i, y, r);
    approach (background->u + i, u, r);
    approach (background->v + i, v, r);
    vf_store (background->last_y + i, y);
    vf_store (background->last_u + i, u);
    vf_store (background->last_v + i, v);
  }
}
