/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where checkpoints are, and whether one has changed. */
#pragma once
#include "error.h"

G_BEGIN_DECLS

/* The real path of the directory; of a folder of the Hub's cache, that of its snapshot; of a name on the
 * Hub, where no path of that name is, that of its snapshot on this machine (hub.h); for NULL, that of the
 * bundled checkpoint: what the environment variable GPTVIS_BUNDLED names, else models/bundled of the build
 * tree that this code runs from, else where it is installed. g_free it; NULL with NOT_FOUND. */
gchar *gptvis_locate (const gchar *path, GError **error);

/* Appends names, sizes and modification times of the JSON, weights and texts (vocabularies) in
 * a directory, or of one file: the same as long as nothing was written. */
void gptvis_locate_append_state (GString *key, const gchar *path);

G_END_DECLS
