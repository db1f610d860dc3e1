/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done to every cell, to as many at once as fit into a vector: comparing it with the background, and
 * learning from it. A cell is told by three things,
 * each in units of its own noise: its luma, its chroma, and how it differs from its neighbours. Light that
 * falls on a surface otherwise than before (a shadow, a cloud's edge, a lamp) changes the first alone, so
 * that is weak evidence as long as the other two agree; an object's border, texture or colour is strong. */
#include "background.h"
#include "cpu/tiers/simd.h"

#define SHADE 0.16f             /* how much luma alone tells where texture and colour agree, squared */
#define DARKEST 0.4f            /* of the light that was: more is no shadow */
#define BRIGHTEST 1.8f
#define SHAKE 0.6f              /* pixels that a camera may have moved unnoticed */

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

/* What one component of chroma tells. */
INLINE void
compare_chroma (const float *chroma, const float *background, const float *last, gsize stride, vf light,
    vf slack, vf *unlike, vf *steps, vf *moved)
{
  const Around c = load_around (chroma, stride), b = load_around (background, stride);
  const vf give = give_of (&b, slack), since = c.at - vf_load (last);
  *unlike += square_beyond (c.at - light * b.at, give);
  *steps += compare_steps (&c, &b, light, give);
  *moved += since * since;
}

/* Whole vectors of cells, so what is past the row's end is written too; then that is made 0 again. */
void
gptvis_background_compare_row (const GptVisBackground *background, const GptVisCells *cells, guint row)
{
  const gsize stride = cells->stride, first = row * stride + 1, end = first + cells->width;
  const vf shift_x = vf_set (background->shift_x * 0.5f), shift_y = vf_set (background->shift_y * 0.5f);
  const vf slack = vf_set (MIN (SHAKE / cells->side, 0.5f));
  float *evidence = background->evidence, *proof = background->proof, *stirred = background->stirred;
  for (gsize i = first; i < end; i += VW) {
    const Around y = load_around (cells->y + i, stride), b = load_around (background->y + i, stride);
    const vf right = b.at - (b.right - b.left) * shift_x - (b.down - b.up) * shift_y;
    const vf ratio = (y.at + 4) / (vf_max (right, vf_set (0)) + 4);
    const vf light = vf_min (vf_max (ratio, vf_set (DARKEST)), vf_set (BRIGHTEST));
    const vi same = light == ratio;
    const vf weight = (vf) ((same & (vi) vf_set (SHADE)) | (~same & (vi) vf_set (1)));
    const vf give = give_of (&b, slack), since = y.at - vf_load (background->last_y + i);
    const vf s = 1 / vf_max (vf_load (background->noise + i), vf_set (GPTVIS_LEAST_NOISE));
    const vf c = 1 / vf_max (vf_load (background->chroma_noise + i), vf_set (GPTVIS_LEAST_CHROMA_NOISE));
    vf unlike = { 0 }, steps = { 0 }, moved = { 0 };
    compare_chroma (cells->u + i, background->u + i, background->last_u + i, stride, light, slack, &unlike,
        &steps, &moved);
    compare_chroma (cells->v + i, background->v + i, background->last_v + i, stride, light, slack, &unlike,
        &steps, &moved);
    const vf all = weight * square_beyond (y.at - right, give) * s + unlike * c;
    vf_store (evidence + i, all);
    vf_store (proof + i,
        SHADE * all + 0.25f * (compare_steps (&y, &b, light, give) * s + steps * c));
    vf_store (stirred + i, since * since * s + moved * c);
  }
  for (gsize i = end; i < MIN (end + VW - 1, cells->n); i++)
    evidence[i] = proof[i] = stirred[i] = 0;
}

/* a where the mask is set, else 0. */
INLINE vf
where (vi mask, vf a)
{
  return (vf) (mask & (vi) a);
}

/* Moves *value by `rate` towards `to`. */
INLINE void
approach (float *value, vf to, vf rate)
{
  const vf was = vf_load (value);
  vf_store (value, was + rate * (to - was));
}

void
gptvis_background_learn_cells (GptVisBackground *background, const GptVisCells *cells, const guint8 *kinds,
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
