/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The definition of every operation: plain C in double precision, on one thread,
 * slow and easy to read. It is a whole backend, so any plan runs on it
 * (backend=reference), and it shares nothing with the backends it judges but the
 * patchifier, which has tests of its own. */
#pragma once
#include "backend.h"

G_BEGIN_DECLS

extern const GptVisBackendTable gptvis_backend_reference;

/* A grid of positions for another size, as plan.h defines resample; what all
 * backends use when they load (constants.h). from [rows_in · columns_in, width], to
 * [rows_out · columns_out, width]. */
void gptvis_reference_resample (const GptVisOp *op, guint width, const float *from, float *to);

G_END_DECLS
