/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A pool of threads: f (i) for i in range. Threads sleep between runs. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

typedef struct pthreadpool GptVisPool;
typedef void (*GptVisTask) (void *context, gsize i);

/* How many threads this process may use: its affinity, its control group's quota. At least 1. */
guint gptvis_pool_default_threads (void);

/* threads 0: the default. Without threads to have, or for 1, NULL: everything runs inline. */
GptVisPool *gptvis_pool_new (guint threads);
void gptvis_pool_free (GptVisPool * pool);      /* NULL is fine */
guint gptvis_pool_threads (GptVisPool * pool);

/* task (context, i) for each i < n, by all threads; returns when all are done.
 * One caller at a time. */
void gptvis_pool_run (GptVisPool * pool, GptVisTask task, void *context, gsize n);

G_END_DECLS
