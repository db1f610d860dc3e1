/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads the plugin of the same build tree, so that the examples run without being installed.
 * A program of yours needs none of this. */
#include "plugin.h"
#include <gst/gst.h>

void
plugin_find (void)
{
  gchar *program = g_file_read_link ("/proc/self/exe", NULL);
  gchar *folder = program ? g_path_get_dirname (program) : g_strdup (".");
  gchar *file = g_build_filename (folder, "..", "gst", "libgstgptvis.so", NULL);
  GstPlugin *plugin = g_file_test (file, G_FILE_TEST_EXISTS) ? gst_plugin_load_file (file, NULL) : NULL;

  g_clear_pointer (&plugin, gst_object_unref);
  g_free (file);
  g_free (folder);
  g_free (program);
}
