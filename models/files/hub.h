/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checkpoints by the name that they have on the Hugging Face Hub, where they lie on this machine. A cache has
 *
 *     models--OWNER--NAME/blobs/…               files, each called by the sum of what is in it
 *     models--OWNER--NAME/snapshots/COMMIT/…    a revision: links into blobs/, by the files' own names
 *     models--OWNER--NAME/refs/REVISION         a text: the commit that "main", a tag or "refs/pr/1" was
 *
 * and there are two: gptvis-model's own ($XDG_CACHE_HOME/gptvis/hub), looked into first, and that of the
 * hub's own tools (HF_HUB_CACHE, else HUGGINGFACE_HUB_CACHE, else HF_HOME/hub, else
 * $XDG_CACHE_HOME/huggingface/hub). Nothing is written here, and nothing is ever downloaded. Names and the
 * texts of refs are checked before they become a part of a path, so none leads out of its cache. */
#pragma once
#include "error.h"

G_BEGIN_DECLS

/* How gptvis-model is called to download one. */
#define GPTVIS_HUB_GET "gptvis-model get"

typedef struct {
  gchar *repository;            /* "OWNER/NAME"; of old checkpoints "NAME" alone */
  gchar *revision;              /* a branch, a tag, "refs/pr/1" or a commit; NULL: main */
} GptVisHubName;

/* "OWNER/NAME", "NAME", each with "@REVISION" or without. FALSE with FORMAT when it cannot be one; then there
 * is nothing to clear. */
gboolean gptvis_hub_name_parse (const gchar *text, GptVisHubName *name, GError **error);
void gptvis_hub_name_clear (GptVisHubName *name);

/* Is it a commit's hash, or what could be one? */
gboolean gptvis_hub_is_commit (const gchar *text);

/* "models--OWNER--NAME", and back; g_free them. NULL: it is no such folder's name. */
gchar *gptvis_hub_folder (const gchar *repository);
gchar *gptvis_hub_repository (const gchar *folder);

/* The caches' paths, which need not be there: gptvis-model's own first. g_strfreev. */
gchar **gptvis_hub_caches (void);

/* The path of a revision's snapshot in the folder of a checkpoint; without a revision, main's, or else the
 * only one. g_free it; NULL: it is not there, or not such a folder. */
gchar *gptvis_hub_snapshot (const gchar *folder, const gchar *revision);

/* Are config.json and weights there, and not only links to what is not? */
gboolean gptvis_hub_is_whole (const gchar *snapshot);

/* The snapshot of a name, g_free it. NULL with FORMAT (of no name) or NOT_FOUND, which says where was looked,
 * and how it is downloaded. */
gchar *gptvis_hub_find (const gchar *text, GError **error);

/* What people call the checkpoint in a directory: "OWNER/NAME" of a snapshot, else the directory's own name.
 * g_free it. */
gchar *gptvis_hub_name_of (const gchar *path);

G_END_DECLS
