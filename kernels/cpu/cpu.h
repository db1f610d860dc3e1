/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processor as a backend: any plan, f32, on a pool of threads, with the
 * best tier of kernels that this processor has. */
#pragma once
#include "../backend.h"

extern const GptVisBackendTable gptvis_backend_cpu;
