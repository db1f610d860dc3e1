/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of a plan's constants: the same for all backends, each of which asks once, when it makes a
 * program. */
#pragma once
#include "plan.h"

G_BEGIN_DECLS

/* The operation's result, as plan.h defines it. from: the weight that it reads, if it reads one; both as
 * their tensors' shapes say. */
void gptvis_constant_make (const GptVisPlan *plan, const GptVisOp *op, const float *from, float *to);

G_END_DECLS
