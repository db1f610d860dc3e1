/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What gptvis-label reads of a photo's file besides its pixels: its orientation, what else is in the file,
 * and animations, which are taken apart and drawn from stills of 4 × 4 pixels. */
#include "animation.h"
#include "exif.h"
#include "fuzz.h"

#define SIDE 4
#define LARGEST 4096u           /* a canvas that is drawn on */

static void
draw (Animation *animation)
{
  guint8 pixels[SIDE * SIDE * 4] = { 0 };
  GstVideoFrame frame;
  GstVideoInfo info;
  guint width, height;
  GstBuffer *still;

  animation_size (animation, &width, &height);
  if (width < 1 || height < 1 || (guint64) width * height > LARGEST)
    return;
  still = gst_buffer_new_wrapped_full (0, pixels, sizeof pixels, 0, sizeof pixels, NULL, NULL);
  gst_video_info_set_format (&info, GST_VIDEO_FORMAT_RGBA, SIDE, SIDE);
  g_assert (gst_video_frame_map (&frame, &info, still, GST_MAP_READ));
  for (guint i = 0; i < animation_n_pictures (animation); i++) {
    GstBuffer *drawn = animation_draw (animation, i, &frame);
    g_assert (!drawn || gst_buffer_get_size (drawn) == 4 * (gsize) width * height);
    g_clear_pointer (&drawn, gst_buffer_unref);
  }
  gst_video_frame_unmap (&frame);
  gst_buffer_unref (still);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  Animation *animation;

  if (!gst_is_initialized ()) {
    g_setenv ("GST_PLUGIN_SYSTEM_PATH_1_0", "", TRUE);  /* no plugin is needed, and none looked for */
    g_setenv ("GST_REGISTRY", "/nonexistent", TRUE);
    gst_init (NULL, NULL);
  }
  g_assert (exif_orientation_tag (exif_orientation (data, size)));
  exif_is_raw (data, size);
  exif_has_companions (data, size);
  if (!(animation = animation_new (data, size)))
    return 0;
  g_assert (animation_n_pictures (animation) > 0);
  for (guint i = 0; i < animation_n_pictures (animation); i++) {
    GstBuffer *still = animation_still (animation, i);
    g_assert (gst_buffer_get_size (still) > 0 && GST_BUFFER_DURATION (still) > 0);
    gst_buffer_unref (still);
  }
  draw (animation);
  animation_free (animation);
  return 0;
}
