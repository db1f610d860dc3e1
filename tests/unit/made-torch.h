/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Zip archives, pickles and PyTorch's files made byte by byte, to be spoilt. Whoever gets a GByteArray frees
 * it. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  const gchar *name;
  gconstpointer data;
  gsize size;
  gboolean deflated;
  gboolean later;               /* sizes and checksum come after the data, in a descriptor */
  gboolean wide;                /* sizes and offset are in zip64's extra field */
  guint pad;                    /* bytes of an extra field in the local header, as PyTorch aligns with */
} MadeEntry;

/* comment: NULL for none; wide: with zip64's end of the directory. */
GByteArray *made_zip (const MadeEntry *entries, guint n, const gchar *comment, gboolean wide);

/* Puts n bytes of a number at `offset` from the nth place (from 0) where the file has these four bytes. */
void made_patch (GByteArray *file, const gchar *signature, guint nth, guint offset, guint64 number, guint n);

/* ---- pickles: each appends an opcode and what belongs to it ---- */

void made_code (GByteArray *to, const gchar *codes);    /* bytes as they are, up to the 0 */
void made_bytes (GByteArray *to, gconstpointer bytes, gsize n);
void made_number (GByteArray *to, gint64 number);       /* BININT, or LONG1 where it is too large */
void made_text (GByteArray *to, const gchar *text);     /* BINUNICODE */
void made_global (GByteArray *to, const gchar *module, const gchar *name);

typedef struct {
  const gchar *name;
  const gchar *storage, *key;   /* "FloatStorage", "0" */
  gint64 n;                     /* numbers of the storage */
  gint64 offset;
  guint n_dimensions;
  gint64 size[4], stride[4];
  gboolean parameter;
} MadeTensor;

/* "name": tensor, for a dictionary. older: as the form without zip has storages. */
void made_tensor (GByteArray *to, const MadeTensor *tensor, gboolean older);
/* A pickle of a dictionary of these. */
GByteArray *made_dict (const MadeTensor *tensors, guint n, gboolean older);

typedef struct {
  const gchar *key;
  gconstpointer data;
  gsize size;                   /* bytes */
  guint64 n;                    /* numbers */
} MadeStorage;

/* A file of weights with that pickle (which is freed): an archive, its storages deflated or not, or the older
 * form. */
GByteArray *made_torch (GByteArray *pickle, const MadeStorage *storages, guint n, gboolean deflated);
GByteArray *made_older (GByteArray *pickle, const MadeStorage *storages, guint n);

G_END_DECLS
