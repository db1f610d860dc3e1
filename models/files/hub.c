/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds checkpoints by name in the caches. The rules for names are the hub's own. */
#include "hub.h"
#include "quote.h"
#include "shards.h"
#include <stdio.h>
#include <string.h>

#define FOLDER "models--"
#define MOST_NAME 96u           /* bytes of an owner or a name, as the hub has it */
#define MOST_REVISION 200u
#define MOST_COMMIT 64u

/* ---- names ---- */

/* An owner or a name. "--" separates them in a folder's name. */
static gboolean
is_part (const gchar *text, gsize n)
{
  gchar *part = g_strndup (text, n);
  const gboolean good = n > 0 && n <= MOST_NAME && !strchr ("-.", part[0]) && !strchr ("-.", part[n - 1])
      && strspn (part, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.") == n && !strstr (part, "--")
      && !strstr (part, "..");
  g_free (part);
  return good;
}

static gboolean
is_repository (const gchar *text, gsize n)
{
  const gchar *slash = memchr (text, '/', n);
  if (!slash)
    return is_part (text, n);
  return is_part (text, slash - text) && is_part (slash + 1, text + n - slash - 1);
}

/* It becomes a path below refs/. */
static gboolean
is_revision (const gchar *text)
{
  const gsize n = strlen (text);
  if (n == 0 || n > MOST_REVISION
      || strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.+/") != n || strstr (text, ".."))
    return FALSE;
  return text[0] != '/' && text[0] != '.' && text[n - 1] != '/' && !strstr (text, "//")
      && !strstr (text, "/.");
}

gboolean
gptvis_hub_name_parse (const gchar *text, GptVisHubName *name, GError **error)
{
  const gchar *at = strchr (text, '@');
  const gsize n = at ? (gsize) (at - text) : strlen (text);
  if (!is_repository (text, n)) {
    gptvis_quote_error (error, GPTVIS_ERROR_FORMAT, "\"%.200s\" is no name of a checkpoint on the Hugging "
        "Face Hub: such a name is OWNER/NAME, of letters, digits and single \"-\", \"_\" and \".\"", text);
    return FALSE;
  }
  if (at && !is_revision (at + 1)) {
    gptvis_quote_error (error, GPTVIS_ERROR_FORMAT, "%.200s: what is after \"@\" is no revision: that is a "
        "branch, a tag, refs/pr/NUMBER or a commit", text);
    return FALSE;
  }
  *name = (GptVisHubName) { g_strndup (text, n), at ? g_strdup (at + 1) : NULL };
  return TRUE;
}

void
gptvis_hub_name_clear (GptVisHubName *name)
{
  g_clear_pointer (&name->repository, g_free);
  g_clear_pointer (&name->revision, g_free);
}

gboolean
gptvis_hub_is_commit (const gchar *text)
{
  const gsize n = strlen (text);
  return n > 0 && n <= MOST_COMMIT && strspn (text, "abcdef" G_CSET_DIGITS) == n;
}

gchar *
gptvis_hub_folder (const gchar *repository)
{
  gchar **parts = g_strsplit (repository, "/", 2), *joined = g_strjoinv ("--", parts);
  gchar *folder = g_strconcat (FOLDER, joined, NULL);
  g_free (joined);
  g_strfreev (parts);
  return folder;
}

gchar *
gptvis_hub_repository (const gchar *folder)
{
  if (!g_str_has_prefix (folder, FOLDER))
    return NULL;
  gchar **parts = g_strsplit (folder + strlen (FOLDER), "--", 2), *repository = g_strjoinv ("/", parts);
  if (!is_repository (repository, strlen (repository)))
    g_clear_pointer (&repository, g_free);
  g_strfreev (parts);
  return repository;
}

/* ---- caches ---- */

/* What an environment variable says, with "~/" at its beginning as Python's tools take it; NULL: it is not
 * set. */
static gchar *
path_from (const gchar *variable)
{
  const gchar *value = g_getenv (variable);
  if (!value || !*value)
    return NULL;
  return g_str_has_prefix (value, "~/") ? g_build_filename (g_get_home_dir (), value + 2, NULL)
      : g_strdup (value);
}

/* Not GLib's, which remembers what it was at first. */
static gchar *
cache_home (void)
{
  gchar *home = path_from ("XDG_CACHE_HOME");
  return home ? home : g_build_filename (g_get_home_dir (), ".cache", NULL);
}

static gchar *
cache_of_tools (void)
{
  gchar *cache = path_from ("HF_HUB_CACHE");
  if (!cache)
    cache = path_from ("HUGGINGFACE_HUB_CACHE");
  gchar *home = path_from ("HF_HOME");
  if (!cache && home)
    cache = g_build_filename (home, "hub", NULL);
  g_free (home);
  if (cache)
    return cache;
  gchar *above = cache_home ();
  cache = g_build_filename (above, "huggingface", "hub", NULL);
  g_free (above);
  return cache;
}

gchar **
gptvis_hub_caches (void)
{
  gchar **caches = g_new0 (gchar *, 3), *above = cache_home ();
  caches[0] = g_build_filename (above, "gptvis", "hub", NULL);
  caches[1] = cache_of_tools ();
  g_free (above);
  return caches;
}

/* ---- snapshots ---- */

/* The only entry of a directory; NULL: there is none, or another too. */
static gchar *
only_entry (const gchar *directory)
{
  GDir *dir = g_dir_open (directory, 0, NULL);
  gchar *entry = NULL;
  guint n = 0;
  for (const gchar *name; dir && n < 2 && (name = g_dir_read_name (dir));) {
    if (name[0] == '.')         /* one that is being made */
      continue;
    g_free (entry);
    entry = g_strdup (name);
    n++;
  }
  if (n != 1)
    g_clear_pointer (&entry, g_free);
  g_clear_pointer (&dir, g_dir_close);
  return entry;
}

/* The commit that a file of refs/ names; NULL: no such file, or it has something else in it. */
static gchar *
read_ref (const gchar *folder, const gchar *revision)
{
  gchar *path = g_build_filename (folder, "refs", revision, NULL);
  gchar text[MOST_COMMIT + 8] = "";
  FILE *file = g_file_test (path, G_FILE_TEST_IS_REGULAR) ? fopen (path, "re") : NULL;
  const gsize n = file ? fread (text, 1, sizeof text - 1, file) : 0;
  if (file)
    fclose (file);
  g_free (path);
  g_strstrip (text);
  return n > 0 && n < sizeof text - 1 && gptvis_hub_is_commit (text) ? g_strdup (text) : NULL;
}

static gboolean
has_config (const gchar *directory)
{
  gchar *config = g_build_filename (directory, "config.json", NULL);
  const gboolean there = g_file_test (config, G_FILE_TEST_IS_REGULAR);
  g_free (config);
  return there;
}

gchar *
gptvis_hub_snapshot (const gchar *folder, const gchar *revision)
{
  gchar *snapshots = g_build_filename (folder, "snapshots", NULL), *found = NULL, *commit = NULL;
  if (!has_config (folder) && g_file_test (snapshots, G_FILE_TEST_IS_DIR)) {
    gchar *ref = g_build_filename (folder, "refs", revision ? revision : "main", NULL);
    commit = read_ref (folder, revision ? revision : "main");
    if (!commit && revision && gptvis_hub_is_commit (revision))
      commit = g_strdup (revision);
    else if (!commit && !revision && !g_file_test (ref, G_FILE_TEST_EXISTS))
      commit = only_entry (snapshots);
    g_free (ref);
  }
  if (commit)
    found = g_build_filename (snapshots, commit, NULL);
  if (found && !g_file_test (found, G_FILE_TEST_IS_DIR))
    g_clear_pointer (&found, g_free);
  g_free (commit);
  g_free (snapshots);
  return found;
}

gboolean
gptvis_hub_is_whole (const gchar *snapshot)
{
  GDir *dir = has_config (snapshot) ? g_dir_open (snapshot, 0, NULL) : NULL;
  gboolean weights = FALSE;
  for (const gchar *name; dir && !weights && (name = g_dir_read_name (dir));) {
    gchar *path = g_build_filename (snapshot, name, NULL);
    weights = gptvis_shards_is_file (name) && !g_str_has_suffix (name, ".json")
        && g_file_test (path, G_FILE_TEST_IS_REGULAR);
    g_free (path);
  }
  g_clear_pointer (&dir, g_dir_close);
  return weights;
}

/* ---- by name ---- */

static void
fail_to_find (const gchar *text, const GptVisHubName *name, gchar **caches, const gchar *part, GError **error)
{
  if (part)
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND,
        "%s: only a part of it is there, in %s: \"" GPTVIS_HUB_GET " %s\" downloads the rest", text, part,
        text);
  else
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND, "%s: there is no such directory, and no %s of that "
        "name in %s or %s: \"" GPTVIS_HUB_GET " %s\" downloads it from the Hugging Face Hub", text,
        name->revision ? "revision of a checkpoint" : "checkpoint", caches[0], caches[1], text);
}

gchar *
gptvis_hub_find (const gchar *text, GError **error)
{
  GptVisHubName name;
  if (!gptvis_hub_name_parse (text, &name, error))
    return NULL;
  gchar **caches = gptvis_hub_caches (), *below = gptvis_hub_folder (name.repository);
  gchar *found = NULL, *part = NULL;
  for (guint i = 0; !found && caches[i]; i++) {
    gchar *folder = g_build_filename (caches[i], below, NULL);
    found = gptvis_hub_snapshot (folder, name.revision);
    if (found && !gptvis_hub_is_whole (found)) {
      g_free (part);
      part = g_steal_pointer (&found);
    }
    g_free (folder);
  }
  if (!found)
    fail_to_find (text, &name, caches, part, error);
  g_free (part);
  g_free (below);
  g_strfreev (caches);
  gptvis_hub_name_clear (&name);
  return found;
}

gchar *
gptvis_hub_name_of (const gchar *path)
{
  gchar *snapshots = g_path_get_dirname (path), *folder = g_path_get_dirname (snapshots);
  gchar *between = g_path_get_basename (snapshots), *last = g_path_get_basename (folder);
  gchar *name = strcmp (between, "snapshots") == 0 ? gptvis_hub_repository (last) : NULL;
  g_free (last);
  g_free (between);
  g_free (folder);
  g_free (snapshots);
  return name ? name : g_path_get_basename (path);
}
