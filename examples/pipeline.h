/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pipeline of one camera, from its source to gptvisfilter, for one run. */
#pragma once
#include "source.h"

/* The same for all cameras. */
typedef struct {
  gchar *model;                 /* NULL: the bundled one */
  gchar *regions;               /* gptvisfilter's; NULL: auto */
  gdouble max_rate, threshold;  /* gptvisfilter's, as is top_k */
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

/* FALSE with an error; pipeline_clear follows in any case. A file is played at its own rate, as if it were a
 * camera. */
gboolean pipeline_make (Pipeline *pipeline, const gchar *uri, const CameraSettings *settings,
    GError **error);
/* In state NULL. */
void pipeline_clear (Pipeline *pipeline);

/* Plays a file from its start again, after EOS. FALSE: it cannot be rewound. */
gboolean pipeline_rewind (Pipeline *pipeline);

/* Adds what a gptvisfilter has counted, in this run or in the last. Any thread. */
void filter_count (GstElement *filter, guint64 *frames, guint64 *analysed);
