/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guards what is printed: help and lists. Lines of JSON have writers of their own, which report
 * themselves. */
#include "standard.h"
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <unistd.h>

static const char *name;

static void
on_exit_check (void)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return;
  g_printerr ("%s: Standard output is closed or full: what was printed is lost.\n", name);
  _exit (1);
}

void
standard_guard (const char *program)
{
  /* open gives the lowest free number, so each gets its own; opened for the wrong direction, so that using
   * it is an error and not silent. */
  for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++) {
    const int how = i == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (fcntl (i, F_GETFD) < 0 && errno == EBADF && open ("/dev/null", how) != i)
      _exit (1);
  }
  name = program;
  atexit (on_exit_check);
}
