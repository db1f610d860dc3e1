/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A grid of positions for another size: what a plan's resample is (plan.h). */
#pragma once
#include "plan.h"

G_BEGIN_DECLS

/* from [rows_in · columns_in, width] to [rows_out · columns_out, width]. */
void gptvis_resample_grid (const GptVisOp *op, guint width, const float *from, float *to);

G_END_DECLS
