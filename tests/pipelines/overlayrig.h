/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A gptvisoverlay in a harness, for what it draws of results that are attached by hand. */
#pragma once
#include <gst/check/gstharness.h>
#include <gst/video/video.h>

G_BEGIN_DECLS

typedef struct {
  GstHarness *harness;
  GstVideoInfo info;
  guint frames;                 /* for a test that gives its frames times */
} Overlay;

/* Takes the caps. */
static inline void
overlay_open_with (Overlay *self, const gchar *properties, GstCaps *caps)
{
  gchar *line = g_strdup_printf ("gptvisoverlay %s", properties);

  self->frames = 0;
  g_assert_true (gst_video_info_from_caps (&self->info, caps));
  self->harness = gst_harness_new_parse (line);
  gst_harness_set_src_caps (self->harness, caps);
  g_free (line);
}

static inline void
overlay_close (Overlay *self)
{
  gst_harness_teardown (self->harness);
}

/* Bytes of GREY: grey in most formats, something in all. */
#define GREY 0x80

static inline GstBuffer *
blank (const Overlay *self)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&self->info), NULL);

  gst_buffer_memset (buffer, 0, GREY, GST_VIDEO_INFO_SIZE (&self->info));
  return buffer;
}

static inline GstBuffer *
push (Overlay *self, GstBuffer *buffer)
{
  g_assert_cmpint (gst_harness_push (self->harness, buffer), ==, GST_FLOW_OK);
  buffer = gst_harness_try_pull (self->harness);
  g_assert_nonnull (buffer);
  return buffer;
}

G_END_DECLS
