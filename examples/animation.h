/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Animated GIF, PNG and WebP files. Each of their pictures changes a rectangle of the one before: each is
 * made a file that a decoder of still pictures understands, and what that decodes is drawn on a canvas. */
#pragma once
#include <gst/video/video.h>

typedef struct Animation Animation;

/* NULL where the file has one picture, as most have, or is not one of these three. */
Animation *animation_new (const guint8 *data, gsize size);
void animation_free (Animation *animation);

guint animation_n_pictures (const Animation *animation);
/* The canvas's, as the file has it. Where one is 0, nothing can be drawn. */
void animation_size (const Animation *animation, guint *width, guint *height);

/* Picture i as a file of its own, with its time. */
GstBuffer *animation_still (const Animation *animation, guint i);

/* What is seen while picture i is shown, in RGBA: `still` is what picture i's file decodes to, in packed RGB
 * of 8 bits a sample. Pictures come in their order, from 0 on. NULL when the still is not of the size it
 * should be. */
GstBuffer *animation_draw (Animation *animation, guint i, GstVideoFrame *still);
