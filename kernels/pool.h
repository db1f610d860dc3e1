/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A pool of threads: f (i) for i in range.
 *
 * The caller works too, and waits only for threads that are in the middle of an
 * item, never for one that has not woken up: on a machine that has other things to
 * do (it decodes the video), a network is some hundred short runs, and waiting each
 * time until every thread has reported costs the scheduler's time slice each time. Items that
 * follow one another go to one thread, as long as every thread has some: it then reads memory from end to
 * end, which is twice as fast as reading every second piece of it.
 * Between networks the threads sleep, and wake up on another processor than the caller's, if they may use
 * one; their affinity is otherwise left alone. They take the nice value (setpriority) of the thread that
 * calls. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

typedef struct _GptVisPool GptVisPool;
typedef void (*GptVisTask) (void *context, gsize i);

/* How many threads this process may use: its affinity, its control group's quota. At least 1. */
guint gptvis_pool_default_threads (void);

/* threads 0: the default. NULL for 1, and where no thread can be started: everything then runs inline. */
GptVisPool *gptvis_pool_new (guint threads);
void gptvis_pool_free (GptVisPool *pool);      /* NULL is fine */
guint gptvis_pool_threads (GptVisPool *pool);  /* the caller counted */

/* task (context, i) for each i < n, by all threads; returns when all are done.
 * One caller at a time, and not from within a task. */
void gptvis_pool_run (GptVisPool *pool, GptVisTask task, void *context, gsize n);

/* Within a task: which of its pool's threads this is, from 0 to their number less 1. For scratch of its
 * own. */
guint gptvis_pool_thread (void);

G_END_DECLS
