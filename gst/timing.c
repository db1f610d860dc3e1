/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The window of durations and its percentiles, for the statistics and for the latency
 * that the element reports. It measures nothing itself. */
#include "timing.h"
#include <stdlib.h>

void
gptvis_timing_add (GptVisTiming *timing, gint64 us)
{
  timing->us[timing->n++ % GPTVIS_TIMING_WINDOW] = us;
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;
  return (x > y) - (x < y);
}

/* Nearest rank: the smallest value that at least `percent` % of all do not exceed. */
static gint64
percentile (const gint64 *sorted, guint n, guint percent)
{
  return sorted[(n * percent + 99) / 100 - 1];
}

GptVisTimes
gptvis_timing_summary (const GptVisTiming *timing, guint last)
{
  GptVisTimes times = { 0 };
  gint64 sorted[GPTVIS_TIMING_WINDOW], sum = 0;
  guint n = MIN (MIN (timing->n, last), GPTVIS_TIMING_WINDOW);

  if (n == 0)
    return times;
  for (guint i = 0; i < n; i++) {
    sorted[i] = timing->us[(timing->n - 1 - i) % GPTVIS_TIMING_WINDOW];
    sum += sorted[i];
  }
  qsort (sorted, n, sizeof *sorted, compare);
  times.min = sorted[0];
  times.max = sorted[n - 1];
  times.mean = sum / n;
  times.p50 = percentile (sorted, n, 50);
  times.p90 = percentile (sorted, n, 90);
  times.p99 = percentile (sorted, n, 99);
  return times;
}
