/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvis-model's cache on disk, laid out as hub.h says, where it is written: a file has its name only when it
 * is whole and on the disk, a snapshot only when all its files are. Whatever kills the program, what is
 * there can be used, and what came of a file is gone on with. */
#pragma once
#include "model-listing.h"

typedef struct {
  gchar *cache, *folder;        /* …/gptvis/hub, and the checkpoint's in it */
  gint lock;
} Store;

/* Makes the checkpoint's folder and locks it, waiting for another process that has it. FALSE with DEVICE. */
gboolean store_open (Store *self, const gchar *repository, GError **error);
void store_close (Store *self);

/* The path of the blob with this sum, and of what has come of it so far; to be freed. */
gchar *store_blob (const Store *self, const gchar *sum);
gchar *store_part (const Store *self, const gchar *sum);
gboolean store_has (const Store *self, const ListedFile *file);

/* Bytes of these files that are still to come. FALSE with LIMIT when the disk has no room for them. */
gboolean store_has_room (const Store *self, const GPtrArray *files, guint64 *missing, GError **error);

/* What was written to the open file is on the disk, under its name; closes it. FALSE with DEVICE. */
gboolean store_keep (const Store *self, gint file, const gchar *part, const gchar *whole, GError **error);

/* Makes the snapshot of these files, all of which are there; or adds those that it lacks. Then the revision
 * is that commit. The snapshot's path, to be freed; NULL with DEVICE. */
gchar *store_snapshot (const Store *self, const gchar *revision, const gchar *commit, const GPtrArray *files,
    GError **error);

/* Removes a directory and all that is in it, following no link. FALSE with DEVICE. */
gboolean store_remove_tree (const gchar *path, GError **error);
/* Removes the blobs that no snapshot has a link to. */
gboolean store_sweep (const Store *self, GError **error);
