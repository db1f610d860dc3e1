/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What people give instead of a checkpoint: a git-lfs pointer, a web page, half a download, the
 * weights of another framework, an adapter. Called where something is missing or cannot be read,
 * for a sentence that says what it is and what would work. Knows names and first bytes; opens no
 * file and reads no format. */
#pragma once
#include "error.h"

G_BEGIN_DECLS

#define GPTVIS_MISTAKE_BYTES 512u       /* of a file's beginning: enough to tell */

/* A file's first bytes. TRUE: they show that it is one of these, and the error says so, replacing any
 * that was set. */
gboolean gptvis_mistake_content (const gchar *path, const gchar *bytes, gsize n, GError **error);

/* A file that is missing: NOT_FOUND, with the reason if it is known. */
void gptvis_mistake_file_absent (const gchar *path, GError **error);

/* What is neither a path on this machine nor a name on the Hub: NOT_FOUND, with what it may be. */
void gptvis_mistake_path_absent (const gchar *path, GError **error);

/* A file where a checkpoint's directory is needed, and its first n bytes: FORMAT or UNSUPPORTED. */
void gptvis_mistake_no_directory (const gchar *path, const gchar *bytes, gsize n, GError **error);

/* A directory without config.json, or without weights: NOT_FOUND or UNSUPPORTED. class_name:
 * Transformers' class of the network that config.json describes. */
void gptvis_mistake_no_config (const gchar *directory, GError **error);
void gptvis_mistake_no_weights (const gchar *directory, const gchar *class_name, GError **error);

G_END_DECLS
