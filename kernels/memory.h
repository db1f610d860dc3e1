/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory for tensors: aligned for the widest vector and the cache, padded so
 * that kernels may read (never write) a little past a tensor's end. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

#define GPTVIS_ALIGN 64         /* bytes */
#define GPTVIS_PADDING 512      /* readable bytes past the end */

/* Zeroed; NULL when there is not so much. Free with gptvis_free. */
gpointer gptvis_alloc (gsize bytes);
gpointer gptvis_alloc_unset (gsize bytes);      /* the same, holding anything */
/* A fault for tests, not while anybody allocates: nothing of more bytes than this can be had; 0: no such
 * limit. */
void gptvis_alloc_set_limit (gsize bytes);
void gptvis_free (gpointer memory);     /* NULL is fine */

G_END_DECLS
