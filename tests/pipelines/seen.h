/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results as a gptvisfilter would attach them, without a network. */
#pragma once
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include "gptvis.h"
#include "model.h"

/* The labels up to the NULL, scored 0.9, 0.45, 0.3 …; the caller owns it. */
static inline GptVisResult *
seen_result (const gchar *const *labels)
{
  GptVisResult value = GPTVIS_RESULT_INIT, *result;
  GptVisLabel all[64];
  guint n = 0;

  for (; labels[n]; n++) {
    g_assert_cmpuint (n, <, G_N_ELEMENTS (all));
    all[n] = (GptVisLabel) { n, labels[n], 0.9f / (n + 1) };
  }
  value.model = "test";
  value.analysis = 1500;
  value.labels = all;
  value.n_labels = n;
  result = gptvis_result_copy (&value);
  gptvis_result_set_frame (result, "camera", 7, 40 * GST_MSECOND, 40 * GST_MSECOND, 0);
  return result;
}

/* The same with a caption, of two frames before. */
static inline GptVisResult *
seen_captioned (const gchar *const *labels, const gchar *text, gboolean final)
{
  const GptVisCaption caption = { text, 0.5f, final, 5, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE };
  GptVisResult *plain = seen_result (labels), *result = gptvis_result_with_caption (plain, &caption);

  gptvis_result_unref (plain);
  return result;
}

static inline void
seen_attach (GstBuffer *buffer, const gchar *const *labels, gboolean own, GstClockTime age)
{
  GptVisResult *result = seen_result (labels);

  gptvis_buffer_add_meta (buffer, result, own, age);
  gptvis_result_unref (result);
}
