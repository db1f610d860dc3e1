/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What moves before a fixed camera. It is shown each frame, of whatever format, and tells in which
 * rectangles something is that does not belong to the camera's background:
 *
 *     GptVisMotion *motion = gptvis_motion_new ();
 *     GptVisMotionBox boxes[GPTVIS_MOTION_MAX_BOXES];
 *     guint n = gptvis_motion_look (motion, &picture, time, boxes, G_N_ELEMENTS (boxes));
 *
 * What is always there is learnt with its noise, so grain, a lamp that flickers, a cloud, automatic exposure,
 * leaves and a codec's pulse are not told. Somebody who stands still stays told; what has not stirred for
 * minutes (GPTVIS_MOTION_SETTLES) becomes background. While the camera itself moves nothing is told.
 *
 * One camera each, used by one thread at a time. */
#pragma once
#include "picture.h"
#include "box.h"

G_BEGIN_DECLS

#define GPTVIS_MOTION_MAX_BOXES 64u     /* more are never told */
#define GPTVIS_MOTION_SETTLES (180 * G_GUINT64_CONSTANT (1000000000))   /* ns */

typedef struct {
  GptVisBox box;        /* inside the picture */
  float moved;          /* how much of it changed since the frame before, 0 … 1 */
  gboolean still;       /* nothing of it has stirred for a second */
} GptVisMotionBox;

typedef struct _GptVisMotion GptVisMotion;

GptVisMotion *gptvis_motion_new (void);
void gptvis_motion_free (GptVisMotion *motion);

/* The next frame, of the time `time_ns` (as a buffer's; where it does not grow, or by much, it counts as a
 * short while after the last). At most `max` boxes. Returns how many there are. Allocates only when the
 * picture's size or format is not that of the last. A picture that cannot be (no side, a plane missing)
 * has no boxes. */
guint gptvis_motion_look (
    GptVisMotion *motion, const GptVisPicture *picture, guint64 time_ns, GptVisMotionBox *boxes, guint max);

/* Forgets the camera: the next frame is the first. */
void gptvis_motion_reset (GptVisMotion *motion);

G_END_DECLS
