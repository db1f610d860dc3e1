/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Drives a fuzz target over each file of the directories named, without libFuzzer:
 * what once went wrong, or nearly did, is tried in every build. */
#include "fuzz.h"

int
main (int argc, char **argv)
{
  guint n = 0;
  for (int i = 1; i < argc; i++) {
    GDir *dir = g_dir_open (argv[i], 0, NULL);
    if (!dir) {
      g_printerr ("replay: %s is no directory\n", argv[i]);
      return 2;
    }
    for (const gchar *name; (name = g_dir_read_name (dir)); n++) {
      gchar *path = g_build_filename (argv[i], name, NULL), *data = NULL;
      gsize size = 0;
      g_print ("# %s\n", path);
      if (!g_file_get_contents (path, &data, &size, NULL))
        return 2;
      /* a copy of just that size, so that a read past the end is seen */
      uint8_t *exact = g_memdup2 (data, size);
      LLVMFuzzerTestOneInput (exact, size);
      g_free (exact);
      g_free (data);
      g_free (path);
    }
    g_dir_close (dir);
  }
  g_print ("%u inputs\n", n);
  return n ? 0 : 1;
}
