/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory of a zip archive (PKWARE's APPNOTE), which is at the file's end:
 *
 *     for each entry     its local header: 30 bytes, name, extra field; its data; maybe a descriptor
 *     the directory      for each entry 46 bytes, name, extra field, comment
 *     zip64              where numbers need more than 32 bits: the directory's end, and where that is
 *     the end            22 bytes, and a comment
 *
 * Sizes and checksums are taken from the directory: local headers may leave them to descriptors. Names are
 * keys only and never become paths. Everything is checked when the archive is opened: both places agree on
 * an entry's name, all data lie before the directory, no two entries overlap, none claims to be larger than
 * deflate can make it. What is encrypted, spread over several files or compressed otherwise is refused. */
#pragma once
#include "zip-entry.h"

G_BEGIN_DECLS

#define GPTVIS_ZIP_MAX_ENTRIES 100000u
#define GPTVIS_ZIP_MAX_DIRECTORY (64u << 20)    /* bytes */
#define GPTVIS_ZIP_MAX_NAME 512u                /* bytes */

typedef struct _GptVisZip GptVisZip;

/* The file must outlive it. NULL with FORMAT, UNSUPPORTED or LIMIT. Immutable once open, so any thread may
 * read. */
GptVisZip *gptvis_zip_open (const GptVisFile *file, GError **error);
void gptvis_zip_free (GptVisZip *self);         /* NULL is fine */

/* Entries belong to the archive. In the order of their data. */
guint gptvis_zip_n_entries (const GptVisZip *self);
const GptVisZipEntry *gptvis_zip_entry (const GptVisZip *self, guint i);
/* NULL: there is none. */
const GptVisZipEntry *gptvis_zip_find (const GptVisZip *self, const gchar *name);

G_END_DECLS
