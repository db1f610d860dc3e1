/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One input, from its first byte to its last line. */
#pragma once
#include <signal.h>
#include "arguments.h"
#include "coco.h"
#include "tally.h"

/* FAILED: this input's fault. FATAL: the next would fare no better. A sentence has said why. */
typedef enum { RUN_DONE, RUN_FAILED, RUN_FATAL } RunOutcome;

/* Input i of the arguments; its regions go to `coco` too. Returns early when `interrupted` is set, or the
 * input's patience is over. */
RunOutcome run_input (const Arguments *arguments, guint i, Tally *tally, Coco *coco,
    volatile sig_atomic_t *interrupted);
