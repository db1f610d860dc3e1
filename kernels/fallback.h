/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of a program whose device fails: the processor takes the network over. The
 * run that failed is lost, and with it all that slots held, since mapped memory of a device
 * that is lost has no defined contents; what is staged from then on is run. Whoever holds the
 * program and its slots notices nothing but the error of that run.
 *
 * For backend.c and program.c alone. */
#pragma once
#include "backend.h"

G_BEGIN_DECLS

typedef struct _GptVisFallback GptVisFallback;

/* For a program on a device. `weights` must live as long as the program. */
GptVisFallback *gptvis_fallback_new (const GptVisPlan *plan, const GptVisWeights *weights, guint threads);
/* All slots are free. NULL is fine. */
void gptvis_fallback_free (GptVisFallback *self);

/* The first run that failed: makes the program on the processor. */
void gptvis_fallback_take (GptVisFallback *self, const GError *why);

/* The program on the processor; NULL: nothing failed, or the processor could not take the network. Any
 * thread. */
GptVisProgram *gptvis_fallback_program (GptVisFallback *self);
/* Why the device failed, and whether the processor took over; NULL: nothing failed. Any thread. */
const GError *gptvis_fallback_failure (GptVisFallback *self);

G_END_DECLS
