/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GLib's locks, told to ThreadSanitizer. GMutex, GCond and GOnce are made of atomics and
 * futexes inside a libglib that was built without it, so it would see unlocked accesses
 * where there is a lock. These take the functions' places in the program and in the
 * libraries that it loads, call the real ones, and say who comes after whom. Nothing
 * else is told: GRecMutex, GRWLock and GThread are pthread's, which it sees by itself.
 *
 * Linked into tests only, and only with b_sanitize=thread. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <glib.h>
#include <sanitizer/tsan_interface.h>

#define EXPORTED __attribute__ ((visibility ("default")))

/* The next definition of the function that this stands in; looked for once, or twice when two
 * threads are the first. */
#define REAL(name) \
  static __typeof__ (name) *real_##name; \
  __typeof__ (name) *real = __atomic_load_n (&real_##name, __ATOMIC_RELAXED); \
  if (!real) { \
    real = (__typeof__ (name) *) dlsym (RTLD_NEXT, #name); \
    __atomic_store_n (&real_##name, real, __ATOMIC_RELAXED); \
  }

/* --- GMutex --- */

EXPORTED void
g_mutex_lock (GMutex *mutex)
{
  REAL (g_mutex_lock);
  real (mutex);
  __tsan_acquire (mutex);
}

EXPORTED gboolean
g_mutex_trylock (GMutex *mutex)
{
  REAL (g_mutex_trylock);
  gboolean locked = real (mutex);
  if (locked)
    __tsan_acquire (mutex);
  return locked;
}

EXPORTED void
g_mutex_unlock (GMutex *mutex)
{
  REAL (g_mutex_unlock);
  __tsan_release (mutex);
  real (mutex);
}

/* --- GCond: what is seen after it was seen under the mutex --- */

EXPORTED void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  REAL (g_cond_wait);
  __tsan_release (mutex);
  real (cond, mutex);
  __tsan_acquire (mutex);
}

EXPORTED gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end)
{
  REAL (g_cond_wait_until);
  __tsan_release (mutex);
  gboolean signalled = real (cond, mutex, end);
  __tsan_acquire (mutex);
  return signalled;
}

/* --- GAsyncQueue, whose lock is taken within libglib --- */

EXPORTED void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  REAL (g_async_queue_push);
  __tsan_release (queue);
  real (queue, data);
}

EXPORTED gpointer
g_async_queue_pop (GAsyncQueue *queue)
{
  REAL (g_async_queue_pop);
  gpointer data = real (queue);
  __tsan_acquire (queue);
  return data;
}

EXPORTED gpointer
g_async_queue_try_pop (GAsyncQueue *queue)
{
  REAL (g_async_queue_try_pop);
  gpointer data = real (queue);
  __tsan_acquire (queue);
  return data;
}

EXPORTED gpointer
g_async_queue_timeout_pop (GAsyncQueue *queue, guint64 timeout)
{
  REAL (g_async_queue_timeout_pop);
  gpointer data = real (queue, timeout);
  __tsan_acquire (queue);
  return data;
}

/* --- GThreadPool, in which GStreamer's tasks run, likewise --- */

typedef struct {
  GFunc func;
  gpointer user;
} Pooled;

static void
run_pooled (gpointer data, gpointer user)
{
  const Pooled *pooled = user;

  __tsan_acquire (user);
  pooled->func (data, pooled->user);
}

EXPORTED GThreadPool *
g_thread_pool_new (GFunc func, gpointer user, gint max_threads, gboolean exclusive, GError **error)
{
  REAL (g_thread_pool_new);
  Pooled *pooled = g_new (Pooled, 1);   /* for good: pools are few */
  *pooled = (Pooled) { func, user };
  return real (run_pooled, pooled, max_threads, exclusive, error);
}

EXPORTED gboolean
g_thread_pool_push (GThreadPool *pool, gpointer data, GError **error)
{
  REAL (g_thread_pool_push);
  __tsan_release (pool->user_data);
  return real (pool, data, error);
}

/* --- what is made once --- */

EXPORTED gboolean
(g_once_init_enter) (volatile void *location)
{
  REAL (g_once_init_enter);
  gboolean first = real (location);
  if (!first)
    __tsan_acquire ((void *) location);
  return first;
}

EXPORTED void
(g_once_init_leave) (volatile void *location, gsize result)
{
  REAL (g_once_init_leave);
  __tsan_release ((void *) location);
  real (location, result);
}

EXPORTED gpointer
g_once_impl (GOnce *once, GThreadFunc func, gpointer arg)
{
  REAL (g_once_impl);
  gpointer value = real (once, func, arg);
  /* Whoever made it has told so before anyone else can come here with the lock. */
  __tsan_release (once);
  __tsan_acquire (once);
  return value;
}
