/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A made-up camera for a long time, and what motion told of it. */
#pragma once
#include "motion.h"

typedef struct {
  guint frames;
  guint events, found;          /* that crossed; that were told while they did */
  guint false_frames;           /* in which something was told where nothing was */
} SimulatedDay;

SimulatedDay simulated_day (guint frames, guint32 seed);
