/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts every allocation of the process by standing in for malloc: linked into a test
 * that promises how many there are. */
#pragma once
#include <glib.h>

/* FALSE: another allocator stands in for malloc (a sanitizer's, valgrind's), and nothing
 * is counted. */
gboolean counting_malloc_works (void);

/* By all threads so far. */
guint counting_malloc_count (void);
gsize counting_malloc_bytes (void);

/* From then on only what the program and GLib ask for is counted: a driver's allocations are its
 * own affair. */
void counting_malloc_leave_out_libraries (void);
