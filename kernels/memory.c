/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Aligned memory, in huge pages where it is large. */
#include "memory.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE (2u << 20)

static gsize limit;             /* bytes; 0: none */

void
gptvis_alloc_set_limit (gsize bytes)
{
  limit = bytes;
}

gpointer
gptvis_alloc_unset (gsize bytes)
{
  gsize size, align = bytes >= 2 * HUGE_PAGE ? HUGE_PAGE : GPTVIS_ALIGN;
  gpointer memory = NULL;
  if (limit > 0 && bytes > limit)
    return NULL;
  if (!g_size_checked_add (&size, bytes, GPTVIS_PADDING) || posix_memalign (&memory, align, size) != 0)
    return NULL;
#ifdef MADV_HUGEPAGE
  /* Weights are read from end to end for each picture: fewer pages, fewer TLB misses. */
  if (align == HUGE_PAGE)
    (void) madvise (memory, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#endif
  return memory;
}

gpointer
gptvis_alloc (gsize bytes)
{
  gpointer memory = gptvis_alloc_unset (bytes);
  return memory ? memset (memory, 0, bytes + GPTVIS_PADDING) : NULL;
}

void
gptvis_free (gpointer memory)
{
  free (memory);
}
