/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the directory from the file's end, reads it whole, and compares each of its entries with the local
 * header that it points to. */
#include "zip.h"
#include "little-endian.h"
#include "quote.h"

/* Sizes of records without their names. */
enum { LOCAL = 30, CENTRAL = 46, END = 22, LOCATOR64 = 20, END64 = 56 };

#define MOST_COMMENT 65535u
#define DEFLATE_MOST 1032u      /* times: what zlib's documentation gives as deflate's limit */
#define ENCRYPTED 1u            /* a flag */

struct _GptVisZip {
  const GptVisFile *file;
  GArray *entries;              /* GptVisZipEntry */
  GHashTable *by_name;          /* name → index in `entries` */
};

typedef struct {
  guint64 n, size, offset;      /* entries; bytes of the directory */
} Directory;

#define fail(self, error, code, format, ...) \
  (gptvis_quote_error (error, code, "%s: " format, (self)->file->path, ##__VA_ARGS__), FALSE)

#define SEVERAL "the archive is spread over several files, where one is needed"
#define DAMAGED ": the archive is damaged: download it again"
#define N64 "%" G_GUINT64_FORMAT

/* ---- where the directory is ---- */

/* The place of the end in the file's last bytes; -1: not there. */
static gssize
find_end (const guint8 *tail, gsize n)
{
  for (gssize i = (gssize) n - END; i >= 0; i--)
    if (memcmp (tail + i, "PK\5\6", 4) == 0 && gptvis_le16 (tail + i + 20) == n - i - END)
      return i;
  return -1;
}

/* A number of the end, and what zip64 says in its place: the first may be all ones, and then only the
 * second counts. */
static gboolean
agree (guint64 narrow, guint64 all_ones, guint64 wide)
{
  return narrow == all_ones || narrow == wide;
}

/* `at`: where zip64's locator would be, just before the end. */
static gboolean
read_zip64 (const GptVisZip *self, guint64 at, const guint8 *locator, Directory *d, GError **error)
{
  guint8 end[END64];
  const guint64 place = gptvis_le64 (locator + 8);
  if (gptvis_le32 (locator + 4) != 0 || gptvis_le32 (locator + 16) > 1)
    return fail (self, error, GPTVIS_ERROR_UNSUPPORTED, SEVERAL);
  if (at < END64 || place > at - END64)
    return fail (self, error, GPTVIS_ERROR_FORMAT, "the end of the archive's directory would be at byte " N64
        ", after its locator" DAMAGED, place);
  if (!gptvis_file_read (self->file, place, END64, end, error))
    return FALSE;
  const Directory wide = { gptvis_le64 (end + 32), gptvis_le64 (end + 40), gptvis_le64 (end + 48) };
  if (memcmp (end, "PK\6\6", 4) != 0 || !agree (d->n, G_MAXUINT16, wide.n)
      || !agree (d->size, G_MAXUINT32, wide.size) || !agree (d->offset, G_MAXUINT32, wide.offset))
    return fail (self, error, GPTVIS_ERROR_FORMAT, "the two ends of the archive's directory (zip and zip64) "
        "contradict each other" DAMAGED);
  *d = wide;
  return TRUE;
}

/* `tail`: the file's last bytes, from byte `from` on. */
static gboolean
read_end (const GptVisZip *self, const guint8 *tail, guint64 from, gsize n, Directory *d, GError **error)
{
  const gssize i = find_end (tail, n);
  if (i < 0)
    return fail (self, error, GPTVIS_ERROR_FORMAT,
        "the file is truncated: it begins as an archive (zip), and the directory that ends one is not there, "
        "as after a download that did not end: download it again");
  const guint8 *end = tail + i;
  const guint64 limit = from + i;               /* the directory ends before that */
  if (gptvis_le16 (end + 4) != 0 || gptvis_le16 (end + 6) != 0)
    return fail (self, error, GPTVIS_ERROR_UNSUPPORTED, SEVERAL);
  *d = (Directory) { gptvis_le16 (end + 10), gptvis_le32 (end + 12), gptvis_le32 (end + 16) };
  if (i >= LOCATOR64 && memcmp (end - LOCATOR64, "PK\6\7", 4) == 0
      && !read_zip64 (self, limit - LOCATOR64, end - LOCATOR64, d, error))
    return FALSE;
  if (d->offset > limit || d->size > limit - d->offset)
    return fail (self, error, GPTVIS_ERROR_FORMAT, "the archive's directory would end beyond byte " N64
        ", where its end is" DAMAGED, limit);
  return TRUE;
}

static gboolean
find_directory (const GptVisZip *self, Directory *d, GError **error)
{
  const gsize n = MIN (self->file->size, END + MOST_COMMENT + LOCATOR64);
  const guint64 from = self->file->size - n;
  guint8 *tail = g_malloc (MAX (n, 1));
  const gboolean ok = gptvis_file_read (self->file, from, n, tail, error)
      && read_end (self, tail, from, n, d, error);
  g_free (tail);
  return ok;
}

/* ---- an entry ---- */

/* Takes the next number of zip64's extra field, if the 32 bits hold all ones. */
static gboolean
widen (guint64 *number, const guint8 **at, gsize *n)
{
  if (*number != G_MAXUINT32)
    return TRUE;
  if (*n < 8)
    return FALSE;
  *number = gptvis_le64 (*at);
  *at += 8;
  *n -= 8;
  return TRUE;
}

/* Numbers of more than 32 bits are in an extra field with the mark 1; others are of no concern. */
static gboolean
read_extra (const guint8 *at, gsize n, GptVisZipEntry *e)
{
  while (n >= 4) {
    const guint mark = gptvis_le16 (at);
    gsize size = gptvis_le16 (at + 2);
    if (size > n - 4)
      return FALSE;
    if (mark == 1) {
      const guint8 *field = at + 4;
      return widen (&e->size, &field, &size) && widen (&e->stored, &field, &size)
          && widen (&e->offset, &field, &size);
    }
    at += 4 + size;
    n -= 4 + size;
  }
  return e->size != G_MAXUINT32 && e->stored != G_MAXUINT32 && e->offset != G_MAXUINT32;
}

static gboolean
check_sizes (const GptVisZip *self, const GptVisZipEntry *e, guint flags, guint method, GError **error)
{
  if (flags & ENCRYPTED)
    return fail (self, error, GPTVIS_ERROR_UNSUPPORTED, "the archive's entry %s is encrypted, where one that "
        "is not is needed", e->name);
  if (method != 0 && method != 8)
    return fail (self, error, GPTVIS_ERROR_UNSUPPORTED,
        "the archive's entry %s is compressed with method %u, where 0 (stored) and 8 (deflated) are read",
        e->name, method);
  if (!e->deflated && e->size != e->stored)
    return fail (self, error, GPTVIS_ERROR_FORMAT, "the archive's entry %s has " N64 " bytes, stored as " N64
        DAMAGED, e->name, e->size, e->stored);
  if (e->deflated && e->size / DEFLATE_MOST > e->stored)
    return fail (self, error, GPTVIS_ERROR_FORMAT, "the archive's entry %s claims to inflate from " N64
        " bytes to " N64 ", which deflate cannot do" DAMAGED, e->name, e->stored, e->size);
  return TRUE;
}

/* Follows the entry to its local header, and from there to its data. `limit`: where the directory begins. */
static gboolean
find_data (const GptVisZip *self, GptVisZipEntry *e, guint64 limit, GError **error)
{
  guint8 local[LOCAL + GPTVIS_ZIP_MAX_NAME];
  const gsize length = strlen (e->name);
  if (e->offset > limit || limit - e->offset < LOCAL + length)
    return fail (self, error, GPTVIS_ERROR_FORMAT, "the archive's entry %s would begin at byte " N64
        ", beyond the directory at " N64 DAMAGED, e->name, e->offset, limit);
  if (!gptvis_file_read (self->file, e->offset, LOCAL + length, local, error))
    return FALSE;
  if (memcmp (local, "PK\3\4", 4) != 0 || gptvis_le16 (local + 26) != length
      || memcmp (local + LOCAL, e->name, length) != 0)
    return fail (self, error, GPTVIS_ERROR_FORMAT, "the archive's entry %s is not at byte " N64 ", where the "
        "directory says" DAMAGED, e->name, e->offset);
  e->offset += LOCAL + length + gptvis_le16 (local + 28);
  if (e->offset > limit || e->stored > limit - e->offset)
    return fail (self, error, GPTVIS_ERROR_FORMAT, "the archive's entry %s with its " N64 " bytes would end "
        "beyond byte " N64 ", where the directory is" DAMAGED, e->name, e->stored, limit);
  return TRUE;
}

static gboolean
add_entry (GptVisZip *self, const guint8 *at, gsize length, gsize extra, guint64 limit, GError **error)
{
  GptVisZipEntry e = { NULL, gptvis_le32 (at + 42), gptvis_le32 (at + 20), gptvis_le32 (at + 24),
    gptvis_le32 (at + 16), gptvis_le16 (at + 10) == 8 };
  if (length > GPTVIS_ZIP_MAX_NAME || memchr (at + CENTRAL, 0, length))
    return fail (self, error, GPTVIS_ERROR_LIMIT,
        "the archive has an entry whose name has a 0 or more than %u bytes", GPTVIS_ZIP_MAX_NAME);
  e.name = g_strndup ((const gchar *) at + CENTRAL, length);
  gboolean ok = read_extra (at + CENTRAL + length, extra, &e)
      || fail (self, error, GPTVIS_ERROR_FORMAT, "the archive's entry %s lacks its sizes" DAMAGED, e.name);
  ok = ok && check_sizes (self, &e, gptvis_le16 (at + 8), gptvis_le16 (at + 10), error)
      && find_data (self, &e, limit, error);
  if (ok && g_hash_table_contains (self->by_name, e.name))
    ok = fail (self, error, GPTVIS_ERROR_FORMAT, "the archive has two entries with the name %s" DAMAGED,
        e.name);
  g_array_append_val (self->entries, e);        /* also after an error: it frees the name */
  g_hash_table_add (self->by_name, e.name);
  return ok;
}

/* ---- all entries ---- */

static gboolean
read_entries (GptVisZip *self, const Directory *d, const guint8 *at, GError **error)
{
  gsize left = d->size;
  for (guint64 i = 0; i < d->n; i++) {
    if (left < CENTRAL || memcmp (at, "PK\1\2", 4) != 0)
      return fail (self, error, GPTVIS_ERROR_FORMAT, "the archive's directory has " N64 " entries, where its "
          "end says " N64 DAMAGED, i, d->n);
    const gsize length = gptvis_le16 (at + 28), extra = gptvis_le16 (at + 30);
    const gsize size = CENTRAL + length + extra + gptvis_le16 (at + 32);
    if (size > left)
      return fail (self, error, GPTVIS_ERROR_FORMAT, "the archive's directory ends within an entry" DAMAGED);
    if (!add_entry (self, at, length, extra, d->offset, error))
      return FALSE;
    at += size;
    left -= size;
  }
  return TRUE;
}

static gboolean
read_directory (GptVisZip *self, const Directory *d, GError **error)
{
  if (d->n > GPTVIS_ZIP_MAX_ENTRIES || d->size > GPTVIS_ZIP_MAX_DIRECTORY)
    return fail (self, error, GPTVIS_ERROR_LIMIT, "the archive's directory has " N64 " entries in " N64
        " bytes, where at most %u in %u are read", d->n, d->size, GPTVIS_ZIP_MAX_ENTRIES,
        GPTVIS_ZIP_MAX_DIRECTORY);
  guint8 *bytes = g_malloc (MAX (d->size, 1));
  const gboolean ok = gptvis_file_read (self->file, d->offset, d->size, bytes, error)
      && read_entries (self, d, bytes, error);
  g_free (bytes);
  return ok;
}

static gint
by_offset (gconstpointer a, gconstpointer b)
{
  const GptVisZipEntry *x = a, *y = b;
  if (x->offset != y->offset)
    return x->offset < y->offset ? -1 : 1;
  return strcmp (x->name, y->name);
}

/* Entries that share bytes would let a small file inflate without end. */
static gboolean
order_entries (GptVisZip *self, GError **error)
{
  g_array_sort (self->entries, by_offset);
  for (guint i = 1; i < self->entries->len; i++) {
    const GptVisZipEntry *before = gptvis_zip_entry (self, i - 1), *e = gptvis_zip_entry (self, i);
    if (before->stored + LOCAL + strlen (e->name) > e->offset - before->offset)
      return fail (self, error, GPTVIS_ERROR_FORMAT, "the archive's entries %s and %s overlap" DAMAGED,
          before->name, e->name);
  }
  g_hash_table_remove_all (self->by_name);
  for (guint i = 0; i < self->entries->len; i++)
    g_hash_table_insert (self->by_name, gptvis_zip_entry (self, i)->name, GUINT_TO_POINTER (i));
  return TRUE;
}

static void
clear_entry (gpointer entry)
{
  g_free (((GptVisZipEntry *) entry)->name);
}

GptVisZip *
gptvis_zip_open (const GptVisFile *file, GError **error)
{
  GptVisZip *self = g_new0 (GptVisZip, 1);
  Directory d;
  self->file = file;
  self->entries = g_array_new (FALSE, FALSE, sizeof (GptVisZipEntry));
  g_array_set_clear_func (self->entries, clear_entry);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  if (find_directory (self, &d, error) && read_directory (self, &d, error) && order_entries (self, error))
    return self;
  gptvis_zip_free (self);
  return NULL;
}

void
gptvis_zip_free (GptVisZip *self)
{
  if (!self)
    return;
  g_hash_table_unref (self->by_name);
  g_array_unref (self->entries);
  g_free (self);
}

guint
gptvis_zip_n_entries (const GptVisZip *self)
{
  return self->entries->len;
}

const GptVisZipEntry *
gptvis_zip_entry (const GptVisZip *self, guint i)
{
  return &g_array_index (self->entries, GptVisZipEntry, i);
}

const GptVisZipEntry *
gptvis_zip_find (const GptVisZip *self, const gchar *name)
{
  gpointer i;
  return g_hash_table_lookup_extended (self->by_name, name, NULL, &i)
      ? gptvis_zip_entry (self, GPOINTER_TO_UINT (i)) : NULL;
}
