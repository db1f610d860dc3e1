/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OpenBLAS, opened by name when it is first needed. */
#include "blas.h"
#include <cblas.h>
#include <gmodule.h>

static struct {
  __typeof__ (cblas_sgemm) *sgemm;
  __typeof__ (openblas_set_num_threads) *set_num_threads;
} blas;

static gpointer
open_library (gpointer unused)
{
  GModule *library = g_module_open ("libopenblas.so.0", G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
  if (!library)
    return NULL;
  g_module_make_resident (library);     /* its threads outlive any user */
  if (!g_module_symbol (library, "cblas_sgemm", (gpointer *) & blas.sgemm)
      || !g_module_symbol (library, "openblas_set_num_threads", (gpointer *) & blas.set_num_threads))
    return NULL;
  return library;
}

gboolean
gptvis_blas_open (guint threads)
{
  static GOnce once = G_ONCE_INIT;
  if (!g_once (&once, open_library, NULL))
    return FALSE;
  blas.set_num_threads (threads);
  return TRUE;
}

void
gptvis_blas_multiply (guint n, guint m, guint k, const float *x, const float *w, float beta, float *y)
{
  blas.sgemm (CblasRowMajor, CblasNoTrans, CblasTrans, n, m, k, 1.0f, x, k, w, k, beta, y, m);
}
