/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvis-model get: asks the hub what a revision has, chooses, downloads what is not here yet, and makes the
 * snapshot when all is. */
#include "model-commands.h"
#include "model-fetch.h"
#include "quote.h"
#include <string.h>

typedef struct {
  Http *http;
  GptVisHubName name;
  const gchar *revision;        /* "main" where none was given */
  Store store;                  /* open once folder is set */
  Listing *listing, *converted;
  GPtrArray *files;             /* ListedFile of the two */
  Progress progress;
  gboolean quiet;
} Get;

/* Downloads an index, since what it names belongs to what is needed, and adds that. */
static gboolean
add_parts (Get *self, const Listing *listing, const ListedFile *index, const gchar *suffix, GError **error)
{
  Progress none;
  progress_begin (&none, index->size, TRUE);
  if (!fetch_file (self->http, &self->store, self->name.repository, index, &none, error))
    return FALSE;
  gchar *path = store_blob (&self->store, index->sum), *text = NULL;
  gsize n = 0;
  gboolean good = index->size < (64u << 20) && g_file_get_contents (path, &text, &n, NULL);
  GString *string = g_string_new_len (text ? text : "", text ? (gssize) n : 0);
  if (!good)
    gptvis_quote_error (error, GPTVIS_ERROR_FORMAT, "%s: it cannot be read", path);
  good = good && listing_add_parts (listing, index, string, suffix, self->files, error);
  g_string_free (string, TRUE);
  g_free (text);
  g_free (path);
  return good;
}

/* What there is of a format goes to the files. FALSE after an error; `found` says whether there is any. */
static gboolean
add_weights (Get *self, const Listing *listing, guint format, gboolean *found, GError **error)
{
  const gchar *suffix;
  const ListedFile *weights = listing_weights (listing, format, &suffix);
  *found = weights != NULL;
  if (!weights)
    return TRUE;
  g_ptr_array_add (self->files, (gpointer) weights);
  return !g_str_has_suffix (weights->name, ".json") || add_parts (self, listing, weights, suffix, error);
}

/* Of main alone: who names a revision means just that. */
static gboolean
add_conversion (Get *self, gboolean *found, GError **error)
{
  gchar *revision = strcmp (self->revision, "main") == 0 ? listing_conversion (self->http,
      self->name.repository) : NULL;
  gboolean good = TRUE;
  *found = FALSE;
  if (revision && (self->converted = listing_get (self->http, self->name.repository, revision, NULL))) {
    good = add_weights (self, self->converted, LISTING_SAFETENSORS, found, error);
    if (good && *found && !self->quiet)
      g_printerr ("%s has no safetensors; those that the hub's converter made of it are taken (%s)\n",
          self->name.repository, revision);
  }
  g_free (revision);
  return good;
}

static gboolean
choose (Get *self, GError **error)
{
  gboolean found = FALSE;
  if (!listing_add_texts (self->listing, self->name.repository, self->files, error)
      || !add_weights (self, self->listing, LISTING_SAFETENSORS, &found, error)
      || (!found && !add_conversion (self, &found, error))
      || (!found && !add_weights (self, self->listing, LISTING_TORCH, &found, error)))
    return FALSE;
  if (!found)
    listing_fail_weights (self->listing, self->name.repository, error);
  return found;
}

static gboolean
download (Get *self, GError **error)
{
  guint64 missing, all = 0;
  gboolean good = TRUE;
  if (!store_has_room (&self->store, self->files, &missing, error))
    return FALSE;
  for (guint i = 0; i < self->files->len; i++)
    all += ((const ListedFile *) g_ptr_array_index (self->files, i))->size;
  if (!self->quiet) {
    gchar *whole = g_format_size (all), *rest = g_format_size (missing);
    g_printerr ("%s: %u files, %s, of which %s are to be downloaded\n", self->name.repository,
        self->files->len, whole, rest);
    g_free (rest);
    g_free (whole);
  }
  progress_begin (&self->progress, missing, self->quiet);
  for (guint i = 0; good && i < self->files->len; i++)
    good = fetch_file (self->http, &self->store, self->name.repository, g_ptr_array_index (self->files, i),
        &self->progress, error);
  progress_end (&self->progress);
  return good;
}

/* Where the hub's own tools have that very revision, if it is what a pipeline finds by the name; NULL: they
 * do not, and it must be downloaded. */
static gchar *
find_elsewhere (const Get *self)
{
  gchar **caches = gptvis_hub_caches (), *below = gptvis_hub_folder (self->name.repository);
  gchar *own = g_build_filename (caches[0], below, NULL), *folder = g_build_filename (caches[1], below, NULL);
  gchar *mine = gptvis_hub_snapshot (own, self->name.revision);
  gchar *found = mine ? NULL : gptvis_hub_snapshot (folder, self->name.revision);
  GPtrArray *texts = g_ptr_array_new ();
  gboolean same = found && gptvis_hub_is_whole (found) && g_str_has_suffix (found, self->listing->commit)
      && listing_add_texts (self->listing, self->name.repository, texts, NULL);
  for (guint i = 0; same && i < texts->len; i++) {
    gchar *path = g_build_filename (found, ((const ListedFile *) texts->pdata[i])->name, NULL);
    same = g_file_test (path, G_FILE_TEST_IS_REGULAR);
    g_free (path);
  }
  if (!same)
    g_clear_pointer (&found, g_free);
  g_ptr_array_unref (texts);
  g_free (mine);
  g_free (folder);
  g_free (own);
  g_free (below);
  g_strfreev (caches);
  return found;
}

/* Where it now is, or NULL. */
static gchar *
get (Get *self, GError **error)
{
  if (!(self->http = http_new (error)))
    return NULL;
  self->listing = listing_get (self->http, self->name.repository, self->revision, error);
  gchar *found = self->listing ? find_elsewhere (self) : NULL;
  if (found || !self->listing)
    return found;
  if (!store_open (&self->store, self->name.repository, error) || !choose (self, error)
      || !download (self, error))
    return NULL;
  return store_snapshot (&self->store, self->revision, self->listing->commit, self->files, error);
}

/* It is here in any case; whether it opens is told, too. */
static void
tell (const gchar *name, const gchar *snapshot)
{
  gchar *problem = NULL, *what = describe_checkpoint (snapshot, &problem);
  if (problem)
    g_printerr ("gptvis-model: %s is here, but it does not open: %s\n", name, problem);
  else
    g_printerr ("%s is here (%s); use it as model=%s\n", name, what, name);
  g_free (problem);
  g_free (what);
}

gboolean
command_get (const gchar *name, gboolean quiet)
{
  Get self = { .store.lock = -1, .quiet = quiet };
  GError *error = NULL;
  gchar *snapshot = NULL;
  if (g_strcmp0 (g_getenv ("HF_HUB_OFFLINE"), "1") == 0) {
    gptvis_quote_error (&error, GPTVIS_ERROR_UNSUPPORTED, "%s: HF_HUB_OFFLINE=1 says that nothing is to be "
        "downloaded", name);
    return complain (error);
  }
  if (gptvis_hub_name_parse (name, &self.name, &error)) {
    self.revision = self.name.revision ? self.name.revision : "main";
    self.files = g_ptr_array_new ();
    snapshot = get (&self, &error);
    if (self.store.folder)
      store_close (&self.store);
    g_ptr_array_unref (self.files);
    listing_free (self.listing);
    listing_free (self.converted);
    http_free (self.http);
    gptvis_hub_name_clear (&self.name);
  }
  if (!snapshot)
    return complain (error);
  if (!quiet)
    tell (name, snapshot);
  g_print ("%s\n", snapshot);
  g_free (snapshot);
  return TRUE;
}
