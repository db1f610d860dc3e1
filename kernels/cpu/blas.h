/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OpenBLAS's f32 product, for tiers that have none as good. It is opened when a
 * program first needs it and stays open: merely being loaded, it starts a thread
 * for each processor, which registering a plugin must not. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

/* TRUE when it is there. From then on it uses so many threads, for the whole
 * process, as OpenBLAS knows no others. */
gboolean gptvis_blas_open (guint threads);

/* y [n, m] = x [n, k] · wᵀ (w [m, k]) + beta · y. Only after gptvis_blas_open said TRUE. */
void gptvis_blas_multiply (guint n, guint m, guint k, const float *x, const float *w, float beta, float *y);

G_END_DECLS
