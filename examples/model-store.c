/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes the cache: locks, links, renames. */
#define _GNU_SOURCE            /* nftw */
#include "model-store.h"
#include "hub.h"
#include "quote.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SPARE (16u << 20)       /* bytes of the disk to leave free */

static gboolean
fail (GError **error, const gchar *path, const gchar *what)
{
  gptvis_quote_error (error, GPTVIS_ERROR_DEVICE, "%s: it cannot be %s: %s", path, what, g_strerror (errno));
  return FALSE;
}

/* ---- the folder ---- */

static gboolean
make_directory (const gchar *above, const gchar *below, GError **error)
{
  gchar *path = g_build_filename (above, below, NULL);
  const gboolean made = g_mkdir_with_parents (path, 0777) == 0 || fail (error, path, "made");
  g_free (path);
  return made;
}

/* The lock is the system's, which frees it when the process ends in whatever way. Its file stays. */
static gboolean
lock (Store *self, const gchar *below, GError **error)
{
  gchar *name = g_strconcat (below, ".lock", NULL);
  gchar *path = g_build_filename (self->cache, ".locks", name, NULL);
  gboolean locked = FALSE;
  self->lock = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (self->lock >= 0)
    locked = flock (self->lock, LOCK_EX | LOCK_NB) == 0;
  if (self->lock >= 0 && !locked && errno == EWOULDBLOCK) {
    g_printerr ("gptvis-model: another gptvis-model is at %s; waiting for it\n", self->folder);
    do
      locked = flock (self->lock, LOCK_EX) == 0;
    while (!locked && errno == EINTR);
  }
  if (!locked)
    fail (error, path, "locked");
  g_free (path);
  g_free (name);
  return locked;
}

/* Of what could not be downloaded no empty folders are left. */
static void
drop_empty (const gchar *folder)
{
  static const gchar *const below[] = { "blobs", "snapshots", "refs", NULL };
  for (guint i = 0; i < G_N_ELEMENTS (below); i++) {
    gchar *path = g_build_filename (folder, below[i], NULL);
    g_rmdir (path);             /* which it does only to an empty one */
    g_free (path);
  }
}

gboolean
store_open (Store *self, const gchar *repository, GError **error)
{
  gchar **caches = gptvis_hub_caches (), *below = gptvis_hub_folder (repository);
  *self = (Store) { g_strdup (caches[0]), g_build_filename (caches[0], below, NULL), -1 };
  const gboolean good = make_directory (self->cache, ".locks", error) && lock (self, below, error)
      && make_directory (self->folder, "blobs", error) && make_directory (self->folder, "snapshots", error)
      && make_directory (self->folder, "refs", error);
  g_free (below);
  g_strfreev (caches);
  if (!good)
    store_close (self);
  return good;
}

void
store_close (Store *self)
{
  if (self->lock >= 0) {
    drop_empty (self->folder);
    close (self->lock);
  }
  g_clear_pointer (&self->cache, g_free);
  g_clear_pointer (&self->folder, g_free);
  self->lock = -1;
}

/* ---- blobs ---- */

gchar *
store_blob (const Store *self, const gchar *sum)
{
  return g_build_filename (self->folder, "blobs", sum, NULL);
}

gchar *
store_part (const Store *self, const gchar *sum)
{
  gchar *blob = store_blob (self, sum), *part = g_strconcat (blob, ".incomplete", NULL);
  g_free (blob);
  return part;
}

/* FALSE: there is none. */
static gboolean
size_of (const gchar *path, guint64 *size)
{
  GStatBuf status;
  if (g_lstat (path, &status) != 0 || !S_ISREG (status.st_mode))
    return FALSE;
  *size = status.st_size;
  return TRUE;
}

gboolean
store_has (const Store *self, const ListedFile *file)
{
  gchar *blob = store_blob (self, file->sum);
  guint64 size;
  const gboolean there = size_of (blob, &size) && size == file->size;
  g_free (blob);
  return there;
}

gboolean
store_has_room (const Store *self, const GPtrArray *files, guint64 *missing, GError **error)
{
  struct statvfs disk;
  *missing = 0;
  for (guint i = 0; i < files->len; i++) {
    const ListedFile *file = g_ptr_array_index (files, i);
    gchar *part = store_part (self, file->sum);
    guint64 came = 0;
    if (!store_has (self, file))
      *missing += file->size - (size_of (part, &came) ? MIN (came, file->size) : 0);
    g_free (part);
  }
  if (statvfs (self->folder, &disk) != 0 || *missing == 0)
    return TRUE;
  const guint64 room = (guint64) disk.f_bavail * disk.f_frsize;
  if (room >= *missing + SPARE)
    return TRUE;
  gchar *needed = g_format_size (*missing + SPARE), *there = g_format_size (room);
  gptvis_quote_error (error, GPTVIS_ERROR_LIMIT, "%s: the disk has %s left, where %s are needed: make room, "
      "or set XDG_CACHE_HOME to where there is some", self->cache, there, needed);
  g_free (there);
  g_free (needed);
  return FALSE;
}

/* A name is on the disk once its directory is. Some file systems cannot be asked. */
static void
sync_directory (const gchar *path)
{
  const gint directory = g_open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (directory >= 0) {
    fsync (directory);
    close (directory);
  }
}

gboolean
store_keep (const Store *self, gint file, const gchar *part, const gchar *whole, GError **error)
{
  gchar *directory = g_path_get_dirname (whole);
  gboolean kept = fsync (file) == 0 || fail (error, part, "written");
  if (close (file) != 0 && kept)
    kept = fail (error, part, "written");
  if (kept && g_rename (part, whole) != 0)
    kept = fail (error, part, "renamed");
  if (kept)
    sync_directory (directory);
  g_free (directory);
  return kept;
}

/* ---- snapshots ---- */

/* The link is made under another name, since it may replace one. */
static gboolean
link_file (const gchar *directory, const ListedFile *file, GError **error)
{
  gchar *path = g_build_filename (directory, file->name, NULL), *to = g_build_filename ("..", "..", "blobs",
      file->sum, NULL);
  gchar *old = g_file_read_link (path, NULL), *made = g_strconcat (directory, "/.new-link", NULL);
  gboolean good = TRUE;
  if (g_strcmp0 (old, to) != 0) {
    g_remove (made);
    good = (symlink (to, made) == 0 && g_rename (made, path) == 0) || fail (error, path, "linked");
  }
  g_free (made);
  g_free (old);
  g_free (to);
  g_free (path);
  return good;
}

static gboolean
link_files (const gchar *directory, const GPtrArray *files, GError **error)
{
  gboolean good = TRUE;
  for (guint i = 0; good && i < files->len; i++)
    good = link_file (directory, g_ptr_array_index (files, i), error);
  sync_directory (directory);
  return good;
}

static gboolean
write_ref (const Store *self, const gchar *revision, const gchar *commit, GError **error)
{
  gchar *path = g_build_filename (self->folder, "refs", revision, NULL), *above = g_path_get_dirname (path);
  GError *why = NULL;
  const gboolean good = make_directory (above, NULL, error);
  if (good && !g_file_set_contents_full (path, commit, -1, G_FILE_SET_CONTENTS_CONSISTENT
          | G_FILE_SET_CONTENTS_DURABLE, 0666, &why)) {
    gptvis_quote_error (error, GPTVIS_ERROR_DEVICE, "%s: it cannot be written: %s", path, why->message);
    g_error_free (why);
    g_free (above);
    g_free (path);
    return FALSE;
  }
  g_free (above);
  g_free (path);
  return good;
}

gchar *
store_snapshot (const Store *self, const gchar *revision, const gchar *commit, const GPtrArray *files,
    GError **error)
{
  gchar *snapshot = g_build_filename (self->folder, "snapshots", commit, NULL);
  gchar *made = g_build_filename (self->folder, "snapshots", ".new", NULL);
  gboolean good;
  if (g_file_test (snapshot, G_FILE_TEST_IS_DIR)) {
    good = link_files (snapshot, files, error);
  } else {
    good = (!g_file_test (made, G_FILE_TEST_EXISTS) || store_remove_tree (made, error))
        && make_directory (made, NULL, error) && link_files (made, files, error);
    if (good && g_rename (made, snapshot) != 0)
      good = fail (error, snapshot, "made");
  }
  if (good && strcmp (revision, commit) != 0)
    good = write_ref (self, revision, commit, error);
  g_free (made);
  if (!good)
    g_clear_pointer (&snapshot, g_free);
  return snapshot;
}

/* ---- removing ---- */

static int
remove_one (const char *path, const struct stat *status, int type, struct FTW *place)
{
  return remove (path);
}

gboolean
store_remove_tree (const gchar *path, GError **error)
{
  return nftw (path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 || fail (error, path, "removed");
}

/* The blobs that a snapshot's links lead to. */
static void
collect (const gchar *snapshot, GHashTable *used)
{
  GDir *dir = g_dir_open (snapshot, 0, NULL);
  for (const gchar *name; dir && (name = g_dir_read_name (dir));) {
    gchar *path = g_build_filename (snapshot, name, NULL), *to = g_file_read_link (path, NULL);
    if (to)
      g_hash_table_add (used, g_path_get_basename (to));
    g_free (to);
    g_free (path);
  }
  g_clear_pointer (&dir, g_dir_close);
}

gboolean
store_sweep (const Store *self, GError **error)
{
  gchar *snapshots = g_build_filename (self->folder, "snapshots", NULL);
  gchar *blobs = g_build_filename (self->folder, "blobs", NULL);
  GHashTable *used = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GDir *dir = g_dir_open (snapshots, 0, NULL);
  gboolean good = TRUE;
  for (const gchar *name; dir && (name = g_dir_read_name (dir));) {
    gchar *snapshot = g_build_filename (snapshots, name, NULL);
    collect (snapshot, used);
    g_free (snapshot);
  }
  g_clear_pointer (&dir, g_dir_close);
  dir = g_dir_open (blobs, 0, NULL);
  for (const gchar *name; good && dir && (name = g_dir_read_name (dir));) {
    gchar *blob = g_build_filename (blobs, name, NULL);
    if (!g_hash_table_contains (used, name) && g_remove (blob) != 0)
      good = fail (error, blob, "removed");
    g_free (blob);
  }
  g_clear_pointer (&dir, g_dir_close);
  g_hash_table_unref (used);
  g_free (blobs);
  g_free (snapshots);
  return good;
}
