/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A Kalman filter of one number that moves at a velocity: a position that is measured with noise, and a
 * velocity that is disturbed by white noise of acceleration of the power q (Bar-Shalom, "Estimation with
 * Applications to Tracking and Navigation", 6.2.2). Because q is of time and not of frames, one step of a
 * second is the same as twenty-five of a twenty-fifth. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  gdouble x, v;                 /* position, and its change a second */
  gdouble xx, xv, vv;           /* how uncertain they are: their covariance */
} GptVisKalman;

static inline void
gptvis_kalman_begin (GptVisKalman *self, gdouble x, gdouble noise, gdouble velocity_noise)
{
  *self = (GptVisKalman) { .x = x, .xx = noise * noise, .vv = velocity_noise * velocity_noise };
}

/* `seconds` pass. */
static inline void
gptvis_kalman_predict (GptVisKalman *self, gdouble seconds, gdouble q)
{
  self->x += self->v * seconds;
  self->xx += seconds * (2 * self->xv + seconds * self->vv) + q * seconds * seconds * seconds / 3;
  self->xv += seconds * self->vv + q * seconds * seconds / 2;
  self->vv += q * seconds;
}

/* It was measured, with noise of that standard deviation, which is not 0. */
static inline void
gptvis_kalman_correct (GptVisKalman *self, gdouble measured, gdouble noise)
{
  const gdouble all = self->xx + noise * noise;
  const gdouble gain = self->xx / all, velocity_gain = self->xv / all;
  const gdouble error = measured - self->x;

  self->x += gain * error;
  self->v += velocity_gain * error;
  self->vv -= velocity_gain * self->xv;
  self->xv *= 1 - gain;
  self->xx *= 1 - gain;
}

G_END_DECLS
