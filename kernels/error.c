/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name of the error domain. */
#include "error.h"

G_DEFINE_QUARK (gptvis-error-quark, gptvis_error)
