/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* zlib inflates (raw deflate, RFC 1951); the rest is to keep the place in the entry, and never to trust its
 * sizes. */
#define ZLIB_CONST
#include "zip-entry.h"
#include "quote.h"
#include <string.h>
#include <zlib.h>

#define PIECE (64u << 10)       /* of deflated bytes, read at once; and of inflated ones that are dropped */

struct _GptVisZipReader {
  const GptVisFile *file;
  GMutex lock;                  /* guards all below */
  const GptVisZipEntry *entry;  /* that is being inflated; NULL: none */
  z_stream stream;              /* has zlib's memory when there is an entry */
  guint64 taken, made;          /* bytes of the file, and what became of them */
  guint32 crc;                  /* of what was made */
  guint8 input[PIECE];
};

#define fail(error, code, ...) (gptvis_quote_error (error, code, __VA_ARGS__), FALSE)

/* What is wrong with one entry. */
#define damaged(self, entry, error, format, ...) \
  fail (error, GPTVIS_ERROR_FORMAT, "%s: the archive's entry %s " format ": download it again", \
      (self)->file->path, (entry)->name, ##__VA_ARGS__)

GptVisZipReader *
gptvis_zip_reader_new (const GptVisFile *file)
{
  GptVisZipReader *self = g_new0 (GptVisZipReader, 1);
  self->file = file;
  g_mutex_init (&self->lock);
  return self;
}

static void
leave_entry (GptVisZipReader *self)
{
  if (self->entry)
    inflateEnd (&self->stream);
  self->entry = NULL;
}

void
gptvis_zip_reader_free (GptVisZipReader *self)
{
  if (!self)
    return;
  leave_entry (self);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* ---- inflating ---- */

static gboolean
begin_entry (GptVisZipReader *self, const GptVisZipEntry *entry, GError **error)
{
  leave_entry (self);
  memset (&self->stream, 0, sizeof self->stream);
  if (inflateInit2 (&self->stream, -MAX_WBITS) != Z_OK)         /* negative: without zlib's own header */
    return fail (error, GPTVIS_ERROR_LIMIT, "%s: there is no memory to inflate the archive's entry %s",
        self->file->path, entry->name);
  self->entry = entry;
  self->taken = self->made = 0;
  self->crc = crc32 (0, NULL, 0);
  return TRUE;
}

/* Gives zlib more of the entry, if it has used up what it was given and there is more. */
static gboolean
feed (GptVisZipReader *self, GError **error)
{
  const gsize n = MIN (self->entry->stored - self->taken, sizeof self->input);
  if (self->stream.avail_in > 0 || n == 0)
    return TRUE;
  if (!gptvis_file_read (self->file, self->entry->offset + self->taken, n, self->input, error))
    return FALSE;
  self->taken += n;
  self->stream.next_in = self->input;
  self->stream.avail_in = n;
  return TRUE;
}

/* The next n bytes; *got: how many there were. FALSE after an error. */
static gboolean
inflate_some (GptVisZipReader *self, guint8 *to, guint n, guint *got, GError **error)
{
  int status = Z_OK;
  self->stream.next_out = to;
  self->stream.avail_out = n;
  while (self->stream.avail_out > 0 && status == Z_OK) {
    if (!feed (self, error))
      return FALSE;
    status = inflate (&self->stream, Z_NO_FLUSH);       /* Z_BUF_ERROR: nothing more comes of what there is */
  }
  if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
    return damaged (self, self->entry, error, "is damaged (%s)",
        self->stream.msg ? self->stream.msg : zError (status));
  *got = n - self->stream.avail_out;
  self->crc = crc32 (self->crc, to, *got);
  self->made += *got;
  return TRUE;
}

/* At the size that the directory says, the deflated bytes must end too, with the right checksum. */
static gboolean
check_end (GptVisZipReader *self, GError **error)
{
  const GptVisZipEntry *entry = self->entry;
  const guint32 crc = self->crc;
  guint8 more;
  guint n = 0;
  if (!inflate_some (self, &more, 1, &n, error))
    return FALSE;
  if (n > 0)
    return damaged (self, entry, error, "inflates to more than the %" G_GUINT64_FORMAT
        " bytes that the directory says", entry->size);
  if (entry->crc != 0 && entry->crc != crc)
    return damaged (self, entry, error, "is damaged: its checksum is %08x, where %08x is right", crc,
        entry->crc);
  return TRUE;
}

/* Inflates the next n bytes. */
static gboolean
go_on (GptVisZipReader *self, guint8 *to, gsize n, GError **error)
{
  while (n > 0) {
    const guint take = MIN (n, G_MAXINT);
    guint got = 0;
    if (!inflate_some (self, to, take, &got, error))
      return FALSE;
    if (got < take)
      return damaged (self, self->entry, error,
          "inflates to %" G_GUINT64_FORMAT " bytes, where the directory says %" G_GUINT64_FORMAT, self->made,
          self->entry->size);
    to += got;
    n -= got;
  }
  return self->made < self->entry->size || check_end (self, error);
}

static gboolean
skip_to (GptVisZipReader *self, guint64 first, GError **error)
{
  guint8 dropped[PIECE];
  while (self->made < first)
    if (!go_on (self, dropped, MIN (first - self->made, sizeof dropped), error))
      return FALSE;
  return TRUE;
}

static gboolean
read_deflated (GptVisZipReader *self, const GptVisZipEntry *entry, guint64 first, gsize n, guint8 *to,
    GError **error)
{
  if ((self->entry != entry || self->made > first) && !begin_entry (self, entry, error))
    return FALSE;
  const gboolean ok = skip_to (self, first, error) && go_on (self, to, n, error);
  if (!ok || self->made >= entry->size)         /* nothing is left, so its memory need not stay */
    leave_entry (self);
  return ok;
}

/* ---- reading ---- */

gboolean
gptvis_zip_reader_read (GptVisZipReader *self, const GptVisZipEntry *entry, guint64 first, gsize n,
    gpointer to, GError **error)
{
  if (!entry->deflated)
    return gptvis_file_read (self->file, entry->offset + first, n, to, error);
  g_mutex_lock (&self->lock);
  const gboolean ok = read_deflated (self, entry, first, n, to, error);
  g_mutex_unlock (&self->lock);
  return ok;
}

static gboolean
load_into (GptVisZipReader *self, const GptVisZipEntry *entry, guint8 *to, GError **error)
{
  if (!gptvis_zip_reader_read (self, entry, 0, entry->size, to, error))
    return FALSE;
  const guint32 crc = entry->deflated ? entry->crc : crc32_z (crc32_z (0, NULL, 0), to, entry->size);
  if (entry->crc != 0 && entry->crc != crc)
    return damaged (self, entry, error, "is damaged: its checksum is %08x, where %08x is right", crc,
        entry->crc);
  return TRUE;
}

GBytes *
gptvis_zip_reader_load (GptVisZipReader *self, const GptVisZipEntry *entry, gsize max, GError **error)
{
  if (entry->size > max) {
    gptvis_quote_error (error, GPTVIS_ERROR_LIMIT, "%s: the archive's entry %s has %" G_GUINT64_FORMAT
        " bytes, where at most %" G_GSIZE_FORMAT " are read", self->file->path, entry->name, entry->size,
        max);
    return NULL;
  }
  guint8 *bytes = g_malloc (MAX (entry->size, 1));
  if (load_into (self, entry, bytes, error))
    return g_bytes_new_take (bytes, entry->size);
  g_free (bytes);
  return NULL;
}
