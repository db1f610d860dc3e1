/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds checkpoints' directories, and reads none of their files. */
#define _GNU_SOURCE            /* dladdr */
#include "locate.h"
#include "config.h"
#include "hub.h"
#include "mistakes.h"
#include "shards.h"
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The directory of the plugin or program that this code was linked into. */
static gchar *
own_directory (void)
{
  Dl_info info;
  if (!dladdr ((gpointer) (guintptr) gptvis_locate, &info) || !info.dli_fname)
    return NULL;
  gchar *file = realpath (info.dli_fname, NULL);
  gchar *directory = file ? g_path_get_dirname (file) : NULL;
  free (file);
  return directory;
}

static gboolean
is_checkpoint (const gchar *directory)
{
  gchar *config = g_build_filename (directory, "config.json", NULL);
  const gboolean there = g_file_test (config, G_FILE_TEST_IS_REGULAR);
  g_free (config);
  return there;
}

static gchar *
bundled (GError **error)
{
  static const gchar *const beside[] = { "../models/bundled", "../../models/bundled" };
  const gchar *named = g_getenv ("GPTVIS_BUNDLED");
  if (named && *named)
    return g_strdup (named);
  gchar *own = own_directory ();
  for (guint i = 0; own && i < G_N_ELEMENTS (beside); i++) {
    gchar *directory = g_build_filename (own, beside[i], NULL);
    if (is_checkpoint (directory)) {
      g_free (own);
      return directory;
    }
    g_free (directory);
  }
  g_free (own);
  if (is_checkpoint (GPTVIS_BUNDLED_DIR))
    return g_strdup (GPTVIS_BUNDLED_DIR);
  g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_NOT_FOUND,
      "no model is named and the bundled one is not at %s: name a checkpoint's directory, or set "
      "GPTVIS_BUNDLED to where it is", GPTVIS_BUNDLED_DIR);
  return NULL;
}

/* Could it be a checkpoint's name on the hub? Not where there is something of that name, if only a link. */
static gboolean
is_name (const gchar *text)
{
  GptVisHubName name;
  if (g_file_test (text, G_FILE_TEST_IS_SYMLINK) || !gptvis_hub_name_parse (text, &name, NULL))
    return FALSE;
  gptvis_hub_name_clear (&name);
  return TRUE;
}

gchar *
gptvis_locate (const gchar *path, GError **error)
{
  gchar *wanted = path && *path ? g_strdup (path) : bundled (error);
  if (!wanted)
    return NULL;
  gchar *found = realpath (wanted, NULL), *real = NULL;
  if (found) {
    real = gptvis_hub_snapshot (found, NULL);
    if (!real)
      real = g_strdup (found);
  } else if (is_name (wanted)) {
    gchar *snapshot = gptvis_hub_find (wanted, error);
    gchar *resolved = snapshot ? realpath (snapshot, NULL) : NULL;
    real = g_strdup (resolved);
    free (resolved);
    g_free (snapshot);
  } else {
    gptvis_mistake_path_absent (wanted, error);
  }
  free (found);
  g_free (wanted);
  return real;
}

static void
append_file (GString *key, const gchar *path)
{
  struct stat s;
  if (stat (path, &s) == 0)
    g_string_append_printf (key, "|%s:%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT ".%ld", path,
        (gint64) s.st_size, (gint64) s.st_mtim.tv_sec, (long) s.st_mtim.tv_nsec);
  else
    g_string_append_printf (key, "|%s:absent", path);   /* unlike no file at all */
}

static gint
by_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

/* A file that a checkpoint is read from: weights, JSON, or a text, as vocabularies are. */
static gboolean
is_read (const gchar *name)
{
  return g_str_has_suffix (name, ".json") || g_str_has_suffix (name, ".txt") || gptvis_shards_is_file (name);
}

void
gptvis_locate_append_state (GString *key, const gchar *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  if (!dir) {
    append_file (key, path);
    return;
  }
  GPtrArray *files = g_ptr_array_new_with_free_func (g_free);
  for (const gchar *name; (name = g_dir_read_name (dir));)
    if (is_read (name))
      g_ptr_array_add (files, g_build_filename (path, name, NULL));
  g_dir_close (dir);
  g_ptr_array_sort (files, by_text);
  for (guint i = 0; i < files->len; i++)
    append_file (key, g_ptr_array_index (files, i));
  g_ptr_array_unref (files);
}
