/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens regular files alone, reads with pread, and compares size and time of the last write after each
 * read. */
#include "file.h"
#include "quote.h"
#include "mistakes.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
cannot_read (const gchar *path, GError **error)
{
  gptvis_quote_error (error, GPTVIS_ERROR_FORMAT, "%s: the file cannot be read: %s", path,
      g_strerror (errno));
  return FALSE;
}

/* A device or pipe is not even opened: opening one can wait, or have an effect. */
static gboolean
is_file (const gchar *path, GError **error)
{
  struct stat s;
  if (stat (path, &s) == 0 && S_ISREG (s.st_mode))
    return TRUE;
  if (stat (path, &s) != 0 && errno != ENOENT && errno != ENOTDIR)
    return cannot_read (path, error);
  gptvis_mistake_file_absent (path, error);
  return FALSE;
}

gboolean
gptvis_file_open (GptVisFile *self, const gchar *path, GError **error)
{
  struct stat s;
  *self = (GptVisFile) { .fd = -1 };
  if (!is_file (path, error))
    return FALSE;
  self->fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (self->fd < 0 || fstat (self->fd, &s) != 0 || !S_ISREG (s.st_mode)) {
    cannot_read (path, error);
    if (self->fd >= 0)
      close (self->fd);
    self->fd = -1;
    return FALSE;
  }
  self->path = g_strdup (path);
  self->size = s.st_size;
  self->seconds = s.st_mtim.tv_sec;
  self->nanoseconds = s.st_mtim.tv_nsec;
  return TRUE;
}

void
gptvis_file_wrap (GptVisFile *self, const gchar *name, GBytes *bytes)
{
  *self = (GptVisFile) { .path = g_strdup (name), .fd = -1, .bytes = g_bytes_ref (bytes),
    .size = g_bytes_get_size (bytes) };
}

void
gptvis_file_close (GptVisFile *self)
{
  if (self->path && self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_pointer (&self->path, g_free);
}

static gboolean
is_as_opened (const GptVisFile *self, GError **error)
{
  struct stat s;
  if (fstat (self->fd, &s) != 0)
    return cannot_read (self->path, error);
  if ((guint64) s.st_size == self->size && s.st_mtim.tv_sec == self->seconds
      && s.st_mtim.tv_nsec == self->nanoseconds)
    return TRUE;
  gptvis_quote_error (error, GPTVIS_ERROR_FORMAT,
      "%s: the file has been written since it was opened (it had %"
      G_GUINT64_FORMAT " bytes and has %" G_GUINT64_FORMAT "): the model must be opened again", self->path,
      self->size, (guint64) s.st_size);
  return FALSE;
}

/* Always FALSE. */
static gboolean
ends_early (const GptVisFile *self, guint64 end, GError **error)
{
  gptvis_quote_error (error, GPTVIS_ERROR_FORMAT, "%s: the file ends at byte %" G_GUINT64_FORMAT
      ", though its size is said to be %" G_GUINT64_FORMAT, self->path, end, self->size);
  return FALSE;
}

static gboolean
read_memory (const GptVisFile *self, guint64 from, gsize n, gpointer to, GError **error)
{
  if (from > self->size || n > self->size - from)
    return ends_early (self, self->size, error);
  if (n > 0)
    memcpy (to, (const guint8 *) g_bytes_get_data (self->bytes, NULL) + from, n);
  return TRUE;
}

gboolean
gptvis_file_read (const GptVisFile *self, guint64 from, gsize n, gpointer to, GError **error)
{
  guint8 *at = to;
  if (self->bytes)
    return read_memory (self, from, n, to, error);
  while (n > 0) {
    const gssize got = pread (self->fd, at, n, from);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return cannot_read (self->path, error);
    if (got == 0)               /* it ends here now */
      break;
    at += got;
    from += got;
    n -= got;
  }
  if (!is_as_opened (self, error))
    return FALSE;
  return n == 0 || ends_early (self, from, error);
}

gsize
gptvis_file_head (const gchar *path, gchar *to, gsize n)
{
  GptVisFile file;
  if (!gptvis_file_open (&file, path, NULL))
    return 0;
  n = MIN (file.size, n);
  if (!gptvis_file_read (&file, 0, n, to, NULL))
    n = 0;
  gptvis_file_close (&file);
  return n;
}

gchar *
gptvis_file_load (const gchar *path, const gchar *what, gsize max, gsize *size, GError **error)
{
  GptVisFile file;
  gchar *text = NULL;
  if (!gptvis_file_open (&file, path, error))
    return NULL;
  *size = file.size;
  if (file.size > max)
    gptvis_quote_error (error, GPTVIS_ERROR_LIMIT, "%s: the file has %" G_GUINT64_FORMAT
        " bytes, where %s of at most %" G_GSIZE_FORMAT " is read", path, file.size, what, max);
  else
    text = g_malloc (file.size + 1);
  if (text && (!gptvis_file_read (&file, 0, file.size, text, error)
          || gptvis_mistake_content (path, text, file.size, error)))
    g_clear_pointer (&text, g_free);
  if (text)
    text[file.size] = '\0';
  gptvis_file_close (&file);
  return text;
}
