/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvis-model list: each revision of each checkpoint in the caches, a line each: what it is called, how much
 * of the disk it takes, what it is and whether it opens. */
#include "model-commands.h"
#include <glib/gstdio.h>
#include <string.h>

static gint
by_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

/* Names in a directory, in order, without those that begin with a dot. */
static GPtrArray *
names_in (const gchar *directory)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  GDir *dir = g_dir_open (directory, 0, NULL);
  for (const gchar *name; dir && (name = g_dir_read_name (dir));)
    if (name[0] != '.')
      g_ptr_array_add (names, g_strdup (name));
  g_clear_pointer (&dir, g_dir_close);
  g_ptr_array_sort (names, by_text);
  return names;
}

/* Bytes of the files that a snapshot's links lead to. */
static guint64
size_of (const gchar *snapshot)
{
  GPtrArray *names = names_in (snapshot);
  guint64 size = 0;
  for (guint i = 0; i < names->len; i++) {
    gchar *path = g_build_filename (snapshot, g_ptr_array_index (names, i), NULL);
    GStatBuf status;
    if (g_stat (path, &status) == 0 && S_ISREG (status.st_mode))
      size += status.st_size;
    g_free (path);
  }
  g_ptr_array_unref (names);
  return size;
}

/* How the revision is asked for: without "@" what is found without. */
static gchar *
call (const gchar *repository, const gchar *folder, const gchar *commit)
{
  gchar *main_one = gptvis_hub_snapshot (folder, NULL);
  gchar *last = main_one ? g_path_get_basename (main_one) : NULL;
  gchar *name = g_strcmp0 (last, commit) == 0 ? g_strdup (repository) : g_strdup_printf ("%s@%s", repository,
      commit);
  g_free (last);
  g_free (main_one);
  return name;
}

static void
print_one (const gchar *repository, const gchar *folder, const gchar *commit)
{
  gchar *snapshot = g_build_filename (folder, "snapshots", commit, NULL);
  gchar *name = call (repository, folder, commit), *size = g_format_size (size_of (snapshot));
  gchar *problem = NULL, *what = describe_checkpoint (snapshot, &problem);
  if (problem)
    g_print ("  %-40s %10s  does not open: %s\n", name, size, problem);
  else
    g_print ("  %-40s %10s  opens: %s\n", name, size, what);
  g_free (what);
  g_free (problem);
  g_free (size);
  g_free (name);
  g_free (snapshot);
}

static guint
print_folder (const gchar *cache, const gchar *below)
{
  gchar *repository = gptvis_hub_repository (below), *folder = g_build_filename (cache, below, NULL);
  gchar *snapshots = g_build_filename (folder, "snapshots", NULL);
  GPtrArray *commits = names_in (snapshots);
  guint n = 0;
  for (guint i = 0; repository && i < commits->len; i++) {
    const gchar *commit = g_ptr_array_index (commits, i);
    if (gptvis_hub_is_commit (commit)) {
      print_one (repository, folder, commit);
      n++;
    }
  }
  g_ptr_array_unref (commits);
  g_free (snapshots);
  g_free (folder);
  g_free (repository);
  return n;
}

gboolean
command_list (void)
{
  gchar **caches = gptvis_hub_caches ();
  for (guint i = 0; caches[i]; i++) {
    GPtrArray *folders = names_in (caches[i]);
    guint n = 0;
    if (i > 0 && strcmp (caches[i], caches[0]) == 0) {
      g_ptr_array_unref (folders);
      continue;
    }
    g_print ("%s\n", caches[i]);
    for (guint j = 0; j < folders->len; j++)
      n += print_folder (caches[i], g_ptr_array_index (folders, j));
    if (n == 0)
      g_print ("  nothing\n");
    g_ptr_array_unref (folders);
  }
  g_strfreev (caches);
  return TRUE;
}
