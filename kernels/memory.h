/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory for tensors: aligned for the widest vector and the cache, padded so
 * that kernels may read (never write) a little past a tensor's end. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

#define GPTVIS_ALIGN 64         /* bytes */
#define GPTVIS_PADDING 512      /* readable bytes past the end */

/* Zeroed; NULL when there is not enough memory. Free with gptvis_free. */
gpointer gptvis_alloc (gsize bytes);
gpointer gptvis_alloc_unset (gsize bytes);      /* the same, but not zeroed */
/* For tests, while nobody else allocates: from then on more bytes than this at once are not there; 0: no
 * limit. */
void gptvis_alloc_set_limit (gsize bytes);
void gptvis_free (gpointer memory);     /* NULL is fine */

G_END_DECLS
