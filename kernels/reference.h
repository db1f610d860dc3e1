/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The definition of every operation: plain C in double precision, on one thread,
 * slow and easy to read. It is a whole backend, so any plan runs on it
 * (backend=reference), and it shares nothing with the backends it judges but the
 * patchifier, which has tests of its own. */
#pragma once
#include "backend.h"

G_BEGIN_DECLS

extern const GptVisBackendTable gptvis_backend_reference;

G_END_DECLS
