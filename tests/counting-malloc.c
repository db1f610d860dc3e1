/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in for malloc and its kin, and counts what is asked of them (counting-malloc.h). */
#define _GNU_SOURCE             /* dl_iterate_phdr */
#include "counting-malloc.h"
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

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
static struct {
  guintptr from, to;
} ours[2];                      /* code that alone is counted; [0] of zeros: all is */

#if STANDS_IN && defined (__GLIBC__)
void *__libc_malloc (size_t size);
void *__libc_calloc (size_t n, size_t size);
void *__libc_realloc (void *old, size_t size);
void *__libc_memalign (size_t alignment, size_t size);
void *memalign (size_t alignment, size_t size);
int posix_memalign (void **memory, size_t alignment, size_t size);

static void
note (size_t size, const void *caller)
{
  const guintptr at = (guintptr) caller;
  if (ours[0].to && !(at >= ours[0].from && at < ours[0].to) && !(at >= ours[1].from && at < ours[1].to))
    return;
  __atomic_add_fetch (&count, 1, __ATOMIC_RELAXED);
  __atomic_add_fetch (&bytes, size, __ATOMIC_RELAXED);
}

__attribute__ ((visibility ("default"))) void *
malloc (size_t size)
{
  note (size, __builtin_return_address (0));
  return __libc_malloc (size);
}

__attribute__ ((visibility ("default"))) void *
calloc (size_t n, size_t size)
{
  note (n * size, __builtin_return_address (0));
  return __libc_calloc (n, size);
}

__attribute__ ((visibility ("default"))) void *
realloc (void *old, size_t size)
{
  note (size, __builtin_return_address (0));
  return __libc_realloc (old, size);
}

__attribute__ ((visibility ("default"))) void *
memalign (size_t alignment, size_t size)
{
  note (size, __builtin_return_address (0));
  return __libc_memalign (alignment, size);
}

__attribute__ ((visibility ("default"))) int
posix_memalign (void **memory, size_t alignment, size_t size)
{
  note (size, __builtin_return_address (0));
  *memory = __libc_memalign (alignment, size);
  return *memory ? 0 : ENOMEM;
}

__attribute__ ((visibility ("default"))) void *
aligned_alloc (size_t alignment, size_t size)
{
  note (size, __builtin_return_address (0));
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

/* The program itself comes first and has no name. */
static int
find_code (struct dl_phdr_info *info, size_t size, void *data)
{
  const guint i = ours[0].to ? 1 : 0;
  if (i == 1 && !strstr (info->dlpi_name, "libglib-2.0"))
    return 0;
  for (guint k = 0; k < info->dlpi_phnum; k++)
    if (info->dlpi_phdr[k].p_type == PT_LOAD && (info->dlpi_phdr[k].p_flags & PF_X)) {
      ours[i].from = info->dlpi_addr + info->dlpi_phdr[k].p_vaddr;
      ours[i].to = ours[i].from + info->dlpi_phdr[k].p_memsz;
    }
  return i;
}

void
counting_malloc_leave_out_libraries (void)
{
  dl_iterate_phdr (find_code, NULL);
}

gboolean
counting_malloc_works (void)
{
  guint before = count;

  g_free (g_malloc (10));
  return count > before;
}
