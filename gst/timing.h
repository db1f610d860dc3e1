/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long the last analyses took: a window of durations and its percentiles.
 * A plain value of fixed size; adding to it allocates nothing. Not locked. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

#define GPTVIS_TIMING_WINDOW 512u

typedef struct {
  guint n;                      /* added so far; the window has the last of them */
  gint64 us[GPTVIS_TIMING_WINDOW];
} GptVisTiming;

typedef struct {
  gint64 min, mean, max;        /* µs; all 0 when nothing was added */
  gint64 p50, p90, p99;         /* nearest rank */
} GptVisTimes;

void gptvis_timing_add (GptVisTiming *timing, gint64 us);
/* Of the last `last` durations, or of as many as there are. */
GptVisTimes gptvis_timing_summary (const GptVisTiming *timing, guint last);

G_END_DECLS
