/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where checkpoints lie, and whether two openings mean the same one. */
#pragma once
#include "error.h"

G_BEGIN_DECLS

/* The real path of the directory (of a folder of the Hub's cache, its snapshot's), or with
 * NULL of the bundled checkpoint: what the environment's GPTVIS_BUNDLED names, else
 * models/bundled of the build tree this code runs from, else where it is installed.
 * g_free it; NULL with NOT_FOUND. */
gchar *gptvis_locate (const gchar *path, GError **error);

/* Names, sizes and modification times of what a directory holds (JSON, weights
 * and texts, which vocabularies are), or of one file: equal as long as nothing was written. */
void gptvis_locate_append_state (GString *key, const gchar *path);

G_END_DECLS
