/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An entry of a zip archive and its bytes. What is stored is read where it lies in the file; what is
 * deflated is inflated on the way, into the reader's memory only. zip.h finds the entries. */
#pragma once
#include "file.h"

G_BEGIN_DECLS

typedef struct {
  gchar *name;                  /* for messages */
  guint64 offset;               /* where its data begins in the file */
  guint64 stored;               /* bytes there, all of them in the file */
  guint64 size;                 /* bytes that they stand for; if not deflated, the same */
  guint32 crc;                  /* CRC-32 of those; 0: the writer computed none, as PyTorch can be told to */
  gboolean deflated;
} GptVisZipEntry;

/* Reads the entries of one file, which must outlive it. */
typedef struct _GptVisZipReader GptVisZipReader;
GptVisZipReader *gptvis_zip_reader_new (const GptVisFile *file);
void gptvis_zip_reader_free (GptVisZipReader *self);    /* NULL is fine */

/* n bytes of the entry from byte `first`, first + n being at most its size; FALSE with FORMAT when the file
 * does not give them, or they are damaged.
 *
 * Deflate has no way to begin in the middle. The reader keeps its place in the entry that it read last: to
 * read on costs what is read, to go back begins the entry anew. The CRC-32 is compared when the end of a
 * deflated entry is reached; of a stored one that is read in parts it is not, as of a file of safetensors.
 * Any thread; one at a time inflates. */
gboolean gptvis_zip_reader_read (GptVisZipReader *self, const GptVisZipEntry *entry, guint64 first, gsize n,
    gpointer to, GError **error);

/* The whole entry, its CRC-32 compared; NULL with FORMAT, or LIMIT when it has more than `max` bytes. */
GBytes *gptvis_zip_reader_load (GptVisZipReader *self, const GptVisZipEntry *entry, gsize max,
    GError **error);

G_END_DECLS
