/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "counting-malloc.h"
#include <errno.h>
#include <stdlib.h>

/* Sanitizers have allocators of their own. */
#if defined (__SANITIZE_ADDRESS__) || defined (__SANITIZE_THREAD__)
#define STANDS_IN 0
#elif defined (__has_feature)
#define STANDS_IN !(__has_feature (address_sanitizer) || __has_feature (thread_sanitizer))
#else
#define STANDS_IN 1
#endif

static guint count;
static gsize bytes;

#if STANDS_IN && defined (__GLIBC__)
void *__libc_malloc (size_t size);
void *__libc_calloc (size_t n, size_t size);
void *__libc_realloc (void *old, size_t size);
void *__libc_memalign (size_t alignment, size_t size);
void *memalign (size_t alignment, size_t size);
int posix_memalign (void **memory, size_t alignment, size_t size);

static void
note (size_t size)
{
  __atomic_add_fetch (&count, 1, __ATOMIC_RELAXED);
  __atomic_add_fetch (&bytes, size, __ATOMIC_RELAXED);
}

__attribute__ ((visibility ("default"))) void *
malloc (size_t size)
{
  note (size);
  return __libc_malloc (size);
}

__attribute__ ((visibility ("default"))) void *
calloc (size_t n, size_t size)
{
  note (n * size);
  return __libc_calloc (n, size);
}

__attribute__ ((visibility ("default"))) void *
realloc (void *old, size_t size)
{
  note (size);
  return __libc_realloc (old, size);
}

__attribute__ ((visibility ("default"))) void *
memalign (size_t alignment, size_t size)
{
  note (size);
  return __libc_memalign (alignment, size);
}

__attribute__ ((visibility ("default"))) int
posix_memalign (void **memory, size_t alignment, size_t size)
{
  note (size);
  *memory = __libc_memalign (alignment, size);
  return *memory ? 0 : ENOMEM;
}

__attribute__ ((visibility ("default"))) void *
aligned_alloc (size_t alignment, size_t size)
{
  note (size);
  return __libc_memalign (alignment, size);
}
#endif

guint
counting_malloc_count (void)
{
  return __atomic_load_n (&count, __ATOMIC_RELAXED);
}

gsize
counting_malloc_bytes (void)
{
  return __atomic_load_n (&bytes, __ATOMIC_RELAXED);
}

gboolean
counting_malloc_works (void)
{
  guint before = count;

  g_free (g_malloc (10));
  return count > before;
}
