/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pipeline of one camera, from its source to gptvisfilter, for one run. */
#pragma once
#include "source.h"

/* The same for all cameras. */
typedef struct {
  gchar *model;                 /* NULL: the bundled one */
  gdouble max_rate, threshold;  /* as gptvisfilter has them, and top-k */
  gint top_k;
  gint silence;                 /* seconds without a picture after which a camera is down */
} CameraSettings;

typedef struct {
  GstElement *pipeline;         /* NULL: none was made */
  GstElement *filter;
  GstBus *bus;
  Source source;
  guint pictures;               /* that reached the filter; the streaming thread counts, atomically */
} Pipeline;

/* FALSE with an error; pipeline_clear comes in any case. A file is paced as a camera is. */
gboolean pipeline_make (Pipeline *pipeline, const gchar *uri, const CameraSettings *settings,
    GError **error);
/* In state NULL. */
void pipeline_clear (Pipeline *pipeline);

/* Plays a file from its beginning again, after EOS. FALSE where that cannot be. */
gboolean pipeline_rewind (Pipeline *pipeline);

/* Adds what a gptvisfilter has counted, in its run or in the last. Any thread. */
void filter_count (GstElement *filter, guint64 *frames, guint64 *analysed);
