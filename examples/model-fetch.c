/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file on its way: written to SUM.incomplete, its sum taken on the way. */
#include "model-fetch.h"
#include "quote.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (256u << 10)      /* bytes, of what is read again */

typedef struct {
  HttpSink sink;
  const ListedFile *file;
  const gchar *what, *part;     /* for sentences; the file's path for now */
  Progress *progress;
  guint64 before;               /* bytes that were there, and are not in the progress' total */
  gint fd;
  GChecksum *sum;
} Fetch;

/* ---- sums ---- */

/* Git's sum of a small file is SHA-1 over a line with its size and then the file. */
static void
begin_sum (Fetch *self)
{
  const gboolean large = strlen (self->file->sum) == 64;
  g_clear_pointer (&self->sum, g_checksum_free);
  self->sum = g_checksum_new (large ? G_CHECKSUM_SHA256 : G_CHECKSUM_SHA1);
  if (!large) {
    gchar *line = g_strdup_printf ("blob %" G_GUINT64_FORMAT, self->file->size);
    g_checksum_update (self->sum, (const guchar *) line, strlen (line) + 1);
    g_free (line);
  }
}

/* ---- where the body goes ---- */

static gboolean
fail_disk (Fetch *self, GError **error)
{
  if (errno == ENOSPC || errno == EDQUOT)
    gptvis_quote_error (error, GPTVIS_ERROR_LIMIT, "%s: the disk is full: make room and try again; what came "
        "is kept", self->part);
  else
    gptvis_quote_error (error, GPTVIS_ERROR_DEVICE, "%s: it cannot be written: %s", self->part,
        g_strerror (errno));
  return FALSE;
}

static gboolean
restart (HttpSink *sink, GError **error)
{
  Fetch *self = (Fetch *) sink;
  if (ftruncate (self->fd, 0) != 0 || lseek (self->fd, 0, SEEK_SET) != 0)
    return fail_disk (self, error);
  progress_add (self->progress, -(gint64) (sink->at - self->before));
  self->progress->total += self->before;
  self->before = 0;
  begin_sum (self);
  sink->at = 0;
  return TRUE;
}

static gboolean
write_body (HttpSink *sink, const gchar *bytes, gsize n, GError **error)
{
  Fetch *self = (Fetch *) sink;
  if (n > self->file->size - sink->at) {
    gptvis_quote_error (error, GPTVIS_ERROR_FORMAT, "%s: more came than the hub says that the file has (%"
        G_GUINT64_FORMAT " bytes)", self->what, self->file->size);
    return FALSE;
  }
  g_checksum_update (self->sum, (const guchar *) bytes, n);
  for (gsize i = 0; i < n;) {
    const gssize written = write (self->fd, bytes + i, n - i);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0) {
      const gint why = errno;   /* what is not in the sum must not be in the file */
      if (ftruncate (self->fd, sink->at) != 0)
        g_unlink (self->part);
      errno = why;
      return fail_disk (self, error);
    }
    i += written;
  }
  sink->at += n;
  progress_add (self->progress, n);
  return TRUE;
}

/* ---- what came before ---- */

/* All of it goes into the sum. */
static gboolean
take_up (Fetch *self, GError **error)
{
  GStatBuf status;
  begin_sum (self);
  if (fstat (self->fd, &status) != 0)
    return fail_disk (self, error);
  if ((guint64) status.st_size > self->file->size) {    /* it is of something else */
    self->progress->total += self->file->size;
    return ftruncate (self->fd, 0) == 0 || fail_disk (self, error);
  }
  guchar *bytes = g_malloc (CHUNK);
  gssize n;
  while ((n = read (self->fd, bytes, CHUNK)) > 0) {
    g_checksum_update (self->sum, bytes, n);
    self->sink.at += n;
  }
  g_free (bytes);
  self->before = self->sink.at;
  return n == 0 || fail_disk (self, error);
}

static gboolean
is_right (const Fetch *self)
{
  return self->sink.at == self->file->size
      && g_ascii_strcasecmp (g_checksum_get_string (self->sum), self->file->sum) == 0;
}

/* Until all has come; a wrong sum is worth a second try only if some of the file was here before. */
static gboolean
complete (Fetch *self, Http *http, const gchar *path, GError **error)
{
  for (guint i = 0; i < 2; i++) {
    const guint64 had = self->sink.at;
    if (had < self->file->size
        && !http_get (http, path, self->what, self->file->sum, &self->sink, error))
      return FALSE;
    if (is_right (self))
      return TRUE;
    if (self->sink.at < self->file->size)
      continue;
    if (!restart (&self->sink, error))
      return FALSE;
    if (had == 0)
      break;
  }
  gptvis_quote_error (error, GPTVIS_ERROR_FORMAT, "%s: what came is not the file that the hub describes "
      "(%s): try again later", self->what, self->sink.at > 0 ? "it is shorter" : "its sum is another");
  return FALSE;
}

gboolean
fetch_file (Http *http, const Store *store, const gchar *repository, const ListedFile *file,
    Progress *progress, GError **error)
{
  if (store_has (store, file))
    return TRUE;
  gchar *what = g_strdup_printf ("%s: %s", repository, file->name), *path = listing_path (repository, file);
  gchar *part = store_part (store, file->sum), *whole = store_blob (store, file->sum);
  Fetch self = { .sink = { 0, restart, write_body }, .file = file, .what = what, .part = part,
    .progress = progress };
  self.fd = g_open (part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  progress_file (progress, file->name);
  gboolean good = self.fd >= 0 ? take_up (&self, error) && complete (&self, http, path, error)
      : fail_disk (&self, error);
  if (good)
    good = store_keep (store, self.fd, part, whole, error);
  else if (self.fd >= 0)
    close (self.fd);
  if (good)
    progress_file_done (progress, file->size);
  g_clear_pointer (&self.sum, g_checksum_free);
  g_free (whole);
  g_free (part);
  g_free (path);
  g_free (what);
  return good;
}
