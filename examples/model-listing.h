/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the hub has of a checkpoint, and which of its files are needed here: config.json and its kin, the
 * tokenizer's, and one set of weights. All that it says is another's text, and checked. */
#pragma once
#include "model-http.h"

typedef struct {
  gchar *name;                  /* a plain one, without directories */
  guint64 size;                 /* bytes */
  gchar *sum;                   /* in hexadecimal: 64 digits of SHA-256, or 40 of git's SHA-1 */
  gchar *revision;              /* the commit that has it */
} ListedFile;

typedef struct {
  gchar *commit;
  GPtrArray *files;             /* ListedFile, those in its directory itself */
} Listing;

/* revision: a branch, a tag, a commit. NULL with NOT_FOUND, FORMAT or DEVICE. */
Listing *listing_get (Http *http, const gchar *repository, const gchar *revision, GError **error);
void listing_free (Listing *self);      /* NULL is fine */
const ListedFile *listing_find (const Listing *self, const gchar *name);        /* NULL: none */

/* "/OWNER/NAME/resolve/COMMIT/FILE", to be freed. */
gchar *listing_path (const gchar *repository, const ListedFile *file);

/* Appends the files without weights that are needed. FALSE with NOT_FOUND when there is no config.json. */
gboolean listing_add_texts (const Listing *self, const gchar *repository, GPtrArray *files, GError **error);

/* The weights: a whole file, or the index of several; NULL: none of this format (0 safetensors, 1 PyTorch's).
 * suffix: of the files that an index names. */
enum { LISTING_SAFETENSORS, LISTING_TORCH, LISTING_N_FORMATS };
const ListedFile *listing_weights (const Listing *self, guint format, const gchar **suffix);

/* Appends the files that an index's text names, each once. FALSE with FORMAT, LIMIT or NOT_FOUND. */
gboolean listing_add_parts (const Listing *self, const ListedFile *index, const GString *text,
    const gchar *suffix, GPtrArray *files, GError **error);

/* There are no weights that are read here: NOT_FOUND, with what there is instead. */
void listing_fail_weights (const Listing *self, const gchar *repository, GError **error);

/* The revision (refs/pr/N) in which the hub's own converter offers the weights as safetensors, to be freed;
 * NULL: it does not, or the hub does not tell. Nobody else's offers count: anybody can make one. */
gchar *listing_conversion (Http *http, const gchar *repository);
