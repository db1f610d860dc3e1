/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvis-model remove. It removes from its own cache alone: the other belongs to other programs. */
#include "model-commands.h"
#include "model-store.h"
#include "quote.h"
#include <glib/gstdio.h>
#include <string.h>

/* Removes the refs below a directory that name the commit. */
static void
drop_refs (const gchar *directory, const gchar *commit)
{
  GDir *dir = g_dir_open (directory, 0, NULL);
  for (const gchar *name; dir && (name = g_dir_read_name (dir));) {
    gchar *path = g_build_filename (directory, name, NULL), *text = NULL;
    if (g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
      drop_refs (path, commit);
    else if (g_file_get_contents (path, &text, NULL, NULL) && strcmp (g_strstrip (text), commit) == 0)
      g_remove (path);
    g_free (text);
    g_free (path);
  }
  g_clear_pointer (&dir, g_dir_close);
}

static gboolean
remove_revision (const Store *store, const gchar *snapshot, GError **error)
{
  gchar *commit = g_path_get_basename (snapshot), *refs = g_build_filename (store->folder, "refs", NULL);
  drop_refs (refs, commit);
  const gboolean removed = store_remove_tree (snapshot, error) && store_sweep (store, error);
  g_free (refs);
  g_free (commit);
  return removed;
}

static gboolean
remove_from (const gchar *folder, const GptVisHubName *name, GError **error)
{
  Store store;
  gchar *snapshot = name->revision ? gptvis_hub_snapshot (folder, name->revision) : NULL;
  gboolean removed = FALSE;
  if (name->revision && !snapshot) {
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND, "%s: there is no revision %s in %s", name->repository,
        name->revision, folder);
  } else if (store_open (&store, name->repository, error)) {
    removed = snapshot ? remove_revision (&store, snapshot, error) : store_remove_tree (folder, error);
    store_close (&store);
  }
  g_free (snapshot);
  return removed;
}

gboolean
command_remove (const gchar *text)
{
  GptVisHubName name;
  GError *error = NULL;
  if (!gptvis_hub_name_parse (text, &name, &error))
    return complain (error);
  gchar **caches = gptvis_hub_caches (), *below = gptvis_hub_folder (name.repository);
  gchar *folder = g_build_filename (caches[0], below, NULL);
  gchar *other = g_build_filename (caches[1], below, NULL);
  gboolean removed = FALSE;
  if (g_file_test (folder, G_FILE_TEST_IS_DIR))
    removed = remove_from (folder, &name, &error);
  else if (g_file_test (other, G_FILE_TEST_IS_DIR))
    gptvis_quote_error (&error, GPTVIS_ERROR_UNSUPPORTED, "%s: it is in the cache of the hub's own tools, "
        "which other programs use too: remove %s yourself if nobody needs it", text, other);
  else
    gptvis_quote_error (&error, GPTVIS_ERROR_NOT_FOUND, "%s: it is not in %s", text, caches[0]);
  g_free (other);
  g_free (folder);
  g_free (below);
  g_strfreev (caches);
  gptvis_hub_name_clear (&name);
  return removed || complain (error);
}
